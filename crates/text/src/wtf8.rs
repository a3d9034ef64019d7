//! The encoding of `str`: encode, decode, iterate, count, index.
//!
//! See the crate's documentation for the invariants. Positions come in two kinds, always named: *offsets* (bytes) and
//! *indices* (characters).

use crate::room;
use std::ops::Range;

/// Largest code point.
pub const MAX: u32 = 0x10FFFF;

/// Whether the byte begins a character.
#[inline(always)]
pub const fn is_start(b: u8) -> bool {
    (b as i8) >= -0x40
}

/// Whether the code point is a surrogate.
#[inline(always)]
pub const fn is_surrogate(cp: u32) -> bool {
    cp & 0xFFFF_F800 == 0xD800
}

/// Number of bytes of a code point.
#[inline]
pub const fn len(cp: u32) -> usize {
    1 + (cp >= 0x80) as usize + (cp >= 0x800) as usize + (cp >= 0x10000) as usize
}

/// Number of bytes of the character that begins with `b`.
#[inline]
pub const fn len_from_first(b: u8) -> usize {
    1 + (b >= 0xC0) as usize + (b >= 0xE0) as usize + (b >= 0xF0) as usize
}

/// The bytes of a code point, and how many of the four count.
#[inline]
pub const fn encode(cp: u32) -> ([u8; 4], usize) {
    let low = 0x80 | (cp & 0x3F) as u8;
    if cp < 0x80 {
        ([cp as u8, 0, 0, 0], 1)
    } else if cp < 0x800 {
        ([0xC0 | (cp >> 6) as u8, low, 0, 0], 2)
    } else if cp < 0x10000 {
        ([0xE0 | (cp >> 12) as u8, 0x80 | ((cp >> 6) & 0x3F) as u8, low, 0], 3)
    } else {
        ([0xF0 | (cp >> 18) as u8, 0x80 | ((cp >> 12) & 0x3F) as u8, 0x80 | ((cp >> 6) & 0x3F) as u8, low], 4)
    }
}

/// Append a code point.
#[inline]
pub fn push(out: &mut Vec<u8>, cp: u32) {
    if cp < 0x80 {
        room::reserve(out, 1);
        out.push(cp as u8);
    } else {
        let (b, n) = encode(cp);
        room::append(out, &b[..n]);
    }
}

/// The text of some code points.
pub fn from_code_points(cps: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let iter = cps.into_iter();
    let mut out = Vec::with_capacity(iter.size_hint().0);
    iter.for_each(|cp| push(&mut out, cp));
    out
}

/// The character at offset `at` (which must be on a boundary and before the end), and its length in bytes.
#[inline]
pub fn decode(s: &[u8], at: usize) -> (u32, usize) {
    let get = |i: usize| (s.get(at + i).copied().unwrap_or(0x80) & 0x3F) as u32;
    let b = s[at] as u32;
    if b < 0x80 {
        (b, 1)
    } else if b < 0xE0 {
        ((b & 0x1F) << 6 | get(1), 2)
    } else if b < 0xF0 {
        ((b & 0x0F) << 12 | get(1) << 6 | get(2), 3)
    } else {
        ((b & 0x07) << 18 | get(1) << 12 | get(2) << 6 | get(3), 4)
    }
}

/// The character that ends at offset `end` (on a boundary, after the start), and its length in bytes.
#[inline]
pub fn decode_before(s: &[u8], end: usize) -> (u32, usize) {
    if s[end - 1] < 0x80 {
        return (s[end - 1] as u32, 1);
    }
    let start = prev(s, end);
    (decode(s, start).0, end - start)
}

/// Offset of the character before offset `at > 0`.
#[inline]
pub fn prev(s: &[u8], at: usize) -> usize {
    let mut i = at - 1;
    while i > 0 && !is_start(s[i]) {
        i -= 1;
    }
    i
}

/// Offset after the character at offset `at`.
#[inline]
pub fn next(s: &[u8], at: usize) -> usize {
    (at + len_from_first(s[at])).min(s.len())
}

/// The code points of a text, from both ends.
#[derive(Clone)]
pub struct Chars<'a> {
    s: &'a [u8],
    start: usize,
    end: usize,
}

/// Iterate over code points.
#[inline]
pub fn chars(s: &[u8]) -> Chars<'_> {
    Chars { s, start: 0, end: s.len() }
}

impl Chars<'_> {
    /// Offset of the character that `next` would give.
    #[inline]
    pub fn offset(&self) -> usize {
        self.start
    }
    /// Offset after the character that `next_back` would give.
    #[inline]
    pub fn end_offset(&self) -> usize {
        self.end
    }
}

