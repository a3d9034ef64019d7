//! `range`: start, stop, step and length are ints of any size.
//!
//! # Invariants
//! The four slots of a range, and those of an iterator over large ones, are filled with ints before anybody has it; a
//! small iterator's `step` is written once, its other words are read and written singly.

use super::slice;
use super::util::*;
use crate::builtins::ops;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use adder_metatrace::word::{FIX_MAX, fits_fix};
use std::mem::offset_of;

const fn member(name: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc: "", offset: offset as u32, flags: member::READONLY }
}

pub static RANGE_TYPE: NativeType = NativeType {
    name: "range",
    kind: Kind::Range,
    size: size_of::<Range>() as u32,
    flags: tflags::IMMUTABLE | tflags::SEQUENCE,
    doc: "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object that produces a sequence of integers from start (inclusive)\nto stop (exclusive) by step.  range(i, j) produces i, i+1, i+2, ..., j-1.\nstart defaults to 0, and stop is omitted!  range(4) produces 0, 1, 2, 3.\nThese are exactly the valid indices for a list of 4 elements.\nWhen step is given, it specifies the increment (or decrement).",
    new1: Some(range_of),
    slots: Slots {
        new: Some(range_new),
        repr: Some(range_repr),
        hash: Some(range_hash),
        richcompare: Some(range_compare),
        iter: Some(|th, o| new_iter(th, this(o))),
        bool: Some(|_, o| Ok(this::<Range>(o).len.value().as_fix() != Some(0))),
        len: Some(|th, o| match crate::builtins::int::to_i64(this::<Range>(o).len.value()) {
            Some(n) => Ok(n as usize),
            None => Err(th.overflow_error("Python int too large to convert to C ssize_t")),
        }),
        getitem: Some(range_getitem),
        contains: Some(range_contains),
        ..Slots::NONE
    },
    methods: &[
        method("__reversed__", "($self, /)", "Return a reverse iterator.", |th, a| range_reversed(th, me(a))),
        method("__reduce__", "($self, /)", "", |th, a| {
            let r: Gc<Range> = me(a);
            let args = th.tuple(&[r.start.value(), r.stop.value(), r.step.value()]);
            Ok(th.tuple(&[RANGE.get().value(), args]))
        }),
        method(
            "count",
            "($self, object, /)",
            "rangeobject.count(value) -> integer -- return number of occurrences of value",
            range_count,
        ),
        method(
            "index",
            "($self, object, /)",
            "rangeobject.index(value) -> integer -- return index of value.\nRaise ValueError if the value is not present.",
            range_index,
        ),
    ],
    members: &[
        member("start", offset_of!(Range, start)),
        member("stop", offset_of!(Range, stop)),
        member("step", offset_of!(Range, step)),
    ],
    ..NativeType::DEFAULT
};
pub static RANGE: TypeCell = TypeCell::new(&RANGE_TYPE);

const ZERO: Value = Value::fix(0);
const ONE: Value = Value::fix(1);

/// A range whose length is worked out; `step` is not 0.
pub fn new(th: Th, start: Value, stop: Value, step: Value) -> R<Value> {
    let len = length(th, start, stop, step)?;
    Ok(make(th, start, stop, step, len))
}
fn make(th: Th, start: Value, stop: Value, step: Value, len: Value) -> Value {
    th.object(Range {
        h: Range::head(),
        start: Slot::new(start),
        stop: Slot::new(stop),
        step: Slot::new(step),
        len: Slot::new(len),
    })
    .value()
}
fn length(th: Th, start: Value, stop: Value, step: Value) -> R<Value> {
    if let (Some(a), Some(b), Some(s)) = (start.as_fix(), stop.as_fix(), step.as_fix()) {
        let (lo, hi, s) = if s > 0 { (a, b, s) } else { (b, a, -s) };
        // Differences of two fixnums fit an i64.
        let n = if lo < hi { (hi - lo - 1) / s + 1 } else { 0 };
        return Ok(th.int(n));
    }
    let up = th.compare(step, ZERO, CmpOp::Gt)?;
    let (lo, hi, s) = if up { (start, stop, step) } else { (stop, start, ops::neg(th, step)?) };
    if !th.compare(lo, hi, CmpOp::Lt)? {
        return Ok(ZERO);
    }
    let d = ops::sub(th, ops::sub(th, hi, lo)?, ONE)?;
    ops::add(th, ops::floordiv(th, d, s)?, ONE)
}
/// `range(stop)`.
fn range_of(th: Th, stop: Value) -> R<Value> {
    if stop.is_fix() {
        return Ok(make(th, ZERO, stop, ONE, if stop.as_fix() < Some(0) { ZERO } else { stop }));
    }
    new(th, ZERO, th.index(stop)?, ONE)
}
fn range_new(th: Th, _: Value, a: RawArgs) -> R<Value> {
    no_keywords(th, "range", a)?;
    arity(th, "range", a.len(), 1, 3)?;
    let p = a.pos();
    if p.len() == 1 {
        return range_of(th, p[0]);
    }
    let start = th.index(p[0])?;
    let stop = th.index(p[1])?;
    let step = match p.get(2) {
        Some(s) => th.index(*s)?,
        None => ONE,
    };
    if step.as_fix() == Some(0) {
        return Err(th.value_error("range() arg 3 must not be zero"));
    }
    new(th, start, stop, step)
}

