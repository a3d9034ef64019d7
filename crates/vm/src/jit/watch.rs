//! Assumptions of traces: what is relied on without being tested, and who is to be told when it changes.
//!
//! # Invariants
//! - A recording registers its tree before it relies on something, so a change between recording and use is noticed.
//! - Invalid is for good: the loop is recorded anew. Other threads notice at their next safepoint (poll bit `JIT`), the
//!   thread that made the change when the operation that did it comes back to machine code.

use super::Tree;
use crate::address::AddressMap;
use crate::object::*;
use crate::sync::lock;
use crate::thread::{Th, poll};
use crate::value::*;
use adder_metatrace::counters::Counter;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::*, fence};

/// `DictCell` header flags: some trace took the content for a constant; the content has changed before.
pub const CELL_WATCHED: u8 = flags::K0;
pub const CELL_CHANGED: u8 = flags::K1;

type Watchers = Mutex<Option<AddressMap<usize, Vec<&'static Tree>>>>;
/// By address of the inline cache, the cell, the type.
static CACHES: Watchers = Mutex::new(None);
static CELLS: Watchers = Mutex::new(None);
static TYPES: Watchers = Mutex::new(None);
static ALL: Mutex<Vec<&'static Tree>> = Mutex::new(Vec::new());

/// Something is watched at all.
static ACTIVE: AtomicBool = AtomicBool::new(false);

fn add(w: &Watchers, at: usize, t: &'static Tree) {
    ACTIVE.store(true, SeqCst);
    let mut g = lock(w);
    let l = g.get_or_insert_with(AddressMap::default).entry(at).or_default();
    if !l.iter().any(|x| std::ptr::eq(*x, t)) {
        l.push(t);
    }
}
fn fire(w: &Watchers, at: usize, c: Counter) {
    let hit = lock(w).as_mut().and_then(|m| m.remove(&at));
    for t in hit.into_iter().flatten() {
        if t.valid.load(Acquire) {
            c.inc();
            adder_metatrace::sight::invalidated(t as *const Tree as usize, c);
        }
        invalidate(t);
    }
}

/// The tree relies on the content of an inline cache.
pub fn watch_cache(ic: &Ic, t: &'static Tree) {
    add(&CACHES, ic as *const Ic as usize, t);
}
pub fn watch_type(ty: Gc<Type>, t: &'static Tree) {
    add(&TYPES, ty.value().bits() as usize, t);
}
/// The trace that is recorded is for instances of this class.
pub fn specialised(ty: Gc<Type>, t: &'static Tree) {
    let version = ty.version.load(Relaxed);
    if version >= t.born && super::budget::new_class(version) {
        t.young.store(true, Relaxed);
    }
}
/// The tree relies on the content of a cell. False: it changes too often to be a constant.
pub fn watch_cell(c: Gc<DictCell>, t: &'static Tree) -> bool {
    if c.flag(CELL_CHANGED) {
        return false;
    }
    add(&CELLS, c.value().bits() as usize, t);
    c.set_flag(CELL_WATCHED);
    // The content is read after this; see `cell_changes`.
    fence(SeqCst);
    !c.flag(CELL_CHANGED)
}
/// The tree relies on there being one thread, and on functions keeping their code.
pub fn watch_world(t: &'static Tree) {
    ACTIVE.store(true, SeqCst);
    lock(&ALL).push(t);
}

/// An inline cache was emptied.
pub fn cache_flushed(ic: usize) {
    if ACTIVE.load(Relaxed) {
        fire(&CACHES, ic, Counter::InvalidCache);
    }
}
pub fn type_changed(t: Gc<Type>) {
    if ACTIVE.load(Relaxed) {
        fire(&TYPES, t.value().bits() as usize, Counter::InvalidCache);
    }
}
/// To be called after a store into a cell of global variables.
#[inline(always)]
pub fn cell_stored(th: Th, c: Gc<DictCell>) {
    if th.multi() {
        // Either this sees the flag or who has set it sees what was stored.
        fence(SeqCst);
    }
    if c.flag(CELL_WATCHED) {
        cell_changed(c)
    }
}
/// To be called before stores into a cell that nobody is told of: no trace takes its content for a constant from here on.
pub fn cell_changes(c: Gc<DictCell>) {
    c.set_flag(CELL_CHANGED);
    // Either this sees that it is watched, or who sets that flag sees the other.
    fence(SeqCst);
    if c.flag(CELL_WATCHED) {
        cell_changed(c)
    }
}
#[cold]
fn cell_changed(c: Gc<DictCell>) {
    c.set_flag(CELL_CHANGED);
    c.clear_flag(CELL_WATCHED);
    fire(&CELLS, c.value().bits() as usize, Counter::InvalidGlobal);
}
/// These inline caches are about to be freed.
pub fn forget_caches(dead: impl Fn(usize) -> bool) {
    if let Some(m) = lock(&CACHES).as_mut() {
        m.retain(|k, _| !dead(*k));
    }
}

/// A second thread starts, a function gets other code...: what all traces rely on.
pub fn invalidate_all(c: Counter) {
    if !ACTIVE.load(SeqCst) {
        return;
    }
    let all = std::mem::take(&mut *lock(&ALL));
    for t in all {
        if t.valid.load(Acquire) {
            c.inc();
            adder_metatrace::sight::invalidated(t as *const Tree as usize, c);
        }
        invalidate(t);
    }
}
/// Before the first other thread runs.
pub fn second_thread() {
    invalidate_all(Counter::InvalidThreads);
}

pub fn invalidate(t: &'static Tree) {
    if !t.valid.swap(false, AcqRel) {
        return;
    }
    if let Some(j) = super::get() {
        let out = j.backend.bail() as u64;
        let entry = t.entry.swap(out, AcqRel);
        // Another tree may have come.
        let _ = t.cell.compare_exchange(entry, out, AcqRel, Relaxed);
    }
    if let Some(th) = Th::current()
        && !th.multi()
    {
        // This thread is in the interpreter or in an operation that will look.
        return;
    }
    Th::for_all(|th| {
        th.m.poll.fetch_or(poll::JIT, SeqCst);
    });
}
