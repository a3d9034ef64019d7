//! Weak references: `weakref.ref`, and the registry that finds the references to an object. Proxies: [`super::weakproxy`].
//!
//! The heap clears a reference's target word when the target dies (see `adder_heap`, `register_weak`) and queues the
//! reference; [`crate::pending`] then calls its callback. Objects that were ever weakly referenced have the header flag
//! `HAS_WEAK` and keep their address; `TABLE` lists the addresses of the references to each.
//!
//! # Invariants
//! - References keep their address, too, and leave the table when they die (`drop_ref`, run by the collector), or when
//!   their target does (`forget`). An entry whose reference has a target word other than the key is stale: the target died
//!   and its address was used again before `forget` ran.
//! - The table's lock is never held across a safepoint, or a collection would wait for it for ever.

use crate::address::AddressMap;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::sync::Table;
use crate::thread::Th;
use crate::value::*;
use adder_heap::{Header, Obj};
use std::collections::TryReserveError;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// A weak reference or proxy.
#[repr(C)]
pub struct WeakRef {
    pub h: Header,
    /// Address of the target; 0: dead. The heap knows that this word is weak.
    pub target: AtomicU64,
    /// The target's address as a key of the table, kept after its death.
    pub key: AtomicU64,
    /// Hash of the target, if `HASHED`.
    pub hash: AtomicU64,
    pub callback: Slot,
}
unsafe impl Layout for WeakRef {
    const KIND: Kind = Kind::WeakRef;
}

/// Address of an object -> addresses of the references to it, in the order of `getweakrefs`.
static TABLE: Table<Option<AddressMap<u64, Vec<u64>>>> = Table::new(None);

pub static REF_TYPE: NativeType = NativeType {
    name: "weakref.ReferenceType",
    kind: Kind::WeakRef,
    size: size_of::<WeakRef>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC,
    slots: Slots {
        new: Some(ref_new),
        init: Some(ref_init),
        repr: Some(repr),
        hash: Some(hash),
        call: Some(|th, o, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("weakref() takes no keyword arguments"));
            }
            if !a.is_empty() {
                return Err(th.type_error(format!("weakref expected 0 arguments, got {}", a.len())));
            }
            Ok(Value::opt_or_none(target(weak(o))))
        }),
        richcompare: Some(compare),
        ..Slots::NONE
    },
    methods: &[classmethod("__class_getitem__", "!($type, object, /)", "See PEP 585", |th, a| {
        super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap())
    })],
    members: &[MemberDef {
        name: "__callback__",
        doc: "",
        offset: offset_of!(WeakRef, callback) as u32,
        flags: member::READONLY | member::NONE_IF_NULL,
    }],
    new1: Some(|th, o| make(th, REF.get(), o, None, true)),
    drop: Some(drop_ref),
    ..NativeType::DEFAULT
};
pub static REF: TypeCell = TypeCell::new(&REF_TYPE);

pub fn weak(o: Value) -> Gc<WeakRef> {
    unsafe { o.cast_unchecked() }
}
/// The object referred to, if it lives.
#[inline]
pub fn target(w: Gc<WeakRef>) -> Option<Value> {
    Value::from_word(w.target.load(Acquire))
}

fn may_be_referenced(th: Th, o: Value) -> bool {
    o.is_obj() && th.type_of(o).has(tflags::WEAKREF)
}
#[cold]
fn cannot(th: Th, o: Value) -> crate::err::Raised {
    th.type_error(format!("cannot create weak reference to '{}' object", th.type_name_of(o)))
}

/// A reference without callback of exactly the type `t` that exists already: there is one for all.
fn existing(th: Th, o: Value, t: Gc<Type>) -> Option<Value> {
    if unsafe { o.header_unchecked() }.flags.load(Acquire) & flags::HAS_WEAK == 0 {
        return None;
    }
    TABLE.look(th, |tab| shared_in(tab.as_ref()?.get(&o.bits())?, o, t))
}
fn shared_in(list: &[u64], o: Value, t: Gc<Type>) -> Option<Value> {
    list.iter().map(|w| unsafe { Value::from_bits(*w) }).find(|w| {
        let r = weak(*w);
        crate::shape::shape(w.shape_id()).type_ == t
            && r.callback.get().is_none()
            && r.target.load(Acquire) == o.bits()
    })
}

