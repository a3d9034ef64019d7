//! `set` and `frozenset`, over [`super::set_table`].
//!
//! # Invariants
//! - `Set::table` is a table from the start, `SetIter::set` null or a set. What a table promises is in `set_table`.
//! - `others` borrows the tuple of a call's positional arguments, which the caller keeps.
//! - A fresh object's words are written before the next allocation.

use super::iters::Items;
use super::set_table::{SetTable, hash_element};
use super::util::*;
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

const FLAGS: u64 =
    tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC | tflags::MATCH_SELF | tflags::WEAKREF;

/// What both types have.
const SLOTS: Slots = Slots {
    repr: Some(set_repr),
    richcompare: Some(set_compare),
    iter: Some(|th, o| Ok(new_iter(th, this(o)))),
    len: Some(|_, o| Ok(this::<Set>(o).len())),
    contains: Some(contains),
    sub: Some(|th, a, b| operator(th, a, b, difference)),
    and: Some(|th, a, b| operator(th, a, b, intersection)),
    xor: Some(|th, a, b| operator(th, a, b, symmetric_difference)),
    or: Some(|th, a, b| operator(th, a, b, union)),
    ..Slots::NONE
};

const CONTAINS: NativeDef =
    method("__contains__", "($self, object, /)", "x.__contains__(y) <==> y in x.", |th, a| {
        Ok(Value::bool(contains(th, arg(a, 0), arg(a, 1))?))
    });
const COPY: NativeDef = method("copy", "($self, /)", "Return a shallow copy of a set.", |th, a| {
    let s = arg(a, 0);
    if s.is_exact(Kind::FrozenSet) { Ok(s) } else { Ok(copy(th, this(s))?.value()) }
});
const DIFFERENCE: NativeDef = method(
    "difference",
    "($self, /, *others)",
    "Return a new set with elements in the set that are not in the others.",
    |th, a| {
        let others = others(a);
        let Some(first) = others.first() else { return Ok(copy(th, me(a))?.value()) };
        let r = difference(th, me(a), *first)?;
        others[1..].iter().try_for_each(|o| subtract(th, r, *o))?;
        Ok(r.value())
    },
);
const INTERSECTION: NativeDef = method(
    "intersection",
    "($self, /, *others)",
    "Return a new set with elements common to the set and all others.",
    |th, a| intersect_all(th, me(a), others(a)).map(Gc::value),
);
const ISDISJOINT: NativeDef = method(
    "isdisjoint",
    "($self, other, /)",
    "Return True if two sets have a null intersection.",
    set_isdisjoint,
);
const ISSUBSET: NativeDef =
    method("issubset", "($self, other, /)", "Report whether another set contains this set.", |th, a| {
        Ok(Value::bool(is_subset(th, me(a), arg(a, 1))?))
    });
const ISSUPERSET: NativeDef =
    method("issuperset", "($self, other, /)", "Report whether this set contains another set.", |th, a| {
        Ok(Value::bool(is_superset(th, me(a), arg(a, 1))?))
    });
const REDUCE: NativeDef =
    method("__reduce__", "($self, /)", "Return state information for pickling.", set_reduce);
const SIZEOF: NativeDef =
    method("__sizeof__", "($self, /)", "S.__sizeof__() -> size of S in memory, in bytes.", |_, a| {
        let t = me::<Set>(a).tab();
        let n = if t == SetTable::empty() { 0 } else { t.byte_size() };
        Ok(Value::fix((size_of::<Set>() + n) as i64))
    });
const SYMMETRIC_DIFFERENCE: NativeDef = method(
    "symmetric_difference",
    "($self, other, /)",
    "Return a new set with elements in either the set or other but not both.",
    |th, a| symmetric_difference(th, me(a), arg(a, 1)).map(Gc::value),
);
const UNION: NativeDef = method(
    "union",
    "($self, /, *others)",
    "Return a new set with elements from the set and all others.",
    |th, a| {
        let r = copy(th, me(a))?;
        others(a).iter().try_for_each(|o| update(th, r, *o))?;
        Ok(r.value())
    },
);

