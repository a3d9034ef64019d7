//! `type`: calling classes, making them, their attributes.

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::shape::{self, EXT_VAR};
use crate::slots::Slots;
use crate::thread::Th;
use crate::types::{alloc_type, c3, ext_place, update_slots};
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
            "!($cls, /, *args, **kwargs)",
            "Create the namespace for the class statement",
            |th, _| Ok(Gc::<Dict>::new(th).value()),
        ),
    ],
    getset: &[
        getset("__name__", "", |_, o| Ok(ty(o).name.value()), set_name),
        getset("__qualname__", "", |_, o| Ok(ty(o).qualname.value()), set_qualname),
        getset("__module__", "", get_module, set_module),
        getset("__bases__", "", |_, o| Ok(ty(o).bases.value()), set_bases),
        getter("__base__", "", |_, o| Ok(Value::opt_or_none(ty(o).base.get()))),
        getter("__mro__", "", |_, o| Ok(Value::opt_or_none(ty(o).mro.get()))),
        getter("__dict__", "", |th, o| Ok(crate::builtins::dict::mapping_proxy(th, ty(o).dict.value()))),
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
        getter("__dictoffset__", "", |_, o| Ok(Value::fix(if ty(o).has_ext { -1 } else { 0 }))),
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

fn ty(v: Value) -> Gc<Type> {
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
        Some(v) => cls.dict_().set(th, name, v)?,
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

/// The most derived metaclass of `meta` and the bases' metaclasses.
pub fn winner(th: Th, meta: Gc<Type>, bases: &[Value]) -> R<Gc<Type>> {
    let mut w = meta;
    for b in bases {
        let t = th.type_of(*b);
        if th.is_subtype(w, t) {
            continue;
        }
        if th.is_subtype(t, w) {
            w = t;
            continue;
        }
        return Err(th.type_error(
            "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases",
        ));
    }
    Ok(w)
}

/// The base whose native layout (and `__slots__`) all others fit under.
pub fn solid_base(th: Th, t: Gc<Type>) -> Gc<Type> {
    solid(th, t)
}
fn solid(th: Th, t: Gc<Type>) -> Gc<Type> {
    let Some(b) = t.base_type() else { return t };
    let sb = solid(th, b);
    let extra = t.heap_type() && t.dict_().get_str(th, n!(__slotnames__)).is_ok() && own_members(t) > 0;
    let native = !t.heap_type() && (t.native.size != b.native.size || t.native.kind != b.native.kind);
    if native || extra { t } else { sb }
}
/// Words that a class's own `__slots__` add.
fn own_members(t: Gc<Type>) -> u32 {
    let Some(b) = t.base_type() else { return 0 };
    let start = |t: Gc<Type>| t.fixed_size;
    (start(t) - start(b)) / 8
        - if b.has_ext && b.ext_at != EXT_VAR && t.fixed_size > b.fixed_size && t.ext_at == b.ext_at {
            0
        } else {
            0
        }
}
pub fn best_base(th: Th, bases: &[Value]) -> R<Gc<Type>> {
    let mut best: Option<(Gc<Type>, Gc<Type>)> = None;
    for b in bases {
        let Some(t) = b.cast::<Type>() else { return Err(th.type_error("bases must be types")) };
        if !t.has(tflags::BASETYPE) {
            return Err(th.type_error(format!("type '{}' is not an acceptable base type", th.type_name(t))));
        }
        let s = solid(th, t);
        match best {
            None => best = Some((t, s)),
            Some((_, bs)) => {
                if th.is_subtype(bs, s) {
                } else if th.is_subtype(s, bs) {
                    best = Some((t, s));
                } else {
                    return Err(th.type_error("multiple bases have instance lay-out conflict"));
                }
            }
        }
    }
    Ok(best.expect("there is a base").0)
}

/// Both types have the same own `__slots__`, as `__class__` assignment wants.
pub fn same_slots(th: Th, a: Gc<Type>, b: Gc<Type>) -> bool {
    // The nearest classes that add slots: they must be one, or add the same to the same base.
    let adding = |mut t: Gc<Type>| {
        while t.heap_type()
            && let Some(b) = t.base_type()
            && b.fixed_size == t.fixed_size
        {
            t = b;
        }
        t
    };
    let (a, b) = (adding(a), adding(b));
    if a == b || !a.heap_type() || !b.heap_type() {
        return a == b || std::ptr::eq(a.native, b.native);
    }
    let members = |t: Gc<Type>| -> Vec<(u32, String)> {
        let (mut out, mut i) = (Vec::new(), 0);
        while let Some((ni, _, v)) = t.dict_().next_entry(i) {
            i = ni;
            if let Some(m) = v.exact::<MemberDescriptor>()
                && m.owner.get() == Some(t.value())
            {
                out.push((m.offset, th.text(m.name.value())));
            }
        }
        out.sort();
        out
    };
    let bases = (a.base_type().map(adding), b.base_type().map(adding));
    bases.0 == bases.1 && a.fixed_size == b.fixed_size && members(a) == members(b)
}

fn mangle(th: Th, cls: &str, name: Gc<Str>) -> Value {
    let s = name.lossy();
    if !s.starts_with("__") || s.ends_with("__") || s.contains('.') {
        return th.intern_value(name);
    }
    let c = cls.trim_start_matches('_');
    if c.is_empty() { th.intern_value(name) } else { th.intern(&format!("_{c}{s}")) }
}

/// `type.__new__`.
pub fn type_new(th: Th, meta: Value, a: RawArgs) -> R<Value> {
    let bad = |th: Th, i: usize, want: &str, v: Value| {
        th.type_error(format!("type.__new__() argument {i} must be {want}, not {}", th.type_name_of(v)))
    };
    if a.len() != 3 {
        return Err(th.type_error(format!("type.__new__() takes exactly 3 arguments ({} given)", a.len())));
    }
    let (name, bases, ns) = (a.pos()[0], a.pos()[1], a.pos()[2]);
    let Some(name_s) = name.cast::<Str>() else { return Err(bad(th, 1, "str", name)) };
    let Some(bases_t) = bases.cast::<Tuple>() else { return Err(bad(th, 2, "tuple", bases)) };
    let Some(orig) = ns.cast::<Dict>() else { return Err(bad(th, 3, "dict", ns)) };
    let object = crate::builtins::object::OBJECT.get();
    for b in bases_t.items() {
        if !b.is_kind(Kind::Type) {
            if th.getattr_opt(*b, n!(__mro_entries__))?.is_some() {
                return Err(
                    th.type_error("type() doesn't support MRO entry resolution; use types.new_class()")
                );
            }
            return Err(th.type_error("bases must be types"));
        }
    }
    let bases = if bases_t.len == 0 { th.tuple(&[object.value()]) } else { bases_t.value() };
    let bases_items = unsafe { &*(bases.cast_unchecked::<Tuple>().items() as *const [Value]) };
    let w = winner(th, ty(meta), bases_items)?;
    if !w.value().is(meta) {
        let wn = w.slots.new.map(|f| f as usize);
        if wn != Some(type_new as *const () as usize) {
            return w.slots.new.unwrap()(th, w.value(), a);
        }
    }
    let base = best_base(th, bases_items)?;
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
            crate::warn::warn(th, &crate::builtins::exceptions::RUNTIME_WARNING, &msg, 1)?;
            break;
        }
        i = ni;
    }

    let t = alloc_type(th, base.native, w.root_shape.load(Acquire), false);
    if w.heap_type() || w.inst_kind & SUBCLASS != 0 {
        // Instances of a metaclass carry its kind byte; attributes live in the class's dict all the same.
    }
    let name_v = th.intern_bytes(name_s.bytes());
    th.store(t, &t.name, name_v);
    th.store(t, &t.base, base.value());
    th.store(t, &t.bases, bases);
    th.store(t, &t.dict, dict.value());
    let inherited = base.flags.load(Relaxed)
        & (tflags::BASE_EXC_SUBCLASS
            | tflags::TYPE_SUBCLASS
            | tflags::MATCH_SELF
            | tflags::SEQUENCE
            | tflags::MAPPING
            | tflags::VAR_SIZED
            | tflags::HAS_DICT
            | tflags::WEAKREF);
    let mut tf = inherited | tflags::HEAPTYPE | tflags::BASETYPE | tflags::READY | tflags::HAVE_GC;
    for b in bases_items {
        let f = ty(*b).flags.load(Relaxed);
        if tf & (tflags::SEQUENCE | tflags::MAPPING) == 0 {
            tf |= f & (tflags::SEQUENCE | tflags::MAPPING);
        }
    }
    // -- qualname, module, doc
    let q = match dict.remove(th, n!(__qualname__))? {
        Some(q) if q.is_kind(Kind::Str) => q,
        Some(q) => {
            return Err(th.type_error(format!("type __qualname__ must be a str, not {}", th.type_name_of(q))));
        }
        None => name_v,
    };
    th.store(t, &t.qualname, q);
    if dict.get_str(th, n!(__module__))?.is_none()
        && let Some(f) = th.frame()
        && let Some(m) = f.globals().get_str(th, n!(__name__))?
    {
        dict.set(th, n!(__module__), m)?;
    }
    // -- functions that are class or static methods by name
    for (nm, class) in [(n!(__new__), false), (n!(__init_subclass__), true), (n!(__class_getitem__), true)] {
        if let Some(f) = dict.get_str(th, nm)?
            && f.is_exact(Kind::Function)
        {
            let w = crate::builtins::descr::wrap_method(th, f, class);
            dict.set(th, nm, w)?;
        }
    }
    // -- slots
    let mut fixed = base.fixed_size;
    // Classes, modules, functions keep their attributes in a dict of their own: their subclasses need no word for them.
    let own_dict = !crate::builtins::no_instance_attrs(base.native.kind);
    let shows_dict = |t: Gc<Type>| t.has_ext && !t.has(tflags::HIDDEN_ATTRS);
    // Whether instances have `__dict__`; they may have attributes without, see `HIDDEN_ATTRS`.
    let mut visible = shows_dict(base);
    let mut has_ext = base.has_ext;
    let base_fixed_end = if base.has_ext && base.ext_at != EXT_VAR {
        (base.ext_at + 8).max(base.fixed_size)
    } else {
        base.fixed_size
    };
    let slots = dict.get_str(th, n!(__slots__))?;
    let mut cells = [None; 2];
    let mut may_weak = base.has(tflags::WEAKREF);
    let var = base.has(tflags::VAR_SIZED);
    match slots {
        None => {
            visible = !own_dict;
            has_ext = visible;
            may_weak = true;
        }
        Some(s) => {
            let list = if s.is_kind(Kind::Str) {
                th.tuple(&[s])
            } else {
                crate::builtins::tuple::from_iterable(th, s)?
            };
            let list = unsafe { &*(list.cast_unchecked::<Tuple>().items() as *const [Value]) };
            if !list.is_empty() && var && base.native.kind != Kind::Str {
                return Err(th.type_error(format!(
                    "nonempty __slots__ not supported for subtype of '{}'",
                    th.type_name(base)
                )));
            }
            let (mut want_dict, mut want_weak) = (false, false);
            let names = crate::builtins::list::new(th, &[])?;
            for s in list {
                let Some(ss) = s.cast::<Str>() else {
                    return Err(th.type_error(format!(
                        "__slots__ items must be strings, not '{}'",
                        th.type_name_of(*s)
                    )));
                };
                let text = ss.lossy();
                if !crate::builtins::str_methods::is_identifier(ss) {
                    return Err(th.type_error("__slots__ must be identifiers"));
                }
                if text == "__dict__" {
                    if shows_dict(base) || own_dict || want_dict {
                        return Err(th.type_error("__dict__ slot disallowed: we already got one"));
                    }
                    want_dict = true;
                } else if text == "__weakref__" {
                    if may_weak || want_weak {
                        return Err(th.type_error("__weakref__ slot disallowed: we already got one"));
                    }
                    want_weak = true;
                } else {
                    let m = mangle(th, &name_str, ss);
                    if dict.get_str(th, m)?.is_some()
                        && !matches!(&*th.text(m), "__qualname__" | "__classcell__" | "__classdictcell__")
                    {
                        return Err(th.value_error(format!(
                            "{} in __slots__ conflicts with class variable",
                            th.text(th.repr(m)?)
                        )));
                    }
                    crate::builtins::list::append(th, names, m)?;
                }
            }
            // Several bases: a dict or weak references may come from one that is not the layout base.
            for b in bases_items.iter().filter(|b| !b.is(base.value())) {
                visible |= shows_dict(ty(*b)) && !own_dict;
                may_weak |= ty(*b).has(tflags::WEAKREF);
            }
            visible |= want_dict;
            has_ext |= visible;
            may_weak |= want_weak;
            th.call_method(names.value(), n!(sort), &[])?;
            let names: Gc<Tuple> = unsafe { crate::builtins::list::snapshot(th, names)?.cast_unchecked() };
            // `super()` and the like leave cells under these names.
            let class_cell = dict.remove(th, n!(__classcell__))?;
            cells = [class_cell, dict.remove(th, n!(__classdictcell__))?];
            let mut at = if base.has_ext { base_fixed_end } else { fixed };
            for m in names.items() {
                let place = if var { member::AS_ATTR } else { at };
                has_ext |= var;
                let d = th.member_descriptor(t, &th.text(*m), place, 0, None);
                dict.set(th, *m, d)?;
                at += if var { 0 } else { 8 };
            }
            fixed = at;
        }
    }
    for b in bases_items.iter().filter(|b| !b.is(base.value())) {
        visible |= shows_dict(ty(*b)) && !own_dict;
        may_weak |= ty(*b).has(tflags::WEAKREF);
    }
    has_ext |= visible;
    if has_ext && !visible {
        tf |= tflags::HIDDEN_ATTRS;
    }
    if may_weak {
        tf |= tflags::WEAKREF;
    }
    unsafe {
        let p = t.as_ptr();
        (*p).has_ext = has_ext;
        if has_ext && base.has_ext && base.ext_at != EXT_VAR {
            // The attribute word stays where the base has it.
            (*p).ext_at = base.ext_at;
            (*p).fixed_size = fixed.max(base.fixed_size);
        } else {
            (*p).fixed_size = fixed;
            (*p).ext_at = if has_ext { ext_place_with(base, tf, fixed) } else { 0 };
        }
        (*p).inst_kind = base.native.kind as u8
            | if base.native.kind == Kind::Object || base.native.kind == Kind::Native { 0 } else { SUBCLASS };
        (*p).flags.store(tf, Release);
    }
    // -- MRO
    let mro = crate::builtins::type_bases::compute_mro(th, t)?;
    th.store(t, &t.mro, mro);
    let cap = initial_capacity(th, dict, base);
    let s = shape::new_root(t, cap, None);
    t.root_shape.store(s.id, Release);
    for b in bases_items {
        crate::types::link_subclass(ty(*b), t);
    }
    // -- `__eq__` without `__hash__` makes instances unhashable
    if dict.get_str(th, n!(__eq__))?.is_some() && dict.get_str(th, n!(__hash__))?.is_none() {
        dict.set(th, n!(__hash__), NONE())?;
    }
    if dict.get_str(th, n!(__doc__))?.is_none() {
        dict.set(th, n!(__doc__), NONE())?;
    }
    // Metaclasses and module classes have no attribute word: their native base shows its own dict.
    if visible && !shows_dict(base) && dict.get_str(th, n!(__dict__))?.is_none() {
        let d = crate::builtins::descr::dict_descriptor(th, t);
        dict.set(th, n!(__dict__), d)?;
    }
    if may_weak && !base.has(tflags::WEAKREF) && dict.get_str(th, n!(__weakref__))?.is_none() {
        let d = crate::builtins::descr::weakref_descriptor(th, t);
        dict.set(th, n!(__weakref__), d)?;
    }
    // -- cells that the compiler left in the namespace
    if slots.is_none() {
        cells = [dict.remove(th, n!(__classcell__))?, dict.remove(th, n!(__classdictcell__))?];
    }
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
    update_slots(th, t);
    set_names(th, t)?;
    init_subclass(th, t, a)?;
    Ok(t.value())
}
fn ext_place_with(base: Gc<Type>, tf: u64, fixed: u32) -> u32 {
    let _ = ext_place;
    let _ = base;
    if tf & tflags::VAR_SIZED != 0 { EXT_VAR } else { fixed }
}
/// Names and docs of types must be encodable: UnicodeEncodeError if there are lone surrogates.
fn check_encodable(th: Th, s: Value) -> R<()> {
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
    let Some((f, _)) =
        crate::builtins::super_::lookup(th, t.value(), t.value(), n!(__init_subclass__), false)?
    else {
        return Ok(());
    };
    let vals = a.all();
    th.call_raw(f, RawArgs::with_kw(&vals[a.len()..], a.kwnames()))?;
    Ok(())
}

