//! Locks and events that Python code can hold and wait for: `threading.Lock`, buffered files, queues.
//!
//! A word in a heap object (or anywhere) on which threads park by futex. While a thread waits, the object is on its
//! native stack and does not move, so the word's address is the same for whoever wakes it. Waiting is outside the running
//! state and ends early when a signal came, so that its Python handler runs at once (PEP 475).
//!
//! # Safety
//! The system gets the address of a word that lives while a thread waits on it. An [`Owned`] state is made once, by
//! whoever made the object, and freed when it is dead; in between the lock makes the reference to it the only one.

pub use adder_metatrace::lock;

use crate::err::R;
use crate::thread::Th;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::*};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    Woken,
    TimedOut,
    Interrupted,
}

/// Nanoseconds of the monotonic clock.
pub fn monotonic() -> i64 {
    crate::the_host().clock_gettime(libc::CLOCK_MONOTONIC).unwrap_or(0)
}

/// Parks until woken, while the word has this value. `deadline`: of the monotonic clock.
fn futex_wait(word: &AtomicU32, value: u32, deadline: Option<i64>) -> Wake {
    let t = deadline
        .map(|d| libc::timespec { tv_sec: d.max(0) / 1_000_000_000, tv_nsec: d.max(0) % 1_000_000_000 });
    let t = t.as_ref().map_or(std::ptr::null(), |t| t as *const libc::timespec);
    let r = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG,
            value,
            t,
            std::ptr::null::<u32>(),
            u32::MAX,
        )
    };
    if r == 0 {
        return Wake::Woken;
    }
    match unsafe { *libc::__errno_location() } {
        libc::ETIMEDOUT => Wake::TimedOut,
        libc::EINTR => Wake::Interrupted,
        _ => Wake::Woken,
    }
}
fn futex_wake(word: &AtomicU32, n: i32) {
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, n) };
}

/// Handles signals that came while the thread waited and did not interrupt it (`interrupt_main`).
#[inline]
fn signals(th: Th) -> R<()> {
    if th.m.poll.load(Relaxed) & crate::thread::poll::SIGNAL != 0 { th.attend() } else { Ok(()) }
}

/// How long a thread waits before it uses the time, and the most between two looks.
const NAP: i64 = 50_000_000;
const LONGEST_NAP: i64 = 4_000_000_000;
/// Bytes allocated when that was done last, and when it may be done again.
static IDLE_SEEN: AtomicU64 = AtomicU64::new(0);
static IDLE_NEXT: AtomicI64 = AtomicI64::new(0);

/// A wait in pieces. A thread that waits for long looks for objects that became unreachable and have finalizers: one of
/// them may be what it waits for, like a connection that nobody refers to any more and that the other side waits to see
/// closed. It looks again and again, less and less often: what keeps it waiting may be dropped later by a thread that
/// then waits in a system call, and a look may be refused because there was one just before.
pub struct Rest {
    nap: i64,
}
impl Default for Rest {
    fn default() -> Rest {
        Rest { nap: NAP }
    }
}
impl Rest {
    /// Whichever comes first: the deadline or the end of a nap.
    pub fn until(&self, deadline: Option<i64>) -> Option<i64> {
        let end = monotonic() + self.nap;
        Some(deadline.map_or(end, |d| d.min(end)))
    }
    /// After a nap.
    #[cold]
    pub fn over(&mut self, th: Th) -> R<()> {
        self.nap = (self.nap * 2).min(LONGEST_NAP);
        let (now, allocated) = (monotonic(), th.m.heap.stats().allocated);
        if !crate::gc_module::enabled()
            || now < IDLE_NEXT.load(Relaxed)
            || allocated.abs_diff(IDLE_SEEN.load(Relaxed)) < 1024
        {
            return Ok(());
        }
        IDLE_SEEN.store(allocated, Relaxed);
        crate::gc_module::clear_stack();
        th.m.heap.collect(&th.m, true);
        let end = monotonic();
        // A small part of the time only.
        IDLE_NEXT.store(end + 20 * (end - now), Relaxed);
        th.attend()
    }
}

/// How many forks this process is away from the first one. Whoever took a lock before the last of them does not exist
/// here, unless it is the thread that forked.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// In the child of a fork.
pub fn after_fork_child() {
    FORKS.fetch_add(1, Relaxed);
}

