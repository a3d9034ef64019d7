//! `_csv`: dialects and their registry here, reading in `reader`, writing in `writer`.
//!
//! # Invariants
//! - `Dialect`'s `aux` is the registry, a dict, from the module's start; nothing of Python's reaches the slot.
//! - Plain fields of a dialect are written when it is made, before anybody else has it; `lineterminator` is a `str`.

mod reader;
mod writer;

use crate::common::{arg, make};
use crate::native_layout;
use adder_text::wtf8;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{int, list};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

pub static MODULE: NativeModule = NativeModule {
    name: "_csv",
    doc: "CSV parsing and writing.\n",
    functions: &[
        raw_function(
            "reader",
            "($module, iterable, /, dialect='excel', **fmtparams)",
            "Return a reader object that will process lines from the given iterable.\n\nThe \"iterable\" argument can be any object that returns a line\nof input for each iteration, such as a file object or a list.  The\noptional \"dialect\" argument defines a CSV dialect.  The function\nalso accepts optional keyword arguments which override settings\nprovided by the dialect.\n\nThe returned object is an iterator.  Each iteration returns a row\nof the CSV file (which can span multiple input lines).\n",
            reader::new,
        ),
        raw_function(
            "writer",
            "($module, fileobj, /, dialect='excel', **fmtparams)",
            "Return a writer object that will write user data on the given file object.\n\nThe \"fileobj\" argument can be any object that supports the file API.\nThe optional \"dialect\" argument defines a CSV dialect.  The function\nalso accepts optional keyword arguments which override settings\nprovided by the dialect.\n",
            writer::new,
        ),
        function("list_dialects", "($module, /)", "Return a list of all known dialect names.", |th, _| {
            Ok(list::from_iterable(th, registry().value())?.value())
        }),
        raw_function(
            "register_dialect",
            "($module, name, /, dialect='excel', **fmtparams)",
            "Create a mapping from a string name to a CVS dialect.\n\nThe optional \"dialect\" argument specifies the base dialect instance\nor the name of the registered dialect.  The function also accepts\noptional keyword arguments which override settings provided by the\ndialect.\n",
            |th, a| {
                let (name, dialect) = first_and_dialect(th, "register_dialect", a)?;
                if !name.is_kind(Kind::Str) {
                    return Err(th.type_error("dialect name must be a string"));
                }
                let d = call_dialect(th, dialect, a)?;
                registry().set(th, name, d)?;
                Ok(NONE())
            },
        ),
        function(
            "unregister_dialect",
            "($module, /, name)",
            "Delete the name/dialect mapping associated with a string name.",
            |th, a| match registry().remove(th, arg(a, 0))? {
                Some(_) => Ok(NONE()),
                None => Err(unknown(th)),
            },
        ),
        function(
            "get_dialect",
            "($module, /, name)",
            "Return the dialect instance associated with name.",
            |th, a| registered(th, arg(a, 0)),
        ),
        function(
            "field_size_limit",
            "($module, /, new_limit=<unrepresentable>)",
            "Sets an upper limit on parsed fields.\n\nReturns old limit. If limit is not given, no new limit is set and\nthe old limit is returned",
            |th, a| {
                let old = LIMIT.load(Relaxed);
                if let Some(n) = a[0] {
                    if !int::is_exact(n) {
                        return Err(th.type_error("limit must be an integer"));
                    }
                    LIMIT.store(th.index_i64(n)?, Relaxed);
                }
                Ok(th.int(old))
            },
        ),
    ],
    types: &[&DIALECT, &ERROR],
    init: Some(|th, m| {
        let d = Gc::<Dict>::new(th).value();
        th.store(DIALECT.get(), &DIALECT.get().aux, d);
        m.put(th, "_dialects", d)?;
        m.put(th, "Reader", th.make_type(&reader::READER).value())?;
        m.put(th, "Writer", th.make_type(&writer::WRITER).value())?;
        for (name, q) in [
            ("QUOTE_MINIMAL", Quoting::Minimal),
            ("QUOTE_ALL", Quoting::All),
            ("QUOTE_NONNUMERIC", Quoting::NonNumeric),
            ("QUOTE_NONE", Quoting::None),
            ("QUOTE_STRINGS", Quoting::Strings),
            ("QUOTE_NOTNULL", Quoting::NotNull),
        ] {
            m.put(th, name, Value::fix(q as i64))?;
        }
        Ok(())
    }),
};

