//! `format(complex, spec)`.

use super::float::DoubleText;
use super::number::{Grouping, Locale, Parts, write_number};
use super::spec::{Align, Spec, unknown_code};
use super::text::pad;
use crate::error::{NumError, NumResult};
use crate::float::FloatCode;

/// `format(complex(re, im), spec)`; an empty specification is `str`, which is for the caller.
pub fn format_complex(
    out: &mut Vec<u8>,
    re: f64,
    im: f64,
    spec: &[u8],
    type_name: &[u8],
    locale: &Locale,
) -> NumResult<()> {
    let spec = Spec::parse(spec, type_name, 0, Align::Right)?;
    let kind = u8::try_from(spec.kind).unwrap_or(0xff);
    let code = match kind {
        0 if spec.precision.is_none() => FloatCode::Repr,
        0 | b'g' | b'G' | b'n' => FloatCode::General,
        b'e' | b'E' => FloatCode::Exponent,
        b'f' | b'F' => FloatCode::Fixed,
        _ => return Err(unknown_code(spec.kind, type_name)),
    };
    if spec.precision.is_some_and(|p| p > i32::MAX as usize) {
        return Err(NumError::value("precision too big"));
    }
    if spec.fill == b'0' as u32 {
        return Err(NumError::value("Zero padding is not allowed in complex format specifier"));
    }
    if spec.align == Align::AfterSign {
        return Err(NumError::value("'=' alignment flag is not allowed in complex format specifier"));
    }
    // As in `repr`: no real part where it is a positive zero, else parentheses.
    let real = kind != 0 || re != 0.0 || re.is_sign_negative();
    let parens = kind == 0 && real;
    let (grouping, point) = match kind {
        b'n' => (Grouping { separator: locale.thousands_sep, sizes: locale.grouping }, locale.decimal_point),
        _ => (Grouping::of(spec.grouping, 3), &b"."[..]),
    };
    let precision = spec.precision.unwrap_or(6);
    let mut text = Vec::with_capacity(48);
    let mut write_part = |x: f64, sign: u8| -> NumResult<()> {
        let part = DoubleText::new(x, &spec, code, precision, false)?;
        let rest = part.rest(point, spec.fraction_grouping, false);
        let bare = Spec { width: 0, sign, ..spec };
        let parts = Parts { negative: part.negative, prefix: b"", digits: part.digits(), rest: &rest };
        write_number(&mut text, &bare, grouping, &parts)
    };
    if real {
        write_part(re, spec.sign)?;
    }
    write_part(im, if real { b'+' } else { spec.sign })?;
    text.push(b'j');
    if parens {
        text.insert(0, b'(');
        text.push(b')');
    }
    pad(out, &text, spec.fill, spec.align, spec.width, None)
}
