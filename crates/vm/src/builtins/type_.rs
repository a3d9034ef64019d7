//! `type`: the type, calling classes, looking up and setting their attributes. Making classes: `type_new`; which bases go
//! together: `type_bases`; attributes that are computed: `type_attrs`.
//!
//! # Invariants
//! `ty` is given receivers of methods of `type` and values that were found to be types. `bases` and `mro` of a type
//! that Python can see are tuples of types.

use super::isinstance::{default_isinstance, default_issubclass};
use super::type_attrs::*;
use super::type_new::type_new;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::types::c3;
use crate::value::*;
use std::sync::atomic::Ordering::*;

pub const SLOTS: Slots = Slots {
    repr: Some(type_repr),
    call: Some(type_call),
    getattro: Some(type_getattro),
    setattro: Some(type_setattro),
    init: Some(type_init),
    new: Some(type_new),
    or: Some(crate::builtins::typing::union_or),
    ..Slots::NONE
};

pub static TYPE_TYPE: NativeType = NativeType {
    name: "type",
    kind: Kind::Type,
    size: size_of::<Type>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::TYPE_SUBCLASS | tflags::WEAKREF,
    doc: "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    new1: Some(|th, v| Ok(th.type_of(v).value())),
    slots: SLOTS,
    methods: &[
        method("mro", "($self, /)", "Return a type's method resolution order.", type_mro),
        method("__subclasses__", "($self, /)", "Return a list of immediate subclasses.", type_subclasses),
        method("__instancecheck__", "($self, instance, /)", "Check if an object is an instance.", |th, a| {
            Ok(Value::bool(default_isinstance(th, a[1].unwrap(), a[0].unwrap())?))
        }),
        method("__subclasscheck__", "($self, subclass, /)", "Check if a class is a subclass.", |th, a| {
            Ok(Value::bool(default_issubclass(th, a[1].unwrap(), a[0].unwrap())?))
        }),
        method("__dir__", "($self, /)", "Specialized __dir__ implementation for types.", type_dir),
        method("__sizeof__", "($self, /)", "Return memory consumption of the type object.", |_, _| {
            Ok(Value::fix(size_of::<Type>() as i64))
        }),
        classmethod(
            "__prepare__",
            "($cls, /, *args, **kwargs)#($cls, name, bases, /, **kwds)",
            "Create the namespace for the class statement",
            |th, _| Ok(Gc::<Dict>::new(th).value()),
        ),
    ],
    getset: &[
        getset("__name__", "", |_, o| Ok(ty(o).name.value()), set_name),
        getset("__qualname__", "", |_, o| Ok(ty(o).qualname.value()), set_qualname),
        getset("__module__", "", get_module, set_module),
        getset("__bases__", "", |_, o| Ok(ty(o).bases.value()), set_bases),
        getter("__base__", "", |_, o| Ok(Value::opt_or_none(ty(o).base.any()))),
        getter("__mro__", "", |_, o| Ok(Value::opt_or_none(ty(o).mro.any()))),
        getter("__dict__", "", |th, o| Ok(crate::builtins::dict::mapping_proxy(th, ty(o).dict_().value()))),
        getset("__doc__", "", get_doc, set_doc),
        getter("__text_signature__", "", get_text_signature),
        getset("__abstractmethods__", "", get_abstract, set_abstract),
        getset(
            "__annotations__",
            "",
            crate::builtins::annotations::type_get,
            crate::builtins::annotations::type_set,
        ),
        getset(
            "__annotate__",
            "",
            crate::builtins::annotations::type_get_annotate,
            crate::builtins::annotations::type_set_annotate,
        ),
        getset("__type_params__", "", get_type_params, set_type_params),
        getter("__flags__", "", |th, o| Ok(th.int(shown_flags(ty(o).flags.load(Relaxed))))),
        getter("__basicsize__", "", |_, o| Ok(Value::fix(ty(o).fixed_size as i64))),
        getter("__itemsize__", "", |_, o| Ok(Value::fix(if ty(o).has(tflags::VAR_SIZED) { 8 } else { 0 }))),
        getter("__dictoffset__", "", |_, o| {
            Ok(Value::fix(if super::type_new::has_dict(ty(o)) { -1 } else { 0 }))
        }),
        getter("__weakrefoffset__", "", |_, o| {
            Ok(Value::fix(if ty(o).has(tflags::WEAKREF) { -1 } else { 0 }))
        }),
    ],
    text_signature: None,
    ..NativeType::DEFAULT
};
pub static TYPE: TypeCell = TypeCell::new(&TYPE_TYPE);

