//! Marking by several threads: a large heap is marked by the collecting thread and by helpers, which sleep otherwise.
//!
//! The collecting thread begins alone. Whoever has much to do while another has nothing puts a *packet* of objects, marked
//! but not scanned, where all can take it. Marks are set by atomic operations in this phase; so each object is scanned
//! by one thread, and nobody cares by which. Marking is over when nobody is busy and there is no packet.
//!
//! # Invariants
//! - Helpers touch the heap only between taking a packet and handing in what they found, both under the lock, during
//!   [`Tracer::drain_together`]; the world is stopped then, and the collecting thread returns from it when nobody is busy.
//! - Helpers call nothing of the embedder but the kinds' sizes and trace functions.
//! - In the child of a fork there are no helpers: it forgets the crew of its parent and makes one of its own.

use crate::space::{Guard, Shared};
use crate::trace::{Phase, Rest, Tracer};
use crate::{Heap, Obj};
use std::sync::Condvar;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

/// With so many bytes in old objects it is worth waking somebody, which takes as long as scanning a few hundred objects.
const LARGE: usize = 8 << 20;
/// Helpers at most.
const MOST: usize = 3;
/// Objects of a packet at most; and who has fewer than some does not share.
const PACKET: usize = 512;
const FEW: usize = 64;
/// A sleeping helper is woken by who has so many objects.
const MANY: usize = 2048;
/// How often a helper looks for work before it sleeps, some ten microseconds; the collecting thread lets others run then.
const LOOKS: u32 = 4000;
/// Helpers call no function that calls itself.
const STACK: usize = 256 << 10;

pub(crate) struct Crew {
    state: Shared<State>,
    wake: Condvar,
    /// How many look for a packet, and how many packets there are: hints for those who have no lock.
    looking: AtomicUsize,
    ready: AtomicUsize,
    asleep: AtomicUsize,
}
/// Work: objects, a part of a long array.
struct Packet {
    objects: Vec<Obj>,
    rest: Option<Rest>,
}
#[derive(Default)]
struct State {
    packets: Vec<Packet>,
    /// Threads that have work.
    busy: usize,
    /// Which collection this is.
    collection: u64,
    /// What helpers have found: see [`Tracer::later`], descriptors, bytes of large objects.
    later: Vec<Obj>,
    descs: Vec<u32>,
    live: usize,
}

/// What a heap has for marking together.
#[derive(Default)]
pub(crate) struct Helpers(AtomicPtr<Crew>);

impl Helpers {
    /// In the child of a fork. What the parent's crew has in memory stays there: its lock may be held.
    pub fn forget(&self) {
        self.0.store(std::ptr::null_mut(), Relaxed);
    }
    /// Called by the collecting thread alone.
    fn get(&self, heap: &'static Heap) -> &'static Crew {
        let p = self.0.load(Relaxed);
        if !p.is_null() {
            // SAFETY: it is never freed.
            return unsafe { &*p };
        }
        let crew = Box::leak(Box::new(Crew {
            state: Shared::new(State::default()),
            wake: Condvar::new(),
            looking: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            asleep: AtomicUsize::new(0),
        }));
        self.0.store(crew, Relaxed);
        let crew = &*crew;
        crate::malloc::share_arenas();
        without_signals(|| {
            for _ in 1..heap.config.markers.min(MOST + 1).min(crate::world::processors()) {
                let helper = std::thread::Builder::new().name("adder-gc".into()).stack_size(STACK);
                // Where there can be no thread the work is done without it.
                let _ = helper.spawn(move || crew.help(heap));
            }
        });
        crew
    }
}

/// Threads that are made meanwhile get no signals: those are for the program's threads.
fn without_signals(f: impl FnOnce()) {
    // SAFETY: the mask is this thread's own and put back.
    unsafe {
        let (mut all, mut old) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut old);
        f();
        libc::pthread_sigmask(libc::SIG_SETMASK, &old, std::ptr::null_mut());
    }
}

