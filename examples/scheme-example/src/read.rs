//! From text to data: lists, symbols, numbers, strings, booleans.

use std::rc::Rc;

#[derive(Clone, PartialEq, Debug)]
pub enum Datum {
    Int(i64),
    Float(f64),
    Bool(bool),
    Str(Rc<str>),
    Symbol(Rc<str>),
    List(Rc<[Datum]>),
}

impl Datum {
    pub fn symbol(s: &str) -> Datum {
        Datum::Symbol(s.into())
    }
    pub fn list(items: Vec<Datum>) -> Datum {
        Datum::List(items.into())
    }
    pub fn as_symbol(&self) -> Option<&str> {
        if let Datum::Symbol(s) = self { Some(s) } else { None }
    }
    pub fn as_list(&self) -> Option<&[Datum]> {
        if let Datum::List(l) = self { Some(l) } else { None }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

/// All data of a text.
pub fn read(text: &str) -> Result<Vec<Datum>, String> {
    let mut r = Reader { rest: text };
    let mut all = Vec::new();
    while r.skip() {
        all.push(r.datum()?);
    }
    Ok(all)
}

impl Reader<'_> {
    /// Passes over blanks and comments. False: that was all.
    fn skip(&mut self) -> bool {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with(';') {
                return !self.rest.is_empty();
            }
            self.rest = self.rest.split_once('\n').map_or("", |x| x.1);
        }
    }
    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(r) => {
                self.rest = r;
                true
            }
            None => false,
        }
    }
    fn datum(&mut self) -> Result<Datum, String> {
        if !self.skip() {
            return Err("the text ends within a list".into());
        }
        if self.take('(') {
            let mut items = Vec::new();
            loop {
                if !self.skip() {
                    return Err("the text ends within a list".into());
                }
                if self.take(')') {
                    return Ok(Datum::list(items));
                }
                items.push(self.datum()?);
            }
        }
        if self.take(')') {
            return Err("a ) too many".into());
        }
        if self.take('\'') {
            let d = self.datum()?;
            return Ok(Datum::list(vec![Datum::symbol("quote"), d]));
        }
        if self.take('"') {
            let mut s = String::new();
            let mut chars = self.rest.char_indices();
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        self.rest = &self.rest[at + 1..];
                        return Ok(Datum::Str(s.into()));
                    }
                    '\\' => match chars.next().map(|x| x.1) {
                        Some('n') => s.push('\n'),
                        Some('t') => s.push('\t'),
                        Some(c) => s.push(c),
                        None => break,
                    },
                    c => s.push(c),
                }
            }
            return Err("the text ends within a string".into());
        }
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | ';' | '\''))
            .unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        if let Ok(n) = token.parse::<i64>()
            && adder_metatrace::word::fits_fix(n)
        {
            return Ok(Datum::Int(n));
        }
        if token.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
            && token.contains(|c: char| c.is_ascii_digit())
            && let Ok(f) = token.parse::<f64>()
        {
            return Ok(Datum::Float(f));
        }
        Ok(match token {
            "#t" => Datum::Bool(true),
            "#f" => Datum::Bool(false),
            t => Datum::symbol(t),
        })
    }
}
