//! Numbers. Each function ends with the reading position behind what it read.

use super::*;

impl<S: Lines> Reader<'_, S> {
    /// Digits and underscores; gives the byte after them, which has been read.
    pub(super) fn decimal_tail(&mut self) -> R<Option<u8>, S> {
        loop {
            let mut c = self.next()?;
            while digit(c) {
                c = self.next()?;
            }
            if c != Some(b'_') {
                return Ok(c);
            }
            let c = self.next()?;
            if !digit(c) {
                self.back(c);
                return self.err("invalid decimal literal");
            }
        }
    }
    pub(super) fn number(&mut self, first: u8) -> R<(), S> {
        if first != b'0' {
            let c = self.decimal_tail()?;
            return self.after_integer(c, None);
        }
        let mut c = self.next()?;
        match c.map(|c| c.to_ascii_lowercase()) {
            Some(b'x') => return self.radix(16, "hexadecimal"),
            Some(b'o') => return self.radix(8, "octal"),
            Some(b'b') => return self.radix(2, "binary"),
            _ => {}
        }
        loop {
            if c == Some(b'_') {
                c = self.next()?;
                if !digit(c) {
                    self.back(c);
                    return self.err("invalid decimal literal");
                }
            }
            if c != Some(b'0') {
                break;
            }
            c = self.next()?;
        }
        let zeros_end = self.lx.cur;
        let nonzero = digit(c);
        if nonzero {
            c = self.decimal_tail()?;
        }
        self.after_integer(c, (nonzero && !self.lx.extra).then_some(zeros_end))
    }
    fn radix(&mut self, radix: u32, name: &str) -> R<(), S> {
        let mut c = self.next()?;
        loop {
            if c == Some(b'_') {
                c = self.next()?;
            }
            if !c.is_some_and(|c| (c as char).is_digit(radix)) {
                if let Some(c) = c.filter(|c| c.is_ascii_digit()) {
                    return self.err(format!("invalid digit '{}' in {name} literal", c as char));
                }
                self.back(c);
                return self.err(format!("invalid {name} literal"));
            }
            while c.is_some_and(|c| (c as char).is_digit(radix)) {
                c = self.next()?;
            }
            if c != Some(b'_') {
                break;
            }
        }
        if let Some(c) = c.filter(|c| c.is_ascii_digit()) {
            return self.err(format!("invalid digit '{}' in {name} literal", c as char));
        }
        self.end_of_number(c, name)
    }
    /// Behind the integer part. `zeros`: it begins with zeros, which end there.
    fn after_integer(&mut self, c: Option<u8>, zeros: Option<usize>) -> R<(), S> {
        match c {
            Some(b'.') => {
                let c = self.next()?;
                self.fraction(c)
            }
            Some(b'e' | b'E') => self.exponent(c),
            Some(b'j' | b'J') => self.imaginary(),
            _ => {
                if let Some(end) = zeros {
                    self.back(c);
                    let base = self.lx.line_start;
                    let start = self.lx.start.unwrap_or(base);
                    return self.err_range(
                        "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal \
                         integers",
                        start + 1 - base,
                        end - base,
                    );
                }
                self.end_of_number(c, "decimal")
            }
        }
    }
    pub(super) fn fraction(&mut self, mut c: Option<u8>) -> R<(), S> {
        if digit(c) {
            c = self.decimal_tail()?;
        }
        match c {
            Some(b'e' | b'E') => self.exponent(c),
            Some(b'j' | b'J') => self.imaginary(),
            _ => self.end_of_number(c, "decimal"),
        }
    }
    pub(super) fn exponent(&mut self, e: Option<u8>) -> R<(), S> {
        let mut c = self.next()?;
        if matches!(c, Some(b'+' | b'-')) {
            c = self.next()?;
            if !digit(c) {
                self.back(c);
                return self.err("invalid decimal literal");
            }
        } else if !digit(c) {
            self.back(c);
            return self.end_of_number(e, "decimal");
        }
        match self.decimal_tail()? {
            Some(b'j' | b'J') => self.imaginary(),
            c => self.end_of_number(c, "decimal"),
        }
    }
    pub(super) fn imaginary(&mut self) -> R<(), S> {
        let c = self.next()?;
        self.end_of_number(c, "imaginary")
    }
    /// A number must not run into a name; keywords that may follow are let pass with a warning. Puts `c` back.
    pub(super) fn end_of_number(&mut self, c: Option<u8>, kind: &str) -> R<(), S> {
        self.back(c);
        if self.lx.extra {
            return Ok(());
        }
        let rest = &self.lx.buf[self.lx.cur..];
        let whole: [&[u8]; 5] = [b"and", b"else", b"for", b"or", b"not"];
        let keyword =
            whole.iter().any(|k| rest.starts_with(k) && !rest.get(k.len()).is_some_and(|c| ident_char(*c)))
                || [b"if", b"in", b"is"].iter().any(|k| rest.starts_with(*k));
        if keyword {
            let msg = format!("invalid {kind} literal");
            return self.src.warn(msg, false, self.lx.line).map_err(Fail::Source);
        }
        if c.is_some_and(|c| c < 128 && ident_char(c)) {
            return self.err(format!("invalid {kind} literal"));
        }
        Ok(())
    }
}