pub static ERROR: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "_csv.Error",
        kind: Kind::BaseException,
        size: size_of::<BaseException>() as u32,
        flags: tflags::BASETYPE | tflags::BASE_EXC_SUBCLASS | tflags::HAS_DICT | tflags::SHOWN_AS_HEAP,
        base: Some(&exc::EXCEPTION),
        ..NativeType::DEFAULT
    };
    T
});
#[cold]
fn error(th: Th, msg: &str) -> Raised {
    th.raise_msg(&ERROR, msg)
}

/// Longest field that a reader accepts, in characters.
static LIMIT: AtomicI64 = AtomicI64::new(128 * 1024);

// -- registry

fn registry() -> Gc<Dict> {
    unsafe { DIALECT.get().aux.gc() }
}
#[cold]
fn unknown(th: Th) -> Raised {
    error(th, "unknown dialect")
}
fn registered(th: Th, name: Value) -> R<Value> {
    registry().get(th, name)?.ok_or_else(|| unknown(th))
}

// -- dialects

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Quoting {
    Minimal,
    All,
    NonNumeric,
    None,
    Strings,
    NotNull,
}

/// "There is no such character."
pub const NOT_SET: u32 = u32::MAX;

/// Bits of `Dialect::marks`: bytes that may mean something to the reader, to the writer.
pub const READ: u8 = 1;
pub const WRITE: u8 = 2;

native_layout! { pub Dialect {
    lineterminator: Str, doublequote_slot, skip_slot, strict_slot;
    delimiter: u32, quotechar: u32, escapechar: u32, quoting: Quoting, doublequote: bool, skip: bool, strict: bool,
    marks: [u8; 256]
} }

const fn flag(name: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc: "", offset: offset as u32, flags: member::READONLY }
}
static DIALECT_TYPE: NativeType = NativeType {
    name: "_csv.Dialect",
    kind: Kind::Native,
    size: Dialect::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "CSV dialect\n\nThe Dialect type records CSV parsing and generation options.\n",
    slots: Slots { new: Some(new_dialect), ..Slots::NONE },
    methods: &[
        raw_method("__reduce__", "!!($self, /)", "raises an exception to avoid pickling", no_pickle),
        raw_method(
            "__reduce_ex__",
            "!!($self, protocol, /)",
            "raises an exception to avoid pickling",
            no_pickle,
        ),
    ],
    getset: &[
        getter("delimiter", "", |th, o| character(th, Dialect::of(o).delimiter)),
        getter("escapechar", "", |th, o| character(th, Dialect::of(o).escapechar)),
        getter("lineterminator", "", |_, o| Ok(Dialect::of(o).lineterminator.value())),
        getter("quotechar", "", |th, o| character(th, Dialect::of(o).quotechar)),
        getter("quoting", "", |_, o| Ok(Value::fix(Dialect::of(o).quoting as i64))),
    ],
    members: &[
        flag("skipinitialspace", offset_of!(Dialect, skip_slot)),
        flag("doublequote", offset_of!(Dialect, doublequote_slot)),
        flag("strict", offset_of!(Dialect, strict_slot)),
    ],
    trace: Some(Dialect::trace),
    ..NativeType::DEFAULT
};
pub static DIALECT: TypeCell = TypeCell::new(&DIALECT_TYPE);

