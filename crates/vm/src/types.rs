//! Type objects: making native types, lookup along the MRO with its cache, mutation, subclass tests.
//! `type(name, bases, ns)` itself is in `builtins::type_`.
//!
//! # Invariants
//! - MROs and what relies on types (inline caches, shapes) change under `TYPE_LOCK`.

use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::shape::{self, EXT_VAR};
use crate::slots::*;
use crate::sync::lock;
use crate::thread::Th;
use crate::value::*;
use crate::{n, slot_defs};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

/// Serialises mutations of types and the filling of inline caches.
pub static TYPE_LOCK: Mutex<()> = Mutex::new(());

/// The Rust-owned parts of all types, by address: so that dying types and code can be unlinked from them.
static REGISTRY: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());

/// Native types are never freed: static cells hold them. For the collector's roots.
static NATIVE_TYPES: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Visits the native types (major collections).
pub fn trace_native_types(t: &mut adder_heap::Tracer) {
    for w in lock(&NATIVE_TYPES).iter_mut() {
        // SAFETY: the address of a type, in a root.
        unsafe { t.slot(w) };
    }
}

fn data_of(addr: usize) -> Option<&'static mut TypeData> {
    let r = lock(&REGISTRY);
    let i = r.binary_search_by_key(&addr, |x| x.0).ok()?;
    Some(unsafe { &mut *(r[i].1 as *mut TypeData) })
}

/// Makes `t` one of the subclasses of `base`.
pub fn link_subclass(base: Gc<Type>, t: Gc<Type>) {
    link(base, t, |d| &mut d.subclasses);
}
/// Makes `t`, which is no subclass, one of those that find things in `other`.
pub fn link_follower(other: Gc<Type>, t: Gc<Type>) {
    link(other, t, |d| &mut d.followers);
}
fn link(other: Gc<Type>, t: Gc<Type>, list: impl Fn(&mut TypeData) -> &mut Vec<usize>) {
    let (theirs, mine) = (other.value().bits() as usize, t.value().bits() as usize);
    let _g = lock(&TYPE_LOCK);
    // SAFETY: the Rust-owned part of a type lives as long as the type; it is changed under the lock.
    let (linked, list) = unsafe { (&mut (*t.data).linked, list(&mut *other.data)) };
    if !linked.contains(&theirs) {
        linked.push(theirs);
    } else if list.contains(&mine) {
        return;
    }
    list.push(mine);
}

/// The direct subclasses, in an array of the caller's own that holds nothing behind them. A list of addresses would not
/// do: a class may die as soon as the lock is free.
pub fn direct_subclasses(th: Th, t: Gc<Type>) -> R<Gc<Array>> {
    loop {
        // SAFETY: the Rust-owned part of a type lives as long as the type; it is read under the lock.
        let count = || unsafe { (*t.data).subclasses.len() };
        let n = {
            let _g = lock(&TYPE_LOCK);
            count()
        };
        let a = th.array(n)?;
        let _g = lock(&TYPE_LOCK);
        if count() > n {
            continue;
        }
        for (i, s) in unsafe { &(*t.data).subclasses }.iter().enumerate() {
            // SAFETY: a dead type leaves the list before its memory is used again, and nothing is allocated here.
            a.slot(i).init(Some(unsafe { Value::from_bits(*s as u64) }));
        }
        th.m.barrier_all(a.obj());
        return Ok(a);
    }
}

/// A type was found dead: unlinks it from its bases and frees its Rust-owned part.
///
/// # Safety
/// Called by the collector with the world stopped.
pub unsafe fn drop_type(o: adder_heap::Obj) {
    let addr = o.as_ptr() as usize;
    let Some(d) = data_of(addr) else { return };
    for b in std::mem::take(&mut d.linked) {
        if let Some(b) = data_of(b) {
            b.subclasses.retain(|s| *s != addr);
            b.followers.retain(|s| *s != addr);
        }
    }
    // Caches must not compare with the numbers of its shapes any more, which will be given out again.
    let dead = |id| crate::shape::try_shape(id).is_some_and(|s| s.type_.obj() == o);
    for ic in d.dependents.take() {
        // SAFETY: caches stay until nobody knows them any more.
        unsafe {
            crate::interp::ic::purge(&*(ic as *const Ic), dead, |e| {
                e.aux.raw().load(Relaxed) as usize == addr
            })
        };
    }
    let mut r = lock(&REGISTRY);
    if let Ok(i) = r.binary_search_by_key(&addr, |x| x.0) {
        let (_, d) = r.remove(i);
        drop(unsafe { Box::from_raw(d as *mut TypeData) });
    }
    crate::shape::type_died(addr);
}

