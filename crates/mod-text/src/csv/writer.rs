//! `_csv.writer`: rows to lines.
//!
//! # Invariants
//! `Writer::dialect` is a dialect, set when the writer is made; a field's text is a `str`, as `to_str` gives no other.

use super::{Dialect, NOT_SET, Quoting, WRITE, call_dialect, error, first_and_dialect};
use crate::common::arg;
use crate::native_layout;
use adder_text::room;
use adder_text::wtf8;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{object::new_instance, scratch};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

native_layout! { Writer { write, dialect: Dialect; } }

static WRITER_TYPE: NativeType = NativeType {
    name: "_csv.writer",
    kind: Kind::Native,
    size: Writer::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP | tflags::BASETYPE,
    doc: "CSV writer\n\nWriter objects are responsible for generating tabular data\nin CSV format from sequence input.\n",
    methods: &[
        method(
            "writerow",
            "($self, row, /)",
            "Construct and write a CSV record from an iterable of fields.\n\nNon-string elements will be converted to string.",
            |th, a| writerow(th, Writer::of(arg(a, 0)), arg(a, 1)),
        ),
        method(
            "writerows",
            "($self, rows, /)",
            "Construct and write a series of iterables to a csv file.\n\nNon-string elements will be converted to string.",
            |th, a| {
                let it = th.iter(arg(a, 1))?;
                while let Some(row) = th.next(it)? {
                    writerow(th, Writer::of(arg(a, 0)), row)?;
                }
                Ok(NONE())
            },
        ),
    ],
    members: &[MemberDef {
        name: "dialect",
        doc: "",
        offset: offset_of!(Writer, dialect) as u32,
        flags: member::READONLY,
    }],
    trace: Some(Writer::trace),
    ..NativeType::DEFAULT
};
pub static WRITER: TypeCell = TypeCell::new(&WRITER_TYPE);

pub fn new(th: Th, a: RawArgs) -> R<Value> {
    let (file, dialect) = first_and_dialect(th, "writer", a)?;
    let d = call_dialect(th, dialect, a)?;
    let write = th.getattr_opt(file, th.intern("write"))?;
    let Some(write) = write.filter(|w| th.type_of(*w).slots.call.is_some()) else {
        return Err(th.type_error("argument 1 must have a \"write\" method"));
    };
    let o = new_instance(th, WRITER.get())?;
    let w = Writer::of(o);
    w.write.init(Some(write));
    w.dialect.init(Some(Dialect::of(d)));
    Ok(o)
}

/// `PyNumber_Check`.
fn is_number(th: Th, v: Value) -> bool {
    let s = &th.type_of(v).slots;
    s.index.is_some() || s.int.is_some() || s.float.is_some() || v.is_kind(Kind::Complex)
}

fn writerow(th: Th, w: Gc<Writer>, row: Value) -> R<Value> {
    let d: Gc<Dialect> = w.dialect.gc();
    let it = match th.iter(row) {
        Ok(it) => it,
        Err(e) => {
            if !th.exc_is(&exc::TYPE_ERROR) {
                return Err(e);
            }
            th.take_exc();
            return Err(error(th, &format!("iterable expected, not {}", th.type_name_of(row))));
        }
    };
    let line = scratch::with(|out| {
        let mut fields = 0;
        let mut null = false;
        while let Some(f) = th.next(it)? {
            let quoted = match d.quoting {
                Quoting::NonNumeric => !is_number(th, f),
                Quoting::All => true,
                Quoting::Strings => f.is_kind(Kind::Str),
                Quoting::NotNull => !f.is_none(),
                _ => false,
            };
            null = f.is_none();
            if null {
                field(th, d, out, fields, None, quoted)?;
            } else {
                let s = if f.is_kind(Kind::Str) { f } else { th.to_str(f)? };
                field(th, d, out, fields, Some(unsafe { s.cast_unchecked() }), quoted)?;
            }
            fields += 1;
        }
        if fields > 0 && out.is_empty() {
            if d.quoting == Quoting::None
                || (null && matches!(d.quoting, Quoting::Strings | Quoting::NotNull))
            {
                return Err(error(th, "single empty field record must be quoted"));
            }
            field(th, d, out, 0, None, true)?;
        }
        out.extend_from_slice(d.terminator());
        th.try_str(out)
    })?;
    th.call(w.write.value(), &[line])
}

fn push(out: &mut Vec<u8>, c: u32) {
    wtf8::push(out, c);
}

/// Appends field number `n`.
fn field(th: Th, d: Gc<Dialect>, out: &mut Vec<u8>, n: usize, f: Option<Gc<Str>>, quoted: bool) -> R<()> {
    let mut quoted = quoted;
    if f.is_none_or(|s| s.is_empty()) && d.delimiter == b' ' as u32 && d.skip {
        if d.quoting == Quoting::None
            || (f.is_none() && matches!(d.quoting, Quoting::Strings | Quoting::NotNull))
        {
            return Err(error(
                th,
                "empty field must be quoted if delimiter is a space and skipinitialspace is true",
            ));
        }
        quoted = true;
    }
    if n > 0 {
        push(out, d.delimiter);
    }
    let start = out.len();
    if quoted {
        push(out, d.quotechar);
    }
    let s = f.as_ref().map_or(&[][..], |s| s.bytes());
    let mut at = 0;
    while at < s.len() {
        let run = s[at..].iter().position(|b| d.marks[*b as usize] & WRITE != 0).unwrap_or(s.len() - at);
        room::append(out, &s[at..at + run]);
        at += run;
        if at == s.len() {
            break;
        }
        let (c, n) = wtf8::decode(s, at);
        if c == d.delimiter
            || c == d.escapechar
            || c == d.quotechar
            || c == b'\n' as u32
            || c == b'\r' as u32
            || wtf8::chars(d.terminator()).any(|e| e == c)
        {
            let mut escape = d.quoting == Quoting::None;
            if !escape {
                if c == d.quotechar {
                    if d.doublequote {
                        push(out, c);
                    } else {
                        escape = true;
                    }
                } else if c == d.escapechar {
                    escape = true;
                }
                if !escape && !quoted {
                    // The quote belongs before everything.
                    quoted = true;
                    let (q, len) = wtf8::encode(d.quotechar);
                    out.splice(start..start, q[..len].iter().copied());
                }
            }
            if escape {
                if d.escapechar == NOT_SET {
                    return Err(error(th, "need to escape, but no escapechar set"));
                }
                push(out, d.escapechar);
            }
        }
        out.extend_from_slice(&s[at..at + n]);
        at += n;
    }
    if quoted {
        push(out, d.quotechar);
    }
    Ok(())
}
