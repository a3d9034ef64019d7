//! Ambiguous roots: from an arbitrary word to the object it may point at or into.
//!
//! A minor collection cares only for young objects, which lie in runs opened since the last collection. Such a
//! run is walked once, object by object, to fill in `starts`. Any other word refers to something old or dead:
//! a minor collection ignores it; a major one looks at the marks of the previous collections (`starts` by
//! then), because everything that was marked is still intact.
//!
//! # Invariants
//! - With the world stopped. A word is only looked up in side tables once it is known to lie in the reserved range, and only
//!   becomes an [`Obj`] if a start or mark bit says that an object begins there.

use crate::layout::{addr, obj};
use crate::space::*;
use crate::stack::each_word;
use crate::trace::{Phase, Tracer};
use crate::{Mutator, Obj};

impl Tracer {
    #[inline(always)]
    pub(crate) unsafe fn conservative(&mut self, word: usize) {
        if self.heap.contains(word)
            && let Some(o) = unsafe { self.object_at(word & !7) }
        {
            // SAFETY: an object, young unless it is marked.
            unsafe {
                if !(self.phase == Phase::Pin && self.of_thread && !self.is_marked(addr(o)) && self.hold(o)) {
                    self.mark(addr(o));
                }
            }
        }
    }

    #[inline(never)]
    unsafe fn object_at(&mut self, w: usize) -> Option<Obj> {
        unsafe {
            let s = &mut *self.space;
            let b = s.r.block_of(w);
            let head = match *s.r.state.add(b) {
                state::SMALL => return self.small_object_at(w, b),
                state::LARGE => b,
                state::LARGE_CONT => b - *s.r.span.add(b) as usize,
                _ => return None,
            };
            let o = obj(s.r.block_addr(head));
            // After the swap at the start of a major collection `starts` holds what was old before.
            if self.phase == Phase::Major && !bit(self.starts, addr(o) - s.r.base) {
                return None;
            }
            Some(o)
        }
    }

    unsafe fn small_object_at(&mut self, w: usize, b: usize) -> Option<Obj> {
        unsafe {
            let s = &mut *self.space;
            if self.phase == Phase::Major {
                let o = obj(find_start(self.starts, s.r.base, w, s.r.block_addr(b))?);
                return (w < addr(o) + self.size(o)).then_some(o);
            }
            let mut r = *s.r.run.add(b);
            loop {
                if r == 0 {
                    return None;
                }
                let run = &s.runs[r as usize - 1];
                if (run.start..run.end).contains(&w) {
                    break;
                }
                r = run.next;
            }
            let i = r as usize - 1;
            if !s.runs[i].walked {
                self.walk(i);
            }
            find_start(self.starts, s.r.base, w, s.runs[i].start).map(obj)
        }
    }

    /// Sets the start bit of every object of a run.
    unsafe fn walk(&mut self, run: usize) {
        unsafe {
            let s = &mut *self.space;
            let (mut p, end) = (s.runs[run].start, s.runs[run].end);
            while p < end {
                let off = p - s.r.base;
                *self.starts.add(off >> 9) |= 1 << ((off >> 3) & 63);
                p += self.size(obj(p));
            }
            debug_assert_eq!(p, end, "an object's size is not the size that was allocated");
            s.runs[run].walked = true;
        }
    }

    /// The native stacks of one thread.
    pub(crate) unsafe fn scan_stacks(&mut self, m: &Mutator) {
        unsafe {
            let l = m.local();
            // What a collection is told lives as long as the collection.
            match self.disowning.and_then(|d| (*d).parts(l.sp)) {
                Some(parts) => {
                    for &(lo, hi) in parts {
                        each_word(lo, hi, |w| self.conservative(w));
                    }
                }
                None => each_word(l.sp, l.stack_base, |w| self.conservative(w)),
            }
            for &(_, lo, hi) in &l.stacks {
                each_word(lo, hi, |w| self.conservative(w));
            }
        }
    }
}

/// The last start at or before `a`, not before `lo`.
#[inline(always)]
unsafe fn find_start(t: *mut u64, base: usize, a: usize, lo: usize) -> Option<usize> {
    let (off, lo) = (a - base, lo - base);
    let mut i = off >> 9;
    let mut m = unsafe { *t.add(i) } & (u64::MAX >> (63 - ((off >> 3) & 63)));
    loop {
        if m != 0 {
            let o = (i << 9) + ((63 - m.leading_zeros() as usize) << 3);
            return (o >= lo).then_some(o + base);
        }
        if i <= lo >> 9 {
            return None;
        }
        i -= 1;
        m = unsafe { *t.add(i) };
    }
}
