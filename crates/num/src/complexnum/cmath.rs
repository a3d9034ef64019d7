//! The functions of `cmath`.
//!
//! Formulas after W. Kahan, "Branch Cuts for Complex Elementary Functions" (1987), arranged so that nothing
//! overflows or cancels on the way; the values at infinities and NaNs are those of C99's Annex G.

use super::Complex;
use crate::error::{NumError, NumResult};
use crate::math::{real_asinh, real_log1p};
use std::f64::consts::{E, FRAC_PI_2, LN_2, LN_10};

const INF: f64 = f64::INFINITY;
const NEG_INF: f64 = f64::NEG_INFINITY;
const NAN: f64 = f64::NAN;
/// Beyond this, sums of two squares' roots could overflow.
const LARGE: f64 = f64::MAX / 4.0;
/// Half the exponent of doubles that are scaled up for more precision, and the way back.
const SCALE_UP: i32 = 53;
const SCALE_DOWN: i32 = -27;

#[cold]
fn domain<T>() -> NumResult<T> {
    Err(NumError::value("math domain error"))
}

#[cold]
fn range<T>() -> NumResult<T> {
    Err(NumError::overflow("math range error"))
}

fn large() -> f64 {
    LARGE
}

/// `ln` of [`LARGE`]: beyond it, exponentials are computed in two factors.
fn log_large() -> f64 {
    LARGE.ln()
}

fn finite(z: Complex) -> bool {
    z.re.is_finite() && z.im.is_finite()
}

fn any_infinite(z: Complex) -> bool {
    z.re.is_infinite() || z.im.is_infinite()
}

/// A finite argument whose result overflowed.
fn check_range(z: Complex) -> NumResult<Complex> {
    if any_infinite(z) { range() } else { Ok(z) }
}

fn times_i(z: Complex) -> Complex {
    Complex::new(-z.im, z.re)
}

fn times_minus_i(z: Complex) -> Complex {
    Complex::new(z.im, -z.re)
}

fn ldexp(x: f64, n: i32) -> f64 {
    x * 2f64.powi(n)
}

pub fn sqrt(z: Complex) -> NumResult<Complex> {
    Ok(sqrt_plain(z))
}

fn sqrt_plain(z: Complex) -> Complex {
    let Complex { re, im } = z;
    if !finite(z) {
        return match (re, im) {
            (_, y) if y.is_infinite() => Complex::new(INF, y),
            (x, y) if x == INF => Complex::new(INF, if y.is_nan() { y } else { 0f64.copysign(y) }),
            (x, y) if x == -INF => Complex::new(if y.is_nan() { NAN } else { 0.0 }, INF.copysign(y)),
            _ => Complex::new(NAN, NAN),
        };
    }
    if re == 0.0 && im == 0.0 {
        return Complex::new(0.0, im);
    }
    let (ax, ay) = (re.abs(), im.abs());
    let s = if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        // Subnormal: scaled up, so that the root has all its bits.
        let ax = ldexp(ax, SCALE_UP);
        ldexp((ax + ax.hypot(ldexp(ay, SCALE_UP))).sqrt(), SCALE_DOWN)
    } else {
        let ax = ax / 8.0;
        2.0 * (ax + ax.hypot(ay / 8.0)).sqrt()
    };
    let d = ay / (2.0 * s);
    if re >= 0.0 { Complex::new(s, d.copysign(im)) } else { Complex::new(d, s.copysign(im)) }
}

/// `ln |z|` for a huge `z`, less `ln 2` for each halving.
fn log_of_half(z: Complex) -> f64 {
    (z.re / 2.0).hypot(z.im / 2.0).ln()
}

fn is_large(z: Complex) -> bool {
    z.re.abs() > large() || z.im.abs() > large()
}

