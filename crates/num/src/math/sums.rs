//! Sums that do not lose bits on the way: `fsum`, `sumprod`, `hypot`, `dist`.

use crate::error::{NumError, NumResult};

/// `a + b` as the rounded sum and what it lost (Knuth).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// The same where `|a| >= |b|` (Dekker).
#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    (s, (a - s) + b)
}

/// `a * b` as the rounded product and what it lost.
#[inline(always)]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let p = a * b;
    (p, a.mul_add(b, -p))
}

/// `math.fsum`: exact partial sums that do not overlap (Shewchuk, "Adaptive Precision Floating-Point
/// Arithmetic", 1997), rounded once at the end.
#[derive(Clone, Debug, Default)]
pub struct Fsum {
    partials: Vec<f64>,
    special: f64,
    infinities: f64,
}

impl Fsum {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn add(&mut self, value: f64) -> NumResult<()> {
        let mut x = value;
        let mut kept = 0;
        for i in 0..self.partials.len() {
            let y = self.partials[i];
            let (hi, lo) = if x.abs() < y.abs() { fast_two_sum(y, x) } else { fast_two_sum(x, y) };
            if lo != 0.0 {
                self.partials[kept] = lo;
                kept += 1;
            }
            x = hi;
        }
        self.partials.truncate(kept);
        if x == 0.0 {
            return Ok(());
        }
        if x.is_finite() {
            self.partials.push(x);
            return Ok(());
        }
        if value.is_finite() {
            return Err(NumError::overflow("intermediate overflow in fsum"));
        }
        if value.is_infinite() {
            self.infinities += value;
        }
        self.special += value;
        self.partials.clear();
        Ok(())
    }

    pub fn finish(self) -> NumResult<f64> {
        if self.special != 0.0 {
            if self.infinities.is_nan() {
                return Err(NumError::value("-inf + inf in fsum"));
            }
            return Ok(self.special);
        }
        let mut rest = self.partials.iter().rev().copied();
        let Some(mut hi) = rest.next() else { return Ok(0.0) };
        let mut lo = 0.0;
        for y in rest.by_ref() {
            (hi, lo) = fast_two_sum(hi, y);
            if lo != 0.0 {
                break;
            }
        }
        // Half way between two doubles: what is left decides.
        if let Some(next) = rest.next()
            && ((lo < 0.0 && next < 0.0) || (lo > 0.0 && next > 0.0))
        {
            let y = lo * 2.0;
            let x = hi + y;
            if y == x - hi {
                hi = x;
            }
        }
        Ok(hi)
    }
}

/// The float path of `math.sumprod`: products and their sum in threefold precision.
#[derive(Clone, Copy, Debug, Default)]
pub struct SumProduct {
    hi: f64,
    lo: f64,
    tiny: f64,
}

impl SumProduct {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `x * y`. False, with nothing changed, if the sum would not be finite.
    #[inline]
    pub fn add(&mut self, x: f64, y: f64) -> bool {
        let (p, p_lost) = two_product(x, y);
        let (hi, hi_lost) = two_sum(self.hi, p);
        if !hi.is_finite() {
            return false;
        }
        let (lo, tiny1) = two_sum(self.lo, p_lost);
        let (lo, tiny2) = two_sum(lo, hi_lost);
        *self = SumProduct { hi, lo, tiny: self.tiny + tiny1 + tiny2 };
        true
    }

    pub fn value(&self) -> f64 {
        let (lo, lost) = two_sum(self.lo, self.tiny);
        let (hi, rest) = two_sum(self.hi, lo);
        hi + (rest + lost)
    }
}

/// `math.hypot` of any number of coordinates: scaled by a power of two, squares summed in twofold precision,
/// the root corrected by its residue.
pub fn hypot(coordinates: &[f64]) -> f64 {
    let (mut max, mut nan) = (0f64, false);
    for x in coordinates {
        nan |= x.is_nan();
        max = max.max(x.abs());
    }
    if max.is_infinite() {
        return max;
    }
    if nan {
        return f64::NAN;
    }
    if max == 0.0 || coordinates.len() <= 1 {
        return max;
    }
    let (_, e) = libm::frexp(max);
    if e < -1023 {
        // Subnormal: up first, so that the scale below is a double.
        let up: Vec<f64> = coordinates.iter().map(|x| x / f64::MIN_POSITIVE).collect();
        return f64::MIN_POSITIVE * hypot(&up);
    }
    let scale = libm::ldexp(1.0, -e);
    // The sum starts at one, which is more than any square, so that the fast summation holds.
    let (mut sum, mut products, mut sums) = (1.0, 0.0, 0.0);
    let mut add = |x: f64, y: f64| -> f64 {
        let (p, p_lost) = two_product(x, y);
        let (s, s_lost) = fast_two_sum(sum, p);
        sum = s;
        products += p_lost;
        sums += s_lost;
        sum - 1.0 + (products + sums)
    };
    let mut total = 0.0;
    for x in coordinates {
        let x = x * scale;
        total = add(x, x);
    }
    let root = total.sqrt();
    let residue = add(-root, root);
    (root + residue / (2.0 * root)) / scale
}

/// `math.dist`
pub fn dist(p: &[f64], q: &[f64]) -> NumResult<f64> {
    if p.len() != q.len() {
        return Err(NumError::value("both points must have the same number of dimensions"));
    }
    let differences: Vec<f64> = p.iter().zip(q).map(|(a, b)| (a - b).abs()).collect();
    Ok(hypot(&differences))
}
