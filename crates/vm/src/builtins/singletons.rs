//! Small types: NoneType, ellipsis, NotImplementedType, cell, classmethod, staticmethod, property.
//!
//! # Invariants
//! The casts are of receivers of the types' own methods and slots. Slots of `classmethod`, `staticmethod` and
//! `property` may be null: `__init__` need not have run.

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

macro_rules! singleton_type {
    ($t:ident $cell:ident $name:literal $kind:ident $get:ident $repr:literal $doc:literal { $($slot:ident: $f:expr),* }) => {
        pub static $t: NativeType = NativeType {
            name: $name, kind: Kind::$kind, size: 16, flags: tflags::IMMUTABLE, doc: $doc, text_signature: Some("()"),
            slots: Slots {
                repr: Some(|th, _| Ok(th.intern($repr))),
                new: Some(|th, _, a| if a.is_empty() && a.nkw() == 0 { Ok($get()) } else { Err(th.type_error(concat!($name, " takes no arguments"))) }),
                $($slot: Some($f),)*
                ..Slots::NONE
            },
            ..NativeType::DEFAULT
        };
        pub static $cell: TypeCell = TypeCell::new(&$t);
    };
}
singleton_type! { NONE_T NONE_TYPE "NoneType" NoneType NONE "None" "The type of the None singleton." { bool: |_, _| Ok(false), hash: |_, _| Ok(0xfca86420), richcompare: crate::builtins::object::object_richcompare } }
pub static ELLIPSIS_T: NativeType = NativeType {
    name: "ellipsis",
    kind: Kind::EllipsisType,
    size: 16,
    flags: tflags::IMMUTABLE,
    doc: "The type of the Ellipsis singleton.",
    text_signature: Some("()"),
    slots: Slots {
        repr: Some(|th, _| Ok(th.intern("Ellipsis"))),
        new: Some(|th, _, a| {
            if a.is_empty() && a.nkw() == 0 {
                Ok(ELLIPSIS())
            } else {
                Err(th.type_error("EllipsisType takes no arguments"))
            }
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "!($self, /)", "", |th, _| Ok(th.intern("Ellipsis")))],
    ..NativeType::DEFAULT
};
pub static ELLIPSIS_TYPE: TypeCell = TypeCell::new(&ELLIPSIS_T);
pub static NOT_IMPLEMENTED_T: NativeType = NativeType {
    name: "NotImplementedType",
    kind: Kind::NotImplementedType,
    size: 16,
    flags: tflags::IMMUTABLE,
    doc: "The type of the NotImplemented singleton.",
    text_signature: Some("()"),
    slots: Slots {
        repr: Some(|th, _| Ok(th.intern("NotImplemented"))),
        new: Some(|th, _, a| {
            if a.is_empty() && a.nkw() == 0 {
                Ok(NOT_IMPLEMENTED())
            } else {
                Err(th.type_error("NotImplementedType takes no arguments"))
            }
        }),
        bool: Some(|th, _| Err(th.type_error("NotImplemented should not be used in a boolean context"))),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "!($self, /)", "", |th, _| Ok(th.intern("NotImplemented")))],
    ..NativeType::DEFAULT
};
pub static NOT_IMPLEMENTED_TYPE: TypeCell = TypeCell::new(&NOT_IMPLEMENTED_T);

// -- cell

