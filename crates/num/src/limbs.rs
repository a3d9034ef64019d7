//! A buffer of 64-bit limbs that stays on the stack while it is short: results of integer arithmetic land
//! here before the caller copies them into an object of its own.

use crate::error::{NumError, NumResult};
use std::fmt;
use std::ops::{Deref, DerefMut};

/// Limbs kept inline: 512 bits.
pub const INLINE: usize = 8;

#[derive(Clone)]
enum Repr {
    /// Words at and beyond `len` are arbitrary.
    Inline {
        len: usize,
        words: [u64; INLINE],
    },
    Heap(Vec<u64>),
}

/// Little-endian limbs.
#[derive(Clone)]
pub struct Limbs(Repr);

impl Limbs {
    #[inline]
    pub const fn new() -> Self {
        Limbs(Repr::Inline { len: 0, words: [0; INLINE] })
    }

    #[inline]
    pub fn zeros(len: usize) -> Self {
        if len <= INLINE {
            Limbs(Repr::Inline { len, words: [0; INLINE] })
        } else {
            Limbs(Repr::Heap(vec![0; len]))
        }
    }

    /// Zeros where the length comes from the program (`1 << n`): `MemoryError` instead of an abort.
    #[inline]
    pub fn try_zeros(len: usize) -> NumResult<Self> {
        if len < 1 << 20 {
            return Ok(Self::zeros(len));
        }
        let mut v = Vec::new();
        v.try_reserve_exact(len).map_err(|_| NumError::memory())?;
        v.resize(len, 0);
        Ok(Limbs(Repr::Heap(v)))
    }

    #[inline]
    pub fn from_slice(a: &[u64]) -> Self {
        if a.len() <= INLINE {
            let mut words = [0; INLINE];
            words[..a.len()].copy_from_slice(a);
            Limbs(Repr::Inline { len: a.len(), words })
        } else {
            Limbs(Repr::Heap(a.to_vec()))
        }
    }

    /// The limbs of `v`, without leading zero limbs.
    #[inline]
    pub fn from_u128(v: u128) -> Self {
        let mut words = [0; INLINE];
        words[0] = v as u64;
        words[1] = (v >> 64) as u64;
        let len = if words[1] != 0 { 2 } else { (words[0] != 0) as usize };
        Limbs(Repr::Inline { len, words })
    }

    #[inline]
    pub fn as_slice(&self) -> &[u64] {
        match &self.0 {
            Repr::Inline { len, words } => &words[..*len],
            Repr::Heap(v) => v,
        }
    }

    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u64] {
        match &mut self.0 {
            Repr::Inline { len, words } => &mut words[..*len],
            Repr::Heap(v) => v,
        }
    }

    #[inline]
    pub fn truncate(&mut self, n: usize) {
        match &mut self.0 {
            Repr::Inline { len, .. } => *len = n.min(*len),
            Repr::Heap(v) => v.truncate(n),
        }
    }

    pub fn push(&mut self, w: u64) {
        match &mut self.0 {
            Repr::Inline { len, words } => {
                if *len < INLINE {
                    words[*len] = w;
                    *len += 1;
                } else {
                    let mut v = Vec::with_capacity(2 * INLINE);
                    v.extend_from_slice(words);
                    v.push(w);
                    self.0 = Repr::Heap(v);
                }
            }
            Repr::Heap(v) => v.push(w),
        }
    }

    /// Drops leading (most significant) zero limbs.
    #[inline]
    pub fn trim(&mut self) {
        let n = trimmed_len(self.as_slice());
        self.truncate(n);
    }
}

/// The length of `a` without its leading zero limbs.
#[inline]
pub fn trimmed_len(a: &[u64]) -> usize {
    let mut n = a.len();
    while n > 0 && a[n - 1] == 0 {
        n -= 1;
    }
    n
}

impl From<Vec<u64>> for Limbs {
    fn from(v: Vec<u64>) -> Self {
        Limbs(Repr::Heap(v))
    }
}

impl Deref for Limbs {
    type Target = [u64];
    #[inline]
    fn deref(&self) -> &[u64] {
        self.as_slice()
    }
}

impl DerefMut for Limbs {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u64] {
        self.as_mut_slice()
    }
}

impl PartialEq for Limbs {
    fn eq(&self, o: &Self) -> bool {
        self.as_slice() == o.as_slice()
    }
}
impl Eq for Limbs {}

impl fmt::Debug for Limbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_slice(), f)
    }
}

impl Default for Limbs {
    fn default() -> Self {
        Self::new()
    }
}
