//! Stress mode's helpers: dead memory is overwritten, and the heap is checked for references to it.
//!
//! # Invariants
//! - With the world stopped, after sweeping: what is not marked belongs to nobody and may be overwritten.

use crate::Obj;
use crate::layout::{addr, obj};
use crate::space::*;
use crate::trace::{Phase, Tracer};

/// Not a reference (its low bits), and a kind that does not exist.
const POISON: u8 = 0xDD;

impl Space {
    /// Calls `f` with every old object.
    pub(crate) unsafe fn each_marked(&self, mut f: impl FnMut(Obj)) {
        for b in 0..self.top {
            if matches!(unsafe { *self.r.state.add(b) }, state::SMALL | state::LARGE) {
                let a = self.r.block_addr(b);
                unsafe { self.each_marked_in(a, a + BLOCK, &mut f) };
            }
        }
    }
    unsafe fn each_marked_in(&self, start: usize, end: usize, f: &mut impl FnMut(Obj)) {
        for w in (start - self.r.base) >> 9..=(end - 1 - self.r.base) >> 9 {
            let mut m = unsafe { *self.marks.add(w) };
            while m != 0 {
                let a = self.r.base + (w << 9) + ((m.trailing_zeros() as usize) << 3);
                m &= m - 1;
                if (start..end).contains(&a) {
                    f(obj(a));
                }
            }
        }
    }
    /// Overwrites everything in `start..end` that is not part of an old object.
    pub(crate) unsafe fn poison(&self, start: usize, end: usize) {
        if start == end {
            return;
        }
        let mut at = start;
        let layouts = self.layouts;
        unsafe {
            self.each_marked_in(start, end, &mut |o| {
                (at as *mut u8).write_bytes(POISON, addr(o) - at);
                at = addr(o) + (*layouts)[o.as_ref().kind as usize].size(o);
            });
            (at as *mut u8).write_bytes(POISON, end - at);
        }
    }
    pub(crate) unsafe fn poison_block(&self, b: usize, n: usize) {
        unsafe { (self.r.block_addr(b) as *mut u8).write_bytes(POISON, n << BLOCK_SH) };
    }
}

impl Tracer {
    /// After a minor collection: every slot of an old object refers to an old object. What fails here is a store
    /// without barrier, a slot that was never written, or a root that was hidden from the collector.
    pub(crate) unsafe fn verify(&mut self) {
        let s = unsafe { &*self.space };
        let phase = std::mem::replace(&mut self.phase, Phase::Verify);
        unsafe {
            s.each_marked(|o| {
                self.verifying = addr(o);
                self.visit(o);
            });
        }
        self.phase = phase;
    }
    #[cold]
    pub(crate) unsafe fn verify_slot(&self, slot: *mut u64) {
        let v = unsafe { *slot };
        let s = unsafe { &*self.space };
        let off = (v as usize).wrapping_sub(s.r.base);
        if v & 7 != 0 || off >= s.r.len || unsafe { bit(s.marks, off) } {
            return;
        }
        let o = obj(self.verifying);
        let kind = unsafe { o.as_ref().kind };
        panic!(
            "collector: the word at byte {} of a {} at {o:p} refers to {v:#x}, which is free: a store without \
             barrier, a slot that was never written, or a root hidden from the collector",
            slot as usize - self.verifying,
            self.heap.kinds[kind as usize].name,
        );
    }
}
