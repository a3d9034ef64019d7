//! A thread's part of the heap: its allocation run, what its barriers remembered, its stacks.
//!
//! # Invariants
//! - `local` gives a thread's part to one side at a time: to the thread while it runs, to the collector while it is blocked
//!   or stopped. No reference to it is kept over a safepoint.
//! - `sp` is the stack pointer noted last; it is valid while the thread is not running.

use crate::barrier::CardEntry;
use crate::rooted::RootList;
use crate::space::NONE;
use crate::stack::{NO_REGISTERS, spill};
use crate::{Header, Heap, Mode, Obj, OutOfMemory, gcbits};
use std::cell::{Cell, UnsafeCell};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// A thread's part; the embedder's thread structure starts with it. Machine code relies on the offsets of
/// `cursor` (0), `limit` (8) and `poll` (16).
#[repr(C)]
pub struct Mutator {
    pub cursor: Cell<usize>,
    pub limit: Cell<usize>,
    /// The low half non-zero: somebody wants this thread to call `poll_slow` at its next safepoint. Bit 0 belongs to the
    /// heap; the embedder may use the others. Machine code looks at the low half only.
    pub poll: AtomicU64,
    /// [`RUNNING`] or [`BLOCKED`].
    pub(crate) state: AtomicU32,
    pub heap: &'static Heap,
    inner: UnsafeCell<Local>,
}

/// The heap's bit of [`Mutator::poll`].
pub const POLL_STOP: u64 = 1;

/// What handling an error takes, in pieces of memory for small objects.
const GRACE: u32 = 16;

pub(crate) const RUNNING: u32 = 0;
pub(crate) const BLOCKED: u32 = 1;

/// Touched by the owner while it runs and by the collector while it does not.
pub(crate) struct Local {
    // Allocation: the small run (its cursor and limit are in `Mutator`), the search for the next hole, and a
    // second run for medium objects.
    pub run: u32,
    pub block: u32,
    pub line: u32,
    pub big_run: u32,
    pub big_cursor: usize,
    pub big_limit: usize,
    /// The small run's limit under stress, when `Mutator::limit` sends every allocation to the slow path.
    pub window: usize,

    /// Tells few threads from one another; many may have the same.
    pub color: u8,
    pub remembered: Vec<Obj>,
    pub dirty_cards: Vec<CardEntry>,
    pub weak: Vec<Obj>,
    pub finalizers: Vec<Obj>,
    pub drops: Vec<Obj>,

    pub sp: usize,
    pub stack_base: usize,
    /// Further stacks: token, lowest, highest address.
    pub stacks: Vec<(usize, usize, usize)>,
    pub next_token: usize,
    pub registered: bool,
    pub memory_error: bool,
    /// As often memory may be short from now on until the embedder is told again.
    pub grace: u32,
    pub roots: RootList,
}

/// Whether a store into this object must go through [`Mutator::barrier_slow`].
#[inline(always)]
pub fn barrier_needed(o: Obj) -> bool {
    unsafe { o.as_ref().gc.load(Relaxed) & gcbits::UNLOGGED != 0 }
}

impl Mutator {
    /// A mutator for the calling thread; `register` must follow once it has its final address.
    pub fn new(heap: &'static Heap) -> Mutator {
        Mutator {
            cursor: Cell::new(0),
            limit: Cell::new(0),
            poll: AtomicU64::new(0),
            state: AtomicU32::new(BLOCKED),
            heap,
            inner: UnsafeCell::new(Local {
                run: NONE,
                block: NONE,
                line: 0,
                big_run: NONE,
                big_cursor: 0,
                big_limit: 0,
                window: 0,
                color: 0,
                remembered: Vec::new(),
                dirty_cards: Vec::new(),
                weak: Vec::new(),
                finalizers: Vec::new(),
                drops: Vec::new(),
                sp: 0,
                stack_base: 0,
                stacks: Vec::new(),
                next_token: 1,
                registered: false,
                memory_error: false,
                grace: 0,
                roots: RootList::new(),
            }),
        }
    }

