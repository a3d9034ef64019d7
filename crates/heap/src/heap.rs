//! First cut of the interface: bump allocation without collection, to be replaced behind the same names.

use crate::{Header, KindInfo, Obj, gcbits};
use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering::Relaxed};

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
    /// Bytes allocated between minor collections.
    pub nursery: usize,
    /// Most bytes the heap may hold; beyond it allocation fails. 0: bounded by the reserved address range.
    pub limit: usize,
}

impl Default for Config {
    fn default() -> Self {
        Config { mode: Mode::Generational, nursery: 4 << 20, limit: 0 }
    }
}

/// How the embedder takes part in a collection. All run with the world stopped, on the collecting thread.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Visits the embedder's global roots.
    pub trace_roots: unsafe fn(&mut Tracer),
    /// Visits one thread's precise roots (register stack, pending exception...). Native stacks are done by the heap.
    pub trace_mutator: unsafe fn(*mut Mutator, &mut Tracer),
    /// Major only: visits what a live descriptor refers to (called once per collection for each live `desc`).
    pub trace_desc: unsafe fn(u32, &mut Tracer),
    /// Major only, after marking: `live(desc)` tells which descriptors may be dropped.
    pub sweep_descs: unsafe fn(live: &dyn Fn(u32) -> bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    pub minor: u64,
    pub major: u64,
    pub minor_ns: u64,
    pub major_ns: u64,
    pub allocated: u64,
    pub live: u64,
    pub reserved: u64,
}

pub struct Tracer {
    _private: (),
}

impl Tracer {
    /// A precise slot: its referent is kept alive and may move (the slot is then updated).
    pub fn slot(&mut self, _slot: *mut u64) {}
    /// A word that may or may not be a reference, possibly into the inside of an object: pins what it points at.
    pub fn ambiguous(&mut self, _word: u64) {}
    /// True in a major collection.
    pub fn is_major(&self) -> bool {
        true
    }
}

/// The shared part.
pub struct Heap {
    pub kinds: &'static [KindInfo],
    pub hooks: Hooks,
    pub config: Config,
    chunk: Mutex<(usize, usize)>,
}

/// A thread's part; the embedder's thread structure starts with it.
#[repr(C)]
pub struct Mutator {
    pub cursor: Cell<usize>,
    pub limit: Cell<usize>,
    /// Non-zero: somebody wants this thread to call `poll_slow` at its next safepoint. Bit 0 belongs to the heap;
    /// the embedder may use the others.
    pub poll: AtomicU32,
    pub heap: &'static Heap,
    inner: UnsafeCell<()>,
}

pub const POLL_STOP: u32 = 1;

/// Whether a store into this object must go through [`Mutator::barrier_slow`].
#[inline(always)]
pub fn barrier_needed(o: Obj) -> bool {
    unsafe { o.as_ref().gc.load(Relaxed) & gcbits::UNLOGGED != 0 }
}