pub static SET_TYPE: NativeType = NativeType {
    name: "set",
    kind: Kind::Set,
    size: size_of::<Set>() as u32,
    flags: FLAGS,
    doc: "Build an unordered collection of unique elements.",
    text_signature: Some("(iterable=(), /)"),
    new1: Some(|th, v| set_of(th, SET.get(), v)),
    slots: Slots {
        new: Some(|th, ty, _| Ok(alloc(th, this(ty))?.value())),
        init: Some(set_init),
        hash: Some(crate::slot_defs::hash_not_implemented),
        isub: Some(|th, a, b| in_place(th, a, b, subtract)),
        iand: Some(|th, a, b| {
            in_place(th, a, b, |th, s, o| {
                let r = intersection(th, s, o)?;
                s.swap_with_private(th, r);
                Ok(())
            })
        }),
        ixor: Some(|th, a, b| in_place(th, a, b, symmetric_update)),
        ior: Some(|th, a, b| in_place(th, a, b, update)),
        ..SLOTS
    },
    methods: &[
        CONTAINS,
        method(
            "add",
            "($self, object, /)",
            "Add an element to a set.\n\nThis has no effect if the element is already present.",
            |th, a| {
                me::<Set>(a).insert(th, arg(a, 1))?;
                Ok(NONE())
            },
        ),
        method("clear", "($self, /)", "Remove all elements from this set.", |th, a| {
            me::<Set>(a).clear(th);
            Ok(NONE())
        }),
        COPY,
        method(
            "discard",
            "($self, object, /)",
            "Remove an element from a set if it is a member.\n\nUnlike set.remove(), the discard() method does not raise\nan exception when an element is missing from the set.",
            |th, a| {
                discard(th, me(a), arg(a, 1))?;
                Ok(NONE())
            },
        ),
        DIFFERENCE,
        method(
            "difference_update",
            "($self, /, *others)",
            "Update the set, removing elements found in others.",
            |th, a| {
                others(a).iter().try_for_each(|o| subtract(th, me(a), *o))?;
                Ok(NONE())
            },
        ),
        INTERSECTION,
        method(
            "intersection_update",
            "($self, /, *others)",
            "Update the set, keeping only elements found in it and all others.",
            |th, a| {
                let r = intersect_all(th, me(a), others(a))?;
                me::<Set>(a).swap_with_private(th, r);
                Ok(NONE())
            },
        ),
        ISDISJOINT,
        ISSUBSET,
        ISSUPERSET,
        method(
            "pop",
            "($self, /)",
            "Remove and return an arbitrary set element.\n\nRaises KeyError if the set is empty.",
            |th, a| match me::<Set>(a).pop(th) {
                Some(v) => Ok(v),
                None => Err(th.raise_msg(&exc::KEY_ERROR, "pop from an empty set")),
            },
        ),
        REDUCE,
        method(
            "remove",
            "($self, object, /)",
            "Remove an element from a set; it must be a member.\n\nIf the element is not a member, raise a KeyError.",
            |th, a| if discard(th, me(a), arg(a, 1))? { Ok(NONE()) } else { Err(th.key_error(arg(a, 1))) },
        ),
        SIZEOF,
        SYMMETRIC_DIFFERENCE,
        method(
            "symmetric_difference_update",
            "($self, other, /)",
            "Update the set, keeping only elements found in either set, but not in both.",
            |th, a| {
                symmetric_update(th, me(a), arg(a, 1))?;
                Ok(NONE())
            },
        ),
        UNION,
        method(
            "update",
            "($self, /, *others)",
            "Update the set, adding elements from all others.",
            |th, a| {
                others(a).iter().try_for_each(|o| update(th, me(a), *o))?;
                Ok(NONE())
            },
        ),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "sets are generic over the type of their elements",
            class_getitem,
        ),
    ],
    ..NativeType::DEFAULT
};
pub static SET: TypeCell = TypeCell::new(&SET_TYPE);

