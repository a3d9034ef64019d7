//! `_collections`: deque, defaultdict, `_count_elements`, `_tuplegetter`. (`OrderedDict` is in `ordered_dict`.)
//!
//! # Invariants
//! - `Deque::ring` is an array whose capacity is a power of two, from the start. Positions are taken modulo the
//!   capacity of the very array that is read, so a reader without the lock finds an old item or none, never another
//!   place.
//! - `start` and `len` change under the deque's lock together with the ring.
//! - A `defaultdict` begins with a [`Dict`]; `dd` is given its instances only.

use crate::itertools::{bind, itself, make, signature};
use crate::native_layout;
use adder_vm::builtins::{dict, list, slicing};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

pub static MODULE: NativeModule = NativeModule {
    name: "_collections",
    doc: "High performance data structures.\n- deque:        ordered collection accessible from endpoints only\n- defaultdict:  dict subclass with a default value factory\n",
    functions: &[function(
        "_count_elements",
        "($module, mapping, iterable, /)",
        "Count elements in the iterable, updating the mapping",
        count_elements,
    )],
    types: &[&DEQUE, &DEFAULTDICT, &crate::ordered_dict::ODICT, &TUPLEGETTER, &DEQUE_ITER, &DEQUE_REV_ITER],
    init: None,
};

// -- deque: a ring in an array whose capacity is a power of two

native_layout! { Deque { ring: Array; start: Plain<usize>, len: Plain<usize>, maxlen: Plain<i64>, version: Plain<u64> } }