pub fn acos(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if any_infinite(z) {
            let sign = if im.is_nan() { INF } else { INF.copysign(-im) };
            return Ok(Complex::new(im.abs().atan2(re), sign));
        }
        return Ok(Complex::new(if re == 0.0 { FRAC_PI_2 } else { NAN }, NAN));
    }
    if is_large(z) {
        let log = log_of_half(z) + 2.0 * LN_2;
        return Ok(Complex::new(im.abs().atan2(re), log.copysign(-im)));
    }
    let s1 = sqrt_plain(Complex::new(1.0 - re, -im));
    let s2 = sqrt_plain(Complex::new(1.0 + re, im));
    Ok(Complex::new(2.0 * s1.re.atan2(s2.re), real_asinh(s2.re * s1.im - s2.im * s1.re)))
}

pub fn acosh(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if any_infinite(z) {
            return Ok(Complex::new(INF, im.atan2(re)));
        }
        return Ok(Complex::new(NAN, if re == 0.0 { FRAC_PI_2 } else { NAN }));
    }
    if is_large(z) {
        return Ok(Complex::new(log_of_half(z) + 2.0 * LN_2, im.atan2(re)));
    }
    let s1 = sqrt_plain(Complex::new(re - 1.0, im));
    let s2 = sqrt_plain(Complex::new(re + 1.0, im));
    Ok(Complex::new(real_asinh(s1.re * s2.re + s1.im * s2.im), 2.0 * s1.im.atan2(s2.re)))
}

pub fn asin(z: Complex) -> NumResult<Complex> {
    Ok(times_minus_i(asinh_plain(times_i(z))))
}

pub fn asinh(z: Complex) -> NumResult<Complex> {
    Ok(asinh_plain(z))
}

fn asinh_plain(z: Complex) -> Complex {
    let Complex { re, im } = z;
    if !finite(z) {
        if any_infinite(z) {
            return Complex::new(if re.is_nan() { INF } else { INF.copysign(re) }, im.atan2(re.abs()));
        }
        return Complex::new(NAN, if im == 0.0 { im } else { NAN });
    }
    if is_large(z) {
        let log = log_of_half(z) + 2.0 * LN_2;
        return Complex::new(log.copysign(re), im.atan2(re.abs()));
    }
    let s1 = sqrt_plain(Complex::new(1.0 + im, -re));
    let s2 = sqrt_plain(Complex::new(1.0 - im, re));
    Complex::new(real_asinh(s1.re * s2.im - s2.re * s1.im), im.atan2(s1.re * s2.re - s1.im * s2.im))
}

pub fn atan(z: Complex) -> NumResult<Complex> {
    Ok(times_minus_i(atanh(times_i(z))?))
}

pub fn atanh(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        let quarter = if im.is_nan() { NAN } else { FRAC_PI_2.copysign(im) };
        if any_infinite(z) {
            return Ok(Complex::new(if re.is_nan() { 0.0 } else { 0f64.copysign(re) }, quarter));
        }
        return Ok(if re == 0.0 { Complex::new(re, NAN) } else { Complex::new(NAN, NAN) });
    }
    // Odd: only the right half plane need be considered.
    if re.is_sign_negative() {
        return atanh(super::neg(z)).map(super::neg);
    }
    let ay = im.abs();
    let sqrt_large = large().sqrt();
    if re > sqrt_large || ay > sqrt_large {
        let h = (re / 2.0).hypot(im / 2.0);
        return Ok(Complex::new(re / 4.0 / h / h, FRAC_PI_2.copysign(im)));
    }
    if re == 1.0 && ay < f64::MIN_POSITIVE.sqrt() {
        if ay == 0.0 {
            return domain();
        }
        let half = 2f64.atan2(-ay) / 2.0;
        return Ok(Complex::new(-(ay.sqrt() / ay.hypot(2.0).sqrt()).ln(), half.copysign(im)));
    }
    let one = 1.0 - re;
    Ok(Complex::new(
        real_log1p(4.0 * re / (one * one + ay * ay)) / 4.0,
        -(-2.0 * im).atan2(one * (1.0 + re) - ay * ay) / 2.0,
    ))
}

