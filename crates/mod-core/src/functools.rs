//! `_functools`: partial, reduce, cmp_to_key, the LRU cache.
//!
//! # Safety
//! Slots that are read with `gc` hold an object of that kind from the time when the object is made: `args` a tuple, `kw` and
//! `cache` dicts, `ring` a link. The neighbours of a link are links, and are read and written under the lock of its cache.
//! Counters of the cache are for whoever comes first: racing threads lose counts.

use crate::itertools::{bind, make, signature};
use crate::native_layout;
use adder_vm::builtins::descr;
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;
use std::mem::offset_of;

pub static MODULE: NativeModule = NativeModule {
    name: "_functools",
    doc: "Tools that operate on functions.",
    functions: &[
        function(
            "reduce",
            "($module, function, iterable, /, initial=<unrepresentable>)",
            "Apply a function of two arguments cumulatively to the items of an iterable, from left to right.\n\nThis effectively reduces the iterable to a single value.  If initial is\npresent, it is placed before the items of the iterable in the\ncalculation, and serves as a default when the iterable is empty.\n\nFor example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])\ncalculates ((((1 + 2) + 3) + 4) + 5).",
            reduce,
        ),
        function(
            "cmp_to_key",
            "($module, /, mycmp)",
            "Convert a cmp= function into a key= function.\n\n  mycmp\n    Function that compares two objects.",
            |th, a| {
                let o = make(th, th.make_type(&KEY).value())?;
                th.store(Key::of(o), &Key::of(o).cmp, a[0].unwrap());
                Ok(o)
            },
        ),
    ],
    types: &[&PARTIAL, &LRU],
    init: Some(|th, m| {
        th.make_type(&LINK);
        let t = th.make_type(&PLACEHOLDER_CELL);
        // One for the process, however often the module is made: the type keeps it, and it keeps its address.
        let p = match t.aux.get() {
            Some(p) => p,
            None => {
                let p = make(th, t.value())?;
                adder_vm::builtins::object::id(th, p);
                th.store(t, &t.aux, p);
                PLACEHOLDER.store(p.bits(), std::sync::atomic::Ordering::Release);
                p
            }
        };
        m.put(th, "Placeholder", p)?;
        m.put(th, "_PlaceholderType", t.value())
    }),
};

fn reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = a[0].unwrap();
    let src = a[1].unwrap();
    if th.type_of(src).slots.iter.is_none() && th.lookup_special(src, n!(__getitem__)).is_none() {
        return Err(th.type_error("reduce() arg 2 must support iteration"));
    }
    let it = th.iter(src)?;
    let mut acc = a[2];
    while let Some(v) = th.next(it)? {
        acc = Some(match acc {
            None => v,
            Some(x) => th.call(f, &[x, v])?,
        });
    }
    acc.ok_or_else(|| th.type_error("reduce() of empty iterable with no initial value"))
}

// -- cmp_to_key

native_layout! { Key { cmp, obj; } }
static KEY_TYPE: NativeType = NativeType {
    name: "functools.KeyWrapper",
    kind: Kind::Native,
    size: Key::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        call: Some(|th, o, a| {
            static SIG: NativeDef = signature("K", "(obj)");
            let [v] = bind::<1>(th, &SIG, a)?;
            let n = make(th, th.type_of(o).value())?;
            let k = Key::of(n);
            th.store(k, &k.cmp, Key::of(o).cmp.value());
            th.store(k, &k.obj, v.unwrap());
            Ok(n)
        }),
        hash: Some(adder_vm::slot_defs::hash_not_implemented),
        richcompare: Some(|th, a, b, op: CmpOp| {
            if th.type_of(b) != th.type_of(a) {
                return Err(th.type_error("other argument must be K instance"));
            }
            let (x, y) = (Key::of(a), Key::of(b));
            let (Some(p), Some(q)) = (x.obj.get(), y.obj.get()) else {
                return Err(th.attribute_error_msg("object"));
            };
            let r = th.call(x.cmp.value(), &[p, q])?;
            adder_vm::builtins::ops::compare_value(th, r, Value::fix(0), op)
        }),
        ..Slots::NONE
    },
    members: &[MemberDef {
        name: "obj",
        doc: "Value wrapped by a key function.",
        offset: offset_of!(Key, obj) as u32,
        flags: member::NONE_IF_NULL,
    }],
    getset: &[getter("__text_signature__", "", |th, _| Ok(th.str("(obj)")))],
    trace: Some(Key::trace),
    ..NativeType::DEFAULT
};
static KEY: TypeCell = TypeCell::new(&KEY_TYPE);

