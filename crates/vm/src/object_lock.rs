//! The lock of each object, for changes that other threads must not see or make in the middle. `Header::lock` says who may
//! change the object:
//!
//! - 0: nobody has yet, or the process has one thread.
//! - A number below [`NOBODY`]: it belongs to the thread with that number ([`Thread::owner`]). Only that one changes it, and
//!   needs no atomic instruction for it, which would cost more than most changes.
//! - [`SHARED`] with [`LOCKED`] and [`WAITERS`]: a lock like any other.
//!
//! An object belongs to the thread that made it or locked it first. When another thread wants to lock it, that one stops the
//! world, once, and makes it shared. What is never locked by two threads, as most objects are, is never stopped for.
//!
//! With one thread `owner` is 0 like what is in all headers, so that one comparison ([`Th::owns`]) says in both cases that the
//! object may be changed in place.
//!
//! # Invariants
//! - A number that no thread has had is any thread's who wants one; others are given to threads while the world is stopped.
//!   They are taken from threads then, or when these end.
//! - Between [`Th::owns`] and the change that it allows lies no safepoint, or the object is among `Thread::held`, or the
//!   safepoint is one at which others leave the thread alone ([`Th::allocating`]).
//! - Who stops the world for an object in another thread's `held` makes it locked by that thread, which sees that when it
//!   unlocks.
//! - A number that no thread has means nothing any more: the object goes to the next who wants it. So taking new numbers
//!   ([`renumber`]) sets free all objects at once, where one by one would take too many stops.
//!
//! # Costs
//! A stop takes some microseconds, or until the others are scheduled. Where objects go from thread to thread all the time that
//! would be felt. So stops have a budget, a part of the time since the second thread came; while it is used up, objects that
//! belong to nobody become shared at once. (Biased locks; freeing many at once is from Russell and Detlefs, "Eliminating
//! Synchronization-Related Atomic Operations with Biased Locking and Bulk Rebiasing", OOPSLA 2006.)

use crate::thread::{Th, Thread};
use crate::value::*;
use adder_heap::Header;
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering::*};
use std::time::{Duration, Instant};

/// The owner's number of a thread that has none: in no header.
const NOBODY: u8 = 127;
/// The object belongs to no thread: the other bits are its lock.
const SHARED: u8 = 128;
/// It is locked.
const LOCKED: u8 = 1;
/// Threads are parked on it.
const WAITERS: u8 = 2;

/// The first number that no thread has had yet.
static FRESH: AtomicU8 = AtomicU8::new(1);
/// Which numbers threads have.
static TAKEN: [AtomicBool; NOBODY as usize] = [const { AtomicBool::new(false) }; NOBODY as usize];
/// Objects that were made shared since the process has several threads, and the nanoseconds that it took.
static STOPS: AtomicU32 = AtomicU32::new(0);
static SPENT: AtomicU64 = AtomicU64::new(0);
static BEGIN: OnceLock<Instant> = OnceLock::new();

/// So many objects may each be made shared by a stop before all are set free at once.
const BATCH: u32 = 64;
/// Time that the stops may take: so much at first, and one part in so many.
const ALLOWANCE: Duration = Duration::from_millis(20);
const PART: u32 = 32;

/// Objects that a thread has locked. More than fit are shared ones, and not known here: a child process in which the thread
/// is missing finds them locked.
#[derive(Default)]
pub(crate) struct Held {
    objects: [Cell<Option<&'static Header>>; 8],
    n: Cell<usize>,
}
impl Held {
    /// False: there is no room.
    #[inline(always)]
    fn push(&self, h: &'static Header) -> bool {
        let Some(x) = self.objects.get(self.n.get()) else { return false };
        x.set(Some(h));
        self.n.set(self.n.get() + 1);
        true
    }
    #[inline(always)]
    fn remove(&self, h: &'static Header) {
        // The one that was locked last, mostly.
        let n = self.n.get();
        for i in (0..n).rev() {
            if self.objects[i].get().is_some_and(|x| std::ptr::eq(x, h)) {
                self.objects[i].set(self.objects[n - 1].take());
                self.n.set(n - 1);
                return;
            }
        }
    }
    fn all(&self) -> impl Iterator<Item = &'static Header> {
        self.objects[..self.n.get()].iter().filter_map(Cell::get)
    }
}

