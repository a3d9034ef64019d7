//! Entry and way out. The frame: frame record, callee-saved registers; all of it is written, so
//! that no object stays alive for what was there.

use super::*;
use crate::{GPR, XMM};

const SAVED: i32 = 16;
const SAVED_D: i32 = SAVED + 80;
const FRAME: i32 = SAVED_D + 48;

/// `(entry, state, thread) -> exit`
pub fn enter(s: &mut AArch64) {
    s.put(sub_imm(SP, SP, FRAME as u32));
    s.put(stp(29, 30, SP, 0));
    s.put(add_imm(29, SP, 0));
    for k in 0..5 {
        s.put(stp(19 + 2 * k, 20 + 2 * k, SP, SAVED + 16 * k as i32));
    }
    for k in 0..3 {
        s.put(stp_d(8 + 2 * k, 9 + 2 * k, SP, SAVED_D + 16 * k as i32));
    }
    s.put(mov(STATE, 1));
    s.put(mov(THREAD, 2));
    s.put(mov(X16, 0));
    s.put(br(X16));
}

pub fn leave(s: &mut AArch64) {
    for r in 0..16u8 {
        s.put(str(g(r), STATE, GPR as u32 + 8 * r as u32));
        s.put(str_d(f(r), STATE, XMM as u32 + 8 * r as u32));
    }
    s.put(mov(0, g(AArch64::S0)));
    epilogue(s);
}

pub fn returned(s: &mut AArch64, exit: u64) {
    s.constant(0, exit);
    epilogue(s);
}

fn epilogue(s: &mut AArch64) {
    for k in 0..5 {
        s.put(ldp(19 + 2 * k, 20 + 2 * k, SP, SAVED + 16 * k as i32));
    }
    for k in 0..3 {
        s.put(ldp_d(8 + 2 * k, 9 + 2 * k, SP, SAVED_D + 16 * k as i32));
    }
    s.put(ldp(29, 30, SP, 0));
    s.put(add_imm(SP, SP, FRAME as u32));
    s.put(ret());
}
