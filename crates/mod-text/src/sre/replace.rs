//! `Pattern.sub`, `Match.expand` and compiled replacement templates.
//!
//! The result is built as bytes in one buffer. Items of the wrong type are complained about at the end, with the words
//! of `str.join`, as CPython joins a list of pieces.
//!
//! # Invariants
//! `last_template` is null or a [`Template`], its `parts` null or an array of literals and group numbers. Slices of
//! the replacement are used while it is on the stack.

use super::matched::{self, Match, new_match};
use super::pattern::{PATTERN, Pattern, is_buffer};
use super::text::{Text, slice_of};
use super::{Lent, run};
use crate::common::{arg, bad_argument};
use crate::native_layout;
use adder_sre::{Scanner, State};
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{bytes, int, object::new_instance, scratch};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

// `parts`: array of group number, literal or null, group number...; null if there are no groups.
native_layout! { pub Template { literal, parts: Array; } }

static TEMPLATE_TYPE: NativeType = NativeType {
    name: "_sre.SRE_Template",
    kind: Kind::Native,
    size: Template::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    trace: Some(Template::trace),
    ..NativeType::DEFAULT
};
pub static TEMPLATE: TypeCell = TypeCell::new(&TEMPLATE_TYPE);

/// `_sre.template(pattern, [literal, group, literal, ...])`.
pub fn template(th: Th, a: &[Option<Value>]) -> R<Value> {
    let Some(l) = arg(a, 1).cast::<List>() else {
        return Err(bad_argument(th, "template", "2", "list", arg(a, 1)));
    };
    let n = l.len();
    let bad = || th.type_error("invalid template");
    if n % 2 == 0 {
        return Err(bad());
    }
    let parts = if n > 1 { Some(th.array(n - 1)?) } else { None };
    let empty = |v: Value| th.len(v).map(|n| n == 0);
    if let Some(parts) = parts {
        for i in 1..n {
            let Some(v) = l.get(i) else { return Err(bad()) };
            if i % 2 == 1 {
                if !int::is_int(v) {
                    return Err(th.type_error("an integer is required"));
                }
                match int::to_i64(v) {
                    Some(g) if (0..1 << 31).contains(&g) => th.store(parts, parts.slot(i - 1), Value::fix(g)),
                    _ => return Err(bad()),
                }
            } else if !empty(v)? {
                th.store(parts, parts.slot(i - 1), v);
            }
        }
    }
    let Some(first) = l.get(0) else { return Err(bad()) };
    let o = new_instance(th, TEMPLATE.get())?;
    let t = Template::of(o);
    t.literal.init(Some(first));
    t.parts.init(parts);
    Ok(o)
}

/// `re._compile_template(pattern, template)`.
fn compile_template(th: Th, p: Gc<Pattern>, repl: Value) -> R<Gc<Template>> {
    if p.last_repl.get().is_some_and(|r| r.is(repl))
        && let Some(t) = p.last_template.get()
    {
        return Ok(t);
    }
    let re = adder_vm::import::import_module(th, "re")?;
    let f = th.getattr(re, th.intern("_compile_template"))?;
    let mut r = th.call(f, &[p.value(), repl]);
    if r.is_err() && th.exc_is(&exc::TYPE_ERROR) && is_buffer(th, repl) && !repl.is_exact(Kind::Bytes) {
        // The cache wants something hashable.
        th.take_exc();
        let b = bytes::from_object(th, repl)?;
        r = th.call(f, &[p.value(), b.value()]);
    }
    let r = r?;
    if th.type_of(r) != TEMPLATE.get() {
        return Err(th.runtime_error(format!(
            "the result of compiling a replacement string is {}, not _sre.SRE_Template",
            th.type_name_of(r)
        )));
    }
    if repl.is_exact(Kind::Str) || repl.is_exact(Kind::Bytes) {
        // Two threads may mix these up only if they disagree about the first: it is written last.
        let _g = th.lock(p);
        p.last_repl.init(None);
        th.store(p, &p.last_template, Template::of(r));
        th.store(p, &p.last_repl, repl);
    }
    Ok(Template::of(r))
}

/// A text being joined of pieces.
struct Joiner<'a> {
    out: &'a mut Vec<u8>,
    is_str: bool,
    items: usize,
    /// The first piece of the wrong type.
    wrong: Option<(usize, Value)>,
}

impl Joiner<'_> {
    fn bytes(&mut self, b: &[u8]) {
        self.items += 1;
        adder_text::room::append(self.out, b);
    }
    fn value(&mut self, th: Th, v: Value) -> R<()> {
        if self.is_str {
            match v.cast::<Str>() {
                Some(s) => adder_text::room::append(self.out, s.bytes()),
                None => self.note(v),
            }
        } else if let Some(b) = v.exact::<Bytes>() {
            adder_text::room::append(self.out, b.bytes());
        } else if is_buffer(th, v) {
            adder_text::room::append(self.out, Buffer::simple(th, v)?.bytes());
        } else {
            self.note(v);
        }
        self.items += 1;
        Ok(())
    }
    #[cold]
    fn note(&mut self, v: Value) {
        if self.wrong.is_none() {
            self.wrong = Some((self.items, v));
        }
    }
    fn check(&self, th: Th) -> R<()> {
        match self.wrong {
            None => Ok(()),
            Some((i, v)) => {
                let want = if self.is_str { "str instance" } else { "a bytes-like object" };
                Err(th
                    .type_error(format!("sequence item {i}: expected {want}, {} found", th.type_name_of(v))))
            }
        }
    }
}