/// A lock that any thread may release. 0: free; else the number of forks, and in the low bits 1: held, 2: held and
/// somebody may wait.
#[repr(transparent)]
#[derive(Default)]
pub struct Lock(AtomicU32);

const STATE: u32 = 3;
#[inline(always)]
fn word(state: u32) -> u32 {
    FORKS.load(Relaxed) << 2 | state
}

impl Lock {
    pub const fn new() -> Lock {
        Lock(AtomicU32::new(0))
    }
    #[inline(always)]
    pub fn try_lock(&self) -> bool {
        self.0.compare_exchange(0, word(1), Acquire, Relaxed).is_ok()
    }
    /// As [`Lock::lock`] for a lock that the program knows nothing of and that its holder always releases: held by a thread
    /// that a fork has left behind, it is free. Not to be asked for by who has it.
    #[inline]
    pub fn lock_inner(&self, th: Th, deadline: Option<i64>) -> R<bool> {
        if self.try_lock() || self.inherit() { Ok(true) } else { self.lock_slow(th, deadline) }
    }
    /// As [`Lock::lock_uninterrupted`] for such a lock.
    #[inline]
    pub fn lock_inner_uninterrupted(&self, th: Th) {
        if !self.try_lock() && !self.inherit() {
            self.lock_uninterrupted(th);
        }
    }
    #[cold]
    fn inherit(&self) -> bool {
        let w = self.0.load(Relaxed);
        w & STATE != 0
            && w & !STATE != word(0)
            && self.0.compare_exchange(w, word(1), Acquire, Relaxed).is_ok()
    }
    #[inline(always)]
    pub fn is_locked(&self) -> bool {
        self.0.load(Relaxed) != 0
    }
    /// Waits for the lock; false when the time is over. Handlers of signals run in between and may raise.
    #[inline]
    pub fn lock(&self, th: Th, deadline: Option<i64>) -> R<bool> {
        if self.try_lock() { Ok(true) } else { self.lock_slow(th, deadline) }
    }
    /// Waits whatever signals come.
    pub fn lock_uninterrupted(&self, th: Th) {
        if self.try_lock() {
            return;
        }
        while self.0.swap(word(2), Acquire) != 0 {
            th.m.blocking(|| futex_wait(&self.0, word(2), None));
        }
    }
    #[cold]
    fn lock_slow(&self, th: Th, deadline: Option<i64>) -> R<bool> {
        for _ in 0..100 {
            std::hint::spin_loop();
            if self.0.load(Relaxed) == 0 && self.try_lock() {
                return Ok(true);
            }
        }
        let mut rest = Rest::default();
        loop {
            if self.0.swap(word(2), Acquire) == 0 {
                return Ok(true);
            }
            let until = rest.until(deadline);
            match th.m.blocking(|| futex_wait(&self.0, word(2), until)) {
                Wake::TimedOut if until != deadline => rest.over(th)?,
                Wake::TimedOut => return Ok(false),
                Wake::Interrupted => th.attend()?,
                // Who was woken tries before a handler may raise: nobody else is woken in its place.
                Wake::Woken if self.0.swap(word(2), Acquire) == 0 => return Ok(true),
                Wake::Woken => signals(th)?,
            }
        }
    }
    /// As `try_lock`, without an atomic exchange while the process has one thread: only this one could hold it.
    #[inline(always)]
    pub fn try_lock_thin(&self, th: Th) -> bool {
        if th.multi() {
            return self.try_lock();
        }
        let free = self.0.load(Relaxed) == 0;
        if free {
            self.0.store(word(1), Relaxed);
        }
        free
    }
    /// As `unlock`, in the same way. A thread that waits was started since, and then there is more than one.
    #[inline(always)]
    pub fn unlock_thin(&self, th: Th) {
        if th.multi() {
            self.unlock();
        } else {
            self.0.store(0, Relaxed);
        }
    }
    /// False: it was not held.
    #[inline]
    pub fn unlock(&self) -> bool {
        match self.0.swap(0, Release) & STATE {
            0 => false,
            1 => true,
            _ => {
                futex_wake(&self.0, 1);
                true
            }
        }
    }
    /// In the child of a fork: free.
    pub fn reset(&self) {
        self.0.store(0, Release);
    }
}

