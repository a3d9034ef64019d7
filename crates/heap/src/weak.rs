//! What happens to objects that die: weak references, finalizers, drops.
//!
//! Order within a collection, after everything reachable has been marked: weak references to unmarked objects
//! are cleared (so nobody can reach through them what is about to be finalized); unmarked objects with a
//! finalizer are queued and marked with all they refer to (PEP 442: resurrected, once); what is still unmarked
//! dies, and its `drop` runs. A weak reference that somebody watches and that dies with its target, because the target
//! refers to it, stays until that somebody knows: when reference counts reach zero the target goes first. The lists of
//! young entries are the only ones a minor collection looks at.
//!
//! # Invariants
//! - All of this runs with the world stopped; entries are objects that were registered, so their layout is known.
//! - `target` is the second word of an object that was given to `register_weak`.

use crate::layout::{addr, obj};
use crate::pile::Pile;
use crate::space::{Space, Watched};
use crate::trace::{Phase, Tracer};
use crate::{Heap, Obj};
use std::sync::atomic::Ordering::Relaxed;

/// As many objects are looked at on the way from a target to its weak reference, and at least in a whole collection.
const SEARCH: usize = 32;
const WHOLE_SEARCH: usize = 4096;

/// The word that holds a weak reference's target.
#[inline(always)]
unsafe fn target(weak: Obj) -> *mut usize {
    unsafe { weak.as_ptr().cast::<usize>().add(1) }
}

impl Tracer {
    /// The entries that this collection decides about; survivors are put on the old list.
    fn entries(&self, w: &mut Watched) -> Pile {
        let mut all = Pile::default();
        if self.phase == Phase::Major {
            std::mem::swap(&mut all, &mut w.old);
        }
        w.young.drain(..).for_each(|o| all.push(o));
        all
    }
    /// Calls `f` with each of them in turn, which puts on the old list what stays.
    fn each_entry(&mut self, list: fn(&mut Space) -> &mut Watched, mut f: impl FnMut(&mut Tracer, Obj)) {
        // SAFETY: the world is stopped, and nothing uses the space at the same time.
        let w = unsafe { list(&mut *self.space) };
        let mut old = if self.phase == Phase::Major { std::mem::take(&mut w.old) } else { Pile::default() };
        let mut young = std::mem::take(&mut w.young);
        old.drain().for_each(|o| f(self, o));
        young.iter().for_each(|o| f(self, *o));
        // It keeps its memory.
        young.clear();
        // SAFETY: as above.
        unsafe { list(&mut *self.space).young = young };
    }
    pub(crate) unsafe fn deaths(&mut self) {
        let s = unsafe { &mut *self.space };
        let mut weak = self.entries(&mut s.weak);
        let mut budget = 8 * weak.len() + WHOLE_SEARCH;
        let mut work = Vec::new();
        for &w in weak.iter() {
            unsafe {
                if w.as_ref().flags.load(Relaxed) & crate::WATCHED != 0
                    && self.survivor(w).is_none()
                    && self.dies_later(w, &mut work, &mut budget)
                {
                    self.keep(w);
                }
            }
        }
        unsafe { self.drain() };
        for &w in weak.iter() {
            unsafe { self.clear_weak(w) };
        }

        self.each_entry(
            |s| &mut s.finalizers,
            // SAFETY: a registered object, not swept yet; the space is not used otherwise while it is pushed to.
            |t, o| unsafe {
                // An evacuated object has its flags at the new address.
                let now = t.survivor(o);
                if now.unwrap_or(o).as_ref().flags.load(Relaxed) & crate::FINALIZED != 0 {
                    return;
                }
                match now {
                    Some(o) => {
                        t.let_go(o);
                        (*t.space).finalizers.old.push(o)
                    }
                    None => {
                        let o = t.keep(o);
                        (*t.space).finalizable.push(o)
                    }
                }
            },
        );
        unsafe { self.drain() };
        while let Some(o) = self.later.pop() {
            unsafe {
                (self.heap.hooks.settle)(o, self);
                self.drain();
            }
        }

        let s = unsafe { &mut *self.space };
        for w in weak.drain() {
            if let Some(w) = unsafe { self.survivor(w) } {
                let t = unsafe { target(w) };
                if unsafe { *t } != 0 {
                    // Alive, perhaps at a new address.
                    // SAFETY: `clear_weak` has zeroed the targets that were not reached; since then only more were.
                    unsafe {
                        let o = self.survivor(obj(*t)).unwrap_unchecked();
                        self.let_go(o);
                        *t = addr(o);
                    }
                    s.weak.old.push(w);
                }
            }
        }
        self.each_entry(
            |s| &mut s.drops,
            |t, o| unsafe {
                if let Some(o) = t.survivor(o) {
                    t.let_go(o);
                    (*t.space).drops.old.push(o)
                } else if let Some(drop) = t.heap.kinds[o.as_ref().kind as usize].drop {
                    // SAFETY: not marked and not copied: it is as it was when it died, for sweeping comes later.
                    drop(o);
                }
            },
        );
        unsafe { self.drain() };
        let s = unsafe { &mut *self.space };
        let pending = !s.finalizable.is_empty() || !s.dead_weak.is_empty();
        self.heap.pending.store(pending, Relaxed);
    }
    /// Whether a dead weak reference would outlive its target if reference counts freed them: the target refers to it, by
    /// way of a few other objects perhaps, and not to itself (so neither does the reference, which may be kept without
    /// keeping the target).
    #[cold]
    unsafe fn dies_later(&mut self, w: Obj, work: &mut Vec<usize>, budget: &mut usize) -> bool {
        // SAFETY: aligned words of slots that lie in the heap are objects, dead ones too, until sweeping.
        unsafe {
            let o = *target(w);
            if o == 0 || self.survivor(obj(o)).is_some() {
                return false;
            }
            let (mut seen, mut n) = ([0; SEARCH], 0);
            work.clear();
            work.push(o);
            let mut found = false;
            while let Some(a) = work.pop() {
                if self.survivor(obj(a)).is_some() || seen[..n].contains(&a) {
                    continue;
                }
                if n == SEARCH || *budget == 0 || work.len() > 8 * SEARCH {
                    return false;
                }
                seen[n] = a;
                n += 1;
                *budget -= 1;
                found |= a == addr(w);
                let (heap, mut again) = (self.heap, false);
                self.each_referent(obj(a), &mut |words| {
                    let refs = words.iter().map(|w| *w as usize);
                    work.extend(
                        refs.filter(|b| b & 7 == 0 && heap.contains(*b)).inspect(|b| again |= *b == o),
                    );
                });
                if again {
                    return false;
                }
            }
            found
        }
    }
    /// Zeroes the target of a weak reference if it was not reached, also in one that itself was not: a
    /// finalizer may bring that back.
    unsafe fn clear_weak(&mut self, w: Obj) {
        unsafe {
            let alive = self.survivor(w);
            let t = target(alive.unwrap_or(w));
            if *t != 0 && self.survivor(obj(*t)).is_none() {
                *t = 0;
                if let Some(w) = alive {
                    (*self.space).dead_weak.push(w);
                }
            }
        }
    }
    /// The queues are roots until somebody takes what is in them.
    pub(crate) unsafe fn trace_queues(&mut self) {
        let s = unsafe { &mut *self.space };
        for o in s.finalizable.iter().chain(s.dead_weak.iter()) {
            unsafe { self.keep(*o) };
        }
    }
}

