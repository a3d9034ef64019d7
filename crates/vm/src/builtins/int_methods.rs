//! Methods and attributes of `int`.

use super::bytes;
use super::int::{self, IntRef, is_exact, max_str_digits, to_exact};
use super::scratch;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_num::bigint;
use adder_num::format::{self, Locale};

type Args<'a> = &'a [Option<Value>];

pub const METHODS: &[NativeDef] = &[
    method("conjugate", "($self, /)", "Returns self, the complex conjugate of any int.", same),
    method(
        "bit_length",
        "($self, /)",
        "Number of bits necessary to represent self in binary.\n\n>>> bin(37)\n'0b100101'\n>>> (37).bit_length()\n6",
        bit_length,
    )
    .inlined(Inline::BitLength),
    method(
        "bit_count",
        "($self, /)",
        "Number of ones in the binary representation of the absolute value of self.\n\nAlso known as the population count.\n\n>>> bin(13)\n'0b1101'\n>>> (13).bit_count()\n3",
        bit_count,
    ),
    method(
        "to_bytes",
        "($self, /, length=1, byteorder='big', *, signed=False)",
        "Return an array of bytes representing an integer.\n\n  length\n    Length of bytes object to use.  An OverflowError is raised if\n    the integer is not representable with the given number of bytes.\n    Default is length 1.\n  byteorder\n    The byte order used to represent the integer.  If byteorder is\n    'big', the most significant byte is at the beginning of the byte\n    array.  If byteorder is 'little', the most significant byte is at\n    the end of the byte array.  To request the native byte order of\n    the host system, use sys.byteorder as the byte order value.\n    Default is to use 'big'.\n  signed\n    Determines whether two's complement is used to represent the\n    integer.  If signed is False and a negative integer is given,\n    an OverflowError is raised.",
        to_bytes,
    ),
    classmethod(
        "from_bytes",
        "($type, /, bytes, byteorder='big', *, signed=False)",
        "Return the integer represented by the given array of bytes.\n\n  bytes\n    Holds the array of bytes to convert.  The argument must either\n    support the buffer protocol or be an iterable object producing\n    bytes.  Bytes and bytearray are examples of built-in objects that\n    support the buffer protocol.\n  byteorder\n    The byte order used to represent the integer.  If byteorder is\n    'big', the most significant byte is at the beginning of the byte\n    array.  If byteorder is 'little', the most significant byte is at\n    the end of the byte array.  To request the native byte order of\n    the host system, use sys.byteorder as the byte order value.\n    Default is to use 'big'.\n  signed\n    Indicates whether two's complement is used to represent the\n    integer.",
        from_bytes,
    ),
    method(
        "as_integer_ratio",
        "($self, /)",
        "Return a pair of integers, whose ratio is equal to the original int.\n\nThe ratio is in lowest terms and has a positive denominator.\n\n>>> (10).as_integer_ratio()\n(10, 1)\n>>> (-10).as_integer_ratio()\n(-10, 1)\n>>> (0).as_integer_ratio()\n(0, 1)",
        as_integer_ratio,
    ),
    method("__trunc__", "($self, /)", "Truncating an Integral returns itself.", same),
    method("__floor__", "($self, /)", "Flooring an Integral returns itself.", same),
    method("__ceil__", "($self, /)", "Ceiling of an Integral returns itself.", same),
    method(
        "__round__",
        "($self, ndigits=None, /)",
        "Rounding an Integral returns itself.\n\nRounding with an ndigits argument also returns an integer.",
        round,
    ),
    method("__getnewargs__", "($self, /)", "", |th, a| th.try_tuple(&[to_exact(th, a[0].unwrap())?])),
    method(
        "__format__",
        "($self, format_spec, /)",
        "Convert to a string according to format_spec.",
        int_format,
    ),
    method("__sizeof__", "($self, /)", "Returns size in memory, in bytes.", sizeof),
    method(
        "is_integer",
        "($self, /)",
        "Returns True. Exists for duck type compatibility with float.is_integer.",
        |_, _| Ok(TRUE()),
    ),
];

pub const GETSET: &[GetSetDef] = &[
    getter("real", "the real part of a complex number", to_exact),
    getter("imag", "the imaginary part of a complex number", |_, _| Ok(Value::fix(0))),
    getter("numerator", "the numerator of a rational number in lowest terms", to_exact),
    getter("denominator", "the denominator of a rational number in lowest terms", |_, _| Ok(Value::fix(1))),
];