/// Start, step and number of items, if all items are small ints.
#[inline]
pub fn small(r: Gc<Range>) -> Option<(i64, i64, i64)> {
    let (a, s, n) = (r.start.value().as_fix()?, r.step.value().as_fix()?, r.len.value().as_fix()?);
    let last = if n == 0 { a as i128 } else { a as i128 + (n as i128 - 1) * s as i128 };
    if last.unsigned_abs() <= FIX_MAX as u128 { Some((a, s, n)) } else { None }
}

/// Item `i` of the range, which must be in it.
fn item(th: Th, r: Gc<Range>, i: Value) -> R<Value> {
    if let (Some(a), Some(s), Some(i)) = (r.start.value().as_fix(), r.step.value().as_fix(), i.as_fix())
        && let Some(x) = s.checked_mul(i).and_then(|x| x.checked_add(a))
    {
        return Ok(th.int(x));
    }
    ops::add(th, r.start.value(), ops::mul(th, i, r.step.value())?)
}
fn range_getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let r: Gc<Range> = this(o);
    if let Some(s) = k.exact::<Slice>() {
        let (x, y, z) = slice::long_indices(th, s, r.len.value())?;
        // The bounds count steps: where they are is worked out as for items.
        let step = ops::mul(th, z, r.step.value())?;
        let start = item(th, r, x)?;
        let stop = item(th, r, y)?;
        return new(th, start, stop, step);
    }
    if !k.is_fix() && !k.is_kind(Kind::Int) && !k.is_kind(Kind::Bool) && th.type_of(k).slots.index.is_none() {
        return Err(
            th.type_error(format!("range indices must be integers or slices, not {}", th.type_name_of(k)))
        );
    }
    let mut i = th.index(k)?;
    let n = r.len.value();
    if th.compare(i, ZERO, CmpOp::Lt)? {
        i = ops::add(th, i, n)?;
    }
    if th.compare(i, ZERO, CmpOp::Lt)? || th.compare(i, n, CmpOp::Ge)? {
        return Err(th.index_error("range object index out of range"));
    }
    item(th, r, i)
}
fn is_int(v: Value) -> bool {
    v.is_fix() || v.is_exact(Kind::Int) || v.is_exact(Kind::Bool)
}
/// Where an int is in the range.
fn position(th: Th, r: Gc<Range>, v: Value) -> R<Option<Value>> {
    let v = th.index(v)?;
    let (start, stop, step) = (r.start.value(), r.stop.value(), r.step.value());
    if let (Some(x), Some(a), Some(b), Some(s)) = (v.as_fix(), start.as_fix(), stop.as_fix(), step.as_fix()) {
        let inside = if s > 0 { a <= x && x < b } else { b < x && x <= a };
        let d = x - a;
        return Ok(if inside && d % s == 0 { Some(th.int(d / s)) } else { None });
    }
    let up = th.compare(step, ZERO, CmpOp::Gt)?;
    let inside = if up {
        th.compare(start, v, CmpOp::Le)? && th.compare(v, stop, CmpOp::Lt)?
    } else {
        th.compare(stop, v, CmpOp::Lt)? && th.compare(v, start, CmpOp::Le)?
    };
    if !inside {
        return Ok(None);
    }
    let d = ops::sub(th, v, start)?;
    if !th.eq(ops::rem(th, d, step)?, ZERO)? {
        return Ok(None);
    }
    ops::floordiv(th, d, step).map(Some)
}
fn range_contains(th: Th, o: Value, v: Value) -> R<bool> {
    if is_int(v) {
        return Ok(position(th, this(o), v)?.is_some());
    }
    th.contains_by_iteration(o, v)
}
fn range_count(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = arg(a, 1);
    if is_int(v) {
        return Ok(Value::fix(position(th, me(a), v)?.is_some() as i64));
    }
    let it = new_iter(th, me(a))?;
    let mut n = 0;
    while let Some(x) = th.next(it)? {
        n += th.eq(x, v)? as i64;
    }
    Ok(Value::fix(n))
}
fn range_index(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = arg(a, 1);
    if is_int(v) {
        return match position(th, me(a), v)? {
            Some(i) => Ok(i),
            None => Err(th.value_error("range.index(x): x not in range")),
        };
    }
    let it = new_iter(th, me(a))?;
    let mut n = 0;
    while let Some(x) = th.next(it)? {
        if th.eq(x, v)? {
            return Ok(Value::fix(n));
        }
        n += 1;
    }
    Err(th.value_error("sequence.index(x): x not in sequence"))
}
fn range_repr(th: Th, o: Value) -> R<Value> {
    let r: Gc<Range> = this(o);
    let mut out = b"range(".to_vec();
    push_repr(th, &mut out, r.start.value())?;
    out.extend_from_slice(b", ");
    push_repr(th, &mut out, r.stop.value())?;
    if r.step.value().as_fix() != Some(1) {
        out.extend_from_slice(b", ");
        push_repr(th, &mut out, r.step.value())?;
    }
    out.push(b')');
    th.try_str(&out)
}
/// What tells ranges apart: length, start unless empty, step if there are two items.
fn essence(r: Gc<Range>) -> [Value; 3] {
    let n = r.len.value();
    match n.as_fix() {
        Some(0) => [n, NONE(), NONE()],
        Some(1) => [n, r.start.value(), NONE()],
        _ => [n, r.start.value(), r.step.value()],
    }
}
fn range_hash(th: Th, o: Value) -> R<i64> {
    super::tuple::hash_items(th, &essence(this(o)))
}
fn range_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    match (b.cast::<Range>(), op) {
        (Some(y), CmpOp::Eq | CmpOp::Ne) => {
            super::tuple::compare_items(th, &essence(this(a)), &essence(y), op)
        }
        _ => Ok(NOT_IMPLEMENTED()),
    }
}

