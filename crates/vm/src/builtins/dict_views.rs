//! Views of dicts (`keys()`, `values()`, `items()`) and their iterators.
//!
//! # Invariants
//! `dict` of a view is a dict from the start, of an iterator null or a dict. All six iterators have one layout, all
//! three views another. A fresh object's words are written before the next allocation; what a table promises is in
//! `dict_table`.

use super::util::*;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Layout of the three views.
#[repr(C)]
pub struct DictView {
    pub h: Header,
    pub dict: SlotOf<Dict>,
}

/// Layout of the six iterators. `used` is the dict's length at the start, or MAX once it was found changed.
#[repr(C)]
pub struct DictIter {
    pub h: Header,
    pub dict: SlotOf<Dict>,
    pub pos: AtomicU64,
    pub used: AtomicU64,
    pub left: AtomicU64,
}

// SAFETY: the rows of these kinds are made of the structures.
unsafe impl Layout for DictView {
    const KIND: Kind = Kind::DictKeys;
    #[inline(always)]
    fn holds(k: u8) -> bool {
        (Kind::DictKeys as u8..=Kind::DictItems as u8).contains(&k)
    }
}
// SAFETY: as above.
unsafe impl Layout for DictIter {
    const KIND: Kind = Kind::DictIter;
    #[inline(always)]
    fn holds(k: u8) -> bool {
        (Kind::DictIter as u8..=Kind::DictRevItemIter as u8).contains(&k)
    }
}

const VIEW: NativeType = NativeType {
    size: size_of::<DictView>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::DISALLOW_INSTANTIATION,
    getset: &[getter("mapping", "dictionary that this view refers to", |th, o| {
        Ok(super::mapping_proxy::new(th, this::<DictView>(o).dict.value()))
    })],
    ..NativeType::DEFAULT
};
const VIEW_SLOTS: Slots =
    Slots { repr: Some(view_repr), len: Some(|_, o| Ok(dict_of(o).len())), ..Slots::NONE };
const SET_SLOTS: Slots = Slots {
    richcompare: Some(view_compare),
    hash: Some(crate::slot_defs::hash_not_implemented),
    sub: Some(view_sub),
    and: Some(view_and),
    xor: Some(view_xor),
    or: Some(view_or),
    ..VIEW_SLOTS
};
const DISJOINT: NativeDef = method(
    "isdisjoint",
    "($self, object, /)",
    "Return True if the view and the given iterable have a null intersection.",
    view_isdisjoint,
);

pub static KEYS_TYPE: NativeType = NativeType {
    name: "dict_keys",
    kind: Kind::DictKeys,
    slots: Slots {
        iter: Some(|th, o| Ok(new_iter(th, dict_of(o), Kind::DictIter))),
        contains: Some(keys_contains),
        ..SET_SLOTS
    },
    methods: &[
        DISJOINT,
        method("__reversed__", "($self, /)", "Return a reverse iterator over the dict keys.", |th, a| {
            Ok(new_iter(th, dict_of(arg(a, 0)), Kind::DictRevIter))
        }),
    ],
    ..VIEW
};
pub static KEYS: TypeCell = TypeCell::new(&KEYS_TYPE);

pub static VALUES_TYPE: NativeType = NativeType {
    name: "dict_values",
    kind: Kind::DictValues,
    slots: Slots { iter: Some(|th, o| Ok(new_iter(th, dict_of(o), Kind::DictValueIter))), ..VIEW_SLOTS },
    methods: &[method(
        "__reversed__",
        "($self, /)",
        "Return a reverse iterator over the dict values.",
        |th, a| Ok(new_iter(th, dict_of(arg(a, 0)), Kind::DictRevValueIter)),
    )],
    ..VIEW
};
pub static VALUES: TypeCell = TypeCell::new(&VALUES_TYPE);