pub static FROZENSET_TYPE: NativeType = NativeType {
    name: "frozenset",
    kind: Kind::FrozenSet,
    size: size_of::<Set>() as u32,
    flags: FLAGS,
    doc: "Build an immutable unordered collection of unique elements.",
    text_signature: Some("(iterable=(), /)"),
    new1: Some(|th, v| if v.is_exact(Kind::FrozenSet) { Ok(v) } else { set_of(th, FROZENSET.get(), v) }),
    slots: Slots { new: Some(frozenset_new), hash: Some(frozenset_hash), ..SLOTS },
    methods: &[
        CONTAINS,
        COPY,
        DIFFERENCE,
        INTERSECTION,
        ISDISJOINT,
        ISSUBSET,
        ISSUPERSET,
        REDUCE,
        SIZEOF,
        SYMMETRIC_DIFFERENCE,
        UNION,
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "frozensets are generic over the type of their elements",
            class_getitem,
        ),
    ],
    ..NativeType::DEFAULT
};
pub static FROZENSET: TypeCell = TypeCell::new(&FROZENSET_TYPE);

// -- making sets

fn init(s: Gc<Set>) -> Gc<Set> {
    s.table.init(Some(SetTable::empty()));
    s.used.store(0, Relaxed);
    s.hash.store(NO_HASH, Relaxed);
    s
}
/// An empty set of a class.
fn alloc(th: Th, t: Gc<Type>) -> R<Gc<Set>> {
    if t == SET.get() {
        return new(th);
    }
    if t == FROZENSET.get() {
        return Ok(new_frozen(th));
    }
    Ok(init(this(crate::builtins::object::new_instance(th, t)?)))
}
pub fn new(th: Th) -> R<Gc<Set>> {
    Ok(init(unsafe { th.alloc::<Set>() }))
}
fn new_frozen(th: Th) -> Gc<Set> {
    unsafe { init(Gc::from_obj(th.m.alloc(size_of::<Set>(), Kind::FrozenSet as u8, Kind::FrozenSet as u32))) }
}
/// An empty set of the builtin type that the operand is of.
fn new_like(th: Th, s: Gc<Set>) -> R<Gc<Set>> {
    if s.value().is_kind(Kind::FrozenSet) { Ok(new_frozen(th)) } else { new(th) }
}
fn copy(th: Th, s: Gc<Set>) -> R<Gc<Set>> {
    let r = new_like(th, s)?;
    update(th, r, s.value())?;
    Ok(r)
}
/// `{a, b, c}`.
pub fn from_slice(th: Th, items: &[Value]) -> R<Value> {
    let s = new(th)?;
    for v in items {
        s.insert(th, *v)?;
    }
    Ok(s.value())
}
pub fn frozen_from_slice(th: Th, items: &[Value]) -> R<Value> {
    let s = new_frozen(th);
    for v in items {
        s.insert(th, *v)?;
    }
    Ok(s.value())
}
/// `set(v)`.
pub fn from_iterable(th: Th, v: Value) -> R<Gc<Set>> {
    let s = new(th)?;
    update(th, s, v)?;
    Ok(s)
}
pub fn add(th: Th, s: Gc<Set>, v: Value) -> R<()> {
    s.insert(th, v).map(|_| ())
}

fn is_set(v: Value) -> bool {
    v.is_kind(Kind::Set) || v.is_kind(Kind::FrozenSet)
}
/// The positional arguments of a method with `*others`.
fn others<'a>(a: &[Option<Value>]) -> &'a [Value] {
    let t: Gc<Tuple> = this(arg(a, 1));
    unsafe { &*(t.items() as *const [Value]) }
}

/// `s |= v` for any iterable.
pub fn update(th: Th, s: Gc<Set>, v: Value) -> R<()> {
    if is_set(v) {
        return s.merge(th, this(v));
    }
    if let Some(d) = v.exact::<Dict>() {
        s.reserve(th, d.len())?;
        let mut i = 0;
        while let Some((ni, k, hash, _)) = d.next_hashed(th, i)? {
            i = ni;
            s.insert_hashed(th, k, hash)?;
        }
        return Ok(());
    }
    let mut it = Items::new(th, v)?;
    while let Some(x) = it.next(th)? {
        s.insert(th, x)?;
    }
    Ok(())
}

