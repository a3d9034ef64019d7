//! New objects, numbers in objects, calls.

use super::*;

pub fn new_object(
    s: &mut X64,
    d: u8,
    size: i32,
    header: u64,
    l: &Layout,
    shared: bool,
    other: Detour<DynamicLabel>,
) {
    let (cursor, limit) = (at(X64::THREAD, l.cursor), at(X64::THREAD, l.limit));
    s.load(d, cursor);
    s.op(operand::LEA, RCX, at(d, size), 8);
    s.op(operand::CMP, RCX, limit, 8);
    x!(s; ja =>other.at);
    s.store(cursor, RCX);
    int::imm(s, RAX, header);
    s.store(at(d, 0), RAX);
    if shared {
        s.op(operand::MOVZX_BYTE, RCX, at(X64::THREAD, l.birth), 1);
        s.op(operand::STORE_BYTE, RCX, at(d, l.lock), 1);
    }
    x!(s; =>other.back);
}

pub fn call(s: &mut X64, addr: u64, zero: &[u8]) {
    for r in zero {
        x!(s; xor Rd(*r), Rd(*r));
    }
    int::imm(s, RAX, addr);
    x!(s; call rax);
}

pub fn load_number(s: &mut X64, d: u8, at: Addr, width: u8, signed: bool) {
    let code = match (width, signed) {
        (1, false) => operand::MOVZX_BYTE,
        (1, true) => operand::MOVSX_BYTE,
        (2, false) => operand::MOVZX_WORD,
        (2, true) => operand::MOVSX_WORD,
        (4, false) => operand::LOAD_DWORD,
        (4, true) => operand::MOVSX_DWORD,
        _ => operand::LOAD,
    };
    s.op(code, d, at, width);
}

pub fn store_number(s: &mut X64, at: Addr, r: u8, width: u8) {
    let code = match width {
        1 => operand::STORE_BYTE,
        2 => operand::STORE_WORD,
        4 => operand::STORE_DWORD,
        _ => operand::STORE,
    };
    s.op(code, r, at, width);
}
