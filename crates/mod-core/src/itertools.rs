//! `itertools`: the simple iterators; the combinatoric ones are in [`combinatorics`].
//!
//! # Invariants
//! What a slot of an iterator holds is set by its constructor and of the kind that is read here (`saved` a list, `its`
//! an array); instances cannot be had without it. Two threads in one iterator may see an item twice or not at all, as
//! every field is one word and lists and arrays test the index.

mod combinatorics;
mod grouping;

use crate::native_layout;
use adder_vm::builtins::{iters, ops};
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

pub static MODULE: NativeModule = NativeModule {
    name: "itertools",
    doc: "Functional tools for creating and using iterators.\n\nInfinite iterators:\ncount(start=0, step=1) --> start, start+step, start+2*step, ...\ncycle(p) --> p0, p1, ... plast, p0, p1, ...\nrepeat(elem [,n]) --> elem, elem, elem, ... endlessly or up to n times\n\nIterators terminating on the shortest input sequence:\naccumulate(p[, func]) --> p0, p0+p1, p0+p1+p2\nbatched(p, n) --> [p0, p1, ..., p_n-1], [p_n, p_n+1, ..., p_2n-1], ...\nchain(p, q, ...) --> p0, p1, ... plast, q0, q1, ...\nchain.from_iterable([p, q, ...]) --> p0, p1, ... plast, q0, q1, ...\ncompress(data, selectors) --> (d[0] if s[0]), (d[1] if s[1]), ...\ndropwhile(predicate, seq) --> seq[n], seq[n+1], starting when predicate fails\ngroupby(iterable[, keyfunc]) --> sub-iterators grouped by value of keyfunc(v)\nfilterfalse(predicate, seq) --> elements of seq where predicate(elem) is False\nislice(seq, [start,] stop [, step]) --> elements from\n       seq[start:stop:step]\npairwise(s) --> (s[0],s[1]), (s[1],s[2]), (s[2], s[3]), ...\nstarmap(fun, seq) --> fun(*seq[0]), fun(*seq[1]), ...\ntee(it, n=2) --> (it1, it2 , ... itn) splits one iterator into n\ntakewhile(predicate, seq) --> seq[0], seq[1], until predicate fails\nzip_longest(p, q, ...) --> (p[0], q[0]), (p[1], q[1]), ...\n\nCombinatoric generators:\nproduct(p, q, ... [repeat=1]) --> cartesian product\npermutations(p[, r])\ncombinations(p, r)\ncombinations_with_replacement(p, r)\n",
    functions: &[grouping::TEE_DEF],
    types: &[
        &ACCUMULATE,
        &grouping::BATCHED,
        &CHAIN,
        &combinatorics::COMBINATIONS,
        &combinatorics::COMBINATIONS_R,
        &COMPRESS,
        &COUNT,
        &CYCLE,
        &DROPWHILE,
        &FILTERFALSE,
        &grouping::GROUPBY,
        &grouping::GROUPER,
        &ISLICE,
        &PAIRWISE,
        &combinatorics::PERMUTATIONS,
        &combinatorics::PRODUCT,
        &REPEAT,
        &STARMAP,
        &TAKEWHILE,
        &grouping::TEE,
        &grouping::TEE_DATA,
        &ZIP_LONGEST,
    ],
    init: None,
};

pub(crate) use adder_vm::declare::{bind, itself, make, signature};

/// What `__text_signature__` of the types shows.
const SIGNATURES: &[(&str, &str)] = &[
    ("_tee", "(iterable, /)"),
    ("accumulate", "(iterable, func=None, *, initial=None)"),
    ("batched", "(iterable, n, *, strict=False)"),
    ("chain", "(*iterables)"),
    ("combinations", "(iterable, r)"),
    ("combinations_with_replacement", "(iterable, r)"),
    ("compress", "(data, selectors)"),
    ("count", "(start=0, step=1)"),
    ("cycle", "(iterable, /)"),
    ("dropwhile", "(predicate, iterable, /)"),
    ("filterfalse", "(function, iterable, /)"),
    ("groupby", "(iterable, key=None)"),
    ("pairwise", "(iterable, /)"),
    ("permutations", "(iterable, r=None)"),
    ("product", "(*iterables, repeat=1)"),
    ("starmap", "(function, iterable, /)"),
    ("takewhile", "(predicate, iterable, /)"),
    ("zip_longest", "(*iterables, fillvalue=None)"),
];
const fn text_signature(name: &str) -> Option<&'static str> {
    let s = adder_vm::declare::text_of(SIGNATURES, name);
    if s.is_empty() { None } else { Some(s) }
}

