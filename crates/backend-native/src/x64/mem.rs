//! New objects, numbers in objects, calls.

use super::*;

pub fn new_object(s: &mut X64, d: u8, size: i32, header: u64, l: &Layout, other: Detour<DynamicLabel>) {
    x!(s
        ; mov Rq(d), [r15 + l.cursor]
        ; lea rcx, [Rq(d) + size]
        ; cmp rcx, [r15 + l.limit]
        ; ja =>other.at
        ; mov [r15 + l.cursor], rcx
        ; mov rax, QWORD header as i64
        ; mov [Rq(d)], rax
        ; =>other.back);
}

pub fn call(s: &mut X64, addr: u64, args: usize, zero: &[u8]) {
    for k in 0..args {
        x!(s; mov Rq(REGS_OF_ARGS[k]), [rsp + 8 * k as i32]);
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
    let Addr { base, index, disp } = at;
    match (width, signed, index) {
        (1, false, Some(k)) => x!(s; movzx Rd(d), BYTE [Rq(base) + Rq(k) + disp]),
        (1, false, None) => x!(s; movzx Rd(d), BYTE [Rq(base) + disp]),
        (1, true, Some(k)) => x!(s; movsx Rq(d), BYTE [Rq(base) + Rq(k) + disp]),
        (1, true, None) => x!(s; movsx Rq(d), BYTE [Rq(base) + disp]),
        (2, false, Some(k)) => x!(s; movzx Rd(d), WORD [Rq(base) + 2 * Rq(k) + disp]),
        (2, false, None) => x!(s; movzx Rd(d), WORD [Rq(base) + disp]),
        (2, true, Some(k)) => x!(s; movsx Rq(d), WORD [Rq(base) + 2 * Rq(k) + disp]),
        (2, true, None) => x!(s; movsx Rq(d), WORD [Rq(base) + disp]),
        (4, false, Some(k)) => x!(s; mov Rd(d), DWORD [Rq(base) + 4 * Rq(k) + disp]),
        (4, false, None) => x!(s; mov Rd(d), DWORD [Rq(base) + disp]),
        (4, true, Some(k)) => x!(s; movsxd Rq(d), DWORD [Rq(base) + 4 * Rq(k) + disp]),
        (4, true, None) => x!(s; movsxd Rq(d), DWORD [Rq(base) + disp]),
        _ => s.load(d, at),
    }
}

pub fn store_number(s: &mut X64, at: Addr, r: u8, width: u8) {
    let Addr { base, index, disp } = at;
    match (width, index) {
        (1, Some(k)) => x!(s; mov BYTE [Rq(base) + Rq(k) + disp], Rb(r)),
        (1, None) => x!(s; mov BYTE [Rq(base) + disp], Rb(r)),
        (2, Some(k)) => x!(s; mov WORD [Rq(base) + 2 * Rq(k) + disp], Rw(r)),
        (2, None) => x!(s; mov WORD [Rq(base) + disp], Rw(r)),
        (4, Some(k)) => x!(s; mov DWORD [Rq(base) + 4 * Rq(k) + disp], Rd(r)),
        (4, None) => x!(s; mov DWORD [Rq(base) + disp], Rd(r)),
        _ => s.store(at, r),
    }
}
