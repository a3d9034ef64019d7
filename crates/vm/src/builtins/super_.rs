//! `super`.
//!
//! # Invariants
//! - `this_type` and `obj_type` are null or types; all are null if `__init__` never ran.
//! - Registers and data of a running frame are there; its `__class__` is looked for at the places that its code's
//!   names say.

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::mem::offset_of;

pub static SUPER_TYPE: NativeType = NativeType {
    name: "super",
    kind: Kind::Super,
    size: size_of::<Super>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE,
    doc: "super() -> same as super(__class__, <first argument>)\nsuper(type) -> unbound super object\nsuper(type, obj) -> bound super object; requires isinstance(obj, type)\nsuper(type, type2) -> bound super object; requires\n    issubclass(type2, type)\nTypical use to call a cooperative superclass method:\nclass C(B):\n    def meth(self, arg):\n        super().meth(arg)\nThis works for class methods too:\nclass C(B):\n    @classmethod\n    def cmeth(cls, arg):\n        super().cmeth(arg)\n",
    slots: Slots {
        repr: Some(repr),
        getattro: Some(getattro),
        descr_get: Some(get),
        init: Some(init),
        new: Some(new),
        ..Slots::NONE
    },
    members: &[
        MemberDef {
            name: "__thisclass__",
            doc: "the class invoking super()",
            offset: offset_of!(Super, this_type) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "__self__",
            doc: "the instance invoking super(); may be None",
            offset: offset_of!(Super, obj) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "__self_class__",
            doc: "the type of the instance invoking super(); may be None",
            offset: offset_of!(Super, obj_type) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
    ],
    ..NativeType::DEFAULT
};
pub static SUPER: TypeCell = TypeCell::new(&SUPER_TYPE);

fn sup(v: Value) -> Gc<Super> {
    unsafe { v.cast_unchecked() }
}

/// The type whose MRO `super(t, o)` searches.
fn check(th: Th, t: Gc<Type>, o: Value) -> R<Gc<Type>> {
    if let Some(ot) = o.cast::<Type>()
        && th.is_subtype(ot, t)
        // A metaclass's `mro()` may leave out the class itself.
        && (ot != t || ot.mro.get().is_none() || ot.mro_items().iter().any(|m| m.is(t.value())))
    {
        return Ok(ot);
    }
    let ot = th.type_of(o);
    if th.is_subtype(ot, t) {
        return Ok(ot);
    }
    if let Some(c) = th.getattr_opt(o, n!(__class__))?
        && let Some(c) = c.cast::<Type>()
        && c != ot
        && th.is_subtype(c, t)
    {
        return Ok(c);
    }
    let (kind, name) = match o.cast::<Type>() {
        Some(x) => ("type", th.type_name(x)),
        None => ("instance of", th.type_name(ot)),
    };
    Err(th.type_error(format!(
        "super(type, obj): obj ({kind} {name}) is not an instance or subtype of type ({}).",
        th.type_name(t)
    )))
}

/// What comes after `t` in the MRO of `ot`.
pub fn find(th: Th, t: Gc<Type>, ot: Gc<Type>, name: Value) -> R<Option<Value>> {
    let mro = ot.mro_items();
    let Some(i) = mro.iter().position(|m| m.is(t.value())) else { return Ok(None) };
    let rest = &mro[i + 1..];
    // With single inheritance this is the MRO of the next class, which has a cache.
    if let Some(next) = rest.first() {
        let next: Gc<Type> = next.known();
        let its = next.mro_items();
        if its.len() == rest.len() && its.iter().zip(rest).all(|(a, b)| a.is(*b)) {
            return Ok(th.lookup(next, name));
        }
    }
    for m in rest {
        if let Some(v) = m.known::<Type>().dict_().get_str(th, name)? {
            return Ok(Some(v));
        }
    }
    Ok(None)
}

/// `super(cls, this).name` without making the super object. With `method`, a plain function is given unbound (false).
pub fn lookup(th: Th, cls: Value, this: Value, name: Value, method: bool) -> R<Option<(Value, bool)>> {
    let t: Gc<Type> = cls.known();
    let ot = check(th, t, this)?;
    if name.is(n!(__class__)) {
        return Ok(None);
    }
    let Some(v) = find(th, t, ot, name)? else { return Ok(None) };
    if v.is_exact(Kind::Function) && method && !this.is(ot.value()) {
        return Ok(Some((v, false)));
    }
    let obj = if this.is(ot.value()) { None } else { Some(this) };
    match th.type_of(v).slots.descr_get {
        Some(g) => Ok(Some((g(th, v, obj, ot.value())?, true))),
        None => Ok(Some((v, true))),
    }
}

fn getattro(th: Th, o: Value, name: Value) -> R<Value> {
    let s = sup(o);
    if let (Some(t), Some(ot)) = (s.this_type.get(), s.obj_type.get()) {
        let name = th.intern_value(name.known());
        if !name.is(n!(__class__))
            && let Some(v) = find(th, t, ot, name)?
        {
            let obj = s.obj.get().filter(|x| !x.is(ot.value()));
            return match th.type_of(v).slots.descr_get {
                Some(g) => g(th, v, obj, ot.value()),
                None => Ok(v),
            };
        }
    }
    crate::attr::object_getattro(th, o, name)
}
fn new(th: Th, t: Value, _a: RawArgs) -> R<Value> {
    crate::builtins::object::new_instance(th, t.known())
}
fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error("super() takes no keyword arguments"));
    }
    let p = a.pos();
    let (t, obj) = match p.len() {
        0 => from_frame(th)?,
        1 => (p[0], None),
        2 => (p[0], p[1].some()),
        n => return Err(th.type_error(format!("super expected at most 2 arguments, got {n}"))),
    };
    let Some(ty) = t.cast::<Type>() else {
        return Err(th.type_error(format!("super() argument 1 must be a type, not {}", th.type_name_of(t))));
    };
    let s = sup(o);
    th.store(s, &s.this_type, t.known());
    if let Some(x) = obj {
        let ot = check(th, ty, x)?;
        th.store(s, &s.obj, x);
        th.store(s, &s.obj_type, ot);
    }
    Ok(())
}
/// `super()` called as an ordinary function: `__class__` and the first argument of the calling frame.
fn from_frame(th: Th) -> R<(Value, Option<Value>)> {
    let Some(f) = th.frame() else { return Err(th.runtime_error("super(): no current frame")) };
    if f.code.argcount == 0 {
        return Err(th.runtime_error("super(): no arguments"));
    }
    let deref =
        |v: Option<Value>| v.and_then(|v| if let Some(c) = v.exact::<Cell>() { c.v.get() } else { Some(v) });
    let data = unsafe { &*f.code.data };
    let first = unsafe { f.reg(0) };
    let first = if data.cells.contains(&0) { deref(first) } else { first };
    let Some(first) = first else { return Err(th.runtime_error("super(): arg[0] deleted")) };
    let names = f.code.varnames.gc();
    for i in f.code.nlocals as usize..names.len {
        if names.items()[i].is(n!(__class__)) {
            return match deref(unsafe { f.reg(i) }) {
                Some(c) if c.is_kind(Kind::Type) => Ok((c, Some(first))),
                Some(c) => {
                    Err(th
                        .runtime_error(format!("super(): __class__ is not a type ({})", th.type_name_of(c))))
                }
                None => Err(th.runtime_error("super(): empty __class__ cell")),
            };
        }
    }
    Err(th.runtime_error("super(): __class__ cell not found"))
}
fn get(th: Th, s: Value, o: Option<Value>, _t: Value) -> R<Value> {
    let Some(o) = o else { return Ok(s) };
    let x = sup(s);
    if x.obj.get().is_some() {
        return Ok(s);
    }
    let Some(t) = x.this_type.get() else {
        return Err(th.runtime_error("super.__init__() has not been called"));
    };
    th.call(th.type_of(s).value(), &[t.value(), o])
}
fn repr(th: Th, o: Value) -> R<Value> {
    let s = sup(o);
    let tn = s.this_type.get().map_or("NULL".into(), |t| th.type_name(t));
    Ok(th.str(&match s.obj_type.get() {
        Some(ot) => format!("<super: <class '{tn}'>, <{} object>>", th.type_name(ot)),
        None => format!("<super: <class '{tn}'>, NULL>"),
    }))
}
