//! `re.Match`.
//!
//! Spans are kept as byte offsets in the object itself when there are few groups and the subject is not huge, else in
//! a raw buffer.
//!
//! # Invariants
//! - `many` is null or holds two words for each group; then `spans` is not used. A group's number is tested against
//!   `groups` before it is looked up, and `groups` is the program's, as spans are.
//! - Plain fields are written when the match is made, before anybody else has it. `re` is a pattern.

use super::pattern::Pattern;
use super::replace;
use super::text::{index_of, slice_of};
use crate::common::arg;
use crate::native_layout;
use adder_sre::State;
use adder_vm::builtins::{int, object::new_instance, scratch, str_, typing};
use adder_vm::err::{R, Raised};
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::mem::offset_of;

/// Groups, group 0 included, whose spans are in the object.
const INLINE: usize = 4;
/// Took no part.
const UNSET: u32 = u32::MAX;

native_layout! { pub Match {
    string, re: Pattern, pos, endpos,
    // RawBuf of pairs of 64-bit offsets, or null.
    many: RawBuf,
    // The tuple of all spans, once asked for.
    regs;
    groups: u32, lastindex: u32, spans: [(u32, u32); INLINE]
} }

static MATCH_TYPE: NativeType = NativeType {
    name: "re.Match",
    kind: Kind::Native,
    size: Match::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    doc: "The result of re.match() and re.search().\nMatch objects always have a boolean value of True.",
    slots: Slots { repr: Some(repr), getitem: Some(|th, o, k| group_of(th, Match::of(o), k)), ..Slots::NONE },
    methods: &[
        raw_method(
            "group",
            "!($self, /, *args)",
            "group([group1, ...]) -> str or tuple.\n    Return subgroup(s) of the match by indices or names.\n    For 0 returns the entire match.",
            group,
        ),
        method(
            "start",
            "($self, group=0, /)",
            "Return index of the start of the substring matched by group.",
            |th, a| Ok(Value::fix(span_arg(th, a)?.0)),
        ),
        method(
            "end",
            "($self, group=0, /)",
            "Return index of the end of the substring matched by group.",
            |th, a| Ok(Value::fix(span_arg(th, a)?.1)),
        ),
        method(
            "span",
            "($self, group=0, /)",
            "For match object m, return the 2-tuple (m.start(group), m.end(group)).",
            |th, a| {
                let (s, e) = span_arg(th, a)?;
                th.try_tuple(&[Value::fix(s), Value::fix(e)])
            },
        ),
        method(
            "groups",
            "($self, /, default=None)",
            "Return a tuple containing all the subgroups of the match, from 1.\n\n  default\n    Is used for groups that did not participate in the match.",
            |th, a| {
                let m = Match::of(arg(a, 0));
                let mut g = Gather::new();
                for i in 1..m.groups as usize {
                    g.push(th, text(th, m, i)?.or(a[1]).unwrap_or(NONE()))?;
                }
                th.try_tuple(g.as_slice())
            },
        ),
        method(
            "groupdict",
            "($self, /, default=None)",
            "Return a dictionary containing all the named subgroups of the match, keyed by the subgroup name.\n\n  default\n    Is used for groups that did not participate in the match.",
            |th, a| {
                let m = Match::of(arg(a, 0));
                let names: Gc<Dict> = pattern(m).groupindex.gc();
                let d = Gc::<Dict>::new(th);
                let mut i = 0;
                while let Some((next, k, _)) = names.next_entry(i) {
                    i = next;
                    let g = index(th, m, k)?;
                    d.set(th, k, text(th, m, g)?.or(a[1]).unwrap_or(NONE()))?;
                }
                Ok(d.value())
            },
        ),
        method(
            "expand",
            "($self, /, template)",
            "Return the string obtained by doing backslash substitution on the string template, as done by the sub() method.",
            |th, a| replace::expand(th, Match::of(arg(a, 0)), arg(a, 1)),
        ),
        method("__copy__", "($self, /)", "", |_, a| Ok(arg(a, 0))),
        method("__deepcopy__", "($self, memo, /)", "", |_, a| Ok(arg(a, 0))),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Matches are generic over the type of string which was matched (str or bytes)",
            |th, a| typing::generic_alias(th, arg(a, 0), arg(a, 1)),
        ),
    ],
    getset: &[
        getter("lastindex", "The integer index of the last matched capturing group.", |_, o| {
            let n = Match::of(o).lastindex;
            Ok(if n == 0 { NONE() } else { Value::fix(n as i64) })
        }),
        getter("lastgroup", "The name of the last matched capturing group.", |_, o| {
            let m = Match::of(o);
            let names: Gc<Tuple> = pattern(m).indexgroup.gc();
            Ok(match m.lastindex as usize {
                0 => NONE(),
                n => names.items().get(n).copied().unwrap_or(NONE()),
            })
        }),
        getter("regs", "", |th, o| {
            let m = Match::of(o);
            if let Some(r) = m.regs.get() {
                return Ok(r);
            }
            let mut g = Gather::new();
            for i in 0..m.groups as usize {
                let (s, e) = chars(th, m, i);
                g.push(th, th.try_tuple(&[Value::fix(s), Value::fix(e)])?)?;
            }
            let r = th.try_tuple(g.as_slice())?;
            th.store(m, &m.regs, r);
            Ok(r)
        }),
    ],
    members: &[
        field("string", "The string passed to match() or search().", offset_of!(Match, string)),
        field("re", "The regular expression object.", offset_of!(Match, re)),
        field(
            "pos",
            "The index into the string at which the RE engine started looking for a match.",
            offset_of!(Match, pos),
        ),
        field(
            "endpos",
            "The index into the string beyond which the RE engine will not go.",
            offset_of!(Match, endpos),
        ),
    ],
    trace: Some(Match::trace),
    ..NativeType::DEFAULT
};
pub static MATCH: TypeCell = TypeCell::new(&MATCH_TYPE);

