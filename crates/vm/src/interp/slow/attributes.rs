//! Slow functions of attributes: loads, method loads, stores, `super().name`.
//!
//! # Invariants
//! An object whose attributes are written under a cached shape is locked and has that shape still; it is as large as
//! the shape says, and the new shape has the place.

use super::*;

pub fn load_attr(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let icx = ic_of(th, i.c());
    // What the fast handler leaves: functions that are bound, getters that need a general call.
    if let Some(x) = fast::entry_of(icx, o) {
        match x.tag {
            ic::tag::PROPERTY => {
                if push_python(th, x.value.value(), &[o], Cont::StoreA, None)? {
                    return NEXT;
                }
            }
            ic::tag::METHOD => {
                let v = th.bind(x.value.value(), Some(o), th.type_of(o))?;
                return ret_a(th, i, v);
            }
            ic::tag::DESCRIPTOR => {
                let d = x.value.value();
                let dt = th.type_of(d);
                if let Some(get) = dt.slots.descr_get
                    && still_descriptor(x, dt)
                {
                    let t = th.type_of(o).value();
                    if gets_by_python(dt)
                        && let Some(f) = th.lookup_special(d, n!(__get__))
                        && push_python(th, f, &[d, o, t], Cont::StoreA, None)?
                    {
                        return NEXT;
                    }
                    let v = get(th, d, Some(o), t)?;
                    return ret_a(th, i, v);
                }
            }
            ic::tag::CLASS_METHOD | ic::tag::TYPE_METHOD => {
                let v = th.method(x.value.value(), x.aux.value());
                return ret_a(th, i, v);
            }
            ic::tag::DICT => {
                if let Some(d) = crate::attr::dict_of(o)
                    && let Some(v) = d.get_str(th, icx.name.value())?
                {
                    return ret_a(th, i, v);
                }
            }
            _ => {}
        }
    }
    let name = icx.name.value();
    if asks_python(th.type_of(o)) {
        if let Some(found) = th.getattr_or_hook(o, name)? {
            let v = match found {
                Ok(v) => v,
                Err(hook) if push_python(th, hook, &[o, name], Cont::StoreA, None)? => return NEXT,
                Err(hook) => th.call_unbound(hook, o, &[name])?,
            };
            return ret_a(th, i, v);
        }
        // Nobody is asked after it.
        if th.lookup_special(o, n!(__getattr__)).is_none()
            && let Some(f) = th.lookup_special(o, n!(__getattribute__))
            && push_python(th, f, &[o, name], Cont::StoreA, None)?
        {
            return NEXT;
        }
    }
    let v = th.getattr(o, name)?;
    // Allocates, and at this instruction the result's register is no root.
    ic::fill_load(th, fr(th).code, icx, o);
    set(th, i.a(), v);
    NEXT
}
/// Whether a descriptor that an entry is about comes before what is in the instance, as when the entry was made: it may be
/// of another class now.
fn still_descriptor(x: &IcEntry, now: Gc<Type>) -> bool {
    x.aux.get().is_none_or(|then| then.is(now.value()))
}
/// Attributes of the class's instances are looked for by `__getattribute__` or `__getattr__` in Python.
fn asks_python(t: Gc<Type>) -> bool {
    let python = crate::slot_defs::d_getattro as fn(Th, Value, Value) -> R<Value>;
    t.slots.getattro.is_some_and(|f| std::ptr::fn_addr_eq(f, python))
}
/// The `__getattr__` that is called for a name which neither the instance, whose shape says that, nor its class has.
pub fn hook(th: Th, o: Value, name: Value) -> Option<Value> {
    if !o.is_obj() || o.is_kind(Kind::Type) || o.is_kind(Kind::Module) {
        return None;
    }
    let (t, s) = (th.type_of(o), shape(o.shape_id()));
    if !t.heap_type() || !asks_python(t) || s.dict_mode || s.find(name).is_some() {
        return None;
    }
    let of_object = th.lookup(builtins::object::OBJECT.get(), n!(__getattribute__));
    if th.lookup(t, n!(__getattribute__)) != of_object || th.lookup(t, name).is_some() {
        return None;
    }
    th.lookup(t, n!(__getattr__)).filter(|f| f.is_exact(Kind::Function))
}
pub fn load_method(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let icx = ic_of(th, i.c());
    let name = icx.name.value();
    let t = th.type_of(o);
    if let Some(x) = fast::entry_of(icx, o)
        && x.tag == ic::tag::DESCRIPTOR
        && let d = x.value.value()
        && let dt = th.type_of(d)
        && let Some(get) = dt.slots.descr_get
        && still_descriptor(x, dt)
    {
        clear(th, i.a() + 1);
        if gets_by_python(dt)
            && let Some(f) = th.lookup_special(d, n!(__get__))
            && push_python(th, f, &[d, o, t.value()], Cont::StoreA, None)?
        {
            return NEXT;
        }
        let v = get(th, d, Some(o), t.value())?;
        return ret_a(th, i, v);
    }
    if o.is_obj()
        && ic::share(th, fr(th).code, icx, t, o.shape_id())
        && let Some(x) = fast::entry_of(icx, o)
        && x.tag == ic::tag::METHOD
    {
        set(th, i.a(), x.value.value());
        set(th, i.a() + 1, o);
        return NEXT;
    }
    // A function found on a type whose instances resolve attributes plainly: no bound method is made.
    if t.has(tflags::PLAIN_GETATTR)
        && let Some(d) = th.lookup(t, name)
        && (d.is_exact(Kind::Function) || d.is_exact(Kind::MethodDescriptor))
        && th.instance_attr(o, name)?.is_none()
    {
        ic::fill_load(th, fr(th).code, icx, o);
        set(th, i.a(), d);
        set(th, i.a() + 1, o);
        return NEXT;
    }
    if asks_python(t)
        && let Some(found) = th.getattr_or_hook(o, name)?
    {
        let v = match found {
            Ok(v) => v,
            Err(hook) => {
                // What is found is no method, whose instance would be in the second register.
                clear(th, i.a() + 1);
                if push_python(th, hook, &[o, name], Cont::StoreA, None)? {
                    return NEXT;
                }
                th.call_unbound(hook, o, &[name])?
            }
        };
        set(th, i.a(), v);
        clear(th, i.a() + 1);
        return NEXT;
    }
    let v = th.getattr(o, name)?;
    ic::fill_load(th, fr(th).code, icx, o);
    set(th, i.a(), v);
    clear(th, i.a() + 1);
    NEXT
}
pub fn store_attr(th: Th, i: Ins) -> Res {
    let (o, v) = (reg(th, i.a()), reg(th, i.b()));
    let icx = ic_of(th, i.c());
    let name = icx.name.value();
    let before = o.shape_id();
    // Known places whose store has a barrier, or takes the lock.
    if o.is_obj() {
        let w = icx.w0.load(Relaxed);
        if before == (w >> 32) as u32 {
            let p = Place::Inline((w >> 16) as u16 as u32);
            return th.write_place(o, shape(before), p, v).map(|_| Ctl::Next);
        }
        if let Some(x) = fast::entry_of(icx, o) {
            let (p, after) = match x.tag {
                ic::tag::DICT => {
                    if let Some(d) = crate::attr::dict_of(o) {
                        d.set(th, name, v)?;
                        return NEXT;
                    }
                    return th.setattr(o, name, Some(v)).map(|_| Ctl::Next);
                }
                ic::tag::TYPE_VAR => {
                    // SAFETY: the entry is about this object alone, a class.
                    let t = unsafe { o.cast_unchecked::<Type>() };
                    if !builtins::class_vars::set(th, t, name, v)? {
                        th.type_modified(t, Some(name));
                    }
                    return NEXT;
                }
                ic::tag::SLOT => (Place::Inline(x.offset()), before),
                ic::tag::EXT => (Place::Ext(x.ext_place().1), before),
                _ => (Place::Inline(x.offset()), (x.aux.value().bits() >> 1) as u32),
            };
            let _g = th.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
            if o.shape_id() == before {
                th.write_place(o, shape(after), p, v)?;
                unsafe { o.header_unchecked() }.desc.store(after, Release);
                return NEXT;
            }
        }
    }
    let t = th.type_of(o);
    let fill = o.is_obj() && t.has(tflags::PLAIN_SETATTR);
    if fill
        && let Some((f, d)) = ic::setter(th, t, name)
        && let all = [d.unwrap_or(o), o, v]
        && push_python(th, f, &all[d.is_none() as usize..], Cont::Discard, None)?
    {
        return NEXT;
    }
    th.setattr(o, name, Some(v))?;
    if o.is_kind(Kind::Type) {
        ic::fill_class_store(th, fr(th).code, icx, o);
    } else if fill {
        ic::fill_store(th, fr(th).code, icx, o, before);
    }
    NEXT
}
pub fn del_attr(th: Th, i: Ins) -> Res {
    th.setattr(reg(th, i.a()), ic_of(th, i.c()).name.value(), None)?;
    NEXT
}
pub fn load_super_attr(th: Th, i: Ins) -> Res {
    let (sup, cls, this) = (reg(th, i.b()), reg_opt(th, i.b() + 1), reg_opt(th, i.b() + 2));
    let name = ic_of(th, i.c()).name.value();
    let (Some(cls), Some(this)) = (cls, this) else {
        return Err(th.runtime_error("super(): empty __class__ cell"));
    };
    let method = i.x() & 1 != 0;
    if sup.is(builtins::super_::SUPER.get().value()) && cls.is_kind(Kind::Type) {
        if let Some((v, bound)) = builtins::super_::lookup(th, cls, this, name, method)? {
            set(th, i.a(), v);
            if method {
                if bound { clear(th, i.a() + 1) } else { set(th, i.a() + 1, this) }
            }
            return NEXT;
        }
    }
    // What somebody calls `super` gets the arguments that are written.
    let builtin = sup.is(builtins::super_::SUPER.get().value());
    let s = if i.x() & 2 != 0 || builtin { th.call(sup, &[cls, this])? } else { th.call(sup, &[])? };
    let v = th.getattr(s, name)?;
    set(th, i.a(), v);
    if method {
        clear(th, i.a() + 1);
    }
    NEXT
}
