//! Case conversion and classification of whole texts: the methods of `str`, and those of `bytes`, which know ASCII only.

use crate::room;
use crate::scan::ascii_prefix;
use crate::unicode::{self, Case, F_LOWER, F_TITLE, F_UPPER};
use crate::wtf8;

const SIGMA: u32 = 0x3A3;
const FINAL_SIGMA: u32 = 0x3C2;
const SMALL_SIGMA: u32 = 0x3C3;

#[inline]
fn push_full(cp: u32, case: Case, out: &mut Vec<u8>) {
    let (m, n) = unicode::full_case(cp, case);
    wtf8::push(out, m[0]);
    m[1..n].iter().for_each(|&c| wtf8::push(out, c));
}

/// Lowercase of the sigma at offset `at`: final after a cased character and before none.
fn lower_sigma(s: &[u8], at: usize) -> u32 {
    let relevant = |cp: &u32| !unicode::is_case_ignorable(*cp);
    let before = wtf8::chars(&s[..at]).rev().find(relevant);
    if !before.is_some_and(unicode::is_cased) {
        return SMALL_SIGMA;
    }
    let after = wtf8::chars(&s[at + 2..]).find(relevant);
    if after.is_some_and(unicode::is_cased) { SMALL_SIGMA } else { FINAL_SIGMA }
}

#[inline]
fn push_lower(s: &[u8], at: usize, cp: u32, out: &mut Vec<u8>) {
    if cp < 128 {
        out.push((cp as u8).to_ascii_lowercase());
    } else if cp == SIGMA {
        wtf8::push(out, lower_sigma(s, at));
    } else {
        push_full(cp, Case::Lower, out);
    }
}

/// Append the text, ASCII runs through `ascii` and other characters through `other`.
#[inline(always)]
fn mixed(
    s: &[u8],
    out: &mut Vec<u8>,
    ascii: impl Fn(&mut [u8]),
    mut other: impl FnMut(usize, u32, &mut Vec<u8>),
) {
    room::reserve(out, s.len());
    let mut at = 0;
    while at < s.len() {
        let n = ascii_prefix(&s[at..]);
        let from = out.len();
        room::append(out, &s[at..at + n]);
        ascii(&mut out[from..]);
        at += n;
        while at < s.len() && s[at] >= 128 {
            let (cp, n) = wtf8::decode(s, at);
            other(at, cp, out);
            at += n;
        }
    }
}

/// `str.lower`.
pub fn lower(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_lower(s, out);
    }
    mixed(s, out, |r| r.make_ascii_lowercase(), |at, cp, out| push_lower(s, at, cp, out));
}

/// `str.upper`.
pub fn upper(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_upper(s, out);
    }
    mixed(s, out, |r| r.make_ascii_uppercase(), |_, cp, out| push_full(cp, Case::Upper, out));
}

/// `str.casefold`.
pub fn casefold(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_lower(s, out);
    }
    mixed(s, out, |r| r.make_ascii_lowercase(), |_, cp, out| push_full(cp, Case::Fold, out));
}

/// `str.swapcase`.
pub fn swapcase(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_swapcase(s, out);
    }
    room::reserve(out, s.len());
    for (at, cp) in wtf8::char_offsets(s) {
        let flags = unicode::flags(cp);
        if flags & F_UPPER != 0 {
            push_lower(s, at, cp, out);
        } else if flags & F_LOWER != 0 {
            push_full(cp, Case::Upper, out);
        } else {
            wtf8::push(out, cp);
        }
    }
}

/// `str.title`.
pub fn title(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_title(s, out);
    }
    room::reserve(out, s.len());
    let mut inside = false;
    for (at, cp) in wtf8::char_offsets(s) {
        if inside {
            push_lower(s, at, cp, out);
        } else {
            push_full(cp, Case::Title, out);
        }
        inside = unicode::is_cased(cp);
    }
}

/// `str.capitalize`.
pub fn capitalize(s: &[u8], ascii: bool, out: &mut Vec<u8>) {
    if ascii {
        return ascii_capitalize(s, out);
    }
    room::reserve(out, s.len());
    for (at, cp) in wtf8::char_offsets(s) {
        if at == 0 {
            push_full(cp, Case::Title, out);
        } else {
            push_lower(s, at, cp, out);
        }
    }
}

/// Append in ASCII lowercase: `bytes.lower`.
pub fn ascii_lower(s: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    room::append(out, s);
    out[at..].make_ascii_lowercase();
}

/// Append in ASCII uppercase: `bytes.upper`.
pub fn ascii_upper(s: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    room::append(out, s);
    out[at..].make_ascii_uppercase();
}

/// `bytes.swapcase`.
pub fn ascii_swapcase(s: &[u8], out: &mut Vec<u8>) {
    room::reserve(out, s.len());
    out.extend(s.iter().map(|&b| b ^ (b.is_ascii_alphabetic() as u8) << 5));
}

