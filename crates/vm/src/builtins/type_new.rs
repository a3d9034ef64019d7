//! `type.__new__`: from a name, bases and a namespace to a class. Each step is a function; their order is CPython's, as far
//! as a program can see it.
//!
//! # Invariants
//! - The class is complete (layout, MRO, root shape, slots) before Python code sees it: `__set_name__` and
//!   `__init_subclass__` come last.
//! - An instance's native part comes first, then the members of `__slots__` and the word for further attributes
//!   (`ext_at`), which stays where the base has it.

use super::type_::ty;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;

use crate::shape::{self, EXT_VAR};
use crate::thread::Th;
use crate::types::{alloc_type, update_slots};
use crate::value::*;
use std::sync::atomic::Ordering::*;

/// `type.__new__`.
pub fn type_new(th: Th, meta: Value, a: RawArgs) -> R<Value> {
    let bad = |th: Th, i: usize, want: &str, v: Value| {
        th.type_error(format!("type.__new__() argument {i} must be {want}, not {}", th.arg_type_name(v)))
    };
    if a.len() != 3 {
        return Err(th.type_error(format!("type.__new__() takes exactly 3 arguments ({} given)", a.len())));
    }
    let (name, bases, ns) = (a.pos()[0], a.pos()[1], a.pos()[2]);
    let Some(name_s) = name.cast::<Str>() else { return Err(bad(th, 1, "str", name)) };
    let Some(bases_t) = bases.cast::<Tuple>() else { return Err(bad(th, 2, "tuple", bases)) };
    let Some(orig) = ns.cast::<Dict>() else { return Err(bad(th, 3, "dict", ns)) };
    let object = super::object::OBJECT.get();
    for b in bases_t.items() {
        if !b.is_kind(Kind::Type) {
            if th.getattr_opt(*b, n!(__mro_entries__))?.is_some() {
                return Err(
                    th.type_error("type() doesn't support MRO entry resolution; use types.new_class()")
                );
            }
            // Else its type is a metaclass that does not fit.
        }
    }
    let bases = if bases_t.len == 0 { th.tuple(&[object.value()]) } else { bases_t.value() };
    let bases_items = unsafe { &*(bases.cast_unchecked::<Tuple>().items() as *const [Value]) };
    let w = super::type_bases::winner(th, ty(meta), bases_items)?;
    if !w.value().is(meta) {
        let wn = w.slots.new.map(|f| f as usize);
        if wn != Some(type_new as *const () as usize) {
            return w.slots.new.unwrap()(th, w.value(), a);
        }
    }
    let base = super::type_bases::best_base(th, bases_items)?;
    let name_str = name_s.lossy().into_owned();
    if name_str.contains('\0') {
        return Err(th.value_error("type name must not contain null characters"));
    }
    check_encodable(th, name)?;
    let dict = orig.copy(th)?;
    if let Some(d) = dict.get_str(th, n!(__doc__))? {
        check_encodable(th, d)?;
    }
    let mut i = 0;
    while let Some((ni, k, _)) = dict.next_entry(i) {
        if !k.is_kind(Kind::Str) {
            let msg = format!("non-string key in the __dict__ of class {name_str}");
            crate::warn::warn(th, &super::exceptions::RUNTIME_WARNING, &msg, 1)?;
            break;
        }
        i = ni;
    }

    let t = alloc_type(th, base.native, w.root_shape.load(Acquire), false);
    let name_v = th.intern_bytes(name_s.bytes());
    th.store(t, &t.name, name_v.known());
    th.store(t, &t.base, base);
    th.store(t, &t.bases, bases.known());
    th.store(t, &t.dict, dict);
    set_origin(th, t, dict, name_v)?;
    wrap_special_methods(th, dict)?;
    let new = Parts { t, dict, base, bases: bases_items };
    let mut room = Room::new(new);
    let slots = dict.get_str(th, n!(__slots__))?;
    let mut cells = [None; 2];
    match slots {
        None => room.without_slots(),
        Some(s) => cells = room.add_slots(th, s, &name_str)?,
    }
    room.install();
    // A metaclass's `mro` may use them.
    if slots.is_none() {
        cells = take_cells(th, dict)?;
    }
    fill_cells(th, t, dict, cells)?;
    let mro = super::type_bases::compute_mro(th, t)?;
    th.store(t, &t.mro, mro.known());
    let cap = initial_capacity(th, dict, base);
    let s = shape::try_new_root(t, cap).ok_or_else(|| th.memory_error())?;
    t.root_shape.store(s.id, Release);
    for b in bases_items {
        crate::types::link_subclass(ty(*b), t);
    }
    room.add_implied(th)?;
    update_slots(th, t);
    set_names(th, t)?;
    init_subclass(th, t, a)?;
    Ok(t.value())
}

