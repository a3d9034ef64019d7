//! New objects, numbers in objects, calls.

use super::*;

pub fn new_object(s: &mut X64, d: u8, size: i32, header: u64, l: &Layout, other: Detour<DynamicLabel>) {
    let (cursor, limit) = (at(X64::THREAD, l.cursor), at(X64::THREAD, l.limit));
    s.load(d, cursor);
    m!(s, at(d, size), 8; [lea rcx,] []);
    m!(s, limit, 8; [cmp rcx,] []);
    x!(s; ja =>other.at);
    m!(s, cursor, 8; [mov] [, rcx]);
    x!(s
        ; mov rax, QWORD header as i64
        ; mov [Rq(d)], rax
        ; =>other.back);
}

pub fn call(s: &mut X64, addr: u64, args: usize, zero: &[u8]) {
    for k in 0..args {
        s.load(REGS_OF_ARGS[k], at(RSP, 8 * k as i32));
    }
    for r in zero {
        x!(s; xor Rd(*r), Rd(*r));
    }
    x!(s; mov rax, QWORD addr as i64; call rax);
}

/// With the thread as first argument.
pub fn call_helper(s: &mut X64, helper: u64) {
    x!(s; mov rdi, r15; mov rax, QWORD helper as i64; call rax);
}

pub fn load_number(s: &mut X64, d: u8, at: Addr, width: u8, signed: bool) {
    match (width, signed) {
        (1, false) => m!(s, at, 1; [movzx Rd(d), BYTE] []),
        (1, true) => m!(s, at, 1; [movsx Rq(d), BYTE] []),
        (2, false) => m!(s, at, 2; [movzx Rd(d), WORD] []),
        (2, true) => m!(s, at, 2; [movsx Rq(d), WORD] []),
        (4, false) => m!(s, at, 4; [mov Rd(d), DWORD] []),
        (4, true) => m!(s, at, 4; [movsxd Rq(d), DWORD] []),
        _ => s.load(d, at),
    }
}

pub fn store_number(s: &mut X64, at: Addr, r: u8, width: u8) {
    match width {
        1 => m!(s, at, 1; [mov BYTE] [, Rb(r)]),
        2 => m!(s, at, 2; [mov WORD] [, Rw(r)]),
        4 => m!(s, at, 4; [mov DWORD] [, Rd(r)]),
        _ => s.store(at, r),
    }
}
