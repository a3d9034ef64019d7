//! Attribute access: the generic protocol of `object`, instance attributes in shapes, binding of descriptors.
//!
//! # Invariants
//! - Attributes in the object are read and written at offsets that its shape gives; a shape's offsets are within the
//!   object's capacity. Under races the shape may have changed since: while there are several threads no place gets another
//!   attribute (see `shape`), and a word that is not set is null.
//! - The attribute word of an object (`ext_slot`) holds null or an `AttrExt`. Every object begins with its header.
//!   Names of attributes are strings: who takes them from programs has looked.

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::n;
use crate::native::{member, tflags};
use crate::object::*;
use crate::shape::{EXT_VAR, Place, Shape, shape};
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::{Ordering::*, fence};

/// The attribute word of an object whose shape says it has one.
#[inline]
pub fn ext_slot(o: Value, s: &Shape) -> &'static Slot {
    // SAFETY: it is where the shape says, which is at the end of objects of variable size.
    unsafe {
        let p = o.bits() as *mut u8;
        if s.ext_at == EXT_VAR {
            let ob = o.obj().unwrap_unchecked();
            let n = match crate::kinds::table()[ob.as_ref().kind as usize].size {
                adder_heap::Size::Fn(f) => f(ob),
                _ => unreachable!(),
            };
            &*(p.add(n - 8) as *const Slot)
        } else {
            &*(p.add(s.ext_at as usize) as *const Slot)
        }
    }
}

#[inline(always)]
pub fn field(o: Value, offset: u32) -> &'static Slot {
    // SAFETY: the offset is that of a place of the object's shape, or of a member that its type has.
    unsafe { &*((o.bits() as *const u8).add(offset as usize) as *const Slot) }
}

impl AttrExt {
    #[track_caller]
    pub fn slot(&self, i: usize) -> &Slot {
        assert!(i < self.len as usize);
        // SAFETY: so many follow.
        unsafe { &*((self as *const AttrExt).add(1) as *const Slot).add(i) }
    }
}

/// The value of an attribute at a place of the shape.
#[inline]
pub fn place_value(o: Value, s: &Shape, p: Place) -> Option<Value> {
    match p {
        Place::Inline(off) => field(o, off).get(),
        Place::Ext(i) => unsafe {
            let e = ext_slot(o, s).gc_opt::<AttrExt>()?;
            if i < e.len as u32 { e.slot(i as usize).get() } else { None }
        },
    }
}
/// The dict of an object in dict mode, once it has one.
#[inline]
pub fn dict_of(o: Value) -> Option<Gc<Dict>> {
    let s = shape(o.shape_id());
    unsafe { ext_slot(o, s).gc_opt::<AttrExt>()?.dict.get() }
}
/// Nulls all attributes of a shape that the object had.
pub fn clear_places(o: Value, s: &Shape) {
    for i in 0..s.places() {
        match s.place(i) {
            Place::Inline(off) => field(o, off).init(None),
            Place::Ext(i) => {
                if let Some(e) = unsafe { ext_slot(o, s).gc_opt::<AttrExt>() }
                    && (i as u64) < e.len
                {
                    e.slot(i as usize).init(None);
                }
            }
        }
    }
}