impl Heap {
    /// Creates a heap that lives as long as the process.
    pub fn new(kinds: &'static [KindInfo], hooks: Hooks, config: Config) -> &'static Heap {
        Box::leak(Box::new(Heap { kinds, hooks, config, chunk: Mutex::new((0, 0)) }))
    }
    /// Runs a full collection.
    pub fn collect(&'static self, _m: &Mutator, _major: bool) {}
    /// Runs `f` with every other mutator stopped at a safepoint.
    pub fn stop_world<R>(&'static self, _m: &Mutator, f: impl FnOnce() -> R) -> R {
        f()
    }
    /// Calls `f` for every live object (collects fully first).
    pub fn for_each_object(&'static self, _m: &Mutator, _f: &mut dyn FnMut(Obj)) {}
    pub fn stats(&self) -> Stats {
        Stats::default()
    }
    /// Whether an address lies in the heap (and not in static memory).
    #[inline(always)]
    pub fn contains(&self, _addr: usize) -> bool {
        true
    }
    /// An object whose finalizer is due (found unreachable and resurrected), oldest first. The heap keeps it alive
    /// until it is taken here. Nothing to do: None.
    pub fn pop_finalizable(&self) -> Option<Obj> {
        None
    }
    /// A weak reference object whose target died since (its target word is already 0).
    pub fn pop_dead_weak(&self) -> Option<Obj> {
        None
    }
    /// Cheap test before `pop_finalizable` / `pop_dead_weak`.
    pub fn has_pending(&self) -> bool {
        false
    }
    /// Counts memory that a dropped object will free outside the heap (for the trigger of major collections).
    pub fn external(&self, _delta: isize) {}
}

impl Mutator {
    /// A mutator for the calling thread; `register` must follow once it has its final address.
    pub fn new(heap: &'static Heap) -> Mutator {
        Mutator {
            cursor: Cell::new(0),
            limit: Cell::new(0),
            poll: AtomicU32::new(0),
            heap,
            inner: UnsafeCell::new(()),
        }
    }
    /// Makes the thread known to the collector; `stack_base` is the highest address of its native stack to scan.
    pub unsafe fn register(&self, _stack_base: usize) {}
    pub unsafe fn unregister(&self) {}
    /// Further native stacks of this thread (greenlets): scanned while registered.
    pub unsafe fn add_stack(&self, _lo: usize, _hi: usize) -> usize {
        0
    }
    pub unsafe fn remove_stack(&self, _token: usize) {}

    /// Uninitialised memory with its header written. Small objects (up to 8 KB) never fail: at the limit the heap
    /// collects, then uses its reserve and raises the flag that `take_memory_error` reads.
    #[inline(always)]
    pub fn alloc(&self, size: usize, kind: u8, desc: u32) -> Obj {
        debug_assert!(size % 8 == 0 && (16..=8192).contains(&size));
        let p = self.cursor.get();
        let n = p + size;
        let p = if n <= self.limit.get() {
            self.cursor.set(n);
            p
        } else {
            self.alloc_slow(size)
        };
        unsafe { Self::init(p, kind, desc, 0) }
    }
    /// Like `alloc` for any size; fails instead of using the reserve.
    #[inline]
    pub fn try_alloc(&self, size: usize, kind: u8, desc: u32) -> Result<Obj, OutOfMemory> {
        if size > 1 << 40 {
            return Err(OutOfMemory);
        }
        if size <= 8192 {
            Ok(self.alloc(size, kind, desc))
        } else {
            Ok(unsafe { Self::init(self.alloc_slow(size), kind, desc, 0) })
        }
    }
    /// An object that is old from the start and never moves. Its slots must be initialised before the next safepoint.
    pub fn alloc_old(&self, size: usize, kind: u8, desc: u32) -> Result<Obj, OutOfMemory> {
        self.try_alloc(size, kind, desc)
    }
    #[inline(always)]
    unsafe fn init(p: usize, kind: u8, desc: u32, gc: u8) -> Obj {
        let o = p as *mut Header;
        unsafe {
            o.write(Header {
                desc: AtomicU32::new(desc),
                gc: AtomicU8::new(gc),
                kind,
                flags: AtomicU16::new(0),
            });
            NonNull::new_unchecked(o)
        }
    }
    #[cold]
    #[inline(never)]
    fn alloc_slow(&self, size: usize) -> usize {
        let mut c = self.heap.chunk.lock().unwrap();
        if c.0 + size > c.1 {
            let n = (64 << 20).max(size);
            c.0 = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    n,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                    -1,
                    0,
                )
            } as usize;
            c.1 = c.0 + n;
        }
        if size <= 8192 && c.1 - c.0 >= 32768 + size {
            let p = c.0;
            c.0 += 32768;
            self.cursor.set(p + size);
            self.limit.set(p + 32768);
            return p;
        }
        let p = c.0;
        c.0 += size;
        p
    }
    /// To call after a reference was stored into a slot of `o`.
    #[inline(always)]
    pub fn barrier(&self, o: Obj, slot: *mut u64) {
        if barrier_needed(o) {
            self.barrier_slow(o, slot);
        }
    }
    #[cold]
    #[inline(never)]
    pub fn barrier_slow(&self, _o: Obj, _slot: *mut u64) {}
    /// The whole object was rewritten (bulk copy): remembers all of it.
    pub fn barrier_all(&self, _o: Obj) {}

    /// Stops here if another thread wants the world stopped. The embedder looks at the other poll bits itself.
    #[cold]
    pub fn poll_slow(&self) {}
    /// Runs `f` (a blocking host call that touches no heap object) outside the running state: collections go on meanwhile.
    #[inline]
    pub fn blocking<R>(&self, f: impl FnOnce() -> R) -> R {
        f()
    }

    /// `KindInfo::drop` is to run when this object dies.
    pub fn register_drop(&self, _o: Obj) {}
    /// This object is to be resurrected once and handed out by `Heap::pop_finalizable` when it becomes unreachable.
    pub fn register_finalizer(&self, _o: Obj) {}
    /// `o` is a weak reference object: the word at byte 8 is its target, not traced, zeroed when the target dies.
    pub fn register_weak(&self, _o: Obj) {}
    /// The object keeps its address from now on.
    pub fn pin(&self, o: Obj) {
        unsafe { o.as_ref().gc.fetch_or(gcbits::PINNED, Relaxed) };
    }
    /// Whether an allocation had to use the reserve since the last call.
    pub fn take_memory_error(&self) -> bool {
        false
    }
}

/// A growable vector of words in Rust memory that the collector knows: precise roots.
pub struct RootedVec {
    words: Vec<u64>,
}

impl RootedVec {
    pub fn new(_m: &Mutator) -> RootedVec {
        RootedVec { words: Vec::new() }
    }
    pub fn push(&mut self, w: u64) {
        self.words.push(w)
    }
    pub fn pop(&mut self) -> Option<u64> {
        self.words.pop()
    }
    pub fn as_slice(&self) -> &[u64] {
        &self.words
    }
    pub fn as_mut_slice(&mut self) -> &mut [u64] {
        &mut self.words
    }
}
