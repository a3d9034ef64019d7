//! The shared part of the heap: what it is made from and what the embedder asks of it.
//!
//! # Safety
//! A heap is never freed, so that `&'static` is true of it. Hooks are called with the world stopped, on one thread;
//! what they say the collector believes.

use crate::crew::Helpers;
use crate::layout::{Classes, Layouts};
use crate::space::{BLOCK_SH, Range, Shared, Space};
use crate::world::World;
use crate::{KindInfo, Mutator, Obj, Tracer};
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Generational,
    NonMoving,
    /// Every collection is a full one.
    Full,
    /// Collect at every n-th allocation, poison freed memory.
    Stress(u32),
}

#[derive(Clone, Copy, Debug)]
pub struct Config {
    pub mode: Mode,
    /// Bytes allocated between minor collections, once much survives them.
    pub nursery: usize,
    /// Most bytes the heap may hold; beyond it allocation fails. 0: bounded by the reserved address range.
    pub limit: usize,
    /// Threads that mark a large heap, at most; no more than there are processors.
    pub markers: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { mode: Mode::Generational, nursery: 4 << 20, limit: 0, markers: usize::MAX }
    }
}

/// How the embedder takes part in a collection. All run with the world stopped, on the collecting thread.
///
/// A minor collection calls the two root hooks twice: in the first pass only ambiguous words count, in the
/// second only slots. They must name the same roots both times.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Visits the embedder's global roots.
    pub trace_roots: unsafe fn(&mut Tracer),
    /// Visits one thread's precise roots (register stack, pending exception...). Native stacks are done by the heap.
    /// A thread's own slots: the same in every collection, whether they were written since the last or not.
    pub trace_mutator: unsafe fn(*mut Mutator, &mut Tracer),
    /// Major only: visits what a live descriptor refers to (called once per collection for each live `desc`).
    pub trace_desc: unsafe fn(u32, &mut Tracer),
    /// Major only: what is alive is marked. Called for each object that was given to [`Tracer::later`], to follow or to
    /// empty the slots that it left out ([`Tracer::reached`]). Before anything is dropped.
    pub settle: unsafe fn(Obj, &mut Tracer),
    /// Major only, after marking: `live(desc)` tells which descriptors may be dropped.
    pub sweep_descs: unsafe fn(live: &dyn Fn(u32) -> bool),
    /// Major only, after that: [`Tracer::reached`] tells which old objects the embedder must forget that it only mentions
    /// in tables of its own. What was in the dead ones can still be read.
    pub sweep_weak: unsafe fn(&Tracer),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    pub minor: u64,
    pub major: u64,
    pub minor_ns: u64,
    pub major_ns: u64,
    /// Longest pauses.
    pub minor_max_ns: u64,
    pub major_max_ns: u64,
    /// Bytes handed to mutators so far.
    pub allocated: u64,
    /// Bytes of lines and large objects that survived the last collection.
    pub live: u64,
    /// Bytes of blocks in use.
    pub reserved: u64,
}

/// The shared part.
pub struct Heap {
    pub kinds: &'static [KindInfo],
    pub hooks: Hooks,
    pub config: Config,
    pub(crate) range: Range,
    pub(crate) layouts: Box<Layouts>,
    pub(crate) classes: Box<Classes>,
    pub(crate) space: Shared<Space>,
    pub(crate) world: World,
    pub(crate) helpers: Helpers,
    /// Something is in the queues of dead weak references or due finalizers.
    pub(crate) pending: AtomicBool,
    /// A collection is wanted at the next safepoint (external memory, stress).
    pub(crate) gc_due: AtomicBool,
    pub(crate) external: AtomicIsize,
    pub(crate) external_at: AtomicIsize,
    pub(crate) stress_count: AtomicU32,
    /// Counts collections (modulo 2**32): while it stays the same, so do the addresses of objects.
    pub epoch: AtomicU32,
}
// SAFETY: `range` holds addresses of tables whose use the modules synchronise; the rest is `Sync` by itself.
unsafe impl Sync for Heap {}
unsafe impl Send for Heap {}

impl Heap {
    /// Creates a heap that lives as long as the process.
    pub fn new(kinds: &'static [KindInfo], hooks: Hooks, config: Config) -> &'static Heap {
        let range = Range::reserve();
        let layouts = crate::layout::table(kinds);
        let space = Space::new(range, &*layouts, &config);
        Box::leak(Box::new(Heap {
            kinds,
            hooks,
            config,
            range,
            classes: crate::layout::classes(&layouts),
            layouts,
            space: Shared::new(space),
            world: World::new(),
            helpers: Helpers::default(),
            pending: AtomicBool::new(false),
            gc_due: AtomicBool::new(false),
            external: AtomicIsize::new(0),
            external_at: AtomicIsize::new(crate::collect::EXTERNAL_STEP),
            stress_count: AtomicU32::new(0),
            epoch: AtomicU32::new(0),
        }))
    }
    /// Runs `f` with every other mutator stopped at a safepoint.
    #[inline(never)]
    pub fn stop_world<R>(&'static self, m: &Mutator, f: impl FnOnce() -> R) -> R {
        m.with_stack_saved(|| {
            struct Resume<'a>(&'static Heap, &'a Mutator);
            impl Drop for Resume<'_> {
                fn drop(&mut self) {
                    self.0.world.resume(self.1, self.0.has_pending());
                }
            }
            self.world.stop(m, || true);
            let _resume = Resume(self, m);
            f()
        })
    }
    /// Calls `f` with every object whose finalizer is registered and not yet due, whether it is reachable or not. The
    /// world is stopped meanwhile: `f` must not allocate.
    pub fn each_finalizable(&'static self, m: &Mutator, f: &mut dyn FnMut(crate::Obj)) {
        self.stop_world(m, || {
            // SAFETY: the world is stopped.
            unsafe {
                for &o in self.world.mutators() {
                    (*o).local().finalizers.iter().for_each(|o| f(*o));
                }
                let s = &*self.space.stopped();
                s.finalizers.young.iter().chain(s.finalizers.old.iter()).for_each(|o| f(*o));
            }
        })
    }
    pub fn stats(&self) -> Stats {
        let s = self.space.lock();
        Stats {
            allocated: s.stats.allocated + s.since as u64,
            live: s.old_bytes as u64,
            reserved: (s.used << BLOCK_SH) as u64,
            ..s.stats
        }
    }
    /// Bytes of address space that the heap has.
    pub fn room(&self) -> usize {
        self.range.len
    }
    /// Whether an address lies in the heap (and not in static memory).
    #[inline(always)]
    pub fn contains(&self, addr: usize) -> bool {
        self.range.contains(addr)
    }
}
