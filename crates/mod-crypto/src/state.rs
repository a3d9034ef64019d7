//! Hash algorithms behind one type: their names and states, HMAC (RFC 2104), PBKDF2 (RFC 8018).

use digest::Digest;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Algo {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha512_224,
    Sha512_256,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Shake128,
    Shake256,
    Blake2b,
    Blake2s,
    Ripemd160,
    Sm3,
    Md5Sha1,
}
use Algo::*;

/// Name in Python, digest size (0: any), block size, other names of OpenSSL.
static TABLE: [(Algo, &str, usize, usize, &[&str]); 19] = [
    (Md5, "md5", 16, 64, &["ssl3-md5"]),
    (Sha1, "sha1", 20, 64, &["sha-1", "ssl3-sha1"]),
    (Sha224, "sha224", 28, 64, &["sha2-224", "sha-224"]),
    (Sha256, "sha256", 32, 64, &["sha2-256", "sha-256"]),
    (Sha384, "sha384", 48, 128, &["sha2-384", "sha-384"]),
    (Sha512, "sha512", 64, 128, &["sha2-512", "sha-512"]),
    (Sha512_224, "sha512_224", 28, 128, &["sha2-512/224", "sha-512/224", "sha512-224"]),
    (Sha512_256, "sha512_256", 32, 128, &["sha2-512/256", "sha-512/256", "sha512-256"]),
    (Sha3_224, "sha3_224", 28, 144, &["sha3-224"]),
    (Sha3_256, "sha3_256", 32, 136, &["sha3-256"]),
    (Sha3_384, "sha3_384", 48, 104, &["sha3-384"]),
    (Sha3_512, "sha3_512", 64, 72, &["sha3-512"]),
    (Shake128, "shake_128", 0, 168, &["shake128", "shake-128"]),
    (Shake256, "shake_256", 0, 136, &["shake256", "shake-256"]),
    (Blake2b, "blake2b", 64, 128, &["blake2b512", "blake2b-512"]),
    (Blake2s, "blake2s", 32, 64, &["blake2s256", "blake2s-256"]),
    (Ripemd160, "ripemd160", 20, 64, &["ripemd-160", "ripemd", "rmd160"]),
    (Sm3, "sm3", 32, 64, &[]),
    (Md5Sha1, "md5-sha1", 36, 64, &[]),
];

impl Algo {
    pub fn all() -> impl Iterator<Item = Algo> {
        TABLE.iter().map(|r| r.0)
    }
    pub fn name(self) -> &'static str {
        TABLE[self as usize].1
    }
    /// 0: as long as one likes.
    pub fn size(self) -> usize {
        TABLE[self as usize].2
    }
    pub fn block(self) -> usize {
        TABLE[self as usize].3
    }
    pub fn is_xof(self) -> bool {
        self.size() == 0
    }
    /// By one of its names, in any case.
    pub fn find(name: &str) -> Option<Algo> {
        let is = |n: &str| n.eq_ignore_ascii_case(name);
        TABLE.iter().find(|r| is(r.1) || r.4.iter().any(|n| is(n))).map(|r| r.0)
    }
}

/// Keccak's sponge: SHA-3 and SHAKE (FIPS 202).
#[derive(Clone)]
pub struct Sponge {
    state: [u64; 25],
    /// Bytes of the block absorbed so far.
    at: u8,
    rate: u8,
    suffix: u8,
    size: u8,
}

fn permute(state: &mut [u64; 25], mut f: impl FnMut(&mut [u64; 25], keccak::Fn1600)) {
    keccak::Keccak::new().with_f1600(|p| f(state, p));
}

impl Sponge {
    fn new(a: Algo) -> Sponge {
        let suffix = if a.is_xof() { 0x1f } else { 0x06 };
        Sponge { state: [0; 25], at: 0, rate: a.block() as u8, suffix, size: a.size() as u8 }
    }
    fn update(&mut self, mut b: &[u8]) {
        let (rate, mut at) = (self.rate as usize, self.at as usize);
        permute(&mut self.state, |s, p| {
            if at != 0 || b.len() < rate {
                let n = b.len().min(rate - at);
                for (i, x) in b[..n].iter().enumerate() {
                    s[(at + i) / 8] ^= (*x as u64) << (8 * ((at + i) % 8));
                }
                at += n;
                b = &b[n..];
                if at < rate {
                    return;
                }
                p(s);
                at = 0;
            }
            while b.len() >= rate {
                for (w, c) in s.iter_mut().zip(b[..rate].as_chunks().0) {
                    *w ^= u64::from_le_bytes(*c);
                }
                p(s);
                b = &b[rate..];
            }
            for (i, x) in b.iter().enumerate() {
                s[i / 8] ^= (*x as u64) << (8 * (i % 8));
            }
            at = b.len();
        });
        self.at = at as u8;
    }
    fn finish(&self, out: &mut [u8]) {
        let mut state = self.state;
        let (rate, at) = (self.rate as usize, self.at as usize);
        state[at / 8] ^= (self.suffix as u64) << (8 * (at % 8));
        state[(rate - 1) / 8] ^= 0x80 << (8 * ((rate - 1) % 8));
        permute(&mut state, |s, p| {
            for block in out.chunks_mut(rate) {
                p(s);
                for (o, w) in block.chunks_mut(8).zip(s.iter()) {
                    o.copy_from_slice(&w.to_le_bytes()[..o.len()]);
                }
            }
        });
    }
}

