//! Guards: a comparison and a jump away.

use super::*;

/// Leaves unless (some of the bits are set, if `set`, else none) is `want`.
pub fn bits(s: &mut AArch64, a: u32, mask: u64, want: bool, set: bool, exit: Label) {
    s.put(tst_imm(a, bitmask(mask).expect("a run of ones")));
    s.jump_if(if want == set { Cc::Eq } else { Cc::Ne }, exit);
}

pub fn flo(s: &mut AArch64, a: u32, l: &Layout, want: bool, exit: Label) {
    // Immediate, or a pointer to a box.
    let (yes, no) = (s.label(), s.label());
    s.put(and_imm(X16, a, bitmask(3).expect("a run of ones")));
    s.put(cmp_imm(X16, 2));
    s.jump_if(Cc::Eq, yes);
    s.put(tst_imm(a, bitmask(7).expect("a run of ones")));
    s.jump_if(Cc::Ne, no);
    s.compare_desc(a, l.float_desc as i32);
    if want {
        s.jump_if(Cc::Eq, yes);
        s.bind(no);
        s.jump(exit);
        s.bind(yes);
    } else {
        s.jump_if(Cc::Ne, no);
        s.bind(yes);
        s.jump(exit);
        s.bind(no);
    }
}

pub fn cmp(s: &mut AArch64, c: Cond, a: u32, b: Src, want: bool, exit: Label) {
    match b {
        Src::Reg(b) => s.put(encode::cmp(a, g(b))),
        Src::Imm(n @ 0..4096) => s.put(cmp_imm(a, n as u32)),
        Src::Imm(n @ -4095..0) => s.put(cmn_imm(a, -n as u32)),
        Src::Imm(n) => {
            s.constant(X16, n as i64 as u64);
            s.put(encode::cmp(a, X16));
        }
    }
    let cc = match c {
        Cond::Eq => Cc::Eq,
        Cond::Lt => Cc::Lt,
        Cond::Le => Cc::Le,
        Cond::Ult => Cc::Lo,
    };
    s.jump_if(if want { cc.not() } else { cc }, exit);
}

pub fn flt(s: &mut AArch64, c: FltCond, a: u32, b: u32, want: bool, exit: Label) {
    s.put(fcmp(a, b));
    // Conditions that do not hold where one of them is no number; their opposites do.
    let cc = match c {
        FltCond::Eq => Cc::Eq,
        FltCond::Lt => Cc::Mi,
        FltCond::Le => Cc::Ls,
    };
    s.jump_if(if want { cc.not() } else { cc }, exit);
}
