//! `math`: arguments, integer cases and special methods; the numbers are `adder-num`'s business.

use adder_num::{bigint, math as m};
use adder_vm::builtins::int::IntRef;
use adder_vm::builtins::{float, int, ops, tuple};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// An argument as a double: floats, ints, `__float__`, `__index__`.
fn real(th: Th, v: Option<Value>) -> R<f64> {
    let v = v.unwrap();
    match float::as_f64(v) {
        Some(x) => Ok(x),
        None => float::to_f64(th, v),
    }
}
fn index(th: Th, v: Option<Value>) -> R<Value> {
    th.index(v.unwrap())
}
/// The kernel's view of an int.
fn int_ref(v: Value) -> IntRef {
    IntRef::new(v).expect("an int")
}

macro_rules! real_to_real {
    ($($f:ident)*) => { $( fn $f(th: Th, a: &[Option<Value>]) -> R<Value> { let x = real(th, a[0])?; Ok(th.float(m::$f(x))) } )* };
}
macro_rules! real_checked {
    ($($f:ident)*) => { $( fn $f(th: Th, a: &[Option<Value>]) -> R<Value> { let x = real(th, a[0])?; Ok(th.float(th.num(m::$f(x))?)) } )* };
}
real_to_real! { asinh atan erf erfc ulp tanh }
real_checked! { acos acosh asin atanh cos cosh exp exp2 expm1 gamma lgamma log1p sin sinh sqrt tan }

/// A real function's result in machine code.
trait Bits {
    fn bits(self) -> u64;
}
impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }
}
impl<E> Bits for Result<f64, E> {
    fn bits(self) -> u64 {
        self.unwrap_or(f64::NAN).to_bits()
    }
}
impl Bits for bool {
    fn bits(self) -> u64 {
        self as u64
    }
}
/// What machine code calls instead: `real!(One, |x| m::sin(x))`.
macro_rules! real {
    ($kind:ident, |$($x:ident),*| $e:expr) => {{
        extern "C" fn f($($x: u64),*) -> u64 {
            $(let $x = f64::from_bits($x);)*
            Bits::bits($e)
        }
        &Real::$kind(f)
    }};
}

const X: &str = "($module, x, /)";
const XY: &str = "($module, x, y, /)";

