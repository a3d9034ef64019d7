//! In builds with assertions: what an exit tells the bridges that begin there is compared with what is so.
//!
//! # Safety
//! The words of a state are those of a trace that was left just now: words of objects are read where the trace has read them.

use crate::thread::Th;
use crate::value::Value;
use adder_metatrace::backend::{Exit, Said, State};
use adder_metatrace::ir::{Const, Hint, HintVal, R, Ty};
use adder_metatrace::opt::Kind;
use adder_metatrace::word;

/// Compares; to be called before anything else happens. Half of the exits are left alone: those are read as they are packed.
pub fn check(th: Th, s: &State, e: &'static Exit) {
    // Other threads may have written to objects meanwhile.
    if th.multi() || e.id() % 2 == 0 || e.in_memory() {
        return;
    }
    let said = e.said();
    for h in said.rest().1 {
        assert!(holds(s, &said, &h), "exit {} tells what is not so: {h:?}", e.id());
    }
}

/// An operand's bits: of a raw integer or a double without a tag.
fn bits(s: &State, e: &Said, v: HintVal) -> u64 {
    match v {
        HintVal::Value(r) | HintVal::Tagged(r) | HintVal::Boxed(r) => e.read(s, r),
        HintVal::Const(c) => c.bits,
    }
}
fn is(w: u64, d: u32) -> bool {
    Value::from_word(w).is_some_and(|v| v.shape_id() == d)
}
fn ty(e: &Said, r: R) -> Ty {
    e.leaves[r.0 as usize].1
}

fn holds(s: &State, e: &Said, h: &Hint) -> bool {
    match *h {
        Hint::Fact(r, f) => {
            let w = e.read(s, r);
            if ty(e, r) != Ty::Ref {
                return ty(e, r) != Ty::Int || (f.lo..=f.hi).contains(&(w as i64));
            }
            let kind = match f.kind {
                Kind::Any => true,
                Kind::Fix => word::is_fix(w) && (f.lo..=f.hi).contains(&word::unfix(w)),
                // It may be boxed.
                Kind::Flo => word::is_flo(w) || is(w, crate::value::Kind::Float as u32),
                Kind::Ptr => w == 0 || !word::is_fix(w) && !word::is_flo(w),
            };
            kind && (!f.nonnull || w != 0) && f.desc.is_none_or(|d| is(w, d))
        }
        Hint::Shape(o, d) => is(bits(s, e, o), d),
        Hint::Field(o, at, v) => {
            let o = bits(s, e, o);
            if !word::is_ptr(o) || o == 0 {
                return false;
            }
            // SAFETY: see above.
            let is = unsafe { *((o as *const u8).offset(at as isize) as *const u64) };
            let w = bits(s, e, v);
            match v {
                HintVal::Tagged(_) => is == word::fix(w as i64),
                HintVal::Boxed(_) => word::flo_encode(f64::from_bits(w)).is_none_or(|w| is == w),
                HintVal::Const(Const { ty: Ty::Flt, .. }) => true,
                _ => is == w,
            }
        }
        // Of the guard that has failed; it knows.
        Hint::Cond(..) => true,
    }
}