impl Heap {
    /// An object whose finalizer is due (found unreachable and resurrected), oldest first. The heap keeps it alive
    /// until it is taken here. Nothing to do: None.
    pub fn pop_finalizable(&self) -> Option<Obj> {
        let mut s = self.space.lock();
        let o = s.finalizable.pop();
        self.pending.store(!s.finalizable.is_empty() || !s.dead_weak.is_empty(), Relaxed);
        o
    }
    /// A weak reference object whose target died since (its target word is already 0).
    pub fn pop_dead_weak(&self) -> Option<Obj> {
        let mut s = self.space.lock();
        let o = s.dead_weak.pop();
        self.pending.store(!s.finalizable.is_empty() || !s.dead_weak.is_empty(), Relaxed);
        o
    }
    /// All objects whose finalizer has not run are due, reachable or not: for the end of the process. After a full
    /// collection, which has gathered what the threads noted.
    pub fn finalize_rest(&self) {
        let mut s = self.space.lock();
        let s = &mut *s;
        for o in s.finalizers.old.drain().chain(s.finalizers.young.drain(..)) {
            s.finalizable.push(o);
        }
        self.pending.store(!s.finalizable.is_empty() || !s.dead_weak.is_empty(), Relaxed);
    }
    /// Cheap test before `pop_finalizable` / `pop_dead_weak`.
    #[inline]
    pub fn has_pending(&self) -> bool {
        self.pending.load(Relaxed)
    }
}
