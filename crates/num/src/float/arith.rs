//! Floor division, powers, rounding, conversion to integers and the hash of doubles.

use crate::bigint::{self, BigInt, HASH_MODULUS, Int, SmallInt, decompose};
use crate::error::{NumError, NumResult};

#[cold]
fn division_by_zero() -> NumError {
    NumError::zero_division("division by zero")
}

/// Python's `/`.
#[inline]
pub fn true_div(x: f64, y: f64) -> NumResult<f64> {
    if y == 0.0 { Err(division_by_zero()) } else { Ok(x / y) }
}

/// Python's `%`: the result has the sign of the divisor.
#[inline]
pub fn modulo(x: f64, y: f64) -> NumResult<f64> {
    if y == 0.0 {
        return Err(division_by_zero());
    }
    Ok(floor_rem(x, y, x % y))
}

/// Moves C's remainder to the sign of the divisor.
#[inline]
fn floor_rem(_x: f64, y: f64, r: f64) -> f64 {
    if r == 0.0 {
        0f64.copysign(y)
    } else if (y < 0.0) != (r < 0.0) {
        r + y
    } else {
        r
    }
}

/// Python's `divmod`.
#[inline]
pub fn div_mod(x: f64, y: f64) -> NumResult<(f64, f64)> {
    if y == 0.0 {
        return Err(division_by_zero());
    }
    let r = x % y;
    // The dividend less the remainder is nearly a multiple: the division is next to exact.
    let mut q = (x - r) / y;
    if r != 0.0 && (y < 0.0) != (r < 0.0) {
        q -= 1.0;
    }
    let whole = if q != 0.0 {
        let f = q.floor();
        if q - f > 0.5 { f + 1.0 } else { f }
    } else {
        0f64.copysign(x / y)
    };
    Ok((whole, floor_rem(x, y, r)))
}

/// Python's `//`.
#[inline]
pub fn floor_div(x: f64, y: f64) -> NumResult<f64> {
    Ok(div_mod(x, y)?.0)
}

/// The C library's `pow` is known to err by less than 0.54 units in the last place: glibc and musl say so where they
/// define it.
const GOOD_POW: bool = cfg!(all(target_os = "linux", any(target_env = "gnu", target_env = "musl")));

/// A square as the sum of two doubles (Dekker 1971), if neither is too large or too small.
#[inline(always)]
fn square(x: f64) -> (f64, f64) {
    let wide = x * 134_217_729.0;
    let high = wide - (wide - x);
    let low = x - high;
    let p = x * x;
    (p, (high * high - p + 2.0 * high * low) + low * low)
}

/// A square or square root where the library's `pow` certainly gives the same: where the exact result is so near to this
/// double that any other one would be a larger error.
#[inline]
fn short_power(x: f64, y: f64) -> Option<f64> {
    // How far it is off, in units that are so large.
    let (r, error, scale) = if y == 2.0 {
        let (r, error) = square(x);
        (r, error, 1.0)
    } else {
        let r = x.sqrt();
        let (p, error) = square(r);
        (r, x - p - error, 2.0 * r)
    };
    let (exponent, fraction) = (r.to_bits() >> 52, r.to_bits() << 12);
    // Far from where `error` would not be exact; below a power of two doubles are twice as dense.
    if !(600..1900).contains(&exponent) || fraction == 0 {
        return None;
    }
    let unit = f64::from_bits((exponent - 52) << 52);
    (error.abs() < 0.45 * unit * scale).then_some(r)
}

/// `pow` of the C library, to the bit.
#[inline]
pub fn powf(x: f64, y: f64) -> f64 {
    if (y == 2.0 || y == 0.5)
        && GOOD_POW
        && let Some(r) = short_power(x, y)
    {
        return r;
    }
    x.powf(y)
}

/// Python's `x ** y`. `None` asks for the complex power: a negative base with a fractional exponent.
pub fn pow(x: f64, y: f64) -> NumResult<Option<f64>> {
    if x == 0.0 && y < 0.0 && y.is_finite() {
        return Err(NumError::zero_division("zero to a negative power"));
    }
    if x < 0.0 && x.is_finite() && y.is_finite() && y != y.floor() {
        return Ok(None);
    }
    let r = powf(x, y);
    if r.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(NumError::out_of_range());
    }
    Ok(Some(r))
}

#[inline]
pub fn is_integer(x: f64) -> bool {
    x.is_finite() && x == x.trunc()
}

/// `hash(x)`; a NaN has none of its own (its object's identity serves).
pub fn hash(x: f64) -> Option<i64> {
    if !x.is_finite() {
        return if x.is_nan() { None } else { Some(if x > 0.0 { 314159 } else { -314159 }) };
    }
    let (m, e) = decompose(x);
    // Multiplication by 2^e modulo 2^61 - 1 rotates 61 bits.
    let by = e.rem_euclid(61) as u32;
    let h = (m << by | (m as u128).wrapping_shr(61 - by) as u64) & HASH_MODULUS;
    let h = if x < 0.0 { -(h as i64) } else { h as i64 };
    Some(if h == -1 { -2 } else { h })
}

fn check_finite(x: f64) -> NumResult<()> {
    if x.is_finite() {
        Ok(())
    } else if x.is_nan() {
        Err(NumError::value("cannot convert float NaN to integer"))
    } else {
        Err(NumError::overflow("cannot convert float infinity to integer"))
    }
}

/// `int(x)`
pub fn to_int(x: f64) -> NumResult<BigInt> {
    check_finite(x)?;
    Ok(bigint::from_f64(x))
}

