//! `str.format`, `str.format_map`, and the parsers that module `_string` exports for `string.Formatter`.
//!
//! # Invariants
//! `args` of a call is the tuple that the binding made; `StringIter::text` is set when the iterator is made.

use super::{int, ops, scratch, str_methods};
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::Header;
use adder_text::{unicode, wtf8};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How replacement fields are numbered: all by hand, or all automatically.
struct Numbering {
    state: State,
    next: i64,
}
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Auto,
    Manual,
}

/// A replacement field; ranges are of bytes of the format string.
struct Field {
    name: Range<usize>,
    spec: Range<usize>,
    /// The specification contains fields itself.
    nested: bool,
    conversion: Option<u32>,
}

/// A literal, and the field that follows it.
struct Piece {
    literal: Range<usize>,
    field: Option<Field>,
}

/// The next piece from `at` on, and where it ends. None: the end.
fn next_piece(th: Th, s: &[u8], mut at: usize, end: usize) -> R<Option<(Piece, usize)>> {
    if at >= end {
        return Ok(None);
    }
    let start = at;
    let mut c = 0;
    let mut markup = false;
    while at < end {
        c = s[at];
        at += 1;
        if c == b'{' || c == b'}' {
            markup = true;
            break;
        }
    }
    let at_end = at >= end;
    let mut literal = start..at;
    if c == b'}' && (at_end || s[at] != c) {
        return Err(th.value_error("Single '}' encountered in format string"));
    }
    if at_end && c == b'{' {
        return Err(th.value_error("Single '{' encountered in format string"));
    }
    if !at_end && markup {
        if s[at] == c {
            // An escaped brace: literal text up to and including the first.
            at += 1;
            markup = false;
        } else {
            literal.end -= 1;
        }
    }
    if !markup {
        return Ok(Some((Piece { literal, field: None }, at)));
    }
    let (field, at) = parse_field(th, s, at, end)?;
    Ok(Some((Piece { literal, field: Some(field) }, at)))
}

fn parse_field(th: Th, s: &[u8], mut at: usize, end: usize) -> R<(Field, usize)> {
    let start = at;
    let mut c = 0;
    while at < end {
        c = s[at];
        at += 1;
        match c {
            b'{' => return Err(th.value_error("unexpected '{' in field name")),
            b'[' => {
                while at < end && s[at] != b']' {
                    at += 1;
                }
            }
            b'}' | b':' | b'!' => break,
            _ => {}
        }
    }
    if !matches!(c, b'}' | b':' | b'!') || at == start {
        return Err(th.value_error("expected '}' before end of string"));
    }
    let mut f = Field { name: start..at - 1, spec: at..at, nested: false, conversion: None };
    if c == b'}' {
        return Ok((f, at));
    }
    if c == b'!' {
        if at >= end {
            return Err(th.value_error("end of string while looking for conversion specifier"));
        }
        let (conv, n) = wtf8::decode(s, at);
        f.conversion = Some(conv);
        at += n;
        if at < end {
            c = s[at];
            at += 1;
            if c == b'}' {
                f.spec = at..at;
                return Ok((f, at));
            }
            if c != b':' {
                return Err(th.value_error("expected ':' after conversion specifier"));
            }
        }
    }
    let start = at;
    let mut depth = 1;
    while at < end {
        match s[at] {
            b'{' => {
                f.nested = true;
                depth += 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    f.spec = start..at;
                    return Ok((f, at + 1));
                }
            }
            _ => {}
        }
        at += 1;
    }
    Err(th.value_error("unmatched '{' in format spec"))
}

/// A decimal number; None: it is none.
fn integer(th: Th, s: &[u8]) -> R<Option<i64>> {
    if s.is_empty() {
        return Ok(None);
    }
    let mut n = 0i64;
    for c in wtf8::chars(s) {
        let Some(d) = unicode::decimal(c) else { return Ok(None) };
        match n.checked_mul(10).and_then(|n| n.checked_add(d as i64)) {
            Some(x) => n = x,
            None => return Err(th.value_error("Too many decimal digits in format string")),
        }
    }
    Ok(Some(n))
}
/// The part of a field name up to the first `.` or `[`.
fn first_part(s: &[u8]) -> usize {
    s.iter().position(|c| matches!(c, b'.' | b'[')).unwrap_or(s.len())
}

