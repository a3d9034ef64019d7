//! Threads: registration, stopping the world, blocking regions.
//!
//! A mutator is *running* or *blocked*. Only running ones touch the heap. To stop the world a thread sets
//! everybody's poll bit and waits until it alone is running. Entering and leaving a blocking region takes no
//! lock: the mutator writes its state, then reads its poll word; the stopping thread writes the poll words, then
//! reads the states (all sequentially consistent), so at least one of the two sees the other.

use crate::mutator::{BLOCKED, POLL_STOP, RUNNING};
use crate::space::{Guard, Shared};
use crate::{Heap, Mutator};
use std::cell::UnsafeCell;
use std::sync::Condvar;
use std::sync::atomic::Ordering::SeqCst;

pub(crate) struct World {
    state: Shared<State>,
    /// Signals any change of the state; waiters look for themselves.
    changed: UnsafeCell<Condvar>,
}
// SAFETY: the condition variable is only replaced when there is one thread.
unsafe impl Sync for World {}
unsafe impl Send for World {}

struct State {
    mutators: Vec<*const Mutator>,
    /// Who has stopped, or is stopping, the world, and how many times over.
    holder: *const Mutator,
    depth: u32,
    /// Threads that wait for the world to go on; those of them that have not woken up since it did. The next
    /// stop waits for the latter, so that a thread that stops the world often does not starve the others.
    parked: usize,
    waking: usize,
    epoch: u64,
}

impl World {
    pub fn new() -> World {
        World {
            state: Shared::new(State {
                mutators: Vec::new(),
                holder: std::ptr::null(),
                depth: 0,
                parked: 0,
                waking: 0,
                epoch: 0,
            }),
            changed: UnsafeCell::new(Condvar::new()),
        }
    }
    fn changed(&self) -> &Condvar {
        // SAFETY: see `Sync`.
        unsafe { &*self.changed.get() }
    }
    fn wait<'a>(&'a self, g: Guard<'a, State>) -> Guard<'a, State> {
        self.state.rejoin(self.changed().wait(g.guard).unwrap_or_else(|e| e.into_inner()))
    }
    /// Waits, blocked, until the world goes on.
    fn park<'a>(&'a self, mut g: Guard<'a, State>) -> Guard<'a, State> {
        g.parked += 1;
        self.changed().notify_all();
        let epoch = g.epoch;
        while g.epoch == epoch {
            g = self.wait(g);
        }
        g.parked -= 1;
        g.waking -= 1;
        if g.waking == 0 {
            self.changed().notify_all();
        }
        g
    }
    fn park_running<'a>(&'a self, m: &Mutator, mut g: Guard<'a, State>) -> Guard<'a, State> {
        m.state.store(BLOCKED, SeqCst);
        g = self.park(g);
        // The lock is held and nobody is stopping.
        m.state.store(RUNNING, SeqCst);
        g
    }

    /// Parks if somebody else wants the world stopped.
    pub fn park_if_stopping(&self, m: &Mutator) {
        let mut g = self.state.lock();
        while !g.holder.is_null() && !std::ptr::eq(g.holder, m) {
            g = self.park_running(m, g);
        }
    }
    /// The answer to the poll bit.
    pub fn poll(&self, m: &Mutator) {
        let mut g = self.state.lock();
        while !g.holder.is_null() && !std::ptr::eq(g.holder, m) {
            g = self.park_running(m, g);
        }
        m.poll.fetch_and(!POLL_STOP, SeqCst);
    }

    pub fn add(&self, m: &Mutator) {
        let mut g = self.state.lock();
        while !g.holder.is_null() {
            g = self.park(g);
        }
        m.state.store(RUNNING, SeqCst);
        g.mutators.push(m);
    }
    /// Removes a running mutator.
    pub fn remove(&self, m: &Mutator) {
        let mut g = self.state.lock();
        g.mutators.retain(|x| !std::ptr::eq(*x, m));
        m.state.store(BLOCKED, SeqCst);
        self.changed().notify_all();
    }

