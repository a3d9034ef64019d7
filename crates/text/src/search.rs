//! Finding and replacing, for `bytes` and `str` alike: WTF-8 is self-synchronising, so a match of bytes is a match of
//! characters. All positions are byte offsets.

use crate::room;
use crate::wtf8;
use memchr::{memchr, memchr_iter, memmem, memrchr};

/// How text is divided into units where that matters (empty patterns, whitespace, lines).
pub trait Units {
    /// Length of the unit that begins at `at`.
    fn next_len(s: &[u8], at: usize) -> usize;
    /// Length of the unit that ends at `end`.
    fn prev_len(s: &[u8], end: usize) -> usize;
    /// Whether the unit that begins at `at` is whitespace.
    fn is_space(s: &[u8], at: usize) -> bool;
    /// Offset of the first whitespace at or after `at`, or the length.
    fn find_space(s: &[u8], at: usize) -> usize;
    /// Length of the line break at `at`, 0 if there is none (`"\r\n"` is one).
    fn line_break(s: &[u8], at: usize) -> usize;
    /// Offset of the first byte at or after `at` that may begin a line break.
    fn find_break(s: &[u8], at: usize) -> Option<usize>;
    /// Number of units.
    fn count(s: &[u8]) -> usize;
}

/// Units of `bytes` and `bytearray`.
pub enum Bytes {}
/// Units of `str`.
pub enum Str {}

/// Whitespace of `bytes`.
#[inline]
pub const fn is_byte_space(b: u8) -> bool {
    matches!(b, 9..=13 | 32)
}

impl Units for Bytes {
    #[inline(always)]
    fn next_len(_: &[u8], _: usize) -> usize {
        1
    }
    #[inline(always)]
    fn prev_len(_: &[u8], _: usize) -> usize {
        1
    }
    #[inline(always)]
    fn is_space(s: &[u8], at: usize) -> bool {
        is_byte_space(s[at])
    }
    #[inline]
    fn find_space(s: &[u8], at: usize) -> usize {
        s[at..].iter().position(|&b| is_byte_space(b)).map_or(s.len(), |i| at + i)
    }
    #[inline]
    fn line_break(s: &[u8], at: usize) -> usize {
        match s[at] {
            b'\n' => 1,
            b'\r' => 1 + (s.get(at + 1) == Some(&b'\n')) as usize,
            _ => 0,
        }
    }
    #[inline]
    fn find_break(s: &[u8], at: usize) -> Option<usize> {
        memchr::memchr2(b'\n', b'\r', &s[at..]).map(|i| at + i)
    }
    fn count(s: &[u8]) -> usize {
        s.len()
    }
}

/// First bytes of whitespace of `str`.
static STR_SPACE: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = matches!(i, 9..=13 | 28..=32 | 0xC2 | 0xE1..=0xE3);
        i += 1;
    }
    t
};

/// First bytes of line breaks of `str`: \n \v \f \r, \x1c to \x1e, and the first bytes of U+0085, U+2028, U+2029.
static STR_BREAK: [bool; 256] = {
    let mut t = [false; 256];
    let mut i = 10;
    while i <= 13 {
        t[i] = true;
        i += 1;
    }
    t[0x1C] = true;
    t[0x1D] = true;
    t[0x1E] = true;
    t[0xC2] = true;
    t[0xE2] = true;
    t
};

