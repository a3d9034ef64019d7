//! Sorting of lists: stable, adaptive, with `key` and `reverse`.
//!
//! Keys that are all small ints, all immediate floats, all exact strings, or all tuples of such in each column are
//! compared without running Python code and so sorted with Rust's own stable sort. Everything else goes through a merge
//! sort that finds runs, merges them in powersort's order (Munro and Wild, 2018) and gallops (Tim Peters' listsort):
//! it tolerates any answer of the comparison and an exception at any point, and always leaves a permutation behind.
//!
//! # The collector
//! Values are moved with plain stores within arrays that belong to this sort alone. That needs no barrier: all of them
//! are logged once at the start, and a collection in between makes everything that is sorted old.
//!
//! # Safety
//! The arrays hold words of values (of floats other words, while nothing else can happen). A merge moves one run out
//! and leaves a `Gap` as large as what is out: whatever a comparison answers, each word that is taken makes the gap
//! move on by one, and who ends, by an exception as well, puts the rest back into it. What is kept as a pointer is kept
//! as an object beside it.

use crate::err::R;
use crate::object::*;
use crate::slots::CmpOp;
use crate::thread::Th;
use crate::value::*;
use adder_metatrace::word;
use std::cmp::Ordering;

/// Sorts the first `n` slots of an array that nobody else uses.
pub fn sort_array(th: Th, a: Gc<Array>, n: usize, key: Option<Value>, reverse: bool) -> R<()> {
    let Some(key) = key else {
        if n < 2 {
            return Ok(());
        }
        th.m.barrier_all(a.obj());
        return sort_elements::<1>(th, a, n, reverse);
    };
    th.may_call(key)?;
    // Keys and values side by side.
    let pairs = th.array(2 * n)?;
    for i in 0..n {
        let v = a.slot(i).value();
        th.may_take(v)?;
        let k = th.call1(key, v)?;
        th.store(pairs, pairs.slot(2 * i), k);
        th.store(pairs, pairs.slot(2 * i + 1), v);
    }
    th.m.barrier_all(pairs.obj());
    let r = sort_elements::<2>(th, pairs, n, reverse);
    for i in 0..n {
        a.slot(i).init(pairs.slot(2 * i + 1).get());
    }
    th.m.barrier_all(a.obj());
    r
}

/// A key, and with `W == 2` the value that goes with it.
type Elem<const W: usize> = [u64; W];

fn sort_elements<const W: usize>(th: Th, a: Gc<Array>, n: usize, reverse: bool) -> R<()> {
    if n < 2 {
        return Ok(());
    }
    // SAFETY: the array is this sort's own; one of them is used at a time.
    let elements = || unsafe { std::slice::from_raw_parts_mut(a.after::<Elem<W>>(), n) };
    let e = elements();
    // Stability under `reverse`: equal elements keep their order if the input is reversed first, too.
    match native_kind(e) {
        Native::Fix => {
            if W == 1 {
                // Equal small ints are the same: no stability to keep.
                e.sort_by_key(|x| x[0] as i64);
                if reverse {
                    e.reverse();
                }
            } else if reverse {
                e.sort_by(|x, y| (y[0] as i64).cmp(&(x[0] as i64)));
            } else {
                e.sort_by_key(|x| x[0] as i64);
            }
            Ok(())
        }
        Native::Flo => {
            for x in e.iter_mut() {
                x[0] = float_order(x[0]);
            }
            if reverse {
                e.sort_by(|x, y| (y[0] as i64).cmp(&(x[0] as i64)));
            } else {
                e.sort_by_key(|x| x[0] as i64);
            }
            for x in e.iter_mut() {
                x[0] = float_word(x[0]);
            }
            Ok(())
        }
        Native::Str => {
            sort_strings(e, reverse);
            Ok(())
        }
        Native::Tuples => {
            sort_tuples(e, reverse);
            Ok(())
        }
        Native::No => {
            // What a comparison refuses is sorted again, from the order that there was.
            let before = match W == 1 && th.is_quiet() {
                // SAFETY: so many words of values.
                true => Some(super::list::array_of(th, unsafe { super::list::values(a, n) }, n)?),
                false => None,
            };
            if reverse {
                e.reverse();
            }
            let t = common_type(th, e);
            let f = t.and_then(|t| t.slots.richcompare);
            let less = |x: u64, y: u64| -> R<bool> {
                let (x, y) = unsafe { (Value::from_bits(x), Value::from_bits(y)) };
                // All of one type (still, as comparing may assign to `__class__`): its own comparison answers.
                if let (Some(f), Some(t)) = (f, t)
                    && th.type_of(x) == t
                    && th.type_of(y) == t
                {
                    let r = f(th, x, y, CmpOp::Lt)?;
                    if !r.is(NOT_IMPLEMENTED()) {
                        return th.truth(r);
                    }
                }
                th.compare(x, y, CmpOp::Lt)
            };
            let r = MergeSort::<W, _>::new(th, a, n, less).run();
            if reverse {
                elements().reverse();
            }
            if r.is_err()
                && let Some(b) = before
            {
                for k in 0..n {
                    a.slot(k).init(b.slot(k).get());
                }
            }
            r
        }
    }
}