// -- partial

static PLACEHOLDER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
fn is_placeholder(v: Value) -> bool {
    v.bits() == PLACEHOLDER.load(std::sync::atomic::Ordering::Acquire)
}
static PLACEHOLDER_TYPE: NativeType = NativeType {
    name: "functools._PlaceholderType",
    kind: Kind::Native,
    size: 16,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments.",
    slots: Slots {
        repr: Some(|th, _| Ok(th.str("Placeholder"))),
        new: Some(|th, t, a| {
            if !a.is_empty() || a.nkw() != 0 {
                return Err(th.type_error("_PlaceholderType takes no arguments"));
            }
            match Value::from_word(PLACEHOLDER.load(std::sync::atomic::Ordering::Acquire)) {
                Some(p) => Ok(p),
                None => make(th, t),
            }
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "", |th, _| Ok(th.str("Placeholder")))],
    ..NativeType::DEFAULT
};
static PLACEHOLDER_CELL: TypeCell = TypeCell::new(&PLACEHOLDER_TYPE);

native_layout! { Partial { func, args: Tuple, kw: Dict; holes: Plain<usize> } }
pub static PARTIAL_TYPE: NativeType = NativeType {
    name: "functools.partial",
    kind: Kind::Native,
    size: Partial::SIZE,
    flags: tflags::BASETYPE
        | tflags::IMMUTABLE
        | tflags::HAS_DICT
        | tflags::WEAKREF
        | tflags::METHOD_DESCRIPTOR
        | tflags::SHOWN_AS_HEAP,
    doc: "Create a new function with partial application of the given arguments\nand keywords.",
    slots: Slots {
        new: Some(partial_new),
        call: Some(partial_call),
        repr: Some(partial_repr),
        descr_get: Some(|th, f, o, _| {
            Ok(match o {
                Some(o) => th.method(f, o),
                None => f,
            })
        }),
        ..Slots::NONE
    },
    members: &[
        MemberDef {
            name: "func",
            doc: "function object to use in future partial calls",
            offset: offset_of!(Partial, func) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "args",
            doc: "tuple of arguments to future partial calls",
            offset: offset_of!(Partial, args) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "keywords",
            doc: "dictionary of keyword arguments to future partial calls",
            offset: offset_of!(Partial, kw) as u32,
            flags: member::READONLY,
        },
    ],
    getset: &[getset(
        "__dict__",
        "",
        |th, o| Ok(th.instance_dict(o)?.expect("a partial has a dict").value()),
        set_dict,
    )],
    methods: &[
        method("__reduce__", "($self, /)", "", |th, a| {
            let o = a[0].unwrap();
            let p = Partial::of(o);
            let d = match th.instance_dict(o)? {
                Some(d) if d.len() > 0 => d.value(),
                _ => NONE(),
            };
            let t = th.type_of(o).value();
            let st = th.tuple(&[p.func.value(), p.args.value(), p.kw.value(), d]);
            Ok(th.tuple(&[t, th.tuple(&[p.func.value()]), st]))
        }),
        method("__setstate__", "($self, object, /)", "", |th, a| {
            let (o, st) = (a[0].unwrap(), a[1].unwrap());
            let Some(t) = st.cast::<Tuple>().filter(|t| t.len == 4) else {
                return Err(th.type_error("invalid partial state"));
            };
            let i = t.items();
            if th.type_of(i[0]).slots.call.is_none()
                || !i[1].is_kind(Kind::Tuple)
                || !(i[2].is_none() || i[2].is_kind(Kind::Dict))
                || !(i[3].is_none() || i[3].is_kind(Kind::Dict))
            {
                return Err(th.type_error("invalid partial state"));
            }
            let args = adder_vm::builtins::tuple::from_iterable(th, i[1])?;
            if args.known::<Tuple>().items().last().is_some_and(|v| is_placeholder(*v)) {
                return Err(th.type_error("trailing Placeholders are not allowed"));
            }
            let kw = match i[2].cast::<Dict>() {
                Some(_) if i[2].is_exact(Kind::Dict) => i[2],
                Some(d) => d.copy(th)?.value(),
                None => Gc::<Dict>::new(th).value(),
            };
            let p = Partial::of(o);
            th.store(p, &p.func, i[0]);
            th.store(p, &p.args, args.known());
            th.store(p, &p.kw, kw.known());
            count_holes(p);
            let d = i[3].cast::<Dict>().unwrap_or_else(|| Gc::<Dict>::new(th));
            th.set_instance_dict(o, d)?;
            Ok(NONE())
        }),
        classmethod(
            "__class_getitem__",
            "!($type, object, /)",
            "partial is generic over the wrapped function's return type",
            |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    trace: Some(Partial::trace),
    text_signature: Some("(func, /, *args, **keywords)"),
    ..NativeType::DEFAULT
};
pub static PARTIAL: TypeCell = TypeCell::new(&PARTIAL_TYPE);

/// `__dict__` of these objects can be replaced, not deleted.
fn set_dict(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(_) => descr::set_dict(th, o, v),
        None => Err(th.type_error("cannot delete __dict__")),
    }
}
/// As long as the partial keeps them, or the caller uses them.
fn args_of(p: Gc<Partial>) -> &'static [Value] {
    // SAFETY: always a tuple; a word of the caller's that points into it keeps it alive and in place.
    unsafe { &*(p.args.gc().items() as *const [Value]) }
}
fn count_holes(p: Gc<Partial>) {
    p.holes.set(args_of(p).iter().filter(|v| is_placeholder(**v)).count());
}
fn partial_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let Some(&f) = a.pos().first() else {
        return Err(th.type_error("type 'partial' takes at least one argument"));
    };
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("the first argument must be callable"));
    }
    let rest = &a.pos()[1..];
    if rest.last().is_some_and(|v| is_placeholder(*v)) {
        return Err(th.type_error("trailing Placeholders are not allowed"));
    }
    for (_, v) in a.keywords() {
        if is_placeholder(v) {
            return Err(th.type_error("Placeholder cannot be passed as a keyword argument"));
        }
    }
    let kw = Gc::<Dict>::new(th);
    let (func, args);
    // A partial of a partial is one partial.
    if th.isinstance_exact(f, PARTIAL.get()) && no_attrs(th, f)? {
        let p = Partial::of(f);
        func = p.func.value();
        let mut g = Gather::new();
        let mut mine = rest.iter();
        for v in args_of(p) {
            let v = if is_placeholder(*v) { mine.next().copied().unwrap_or(*v) } else { *v };
            g.push(th, v)?;
        }
        for v in mine {
            g.push(th, *v)?;
        }
        args = th.try_tuple(g.as_slice())?;
        adder_vm::builtins::dict::update_from(th, kw, p.kw.value())?;
    } else {
        func = f;
        args = th.try_tuple(rest)?;
    }
    for (k, v) in a.keywords() {
        kw.set(th, k, v)?;
    }
    let o = make(th, t)?;
    let p = Partial::of(o);
    th.store(p, &p.func, func);
    th.store(p, &p.args, args.known());
    th.store(p, &p.kw, kw);
    count_holes(p);
    Ok(o)
}
fn no_attrs(th: Th, o: Value) -> R<bool> {
    let s = adder_vm::shape::shape(o.shape_id());
    if s.dict_mode { Ok(th.instance_dict(o)?.is_none_or(|d| d.len() == 0)) } else { Ok(s.no_attributes()) }
}
fn partial_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let p = Partial::of(o);
    let mut g = Gather::new();
    let holes = p.holes.get();
    if a.len() < holes {
        return Err(th.type_error(format!(
            "missing positional arguments in 'partial' call; expected at least {holes}, got {}",
            a.len()
        )));
    }
    let mut given = a.pos().iter();
    for v in args_of(p) {
        // Another thread may have given it more of them (`__setstate__`).
        let v = if holes > 0 && is_placeholder(*v) { given.next().copied().unwrap_or(*v) } else { *v };
        g.push(th, v)?;
    }
    for v in given {
        g.push(th, *v)?;
    }
    let kw: Gc<Dict> = p.kw.gc();
    if kw.len() == 0 {
        if a.nkw() == 0 {
            return th.call(p.func.value(), g.as_slice());
        }
        for (_, v) in a.keywords() {
            g.push(th, v)?;
        }
        return th.call_raw(p.func.value(), RawArgs::with_kw(g.as_slice(), a.kwnames()));
    }
    let all = kw.copy(th)?;
    for (k, v) in a.keywords() {
        all.set(th, k, v)?;
    }
    let t = th.try_tuple(g.as_slice())?;
    th.call_ex(p.func.value(), t.known(), Some(all))
}
fn partial_repr(th: Th, o: Value) -> R<Value> {
    let p = Partial::of(o);
    if th.repr_enter(o) {
        return Ok(th.str("..."));
    }
    let r = (|| -> R<String> {
        let t = th.type_of(o);
        // `__setstate__` may be called meanwhile.
        let (func, args, kw) = (p.func.value(), args_of(p), p.kw.value());
        let mut s =
            format!("{}({}", adder_vm::builtins::object::full_type_name(th, t), th.text(th.repr(func)?));
        for v in args {
            s.push_str(", ");
            s.push_str(&th.text(th.repr(*v)?));
        }
        let kw: Gc<Dict> = kw.known();
        let mut i = 0;
        while let Some((ni, k, v)) = kw.next_entry(i) {
            s.push_str(&format!(", {}={}", th.text(th.to_str(k)?), th.text(th.repr(v)?)));
            i = ni;
        }
        s.push(')');
        Ok(s)
    })();
    th.repr_leave(o);
    Ok(th.str(&r?))
}