/// `__new__` of native types, as found in their dicts: checks its first argument, then calls the slot.
pub static NEW_DEF: NativeDef = raw_function(
    "__new__",
    "($type, *args, **kwargs)",
    "Create and return a new object.  See help(type) for accurate signature.",
    |th, _| Err(th.system_error("tp_new_wrapper")),
);

pub(super) fn ty(v: Value) -> Gc<Type> {
    unsafe { v.cast_unchecked() }
}

pub fn new_wrapper(th: Th, t: Gc<Type>) -> Value {
    th.native_function(&NEW_DEF, Some(t.value()), None)
}

/// `T.__new__(S, ...)` for native `T`.
pub fn call_new_wrapper(th: Th, t: Gc<Type>, a: RawArgs) -> R<Value> {
    let tn = th.type_name(t);
    let Some(&s) = a.pos().first() else {
        return Err(th.type_error(format!("{tn}.__new__(): not enough arguments")));
    };
    let Some(sub) = s.cast::<Type>() else {
        return Err(
            th.type_error(format!("{tn}.__new__(X): X is not a type object ({})", th.type_name_of(s)))
        );
    };
    if !th.is_subtype(sub, t) {
        let sn = th.type_name(sub);
        return Err(th.type_error(format!("{tn}.__new__({sn}): {sn} is not a subtype of {tn}")));
    }
    // The nearest native base must have the same `new`, or its layout would be bypassed.
    let mut st = sub;
    while st.heap_type() {
        match st.base_type() {
            Some(b) => st = b,
            None => break,
        }
    }
    if st.slots.new.map(|f| f as usize) != t.slots.new.map(|f| f as usize) {
        return Err(th.type_error(format!(
            "{tn}.__new__({}) is not safe, use {}.__new__()",
            th.type_name(sub),
            th.type_name(st)
        )));
    }
    match t.slots.new {
        Some(_) if t.has(tflags::DISALLOW_INSTANTIATION) => {
            Err(th.type_error(format!("cannot create '{}' instances", th.type_name(t))))
        }
        Some(f) => f(th, s, a.skip(1)),
        None => Err(th.type_error(format!("cannot create '{tn}' instances"))),
    }
}

/// `T(...)`.
pub fn type_call(th: Th, t: Value, a: RawArgs) -> R<Value> {
    if t.is(TYPE.get().value()) && a.nkw() == 0 {
        if a.len() == 1 {
            return Ok(th.type_of(a.pos()[0]).value());
        }
        if a.len() != 3 {
            return Err(th.type_error("type() takes 1 or 3 arguments"));
        }
    }
    let cls = ty(t);
    let Some(new) = cls.slots.new.filter(|_| !cls.has(tflags::DISALLOW_INSTANTIATION)) else {
        return Err(th.type_error(format!("cannot create '{}' instances", th.type_name(cls))));
    };
    let o = new(th, t, a)?;
    let ot = th.type_of(o);
    if ot != cls && !th.is_subtype(ot, cls) {
        return Ok(o);
    }
    if let Some(init) = ot.slots.init {
        init(th, o, a)?;
    }
    Ok(o)
}

/// The same for an exact `type` that is native. With an own `__new__` and none but `object`'s `__init__` there is nothing
/// to do after the former: the latter would find nothing wrong.
pub fn construct(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let cls = ty(t);
    let of_object = &super::object::OBJECT_TYPE.slots;
    if let (Some(new), Some(init)) = (cls.slots.new, cls.slots.init)
        && of_object.init.is_some_and(|f| std::ptr::fn_addr_eq(f, init))
        && !of_object.new.is_some_and(|f| std::ptr::fn_addr_eq(f, new))
        && !cls.has(tflags::DISALLOW_INSTANTIATION)
    {
        return new(th, t, a);
    }
    type_call(th, t, a)
}

fn type_repr(th: Th, t: Value) -> R<Value> {
    Ok(th.str(&format!("<class '{}'>", crate::builtins::object::full_type_name(th, ty(t)))))
}

