//! Threads: registration, stopping the world, blocking regions.
//!
//! A mutator is *running* or *blocked*. Only running ones touch the heap. To stop the world a thread sets
//! everybody's poll bit and waits until it alone is running. Entering and leaving a blocking region takes no
//! lock: the mutator writes its state, then reads its poll word; the stopping thread writes the poll words, then
//! reads the states (all sequentially consistent), so at least one of the two sees the other.
//!
//! Most stops are for a minor collection and last some microseconds, less than it takes to put a thread to sleep and to
//! wake it. So who waits looks again for such a time first, if there are processors enough, and then sleeps. It looks
//! without the lock, which the stopping thread holds until it sleeps itself: being blocked and coming back is the same
//! as for a blocking region, with the epoch as the event that is waited for.
//!
//! # Safety
//! A registered mutator is alive: it takes itself out, under the lock, before it ends. The list is read without the
//! lock only by who has stopped the world. In the child of a fork nobody can hold the lock or wait: both are made anew.

use crate::mutator::{BLOCKED, POLL_STOP, RUNNING};
use crate::space::{Guard, Shared};
use crate::{Heap, Mutator};
use std::cell::UnsafeCell;
use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering::*};

pub(crate) struct World {
    state: Shared<State>,
    signals: UnsafeCell<Signals>,
    /// Counts how often the world went on. Changes under the lock; whoever sees it change sees what the collection did.
    epoch: AtomicU64,
    /// [`State::holder`], to be read without the lock.
    stopping: AtomicPtr<Mutator>,
    /// Whether that thread sleeps. Changes under the lock.
    holder_asleep: AtomicBool,
    /// Threads that look whether the world goes on instead of sleeping.
    looking: AtomicUsize,
    /// Processors that the process may use; 0: not known yet.
    processors: AtomicUsize,
}
/// What threads wait for, each by itself: a stop of many threads should wake each of them once. Waiters look for
/// themselves.
#[derive(Default)]
struct Signals {
    /// A thread does not run any more: for the one that stops the world.
    quiet: Condvar,
    /// The world goes on (a new epoch): for those who parked.
    go: Condvar,
    /// Everybody has woken up, or somebody is stopping the world: for those who want to stop it.
    awake: Condvar,
}
// SAFETY: the condition variables are only replaced when there is one thread.
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
    /// Of those who parked, the ones that sleep; those who wait for `awake`.
    asleep: usize,
    patient: usize,
}

/// How often somebody who waits looks again before sleeping, and how long the thread that stops the world does nothing in
/// between; the others wait for as long.
const LOOKS: u32 = 320;
const LOOK_PAUSES: u32 = 10;

