//! Immediate floats and boxes.

use super::*;

use adder_metatrace::word::{FLO_BIAS, FLO_ZERO};

fn mask(w: u64) -> u32 {
    bitmask(w).expect("a run of ones")
}

pub fn unbox(s: &mut AArch64, d: u32, a: u32, other: Detour<Label>, zero: Detour<Label>) {
    s.put(and_imm(X16, a, mask(3)));
    s.put(cmp_imm(X16, 2));
    s.jump_if(Cc::Ne, other.at);
    s.put(cmp_imm(a, FLO_ZERO as u32));
    s.jump_if(Cc::Eq, zero.at);
    s.put(ror(X16, a, 3));
    s.constant(X17, FLO_BIAS);
    s.put(sub(X16, X16, X17));
    s.put(fmov_to(d, X16));
    s.bind(other.back);
    s.bind(zero.back);
}

pub fn unbox_box(s: &mut AArch64, d: u32, a: u32, l: &Layout, exit: Label) {
    s.put(tst_imm(a, mask(7)));
    s.jump_if(Cc::Ne, exit);
    s.compare_desc(a, l.float_desc as i32);
    s.jump_if(Cc::Ne, exit);
    s.put(ldr_d(d, a, l.float_at as u32));
}

pub fn make_box(s: &mut AArch64, d: u32, a: u32, other: Detour<Label>) {
    s.put(fmov_from(X16, a));
    s.constant(X17, FLO_BIAS);
    s.put(add(X16, X16, X17));
    s.put(ror(X16, X16, 61));
    s.put(and_imm(X17, X16, mask(3)));
    s.put(cmp_imm(X17, 2));
    s.jump_if(Cc::Ne, other.at);
    s.put(cmp_imm(X16, FLO_ZERO as u32));
    s.jump_if(Cc::Eq, other.at);
    s.put(mov(d, X16));
    s.bind(other.back);
}
