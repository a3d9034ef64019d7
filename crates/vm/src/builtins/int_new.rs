//! `int(...)`: from numbers and from text (CPython's `long_new` and `PyNumber_Long`).

use super::buffer;
use super::int;
use crate::err::{R, Raised};
use crate::native::RawArgs;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_num::bigint::{self, IntParse};
use adder_text::{unicode, wtf8};
use std::borrow::Cow;

pub fn int_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    let v = match (a.pos(), a.nkw()) {
        (&[x], 0) if t == int::INT.get() => return from_object(th, x),
        (&[], 0) => Value::fix(0),
        (&[x], 0) => from_object(th, x)?,
        (&[x, base], 0) => with_base(th, x, base)?,
        (p, 0) => return Err(th.type_error(format!("int expected at most 2 arguments, got {}", p.len()))),
        (p, _) => {
            if p.len() + a.nkw() > 2 {
                return Err(
                    th.type_error(format!("int() takes at most 2 arguments ({} given)", p.len() + a.nkw()))
                );
            }
            let (k, base) = a.keywords().next().expect("a keyword");
            if th.text(k) != "base" {
                return Err(
                    th.type_error(format!("int() got an unexpected keyword argument '{}'", th.text(k)))
                );
            }
            match p.first() {
                Some(&x) => with_base(th, x, base)?,
                None => return Err(th.type_error("int() missing string argument")),
            }
        }
    };
    int::new_of_type(th, t, v)
}

/// What `__int__` or `__index__` returned, as exactly an int.
fn checked(th: Th, r: Value, method: &str) -> R<Value> {
    if int::is_exact(r) {
        return Ok(r);
    }
    let tn = th.type_name_of(r);
    if !int::is_int(r) {
        return Err(th.type_error(format!("{method} returned non-int (type {tn})")));
    }
    th.deprecation_warning(&format!(
        "{method} returned non-int (type {tn}).  The ability to return an instance of a strict subclass of int is \
         deprecated, and may be removed in a future version of Python."
    ))?;
    int::to_exact(th, r)
}

/// `int(x)`.
pub fn from_object(th: Th, x: Value) -> R<Value> {
    if int::is_exact(x) {
        return Ok(x);
    }
    if let Some(s) = x.cast::<Str>() {
        return from_str(th, s, 10);
    }
    let slots = &th.type_of(x).slots;
    if let Some(f) = slots.int {
        return checked(th, f(th, x)?, "__int__");
    }
    if let Some(f) = slots.index {
        return checked(th, f(th, x)?, "__index__");
    }
    if let Some(b) = buffer::bytes_of(x) {
        return from_bytes(th, b, 10);
    }
    if slots.get_buffer.is_some() {
        let view = buffer::Buffer::simple(th, x)?;
        return from_bytes(th, view.bytes(), 10);
    }
    Err(th.type_error(format!(
        "int() argument must be a string, a bytes-like object or a real number, not '{}'",
        th.type_name_of(x)
    )))
}

fn with_base(th: Th, x: Value, base: Value) -> R<Value> {
    let base = th.index_clamped(base)?;
    if base != 0 && !(2..=36).contains(&base) {
        return Err(th.value_error("int() base must be >= 2 and <= 36, or 0"));
    }
    if let Some(s) = x.cast::<Str>() {
        return from_str(th, s, base as u32);
    }
    if matches!(x.kind(), Kind::Bytes | Kind::ByteArray) {
        return from_bytes(th, buffer::bytes_of(x).unwrap_or(&[]), base as u32);
    }
    Err(th.type_error("int() can't convert non-string with explicit base"))
}

/// Text with decimal digits and spaces of all Unicode as their ASCII equivalents, and whatever else is beyond ASCII as
/// a character that no number contains.
pub fn to_ascii_number(s: &Str) -> Cow<'_, [u8]> {
    if s.is_ascii() {
        return Cow::Borrowed(s.bytes());
    }
    Cow::Owned(
        wtf8::chars(s.bytes())
            .map(|c| match c {
                0..=127 => c as u8,
                _ if unicode::is_space(c) => b' ',
                _ => unicode::decimal(c).map_or(b'?', |d| b'0' + d),
            })
            .collect(),
    )
}

/// Up to 18 digits and a sign, nothing else.
#[inline]
fn plain_decimal(b: &[u8]) -> Option<i64> {
    let (neg, d) = match b {
        [b'-', d @ ..] => (true, d),
        d => (false, d),
    };
    if d.is_empty() || d.len() > 18 {
        return None;
    }
    let mut n = 0i64;
    for &c in d {
        let v = c.wrapping_sub(b'0');
        if v > 9 {
            return None;
        }
        n = n * 10 + v as i64;
    }
    Some(if neg { -n } else { n })
}

pub fn from_str(th: Th, s: Gc<Str>, base: u32) -> R<Value> {
    if base == 10
        && let Some(n) = plain_decimal(s.bytes())
    {
        return Ok(Value::fix(n));
    }
    match parse(th, &to_ascii_number(&s), base)? {
        Some(v) => Ok(v),
        None => {
            let mut r = Vec::new();
            adder_text::repr::str_repr(s.bytes(), &mut r);
            Err(invalid(th, base, &r))
        }
    }
}

fn from_bytes(th: Th, b: &[u8], base: u32) -> R<Value> {
    match parse(th, b, base)? {
        Some(v) => Ok(v),
        None => {
            let mut r = Vec::new();
            adder_text::repr::bytes_repr(b, &mut r);
            Err(invalid(th, base, &r))
        }
    }
}

fn parse(th: Th, b: &[u8], base: u32) -> R<Option<Value>> {
    match bigint::parse(b, base, int::max_str_digits()) {
        IntParse::Ok(n) => th.big(n).map(Some),
        IntParse::Invalid => Ok(None),
        IntParse::TooManyDigits(n) => Err(th.num_error(bigint::too_many_digits(int::max_str_digits(), n))),
    }
}

#[cold]
fn invalid(th: Th, base: u32, repr: &[u8]) -> Raised {
    th.num_error(bigint::invalid_literal(base, repr))
}