/// `math.floor(x)`
pub fn floor(x: f64) -> NumResult<BigInt> {
    to_int(x.floor())
}

/// `math.ceil(x)`
pub fn ceil(x: f64) -> NumResult<BigInt> {
    to_int(x.ceil())
}

/// `round(x)`: to the nearest integer, halves to even.
pub fn round_int(x: f64) -> NumResult<BigInt> {
    to_int(x.round_ties_even())
}

/// `x.as_integer_ratio()`
pub fn as_integer_ratio(x: f64) -> NumResult<(BigInt, BigInt)> {
    if x.is_nan() {
        return Err(NumError::value("cannot convert NaN to integer ratio"));
    }
    if x.is_infinite() {
        return Err(NumError::overflow("cannot convert Infinity to integer ratio"));
    }
    if x == 0.0 {
        return Ok((BigInt::zero(), BigInt::from(1i64)));
    }
    let (m, e) = decompose(x);
    let twos = m.trailing_zeros();
    let (m, e) = (m >> twos, e + twos as i32);
    let n = SmallInt::from(m as i64 * if x < 0.0 { -1 } else { 1 });
    let shifted = |a: Int, by: i32| bigint::shl(a, by as u64).expect("doubles are short");
    Ok(if e >= 0 {
        (shifted(n.view(), e), BigInt::from(1i64))
    } else {
        (n.view().to_owned(), shifted(Int::ONE, -e))
    })
}

/// `round(x, n)`: correctly rounded in decimal, ties (exact ones) to even.
pub fn round_digits(x: f64, n: i64) -> NumResult<f64> {
    // Beyond these bounds every double is a multiple already, or less than half a unit.
    if !x.is_finite() || n > 323 || x == 0.0 {
        return Ok(x);
    }
    if n < -308 {
        return Ok(0.0 * x);
    }
    let abs = x.abs();
    let r = if n >= 0 {
        if abs >= (1u64 << 52) as f64 {
            return Ok(x);
        }
        round_decimals(abs, n as usize)
    } else {
        round_tens(abs, n.unsigned_abs() as u32)
    };
    if r == f64::INFINITY {
        return Err(NumError::overflow("rounded value too large to represent"));
    }
    Ok(r.copysign(x))
}

/// Powers of ten that are doubles.
const TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

fn round_decimals(x: f64, n: usize) -> f64 {
    if let Some(v) = super::digits::scaled(x, n)
        && v <= 1 << 53
    {
        // Both are doubles, so that their quotient is correctly rounded.
        return v as f64 / TEN[n];
    }
    let d = super::fixed_digits(x, n);
    // 0.d1d2… * 10^point as text for the correctly rounding parser.
    let mut text = [0; 1100];
    let digits = d.digits();
    text[0] = b'.';
    text[1..=digits.len()].copy_from_slice(digits);
    let mut end = digits.len() + 1;
    if d.point != 0 {
        text[end] = b'e';
        text[end + 1] = if d.point < 0 { b'-' } else { b'+' };
        let p = d.point.unsigned_abs();
        for (i, unit) in [100, 10, 1].into_iter().enumerate() {
            text[end + 2 + i] = b'0' + (p / unit % 10) as u8;
        }
        end += 5;
    }
    str::from_utf8(&text[..end]).expect("ASCII").parse().expect("a number")
}

/// Rounds to a multiple of `10^k`.
fn round_tens(x: f64, k: u32) -> f64 {
    if x < (1u64 << 53) as f64 && k <= 16 {
        let (n, power) = (x as u64, 10u64.pow(k));
        let (q, r) = (n / power, n % power);
        let fraction = x != n as f64;
        let up = match (2 * r).cmp(&power) {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => fraction || q & 1 == 1,
        };
        return ((q + up as u64) * power) as f64;
    }
    if x < (1u64 << 53) as f64 {
        // Less than half of 10^17.
        return 0.0;
    }
    let power = bigint::pow(SmallInt::from(10i64).view(), k as u64).expect("below 10^309");
    let whole = bigint::from_f64(x);
    let (q, _) = bigint::divmod_near(whole.view(), power.view()).expect("not zero");
    bigint::to_f64(bigint::mul(q.view(), power.view()).view()).unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The short ways give what the library gives.
    #[test]
    fn short_powers() {
        let (mut s, mut n) = (88_172_645_463_325_252u64, 0);
        for _ in 0..300_000 {
            s ^= s << 13;
            s ^= s >> 7;
            s ^= s << 17;
            let x = f64::from_bits(s & 0xf_ffff_ffff_ffff | (1023 - 30 + (s >> 52) % 60) << 52);
            for y in std::hint::black_box([2.0, 0.5]) {
                assert_eq!(powf(x, y).to_bits(), f64::powf(x, y).to_bits(), "{x:?} ** {y:?}");
                n += short_power(x, y).is_some() as usize;
            }
        }
        assert!(n > 500_000, "{n}");
        for x in [0.0, -0.0, -3.0, 2.0, f64::INFINITY, f64::NEG_INFINITY, 1e-320, 5e-324, 1e200, -1e-200] {
            for y in std::hint::black_box([2.0, 0.5]) {
                assert_eq!(powf(x, y).to_bits(), f64::powf(x, y).to_bits(), "{x:?} ** {y:?}");
            }
        }
        assert!(powf(f64::NAN, 2.0).is_nan() && powf(-2.0, 0.5).is_nan());
    }
}
