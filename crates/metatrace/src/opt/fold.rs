//! Constant folding and algebra.

use super::*;

/// Fields are at offsets of 32 bits.
const MAX_INDEX: u64 = 1 << 24;

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    use Op::*;
    let k = |o: &Opt, r: R| if r.is_none() { None } else { o.out.const_of(r).map(|c| c.bits) };
    let n = i.op.info().operands;
    let (a, b) =
        (if n > 0 { k(o, i.a) } else { None }, if n > 1 && !i.op.is_call() { k(o, i.b) } else { None });
    let f = f64::from_bits;
    // Both known.
    if let (Some(x), Some(y)) = (a, b) {
        let (ix, iy) = (word::unfix(x), word::unfix(y));
        let fix = |v: Option<i64>| v.filter(|v| word::fits_fix(*v)).map(|v| (Ty::Ref, word::fix(v)));
        let res = match i.op {
            Eq => Some((Ty::Bool, (x == y) as u64)),
            Lt => Some((Ty::Bool, ((x as i64) < y as i64) as u64)),
            Le => Some((Ty::Bool, (x as i64 <= y as i64) as u64)),
            Ult => Some((Ty::Bool, (x < y) as u64)),
            FEq => Some((Ty::Bool, (f(x) == f(y)) as u64)),
            FLt => Some((Ty::Bool, (f(x) < f(y)) as u64)),
            FLe => Some((Ty::Bool, (f(x) <= f(y)) as u64)),
            FixAdd | FixAddW => fix(ix.checked_add(iy)),
            FixSub | FixSubW => fix(ix.checked_sub(iy)),
            FixMul => fix(ix.checked_mul(iy)),
            AddOvf => Some((Ty::Bool, fix(ix.checked_add(iy)).is_none() as u64)),
            SubOvf => Some((Ty::Bool, fix(ix.checked_sub(iy)).is_none() as u64)),
            MulOvf => Some((Ty::Bool, fix(ix.checked_mul(iy)).is_none() as u64)),
            FixAnd => Some((Ty::Ref, x & y)),
            FixOr => Some((Ty::Ref, x | y)),
            FixXor => Some((Ty::Ref, x ^ y | 1)),
            Add => Some((Ty::Int, x.wrapping_add(y))),
            Sub => Some((Ty::Int, x.wrapping_sub(y))),
            FixShr => Some((Ty::Ref, word::fix(ix >> (y as i64).min(63)))),
            FAdd => Some((Ty::Flt, (f(x) + f(y)).to_bits())),
            FSub => Some((Ty::Flt, (f(x) - f(y)).to_bits())),
            FMul => Some((Ty::Flt, (f(x) * f(y)).to_bits())),
            FDiv => Some((Ty::Flt, (f(x) / f(y)).to_bits())),
            _ => None,
        };
        if let Some((ty, bits)) = res {
            return Step::Is(o.konst(ty, bits));
        }
    }
    if let (Some(x), 1) = (a, n) {
        let res = match i.op {
            IsFix => Some((Ty::Bool, word::is_fix(x) as u64)),
            IsFlo if !word::is_ptr(x) => Some((Ty::Bool, word::is_flo(x) as u64)),
            IsPtr => Some((Ty::Bool, word::is_ptr(x) as u64)),
            Untag => Some((Ty::Int, word::unfix(x) as u64)),
            Tag if word::fits_fix(x as i64) => Some((Ty::Ref, word::fix(x as i64))),
            Bits => Some((Ty::Int, x)),
            FNeg => Some((Ty::Flt, (-f(x)).to_bits())),
            FAbs => Some((Ty::Flt, f(x).abs().to_bits())),
            FSqrt => Some((Ty::Flt, f(x).sqrt().to_bits())),
            FixToFlt => Some((Ty::Flt, (word::unfix(x) as f64).to_bits())),
            IntToFlt => Some((Ty::Flt, (x as i64 as f64).to_bits())),
            Unbox if word::is_flo(x) => Some((Ty::Flt, word::flo_decode(x).to_bits())),
            Box => word::flo_encode(f(x)).map(|w| (Ty::Ref, w)),
            _ => None,
        };
        if let Some((ty, bits)) = res {
            return Step::Is(o.konst(ty, bits));
        }
    }
    let da = if n > 0 && !i.op.is_call() { o.def(i.a) } else { None };
    match (i.op, da.map(|d| d.op)) {
        (Unbox, Some(Box)) | (Untag, Some(Tag)) | (Bits, Some(Word)) | (Word, Some(Bits)) => {
            return Step::Is(da.unwrap().a);
        }
        // The word is a float in any form, and only its number matters.
        (Box, Some(Unbox)) => return Step::Is(da.unwrap().a),
        (Tag, Some(Untag)) => return Step::Is(da.unwrap().a),
        (FixToFlt, Some(Tag)) => {
            return Step::Is(o.unary(IntToFlt, da.unwrap().a));
        }
        (FNeg, Some(FNeg)) => return Step::Is(da.unwrap().a),
        _ => {}
    }
    match i.op {
        // Words at a constant index are fields. An impossible one is behind a guard that never passes.
        Elem => {
            if let Some(n) = b.filter(|n| *n < MAX_INDEX) {
                *i = Inst { a: i.a, imm: i.imm + 8 * n as i64, ..Inst::new(Get) };
            }
        }
        SetElem => {
            if let Some(n) = b.filter(|n| *n < MAX_INDEX) {
                *i = Inst { a: i.a, b: i.c, imm: i.imm + 8 * n as i64, ..Inst::new(Set) };
            }
        }
        // A word read as an integer and compared with zero: is it null?
        Eq if b == Some(0) && da.is_some_and(|d| d.op == Bits) => {
            i.a = da.unwrap().a;
            i.b = o.konst(Ty::Ref, 0);
            return pass(o, i);
        }
        FixAdd | FixSub | FixAddW | FixSubW if b == Some(word::fix(0)) => return Step::Is(i.a),
        FixAdd | FixAddW if a == Some(word::fix(0)) => return Step::Is(i.b),
        FixMul if b == Some(word::fix(1)) => return Step::Is(i.a),
        FixMul if a == Some(word::fix(1)) => return Step::Is(i.b),
        // Doubling is a sum, whose check goes where bounds are known.
        FixMul if b == Some(word::fix(2)) => {
            i.op = FixAdd;
            i.b = i.a;
        }
        FixMul if a == Some(word::fix(2)) => {
            i.op = FixAdd;
            i.a = i.b;
        }
        // A shift by a constant is a product, which the machine checks by itself.
        FixShl => {
            if let Some(n @ 0..=60) = b {
                i.op = FixMul;
                i.b = o.konst(Ty::Ref, word::fix(1 << n));
                return pass(o, i);
            }
        }
        Add | Sub if b == Some(0) => return Step::Is(i.a),
        // (x + c1) + c2
        Add => {
            if let (Some(y), Some(d)) = (b, da)
                && d.op == Add
                && let Some(z) = k(o, d.b)
            {
                i.a = d.a;
                i.b = o.int(y.wrapping_add(z) as i64);
                return pass(o, i);
            }
        }
        FixMod | FixDiv => {
            if let Some(y) = b.map(word::unfix)
                && y > 0
                && (y as u64).is_power_of_two()
            {
                return Step::Is(if i.op == FixMod {
                    let m = o.konst(Ty::Ref, word::fix(y - 1));
                    o.binary(FixAnd, i.a, m)
                } else {
                    let s = o.int(y.trailing_zeros() as i64);
                    o.binary(FixShr, i.a, s)
                });
            }
        }
        // Division by a power of two is exact multiplication.
        FDiv => {
            if let Some(y) = b.map(f)
                && y.is_normal()
                && y.to_bits() << 12 == 0
                && (1.0 / y).is_normal()
            {
                let r = o.konst(Ty::Flt, (1.0 / y).to_bits());
                return Step::Is(o.binary(FMul, i.a, r));
            }
        }
        _ => {}
    }
    Step::Next
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn folds() {
        let got = opt(
            &[super::pass],
            "%0 = fix_add fix:2 fix:3 @0\n%1 = fix_mul %0 fix:2 @0\nstore_reg 1 %1\nsnap 0 {}",
        );
        assert_eq!(got, "store_reg 1 fix:10\n");
    }
    #[test]
    fn boxes_cancel() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = unbox %0 @0\n%2 = fmul %1 f:2.0\n%3 = box %2\n%4 = unbox %3 @0\n%5 = fadd %4 f:1.0\n\
             %6 = box %5\nstore_reg 1 %6\nsnap 0 {}",
        );
        assert_eq!(got.matches("box").count() - got.matches("unbox").count(), 1, "{got}");
        assert_eq!(got.matches("unbox").count(), 1, "{got}");
    }
    #[test]
    fn powers_of_two() {
        let got = opt(&[], "%0 = entry 1\n%1 = fix_mod %0 fix:8\n%2 = fix_div %1 fix:4\nstore_reg 1 %2");
        assert!(got.contains("fix_and %0 fix:7") && got.contains("fix_shr"), "{got}");
    }
}
