//! `Element` and its iterators, as in CPython's `Modules/_elementtree.c`.
//!
//! # Invariants
//! The children are in a list of their own (null: none yet), so that every mutation is one of `list`'s, with its lock.
//! The list is reachable by `gc.get_referents`: what is read from it is checked to be an element. Null slots of `tag`,
//! `text` and `tail` read as None.

use crate::native_layout;
use adder_text::room;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::object::{self, new_instance};
use adder_vm::builtins::{list, slice};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

native_layout! { pub(crate) Element { tag, text, tail, attrib, children; } }
native_layout! { pub(crate) ElementIter { root, tag, stack: List; gettext: Plain<bool> } }

const FULL: &str = "xml.etree.ElementTree.Element";

pub static ELEMENT: TypeCell = TypeCell::new(&NativeType {
    name: FULL,
    kind: Kind::Native,
    size: Element::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(|th, t, _| new_instance(th, t.known())),
        init: Some(init),
        repr: Some(repr),
        bool: Some(|th, o| {
            let msg = "Testing an element's truth value will always return True in future versions.  Use specific 'len(elem)' or 'elem is not None' test instead.";
            adder_vm::warn::warn(th, &exc::DEPRECATION_WARNING, msg, 1)?;
            Ok(len(Element::of(o)) != 0)
        }),
        len: Some(|_, o| Ok(len(Element::of(o)))),
        getitem: Some(getitem),
        setitem: Some(setitem),
        ..Slots::NONE
    },
    methods: &[
        method("clear", "($self, /)", "", |th, a| {
            let e = Element::of(a[0].unwrap());
            for s in [&e.text, &e.tail, &e.attrib, &e.children] {
                th.store_opt(e, s, None);
            }
            Ok(NONE())
        }),
        method("get", "($self, /, key, default=None)", "", |th, a| {
            let d = Element::of(a[0].unwrap()).attrib.get().and_then(|d| d.cast::<Dict>());
            if let Some(d) = d
                && let Some(v) = d.get(th, a[1].unwrap())?
            {
                return Ok(v);
            }
            Ok(Value::opt_or_none(a[2]))
        }),
        method("set", "($self, key, value, /)", "", |th, a| {
            attrib(th, Element::of(a[0].unwrap()))?.set(th, a[1].unwrap(), a[2].unwrap())?;
            Ok(NONE())
        }),
        method("find", "($self, /, path, namespaces=None)", "", |th, a| {
            let (o, path) = (a[0].unwrap(), a[1].unwrap());
            if is_path(path) || a[2].is_some_and(|n| !n.is_none()) {
                return path_call(th, "find", &[o, path, Value::opt_or_none(a[2])]);
            }
            Ok(Value::opt_or_none(first(th, Element::of(o), path)?.map(|e| e.value())))
        }),
        method("findtext", "($self, /, path, default=None, namespaces=None)", "", |th, a| {
            let (o, path) = (a[0].unwrap(), a[1].unwrap());
            let default = Value::opt_or_none(a[2]);
            if is_path(path) || a[3].is_some_and(|n| !n.is_none()) {
                return path_call(th, "findtext", &[o, path, default, Value::opt_or_none(a[3])]);
            }
            Ok(match first(th, Element::of(o), path)? {
                Some(e) => match e.text.get().and_then(|t| t.some()) {
                    Some(t) => t,
                    None => th.str(""),
                },
                None => default,
            })
        }),
        method("findall", "($self, /, path, namespaces=None)", "", |th, a| {
            let (o, path) = (a[0].unwrap(), a[1].unwrap());
            if is_path(path) || a[2].is_some_and(|n| !n.is_none()) {
                return path_call(th, "findall", &[o, path, Value::opt_or_none(a[2])]);
            }
            let out = list::new(th, &[])?;
            let mut i = 0;
            while let Some(c) = child(th, Element::of(o), i) {
                i += 1;
                if th.eq(Value::opt_or_none(c.tag.get()), path)? {
                    list::append(th, out, c.value())?;
                }
            }
            Ok(out.value())
        }),
        method("append", "($self, subelement, /)", "", |th, a| {
            let c = check(th, a[1].unwrap(), "append() argument 1")?;
            add(th, Element::of(a[0].unwrap()), c)?;
            Ok(NONE())
        }),
        method("extend", "($self, elements, /)", "", |th, a| {
            let items = fast(th, a[1].unwrap(), "'elements' must be an iterable")?;
            let mut i = 0;
            while let Some(v) = items.get(i) {
                i += 1;
                add(th, Element::of(a[0].unwrap()), v)?;
            }
            Ok(NONE())
        }),
        method("insert", "($self, index, subelement, /)", "", |th, a| {
            let i = th.index_i64(a[1].unwrap())?;
            let c = check(th, a[2].unwrap(), "insert() argument 2")?;
            let l = children(th, Element::of(a[0].unwrap()))?;
            list::insert(th, l, i, c)?;
            Ok(NONE())
        }),
        method("remove", "($self, subelement, /)", "", remove),
        method("iter", "($self, /, tag=None)", "", |th, a| {
            let tag = Value::opt_or_none(a[1]);
            let any = match (tag.cast::<Str>(), tag.cast::<Bytes>()) {
                (Some(s), _) => s.bytes() == b"*",
                (_, Some(b)) => b.bytes() == b"*",
                _ => false,
            };
            iterator(th, a[0].unwrap(), if any { NONE() } else { tag }, false)
        }),
        method("itertext", "($self, /)", "", |th, a| iterator(th, a[0].unwrap(), NONE(), true)),
        method("iterfind", "($self, /, path, namespaces=None)", "", |th, a| {
            path_call(th, "iterfind", &[a[0].unwrap(), a[1].unwrap(), Value::opt_or_none(a[2])])
        }),
        method("items", "($self, /)", "", |th, a| view(th, a[0].unwrap(), n!(items))),
        method("keys", "($self, /)", "", |th, a| view(th, a[0].unwrap(), n!(keys))),
        method("makeelement", "($self, tag, attrib, /)", "", |th, a| {
            let v = a[2].unwrap();
            let Some(d) = v.cast::<Dict>() else {
                return Err(bad(th, "makeelement() argument 2", "dict", v));
            };
            let d = d.copy(th)?;
            Ok(create(th, a[1].unwrap(), Some(d))?.value())
        }),
        method("__copy__", "($self, /)", "", |th, a| {
            let e = Element::of(a[0].unwrap());
            let d = e.attrib.get().and_then(|d| d.cast::<Dict>());
            let c = create(th, Value::opt_or_none(e.tag.get()), d)?;
            th.store_opt(c, &c.text, e.text.get());
            th.store_opt(c, &c.tail, e.tail.get());
            if let Some(l) = kids(e) {
                let l = list::from_iterable(th, l.value())?;
                th.store(c, &c.children, l.value());
            }
            Ok(c.value())
        }),
        method("__deepcopy__", "($self, memo, /)", "", |th, a| {
            let v = a[1].unwrap();
            let Some(memo) = v.cast::<Dict>() else {
                return Err(bad(th, "__deepcopy__() argument", "dict", v));
            };
            Ok(deep(th, Element::of(a[0].unwrap()), memo)?.value())
        }),
        method("__sizeof__", "($self, /)", "", |th, a| {
            let n = kids(Element::of(a[0].unwrap())).map_or(0, |l| 24 + 8 * l.len());
            Ok(th.int(Element::SIZE as i64 + n as i64))
        }),
        method("__getstate__", "($self, /)", "", |th, a| {
            let e = Element::of(a[0].unwrap());
            let d = Gc::<Dict>::new(th);
            let l = match kids(e) {
                Some(l) => list::from_iterable(th, l.value())?,
                None => list::new(th, &[])?,
            };
            let at = match e.attrib.get() {
                Some(v) => v,
                None => Gc::<Dict>::new(th).value(),
            };
            d.set(th, th.intern("tag"), Value::opt_or_none(e.tag.get()))?;
            d.set(th, th.intern("_children"), l.value())?;
            d.set(th, th.intern("attrib"), at)?;
            d.set(th, th.intern("text"), Value::opt_or_none(e.text.get()))?;
            d.set(th, th.intern("tail"), Value::opt_or_none(e.tail.get()))?;
            Ok(d.value())
        }),
        method("__setstate__", "($self, state, /)", "", setstate),
    ],
    getset: &[
        getset(
            "tag",
            "A string identifying what kind of data this element represents",
            |_, o| Ok(Value::opt_or_none(Element::of(o).tag.get())),
            |th, o, v| put(th, o, &Element::of(o).tag, v),
        ),
        getset(
            "text",
            "A string of text directly after the start tag, or None",
            |_, o| Ok(Value::opt_or_none(Element::of(o).text.get())),
            |th, o, v| put(th, o, &Element::of(o).text, v),
        ),
        getset(
            "tail",
            "A string of text directly after the end tag, or None",
            |_, o| Ok(Value::opt_or_none(Element::of(o).tail.get())),
            |th, o, v| put(th, o, &Element::of(o).tail, v),
        ),
        getset(
            "attrib",
            "A dictionary containing the element's attributes",
            |th, o| Ok(attrib(th, Element::of(o))?.value()),
            |th, o, v| {
                if let Some(v) = v
                    && !v.is_kind(Kind::Dict)
                {
                    return Err(th.type_error(format!("attrib must be dict, not {}", th.type_name_of(v))));
                }
                put(th, o, &Element::of(o).attrib, v)
            },
        ),
    ],
    trace: Some(Element::trace),
    ..NativeType::DEFAULT
});

