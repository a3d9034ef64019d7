//! Descriptors: bound methods, builtin functions, method/getset/member/wrapper descriptors, property, classmethod,
//! staticmethod, cells.
//!
//! # Invariants
//! A descriptor's function is called with the object only after the object was tested to be of its class; the layouts
//! that getters and members read are those of that class. (`__class__` may be set meanwhile, to a class with the same
//! layout.) So the functions in the tables of types here get objects of their type, and `fn(o: Value) -> Gc<T>` needs no test.

use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use std::mem::offset_of;

// -- bound methods

pub static METHOD_TYPE: NativeType = NativeType {
    name: "method",
    kind: Kind::Method,
    size: size_of::<Method>() as u32,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    doc: "Create a bound instance method object.",
    text_signature: Some("(function, instance, /)"),
    slots: Slots {
        repr: Some(method_repr),
        hash: Some(|th, o| Ok(th.hash_address(meth(o).this.value()) ^ th.hash(meth(o).func.value())?)),
        call: Some(|th, o, a| th.call_prepend(meth(o).func.value(), meth(o).this.value(), a)),
        richcompare: Some(method_compare),
        getattro: Some(|th, o, name| {
            // Methods of methods of methods...
            th.check_stack("")?;
            method_getattro(th, o, name)
        }),
        descr_get: Some(|_, m, _, _| Ok(m)),
        new: Some(method_new),
        ..Slots::NONE
    },
    members: &[
        MemberDef {
            name: "__func__",
            doc: "the function (or other callable) implementing a method",
            offset: offset_of!(Method, func) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "__self__",
            doc: "the instance to which a method is bound",
            offset: offset_of!(Method, this) as u32,
            flags: member::READONLY,
        },
    ],
    getset: &[getter("__doc__", "", |th, o| th.getattr(meth(o).func.value(), n!(__doc__)))],
    methods: &[method("__reduce__", "($self, /)", "", |th, a| {
        let m = meth(a[0].unwrap());
        let name = th.getattr(m.func.value(), n!(__name__))?;
        let ga = crate::builtins::builtin(th, "getattr")?;
        Ok(th.tuple(&[ga, th.tuple(&[m.this.value(), name])]))
    })],
    ..NativeType::DEFAULT
};
pub static METHOD: TypeCell = TypeCell::new(&METHOD_TYPE);

fn meth(o: Value) -> Gc<Method> {
    unsafe { o.cast_unchecked() }
}
fn method_repr(th: Th, o: Value) -> R<Value> {
    let m = meth(o);
    let name = match th.getattr_opt(m.func.value(), n!(__qualname__))? {
        Some(q) => Some(q),
        None => th.getattr_opt(m.func.value(), n!(__name__))?,
    };
    let name = match name {
        Some(q) if q.is_kind(Kind::Str) => th.text(q),
        _ => "?".into(),
    };
    let this = th.text(th.repr(m.this.value())?);
    Ok(th.str(&format!("<bound method {name} of {this}>")))
}
fn method_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (Some(x), Some(y)) = (a.exact::<Method>(), b.exact::<Method>()) else { return Ok(NOT_IMPLEMENTED()) };
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let eq = th.eq(x.func.value(), y.func.value())? && x.this.value().is(y.this.value());
    Ok(Value::bool(eq == (op == CmpOp::Eq)))
}
/// Attributes of the method itself, then of its function.
fn method_getattro(th: Th, o: Value, name: Value) -> R<Value> {
    let ns = name.known::<Str>();
    let name = th.intern_value(ns);
    if let Some(d) = th.lookup(METHOD.get(), name) {
        return th.bind(d, Some(o), METHOD.get());
    }
    th.getattr(meth(o).func.value(), name)
}
fn method_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("method() takes no keyword arguments"));
    }
    if a.len() != 2 {
        return Err(th.type_error(format!("method expected 2 arguments, got {}", a.len())));
    }
    let (f, o) = (a.pos()[0], a.pos()[1]);
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("first argument must be callable"));
    }
    if o.is_none() {
        return Err(th.type_error("instance must not be None"));
    }
    Ok(th.method(f, o))
}

// -- builtin functions and methods