impl Th {
    fn new_ext(self, o: Value, s: &Shape, len: usize) -> R<Gc<AttrExt>> {
        let slot = ext_slot(o, s);
        let old = unsafe { slot.gc_opt::<AttrExt>() };
        // SAFETY: the size that `len` says; all of it is written before anything else is allocated.
        unsafe {
            let e = self.alloc_var::<AttrExt>(24 + 8 * len)?;
            (*e.as_ptr()).len = len as u64;
            e.dict.init(old.and_then(|x| x.dict.get()));
            for i in 0..len {
                e.slot(i).init(old.and_then(|x| if i < x.len as usize { x.slot(i).get() } else { None }));
            }
            slot.raw().store(e.value().bits(), Release);
            self.m.barrier(o.obj().unwrap(), slot.as_ptr());
            Ok(e)
        }
    }
    /// The `AttrExt` of an object, made if there is none.
    fn ext(self, o: Value, s: &Shape) -> R<Gc<AttrExt>> {
        // SAFETY: the word holds nothing else.
        match unsafe { ext_slot(o, s).gc_opt::<AttrExt>() } {
            Some(e) => Ok(e),
            None => self.new_ext(o, s, 0),
        }
    }
    /// The value of an attribute at a place of the shape.
    #[inline]
    pub fn read_place(self, o: Value, s: &Shape, p: Place) -> Option<Value> {
        place_value(o, s, p)
    }
    pub fn write_place(self, o: Value, s: &Shape, p: Place, v: Value) -> R<()> {
        match p {
            Place::Inline(off) => {
                let slot = field(o, off);
                slot.raw().store(v.bits(), Release);
                self.m.barrier(o.obj().unwrap(), slot.as_ptr());
            }
            Place::Ext(i) => {
                let e = match unsafe { ext_slot(o, s).gc_opt::<AttrExt>() } {
                    Some(e) if i < e.len as u32 => e,
                    _ => self.new_ext(o, s, (i as usize + 1).next_power_of_two().max(4))?,
                };
                self.store(e, e.slot(i as usize), v);
            }
        }
        Ok(())
    }
    /// The instance attribute `name` (an exact str), without looking at the type.
    pub fn instance_attr(self, o: Value, name: Value) -> R<Option<Value>> {
        if !o.is_obj() {
            return Ok(None);
        }
        let s = shape(o.shape_id());
        if s.ext_at == 0 {
            return match o.kind() {
                // SAFETY of both: objects of these kinds.
                Kind::Module => unsafe { o.cast_unchecked::<Module>().dict.gc() }.get_str(self, name),
                Kind::Function => match unsafe { o.cast_unchecked::<Function>().dict.get() } {
                    Some(d) => d.get_str(self, name),
                    None => Ok(None),
                },
                _ => match crate::builtins::extra_dict(self, o, false)? {
                    Some(d) => d.get_str(self, name),
                    None => Ok(None),
                },
            };
        }
        if s.dict_mode {
            let e = unsafe { ext_slot(o, s).gc_opt::<AttrExt>() };
            return match e.and_then(|e| e.dict.get()) {
                Some(d) => d.get_str(self, name),
                None => Ok(None),
            };
        }
        let name = self.intern_value(unsafe { name.cast_unchecked() });
        let Some(p) = s.find(name) else { return Ok(None) };
        let v = self.read_place(o, s, p);
        if v.is_none() {
            // Whoever takes attributes out of their places has published another shape before.
            fence(Acquire);
            if o.shape_id() != s.id {
                return self.instance_attr(o, name);
            }
        }
        Ok(v)
    }
    /// Sets (or with None deletes) an instance attribute. False: there was none to delete, or the object has no attributes.
    pub fn set_instance_attr(self, o: Value, name: Value, v: Option<Value>) -> R<bool> {
        let s = shape(o.shape_id());
        if s.ext_at == 0 {
            let d = match o.kind() {
                // SAFETY of both: objects of these kinds.
                Kind::Module => Some(unsafe { o.cast_unchecked::<Module>().dict.gc() }),
                Kind::Function => {
                    let f = unsafe { o.cast_unchecked::<Function>() };
                    if f.dict.get().is_none() && v.is_some() {
                        let d = Gc::<Dict>::new(self);
                        self.store(f, &f.dict, d);
                    }
                    f.dict.get()
                }
                _ => crate::builtins::extra_dict(self, o, v.is_some())?,
            };
            return match (d, v) {
                (None, _) => Ok(false),
                (Some(d), Some(v)) => d.set(self, name, v).map(|_| true),
                (Some(d), None) => d.remove(self, name).map(|x| x.is_some()),
            };
        }
        let name = self.intern_value(unsafe { name.cast_unchecked() });
        let _g = self.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
        let s = shape(o.shape_id());
        if s.dict_mode {
            let d = self.mode_dict(o, s)?;
            return match v {
                Some(v) => d.set(self, name, v).map(|_| true),
                None => Ok(d.remove(self, name)?.is_some()),
            };
        }
        match (s.find(name), v) {
            (Some(p), Some(v)) => self.write_place(o, s, p, v).map(|_| true),
            (None, None) => Ok(false),
            (None, Some(v)) => match s.with(name) {
                Some(ns) => {
                    let p = ns.place(ns.places() - 1);
                    self.write_place(o, ns, p, v)?;
                    // SAFETY: an object with attributes is in the heap.
                    unsafe { o.header_unchecked() }.desc.store(ns.id, Release);
                    Ok(true)
                }
                None => {
                    let d = self.to_dict_mode(o)?;
                    d.set(self, name, v).map(|_| true)
                }
            },
            (Some(p), None) => {
                if self.read_place(o, s, p).is_none() {
                    return Ok(false);
                }
                let clear = |p: Place| match p {
                    Place::Inline(off) => field(o, off).init(None),
                    Place::Ext(i) => unsafe { ext_slot(o, s).gc::<AttrExt>() }.slot(i as usize).init(None),
                };
                // SAFETY: an object with attributes is in the heap.
                let change = |ns: &Shape| unsafe { o.header_unchecked() }.desc.store(ns.id, Release);
                if self.multi() {
                    if let Some(ns) = s.with_hole(name) {
                        change(ns);
                        clear(p);
                        return Ok(true);
                    }
                } else if let Some(parent) = s.without_last(name) {
                    change(parent);
                    clear(p);
                    return Ok(true);
                } else if s.holes() == 0
                    && let Some(ns) = s.without(name)
                {
                    // Later attributes move up.
                    let at = s.attributes().position(|(_, k)| k.is(name)).expect("it was found");
                    for i in at..ns.places() {
                        if let Some(v) = self.read_place(o, s, s.place(i + 1)) {
                            self.write_place(o, s, s.place(i), v)?;
                        }
                    }
                    clear(s.place(s.places() - 1));
                    change(ns);
                    return Ok(true);
                }
                let d = self.to_dict_mode(o)?;
                Ok(d.remove(self, name)?.is_some())
            }
        }
    }
    /// The dict of an object in dict mode.
    fn mode_dict(self, o: Value, s: &Shape) -> R<Gc<Dict>> {
        let e = self.ext(o, s)?;
        match e.dict.get() {
            Some(d) => Ok(d),
            None => {
                let d = Gc::<Dict>::new(self);
                self.store(e, &e.dict, d);
                Ok(d)
            }
        }
    }
    /// Moves the attributes of an object into a dict of its own.
    pub fn to_dict_mode(self, o: Value) -> R<Gc<Dict>> {
        let s = shape(o.shape_id());
        if s.dict_mode {
            return self.mode_dict(o, s);
        }
        let e = self.ext(o, s)?;
        let d = match e.dict.get() {
            Some(view) => {
                view.fill_from_attrs(self, o, s)?;
                view
            }
            None => {
                // Filled before others see it.
                let d = Gc::<Dict>::new(self);
                d.fill_from_attrs(self, o, s)?;
                self.store(e, &e.dict, d);
                d
            }
        };
        let ns = s.to_dict_mode();
        // SAFETY: an object with attributes is in the heap.
        unsafe { o.header_unchecked() }.desc.swap(ns.id, AcqRel);
        // What a racing store that knew the old shape has put there since is not lost.
        if self.multi() {
            for (i, k) in s.attributes() {
                if let Some(v) = place_value(o, s, s.place(i))
                    && !d.get_str(self, k)?.is_some_and(|x| x.is(v))
                {
                    d.set(self, k, v)?;
                }
            }
        }
        clear_places(o, s);
        Ok(d)
    }
    /// `o.__dict__`, as a dict whose changes are the object's. None: the object has none.
    pub fn instance_dict(self, o: Value) -> R<Option<Gc<Dict>>> {
        if !o.is_obj() {
            return Ok(None);
        }
        let s = shape(o.shape_id());
        if s.ext_at == 0 {
            return match o.kind() {
                // SAFETY of both: objects of these kinds.
                Kind::Module => Ok(Some(unsafe { o.cast_unchecked::<Module>().dict.gc() })),
                Kind::Function => {
                    let f = unsafe { o.cast_unchecked::<Function>() };
                    if f.dict.get().is_none() {
                        let d = Gc::<Dict>::new(self);
                        self.store(f, &f.dict, d);
                    }
                    Ok(Some(f.dict.gc()))
                }
                _ => crate::builtins::extra_dict(self, o, true),
            };
        }
        if self.type_of(o).has(tflags::HIDDEN_ATTRS) {
            return Ok(None);
        }
        // The object keeps its attributes; the dict is a view of them (see `dict_attrs`).
        if let Some(d) = unsafe { ext_slot(o, s).gc_opt::<AttrExt>() }.and_then(|e| e.dict.get()) {
            return Ok(Some(d));
        }
        let _g = self.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
        let s = shape(o.shape_id());
        let e = self.ext(o, s)?;
        if let Some(d) = e.dict.get() {
            return Ok(Some(d));
        }
        let d = if s.dict_mode { Gc::<Dict>::new(self) } else { crate::builtins::dict_attrs::new(self, o) };
        self.store(e, &e.dict, d);
        Ok(Some(d))
    }
    /// Replaces `o.__dict__`.
    pub fn set_instance_dict(self, o: Value, d: Gc<Dict>) -> R<()> {
        let s = shape(o.shape_id());
        if s.ext_at == 0 {
            match o.kind() {
                Kind::Function => {
                    // SAFETY: a function.
                    let f = unsafe { o.cast_unchecked::<Function>() };
                    self.store(f, &f.dict, d);
                    return Ok(());
                }
                _ => {
                    return Err(self.attribute_error_msg(format!(
                        "'{}' object has no attribute '__dict__'",
                        self.type_name_of(o)
                    )));
                }
            }
        }
        let _g = self.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
        self.to_dict_mode(o)?;
        let s = shape(o.shape_id());
        // SAFETY: in dict mode an object has one.
        let e = unsafe { ext_slot(o, s).gc::<AttrExt>() };
        self.store(e, &e.dict, d);
        Ok(())
    }

