//! Guards and types: a test whose outcome is known goes, a guard that passed teaches.

use super::*;

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    match i.op {
        Op::IsFix | Op::IsFlo | Op::IsPtr => {
            let want = match i.op {
                Op::IsFix => Kind::Fix,
                Op::IsFlo => Kind::Flo,
                _ => Kind::Ptr,
            };
            match o.fact(i.a).kind {
                Kind::Any => Step::Next,
                k if k == want => Step::Is(o.truth(true)),
                // A float may be boxed, so it is a pointer or not; nobody asks this of a float.
                Kind::Flo if want == Kind::Ptr => Step::Next,
                Kind::Ptr if want == Kind::Flo && o.fact(i.a).desc.is_none() => Step::Next,
                _ => Step::Is(o.truth(false)),
            }
        }
        Op::ShapeIs => match o.fact(i.a).desc.or_else(|| o.descs.get(&i.a).copied()) {
            Some(d) => {
                o.hits.descs.insert(i.a);
                Step::Is(o.truth(d as i64 == i.imm))
            }
            None => Step::Next,
        },
        Op::Owned if o.owned.contains(&i.a) => Step::Is(o.truth(true)),
        Op::Eq => {
            let (a, b) = (o.fact(i.a), o.fact(i.b));
            if i.a == i.b {
                return Step::Is(o.truth(true));
            }
            let null = |r: R, o: &Opt| o.out.const_of(r).is_some_and(|c| c.bits == 0 && c.ty == Ty::Ref);
            if (a.nonnull && null(i.b, o)) || (b.nonnull && null(i.a, o)) {
                return Step::Is(o.truth(false));
            }
            let imm = |f: Fact| f.kind == Kind::Fix || f.kind == Kind::Ptr;
            if o.out.ty(i.a) == Ty::Ref && imm(a) && imm(b) && a.kind != b.kind {
                return Step::Is(o.truth(false));
            }
            // Integers of which one is certainly greater.
            if a.hi < b.lo || b.hi < a.lo {
                return Step::Is(o.truth(false));
            }
            // A float is no object but a boxed float.
            if (a.kind == Kind::Flo && b.desc.is_some_and(|d| !o.objects.is_float(d)))
                || (b.kind == Kind::Flo && a.desc.is_some_and(|d| !o.objects.is_float(d)))
            {
                return Step::Is(o.truth(false));
            }
            if let (Some(x), Some(y)) = (a.desc, b.desc)
                && x != y
            {
                return Step::Is(o.truth(false));
            }
            Step::Next
        }
        Op::IsA => {
            let d = i.imm as u32;
            o.learn(i.a, |f| {
                f.kind = Kind::Ptr;
                f.nonnull = true;
                f.desc = Some(d);
            });
            Step::Drop
        }
        Op::GuardT | Op::GuardF => {
            let want = i.op == Op::GuardT;
            let known = match o.out.const_of(i.a) {
                Some(c) => Some(c.bits != 0),
                None => {
                    let known = o.conds.get(i.a);
                    known.inspect(|_| o.rely(i.a))
                }
            };
            match known {
                Some(k) if k == want => Step::Drop,
                Some(_) => Step::Fail("contradiction"),
                None => {
                    let mut g = *i;
                    g.snap = o.snap(i.snap);
                    if want {
                        other_constant(o, &g);
                    }
                    o.emit(g);
                    learn(o, i.a, want);
                    Step::Drop
                }
            }
        }
        _ => Step::Next,
    }
}