// -- iterators

#[repr(C)]
pub struct LongRangeIter {
    pub h: Header,
    pub start: Slot,
    pub step: Slot,
    pub len: Slot,
}
unsafe impl Layout for LongRangeIter {
    const KIND: Kind = Kind::LongRangeIter;
}

const HINT: &str = "Private method returning an estimate of len(list(it)).";
const REDUCE: &str = "Return state information for pickling.";
const SETSTATE: &str = "Set state information for unpickling.";

pub static RANGE_ITER_TYPE: NativeType = NativeType {
    name: "range_iterator",
    kind: Kind::RangeIter,
    size: size_of::<RangeIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(range_next), ..Slots::NONE },
    methods: &[
        method("__length_hint__", "($self, /)", HINT, |th, a| Ok(th.int(me::<RangeIter>(a).left.get()))),
        method("__reduce__", "($self, /)", REDUCE, |th, a| {
            let it: Gc<RangeIter> = me(a);
            let (next, left) = (it.next.get(), it.left.get());
            let stop = th.int(next.wrapping_add(it.step.wrapping_mul(left)));
            let r = new(th, th.int(next), stop, th.int(it.step))?;
            reduced(th, r)
        }),
        method("__setstate__", "($self, object, /)", SETSTATE, |th, a| {
            let it: Gc<RangeIter> = me(a);
            let n = th.index_clamped(arg(a, 1))?.clamp(0, it.left.get());
            it.next.set(it.next.get().wrapping_add(it.step.wrapping_mul(n)));
            it.left.set(it.left.get() - n);
            Ok(NONE())
        }),
    ],
    ..NativeType::DEFAULT
};
pub static RANGE_ITER: TypeCell = TypeCell::new(&RANGE_ITER_TYPE);

