//! Convolution by number-theoretic transforms modulo three primes near 2^62, put together by the Chinese remainder
//! theorem: products of very long coefficients. Montgomery arithmetic with values below 2p.

/// Primes `k * 2^40 + 1` with a generator.
const PRIMES: [(u64, u64); 3] =
    [(4611615649683210241, 11), (4611549678985543681, 19), (4611546380450660353, 5)];

struct Field {
    p: u64,
    /// `-1/p` modulo 2^64.
    inv: u64,
    /// `2^128 mod p`.
    r2: u64,
}

impl Field {
    const fn new(p: u64) -> Field {
        let mut x: u64 = 1;
        let mut i = 0;
        while i < 6 {
            x = x.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(x)));
            i += 1;
        }
        let r = ((1u128 << 64) % p as u128) as u64;
        let r2 = ((r as u128 * r as u128) % p as u128) as u64;
        Field { p, inv: x.wrapping_neg(), r2 }
    }
    /// `a * b / 2^64`, below 2p if `a * b < 2^64 * p`.
    #[inline(always)]
    fn mul(&self, a: u64, b: u64) -> u64 {
        let t = a as u128 * b as u128;
        let m = (t as u64).wrapping_mul(self.inv);
        ((t + m as u128 * self.p as u128) >> 64) as u64
    }
    #[inline(always)]
    fn reduce(&self, a: u64) -> u64 {
        if a >= self.p { a - self.p } else { a }
    }
    #[inline(always)]
    fn reduce2(&self, a: u64) -> u64 {
        if a >= 2 * self.p { a - 2 * self.p } else { a }
    }
    fn enter(&self, a: u64) -> u64 {
        self.mul(a % self.p, self.r2)
    }
    fn leave(&self, a: u64) -> u64 {
        let x = self.mul(a, 1);
        self.reduce(x)
    }
    /// In Montgomery form.
    fn pow(&self, a: u64, mut e: u64) -> u64 {
        let (mut r, mut b) = (self.enter(1), a);
        while e > 0 {
            if e & 1 == 1 {
                r = self.mul(r, b);
            }
            b = self.mul(b, b);
            e >>= 1;
        }
        self.reduce(self.reduce2(r))
    }
}

/// Powers of a root of unity of order `n`: for each stage of length `2h` the `h` factors, the longest stage first.
fn twiddles(f: &Field, g: u64, n: usize, inverse: bool) -> Vec<u64> {
    let mut w = f.pow(f.enter(g), (f.p - 1) / n as u64);
    if inverse {
        w = f.pow(w, f.p - 2);
    }
    let mut t = Vec::with_capacity(n);
    let mut h = n / 2;
    let mut x = f.enter(1);
    for _ in 0..h {
        t.push(f.reduce(x));
        x = f.reduce2(f.mul(x, w));
    }
    let mut from = 0;
    while h > 1 {
        for i in (0..h).step_by(2) {
            t.push(t[from + i]);
        }
        from += h;
        h /= 2;
    }
    t
}

/// Decimation in frequency: natural order in, bit-reversed out.
fn forward(f: &Field, a: &mut [u64], tw: &[u64]) {
    let n = a.len();
    let p2 = 2 * f.p;
    let (mut h, mut at) = (n / 2, 0);
    while h > 0 {
        let w = &tw[at..at + h];
        for block in a.chunks_exact_mut(2 * h) {
            let (x, y) = block.split_at_mut(h);
            for ((x, y), w) in x.iter_mut().zip(y.iter_mut()).zip(w) {
                let (u, v) = (*x, *y);
                *x = f.reduce2(u + v);
                *y = f.mul(u + p2 - v, *w);
            }
        }
        at += h;
        h /= 2;
    }
}
/// Decimation in time: bit-reversed order in, natural out.
fn backward(f: &Field, a: &mut [u64], tw: &[u64]) {
    let n = a.len();
    let p2 = 2 * f.p;
    // The stages are kept longest first.
    let mut h = 1;
    while h < n {
        let at = n - 2 * h;
        let w = &tw[at..at + h];
        for block in a.chunks_exact_mut(2 * h) {
            let (x, y) = block.split_at_mut(h);
            for ((x, y), w) in x.iter_mut().zip(y.iter_mut()).zip(w) {
                let u = *x;
                let v = f.mul(*y, *w);
                *x = f.reduce2(u + v);
                *y = f.reduce2(u + p2 - v);
            }
        }
        h *= 2;
    }
}

