//! New objects and calls.

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
