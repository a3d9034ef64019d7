//! The two shapes of text that the engine runs on, and the step from character to character.
//!
//! Positions are byte offsets everywhere in this crate. The engine is compiled once for each
//! `Encoding`; a subject is cut off at `endpos` before it gets here, so the end of the slice is
//! the end of the world.

/// The text to match against.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Every byte is one character: bytes-like objects, and `str` objects that are all ASCII.
    Bytes(&'a [u8]),
    /// A `str` as WTF-8: surrogates may appear as three-byte sequences, each on its own.
    /// Well-formedness is the caller's duty; broken text gives nonsense or a panic, never worse.
    Wtf8(&'a [u8]),
}

impl<'a> Subject<'a> {
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Subject::Bytes(s) | Subject::Wtf8(s) => s,
        }
    }
}

/// How characters lie in a byte slice.
pub(crate) trait Encoding: Copy + 'static {
    /// Characters may take more than one byte.
    const MULTI: bool;
    /// The character at `at` (which must be inside) and its length in bytes.
    fn decode(s: &[u8], at: usize) -> (u32, usize);
    /// Bytes of the character that starts with this byte.
    fn len(lead: u8) -> usize;
    /// Where the character before `at` starts; `at` is not 0.
    fn before(s: &[u8], at: usize) -> usize;
    /// Appends the character; false if this encoding has no such character.
    fn encode(ch: u32, out: &mut Vec<u8>) -> bool;
}

#[derive(Clone, Copy)]
pub(crate) struct Bytes;

impl Encoding for Bytes {
    const MULTI: bool = false;

    #[inline(always)]
    fn decode(s: &[u8], at: usize) -> (u32, usize) {
        (s[at] as u32, 1)
    }

    #[inline(always)]
    fn len(_: u8) -> usize {
        1
    }

    #[inline(always)]
    fn before(_: &[u8], at: usize) -> usize {
        at - 1
    }

    fn encode(ch: u32, out: &mut Vec<u8>) -> bool {
        let Ok(byte) = u8::try_from(ch) else { return false };
        out.push(byte);
        true
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Wtf8;

impl Encoding for Wtf8 {
    const MULTI: bool = true;

    #[inline]
    fn decode(s: &[u8], at: usize) -> (u32, usize) {
        let low = |i: usize| (s[at + i] & 0x3F) as u32;
        match s[at] {
            lead @ 0..0x80 => (lead as u32, 1),
            lead @ 0x80..0xE0 => ((lead as u32 & 0x1F) << 6 | low(1), 2),
            lead @ 0xE0..0xF0 => ((lead as u32 & 0x0F) << 12 | low(1) << 6 | low(2), 3),
            lead => ((lead as u32 & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4),
        }
    }

    #[inline(always)]
    fn len(lead: u8) -> usize {
        match lead {
            0..0x80 => 1,
            0x80..0xE0 => 2,
            0xE0..0xF0 => 3,
            _ => 4,
        }
    }

    #[inline(always)]
    fn before(s: &[u8], at: usize) -> usize {
        let mut at = at - 1;
        while at > 0 && is_continuation(s[at]) {
            at -= 1;
        }
        at
    }

    fn encode(ch: u32, out: &mut Vec<u8>) -> bool {
        let tail = |shift: u32| (ch >> shift) as u8 & 0x3F | 0x80;
        match ch {
            0..0x80 => out.push(ch as u8),
            0x80..0x800 => out.extend([0xC0 | (ch >> 6) as u8, tail(0)]),
            0x800..0x1_0000 => out.extend([0xE0 | (ch >> 12) as u8, tail(6), tail(0)]),
            0x1_0000..0x11_0000 => {
                out.extend([0xF0 | (ch >> 18) as u8, tail(12), tail(6), tail(0)]);
            }
            _ => return false,
        }
        true
    }
}

#[inline(always)]
pub(crate) fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The number of characters in a piece of WTF-8: turns spans of bytes into spans of characters.
pub fn count_chars(s: &[u8]) -> usize {
    s.iter().filter(|&&byte| !is_continuation(byte)).count()
}

/// The next `needle` at or after `at`, else the length. Runs are mostly short, so the first bytes
/// are looked at one by one before a vector search is set up.
#[inline]
pub(crate) fn find_byte(s: &[u8], at: usize, needle: u8) -> usize {
    let near = s.len().min(at + 8);
    let mut i = at;
    while i < near {
        if s[i] == needle {
            return i;
        }
        i += 1;
    }
    memchr::memchr(needle, &s[i..]).map_or(s.len(), |found| i + found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wtf8_round_trip() {
        for ch in [0, 0x41, 0x7F, 0x80, 0x7FF, 0x800, 0xD800, 0xDFFF, 0xFFFF, 0x10000, 0x10FFFF] {
            let mut text = vec![b'x'];
            assert!(Wtf8::encode(ch, &mut text));
            assert_eq!(Wtf8::decode(&text, 1), (ch, text.len() - 1));
            assert_eq!(Wtf8::len(text[1]), text.len() - 1);
            assert_eq!(Wtf8::before(&text, text.len()), 1);
            assert_eq!(count_chars(&text), 2);
        }
        assert!(!Wtf8::encode(0x110000, &mut vec![]));
        assert!(!Bytes::encode(256, &mut vec![]));
    }

    #[test]
    fn finding() {
        let text = b"0123456789abcdefghij";
        assert_eq!(find_byte(text, 0, b'3'), 3);
        assert_eq!(find_byte(text, 4, b'3'), 20);
        assert_eq!(find_byte(text, 2, b'j'), 19);
        assert_eq!(find_byte(text, 20, b'j'), 20);
    }
}
