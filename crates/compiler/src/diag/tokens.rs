//! A tokenizer for programs that are wrong: it finds what CPython's tokenizer finds, in the same order and with the
//! same texts. Right programs never come here.
//!
//! Tokens are made one at a time, for the diagnosis depends on how far the parser had read when it failed.

mod numbers;
mod strings;

use crate::error::ErrorKind;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tok {
    End,
    Name,
    Number,
    String,
    Newline,
    Indent,
    Dedent,
    Op,
    FStart,
    FMiddle,
    FEnd,
    TStart,
    TMiddle,
    TEnd,
}

/// A position: line from 1, column in bytes from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pos {
    pub line: u32,
    pub col: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: Tok,
    /// Text.
    pub from: usize,
    pub to: usize,
    /// None: the token has no extent (indentation, the end).
    pub start: Option<Pos>,
    pub end: Option<Pos>,
    pub line: u32,
    /// Open brackets behind the token.
    pub level: usize,
}

/// Where an error ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    At(Pos),
    /// CPython gives 0.
    Zero,
    /// CPython gives -1.
    Minus,
}

/// An error with its place; columns in bytes, from 0.
#[derive(Clone, Debug)]
pub struct Diag {
    pub kind: ErrorKind,
    pub msg: String,
    pub start: Pos,
    /// The column counts from 1 already: nothing stands before it.
    pub col_zero: bool,
    pub end: End,
    /// What an interactive session may still complete.
    pub incomplete: bool,
}

impl Diag {
    pub fn new(msg: impl Into<String>, start: Pos, end: End) -> Diag {
        let kind = ErrorKind::SyntaxError;
        Diag { kind, msg: msg.into(), start, col_zero: false, end, incomplete: false }
    }
}

const MAX_LEVEL: usize = 200;
const MAX_INDENT: usize = 100;
const MAX_FSTRINGS: usize = 150;
const MAX_EXPR_NESTING: i32 = 3;

#[derive(Clone, Copy, Debug)]
struct Bracket {
    open: u8,
    line: u32,
    col: u32,
}

/// An f-string or t-string being read.
#[derive(Clone, Copy, Debug)]
struct Mode {
    letter: char,
    raw: bool,
    quote: u8,
    size: usize,
    start: usize,
    line: u32,
    line_start: usize,
    /// Reading an expression rather than text.
    regular: bool,
    in_spec: bool,
    depth: i32,
    expr_start: i32,
}

pub struct Tokenizer<'s> {
    src: &'s [u8],
    text: &'s str,
    pub cur: usize,
    pub line: u32,
    pub line_start: usize,
    at_bol: bool,
    pending: i32,
    indents: Vec<(usize, usize)>,
    brackets: Vec<Bracket>,
    modes: Vec<Mode>,
    pub done: bool,
    /// An error was found.
    pub failed: bool,
}

type R<T> = Result<T, Diag>;

fn ident_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 128
}

fn ident_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 128
}

