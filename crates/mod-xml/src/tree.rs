//! `_elementtree`: `TreeBuilder`, `XMLParser` and the module, as in CPython's `Modules/_elementtree.c`.
//!
//! # Invariants
//! The parser's state outside the heap is used by the thread that has set `busy`, and freed when another one takes its
//! place or with the object. Text between two events is collected in the sink and given to the builder before
//! anything else happens.

use super::element::*;
use super::parser::{Arg, Event, Parser, Sink, Stop, code};
use crate::native_layout;
use adder_text::room;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::{buffer::Buffer, codecs, list, ops};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;
use std::borrow::Cow;
use std::cell::Cell as Plain;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering::*};

pub static MODULE: NativeModule = NativeModule {
    name: "_elementtree",
    doc: "",
    functions: &[
        raw_function("SubElement", "!($module, parent, tag, attrib={}, **extra)", "", subelement),
        function(
            "_set_factories",
            "($module, comment_factory, pi_factory, /)",
            "Change the factories used to create comments and processing instructions.\n\nFor internal use only.",
            |th, a| {
                for (v, what) in [(a[0].unwrap(), "Comment"), (a[1].unwrap(), "PI")] {
                    if !v.is_none() && th.type_of(v).slots.call.is_none() {
                        let t = th.type_name_of(v);
                        return Err(th.type_error(format!("{what} factory must be callable, not {t}")));
                    }
                }
                let old = th.tuple(&[Value::opt_or_none(factory(0)), Value::opt_or_none(factory(1))]);
                if let Some(l) = Root::spare3.get().and_then(|l| l.cast::<List>()) {
                    list::set_at(th, l, 0, a[0].unwrap())?;
                    list::set_at(th, l, 1, a[1].unwrap())?;
                }
                Ok(old)
            },
        ),
    ],
    types: &[&ELEMENT, &BUILDER, &PARSER],
    init: Some(|th, m| {
        // The module's state: the factories of comments and processing instructions, and ParseError.
        // The types exist once for all imports, so their state does too: another import keeps what the first one set.
        let e = match factory(2) {
            Some(e) => return m.put(th, "ParseError", e),
            None => {
                let d = Gc::<Dict>::new(th);
                d.set(th, n!(__module__), th.str("xml.etree.ElementTree"))?;
                let bases = th.tuple(&[exc::SYNTAX_ERROR.get().value()]);
                let meta = th.type_of(exc::SYNTAX_ERROR.get().value()).value();
                th.call(meta, &[th.str("ParseError"), bases, d.value()])?
            }
        };
        let l = list::new(th, &[NONE(), NONE(), e])?;
        Root::spare3.set(Some(l.value()));
        m.put(th, "ParseError", e)
    }),
};
fn factory(i: usize) -> Option<Value> {
    Root::spare3.get().and_then(|l| l.cast::<List>()).and_then(|l| l.get(i)).and_then(|v| v.some())
}

// -- TreeBuilder

native_layout! { pub(crate) Builder {
    root, this, last, last_for_tail, data, stack: List, element_factory, comment_factory, pi_factory, events_append,
    ev_start, ev_end, ev_start_ns, ev_end_ns, ev_comment, ev_pi;
    insert_comments: Plain<bool>, insert_pis: Plain<bool>
} }

