//! What only the newest native frames still refer to.
//!
//! A collector that reads native stacks as they are finds words there that earlier calls left behind: they keep an
//! object alive for a while. That is harmless but for objects that hold on to something until they die. For those the
//! embedder can ask: all is marked from every other root first, the newest part of the calling thread's stack (the
//! native functions that were called since the embedder's program was left) comes last, and in between the embedder
//! sees the objects with a drop that are not marked. Of the rest of that stack only the parts that the embedder names are
//! read: those of native functions that called its program. Between them lie frames of interpreters and of machine code,
//! whose references are all in the embedder's own frames, too. No program can reach these; they may still be mentioned by a
//! native function that runs, so they stay, but can give up what they hold. Nothing moves in such a collection.
//!
//! # Safety
//! The objects that are told of are whole: nothing of this collection has been swept. `below` and the noted stack
//! pointer are addresses of the calling thread's stack, or it is not taken for one.

use crate::space::Watched;
use crate::stack::each_word;
use crate::trace::{Phase, Tracer};
use crate::{Heap, Mutator, Obj};

pub(crate) struct Disown<'a> {
    /// The newest part of the stack.
    lo: usize,
    hi: usize,
    /// Older parts that count.
    held: &'a [(usize, usize)],
    /// Told about unreachable objects; true if that may have made others ready.
    tell: &'a dyn Fn(Obj) -> bool,
}

impl Disown<'_> {
    /// The parts of the stack that begins at `sp` that count as roots; None: all of it.
    pub(crate) fn parts(&self, sp: usize) -> Option<&[(usize, usize)]> {
        (sp == self.lo).then_some(self.held)
    }
}

impl Heap {
    /// A collection that moves nothing and tells about the objects given to `register_drop` that are referred to from
    /// nowhere but, perhaps, the calling thread's stack: below `below`, or above it outside the parts `held`. `tell` is called again for all of them as long as
    /// it answers true for one. It must not allocate.
    #[inline(never)]
    pub fn collect_disowned(
        &'static self,
        m: &Mutator,
        major: bool,
        below: usize,
        held: &[(usize, usize)],
        tell: &dyn Fn(Obj) -> bool,
    ) {
        m.with_stack_saved(|| {
            let l = unsafe { m.local() };
            let hi = if (l.sp..l.stack_base).contains(&below) { below & !7 } else { l.sp };
            let held: Vec<_> = held.iter().map(|&(lo, to)| (lo.max(hi), to.min(l.stack_base))).collect();
            let d = Disown { lo: l.sp, hi, held: &held, tell };
            if self.world.stop(m, || true) {
                // SAFETY: the world is stopped.
                unsafe { self.run(major, None, Some(&d)) };
                self.world.resume(m, self.has_pending());
            }
        });
    }
}

impl Tracer {
    /// With everything marked that other roots lead to: tells, then goes on with the words that were left out.
    pub(crate) unsafe fn disown(&mut self, d: &Disown) {
        unsafe {
            self.drain();
            let s = &*self.space;
            let mut found = Vec::new();
            let mut gather = |w: &Watched, all: bool| {
                let old = all.then(|| w.old.iter());
                for &o in w.young.iter().chain(old.into_iter().flatten()) {
                    if self.survivor(o).is_none() {
                        found.push(o);
                    }
                }
            };
            gather(&s.drops, self.phase == Phase::Major);
            loop {
                let mut more = false;
                for &o in &found {
                    more |= (d.tell)(o);
                }
                if !more {
                    break;
                }
            }
            each_word(d.lo, d.hi, |w| self.conservative(w));
        }
    }
}
