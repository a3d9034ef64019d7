//! `format(int, spec)`.

use super::float::format_float_with;
use super::number::{Grouping, Locale, Parts, is_plain, pad_in_place, sign_of, write_number};
use super::spec::{Align, Spec, unknown_code};
use crate::bigint::{self, Int};
use crate::error::{NumError, NumResult};
use crate::wtf8;

/// `format(a, spec)` for an integer. `max_digits` is the limit on decimal digits, 0 for none.
pub fn format_int(
    out: &mut Vec<u8>,
    a: Int,
    spec: &[u8],
    type_name: &[u8],
    locale: &Locale,
    max_digits: usize,
) -> NumResult<()> {
    if spec.is_empty() {
        return bigint::write_decimal(out, a, max_digits);
    }
    let spec = Spec::parse(spec, type_name, b'd', Align::Right)?;
    format_int_with(out, a, &spec, type_name, locale, max_digits)
}

pub fn format_int_with(
    out: &mut Vec<u8>,
    a: Int,
    spec: &Spec,
    type_name: &[u8],
    locale: &Locale,
    max_digits: usize,
) -> NumResult<()> {
    let kind = u8::try_from(spec.kind).unwrap_or(0xff);
    match kind {
        b'd' | b'b' | b'o' | b'x' | b'X' | b'n' | b'c' => {}
        b'e' | b'E' | b'f' | b'F' | b'g' | b'G' | b'%' => {
            return format_float_with(out, bigint::to_f64(a)?, spec, type_name, locale);
        }
        _ => return Err(unknown_code(spec.kind, type_name)),
    }
    if spec.precision.is_some() {
        return Err(NumError::value("Precision not allowed in integer format specifier"));
    }
    if spec.no_negative_zero {
        return Err(NumError::value("Negative zero coercion (z) not allowed in integer format specifier"));
    }
    let magnitude = a.abs();
    if kind == b'd' && is_plain(spec) {
        let start = out.len();
        out.extend_from_slice(sign_of(a.neg, spec.sign));
        let head = out.len() - start;
        bigint::write_decimal(out, magnitude, max_digits)?;
        return pad_in_place(out, start, head, spec);
    }
    let mut digits = Vec::with_capacity(24);
    let mut prefix: &[u8] = b"";
    let mut grouping = Grouping::of(spec.grouping, 3);
    let mut negative = a.neg;
    match kind {
        b'c' => {
            if spec.sign != 0 {
                return Err(NumError::value("Sign not allowed with integer format specifier 'c'"));
            }
            if spec.alternate {
                return Err(NumError::value(
                    "Alternate form (#) not allowed with integer format specifier 'c'",
                ));
            }
            wtf8::push(&mut digits, char_code(a)?);
            negative = false;
        }
        b'd' => bigint::write_decimal(&mut digits, magnitude, max_digits)?,
        b'n' => {
            bigint::write_decimal(&mut digits, magnitude, max_digits)?;
            grouping = Grouping { separator: locale.thousands_sep, sizes: locale.grouping };
        }
        _ => {
            let (base, name): (u32, &[u8]) = match kind {
                b'b' => (2, b"0b"),
                b'o' => (8, b"0o"),
                b'x' => (16, b"0x"),
                _ => (16, b"0X"),
            };
            bigint::write_base(&mut digits, magnitude, base);
            if kind == b'X' {
                digits.make_ascii_uppercase();
            }
            if spec.alternate {
                prefix = name;
            }
            grouping = Grouping::of(spec.grouping, 4);
        }
    }
    write_number(out, spec, grouping, &Parts { negative, prefix, digits: &digits, rest: b"" })
}

/// The code point that type `c` shows.
fn char_code(a: Int) -> NumResult<u32> {
    match a.to_i64() {
        None => Err(NumError::overflow("Python int too large to convert to C long")),
        Some(c @ 0..0x110000) => Ok(c as u32),
        Some(_) => Err(NumError::overflow("%c arg not in range(0x110000)")),
    }
}