// -- lru_cache: of a bounded cache the entries are links of a ring in the order of use, as in CPython

native_layout! { Lru { func, cache: Dict, info, ring; maxsize: Plain<i64>, typed: Plain<bool>, hits: Plain<i64>, misses: Plain<i64> } }
static LRU_TYPE: NativeType = NativeType {
    name: "functools._lru_cache_wrapper",
    kind: Kind::Native,
    size: Lru::SIZE,
    flags: tflags::IMMUTABLE
        | tflags::HAS_DICT
        | tflags::WEAKREF
        | tflags::METHOD_DESCRIPTOR
        | tflags::SHOWN_AS_HEAP,
    doc: "Create a cached callable that wraps another function.\n\nuser_function:      the function being cached\n\nmaxsize:  0         for no caching\n          None      for unlimited cache size\n          n         for a bounded cache\n\ntyped:    False     cache f(3) and f(3.0) as identical calls\n          True      cache f(3) and f(3.0) as distinct calls\n\ncache_info_type:    namedtuple class with the fields:\n                        hits misses currsize maxsize\n",
    slots: Slots {
        new: Some(lru_new),
        call: Some(lru_call),
        descr_get: Some(|th, f, o, _| {
            Ok(match o {
                Some(o) => th.method(f, o),
                None => f,
            })
        }),
        ..Slots::NONE
    },
    methods: &[
        method("cache_info", "($self, /)", "Report cache statistics", |th, a| {
            let c = Lru::of(a[0].unwrap());
            let size = c.cache.gc().len();
            let max = if c.maxsize.get() < 0 { NONE() } else { th.int(c.maxsize.get()) };
            th.call(c.info.value(), &[th.int(c.hits.get()), th.int(c.misses.get()), max, th.int(size as i64)])
        }),
        method("cache_clear", "($self, /)", "Clear the cache and cache statistics", |th, a| {
            let c = Lru::of(a[0].unwrap());
            c.hits.set(0);
            c.misses.set(0);
            let d = Gc::<Dict>::new(th);
            let ring = new_ring(th)?;
            th.store(c, &c.cache, d);
            th.store(c, &c.ring, ring);
            Ok(NONE())
        }),
        method("__reduce__", "!($self, /)", "", |th, a| th.getattr(a[0].unwrap(), n!(__qualname__))),
        method("__copy__", "!!($self, /)", "", |_, a| Ok(a[0].unwrap())),
        method("__deepcopy__", "!!($self, memo, /)", "", |_, a| Ok(a[0].unwrap())),
    ],
    getset: &[getset(
        "__dict__",
        "",
        |th, o| Ok(th.instance_dict(o)?.expect("the wrapper has a dict").value()),
        set_dict,
    )],
    trace: Some(Lru::trace),
    ..NativeType::DEFAULT
};
static LRU: TypeCell = TypeCell::new(&LRU_TYPE);
static LRU_SIG: NativeDef =
    signature("_lru_cache_wrapper", "(user_function, maxsize, typed, cache_info_type)");