    // -- the protocol
    /// `o.name`; `name` is a str.
    #[inline]
    pub fn getattr(self, o: Value, name: Value) -> R<Value> {
        let t = self.type_of(o);
        // SAFETY: `object` has the slot, and types are made with the slots of their bases.
        let r = (unsafe { t.slots.getattro.unwrap_unchecked() })(self, o, name);
        if r.is_err() {
            self.attribute_context(o, name);
        }
        r
    }
    /// A pending AttributeError that says nothing of what was looked for, as Python code raises it, gets `name` and `obj`.
    #[cold]
    pub fn attribute_context(self, o: Value, name: Value) {
        if self.exc_is(&exc::ATTRIBUTE_ERROR)
            && let Some(e) = self.pending().and_then(|e| e.cast::<BaseException>())
            && e.f[0].get().is_none()
            && e.f[1].get().is_none()
        {
            self.store(e, &e.f[0], name);
            self.store(e, &e.f[1], o);
        }
    }
    /// None if it does not exist (AttributeError).
    pub fn getattr_opt(self, o: Value, name: Value) -> R<Option<Value>> {
        let t = self.type_of(o);
        if t.has(tflags::PLAIN_GETATTR) {
            let r = self.generic_getattr_opt(o, t, name);
            return match r {
                Ok(v) => Ok(v),
                // Of a descriptor: a slot that is empty, a property...
                Err(_) => Ok(self.catch(r, &exc::ATTRIBUTE_ERROR)?.flatten()),
            };
        }
        let r = self.getattr(o, name);
        self.catch(r, &exc::ATTRIBUTE_ERROR)
    }
    pub fn setattr(self, o: Value, name: Value, v: Option<Value>) -> R<()> {
        let t = self.type_of(o);
        // SAFETY: as in `getattr`.
        (unsafe { t.slots.setattro.unwrap_unchecked() })(self, o, name, v)
    }
    pub fn has_attr(self, o: Value, name: Value) -> R<bool> {
        Ok(self.getattr_opt(o, name)?.is_some())
    }
    /// A type attribute bound to an instance through its `__get__`.
    #[inline]
    pub fn bind(self, d: Value, o: Option<Value>, t: Gc<Type>) -> R<Value> {
        if let Some(get) = self.type_of(d).slots.descr_get { get(self, d, o, t.value()) } else { Ok(d) }
    }
    /// Attribute of an object whose class has a `__getattr__` and the plain `__getattribute__`: the value, or as an error
    /// the hook to ask. None: it is not such a class.
    pub fn getattr_or_hook(self, o: Value, name: Value) -> R<Option<Result<Value, Value>>> {
        let t = self.type_of(o);
        let Some(hook) = self.lookup(t, n!(__getattr__)) else { return Ok(None) };
        let plain = crate::builtins::object::OBJECT.get();
        if self.lookup(t, n!(__getattribute__)) != self.lookup(plain, n!(__getattribute__)) {
            return Ok(None);
        }
        let r = self.generic_getattr_opt(o, t, name);
        Ok(Some(match self.catch(r, &exc::ATTRIBUTE_ERROR)?.flatten() {
            Some(v) => Ok(v),
            None => Err(hook),
        }))
    }
    fn generic_getattr_opt(self, o: Value, t: Gc<Type>, name: Value) -> R<Option<Value>> {
        let name = self.check_attr_name(name)?;
        let name = self.intern_value(name);
        let d = self.lookup(t, name);
        if let Some(d) = d {
            let dt = self.type_of(d);
            if dt.slots.descr_set.is_some()
                && let Some(get) = dt.slots.descr_get
            {
                return get(self, d, Some(o), t.value()).map(Some);
            }
        }
        if let Some(v) = self.instance_attr(o, name)? {
            return Ok(Some(v));
        }
        match d {
            Some(d) => self.bind(d, Some(o), t).map(Some),
            None => Ok(None),
        }
    }
    pub(crate) fn check_attr_name(self, name: Value) -> R<Gc<Str>> {
        match name.cast::<Str>() {
            Some(s) => {
                if name.is_exact(Kind::Str) {
                    Ok(s)
                } else {
                    // SAFETY: made as a string.
                    Ok(unsafe { self.str_bytes(s.bytes()).cast_unchecked() })
                }
            }
            None => {
                Err(self
                    .type_error(format!("attribute name must be string, not '{}'", self.type_name_of(name))))
            }
        }
    }
    #[cold]
    pub fn no_attribute(self, o: Value, name: Value) -> Raised {
        let t = self.type_of(o);
        let what = name.cast::<Str>();
        let what = what.as_ref().map_or_else(|| self.text(name).into(), |s| s.lossy());
        let of = if t.heap_type() { t.name_str() } else { t.native.name };
        let msg = ["'", of, "' object has no attribute '", &what, "'"].concat();
        self.attribute_error(o, name, &msg)
    }
    /// AttributeError with its `name` and `obj`.
    #[cold]
    pub fn attribute_error(self, o: Value, name: Value, msg: &str) -> Raised {
        let r = self.raise_msg(&exc::ATTRIBUTE_ERROR, msg);
        if let Some(e) = self.pending().and_then(|e| e.cast::<BaseException>()) {
            self.store(e, &e.f[0], name);
            self.store(e, &e.f[1], o);
        }
        r
    }
}

