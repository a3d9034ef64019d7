//! `Row` and `PrepareProtocol`.
//!
//! # Invariants
//! The first argument of a `new` slot is a class, and one of whose layout the type is.

use super::cursor::{CURSOR, Cursor};
use super::{docs, native_layout};
use adder_vm::builtins::{list, object};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};

use adder_vm::value::*;

native_layout! { pub Row { data, description; } }
native_layout! { Protocol { ; } }

pub static PREPARE_PROTOCOL: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.PrepareProtocol",
    kind: Kind::Native,
    size: Protocol::SIZE,
    doc: "PEP 246 style object adaption protocol type.",
    slots: Slots {
        new: Some(|th, t, _| object::new_instance(th, t.known())),
        init: Some(|_, _, _| Ok(())),
        ..Slots::NONE
    },
    trace: Some(Protocol::trace),
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    ..NativeType::DEFAULT
});

pub static ROW: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.Row",
    kind: Kind::Native,
    size: Row::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SEQUENCE | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(|th, t, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("Row() takes no keyword arguments"));
            }
            let p = a.pos();
            if p.len() != 2 {
                return Err(th.type_error(format!("Row expected 2 arguments, got {}", p.len())));
            }
            if !th.isinstance_exact(p[0], CURSOR.get()) {
                return Err(th.type_error(format!(
                    "Row() argument 1 must be sqlite3.Cursor, not {}",
                    th.type_name_of(p[0])
                )));
            }
            if !p[1].is_kind(Kind::Tuple) {
                return Err(
                    th.type_error(format!("Row() argument 2 must be tuple, not {}", th.arg_type_name(p[1])))
                );
            }
            let o = object::new_instance(th, t.known())?;
            let r = Row::of(o);
            th.store(r, &r.data, p[1]);
            let d = Cursor::of(p[0]).description.get().unwrap_or(NONE());
            th.store(r, &r.description, d);
            Ok(o)
        }),
        hash: Some(|th, o| {
            let r = Row::of(o);
            Ok(th.hash(r.description.value())? ^ th.hash(r.data.value())?)
        }),
        richcompare: Some(|th, a, b, op| {
            if !matches!(op, CmpOp::Eq | CmpOp::Ne) || !th.isinstance_exact(b, ROW.get()) {
                return Ok(NOT_IMPLEMENTED());
            }
            let (x, y) = (Row::of(a), Row::of(b));
            let same = th.eq(x.description.value(), y.description.value())?
                && th.eq(x.data.value(), y.data.value())?;
            Ok(Value::bool(same == (op == CmpOp::Eq)))
        }),
        iter: Some(|th, o| th.iter(Row::of(o).data.value())),
        len: Some(|th, o| th.len(Row::of(o).data.value())),
        getitem: Some(|th, o, k| {
            let r = Row::of(o);
            let Some(name) = k.cast::<Str>() else {
                if th.type_of(k).slots.index.is_some() || k.is_kind(Kind::Slice) {
                    return th.getitem(r.data.value(), k);
                }
                return Err(th.index_error("Index must be int or string"));
            };
            if let Some(d) = r.description.value().cast::<Tuple>() {
                for (i, c) in d.items().iter().enumerate() {
                    let Some(n) = c.cast::<Tuple>().and_then(|t| t.items()[0].cast::<Str>()) else {
                        continue;
                    };
                    if n.bytes() == name.bytes() || n.bytes().eq_ignore_ascii_case(name.bytes()) {
                        return th.getitem(r.data.value(), Value::fix(i as i64));
                    }
                }
            }
            if r.description.value().is_none() {
                let shown = th.text(th.repr(k)?);
                return Err(th.index_error(format!("No item with key {shown}")));
            }
            Err(th.index_error("No item with that key"))
        }),
        ..Slots::NONE
    },
    methods: &[method("keys", "($self, /)", docs::row("keys"), |th, a| {
        let l = list::new(th, &[])?;
        if let Some(d) = Row::of(a[0].unwrap()).description.value().cast::<Tuple>() {
            for c in d.items() {
                if let Some(t) = c.cast::<Tuple>() {
                    list::append(th, l, t.items()[0])?;
                }
            }
        }
        Ok(l.value())
    })],
    trace: Some(Row::trace),
    ..NativeType::DEFAULT
});
