//! How much cyclic garbage a full collection finds, for `gc.collect()`: what a collector that only looks for cycles
//! would have found, all else having died by its reference counts.
//!
//! Everything young becomes old where it lies, dead or alive, so that after the marking the dead are known: they were
//! old and are not marked. Of these, whatever no other dead object refers to would have died at once, then what only
//! those referred to, and so on; the rest are the cycles and what hangs on them.
//!
//! # Safety
//! All of it happens with the world stopped. The dead are still as they were when it is counted: sweeping and drops
//! come later. A visitor is known to the tracer only while it runs.

use crate::layout::{addr, obj};
use crate::space::*;
use crate::trace::{Phase, Tracer, Visitor};
use crate::{Heap, Mutator, Obj};

/// Words of a bitmap for a block.
const WORDS: usize = BLOCK >> 9;

/// What is to be counted, and how much there was.
pub(crate) struct Census<'a> {
    pub counts: &'a dyn Fn(Obj) -> bool,
    pub found: usize,
}

impl Heap {
    /// A full collection. Of the cyclic garbage that it finds, tells how many objects `counts` holds for; `counts` sees
    /// dead objects and must not allocate. Where there is no memory to count in, nothing is counted.
    #[inline(never)]
    pub fn collect_counting(&'static self, m: &Mutator, counts: &dyn Fn(Obj) -> bool) -> usize {
        let mut census = Census { counts, found: 0 };
        // Counting takes a few words for each dead object, which has two at least.
        let most = 2 * (self.space.lock().used << BLOCK_SH);
        let room = crate::malloc::would_fit(most);
        m.with_stack_saved(|| {
            if self.world.stop(m, || true) {
                // SAFETY: the world is stopped.
                unsafe { self.run(true, room.then_some(&mut census), None) };
                self.world.resume(m, self.has_pending());
            }
        });
        census.found
    }
}

/// A set of a few hundred addresses at most.
struct Few {
    cells: [usize; 512],
    len: usize,
}
impl Default for Few {
    fn default() -> Few {
        Few { cells: [0; 512], len: 0 }
    }
}
impl Few {
    /// Where it is or belongs.
    fn cell(&self, a: usize) -> usize {
        let mut i = (a >> 3).wrapping_mul(0x9e37_79b1) >> 7 & 511;
        while self.cells[i] != 0 && self.cells[i] != a {
            i = (i + 1) & 511;
        }
        i
    }
    fn has(&self, a: usize) -> bool {
        self.cells[self.cell(a)] != 0
    }
    fn add(&mut self, a: usize) {
        assert!(self.len < 400);
        let i = self.cell(a);
        self.cells[i] = a;
        self.len += 1;
    }
}

impl Heap {
    /// Whether `o` refers to itself, by way of at most `limit` (up to 400) other objects for which `through` holds.
    #[inline(never)]
    pub fn in_cycle(&'static self, m: &Mutator, o: Obj, limit: usize, through: &dyn Fn(Obj) -> bool) -> bool {
        self.stop_world(m, || {
            // SAFETY: the world is stopped; nothing moves.
            let mut t = unsafe { Tracer::new(self, self.space.stopped()) };
            let (mut work, mut seen) = (vec![addr(o)], Few::default());
            let mut found = false;
            while let Some(a) = work.pop() {
                let mut see = |w: u64| {
                    let b = w as usize;
                    if w & 7 != 0 || !self.contains(b) {
                        return;
                    }
                    found |= b == addr(o);
                    if seen.len < limit && !seen.has(b) && through(obj(b)) {
                        seen.add(b);
                        work.push(b);
                    }
                };
                unsafe { t.each_referent(obj(a), &mut |words| words.iter().for_each(|w| see(*w))) };
                if found {
                    break;
                }
            }
            unsafe { t.finish() };
            found
        })
    }
}

impl Tracer {
    /// All young objects become old.
    pub(crate) unsafe fn mark_young(&mut self) {
        unsafe {
            let s = &*self.space;
            for r in &s.runs {
                let (mut p, end) = (r.start, r.end);
                while p < end {
                    p += self.keep_in_place(p);
                }
            }
            for b in &s.large_young {
                self.keep_in_place(s.r.block_addr(*b as usize));
            }
        }
    }

    /// Between the marking of a major collection and its sweeping.
    pub(crate) unsafe fn count_dead(&mut self, census: &mut Census) {
        let s = unsafe { &*self.space };
        let (marks, starts, base) = (s.marks, s.starts, s.r.base);
        // Dead objects are numbered in the order of their addresses. For blocks that have some, `ranks` tells how many
        // there are below each word of the bitmaps; `first` where the block's words are in it.
        let dead_in = |w: usize| unsafe { *starts.add(w) & !*marks.add(w) };
        let mut first = vec![NONE; s.top];
        let mut ranks = Vec::new();
        let mut dead = Vec::new();
        for (b, first) in first.iter_mut().enumerate() {
            let words = b * WORDS..(b + 1) * WORDS;
            let used = matches!(unsafe { *s.r.state.add(b) }, state::SMALL | state::LARGE);
            if !used || words.clone().fold(0, |all, w| all | dead_in(w)) == 0 {
                continue;
            }
            *first = ranks.len() as u32;
            for w in words {
                ranks.push(dead.len() as u32);
                let mut m = dead_in(w);
                while m != 0 {
                    dead.push(base + (w << 9) + ((m.trailing_zeros() as usize) << 3));
                    m &= m - 1;
                }
            }
        }
        if dead.is_empty() {
            return;
        }
        let number = |a: u64| {
            let off = (a as usize).wrapping_sub(base);
            if a & 7 != 0 || off >> BLOCK_SH >= first.len() {
                return None;
            }
            let (m, k) = (dead_in(off >> 9), (off >> 3) & 63);
            if m >> k & 1 == 0 {
                return None;
            }
            let at = first[off >> BLOCK_SH] as usize + (off >> 9) % WORDS;
            Some(*ranks.get(at)? as usize + (m & ((1 << k) - 1)).count_ones() as usize)
        };
        // References from dead objects to each.
        let mut refs = vec![0u32; dead.len()];
        for &a in &dead {
            let mut count = |words: &[u64]| {
                for i in words.iter().filter_map(|w| number(*w)) {
                    refs[i] += 1;
                }
            };
            unsafe { self.each_referent(obj(a), &mut count) };
        }
        const GONE: u32 = u32::MAX;
        let mut free: Vec<u32> = (0..dead.len() as u32).filter(|i| refs[*i as usize] == 0).collect();
        while let Some(i) = free.pop() {
            refs[i as usize] = GONE;
            unsafe {
                self.each_referent(obj(dead[i as usize]), &mut |words| {
                    for j in words.iter().filter_map(|w| number(*w)) {
                        refs[j] -= 1;
                        if refs[j] == 0 {
                            free.push(j as u32);
                        }
                    }
                })
            };
        }
        let rest = dead.iter().zip(&refs).filter(|(_, r)| **r != GONE);
        census.found = rest.filter(|(a, _)| (census.counts)(obj(**a))).count();
    }
    /// Calls `f` with all words of slots, a few at a time.
    pub(crate) unsafe fn each_referent(&mut self, o: Obj, f: &mut Visitor) {
        let phase = std::mem::replace(&mut self.phase, Phase::Visit);
        // SAFETY: the visitor is gone before `f` is.
        unsafe {
            self.visitor = Some(std::mem::transmute::<*mut Visitor, *mut Visitor<'static>>(f));
            self.visit(o);
        }
        self.visitor = None;
        self.phase = phase;
        debug_assert_ne!(addr(o), 0);
    }
}