    /// The owner's view, or the collector's while the owner does not run. Keep the borrow short: nothing
    /// that is called meanwhile may ask for it again.
    #[inline(always)]
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn local(&self) -> &mut Local {
        unsafe { &mut *self.inner.get() }
    }

    /// Makes the thread known to the collector; `stack_base` is the highest address of its native stack to scan.
    pub unsafe fn register(&self, stack_base: usize) {
        let l = unsafe { self.local() };
        assert!(!l.registered, "mutator registered twice");
        static COLORS: AtomicU8 = AtomicU8::new(0);
        l.color = COLORS.fetch_add(1, Relaxed);
        l.stack_base = stack_base;
        l.registered = true;
        self.heap.world.add(self);
    }
    /// The thread gives back what it holds; it may not touch the heap any more. Its [`crate::RootedVec`]s must
    /// be gone.
    pub unsafe fn unregister(&self) {
        unsafe {
            self.heap.leave(self);
            self.local().registered = false;
        }
    }
    /// The thread continues on another native stack whose highest address is given (greenlets).
    pub unsafe fn set_stack_base(&self, stack_base: usize) {
        unsafe { self.local().stack_base = stack_base };
    }
    /// Further native stacks of this thread (greenlets): scanned while registered. The words from `lo` to `hi`
    /// must include the callee-saved registers of the suspended context.
    pub unsafe fn add_stack(&self, lo: usize, hi: usize) -> usize {
        let l = unsafe { self.local() };
        let token = l.next_token;
        l.next_token += 1;
        l.stacks.push((token, lo, hi));
        token
    }
    pub unsafe fn remove_stack(&self, token: usize) {
        let l = unsafe { self.local() };
        if let Some(i) = l.stacks.iter().position(|s| s.0 == token) {
            l.stacks.swap_remove(i);
        }
    }

