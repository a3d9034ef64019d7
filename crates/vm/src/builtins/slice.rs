//! `slice`, and index arithmetic for all sequences.
//!
//! # Invariants
//! The three slots are set before anybody has the slice and never change.

use super::util::{arg, arity, me, no_keywords, this};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use std::mem::offset_of;

pub static SLICE_TYPE: NativeType = NativeType {
    name: "slice",
    kind: Kind::Slice,
    size: size_of::<Slice>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    doc: "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.\n\nThis is used for extended slicing (e.g. a[0:10:2]).",
    slots: Slots {
        new: Some(slice_new),
        repr: Some(slice_repr),
        hash: Some(slice_hash),
        richcompare: Some(slice_compare),
        ..Slots::NONE
    },
    methods: &[
        method(
            "indices",
            "($self, object, /)",
            "S.indices(len) -> (start, stop, stride)\n\nAssuming a sequence of length len, calculate the start and stop\nindices, and the stride length of the extended slice described by\nS. Out of bounds indices are clipped in a manner consistent with the\nhandling of normal slices.",
            slice_indices,
        ),
        method("__reduce__", "($self, /)", "Return state information for pickling.", slice_reduce),
    ],
    members: &[
        MemberDef {
            name: "start",
            doc: "",
            offset: offset_of!(Slice, start) as u32,
            flags: member::READONLY,
        },
        MemberDef { name: "stop", doc: "", offset: offset_of!(Slice, stop) as u32, flags: member::READONLY },
        MemberDef { name: "step", doc: "", offset: offset_of!(Slice, step) as u32, flags: member::READONLY },
    ],
    ..NativeType::DEFAULT
};
pub static SLICE: TypeCell = TypeCell::new(&SLICE_TYPE);

pub fn new(th: Th, start: Value, stop: Value, step: Value) -> Value {
    th.object(Slice {
        h: Slice::head(),
        start: Slot::new(start),
        stop: Slot::new(stop),
        step: Slot::new(step),
    })
    .value()
}

fn slice_new(th: Th, _ty: Value, a: RawArgs) -> R<Value> {
    no_keywords(th, "slice", a)?;
    arity(th, "slice", a.len(), 1, 3)?;
    let p = a.pos();
    Ok(match p.len() {
        1 => new(th, NONE(), p[0], NONE()),
        2 => new(th, p[0], p[1], NONE()),
        _ => new(th, p[0], p[1], p[2]),
    })
}

/// What a slice selects of a sequence: `len` items from `start`, `step` apart. `stop` is where a slice assignment ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Indices {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
    pub len: usize,
}

impl Indices {
    /// Positions of the selected items, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.len as i64).map(move |k| (self.start + k * self.step) as usize)
    }
}

