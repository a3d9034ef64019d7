//! Arithmetic on decimal numbers: sums, products, quotients, remainders.

use super::*;

/// Exact if it fits; what is far below the last digit becomes a sticky digit.
#[inline]
pub fn add(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if (a.flags | b.flags) & SPECIAL == 0 && a.exp == b.exp && a.coef.len() == 1 && b.coef.len() == 1 {
        let (x, y) = (a.coef[0], b.coef[0]);
        if a.sign() == b.sign() {
            let s = x as u128 + y as u128;
            let d = if s >= limbs::BASE as u128 {
                Dec::new(a.neg(), Coef::two((s - limbs::BASE as u128) as u64, 1), a.exp)
            } else {
                Dec::word(a.neg(), s as u64, a.exp)
            };
            return d.finalize(c, st);
        }
        if x != y {
            let (neg, d) = if x > y { (a.neg(), x - y) } else { (b.neg(), y - x) };
            return Dec::word(neg, d, a.exp).finalize(c, st);
        }
    }
    if (a.flags | b.flags) & SPECIAL == 0 && a.coef.len() <= 2 && b.coef.len() <= 2 {
        // In 128 bits, if both fit at the smaller exponent.
        let (hi, lo) = if a.exp >= b.exp { (&a, &b) } else { (&b, &a) };
        let shift = hi.exp - lo.exp;
        if hi.digits + shift <= 37 && lo.digits <= 37 {
            let (x, y) = (word2(hi.coef) * pow10(shift), word2(lo.coef));
            if x != 0 && y != 0 && (x != y || hi.sign() == lo.sign()) {
                let (neg, v) = if hi.sign() == lo.sign() {
                    (hi.neg(), x + y)
                } else if x > y {
                    (hi.neg(), x - y)
                } else {
                    (lo.neg(), y - x)
                };
                return Dec::new(neg, Coef::small(v), lo.exp).finalize(c, st);
            }
        }
    }
    add_slow(a, b, c, st)
}
#[inline(always)]
fn word2(c: &[u64]) -> u128 {
    if c.len() == 1 { c[0] as u128 } else { c[1] as u128 * limbs::BASE as u128 + c[0] as u128 }
}
#[inline(always)]
fn pow10(n: i64) -> u128 {
    if n <= 19 {
        limbs::POW10[n as usize] as u128
    } else {
        limbs::POW10[19] as u128 * limbs::POW10[n as usize - 19] as u128
    }
}
#[inline(never)]
fn add_slow(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() || b.inf() {
        if a.inf() && b.inf() && a.sign() != b.sign() {
            return Dec::error(INVALID_OPERATION, st);
        }
        return Dec::inf(if a.inf() { a.neg() } else { b.neg() });
    }
    let (mut big, mut small) = (a, b);
    if big.exp < small.exp {
        std::mem::swap(&mut big, &mut small);
    }
    // big.exp >= small.exp. A number beyond the precision only shows in the rounding.
    let tiny;
    let mut shift = big.exp - small.exp;
    if shift > 0 && !big.zero() {
        let lowest = (big.exp).min(big.adjusted() - c.prec - 1) - 1;
        if small.adjusted() < lowest && !small.zero() {
            tiny = Dec::word(small.neg(), 1, lowest);
            small = tiny.view();
            shift = big.exp - small.exp;
        }
    }
    if big.zero() {
        // The exponent of the sum is the smaller one.
        if small.zero() {
            let neg = if big.sign() == small.sign() { big.neg() } else { c.round == Round::Floor };
            return Dec::word(neg, 0, small.exp).finalize(c, st);
        }
        return small.own().finalize(c, st);
    }
    if small.zero() && shift > 0 {
        // Down to the exponent of the zero as far as the precision allows.
        let keep = (c.prec - big.digits).max(0).min(shift);
        let r = Dec::new(big.neg(), limbs::shl(big.coef, keep), big.exp - keep);
        let mut s = 0;
        let r = r.finalize(c, &mut s);
        *st |= s;
        if keep < shift {
            *st |= ROUNDED;
        }
        return r;
    }
    let shifted;
    let x: &[u64] = if shift > 0 {
        shifted = limbs::shl(big.coef, shift);
        shifted.slice()
    } else {
        big.coef
    };
    let y = small.coef;
    let exp = small.exp;
    if big.sign() == small.sign() {
        return Dec::new(big.neg(), limbs::add(x, y), exp).finalize(c, st);
    }
    match limbs::cmp(x, y) {
        Ordering::Equal => Dec::word(c.round == Round::Floor, 0, exp),
        Ordering::Greater => Dec::new(big.neg(), limbs::sub(x, y), exp),
        Ordering::Less => Dec::new(small.neg(), limbs::sub(y, x), exp),
    }
    .finalize(c, st)
}
#[inline]
pub fn sub(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if b.nan() {
        // A NaN keeps its sign.
        return add(a, b, c, st);
    }
    add(a, b.negated(), c, st)
}
/// `plus`: rounded, and no negative zero unless rounding to the floor.
pub fn plus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own();
    if a.zero() && c.round != Round::Floor {
        d.flags &= !NEG;
    }
    d.finalize(c, st)
}
pub fn minus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own();
    d.flags ^= NEG;
    if a.zero() && c.round != Round::Floor {
        d.flags &= !NEG;
    }
    d.finalize(c, st)
}
pub fn abs(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if a.neg() { minus(a, c, st) } else { plus(a, c, st) }
}

