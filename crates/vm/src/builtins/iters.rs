//! Iterators over sequences, `reversed`; [`Items`], iteration for native loops.
//!
//! Iterators that are used by several threads at once are memory-safe, as all their fields are words; an item may then be
//! seen twice or not at all, as in CPython.
//!
//! # Invariants
//! - `list` and `tuple` of an iterator hold such objects from the start; `s` and `seq` may become null. Nobody but the
//!   makers here and the interpreter's handlers makes one.
//! - An index is tested against the object each time, never against a length that was read before.
//! - A fresh object's words are written before the next allocation.

use super::util::*;
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{NextFn, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::{Header, Size, Trace};
use std::sync::atomic::{AtomicU64, Ordering::*};

macro_rules! layouts {
    ($($(#[$m:meta])* $name:ident : $kind:ident $(| $more:ident)* { $($f:ident : $t:ty),* })*) => { $(
        $(#[$m])*
        #[repr(C)]
        pub struct $name { pub h: Header, $(pub $f: $t),* }
        unsafe impl Layout for $name {
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            fn holds(k: u8) -> bool {
                k == Kind::$kind as u8 $(|| k == Kind::$more as u8)*
            }
        }
    )* };
}
layouts! {
    /// `i`: next index, -1 when exhausted.
    ListRevIter: ListRevIter { list: SlotOf<List>, i: AtomicU64 }
    /// Over characters: byte position and index. The string is null when exhausted. (Also for `StrAsciiIter`.)
    StrIter: StrIter | StrAsciiIter { s: SlotOf<Str>, pos: AtomicU64, i: AtomicU64 }
    BytesIter: BytesIter | ByteArrayIter { seq: Slot, i: AtomicU64 }
    /// Over anything with `__getitem__`; the sequence is null when exhausted.
    SeqIter: SeqIter { seq: Slot, i: AtomicU64 }
    Reversed: Reversed { seq: Slot, i: AtomicU64 }
}

/// Size and slots of the container types' objects.
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    use super::zip_map as z;
    fn fixed<T>(n: u32) -> Option<(Size, Trace)> {
        let trace = if n == 0 { Trace::None } else { Trace::Slots { at: 8, n } };
        Some((Size::Fixed(((size_of::<T>() + 7) & !7) as u32), trace))
    }
    match k {
        Kind::ListRevIter => fixed::<ListRevIter>(1),
        Kind::StrIter | Kind::StrAsciiIter => fixed::<StrIter>(1),
        Kind::BytesIter | Kind::ByteArrayIter => fixed::<BytesIter>(1),
        Kind::SeqIter => fixed::<SeqIter>(1),
        Kind::Reversed => fixed::<Reversed>(1),
        Kind::LongRangeIter => fixed::<super::range::LongRangeIter>(3),
        Kind::DictKeys | Kind::DictValues | Kind::DictItems => fixed::<super::dict_views::DictView>(1),
        Kind::DictIter | Kind::DictValueIter | Kind::DictItemIter => fixed::<super::dict_views::DictIter>(1),
        Kind::DictRevIter | Kind::DictRevValueIter | Kind::DictRevItemIter => {
            fixed::<super::dict_views::DictIter>(1)
        }
        Kind::MappingProxy => fixed::<super::mapping_proxy::MappingProxy>(1),
        Kind::SetIter => fixed::<super::set::SetIter>(1),
        Kind::SetTable => {
            Some((Size::Fn(super::set_table::SetTable::size), Trace::Fn(super::set_table::SetTable::trace)))
        }
        Kind::Enumerate => fixed::<z::Enumerate>(2),
        Kind::Zip => fixed::<z::Zip>(1),
        Kind::Map => fixed::<z::Map>(2),
        Kind::Filter => fixed::<z::Filter>(2),
        _ => None,
    }
}

// -- iteration for native loops

/// The items of an iterable, one by one; exact lists, tuples and ranges without an iterator object. To be kept on the
/// native stack.
pub enum Items {
    List(Gc<List>, usize),
    Tuple(Gc<Tuple>, usize),
    /// Next, step, number left.
    Range(i64, i64, i64),
    Iter(Value, NextFn),
}

impl Items {
    #[inline]
    pub fn new(th: Th, v: Value) -> R<Items> {
        if let Some(l) = v.exact::<List>() {
            return Ok(Items::List(l, 0));
        }
        if let Some(t) = v.exact::<Tuple>() {
            return Ok(Items::Tuple(t, 0));
        }
        if let Some(r) = v.exact::<Range>()
            && let Some((a, s, n)) = super::range::small(r)
        {
            return Ok(Items::Range(a, s, n));
        }
        let it = th.iter(v)?;
        match th.type_of(it).slots.iternext {
            Some(f) => Ok(Items::Iter(it, f)),
            None => Err(th.type_error(format!("'{}' object is not an iterator", th.type_name_of(it)))),
        }
    }
    #[inline]
    pub fn next(&mut self, th: Th) -> R<Option<Value>> {
        match self {
            Items::List(l, i) => {
                let v = l.get(*i);
                *i += 1;
                Ok(v)
            }
            Items::Tuple(t, i) => {
                let v = t.items().get(*i).copied();
                *i += 1;
                Ok(v)
            }
            Items::Range(a, s, n) => {
                if *n <= 0 {
                    return Ok(None);
                }
                let v = Value::fix(*a);
                *a = a.wrapping_add(*s);
                *n -= 1;
                Ok(Some(v))
            }
            Items::Iter(it, f) => th.or_ended(f(th, *it)),
        }
    }
    /// How many items come if nobody interferes; None: not known.
    pub fn exact_len(&self) -> Option<usize> {
        match self {
            Items::List(l, i) => Some(l.len().saturating_sub(*i)),
            Items::Tuple(t, i) => Some(t.len.saturating_sub(*i)),
            Items::Range(_, _, n) => Some((*n).max(0) as usize),
            Items::Iter(..) => None,
        }
    }
}

/// All items of a builtin container in an array of the caller's own, with their number; None for other iterables.
pub fn bulk(th: Th, v: Value) -> R<Option<(Gc<Array>, usize)>> {
    if !v.is_obj() {
        return Ok(None);
    }
    let k = v.kind();
    if !v.is_exact(k) {
        return Ok(None);
    }
    Ok(Some(match k {
        Kind::List => super::list::copy_of(th, this(v), 0)?,
        Kind::Tuple => {
            let t: Gc<Tuple> = this(v);
            (super::list::array_of(th, t.items(), t.len)?, t.len)
        }
        Kind::Range => {
            let Some((mut x, s, n)) = super::range::small(this(v)) else { return Ok(None) };
            let n = n as usize;
            if n > 1 << 40 {
                return Err(th.memory_error());
            }
            if n == 0 {
                return Ok(Some((this(super::list::empty_array()), 0)));
            }
            unsafe {
                let a = th.alloc_var::<Array>(16 + 8 * n)?;
                (*a.as_ptr()).cap = n;
                for i in 0..n {
                    a.slot(i).init(Some(Value::fix(x)));
                    x = x.wrapping_add(s);
                }
                (a, n)
            }
        }
        Kind::Dict => super::dict_views::bulk(th, this(v), Kind::DictKeys)?,
        Kind::DictKeys | Kind::DictValues | Kind::DictItems => {
            super::dict_views::bulk(th, super::dict_views::dict_of(v), k)?
        }
        Kind::Set | Kind::FrozenSet => super::set::bulk(th, this(v))?,
        _ => return Ok(None),
    }))
}

// -- the types

pub(super) const HINT: &str = "Private method returning an estimate of len(list(it)).";
pub(super) const REDUCE: &str = "Return state information for pickling.";
pub(super) const SETSTATE: &str = "Set state information for unpickling.";

pub(super) const ITERATOR: NativeType = NativeType {
    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::DISALLOW_INSTANTIATION,
    ..NativeType::DEFAULT
};

macro_rules! iterator_type {
    ($cell:ident $name:literal $kind:ident $t:ty, $next:expr, $hint:expr, $reduce:expr, $setstate:expr) => {
        pub static $cell: TypeCell = TypeCell::new({
            const T: &NativeType = &NativeType {
                name: $name,
                kind: Kind::$kind,
                size: size_of::<$t>() as u32,
                slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some($next), ..Slots::NONE },
                methods: &[
                    method("__length_hint__", "($self, /)", HINT, $hint),
                    method("__reduce__", "($self, /)", REDUCE, $reduce),
                    method("__setstate__", "($self, object, /)", SETSTATE, $setstate),
                ],
                ..ITERATOR
            };
            T
        });
    };
}

/// The argument of `__setstate__`.
fn state(th: Th, a: &[Option<Value>]) -> R<i64> {
    let v = arg(a, 1);
    if !v.is_fix() && !v.is_kind(Kind::Int) && !v.is_kind(Kind::Bool) {
        return Err(th.type_error("an integer is required"));
    }
    th.index_i64(v)
}
/// `(iter, (seq,)[, i])`.
fn reduced(th: Th, f: &str, seq: Value, i: Option<i64>) -> R<Value> {
    let args = th.tuple(&[seq]);
    let f = crate::builtins::builtin(th, f)?;
    match i {
        Some(i) => Ok(th.tuple(&[f, args, th.int(i)])),
        None => Ok(th.tuple(&[f, args])),
    }
}
fn reduced_empty(th: Th, f: &str) -> R<Value> {
    reduced(th, f, Root::empty_tuple.value(), None)
}
fn reduced_empty_list(th: Th, f: &str) -> R<Value> {
    let l = super::list::new(th, &[])?;
    reduced(th, f, l.value(), None)
}

// list

iterator_type!(
    LIST_ITER "list_iterator" ListIter ListIter,
    list_next,
    |th, a| {
        let it: Gc<ListIter> = me(a);
        let i = it.i.load(Relaxed) as i64;
        Ok(if i < 0 { Value::fix(0) } else { th.int((it.list.gc().len() as i64 - i).max(0)) })
    },
    |th, a| {
        let it: Gc<ListIter> = me(a);
        let i = it.i.load(Relaxed) as i64;
        if i < 0 { reduced_empty_list(th, "iter") } else { reduced(th, "iter", it.list.value(), Some(i)) }
    },
    |th, a| {
        let it: Gc<ListIter> = me(a);
        let i = state(th, a)?;
        if it.i.load(Relaxed) as i64 >= 0 {
            it.i.store(i.clamp(-1, it.list.gc().len() as i64) as u64, Relaxed);
        }
        Ok(NONE())
    }
);
/// `iter(list)`.
pub fn new_list_iter(th: Th, l: Value) -> R<Value> {
    Ok(th
        .object(ListIter { h: ListIter::head(), list: SlotOf::new(l.known()), i: AtomicU64::new(0) })
        .value())
}
fn list_next(_: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: slots are called with instances of their type.
    let it: Gc<ListIter> = unsafe { o.cast_unchecked() };
    let i = it.i.load(Relaxed) as i64;
    if i < 0 {
        return Ok(None);
    }
    let v = it.list.gc().get(i as usize);
    it.i.store(if v.is_some() { i + 1 } else { -1 } as u64, Relaxed);
    Ok(v)
}

iterator_type!(
    LIST_REV_ITER "list_reverseiterator" ListRevIter ListRevIter,
    list_rev_next,
    |th, a| {
        let it: Gc<ListRevIter> = me(a);
        let n = it.i.load(Relaxed) as i64 + 1;
        Ok(th.int(if n > it.list.gc().len() as i64 { 0 } else { n }))
    },
    |th, a| {
        let it: Gc<ListRevIter> = me(a);
        let i = it.i.load(Relaxed) as i64;
        if i < 0 { reduced_empty_list(th, "reversed") } else { reduced(th, "reversed", it.list.value(), Some(i)) }
    },
    |th, a| {
        let it: Gc<ListRevIter> = me(a);
        let n = it.list.gc().len() as i64;
        it.i.store(state(th, a)?.max(-1).min(n - 1) as u64, Relaxed);
        Ok(NONE())
    }
);
pub fn new_list_rev_iter(th: Th, l: Gc<List>) -> Value {
    th.object(ListRevIter {
        h: ListRevIter::head(),
        list: SlotOf::new(l),
        i: AtomicU64::new((l.len() as i64 - 1) as u64),
    })
    .value()
}
#[inline]
pub(super) fn list_rev_next(_: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: as in `list_next`.
    let it: Gc<ListRevIter> = unsafe { o.cast_unchecked() };
    let i = it.i.load(Relaxed) as i64;
    if i < 0 {
        return Ok(None);
    }
    let v = it.list.gc().get(i as usize);
    it.i.store(if v.is_some() { i - 1 } else { -1 } as u64, Relaxed);
    Ok(v)
}

// tuple

/// `TupleIter::i` when exhausted.
const DONE: u64 = i64::MAX as u64;

iterator_type!(
    TUPLE_ITER "tuple_iterator" TupleIter TupleIter,
    tuple_next,
    |th, a| {
        let it: Gc<TupleIter> = me(a);
        let n = it.tuple.gc().len as i64;
        Ok(th.int(n.saturating_sub(it.i.load(Relaxed) as i64).max(0)))
    },
    |th, a| {
        let it: Gc<TupleIter> = me(a);
        match it.i.load(Relaxed) {
            DONE => reduced_empty(th, "iter"),
            i => reduced(th, "iter", it.tuple.value(), Some(i as i64)),
        }
    },
    |th, a| {
        let it: Gc<TupleIter> = me(a);
        let i = state(th, a)?;
        if it.i.load(Relaxed) != DONE {
            let n = it.tuple.gc().len as i64;
            it.i.store(i.clamp(0, n) as u64, Relaxed);
        }
        Ok(NONE())
    }
);
/// `iter(tuple)`.
pub fn new_tuple_iter(th: Th, t: Value) -> R<Value> {
    Ok(th
        .object(TupleIter { h: TupleIter::head(), tuple: SlotOf::new(t.known()), i: AtomicU64::new(0) })
        .value())
}
fn tuple_next(_: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: as in `list_next`.
    let it: Gc<TupleIter> = unsafe { o.cast_unchecked() };
    let i = it.i.load(Relaxed);
    match it.tuple.gc().items().get(i as usize) {
        Some(v) => {
            it.i.store(i + 1, Relaxed);
            Ok(Some(*v))
        }
        None => {
            it.i.store(DONE, Relaxed);
            Ok(None)
        }
    }
}

// str

macro_rules! str_iterator {
    ($cell:ident $name:literal $kind:ident $next:ident) => {
        iterator_type!(
            $cell $name $kind StrIter,
            $next,
            |th, a| {
                let it: Gc<StrIter> = me(a);
                let n = it.s.get().map_or(0, |s| this::<Str>(s.value()).len() as i64 - it.i.load(Relaxed) as i64);
                Ok(th.int(n.max(0)))
            },
            |th, a| {
                let it: Gc<StrIter> = me(a);
                match it.s.get() {
                    Some(s) => reduced(th, "iter", s.value(), Some(it.i.load(Relaxed) as i64)),
                    None => reduced(th, "iter", Root::empty_str.value(), None),
                }
            },
            str_setstate
        );
    };
}
str_iterator!(STR_ITER "str_iterator" StrIter str_next);
str_iterator!(STR_ASCII_ITER "str_ascii_iterator" StrAsciiIter str_ascii_next);

/// `iter(str)`.
pub fn new_str_iter(th: Th, o: Value) -> R<Value> {
    let ascii = o.is_exact(Kind::Str) && this::<Str>(o).is_ascii();
    let kind = if ascii { Kind::StrAsciiIter } else { Kind::StrIter };
    unsafe {
        let it = Gc::<StrIter>::from_obj(th.m.alloc(size_of::<StrIter>(), kind as u8, kind as u32));
        it.s.init(Some(o.known()));
        it.pos.store(0, Relaxed);
        it.i.store(0, Relaxed);
        Ok(it.value())
    }
}
/// An iterator over a string, of either kind.
pub fn as_str_iter(o: Value) -> Gc<StrIter> {
    this(o)
}
/// The next character; None: there is none any more.
#[inline(always)]
pub(super) fn str_ascii_peek(o: Value) -> Option<Value> {
    let it: Gc<StrIter> = this(o);
    let s = it.s.get()?;
    let c = *this::<Str>(s.value()).bytes().get(it.i.load(Relaxed) as usize)?;
    Some(super::str_::ascii_char(Some(c)))
}
/// The same, and moves to the one behind it.
#[inline(always)]
pub(super) fn str_ascii_step(o: Value) -> Option<Value> {
    let c = str_ascii_peek(o)?;
    str_ascii_advance(o);
    Some(c)
}
#[inline(always)]
pub(super) fn str_ascii_advance(o: Value) {
    let it: Gc<StrIter> = this(o);
    it.i.store(it.i.load(Relaxed) + 1, Relaxed);
}
fn str_ascii_next(_: Th, o: Value) -> R<Option<Value>> {
    let v = str_ascii_step(o);
    if v.is_none() {
        this::<StrIter>(o).s.init(None);
    }
    Ok(v)
}
/// Bytes of the character that begins with this byte.
fn char_len(b: u8) -> usize {
    match b {
        0..0x80 => 1,
        0x80..0xe0 => 2,
        0xe0..0xf0 => 3,
        _ => 4,
    }
}
/// The next character if it is an ASCII one.
#[inline]
pub(super) fn str_next_ascii(o: Value) -> Option<Value> {
    let it: Gc<StrIter> = this(o);
    let s: Gc<Str> = this(it.s.get()?.value());
    let pos = it.pos.load(Relaxed);
    let b = s.bytes().get(pos as usize).filter(|b| b.is_ascii())?;
    it.pos.store(pos + 1, Relaxed);
    it.i.store(it.i.load(Relaxed) + 1, Relaxed);
    Some(super::str_::ascii_char(Some(*b)))
}
fn str_next(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<StrIter> = this(o);
    let Some(s) = it.s.get() else { return Ok(None) };
    let s: Gc<Str> = this(s.value());
    let pos = it.pos.load(Relaxed) as usize;
    let b = s.bytes();
    if pos >= b.len() {
        it.s.init(None);
        return Ok(None);
    }
    let n = char_len(b[pos]);
    let v = th.str_counted(&b[pos..pos + n], 1, n == 1)?;
    it.pos.store((pos + n) as u64, Relaxed);
    it.i.store(it.i.load(Relaxed) + 1, Relaxed);
    Ok(Some(v))
}
fn str_setstate(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it: Gc<StrIter> = me(a);
    let i = state(th, a)?;
    if let Some(s) = it.s.get() {
        let s: Gc<Str> = this(s.value());
        let i = i.clamp(0, s.len() as i64) as usize;
        let mut pos = 0;
        for _ in 0..i {
            pos += char_len(s.bytes()[pos]);
        }
        it.pos.store(pos as u64, Relaxed);
        it.i.store(i as u64, Relaxed);
    }
    Ok(NONE())
}

// bytes, bytearray

fn bytes_data(v: Value) -> &'static [u8] {
    let b: Gc<Bytes> = this(v);
    unsafe { std::slice::from_raw_parts(b.after::<u8>(), b.len) }
}
iterator_type!(
    BYTES_ITER "bytes_iterator" BytesIter BytesIter,
    |_, o| {
        let it: Gc<BytesIter> = this(o);
        let Some(s) = it.seq.get() else { return Ok(None) };
        let i = it.i.load(Relaxed);
        match bytes_data(s).get(i as usize) {
            Some(b) => {
                it.i.store(i + 1, Relaxed);
                Ok(Some(Value::fix(*b as i64)))
            }
            None => {
                it.seq.init(None);
                Ok(None)
            }
        }
    },
    |th, a| sized_hint(th, me(a)),
    |th, a| {
        let it: Gc<BytesIter> = me(a);
        match it.seq.get() {
            Some(s) => reduced(th, "iter", s, Some(it.i.load(Relaxed) as i64)),
            None => reduced_empty(th, "iter"),
        }
    },
    |th, a| {
        let it: Gc<BytesIter> = me(a);
        let i = state(th, a)?;
        if let Some(s) = it.seq.get() {
            it.i.store(i.clamp(0, th.len(s)? as i64) as u64, Relaxed);
        }
        Ok(NONE())
    }
);
iterator_type!(
    BYTEARRAY_ITER "bytearray_iterator" ByteArrayIter BytesIter,
    |th, o| {
        let it: Gc<BytesIter> = this(o);
        let Some(s) = it.seq.get() else { return Ok(None) };
        let i = it.i.load(Relaxed);
        if (i as usize) < th.len(s)? {
            it.i.store(i + 1, Relaxed);
            let r = th.getitem(s, Value::fix(i as i64));
            return th.catch(r, &exc::INDEX_ERROR);
        }
        it.seq.init(None);
        Ok(None)
    },
    |th, a| sized_hint(th, me(a)),
    |th, a| {
        let it: Gc<BytesIter> = me(a);
        match it.seq.get() {
            Some(s) => reduced(th, "iter", s, Some(it.i.load(Relaxed) as i64)),
            None => reduced_empty(th, "iter"),
        }
    },
    |th, a| {
        let it: Gc<BytesIter> = me(a);
        let i = state(th, a)?;
        if let Some(s) = it.seq.get() {
            if i < 0 {
                it.seq.init(None);
            } else {
                it.i.store(i.min(th.len(s)? as i64) as u64, Relaxed);
            }
        }
        Ok(NONE())
    }
);
fn sized_hint(th: Th, it: Gc<BytesIter>) -> R<Value> {
    match it.seq.get() {
        Some(s) => Ok(th.int((th.len(s)? as i64 - it.i.load(Relaxed) as i64).max(0))),
        None => Ok(Value::fix(0)),
    }
}
fn new_indexed(th: Th, o: Value, kind: Kind) -> R<Value> {
    unsafe {
        let it = Gc::<BytesIter>::from_obj(th.m.alloc(size_of::<BytesIter>(), kind as u8, kind as u32));
        it.seq.init(Some(o));
        it.i.store(0, Relaxed);
        Ok(it.value())
    }
}
/// `iter(bytes)`.
pub fn new_bytes_iter(th: Th, o: Value) -> R<Value> {
    new_indexed(th, o, Kind::BytesIter)
}
/// `iter(bytearray)`.
pub fn new_bytearray_iter(th: Th, o: Value) -> R<Value> {
    new_indexed(th, o, Kind::ByteArrayIter)
}