pub static ITEMS_TYPE: NativeType = NativeType {
    name: "dict_items",
    kind: Kind::DictItems,
    slots: Slots {
        iter: Some(|th, o| Ok(new_iter(th, dict_of(o), Kind::DictItemIter))),
        contains: Some(items_contains),
        ..SET_SLOTS
    },
    methods: &[
        DISJOINT,
        method("__reversed__", "($self, /)", "Return a reverse iterator over the dict items.", |th, a| {
            Ok(new_iter(th, dict_of(arg(a, 0)), Kind::DictRevItemIter))
        }),
    ],
    ..VIEW
};
pub static ITEMS: TypeCell = TypeCell::new(&ITEMS_TYPE);

/// The dict that a view is of.
#[inline(always)]
pub fn dict_of(v: Value) -> Gc<Dict> {
    this::<DictView>(v).dict.gc()
}
/// Small object of a layout that several kinds share.
unsafe fn alloc<T>(th: Th, kind: Kind) -> Gc<T> {
    unsafe { Gc::from_obj(th.m.alloc(size_of::<T>(), kind as u8, kind as u32)) }
}
pub fn new_view(th: Th, d: Value, kind: Kind) -> Value {
    unsafe {
        let v = alloc::<DictView>(th, kind);
        v.dict.init(Some(d.known()));
        v.value()
    }
}
pub fn keys(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(new_view(th, arg(a, 0), Kind::DictKeys))
}
pub fn values(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(new_view(th, arg(a, 0), Kind::DictValues))
}
pub fn items(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(new_view(th, arg(a, 0), Kind::DictItems))
}

fn view_repr(th: Th, o: Value) -> R<Value> {
    let r = repr_once(th, o, || {
        let l = super::list::from_iterable(th, o)?;
        let r = th.repr(l.value())?;
        let mut out = format!("{}(", th.type_name_of(o)).into_bytes();
        out.extend_from_slice(this::<Str>(r).bytes());
        out.push(b')');
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("...")))
}

// -- as sets

fn is_set_view(v: Value) -> bool {
    v.is_kind(Kind::DictKeys) || v.is_kind(Kind::DictItems)
}
fn is_any_set(v: Value) -> bool {
    v.is_kind(Kind::Set) || v.is_kind(Kind::FrozenSet)
}
fn is_exact_set(v: Value) -> bool {
    v.is_exact(Kind::Set) || v.is_exact(Kind::FrozenSet)
}

