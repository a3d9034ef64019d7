//! Inline caches: filling and flushing. The hits are in the handlers.
//!
//! # Invariants
//! - A cache is filled under `TYPE_LOCK` after checking that what it relies on has not changed since it was looked up,
//!   and is then registered with all that it relies on; mutation flushes it under the same lock.
//! - `w0` is one word, so racing readers see shape and place together; entries never move and are immutable, but for the
//!   collector, which takes the dead ones out of their chains.

use crate::address::AddressMap;
use crate::attr;
use crate::builtins::class_vars;
use crate::builtins::dict_table::{CELLS, WATCHED};
use crate::err::R;
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::shape::{Place, Shape, shape};
use crate::slot_defs::{gets_by_python, sets_by_python};
use crate::sync::lock;
use crate::thread::Th;
use crate::types::TYPE_LOCK;
use crate::value::*;
use std::sync::Mutex;
use std::sync::atomic::Ordering::*;

/// `IcEntry::tag`.
pub mod tag {
    /// Plain function found on the type: bound as a method.
    pub const METHOD: u32 = 1;
    /// Any other type attribute without `__get__`; instances of this shape have no such attribute.
    pub const VALUE: u32 = 2;
    /// `property` with a Python getter: `value` is the function.
    pub const PROPERTY: u32 = 3;
    /// Setting a new attribute: `aux` is the id of the next shape, `value` the byte offset.
    pub const ADD: u32 = 4;
    /// Attribute in the object, of a shape other than the one in `w0`: `value` is the byte offset.
    pub const SLOT: u32 = 5;
    /// Attribute beyond the object's capacity: `value` is the byte offset of the `AttrExt` word, `aux` the index there.
    pub const EXT: u32 = 6;
    /// The shape is in dict mode and the type has no data descriptor of the name: the instance's dict comes first.
    pub const DICT: u32 = 7;
    /// What a descriptor gives: `value` is the descriptor, which nothing in the instance comes before; where that is because
    /// of a class that may be changed, `aux` is the class.
    pub const DESCRIPTOR: u32 = 8;
    /// Class method that is a Python function, of instances of this shape: `value` is the function, `aux` the type.
    pub const CLASS_METHOD: u32 = 9;
    /// As `VALUE`, where the attribute may be assigned to: `value` is its cell ([`crate::builtins::class_vars`]).
    pub const CLASS_VAR: u32 = 10;

    /// From here on entries are about the object in `aux` alone.
    pub const OF_ONE_OBJECT: u32 = TYPE_ATTR;
    /// Attribute of a type object: `aux` is the type, `value` the attribute.
    pub const TYPE_ATTR: u32 = 11;
    /// Variable of a module: `aux` is the module, `value` the variable's cell.
    pub const MODULE: u32 = 12;
    /// As `CLASS_METHOD`, of the type object in `aux`.
    pub const TYPE_METHOD: u32 = 13;
    /// As `CLASS_VAR`, as an attribute of the type object in `aux`, to be read or assigned to.
    pub const TYPE_VAR: u32 = 14;
}

/// Namespaces' absent names that caches rely on: (namespace id, name) -> caches.
static ABSENT: Mutex<Option<AddressMap<(u64, u64), Vec<usize>>>> = Mutex::new(None);

/// Empties a cache some of which is not true any more. Under `TYPE_LOCK` (or the lock of the absent names).
pub fn flush(ic: usize) {
    let ic = unsafe { &*(ic as *const Ic) };
    clear(ic);
    crate::jit::watch::cache_flushed(ic as *const Ic as usize);
}
/// Empties a cache. What was in it is still true, and still registered, so traces may go on to rely on it.
fn clear(ic: &Ic) {
    ic.w0.store(0, Release);
    ic.entry.store(std::ptr::null_mut(), Release);
}
/// Takes out of a cache what is dead by the shape or by the entry. What is left is as true as before, and who relies on
/// what is taken out will not come here again: traces hold what they need, and numbers of shapes that traces know are not
/// given out again.
///
/// # Safety
/// Called by the collector with the world stopped, before anything dead is freed.
pub unsafe fn purge(ic: &Ic, shape: impl Fn(u32) -> bool, entry: impl Fn(&IcEntry) -> bool) {
    let w0 = ic.w0.load(Relaxed);
    if w0 != 0 && shape((w0 >> 32) as u32) {
        ic.w0.store(0, Relaxed);
    }
    let mut last: Option<&IcEntry> = None;
    let mut e = ic.entry.load(Relaxed);
    // SAFETY: entries of a chain live as long as its cache, or are as dead, and not freed yet.
    while let Some(x) = unsafe { e.as_ref() } {
        // A chain of one may be the cell of a global variable instead.
        if x.h.kind != Kind::IcEntry as u8 {
            break;
        }
        e = x.next();
        if !shape(x.shape) && !entry(x) {
            last = Some(x);
        } else if let Some(l) = last {
            l.next.raw().store(e as u64, Relaxed);
        } else {
            ic.entry.store(e, Relaxed);
        }
    }
}

