//! Python's `int` beyond machine words: sign and magnitude on borrowed limb slices.
//!
//! Invariants: a magnitude has no leading (most significant) zero limbs, zero is the empty slice and never
//! negative. Operands are views ([`Int`]), so that the limbs may lie inline in an object of the caller;
//! results are [`BigInt`]s whose [`Limbs`] stay on the stack up to 512 bits. Division rounds to minus
//! infinity and bitwise operations see infinite two's complement, as Python's do.

pub mod mag;

mod bits;
mod bytes;
mod power;
mod real;
mod text;

#[cfg(test)]
mod tests;

pub use bits::{and, bit_count, bit_length, invert, or, shl, shl_too_far, shr, xor};
pub use bytes::{from_bytes, to_bytes};
pub use power::{gcd, isqrt, mod_inverse, mod_pow, pow};
pub use real::{HASH_MODULUS, cmp_f64, from_f64, hash, hash_i64, to_f64, true_div};
pub(crate) use real::{decompose, round_scaled};
pub use text::{
    DEFAULT_MAX_STR_DIGITS, IntParse, MIN_MAX_STR_DIGITS, invalid_literal, parse, to_base, to_decimal,
    too_many_digits, write_base, write_decimal, write_i64, write_prefixed, write_u64,
};
pub(crate) use text::{decimal_len, fixed_decimal, strip};

use crate::error::{NumError, NumResult};
use crate::limbs::Limbs;
use std::cmp::Ordering;
use std::fmt;

/// A borrowed integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Int<'a> {
    pub neg: bool,
    pub mag: &'a [u64],
}

/// An integer with limbs of its own: what operations return.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct BigInt {
    pub neg: bool,
    pub mag: Limbs,
}

/// A machine integer as an operand: `SmallInt::from(5i64).view()`.
#[derive(Clone, Copy, Debug)]
pub struct SmallInt {
    neg: bool,
    len: u8,
    words: [u64; 2],
}

impl SmallInt {
    #[inline]
    pub fn view(&self) -> Int<'_> {
        Int { neg: self.neg, mag: &self.words[..self.len as usize] }
    }
}

impl From<i64> for SmallInt {
    #[inline]
    fn from(v: i64) -> Self {
        SmallInt { neg: v < 0, len: (v != 0) as u8, words: [v.unsigned_abs(), 0] }
    }
}

impl From<u64> for SmallInt {
    #[inline]
    fn from(v: u64) -> Self {
        SmallInt { neg: false, len: (v != 0) as u8, words: [v, 0] }
    }
}

impl From<i128> for SmallInt {
    #[inline]
    fn from(v: i128) -> Self {
        let m = v.unsigned_abs();
        let words = [m as u64, (m >> 64) as u64];
        let len = if words[1] != 0 { 2 } else { (words[0] != 0) as u8 };
        SmallInt { neg: v < 0, len, words }
    }
}

impl<'a> Int<'a> {
    pub const ZERO: Int<'static> = Int { neg: false, mag: &[] };
    pub const ONE: Int<'static> = Int { neg: false, mag: &[1] };

    /// From limbs that may have leading zeros.
    #[inline]
    pub fn new(neg: bool, limbs: &'a [u64]) -> Self {
        let mag = mag::trim(limbs);
        Int { neg: neg && !mag.is_empty(), mag }
    }

    #[inline]
    pub fn is_zero(self) -> bool {
        self.mag.is_empty()
    }

    #[inline]
    pub fn is_odd(self) -> bool {
        self.mag.first().is_some_and(|w| w & 1 == 1)
    }

    #[inline]
    pub fn is_one(self) -> bool {
        !self.neg && self.mag == [1]
    }

    #[inline]
    pub fn abs(self) -> Self {
        Int { neg: false, mag: self.mag }
    }

    #[inline]
    pub fn negated(self) -> Self {
        Int { neg: !self.neg && !self.mag.is_empty(), mag: self.mag }
    }