/// Calls `f` with the elements of any iterable and their hashes, if those are known.
fn each(th: Th, v: Value, mut f: impl FnMut(Value, i64) -> R<bool>) -> R<bool> {
    if is_set(v) {
        let s: Gc<Set> = this(v);
        // The table is asked for each time: comparing may run code that changes the set.
        let (mut i, mut left) = (0, s.len());
        while left > 0
            && let Some((ni, k, h)) = s.tab().next(i)
        {
            i = ni;
            left -= 1;
            if !f(k, h)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let mut it = Items::new(th, v)?;
    while let Some(k) = it.next(th)? {
        let h = hash_element(th, k)?;
        if !f(k, h)? {
            return Ok(false);
        }
    }
    Ok(true)
}

// -- set algebra; results are of the builtin type

fn union(th: Th, a: Gc<Set>, b: Value) -> R<Gc<Set>> {
    let r = copy(th, a)?;
    update(th, r, b)?;
    Ok(r)
}
fn intersection(th: Th, a: Gc<Set>, b: Value) -> R<Gc<Set>> {
    if a.value().is(b) {
        return copy(th, a);
    }
    let r = new_like(th, a)?;
    if is_set(b) {
        // The smaller one is walked.
        let b: Gc<Set> = this(b);
        let (walk, ask) = if b.len() > a.len() { (a, b) } else { (b, a) };
        if walk.select_quick(th, ask, true, r)? {
            return Ok(r);
        }
        each(th, walk.value(), |k, h| {
            if ask.has_hashed(th, k, h)? {
                r.insert_hashed(th, k, h)?;
            }
            Ok(true)
        })?;
        return Ok(r);
    }
    let mut it = Items::new(th, b)?;
    while let Some(k) = it.next(th)? {
        let h = th.hash(k)?;
        if a.has_hashed(th, k, h)? {
            r.insert_hashed(th, k, h)?;
            // Nothing more can come.
            if r.len() >= a.len() {
                break;
            }
        }
    }
    Ok(r)
}
fn intersect_all(th: Th, a: Gc<Set>, others: &[Value]) -> R<Gc<Set>> {
    let mut r = a;
    for o in others {
        r = intersection(th, r, *o)?;
    }
    if others.is_empty() { copy(th, a) } else { Ok(r) }
}
/// `s -= v`.
fn subtract(th: Th, s: Gc<Set>, v: Value) -> R<()> {
    if s.value().is(v) {
        s.clear(th);
        return Ok(());
    }
    each(th, v, |k, h| {
        s.remove_hashed(th, k, h)?;
        Ok(true)
    })?;
    s.tidy(th)
}
fn difference(th: Th, a: Gc<Set>, b: Value) -> R<Gc<Set>> {
    // Either copy and remove, or keep what the other does not have.
    let n = if is_set(b) {
        this::<Set>(b).len()
    } else if let Some(d) = b.exact::<Dict>() {
        d.len()
    } else {
        let r = copy(th, a)?;
        subtract(th, r, b)?;
        return Ok(r);
    };
    if a.len() >> 2 > n {
        let r = copy(th, a)?;
        subtract(th, r, b)?;
        return Ok(r);
    }
    let r = new_like(th, a)?;
    if is_set(b) && a.select_quick(th, this(b), false, r)? {
        return Ok(r);
    }
    each(th, a.value(), |k, h| {
        let there = match b.exact::<Dict>() {
            Some(d) => d.get_hashed(th, k, h)?.is_some(),
            None => this::<Set>(b).has_hashed(th, k, h)?,
        };
        if !there {
            r.insert_hashed(th, k, h)?;
        }
        Ok(true)
    })?;
    Ok(r)
}
/// `s ^= v`.
fn symmetric_update(th: Th, s: Gc<Set>, v: Value) -> R<()> {
    if s.value().is(v) {
        s.clear(th);
        return Ok(());
    }
    // Elements that come twice count once.
    let other = if is_set(v) { this(v) } else { from_iterable(th, v)? };
    each(th, other.value(), |k, h| {
        if !s.remove_hashed(th, k, h)? {
            s.insert_hashed(th, k, h)?;
        }
        Ok(true)
    })?;
    Ok(())
}
fn symmetric_difference(th: Th, a: Gc<Set>, b: Value) -> R<Gc<Set>> {
    let r = new_like(th, a)?;
    update(th, r, b)?;
    symmetric_update(th, r, a.value())?;
    Ok(r)
}
fn is_subset(th: Th, a: Gc<Set>, b: Value) -> R<bool> {
    if !is_set(b) {
        return Ok(intersection(th, a, b)?.len() == a.len());
    }
    let b: Gc<Set> = this(b);
    if a.len() > b.len() {
        return Ok(false);
    }
    each(th, a.value(), |k, h| b.has_hashed(th, k, h))
}
fn is_superset(th: Th, a: Gc<Set>, b: Value) -> R<bool> {
    if is_set(b) {
        return is_subset(th, this(b), a.value());
    }
    each(th, b, |k, h| a.has_hashed(th, k, h))
}
fn set_isdisjoint(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (s, o): (Gc<Set>, Value) = (me(a), arg(a, 1));
    if s.value().is(o) {
        return Ok(Value::bool(s.is_empty()));
    }
    if is_set(o) && !o.is_exact(Kind::Set) && !o.is_exact(Kind::FrozenSet) {
        // The other methods take the items of a subclass's set, this one asks its `__iter__`.
        let it = th.iter(o)?;
        while let Some(k) = th.next(it)? {
            if s.has_hashed(th, k, hash_element(th, k)?)? {
                return Ok(Value::bool(false));
            }
        }
        return Ok(Value::bool(true));
    }
    let (walk, ask) = if is_set(o) && this::<Set>(o).len() > s.len() { (s.value(), this(o)) } else { (o, s) };
    Ok(Value::bool(each(th, walk, |k, h| Ok(!ask.has_hashed(th, k, h)?))?))
}
fn operator(th: Th, a: Value, b: Value, f: fn(Th, Gc<Set>, Value) -> R<Gc<Set>>) -> R<Value> {
    if !is_set(a) || !is_set(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    Ok(f(th, this(a), b)?.value())
}
fn in_place(th: Th, a: Value, b: Value, f: fn(Th, Gc<Set>, Value) -> R<()>) -> R<Value> {
    if !is_set(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    f(th, this(a), b)?;
    Ok(a)
}

// -- the types

/// `Set::hash` when it is not known.
const NO_HASH: u64 = u64::MAX;

/// `set(iterable)`, `frozenset(iterable)`.
fn set_of(th: Th, t: Gc<Type>, v: Value) -> R<Value> {
    let s = alloc(th, t)?;
    update(th, s, v)?;
    Ok(s.value())
}
fn set_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    no_keywords(th, "set", a)?;
    arity(th, "set", a.len(), 0, 1)?;
    let s: Gc<Set> = this(o);
    if s.tab() != SetTable::empty() {
        s.clear(th);
    }
    match a.pos().first() {
        Some(v) => update(th, s, *v),
        None => Ok(()),
    }
}
fn frozenset_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = this(ty);
    let base = FROZENSET.get();
    if a.nkw() != 0 && (t == base || t.slots.init.map(|f| f as usize) == base.slots.init.map(|f| f as usize))
    {
        no_keywords(th, "frozenset", a)?;
    }
    arity(th, "frozenset", a.len(), 0, 1)?;
    let arg = a.pos().first();
    if t == base
        && let Some(v) = arg
        && v.is_exact(Kind::FrozenSet)
    {
        return Ok(*v);
    }
    let s = alloc(th, t)?;
    if let Some(v) = arg {
        update(th, s, *v)?;
    }
    Ok(s.value())
}
fn set_repr(th: Th, o: Value) -> R<Value> {
    let s: Gc<Set> = this(o);
    let name = th.type_of(o).name_str().to_string();
    let r = repr_once(th, o, || {
        if s.is_empty() {
            return Ok(th.str(&format!("{name}()")));
        }
        // Its own items, whatever `__iter__` a subclass has.
        let l = super::list::new(th, &[])?;
        each(th, o, |k, _| super::list::append(th, l, k).map(|_| true))?;
        let mut out = Vec::new();
        if !o.is_exact(Kind::Set) {
            out.extend_from_slice(name.as_bytes());
            out.push(b'(');
        }
        out.push(b'{');
        let mut i = 0;
        while let Some(v) = l.get(i) {
            if i > 0 {
                out.extend_from_slice(b", ");
            }
            push_repr(th, &mut out, v)?;
            i += 1;
        }
        out.extend_from_slice(if o.is_exact(Kind::Set) { b"}" } else { b"})" });
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str(&format!("{name}(...)"))))
}
fn frozenset_hash(th: Th, o: Value) -> R<i64> {
    let _ = th;
    let s: Gc<Set> = this(o);
    let h = s.hash.load(Relaxed);
    if h != NO_HASH {
        return Ok(h as i64);
    }
    let h = hash_of(s);
    s.hash.store(h as u64, Relaxed);
    Ok(h)
}
/// CPython's formula: independent of the order.
fn hash_of(s: Gc<Set>) -> i64 {
    let mut h: u64 = 0;
    let mut i = 0;
    let t = s.tab();
    while let Some((ni, _, e)) = t.next(i) {
        i = ni;
        let e = e as u64;
        h ^= ((e ^ 89869747) ^ (e << 16)).wrapping_mul(3644798167);
    }
    h ^= (s.len() as u64 + 1).wrapping_mul(1927868237);
    h ^= (h >> 11) ^ (h >> 25);
    h = h.wrapping_mul(69069).wrapping_add(907133923);
    if h == u64::MAX { 590923713 } else { h as i64 }
}
fn set_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !is_set(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (x, y): (Gc<Set>, Gc<Set>) = (this(a), this(b));
    let r = match op {
        CmpOp::Eq | CmpOp::Ne => {
            let (hx, hy) = (x.hash.load(Relaxed), y.hash.load(Relaxed));
            let frozen = a.is_kind(Kind::FrozenSet) && b.is_kind(Kind::FrozenSet);
            let same = x.len() == y.len()
                && !(frozen && hx != NO_HASH && hy != NO_HASH && hx != hy)
                && is_subset(th, x, b)?;
            same == (op == CmpOp::Eq)
        }
        CmpOp::Le => is_subset(th, x, b)?,
        CmpOp::Ge => is_subset(th, y, a)?,
        CmpOp::Lt => x.len() < y.len() && is_subset(th, x, b)?,
        CmpOp::Gt => x.len() > y.len() && is_subset(th, y, a)?,
    };
    Ok(Value::bool(r))
}
/// The hash of an element that is looked for: a set (unhashable) stands for the frozenset of its elements.
fn hash_or_frozen(th: Th, v: Value) -> R<i64> {
    match hash_fast(th, v) {
        Ok(h) => Ok(h),
        Err(_) if v.is_kind(Kind::Set) && th.exc_is(&exc::TYPE_ERROR) => {
            th.take_exc();
            Ok(hash_of(this(v)))
        }
        Err(_) => Err(unhashable(th, v, "set element")),
    }
}
/// What to compare with: CPython makes a frozenset of a set.
fn frozen_key(th: Th, v: Value) -> R<Value> {
    if v.is_kind(Kind::Set) {
        let f = new_frozen(th);
        f.merge(th, this(v))?;
        return Ok(f.value());
    }
    Ok(v)
}
fn contains(th: Th, o: Value, v: Value) -> R<bool> {
    let h = hash_or_frozen(th, v)?;
    this::<Set>(o).has_hashed(th, frozen_key(th, v)?, h)
}
/// True: it was there.
pub fn discard(th: Th, s: Gc<Set>, v: Value) -> R<bool> {
    let h = hash_or_frozen(th, v)?;
    s.remove_hashed(th, frozen_key(th, v)?, h)
}
fn set_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = arg(a, 0);
    let l = super::list::from_iterable(th, o)?;
    let args = th.tuple(&[l.value()]);
    let state = crate::builtins::reduce::default_getstate(th, o, false)?;
    Ok(th.tuple(&[th.type_of(o).value(), args, state]))
}

// -- iterator

#[repr(C)]
pub struct SetIter {
    pub h: Header,
    pub set: SlotOf<Set>,
    pub pos: AtomicU64,
    pub used: AtomicU64,
    pub left: AtomicU64,
}
unsafe impl Layout for SetIter {
    const KIND: Kind = Kind::SetIter;
}

pub static SET_ITER_TYPE: NativeType = NativeType {
    name: "set_iterator",
    kind: Kind::SetIter,
    size: size_of::<SetIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(iter_next), ..Slots::NONE },
    methods: &[
        method(
            "__length_hint__",
            "($self, /)",
            "Private method returning an estimate of len(list(it)).",
            |_, a| {
                let it: Gc<SetIter> = me(a);
                let n = match it.set.get() {
                    Some(s) if s.used.load(Relaxed) == it.used.load(Relaxed) => it.left.load(Relaxed),
                    _ => 0,
                };
                Ok(Value::fix(n as i64))
            },
        ),
        method("__reduce__", "($self, /)", "Return state information for pickling.", iter_reduce),
    ],
    ..NativeType::DEFAULT
};
pub static SET_ITER: TypeCell = TypeCell::new(&SET_ITER_TYPE);

