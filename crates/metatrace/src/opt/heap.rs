//! The heap cache: a field read or written before is known until something may have changed it.
//!
//! Two references may mean the same object unless their fixed descriptors differ.

use super::*;
use crate::machine::Effects;

pub(super) fn distinct(o: &Opt, a: R, b: R) -> bool {
    let (a, b) = (o.resolve(a), o.resolve(b));
    if a == b {
        return false;
    }
    // A new object is no other that is new, nor what was there before it.
    let new = |r: R| o.def(r).is_some_and(|d| d.op == Op::New);
    if new(a) && (new(b) || b.as_const().is_some() || b.0 < a.0)
        || new(b) && (a.as_const().is_some() || a.0 < b.0)
    {
        return true;
    }
    if let (Some(x), Some(y)) = (o.out.const_of(a), o.out.const_of(b)) {
        return x.bits != y.bits;
    }
    if let (Some(x), Some(y)) = (o.fact(a).desc, o.fact(b).desc) {
        return x != y;
    }
    // An object of a descriptor that can change is none of a fixed one.
    let mutable = |r: R| {
        let known = o.descs.contains_key(&r);
        if known {
            o.rely(r);
        }
        known
    };
    (o.fact(a).desc.is_some() && mutable(b)) || (o.fact(b).desc.is_some() && mutable(a))
}

/// Forgets what a store to a field may change.
fn store(o: &mut Opt, obj: R, at: i64) {
    let hit: Vec<(R, i64)> =
        o.fields.keys().filter(|(x, f)| *f == at && !distinct(o, *x, obj)).copied().collect();
    for h in hit {
        o.forget_field(h);
    }
    let hit: Vec<(R, R)> = o.elems.keys().filter(|(x, _)| !distinct(o, *x, obj)).copied().collect();
    for h in hit {
        o.elems.remove(&h);
    }
}

/// Anything may have happened.
pub fn clobber(o: &mut Opt) {
    o.forget_memory();
    o.elems.clear();
    o.items.clear();
    o.lookups.clear();
}

/// Whether a store to this object may change what a lookup gives.
pub(super) fn seen_by_lookups(o: &Opt, obj: R) -> bool {
    o.fact(obj).desc.is_none_or(|d| o.objects.container(d))
}

