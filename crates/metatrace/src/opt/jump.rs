//! Jumps from bridges into the loop that they grew from. Behind its header the loop relies on what its preamble found
//! ([`Header`]): values that do not change, which exits pass on ([`Trace::carry`]), words of objects, descriptors. The
//! end of a bridge sees to it, by tests where it does not know.
//!
//! # Safety
//! The target that a bridge is told to jump to is the address of a [`Target`] that an exit named; those are never
//! freed.

use super::*;
use crate::backend::Target;

/// Why a bridge does not jump: it goes the long way, through the preamble.
const NO: &str = "does not fit the loop";

/// Describes the loop's header in `o.out`; the values are those before it.
pub(super) fn header(
    o: &mut Opt,
    vars: Vec<(Result<(R, i64), u32>, Var)>,
    same: Vec<(u32, R)>,
    fields: Vec<((R, i64), R)>,
    descs: Vec<(R, u32)>,
) {
    let mut carry: Vec<R> = Vec::new();
    let mut known = |o: &Opt, r: R| match o.out.const_of(r) {
        Some(c) => Known::Const(c),
        None => {
            let k = carry.iter().position(|x| *x == r).unwrap_or(carry.len());
            if k == carry.len() {
                carry.push(r);
            }
            Known::Carried(k as u32)
        }
    };
    let mut h = Header::default();
    for (from, v) in vars {
        let from = match from {
            Err(slot) => Source::Slot(slot),
            Ok((obj, at)) => Source::Field(known(o, obj), at),
        };
        h.vars.push(Var { from, ..v });
    }
    // A register that the loop reads from memory each time needs nothing.
    h.same = same.into_iter().map(|(s, r)| (s, known(o, r))).collect();
    for ((obj, at), v) in fields {
        let ty = o.out.ty(v);
        let v = known(o, v);
        h.fields.push((known(o, obj), at, ty, v));
    }
    h.descs = descs.into_iter().map(|(r, d)| (known(o, r), d)).collect();
    h.from = o.relied();
    o.out.carry = Some(carry);
    o.out.header = Some(std::boxed::Box::new(h));
}

/// After dead code has gone: what else the loop needs from before it; variables that are left.
pub(super) fn carry(t: &mut Trace) {
    let (Some(mut h), Some(mut carry), Some(l)) = (t.header.take(), t.carry.take(), t.loop_at()) else {
        return;
    };
    h.vars.retain(|v| t.inst(v.phi).is_some_and(|i| i.op == Op::Phi));
    let mut seen: FxSet<R> = carry.iter().copied().collect();
    let mut one = |r: R| {
        if let Some(d) = t.inst(r)
            && (r.0 as usize) < l
            && d.ty != Ty::Bool
            && d.op != Op::Base
            && seen.insert(r)
        {
            carry.push(r);
        }
    };
    for i in &t.insts[l + 1..] {
        if i.op == Op::Phi {
            continue;
        }
        for r in i.operands() {
            // Conditions are evaluated where they are needed.
            match t.inst(r) {
                Some(c) if c.ty == Ty::Bool => c.operands().for_each(&mut one),
                _ => one(r),
            }
        }
        t.call_args(i).iter().copied().for_each(&mut one);
        if i.snap != NO_SNAP {
            t.snaps[i.snap as usize].each(|r, _| one(r));
        }
    }
    if let End::Loop(back) = &t.end {
        back.iter().copied().for_each(&mut one);
    }
    // What bridges are told that begin in the loop.
    for (at, x) in t.story.iter().take_while(|x| x.0 as usize <= l) {
        if matches!(x, Told::Fact(r, _) | Told::Shape(r, _) if seen.contains(r)) {
            h.from = h.from.max(*at);
        }
    }
    let last = carry.iter().filter_map(|r| r.as_ins()).max();
    h.from = h.from.max(last.map_or(0, |k| k as u32 + 1));
    t.carry = Some(carry);
    t.header = Some(h);
}

fn guard(o: &mut Opt, cond: R, snap: u32) -> Result<(), &'static str> {
    o.one(Inst { a: cond, snap, ..Inst::new(Op::GuardT) }).map(|_| ())
}