fn put(th: Th, o: Value, s: &Slot, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.attribute_error_msg("can't delete element attribute")) };
    th.store(Element::of(o), s, v);
    Ok(())
}
fn kids(e: Gc<Element>) -> Option<Gc<List>> {
    e.children.get().and_then(|l| l.cast::<List>())
}
fn len(e: Gc<Element>) -> usize {
    kids(e).map_or(0, |l| l.len())
}
/// The list of the children, made when missing.
fn children(th: Th, e: Gc<Element>) -> R<Gc<List>> {
    if let Some(l) = kids(e) {
        return Ok(l);
    }
    let l = list::with_capacity(th, 4)?;
    let _g = th.lock(e);
    if let Some(l) = kids(e) {
        return Ok(l);
    }
    th.store(e, &e.children, l.value());
    Ok(l)
}
fn attrib(th: Th, e: Gc<Element>) -> R<Gc<Dict>> {
    if let Some(d) = e.attrib.get().and_then(|d| d.cast::<Dict>()) {
        return Ok(d);
    }
    let d = Gc::<Dict>::new(th);
    let _g = th.lock(e);
    if let Some(d) = e.attrib.get().and_then(|d| d.cast::<Dict>()) {
        return Ok(d);
    }
    th.store(e, &e.attrib, d.value());
    Ok(d)
}
pub fn is_element(th: Th, v: Value) -> bool {
    let t = th.type_of(v);
    t == ELEMENT.get() || th.is_subtype(t, ELEMENT.get())
}
fn child(th: Th, e: Gc<Element>, i: usize) -> Option<Gc<Element>> {
    let v = kids(e)?.get(i)?;
    is_element(th, v).then(|| Element::of(v))
}
#[cold]
pub fn bad(th: Th, what: &str, expected: &str, v: Value) -> Raised {
    let got = if v.is_none() { "None".to_string() } else { th.type_name_of(v) };
    th.type_error(format!("{what} must be {expected}, not {got}"))
}
fn check(th: Th, v: Value, what: &str) -> R<Value> {
    if is_element(th, v) { Ok(v) } else { Err(bad(th, what, FULL, v)) }
}
#[cold]
fn not_element(th: Th, v: Value) -> Raised {
    th.type_error(format!("expected an Element, not \"{}\"", th.type_name_of(v)))
}
/// Adds a child.
pub fn add(th: Th, e: Gc<Element>, v: Value) -> R<()> {
    if !is_element(th, v) {
        return Err(not_element(th, v));
    }
    let l = children(th, e)?;
    list::append(th, l, v)
}
pub fn create(th: Th, tag: Value, attrib: Option<Gc<Dict>>) -> R<Gc<Element>> {
    let e = Element::of(new_instance(th, ELEMENT.get())?);
    th.store(e, &e.tag, tag);
    if let Some(d) = attrib
        && !(d.is_empty() && d.is_exact_dict())
    {
        th.store(e, &e.attrib, d.value());
    }
    Ok(e)
}
/// A list of what is iterable.
pub fn fast(th: Th, v: Value, msg: &str) -> R<Gc<List>> {
    if !v.is_kind(Kind::List)
        && !v.is_kind(Kind::Tuple)
        && th.type_of(v).slots.iter.is_none()
        && th.type_of(v).slots.getitem.is_none()
    {
        return Err(th.type_error(msg));
    }
    list::from_iterable(th, v)
}

