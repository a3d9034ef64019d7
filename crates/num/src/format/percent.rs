//! `%`-formatting: the parser of format strings and the conversion of numbers and padding of text.
//!
//! Errors come in the order in which CPython finds them: a format string is parsed and applied piece by
//! piece, `*` takes its argument while the directive is still being parsed, and that a conversion is unknown
//! is noticed only after its argument was fetched.

use super::number::{pad_in_place, sign_of};
use super::spec::{Align, Spec};
use super::text::pad;
use crate::bigint::{self, Int};
use crate::error::{ErrorKind, NumError, NumResult};
use crate::float::{FloatCode, write_double};
use crate::wtf8;

/// A conversion character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// `d`, `i`, `u`: the character is kept for messages.
    Decimal(u8),
    Octal,
    /// `x` or `X`
    Hex(u8),
    /// `e`, `E`, `f`, `F`, `g`, `G`
    Float(u8),
    Char,
    Str,
    Repr,
    Ascii,
    /// `b`, in bytes only.
    Bytes,
    /// Once the argument is there, raise [`Directive::unsupported`].
    Unknown(u32),
}

/// One `%…` of a format string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive<'a> {
    /// `%(key)…`
    pub key: Option<&'a [u8]>,
    pub left: bool,
    pub plus: bool,
    pub space: bool,
    pub alternate: bool,
    pub zero: bool,
    pub width: usize,
    pub precision: Option<usize>,
    pub conversion: Conversion,
    /// Where the conversion character stands, in characters.
    index: usize,
    bytes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Literal(&'a [u8]),
    Directive(Directive<'a>),
}

/// Walks through a format string.
#[derive(Clone, Debug)]
pub struct PercentParser<'a> {
    text: &'a [u8],
    at: usize,
    /// `bytes % args`: positions are counted in bytes, `b` is a conversion.
    bytes: bool,
}

#[cold]
fn incomplete() -> NumError {
    NumError::value("incomplete format")
}

impl<'a> PercentParser<'a> {
    /// Of a string in WTF-8.
    pub fn new(text: &'a [u8]) -> Self {
        PercentParser { text, at: 0, bytes: false }
    }

    /// Of a bytes object.
    pub fn of_bytes(text: &'a [u8]) -> Self {
        PercentParser { text, at: 0, bytes: true }
    }

    /// Where the next piece begins, in bytes.
    #[inline]
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes on at a byte: the caller has dealt with the pieces before it.
    #[inline]
    pub fn set_position(&mut self, at: usize) {
        self.at = at;
    }

