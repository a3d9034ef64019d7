//! `format(str, spec)`.

use super::number::{padding, reserve};
use super::spec::{Align, Spec, unknown_code};
use crate::error::{NumError, NumResult};
use crate::wtf8;

/// `format(s, spec)` for a string.
pub fn format_str(out: &mut Vec<u8>, s: &[u8], spec: &[u8], type_name: &[u8]) -> NumResult<()> {
    if spec.is_empty() {
        out.extend_from_slice(s);
        return Ok(());
    }
    format_str_with(out, s, &Spec::parse(spec, type_name, b's', Align::Left)?, type_name)
}

pub fn format_str_with(out: &mut Vec<u8>, s: &[u8], spec: &Spec, type_name: &[u8]) -> NumResult<()> {
    if spec.kind != b's' as u32 {
        return Err(unknown_code(spec.kind, type_name));
    }
    let wrong = match spec {
        Spec { sign: b' ', .. } => "Space not allowed in string format specifier",
        Spec { sign: 1.., .. } => "Sign not allowed in string format specifier",
        Spec { no_negative_zero: true, .. } => {
            "Negative zero coercion (z) not allowed in string format specifier"
        }
        Spec { alternate: true, .. } => "Alternate form (#) not allowed in string format specifier",
        Spec { align: Align::AfterSign, .. } => "'=' alignment not allowed in string format specifier",
        _ => "",
    };
    if !wrong.is_empty() {
        return Err(NumError::value(wrong));
    }
    pad(out, s, spec.fill, spec.align, spec.width, spec.precision)
}

/// Appends `s`, cut off at `precision` and padded to `width`.
pub(super) fn pad(
    out: &mut Vec<u8>,
    s: &[u8],
    fill: u32,
    align: Align,
    width: usize,
    precision: Option<usize>,
) -> NumResult<()> {
    let s = match precision {
        Some(n) => &s[..wtf8::prefix_len(s, n)],
        None => s,
    };
    if width == 0 {
        out.extend_from_slice(s);
        return Ok(());
    }
    let (before, after) = padding(align, width, wtf8::count(s));
    reserve(out, s.len().saturating_add(before + after))?;
    wtf8::repeat(out, fill, before);
    out.extend_from_slice(s);
    wtf8::repeat(out, fill, after);
    Ok(())
}
