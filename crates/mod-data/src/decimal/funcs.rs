//! `sqrt`, `exp`, `ln`, `log10` and `power`.
//!
//! Exponential and logarithms work on fixed-point numbers with `k` limbs after the point and are correctly rounded: the
//! working precision grows until both ends of the error interval round to the same result (Ziv).

use super::limbs::{self, Coef, RDIGITS};
use super::num::status::*;
use super::num::*;
use adder_vm::sync::lock;
use std::cmp::Ordering;
use std::sync::Mutex;

/// Beyond all exponents.
const HUGE: i64 = 2_000_000_000_000_000_001;

fn half_even(c: &Ctx) -> Ctx {
    Ctx { round: Round::HalfEven, ..*c }
}

// -- square root

fn isqrt(c: &[u64]) -> Coef {
    let n = limbs::digits(c);
    if n <= 30 {
        let v = c.iter().rev().fold(0u128, |a, w| a * limbs::BASE as u128 + *w as u128);
        let mut x = (v as f64).sqrt() as u128;
        for _ in 0..2 {
            if x == 0 {
                break;
            }
            x = (x + v / x) / 2;
        }
        while x > 0 && x * x > v {
            x -= 1;
        }
        while (x + 1) * (x + 1) <= v {
            x += 1;
        }
        return Coef::from_u128(x);
    }
    // The root of the upper half, and a step of Newton.
    let j = n / 4;
    let hi = limbs::shr(c, 2 * j).0;
    let s = limbs::shl(isqrt(hi.slice()).slice(), j);
    let (q, _) = limbs::divmod(c, s.slice());
    let mut x = limbs::add(s.slice(), q.slice());
    limbs::div_word_in_place(x.mut_slice(), 2);
    x.trim();
    loop {
        let sq = limbs::mul(x.slice(), x.slice());
        if limbs::cmp(sq.slice(), c).is_gt() {
            x = limbs::sub(x.slice(), &[1]);
            continue;
        }
        // (x + 1)^2 = x^2 + 2x + 1
        let rest = limbs::sub(c, sq.slice());
        let twice = limbs::add(x.slice(), x.slice());
        if limbs::cmp(rest.slice(), twice.slice()).is_gt() {
            x = limbs::add(x.slice(), &[1]);
            continue;
        }
        return x;
    }
}

pub fn sqrt(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        return if a.neg() { Dec::error(INVALID_OPERATION, st) } else { Dec::inf(false) };
    }
    let c = half_even(c);
    if a.zero() {
        return Dec::word(a.neg(), 0, a.exp >> 1).finalize(&c, st);
    }
    if a.neg() {
        return Dec::error(INVALID_OPERATION, st);
    }
    let prec = c.prec + 1;
    let odd = a.exp & 1;
    let l = if odd == 1 { a.digits / 2 + 1 } else { (a.digits + 1) / 2 };
    let shift = prec - l;
    let mut e = a.exp >> 1;
    let mut exact = true;
    let n = if shift >= 0 {
        limbs::shl(a.coef, odd + 2 * shift)
    } else {
        let x = limbs::shl(a.coef, odd);
        let (q, rnd) = limbs::shr(x.slice(), -2 * shift);
        exact = rnd == 0;
        q
    };
    e -= shift;
    if limbs::is_zero(n.slice()) && exact {
        return Dec::nan();
    }
    let mut r = isqrt(n.slice());
    exact = exact && limbs::cmp(limbs::mul(r.slice(), r.slice()).slice(), n.slice()).is_eq();
    if exact {
        r = if shift >= 0 { limbs::shr(r.slice(), shift).0 } else { limbs::shl(r.slice(), -shift) };
        e += shift;
    } else if limbs::digit(r.slice(), 0) % 5 == 0 {
        r = limbs::add(r.slice(), &[1]);
    }
    Dec::new(false, r, e).finalize(&c, st)
}

// -- fixed-point kernels

