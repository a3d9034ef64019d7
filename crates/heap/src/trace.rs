//! Marking and evacuation.
//!
//! [`Tracer`] is the state of one collection. A minor collection first *pins*: it marks every young object that
//! an ambiguous word points at, in place. Only then are precise slots followed: young objects that are not
//! marked are copied among the old ones, leaving a forwarding address. Marked means old, so objects that
//! survive need no further work. A major collection marks in place.
//!
//! # Invariants
//! - `unsafe` functions here require that the world is stopped. The tracer's pointer to the [`Space`] is the only access to
//!   it meanwhile.
//! - A forwarding address lies in the second word of an object with `FORWARDED`; the rest of it is dead.

use crate::Mutator;
use crate::crew::Crew;
use crate::layout::{CLASSES, Classes, Layout, Layouts, addr, obj};
use crate::space::*;
use crate::stack::prefetch;
use crate::{Heap, Obj, Trace, gcbits};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};

/// Those in which slots mark in place come last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(crate) enum Phase {
    /// Minor: ambiguous words only.
    Pin,
    /// Minor: precise roots, young objects move.
    Copy,
    /// Minor: slots in the heap, the same.
    Heap,
    /// Stress: slots are checked.
    Verify,
    /// Slots are shown to a visitor.
    Visit,
    /// Minor without moving.
    Promote,
    Major,
    /// Major: several threads follow what is queued.
    Shared,
}

/// What [`Phase::Visit`] calls with the slots of an object, a few at a time.
pub(crate) type Visitor<'a> = dyn FnMut(&[u64]) + 'a;

const COPY: u8 = 0;
const PROMOTE: u8 = 1;
const MAJOR: u8 = 2;
/// Minor: slots of young objects are queued.
const QUEUE: u8 = 3;
/// Major, marks are set by several threads.
const SHARED: u8 = 4;

/// Slots of a large array that are still to be followed: bounds the mark stack.
pub(crate) struct Rest {
    slot: *mut u64,
    n: usize,
}
/// Objects with more slots are followed in pieces.
const PIECE: usize = 1024;
/// As many are taken from the mark stack at a time.
const BATCH: usize = 32;

/// What the embedder's trace functions and hooks hand their references to.
pub struct Tracer {
    pub(crate) phase: Phase,
    pub(crate) heap: &'static Heap,
    pub(crate) space: *mut Space,
    base: usize,
    /// Length of the range in words: see `offset`.
    words: usize,
    pub(crate) marks: *mut u64,
    pub(crate) starts: *mut u64,
    lines: *mut u8,
    layouts: *const Layouts,
    classes: *const Classes,
    pub(crate) stack: Vec<Obj>,
    waiting: Vec<*mut u64>,
    pub(crate) rest: Vec<Rest>,
    to_cursor: usize,
    to_limit: usize,
    evac_max: usize,
    /// Bytes of lines and large objects newly marked.
    pub(crate) live: usize,
    /// Major: a byte for each descriptor seen, and those not yet visited.
    pub(crate) desc_live: Vec<u8>,
    pub(crate) new_descs: Vec<u32>,
    /// Major: objects that are looked at again when everything alive is marked.
    pub(crate) later: Vec<Obj>,
    /// The object whose slots are checked.
    pub(crate) verifying: usize,
    pub(crate) visitor: Option<*mut Visitor<'static>>,
    /// Slots of threads are followed.
    pub(crate) of_thread: bool,
    /// Which parts of a stack count (see [`crate::disown`]).
    pub(crate) disowning: Option<*const crate::disown::Disown<'static>>,
    /// Who marks together ([`Phase::Shared`]).
    pub(crate) crew: Option<&'static Crew>,
}

