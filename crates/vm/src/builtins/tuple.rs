//! `tuple`.
//!
//! # Invariants
//! - A tuple's length is written with its header, and its items before the next allocation (`alloc`): then it is
//!   complete and never changes, so its items may be read without a lock and borrowed while it is on the stack.
//! - Words behind the items belong to subclasses (attributes) and to struct sequences.

use super::iters::{Items, new_tuple_iter};
use super::slice;
use super::util::*;
use crate::err::R;
use crate::interp::call::Gather;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::atomic::Ordering::*;

pub static TUPLE_TYPE: NativeType = NativeType {
    name: "tuple",
    kind: Kind::Tuple,
    size: size_of::<Tuple>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC | tflags::SEQUENCE | tflags::MATCH_SELF,
    doc: "Built-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\nIf iterable is specified the tuple is initialized from iterable's items.\n\nIf the argument is a tuple, the return value is the same object.",
    text_signature: Some("(iterable=(), /)"),
    new1: Some(from_iterable),
    slots: Slots {
        new: Some(tuple_new),
        repr: Some(tuple_repr),
        hash: Some(tuple_hash),
        richcompare: Some(tuple_compare),
        iter: Some(new_tuple_iter),
        len: Some(|_, o| Ok(this::<Tuple>(o).len)),
        getitem: Some(tuple_getitem),
        contains: Some(tuple_contains),
        concat: Some(tuple_concat),
        repeat: Some(tuple_repeat),
        ..Slots::NONE
    },
    methods: &[
        method("__getnewargs__", "($self, /)", "", |th, a| {
            let t = plain(th, me(a));
            Ok(th.tuple(&[t]))
        }),
        method(
            "index",
            "($self, value, start=0, stop=sys.maxsize, /)",
            "Return first index of value.\n\nRaises ValueError if the value is not present.",
            tuple_index,
        ),
        method("count", "($self, value, /)", "Return number of occurrences of value.", tuple_count),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Tuples are generic over the types of their contents.\n\nFor example, use ``tuple[int, str]`` for a pair whose first element\nis an int and second element is a string.\n\nTuples also support the form ``tuple[T, ...]`` to indicate\nan arbitrary length tuple of elements of type T.",
            class_getitem,
        ),
    ],
    ..NativeType::DEFAULT
};
pub static TUPLE: TypeCell = TypeCell::new(&TUPLE_TYPE);

/// An exact tuple with the same items.
fn plain(th: Th, t: Gc<Tuple>) -> Value {
    if t.value().is_exact(Kind::Tuple) { t.value() } else { th.tuple(t.items()) }
}

/// A tuple of `n` items.
///
/// # Safety
/// The caller writes all of them before the next allocation.
pub unsafe fn alloc(th: Th, n: usize) -> R<Gc<Tuple>> {
    if n > 1 << 40 {
        return Err(th.memory_error());
    }
    unsafe {
        let t = th.alloc_var::<Tuple>(16 + 8 * n)?;
        (*t.as_ptr()).len = n;
        Ok(t)
    }
}
/// # Safety
/// Written to it is only while nobody else has seen the tuple.
#[inline(always)]
pub unsafe fn items_ptr(t: Gc<Tuple>) -> *mut Value {
    t.after::<Value>()
}
/// `(a, b)`: what `zip`, `enumerate` and `items()` make at each step.
#[inline]
pub fn pair(th: Th, a: Value, b: Value) -> Value {
    // SAFETY: 32 bytes are a tuple of two; all is written.
    unsafe {
        let o = th.m.alloc(32, Kind::Tuple as u8, Kind::Tuple as u32);
        let t = Gc::<Tuple>::from_obj(o);
        (*t.as_ptr()).len = 2;
        let p = items_ptr(t);
        p.write(a);
        p.add(1).write(b);
        t.value()
    }
}

/// A tuple of class `t` with these items.
pub fn new_of(th: Th, t: Gc<Type>, items: &[Value]) -> R<Value> {
    if t == TUPLE.get() {
        return th.try_tuple(items);
    }
    if t.has(tflags::HAS_DEL) {
        super::object::may_be_finalized(th, t)?;
    }
    let s = crate::shape::shape(t.root_shape.load(Acquire));
    let tail = s.ext_at == crate::shape::EXT_VAR;
    let size = 16 + 8 * (items.len() + tail as usize);
    // SAFETY: the size that the length and the flag say, which are set with all words before the next allocation. The items
    // lie in a tuple, or on the native stack.
    unsafe {
        let Ok(o) = th.m.try_alloc(size, t.inst_kind, s.id) else { return Err(th.memory_error()) };
        let g = Gc::<Tuple>::from_obj(o);
        (*g.as_ptr()).len = items.len();
        let p = items_ptr(g);
        crate::value::copy_values(items.as_ptr(), p, items.len());
        if tail {
            *(p.add(items.len()) as *mut u64) = 0;
            g.set_flag(flags::TAIL_EXT);
        }
        if t.has(tflags::HAS_DEL) {
            th.m.register_finalizer(o);
        }
        Ok(g.value())
    }
}