pub static NATIVE_FUNCTION_TYPE: NativeType = NativeType {
    name: "builtin_function_or_method",
    kind: Kind::NativeFunction,
    size: size_of::<NativeFunction>() as u32,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    slots: Slots {
        repr: Some(native_repr),
        hash: Some(|th, o| {
            let f = nat(o);
            let this = f.this.get().map_or(0, |v| th.hash_address(v));
            Ok((f.def as *const _ as i64 >> 4) ^ this)
        }),
        call: Some(|th, o, a| th.call_native(nat(o), a)),
        richcompare: Some(|_, a, b, op| {
            let (Some(x), Some(y)) = (a.exact::<NativeFunction>(), b.exact::<NativeFunction>()) else {
                return Ok(NOT_IMPLEMENTED());
            };
            if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                return Ok(NOT_IMPLEMENTED());
            }
            let eq = std::ptr::eq(x.def, y.def) && x.this.get() == y.this.get();
            Ok(Value::bool(eq == (op == CmpOp::Eq)))
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(nat(o).def.name))),
        getter("__qualname__", "", |th, o| {
            let f = nat(o);
            match f.this.get() {
                Some(t) if !t.is_kind(Kind::Module) && !t.is_none() => {
                    let ty = t.cast::<Type>().unwrap_or_else(|| th.type_of(t));
                    Ok(th.str(&format!("{}.{}", th.text(ty.qualname.value()), f.def.name)))
                }
                _ => Ok(th.intern(f.def.name)),
            }
        }),
        getter("__doc__", "", |th, o| Ok(doc(th, nat(o).def.doc))),
        getter("__text_signature__", "", |th, o| Ok(text_signature(th, nat(o).def))),
        getter("__self__", "", |_, o| Ok(Value::opt_or_none(nat(o).this.get().or(nat(o).module.get())))),
        getset(
            "__module__",
            "",
            |th, o| {
                Ok(match nat(o).module.get() {
                    // SAFETY: which was tested.
                    Some(m) if m.is_kind(Kind::Module) => unsafe { m.cast_unchecked::<Module>().dict.gc() }
                        .get_str(th, n!(__name__))?
                        .unwrap_or(NONE()),
                    Some(m) => m,
                    None => NONE(),
                })
            },
            |th, o, v| {
                th.store_opt(nat(o), &nat(o).module, v);
                Ok(())
            },
        ),
    ],
    methods: &[method("__reduce__", "($self, /)", "", |th, a| {
        let o = a[0].unwrap();
        let f = nat(o);
        match f.this.get() {
            Some(t) if !t.is_kind(Kind::Module) => {
                let ga = crate::builtins::builtin(th, "getattr")?;
                Ok(th.tuple(&[ga, th.tuple(&[t, th.intern(f.def.name)])]))
            }
            _ => Ok(th.intern(f.def.name)),
        }
    })],
    ..NativeType::DEFAULT
};
pub static NATIVE_FUNCTION: TypeCell = TypeCell::new(&NATIVE_FUNCTION_TYPE);

fn nat(o: Value) -> Gc<NativeFunction> {
    unsafe { o.cast_unchecked() }
}
fn doc(th: Th, s: &str) -> Value {
    if s.is_empty() { NONE() } else { th.str(s) }
}
fn text_signature(th: Th, d: &NativeDef) -> Value {
    doc(th, d.shown_signature())
}
fn native_repr(th: Th, o: Value) -> R<Value> {
    let f = nat(o);
    Ok(th.str(&match f.this.get() {
        Some(t) if !t.is_kind(Kind::Module) && !t.is_none() => format!(
            "<built-in method {} of {} object at {:#x}>",
            f.def.name,
            th.type_name_of(t),
            crate::builtins::object::id(th, t)
        ),
        _ => format!("<built-in function {}>", f.def.name),
    }))
}

// -- descriptors of native types

/// The receiver must be an instance of the descriptor's type.
pub fn check_receiver(th: Th, owner: Gc<Type>, name: &str, o: Value) -> R<()> {
    if th.isinstance_exact(o, owner) {
        return Ok(());
    }
    Err(th.type_error(format!(
        "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
        th.type_name(owner),
        th.type_name_of(o)
    )))
}

#[cold]
pub fn wrong_receiver(th: Th, d: Gc<WrapperDescriptor>, o: Value) -> Raised {
    th.type_error(format!(
        "descriptor '{}' requires a '{}' object but received a '{}'",
        d.def.name,
        th.type_name(d.owner.gc()),
        th.type_name_of(o)
    ))
}

