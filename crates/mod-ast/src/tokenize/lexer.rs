//! The lexer of `_tokenize`: tokens of source text that arrives line by line.
//!
//! It gives what CPython's tokenizer gives to `tokenize` (`extra`: comments and line ends are tokens, bad numbers and
//! brackets pass) or to its parser. The buffer holds the lines that the token in the making reaches over; positions are
//! offsets into it. Behaviour: CPython's `Parser/lexer`, `Parser/tokenizer/readline_tokenizer.c`, PEP 701, PEP 750.

mod numbers;
mod strings;

use adder_text::unicode;

/// Token numbers, as `token` has them.
pub mod kind {
    pub const ENDMARKER: u8 = 0;
    pub const NAME: u8 = 1;
    pub const NUMBER: u8 = 2;
    pub const STRING: u8 = 3;
    pub const NEWLINE: u8 = 4;
    pub const INDENT: u8 = 5;
    pub const DEDENT: u8 = 6;
    pub const COLON: u8 = 11;
    pub const DOT: u8 = 23;
    pub const ELLIPSIS: u8 = 52;
    pub const OP: u8 = 55;
    pub const FSTRING_START: u8 = 59;
    pub const FSTRING_MIDDLE: u8 = 60;
    pub const FSTRING_END: u8 = 61;
    pub const TSTRING_START: u8 = 62;
    pub const TSTRING_MIDDLE: u8 = 63;
    pub const TSTRING_END: u8 = 64;
    pub const COMMENT: u8 = 65;
    pub const NL: u8 = 66;
}
use kind::*;

const OPERATORS: [(&[u8], u8); 47] = [
    (b"(", 7),
    (b")", 8),
    (b"[", 9),
    (b"]", 10),
    (b":", 11),
    (b",", 12),
    (b";", 13),
    (b"+", 14),
    (b"-", 15),
    (b"*", 16),
    (b"/", 17),
    (b"|", 18),
    (b"&", 19),
    (b"<", 20),
    (b">", 21),
    (b"=", 22),
    (b".", 23),
    (b"%", 24),
    (b"{", 25),
    (b"}", 26),
    (b"==", 27),
    (b"!=", 28),
    (b"<=", 29),
    (b">=", 30),
    (b"~", 31),
    (b"^", 32),
    (b"<<", 33),
    (b">>", 34),
    (b"**", 35),
    (b"+=", 36),
    (b"-=", 37),
    (b"*=", 38),
    (b"/=", 39),
    (b"%=", 40),
    (b"&=", 41),
    (b"|=", 42),
    (b"^=", 43),
    (b"<<=", 44),
    (b">>=", 45),
    (b"**=", 46),
    (b"//", 47),
    (b"//=", 48),
    (b"@", 49),
    (b"@=", 50),
    (b"->", 51),
    (b":=", 53),
    (b"!", 54),
];

fn operator(text: &[u8]) -> u8 {
    OPERATORS.iter().find(|o| o.0 == text).map_or(OP, |o| o.1)
}

const MAX_LEVEL: usize = 200;
const MAX_INDENT: usize = 100;
const MAX_STRINGS: usize = 150;
const MAX_EXPR_NESTING: i32 = 3;

/// Where lines come from.
pub trait Lines {
    type Error;
    /// Appends the next line; nothing at the end.
    fn read(&mut self, buf: &mut Vec<u8>) -> Result<(), Self::Error>;
    /// Something that is not an error, to be reported for this line.
    fn warn(&mut self, msg: String, deprecated: bool, line: u32) -> Result<(), Self::Error>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Syntax,
    Indentation,
    Tab,
}

#[derive(Debug)]
pub enum Fail<E> {
    /// An error with its line, columns (from 1) and the line's text.
    At {
        msg: String,
        line: u32,
        col: usize,
        end: usize,
        text: Vec<u8>,
    },
    /// An error that ends where reading stands, without an end of its own.
    Line {
        class: Class,
        msg: &'static str,
        line: u32,
        text: Vec<u8>,
    },
    /// The text ended in the middle of a statement.
    Eof {
        line: u32,
        offset: usize,
    },
    Source(E),
}