impl Units for Str {
    #[inline(always)]
    fn next_len(s: &[u8], at: usize) -> usize {
        wtf8::next(s, at) - at
    }
    #[inline(always)]
    fn prev_len(s: &[u8], end: usize) -> usize {
        end - wtf8::prev(s, end)
    }
    #[inline]
    fn is_space(s: &[u8], at: usize) -> bool {
        let b = s[at];
        if b < 128 {
            matches!(b, 9..=13 | 28..=32)
        } else {
            // U+0085, U+00A0, U+1680, U+2000 and more, U+3000: few first bytes.
            matches!(b, 0xC2 | 0xE1..=0xE3) && crate::unicode::is_space(wtf8::decode(s, at).0)
        }
    }
    #[inline]
    fn find_space(s: &[u8], mut at: usize) -> usize {
        // No whitespace begins with a continuation byte, so every byte may be looked at.
        loop {
            match s[at..].iter().position(|&b| STR_SPACE[b as usize]) {
                None => return s.len(),
                Some(i) if Self::is_space(s, at + i) => return at + i,
                Some(i) => at += i + 1,
            }
        }
    }
    #[inline]
    fn line_break(s: &[u8], at: usize) -> usize {
        match s[at] {
            b'\r' => 1 + (s.get(at + 1) == Some(&b'\n')) as usize,
            b'\n' | 0x0B | 0x0C | 0x1C..=0x1E => 1,
            0xC2 if s.get(at + 1) == Some(&0x85) => 2,
            0xE2 if s.len() > at + 2 && s[at + 1] == 0x80 && s[at + 2] & 0xFE == 0xA8 => 3,
            _ => 0,
        }
    }
    #[inline]
    fn find_break(s: &[u8], at: usize) -> Option<usize> {
        s[at..].iter().position(|&b| STR_BREAK[b as usize]).map(|i| at + i)
    }
    fn count(s: &[u8]) -> usize {
        wtf8::count(s)
    }
}

/// In texts up to this length, preparing a searcher costs more than it saves.
const SHORT: usize = 96;

/// Offset of the first occurrence in a short text, by its first byte.
#[inline]
fn find_short(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let last = hay.len().checked_sub(needle.len())?;
    let (first, second) = (needle[0], needle[1]);
    let mut at = 0;
    while at <= last {
        at += memchr(first, &hay[at..=last])?;
        if hay[at + 1] == second && hay[at + 2..at + needle.len()] == needle[2..] {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// Offset of a byte that is probably near.
#[inline]
pub(crate) fn find_near(b: u8, hay: &[u8]) -> Option<usize> {
    const NEAR: usize = 12;
    let (near, far) = hay.split_at(hay.len().min(NEAR));
    match near.iter().position(|x| *x == b) {
        Some(i) => Some(i),
        None if far.is_empty() => None,
        None => memchr(b, far).map(|i| i + NEAR),
    }
}

/// Position of a byte.
#[inline]
pub fn find_byte(hay: &[u8], b: u8) -> Option<usize> {
    memchr(b, hay)
}
/// Position of the first of two bytes.
#[inline]
pub fn find_either(hay: &[u8], a: u8, b: u8) -> Option<usize> {
    memchr::memchr2(a, b, hay)
}

/// Offset of the first occurrence.
#[inline]
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(0),
        [b] => find_near(*b, hay),
        _ if needle.len() >= hay.len() => (hay == needle).then_some(0),
        _ if hay.len() <= SHORT => find_short(hay, needle),
        _ => memmem::find(hay, needle),
    }
}

/// Offset of the last occurrence.
#[inline]
pub fn rfind(hay: &[u8], needle: &[u8]) -> Option<usize> {
    match needle {
        [] => Some(hay.len()),
        [b] => memrchr(*b, hay),
        _ if needle.len() >= hay.len() => (hay == needle).then_some(0),
        _ => memmem::rfind(hay, needle),
    }
}

/// Offsets of the occurrences that do not overlap, from the left. The needle must not be empty.
pub fn occurrences<'h>(hay: &'h [u8], needle: &'h [u8]) -> impl Iterator<Item = usize> + 'h {
    let finder = (needle.len() > 1 && hay.len() > SHORT).then(|| memmem::Finder::new(needle));
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = hay.get(at..)?;
        let i = match &finder {
            Some(f) => f.find(rest)?,
            None if needle.len() > 1 => find_short(rest, needle)?,
            None => find_near(*needle.first()?, rest)?,
        };
        at += i + needle.len();
        Some(at - needle.len())
    })
}