pub static CELL_TYPE: NativeType = NativeType {
    name: "cell",
    kind: Kind::Cell,
    size: size_of::<Cell>() as u32,
    flags: tflags::IMMUTABLE,
    text_signature: Some("([contents])"),
    doc: "Create a new cell object.\n\n  contents\n    the contents of the cell. If not specified, the cell will be empty,\n    and further attempts to access its cell_contents attribute will\n    raise a ValueError.",
    slots: Slots {
        repr: Some(|th, o| {
            let id = crate::builtins::object::id(th, o);
            Ok(th.str(&match o.known::<Cell>().v.get() {
                Some(v) => format!(
                    "<cell at {id:#x}: {} object at {:#x}>",
                    th.type_name_of(v),
                    crate::builtins::object::id(th, v)
                ),
                None => format!("<cell at {id:#x}: empty>"),
            }))
        }),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(|th, a, b, op| {
            let (Some(x), Some(y)) = (a.exact::<Cell>(), b.exact::<Cell>()) else {
                return Ok(NOT_IMPLEMENTED());
            };
            match (x.v.get(), y.v.get()) {
                (Some(x), Some(y)) => crate::builtins::ops::compare_value(th, x, y, op),
                (x, y) => Ok(Value::bool(op.holds(x.is_some().cmp(&y.is_some())))),
            }
        }),
        new: Some(|th, _, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("cell() takes no keyword arguments"));
            }
            if a.len() > 1 {
                return Err(th.type_error(format!("cell expected at most 1 argument, got {}", a.len())));
            }
            Ok(th.cell(a.pos().first().copied()).value())
        }),
        ..Slots::NONE
    },
    getset: &[getset(
        "cell_contents",
        "",
        |th, o| o.known::<Cell>().v.get().ok_or_else(|| th.value_error("cell is empty")),
        |th, o, v| {
            let c = o.known::<Cell>();
            th.store_opt(c, &c.v, v);
            Ok(())
        },
    )],
    ..NativeType::DEFAULT
};
pub static CELL: TypeCell = TypeCell::new(&CELL_TYPE);

// -- classmethod and staticmethod

