//! Methods and attributes of `float`.

use super::float::{self, get, to_exact};
use super::int_methods::{locale_for, spec};
use super::scratch;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_num::float as kernel;
use adder_num::format;

type Args<'a> = &'a [Option<Value>];

pub const METHODS: &[NativeDef] = &[
    classmethod(
        "from_number",
        "($type, number, /)",
        "Convert real number to a floating-point number.",
        from_number,
    ),
    method("conjugate", "($self, /)", "Return self, the complex conjugate of any float.", |th, a| {
        to_exact(th, a[0].unwrap())
    }),
    method("__trunc__", "($self, /)", "Return the Integral closest to x between 0 and x.", |th, a| {
        float::trunc(th, this(a))
    }),
    method("__floor__", "($self, /)", "Return the floor as an Integral.", |th, a| {
        th.big(th.num(kernel::floor(this(a)))?)
    }),
    method("__ceil__", "($self, /)", "Return the ceiling as an Integral.", |th, a| {
        th.big(th.num(kernel::ceil(this(a)))?)
    }),
    method(
        "__round__",
        "($self, ndigits=None, /)",
        "Return the Integral closest to x, rounding half toward even.\n\nWhen an argument is passed, work like built-in round(x, ndigits).",
        round,
    ),
    method(
        "as_integer_ratio",
        "($self, /)",
        "Return a pair of integers, whose ratio is exactly equal to the original float.\n\nThe ratio is in lowest terms and has a positive denominator.  Raise\nOverflowError on infinities and a ValueError on NaNs.\n\n>>> (10.0).as_integer_ratio()\n(10, 1)\n>>> (0.0).as_integer_ratio()\n(0, 1)\n>>> (-.25).as_integer_ratio()\n(-1, 4)",
        as_integer_ratio,
    ),
    classmethod(
        "fromhex",
        "($type, string, /)",
        "Create a floating-point number from a hexadecimal string.\n\n>>> float.fromhex('0x1.ffffp10')\n2047.984375\n>>> float.fromhex('-0x1p-1074')\n-5e-324",
        fromhex,
    ),
    method(
        "hex",
        "($self, /)",
        "Return a hexadecimal representation of a floating-point number.\n\n>>> (-0.1).hex()\n'-0x1.999999999999ap-4'\n>>> 3.14159.hex()\n'0x1.921f9f01b866ep+1'",
        hex,
    ),
    method("is_integer", "($self, /)", "Return True if the float is an integer.", |_, a| {
        Ok(Value::bool(kernel::is_integer(this(a))))
    }),
    method("__getnewargs__", "($self, /)", "", |th, a| th.try_tuple(&[to_exact(th, a[0].unwrap())?])),
    classmethod(
        "__getformat__",
        "($type, typestr, /)",
        "You probably don't want to use this function.\n\n  typestr\n    Must be 'double' or 'float'.\n\nIt exists mainly to be used in Python's test suite.\n\nThis function returns whichever of 'unknown', 'IEEE, big-endian' or\n'IEEE, little-endian' best describes the format of floating-point\nnumbers used by the C type named by typestr.",
        getformat,
    ),
    method(
        "__format__",
        "($self, format_spec, /)",
        "Formats the float according to format_spec.",
        float_format,
    ),
];

pub const GETSET: &[GetSetDef] = &[
    getter("real", "the real part of a complex number", to_exact),
    getter("imag", "the imaginary part of a complex number", |th, _| Ok(th.float(0.0))),
];

fn this(a: Args) -> f64 {
    get(a[0].unwrap())
}
/// The result of a class method: exactly a float, or what the subclass makes of it.
fn of_class(th: Th, cls: Value, x: f64) -> R<Value> {
    let v = th.float(x);
    if cls.is(float::FLOAT.get().value()) { Ok(v) } else { th.call(cls, &[v]) }
}
fn from_number(th: Th, a: Args) -> R<Value> {
    let (cls, n) = (a[0].unwrap(), a[1].unwrap());
    if float::is_exact(n) && cls.is(float::FLOAT.get().value()) {
        return Ok(n);
    }
    let x = float::to_f64(th, n)?;
    of_class(th, cls, x)
}
fn round(th: Th, a: Args) -> R<Value> {
    match a[1].filter(|d| !d.is_none()) {
        None => {
            let x = this(a);
            if x.abs() < 4e15 {
                return Ok(Value::fix(x.round_ties_even() as i64));
            }
            th.big(th.num(kernel::round_int(x))?)
        }
        Some(d) => {
            let d = th.index_clamped(d)?;
            Ok(th.float(th.num(kernel::round_digits(this(a), d))?))
        }
    }
}
fn as_integer_ratio(th: Th, a: Args) -> R<Value> {
    let (n, d) = th.num(kernel::as_integer_ratio(this(a)))?;
    let (n, d) = (th.big(n)?, th.big(d)?);
    th.try_tuple(&[n, d])
}
fn fromhex(th: Th, a: Args) -> R<Value> {
    let Some(s) = a[1].unwrap().cast::<Str>() else {
        return Err(th.type_error("bad argument type for built-in operation"));
    };
    let x = th.num(kernel::from_hex(s.bytes()))?;
    of_class(th, a[0].unwrap(), x)
}
fn hex(th: Th, a: Args) -> R<Value> {
    scratch::with(|out| {
        kernel::write_hex(out, this(a));
        th.str_counted(out, out.len(), true)
    })
}
fn getformat(th: Th, a: Args) -> R<Value> {
    let v = a[1].unwrap();
    let Some(s) = v.cast::<Str>() else {
        return Err(
            th.type_error(format!("__getformat__() argument must be str, not {}", th.arg_type_name(v)))
        );
    };
    match s.bytes() {
        b"double" | b"float" => Ok(th.str(if cfg!(target_endian = "little") {
            "IEEE, little-endian"
        } else {
            "IEEE, big-endian"
        })),
        _ => Err(th.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
    }
}
fn float_format(th: Th, a: Args) -> R<Value> {
    let v = a[0].unwrap();
    let s = spec(th, a[1].unwrap())?;
    if s.is_empty() {
        return th.to_str(v);
    }
    format_spec(th, v, s.bytes())
}
/// `format(float, spec)` with a spec that is not empty.
pub fn format_spec(th: Th, v: Value, spec: &[u8]) -> R<Value> {
    let tn = th.type_name_borrowed(v);
    scratch::with(|out| {
        th.num(format::format_float(out, get(v), spec, tn.as_bytes(), &locale_for(spec)))?;
        th.try_str(out)
    })
}