pub static LONG_RANGE_ITER_TYPE: NativeType = NativeType {
    name: "longrange_iterator",
    kind: Kind::LongRangeIter,
    size: size_of::<LongRangeIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(long_range_next), ..Slots::NONE },
    methods: &[
        method("__length_hint__", "($self, /)", HINT, |_, a| Ok(me::<LongRangeIter>(a).len.value())),
        method("__reduce__", "($self, /)", REDUCE, |th, a| {
            let it: Gc<LongRangeIter> = me(a);
            let (start, step, len) = (it.start.value(), it.step.value(), it.len.value());
            let stop = ops::add(th, start, ops::mul(th, step, len)?)?;
            reduced(th, make(th, start, stop, step, len))
        }),
        method("__setstate__", "($self, object, /)", SETSTATE, |th, a| {
            let it: Gc<LongRangeIter> = me(a);
            let mut n = th.index(arg(a, 1))?;
            if th.compare(n, ZERO, CmpOp::Lt)? {
                n = ZERO;
            } else if th.compare(n, it.len.value(), CmpOp::Gt)? {
                n = it.len.value();
            }
            let start = ops::add(th, it.start.value(), ops::mul(th, n, it.step.value())?)?;
            let len = ops::sub(th, it.len.value(), n)?;
            th.store(it, &it.start, start);
            th.store(it, &it.len, len);
            Ok(NONE())
        }),
    ],
    ..NativeType::DEFAULT
};
pub static LONG_RANGE_ITER: TypeCell = TypeCell::new(&LONG_RANGE_ITER_TYPE);

fn reduced(th: Th, r: Value) -> R<Value> {
    let args = th.tuple(&[r]);
    Ok(th.tuple(&[crate::builtins::builtin(th, "iter")?, args, NONE()]))
}
/// An iterator over small ints.
pub fn new_small_iter(th: Th, start: i64, step: i64, n: i64) -> Value {
    th.object(RangeIter {
        h: RangeIter::head(),
        next: std::cell::Cell::new(start),
        step,
        left: std::cell::Cell::new(n),
    })
    .value()
}
fn new_long_iter(th: Th, start: Value, step: Value, len: Value) -> Value {
    th.object(LongRangeIter {
        h: LongRangeIter::head(),
        start: Slot::new(start),
        step: Slot::new(step),
        len: Slot::new(len),
    })
    .value()
}
fn new_iter(th: Th, r: Gc<Range>) -> R<Value> {
    Ok(match small(r) {
        Some((a, s, n)) => new_small_iter(th, a, s, n),
        None => new_long_iter(th, r.start.value(), r.step.value(), r.len.value()),
    })
}
pub fn range_reversed(th: Th, r: Gc<Range>) -> R<Value> {
    if let Some((a, s, n)) = small(r)
        && fits_fix(a.wrapping_add(s.wrapping_mul(n - 1)))
    {
        return Ok(new_small_iter(th, a + s * (n - 1), -s, n));
    }
    let n = r.len.value();
    let last = item(th, r, ops::sub(th, n, ONE)?)?;
    let step = ops::neg(th, r.step.value())?;
    Ok(new_long_iter(th, last, step, n))
}
fn range_next(_: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<RangeIter> = this(o);
    let left = it.left.get();
    if left <= 0 {
        return Ok(None);
    }
    let n = it.next.get();
    it.left.set(left - 1);
    it.next.set(n.wrapping_add(it.step));
    Ok(Some(Value::fix(n)))
}
fn long_range_next(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<LongRangeIter> = this(o);
    let len = it.len.value();
    if !th.compare(len, ZERO, CmpOp::Gt)? {
        return Ok(None);
    }
    let v = it.start.value();
    let next = ops::add(th, v, it.step.value())?;
    let len = ops::sub(th, len, ONE)?;
    th.store(it, &it.start, next);
    th.store(it, &it.len, len);
    Ok(Some(v))
}