/// Inline caches for which `dead` holds are about to be freed.
pub fn forget_caches(dead: impl Fn(usize) -> bool) {
    for (_, d) in lock(&REGISTRY).iter() {
        unsafe { &mut *(*d as *mut TypeData) }.dependents.retain(|a| !dead(a));
    }
}

static NEXT_VERSION: AtomicU32 = AtomicU32::new(1);
/// Greater than all versions there are.
pub fn next_version() -> u32 {
    NEXT_VERSION.load(Relaxed)
}

impl Type {
    pub fn mro_items(&self) -> &[Value] {
        match self.mro.get() {
            Some(t) => unsafe { &*(t.items() as *const [Value]) },
            None => &[],
        }
    }
    /// The namespace. A native type has none until somebody looks into it: most are never looked into.
    #[inline]
    pub fn dict_(&self) -> Gc<Dict> {
        self.dict.get().unwrap_or_else(|| self.fill_dict())
    }
    #[cold]
    #[inline(never)]
    fn fill_dict(&self) -> Gc<Dict> {
        let th = Th::current().expect("a thread of the runtime");
        // SAFETY: it is one.
        let t = unsafe { Gc::<Type>::from_obj(std::ptr::NonNull::from(&self.h)) };
        debug_assert!(!t.heap_type());
        let d = th.declared_namespace(t).unwrap_or_else(|_| {
            th.exc.init(None);
            adder_heap::out_of_memory()
        });
        // Another thread may have done the same meanwhile.
        static FILLED: Mutex<()> = Mutex::new(());
        let _g = lock(&FILLED);
        self.dict.get().unwrap_or_else(|| {
            th.store(t, &t.dict, d);
            d
        })
    }
    /// Whether it defines `name` itself.
    fn defines(&self, th: Th, name: Value) -> bool {
        match self.dict.get() {
            Some(d) => !matches!(d.get_str(th, name), Ok(None)),
            None => self.native.declares(name.known::<Str>().bytes()),
        }
    }
    pub fn heap_type(&self) -> bool {
        self.has(tflags::HEAPTYPE)
    }
    #[inline(always)]
    pub fn has(&self, f: u64) -> bool {
        self.flags.load(Relaxed) & f != 0
    }
    pub fn base_type(&self) -> Option<Gc<Type>> {
        self.base.get()
    }
    pub fn name_str(&self) -> &str {
        match self.name.get() {
            Some(v) => unsafe { &*(v.as_str().unwrap_or("?") as *const str) },
            None => self.native.short_name(),
        }
    }
}

