//! `_csv.reader`: lines to rows. A state machine over characters, with runs of ordinary bytes taken at once.
//!
//! # Invariants
//! `Reader::dialect` is a dialect: set when the reader is made, which `dialect_of` gave.

use super::{Dialect, LIMIT, NOT_SET, Quoting, READ, call_dialect, error, first_and_dialect};
use crate::common::itself;
use crate::native_layout;
use adder_text::wtf8;
use adder_vm::builtins::{float, list, object::new_instance, scratch};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

native_layout! { Reader { iter, dialect: Dialect, line_num; } }

static READER_TYPE: NativeType = NativeType {
    name: "_csv.reader",
    kind: Kind::Native,
    size: Reader::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP | tflags::BASETYPE,
    doc: "CSV reader\n\nReader objects are responsible for reading and parsing tabular data\nin CSV format.\n",
    slots: Slots { iter: Some(itself), iternext: Some(next), ..Slots::NONE },
    members: &[
        MemberDef {
            name: "dialect",
            doc: "",
            offset: offset_of!(Reader, dialect) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "line_num",
            doc: "",
            offset: offset_of!(Reader, line_num) as u32,
            flags: member::READONLY,
        },
    ],
    trace: Some(Reader::trace),
    ..NativeType::DEFAULT
};
pub static READER: TypeCell = TypeCell::new(&READER_TYPE);

pub fn new(th: Th, a: RawArgs) -> R<Value> {
    let (src, dialect) = first_and_dialect(th, "reader", a)?;
    let it = th.iter(src)?;
    let d = call_dialect(th, dialect, a)?;
    let o = new_instance(th, READER.get())?;
    let r = Reader::of(o);
    r.iter.init(Some(it));
    r.dialect.init(Some(Dialect::of(d)));
    r.line_num.init(Some(Value::fix(0)));
    Ok(o)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    StartRecord,
    StartField,
    Escaped,
    InField,
    InQuoted,
    EscapedInQuoted,
    QuoteInQuoted,
    EatNewline,
    AfterEscapedNewline,
}
use State::*;

/// The end of a line.
const EOL: u32 = u32::MAX - 1;

/// A row being read; on the native stack.
struct Row<'a> {
    th: Th,
    d: Gc<Dialect>,
    state: State,
    fields: Gc<List>,
    field: &'a mut Vec<u8>,
    unquoted: bool,
    limit: usize,
}

fn next(th: Th, o: Value) -> R<Option<Value>> {
    let r = Reader::of(o);
    let fields = list::new(th, &[])?;
    scratch::with(|field| {
        let mut row = Row {
            th,
            d: r.dialect.gc(),
            state: StartRecord,
            fields,
            field,
            unquoted: false,
            limit: LIMIT.load(Relaxed).max(0) as usize,
        };
        loop {
            let before = r.line_num.value();
            let line = th.next(r.iter.value())?;
            if !r.line_num.value().is(before) {
                return Err(error(th, "iterator has already advanced the reader"));
            }
            let Some(line) = line else {
                if row.field.is_empty() && row.state != InQuoted {
                    return Ok(None);
                }
                if row.d.strict {
                    return Err(error(th, "unexpected end of data"));
                }
                row.save()?;
                break;
            };
            let Some(s) = line.cast::<Str>() else {
                return Err(error(
                    th,
                    &format!(
                        "iterator should return strings, not {} (the file should be opened in text mode)",
                        th.type_name_of(line)
                    ),
                ));
            };
            let n = r.line_num.value().as_fix().unwrap_or(0);
            r.line_num.init(Some(Value::fix(n + 1)));
            row.line(s)?;
            if row.state == StartRecord {
                break;
            }
        }
        Ok(Some(fields.value()))
    })
}

