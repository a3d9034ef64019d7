//! `cmath`: arguments and results; the numbers are `adder-num`'s business.

use adder_num::complexnum::{Complex, cmath as c};
use adder_vm::builtins::complex::{self, to_complex};
use adder_vm::builtins::float;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

type Args<'a> = &'a [Option<Value>];

fn arg(th: Th, a: Args) -> R<Complex> {
    to_complex(th, a[0].unwrap())
}
fn real(th: Th, v: Value) -> R<f64> {
    match float::as_f64(v) {
        Some(x) => Ok(x),
        None => float::to_f64(th, v),
    }
}

macro_rules! plain {
    ($($f:ident)*) => { $( fn $f(th: Th, a: Args) -> R<Value> { let z = arg(th, a)?; Ok(th.complex(th.num(c::$f(z))?)) } )* };
}
plain! { acos acosh asin asinh atan atanh cos cosh exp log10 sin sinh sqrt tan tanh }

const Z: &str = "($module, z, /)";

pub static MODULE: NativeModule = NativeModule {
    name: "cmath",
    doc: "This module provides access to mathematical functions for complex\nnumbers.",
    functions: &[
        function("acos", Z, "Return the arc cosine of z.", acos),
        function("acosh", Z, "Return the inverse hyperbolic cosine of z.", acosh),
        function("asin", Z, "Return the arc sine of z.", asin),
        function("asinh", Z, "Return the inverse hyperbolic sine of z.", asinh),
        function("atan", Z, "Return the arc tangent of z.", atan),
        function("atanh", Z, "Return the inverse hyperbolic tangent of z.", atanh),
        function("cos", Z, "Return the cosine of z.", cos),
        function("cosh", Z, "Return the hyperbolic cosine of z.", cosh),
        function("exp", Z, "Return the exponential value e**z.", exp),
        function(
            "isclose",
            "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)",
            "Determine whether two complex numbers are close in value.\n\n  rel_tol\n    maximum difference for being considered \"close\", relative to the\n    magnitude of the input values\n  abs_tol\n    maximum difference for being considered \"close\", regardless of the\n    magnitude of the input values\n\nReturn True if a is close in value to b, and False otherwise.\n\nFor the values to be considered close, the difference between them must\nbe smaller than at least one of the tolerances.\n\n-inf, inf and NaN behave similarly to the IEEE 754 Standard.  That is,\nNaN is not close to anything, even itself. inf and -inf are only close\nto themselves.",
            |th, a| {
                let (x, y) = (to_complex(th, a[0].unwrap())?, to_complex(th, a[1].unwrap())?);
                let rel = a[2].map_or(Ok(1e-9), |v| real(th, v))?;
                let abs = a[3].map_or(Ok(0.0), |v| real(th, v))?;
                Ok(Value::bool(th.num(c::is_close(x, y, rel, abs))?))
            },
        ),
        function(
            "isfinite",
            Z,
            "Return True if both the real and imaginary parts of z are finite, else False.",
            |th, a| {
                let z = arg(th, a)?;
                Ok(Value::bool(z.re.is_finite() && z.im.is_finite()))
            },
        ),
        function("isinf", Z, "Checks if the real or imaginary part of z is infinite.", |th, a| {
            let z = arg(th, a)?;
            Ok(Value::bool(z.re.is_infinite() || z.im.is_infinite()))
        }),
        function("isnan", Z, "Checks if the real or imaginary part of z not a number (NaN).", |th, a| {
            let z = arg(th, a)?;
            Ok(Value::bool(z.re.is_nan() || z.im.is_nan()))
        }),
        function(
            "log",
            "($module, z, base=<unrepresentable>, /)",
            "log(z[, base]) -> the logarithm of z to the given base.\n\nIf the base is not specified, returns the natural logarithm (base e)\nof z.",
            |th, a| {
                let z = arg(th, a)?;
                let r = match a[1] {
                    None => c::log(z),
                    Some(b) => c::log_base(z, to_complex(th, b)?),
                };
                Ok(th.complex(th.num(r)?))
            },
        ),
        function("log10", Z, "Return the base-10 logarithm of z.", log10),
        function("phase", Z, "Return argument, also known as the phase angle, of a complex.", |th, a| {
            Ok(th.float(c::phase(arg(th, a)?)))
        }),
        function(
            "polar",
            Z,
            "Convert a complex from rectangular coordinates to polar coordinates.\n\nr is the distance from 0 and phi the phase angle.",
            |th, a| {
                let (r, phi) = th.num(c::polar(arg(th, a)?))?;
                Ok(th.tuple(&[th.float(r), th.float(phi)]))
            },
        ),
        function(
            "rect",
            "($module, r, phi, /)",
            "Convert from polar coordinates to rectangular coordinates.",
            |th, a| {
                let (r, phi) = (real(th, a[0].unwrap())?, real(th, a[1].unwrap())?);
                Ok(th.complex(th.num(c::rect(r, phi))?))
            },
        ),
        function("sin", Z, "Return the sine of z.", sin),
        function("sinh", Z, "Return the hyperbolic sine of z.", sinh),
        function("sqrt", Z, "Return the square root of z.", sqrt),
        function("tan", Z, "Return the tangent of z.", tan),
        function("tanh", Z, "Return the hyperbolic tangent of z.", tanh),
    ],
    types: &[],
    init: Some(|th, m| {
        use std::f64::consts::{E, PI, TAU};
        for (name, x) in [("e", E), ("pi", PI), ("tau", TAU), ("inf", f64::INFINITY), ("nan", f64::NAN)] {
            m.put(th, name, th.float(x))?;
        }
        m.put(th, "infj", complex::new(th, 0.0, f64::INFINITY))?;
        m.put(th, "nanj", complex::new(th, 0.0, f64::NAN))
    }),
};