/// A table behind a lock that readers take only if the process has several threads.
pub struct Table<T> {
    lock: std::sync::Mutex<()>,
    table: std::cell::UnsafeCell<T>,
}
// SAFETY: the table is reached under the lock, or by the only thread there is.
unsafe impl<T: Send> Sync for Table<T> {}
impl<T> Table<T> {
    pub const fn new(table: T) -> Table<T> {
        Table { lock: std::sync::Mutex::new(()), table: std::cell::UnsafeCell::new(table) }
    }
    /// `f` must not come back to this table.
    pub fn with<U>(&self, f: impl FnOnce(&mut T) -> U) -> U {
        let _g = lock(&self.lock);
        // SAFETY: under the lock; readers without it are on this thread, which is here, or there are none any more.
        f(unsafe { &mut *self.table.get() })
    }
    /// Reads only; `f` must not come back to this table, nor reach a safepoint.
    #[inline]
    pub fn look<U>(&self, th: Th, f: impl FnOnce(&T) -> U) -> U {
        if th.multi() {
            return self.with(|t| f(t));
        }
        // SAFETY: `multi` is set before a second thread runs, and only by this one, which is here.
        f(unsafe { &*self.table.get() })
    }
}

/// A state that an object owns in Rust memory, used by one thread at a time. Zeroed memory is "not made yet".
pub struct Owned<T> {
    lock: Lock,
    ptr: std::cell::Cell<*mut T>,
}
impl<T> Owned<T> {
    /// For an object just made.
    pub fn set(&self, v: T) {
        debug_assert!(self.ptr.get().is_null());
        self.ptr.set(Box::into_raw(Box::new(v)));
    }
    /// Runs `f` with the state, which no other thread uses meanwhile.
    #[inline]
    pub fn with<U>(&self, th: Th, f: impl FnOnce(&mut T) -> U) -> U {
        // Also when `f` panics.
        struct Unlock<'a>(&'a Lock);
        impl Drop for Unlock<'_> {
            fn drop(&mut self) {
                self.0.unlock();
            }
        }
        self.lock.lock_inner_uninterrupted(th);
        let _g = Unlock(&self.lock);
        // SAFETY: set when the object was made, freed when it died; the lock makes this the only reference.
        f(unsafe { self.ptr.get().as_mut() }.expect("the state of a finished object"))
    }
    /// When the object dies.
    pub fn free(&self) {
        let p = self.ptr.replace(std::ptr::null_mut());
        if !p.is_null() {
            drop(unsafe { Box::from_raw(p) });
        }
    }
}

/// Happens once.
#[repr(transparent)]
#[derive(Default)]
pub struct Event(AtomicU32);

impl Event {
    pub const fn new() -> Event {
        Event(AtomicU32::new(0))
    }
    pub fn is_set(&self) -> bool {
        self.0.load(Acquire) != 0
    }
    pub fn set(&self) {
        self.0.store(1, Release);
        futex_wake(&self.0, i32::MAX);
    }
    /// False when the time is over.
    pub fn wait(&self, th: Th, deadline: Option<i64>) -> R<bool> {
        let mut rest = Rest::default();
        loop {
            if self.is_set() {
                return Ok(true);
            }
            let until = rest.until(deadline);
            match th.m.blocking(|| futex_wait(&self.0, 0, until)) {
                Wake::TimedOut if until != deadline => rest.over(th)?,
                Wake::TimedOut => return Ok(self.is_set()),
                Wake::Interrupted => th.attend()?,
                Wake::Woken => signals(th)?,
            }
        }
    }
}

/// Wakes whoever waits for a count to change: `wait` returns when `notify` was called after `ticket`.
#[derive(Default)]
#[repr(transparent)]
pub struct Turnstile(AtomicU32);

impl Turnstile {
    pub fn ticket(&self) -> u32 {
        self.0.load(SeqCst)
    }
    pub fn wait(&self, th: Th, ticket: u32, deadline: Option<i64>) -> Wake {
        th.m.blocking(|| futex_wait(&self.0, ticket, deadline))
    }
    pub fn notify(&self, n: i32) {
        self.0.fetch_add(1, SeqCst);
        futex_wake(&self.0, n);
    }
}
