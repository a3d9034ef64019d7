//! Entry and way out.

use super::*;
use crate::{GPR, XMM};

/// `(entry, state, thread) -> exit`
pub fn enter(s: &mut X64) {
    x!(s
        ; push rbx; push rbp; push r12; push r13; push r14; push r15
        ; sub rsp, ARGS
        ; mov r13, rsi; mov r15, rdx
        ; jmp rdi);
}

pub fn leave(s: &mut X64) {
    for r in 0..16u8 {
        x!(s; mov [r13 + GPR + 8 * r as i32], Rq(r); movsd [r13 + XMM + 8 * r as i32], Rx(r));
    }
    epilogue(s);
}

pub fn returned(s: &mut X64, exit: u64) {
    x!(s; mov rax, QWORD exit as i64);
    epilogue(s);
}

fn epilogue(s: &mut X64) {
    x!(s
        ; add rsp, ARGS
        ; pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx
        ; ret);
}