fn common_type<const W: usize>(th: Th, e: &[Elem<W>]) -> Option<Gc<Type>> {
    let ty = |x: &Elem<W>| th.type_of(unsafe { Value::from_bits(x[0]) });
    let t = ty(&e[0]);
    e.iter().all(|x| ty(x) == t).then_some(t)
}

// -- keys that compare natively

#[derive(Clone, Copy, PartialEq, Eq)]
enum Native {
    Fix,
    Flo,
    Str,
    Tuples,
    No,
}

fn scalar_kind(w: u64) -> Native {
    let v = unsafe { Value::from_bits(w) };
    if v.is_fix() {
        Native::Fix
    } else if v.is_flo() {
        Native::Flo
    } else if v.is_exact(Kind::Str) {
        Native::Str
    } else if v.is_exact(Kind::Tuple) {
        Native::Tuples
    } else {
        Native::No
    }
}

/// Columns of tuples that are looked at.
const COLUMNS: usize = 8;

fn native_kind<const W: usize>(e: &[Elem<W>]) -> Native {
    let k = scalar_kind(e[0][0]);
    if k == Native::No || !e.iter().all(|x| scalar_kind(x[0]) == k) {
        return Native::No;
    }
    if k == Native::Tuples {
        // Each column must be of one scalar kind.
        let mut kinds: [Option<Native>; COLUMNS] = [None; COLUMNS];
        for x in e {
            // SAFETY: `k` says that all are tuples.
            let t: Gc<Tuple> = unsafe { Value::from_bits(x[0]).cast_unchecked() };
            if t.len > COLUMNS {
                return Native::No;
            }
            for (i, v) in t.items().iter().enumerate() {
                let c = scalar_kind(v.bits());
                match kinds[i] {
                    None if matches!(c, Native::Fix | Native::Flo | Native::Str) => kinds[i] = Some(c),
                    Some(d) if c == d => {}
                    _ => return Native::No,
                }
            }
        }
    }
    k
}

/// Immediate floats as integers in the same order (none of them is a NaN or minus zero).
fn float_order(w: u64) -> u64 {
    let b = word::flo_decode(w).to_bits() as i64;
    (b ^ (((b >> 63) as u64) >> 1) as i64) as u64
}
fn float_word(o: u64) -> u64 {
    let b = o as i64;
    let b = b ^ (((b >> 63) as u64) >> 1) as i64;
    word::flo_encode(f64::from_bits(b as u64)).expect("an immediate float")
}