impl Th {
    #[inline(always)]
    pub fn type_of(self, v: Value) -> Gc<Type> {
        shape::shape(v.shape_id()).type_
    }
    /// `tp_name`: what messages call a type.
    pub fn type_name(self, t: Gc<Type>) -> String {
        if t.heap_type() { self.text(t.name.value()) } else { t.native.name.to_string() }
    }
    /// The same without a copy, for what only an error would say.
    pub fn type_name_borrowed(self, v: Value) -> std::borrow::Cow<'static, str> {
        let t = self.type_of(v);
        if t.heap_type() { self.text(t.name.value()).into() } else { t.native.name.into() }
    }
    pub fn type_name_of(self, v: Value) -> String {
        self.type_name(self.type_of(v))
    }
    /// The same as messages about arguments of the wrong type have it.
    pub fn arg_type_name(self, v: Value) -> String {
        if v.is_none() { "None".into() } else { self.type_name_of(v) }
    }
    #[inline]
    pub fn is_subtype(self, a: Gc<Type>, b: Gc<Type>) -> bool {
        a == b || a.mro_items().iter().any(|m| m.is(b.value())) || (a.mro.get().is_none() && base_chain(a, b))
    }
    /// `type(v)` is `t` or inherits from it; `__instancecheck__` and `__class__` do not matter.
    #[inline]
    pub fn isinstance_exact(self, v: Value, t: Gc<Type>) -> bool {
        self.is_subtype(self.type_of(v), t)
    }
    pub fn is_exception(self, v: Value) -> bool {
        v.is_kind(Kind::BaseException)
    }
    pub fn is_exception_class(self, v: Value) -> bool {
        v.cast::<Type>().is_some_and(|t| t.has(tflags::BASE_EXC_SUBCLASS))
    }

    /// Attribute `name` (interned) of the type or its bases.
    #[inline]
    pub fn lookup(self, t: Gc<Type>, name: Value) -> Option<Value> {
        if let Some(c) = t.cache.get() {
            let mask = c.cap / 2 - 1;
            let mut i = (name.bits() >> 4) as usize & mask;
            loop {
                match c.slot(2 * i).get() {
                    Some(k) if k.is(name) => {
                        let v = c.slot(2 * i + 1).value();
                        if v.is(TOMBSTONE()) {
                            return None;
                        }
                        let Some(cell) = v.exact::<DictCell>() else { return Some(v) };
                        match cell.v.get() {
                            None => break,
                            v => return v,
                        }
                    }
                    None => break,
                    _ => i = (i + 1) & mask,
                }
            }
        }
        self.lookup_slow(t, name)
    }
    /// Where along the MRO the name is defined, without cache.
    pub fn lookup_with_owner(self, t: Gc<Type>, name: Value) -> Option<(Gc<Type>, Value)> {
        for &m in t.mro_items() {
            let m = m.known::<Type>();
            if let Ok(Some(v)) = m.dict_().get_str(self, name) {
                return Some((m, v));
            }
        }
        None
    }
    #[inline(never)]
    fn lookup_slow(self, t: Gc<Type>, name: Value) -> Option<Value> {
        let version = t.version.load(Acquire);
        let found = self.lookup_with_owner(t, name);
        let v = found.map(|x| x.1);
        // Of a class variable that changes: its cell.
        let kept = found.map(|(owner, v)| {
            crate::builtins::class_vars::cell_in(self, owner, name, v).map_or(v, |c| c.value())
        });
        let interned = name.exact::<Str>().is_some_and(|s| s.flag(crate::builtins::str_::INTERNED));
        if interned && version != 0 {
            // Make room before taking the lock: allocation may stop at a safepoint.
            let old = t.cache.get();
            // At most three quarters of the cells around the name's are used: so some are free for searches to end at.
            let room = |c: Gc<Array>| {
                let (n, home) = (c.cap / 2, (name.bits() >> 4) as usize);
                let near = n.min(16);
                let mut free = (0..near).filter(|i| c.slot(2 * ((home + i) & (n - 1))).get().is_none());
                free.nth(near / 4).is_some()
            };
            let fresh = match old {
                Some(c) if room(c) => None,
                _ => {
                    let cap = old.map_or(16, |c| if c.cap < 2048 { c.cap * 2 } else { c.cap });
                    self.array(cap).ok()
                }
            };
            let _g = lock(&TYPE_LOCK);
            if t.version.load(Acquire) == version {
                let cur = t.cache.get();
                if cur == old {
                    if let Some(f) = fresh {
                        if let Some(c) = cur
                            && f.cap > c.cap
                        {
                            for i in 0..c.cap / 2 {
                                if let Some(k) = c.slot(2 * i).get() {
                                    cache_put(self, f, k, c.slot(2 * i + 1).value());
                                }
                            }
                        }
                        cache_put(self, f, name, kept.unwrap_or(TOMBSTONE()));
                        self.store(t, &t.cache, f);
                    } else if let Some(c) = cur {
                        cache_put(self, c, name, kept.unwrap_or(TOMBSTONE()));
                    }
                }
            }
        }
        v
    }
    /// To be called after any change of the type's dict, bases or MRO: caches that relied on it are dropped, slots are
    /// worked out again if `name` is a special method (or None: anything may have changed).
    pub fn type_modified(self, t: Gc<Type>, name: Option<Value>) {
        let slots = match name {
            None => Touched::All,
            Some(n) if n.is(n!(__class__)) => Touched::All,
            Some(n) => {
                let mut names = slot_defs::Names::default();
                if let Some(s) = n.cast::<Str>() {
                    names.add(s.bytes());
                }
                if names.is_empty() { Touched::None } else { Touched::Of(names.with_same_slots()) }
            }
        };
        self.type_modified_rec(t, slots, true);
    }
    /// `follow`: followers have yet to be told (they may follow one another in a circle).
    fn type_modified_rec(self, t: Gc<Type>, slots: Touched, follow: bool) {
        {
            let _g = lock(&TYPE_LOCK);
            caches_invalid(t);
        }
        if !matches!(slots, Touched::None) && !t.has(tflags::IMMUTABLE) {
            let before = descriptor_kind(t);
            match slots {
                Touched::Of(names) => update_slots_of(self, t, names),
                _ => update_slots(self, t),
            }
            if before != descriptor_kind(t) {
                self.descriptors_changed();
            }
        }
        self.tell(t, |d| &d.subclasses, slots, follow);
        if follow {
            self.tell(t, |d| &d.followers, slots, false);
        }
    }
    /// Something that classes may have has become a descriptor, or is none any more: it counts otherwise now.
    #[cold]
    pub fn descriptors_changed(self) {
        let _g = lock(&TYPE_LOCK);
        for &(at, _) in lock(&REGISTRY).iter() {
            // SAFETY: a dead type leaves the registry before its memory is used again.
            caches_invalid(unsafe { Value::from_bits(at as u64).cast_unchecked() });
        }
    }
    fn tell(self, t: Gc<Type>, list: fn(&TypeData) -> &Vec<usize>, slots: Touched, follow: bool) {
        // One at a time: working out slots allocates, and a collection may drop dead subclasses from the list.
        let (mut i, mut last) = (0, None);
        loop {
            let sub = {
                let _g = lock(&TYPE_LOCK);
                // SAFETY: as in `direct_subclasses`.
                let d = list(unsafe { &*t.data });
                // Those that died before the last one moved it up.
                if let Some(at) = d.iter().take(i).rposition(|s| Some(*s) == last) {
                    i = at + 1;
                }
                d.get(i).copied()
            };
            let Some(s) = sub else { break };
            // SAFETY: it was in the list, and from now on the word on this stack keeps it.
            let sub: Gc<Type> = unsafe { Value::from_bits(s as u64).cast_unchecked() };
            self.type_modified_rec(sub, slots, follow);
            std::hint::black_box(sub);
            (i, last) = (i + 1, Some(s));
        }
    }
    /// A method of the type (not of the instance), unbound.
    #[inline]
    pub fn lookup_special(self, o: Value, name: Value) -> Option<Value> {
        self.lookup(self.type_of(o), name)
    }
    /// Whether the two types find different things under `name`.
    pub fn method_is_overloaded(self, left: Gc<Type>, right: Gc<Type>, name: Value) -> bool {
        match (self.lookup(left, name), self.lookup(right, name)) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(a), Some(b)) => !a.is(b),
        }
    }
}