pub fn pack(shape: u32, offset: u32) -> u64 {
    (shape as u64) << 32 | (offset as u64) << 16 | 1
}

fn register(t: Gc<Type>, ic: &Ic) {
    unsafe { &mut *t.data }.dependents.add(ic as *const Ic as usize);
}

impl IcEntry {
    #[inline(always)]
    pub fn next(&self) -> *mut IcEntry {
        self.next.raw().load(Relaxed) as *mut IcEntry
    }
    /// The entry is about the object in `aux` alone.
    #[inline(always)]
    pub fn of_one_object(&self) -> bool {
        self.tag >= tag::OF_ONE_OBJECT
    }
    /// What the tag says of `value`.
    #[inline(always)]
    pub fn what(&self) -> Value {
        // SAFETY: an entry has a value before anybody sees it (`new_entry`).
        unsafe { self.value.value_unchecked() }
    }
    /// What the tag says of `aux`, where it says something.
    ///
    /// # Safety
    /// The tag says something: entries of that kind are made with it.
    #[inline(always)]
    pub unsafe fn besides(&self) -> Value {
        unsafe { self.aux.value_unchecked() }
    }
    /// Byte offset of an attribute in the object ([`tag::SLOT`], [`tag::ADD`]).
    #[inline(always)]
    pub fn offset(&self) -> u32 {
        (self.what().bits() >> 1) as u32
    }
    /// Of [`tag::EXT`].
    #[inline(always)]
    pub fn ext_place(&self) -> (u32, u32) {
        (self.offset(), (self.aux.value().bits() >> 1) as u32)
    }
}

/// Whether a cache takes no more entries: with too many shapes, refilling it would cost more than it gives. A full cache
/// is emptied when it was missed by one shape alone for a while, as of a class that a function makes whenever it is
/// called; and from time to time, ever less often: the shapes in it may be those of a program's past.
fn full(ic: &Ic, shape: u32) -> bool {
    let (mut n, mut e) = (0, ic.entry.load(Acquire));
    while let Some(x) = unsafe { e.as_ref() } {
        n += 1;
        e = x.next();
    }
    if n < MAX_ENTRIES {
        return false;
    }
    let last = ic.last_miss.load(Relaxed);
    let run = if last >> 8 == shape & 0xff_ffff { (last & 0xff) + 1 } else { 0 };
    let alone = run == LONE_MISSES;
    ic.last_miss.store(if alone { 0 } else { shape << 8 | run }, Relaxed);
    let m = ic.misses.fetch_add(1, Relaxed);
    let emptied = m >> 16;
    if !alone {
        if m & 0xffff < 16 << emptied.min(10) {
            return true;
        }
        ic.misses.store((emptied + 1).min(0xffff) << 16, Relaxed);
    }
    let _g = lock(&TYPE_LOCK);
    clear(ic);
    false
}

/// Remembers that objects of shape `s` have their attributes in a dict.
fn fill_dict(th: Th, code: Gc<Code>, ic: &Ic, t: Gc<Type>, version: u32, s: &Shape) {
    let mut e = ic.entry.load(Acquire);
    while let Some(x) = unsafe { e.as_ref() } {
        if x.shape == s.id {
            return;
        }
        e = x.next();
    }
    fill_entry(th, code, ic, t, version, s.id, tag::DICT, Value::fix(0), None);
}

/// Remembers an attribute that lies in objects of shape `s`; `t` is their type, found to have `version` before looking.
fn fill_place(th: Th, code: Gc<Code>, ic: &Ic, t: Gc<Type>, version: u32, s: &Shape, p: Place) {
    let (tg, value, aux) = match p {
        Place::Inline(off) if off < 1 << 16 => (tag::SLOT, off, None),
        Place::Ext(k) if s.ext_at != crate::shape::EXT_VAR => {
            (tag::EXT, s.ext_at, Some(Value::fix(k as i64)))
        }
        _ => return,
    };
    if tg == tag::SLOT && ic.w0.load(Acquire) == 0 {
        let _g = lock(&TYPE_LOCK);
        if t.version.load(Acquire) == version {
            register(t, ic);
            ic.w0.store(pack(s.id, value), Release);
        }
        return;
    }
    fill_entry(th, code, ic, t, version, s.id, tg, Value::fix(value as i64), aux);
}