/// `__qualname__` and `__module__`.
fn set_origin(th: Th, t: Gc<Type>, dict: Gc<Dict>, name: Value) -> R<()> {
    let q = match dict.remove(th, n!(__qualname__))? {
        Some(q) if q.is_kind(Kind::Str) => q,
        Some(q) => {
            return Err(th.type_error(format!("type __qualname__ must be a str, not {}", th.type_name_of(q))));
        }
        None => name,
    };
    th.store(t, &t.qualname, q.known());
    if dict.get_str(th, n!(__module__))?.is_none()
        && let Some(f) = th.frame()
        && let Some(m) = f.globals().get_str(th, n!(__name__))?
    {
        dict.set(th, n!(__module__), m)?;
    }
    Ok(())
}
/// Functions that are class or static methods by name.
fn wrap_special_methods(th: Th, dict: Gc<Dict>) -> R<()> {
    for (nm, class) in [(n!(__new__), false), (n!(__init_subclass__), true), (n!(__class_getitem__), true)] {
        if let Some(f) = dict.get_str(th, nm)?
            && f.is_exact(Kind::Function)
        {
            let w = super::descr::wrap_method(th, f, class);
            dict.set(th, nm, w)?;
        }
    }
    Ok(())
}

/// A class in the making.
#[derive(Clone, Copy)]
struct Parts<'a> {
    t: Gc<Type>,
    dict: Gc<Dict>,
    base: Gc<Type>,
    bases: &'a [Value],
}
impl Parts<'_> {
    /// Flags that come from the bases.
    fn flags(&self) -> u64 {
        let inherited = self.base.flags.load(Relaxed)
            & (tflags::BASE_EXC_SUBCLASS
                | tflags::TYPE_SUBCLASS
                | tflags::MATCH_SELF
                | tflags::VAR_SIZED
                | tflags::HAS_DICT
                | tflags::DISALLOW_INSTANTIATION
                | tflags::WEAKREF);
        let mut tf = inherited | tflags::HEAPTYPE | tflags::BASETYPE | tflags::READY | tflags::HAVE_GC;
        for b in self.bases {
            let f = ty(*b).flags.load(Relaxed);
            if tf & (tflags::SEQUENCE | tflags::MAPPING) == 0 {
                tf |= f & (tflags::SEQUENCE | tflags::MAPPING);
            }
        }
        tf
    }
}

/// What the instances of a class in the making have room for.
struct Room<'a> {
    new: Parts<'a>,
    flags: u64,
    /// Size of their fixed part.
    fixed: u32,
    /// They have `__dict__`; they may have attributes without, see `HIDDEN_ATTRS`.
    visible: bool,
    /// They have a word for attributes.
    has_ext: bool,
    /// They can have weak references.
    may_weak: bool,
    /// Classes, modules, functions keep their attributes in a dict of their own: their subclasses need no word for them.
    own_dict: bool,
}

/// Instances have a `__dict__`.
pub fn has_dict(t: Gc<Type>) -> bool {
    shows_dict(t) || !super::no_instance_attrs(t.native.kind)
}

fn shows_dict(t: Gc<Type>) -> bool {
    t.has_ext && !t.has(tflags::HIDDEN_ATTRS)
}

impl Parts<'_> {
    /// CPython's objects of this layout differ in size (`tp_itemsize`): no slots and no weak references can be added.
    /// Strings differ in size only here.
    fn varies(&self) -> bool {
        let kind = self.base.native.kind;
        kind == Kind::Type || self.base.has(tflags::VAR_SIZED) && kind != Kind::Str
    }
}

