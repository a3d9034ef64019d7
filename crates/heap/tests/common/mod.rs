//! Kinds of objects and a mutator with precise registers, for the tests.
#![allow(dead_code)]

use adder_heap::*;
use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

pub const NODE: u8 = 0;
pub const ARRAY: u8 = 1;
pub const BYTES: u8 = 2;
pub const CUSTOM: u8 = 3;
pub const WEAK: u8 = 4;
pub const RES: u8 = 5;
pub const TAIL: u8 = 6;

/// Drops seen, by the id in the object's payload.
pub static DROPPED: [AtomicU32; 4096] = [const { AtomicU32::new(0) }; 4096];

unsafe fn custom_size(o: Obj) -> usize {
    16 + 8 * unsafe { *word(o, 1) } as usize
}
unsafe fn custom_trace(o: Obj, t: &mut Tracer) {
    for i in (0..unsafe { *word(o, 1) } as usize).rev() {
        t.slot(word(o, 2 + i));
    }
}
unsafe fn res_drop(o: Obj) {
    DROPPED[unsafe { *word(o, 1) } as usize].fetch_add(1, SeqCst);
}

pub static KINDS: [KindInfo; 7] = [
    KindInfo {
        name: "node",
        size: Size::Fixed(40),
        trace: Trace::Slots { at: 16, n: 3 },
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "array",
        size: Size::Counted { at: 8, base: 16, unit: 8 },
        trace: Trace::Counted { count_at: 8, at: 16 },
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "bytes",
        size: Size::Counted { at: 8, base: 16, unit: 1 },
        trace: Trace::None,
        drop: None,
        near: 0,
    },
    KindInfo {
        name: "custom",
        size: Size::Fn(custom_size),
        trace: Trace::Fn(custom_trace),
        drop: None,
        near: 0,
    },
    KindInfo { name: "weak", size: Size::Fixed(24), trace: Trace::None, drop: None, near: 0 },
    KindInfo { name: "resource", size: Size::Fixed(16), trace: Trace::None, drop: Some(res_drop), near: 0 },
    KindInfo {
        name: "tail",
        size: Size::Counted { at: 8, base: 16, unit: 8 },
        trace: Trace::From(16),
        drop: None,
        near: 0,
    },
];

pub fn word(o: Obj, i: usize) -> *mut u64 {
    unsafe { o.as_ptr().cast::<u64>().add(i) }
}
pub fn at(w: u64) -> Obj {
    Obj::new(w as *mut Header).unwrap()
}
pub fn bits(o: Obj) -> u64 {
    o.as_ptr() as u64
}
/// A word that is no reference.
pub fn fix(n: u64) -> u64 {
    n << 1 | 1
}

thread_local! {
    /// Addresses of `u64` roots that `trace_roots` visits; works for tests with one thread.
    pub static GLOBALS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    pub static DESC_REFS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    /// Objects that nothing but this refers to may leave it.
    pub static WEAK_TABLE: RefCell<Vec<Obj>> = const { RefCell::new(Vec::new()) };
    pub static DEAD_DESCS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}
unsafe fn trace_roots(t: &mut Tracer) {
    GLOBALS.with_borrow_mut(|g| g.iter_mut().for_each(|w| t.slot(w)));
}
unsafe fn trace_mutator(m: *mut Mutator, t: &mut Tracer) {
    let th = unsafe { &mut *(m as *mut Th) };
    for r in &mut th.regs {
        t.slot(r);
    }
    for a in &th.ambiguous {
        t.ambiguous(*a);
    }
}
unsafe fn trace_desc(d: u32, t: &mut Tracer) {
    DESC_REFS.with_borrow_mut(|g| {
        if let Some(w) = g.get_mut(d as usize) {
            t.slot(w)
        }
    });
}
unsafe fn sweep_descs(live: &dyn Fn(u32) -> bool) {
    let n = DESC_REFS.with_borrow(|d| d.len() as u32);
    DEAD_DESCS.set((0..n).filter(|d| !live(*d)).collect());
}
unsafe fn sweep_weak(t: &Tracer) {
    WEAK_TABLE.with_borrow_mut(|w| w.retain(|o| t.reached(o.as_ptr() as u64)));
}
pub const HOOKS: Hooks =
    Hooks { trace_roots, trace_mutator, trace_desc, settle: |_, _| {}, sweep_descs, sweep_weak };

#[repr(C)]
pub struct Th {
    pub m: Mutator,
    pub regs: Vec<u64>,
    pub ambiguous: Vec<u64>,
}

pub fn config(mode: Mode) -> Config {
    Config { mode, ..Config::default() }
}

/// Runs `f` as a registered mutator of a new heap.
#[inline(never)]
pub fn with_heap<R>(c: Config, f: impl FnOnce(&mut Th) -> R) -> R {
    with_mutator(Heap::new(&KINDS, HOOKS, c), f)
}
#[inline(never)]
pub fn with_mutator<R>(heap: &'static Heap, f: impl FnOnce(&mut Th) -> R) -> R {
    let mut th = Th { m: Mutator::new(heap), regs: Vec::new(), ambiguous: Vec::new() };
    let base = [0u64; 4];
    unsafe { th.m.register(std::hint::black_box(&base) as *const _ as usize + 32) };
    let r = call(f, &mut th);
    unsafe { th.m.unregister() };
    std::hint::black_box(&base);
    r
}
#[inline(never)]
fn call<R>(f: impl FnOnce(&mut Th) -> R, th: &mut Th) -> R {
    f(th)
}
/// Overwrites stale words on the stack below the caller.
#[inline(never)]
pub fn scrub() {
    let mut a = [0u64; 4096];
    std::hint::black_box(&mut a);
}

pub struct Rng(pub u64);
impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    pub fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 11) % n as u64) as usize
    }
}

pub fn node(m: &Mutator, id: u64) -> Obj {
    let o = m.alloc(40, NODE, 0);
    unsafe {
        *word(o, 1) = fix(id);
        (2..5).for_each(|i| *word(o, i) = 0);
    }
    o
}
pub fn array(m: &Mutator, kind: u8, n: usize) -> Result<Obj, OutOfMemory> {
    let o = m.try_alloc(16 + 8 * n, kind, 0)?;
    unsafe {
        *word(o, 1) = n as u64;
        (0..n).for_each(|i| *word(o, 2 + i) = 0);
    }
    Ok(o)
}
pub fn store(m: &Mutator, o: Obj, i: usize, v: u64) {
    unsafe { *word(o, i) = v };
    m.barrier(o, word(o, i));
}
pub fn weak(m: &Mutator, target: u64) -> Obj {
    let o = m.alloc(24, WEAK, 0);
    unsafe {
        *word(o, 1) = target;
        *word(o, 2) = fix(0);
    }
    m.register_weak(o);
    o
}