pub static BUILDER: TypeCell = TypeCell::new(&NativeType {
    name: "xml.etree.ElementTree.TreeBuilder",
    kind: Kind::Native,
    size: Builder::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(|th, t, _| new_builder(th, t.known())),
        init: Some(|th, o, a| {
            let mut v = [None; 5];
            adder_vm::bind::bind(th, &BUILDER_SIG, a, &mut v)?;
            let flag = |v: Option<Value>| v.map_or(Ok(false), |v| th.truth(v));
            let (comments, pis) = (flag(v[3])?, flag(v[4])?);
            let b = Builder::of(o);
            let given = |v: Option<Value>| v.and_then(|v| v.some());
            th.store_opt(b, &b.element_factory, given(v[0]));
            let c = given(v[1]).or_else(|| factory(0));
            th.store_opt(b, &b.comment_factory, c);
            b.insert_comments.set(comments && c.is_some());
            let p = given(v[2]).or_else(|| factory(1));
            th.store_opt(b, &b.pi_factory, p);
            b.insert_pis.set(pis && p.is_some());
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method("data", "($self, data, /)", "", |th, a| {
            handle_data(th, Builder::of(a[0].unwrap()), a[1].unwrap())?;
            Ok(NONE())
        }),
        method("start", "($self, tag, attrs, /)", "", |th, a| {
            let v = a[2].unwrap();
            let Some(d) = v.cast::<Dict>() else { return Err(bad(th, "start() argument 2", "dict", v)) };
            handle_start(th, Builder::of(a[0].unwrap()), a[1].unwrap(), Some(d))
        }),
        method("end", "($self, tag, /)", "", |th, a| handle_end(th, Builder::of(a[0].unwrap()))),
        method("comment", "($self, text, /)", "", |th, a| {
            handle_comment(th, Builder::of(a[0].unwrap()), a[1].unwrap())
        }),
        method("pi", "($self, target, text=None, /)", "", |th, a| {
            handle_pi(th, Builder::of(a[0].unwrap()), a[1].unwrap(), Value::opt_or_none(a[2]))
        }),
        method("close", "($self, /)", "", |_, a| {
            Ok(Value::opt_or_none(Builder::of(a[0].unwrap()).root.get()))
        }),
    ],
    trace: Some(Builder::trace),
    ..NativeType::DEFAULT
});
static BUILDER_SIG: NativeDef = raw_function(
    "TreeBuilder",
    "(element_factory=None, *, comment_factory=None, pi_factory=None, insert_comments=False, insert_pis=False)",
    "",
    |_, _| Ok(NONE()),
);

fn new_builder(th: Th, t: Gc<Type>) -> R<Value> {
    let stack = list::with_capacity(th, 16)?;
    let v = new_instance(th, t)?;
    let b = Builder::of(v);
    th.store(b, &b.stack, stack);
    Ok(v)
}
fn exact_element(th: Th, v: Value) -> Option<Gc<Element>> {
    (th.type_of(v) == ELEMENT.get()).then(|| Element::of(v))
}
/// Gives the collected text to the element that it belongs to.
fn flush(th: Th, b: Gc<Builder>) -> R<()> {
    let Some(data) = b.data.get() else { return Ok(()) };
    let (o, tail) = match b.last_for_tail.get() {
        Some(e) => (e, true),
        None => (Value::opt_or_none(b.last.get()), false),
    };
    let simple = data.exact::<Str>().is_some();
    if let Some(e) = exact_element(th, o) {
        let s = if tail { &e.tail } else { &e.text };
        if s.get().and_then(|v| v.some()).is_none() {
            let text = if data.exact::<List>().is_some() { join(th, data)? } else { data };
            th.store(e, if tail { &e.tail } else { &e.text }, text);
            th.store_opt(b, &b.data, None);
            return Ok(());
        }
    }
    let name = th.intern(if tail { "tail" } else { "text" });
    let old = th.getattr(o, name)?;
    let mut text = if simple { data } else { join(th, data)? };
    if !old.is_none() {
        text = ops::add(th, old, text)?;
    }
    th.setattr(o, name, Some(text))?;
    th.store_opt(b, &b.data, None);
    Ok(())
}
fn join(th: Th, l: Value) -> R<Value> {
    th.call_method(th.str(""), th.intern("join"), &[l])
}
fn add_child(th: Th, o: Value, c: Value) -> R<()> {
    match exact_element(th, o) {
        Some(e) => add(th, e, c),
        None => th.call_method(o, n!(append), &[c]).map(|_| ()),
    }
}
fn event(th: Th, b: Gc<Builder>, action: Option<Value>, node: Value) -> R<()> {
    if let (Some(a), Some(f)) = (action, b.events_append.get()) {
        th.call(f, &[th.tuple(&[a, node])])?;
    }
    Ok(())
}
fn handle_start(th: Th, b: Gc<Builder>, tag: Value, attrs: Option<Gc<Dict>>) -> R<Value> {
    flush(th, b)?;
    let node = match b.element_factory.get() {
        None => create(th, tag, attrs)?.value(),
        Some(f) => {
            let d = attrs.unwrap_or_else(|| Gc::<Dict>::new(th));
            th.call(f, &[tag, d.value()])?
        }
    };
    th.store_opt(b, &b.last_for_tail, None);
    let this = b.this.get().and_then(|t| t.some());
    match this {
        Some(t) => add_child(th, t, node)?,
        None if b.root.get().is_some() => {
            let e = th.call(factory(2).unwrap_or(NONE()), &[th.str("multiple elements on top level")])?;
            return Err(th.raise(e));
        }
        None => th.store(b, &b.root, node),
    }
    list::append(th, b.stack.gc(), Value::opt_or_none(this))?;
    th.store(b, &b.this, node);
    th.store(b, &b.last, node);
    event(th, b, b.ev_start.get(), node)?;
    Ok(node)
}
fn handle_data(th: Th, b: Gc<Builder>, data: Value) -> R<()> {
    match b.data.get() {
        None if b.last.get().and_then(|l| l.some()).is_none() => {}
        None => th.store(b, &b.data, data),
        Some(v) => match v.exact::<List>() {
            Some(l) => list::append(th, l, data)?,
            None => {
                let l = list::new(th, &[v, data])?;
                th.store(b, &b.data, l.value());
            }
        },
    }
    Ok(())
}
fn handle_end(th: Th, b: Gc<Builder>) -> R<Value> {
    flush(th, b)?;
    let Some(up) = list::remove_at(th, b.stack.gc(), -1) else {
        return Err(th.index_error("pop from empty stack"));
    };
    let last = Value::opt_or_none(b.this.get());
    th.store(b, &b.last, last);
    th.store(b, &b.last_for_tail, last);
    th.store(b, &b.this, up);
    event(th, b, b.ev_end.get(), last)?;
    Ok(last)
}
fn handle_comment(th: Th, b: Gc<Builder>, text: Value) -> R<Value> {
    flush(th, b)?;
    let c = match b.comment_factory.get() {
        Some(f) => {
            let c = th.call(f, &[text])?;
            insert(th, b, b.insert_comments.get(), c)?;
            c
        }
        None => text,
    };
    event(th, b, b.ev_comment.get(), c)?;
    Ok(c)
}
fn insert(th: Th, b: Gc<Builder>, on: bool, c: Value) -> R<()> {
    if on && let Some(t) = b.this.get().and_then(|t| t.some()) {
        add_child(th, t, c)?;
        th.store(b, &b.last_for_tail, c);
    }
    Ok(())
}
fn handle_pi(th: Th, b: Gc<Builder>, target: Value, text: Value) -> R<Value> {
    flush(th, b)?;
    let c = match b.pi_factory.get() {
        Some(f) => {
            let c = th.call(f, &[target, text])?;
            insert(th, b, b.insert_pis.get(), c)?;
            c
        }
        None => th.tuple(&[target, text]),
    };
    event(th, b, b.ev_pi.get(), c)?;
    Ok(c)
}

// -- XMLParser

/// Which names are known: their places in the list `names` of the parser.
struct Names {
    all: HashMap<Vec<u8>, usize>,
    /// Some of those found last.
    recent: Vec<(Vec<u8>, usize)>,
}
const RECENT: usize = 64;
impl Default for Names {
    fn default() -> Names {
        Names { all: HashMap::new(), recent: vec![(Vec::new(), usize::MAX); RECENT] }
    }
}

/// What a parser keeps outside the heap. The names are in the list `names` of the object.
pub(crate) struct State {
    parser: Parser,
    names: Names,
}
native_layout! { pub(crate) TreeParser {
    target, entity, names, start_ns, end_ns, start, data, end, comment, pi, doctype, close;
    st: AtomicPtr<State>, busy: AtomicBool, want_ns: Plain<bool>, want_comment: Plain<bool>, want_pi: Plain<bool>
} }

pub static PARSER: TypeCell = TypeCell::new(&NativeType {
    name: "xml.etree.ElementTree.XMLParser",
    kind: Kind::Native,
    size: TreeParser::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots { new: Some(|th, t, _| new_instance(th, t.known())), init: Some(init), ..Slots::NONE },
    methods: &[
        method("feed", "($self, data, /)", "", |th, a| {
            let p = ready(th, a[0].unwrap())?;
            let v = a[1].unwrap();
            match v.cast::<Str>() {
                Some(s) => {
                    if s.as_str().is_none() {
                        codecs::encode(th, v, Some(th.str("utf-8")), None)?;
                    }
                    let b = room::copy(s.bytes());
                    run(th, p, &b, false, as_text)?;
                }
                None => {
                    let b = room::copy(Buffer::simple(th, v)?.bytes());
                    run(th, p, &b, false, |_| {})?;
                }
            }
            Ok(NONE())
        }),
        method("close", "($self, /)", "", |th, a| {
            let p = ready(th, a[0].unwrap())?;
            run(th, p, b"", true, |_| {})?;
            match (builder(th, p), p.close.get()) {
                (Some(b), _) => Ok(Value::opt_or_none(b.root.get())),
                (None, Some(f)) => th.call(f, &[]),
                (None, None) => Ok(NONE()),
            }
        }),
        method("flush", "($self, /)", "", |th, a| {
            let p = ready(th, a[0].unwrap())?;
            run(th, p, b"", false, |x| x.deferral = false)?;
            Ok(NONE())
        }),
        method("_parse_whole", "($self, file, /)", "", |th, a| {
            let p = ready(th, a[0].unwrap())?;
            let read = th.getattr(a[1].unwrap(), n!(read))?;
            loop {
                let mut v = th.call(read, &[Value::fix(64 * 1024)])?;
                let mut before: fn(&mut Parser) = |_| {};
                if v.exact::<Str>().is_some() {
                    before = as_text;
                    if th.len(v)? == 0 {
                        break;
                    }
                    v = codecs::encode(th, v, Some(th.str("utf-8")), Some(th.str("surrogatepass")))?;
                }
                let Some(b) = v.exact::<Bytes>().map(|b| room::copy(b.bytes())).filter(|b| !b.is_empty())
                else {
                    break;
                };
                run(th, p, &b, false, before)?;
            }
            run(th, p, b"", true, |_| {})?;
            Ok(Value::opt_or_none(builder(th, p).and_then(|b| b.root.get())))
        }),
        method("_setevents", "($self, events_queue, events_to_report=None, /)", "", set_events),
    ],
    getset: &[getter("version", "", |th, _| Ok(th.str("Expat 2.9.0")))],
    members: &[
        MemberDef {
            name: "entity",
            doc: "",
            offset: std::mem::offset_of!(TreeParser, entity) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "target",
            doc: "",
            offset: std::mem::offset_of!(TreeParser, target) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
    ],
    trace: Some(TreeParser::trace),
    drop: Some(|o| unsafe {
        let p = (*(o.as_ptr() as *const TreeParser)).st.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            drop(Box::from_raw(p));
        }
    }),
    ..NativeType::DEFAULT
});
static PARSER_SIG: NativeDef =
    raw_function("XMLParser", "(*, target=None, encoding=None)", "", |_, _| Ok(NONE()));

/// What comes as a string is UTF-8, whatever the XML declaration says.
fn as_text(x: &mut Parser) {
    if !x.started {
        x.force_utf8()
    }
}

struct Busy(Gc<TreeParser>);
impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.store(false, Release);
    }
}
fn enter(th: Th, p: Gc<TreeParser>) -> R<Busy> {
    if p.busy.swap(true, AcqRel) {
        return Err(th.runtime_error("the parser is already parsing"));
    }
    Ok(Busy(p))
}
fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let mut v = [None; 2];
    adder_vm::bind::bind(th, &PARSER_SIG, a, &mut v)?;
    let encoding = match v[1].and_then(|e| e.some()) {
        None => None,
        Some(e) if e.is_kind(Kind::Str) => Some(th.text(e)),
        Some(e) => {
            let t = th.type_name_of(e);
            return Err(
                th.type_error(format!("XMLParser() argument 'encoding' must be str or None, not {t}"))
            );
        }
    };
    let p = TreeParser::of(o);
    let target = match v[0].and_then(|t| t.some()) {
        Some(t) => t,
        None => new_builder(th, BUILDER.get())?,
    };
    let _busy = enter(th, p)?;
    let (entity, names) = (Gc::<Dict>::new(th), list::new(th, &[])?);
    th.store(p, &p.entity, entity.value());
    th.store(p, &p.names, names.value());
    let st = Box::new(State { parser: Parser::new(encoding, Some(b'}')), names: Names::default() });
    let old = p.st.swap(Box::into_raw(st), AcqRel);
    if !old.is_null() {
        // SAFETY: only who has set `busy` uses it.
        drop(unsafe { Box::from_raw(old) });
    }
    for (slot, name) in [
        (&p.start_ns, "start_ns"),
        (&p.end_ns, "end_ns"),
        (&p.start, "start"),
        (&p.data, "data"),
        (&p.end, "end"),
        (&p.comment, "comment"),
        (&p.pi, "pi"),
        (&p.close, "close"),
        (&p.doctype, "doctype"),
    ] {
        let f = th.getattr_opt(target, th.intern(name))?;
        th.store_opt(p, slot, f);
    }
    p.want_ns.set(p.start_ns.get().is_some() || p.end_ns.get().is_some());
    p.want_comment.set(p.comment.get().is_some());
    p.want_pi.set(p.pi.get().is_some());
    th.store(p, &p.target, target);
    Ok(())
}
fn ready(th: Th, o: Value) -> R<Gc<TreeParser>> {
    let p = TreeParser::of(o);
    if p.target.get().is_none() {
        return Err(th.value_error("XMLParser.__init__() wasn't called"));
    }
    Ok(p)
}
fn builder(th: Th, p: Gc<TreeParser>) -> Option<Gc<Builder>> {
    let t = p.target.get()?;
    (th.type_of(t) == BUILDER.get()).then(|| Builder::of(t))
}
fn parse_error(th: Th, c: u32, line: u64, column: u64, message: &str) -> Raised {
    let (line, column) = (line as i64, column as i64);
    let r = (|| -> R<Raised> {
        let text = th.str(&format!("{message}: line {line}, column {column}"));
        let e = th.call(factory(2).unwrap_or(NONE()), &[text])?;
        th.setattr(e, th.intern("code"), Some(th.int(c as i64)))?;
        th.setattr(e, th.intern("position"), Some(th.tuple(&[th.int(line), th.int(column)])))?;
        Ok(th.raise(e))
    })();
    match r {
        Ok(e) | Err(e) => e,
    }
}
fn run(th: Th, p: Gc<TreeParser>, data: &[u8], last: bool, before: fn(&mut Parser)) -> R<()> {
    let _busy = enter(th, p)?;
    // SAFETY: only who has set `busy` uses it.
    let st = unsafe { &mut *p.st.load(Acquire) };
    before(&mut st.parser);
    let nothing = Names { all: HashMap::new(), recent: Vec::new() };
    let names = std::mem::replace(&mut st.names, nothing);
    let mut sink = TreeSink { th, p, b: builder(th, p), names, text: Vec::new(), line: 1, column: 0 };
    let r = st.parser.feed(data, last, &mut sink);
    st.parser.deferral = true;
    let flushed = if matches!(r, Err(Stop::Raised)) { Ok(()) } else { sink.flush() };
    st.names = sink.names;
    flushed?;
    match r {
        Ok(()) => Ok(()),
        Err(Stop::Raised) => Err(Raised),
        Err(Stop::Code(super::parser::DEEP)) => {
            Err(th.recursion_error("maximum recursion depth exceeded in a content model"))
        }
        Err(Stop::Code(c)) => {
            let c = if c >= 1 << 16 { code::FINISHED } else { c };
            let m = super::expat::message(c as i64).unwrap_or("unknown error");
            Err(parse_error(th, c, sink.line, sink.column, m))
        }
    }
}
fn set_events(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = ready(th, a[0].unwrap())?;
    let Some(b) = builder(th, p) else {
        return Err(th.type_error("event handling only supported for ElementTree.TreeBuilder targets"));
    };
    let append = th.getattr(a[1].unwrap(), n!(append))?;
    th.store(b, &b.events_append, append);
    for s in [&b.ev_start, &b.ev_end, &b.ev_start_ns, &b.ev_end_ns, &b.ev_comment, &b.ev_pi] {
        th.store_opt(b, s, None);
    }
    let Some(events) = a[2].and_then(|e| e.some()) else {
        th.store(b, &b.ev_end, n!(end));
        return Ok(NONE());
    };
    let l = fast(th, events, "events must be a sequence")?;
    let mut i = 0;
    while let Some(v) = l.get(i) {
        i += 1;
        let name = match (v.cast::<Str>(), v.cast::<Bytes>()) {
            (Some(s), _) => room::copy(s.bytes()),
            (_, Some(s)) => room::copy(s.bytes()),
            _ => return Err(th.value_error("invalid events sequence")),
        };
        let slot = match &name[..] {
            b"start" => &b.ev_start,
            b"end" => &b.ev_end,
            b"start-ns" | b"end-ns" => {
                p.want_ns.set(true);
                if name[0] == b's' { &b.ev_start_ns } else { &b.ev_end_ns }
            }
            b"comment" => {
                p.want_comment.set(true);
                &b.ev_comment
            }
            b"pi" => {
                p.want_pi.set(true);
                &b.ev_pi
            }
            _ => {
                let s = String::from_utf8_lossy(&name);
                return Err(th.value_error(format!("unknown event '{s}'")));
            }
        };
        th.store(b, slot, v);
    }
    Ok(NONE())
}