impl Row<'_> {
    fn line(&mut self, line: Gc<Str>) -> R<()> {
        let s = line.bytes();
        let mut at = 0;
        while at < s.len() {
            let b = s[at];
            if self.d.marks[b as usize] & READ == 0
                && matches!(self.state, InField | InQuoted | StartRecord | StartField)
            {
                // A run of ordinary text. At the start of a field, spaces may be skipped.
                if matches!(self.state, StartRecord | StartField) {
                    self.unquoted = true;
                    if b == b' ' && self.d.skip {
                        self.state = StartField;
                        at += 1;
                        continue;
                    }
                    self.state = InField;
                }
                let n = s[at..]
                    .iter()
                    .position(|b| self.d.marks[*b as usize] & READ != 0)
                    .unwrap_or(s.len() - at);
                self.add(&s[at..at + n])?;
                at += n;
                continue;
            }
            if b < 128 {
                at += 1;
                self.step(b as u32)?;
            } else {
                let (c, n) = wtf8::decode(s, at);
                at += n;
                self.step(c)?;
            }
        }
        self.step(EOL)
    }
    #[inline]
    fn add(&mut self, b: &[u8]) -> R<()> {
        self.field.extend_from_slice(b);
        if self.field.len() > self.limit && wtf8::count(self.field) > self.limit {
            return Err(error(self.th, &format!("field larger than field limit ({})", self.limit)));
        }
        Ok(())
    }
    fn add_char(&mut self, c: u32) -> R<()> {
        let (b, n) = wtf8::encode(c);
        self.add(&b[..n])
    }
    fn save(&mut self) -> R<()> {
        let th = self.th;
        let q = self.d.quoting;
        let v = if self.unquoted && self.field.is_empty() && matches!(q, Quoting::NotNull | Quoting::Strings)
        {
            NONE()
        } else {
            let s = th.try_str(self.field)?;
            if self.unquoted && !self.field.is_empty() && matches!(q, Quoting::NonNumeric | Quoting::Strings)
            {
                float::from_object(th, s)?
            } else {
                s
            }
        };
        self.field.clear();
        list::append(th, self.fields, v)
    }
    /// Saves the field that ends with its line.
    fn end(&mut self, c: u32) -> R<()> {
        self.save()?;
        self.state = if c == EOL { StartRecord } else { EatNewline };
        Ok(())
    }

    fn step(&mut self, c: u32) -> R<()> {
        let d = self.d;
        let newline = c == b'\n' as u32 || c == b'\r' as u32;
        let is_quote = c == d.quotechar && d.quoting != Quoting::None;
        match self.state {
            StartRecord if c == EOL => {}
            StartRecord if newline => self.state = EatNewline,
            StartRecord | StartField => {
                self.unquoted = true;
                self.state = StartField;
                if newline || c == EOL {
                    return self.end(c);
                }
                if is_quote {
                    self.unquoted = false;
                    self.state = InQuoted;
                } else if c == d.escapechar && c != NOT_SET {
                    self.state = Escaped;
                } else if c == b' ' as u32 && d.skip {
                } else if c == d.delimiter {
                    return self.save();
                } else {
                    self.state = InField;
                    return self.add_char(c);
                }
            }
            Escaped if newline => {
                self.state = AfterEscapedNewline;
                return self.add_char(c);
            }
            Escaped => {
                self.state = InField;
                return self.add_char(if c == EOL { b'\n' as u32 } else { c });
            }
            AfterEscapedNewline if c == EOL => {}
            AfterEscapedNewline | InField => {
                if newline || c == EOL {
                    return self.end(c);
                }
                if c == d.escapechar {
                    self.state = Escaped;
                } else if c == d.delimiter {
                    self.state = StartField;
                    return self.save();
                } else {
                    self.state = InField;
                    return self.add_char(c);
                }
            }
            InQuoted => {
                if c == EOL {
                } else if c == d.escapechar {
                    self.state = EscapedInQuoted;
                } else if is_quote {
                    self.state = if d.doublequote { QuoteInQuoted } else { InField };
                } else {
                    return self.add_char(c);
                }
            }
            EscapedInQuoted => {
                self.state = InQuoted;
                return self.add_char(if c == EOL { b'\n' as u32 } else { c });
            }
            QuoteInQuoted => {
                if is_quote {
                    self.state = InQuoted;
                    return self.add_char(c);
                }
                if c == d.delimiter {
                    self.state = StartField;
                    return self.save();
                }
                if newline || c == EOL {
                    return self.end(c);
                }
                if d.strict {
                    return Err(self.expected());
                }
                self.state = InField;
                return self.add_char(c);
            }
            EatNewline => {
                if c == EOL {
                    self.state = StartRecord;
                } else if !newline {
                    return Err(error(
                        self.th,
                        "new-line character seen in unquoted field - do you need to open the file with newline=''?",
                    ));
                }
            }
        }
        Ok(())
    }
    #[cold]
    fn expected(&self) -> Raised {
        let c = |c: u32| char::from_u32(c).unwrap_or('\u{FFFD}');
        error(self.th, &format!("'{}' expected after '{}'", c(self.d.delimiter), c(self.d.quotechar)))
    }
}
