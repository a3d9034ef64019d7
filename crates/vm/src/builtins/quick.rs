//! Answers that need no Python code, no allocation and raise nothing: what the interpreter tries on strings, containers
//! of strings and small ints before the general protocols. None: not such a case.
//!
//! # Invariants
//! An object is cast after its exact shape was compared. Strings, tuples and bytes do not change; lists and tables
//! test the index they are asked for.

use super::dict_table::{DictTable, Found};
use super::str_;
use crate::object::*;
use crate::slots::CmpOp;
use crate::value::*;
use adder_metatrace::word;
use adder_text::search;

/// `a op b` of strings.
#[inline(always)]
pub fn compare(a: Value, b: Value, op: CmpOp) -> Option<bool> {
    let (x, y) = (a.exact::<Str>()?, b.exact::<Str>()?);
    Some(match op {
        CmpOp::Eq => a.is(b) || str_eq(x, y),
        CmpOp::Ne => !(a.is(b) || str_eq(x, y)),
        // The order of the bytes is the order of the code points.
        _ => op.holds(x.bytes().cmp(y.bytes())),
    })
}
#[inline(always)]
fn str_eq(x: Gc<Str>, y: Gc<Str>) -> bool {
    x.nbytes == y.nbytes && x.bytes() == y.bytes()
}

/// How two small ints, floats or strings compare. None: other values, or not a number.
#[inline(always)]
pub fn order(x: Value, y: Value) -> Option<std::cmp::Ordering> {
    if let (Some(a), Some(b)) = (x.as_fix(), y.as_fix()) {
        return Some(a.cmp(&b));
    }
    if x.is_flo() && y.is_flo() {
        return word::flo_decode(x.bits()).partial_cmp(&word::flo_decode(y.bits()));
    }
    let (a, b) = (x.exact::<Str>()?, y.exact::<Str>()?);
    if x.is(y) {
        return Some(std::cmp::Ordering::Equal);
    }
    // The order of the bytes is the order of the code points.
    Some(a.bytes().cmp(b.bytes()))
}

/// `a op b` of tuples whose items up to the first difference are small ints, floats and strings, or the same objects.
pub fn compare_tuples(a: Value, b: Value, op: CmpOp) -> Option<bool> {
    order_of_items(a.exact()?, b.exact()?, 3).map(|o| op.holds(o))
}
/// How the items of two tuples compare, which may be such tuples, so deep.
fn order_of_items(a: Gc<Tuple>, b: Gc<Tuple>, depth: usize) -> Option<std::cmp::Ordering> {
    use std::cmp::Ordering::Equal;
    for (x, y) in a.items().iter().zip(b.items()) {
        let o = match order(*x, *y) {
            None if x.is(*y) => continue,
            None if depth > 0 => order_of_items(x.exact()?, y.exact()?, depth - 1),
            o => o,
        };
        match o? {
            Equal => {}
            o => return Some(o),
        }
    }
    Some(a.len.cmp(&b.len))
}

/// Whether `n` is a part of `s`.
#[inline(always)]
pub fn str_has(s: Gc<Str>, n: Gc<Str>) -> bool {
    if let [b] = n.bytes()
        && let Some(found) = s.has_byte_short(*b)
    {
        return found;
    }
    search::find(s.bytes(), n.bytes()).is_some()
}

/// `x == y` where it needs no call: the same object, or two of strings and small ints.
#[inline(always)]
fn same(x: Value, y: Value) -> Option<bool> {
    if x.is(y) {
        return Some(true);
    }
    match (x.exact::<Str>(), y.exact::<Str>()) {
        (Some(a), Some(b)) => Some(str_eq(a, b)),
        (Some(_), None) if y.is_fix() => Some(false),
        (None, Some(_)) if x.is_fix() => Some(false),
        (None, None) if x.is_fix() && y.is_fix() => Some(false),
        _ if is_simple(x) && is_simple(y) => Some(false),
        _ => None,
    }
}

/// The same, and of two tuples of such values.
#[inline(always)]
pub fn equal(x: Value, y: Value) -> Option<bool> {
    match (x.exact::<Tuple>(), y.exact::<Tuple>()) {
        (Some(a), Some(b)) => tuples_equal(a, b),
        _ => same(x, y),
    }
}

