//! `format(float, spec)`.

use super::number::{Grouping, Locale, Parts, group_fraction, is_plain, pad_in_place, sign_of, write_number};
use super::spec::{Align, Spec, unknown_code};
use crate::error::{NumError, NumResult};
use crate::float::{FloatCode, write_double, write_repr};

/// Precisions beyond this are refused, as is one that C's `int` cannot hold with room for the exponent.
pub(super) const MAX_PRECISION: usize = i32::MAX as usize - 1024;

/// `format(x, spec)` for a float.
pub fn format_float(
    out: &mut Vec<u8>,
    x: f64,
    spec: &[u8],
    type_name: &[u8],
    locale: &Locale,
) -> NumResult<()> {
    if spec.is_empty() {
        write_repr(out, x);
        return Ok(());
    }
    let spec = Spec::parse(spec, type_name, 0, Align::Right)?;
    format_float_with(out, x, &spec, type_name, locale)
}

/// Digits of a double by the rules of one type code, split where the layout needs it.
pub(super) struct DoubleText {
    pub negative: bool,
    text: Vec<u8>,
    /// Digits before the point.
    whole: usize,
    /// Where the fraction ends.
    fraction_end: usize,
}

impl DoubleText {
    pub fn new(
        x: f64,
        spec: &Spec,
        code: FloatCode,
        precision: usize,
        add_dot_zero: bool,
    ) -> NumResult<Self> {
        if precision > MAX_PRECISION {
            return Err(NumError::value("precision too big"));
        }
        let mut text = Vec::with_capacity(32);
        write_double(&mut text, x, code, precision, spec.alternate, add_dot_zero);
        let digits = |s: &[u8]| s.iter().take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(&text);
        let fraction_end = match text.get(whole) {
            Some(b'.') => whole + 1 + digits(&text[whole + 1..]),
            _ => whole,
        };
        if matches!(u8::try_from(spec.kind), Ok(b'E' | b'F' | b'G')) {
            text.make_ascii_uppercase();
        }
        let mut negative = x.is_sign_negative() && !x.is_nan();
        if spec.no_negative_zero
            && x.is_finite()
            && text[..fraction_end].iter().all(|b| matches!(b, b'0' | b'.'))
        {
            negative = false;
        }
        Ok(DoubleText { negative, text, whole, fraction_end })
    }

    pub fn digits(&self) -> &[u8] {
        &self.text[..self.whole]
    }

    /// What follows the digits before the point.
    pub fn rest(&self, point: &[u8], grouping: u8, percent: bool) -> Vec<u8> {
        let mut rest = Vec::with_capacity(self.text.len() + 8);
        if self.fraction_end > self.whole {
            rest.extend_from_slice(point);
            group_fraction(&mut rest, &self.text[self.whole + 1..self.fraction_end], grouping);
        }
        rest.extend_from_slice(&self.text[self.fraction_end..]);
        if percent {
            rest.push(b'%');
        }
        rest
    }
}

pub fn format_float_with(
    out: &mut Vec<u8>,
    x: f64,
    spec: &Spec,
    type_name: &[u8],
    locale: &Locale,
) -> NumResult<()> {
    let kind = u8::try_from(spec.kind).unwrap_or(0xff);
    let percent = kind == b'%';
    let code = match kind {
        0 if spec.precision.is_none() => FloatCode::Repr,
        0 | b'g' | b'G' | b'n' => FloatCode::General,
        b'e' | b'E' => FloatCode::Exponent,
        b'f' | b'F' | b'%' => FloatCode::Fixed,
        _ => return Err(unknown_code(spec.kind, type_name)),
    };
    let x = if percent { x * 100.0 } else { x };
    let precision = spec.precision.unwrap_or(6);
    if is_plain(spec) && kind != b'n' && precision <= MAX_PRECISION {
        super::number::reserve(out, precision)?;
        let start = out.len();
        out.extend_from_slice(sign_of(x.is_sign_negative() && !x.is_nan(), spec.sign));
        let head = out.len() - start;
        write_double(out, x, code, precision, spec.alternate, kind == 0);
        if kind.is_ascii_uppercase() {
            out[start..].make_ascii_uppercase();
        }
        if percent {
            out.push(b'%');
        }
        return pad_in_place(out, start, head, spec);
    }
    let text = DoubleText::new(x, spec, code, precision, kind == 0)?;
    let (grouping, point) = match kind {
        b'n' => (Grouping { separator: locale.thousands_sep, sizes: locale.grouping }, locale.decimal_point),
        _ => (Grouping::of(spec.grouping, 3), &b"."[..]),
    };
    let rest = text.rest(point, spec.fraction_grouping, percent);
    write_number(
        out,
        spec,
        grouping,
        &Parts { negative: text.negative, prefix: b"", digits: text.digits(), rest: &rest },
    )
}