/// Groups to be put in.
trait Groups {
    /// None: there is no such group; Some(None): it took no part.
    fn span(&self, th: Th, i: usize) -> R<Option<Option<(usize, usize)>>>;
}
struct OfState<'a>(&'a State, usize);
impl Groups for OfState<'_> {
    fn span(&self, th: Th, i: usize) -> R<Option<Option<(usize, usize)>>> {
        if i > self.1 {
            return Ok(None);
        }
        if i == 0 {
            return Ok(Some(Some(self.0.span())));
        }
        matched::group_span(th, self.0, i).map(Some)
    }
}
struct OfMatch(Gc<Match>);
impl Groups for OfMatch {
    fn span(&self, _: Th, i: usize) -> R<Option<Option<(usize, usize)>>> {
        Ok((i < self.0.groups as usize).then(|| matched::span(self.0, i)))
    }
}

/// Appends the template filled in.
fn fill(th: Th, j: &mut Joiner, tp: Gc<Template>, subject: &[u8], groups: &impl Groups) -> R<()> {
    let literal = tp.literal.value();
    let Some(parts) = tp.parts.get() else { return j.value(th, literal) };
    // An item of a list that is joined on its own: pieces are counted from 0.
    let outer = std::mem::replace(&mut j.items, 0);
    if th.len(literal)? != 0 {
        j.value(th, literal)?;
    }
    for i in (0..parts.cap).step_by(2) {
        let g = parts.slot(i).value().as_fix().unwrap_or(0) as usize;
        match groups.span(th, g)? {
            None => return Err(th.index_error("no such group")),
            Some(Some((s, e))) => j.bytes(subject.get(s..e).unwrap_or(&[])),
            Some(None) => {}
        }
        if let Some(l) = parts.slot(i + 1).get() {
            j.value(th, l)?;
        }
    }
    j.items = outer + 1;
    j.check(th)
}

/// `Match.expand`.
pub fn expand(th: Th, m: Gc<Match>, repl: Value) -> R<Value> {
    let tp = compile_template(th, matched::pattern(m), repl)?;
    if tp.parts.get().is_none() {
        return Ok(tp.literal.value());
    }
    let t = Text::new(th, m.string.value())?;
    scratch::with(|out| {
        let mut j = Joiner { out, is_str: t.is_str(), items: 0, wrong: None };
        fill(th, &mut j, tp, t.bytes(), &OfMatch(m))?;
        t.build(th, j.out)
    })
}

enum Filter {
    Literal(Value),
    Template(Gc<Template>),
    Call(Value),
}

/// Whether the replacement stands for itself.
fn is_literal(th: Th, repl: Value) -> bool {
    if let Some(s) = repl.cast::<Str>() {
        return !s.bytes().contains(&b'\\');
    }
    if !is_buffer(th, repl) {
        return false;
    }
    match Buffer::simple(th, repl) {
        Ok(b) => !b.bytes().contains(&b'\\'),
        Err(_) => {
            th.take_exc();
            false
        }
    }
}

/// `sub` and `subn`: the text and the number of replacements.
pub fn sub(th: Th, p: Gc<Pattern>, repl: Value, string: Value, count: Option<Value>) -> R<(Value, usize)> {
    debug_assert!(th.type_of(p.value()) == PATTERN.get());
    let count = count.map_or(Ok(0), |c| th.index_i64(c))?;
    let filter = if !repl.is_kind(Kind::Str) && th.type_of(repl).slots.call.is_some() {
        Filter::Call(repl)
    } else if is_literal(th, repl) {
        Filter::Literal(repl)
    } else {
        let t = compile_template(th, p, repl)?;
        if t.parts.get().is_none() { Filter::Literal(t.literal.value()) } else { Filter::Template(t) }
    };
    let t = p.subject(th, string)?;
    scratch::with(|out| {
        let mut j = Joiner { out, is_str: t.is_str(), items: 0, wrong: None };
        let n = sub_all(th, p, &t, filter, count, &mut j)?;
        if n == 0 {
            return Ok((slice_of(th, string, 0..t.bytes().len())?, 0));
        }
        j.check(th)?;
        Ok((t.build(th, j.out)?, n))
    })
}
fn sub_all(th: Th, p: Gc<Pattern>, t: &Text, filter: Filter, count: i64, j: &mut Joiner) -> R<usize> {
    let prog = p.program();
    let groups = prog.groups();
    let b = t.bytes();
    let mut state = Lent::get();
    let mut scan = Scanner::new(0, b.len());
    let (mut last, mut n) = (0, 0);
    // A literal of the right kind is plain bytes.
    let plain: Option<&[u8]> = match filter {
        Filter::Literal(v) if t.is_str() => v.cast::<Str>().map(|s| unsafe { &*(s.bytes() as *const [u8]) }),
        Filter::Literal(v) => v.exact::<Bytes>().map(|b| unsafe { &*(b.bytes() as *const [u8]) }),
        _ => None,
    };
    while (count == 0 || (n as i64) < count)
        && run(th, |env| scan.search(prog, &mut state, t.subject(), env))?
    {
        let (s, e) = state.span();
        if last < s {
            j.bytes(&b[last..s]);
        }
        if let Some(r) = plain {
            j.bytes(r);
        } else {
            match filter {
                Filter::Literal(v) => j.value(th, v)?,
                Filter::Template(tp) => fill(th, j, tp, b, &OfState(&state, groups))?,
                Filter::Call(f) => {
                    let m = new_match(th, p, t.obj, &state, 0, t.chars())?;
                    let v = th.call(f, &[m])?;
                    if !v.is_none() {
                        j.value(th, v)?;
                    }
                }
            }
        }
        last = e;
        n += 1;
    }
    if n > 0 && last < b.len() {
        j.bytes(&b[last..]);
    }
    // Keeps the literal's bytes in place.
    if let Filter::Literal(v) = filter {
        std::hint::black_box(v);
    }
    Ok(n)
}