    /// Uninitialised memory with its header written. Small objects (up to 8 KB) never fail: at the limit the heap
    /// collects, then uses its reserve and raises the flag that `take_memory_error` reads. When the reserve is used up, too,
    /// because the embedder does not look at the flag, it unwinds with [`OutOfMemory`].
    ///
    /// This is a safepoint. Until the next one the caller writes every slot and whatever [`crate::KindInfo`]
    /// needs to find the object's size, which must be the size asked for here.
    #[inline(always)]
    pub fn alloc(&self, size: usize, kind: u8, desc: u32) -> Obj {
        debug_assert!(size.is_multiple_of(8) && (16..=8192).contains(&size));
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
    /// Like `alloc` for any size: where there is no room for a larger object it unwinds with [`OutOfMemory`].
    #[inline]
    pub fn alloc_any(&self, size: usize, kind: u8, desc: u32) -> Obj {
        if size <= 8192 {
            return self.alloc(size, kind, desc);
        }
        self.try_alloc(size, kind, desc).unwrap_or_else(|_| crate::out_of_memory())
    }
    /// Like `alloc` for any size; fails instead of using the reserve.
    #[inline]
    pub fn try_alloc(&self, size: usize, kind: u8, desc: u32) -> Result<Obj, OutOfMemory> {
        debug_assert!(size.is_multiple_of(8) && size >= 16);
        let p = self.cursor.get();
        // Larger objects may not be in a shared block, even if it had room.
        let p = if size <= crate::space::MEDIUM_MAX && p + size <= self.limit.get() {
            self.cursor.set(p + size);
            p
        } else {
            self.try_alloc_slow(size)?
        };
        Ok(unsafe { Self::init(p, kind, desc, 0) })
    }
    #[inline(always)]
    pub(crate) unsafe fn init(p: usize, kind: u8, desc: u32, gc: u8) -> Obj {
        let o = p as *mut Header;
        unsafe {
            o.write(Header {
                desc: AtomicU32::new(desc),
                gc: AtomicU8::new(gc),
                kind,
                flags: AtomicU8::new(0),
                lock: AtomicU8::new(0),
            });
            Obj::new_unchecked(o)
        }
    }

    /// To call after a reference was stored into a slot of `o`.
    #[inline(always)]
    pub fn barrier(&self, o: Obj, slot: *mut u64) {
        if barrier_needed(o) {
            self.barrier_slow(o, slot);
        }
    }

    /// Notes registers and stack pointer for a collector on another thread (or this one), then runs `f`.
    ///
    /// To be used in functions that are never inlined and hold no references of their own: then every reference
    /// of the callers is in their frames or in a callee-saved register here. Inlined into a caller, a reference
    /// could be in a scratch register now and move to a callee-saved one afterwards.
    #[inline(always)]
    pub(crate) fn with_stack_saved<R>(&self, f: impl FnOnce() -> R) -> R {
        let mut regs = NO_REGISTERS;
        let sp = spill(&mut regs);
        unsafe { self.local().sp = sp };
        let r = f();
        // Keeps the array in this frame until here.
        std::hint::black_box(&mut regs);
        r
    }

    /// Stops here if another thread wants the world stopped. The embedder looks at the other poll bits itself, and
    /// at [`Heap::has_pending`]: bit 0 is also set after a collection that found something to do.
    #[cold]
    #[inline(never)]
    pub fn poll_slow(&self) {
        self.with_stack_saved(|| self.heap.at_safepoint(self));
    }
    /// Runs `f` (a blocking host call that touches no heap object) outside the running state: collections go on
    /// meanwhile.
    #[inline(never)]
    pub fn blocking<R>(&self, f: impl FnOnce() -> R) -> R {
        if self.state.load(Relaxed) == BLOCKED {
            return f();
        }
        self.with_stack_saved(|| {
            struct Leave<'a>(&'a Mutator);
            impl Drop for Leave<'_> {
                fn drop(&mut self) {
                    self.0.heap.world.leave_blocking(self.0);
                }
            }
            self.heap.world.enter_blocking(self);
            let _leave = Leave(self);
            f()
        })
    }
    /// Within `blocking`: runs `f`, which may use the heap, in the running state (a callback).
    #[inline(never)]
    pub fn running<R>(&self, f: impl FnOnce() -> R) -> R {
        if self.state.load(Relaxed) == RUNNING {
            return f();
        }
        self.with_stack_saved(|| {
            struct Enter<'a>(&'a Mutator, usize);
            impl Drop for Enter<'_> {
                fn drop(&mut self) {
                    unsafe { self.0.local().sp = self.1 };
                    self.0.heap.world.enter_blocking(self.0);
                }
            }
            let sp = unsafe { self.local().sp };
            self.heap.world.leave_blocking(self);
            let _enter = Enter(self, sp);
            f()
        })
    }

    /// `KindInfo::drop` is to run when this object dies.
    pub fn register_drop(&self, o: Obj) {
        unsafe { self.local().drops.push(o) };
    }
    /// This object is to be resurrected once and handed out by `Heap::pop_finalizable` when it becomes unreachable.
    #[inline]
    pub fn register_finalizer(&self, o: Obj) {
        unsafe { self.local().finalizers.push(o) };
    }
    /// `o` has `FINALIZED` now. If it was the last to be registered it is forgotten: what is made and comes to its end
    /// in turn never meets a collection.
    #[inline]
    pub fn finalized(&self, o: Obj) {
        // SAFETY: own data.
        let l = unsafe { &mut self.local().finalizers };
        if l.last() == Some(&o) {
            l.pop();
        }
    }
    /// `o` is a weak reference object: the word at byte 8 is its target, not traced, zeroed when the target dies.
    /// To be called after the target was stored, and again after every later store of a target.
    pub fn register_weak(&self, o: Obj) {
        unsafe { self.local().weak.push(o) };
    }
    /// The object keeps its address from now on.
    pub fn pin(&self, o: Obj) {
        unsafe { o.as_ref().gc.fetch_or(gcbits::PINNED, Relaxed) };
    }
    /// Whether an allocation had to use the reserve since the last call. To be asked after `poll_slow`.
    pub fn take_memory_error(&self) -> bool {
        // SAFETY: own data.
        let l = unsafe { self.local() };
        if l.memory_error {
            l.grace = GRACE;
        }
        std::mem::take(&mut l.memory_error)
    }
    #[inline(always)]
    pub fn stress(&self) -> bool {
        matches!(self.heap.config.mode, Mode::Stress(_))
    }
}