// -- multiplication and division

#[inline]
pub fn mul(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    let neg = a.sign() != b.sign();
    if (a.flags | b.flags) & SPECIAL != 0 {
        if let Some(n) = nans(&[a, b], c, st) {
            return n;
        }
        if a.zero() || b.zero() {
            return Dec::error(INVALID_OPERATION, st);
        }
        return Dec::inf(neg);
    }
    Dec::new(neg, limbs::mul(a.coef, b.coef), a.exp + b.exp).finalize(c, st)
}

#[inline]
pub fn div(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    let neg = a.sign() != b.sign();
    if (a.flags | b.flags) & SPECIAL != 0 {
        if let Some(n) = nans(&[a, b], c, st) {
            return n;
        }
        if a.inf() {
            return if b.inf() { Dec::error(INVALID_OPERATION, st) } else { Dec::inf(neg) };
        }
        // A finite number by infinity.
        *st |= CLAMPED;
        return Dec::word(neg, 0, c.etiny());
    }
    if b.zero() {
        if a.zero() {
            return Dec::error(DIVISION_UNDEFINED, st);
        }
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(neg);
    }
    let ideal = a.exp - b.exp;
    if a.zero() {
        return Dec::word(neg, 0, ideal).finalize(c, st);
    }
    // So that the quotient has a digit more than needed.
    let shift = b.digits - a.digits + c.prec + 1;
    let exp = ideal - shift;
    let (mut q, exact) = if a.coef.len() == 1 && b.coef.len() == 1 && shift > 0 && a.digits + shift <= 38 {
        div_words(a.coef[0], b.coef[0], shift)
    } else {
        let t;
        let (x, y): (&[u64], &[u64]) = if shift > 0 {
            t = limbs::shl(a.coef, shift);
            (t.slice(), b.coef)
        } else if shift < 0 {
            t = limbs::shl(b.coef, -shift);
            if limbs::is_zero(t.slice()) {
                return Dec::nan();
            }
            (a.coef, t.slice())
        } else {
            (a.coef, b.coef)
        };
        if limbs::is_zero(x) {
            return Dec::nan();
        }
        let (q, r) = limbs::divmod(x, y);
        (q, limbs::is_zero(r.slice()))
    };
    if !exact {
        // A sticky digit.
        if limbs::digit(q.slice(), 0) % 5 == 0 {
            if limbs::increment(q.mut_slice()) {
                q.push(1);
            }
        }
        return Dec::new(neg, q, exp).finalize(c, st);
    }
    let mut r = Dec::new(neg, q, exp);
    if shift > 0 {
        // Towards the ideal exponent.
        let n = limbs::trailing_zeros(r.coef.slice()).min(ideal - exp);
        if n > 0 {
            let (z, _) = limbs::shr(r.coef.slice(), n);
            r.set_coef(z);
            r.exp += n;
        }
    }
    r.finalize(c, st)
}
/// `x * 10^shift / y`, below 10^38.
#[inline]
fn div_words(x: u64, y: u64, shift: i64) -> (Coef, bool) {
    let d = limbs::Recip::new(y);
    if shift <= 19 {
        let n = x as u128 * limbs::POW10[shift as usize] as u128;
        let (h, r) = d.div_word((n >> 64) as u64);
        let (l, r) = d.div((r as u128) << 64 | (n as u64) as u128);
        let (q1, q0) = limbs::div_base((h as u128) << 64 | l as u128);
        return (Coef::two(q0, q1), r == 0);
    }
    // Limb by limb: x * 10^(shift - 19) has two limbs.
    let (h, l) = limbs::div_base(x as u128 * limbs::POW10[shift as usize - 19] as u128);
    let (q2, r) = d.div_word(h);
    let (q1, r) = d.div(r as u128 * limbs::BASE as u128 + l as u128);
    let (q0, r) = d.div(r as u128 * limbs::BASE as u128);
    let mut c = Coef::two(q0, q1);
    if q2 != 0 {
        c = Coef::from_slice(&[q0, q1, q2]);
    }
    (c, r == 0)
}