fn str_bytes<'a>(w: u64) -> &'a [u8] {
    // SAFETY of both: `native_kind` has seen that such keys and columns are strings; nothing moves meanwhile.
    let s: Gc<Str> = unsafe { Value::from_bits(w).cast_unchecked() };
    unsafe { &*(s.bytes() as *const [u8]) }
}
/// The first eight bytes as a number in the order of the bytes.
fn prefix(b: &[u8]) -> u64 {
    let mut p = [0u8; 8];
    let n = b.len().min(8);
    p[..n].copy_from_slice(&b[..n]);
    u64::from_be_bytes(p)
}
/// WTF-8 in byte order is in code point order. Prefixes are kept beside the strings, which lie about in memory.
fn sort_strings<const W: usize>(e: &mut [Elem<W>], reverse: bool) {
    // gc-safe: no safepoint until the values are back in their array
    let mut v: Vec<(u64, Elem<W>)> = e.iter().map(|x| (prefix(str_bytes(x[0])), *x)).collect();
    let cmp = |x: &(u64, Elem<W>), y: &(u64, Elem<W>)| match x.0.cmp(&y.0) {
        Ordering::Equal => str_bytes(x.1[0]).cmp(str_bytes(y.1[0])),
        o => o,
    };
    if reverse {
        v.sort_by(|x, y| cmp(y, x));
    } else {
        v.sort_by(cmp);
    }
    for (x, y) in e.iter_mut().zip(&v) {
        *x = y.1;
    }
}

/// What a tuple begins with, as a number: of two tuples with different ones, the smaller's is smaller.
fn leading(t: u64) -> u64 {
    const SIGN: u64 = 1 << 63;
    // SAFETY: `native_kind` has seen that all keys are tuples.
    let t: Gc<Tuple> = unsafe { Value::from_bits(t).cast_unchecked() };
    match t.items().first() {
        None => 0,
        Some(v) if v.is_fix() => v.bits() ^ SIGN,
        Some(v) if v.is_flo() => float_order(v.bits()) ^ SIGN,
        Some(v) => prefix(str_bytes(v.bits())),
    }
}
fn sort_tuples<const W: usize>(e: &mut [Elem<W>], reverse: bool) {
    // gc-safe: no safepoint until the values are back in their array
    let mut v: Vec<(u64, Elem<W>)> = e.iter().map(|x| (leading(x[0]), *x)).collect();
    let cmp = |x: &(u64, Elem<W>), y: &(u64, Elem<W>)| match x.0.cmp(&y.0) {
        Ordering::Equal => native_tuples(x.1[0], y.1[0]),
        o => o,
    };
    if reverse {
        v.sort_by(|x, y| cmp(y, x));
    } else {
        v.sort_by(cmp);
    }
    for (x, y) in e.iter_mut().zip(&v) {
        *x = y.1;
    }
}

fn native_scalars(x: Value, y: Value) -> Ordering {
    if x.is(y) {
        Ordering::Equal
    } else if x.is_fix() {
        (x.bits() as i64).cmp(&(y.bits() as i64))
    } else if x.is_flo() {
        word::flo_decode(x.bits()).total_cmp(&word::flo_decode(y.bits()))
    } else {
        str_bytes(x.bits()).cmp(str_bytes(y.bits()))
    }
}
fn native_tuples(x: u64, y: u64) -> Ordering {
    let (x, y): (Gc<Tuple>, Gc<Tuple>) =
        // SAFETY: as in `leading`.
        unsafe { (Value::from_bits(x).cast_unchecked(), Value::from_bits(y).cast_unchecked()) };
    for (a, b) in x.items().iter().zip(y.items()) {
        let o = native_scalars(*a, *b);
        if o != Ordering::Equal {
            return o;
        }
    }
    x.len.cmp(&y.len)
}

// -- the general merge sort

/// A sorted stretch, and the power of the boundary between it and the next one.
#[derive(Clone, Copy, Default)]
struct Run {
    at: usize,
    len: usize,
    power: u32,
}