/// A reference (or proxy) of type `t`: the one that exists if it can be shared.
pub fn make(th: Th, t: Gc<Type>, o: Value, callback: Option<Value>, share: bool) -> R<Value> {
    if !may_be_referenced(th, o) {
        return Err(cannot(th, o));
    }
    if share
        && callback.is_none()
        && let Some(w) = existing(th, o, t)
    {
        return Ok(w);
    }
    let v = super::object::new_instance(th, t)?;
    let w = weak(v);
    let (vo, oo) = (v.obj().unwrap(), o.obj().unwrap());
    th.m.pin(vo);
    th.m.pin(oo);
    // Another thread may have made the shared one meanwhile: under the lock there is no safepoint.
    let other: Result<_, TryReserveError> = TABLE.with(|tab| {
        let tab = tab.get_or_insert_with(AddressMap::default);
        // It doubles when it is full.
        tab.try_reserve(1)?;
        let list = tab.entry(o.bits()).or_default();
        // Entries of an earlier object at this address.
        list.retain(|x| weak(unsafe { Value::from_bits(*x) }).target.load(Acquire) == o.bits());
        if share
            && callback.is_none()
            && let Some(w) = shared_in(list, o, t)
        {
            return Ok(Some(w));
        }
        w.target.store(o.bits(), Release);
        w.key.store(o.bits(), Release);
        if let Some(c) = callback {
            w.callback.init(Some(c));
            w.set_flag(adder_heap::WATCHED);
            th.m.barrier(vo, w.callback.as_ptr());
        }
        // Shared ones first (the plain reference before the proxy), then the newest.
        let is_ref = t == REF.get();
        let shared = |x: &u64| {
            let r = weak(unsafe { Value::from_bits(*x) });
            let t = crate::shape::shape(unsafe { Value::from_bits(*x) }.shape_id()).type_;
            r.callback.get().is_none() && (t == REF.get() || super::weakproxy::is_proxy_type(t))
        };
        let first = share && callback.is_none() && is_ref;
        let at = if first { 0 } else { list.iter().take_while(|x| shared(x)).count() };
        list.insert(at, v.bits());
        unsafe { oo.as_ref() }.flags.fetch_or(flags::HAS_WEAK, AcqRel);
        Ok(None)
    });
    match other {
        Ok(Some(w)) => return Ok(w),
        Ok(None) => {}
        Err(_) => return Err(th.memory_error()),
    }
    th.m.register_weak(vo);
    Ok(v)
}

/// The live references to `o`.
pub fn references(th: Th, o: Value) -> R<Gc<List>> {
    let l = super::list::new(th, &[])?;
    if !o.is_obj() || unsafe { o.header_unchecked() }.flags.load(Acquire) & flags::HAS_WEAK == 0 {
        return Ok(l);
    }
    let mut i = 0;
    loop {
        // One at a time: a value from the table must be on the stack before the next safepoint.
        let w = TABLE.look(th, |tab| {
            let w = tab.as_ref()?.get(&o.bits())?.get(i)?;
            Some(unsafe { Value::from_bits(*w) })
        });
        let Some(w) = w else { break };
        i += 1;
        if weak(w).target.load(Acquire) == o.bits() {
            super::list::append(th, l, w)?;
        }
    }
    Ok(l)
}
/// `__weakref__`.
pub fn first(th: Th, o: Value) -> R<Value> {
    let l = references(th, o)?;
    let t: Gc<Tuple> = super::list::snapshot(th, l)?.known();
    Ok(t.items().first().copied().unwrap_or(NONE()))
}

/// Takes a reference out of the table.
pub fn forget(w: Gc<WeakRef>) {
    let key = w.key.load(Acquire);
    TABLE.with(|t| {
        if let Some(t) = t.as_mut()
            && let Some(list) = t.get_mut(&key)
        {
            list.retain(|x| *x != w.value().bits());
            if list.is_empty() {
                t.remove(&key);
            }
        }
    });
}
/// Called by the collector for a reference that died.
///
/// # Safety
/// `o` is a weak reference or proxy.
pub unsafe fn drop_ref(o: Obj) {
    forget(unsafe { Gc::from_obj(o) })
}

/// The target of `w` has died (the heap says so): its callback is due.
pub fn died(th: Th, w: Gc<WeakRef>) {
    forget(w);
    let Some(f) = w.callback.get() else { return };
    w.callback.init(None);
    if th.call(f, &[w.value()]).is_err() {
        crate::unraisable::report(th, Some("while calling weakref callback"), f);
    }
}

