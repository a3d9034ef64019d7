//! Virtual objects: an object that does not escape from the trace is not made; exits rebuild it.
//!
//! Its reference in the output is a placeholder (`Nop` of type `Ref`) until something needs the real object: then it is
//! made at that point and the placeholder becomes an alias of it.

use super::*;

/// Makes the object if `r` is a virtual one. Its parts are made before it, so that nothing allocates between an object's
/// birth and the writing of its fields; what is in a cycle is filled in at the end.
pub fn force(o: &mut Opt, r: R) -> R {
    let r = o.resolve(r);
    let Some(v) = o.virts.remove(&r) else { return r };
    o.forget_snaps();
    o.forcing.push(r);
    for &(_, x) in &v.fields {
        let x = o.resolve(x);
        if o.virts.contains_key(&x) {
            force(o, x);
        }
    }
    let real = o.emit(Inst { imm: v.what, ..Inst::new(Op::New) });
    o.set_same(r, real);
    o.learn(real, |f| {
        f.kind = Kind::Ptr;
        f.nonnull = true;
    });
    let desc = desc_of(v.what);
    if o.objects.fixed(desc) {
        o.learn(real, |f| f.desc = Some(desc));
    } else {
        o.set_desc(real, desc);
    }
    for (at, x) in v.fields {
        let mut x = o.resolve(x);
        if o.forcing.contains(&x) {
            o.deferred.push((real, at, x));
            x = o.konst(Ty::Ref, 0);
        } else {
            o.set_field((real, at as i64), x);
        }
        o.emit(Inst { a: real, b: x, imm: at as i64, ..Inst::new(Op::SetNew) });
    }
    o.forcing.pop();
    if o.forcing.is_empty() {
        for (obj, at, x) in std::mem::take(&mut o.deferred) {
            let b = o.resolve(x);
            o.emit(Inst { a: obj, b, imm: at as i64, ..Inst::new(Op::Set) });
        }
    }
    real
}

fn desc_of(what: i64) -> u32 {
    what as u32
}

pub fn pass(o: &mut Opt, i: &mut Inst) -> Step {
    if o.virts.is_empty() && i.op != Op::New {
        return Step::Next;
    }
    let n = if i.op.is_call() { 0 } else { i.op.info().operands };
    if i.op == Op::New {
        let size = new_size(i.imm) as u32;
        let r = o.out.push(Inst { ty: Ty::Ref, ..Inst::new(Op::Nop) });
        let fields = (1..size / 8).map(|k| (k * 8, o.konst(Ty::Ref, 0))).collect();
        o.virts.insert(r, Virtual { what: i.imm, fields });
        o.forget_snaps();
        return Step::Is(r);
    }
    if n > 0 && o.virts.contains_key(&i.a) {
        let field = |at: i64| at as u32;
        match i.op {
            Op::IsPtr | Op::Owned => return Step::Is(o.truth(true)),
            Op::IsFix | Op::IsFlo => return Step::Is(o.truth(false)),
            Op::IsA => return Step::Drop,
            Op::ShapeIs => {
                let d = desc_of(o.virts[&i.a].what);
                return Step::Is(o.truth(d as i64 == i.imm));
            }
            Op::SetShape => {
                let v = o.virts.get_mut(&i.a).unwrap();
                v.what = v.what & !0xffff_ffff | i.imm & 0xffff_ffff;
                o.forget_snaps();
                return Step::Drop;
            }
            Op::Set | Op::SetInt | Op::SetNew | Op::Get | Op::GetInt | Op::Elem | Op::SetElem => {
                let at = match i.op {
                    Op::Elem | Op::SetElem => o.out.const_of(i.b).map(|k| i.imm + 8 * k.bits as i64),
                    _ => Some(i.imm),
                };
                let place = at.and_then(|at| o.virts[&i.a].fields.iter().position(|f| f.0 == field(at)));
                if let Some(p) = place {
                    match i.op {
                        Op::Set | Op::SetInt | Op::SetNew | Op::SetElem => {
                            let v = if i.op == Op::SetElem { i.c } else { i.b };
                            o.virts.get_mut(&i.a).unwrap().fields[p].1 = v;
                            o.forget_snaps();
                            return Step::Drop;
                        }
                        _ => {
                            let r = o.virts[&i.a].fields[p].1;
                            let r = o.resolve(r);
                            let want = if i.op == Op::GetInt { Ty::Int } else { Ty::Ref };
                            return Step::Is(match (o.out.ty(r), want) {
                                (Ty::Ref, Ty::Int) => o.unary(Op::Bits, r),
                                (Ty::Int, Ty::Ref) => o.unary(Op::Word, r),
                                _ => r,
                            });
                        }
                    }
                }
            }
            _ => {}
        }
    }
    if i.op == Op::Eq && i.a != i.b && (o.virts.contains_key(&i.a) || o.virts.contains_key(&i.b)) {
        // A new object is no other.
        return Step::Is(o.truth(false));
    }
    if n > 0 {
        i.a = force(o, i.a);
    }
    if n > 1 {
        i.b = force(o, i.b);
    }
    if n > 2 {
        i.c = force(o, i.c);
    }
    Step::Next
}

#[cfg(test)]
mod tests {
    use super::super::tests::opt;

    #[test]
    fn does_not_escape() {
        let got = opt(
            &[],
            "%0 = entry 1\n%1 = new 0:24:32\nset 8 %1 %0\nset 16 %1 fix:7\n%4 = get 16 %1\n%5 = get 8 %1\n\
             %6 = fix_add %4 %5 @0\nstore_reg 1 %6\nsnap 0 {}",
        );
        assert!(!got.contains("new") && got.contains("fix_add"), "{got}");
    }
    #[test]
    fn escapes() {
        let got = opt(&[], "%0 = entry 1\n%1 = new 0:24:32\nset 8 %1 %0\nstore_reg 1 %1");
        assert!(got.contains("new") && got.contains("set_new 8"), "{got}");
    }
}