fn no_pickle(th: Th, a: RawArgs) -> R<Value> {
    let t = th.type_of(a.pos()[0]);
    Err(th.type_error(format!("cannot pickle '{}' instances", t.name_str())))
}
fn character(th: Th, c: u32) -> R<Value> {
    if c == NOT_SET { Ok(NONE()) } else { th.char(c) }
}

impl Dialect {
    pub fn terminator(&self) -> &[u8] {
        let s: Gc<Str> = self.lineterminator.gc();
        // SAFETY: the slot of a dialect that others have is not written to, so it keeps the string.
        unsafe { &*(s.bytes() as *const [u8]) }
    }
}

const NAMES: [&str; 9] = [
    "dialect",
    "delimiter",
    "doublequote",
    "escapechar",
    "lineterminator",
    "quotechar",
    "quoting",
    "skipinitialspace",
    "strict",
];

fn new_dialect(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let mut v = [None; 9];
    if a.len() + a.nkw() > 9 {
        return Err(
            th.type_error(format!("function takes at most 9 arguments ({} given)", a.len() + a.nkw()))
        );
    }
    for (slot, x) in v.iter_mut().zip(a.pos()) {
        *slot = Some(*x);
    }
    for (k, x) in a.keywords() {
        let k = th.text(k);
        let Some(i) = NAMES.iter().position(|n| *n == k) else {
            return Err(th.type_error(format!("this function got an unexpected keyword argument '{k}'")));
        };
        if v[i].is_some() {
            return Err(th.type_error(format!(
                "argument for function given by name ('{k}') and position ({})",
                i + 1
            )));
        }
        v[i] = Some(x);
    }
    if let Some(mut d) = v[0] {
        if d.is_kind(Kind::Str) {
            d = registered(th, d)?;
        }
        // A dialect is taken as it is if nothing changes.
        if th.isinstance_exact(d, DIALECT.get()) && v[1..].iter().all(Option::is_none) {
            return Ok(d);
        }
        for (i, name) in NAMES.iter().enumerate().skip(1) {
            if v[i].is_none() {
                match th.getattr(d, th.intern(name)) {
                    Ok(x) => v[i] = Some(x),
                    Err(_) => {
                        th.take_exc();
                    }
                }
            }
        }
    }
    build(th, t, &v)
}

fn type_text(th: Th, v: Value) -> String {
    adder_vm::builtins::object::full_type_name(th, th.type_of(v))
}
fn one_char(th: Th, name: &str, v: Option<Value>, default: u32, none: bool) -> R<u32> {
    let Some(v) = v else { return Ok(default) };
    if none && v.is_none() {
        return Ok(NOT_SET);
    }
    let or_none = if none { " or None" } else { "" };
    match v.cast::<Str>() {
        Some(s) if s.len() == 1 => Ok(wtf8::decode(s.bytes(), 0).0),
        Some(s) => Err(th.type_error(format!(
            "\"{name}\" must be a unicode character{or_none}, not a string of length {}",
            s.len()
        ))),
        None => Err(th.type_error(format!(
            "\"{name}\" must be a unicode character{or_none}, not {}",
            type_text(th, v)
        ))),
    }
}

