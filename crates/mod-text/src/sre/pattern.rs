//! `re.Pattern`: a compiled program with its methods.
//!
//! # Invariants
//! - `Pattern::program` is a box that the object owns, set in the function that makes it, never changed, and freed
//!   with it.
//! - `groupindex` is a dict, `last_template` null or a template.

use super::matched::{self, new_match};
use super::scanner;
use super::text::Text;
use super::{Lent, replace, run};
use crate::common::{arg, bad_argument};
use crate::native_layout;
use adder_sre::{Program, Scanner};
use adder_vm::builtins::{self, buffer, dict, list, object::new_instance, scratch, str_, typing};
use adder_vm::err::{R, Raised};
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

/// What kind of text the pattern matches.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Of {
    Str,
    Bytes,
    /// Made without a source.
    Any,
}

native_layout! { pub Pattern {
    pattern, groupindex: Dict, indexgroup: Tuple, flags, groups,
    // The last replacement that was compiled for `sub`, and what it gave.
    last_repl, last_template: super::replace::Template;
    program: *const Program, of: Of
} }

static PATTERN_TYPE: NativeType = NativeType {
    name: "re.Pattern",
    kind: Kind::Native,
    size: Pattern::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Compiled regular expression object.",
    slots: Slots { repr: Some(repr), hash: Some(hash), richcompare: Some(compare), ..Slots::NONE },
    methods: &[
        method(
            "match",
            "($self, /, string, pos=0, endpos=sys.maxsize)",
            "Matches zero or more characters at the beginning of the string.",
            |th, a| find(th, a, How::Match),
        ),
        method(
            "fullmatch",
            "($self, /, string, pos=0, endpos=sys.maxsize)",
            "Matches against all of the string.",
            |th, a| find(th, a, How::Full),
        ),
        method(
            "search",
            "($self, /, string, pos=0, endpos=sys.maxsize)",
            "Scan through string looking for a match, and return a corresponding match object instance.\n\nReturn None if no position in the string matches.",
            |th, a| find(th, a, How::Search),
        ),
        method(
            "sub",
            "($self, /, repl, string, count=0)",
            "Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl.",
            |th, a| Ok(replace::sub(th, Pattern::of(arg(a, 0)), arg(a, 1), arg(a, 2), a[3])?.0),
        ),
        method(
            "subn",
            "($self, /, repl, string, count=0)",
            "Return the tuple (new_string, number_of_subs_made) found by replacing the leftmost non-overlapping occurrences of pattern with the replacement repl.",
            |th, a| {
                let (s, n) = replace::sub(th, Pattern::of(arg(a, 0)), arg(a, 1), arg(a, 2), a[3])?;
                th.try_tuple(&[s, Value::fix(n as i64)])
            },
        ),
        method(
            "findall",
            "($self, /, string, pos=0, endpos=sys.maxsize)",
            "Return a list of all non-overlapping matches of pattern in string.",
            findall,
        ),
        method(
            "split",
            "($self, /, string, maxsplit=0)",
            "Split string by the occurrences of pattern.",
            split,
        ),
        method(
            "finditer",
            "($self, /, string, pos=0, endpos=sys.maxsize)",
            "Return an iterator over all non-overlapping matches for the RE pattern in string.\n\nFor each match, the iterator returns a match object.",
            |th, a| {
                let s = scanner::new(th, Pattern::of(arg(a, 0)), arg(a, 1), a[2], a[3])?;
                let f = th.getattr(s, th.intern("search"))?;
                Ok(builtins::call_iter::new(th, f, NONE()))
            },
        ),
        method("scanner", "($self, /, string, pos=0, endpos=sys.maxsize)", "", |th, a| {
            scanner::new(th, Pattern::of(arg(a, 0)), arg(a, 1), a[2], a[3])
        }),
        method("__copy__", "($self, /)", "", |_, a| Ok(arg(a, 0))),
        method("__deepcopy__", "($self, memo, /)", "", |_, a| Ok(arg(a, 0))),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Patterns are generic over the type of string they handle (str or bytes)",
            |th, a| typing::generic_alias(th, arg(a, 0), arg(a, 1)),
        ),
    ],
    getset: &[getter("groupindex", "A dictionary mapping group names to group numbers.", |th, o| {
        let p = Pattern::of(o);
        let d: Gc<Dict> = p.groupindex.gc();
        // Nothing to protect in an empty dict that nobody else has.
        let d = if d.is_empty() { Gc::<Dict>::new(th) } else { d };
        Ok(dict::mapping_proxy(th, d.value()))
    })],
    members: &[
        MemberDef {
            name: "pattern",
            doc: "The pattern string from which the RE object was compiled.",
            offset: offset_of!(Pattern, pattern) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "flags",
            doc: "The regex matching flags.",
            offset: offset_of!(Pattern, flags) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "groups",
            doc: "The number of capturing groups in the pattern.",
            offset: offset_of!(Pattern, groups) as u32,
            flags: member::READONLY,
        },
    ],
    trace: Some(Pattern::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const Pattern)).program;
        if !p.is_null() {
            drop(Box::from_raw(p as *mut Program));
        }
    }),
    ..NativeType::DEFAULT
};
pub static PATTERN: TypeCell = TypeCell::new(&PATTERN_TYPE);

