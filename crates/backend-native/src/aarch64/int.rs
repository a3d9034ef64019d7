//! Integers, raw and tagged.

use super::*;

pub fn alu(s: &mut AArch64, op: Alu, d: u32, a: u32, b: Src) {
    let b = match b {
        Src::Reg(b) => g(b),
        Src::Imm(n) => {
            let bits = bitmask(n as i64 as u64);
            match (op, bits, n) {
                (Alu::And, Some(bits), _) => return s.put(and_imm(d, a, bits)),
                (Alu::Or, Some(bits), _) => return s.put(orr_imm(d, a, bits)),
                (Alu::Xor, Some(bits), _) => return s.put(eor_imm(d, a, bits)),
                (Alu::Add, _, 0..4096) => return s.put(add_imm(d, a, n as u32)),
                (Alu::Add, _, -4095..0) => return s.put(sub_imm(d, a, -n as u32)),
                (Alu::Sub, _, 0..4096) => return s.put(sub_imm(d, a, n as u32)),
                (Alu::Sub, _, -4095..0) => return s.put(add_imm(d, a, -n as u32)),
                _ => s.constant(X16, n as i64 as u64),
            }
            X16
        }
    };
    s.put(match op {
        Alu::And => and(d, a, b),
        Alu::Or => orr(d, a, b),
        Alu::Xor => eor(d, a, b),
        Alu::Add => add(d, a, b),
        Alu::Sub => sub(d, a, b),
    });
}

/// The result, tagged or (of `Mul`) with the tag still to be set, and flags that say whether it overflowed.
pub fn overflow(s: &mut AArch64, op: Fix, d: u32, a: u32, b: Src) {
    match (op, b) {
        (Fix::Add | Fix::Sub, Src::Imm(n)) => {
            let n = n as i64 - 1;
            let n = if op == Fix::Add { n } else { -n };
            match n {
                0..4096 => s.put(adds_imm(d, a, n as u32)),
                -4095..0 => s.put(subs_imm(d, a, -n as u32)),
                _ => {
                    s.constant(X16, n as u64);
                    s.put(adds(d, a, X16));
                }
            }
        }
        (Fix::Add, Src::Reg(b)) => {
            s.put(sub_imm(X16, g(b), 1));
            s.put(adds(d, a, X16));
        }
        (Fix::Sub, Src::Reg(b)) => {
            s.put(sub_imm(X16, g(b), 1));
            s.put(subs(d, a, X16));
        }
        (Fix::Mul, b) => {
            match b {
                Src::Reg(b) => s.put(asr(X17, g(b), 1)),
                Src::Imm(n) => s.constant(X17, (n >> 1) as i64 as u64),
            }
            let high = g(AArch64::S2);
            s.put(sub_imm(X16, a, 1));
            s.put(smulh(high, X16, X17));
            s.put(mul(X16, X16, X17));
            s.put(cmp_asr(high, X16, 63));
            if d != X16 {
                s.put(mov(d, X16));
            }
        }
    }
}
/// The condition under which [`overflow`] overflowed.
pub fn overflow_cc(op: Fix) -> Cc {
    match op {
        Fix::Add | Fix::Sub => Cc::Vs,
        Fix::Mul => Cc::Ne,
    }
}

pub fn fix(s: &mut AArch64, op: Fix, d: u32, a: u32, b: Src, exit: Option<Label>) {
    let product = op == Fix::Mul;
    overflow(s, op, if product { X16 } else { d }, a, b);
    if let Some(e) = exit {
        s.jump_if(overflow_cc(op), e);
    }
    if product {
        s.set_tag(d, X16);
    }
}

pub fn shl(s: &mut AArch64, d: u32, a: u32, n: u32, exit: Label) {
    let t = g(AArch64::S2);
    s.put(asr(X16, a, 1));
    s.put(lslv(t, X16, n));
    s.put(asrv(X17, t, n));
    s.put(cmp(X17, X16));
    s.jump_if(Cc::Ne, exit);
    s.put(adds(X17, t, t));
    s.jump_if(Cc::Vs, exit);
    s.set_tag(d, X17);
}

pub fn shr(s: &mut AArch64, d: u32, a: u32, b: Src) {
    match b {
        Src::Imm(n) => s.put(asr(d, a, n as u32)),
        Src::Reg(b) => {
            s.put(movz(X17, 63, 0));
            s.put(cmp(g(b), X17));
            s.put(csel(X17, g(b), X17, Cc::Lo));
            s.put(asrv(d, a, X17));
        }
    }
    s.set_tag(d, d);
}

pub fn div(s: &mut AArch64, d: u32, a: u32, b: u32, modulo: bool) {
    let (q, t) = (g(AArch64::S2), g(AArch64::S0));
    let done = s.label();
    s.put(asr(X16, a, 1));
    s.put(asr(X17, b, 1));
    s.put(sdiv(q, X16, X17));
    s.put(msub(X16, q, X17, X16));
    // Towards minus infinity: one less where the signs of remainder and divisor differ.
    s.jump_if_zero(X16, done);
    s.put(eor(t, X16, X17));
    s.put(cmp_imm(t, 0));
    s.jump_if(Cc::Ge, done);
    s.put(if modulo { add(X16, X16, X17) } else { sub_imm(q, q, 1) });
    s.bind(done);
    s.put(lsl(d, if modulo { X16 } else { q }, 1));
    s.set_tag(d, d);
}