const fn field(name: &'static str, doc: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc, offset: offset as u32, flags: member::READONLY }
}

/// The span of a group in the engine's state.
#[inline]
pub fn group_span(th: Th, state: &State, i: usize) -> R<Option<(usize, usize)>> {
    match state.group(i) {
        Some((s, e)) if s > e => Err(wrong_span(th)),
        span => Ok(span),
    }
}
#[cold]
fn wrong_span(th: Th) -> Raised {
    th.system_error("The span of capturing group is wrong, please report a bug for the re module.")
}

/// A match object for the state's last success.
pub fn new_match(
    th: Th,
    p: Gc<Pattern>,
    string: Value,
    state: &State,
    pos: usize,
    endpos: usize,
) -> R<Value> {
    let groups = p.program().groups() + 1;
    let (s, e) = state.span();
    let many = if groups > INLINE || endpos.max(e) >= UNSET as usize / 4 {
        // SAFETY: it has no references, and its length is set at once.
        let buf = unsafe { th.alloc_var::<RawBuf>(16 + 16 * groups)? };
        unsafe {
            (*buf.as_ptr()).len = 16 * groups;
            let d = buf.after::<(u64, u64)>();
            *d = (s as u64, e as u64);
            for i in 1..groups {
                let g = group_span(th, state, i)?;
                *d.add(i) = g.map_or((u64::MAX, 0), |(s, e)| (s as u64, e as u64));
            }
        }
        Some(buf.value())
    } else {
        None
    };
    let o = new_instance(th, MATCH.get())?;
    let m = Match::of(o);
    // The object is young: no barriers.
    m.string.init(Some(string));
    m.re.init(Some(p));
    m.pos.init(Some(Value::fix(pos as i64)));
    m.endpos.init(Some(Value::fix(endpos as i64)));
    m.many.init(many.map(Value::known));
    // SAFETY: nobody else has it yet.
    let x = unsafe { &mut *m.as_ptr() };
    x.groups = groups as u32;
    x.lastindex = state.lastindex().unwrap_or(0) as u32;
    if many.is_none() {
        x.spans[0] = (s as u32, e as u32);
        for i in 1..groups {
            x.spans[i] = match state.group(i) {
                Some((s, e)) if s > e => return Err(wrong_span(th)),
                Some((s, e)) => (s as u32, e as u32),
                None => (UNSET, 0),
            };
        }
    }
    Ok(o)
}