impl Tracer {
    /// A precise slot: its referent is kept alive and may move (the slot is then updated).
    ///
    /// # Safety
    /// It holds a reference or another word (see the crate's invariants). In a hook that visits roots it may be a temporary
    /// copy that is written back afterwards; in a kind's trace function it must be the real one, because it may be looked at
    /// later.
    #[inline]
    pub unsafe fn slot(&mut self, slot: *mut u64) {
        if self.phase >= Phase::Promote {
            return if self.phase == Phase::Shared {
                self.edge::<SHARED>(slot)
            } else {
                self.edge::<MAJOR>(slot)
            };
        }
        match self.phase {
            Phase::Copy => self.edge::<COPY>(slot),
            Phase::Heap => self.edge::<QUEUE>(slot),
            Phase::Verify | Phase::Visit => self.look(slot, 1),
            _ => {}
        }
    }
    /// `n` consecutive precise slots.
    ///
    /// # Safety
    /// As of [`Tracer::slot`].
    pub unsafe fn slots(&mut self, slot: *mut u64, n: usize) {
        match self.phase {
            Phase::Pin => {}
            Phase::Copy => (0..n).for_each(|i| self.edge::<COPY>(slot.add(i))),
            Phase::Heap => (0..n).for_each(|i| self.edge::<QUEUE>(slot.add(i))),
            Phase::Verify | Phase::Visit => self.look(slot, n),
            // In pieces: what they refer to waits on a stack.
            _ if n > PIECE => self.rest.push(Rest { slot, n }),
            Phase::Shared => self.mark_slots::<SHARED>(slot, n),
            _ => self.mark_slots::<MAJOR>(slot, n),
        }
    }
    /// `n` precise slots, each `step` words behind the one before.
    ///
    /// # Safety
    /// As of [`Tracer::slot`].
    pub unsafe fn slots_by(&mut self, slot: *mut u64, n: usize, step: usize) {
        let all = (0..n).map(|i| unsafe { slot.add(i * step) });
        unsafe {
            match self.phase {
                Phase::Pin => {}
                Phase::Copy => all.for_each(|s| self.edge::<COPY>(s)),
                Phase::Heap => all.for_each(|s| self.edge::<QUEUE>(s)),
                Phase::Verify | Phase::Visit => all.for_each(|s| self.look(s, 1)),
                Phase::Promote | Phase::Major => all.for_each(|s| self.edge::<MAJOR>(s)),
                Phase::Shared => all.for_each(|s| self.edge::<SHARED>(s)),
            }
        }
    }
    #[cold]
    unsafe fn look(&mut self, slot: *mut u64, n: usize) {
        match self.visitor {
            // SAFETY: `each_referent` has put it there for the time of this visit; `n` slots follow each other.
            Some(f) => unsafe { (*f)(std::slice::from_raw_parts(slot, n)) },
            None => (0..n).for_each(|i| unsafe { self.verify_slot(slot.add(i)) }),
        }
    }
    /// A word that may or may not be a reference, possibly into the inside of an object: pins what it points at.
    /// For the root hooks only: in the body of a heap object it would come too late.
    #[inline]
    pub fn ambiguous(&mut self, word: u64) {
        // SAFETY: any word will do.
        unsafe {
            match self.phase {
                // Done in the pinning phase, in which the same hooks were called.
                Phase::Copy | Phase::Heap => debug_assert!(
                    !self.heap.contains(word as usize) || !self.has_moved(word as usize),
                    "ambiguous word outside the root hooks"
                ),
                Phase::Verify | Phase::Visit => {}
                _ => self.conservative(word as usize),
            }
        }
    }
    /// Whether words that belong to a native frame at this address of the thread's stack are roots, as far as they are
    /// asked for now: see `disown`.
    pub fn counts(&self, m: &Mutator, at: usize) -> bool {
        // SAFETY: what a collection is told lives as long as the collection; the world is stopped.
        unsafe {
            let parts = self.disowning.and_then(|d| (*d).parts(m.local().sp));
            parts.is_none_or(|p| p.iter().any(|&(lo, hi)| (lo..hi).contains(&at)))
        }
    }
    /// True in a major collection. In a minor one, objects that were reachable at the last collection are old
    /// and stay where they are, so roots that were not written since need not be visited.
    pub fn is_major(&self) -> bool {
        self.phase >= Phase::Major
    }
    /// Major, in a kind's trace function: `o`, which is alive, has slots that keep nothing alive and were not followed.
    /// [`crate::Hooks::settle`] sees to them when it is known what dies.
    pub fn later(&mut self, o: Obj) {
        debug_assert!(self.is_major());
        self.later.push(o);
    }
    /// Major, in [`crate::Hooks::settle`]: whether the word is no reference, or one to an object that stays.
    #[inline]
    pub fn reached(&self, word: u64) -> bool {
        // SAFETY: marks are there for the whole range.
        // Without a branch: see `mark_slots`.
        let off = self.offset(word);
        off.is_none() | unsafe { bit(self.marks, off.unwrap_or(0)) }
    }
    /// Major: the descriptor is in use (by an object outside the heap).
    #[inline]
    pub fn desc(&mut self, desc: u32) {
        if self.is_major() {
            self.mark_desc(desc);
        }
    }

