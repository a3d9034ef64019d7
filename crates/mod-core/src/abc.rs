//! `_abc`: the caches of abstract base classes.
//!
//! What a class keeps is in its `_abc_impl`: three tables of classes, weakly referenced: those registered, those known
//! to be subclasses and those known not to be. A table is an open-addressed array of pairs (address of the class as an
//! int, weak reference to it). Classes never move, so looking one up is a probe by address; the reference says whether
//! it is still that class.
//!
//! # Invariants
//! - Readers take no lock. In a table a key is written once, after its reference, and never changes; tables grow by being
//!   replaced. Writers hold the lock of the `_abc_data` object and allocate nothing under it.
//! - The negative table belongs to a state of all registrations (`version`); it is replaced when that has passed.

use crate::itertools::{make, signature};
use crate::native_layout;
use adder_vm::builtins::{isinstance, list, set, weakref};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub static MODULE: NativeModule = NativeModule {
    name: "_abc",
    doc: "Module contains faster C implementation of abc.ABCMeta",
    functions: &[
        function(
            "get_cache_token",
            "($module, /)",
            "Returns the current ABC cache token.\n\nThe token is an opaque object (supporting equality testing) identifying\nthe current version of the ABC cache for virtual subclasses.  The token\nchanges with every call to register() on any ABC.",
            |th, _| Ok(th.uint(COUNTER.load(Acquire))),
        ),
        function(
            "_abc_init",
            "($module, self, /)",
            "Internal ABC helper for class set-up. Should be never used outside abc module.",
            init,
        ),
        function(
            "_reset_registry",
            "($module, self, /)",
            "Internal ABC helper to reset registry of a given class.\n\nShould be only used by refleak.py",
            |th, a| {
                let d = data(th, a[0].unwrap())?;
                let _g = th.lock(d);
                d.registry.init(None);
                Ok(NONE())
            },
        ),
        function(
            "_reset_caches",
            "($module, self, /)",
            "Internal ABC helper to reset both caches of a given class.\n\nShould be only used by refleak.py",
            |th, a| {
                let d = data(th, a[0].unwrap())?;
                let _g = th.lock(d);
                d.cache.init(None);
                d.negative.init(None);
                Ok(NONE())
            },
        ),
        function(
            "_get_dump",
            "($module, self, /)",
            "Internal ABC helper for cache and registry debugging.\n\nReturn shallow copies of registry, of both caches, and\nnegative cache version. Don't call this function directly,\ninstead use ABC._dump_registry() for a nice repr.",
            |th, a| {
                let d = data(th, a[0].unwrap())?;
                let (r, c, n) =
                    (dump(th, d.registry.get())?, dump(th, d.cache.get())?, dump(th, d.negative.get())?);
                Ok(th.tuple(&[r, c, n, th.uint(d.version.load(Acquire))]))
            },
        ),
        function(
            "_abc_register",
            "($module, self, subclass, /)",
            "Internal ABC helper for subclasss registration. Should be never used outside abc module.",
            register,
        ),
        function(
            "_abc_instancecheck",
            "($module, self, instance, /)",
            "Internal ABC helper for instance checks. Should be never used outside abc module.",
            |th, a| instance_check(th, a[0].unwrap(), a[1].unwrap()),
        ),
        function(
            "_abc_subclasscheck",
            "($module, self, subclass, /)",
            "Internal ABC helper for subclasss checks. Should be never used outside abc module.",
            |th, a| Ok(Value::bool(subclass_check(th, a[0].unwrap(), a[1].unwrap())?)),
        ),
    ],
    types: &[],
    init: None,
};

/// Changes with every registration anywhere.
static COUNTER: AtomicU64 = AtomicU64::new(0);

native_layout! { AbcData { registry, cache, negative; version: AtomicU64 } }
static ABC_DATA_SIG: NativeDef = signature("_abc_data", "()");
static ABC_DATA_TYPE: NativeType = NativeType {
    name: "_abc._abc_data",
    kind: Kind::Native,
    size: AbcData::SIZE,
    flags: tflags::SHOWN_AS_HEAP,
    doc: "Internal state held by ABC machinery.",
    slots: Slots {
        new: Some(|th, t, a| {
            crate::itertools::bind::<0>(th, &ABC_DATA_SIG, a)?;
            let o = make(th, t)?;
            AbcData::of(o).version.store(COUNTER.load(Acquire), Release);
            Ok(o)
        }),
        ..Slots::NONE
    },
    trace: Some(AbcData::trace),
    ..NativeType::DEFAULT
};
static ABC_DATA: TypeCell = TypeCell::new(&ABC_DATA_TYPE);