impl Pattern {
    #[inline]
    pub fn program(&self) -> &Program {
        unsafe { &*self.program }
    }
    /// The subject, if it is of the pattern's kind.
    #[inline]
    pub fn subject(&self, th: Th, o: Value) -> R<Text> {
        let t = Text::new(th, o)?;
        if (self.of == Of::Bytes && t.is_str()) || (self.of == Of::Str && !t.is_str()) {
            return Err(self.wrong_kind(th));
        }
        Ok(t)
    }
    #[cold]
    fn wrong_kind(&self, th: Th) -> Raised {
        th.type_error(if self.of == Of::Str {
            "cannot use a string pattern on a bytes-like object"
        } else {
            "cannot use a bytes pattern on a string-like object"
        })
    }
}

/// Bounds as given, clamped to the text: characters and bytes.
pub struct Bounds {
    pub pos: usize,
    pub endpos: usize,
    pub from: usize,
    pub to: usize,
}

/// An index argument as `Py_ssize_t`.
fn ssize(th: Th, v: Option<Value>, default: i64) -> R<i64> {
    v.map_or(Ok(default), |v| th.index_i64(v))
}
pub fn bounds(th: Th, t: &Text, pos: Option<Value>, endpos: Option<Value>) -> R<Bounds> {
    let n = t.chars();
    if pos.is_none() && endpos.is_none() {
        return Ok(Bounds { pos: 0, endpos: n, from: 0, to: t.bytes().len() });
    }
    let pos = ssize(th, pos, 0)?.clamp(0, n as i64) as usize;
    let endpos = ssize(th, endpos, i64::MAX)?.clamp(0, n as i64) as usize;
    Ok(Bounds { pos, endpos, from: t.offset(th, pos), to: t.offset(th, endpos) })
}
/// The bounds are read before the text: their `__index__` may change it.
fn check_bounds(th: Th, a: &[Option<Value>]) -> R<[Option<Value>; 2]> {
    let mut out = [None; 2];
    for (o, v) in out.iter_mut().zip(&a[2..4]) {
        if let Some(v) = *v {
            *o = Some(if v.is_fix() { v } else { th.int(th.index_i64(v)?) });
        }
    }
    Ok(out)
}

// -- compile

const FLAG_NAMES: [(&str, i64); 8] = [
    ("re.IGNORECASE", 2),
    ("re.LOCALE", 4),
    ("re.MULTILINE", 8),
    ("re.DOTALL", 16),
    ("re.UNICODE", 32),
    ("re.VERBOSE", 64),
    ("re.DEBUG", 128),
    ("re.ASCII", 256),
];
const UNICODE_FLAG: i64 = 32;

