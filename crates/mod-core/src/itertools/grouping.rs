//! `groupby`, `tee`, `batched`.
//!
//! # Invariants
//! A chunk of `tee` is an array of `CHUNK` items and a slot for the next chunk; it is shared by the copies. An index
//! is at most `CHUNK` and read once for each step, so two threads in one iterator never read the next chunk as an
//! item.

use super::*;

// -- batched

native_layout! { Batched { it; n: Plain<usize>, strict: Plain<bool> } }
iterator! { BATCHED_TYPE BATCHED "batched" Batched batched_new batched_next
"Batch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples\nup to size n.  The input is consumed lazily, just enough to\nfill a batch.  The result is yielded as soon as a batch is full\nor when the input iterable is exhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)\n\nIf \"strict\" is True, raises a ValueError if the final batch is shorter\nthan n." [] }
static BATCHED_SIG: NativeDef = signature("batched", "(iterable, n, *, strict=False)");
fn batched_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, n, strict] = bind::<3>(th, &BATCHED_SIG, a)?;
    let n = th.index_i64(n.unwrap())?;
    if n < 1 {
        return Err(th.value_error("n must be at least one"));
    }
    let strict = match strict {
        Some(s) => th.truth(s)?,
        None => false,
    };
    let it = th.iter(it.unwrap())?;
    let o = make(th, t)?;
    let c = Batched::of(o);
    th.store(c, &c.it, it);
    c.n.set(n as usize);
    c.strict.set(strict);
    Ok(o)
}
fn batched_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Batched::of(o);
    let Some(it) = c.it.get() else { return Ok(None) };
    let mut g = Gather::new();
    while g.len() < c.n.get() {
        match th.next(it)? {
            Some(v) => g.push(th, v)?,
            None => {
                c.it.init(None);
                if g.len() == 0 {
                    return Ok(None);
                }
                if c.strict.get() {
                    return Err(th.value_error("batched(): incomplete batch"));
                }
                break;
            }
        }
    }
    th.try_tuple(g.as_slice()).map(Some)
}

// -- groupby

native_layout! { GroupBy { it, keyfunc, tgtkey, currkey, currvalue, grouper; } }
iterator! { GROUPBY_TYPE GROUPBY "groupby" GroupBy groupby_new groupby_next
"make an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping." [] }
static GROUPBY_SIG: NativeDef = signature("groupby", "(iterable, key=None)");
fn groupby_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, key] = bind::<2>(th, &GROUPBY_SIG, a)?;
    let it = th.iter(it.unwrap())?;
    let o = make(th, t)?;
    let c = GroupBy::of(o);
    th.store(c, &c.it, it);
    th.store(c, &c.keyfunc, key.unwrap_or(NONE()));
    Ok(o)
}
/// Fetches the next element and its key. False: exhausted.
fn step(th: Th, c: Gc<GroupBy>) -> R<bool> {
    let Some(v) = th.next(c.it.value())? else { return Ok(false) };
    let f = c.keyfunc.value();
    let k = if f.is_none() { v } else { th.call1(f, v)? };
    th.store(c, &c.currvalue, v);
    th.store(c, &c.currkey, k);
    Ok(true)
}
fn groupby_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = GroupBy::of(o);
    c.grouper.init(None);
    let key = loop {
        match (c.currkey.get(), c.tgtkey.get()) {
            (None, _) => {}
            (Some(k), None) => break k,
            (Some(k), Some(t)) => {
                if !th.eq(t, k)? {
                    break k;
                }
            }
        }
        if !step(th, c)? {
            return Ok(None);
        }
    };
    th.store(c, &c.tgtkey, key);
    let g = make(th, th.make_type(&GROUPER).value())?;
    let x = Grouper::of(g);
    th.store(x, &x.parent, o);
    th.store(x, &x.tgtkey, key);
    th.store(c, &c.grouper, g);
    th.try_tuple(&[key, g]).map(Some)
}

