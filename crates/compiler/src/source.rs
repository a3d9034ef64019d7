//! Source text: decoding, lines, and where a [`Span`] lies.

use adder_bytecode::Position;

use crate::ast::Span;

/// Turns spans into lines and columns.
pub enum Locator<'s> {
    /// Spans are byte offsets into the source; `starts[i]` is where line `i + 1` begins.
    Source {
        text: &'s str,
        starts: Vec<u32>,
        /// More brackets may be open somewhere than CPython bears (strings are not told apart).
        deep: bool,
    },
    /// Spans are indices into a table of (line, column in bytes): for trees that came without source.
    Table(Vec<(u32, u32)>),
}

impl<'s> Locator<'s> {
    pub fn of_source(text: &'s str) -> Locator<'s> {
        let bytes = text.as_bytes();
        let mut starts = Vec::with_capacity(bytes.len() / 24 + 1);
        starts.push(0);
        let mut i = 0;
        let (mut level, mut deep) = (0i32, false);
        while i < bytes.len() {
            match bytes[i] {
                b'(' | b'[' | b'{' => {
                    level += 1;
                    deep |= level > 200;
                }
                b')' | b']' | b'}' => level = (level - 1).max(0),
                b'\n' => starts.push(i as u32 + 1),
                b'\r' => {
                    if bytes.get(i + 1) == Some(&b'\n') {
                        i += 1;
                    }
                    starts.push(i as u32 + 1);
                }
                _ => {}
            }
            i += 1;
        }
        Locator::Source { text, starts, deep }
    }

    /// Line (from 1) and byte column (from 0). `hint` is a line index that is tried first and updated.
    pub fn locate(&self, pos: u32, hint: &mut usize) -> (u32, u32) {
        match self {
            Locator::Source { starts, .. } => {
                let h = *hint;
                let fits = |i: usize| starts[i] <= pos && starts.get(i + 1).is_none_or(|&n| pos < n);
                let i = if h < starts.len() && fits(h) {
                    h
                } else if h + 1 < starts.len() && fits(h + 1) {
                    h + 1
                } else {
                    starts.partition_point(|&s| s <= pos) - 1
                };
                *hint = i;
                (i as u32 + 1, pos - starts[i])
            }
            Locator::Table(t) => t.get(pos as usize).copied().unwrap_or((0, 0)),
        }
    }

    pub fn position(&self, span: Span, hint: &mut usize) -> Position {
        if span.is_none() {
            return Position::default();
        }
        let (line, col) = self.locate(span.start, hint);
        let (end_line, end_col) = self.locate(span.end, &mut { *hint });
        Position { line, end_line, col, end_col }
    }

    pub fn line_of(&self, span: Span) -> u32 {
        if span.is_none() { 0 } else { self.locate(span.start, &mut 0).0 }
    }

    /// Text of a line, its newline included.
    pub fn line_text(&self, line: u32) -> Option<&'s str> {
        match self {
            Locator::Source { text, starts, .. } => {
                let i = (line as usize).checked_sub(1)?;
                let from = *starts.get(i)? as usize;
                let to = starts.get(i + 1).map_or(text.len(), |&n| n as usize);
                Some(&text[from..to])
            }
            Locator::Table(_) => None,
        }
    }

    /// Column in characters (from 1) of a byte column.
    pub fn char_col(&self, line: u32, byte_col: u32) -> u32 {
        match self.line_text(line) {
            Some(t) => {
                let upto = (byte_col as usize).min(t.len());
                let chars = t.as_bytes()[..upto].iter().filter(|&&b| b & 0xC0 != 0x80).count() as u32;
                chars + byte_col.saturating_sub(t.len() as u32) + 1
            }
            None => byte_col + 1,
        }
    }
}
