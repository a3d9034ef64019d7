//! Shifts and bitwise operations: a negative number acts as its infinite two's complement.

use super::{BigInt, Int, mag};
use crate::error::{NumError, NumResult};
use crate::limbs::Limbs;

/// Shifts that would need more limbs than this fail with `MemoryError` instead of trying.
const MAX_LIMBS: u64 = 1 << 57;

pub fn bit_length(a: Int) -> u64 {
    mag::bit_length(a.mag)
}

/// How many bits of the absolute value are set.
pub fn bit_count(a: Int) -> u64 {
    a.mag.iter().map(|w| w.count_ones() as u64).sum()
}

/// `a << n`. Counts beyond `u64` are for the caller: zero stays zero, all else is an `OverflowError`
/// "too many digits in integer" ([`shl_too_far`]).
pub fn shl(a: Int, n: u64) -> NumResult<BigInt> {
    if a.is_zero() {
        return Ok(BigInt::zero());
    }
    let whole = n / 64;
    if whole + a.mag.len() as u64 >= MAX_LIMBS {
        return Err(if n > i64::MAX as u64 { shl_too_far() } else { NumError::memory() });
    }
    let whole = whole as usize;
    let mut out = Limbs::try_zeros(a.mag.len() + whole + 1)?;
    let top = out.len() - 1;
    out[top] = mag::shl_small(&mut out[whole..top], a.mag, (n % 64) as u32);
    if out[top] == 0 {
        out.truncate(top);
    }
    Ok(BigInt { neg: a.neg, mag: out })
}

#[cold]
pub fn shl_too_far() -> NumError {
    NumError::overflow("too many digits in integer")
}

/// `a >> n`, rounding down; counts beyond `u64` may be passed as `u64::MAX`.
pub fn shr(a: Int, n: u64) -> BigInt {
    let whole = (n / 64) as usize;
    if whole >= a.mag.len() {
        return if a.neg { BigInt::from(-1i64) } else { BigInt::zero() };
    }
    let bits = (n % 64) as u32;
    let src = &a.mag[whole..];
    // One limb of room for the carry of rounding down.
    let mut out = Limbs::zeros(src.len() + a.neg as usize);
    out[..src.len()].copy_from_slice(src);
    mag::shr_small_in_place(&mut out[..src.len()], bits);
    if a.neg {
        let lost = src[0] & !(u64::MAX << bits) != 0 || a.mag[..whole].iter().any(|&w| w != 0);
        if lost {
            mag::increment(&mut out);
        }
    }
    BigInt::new(a.neg, out)
}

/// The limbs of the two's complement of an integer, least significant first, without end.
struct Twos<'a> {
    mag: std::slice::Iter<'a, u64>,
    /// All ones for negative numbers.
    mask: u64,
    carry: bool,
}

impl<'a> Twos<'a> {
    fn new(a: Int<'a>) -> Self {
        Twos { mag: a.mag.iter(), mask: (a.neg as u64).wrapping_neg(), carry: a.neg }
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        let w = self.mag.next().copied().unwrap_or(0) ^ self.mask;
        let (w, c) = w.overflowing_add(self.carry as u64);
        self.carry = c;
        w
    }
}

#[inline(always)]
fn bitwise(a: Int, b: Int, op: impl Fn(u64, u64) -> u64) -> BigInt {
    let neg = op((a.neg as u64).wrapping_neg(), (b.neg as u64).wrapping_neg()) != 0;
    let n = a.mag.len().max(b.mag.len());
    let mut out = Limbs::zeros(n + neg as usize);
    if !a.neg && !b.neg {
        let (a, b) = if a.mag.len() >= b.mag.len() { (a.mag, b.mag) } else { (b.mag, a.mag) };
        let (low, high) = out.split_at_mut(b.len());
        for ((o, &x), &y) in low.iter_mut().zip(a).zip(b) {
            *o = op(x, y);
        }
        for (o, &x) in high.iter_mut().zip(&a[b.len()..]) {
            *o = op(x, 0);
        }
        return BigInt::new(false, out);
    }
    let (mut x, mut y) = (Twos::new(a), Twos::new(b));
    for o in &mut out[..n] {
        *o = op(x.next(), y.next());
    }
    if neg {
        // Back to a magnitude: invert and add one.
        out[n] = u64::MAX;
        for o in out.iter_mut() {
            *o = !*o;
        }
        mag::increment(&mut out);
    }
    BigInt::new(neg, out)
}

pub fn and(a: Int, b: Int) -> BigInt {
    if !a.neg && !b.neg {
        // The result is no longer than the shorter operand.
        let n = a.mag.len().min(b.mag.len());
        let mut out = Limbs::zeros(n);
        for ((o, &x), &y) in out.iter_mut().zip(a.mag).zip(b.mag) {
            *o = x & y;
        }
        return BigInt::new(false, out);
    }
    bitwise(a, b, |x, y| x & y)
}

pub fn or(a: Int, b: Int) -> BigInt {
    bitwise(a, b, |x, y| x | y)
}

pub fn xor(a: Int, b: Int) -> BigInt {
    bitwise(a, b, |x, y| x ^ y)
}

/// `~a`, which is `-(a + 1)`.
pub fn invert(a: Int) -> BigInt {
    super::add(a, Int::ONE).negate()
}
