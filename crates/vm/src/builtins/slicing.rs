//! Indices and slices of sequences: what `PySlice_Unpack`, `PySlice_AdjustIndices` and `_PyEval_SliceIndex` do.

use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

/// The items of a sequence that a slice names: `start, start + step, …`, `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: i64,
    pub stop: i64,
    pub step: i64,
    pub len: usize,
}

/// A slice bound, clamped to the i64 range.
pub fn bound(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(n);
    }
    if th.type_of(v).slots.index.is_none() {
        return Err(th.type_error("slice indices must be integers or None or have an __index__ method"));
    }
    th.index_clamped(v)
}

/// `start`, `stop` and `step` of a slice. May run Python code: the sequence's length is to be taken afterwards.
pub fn unpack(th: Th, s: Gc<Slice>) -> R<(i64, i64, i64)> {
    let part = |v: &Slot| v.get().filter(|v| !v.is_none());
    let step = match part(&s.step) {
        None => 1,
        Some(v) => match bound(th, v)? {
            0 => return Err(th.value_error("slice step cannot be zero")),
            n => n.max(-i64::MAX),
        },
    };
    let start = match part(&s.start) {
        None => {
            if step < 0 {
                i64::MAX
            } else {
                0
            }
        }
        Some(v) => bound(th, v)?,
    };
    let stop = match part(&s.stop) {
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

/// The items of a sequence of `len` items.
pub fn adjust(len: usize, (start, stop, step): (i64, i64, i64)) -> Span {
    let n = len as i64;
    let clamp = |i: i64| {
        let i = if i < 0 { i.saturating_add(n) } else { i };
        if i < 0 {
            if step < 0 { -1 } else { 0 }
        } else if i >= n {
            if step < 0 { n - 1 } else { n }
        } else {
            i
        }
    };
    let (start, stop) = (clamp(start), clamp(stop));
    let count = if step < 0 {
        if stop < start { (start - stop - 1) / -step + 1 } else { 0 }
    } else if start < stop {
        (stop - start - 1) / step + 1
    } else {
        0
    };
    Span { start, stop, step, len: count as usize }
}

/// The items of a span.
pub fn every<T: Copy>(items: &[T], x: &Span) -> Vec<T> {
    if x.len == 0 {
        return Vec::new();
    }
    let (start, step) = (x.start as usize, x.step.unsigned_abs() as usize);
    if x.step > 0 {
        items[start..].iter().step_by(step).take(x.len).copied().collect()
    } else {
        items[..=start].iter().rev().step_by(step).take(x.len).copied().collect()
    }
}

/// Optional `start` and `end` arguments of methods, as indices into a sequence of `len` items with `start` possibly
/// beyond `end`.
pub fn start_end(th: Th, start: Option<Value>, end: Option<Value>) -> R<(i64, i64)> {
    let get = |v: Option<Value>, default| match v {
        Some(v) if !v.is_none() => bound(th, v),
        _ => Ok(default),
    };
    Ok((get(start, 0)?, get(end, i64::MAX)?))
}
/// Clamps them: CPython's `ADJUST_INDICES`. The first may stay beyond the second, and beyond the length.
pub fn adjust_indices((mut start, mut end): (i64, i64), len: usize) -> (i64, i64) {
    let n = len as i64;
    if end > n {
        end = n;
    } else if end < 0 {
        end = end.saturating_add(n).max(0);
    }
    if start < 0 {
        start = start.saturating_add(n).max(0);
    }
    (start, end)
}

/// Index of an item in a sequence of `len` items, negative ones counted from the end; None: out of range.
#[inline]
pub fn index(i: i64, len: usize) -> Option<usize> {
    let j = if i < 0 { i + len as i64 } else { i };
    if (j as u64) < len as u64 { Some(j as usize) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_of_a_span() {
        let all: Vec<i64> = (0..10).collect();
        for (start, stop, step) in
            [(2, 9, 3), (9, 2, -3), (-1, i64::MIN, -1), (5, 5, 1), (9, 0, -i64::MAX), (0, 9, i64::MAX)]
        {
            let x = adjust(all.len(), (start, stop, step));
            let want: Vec<i64> = (0..x.len as i64).map(|i| x.start + i * x.step).collect();
            assert_eq!(every(&all, &x), want, "{start}:{stop}:{step}");
        }
    }
    #[test]
    fn spans() {
        let s = adjust(10, (i64::MAX, i64::MIN, -1));
        assert_eq!((s.start, s.stop, s.len), (9, -1, 10));
        let s = adjust(10, (-3, i64::MAX, 2));
        assert_eq!((s.start, s.len), (7, 2));
        assert_eq!(adjust(0, (0, i64::MAX, 1)).len, 0);
        assert_eq!(adjust(5, (3, 1, 1)).len, 0);
        assert_eq!(adjust(5, (0, i64::MAX, i64::MAX)).len, 1);
        assert_eq!(adjust_indices((7, 3), 5), (7, 3));
        assert_eq!(adjust_indices((-9, -1), 5), (0, 4));
        assert_eq!(index(-1, 3), Some(2));
        assert_eq!(index(-4, 3), None);
    }
}