/// One step of the rest of a field name.
enum Access<'a> {
    Attr(&'a [u8]),
    Index(i64),
    Key(&'a [u8]),
}
fn next_access<'a>(th: Th, s: &'a [u8], at: usize) -> R<Option<(Access<'a>, usize)>> {
    let Some(&c) = s.get(at) else { return Ok(None) };
    let rest = &s[at + 1..];
    let (a, n, used) = match c {
        b'.' => {
            let n = first_part(rest);
            (Access::Attr(&rest[..n]), n, n + 1)
        }
        b'[' => {
            let Some(n) = rest.iter().position(|c| *c == b']') else {
                return Err(th.value_error("Missing ']' in format string"));
            };
            let name = &rest[..n];
            (integer(th, name)?.map_or(Access::Key(name), Access::Index), n, n + 2)
        }
        _ => {
            return Err(th.value_error("Only '.' or '[' may follow ']' in format field specifier"));
        }
    };
    if n == 0 {
        return Err(th.value_error("Empty attribute in format string"));
    }
    Ok(Some((a, at + used)))
}

/// Where the values of fields come from.
#[derive(Clone, Copy)]
enum Values {
    /// The arguments of `format`, and those by name again if they are many.
    Args(RawArgs, Option<Gc<Dict>>),
    /// The mapping of `format_map`.
    Mapping(Value),
}
/// So many names are looked through one by one.
const FEW_NAMES: usize = 8;

impl Values {
    fn args(th: Th, a: RawArgs) -> R<Values> {
        if a.nkw() <= FEW_NAMES {
            return Ok(Values::Args(a, None));
        }
        let d = Gc::<Dict>::with_capacity(th, a.nkw());
        for (k, v) in a.keywords() {
            d.set(th, k, v)?;
        }
        Ok(Values::Args(a, Some(d)))
    }
    fn named(self, th: Th, name: &[u8]) -> R<Value> {
        if let Values::Args(a, None) = self
            && let Some((_, v)) =
                a.keywords().find(|(k, _)| k.cast::<Str>().is_some_and(|k| k.bytes() == name))
        {
            return Ok(v);
        }
        let key = th.try_str(name)?;
        match self {
            Values::Args(_, None) => Err(th.key_error(key)),
            Values::Args(_, Some(d)) => th.getitem(d.value(), key),
            Values::Mapping(m) => th.getitem(m, key),
        }
    }
}

/// What fields are replaced by. On the native stack.
struct Source {
    th: Th,
    values: Values,
    numbering: Numbering,
}

impl Source {
    fn lookup(&mut self, name: &[u8]) -> R<Value> {
        let th = self.th;
        let n = first_part(name);
        let (first, rest) = name.split_at(n);
        let mut index = integer(th, first)?;
        if first.is_empty() || index.is_some() {
            let want = if first.is_empty() { State::Auto } else { State::Manual };
            if self.numbering.state == State::Unknown {
                self.numbering.state = want;
            }
            if self.numbering.state != want {
                return Err(th.value_error(if want == State::Auto {
                    "cannot switch from manual field specification to automatic field numbering"
                } else {
                    "cannot switch from automatic field numbering to manual field specification"
                }));
            }
            if first.is_empty() {
                index = Some(self.numbering.next);
                self.numbering.next += 1;
            }
        }
        let mut o = match (index, self.values) {
            (None, values) => values.named(th, first)?,
            (Some(_), Values::Mapping(_)) => {
                return Err(th.value_error("Format string contains positional fields"));
            }
            (Some(i), Values::Args(args, _)) => match args.pos().get(i as usize) {
                Some(v) => *v,
                None => {
                    return Err(th.index_error(format!(
                        "Replacement index {i} out of range for positional args tuple"
                    )));
                }
            },
        };
        let mut at = 0;
        while let Some((a, next)) = next_access(th, rest, at)? {
            o = match a {
                Access::Attr(n) => th.getattr(o, th.try_str(n)?)?,
                Access::Key(n) => th.getitem(o, th.try_str(n)?)?,
                Access::Index(i) => th.getitem(o, th.int(i))?,
            };
            at = next;
        }
        Ok(o)
    }

