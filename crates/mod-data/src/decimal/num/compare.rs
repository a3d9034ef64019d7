//! Comparison of decimal numbers: by value, the total order, `compare`, `max` and `min`.

use super::*;

/// By value of the absolute values; finite ones.
pub(super) fn cmp_abs(a: &View, b: &View) -> Ordering {
    match (a.zero(), b.zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let (x, y) = (a.adjusted(), b.adjusted());
    if x != y {
        return x.cmp(&y);
    }
    if a.exp == b.exp {
        return limbs::cmp(a.coef, b.coef);
    }
    // The same magnitude: the one with fewer digits is filled up.
    if a.exp > b.exp {
        limbs::cmp(limbs::shl(a.coef, a.exp - b.exp).slice(), b.coef)
    } else {
        limbs::cmp(a.coef, limbs::shl(b.coef, b.exp - a.exp).slice())
    }
}
/// By value; no NaNs.
pub fn cmp(a: &View, b: &View) -> Ordering {
    if a.inf() || b.inf() {
        let v = |x: &View| {
            if !x.inf() {
                0
            } else if x.neg() {
                -1
            } else {
                1
            }
        };
        return v(a).cmp(&v(b));
    }
    let (za, zb) = (a.zero(), b.zero());
    if za && zb {
        return Ordering::Equal;
    }
    if za {
        return if b.neg() { Ordering::Greater } else { Ordering::Less };
    }
    if zb || a.neg() != b.neg() {
        return if a.neg() { Ordering::Less } else { Ordering::Greater };
    }
    let o = cmp_abs(a, b);
    if a.neg() { o.reverse() } else { o }
}
fn cmp_abs_inf(a: &View, b: &View) -> Ordering {
    cmp(&a.abs(), &b.abs())
}
/// `compare-total`.
pub fn cmp_total(a: &View, b: &View) -> Ordering {
    if a.neg() != b.neg() {
        return if a.neg() { Ordering::Less } else { Ordering::Greater };
    }
    let class = |x: &View| {
        if x.qnan() {
            2
        } else if x.snan() {
            1
        } else {
            0
        }
    };
    let o = if a.nan() || b.nan() {
        class(a).cmp(&class(b)).then_with(|| limbs::cmp(payload(a), payload(b)))
    } else {
        let o = cmp_abs_inf(a, b);
        if o.is_eq() && !a.inf() { a.exp.cmp(&b.exp) } else { o }
    };
    if a.neg() { o.reverse() } else { o }
}
pub(super) fn payload<'a>(x: &View<'a>) -> &'a [u64] {
    if x.digits == 0 { &[0] } else { x.coef }
}
pub fn cmp_total_mag(a: &View, b: &View) -> Ordering {
    cmp_total(&a.abs(), &b.abs())
}

// -- comparison operations

pub fn compare(a: View, b: View, signal: bool, c: &Ctx, st: &mut u32) -> Dec {
    if let Some(n) = nans(&[a, b], c, st) {
        if signal {
            *st |= INVALID_OPERATION;
        }
        return n;
    }
    Dec::from_i64(cmp(&a, &b) as i64)
}
/// `max` and `min`, by value or by magnitude.
pub fn extreme(a: View, b: View, max: bool, magnitude: bool, c: &Ctx, st: &mut u32) -> Dec {
    // A quiet NaN gives way to a number.
    if a.qnan() && !b.nan() {
        return b.own().finalize(c, st);
    }
    if b.qnan() && !a.nan() {
        return a.own().finalize(c, st);
    }
    if let Some(n) = nans(&[a, b], c, st) {
        return n;
    }
    let mut o = if magnitude { cmp_abs_inf(&a, &b) } else { cmp(&a, &b) };
    if o.is_eq() && magnitude {
        o = cmp(&a, &b);
    }
    if o.is_eq() {
        o = cmp_total(&a, &b);
    }
    let first = if max { o.is_ge() } else { o.is_lt() || o.is_eq() };
    (if first { a } else { b }).own().finalize(c, st)
}