/// Whether instances have `__get__`, and `__set__` or `__delete__`.
pub fn descriptor_kind(t: Gc<Type>) -> (bool, bool) {
    (t.slots.descr_get.is_some(), t.slots.descr_set.is_some())
}

/// Whatever was found in this class is to be looked for again. Under `TYPE_LOCK`.
fn caches_invalid(t: Gc<Type>) {
    t.version.store(NEXT_VERSION.fetch_add(1, Relaxed), Release);
    t.cache.init(None);
    t.fast_init.init(None);
    t.fast_getitem.init(None);
    // SAFETY: the Rust-owned part of a type lives as long as the type; it is changed under the lock.
    for ic in unsafe { &mut *t.data }.dependents.take() {
        crate::interp::ic::flush(ic);
    }
    crate::jit::watch::type_changed(t);
}

/// Whether `b` is among the bases that determine the layout of `a`: while a metaclass's `mro()` works out the MRO.
#[cold]
fn base_chain(a: Gc<Type>, b: Gc<Type>) -> bool {
    std::iter::successors(Some(a), |t| t.base_type()).any(|t| t == b)
}

fn cache_put(th: Th, c: Gc<Array>, name: Value, v: Value) {
    let mask = c.cap / 2 - 1;
    let mut i = (name.bits() >> 4) as usize & mask;
    let mut n = 0;
    while let Some(k) = c.slot(2 * i).get() {
        if k.is(name) {
            return;
        }
        i = (i + 1) & mask;
        n += 1;
        if n + 1 >= mask {
            return; // full: lookups of further names stay uncached
        }
    }
    th.store(c, c.slot(2 * i + 1), v);
    th.store(c, c.slot(2 * i), name);
}

/// Memory and the native half of a type object. The dict, bases and MRO come later.
/// `is_native`: the type of a static cell, which is never freed.
pub fn alloc_type(th: Th, native: &'static NativeType, meta_shape: u32, is_native: bool) -> Gc<Type> {
    unsafe {
        let t = th.alloc_old::<Type>(size_of::<Type>());
        t.header().desc.store(meta_shape, Relaxed);
        let p = t.as_ptr();
        let words = p as *mut u64;
        for i in 1..size_of::<Type>() / 8 {
            *words.add(i) = 0;
        }
        (*p).native = native;
        (*p).slots = Slots::NONE;
        (*p).version = AtomicU32::new(NEXT_VERSION.fetch_add(1, Relaxed));
        (*p).data = Box::into_raw(Box::default());
        let mut r = lock(&REGISTRY);
        let addr = p as usize;
        let at = r.partition_point(|x| x.0 < addr);
        r.insert(at, (addr, (*p).data as usize));
        drop(r);
        if is_native {
            lock(&NATIVE_TYPES).push(addr as u64);
        } else {
            th.m.register_drop(t.obj());
        }
        (*p).flags = AtomicU64::new(native.flags);
        (*p).inst_kind = native.kind as u8;
        (*p).fixed_size = native.size;
        t
    }
}