fn new_iter(th: Th, s: Gc<Set>) -> Value {
    let n = s.used.load(Relaxed);
    th.object(SetIter {
        h: SetIter::head(),
        set: SlotOf::new(s),
        pos: AtomicU64::new(0),
        used: AtomicU64::new(n),
        left: AtomicU64::new(n),
    })
    .value()
}
#[inline]
pub(super) fn iter_next(th: Th, o: Value) -> R<Option<Value>> {
    let it: Gc<SetIter> = this(o);
    let Some(s) = it.set.get() else { return Ok(None) };
    if it.used.load(Relaxed) != s.used.load(Relaxed) {
        it.used.store(u64::MAX, Relaxed);
        return Err(th.runtime_error("Set changed size during iteration"));
    }
    match s.tab().next(it.pos.load(Relaxed) as usize) {
        Some((i, k, _)) => {
            it.pos.store(i as u64, Relaxed);
            it.left.store(it.left.load(Relaxed).saturating_sub(1), Relaxed);
            Ok(Some(k))
        }
        None => {
            it.set.init(None);
            Ok(None)
        }
    }
}
fn iter_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it: Gc<SetIter> = me(a);
    let copy = unsafe { th.alloc::<SetIter>() };
    copy.set.init(it.set.get());
    for (to, from) in [(&copy.pos, &it.pos), (&copy.used, &it.used), (&copy.left, &it.left)] {
        to.store(from.load(Relaxed), Relaxed);
    }
    let l = super::list::from_iterable(th, copy.value())?;
    let args = th.tuple(&[l.value()]);
    Ok(th.tuple(&[crate::builtins::builtin(th, "iter")?, args]))
}
/// The elements in an array of the caller's own, and their number.
pub fn bulk(th: Th, s: Gc<Set>) -> R<(Gc<Array>, usize)> {
    let _g = th.lock(s);
    let n = s.len();
    let a = super::list::array_of(th, &[], n)?;
    let t = s.tab();
    let (mut i, mut k) = (0, 0);
    while k < n
        && let Some((ni, v, _)) = t.next(i)
    {
        i = ni;
        a.slot(k).init(Some(v));
        k += 1;
    }
    Ok((a, k))
}
