//! Integer bounds: overflow checks that cannot fail go.

use super::*;

/// Range of a sum or difference, if it fits in an `i64`.
fn range(op: Op, a: Fact, b: Fact) -> Option<(i64, i64)> {
    Some(match op {
        Op::FixAdd | Op::FixAddW | Op::Add => (a.lo.checked_add(b.lo)?, a.hi.checked_add(b.hi)?),
        _ => (a.lo.checked_sub(b.hi)?, a.hi.checked_sub(b.lo)?),
    })
}

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    match i.op {
        Op::FixAdd | Op::FixSub => {
            let (a, b) = (o.fact(i.a), o.fact(i.b));
            if let Some((lo, hi)) = range(i.op, a, b)
                && lo >= word::FIX_MIN
                && hi <= word::FIX_MAX
            {
                i.op = if i.op == Op::FixAdd { Op::FixAddW } else { Op::FixSubW };
                i.snap = NO_SNAP;
                let r = match super::cse::pass(o, i) {
                    Step::Is(r) => r,
                    _ => o.emit(*i),
                };
                o.learn(r, |f| {
                    f.lo = f.lo.max(lo);
                    f.hi = f.hi.min(hi);
                });
                return Step::Is(r);
            }
        }
        Op::Add => {
            if let Some((lo, hi)) = range(i.op, o.fact(i.a), o.fact(i.b))
                && (lo > i64::MIN || hi < i64::MAX)
            {
                let r = match super::cse::pass(o, i) {
                    Step::Is(r) => r,
                    _ => o.emit(*i),
                };
                o.learn(r, |f| {
                    f.lo = f.lo.max(lo);
                    f.hi = f.hi.min(hi);
                });
                return Step::Is(r);
            }
        }
        Op::FixAnd | Op::FixOr | Op::FixXor | Op::FixMod | Op::FixShr => {
            let other = o.fact(i.b);
            let (a, k) = (o.fact(i.a), o.out.const_of(i.b).map(|c| c.bits));
            let range = match (i.op, k) {
                // A mask that is not negative takes the sign away.
                (Op::FixAnd, Some(k)) if word::unfix(k) >= 0 => Some((0, word::unfix(k))),
                (Op::FixMod, Some(k)) if word::unfix(k) > 0 => Some((0, word::unfix(k) - 1)),
                (Op::FixShr, Some(k)) if k < 63 => {
                    let (lo, hi) = (a.lo.max(word::FIX_MIN), a.hi.min(word::FIX_MAX));
                    Some((lo >> k, hi >> k))
                }
                (Op::FixAnd, _) if a.lo >= 0 && other.lo >= 0 => Some((0, a.hi.min(other.hi))),
                (Op::FixAnd, _) if a.lo >= 0 => Some((0, a.hi)),
                (Op::FixAnd, _) if other.lo >= 0 => Some((0, other.hi)),
                (Op::FixOr | Op::FixXor, _) if a.lo >= 0 && other.lo >= 0 => {
                    let most = a.hi.max(other.hi).min(word::FIX_MAX) as u64;
                    Some((0, ((1u64 << (64 - most.leading_zeros())) - 1) as i64))
                }
                _ => None,
            };
            if let Some((lo, hi)) = range {
                let r = match super::cse::pass(o, i) {
                    Step::Is(r) => r,
                    _ => o.emit(*i),
                };
                o.learn(r, |f| {
                    f.lo = f.lo.max(lo);
                    f.hi = f.hi.min(hi);
                });
                return Step::Is(r);
            }
        }
        Op::Lt | Op::Le | Op::Ult => {
            if i.op == Op::Ult && i.imm != 0 {
                i.imm = 0;
                bound(o, i.b, 0, SIZE_MAX);
            }
            let (a, b) = (o.fact(i.a), o.fact(i.b));
            let known = match i.op {
                Op::Lt if a.hi < b.lo => Some(true),
                Op::Lt if a.lo >= b.hi => Some(false),
                Op::Le if a.hi <= b.lo => Some(true),
                Op::Le if a.lo > b.hi => Some(false),
                Op::Ult if a.lo >= 0 && a.hi < b.lo => Some(true),
                Op::Ult if a.hi < 0 && b.lo >= 0 => Some(false),
                _ => None,
            };
            if let Some(k) = known {
                return Step::Is(o.truth(k));
            }
        }
        _ => {}
    }
    Step::Next
}

/// The integer lies between these: so does what it was tagged or untagged from.
pub(super) fn bound(o: &mut Opt, r: R, lo: i64, hi: i64) {
    let mut r = r;
    loop {
        o.learn(r, |f| {
            f.lo = f.lo.max(lo);
            f.hi = f.hi.min(hi);
        });
        match o.def(r) {
            Some(d) if matches!(d.op, Op::Tag | Op::Untag) => r = o.resolve(d.a),
            _ => return,
        }
    }
}

/// What the outcome of a comparison tells.
pub fn compared(o: &mut Opt, op: Op, a: R, b: R, outcome: bool) {
    let (fa, fb) = (o.fact(a), o.fact(b));
    // Words of different kinds may be compared only where both are tagged integers or raw.
    let (op, a, b, fa, fb) = match (op, outcome) {
        (_, true) => (op, a, b, fa, fb),
        // not a < b: b <= a
        (Op::Lt, false) => (Op::Le, b, a, fb, fa),
        (Op::Le, false) => (Op::Lt, b, a, fb, fa),
        _ => return,
    };
    let d = (op == Op::Lt) as i64;
    match op {
        Op::Lt | Op::Le => {
            bound(o, a, i64::MIN, fb.hi.saturating_sub(d));
            bound(o, b, fa.lo.saturating_add(d), i64::MAX);
        }
        Op::Ult if fb.lo >= 0 => {
            bound(o, a, 0, fb.hi.saturating_sub(1));
            bound(o, b, fa.lo.max(0).saturating_add(1), i64::MAX);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn increment_below_a_bound() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = entry 2\n%2 = is_fix %0\nguard_true %2 @0\n%4 = is_fix %1\nguard_true %4 @0\n\
             %6 = lt %0 %1\nguard_true %6 @0\n%8 = fix_add %0 fix:1 @0\nstore_reg 1 %8\nsnap 0 {}",
        );
        assert!(got.contains("fix_add_w"), "{got}");
    }
    #[test]
    fn unknown_keeps_its_check() {
        let got = opt(&[], "%0 = entry 1\n%1 = fix_add %0 fix:1 @0\nstore_reg 1 %1\nsnap 0 {}");
        assert!(got.contains("fix_add %0"), "{got}");
    }
}