/// The state of an abstract base class, found in its own dict or a base's.
fn data(th: Th, class: Value) -> R<Gc<AbcData>> {
    let d = match class.cast::<Type>().and_then(|t| th.lookup(t, n!(_abc_impl))) {
        Some(d) => d,
        None => th.getattr(class, n!(_abc_impl))?,
    };
    if ABC_DATA.try_get().is_none_or(|t| th.type_of(d) != t) {
        return Err(th.type_error("_abc_impl is set to a wrong type"));
    }
    Ok(AbcData::of(d))
}

// -- tables: pairs, then the number of keys

fn capacity(t: Gc<Array>) -> usize {
    t.cap / 2
}
fn used(t: Gc<Array>) -> usize {
    t.slot(t.cap - 1).get().and_then(Value::as_fix).unwrap_or(0) as usize
}
fn key(class: Value) -> Value {
    Value::fix((class.bits() >> 4) as i64)
}
fn start(class: Value, cap: usize) -> usize {
    let a = class.bits() >> 4;
    (a ^ a >> 7 ^ a >> 13) as usize & (cap - 1)
}
fn is_target(r: Option<Value>, class: Value) -> bool {
    r.is_some_and(|r| weakref::target(weakref::weak(r)).is_some_and(|t| t.is(class)))
}
#[inline]
fn has(table: Option<Value>, class: Value) -> bool {
    let Some(t) = table else { return false };
    let t: Gc<Array> = t.known();
    let (cap, k) = (capacity(t), key(class));
    let mut i = start(class, cap);
    loop {
        match Value::from_word(t.slot(2 * i).raw().load(Acquire)) {
            None => return false,
            Some(x) if x.is(k) => return is_target(t.slot(2 * i + 1).get(), class),
            Some(_) => i = (i + 1) & (cap - 1),
        }
    }
}
/// Puts a reference into a table that has room.
fn put(th: Th, t: Gc<Array>, class: Value, r: Value) {
    let (cap, k) = (capacity(t), key(class));
    let mut i = start(class, cap);
    loop {
        match t.slot(2 * i).get() {
            Some(x) if !x.is(k) => i = (i + 1) & (cap - 1),
            old => {
                th.store(t, t.slot(2 * i + 1), r);
                if old.is_none() {
                    t.slot(t.cap - 1).init(Some(Value::fix(used(t) as i64 + 1)));
                    t.slot(2 * i).raw().store(k.bits(), Release);
                }
                return;
            }
        }
    }
}
/// A class into one of the tables; `fresh`: what is there does not count any more.
fn add(th: Th, d: Gc<AbcData>, which: fn(&AbcData) -> &Slot, class: Value) -> R<()> {
    let r = weakref::make(th, weakref::REF.get(), class, None)?;
    loop {
        let old = which(&d).get();
        let room = old.is_some_and(|t| {
            let t: Gc<Array> = t.known();
            used(t) * 3 < capacity(t) * 2
        });
        let grown = if room {
            None
        } else {
            // At most twice what lives.
            let mut live = 0usize;
            each(old, |_| live += 1);
            Some(th.array(2 * (2 * live + 2).next_power_of_two().max(4) + 1)?)
        };
        let _g = th.lock(d);
        if which(&d).get() != old {
            continue;
        }
        match (grown, old) {
            (Some(t), _) => {
                if let Some(o) = old {
                    let o: Gc<Array> = o.known();
                    for i in 0..capacity(o) {
                        let Some(r) = o.slot(2 * i + 1).get() else { continue };
                        if let Some(c) = weakref::target(weakref::weak(r)) {
                            put(th, t, c, r);
                        }
                    }
                }
                put(th, t, class, r);
                th.store(d, which(&d), t.value());
            }
            (None, Some(t)) => {
                let t: Gc<Array> = t.known();
                if used(t) * 3 >= capacity(t) * 2 {
                    continue;
                }
                put(th, t, class, r);
            }
            (None, None) => unreachable!("a table without room is replaced"),
        }
        return Ok(());
    }
}
/// The references of a table whose class lives.
fn each(table: Option<Value>, mut f: impl FnMut(Value)) {
    let Some(t) = table else { return };
    let t: Gc<Array> = t.known();
    for i in 0..capacity(t) {
        if let Some(r) = t.slot(2 * i + 1).get()
            && weakref::target(weakref::weak(r)).is_some()
        {
            f(r)
        }
    }
}
fn snapshot(th: Th, table: Option<Value>) -> R<Gc<List>> {
    let l = list::new(th, &[])?;
    let Some(t) = table else { return Ok(l) };
    let t: Gc<Array> = t.known();
    for i in 0..capacity(t) {
        if let Some(r) = t.slot(2 * i + 1).get() {
            list::append(th, l, r)?;
        }
    }
    Ok(l)
}
fn dump(th: Th, table: Option<Value>) -> R<Value> {
    let l = snapshot(th, table)?;
    Ok(set::from_iterable(th, l.value())?.value())
}