fn cm(o: Value) -> Gc<ClassMethod> {
    unsafe { o.cast_unchecked() }
}
/// `__doc__`, `__name__`... of the function are the wrapper's too (functools_wraps in CPython).
fn copy_attrs(th: Th, o: Value, f: Value) -> R<()> {
    for k in [n!(__module__), n!(__name__), n!(__qualname__), n!(__doc__)] {
        if let Some(v) = th.getattr_opt(f, k)? {
            th.set_instance_attr(o, k, Some(v))?;
        }
    }
    Ok(())
}
/// An attribute of the function, kept in the wrapper's dict from the first time on.
fn of_wrapped(th: Th, o: Value, name: Value) -> R<Value> {
    if let Some(v) = th.instance_attr(o, name)? {
        return Ok(v);
    }
    let v = th.getattr(Value::opt_or_none(cm(o).func.get()), name)?;
    th.set_instance_attr(o, name, Some(v))?;
    Ok(v)
}
fn set_own(th: Th, o: Value, name: Value, v: Option<Value>) -> R<()> {
    if th.set_instance_attr(o, name, v)? || v.is_some() {
        return Ok(());
    }
    Err(th.attribute_error(o, name, &th.text(name)))
}
fn wrapper_new(th: Th, t: Value, _a: RawArgs) -> R<Value> {
    crate::builtins::object::new_instance(th, t.known())
}
fn wrapper_init(th: Th, o: Value, a: RawArgs, name: &str) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error(format!("{name}() takes no keyword arguments")));
    }
    if a.len() != 1 {
        return Err(th.type_error(format!("{name} expected 1 argument, got {}", a.len())));
    }
    th.store(cm(o), &cm(o).func, a.pos()[0]);
    copy_attrs(th, o, a.pos()[0])
}
fn wrapper_dict(th: Th, o: Value) -> R<Value> {
    match th.instance_dict(o)? {
        Some(d) => Ok(d.value()),
        None => Err(th.no_attribute(o, n!(__dict__))),
    }
}
fn is_abstract(th: Th, f: Option<Value>) -> R<bool> {
    match f {
        Some(f) => match th.getattr_opt(f, n!(__isabstractmethod__))? {
            Some(v) => th.truth(v),
            None => Ok(false),
        },
        None => Ok(false),
    }
}
macro_rules! wrapper_getset {
    () => {
        &[
            getter("__wrapped__", "", |_, o| Ok(Value::opt_or_none(cm(o).func.get()))),
            getter("__func__", "", |_, o| Ok(Value::opt_or_none(cm(o).func.get()))),
            getter("__isabstractmethod__", "", |th, o| Ok(Value::bool(is_abstract(th, cm(o).func.get())?))),
            getset("__dict__", "", wrapper_dict, crate::builtins::descr::set_dict),
            getset(
                "__annotations__",
                "",
                |th, o| of_wrapped(th, o, n!(__annotations__)),
                |th, o, v| set_own(th, o, n!(__annotations__), v),
            ),
            getset(
                "__annotate__",
                "",
                |th, o| of_wrapped(th, o, n!(__annotate__)),
                |th, o, v| set_own(th, o, n!(__annotate__), v),
            ),
        ]
    };
}
pub static CLASS_METHOD_TYPE: NativeType = NativeType {
    name: "classmethod",
    kind: Kind::ClassMethod,
    size: size_of::<ClassMethod>() as u32,
    doc: "Convert a function to be a class method.\n\nA class method receives the class as implicit first argument,\njust like an instance method receives the instance.\nTo declare a class method, use this idiom:\n\n  class C:\n      @classmethod\n      def f(cls, arg1, arg2, argN):\n          ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()).  The instance is ignored except for its class.\nIf a class method is called for a derived class, the derived class\nobject is passed as the implied first argument.\n\nClass methods are different than C++ or Java static methods.\nIf you want those, see the staticmethod builtin.",
    slots: Slots {
        repr: Some(|th, o| {
            Ok(th.str(&format!("<classmethod({})>", th.text(th.repr(Value::opt_or_none(cm(o).func.get()))?))))
        }),
        descr_get: Some(|th, d, o, t| {
            let t = if t.is_none() { th.type_of(o.unwrap()).value() } else { t };
            match cm(d).func.get() {
                Some(f) => Ok(th.method(f, t)),
                None => Err(th.runtime_error("uninitialized classmethod object")),
            }
        }),
        new: Some(wrapper_new),
        init: Some(|th, o, a| wrapper_init(th, o, a, "classmethod")),
        ..Slots::NONE
    },
    getset: wrapper_getset!(),
    methods: &[classmethod("__class_getitem__", "!($cls, object, /)", "", super::util::class_getitem)],
    text_signature: Some("(function, /)"),
    ..NativeType::DEFAULT
};
pub static CLASS_METHOD: TypeCell = TypeCell::new(&CLASS_METHOD_TYPE);
pub static STATIC_METHOD_TYPE: NativeType = NativeType {
    name: "staticmethod",
    kind: Kind::StaticMethod,
    size: size_of::<StaticMethod>() as u32,
    doc: "Convert a function to be a static method.\n\nA static method does not receive an implicit first argument.\nTo declare a static method, use this idiom:\n\n     class C:\n         @staticmethod\n         def f(arg1, arg2, argN):\n             ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()). Both the class and the instance are ignored, and\nneither is passed implicitly as the first argument to the method.\n\nStatic methods in Python are similar to those found in Java or C++.\nFor a more advanced concept, see the classmethod builtin.",
    slots: Slots {
        repr: Some(|th, o| {
            Ok(th
                .str(&format!("<staticmethod({})>", th.text(th.repr(Value::opt_or_none(cm(o).func.get()))?))))
        }),
        call: Some(|th, o, a| th.call_raw(Value::opt_or_none(cm(o).func.get()), a)),
        descr_get: Some(|th, d, _, _| {
            cm(d).func.get().ok_or_else(|| th.runtime_error("uninitialized staticmethod object"))
        }),
        new: Some(wrapper_new),
        init: Some(|th, o, a| wrapper_init(th, o, a, "staticmethod")),
        ..Slots::NONE
    },
    getset: wrapper_getset!(),
    methods: &[classmethod("__class_getitem__", "!($cls, object, /)", "", super::util::class_getitem)],
    text_signature: Some("(function, /)"),
    ..NativeType::DEFAULT
};
pub static STATIC_METHOD: TypeCell = TypeCell::new(&STATIC_METHOD_TYPE);