    #[inline]
    pub fn to_i64(self) -> Option<i64> {
        match (self.mag, self.neg) {
            ([], _) => Some(0),
            (&[w], false) => i64::try_from(w).ok(),
            (&[w], true) if w <= 1 << 63 => Some(w.wrapping_neg() as i64),
            _ => None,
        }
    }

    #[inline]
    pub fn to_u64(self) -> Option<u64> {
        match self.mag {
            [] => Some(0),
            &[w] if !self.neg => Some(w),
            _ => None,
        }
    }

    pub fn to_i128(self) -> Option<i128> {
        let m = match *self.mag {
            [] => 0,
            [a] => a as u128,
            [a, b] => (b as u128) << 64 | a as u128,
            _ => return None,
        };
        match self.neg {
            false => i128::try_from(m).ok(),
            true => (m <= 1 << 127).then_some(m.wrapping_neg() as i128),
        }
    }

    pub fn to_owned(self) -> BigInt {
        BigInt { neg: self.neg, mag: Limbs::from_slice(self.mag) }
    }
}

impl BigInt {
    pub const fn zero() -> Self {
        BigInt { neg: false, mag: Limbs::new() }
    }

    /// From limbs that may have leading zeros.
    #[inline]
    pub fn new(neg: bool, mut mag: Limbs) -> Self {
        mag.trim();
        BigInt { neg: neg && !mag.is_empty(), mag }
    }

    #[inline]
    pub fn view(&self) -> Int<'_> {
        Int { neg: self.neg, mag: &self.mag }
    }

    #[inline]
    pub fn to_i64(&self) -> Option<i64> {
        self.view().to_i64()
    }

    #[inline]
    pub fn is_zero(&self) -> bool {
        self.mag.is_empty()
    }

    #[inline]
    pub fn negate(mut self) -> Self {
        self.neg = !self.neg && !self.mag.is_empty();
        self
    }
}

macro_rules! from_small {
    ($($t:ty),*) => { $(
        impl From<$t> for BigInt {
            #[inline]
            fn from(v: $t) -> Self {
                SmallInt::from(v).view().to_owned()
            }
        }
    )* };
}
from_small!(i64, u64, i128);

impl From<u128> for BigInt {
    fn from(v: u128) -> Self {
        BigInt { neg: false, mag: Limbs::from_u128(v) }
    }
}

impl fmt::Display for Int<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_decimal(*self))
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(f)
    }
}

impl Ord for Int<'_> {
    #[inline]
    fn cmp(&self, o: &Self) -> Ordering {
        match (self.neg, o.neg) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => mag::cmp(self.mag, o.mag),
            (true, true) => mag::cmp(o.mag, self.mag),
        }
    }
}

impl PartialOrd for Int<'_> {
    #[inline]
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        Some(self.cmp(o))
    }
}

/// `|a| + |b|` with the given sign.
#[inline]
fn add_mag(neg: bool, a: &[u64], b: &[u64]) -> BigInt {
    let mut out = Limbs::zeros(a.len().max(b.len()) + 1);
    let n = mag::add(&mut out, a, b);
    out.truncate(n);
    BigInt { neg, mag: out }
}

/// `±(|a| - |b|)`: `neg` is the sign of a positive difference.
#[inline]
fn sub_mag(neg: bool, a: &[u64], b: &[u64]) -> BigInt {
    let (neg, a, b) = match mag::cmp(a, b) {
        Ordering::Equal => return BigInt::zero(),
        Ordering::Greater => (neg, a, b),
        Ordering::Less => (!neg, b, a),
    };
    let mut out = Limbs::zeros(a.len());
    let n = mag::sub(&mut out, a, b);
    out.truncate(n);
    BigInt { neg, mag: out }
}

pub fn add(a: Int, b: Int) -> BigInt {
    if a.neg == b.neg { add_mag(a.neg, a.mag, b.mag) } else { sub_mag(a.neg, a.mag, b.mag) }
}