fn as_ty(o: &mut Opt, r: R, ty: Ty) -> R {
    match (o.out.ty(r), ty) {
        (a, b) if a == b => r,
        (Ty::Ref, Ty::Int) => o.unary(Op::Bits, r),
        (Ty::Int, Ty::Ref) => o.unary(Op::Word, r),
        _ => R::NONE,
    }
}

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    let writes =
        matches!(i.op, Op::Set | Op::SetInt | Op::SetShape | Op::SetElem | Op::SetItem | Op::SetFltItem);
    if writes && !o.lookups.is_empty() && seen_by_lookups(o, i.a) {
        o.lookups.clear();
    }
    match i.op {
        Op::Get | Op::GetInt => {
            let want = if i.op == Op::Get { Ty::Ref } else { Ty::Int };
            if let Some(&r) = o.fields.get(&(i.a, i.imm)) {
                o.hits.fields.insert((i.a, i.imm));
                let r = o.resolve_named(r);
                let r = as_ty(o, r, want);
                if !r.is_none() {
                    return Step::Is(r);
                }
            }
            let r = o.emit(*i);
            o.set_field((i.a, i.imm), r);
            Step::Is(r)
        }
        Op::Elem => {
            if let Some(&r) = o.elems.get(&(i.a, i.b)) {
                o.hits.elems.insert((i.a, i.b));
                return Step::Is(o.resolve(r));
            }
            let r = o.emit(*i);
            o.elems.insert((i.a, i.b), r);
            Step::Is(r)
        }
        Op::Item | Op::FltItem => {
            let key = (i.a, i.b, i.imm);
            if let Some(&r) = o.items.get(&key) {
                return Step::Is(o.resolve(r));
            }
            let r = o.emit(*i);
            if i.op == Op::Item {
                let (lo, hi) = Packed::of(i.imm).range();
                o.learn(r, |f| (f.lo, f.hi) = (lo, hi));
            }
            o.items.insert(key, r);
            Step::Is(r)
        }
        // Nothing else is where numbers are.
        Op::SetItem | Op::SetFltItem => {
            let hit: Vec<_> = o.items.keys().filter(|k| !distinct(o, k.0, i.a)).copied().collect();
            for h in hit {
                o.items.remove(&h);
            }
            o.emit(*i);
            if Packed::of(i.imm).width == 8 {
                o.items.insert((i.a, i.b, i.imm), i.c);
            }
            Step::Drop
        }
        Op::Set | Op::SetInt => {
            if let Some(&r) = o.fields.get(&(i.a, i.imm))
                && o.resolve(r) == i.b
            {
                o.hits.fields.insert((i.a, i.imm));
                return Step::Drop;
            }
            store(o, i.a, i.imm);
            o.emit(*i);
            o.set_field((i.a, i.imm), i.b);
            Step::Drop
        }
        Op::SetShape => {
            let hit: Vec<R> = o.descs.keys().filter(|x| !distinct(o, **x, i.a)).copied().collect();
            for h in hit {
                o.forget_desc(h);
            }
            o.emit(*i);
            o.set_desc(i.a, i.imm as u32);
            o.known_from_here(i.a);
            Step::Drop
        }
        Op::SetElem => {
            // At a variable index (constant ones are fields): any of the words.
            let hit: Vec<(R, R)> = o.elems.keys().filter(|(x, _)| !distinct(o, *x, i.a)).copied().collect();
            for h in hit {
                o.elems.remove(&h);
            }
            let hit: Vec<(R, i64)> =
                o.fields.keys().filter(|(x, f)| *f >= i.imm && !distinct(o, *x, i.a)).copied().collect();
            for h in hit {
                o.forget_field(h);
            }
            o.emit(*i);
            o.elems.insert((i.a, i.b), i.c);
            Step::Drop
        }
        op if op.is_call() => {
            o.owned.clear();
            let e = o.out.calls[i.imm as usize].effects;
            if e.has(Effects::WRITES) || e.has(Effects::CALLS) {
                clobber(o);
            } else if e.has(Effects::FILLS) || e.has(Effects::STEPS) {
                let steps = e.has(Effects::STEPS);
                let stays = |o: &Opt, x: R| {
                    // An object whose descriptor can change is written if it is a container as well.
                    o.descs.get(&x).is_some_and(|d| {
                        o.rely(x);
                        !o.objects.container(*d)
                    }) || !steps && o.fact(x).desc.is_some_and(|d| !o.objects.container(d))
                };
                let gone: Vec<(R, i64)> = o.fields.keys().filter(|k| !stays(o, k.0)).copied().collect();
                for k in gone {
                    o.forget_field(k);
                }
                o.elems.clear();
                o.items.clear();
                if !steps || e.has(Effects::FILLS) {
                    o.lookups.clear();
                }
            }
            if e.has(Effects::SAME) {
                let args = (i.a.0 as usize, i.b.0 as usize);
                let key = (i.imm, o.out.args[args.0..args.0 + args.1].to_vec());
                if let Some(&(r, before)) = o.lookups.get(&key) {
                    o.hits.lookups |= before;
                    return Step::Is(o.resolve(r));
                }
                let r = o.emit(*i);
                o.lookups.insert(key, (r, false));
                return Step::Is(r);
            }
            Step::Next
        }
        _ => Step::Next,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn loads_are_forwarded() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = entry 2\n%2 = get 16 %0\n%3 = get 16 %0\n%4 = eq %2 %3\nguard_true %4 @0\n\
             set 16 %0 %1\n%7 = get 16 %0\nstore_reg 1 %7\nsnap 0 {}",
        );
        assert!(!got.contains("guard") && got.contains("store_reg 1 %1"), "{got}");
    }
    #[test]
    fn stores_kill_what_may_be_the_same() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = entry 2\n%2 = get 16 %0\nset 16 %1 fix:1\n%4 = get 16 %0\nstore_reg 1 %2\nstore_reg 2 %4",
        );
        assert_eq!(got.matches("get 16").count(), 2, "{got}");
    }
    #[test]
    fn different_kinds_do_not_alias() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = entry 2\n%2 = shape_is 4 %0\nguard_true %2 @0\n%4 = shape_is 5 %1\nguard_true %4 @0\n\
             %6 = get 16 %0\nset 16 %1 fix:1\n%8 = get 16 %0\nstore_reg 1 %6\nstore_reg 2 %8\nsnap 0 {}",
        );
        assert_eq!(got.matches("get 16").count(), 1, "{got}");
    }
    const LOOKS: &str = "fn look 10 re\n%0 = entry 1\n%1 = entry 2\n%2 = call_ref look %0 fix:1\n";
    #[test]
    fn looks_are_shared() {
        let got = opt(&[], &format!("{LOOKS}%3 = call_ref look %0 fix:1\nstore_reg 1 %2\nstore_reg 2 %3"));
        assert_eq!(got.matches("= call_ref").count(), 1, "{got}");
    }
    #[test]
    fn stores_end_looks() {
        let got = opt(
            &[],
            &format!("{LOOKS}set 16 %1 fix:1\n%4 = call_ref look %0 fix:1\nstore_reg 1 %2\nstore_reg 2 %4"),
        );
        assert_eq!(got.matches("= call_ref").count(), 2, "{got}");
    }
}
