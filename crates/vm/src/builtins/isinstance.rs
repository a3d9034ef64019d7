//! `isinstance`, `issubclass`: with `__instancecheck__`, tuples, unions, and objects that only look like classes
//! (`__bases__`, `__class__`).
//!
//! # Invariants
//! `abstract_bases` gives tuples only.

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

pub fn isinstance(th: Th, o: Value, c: Value) -> R<bool> {
    if th.type_of(o).value().is(c) {
        return Ok(true);
    }
    if c.is_exact(Kind::Type) {
        return default_isinstance(th, o, c);
    }
    match by_parts(th, o, c, n!(__instancecheck__), " in __instancecheck__", isinstance)? {
        Some(yes) => Ok(yes),
        None => default_isinstance(th, o, c),
    }
}

/// What the parts of a union or tuple answer, each asked by `ask`, or the special method `name`. None: `c` is none of these.
#[inline]
fn by_parts(
    th: Th,
    v: Value,
    c: Value,
    name: Value,
    place: &'static str,
    ask: fn(Th, Value, Value) -> R<bool>,
) -> R<Option<bool>> {
    if c.is_kind(Kind::Union) {
        return ask(th, v, crate::builtins::typing::union_args(c)).map(Some);
    }
    if let Some(t) = c.cast::<Tuple>() {
        th.check_stack(place)?;
        for x in t.items() {
            if ask(th, v, *x)? {
                return Ok(Some(true));
            }
        }
        return Ok(Some(false));
    }
    let Some(f) = th.lookup_special(c, name) else { return Ok(None) };
    th.check_stack(place)?;
    let r = th.call_unbound(f, c, &[v])?;
    th.truth(r).map(Some)
}

fn abstract_bases(th: Th, c: Value) -> R<Option<Value>> {
    Ok(th.getattr_opt(c, n!(__bases__))?.filter(|b| b.is_kind(Kind::Tuple)))
}

pub fn default_isinstance(th: Th, o: Value, c: Value) -> R<bool> {
    if let Some(t) = c.cast::<Type>() {
        if th.isinstance_exact(o, t) {
            return Ok(true);
        }
        if th.type_of(o).has(tflags::PLAIN_CLASS) {
            return Ok(false);
        }
        if th.type_of(o).has(tflags::PLAIN_GETATTR)
            && th.lookup(th.type_of(o), n!(__class__))
                == th.lookup(crate::builtins::object::OBJECT.get(), n!(__class__))
        {
            return Ok(false);
        }
        return Ok(match th.getattr_opt(o, n!(__class__))? {
            Some(k) if !k.is(th.type_of(o).value()) => k.cast::<Type>().is_some_and(|k| th.is_subtype(k, t)),
            _ => false,
        });
    }
    if abstract_bases(th, c)?.is_none() {
        return Err(th.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"));
    }
    match th.getattr_opt(o, n!(__class__))? {
        Some(k) => abstract_issubclass(th, k, c),
        None => Ok(false),
    }
}

fn abstract_issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    th.check_stack(" in __issubclass__")?;
    if d.is(c) {
        return Ok(true);
    }
    match abstract_bases(th, d)? {
        Some(b) => {
            for x in b.known::<Tuple>().items() {
                if abstract_issubclass(th, *x, c)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        None => Ok(false),
    }
}

pub fn issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    if c.is_exact(Kind::Type) {
        if d.is(c) {
            return Ok(true);
        }
        return default_issubclass(th, d, c);
    }
    match by_parts(th, d, c, n!(__subclasscheck__), " in __subclasscheck__", issubclass)? {
        Some(yes) => Ok(yes),
        None => default_issubclass(th, d, c),
    }
}

pub fn default_issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    if let (Some(a), Some(b)) = (d.cast::<Type>(), c.cast::<Type>()) {
        return Ok(th.is_subtype(a, b));
    }
    if !d.is_kind(Kind::Type) && abstract_bases(th, d)?.is_none() {
        return Err(th.type_error("issubclass() arg 1 must be a class"));
    }
    if !c.is_kind(Kind::Type) && abstract_bases(th, c)?.is_none() {
        return Err(th.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"));
    }
    abstract_issubclass(th, d, c)
}
