//! Python's `complex`: arithmetic, text, hash; [`cmath`] has the functions.
//!
//! Since 3.14 a real operand is not turned into a complex number first: mixed operations treat it as having
//! no imaginary part at all, so that signed zeros, infinities and NaNs survive (`add_real` and so on).
//! Infinities that come out as NaN in both parts are recovered as C's Annex G prescribes.

pub mod cmath;
mod text;

pub use text::{ComplexParse, invalid_literal, malformed, parse, write_repr};

use crate::error::{NumError, NumResult};
use crate::float;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Complex {
    pub re: f64,
    pub im: f64,
}

impl Complex {
    pub const ONE: Complex = Complex { re: 1.0, im: 0.0 };

    #[inline]
    pub fn new(re: f64, im: f64) -> Self {
        Complex { re, im }
    }

    fn is_zero(self) -> bool {
        self.re == 0.0 && self.im == 0.0
    }

    fn has_infinity(self) -> bool {
        self.re.is_infinite() || self.im.is_infinite()
    }

    fn is_finite(self) -> bool {
        self.re.is_finite() && self.im.is_finite()
    }

    /// Infinities become ±1, all else ±0.
    fn unit_of_infinity(self) -> Self {
        let unit = |x: f64| if x.is_infinite() { 1f64 } else { 0.0 }.copysign(x);
        Complex::new(unit(self.re), unit(self.im))
    }

    /// NaNs become ±0.
    fn without_nans(self) -> Self {
        let plain = |x: f64| if x.is_nan() { 0f64.copysign(x) } else { x };
        Complex::new(plain(self.re), plain(self.im))
    }
}

#[inline]
pub fn add(a: Complex, b: Complex) -> Complex {
    Complex::new(a.re + b.re, a.im + b.im)
}

#[inline]
pub fn add_real(a: Complex, b: f64) -> Complex {
    Complex::new(a.re + b, a.im)
}

#[inline]
pub fn sub(a: Complex, b: Complex) -> Complex {
    Complex::new(a.re - b.re, a.im - b.im)
}

#[inline]
pub fn sub_real(a: Complex, b: f64) -> Complex {
    Complex::new(a.re - b, a.im)
}

#[inline]
pub fn real_sub(a: f64, b: Complex) -> Complex {
    Complex::new(a - b.re, -b.im)
}

#[inline]
pub fn neg(a: Complex) -> Complex {
    Complex::new(-a.re, -a.im)
}

#[inline]
pub fn mul(a: Complex, b: Complex) -> Complex {
    let (ac, bd, ad, bc) = (a.re * b.re, a.im * b.im, a.re * b.im, a.im * b.re);
    let r = Complex::new(ac - bd, ad + bc);
    if r.re.is_nan() && r.im.is_nan() { recover_product(a, b, [ac, bd, ad, bc]).unwrap_or(r) } else { r }
}

#[cold]
fn recover_product(mut a: Complex, mut b: Complex, products: [f64; 4]) -> Option<Complex> {
    let mut lost = false;
    if a.has_infinity() {
        (a, b) = (a.unit_of_infinity(), b.without_nans());
        lost = true;
    }
    if b.has_infinity() {
        (a, b) = (a.without_nans(), b.unit_of_infinity());
        lost = true;
    }
    if !lost && products.iter().any(|p| p.is_infinite()) {
        (a, b) = (a.without_nans(), b.without_nans());
        lost = true;
    }
    let inf = f64::INFINITY;
    lost.then(|| Complex::new(inf * (a.re * b.re - a.im * b.im), inf * (a.re * b.im + a.im * b.re)))
}

#[inline]
pub fn mul_real(a: Complex, b: f64) -> Complex {
    Complex::new(a.re * b, a.im * b)
}

#[cold]
fn division_by_zero() -> NumError {
    NumError::zero_division("division by zero")
}