fn keys_contains(th: Th, o: Value, k: Value) -> R<bool> {
    dict_of(o).contains(th, k)
}
fn items_contains(th: Th, o: Value, item: Value) -> R<bool> {
    let Some(t) = item.cast::<Tuple>().filter(|t| t.len == 2) else { return Ok(false) };
    match dict_of(o).get(th, t.items()[0])? {
        Some(v) => th.eq(v, t.items()[1]),
        None => Ok(false),
    }
}
fn all_in(th: Th, a: Value, b: Value) -> R<bool> {
    let it = th.iter(a)?;
    while let Some(v) = th.next(it)? {
        if !th.contains(b, v)? {
            return Ok(false);
        }
    }
    Ok(true)
}
fn view_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !is_any_set(b) && !is_set_view(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (m, n) = (th.len(a)?, th.len(b)?);
    let r = match op {
        CmpOp::Eq | CmpOp::Ne => (m == n && all_in(th, a, b)?) == (op == CmpOp::Eq),
        CmpOp::Lt => m < n && all_in(th, a, b)?,
        CmpOp::Le => m <= n && all_in(th, a, b)?,
        CmpOp::Gt => m > n && all_in(th, b, a)?,
        CmpOp::Ge => m >= n && all_in(th, b, a)?,
    };
    Ok(Value::bool(r))
}
/// A new set of the elements of any operand.
fn to_set(th: Th, v: Value) -> R<Gc<Set>> {
    super::set::from_iterable(th, v)
}
fn view_sub(th: Th, a: Value, b: Value) -> R<Value> {
    let s = to_set(th, a)?.value();
    th.call_method(s, th.intern("difference_update"), &[b])?;
    Ok(s)
}
fn view_or(th: Th, a: Value, b: Value) -> R<Value> {
    let s = to_set(th, a)?;
    super::set::update(th, s, b)?;
    Ok(s.value())
}
fn view_and(th: Th, a: Value, b: Value) -> R<Value> {
    let (mut a, mut b) = if is_set_view(a) { (a, b) } else { (b, a) };
    let n = th.len(a)?;
    if b.is_exact(Kind::Set) && n <= th.len(b)? {
        return th.call_method(b, th.intern("intersection"), &[a]);
    }
    if is_set_view(b) && th.len(b)? > n {
        (a, b) = (b, a);
    }
    let out = super::set::new(th)?;
    let it = th.iter(b)?;
    while let Some(v) = th.next(it)? {
        if th.contains(a, v)? {
            super::set::add(th, out, v)?;
        }
    }
    Ok(out.value())
}
fn view_xor(th: Th, a: Value, b: Value) -> R<Value> {
    if a.is_kind(Kind::DictItems) && b.is_kind(Kind::DictItems) {
        return items_xor(th, dict_of(a), dict_of(b));
    }
    let s = to_set(th, a)?.value();
    th.call_method(s, th.intern("symmetric_difference_update"), &[b])?;
    Ok(s)
}
/// Without hashing the values of items that both have.
fn items_xor(th: Th, a: Gc<Dict>, b: Gc<Dict>) -> R<Value> {
    let (a, b) = if b.len() > a.len() { (b, a) } else { (a, b) };
    let rest = a.copy(th)?;
    let out = super::set::new(th)?;
    let mut i = 0;
    while let Some((ni, k, hash, v)) = b.next_hashed(th, i)? {
        i = ni;
        match rest.get_hashed(th, k, hash)? {
            Some(w) if th.eq(w, v)? => {
                rest.remove_hashed(th, k, hash)?;
            }
            _ => super::set::add(th, out, super::tuple::pair(th, k, v))?,
        }
    }
    let view = new_view(th, rest.value(), Kind::DictItems);
    super::set::update(th, out, view)?;
    Ok(out.value())
}
fn view_isdisjoint(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (mut a, mut b) = (arg(a, 0), arg(a, 1));
    if a.is(b) {
        return Ok(Value::bool(th.len(a)? == 0));
    }
    if (is_exact_set(b) || is_set_view(b)) && th.len(b)? > th.len(a)? {
        (a, b) = (b, a);
    }
    let it = th.iter(b)?;
    while let Some(v) = th.next(it)? {
        if th.contains(a, v)? {
            return Ok(FALSE());
        }
    }
    Ok(TRUE())
}

// -- iterators

const KEYS_OF: u8 = 0;
const VALUES_OF: u8 = 1;
const ITEMS_OF: u8 = 2;

macro_rules! iterator_types {
    ($($cell:ident $name:literal $kind:ident $what:ident $rev:literal;)*) => {
        $(
            pub static $cell: TypeCell = TypeCell::new({
                const T: &NativeType = &NativeType {
                    name: $name,
                    kind: Kind::$kind,
                    size: size_of::<DictIter>() as u32,
                    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::DISALLOW_INSTANTIATION,
                    slots: Slots {
                        iter: Some(|_, o| Ok(o)),
                        iternext: Some(iter_next::<{ $what }, $rev>),
                        ..Slots::NONE
                    },
                    methods: &[
                        method(
                            "__length_hint__",
                            "($self, /)",
                            "Private method returning an estimate of len(list(it)).",
                            iter_hint,
                        ),
                        method("__reduce__", "($self, /)", "Return state information for pickling.", iter_reduce),
                    ],
                    ..NativeType::DEFAULT
                };
                T
            });
        )*
    };
}
iterator_types! {
    KEY_ITER "dict_keyiterator" DictIter KEYS_OF false;
    VALUE_ITER "dict_valueiterator" DictValueIter VALUES_OF false;
    ITEM_ITER "dict_itemiterator" DictItemIter ITEMS_OF false;
    REV_KEY_ITER "dict_reversekeyiterator" DictRevIter KEYS_OF true;
    REV_VALUE_ITER "dict_reversevalueiterator" DictRevValueIter VALUES_OF true;
    REV_ITEM_ITER "dict_reverseitemiterator" DictRevItemIter ITEMS_OF true;
}

