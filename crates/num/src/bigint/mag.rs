//! Arithmetic on magnitudes: little-endian limb slices without a sign.
//!
//! These kernels write into the caller's buffer, so that a caller that allocates an object for the largest
//! possible result needs no copy. Inputs have no leading zero limbs; lengths returned are trimmed likewise.
//! Multiplication and division beyond a measured size go to `dashu-int` (Karatsuba, Toom-3, number
//! theoretic transform; Burnikel-Ziegler).

use crate::limbs::{Limbs, trimmed_len};
use dashu_int::UBig;
use std::cmp::Ordering;

/// From this many limbs in the shorter operand on, subquadratic multiplication pays for its copies.
pub const MUL_THRESHOLD: usize = 48;
/// The same for squaring.
pub const SQR_THRESHOLD: usize = 40;
/// Divisor limbs (and quotient limbs) from which on subquadratic division pays.
pub const DIV_THRESHOLD: usize = 80;

#[inline]
pub fn trim(a: &[u64]) -> &[u64] {
    &a[..trimmed_len(a)]
}

#[inline]
pub fn cmp(a: &[u64], b: &[u64]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

#[inline]
pub fn bit_length(a: &[u64]) -> u64 {
    match a.last() {
        None => 0,
        Some(&top) => a.len() as u64 * 64 - top.leading_zeros() as u64,
    }
}

/// How many low bits are zero; `None` for zero.
pub fn trailing_zeros(a: &[u64]) -> Option<u64> {
    let i = a.iter().position(|&w| w != 0)?;
    Some(i as u64 * 64 + a[i].trailing_zeros() as u64)
}

/// `out = a + b + carry` of as many limbs; returns the carry. In pieces of eight, in which it stays a flag.
fn add_limbs(out: &mut [u64], a: &[u64], b: &[u64], mut carry: bool) -> bool {
    let ((o8, o), (a8, a), (b8, b)) = (out.as_chunks_mut::<8>(), a.as_chunks::<8>(), b.as_chunks::<8>());
    for ((o, x), y) in o8.iter_mut().zip(a8).zip(b8) {
        carry = add_chunk(o, x, y, carry);
    }
    for ((o, &x), &y) in o.iter_mut().zip(a).zip(b) {
        (*o, carry) = x.carrying_add(y, carry);
    }
    carry
}
/// The same of `a - b - borrow`.
fn sub_limbs(out: &mut [u64], a: &[u64], b: &[u64], mut borrow: bool) -> bool {
    let ((o8, o), (a8, a), (b8, b)) = (out.as_chunks_mut::<8>(), a.as_chunks::<8>(), b.as_chunks::<8>());
    for ((o, x), y) in o8.iter_mut().zip(a8).zip(b8) {
        borrow = sub_chunk(o, x, y, borrow);
    }
    for ((o, &x), &y) in o.iter_mut().zip(a).zip(b) {
        (*o, borrow) = x.borrowing_sub(y, borrow);
    }
    borrow
}
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn add_chunk(o: &mut [u64; 8], x: &[u64; 8], y: &[u64; 8], carry: bool) -> bool {
    let mut c = carry as u8;
    for i in 0..8 {
        c = std::arch::x86_64::_addcarry_u64(c, x[i], y[i], &mut o[i]);
    }
    c != 0
}
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sub_chunk(o: &mut [u64; 8], x: &[u64; 8], y: &[u64; 8], borrow: bool) -> bool {
    let mut c = borrow as u8;
    for i in 0..8 {
        c = std::arch::x86_64::_subborrow_u64(c, x[i], y[i], &mut o[i]);
    }
    c != 0
}
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn add_chunk(o: &mut [u64; 8], x: &[u64; 8], y: &[u64; 8], mut carry: bool) -> bool {
    for i in 0..8 {
        (o[i], carry) = x[i].carrying_add(y[i], carry);
    }
    carry
}
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn sub_chunk(o: &mut [u64; 8], x: &[u64; 8], y: &[u64; 8], mut borrow: bool) -> bool {
    for i in 0..8 {
        (o[i], borrow) = x[i].borrowing_sub(y[i], borrow);
    }
    borrow
}

/// `out = a + b`; `out` is as long as `a`, which is not shorter than `b`. Returns the carry.
#[inline]
pub fn add_fitting(out: &mut [u64], a: &[u64], b: &[u64]) -> bool {
    let (a_low, a_high) = a.split_at(b.len());
    let (o_low, o_high) = out.split_at_mut(b.len());
    let mut carry = add_limbs(o_low, a_low, b, false);
    for (o, &x) in o_high.iter_mut().zip(a_high) {
        (*o, carry) = x.overflowing_add(carry as u64);
    }
    carry
}

/// `out = a + b`; `out` holds at least one limb more than the longer operand.
#[inline]
pub fn add(out: &mut [u64], a: &[u64], b: &[u64]) -> usize {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let carry = add_fitting(&mut out[..a.len()], a, b);
    out[a.len()] = carry as u64;
    a.len() + carry as usize
}

/// `a += b` where the result is known to fit; `b` is not longer than `a`. Returns the carry.
#[inline]
pub fn add_in_place(a: &mut [u64], b: &[u64]) -> bool {
    let (low, high) = a.split_at_mut(b.len());
    let mut carry = false;
    for (x, &y) in low.iter_mut().zip(b) {
        (*x, carry) = x.carrying_add(y, carry);
    }
    for x in high {
        if !carry {
            return false;
        }
        (*x, carry) = x.overflowing_add(1);
    }
    carry
}

/// `a += 1`; returns the carry.
#[inline]
pub fn increment(a: &mut [u64]) -> bool {
    for x in a {
        let (s, c) = x.overflowing_add(1);
        *x = s;
        if !c {
            return false;
        }
    }
    true
}

/// `out = a - b` where `a >= b`; `out` holds at least `a.len()` limbs.
#[inline]
pub fn sub(out: &mut [u64], a: &[u64], b: &[u64]) -> usize {
    let (a_low, a_high) = a.split_at(b.len());
    let (o_low, o_high) = out.split_at_mut(b.len());
    let mut borrow = sub_limbs(o_low, a_low, b, false);
    for (o, &x) in o_high.iter_mut().zip(a_high) {
        (*o, borrow) = x.overflowing_sub(borrow as u64);
    }
    debug_assert!(!borrow);
    trimmed_len(&out[..a.len()])
}

/// `out = a * w`; `out` is as long as `a`. Returns the carry limb.
#[inline]
pub fn mul_word(out: &mut [u64], a: &[u64], w: u64) -> u64 {
    let mut carry = 0;
    for (o, &x) in out.iter_mut().zip(a) {
        (*o, carry) = x.carrying_mul(w, carry);
    }
    carry
}

/// `a = a * w + carry`; returns the carry limb.
#[inline]
pub fn mul_word_in_place(a: &mut [u64], w: u64, mut carry: u64) -> u64 {
    for x in a {
        (*x, carry) = x.carrying_mul(w, carry);
    }
    carry
}

/// `out += a * w`, both of the same length. Returns the carry limb.
#[inline]
fn add_mul_word(out: &mut [u64], a: &[u64], w: u64) -> u64 {
    let mut carry = 0;
    for (o, &x) in out.iter_mut().zip(a) {
        (*o, carry) = x.carrying_mul_add(w, *o, carry);
    }
    carry
}

/// `out -= a * w`, both of the same length. Returns the borrow limb.
#[inline]
fn sub_mul_word(out: &mut [u64], a: &[u64], w: u64) -> u64 {
    let mut borrow = 0u64;
    for (o, &x) in out.iter_mut().zip(a) {
        let (lo, hi) = x.carrying_mul(w, borrow);
        let (d, b) = o.overflowing_sub(lo);
        *o = d;
        borrow = hi + b as u64;
    }
    borrow
}

/// `out = a * b`; `out` holds at least `a.len() + b.len()` limbs. The same slice twice is squared.
pub fn mul(out: &mut [u64], a: &[u64], b: &[u64]) -> usize {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let n = a.len() + b.len();
    let out = &mut out[..n];
    match *b {
        [] => return 0,
        [w] => out[n - 1] = mul_word(out, a, w),
        _ if std::ptr::eq(a, b) && b.len() >= SQR_THRESHOLD => store(out, &UBig::from_words(a).sqr()),
        _ if std::ptr::eq(a, b) && b.len() > 6 => square_schoolbook(out, a),
        _ if b.len() >= MUL_THRESHOLD => store(out, &(UBig::from_words(a) * UBig::from_words(b))),
        _ => mul_schoolbook(out, a, b),
    }
    n - (out[n - 1] == 0) as usize
}

/// `out += a * (w1, w0)` on the limbs of `a`; returns the two carry limbs. Two rows at once load and store
/// each limb of the sum half as often.
#[inline]
fn add_mul_pair(out: &mut [u64], a: &[u64], w0: u64, w1: u64) -> (u64, u64) {
    let (mut c0, mut c1, mut last) = (0, 0, 0u64);
    for (o, &x) in out.iter_mut().zip(a) {
        let lo;
        (lo, c0) = x.carrying_mul_add(w0, *o, c0);
        (*o, c1) = last.carrying_mul_add(w1, lo, c1);
        last = x;
    }
    last.carrying_mul_add(w1, c0, c1)
}

fn mul_schoolbook(out: &mut [u64], a: &[u64], b: &[u64]) {
    let n = a.len();
    out[n] = mul_word(&mut out[..n], a, b[0]);
    let (pairs, single) = b[1..].as_chunks::<2>();
    for (j, &[w0, w1]) in pairs.iter().enumerate() {
        let j = 2 * j + 1;
        (out[j + n], out[j + n + 1]) = add_mul_pair(&mut out[j..j + n], a, w0, w1);
    }
    if let [w] = *single {
        let j = b.len() - 1;
        out[j + n] = add_mul_word(&mut out[j..j + n], a, w);
    }
}

/// Each product of two different limbs occurs twice in a square: computed once and doubled.
fn square_schoolbook(out: &mut [u64], a: &[u64]) {
    let n = a.len();
    out[0] = 0;
    out[n] = mul_word(&mut out[1..n], &a[1..], a[0]);
    for j in 1..n {
        out[j + n] = add_mul_word(&mut out[2 * j + 1..j + n], &a[j + 1..], a[j]);
    }
    let mut top = 0;
    let mut carry = false;
    for (pair, &x) in out.chunks_exact_mut(2).zip(a) {
        let (lo, hi) = x.carrying_mul(x, 0);
        let double_lo = pair[0] << 1 | top;
        let double_hi = pair[1] << 1 | pair[0] >> 63;
        top = pair[1] >> 63;
        (pair[0], carry) = double_lo.carrying_add(lo, carry);
        (pair[1], carry) = double_hi.carrying_add(hi, carry);
    }
}

fn store(out: &mut [u64], v: &UBig) {
    let w = v.as_words();
    out[..w.len()].copy_from_slice(w);
    out[w.len()..].fill(0);
}

/// `out = a << bits` with `bits < 64`; `out` is as long as `a`. Returns the bits shifted out.
#[inline]
pub fn shl_small(out: &mut [u64], a: &[u64], bits: u32) -> u64 {
    if bits == 0 {
        out.copy_from_slice(a);
        return 0;
    }
    let mut carry = 0;
    for (o, &x) in out.iter_mut().zip(a) {
        *o = x << bits | carry;
        carry = x >> (64 - bits);
    }
    carry
}

/// `a >>= bits` with `bits < 64`.
#[inline]
pub fn shr_small_in_place(a: &mut [u64], bits: u32) {
    if bits != 0 {
        let mut carry = 0;
        for x in a.iter_mut().rev() {
            let v = *x;
            *x = v >> bits | carry;
            carry = v << (64 - bits);
        }
    }
}

/// A divisor of one limb, prepared so that dividing by it needs multiplications only (Möller and Granlund,
/// "Improved division by invariant integers", 2011).
#[derive(Clone, Copy, Debug)]
pub struct WordDivisor {
    /// The divisor shifted left until its top bit is set.
    norm: u64,
    /// `(2^128 - 1) / norm - 2^64`
    recip: u64,
    shift: u32,
}

/// First approximations of the reciprocal, by the nine leading bits of the divisor.
const RECIP_TABLE: [u16; 256] = {
    let mut t = [0; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = (((1 << 19) - 3 * (1 << 8)) / (256 + i)) as u16;
        i += 1;
    }
    t
};

#[inline]
const fn reciprocal(d: u64) -> u64 {
    let d0 = d & 1;
    let d40 = (d >> 24) + 1;
    let d63 = (d >> 1) + d0;
    let v0 = RECIP_TABLE[((d >> 55) - 256) as usize] as u64;
    let v1 = (v0 << 11) - ((v0 * v0 * d40) >> 40) - 1;
    let v2 = (v1 << 13) + ((v1 * ((1 << 60) - v1 * d40)) >> 47);
    let e = (v2 >> 1 & d0.wrapping_neg()).wrapping_sub(v2.wrapping_mul(d63));
    let v3 = (v2 << 31).wrapping_add(((v2 as u128 * e as u128) >> 65) as u64);
    v3.wrapping_sub((((v3 as u128 * d as u128) + d as u128) >> 64) as u64).wrapping_sub(d)
}

impl WordDivisor {
    #[inline]
    pub const fn new(d: u64) -> Self {
        let shift = d.leading_zeros();
        let norm = d << shift;
        WordDivisor { norm, recip: reciprocal(norm), shift }
    }

    /// `(hi, lo) / norm` where `hi < norm`.
    #[inline(always)]
    fn step(&self, hi: u64, lo: u64) -> (u64, u64) {
        let q = (self.recip as u128 * hi as u128).wrapping_add((hi as u128) << 64 | lo as u128);
        let (mut q1, q0) = (((q >> 64) as u64).wrapping_add(1), q as u64);
        let mut r = lo.wrapping_sub(q1.wrapping_mul(self.norm));
        if r > q0 {
            q1 = q1.wrapping_sub(1);
            r = r.wrapping_add(self.norm);
        }
        if r >= self.norm {
            q1 = q1.wrapping_add(1);
            r -= self.norm;
        }
        (q1, r)
    }

    /// `q = a / d`, both of the same length; returns the remainder.
    #[inline]
    pub fn div_rem(&self, q: &mut [u64], a: &[u64]) -> u64 {
        let s = self.shift;
        let mut r = 0;
        if s == 0 {
            for (q, &x) in q.iter_mut().zip(a).rev() {
                (*q, r) = self.step(r, x);
            }
            return r;
        }
        let Some((&top, _)) = a.split_last() else { return 0 };
        r = top >> (64 - s);
        let mut high = top;
        let n = a.len();
        for i in (1..n).rev() {
            let x = a[i - 1];
            (q[i], r) = self.step(r, high << s | x >> (64 - s));
            high = x;
        }
        (q[0], r) = self.step(r, high << s);
        r >> s
    }

    /// `a /= d`; returns the remainder.
    #[inline]
    pub fn div_rem_in_place(&self, a: &mut [u64]) -> u64 {
        let s = self.shift;
        let mut r = 0;
        if s == 0 {
            for x in a.iter_mut().rev() {
                (*x, r) = self.step(r, *x);
            }
            return r;
        }
        let Some(&top) = a.last() else { return 0 };
        r = top >> (64 - s);
        let mut high = top;
        for i in (1..a.len()).rev() {
            let x = a[i - 1];
            (a[i], r) = self.step(r, high << s | x >> (64 - s));
            high = x;
        }
        (a[0], r) = self.step(r, high << s);
        r >> s
    }

    /// `a % d`
    #[inline]
    pub fn rem(&self, a: &[u64]) -> u64 {
        let s = self.shift;
        let mut r = 0;
        for &x in a.iter().rev() {
            // The remainder is carried unshifted: it is below the divisor, so shifting loses nothing.
            let (hi, lo) = if s == 0 { (r, x) } else { (r << s | x >> (64 - s), x << s) };
            r = self.step(hi, lo).1 >> s;
        }
        r
    }

    /// `(hi, lo) % d` where `hi < d`.
    #[inline]
    pub fn rem_wide(&self, v: u128) -> u64 {
        let v = v << self.shift;
        self.step((v >> 64) as u64, v as u64).1 >> self.shift
    }
}

/// A normalised divisor of two limbs with its reciprocal (same paper, algorithms 5 and 6).
struct PairDivisor {
    d1: u64,
    d0: u64,
    recip: u64,
}

impl PairDivisor {
    fn new(d1: u64, d0: u64) -> Self {
        let mut v = reciprocal(d1);
        let (mut p, over) = d1.wrapping_mul(v).overflowing_add(d0);
        if over {
            v = v.wrapping_sub(1);
            if p >= d1 {
                v = v.wrapping_sub(1);
                p = p.wrapping_sub(d1);
            }
            p = p.wrapping_sub(d1);
        }
        let t = v as u128 * d0 as u128;
        let (p, over) = p.overflowing_add((t >> 64) as u64);
        if over {
            v = v.wrapping_sub(1);
            if pair(p, t as u64) >= pair(d1, d0) {
                v = v.wrapping_sub(1);
            }
        }
        PairDivisor { d1, d0, recip: v }
    }

    /// `(u2, u1, u0) / (d1, d0)` where `(u2, u1) < (d1, d0)`: quotient and remainder.
    #[inline(always)]
    fn step(&self, u2: u64, u1: u64, u0: u64) -> (u64, u128) {
        let d = pair(self.d1, self.d0);
        let q = (self.recip as u128 * u2 as u128).wrapping_add(pair(u2, u1));
        let (mut q1, q0) = ((q >> 64) as u64, q as u64);
        let r1 = u1.wrapping_sub(q1.wrapping_mul(self.d1));
        let mut r = pair(r1, u0).wrapping_sub(self.d0 as u128 * q1 as u128).wrapping_sub(d);
        q1 = q1.wrapping_add(1);
        if (r >> 64) as u64 >= q0 {
            q1 = q1.wrapping_sub(1);
            r = r.wrapping_add(d);
        }
        if r >= d {
            q1 = q1.wrapping_add(1);
            r = r.wrapping_sub(d);
        }
        (q1, r)
    }
}

#[inline(always)]
fn pair(hi: u64, lo: u64) -> u128 {
    (hi as u128) << 64 | lo as u128
}

/// Knuth's algorithm D. `v` has its top bit set and at least two limbs; `u`, one limb longer than the
/// dividend, ends up as the remainder; `q` receives `u.len() - v.len()` limbs if given.
fn div_schoolbook(mut q: Option<&mut [u64]>, u: &mut [u64], v: &[u64]) {
    let n = v.len();
    let top = PairDivisor::new(v[n - 1], v[n - 2]);
    for j in (0..u.len() - n).rev() {
        let w = &mut u[j..=j + n];
        let (u2, u1, u0) = (w[n], w[n - 1], w[n - 2]);
        let digit = if pair(u2, u1) >= pair(top.d1, top.d0) {
            let mut digit = u64::MAX;
            let borrow = sub_mul_word(&mut w[..n], v, digit);
            if u2 < borrow {
                digit -= 1;
                add_in_place(&mut w[..n], v);
            }
            digit
        } else {
            let (mut digit, r) = top.step(u2, u1, u0);
            // The two leading limbs of the difference are known: they are the step's remainder.
            let borrow = sub_mul_word(&mut w[..n - 2], &v[..n - 2], digit);
            let (r, negative) = r.overflowing_sub(borrow as u128);
            w[n - 2] = r as u64;
            w[n - 1] = (r >> 64) as u64;
            if negative {
                digit -= 1;
                add_in_place(&mut w[..n], v);
            }
            digit
        };
        w[n] = 0;
        if let Some(q) = q.as_deref_mut() {
            q[j] = digit;
        }
    }
}

/// The quotient of magnitudes if it has one limb, found from the leading limbs; `b` has at least two. None: it has more, or
/// the other limbs matter (hardly ever).
///
/// With `B` the two leading limbs of `b`, shifted until the top bit is set, and `A` the three of `a` at the same places,
/// let `A = qB + r`. What `A` leaves out makes the quotient no greater, for `r < B`. What `B` leaves out is less than one
/// unit, so `q` times that is less than `q`: if `r >= q`, the quotient is `q`.
pub fn leading_quotient(a: &[u64], b: &[u64]) -> Option<u64> {
    let n = b.len();
    if n < 2 || a.len() < n || a.len() > n + 1 {
        return None;
    }
    let s = b[n - 1].leading_zeros();
    let limb = |w: &[u64], i: usize| {
        let low = if s == 0 || i == 0 { 0 } else { w.get(i - 1).map_or(0, |x| x >> (64 - s)) };
        w.get(i).map_or(0, |x| x << s) | low
    };
    let (d1, d0) = (limb(b, n - 1), limb(b, n - 2));
    let (u3, u2, u1, u0) = (limb(a, n + 1), limb(a, n), limb(a, n - 1), limb(a, n - 2));
    if u3 != 0 || pair(u2, u1) >= pair(d1, d0) {
        return None;
    }
    let (q, r) = PairDivisor::new(d1, d0).step(u2, u1, u0);
    (r >= q as u128).then_some(q)
}

/// Stack space for temporary copies of operands.
const SCRATCH: usize = 48;

/// Quotient and remainder of magnitudes; `b` is not zero.
pub fn div_rem(a: &[u64], b: &[u64]) -> (Limbs, Limbs) {
    let mut q = Limbs::new();
    let r = div_rem_into(Some(&mut q), a, b);
    (q, r)
}

/// The remainder alone.
pub fn rem(a: &[u64], b: &[u64]) -> Limbs {
    div_rem_into(None, a, b)
}

fn div_rem_into(q: Option<&mut Limbs>, a: &[u64], b: &[u64]) -> Limbs {
    match (a, b) {
        (_, []) => unreachable!("the caller has excluded zero"),
        _ if a.len() < b.len() => Limbs::from_slice(a),
        (&[x], &[y]) => {
            if let Some(q) = q {
                *q = Limbs::from_u128((x / y) as u128);
            }
            Limbs::from_u128((x % y) as u128)
        }
        (_, &[y]) => {
            let d = WordDivisor::new(y);
            let Some(q) = q else { return Limbs::from_u128(d.rem(a) as u128) };
            *q = Limbs::zeros(a.len());
            let r = d.div_rem(q, a);
            q.trim();
            Limbs::from_u128(r as u128)
        }
        (&[x0, x1], &[y0, y1]) => {
            let (x, y) = (pair(x1, x0), pair(y1, y0));
            // Both have a second limb, so that the quotient is below 2^64 and usually tiny.
            let (mut digit, mut r) = (0u64, x);
            if x >> 4 < y {
                while r >= y {
                    r -= y;
                    digit += 1;
                }
            } else {
                digit = (x / y) as u64;
                r = x - digit as u128 * y;
            }
            if let Some(q) = q {
                *q = Limbs::from_u128(digit as u128);
            }
            Limbs::from_u128(r)
        }
        _ if b.len() >= DIV_THRESHOLD && a.len() - b.len() >= DIV_THRESHOLD => {
            use dashu_int::ops::DivRem;
            let (x, y) = (UBig::from_words(a), UBig::from_words(b));
            let Some(q) = q else { return Limbs::from_slice((x % y).as_words()) };
            let (quotient, r) = x.div_rem(y);
            *q = Limbs::from_slice(quotient.as_words());
            Limbs::from_slice(r.as_words())
        }
        _ => {
            let need = a.len() + 1 + b.len();
            if need <= SCRATCH {
                div_rem_general(q, a, b, &mut [0; SCRATCH][..need])
            } else {
                div_rem_general(q, a, b, &mut vec![0; need])
            }
        }
    }
}

fn div_rem_general(q: Option<&mut Limbs>, a: &[u64], b: &[u64], scratch: &mut [u64]) -> Limbs {
    if let Some(w) = leading_quotient(a, b) {
        let r = &mut scratch[..a.len()];
        r.copy_from_slice(a);
        let borrow = sub_mul_word(&mut r[..b.len()], b, w);
        if let Some(top) = r.get_mut(b.len()) {
            *top -= borrow;
        }
        if let Some(q) = q {
            *q = Limbs::from_u128(w as u128);
        }
        return Limbs::from_slice(trim(r));
    }
    let shift = b[b.len() - 1].leading_zeros();
    let (u, v) = scratch.split_at_mut(a.len() + 1);
    u[a.len()] = shl_small(&mut u[..a.len()], a, shift);
    shl_small(v, b, shift);
    // Where the top limb of the dividend is below the divisor's, the quotient has a limb less.
    let qn = a.len() + 1 - b.len();
    let trims = u[a.len()] == 0 && u[a.len() - 1] < v[b.len() - 1];
    let qn = qn - trims as usize;
    let u = &mut u[..qn + b.len()];
    match q {
        Some(q) => {
            *q = Limbs::zeros(qn);
            div_schoolbook(Some(q), u, v);
            q.trim();
        }
        None => div_schoolbook(None, u, v),
    }
    let r = &mut u[..b.len()];
    shr_small_in_place(r, shift);
    Limbs::from_slice(trim(r))
}
