//! The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura, 1998) as Python's `random` seeds and reads it.

use crate::bigint::{BigInt, Int};
use crate::limbs::Limbs;

/// Words of state.
pub const STATE_WORDS: usize = 624;
const MIDDLE: usize = 397;
const UPPER: u32 = 0x8000_0000;
const LOWER: u32 = 0x7fff_ffff;

#[derive(Clone)]
pub struct MersenneTwister {
    state: [u32; STATE_WORDS],
    /// The next word to be given out; at the end, a new block is made.
    index: usize,
}

impl MersenneTwister {
    /// Seeded by one word.
    fn from_word(seed: u32) -> Self {
        let mut state = [seed; STATE_WORDS];
        for i in 1..STATE_WORDS {
            let last = state[i - 1];
            state[i] = 1_812_433_253u32.wrapping_mul(last ^ last >> 30).wrapping_add(i as u32);
        }
        MersenneTwister { state, index: STATE_WORDS }
    }

    /// Seeded by a key of any length but zero.
    pub fn from_key(key: &[u32]) -> Self {
        let mut mt = Self::from_word(19_650_218);
        let s = &mut mt.state;
        let (mut i, mut j) = (1, 0);
        let advance = |s: &mut [u32; STATE_WORDS], i: &mut usize| {
            *i += 1;
            if *i == STATE_WORDS {
                s[0] = s[STATE_WORDS - 1];
                *i = 1;
            }
        };
        for _ in 0..STATE_WORDS.max(key.len()) {
            let last = s[i - 1];
            s[i] = (s[i] ^ (last ^ last >> 30).wrapping_mul(1_664_525))
                .wrapping_add(key[j])
                .wrapping_add(j as u32);
            advance(s, &mut i);
            j = (j + 1) % key.len();
        }
        for _ in 1..STATE_WORDS {
            let last = s[i - 1];
            s[i] = (s[i] ^ (last ^ last >> 30).wrapping_mul(1_566_083_941)).wrapping_sub(i as u32);
            advance(s, &mut i);
        }
        s[0] = UPPER;
        mt
    }

    /// `random.seed(n)` for an integer: the absolute value's 32-bit digits are the key.
    pub fn from_int(n: Int) -> Self {
        let mut key: Vec<u32> = n.mag.iter().flat_map(|w| [*w as u32, (*w >> 32) as u32]).collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        if key.is_empty() {
            key.push(0);
        }
        Self::from_key(&key)
    }

    /// `getstate`: the words and the index.
    pub fn state(&self) -> (&[u32; STATE_WORDS], usize) {
        (&self.state, self.index)
    }

    /// `setstate`; `None` if the index is beyond the state.
    pub fn from_state(state: [u32; STATE_WORDS], index: usize) -> Option<Self> {
        (index <= STATE_WORDS).then_some(MersenneTwister { state, index })
    }

    #[cold]
    fn refill(&mut self) {
        let s = &mut self.state;
        let mix = |high: u32, low: u32, far: u32| {
            let y = high & UPPER | low & LOWER;
            far ^ y >> 1 ^ ((y & 1).wrapping_neg() & 0x9908_b0df)
        };
        for i in 0..STATE_WORDS - MIDDLE {
            s[i] = mix(s[i], s[i + 1], s[i + MIDDLE]);
        }
        for i in STATE_WORDS - MIDDLE..STATE_WORDS - 1 {
            s[i] = mix(s[i], s[i + 1], s[i + MIDDLE - STATE_WORDS]);
        }
        s[STATE_WORDS - 1] = mix(s[STATE_WORDS - 1], s[0], s[MIDDLE - 1]);
        self.index = 0;
    }

    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.index >= STATE_WORDS {
            self.refill();
        }
        let mut y = self.state[self.index];
        self.index += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// `random()`: 53 bits in [0, 1).
    #[inline]
    pub fn random(&mut self) -> f64 {
        let (a, b) = (self.next_u32() >> 5, self.next_u32() >> 6);
        (a as f64 * 67_108_864.0 + b as f64) * (1.0 / 9_007_199_254_740_992.0)
    }

    /// `getrandbits(k)` for `k` up to 64.
    #[inline]
    pub fn bits_u64(&mut self, k: u32) -> u64 {
        match k {
            0 => 0,
            1..=32 => (self.next_u32() >> (32 - k)) as u64,
            _ => {
                let low = self.next_u32() as u64;
                low | ((self.next_u32() >> (64 - k)) as u64) << 32
            }
        }
    }

    /// `getrandbits(k)`
    pub fn bits(&mut self, k: u64) -> BigInt {
        let mut out = Limbs::zeros(k.div_ceil(64) as usize);
        let mut left = k;
        for o in out.iter_mut() {
            let n = left.min(64);
            *o = self.bits_u64(n as u32);
            left -= n;
        }
        BigInt::new(false, out)
    }

    /// `randbytes` without a detour through an integer.
    pub fn fill_bytes(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(4) {
            let word = self.next_u32() >> (32 - 8 * chunk.len());
            chunk.copy_from_slice(&word.to_le_bytes()[..chunk.len()]);
        }
    }
}