pub static DEQUE_TYPE: NativeType = NativeType {
    name: "collections.deque",
    kind: Kind::Native,
    size: Deque::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SEQUENCE | tflags::SHOWN_AS_HEAP,
    doc: "A list-like sequence optimized for data accesses near its endpoints.",
    text_signature: Some("([iterable[, maxlen]])"),
    slots: Slots {
        new: Some(|th, t, _| {
            let a = th.array(8)?;
            let o = make(th, t)?;
            let d = Deque::of(o);
            th.store(d, &d.ring, a);
            d.maxlen.set(-1);
            Ok(o)
        }),
        init: Some(deque_init),
        repr: Some(deque_repr),
        hash: Some(adder_vm::slot_defs::hash_not_implemented),
        richcompare: Some(deque_compare),
        iter: Some(|th, o| deque_iter(th, o, &DEQUE_ITER)),
        len: Some(|_, o| Ok(Deque::of(o).len.get())),
        getitem: Some(|th, o, k| {
            let d = Deque::of(o);
            let i = position(th, k)?;
            {
                let _g = th.lock(d);
                if let Some(j) = slicing::index(i, d.len.get()) {
                    return Ok(at(d, j));
                }
            }
            Err(th.index_error("deque index out of range"))
        }),
        setitem: Some(|th, o, k, v| {
            let d = Deque::of(o);
            let i = position(th, k)?;
            {
                let _g = th.lock(d);
                if let Some(j) = slicing::index(i, d.len.get()) {
                    match v {
                        Some(v) => put(th, d, j, v),
                        None => del_at(th, d, j),
                    }
                    return Ok(());
                }
            }
            Err(th.index_error("deque index out of range"))
        }),
        contains: Some(|th, o, v| Ok(find(th, Deque::of(o), v, 0, usize::MAX)?.is_some())),
        concat: Some(|th, a, b| {
            if !is_deque(th, b) {
                return Err(th.type_error(format!(
                    "can only concatenate deque (not \"{}\") to deque",
                    th.type_name_of(b)
                )));
            }
            let c = copy(th, a)?;
            extend(th, Deque::of(c), b)?;
            Ok(c)
        }),
        iconcat: Some(|th, a, b| {
            extend(th, Deque::of(a), b)?;
            Ok(a)
        }),
        repeat: Some(|th, a, n| {
            let c = copy(th, a)?;
            repeat_in_place(th, Deque::of(c), n)?;
            Ok(c)
        }),
        irepeat: Some(|th, a, n| {
            repeat_in_place(th, Deque::of(a), n)?;
            Ok(a)
        }),
        ..Slots::NONE
    },
    methods: &[
        method("append", "($self, item, /)", "Add an element to the right side of the deque.", |th, a| {
            push_right(th, Deque::of(a[0].unwrap()), a[1].unwrap())?;
            Ok(NONE())
        }),
        method("appendleft", "($self, item, /)", "Add an element to the left side of the deque.", |th, a| {
            push_left(th, Deque::of(a[0].unwrap()), a[1].unwrap())?;
            Ok(NONE())
        }),
        method("pop", "($self, /)", "Remove and return the rightmost element.", |th, a| {
            pop_right(th, Deque::of(a[0].unwrap())).ok_or_else(|| th.index_error("pop from an empty deque"))
        }),
        method("popleft", "($self, /)", "Remove and return the leftmost element.", |th, a| {
            pop_left(th, Deque::of(a[0].unwrap())).ok_or_else(|| th.index_error("pop from an empty deque"))
        }),
        method("clear", "($self, /)", "Remove all elements from the deque.", |th, a| {
            let d = Deque::of(a[0].unwrap());
            let r = th.array(8)?;
            let _g = th.lock(d);
            th.store(d, &d.ring, r);
            d.start.set(0);
            d.len.set(0);
            d.version.set(d.version.get() + 1);
            Ok(NONE())
        }),
        method("copy", "($self, /)", "Return a shallow copy of a deque.", |th, a| copy(th, a[0].unwrap())),
        method("__copy__", "($self, /)", "Return a shallow copy of a deque.", |th, a| {
            copy(th, a[0].unwrap())
        }),
        method("count", "($self, value, /)", "Return number of occurrences of value.", |th, a| {
            let d = Deque::of(a[0].unwrap());
            let (v, mut c, mut i) = (d.version.get(), 0, 0);
            while let Some(x) = item(th, d, i, v)? {
                c += th.eq(x, a[1].unwrap())? as i64;
                i += 1;
            }
            Ok(th.int(c))
        }),
        method(
            "extend",
            "($self, iterable, /)",
            "Extend the right side of the deque with elements from the iterable.",
            |th, a| {
                extend(th, Deque::of(a[0].unwrap()), a[1].unwrap())?;
                Ok(NONE())
            },
        ),
        method(
            "extendleft",
            "($self, iterable, /)",
            "Extend the left side of the deque with elements from the iterable.",
            |th, a| {
                let d = Deque::of(a[0].unwrap());
                let mut src = a[1].unwrap();
                if src.is(a[0].unwrap()) {
                    src = list::from_iterable(th, src)?.value();
                }
                th.for_each(src, |v| push_left(th, d, v))?;
                Ok(NONE())
            },
        ),
        method(
            "index",
            "!($self, value, start=0, stop=sys.maxsize, /)#($self, value, [start, [stop]])",
            "Return first index of value.\n\nRaises ValueError if the value is not present.",
            deque_index,
        ),
        method("insert", "($self, index, value, /)", "Insert value before index.", |th, a| {
            let d = Deque::of(a[0].unwrap());
            let i = th.index_i64(a[1].unwrap())?;
            loop {
                reserve(th, d)?;
                let _g = th.lock(d);
                let n = d.len.get();
                if d.maxlen.get() == n as i64 {
                    break;
                }
                if n == ring(d).cap {
                    continue;
                }
                let j = (if i < 0 { i.saturating_add(n as i64) } else { i }).clamp(0, n as i64) as usize;
                // The shorter part moves.
                if j <= n / 2 {
                    let cap = ring(d).cap;
                    d.start.set((d.start.get() + cap - 1) & (cap - 1));
                    for k in 0..j {
                        let x = at(d, k + 1);
                        put(th, d, k, x);
                    }
                } else {
                    for k in (j..n).rev() {
                        let x = at(d, k);
                        put(th, d, k + 1, x);
                    }
                }
                put(th, d, j, a[2].unwrap());
                d.len.set(n + 1);
                d.version.set(d.version.get() + 1);
                return Ok(NONE());
            }
            Err(th.index_error("deque already at its maximum size"))
        }),
        method("remove", "($self, value, /)", "Remove first occurrence of value.", |th, a| {
            let d = Deque::of(a[0].unwrap());
            let (n, version) = (d.len.get(), d.version.get());
            let mutated = || th.index_error(MUTATED);
            for i in 0..n {
                let x = {
                    let _g = th.lock(d);
                    if d.version.get() == version { Some(at(d, i)) } else { None }
                };
                let same = th.eq(x.ok_or_else(mutated)?, a[1].unwrap())?;
                {
                    let _g = th.lock(d);
                    // It may have as many elements, but others.
                    if d.version.get() == version {
                        if !same {
                            continue;
                        }
                        del_at(th, d, i);
                        return Ok(NONE());
                    }
                }
                return Err(mutated());
            }
            Err(th.value_error("deque.remove(x): x not in deque"))
        }),
        method("reverse", "($self, /)", "Reverse *IN PLACE*.", |th, a| {
            let d = Deque::of(a[0].unwrap());
            let _g = th.lock(d);
            let n = d.len.get();
            for i in 0..n / 2 {
                let (x, y) = (at(d, i), at(d, n - 1 - i));
                put(th, d, i, y);
                put(th, d, n - 1 - i, x);
            }
            // No change to iterators, as in CPython.
            Ok(NONE())
        }),
        method(
            "rotate",
            "($self, n=1, /)",
            "Rotate the deque n steps to the right.  If n is negative, rotates left.",
            |th, a| {
                let d = Deque::of(a[0].unwrap());
                let k = match a[1] {
                    Some(v) => th.index_i64(v)?,
                    None => 1,
                };
                let _g = th.lock(d);
                let n = d.len.get() as i64;
                if n > 1 {
                    // The shorter way round.
                    let k = k.rem_euclid(n);
                    let cap = ring(d).cap;
                    if k <= n / 2 {
                        for _ in 0..k {
                            let v = take_right(d);
                            d.start.set((d.start.get() + cap - 1) & (cap - 1));
                            d.len.set(n as usize);
                            put(th, d, 0, v);
                        }
                    } else {
                        for _ in k..n {
                            let v = take_left(d);
                            d.len.set(n as usize);
                            put(th, d, n as usize - 1, v);
                        }
                    }
                    d.version.set(d.version.get() + 1);
                }
                Ok(NONE())
            },
        ),
        method("__reversed__", "($self, /)", "Return a reverse iterator over the deque.", |th, a| {
            deque_iter(th, a[0].unwrap(), &DEQUE_REV_ITER)
        }),
        method("__reduce__", "($self, /)", "Return state information for pickling.", |th, a| {
            let o = a[0].unwrap();
            let d = Deque::of(o);
            let st = th.call_method(o, n!(__getstate__), &[])?;
            let it = th.iter(o)?;
            let args = if d.maxlen.get() < 0 {
                th.tuple(&[])
            } else {
                th.tuple(&[th.tuple(&[]), th.int(d.maxlen.get())])
            };
            Ok(th.tuple(&[th.type_of(o).value(), args, st, it]))
        }),
        classmethod(
            "__class_getitem__",
            "!($type, object, /)",
            "deques are generic over the type of their contents",
            |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[getter("maxlen", "maximum size of a deque or None if unbounded", |th, o| {
        let m = Deque::of(o).maxlen.get();
        Ok(if m < 0 { NONE() } else { th.int(m) })
    })],
    trace: Some(Deque::trace),
    ..NativeType::DEFAULT
};
pub static DEQUE: TypeCell = TypeCell::new(&DEQUE_TYPE);

fn deque_index(th: Th, a: &[Option<Value>]) -> R<Value> {
    {
        let d = Deque::of(a[0].unwrap());
        let n = d.len.get() as i64;
        let fix = |v: Option<Value>, default: i64| -> R<i64> {
            let i = match v {
                Some(v) => th.index_clamped(v)?,
                None => default,
            };
            Ok((if i < 0 { i + n } else { i }).clamp(0, n))
        };
        let (s, e) = (fix(a[2], 0)?, fix(a[3], n)?);
        match find(th, d, a[1].unwrap(), s as usize, e as usize)? {
            Some(i) => Ok(th.int(i as i64)),
            None => Err(th.value_error("deque.index(x): x not in deque")),
        }
    }
}

const MUTATED: &str = "deque mutated during iteration";

/// The index of `d[k]`, as what is a sequence and no mapping says it.
fn position(th: Th, k: Value) -> R<i64> {
    if let Some(n) = k.as_fix() {
        return Ok(n);
    }
    if th.type_of(k).slots.index.is_none() {
        return Err(th.type_error(format!("sequence index must be integer, not '{}'", th.type_name_of(k))));
    }
    adder_vm::builtins::slice::item_index(th, k, "sequence")
}
fn is_deque(th: Th, v: Value) -> bool {
    th.isinstance_exact(v, DEQUE.get())
}
fn ring(d: Gc<Deque>) -> Gc<Array> {
    d.ring.gc()
}
fn at(d: Gc<Deque>, i: usize) -> Value {
    let r = ring(d);
    r.slot((d.start.get() + i) & (r.cap - 1)).get().unwrap_or(NONE())
}
fn put(th: Th, d: Gc<Deque>, i: usize, v: Value) {
    let r = ring(d);
    th.store(r, r.slot((d.start.get() + i) & (r.cap - 1)), v);
}
/// Room for one more.
fn reserve(th: Th, d: Gc<Deque>) -> R<()> {
    let r = ring(d);
    if d.len.get() < r.cap {
        return Ok(());
    }
    let nr = th.array(r.cap * 2)?;
    let _g = th.lock(d);
    if ring(d) != r {
        return Ok(());
    }
    for i in 0..d.len.get() {
        nr.slot(i).init(Some(at(d, i)));
    }
    th.m.barrier_all(nr.obj());
    th.store(d, &d.ring, nr);
    d.start.set(0);
    Ok(())
}
fn push_right(th: Th, d: Gc<Deque>, v: Value) -> R<()> {
    loop {
        reserve(th, d)?;
        let _g = th.lock(d);
        if d.len.get() == ring(d).cap {
            continue;
        }
        if make_room(d, true) {
            let n = d.len.get();
            put(th, d, n, v);
            d.len.set(n + 1);
        }
        d.version.set(d.version.get() + 1);
        return Ok(());
    }
}
fn push_left(th: Th, d: Gc<Deque>, v: Value) -> R<()> {
    loop {
        reserve(th, d)?;
        let _g = th.lock(d);
        let cap = ring(d).cap;
        if d.len.get() == cap {
            continue;
        }
        if make_room(d, false) {
            d.start.set((d.start.get() + cap - 1) & (cap - 1));
            put(th, d, 0, v);
            d.len.set(d.len.get() + 1);
        }
        d.version.set(d.version.get() + 1);
        return Ok(());
    }
}
/// Drops elements from the other end so that one more keeps to `maxlen`; false if even that is too much. Under the lock.
fn make_room(d: Gc<Deque>, left: bool) -> bool {
    let m = d.maxlen.get();
    if m >= 0 {
        while d.len.get() > 0 && d.len.get() as i64 >= m {
            if left {
                take_left(d);
            } else {
                take_right(d);
            }
        }
    }
    m != 0
}
fn take_left(d: Gc<Deque>) -> Value {
    let r = ring(d);
    let v = at(d, 0);
    r.slot(d.start.get()).init(None);
    d.start.set((d.start.get() + 1) & (r.cap - 1));
    d.len.set(d.len.get() - 1);
    d.version.set(d.version.get() + 1);
    v
}
fn take_right(d: Gc<Deque>) -> Value {
    let (r, n) = (ring(d), d.len.get() - 1);
    let v = at(d, n);
    r.slot((d.start.get() + n) & (r.cap - 1)).init(None);
    d.len.set(n);
    d.version.set(d.version.get() + 1);
    v
}
fn pop_left(th: Th, d: Gc<Deque>) -> Option<Value> {
    let _g = th.lock(d);
    if d.len.get() == 0 { None } else { Some(take_left(d)) }
}
fn pop_right(th: Th, d: Gc<Deque>) -> Option<Value> {
    let _g = th.lock(d);
    if d.len.get() == 0 { None } else { Some(take_right(d)) }
}
/// Under the lock. The shorter part moves: queues lose what is near their beginning.
fn del_at(th: Th, d: Gc<Deque>, i: usize) {
    let n = d.len.get();
    if i < n / 2 {
        for k in (0..i).rev() {
            let x = at(d, k);
            put(th, d, k + 1, x);
        }
        take_left(d);
    } else {
        for k in i..n - 1 {
            let x = at(d, k + 1);
            put(th, d, k, x);
        }
        take_right(d);
    }
}
fn extend(th: Th, d: Gc<Deque>, src: Value) -> R<()> {
    let src = if src.is(d.value()) { list::from_iterable(th, src)?.value() } else { src };
    th.for_each(src, |v| push_right(th, d, v))
}
fn find(th: Th, d: Gc<Deque>, v: Value, from: usize, to: usize) -> R<Option<usize>> {
    let ver = d.version.get();
    for i in from..to {
        let Some(x) = item(th, d, i, ver)? else { break };
        // What is found is found, even if the comparison has changed the deque.
        if th.eq(x, v)? {
            return Ok(Some(i));
        }
        item(th, d, i, ver)?;
    }
    Ok(None)
}
/// An element of a deque that has not changed since it had this version; None: beyond the end.
fn item(th: Th, d: Gc<Deque>, i: usize, version: u64) -> R<Option<Value>> {
    {
        let _g = th.lock(d);
        if d.version.get() == version {
            return Ok(if i < d.len.get() { Some(at(d, i)) } else { None });
        }
    }
    Err(th.runtime_error(MUTATED))
}
fn repeat_in_place(th: Th, d: Gc<Deque>, n: i64) -> R<()> {
    let items = list::from_iterable(th, d.value())?;
    if n <= 0 {
        while pop_right(th, d).is_some() {}
        return Ok(());
    }
    let len = items.len();
    if len == 0 {
        return Ok(());
    }
    if len > 1 && len as i128 * n as i128 > i64::MAX as i128 {
        return Err(th.memory_error());
    }
    // Only the last `maxlen` remain: what would be before them is not appended.
    let m = d.maxlen.get();
    let n = if m >= 0 { n.min((m / len as i64).saturating_add(2)) } else { n };
    if len as i128 * n as i128 > i64::MAX as i128 / 8 {
        return Err(th.memory_error());
    }
    for _ in 1..n {
        extend(th, d, items.value())?;
    }
    Ok(())
}
fn copy(th: Th, o: Value) -> R<Value> {
    let d = Deque::of(o);
    let t = th.type_of(o);
    if t == DEQUE.get() {
        let c = make(th, t.value())?;
        loop {
            let r = th.array(ring(d).cap)?;
            let x = Deque::of(c);
            let _g = th.lock(d);
            let n = d.len.get();
            if n > r.cap {
                continue;
            }
            for i in 0..n {
                r.slot(i).init(Some(at(d, i)));
            }
            th.m.barrier_all(r.obj());
            th.store(x, &x.ring, r);
            x.maxlen.set(d.maxlen.get());
            x.len.set(n);
            return Ok(c);
        }
    }
    if d.maxlen.get() < 0 {
        th.call(t.value(), &[o])
    } else {
        th.call(t.value(), &[o, th.int(d.maxlen.get())])
    }
}
static DEQUE_SIG: NativeDef = signature("deque", "(iterable=(), maxlen=None)");
fn deque_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [it, m] = bind::<2>(th, &DEQUE_SIG, a)?;
    let d = Deque::of(o);
    d.maxlen.set(match m.and_then(|m| m.some()) {
        Some(m) => {
            if !matches!(m.kind(), Kind::Int | Kind::Bool) {
                return Err(th.type_error("an integer is required"));
            }
            let n = th.index_i64(m)?;
            if n < 0 {
                return Err(th.value_error("maxlen must be non-negative"));
            }
            n
        }
        None => -1,
    });
    while pop_right(th, d).is_some() {}
    match it {
        Some(it) => extend(th, d, it),
        None => Ok(()),
    }
}
fn deque_repr(th: Th, o: Value) -> R<Value> {
    let name = th.type_of(o).name_str().to_string();
    if th.repr_enter(o) {
        return Ok(th.str("[...]"));
    }
    let r = list::from_iterable(th, o).and_then(|l| th.repr(l.value()));
    th.repr_leave(o);
    let s = th.text(r?);
    let m = Deque::of(o).maxlen.get();
    Ok(th.str(&if m < 0 { format!("{name}({s})") } else { format!("{name}({s}, maxlen={m})") }))
}
fn deque_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !is_deque(th, a) || !is_deque(th, b) {
        return Ok(NOT_IMPLEMENTED());
    }
    if matches!(op, CmpOp::Eq | CmpOp::Ne) {
        if a.is(b) {
            return Ok(Value::bool(op == CmpOp::Eq));
        }
        if Deque::of(a).len.get() != Deque::of(b).len.get() {
            return Ok(Value::bool(op == CmpOp::Ne));
        }
    }
    // Item by item: a comparison that changes one of them is told by its iterator.
    let (x, y) = (th.iter(a)?, th.iter(b)?);
    loop {
        let (v, w) = (th.next(x)?, th.next(y)?);
        let (Some(v), Some(w)) = (v, w) else {
            return Ok(Value::bool(op.holds(v.is_some().cmp(&w.is_some()))));
        };
        if !v.is(w) && !th.eq(v, w)? {
            let r = adder_vm::builtins::ops::compare_value(th, v, w, op)?;
            return Ok(Value::bool(th.truth(r)?));
        }
    }
}