/// An index of a slice: clamped to the i64 range.
fn bound(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(n);
    }
    if !v.is_kind(Kind::Int) && !v.is_kind(Kind::Bool) && th.type_of(v).slots.index.is_none() {
        return Err(th.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    th.index_clamped(v)
}

/// The three numbers of a slice whose parts are small ints or None. None: they are not, or the step is 0.
pub fn plain(start: Value, stop: Value, step: Value) -> Option<(i64, i64, i64)> {
    let part = |v: Value, none: i64| if v.is_none() { Some(none) } else { v.as_fix() };
    let step = part(step, 1).filter(|n| *n != 0)?;
    let (first, last) = if step < 0 { (i64::MAX, i64::MIN) } else { (0, i64::MAX) };
    Some((part(start, first)?, part(stop, last)?, step))
}

/// The three numbers of a slice, defaults filled in (`PySlice_Unpack`). May run `__index__` methods: ask for the
/// sequence's length afterwards.
pub fn unpack(th: Th, s: Gc<Slice>) -> R<(i64, i64, i64)> {
    let step = match s.step.value().some() {
        None => 1,
        Some(v) => {
            let n = bound(th, v)?;
            if n == 0 {
                return Err(th.value_error("slice step cannot be zero"));
            }
            n.max(-i64::MAX)
        }
    };
    let start = match s.start.value().some() {
        None => {
            if step < 0 {
                i64::MAX
            } else {
                0
            }
        }
        Some(v) => bound(th, v)?,
    };
    let stop = match s.stop.value().some() {
        None => {
            if step < 0 {
                i64::MIN
            } else {
                i64::MAX
            }
        }
        Some(v) => bound(th, v)?,
    };
    Ok((start, stop, step))
}

/// `PySlice_AdjustIndices`.
#[inline]
pub fn clip((start, stop, step): (i64, i64, i64), len: usize) -> Indices {
    let len = len as i64;
    let fix = |i: i64| {
        if i < 0 {
            let i = i.saturating_add(len);
            if i < 0 { if step < 0 { -1 } else { 0 } } else { i }
        } else if i >= len {
            if step < 0 { len - 1 } else { len }
        } else {
            i
        }
    };
    let (start, stop) = (fix(start), fix(stop));
    let n = match if step < 0 { start - stop } else { stop - start } {
        ..=0 => 0,
        // Divisions are slow, and most steps are these.
        n if step == 1 || step == -1 => n,
        n => (n - 1) / step.abs() + 1,
    };
    Indices { start, stop, step, len: n as usize }
}

/// What the slice selects of a sequence of `len` items, if no `__index__` method can change that length.
pub fn adjust(th: Th, s: Gc<Slice>, len: usize) -> R<Indices> {
    Ok(clip(unpack(th, s)?, len))
}

/// The `start` and `stop` arguments of `index` and the like: clamped; None is no index there.
pub fn index_arg(th: Th, v: Option<Value>, default: i64) -> R<i64> {
    let Some(v) = v else { return Ok(default) };
    if let Some(n) = v.as_fix() {
        return Ok(n);
    }
    if !v.is_kind(Kind::Int) && !v.is_kind(Kind::Bool) && th.type_of(v).slots.index.is_none() {
        return Err(th.type_error("slice indices must be integers or have an __index__ method"));
    }
    th.index_clamped(v)
}

/// Counts a negative bound from the end, not below 0.
pub fn from_end(i: i64, len: usize) -> usize {
    if i < 0 { i.saturating_add(len as i64).max(0) as usize } else { i as usize }
}

/// An ordinary index: fixnum or `__index__`; IndexError if it is huge. `what`: "list", "tuple"...
pub fn item_index(th: Th, k: Value, what: &str) -> R<i64> {
    if let Some(n) = k.as_fix() {
        return Ok(n);
    }
    if !k.is_kind(Kind::Int) && !k.is_kind(Kind::Bool) && th.type_of(k).slots.index.is_none() {
        return Err(
            th.type_error(format!("{what} indices must be integers or slices, not {}", th.type_name_of(k)))
        );
    }
    let i = th.index(k)?;
    match crate::builtins::int::to_i64(i) {
        Some(n) => Ok(n),
        None => {
            Err(th.index_error(format!("cannot fit '{}' into an index-sized integer", th.type_name_of(k))))
        }
    }
}

// -- the type

fn index_or(th: Th, v: Value) -> R<Value> {
    if !v.is_fix() && !v.is_kind(Kind::Int) && !v.is_kind(Kind::Bool) && th.type_of(v).slots.index.is_none() {
        return Err(th.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    th.index(v)
}

/// Start, stop and step for a sequence of `len` items, of any size (`_PySlice_GetLongIndices`).
pub fn long_indices(th: Th, s: Gc<Slice>, len: Value) -> R<(Value, Value, Value)> {
    use crate::builtins::ops;
    let zero = Value::fix(0);
    let step = match s.step.value().some() {
        None => Value::fix(1),
        Some(v) => index_or(th, v)?,
    };
    if step.as_fix() == Some(0) {
        return Err(th.value_error("slice step cannot be zero"));
    }
    let neg = th.compare(step, zero, CmpOp::Lt)?;
    // Where indices are clipped to.
    let (lower, upper) = if neg { (Value::fix(-1), ops::sub(th, len, Value::fix(1))?) } else { (zero, len) };
    let clip = |v: Value| -> R<Value> {
        let i = index_or(th, v)?;
        if th.compare(i, zero, CmpOp::Lt)? {
            let i = ops::add(th, i, len)?;
            if th.compare(i, lower, CmpOp::Lt)? { Ok(lower) } else { Ok(i) }
        } else if th.compare(i, upper, CmpOp::Gt)? {
            Ok(upper)
        } else {
            Ok(i)
        }
    };
    let start = match s.start.value().some() {
        None => {
            if neg {
                upper
            } else {
                lower
            }
        }
        Some(v) => clip(v)?,
    };
    let stop = match s.stop.value().some() {
        None => {
            if neg {
                lower
            } else {
                upper
            }
        }
        Some(v) => clip(v)?,
    };
    Ok((start, stop, step))
}

fn slice_indices(th: Th, a: &[Option<Value>]) -> R<Value> {
    let s: Gc<Slice> = me(a);
    let len = th.index(arg(a, 1))?;
    if th.compare(len, Value::fix(0), CmpOp::Lt)? {
        return Err(th.value_error("length should not be negative"));
    }
    let (x, y, z) = long_indices(th, s, len)?;
    Ok(th.tuple(&[x, y, z]))
}
fn slice_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let s: Gc<Slice> = me(a);
    let args = th.tuple(&[s.start.value(), s.stop.value(), s.step.value()]);
    Ok(th.tuple(&[SLICE.get().value(), args]))
}
fn slice_repr(th: Th, o: Value) -> R<Value> {
    let s: Gc<Slice> = this(o);
    let mut out = b"slice(".to_vec();
    for (i, x) in [&s.start, &s.stop, &s.step].into_iter().enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        super::util::push_repr(th, &mut out, x.value())?;
    }
    out.push(b')');
    th.try_str(&out)
}
fn slice_hash(th: Th, o: Value) -> R<i64> {
    let s: Gc<Slice> = this(o);
    let mut acc = super::tuple::HASH_SEED;
    for x in [&s.start, &s.stop, &s.step] {
        acc = super::tuple::hash_round(acc, th.hash(x.value())?);
    }
    Ok(if acc == u64::MAX { 1546275796 } else { acc as i64 })
}
fn slice_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (Some(x), Some(y)) = (a.cast::<Slice>(), b.cast::<Slice>()) else { return Ok(NOT_IMPLEMENTED()) };
    if a.is(b) {
        return Ok(Value::bool(matches!(op, CmpOp::Eq | CmpOp::Le | CmpOp::Ge)));
    }
    let p = [x.start.value(), x.stop.value(), x.step.value()];
    let q = [y.start.value(), y.stop.value(), y.step.value()];
    super::tuple::compare_items(th, &p, &q, op)
}