impl Crew {
    /// Gives of the work of a thread, if somebody has none.
    #[inline(always)]
    pub fn share(&self, t: &mut Tracer) {
        let ready = self.ready.load(Relaxed);
        if self.looking.load(Relaxed) > ready {
            self.give(t, FEW);
        } else if self.asleep.load(Relaxed) > ready {
            self.give(t, MANY);
        }
    }
    /// Half of a long array, or of the objects, if there are so many.
    #[cold]
    #[inline(never)]
    fn give(&self, t: &mut Tracer, least: usize) {
        let rest = t.split_rest();
        let mut objects = Vec::new();
        if rest.is_none() {
            let from = &mut t.stack;
            let (len, n) = (from.len(), (from.len() / 2).min(PACKET));
            if len < least {
                return;
            }
            // The oldest, which most is reached from; others go to their places.
            objects.extend_from_slice(&from[..n]);
            from.copy_within(len - n.., 0);
            from.truncate(len - n);
        }
        let mut g = self.state.lock();
        g.packets.push(Packet { objects, rest });
        self.ready.store(g.packets.len(), Relaxed);
        drop(g);
        if self.asleep.load(Relaxed) > 0 {
            self.wake.notify_one();
        }
    }
    fn take(&self, g: &mut Guard<State>) -> Option<Packet> {
        let packet = g.packets.pop()?;
        self.ready.store(g.packets.len(), Relaxed);
        g.busy += 1;
        Some(packet)
    }
    /// For the collecting thread, which has none: waits for a packet. None: nobody has anything left to do.
    fn next(&self) -> Option<Packet> {
        self.state.lock().busy -= 1;
        self.looking.fetch_add(1, Relaxed);
        let mut looks = 0;
        let packet = loop {
            let mut g = self.state.lock();
            let packet = self.take(&mut g);
            if packet.is_some() || g.busy == 0 {
                break packet;
            }
            drop(g);
            for _ in 0..16 {
                std::hint::spin_loop();
            }
            looks += 1;
            if looks > LOOKS / 16 {
                // A helper may have to wait for this processor.
                std::thread::yield_now();
            }
        };
        self.looking.fetch_sub(1, Relaxed);
        packet
    }
    /// What a helper does all its life.
    fn help(&'static self, heap: &'static Heap) {
        // What it has begun must be finished: see `Heap::run`.
        struct Abort;
        impl Drop for Abort {
            fn drop(&mut self) {
                crate::fatal("a collection could not be finished");
            }
        }
        let _abort = Abort;
        let mut g = self.state.lock();
        let mut tracer: Option<(u64, Tracer)> = None;
        loop {
            let Some(packet) = self.take(&mut g) else {
                drop(g);
                if !self.look() {
                    g = self.sleep();
                } else {
                    g = self.state.lock();
                }
                continue;
            };
            let n = g.collection;
            drop(g);
            if tracer.as_ref().is_none_or(|t| t.0 != n) {
                // SAFETY: the world is stopped: a collection is in its marking phase as long as somebody is busy.
                tracer = Some((n, unsafe { Tracer::of_helper(heap, self) }));
            }
            let t = &mut tracer.as_mut().unwrap().1;
            t.accept(packet);
            // SAFETY: as above.
            unsafe { t.drain_shared() };
            g = self.state.lock();
            g.later.append(&mut t.later);
            g.descs.append(&mut t.new_descs);
            g.live += std::mem::take(&mut t.live);
            g.busy -= 1;
        }
    }
    /// Whether there is something to do before it is time to sleep.
    fn look(&self) -> bool {
        self.looking.fetch_add(1, Relaxed);
        let found = (0..LOOKS).any(|_| {
            std::hint::spin_loop();
            self.ready.load(Relaxed) > 0
        });
        self.looking.fetch_sub(1, Relaxed);
        found
    }
    fn sleep(&self) -> Guard<'_, State> {
        let mut g = self.state.lock();
        self.asleep.fetch_add(1, Relaxed);
        while g.packets.is_empty() {
            g = self.state.rejoin(self.wake.wait(g.guard).unwrap_or_else(|e| e.into_inner()));
        }
        self.asleep.fetch_sub(1, Relaxed);
        g
    }
}

impl Tracer {
    fn accept(&mut self, mut p: Packet) {
        self.stack.append(&mut p.objects);
        self.rest.extend(p.rest);
    }
    /// Whether others are to help with this heap.
    pub(crate) unsafe fn has_helpers(&self) -> bool {
        // SAFETY: as of all of the tracer: the space is its own.
        let s = unsafe { &*self.space };
        let enough = s.old_bytes >= LARGE || s.stress > 0;
        // Threads take address space.
        enough && self.heap.config.markers > 1 && !crate::malloc::cares()
    }
    /// Follows everything that is queued, as `drain`, with helpers.
    pub(crate) unsafe fn drain_together(&mut self) {
        debug_assert!(self.phase == Phase::Major);
        let crew = self.heap.helpers.get(self.heap);
        {
            let mut g = crew.state.lock();
            g.collection += 1;
            g.busy = 1;
        }
        self.phase = Phase::Shared;
        self.crew = Some(crew);
        loop {
            unsafe { self.drain_shared() };
            if let Some(d) = self.new_descs.pop() {
                unsafe { (self.heap.hooks.trace_desc)(d, self) };
            } else if let Some(packet) = crew.next() {
                self.accept(packet);
            } else {
                let mut g = crew.state.lock();
                self.later.append(&mut g.later);
                self.live += std::mem::take(&mut g.live);
                g.descs.drain(..).for_each(|d| self.mark_desc(d));
                if self.new_descs.is_empty() {
                    break;
                }
                g.busy = 1;
            }
        }
        self.crew = None;
        self.phase = Phase::Major;
    }
}