/// `tuple(v)`.
pub fn from_iterable(th: Th, v: Value) -> R<Value> {
    if v.is_exact(Kind::Tuple) {
        return Ok(v);
    }
    if let Some(l) = v.exact::<List>() {
        return super::list::snapshot(th, l);
    }
    if let Some((a, n)) = super::iters::bulk(th, v)? {
        return from_array(th, a, n);
    }
    // How many there are is not asked, as in CPython 3.14.
    let mut it = Items::new(th, v)?;
    let mut g = Gather::new();
    while let Some(x) = it.next(th)? {
        g.push(th, x)?;
    }
    th.try_tuple(g.as_slice())
}
/// A tuple of the first `n` slots of an array that nobody else changes, all of which are set.
pub fn from_array(th: Th, a: Gc<Array>, n: usize) -> R<Value> {
    if n == 0 {
        return Ok(Root::empty_tuple.value());
    }
    // SAFETY: the caller's arrays have so many values.
    unsafe {
        let t = alloc(th, n)?;
        std::ptr::copy_nonoverlapping(a.slots().as_ptr() as *const Value, items_ptr(t), n);
        Ok(t.value())
    }
}

fn tuple_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = this(ty);
    if a.nkw() != 0
        && (t == TUPLE.get()
            || t.slots.init.map(|f| f as usize) == TUPLE.get().slots.init.map(|f| f as usize))
    {
        no_keywords(th, "tuple", a)?;
    }
    arity(th, "tuple", a.len(), 0, 1)?;
    let v = match a.pos().first() {
        Some(v) => from_iterable(th, *v)?,
        None => Root::empty_tuple.value(),
    };
    if t == TUPLE.get() {
        return Ok(v);
    }
    new_of(th, t, this::<Tuple>(v).items())
}

// -- hash and comparison

pub const HASH_SEED: u64 = 2870177450012600261;

/// One lane of xxHash, as tuples and slices mix their items' hashes.
#[inline(always)]
pub fn hash_round(acc: u64, lane: i64) -> u64 {
    acc.wrapping_add((lane as u64).wrapping_mul(14029467366897019727))
        .rotate_left(31)
        .wrapping_mul(11400714785074694791)
}
pub fn hash_items(th: Th, items: &[Value]) -> R<i64> {
    let mut acc = HASH_SEED;
    for v in items {
        acc = hash_round(acc, hash_fast(th, *v)?);
    }
    Ok(hash_end(acc, items.len()))
}
#[inline(always)]
pub(super) fn hash_end(acc: u64, len: usize) -> i64 {
    let acc = acc.wrapping_add(len as u64 ^ (HASH_SEED ^ 3527539));
    if acc == u64::MAX { 1546275796 } else { acc as i64 }
}
/// The hash of a tuple whose items are all usual keys; others go on with the rest at [`tuple_hash::nested`].
///
/// [`tuple_hash::nested`]: super::tuple_hash::nested
fn tuple_hash(th: Th, o: Value) -> R<i64> {
    let items = this::<Tuple>(o).items() as *const [Value];
    // SAFETY: the caller has the tuple.
    let items = unsafe { &*items };
    let mut acc = HASH_SEED;
    for (i, v) in items.iter().enumerate() {
        let h = if let Some(n) = v.as_fix() {
            hash_fix(n)
        } else if let Some(s) = v.exact::<Str>() {
            s.hash()
        } else {
            return super::tuple_hash::nested(th, o, acc, i);
        };
        acc = hash_round(acc, h);
    }
    Ok(hash_end(acc, items.len()))
}

/// The hash of a tuple of small ints and strings alone.
pub fn plain_hash(t: Gc<Tuple>) -> Option<i64> {
    let mut acc = HASH_SEED;
    for v in t.items() {
        let h = match v.as_fix() {
            Some(n) => hash_fix(n),
            None => v.exact::<Str>()?.hash(),
        };
        acc = hash_round(acc, h);
    }
    Some(hash_end(acc, t.len))
}

/// Lexicographic comparison of immutable items.
pub fn compare_items(th: Th, a: &[Value], b: &[Value], op: CmpOp) -> R<Value> {
    for (x, y) in a.iter().zip(b) {
        match crate::builtins::quick::order(*x, *y) {
            Some(std::cmp::Ordering::Equal) => continue,
            Some(o) => return Ok(Value::bool(op.holds(o))),
            None => {}
        }
        if !th.eq(*x, *y)? {
            return match op {
                CmpOp::Eq => Ok(FALSE()),
                CmpOp::Ne => Ok(TRUE()),
                _ => crate::builtins::ops::compare_value(th, *x, *y, op),
            };
        }
    }
    Ok(Value::bool(op.holds(a.len().cmp(&b.len()))))
}
fn tuple_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    match (a.cast::<Tuple>(), b.cast::<Tuple>()) {
        (Some(x), Some(y)) => compare_items(th, x.items(), y.items(), op),
        _ => Ok(NOT_IMPLEMENTED()),
    }
}

