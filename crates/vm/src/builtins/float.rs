//! `float`: number slots, constructor. Methods are in `float_methods`.
//!
//! Most doubles are immediates; the others (very large or small ones, -0.0, infinities, NaNs) and instances of
//! subclasses are [`FloatBox`]es.
//!
//! # Invariants
//! An instance of a subclass of `float` is a [`FloatBox`]: `new` gets such classes only. Its value is written before
//! anybody else has it.

use super::{float_methods, int, int_new, scratch};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_metatrace::word;
use adder_num::{bigint, float};
use std::cmp::Ordering;

pub static FLOAT_TYPE: NativeType = NativeType {
    name: "float",
    kind: Kind::Float,
    size: size_of::<FloatBox>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "Convert a string or number to a floating-point number, if possible.",
    new1: Some(|th, v| to_exact(th, from_object(th, v)?)),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        add: Some(add),
        sub: Some(sub),
        mul: Some(mul),
        rem: Some(rem),
        divmod: Some(divmod),
        pow: Some(pow),
        neg: Some(|th, v| Ok(th.float(-get(v)))),
        pos: Some(to_exact),
        abs: Some(|th, v| Ok(th.float(get(v).abs()))),
        bool: Some(|_, v| Ok(get(v) != 0.0)),
        int: Some(|th, v| trunc(th, get(v))),
        float: Some(to_exact),
        floordiv: Some(floordiv),
        truediv: Some(truediv),
        ..Slots::NONE
    },
    methods: float_methods::METHODS,
    getset: float_methods::GETSET,
    text_signature: Some("(x=0, /)"),
    ..NativeType::DEFAULT
};
pub static FLOAT: TypeCell = TypeCell::new(&FLOAT_TYPE);

/// The value of a float or of an instance of a subclass.
#[inline(always)]
pub fn as_f64(v: Value) -> Option<f64> {
    if v.is_flo() { Some(word::flo_decode(v.bits())) } else { v.cast::<FloatBox>().map(|f| f.f) }
}
/// The value of what is known to be a float.
#[inline(always)]
pub fn get(v: Value) -> f64 {
    as_f64(v).expect("a float")
}
/// Exactly `float`.
#[inline(always)]
pub fn is_exact(v: Value) -> bool {
    v.is_flo() || v.is_exact(Kind::Float)
}
pub fn to_exact(th: Th, v: Value) -> R<Value> {
    if is_exact(v) { Ok(v) } else { Ok(th.float(get(v))) }
}

/// The value of a float or an int; `None`: neither.
#[inline]
fn operand(th: Th, v: Value) -> R<Option<f64>> {
    if let Some(f) = as_f64(v) {
        return Ok(Some(f));
    }
    if int::is_int(v) {
        return int::to_f64(th, v).map(Some);
    }
    Ok(None)
}

macro_rules! operands {
    ($th:ident, $a:ident, $b:ident) => {{
        let Some(x) = operand($th, $a)? else { return Ok(NOT_IMPLEMENTED()) };
        let Some(y) = operand($th, $b)? else { return Ok(NOT_IMPLEMENTED()) };
        (x, y)
    }};
}

pub fn add(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    Ok(th.float(x + y))
}
pub fn sub(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    Ok(th.float(x - y))
}
pub fn mul(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    Ok(th.float(x * y))
}
pub fn truediv(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    if y == 0.0 {
        return Err(th.zero_division("division by zero"));
    }
    Ok(th.float(x / y))
}
pub fn floordiv(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    Ok(th.float(th.num(float::floor_div(x, y))?))
}
pub fn rem(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    Ok(th.float(th.num(float::modulo(x, y))?))
}
pub fn divmod(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    let (q, r) = th.num(float::div_mod(x, y))?;
    let (q, r) = (th.float(q), th.float(r));
    th.try_tuple(&[q, r])
}
fn pow(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    if !m.is_none() {
        return Err(th.type_error("pow() 3rd argument not allowed unless all arguments are integers"));
    }
    let (x, y) = operands!(th, a, b);
    pow_f64(th, x, y)
}
/// `x ** y`, which is complex for a negative base with a fractional exponent.
pub fn pow_f64(th: Th, x: f64, y: f64) -> R<Value> {
    match th.num(float::pow(x, y))? {
        Some(r) => Ok(th.float(r)),
        None => super::complex::pow_real(th, x, y),
    }
}

pub fn repr(th: Th, v: Value) -> R<Value> {
    scratch::with(|out| {
        float::write_repr(out, get(v));
        th.str_counted(out, out.len(), true)
    })
}

pub fn hash(th: Th, v: Value) -> R<i64> {
    match float::hash(get(v)) {
        Some(h) => Ok(h),
        None => super::object::object_hash(th, v),
    }
}