fn ref_args(th: Th, a: RawArgs, name: &str) -> R<(Value, Option<Value>)> {
    match a.pos() {
        [] => Err(th.type_error(format!("{name} expected at least 1 argument, got 0"))),
        [o] => Ok((*o, None)),
        [o, c] => Ok((*o, c.some())),
        p => Err(th.type_error(format!("{name} expected at most 2 arguments, got {}", p.len()))),
    }
}
fn ref_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = t.known();
    let (o, c) = ref_args(th, a, "__new__")?;
    if t == REF.get() && a.nkw() != 0 {
        return Err(th.type_error("ref() takes no keyword arguments"));
    }
    make(th, t, o, c, t == REF.get())
}
fn ref_init(th: Th, _o: Value, a: RawArgs) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error("ref() takes no keyword arguments"));
    }
    ref_args(th, a, "__init__").map(|_| ())
}
fn repr(th: Th, o: Value) -> R<Value> {
    let id = super::object::id(th, o);
    let Some(t) = target(weak(o)) else { return Ok(th.str(&format!("<weakref at {id:#x}; dead>"))) };
    let name = match th.getattr_opt(t, crate::n!(__name__))? {
        Some(n) if n.is_kind(Kind::Str) => format!(" ({})", th.text(n)),
        _ => String::new(),
    };
    Ok(th.str(&format!(
        "<weakref at {id:#x}; to '{}' at {:#x}{name}>",
        th.type_name_of(t),
        super::object::id(th, t)
    )))
}
/// The header flag that says that the target's hash is known.
const HASHED: u16 = flags::K0;
const _: () = assert!(adder_heap::WATCHED == flags::K1);

fn hash(th: Th, o: Value) -> R<i64> {
    let w = weak(o);
    if w.flag(HASHED) {
        return Ok(w.hash.load(Acquire) as i64);
    }
    let Some(t) = target(w) else { return Err(th.type_error("weak object has gone away")) };
    let h = th.hash(t)?;
    w.hash.store(h as u64, Release);
    w.set_flag(HASHED);
    Ok(h)
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) || !b.is_kind(Kind::WeakRef) {
        return Ok(NOT_IMPLEMENTED());
    }
    match (target(weak(a)), target(weak(b))) {
        (Some(x), Some(y)) => super::ops::compare_value(th, x, y, op),
        _ => Ok(Value::bool(a.is(b) == (op == CmpOp::Eq))),
    }
}

pub static MODULE: NativeModule = NativeModule {
    name: "_weakref",
    doc: "Weak-reference support module.",
    functions: &[
        function(
            "getweakrefcount",
            "($module, object, /)",
            "Return the number of weak references to 'object'.",
            |th, a| Ok(th.int(references(th, a[0].unwrap())?.len.load(Relaxed) as i64)),
        ),
        function(
            "getweakrefs",
            "($module, object, /)",
            "Return a list of all weak reference objects pointing to 'object'.",
            |th, a| Ok(references(th, a[0].unwrap())?.value()),
        ),
        function(
            "_remove_dead_weakref",
            "($module, dct, key, /)",
            "Atomically remove key from dict if it points to a dead weakref.",
            remove_dead,
        ),
        function(
            "proxy",
            "($module, object, callback=None, /)",
            "Create a proxy object that weakly references 'object'.\n\n'callback', if given, is called with a reference to the\nproxy when 'object' is about to be finalized.",
            |th, a| super::weakproxy::new(th, a[0].unwrap(), a[1].and_then(|c| c.some())),
        ),
    ],
    types: &[],
    init: Some(|th, m| {
        let r = REF.get().value();
        m.put(th, "ref", r)?;
        m.put(th, "ReferenceType", r)?;
        m.put(th, "ProxyType", super::weakproxy::PROXY.get().value())?;
        m.put(th, "CallableProxyType", super::weakproxy::CALLABLE_PROXY.get().value())
    }),
};

fn remove_dead(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (d, k) = (a[0].unwrap(), a[1].unwrap());
    let Some(dict) = d.cast::<Dict>() else {
        return Err(th.type_error(format!(
            "_remove_dead_weakref() argument 1 must be dict, not {}",
            th.arg_type_name(d)
        )));
    };
    let h = th.hash(k)?;
    let Some(v) = dict.get_hashed(th, k, h)? else { return Ok(NONE()) };
    if !v.is_kind(Kind::WeakRef) {
        return Err(th.type_error("not a weakref"));
    }
    if target(weak(v)).is_none() {
        dict.remove_hashed(th, k, h)?;
    }
    Ok(NONE())
}