pub static METHOD_DESCRIPTOR_TYPE: NativeType = NativeType {
    name: "method_descriptor",
    kind: Kind::MethodDescriptor,
    size: size_of::<MethodDescriptor>() as u32,
    flags: tflags::IMMUTABLE | tflags::METHOD_DESCRIPTOR,
    slots: Slots {
        repr: Some(|th, o| {
            let d = md(o);
            Ok(th.str(&format!("<method '{}' of '{}' objects>", d.def.name, th.type_name(d.owner.gc()))))
        }),
        call: Some(|th, o, a| call_method_descriptor(th, md(o), a)),
        descr_get: Some(|th, d, o, _| match o {
            Some(o) => {
                check_receiver(th, md(d).owner.gc(), md(d).def.name, o)?;
                Ok(th.native_function(md(d).def, Some(o), None))
            }
            None => Ok(d),
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(md(o).def.name))),
        getter("__qualname__", "", |th, o| {
            Ok(th.str(&format!("{}.{}", owner_qualname(th, md(o).owner.gc()), md(o).def.name)))
        }),
        getter("__objclass__", "", |_, o| Ok(md(o).owner.value())),
        getter("__doc__", "", |th, o| Ok(doc(th, md(o).def.doc))),
        getter("__text_signature__", "", |th, o| Ok(text_signature(th, md(o).def))),
    ],
    methods: &[method("__reduce__", "($self, /)", "", descr_reduce)],
    ..NativeType::DEFAULT
};
pub static METHOD_DESCRIPTOR: TypeCell = TypeCell::new(&METHOD_DESCRIPTOR_TYPE);

fn owner_qualname(th: Th, t: Gc<Type>) -> String {
    th.text(t.qualname.value())
}
fn descr_reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let ga = crate::builtins::builtin(th, "getattr")?;
    let (c, name) = (th.getattr(o, n!(__objclass__))?, th.getattr(o, n!(__name__))?);
    Ok(th.tuple(&[ga, th.tuple(&[c, name])]))
}
fn md(o: Value) -> Gc<MethodDescriptor> {
    unsafe { o.cast_unchecked() }
}
/// `list.append(l, x)`: the receiver is the first argument.
pub fn call_method_descriptor(th: Th, d: Gc<MethodDescriptor>, a: RawArgs) -> R<Value> {
    let Some(&o) = a.pos().first() else {
        return Err(th.type_error(format!(
            "unbound method {}.{}() needs an argument",
            owner_qualname(th, d.owner.gc()),
            d.def.name
        )));
    };
    check_receiver(th, d.owner.gc(), d.def.name, o)?;
    match d.def.imp {
        Imp::Raw(f) => f(th, a),
        Imp::Bound(f) => {
            // Receiver and arguments are already side by side.
            let s = &d.def.sig;
            if a.nkw() == 0 && s.receiver && a.len() == 1 + s.npos as usize && s.bound() == a.len() {
                // SAFETY: a value has the bits of an option that holds it.
                return f(th, unsafe {
                    std::slice::from_raw_parts(a.pos().as_ptr() as *const Option<Value>, a.len())
                });
            }
            th.call_def(d.def, Some(o), None, a.skip(1))
        }
    }
}

pub static CLASSMETHOD_DESCRIPTOR_TYPE: NativeType = NativeType {
    name: "classmethod_descriptor",
    kind: Kind::ClassMethodDescriptor,
    size: size_of::<ClassMethodDescriptor>() as u32,
    flags: tflags::IMMUTABLE,
    slots: Slots {
        repr: Some(|th, o| {
            let d = cmd(o);
            Ok(th.str(&format!("<method '{}' of '{}' objects>", d.def.name, th.type_name(d.owner.gc()))))
        }),
        call: Some(|th, o, a| {
            let Some(&c) = a.pos().first() else {
                return Err(th.type_error(format!(
                    "descriptor '{}' of '{}' object needs an argument",
                    cmd(o).def.name,
                    th.type_name(cmd(o).owner.gc())
                )));
            };
            let b = cmd_get(th, o, None, c)?;
            th.call_raw(b, a.skip(1))
        }),
        descr_get: Some(cmd_get),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(cmd(o).def.name))),
        getter("__qualname__", "", |th, o| {
            Ok(th.str(&format!("{}.{}", owner_qualname(th, cmd(o).owner.gc()), cmd(o).def.name)))
        }),
        getter("__objclass__", "", |_, o| Ok(cmd(o).owner.value())),
        getter("__doc__", "", |th, o| Ok(doc(th, cmd(o).def.doc))),
        getter("__text_signature__", "", |th, o| Ok(text_signature(th, cmd(o).def))),
    ],
    ..NativeType::DEFAULT
};
pub static CLASSMETHOD_DESCRIPTOR: TypeCell = TypeCell::new(&CLASSMETHOD_DESCRIPTOR_TYPE);