pub fn cos(z: Complex) -> NumResult<Complex> {
    cosh(times_i(z))
}

pub fn sin(z: Complex) -> NumResult<Complex> {
    sinh(times_i(z)).map(times_minus_i)
}

pub fn tan(z: Complex) -> NumResult<Complex> {
    tanh(times_i(z)).map(times_minus_i)
}

pub fn cosh(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if im.is_infinite() && !re.is_nan() {
            return domain();
        }
        return Ok(match (re, im) {
            (x, 0.0) => Complex::new(x * x, if x.is_nan() { 0.0 } else { x.signum() * im }),
            (0.0, y) => Complex::new(y, 0.0),
            (x, y) if x.is_infinite() && y.is_finite() => {
                Complex::new(INF.copysign(y.cos()), INF.copysign(y.sin()) * x.signum())
            }
            (x, _) if x.is_infinite() => Complex::new(INF, NAN),
            _ => Complex::new(NAN, NAN),
        });
    }
    check_range(if re.abs() > log_large() {
        let x = re - 1f64.copysign(re);
        Complex::new(im.cos() * x.cosh() * E, im.sin() * x.sinh() * E)
    } else {
        Complex::new(im.cos() * re.cosh(), im.sin() * re.sinh())
    })
}

pub fn sinh(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if im.is_infinite() && !re.is_nan() {
            return domain();
        }
        return Ok(match (re, im) {
            (x, 0.0) => Complex::new(x, im),
            (0.0, y) => Complex::new(0.0, y),
            (x, y) if x.is_infinite() && y.is_finite() => {
                Complex::new(INF.copysign(y.cos()) * x.signum(), INF.copysign(y.sin()))
            }
            (x, _) if x.is_infinite() => Complex::new(INF, NAN),
            _ => Complex::new(NAN, NAN),
        });
    }
    check_range(if re.abs() > log_large() {
        let x = re - 1f64.copysign(re);
        Complex::new(im.cos() * x.sinh() * E, im.sin() * x.cosh() * E)
    } else {
        Complex::new(im.cos() * re.sinh(), im.sin() * re.cosh())
    })
}

pub fn tanh(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if im.is_infinite() && re.is_finite() {
            return domain();
        }
        return Ok(match (re, im) {
            (x, y) if x.is_infinite() => {
                let zero = if y.is_finite() { 0f64.copysign(2.0 * y.sin() * y.cos()) } else { 0.0 };
                Complex::new(x.signum(), zero)
            }
            (_, 0.0) => Complex::new(NAN, im),
            (0.0, _) => Complex::new(re, NAN),
            _ => Complex::new(NAN, NAN),
        });
    }
    if re.abs() > log_large() {
        return Ok(Complex::new(1f64.copysign(re), 4.0 * im.sin() * im.cos() * (-2.0 * re.abs()).exp()));
    }
    let (tx, ty, cx) = (re.tanh(), im.tan(), 1.0 / re.cosh());
    let product = tx * ty;
    let denominator = 1.0 + product * product;
    Ok(Complex::new(tx * (1.0 + ty * ty) / denominator, ((ty / denominator) * cx) * cx))
}

pub fn exp(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    if !finite(z) {
        if im.is_infinite() && (re.is_finite() || re == INF) {
            return domain();
        }
        return Ok(match (re, im) {
            (_, 0.0) => Complex::new(if re == -INF { 0.0 } else { re }, im),
            (NEG_INF, y) if y.is_finite() => Complex::new(0f64.copysign(y.cos()), 0f64.copysign(y.sin())),
            (INF, y) if y.is_finite() => Complex::new(INF.copysign(y.cos()), INF.copysign(y.sin())),
            (NEG_INF, _) => Complex::new(0.0, 0.0),
            (INF, _) => Complex::new(INF, NAN),
            _ => Complex::new(NAN, NAN),
        });
    }
    check_range(if re > log_large() {
        let l = (re - 1.0).exp();
        Complex::new(l * im.cos() * E, l * im.sin() * E)
    } else {
        let l = re.exp();
        Complex::new(l * im.cos(), l * im.sin())
    })
}

