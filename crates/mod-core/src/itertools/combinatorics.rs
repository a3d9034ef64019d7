//! `product`, `permutations`, `combinations`, `combinations_with_replacement`.
//!
//! All keep their pools as tuples and the current indices as fixnums in an array.
//!
//! # Invariants
//! `pools` is a tuple, `indices` and `cycles` are arrays of fixnums, all set by the constructors, which are the only
//! way to an instance. Whoever moves on to the next indices, or reads them, holds the iterator's lock: between two steps they
//! are below the lengths of their pools.

use super::*;
use adder_vm::interp::call::STACK_ARGS;

native_layout! { Combi { pools: Tuple, indices: Array, cycles: Array; r: Plain<usize>, state: Plain<u8> } }

const FRESH: u8 = 0;
const GOING: u8 = 1;
const STOPPED: u8 = 2;

fn get(a: Gc<Array>, i: usize) -> usize {
    a.slot(i).get().and_then(|v| v.as_fix()).unwrap_or(0) as usize
}
fn set(a: Gc<Array>, i: usize, n: usize) {
    a.slot(i).init(Some(Value::fix(n as i64)));
}
fn pool(c: Gc<Combi>) -> Gc<Tuple> {
    c.pools.gc()
}
fn indices(c: Gc<Combi>) -> Gc<Array> {
    c.indices.gc()
}
/// The tuple of the items that `item` finds, after `step` has moved on; None: it was the last. In one piece for other
/// threads.
#[inline(always)]
fn advance(
    th: Th,
    c: Gc<Combi>,
    step: impl FnOnce() -> bool,
    item: impl Fn(usize) -> Value,
) -> R<Option<Value>> {
    let n = c.r.get();
    let mut few = [None; STACK_ARGS];
    // Nothing is allocated under the lock.
    let many = if n > STACK_ARGS { Some(th.array(n)?) } else { None };
    {
        let _g = th.lock(c);
        if c.state.get() == STOPPED {
            return Ok(None);
        }
        if !step() {
            c.state.set(STOPPED);
            return Ok(None);
        }
        c.state.set(GOING);
        match many {
            None => few[..n].iter_mut().enumerate().for_each(|(i, v)| *v = Some(item(i))),
            Some(a) => (0..n).for_each(|i| th.store(a, a.slot(i), item(i))),
        }
    }
    let all = match many {
        None => few.as_ptr() as *const Value,
        Some(a) => a.slots().as_ptr() as *const Value,
    };
    // SAFETY: all of them were just written.
    th.try_tuple(unsafe { std::slice::from_raw_parts(all, n) }).map(Some)
}
fn make_combi(th: Th, t: Value, pools: Value, n: usize, r: usize) -> R<Gc<Combi>> {
    let ix = th.array(n.max(1))?;
    let o = make(th, t)?;
    let c = Combi::of(o);
    th.store(c, &c.pools, pools.known());
    th.store(c, &c.indices, ix);
    c.r.set(r);
    Ok(c)
}

// -- product

iterator! { PRODUCT_TYPE PRODUCT "product" Combi product_new product_next
"Cartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ..." [
    method("__sizeof__", "($self, /)", "Returns size in memory, in bytes.", |_, _| Ok(Value::fix(Combi::SIZE as i64)))
] STEPS_ALONE }
fn product_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let mut repeat = 1;
    for (k, v) in a.keywords() {
        if th.text(k) != "repeat" {
            return Err(
                th.type_error(format!("product() got an unexpected keyword argument '{}'", th.text(k)))
            );
        }
        repeat = th.index_i64(v)?;
        if repeat < 0 {
            return Err(th.value_error("repeat argument cannot be negative"));
        }
    }
    let n = a.len();
    let total = match n.checked_mul(repeat as usize) {
        Some(t) if t < 1 << 40 => t,
        _ => return Err(th.overflow_error("repeat argument too large")),
    };
    // All at once: as many as there are may be too many.
    let all = th.array(total.max(1))?;
    if repeat > 0 {
        for (i, v) in a.pos().iter().enumerate() {
            let p = adder_vm::builtins::tuple::from_iterable(th, *v)?;
            th.store(all, all.slot(i), p);
        }
    }
    for i in n..total {
        th.store(all, all.slot(i), all.slot(i - n).value());
    }
    let pools = adder_vm::builtins::tuple::from_array(th, all, total)?;
    Ok(make_combi(th, t, pools, total, total)?.value())
}
fn product_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Combi::of(o);
    let (pools, ix, n) = (pool(c), indices(c), c.r.get());
    let nth = |i: usize| pools.items()[i].known::<Tuple>();
    let step = || {
        if c.state.get() == FRESH {
            (0..n).for_each(|i| set(ix, i, 0));
            return (0..n).all(|i| nth(i).len != 0);
        }
        for i in (0..n).rev() {
            let k = get(ix, i) + 1;
            if k < nth(i).len {
                set(ix, i, k);
                return true;
            }
            set(ix, i, 0);
        }
        false
    };
    advance(th, c, step, |i| nth(i).items()[get(ix, i)])
}

