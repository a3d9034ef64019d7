//! Strings; f-strings and t-strings, whose parts are tokens of their own (PEP 701, PEP 750).

use super::*;

impl Tokenizer<'_> {
    pub(super) fn string(&mut self, from: usize, start: Pos, quote: u8) -> R<Token> {
        let (line_start, first_line) = (self.line_start, self.line);
        let mut size = 1;
        let mut end = 0;
        if self.peek() == Some(quote) {
            self.next();
            if self.peek() == Some(quote) {
                self.next();
                size = 3;
            } else {
                end = 1;
            }
        }
        let mut escaped_quote = false;
        while end != size {
            let c = self.next();
            if c.is_none() || (size == 1 && c == Some(b'\n')) {
                let detected = self.line;
                self.cur = from + 1;
                self.line_start = line_start;
                self.line = first_line;
                if let Some(m) = self.modes.last()
                    && m.quote == quote
                    && m.size == size
                {
                    let msg = format!("{}-string: expecting '}}'", m.letter);
                    return self.err(msg);
                }
                let what = if size == 3 { "triple-quoted string" } else { "string" };
                let hint =
                    if size == 1 && escaped_quote { "; perhaps you escaped the end quote?" } else { "" };
                let out =
                    self.err(format!("unterminated {what} literal (detected at line {detected}){hint}"));
                return match out {
                    Err(mut d) => {
                        d.incomplete = size == 3;
                        Err(d)
                    }
                    ok => ok,
                };
            }
            if c == Some(quote) {
                end += 1;
            } else {
                end = 0;
                if c == Some(b'\\') && self.next() == Some(quote) {
                    escaped_quote = true;
                }
            }
        }
        Ok(self.token(Tok::String, from, self.cur, start))
    }
    pub(super) fn string_start(
        &mut self,
        from: usize,
        start: Pos,
        quote: u8,
        letter: char,
        raw: bool,
    ) -> R<Token> {
        let mut size = 1;
        if self.src[self.cur..].starts_with(&[quote, quote]) {
            self.cur += 2;
            size = 3;
        }
        if self.modes.len() + 1 >= MAX_FSTRINGS {
            return self.err("too many nested f-strings or t-strings");
        }
        self.modes.push(Mode {
            letter,
            raw,
            quote,
            size,
            start: from,
            line: self.line,
            line_start: self.line_start,
            regular: false,
            in_spec: false,
            depth: 0,
            expr_start: -1,
        });
        let kind = if letter == 'f' { Tok::FStart } else { Tok::TStart };
        Ok(self.token(kind, from, self.cur, start))
    }
    pub(super) fn mode(&mut self) -> &mut Mode {
        let i = self.modes.len() - 1;
        &mut self.modes[i]
    }
    /// Text of an f-string, or its end, or the beginning of an expression.
    pub(super) fn string_mode(&mut self) -> R<Token> {
        let m = *self.mode();
        let letter = m.letter;
        let (middle_kind, end_kind) =
            if letter == 'f' { (Tok::FMiddle, Tok::FEnd) } else { (Tok::TMiddle, Tok::TEnd) };
        self.enter_line();
        let from = self.cur;
        let start = self.here();
        if self.peek() == Some(b'{') && self.src.get(self.cur + 1) != Some(&b'{') {
            return self.begin_expression();
        }
        if self.src[self.cur..].starts_with(&[m.quote; 3][..m.size]) {
            self.cur += m.size;
            self.modes.pop();
            return Ok(self.token(end_kind, from, self.cur, start));
        }
        let mut end = 0;
        let mut unicode_escape = false;
        while end != m.size {
            let c = self.next();
            let in_spec = self.mode().in_spec && self.mode().expr_start >= 0;
            if c.is_none() || (m.size == 1 && c == Some(b'\n')) {
                if in_spec && c == Some(b'\n') {
                    return self.err(format!(
                        "{letter}-string: newlines are not allowed in format specifiers for single quoted \
                         {letter}-strings"
                    ));
                }
                let detected = self.line;
                self.cur = m.start + 1;
                self.line_start = m.line_start;
                self.line = m.line;
                let what = if m.size == 3 { "triple-quoted " } else { "" };
                let out = self
                    .err(format!("unterminated {what}{letter}-string literal (detected at line {detected})"));
                return match out {
                    Err(mut d) => {
                        d.incomplete = m.size == 3;
                        Err(d)
                    }
                    ok => ok,
                };
            }
            if c == Some(m.quote) {
                end += 1;
                continue;
            }
            end = 0;
            match c {
                Some(b'{') => {
                    if self.peek() == Some(b'{') && !in_spec {
                        self.next();
                        return Ok(self.token(middle_kind, from, self.cur - 1, start));
                    }
                    self.cur -= 1;
                    let t = self.token(middle_kind, from, self.cur, start);
                    let m = self.mode();
                    m.expr_start += 1;
                    m.regular = true;
                    if m.expr_start >= MAX_EXPR_NESTING {
                        return self.err(format!("{letter}-string: expressions nested too deeply"));
                    }
                    return Ok(t);
                }
                Some(b'}') => {
                    if unicode_escape {
                        return Ok(self.token(middle_kind, from, self.cur, start));
                    }
                    if self.peek() == Some(b'}') && !in_spec && self.mode().depth == 0 {
                        self.next();
                        return Ok(self.token(middle_kind, from, self.cur - 1, start));
                    }
                    self.cur -= 1;
                    self.mode().regular = true;
                    return Ok(self.token(middle_kind, from, self.cur, start));
                }
                Some(b'\\') => match self.peek() {
                    Some(b'{' | b'}') => {}
                    Some(b'N') if !m.raw => {
                        self.next();
                        if self.peek() == Some(b'{') {
                            self.next();
                            unicode_escape = true;
                        }
                    }
                    Some(_) => {
                        self.next();
                    }
                    None => {}
                },
                _ => {}
            }
        }
        self.cur -= m.size;
        Ok(self.token(middle_kind, from, self.cur, start))
    }
    pub(super) fn begin_expression(&mut self) -> R<Token> {
        let m = self.mode();
        m.expr_start += 1;
        m.regular = true;
        if m.expr_start >= MAX_EXPR_NESTING {
            let letter = m.letter;
            return self.err(format!("{letter}-string: expressions nested too deeply"));
        }
        self.normal_mode()
    }
}