impl Th {
    /// Makes the type object of a native type (with its base) unless it exists.
    pub fn make_type(self, cell: &'static TypeCell) -> Gc<Type> {
        if let Some(t) = cell.try_get() {
            if t.mro.get().is_some() {
                return t;
            }
            self.finish_type(cell, t);
            return t;
        }
        let t = alloc_type(self, cell.def, Kind::Type as u32, true);
        cell.set(t);
        self.finish_type(cell, t);
        t
    }
    /// Fills in everything of a native type but what `alloc_type` did.
    fn finish_type(self, cell: &'static TypeCell, t: Gc<Type>) {
        let def = cell.def;
        let object = &crate::builtins::object::OBJECT;
        let base =
            if std::ptr::eq(cell, object) { None } else { Some(self.make_type(def.base.unwrap_or(object))) };
        let p = t.as_ptr();
        let name = self.intern(def.short_name());
        self.store(t, &t.name, name.known());
        self.store(t, &t.qualname, name.known());
        if let Some((m, _)) = def.name.rsplit_once('.') {
            let m = self.intern(m);
            self.store(t, &t.module, m);
        } else {
            self.store(t, &t.module, n!(builtins));
        }
        let mut flags = def.flags | tflags::READY;
        if base.is_some()
            && def.base.is_none()
            && def.slots.new.is_none()
            && !matches!(def.kind, Kind::Object | Kind::Native)
        {
            // `object` would make an instance whose slots its own functions rely on to be filled.
            flags |= tflags::DISALLOW_INSTANTIATION;
        }
        unsafe {
            (*p).slots = def.slots;
            if let Some(b) = base {
                inherit_slots(&mut (*p).slots, &b.slots);
                flags |= b.flags.load(Relaxed)
                    & (tflags::BASE_EXC_SUBCLASS
                        | tflags::TYPE_SUBCLASS
                        | tflags::HAS_DICT
                        | tflags::WEAKREF
                        | tflags::MATCH_SELF
                        | tflags::SEQUENCE
                        | tflags::MAPPING);
                self.store(t, &t.base, b);
            }
            if def.name == "type" {
                flags |= tflags::TYPE_SUBCLASS;
            }
            (*p).has_ext = flags & tflags::HAS_DICT != 0;
            if crate::kinds::var_sized(def.kind) {
                flags |= tflags::VAR_SIZED;
            }
            (*p).flags.store(flags, Relaxed);
            (*p).fixed_size = (def.size + 7) & !7;
            (*p).ext_at = (*p).fixed_size;
            (*p).inst_kind = def.kind as u8;
            // A native type whose base has the same kind (exceptions...) or that has attributes needs the shape's size.
            let shared_kind = base.is_some_and(|b| b.native.kind == def.kind);
            let more = shared_kind && base.is_some_and(|b| b.native.size < def.size);
            if ((*p).has_ext || more) && def.kind != Kind::Native && def.kind != Kind::Object {
                (*p).inst_kind |= SUBCLASS;
            }
            let id = if shared_kind || def.kind == Kind::Native { None } else { Some(def.kind as u32) };
            let cap = if (*p).has_ext && def.kind == Kind::BaseException { 0 } else { 2 };
            let s = shape::new_root(t, cap, id);
            (*p).root_shape.store(s.id, Relaxed);
        }
        let bases: Vec<Value> = base.iter().map(|b| b.value()).collect(); // gc-safe: types never move and are kept by their cells
        let bases = self.tuple(&bases);
        self.store(t, &t.bases, bases.known());
        let mut mro = vec![t.value()]; // gc-safe: as above
        if let Some(b) = base {
            mro.extend_from_slice(b.mro_items());
        }
        let mro = self.tuple(&mro);
        self.store(t, &t.mro, mro.known());
        if let Some(b) = base {
            link_subclass(b, t);
        }
        set_attr_flags(self, t);
        if let Some(f) = def.init {
            f(self, t).expect("initialising a native type");
        }
    }
    /// What the declaration of a native type puts into its namespace.
    fn declared_namespace(self, t: Gc<Type>) -> R<Gc<Dict>> {
        let def = t.native;
        let wrapped = || {
            let shown = slot_defs::defs().iter().filter(|s| s.name != "__getattr__" && s.name != "__new__");
            shown.map(|s| (s, def.slots.raw(s.slot))).filter(|(_, f)| *f != 0)
        };
        let others = def.methods.len() + def.getset.len() + def.members.len();
        let d = Gc::<Dict>::with_capacity(self, wrapped().count() + others + 3);
        let put = |name: &str, v: Value| {
            let k = self.intern(name);
            d.set(self, k, v)
        };
        for (s, f) in wrapped() {
            let k = self.intern(s.name);
            if d.get_str(self, k)?.is_some() {
                continue;
            }
            if s.slot == SlotId::hash && f == slot_defs::hash_not_implemented as *const () as usize {
                d.set(self, k, NONE())?;
                continue;
            }
            let h = WrapperDescriptor::head();
            let w = self.object(WrapperDescriptor { h, def: s, owner: SlotOf::new(t), func: f });
            d.set(self, k, w.value())?;
        }
        if def.slots.new.is_some() && def.flags & tflags::DISALLOW_INSTANTIATION == 0 {
            let f = crate::builtins::type_::new_wrapper(self, t);
            put("__new__", f)?;
        }
        for m in def.methods {
            let v = unsafe {
                match m.kind {
                    DefKind::Method => {
                        // Old from the start: every call reads it, so it must not lie beside what a thread writes.
                        let o = self.alloc_old::<MethodDescriptor>(size_of::<MethodDescriptor>());
                        (*o.as_ptr()).def = m;
                        o.owner.init(Some(t));
                        o.value()
                    }
                    DefKind::ClassMethod => {
                        let h = ClassMethodDescriptor::head();
                        self.object(ClassMethodDescriptor { h, def: m, owner: SlotOf::new(t) }).value()
                    }
                    DefKind::StaticMethod | DefKind::Function => {
                        let f = self.native_function(m, Some(t.value()), None);
                        let h = StaticMethod::head();
                        self.object(StaticMethod { h, func: Slot::new(f), dict: Slot::null() }).value()
                    }
                }
            };
            put(m.name, v)?;
        }
        for g in def.getset {
            let o =
                self.object(GetSetDescriptor { h: GetSetDescriptor::head(), def: g, owner: SlotOf::new(t) });
            put(g.name, o.value())?;
        }
        for m in def.members {
            let doc = if m.doc.is_empty() { None } else { Some(m.doc) };
            let o = self.member_descriptor(t, m.name, m.offset, m.flags, doc);
            put(m.name, o)?;
        }
        let inherited = t.base_type().is_some_and(|b| b.has(tflags::HAS_DICT));
        if t.has(tflags::HAS_DICT) && !inherited && d.get_str(self, n!(__dict__))?.is_none() {
            put("__dict__", crate::builtins::descr::dict_descriptor(self, t))?;
        }
        // Exceptions that extension modules make have the descriptor, other types of theirs have none.
        let weak = |t: Gc<Type>| t.has(tflags::WEAKREF);
        if t.has(tflags::BASE_EXC_SUBCLASS) && weak(t) && !t.base_type().is_some_and(weak) {
            put("__weakref__", crate::builtins::descr::weakref_descriptor(self, t))?;
        }
        if t.has(tflags::SHOWN_AS_HEAP) {
            put("__module__", t.module.value())?;
        }
        if d.get_str(self, n!(__doc__))?.is_some() {
            // Instances have a `__doc__` of their own; the type's is in its declaration.
        } else if def.doc.is_empty() {
            d.set(self, n!(__doc__), NONE())?;
        } else {
            let s = self.str(def.doc);
            d.set(self, n!(__doc__), s)?;
        }
        Ok(d)
    }
    pub fn member_descriptor(
        self,
        t: Gc<Type>,
        name: &str,
        offset: u32,
        flags: u32,
        doc: Option<&str>,
    ) -> Value {
        let name = self.intern(name);
        let doc = doc.map(|d| self.str(d));
        self.object(MemberDescriptor {
            h: MemberDescriptor::head(),
            name: Slot::new(name),
            owner: SlotOf::new(t),
            doc: Slot::opt(doc),
            offset,
            flags,
        })
        .value()
    }
    /// A builtin function object. `this`: what `__self__` is and the receiver of bound calls.
    pub fn native_function(
        self,
        def: &'static NativeDef,
        this: Option<Value>,
        module: Option<Value>,
    ) -> Value {
        self.object(NativeFunction {
            h: NativeFunction::head(),
            def,
            this: Slot::opt(this),
            module: Slot::opt(module),
        })
        .value()
    }
}