/// `object.__getattribute__`.
pub fn object_getattro(th: Th, o: Value, name: Value) -> R<Value> {
    let t = th.type_of(o);
    match th.generic_getattr_opt(o, t, name)? {
        Some(v) => Ok(v),
        None => Err(th.no_attribute(o, name)),
    }
}

/// `object.__setattr__` and `__delattr__`.
pub fn object_setattro(th: Th, o: Value, name: Value, v: Option<Value>) -> R<()> {
    let name = th.check_attr_name(name)?;
    let name = th.intern_value(name);
    let t = th.type_of(o);
    let d = th.lookup(t, name);
    if let Some(d) = d
        && let Some(set) = th.type_of(d).slots.descr_set
    {
        return set(th, d, o, v);
    }
    let hidden = t.has(tflags::HIDDEN_ATTRS);
    if o.is_obj() && !hidden && th.set_instance_attr(o, name, v)? {
        return Ok(());
    }
    let tn = th.type_name(t);
    let nm = th.text(name);
    let has_dict = o.is_obj()
        && !hidden
        && (shape(o.shape_id()).ext_at != 0 || matches!(o.kind(), Kind::Module | Kind::Function));
    if has_dict {
        return Err(th.no_attribute(o, name));
    }
    if d.is_some() {
        return Err(th.attribute_error(o, name, &format!("'{tn}' object attribute '{nm}' is read-only")));
    }
    Err(th.attribute_error(
        o,
        name,
        &format!("'{tn}' object has no attribute '{nm}' and no __dict__ for setting new attributes"),
    ))
}

