//! Which bases a class may have: the metaclass and the layout that follow from them, its MRO; assignment to `__bases__`,
//! with a new layout check and new MROs for the class and all below it.
//!
//! # Invariants
//! `subclasses` of a type is read and written under `TYPE_LOCK`; `__bases__` and MROs are tuples of types.

use super::type_::{TYPE, ty};
use crate::err::R;
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::sync::lock;
use crate::thread::Th;
use crate::types::{TYPE_LOCK, c3, direct_subclasses, link_follower, link_subclass};
use crate::value::*;

fn items(t: Value) -> &'static [Value] {
    unsafe { &*(t.cast_unchecked::<Tuple>().items() as *const [Value]) }
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
    let Some(b) = t.base_type() else { return t };
    let sb = solid_base(th, b);
    let extra = t.heap_type() && t.dict_().get_str(th, n!(__slotnames__)).is_ok() && own_members(t) > 0;
    let native = !t.heap_type() && (t.native.size != b.native.size || t.native.kind != b.native.kind);
    if native || extra { t } else { sb }
}

/// Words that a class's own `__slots__` add.
fn own_members(t: Gc<Type>) -> u32 {
    let Some(b) = t.base_type() else { return 0 };
    (t.fixed_size - b.fixed_size) / 8
}

pub fn best_base(th: Th, bases: &[Value]) -> R<Gc<Type>> {
    let mut best: Option<(Gc<Type>, Gc<Type>)> = None;
    for b in bases {
        let Some(t) = b.cast::<Type>() else { return Err(th.type_error("bases must be types")) };
        if !t.has(tflags::BASETYPE) {
            return Err(th.type_error(format!("type '{}' is not an acceptable base type", th.type_name(t))));
        }
        let s = solid_base(th, t);
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
                && m.owner.get() == Some(t)
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

/// The MRO of a class whose bases are set: C3, or what its metaclass's `mro()` says.
pub fn compute_mro(th: Th, t: Gc<Type>) -> R<Value> {
    let meta = th.type_of(t.value());
    let name = th.intern("mro");
    if th.lookup(meta, name) == th.lookup(TYPE.get(), name) {
        return c3(th, t, items(t.bases.value()));
    }
    let f = th.lookup(meta, name).expect("a metaclass has mro()");
    let r = th.call_unbound(f, t.value(), &[])?;
    let r = super::tuple::from_iterable(th, r)?;
    for m in items(r) {
        let Some(b) = m.cast::<Type>() else {
            return Err(th.type_error(format!("mro() returned a non-class ('{}')", th.type_name_of(*m))));
        };
        if !th.is_subtype(solid_base(th, t), solid_base(th, b)) {
            return Err(
                th.type_error(format!("mro() returned base with unsuitable layout ('{}')", th.type_name(b)))
            );
        }
        // Changes of a class that is no base must reach `t`, too.
        if b != t && !items(t.bases.value()).iter().any(|c| c.is(*m) || th.is_subtype(ty(*c), b)) {
            link_follower(b, t);
        }
    }
    Ok(r)
}

fn remove_subclass(base: Gc<Type>, t: Gc<Type>) {
    let _g = lock(&TYPE_LOCK);
    // `linked` keeps the base: a follower may be left.
    unsafe { (*base.data).subclasses.retain(|s| *s != t.value().bits() as usize) };
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
    // None: the class is being made, and its `mro()` assigns bases.
    let old = Value::opt_or_none(t.mro.any());
    super::list::append(th, done, th.tuple(&[t.value(), old]))?;
    th.store(t, &t.mro, mro.known());
    th.type_modified(t, None);
    for s in direct_subclasses(th, t)?.slots().iter().map_while(|s| s.get()) {
        let s = ty(s);
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
    let base = best_base(th, new)?;
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
    let (old_bases, old_base) = (t.bases.gc(), t.base.gc());
    th.store(t, &t.bases, v.known());
    th.store(t, &t.base, base);
    let done = super::list::new(th, &[])?;
    if update_mros(th, t, done).is_err() {
        let e = th.take_exc();
        let back = super::list::snapshot(th, done)?;
        for p in items(back) {
            let (c, mro) = (ty(items(*p)[0]), items(*p)[1]);
            th.store_opt(c, &c.mro, mro.some().map(Value::known));
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
        for b in items(old_bases.value()) {
            remove_subclass(ty(*b), t);
        }
        for b in new {
            link_subclass(ty(*b), t);
        }
        th.type_modified(t, None);
    }
    Ok(())
}
