//! `product`, `permutations`, `combinations`, `combinations_with_replacement`.
//!
//! All keep their pools as tuples and the current indices as fixnums in an array.
//!
//! # Invariants
//! `pools` is a tuple, `indices` and `cycles` are arrays of fixnums, all set by the constructors, which are the only
//! way to an instance. Indices stay below the length of their pool whatever order threads come in: each is one word.

use super::*;

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
/// The tuple of the pool's items at the first `r` indices.
fn pick(th: Th, c: Gc<Combi>) -> R<Option<Value>> {
    let (p, ix) = (pool(c), indices(c));
    let mut g = Gather::new();
    for i in 0..c.r.get() {
        g.push(th, p.items()[get(ix, i)])?;
    }
    th.try_tuple(g.as_slice()).map(Some)
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
    method("__sizeof__", "!($self, /)", "Returns size in memory, in bytes.", |_, _| Ok(Value::fix(Combi::SIZE as i64)))
] }
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
    let mut g = Gather::new();
    if repeat > 0 {
        for v in a.pos() {
            let p = adder_vm::builtins::tuple::from_iterable(th, *v)?;
            g.push(th, p)?;
        }
    }
    for i in n..total {
        let v = g.as_slice()[i - n];
        g.push(th, v)?;
    }
    let pools = th.try_tuple(g.as_slice())?;
    Ok(make_combi(th, t, pools, total, total)?.value())
}
fn product_next(th: Th, o: Value) -> R<Option<Value>> {
    let c = Combi::of(o);
    let (pools, ix, n) = (pool(c), indices(c), c.r.get());
    let nth = |i: usize| pools.items()[i].known::<Tuple>();
    match c.state.get() {
        STOPPED => return Ok(None),
        FRESH => {
            if (0..n).any(|i| nth(i).len == 0) {
                c.state.set(STOPPED);
                return Ok(None);
            }
            for i in 0..n {
                set(ix, i, 0);
            }
            c.state.set(GOING);
        }
        _ => {
            let mut i = n;
            loop {
                if i == 0 {
                    c.state.set(STOPPED);
                    return Ok(None);
                }
                i -= 1;
                let k = get(ix, i) + 1;
                if k < nth(i).len {
                    set(ix, i, k);
                    break;
                }
                set(ix, i, 0);
            }
        }
    }
    let mut g = Gather::new();
    for i in 0..n {
        g.push(th, nth(i).items()[get(ix, i)])?;
    }
    th.try_tuple(g.as_slice()).map(Some)
}

// -- combinations

iterator! { COMBINATIONS_TYPE COMBINATIONS "combinations" Combi combinations_new combinations_next
"Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)" [] }
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
    let (n, r, ix) = (pool(c).len, c.r.get(), indices(c));
    match c.state.get() {
        STOPPED => return Ok(None),
        FRESH => {
            for i in 0..r {
                set(ix, i, i);
            }
            c.state.set(GOING);
        }
        _ => {
            let Some(i) = (0..r).rev().find(|&i| get(ix, i) != i + n - r) else {
                c.state.set(STOPPED);
                return Ok(None);
            };
            let first = get(ix, i) + 1;
            for j in i..r {
                set(ix, j, first + j - i);
            }
        }
    }
    pick(th, c)
}
iterator! { COMBINATIONS_R_TYPE COMBINATIONS_R "combinations_with_replacement" Combi cwr_new cwr_next
"Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')" [] }
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
    let (n, r, ix) = (pool(c).len, c.r.get(), indices(c));
    match c.state.get() {
        STOPPED => return Ok(None),
        FRESH => {
            for i in 0..r {
                set(ix, i, 0);
            }
            c.state.set(GOING);
        }
        _ => {
            let Some(i) = (0..r).rev().find(|&i| get(ix, i) != n - 1) else {
                c.state.set(STOPPED);
                return Ok(None);
            };
            let k = get(ix, i) + 1;
            for j in i..r {
                set(ix, j, k);
            }
        }
    }
    pick(th, c)
}

// -- permutations

iterator! { PERMUTATIONS_TYPE PERMUTATIONS "permutations" Combi permutations_new permutations_next
"Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)" [] }
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
    let (n, r, ix) = (pool(c).len, c.r.get(), indices(c));
    let cy: Gc<Array> = c.cycles.gc();
    match c.state.get() {
        STOPPED => return Ok(None),
        FRESH => {
            for i in 0..n {
                set(ix, i, i);
            }
            for i in 0..r {
                set(cy, i, n - i);
            }
            c.state.set(GOING);
        }
        _ => {
            let mut i = r;
            loop {
                if i == 0 {
                    c.state.set(STOPPED);
                    return Ok(None);
                }
                i -= 1;
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
                    break;
                }
            }
        }
    }
    pick(th, c)
}
