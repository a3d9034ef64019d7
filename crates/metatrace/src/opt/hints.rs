//! What a trace knows where it is left goes on to the bridges that begin there: kinds and bounds of values, descriptors,
//! words of objects.
//!
//! Nothing is kept alive for it: only values that the interpreter's state needs at the exit have a place there.

use super::*;

/// Which values the exits with a snapshot offer.
#[derive(Default)]
pub(crate) struct Leaves {
    /// Snapshot that the marks are of, plus one.
    snap: u32,
    mark: Vec<u32>,
    all: Vec<R>,
}

/// Most words of objects that an exit tells about.
const MOST_FIELDS: usize = 40;

/// Notes what is known, for the guard that is the next instruction.
pub(super) fn note(o: &mut Opt, snap: u32) {
    if o.out.snaps[snap as usize].in_memory {
        return;
    }
    let mut l = std::mem::take(&mut o.leaves);
    if l.snap != snap + 1 {
        l.snap = snap + 1;
        l.all.clear();
        l.mark.resize(o.out.insts.len() + 1, 0);
        let (mark, all) = (&mut l.mark, &mut l.all);
        o.out.snaps[snap as usize].each(|r, _| {
            if let Some(k) = r.as_ins()
                && mark[k] != snap + 1
            {
                mark[k] = snap + 1;
                all.push(r);
            }
        });
    }
    let here = |r: R| r.as_ins().is_some_and(|k| l.mark.get(k) == Some(&(snap + 1)));
    let val = |o: &Opt, r: R| -> Option<HintVal> {
        let r = o.resolve(r);
        if let Some(c) = o.out.const_of(r) {
            return Some(HintVal::Const(c));
        }
        if here(r) {
            return Some(HintVal::Value(r));
        }
        let d = o.out.inst(r)?;
        match d.op {
            Op::Tag if here(d.a) => Some(HintVal::Tagged(d.a)),
            Op::Box if here(d.a) => Some(HintVal::Boxed(d.a)),
            _ => None,
        }
    };
    let mut all = std::mem::take(&mut o.out.all_known);
    let start = all.len();
    for &r in &l.all {
        let f = o.facts.get(r);
        if f != ANY {
            o.rely(r);
            all.push(Hint::Fact(r, f));
        }
        if let Some(d) = o.descs.get(&r) {
            o.rely(r);
            all.push(Hint::Shape(HintVal::Value(r), *d));
        }
    }
    for (r, d) in &o.descs {
        if let Some(c) = o.out.const_of(*r) {
            all.push(Hint::Shape(HintVal::Const(c), *d));
        }
    }
    let mut n = 0;
    for ((obj, at), v) in &o.fields {
        if n < MOST_FIELDS
            && (obj.as_const().is_some() || here(*obj))
            && let Some(obj) = val(o, *obj)
            && let Some(v) = val(o, *v)
            && let Ok(at) = i32::try_from(*at)
        {
            n += 1;
            all.push(Hint::Field(obj, at, v));
        }
    }
    if all.len() > start {
        let at = o.out.insts.len() as u32;
        o.out.known.push((at, start as u32..all.len() as u32));
    }
    o.out.all_known = all;
    o.leaves = l;
}

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
                o.descs.insert(a, d);
            }
            Hint::Field(a, at, v) => {
                let (a, v) = (one(o, a), one(o, v));
                o.fields.insert((a, at as i64), v);
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