/// `bytes.title`.
pub fn ascii_title(s: &[u8], out: &mut Vec<u8>) {
    let mut inside = false;
    room::reserve(out, s.len());
    out.extend(s.iter().map(|&b| {
        let r = if inside { b.to_ascii_lowercase() } else { b.to_ascii_uppercase() };
        inside = b.is_ascii_alphabetic();
        r
    }));
}

/// `bytes.capitalize`.
pub fn ascii_capitalize(s: &[u8], out: &mut Vec<u8>) {
    let at = out.len();
    ascii_lower(s, out);
    if let Some(b) = out.get_mut(at) {
        b.make_ascii_uppercase();
    }
}

/// `str.islower`.
pub fn is_lower(s: &[u8]) -> bool {
    has_case(s, F_LOWER, F_UPPER | F_TITLE)
}

/// `str.isupper`.
pub fn is_upper(s: &[u8]) -> bool {
    has_case(s, F_UPPER, F_LOWER | F_TITLE)
}

fn has_case(s: &[u8], want: u16, never: u16) -> bool {
    let mut seen = 0;
    for cp in wtf8::chars(s) {
        let f = unicode::flags(cp);
        if f & never != 0 {
            return false;
        }
        seen |= f;
    }
    seen & want != 0
}

/// `str.istitle`.
pub fn is_title(s: &[u8]) -> bool {
    title_rule(wtf8::chars(s).map(unicode::flags))
}

fn title_rule(flags: impl Iterator<Item = u16>) -> bool {
    let mut inside = false;
    let mut seen = false;
    for f in flags {
        if f & (F_UPPER | F_TITLE) != 0 {
            if inside {
                return false;
            }
            inside = true;
            seen = true;
        } else if f & F_LOWER != 0 {
            if !inside {
                return false;
            }
            seen = true;
        } else {
            inside = false;
        }
    }
    seen
}

/// Whether the text is not empty and all characters satisfy a predicate of [`unicode`]: `str.isalpha` and the like.
#[inline]
pub fn all(s: &[u8], test: impl Fn(u32) -> bool) -> bool {
    !s.is_empty() && wtf8::chars(s).all(test)
}

/// `str.isprintable`.
pub fn is_printable(s: &[u8]) -> bool {
    wtf8::chars(s).all(unicode::is_printable)
}

/// `str.isidentifier`.
pub fn is_identifier(s: &[u8]) -> bool {
    let mut it = wtf8::chars(s);
    match it.next() {
        Some(cp) if cp == '_' as u32 || unicode::is_xid_start(cp) => it.all(unicode::is_xid_continue),
        _ => false,
    }
}

/// `bytes.isalpha` and the like, with a predicate such as `u8::is_ascii_alphabetic`.
#[inline]
pub fn all_bytes(s: &[u8], test: impl Fn(&u8) -> bool) -> bool {
    !s.is_empty() && s.iter().all(test)
}

fn byte_flags(b: u8) -> u16 {
    if b < 128 { unicode::flags(b as u32) } else { 0 }
}

/// `bytes.islower`.
pub fn is_lower_bytes(s: &[u8]) -> bool {
    s.iter().any(u8::is_ascii_lowercase) && !s.iter().any(u8::is_ascii_uppercase)
}

/// `bytes.isupper`.
pub fn is_upper_bytes(s: &[u8]) -> bool {
    s.iter().any(u8::is_ascii_uppercase) && !s.iter().any(u8::is_ascii_lowercase)
}

/// `bytes.istitle`.
pub fn is_title_bytes(s: &[u8]) -> bool {
    title_rule(s.iter().map(|&b| byte_flags(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(f: fn(&[u8], bool, &mut Vec<u8>), s: &str) -> String {
        let mut out = Vec::new();
        f(s.as_bytes(), s.is_ascii(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn converting() {
        assert_eq!(run(lower, "ΑΣ ΑΣ.Σ ΣΑ"), "ας ασ.ς σα");
        assert_eq!(run(lower, "İ"), "i\u{307}");
        assert_eq!(run(upper, "straße ﬁ"), "STRASSE FI");
        assert_eq!(run(casefold, "Straße"), "strasse");
        assert_eq!(run(title, "ǆ they're ﬁne"), "ǅ They'Re Fine");
        assert_eq!(run(title, "hello wORLD"), "Hello World");
        assert_eq!(run(swapcase, "Hello Ωω"), "hELLO ωΩ");
        assert_eq!(run(capitalize, "ßA"), "Ssa");
        assert_eq!(run(capitalize, "hELLO"), "Hello");
    }

    #[test]
    fn classifying() {
        assert!(is_title("Hello World ǅ".as_bytes()) && !is_title(b"HEllo") && !is_title(b""));
        assert!(is_lower("aß1".as_bytes()) && !is_lower(b"1") && is_upper("AÄ".as_bytes()));
        assert!(is_identifier("_ä1".as_bytes()) && !is_identifier(b"1a") && !is_identifier(b""));
        assert!(is_title_bytes(b"Ab Cd") && !is_title_bytes(b"ab"));
        assert!(all("١٢".as_bytes(), unicode::is_decimal) && !all(b"", unicode::is_decimal));
    }
}