/// An object's lock is held, if it takes one.
pub struct Guard(Option<(&'static Header, Th)>);

impl Drop for Guard {
    #[inline(always)]
    fn drop(&mut self) {
        if let Some((h, th)) = self.0 {
            th.held.remove(h);
            if h.lock.load(Relaxed) != th.owner.get() {
                unlock_shared(h)
            }
        }
    }
}

#[cold]
#[inline(never)]
fn unlock_shared(h: &'static Header) {
    if h.lock.swap(SHARED, Release) & WAITERS != 0 {
        // SAFETY: the address stays valid while threads are parked on it: they hold the object on their stacks.
        unsafe {
            parking_lot_core::unpark_all(h as *const _ as usize, parking_lot_core::DEFAULT_UNPARK_TOKEN)
        };
    }
}

impl Th {
    /// Whether this thread alone may change the object, in place and until its next safepoint.
    #[inline(always)]
    pub fn owns<T>(self, o: Gc<T>) -> bool {
        self.owns_header(o.header())
    }
    #[inline(always)]
    pub fn owns_header(self, h: &Header) -> bool {
        h.lock.load(Relaxed) == self.owner.get()
    }
    /// A new object becomes this thread's.
    #[inline(always)]
    pub fn own_new(self, h: &Header) {
        h.lock.store(self.birth.get(), Relaxed);
    }
    /// Takes the object's lock if more than one thread exists. No Python code and no allocation that may collect
    /// may run while it is held, other than by code that tolerates waiting for the holder at a safepoint. A safepoint itself.
    #[inline(always)]
    pub fn lock<T>(self, o: Gc<T>) -> Guard {
        if !self.multi() {
            return Guard(None);
        }
        let h = o.header();
        if !self.owns_header(h) || !self.held.push(h) {
            self.lock_slow(h);
        }
        Guard(Some((h, self)))
    }
    /// The object becomes this thread's if it was nobody's or is so already; otherwise it is shared from now on.
    #[inline]
    pub fn own<T>(self, o: Gc<T>) -> bool {
        self.owns(o) || {
            drop(self.lock(o));
            self.owns(o)
        }
    }
    /// Runs `f` while all other threads are at safepoints: what they were accessing without a lock, they access no more.
    pub fn stopping_others<R>(self, f: impl FnOnce() -> R) -> R {
        if self.multi() { self.m.heap.stop_world(&self.m, f) } else { f() }
    }
    /// Allocates for machine code that has looked whom objects belong to and goes on to change them: others may stop this
    /// thread here, but take nothing from it.
    #[inline(always)]
    pub(crate) fn allocating<T>(self, f: impl FnOnce() -> T) -> T {
        struct Reset(Th);
        impl Drop for Reset {
            fn drop(&mut self) {
                self.0.allocating.set(false);
            }
        }
        self.allocating.set(true);
        let _reset = Reset(self);
        f()
    }
    #[inline(never)]
    fn lock_slow(self, h: &'static Header) {
        let mut spins = 0;
        loop {
            let b = h.lock.load(Acquire);
            if b & SHARED == 0 {
                if b != self.owner.get() {
                    self.take(h, b);
                } else if self.held.push(h) {
                    return;
                } else {
                    h.lock.store(SHARED | LOCKED, Relaxed);
                    return;
                }
                continue;
            }
            if b & LOCKED == 0 {
                if h.lock.compare_exchange_weak(b, b | LOCKED, Acquire, Relaxed).is_ok() {
                    self.held.push(h);
                    return;
                }
                continue;
            }
            spins += 1;
            if spins < 64 {
                std::hint::spin_loop();
                continue;
            }
            if b & WAITERS == 0 && h.lock.compare_exchange_weak(b, b | WAITERS, Relaxed, Relaxed).is_err() {
                continue;
            }
            const HELD: u8 = SHARED | LOCKED | WAITERS;
            // SAFETY: as in `unlock_shared`; the closures neither panic nor park.
            self.m.blocking(|| unsafe {
                parking_lot_core::park(
                    h as *const _ as usize,
                    || h.lock.load(Relaxed) == HELD,
                    || {},
                    |_, _| {},
                    parking_lot_core::DEFAULT_PARK_TOKEN,
                    None,
                );
            });
        }
    }
    /// Makes an object this thread's, or shared, that is `b`: nobody's, or another thread's.
    #[cold]
    fn take(self, h: &'static Header, b: u8) {
        let nobodys = || b == 0 || !TAKEN[b as usize].load(Acquire);
        if nobodys() {
            // A safepoint.
            let n = self.number();
            // Machine code may have read the object, without locking it, when it was another thread's.
            let stale = b != 0 && self.native_base.get() == 0;
            let to = if n == NOBODY || stale || self.birth.get() == 0 { SHARED } else { n };
            // The number is not given to a thread from here on: that takes a stop of the world.
            if nobodys() {
                let _ = h.lock.compare_exchange(b, to, AcqRel, Relaxed);
            }
            return;
        }
        let start = Instant::now();
        let mut later = false;
        self.m.heap.stop_world(&self.m, || {
            if h.lock.load(Relaxed) != b {
                return;
            }
            let mut to = SHARED;
            Th::for_all(|t| {
                if t.owner.get() == b {
                    later = t.allocating.get();
                    if t.held.all().any(|x| std::ptr::eq(x, h)) {
                        to |= LOCKED;
                    }
                }
            });
            if later {
                return;
            }
            h.lock.store(to, Relaxed);
            if (STOPS.fetch_add(1, Relaxed) + 1).is_multiple_of(BATCH) {
                renumber();
            }
            if self.over_budget() {
                Th::for_all(|t| t.birth.set(0));
            }
        });
        SPENT.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        if later {
            std::thread::yield_now();
        }
    }
    /// This thread's number; it gets one if there are any. Its new objects are its own if there is time for stops.
    fn number(self) -> u8 {
        if self.owner.get() == NOBODY && !fresh_number(self) && !self.over_budget() && free_number().is_some()
        {
            let start = Instant::now();
            self.m.heap.stop_world(&self.m, || number(self));
            SPENT.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        }
        let n = self.owner.get();
        self.birth.set(if n == NOBODY || self.over_budget() { 0 } else { n });
        n
    }
    fn over_budget(self) -> bool {
        let spent = Duration::from_nanos(SPENT.load(Relaxed));
        spent > ALLOWANCE
            && spent > ALLOWANCE + BEGIN.get_or_init(Instant::now).elapsed() / PART
            // Tests want to see stops all along.
            && !self.m.stress()
            && !crate::jit::eager()
    }
}

/// Gives a thread a number that no thread has had.
fn fresh_number(th: Th) -> bool {
    let next = |n| (n < NOBODY).then_some(n + 1);
    match FRESH.fetch_update(Relaxed, Relaxed, next) {
        Ok(n) => give(th, n),
        Err(_) => return false,
    }
    true
}
/// One that threads have had.
fn free_number() -> Option<u8> {
    (1..FRESH.load(Relaxed)).find(|n| !TAKEN[*n as usize].load(Acquire))
}
fn give(th: Th, n: u8) {
    TAKEN[n as usize].store(true, Relaxed);
    th.owner.set(n);
}
/// Gives a thread without a number one if there are any. The world is stopped.
fn number(th: Th) {
    if th.owner.get() == NOBODY {
        match free_number() {
            Some(n) => give(th, n),
            None => _ = fresh_number(th),
        }
    }
}
/// All threads lose what belongs to them, and get new numbers. Not now if one of them is allocating. The world is stopped.
fn renumber() {
    let mut later = false;
    Th::for_all(|t| later |= t.allocating.get());
    if later {
        return;
    }
    let mut old = [false; NOBODY as usize];
    Th::for_all(|t| {
        let n = t.owner.get();
        t.held
            .all()
            .filter(|h| h.lock.load(Relaxed) == n)
            .for_each(|h| h.lock.store(SHARED | LOCKED, Relaxed));
        t.owner.set(NOBODY);
        t.birth.set(0);
        if n < NOBODY {
            old[n as usize] = true;
        }
    });
    // Others than before, or nothing would have become free.
    Th::for_all(number);
    for n in (1..NOBODY).filter(|n| old[*n as usize]) {
        TAKEN[n as usize].store(false, Release);
    }
}

/// The [`Thread::owner`] that a thread begins with.
pub(crate) fn first_owner() -> u8 {
    if crate::thread::MULTI.load(Relaxed) { NOBODY } else { 0 }
}
/// The process is about to have a second thread.
pub(crate) fn second_thread(th: Th) {
    BEGIN.get_or_init(Instant::now);
    th.owner.set(NOBODY);
}
/// What belongs to a thread that is gone, or goes, is nobody's, and what it has locked is not locked any more.
pub(crate) fn abandon(t: &Thread) {
    for h in t.held.all() {
        if h.lock.load(Relaxed) & SHARED != 0 {
            h.lock.store(SHARED, Release);
        }
    }
    t.held.n.set(0);
    t.birth.set(0);
    let n = t.owner.replace(NOBODY);
    if (1..NOBODY).contains(&n) {
        TAKEN[n as usize].store(false, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> &'static Header {
        Box::leak(Box::new(crate::thread::header(0, 0)))
    }

    #[test]
    fn held_objects_are_found_in_any_order() {
        let all: Vec<_> = (0..9).map(|_| header()).collect();
        let held = Held::default();
        for h in &all[..8] {
            assert!(held.push(h));
        }
        assert!(!held.push(all[8]), "there is no room");
        held.remove(all[8]);
        for k in [3, 7, 0, 1, 6, 2, 5, 4] {
            assert!(held.all().any(|h| std::ptr::eq(h, all[k])));
            held.remove(all[k]);
            assert!(!held.all().any(|h| std::ptr::eq(h, all[k])));
        }
        assert_eq!(held.n.get(), 0);
    }
}