/// That a word is this constant says that it is no other: a test for that just before, with the same exit, goes.
fn other_constant(o: &mut Opt, g: &Inst) {
    let Some(c) = o.def(g.a) else { return };
    let n = o.out.insts.len();
    if c.op != Op::Eq || n < 2 || g.a != R::ins(n - 1) {
        return;
    }
    let before = o.out.insts[n - 2];
    if before.op != Op::GuardF || before.snap != g.snap {
        return;
    }
    let parts = |o: &Opt, c: Inst| match (o.out.const_of(c.a), o.out.const_of(c.b)) {
        (None, Some(k)) => Some((c.a, k)),
        (Some(k), None) => Some((c.b, k)),
        _ => None,
    };
    if let Some(d) = o.def(before.a)
        && d.op == Op::Eq
        && let (Some((x, k)), Some((y, l))) = (parts(o, c), parts(o, d))
        && x == y
        && k != l
    {
        o.out.insts[n - 2] = Inst::new(Op::Nop);
    }
}

/// A condition turned out so.
pub(super) fn learn(o: &mut Opt, cond: R, outcome: bool) {
    let Some(c) = o.def(cond) else { return };
    if c.op == Op::ShapeIs {
        // Memory: not a fact for good unless the descriptor is fixed.
        if outcome {
            let d = c.imm as u32;
            if o.objects.fixed(d) {
                o.learn(c.a, |f| {
                    f.kind = Kind::Ptr;
                    f.nonnull = true;
                    f.desc = Some(d);
                });
            } else {
                o.set_desc(c.a, d);
                o.known_from_here(c.a);
            }
        }
        // It was looked into: an object, whatever its descriptor.
        o.learn(c.a, |f| {
            f.kind = Kind::Ptr;
            f.nonnull = true;
        });
        return;
    }
    if c.op == Op::Owned {
        // Until the next call.
        if outcome {
            o.owned.push(c.a);
        }
        return;
    }
    o.conds.insert(cond, outcome);
    o.known_from_here(cond);
    match (c.op, outcome) {
        (Op::IsFix, true) => o.learn(c.a, |f| {
            f.kind = Kind::Fix;
            f.nonnull = true;
            f.lo = f.lo.max(word::FIX_MIN);
            f.hi = f.hi.min(word::FIX_MAX);
        }),
        (Op::IsFlo, true) => o.learn(c.a, |f| {
            f.kind = Kind::Flo;
            f.nonnull = true;
        }),
        (Op::IsPtr, true) => o.learn(c.a, |f| f.kind = Kind::Ptr),
        (Op::Eq, _) => {
            let (a, b) = if c.a.as_const().is_some() { (c.b, c.a) } else { (c.a, c.b) };
            let Some(k) = o.out.const_of(b) else { return };
            if outcome && a.as_const().is_none() {
                o.set_same(a, b);
                o.known_from_here(a);
            } else if !outcome && k.bits == 0 && k.ty == Ty::Ref {
                o.learn(a, |f| f.nonnull = true);
            } else if !outcome {
                // An integer at an end of its range.
                let (f, k) = (o.fact(a), o.fact(b));
                if k.lo == k.hi && f.lo == k.lo {
                    super::bounds::bound(o, a, k.lo + 1, i64::MAX);
                } else if k.lo == k.hi && f.hi == k.lo {
                    super::bounds::bound(o, a, i64::MIN, k.lo - 1);
                }
            }
        }
        (Op::Lt | Op::Le | Op::Ult, _) => super::bounds::compared(o, c.op, c.a, c.b, outcome),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn second_test_goes() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = is_fix %0\nguard_true %1 @0\n%3 = is_fix %0\nguard_true %3 @0\n%5 = fix_add %0 fix:1 @0\n\
             %6 = is_fix %5\nguard_true %6 @0\nstore_reg 1 %5\nsnap 0 {}",
        );
        assert_eq!(got.matches("guard").count(), 1, "{got}");
    }
    #[test]
    fn fixed_descriptor() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = is_ptr %0\nguard_true %1 @0\n%3 = shape_is 9 %0\nguard_true %3 @0\n%5 = shape_is 9 %0\n\
             guard_true %5 @0\n%7 = is_fix %0\nguard_false %7 @0\nsnap 0 {}",
        );
        assert_eq!(got.matches("guard").count(), 2, "{got}");
    }
}
