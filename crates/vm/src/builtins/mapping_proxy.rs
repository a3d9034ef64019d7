//! `types.MappingProxyType`: a read-only view of any mapping.
//!
//! # Invariants
//! `mapping` is set before anybody has the proxy and never changes.

use super::util::*;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;

#[repr(C)]
pub struct MappingProxy {
    pub h: Header,
    pub mapping: Slot,
}
unsafe impl Layout for MappingProxy {
    const KIND: Kind = Kind::MappingProxy;
}

macro_rules! forward {
    ($name:literal $doc:literal) => {
        method($name, "($self, /)", $doc, |th, a| {
            th.call_method(viewed(th, arg(a, 0))?, th.intern($name), &[])
        })
    };
}

pub static MAPPING_PROXY_TYPE: NativeType = NativeType {
    name: "mappingproxy",
    kind: Kind::MappingProxy,
    size: size_of::<MappingProxy>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::MAPPING,
    doc: "Read-only proxy of a mapping.",
    text_signature: Some("(mapping)"),
    slots: Slots {
        new: Some(proxy_new),
        repr: Some(|th, o| {
            let r = th.repr(viewed(th, o)?)?;
            let mut out = b"mappingproxy(".to_vec();
            out.extend_from_slice(this::<Str>(r).bytes());
            out.push(b')');
            th.try_str(&out)
        }),
        str: Some(|th, o| th.to_str(viewed(th, o)?)),
        hash: Some(|th, o| th.hash(viewed(th, o)?)),
        richcompare: Some(|th, a, b, op: CmpOp| {
            crate::builtins::ops::compare_value(th, viewed(th, a)?, b, op)
        }),
        iter: Some(|th, o| th.iter(viewed(th, o)?)),
        len: Some(|th, o| th.len(viewed(th, o)?)),
        getitem: Some(|th, o, k| th.getitem(viewed(th, o)?, k)),
        contains: Some(|th, o, k| th.contains(viewed(th, o)?, k)),
        or: Some(|th, a, b| crate::builtins::ops::or(th, unwrap(th, a)?, unwrap(th, b)?)),
        ior: Some(|th, a, _| {
            Err(th.type_error(format!("'|=' is not supported by {}; use '|' instead", th.type_name_of(a))))
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "get",
            "($self, key, default=None, /)",
            "Return the value for key if key is in the mapping, else default.",
            |th, a| {
                let (m, k, d) = (viewed(th, arg(a, 0))?, arg(a, 1), a[2].unwrap_or(NONE()));
                match m.exact::<Dict>() {
                    Some(m) => Ok(m.get(th, k)?.unwrap_or(d)),
                    None => th.call_method(m, n!(get), &[k, d]),
                }
            },
        ),
        forward!("keys" "D.keys() -> a set-like object providing a view on D's keys"),
        forward!("values" "D.values() -> an object providing a view on D's values"),
        forward!("items" "D.items() -> a set-like object providing a view on D's items"),
        forward!("copy" "D.copy() -> a shallow copy of D"),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "mappingproxy objects are generic over two types, signifying (respectively) the types of their keys and values",
            class_getitem,
        ),
        forward!("__reversed__" "D.__reversed__() -> reverse iterator"),
    ],
    ..NativeType::DEFAULT
};
pub static MAPPING_PROXY: TypeCell = TypeCell::new(&MAPPING_PROXY_TYPE);

#[inline(always)]
fn mapping(o: Value) -> Value {
    this::<MappingProxy>(o).mapping.value()
}
/// What the proxy passes an operation on to: a proxy perhaps, of a proxy, of a proxy...
#[inline]
fn viewed(th: Th, o: Value) -> R<Value> {
    th.check_stack("")?;
    Ok(mapping(o))
}
fn unwrap(th: Th, v: Value) -> R<Value> {
    if v.is_kind(Kind::MappingProxy) { viewed(th, v) } else { Ok(v) }
}

pub fn new(th: Th, mapping: Value) -> Value {
    th.object(MappingProxy { h: MappingProxy::head(), mapping: Slot::new(mapping) }).value()
}

static NEW: NativeDef = function("mappingproxy", "(mapping)", "", |_, _| Ok(NONE()));

fn proxy_new(th: Th, _: Value, a: RawArgs) -> R<Value> {
    let mut b = [None];
    crate::bind::bind(th, &NEW, a, &mut b)?;
    let m = arg(&b, 0);
    if th.type_of(m).slots.getitem.is_none() || m.is_kind(Kind::List) || m.is_kind(Kind::Tuple) {
        return Err(
            th.type_error(format!("mappingproxy() argument must be a mapping, not {}", th.type_name_of(m)))
        );
    }
    Ok(new(th, m))
}