fn cmd(o: Value) -> Gc<ClassMethodDescriptor> {
    unsafe { o.cast_unchecked() }
}
fn cmd_get(th: Th, d: Value, o: Option<Value>, t: Value) -> R<Value> {
    let t = if t.is_none() { o.map_or(t, |o| th.type_of(o).value()) } else { t };
    let name = cmd(d).def.name;
    let on = th.type_name(cmd(d).owner.gc());
    let Some(ty) = t.cast::<Type>() else {
        return Err(th.type_error(format!(
            "descriptor '{name}' for type '{on}' needs a type, not a '{}' as arg 2",
            th.type_name_of(t)
        )));
    };
    if !th.is_subtype(ty, cmd(d).owner.gc()) {
        return Err(th.type_error(format!(
            "descriptor '{name}' requires a subtype of '{on}' but received '{}'",
            th.type_name(ty)
        )));
    }
    Ok(th.native_function(cmd(d).def, Some(t), None))
}

pub static WRAPPER_DESCRIPTOR_TYPE: NativeType = NativeType {
    name: "wrapper_descriptor",
    kind: Kind::WrapperDescriptor,
    size: size_of::<WrapperDescriptor>() as u32,
    flags: tflags::IMMUTABLE | tflags::METHOD_DESCRIPTOR,
    slots: Slots {
        repr: Some(|th, o| {
            let d = wd(o);
            Ok(th.str(&format!(
                "<slot wrapper '{}' of '{}' objects>",
                d.def.name,
                th.type_name(d.owner.gc())
            )))
        }),
        call: Some(|th, o, a| {
            let d = wd(o);
            let Some(&s) = a.pos().first() else {
                return Err(th.type_error(format!(
                    "descriptor '{}' of '{}' object needs an argument",
                    d.def.name,
                    th.type_name(d.owner.gc())
                )));
            };
            let t: Gc<Type> = d.owner.gc();
            if !th.isinstance_exact(s, t) {
                return Err(wrong_receiver(th, d, s));
            }
            (d.def.wrap)(th, d.func, s, a.skip(1))
        }),
        descr_get: Some(|th, d, o, _| match o {
            Some(o) => {
                check_receiver(th, wd(d).owner.gc(), wd(d).def.name, o)?;
                Ok(th
                    .object(MethodWrapper {
                        h: MethodWrapper::head(),
                        descr: SlotOf::new(d.known()),
                        this: Slot::new(o),
                    })
                    .value())
            }
            None => Ok(d),
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(wd(o).def.name))),
        getter("__qualname__", "", |th, o| {
            Ok(th.str(&format!("{}.{}", owner_qualname(th, wd(o).owner.gc()), wd(o).def.name)))
        }),
        getter("__objclass__", "", |_, o| Ok(wd(o).owner.value())),
        getter("__doc__", "", |th, o| Ok(doc(th, wd(o).def.doc))),
        getter("__text_signature__", "", |th, o| Ok(doc(th, wd(o).def.text_signature))),
    ],
    methods: &[method("__reduce__", "($self, /)", "", descr_reduce)],
    ..NativeType::DEFAULT
};
pub static WRAPPER_DESCRIPTOR: TypeCell = TypeCell::new(&WRAPPER_DESCRIPTOR_TYPE);

fn wd(o: Value) -> Gc<WrapperDescriptor> {
    unsafe { o.cast_unchecked() }
}