    /// The next piece. `mapping`: the argument is a mapping, so that keys may be used. `star` takes the next
    /// argument as an integer for `*`; told whether it is for a precision, it raises "* wants int" or the
    /// `OverflowError`s of a C `ssize_t` (width) or `int` (precision) itself.
    pub fn next<E: From<NumError>>(
        &mut self,
        mapping: bool,
        mut star: impl FnMut(bool) -> Result<i64, E>,
    ) -> Result<Option<Piece<'a>>, E> {
        let rest = &self.text[self.at..];
        let literal = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
        if literal > 0 {
            self.at += literal;
            return Ok(Some(Piece::Literal(&rest[..literal])));
        }
        if rest.is_empty() {
            return Ok(None);
        }
        self.at += 1;
        if self.peek() == Some(b'%') {
            self.at += 1;
            return Ok(Some(Piece::Literal(&rest[1..2])));
        }
        self.directive(mapping, &mut star).map(|d| Some(Piece::Directive(d)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn directive<E: From<NumError>>(
        &mut self,
        mapping: bool,
        star: &mut dyn FnMut(bool) -> Result<i64, E>,
    ) -> Result<Directive<'a>, E> {
        let mut d = Directive {
            key: None,
            left: false,
            plus: false,
            space: false,
            alternate: false,
            zero: false,
            width: 0,
            precision: None,
            conversion: Conversion::Str,
            index: 0,
            bytes: self.bytes,
        };
        if self.peek() == Some(b'(') {
            if !mapping {
                return Err(NumError::type_error("format requires a mapping").into());
            }
            self.at += 1;
            d.key = Some(self.key()?);
        }
        loop {
            match self.peek() {
                Some(b'-') => d.left = true,
                Some(b'+') => d.plus = true,
                Some(b' ') => d.space = true,
                Some(b'#') => d.alternate = true,
                Some(b'0') => d.zero = true,
                _ => break,
            }
            self.at += 1;
        }
        if self.peek() == Some(b'*') {
            self.at += 1;
            let width = star(false)?;
            d.left |= width < 0;
            d.width = width.unsigned_abs() as usize;
        } else {
            d.width = self.number(i64::MAX, "width too big")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            d.precision = Some(if self.peek() == Some(b'*') {
                self.at += 1;
                star(true)?.max(0) as usize
            } else {
                let text = if self.bytes { "prec too big" } else { "precision too big" };
                self.number(i32::MAX as i64, text)?
            });
        }
        if let Some(b'h' | b'l' | b'L') = self.peek() {
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return Err(incomplete().into());
        }
        self.conversion(&mut d);
        Ok(d)
    }

    fn key(&mut self) -> NumResult<&'a [u8]> {
        let rest = &self.text[self.at..];
        let mut depth = 1;
        for (i, &b) in rest.iter().enumerate() {
            depth += (b == b'(') as usize;
            if b == b')' {
                depth -= 1;
                if depth == 0 {
                    self.at += i + 1;
                    return Ok(&rest[..i]);
                }
            }
        }
        Err(NumError::value("incomplete format key"))
    }

    fn number(&mut self, max: i64, too_big: &'static str) -> NumResult<usize> {
        let mut v = 0i64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            let next = v.checked_mul(10).and_then(|v| v.checked_add((digit - b'0') as i64));
            v = next.filter(|v| *v <= max).ok_or_else(|| NumError::value(too_big))?;
            self.at += 1;
        }
        Ok(v as usize)
    }

    fn conversion(&mut self, d: &mut Directive) {
        d.index = if self.bytes { self.at } else { wtf8::count(&self.text[..self.at]) };
        let b = self.text[self.at];
        let (c, n) = if self.bytes { (b as u32, 1) } else { wtf8::first(&self.text[self.at..]) };
        self.at += n;
        d.conversion = match b {
            b'd' | b'i' | b'u' => Conversion::Decimal(b),
            b'o' => Conversion::Octal,
            b'x' | b'X' => Conversion::Hex(b),
            b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => Conversion::Float(b),
            b'c' => Conversion::Char,
            b's' => Conversion::Str,
            b'r' => Conversion::Repr,
            b'a' => Conversion::Ascii,
            b'b' if self.bytes => Conversion::Bytes,
            _ => Conversion::Unknown(c),
        };
    }
}

impl Directive<'_> {
    /// The error of an unknown conversion.
    #[cold]
    pub fn unsupported(&self) -> NumError {
        let Conversion::Unknown(c) = self.conversion else { return incomplete() };
        if self.bytes && c >= 0x80 {
            return NumError::overflow("character argument not in range(0x110000)");
        }
        let shown = match c {
            0x1f..0x7f => c as u8,
            _ if self.bytes => c as u8,
            _ => b'?',
        };
        let text =
            format!("unsupported format character '{}' (0x{c:x}) at index {}", shown as char, self.index);
        NumError::new(ErrorKind::Value, text.into_bytes())
    }

    fn spec(&self, zero_fill: bool) -> Spec {
        let zero = zero_fill && self.zero && !self.left;
        Spec {
            fill: if zero { b'0' } else { b' ' } as u32,
            align: match (self.left, zero) {
                (true, _) => Align::Left,
                (false, true) => Align::AfterSign,
                (false, false) => Align::Right,
            },
            sign: match (self.plus, self.space) {
                (true, _) => b'+',
                (false, true) => b' ',
                (false, false) => 0,
            },
            no_negative_zero: false,
            alternate: self.alternate,
            width: self.width,
            grouping: 0,
            fraction_grouping: 0,
            precision: self.precision,
            kind: 0,
        }
    }
}

