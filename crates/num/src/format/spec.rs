//! The grammar of format specifications:
//! `[[fill]align][sign]["z"]["#"]["0"][width][grouping]["." [precision][grouping]][type]`.

use crate::error::{ErrorKind, NumError, NumResult};
use crate::wtf8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
    Center,
    /// Padding between sign and digits: `=`.
    AfterSign,
}

impl Align {
    fn from_code(c: u32) -> Option<Align> {
        match u8::try_from(c).ok()? {
            b'<' => Some(Align::Left),
            b'>' => Some(Align::Right),
            b'^' => Some(Align::Center),
            b'=' => Some(Align::AfterSign),
            _ => None,
        }
    }
}

/// A parsed specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// A code point, perhaps a lone surrogate.
    pub fill: u32,
    pub align: Align,
    /// `+`, `-`, a space or 0.
    pub sign: u8,
    /// `z`: a zero never shows a minus sign.
    pub no_negative_zero: bool,
    /// `#`
    pub alternate: bool,
    pub width: usize,
    /// `,`, `_` or 0.
    pub grouping: u8,
    /// The same for digits after the point.
    pub fraction_grouping: u8,
    pub precision: Option<usize>,
    /// The type's code point, 0 if there is none and no default.
    pub kind: u32,
}

/// A character as the error messages show it: `x` or `\x20`.
pub(super) fn shown(c: u32) -> String {
    match char::from_u32(c) {
        Some(c @ '!'..='\x7f') => c.to_string(),
        _ => format!("\\x{c:x}"),
    }
}

/// "Unknown format code 'x' for object of type 'y'"
#[cold]
pub(super) fn unknown_code(kind: u32, type_name: &[u8]) -> NumError {
    let mut text = format!("Unknown format code '{}' for object of type '", shown(kind)).into_bytes();
    text.extend_from_slice(type_name);
    text.push(b'\'');
    NumError::new(ErrorKind::Value, text)
}

#[cold]
fn invalid(spec: &[u8], type_name: &[u8]) -> NumError {
    let text = [b"Invalid format specifier '", spec, b"' for object of type '", type_name, b"'"].concat();
    NumError::new(ErrorKind::Value, text)
}

#[cold]
fn cannot_specify(grouping: u8, kind: u32) -> NumError {
    let text = format!("Cannot specify '{}' with '{}'.", grouping as char, shown(kind));
    NumError::new(ErrorKind::Value, text.into_bytes())
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn eat(&mut self, b: u8) -> bool {
        let found = self.rest.first() == Some(&b);
        self.rest = &self.rest[found as usize..];
        found
    }

    /// Digits; `None` if there are none.
    fn number(&mut self) -> NumResult<Option<usize>> {
        let n = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at(n);
        self.rest = rest;
        let value = digits.iter().try_fold(0i64, |v, d| v.checked_mul(10)?.checked_add((d - b'0') as i64));
        match value {
            _ if n == 0 => Ok(None),
            Some(v) => Ok(Some(v as usize)),
            None => Err(NumError::value("Too many decimal digits in format string")),
        }
    }

    /// One of the grouping characters, not followed by the other.
    fn grouping(&mut self, wrong: &'static str) -> NumResult<u8> {
        let found = if self.eat(b',') {
            b','
        } else if self.eat(b'_') {
            b'_'
        } else {
            return Ok(0);
        };
        let other = if found == b',' { b'_' } else { b',' };
        if self.rest.first() == Some(&other) {
            return Err(NumError::value(wrong));
        }
        Ok(found)
    }
}

impl Spec {
    /// Parses `spec` for an object of a type; the default type and alignment are the type's own.
    pub fn parse(spec: &[u8], type_name: &[u8], default_kind: u8, default_align: Align) -> NumResult<Spec> {
        const BOTH: &str = "Cannot specify both ',' and '_'.";
        let mut s = Spec {
            fill: b' ' as u32,
            align: default_align,
            sign: 0,
            no_negative_zero: false,
            alternate: false,
            width: 0,
            grouping: 0,
            fraction_grouping: 0,
            precision: None,
            kind: default_kind as u32,
        };
        let mut c = Cursor { rest: spec };
        let (mut fill_given, mut align_given) = (false, false);
        if let &[first @ 0..0x80, ref after @ ..] = c.rest
            && after.first().is_none_or(u8::is_ascii)
        {
            // Mostly all of it is ASCII.
            if let Some(align) = after.first().and_then(|b| Align::from_code(*b as u32)) {
                (s.fill, s.align) = (first as u32, align);
                (fill_given, align_given) = (true, true);
                c.rest = &after[1..];
            } else if let Some(align) = Align::from_code(first as u32) {
                s.align = align;
                align_given = true;
                c.rest = after;
            }
        } else if !c.rest.is_empty() {
            let (first, n) = wtf8::first(c.rest);
            let second = c.rest.get(n).map(|_| wtf8::first(&c.rest[n..]));
            if let Some((second, m)) = second
                && let Some(align) = Align::from_code(second)
            {
                (s.fill, s.align) = (first, align);
                (fill_given, align_given) = (true, true);
                c.rest = &c.rest[n + m..];
            } else if let Some(align) = Align::from_code(first) {
                s.align = align;
                align_given = true;
                c.rest = &c.rest[1..];
            }
        }
        if let Some(&sign @ (b'+' | b'-' | b' ')) = c.rest.first() {
            s.sign = sign;
            c.rest = &c.rest[1..];
        }
        s.no_negative_zero = c.eat(b'z');
        s.alternate = c.eat(b'#');
        if !fill_given && c.eat(b'0') {
            s.fill = b'0' as u32;
            if !align_given && default_align == Align::Right {
                s.align = Align::AfterSign;
            }
        }
        s.width = c.number()?.unwrap_or(0);
        s.grouping = c.grouping(BOTH)?;
        if c.eat(b'.') {
            s.precision = c.number()?;
            s.fraction_grouping = c.grouping(BOTH)?;
            if s.precision.is_none() && s.fraction_grouping == 0 {
                return Err(NumError::value("Format specifier missing precision"));
            }
        }
        if let &[kind @ 0..0x80] = c.rest {
            s.kind = kind as u32;
        } else if !c.rest.is_empty() {
            let (kind, n) = wtf8::first(c.rest);
            if n < c.rest.len() {
                return Err(invalid(spec, type_name));
            }
            s.kind = kind;
        }
        s.check_grouping()?;
        Ok(s)
    }

    fn check_grouping(&self) -> NumResult<()> {
        let kind = u8::try_from(self.kind).unwrap_or(0xff);
        if self.grouping != 0 {
            match kind {
                b'd' | b'e' | b'f' | b'g' | b'E' | b'G' | b'%' | b'F' | 0 => {}
                b'b' | b'o' | b'x' | b'X' if self.grouping == b'_' => {}
                _ => return Err(cannot_specify(self.grouping, self.kind)),
            }
        }
        if self.fraction_grouping != 0 && kind == b'n' {
            return Err(cannot_specify(self.fraction_grouping, self.kind));
        }
        Ok(())
    }
}
