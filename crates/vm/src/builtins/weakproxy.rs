//! `weakref.proxy`: an object that stands for another without keeping it alive.
//!
//! # Invariants
//! A proxy has the layout of [`WeakRef`], of which only `callback` is a reference that keeps.

use super::weakref::{WeakRef, make, target, weak};
use crate::builtins::exceptions as exc;
use crate::builtins::ops;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_heap::{Obj, Tracer};
use std::mem::offset_of;

const SLOTS: Slots = Slots {
    repr: Some(repr),
    str: Some(|th, o| th.to_str(alive(th, o)?)),
    hash: Some(crate::slot_defs::hash_not_implemented),
    getattro: Some(|th, o, name| th.getattr(alive(th, o)?, name)),
    setattro: Some(|th, o, name, v| th.setattr(alive(th, o)?, name, v)),
    richcompare: Some(|th, a, b, op| ops::compare_value(th, unwrap(th, a)?, unwrap(th, b)?, op)),
    iter: Some(|th, o| th.iter(alive(th, o)?)),
    iternext: Some(|th, o| {
        let t = alive(th, o)?;
        match th.type_of(t).slots.iternext {
            Some(f) => f(th, t),
            None => Err(th.type_error(format!(
                "Weakref proxy referenced a non-iterator '{}' object",
                th.type_name_of(t)
            ))),
        }
    }),
    len: Some(|th, o| th.len(alive(th, o)?)),
    getitem: Some(|th, o, k| th.getitem(alive(th, o)?, k)),
    setitem: Some(|th, o, k, v| th.setitem(alive(th, o)?, k, v)),
    contains: Some(|th, o, k| th.contains(alive(th, o)?, k)),
    bool: Some(|th, o| th.truth(alive(th, o)?)),
    int: Some(|th, o| convert(th, o, "int")),
    float: Some(|th, o| convert(th, o, "float")),
    index: Some(|th, o| th.index(alive(th, o)?)),
    neg: Some(|th, o| ops::neg(th, alive(th, o)?)),
    pos: Some(|th, o| ops::pos(th, alive(th, o)?)),
    abs: Some(|th, o| ops::abs(th, alive(th, o)?)),
    invert: Some(|th, o| ops::invert(th, alive(th, o)?)),
    add: Some(|th, a, b| ops::add(th, unwrap(th, a)?, unwrap(th, b)?)),
    sub: Some(|th, a, b| ops::sub(th, unwrap(th, a)?, unwrap(th, b)?)),
    mul: Some(|th, a, b| ops::mul(th, unwrap(th, a)?, unwrap(th, b)?)),
    matmul: Some(|th, a, b| ops::matmul(th, unwrap(th, a)?, unwrap(th, b)?)),
    truediv: Some(|th, a, b| ops::truediv(th, unwrap(th, a)?, unwrap(th, b)?)),
    floordiv: Some(|th, a, b| ops::floordiv(th, unwrap(th, a)?, unwrap(th, b)?)),
    rem: Some(|th, a, b| ops::rem(th, unwrap(th, a)?, unwrap(th, b)?)),
    divmod: Some(|th, a, b| ops::divmod(th, unwrap(th, a)?, unwrap(th, b)?)),
    pow: Some(|th, a, b, m| ops::pow3(th, unwrap(th, a)?, unwrap(th, b)?, unwrap(th, m)?)),
    lshift: Some(|th, a, b| ops::lshift(th, unwrap(th, a)?, unwrap(th, b)?)),
    rshift: Some(|th, a, b| ops::rshift(th, unwrap(th, a)?, unwrap(th, b)?)),
    and: Some(|th, a, b| ops::and(th, unwrap(th, a)?, unwrap(th, b)?)),
    or: Some(|th, a, b| ops::or(th, unwrap(th, a)?, unwrap(th, b)?)),
    xor: Some(|th, a, b| ops::xor(th, unwrap(th, a)?, unwrap(th, b)?)),
    iadd: Some(|th, a, b| ops::iadd(th, unwrap(th, a)?, unwrap(th, b)?)),
    isub: Some(|th, a, b| ops::isub(th, unwrap(th, a)?, unwrap(th, b)?)),
    imul: Some(|th, a, b| ops::imul(th, unwrap(th, a)?, unwrap(th, b)?)),
    imatmul: Some(|th, a, b| ops::imatmul(th, unwrap(th, a)?, unwrap(th, b)?)),
    itruediv: Some(|th, a, b| ops::itruediv(th, unwrap(th, a)?, unwrap(th, b)?)),
    ifloordiv: Some(|th, a, b| ops::ifloordiv(th, unwrap(th, a)?, unwrap(th, b)?)),
    irem: Some(|th, a, b| ops::irem(th, unwrap(th, a)?, unwrap(th, b)?)),
    ipow: Some(|th, a, b| ops::inplace(th, crate::interp::fast::Bin::Pow, unwrap(th, a)?, unwrap(th, b)?)),
    ilshift: Some(|th, a, b| ops::ilshift(th, unwrap(th, a)?, unwrap(th, b)?)),
    irshift: Some(|th, a, b| ops::irshift(th, unwrap(th, a)?, unwrap(th, b)?)),
    iand: Some(|th, a, b| ops::iand(th, unwrap(th, a)?, unwrap(th, b)?)),
    ior: Some(|th, a, b| ops::ior(th, unwrap(th, a)?, unwrap(th, b)?)),
    ixor: Some(|th, a, b| ops::ixor(th, unwrap(th, a)?, unwrap(th, b)?)),
    ..Slots::NONE
};

