//! `types.SimpleNamespace`.
//!
//! # Invariants
//! An instance's `__dict__`, when asked for, is a dict; the first argument of a `new` slot is a class.

use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;

pub static NAMESPACE_TYPE: NativeType = NativeType {
    name: "types.SimpleNamespace",
    kind: Kind::SimpleNamespace,
    size: 8,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAS_DICT | tflags::HAVE_GC,
    doc: "A simple attribute-based namespace.",
    text_signature: Some("(mapping_or_iterable=(), /, **kwargs)"),
    slots: Slots {
        repr: Some(repr),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(compare),
        init: Some(init),
        new: Some(|th, t, _| super::object::new_instance(th, t.known())),
        ..Slots::NONE
    },
    methods: &[
        method("__reduce__", "($self, /)", "Return state information for pickling", |th, a| {
            let o = a[0].unwrap();
            Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&[]), dict(th, o)?.value()]))
        }),
        raw_method(
            "__replace__",
            "($self, /, **changes)",
            "Return a copy of the namespace object with new values for the specified attributes.",
            replace,
        ),
    ],
    getset: &[getset("__dict__", "", |th, o| Ok(dict(th, o)?.value()), super::descr::set_dict)],
    ..NativeType::DEFAULT
};
pub static NAMESPACE: TypeCell = TypeCell::new(&NAMESPACE_TYPE);

fn dict(th: Th, o: Value) -> R<Gc<Dict>> {
    Ok(th.instance_dict(o)?.expect("a namespace has a dict"))
}

/// A namespace with the items of `d`, whose keys are strings.
pub fn new(th: Th, d: Gc<Dict>) -> R<Gc<adder_heap::Header>> {
    let o = super::object::new_instance(th, NAMESPACE.get())?;
    let mut i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        th.set_instance_attr(o, k, Some(v))?;
        i = ni;
    }
    Ok(unsafe { o.cast_unchecked() })
}

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    if a.len() > 1 {
        return Err(th.type_error(format!(
            "{} expected at most 1 argument, got {}",
            th.type_of(o).name_str(),
            a.len()
        )));
    }
    let set = |k: Value, v: Value| -> R<()> {
        if !k.is_kind(Kind::Str) {
            return Err(th.type_error("keywords must be strings"));
        }
        let k = if k.is_exact(Kind::Str) { k } else { th.str_bytes(k.known::<Str>().bytes()) };
        th.set_instance_attr(o, k, Some(v)).map(|_| ())
    };
    if let Some(&m) = a.pos().first() {
        let d = match m.exact::<Dict>() {
            Some(d) => d,
            None => {
                // Not the one that the program may have put in its place.
                th.call(super::dict::DICT.get().value(), &[m])?.known()
            }
        };
        let mut i = 0;
        while let Some((ni, k, v)) = d.next_entry(i) {
            set(k, v)?;
            i = ni;
        }
    }
    for (k, v) in a.keywords() {
        set(k, v)?;
    }
    Ok(())
}
fn repr(th: Th, o: Value) -> R<Value> {
    let t = th.type_of(o);
    let name = if t == NAMESPACE.get() { "namespace".to_string() } else { t.name_str().to_string() };
    let text = super::util::repr_once(th, o, || {
        let d = dict(th, o)?;
        let mut s = format!("{name}(");
        let mut i = 0;
        let mut first = true;
        while let Some((ni, k, v)) = d.next_entry(i) {
            i = ni;
            let Some(ks) = k.cast::<Str>() else { continue };
            if ks.is_empty() {
                continue;
            }
            let r = th.repr(v)?;
            if !first {
                s += ", ";
            }
            first = false;
            s += &format!("{}={}", ks.lossy(), th.text(r));
        }
        s.push(')');
        Ok(s)
    })?;
    Ok(th.str(&text.unwrap_or_else(|| format!("{name}(...)"))))
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !a.is_kind(Kind::SimpleNamespace) || !b.is_kind(Kind::SimpleNamespace) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (x, y) = (dict(th, a)?, dict(th, b)?);
    super::ops::compare_value(th, x.value(), y.value(), op)
}
fn replace(th: Th, a: RawArgs) -> R<Value> {
    if a.len() > 1 {
        return Err(th.type_error("__replace__() takes no positional arguments"));
    }
    let o = a.pos()[0];
    let class = th.type_of(o);
    let r = th.call(class.value(), &[])?;
    if !th.isinstance_exact(r, NAMESPACE.get()) {
        return Err(th.type_error(format!(
            "expect types.SimpleNamespace type, but {}() returned '{}' object",
            super::object::full_type_name(th, class).trim_start_matches("__main__."),
            th.type_name_of(r)
        )));
    }
    let d = dict(th, o)?;
    let mut i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        th.setattr(r, k, Some(v))?;
        i = ni;
    }
    for (k, v) in a.keywords() {
        th.setattr(r, k, Some(v))?;
    }
    Ok(r)
}
