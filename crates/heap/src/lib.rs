//! The collector of Adder: memory for managed objects, shared by many mutator threads.
//!
//! Mostly-copying and generational: words on native stacks are conservative roots that
//! pin what they point at; everything else is traced precisely. Minor collections evacuate young objects
//! that are not pinned; old objects never move.
//!
//! The crate knows nothing of Python. An object starts with a [`Header`]; its `kind` selects an entry of the
//! embedder's [`KindInfo`] table (size and slots), its `desc` is an id that the embedder resolves itself (a
//! shape) and whose liveness the collector reports in major collections.
//!
//! # Invariants
//! - A *slot* holds a 64-bit word. It is a reference iff its low three bits are 0 and it lies in the heap's
//!   reserved range; all other words (0, immediates, addresses of static objects) are ignored.
//! - References live in native stacks, in slots of heap objects, in registered roots, and nowhere else.
//! - Every store of a reference into a heap object that may be old is followed by [`Mutator::barrier`] before
//!   the next safepoint.
//! - Safepoints are: every allocation, [`Mutator::poll_slow`], [`Mutator::blocking`], [`Heap::collect`],
//!   [`Heap::stop_world`]. After `alloc` the caller initialises every slot, and what [`KindInfo::size`] reads,
//!   before the next one (there is no zeroing).
//! - An object's size never changes (but see [`Mutator::try_grow`]) and is the size that was allocated: young
//!   memory is walked object by object, dead ones included, so `size` must work on those as well.
//! - Objects allocated by `alloc_old` never move, so their addresses may be kept in machine code and caches,
//!   provided something keeps them alive. Any object that survived a collection does not move any more.
//! - Unsafe code of this crate relies on three things. Either the world is stopped (all functions of [`Tracer`] and of
//!   `Space` that are `unsafe` without saying more, and hooks during a collection), so that nothing else touches objects
//!   and side tables; or the calling thread is running and touches only its own [`Mutator`] and objects it may touch;
//!   and an [`Obj`] is the address of an object whose header and slots are initialised. Side tables are indexed by
//!   addresses that were found to be within the reserved range first.
//! - A panic during a collection (in a hook, in `size`, `trace` or `drop`) ends the process.
//!
//! # Where things are
//! `space` the memory: blocks, lines, side tables, spans · `alloc` allocation's slow paths, the limit · `mutator`
//! a thread's part, fast paths · `stack` registers and stacks · `roots` ambiguous words · `trace` marking and
//! evacuation · `crew` marking by several threads · `barrier` remembered set and cards · `weak` weak references, finalizers, drops · `collect` the
//! course of a collection, sweeping, policy · `malloc` memory outside the heap, when it runs out · `pile` long queues in pieces · `census` counting cyclic garbage · `clock` what they cost · `disown` what only stale words keep · `held` what only threads keep · `world` threads, stopping them · `rooted` root vectors · `check`
//! stress mode's checks · `layout` the table of kinds.
//!
//! Sources: Blackburn and McKinley, "Immix" (2008), for blocks, lines and sticky marks; Bartlett,
//! "Mostly-Copying Garbage Collection" (1989), for ambiguous roots that pin; Blackburn and Hosking, "Barriers"
//! (2004), for object logging.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32};

/// First word of every object.
#[repr(C, align(8))]
pub struct Header {
    /// Embedder's descriptor id (shape). Read without synchronisation by everybody.
    pub desc: AtomicU32,
    /// Collector's bits: see [`gcbits`].
    pub gc: AtomicU8,
    /// Index into the embedder's [`KindInfo`] table. Never changes.
    pub kind: u8,
    /// Embedder's flags.
    pub flags: AtomicU8,
    /// Embedder's lock.
    pub lock: AtomicU8,
}

/// Bits of [`Header::gc`].
pub mod gcbits {
    /// Old and not yet in a remembered set: a store must run the barrier's slow path.
    pub const UNLOGGED: u8 = 1;
    /// Large array of slots: the barrier marks a card instead of remembering the whole object.
    pub const CARDS: u8 = 2;
    /// Young object that was evacuated; the second word of the object is the new address.
    pub const FORWARDED: u8 = 4;
    /// The address was given out (`id()`, default hash): promote in place, never move.
    pub const PINNED: u8 = 8;
    /// Young object that stays young in this collection, and one that did in the last (see `held`).
    pub const HELD: u8 = 16;
    pub const AGED: u8 = 32;
}

/// The bit of [`Header::flags`] that the heap reads: the finalizer of the object need not be called (any more).
pub const FINALIZED: u8 = 4;

/// And the one that it reads of weak reference objects: somebody wants to know when the target dies.
pub const WATCHED: u8 = 1 << 5;

pub type Obj = NonNull<Header>;

/// What the collector must know of a kind of object.
#[derive(Clone, Copy)]
pub struct KindInfo {
    pub name: &'static str,
    /// Size in bytes, header included, a multiple of 8, at least 16.
    pub size: Size,
    pub trace: Trace,
    /// Frees memory and handles outside the heap; called once when the object is found dead, with the world
    /// stopped; must not allocate or touch other objects (their memory may be overwritten already). Only for
    /// objects given to `register_drop`.
    pub drop: Option<unsafe fn(Obj)>,
    /// Where the slot is whose referent survivors should lie next to, being what they are looked at for: byte in the
    /// object; 0: none.
    pub near: u32,
}

#[derive(Clone, Copy)]
pub enum Size {
    Fixed(u32),
    /// Header word, then `count` (u64 at byte `at`), `base + count * unit` bytes rounded up to 8.
    Counted {
        at: u32,
        base: u32,
        unit: u32,
    },
    Fn(unsafe fn(Obj) -> usize),
}

#[derive(Clone, Copy)]
pub enum Trace {
    None,
    /// `n` consecutive slots from byte `at`.
    Slots {
        at: u32,
        n: u32,
    },
    /// All words from byte `at` to the object's end are slots.
    From(u32),
    /// `count` slots (u64 at byte `count_at`) from byte `at`.
    Counted {
        count_at: u32,
        at: u32,
    },
    Fn(unsafe fn(Obj, &mut Tracer)),
    /// The same, and answers the object's size: for kinds where both come from one look at the object.
    Sized(unsafe fn(Obj, &mut Tracer) -> usize),
}

mod alloc;
mod barrier;
mod census;
mod check;
mod clock;
mod collect;
mod crew;
mod disown;
mod heap;
mod held;
mod layout;
mod malloc;
mod mutator;
mod pile;
mod rooted;
mod roots;
mod space;
mod stack;
mod trace;
mod weak;
mod world;

/// How many bytes an object of `size` bytes takes: a large one has blocks of its own.
pub fn given(size: usize) -> usize {
    if size > space::MEDIUM_MAX { size.next_multiple_of(space::BLOCK) } else { size }
}

pub use alloc::out_of_memory;
pub use clock::{process_ns, thread_ns};
pub use heap::{Config, Heap, Hooks, Mode, OutOfMemory, Stats};
pub use malloc::{Malloc, fatal, fatal_at_start, map_anonymous, share_arenas, trim, trim_later, would_fit};
pub use mutator::{Mutator, POLL_STOP, barrier_needed};
pub use rooted::RootedVec;
pub use stack::{NO_REGISTERS, Registers, prefetch, spill};
pub use trace::Tracer;
