//! Coefficients: natural numbers as little-endian limbs in base 10^19, as libmpdec has them.
//!
//! A coefficient has no leading zero limb but zero itself, which is one limb.

use super::ntt;
use adder_text::room;

pub const BASE: u64 = 10_000_000_000_000_000_000;
pub const RDIGITS: i64 = 19;

pub const POW10: [u64; 20] = {
    let mut t = [1u64; 20];
    let mut i = 1;
    while i < 20 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// Division by a 64-bit number through its reciprocal (Möller and Granlund).
#[derive(Clone, Copy)]
pub struct Recip {
    d: u64,
    v: u64,
    s: u32,
}

/// `(2^128 - 1) / d - 2^64` for `d` of at least 2^63, by Newton's iteration.
const fn reciprocal(d: u64) -> u64 {
    const fn high(a: u64, b: u64) -> u64 {
        ((a as u128 * b as u128) >> 64) as u64
    }
    let d0 = d & 1;
    let d40 = (d >> 24) + 1;
    let d63 = (d >> 1) + d0;
    let v0 = (0x7fd00 / (d >> 55) as u32) as u64;
    let v1 = (v0 << 11).wrapping_sub(v0.wrapping_mul(v0).wrapping_mul(d40) >> 40).wrapping_sub(1);
    let v2 = (v1 << 13).wrapping_add(v1.wrapping_mul((1u64 << 60).wrapping_sub(v1.wrapping_mul(d40))) >> 47);
    let e = ((v2 >> 1) & 0u64.wrapping_sub(d0)).wrapping_sub(v2.wrapping_mul(d63));
    let v3 = (high(v2, e) >> 1).wrapping_add(v2 << 31);
    let t = ((v3 as u128 * d as u128 + d as u128) >> 64) as u64;
    v3.wrapping_sub(t).wrapping_sub(d)
}

impl Recip {
    pub const fn new(d: u64) -> Recip {
        let s = d.leading_zeros();
        let n = d << s;
        Recip { d: n, v: reciprocal(n), s }
    }
    /// Of one word.
    #[inline(always)]
    pub fn div_word(self, w: u64) -> (u64, u64) {
        // A divisor of 1 is the only one that the high word may reach.
        if self.s == 63 { (w, 0) } else { self.div(w as u128) }
    }
    /// The high word must be below the divisor.
    #[inline(always)]
    pub fn div(self, n: u128) -> (u64, u64) {
        let n = n << self.s;
        let (u1, u0) = ((n >> 64) as u64, n as u64);
        let q = (self.v as u128 * u1 as u128).wrapping_add(n);
        let mut q1 = ((q >> 64) as u64).wrapping_add(1);
        let q0 = q as u64;
        let mut r = u0.wrapping_sub(q1.wrapping_mul(self.d));
        if r > q0 {
            q1 = q1.wrapping_sub(1);
            r = r.wrapping_add(self.d);
        }
        if r >= self.d {
            q1 = q1.wrapping_add(1);
            r -= self.d;
        }
        (q1, r >> self.s)
    }
}
const BASE_RECIP: Recip = Recip::new(BASE);
/// Division by powers of ten.
static POW10_RECIP: [Recip; 20] = {
    let mut t = [Recip::new(1); 20];
    let mut i = 1;
    while i < 20 {
        t[i] = Recip::new(POW10[i]);
        i += 1;
    }
    t
};
/// A word divided by a power of ten.
#[inline(always)]
fn div_pow10(w: u64, n: usize) -> (u64, u64) {
    POW10_RECIP[n].div_word(w)
}

/// `n` divided by the base; the high word must be below it.
#[inline(always)]
pub fn div_base(n: u128) -> (u64, u64) {
    BASE_RECIP.div(n)
}

/// Number of decimal digits of a word (1 for zero).
#[inline(always)]
pub fn word_digits(w: u64) -> i64 {
    if w == 0 {
        return 1;
    }
    let t = (64 - w.leading_zeros()) as usize * 1233 >> 12;
    (t + (w >= POW10[t.min(19)] && t < 20) as usize) as i64
}

/// A coefficient: up to four limbs in place.
#[derive(Clone, Debug)]
pub struct Coef {
    n: usize,
    a: [u64; 4],
    v: Vec<u64>,
}

impl Coef {
    pub const ZERO: Coef = Coef { n: 1, a: [0; 4], v: Vec::new() };
    #[inline(always)]
    pub fn word(w: u64) -> Coef {
        Coef { n: 1, a: [w, 0, 0, 0], v: Vec::new() }
    }
    /// Any two limbs.
    #[inline(always)]
    pub fn two(lo: u64, hi: u64) -> Coef {
        Coef { n: 1 + (hi != 0) as usize, a: [lo, hi, 0, 0], v: Vec::new() }
    }
    /// Below 10^38.
    #[inline(always)]
    pub fn small(x: u128) -> Coef {
        if x >> 64 == 0 {
            let w = x as u64;
            return if w >= BASE { Coef::two(w - BASE, 1) } else { Coef::word(w) };
        }
        let (q, r) = div_base(x);
        Coef::two(r, q)
    }
    pub fn from_u128(x: u128) -> Coef {
        if x < (BASE as u128) * (BASE as u128) {
            return Coef::small(x);
        }
        let b = BASE as u128;
        let (q, r) = (x / b, x % b);
        let (q2, r2) = (q / b, q % b);
        let mut c = Coef { n: 3, a: [r as u64, r2 as u64, q2 as u64, 0], v: Vec::new() };
        c.trim();
        c
    }
    #[inline]
    pub fn zeros(n: usize) -> Coef {
        let mut v = Vec::new();
        if n > 4 {
            room::reserve(&mut v, n);
            v.resize(n, 0);
        }
        Coef { n, a: [0; 4], v }
    }
    #[inline]
    pub fn from_slice(s: &[u64]) -> Coef {
        let mut c = Coef::zeros(s.len());
        c.mut_slice().copy_from_slice(s);
        c
    }
    pub fn from_vec(v: Vec<u64>) -> Coef {
        if v.len() <= 4 {
            let mut c = Coef::from_slice(if v.is_empty() { &[0] } else { &v });
            c.trim();
            c
        } else {
            let mut c = Coef { n: v.len(), a: [0; 4], v };
            c.trim();
            c
        }
    }
    #[inline(always)]
    pub fn slice(&self) -> &[u64] {
        if self.v.is_empty() { &self.a[..self.n] } else { &self.v[..self.n] }
    }
    #[inline(always)]
    pub fn mut_slice(&mut self) -> &mut [u64] {
        if self.v.is_empty() { &mut self.a[..self.n] } else { &mut self.v[..self.n] }
    }
    #[inline]
    pub fn trim(&mut self) {
        while self.n > 1 && self.slice()[self.n - 1] == 0 {
            self.n -= 1;
        }
    }
    /// Shifts right in place by `n` digits, fewer than there are limbs for: the rounding digit as [`shr`] gives it.
    #[inline]
    pub fn shr_in_place(&mut self, n: i64) -> u8 {
        let (q, r) = ((n / RDIGITS) as usize, (n % RDIGITS) as usize);
        let len = self.n;
        let s = self.mut_slice();
        let (part, unit, below) =
            if r == 0 { (s[q - 1], BASE, &s[..q - 1]) } else { (div_pow10(s[q], r).1, POW10[r], &s[..q]) };
        let sticky = below.iter().any(|x| *x != 0);
        let rnd = match part.cmp(&(unit / 2)) {
            _ if part == 0 && !sticky => 0,
            std::cmp::Ordering::Less => 1,
            std::cmp::Ordering::Equal => 5 + sticky as u8,
            std::cmp::Ordering::Greater => 6,
        };
        if r == 0 {
            s.copy_within(q.., 0);
        } else {
            let (d, up) = (POW10_RECIP[r], POW10[RDIGITS as usize - r]);
            let (mut h, _) = d.div_word(s[q]);
            for k in q + 1..len {
                let (nh, l) = d.div_word(s[k]);
                s[k - 1 - q] = h + l * up;
                h = nh;
            }
            s[len - 1 - q] = h;
        }
        self.n = len - q;
        self.trim();
        rnd
    }
    pub fn push(&mut self, w: u64) {
        if self.v.is_empty() {
            if self.n < 4 {
                self.a[self.n] = w;
            } else {
                self.v = self.a.to_vec();
                self.v.push(w);
            }
        } else {
            self.v.truncate(self.n);
            self.v.push(w);
        }
        self.n += 1;
    }
}

#[inline]
pub fn is_zero(a: &[u64]) -> bool {
    a.iter().all(|x| *x == 0)
}
#[inline]
pub fn trim(a: &[u64]) -> &[u64] {
    let mut n = a.len();
    while n > 1 && a[n - 1] == 0 {
        n -= 1;
    }
    &a[..n]
}
/// Number of decimal digits.
#[inline(always)]
pub fn digits(a: &[u64]) -> i64 {
    (a.len() as i64 - 1) * RDIGITS + word_digits(a[a.len() - 1])
}
pub fn cmp(a: &[u64], b: &[u64]) -> std::cmp::Ordering {
    let (a, b) = (trim(a), trim(b));
    a.len().cmp(&b.len()).then_with(|| a.iter().rev().cmp(b.iter().rev()))
}

/// `a += b`, `a` at least as long: the carry.
#[inline]
pub fn add_in_place(a: &mut [u64], b: &[u64]) -> bool {
    let mut c = 0u64;
    let (lo, hi) = a.split_at_mut(b.len());
    for (x, y) in lo.iter_mut().zip(b) {
        // Below 2 * BASE, which may overflow a word.
        let (s, o) = x.overflowing_add(*y + c);
        let over = o || s >= BASE;
        *x = if over { s.wrapping_sub(BASE) } else { s };
        c = over as u64;
    }
    if c == 0 {
        return false;
    }
    increment(hi)
}
/// Adds one: the carry.
pub fn increment(a: &mut [u64]) -> bool {
    for x in a {
        if *x + 1 < BASE {
            *x += 1;
            return false;
        }
        *x = 0;
    }
    true
}
/// `a -= b`, `a` at least as long: the borrow.
#[inline]
pub fn sub_in_place(a: &mut [u64], b: &[u64]) -> bool {
    let mut c = 0u64;
    let (lo, hi) = a.split_at_mut(b.len());
    for (x, y) in lo.iter_mut().zip(b) {
        let (s, o) = x.overflowing_sub(*y + c);
        *x = if o { s.wrapping_add(BASE) } else { s };
        c = o as u64;
    }
    if c == 0 {
        return false;
    }
    for x in hi {
        if *x > 0 {
            *x -= 1;
            return false;
        }
        *x = BASE - 1;
    }
    true
}
pub fn add(a: &[u64], b: &[u64]) -> Coef {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    let mut c = Coef::from_slice(a);
    if add_in_place(c.mut_slice(), b) {
        c.push(1);
    }
    c
}
/// `a - b`, which is not negative.
pub fn sub(a: &[u64], b: &[u64]) -> Coef {
    let mut c = Coef::from_slice(a);
    sub_in_place(c.mut_slice(), trim(b));
    c.trim();
    c
}

/// `a * w + carry`, in place: what does not fit.
pub fn mul_word_in_place(a: &mut [u64], w: u64, mut c: u64) -> u64 {
    for x in a {
        let (q, r) = div_base(*x as u128 * w as u128 + c as u128);
        *x = r;
        c = q;
    }
    c
}
/// `a / w` in place: the remainder.
pub fn div_word_in_place(a: &mut [u64], w: u64) -> u64 {
    let d = Recip::new(w);
    let mut r = 0u64;
    for x in a.iter_mut().rev() {
        let (q, s) = d.div(r as u128 * BASE as u128 + *x as u128);
        *x = q;
        r = s;
    }
    r
}

/// By columns: the sums of a column are reduced once.
fn mul_columns(out: &mut [u64], a: &[u64], b: &[u64]) {
    let (mut c0, mut c1) = (0u128, 0u64);
    let n = a.len() + b.len();
    for k in 0..n - 1 {
        let from = k.saturating_sub(b.len() - 1);
        let to = k.min(a.len() - 1);
        for (x, y) in a[from..=to].iter().zip(b[k - to..=k - from].iter().rev()) {
            let (s, o) = c0.overflowing_add(*x as u128 * *y as u128);
            c0 = s;
            c1 += o as u64;
        }
        let (q1, r1) = div_base((c1 as u128) << 64 | c0 >> 64);
        let (q0, r0) = div_base((r1 as u128) << 64 | (c0 as u64) as u128);
        out[k] = r0;
        c0 = (q1 as u128) << 64 | q0 as u128;
        c1 = 0;
    }
    out[n - 1] = c0 as u64;
}

const KARATSUBA: usize = 40;
const NTT: usize = 320;

/// `out = a * b`; `out` has the length of both together.
pub fn mul_into(out: &mut [u64], a: &[u64], b: &[u64]) {
    let (a, b) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    if b.len() < KARATSUBA {
        return mul_columns(out, a, b);
    }
    if b.len() >= NTT && a.len() < 4 * b.len() {
        return mul_ntt(out, a, b);
    }
    if a.len() >= 2 * b.len() {
        // Slices of the longer one.
        out.fill(0);
        let mut t = vec![0; 2 * b.len()];
        for (i, s) in a.chunks(b.len()).enumerate() {
            let t = &mut t[..s.len() + b.len()];
            mul_into(t, s, b);
            let at = i * b.len();
            add_in_place(&mut out[at..], t);
        }
        return;
    }
    let h = a.len().div_ceil(2);
    if b.len() <= h {
        out.fill(0);
        let (a0, a1) = a.split_at(h);
        let mut t = vec![0; a.len() + b.len()];
        mul_into(&mut t[..h + b.len()], a0, b);
        add_in_place(out, &t[..h + b.len()]);
        let n = a1.len() + b.len();
        mul_into(&mut t[..n], a1, b);
        add_in_place(&mut out[h..], &t[..n]);
        return;
    }
    let ((a0, a1), (b0, b1)) = (a.split_at(h), b.split_at(h));
    // (a0 + a1)(b0 + b1) - a0 b0 - a1 b1
    let sum = |x: &[u64], y: &[u64]| {
        let mut s = x.to_vec();
        let c = add_in_place(&mut s, y);
        s.push(c as u64);
        s
    };
    let (sa, sb) = (sum(a0, a1), sum(b0, b1));
    let mut m = vec![0; 2 * h + 2];
    mul_into(&mut m, &sa, &sb);
    let (lo, hi) = out.split_at_mut(2 * h);
    mul_into(lo, a0, b0);
    mul_into(hi, a1, b1);
    sub_in_place(&mut m, lo);
    sub_in_place(&mut m, hi);
    let m = trim(&m);
    add_in_place(&mut out[h..], m);
}
fn mul_ntt(out: &mut [u64], a: &[u64], b: &[u64]) {
    let mut carry = 0u128;
    ntt::convolve(a, b, |i, [x0, x1, x2]| {
        // Three words and the carry, divided by the base.
        let (s0, c) = x0.overflowing_add(carry as u64);
        let (s1, c1) = x1.overflowing_add((carry >> 64) as u64);
        let (s1, c2) = s1.overflowing_add(c as u64);
        let s2 = x2 + c1 as u64 + c2 as u64;
        let (q1, r1) = div_base((s2 as u128) << 64 | s1 as u128);
        let (q0, r0) = div_base((r1 as u128) << 64 | s0 as u128);
        out[i] = r0;
        carry = (q1 as u128) << 64 | q0 as u128;
    });
    let n = a.len() + b.len();
    out[n - 1] = carry as u64;
}
#[inline]
pub fn mul(a: &[u64], b: &[u64]) -> Coef {
    if a.len() == 1 && b.len() == 1 {
        let (q, r) = div_base(a[0] as u128 * b[0] as u128);
        return Coef::two(r, q);
    }
    if let ([a0, a1], [b0, b1]) = (a, b) {
        // Two limbs each.
        let (x00, x01) = (*a0 as u128 * *b0 as u128, *a0 as u128 * *b1 as u128);
        let (x10, x11) = (*a1 as u128 * *b0 as u128, *a1 as u128 * *b1 as u128);
        let (q, r0) = div_base(x00);
        // The middle may need 129 bits.
        let (q1, r1) = div_base(x01 + q as u128);
        let (q2, r2) = div_base(x10 + r1 as u128);
        let (q3, r3) = div_base(x11 + q1 as u128 + q2 as u128);
        let mut c = Coef { n: 4, a: [r0, r2, r3, q3], v: Vec::new() };
        c.trim();
        return c;
    }
    let mut c = Coef::zeros(a.len() + b.len());
    if a.len() + b.len() <= 4 {
        mul_columns(c.mut_slice(), a, b);
    } else {
        mul_into(c.mut_slice(), a, b);
    }
    c.trim();
    c
}

thread_local! {
    static TOO_LONG: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}
/// Longest coefficient, in limbs.
const MAX_LIMBS: i64 = 1 << 27;
/// Whether a coefficient would have been longer than memory allows, since the last question.
#[inline(always)]
pub fn too_long() -> bool {
    TOO_LONG.get() && TOO_LONG.replace(false)
}

/// `a * 10^n`. Zero, with [`too_long`] set, if that is more than there may be.
pub fn shl(a: &[u64], n: i64) -> Coef {
    if n == 0 || (a.len() == 1 && a[0] == 0) {
        return Coef::from_slice(a);
    }
    if n / RDIGITS + a.len() as i64 > MAX_LIMBS {
        TOO_LONG.set(true);
        return Coef::ZERO;
    }
    let (q, r) = ((n / RDIGITS) as usize, (n % RDIGITS) as usize);
    let mut c = Coef::zeros(a.len() + q + 1);
    let s = c.mut_slice();
    if r == 0 {
        s[q..q + a.len()].copy_from_slice(a);
    } else {
        let up = POW10[r];
        let mut carry = 0;
        for (d, x) in s[q..].iter_mut().zip(a) {
            let (h, l) = div_base(*x as u128 * up as u128 + carry as u128);
            *d = l;
            carry = h;
        }
        s[q + a.len()] = carry;
    }
    c.trim();
    c
}

/// `a / 10^n` and the digit below the point with a sticky one: 0 nothing, 1..4 below a half, 5 a half, 6..9 above.
pub fn shr(a: &[u64], n: i64) -> (Coef, u8) {
    if n == 0 {
        return (Coef::from_slice(a), 0);
    }
    let total = digits(a);
    if n > total {
        return (Coef::ZERO, (!is_zero(a)) as u8);
    }
    let (q, r) = ((n / RDIGITS) as usize, (n % RDIGITS) as usize);
    // The rounding digit is digit n - 1.
    let k = (n - 1) as usize;
    let (kq, kr) = (k / RDIGITS as usize, k % RDIGITS as usize);
    let (w, rest) = div_pow10(a[kq], kr);
    let mut rnd = (w % 10) as u8;
    if (rnd == 0 || rnd == 5) && (rest != 0 || !is_zero(&a[..kq])) {
        rnd += 1;
    }
    if q >= a.len() {
        return (Coef::ZERO, rnd);
    }
    let mut c = Coef::from_slice(&a[q..]);
    if r != 0 {
        // Limbs do not wait for each other: each gives its low part to the one below.
        let (d, up) = (POW10_RECIP[r], POW10[RDIGITS as usize - r]);
        let s = c.mut_slice();
        let (mut h, _) = d.div_word(s[0]);
        for k in 1..s.len() {
            let (nh, l) = d.div_word(s[k]);
            s[k - 1] = h + l * up;
            h = nh;
        }
        let top = s.len() - 1;
        s[top] = h;
    }
    c.trim();
    (c, rnd)
}
/// `a mod 10^n`.
pub fn low_digits(a: &[u64], n: i64) -> Coef {
    let (q, r) = ((n / RDIGITS) as usize, (n % RDIGITS) as usize);
    if q >= a.len() {
        return Coef::from_slice(a);
    }
    let mut v = a[..q + 1].to_vec();
    v[q] %= POW10[r];
    Coef::from_vec(v)
}
/// Number of zeros at the end of a number that is not zero.
pub fn trailing_zeros(a: &[u64]) -> i64 {
    let mut n = 0;
    for x in a {
        if *x == 0 {
            n += RDIGITS;
            continue;
        }
        let mut w = *x;
        while w % 10 == 0 {
            w /= 10;
            n += 1;
        }
        break;
    }
    n
}
/// Digit `i` from the right.
#[inline]
pub fn digit(a: &[u64], i: i64) -> u8 {
    let (q, r) = ((i / RDIGITS) as usize, (i % RDIGITS) as usize);
    a.get(q).map_or(0, |w| (div_pow10(*w, r).0 % 10) as u8)
}

/// `a / b` and the remainder.
pub fn divmod(a: &[u64], b: &[u64]) -> (Coef, Coef) {
    let (a, b) = (trim(a), trim(b));
    if b.len() == 1 {
        if a.len() == 1 {
            return (Coef::word(a[0] / b[0]), Coef::word(a[0] % b[0]));
        }
        let mut q = Coef::from_slice(a);
        let r = div_word_in_place(q.mut_slice(), b[0]);
        q.trim();
        return (q, Coef::word(r));
    }
    if cmp(a, b).is_lt() {
        return (Coef::ZERO, Coef::from_slice(a));
    }
    // The highest limb of the divisor is made at least half the base.
    let f = BASE / (b[b.len() - 1] + 1);
    if a.len() <= 8 && b.len() <= 4 {
        // All on the stack.
        let (mut u, mut v, mut q) = ([0u64; 9], [0u64; 4], [0u64; 8]);
        let (u, v) = (&mut u[..a.len() + 1], &mut v[..b.len()]);
        u[..a.len()].copy_from_slice(a);
        v.copy_from_slice(b);
        if f > 1 {
            let c = mul_word_in_place(&mut u[..a.len()], f, 0);
            u[a.len()] = c;
            mul_word_in_place(v, f, 0);
        }
        let q = &mut q[..a.len() + 1 - b.len()];
        div_school(q, u, v);
        if f > 1 {
            div_word_in_place(&mut u[..b.len()], f);
        }
        let (mut q, mut r) = (Coef::from_slice(q), Coef::from_slice(&u[..b.len()]));
        q.trim();
        r.trim();
        return (q, r);
    }
    let mut u = a.to_vec();
    let mut v = b.to_vec();
    let c = mul_word_in_place(&mut u, f, 0);
    u.push(c);
    mul_word_in_place(&mut v, f, 0);
    let mut q = vec![0; u.len() - v.len()];
    div_normalized(&mut q, &mut u, &v);
    u.truncate(v.len());
    div_word_in_place(&mut u, f);
    (Coef::from_vec(q), Coef::from_vec(u))
}

const RECURSIVE: usize = 80;

/// Quotient of `u` by `v`, the remainder stays in `u`. `u`'s highest part is below `v`.
fn div_normalized(q: &mut [u64], u: &mut [u64], v: &[u64]) {
    let n = v.len();
    let m = q.len();
    if n < RECURSIVE || m < RECURSIVE {
        return div_school(q, u, v);
    }
    // Blocks of n quotient limbs, from the highest on (Burnikel and Ziegler).
    let mut at = m;
    while at > 0 {
        let k = if at % n == 0 { n } else { at % n };
        at -= k;
        div_block(&mut q[at..at + k], &mut u[at..at + k + n], v);
    }
}
/// `k = q.len() <= n` quotient limbs of `u` (of `n + k` limbs, the high n below `v`).
fn div_block(q: &mut [u64], u: &mut [u64], v: &[u64]) {
    let (n, k) = (v.len(), q.len());
    if k < RECURSIVE {
        return div_school(q, u, v);
    }
    let h = k / 2;
    let (q0, q1) = q.split_at_mut(h);
    div_part(q1, &mut u[h..], v);
    div_part(q0, &mut u[..n + h], v);
}
/// `k` quotient limbs by the high `k` limbs of the divisor, and the correction for its rest.
fn div_part(q: &mut [u64], u: &mut [u64], v: &[u64]) {
    let (n, k) = (v.len(), q.len());
    if k < RECURSIVE || k == n {
        if k == n {
            return div_block(q, u, v);
        }
        return div_school(q, u, v);
    }
    let (v0, v1) = v.split_at(n - k);
    let rest = n - k;
    // The estimate: high n + k - rest = 2k limbs by v1.
    let top = &mut u[rest..];
    if cmp(&top[k..], v1).is_ge() {
        // It would not fit: the largest there is.
        q.fill(BASE - 1);
        // top - (B^k - 1) * v1 = top - v1 * B^k + v1
        sub_in_place(&mut top[k..], v1);
        let mut t = top.to_vec();
        t.push(0);
        add_in_place(&mut t, v1);
        top.copy_from_slice(&t[..top.len()]);
    } else {
        div_block(q, top, v1);
    }
    let mut p = vec![0; k + rest];
    mul_into(&mut p, q, v0);
    let mut borrow = sub_in_place(u, &p);
    while borrow {
        // One too many.
        let one = [1];
        sub_in_place(q, &one);
        borrow = !add_in_place(u, v);
    }
}
/// Knuth's algorithm D.
fn div_school(q: &mut [u64], u: &mut [u64], v: &[u64]) {
    let n = v.len();
    let (v1, v2) = (v[n - 1], v[n - 2]);
    let d = Recip::new(v1);
    for j in (0..q.len()).rev() {
        let top = u.get(j + n).copied().unwrap_or(0);
        let num = top as u128 * BASE as u128 + u[j + n - 1] as u128;
        let (mut qh, mut rh) = if top >= v1 {
            let x = num - (BASE - 1) as u128 * v1 as u128;
            (BASE - 1, x)
        } else {
            let (q, r) = d.div(num);
            (q, r as u128)
        };
        while rh < BASE as u128 && qh as u128 * v2 as u128 > rh * BASE as u128 + u[j + n - 2] as u128 {
            qh -= 1;
            rh += v1 as u128;
        }
        // u[j..] -= qh * v
        let mut carry = 0u64;
        let mut borrow = 0u64;
        for i in 0..n {
            let (h, l) = div_base(qh as u128 * v[i] as u128 + carry as u128);
            carry = h;
            let (s, o) = u[j + i].overflowing_sub(l + borrow);
            u[j + i] = if o { s.wrapping_add(BASE) } else { s };
            borrow = o as u64;
        }
        if j + n < u.len() {
            let (s, o) = u[j + n].overflowing_sub(carry + borrow);
            u[j + n] = if o { s.wrapping_add(BASE) } else { s };
            borrow = o as u64;
        } else {
            borrow = (carry + borrow != 0) as u64;
        }
        if borrow != 0 {
            qh -= 1;
            let end = (j + n + 1).min(u.len());
            add_in_place(&mut u[j..end], v);
        }
        q[j] = qh;
    }
}

/// Decimal digits.
pub fn write(out: &mut Vec<u8>, a: &[u64]) {
    let mut word = |mut w: u64, n: usize| {
        let mut b = [b'0'; 20];
        let mut i = 20;
        while w > 0 {
            i -= 1;
            b[i] = b'0' + (w % 10) as u8;
            w /= 10;
        }
        out.extend_from_slice(&b[20 - n..]);
    };
    let n = a.len();
    word(a[n - 1], word_digits(a[n - 1]) as usize);
    for w in a[..n - 1].iter().rev() {
        word(*w, RDIGITS as usize);
    }
}
/// From ASCII digits.
pub fn parse(s: &[u8]) -> Coef {
    let word = |c: &[u8]| c.iter().fold(0u64, |a, d| a * 10 + (d - b'0') as u64);
    if s.len() <= RDIGITS as usize {
        return Coef::word(word(s));
    }
    let mut v = Vec::with_capacity(s.len() / RDIGITS as usize + 1);
    v.extend(s.rchunks(RDIGITS as usize).map(word));
    Coef::from_vec(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(n: usize, seed: &mut u64) -> Vec<u64> {
        let mut v: Vec<u64> = (0..n)
            .map(|_| {
                *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (*seed ^ *seed >> 29) % BASE
            })
            .collect();
        if v[n - 1] == 0 {
            v[n - 1] = 1;
        }
        v
    }

    #[test]
    fn reciprocals_are_exact() {
        let mut s = 3;
        for i in 0..20000u64 {
            let d = match i {
                0 => 1 << 63,
                1 => u64::MAX,
                2 => (1 << 63) + 1,
                _ => random(1, &mut s)[0] | 1 << 63,
            };
            assert_eq!(reciprocal(d), (u128::MAX / d as u128 - (1 << 64)) as u64);
        }
        for n in POW10 {
            assert_eq!(
                Recip::new(n).div_word(12345678901234567890),
                (12345678901234567890 / n, 12345678901234567890 % n)
            );
        }
    }
    #[test]
    fn products_and_quotients_agree() {
        let mut s = 7;
        for (m, n) in [(1, 1), (2, 3), (40, 40), (90, 50), (400, 330), (700, 320), (1000, 400), (2100, 900)] {
            let (a, b) = (random(m, &mut s), random(n, &mut s));
            let mut want = vec![0; m + n];
            mul_columns(&mut want, &a, &b);
            let mut got = vec![0; m + n];
            mul_into(&mut got, &a, &b);
            assert!(want == got, "{m} {n}");
            let r = random(n, &mut s);
            let r = if cmp(&r, &b).is_lt() { r } else { vec![5] };
            add_in_place(&mut got, &r);
            let (q, r2) = divmod(&got, &b);
            assert!(q.slice() == trim(&a), "quotient {m} {n}");
            assert!(r2.slice() == trim(&r), "remainder {m} {n}");
        }
    }
}
