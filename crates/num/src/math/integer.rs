//! Factorials, binomials and logarithms of integers.

use crate::bigint::{self, BigInt, Int, SmallInt};
use crate::error::{ErrorKind, NumError, NumResult};
use crate::limbs::Limbs;

fn small(v: u64) -> BigInt {
    BigInt::from(v)
}

fn mul(a: &BigInt, b: &BigInt) -> BigInt {
    bigint::mul(a.view(), b.view())
}

/// The product of `count` numbers from `first` on, `step` apart; halves are multiplied with each other, so
/// that the factors are of similar size.
fn product(first: u64, count: u64, step: u64) -> BigInt {
    if count <= 8 {
        let mut r = small(1);
        let mut word = 1u64;
        for i in 0..count {
            let x = first + i * step;
            match word.checked_mul(x) {
                Some(w) => word = w,
                None => {
                    r = bigint::mul_add_word(r.view(), word, 0);
                    word = x;
                }
            }
        }
        return bigint::mul_add_word(r.view(), word, 0);
    }
    let half = count / 2;
    mul(&product(first, half, step), &product(first + half * step, count - half, step))
}

/// The index of a limit in messages.
fn check_u63(n: Int, text: &str) -> NumResult<u64> {
    match n.to_i64() {
        Some(v) => Ok(v as u64),
        None => Err(NumError::new(ErrorKind::Overflow, format!("{text} {}", i64::MAX).into_bytes())),
    }
}

/// `math.factorial`
pub fn factorial(n: Int) -> NumResult<BigInt> {
    if n.neg {
        return Err(NumError::value("factorial() not defined for negative values"));
    }
    Ok(factorial_word(check_u63(n, "factorial() argument should not exceed")?))
}

/// Odd factors only, by the halves of `n` (P. Luschny, "Fast factorial functions"); the twos are a shift.
fn factorial_word(n: u64) -> BigInt {
    if n <= 20 {
        return small((1..=n).product());
    }
    let (mut inner, mut outer) = (small(1), small(1));
    let mut upper = 3;
    for shift in (0..=n.ilog2().saturating_sub(1)).rev() {
        // Odd numbers up to n >> shift that were not there at the last half.
        let top = ((n >> shift) + 1) | 1;
        if top > upper {
            inner = mul(&inner, &product(upper, (top - upper) / 2, 2));
            upper = top;
        }
        outer = mul(&outer, &inner);
    }
    bigint::shl(outer.view(), n - n.count_ones() as u64).expect("shorter than what it is made of")
}

fn check_nonnegative(n: Int, name: &str) -> NumResult<()> {
    if n.neg {
        return Err(NumError::new(
            ErrorKind::Value,
            format!("{name} must be a non-negative integer").into_bytes(),
        ));
    }
    Ok(())
}

/// `math.perm(n, k)`; without `k` it is the factorial.
pub fn perm(n: Int, k: Option<Int>) -> NumResult<BigInt> {
    let Some(k) = k else { return factorial(n) };
    check_nonnegative(n, "n")?;
    check_nonnegative(k, "k")?;
    if n < k {
        return Ok(BigInt::zero());
    }
    Ok(falling(n, check_u63(k, "k must not exceed")?))
}

/// `n (n-1) … (n-k+1)`
fn falling(n: Int, k: u64) -> BigInt {
    if k == 0 {
        return small(1);
    }
    match n.to_u64() {
        Some(n) => product(n - k + 1, k, 1),
        None => falling_big(n, 0, k),
    }
}

fn falling_big(n: Int, from: u64, count: u64) -> BigInt {
    if count == 1 {
        return bigint::sub(n, SmallInt::from(from).view());
    }
    let half = count / 2;
    mul(&falling_big(n, from, half), &falling_big(n, from + half, count - half))
}

/// `math.comb(n, k)`
pub fn comb(n: Int, k: Int) -> NumResult<BigInt> {
    check_nonnegative(n, "n")?;
    check_nonnegative(k, "k")?;
    let other = bigint::sub(n, k);
    if other.neg {
        return Ok(BigInt::zero());
    }
    let k = if other.view() < k { other.view() } else { k };
    let k = check_u63(k, "min(n - k, k) must not exceed")?;
    let Some(n64) = n.to_u64() else {
        let (q, _) = bigint::trunc_div_rem(falling(n, k).view(), factorial_word(k).view())?;
        return Ok(q);
    };
    // Each step is exact: the product of i+1 consecutive numbers is divisible by (i+1)!.
    let mut r = 1u128;
    for i in 0..k {
        match r.checked_mul((n64 - i) as u128) {
            Some(p) => r = p / (i + 1) as u128,
            None => return Ok(comb_from(r, n64, i, k)),
        }
    }
    Ok(BigInt { neg: false, mag: Limbs::from_u128(r) })
}

/// Goes on from `comb(n, i)`.
fn comb_from(r: u128, n: u64, i: u64, k: u64) -> BigInt {
    let numerator = mul(&BigInt::from(r), &product(n - k + 1, k - i, 1));
    let denominator = product(i + 1, k - i, 1);
    bigint::trunc_div_rem(numerator.view(), denominator.view()).expect("not zero").0
}

/// The least common multiple of two numbers.
pub fn lcm(a: Int, b: Int) -> BigInt {
    if a.is_zero() || b.is_zero() {
        return BigInt::zero();
    }
    let g = bigint::gcd(a, b);
    let (q, _) = bigint::trunc_div_rem(a.abs(), g.view()).expect("not zero");
    bigint::mul(q.view(), b.abs())
}

fn log_with(a: Int, f: fn(f64) -> f64) -> NumResult<f64> {
    if a.neg || a.is_zero() {
        return Err(NumError::value("expected a positive input"));
    }
    if let Ok(x) = bigint::to_f64(a) {
        return Ok(f(x));
    }
    // Too large for a double: mantissa and exponent.
    let e = bigint::bit_length(a);
    let m = bigint::true_div(a, bigint::shl(Int::ONE, e)?.view())?;
    Ok(f(m) + f(2.0) * e as f64)
}

/// `math.log` of an integer of any size.
pub fn log_int(a: Int) -> NumResult<f64> {
    log_with(a, f64::ln)
}

pub fn log2_int(a: Int) -> NumResult<f64> {
    log_with(a, f64::log2)
}

pub fn log10_int(a: Int) -> NumResult<f64> {
    log_with(a, f64::log10)
}