// -- class set-up

fn is_abstract(th: Th, v: Value) -> R<bool> {
    match th.getattr_opt(v, n!(__isabstractmethod__))? {
        Some(f) => th.truth(f),
        None => Ok(false),
    }
}

fn init(th: Th, a: &[Option<Value>]) -> R<Value> {
    let class = a[0].unwrap();
    // Names of abstract methods: the class's own, and the bases' that are still abstract here.
    let names = set::new(th)?;
    let ns = th.getattr(class, n!(__dict__))?;
    match class.cast::<Type>() {
        Some(t) => {
            let d = t.dict_();
            let mut i = 0;
            while let Some((next, k, v)) = d.next_entry(i) {
                i = next;
                if may_be_abstract(v) && is_abstract(th, v)? {
                    set::add(th, names, k)?;
                }
            }
        }
        None => {
            let items = th.call_method(ns, th.intern("items"), &[])?;
            th.for_each(items, |p| {
                let p = list::from_iterable(th, p)?;
                if let (Some(k), Some(v)) = (p.get(0), p.get(1))
                    && is_abstract(th, v)?
                {
                    set::add(th, names, k)?;
                }
                Ok(())
            })?;
        }
    }
    let bases = th.getattr(class, n!(__bases__))?;
    if !bases.is_kind(Kind::Tuple) {
        return Err(th.type_error("__bases__ is not tuple"));
    }
    th.for_each(bases, |b| {
        let Some(abstracts) = th.getattr_opt(b, n!(__abstractmethods__))? else { return Ok(()) };
        th.for_each(abstracts, |k| {
            if let Some(v) = th.getattr_opt(class, k)?
                && is_abstract(th, v)?
            {
                set::add(th, names, k)?;
            }
            Ok(())
        })
    })?;
    let frozen = th.call(set::FROZENSET.get().value(), &[names.value()])?;
    th.setattr(class, n!(__abstractmethods__), Some(frozen))?;
    let d = th.call(th.make_type(&ABC_DATA).value(), &[])?;
    th.setattr(class, n!(_abc_impl), Some(d))?;
    if let Some(t) = class.cast::<Type>() {
        let name = th.intern("__abc_tpflags__");
        if let Some(f) = t.dict_().get_str(th, name)? {
            if let Some(f) = f.as_fix() {
                const BOTH: u64 = tflags::SEQUENCE | tflags::MAPPING;
                let f = f as u64 & BOTH;
                if f == BOTH {
                    return Err(th.type_error(
                        "__abc_tpflags__ cannot be both Py_TPFLAGS_SEQUENCE and Py_TPFLAGS_MAPPING",
                    ));
                }
                if f != 0 {
                    t.flags.fetch_and(!BOTH, AcqRel);
                    t.flags.fetch_or(f, AcqRel);
                }
            }
            th.setattr(class, name, None)?;
        }
    }
    Ok(NONE())
}
/// Values of builtin types have no `__isabstractmethod__`, other than those that answer for what they wrap.
fn may_be_abstract(v: Value) -> bool {
    // SAFETY: an object has a header.
    !matches!(
        v.kind(),
        Kind::Int | Kind::Float | Kind::Bool | Kind::Str | Kind::Tuple | Kind::NoneType | Kind::Bytes
    ) || v.is_obj() && unsafe { v.header_unchecked() }.kind & SUBCLASS != 0
}

