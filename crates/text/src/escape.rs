//! Backslash escapes: the codecs `unicode_escape` and `raw_unicode_escape`, and `escape` of bytes.

use crate::codecs::handlers::hex_escape;
use crate::codecs::{DecodeError, Decoder};
use crate::room;
use crate::scan::ascii_prefix;
use crate::unicode::{database::Ucd, names};
use crate::wtf8;
use memchr::memchr;

/// The first escape that is deprecated: an unknown letter, or an octal number above 0o377.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidEscape {
    /// Position of what follows the backslash.
    pub position: usize,
    /// The letter, or the value of the octal number.
    pub code: u32,
}

/// Decoder of `unicode_escape`.
#[derive(Default)]
pub struct UnicodeEscape {
    pub invalid: Option<InvalidEscape>,
}

/// What an escape is: a code point, nothing, or trouble.
enum Escape {
    Char(u32),
    /// As long as it is, not an error yet if more input may come.
    Incomplete(&'static str),
    Error(&'static str),
}

/// Read `count` hexadecimal digits at `at`, which is moved past the good ones.
fn hex_digits(s: &[u8], at: &mut usize, count: usize, message: &'static str) -> Escape {
    let mut value = 0u32;
    for _ in 0..count {
        let Some(&b) = s.get(*at) else { return Escape::Incomplete(message) };
        let Some(d) = (b as char).to_digit(16) else { return Escape::Error(message) };
        value = value << 4 | d;
        *at += 1;
    }
    Escape::Char(value)
}

/// Read up to three octal digits at `at`.
fn octal(s: &[u8], at: &mut usize) -> u32 {
    let mut value = 0;
    for _ in 0..3 {
        match s.get(*at) {
            Some(&b @ b'0'..=b'7') => value = value << 3 | (b - b'0') as u32,
            _ => break,
        }
        *at += 1;
    }
    value
}

/// The character of a simple escape.
#[inline]
fn simple(b: u8) -> Option<u8> {
    Some(match b {
        b'\\' | b'\'' | b'"' => b,
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'f' => 12,
        b'v' => 11,
        b'a' => 7,
        _ => return None,
    })
}

fn named(s: &[u8], at: &mut usize) -> Escape {
    const MALFORMED: &str = "malformed \\N character escape";
    match s.get(*at) {
        None => return Escape::Incomplete(MALFORMED),
        Some(b'{') => *at += 1,
        Some(_) => return Escape::Error(MALFORMED),
    }
    let Some(n) = memchr(b'}', &s[*at..]) else {
        *at = s.len();
        return Escape::Incomplete(MALFORMED);
    };
    if n == 0 {
        return Escape::Error(MALFORMED);
    }
    let name = &s[*at..*at + n];
    *at += n + 1;
    match names::lookup(name, Ucd::Current, false) {
        Some(cps) => Escape::Char(cps[0]),
        None => Escape::Error("unknown Unicode character name"),
    }
}

impl Decoder for UnicodeEscape {
    fn encoding(&self) -> &'static str {
        "unicodeescape"
    }

    fn decode_step(
        &mut self,
        s: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        room::reserve(out, s.len() - pos);
        loop {
            let plain = memchr(b'\\', &s[at..]).unwrap_or(s.len() - at);
            crate::codecs::single::latin1_decode(&s[at..at + plain], out);
            at += plain;
            if at == s.len() {
                return Ok(at);
            }
            let start = at;
            at += 1;
            let escape = match s.get(at) {
                None => Escape::Incomplete("\\ at end of string"),
                Some(&b) => {
                    at += 1;
                    match b {
                        b'\n' => continue,
                        b'0'..=b'7' => {
                            at -= 1;
                            let value = octal(s, &mut at);
                            if value > 0o377 {
                                self.invalid
                                    .get_or_insert(InvalidEscape { position: start + 1, code: value });
                            }
                            Escape::Char(value)
                        }
                        b'x' => hex_digits(s, &mut at, 2, "truncated \\xXX escape"),
                        b'u' => hex_digits(s, &mut at, 4, "truncated \\uXXXX escape"),
                        b'U' => match hex_digits(s, &mut at, 8, "truncated \\UXXXXXXXX escape") {
                            Escape::Char(cp) if cp > wtf8::MAX => Escape::Error("illegal Unicode character"),
                            other => other,
                        },
                        b'N' => named(s, &mut at),
                        _ => match simple(b) {
                            Some(c) => Escape::Char(c as u32),
                            None => {
                                self.invalid
                                    .get_or_insert(InvalidEscape { position: start + 1, code: b as u32 });
                                out.push(b'\\');
                                Escape::Char(b as u32)
                            }
                        },
                    }
                }
            };
            match escape {
                Escape::Char(cp) => wtf8::push(out, cp),
                Escape::Incomplete(_) if !is_final => return Ok(start),
                Escape::Incomplete(reason) | Escape::Error(reason) => {
                    return Err(DecodeError { start, end: at, reason });
                }
            }
        }
    }
}

/// Encode as `unicode_escape`; everything can be.
pub fn unicode_escape(s: &[u8], out: &mut Vec<u8>) {
    room::reserve(out, s.len());
    for cp in wtf8::chars(s) {
        match cp {
            0x5C => room::append(out, b"\\\\"),
            9 => room::append(out, b"\\t"),
            10 => room::append(out, b"\\n"),
            13 => room::append(out, b"\\r"),
            32..=126 => out.push(cp as u8),
            _ => hex_escape(cp, out),
        }
    }
}

/// Decoder of `raw_unicode_escape`.
pub struct RawUnicodeEscape;

impl Decoder for RawUnicodeEscape {
    fn encoding(&self) -> &'static str {
        "rawunicodeescape"
    }