/// Takes over from `base` what `s` leaves empty. `hash` and `richcompare` go together (CPython's inherit_slots).
pub fn inherit_slots(s: &mut Slots, base: &Slots) {
    let keep_hash = s.richcompare.is_some() || s.hash.is_some();
    let hash = s.hash;
    for i in 0..Slots::COUNT {
        if s.raw_index(i) == 0 {
            unsafe { s.set_raw_index(i, base.raw_index(i)) };
        }
    }
    if keep_hash {
        s.hash = hash.or(Some(slot_defs::hash_not_implemented));
    }
}

/// What a change of a class does to its slots.
#[derive(Clone, Copy)]
enum Touched {
    None,
    /// Only those that these names fill: setting one after the other is not to cost the square of their number.
    Of(slot_defs::Names),
    All,
}

/// Works out the slots of a Python class from its MRO.
pub fn update_slots(th: Th, t: Gc<Type>) {
    let Some(base) = t.base_type() else { return };
    let mro = t.mro_items();
    // A class has few special methods: its names are looked for among theirs, not the other way round.
    let mut names = slot_defs::Names::default();
    let own = [t.value()];
    for &m in if mro.len() == base.mro_items().len() + 1 { &own } else { mro } {
        let d = m.known::<Type>().dict_();
        let mut i = 0;
        while let Some((next, k, _)) = d.next_entry(i) {
            if let Some(k) = k.exact::<Str>() {
                names.add(k.bytes());
            }
            i = next;
        }
    }
    let s = slots_from(th, t, base, names);
    // SAFETY: the type is alive; its slots are words that are read one at a time, each old or new.
    unsafe { (*t.as_ptr()).slots = s };
    set_attr_flags(th, t);
}
/// The same for the slots that `names` fill, which are all that fill them.
fn update_slots_of(th: Th, t: Gc<Type>, names: slot_defs::Names) {
    let Some(base) = t.base_type() else { return };
    let s = slots_from(th, t, base, names);
    for d in names.defs() {
        let i = d.slot as usize;
        // SAFETY: the word is what this slot of the same table holds.
        unsafe { (*t.as_ptr()).slots.set_raw_index(i, s.raw_index(i)) };
    }
    set_attr_flags(th, t);
}
/// The slots of `base`, and its own of a native type, with those put in that classes of `t`'s MRO fill by methods of these names.
fn slots_from(th: Th, t: Gc<Type>, base: Gc<Type>, names: slot_defs::Names) -> Slots {
    let mut s = base.slots;
    if !t.heap_type() {
        s = t.native.slots;
        inherit_slots(&mut s, &base.slots);
    }
    let mro = t.mro_items();
    // Which classes can define special methods differently from `base`: those not in base's own MRO.
    let base_mro = base.mro_items();
    let single = mro.len() == base_mro.len() + 1;
    let mut dispatched = [false; Slots::COUNT];
    for d in names.defs() {
        if d.dispatch == 0 {
            continue;
        }
        let name = th.intern(d.name);
        // The first definition along the MRO that `base` would not give.
        let found = if single {
            t.dict_().get_str(th, name).ok().flatten()
        } else {
            mro.iter().find_map(|&m| {
                let c = m.known::<Type>();
                c.dict_().get_str(th, name).ok().flatten()
            })
        };
        let Some(v) = found else { continue };
        let i = d.slot as usize;
        if dispatched[i] {
            continue;
        }
        if let Some(w) = v.exact::<WrapperDescriptor>() {
            // A native slot under its own name: use it, unless another name of the slot is a Python method.
            let owner = w.owner.gc();
            if w.def.slot == d.slot && th.is_subtype(t, owner) {
                if d.slot != SlotId::getattro && d.slot != SlotId::setattro
                    || owner.slots.raw(d.slot) == w.func
                {
                    if !single || s.raw_index(i) == 0 {
                        unsafe { s.set_raw_index(i, w.func) };
                    } else if t.dict_().get_str(th, name).ok().flatten().is_some() {
                        unsafe { s.set_raw_index(i, w.func) };
                    }
                    continue;
                }
            } else if w.def.dispatch == 0 && th.is_subtype(t, owner) {
                continue; // list.__add__ found as `__add__`: stays in the concat slot
            }
        }
        if d.slot == SlotId::hash && v.is_none() {
            s.hash = Some(slot_defs::hash_not_implemented);
            continue;
        }
        if d.slot == SlotId::new {
            if let Some(f) = v.exact::<StaticMethod>().map(|s| s.func.value()).or(Some(v))
                && let Some(nf) = f.exact::<NativeFunction>()
                && nf.this.get().is_some_and(|x| x.cast::<Type>().is_some())
                && std::ptr::eq(nf.def, &crate::builtins::type_::NEW_DEF)
            {
                // Whosever it is: only that of the base makes objects of this layout.
                continue;
            }
        }
        unsafe { s.set_raw_index(i, d.dispatch) };
        dispatched[i] = true;
    }
    s
}

