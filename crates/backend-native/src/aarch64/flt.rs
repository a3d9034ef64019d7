//! Immediate floats and boxes.

use super::*;

const FLO_ZERO: u64 = 0x8000_0000_0000_0002;
/// What the decoder makes of `FLO_ZERO`.
const NOT_ZERO: u64 = 0x3000_0000_0000_0000;

fn mask(w: u64) -> u32 {
    bitmask(w).expect("a run of ones")
}

pub fn unbox(s: &mut AArch64, d: u32, a: u32, other: Detour<Label>, zero: Detour<Label>) {
    s.put(and_imm(X16, a, mask(3)));
    s.put(cmp_imm(X16, 2));
    s.jump_if(Cc::Ne, other.at);
    s.put(asr(X16, a, 63));
    s.put(add_imm(X16, X16, 2));
    s.put(and_imm(X17, a, mask(!3)));
    s.put(orr(X16, X16, X17));
    s.put(ror(X16, X16, 3));
    s.constant(X17, NOT_ZERO);
    s.put(cmp(X16, X17));
    s.jump_if(Cc::Eq, zero.at);
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
    s.put(ubfx(X17, X16, 60, 3));
    s.put(sub_imm(X17, X17, 3));
    s.put(cmp_imm(X17, 1));
    s.jump_if(Cc::Hi, other.at);
    s.put(ror(X16, X16, 61));
    s.put(and_imm(X16, X16, mask(!3)));
    s.put(orr_imm(X16, X16, mask(2)));
    s.constant(X17, FLO_ZERO);
    s.put(cmp(X16, X17));
    s.jump_if(Cc::Eq, other.at);
    s.put(mov(d, X16));
    s.bind(other.back);
}
