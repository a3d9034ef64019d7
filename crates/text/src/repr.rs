//! `repr` of `str` and `bytes`, and `ascii`.

use crate::codecs::handlers::hex_escape;
use crate::room;
use crate::scan::{ReprPlain, prefix};
use crate::{unicode, wtf8};
use memchr::memchr;

const PLAIN: u8 = 0;
const BACKSLASH: u8 = 1;
const QUOTE: u8 = 2;
const HIGH: u8 = 3;
const CONTROL: u8 = 4;

/// What `repr` does with a byte.
static CLASS: [u8; 256] = {
    let mut t = [PLAIN; 256];
    let mut i = 0;
    while i < 256 {
        t[i] = match i as u8 {
            b'\\' => BACKSLASH,
            b'\'' | b'"' => QUOTE,
            0..=31 | 127 => CONTROL,
            128.. => HIGH,
            _ => PLAIN,
        };
        i += 1;
    }
    t
};

/// The quote `repr` chooses: single unless that needs escaping and double does not.
#[inline]
fn choose_quote(s: &[u8]) -> u8 {
    if memchr(b'\'', s).is_some() && memchr(b'"', s).is_none() { b'"' } else { b'\'' }
}

#[inline]
fn push_control(b: u8, out: &mut Vec<u8>) {
    match b {
        b'\t' => room::append(out, b"\\t"),
        b'\n' => room::append(out, b"\\n"),
        b'\r' => room::append(out, b"\\r"),
        _ => hex_escape(b as u32, out),
    }
}

fn write_str(s: &[u8], quote: u8, ascii_only: bool, out: &mut Vec<u8>) {
    room::reserve(out, s.len() + 2);
    out.push(quote);
    let mut copied = 0;
    let mut at = 0;
    while at < s.len() {
        let b = s[at];
        let n = match CLASS[b as usize] {
            PLAIN => {
                at += 1 + prefix::<ReprPlain>(&s[at + 1..]);
                continue;
            }
            QUOTE if b != quote => {
                at += 1;
                continue;
            }
            BACKSLASH | QUOTE => {
                room::append(out, &s[copied..at]);
                room::append(out, &[b'\\', b]);
                1
            }
            CONTROL => {
                room::append(out, &s[copied..at]);
                push_control(b, out);
                1
            }
            _ => {
                let (cp, n) = wtf8::decode(s, at);
                if !ascii_only && unicode::is_printable(cp) {
                    at += n;
                    continue;
                }
                room::append(out, &s[copied..at]);
                hex_escape(cp, out);
                n
            }
        };
        at += n;
        copied = at;
    }
    room::append(out, &s[copied..]);
    out.push(quote);
}

/// `repr` of a `str`.
pub fn str_repr(s: &[u8], out: &mut Vec<u8>) {
    write_str(s, choose_quote(s), false, out);
}

/// `ascii` of a `str`.
pub fn str_ascii(s: &[u8], out: &mut Vec<u8>) {
    write_str(s, choose_quote(s), true, out);
}

/// `ascii` of any object from its `repr`: escape what is not ASCII.
pub fn ascii(repr: &[u8], out: &mut Vec<u8>) {
    for cp in wtf8::chars(repr) {
        if cp < 128 { out.push(cp as u8) } else { hex_escape(cp, out) }
    }
}

/// `repr` of `bytes`.
pub fn bytes_repr(s: &[u8], out: &mut Vec<u8>) {
    out.push(b'b');
    bytes_literal(s, out);
}

/// `repr` of `bytes` without the `b`.
pub fn bytes_literal(s: &[u8], out: &mut Vec<u8>) {
    let quote = choose_quote(s);
    room::reserve(out, s.len() + 2);
    out.push(quote);
    bytes_escape(s, quote, out);
    out.push(quote);
}

/// Escape bytes for a literal in the given quotes (`codecs.escape_encode` has single ones).
pub fn bytes_escape(s: &[u8], quote: u8, out: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(&b) = s.get(at) {
        at += 1;
        match CLASS[b as usize] {
            PLAIN => {
                let n = prefix::<ReprPlain>(&s[at..]);
                room::append(out, &s[at - 1..at + n]);
                at += n;
            }
            QUOTE if b != quote => out.push(b),
            BACKSLASH | QUOTE => room::append(out, &[b'\\', b]),
            _ => push_control(b, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(f: fn(&[u8], &mut Vec<u8>), s: &[u8]) -> String {
        let mut out = Vec::new();
        f(s, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reprs() {
        assert_eq!(run(str_repr, b"abc"), "'abc'");
        assert_eq!(run(str_repr, b"it's"), "\"it's\"");
        assert_eq!(run(str_repr, b"it's \"x\""), "'it\\'s \"x\"'");
        assert_eq!(
            run(str_repr, "a\\\t\n\r\x00\x7f\u{80}é\u{ad}\u{2028}\u{10ffff}".as_bytes()),
            "'a\\\\\\t\\n\\r\\x00\\x7f\\x80é\\xad\\u2028\\U0010ffff'"
        );
        assert_eq!(run(str_repr, &wtf8::from_code_points([0xD800])), "'\\ud800'");
        assert_eq!(run(str_ascii, "é€'".as_bytes()), "\"\\xe9\\u20ac'\"");
        assert_eq!(run(ascii, "{'é€'}".as_bytes()), "{'\\xe9\\u20ac'}");
        assert_eq!(run(bytes_repr, b"it's \x00\xff\\\n\""), "b'it\\'s \\x00\\xff\\\\\\n\"'");
    }
}