fn this(a: Args) -> IntRef {
    IntRef::new(a[0].unwrap()).expect("an int")
}
fn same(th: Th, a: Args) -> R<Value> {
    to_exact(th, a[0].unwrap())
}
fn bit_length(th: Th, a: Args) -> R<Value> {
    if let Some(n) = a[0].unwrap().as_fix() {
        return Ok(Value::fix(64 - n.unsigned_abs().leading_zeros() as i64));
    }
    Ok(th.uint(bigint::bit_length(this(a).view())))
}
fn bit_count(th: Th, a: Args) -> R<Value> {
    if let Some(n) = a[0].unwrap().as_fix() {
        return Ok(Value::fix(n.unsigned_abs().count_ones() as i64));
    }
    Ok(th.uint(bigint::bit_count(this(a).view())))
}
fn as_integer_ratio(th: Th, a: Args) -> R<Value> {
    let n = to_exact(th, a[0].unwrap())?;
    th.try_tuple(&[n, Value::fix(1)])
}

/// Whether the byte order is little; "big" if it is not given.
fn little(th: Th, order: Option<Value>, fname: &str) -> R<bool> {
    let Some(o) = order else { return Ok(false) };
    let Some(s) = o.cast::<Str>() else {
        return Err(
            th.type_error(format!("{fname}() argument 'byteorder' must be str, not {}", th.arg_type_name(o)))
        );
    };
    match s.bytes() {
        b"little" => Ok(true),
        b"big" => Ok(false),
        _ => Err(th.value_error("byteorder must be either 'little' or 'big'")),
    }
}
fn flag(th: Th, v: Option<Value>) -> R<bool> {
    v.map_or(Ok(false), |v| th.truth(v))
}

fn to_bytes(th: Th, a: Args) -> R<Value> {
    let len = a[1].map_or(Ok(1), |v| th.index_i64(v))?;
    let little = little(th, a[2], "to_bytes")?;
    let signed = flag(th, a[3])?;
    if len < 0 {
        return Err(th.value_error("length argument must be non-negative"));
    }
    let b = bytes::uninit(th, len as usize)?;
    let r = bigint::to_bytes(this(a).view(), bytes::fill(b), little, signed);
    th.num(r)?;
    Ok(b.value())
}
fn from_bytes(th: Th, a: Args) -> R<Value> {
    let ty: Gc<Type> = a[0].unwrap().known();
    let src = a[1].unwrap();
    let little = little(th, a[2], "from_bytes")?;
    let signed = flag(th, a[3])?;
    let b = bytes::of_object(th, src)?;
    if b.len > 1 << 16 {
        th.memory_for(2 * b.len)?;
    }
    let n = th.big(bigint::from_bytes(b.bytes(), little, signed))?;
    if ty == int::INT.get() { Ok(n) } else { th.call(ty.value(), &[n]) }
}

/// `round(n, ndigits)`: to a multiple of a power of ten, halves to even.
fn round(th: Th, a: Args) -> R<Value> {
    let n = to_exact(th, a[0].unwrap())?;
    let Some(d) = a[1].filter(|d| !d.is_none()) else { return Ok(n) };
    let d = th.index(d)?;
    if !int::is_negative(d) {
        return Ok(n);
    }
    let r = this(a);
    let digits = match int::to_i64(d) {
        // Beyond twice the number everything is rounded to 0.
        Some(d) if (d.unsigned_abs() as f64) * 3.3 <= bigint::bit_length(r.view()) as f64 + 8.0 => {
            d.unsigned_abs()
        }
        _ => return Ok(Value::fix(0)),
    };
    let ten = adder_num::BigInt::from(10i64);
    let p = th.num(bigint::pow(ten.view(), digits))?;
    let (_, rest) = th.num(bigint::divmod_near(r.view(), p.view()))?;
    th.big(bigint::sub(r.view(), rest.view()))
}

/// The spec of `__format__`, a str.
pub fn spec(th: Th, v: Value) -> R<Gc<Str>> {
    match v.cast::<Str>() {
        Some(s) => Ok(s),
        None => Err(th.type_error(format!("__format__() argument must be str, not {}", th.arg_type_name(v)))),
    }
}
fn int_format(th: Th, a: Args) -> R<Value> {
    let v = a[0].unwrap();
    let s = spec(th, a[1].unwrap())?;
    if s.is_empty() {
        return if is_exact(v) { int::repr(th, v) } else { th.to_str(v) };
    }
    format_spec(th, v, s.bytes())
}
/// `format(int, spec)` with a spec that is not empty.
pub fn format_spec(th: Th, v: Value, spec: &[u8]) -> R<Value> {
    let r = IntRef::new(v).expect("an int");
    let (locale, tn) = (locale_for(spec), th.type_name_borrowed(v));
    scratch::with(|out| {
        th.num(format::format_int(out, r.view(), spec, tn.as_bytes(), &locale, max_str_digits()))?;
        th.try_str(out)
    })
}
/// What type `n` of a format spec needs.
pub fn locale_for(spec: &[u8]) -> Locale<'static> {
    let _ = spec;
    Locale::C
}

fn sizeof(_: Th, a: Args) -> R<Value> {
    let v = a[0].unwrap();
    Ok(Value::fix(if v.is_obj() { 16 + 8 * this(a).view().mag.len() as i64 } else { 8 }))
}
