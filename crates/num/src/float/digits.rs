//! Decimal digits of a double: the shortest that round-trip, or correctly rounded (half to even, exactly)
//! to a number of significant digits or of decimals. What C knows as `dtoa` with modes 0, 2 and 3.

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
    inline: [u8; 32],
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

    const ZERO: DecimalDigits = DecimalDigits { inline: [b'0'; 32], long: Vec::new(), len: 1, point: 1 };

    /// From digits with a point among them, times `10^exponent`.
    pub(super) fn from_text(text: &[u8], exponent: i32) -> Self {
        let whole = text.iter().position(|&b| b == b'.').unwrap_or(text.len());
        let Some(first) = text.iter().position(|b| matches!(b, b'1'..=b'9')) else { return Self::ZERO };
        let last = text.iter().rposition(|b| matches!(b, b'1'..=b'9')).expect("there is a first one");
        let point = whole as i32 - first as i32 + (first > whole) as i32 + exponent;
        let kept = &text[first..=last];
        let mut d = DecimalDigits { inline: [0; 32], long: Vec::new(), len: 0, point };
        if kept.len() <= 32 {
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

/// `x` rounded to `n > 0` significant digits.
pub fn significant_digits(x: f64, n: usize) -> DecimalDigits {
    let n = n.clamp(1, MAX_SIGNIFICANT);
    on_stack(format_args!("{:.*e}", n - 1, x.abs()), |text| {
        let (mantissa, exponent) = split_exponent(text);
        DecimalDigits::from_text(mantissa, exponent)
    })
}

/// `x` rounded to `n` decimals.
pub fn fixed_digits(x: f64, n: usize) -> DecimalDigits {
    let n = n.min(MAX_DECIMALS);
    on_stack(format_args!("{:.*}", n, x.abs()), |text| DecimalDigits::from_text(text, 0))
}