pub fn compile(th: Th, a: &[Option<Value>]) -> R<Value> {
    let [pattern, flags, code, groups, groupindex, indexgroup] = [0, 1, 2, 3, 4, 5].map(|i| arg(a, i));
    let flags = th.index_i64(flags)?;
    let Some(code) = code.cast::<List>() else {
        return Err(bad_argument(th, "compile", "'code'", "list", code));
    };
    let groups = th.index_i64(groups)?;
    let Some(groupindex) = groupindex.cast::<Dict>() else {
        return Err(bad_argument(th, "compile", "'groupindex'", "dict", groupindex));
    };
    let Some(indexgroup) = indexgroup.cast::<Tuple>() else {
        return Err(bad_argument(th, "compile", "'indexgroup'", "tuple", indexgroup));
    };
    let mut codes = Vec::with_capacity(code.len());
    let mut i = 0;
    while let Some(v) = code.get(i) {
        i += 1;
        let n = if builtins::int::is_int(v) {
            builtins::int::to_i64(v)
        } else {
            return Err(th.type_error("an integer is required"));
        };
        match n.and_then(|n| u32::try_from(n).ok()) {
            Some(n) => codes.push(n),
            None => return Err(th.overflow_error("regular expression code size limit exceeded")),
        }
    }
    let of = match pattern.some() {
        None => Of::Any,
        Some(p) if Text::new(th, p)?.is_str() => Of::Str,
        Some(_) => Of::Bytes,
    };
    let program = u32::try_from(groups).ok().and_then(|g| Program::new(codes, g).ok());
    let Some(program) = program else { return Err(th.runtime_error("invalid SRE code")) };
    // Names of groups become keys of dictionaries, where the program looks for them by constants of its own.
    let names = Gc::<Dict>::new(th);
    let mut i = 0;
    while let Some((next, k, v)) = groupindex.next_entry(i) {
        i = next;
        names.set(th, k.exact::<Str>().map_or(k, |s| th.intern_value(s)), v)?;
    }
    let flags = th.int(flags);
    let o = new_instance(th, PATTERN.get())?;
    let p = Pattern::of(o);
    th.store(p, &p.pattern, pattern);
    th.store(p, &p.groupindex, names);
    th.store(p, &p.indexgroup, indexgroup);
    th.store(p, &p.flags, flags);
    th.store(p, &p.groups, Value::fix(groups));
    // SAFETY: nobody else has it yet, nothing is allocated since it was made.
    unsafe {
        (*p.as_ptr()).of = of;
        (*p.as_ptr()).program = Box::into_raw(Box::new(program));
    }
    Ok(o)
}

// -- as an object

fn repr(th: Th, o: Value) -> R<Value> {
    let p = Pattern::of(o);
    let mut flags = builtins::int::to_i64(p.flags.value()).unwrap_or(0);
    if p.of != Of::Bytes && flags & (4 | UNICODE_FLAG | 256) == UNICODE_FLAG {
        flags &= !UNICODE_FLAG;
    }
    let source = th.repr(p.pattern.value())?;
    scratch::with(|out| {
        out.extend_from_slice(b"re.compile(");
        let s: Gc<Str> = source.known();
        let end = if s.len() > 200 { str_::offset(th, s, 200) } else { s.bytes().len() };
        out.extend_from_slice(&s.bytes()[..end]);
        let mut sep = ", ";
        for (name, bit) in FLAG_NAMES {
            if flags & bit != 0 {
                out.extend_from_slice(sep.as_bytes());
                out.extend_from_slice(name.as_bytes());
                sep = "|";
                flags &= !bit;
            }
        }
        if flags != 0 {
            out.extend_from_slice(format!("{sep}0x{flags:x}").as_bytes());
        }
        out.push(b')');
        th.try_str(out)
    })
}
fn hash(th: Th, o: Value) -> R<i64> {
    let p = Pattern::of(o);
    let codes = p.program().codes();
    let raw: Vec<u8> = codes.iter().flat_map(|c| c.to_ne_bytes()).collect();
    let h = str_::hash_bytes(&raw)
        ^ th.hash(p.pattern.value())?
        ^ builtins::int::to_i64(p.flags.value()).unwrap_or(0)
        ^ p.of as i64
        ^ p.program().groups() as i64;
    Ok(if h == -1 { -2 } else { h })
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) || th.type_of(a) != th.type_of(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (p, q) = (Pattern::of(a), Pattern::of(b));
    let same = a.is(b)
        || (th.eq(p.flags.value(), q.flags.value())?
            && p.of == q.of
            && p.program().groups() == q.program().groups()
            && p.program().codes() == q.program().codes()
            && th.eq(p.pattern.value(), q.pattern.value())?);
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}

