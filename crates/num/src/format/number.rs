//! Laying out a number: sign, prefix, grouped digits, fraction, padding.

use super::spec::{Align, Spec};
use crate::error::{NumError, NumResult};
use crate::wtf8;

/// What type `n` takes from the locale. Text is WTF-8 (UTF-8).
#[derive(Clone, Copy, Debug)]
pub struct Locale<'a> {
    pub decimal_point: &'a [u8],
    pub thousands_sep: &'a [u8],
    /// Group sizes from the point on, as C's `lconv.grouping`: the last repeats, 127 ends grouping.
    pub grouping: &'a [u8],
}

impl Locale<'static> {
    /// The "C" locale.
    pub const C: Locale<'static> = Locale { decimal_point: b".", thousands_sep: b"", grouping: b"" };
}

/// How digits before the point are grouped.
#[derive(Clone, Copy)]
pub(super) struct Grouping<'a> {
    pub separator: &'a [u8],
    pub sizes: &'a [u8],
}

impl Grouping<'static> {
    /// By a format's `,` or `_`, or none.
    pub fn of(separator: u8, size: u8) -> Self {
        match (separator, size) {
            (b',', _) => Grouping { separator: b",", sizes: &[3] },
            (b'_', 4) => Grouping { separator: b"_", sizes: &[4] },
            (b'_', _) => Grouping { separator: b"_", sizes: &[3] },
            _ => Grouping { separator: b"", sizes: &[] },
        }
    }
}

/// The parts of a number, in their order.
pub(super) struct Parts<'a> {
    pub negative: bool,
    pub prefix: &'a [u8],
    /// Digits to be grouped; none for `inf` and `nan`.
    pub digits: &'a [u8],
    /// Point, fraction, exponent, percent sign.
    pub rest: &'a [u8],
}

/// A result that would not fit the address space.
pub(super) fn check_width(width: usize) -> NumResult<()> {
    // An object's header comes on top; everything near the limit fails to be allocated anyway.
    if width > isize::MAX as usize / 2 { Err(NumError::memory()) } else { Ok(()) }
}

pub(super) fn reserve(out: &mut Vec<u8>, n: usize) -> NumResult<()> {
    check_width(n)?;
    out.try_reserve(n).map_err(|_| NumError::memory())
}

/// The sign that is shown, if any.
#[inline]
pub(super) fn sign_of(negative: bool, sign: u8) -> &'static [u8] {
    match (negative, sign) {
        (true, _) => b"-",
        (false, b'+') => b"+",
        (false, b' ') => b" ",
        _ => b"",
    }
}

/// Spaces before and after something of the given size.
#[inline]
pub(super) fn padding(align: Align, width: usize, size: usize) -> (usize, usize) {
    let n = width.saturating_sub(size);
    match align {
        Align::Left => (0, n),
        Align::Center => (n / 2, n - n / 2),
        Align::Right | Align::AfterSign => (n, 0),
    }
}

