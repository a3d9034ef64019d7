//! `enumerate`, `zip`, `map`, `filter`.
//!
//! # Invariants
//! An instance's words are all zeroed or set before the next allocation; `iters` of `zip` and `map` is null or a
//! tuple.

use super::iters::{REDUCE, SETSTATE};
use super::util::*;
use crate::builtins::ops;
use crate::err::{R, Raised};
use crate::interp::call::Gather;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use adder_metatrace::word::FIX_MAX;
use std::sync::atomic::{AtomicU64, Ordering::*};

macro_rules! layouts {
    ($($(#[$m:meta])* $name:ident { $($f:ident : $t:ty),* })*) => { $(
        $(#[$m])*
        #[repr(C)]
        pub struct $name { pub h: Header, $(pub $f: $t),* }
        unsafe impl Layout for $name { const KIND: Kind = Kind::$name; }
    )* };
}
layouts! {
    /// `n` is the next number.
    Enumerate { iter: Slot, n: Slot }
    /// `iters`: a tuple; `strict`: 0 or 1.
    Zip { iters: SlotOf<Tuple>, strict: AtomicU64 }
    Map { func: Slot, iters: SlotOf<Tuple>, strict: AtomicU64 }
    Filter { func: Slot, iter: Slot }
}

const FLAGS: u64 = tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC;

/// An object of a class whose native layout is `T`, every slot null.
fn instance<T: Layout>(th: Th, cls: Value, cell: &'static TypeCell) -> R<Gc<T>> {
    let t: Gc<Type> = this(cls);
    if t == cell.get() {
        unsafe {
            let o = th.alloc::<T>();
            let p = o.as_ptr() as *mut u64;
            for i in 1..size_of::<T>() / 8 {
                *p.add(i) = 0;
            }
            return Ok(o);
        }
    }
    Ok(this(crate::builtins::object::new_instance(th, t)?))
}
/// Whether unexpected keywords are this type's business: a subclass with an `__init__` of its own may want them.
fn own_init(cls: Value, cell: &'static TypeCell) -> bool {
    let (t, base): (Gc<Type>, _) = (this(cls), cell.get());
    t == base || t.slots.init.map(|f| f as usize) == base.slots.init.map(|f| f as usize)
}

// -- enumerate

pub static ENUMERATE: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "enumerate",
        kind: Kind::Enumerate,
        size: size_of::<Enumerate>() as u32,
        flags: FLAGS,
        doc: "Return an enumerate object.\n\n  iterable\n    an object supporting iteration\n\nThe enumerate object yields pairs containing a count (from start, which\ndefaults to zero) and a value yielded by the iterable argument.\n\nenumerate is useful for obtaining an indexed list:\n    (0, seq[0]), (1, seq[1]), (2, seq[2]), ...",
        text_signature: Some("(iterable, start=0)"),
        new1: Some(|th, v| enumerate_of(th, ENUMERATE.get().value(), v, Value::fix(0))),
        slots: Slots {
            new: Some(enumerate_new),
            iter: Some(|_, o| Ok(o)),
            iternext: Some(enumerate_next),
            ..Slots::NONE
        },
        methods: &[
            method("__reduce__", "($self, /)", REDUCE, |th, a| {
                let e: Gc<Enumerate> = me(a);
                let args = th.tuple(&[e.iter.value(), e.n.value()]);
                Ok(th.tuple(&[th.type_of(e.value()).value(), args]))
            }),
            classmethod(
                "__class_getitem__",
                "($type, object, /)",
                "'enumerate' objects are generic over the type of their values",
                class_getitem,
            ),
        ],
        ..NativeType::DEFAULT
    };
    T
});
fn enumerate_new(th: Th, cls: Value, a: RawArgs) -> R<Value> {
    let (mut iterable, mut start) = (a.pos().first().copied(), a.pos().get(1).copied());
    if a.len() + a.nkw() > 2 {
        return Err(
            th.type_error(format!("enumerate() takes at most 2 arguments ({} given)", a.len() + a.nkw()))
        );
    }
    for (k, v) in a.keywords() {
        let name = th.text(k);
        let place = match name.as_str() {
            "iterable" => &mut iterable,
            "start" => &mut start,
            _ => {
                return Err(th.type_error(format!("'{name}' is an invalid keyword argument for enumerate()")));
            }
        };
        if place.is_some() {
            return Err(th.type_error(format!("'{name}' is an invalid keyword argument for enumerate()")));
        }
        *place = Some(v);
    }
    let Some(iterable) = iterable else {
        return Err(th.type_error("enumerate() missing required argument 'iterable'"));
    };
    let n = match start {
        Some(s) => th.index(s)?,
        None => Value::fix(0),
    };
    enumerate_of(th, cls, iterable, n)
}
fn enumerate_of(th: Th, cls: Value, iterable: Value, n: Value) -> R<Value> {
    let it = th.iter(iterable)?;
    let e = instance::<Enumerate>(th, cls, &ENUMERATE)?;
    th.store(e, &e.iter, it);
    th.store(e, &e.n, n);
    Ok(e.value())
}
fn enumerate_next(th: Th, o: Value) -> R<Option<Value>> {
    let e: Gc<Enumerate> = this(o);
    let Some(v) = th.next(e.iter.value())? else { return Ok(None) };
    let n = e.n.value();
    match n.as_fix() {
        Some(i) if i < FIX_MAX => e.n.init(Some(Value::fix(i + 1))),
        _ => {
            let next = ops::add(th, n, Value::fix(1))?;
            th.store(e, &e.n, next);
        }
    }
    Ok(Some(super::tuple::pair(th, n, v)))
}