pub static METHOD_WRAPPER_TYPE: NativeType = NativeType {
    name: "method-wrapper",
    kind: Kind::MethodWrapper,
    size: size_of::<MethodWrapper>() as u32,
    flags: tflags::IMMUTABLE,
    slots: Slots {
        repr: Some(|th, o| {
            let w = mw(o);
            let this = w.this.value();
            Ok(th.str(&format!(
                "<method-wrapper '{}' of {} object at {:#x}>",
                wd(w.descr.value()).def.name,
                th.type_name_of(this),
                crate::builtins::object::id(th, this)
            )))
        }),
        hash: Some(|th, o| Ok(th.hash_address(mw(o).this.value()) ^ th.hash_address(mw(o).descr.value()))),
        call: Some(|th, o, a| {
            let w = mw(o);
            let d = wd(w.descr.value());
            (d.def.wrap)(th, d.func, w.this.value(), a)
        }),
        richcompare: Some(|_, a, b, op| {
            let (Some(x), Some(y)) = (a.exact::<MethodWrapper>(), b.exact::<MethodWrapper>()) else {
                return Ok(NOT_IMPLEMENTED());
            };
            if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                return Ok(NOT_IMPLEMENTED());
            }
            let eq = x.descr.get() == y.descr.get() && x.this.get() == y.this.get();
            Ok(Value::bool(eq == (op == CmpOp::Eq)))
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(wd(mw(o).descr.value()).def.name))),
        getter("__qualname__", "", |th, o| th.getattr(mw(o).descr.value(), n!(__qualname__))),
        getter("__objclass__", "", |_, o| Ok(wd(mw(o).descr.value()).owner.value())),
        getter("__doc__", "", |th, o| Ok(doc(th, wd(mw(o).descr.value()).def.doc))),
        getter("__text_signature__", "", |th, o| Ok(doc(th, wd(mw(o).descr.value()).def.text_signature))),
        getter("__self__", "", |_, o| Ok(mw(o).this.value())),
    ],
    methods: &[method("__reduce__", "($self, /)", "", |th, a| {
        let w = mw(a[0].unwrap());
        let getattr = crate::import::import_attr(th, "builtins", "getattr")?;
        let name = th.intern(wd(w.descr.value()).def.name);
        Ok(th.tuple(&[getattr, th.tuple(&[w.this.value(), name])]))
    })],
    ..NativeType::DEFAULT
};
pub static METHOD_WRAPPER: TypeCell = TypeCell::new(&METHOD_WRAPPER_TYPE);

fn mw(o: Value) -> Gc<MethodWrapper> {
    unsafe { o.cast_unchecked() }
}