fn pause() {
    for _ in 0..LOOK_PAUSES {
        std::hint::spin_loop();
    }
}
/// Processors that the process may use.
pub(crate) fn processors() -> usize {
    // SAFETY: plain system calls; the set is large enough or the call fails.
    unsafe {
        #[cfg(target_os = "linux")]
        {
            let mut set: libc::cpu_set_t = std::mem::zeroed();
            if libc::sched_getaffinity(0, size_of_val(&set), &mut set) == 0 {
                return (libc::CPU_COUNT(&set) as usize).max(1);
            }
        }
        libc::sysconf(libc::_SC_NPROCESSORS_ONLN).max(1) as usize
    }
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
                asleep: 0,
                patient: 0,
            }),
            signals: UnsafeCell::default(),
            epoch: AtomicU64::new(0),
            stopping: AtomicPtr::new(std::ptr::null_mut()),
            holder_asleep: AtomicBool::new(false),
            looking: AtomicUsize::new(0),
            processors: AtomicUsize::new(0),
        }
    }
    fn signals(&self) -> &Signals {
        // SAFETY: see `Sync`.
        unsafe { &*self.signals.get() }
    }
    fn wait<'a>(&'a self, signal: &Condvar, g: Guard<'a, State>) -> Guard<'a, State> {
        self.state.rejoin(signal.wait(g.guard).unwrap_or_else(|e| e.into_inner()))
    }
    /// A running mutator that is asked to stop looks for a short time whether the world goes on. True: it did, and the
    /// mutator runs. Otherwise it runs, and somebody may still stop the world, or there was nobody.
    fn look(&self, m: &Mutator) -> bool {
        // Read before the state is written: a stop that ends after that changes it.
        let epoch = self.epoch.load(SeqCst);
        let holder = self.stopping.load(SeqCst);
        // A holder that sleeps has to be woken, which is what parking does.
        if holder.is_null() || std::ptr::eq(holder, m) || self.holder_asleep.load(Relaxed) {
            return false;
        }
        // One processor is the holder's.
        let others = self.looking.fetch_add(1, Relaxed);
        let mut gone_on = false;
        if others + 1 < self.processors.load(Relaxed) {
            m.state.store(BLOCKED, SeqCst);
            for _ in 0..LOOKS * LOOK_PAUSES {
                gone_on = self.epoch.load(Acquire) != epoch;
                if gone_on {
                    break;
                }
                std::hint::spin_loop();
            }
            m.state.swap(RUNNING, SeqCst);
        }
        self.looking.fetch_sub(1, Relaxed);
        gone_on && m.poll.load(SeqCst) & POLL_STOP == 0
    }
    /// The lock, for a running mutator; `None` if the world was stopped meanwhile and goes on again. Who stops the world
    /// holds the lock while it waits for those who run, so none of them may just wait for the lock.
    fn lock_running(&self, m: &Mutator) -> Option<Guard<'_, State>> {
        for _ in 0..LOOKS * LOOK_PAUSES {
            if self.look(m) {
                return None;
            }
            if let Some(g) = self.state.try_lock() {
                return Some(g);
            }
            std::hint::spin_loop();
        }
        Some(self.state.lock())
    }
    /// Waits, blocked, until the world goes on.
    fn park<'a>(&'a self, mut g: Guard<'a, State>) -> Guard<'a, State> {
        let s = self.signals();
        g.parked += 1;
        self.quieter(&g);
        let epoch = self.epoch.load(Relaxed);
        while self.epoch.load(Relaxed) == epoch {
            g.asleep += 1;
            g = self.wait(&s.go, g);
            g.asleep -= 1;
        }
        g.parked -= 1;
        g.waking -= 1;
        if g.waking == 0 && g.patient > 0 {
            s.awake.notify_all();
        }
        g
    }
    /// A thread that was running is not any more.
    fn quieter(&self, _: &Guard<State>) {
        if self.holder_asleep.load(Relaxed) {
            self.signals().quiet.notify_one();
        }
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
        let Some(mut g) = self.lock_running(m) else { return };
        while !g.holder.is_null() && !std::ptr::eq(g.holder, m) {
            g = self.park_running(m, g);
        }
    }
    /// The answer to the poll bit.
    pub fn poll(&self, m: &Mutator) {
        let Some(mut g) = self.lock_running(m) else { return };
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
        if g.mutators.len() > 1 && self.processors.load(Relaxed) == 0 {
            self.processors.store(processors(), Relaxed);
        }
    }
    /// Removes a running mutator.
    pub fn remove(&self, m: &Mutator) {
        let mut g = self.state.lock();
        g.mutators.retain(|x| !std::ptr::eq(*x, m));
        m.state.store(BLOCKED, SeqCst);
        self.quieter(&g);
    }

    #[inline]
    pub fn enter_blocking(&self, m: &Mutator) {
        m.state.swap(BLOCKED, SeqCst);
        if m.poll.load(SeqCst) & POLL_STOP != 0 {
            self.quieter(&self.state.lock());
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
        let mut g = loop {
            match self.lock_running(m) {
                Some(g) => break g,
                None if wanted() => {}
                None => return false,
            }
        };
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
                g.patient += 1;
                g = self.wait(&self.signals().awake, g);
                g.patient -= 1;
            } else {
                break;
            }
        }
        self.hold(&mut g, m);
        g.depth = 1;
        if g.mutators.len() > 1 {
            for &o in &g.mutators {
                if !std::ptr::eq(o, m) {
                    // SAFETY: registered mutators are alive.
                    unsafe { (*o).poll.fetch_or(POLL_STOP, SeqCst) };
                }
            }
            // Threads that wait for `waking` above must notice.
            if g.patient > 0 {
                self.signals().awake.notify_all();
            }
            // SAFETY: as above.
            let running = |g: &State| {
                let others = g.mutators.iter().filter(|o| !std::ptr::eq(**o, m));
                others.filter(|o| unsafe { (***o).state.load(SeqCst) } == RUNNING).count()
            };
            let mut looks = LOOKS;
            loop {
                match running(&g) {
                    0 => break,
                    n if n < self.processors.load(Relaxed) && looks > 0 => {
                        looks -= 1;
                        pause();
                    }
                    _ => {
                        self.holder_asleep.store(true, Relaxed);
                        g = self.wait(&self.signals().quiet, g);
                        self.holder_asleep.store(false, Relaxed);
                    }
                }
            }
        }
        true
    }
    fn hold(&self, g: &mut Guard<State>, holder: *const Mutator) {
        g.holder = holder;
        self.stopping.store(holder as *mut _, SeqCst);
    }
    /// Lets the world go on. `notify`: the caller is to come to `poll_slow`.
    pub fn resume(&self, m: &Mutator, notify: bool) {
        let mut g = self.state.lock();
        debug_assert!(std::ptr::eq(g.holder, m));
        g.depth -= 1;
        if g.depth > 0 {
            return;
        }
        self.hold(&mut g, std::ptr::null());
        for &o in &g.mutators {
            // SAFETY: registered mutators are alive.
            unsafe { (*o).poll.fetch_and(!POLL_STOP, SeqCst) };
        }
        if notify {
            m.poll.fetch_or(POLL_STOP, SeqCst);
        }
        self.epoch.fetch_add(1, SeqCst);
        g.waking = g.parked;
        if g.asleep > 0 {
            self.signals().go.notify_all();
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
            std::ptr::write(self.signals.get(), Signals::default());
            let s = &mut *self.state.stopped();
            s.mutators = vec![m as *const _];
            s.parked = 0;
            s.waking = 0;
            s.asleep = 0;
            s.patient = 0;
        }
        self.looking.store(0, Relaxed);
        self.holder_asleep.store(false, Relaxed);
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
