//! Strings of JSON: what `json.encoder` and `json.scanner` have in C.

use crate::room;
use crate::scan::{Class, JsonAscii, JsonText, prefix};
use crate::wtf8;

/// Length of the beginning that has no quote, backslash or control character.
#[inline]
pub fn plain_prefix(s: &[u8]) -> usize {
    prefix::<JsonText>(s)
}

fn push_u(unit: u32, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |i: u32| HEX[(unit >> (4 * i) & 15) as usize];
    room::append(out, &[b'\\', b'u', digit(3), digit(2), digit(1), digit(0)]);
}

fn push_escape(b: u8, out: &mut Vec<u8>) {
    let c = match b {
        b'"' | b'\\' => b,
        8 => b'b',
        9 => b't',
        10 => b'n',
        12 => b'f',
        13 => b'r',
        _ => return push_u(b as u32, out),
    };
    room::append(out, &[b'\\', c]);
}

/// Append the string with quotes, everything beyond ASCII as it is: `encode_basestring`.
pub fn encode(s: &[u8], out: &mut Vec<u8>) {
    room::reserve(out, s.len() + 2);
    out.push(b'"');
    let mut at = 0;
    loop {
        let n = plain_prefix(&s[at..]);
        room::append(out, &s[at..at + n]);
        at += n;
        let Some(&b) = s.get(at) else { break };
        push_escape(b, out);
        at += 1;
    }
    out.push(b'"');
}

/// Append the string with quotes, everything beyond ASCII escaped: `encode_basestring_ascii`.
pub fn encode_ascii(s: &[u8], out: &mut Vec<u8>) {
    room::reserve(out, s.len() + 2);
    out.push(b'"');
    let mut at = 0;
    while at < s.len() {
        let n = prefix::<JsonAscii>(&s[at..]);
        room::append(out, &s[at..at + n]);
        at += n;
        // Others seldom come alone in text that is not ASCII.
        while let Some(&b) = s.get(at)
            && JsonAscii::stops(b)
        {
            if b < 127 {
                push_escape(b, out);
                at += 1;
                continue;
            }
            let (cp, n) = wtf8::decode(s, at);
            if cp < 0x10000 {
                push_u(cp, out);
            } else {
                push_u(0xD7C0 + (cp >> 10), out);
                push_u(0xDC00 | cp & 0x3FF, out);
            }
            at += n;
        }
    }
    out.push(b'"');
}

/// Why a string cannot be read, with the offset of the byte `JSONDecodeError` is to point at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScanError {
    pub message: &'static str,
    pub offset: usize,
}

/// A string that was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scanned {
    /// Offset after the closing quote.
    pub end: usize,
    /// The string is `s[start..end - 1]` as it stands, and nothing was appended.
    pub verbatim: bool,
}

/// Read the string that begins at offset `start`, after its quote. Its text is appended to `out`, unless it stands in
/// the input as it is. With `strict`, control characters are errors.
pub fn scan_string(s: &[u8], start: usize, strict: bool, out: &mut Vec<u8>) -> Result<Scanned, ScanError> {
    // A start beyond the end is the caller's `ValueError`, this is for safety only.
    let unterminated =
        ScanError { message: "Unterminated string starting at", offset: start.saturating_sub(1) };
    let mut at = start.min(s.len());
    let mut copied = at;
    let mut verbatim = true;
    loop {
        at += plain_prefix(&s[at..]);
        match s.get(at) {
            None => return Err(unterminated),
            Some(b'"') => {
                if !verbatim {
                    room::append(out, &s[copied..at]);
                }
                return Ok(Scanned { end: at + 1, verbatim });
            }
            Some(b'\\') => {
                verbatim = false;
                room::append(out, &s[copied..at]);
                at = unescape(s, at, out).map_err(|m| m.unwrap_or(unterminated))?;
                copied = at;
            }
            Some(_) if strict => {
                return Err(ScanError { message: "Invalid control character at", offset: at });
            }
            Some(_) => at += 1,
        }
    }
}

/// Append the character of the escape at offset `at`; gives the offset after it. `Err(None)` at the end of the input.
fn unescape(s: &[u8], at: usize, out: &mut Vec<u8>) -> Result<usize, Option<ScanError>> {
    let c = match s.get(at + 1) {
        None => return Err(None),
        Some(&b @ (b'"' | b'\\' | b'/')) => b,
        Some(b'b') => 8,
        Some(b'f') => 12,
        Some(b'n') => 10,
        Some(b'r') => 13,
        Some(b't') => 9,
        Some(b'u') => {
            let offset = at + 1;
            let mut cp =
                hex4(s, at + 2).ok_or(Some(ScanError { message: "Invalid \\uXXXX escape", offset }))?;
            let mut end = at + 6;
            if (0xD800..=0xDBFF).contains(&cp)
                && s[end..].starts_with(b"\\u")
                && let Some(low @ 0xDC00..=0xDFFF) = hex4(s, end + 2)
            {
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                end += 6;
            }
            wtf8::push(out, cp);
            return Ok(end);
        }
        Some(_) => return Err(Some(ScanError { message: "Invalid \\escape", offset: at })),
    };
    out.push(c);
    Ok(at + 2)
}

fn hex4(s: &[u8], at: usize) -> Option<u32> {
    s.get(at..at + 4)?.iter().try_fold(0, |n, &b| Some(n << 4 | (b as char).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing() {
        let mut out = Vec::new();
        encode("a\"\\\n\x01\x7fé😀 and a long tail".as_bytes(), &mut out);
        assert_eq!(out, "\"a\\\"\\\\\\n\\u0001\x7fé😀 and a long tail\"".as_bytes());
        out.clear();
        encode_ascii("a\"\\\n\x01\x7fé😀 and a long tail".as_bytes(), &mut out);
        assert_eq!(out, b"\"a\\\"\\\\\\n\\u0001\\u007f\\u00e9\\ud83d\\ude00 and a long tail\"");
    }

    #[test]
    fn reading() {
        let read = |s: &str| {
            let mut out = Vec::new();
            scan_string(s.as_bytes(), 1, true, &mut out)
                .map(|r| {
                    (
                        if r.verbatim {
                            s[1..r.end - 1].to_string()
                        } else {
                            String::from_utf8(out).unwrap()
                        },
                        r.end,
                    )
                })
                .map_err(|e| (e.message, e.offset))
        };
        assert_eq!(read("\"plain text é\"x"), Ok(("plain text é".into(), 15)));
        assert_eq!(read(r#""\ud83d\ude00\n\u0041/\/""#), Ok(("😀\nA//".into(), 25)));
        assert_eq!(read("\"abc"), Err(("Unterminated string starting at", 0)));
        assert_eq!(read("\"abc\\"), Err(("Unterminated string starting at", 0)));
        assert_eq!(read("\"a\nb\""), Err(("Invalid control character at", 2)));
        assert_eq!(read(r#""a\q""#), Err(("Invalid \\escape", 2)));
        assert_eq!(read(r#""a\u12g4""#), Err(("Invalid \\uXXXX escape", 3)));
    }

    #[test]
    fn prefixes() {
        for b in 0..=255u8 {
            for pre in 0..10 {
                let mut s = vec![b'a'; pre];
                s.extend_from_slice(&[b, b'"', 0, b'\\', b'b', b'c', 0xFF, 0x80, b'x', b'y']);
                let want = s.iter().position(|&b| b < 32 || b == b'"' || b == b'\\').unwrap();
                assert_eq!(plain_prefix(&s), want, "{b} {pre}");
            }
        }
    }
}