/// Of exact slices of small ints, for callers that want no error: the interpreter's fast path for `a[i:j]`.
#[inline]
pub fn simple(s: Gc<Slice>) -> Option<(i64, i64)> {
    if !s.step.value().is_none() {
        return None;
    }
    let start = s.start.value();
    let stop = s.stop.value();
    let i = if start.is_none() { 0 } else { start.as_fix()? };
    let j = if stop.is_none() { i64::MAX } else { stop.as_fix()? };
    Some((i, j))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a definition by enumeration.
    #[test]
    fn clip_selects_what_enumeration_does() {
        for len in 0..6usize {
            for start in -8..8i64 {
                for stop in -8..8i64 {
                    for step in [-3i64, -2, -1, 1, 2, 3, i64::MAX, -i64::MAX] {
                        let r = clip((start, stop, step), len);
                        let n = len as i64;
                        let norm = |i: i64| if i < 0 { i + n } else { i };
                        let (a, b) = (norm(start), norm(stop));
                        let (mut i, mut want) = (
                            a.clamp(if step < 0 { -1 } else { 0 }, if step < 0 { n - 1 } else { n }),
                            vec![],
                        );
                        while if step > 0 { i < b.min(n) } else { i > b.max(-1) } {
                            want.push(i as usize);
                            match i.checked_add(step) {
                                Some(j) => i = j,
                                None => break,
                            }
                        }
                        assert_eq!(r.iter().collect::<Vec<_>>(), want, "{start} {stop} {step} of {len}");
                    }
                }
            }
        }
    }
}