/// Wins in a row after which galloping starts.
const GALLOP: usize = 7;
/// Runs that can wait at once: their powers increase.
const MAX_RUNS: usize = 68;

struct MergeSort<const W: usize, F> {
    th: Th,
    a: *mut Elem<W>,
    /// Keeps the array where it is.
    array: Gc<Array>,
    n: usize,
    tmp: Option<Gc<Array>>,
    gallop: usize,
    runs: [Run; MAX_RUNS],
    nruns: usize,
    less: F,
}

/// Where elements that were moved out are to go back to.
struct Gap {
    /// Next element in the temporary array, number of them, place for the next one.
    src: usize,
    n: usize,
    dst: usize,
    /// Elements of the other run that are still in place, and where they begin.
    rest: usize,
    at: usize,
}

impl<const W: usize, F: FnMut(u64, u64) -> R<bool>> MergeSort<W, F> {
    fn new(th: Th, array: Gc<Array>, n: usize, less: F) -> Self {
        let a = array.after::<Elem<W>>();
        MergeSort {
            th,
            a,
            array,
            n,
            tmp: None,
            gallop: GALLOP,
            runs: [Run::default(); MAX_RUNS],
            nruns: 0,
            less,
        }
    }
    #[inline(always)]
    fn key(&self, i: usize) -> u64 {
        // SAFETY: of the first `n` elements.
        unsafe { (*self.a.add(i))[0] }
    }
    #[inline(always)]
    fn less(&mut self, i: usize, j: usize) -> R<bool> {
        let (x, y) = (self.key(i), self.key(j));
        (self.less)(x, y)
    }
    #[inline(always)]
    fn tmp(&self) -> *mut Elem<W> {
        self.tmp.map_or(std::ptr::null_mut(), |t| t.after::<Elem<W>>())
    }
    /// Room for `n` elements beside the array.
    fn room(&mut self, n: usize) -> R<*mut Elem<W>> {
        if self.tmp.is_none_or(|t| t.cap < n * W) {
            self.tmp = Some(self.th.array((n * W).max(64).min(self.n.div_ceil(2) * W).max(n * W))?);
        }
        Ok(self.tmp())
    }