fn tuple_repr(th: Th, o: Value) -> R<Value> {
    let t: Gc<Tuple> = this(o);
    if t.len == 0 {
        return Ok(th.str("()"));
    }
    let r = repr_once(th, o, || {
        let mut out = b"(".to_vec();
        for (i, v) in t.items().iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(b", ");
            }
            push_repr(th, &mut out, *v)?;
        }
        out.extend_from_slice(if t.len == 1 { b",)" } else { b")" });
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("(...)")))
}

// -- sequence

fn tuple_getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let t: Gc<Tuple> = this(o);
    if let Some(s) = k.exact::<Slice>() {
        let r = slice::adjust(th, s, t.len)?;
        if r.len == t.len && r.step == 1 && o.is_exact(Kind::Tuple) {
            return Ok(o);
        }
        if r.step == 1 {
            let i = r.start as usize;
            return th.try_tuple(&t.items()[i..i + r.len]);
        }
        if r.len == 0 {
            return Ok(Root::empty_tuple.value());
        }
        // SAFETY: the range has so many indices, each within the tuple.
        unsafe {
            let n = alloc(th, r.len)?;
            for (to, from) in r.iter().enumerate() {
                items_ptr(n).add(to).write(t.items()[from]);
            }
            return Ok(n.value());
        }
    }
    let i = slice::item_index(th, k, "tuple")?;
    let j = if i < 0 { i + t.len as i64 } else { i };
    match t.items().get(j as usize) {
        Some(v) => Ok(*v),
        None => Err(th.index_error("tuple index out of range")),
    }
}
fn tuple_contains(th: Th, o: Value, v: Value) -> R<bool> {
    let t: Gc<Tuple> = this(o);
    for x in t.items() {
        if th.eq(*x, v)? {
            return Ok(true);
        }
    }
    Ok(false)
}
fn tuple_concat(th: Th, a: Value, b: Value) -> R<Value> {
    let x: Gc<Tuple> = this(a);
    let Some(y) = b.cast::<Tuple>() else {
        return Err(
            th.type_error(format!("can only concatenate tuple (not \"{}\") to tuple", th.type_name_of(b)))
        );
    };
    if x.len == 0 && b.is_exact(Kind::Tuple) {
        return Ok(b);
    }
    if y.len == 0 && a.is_exact(Kind::Tuple) {
        return Ok(a);
    }
    if x.len + y.len == 0 {
        return Ok(Root::empty_tuple.value());
    }
    // SAFETY: as many items as both have.
    unsafe {
        let t = alloc(th, x.len + y.len)?;
        let p = items_ptr(t);
        std::ptr::copy_nonoverlapping(x.items().as_ptr(), p, x.len);
        std::ptr::copy_nonoverlapping(y.items().as_ptr(), p.add(x.len), y.len);
        Ok(t.value())
    }
}
/// Fills `dst[n..n * times]` with copies of `dst[..n]`.
///
/// # Safety
/// There is room for that, the first `n` are set, and nobody else looks at the others.
pub unsafe fn replicate(dst: *mut Value, n: usize, times: usize) {
    unsafe {
        let total = n * times;
        if n == 1 {
            let v = *dst;
            for i in 1..total {
                dst.add(i).write(v);
            }
            return;
        }
        let mut done = n;
        while done < total {
            let k = done.min(total - done);
            std::ptr::copy_nonoverlapping(dst, dst.add(done), k);
            done += k;
        }
    }
}
fn tuple_repeat(th: Th, o: Value, n: i64) -> R<Value> {
    let t: Gc<Tuple> = this(o);
    if (t.len == 0 || n == 1) && o.is_exact(Kind::Tuple) {
        return Ok(o);
    }
    if t.len == 0 || n <= 0 {
        return Ok(Root::empty_tuple.value());
    }
    let Some(total) = t.len.checked_mul(n as usize) else { return Err(th.memory_error()) };
    // SAFETY: `total` is as many as are copied and replicated.
    unsafe {
        let r = alloc(th, total)?;
        std::ptr::copy_nonoverlapping(t.items().as_ptr(), items_ptr(r), t.len);
        replicate(items_ptr(r), t.len, n as usize);
        Ok(r.value())
    }
}
fn tuple_index(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t: Gc<Tuple> = me(a);
    let start = slice::from_end(slice::index_arg(th, a[2], 0)?, t.len);
    let stop = slice::from_end(slice::index_arg(th, a[3], i64::MAX)?, t.len).min(t.len);
    for i in start..stop {
        if th.eq(t.items()[i], arg(a, 1))? {
            return Ok(Value::fix(i as i64));
        }
    }
    Err(th.value_error("tuple.index(x): x not in tuple"))
}
fn tuple_count(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t: Gc<Tuple> = me(a);
    let mut n = 0;
    for x in t.items() {
        n += th.eq(*x, arg(a, 1))? as i64;
    }
    Ok(Value::fix(n))
}