/// A native iterator type of this module.
macro_rules! iterator {
    ($t:ident $cell:ident $name:literal $layout:ident $new:ident $next:ident $doc:literal [$($m:expr),*] $($flag:ident)? $(=> $inner:expr)?) => {
        pub static $t: NativeType = NativeType {
            name: concat!("itertools.", $name),
            kind: Kind::Native,
            size: $layout::SIZE,
            flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP $(| tflags::$flag)?,
            doc: $doc,
            text_signature: crate::itertools::text_signature($name),
            slots: Slots { new: Some($new), iter: Some(crate::itertools::itself), iternext: Some($next), ..Slots::NONE },
            methods: &[$($m),*],
            trace: Some($layout::trace),
            $(inner: Some($inner),)?
            ..NativeType::DEFAULT
        };
        pub static $cell: TypeCell = TypeCell::new(&$t);
    };
}
pub(crate) use iterator;

// -- chain

native_layout! { Chain { source, active; } }
iterator! { CHAIN_TYPE CHAIN "chain" Chain chain_new chain_next
    "Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted." [
    classmethod("from_iterable", "($type, iterable, /)", "Alternative chain() constructor taking a single iterable argument that evaluates lazily.", |th, a| {
        let src = th.iter(a[1].unwrap())?;
        chain_of(th, a[0].unwrap(), src)
    }),
    classmethod("__class_getitem__", "!($type, object, /)", "chain is generic over the type of its contents.\nThis is the union of the types of the input iterable contents.", |th, a| adder_vm::builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()))
]
// With the last item of one the next iterable's turn comes, which may be of a class with Python code.
=> |o| Chain::of(o).active.get().filter(|a| adder_vm::builtins::iter_fast::peek(*a).is_some()) }
fn chain_of(th: Th, t: Value, src: Value) -> R<Value> {
    let o = make(th, t)?;
    let c = Chain::of(o);
    th.store(c, &c.source, src);
    Ok(o)
}
/// The arguments that `__new__` looks at: the keywords belong to `__init__` if a subclass has its own.
pub(crate) fn for_new(t: Value, a: RawArgs) -> RawArgs {
    let class: Gc<Type> = t.known();
    let object = adder_vm::builtins::object::OBJECT.get();
    let own =
        class.heap_type() && class.slots.init.map(|f| f as usize) != object.slots.init.map(|f| f as usize);
    if a.nkw() != 0 && own { RawArgs::positional(a.pos()) } else { a }
}
fn no_kw(th: Th, a: RawArgs, name: &str) -> R<()> {
    if a.nkw() != 0 { Err(th.type_error(format!("{name}() takes no keyword arguments"))) } else { Ok(()) }
}
fn chain_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let a = for_new(t, a);
    no_kw(th, a, "chain")?;
    let args = th.try_tuple(a.pos())?;
    let src = th.iter(args)?;
    chain_of(th, t, src)
}
fn chain_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Chain::of(o);
    loop {
        let Some(src) = c.source.get() else { return Ok(None) };
        let active = match c.active.get() {
            Some(a) => a,
            None => match th.next(src) {
                Ok(Some(it)) => match th.iter(it) {
                    Ok(a) => {
                        th.store(c, &c.active, a);
                        a
                    }
                    Err(e) => {
                        c.source.init(None);
                        return Err(e);
                    }
                },
                r => {
                    c.source.init(None);
                    return r;
                }
            },
        };
        if let Some(v) = th.next(active)? {
            return Ok(Some(v));
        }
        c.active.init(None);
    }
}

// -- count