    fn decode_step(
        &mut self,
        s: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        room::reserve(out, s.len() - pos);
        loop {
            let plain = memchr(b'\\', &s[at..]).unwrap_or(s.len() - at);
            crate::codecs::single::latin1_decode(&s[at..at + plain], out);
            at += plain;
            if at == s.len() {
                return Ok(at);
            }
            let start = at;
            at += 1;
            let Some(&b) = s.get(at) else {
                if !is_final {
                    return Ok(start);
                }
                out.push(b'\\');
                return Ok(at);
            };
            at += 1;
            let escape = match b {
                b'u' => hex_digits(s, &mut at, 4, "truncated \\uXXXX escape"),
                b'U' => match hex_digits(s, &mut at, 8, "truncated \\UXXXXXXXX escape") {
                    Escape::Char(cp) if cp > wtf8::MAX => Escape::Error("\\Uxxxxxxxx out of range"),
                    other => other,
                },
                _ => {
                    out.push(b'\\');
                    Escape::Char(b as u32)
                }
            };
            match escape {
                Escape::Char(cp) => wtf8::push(out, cp),
                Escape::Incomplete(_) if !is_final => return Ok(start),
                Escape::Incomplete(reason) | Escape::Error(reason) => {
                    return Err(DecodeError { start, end: at, reason });
                }
            }
        }
    }
}

/// Encode as `raw_unicode_escape`; everything can be.
pub fn raw_unicode_escape(s: &[u8], out: &mut Vec<u8>) {
    room::reserve(out, s.len());
    let mut at = 0;
    while at < s.len() {
        let n = ascii_prefix(&s[at..]);
        room::append(out, &s[at..at + n]);
        at += n;
        if at < s.len() {
            room::reserve(out, 16);
            let (cp, n) = wtf8::decode(s, at);
            if cp < 256 {
                out.push(cp as u8)
            } else {
                hex_escape(cp, out)
            }
            at += n;
        }
    }
}

/// Why bytes cannot be unescaped (a `ValueError`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BytesEscapeError {
    /// "invalid \\x escape at position …"
    InvalidHex(usize),
    /// "Trailing \\ in string"
    Trailing,
    /// "decoding error; unknown error handling code: …"
    UnknownHandler,
}