// -- combinations

iterator! { COMBINATIONS_TYPE COMBINATIONS "combinations" Combi combinations_new combinations_next
"Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)" [] STEPS_ALONE }
static COMBINATIONS_SIG: NativeDef = signature("combinations", "(iterable, r)");
fn length(th: Th, v: Value) -> R<usize> {
    let r = th.index_i64(v)?;
    if r < 0 {
        return Err(th.value_error("r must be non-negative"));
    }
    Ok(r as usize)
}
fn combinations_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, r] = bind::<2>(th, &COMBINATIONS_SIG, a)?;
    let p = adder_vm::builtins::tuple::from_iterable(th, it.unwrap())?;
    let r = length(th, r.unwrap())?;
    let n = p.known::<Tuple>().len;
    let c = make_combi(th, t, p, r.min(n), r)?;
    if r > n {
        c.state.set(STOPPED);
    }
    Ok(c.value())
}
fn combinations_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Combi::of(o);
    let (p, r, ix) = (pool(c), c.r.get(), indices(c));
    let n = p.len;
    let step = || {
        if c.state.get() == FRESH {
            (0..r).for_each(|i| set(ix, i, i));
            return true;
        }
        let Some(i) = (0..r).rev().find(|&i| get(ix, i) != i + n - r) else { return false };
        let first = get(ix, i) + 1;
        (i..r).for_each(|j| set(ix, j, first + j - i));
        true
    };
    advance(th, c, step, |i| p.items()[get(ix, i)])
}
iterator! { COMBINATIONS_R_TYPE COMBINATIONS_R "combinations_with_replacement" Combi cwr_new cwr_next
"Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')" [] STEPS_ALONE }
static CWR_SIG: NativeDef = signature("combinations_with_replacement", "(iterable, r)");
fn cwr_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, r] = bind::<2>(th, &CWR_SIG, a)?;
    let p = adder_vm::builtins::tuple::from_iterable(th, it.unwrap())?;
    let r = length(th, r.unwrap())?;
    let n = p.known::<Tuple>().len;
    let c = make_combi(th, t, p, r, r)?;
    if n == 0 && r > 0 {
        c.state.set(STOPPED);
    }
    Ok(c.value())
}
fn cwr_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Combi::of(o);
    let (p, r, ix) = (pool(c), c.r.get(), indices(c));
    let n = p.len;
    let step = || {
        if c.state.get() == FRESH {
            (0..r).for_each(|i| set(ix, i, 0));
            return true;
        }
        let Some(i) = (0..r).rev().find(|&i| get(ix, i) != n - 1) else { return false };
        let k = get(ix, i) + 1;
        (i..r).for_each(|j| set(ix, j, k));
        true
    };
    advance(th, c, step, |i| p.items()[get(ix, i)])
}

// -- permutations

iterator! { PERMUTATIONS_TYPE PERMUTATIONS "permutations" Combi permutations_new permutations_next
"Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)" [] STEPS_ALONE }
static PERMUTATIONS_SIG: NativeDef = signature("permutations", "(iterable, r=None)");
fn permutations_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [it, r] = bind::<2>(th, &PERMUTATIONS_SIG, a)?;
    let p = adder_vm::builtins::tuple::from_iterable(th, it.unwrap())?;
    let n = p.known::<Tuple>().len;
    let r = match r.and_then(|r| r.some()) {
        Some(r) => {
            if !matches!(r.kind(), Kind::Int | Kind::Bool) {
                return Err(th.type_error("Expected int as r"));
            }
            length(th, r)?
        }
        None => n,
    };
    let cycles = th.array(r.min(n).max(1))?;
    let c = make_combi(th, t, p, n, r)?;
    th.store(c, &c.cycles, cycles);
    if r > n {
        c.state.set(STOPPED);
    }
    Ok(c.value())
}
fn permutations_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Combi::of(o);
    let (p, r, ix) = (pool(c), c.r.get(), indices(c));
    let n = p.len;
    let cy: Gc<Array> = c.cycles.gc();
    let step = || {
        if c.state.get() == FRESH {
            (0..n).for_each(|i| set(ix, i, i));
            (0..r).for_each(|i| set(cy, i, n - i));
            return true;
        }
        for i in (0..r).rev() {
            let k = get(cy, i) - 1;
            set(cy, i, k);
            if k == 0 {
                let first = get(ix, i);
                for j in i..n - 1 {
                    set(ix, j, get(ix, j + 1));
                }
                set(ix, n - 1, first);
                set(cy, i, n - i);
            } else {
                let j = n - k;
                let (x, y) = (get(ix, i), get(ix, j));
                set(ix, i, y);
                set(ix, j, x);
                return true;
            }
        }
        false
    };
    advance(th, c, step, |i| p.items()[get(ix, i)])
}
