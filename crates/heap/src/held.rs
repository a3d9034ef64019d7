//! Young objects that a minor collection leaves young.
//!
//! A local variable or a word on a native stack refers to what a computation is about to be done with: a large integer, a
//! piece of text. It dies soon, but to survive one collection made it old, until the next major one. So an object that
//! only threads refer to, and that is large enough to matter, gets a second chance: it is *held*, where it is. In the next
//! minor collection it dies, or becomes old.
//!
//! # Invariants
//! - Held are objects that refer to nothing in the heap, to which no slot in the heap refers, no other root, no weak
//!   reference, and that have no finalizer and no drop: nobody has to be told if it dies next time, and nothing need be
//!   remembered.
//! - `HELD` is set from the moment in which a collection decides so (it is taken back by marking the object) to the
//!   collection's end; `AGED` from then on. Such an object has `PINNED`, too.
//! - Between two collections a held object is in a run of its own (or in `large_young`), its lines are taken, and its block
//!   is on no list. A major collection leaves none.
//! - `held` lists objects of this collection or the last, none of whose memory was used anew: their headers tell their size.

use crate::layout::{Layouts, addr};
use crate::space::*;
use crate::trace::{Phase, Tracer};
use crate::{Obj, Trace, gcbits};
use std::sync::atomic::Ordering::Relaxed;

impl Tracer {
    /// Holds a young object to which a thread refers; false: it is to become old.
    pub(crate) unsafe fn hold(&mut self, o: Obj) -> bool {
        unsafe {
            let h = o.as_ref();
            let gc = h.gc.load(Relaxed);
            if gc & (gcbits::HELD | gcbits::AGED) != 0 {
                return gc & gcbits::HELD != 0;
            }
            let fit = self.size(o) > SMALL_MAX && self.refers_to_none(o);
            if fit {
                h.gc.store(gc | gcbits::HELD | gcbits::PINNED, Relaxed);
                (*self.space).held.push(o);
            }
            fit
        }
    }
    unsafe fn refers_to_none(&mut self, o: Obj) -> bool {
        match unsafe { self.layout(o) }.trace {
            Trace::None => true,
            // Texts and large integers are of such kinds: instances of subclasses may have attributes.
            Trace::Sized(_) => {
                let (heap, mut none) = (self.heap, true);
                let mut look =
                    |words: &[u64]| none &= !words.iter().any(|w| w & 7 == 0 && heap.contains(*w as usize));
                unsafe { self.each_referent(o, &mut look) };
                none
            }
            _ => false,
        }
    }
    /// An object that survived becomes old in any case.
    pub(crate) unsafe fn let_go(&mut self, o: Obj) {
        unsafe {
            if self.phase == Phase::Copy && self.heap.contains(addr(o)) {
                self.mark(addr(o));
            }
        }
    }
    /// What is held becomes old: a major collection follows.
    pub(crate) unsafe fn promote_held(&mut self) {
        unsafe {
            let s = &mut *self.space;
            for o in s.held.drain(..) {
                self.keep_in_place(addr(o));
                o.as_ref().gc.fetch_and(!gcbits::HELD, Relaxed);
            }
            s.large_old.append(&mut s.large_young);
        }
    }
}

/// Where an object ends that shares a block with others; None: a large one, whose blocks are its own.
unsafe fn end_of_medium(layouts: *const Layouts, o: Obj) -> Option<usize> {
    let size = unsafe { (*layouts)[o.as_ref().kind as usize].size(o) };
    (size <= MEDIUM_MAX).then_some(addr(o) + size)
}

impl Space {
    /// Of what the collection held, forgets what became old since; the rest looks old while memory is swept.
    pub(crate) unsafe fn keep_held(&mut self) {
        unsafe {
            let (r, marks, layouts) = (self.r, self.marks, self.layouts);
            self.held.retain(|o| {
                let (a, h) = (addr(*o), o.as_ref());
                let old = test_set(marks, a - r.base);
                if old {
                    h.gc.fetch_and(!gcbits::HELD, Relaxed);
                    return false;
                }
                if let Some(end) = end_of_medium(layouts, *o) {
                    let (first, last) = ((a - r.base) >> LINE_SH, (end - 1 - r.base) >> LINE_SH);
                    r.lines.add(first).write_bytes(1, last - first + 1);
                    *r.run.add(r.block_of(a)) = NONE;
                }
                true
            });
        }
    }
    /// At a collection's end: what is held is young.
    pub(crate) unsafe fn reopen_held(&mut self) {
        unsafe {
            for i in 0..self.held.len() {
                let o = self.held[i];
                let (a, h) = (addr(o), o.as_ref());
                let gc = h.gc.load(Relaxed) & !gcbits::HELD;
                h.gc.store(gc | gcbits::AGED, Relaxed);
                clear_bit(self.marks, a - self.r.base);
                if let Some(end) = end_of_medium(self.layouts, o) {
                    self.open_run(self.r.block_of(a), a, end);
                }
            }
        }
    }
    /// At the beginning of the next: their lines are counted if they become old.
    pub(crate) unsafe fn release_held(&mut self) {
        unsafe {
            for o in std::mem::take(&mut self.held) {
                let Some(end) = end_of_medium(self.layouts, o) else { continue };
                let (mut first, mut last) =
                    ((addr(o) - self.r.base) >> LINE_SH, (end - 1 - self.r.base) >> LINE_SH);
                // Old ones may reach into the lines at its ends.
                let begins = |line: usize| (0..LINE / 8).any(|i| bit(self.marks, (line << LINE_SH) + 8 * i));
                first += (begins(first) || !first.is_multiple_of(LINES) && *self.r.lines.add(first - 1) != 0)
                    as usize;
                last -= begins(last) as usize;
                if first <= last {
                    self.r.lines.add(first).write_bytes(0, last - first + 1);
                }
            }
        }
    }
}