fn register(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (class, sub) = (a[0].unwrap(), a[1].unwrap());
    if !sub.is_kind(Kind::Type) {
        return Err(th.type_error("Can only register classes"));
    }
    if isinstance::issubclass(th, sub, class)? {
        return Ok(sub);
    }
    if isinstance::issubclass(th, class, sub)? {
        return Err(th.runtime_error("Refusing to create an inheritance cycle"));
    }
    let d = data(th, class)?;
    add(th, d, |d| &d.registry, sub)?;
    COUNTER.fetch_add(1, AcqRel);
    if let Some(t) = class.cast::<Type>() {
        let f = t.flags.load(Acquire) & (tflags::SEQUENCE | tflags::MAPPING);
        if f != 0 {
            collection_flags(th, sub, f)?;
        }
    }
    Ok(sub)
}
/// What the class patterns of `match` go by, for a registered class and all below it.
fn collection_flags(th: Th, class: Value, f: u64) -> R<()> {
    let Some(t) = class.cast::<Type>() else { return Ok(()) };
    const BOTH: u64 = tflags::SEQUENCE | tflags::MAPPING;
    if t.has(tflags::IMMUTABLE) || t.flags.load(Acquire) & BOTH == f {
        return Ok(());
    }
    t.flags.fetch_and(!BOTH, AcqRel);
    t.flags.fetch_or(f, AcqRel);
    for s in list_of(th, th.call_method(class, n!(__subclasses__), &[])?)? {
        collection_flags(th, *s, f)?;
    }
    Ok(())
}
fn list_of(th: Th, v: Value) -> R<&'static [Value]> {
    let l = list::from_iterable(th, v)?;
    let t: Gc<Tuple> = list::snapshot(th, l)?.known();
    // SAFETY: a slice on the stack keeps the tuple that it is of.
    Ok(unsafe { &*(t.items() as *const [Value]) })
}

// -- checks

fn current(d: Gc<AbcData>) -> bool {
    d.version.load(Acquire) == COUNTER.load(Acquire)
}

fn instance_check(th: Th, class: Value, o: Value) -> R<Value> {
    let d = data(th, class)?;
    let t = th.type_of(o).value();
    let sub = th.getattr_opt(o, n!(__class__))?.unwrap_or(t);
    if has(d.cache.get(), sub) {
        return Ok(TRUE());
    }
    if t.is(sub) && current(d) && has(d.negative.get(), sub) {
        return Ok(FALSE());
    }
    let r = th.call_method(class, n!(__subclasscheck__), &[sub])?;
    if t.is(sub) || th.truth(r)? {
        return Ok(r);
    }
    th.call_method(class, n!(__subclasscheck__), &[t])
}

fn subclass_check(th: Th, class: Value, sub: Value) -> R<bool> {
    if !sub.is_kind(Kind::Type) {
        return Err(th.type_error("issubclass() arg 1 must be a class"));
    }
    let d = data(th, class)?;
    if has(d.cache.get(), sub) {
        return Ok(true);
    }
    let version = COUNTER.load(Acquire);
    if d.version.load(Acquire) < version {
        let _g = th.lock(d);
        if d.version.load(Acquire) < version {
            d.negative.init(None);
            d.version.store(version, Release);
        }
    } else if has(d.negative.get(), sub) {
        return Ok(false);
    }
    th.check_stack(" in __subclasscheck__")?;
    let yes = |th: Th| add(th, d, |d| &d.cache, sub).map(|_| true);
    let no = |th: Th| add(th, d, |d| &d.negative, sub).map(|_| false);
    let ok = th.call_method(class, n!(__subclasshook__), &[sub])?;
    if ok.is(TRUE()) {
        return yes(th);
    }
    if ok.is(FALSE()) {
        return no(th);
    }
    if !ok.is(NOT_IMPLEMENTED()) {
        return Err(th.assertion_error("__subclasshook__ must return either False, True, or NotImplemented"));
    }
    if let (Some(s), Some(c)) = (sub.cast::<Type>(), class.cast::<Type>())
        && th.is_subtype(s, c)
    {
        return yes(th);
    }
    if has(d.registry.get(), sub) {
        return Ok(true);
    }
    for r in list_of(th, snapshot(th, d.registry.get())?.value())? {
        let Some(c) = weakref::target(weakref::weak(*r)) else { continue };
        if isinstance::issubclass(th, sub, c)? {
            return yes(th);
        }
    }
    let below = th.call_method(class, n!(__subclasses__), &[])?;
    if !below.is_kind(Kind::List) {
        return Err(th.type_error("__subclasses__() must return a list"));
    }
    for c in list_of(th, below)? {
        if isinstance::issubclass(th, sub, *c)? {
            return yes(th);
        }
    }
    no(th)
}
