//! Decimal digits of a double: the shortest that round-trip, or correctly rounded (half to even, exactly)
//! to a number of significant digits or of decimals. What C knows as `dtoa` with modes 0, 2 and 3.

use crate::bigint::{decimal_len, decompose, fixed_decimal};
use std::fmt::{self, Write};

/// No double has more significant digits than this.
const MAX_SIGNIFICANT: usize = 767;
/// No double has more decimals than this.
const MAX_DECIMALS: usize = 1074;
/// Integer digits, decimals and a point, with some room.
const BUFFER: usize = 310 + MAX_DECIMALS + 16;

/// Digits `d1 d2 … dn` of the value `0.d1d2…dn * 10^point`, without trailing zeros. Zero is the digit `0`
/// with `point` 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecimalDigits {
    inline: [u8; 40],
    /// In place of `inline` where that is too short.
    long: Vec<u8>,
    len: usize,
    pub point: i32,
}

impl DecimalDigits {
    #[inline]
    pub fn digits(&self) -> &[u8] {
        if self.long.is_empty() { &self.inline[..self.len] } else { &self.long[..self.len] }
    }

    const ZERO: DecimalDigits = DecimalDigits { inline: [b'0'; 40], long: Vec::new(), len: 1, point: 1 };

    /// From digits with a point among them, times `10^exponent`.
    pub(super) fn from_text(text: &[u8], exponent: i32) -> Self {
        let whole = text.iter().position(|&b| b == b'.').unwrap_or(text.len());
        let Some(first) = text.iter().position(|b| matches!(b, b'1'..=b'9')) else { return Self::ZERO };
        let last = text.iter().rposition(|b| matches!(b, b'1'..=b'9')).expect("there is a first one");
        let point = whole as i32 - first as i32 + (first > whole) as i32 + exponent;
        let kept = &text[first..=last];
        let mut d = DecimalDigits { inline: [0; 40], long: Vec::new(), len: 0, point };
        if kept.len() <= 40 {
            for &b in kept {
                if b != b'.' {
                    d.inline[d.len] = b;
                    d.len += 1;
                }
            }
        } else {
            d.long.extend(kept.iter().filter(|&&b| b != b'.'));
            d.len = d.long.len();
        }
        d
    }
}

/// The fewest digits that denote `x` and no other double; among those the closest to it. `x` is finite, its
/// sign is ignored.
#[inline]
pub fn shortest_digits(x: f64) -> DecimalDigits {
    if x == 0.0 {
        return DecimalDigits::ZERO;
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(x.abs()).as_bytes();
    let (mantissa, exponent) = split_exponent(text);
    DecimalDigits::from_text(mantissa, exponent)
}

/// `1.5e-7` as `1.5` and `-7`.
pub(super) fn split_exponent(text: &[u8]) -> (&[u8], i32) {
    let Some(at) = text.iter().position(|&b| b == b'e') else { return (text, 0) };
    let (neg, digits) = match &text[at + 1..] {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let e = digits.iter().fold(0, |e, &d| e * 10 + (d - b'0') as i32);
    (&text[..at], if neg { -e } else { e })
}

struct Stack {
    bytes: [u8; BUFFER],
    len: usize,
}

impl Write for Stack {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + s.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}

fn on_stack(args: fmt::Arguments, use_text: impl FnOnce(&[u8]) -> DecimalDigits) -> DecimalDigits {
    let mut s = Stack { bytes: [0; BUFFER], len: 0 };
    s.write_fmt(args).expect("the longest double fits");
    use_text(&s.bytes[..s.len])
}

const POWERS_OF_TEN: [u128; 39] = {
    let mut t = [1; 39];
    let mut i = 1;
    while i < 39 {
        t[i] = t[i - 1] * 10;
        i += 1;
    }
    t
};

/// `|x| * 10^n` rounded half to even, where that can be done in 128 bits: up to 22 decimals and below 2^73.
#[inline]
pub(super) fn scaled(x: f64, n: usize) -> Option<u128> {
    let (m, e) = decompose(x);
    // The mantissa has 53 bits, 10^22 has 74.
    if n > 22 || e > 0 {
        return None;
    }
    let product = m as u128 * POWERS_OF_TEN[n];
    let shift = -e as u32;
    match shift {
        0 => Some(product),
        // Less than half a unit.
        128.. => Some(0),
        _ => {
            let q = product >> shift;
            let rest = product << (128 - shift);
            let up = rest > 1 << 127 || (rest == 1 << 127 && q & 1 == 1);
            Some(q + up as u128)
        }
    }
}

impl DecimalDigits {
    /// `v * 10^-decimals`
    fn from_integer(v: u128, decimals: usize) -> Self {
        if v == 0 {
            return Self::ZERO;
        }
        let mut d = DecimalDigits { inline: [0; 40], long: Vec::new(), len: 0, point: 0 };
        d.len = if let Ok(v) = u64::try_from(v) {
            let n = decimal_len(v);
            fixed_decimal(v, &mut d.inline[..n]);
            n
        } else {
            let high = v / POWERS_OF_TEN[19];
            let low = (v % POWERS_OF_TEN[19]) as u64;
            // At most 2^127, hence 39 digits.
            let (top, high) = ((high / POWERS_OF_TEN[19]) as u64, (high % POWERS_OF_TEN[19]) as u64);
            let n = if top == 0 { decimal_len(high) } else { 20 };
            if top != 0 {
                d.inline[0] = b'0' + top as u8;
                fixed_decimal(high, &mut d.inline[1..20]);
            } else {
                fixed_decimal(high, &mut d.inline[..n]);
            }
            fixed_decimal(low, &mut d.inline[n..n + 19]);
            n + 19
        };
        d.point = d.len as i32 - decimals as i32;
        while d.inline[d.len - 1] == b'0' {
            d.len -= 1;
        }
        d
    }
}

/// As [`significant_digits`] for common sizes, exactly and without the general machinery.
#[inline]
fn significant_fast(x: f64, n: usize) -> Option<DecimalDigits> {
    if x == 0.0 || n > 17 {
        return None;
    }
    // The logarithm may be off by one next to powers of ten; then the number of digits is wrong.
    let exponent = x.abs().log10().floor() as i32;
    let decimals = usize::try_from(n as i32 - 1 - exponent).ok()?;
    let v = scaled(x, decimals)?;
    if v >= POWERS_OF_TEN[n] || v < POWERS_OF_TEN[n - 1] {
        return None;
    }
    Some(DecimalDigits::from_integer(v, decimals))
}

/// `x` rounded to `n > 0` significant digits.
pub fn significant_digits(x: f64, n: usize) -> DecimalDigits {
    if let Some(d) = significant_fast(x, n) {
        return d;
    }
    let n = n.clamp(1, MAX_SIGNIFICANT);
    on_stack(format_args!("{:.*e}", n - 1, x.abs()), |text| {
        let (mantissa, exponent) = split_exponent(text);
        DecimalDigits::from_text(mantissa, exponent)
    })
}

/// `x` rounded to `n` decimals.
pub fn fixed_digits(x: f64, n: usize) -> DecimalDigits {
    if let Some(v) = scaled(x, n) {
        return DecimalDigits::from_integer(v, n);
    }
    let n = n.min(MAX_DECIMALS);
    on_stack(format_args!("{:.*}", n, x.abs()), |text| DecimalDigits::from_text(text, 0))
}