/// With zeros down to an exponent, as far as the precision goes.
pub(super) fn filled(a: View, exp: i64, c: &Ctx, st: &mut u32) -> Dec {
    let want = a.exp - exp;
    if want <= 0 {
        return a.own();
    }
    let n = want.min((c.prec - a.digits).max(0));
    if n < want {
        *st |= ROUNDED;
    }
    Dec::new(a.neg(), limbs::shl(a.coef, n), a.exp - n)
}

/// Quotient and remainder of integer division.
fn divmod_int(a: View, b: View, c: &Ctx, st: &mut u32) -> (Dec, Dec) {
    let neg = a.sign() != b.sign();
    let exp = if a.zero() { a.exp.min(b.exp) } else { b.exp.min(a.exp) };
    if cmp_abs(&a, &b).is_lt() {
        // The remainder is the dividend.
        if a.zero() {
            return (Dec::word(neg, 0, 0), Dec::word(a.neg(), 0, exp));
        }
        return (Dec::word(neg, 0, 0), filled(a, b.exp, c, st));
    }
    let impossible = |st: &mut u32| {
        *st |= DIVISION_IMPOSSIBLE;
        (Dec::nan(), Dec::nan())
    };
    // The quotient must have no more digits than the precision.
    if a.adjusted() - b.adjusted() > c.prec {
        return impossible(st);
    }
    let t;
    let (x, y): (&[u64], &[u64]) = if a.exp > b.exp {
        t = limbs::shl(a.coef, a.exp - b.exp);
        (t.slice(), b.coef)
    } else if a.exp < b.exp {
        t = limbs::shl(b.coef, b.exp - a.exp);
        (a.coef, t.slice())
    } else {
        (a.coef, b.coef)
    };
    if limbs::is_zero(y) {
        return (Dec::nan(), Dec::nan());
    }
    let (q, r) = limbs::divmod(x, y);
    let q = Dec::new(neg, q, 0);
    if q.digits > c.prec {
        return impossible(st);
    }
    (q, Dec::new(a.neg(), r, exp))
}

