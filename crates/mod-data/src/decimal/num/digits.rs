//! Operations on exponents and digits: quantize, neighbours, shifts, logical operations, classes.

use super::*;

pub fn quantize(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    if a.inf() || b.inf() {
        return if a.inf() && b.inf() { a.own() } else { Dec::error(INVALID_OPERATION, st) };
    }
    if b.exp > c.emax || b.exp < c.etiny() {
        return Dec::error(INVALID_OPERATION, st);
    }
    if a.zero() {
        return Dec::word(a.neg(), 0, b.exp).finalize(c, st);
    }
    let up = a.exp - b.exp;
    if a.digits + up > c.prec {
        return Dec::error(INVALID_OPERATION, st);
    }
    let mut w = 0;
    let mut r;
    if up >= 0 {
        r = Dec::new(a.neg(), limbs::shl(a.coef, up), b.exp);
    } else {
        r = a.own();
        if r.round_off(-up, c.round) {
            w |= INEXACT;
        }
        r.exp = b.exp;
        w |= ROUNDED;
    }
    if r.view().adjusted() > c.emax || r.digits > c.prec {
        return Dec::error(INVALID_OPERATION, st);
    }
    *st |= w;
    r.finalize(c, st)
}
/// `normalize`: without zeros at the end.
pub fn reduce(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    let mut d = a.own().finalize(c, st);
    if d.flags & SPECIAL != 0 {
        return d;
    }
    if d.view().zero() {
        return Dec::word(d.flags & NEG != 0, 0, 0);
    }
    let max = if c.clamp { c.etop() } else { c.emax };
    let n = limbs::trailing_zeros(d.coef.slice()).min((max - d.exp).max(0));
    if n > 0 {
        let (z, _) = limbs::shr(d.coef.slice(), n);
        d.set_coef(z);
        d.exp += n;
    }
    d.finalize(c, st)
}
/// To an integer; `exact` says whether Inexact and Rounded are signalled.
pub fn to_integral(a: View, exact: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() || a.exp >= 0 {
        return a.own();
    }
    if a.zero() {
        return Dec::word(a.neg(), 0, 0);
    }
    let mut d = a.own();
    let inexact = d.round_off(-a.exp, c.round);
    d.exp = 0;
    if exact {
        *st |= ROUNDED;
        if inexact {
            *st |= INEXACT;
        }
    }
    d
}

// -- neighbours

pub fn next_plus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    next(a, false, c, st)
}
pub fn next_minus(a: View, c: &Ctx, st: &mut u32) -> Dec {
    next(a, true, c, st)
}
fn next(a: View, down: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        if a.neg() == down {
            return a.own();
        }
        return Dec::new(a.neg(), Dec::nines(c.prec), c.etop());
    }
    let w = Ctx { round: if down { Round::Floor } else { Round::Ceiling }, ..*c };
    let mut s = 0;
    let r = a.own().finalize(&w, &mut s);
    if s & (INEXACT | INVALID_OPERATION) != 0 {
        return r;
    }
    let tiny = Dec::word(down, 1, c.etiny() - 1);
    let mut s = 0;
    add(a, tiny.view(), &w, &mut s)
}
pub fn next_toward(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let o = cmp(&a, &b);
    if o.is_eq() {
        let mut d = a.own();
        d.flags = (d.flags & !NEG) | (b.flags & NEG);
        return d;
    }
    let mut s = 0;
    let r = if o.is_lt() { next_plus(a, c, &mut s) } else { next_minus(a, c, &mut s) };
    *st |= s & INVALID_OPERATION;
    if r.flags & INF != 0 {
        *st |= OVERFLOW | ROUNDED | INEXACT;
    } else if r.view().adjusted() < c.emin {
        *st |= UNDERFLOW | SUBNORMAL | ROUNDED | INEXACT;
        if r.view().zero() {
            *st |= CLAMPED;
        }
    }
    r
}

// -- digits