/// Without the `k` lowest limbs.
fn drop_limbs(a: &[u64], k: usize) -> Vec<u64> {
    if k >= a.len() { vec![0] } else { a[k..].to_vec() }
}
fn fixed_mul(a: &[u64], b: &[u64], k: usize) -> Vec<u64> {
    let (a, b) = (limbs::trim(a), limbs::trim(b));
    let mut p = vec![0; a.len() + b.len()];
    limbs::mul_into(&mut p, a, b);
    drop_limbs(&p, k)
}
/// `atanh(1/n)`.
fn atanh_inverse(n: u64, k: usize) -> Vec<u64> {
    let mut t = vec![0; k + 1];
    t[k] = 1;
    limbs::div_word_in_place(&mut t, n);
    let mut sum = t.clone();
    let mut i = 3;
    while !limbs::is_zero(&t) {
        limbs::div_word_in_place(&mut t, n * n);
        let len = limbs::trim(&t).len();
        t.truncate(len);
        let mut u = t.clone();
        limbs::div_word_in_place(&mut u, i);
        limbs::add_in_place(&mut sum, &u);
        i += 2;
    }
    sum
}
static LN10: Mutex<(usize, Vec<u64>)> = Mutex::new((0, Vec::new()));
/// `ln(10)` with `k` limbs after the point, the last of them nearly right.
fn ln10(k: usize) -> Vec<u64> {
    let mut g = lock(&LN10);
    if g.0 < k + 1 {
        let w = (k + 2).max(g.0 * 3 / 2);
        let mut sum = vec![0; w + 1];
        for (f, n) in [(46, 31), (34, 49), (20, 161)] {
            let mut t = atanh_inverse(n, w);
            limbs::mul_word_in_place(&mut t, f, 0);
            limbs::add_in_place(&mut sum, &t);
        }
        *g = (w, sum);
    }
    g.1[g.0 - k..].to_vec()
}
/// `exp(±r)` for `r` below 3, with `k` limbs after the point.
fn exp_fixed(neg: bool, r: &[u64], k: usize) -> Vec<u64> {
    let digits = k as u64 * RDIGITS as u64;
    let s = digits.isqrt().clamp(6, 60) as u32;
    let mut x = r.to_vec();
    limbs::div_word_in_place(&mut x, 1 << s);
    let len = limbs::trim(&x).len();
    x.truncate(len);
    let mut sum = vec![0; k + 1];
    sum[k] = 1;
    let mut term = sum.clone();
    let mut n = 1;
    loop {
        term = fixed_mul(&term, &x, k);
        limbs::div_word_in_place(&mut term, n);
        let len = limbs::trim(&term).len();
        term.truncate(len);
        if term.len() == 1 && term[0] == 0 {
            break;
        }
        if neg && n % 2 == 1 {
            limbs::sub_in_place(&mut sum, &term);
        } else {
            limbs::add_in_place(&mut sum, &term);
        }
        n += 1;
    }
    for _ in 0..s {
        sum = fixed_mul(&sum, &sum, k);
    }
    sum
}
/// A number as fixed-point integer, cut off.
fn to_fixed(coef: &[u64], exp: i64, k: usize) -> Coef {
    let e = exp + k as i64 * RDIGITS;
    if e >= 0 { limbs::shl(coef, e) } else { limbs::shr(coef, -e).0 }
}
fn limbs_for(digits: i64) -> usize {
    (digits + 16) as usize / RDIGITS as usize + 2
}

/// Repeats `f` with more digits until the rounding is certain. `f(w)` is right to within a unit of its `w`-th digit.
fn ziv(c: &Ctx, st: &mut u32, f: impl Fn(i64) -> Dec) -> Dec {
    let mut w = c.prec + 3;
    loop {
        let r = f(w);
        let cw = Ctx { clamp: false, ..Ctx::work(c.prec) };
        let v = r.view();
        let ulp = Dec::word(false, 1, v.adjusted() - w + 1);
        let wide = Ctx::work(v.digits.max(w) + 20);
        let mut s = 0;
        let lo = sub(v, ulp.view(), &wide, &mut s).finalize(&cw, &mut s);
        let hi = add(v, ulp.view(), &wide, &mut s).finalize(&cw, &mut s);
        if cmp(&lo.view(), &hi.view()) == Ordering::Equal && lo.exp == hi.exp {
            *st |= INEXACT | ROUNDED;
            return r.finalize(c, st);
        }
        w += RDIGITS;
    }
}