/// Value of a member descriptor on an object (already checked to have it).
pub fn member_get(th: Th, m: Gc<MemberDescriptor>, o: Value) -> R<Value> {
    if m.offset == member::AS_ATTR {
        return match th.instance_attr(o, m.name.value())? {
            Some(v) => Ok(v),
            None => Err(th.no_attribute(o, m.name.value())),
        };
    }
    match field(o, m.offset).get() {
        Some(v) => Ok(v),
        None if m.flags & member::NONE_IF_NULL != 0 => Ok(NONE()),
        None => {
            let t = crate::builtins::object::full_type_name(th, th.type_of(o));
            let t = t.strip_prefix("__main__.").unwrap_or(&t);
            let msg = format!("'{t}' object has no attribute '{}'", th.text(m.name.value()));
            Err(th.attribute_error(o, m.name.value(), &msg))
        }
    }
}

pub fn member_set(th: Th, m: Gc<MemberDescriptor>, o: Value, v: Option<Value>) -> R<()> {
    if m.flags & member::READONLY != 0 {
        return Err(th.attribute_error(o, m.name.value(), "readonly attribute"));
    }
    if m.offset == member::AS_ATTR {
        return match th.set_instance_attr(o, m.name.value(), v)? {
            true => Ok(()),
            false => Err(th.attribute_error_msg(th.text(m.name.value()))),
        };
    }
    let slot = field(o, m.offset);
    match v {
        Some(v) => {
            slot.raw().store(v.bits(), Release);
            th.m.barrier(o.obj().unwrap(), slot.as_ptr());
            Ok(())
        }
        None if slot.get().is_none() && m.flags & member::NONE_IF_NULL == 0 => {
            Err(th.attribute_error_msg(th.text(m.name.value())))
        }
        None => {
            slot.init(None);
            Ok(())
        }
    }
}

#[allow(unused)]
fn _names() -> Value {
    n!(__dict__)
}