impl<'a> Room<'a> {
    fn new(new: Parts<'a>) -> Room<'a> {
        let base = new.base;
        Room {
            new,
            flags: new.flags(),
            fixed: base.fixed_size,
            visible: shows_dict(base),
            has_ext: base.has_ext,
            may_weak: base.has(tflags::WEAKREF),
            own_dict: !super::no_instance_attrs(base.native.kind),
        }
    }
    fn without_slots(&mut self) {
        self.visible = !self.own_dict;
        self.has_ext = self.visible;
        self.may_weak |= !self.new.varies();
    }
    /// Several bases: a dict or weak references may come from one that is not the layout base.
    fn look_at_other_bases(&mut self) {
        for b in self.new.bases.iter().filter(|b| !b.is(self.new.base.value())) {
            self.visible |= shows_dict(ty(*b)) && !self.own_dict;
            self.may_weak |= ty(*b).has(tflags::WEAKREF) && !self.new.varies();
        }
    }
    /// Adds the members of `__slots__`. Gives the cells that the compiler left in the namespace.
    fn add_slots(&mut self, th: Th, slots: Value, class_name: &str) -> R<[Option<Value>; 2]> {
        let Parts { t, dict, base, .. } = self.new;
        let var = base.has(tflags::VAR_SIZED);
        let varies = self.new.varies();
        let list = if slots.is_kind(Kind::Str) {
            th.tuple(&[slots])
        } else {
            super::tuple::from_iterable(th, slots)?
        };
        let list = unsafe { &*(list.cast_unchecked::<Tuple>().items() as *const [Value]) };
        if !list.is_empty() && varies {
            return Err(th.type_error(format!(
                "nonempty __slots__ not supported for subtype of '{}'",
                th.type_name(base)
            )));
        }
        let (mut want_dict, mut want_weak) = (false, false);
        let names = super::list::new(th, &[])?;
        for s in list {
            let Some(ss) = s.cast::<Str>() else {
                return Err(
                    th.type_error(format!("__slots__ items must be strings, not '{}'", th.type_name_of(*s)))
                );
            };
            let text = ss.lossy();
            if !super::str_methods::is_identifier(ss) {
                return Err(th.type_error("__slots__ must be identifiers"));
            }
            if text == "__dict__" {
                if shows_dict(base) || self.own_dict || want_dict {
                    return Err(th.type_error("__dict__ slot disallowed: we already got one"));
                }
                want_dict = true;
            } else if text == "__weakref__" {
                if self.may_weak || want_weak {
                    return Err(th.type_error("__weakref__ slot disallowed: we already got one"));
                }
                want_weak = true;
            } else {
                let m = mangle(th, class_name, ss);
                if dict.get_str(th, m)?.is_some()
                    && !matches!(&*th.text(m), "__qualname__" | "__classcell__" | "__classdictcell__")
                {
                    return Err(th.value_error(format!(
                        "{} in __slots__ conflicts with class variable",
                        th.text(th.repr(m)?)
                    )));
                }
                super::list::append(th, names, m)?;
            }
        }
        self.look_at_other_bases();
        self.visible |= want_dict;
        self.has_ext |= self.visible;
        self.may_weak |= want_weak;
        th.call_method(names.value(), n!(sort), &[])?;
        let names: Gc<Tuple> = super::list::snapshot(th, names)?.known();
        // `super()` and the like leave cells under names that members may have.
        let cells = take_cells(th, dict)?;
        let mut at = match base.has_ext {
            true if base.ext_at != EXT_VAR => (base.ext_at + 8).max(base.fixed_size),
            _ => base.fixed_size,
        };
        for m in names.items() {
            let place = if var { member::AS_ATTR } else { at };
            self.has_ext |= var;
            let d = th.member_descriptor(t, &th.text(*m), place, 0, None);
            dict.set(th, *m, d)?;
            at += if var { 0 } else { 8 };
        }
        self.fixed = at;
        Ok(cells)
    }
    /// Decides the layout.
    fn install(&mut self) {
        self.look_at_other_bases();
        self.has_ext |= self.visible;
        if self.has_ext && !self.visible {
            self.flags |= tflags::HIDDEN_ATTRS;
        }
        if self.may_weak {
            self.flags |= tflags::WEAKREF;
        }
        let (base, kind) = (self.new.base, self.new.base.native.kind);
        // SAFETY: nobody else knows the class yet.
        unsafe {
            let p = self.new.t.as_ptr();
            (*p).has_ext = self.has_ext;
            if self.has_ext && base.has_ext && base.ext_at != EXT_VAR {
                // The attribute word stays where the base has it.
                (*p).ext_at = base.ext_at;
                (*p).fixed_size = self.fixed.max(base.fixed_size);
            } else {
                (*p).fixed_size = self.fixed;
                (*p).ext_at = match self.has_ext {
                    true if self.flags & tflags::VAR_SIZED != 0 => EXT_VAR,
                    true => self.fixed,
                    false => 0,
                };
            }
            (*p).inst_kind =
                kind as u8 | if kind == Kind::Object || kind == Kind::Native { 0 } else { SUBCLASS };
            (*p).flags.store(self.flags, Release);
        }
    }
    /// Entries of the namespace that follow from the others and from the layout, in CPython's order.
    fn add_implied(&self, th: Th) -> R<()> {
        let Parts { t, dict, base, .. } = self.new;
        // Metaclasses and module classes have no attribute word: their native base shows its own dict.
        if self.visible && !shows_dict(base) && dict.get_str(th, n!(__dict__))?.is_none() {
            let d = super::descr::dict_descriptor(th, t);
            dict.set(th, n!(__dict__), d)?;
        }
        if self.may_weak && !base.has(tflags::WEAKREF) && dict.get_str(th, n!(__weakref__))?.is_none() {
            let d = super::descr::weakref_descriptor(th, t);
            dict.set(th, n!(__weakref__), d)?;
        }
        if dict.get_str(th, n!(__doc__))?.is_none() {
            dict.set(th, n!(__doc__), NONE())?;
        }
        // `__eq__` without `__hash__` makes instances unhashable.
        if dict.get_str(th, n!(__eq__))?.is_some() && dict.get_str(th, n!(__hash__))?.is_none() {
            dict.set(th, n!(__hash__), NONE())?;
        }
        Ok(())
    }
}

/// The cells that the compiler left in the namespace: `__class__`, `__classdict__`.
fn take_cells(th: Th, dict: Gc<Dict>) -> R<[Option<Value>; 2]> {
    let class = dict.remove(th, n!(__classcell__))?;
    Ok([class, dict.remove(th, n!(__classdictcell__))?])
}
fn fill_cells(th: Th, t: Gc<Type>, dict: Gc<Dict>, cells: [Option<Value>; 2]) -> R<()> {
    if let Some(c) = cells[0] {
        let Some(c) = c.cast::<Cell>() else {
            return Err(th.type_error(format!(
                "__classcell__ must be a nonlocal cell, not <class '{}'>",
                th.type_name_of(c)
            )));
        };
        th.store(c, &c.v, t.value());
    }
    if let Some(c) = cells[1].and_then(|c| c.cast::<Cell>()) {
        th.store(c, &c.v, dict.value());
    }
    Ok(())
}

fn mangle(th: Th, cls: &str, name: Gc<Str>) -> Value {
    let s = name.lossy();
    if !s.starts_with("__") || s.ends_with("__") || s.contains('.') {
        return th.intern_value(name);
    }
    let c = cls.trim_start_matches('_');
    if c.is_empty() { th.intern_value(name) } else { th.intern(&format!("_{c}{s}")) }
}

/// Names and docs of types must be encodable: UnicodeEncodeError if there are lone surrogates.
pub(super) fn check_encodable(th: Th, s: Value) -> R<()> {
    match s.cast::<Str>() {
        Some(x) if x.as_str().is_none() => {
            th.call_method(th.str_bytes(x.bytes()), th.intern("encode"), &[th.str("utf-8")]).map(|_| ())
        }
        _ => Ok(()),
    }
}

/// In-object attributes of first instances: what the compiler saw assigned to `self`, and the base's.
fn initial_capacity(th: Th, dict: Gc<Dict>, base: Gc<Type>) -> u32 {
    let own = match dict.get_str(th, n!(__static_attributes__)) {
        Ok(Some(v)) => v.cast::<Tuple>().map_or(0, |t| t.len as u32),
        _ => 0,
    };
    let inherited = if base.heap_type() { shape::shape(base.root_shape.load(Acquire)).cap } else { 0 };
    (own + inherited).clamp(1, 24)
}

fn set_names(th: Th, t: Gc<Type>) -> R<()> {
    let copy = t.dict_().copy(th)?;
    let mut i = 0;
    while let Some((ni, k, v)) = copy.next_entry(i) {
        if let Some(f) = th.lookup_special(v, n!(__set_name__))
            && th.call_unbound(f, v, &[t.value(), k]).is_err()
        {
            let note = format!(
                "Error calling __set_name__ on '{}' instance {} in '{}'",
                th.type_name_of(v),
                {
                    let e = th.take_exc();
                    let r = th.text(th.repr(k)?);
                    th.set_exc(e);
                    r
                },
                t.name_str()
            );
            let e = th.take_exc();
            th.call_method(e, th.intern("add_note"), &[th.str(&note)]).ok();
            return Err(th.set_exc(e));
        }
        i = ni;
    }
    Ok(())
}

fn init_subclass(th: Th, t: Gc<Type>, a: RawArgs) -> R<()> {
    let Some((f, _)) = super::super_::lookup(th, t.value(), t.value(), n!(__init_subclass__), false)? else {
        return Ok(());
    };
    let vals = a.all();
    th.call_raw(f, RawArgs::with_kw(&vals[a.len()..], a.kwnames()))?;
    Ok(())
}