struct TreeSink {
    th: Th,
    p: Gc<TreeParser>,
    /// The target, if it is a plain TreeBuilder.
    b: Option<Gc<Builder>>,
    names: Names,
    /// Text for the builder.
    text: Vec<u8>,
    line: u64,
    column: u64,
}
impl TreeSink {
    fn flush(&mut self) -> R<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let s = self.th.try_str(&self.text)?;
        self.text.clear();
        match self.b {
            Some(b) => handle_data(self.th, b, s),
            None => Ok(()),
        }
    }
    /// A name as `{uri}name`, one object for each.
    fn name(&mut self, b: &[u8]) -> R<Value> {
        let th = self.th;
        let Some(l) = self.p.names.get().and_then(|l| l.cast::<List>()) else { return th.try_str(b) };
        // Where the same name was found last.
        let last = |i: usize| b.get(i).map_or(0, |c| *c as usize);
        let k = (b.len() * 7 + last(0) + 31 * last(b.len().wrapping_sub(1))) % RECENT;
        let (known, i) = &self.names.recent[k];
        if known == b
            && let Some(v) = l.get(*i)
        {
            return Ok(v);
        }
        if let Some(&i) = self.names.all.get(b)
            && let Some(v) = l.get(i)
        {
            self.names.recent[k] = (b.to_vec(), i);
            return Ok(v);
        }
        let v = if b.contains(&b'}') { th.try_str(&[b"{", b].concat())? } else { th.try_str(b)? };
        self.names.all.insert(b.to_vec(), l.len());
        list::append(th, l, v)?;
        Ok(v)
    }
    fn opt(&mut self, a: &Arg) -> R<Value> {
        match a {
            Arg::Name(b) | Arg::Text(b) | Arg::Opt(Some(b)) => self.th.try_str(b),
            _ => Ok(NONE()),
        }
    }
    fn universal(&mut self, a: &Arg) -> R<Value> {
        match a {
            Arg::Name(b) | Arg::Text(b) | Arg::Opt(Some(b)) => self.name(b),
            _ => Ok(NONE()),
        }
    }
    /// A prefix or URI, the empty one as "".
    fn text_of(&mut self, a: &Arg) -> R<Value> {
        let v = self.opt(a)?;
        Ok(if v.is_none() { self.th.str("") } else { v })
    }
    fn event(&mut self, e: Event, args: &[Arg]) -> R<()> {
        let (th, p) = (self.th, self.p);
        match e {
            Event::EndElement => match (self.b, p.end.get()) {
                (Some(b), _) => {
                    handle_end(th, b)?;
                }
                (None, Some(f)) => {
                    let n = self.universal(&args[0])?;
                    th.call(f, &[n])?;
                }
                _ => {}
            },
            Event::Comment => match (self.b, p.comment.get()) {
                (Some(b), _) => {
                    let s = self.opt(&args[0])?;
                    handle_comment(th, b, s)?;
                }
                (None, Some(f)) => {
                    let s = self.opt(&args[0])?;
                    th.call(f, &[s])?;
                }
                _ => {}
            },
            Event::ProcessingInstruction => {
                let (t, d) = (self.opt(&args[0])?, self.opt(&args[1])?);
                match (self.b, p.pi.get()) {
                    (Some(b), _) => {
                        if b.insert_pis.get() || (b.events_append.get().is_some() && b.ev_pi.get().is_some())
                        {
                            handle_pi(th, b, t, d)?;
                        }
                    }
                    (None, Some(f)) => {
                        th.call(f, &[t, d])?;
                    }
                    _ => {}
                }
            }
            Event::StartNamespaceDecl => {
                let (prefix, uri) = (self.text_of(&args[0])?, self.text_of(&args[1])?);
                match (self.b, p.start_ns.get()) {
                    (Some(b), _) => event(th, b, b.ev_start_ns.get(), th.tuple(&[prefix, uri]))?,
                    (None, Some(f)) => {
                        th.call(f, &[prefix, uri])?;
                    }
                    _ => {}
                }
            }
            Event::EndNamespaceDecl => match (self.b, p.end_ns.get()) {
                (Some(b), _) => event(th, b, b.ev_end_ns.get(), NONE())?,
                (None, Some(f)) => {
                    let prefix = self.text_of(&args[0])?;
                    th.call(f, &[prefix])?;
                }
                _ => {}
            },
            Event::StartDoctypeDecl => {
                let name = self.universal(&args[0])?;
                let (system, public) = (self.universal(&args[1])?, self.universal(&args[2])?);
                if let Some(f) = p.doctype.get() {
                    th.call(f, &[name, public, system])?;
                } else if th.getattr_opt(p.value(), th.intern("doctype"))?.is_some() {
                    let msg = "The doctype() method of XMLParser is ignored.  Define doctype() method on the TreeBuilder target.";
                    adder_vm::warn::warn(th, &exc::RUNTIME_WARNING, msg, 1)?;
                }
            }
            Event::DefaultExpand => {
                let Some(Arg::Text(s)) = args.first() else { return Ok(()) };
                if s.len() < 2 || s[0] != b'&' {
                    return Ok(());
                }
                let key = th.try_str(&s[1..s.len() - 1])?;
                let v = match p.entity.get().and_then(|d| d.cast::<Dict>()) {
                    Some(d) => d.get(th, key)?,
                    None => None,
                };
                match v {
                    Some(v) => match (self.b, p.data.get()) {
                        (Some(b), _) => handle_data(th, b, v)?,
                        (None, Some(f)) => {
                            th.call(f, &[v])?;
                        }
                        _ => {}
                    },
                    None => {
                        let s = String::from_utf8_lossy(&s[..s.len().min(100)]).into_owned();
                        let m = format!("undefined entity {s}");
                        return Err(parse_error(th, code::UNDEFINED_ENTITY, self.line, self.column, &m));
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }
}
impl Sink for TreeSink {
    fn wants(&self, e: Event) -> bool {
        match e {
            Event::StartElement
            | Event::EndElement
            | Event::CharacterData
            | Event::DefaultExpand
            | Event::StartDoctypeDecl => true,
            Event::Comment => self.p.want_comment.get(),
            Event::ProcessingInstruction => self.p.want_pi.get(),
            Event::StartNamespaceDecl | Event::EndNamespaceDecl => self.p.want_ns.get(),
            _ => false,
        }
    }
    fn at(&mut self, line: u64, column: u64, _: i64, _: &[u8]) {
        (self.line, self.column) = (line, column);
    }
    fn call(&mut self, e: Event, args: &[Arg]) -> Result<i64, ()> {
        self.flush().and_then(|()| self.event(e, args)).map(|()| 1).map_err(|_| ())
    }
    fn start_element(&mut self, name: &[u8], attrs: &[(Cow<[u8]>, Cow<[u8]>)], _: usize) -> Result<(), ()> {
        let th = self.th;
        let r = (|| -> R<()> {
            self.flush()?;
            let tag = self.name(name)?;
            let mut d = None;
            if !attrs.is_empty() {
                let x = Gc::<Dict>::with_capacity(th, attrs.len());
                for (k, v) in attrs {
                    let k = self.name(k)?;
                    x.set(th, k, th.try_str(v)?)?;
                }
                d = Some(x);
            }
            match (self.b, self.p.start.get()) {
                (Some(b), _) => {
                    handle_start(th, b, tag, d)?;
                }
                (None, Some(f)) => {
                    let d = d.unwrap_or_else(|| Gc::<Dict>::new(th));
                    th.call(f, &[tag, d.value()])?;
                }
                _ => {}
            }
            Ok(())
        })();
        r.map_err(|_| ())
    }
    fn text(&mut self, t: &[u8]) -> Result<(), ()> {
        if self.b.is_some() {
            self.text.extend_from_slice(t);
            return Ok(());
        }
        let Some(f) = self.p.data.get() else { return Ok(()) };
        let th = self.th;
        th.try_str(t).and_then(|s| th.call(f, &[s])).map(|_| ()).map_err(|_| ())
    }
    fn encoding(&mut self, name: &str) -> Result<Option<Box<[u32; 256]>>, ()> {
        super::expat::table_of(self.th, name).map_err(|_| ())
    }
}