fn lru_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [f, m, typed, info] = bind::<4>(th, &LRU_SIG, a)?;
    if th.type_of(f.unwrap()).slots.call.is_none() {
        return Err(th.type_error("the first argument must be callable"));
    }
    let max = match m.unwrap().some() {
        None => -1,
        Some(m) => {
            if th.type_of(m).slots.index.is_none() {
                return Err(th.type_error("maxsize should be integer or None"));
            }
            th.index_i64(m)?.max(0)
        }
    };
    let typed = th.truth(typed.unwrap())?;
    let d = Gc::<Dict>::new(th);
    let ring = new_ring(th)?;
    let o = make(th, t)?;
    let c = Lru::of(o);
    th.store(c, &c.ring, ring);
    th.store(c, &c.func, f.unwrap());
    th.store(c, &c.cache, d);
    th.store(c, &c.info, info.unwrap());
    c.maxsize.set(max);
    c.typed.set(typed);
    Ok(o)
}
/// The cache key of a call: the argument itself for one plain int or str, else a tuple.
fn lru_key(th: Th, c: Gc<Lru>, a: RawArgs) -> R<Value> {
    let p = a.pos();
    if !c.typed.get() && a.nkw() == 0 && p.len() == 1 && (p[0].is_fix() || p[0].is_exact(Kind::Str)) {
        return Ok(p[0]);
    }
    let mut g = Gather::new();
    g.extend(th, p)?;
    if a.nkw() > 0 {
        g.push(th, c.info.value())?; // a mark that no argument can be equal to by accident
        for (k, v) in a.keywords() {
            g.push(th, k)?;
            g.push(th, v)?;
        }
    }
    if c.typed.get() {
        for v in a.all() {
            g.push(th, th.type_of(*v).value())?;
        }
    }
    th.try_tuple(g.as_slice())
}
fn lru_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let c = Lru::of(o);
    let max = c.maxsize.get();
    if max == 0 {
        th.may_run_python()?;
        c.misses.set(c.misses.get() + 1);
        return th.call_raw(c.func.value(), a);
    }
    let key = lru_key(th, c, a)?;
    let h = th.hash(key)?;
    let d: Gc<Dict> = c.cache.gc();
    if let Some(v) = d.get_hashed(th, key, h)? {
        c.hits.set(c.hits.get() + 1);
        if max < 0 {
            return Ok(v);
        }
        if !th.isinstance_exact(v, LINK.get()) {
            return Ok(v);
        }
        let link = Link::of(v);
        let _g = th.lock(c);
        let ring = at(&c.ring);
        // Others may have taken it out meanwhile, or emptied the cache.
        if link.next.get().is_some_and(|n| !n.is(ring.value())) && d.value().is(c.cache.value()) {
            unlink(th, link);
            link_last(th, ring, link);
        }
        return Ok(link.result.value());
    }
    th.may_run_python()?;
    c.misses.set(c.misses.get() + 1);
    let v = th.call_raw(c.func.value(), a)?;
    let d: Gc<Dict> = c.cache.gc();
    if max < 0 {
        d.set_hashed(th, key, h, v)?;
        return Ok(v);
    }
    // The call itself may have brought it in.
    if d.get_hashed(th, key, h)?.is_some() {
        return Ok(v);
    }
    if d.len() as i64 >= max {
        let oldest = {
            let _g = th.lock(c);
            let ring = at(&c.ring);
            let link = at(&ring.next);
            if link == ring {
                None
            } else {
                unlink(th, link);
                Some(link)
            }
        };
        if let Some(link) = oldest {
            // Its hash is known: the argument is not asked again.
            d.remove_hashed(th, link.key.value(), link.hash.get())?;
        }
    }
    let link = new_link(th, Some(key), Some(v), h)?;
    d.set_hashed(th, key, h, link.value())?;
    let _g = th.lock(c);
    if d.value().is(c.cache.value()) {
        link_last(th, at(&c.ring), link);
    }
    Ok(v)
}

