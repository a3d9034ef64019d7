//! Numbers that are wrong. Each function ends with the reading position behind what it read.

use super::*;

impl Tokenizer<'_> {
    pub(super) fn decimal_tail(&mut self) -> R<()> {
        loop {
            while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.next();
            }
            if self.peek() != Some(b'_') {
                return Ok(());
            }
            self.next();
            if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                return self.err("invalid decimal literal");
            }
        }
    }
    pub(super) fn number(&mut self, first: u8) -> R<()> {
        if first != b'0' {
            self.decimal_tail()?;
            return self.after_integer(None);
        }
        let radix = self.peek().map(|c| c.to_ascii_lowercase());
        match radix {
            Some(b'x') => self.radix(16, "hexadecimal"),
            Some(b'o') => self.radix(8, "octal"),
            Some(b'b') => self.radix(2, "binary"),
            _ => {
                let from = self.cur - 1;
                loop {
                    if self.peek() == Some(b'_') {
                        self.next();
                        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                            return self.err("invalid decimal literal");
                        }
                    }
                    if self.peek() != Some(b'0') {
                        break;
                    }
                    self.next();
                }
                let zeros_end = self.cur + 1;
                let nonzero = self.peek().is_some_and(|c| c.is_ascii_digit());
                if nonzero {
                    self.decimal_tail()?;
                }
                self.after_integer(nonzero.then_some((from, zeros_end)))
            }
        }
    }
    fn radix(&mut self, radix: u32, name: &str) -> R<()> {
        self.next();
        loop {
            if self.peek() == Some(b'_') {
                self.next();
            }
            match self.peek() {
                Some(c) if (c as char).is_digit(radix) => {}
                Some(c) if c.is_ascii_digit() => {
                    self.next();
                    return self.err(format!("invalid digit '{}' in {name} literal", c as char));
                }
                _ => return self.err(format!("invalid {name} literal")),
            }
            while self.peek().is_some_and(|c| (c as char).is_digit(radix)) {
                self.next();
            }
            if self.peek() != Some(b'_') {
                break;
            }
        }
        if let Some(c) = self.peek().filter(|c| c.is_ascii_digit()) {
            self.next();
            return self.err(format!("invalid digit '{}' in {name} literal", c as char));
        }
        self.end_of_number(name)
    }
    /// Behind the integer part; `old_octal`: it begins with zeros.
    fn after_integer(&mut self, old_octal: Option<(usize, usize)>) -> R<()> {
        match self.peek() {
            Some(b'.') => {
                self.next();
                self.fraction()
            }
            Some(b'e' | b'E') => self.exponent(),
            Some(b'j' | b'J') => self.imaginary(),
            _ => {
                if let Some((from, to)) = old_octal {
                    return self.err_range(
                        "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal \
                         integers",
                        from,
                        to,
                    );
                }
                self.end_of_number("decimal")
            }
        }
    }
    pub(super) fn fraction(&mut self) -> R<()> {
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.decimal_tail()?;
        }
        match self.peek() {
            Some(b'e' | b'E') => self.exponent(),
            Some(b'j' | b'J') => self.imaginary(),
            _ => self.end_of_number("decimal"),
        }
    }
    pub(super) fn exponent(&mut self) -> R<()> {
        let at = self.cur;
        self.next();
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.next();
            if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
                return self.err("invalid decimal literal");
            }
        } else if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.cur = at;
            return self.end_of_number("decimal");
        }
        self.decimal_tail()?;
        match self.peek() {
            Some(b'j' | b'J') => self.imaginary(),
            _ => self.end_of_number("decimal"),
        }
    }
    pub(super) fn imaginary(&mut self) -> R<()> {
        self.next();
        self.end_of_number("imaginary")
    }
    /// A number must not run into a name; keywords that may follow are let pass.
    pub(super) fn end_of_number(&mut self, kind: &str) -> R<()> {
        let rest = &self.src[self.cur..];
        let keywords: [&[u8]; 8] = [b"and", b"else", b"for", b"if", b"in", b"is", b"or", b"not"];
        if keywords.iter().any(|k| rest.starts_with(k)) {
            return Ok(());
        }
        if self.peek().is_some_and(|c| c < 128 && ident_char(c)) {
            return self.err(format!("invalid {kind} literal"));
        }
        Ok(())
    }
}
