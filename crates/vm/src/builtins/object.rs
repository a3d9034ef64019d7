//! `object`.
//!
//! # Invariants
//! - Instances are made of the size that their type's root shape says, with all words zero behind the header.
//! - An object's shape changes under its lock, to one of the same size whose slots are filled before.
//! - `ReprList` of a thread is null or a list that only this thread has; its array is as long as its length says.

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::shape::{EXT_VAR, shape};
use crate::slots::{CmpOp, SlotId, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::atomic::Ordering::*;

pub const SLOTS: Slots = Slots {
    repr: Some(object_repr),
    str: Some(object_str),
    hash: Some(object_hash),
    richcompare: Some(object_richcompare),
    getattro: Some(crate::attr::object_getattro),
    setattro: Some(crate::attr::object_setattro),
    init: Some(object_init),
    new: Some(object_new),
    ..Slots::NONE
};

pub static OBJECT_TYPE: NativeType = NativeType {
    name: "object",
    kind: Kind::Object,
    size: 8,
    flags: tflags::BASETYPE | tflags::IMMUTABLE,
    doc: "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n",
    slots: SLOTS,
    methods: &[
        method("__reduce__", "($self, /)", "Helper for pickle.", reduce),
        method("__reduce_ex__", "($self, protocol, /)", "Helper for pickle.", reduce_ex),
        method("__getstate__", "($self, /)", "Helper for pickle.", getstate),
        method(
            "__format__",
            "($self, format_spec, /)",
            "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise.",
            object_format,
        ),
        method("__sizeof__", "($self, /)", "Size of object in memory, in bytes.", object_sizeof),
        method("__dir__", "($self, /)", "Default dir() implementation.", object_dir),
        classmethod(
            "__subclasshook__",
            "!($type, object, /)",
            "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\nIt should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\noverrides the normal algorithm (and the outcome is cached).\n",
            |_, _| Ok(NOT_IMPLEMENTED()),
        ),
        classmethod(
            "__init_subclass__",
            "!($type, /)",
            "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\noverridden to extend subclasses.\n",
            |_, _| Ok(NONE()),
        ),
    ],
    getset: &[getset("__class__", "the object's class", |th, o| Ok(th.type_of(o).value()), set_class)],
    text_signature: Some("()"),
    ..NativeType::DEFAULT
};
pub static OBJECT: TypeCell = TypeCell::new(&OBJECT_TYPE);

/// Memory for an instance of a class, every word after the header null. Registers its finalizer.
pub fn new_instance(th: Th, t: Gc<Type>) -> R<Value> {
    let watched = t.has(tflags::HAS_DEL);
    if watched {
        may_be_finalized(th, t)?;
    }
    let v = new_unwatched(th, t)?;
    if watched {
        // SAFETY: an instance is an object.
        th.m.register_finalizer(unsafe { v.obj().unwrap_unchecked() });
    }
    Ok(v)
}
/// To be asked before an instance of a class with a finalizer is made, which may be Python code. A quiet operation must not: if it declines after
/// that, it is done again, and the program sees the end of an object that it never had.
#[cold]
pub fn may_be_finalized(th: Th, t: Gc<Type>) -> R<()> {
    if t.heap_type() { th.may_run_python() } else { Ok(()) }
}
/// As `new_instance`, for types that register the finalizer themselves once it has something to do.
#[inline(always)]
pub fn new_unwatched(th: Th, t: Gc<Type>) -> R<Value> {
    let s = shape(t.root_shape.load(Acquire));
    let size = s.size as usize;
    if s.ext_at == EXT_VAR {
        return Err(th.system_error("instances of a variable-sized type are made by their type"));
    }
    // SAFETY: the size that the shape says; all words are written.
    unsafe {
        let o = match th.m.try_alloc(size, t.inst_kind, s.id) {
            Ok(o) => o,
            // Errors have to be raised all the same, that one first.
            Err(_) if t.has(tflags::BASE_EXC_SUBCLASS) && size <= 8192 => th.m.alloc(size, t.inst_kind, s.id),
            Err(_) => return Err(th.memory_error()),
        };
        th.own_new(o.as_ref());
        let p = o.as_ptr() as *mut u64;
        for i in 1..size / 8 {
            *p.add(i) = 0;
        }
        if t.native.drop.is_some() {
            th.m.register_drop(o);
        }
        Ok(Value::from_obj(o))
    }
}

/// `module.qualname` as it appears in default reprs.
pub fn full_type_name(th: Th, t: Gc<Type>) -> String {
    let q = th.text(t.qualname.value());
    let own = t.heap_type() || t.has(tflags::SHOWN_AS_HEAP);
    let m = if own { t.dict_().get_str(th, n!(__module__)).ok().flatten() } else { t.module.get() };
    match m {
        Some(m) if m.is_kind(Kind::Str) && th.text(m) != "builtins" => format!("{}.{q}", th.text(m)),
        _ => q,
    }
}

/// The class of `v` as newer messages name it (`%T` of CPython's formats): with its module, unless that is `__main__`.
pub fn message_type_name(th: Th, v: Value) -> String {
    let n = full_type_name(th, th.type_of(v));
    n.strip_prefix("__main__.").map(str::to_string).unwrap_or(n)
}

/// The address that Python code sees; the object keeps it from now on.
pub fn id(th: Th, v: Value) -> u64 {
    if let Some(o) = v.obj() {
        if v.header().is_some_and(|h| h.flags.load(Relaxed) & flags::HAS_ID == 0) {
            th.m.pin(o);
            // SAFETY: an object.
            unsafe { o.as_ref() }.flags.fetch_or(flags::HAS_ID, Relaxed);
        }
    }
    v.bits()
}

pub fn object_repr(th: Th, o: Value) -> R<Value> {
    let t = th.type_of(o);
    Ok(th.str(&format!("<{} object at {:#x}>", full_type_name(th, t), id(th, o))))
}
fn object_str(th: Th, o: Value) -> R<Value> {
    th.check_stack(" while getting the repr of an object")?;
    // What is not a string is complained about as the result of `__str__`.
    match th.type_of(o).slots.repr {
        Some(f) => f(th, o),
        None => object_repr(th, o),
    }
}
pub fn object_hash(th: Th, o: Value) -> R<i64> {
    id(th, o);
    Ok(identity_hash(o))
}
/// The same of an object that stays where it is if it was ever asked for its hash.
#[inline(always)]
pub fn identity_hash(o: Value) -> i64 {
    o.bits().rotate_right(4) as i64
}
pub fn object_richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    match op {
        CmpOp::Eq => Ok(if a.is(b) { TRUE() } else { NOT_IMPLEMENTED() }),
        CmpOp::Ne => {
            // By default `__ne__` inverts `__eq__`.
            let Some(f) = th.type_of(a).slots.richcompare else { return Ok(NOT_IMPLEMENTED()) };
            let r = f(th, a, b, CmpOp::Eq)?;
            if r.is(NOT_IMPLEMENTED()) { Ok(r) } else { Ok(Value::bool(!th.truth(r)?)) }
        }
        _ => Ok(NOT_IMPLEMENTED()),
    }
}
fn overrides(t: Gc<Type>, s: SlotId) -> bool {
    t.slots.raw(s) != SLOTS.raw(s)
}
fn object_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    if a.is_empty() && a.nkw() == 0 {
        return Ok(());
    }
    let t = th.type_of(o);
    if overrides(t, SlotId::init) {
        return Err(
            th.type_error("object.__init__() takes exactly one argument (the instance to initialize)")
        );
    }
    if !overrides(t, SlotId::new) {
        return Err(th.type_error(format!(
            "{}.__init__() takes exactly one argument (the instance to initialize)",
            t.name_str()
        )));
    }
    Ok(())
}
pub fn object_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    if !a.is_empty() || a.nkw() != 0 {
        if overrides(t, SlotId::new) {
            return Err(
                th.type_error("object.__new__() takes exactly one argument (the type to instantiate)")
            );
        }
        if !overrides(t, SlotId::init) {
            return Err(th.type_error(format!("{}() takes no arguments", t.name_str())));
        }
    }
    if t.has(tflags::DISALLOW_INSTANTIATION) {
        let name = if t.heap_type() { th.type_name(t) } else { full_type_name(th, t) };
        return Err(th.type_error(format!("cannot create '{name}' instances")));
    }
    if t.has(tflags::IS_ABSTRACT) {
        return Err(abstract_error(th, t)?);
    }
    new_instance(th, t)
}
#[cold]
fn abstract_error(th: Th, t: Gc<Type>) -> R<crate::err::Raised> {
    let am = th.getattr(t.value(), n!(__abstractmethods__))?;
    let names = crate::builtins::list::from_iterable(th, am)?;
    th.call_method(names.value(), n!(sort), &[])?;
    let names: Gc<Tuple> = crate::builtins::list::snapshot(th, names)?.known();
    let list: Vec<String> = names.items().iter().map(|x| format!("'{}'", th.text(*x))).collect();
    Ok(th.type_error(format!(
        "Can't instantiate abstract class {} without an implementation for abstract method{} {}",
        t.name_str(),
        if list.len() == 1 { "" } else { "s" },
        list.join(", ")
    )))
}
fn set_class(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("can't delete __class__ attribute")) };
    crate::sys::audit::audit(th, "object.__setattr__", &[o, n!(__class__), v])?;
    let Some(new) = v.cast::<Type>() else {
        return Err(
            th.type_error(format!("__class__ must be set to a class, not '{}' object", th.type_name_of(v)))
        );
    };
    let old = th.type_of(o);
    let module = o.is_kind(Kind::Module) && new.native.kind == Kind::Module;
    if !module && (!new.heap_type() || !old.heap_type()) {
        return Err(
            th.type_error("__class__ assignment only supported for mutable types or ModuleType subclasses")
        );
    }
    let same_layout = std::ptr::eq(old.native, new.native)
        && old.fixed_size == new.fixed_size
        && old.has_ext == new.has_ext
        && old.has(tflags::WEAKREF) == new.has(tflags::WEAKREF)
        && (!old.has_ext || old.ext_at == new.ext_at)
        && crate::builtins::type_bases::same_slots(th, old, new);
    if !same_layout {
        return Err(th.type_error(format!(
            "__class__ assignment: '{}' object layout differs from '{}'",
            th.type_name(new),
            th.type_name(old)
        )));
    }
    if old == new {
        return Ok(());
    }
    // SAFETY: an object, for its class is one whose instances may change it; so below.
    let locked = th.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
    let s = shape(o.shape_id());
    // A root shape of the new type with the old object's size; then the attributes in their old order.
    let root = crate::shape::root_like(new, s).ok_or_else(|| th.memory_error())?;
    let ns = match s.attributes().try_fold(root, |ns, (_, k)| ns.with(k)) {
        Some(ns) if !s.dict_mode && s.holes() == 0 => ns,
        _ => {
            th.to_dict_mode(o)?;
            root.to_dict_mode()
        }
    };
    unsafe { o.header_unchecked() }.desc.store(ns.id, Release);
    if new.has(tflags::HAS_DEL) && !old.has(tflags::HAS_DEL) {
        th.m.register_finalizer(o.obj().unwrap());
    }
    drop(locked);
    let kind = crate::types::descriptor_kind;
    if kind(old) != kind(new) {
        // Caches of attributes rely on what classes have being a descriptor or not.
        th.descriptors_changed();
    }
    Ok(())
}
fn object_format(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, spec) = (a[0].unwrap(), a[1].unwrap());
    let Some(s) = spec.cast::<Str>() else {
        return Err(
            th.type_error(format!("__format__() argument must be str, not {}", th.arg_type_name(spec)))
        );
    };
    if !s.is_empty() {
        return Err(
            th.type_error(format!("unsupported format string passed to {}.__format__", th.type_name_of(o)))
        );
    }
    th.to_str(o)
}
fn object_sizeof(_: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let n = match o.obj() {
        // SAFETY: the function of the object's own kind. What it reads does not change.
        Some(ob) => match crate::kinds::table()[unsafe { ob.as_ref() }.kind as usize].size {
            adder_heap::Size::Fixed(n) => n as i64,
            adder_heap::Size::Fn(f) => unsafe { f(ob) as i64 },
            adder_heap::Size::Counted { .. } => 16,
        },
        None => 8,
    };
    Ok(Value::fix(n))
}
fn object_dir(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let d = Gc::<Dict>::new(th);
    if let Some(x) = th.getattr_opt(o, n!(__dict__))?
        && x.is_kind(Kind::Dict)
    {
        crate::builtins::dict::update_from(th, d, x)?;
    }
    if let Some(c) = th.getattr_opt(o, n!(__class__))? {
        crate::builtins::type_::merge_class_dict(th, d, c)?;
    }
    Ok(crate::builtins::list::from_iterable(th, d.value())?.value())
}
fn copyreg(th: Th, name: &str, args: &[Value]) -> R<Value> {
    let m = crate::import::import_module(th, "copyreg")?;
    let f = th.getattr(m, th.intern(name))?;
    th.call(f, args)
}
fn reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    copyreg(th, "_reduce_ex", &[a[0].unwrap(), Value::fix(0)])
}
fn reduce_ex(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, p) = (a[0].unwrap(), th.index_i64(a[1].unwrap())?);
    let t = th.type_of(o);
    // An overridden `__reduce__` wins.
    let red = th.lookup(t, n!(__reduce__));
    let mine = th.lookup(OBJECT.get(), n!(__reduce__));
    if red != mine {
        return th.call_method(o, n!(__reduce__), &[]);
    }
    if p < 2 {
        return copyreg(th, "_reduce_ex", &[o, Value::fix(p)]);
    }
    crate::builtins::reduce::reduce_newobj(th, o)
}
fn getstate(th: Th, a: &[Option<Value>]) -> R<Value> {
    crate::builtins::reduce::default_getstate(th, a[0].unwrap(), false)
}