// -- matching

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    Search,
    Match,
    Full,
}

fn find(th: Th, a: &[Option<Value>], how: How) -> R<Value> {
    let p = Pattern::of(arg(a, 0));
    let [pos, endpos] = check_bounds(th, a)?;
    let t = p.subject(th, arg(a, 1))?;
    let b = bounds(th, &t, pos, endpos)?;
    let mut state = Lent::get();
    let prog = p.program();
    let found = run(th, |env| match how {
        How::Search if b.from > b.to => Ok(false),
        How::Search => prog.search(&mut state, t.subject(), b.from, b.to, false, env),
        _ => prog.match_at(&mut state, t.subject(), b.from, b.to, how == How::Full, false, env),
    })?;
    if found { new_match(th, p, t.obj, &state, b.pos, b.endpos) } else { Ok(NONE()) }
}

fn findall(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = Pattern::of(arg(a, 0));
    let [pos, endpos] = check_bounds(th, a)?;
    let t = p.subject(th, arg(a, 1))?;
    let b = bounds(th, &t, pos, endpos)?;
    let mut state = Lent::get();
    let prog = p.program();
    let groups = prog.groups();
    let mut scan = Scanner::new(b.from, b.to);
    let out = list::new(th, &[])?;
    while run(th, |env| scan.search(prog, &mut state, t.subject(), env))? {
        let item = match groups {
            0 => {
                let (s, e) = state.span();
                t.slice(th, s..e)?
            }
            1 => group_or_empty(th, &t, matched::group_span(th, &state, 1)?)?,
            n => {
                let mut g = Gather::new();
                for i in 1..=n {
                    g.push(th, group_or_empty(th, &t, matched::group_span(th, &state, i)?)?)?;
                }
                th.try_tuple(g.as_slice())?
            }
        };
        list::append(th, out, item)?;
    }
    Ok(out.value())
}
fn group_or_empty(th: Th, t: &Text, span: Option<(usize, usize)>) -> R<Value> {
    let (s, e) = span.unwrap_or((0, 0));
    t.slice(th, s..e)
}

fn split(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = Pattern::of(arg(a, 0));
    let max = ssize(th, a[2], 0)?;
    let t = p.subject(th, arg(a, 1))?;
    let mut state = Lent::get();
    let prog = p.program();
    let groups = prog.groups();
    let mut scan = Scanner::new(0, t.bytes().len());
    let out = list::new(th, &[])?;
    let (mut last, mut n) = (0, 0);
    while (max == 0 || n < max) && run(th, |env| scan.search(prog, &mut state, t.subject(), env))? {
        let (s, e) = state.span();
        list::append(th, out, t.slice(th, last..s)?)?;
        for i in 1..=groups {
            let item = match matched::group_span(th, &state, i)? {
                Some((s, e)) => t.slice(th, s..e)?,
                None => NONE(),
            };
            list::append(th, out, item)?;
        }
        last = e;
        n += 1;
    }
    list::append(th, out, t.slice(th, last..t.bytes().len())?)?;
    Ok(out.value())
}

/// Whether this is a buffer but not a str.
pub fn is_buffer(th: Th, v: Value) -> bool {
    !v.is_kind(Kind::Str) && buffer::is_buffer(th, v)
}