/// The natural logarithm.
pub fn log(z: Complex) -> NumResult<Complex> {
    let Complex { re, im } = z;
    let angle = im.atan2(re);
    if !finite(z) {
        return Ok(Complex::new(if any_infinite(z) { INF } else { NAN }, angle));
    }
    let (ax, ay) = (re.abs(), im.abs());
    let length = if is_large(z) {
        log_of_half(z) + LN_2
    } else if ax < f64::MIN_POSITIVE && ay < f64::MIN_POSITIVE {
        if ax == 0.0 && ay == 0.0 {
            return domain();
        }
        ldexp(ax, SCALE_UP).hypot(ldexp(ay, SCALE_UP)).ln() - SCALE_UP as f64 * LN_2
    } else {
        let h = ax.hypot(ay);
        if (0.71..=1.73).contains(&h) {
            // Near the unit circle the logarithm cancels: from the distance to it.
            let (most, least) = if ax > ay { (ax, ay) } else { (ay, ax) };
            real_log1p((most - 1.0) * (most + 1.0) + least * least) / 2.0
        } else {
            h.ln()
        }
    };
    Ok(Complex::new(length, angle))
}

pub fn log10(z: Complex) -> NumResult<Complex> {
    let r = log(z)?;
    Ok(Complex::new(r.re / LN_10, r.im / LN_10))
}

/// `cmath.log(z, base)`
pub fn log_base(z: Complex, base: Complex) -> NumResult<Complex> {
    super::div(log(z)?, log(base)?).or_else(|_| domain())
}

/// `cmath.phase(z)`
pub fn phase(z: Complex) -> f64 {
    z.im.atan2(z.re)
}

/// `cmath.polar(z)`
pub fn polar(z: Complex) -> NumResult<(f64, f64)> {
    let r = z.re.hypot(z.im);
    if r.is_infinite() && finite(z) {
        return range();
    }
    Ok((r, phase(z)))
}

/// `cmath.rect(r, phi)`
pub fn rect(r: f64, phi: f64) -> NumResult<Complex> {
    if !r.is_finite() || !phi.is_finite() {
        if r != 0.0 && !r.is_nan() && phi.is_infinite() {
            return domain();
        }
        return Ok(match (r, phi) {
            (r, 0.0) => Complex::new(r, if r.is_nan() { 0.0 } else { phi * r.signum() }),
            (0.0, _) => Complex::new(0.0, 0.0),
            (r, phi) if r.is_infinite() && phi.is_finite() => {
                Complex::new(INF.copysign(phi.cos()) * r.signum(), INF.copysign(phi.sin()) * r.signum())
            }
            (r, _) if r.is_infinite() => Complex::new(INF, NAN),
            _ => Complex::new(NAN, NAN),
        });
    }
    Ok(if phi == 0.0 { Complex::new(r, r * phi) } else { Complex::new(r * phi.cos(), r * phi.sin()) })
}

/// `cmath.isclose(a, b)`
pub fn is_close(a: Complex, b: Complex, relative: f64, absolute: f64) -> NumResult<bool> {
    if relative < 0.0 || absolute < 0.0 {
        return Err(NumError::value("tolerances must be non-negative"));
    }
    if a == b {
        return Ok(true);
    }
    if any_infinite(a) || any_infinite(b) {
        return Ok(false);
    }
    let size = |z: Complex| z.re.hypot(z.im);
    let difference = size(super::sub(a, b));
    Ok(difference <= relative * size(b) || difference <= relative * size(a) || difference <= absolute)
}