native_layout! { Count { next, step; } }
pub static COUNT_TYPE: NativeType = NativeType {
    name: "itertools.count",
    kind: Kind::Native,
    size: Count::SIZE,
    flags: NativeType::DEFAULT.flags | tflags::SHOWN_AS_HEAP | tflags::STEPS_ALONE,
    doc: "Return a count object whose .__next__() method returns consecutive values.\n\nEquivalent to:\n    def count(firstval=0, step=1):\n        x = firstval\n        while 1:\n            yield x\n            x += step",
    text_signature: Some("(start=0, step=1)"),
    slots: Slots {
        new: Some(count_new),
        iter: Some(itself),
        iternext: Some(count_next),
        repr: Some(|th, o| {
            let c = Count::of(o);
            let n = th.text(th.repr(c.next.value())?);
            Ok(th.str(&if c.step.value().as_fix() == Some(1) {
                format!("count({n})")
            } else {
                format!("count({n}, {})", th.text(th.repr(c.step.value())?))
            }))
        }),
        ..Slots::NONE
    },
    trace: Some(Count::trace),
    ..NativeType::DEFAULT
};
pub static COUNT: TypeCell = TypeCell::new(&COUNT_TYPE);
static COUNT_SIG: NativeDef = signature("count", "(start=0, step=1)");
fn count_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [start, step] = bind::<2>(th, &COUNT_SIG, a)?;
    for v in [start, step].into_iter().flatten() {
        let s = &th.type_of(v).slots;
        if s.index.is_none() && s.float.is_none() && s.int.is_none() && !v.is_kind(Kind::Complex) {
            return Err(th.type_error("a number is required"));
        }
    }
    let o = make(th, t)?;
    let c = Count::of(o);
    th.store(c, &c.next, start.unwrap_or(Value::fix(0)));
    th.store(c, &c.step, step.unwrap_or(Value::fix(1)));
    Ok(o)
}
fn count_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Count::of(o);
    // A shared counter gives each value once: retried if another thread was faster.
    loop {
        let v = c.next.value();
        let n = match (v.as_fix(), c.step.value().as_fix()) {
            (Some(a), Some(b)) if (a + b) >> 61 == (a + b) >> 62 => Value::fix(a + b),
            _ => ops::add(th, v, c.step.value())?,
        };
        use std::sync::atomic::Ordering::*;
        if c.next.raw().compare_exchange(v.bits(), n.bits(), AcqRel, Relaxed).is_ok() {
            th.m.barrier(c.obj(), c.next.as_ptr());
            return Ok(Some(v));
        }
    }
}

// -- cycle

native_layout! { Cycle { it, saved: List; index: Plain<usize> } }
iterator! { CYCLE_TYPE CYCLE "cycle" Cycle cycle_new cycle_next
"Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely." [] }
static CYCLE_SIG: NativeDef = signature("cycle", "(iterable, /)");
fn cycle_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it] = bind::<1>(th, &CYCLE_SIG, for_new(t, a))?;
    let it = th.iter(it.unwrap())?;
    let l = adder_vm::builtins::list::new(th, &[])?;
    let o = make(th, t)?;
    let c = Cycle::of(o);
    th.store(c, &c.it, it);
    th.store(c, &c.saved, l);
    Ok(o)
}
fn cycle_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Cycle::of(o);
    let l: Gc<List> = c.saved.gc();
    if let Some(it) = c.it.get() {
        if let Some(v) = th.next(it)? {
            adder_vm::builtins::list::append(th, l, v)?;
            return Ok(Some(v));
        }
        c.it.init(None);
    }
    let n = l.len.load(std::sync::atomic::Ordering::Relaxed) as usize;
    if n == 0 {
        return Ok(None);
    }
    let i = c.index.get();
    c.index.set(if i + 1 >= n { 0 } else { i + 1 });
    // Whoever reached the list through `gc` may have cut it.
    Ok(l.get(i))
}

// -- repeat

native_layout! { Repeat { v; left: Plain<i64> } }
pub static REPEAT_TYPE: NativeType = NativeType {
    name: "itertools.repeat",
    kind: Kind::Native,
    size: Repeat::SIZE,
    flags: NativeType::DEFAULT.flags | tflags::SHOWN_AS_HEAP | tflags::STEPS_ALONE,
    doc: "repeat(object [,times]) -> create an iterator which returns the object\nfor the specified number of times.  If not specified, returns the object\nendlessly.",
    slots: Slots {
        new: Some(repeat_new),
        iter: Some(itself),
        iternext: Some(|_, o| {
            let r = Repeat::of(o);
            match r.left.get() {
                0 => return Ok(None),
                -1 => {}
                n => r.left.set(n - 1),
            }
            Ok(r.v.get())
        }),
        repr: Some(|th, o| {
            let r = Repeat::of(o);
            let v = th.text(th.repr(r.v.value())?);
            Ok(th.str(&if r.left.get() < 0 {
                format!("repeat({v})")
            } else {
                format!("repeat({v}, {})", r.left.get())
            }))
        }),
        ..Slots::NONE
    },
    methods: &[method(
        "__length_hint__",
        "($self, /)",
        "Private method returning an estimate of len(list(it)).",
        |th, a| match Repeat::of(a[0].unwrap()).left.get() {
            -1 => Err(th.type_error("len() of unsized object")),
            n => Ok(th.int(n)),
        },
    )],
    trace: Some(Repeat::trace),
    ..NativeType::DEFAULT
};
pub static REPEAT: TypeCell = TypeCell::new(&REPEAT_TYPE);
static REPEAT_SIG: NativeDef = signature("repeat", "(object, times=0)");
fn repeat_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [v, times] = bind::<2>(th, &REPEAT_SIG, a)?;
    let left = match times {
        Some(n) => th.index_i64(n)?.max(0),
        None => -1,
    };
    let o = make(th, t)?;
    let r = Repeat::of(o);
    th.store(r, &r.v, v.unwrap());
    r.left.set(left);
    Ok(o)
}