/// Attribute of a class: metatype's data descriptors, the class and its bases, the metatype.
pub fn type_getattro(th: Th, t: Value, name: Value) -> R<Value> {
    let cls = ty(t);
    let meta = th.type_of(t);
    let Some(ns) = name.cast::<Str>() else {
        return Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(name))));
    };
    let name = th.intern_value(ns);
    let m = th.lookup(meta, name);
    if let Some(d) = m {
        let dt = th.type_of(d);
        if dt.slots.descr_set.is_some()
            && let Some(get) = dt.slots.descr_get
        {
            return get(th, d, Some(t), meta.value());
        }
    }
    if let Some(v) = th.lookup(cls, name) {
        return match th.type_of(v).slots.descr_get {
            Some(get) => get(th, v, None, t),
            None => Ok(v),
        };
    }
    match m {
        Some(d) => th.bind(d, Some(t), meta),
        None => Err(th.attribute_error(
            t,
            name,
            &format!("type object '{}' has no attribute '{}'", cls.name_str(), th.text(name)),
        )),
    }
}
pub fn type_setattro(th: Th, t: Value, name: Value, v: Option<Value>) -> R<()> {
    let cls = ty(t);
    let Some(ns) = name.cast::<Str>() else {
        return Err(th.type_error(format!("attribute name must be string, not '{}'", th.type_name_of(name))));
    };
    let name = th.intern_value(ns);
    if cls.has(tflags::IMMUTABLE) {
        return Err(th.type_error(format!(
            "cannot set '{}' attribute of immutable type '{}'",
            th.text(name),
            th.type_name(cls)
        )));
    }
    let meta = th.type_of(t);
    if let Some(d) = th.lookup(meta, name)
        && let Some(set) = th.type_of(d).slots.descr_set
    {
        return set(th, d, t, v);
    }
    match v {
        Some(v) => {
            if super::class_vars::set(th, cls, name, v)? {
                return Ok(());
            }
        }
        None => {
            if cls.dict_().remove(th, name)?.is_none() {
                return Err(th.attribute_error(
                    t,
                    name,
                    &format!("type object '{}' has no attribute '{}'", cls.name_str(), th.text(name)),
                ));
            }
        }
    }
    th.type_modified(cls, Some(name));
    Ok(())
}
fn type_init(th: Th, _t: Value, a: RawArgs) -> R<()> {
    if a.len() != 1 && a.len() != 3 {
        return Err(th.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    if a.len() == 1 && a.nkw() != 0 {
        return Err(th.type_error("type.__init__() takes no keyword arguments"));
    }
    Ok(())
}

// -- methods

fn type_mro(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = ty(a[0].unwrap());
    let bases = t.bases.gc();
    let m = if bases.len == 0 { th.tuple(&[t.value()]) } else { c3(th, t, bases.items())? };
    Ok(crate::builtins::list::from_iterable(th, m)?.value())
}
fn type_subclasses(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = ty(a[0].unwrap());
    let l = crate::builtins::list::new(th, &[])?;
    for s in crate::types::direct_subclasses(th, t)?.slots().iter().map_while(|s| s.get()) {
        crate::builtins::list::append(th, l, s)?;
    }
    Ok(l.value())
}
/// Adds the names of a class and its bases, for `dir`.
pub fn merge_class_dict(th: Th, d: Gc<Dict>, c: Value) -> R<()> {
    if let Some(x) = th.getattr_opt(c, n!(__dict__))? {
        crate::builtins::dict::update_from(th, d, x)?;
    }
    if let Some(b) = th.getattr_opt(c, n!(__bases__))?
        && let Some(t) = b.cast::<Tuple>()
    {
        for b in t.items() {
            merge_class_dict(th, d, *b)?;
        }
    }
    Ok(())
}
fn type_dir(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    merge_class_dict(th, d, a[0].unwrap())?;
    Ok(crate::builtins::list::from_iterable(th, d.value())?.value())
}
/// `cls[k]` for classes.
pub fn class_getitem(th: Th, t: Gc<Type>, k: Value) -> R<Value> {
    if t == TYPE.get() {
        return crate::builtins::typing::generic_alias(th, t.value(), k);
    }
    match th.getattr_opt(t.value(), n!(__class_getitem__))? {
        Some(f) if !f.is_none() => th.call(f, &[k]),
        _ => Err(th.type_error(format!("type '{}' is not subscriptable", t.name_str()))),
    }
}