/// A token; places are offsets into the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    pub kind: u8,
    /// None: the token has no extent.
    pub span: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Debug)]
struct Bracket {
    open: u8,
    line: u32,
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

#[derive(Debug)]
pub struct Lexer {
    pub extra: bool,
    pub buf: Vec<u8>,
    cur: usize,
    start: Option<usize>,
    pub line_start: usize,
    pub multi_line_start: usize,
    pub line: u32,
    pub first_line: u32,
    /// The source ended.
    pub eof: bool,
    /// The last line of the buffer got its line end from us.
    pub implicit_newline: bool,
    comment_newline: bool,
    at_bol: bool,
    pending: i32,
    indents: Vec<(usize, usize)>,
    brackets: Vec<Bracket>,
    modes: Vec<Mode>,
}

type R<T, S> = Result<T, Fail<<S as Lines>::Error>>;

fn ident_start(c: u8) -> bool {
    c.is_ascii_alphabetic() || c == b'_' || c >= 128
}
fn ident_char(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_' || c >= 128
}
fn digit(c: Option<u8>) -> bool {
    c.is_some_and(|c| c.is_ascii_digit())
}
pub fn chars(b: &[u8]) -> usize {
    b.iter().filter(|c| **c & 0xC0 != 0x80).count()
}

impl Lexer {
    pub fn new(extra: bool) -> Lexer {
        Lexer {
            extra,
            buf: Vec::new(),
            cur: 0,
            start: None,
            line_start: 0,
            multi_line_start: 0,
            line: 0,
            first_line: 0,
            eof: false,
            implicit_newline: false,
            comment_newline: false,
            at_bol: true,
            pending: 0,
            indents: vec![(0, 0)],
            brackets: Vec::new(),
            modes: Vec::new(),
        }
    }

    pub fn token<S: Lines>(&mut self, s: &mut S) -> R<Token, S> {
        Reader { lx: self, src: s }.token()
    }

    /// Text of the newline token: with `extra`, what ended the line.
    pub fn crlf(&self) -> bool {
        self.start.is_some_and(|s| self.buf.get(s) == Some(&b'\r'))
    }
}

/// The lexer at work with its source.
struct Reader<'a, S: Lines> {
    lx: &'a mut Lexer,
    src: &'a mut S,
}