fn build(th: Th, t: Value, v: &[Option<Value>; 9]) -> R<Value> {
    let truth = |v: Option<Value>, default: bool| v.map_or(Ok(default), |v| th.truth(v));
    let delimiter = one_char(th, "delimiter", v[1], b',' as u32, false)?;
    let doublequote = truth(v[2], true)?;
    let escapechar = one_char(th, "escapechar", v[3], NOT_SET, true)?;
    let terminator = match v[4] {
        None => th.str("\r\n"),
        Some(s) if s.is_kind(Kind::Str) => s,
        Some(s) => {
            return Err(
                th.type_error(format!("\"lineterminator\" must be a string, not {}", type_text(th, s)))
            );
        }
    };
    let quotechar = one_char(th, "quotechar", v[5], b'"' as u32, true)?;
    let quoting = match v[6] {
        None => 0,
        Some(q) if !int::is_exact(q) => {
            return Err(th.type_error(format!("\"quoting\" must be an integer, not {}", type_text(th, q))));
        }
        Some(q) => match int::to_i64(q).and_then(|n| i32::try_from(n).ok()) {
            Some(n) => n,
            None => return Err(th.overflow_error("Python int too large to convert to C int")),
        },
    };
    let skip = truth(v[7], false)?;
    let strict = truth(v[8], false)?;
    let mut quoting = match quoting {
        0 => Quoting::Minimal,
        1 => Quoting::All,
        2 => Quoting::NonNumeric,
        3 => Quoting::None,
        4 => Quoting::Strings,
        5 => Quoting::NotNull,
        _ => return Err(th.type_error("bad \"quoting\" value")),
    };
    if v[5].is_some_and(Value::is_none) && v[6].is_none() {
        quoting = Quoting::None;
    }
    if quoting != Quoting::None && quotechar == NOT_SET {
        return Err(th.type_error("quotechar must be set if quoting enabled"));
    }
    let ends: Gc<Str> = terminator.known();
    for (name, c, space) in
        [("delimiter", delimiter, true), ("escapechar", escapechar, !skip), ("quotechar", quotechar, !skip)]
    {
        if c == b'\r' as u32 || c == b'\n' as u32 || (c == b' ' as u32 && !space) {
            return Err(th.value_error(format!("bad {name} value")));
        }
        if wtf8::chars(ends.bytes()).any(|e| e == c) {
            return Err(th.value_error(format!("bad {name} or lineterminator value")));
        }
    }
    for (n1, c1, n2, c2) in [
        ("delimiter", delimiter, "escapechar", escapechar),
        ("delimiter", delimiter, "quotechar", quotechar),
        ("escapechar", escapechar, "quotechar", quotechar),
    ] {
        if c1 == c2 && c1 != NOT_SET {
            return Err(th.value_error(format!("bad {n1} or {n2} value")));
        }
    }
    let o = make(th, t)?;
    let d = Dialect::of(o);
    th.store(d, &d.lineterminator, terminator.known());
    d.doublequote_slot.init(Some(Value::bool(doublequote)));
    d.skip_slot.init(Some(Value::bool(skip)));
    d.strict_slot.init(Some(Value::bool(strict)));
    // SAFETY: nobody else has it yet.
    let x = unsafe { &mut *d.as_ptr() };
    (x.delimiter, x.quotechar, x.escapechar) = (delimiter, quotechar, escapechar);
    (x.quoting, x.doublequote, x.skip, x.strict) = (quoting, doublequote, skip, strict);
    let both = [delimiter, quotechar, escapechar, b'\r' as u32, b'\n' as u32];
    let marks = both.iter().map(|c| (*c, READ | WRITE)).chain(wtf8::chars(ends.bytes()).map(|c| (c, WRITE)));
    for (c, bits) in marks.filter(|m| m.0 != NOT_SET) {
        // Of other characters the first byte: what follows is looked at.
        x.marks[wtf8::encode(c).0[0] as usize] |= bits;
    }
    Ok(o)
}

// -- arguments of reader and writer

/// The first argument and the dialect, of `name(x, dialect=None, **fmtparams)`.
fn first_and_dialect(th: Th, name: &str, a: RawArgs) -> R<(Value, Option<Value>)> {
    adder_vm::builtins::util::arity(th, name, a.len(), 1, 2)?;
    Ok((a.pos()[0], a.pos().get(1).copied()))
}
/// `Dialect(dialect, **fmtparams)`.
fn call_dialect(th: Th, dialect: Option<Value>, a: RawArgs) -> R<Value> {
    let mut g = adder_vm::interp::call::Gather::new();
    if let Some(d) = dialect {
        g.push(th, d)?;
    }
    for (_, v) in a.keywords() {
        g.push(th, v)?;
    }
    th.call_raw(DIALECT.get().value(), RawArgs::with_kw(g.as_slice(), a.kwnames()))
}