fn fill_entry(
    th: Th,
    code: Gc<Code>,
    ic: &Ic,
    t: Gc<Type>,
    version: u32,
    shape: u32,
    tg: u32,
    value: Value,
    aux: Option<Value>,
) {
    if full(ic, shape) {
        return;
    }
    let e = new_entry(th, shape, tg, value, aux);
    let _g = lock(&TYPE_LOCK);
    if t.version.load(Acquire) == version {
        register(t, ic);
        put_entry(th, code, ic, e);
    }
}

pub fn new_entry(th: Th, shape: u32, tag: u32, value: Value, aux: Option<Value>) -> Gc<IcEntry> {
    unsafe {
        let e = th.alloc_old::<IcEntry>(size_of::<IcEntry>());
        (*e.as_ptr()).shape = shape;
        (*e.as_ptr()).tag = tag;
        e.value.init(Some(value));
        e.aux.init(aux);
        e.next.init(None);
        e
    }
}

/// How many entries a polymorphic cache may have.
const MAX_ENTRIES: usize = 8;
/// After how many misses in a row by one shape a full cache is emptied for it.
const LONE_MISSES: u32 = 32;

fn put_entry(th: Th, code: Gc<Code>, ic: &Ic, e: Gc<IcEntry>) {
    // The new entry comes first: what was seen last is the likeliest.
    e.next.init(Value::from_word(ic.entry.load(Relaxed) as u64));
    th.m.barrier(e.obj(), e.next.as_ptr());
    ic.entry.store(e.as_ptr(), Release);
    th.m.barrier(code.obj(), ic.entry.as_ptr() as *mut u64);
}

/// Code often says the same several times in a row: an empty cache takes over what one shortly before it knows about the
/// same name of this shape.
pub fn share(th: Th, code: Gc<Code>, ic: &Ic, t: Gc<Type>, shape: u32) -> bool {
    const NEAR: usize = 16;
    if ic.w0.load(Relaxed) != 0 || !ic.entry.load(Relaxed).is_null() {
        return false;
    }
    let at = (ic as *const Ic as usize - code.ics as usize) / size_of::<Ic>();
    let name = ic.name.value();
    for i in (at.saturating_sub(NEAR)..at).rev() {
        let other = unsafe { &*code.ics.add(i) };
        if !other.name.value().is(name) {
            continue;
        }
        // What is in a cache under the lock holds, as long as the type does not change.
        let _g = lock(&TYPE_LOCK);
        let w = other.w0.load(Relaxed);
        if (w >> 32) as u32 == shape && w != 0 {
            register(t, ic);
            ic.w0.store(w, Release);
            return true;
        }
        let e = other.entry.load(Acquire);
        // It may be the cell of a global variable.
        let Some(x) = unsafe { e.as_ref() }.filter(|x| x.h.kind == Kind::IcEntry as u8) else { continue };
        let shared = matches!(
            x.tag,
            tag::METHOD | tag::VALUE | tag::PROPERTY | tag::DESCRIPTOR | tag::CLASS_METHOD | tag::CLASS_VAR
        );
        // That of a descriptor would have to be registered with its class.
        let shared = shared && (x.tag != tag::DESCRIPTOR || x.aux.get().is_none());
        if x.shape == shape && shared && x.next.get().is_none() {
            register(t, ic);
            ic.entry.store(e, Release);
            th.m.barrier(code.obj(), ic.entry.as_ptr() as *mut u64);
            return true;
        }
    }
    false
}