/// Attributes of a constructor: a dict given as positional argument or as `attrib=`, and keywords.
pub fn attributes(th: Th, given: Option<Value>, a: RawArgs) -> R<Option<Gc<Dict>>> {
    let is_attrib = |k: Value| k.cast::<Str>().is_some_and(|s| s.bytes() == b"attrib");
    let mut skip = false;
    let d = match given {
        Some(v) => v.known::<Dict>().copy(th)?,
        None if a.nkw() == 0 => return Ok(None),
        None => match a.keywords().find(|(k, _)| is_attrib(*k)) {
            Some((_, v)) => {
                skip = true;
                match v.cast::<Dict>() {
                    Some(d) => d.copy(th)?,
                    None => {
                        return Err(th.type_error(format!("attrib must be dict, not {}", th.type_name_of(v))));
                    }
                }
            }
            None => Gc::<Dict>::new(th),
        },
    };
    for (k, v) in a.keywords() {
        if !(skip && is_attrib(k)) {
            d.set(th, k, v)?;
        }
    }
    Ok(Some(d))
}
fn count(th: Th, name: &str, n: usize, least: usize, most: usize) -> R<()> {
    if (least..=most).contains(&n) {
        return Ok(());
    }
    let (word, k) = if n < least { ("least", least) } else { ("most", most) };
    let s = if k == 1 { "" } else { "s" };
    Err(th.type_error(format!("{name}() takes at {word} {k} argument{s} ({n} given)")))
}
fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let p = a.pos();
    count(th, "Element", p.len(), 1, 2)?;
    if let Some(v) = p.get(1)
        && !v.is_kind(Kind::Dict)
    {
        return Err(bad(th, "Element() argument 2", "dict", *v));
    }
    let d = attributes(th, p.get(1).copied(), a)?;
    let e = Element::of(o);
    if let Some(d) = d
        && !d.is_empty()
    {
        th.store(e, &e.attrib, d.value());
        th.store_opt(e, &e.children, None);
    }
    th.store(e, &e.tag, p[0]);
    th.store_opt(e, &e.text, None);
    th.store_opt(e, &e.tail, None);
    Ok(())
}
pub fn subelement(th: Th, a: RawArgs) -> R<Value> {
    let p = a.pos();
    count(th, "SubElement", p.len(), 2, 3)?;
    check(th, p[0], "SubElement() argument 1")?;
    if let Some(v) = p.get(2)
        && !v.is_kind(Kind::Dict)
    {
        return Err(bad(th, "SubElement() argument 3", "dict", *v));
    }
    let d = attributes(th, p.get(2).copied(), a)?;
    let e = create(th, p[1], d)?;
    add(th, Element::of(p[0]), e.value())?;
    Ok(e.value())
}