native_layout! { Grouper { parent, tgtkey; } }
iterator! { GROUPER_TYPE GROUPER "_grouper" Grouper grouper_new grouper_next "" [] }
static GROUPER_SIG: NativeDef = signature("_grouper", "(parent, tgtkey, /)");
fn grouper_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [p, k] = bind::<2>(th, &GROUPER_SIG, a)?;
    let p = p.unwrap();
    if th.type_of(p) != th.make_type(&GROUPBY) {
        return Err(th.type_error(format!(
            "_grouper() argument 1 must be itertools.groupby, not {}",
            th.type_name_of(p)
        )));
    }
    let o = make(th, t)?;
    let x = Grouper::of(o);
    th.store(x, &x.parent, p);
    th.store(x, &x.tgtkey, k.unwrap());
    th.store(GroupBy::of(p), &GroupBy::of(p).grouper, o);
    Ok(o)
}
fn grouper_next(th: Th, o: Value) -> R<Option<Value>> {
    let x = Grouper::of(o);
    let c = GroupBy::of(x.parent.value());
    if !c.grouper.get().is_some_and(|g| g.is(o)) {
        return Ok(None);
    }
    loop {
        if c.currvalue.get().is_none() && !step(th, c)? {
            return Ok(None);
        }
        // Another thread may have taken it.
        let Some(k) = c.currkey.get() else { continue };
        if !th.eq(x.tgtkey.value(), k)? {
            return Ok(None);
        }
        // As CPython: if the comparison took it, that is the end.
        let v = c.currvalue.get();
        c.currvalue.init(None);
        c.currkey.init(None);
        return Ok(v);
    }
}

// -- tee

native_layout! { Tee { source, node: Array; index: Plain<usize> } }
// The shared buffer: a list of what was read, linked by chunks so that what all copies have passed can die.
native_layout! { TeeSource { it; running: Plain<bool> } }
const CHUNK: usize = 57;

static TEE_SOURCE_TYPE: NativeType = NativeType {
    name: "itertools._tee_source",
    kind: Kind::Native,
    size: TeeSource::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    trace: Some(TeeSource::trace),
    ..NativeType::DEFAULT
};
static TEE_SOURCE: TypeCell = TypeCell::new(&TEE_SOURCE_TYPE);

// CPython's buffer can be made and passed around, but nothing takes one any more; what is here checks and keeps the
// arguments.
native_layout! { TeeData { it, values, next; } }
pub static TEE_DATA: TypeCell = TypeCell::new(&NativeType {
    name: "itertools._tee_dataobject",
    kind: Kind::Native,
    size: TeeData::SIZE,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "teedataobject(iterable, values, next, /)\n--\n\nData container common to multiple tee objects.",
    slots: Slots { new: Some(tee_data_new), ..Slots::NONE },
    trace: Some(TeeData::trace),
    ..NativeType::DEFAULT
});
static TEE_DATA_SIG: NativeDef = signature("teedataobject", "(iterable, values, next, /)");
fn tee_data_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, values, next] = bind::<3>(th, &TEE_DATA_SIG, a)?;
    let (it, values, next) = (it.unwrap(), values.unwrap(), next.unwrap());
    let Some(l) = values.cast::<List>() else {
        return Err(th.type_error(format!(
            "teedataobject() argument 2 must be list, not {}",
            th.arg_type_name(values)
        )));
    };
    let n = l.len.load(std::sync::atomic::Ordering::Relaxed);
    let linked = n as usize == CHUNK && th.type_of(next) == th.make_type(&TEE_DATA);
    if n as usize > CHUNK || !linked && !next.is_none() {
        return Err(th.value_error("Invalid arguments"));
    }
    let values = adder_vm::builtins::list::snapshot(th, l)?;
    let o = make(th, t)?;
    let x = TeeData::of(o);
    th.store(x, &x.it, it);
    th.store(x, &x.values, values);
    th.store(x, &x.next, next);
    Ok(o)
}

