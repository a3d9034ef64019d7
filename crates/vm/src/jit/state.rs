//! Where the memory of running machine code ([`State`]) lies: a stack of each thread that grows with every entry, apart
//! from the native one. So an entry clears what compiled code uses, and not all that it might.
//!
//! # Invariants
//! - A state is in use from [`Held::new`] until its [`Held`] is dropped: the newest first.
//! - Its words are roots of the collector where those of the native frame would be that made it ([`trace`]).
//!
//! # Safety
//! The memory is the thread's alone and lives as long as it; the collector reads it while the thread stands. What was left
//! there by earlier entries is cleared before it counts.

use crate::thread::{Mapping, STATES_AT, Th, Thread, map_stack};
use adder_heap::Tracer;
use adder_metatrace::backend::State;
use std::cell::{Cell, OnceCell};
use std::ops::{Deref, DerefMut};
use std::ptr::null_mut;

/// A state, and the address of the native frame that it belongs to.
struct Room {
    state: State,
    native: usize,
    /// Machine code has left: its registers are in the state.
    left: bool,
}

/// Of a thread: see the module.
pub(crate) struct States {
    next: Cell<*mut Room>,
    end: Cell<*mut Room>,
    memory: OnceCell<Mapping>,
}
/// Address space, committed as it is used.
const BYTES: usize = 8 << 20;

fn first(m: &Mapping) -> *mut Room {
    const { assert!(STATES_AT.is_multiple_of(align_of::<Room>())) };
    m.start.wrapping_add(STATES_AT).cast()
}

impl States {
    pub(crate) const fn new() -> States {
        States { next: Cell::new(null_mut()), end: Cell::new(null_mut()), memory: OnceCell::new() }
    }
    /// The oldest state, if there is room for any.
    fn start(&self) -> Option<*mut Room> {
        self.memory.get().map(first)
    }
    /// The first entry of a thread, or too many within each other. False: there is no room.
    #[cold]
    fn make(&self) -> bool {
        if self.memory.get().is_some() {
            return false;
        }
        let Some(m) = map_stack(BYTES) else { return false };
        let start = first(&m);
        self.next.set(start);
        // SAFETY: within the mapping.
        self.end.set(unsafe { start.add((m.size - STATES_AT) / size_of::<Room>()) });
        self.memory.set(m).is_ok()
    }
}

/// A state in use.
pub(crate) struct Held {
    th: Th,
    room: *mut Room,
}
impl Held {
    /// None: too many entries within each other, or no memory. Inlined: its frame is the caller's.
    #[inline(always)]
    pub(crate) fn new(th: Th) -> Option<Held> {
        let s = &th.states;
        if s.next.get() == s.end.get() && !s.make() {
            return None;
        }
        let room = s.next.get();
        let here = 0u8;
        // SAFETY: below the end, and nobody else's. All fields are numbers.
        unsafe {
            (*room).state.clear();
            (*room).native = &raw const here as usize;
            (*room).left = false;
            s.next.set(room.add(1));
        }
        Some(Held { th, room })
    }
    /// What follows may allocate, while the values that an exit has saved are wanted.
    pub(crate) fn left(&mut self) {
        // SAFETY: in use.
        unsafe { (*self.room).left = true };
    }
}
impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        self.th.states.next.set(self.room);
    }
}
impl Deref for Held {
    type Target = State;
    #[inline(always)]
    fn deref(&self) -> &State {
        // SAFETY: in use.
        unsafe { &(*self.room).state }
    }
}
impl DerefMut for Held {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut State {
        // SAFETY: in use, and this is its only owner.
        unsafe { &mut (*self.room).state }
    }
}

/// The collector looks at the words of a thread's states.
pub(crate) fn trace(th: &Thread, t: &mut Tracer) {
    let Some(mut r) = th.states.start() else { return };
    while r < th.states.next.get() {
        // SAFETY: in use; the thread stands.
        unsafe {
            if t.counts(&th.m, (*r).native) {
                (*r).state.each_word((*r).left, |w| t.ambiguous(w));
            }
            r = r.add(1);
        }
    }
}