    fn build(&mut self, s: &[u8], range: Range<usize>, depth: u32, out: &mut Vec<u8>) -> R<()> {
        let th = self.th;
        if depth == 0 {
            return Err(th.value_error("Max string recursion exceeded"));
        }
        let mut at = range.start;
        while let Some((p, next)) = next_piece(th, s, at, range.end)? {
            at = next;
            out.extend_from_slice(&s[p.literal]);
            let Some(f) = p.field else { continue };
            let mut o = self.lookup(&s[f.name])?;
            if let Some(c) = f.conversion {
                o = convert(th, o, c)?;
            }
            if f.nested {
                let spec = scratch::with(|buf| {
                    self.build(s, f.spec, depth - 1, buf)?;
                    th.try_str(buf)
                })?;
                render(th, o, spec, out)?;
            } else if f.spec.is_empty() {
                render_plain(th, o, out)?;
            } else {
                render(th, o, th.try_str(&s[f.spec])?, out)?;
            }
        }
        Ok(())
    }
}

fn render_plain(th: Th, o: Value, out: &mut Vec<u8>) -> R<()> {
    if let Some(s) = o.exact::<Str>() {
        adder_text::room::append(out, s.bytes());
        return Ok(());
    }
    if let Some(n) = o.as_fix() {
        let mut buf = [0; 20];
        let i = int::digits_of(n, &mut buf);
        out.extend_from_slice(&buf[i..]);
        return Ok(());
    }
    render(th, o, Root::empty_str.value(), out)
}
fn render(th: Th, o: Value, spec: Value, out: &mut Vec<u8>) -> R<()> {
    let r = ops::format(th, o, spec)?;
    adder_text::room::append(out, r.cast::<Str>().expect("format gives a str").bytes());
    Ok(())
}
fn convert(th: Th, o: Value, c: u32) -> R<Value> {
    match u8::try_from(c) {
        Ok(b'r') => th.repr(o),
        Ok(b's') => th.to_str(o),
        Ok(b'a') => str_methods::ascii(th, o),
        _ => Err(unknown_conversion(th, c)),
    }
}
#[cold]
fn unknown_conversion(th: Th, c: u32) -> Raised {
    th.value_error(match c {
        33..=126 => format!("Unknown conversion specifier {}", c as u8 as char),
        _ => format!("Unknown conversion specifier \\x{c:x}"),
    })
}

/// `s.format(*args, **kwargs)`.
pub fn format(th: Th, s: Gc<Str>, args: RawArgs) -> R<Value> {
    run(th, s, Values::args(th, args)?)
}
/// `s.format_map(mapping)`.
pub fn format_map(th: Th, s: Gc<Str>, mapping: Value) -> R<Value> {
    run(th, s, Values::Mapping(mapping))
}
fn run(th: Th, s: Gc<Str>, values: Values) -> R<Value> {
    let mut source = Source { th, values, numbering: Numbering { state: State::Unknown, next: 0 } };
    scratch::with(|out| {
        source.build(s.bytes(), 0..s.nbytes as usize, 2, out)?;
        th.try_str(out)
    })
}

// -- module _string