// -- accumulate

native_layout! { Accumulate { it, func, total, initial; } }
iterator! { ACCUMULATE_TYPE ACCUMULATE "accumulate" Accumulate accumulate_new accumulate_next
"Return series of accumulated sums (or other binary function results)." [] }
static ACCUMULATE_SIG: NativeDef = signature("accumulate", "(iterable, func=None, *, initial=None)");
fn accumulate_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, f, init] = bind::<3>(th, &ACCUMULATE_SIG, a)?;
    let it = th.iter(it.unwrap())?;
    let o = make(th, t)?;
    let c = Accumulate::of(o);
    th.store(c, &c.it, it);
    th.store_opt(c, &c.func, f.and_then(|f| f.some()));
    th.store_opt(c, &c.initial, init.and_then(|f| f.some()));
    Ok(o)
}
fn accumulate_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Accumulate::of(o);
    if let Some(v) = c.initial.get() {
        c.initial.init(None);
        th.store(c, &c.total, v);
        return Ok(Some(v));
    }
    let Some(v) = th.next(c.it.value())? else { return Ok(None) };
    let r = match (c.total.get(), c.func.get()) {
        (None, _) => v,
        (Some(x), None) => ops::add(th, x, v)?,
        (Some(x), Some(f)) => th.call(f, &[x, v])?,
    };
    th.store(c, &c.total, r);
    Ok(Some(r))
}

// -- filters

native_layout! { Filtered { func, it; state: Plain<u64> } }
macro_rules! filtering {
    ($t:ident $cell:ident $name:literal $new:ident $sig:ident $next:ident $params:literal $doc:literal) => {
        iterator! { $t $cell $name Filtered $new $next $doc [] }
        static $sig: NativeDef = signature($name, $params);
        fn $new(th: Th, t: Value, a: RawArgs) -> R<Value> {
            let [f, it] = bind::<2>(th, &$sig, for_new(t, a))?;
            let it = th.iter(it.unwrap())?;
            let o = make(th, t)?;
            let c = Filtered::of(o);
            th.store(c, &c.func, f.unwrap());
            th.store(c, &c.it, it);
            Ok(o)
        }
    };
}
filtering! { DROPWHILE_TYPE DROPWHILE "dropwhile" dropwhile_new DROPWHILE_SIG dropwhile_next "(predicate, iterable, /)"
"Drop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted." }
fn dropwhile_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Filtered::of(o);
    loop {
        let Some(v) = th.next(c.it.value())? else { return Ok(None) };
        if c.state.get() != 0 {
            return Ok(Some(v));
        }
        let r = th.call1(c.func.value(), v)?;
        if !th.truth(r)? {
            c.state.set(1);
            return Ok(Some(v));
        }
    }
}
filtering! { TAKEWHILE_TYPE TAKEWHILE "takewhile" takewhile_new TAKEWHILE_SIG takewhile_next "(predicate, iterable, /)"
"Return successive entries from an iterable as long as the predicate evaluates to true for each entry." }
fn takewhile_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Filtered::of(o);
    if c.state.get() != 0 {
        return Ok(None);
    }
    let Some(v) = th.next(c.it.value())? else { return Ok(None) };
    let r = th.call1(c.func.value(), v)?;
    if th.truth(r)? {
        return Ok(Some(v));
    }
    c.state.set(1);
    Ok(None)
}
filtering! { FILTERFALSE_TYPE FILTERFALSE "filterfalse" filterfalse_new FILTERFALSE_SIG filterfalse_next "(function, iterable, /)"
"Return those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false." }
fn filterfalse_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Filtered::of(o);
    let f = c.func.value();
    let plain = f.is_none() || f.is(adder_vm::builtins::builtin(th, "bool")?);
    loop {
        let Some(v) = th.next(c.it.value())? else { return Ok(None) };
        let r = if plain { v } else { th.call1(f, v)? };
        if !th.truth(r)? {
            return Ok(Some(v));
        }
    }
}
filtering! { STARMAP_TYPE STARMAP "starmap" starmap_new STARMAP_SIG starmap_next "(function, iterable, /)"
"Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence." }
fn starmap_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Filtered::of(o);
    let Some(v) = th.next(c.it.value())? else { return Ok(None) };
    let t = adder_vm::builtins::tuple::from_iterable(th, v)?;
    th.call_ex(c.func.value(), t.known(), None).map(Some)
}
iterator! { COMPRESS_TYPE COMPRESS "compress" Filtered compress_new compress_next
"Return data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors\nto choose the data elements." [] }
static COMPRESS_SIG: NativeDef = signature("compress", "(data, selectors)");
fn compress_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [d, s] = bind::<2>(th, &COMPRESS_SIG, a)?;
    let (d, s) = (th.iter(d.unwrap())?, th.iter(s.unwrap())?);
    let o = make(th, t)?;
    let c = Filtered::of(o);
    th.store(c, &c.func, d);
    th.store(c, &c.it, s);
    Ok(o)
}
fn compress_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Filtered::of(o);
    loop {
        let Some(v) = th.next(c.func.value())? else { return Ok(None) };
        let Some(s) = th.next(c.it.value())? else { return Ok(None) };
        if th.truth(s)? {
            return Ok(Some(v));
        }
    }
}