pub fn sub(a: Int, b: Int) -> BigInt {
    if a.neg != b.neg {
        // The sign of a zero minuend says nothing.
        add_mag(if a.is_zero() { !b.neg } else { a.neg }, a.mag, b.mag)
    } else {
        sub_mag(a.neg, a.mag, b.mag)
    }
}

pub fn mul(a: Int, b: Int) -> BigInt {
    if let (&[x], &[y]) = (a.mag, b.mag) {
        return BigInt { neg: a.neg != b.neg, mag: Limbs::from_u128(x as u128 * y as u128) };
    }
    let mut out = Limbs::zeros(a.mag.len() + b.mag.len());
    let n = mag::mul(&mut out, a.mag, b.mag);
    out.truncate(n);
    BigInt { neg: a.neg != b.neg && n != 0, mag: out }
}

/// `a * b + c` for machine words `b` and `c`: the step of building a number digit by digit.
pub fn mul_add_word(a: Int, b: u64, c: u64) -> BigInt {
    let mut out = Limbs::from_slice(a.mag);
    let carry = mag::mul_word_in_place(&mut out, b, c);
    if carry != 0 {
        out.push(carry);
    }
    BigInt::new(a.neg, out)
}

#[cold]
fn division_by_zero() -> NumError {
    NumError::zero_division("division by zero")
}

/// Quotient and remainder rounded towards zero, as C divides.
pub fn trunc_div_rem(a: Int, b: Int) -> NumResult<(BigInt, BigInt)> {
    if b.is_zero() {
        return Err(division_by_zero());
    }
    let (q, r) = mag::div_rem(a.mag, b.mag);
    let (qn, rn) = (a.neg != b.neg && !q.is_empty(), a.neg && !r.is_empty());
    Ok((BigInt { neg: qn, mag: q }, BigInt { neg: rn, mag: r }))
}

/// Python's `divmod`: the quotient is rounded down, the remainder has the sign of the divisor.
pub fn divmod(a: Int, b: Int) -> NumResult<(BigInt, BigInt)> {
    if b.is_zero() {
        return Err(division_by_zero());
    }
    let (mut q, r) = mag::div_rem(a.mag, b.mag);
    if a.neg == b.neg {
        let neg = a.neg && !r.is_empty();
        return Ok((BigInt { neg: false, mag: q }, BigInt { neg, mag: r }));
    }
    if r.is_empty() {
        let neg = !q.is_empty();
        return Ok((BigInt { neg, mag: q }, BigInt { neg: false, mag: r }));
    }
    if mag::increment(&mut q) {
        q.push(1);
    }
    Ok((BigInt { neg: true, mag: q }, sub_mag(b.neg, b.mag, &r)))
}

/// Python's `//`.
pub fn floor_div(a: Int, b: Int) -> NumResult<BigInt> {
    if a.neg == b.neg
        && let Some(q) = mag::leading_quotient(a.mag, b.mag)
    {
        return Ok(BigInt { neg: false, mag: Limbs::from_u128(q as u128) });
    }
    Ok(divmod(a, b)?.0)
}

/// Python's `%`.
pub fn floor_mod(a: Int, b: Int) -> NumResult<BigInt> {
    if b.is_zero() {
        return Err(division_by_zero());
    }
    let r = mag::rem(a.mag, b.mag);
    if a.neg == b.neg || r.is_empty() {
        let neg = a.neg && !r.is_empty();
        return Ok(BigInt { neg, mag: r });
    }
    Ok(sub_mag(b.neg, b.mag, &r))
}

/// Quotient to the nearest, ties to even, and the remainder that goes with it: `round(int, -n)` rests on it.
pub fn divmod_near(a: Int, b: Int) -> NumResult<(BigInt, BigInt)> {
    let (q, r) = divmod(a, b)?;
    // |b| - |r| is the distance to the next multiple; r has the sign of b.
    let twice = add_mag(false, &r.mag, &r.mag);
    let up = match mag::cmp(&twice.mag, b.mag) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => q.view().is_odd(),
    };
    if !up {
        return Ok((q, r));
    }
    Ok((add(q.view(), Int::ONE), sub(r.view(), b)))
}