// -- zip

/// The keyword argument `strict` of `zip` and `map`.
fn strict_arg(th: Th, name: &str, a: RawArgs) -> R<bool> {
    if a.nkw() > 1 {
        return Err(th.type_error(format!("{name}() takes at most 1 keyword argument ({} given)", a.nkw())));
    }
    let mut strict = false;
    for (k, v) in a.keywords() {
        let k = th.text(k);
        if k != "strict" {
            return Err(th.type_error(format!("{name}() got an unexpected keyword argument '{k}'")));
        }
        strict = th.truth(v)?;
    }
    Ok(strict)
}
/// A tuple of the iterators of these iterables.
fn iterators(th: Th, v: &[Value]) -> R<Value> {
    let mut g = Gather::new();
    for x in v {
        g.push(th, th.iter(*x)?)?;
    }
    Ok(th.tuple(g.as_slice()))
}
fn reduced(th: Th, o: Value, first: Option<Value>, iters: Gc<Tuple>, strict: &AtomicU64) -> R<Value> {
    let mut g = Gather::new();
    if let Some(f) = first {
        g.push(th, f)?;
    }
    g.extend(th, iters.items())?;
    let args = th.tuple(g.as_slice());
    let ty = th.type_of(o).value();
    Ok(if strict.load(Relaxed) != 0 { th.tuple(&[ty, args, TRUE()]) } else { th.tuple(&[ty, args]) })
}

pub static ZIP: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "zip",
        kind: Kind::Zip,
        size: size_of::<Zip>() as u32,
        flags: FLAGS,
        doc: "The zip object yields n-length tuples, where n is the number of\niterables passed as positional arguments to zip().  The i-th element\nin every tuple comes from the i-th iterable argument to zip().  This\ncontinues until the shortest argument is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the\nothers, raise a ValueError.\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]",
        text_signature: Some("(*iterables, strict=False)"),
        slots: Slots {
            new: Some(zip_new),
            iter: Some(|_, o| Ok(o)),
            iternext: Some(zip_next),
            ..Slots::NONE
        },
        methods: &[
            method("__reduce__", "($self, /)", REDUCE, |th, a| {
                let z: Gc<Zip> = me(a);
                reduced(th, z.value(), None, z.iters.gc(), &z.strict)
            }),
            method("__setstate__", "($self, object, /)", SETSTATE, |th, a| {
                me::<Zip>(a).strict.store(th.truth(arg(a, 1))? as u64, Relaxed);
                Ok(NONE())
            }),
        ],
        ..NativeType::DEFAULT
    };
    T
});
fn zip_new(th: Th, cls: Value, a: RawArgs) -> R<Value> {
    let strict = strict_arg(th, "zip", a)?;
    let iters = iterators(th, a.pos())?;
    let z = instance::<Zip>(th, cls, &ZIP)?;
    th.store(z, &z.iters, iters.known());
    z.strict.store(strict as u64, Relaxed);
    Ok(z.value())
}
/// In strict mode iterator `i` was exhausted: all others must be.
#[cold]
fn check_strict(th: Th, name: &str, iters: Gc<Tuple>, i: usize) -> R<()> {
    let mismatch = |i: usize, how: &str| -> Raised {
        let others = if i == 1 { " 1".to_string() } else { format!("s 1-{i}") };
        th.value_error(format!("{name}() argument {} is {how} than argument{others}", i + 1))
    };
    if i > 0 {
        return Err(mismatch(i, "shorter"));
    }
    for k in 1..iters.len {
        if th.next(iters.items()[k])?.is_some() {
            return Err(mismatch(k, "longer"));
        }
    }
    Ok(())
}
fn zip_next(th: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: slots are called with instances of their type.
    let z: Gc<Zip> = unsafe { o.cast_unchecked() };
    let iters = z.iters.gc();
    let strict = z.strict.load(Relaxed) != 0;
    let end = |i: usize| -> R<Option<Value>> {
        if strict {
            check_strict(th, "zip", iters, i)?;
        }
        Ok(None)
    };
    match iters.items() {
        [] => Ok(None),
        [a, b] => {
            let Some(x) = th.next(*a)? else { return end(0) };
            let Some(y) = th.next(*b)? else { return end(1) };
            Ok(Some(super::tuple::pair(th, x, y)))
        }
        all if all.len() <= 8 => {
            let mut v = [NONE(); 8];
            for (i, it) in all.iter().enumerate() {
                match th.next(*it)? {
                    Some(x) => v[i] = x,
                    None => return end(i),
                }
            }
            th.try_tuple(&v[..all.len()]).map(Some)
        }
        all => {
            let t = th.tuple_to_fill(all.len())?;
            for (i, it) in all.iter().enumerate() {
                match th.next(*it)? {
                    // SAFETY: it has as many items.
                    Some(x) => th.store(t, unsafe { &*t.after::<Slot>().add(i) }, x),
                    None => return end(i),
                }
            }
            Ok(Some(t.value()))
        }
    }
}