const METHODS: &[NativeDef] = &[
    method("__bytes__", "($self, /)", "", |th, a| {
        let t = alive(th, a[0].unwrap())?;
        th.call_method(t, n!(__bytes__), &[])
    }),
    method("__reversed__", "($self, /)", "", |th, a| {
        let t = alive(th, a[0].unwrap())?;
        th.call_method(t, n!(__reversed__), &[])
    }),
];

pub static PROXY_TYPE: NativeType = NativeType {
    name: "weakref.ProxyType",
    kind: Kind::WeakProxy,
    size: size_of::<WeakRef>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: SLOTS,
    methods: METHODS,
    drop: Some(super::weakref::drop_ref),
    ..NativeType::DEFAULT
};
pub static PROXY: TypeCell = TypeCell::new(&PROXY_TYPE);

pub static CALLABLE_PROXY_TYPE: NativeType = NativeType {
    name: "weakref.CallableProxyType",
    kind: Kind::Native,
    size: size_of::<WeakRef>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: Slots { call: Some(|th, o, a| th.call_raw(alive(th, o)?, a)), ..SLOTS },
    methods: METHODS,
    trace: Some(trace),
    drop: Some(super::weakref::drop_ref),
    ..NativeType::DEFAULT
};
pub static CALLABLE_PROXY: TypeCell = TypeCell::new(&CALLABLE_PROXY_TYPE);

unsafe fn trace(o: Obj, t: &mut Tracer) {
    t.slot(unsafe { (o.as_ptr() as *mut u8).add(offset_of!(WeakRef, callback)) } as *mut u64);
}

pub fn is_proxy_type(t: Gc<Type>) -> bool {
    PROXY.try_get() == Some(t) || CALLABLE_PROXY.try_get() == Some(t)
}
fn is_proxy(th: Th, v: Value) -> bool {
    v.is_obj() && is_proxy_type(th.type_of(v))
}

pub fn new(th: Th, o: Value, callback: Option<Value>) -> R<Value> {
    let t = if th.type_of(o).slots.call.is_some() { &CALLABLE_PROXY } else { &PROXY };
    make(th, t.get(), o, callback)
}

/// What the proxy stands for.
fn alive(th: Th, o: Value) -> R<Value> {
    match target(weak(o)) {
        Some(t) => Ok(t),
        None => Err(th.raise_msg(&exc::REFERENCE_ERROR, "weakly-referenced object no longer exists")),
    }
}
/// An operand, which may or may not be a proxy.
fn unwrap(th: Th, v: Value) -> R<Value> {
    if is_proxy(th, v) { alive(th, v) } else { Ok(v) }
}
fn convert(th: Th, o: Value, ty: &str) -> R<Value> {
    let t = alive(th, o)?;
    let f = super::builtin(th, ty)?;
    th.call(f, &[t])
}
fn repr(th: Th, o: Value) -> R<Value> {
    let id = super::object::id(th, o);
    Ok(th.str(&match target(weak(o)) {
        Some(t) => {
            format!("<weakproxy at {id:#x}; to '{}' at {:#x}>", th.type_name_of(t), super::object::id(th, t))
        }
        None => format!("<weakproxy at {id:#x}; dead>"),
    }))
}