fn repr(th: Th, o: Value) -> R<Value> {
    let at = object::id(th, o);
    let Some(tag) = Element::of(o).tag.get() else {
        return Ok(th.str(&format!("<Element None at {at:#x}>")));
    };
    if th.repr_enter(o) {
        let t = th.type_of(o);
        let name = if t == ELEMENT.get() { FULL.to_string() } else { th.type_name(t) };
        return Err(th.runtime_error(format!("reentrant call inside {name}.__repr__")));
    }
    let r = th.repr(tag);
    th.repr_leave(o);
    let r = th.call_method(
        th.str("<Element {} at {}>"),
        th.intern("format"),
        &[r?, th.str(&format!("{at:#x}"))],
    )?;
    Ok(r)
}

fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let e = Element::of(o);
    if let Some(s) = k.cast::<Slice>() {
        let bounds = slice::unpack(th, s)?;
        let out = list::new(th, &[])?;
        if let Some(l) = kids(e) {
            for i in slice::clip(bounds, l.len()).iter() {
                if let Some(v) = l.get(i) {
                    list::append(th, out, v)?;
                }
            }
        }
        return Ok(out.value());
    }
    let i = position(th, e, k)?;
    match kids(e).and_then(|l| l.get(i)) {
        Some(v) => Ok(v),
        None => Err(th.index_error("child index out of range")),
    }
}
/// An index as a position; one that is out of range on the left is `usize::MAX`.
fn position(th: Th, e: Gc<Element>, k: Value) -> R<usize> {
    if !matches!(k.kind(), Kind::Int | Kind::Bool) && th.type_of(k).slots.index.is_none() {
        return Err(th.type_error("element indices must be integers"));
    }
    let i = slice::item_index(th, k, "element")?;
    let i = if i < 0 { i + len(e) as i64 } else { i };
    Ok(usize::try_from(i).unwrap_or(usize::MAX))
}
fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let e = Element::of(o);
    if k.is_kind(Kind::Slice) {
        let l = children(th, e)?.value();
        let Some(v) = v else { return th.setitem(l, k, None) };
        let new = fast(th, v, "assignment expects an iterable")?;
        let mut i = 0;
        while let Some(c) = new.get(i) {
            i += 1;
            if !is_element(th, c) {
                return Err(not_element(th, c));
            }
        }
        return th.setitem(l, k, Some(new.value()));
    }
    let i = position(th, e, k)?;
    let Some(l) = kids(e).filter(|l| i < l.len()) else {
        return Err(th.index_error("child assignment index out of range"));
    };
    match v {
        Some(v) if !is_element(th, v) => Err(not_element(th, v)),
        Some(v) => list::set_at(th, l, i as i64, v),
        None => {
            list::remove_at(th, l, i as i64);
            Ok(())
        }
    }
}