// -- islice

native_layout! { ISlice { it; next: Plain<i64>, stop: Plain<i64>, step: Plain<i64>, count: Plain<i64> } }
iterator! { ISLICE_TYPE ISLICE "islice" ISlice islice_new islice_next
"islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator." [] => |o| ISlice::of(o).it.get() }
fn islice_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let a = for_new(t, a);
    no_kw(th, a, "islice")?;
    let p = a.pos();
    if p.len() < 2 || p.len() > 4 {
        return Err(th.type_error(format!(
            "islice expected at {} {} arguments, got {}",
            if p.len() < 2 { "least" } else { "most" },
            if p.len() < 2 { 2 } else { 4 },
            p.len()
        )));
    }
    let number = |v: Value| -> R<Option<i64>> {
        let r = th.index_i64(v);
        match r {
            Ok(n) => Ok(Some(n)),
            Err(_) => {
                th.take_exc();
                Ok(None)
            }
        }
    };
    let (start, stop, step) =
        if p.len() == 2 { (NONE(), p[1], NONE()) } else { (p[1], p[2], p.get(3).copied().unwrap_or(NONE())) };
    let bad = if p.len() == 2 {
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    } else {
        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    };
    let get = |v: Value, default: i64| -> R<i64> {
        if v.is_none() {
            return Ok(default);
        }
        match number(v)? {
            Some(n) if n >= 0 => Ok(n),
            _ => Err(th.value_error(bad)),
        }
    };
    let stop_bad = if p.len() == 2 {
        bad
    } else {
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize."
    };
    let (s, e) = (
        get(start, 0)?,
        if stop.is_none() {
            -1
        } else {
            match number(stop)? {
                Some(n) if n >= 0 => n,
                _ => return Err(th.value_error(stop_bad)),
            }
        },
    );
    let st = if step.is_none() { 1 } else { number(step)?.unwrap_or(-1) };
    if st < 1 {
        return Err(th.value_error("Step for islice() must be a positive integer or None."));
    }
    let it = th.iter(p[0])?;
    let o = make(th, t)?;
    let c = ISlice::of(o);
    th.store(c, &c.it, it);
    c.next.set(s);
    c.stop.set(e);
    c.step.set(st);
    Ok(o)
}
fn islice_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = ISlice::of(o);
    let Some(it) = c.it.get() else { return Ok(None) };
    let stop = c.stop.get();
    let skip_to = if stop >= 0 { c.next.get().min(stop) } else { c.next.get() };
    while c.count.get() < skip_to {
        if th.next(it)?.is_none() {
            c.it.init(None);
            return Ok(None);
        }
        c.count.set(c.count.get() + 1);
    }
    if stop >= 0 && c.count.get() >= stop {
        c.it.init(None);
        return Ok(None);
    }
    match th.next(it)? {
        Some(v) => {
            c.count.set(c.count.get() + 1);
            let n = c.next.get().saturating_add(c.step.get());
            c.next.set(if stop >= 0 && n > stop { stop } else { n });
            Ok(Some(v))
        }
        None => {
            c.it.init(None);
            Ok(None)
        }
    }
}