/// `exp(x)` to some `w` digits; `x` is finite, not zero, and not large.
fn exp_digits(x: View, w: i64) -> Dec {
    let k = limbs_for(w + 2);
    let wide = k + 2;
    let v = to_fixed(x.coef, x.exp, wide);
    let l = ln10(wide);
    let (q, mut r) = limbs::divmod(v.slice(), &l);
    let q = q.slice().iter().rev().fold(0i128, |a, w| a * limbs::BASE as i128 + *w as i128);
    let mut q = q.min(HUGE as i128) as i64;
    if x.neg() {
        q = -(q + 1);
        r = limbs::sub(&l, r.slice());
    }
    let r = drop_limbs(r.slice(), 2);
    let e = exp_fixed(false, &r, k);
    Dec::new(false, Coef::from_vec(e), q - k as i64 * RDIGITS)
}

/// More digits than the functions can be asked for.
const MAX_DIGITS: i64 = 1 << 26;

/// One, filled up with zeros to the precision.
fn padded_one(neg: bool, prec: i64, st: &mut u32) -> Dec {
    *st |= INEXACT | ROUNDED;
    Dec::new(neg, limbs::shl(&[1], prec - 1), -(prec - 1))
}

pub fn exp(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        return if a.neg() { Dec::word(false, 0, 0) } else { Dec::inf(false) };
    }
    if a.zero() {
        return Dec::word(false, 1, 0);
    }
    let c = half_even(c);
    if a.adjusted() > 19 {
        return Dec::word(false, 1, if a.neg() { -HUGE } else { HUGE }).finalize(&c, st);
    }
    if a.adjusted() < -(c.prec + 1) {
        return padded_one(false, c.prec, st);
    }
    if c.prec > MAX_DIGITS {
        return Dec::error(MALLOC_ERROR, st);
    }
    ziv(&c, st, |w| exp_digits(a, w))
}

/// `ln(x)` or, divided by `ln(10)`, `log10(x)`, to `w` digits; `x` is positive and not 1 (for log10: no power of ten).
fn ln_digits(x: View, w: i64, base10: bool) -> Dec {
    // x = c * 10^e with c between 0.316 and 3.16.
    let mut e = x.adjusted();
    let lead =
        limbs::shr(x.coef, (x.digits - 8).max(0)).0.slice()[0] * limbs::POW10[(8 - x.digits).max(0) as usize];
    if lead > 31622776 {
        e += 1;
    }
    let cexp = x.exp - e;
    // How near to one.
    let near = if e == 0 {
        let one = Dec::word(false, 1, 0);
        let xs = View { exp: cexp, ..x };
        let mut s = 0;
        let d = sub(xs, one.view(), &Ctx::work(x.digits.max(-x.exp) + 40), &mut s);
        (-d.view().adjusted()).max(0)
    } else {
        0
    };
    let k = limbs_for(w + near + 3);
    let target = k as i64 * RDIGITS;
    // An approximation from doubles.
    let top = {
        let n = x.digits.min(18);
        let t = limbs::shr(x.coef, x.digits - n).0.slice()[0];
        t as f64 * 10f64.powi((cexp + x.digits - n) as i32)
    };
    let y0 = top.ln();
    let (mut neg, mag) = (y0 < 0.0, y0.abs());
    let mut y: Vec<u64> = vec![((mag.fract()) * 1e19) as u64 % limbs::BASE, mag as u64];
    let mut have = 14i64;
    let mut kk = 1usize;
    loop {
        let next = if have >= target { k } else { (((3 * have) / RDIGITS) as usize + 1).min(k).max(kk) };
        // More limbs.
        let mut z = vec![0; next - kk];
        z.extend_from_slice(&y);
        y = z;
        kk = next;
        let big = exp_fixed(neg, &y, kk);
        let cf = to_fixed(x.coef, cexp, kk);
        let o = limbs::cmp(cf.slice(), &big);
        let diff = match o {
            Ordering::Less => limbs::sub(&big, cf.slice()),
            _ => limbs::sub(cf.slice(), &big),
        };
        let den = limbs::add(cf.slice(), &big);
        let num = limbs::shl(limbs::add(diff.slice(), diff.slice()).slice(), kk as i64 * RDIGITS);
        let (d, _) = limbs::divmod(num.slice(), den.slice());
        let dneg = o.is_lt();
        let yc = Coef::from_vec(y);
        let r = if dneg == neg {
            limbs::add(yc.slice(), d.slice())
        } else if limbs::cmp(yc.slice(), d.slice()).is_ge() {
            limbs::sub(yc.slice(), d.slice())
        } else {
            neg = dneg;
            limbs::sub(d.slice(), yc.slice())
        };
        y = r.slice().to_vec();
        y.resize(kk + 1, 0);
        if kk == k && have * 3 >= target - 8 {
            break;
        }
        have = (have * 3 - 2).min(kk as i64 * RDIGITS - 4);
    }
    let scale = -(k as i64) * RDIGITS;
    let yd = Dec::new(neg, Coef::from_vec(y), scale);
    let wide = Ctx::work(target + 60);
    let mut s = 0;
    if base10 {
        let l = Dec::new(false, Coef::from_vec(ln10(k)), scale);
        let q = div(yd.view(), l.view(), &Ctx::work(w + 25), &mut s);
        if e == 0 {
            return q;
        }
        return add(Dec::from_i64(e).view(), q.view(), &Ctx::work(w + 60), &mut s);
    }
    if e == 0 {
        return yd;
    }
    let l = Dec::new(false, Coef::from_vec(ln10(k + 2)), scale - 2 * RDIGITS);
    let t = mul(l.view(), Dec::from_i64(e).view(), &wide, &mut s);
    add(t.view(), yd.view(), &wide, &mut s)
}

