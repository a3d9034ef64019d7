//! Powers, modular powers, greatest common divisors and roots.

use super::{BigInt, Int, floor_mod, mag, mul, shl, shr, sub};
use crate::error::{NumError, NumResult};
use crate::limbs::Limbs;
use dashu_int::UBig;
use dashu_int::fast_div::ConstDivisor;
use dashu_int::monty::MontgomeryRepr;
use dashu_int::ops::{Gcd, SquareRoot};

/// `a ** e`. Exponents beyond `u64` are for the caller: only 0, 1 and -1 have such powers.
pub fn pow(a: Int, e: u64) -> NumResult<BigInt> {
    let neg = a.neg && e & 1 == 1;
    match (a.mag, e) {
        (_, 0) => return Ok(BigInt::from(1i64)),
        (_, 1) => return Ok(a.to_owned()),
        (_, 2) => return Ok(mul(a, a)),
        ([], _) => return Ok(BigInt::zero()),
        ([1], _) => return Ok(BigInt::from(if neg { -1i64 } else { 1 })),
        _ => {}
    }
    // The factor 2^k of the base is a shift of the result.
    let twos = mag::trailing_zeros(a.mag).unwrap_or(0);
    let shift = twos.checked_mul(e).ok_or_else(NumError::memory)?;
    let odd = shr(a.abs(), twos);
    let bits = mag::bit_length(&odd.mag);
    if (bits as u128 - 1) * e as u128 > 1 << 62 {
        return Err(NumError::memory());
    }
    let mut r = if odd.view().is_one() { odd } else { pow_odd(&odd.mag, e)? };
    if shift != 0 {
        r = shl(r.view(), shift)?;
    }
    r.neg = neg;
    Ok(r)
}

/// Binary powering from the top bit down, so that the multiplications are by the (short) base.
fn pow_odd(base: &[u64], e: u64) -> NumResult<BigInt> {
    let steps = 63 - e.leading_zeros();
    let mut done = 0;
    let mut r = Limbs::from_slice(base);
    if let [w] = *base {
        // As long as it fits a word.
        let mut acc = w;
        while done < steps {
            let Some(sq) = acc.checked_mul(acc) else { break };
            let odd = e >> (steps - done - 1) & 1 == 1;
            let Some(next) = sq.checked_mul(if odd { w } else { 1 }) else { break };
            acc = next;
            done += 1;
        }
        r = Limbs::from_u128(acc as u128);
    }
    while done < steps {
        let mut sq = Limbs::try_zeros(2 * r.len())?;
        let n = mag::mul(&mut sq, &r, &r);
        sq.truncate(n);
        done += 1;
        if e >> (steps - done) & 1 == 1 {
            r = Limbs::zeros(n + base.len());
            let n = mag::mul(&mut r, &sq, base);
            r.truncate(n);
        } else {
            r = sq;
        }
    }
    Ok(BigInt { neg: false, mag: r })
}

/// `pow(a, e, m)`: the result has the sign of `m`; a negative exponent inverts the base first.
pub fn mod_pow(a: Int, e: Int, m: Int) -> NumResult<BigInt> {
    if m.is_zero() {
        return Err(NumError::value("pow() 3rd argument cannot be 0"));
    }
    let modulus = m.abs();
    let mut base = floor_mod(a, modulus)?;
    if e.neg {
        base = mod_inverse(base.view(), modulus)?;
    }
    let r = mod_pow_mag(&base.mag, e.mag, m.mag);
    if m.neg && !r.is_empty() {
        return Ok(sub(Int { neg: false, mag: &r }, modulus));
    }
    Ok(BigInt { neg: false, mag: r })
}

/// `base` is already reduced.
fn mod_pow_mag(base: &[u64], e: &[u64], m: &[u64]) -> Limbs {
    if let [w] = *m {
        return Limbs::from_u128(mod_pow_word(base.first().copied().unwrap_or(0), e, w) as u128);
    }
    if e.is_empty() {
        return Limbs::from_u128(1);
    }
    let (x, exp, modulus) = (UBig::from_words(base), UBig::from_words(e), UBig::from_words(m));
    let r = if m[0] & 1 == 1 {
        MontgomeryRepr::new(modulus).reduce(x).pow(&exp).residue()
    } else {
        ConstDivisor::new(modulus).reduce(x).pow(&exp).residue()
    };
    Limbs::from_slice(r.as_words())
}

fn mod_pow_word(base: u64, e: &[u64], m: u64) -> u64 {
    if m == 1 {
        return 0;
    }
    let mut r = 1;
    let bits = e.iter().rev().flat_map(|&w| (0..64).rev().map(move |i| w >> i & 1 == 1)).skip_while(|b| !b);
    if m <= u32::MAX as u64 {
        for bit in bits {
            r = r * r % m;
            if bit {
                r = r * base % m;
            }
        }
        return r;
    }
    let d = mag::WordDivisor::new(m);
    for bit in bits {
        r = d.rem_wide(r as u128 * r as u128);
        if bit {
            r = d.rem_wide(r as u128 * base as u128);
        }
    }
    r
}

/// The inverse of `a` modulo `m > 0`, in `0..m`.
pub fn mod_inverse(a: Int, m: Int) -> NumResult<BigInt> {
    if m.mag == [1] {
        return Ok(BigInt::zero());
    }
    let a = floor_mod(a, m)?;
    let ring = ConstDivisor::new(UBig::from_words(m.mag));
    match ring.reduce(UBig::from_words(&a.mag)).inv() {
        Some(r) => Ok(BigInt { neg: false, mag: Limbs::from_slice(r.residue().as_words()) }),
        None => Err(NumError::value("base is not invertible for the given modulus")),
    }
}

pub fn gcd(a: Int, b: Int) -> BigInt {
    let mag = match (a.mag, b.mag) {
        ([], x) | (x, []) => Limbs::from_slice(x),
        (&[x], &[y]) => Limbs::from_u128(gcd_word(x, y) as u128),
        (&[x], y) | (y, &[x]) => {
            let r = mag::WordDivisor::new(x).rem(y);
            Limbs::from_u128(gcd_word(x, r) as u128)
        }
        (x, y) => Limbs::from_slice(UBig::from_words(x).gcd(&UBig::from_words(y)).as_words()),
    };
    BigInt { neg: false, mag }
}

/// Stein's binary algorithm.
pub fn gcd_word(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let shift = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    loop {
        b >>= b.trailing_zeros();
        if a > b {
            (a, b) = (b, a);
        }
        b -= a;
        if b == 0 {
            return a << shift;
        }
    }
}

/// The integer part of the square root.
pub fn isqrt(a: Int) -> NumResult<BigInt> {
    if a.neg {
        return Err(NumError::value("isqrt() argument must be nonnegative"));
    }
    let mag = match *a.mag {
        [] => Limbs::new(),
        [x] => Limbs::from_u128(x.isqrt() as u128),
        [x, y] => Limbs::from_u128(((y as u128) << 64 | x as u128).isqrt()),
        _ => Limbs::from_slice(UBig::from_words(a.mag).sqrt().as_words()),
    };
    Ok(BigInt { neg: false, mag })
}