impl<'s> Tokenizer<'s> {
    /// `text` should end with a newline, as CPython adds one; reading begins at the line `line`, at offset `cur`.
    pub fn new(text: &'s str, cur: usize, line: u32) -> Tokenizer<'s> {
        Tokenizer {
            src: text.as_bytes(),
            text,
            cur,
            line,
            line_start: cur,
            at_bol: true,
            pending: 0,
            indents: vec![(0, 0)],
            brackets: Vec::new(),
            modes: Vec::new(),
            done: false,
            failed: false,
        }
    }

    pub fn level(&self) -> usize {
        self.brackets.len()
    }

    /// Inside an f-string or t-string?
    pub fn in_string(&self) -> bool {
        !self.modes.is_empty()
    }

    /// Open blocks end here.
    pub fn close_blocks(&mut self) {
        self.pending = 1 - self.indents.len() as i32;
        self.indents.truncate(1);
    }

    /// Line of the innermost open bracket.
    pub fn open_line(&self) -> Option<u32> {
        self.brackets.last().map(|b| b.line)
    }

    /// Where reading stands.
    pub fn here(&self) -> Pos {
        Pos { line: self.line, col: (self.cur - self.line_start) as u32 }
    }

    pub fn never_closed(&self) -> Option<Diag> {
        let b = self.brackets.last()?;
        let mut d = Diag::new(
            format!("'{}' was never closed", b.open as char),
            Pos { line: b.line, col: b.col },
            End::Zero,
        );
        d.incomplete = true;
        Some(d)
    }

    fn peek(&self) -> Option<u8> {
        self.src.get(self.cur).copied()
    }

    /// Next byte; entering a line counts it.
    fn next(&mut self) -> Option<u8> {
        let c = self.peek()?;
        if self.cur > 0 && self.src[self.cur - 1] == b'\n' && self.line_start != self.cur {
            self.line += 1;
            self.line_start = self.cur;
        }
        self.cur += 1;
        Some(c)
    }

    fn back(&mut self) {
        self.cur -= 1;
        // Back over the first byte of a line: the line is not entered yet.
        if self.cur < self.line_start {
            self.recount();
        }
    }

    /// Works out line and line start of the byte before `cur`.
    fn recount(&mut self) {
        let upto = self.cur.saturating_sub(1).min(self.src.len());
        self.line = self.src[..upto].iter().filter(|b| **b == b'\n').count() as u32 + 1;
        self.line_start = self.src[..upto].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    }

    /// An error at the last character read.
    fn err<T>(&mut self, msg: impl Into<String>) -> R<T> {
        let before = &self.src[self.line_start..self.cur.max(self.line_start)];
        let mut col = before.len();
        let col_zero = col == 0;
        if !col_zero {
            col -= 1;
            while col > 0 && before[col] & 0xC0 == 0x80 {
                col -= 1;
            }
        }
        let at = Pos { line: self.line, col: col as u32 };
        let mut d = Diag::new(msg, at, End::At(at));
        d.col_zero = col_zero;
        self.fail(d)
    }

    /// An error from offset `from` up to (in CPython's way, the column after) `to`.
    fn err_range<T>(&mut self, msg: impl Into<String>, from: usize, to: usize) -> R<T> {
        let pos = |o: usize| Pos { line: self.line, col: (o - self.line_start) as u32 };
        let d = Diag::new(msg, pos(from), End::At(pos(to - 1)));
        self.fail(d)
    }

    fn fail<T>(&mut self, d: Diag) -> R<T> {
        self.failed = true;
        Err(d)
    }

    fn token(&self, kind: Tok, from: usize, to: usize, start: Pos) -> Token {
        let end = Pos { line: self.line, col: (to.max(self.line_start) - self.line_start) as u32 };
        Token { kind, from, to, start: Some(start), end: Some(end), line: start.line, level: self.level() }
    }

    fn bare(&self, kind: Tok) -> Token {
        Token {
            kind,
            from: self.cur,
            to: self.cur,
            start: None,
            end: None,
            line: self.line,
            level: self.level(),
        }
    }

    pub fn next_token(&mut self) -> R<Token> {
        match self.modes.last() {
            Some(m) if !m.regular => self.string_mode(),
            _ => self.normal_mode(),
        }
    }

    fn indentation(&mut self) -> R<bool> {
        let (mut col, mut alt) = (0, 0);
        let mut cont = 0;
        self.at_bol = false;
        loop {
            match self.next() {
                Some(b' ') => {
                    col += 1;
                    alt += 1;
                }
                Some(b'\t') => {
                    col = (col / 8 + 1) * 8;
                    alt += 1;
                }
                Some(0x0c) => (col, alt) = (0, 0),
                Some(b'\\') => {
                    if cont == 0 {
                        cont = col;
                    }
                    self.continuation()?;
                }
                Some(_) => {
                    self.back();
                    break;
                }
                None => break,
            }
        }
        if matches!(self.peek(), Some(b'#' | b'\n' | b'\r')) {
            return Ok(true);
        }
        if self.level() > 0 {
            return Ok(false);
        }
        if cont != 0 {
            (col, alt) = (cont, cont);
        }
        let (top, alt_top) = self.indents[self.indents.len() - 1];
        if col == top {
            if alt != alt_top {
                return self.tab_error();
            }
        } else if col > top {
            if self.indents.len() >= MAX_INDENT {
                return self.plain(ErrorKind::IndentationError, "too many levels of indentation");
            }
            if alt <= alt_top {
                return self.tab_error();
            }
            self.pending += 1;
            self.indents.push((col, alt));
        } else {
            while self.indents.len() > 1 && col < self.indents[self.indents.len() - 1].0 {
                self.pending -= 1;
                self.indents.pop();
            }
            let (top, alt_top) = self.indents[self.indents.len() - 1];
            if col != top {
                self.enter_line();
                let end = self.src[self.cur..]
                    .iter()
                    .position(|b| *b == b'\n')
                    .map_or(self.src.len(), |i| self.cur + i);
                let col = (end - self.line_start) as u32;
                let at = Pos { line: self.line, col };
                let mut d = Diag::new("unindent does not match any outer indentation level", at, End::Minus);
                d.kind = ErrorKind::IndentationError;
                return self.fail(d);
            }
            if alt != alt_top {
                return self.tab_error();
            }
        }
        Ok(false)
    }

    fn tab_error<T>(&mut self) -> R<T> {
        self.plain(ErrorKind::TabError, "inconsistent use of tabs and spaces in indentation")
    }

    /// Makes `line` the line of the byte at `cur`, as if it had been read.
    fn enter_line(&mut self) {
        if self.next().is_some() {
            self.cur -= 1;
        }
    }

    /// An error that names only the line.
    fn plain<T>(&mut self, kind: ErrorKind, msg: &str) -> R<T> {
        self.enter_line();
        let mut d = Diag::new(msg, Pos { line: self.line, col: 0 }, End::Zero);
        d.kind = kind;
        self.fail(d)
    }

    /// Behind a backslash: the line must end here and another one follow.
    fn continuation(&mut self) -> R<()> {
        let mut c = self.next();
        if c == Some(b'\r') {
            c = self.next();
        }
        if c != Some(b'\n') {
            let col = (self.cur - self.line_start).saturating_sub(1) as u32;
            let at = Pos { line: self.line, col };
            return self.fail(Diag::new(
                "unexpected character after line continuation character",
                at,
                End::Zero,
            ));
        }
        if self.peek().is_none() {
            let here = Pos { line: self.line, col: (self.cur - self.line_start).saturating_sub(1) as u32 };
            let mut d = match self.never_closed() {
                Some(d) => d,
                None => Diag::new("unexpected EOF while parsing", here, End::Minus),
            };
            d.incomplete = true;
            return self.fail(d);
        }
        Ok(())
    }

    fn normal_mode(&mut self) -> R<Token> {
        loop {
            let mut blank = false;
            if self.at_bol {
                blank = self.indentation()?;
            }
            if self.pending < 0 {
                self.pending += 1;
                self.enter_line();
                // Blocks that end with the source, which may go on: input of more than one level is not complete.
                self.done |= self.peek().is_none();
                return Ok(self.bare(Tok::Dedent));
            }
            if self.pending > 0 {
                self.pending -= 1;
                self.enter_line();
                return Ok(self.bare(Tok::Indent));
            }
            match self.after_indentation(blank)? {
                Some(t) => return Ok(t),
                None => continue,
            }
        }
    }

    /// None: begin again at the next line.
    fn after_indentation(&mut self, blank: bool) -> R<Option<Token>> {
        let mut comment = None;
        loop {
            while matches!(self.peek(), Some(b' ' | b'\t' | 0x0c)) {
                self.next();
            }
            if self.peek() == Some(b'#') {
                comment = Some(self.cur);
                while !matches!(self.peek(), None | Some(b'\n')) {
                    self.next();
                }
            }
            let Some(c) = self.next() else {
                if let Some(d) = self.never_closed() {
                    return self.fail(d);
                }
                self.done = true;
                return Ok(Some(self.bare(Tok::End)));
            };
            let from = self.cur - 1;
            let start = Pos { line: self.line, col: (from - self.line_start) as u32 };
            if ident_start(c) {
                return self.name(from, start).map(Some);
            }
            match c {
                b'\r' => continue,
                b'\n' => {
                    self.at_bol = true;
                    if blank || self.level() > 0 {
                        return Ok(None);
                    }
                    // The end of the line begins with its comment.
                    let from = comment.unwrap_or(from);
                    let start = Pos { line: self.line, col: (from - self.line_start) as u32 };
                    return Ok(Some(self.token(Tok::Newline, from, self.cur, start)));
                }
                b'.' => {
                    if self.peek().is_some_and(|d| d.is_ascii_digit()) {
                        self.fraction()?;
                        return Ok(Some(self.token(Tok::Number, from, self.cur, start)));
                    }
                    if self.src[self.cur..].starts_with(b"..") {
                        self.cur += 2;
                    }
                    return Ok(Some(self.token(Tok::Op, from, self.cur, start)));
                }
                b'0'..=b'9' => {
                    self.number(c)?;
                    return Ok(Some(self.token(Tok::Number, from, self.cur, start)));
                }
                b'\'' | b'"' => return self.string(from, start, c).map(Some),
                b'\\' => {
                    self.continuation()?;
                    continue;
                }
                _ => return self.operator(c, from, start).map(Some),
            }
        }
    }

    fn name(&mut self, from: usize, start: Pos) -> R<Token> {
        // A string prefix?
        let (mut b, mut u, mut r, mut f, mut t) = (false, false, false, false, false);
        self.cur = from;
        loop {
            let c = self.peek().unwrap_or(0);
            let seen = match c.to_ascii_lowercase() {
                b'b' => &mut b,
                b'u' => &mut u,
                b'r' => &mut r,
                b'f' => &mut f,
                b't' => &mut t,
                b'\'' | b'"' if self.cur > from => {
                    let pairs = [
                        (u, b, "u", "b"),
                        (u, r, "u", "r"),
                        (u, f, "u", "f"),
                        (u, t, "u", "t"),
                        (b, f, "b", "f"),
                        (b, t, "b", "t"),
                        (f, t, "f", "t"),
                    ];
                    if let Some((_, _, x, y)) = pairs.iter().find(|p| p.0 && p.1) {
                        let to = self.cur + 1;
                        return self.err_range(
                            format!("'{x}' and '{y}' prefixes are incompatible"),
                            from,
                            to,
                        );
                    }
                    self.cur += 1;
                    if f || t {
                        return self.string_start(from, start, c, if f { 'f' } else { 't' }, r);
                    }
                    return self.string(from, start, c);
                }
                _ => break,
            };
            if *seen {
                break;
            }
            *seen = true;
            self.cur += 1;
        }
        let mut non_ascii = false;
        while let Some(c) = self.peek().filter(|c| ident_char(*c)) {
            non_ascii |= c >= 128;
            self.cur += 1;
        }
        if non_ascii {
            self.check_identifier(from)?;
        }
        Ok(self.token(Tok::Name, from, self.cur, start))
    }

    fn check_identifier(&mut self, from: usize) -> R<()> {
        let text = &self.text[from..self.cur];
        let mut first = true;
        for (i, c) in text.char_indices() {
            let ok = c.is_ascii() || {
                // As the parser's lexer sees it: an identifier of this character alone, or behind a letter.
                let probe = if first { c.to_string() } else { format!("a{c}") };
                is_identifier(&probe)
            };
            if !ok {
                self.cur = from + i + c.len_utf8();
                let v = c as u32;
                let printable = !(c.is_control() || c.is_whitespace() || is_format(c));
                return if printable {
                    self.err(format!("invalid character '{c}' (U+{v:04X})"))
                } else {
                    self.err(format!("invalid non-printable character U+{v:04X}"))
                };
            }
            first = false;
        }
        Ok(())
    }

    fn operator(&mut self, c: u8, from: usize, start: Pos) -> R<Token> {
        if let Some(m) = self.modes.last().copied()
            && c == b':'
            && m.expr_start >= 0
            && m.depth - 1 == m.expr_start
        {
            let m = self.mode();
            m.regular = false;
            m.in_spec = true;
            return Ok(self.token(Tok::Op, from, self.cur, start));
        }
        let rest = &self.src[from..];
        let three: [&[u8]; 5] = [b"**=", b"//=", b"<<=", b">>=", b"..."];
        let two: [&[u8]; 20] = [
            b"!=", b"%=", b"&=", b"**", b"*=", b"+=", b"-=", b"->", b"//", b"/=", b":=", b"<<", b"<=", b"<>",
            b"==", b">=", b">>", b"@=", b"^=", b"|=",
        ];
        if three.iter().any(|t| rest.starts_with(t)) {
            self.cur = from + 3;
            return Ok(self.token(Tok::Op, from, self.cur, start));
        }
        if two.iter().any(|t| rest.starts_with(t)) {
            self.cur = from + 2;
            return Ok(self.token(Tok::Op, from, self.cur, start));
        }
        match c {
            b'(' | b'[' | b'{' => {
                if self.level() >= MAX_LEVEL {
                    return self.err("too many nested parentheses");
                }
                self.brackets.push(Bracket { open: c, line: self.line, col: start.col });
                if !self.modes.is_empty() {
                    self.mode().depth += 1;
                }
            }
            b')' | b']' | b'}' => self.closing(c)?,
            b'!' | b'%' | b'&' | b'*' | b'+' | b',' | b'-' | b'/' | b':' | b';' | b'<' | b'=' | b'>'
            | b'@' | b'^' | b'|' | b'~' => {}
            _ => {
                let ch = self.text[from..].chars().next().unwrap_or(' ');
                if ch.is_ascii_graphic() {
                    // `$`, `?`, `` ` `` and a lone `!` are tokens that no rule knows.
                    return Ok(self.token(Tok::Op, from, self.cur, start));
                }
                let v = ch as u32;
                return self.err(format!("invalid non-printable character U+{v:04X}"));
            }
        }
        Ok(self.token(Tok::Op, from, self.cur, start))
    }

    fn closing(&mut self, c: u8) -> R<()> {
        let shown = c as char;
        if let Some(m) = self.modes.last()
            && m.depth == 0
            && c == b'}'
        {
            let msg = format!("{}-string: single '}}' is not allowed", m.letter);
            return self.err(msg);
        }
        let Some(b) = self.brackets.pop() else {
            return self.err(format!("unmatched '{shown}'"));
        };
        let matches = matches!((b.open, c), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
        if !matches {
            if let Some(m) = self.modes.last()
                && b.open == b'{'
                && m.depth - 1 == m.expr_start
            {
                let msg = format!("{}-string: unmatched '{shown}'", m.letter);
                return self.err(msg);
            }
            let open = b.open as char;
            let line = if b.line != self.line { format!(" on line {}", b.line) } else { String::new() };
            return self.err(format!(
                "closing parenthesis '{shown}' does not match opening parenthesis '{open}'{line}"
            ));
        }
        if !self.modes.is_empty() {
            let m = self.mode();
            m.depth -= 1;
            if m.depth < 0 {
                let msg = format!("{}-string: unmatched '{shown}'", m.letter);
                return self.err(msg);
            }
            if c == b'}' && m.depth == m.expr_start {
                m.expr_start -= 1;
                m.regular = false;
                m.in_spec = false;
            }
        }
        Ok(())
    }
}

fn is_format(c: char) -> bool {
    matches!(c as u32, 0xAD | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
        || (c as u32) >= 0xE0000
        || (0xE000..=0xF8FF).contains(&(c as u32))
}

/// Is the text one identifier to the parser?
fn is_identifier(s: &str) -> bool {
    match ruff_python_parser::parse_expression(s) {
        Ok(p) => matches!(p.expr(), ruff_python_ast::Expr::Name(_)),
        Err(_) => false,
    }
}