fn remove(th: Th, a: &[Option<Value>]) -> R<Value> {
    let e = Element::of(a[0].unwrap());
    let x = check(th, a[1].unwrap(), "remove() argument")?;
    let mut i = 0;
    // A comparison may change the children: the list is asked anew each time.
    while let Some(c) = kids(e).and_then(|l| l.get(i)) {
        if c.is(x) || th.eq(c, x)? {
            // What was found may be gone by now: then nothing is left to do.
            if let Some(l) = kids(e).filter(|l| i < l.len()) {
                list::remove_at(th, l, i as i64);
            }
            return Ok(NONE());
        }
        i += 1;
    }
    Err(th.value_error("Element.remove(x): element not found"))
}

/// Does it need ElementPath, or is it the name of a tag?
fn is_path(v: Value) -> bool {
    let s = match (v.cast::<Str>(), v.cast::<Bytes>()) {
        (Some(s), _) => room::copy(s.bytes()),
        (_, Some(b)) => room::copy(b.bytes()),
        _ => return true,
    };
    if s.len() >= 3 && (s.starts_with(b"{}") || s.starts_with(b"{*}")) {
        return true;
    }
    let mut outside = true;
    for c in s {
        match c {
            b'{' => outside = false,
            b'}' => outside = true,
            b'/' | b'*' | b'[' | b'@' | b'.' if outside => return true,
            _ => {}
        }
    }
    false
}
fn path_call(th: Th, name: &str, args: &[Value]) -> R<Value> {
    let f = adder_vm::import::import_attr(th, "xml.etree.ElementPath", name)?;
    th.call(f, args)
}
/// The first child with a tag.
fn first(th: Th, e: Gc<Element>, tag: Value) -> R<Option<Gc<Element>>> {
    let mut i = 0;
    while let Some(c) = child(th, e, i) {
        i += 1;
        if th.eq(Value::opt_or_none(c.tag.get()), tag)? {
            return Ok(Some(c));
        }
    }
    Ok(None)
}
/// A list of the attributes' keys or items.
fn view(th: Th, o: Value, what: Value) -> R<Value> {
    let Some(d) = Element::of(o).attrib.get().and_then(|d| d.cast::<Dict>()) else {
        return Ok(list::new(th, &[])?.value());
    };
    let d = if d.is_exact_dict() { d } else { d.copy(th)? };
    let v = th.call_method(d.value(), what, &[])?;
    Ok(list::from_iterable(th, v)?.value())
}