pub fn logb(a: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a], c, st) {
        return n;
    }
    if a.inf() {
        return Dec::inf(false);
    }
    if a.zero() {
        *st |= DIVISION_BY_ZERO;
        return Dec::inf(true);
    }
    Dec::from_i64(a.adjusted()).finalize(c, st)
}
pub fn scaleb(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let n = match b.to_i64() {
        Some(n) if b.exp == 0 => n,
        _ => return Dec::error(INVALID_OPERATION, st),
    };
    let max = 2 * (c.emax + c.prec);
    if n.abs() > max {
        return Dec::error(INVALID_OPERATION, st);
    }
    if a.inf() {
        return a.own();
    }
    let mut d = a.own();
    d.exp = (d.exp + n).clamp(-EXP_INF, EXP_INF);
    d.finalize(c, st)
}
/// Number of digits to move, for `shift` and `rotate`.
fn places(b: View, c: &Ctx) -> Option<i64> {
    match b.to_i64() {
        Some(n) if b.exp == 0 && n.abs() <= c.prec => Some(n),
        _ => None,
    }
}
pub fn shift(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let Some(n) = places(b, c) else { return Dec::error(INVALID_OPERATION, st) };
    if a.inf() {
        return a.own();
    }
    let coef = if n >= 0 {
        limbs::low_digits(limbs::shl(limbs::low_digits(a.coef, c.prec).slice(), n).slice(), c.prec)
    } else {
        limbs::shr(limbs::low_digits(a.coef, c.prec).slice(), -n).0
    };
    Dec::new(a.neg(), coef, a.exp)
}
pub fn rotate(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let Some(n) = places(b, c) else { return Dec::error(INVALID_OPERATION, st) };
    if a.inf() {
        return a.own();
    }
    let x = limbs::low_digits(a.coef, c.prec);
    let n = if n < 0 { n + c.prec } else { n };
    let high = limbs::low_digits(limbs::shl(x.slice(), n).slice(), c.prec);
    let low = limbs::shr(x.slice(), c.prec - n).0;
    Dec::new(a.neg(), limbs::add(high.slice(), low.slice()), a.exp)
}

/// The digits of a logical operand: only zeros and ones, from the right.
pub(super) fn bits(a: View) -> Option<Vec<u8>> {
    if a.special() || a.neg() || a.exp != 0 {
        return None;
    }
    let mut v = Vec::new();
    limbs::write(&mut v, a.coef);
    v.reverse();
    v.iter().all(|d| *d <= b'1').then_some(v)
}
fn from_bits(v: Vec<u8>, c: &Ctx) -> Dec {
    let mut v = v;
    v.truncate(c.prec.clamp(0, v.len() as i64) as usize);
    v.reverse();
    let lead = v.iter().take_while(|c| **c == b'0').count().min(v.len() - 1);
    Dec::new(false, limbs::parse(&v[lead..]), 0)
}
pub fn logical(a: View, b: View, f: fn(u8, u8) -> u8, c: &Ctx, st: &mut u32) -> Dec {
    let (Some(x), Some(y)) = (bits(a), bits(b)) else { return Dec::error(INVALID_OPERATION, st) };
    let n = x.len().max(y.len());
    let at = |v: &[u8], i: usize| v.get(i).map_or(0, |d| d & 1);
    from_bits((0..n).map(|i| b'0' + f(at(&x, i), at(&y, i))).collect(), c)
}
pub fn logical_invert(a: View, c: &Ctx, st: &mut u32) -> Dec {
    let Some(x) = bits(a) else { return Dec::error(INVALID_OPERATION, st) };
    // All digits of the precision.
    if c.prec > 1 << 32 {
        return Dec::error(MALLOC_ERROR, st);
    }
    let v = (0..c.prec as usize).map(|i| b'1' - x.get(i).map_or(0, |d| d & 1)).collect();
    from_bits(v, c)
}

/// `number-class`.
pub fn class(a: View, c: &Ctx) -> &'static str {
    if a.snan() {
        return "sNaN";
    }
    if a.qnan() {
        return "NaN";
    }
    match (a.inf(), a.zero(), a.is_normal(c), a.neg()) {
        (true, _, _, true) => "-Infinity",
        (true, _, _, false) => "+Infinity",
        (_, true, _, true) => "-Zero",
        (_, true, _, false) => "+Zero",
        (_, _, true, true) => "-Normal",
        (_, _, true, false) => "+Normal",
        (_, _, _, true) => "-Subnormal",
        (_, _, _, false) => "+Subnormal",
    }
}
