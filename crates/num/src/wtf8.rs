//! The few operations on WTF-8 text that formatting needs.

/// The first code point and its length. The text is not empty and valid WTF-8.
#[inline]
pub(crate) fn first(s: &[u8]) -> (u32, usize) {
    let b = s[0];
    let tail = |i: usize| (s[i] & 0x3f) as u32;
    match b {
        0..0x80 => (b as u32, 1),
        0x80..0xe0 => ((b as u32 & 0x1f) << 6 | tail(1), 2),
        0xe0..0xf0 => ((b as u32 & 0x0f) << 12 | tail(1) << 6 | tail(2), 3),
        0xf0.. => ((b as u32 & 7) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
    }
}

/// The number of code points.
#[inline]
pub(crate) fn count(s: &[u8]) -> usize {
    s.iter().filter(|&&b| b & 0xc0 != 0x80).count()
}

/// The length in bytes of the first `n` code points.
pub(crate) fn prefix_len(s: &[u8], n: usize) -> usize {
    if n >= s.len() {
        return s.len();
    }
    s.iter().enumerate().filter(|(_, b)| **b & 0xc0 != 0x80).nth(n).map_or(s.len(), |(i, _)| i)
}

#[inline]
pub(crate) fn push(out: &mut Vec<u8>, c: u32) {
    let tail = |shift: u32| 0x80 | (c >> shift & 0x3f) as u8;
    match c {
        0..0x80 => out.push(c as u8),
        0x80..0x800 => out.extend_from_slice(&[0xc0 | (c >> 6) as u8, tail(0)]),
        0x800..0x10000 => out.extend_from_slice(&[0xe0 | (c >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend_from_slice(&[0xf0 | (c >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

/// Appends `c` `n` times.
#[inline]
pub(crate) fn repeat(out: &mut Vec<u8>, c: u32, n: usize) {
    if c < 0x80 {
        out.resize(out.len() + n, c as u8);
    } else {
        for _ in 0..n {
            push(out, c);
        }
    }
}
