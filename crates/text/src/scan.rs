//! Scanning bytes for the first that needs attention, sixteen at a time where the machine has vectors.
//!
//! # Invariants
//! SSE2 is part of x86-64, so the intrinsics may be used without a test; loads are of 16 bytes that lie in the slice.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// A set of bytes that end a run.
pub trait Class {
    fn stops(b: u8) -> bool;
    /// The same for sixteen bytes: all bits set where the run ends.
    #[cfg(target_arch = "x86_64")]
    fn stops16(v: __m128i) -> __m128i;
}

/// Bytes of 128 and more.
pub enum NonAscii {}
/// What JSON escapes in text: control characters, quote, backslash.
pub enum JsonText {}
/// What JSON escapes in ASCII: as [`JsonText`], and everything beyond the tilde.
pub enum JsonAscii {}
/// What `repr` has to look at: control characters, quotes, backslash, everything beyond the tilde.
pub enum ReprPlain {}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn eq(v: __m128i, b: u8) -> __m128i {
    unsafe { _mm_cmpeq_epi8(v, _mm_set1_epi8(b as i8)) }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn or(a: __m128i, b: __m128i) -> __m128i {
    unsafe { _mm_or_si128(a, b) }
}

/// Below 32 or not below 128, which is below 32 with a sign.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn control_or_high(v: __m128i) -> __m128i {
    unsafe { _mm_cmplt_epi8(v, _mm_set1_epi8(32)) }
}

impl Class for NonAscii {
    #[inline(always)]
    fn stops(b: u8) -> bool {
        b >= 128
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn stops16(v: __m128i) -> __m128i {
        v // only the high bits are looked at
    }
}

impl Class for JsonText {
    #[inline(always)]
    fn stops(b: u8) -> bool {
        b < 32 || b == b'"' || b == b'\\'
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn stops16(v: __m128i) -> __m128i {
        let control = unsafe { _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(31)), v) };
        or(control, or(eq(v, b'"'), eq(v, b'\\')))
    }
}

impl Class for JsonAscii {
    #[inline(always)]
    fn stops(b: u8) -> bool {
        !(32..=126).contains(&b) || b == b'"' || b == b'\\'
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn stops16(v: __m128i) -> __m128i {
        or(or(control_or_high(v), eq(v, 127)), or(eq(v, b'"'), eq(v, b'\\')))
    }
}

impl Class for ReprPlain {
    #[inline(always)]
    fn stops(b: u8) -> bool {
        !(32..=126).contains(&b) || b == b'"' || b == b'\'' || b == b'\\'
    }
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    fn stops16(v: __m128i) -> __m128i {
        or(JsonAscii::stops16(v), eq(v, b'\''))
    }
}

/// Length of the beginning without bytes of the class.
#[inline]
pub fn prefix<C: Class>(s: &[u8]) -> usize {
    let mut at = 0;
    #[cfg(target_arch = "x86_64")]
    while let Some(w) = s[at..].first_chunk::<16>() {
        // SAFETY: SSE2 is part of the architecture; the load is unaligned and inside the slice.
        let hits = unsafe { _mm_movemask_epi8(C::stops16(_mm_loadu_si128(w.as_ptr().cast()))) };
        if hits != 0 {
            return at + hits.trailing_zeros() as usize;
        }
        at += 16;
    }
    #[cfg(not(target_arch = "x86_64"))]
    while let Some(w) = s[at..].first_chunk::<16>() {
        if w.iter().fold(false, |a, &b| a | C::stops(b)) {
            break;
        }
        at += 16;
    }
    at + s[at..].iter().take_while(|&&b| !C::stops(b)).count()
}

/// Length of the ASCII beginning.
#[inline]
pub fn ascii_prefix(s: &[u8]) -> usize {
    prefix::<NonAscii>(s)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<C: Class>() {
        for b in 0..=255u8 {
            for at in [0, 3, 15, 16, 17, 40] {
                for len in [at + 1, at + 20] {
                    let mut s = vec![b'a'; len];
                    s[at] = b;
                    s[len - 1] = if C::stops(b) { 0xFF } else { b };
                    let want = s.iter().position(|&b| C::stops(b)).unwrap_or(len);
                    assert_eq!(prefix::<C>(&s), want, "{b} {at} {len}");
                }
            }
        }
    }

    #[test]
    fn prefixes() {
        check::<NonAscii>();
        check::<JsonText>();
        check::<JsonAscii>();
        check::<ReprPlain>();
    }
}