fn convolve_mod(k: usize, n: usize, a: &[u64], b: Option<&[u64]>) -> Vec<u64> {
    let (p, g) = PRIMES[k];
    let f = Field::new(p);
    let tw = twiddles(&f, g, n, false);
    let load = |s: &[u64]| {
        let mut v = Vec::with_capacity(n);
        // Limbs are below 3p.
        v.extend(s.iter().map(|x| f.reduce(f.reduce2(*x))));
        v.resize(n, 0);
        v
    };
    let mut x = load(a);
    forward(&f, &mut x, &tw);
    match b {
        Some(b) => {
            let mut y = load(b);
            forward(&f, &mut y, &tw);
            for (x, y) in x.iter_mut().zip(&y) {
                *x = f.mul(*x, *y);
            }
        }
        None => {
            for x in &mut x {
                *x = f.mul(*x, *x);
            }
        }
    }
    drop(tw);
    let tw = twiddles(&f, g, n, true);
    backward(&f, &mut x, &tw);
    // Division by n; the products above carry one factor of 2^-64.
    let scale = f.pow(f.enter(n as u64), p - 2);
    let scale = f.mul(scale, f.r2);
    for x in &mut x {
        let v = f.mul(*x, scale);
        *x = f.leave(f.mul(v, f.r2));
    }
    x
}

/// Calls `out` with each coefficient of the product polynomial as three words, least significant first, in order.
pub fn convolve(a: &[u64], b: &[u64], mut out: impl FnMut(usize, [u64; 3])) {
    let len = a.len() + b.len() - 1;
    let n = len.next_power_of_two().max(2);
    let same = a.as_ptr() == b.as_ptr() && a.len() == b.len();
    let b = (!same).then_some(b);
    let r: [Vec<u64>; 3] = std::array::from_fn(|k| convolve_mod(k, n, a, b));
    let [p1, p2, p3] = PRIMES.map(|p| p.0);
    let (f2, f3) = (Field::new(p2), Field::new(p3));
    let inv = |f: &Field, x: u64| f.pow(f.enter(x), f.p - 2);
    // x = r1 + p1 * (k1 + p2 * k2)
    let i12 = inv(&f2, p1);
    let i123 = f3.reduce2(f3.mul(inv(&f3, p1), inv(&f3, p2)));
    let p1_3 = f3.enter(p1);
    let p12 = p1 as u128 * p2 as u128;
    for i in 0..len {
        let (r1, r2, r3) = (r[0][i], r[1][i], r[2][i]);
        let d = (r2 + p2 - f2.reduce(r1)) % p2;
        let k1 = f2.reduce(f2.mul(d, i12));
        // r1 + p1 * k1 modulo p3
        let t = f3.reduce(f3.mul(f3.reduce(k1), p1_3));
        let s = f3.reduce(f3.reduce(r1) + t);
        let d = f3.reduce(r3 + p3 - s);
        let k2 = f3.reduce(f3.mul(d, i123));
        let low = r1 as u128 + p1 as u128 * k1 as u128;
        // + p1 * p2 * k2
        let m0 = (p12 as u64) as u128 * k2 as u128;
        let m1 = (p12 >> 64) * k2 as u128 + (m0 >> 64);
        let (x0, c) = (low as u64).overflowing_add(m0 as u64);
        let t = (low >> 64) + (m1 as u64) as u128 + c as u128;
        out(i, [x0, t as u64, (m1 >> 64) as u64 + (t >> 64) as u64]);
    }
}