// any sequence

iterator_type!(
    SEQ_ITER "iterator" SeqIter SeqIter,
    seq_next,
    |th, a| {
        let it: Gc<SeqIter> = me(a);
        let Some(s) = it.seq.get() else { return Ok(Value::fix(0)) };
        if th.type_of(s).slots.len.is_none() {
            return Ok(NOT_IMPLEMENTED());
        }
        Ok(th.int((th.len(s)? as i64 - it.i.load(Relaxed) as i64).max(0)))
    },
    |th, a| {
        let it: Gc<SeqIter> = me(a);
        match it.seq.get() {
            Some(s) => reduced(th, "iter", s, Some(it.i.load(Relaxed) as i64)),
            None => reduced_empty(th, "iter"),
        }
    },
    |th, a| {
        let it: Gc<SeqIter> = me(a);
        let i = state(th, a)?;
        if it.seq.get().is_some() {
            it.i.store(i.max(0) as u64, Relaxed);
        }
        Ok(NONE())
    }
);
/// `iter(o)` of an object that has `__getitem__` only.
pub fn seq_iter(th: Th, o: Value) -> R<Value> {
    Ok(th.object(SeqIter { h: SeqIter::head(), seq: Slot::new(o), i: AtomicU64::new(0) }).value())
}
/// IndexError or StopIteration: the end.
fn end_of_sequence(th: Th, r: R<Value>) -> R<Option<Value>> {
    match r {
        Ok(v) => Ok(Some(v)),
        Err(_) if th.exc_is(&exc::INDEX_ERROR) || th.exc_is(&exc::STOP_ITERATION) => {
            th.take_exc();
            Ok(None)
        }
        Err(e) => Err(e),
    }
}
fn seq_next(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<SeqIter> = this(o);
    let Some(s) = it.seq.get() else { return Ok(None) };
    let i = it.i.load(Relaxed);
    if i == i64::MAX as u64 {
        return Err(th.overflow_error("iter index too large"));
    }
    let r = th.getitem(s, th.int(i as i64));
    let v = end_of_sequence(th, r)?;
    match v {
        Some(_) => it.i.store(i + 1, Relaxed),
        None => it.seq.init(None),
    }
    Ok(v)
}