pub fn divint(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let neg = a.sign() != b.sign();
    if a.inf() {
        return if b.inf() { Dec::error(INVALID_OPERATION, st) } else { Dec::inf(neg) };
    }
    if b.inf() {
        return Dec::word(neg, 0, 0);
    }
    if b.zero() {
        if a.zero() {
            return Dec::error(DIVISION_UNDEFINED, st);
        }
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(neg);
    }
    let mut s = 0;
    let q = divmod_int(a, b, c, &mut s).0;
    *st |= s & DIVISION_IMPOSSIBLE;
    q.finalize(c, st)
}
/// The remainder where one of the operands is no ordinary number, or the divisor is zero.
fn special_rem(a: View, b: View, c: &Ctx, st: &mut u32) -> Option<Dec> {
    if let Some(n) = nans(&[a, b], c, st) {
        return Some(n);
    }
    if a.inf() {
        return Some(Dec::error(INVALID_OPERATION, st));
    }
    if b.inf() {
        return Some(a.own().finalize(c, st));
    }
    b.zero().then(|| Dec::error(if a.zero() { DIVISION_UNDEFINED } else { INVALID_OPERATION }, st))
}
pub fn rem(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(r) = special_rem(a, b, c, st) {
        return r;
    }
    divmod_int(a, b, c, st).1.finalize(c, st)
}
pub fn divmod(a: View, b: View, c: &Ctx, st: &mut u32) -> (Dec, Dec) {
    if let Some(n) = nans(&[a, b], c, st) {
        return (n.clone(), n);
    }
    let neg = a.sign() != b.sign();
    if a.inf() {
        if b.inf() {
            *st |= INVALID_OPERATION;
            return (Dec::nan(), Dec::nan());
        }
        *st |= INVALID_OPERATION;
        return (Dec::inf(neg), Dec::nan());
    }
    if b.inf() {
        let r = a.own().finalize(c, st);
        return (Dec::word(neg, 0, 0), r);
    }
    if b.zero() {
        if a.zero() {
            *st |= DIVISION_UNDEFINED;
            return (Dec::nan(), Dec::nan());
        }
        *st |= DIVISION_BY_ZERO | INVALID_OPERATION;
        return (Dec::inf(neg), Dec::nan());
    }
    let (q, r) = divmod_int(a, b, c, st);
    (q.finalize(c, st), r.finalize(c, st))
}
pub fn rem_near(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(r) = special_rem(a, b, c, st) {
        return r;
    }
    let exp = a.exp.min(b.exp);
    if a.zero() {
        return Dec::word(a.neg(), 0, exp).finalize(c, st);
    }
    if a.adjusted() < b.adjusted() - 1 {
        return filled(a, b.exp, c, st).finalize(c, st);
    }
    if a.adjusted() - b.adjusted() > c.prec {
        return Dec::error(DIVISION_IMPOSSIBLE, st);
    }
    let x = limbs::shl(a.coef, a.exp - exp);
    let y = limbs::shl(b.coef, b.exp - exp);
    if limbs::is_zero(y.slice()) {
        return Dec::nan();
    }
    let (mut q, r) = limbs::divmod(x.slice(), y.slice());
    let twice = limbs::add(r.slice(), r.slice());
    let o = limbs::cmp(twice.slice(), y.slice());
    let up = o.is_gt() || (o.is_eq() && limbs::digit(q.slice(), 0) & 1 == 1);
    let d = if up {
        if limbs::increment(q.mut_slice()) {
            q.push(1);
        }
        Dec::new(!a.neg(), limbs::sub(y.slice(), r.slice()), exp)
    } else {
        Dec::new(a.neg(), r, exp)
    };
    if limbs::digits(q.slice()) > c.prec {
        return Dec::error(DIVISION_IMPOSSIBLE, st);
    }
    d.finalize(c, st)
}
pub fn fma(a: View, b: View, d: View, c: &Ctx, st: &mut u32) -> Dec {
    // The product comes first: one that is invalid does not ask what is added.
    if (a.inf() && b.zero()) || (a.zero() && b.inf()) {
        return Dec::error(INVALID_OPERATION, st);
    }
    if let Some(n) = nans(&[a, b, d], c, st) {
        return n;
    }
    if a.special() || b.special() {
        let p = Dec::inf(a.sign() != b.sign());
        return add(p.view(), d, c, st);
    }
    let p = Dec::new(a.sign() != b.sign(), limbs::mul(a.coef, b.coef), a.exp + b.exp);
    add(p.view(), d, c, st)
}
