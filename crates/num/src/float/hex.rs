//! `float.hex` and `float.fromhex`.

use crate::bigint::{round_scaled, strip};
use crate::error::{NumError, NumResult};

/// Appends `x.hex()`.
pub fn write_hex(out: &mut Vec<u8>, x: f64) {
    if !x.is_finite() {
        super::write_repr(out, x);
        return;
    }
    if x.is_sign_negative() {
        out.push(b'-');
    }
    let (exponent, m) = (x.to_bits() >> 52 & 0x7ff, x.to_bits() & ((1 << 52) - 1));
    let text = match (exponent, m) {
        (0, 0) => "0x0.0p+0".to_string(),
        (0, _) => format!("0x0.{m:013x}p-1022"),
        _ => format!("0x1.{m:013x}p{:+}", exponent as i32 - 1023),
    };
    out.extend_from_slice(text.as_bytes());
}

#[cold]
fn malformed() -> NumError {
    NumError::value("invalid hexadecimal floating-point string")
}

/// `float.fromhex(text)`, rounded half to even.
pub fn from_hex(text: &[u8]) -> NumResult<f64> {
    let s = strip(text);
    let (neg, s) = match s {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, s),
    };
    let x = if s.eq_ignore_ascii_case(b"inf") || s.eq_ignore_ascii_case(b"infinity") {
        f64::INFINITY
    } else if s.eq_ignore_ascii_case(b"nan") {
        f64::NAN
    } else {
        let x = magnitude(s)?;
        if x == f64::INFINITY {
            return Err(NumError::overflow("hexadecimal value too large to represent as a float"));
        }
        x
    };
    Ok(if neg { -x } else { x })
}

fn magnitude(s: &[u8]) -> NumResult<f64> {
    let s = if let [b'0', b'x' | b'X', rest @ ..] = s { rest } else { s };
    // Fifteen significant digits and a sticky bit decide any rounding.
    let (mut m, mut kept, mut sticky) = (0u64, 0, false);
    let (mut digits, mut exponent) = (0usize, 0i64);
    let mut seen_point = false;
    let mut rest = s;
    while let [b, tail @ ..] = rest {
        if *b == b'.' && !seen_point {
            seen_point = true;
        } else if let Some(v) = (*b as char).to_digit(16) {
            digits += 1;
            if kept < 15 {
                m = m << 4 | v as u64;
                kept += (m != 0) as u32;
                exponent -= 4 * seen_point as i64;
            } else {
                sticky |= v != 0;
                exponent += 4 * !seen_point as i64;
            }
        } else {
            break;
        }
        rest = tail;
    }
    if digits == 0 {
        return Err(malformed());
    }
    if let [b'p' | b'P', tail @ ..] = rest {
        exponent = exponent.saturating_add(parse_exponent(tail)?);
    } else if !rest.is_empty() {
        return Err(malformed());
    }
    Ok(round_scaled(m << 1 | sticky as u64, exponent - 1))
}

fn parse_exponent(s: &[u8]) -> NumResult<i64> {
    let (neg, digits) = match s {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, s),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(malformed());
    }
    let e = digits.iter().fold(0i64, |e, d| (e * 10 + (d - b'0') as i64).min(1 << 58));
    Ok(if neg { -e } else { e })
}