pub static TEE_TYPE: NativeType = NativeType {
    name: "itertools._tee",
    kind: Kind::Native,
    size: Tee::SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Iterator wrapped to make it copyable.",
    text_signature: Some("(iterable, /)"),
    slots: Slots { new: Some(tee_new), iter: Some(itself), iternext: Some(tee_next), ..Slots::NONE },
    methods: &[method("__copy__", "($self, /)", "Returns an independent iterator.", |th, a| {
        tee_copy(th, a[0].unwrap())
    })],
    trace: Some(Tee::trace),
    ..NativeType::DEFAULT
};
pub static TEE: TypeCell = TypeCell::new(&TEE_TYPE);

/// A chunk: slots 0..CHUNK values, slot CHUNK the next chunk.
fn tee_over(th: Th, it: Value) -> R<Value> {
    let s = make(th, th.make_type(&TEE_SOURCE).value())?;
    let src = TeeSource::of(s);
    th.store(src, &src.it, it);
    let chunk = th.array(CHUNK + 1)?;
    let o = make(th, th.make_type(&TEE).value())?;
    let t = Tee::of(o);
    th.store(t, &t.source, s);
    th.store(t, &t.node, chunk);
    Ok(o)
}
fn tee_copy(th: Th, o: Value) -> R<Value> {
    let t = Tee::of(o);
    let n = make(th, th.make_type(&TEE).value())?;
    let c = Tee::of(n);
    th.store(c, &c.source, t.source.value());
    th.store(c, &c.node, t.node.gc());
    c.index.set(t.index.get());
    Ok(n)
}
static TEE_SIG: NativeDef = signature("_tee", "(iterable, /)");
fn tee_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    let [it] = bind::<1>(th, &TEE_SIG, a)?;
    let it = th.iter(it.unwrap())?;
    if th.type_of(it) == th.make_type(&TEE) { tee_copy(th, it) } else { tee_over(th, it) }
}
fn tee_next(th: Th, o: Value) -> R<Option<Value>> {
    let t = Tee::of(o);
    let mut node: Gc<Array> = t.node.gc();
    // Read once: another thread may move it.
    let mut i = t.index.get();
    if i >= CHUNK {
        node = match unsafe { node.slot(CHUNK).gc_opt::<Array>() } {
            Some(n) => n,
            None => {
                let n = th.array(CHUNK + 1)?;
                th.store(node, node.slot(CHUNK), n.value());
                n
            }
        };
        th.store(t, &t.node, node);
        i = 0;
        t.index.set(0);
    }
    if let Some(v) = node.slot(i).get() {
        t.index.set(i + 1);
        return Ok(Some(v));
    }
    let src = TeeSource::of(t.source.value());
    if src.running.get() {
        return Err(th.runtime_error("cannot re-enter the tee iterator"));
    }
    src.running.set(true);
    let r = th.next(src.it.value());
    src.running.set(false);
    match r? {
        Some(v) => {
            th.store(node, node.slot(i), v);
            t.index.set(i + 1);
            Ok(Some(v))
        }
        None => Ok(None),
    }
}
pub const TEE_DEF: NativeDef =
    function("tee", "($module, iterable, n=2, /)", "Returns a tuple of n independent iterators.", |th, a| {
        let n = match a[1] {
            Some(n) => th.index_i64(n)?,
            None => 2,
        };
        if n < 0 {
            return Err(th.value_error("n must be >= 0"));
        }
        if n == 0 {
            return Ok(th.tuple(&[]));
        }
        let it = th.iter(a[0].unwrap())?;
        // All at once: as many as there are may be too many.
        let all = th.array(n as usize)?;
        let first = if th.type_of(it) == th.make_type(&TEE) { tee_copy(th, it)? } else { tee_over(th, it)? };
        th.store(all, all.slot(0), first);
        for i in 1..n as usize {
            let c = tee_copy(th, first)?;
            th.store(all, all.slot(i), c);
        }
        adder_vm::builtins::tuple::from_array(th, all, n as usize)
    });