impl Chars<'_> {
    /// `next` where there is a character of several bytes.
    #[inline(never)]
    fn next_long(&mut self) -> u32 {
        let (cp, n) = decode(self.s, self.start);
        self.start += n;
        cp
    }
}

impl Iterator for Chars<'_> {
    type Item = u32;
    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.start >= self.end {
            return None;
        }
        let b = self.s[self.start];
        if b < 0x80 {
            self.start += 1;
            return Some(b as u32);
        }
        Some(self.next_long())
    }
    fn size_hint(&self) -> (usize, Option<usize>) {
        let n = self.end.saturating_sub(self.start);
        (n.div_ceil(4), Some(n))
    }
}

impl DoubleEndedIterator for Chars<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        if self.start >= self.end {
            return None;
        }
        let (cp, n) = decode_before(self.s, self.end);
        self.end -= n;
        Some(cp)
    }
}

/// Code points with the offsets they begin at.
pub fn char_offsets(s: &[u8]) -> impl Iterator<Item = (usize, u32)> + '_ {
    let mut it = chars(s);
    std::iter::from_fn(move || {
        let at = it.offset();
        it.next().map(|cp| (at, cp))
    })
}

/// Number of characters: of bytes that begin one. Written so that it is compiled to vector code.
pub fn count(s: &[u8]) -> usize {
    let (blocks, rest) = s.as_chunks::<64>();
    let mut total = 0;
    for some in blocks.chunks(31) {
        // Byte counters of eight lanes at once: each block adds at most 8 to each.
        let mut acc = 0u64;
        for b in some {
            let mut part = 0u64;
            for w in b.as_chunks::<8>().0 {
                let w = u64::from_le_bytes(*w);
                part += (!w >> 7 | w >> 6) & 0x0101_0101_0101_0101;
            }
            acc += part;
        }
        // Add the eight counters.
        let pairs = (acc & 0x00FF_00FF_00FF_00FF) + (acc >> 8 & 0x00FF_00FF_00FF_00FF);
        total += (pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize;
    }
    total + rest.iter().filter(|&&b| is_start(b)).count()
}

/// What an object keeps about its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Measure {
    /// Number of characters.
    pub chars: usize,
    /// All of them below 128.
    pub ascii: bool,
}

/// Count the characters and see whether all are ASCII.
pub fn measure(s: &[u8]) -> Measure {
    if s.is_ascii() {
        Measure { chars: s.len(), ascii: true }
    } else {
        Measure { chars: count(s), ascii: false }
    }
}

/// Whether the text has a surrogate; if so the offset of the first.
pub fn find_surrogate(s: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0xED, s).find(|&i| s.get(i + 1).is_some_and(|&b| b >= 0xA0))
}

/// The text as `str`, unless it has surrogates.
pub fn to_str(s: &[u8]) -> Option<&str> {
    // One pass of vectorised validation is faster than a search for 0xED in Korean text, and is safe.
    simdutf8::basic::from_utf8(s).ok()
}

/// Whether arbitrary bytes are valid text in the sense of this crate (for assertions and unpickling).
pub fn is_valid(s: &[u8]) -> bool {
    let mut rest = s;
    loop {
        match std::str::from_utf8(rest) {
            Ok(_) => return true,
            Err(e) => {
                rest = &rest[e.valid_up_to()..];
                match rest {
                    [0xED, 0xA0..=0xBF, 0x80..=0xBF, ..] => rest = &rest[3..],
                    _ => return false,
                }
            }
        }
    }
}

const HIGH: u64 = 0x8080_8080_8080_8080;

#[inline]
fn starts_in_word(w: [u8; 8]) -> usize {
    let w = u64::from_le_bytes(w);
    // A continuation byte has bit 7 set and bit 6 clear.
    8 - (w & !(w << 1) & HIGH).count_ones() as usize
}

/// Offset of the character with index `index`, counted from offset `from`; the length of the text if there are fewer.
pub fn offset_from(s: &[u8], from: usize, index: usize) -> usize {
    let mut at = from;
    let mut left = index;
    while left >= 64
        && let Some(w) = s[at..].first_chunk::<64>()
    {
        left -= count(w);
        at += 64;
    }
    while left >= 8 && at + 8 <= s.len() {
        left -= starts_in_word(s[at..at + 8].try_into().unwrap());
        at += 8;
    }
    // `at` may be inside a character: its beginning was counted.
    while at < s.len() && !is_start(s[at]) {
        at += 1;
    }
    while left > 0 && at < s.len() {
        at = next(s, at);
        left -= 1;
    }
    at
}

