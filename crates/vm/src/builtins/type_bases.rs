//! Assignment to `__bases__`: new layout check, new MROs for the class and all below it.

use super::type_;
use crate::err::R;
use crate::native::tflags;
use crate::object::*;
use crate::thread::Th;
use crate::types::{TYPE_LOCK, c3};
use crate::value::*;

fn ty(v: Value) -> Gc<Type> {
    unsafe { v.cast_unchecked() }
}
fn items(t: Value) -> &'static [Value] {
    unsafe { &*(t.cast_unchecked::<Tuple>().items() as *const [Value]) }
}

/// The MRO of a class whose bases are set: C3, or what its metaclass's `mro()` says.
pub fn compute_mro(th: Th, t: Gc<Type>) -> R<Value> {
    let meta = th.type_of(t.value());
    let name = th.intern("mro");
    if th.lookup(meta, name) == th.lookup(type_::TYPE.get(), name) {
        return c3(th, t, items(t.bases.value()));
    }
    let f = th.lookup(meta, name).expect("a metaclass has mro()");
    let r = th.call_unbound(f, t.value(), &[])?;
    let r = super::tuple::from_iterable(th, r)?;
    for m in items(r) {
        let Some(b) = m.cast::<Type>() else {
            return Err(th.type_error(format!("mro() returned a non-class ('{}')", th.type_name_of(*m))));
        };
        if !th.is_subtype(type_::solid_base(th, t), type_::solid_base(th, b)) {
            return Err(
                th.type_error(format!("mro() returned base with unsuitable layout ('{}')", th.type_name(b)))
            );
        }
    }
    Ok(r)
}

fn direct_subclasses(t: Gc<Type>) -> Vec<usize> {
    let _g = TYPE_LOCK.lock().unwrap();
    unsafe { (*t.data).subclasses.clone() }
}
fn remove_subclass(base: Gc<Type>, t: Gc<Type>) {
    let _g = TYPE_LOCK.lock().unwrap();
    unsafe { (*base.data).subclasses.retain(|s| *s != t.value().bits() as usize) };
}
fn add_subclass(base: Gc<Type>, t: Gc<Type>) {
    let _g = TYPE_LOCK.lock().unwrap();
    let subs = unsafe { &mut (*base.data).subclasses };
    let a = t.value().bits() as usize;
    if !subs.contains(&a) {
        subs.push(a);
    }
}

/// Computes the MROs of `t` and of all classes below it; `done` gets the classes with their old MROs.
fn update_mros(th: Th, t: Gc<Type>, done: Gc<List>) -> R<()> {
    th.check_stack("")?;
    let bases = t.bases.value();
    let mro = compute_mro(th, t)?;
    if !t.bases.value().is(bases) {
        // mro() assigned the bases itself.
        return Ok(());
    }
    let old = t.mro.value();
    super::list::append(th, done, th.tuple(&[t.value(), old]))?;
    th.store(t, &t.mro, mro);
    th.type_modified(t, None);
    for s in direct_subclasses(t) {
        let s = ty(unsafe { Value::from_bits(s as u64) });
        if items(s.bases.value()).iter().any(|b| b.is(t.value())) {
            update_mros(th, s, done)?;
        }
    }
    Ok(())
}

pub fn set(th: Th, t: Gc<Type>, v: Value) -> R<()> {
    let name = th.type_name(t);
    if !v.is_kind(Kind::Tuple) {
        return Err(
            th.type_error(format!("can only assign tuple to {name}.__bases__, not {}", th.type_name_of(v)))
        );
    }
    let new = items(v);
    if new.is_empty() {
        return Err(th.type_error(format!("can only assign non-empty tuple to {name}.__bases__, not ()")));
    }
    for b in new {
        let Some(bt) = b.cast::<Type>() else {
            return Err(th.type_error(format!(
                "{name}.__bases__ must be tuple of classes, not '{}'",
                th.type_name_of(*b)
            )));
        };
        // MROs may not be up to date yet while `mro()` runs, but chains of bases are.
        if th.is_subtype(bt, t) || std::iter::successors(Some(bt), |b| b.base_type()).any(|b| b == t) {
            return Err(th.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let base = type_::best_base(th, new)?;
    let old_base = t.base_type().expect("a class has a base");
    let same = old_base.native.kind == base.native.kind
        && std::ptr::eq(old_base.native, base.native)
        && old_base.fixed_size == base.fixed_size
        && old_base.has_ext == base.has_ext
        && old_base.ext_at == base.ext_at
        && old_base.has(tflags::WEAKREF) == base.has(tflags::WEAKREF);
    if !same {
        return Err(th.type_error(format!(
            "__bases__ assignment: '{}' object layout differs from '{}'",
            th.type_name(base),
            th.type_name(old_base)
        )));
    }
    let (old_bases, old_base) = (t.bases.value(), t.base.value());
    th.store(t, &t.bases, v);
    th.store(t, &t.base, base.value());
    let done = super::list::new(th, &[])?;
    if update_mros(th, t, done).is_err() {
        let e = th.take_exc();
        let back = super::list::snapshot(th, done)?;
        for p in items(back) {
            let (c, mro) = (ty(items(*p)[0]), items(*p)[1]);
            th.store(c, &c.mro, mro);
        }
        if t.bases.value().is(v) {
            th.store(t, &t.bases, old_bases);
            th.store(t, &t.base, old_base);
        }
        for p in items(back) {
            th.type_modified(ty(items(*p)[0]), None);
        }
        return Err(th.set_exc(e));
    }
    if t.bases.value().is(v) {
        for b in items(old_bases) {
            remove_subclass(ty(*b), t);
        }
        for b in new {
            add_subclass(ty(*b), t);
        }
        th.type_modified(t, None);
    }
    Ok(())
}