pub static MODULE: NativeModule = NativeModule {
    name: "math",
    doc: "This module provides access to the mathematical functions\ndefined by the C standard.",
    functions: &[
        function(
            "acos",
            X,
            "Return the arc cosine (measured in radians) of x.\n\nThe result is between 0 and pi.",
            acos,
        )
        .real(real!(One, |x| m::acos(x))),
        function("acosh", X, "Return the inverse hyperbolic cosine of x.", acosh)
        .real(real!(One, |x| m::acosh(x))),
        function(
            "asin",
            X,
            "Return the arc sine (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2.",
            asin,
        )
        .real(real!(One, |x| m::asin(x))),
        function("asinh", X, "Return the inverse hyperbolic sine of x.", asinh)
        .real(real!(One, |x| m::asinh(x))),
        function(
            "atan",
            X,
            "Return the arc tangent (measured in radians) of x.\n\nThe result is between -pi/2 and pi/2.",
            atan,
        )
        .real(real!(One, |x| m::atan(x))),
        function(
            "atan2",
            "($module, y, x, /)",
            "Return the arc tangent (measured in radians) of y/x.\n\nUnlike atan(y/x), the signs of both x and y are considered.",
            |th, a| {
                let (y, x) = (real(th, a[0])?, real(th, a[1])?);
                Ok(th.float(y.atan2(x)))
            },
        )
        .real(real!(Two, |x, y| x.atan2(y))),
        function("atanh", X, "Return the inverse hyperbolic tangent of x.", atanh)
        .real(real!(One, |x| m::atanh(x))),
        function("cbrt", X, "Return the cube root of x.", |th, a| Ok(th.float(real(th, a[0])?.cbrt())))
        .real(real!(One, |x| x.cbrt())),
        function(
            "ceil",
            X,
            "Return the ceiling of x as an Integral.\n\nThis is the smallest integer >= x.",
            |th, a| rounded(th, a[0].unwrap(), n!(__ceil__), f64::ceil),
        )
        .real(real!(Whole, |x| x.ceil())),
        function(
            "copysign",
            XY,
            "Return a float with the magnitude (absolute value) of x but the sign of y.\n\nOn platforms that support signed zeros, copysign(1.0, -0.0)\nreturns -1.0.\n",
            |th, a| {
                let (x, y) = (real(th, a[0])?, real(th, a[1])?);
                Ok(th.float(x.copysign(y)))
            },
        )
        .real(real!(Two, |x, y| x.copysign(y))),
        function("cos", X, "Return the cosine of x (measured in radians).", cos)
        .real(real!(One, |x| m::cos(x))),
        function("cosh", X, "Return the hyperbolic cosine of x.", cosh)
        .real(real!(One, |x| m::cosh(x))),
        function("degrees", X, "Convert angle x from radians to degrees.", |th, a| {
            Ok(th.float(real(th, a[0])? * (180.0 / std::f64::consts::PI)))
        })
        .real(real!(One, |x| x * (180.0 / std::f64::consts::PI))),
        function(
            "dist",
            "($module, p, q, /)",
            "Return the Euclidean distance between two points p and q.\n\nThe points should be specified as sequences (or iterables) of\ncoordinates.  Both inputs must have the same dimension.\n\nRoughly equivalent to:\n    sqrt(sum((px - qx) ** 2.0 for px, qx in zip(p, q)))",
            |th, a| {
                let p = tuple::from_iterable(th, a[0].unwrap())?;
                let q = tuple::from_iterable(th, a[1].unwrap())?;
                if p.known::<Tuple>().len != q.known::<Tuple>().len {
                    // Before anything is converted.
                    return Err(th.num_error(m::dist(&[], &[0.0]).expect_err("one has more")));
                }
                let (p, q) = (reals(th, p)?, reals(th, q)?);
                Ok(th.float(th.num(m::dist(&p, &q))?))
            },
        ),
        function("erf", X, "Error function at x.", erf)
        .real(real!(One, |x| m::erf(x))),
        function("erfc", X, "Complementary error function at x.", erfc)
        .real(real!(One, |x| m::erfc(x))),
        function("exp", X, "Return e raised to the power of x.", exp)
        .real(real!(One, |x| m::exp(x))),
        function("exp2", X, "Return 2 raised to the power of x.", exp2)
        .real(real!(One, |x| m::exp2(x))),
        function(
            "expm1",
            X,
            "Return exp(x)-1.\n\nThis function avoids the loss of precision involved in the direct evaluation of exp(x)-1 for small x.",
            expm1,
        )
        .real(real!(One, |x| m::expm1(x))),
        function("fabs", X, "Return the absolute value of the float x.", |th, a| {
            Ok(th.float(real(th, a[0])?.abs()))
        })
        .real(real!(One, |x| x.abs())),
        function("factorial", "($module, n, /)", "Find n!.", |th, a| {
            let v = index(th, a[0])?;
            th.big(th.num(m::factorial(int_ref(v).view()))?)
        }),
        function(
            "floor",
            X,
            "Return the floor of x as an Integral.\n\nThis is the largest integer <= x.",
            |th, a| rounded(th, a[0].unwrap(), n!(__floor__), f64::floor),
        )
        .real(real!(Whole, |x| x.floor())),
        function(
            "fma",
            "($module, x, y, z, /)",
            "Fused multiply-add operation.\n\nCompute (x * y) + z with a single round.",
            |th, a| {
                let (x, y, z) = (real(th, a[0])?, real(th, a[1])?, real(th, a[2])?);
                Ok(th.float(th.num(m::fma(x, y, z))?))
            },
        ),
        function("fmod", XY, "Return fmod(x, y), according to platform C.\n\nx % y may differ.", |th, a| {
            let (x, y) = (real(th, a[0])?, real(th, a[1])?);
            Ok(th.float(th.num(m::fmod(x, y))?))
        })
        .real(real!(Two, |x, y| m::fmod(x, y))),
        function(
            "frexp",
            X,
            "Return the mantissa and exponent of x, as pair (m, e).\n\nm is a float and e is an int, such that x = m * 2.**e.\nIf x is 0, m and e are both 0.  Else 0.5 <= abs(m) < 1.0.",
            |th, a| {
                let (x, e) = m::frexp(real(th, a[0])?);
                Ok(th.tuple(&[th.float(x), th.int(e as i64)]))
            },
        ),
        function(
            "fsum",
            "($module, seq, /)",
            "Return an accurate floating-point sum of values in the iterable seq.\n\nAssumes IEEE-754 floating-point arithmetic.",
            |th, a| {
                let mut s = m::Fsum::new();
                th.for_each(a[0].unwrap(), |v| {
                    let x = real(th, Some(v))?;
                    th.num(s.add(x))
                })?;
                Ok(th.float(th.num(s.finish())?))
            },
        ),
        function("gamma", X, "Gamma function at x.", gamma)
        .real(real!(One, |x| m::gamma(x))),
        function("gcd", "($module, /, *integers)", "Greatest Common Divisor.", |th, a| {
            fold(th, a[0].unwrap(), Value::fix(0), |th, x, y| {
                if let (Some(x), Some(y)) = (x.as_fix(), y.as_fix()) {
                    let (mut a, mut b) = (x.unsigned_abs(), y.unsigned_abs());
                    while b != 0 {
                        (a, b) = (b, a % b);
                    }
                    return Ok(th.int(a as i64));
                }
                th.big(bigint::gcd(int_ref(x).view(), int_ref(y).view()))
            })
        }),
        raw_function(
            "hypot",
            "($module, /, *coordinates)",
            "Multidimensional Euclidean distance from the origin to a point.\n\nRoughly equivalent to:\n    sqrt(sum(x**2 for x in coordinates))\n\nFor a two dimensional point (x, y), gives the hypotenuse\nusing the Pythagorean theorem:  sqrt(x*x + y*y).\n\nFor example, the hypotenuse of a 3/4/5 right triangle is:\n\n    >>> hypot(3.0, 4.0)\n    5.0",
            |th, a| {
                if a.nkw() != 0 {
                    return Err(th.type_error("hypot() takes no keyword arguments"));
                }
                let mut v = Vec::with_capacity(a.len());
                for x in a.pos() {
                    v.push(real(th, Some(*x))?);
                }
                Ok(th.float(m::hypot(&v)))
            },
        )
        .real(real!(Two, |x, y| m::hypot(&[x, y]))),
        function(
            "isclose",
            "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)",
            "Determine whether two floating-point numbers are close in value.\n\n  rel_tol\n    maximum difference for being considered \"close\", relative to the\n    magnitude of the input values\n  abs_tol\n    maximum difference for being considered \"close\", regardless of the\n    magnitude of the input values\n\nReturn True if a is close in value to b, and False otherwise.\n\nFor the values to be considered close, the difference between them\nmust be smaller than at least one of the tolerances.\n\n-inf, inf and NaN behave similarly to the IEEE 754 Standard.  That\nis, NaN is not close to anything, even itself.  inf and -inf are\nonly close to themselves.",
            |th, a| {
                let (x, y) = (real(th, a[0])?, real(th, a[1])?);
                let rel = if a[2].is_some() { real(th, a[2])? } else { 1e-9 };
                let abs = if a[3].is_some() { real(th, a[3])? } else { 0.0 };
                Ok(Value::bool(th.num(m::is_close(x, y, rel, abs))?))
            },
        ),
        function(
            "isfinite",
            X,
            "Return True if x is neither an infinity nor a NaN, and False otherwise.",
            |th, a| Ok(Value::bool(real(th, a[0])?.is_finite())),
        )
        .real(real!(Test, |x| x.is_finite())),
        function(
            "isinf",
            X,
            "Return True if x is a positive or negative infinity, and False otherwise.",
            |th, a| Ok(Value::bool(real(th, a[0])?.is_infinite())),
        )
        .real(real!(Test, |x| x.is_infinite())),
        function("isnan", X, "Return True if x is a NaN (not a number), and False otherwise.", |th, a| {
            Ok(Value::bool(real(th, a[0])?.is_nan()))
        })
        .real(real!(Test, |x| x.is_nan())),
        function(
            "isqrt",
            "($module, n, /)",
            "Return the integer part of the square root of the input.",
            |th, a| {
                let v = index(th, a[0])?;
                th.big(th.num(bigint::isqrt(int_ref(v).view()))?)
            },
        ),
        function("lcm", "($module, /, *integers)", "Least Common Multiple.", |th, a| {
            fold(th, a[0].unwrap(), Value::fix(1), |th, x, y| {
                th.big(m::lcm(int_ref(x).view(), int_ref(y).view()))
            })
        }),
        function(
            "ldexp",
            "($module, x, i, /)",
            "Return x * (2**i).\n\nThis is essentially the inverse of frexp().",
            |th, a| {
                let x = real(th, a[0])?;
                let i = a[1].unwrap();
                if !int::is_int(i) {
                    return Err(th.type_error("Expected an int as second argument to ldexp."));
                }
                Ok(th.float(th.num(m::ldexp(x, int_ref(i).view()))?))
            },
        ),
        function("lgamma", X, "Natural logarithm of absolute value of Gamma function at x.", lgamma)
        .real(real!(One, |x| m::lgamma(x))),
        function(
            "log",
            "!($module, x, base=None, /)",
            "log(x, [base=math.e])\nReturn the logarithm of x to the given base.\n\nIf the base is not specified, returns the natural logarithm (base e) of x.",
            |th, a| {
                let x = log_of(th, a[0].unwrap(), m::log, m::log_int)?;
                match a[1] {
                    None => Ok(th.float(x)),
                    Some(b) => {
                        let y = log_of(th, b, m::log, m::log_int)?;
                        if y == 0.0 {
                            return Err(th.zero_division("division by zero"));
                        }
                        Ok(th.float(x / y))
                    }
                }
            },
        )
        .real(real!(One, |x| m::log(x))),
        function("log10", X, "Return the base 10 logarithm of x.", |th, a| {
            Ok(th.float(log_of(th, a[0].unwrap(), m::log10, m::log10_int)?))
        })
        .real(real!(One, |x| m::log10(x))),
        function(
            "log1p",
            X,
            "Return the natural logarithm of 1+x (base e).\n\nThe result is computed in a way which is accurate for x near zero.",
            log1p,
        )
        .real(real!(One, |x| m::log1p(x))),
        function("log2", X, "Return the base 2 logarithm of x.", |th, a| {
            Ok(th.float(log_of(th, a[0].unwrap(), m::log2, m::log2_int)?))
        })
        .real(real!(One, |x| m::log2(x))),
        function(
            "modf",
            X,
            "Return the fractional and integer parts of x.\n\nBoth results carry the sign of x and are floats.",
            |th, a| {
                let (f, i) = m::modf(real(th, a[0])?);
                Ok(th.tuple(&[th.float(f), th.float(i)]))
            },
        ),
        function(
            "nextafter",
            "($module, x, y, /, *, steps=None)",
            "Return the floating-point value the given number of steps after x towards y.\n\nIf steps is not specified or is None, it defaults to 1.\n\nRaises a TypeError, if x or y is not a double, or if steps is not\nan integer.  Raises ValueError if steps is negative.",
            |th, a| {
                let (x, y) = (real(th, a[0])?, real(th, a[1])?);
                match a[2].and_then(|s| s.some()) {
                    None => Ok(th.float(m::next_after(x, y))),
                    Some(s) => {
                        let s = th.index(s)?;
                        if int::is_negative(s) {
                            return Err(th.value_error("steps must be a non-negative integer"));
                        }
                        Ok(th.float(m::next_after_steps(x, y, int::to_u64(s).unwrap_or(u64::MAX))))
                    }
                }
            },
        )
        .real(real!(Two, |x, y| m::next_after(x, y))),
        function(
            "perm",
            "($module, n, k=None, /)",
            "Number of ways to choose k items from n items without repetition and with order.\n\nEvaluates to n! / (n - k)! when k <= n and evaluates\nto zero when k > n.\n\nIf k is not specified or is None, then k defaults to n\nand the function returns n!.\n\nRaises TypeError if either of the arguments are not integers.\nRaises ValueError if either of the arguments are negative.",
            |th, a| {
                let nn = index(th, a[0])?;
                let k = match a[1].and_then(|k| k.some()) {
                    Some(k) => Some(th.index(k)?),
                    None => None,
                };
                let kr = k.map(int_ref);
                th.big(th.num(m::perm(int_ref(nn).view(), kr.as_ref().map(|k| k.view())))?)
            },
        ),
        function(
            "comb",
            "($module, n, k, /)",
            "Number of ways to choose k items from n items without repetition and without order.\n\nEvaluates to n! / (k! * (n - k)!) when k <= n and evaluates\nto zero when k > n.\n\nAlso called the binomial coefficient because it is equivalent\nto the coefficient of k-th term in polynomial expansion of the\nexpression (1 + x)**n.\n\nRaises TypeError if either of the arguments are not integers.\nRaises ValueError if either of the arguments are negative.",
            |th, a| {
                let (nn, k) = (index(th, a[0])?, index(th, a[1])?);
                th.big(th.num(m::comb(int_ref(nn).view(), int_ref(k).view()))?)
            },
        ),
        function("pow", XY, "Return x**y (x to the power of y).", |th, a| {
            let (x, y) = (real(th, a[0])?, real(th, a[1])?);
            Ok(th.float(th.num(m::pow(x, y))?))
        })
        .real(real!(Two, |x, y| m::pow(x, y))),
        function(
            "prod",
            "($module, iterable, /, *, start=1)",
            "Calculate the product of all the elements in the input iterable.\n\nThe default start value for the product is 1.\n\nWhen the iterable is empty, return the start value.  This function is\nintended specifically for use with numeric values and may reject\nnon-numeric types.",
            |th, a| {
                let mut r = a[1].unwrap_or(Value::fix(1));
                th.for_each(a[0].unwrap(), |v| {
                    r = ops::mul(th, r, v)?;
                    Ok(())
                })?;
                Ok(r)
            },
        ),
        function("radians", X, "Convert angle x from degrees to radians.", |th, a| {
            Ok(th.float(real(th, a[0])? * (std::f64::consts::PI / 180.0)))
        })
        .real(real!(One, |x| x * (std::f64::consts::PI / 180.0))),
        function(
            "remainder",
            XY,
            "Difference between x and the closest integer multiple of y.\n\nReturn x - n*y where n*y is the closest integer multiple of y.\nIn the case where x is exactly halfway between two multiples of\ny, the nearest even value of n is used. The result is always exact.",
            |th, a| {
                let (x, y) = (real(th, a[0])?, real(th, a[1])?);
                Ok(th.float(th.num(m::remainder(x, y))?))
            },
        )
        .real(real!(Two, |x, y| m::remainder(x, y))),
        function("sin", X, "Return the sine of x (measured in radians).", sin)
        .real(real!(One, |x| m::sin(x))),
        function("sinh", X, "Return the hyperbolic sine of x.", sinh)
        .real(real!(One, |x| m::sinh(x))),
        function("sqrt", X, "Return the square root of x.", sqrt).inlined(Inline::FloatSqrt),
        function(
            "sumprod",
            "($module, p, q, /)",
            "Return the sum of products of values from two iterables p and q.\n\nRoughly equivalent to:\n\n    sum(map(operator.mul, p, q, strict=True))\n\nFor float and mixed int/float inputs, the intermediate products\nand sums are computed with extended precision.",
            sumprod,
        ),
        function("tan", X, "Return the tangent of x (measured in radians).", tan)
        .real(real!(One, |x| m::tan(x))),
        function("tanh", X, "Return the hyperbolic tangent of x.", tanh)
        .real(real!(One, |x| m::tanh(x))),
        function(
            "trunc",
            X,
            "Truncates the Real x to the nearest Integral toward 0.\n\nUses the __trunc__ magic method.",
            |th, a| {
                let v = a[0].unwrap();
                if v.is_flo() || v.is_exact(Kind::Float) {
                    return float::trunc(th, real(th, a[0])?);
                }
                match th.lookup_special(v, n!(__trunc__)) {
                    Some(f) => th.call_unbound(f, v, &[]),
                    None => Err(
                        th.type_error(format!("type {} doesn't define __trunc__ method", th.type_name_of(v)))
                    ),
                }
            },
        )
        .real(real!(Whole, |x| x.trunc())),
        function("ulp", X, "Return the value of the least significant bit of the float x.", ulp)
        .real(real!(One, |x| m::ulp(x))),
    ],
    types: &[],
    init: Some(|th, md| {
        for (k, v) in [
            ("pi", std::f64::consts::PI),
            ("e", std::f64::consts::E),
            ("tau", std::f64::consts::TAU),
            ("inf", f64::INFINITY),
            ("nan", f64::NAN),
        ] {
            md.put(th, k, th.float(v))?;
        }
        Ok(())
    }),
};