/// Offset of the character `back` characters before the offset `end`; 0 if there are fewer.
pub fn offset_back(s: &[u8], end: usize, back: usize) -> usize {
    let mut at = end;
    let mut left = back;
    while left >= 8 && at >= 8 {
        left -= starts_in_word(s[at - 8..at].try_into().unwrap());
        at -= 8;
        if left == 0 {
            // The first start byte of the word is the wanted one, and is at or after `at`.
            while !is_start(s[at]) {
                at += 1;
            }
            return at;
        }
    }
    while left > 0 && at > 0 {
        at -= 1;
        left -= is_start(s[at]) as usize;
    }
    at
}

/// Offset of the character with index `index` without an index structure: from the nearer end.
/// `chars` is the number of characters of the text.
pub fn offset(s: &[u8], chars: usize, index: usize) -> usize {
    if index >= chars {
        s.len()
    } else if index <= chars / 2 {
        offset_from(s, 0, index)
    } else {
        offset_back(s, s.len(), chars - index)
    }
}

/// Range of bytes of the characters `range`, without an index structure.
pub fn slice(s: &[u8], chars: usize, range: Range<usize>) -> Range<usize> {
    let start = offset(s, chars, range.start);
    let n = range.end.saturating_sub(range.start);
    let end = if range.end >= chars {
        s.len()
    } else if n <= chars - range.end {
        offset_from(s, start, n)
    } else {
        offset_back(s, s.len(), chars - range.end)
    };
    start..end
}

/// Offsets of every 64th character of a long text: indexing in constant time and offsets back to indices in
/// logarithmic time. Built by the owner of the text on the first use that pays for it.
#[derive(Clone, Debug)]
pub struct Breadcrumbs {
    // Texts of 4 GiB and more are rare enough to pay twice.
    crumbs: Crumbs,
}

#[derive(Clone, Debug)]
enum Crumbs {
    Small(Box<[u32]>),
    Large(Box<[u64]>),
}

impl Breadcrumbs {
    /// Characters between two crumbs.
    pub const STEP: usize = 64;

    pub fn new(s: &[u8]) -> Breadcrumbs {
        let crumbs = if s.len() <= u32::MAX as usize {
            Crumbs::Small(Self::collect(s, |o| o as u32))
        } else {
            Crumbs::Large(Self::collect(s, |o| o as u64))
        };
        Breadcrumbs { crumbs }
    }

    fn collect<T>(s: &[u8], f: impl Fn(usize) -> T) -> Box<[T]> {
        let mut v = Vec::with_capacity(s.len() / (Self::STEP * 2) + 1);
        let mut at = 0;
        while at < s.len() {
            v.push(f(at));
            at = offset_from(s, at, Self::STEP);
        }
        v.into_boxed_slice()
    }

    #[inline]
    fn crumb(&self, i: usize) -> Option<usize> {
        match &self.crumbs {
            Crumbs::Small(c) => c.get(i).map(|&o| o as usize),
            Crumbs::Large(c) => c.get(i).map(|&o| o as usize),
        }
    }

    /// Offset of the character with index `index`; the length of the text if there are fewer.
    #[inline]
    pub fn offset(&self, s: &[u8], index: usize) -> usize {
        match self.crumb(index / Self::STEP) {
            Some(o) => offset_from(s, o, index % Self::STEP),
            None => s.len(),
        }
    }

    /// Index of the character at the offset `at`, which is on a boundary.
    pub fn index(&self, s: &[u8], at: usize) -> usize {
        let i = match &self.crumbs {
            Crumbs::Small(c) => c.partition_point(|&o| o as usize <= at),
            Crumbs::Large(c) => c.partition_point(|&o| o as usize <= at),
        };
        match i.checked_sub(1) {
            Some(i) => i * Self::STEP + count(&s[self.crumb(i).unwrap()..at]),
            None => 0,
        }
    }

    /// Range of bytes of a range of characters.
    pub fn slice(&self, s: &[u8], range: Range<usize>) -> Range<usize> {
        self.offset(s, range.start)..self.offset(s, range.end.max(range.start))
    }

    /// Bytes of memory outside the struct, for `__sizeof__`.
    pub fn heap_size(&self) -> usize {
        match &self.crumbs {
            Crumbs::Small(c) => c.len() * 4,
            Crumbs::Large(c) => c.len() * 8,
        }
    }
}

/// Append the text backwards.
pub fn reverse(s: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    room::append(out, s);
    let copy = &mut out[at..];
    copy.reverse();
    if s.is_ascii() {
        return;
    }
    let mut i = 0;
    while i < copy.len() {
        let mut j = i;
        while j < copy.len() && !is_start(copy[j]) {
            j += 1;
        }
        let j = (j + 1).min(copy.len());
        copy[i..j].reverse();
        i = j;
    }
}