// -- copies and pickles

fn deep_value(th: Th, v: Value, memo: Gc<Dict>) -> R<Value> {
    if v.is_none() || v.exact::<Str>().is_some() {
        return Ok(v);
    }
    if th.type_of(v) == ELEMENT.get() {
        let id = th.int(object::id(th, v) as i64);
        if let Some(v) = memo.get(th, id)? {
            return Ok(v);
        }
        return Ok(deep(th, Element::of(v), memo)?.value());
    }
    let f = adder_vm::import::import_attr(th, "copy", "deepcopy")?;
    th.call(f, &[v, memo.value()])
}
fn deep(th: Th, e: Gc<Element>, memo: Gc<Dict>) -> R<Gc<Element>> {
    th.check_stack(" in __deepcopy__")?;
    let tag = deep_value(th, Value::opt_or_none(e.tag.get()), memo)?;
    let at = match e.attrib.get() {
        Some(v) => deep_value(th, v, memo)?.cast::<Dict>(),
        None => None,
    };
    let c = create(th, tag, at)?;
    let text = deep_value(th, Value::opt_or_none(e.text.get()), memo)?;
    th.store(c, &c.text, text);
    let tail = deep_value(th, Value::opt_or_none(e.tail.get()), memo)?;
    th.store(c, &c.tail, tail);
    let mut i = 0;
    while let Some(x) = kids(e).and_then(|l| l.get(i)) {
        i += 1;
        let x = deep_value(th, x, memo)?;
        add(th, c, x)?;
    }
    let id = th.int(object::id(th, e.value()) as i64);
    memo.set(th, id, c.value())?;
    Ok(c)
}
/// Text that an older state holds in pieces.
fn joined(th: Th, v: Option<Value>) -> R<Value> {
    match v {
        Some(v) if v.exact::<List>().is_some() => th.call_method(th.str(""), th.intern("join"), &[v]),
        v => Ok(Value::opt_or_none(v)),
    }
}
fn setstate(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (e, st) = (Element::of(a[0].unwrap()), a[1].unwrap());
    let Some(d) = st.exact::<Dict>() else {
        let r = th.text(th.repr(st)?);
        let r: String = r.chars().take(200).collect();
        return Err(th.type_error(format!("Don't know how to unpickle \"{r}\" as an Element")));
    };
    let names = ["tag", "attrib", "text", "tail", "_children"];
    let mut at = 0;
    while let Some((next, k, _)) = d.next_entry(at) {
        at = next;
        let Some(s) = k.cast::<Str>() else { return Err(th.type_error("keywords must be strings")) };
        if !names.iter().any(|n| n.as_bytes() == s.bytes()) {
            let s = th.text(k);
            return Err(th.type_error(format!("this function got an unexpected keyword argument '{s}'")));
        }
    }
    let get = |n: &str| d.get(th, th.intern(n));
    let Some(tag) = get("tag")? else { return Err(th.type_error("tag may not be NULL")) };
    let (text, tail) = (joined(th, get("text")?)?, joined(th, get("tail")?)?);
    th.store(e, &e.tag, tag);
    th.store(e, &e.text, text);
    th.store(e, &e.tail, tail);
    let at = get("attrib")?;
    let kids = get("_children")?;
    if at.is_none() && kids.is_none() {
        return Ok(NONE());
    }
    if let Some(k) = kids {
        if !k.is_kind(Kind::List) {
            return Err(th.type_error("'_children' is not a list"));
        }
        let l = list::from_iterable(th, k)?;
        let mut i = 0;
        while let Some(c) = l.get(i) {
            i += 1;
            if !is_element(th, c) {
                return Err(not_element(th, c));
            }
        }
        th.store(e, &e.children, l.value());
    }
    th.store_opt(e, &e.attrib, at.filter(|v| v.is_kind(Kind::Dict)));
    Ok(NONE())
}