/// Special cases of the logarithms.
fn log_special(a: View, c: &Ctx, st: &mut u32) -> Option<Dec> {
    if let Some(n) = nans(&[a], c, st) {
        return Some(n);
    }
    if a.zero() {
        return Some(Dec::inf(true));
    }
    if a.neg() {
        return Some(Dec::error(INVALID_OPERATION, st));
    }
    if a.inf() {
        return Some(Dec::inf(false));
    }
    None
}
fn power_of_ten(a: View) -> bool {
    limbs::digit(a.coef, a.digits - 1) == 1 && limbs::trailing_zeros(a.coef) == a.digits - 1
}
pub fn ln(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(r) = log_special(a, c, st) {
        return r;
    }
    if power_of_ten(a) && a.adjusted() == 0 {
        return Dec::word(false, 0, 0);
    }
    let c = half_even(c);
    if c.prec > MAX_DIGITS {
        return Dec::error(MALLOC_ERROR, st);
    }
    ziv(&c, st, |w| ln_digits(a, w, false))
}
pub fn log10(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(r) = log_special(a, c, st) {
        return r;
    }
    let c = half_even(c);
    if power_of_ten(a) {
        return Dec::from_i64(a.adjusted()).finalize(&c, st);
    }
    if c.prec > MAX_DIGITS {
        return Dec::error(MALLOC_ERROR, st);
    }
    ziv(&c, st, |w| ln_digits(a, w, true))
}

// -- power

fn pow_int(a: View, n: i64, neg: bool, c: &Ctx, st: &mut u32) -> Dec {
    let digits = limbs::word_digits(n.unsigned_abs());
    // The exponents are the context's: a power that leaves them on the way is out of range.
    let mut w = Ctx { round: Round::HalfEven, clamp: false, ..*c };
    w.prec = (c.prec + digits + 4).min(MAX_PREC);
    let mut s = 0;
    let mut base = a.own();
    base.flags &= !NEG;
    if n < 0 {
        w.prec = (w.prec + 1).min(MAX_PREC);
        base = div(Dec::word(false, 1, 0).view(), base.view(), &w, &mut s);
    }
    let m = n.unsigned_abs();
    let mut r = base.clone();
    let mut bit = 63 - m.leading_zeros();
    while bit > 0 {
        bit -= 1;
        r = mul(r.view(), r.view(), &w, &mut s);
        if m >> bit & 1 == 1 {
            r = mul(r.view(), base.view(), &w, &mut s);
        }
        if r.flags & INF != 0 || (r.view().zero() && s & CLAMPED != 0) {
            break;
        }
    }
    if r.flags & INF != 0 {
        r = Dec::word(neg, 1, HUGE);
    }
    r.flags = (r.flags & !NEG) | neg as u8;
    *st |= s;
    r.finalize(c, st)
}