/// `x op n` for a float and an int.
#[inline]
fn compare_int(x: f64, n: Value, op: CmpOp) -> Option<bool> {
    const EXACT: u64 = 1 << 53;
    let o = match n.as_fix() {
        Some(n) if n.unsigned_abs() <= EXACT => x.partial_cmp(&(n as f64)),
        _ => bigint::cmp_f64(int::IntRef::new(n)?.view(), x).map(Ordering::reverse),
    };
    Some(o.map_or(op == CmpOp::Ne, |o| op.holds(o)))
}

pub fn richcompare(_: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let x = get(a);
    if let Some(y) = as_f64(b) {
        return Ok(Value::bool(x.partial_cmp(&y).map_or(op == CmpOp::Ne, |o| op.holds(o))));
    }
    Ok(compare_int(x, b, op).map_or(NOT_IMPLEMENTED(), Value::bool))
}

/// The integer part.
pub fn trunc(th: Th, x: f64) -> R<Value> {
    if x.abs() < 4e18 {
        return Ok(th.int(x as i64));
    }
    th.big(th.num(float::to_int(x))?)
}

fn new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = unsafe { ty.cast_unchecked() };
    // A subclass with an `__init__` of its own may take keywords.
    if a.nkw() != 0
        && t.slots.raw(crate::slots::SlotId::init) == FLOAT.get().slots.raw(crate::slots::SlotId::init)
    {
        return Err(th.type_error("float() takes no keyword arguments"));
    }
    let v = match a.pos() {
        [] => th.float(0.0),
        &[x] => from_object(th, x)?,
        p => return Err(th.type_error(format!("float expected at most 1 argument, got {}", p.len()))),
    };
    new_of_type(th, t, v)
}

/// An instance of `t` (float or a subclass) with the value of a float.
pub fn new_of_type(th: Th, t: Gc<Type>, v: Value) -> R<Value> {
    if t == FLOAT.get() {
        return to_exact(th, v);
    }
    let x = get(v);
    let o = super::object::new_instance(th, t)?;
    unsafe { (*o.cast_unchecked::<FloatBox>().as_ptr()).f = x };
    Ok(o)
}

/// What `__float__` returned, as a double.
fn checked(th: Th, o: Value, r: Value) -> R<f64> {
    if is_exact(r) {
        return Ok(get(r));
    }
    let (on, rn) = (th.type_name_of(o), th.type_name_of(r));
    let Some(f) = as_f64(r) else {
        return Err(th.type_error(format!("{on}.__float__ returned non-float (type {rn})")));
    };
    th.deprecation_warning(&format!(
        "{on}.__float__ returned non-float (type {rn}).  The ability to return an instance of a strict subclass of \
         float is deprecated, and may be removed in a future version of Python."
    ))?;
    Ok(f)
}

/// A real number as a double, by `__float__` or `__index__`. None: it has neither.
fn real(th: Th, v: Value) -> R<Option<f64>> {
    if is_exact(v) {
        return Ok(Some(get(v)));
    }
    if int::is_exact(v) {
        return int::to_f64(th, v).map(Some);
    }
    let slots = &th.type_of(v).slots;
    if let Some(f) = slots.float {
        return checked(th, v, f(th, v)?).map(Some);
    }
    if let Some(f) = as_f64(v) {
        return Ok(Some(f));
    }
    if slots.index.is_some() {
        let n = th.index(v)?;
        return int::to_f64(th, n).map(Some);
    }
    Ok(None)
}

/// A real number as a double, as functions that want a double take it.
pub fn to_f64(th: Th, v: Value) -> R<f64> {
    // A subclass's `__float__` is for `float()` only (`PyFloat_AsDouble`).
    if let Some(f) = as_f64(v) {
        return Ok(f);
    }
    match real(th, v)? {
        Some(f) => Ok(f),
        None => Err(th.type_error(format!("must be real number, not {}", th.type_name_of(v)))),
    }
}

/// `float(x)`.
pub fn from_object(th: Th, x: Value) -> R<Value> {
    if is_exact(x) {
        return Ok(x);
    }
    if !x.is_exact(Kind::Str)
        && let Some(f) = real(th, x)?
    {
        return Ok(th.float(f));
    }
    if let Some(s) = x.cast::<Str>() {
        return parse(th, x, &int_new::to_ascii_number(&s));
    }
    if let Some(b) = super::buffer::bytes_of(x) {
        return parse(th, x, b);
    }
    if th.type_of(x).slots.get_buffer.is_some() {
        let view = super::buffer::Buffer::simple(th, x)?;
        return parse(th, x, view.bytes());
    }
    Err(th.type_error(format!(
        "float() argument must be a string or a real number, not '{}'",
        th.type_name_of(x)
    )))
}

/// The number that `text`, the text of `x`, is.
fn parse(th: Th, x: Value, text: &[u8]) -> R<Value> {
    match float::parse(text) {
        Some(f) => Ok(th.float(f)),
        None => {
            let r = th.repr(x)?;
            Err(th.num_error(float::invalid_literal(r.known::<Str>().bytes())))
        }
    }
}
