//! `float(text)`.

use crate::bigint::strip;
use crate::error::{ErrorKind, NumError};

/// `float(text)`: whitespace around, underscores between digits, `inf`, `infinity` and `nan` in any case.
/// Digits and spaces beyond ASCII are for the caller to replace. `None` if it is no number.
pub fn parse(text: &[u8]) -> Option<f64> {
    let s = strip(text);
    if s.contains(&b'_') {
        let plain = remove_underscores(s)?;
        return parse_whole(&plain);
    }
    parse_whole(s)
}

fn parse_whole(s: &[u8]) -> Option<f64> {
    let (x, n) = scan_number(s)?;
    (n == s.len()).then_some(x)
}

/// Underscores may only stand between digits.
pub(crate) fn remove_underscores(s: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(s.len());
    for (i, &b) in s.iter().enumerate() {
        if b == b'_' {
            let digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_digit);
            if i == 0 || !digit(s.get(i - 1)) || !digit(s.get(i + 1)) {
                return None;
            }
        } else {
            plain.push(b);
        }
    }
    Some(plain)
}

/// "could not convert string to float: …"; `repr` is the text's `repr`.
#[cold]
pub fn invalid_literal(repr: &[u8]) -> NumError {
    NumError::new(ErrorKind::Value, [b"could not convert string to float: ", repr].concat())
}

/// The longest number that `s` starts with, and its length.
pub(crate) fn scan_number(s: &[u8]) -> Option<(f64, usize)> {
    let signed = matches!(s.first(), Some(b'+' | b'-')) as usize;
    let neg = s.first() == Some(&b'-');
    let body = &s[signed..];
    for (name, x) in [(&b"infinity"[..], f64::INFINITY), (b"inf", f64::INFINITY), (b"nan", f64::NAN)] {
        if body.len() >= name.len() && body[..name.len()].eq_ignore_ascii_case(name) {
            return Some((if neg { -x } else { x }, signed + name.len()));
        }
    }
    let count = |s: &[u8]| s.iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = count(body);
    let mut n = whole;
    let mut fraction = 0;
    if body.get(n) == Some(&b'.') {
        fraction = count(&body[n + 1..]);
        n += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if let Some(b'e' | b'E') = body.get(n) {
        let sign = matches!(body.get(n + 1), Some(b'+' | b'-')) as usize;
        let digits = count(&body[n + 1 + sign..]);
        if digits > 0 {
            n += 1 + sign + digits;
        }
    }
    let text = str::from_utf8(&s[..signed + n]).expect("ASCII");
    Some((text.parse().expect("the same grammar"), signed + n))
}
