//! Doubles as text: `repr` and the codes `e`, `f`, `g` that all formatting rests on.

use super::digits::{DecimalDigits, fixed_digits, shortest_digits, significant_digits, split_exponent};

/// How a double is to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatCode {
    /// Shortest digits that round-trip; the precision is ignored.
    Repr,
    Exponent,
    Fixed,
    General,
}

/// Appends `repr(x)`.
pub fn write_repr(out: &mut Vec<u8>, x: f64) {
    if !x.is_finite() {
        let name: &[u8] = match (x.is_nan(), x < 0.0) {
            (true, _) => b"nan",
            (false, true) => b"-inf",
            (false, false) => b"inf",
        };
        out.extend_from_slice(name);
        return;
    }
    let mut buffer = zmij::Buffer::new();
    if x.is_sign_negative() {
        out.push(b'-');
    }
    let abs = x.abs();
    let text = buffer.format_finite(abs);
    if ((1e-4..1e16).contains(&abs) && !text.contains('e')) || abs == 0.0 {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let (mantissa, exponent) = split_exponent(text.as_bytes());
    write_digits(out, &DecimalDigits::from_text(mantissa, exponent), FloatCode::Repr, 17, false, true);
}

pub fn repr(x: f64) -> String {
    let mut out = Vec::with_capacity(24);
    write_repr(&mut out, x);
    String::from_utf8(out).expect("ASCII")
}

/// Appends `|x|` (the sign is for the caller), `inf` or `nan` included, in lower case. `alternate` keeps the
/// point and the zeros that would be dropped, `add_dot_zero` makes integers end in `.0`.
pub fn write_double(
    out: &mut Vec<u8>,
    x: f64,
    code: FloatCode,
    precision: usize,
    alternate: bool,
    add_dot_zero: bool,
) {
    if !x.is_finite() {
        out.extend_from_slice(if x.is_nan() { b"nan" } else { b"inf" });
        return;
    }
    let (digits, precision) = match code {
        FloatCode::Repr => (shortest_digits(x), 17),
        FloatCode::Exponent => (significant_digits(x, precision.saturating_add(1)), precision),
        FloatCode::Fixed => (fixed_digits(x, precision), precision),
        FloatCode::General => {
            let precision = precision.max(1);
            (significant_digits(x, precision), precision)
        }
    };
    write_digits(out, &digits, code, precision, alternate, add_dot_zero);
}

fn write_digits(
    out: &mut Vec<u8>,
    d: &DecimalDigits,
    code: FloatCode,
    precision: usize,
    alternate: bool,
    add_dot_zero: bool,
) {
    let digits = d.digits();
    let point = d.point;
    let with_exponent = match code {
        FloatCode::Exponent => true,
        FloatCode::Fixed => false,
        FloatCode::Repr => point <= -4 || point > 16,
        // Where ".0" is to be added there must be room for it among the significant digits.
        FloatCode::General => point <= -4 || i64::from(point) > precision as i64 - add_dot_zero as i64,
    };
    // The number of digits before the point, negative for zeros after it.
    let whole = if with_exponent { 1 } else { point };
    // How many digits to show after the point, at least.
    let decimals = match code {
        FloatCode::Exponent | FloatCode::Fixed => precision,
        FloatCode::General if alternate => (precision as i64 - i64::from(whole)).max(0) as usize,
        _ => (digits.len() as i64 - i64::from(whole)).max(0) as usize,
    };
    let decimals = if add_dot_zero && !with_exponent { decimals.max(1) } else { decimals };
    let fraction = if whole > 0 {
        let n = digits.len().min(whole as usize);
        out.extend_from_slice(&digits[..n]);
        out.resize(out.len() + whole as usize - n, b'0');
        &digits[n..]
    } else {
        out.push(b'0');
        digits
    };
    if decimals > 0 || alternate {
        out.push(b'.');
        let end = out.len() + decimals;
        let zeros = if whole < 0 { (-whole as usize).min(decimals) } else { 0 };
        out.resize(out.len() + zeros, b'0');
        // Zero is the digit 0; where it has no place, there are no decimals left for it either.
        let n = fraction.len().min(end - out.len());
        out.extend_from_slice(&fraction[..n]);
        out.resize(end, b'0');
    }
    if with_exponent {
        let zero = digits == b"0";
        write_exponent(out, if zero { 0 } else { point - 1 });
    }
}

fn write_exponent(out: &mut Vec<u8>, e: i32) {
    out.push(b'e');
    out.push(if e < 0 { b'-' } else { b'+' });
    let e = e.unsigned_abs();
    if e >= 100 {
        out.push(b'0' + (e / 100) as u8);
    }
    out.push(b'0' + (e / 10 % 10) as u8);
    out.push(b'0' + (e % 10) as u8);
}
