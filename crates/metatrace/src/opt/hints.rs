//! What a trace knew where it was left goes on to the bridges that begin there ([`crate::story`]).

use super::*;

/// The beginning of a bridge: what is known there.
pub(super) fn seed(o: &mut Opt) {
    let rec = o.rec;
    let one = |o: &mut Opt, v: HintVal| match v {
        HintVal::Value(r) if r.is_none() => r,
        HintVal::Value(r) => o.mapped(r),
        HintVal::Const(c) => o.konst(c.ty, c.bits),
        HintVal::Tagged(r) => {
            let r = o.mapped(r);
            o.unary(Op::Tag, r)
        }
        HintVal::Boxed(r) => {
            let r = o.mapped(r);
            o.unary(Op::Box, r)
        }
    };
    for h in &rec.hints {
        match *h {
            Hint::Fact(r, f) => {
                let r = o.mapped(r);
                o.learn(r, |x| *x = f);
            }
            Hint::Shape(a, d) => {
                let a = one(o, a);
                o.set_desc(a, d);
            }
            Hint::Field(a, at, v) => {
                let (a, v) = (one(o, a), one(o, v));
                o.set_field((a, at as i64), v);
            }
            Hint::Cond(op, a, b, yes) => {
                let (a, b) = (one(o, a), one(o, b));
                let c = o.again(Inst { a, b, ..Inst::new(op) });
                if c.as_const().is_none() && !c.is_none() && o.out.ty(c) == Ty::Bool {
                    guards::learn(o, c, yes);
                }
            }
        }
    }
}