// -- attributes

fn check_settable(th: Th, t: Value, v: Option<Value>, name: &str) -> R<Value> {
    let c = ty(t);
    if c.has(tflags::IMMUTABLE) {
        return Err(
            th.type_error(format!("cannot set '{name}' attribute of immutable type '{}'", th.type_name(c)))
        );
    }
    match v {
        Some(v) => Ok(v),
        None => Err(th
            .type_error(format!("cannot delete '{name}' attribute of immutable type '{}'", th.type_name(c)))),
    }
}
fn set_name(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__name__")?;
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "can only assign string to {}.__name__, not '{}'",
            th.type_name(ty(t)),
            th.type_name_of(v)
        )));
    }
    check_encodable(th, v)?;
    if th.text(v).contains('\0') {
        return Err(th.value_error("type name must not contain null characters"));
    }
    th.store(ty(t), &ty(t).name, v);
    Ok(())
}
fn set_qualname(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__qualname__")?;
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "can only assign string to {}.__qualname__, not '{}'",
            th.type_name(ty(t)),
            th.type_name_of(v)
        )));
    }
    th.store(ty(t), &ty(t).qualname, v);
    Ok(())
}
fn get_module(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    if c.heap_type() {
        return match c.dict_().get_str(th, n!(__module__))? {
            Some(v) => Ok(v),
            None => Err(th.attribute_error(t, n!(__module__), "__module__")),
        };
    }
    Ok(c.module.value())
}
fn set_module(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__module__")?;
    ty(t).dict_().remove(th, n!(__firstlineno__))?;
    ty(t).dict_().set(th, n!(__module__), v)?;
    th.type_modified(ty(t), Some(n!(__module__)));
    Ok(())
}
fn set_bases(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__bases__")?;
    crate::builtins::type_bases::set(th, ty(t), v)
}
fn get_doc(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    if !c.heap_type() {
        return Ok(if c.native.doc.is_empty() { NONE() } else { th.str(c.native.doc) });
    }
    match c.dict_().get_str(th, n!(__doc__))? {
        Some(d) => match th.type_of(d).slots.descr_get {
            Some(g) if c.heap_type() => g(th, d, None, t),
            _ => Ok(d),
        },
        None => Ok(NONE()),
    }
}
fn set_doc(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__doc__")?;
    ty(t).dict_().set(th, n!(__doc__), v)?;
    th.type_modified(ty(t), Some(n!(__doc__)));
    Ok(())
}
fn get_text_signature(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    Ok(match c.native.text_signature {
        Some(s) if !c.heap_type() => th.str(s),
        _ => NONE(),
    })
}
fn get_abstract(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    match if c == TYPE.get() { None } else { c.dict_().get_str(th, n!(__abstractmethods__))? } {
        Some(v) => Ok(v),
        None => Err(th.attribute_error(t, n!(__abstractmethods__), "__abstractmethods__")),
    }
}
fn set_abstract(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let c = ty(t);
    let on = match v {
        Some(v) => {
            let b = th.truth(v)?;
            c.dict_().set(th, n!(__abstractmethods__), v)?;
            b
        }
        None => {
            if c.dict_().remove(th, n!(__abstractmethods__))?.is_none() {
                return Err(th.attribute_error(t, n!(__abstractmethods__), "__abstractmethods__"));
            }
            false
        }
    };
    if on {
        c.flags.fetch_or(tflags::IS_ABSTRACT, Relaxed);
    } else {
        c.flags.fetch_and(!tflags::IS_ABSTRACT, Relaxed);
    }
    th.type_modified(c, Some(n!(__abstractmethods__)));
    Ok(())
}
fn get_type_params(th: Th, t: Value) -> R<Value> {
    // `type` itself has the descriptor under this name.
    let own = if ty(t) == TYPE.get() { None } else { ty(t).dict_().get_str(th, n!(__type_params__))? };
    Ok(own.unwrap_or(th.tuple(&[])))
}
fn set_type_params(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__type_params__")?;
    ty(t).dict_().set(th, n!(__type_params__), v)?;
    th.type_modified(ty(t), Some(n!(__type_params__)));
    Ok(())
}

