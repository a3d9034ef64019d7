//! Entry and way out.

use super::*;
use crate::{GPR, XMM};

/// `(entry, state, thread) -> exit`
pub fn enter(s: &mut X64) {
    x!(s
        ; push rbx; push rbp; push r12; push r13; push r14; push r15
        // Keeps the stack aligned, and what was there no object alive.
        ; push BYTE 0
        ; lea r13, [rsi + STATE]; mov r15, rdx
        ; jmp rdi);
}

pub fn leave(s: &mut X64) {
    for r in 0..16u8 {
        s.store_state(GPR + 8 * r as i32, r);
        s.flt_store_state(XMM + 8 * r as i32, r);
    }
    epilogue(s);
}

pub fn returned(s: &mut X64, exit: u64) {
    int::imm(s, RAX, exit);
    epilogue(s);
}

fn epilogue(s: &mut X64) {
    x!(s
        ; add rsp, 8
        ; pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx
        ; ret);
}