/// Derived flags that the fast paths look at.
fn set_attr_flags(th: Th, t: Gc<Type>) {
    let mut f = t.flags.load(Relaxed)
        & !(tflags::PLAIN_GETATTR
            | tflags::PLAIN_SETATTR
            | tflags::PLAIN_NEW
            | tflags::PLAIN_CLASS
            | tflags::HAS_DEL);
    let object_slots = &crate::builtins::object::SLOTS;
    if t.slots.raw(SlotId::getattro) == object_slots.raw(SlotId::getattro) {
        f |= tflags::PLAIN_GETATTR;
    }
    // `__class__` is defined by `object` alone.
    if f & tflags::PLAIN_GETATTR != 0
        && let [rest @ .., _] = t.mro_items()
        && rest.iter().all(|&m| !m.known::<Type>().defines(th, n!(__class__)))
    {
        f |= tflags::PLAIN_CLASS;
    }
    if t.slots.raw(SlotId::setattro) == object_slots.raw(SlotId::setattro) {
        f |= tflags::PLAIN_SETATTR;
    }
    if t.slots.raw(SlotId::new) == object_slots.raw(SlotId::new) {
        f |= tflags::PLAIN_NEW;
    }
    if t.slots.del.is_some() {
        f |= tflags::HAS_DEL;
        if t.heap_type() && matches!(t.dict_().get_str(th, n!(__del__)), Ok(Some(_))) {
            PYTHON_FINALIZERS.store(true, Relaxed);
        }
    }
    t.flags.store(f, Relaxed);
}