/// A hash in progress.
#[derive(Clone)]
pub enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha224(sha2::Sha224),
    Sha256(sha2::Sha256),
    Sha384(sha2::Sha384),
    Sha512(sha2::Sha512),
    Sha512_224(sha2::Sha512_224),
    Sha512_256(sha2::Sha512_256),
    Sponge(Sponge),
    Ripemd160(ripemd::Ripemd160),
    Sm3(sm3::Sm3),
    Md5Sha1(md5::Md5, sha1::Sha1),
    Blake2b(blake2b_simd::State, u8),
    Blake2s(blake2s_simd::State, u8),
}

/// The longest digest with a fixed size.
pub const MAX: usize = 64;

impl State {
    pub fn new(a: Algo) -> State {
        match a {
            Md5 => State::Md5(Digest::new()),
            Sha1 => State::Sha1(Digest::new()),
            Sha224 => State::Sha224(Digest::new()),
            Sha256 => State::Sha256(Digest::new()),
            Sha384 => State::Sha384(Digest::new()),
            Sha512 => State::Sha512(Digest::new()),
            Sha512_224 => State::Sha512_224(Digest::new()),
            Sha512_256 => State::Sha512_256(Digest::new()),
            Sha3_224 | Sha3_256 | Sha3_384 | Sha3_512 | Shake128 | Shake256 => State::Sponge(Sponge::new(a)),
            Blake2b => State::Blake2b(blake2b_simd::State::new(), 64),
            Blake2s => State::Blake2s(blake2s_simd::State::new(), 32),
            Ripemd160 => State::Ripemd160(Digest::new()),
            Sm3 => State::Sm3(Digest::new()),
            Md5Sha1 => State::Md5Sha1(Digest::new(), Digest::new()),
        }
    }
    pub fn update(&mut self, b: &[u8]) {
        match self {
            State::Md5(s) => s.update(b),
            State::Sha1(s) => s.update(b),
            State::Sha224(s) => s.update(b),
            State::Sha256(s) => s.update(b),
            State::Sha384(s) => s.update(b),
            State::Sha512(s) => s.update(b),
            State::Sha512_224(s) => s.update(b),
            State::Sha512_256(s) => s.update(b),
            State::Sponge(s) => s.update(b),
            State::Ripemd160(s) => s.update(b),
            State::Sm3(s) => s.update(b),
            State::Md5Sha1(x, y) => {
                x.update(b);
                y.update(b);
            }
            State::Blake2b(s, _) => {
                s.update(b);
            }
            State::Blake2s(s, _) => {
                s.update(b);
            }
        }
    }
    pub fn size(&self) -> usize {
        match self {
            State::Md5(_) => 16,
            State::Sha1(_) | State::Ripemd160(_) => 20,
            State::Sha224(_) | State::Sha512_224(_) => 28,
            State::Sha256(_) | State::Sha512_256(_) | State::Sm3(_) => 32,
            State::Sha384(_) => 48,
            State::Sha512(_) => 64,
            State::Md5Sha1(..) => 36,
            State::Sponge(s) => s.size as usize,
            State::Blake2b(_, n) | State::Blake2s(_, n) => *n as usize,
        }
    }
    /// The digest of what was given so far, in the first `size()` bytes of `out`. Hashing may go on.
    pub fn digest(&self, out: &mut [u8; MAX]) -> usize {
        let n = self.size();
        let o = &mut out[..n];
        match self {
            State::Md5(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha1(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha224(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha256(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha384(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha512(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha512_224(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sha512_256(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sponge(s) => s.finish(o),
            State::Ripemd160(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Sm3(s) => o.copy_from_slice(&s.clone().finalize()),
            State::Md5Sha1(x, y) => {
                o[..16].copy_from_slice(&x.clone().finalize());
                o[16..].copy_from_slice(&y.clone().finalize());
            }
            State::Blake2b(s, _) => o.copy_from_slice(s.finalize().as_bytes()),
            State::Blake2s(s, _) => o.copy_from_slice(s.finalize().as_bytes()),
        }
        n
    }
    /// So many bytes of an extendable output.
    pub fn squeeze(&self, out: &mut [u8]) {
        match self {
            State::Sponge(s) => s.finish(out),
            _ => unreachable!("only sponges have extendable output"),
        }
    }
}

/// HMAC in progress: the two hashes, each after its key block.
#[derive(Clone)]
pub struct Hmac {
    inner: State,
    outer: State,
}

impl Hmac {
    pub fn new(a: Algo, key: &[u8]) -> Hmac {
        let n = a.block();
        let mut block = [0u8; 168];
        if key.len() > n {
            let mut s = State::new(a);
            s.update(key);
            let mut d = [0; MAX];
            let k = s.digest(&mut d);
            block[..k].copy_from_slice(&d[..k]);
        } else {
            block[..key.len()].copy_from_slice(key);
        }
        let (mut inner, mut outer) = (State::new(a), State::new(a));
        inner.update(&block.map(|x| x ^ 0x36)[..n]);
        outer.update(&block.map(|x| x ^ 0x5c)[..n]);
        Hmac { inner, outer }
    }
    pub fn update(&mut self, b: &[u8]) {
        self.inner.update(b);
    }
    pub fn digest(&self, out: &mut [u8; MAX]) -> usize {
        let n = self.inner.digest(out);
        let mut outer = self.outer.clone();
        outer.update(&out[..n]);
        outer.digest(out)
    }
}

/// PBKDF2 with HMAC.
pub fn pbkdf2(a: Algo, password: &[u8], salt: &[u8], iterations: u64, out: &mut [u8]) {
    let key = Hmac::new(a, password);
    match (&key.inner, &key.outer) {
        // The loop without dispatch for what is in use.
        (State::Sha256(i), State::Sha256(o)) => pbkdf2_of(i, o, salt, iterations, out),
        (State::Sha512(i), State::Sha512(o)) => pbkdf2_of(i, o, salt, iterations, out),
        (State::Sha1(i), State::Sha1(o)) => pbkdf2_of(i, o, salt, iterations, out),
        (State::Md5(i), State::Md5(o)) => pbkdf2_of(i, o, salt, iterations, out),
        _ => {
            let size = key.inner.size();
            for (i, block) in out.chunks_mut(size).enumerate() {
                let mut h = key.clone();
                h.update(salt);
                h.update(&(i as u32 + 1).to_be_bytes());
                let mut u = [0; MAX];
                h.digest(&mut u);
                let mut sum = u;
                for _ in 1..iterations {
                    let mut h = key.clone();
                    h.update(&u[..size]);
                    h.digest(&mut u);
                    sum.iter_mut().zip(&u).for_each(|(s, x)| *s ^= x);
                }
                block.copy_from_slice(&sum[..block.len()]);
            }
        }
    }
}
fn pbkdf2_of<D: Digest + Clone>(inner: &D, outer: &D, salt: &[u8], iterations: u64, out: &mut [u8]) {
    let size = <D as Digest>::output_size();
    let finish = |i: D| {
        let mut o = outer.clone();
        o.update(i.finalize());
        o.finalize()
    };
    for (i, block) in out.chunks_mut(size).enumerate() {
        let mut h = inner.clone();
        h.update(salt);
        h.update((i as u32 + 1).to_be_bytes());
        let mut u = finish(h);
        let mut sum = u.clone();
        for _ in 1..iterations {
            let mut h = inner.clone();
            h.update(&u);
            u = finish(h);
            sum.iter_mut().zip(u.iter()).for_each(|(s, x)| *s ^= x);
        }
        block.copy_from_slice(&sum[..block.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(a: Algo, b: &[u8]) -> String {
        let mut s = State::new(a);
        // In uneven pieces.
        for c in b.chunks(7) {
            s.update(c);
        }
        let mut d = [0; MAX];
        let n = s.digest(&mut d);
        d[..n].iter().map(|x| format!("{x:02x}")).collect()
    }

    #[test]
    fn digests() {
        assert_eq!(hex(Md5, b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(Sha3_256, b"abc"), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
        let long = [b'a'; 1000];
        let mut whole = State::new(Sha3_512);
        whole.update(&long);
        let mut d = [0; MAX];
        whole.digest(&mut d);
        assert_eq!(hex(Sha3_512, &long), d.iter().map(|x| format!("{x:02x}")).collect::<String>());
    }

    #[test]
    fn names() {
        assert_eq!(Algo::find("SHA2-256"), Some(Sha256));
        assert_eq!(Algo::find("RMD160"), Some(Ripemd160));
        assert_eq!(Algo::find("whirlpool"), None);
        assert!(Algo::all().all(|a| TABLE[a as usize].0 == a));
    }
}