// -- property

fn pr(o: Value) -> Gc<Property> {
    unsafe { o.cast_unchecked() }
}
pub static PROPERTY_TYPE: NativeType = NativeType {
    name: "property",
    kind: Kind::Property,
    size: size_of::<Property>() as u32,
    doc: "Property attribute.\n\n  fget\n    function to be used for getting an attribute value\n  fset\n    function to be used for setting an attribute value\n  fdel\n    function to be used for del'ing an attribute\n  doc\n    docstring\n\nTypical use is to define a managed attribute x:\n\nclass C(object):\n    def getx(self): return self._x\n    def setx(self, value): self._x = value\n    def delx(self): del self._x\n    x = property(getx, setx, delx, \"I'm the 'x' property.\")\n\nDecorators make defining new properties or modifying existing ones easy:\n\nclass C(object):\n    @property\n    def x(self):\n        \"I am the 'x' property.\"\n        return self._x\n    @x.setter\n    def x(self, value):\n        self._x = value\n    @x.deleter\n    def x(self):\n        del self._x",
    text_signature: Some("(fget=None, fset=None, fdel=None, doc=None)"),
    slots: Slots {
        descr_get: Some(property_get),
        descr_set: Some(property_set),
        new: Some(wrapper_new),
        init: Some(|th, o, a| {
            let mut g = crate::interp::call::Gather::new();
            g.push(th, o)?;
            g.extend(th, a.all())?;
            th.call_def(&PROPERTY_INIT, None, None, RawArgs::with_kw(g.as_slice(), a.kwnames())).map(|_| ())
        }),
        ..Slots::NONE
    },
    members: &[
        MemberDef {
            name: "fget",
            doc: "",
            offset: offset_of!(Property, get) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "fset",
            doc: "",
            offset: offset_of!(Property, set) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "fdel",
            doc: "",
            offset: offset_of!(Property, del) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "__doc__",
            doc: "",
            offset: offset_of!(Property, doc) as u32,
            flags: member::NONE_IF_NULL,
        },
    ],
    getset: &[
        getter("__isabstractmethod__", "", |th, o| {
            let p = pr(o);
            Ok(Value::bool(
                is_abstract(th, p.get.get())?
                    || is_abstract(th, p.set.get())?
                    || is_abstract(th, p.del.get())?,
            ))
        }),
        getset(
            "__name__",
            "",
            |th, o| match property_name(th, o)? {
                Some(v) => Ok(v),
                None => Err(th.attribute_error(
                    o,
                    n!(__name__),
                    &format!("'{}' object has no attribute '__name__'", th.type_name_of(o)),
                )),
            },
            |th, o, v| {
                th.store_opt(pr(o), &pr(o).name, v);
                Ok(())
            },
        ),
    ],
    methods: &[
        method(
            "getter",
            "!($self, object, /)",
            "Descriptor to obtain a copy of the property with a different getter.",
            |th, a| property_copy(th, a[0].unwrap(), a[1], None, None),
        ),
        method(
            "setter",
            "!($self, object, /)",
            "Descriptor to obtain a copy of the property with a different setter.",
            |th, a| property_copy(th, a[0].unwrap(), None, a[1], None),
        ),
        method(
            "deleter",
            "!($self, object, /)",
            "Descriptor to obtain a copy of the property with a different deleter.",
            |th, a| property_copy(th, a[0].unwrap(), None, None, a[1]),
        ),
        raw_method(
            "__set_name__",
            "($self, owner, name, /)",
            "Method to set name of a property.",
            |th, a| {
                if a.len() != 3 {
                    return Err(th.type_error(format!(
                        "__set_name__() takes 2 positional arguments but {} were given",
                        a.len() - 1
                    )));
                }
                th.store(pr(a.pos()[0]), &pr(a.pos()[0]).name, a.pos()[2]);
                Ok(NONE())
            },
        ),
    ],
    ..NativeType::DEFAULT
};
pub static PROPERTY: TypeCell = TypeCell::new(&PROPERTY_TYPE);

