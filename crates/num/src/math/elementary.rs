//! One-argument functions and small two-argument ones, with the errors of the `math` module.

use crate::bigint::{Int, round_scaled};
use crate::error::{ErrorKind, NumError, NumResult};
use crate::float::write_repr;

#[cold]
pub(super) fn range_error() -> NumError {
    NumError::overflow("math range error")
}

#[cold]
fn domain_error() -> NumError {
    NumError::value("math domain error")
}

/// "expected …, got 1.5"
#[cold]
pub(super) fn unexpected(text: &str, x: f64) -> NumError {
    let mut message = format!("{text}, got ").into_bytes();
    write_repr(&mut message, x);
    NumError::new(ErrorKind::Value, message)
}

/// A NaN or infinity out of nothing is an error of the argument's.
#[inline]
fn in_domain(x: f64, r: f64, expected: &str) -> NumResult<f64> {
    if (r.is_nan() && !x.is_nan()) || (r.is_infinite() && x.is_finite()) {
        return Err(unexpected(expected, x));
    }
    Ok(r)
}

#[inline]
fn in_range(x: f64, r: f64) -> NumResult<f64> {
    if r.is_infinite() && x.is_finite() { Err(range_error()) } else { Ok(r) }
}

macro_rules! with_domain {
    ($($name:ident, $text:literal, $f:expr;)*) => { $(
        #[inline]
        pub fn $name(x: f64) -> NumResult<f64> {
            let f: fn(f64) -> f64 = $f;
            in_domain(x, f(x), $text)
        }
    )* };
}

with_domain! {
    acos, "expected a number in range from -1 up to 1", f64::acos;
    asin, "expected a number in range from -1 up to 1", f64::asin;
    acosh, "expected argument value not less than 1", libm::acosh;
    atanh, "expected a number between -1 and 1", libm::atanh;
    cos, "expected a finite input", f64::cos;
    sin, "expected a finite input", f64::sin;
    tan, "expected a finite input", f64::tan;
    sqrt, "expected a nonnegative input", f64::sqrt;
    log, "expected a positive input", f64::ln;
    log2, "expected a positive input", f64::log2;
    log10, "expected a positive input", f64::log10;
    log1p, "expected argument value > -1", super::real_log1p;
}

macro_rules! with_range {
    ($($name:ident, $f:expr;)*) => { $(
        #[inline]
        pub fn $name(x: f64) -> NumResult<f64> {
            let f: fn(f64) -> f64 = $f;
            in_range(x, f(x))
        }
    )* };
}

with_range! {
    cosh, f64::cosh;
    sinh, f64::sinh;
    exp, f64::exp;
    exp2, f64::exp2;
    expm1, f64::exp_m1;
}

macro_rules! plain {
    ($($name:ident, $f:expr;)*) => { $(
        #[inline]
        pub fn $name(x: f64) -> f64 {
            let f: fn(f64) -> f64 = $f;
            f(x)
        }
    )* };
}

plain! {
    asinh, super::real_asinh;
    atan, f64::atan;
    cbrt, f64::cbrt;
    tanh, f64::tanh;
    degrees, |x| x * (180.0 / std::f64::consts::PI);
    radians, |x| x * (std::f64::consts::PI / 180.0);
}

/// `math.pow`
pub fn pow(x: f64, y: f64) -> NumResult<f64> {
    let r = crate::float::powf(x, y);
    if x.is_finite() && y.is_finite() {
        if r.is_nan() {
            return Err(domain_error());
        }
        if r.is_infinite() {
            return Err(if x == 0.0 { domain_error() } else { range_error() });
        }
    }
    Ok(r)
}

/// `math.fmod`
pub fn fmod(x: f64, y: f64) -> NumResult<f64> {
    let r = x % y;
    if r.is_nan() && !x.is_nan() && !y.is_nan() { Err(domain_error()) } else { Ok(r) }
}