// -- map

pub static MAP: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "map",
        kind: Kind::Map,
        size: size_of::<Map>() as u32,
        flags: FLAGS,
        doc: "Make an iterator that computes the function using arguments from\neach of the iterables.  Stops when the shortest iterable is exhausted.\n\nIf strict is true and one of the arguments is exhausted before the\nothers, raise a ValueError.",
        text_signature: Some("(function, iterable, /, *iterables, strict=False)"),
        slots: Slots {
            new: Some(map_new),
            iter: Some(|_, o| Ok(o)),
            iternext: Some(map_next),
            ..Slots::NONE
        },
        methods: &[
            method("__reduce__", "($self, /)", REDUCE, |th, a| {
                let m: Gc<Map> = me(a);
                reduced(th, m.value(), m.func.get(), m.iters.gc(), &m.strict)
            }),
            method("__setstate__", "($self, object, /)", SETSTATE, |th, a| {
                me::<Map>(a).strict.store(th.truth(arg(a, 1))? as u64, Relaxed);
                Ok(NONE())
            }),
        ],
        ..NativeType::DEFAULT
    };
    T
});
fn map_new(th: Th, cls: Value, a: RawArgs) -> R<Value> {
    let strict = if own_init(cls, &MAP) { strict_arg(th, "map", a)? } else { false };
    if a.len() < 2 {
        return Err(th.type_error("map() must have at least two arguments."));
    }
    let iters = iterators(th, &a.pos()[1..])?;
    let m = instance::<Map>(th, cls, &MAP)?;
    th.store(m, &m.func, a.pos()[0]);
    th.store(m, &m.iters, iters.known());
    m.strict.store(strict as u64, Relaxed);
    Ok(m.value())
}
fn map_next(th: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: as in `zip_next`.
    let m: Gc<Map> = unsafe { o.cast_unchecked() };
    let iters = m.iters.gc();
    let f = m.func.value();
    let strict = m.strict.load(Relaxed) != 0;
    let end = |i: usize| -> R<Option<Value>> {
        if strict {
            check_strict(th, "map", iters, i)?;
        }
        Ok(None)
    };
    match iters.items() {
        [a] => match th.next(*a)? {
            Some(x) => th.call1(f, x).map(Some),
            None => Ok(None),
        },
        all if all.len() <= 8 => {
            let mut v = [NONE(); 8];
            for (i, it) in all.iter().enumerate() {
                match th.next(*it)? {
                    Some(x) => v[i] = x,
                    None => return end(i),
                }
            }
            th.call(f, &v[..all.len()]).map(Some)
        }
        all => {
            let mut g = Gather::new();
            for (i, it) in all.iter().enumerate() {
                match th.next(*it)? {
                    Some(x) => g.push(th, x)?,
                    None => return end(i),
                }
            }
            th.call(f, g.as_slice()).map(Some)
        }
    }
}

// -- filter

pub static FILTER: TypeCell = TypeCell::new({
    const T: &NativeType = &NativeType {
        name: "filter",
        kind: Kind::Filter,
        size: size_of::<Filter>() as u32,
        flags: FLAGS,
        doc: "Return an iterator yielding those items of iterable for which\nfunction(item) is true.  If function is None, return the items that\nare true.",
        text_signature: Some("(function, iterable, /)"),
        slots: Slots {
            new: Some(filter_new),
            iter: Some(|_, o| Ok(o)),
            iternext: Some(filter_next),
            ..Slots::NONE
        },
        methods: &[method("__reduce__", "($self, /)", REDUCE, |th, a| {
            let f: Gc<Filter> = me(a);
            let args = th.tuple(&[f.func.value(), f.iter.value()]);
            Ok(th.tuple(&[th.type_of(f.value()).value(), args]))
        })],
        ..NativeType::DEFAULT
    };
    T
});
fn filter_new(th: Th, cls: Value, a: RawArgs) -> R<Value> {
    if own_init(cls, &FILTER) {
        no_keywords(th, "filter", a)?;
    }
    arity(th, "filter", a.len(), 2, 2)?;
    let it = th.iter(a.pos()[1])?;
    let f = instance::<Filter>(th, cls, &FILTER)?;
    th.store(f, &f.func, a.pos()[0]);
    th.store(f, &f.iter, it);
    Ok(f.value())
}
fn filter_next(th: Th, o: Value) -> R<Option<Value>> {
    let f: Gc<Filter> = this(o);
    let (func, it) = (f.func.value(), f.iter.value());
    let truth = func.is_none() || func.is(crate::builtins::bool_::BOOL.get().value());
    while let Some(v) = th.next(it)? {
        let r = if truth { v } else { th.call1(func, v)? };
        if th.truth(r)? {
            return Ok(Some(v));
        }
    }
    Ok(None)
}