fn pow_real(a: View, b: View, neg: bool, c: &Ctx, st: &mut u32) -> Dec {
    if c.prec > MAX_DIGITS {
        return Dec::error(MALLOC_ERROR, st);
    }
    // Too large or too small for any context, or too near to one?
    let la = {
        // A rough logarithm of |log10 a|.
        let mut s = 0;
        ln(a.abs(), &Ctx::work(9), &mut s)
    };
    let mut s = 0;
    let y = mul(la.view(), b, &Ctx::work(9), &mut s);
    let yv = y.view();
    if yv.adjusted() > 19 {
        return Dec::word(neg, 1, if yv.neg() { -HUGE } else { HUGE }).finalize(c, st);
    }
    // libmpdec works with so many digits: what differs from one only behind them is one in every rounding.
    if yv.adjusted() < -(a.digits.max(c.prec) + 24) {
        return padded_one(neg, c.prec, st);
    }
    let extra = yv.adjusted().max(0) + 6;
    // Directed roundings must see on which side of one the result lies.
    let from = c.prec.max(-yv.adjusted()) + 6;
    let r = ziv_once(c, from, |w| {
        let mut s = 0;
        let l = ln_digits(a.abs(), w + extra, false);
        let y = mul(l.view(), b, &Ctx::work(w + extra + 4), &mut s);
        let mut r = exp_digits(y.view(), w + 2);
        r.flags |= neg as u8;
        r
    });
    *st |= INEXACT | ROUNDED;
    r.finalize(c, st)
}
/// As [`ziv`] from `w` digits and in the rounding of `c`, but results may be exact, so it gives up in time.
fn ziv_once(c: &Ctx, mut w: i64, f: impl Fn(i64) -> Dec) -> Dec {
    for _ in 0..3 {
        let r = f(w);
        let v = r.view();
        let cw = Ctx { round: c.round, ..Ctx::work(c.prec) };
        let ulp = Dec::word(false, 1, v.adjusted() - w + 1);
        let wide = Ctx::work(v.digits.max(w) + 20);
        let mut s = 0;
        let lo = sub(v, ulp.view(), &wide, &mut s).finalize(&cw, &mut s);
        let hi = add(v, ulp.view(), &wide, &mut s).finalize(&cw, &mut s);
        if cmp(&lo.view(), &hi.view()) == Ordering::Equal {
            return r;
        }
        w += RDIGITS;
    }
    // An exact result: the nearest number of the work precision.
    let mut s = 0;
    f(w).finalize(&Ctx::work(w - 8), &mut s)
}