/// `codecs.escape_decode`: append the bytes that an escaped literal means.
pub fn bytes_unescape(
    s: &[u8],
    errors: &[u8],
    out: &mut Vec<u8>,
) -> Result<Option<InvalidEscape>, BytesEscapeError> {
    let mut invalid = None;
    let mut at = 0;
    while at < s.len() {
        let plain = memchr(b'\\', &s[at..]).unwrap_or(s.len() - at);
        room::append(out, &s[at..at + plain]);
        at += plain;
        if at == s.len() {
            break;
        }
        room::reserve(out, 4);
        let start = at;
        at += 1;
        let Some(&b) = s.get(at) else { return Err(BytesEscapeError::Trailing) };
        at += 1;
        match b {
            b'\n' => {}
            b'0'..=b'7' => {
                at -= 1;
                let value = octal(s, &mut at);
                if value > 0o377 {
                    invalid.get_or_insert(InvalidEscape { position: start + 1, code: value });
                }
                out.push(value as u8);
            }
            b'x' => match hex_digits(s, &mut at, 2, "") {
                Escape::Char(value) => out.push(value as u8),
                _ => match errors {
                    b"" | b"strict" => return Err(BytesEscapeError::InvalidHex(start)),
                    b"replace" => out.push(b'?'),
                    b"ignore" => {}
                    _ => return Err(BytesEscapeError::UnknownHandler),
                },
            },
            _ => match simple(b) {
                Some(c) => out.push(c),
                None => {
                    invalid.get_or_insert(InvalidEscape { position: start + 1, code: b as u32 });
                    room::append(out, &[b'\\', b]);
                }
            },
        }
    }
    Ok(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codecs::decode;
    use crate::codecs::handlers::{Handler, Standard};

    fn dec(s: &[u8], fin: bool) -> Result<(Vec<u8>, usize), (usize, usize, &'static str)> {
        let mut out = Vec::new();
        decode(&mut UnicodeEscape::default(), s, fin, &mut Standard(Handler::Strict), &mut out)
            .map(|n| (out, n))
            .map_err(|e| (e.start, e.end, e.reason))
    }

    #[test]
    fn unicode() {
        assert_eq!(
            dec(br"a\x41\u20ac\U0001F600\N{space}\101\n\q", true).unwrap().0,
            "aA€😀 A\n\\q".as_bytes()
        );
        assert_eq!(dec(br"a\x4", true), Err((1, 4, "truncated \\xXX escape")));
        assert_eq!(dec(br"a\x4", false).unwrap(), (b"a".to_vec(), 1));
        assert_eq!(dec(br"\N{}", true), Err((0, 3, "malformed \\N character escape")));
        assert_eq!(dec(br"\N{foo}", true), Err((0, 7, "unknown Unicode character name")));
        assert_eq!(dec(br"\U00110000", true), Err((0, 10, "illegal Unicode character")));
        assert_eq!(dec(br"\", true), Err((0, 1, "\\ at end of string")));
        let mut out = Vec::new();
        unicode_escape("a\\é€😀\n\x7f".as_bytes(), &mut out);
        assert_eq!(out, br"a\\\xe9\u20ac\U0001f600\n\x7f");
        out.clear();
        raw_unicode_escape("a\\é€".as_bytes(), &mut out);
        assert_eq!(out, b"a\\\xe9\\u20ac");
    }

    #[test]
    fn bytes() {
        let mut out = Vec::new();
        let invalid = bytes_unescape(br"a\x41\n\q\400", b"strict", &mut out).unwrap();
        assert_eq!(out, b"aA\n\\q\0");
        assert_eq!(invalid, Some(InvalidEscape { position: 8, code: b'q' as u32 }));
        assert_eq!(bytes_unescape(br"a\x4", b"", &mut out), Err(BytesEscapeError::InvalidHex(1)));
        assert_eq!(bytes_unescape(br"\", b"replace", &mut out), Err(BytesEscapeError::Trailing));
        out.clear();
        bytes_unescape(br"\x4g", b"replace", &mut out).unwrap();
        assert_eq!(out, b"?g");
    }
}