/// Appends the number as the specification wants it. `upper` converts prefix and digits and the rest.
pub(super) fn write_number(out: &mut Vec<u8>, spec: &Spec, grouping: Grouping, p: &Parts) -> NumResult<()> {
    let sign = sign_of(p.negative, spec.sign);
    let fixed = sign.len() + p.prefix.len() + wtf8::count(p.rest);
    // Zeros between sign and digits take part in the grouping.
    let zeros_inside = spec.fill == b'0' as u32 && spec.align == Align::AfterSign;
    let min_digits = if zeros_inside && !p.digits.is_empty() { spec.width.saturating_sub(fixed) } else { 0 };
    reserve(out, spec.width.saturating_add(2 * p.digits.len() + p.rest.len() + 8))?;
    if grouping.sizes.is_empty() {
        // No grouping: the size is known beforehand.
        let digits = wtf8::count(p.digits).max(min_digits);
        let (before, after) = padding(spec.align, spec.width, fixed + digits);
        let between = spec.align == Align::AfterSign;
        wtf8::repeat(out, spec.fill, if between { 0 } else { before });
        out.extend_from_slice(sign);
        out.extend_from_slice(p.prefix);
        wtf8::repeat(out, spec.fill, if between { before } else { 0 });
        out.resize(out.len() + digits - wtf8::count(p.digits), b'0');
        out.extend_from_slice(p.digits);
        out.extend_from_slice(p.rest);
        wtf8::repeat(out, spec.fill, after);
        return Ok(());
    }
    if let (&[separator], &[size @ 1..127]) = (grouping.separator, grouping.sizes)
        && !p.digits.is_empty()
        && min_digits <= p.digits.len()
    {
        // Groups of one size, no zeros in front.
        let size = size as usize;
        let separators = (p.digits.len() - 1) / size;
        let (before, after) = padding(spec.align, spec.width, fixed + p.digits.len() + separators);
        let between = spec.align == Align::AfterSign;
        wtf8::repeat(out, spec.fill, if between { 0 } else { before });
        out.extend_from_slice(sign);
        out.extend_from_slice(p.prefix);
        wtf8::repeat(out, spec.fill, if between { before } else { 0 });
        let (first, rest) = p.digits.split_at(p.digits.len() - separators * size);
        out.extend_from_slice(first);
        for group in rest.chunks(size) {
            out.push(separator);
            out.extend_from_slice(group);
        }
        out.extend_from_slice(p.rest);
        wtf8::repeat(out, spec.fill, after);
        return Ok(());
    }
    let mut grouped = Vec::with_capacity(min_digits + 2 * p.digits.len());
    if !p.digits.is_empty() {
        group(&mut grouped, p.digits, min_digits, grouping);
    }
    let (before, after) = padding(spec.align, spec.width, fixed + wtf8::count(&grouped));
    let between = spec.align == Align::AfterSign;
    wtf8::repeat(out, spec.fill, if between { 0 } else { before });
    out.extend_from_slice(sign);
    out.extend_from_slice(p.prefix);
    wtf8::repeat(out, spec.fill, if between { before } else { 0 });
    out.extend_from_slice(&grouped);
    out.extend_from_slice(p.rest);
    wtf8::repeat(out, spec.fill, after);
    Ok(())
}

/// Whether a number can be written at once and padded where it stands: no grouping, one-byte fill.
#[inline]
pub(super) fn is_plain(spec: &Spec) -> bool {
    spec.grouping == 0 && spec.fraction_grouping == 0 && spec.fill < 0x80 && !spec.no_negative_zero
}

/// Pads the number that was written from `start` on; its sign and prefix take `head` bytes. All is ASCII.
#[inline]
pub(super) fn pad_in_place(out: &mut Vec<u8>, start: usize, head: usize, spec: &Spec) -> NumResult<()> {
    let size = out.len() - start;
    if spec.width <= size {
        return Ok(());
    }
    reserve(out, spec.width - size)?;
    let (before, after) = padding(spec.align, spec.width, size);
    let at = if spec.align == Align::AfterSign { start + head } else { start };
    let end = out.len();
    out.resize(end + before + after, spec.fill as u8);
    if before > 0 {
        out.copy_within(at..end, at + before);
        out[at..at + before].fill(spec.fill as u8);
    }
    Ok(())
}

/// Groups `digits` from the right, with zeros in front until the whole is at least `min_width` wide.
fn group(out: &mut Vec<u8>, digits: &[u8], min_width: usize, g: Grouping) {
    let separator_width = wtf8::count(g.separator);
    let mut left = digits.len();
    let mut wanted = min_width;
    // Group sizes from the right, zeros included.
    let mut sizes = Vec::new();
    let mut next = g.sizes.iter();
    let mut size = usize::MAX;
    loop {
        match next.next() {
            Some(&127) => size = usize::MAX,
            Some(&0) => {}
            Some(&n) => size = n as usize,
            None => {}
        }
        let take = size.min(left.max(wanted).max(1));
        sizes.push(take);
        left = left.saturating_sub(take);
        wanted = wanted.saturating_sub(take);
        if left == 0 && wanted == 0 {
            break;
        }
        // A separator uses up width as well.
        wanted = wanted.saturating_sub(separator_width);
    }
    let total: usize = sizes.iter().sum();
    let mut zeros = total - digits.len();
    let mut rest = digits;
    for (i, &size) in sizes.iter().rev().enumerate() {
        if i > 0 {
            out.extend_from_slice(g.separator);
        }
        let z = zeros.min(size);
        out.resize(out.len() + z, b'0');
        zeros -= z;
        let (now, later) = rest.split_at(size - z);
        out.extend_from_slice(now);
        rest = later;
    }
}

/// Appends the digits after the point, grouped from the left.
pub(super) fn group_fraction(out: &mut Vec<u8>, digits: &[u8], separator: u8) {
    if separator == 0 {
        out.extend_from_slice(digits);
        return;
    }
    for (i, chunk) in digits.chunks(3).enumerate() {
        if i > 0 {
            out.push(separator);
        }
        out.extend_from_slice(chunk);
    }
}