    pub(crate) unsafe fn new(heap: &'static Heap, space: *mut Space) -> Tracer {
        let s = unsafe { &mut *space };
        Tracer {
            stack: std::mem::take(&mut s.mark_stack),
            waiting: std::mem::take(&mut s.waiting),
            to_cursor: s.to.cursor,
            to_limit: s.to.limit,
            desc_live: std::mem::take(&mut s.desc_live),
            ..unsafe { Tracer::begin(heap, space, Phase::Pin) }
        }
    }
    /// Of a helper in a major collection.
    pub(crate) unsafe fn of_helper(heap: &'static Heap, crew: &'static Crew) -> Tracer {
        // SAFETY: the world is stopped, and who collects does not write to the space while helpers are busy.
        let t = unsafe { Tracer::begin(heap, heap.space.stopped(), Phase::Shared) };
        Tracer { crew: Some(crew), ..t }
    }
    unsafe fn begin(heap: &'static Heap, space: *mut Space, phase: Phase) -> Tracer {
        let s = unsafe { &*space };
        Tracer {
            phase,
            heap,
            space,
            base: s.r.base,
            words: s.r.len >> 3,
            marks: s.marks,
            starts: s.starts,
            lines: s.r.lines,
            layouts: &*heap.layouts,
            classes: &*heap.classes,
            stack: Vec::new(),
            waiting: Vec::new(),
            rest: Vec::new(),
            to_cursor: 0,
            to_limit: 0,
            evac_max: if s.stress > 0 { MEDIUM_MAX } else { EVAC_MAX },
            live: 0,
            desc_live: Vec::new(),
            new_descs: Vec::new(),
            later: Vec::new(),
            verifying: 0,
            visitor: None,
            of_thread: false,
            disowning: None,
            crew: None,
        }
    }
    /// Hands the buffers and the survivors' hole back to the space.
    pub(crate) unsafe fn finish(mut self) {
        let s = unsafe { &mut *self.space };
        s.to.cursor = self.to_cursor;
        s.to.limit = self.to_limit;
        // A stack that grew large in one unusual collection is not kept.
        if self.stack.capacity() <= 1 << 16 {
            s.mark_stack = std::mem::take(&mut self.stack);
        }
        if self.waiting.capacity() <= 1 << 16 {
            s.waiting = std::mem::take(&mut self.waiting);
        }
        s.desc_live = std::mem::take(&mut self.desc_live);
    }
    pub(crate) fn begin_major(&mut self) {
        self.phase = Phase::Major;
        let s = unsafe { &mut *self.space };
        self.marks = s.marks;
        self.starts = s.starts;
        self.live = 0;
        self.to_cursor = 0;
        self.to_limit = 0;
        self.desc_live.fill(0);
    }

