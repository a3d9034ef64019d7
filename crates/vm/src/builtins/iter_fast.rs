//! What the interpreter's fast handlers do on dicts and on the iterators of dicts, `zip` and `enumerate`: no calls, no
//! Python code, no collection. None: the slow path decides, nothing has happened.
//!
//! # Invariants
//! - Objects are cast after their exact shape was compared, by the caller where the function says so.
//! - `pair` writes an object into free memory of the thread's own and moves the cursor behind it: nothing is collected
//!   between.
//! - Indices are tested against the array or table that is read.

use super::dict_table::DictTable;
use super::dict_views::DictIter;
use super::iters::BytesIter;
use super::zip_map::{Enumerate, Zip};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::*;

/// `d[k]` of an exact dict.
#[inline(always)]
pub fn dict_get(d: Value, k: Value) -> Option<Value> {
    let t: Gc<DictTable> = unsafe { d.cast_unchecked::<Dict>().table.gc_unchecked() };
    ahead(t);
    t.peek(k)
}
/// What is read first says where to look next: the lines of a small table come all at once.
#[inline(always)]
pub fn ahead(t: Gc<DictTable>) {
    let at = t.as_ptr() as usize;
    for line in 1..4 {
        adder_heap::prefetch(at + 64 * line);
    }
}

/// Whether there is room for `n` pairs.
#[inline(always)]
fn room(th: Th, n: usize) -> bool {
    th.m.cursor.get() + 32 * n <= th.m.limit.get()
}
/// `(a, b)` if there is room for it.
#[inline(always)]
fn pair(th: Th, a: Value, b: Value) -> Option<Value> {
    unsafe {
        let p = th.m.cursor.get();
        if !room(th, 1) {
            return None;
        }
        let o = th.m.alloc(32, Kind::Tuple as u8, Kind::Tuple as u32).as_ptr() as *mut u64;
        *o.add(1) = 2;
        *o.add(2) = a.bits();
        *o.add(3) = b.bits();
        Some(Value::from_bits(p as u64))
    }
}

/// The next item of an iterator over a list, tuple, range or ASCII string, which stays where it is.
#[inline(always)]
pub fn peek(it: Value) -> Option<Value> {
    unsafe {
        match it.shape_id() {
            LIST_ITER => {
                let it: Gc<ListIter> = it.cast_unchecked();
                let i = it.i.load(Relaxed);
                if (i as i64) < 0 { None } else { it.list.gc_unchecked().get(i as usize) }
            }
            RANGE_ITER => {
                let it: Gc<RangeIter> = it.cast_unchecked();
                if it.left.get() > 0 { Some(Value::fix(it.next.get())) } else { None }
            }
            TUPLE_ITER => {
                let it: Gc<TupleIter> = it.cast_unchecked();
                let t: Gc<Tuple> = it.tuple.gc_unchecked();
                let i = it.i.load(Relaxed) as usize;
                if i < t.len { Some(*t.items().get_unchecked(i)) } else { None }
            }
            STR_ASCII_ITER => super::iters::str_ascii_peek(it),
            _ => None,
        }
    }
}
/// Moves an iterator that `peek` had an item of.
#[inline(always)]
fn advance(it: Value) {
    unsafe {
        match it.shape_id() {
            RANGE_ITER => {
                let it: Gc<RangeIter> = it.cast_unchecked();
                it.left.set(it.left.get() - 1);
                it.next.set(it.next.get().wrapping_add(it.step));
            }
            STR_ASCII_ITER => super::iters::str_ascii_advance(it),
            _ => {
                // The two others have their index at the same place.
                let it: Gc<ListIter> = it.cast_unchecked();
                it.i.store(it.i.load(Relaxed) + 1, Relaxed);
            }
        }
    }
}

/// The next item of an iterator over a list, tuple, range or string (an ASCII character of it), which most native iterators
/// go over. None: ask the iterator.
#[inline(always)]
pub fn take(it: Value) -> Option<Value> {
    if !it.is_obj() {
        return None;
    }
    match it.shape_id() {
        STR_ITER => super::iters::str_next_ascii(it),
        _ => {
            let v = peek(it)?;
            advance(it);
            Some(v)
        }
    }
}
/// Whether the next item of an iterator is there, or it ends, whatever else happens: asking it never fails.
pub fn never_fails(it: Value) -> bool {
    it.is_obj() && matches!(it.shape_id(), LIST_ITER | RANGE_ITER | TUPLE_ITER | STR_ASCII_ITER)
}