native_layout! { DequeIter { deque; i: Plain<usize>, version: Plain<u64> } }
fn deque_iter(th: Th, o: Value, cell: &'static TypeCell) -> R<Value> {
    let i = make(th, th.make_type(cell).value())?;
    let x = DequeIter::of(i);
    th.store(x, &x.deque, o);
    x.version.set(Deque::of(o).version.get());
    Ok(i)
}
fn iter_step(th: Th, o: Value, rev: bool) -> R<Option<Value>> {
    let x = DequeIter::of(o);
    let Some(d) = x.deque.get().map(Deque::of) else { return Ok(None) };
    let changed = {
        let _g = th.lock(d);
        let (i, n) = (x.i.get(), d.len.get());
        if d.version.get() != x.version.get() {
            true
        } else if i < n {
            x.i.set(i + 1);
            return Ok(Some(at(d, if rev { n - 1 - i } else { i })));
        } else {
            false
        }
    };
    // What declines is done again.
    if !(changed && th.is_quiet()) {
        x.deque.init(None);
    }
    if changed { Err(th.runtime_error(MUTATED)) } else { Ok(None) }
}
static DEQUE_ITER_SIG: NativeDef = signature("_deque_iterator", "(iterable, index=0, /)");
macro_rules! deque_iterator {
    ($t:ident $cell:ident $name:literal $rev:literal) => {
        static $t: NativeType = NativeType {
            name: concat!("collections.", $name),
            kind: Kind::Native,
            size: DequeIter::SIZE,
            flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP | tflags::STEPS_ALONE,
            slots: Slots {
                iter: Some(itself),
                iternext: Some(|th, o| iter_step(th, o, $rev)),
                new: Some(|th, _, a| {
                    let [d, i] = bind::<2>(th, &DEQUE_ITER_SIG, a)?;
                    let d = d.unwrap();
                    if !is_deque(th, d) {
                        return Err(th.type_error(format!(
                            "argument 1 must be collections.deque, not {}",
                            th.type_name_of(d)
                        )));
                    }
                    let it = deque_iter(th, d, &$cell)?;
                    let n = match i {
                        Some(i) => th.index_i64(i)?,
                        None => 0,
                    };
                    for _ in 0..n {
                        if iter_step(th, it, $rev)?.is_none() {
                            break;
                        }
                    }
                    Ok(it)
                }),
                ..Slots::NONE
            },
            methods: &[
                method(
                    "__length_hint__",
                    "($self, /)",
                    "Private method returning an estimate of len(list(it)).",
                    |th, a| {
                        let x = DequeIter::of(a[0].unwrap());
                        Ok(th.int(
                            x.deque.get().map_or(0, |d| Deque::of(d).len.get().saturating_sub(x.i.get()))
                                as i64,
                        ))
                    },
                ),
                method("__reduce__", "($self, /)", "Return state information for pickling.", |th, a| {
                    let o = a[0].unwrap();
                    let x = DequeIter::of(o);
                    let d = match x.deque.get() {
                        Some(d) => d,
                        None => th.call(DEQUE.get().value(), &[])?,
                    };
                    Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&[d, th.int(x.i.get() as i64)])]))
                }),
            ],
            trace: Some(DequeIter::trace),
            ..NativeType::DEFAULT
        };
        static $cell: TypeCell = TypeCell::new(&$t);
    };
}
deque_iterator! { DEQUE_ITER_TYPE DEQUE_ITER "_deque_iterator" false }
deque_iterator! { DEQUE_REV_ITER_TYPE DEQUE_REV_ITER "_deque_reverse_iterator" true }