/// What storing attribute `name` of instances calls: the function of a property, or that of a descriptor's class, which
/// is given the descriptor as well.
pub fn setter(th: Th, t: Gc<Type>, name: Value) -> Option<(Value, Option<Value>)> {
    if !t.heap_type() {
        return None;
    }
    let d = th.lookup(t, name)?;
    let (f, d) = match d.exact::<Property>() {
        Some(p) => (p.set.get()?, None),
        None if sets_by_python(th.type_of(d)) => (th.lookup_special(d, n!(__set__))?, Some(d)),
        None => return None,
    };
    f.is_exact(Kind::Function).then_some((f, d))
}
/// The descriptor whose class answers for attribute `name` of instances with shape `s` by a Python function, and that.
pub fn getter(th: Th, t: Gc<Type>, s: &Shape, name: Value) -> Option<(Value, Value)> {
    if !t.heap_type() || !t.has(tflags::PLAIN_GETATTR) {
        return None;
    }
    let d = th.lookup(t, name)?;
    let dt = th.type_of(d);
    if !gets_by_python(dt) || dt.slots.descr_set.is_none() && (s.dict_mode || s.find(name).is_some()) {
        return None;
    }
    let f = th.lookup(dt, n!(__get__))?;
    f.is_exact(Kind::Function).then_some((d, f))
}

/// After a successful slow `LoadAttr`/`LoadMethod` of `o.name`: remembers how, if that is simple.
pub fn fill_load(th: Th, code: Gc<Code>, ic: &Ic, o: Value) {
    let name = ic.name.value();
    if !o.is_obj() {
        return;
    }
    let t = th.type_of(o);
    let s = shape(o.shape_id());
    if share(th, code, ic, t, s.id) {
        return;
    }
    if let Some(m) = o.exact::<Module>() {
        return fill_module(th, code, ic, t, m, name);
    }
    if let Some(ty) = o.cast::<Type>() {
        // Attribute of a class: its metaclass must not interfere.
        let version = ty.version.load(Acquire);
        let meta = t.version.load(Acquire);
        // An attribute of the metaclass comes first only if it is a data descriptor.
        if t.slots.getattro.map(|f| f as usize) != crate::builtins::type_::SLOTS.getattro.map(|f| f as usize)
            || th.lookup(t, name).is_some_and(|d| th.type_of(d).slots.descr_set.is_some())
        {
            return;
        }
        let Some(v) = th.lookup(ty, name) else { return };
        if let Some(f) = class_function(v) {
            fill_entry(th, code, ic, ty, version, s.id, tag::TYPE_METHOD, f, Some(o));
            return rely_on_class(t, meta, ic);
        }
        if th.type_of(v).slots.descr_get.is_some()
            // Those give themselves without an instance.
            && !v.is_exact(Kind::Function)
            && !v.is_exact(Kind::WrapperDescriptor)
            && !v.is_exact(Kind::MethodDescriptor)
            && !v.is_exact(Kind::StaticMethod)
        {
            return;
        }
        let v = v.exact::<StaticMethod>().map_or(v, |s| s.func.value());
        match class_vars::cell(th, ty, name) {
            Some(c) => fill_entry(th, code, ic, ty, version, s.id, tag::TYPE_VAR, c.value(), Some(o)),
            None => fill_entry(th, code, ic, ty, version, s.id, tag::TYPE_ATTR, v, Some(o)),
        }
        return rely_on_class(t, meta, ic);
    }
    if !t.has(tflags::PLAIN_GETATTR) || o.is_kind(Kind::Module) {
        return;
    }
    let version = t.version.load(Acquire);
    let d = th.lookup(t, name);
    if s.dict_mode {
        if d.is_none_or(|d| th.type_of(d).slots.descr_set.is_none()) {
            fill_dict(th, code, ic, t, version, s);
        }
        return;
    }
    let inst = s.find(name);
    if let Some(d) = d {
        let dt = th.type_of(d);
        let of_descriptor = dt.version.load(Acquire);
        if dt.slots.descr_set.is_some() && dt.slots.descr_get.is_some() {
            if let Some(m) = d.exact::<MemberDescriptor>() {
                if m.flags & crate::native::member::NONE_IF_NULL == 0
                    && m.offset != crate::native::member::AS_ATTR
                    && th.is_subtype(t, m.owner.gc())
                {
                    fill_place(th, code, ic, t, version, s, Place::Inline(m.offset));
                }
            } else if let Some(p) = d.exact::<Property>()
                && let Some(f) = p.get.get().and_then(|f| f.exact::<Function>())
            {
                fill_entry(th, code, ic, t, version, s.id, tag::PROPERTY, f.value(), None);
            } else {
                // A native type stays a data descriptor.
                let of = dt.heap_type().then_some(dt.value());
                fill_entry(th, code, ic, t, version, s.id, tag::DESCRIPTOR, d, of);
                rely_on_class(dt, of_descriptor, ic);
            }
            return;
        }
    }
    match (inst, d) {
        (Some(p), _) => fill_place(th, code, ic, t, version, s, p),
        (None, Some(d)) if s.ext_at != 0 || crate::builtins::no_instance_attrs(o.kind()) => {
            let dt = th.type_of(d);
            if let Some(f) = class_function(d) {
                fill_entry(th, code, ic, t, version, s.id, tag::CLASS_METHOD, f, Some(t.value()));
                return;
            }
            if let Some(c) = class_vars::cell(th, t, name) {
                fill_entry(th, code, ic, t, version, s.id, tag::CLASS_VAR, c.value(), None);
                return;
            }
            let tg = if d.is_exact(Kind::Function) || d.is_exact(Kind::MethodDescriptor) {
                tag::METHOD
            } else if dt.slots.descr_get.is_none() {
                tag::VALUE
            } else {
                tag::DESCRIPTOR
            };
            fill_entry(th, code, ic, t, version, s.id, tg, d, None);
        }
        _ => {}
    }
}