// -- methods

fn type_mro(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = ty(a[0].unwrap());
    let bases = unsafe { t.bases.gc::<Tuple>() };
    let m = if bases.len == 0 { th.tuple(&[t.value()]) } else { c3(th, t, bases.items())? };
    Ok(crate::builtins::list::from_iterable(th, m)?.value())
}
fn type_subclasses(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = ty(a[0].unwrap());
    let l = crate::builtins::list::new(th, &[])?;
    let subs = {
        let _g = crate::types::TYPE_LOCK.lock().unwrap();
        unsafe { (*t.data).subclasses.clone() }
    };
    for s in subs {
        crate::builtins::list::append(th, l, unsafe { Value::from_bits(s as u64) })?;
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

// -- isinstance, issubclass

pub fn isinstance(th: Th, o: Value, c: Value) -> R<bool> {
    if th.type_of(o).value().is(c) {
        return Ok(true);
    }
    if c.is_exact(Kind::Type) {
        return default_isinstance(th, o, c);
    }
    if c.is_kind(Kind::Union) {
        let args = crate::builtins::typing::union_args(c);
        return isinstance(th, o, args);
    }
    if let Some(t) = c.cast::<Tuple>() {
        th.check_stack(" in __instancecheck__")?;
        for x in t.items() {
            if isinstance(th, o, *x)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(f) = th.lookup_special(c, n!(__instancecheck__)) {
        th.check_stack(" in __instancecheck__")?;
        let r = th.call_unbound(f, c, &[o])?;
        return th.truth(r);
    }
    default_isinstance(th, o, c)
}
fn abstract_bases(th: Th, c: Value) -> R<Option<Value>> {
    Ok(th.getattr_opt(c, n!(__bases__))?.filter(|b| b.is_kind(Kind::Tuple)))
}
pub fn default_isinstance(th: Th, o: Value, c: Value) -> R<bool> {
    if let Some(t) = c.cast::<Type>() {
        if th.isinstance_exact(o, t) {
            return Ok(true);
        }
        if th.type_of(o).has(tflags::PLAIN_CLASS) {
            return Ok(false);
        }
        if th.type_of(o).has(tflags::PLAIN_GETATTR)
            && th.lookup(th.type_of(o), n!(__class__))
                == th.lookup(crate::builtins::object::OBJECT.get(), n!(__class__))
        {
            return Ok(false);
        }
        return Ok(match th.getattr_opt(o, n!(__class__))? {
            Some(k) if !k.is(th.type_of(o).value()) => k.cast::<Type>().is_some_and(|k| th.is_subtype(k, t)),
            _ => false,
        });
    }
    if abstract_bases(th, c)?.is_none() {
        return Err(th.type_error("isinstance() arg 2 must be a type, a tuple of types, or a union"));
    }
    match th.getattr_opt(o, n!(__class__))? {
        Some(k) => abstract_issubclass(th, k, c),
        None => Ok(false),
    }
}
fn abstract_issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    th.check_stack(" in __issubclass__")?;
    if d.is(c) {
        return Ok(true);
    }
    match abstract_bases(th, d)? {
        Some(b) => {
            for x in unsafe { b.cast_unchecked::<Tuple>() }.items() {
                if abstract_issubclass(th, *x, c)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        None => Ok(false),
    }
}
pub fn issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    if c.is_exact(Kind::Type) {
        if d.is(c) {
            return Ok(true);
        }
        return default_issubclass(th, d, c);
    }
    if c.is_kind(Kind::Union) {
        let args = crate::builtins::typing::union_args(c);
        return issubclass(th, d, args);
    }
    if let Some(t) = c.cast::<Tuple>() {
        th.check_stack(" in __subclasscheck__")?;
        for x in t.items() {
            if issubclass(th, d, *x)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    if let Some(f) = th.lookup_special(c, n!(__subclasscheck__)) {
        th.check_stack(" in __subclasscheck__")?;
        let r = th.call_unbound(f, c, &[d])?;
        return th.truth(r);
    }
    default_issubclass(th, d, c)
}
pub fn default_issubclass(th: Th, d: Value, c: Value) -> R<bool> {
    if let (Some(a), Some(b)) = (d.cast::<Type>(), c.cast::<Type>()) {
        return Ok(th.is_subtype(a, b));
    }
    if !d.is_kind(Kind::Type) && abstract_bases(th, d)?.is_none() {
        return Err(th.type_error("issubclass() arg 1 must be a class"));
    }
    if !c.is_kind(Kind::Type) && abstract_bases(th, c)?.is_none() {
        return Err(th.type_error("issubclass() arg 2 must be a class, a tuple of classes, or a union"));
    }
    abstract_issubclass(th, d, c)
}

/// The part of a type's flags that CPython has too.
fn shown_flags(f: u64) -> i64 {
    let heap = if f & tflags::SHOWN_AS_HEAP != 0 { tflags::HEAPTYPE } else { 0 };
    ((f | heap) & 0xffff_ffff) as i64
}