// -- defaultdict: a dict whose layout has one more slot

#[repr(C)]
struct DefaultDict {
    base: Dict,
    factory: Slot,
}
fn dd(o: Value) -> Gc<DefaultDict> {
    unsafe { o.cast_unchecked() }
}
pub static DEFAULTDICT_TYPE: NativeType = NativeType {
    name: "collections.defaultdict",
    kind: Kind::Dict,
    size: size_of::<DefaultDict>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MAPPING | tflags::SHOWN_AS_HEAP,
    doc: "defaultdict(default_factory=None, /, [...]) --> dict with default factory\n\nThe default factory is called without arguments to produce\na new value when a key is not present, in __getitem__ only.\nA defaultdict compares equal to a dict with the same items.\nAll remaining arguments are treated the same as if they were\npassed to the dict constructor, including keyword arguments.\n",
    base: Some(&dict::DICT),
    slots: Slots {
        init: Some(|th, o, a| {
            let f = a.pos().first().copied();
            if let Some(f) = f
                && !f.is_none()
                && th.type_of(f).slots.call.is_none()
            {
                return Err(th.type_error("first argument must be callable or None"));
            }
            th.store_opt(dd(o), &dd(o).factory, f.and_then(|f| f.some()));
            let base = dict::DICT.get().slots.init.expect("dict has __init__");
            base(th, o, if f.is_some() { a.skip(1) } else { a })
        }),
        repr: Some(|th, o| {
            let base = th.text(dict::DICT.get().slots.repr.expect("dict has __repr__")(th, o)?);
            let f = match dd(o).factory.get() {
                None => "None".to_string(),
                Some(_) if th.repr_enter(o) => "...".to_string(),
                Some(f) => {
                    let r = th.repr(f);
                    th.repr_leave(o);
                    th.text(r?)
                }
            };
            Ok(th.str(&format!("{}({f}, {base})", th.type_of(o).name_str())))
        }),
        or: Some(|th, a, b| {
            if !a.is_kind(Kind::Dict) || !b.is_kind(Kind::Dict) {
                return Ok(NOT_IMPLEMENTED());
            }
            let mine = if th.isinstance_exact(a, DEFAULTDICT.get()) { a } else { b };
            let c = th.call(th.type_of(mine).value(), &[Value::opt_or_none(dd(mine).factory.get()), a])?;
            // A subclass may make anything.
            let Some(d) = c.cast::<Dict>() else {
                return Err(th.system_error("bad argument to internal function"));
            };
            dict::update_from(th, d, b)?;
            Ok(c)
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "__missing__",
            "($self, object, /)",
            "__missing__(key) # Called by __getitem__ for missing key; pseudo-code:\n  if self.default_factory is None: raise KeyError((key,))\n  self[key] = value = self.default_factory()\n  return value\n",
            |th, a| {
                let (o, k) = (a[0].unwrap(), a[1].unwrap());
                match dd(o).factory.get().and_then(|f| f.some()) {
                    None => Err(th.key_error(k)),
                    Some(f) => {
                        th.may_call(f)?;
                        let v = th.call(f, &[])?;
                        // The factory may have put one in.
                        let d: Gc<Dict> = o.known();
                        let h = th.hash(k)?;
                        Ok(d.insert(th, k, h, v, false)?.unwrap_or(v))
                    }
                }
            },
        ),
        method("copy", "($self, /)", "D.copy() -> a shallow copy of D.", dd_copy),
        method("__copy__", "($self, /)", "D.copy() -> a shallow copy of D.", dd_copy),
        method("__reduce__", "($self, /)", "Return state information for pickling.", |th, a| {
            let o = a[0].unwrap();
            let args = match dd(o).factory.get() {
                Some(f) => th.tuple(&[f]),
                None => th.tuple(&[]),
            };
            let items = th.call_method(o, n!(items), &[])?;
            let it = th.iter(items)?;
            Ok(th.tuple(&[th.type_of(o).value(), args, NONE(), NONE(), it]))
        }),
        classmethod(
            "__class_getitem__",
            "!($type, object, /)",
            "defaultdicts are generic over two types, signifying (respectively) the types of the dictionary's keys and values",
            |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    members: &[MemberDef {
        name: "default_factory",
        doc: "Factory for default value called by __missing__().",
        offset: std::mem::offset_of!(DefaultDict, factory) as u32,
        flags: member::NONE_IF_NULL,
    }],
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const DefaultDict)).factory.as_ptr()) }),
    ..NativeType::DEFAULT
};
pub static DEFAULTDICT: TypeCell = TypeCell::new(&DEFAULTDICT_TYPE);

