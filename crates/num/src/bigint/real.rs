//! Integers and doubles: exact conversion and comparison, correctly rounded division, and the hash that
//! both kinds of number share.

use super::{BigInt, Int, mag};
use crate::error::{NumError, NumResult};
use crate::limbs::Limbs;
use std::cmp::Ordering;

/// The hash modulus, the Mersenne prime 2^61 - 1.
pub const HASH_MODULUS: u64 = (1 << 61) - 1;

/// `q * 2^e`, which must be a double (or overflow to infinity).
pub(crate) fn scale(q: u64, e: i64) -> f64 {
    if q == 0 {
        return 0.0;
    }
    let bits = 64 - q.leading_zeros() as i64;
    let exponent = e + bits - 1;
    if exponent > 1023 {
        f64::INFINITY
    } else if exponent >= -1022 {
        // Bits beyond 53 are zero by the precondition.
        let m = if bits <= 53 { q << (53 - bits) } else { q >> (bits - 53) };
        f64::from_bits((exponent + 1023) as u64 * (1 << 52) + (m & ((1 << 52) - 1)))
    } else {
        let up = e + 1074;
        f64::from_bits(if up >= 0 { q << up } else { q >> -up })
    }
}

/// `m * 2^e` rounded half to even, infinite beyond the range. The lowest bit of `m` may stand for anything
/// nonzero below it, provided that `m` then has at least 55 bits.
pub(crate) fn round_scaled(m: u64, e: i64) -> f64 {
    if m == 0 {
        return 0.0;
    }
    let bits = 64 - m.leading_zeros() as i64;
    let exponent = e + bits - 1;
    let precision = if exponent >= -1022 { 53 } else { 53 - (-1022 - exponent) };
    let drop = bits - precision;
    if drop <= 0 {
        return scale(m, e);
    }
    if drop > 64 {
        return 0.0;
    }
    let half = 1u64 << (drop - 1);
    let (q, rest) = if drop == 64 { (0, m) } else { (m >> drop, m & (half | (half - 1))) };
    let up = rest > half || (rest == half && q & 1 == 1);
    scale(q + up as u64, e + drop)
}

/// The 64 leading bits of a magnitude of at least two limbs, the lowest made sticky, and their exponent.
fn leading_bits(a: &[u64]) -> (u64, i64) {
    let n = a.len();
    let shift = a[n - 1].leading_zeros();
    let mut m = a[n - 1] << shift;
    let mut lost = a[n - 2];
    if shift != 0 {
        m |= lost >> (64 - shift);
        lost <<= shift;
    }
    let sticky = lost != 0 || a[..n - 2].iter().any(|&w| w != 0);
    (m | sticky as u64, (n as i64 - 1) * 64 - shift as i64)
}

/// The nearest double, ties to even.
pub fn to_f64(a: Int) -> NumResult<f64> {
    let r = match a.mag {
        [] => return Ok(0.0),
        &[w] => w as f64,
        m => {
            let (m, e) = leading_bits(m);
            round_scaled(m, e)
        }
    };
    if r == f64::INFINITY {
        return Err(NumError::overflow("int too large to convert to float"));
    }
    Ok(if a.neg { -r } else { r })
}

/// Mantissa and exponent of a finite double: `|x| = m * 2^e`.
#[inline]
pub(crate) fn decompose(x: f64) -> (u64, i32) {
    let bits = x.to_bits();
    let e = (bits >> 52 & 0x7ff) as i32;
    let m = bits & ((1 << 52) - 1);
    if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) }
}

/// A finite double without its fraction.
pub fn from_f64(x: f64) -> BigInt {
    let (m, e) = decompose(x);
    let neg = x < 0.0;
    if e <= 0 {
        let m = if e > -64 { m >> -e } else { 0 };
        return BigInt { neg: neg && m != 0, mag: Limbs::from_u128(m as u128) };
    }
    let (words, bits) = (e as usize / 64, e as u32 % 64);
    let wide = (m as u128) << bits;
    let mut mag = Limbs::zeros(words + 2);
    mag[words] = wide as u64;
    mag[words + 1] = (wide >> 64) as u64;
    BigInt::new(neg, mag)
}

/// `a / b` correctly rounded.
pub fn true_div(a: Int, b: Int) -> NumResult<f64> {
    if b.is_zero() {
        return Err(NumError::zero_division("division by zero"));
    }
    let neg = a.neg != b.neg;
    let r = match (a.mag, b.mag) {
        ([], _) => return Ok(if neg { -0.0 } else { 0.0 }),
        (&[x], &[y]) if x <= 1 << 53 && y <= 1 << 53 => x as f64 / y as f64,
        (x, y) => true_div_mag(x, y),
    };
    if r == f64::INFINITY {
        return Err(NumError::overflow("integer division result too large for a float"));
    }
    Ok(if neg { -r } else { r })
}

fn true_div_mag(a: &[u64], b: &[u64]) -> f64 {
    let diff = mag::bit_length(a) as i64 - mag::bit_length(b) as i64;
    if diff > 1025 {
        return f64::INFINITY;
    }
    if diff < -1080 {
        return 0.0;
    }
    // A quotient of 62 or 63 bits: a * 2^up / b.
    let up = 62 - diff;
    let mut sticky = false;
    let scaled = if up >= 0 {
        super::shl(Int { neg: false, mag: a }, up as u64).expect("less than 2^12 bits more")
    } else {
        sticky = mag::trailing_zeros(a).is_some_and(|z| (z as i64) < -up);
        super::shr(Int { neg: false, mag: a }, -up as u64)
    };
    let (q, r) = mag::div_rem(&scaled.mag, b);
    sticky |= !r.is_empty();
    round_scaled(q[0] | sticky as u64, -up)
}

/// Exact comparison; `None` if `x` is a NaN.
pub fn cmp_f64(a: Int, x: f64) -> Option<Ordering> {
    if x.is_nan() {
        return None;
    }
    let sign = |a: Int| if a.is_zero() { 0 } else { 1 - 2 * a.neg as i32 };
    let x_sign = if x == 0.0 { 0 } else { x.signum() as i32 };
    match sign(a).cmp(&x_sign) {
        Ordering::Equal => {}
        other => return Some(other),
    }
    let abs = if x.is_infinite() {
        Ordering::Less
    } else {
        // The integer parts decide, and where they are equal whether there is a fraction.
        let whole = from_f64(x.abs());
        mag::cmp(a.mag, &whole.mag).then(if x.fract() != 0.0 { Ordering::Less } else { Ordering::Equal })
    };
    Some(if a.neg { abs.reverse() } else { abs })
}

/// -1 is reserved for errors.
#[inline]
fn signed_hash(neg: bool, h: u64) -> i64 {
    let h = if neg { -(h as i64) } else { h as i64 };
    if h == -1 { -2 } else { h }
}

#[inline]
pub fn hash_i64(v: i64) -> i64 {
    signed_hash(v < 0, v.unsigned_abs() % HASH_MODULUS)
}

pub fn hash(a: Int) -> i64 {
    let mut h = 0u64;
    for &w in a.mag.iter().rev() {
        // 2^64 is 8 modulo 2^61 - 1; folding the sum's top bits down keeps it below 2^61 + 8.
        let t = (h as u128) << 3;
        let t = t + (w & HASH_MODULUS) as u128 + (w >> 61) as u128;
        h = (t as u64 & HASH_MODULUS) + (t >> 61) as u64;
    }
    signed_hash(a.neg, h % HASH_MODULUS)
}