/// `math.remainder`: the difference to the nearest multiple, ties to even ones.
pub fn remainder(x: f64, y: f64) -> NumResult<f64> {
    if x.is_nan() || y.is_nan() {
        return Ok(x + y);
    }
    if x.is_infinite() || y == 0.0 {
        return Err(domain_error());
    }
    Ok(if y.is_infinite() { x } else { libm::remainder(x, y) })
}

/// `math.fma`
pub fn fma(x: f64, y: f64, z: f64) -> NumResult<f64> {
    let r = x.mul_add(y, z);
    if r.is_nan() {
        if !x.is_nan() && !y.is_nan() && !z.is_nan() {
            return Err(NumError::value("invalid operation in fma"));
        }
    } else if r.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
        return Err(NumError::overflow("overflow in fma"));
    }
    Ok(r)
}

/// `math.frexp`: `x` as `m * 2^e` with `0.5 <= |m| < 1`.
pub fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    libm::frexp(x)
}

/// `math.ldexp`: `x * 2^e`, correctly rounded also where it is subnormal.
pub fn ldexp(x: f64, e: Int) -> NumResult<f64> {
    if x == 0.0 || !x.is_finite() {
        return Ok(x);
    }
    let e = match e.to_i64() {
        Some(e) => e.clamp(-100_000, 100_000),
        None if e.neg => -100_000,
        None => 100_000,
    };
    let (m, own) = crate::bigint::decompose(x);
    let r = round_scaled(m, own as i64 + e);
    if r.is_infinite() { Err(range_error()) } else { Ok(r.copysign(x)) }
}

/// `math.modf`: fraction and integer part, both with the sign of `x`.
pub fn modf(x: f64) -> (f64, f64) {
    if x.is_infinite() {
        return (0f64.copysign(x), x);
    }
    ((x - x.trunc()).copysign(x), x.trunc())
}

/// `math.nextafter(x, y)`, which is C's: a zero keeps the sign of the side it was reached from.
pub fn next_after(x: f64, y: f64) -> f64 {
    let r = next_after_steps(x, y, 1);
    if r == 0.0 && x != 0.0 { 0f64.copysign(x) } else { r }
}

/// `math.nextafter(x, y, steps=steps)`
pub fn next_after_steps(x: f64, y: f64, steps: u64) -> f64 {
    if steps == 0 {
        return x;
    }
    if x.is_nan() || y.is_nan() {
        return x + y;
    }
    if x == y {
        return y;
    }
    // Doubles in their order as integers, both zeros at zero.
    let position = |x: f64| {
        let bits = (x.to_bits() & !(1 << 63)) as i64;
        if x.is_sign_negative() { -bits } else { bits }
    };
    let (from, to) = (position(x), position(y));
    let distance = to.abs_diff(from);
    if steps >= distance {
        return y;
    }
    // Wrapping: more than 2^63 steps may lead from one end to the other.
    let at = if to > from { from.wrapping_add(steps as i64) } else { from.wrapping_sub(steps as i64) };
    let size = f64::from_bits(at.unsigned_abs());
    // A zero keeps the sign of the side it was reached from.
    if at < 0 || (at == 0 && from < 0) { -size } else { size }
}

/// `math.ulp`: the value of the last bit.
pub fn ulp(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let x = x.abs();
    if x.is_infinite() {
        return x;
    }
    let up = f64::from_bits(x.to_bits() + 1);
    // The largest double has no finite neighbour above.
    if up.is_infinite() { x - f64::from_bits(x.to_bits() - 1) } else { up - x }
}

/// `math.isclose`
pub fn is_close(a: f64, b: f64, relative: f64, absolute: f64) -> NumResult<bool> {
    if relative < 0.0 || absolute < 0.0 {
        return Err(NumError::value("tolerances must be non-negative"));
    }
    if a == b {
        return Ok(true);
    }
    if a.is_infinite() || b.is_infinite() {
        return Ok(false);
    }
    let difference = (b - a).abs();
    Ok(difference <= (relative * b).abs() || difference <= (relative * a).abs() || difference <= absolute)
}