/// Smith's method: scaling by the larger part of the divisor avoids overflow.
pub fn div(a: Complex, b: Complex) -> NumResult<Complex> {
    if b.is_zero() {
        return Err(division_by_zero());
    }
    let r = if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        Complex::new((a.re + a.im * ratio) / denominator, (a.im - a.re * ratio) / denominator)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        Complex::new((a.re * ratio + a.im) / denominator, (a.im * ratio - a.re) / denominator)
    } else {
        Complex::new(f64::NAN, f64::NAN)
    };
    if !(r.re.is_nan() && r.im.is_nan()) {
        return Ok(r);
    }
    if a.has_infinity() && b.is_finite() {
        let (u, inf) = (a.unit_of_infinity(), f64::INFINITY);
        return Ok(Complex::new(inf * (u.re * b.re + u.im * b.im), inf * (u.im * b.re - u.re * b.im)));
    }
    if b.has_infinity() && a.is_finite() {
        let u = b.unit_of_infinity();
        return Ok(Complex::new(0.0 * (a.re * u.re + a.im * u.im), 0.0 * (a.im * u.re - a.re * u.im)));
    }
    Ok(r)
}

#[inline]
pub fn div_real(a: Complex, b: f64) -> NumResult<Complex> {
    if b == 0.0 { Err(division_by_zero()) } else { Ok(Complex::new(a.re / b, a.im / b)) }
}

pub fn real_div(a: f64, b: Complex) -> NumResult<Complex> {
    if b.is_zero() {
        return Err(division_by_zero());
    }
    let r = if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let denominator = b.re + b.im * ratio;
        Complex::new(a / denominator, (-a * ratio) / denominator)
    } else if b.im.abs() >= b.re.abs() {
        let ratio = b.re / b.im;
        let denominator = b.re * ratio + b.im;
        Complex::new((a * ratio) / denominator, -a / denominator)
    } else {
        Complex::new(f64::NAN, f64::NAN)
    };
    if r.re.is_nan() && r.im.is_nan() && a.is_finite() && b.has_infinity() {
        let u = b.unit_of_infinity();
        return Ok(Complex::new(0.0 * (a * u.re), 0.0 * (-a * u.im)));
    }
    Ok(r)
}

#[cold]
fn zero_power() -> NumError {
    NumError::zero_division("zero to a negative or complex power")
}

/// `a ** b`. Small integer exponents are powered by multiplication, which is more exact than logarithms.
pub fn pow(a: Complex, b: Complex) -> NumResult<Complex> {
    let r = if b.im == 0.0 && b.re == b.re.floor() && b.re.abs() <= 100.0 {
        integer_power(a, b.re as i32)?
    } else {
        general_power(a, b)?
    };
    if r.has_infinity() {
        return Err(NumError::overflow("complex exponentiation"));
    }
    Ok(r)
}

fn integer_power(a: Complex, n: i32) -> NumResult<Complex> {
    let mut r = Complex::ONE;
    let mut p = a;
    let mut left = n.unsigned_abs();
    while left > 0 {
        if left & 1 == 1 {
            r = mul(r, p);
        }
        left >>= 1;
        p = mul(p, p);
    }
    if n > 0 { Ok(r) } else { div(Complex::ONE, r).map_err(|_| zero_power()) }
}

fn general_power(a: Complex, b: Complex) -> NumResult<Complex> {
    if b.is_zero() {
        return Ok(Complex::ONE);
    }
    if a.is_zero() {
        if b.im != 0.0 || b.re < 0.0 {
            return Err(zero_power());
        }
        return Ok(Complex::new(0.0, 0.0));
    }
    let size = a.re.hypot(a.im);
    let mut length = size.powf(b.re);
    let angle = a.im.atan2(a.re);
    let mut phase = angle * b.re;
    if b.im != 0.0 {
        length *= (-angle * b.im).exp();
        phase += b.im * size.ln();
    }
    if phase.is_infinite() {
        // Without direction; CPython sees the domain error of the cosine and reports this.
        return Err(zero_power());
    }
    Ok(Complex::new(length * phase.cos(), length * phase.sin()))
}

/// `abs(a)`
pub fn abs(a: Complex) -> NumResult<f64> {
    let r = a.re.hypot(a.im);
    if r.is_infinite() && a.is_finite() {
        return Err(NumError::overflow("absolute value too large"));
    }
    Ok(r)
}

/// `hash` from the hashes of both parts ([`float::hash`]; for a NaN that of its object).
pub fn combine_hashes(re: i64, im: i64) -> i64 {
    let h = re.wrapping_add(im.wrapping_mul(1_000_003));
    if h == -1 { -2 } else { h }
}

/// `hash(a)`; `None` if a part is a NaN.
pub fn hash(a: Complex) -> Option<i64> {
    Some(combine_hashes(float::hash(a.re)?, float::hash(a.im)?))
}