    #[inline(always)]
    pub(crate) unsafe fn layout(&self, o: Obj) -> &'static Layout {
        unsafe { &(&*self.layouts)[o.as_ref().kind as usize] }
    }
    #[inline(always)]
    pub(crate) unsafe fn size(&self, o: Obj) -> usize {
        unsafe { (*self.layouts)[o.as_ref().kind as usize].size(o) }
    }
    /// Offset of what a slot's word refers to, if it is a reference: aligned and in the range. Both with one
    /// comparison, for the low bits are rotated to the top.
    #[inline(always)]
    fn offset(&self, v: u64) -> Option<usize> {
        let off = (v as usize).wrapping_sub(self.base);
        if off.rotate_right(3) < self.words { Some(off) } else { None }
    }
    #[inline(always)]
    pub(crate) unsafe fn is_marked(&self, a: usize) -> bool {
        unsafe { bit(self.marks, a - self.base) }
    }
    /// Whether a word is the address of an object that has been moved. What it may point at inside of one is no header.
    unsafe fn has_moved(&self, a: usize) -> bool {
        let a = a & !7;
        unsafe {
            bit(self.starts, a - self.base)
                && !self.is_marked(a)
                && *self.space.as_ref().unwrap().r.state.add((a - self.base) >> BLOCK_SH) == state::SMALL
                && obj(a).as_ref().gc.load(Relaxed) & gcbits::FORWARDED != 0
        }
    }
    /// Where a young or old object is now; `None` if it was not reached.
    #[inline]
    pub(crate) unsafe fn survivor(&self, o: Obj) -> Option<Obj> {
        unsafe {
            if !self.heap.contains(addr(o)) || self.is_marked(addr(o)) {
                Some(o)
            } else if self.phase == Phase::Copy {
                let gc = o.as_ref().gc.load(Relaxed);
                if gc & gcbits::FORWARDED != 0 {
                    Some(obj(*o.as_ptr().cast::<usize>().add(1)))
                } else {
                    (gc & gcbits::HELD != 0).then_some(o)
                }
            } else {
                None
            }
        }
    }

    /// Keeps the object alive without a slot; where it is now.
    pub(crate) unsafe fn keep(&mut self, o: Obj) -> Obj {
        let mut word = addr(o) as u64;
        self.slot(&mut word);
        obj(word as usize)
    }
    /// Marks an object in place and queues it.
    #[inline(always)]
    pub(crate) unsafe fn mark(&mut self, a: usize) {
        debug_assert!(self.phase != Phase::Shared);
        unsafe {
            if !test_set(self.marks, a - self.base) {
                self.stack.push(obj(a));
            }
        }
    }
    #[inline(always)]
    unsafe fn edge<const HOW: u8>(&mut self, slot: *mut u64) {
        unsafe {
            let v = *slot;
            let Some(off) = self.offset(v) else { return };
            if HOW == QUEUE {
                if !bit(self.marks, off) {
                    self.waiting.push(slot);
                }
            } else if HOW == COPY {
                if !bit(self.marks, off) {
                    self.evacuate(slot, obj(v as usize));
                }
            } else if HOW == SHARED {
                if !test_set_shared(self.marks, off) {
                    self.stack.push(obj(v as usize));
                }
            } else if !test_set(self.marks, off) {
                self.stack.push(obj(v as usize));
            }
        }
    }
    /// Marks in place what `n` slots refer to. Whether a slot has a reference, and to something that is not marked, is
    /// hard to guess, so there is no branch on that: what is not to be written goes where it does no harm. And all that
    /// the loop needs is in registers: room on the stack is made before.
    ///
    /// Of several threads that mark only one gets an object. Atomic operations wait for all that is to be read before, so
    /// they come when the loop has found what seems not to be marked.
    #[inline(always)]
    unsafe fn mark_slots<const HOW: u8>(&mut self, slot: *const u64, n: usize) {
        self.stack.reserve(n);
        let (base, words, marks) = (self.base, self.words, self.marks);
        let mut nowhere = 0;
        // SAFETY: room for `n` was reserved, and `top` passes written words alone. Of a word that is no reference
        // the first mark is read, and none written.
        unsafe {
            let bottom = self.stack.as_mut_ptr().cast::<usize>();
            let first = bottom.add(self.stack.len());
            let mut top = first;
            for i in 0..n {
                let v = *slot.add(i) as usize;
                let off = v.wrapping_sub(base);
                // See `offset`.
                let inside = off.rotate_right(3) < words;
                let mark = marks.add(if inside { off >> 9 } else { 0 });
                let (bits, k) = (AtomicU64::from_ptr(mark).load(Relaxed), (off >> 3) & 63);
                let new = inside & (bits >> k & 1 == 0);
                if HOW != SHARED {
                    *(if new { mark } else { &raw mut nowhere }) = bits | 1 << k;
                }
                *top = v;
                top = top.add(new as usize);
            }
            if HOW == SHARED {
                let (mut from, end) = (first, top);
                top = first;
                while from < end {
                    let v = *from;
                    from = from.add(1);
                    *top = v;
                    top = top.add(!test_set_shared(marks, v - base) as usize);
                }
            }
            self.stack.set_len(top.offset_from_unsigned(bottom));
        }
    }
    /// A young object that nothing pinned so far.
    #[inline(always)]
    unsafe fn evacuate(&mut self, slot: *mut u64, o: Obj) {
        // SAFETY: not marked, so young, and as it was but for a forwarding address; up to `to_limit` the hole is free.
        let gc = unsafe { o.as_ref().gc.load(Relaxed) };
        let words = o.as_ptr().cast::<u64>();
        if gc & gcbits::FORWARDED != 0 {
            *slot = *words.add(1);
            return;
        }
        let size = unsafe { self.size(o) };
        if size > SMALL_MAX && self.of_thread && self.phase == Phase::Copy && self.hold(o) {
            return;
        }
        if size > self.evac_max || gc & gcbits::PINNED != 0 {
            return self.mark(addr(o));
        }
        let mut p = self.to_cursor;
        if p + size <= self.to_limit {
            self.to_cursor = p + size;
        } else {
            p = self.survivor_space(size);
            if p == 0 {
                return self.mark(addr(o));
            }
        }
        copy_words(words, p as *mut u64, size / 8);
        o.as_ref().gc.store(gc | gcbits::FORWARDED, Relaxed);
        *words.add(1) = p as u64;
        let off = p - self.base;
        *self.marks.add(off >> 9) |= 1 << ((off >> 3) & 63);
        *slot = p as u64;
        self.stack.push(obj(p));
    }
    /// The next survivor begins a new line.
    pub(crate) fn new_line(&mut self) {
        self.to_cursor = self.to_cursor.next_multiple_of(LINE).min(self.to_limit);
    }
    /// Room for a survivor when the current hole is full: the next hole, or a block for medium sizes. 0: none.
    #[cold]
    #[inline(never)]
    unsafe fn survivor_space(&mut self, size: usize) -> usize {
        let s = unsafe { &mut *self.space };
        s.to.cursor = self.to_cursor;
        s.to.limit = self.to_limit;
        let p = unsafe { s.alloc_old(size, Need::Collector) }.unwrap_or(0);
        self.to_cursor = s.to.cursor;
        self.to_limit = s.to.limit;
        p
    }

    #[inline(always)]
    pub(crate) fn mark_desc(&mut self, desc: u32) {
        match self.desc_live.get_mut(desc as usize) {
            Some(0) => {
                self.desc_live[desc as usize] = 1;
                self.new_descs.push(desc);
            }
            Some(_) => {}
            None => self.grow_descs(desc),
        }
    }
    #[cold]
    #[inline(never)]
    fn grow_descs(&mut self, desc: u32) {
        self.desc_live.resize((desc as usize + 1).next_power_of_two().max(1024), 0);
        self.desc_live[desc as usize] = 1;
        self.new_descs.push(desc);
    }

    #[inline(always)]
    unsafe fn line<const HOW: u8>(&mut self, line: usize) {
        // SAFETY: each line of the range has its byte.
        unsafe {
            let m = self.lines.add(line);
            if HOW != MAJOR && HOW != SHARED {
                // Otherwise sweeping counts them.
                self.live += LINE & (*m as usize).wrapping_sub(1);
            }
            AtomicU8::from_ptr(m).store(1, Relaxed);
        }
    }
    /// Notes the footprint of a newly old object.
    #[inline(always)]
    unsafe fn settle_in<const HOW: u8>(&mut self, o: Obj, layout: &Layout, size: usize) {
        unsafe {
            let h = o.as_ref();
            let gc = h.gc.load(Relaxed);
            if size <= MEDIUM_MAX {
                let off = addr(o) - self.base;
                let (first, last) = (off >> LINE_SH, (off + size - 1) >> LINE_SH);
                // Without branches for the two lines that most objects have at most.
                self.line::<HOW>(first);
                self.line::<HOW>(last);
                for l in first + 1..last {
                    self.line::<HOW>(l);
                }
                if gc & gcbits::UNLOGGED == 0 {
                    h.gc.store(gc | gcbits::UNLOGGED, Relaxed);
                }
            } else {
                self.live += large_bytes(size);
                let cards = if layout.slots(o).is_some() { gcbits::CARDS } else { 0 };
                h.gc.store(gc | gcbits::UNLOGGED | cards, Relaxed);
            }
        }
    }
    /// A young object becomes old where it is, whether it is alive or not; its size. For when all do: nothing need be
    /// followed.
    pub(crate) unsafe fn keep_in_place(&mut self, a: usize) -> usize {
        unsafe {
            let layout = self.layout(obj(a));
            let size = layout.size(obj(a));
            test_set(self.marks, a - self.base);
            self.settle_in::<PROMOTE>(obj(a), layout, size);
            size
        }
    }
    /// Notes the footprint of a newly old object and follows its slots.
    #[inline(always)]
    unsafe fn scan<const HOW: u8>(&mut self, o: Obj) {
        unsafe {
            let layout = self.layout(o);
            if HOW == MAJOR || HOW == SHARED {
                self.mark_desc(o.as_ref().desc.load(Relaxed));
            }
            if HOW == QUEUE && layout.near != 0 {
                // SAFETY: `near` and `at` are offsets of slots of this kind.
                self.edge::<COPY>(o.as_ptr().byte_add(layout.near as usize).cast::<u64>());
            }
            let size = match layout.trace {
                Trace::Slots { at, n } => {
                    self.follow::<HOW>(o.as_ptr().byte_add(at as usize).cast::<u64>(), n as usize);
                    layout.size(o)
                }
                Trace::None => layout.size(o),
                Trace::Sized(f) => (f(o, self) + 7) & !7,
                Trace::Fn(f) => {
                    f(o, self);
                    layout.size(o)
                }
                _ => {
                    let (s, n) = layout.slots(o).unwrap();
                    if n <= PIECE {
                        self.follow::<HOW>(s, n);
                    } else {
                        self.rest.push(Rest { slot: s, n });
                    }
                    layout.size(o)
                }
            };
            self.settle_in::<HOW>(o, layout, size);
        }
    }
    #[inline(always)]
    unsafe fn follow<const HOW: u8>(&mut self, slot: *mut u64, n: usize) {
        unsafe {
            if HOW == MAJOR || HOW == PROMOTE || HOW == SHARED {
                self.mark_slots::<HOW>(slot, n);
            } else {
                (0..n).for_each(|i| self.edge::<HOW>(slot.add(i)));
            }
        }
    }
    /// All slots of an object that is old already.
    pub(crate) unsafe fn visit(&mut self, o: Obj) {
        unsafe {
            let layout = self.layout(o);
            match layout.slots(o) {
                Some((s, n)) => self.slots(s, n),
                None => match layout.trace {
                    Trace::Fn(f) => f(o, self),
                    Trace::Sized(f) => _ = f(o, self),
                    _ => {}
                },
            }
        }
    }

    /// Follows everything that is queued.
    pub(crate) unsafe fn drain(&mut self) {
        unsafe {
            match self.phase {
                Phase::Copy => {
                    self.phase = Phase::Heap;
                    self.drain_copies();
                    self.phase = Phase::Copy;
                }
                Phase::Promote => self.drain_as::<PROMOTE>(),
                Phase::Major => loop {
                    self.drain_as::<MAJOR>();
                    let Some(d) = self.new_descs.pop() else { break };
                    (self.heap.hooks.trace_desc)(d, self);
                },
                Phase::Pin | Phase::Heap | Phase::Verify | Phase::Visit | Phase::Shared => unreachable!(),
            }
        }
    }
    /// Follows what this thread has queued, and gives of it to others.
    pub(crate) unsafe fn drain_shared(&mut self) {
        unsafe { self.drain_as::<SHARED>() }
    }
    /// Evacuation. Slots wait, rather than objects, so that what they refer to has come from memory when it is
    /// copied; the copy is scanned at once.
    unsafe fn drain_copies(&mut self) {
        const Q: usize = 8;
        let mut queue = [std::ptr::null_mut::<u64>(); Q];
        let (mut head, mut n) = (0usize, 0usize);
        loop {
            let slot = if let Some(s) = self.waiting.pop() {
                prefetch(unsafe { *s } as usize);
                let old = std::mem::replace(&mut queue[head % Q], s);
                head = head.wrapping_add(1);
                if n < Q {
                    n += 1;
                    continue;
                }
                old
            } else if n > 0 {
                let s = queue[head.wrapping_sub(n) % Q];
                n -= 1;
                s
            } else if let Some(o) = self.stack.pop() {
                unsafe { self.scan::<QUEUE>(o) };
                continue;
            } else if let Some((slot, k)) = self.next_rest() {
                for i in 0..k {
                    unsafe { self.edge::<QUEUE>(slot.add(i)) };
                }
                continue;
            } else {
                return;
            };
            let queued = self.stack.len();
            unsafe { self.edge::<COPY>(slot) };
            // The object, and what was put next to it.
            while self.stack.len() > queued
                && let Some(o) = self.stack.pop()
            {
                unsafe { self.scan::<QUEUE>(o) };
            }
        }
    }
    /// Half of what is left of the longest array, if that is much.
    pub(crate) fn split_rest(&mut self) -> Option<Rest> {
        let r = self.rest.iter_mut().max_by_key(|r| r.n)?;
        let half = r.n / 2;
        if half < PIECE {
            return None;
        }
        r.n -= half;
        Some(Rest { slot: r.slot.wrapping_add(r.n), n: half })
    }
    fn next_rest(&mut self) -> Option<(*mut u64, usize)> {
        let r = self.rest.last_mut()?;
        let (slot, k) = (r.slot, r.n.min(PIECE));
        r.slot = slot.wrapping_add(k);
        r.n -= k;
        if r.n == 0 {
            self.rest.pop();
        }
        Some((slot, k))
    }
    /// Marking in place. Objects are taken from the stack some at a time: while one batch is scanned, the headers of the
    /// next come from memory. Of a batch, those that are scanned in the same way come one after the other, so that the
    /// processor mostly guesses right what comes next; its wrong guesses would take most of the time.
    unsafe fn drain_as<const HOW: u8>(&mut self) {
        let mut batches = [[MaybeUninit::<Obj>::uninit(); BATCH]; 2];
        let [mut batch, mut next] = batches.each_mut();
        let mut sorted = [[MaybeUninit::<Obj>::uninit(); BATCH]; CLASSES];
        let mut len = 0;
        loop {
            if HOW == SHARED
                && let Some(c) = self.crew
            {
                c.share(self);
            }
            let more = self.stack.len().min(BATCH);
            if more == 0 && len == 0 {
                let Some((slot, k)) = self.next_rest() else { return };
                unsafe { self.follow::<HOW>(slot, k) };
                continue;
            }
            let rest = self.stack.len() - more;
            for (to, o) in next.iter_mut().zip(&self.stack[rest..]) {
                // Many are longer than the line that they begin in.
                prefetch(addr(*o));
                prefetch(addr(*o) + 64);
                to.write(*o);
            }
            self.stack.truncate(rest);
            // SAFETY: the first `len` objects of the batch are there, as are the first `counts` of each class.
            unsafe {
                if len < 4 {
                    for o in &batch[..len] {
                        self.scan::<HOW>(o.assume_init());
                    }
                } else {
                    let (mut counts, mut any) = ([0u8; CLASSES], 0u32);
                    for o in &batch[..len] {
                        let class =
                            (&*self.classes)[o.assume_init().as_ref().kind as usize] as usize % CLASSES;
                        *sorted.get_unchecked_mut(class).get_unchecked_mut(counts[class] as usize) = *o;
                        counts[class] += 1;
                        any |= 1 << class;
                    }
                    while any != 0 {
                        let class = any.trailing_zeros() as usize;
                        any &= any - 1;
                        for i in 0..counts[class] as usize {
                            self.scan::<HOW>(sorted[class][i].assume_init());
                        }
                    }
                }
            }
            std::mem::swap(&mut batch, &mut next);
            len = more;
        }
    }

    /// What the barriers noted: old objects with possibly young referents.
    pub(crate) unsafe fn trace_remembered(&mut self) {
        let s = unsafe { &mut *self.space };
        let phase = self.phase;
        if phase == Phase::Copy {
            self.phase = Phase::Heap;
        }
        let mut list = std::mem::take(&mut s.remembered);
        for &o in &list {
            unsafe {
                let layout = self.layout(o);
                let large = layout.size(o) > MEDIUM_MAX && layout.slots(o).is_some();
                o.as_ref().gc.fetch_or(gcbits::UNLOGGED | if large { gcbits::CARDS } else { 0 }, Relaxed);
                self.visit(o);
            }
        }
        list.clear();
        s.remembered = list;
        let mut cards = std::mem::take(&mut s.dirty_cards);
        for &(o, card) in &cards {
            // SAFETY: a card has its byte; what is followed is the part of the slots that lies in it.
            unsafe {
                let byte = s.r.cards.add(card);
                if *byte == 0 {
                    continue;
                }
                *byte = 0;
                let Some((first, n)) = self.layout(o).slots(o) else { continue };
                let lo = (first as usize).max(self.base + (card << CARD_SH));
                let hi = (first.add(n) as usize).min(self.base + ((card + 1) << CARD_SH));
                if lo < hi {
                    self.slots(lo as *mut u64, (hi - lo) / 8);
                }
            }
        }
        cards.clear();
        s.dirty_cards = cards;
        self.phase = phase;
    }
}

/// Bytes that a large object occupies: whole pages.
pub(crate) fn large_bytes(size: usize) -> usize {
    (size + 4095) & !4095
}

#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, n: usize) {
    if n <= 32 {
        for i in 0..n {
            unsafe { *to.add(i) = *from.add(i) };
        }
    } else {
        unsafe { std::ptr::copy_nonoverlapping(from, to, n) };
    }
}