    fn run(mut self) -> R<()> {
        let min = min_run(self.n);
        let mut at = 0;
        while at < self.n {
            let mut len = self.natural_run(at)?;
            if len < min {
                let want = min.min(self.n - at);
                self.insertion(at, want, len)?;
                len = want;
            }
            self.push(at, len)?;
            at += len;
        }
        while self.nruns > 1 {
            self.merge_top()?;
        }
        std::hint::black_box(self.array);
        Ok(())
    }
    /// Length of the run at `at`: non-descending, or strictly descending and then reversed.
    fn natural_run(&mut self, at: usize) -> R<usize> {
        let left = self.n - at;
        if left < 2 {
            return Ok(left);
        }
        let mut n = 2;
        if self.less(at + 1, at)? {
            while n < left && self.less(at + n, at + n - 1)? {
                n += 1;
            }
            // SAFETY: `n` of the elements that are left from `at` on.
            unsafe { std::slice::from_raw_parts_mut(self.a.add(at), n) }.reverse();
        } else {
            while n < left && !self.less(at + n, at + n - 1)? {
                n += 1;
            }
        }
        Ok(n)
    }
    /// Binary insertion sort of `n` elements of which the first `sorted` are in order.
    fn insertion(&mut self, at: usize, n: usize, sorted: usize) -> R<()> {
        for i in sorted..n {
            // The element stays in its place until its new place is known.
            let (mut lo, mut hi) = (0, i);
            while lo < hi {
                let mid = (lo + hi) / 2;
                if self.less(at + i, at + mid)? { hi = mid } else { lo = mid + 1 }
            }
            // SAFETY: `lo` is not above `i`, which is below `n`.
            unsafe {
                let pivot = *self.a.add(at + i);
                std::ptr::copy(self.a.add(at + lo), self.a.add(at + lo + 1), i - lo);
                *self.a.add(at + lo) = pivot;
            }
        }
        Ok(())
    }
    /// Adds a run after merging those whose boundary is deeper in the ideal tree than the new one.
    fn push(&mut self, at: usize, len: usize) -> R<()> {
        if self.nruns > 0 {
            let last = self.runs[self.nruns - 1];
            let p = power(last.at, last.len, len, self.n);
            while self.nruns > 1 && self.runs[self.nruns - 2].power > p {
                self.merge_top()?;
            }
            self.runs[self.nruns - 1].power = p;
        }
        self.runs[self.nruns] = Run { at, len, power: 0 };
        self.nruns += 1;
        Ok(())
    }
    /// Merges the last two runs.
    fn merge_top(&mut self) -> R<()> {
        let (x, y) = (self.runs[self.nruns - 2], self.runs[self.nruns - 1]);
        self.runs[self.nruns - 2] = Run { at: x.at, len: x.len + y.len, power: y.power };
        self.nruns -= 1;
        // Elements of the first run that are in place already, and of the second.
        let skip = self.gallop_right(self.key(y.at), self.a, x.at, x.len, 0)?;
        let (xa, xn) = (x.at + skip, x.len - skip);
        if xn == 0 {
            return Ok(());
        }
        let yn = self.gallop_left(self.key(xa + xn - 1), self.a, y.at, y.len, y.len - 1)?;
        if yn == 0 {
            return Ok(());
        }
        if xn <= yn { self.merge_low(xa, xn, y.at, yn) } else { self.merge_high(xa, xn, y.at, yn) }
    }
    /// Number of elements of a sorted stretch that come before `key`, equal ones after it.
    fn gallop_left(&mut self, key: u64, p: *mut Elem<W>, at: usize, n: usize, hint: usize) -> R<usize> {
        let less = &mut self.less;
        // SAFETY: it asks for positions below `n`.
        gallop(n, hint, |i| less(unsafe { (*p.add(at + i))[0] }, key))
    }
    /// The same with equal ones before it.
    fn gallop_right(&mut self, key: u64, p: *mut Elem<W>, at: usize, n: usize, hint: usize) -> R<usize> {
        let less = &mut self.less;
        // SAFETY: as in `gallop_left`.
        gallop(n, hint, |i| Ok(!less(key, unsafe { (*p.add(at + i))[0] })?))
    }
    /// Merges neighbours, the first of which is not longer: it is moved out, and the result grows from the left.
    fn merge_low(&mut self, xa: usize, xn: usize, ya: usize, yn: usize) -> R<()> {
        let tmp = self.room(xn)?;
        // SAFETY: `tmp` has room for the first run; what is left of it fits where the gap is.
        unsafe {
            std::ptr::copy_nonoverlapping(self.a.add(xa), tmp, xn);
            let mut g = Gap { src: 0, n: xn, dst: xa, rest: yn, at: ya };
            let r = self.merge_low_loop(&mut g);
            // All that is left of the second run is in place unless just the last of the first is out.
            if r.is_ok() && g.rest > 0 {
                std::ptr::copy(self.a.add(g.at), self.a.add(g.dst), g.rest);
                g.dst += g.rest;
            }
            std::ptr::copy_nonoverlapping(tmp.add(g.src), self.a.add(g.dst), g.n);
            r
        }
    }
    unsafe fn merge_low_loop(&mut self, g: &mut Gap) -> R<()> {
        unsafe {
            let (a, tmp) = (self.a, self.tmp());
            macro_rules! take_second {
                ($k:expr) => {{
                    let k = $k;
                    std::ptr::copy(a.add(g.at), a.add(g.dst), k);
                    g.dst += k;
                    g.at += k;
                    g.rest -= k;
                    if g.rest == 0 {
                        return Ok(());
                    }
                }};
            }
            macro_rules! take_first {
                ($k:expr) => {{
                    let k = $k;
                    std::ptr::copy_nonoverlapping(tmp.add(g.src), a.add(g.dst), k);
                    g.dst += k;
                    g.src += k;
                    g.n -= k;
                    // The last one is known to be the greatest of all.
                    if g.n <= 1 {
                        return Ok(());
                    }
                }};
            }
            take_second!(1);
            if g.n == 1 {
                return Ok(());
            }
            let mut min = self.gallop;
            loop {
                let (mut first, mut second) = (0, 0);
                // One by one until one run wins all the time.
                loop {
                    if (self.less)((*a.add(g.at))[0], (*tmp.add(g.src))[0])? {
                        second += 1;
                        first = 0;
                        take_second!(1);
                        if second >= min {
                            break;
                        }
                    } else {
                        first += 1;
                        second = 0;
                        take_first!(1);
                        if first >= min {
                            break;
                        }
                    }
                }
                min += 1;
                loop {
                    min -= (min > 1) as usize;
                    self.gallop = min;
                    let k = self.gallop_right((*a.add(g.at))[0], tmp, g.src, g.n, 0)?;
                    if k > 0 {
                        take_first!(k);
                    }
                    take_second!(1);
                    let m = self.gallop_left((*tmp.add(g.src))[0], a, g.at, g.rest, 0)?;
                    if m > 0 {
                        take_second!(m);
                    }
                    take_first!(1);
                    if k < GALLOP && m < GALLOP {
                        break;
                    }
                }
                // A penalty for leaving the galloping mode.
                min += 1;
                self.gallop = min;
            }
        }
    }
    /// Merges neighbours, the second of which is shorter: it is moved out, and the result grows from the right. In the
    /// gap `src` and `dst` are ends.
    fn merge_high(&mut self, xa: usize, xn: usize, ya: usize, yn: usize) -> R<()> {
        let tmp = self.room(yn)?;
        // SAFETY: `tmp` has room for the second run; what is left of it fits where the gap is.
        unsafe {
            std::ptr::copy_nonoverlapping(self.a.add(ya), tmp, yn);
            let mut g = Gap { src: yn, n: yn, dst: ya + yn, rest: xn, at: xa + xn };
            let r = self.merge_high_loop(&mut g);
            if r.is_ok() && g.rest > 0 {
                std::ptr::copy(self.a.add(g.at - g.rest), self.a.add(g.dst - g.rest), g.rest);
                g.dst -= g.rest;
            }
            std::ptr::copy_nonoverlapping(tmp.add(g.src - g.n), self.a.add(g.dst - g.n), g.n);
            r
        }
    }
    unsafe fn merge_high_loop(&mut self, g: &mut Gap) -> R<()> {
        unsafe {
            let (a, tmp) = (self.a, self.tmp());
            macro_rules! take_first {
                ($k:expr) => {{
                    let k = $k;
                    std::ptr::copy(a.add(g.at - k), a.add(g.dst - k), k);
                    g.dst -= k;
                    g.at -= k;
                    g.rest -= k;
                    if g.rest == 0 {
                        return Ok(());
                    }
                }};
            }
            macro_rules! take_second {
                ($k:expr) => {{
                    let k = $k;
                    std::ptr::copy_nonoverlapping(tmp.add(g.src - k), a.add(g.dst - k), k);
                    g.dst -= k;
                    g.src -= k;
                    g.n -= k;
                    // The first one is known to be the least of all.
                    if g.n <= 1 {
                        return Ok(());
                    }
                }};
            }
            take_first!(1);
            if g.n == 1 {
                return Ok(());
            }
            let mut min = self.gallop;
            loop {
                let (mut first, mut second) = (0, 0);
                loop {
                    if (self.less)((*tmp.add(g.src - 1))[0], (*a.add(g.at - 1))[0])? {
                        first += 1;
                        second = 0;
                        take_first!(1);
                        if first >= min {
                            break;
                        }
                    } else {
                        second += 1;
                        first = 0;
                        take_second!(1);
                        if second >= min {
                            break;
                        }
                    }
                }
                min += 1;
                loop {
                    min -= (min > 1) as usize;
                    self.gallop = min;
                    let (at, rest) = (g.at - g.rest, g.rest);
                    let k = rest - self.gallop_right((*tmp.add(g.src - 1))[0], a, at, rest, rest - 1)?;
                    if k > 0 {
                        take_first!(k);
                    }
                    take_second!(1);
                    let (at, n) = (g.src - g.n, g.n);
                    let m = n - self.gallop_left((*a.add(g.at - 1))[0], tmp, at, n, n - 1)?;
                    if m > 0 {
                        take_second!(m);
                    }
                    take_first!(1);
                    if k < GALLOP && m < GALLOP {
                        break;
                    }
                }
                min += 1;
                self.gallop = min;
            }
        }
    }
}