fn dd_copy(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    th.call(th.type_of(o).value(), &[Value::opt_or_none(dd(o).factory.get()), o])
}

// -- helpers of the library

fn count_elements(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (m, it) = (a[0].unwrap(), a[1].unwrap());
    let plain_get = th.lookup(th.type_of(m), n!(get)) == th.lookup(dict::DICT.get(), n!(get))
        && th.lookup(th.type_of(m), n!(__setitem__)) == th.lookup(dict::DICT.get(), n!(__setitem__));
    if let (true, Some(d)) = (plain_get, m.cast::<Dict>()) {
        th.for_each(it, |k| {
            if d.count_quick(th, k)? {
                return Ok(());
            }
            let h = th.hash(k)?;
            let v = match d.get_hashed(th, k, h)? {
                Some(v) if v.as_fix().is_some_and(|n| n < 1 << 60) => Value::fix(v.as_fix().unwrap() + 1),
                Some(v) => adder_vm::builtins::ops::add(th, v, Value::fix(1))?,
                None => Value::fix(1),
            };
            d.set_hashed(th, k, h, v)
        })?;
    } else {
        let get = th.getattr(m, n!(get))?;
        th.for_each(it, |k| {
            let v = th.call(get, &[k, Value::fix(0)])?;
            let v = adder_vm::builtins::ops::add(th, v, Value::fix(1))?;
            th.setitem(m, k, Some(v))
        })?;
    }
    Ok(NONE())
}