impl<S: Lines> Reader<'_, S> {
    /// The next byte; reads another line when the buffer is used up.
    fn next(&mut self) -> R<Option<u8>, S> {
        if let Some(c) = self.lx.buf.get(self.lx.cur) {
            self.lx.cur += 1;
            return Ok(Some(*c));
        }
        if self.lx.eof || !self.more()? {
            return Ok(None);
        }
        self.lx.cur += 1;
        Ok(Some(self.lx.buf[self.lx.cur - 1]))
    }
    #[inline]
    fn peek(&mut self) -> R<Option<u8>, S> {
        if let Some(c) = self.lx.buf.get(self.lx.cur) {
            return Ok(Some(*c));
        }
        let c = self.next()?;
        self.back(c);
        Ok(c)
    }
    fn back(&mut self, c: Option<u8>) {
        if c.is_some() {
            self.lx.cur -= 1;
        }
    }
    fn more(&mut self) -> R<bool, S> {
        let lx = &mut *self.lx;
        if lx.start.is_none() && lx.modes.is_empty() {
            lx.buf.clear();
            lx.cur = 0;
        }
        let before = lx.buf.len();
        self.src.read(&mut lx.buf).map_err(Fail::Source)?;
        lx.line_start = lx.cur;
        if lx.buf.len() == before {
            lx.eof = true;
            return Ok(false);
        }
        lx.implicit_newline = false;
        if lx.buf.last() != Some(&b'\n') {
            lx.buf.push(b'\n');
            lx.implicit_newline = true;
        }
        lx.line += 1;
        if lx.buf[before..].contains(&0) {
            return self.err("source code cannot contain null bytes");
        }
        Ok(true)
    }

    /// The line that is being read, up to its end.
    fn text(&self) -> Vec<u8> {
        let b = &self.lx.buf[self.lx.line_start..];
        let n = b.iter().position(|c| *c == b'\n' || *c == 0).unwrap_or(b.len());
        b[..n].to_vec()
    }
    /// An error at the last character read.
    fn err<T>(&self, msg: impl Into<String>) -> R<T, S> {
        let from = self.lx.line_start.min(self.lx.cur);
        let col = chars(&self.lx.buf[from..self.lx.cur]);
        Err(Fail::At { msg: msg.into(), line: self.lx.line, col, end: col, text: self.text() })
    }
    /// An error with columns of its own.
    fn err_range<T>(&self, msg: impl Into<String>, col: usize, end: usize) -> R<T, S> {
        Err(Fail::At { msg: msg.into(), line: self.lx.line, col, end, text: self.text() })
    }
    fn line_err<T>(&self, class: Class, msg: &'static str) -> R<T, S> {
        Err(Fail::Line { class, msg, line: self.lx.line, text: self.lx.buf.clone() })
    }

    fn tok(&self, kind: u8) -> Token {
        Token { kind, span: self.lx.start.map(|s| (s, self.lx.cur)) }
    }

    fn token(&mut self) -> R<Token, S> {
        match self.lx.modes.last() {
            Some(m) if !m.regular => self.string_mode(),
            _ => self.normal_mode(),
        }
    }

    /// Reads indentation; true: the line is blank.
    fn indentation(&mut self) -> R<bool, S> {
        let (mut col, mut alt, mut cont) = (0, 0, 0);
        self.lx.at_bol = false;
        let c = loop {
            match self.next()? {
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
                c => {
                    self.back(c);
                    break c;
                }
            }
        };
        if matches!(c, Some(b'#' | b'\n' | b'\r')) {
            return Ok(true);
        }
        if !self.lx.brackets.is_empty() {
            return Ok(false);
        }
        if cont != 0 {
            (col, alt) = (cont, cont);
        }
        let (top, alt_top) = self.lx.indents[self.lx.indents.len() - 1];
        if col == top {
            if alt != alt_top {
                return self.tab_error();
            }
        } else if col > top {
            if self.lx.indents.len() >= MAX_INDENT {
                return self.line_err(Class::Indentation, "too many levels of indentation");
            }
            if alt <= alt_top {
                return self.tab_error();
            }
            self.lx.pending += 1;
            self.lx.indents.push((col, alt));
        } else {
            while self.lx.indents.len() > 1 && col < self.lx.indents[self.lx.indents.len() - 1].0 {
                self.lx.pending -= 1;
                self.lx.indents.pop();
            }
            let (top, alt_top) = self.lx.indents[self.lx.indents.len() - 1];
            if col != top {
                return self
                    .line_err(Class::Indentation, "unindent does not match any outer indentation level");
            }
            if alt != alt_top {
                return self.tab_error();
            }
        }
        Ok(false)
    }
    fn tab_error<T>(&self) -> R<T, S> {
        self.line_err(Class::Tab, "inconsistent use of tabs and spaces in indentation")
    }
    /// Behind a backslash: the line must end here and another one follow.
    fn continuation(&mut self) -> R<(), S> {
        let mut c = self.next()?;
        if c == Some(b'\r') {
            c = self.next()?;
        }
        if c != Some(b'\n') {
            return self.line_err(Class::Syntax, "unexpected character after line continuation character");
        }
        if self.peek()?.is_none() {
            return Err(Fail::Eof { line: self.lx.line, offset: self.lx.buf.len() });
        }
        Ok(())
    }

    fn normal_mode(&mut self) -> R<Token, S> {
        loop {
            self.lx.start = None;
            let mut blank = false;
            if self.lx.at_bol {
                blank = self.indentation()?;
            }
            self.lx.start = Some(self.lx.cur);
            if self.lx.pending != 0 {
                let (kind, from) = if self.lx.pending < 0 { (DEDENT, self.lx.cur) } else { (INDENT, 0) };
                self.lx.pending -= self.lx.pending.signum();
                return Ok(Token { kind, span: self.lx.extra.then_some((from, self.lx.cur)) });
            }
            self.peek()?;
            if let Some(t) = self.after_indentation(blank)? {
                return Ok(t);
            }
        }
    }

    /// None: begin again at the next line.
    fn after_indentation(&mut self, blank: bool) -> R<Option<Token>, S> {
        let mut c;
        loop {
            self.lx.start = None;
            loop {
                c = self.next()?;
                if !matches!(c, Some(b' ' | b'\t' | 0x0c)) {
                    break;
                }
            }
            let from = if c.is_some() { self.lx.cur - 1 } else { self.lx.cur };
            self.lx.start = Some(from);
            if c == Some(b'#') {
                while !matches!(c, None | Some(b'\n' | b'\r')) {
                    c = self.next()?;
                }
                if self.lx.extra {
                    self.back(c);
                    self.lx.comment_newline = blank;
                    return Ok(Some(self.tok(COMMENT)));
                }
            }
            let Some(b) = c else {
                if !self.lx.brackets.is_empty() {
                    return Err(Fail::Eof { line: self.lx.line, offset: self.lx.buf.len() });
                }
                return Ok(Some(Token { kind: ENDMARKER, span: None }));
            };
            if ident_start(b) {
                return self.name(from, b).map(Some);
            }
            if b == b'\r' {
                c = self.next()?;
            }
            let Some(b) = c else { return Ok(Some(self.tok(OP))) };
            match b {
                b'\n' => {
                    self.lx.at_bol = true;
                    if blank || !self.lx.brackets.is_empty() || (self.lx.comment_newline && self.lx.extra) {
                        if self.lx.extra {
                            self.lx.comment_newline = false;
                            return Ok(Some(self.tok(NL)));
                        }
                        return Ok(None);
                    }
                    return Ok(Some(Token { kind: NEWLINE, span: Some((from, self.lx.cur - 1)) }));
                }
                b'.' => {
                    let c = self.next()?;
                    if digit(c) {
                        self.fraction(c)?;
                        return Ok(Some(self.tok(NUMBER)));
                    }
                    if c == Some(b'.') {
                        if self.peek()? == Some(b'.') {
                            self.next()?;
                            return Ok(Some(self.tok(ELLIPSIS)));
                        }
                    }
                    self.back(c);
                    return Ok(Some(self.tok(DOT)));
                }
                b'0'..=b'9' => {
                    self.number(b)?;
                    return Ok(Some(self.tok(NUMBER)));
                }
                b'\'' | b'"' => return self.string(b).map(Some),
                b'\\' => self.continuation()?,
                _ => return self.punctuation(b).map(Some),
            }
        }
    }

    fn name(&mut self, from: usize, first: u8) -> R<Token, S> {
        // A string prefix?
        let mut seen = [false; 5];
        let mut c = Some(first);
        while let Some(b) = c {
            let i = match b.to_ascii_lowercase() {
                b'b' => 0,
                b'u' => 1,
                b'r' => 2,
                b'f' => 3,
                b't' => 4,
                _ => break,
            };
            if seen[i] {
                break;
            }
            seen[i] = true;
            c = self.next()?;
            if let Some(q @ (b'"' | b'\'')) = c {
                let [b, u, r, f, t] = seen;
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
                    let base = self.lx.line_start;
                    let msg = format!("'{x}' and '{y}' prefixes are incompatible");
                    return self.err_range(msg, from + 1 - base, self.lx.cur - base);
                }
                if f || t {
                    return self.string_start(from, q, if f { 'f' } else { 't' }, r);
                }
                return self.string(q);
            }
        }
        let mut non_ascii = false;
        while let Some(b) = c.filter(|c| ident_char(*c)) {
            non_ascii |= b >= 128;
            c = self.next()?;
        }
        self.back(c);
        if non_ascii && !self.lx.extra {
            self.check_identifier(from)?;
        }
        Ok(self.tok(NAME))
    }

    fn check_identifier(&mut self, from: usize) -> R<(), S> {
        let text = String::from_utf8_lossy(&self.lx.buf[from..self.lx.cur]).into_owned();
        for (i, c) in text.char_indices() {
            let ok = match i {
                0 => c == '_' || unicode::is_xid_start(c as u32),
                _ => unicode::is_xid_continue(c as u32),
            };
            if !ok {
                self.lx.cur = from + i + c.len_utf8();
                let v = c as u32;
                return if unicode::is_printable(v) {
                    self.err(format!("invalid character '{c}' (U+{v:04X})"))
                } else {
                    self.err(format!("invalid non-printable character U+{v:04X}"))
                };
            }
        }
        Ok(())
    }

    fn punctuation(&mut self, c: u8) -> R<Token, S> {
        if let Some(m) = self.lx.modes.last()
            && c == b':'
            && m.expr_start >= 0
            && m.depth - 1 == m.expr_start
        {
            let m = self.mode();
            m.regular = false;
            m.in_spec = true;
            return Ok(self.tok(COLON));
        }
        let from = self.lx.cur - 1;
        let c2 = self.next()?;
        if c2.is_some() {
            let two = operator(&[c, c2.unwrap_or(0)]);
            if two != OP {
                let c3 = self.next()?;
                let three = operator(&[c, c2.unwrap_or(0), c3.unwrap_or(0)]);
                if three == OP {
                    self.back(c3);
                    return Ok(self.tok(two));
                }
                return Ok(self.tok(three));
            }
        }
        self.back(c2);
        match c {
            b'(' | b'[' | b'{' => {
                if self.lx.brackets.len() >= MAX_LEVEL {
                    return self.err("too many nested parentheses");
                }
                self.lx.brackets.push(Bracket { open: c, line: self.lx.line });
                if !self.lx.modes.is_empty() {
                    self.mode().depth += 1;
                }
            }
            b')' | b']' | b'}' => self.closing(c)?,
            _ => {}
        }
        if c < 0x20 || c == 0x7f {
            return self.err(format!("invalid non-printable character U+{c:04X}"));
        }
        Ok(self.tok(operator(&self.lx.buf[from..from + 1])))
    }

    fn closing(&mut self, c: u8) -> R<(), S> {
        let shown = c as char;
        if let Some(m) = self.lx.modes.last()
            && m.depth == 0
            && c == b'}'
        {
            return self.err(format!("{}-string: single '}}' is not allowed", m.letter));
        }
        let strict = !self.lx.extra;
        match self.lx.brackets.pop() {
            None if strict => return self.err(format!("unmatched '{shown}'")),
            None => {}
            Some(b) => {
                let same = matches!((b.open, c), (b'(', b')') | (b'[', b']') | (b'{', b'}'));
                if strict && !same {
                    if let Some(m) = self.lx.modes.last()
                        && b.open == b'{'
                        && m.depth - 1 == m.expr_start
                    {
                        return self.err(format!("{}-string: unmatched '{shown}'", m.letter));
                    }
                    let open = b.open as char;
                    let line =
                        if b.line != self.lx.line { format!(" on line {}", b.line) } else { String::new() };
                    return self.err(format!(
                        "closing parenthesis '{shown}' does not match opening parenthesis '{open}'{line}"
                    ));
                }
            }
        }
        if !self.lx.modes.is_empty() {
            let m = self.mode();
            m.depth -= 1;
            let letter = m.letter;
            if m.depth < 0 {
                return self.err(format!("{letter}-string: unmatched '{shown}'"));
            }
            let m = self.mode();
            if c == b'}' && m.depth == m.expr_start {
                m.expr_start -= 1;
                m.regular = false;
                m.in_spec = false;
            }
        }
        Ok(())
    }
}