/// Number of leading positions of `0..n` for which `before` holds, found by steps that double away from `hint`.
fn gallop(n: usize, hint: usize, mut before: impl FnMut(usize) -> R<bool>) -> R<usize> {
    let (mut lo, mut hi);
    if before(hint)? {
        let max = n - hint;
        let (mut last, mut ofs) = (0, 1);
        while ofs < max && before(hint + ofs)? {
            last = ofs;
            ofs = 2 * ofs + 1;
        }
        (lo, hi) = (hint + last + 1, hint + ofs.min(max));
    } else {
        let max = hint + 1;
        let (mut last, mut ofs) = (0, 1);
        while ofs < max && !before(hint - ofs)? {
            last = ofs;
            ofs = 2 * ofs + 1;
        }
        (lo, hi) = (max - ofs.min(max), hint - last);
    }
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        if before(mid)? { lo = mid + 1 } else { hi = mid }
    }
    Ok(lo)
}

/// Shortest run: 32 to 64 elements, such that the number of runs is a power of two or a little less.
fn min_run(mut n: usize) -> usize {
    let mut odd = 0;
    while n >= 64 {
        odd |= n & 1;
        n >>= 1;
    }
    n + odd
}

/// Depth, in the ideal merge tree over `n` elements, of the boundary between a run of `len` at `at` and the `next`
/// elements after it: the first bit in which the middles of the two, as fractions of `n`, differ.
fn power(at: usize, len: usize, next: usize, n: usize) -> u32 {
    let n = n as u128;
    let mut a = 2 * at as u128 + len as u128;
    let mut b = a + len as u128 + next as u128;
    let mut p = 0;
    loop {
        p += 1;
        if a >= n {
            a -= n;
            b -= n;
        } else if b >= n {
            return p;
        }
        a <<= 1;
        b <<= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gallop_finds_the_partition_point() {
        for n in 1..40usize {
            for k in 0..=n {
                for hint in 0..n {
                    assert_eq!(gallop(n, hint, |i| Ok(i < k)), Ok(k));
                }
            }
        }
    }
    #[test]
    fn floats_keep_their_order_as_ints() {
        let mut v = vec![-1e50, -2.5, -1.0, -1e-50, 0.0, 1e-50, 0.5, 1.0, 1e70];
        let w: Vec<u64> = v.iter().map(|f| word::flo_encode(*f).unwrap()).collect();
        let o: Vec<i64> = w.iter().map(|w| float_order(*w) as i64).collect();
        assert!(o.is_sorted());
        v.clear();
        assert_eq!(o.iter().map(|o| float_word(*o as u64)).collect::<Vec<_>>(), w);
    }
    #[test]
    fn runs_are_neither_short_nor_many() {
        for n in [64usize, 65, 100, 1000, 1023, 1024, 1025, 123456] {
            let m = min_run(n);
            assert!((32..=64).contains(&m));
        }
    }
}