// -- pairwise

native_layout! { Pairwise { it, old; } }
iterator! { PAIRWISE_TYPE PAIRWISE "pairwise" Pairwise pairwise_new pairwise_next
"Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ..." [] => |o| Pairwise::of(o).it.get() }
static PAIRWISE_SIG: NativeDef = signature("pairwise", "(iterable, /)");
fn pairwise_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it] = bind::<1>(th, &PAIRWISE_SIG, a)?;
    let it = th.iter(it.unwrap())?;
    let o = make(th, t)?;
    th.store(Pairwise::of(o), &Pairwise::of(o).it, it);
    Ok(o)
}
fn pairwise_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Pairwise::of(o);
    let Some(it) = c.it.get() else { return Ok(None) };
    let old = match c.old.get() {
        Some(v) => v,
        None => match th.next(it)? {
            Some(v) => {
                th.store(c, &c.old, v);
                if c.it.get().is_none() {
                    c.old.init(None);
                    return Ok(None);
                }
                v
            }
            None => {
                c.it.init(None);
                return Ok(None);
            }
        },
    };
    match th.next(it)? {
        Some(v) => {
            th.store(c, &c.old, v);
            th.try_tuple(&[old, v]).map(Some)
        }
        None => {
            c.it.init(None);
            c.old.init(None);
            Ok(None)
        }
    }
}

// -- zip_longest

native_layout! { ZipLongest { its: Array, fill; active: Plain<usize> } }
iterator! { ZIP_LONGEST_TYPE ZIP_LONGEST "zip_longest" ZipLongest zip_longest_new zip_longest_next
"Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument.\n" [] => |o| Some(ZipLongest::of(o).its.value()) }
fn zip_longest_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let mut fill = NONE();
    for (k, v) in a.keywords() {
        if th.text(k) != "fillvalue" || a.nkw() > 1 {
            return Err(th.type_error("zip_longest() got an unexpected keyword argument"));
        }
        fill = v;
    }
    let arr = th.array(a.len().max(1))?;
    for (i, v) in a.pos().iter().enumerate() {
        let it = th.iter(*v)?;
        th.store(arr, arr.slot(i), it);
    }
    let o = make(th, t)?;
    let c = ZipLongest::of(o);
    th.store(c, &c.its, arr);
    th.store(c, &c.fill, fill);
    c.active.set(a.len());
    Ok(o)
}
fn zip_longest_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = ZipLongest::of(o);
    let its: Gc<Array> = c.its.gc();
    if c.active.get() == 0 {
        return Ok(None);
    }
    let n = if its.cap == 1 && its.slot(0).get().is_none() { 0 } else { its.cap };
    let next = |i: usize| -> R<Option<Value>> {
        let Some(it) = its.slot(i).get() else { return Ok(Some(c.fill.value())) };
        match th.next(it) {
            Ok(Some(v)) => Ok(Some(v)),
            Ok(None) => {
                its.slot(i).init(None);
                c.active.set(c.active.get().saturating_sub(1));
                Ok(if c.active.get() == 0 { None } else { Some(c.fill.value()) })
            }
            Err(e) => {
                c.active.set(0);
                Err(e)
            }
        }
    };
    // A few stay on the native stack, where the collector sees them, too.
    if n <= 4 {
        let mut few = [NONE(); 4];
        for (i, x) in few[..n].iter_mut().enumerate() {
            let Some(v) = next(i)? else { return Ok(None) };
            *x = v;
        }
        return th.try_tuple(&few[..n]).map(Some);
    }
    let mut g = Gather::new();
    for i in 0..n {
        let Some(v) = next(i)? else { return Ok(None) };
        g.push(th, v)?;
    }
    th.try_tuple(g.as_slice()).map(Some)
}

#[allow(unused_imports)]
use iters as _;