/// `%d`, `%o`, `%x` of an integer. `max_digits` is the limit on decimal digits, 0 for none.
pub fn percent_int(out: &mut Vec<u8>, a: Int, d: &Directive, max_digits: usize) -> NumResult<()> {
    // C's int must hold the precision with sign and prefix.
    if d.precision.is_some_and(|p| p > i32::MAX as usize - 3) {
        return Err(NumError::overflow("precision too large"));
    }
    // Written where it is to be, then padded there.
    let (start, spec, magnitude) = (out.len(), d.spec(true), a.abs());
    out.extend_from_slice(sign_of(a.neg, spec.sign));
    if d.alternate {
        out.extend_from_slice(match d.conversion {
            Conversion::Octal => b"0o",
            Conversion::Hex(b'x') => b"0x",
            Conversion::Hex(_) => b"0X",
            _ => b"",
        });
    }
    let head = out.len();
    match d.conversion {
        Conversion::Octal => bigint::write_base(out, magnitude, 8),
        Conversion::Hex(c) => {
            bigint::write_base(out, magnitude, 16);
            if c != b'x' {
                out[head..].make_ascii_uppercase();
            }
        }
        _ => bigint::write_decimal(out, magnitude, max_digits)?,
    }
    if let Some(n) = d.precision
        && n > out.len() - head
    {
        let zeros = n - (out.len() - head);
        super::number::reserve(out, zeros)?;
        out.splice(head..head, std::iter::repeat_n(b'0', zeros));
    }
    pad_in_place(out, start, head - start, &spec)
}

/// `%e`, `%f`, `%g` of a double.
pub fn percent_float(out: &mut Vec<u8>, x: f64, d: &Directive) -> NumResult<()> {
    let Conversion::Float(c) = d.conversion else { unreachable!("not a float conversion") };
    let code = match c {
        b'e' | b'E' => FloatCode::Exponent,
        b'f' | b'F' => FloatCode::Fixed,
        _ => FloatCode::General,
    };
    let precision = d.precision.unwrap_or(6);
    if precision > super::float::MAX_PRECISION {
        return Err(NumError::value("precision too big"));
    }
    let (start, spec) = (out.len(), d.spec(true));
    out.extend_from_slice(sign_of(x.is_sign_negative() && !x.is_nan(), spec.sign));
    let head = out.len();
    super::number::reserve(out, precision)?;
    write_double(out, x, code, precision, d.alternate, false);
    if c.is_ascii_uppercase() {
        out[head..].make_ascii_uppercase();
    }
    pad_in_place(out, start, head - start, &spec)
}

/// `%c` of a code point.
pub fn percent_char(out: &mut Vec<u8>, c: u32, d: &Directive) -> NumResult<()> {
    let mut text = Vec::with_capacity(4);
    wtf8::push(&mut text, c);
    let spec = d.spec(false);
    pad(out, &text, spec.fill, spec.align, spec.width, None)
}

/// `%s`, `%r`, `%a` of a text that is made already.
pub fn percent_text(out: &mut Vec<u8>, s: &[u8], d: &Directive) -> NumResult<()> {
    let spec = d.spec(false);
    if d.bytes {
        // Bytes are no WTF-8: widths count bytes.
        let s = &s[..d.precision.map_or(s.len(), |n| n.min(s.len()))];
        let n = spec.width.saturating_sub(s.len());
        super::number::reserve(out, s.len() + n)?;
        out.resize(out.len() + if d.left { 0 } else { n }, b' ');
        out.extend_from_slice(s);
        out.resize(out.len() + if d.left { n } else { 0 }, b' ');
        return Ok(());
    }
    pad(out, s, spec.fill, spec.align, spec.width, d.precision)
}