/// Append the characters `start, start + step, …` (`n` of them) of an extended slice. `start` and the result are
/// indices; `chars` is the number of characters of the text. Negative steps walk backwards.
pub fn extended_slice(s: &[u8], chars: usize, start: usize, step: isize, n: usize, out: &mut Vec<u8>) {
    if chars == s.len() {
        let mut i = start as isize;
        room::reserve(out, n);
        for _ in 0..n {
            out.push(s[i as usize]);
            i += step;
        }
        return;
    }
    if n == 0 {
        return;
    }
    let mut at = offset(s, chars, start);
    if step == -1 {
        // Backwards: the bytes of each character lie together.
        let mut end = (at + len_from_first(s[at])).min(s.len());
        room::reserve(out, end.min(4 * n));
        for _ in 0..n {
            let mut first = end - 1;
            while s[first] & 0xc0 == 0x80 && first > 0 {
                first -= 1;
            }
            out.extend_from_slice(&s[first..end]);
            end = first;
        }
        return;
    }
    for k in 0..n {
        let len = len_from_first(s[at]);
        room::append(out, &s[at..(at + len).min(s.len())]);
        if k + 1 < n {
            at = if step > 0 {
                offset_from(s, at, step as usize)
            } else {
                offset_back(s, at, step.unsigned_abs())
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> (Vec<u32>, Vec<u8>) {
        let mut x = 12345u32;
        let cps: Vec<u32> = (0..1000)
            .map(|i| {
                x = x.wrapping_mul(1664525).wrapping_add(1013904223);
                match (i / 50 + (x >> 28)) % 5 {
                    0 | 1 => x >> 25,
                    2 => x >> 21,
                    3 => 0xD700 + (x >> 22),
                    _ => x % 0x110000,
                }
            })
            .collect();
        let s = from_code_points(cps.iter().copied());
        (cps, s)
    }

    #[test]
    fn round_trip() {
        let (cps, s) = sample();
        assert!(is_valid(&s));
        assert_eq!(chars(&s).collect::<Vec<_>>(), cps);
        assert_eq!(chars(&s).rev().collect::<Vec<_>>(), cps.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(count(&s), cps.len());
        assert!(!measure(&s).ascii);
        assert_eq!(measure(b"abc"), Measure { chars: 3, ascii: true });
        assert!(measure(b"").ascii);
    }

    #[test]
    fn indexing() {
        let (cps, s) = sample();
        let offs: Vec<usize> = char_offsets(&s).map(|p| p.0).chain([s.len()]).collect();
        let crumbs = Breadcrumbs::new(&s);
        for (i, &o) in offs.iter().enumerate() {
            assert_eq!(offset_from(&s, 0, i), o);
            assert_eq!(offset_back(&s, s.len(), cps.len() - i), o, "{i}");
            assert_eq!(offset(&s, cps.len(), i), o);
            assert_eq!(crumbs.offset(&s, i), o);
            assert_eq!(crumbs.index(&s, o), i);
        }
        assert_eq!(crumbs.offset(&s, 5000), s.len());
        for a in (0..1000).step_by(37) {
            for b in (a..1001).step_by(41) {
                assert_eq!(slice(&s, cps.len(), a..b), offs[a]..offs[b]);
                assert_eq!(crumbs.slice(&s, a..b), offs[a]..offs[b]);
            }
        }
    }

    #[test]
    fn stepping() {
        let (cps, s) = sample();
        let mut r = Vec::new();
        reverse(&s, &mut r);
        assert_eq!(r, from_code_points(cps.iter().rev().copied()));
        for step in [1isize, 2, 7, 100, -1, -3, -50] {
            let start = if step > 0 { 3 } else { 990 };
            let want: Vec<u32> = (0..9).map(|k| cps[(start as isize + k * step) as usize]).collect();
            let mut out = Vec::new();
            extended_slice(&s, cps.len(), start, step, 9, &mut out);
            assert_eq!(out, from_code_points(want));
        }
    }

    #[test]
    fn surrogates() {
        let pair = from_code_points([0x61, 0xD83D, 0xDE00]);
        assert_eq!(pair.len(), 7);
        assert_eq!(find_surrogate(&pair), Some(1));
        assert_eq!(find_surrogate("한국어 \u{D7A3}".as_bytes()), None);
        assert!(is_valid(&pair));
        assert!(!is_valid(b"\x80") && !is_valid(b"\xED\xA0") && !is_valid(b"\xF4\x90\x80\x80"));
        assert!(to_str(&pair).is_none());
    }
}