const LIST_ITER: u32 = Kind::ListIter as u32;
const TUPLE_ITER: u32 = Kind::TupleIter as u32;
const RANGE_ITER: u32 = Kind::RangeIter as u32;
const DICT_ITER: u32 = Kind::DictIter as u32;
const DICT_VALUE_ITER: u32 = Kind::DictValueIter as u32;
const DICT_ITEM_ITER: u32 = Kind::DictItemIter as u32;
const STR_ITER: u32 = Kind::StrIter as u32;
const STR_ASCII_ITER: u32 = Kind::StrAsciiIter as u32;
const BYTES_ITER: u32 = Kind::BytesIter as u32;
const LIST_REV_ITER: u32 = Kind::ListRevIter as u32;
const SET_ITER: u32 = Kind::SetIter as u32;
const ZIP: u32 = Kind::Zip as u32;
const ENUMERATE: u32 = Kind::Enumerate as u32;

const _: () = assert!(std::mem::offset_of!(ListIter, i) == std::mem::offset_of!(TupleIter, i));

/// The next item of an iterator over a dict, a set, a string, bytes or a reversed list, of `zip` of two lists, tuples,
/// ranges or strings, or of `enumerate` over any of these but `zip` and itself.
#[inline(always)]
pub fn step(th: Th, it: Value) -> Option<Value> {
    unsafe {
        match it.shape_id() {
            ZIP => {
                let z: Gc<Zip> = it.cast_unchecked();
                let iters: Gc<Tuple> = z.iters.gc_unchecked();
                if iters.len != 2 {
                    return None;
                }
                let (a, b) = (*iters.items().get_unchecked(0), *iters.items().get_unchecked(1));
                if a.is(b) {
                    return None;
                }
                let r = pair(th, peek(a)?, peek(b)?)?;
                advance(a);
                advance(b);
                Some(r)
            }
            ENUMERATE => {
                let e: Gc<Enumerate> = it.cast_unchecked();
                let n = e.n.value();
                let i = n.as_fix()?;
                // The item may be a pair, too.
                if i == adder_metatrace::word::FIX_MAX || !room(th, 2) {
                    return None;
                }
                let inner = e.iter.value();
                let v = match peek(inner) {
                    Some(v) => {
                        advance(inner);
                        v
                    }
                    None => step_inner(th, inner)?,
                };
                e.n.init(Some(Value::fix(i + 1)));
                pair(th, n, v)
            }
            _ => step_alone(th, it),
        }
    }
}
#[inline(never)]
fn step_inner(th: Th, it: Value) -> Option<Value> {
    step_alone(th, it)
}
#[inline(always)]
fn step_alone(th: Th, it: Value) -> Option<Value> {
    unsafe {
        match it.shape_id() {
            kind @ (DICT_ITER | DICT_VALUE_ITER | DICT_ITEM_ITER) => {
                let i: Gc<DictIter> = it.cast_unchecked();
                let d = i.dict.get()?;
                let t: Gc<DictTable> = d.table.gc_unchecked();
                let (pos, left) = (i.pos.load(Relaxed), i.left.load(Relaxed));
                if i.used.load(Relaxed) != d.used.load(Relaxed)
                    || pos >= t.nentries.load(Acquire) as u64
                    || left == 0
                    || t.cells
                {
                    return None;
                }
                let (k, v) = (t.key(pos as u32).get()?, t.val(pos as u32).get()?);
                let r = match kind {
                    DICT_ITER => k,
                    DICT_VALUE_ITER => v,
                    _ => pair(th, k, v)?,
                };
                i.pos.store(pos + 1, Relaxed);
                i.left.store(left - 1, Relaxed);
                Some(r)
            }
            BYTES_ITER => {
                let i: Gc<BytesIter> = it.cast_unchecked();
                let at = i.i.load(Relaxed);
                let b = *i.seq.get()?.exact::<Bytes>()?.bytes().get(at as usize)?;
                i.i.store(at + 1, Relaxed);
                Some(Value::fix(b as i64))
            }
            // These raise nothing; an end is found again by the slow path.
            STR_ASCII_ITER => super::iters::str_ascii_step(it),
            STR_ITER => super::iters::str_next_ascii(it),
            LIST_REV_ITER => super::iters::list_rev_next(th, it).ok().flatten(),
            SET_ITER => {
                let i: Gc<super::set::SetIter> = it.cast_unchecked();
                let s = i.set.get()?;
                if i.used.load(Relaxed) != s.used.load(Relaxed) {
                    return None;
                }
                super::set::iter_next(th, it).ok().flatten()
            }
            _ => None,
        }
    }
}