pub fn pow(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let neg = a.neg() && b.is_odd();
    if a.zero() {
        if b.zero() {
            return Dec::error(INVALID_OPERATION, st);
        }
        return if b.neg() { Dec::inf(neg) } else { Dec::word(neg, 0, 0) };
    }
    if a.neg() && (b.inf() || !b.is_integer()) {
        return Dec::error(INVALID_OPERATION, st);
    }
    let one = Dec::word(false, 1, 0);
    if b.inf() {
        return match cmp(&a.abs(), &one.view()) {
            Ordering::Equal => padded_one(neg, c.prec, st),
            o if o.is_gt() != b.neg() => Dec::inf(neg),
            _ => Dec::word(neg, 0, 0),
        };
    }
    if a.inf() {
        if b.zero() {
            return Dec::word(neg, 1, 0);
        }
        return if b.neg() { Dec::word(neg, 0, 0) } else { Dec::inf(neg) };
    }
    if b.zero() {
        return Dec::word(false, 1, 0);
    }
    if cmp(&a.abs(), &one.view()).is_eq() {
        let shift = if b.is_integer() {
            if b.neg() {
                return Dec::word(neg, 1, 0);
            }
            // 1.00 ** 3 = 1.000000
            match b.to_i64().and_then(|n| n.checked_mul(-a.exp)) {
                Some(n) if n <= c.prec - 1 => n.max(0),
                _ if a.exp >= 0 => 0,
                _ => {
                    *st |= ROUNDED;
                    c.prec - 1
                }
            }
        } else {
            *st |= INEXACT | ROUNDED;
            c.prec - 1
        };
        return Dec::new(neg, limbs::shl(&[1], shift), -shift).finalize(c, st);
    }
    // Certainly out of range: |log10(a)| * b beyond all exponents.
    if b.adjusted() > 40 {
        let grows = cmp(&a.abs(), &one.view()).is_gt() != b.neg();
        return Dec::word(neg, 1, if grows { HUGE } else { -HUGE }).finalize(c, st);
    }
    match b.to_i64() {
        Some(n) => {
            // Squaring loses its way when the result is out of range by far.
            let mag = (a.adjusted() as i128 + (a.adjusted() < 0) as i128) * n as i128;
            if mag > 4 * MAX_EMAX as i128 {
                return Dec::word(neg, 1, HUGE).finalize(c, st);
            }
            if mag < -4 * MAX_EMAX as i128 {
                return Dec::word(neg, 1, -HUGE).finalize(c, st);
            }
            pow_int(a, n, neg, c, st)
        }
        None => pow_real(a, b, neg, c, st),
    }
}

/// `pow(a, b, m)` of integers.
pub fn powmod(a: View, b: View, m: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b, m], c, st) {
        return n;
    }
    if !a.is_integer() || !b.is_integer() || !m.is_integer() || m.zero() || b.neg() && !b.zero() {
        return Dec::error(INVALID_OPERATION, st);
    }
    if m.digits + m.exp > c.prec || (a.zero() && b.zero()) {
        return Dec::error(INVALID_OPERATION, st);
    }
    let neg = a.neg() && b.is_odd();
    let (Some(x), Some(y), Some(z)) = (to_big(a.abs()), to_big(b), to_big(m.abs())) else {
        return Dec::error(MALLOC_ERROR, st);
    };
    match adder_num::bigint::mod_pow(x.view(), y.view(), z.view()) {
        Ok(r) => Dec::new(neg, from_big(r.view()), 0).finalize(c, st),
        Err(_) => Dec::error(INVALID_OPERATION, st),
    }
}

/// The integer part as a binary integer; None: it would be larger than memory.
pub fn to_big(a: View) -> Option<adder_num::BigInt> {
    if a.exp > 1 << 32 {
        return None;
    }
    let c = if a.exp >= 0 { limbs::shl(a.coef, a.exp) } else { limbs::shr(a.coef, -a.exp).0 };
    let s = c.slice();
    if s.len() <= 2 {
        let v = s.iter().rev().fold(0u128, |x, w| x * limbs::BASE as u128 + *w as u128);
        return Some(adder_num::BigInt::new(a.neg(), adder_num::Limbs::from_u128(v)));
    }
    let mut t = Vec::new();
    limbs::write(&mut t, s);
    match adder_num::bigint::parse(&t, 10, 0) {
        adder_num::bigint::IntParse::Ok(b) => Some(if a.neg() { b.negate() } else { b }),
        _ => None,
    }
}
/// The magnitude of a binary integer.
pub fn from_big(i: adder_num::Int) -> Coef {
    if let Some(n) = i.abs().to_u64() {
        return Coef::from_u128(n as u128);
    }
    if let Some(n) = i.to_i128() {
        return Coef::from_u128(n.unsigned_abs());
    }
    let mut t = Vec::new();
    let _ = adder_num::bigint::write_decimal(&mut t, i.abs(), 0);
    limbs::parse(&t)
}
