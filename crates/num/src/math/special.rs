//! Gamma and error functions.
//!
//! Gamma by the Lanczos approximation with Boost's coefficients (13 terms, 53 bits), as CPython computes it:
//! a few units in the last place, exact for small integers.

use super::elementary::{range_error, unexpected};
use crate::error::NumResult;
use std::f64::consts::PI;

// As published.
#[allow(clippy::excessive_precision)]
const G: f64 = 6.024680040776729583740234375;
const G_MINUS_HALF: f64 = G - 0.5;
const LN_PI: f64 = 1.144_729_885_849_400_2;

/// Numerator and denominator of the rational approximation, constant terms first.
#[allow(clippy::excessive_precision)]
const LANCZOS: [(f64, f64); 13] = [
    (23531376880.410759688572007674451636754734846804940, 0.0),
    (42919803642.649098768957899047001988850926355848959, 39916800.0),
    (35711959237.355668049440185451547166705960488635843, 120543840.0),
    (17921034426.037209699919755754458931112671403265390, 150917976.0),
    (6039542586.3520280050642916443072979210699388420708, 105258076.0),
    (1439720407.3117216736632230727949123939715485786372, 45995730.0),
    (248874557.86205415651146038641322942321632125127801, 13339535.0),
    (31426415.585400194380614231628318205362874684987640, 2637558.0),
    (2876370.6289353724412254090516208496135991145378768, 357423.0),
    (186056.26539522349504029498971604569928220784236328, 32670.0),
    (8071.6720023658162106380029022722506138218516325024, 1925.0),
    (210.82427775157934587250973392071336271166969580291, 66.0),
    (2.5066282746310002701649081771338373386264310793408, 1.0),
];

/// The approximation at `x > 0`; for larger `x` in powers of `1/x`, so that nothing overflows.
fn lanczos_sum(x: f64) -> f64 {
    let (n, d) = if x < 5.0 {
        LANCZOS.iter().rev().fold((0.0, 0.0), |(n, d), c| (n * x + c.0, d * x + c.1))
    } else {
        LANCZOS.iter().fold((0.0, 0.0), |(n, d), c| (n / x + c.0, d / x + c.1))
    };
    n / d
}

/// `sin(πx)`, exact at integers.
fn sin_pi(x: f64) -> f64 {
    let y = x.abs() % 2.0;
    let r = match (2.0 * y).round() as i32 {
        0 => (PI * y).sin(),
        1 => (PI * (y - 0.5)).cos(),
        // Not sin(π(y-1)): the sign of zero must come out right.
        2 => (PI * (1.0 - y)).sin(),
        3 => -(PI * (y - 1.5)).cos(),
        _ => (PI * (y - 2.0)).sin(),
    };
    r * 1f64.copysign(x)
}

const POLE: &str = "expected a noninteger or positive integer";

/// `math.gamma`
pub fn gamma(x: f64) -> NumResult<f64> {
    if x.is_nan() || x == f64::INFINITY {
        return Ok(x);
    }
    if x == f64::NEG_INFINITY || (x <= 0.0 && x == x.floor()) {
        return Err(unexpected(POLE, x));
    }
    if x == x.floor() && x <= 23.0 {
        // Factorials up to 22! are doubles.
        return Ok((2..x as u64).map(|n| n as f64).product());
    }
    let size = x.abs();
    let r = if size < 1e-20 {
        1.0 / x
    } else if size > 200.0 {
        if x < 0.0 { 0.0 / sin_pi(x) } else { f64::INFINITY }
    } else {
        gamma_middle(x)
    };
    if r.is_infinite() { Err(range_error()) } else { Ok(r) }
}

fn gamma_middle(x: f64) -> f64 {
    let size = x.abs();
    let y = size + G_MINUS_HALF;
    // What was lost in that sum corrects the result to first order.
    let lost = if size > G_MINUS_HALF { (y - size) - G_MINUS_HALF } else { (y - G_MINUS_HALF) - size };
    let z = lost * G / y;
    // The power overflows before its quotient does: in two steps.
    let (power, twice) =
        if size < 140.0 { (y.powf(size - 0.5), false) } else { (y.powf(size / 2.0 - 0.25), true) };
    if x < 0.0 {
        let mut r = -PI / sin_pi(size) / size * y.exp() / lanczos_sum(size);
        r -= z * r;
        r /= power;
        if twice { r / power } else { r }
    } else {
        let mut r = lanczos_sum(size) / y.exp();
        r += z * r;
        r *= power;
        if twice { r * power } else { r }
    }
}

/// `math.lgamma`: the logarithm of the absolute value of gamma.
pub fn lgamma(x: f64) -> NumResult<f64> {
    if !x.is_finite() {
        return Ok(x.abs());
    }
    if x == x.floor() && x <= 2.0 {
        return if x <= 0.0 { Err(unexpected(POLE, x)) } else { Ok(0.0) };
    }
    let size = x.abs();
    if size < 1e-20 {
        return Ok(-size.ln());
    }
    let mut r = lanczos_sum(size).ln() - G;
    r += (size - 0.5) * ((size + G - 0.5).ln() - 1.0);
    if x < 0.0 {
        r = LN_PI - sin_pi(size).abs().ln() - size.ln() - r;
    }
    if r.is_infinite() { Err(range_error()) } else { Ok(r) }
}

/// `math.erf`
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// `math.erfc`
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}
