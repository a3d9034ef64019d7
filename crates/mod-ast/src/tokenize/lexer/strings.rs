//! Strings; f-strings and t-strings, whose parts are tokens of their own (PEP 701, PEP 750).
//!
//! # Invariants
//! `modes` has an entry for each f-string or t-string that is open; while the innermost one is not `regular`, the next token
//! is text of it.

use super::*;

impl<S: Lines> Reader<'_, S> {
    pub(super) fn string(&mut self, quote: u8) -> R<Token, S> {
        self.lx.first_line = self.lx.line;
        self.lx.multi_line_start = self.lx.line_start;
        let from = self.lx.start.unwrap_or(self.lx.cur);
        let (mut size, mut end) = (1, 0);
        let mut c = self.next()?;
        if c == Some(quote) {
            c = self.next()?;
            if c == Some(quote) {
                size = 3;
            } else {
                end = 1;
            }
        }
        if c != Some(quote) {
            self.back(c);
        }
        let mut escaped_quote = false;
        while end != size {
            let c = self.next()?;
            if c.is_none() || (size == 1 && c == Some(b'\n')) {
                let detected = self.lx.line;
                self.lx.cur = from + 1;
                self.lx.line_start = self.lx.multi_line_start;
                self.lx.line = self.lx.first_line;
                if let Some(m) = self.lx.modes.last()
                    && m.quote == quote
                    && m.size == size
                {
                    return self.err(format!("{}-string: expecting '}}'", m.letter));
                }
                let what = if size == 3 { "triple-quoted string" } else { "string" };
                let hint =
                    if size == 1 && escaped_quote { "; perhaps you escaped the end quote?" } else { "" };
                return self.err(format!("unterminated {what} literal (detected at line {detected}){hint}"));
            }
            if c == Some(quote) {
                end += 1;
                continue;
            }
            end = 0;
            if c == Some(b'\\') {
                let c = self.next()?;
                escaped_quote |= c == Some(quote);
                if c == Some(b'\r') {
                    self.next()?;
                }
            }
        }
        Ok(self.tok(STRING))
    }
    pub(super) fn string_start(&mut self, from: usize, quote: u8, letter: char, raw: bool) -> R<Token, S> {
        self.lx.first_line = self.lx.line;
        self.lx.multi_line_start = self.lx.line_start;
        let mut size = 1;
        let c = self.next()?;
        if c == Some(quote) {
            let d = self.next()?;
            if d == Some(quote) {
                size = 3;
            } else {
                self.back(d);
                self.back(c);
            }
        } else {
            self.back(c);
        }
        if self.lx.modes.len() + 1 >= MAX_STRINGS {
            return self.err("too many nested f-strings or t-strings");
        }
        self.lx.modes.push(Mode {
            letter,
            raw,
            quote,
            size,
            start: from,
            line: self.lx.line,
            line_start: self.lx.line_start,
            regular: false,
            in_spec: false,
            depth: 0,
            expr_start: -1,
        });
        Ok(self.tok(if letter == 'f' { FSTRING_START } else { TSTRING_START }))
    }
    pub(super) fn mode(&mut self) -> &mut Mode {
        let i = self.lx.modes.len() - 1;
        &mut self.lx.modes[i]
    }
    /// Text of an f-string, or its end, or the beginning of an expression.
    pub(super) fn string_mode(&mut self) -> R<Token, S> {
        let m = *self.mode();
        let letter = m.letter;
        let (middle, end_kind) =
            if letter == 'f' { (FSTRING_MIDDLE, FSTRING_END) } else { (TSTRING_MIDDLE, TSTRING_END) };
        self.lx.start = Some(self.lx.cur);
        let from = self.lx.cur;
        self.lx.first_line = self.lx.line;
        let c = self.next()?;
        if c == Some(b'{') {
            let d = self.peek()?;
            self.back(c);
            if d != Some(b'{') {
                self.begin_expression()?;
                return self.normal_mode();
            }
        } else {
            self.back(c);
        }
        // The line that was entered just now is the one that the token begins in.
        self.lx.first_line = self.lx.line;
        self.lx.multi_line_start = self.lx.line_start;
        let mut at_end = true;
        for _ in 0..m.size {
            let c = self.next()?;
            if c != Some(m.quote) {
                self.back(c);
                at_end = false;
                break;
            }
        }
        if at_end {
            self.lx.modes.pop();
            return Ok(self.tok(end_kind));
        }
        // Quotes that were read count again.
        self.lx.cur = from;
        let mut end = 0;
        let mut unicode_escape = false;
        while end != m.size {
            let c = self.next()?;
            let in_spec = self.mode().in_spec && self.mode().expr_start >= 0;
            if c.is_none() || (m.size == 1 && c == Some(b'\n')) {
                if in_spec && c == Some(b'\n') {
                    return self.err(format!(
                        "{letter}-string: newlines are not allowed in format specifiers for single quoted \
                         {letter}-strings"
                    ));
                }
                let detected = self.lx.line;
                self.lx.cur = m.start + 1;
                self.lx.line_start = m.line_start;
                self.lx.line = m.line;
                let what = if m.size == 3 { "triple-quoted " } else { "" };
                return self.err(format!(
                    "unterminated {what}{letter}-string literal (detected at line {detected})"
                ));
            }
            if c == Some(m.quote) {
                end += 1;
                continue;
            }
            end = 0;
            match c {
                Some(b'{') => {
                    if self.peek()? == Some(b'{') && !in_spec {
                        self.next()?;
                        return Ok(Token { kind: middle, span: Some((from, self.lx.cur - 1)) });
                    }
                    self.lx.cur -= 1;
                    self.begin_expression()?;
                    return Ok(self.tok(middle));
                }
                Some(b'}') => {
                    if unicode_escape {
                        return Ok(self.tok(middle));
                    }
                    if self.peek()? == Some(b'}') && !in_spec && self.mode().depth == 0 {
                        self.next()?;
                        return Ok(Token { kind: middle, span: Some((from, self.lx.cur - 1)) });
                    }
                    self.lx.cur -= 1;
                    let m = self.mode();
                    m.regular = true;
                    m.in_spec = false;
                    return Ok(self.tok(middle));
                }
                Some(b'\\') => {
                    let mut c = self.next()?;
                    if c == Some(b'\r') {
                        c = self.next()?;
                    }
                    match c {
                        Some(b @ (b'{' | b'}')) => {
                            if !m.raw {
                                self.invalid_escape(b as char)?;
                            }
                            self.back(c);
                        }
                        Some(b'N') if !m.raw => {
                            if self.peek()? == Some(b'{') {
                                self.next()?;
                                unicode_escape = true;
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        self.lx.cur -= m.size;
        Ok(self.tok(middle))
    }
    fn invalid_escape(&mut self, c: char) -> R<(), S> {
        let msg = format!(
            "\"\\{c}\" is an invalid escape sequence. Such sequences will not work in the future. Did you mean \
             \"\\\\{c}\"? A raw string is also an option."
        );
        self.src.warn(msg, false, self.lx.line).map_err(Fail::Source)
    }
    pub(super) fn begin_expression(&mut self) -> R<(), S> {
        let m = self.mode();
        m.expr_start += 1;
        let (letter, deep) = (m.letter, m.expr_start >= MAX_EXPR_NESTING);
        if deep {
            return self.err(format!("{letter}-string: expressions nested too deeply"));
        }
        let m = self.mode();
        m.regular = true;
        m.in_spec = false;
        Ok(())
    }
}