#[allow(unused)]
fn _u() -> Value {
    Root::empty_str.value()
}

impl Th {
    /// Marks that a repr of `o` is in progress in this thread. True: it already was (a recursive structure).
    pub fn repr_enter(self, o: Value) -> bool {
        use crate::thread::ThreadSlot;
        let slot = &self.slots[ThreadSlot::ReprList as usize];
        let l: Gc<List> = match slot.get() {
            // SAFETY: nothing else is stored there.
            Some(l) => unsafe { l.cast_unchecked() },
            None => match crate::builtins::list::new(self, &[]) {
                Ok(l) => {
                    slot.init(Some(l.value()));
                    l
                }
                Err(_) => return true,
            },
        };
        let n = l.len.load(Relaxed) as usize;
        let a: Gc<Array> = l.items.gc();
        if (0..n).any(|i| a.slot(i).get().is_some_and(|x| x.is(o))) {
            return true;
        }
        crate::builtins::list::append(self, l, o).is_err()
    }
    /// The repr of `o`, the last one entered, is done.
    pub fn repr_leave(self, o: Value) {
        use crate::thread::ThreadSlot;
        if let Some(l) = self.slots[ThreadSlot::ReprList as usize].get() {
            let l: Gc<List> = l.known();
            let n = l.len.load(Relaxed);
            let a: Gc<Array> = l.items.gc();
            for i in (0..n).rev() {
                if a.slot(i as usize).get().is_some_and(|x| x.is(o)) {
                    a.slot(i as usize).init(None);
                    l.len.store(i, Relaxed);
                    break;
                }
            }
        }
    }
}