/// The cache relies on what was not found, or not as a data descriptor, on a metaclass; or on what a descriptor's class is.
fn rely_on_class(t: Gc<Type>, version: u32, ic: &Ic) {
    // What native classes have is for good.
    if t.heap_type() {
        let _g = lock(&TYPE_LOCK);
        register(t, ic);
        if t.version.load(Acquire) != version {
            flush(ic as *const Ic as usize);
        }
    }
}

/// The Python function of a class method.
fn class_function(d: Value) -> Option<Value> {
    d.exact::<ClassMethod>()?.func.get().filter(|f| f.is_exact(Kind::Function))
}

/// A variable of a module: the cache holds its cell.
fn fill_module(th: Th, code: Gc<Code>, ic: &Ic, t: Gc<Type>, m: Gc<Module>, name: Value) {
    let version = t.version.load(Acquire);
    let Some(d) = m.dict.any().and_then(|d| d.exact::<Dict>()) else { return };
    if th.lookup(t, name).is_some() || !matches!(d.get_str(th, name), Ok(Some(_))) {
        return;
    }
    let cell = d.make_cells(th).and_then(|()| d.cell_for(th, unsafe { name.cast_unchecked() }));
    match cell {
        Ok(c) => {
            let (id, m) = (m.value().shape_id(), m.value());
            fill_entry(th, code, ic, t, version, id, tag::MODULE, c.value(), Some(m));
        }
        // Out of memory: then without a cache.
        Err(_) => th.exc.init(None),
    }
}

/// After a slow `StoreAttr` of a class: remembers its variable's cell.
pub fn fill_class_store(th: Th, code: Gc<Code>, ic: &Ic, o: Value) {
    let Some(ty) = o.cast::<Type>() else { return };
    let (t, name) = (th.type_of(o), ic.name.value());
    let (version, meta) = (ty.version.load(Acquire), t.version.load(Acquire));
    if t.slots.setattro.map(|f| f as usize) != crate::builtins::type_::SLOTS.setattro.map(|f| f as usize)
        || th.lookup(t, name).is_some_and(|d| th.type_of(d).slots.descr_set.is_some())
    {
        return;
    }
    if let Ok(Some(v)) = ty.dict_().get_str(th, name)
        && let Some(c) = class_vars::cell_in(th, ty, name, v)
    {
        fill_entry(th, code, ic, ty, version, o.shape_id(), tag::TYPE_VAR, c.value(), Some(o));
        rely_on_class(t, meta, ic);
    }
}

/// Before a slow `StoreAttr`: remembers how to do it (`before`: the object's shape before the store).
pub fn fill_store(th: Th, code: Gc<Code>, ic: &Ic, o: Value, before: u32) {
    let t = th.type_of(o);
    let s = shape(before);
    if !t.has(tflags::PLAIN_SETATTR) || !o.is_obj() || o.is_kind(Kind::Type) || o.is_kind(Kind::Module) {
        return;
    }
    let name = ic.name.value();
    let version = t.version.load(Acquire);
    if let Some(d) = th.lookup(t, name) {
        if let Some(m) = d.exact::<MemberDescriptor>() {
            if m.flags == 0 && m.offset != crate::native::member::AS_ATTR && th.is_subtype(t, m.owner.gc()) {
                fill_place(th, code, ic, t, version, s, Place::Inline(m.offset));
            }
            return;
        }
        if th.type_of(d).slots.descr_set.is_some() {
            return;
        }
    }
    if s.dict_mode {
        fill_dict(th, code, ic, t, version, s);
        return;
    }
    match s.find(name) {
        Some(p) => fill_place(th, code, ic, t, version, s, p),
        None => {
            let Some(ns) = s.with(name) else { return };
            if ns.id != o.shape_id() {
                return;
            }
            if let Place::Inline(off) = ns.place(ns.places() - 1) {
                let next = Some(Value::fix(ns.id as i64));
                fill_entry(th, code, ic, t, version, s.id, tag::ADD, Value::fix(off as i64), next);
            }
        }
    }
}