// A link of the ring: the one before, the one after (none: it is not in it), key, result, the key's hash. What the program
// can see of it (`gc.get_referents`) it cannot change, but it can put something else into the cache's dict.
native_layout! { Link { prev, next, key, result; hash: Plain<i64> } }
static LINK_TYPE: NativeType = NativeType {
    name: "functools._lru_list_elem",
    kind: Kind::Native,
    size: Link::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    trace: Some(Link::trace),
    ..NativeType::DEFAULT
};
static LINK: TypeCell = TypeCell::new(&LINK_TYPE);

fn new_link(th: Th, key: Option<Value>, result: Option<Value>, hash: i64) -> R<Gc<Link>> {
    let l = Link::of(adder_vm::builtins::object::new_instance(th, LINK.get())?);
    th.store_opt(l, &l.key, key);
    th.store_opt(l, &l.result, result);
    l.hash.set(hash);
    Ok(l)
}
/// The link that a slot of a link, or of a cache, holds.
fn at(s: &Slot) -> Gc<Link> {
    Link::of(s.value())
}
/// A ring without entries: a link that is its own neighbour.
fn new_ring(th: Th) -> R<Value> {
    let r = new_link(th, None, None, 0)?;
    th.store(r, &r.prev, r.value());
    th.store(r, &r.next, r.value());
    Ok(r.value())
}
/// Under the lock of the cache.
fn unlink(th: Th, l: Gc<Link>) {
    if l.next.get().is_none() {
        return;
    }
    let (p, n) = (at(&l.prev), at(&l.next));
    th.store(p, &p.next, n.value());
    th.store(n, &n.prev, p.value());
    l.next.init(None);
    l.prev.init(None);
}
/// Under the lock of the cache.
fn link_last(th: Th, ring: Gc<Link>, l: Gc<Link>) {
    let last = at(&ring.prev);
    th.store(l, &l.prev, last.value());
    th.store(l, &l.next, ring.value());
    th.store(ring, &ring.prev, l.value());
    th.store(last, &last.next, l.value());
}
