//! `repr` of complex numbers and `complex(text)`.

use super::Complex;
use crate::bigint::strip;
use crate::error::{ErrorKind, NumError};
use crate::float::{FloatCode, remove_underscores, scan_number, write_double};

/// Appends `repr(z)`: the real part is left out where it is a positive zero.
pub fn write_repr(out: &mut Vec<u8>, z: Complex) {
    if z.re == 0.0 && !z.re.is_sign_negative() {
        write_part(out, z.im, false);
        out.push(b'j');
    } else {
        out.push(b'(');
        write_part(out, z.re, false);
        write_part(out, z.im, true);
        out.extend_from_slice(b"j)");
    }
}

fn write_part(out: &mut Vec<u8>, x: f64, plus: bool) {
    if x.is_sign_negative() && !x.is_nan() {
        out.push(b'-');
    } else if plus {
        out.push(b'+');
    }
    write_double(out, x, FloatCode::Repr, 0, false, false);
}

/// What became of parsing a complex number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ComplexParse {
    Ok(Complex),
    /// [`malformed`]
    Malformed,
    /// Underscores in wrong places: [`invalid_literal`].
    Invalid,
}

/// "complex() arg is a malformed string"
#[cold]
pub fn malformed() -> NumError {
    NumError::value("complex() arg is a malformed string")
}

/// "could not convert string to complex: …"; `repr` is the text's `repr`.
#[cold]
pub fn invalid_literal(repr: &[u8]) -> NumError {
    NumError::new(ErrorKind::Value, [b"could not convert string to complex: ", repr].concat())
}

/// `complex(text)`: `1`, `2j`, `1+2j`, all that in parentheses. Digits and spaces beyond ASCII are for the
/// caller to replace.
pub fn parse(text: &[u8]) -> ComplexParse {
    if text.contains(&b'_') {
        return match remove_underscores(text) {
            Some(plain) => parse_plain(&plain),
            None => ComplexParse::Invalid,
        };
    }
    parse_plain(text)
}

fn parse_plain(text: &[u8]) -> ComplexParse {
    let s = strip(text);
    let s = match s {
        [b'(', inner @ .., b')'] => strip(inner),
        _ => s,
    };
    parse_parts(s).map_or(ComplexParse::Malformed, ComplexParse::Ok)
}

fn is_j(s: &[u8]) -> bool {
    matches!(s, [b'j' | b'J'])
}

fn parse_parts(s: &[u8]) -> Option<Complex> {
    if let Some((x, n)) = scan_number(s) {
        return match &s[n..] {
            [] => Some(Complex::new(x, 0.0)),
            rest if is_j(rest) => Some(Complex::new(0.0, x)),
            rest @ [b'+' | b'-', ..] => Some(Complex::new(x, parse_imaginary(rest)?)),
            _ => None,
        };
    }
    Some(Complex::new(0.0, parse_imaginary(s)?))
}

/// A number before `j`, or a mere sign, or nothing.
fn parse_imaginary(s: &[u8]) -> Option<f64> {
    let (x, n) = scan_number(s).unwrap_or(match s.first() {
        Some(b'-') => (-1.0, 1),
        Some(b'+') => (1.0, 1),
        _ => (1.0, 0),
    });
    is_j(&s[n..]).then_some(x)
}