/// `x == y` of tuples of such values.
pub fn tuples_equal(x: Gc<Tuple>, y: Gc<Tuple>) -> Option<bool> {
    let (x, y) = (x.items(), y.items());
    for (a, b) in x.iter().zip(y) {
        if !same(*a, *b)? {
            return Some(false);
        }
    }
    Some(x.len() == y.len())
}

/// A class whose metaclass is `type`: equal to itself alone.
#[inline(always)]
pub fn is_class(v: Value) -> bool {
    v.is_exact(Kind::Type)
}
/// Equal to nothing of another kind of these, nor to another class.
#[inline(always)]
pub fn is_simple(v: Value) -> bool {
    v.is_fix() || v.is_exact(Kind::Str) || is_class(v)
}

/// `k in d` by dict's own `__contains__`.
#[inline]
pub fn dict_has(d: Gc<Dict>, k: Value) -> Option<bool> {
    let t: Gc<DictTable> = d.table.gc();
    match t.find_simple(k)? {
        Found::At(e) => Some(t.content(e).is_some()),
        // The attributes of an object are elsewhere.
        Found::No if t == DictTable::empty() && d.flag(super::dict_attrs::ATTRS) => None,
        Found::No => Some(false),
    }
}

/// `k in c`.
#[inline]
pub fn contains(c: Value, k: Value) -> Option<bool> {
    if !c.is_obj() {
        return None;
    }
    let shape = c.shape_id();
    if shape == Kind::Dict as u32 {
        return dict_has(unsafe { c.cast_unchecked() }, k);
    }
    if shape == Kind::Set as u32 || shape == Kind::FrozenSet as u32 {
        return unsafe { c.cast_unchecked::<Set>() }.tab().has_simple(k);
    }
    if shape == Kind::Tuple as u32 {
        for &x in unsafe { c.cast_unchecked::<Tuple>() }.items() {
            if same(x, k)? {
                return Some(true);
            }
        }
        return Some(false);
    }
    if shape == Kind::List as u32 {
        let l = unsafe { c.cast_unchecked::<List>() };
        let mut i = 0;
        while let Some(x) = l.get(i) {
            if same(x, k)? {
                return Some(true);
            }
            i += 1;
        }
        return Some(false);
    }
    if shape == Kind::Str as u32 {
        let (s, n) = (unsafe { c.cast_unchecked::<Str>() }, k.exact::<Str>()?);
        return Some(str_has(s, n));
    }
    None
}

/// `o[k]` of an ASCII string or bytes.
#[inline(always)]
pub fn item(o: Value, k: Value) -> Option<Value> {
    let i = k.as_fix()?;
    if !o.is_obj() {
        return None;
    }
    let at = |n: usize| {
        let j = if i < 0 { i + n as i64 } else { i };
        if (j as u64) < n as u64 { Some(j as usize) } else { None }
    };
    if o.is_exact(Kind::Str) {
        let s = unsafe { o.cast_unchecked::<Str>() };
        if !s.is_ascii() {
            return None;
        }
        let j = at(s.nbytes as usize)?;
        return Some(str_::ascii_char(Some(s.bytes()[j])));
    }
    if o.is_exact(Kind::Bytes) {
        let b = unsafe { o.cast_unchecked::<Bytes>() };
        let j = at(b.len)?;
        return Some(Value::fix(b.bytes()[j] as i64));
    }
    None
}

/// Truth of strings, containers and objects that are always true.
#[inline(always)]
pub fn truth(v: Value) -> Option<bool> {
    use std::sync::atomic::Ordering::Relaxed;
    if !v.is_obj() {
        return None;
    }
    unsafe {
        let shape = v.shape_id();
        if shape == Kind::Str as u32 {
            return Some(v.cast_unchecked::<Str>().nbytes != 0);
        }
        if shape == Kind::Tuple as u32 {
            return Some(v.cast_unchecked::<Tuple>().len != 0);
        }
        if shape == Kind::Dict as u32 {
            let d = v.cast_unchecked::<Dict>();
            return match d.used.load(Relaxed) {
                0 if d.flag(super::dict_attrs::ATTRS) => None,
                n => Some(n != 0),
            };
        }
        if shape == Kind::Set as u32 {
            return Some(v.cast_unchecked::<Set>().used.load(Relaxed) != 0);
        }
        // What objects are whose class has nothing to say about it.
        let s = &crate::shape::shape(shape).type_.slots;
        if s.bool.is_none() && s.len.is_none() {
            return Some(true);
        }
    }
    None
}
