//! Weak references: `weakref.ref`, and the registry that finds the references to an object. Proxies: [`super::weakproxy`].
//!
//! The heap clears a reference's target word when the target dies (see `adder_heap`, `register_weak`) and queues the
//! reference; [`crate::pending`] then calls its callback. Objects that were ever weakly referenced have the header flag
//! `HAS_WEAK` and keep their address; `TABLE` lists the addresses of the references to each.
//!
//! # Invariants
//! - References keep their address, too, and leave the table when they die (`drop_ref`, run by the collector), or when
//!   their target does (`forget`). Until then an entry may be stale: the target died, and its address may be another
//!   object's. The first reference to that one, which has no `HAS_WEAK` yet, takes their place.
//! - Making and forgetting a reference take no longer for an object that has many: their list has holes.
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
    /// Its place in [`Refs::others`].
    at: AtomicU64,
    pub callback: Slot,
}
unsafe impl Layout for WeakRef {
    const KIND: Kind = Kind::WeakRef;
}

/// Addresses of the references to an object.
#[derive(Default)]
struct Refs {
    /// The plain reference and the proxy that are given to everybody, or 0.
    shared: [u64; 2],
    /// The others, oldest first; 0 for one that has gone.
    others: Vec<u64>,
    gone: usize,
}
impl Refs {
    /// In the order of `getweakrefs`: the shared ones, then the newest.
    fn all(&self) -> impl Iterator<Item = Value> {
        let words = self.shared.iter().chain(self.others.iter().rev());
        words.filter_map(|w| Value::from_word(*w))
    }
    /// The shared one that refers to `o`: a finalizer may have brought back what lost its references.
    fn shared(&self, at: usize, o: Value) -> Option<Value> {
        Value::from_word(self.shared[at]).filter(|w| weak(*w).target.load(Acquire) == o.bits())
    }
    fn add(&mut self, w: Gc<WeakRef>) -> bool {
        if self.others.try_reserve(1).is_err() {
            return false;
        }
        w.at.store(self.others.len() as u64, Relaxed);
        self.others.push(w.value().bits());
        true
    }
    fn remove(&mut self, w: Gc<WeakRef>) {
        let word = w.value().bits();
        if let Some(s) = self.shared.iter_mut().find(|s| **s == word) {
            *s = 0;
            return;
        }
        match self.others.get_mut(w.at.load(Relaxed) as usize) {
            Some(x) if *x == word => *x = 0,
            // A stale one, whose place another object's references have.
            _ => return,
        }
        self.gone += 1;
        if self.gone * 2 > self.others.len() {
            self.others.retain(|x| *x != 0);
            self.gone = 0;
            for (k, x) in self.others.iter().enumerate() {
                // SAFETY: an address in the list is that of a live reference; dead ones were taken out.
                weak(unsafe { Value::from_bits(*x) }).at.store(k as u64, Relaxed);
            }
        }
    }
    fn is_empty(&self) -> bool {
        self.shared == [0; 2] && self.others.len() == self.gone
    }
}

/// Address of an object -> the references to it.
static TABLE: Table<Option<AddressMap<u64, Refs>>> = Table::new(None);

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
    methods: &[classmethod(
        "__class_getitem__",
        "!($type, object, /)",
        "Weakrefs are generic over the type of the referenced object.",
        |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
    )],
    members: &[MemberDef {
        name: "__callback__",
        doc: "",
        offset: offset_of!(WeakRef, callback) as u32,
        flags: member::READONLY | member::NONE_IF_NULL,
    }],
    new1: Some(|th, o| make(th, REF.get(), o, None)),
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

/// Where [`Refs::shared`] has a reference without callback of the type `t`, if that is shared.
fn shared_at(t: Gc<Type>) -> Option<usize> {
    if t == REF.get() { Some(0) } else { super::weakproxy::is_proxy_type(t).then_some(1) }
}
/// A reference without callback of exactly the type `t` that exists already: there is one for all.
fn existing(th: Th, o: Value, t: Gc<Type>) -> Option<Value> {
    if unsafe { o.header_unchecked() }.flags.load(Acquire) & flags::HAS_WEAK == 0 {
        return None;
    }
    let at = shared_at(t)?;
    TABLE.look(th, |tab| tab.as_ref()?.get(&o.bits())?.shared(at, o))
}

/// A reference (or proxy) of type `t`: the one that exists if it can be shared.
pub fn make(th: Th, t: Gc<Type>, o: Value, callback: Option<Value>) -> R<Value> {
    if !may_be_referenced(th, o) {
        return Err(cannot(th, o));
    }
    if callback.is_none()
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
    let made = TABLE.with(|tab| {
        let tab = tab.get_or_insert_with(AddressMap::default);
        // It doubles when it is full.
        tab.try_reserve(1).ok()?;
        let refs = tab.entry(o.bits()).or_default();
        // SAFETY: `o` is on this stack, and pinned.
        if unsafe { oo.as_ref() }.flags.fetch_or(flags::HAS_WEAK, AcqRel) & flags::HAS_WEAK == 0 {
            // Entries of an earlier object at this address.
            *refs = Refs::default();
        }
        match shared_at(t).filter(|_| callback.is_none()) {
            Some(at) => {
                if let Some(other) = refs.shared(at, o) {
                    return Some(other);
                }
                refs.shared[at] = v.bits();
            }
            None if !refs.add(w) => return None,
            None => {}
        }
        w.target.store(o.bits(), Release);
        w.key.store(o.bits(), Release);
        if let Some(c) = callback {
            w.callback.init(Some(c));
            w.set_flag(adder_heap::WATCHED);
            th.m.barrier(vo, w.callback.as_ptr());
        }
        Some(v)
    });
    let Some(made) = made else { return Err(th.memory_error()) };
    if made.is(v) {
        th.m.register_weak(vo);
    }
    Ok(made)
}

/// The live references to `o`.
pub fn references(th: Th, o: Value) -> R<Gc<List>> {
    if !o.is_obj() || unsafe { o.header_unchecked() }.flags.load(Acquire) & flags::HAS_WEAK == 0 {
        return super::list::new(th, &[]);
    }
    let live = |refs: &Refs, visit: &mut dyn FnMut(Value)| {
        refs.all().filter(|w| weak(*w).target.load(Acquire) == o.bits()).for_each(visit)
    };
    loop {
        let count = |tab: &Option<AddressMap<u64, Refs>>| {
            let mut n = 0;
            live(tab.as_ref()?.get(&o.bits())?, &mut |_| n += 1);
            Some(n)
        };
        let n = TABLE.look(th, count).unwrap_or(0);
        // The table keeps nothing alive: between two safepoints they get to where the collector sees them.
        let a = th.array(n.max(1))?;
        let found = TABLE.look(th, |tab| {
            let mut k = 0;
            live(tab.as_ref()?.get(&o.bits())?, &mut |w| {
                if k < n {
                    th.store(a, a.slot(k), w);
                }
                k += 1;
            });
            Some(k)
        });
        let found = found.unwrap_or(0);
        if found <= n {
            let l = super::list::new(th, &[])?;
            for k in 0..found {
                super::list::append(th, l, a.slot(k).value())?;
            }
            return Ok(l);
        }
    }
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
            && let Some(refs) = t.get_mut(&key)
        {
            refs.remove(w);
            if refs.is_empty() {
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
    make(th, t, o, c)
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
const HASHED: u8 = flags::K0;
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