/// Offsets of the occurrences that do not overlap, from the right. The needle must not be empty.
pub fn occurrences_back<'h>(hay: &'h [u8], needle: &'h [u8]) -> impl Iterator<Item = usize> + 'h {
    let finder = (needle.len() > 1).then(|| memmem::FinderRev::new(needle));
    let mut end = hay.len();
    std::iter::from_fn(move || {
        let rest = &hay[..end];
        end = match &finder {
            Some(f) => f.rfind(rest)?,
            None => memrchr(*needle.first()?, rest)?,
        };
        Some(end)
    })
}

/// Number of occurrences that do not overlap; the empty needle occurs around every unit.
pub fn count<U: Units>(hay: &[u8], needle: &[u8]) -> usize {
    match needle {
        [] => U::count(hay) + 1,
        [b] => memchr_iter(*b, hay).count(),
        _ => occurrences(hay, needle).count(),
    }
}

/// Append the text with up to `max` occurrences of `old` replaced. Returns how many; if 0, nothing was appended and
/// the text itself is the result.
pub fn replace<U: Units>(hay: &[u8], old: &[u8], new: &[u8], max: usize, out: &mut Vec<u8>) -> usize {
    if max == 0 || (old.len() > hay.len()) || old == new && !old.is_empty() {
        return 0;
    }
    if old.is_empty() {
        return interleave::<U>(hay, new, max, out);
    }
    let begin = out.len();
    if let ([a], [b]) = (old, new) {
        let Some(first) = memchr(*a, hay) else { return 0 };
        room::append(out, hay);
        let copy = &mut out[begin..];
        copy[first] = *b;
        let mut done = 1;
        // A byte at a time over the rest is vectorised when there is no limit.
        if max == usize::MAX {
            let rest = &mut copy[first + 1..];
            done += memchr_iter(*a, rest).count();
            rest.iter_mut().for_each(|x| *x = if *x == *a { *b } else { *x });
        } else {
            let mut at = first + 1;
            while done < max
                && let Some(i) = memchr(*a, &copy[at..])
            {
                copy[at + i] = *b;
                at += i + 1;
                done += 1;
            }
        }
        return done;
    }
    let mut done = 0;
    let mut at = 0;
    for i in occurrences(hay, old).take(max) {
        if done == 0 {
            room::reserve(out, hay.len() + new.len().saturating_sub(old.len()));
        }
        room::append(out, &hay[at..i]);
        room::append(out, new);
        at = i + old.len();
        done += 1;
    }
    if done > 0 {
        room::append(out, &hay[at..]);
    }
    done
}

/// `replace("", new)`: before every unit and at the end.
fn interleave<U: Units>(hay: &[u8], new: &[u8], max: usize, out: &mut Vec<u8>) -> usize {
    if new.is_empty() {
        return 0;
    }
    let size = new.len().saturating_mul(max.min(U::count(hay) + 1)).saturating_add(hay.len());
    room::reserve(out, size);
    let mut at = 0;
    let mut done = 0;
    while done < max {
        room::append(out, new);
        done += 1;
        if at == hay.len() {
            return done;
        }
        let n = U::next_len(hay, at);
        room::append(out, &hay[at..at + n]);
        at += n;
    }
    room::append(out, &hay[at..]);
    done
}

/// What a translation table says of one character.
pub enum Translated {
    /// No entry: the character stays.
    Same,
    /// `None`: the character goes.
    Delete,
    /// A number.
    Char(u32),
    /// A string.
    Text(Vec<u8>),
}