// -- iterators: the elements on the way down and, after each, the index of its next child

pub static ITER: TypeCell = TypeCell::new(&NativeType {
    name: "_elementtree._element_iterator",
    kind: Kind::Native,
    size: ElementIter::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(step), ..Slots::NONE },
    trace: Some(ElementIter::trace),
    ..NativeType::DEFAULT
});
fn iterator(th: Th, o: Value, tag: Value, gettext: bool) -> R<Value> {
    let stack = list::with_capacity(th, 8)?;
    let v = new_instance(th, th.make_type(&ITER))?;
    let it = ElementIter::of(v);
    th.store(it, &it.root, o);
    th.store(it, &it.tag, tag);
    th.store(it, &it.stack, stack);
    it.gettext.set(gettext);
    Ok(v)
}
fn step(th: Th, o: Value) -> R<Option<Value>> {
    let it = ElementIter::of(o);
    let stack: Gc<List> = it.stack.gc();
    let text = it.gettext.get();
    loop {
        let n = stack.len();
        let e = if n < 2 {
            let Some(r) = it.root.get() else { return Ok(None) };
            it.root.init(None);
            Element::of(r)
        } else {
            // Another thread may have moved the stack meanwhile.
            let (Some(p), Some(i)) = (stack.get(n - 2), stack.get(n - 1)) else { return Ok(None) };
            let Some(i) = i.as_fix().filter(|_| is_element(th, p)) else { return Ok(None) };
            let p = Element::of(p);
            match child(th, p, i as usize) {
                Some(c) => {
                    list::set_at(th, stack, n as i64 - 1, Value::fix(i + 1))?;
                    c
                }
                None => {
                    list::remove_at(th, stack, -1);
                    list::remove_at(th, stack, -1);
                    // Only inner text, not what follows the element where it began.
                    if text
                        && stack.len() > 0
                        && let Some(t) = p.tail.get().and_then(|t| t.some())
                        && th.truth(t)?
                    {
                        return Ok(Some(t));
                    }
                    continue;
                }
            }
        };
        // The text of comments and processing instructions is none of the element that holds them.
        if text && e.tag.get().is_some_and(|t| !t.is_none() && !t.is_kind(Kind::Str)) {
            if n >= 2
                && let Some(t) = e.tail.get().and_then(|t| t.some())
                && th.truth(t)?
            {
                return Ok(Some(t));
            }
            continue;
        }
        list::append(th, stack, e.value())?;
        list::append(th, stack, Value::fix(0))?;
        if text {
            if let Some(t) = e.text.get().and_then(|t| t.some())
                && th.truth(t)?
            {
                return Ok(Some(t));
            }
            continue;
        }
        let want = it.tag.value();
        if want.is_none() || th.eq(Value::opt_or_none(e.tag.get()), want)? {
            return Ok(Some(e.value()));
        }
    }
}