    #[inline]
    pub fn enter_blocking(&self, m: &Mutator) {
        m.state.swap(BLOCKED, SeqCst);
        if m.poll.load(SeqCst) & POLL_STOP != 0 {
            let _g = self.state.lock();
            self.changed().notify_all();
        }
    }
    #[inline]
    pub fn leave_blocking(&self, m: &Mutator) {
        m.state.swap(RUNNING, SeqCst);
        if m.poll.load(SeqCst) & POLL_STOP != 0 {
            self.leave_slow(m);
        }
    }
    #[cold]
    fn leave_slow(&self, m: &Mutator) {
        self.park_if_stopping(m);
    }

    /// Stops all other mutators. After having waited for somebody else's stop, `wanted` is asked again, and if
    /// it says no, the world is not stopped.
    pub fn stop(&self, m: &Mutator, wanted: impl Fn() -> bool) -> bool {
        debug_assert_eq!(m.state.load(SeqCst), RUNNING, "a blocked thread may not stop the world");
        let mut g = self.state.lock();
        loop {
            if std::ptr::eq(g.holder, m) {
                g.depth += 1;
                return true;
            }
            if !g.holder.is_null() {
                g = self.park_running(m, g);
                if !wanted() {
                    return false;
                }
            } else if g.waking > 0 {
                g = self.wait(g);
            } else {
                break;
            }
        }
        g.holder = m;
        g.depth = 1;
        if g.mutators.len() > 1 {
            for &o in &g.mutators {
                if !std::ptr::eq(o, m) {
                    // SAFETY: registered mutators are alive.
                    unsafe { (*o).poll.fetch_or(POLL_STOP, SeqCst) };
                }
            }
            // Threads that wait for `waking` above must notice.
            self.changed().notify_all();
            // SAFETY: as above.
            while g
                .mutators
                .iter()
                .any(|&o| !std::ptr::eq(o, m) && unsafe { (*o).state.load(SeqCst) } == RUNNING)
            {
                g = self.wait(g);
            }
        }
        true
    }
    /// Lets the world go on. `notify`: the caller is to come to `poll_slow`.
    pub fn resume(&self, m: &Mutator, notify: bool) {
        let mut g = self.state.lock();
        debug_assert!(std::ptr::eq(g.holder, m));
        g.depth -= 1;
        if g.depth > 0 {
            return;
        }
        g.holder = std::ptr::null();
        for &o in &g.mutators {
            // SAFETY: registered mutators are alive.
            unsafe { (*o).poll.fetch_and(!POLL_STOP, SeqCst) };
        }
        if notify {
            m.poll.fetch_or(POLL_STOP, SeqCst);
        }
        g.epoch += 1;
        g.waking = g.parked;
        if g.waking > 0 {
            self.changed().notify_all();
        }
    }
    /// Asks one running mutator to come to its safepoint.
    pub fn nudge(&self) {
        let g = self.state.lock();
        for &o in &g.mutators {
            // SAFETY: registered mutators are alive.
            unsafe { (*o).poll.fetch_or(POLL_STOP, SeqCst) };
        }
    }
    /// # Safety
    /// The world is stopped.
    pub unsafe fn mutators(&self) -> &[*const Mutator] {
        unsafe { &(*self.state.stopped()).mutators }
    }
    /// In the child of a fork only `m` is left.
    pub unsafe fn after_fork(&self, m: &Mutator) {
        unsafe {
            self.state.renew();
            std::ptr::write(self.changed.get(), Condvar::new());
            let s = &mut *self.state.stopped();
            s.mutators = vec![m as *const _];
            s.parked = 0;
            s.waking = 0;
        }
    }
}

impl Heap {
    /// A running mutator leaves for good.
    pub(crate) unsafe fn leave(&self, m: &Mutator) {
        unsafe {
            {
                let mut s = self.space.lock();
                s.take_over(m);
            }
            self.world.remove(m);
        }
    }
}