/// `str.translate`: append the text with each character replaced as `lookup` says. As in CPython, an ASCII character
/// that became one ASCII character or nothing is not asked for again.
pub fn translate<E>(
    s: &[u8],
    out: &mut Vec<u8>,
    mut lookup: impl FnMut(u32) -> Result<Translated, E>,
) -> Result<(), E> {
    const UNKNOWN: u8 = 0xFF;
    const GONE: u8 = 0xFE;
    let mut known = [UNKNOWN; 128];
    let mut at = 0;
    while at < s.len() {
        // Mostly many in a row that were asked for before.
        let run = s[at..].iter().take_while(|b| b.is_ascii() && known[**b as usize] < 128).count();
        room::reserve(out, run);
        out.extend(s[at..at + run].iter().map(|b| known[*b as usize]));
        at += run;
        if at == s.len() {
            break;
        }
        let (cp, n) = wtf8::decode(s, at);
        if n == 1 {
            if known[cp as usize] == GONE {
                at += 1;
                continue;
            }
        }
        match lookup(cp)? {
            Translated::Same => {
                if n == 1 {
                    known[cp as usize] = cp as u8;
                }
                room::append(out, &s[at..at + n]);
            }
            Translated::Delete => {
                if n == 1 {
                    known[cp as usize] = GONE;
                }
            }
            Translated::Char(c) => {
                if n == 1 && c < 128 {
                    known[cp as usize] = c as u8;
                }
                wtf8::push(out, c);
            }
            Translated::Text(t) => {
                if let ([c], 1) = (t.as_slice(), n) {
                    known[cp as usize] = *c;
                }
                room::append(out, &t);
            }
        }
        at += n;
    }
    Ok(())
}

/// `bytes.translate`: map through a table of 256 bytes (`None`: as they are), leaving out those of `delete`.
pub fn translate_bytes(s: &[u8], table: Option<&[u8; 256]>, delete: &[u8], out: &mut Vec<u8>) {
    let map = |b: u8| table.map_or(b, |t| t[b as usize]);
    if delete.is_empty() {
        out.extend(s.iter().map(|&b| map(b)));
        return;
    }
    let mut gone = [false; 256];
    delete.iter().for_each(|&b| gone[b as usize] = true);
    out.extend(s.iter().filter(|&&b| !gone[b as usize]).map(|&b| map(b)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rep(s: &str, a: &str, b: &str, max: usize) -> Option<String> {
        let mut out = Vec::new();
        let n = replace::<Str>(s.as_bytes(), a.as_bytes(), b.as_bytes(), max, &mut out);
        (n > 0).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn finding() {
        assert_eq!(find(b"", b""), Some(0));
        assert_eq!(find(b"abcabc", b"ca"), Some(2));
        assert_eq!(rfind(b"abcabc", b"abc"), Some(3));
        assert_eq!(rfind(b"abc", b""), Some(3));
        assert_eq!(find(b"a", b"ab"), None);
        assert_eq!(count::<Bytes>(b"aaaa", b"aa"), 2);
        assert_eq!(count::<Str>("äöü".as_bytes(), b""), 4);
        assert_eq!(count::<Bytes>("äöü".as_bytes(), b""), 7);
        assert_eq!(occurrences_back(b"aaaaa", b"aa").collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn replacing() {
        let all = usize::MAX;
        assert_eq!(rep("hello", "l", "L", all).as_deref(), Some("heLLo"));
        assert_eq!(rep("hello", "l", "L", 1).as_deref(), Some("heLlo"));
        assert_eq!(rep("hello", "ll", "", all).as_deref(), Some("heo"));
        assert_eq!(rep("hello", "x", "y", all), None);
        assert_eq!(rep("äb", "", "-", all).as_deref(), Some("-ä-b-"));
        assert_eq!(rep("äb", "", "-", 2).as_deref(), Some("-ä-b"));
        assert_eq!(rep("", "", "-", all).as_deref(), Some("-"));
        assert_eq!(rep("aXbXc", "X", "<>", 1).as_deref(), Some("a<>bXc"));
    }

    #[test]
    fn translating() {
        let mut out = Vec::new();
        let mut asked = 0;
        translate::<()>("aabé\u{10000}".as_bytes(), &mut out, |cp| {
            asked += 1;
            Ok(match cp {
                0x61 => Translated::Text(b"xy".to_vec()),
                0x62 => Translated::Delete,
                0xE9 => Translated::Char(0x65),
                _ => Translated::Same,
            })
        })
        .unwrap();
        assert_eq!(out, "xyxye\u{10000}".as_bytes());
        assert_eq!(asked, 5);
    }
}