static PROPERTY_INIT: NativeDef =
    function("property", "(self, fget=None, fset=None, fdel=None, doc=None)", "", |th, a| {
        let o = a[0].unwrap();
        let p = pr(o);
        let opt = |i: usize| a[i].and_then(|v| v.some());
        th.store_opt(p, &p.get, opt(1));
        th.store_opt(p, &p.set, opt(2));
        th.store_opt(p, &p.del, opt(3));
        p.getter_doc.store(0, Relaxed);
        let mut doc = opt(4);
        if doc.is_none()
            && let Some(f) = opt(1)
            && let Some(d) = th.getattr_opt(f, n!(__doc__))?
            && !d.is_none()
        {
            doc = Some(d);
            p.getter_doc.store(1, Relaxed);
        }
        if o.is_exact(Kind::Property) {
            th.store_opt(p, &p.doc, doc);
        } else if doc.is_some() || opt(4).is_some() || a[4].is_some() || opt(1).is_some() {
            // A subclass keeps its docstring in the instance, where it does not hide the class's; if it has no place for it,
            // one that was given is dropped, while a getter's is an error.
            let r = th.setattr(o, n!(__doc__), Some(Value::opt_or_none(doc)));
            if p.getter_doc.load(Relaxed) != 0 {
                r?;
            } else {
                th.catch(r, &crate::builtins::exceptions::ATTRIBUTE_ERROR)?;
            }
        }
        Ok(NONE())
    });
fn property_name(th: Th, o: Value) -> R<Option<Value>> {
    if let Some(v) = pr(o).name.get() {
        return Ok(Some(v));
    }
    match pr(o).get.get() {
        Some(f) => th.getattr_opt(f, n!(__name__)),
        None => Ok(None),
    }
}
fn property_copy(th: Th, o: Value, get: Option<Value>, set: Option<Value>, del: Option<Value>) -> R<Value> {
    let p = pr(o);
    let pick = |new: Option<Value>, old: &Slot| Value::opt_or_none(new.and_then(|v| v.some()).or(old.get()));
    let (g, s, d) = (pick(get, &p.get), pick(set, &p.set), pick(del, &p.del));
    let doc = if p.getter_doc.load(Relaxed) != 0 && !g.is_none() {
        NONE()
    } else {
        th.getattr_opt(o, n!(__doc__))?.unwrap_or(NONE())
    };
    let r = th.call(th.type_of(o).value(), &[g, s, d, doc])?;
    if let (Some(x), Some(n)) = (r.cast::<Property>(), p.name.get()) {
        th.store(x, &x.name, n);
    }
    Ok(r)
}
fn property_error(th: Th, p: Value, o: Value, what: &str) -> crate::err::Raised {
    let tq = th.text(th.type_of(o).qualname.value());
    let msg = match property_name(th, p) {
        Ok(Some(n)) => format!(
            "property {} of '{tq}' object has no {what}",
            th.repr(n).map(|r| th.text(r)).unwrap_or_default()
        ),
        Ok(None) => format!("property of '{tq}' object has no {what}"),
        Err(e) => return e,
    };
    th.attribute_error_msg(msg)
}
fn property_get(th: Th, p: Value, o: Option<Value>, _t: Value) -> R<Value> {
    let Some(o) = o else { return Ok(p) };
    match pr(p).get.get() {
        Some(f) => th.call(f, &[o]),
        None => Err(property_error(th, p, o, "getter")),
    }
}
fn property_set(th: Th, p: Value, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => match pr(p).set.get() {
            Some(f) => th.call(f, &[o, v]).map(|_| ()),
            None => Err(property_error(th, p, o, "setter")),
        },
        None => match pr(p).del.get() {
            Some(f) => th.call(f, &[o]).map(|_| ()),
            None => Err(property_error(th, p, o, "deleter")),
        },
    }
}

#[allow(unused)]
fn _u() -> CmpOp {
    CmpOp::Eq
}