native_layout! { TupleGetter { doc; index: Plain<i64> } }
static TUPLEGETTER_TYPE: NativeType = NativeType {
    name: "collections._tuplegetter",
    kind: Kind::Native,
    size: TupleGetter::SIZE,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(|th, t, a| {
            let [i, d] = bind::<2>(th, &TUPLEGETTER_SIG, a)?;
            let i = th.index_i64(i.unwrap())?;
            let o = make(th, t)?;
            let g = TupleGetter::of(o);
            g.index.set(i);
            th.store(g, &g.doc, d.unwrap());
            Ok(o)
        }),
        repr: Some(|th, o| {
            let g = TupleGetter::of(o);
            let d = th.text(th.repr(g.doc.value())?);
            Ok(th.str(&format!("_tuplegetter({}, {d})", g.index.get())))
        }),
        descr_get: Some(|th, d, o, _| {
            let Some(o) = o else { return Ok(d) };
            let g = TupleGetter::of(d);
            let Some(t) = o.cast::<Tuple>() else {
                return Err(th.type_error(format!(
                    "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object",
                    g.index.get(),
                    th.type_name_of(o)
                )));
            };
            match t.items().get(g.index.get() as usize) {
                Some(v) => Ok(*v),
                None => Err(th.index_error("tuple index out of range")),
            }
        }),
        descr_set: Some(|th, _, _, v| {
            Err(th.attribute_error_msg(if v.is_some() {
                "can't set attribute"
            } else {
                "can't delete attribute"
            }))
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "", |th, a| {
        let o = a[0].unwrap();
        let g = TupleGetter::of(o);
        Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&[th.int(g.index.get()), g.doc.value()])]))
    })],
    members: &[MemberDef {
        name: "__doc__",
        doc: "",
        offset: std::mem::offset_of!(TupleGetter, doc) as u32,
        flags: 0,
    }],
    trace: Some(TupleGetter::trace),
    ..NativeType::DEFAULT
};
static TUPLEGETTER: TypeCell = TypeCell::new(&TUPLEGETTER_TYPE);
static TUPLEGETTER_SIG: NativeDef = signature("_tuplegetter", "(index, doc, /)");