/// Position in a format string, or in a field name.
#[repr(C)]
struct StringIter {
    h: Header,
    text: SlotOf<Str>,
    at: AtomicU64,
}
const ITER: NativeType = NativeType {
    kind: Kind::Native,
    size: size_of::<StringIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const StringIter)).text.as_ptr()) }),
    ..NativeType::DEFAULT
};
static FORMATTER_ITER_TYPE: NativeType = NativeType {
    name: "formatteriterator",
    slots: Slots { iter: Some(|_, v| Ok(v)), iternext: Some(next_markup), ..Slots::NONE },
    ..ITER
};
static FORMATTER_ITER: TypeCell = TypeCell::new(&FORMATTER_ITER_TYPE);
static FIELD_NAME_ITER_TYPE: NativeType = NativeType {
    name: "fieldnameiterator",
    slots: Slots { iter: Some(|_, v| Ok(v)), iternext: Some(next_field_access), ..Slots::NONE },
    ..ITER
};
static FIELD_NAME_ITER: TypeCell = TypeCell::new(&FIELD_NAME_ITER_TYPE);

fn string_iter(th: Th, cell: &'static TypeCell, s: Gc<Str>, at: usize) -> R<Value> {
    let o = super::object::new_instance(th, th.make_type(cell))?;
    let it: Gc<StringIter> = unsafe { o.cast_unchecked() };
    th.store(it, &it.text, s);
    it.at.store(at as u64, Relaxed);
    Ok(o)
}
fn iter_state(v: Value) -> (Gc<StringIter>, Gc<Str>) {
    let it: Gc<StringIter> = unsafe { v.cast_unchecked() };
    (it, it.text.gc())
}
fn next_markup(th: Th, v: Value) -> R<Option<Value>> {
    let (it, s) = iter_state(v);
    let Some((p, next)) = next_piece(th, s.bytes(), it.at.load(Relaxed) as usize, s.nbytes as usize)? else {
        return Ok(None);
    };
    it.at.store(next as u64, Relaxed);
    let literal = th.try_str(&s.bytes()[p.literal])?;
    let t = match p.field {
        None => [literal, NONE(), NONE(), NONE()],
        Some(f) => {
            let conv = f.conversion.map_or(Ok(NONE()), |c| th.char(c))?;
            [literal, th.try_str(&s.bytes()[f.name])?, th.try_str(&s.bytes()[f.spec])?, conv]
        }
    };
    th.try_tuple(&t).map(Some)
}
fn next_field_access(th: Th, v: Value) -> R<Option<Value>> {
    let (it, s) = iter_state(v);
    let Some((a, next)) = next_access(th, s.bytes(), it.at.load(Relaxed) as usize)? else { return Ok(None) };
    it.at.store(next as u64, Relaxed);
    let t = match a {
        Access::Attr(n) => [TRUE(), th.try_str(n)?],
        Access::Key(n) => [FALSE(), th.try_str(n)?],
        Access::Index(i) => [FALSE(), th.int(i)],
    };
    th.try_tuple(&t).map(Some)
}

fn text_arg(th: Th, v: Value) -> R<Gc<Str>> {
    match v.cast::<Str>() {
        Some(s) => Ok(s),
        None => Err(th.type_error(format!("expected str, got {}", th.type_name_of(v)))),
    }
}
pub static STRING_MODULE: NativeModule = NativeModule {
    name: "_string",
    doc: "string helper module",
    functions: &[
        function(
            "formatter_field_name_split",
            "!($module, object, /)",
            "split the argument as a field name",
            |th, a| {
                let s = text_arg(th, a[0].unwrap())?;
                let n = first_part(s.bytes());
                let first = match integer(th, &s.bytes()[..n])? {
                    Some(i) => th.int(i),
                    None => th.try_str(&s.bytes()[..n])?,
                };
                let rest = string_iter(th, &FIELD_NAME_ITER, s, n)?;
                th.try_tuple(&[first, rest])
            },
        ),
        function(
            "formatter_parser",
            "!($module, object, /)",
            "parse the argument as a format string",
            |th, a| string_iter(th, &FORMATTER_ITER, text_arg(th, a[0].unwrap())?, 0),
        ),
    ],
    types: &[],
    init: None,
};