/// The end of a bridge that jumps to a loop's header.
pub(super) fn close(o: &mut Opt, target: usize) -> Result<(), &'static str> {
    let rec = o.rec;
    // SAFETY: the client records a jump only to a header that an exit names; headers are never freed.
    let h = unsafe { &(*(target as *const Target)).header };
    let carried: Vec<R> = rec.carry.as_ref().ok_or(NO)?.iter().map(|r| o.mapped(*r)).collect();
    // The state of the backward jump.
    let snap = rec.insts.iter().rev().find(|i| i.op == Op::Calm).ok_or(NO)?.snap;
    let known = |o: &mut Opt, k: &Known| match *k {
        Known::Carried(n) => carried[n as usize],
        Known::Const(c) => o.konst(c.ty, c.bits),
    };
    let slot = |o: &Opt, s: u32| rec.end_slots.iter().find(|e| e.0 == s).map(|e| o.mapped(e.1));
    // It must be the very value. What was read from memory may be; anything else is not.
    let same = |o: &mut Opt, a: R, b: R| -> Result<(), &'static str> {
        let (a, b) = (o.resolve(a), o.resolve(b));
        if a == b {
            return Ok(());
        }
        let read = o.def(a).is_some_and(|d| matches!(d.op, Op::Entry | Op::LoadReg | Op::Get | Op::GetInt));
        if !read || o.out.ty(a) != o.out.ty(b) || !matches!(o.out.ty(a), Ty::Ref | Ty::Int) {
            return Err(NO);
        }
        let c = o.binary(Op::Eq, a, b);
        guard(o, c, snap)
    };
    for (s, k) in &h.same {
        if let Some(v) = slot(o, *s) {
            let want = known(o, k);
            same(o, v, want)?;
        }
    }
    for (obj, d) in &h.descs {
        let obj = known(o, obj);
        let c = o.again(Inst { a: obj, imm: *d as i64, ..Inst::new(Op::ShapeIs) });
        guard(o, c, snap)?;
    }
    let word = |o: &mut Opt, obj: R, at: i64, ty: Ty| -> Result<R, &'static str> {
        let op = match ty {
            Ty::Int => Op::GetInt,
            Ty::Ref | Ty::Flt => Op::Get,
            _ => return Err(NO),
        };
        o.one(Inst { a: obj, imm: at, ..Inst::new(op) })
    };
    for (obj, at, ty, v) in &h.fields {
        let (obj, v) = (known(o, obj), known(o, v));
        if *ty == Ty::Flt {
            return Err(NO);
        }
        let now = word(o, obj, *at, *ty)?;
        same(o, now, v)?;
    }
    let mut args = carried.clone();
    for v in &h.vars {
        let now = match &v.from {
            Source::Slot(s) => match slot(o, *s) {
                Some(r) => r,
                None => o.one(Inst { imm: *s as i64, ..Inst::new(Op::LoadReg) })?,
            },
            Source::Field(obj, at) => {
                let obj = known(o, obj);
                let raw = v.ty == Ty::Int && v.kind != Kind::Fix;
                word(o, obj, *at, if raw { Ty::Int } else { Ty::Ref })?
            }
        };
        let r = settle(o, now, v, snap)?;
        args.push(r);
    }
    for r in &mut args {
        *r = o.resolve(*r);
    }
    // Registers that the loop does not know are read from memory.
    for &(s, r) in &rec.end_slots {
        let mine = h.same.iter().any(|x| x.0 == s) || h.vars.iter().any(|v| v.from == Source::Slot(s));
        if !mine {
            let a = o.mapped(r);
            o.one(Inst { a, imm: s as i64, ..Inst::new(Op::StoreReg) })?;
        }
    }
    o.out.end = End::Jump { target, args };
    Ok(())
}

/// A variable that was deleted has no kind that could be tested: null looks like a pointer.
fn not_null(o: &mut Opt, v: R, snap: u32) -> Result<(), &'static str> {
    let v = o.resolve(v);
    if let Some(c) = o.out.const_of(v) {
        return if c.bits == 0 { Err(NO) } else { Ok(()) };
    }
    if o.fact(v).nonnull || o.fact(v).desc.is_some() || o.descs.contains_key(&v) {
        return Ok(());
    }
    let null = o.konst(Ty::Ref, 0);
    let c = o.binary(Op::Eq, v, null);
    o.one(Inst { a: c, snap, ..Inst::new(Op::GuardF) }).map(|_| ())
}

/// The value of a loop variable, tested where that must be.
fn settle(o: &mut Opt, v: R, want: &Var, snap: u32) -> Result<R, &'static str> {
    let v = virtuals::force(o, v);
    if o.out.ty(v) == Ty::Ref && (want.ty != Ty::Ref || want.kind != Kind::Any) {
        not_null(o, v, snap)?;
    }
    match (o.out.ty(v), want.ty) {
        (Ty::Ref, Ty::Flt) => match peel::unboxed(o, v) {
            Some(r) => Ok(r),
            None => o.one(Inst { a: v, snap, ..Inst::new(Op::Unbox) }),
        },
        (Ty::Ref, Ty::Int) if want.kind != Kind::Fix => Ok(o.unary(Op::Bits, v)),
        (Ty::Ref, Ty::Int) => {
            let c = o.unary(Op::IsFix, v);
            guard(o, c, snap)?;
            Ok(o.unary(Op::Untag, v))
        }
        (Ty::Int, Ty::Ref) if want.kind == Kind::Any => Ok(o.unary(Op::Word, v)),
        (Ty::Ref, Ty::Ref) => {
            match (want.kind, want.desc) {
                (Kind::Any, _) => {}
                (Kind::Fix, _) => {
                    let c = o.unary(Op::IsFix, v);
                    guard(o, c, snap)?;
                }
                (Kind::Ptr, Some(d)) => {
                    let c = o.unary(Op::IsPtr, v);
                    guard(o, c, snap)?;
                    let c = o.again(Inst { a: v, imm: d as i64, ..Inst::new(Op::ShapeIs) });
                    guard(o, c, snap)?;
                }
                _ => return Err(NO),
            }
            Ok(v)
        }
        (a, b) if a == b => Ok(v),
        _ => Err(NO),
    }
}