// reversed

pub static REVERSED: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "reversed",
        kind: Kind::Reversed,
        size: size_of::<Reversed>() as u32,
        flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC,
        doc: "Return a reverse iterator over the values of the given sequence.",
        text_signature: Some("(sequence, /)"),
        slots: Slots {
            new: Some(reversed_new),
            iter: Some(|_, o| Ok(o)),
            iternext: Some(reversed_next),
            ..Slots::NONE
        },
        methods: &[
            method("__length_hint__", "($self, /)", HINT, |th, a| {
                let it: Gc<Reversed> = me(a);
                let Some(s) = it.seq.get() else { return Ok(Value::fix(0)) };
                let n = it.i.load(Relaxed) as i64 + 1;
                Ok(th.int(if n > th.len(s)? as i64 { 0 } else { n }))
            }),
            method("__reduce__", "($self, /)", REDUCE, |th, a| {
                let it: Gc<Reversed> = me(a);
                let (seq, i) = match it.seq.get() {
                    Some(s) => (s, Some(it.i.load(Relaxed) as i64)),
                    None => (Root::empty_tuple.value(), None),
                };
                let ty = th.type_of(it.value()).value();
                let args = th.tuple(&[seq]);
                Ok(match i {
                    Some(i) => th.tuple(&[ty, args, th.int(i)]),
                    None => th.tuple(&[ty, args]),
                })
            }),
            method("__setstate__", "($self, object, /)", SETSTATE, |th, a| {
                let it: Gc<Reversed> = me(a);
                let i = state(th, a)?;
                if let Some(s) = it.seq.get() {
                    let n = th.len(s)? as i64;
                    if i < 0 {
                        it.seq.init(None);
                    } else {
                        it.i.store(i.min(n - 1) as u64, Relaxed);
                    }
                }
                Ok(NONE())
            }),
        ],
        ..NativeType::DEFAULT
    };
    T
});
fn reversed_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = this(ty);
    let base = REVERSED.get();
    if a.nkw() != 0 && (t == base || t.slots.init.map(|f| f as usize) == base.slots.init.map(|f| f as usize))
    {
        no_keywords(th, "reversed", a)?;
    }
    arity(th, "reversed", a.len(), 1, 1)?;
    let s = a.pos()[0];
    if let Some(f) = th.lookup_special(s, n!(__reversed__)) {
        if f.is_none() {
            return Err(th.type_error(format!("'{}' object is not reversible", th.type_name_of(s))));
        }
        return th.call_unbound(f, s, &[]);
    }
    if th.type_of(s).slots.getitem.is_none() || s.is_kind(Kind::Dict) {
        return Err(th.type_error(format!("'{}' object is not reversible", th.type_name_of(s))));
    }
    let n = th.len(s)?;
    let it: Gc<Reversed> =
        if t == base { unsafe { th.alloc() } } else { this(crate::builtins::object::new_instance(th, t)?) };
    th.store(it, &it.seq, s);
    it.i.store((n as i64 - 1) as u64, Relaxed);
    Ok(it.value())
}
fn reversed_next(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<Reversed> = this(o);
    let Some(s) = it.seq.get() else { return Ok(None) };
    let i = it.i.load(Relaxed) as i64;
    if i >= 0 {
        let r = th.getitem(s, th.int(i));
        if let Some(v) = end_of_sequence(th, r)? {
            it.i.store((i - 1) as u64, Relaxed);
            return Ok(Some(v));
        }
    }
    it.i.store(-1i64 as u64, Relaxed);
    it.seq.init(None);
    Ok(None)
}