pub static GETSET_DESCRIPTOR_TYPE: NativeType = NativeType {
    name: "getset_descriptor",
    kind: Kind::GetSetDescriptor,
    size: size_of::<GetSetDescriptor>() as u32,
    flags: tflags::IMMUTABLE,
    slots: Slots {
        repr: Some(|th, o| {
            let d = gs(o);
            Ok(th.str(&format!("<attribute '{}' of '{}' objects>", d.def.name, th.type_name(d.owner.gc()))))
        }),
        descr_get: Some(|th, d, o, _| match o {
            Some(o) => {
                check_receiver(th, gs(d).owner.gc(), gs(d).def.name, o)?;
                // Of a wrapper it may be the attribute of what is wrapped, and so on.
                th.check_stack("")?;
                (gs(d).def.get)(th, o)
            }
            None => Ok(d),
        }),
        descr_set: Some(|th, d, o, v| {
            check_receiver(th, gs(d).owner.gc(), gs(d).def.name, o)?;
            match gs(d).def.set {
                Some(f) => f(th, o, v),
                None => Err(th.attribute_error(
                    o,
                    th.intern(gs(d).def.name),
                    &format!(
                        "attribute '{}' of '{}' objects is not writable",
                        gs(d).def.name,
                        th.type_name(gs(d).owner.gc())
                    ),
                )),
            }
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |th, o| Ok(th.intern(gs(o).def.name))),
        getter("__qualname__", "", |th, o| {
            Ok(th.str(&format!("{}.{}", owner_qualname(th, gs(o).owner.gc()), gs(o).def.name)))
        }),
        getter("__objclass__", "", |_, o| Ok(gs(o).owner.value())),
        getter("__doc__", "", |th, o| Ok(doc(th, gs(o).def.doc))),
    ],
    ..NativeType::DEFAULT
};
pub static GETSET_DESCRIPTOR: TypeCell = TypeCell::new(&GETSET_DESCRIPTOR_TYPE);

fn gs(o: Value) -> Gc<GetSetDescriptor> {
    unsafe { o.cast_unchecked() }
}

pub static MEMBER_DESCRIPTOR_TYPE: NativeType = NativeType {
    name: "member_descriptor",
    kind: Kind::MemberDescriptor,
    size: size_of::<MemberDescriptor>() as u32,
    flags: tflags::IMMUTABLE,
    slots: Slots {
        repr: Some(|th, o| {
            let d = mb(o);
            Ok(th.str(&format!(
                "<member '{}' of '{}' objects>",
                th.text(d.name.value()),
                th.type_name(d.owner.gc())
            )))
        }),
        descr_get: Some(|th, d, o, _| match o {
            Some(o) => {
                check_receiver(th, mb(d).owner.gc(), &th.text(mb(d).name.value()), o)?;
                crate::attr::member_get(th, mb(d), o)
            }
            None => Ok(d),
        }),
        descr_set: Some(|th, d, o, v| {
            check_receiver(th, mb(d).owner.gc(), &th.text(mb(d).name.value()), o)?;
            crate::attr::member_set(th, mb(d), o, v)
        }),
        ..Slots::NONE
    },
    getset: &[
        getter("__name__", "", |_, o| Ok(mb(o).name.value())),
        getter("__qualname__", "", |th, o| {
            Ok(th.str(&format!("{}.{}", owner_qualname(th, mb(o).owner.gc()), th.text(mb(o).name.value()))))
        }),
        getter("__objclass__", "", |_, o| Ok(mb(o).owner.value())),
        getter("__doc__", "", |_, o| Ok(Value::opt_or_none(mb(o).doc.get()))),
    ],
    methods: &[method("__reduce__", "($self, /)", "", descr_reduce)],
    ..NativeType::DEFAULT
};
pub static MEMBER_DESCRIPTOR: TypeCell = TypeCell::new(&MEMBER_DESCRIPTOR_TYPE);

fn mb(o: Value) -> Gc<MemberDescriptor> {
    unsafe { o.cast_unchecked() }
}

// -- `__dict__` and `__weakref__` of Python classes

static DICT_DEF: GetSetDef = getset(
    "__dict__",
    "dictionary for instance variables",
    |th, o| match th.instance_dict(o)? {
        Some(d) => Ok(d.value()),
        None => match o.cast::<Type>() {
            Some(t) => Ok(crate::builtins::dict::mapping_proxy(th, t.dict_().value())),
            None => Err(th.no_attribute(o, n!(__dict__))),
        },
    },
    set_dict,
);
/// Whether it is the descriptor by which instances of a Python class have `__dict__`.
pub fn gives_dict(d: Value) -> bool {
    d.exact::<GetSetDescriptor>().is_some_and(|g| std::ptr::eq(g.def, &DICT_DEF))
}
pub fn set_dict(th: Th, o: Value, v: Option<Value>) -> R<()> {
    // Instances of a class that inherits from a class with `__dict__` and from `type` or a module.
    if matches!(o.kind(), Kind::Type | Kind::Module) {
        return Err(th.attribute_error_msg(format!(
            "attribute '__dict__' of '{}' objects is not writable",
            if o.is_kind(Kind::Type) { "type" } else { "module" }
        )));
    }
    let Some(v) = v else {
        if matches!(o.kind(), Kind::Function | Kind::BaseException) {
            return Err(th.type_error("cannot delete __dict__"));
        }
        let d = Gc::<Dict>::new(th);
        return th.set_instance_dict(o, d);
    };
    match v.cast::<Dict>() {
        Some(d) => th.set_instance_dict(o, d),
        None => {
            Err(th
                .type_error(format!("__dict__ must be set to a dictionary, not a '{}'", th.type_name_of(v))))
        }
    }
}
static WEAKREF_DEF: GetSetDef = getter("__weakref__", "list of weak references to the object", |th, o| {
    crate::builtins::weakref::first(th, o)
});

fn getset_descriptor(th: Th, t: Gc<Type>, def: &'static GetSetDef) -> Value {
    th.object(GetSetDescriptor { h: GetSetDescriptor::head(), def, owner: SlotOf::new(t) }).value()
}
pub fn dict_descriptor(th: Th, t: Gc<Type>) -> Value {
    getset_descriptor(th, t, &DICT_DEF)
}
pub fn weakref_descriptor(th: Th, t: Gc<Type>) -> Value {
    getset_descriptor(th, t, &WEAKREF_DEF)
}

// -- classmethod, staticmethod

/// `classmethod(f)` or `staticmethod(f)`.
pub fn wrap_method(th: Th, f: Value, class: bool) -> Value {
    // SAFETY: new objects, whose two slots are written.
    unsafe {
        if class {
            let o = th.alloc::<ClassMethod>();
            o.func.init(Some(f));
            o.dict.init(None);
            o.value()
        } else {
            let o = th.alloc::<StaticMethod>();
            o.func.init(Some(f));
            o.dict.init(None);
            o.value()
        }
    }
}