pub fn pattern(m: Gc<Match>) -> Gc<Pattern> {
    m.re.gc()
}
/// Byte offsets of group `i`, which exists.
pub fn span(m: Gc<Match>, i: usize) -> Option<(usize, usize)> {
    match m.many.get() {
        None => {
            let (s, e) = m.spans[i];
            (s != UNSET).then_some((s as usize, e as usize))
        }
        Some(b) => {
            let (s, e) = unsafe { *b.after::<(u64, u64)>().add(i) };
            (s != u64::MAX).then_some((s as usize, e as usize))
        }
    }
}
/// The same in characters; -1 for a group that took no part.
fn chars(th: Th, m: Gc<Match>, i: usize) -> (i64, i64) {
    match span(m, i) {
        Some((s, e)) => {
            let o = m.string.value();
            (index_of(th, o, s) as i64, index_of(th, o, e) as i64)
        }
        None => (-1, -1),
    }
}
/// What group `i` matched.
pub fn text(th: Th, m: Gc<Match>, i: usize) -> R<Option<Value>> {
    span(m, i).map(|(s, e)| slice_of(th, m.string.value(), s..e)).transpose()
}

/// The number of a group given by number or name.
fn index(th: Th, m: Gc<Match>, k: Value) -> R<usize> {
    let i = if let Some(n) = k.as_fix() {
        Some(n)
    } else if th.type_of(k).slots.index.is_some() || int::is_int(k) {
        Some(th.index_clamped(k)?)
    } else {
        let names: Gc<Dict> = pattern(m).groupindex.gc();
        names.get(th, k)?.and_then(int::to_i64)
    };
    match i {
        Some(n) if n >= 0 && n < m.groups as i64 => Ok(n as usize),
        _ => Err(th.index_error("no such group")),
    }
}
fn group_of(th: Th, m: Gc<Match>, k: Value) -> R<Value> {
    let i = index(th, m, k)?;
    Ok(text(th, m, i)?.unwrap_or(NONE()))
}
fn group(th: Th, a: RawArgs) -> R<Value> {
    let m = Match::of(a.pos()[0]);
    if a.nkw() != 0 {
        return Err(th.type_error("re.Match.group() takes no keyword arguments"));
    }
    match a.pos() {
        [_] => Ok(text(th, m, 0)?.unwrap_or(NONE())),
        [_, k] => group_of(th, m, *k),
        [_, ks @ ..] => {
            let mut g = Gather::new();
            for k in ks {
                g.push(th, group_of(th, m, *k)?)?;
            }
            th.try_tuple(g.as_slice())
        }
        [] => unreachable!("a method has a receiver"),
    }
}
fn span_arg(th: Th, a: &[Option<Value>]) -> R<(i64, i64)> {
    let m = Match::of(arg(a, 0));
    let i = match a[1] {
        Some(k) => index(th, m, k)?,
        None => 0,
    };
    Ok(chars(th, m, i))
}

fn repr(th: Th, o: Value) -> R<Value> {
    let m = Match::of(o);
    let (s, e) = chars(th, m, 0);
    let g = text(th, m, 0)?.unwrap_or(NONE());
    let r = th.repr(g)?;
    let r: Gc<Str> = r.known();
    scratch::with(|out| {
        out.extend_from_slice(format!("<re.Match object; span=({s}, {e}), match=").as_bytes());
        let end = if r.len() > 50 { str_::offset(th, r, 50) } else { r.bytes().len() };
        out.extend_from_slice(&r.bytes()[..end]);
        out.push(b'>');
        th.try_str(out)
    })
}