/// The number that comes after the last entry.
fn end_of(d: Gc<Dict>) -> usize {
    match d.attrs() {
        Some((_, s)) => s.places(),
        None => d.tab().nentries.load(Acquire) as usize,
    }
}

/// An iterator of one of the six kinds.
pub fn new_iter(th: Th, d: Gc<Dict>, kind: Kind) -> Value {
    unsafe {
        let it = alloc::<DictIter>(th, kind);
        let rev = matches!(kind, Kind::DictRevIter | Kind::DictRevValueIter | Kind::DictRevItemIter);
        it.dict.init(Some(d));
        it.pos.store(if rev { end_of(d) as u64 } else { 0 }, Relaxed);
        let n = d.len() as u64;
        it.used.store(n, Relaxed);
        it.left.store(n, Relaxed);
        it.value()
    }
}
/// `iter(dict)`.
pub fn dict_iter(th: Th, o: Value) -> R<Value> {
    Ok(new_iter(th, this(o), Kind::DictIter))
}
fn iter_next<const WHAT: u8, const REV: bool>(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<DictIter> = this(o);
    let Some(d) = it.dict.get() else { return Ok(None) };
    if it.used.load(Relaxed) != d.len() as u64 {
        it.used.store(u64::MAX, Relaxed);
        return Err(th.runtime_error("dictionary changed size during iteration"));
    }
    let pos = it.pos.load(Relaxed) as usize;
    let found = if !REV {
        d.next_entry(pos)
    } else if pos > end_of(d) {
        // Another table of the same length.
        None
    } else {
        d.prev_entry(pos)
    };
    let Some((pos, k, v)) = found else {
        it.dict.init(None);
        return Ok(None);
    };
    let left = it.left.load(Relaxed);
    if left == 0 {
        it.dict.init(None);
        return Err(th.runtime_error("dictionary keys changed during iteration"));
    }
    it.left.store(left.wrapping_sub(1), Relaxed);
    it.pos.store(pos as u64, Relaxed);
    Ok(Some(match WHAT {
        KEYS_OF => k,
        VALUES_OF => v,
        _ => super::tuple::pair(th, k, v),
    }))
}
fn iter_hint(_: Th, a: &[Option<Value>]) -> R<Value> {
    let it: Gc<DictIter> = me(a);
    let n = match it.dict.get() {
        Some(d) if it.used.load(Relaxed) == d.len() as u64 => it.left.load(Relaxed),
        _ => 0,
    };
    Ok(Value::fix(n as i64))
}
/// `iter([what is left])`; the iterator itself does not move.
fn iter_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it: Gc<DictIter> = me(a);
    let copy: Gc<DictIter> = unsafe { alloc(th, it.value().kind()) };
    copy.dict.init(it.dict.get());
    for (to, from) in [(&copy.pos, &it.pos), (&copy.used, &it.used), (&copy.left, &it.left)] {
        to.store(from.load(Relaxed), Relaxed);
    }
    let l = super::list::from_iterable(th, copy.value())?;
    let args = th.tuple(&[l.value()]);
    Ok(th.tuple(&[crate::builtins::builtin(th, "iter")?, args]))
}

/// Items of a dict or a view of it, as an array that belongs to the caller: their number and the array.
pub fn bulk(th: Th, d: Gc<Dict>, kind: Kind) -> R<(Gc<Array>, usize)> {
    let _g = th.lock(d);
    let n = d.len();
    let a = super::list::array_of(th, &[], n)?;
    let (mut i, mut k) = (0, 0);
    while k < n
        && let Some((ni, key, val)) = d.next_entry(i)
    {
        i = ni;
        let v = match kind {
            Kind::DictValues => val,
            Kind::DictItems => super::tuple::pair(th, key, val),
            _ => key,
        };
        th.store(a, a.slot(k), v);
        k += 1;
    }
    Ok((a, k))
}
