//! Structural pattern matching: mapping keys and class patterns, with CPython's errors.
//!
//! # Invariants
//! What `tuple` is given is a tuple on the caller's stack: keys and names that the compiler made, or a tested
//! `__match_args__`.

use super::isinstance;
use crate::err::{R, Raised};
use crate::interp::call::Gather;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

fn tuple(v: Value) -> &'static [Value] {
    unsafe { &*(v.cast_unchecked::<Tuple>().items() as *const [Value]) }
}

/// The values of `subject` at `keys` as a tuple; None if one is missing.
pub fn match_keys(th: Th, subject: Value, keys: Value) -> R<Value> {
    let keys = tuple(keys);
    if keys.is_empty() {
        return Ok(th.tuple(&[]));
    }
    let get = match subject.exact::<Dict>() {
        Some(_) => None,
        None => Some(th.getattr(subject, n!(get))?),
    };
    let missing = super::object::new_instance(th, super::object::OBJECT.get())?;
    let seen = Gc::<Dict>::new(th);
    let mut out = Gather::new();
    for k in keys {
        if seen.get(th, *k)?.is_some() {
            return Err(
                th.value_error(format!("mapping pattern checks duplicate key ({})", th.text(th.repr(*k)?)))
            );
        }
        seen.set(th, *k, NONE())?;
        let v = match get {
            None => subject.known::<Dict>().get(th, *k)?,
            Some(f) => Some(th.call(f, &[*k, missing])?).filter(|v| !v.is(missing)),
        };
        match v {
            Some(v) => out.push(th, v)?,
            None => return Ok(NONE()),
        }
    }
    th.try_tuple(out.as_slice())
}

fn type_name(v: Value) -> String {
    v.known::<Type>().name_str().to_string()
}

/// The attributes of `subject` that the class pattern `cls(p1 ... pn, kw=...)` looks at, as a tuple; None: no match.
pub fn match_class(th: Th, subject: Value, cls: Value, kwargs: Value, n: usize) -> R<Value> {
    let kwargs = tuple(kwargs);
    if !cls.is_kind(Kind::Type) {
        return Err(th.type_error("called match pattern must be a class"));
    }
    if !isinstance::isinstance(th, subject, cls)? {
        return Ok(NONE());
    }
    let t: Gc<Type> = cls.known();
    let mut out = Gather::new();
    let mut seen: Vec<String> = Vec::new();
    if n > 0 {
        let mut match_self = false;
        let args = match th.getattr_opt(cls, n!(__match_args__))? {
            Some(a) if a.is_exact(Kind::Tuple) => tuple(a),
            Some(a) => {
                return Err(th.type_error(format!(
                    "{}.__match_args__ must be a tuple (got {})",
                    type_name(cls),
                    th.type_name_of(a)
                )));
            }
            None => {
                match_self = t.has(tflags::MATCH_SELF);
                &[]
            }
        };
        let allowed = if match_self { 1 } else { args.len() };
        if allowed < n {
            return Err(th.type_error(format!(
                "{}() accepts {allowed} positional sub-pattern{} ({n} given)",
                type_name(cls),
                if allowed == 1 { "" } else { "s" }
            )));
        }
        if match_self {
            out.push(th, subject)?;
        } else {
            for a in &args[..n] {
                if !a.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "__match_args__ elements must be strings (got {})",
                        th.type_name_of(*a)
                    )));
                }
                match attribute(th, subject, cls, *a, &mut seen)? {
                    Some(v) => out.push(th, v)?,
                    None => return Ok(NONE()),
                }
            }
        }
    }
    for k in kwargs {
        match attribute(th, subject, cls, *k, &mut seen)? {
            Some(v) => out.push(th, v)?,
            None => return Ok(NONE()),
        }
    }
    th.try_tuple(out.as_slice())
}

fn attribute(th: Th, subject: Value, cls: Value, name: Value, seen: &mut Vec<String>) -> R<Option<Value>> {
    let text = th.text(name);
    if seen.contains(&text) {
        return Err(duplicate(th, cls, name));
    }
    seen.push(text);
    th.getattr_opt(subject, name)
}
#[cold]
fn duplicate(th: Th, cls: Value, name: Value) -> Raised {
    match th.repr(name) {
        Ok(r) => th.type_error(format!(
            "{}() got multiple sub-patterns for attribute {}",
            type_name(cls),
            th.text(r)
        )),
        Err(e) => e,
    }
}