fn reals(th: Th, v: Value) -> R<Vec<f64>> {
    let t = tuple::from_iterable(th, v)?;
    let mut out = Vec::new();
    for x in t.known::<Tuple>().items() {
        out.push(real(th, Some(*x))?);
    }
    Ok(out)
}
fn rounded(th: Th, v: Value, name: Value, f: fn(f64) -> f64) -> R<Value> {
    if !v.is_flo() && !v.is_exact(Kind::Float) {
        if v.is_fix() {
            return Ok(v);
        }
        if let Some(g) = th.lookup_special(v, name) {
            return th.call_unbound(g, v, &[]);
        }
    }
    float::trunc(th, f(real(th, Some(v))?))
}
fn fold(th: Th, args: Value, start: Value, f: fn(Th, Value, Value) -> R<Value>) -> R<Value> {
    let mut r = start;
    for v in args.known::<Tuple>().items() {
        let v = th.index(*v)?;
        r = f(th, r, v)?;
    }
    Ok(r)
}
/// A logarithm of an int of any size or a real.
fn log_of(
    th: Th,
    v: Value,
    f: fn(f64) -> adder_num::NumResult<f64>,
    g: fn(adder_num::bigint::Int) -> adder_num::NumResult<f64>,
) -> R<f64> {
    match IntRef::new(v) {
        Some(r) => th.num(g(r.view())),
        None => {
            let x = real(th, Some(v))?;
            th.num(f(x))
        }
    }
}
/// Ints and floats exactly as long as all are of one kind; else by the operators, from where the kinds change.
fn sumprod(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (p, q) = (th.iter(a[0].unwrap())?, th.iter(a[1].unwrap())?);
    let mut total = Value::fix(0);
    let mut flt: Option<m::SumProduct> = None;
    loop {
        let (x, y) = (th.next(p)?, th.next(q)?);
        let (x, y) = match (x, y) {
            (Some(x), Some(y)) => (x, y),
            (None, None) => break,
            _ => return Err(th.value_error("Inputs are not the same length")),
        };
        let number = |v: Value| v.is_flo() || v.is_exact(Kind::Float) || int::is_int(v);
        let floating = |v: Value| v.is_flo() || v.is_exact(Kind::Float);
        if (floating(x) || floating(y)) && number(x) && number(y) {
            if let (Ok(u), Ok(w)) = (real(th, Some(x)), real(th, Some(y))) {
                let s = flt.get_or_insert_with(m::SumProduct::new);
                if s.add(u, w) {
                    continue;
                }
            } else {
                th.take_exc();
            }
        }
        if let Some(s) = flt.take() {
            total = ops::add(th, total, th.float(s.value()))?;
        }
        let prod = ops::mul(th, x, y)?;
        total = ops::add(th, total, prod)?;
    }
    match flt {
        Some(s) => ops::add(th, total, th.float(s.value())),
        None => Ok(total),
    }
}