/// The slow `LoadGlobal`; fills the cache with the name's cell.
pub fn load_global(th: Th, code: Gc<Code>, func: Gc<Function>, ic: &Ic) -> R<Option<Value>> {
    let name = ic.name.value();
    let g: Gc<Dict> = func.globals.gc();
    let own = |v: Value| v.bits() == code.globals_id.load(Relaxed);
    let cacheable = g.is_exact_dict() && g.flag(CELLS) && g.owner.get().is_some_and(own);
    if let Some(v) = crate::builtins::dict::get_item_str(th, g, name)? {
        if cacheable {
            let c = g.cell_for(th, unsafe { name.cast_unchecked() })?;
            ic.entry.store(c.as_ptr() as *mut IcEntry, Release);
            th.m.barrier(code.obj(), ic.entry.as_ptr() as *mut u64);
        }
        return Ok(Some(v));
    }
    let Some(b) = func.builtins.get() else { return Ok(None) };
    let Some(bd) = b.exact::<Dict>() else {
        let r = th.getitem(b, name);
        return th.catch(r, &crate::builtins::exceptions::KEY_ERROR);
    };
    let v = bd.get_str(th, name)?;
    if v.is_some() && cacheable && bd.flag(CELLS) {
        let c = bd.cell_for(th, unsafe { name.cast_unchecked() })?;
        let id = g.owner.value().bits();
        // No Python code and no safepoint under this lock, which the collector takes too (`bury`) and which `global_added`
        // takes under the dict's: `lacks_str` compares nothing by `__eq__`, the rest allocates no objects.
        let mut tab = lock(&ABSENT);
        g.set_flag(WATCHED);
        if g.lacks_str(unsafe { name.cast_unchecked() }) {
            let list = tab.get_or_insert_with(AddressMap::default).entry((id, name.bits())).or_default();
            let a = ic as *const Ic as usize;
            if !list.contains(&a) {
                list.push(a);
            }
            ic.entry.store(c.as_ptr() as *mut IcEntry, Release);
            th.m.barrier(code.obj(), ic.entry.as_ptr() as *mut u64);
        }
    }
    Ok(v)
}

/// Caches of code that died, as (address, number): types and namespaces may still know them. Unlinking them takes a look
/// at all that is known, so it is done for many at once; until then the memory stays.
static BURIED: Mutex<Vec<(usize, usize)>> = Mutex::new(Vec::new());
const MAX_BURIED: usize = 1000;

/// The code that these caches belong to is dead.
///
/// # Safety
/// Called by the collector with the world stopped, with an array that nobody uses any more.
pub unsafe fn bury(ics: *mut Ic, n: usize) {
    // SAFETY: the array is the caller's; its entries are about to be freed.
    unsafe { std::slice::from_raw_parts(ics, n) }.iter().for_each(clear);
    let mut list = lock(&BURIED);
    list.push((ics as usize, n));
    if list.len() < MAX_BURIED {
        return;
    }
    list.sort_unstable();
    let dead = |a: usize| {
        let i = list.partition_point(|x| x.0 <= a);
        i > 0 && a < list[i - 1].0 + list[i - 1].1 * size_of::<Ic>()
    };
    crate::types::forget_caches(dead);
    crate::jit::watch::forget_caches(dead);
    if let Some(t) = lock(&ABSENT).as_mut() {
        t.retain(|_, l| {
            l.retain(|a| !dead(*a));
            !l.is_empty()
        });
    }
    for (ics, n) in list.drain(..) {
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(ics as *mut Ic, n)) });
    }
}

/// A name came into a watched namespace: caches that found it in builtins are wrong now.
pub fn global_added(ns: Gc<Dict>, key: Value) {
    let Some(id) = ns.owner.get() else { return };
    let mut tab = lock(&ABSENT);
    if let Some(list) = tab.as_mut().and_then(|t| t.remove(&(id.bits(), key.bits()))) {
        for ic in list {
            flush(ic);
        }
    }
}

#[allow(unused)]
fn _uses(th: Th, o: Value) {
    let _ = attr::field(o, 8);
}
