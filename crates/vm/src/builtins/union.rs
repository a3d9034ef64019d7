//! `typing.Union`, which is `types.UnionType`: `int | str`.
//!
//! # Invariants
//! `un` is given receivers of the type's methods and values that were found to be unions; `args` is set before anybody
//! has one.

use super::generic_alias::{collect_parameters, items, ro, substitute, type_repr};
use super::{list, singletons};
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::{Header, Size, Trace};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

#[repr(C)]
pub struct Union {
    pub h: Header,
    /// At least two, all different.
    pub args: Slot,
    pub parameters: Slot,
    /// Tuple of the arguments without a hash, if there are any.
    pub unhashable: Slot,
}
unsafe impl Layout for Union {
    const KIND: Kind = Kind::Union;
}
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    match k {
        Kind::Union => Some((Size::Fixed(size_of::<Union>() as u32), Trace::Slots { at: 8, n: 3 })),
        _ => None,
    }
}

pub static UNION_TYPE: NativeType = NativeType {
    name: "typing.Union",
    kind: Kind::Union,
    size: size_of::<Union>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::WEAKREF | tflags::HAVE_GC,
    doc: "Represent a union type\n\nE.g. for int | str",
    slots: Slots {
        repr: Some(|th, o| {
            let parts: R<Vec<String>> = items(un(o).args.value()).iter().map(|a| type_repr(th, *a)).collect();
            Ok(th.str(&parts?.join(" | ")))
        }),
        hash: Some(|th, o| {
            if let Some(u) = un(o).unhashable.get() {
                // They may have become hashable since: the union stays without a hash.
                let u = items(u);
                for v in u {
                    th.hash(*v)?;
                }
                return Err(th.type_error(format!(
                    "union contains {} unhashable element{}",
                    u.len(),
                    if u.len() == 1 { "" } else { "s" }
                )));
            }
            let s = super::set::frozen_from_slice(th, items(un(o).args.value()))?;
            th.hash(s)
        }),
        richcompare: Some(compare),
        getattro: Some(crate::attr::object_getattro),
        or: Some(|th, a, b| of(th, &[a, b])),
        getitem: Some(|th, o, k| {
            let u = un(o);
            let p = parameters_of(th, u)?;
            let args = substitute(th, o, u.args.value(), p, k)?;
            of(th, items(args))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("__mro_entries__", "($self, object, /)", "", |th, a| {
            Err(th.type_error(format!("Cannot subclass {}", th.text(th.repr(a[0].unwrap())?))))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Create a union containing the given types",
            |th, a| {
                let k = a[1].unwrap();
                if k.is_kind(Kind::Tuple) {
                    if items(k).is_empty() {
                        return Err(th.type_error("Cannot take a Union of no types."));
                    }
                    return of(th, items(k));
                }
                of(th, &[k])
            },
        ),
    ],
    members: &[ro("__args__", offset_of!(Union, args))],
    getset: &[
        getter("__module__", "", |th, o| th.getattr(th.type_of(o).value(), n!(__module__))),
        getter("__name__", "Name of the type", |th, _| Ok(th.intern("Union"))),
        getter("__qualname__", "Qualified name of the type", |th, _| Ok(th.intern("Union"))),
        getter("__origin__", "Always returns the type", |_, _| Ok(UNION.get().value())),
        getter("__parameters__", "Type variables in the types.UnionType.", |th, o| parameters_of(th, un(o))),
    ],
    ..NativeType::DEFAULT
};
pub static UNION: TypeCell = TypeCell::new(&UNION_TYPE);

fn un(o: Value) -> Gc<Union> {
    unsafe { o.cast_unchecked() }
}
/// The tuple of a union's types.
pub fn args(o: Value) -> Value {
    un(o).args.value()
}
fn parameters_of(th: Th, u: Gc<Union>) -> R<Value> {
    if let Some(p) = u.parameters.get() {
        return Ok(p);
    }
    let p = collect_parameters(th, items(u.args.value()))?;
    th.store(u, &u.parameters, p);
    Ok(p)
}

/// Collects the different types of a union.
struct Builder {
    args: Gc<List>,
    seen: Gc<Dict>,
    unhashable: Gc<List>,
}
impl Builder {
    fn add(&mut self, th: Th, v: Value) -> R<()> {
        let v = if v.is_none() { singletons::NONE_TYPE.get().value() } else { v };
        if v.is_kind(Kind::Union) {
            return items(args(v)).iter().try_for_each(|x| self.add(th, *x));
        }
        let v = if v.is_kind(Kind::Str) {
            let text = th.str("Union[arg, ...]: each arg must be a type.");
            super::typing::call_typing(th, "_type_check", &[v, text])?
        } else {
            v
        };
        let h = th.hash(v);
        match th.catch(h, &exc::TYPE_ERROR)? {
            Some(h) => {
                if self.seen.get_hashed(th, v, h)?.is_some() {
                    return Ok(());
                }
                self.seen.set_hashed(th, v, h, NONE())?;
            }
            None => {
                if th.contains(self.unhashable.value(), v)? {
                    return Ok(());
                }
                list::append(th, self.unhashable, v)?;
            }
        }
        list::append(th, self.args, v)
    }
}

/// The union of `v`, which may be anything; just the type itself if they are all the same.
pub fn of(th: Th, v: &[Value]) -> R<Value> {
    let mut b =
        Builder { args: list::new(th, &[])?, seen: Gc::<Dict>::new(th), unhashable: list::new(th, &[])? };
    for x in v {
        b.add(th, *x)?;
    }
    let args = list::snapshot(th, b.args)?;
    if items(args).len() == 1 {
        return Ok(items(args)[0]);
    }
    let un = if b.unhashable.len.load(Relaxed) > 0 { Some(list::snapshot(th, b.unhashable)?) } else { None };
    Ok(th
        .object(Union {
            h: Union::head(),
            args: Slot::new(args),
            parameters: Slot::null(),
            unhashable: Slot::opt(un),
        })
        .value())
}

fn unionable(v: Value) -> bool {
    v.is_none() || matches!(v.kind(), Kind::Type | Kind::GenericAlias | Kind::Union | Kind::TypeAlias)
}
/// `a | b` of types: NotImplemented for operands that are not types.
pub fn or_checked(th: Th, a: Value, b: Value) -> R<Value> {
    if !unionable(a) || !unionable(b) {
        return Ok(NOT_IMPLEMENTED());
    }
    of(th, &[a, b])
}

/// As sets.
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !a.is_kind(Kind::Union) || !b.is_kind(Kind::Union) || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (x, y) = (items(args(a)), items(args(b)));
    let mut eq = x.len() == y.len();
    for v in x {
        if !eq {
            break;
        }
        let mut found = false;
        for w in y {
            if th.eq(*v, *w)? {
                found = true;
                break;
            }
        }
        eq = found;
    }
    Ok(Value::bool(eq == (op == CmpOp::Eq)))
}