static PYTHON_FINALIZERS: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// Whether there ever was a class with a finalizer in Python.
pub fn python_finalizers() -> bool {
    PYTHON_FINALIZERS.load(Relaxed)
}

/// C3 linearisation of `bases` for a class `t`.
pub fn c3(th: Th, t: Gc<Type>, bases: &[Value]) -> R<Value> {
    for b in bases {
        let b = b.known::<Type>();
        if b.mro.get().is_none() {
            return Err(th.type_error(format!("Cannot extend an incomplete type '{}'", th.type_name(b))));
        }
    }
    let mros = bases.iter().map(|b| b.known::<Type>().mro_items().to_vec());
    let mut lists: Vec<Vec<Value>> = mros.chain([bases.to_vec()]).collect(); // gc-safe: types never move; `bases` has them
    let mut out = vec![t.value()]; // gc-safe: as above
    for (i, b) in bases.iter().enumerate() {
        if bases[..i].iter().any(|c| c.is(*b)) {
            return Err(th.type_error(format!("duplicate base class {}", b.known::<Type>().name_str())));
        }
    }
    loop {
        lists.retain(|l| !l.is_empty());
        if lists.is_empty() {
            return Ok(th.tuple(&out));
        }
        let next =
            lists.iter().map(|l| l[0]).find(|c| !lists.iter().any(|l| l[1..].iter().any(|x| x.is(*c))));
        let Some(c) = next else {
            let mut names: Vec<String> = Vec::new();
            for l in &lists {
                let s = l[0].known::<Type>().name_str().to_string();
                if !names.contains(&s) {
                    names.push(s);
                }
            }
            return Err(th.type_error(format!(
                "Cannot create a consistent method resolution order (MRO) for bases {}",
                names.join(", ")
            )));
        };
        out.push(c);
        for l in &mut lists {
            if l[0].is(c) {
                l.remove(0);
            }
        }
    }
}

/// Instances of a var-sized builtin's subclass keep attributes at the end; others right after the native layout.
pub fn ext_place(t: Gc<Type>, members_end: u32) -> u32 {
    if t.has(tflags::VAR_SIZED) { EXT_VAR } else { members_end }
}

#[allow(unused_imports)]
use exc as _;
