//! Allocation when the current run is full: the next hole or block, medium and large objects, old objects, and
//! what happens when there is no memory left.
//!
//! # Invariants
//! - Under the lock of [`Space`], by the thread whose allocation it is. A run is memory that no other thread and no object
//!   has; it is the thread's until `close_runs`.

use crate::layout::{addr, obj};
use crate::mutator::{Local, POLL_STOP, RUNNING};
use crate::space::*;
use crate::trace::large_bytes;
use crate::{Mutator, Obj, OutOfMemory};
use std::sync::atomic::Ordering::Relaxed;

/// In as many partly filled blocks room for an object of medium size is looked for.
const MEDIUM_REACH: usize = 4;

impl Space {
    pub unsafe fn open_run(&mut self, block: usize, start: usize, end: usize) -> u32 {
        let i = self.runs.len() as u32;
        let head = unsafe { &mut *self.r.run.add(block) };
        if *head == 0 {
            self.fresh.push(block as u32);
        }
        self.runs.push(Run { start, end, next: *head, walked: false });
        *head = i + 1;
        self.since += end - start;
        i
    }
    pub unsafe fn close_runs(&mut self, m: &Mutator) {
        let l = unsafe { m.local() };
        if l.run != NONE {
            self.runs[l.run as usize].end = m.cursor.get();
        }
        if l.big_run != NONE {
            self.runs[l.big_run as usize].end = l.big_cursor;
        }
        (l.run, l.big_run) = (NONE, NONE);
        (l.big_cursor, l.big_limit, l.window) = (0, 0, 0);
        m.cursor.set(0);
        m.limit.set(0);
    }
    /// The next hole that is worth it, or a free block, becomes the mutator's run.
    unsafe fn next_run(&mut self, m: &Mutator, l: &mut Local, need: Need) -> bool {
        unsafe {
            let (block, start, end) = loop {
                if l.block == NONE {
                    // Survivors may have gone beyond the limit: what is free in blocks with pinned objects is no room then.
                    if self.used > self.cap(need) {
                        return false;
                    }
                    match self.young_block() {
                        Some(b) => (l.block, l.line) = (b, 0),
                        None => {
                            if let Some(b) = self.take_block(need) {
                                let s = self.r.block_addr(b);
                                break (b, s, s + BLOCK);
                            }
                            // At the limit fuller blocks must do.
                            let Some(b) = self.recyc.pop() else { return false };
                            (l.block, l.line) = (b, 0);
                        }
                    }
                }
                let b = l.block as usize;
                match next_hole(self.r.lines_of(b), l.line as usize, MIN_HOLE) {
                    None => l.block = NONE,
                    Some((i, j)) => {
                        l.line = j as u32;
                        let s = self.r.block_addr(b);
                        break (b, s + i * LINE, s + j * LINE);
                    }
                }
            };
            if l.run != NONE {
                self.runs[l.run as usize].end = m.cursor.get();
            }
            l.run = self.open_run(block, start, end);
            m.cursor.set(start);
            m.limit.set(end);
            true
        }
    }
    unsafe fn alloc_young(&mut self, m: &Mutator, size: usize, need: Need) -> Option<usize> {
        unsafe {
            if size > MEDIUM_MAX {
                let b = self.take_large(size.div_ceil(BLOCK), need)?;
                self.large_young.push(b as u32);
                let bytes = size.div_ceil(BLOCK) * BLOCK;
                self.since += bytes;
                return Some(self.r.block_addr(b));
            }
            let l = m.local();
            self.color = l.color;
            if size > SMALL_MAX {
                if l.big_limit - l.big_cursor < size {
                    let b = self.take_block(need)?;
                    if l.big_run != NONE {
                        self.runs[l.big_run as usize].end = l.big_cursor;
                    }
                    l.big_cursor = self.r.block_addr(b);
                    l.big_limit = l.big_cursor + BLOCK;
                    l.big_run = self.open_run(b, l.big_cursor, l.big_limit);
                }
                let p = l.big_cursor;
                l.big_cursor += size;
                return Some(p);
            }
            if !self.next_run(m, l, need) {
                return None;
            }
            let p = m.cursor.get();
            m.cursor.set(p + size);
            Some(p)
        }
    }
    /// Room among the old objects, for up to [`MEDIUM_MAX`] bytes. The caller marks.
    pub unsafe fn alloc_old(&mut self, size: usize, need: Need) -> Option<usize> {
        unsafe {
            if size > SMALL_MAX {
                return self.alloc_old_medium(size, need);
            }
            let hole = &mut self.to;
            if hole.cursor + size <= hole.limit {
                hole.cursor += size;
                return Some(hole.cursor - size);
            }
            loop {
                if self.to.block == NONE {
                    match self.recycled() {
                        Some(b) => (self.to.block, self.to.line) = (b, 0),
                        None => {
                            let s = self.take_block(need)?;
                            let s = self.r.block_addr(s);
                            (self.to.cursor, self.to.limit) = (s + size, s + BLOCK);
                            return Some(s);
                        }
                    }
                }
                let b = self.to.block as usize;
                match next_hole(self.r.lines_of(b), self.to.line as usize, 1) {
                    None => self.to.block = NONE,
                    Some((i, j)) => {
                        self.to.line = j as u32;
                        if (j - i) * LINE >= size {
                            let s = self.r.block_addr(b);
                            (self.to.cursor, self.to.limit) = (s + i * LINE + size, s + j * LINE);
                            return Some(s + i * LINE);
                        }
                    }
                }
            }
        }
    }
    unsafe fn alloc_old_medium(&mut self, size: usize, need: Need) -> Option<usize> {
        unsafe {
            let hole = &mut self.to_big;
            if hole.cursor + size <= hole.limit {
                hole.cursor += size;
                return Some(hole.cursor - size);
            }
            let lines = size.div_ceil(LINE);
            let in_block = |b: u32, from: u32| next_hole(self.r.lines_of(b as usize), from as usize, lines);
            let found = match self.to_big.block {
                NONE => None,
                b => in_block(b, self.to_big.line).map(|h| (b, h)),
            };
            let found = found.or_else(|| {
                // Else a program that makes numbers or strings of this size would spread them over ever more blocks.
                let reach = |list: &mut Vec<u32>| {
                    let last = list.len().saturating_sub(MEDIUM_REACH);
                    let (i, h) = (last..list.len()).rev().find_map(|i| Some((i, in_block(list[i], 0)?)))?;
                    Some((list.swap_remove(i), h))
                };
                reach(&mut self.recyc).or_else(|| reach(&mut self.light))
            });
            let (start, limit) = match found {
                Some((b, (i, j))) => {
                    (self.to_big.block, self.to_big.line) = (b, j as u32);
                    let s = self.r.block_addr(b as usize);
                    (s + i * LINE, s + j * LINE)
                }
                None => {
                    self.to_big.block = NONE;
                    let s = self.take_block(need)?;
                    let s = self.r.block_addr(s);
                    (s, s + BLOCK)
                }
            };
            (self.to_big.cursor, self.to_big.limit) = (start + size, limit);
            Some(start)
        }
    }
    /// A partly filled block for survivors; nearly empty ones are the nursery's unless there are many.
    fn recycled(&mut self) -> Option<u32> {
        let spare = || if self.airy.len() > 64 { Some(self.airy.swap_remove(0)) } else { None };
        self.recyc.pop().or_else(|| self.light.pop()).or_else(spare)
    }
    /// A partly filled block for young objects.
    fn young_block(&mut self) -> Option<u32> {
        if !self.copying {
            // Without evacuation young objects share blocks with many old ones.
            return self.recyc.pop();
        }
        self.airy.pop().or_else(|| if self.singles.is_empty() { self.light.pop() } else { None })
    }
}

/// The next `least` or more free lines `i..j` at or after `from`.
#[inline]
fn next_hole(lines: &[u8; LINES], mut from: usize, least: usize) -> Option<(usize, usize)> {
    loop {
        let i = from + lines[from..].iter().position(|m| *m == 0)?;
        let j = lines[i..].iter().position(|m| *m != 0).map_or(LINES, |n| i + n);
        if j - i >= least {
            return Some((i, j));
        }
        from = j;
    }
}

impl Mutator {
    /// [`Mutator::alloc`] when the run has no room: memory without a header. A safepoint.
    #[cold]
    #[inline(never)]
    pub fn alloc_slow(&self, size: usize) -> usize {
        if let Some(p) = self.run_alloc(size) {
            return p;
        }
        match self.with_stack_saved(|| self.refill(size, Need::Reserve)) {
            Some(p) => p,
            None => out_of_memory(),
        }
    }
    #[cold]
    #[inline(never)]
    pub(crate) fn try_alloc_slow(&self, size: usize) -> Result<usize, OutOfMemory> {
        if size > self.heap.range.len {
            return Err(OutOfMemory);
        }
        if let Some(p) = self.run_alloc(size) {
            return Ok(p);
        }
        self.with_stack_saved(|| self.refill(size, Need::Mutator)).ok_or(OutOfMemory)
    }

    /// What needs nothing of others: medium objects from their own run, and under stress, when every allocation comes here,
    /// all but each n-th.
    #[inline]
    fn run_alloc(&self, size: usize) -> Option<usize> {
        if self.stress() {
            return self.window_alloc(size);
        }
        if size <= SMALL_MAX || size > MEDIUM_MAX || self.poll.load(Relaxed) & POLL_STOP != 0 {
            return None;
        }
        // SAFETY: own data.
        let l = unsafe { self.local() };
        let p = l.big_cursor;
        if l.big_limit - p < size {
            return None;
        }
        l.big_cursor = p + size;
        Some(p)
    }
    fn window_alloc(&self, size: usize) -> Option<usize> {
        // SAFETY: own data.
        let l = unsafe { self.local() };
        let p = self.cursor.get();
        let due = self.heap.stress_tick() || self.poll.load(Relaxed) & POLL_STOP != 0;
        if due || size > MEDIUM_MAX || p + size > l.window {
            return None;
        }
        self.cursor.set(p + size);
        self.limit.set(p + size);
        Some(p)
    }

    /// The slow path proper; the stack is saved.
    fn refill(&self, size: usize, need: Need) -> Option<usize> {
        let heap = self.heap;
        debug_assert_eq!(
            self.state.load(Relaxed),
            RUNNING,
            "allocation by a thread that is not registered or blocked"
        );
        if self.poll.load(Relaxed) & POLL_STOP != 0 {
            heap.world.park_if_stopping(self);
        }
        self.collect_if_due();
        if crate::malloc::low() {
            self.malloc_low();
        }
        if let Some(p) = self.refill_locked(size, Need::Mutator) {
            return Some(p);
        }
        // At the limit. As long as the embedder has not looked at the flag, this thread lives on the reserve without
        // collecting fully for each block.
        // SAFETY: own data.
        if need == Need::Mutator || !unsafe { self.local() }.memory_error {
            heap.collect_now(self, true);
            if let Some(p) = self.refill_locked(size, Need::Mutator) {
                return Some(p);
            }
        }
        if need == Need::Mutator {
            return None;
        }
        self.wants_memory_error();
        self.refill_locked(size, Need::Reserve)
    }
    /// The embedder is to look at the flag at the next safepoint. But not at once if it just did: else a program that
    /// handles the error would get the next one while it does.
    fn wants_memory_error(&self) {
        // SAFETY: own data.
        let l = unsafe { self.local() };
        if l.grace > 0 {
            l.grace -= 1;
            return;
        }
        l.memory_error = true;
        self.poll.fetch_or(POLL_STOP, Relaxed);
    }
    /// What was kept back of the memory outside the heap is in use. Dead objects may hold some of it.
    #[cold]
    fn malloc_low(&self) {
        // SAFETY: own data.
        let l = unsafe { self.local() };
        if l.memory_error || crate::malloc::keep() {
            return;
        }
        if l.grace == 0 {
            self.heap.collect_now(self, true);
            crate::malloc::trim();
        }
        if !crate::malloc::keep() {
            self.wants_memory_error();
        }
    }
    fn collect_if_due(&self) {
        let heap = self.heap;
        let due = || {
            let s = heap.space.lock();
            s.since >= s.young_limit() || heap.gc_due.load(Relaxed)
        };
        if due() {
            heap.collect_if(self, false, due);
        }
    }
    fn refill_locked(&self, size: usize, need: Need) -> Option<usize> {
        let mut s = self.heap.space.lock();
        if !self.stress() {
            // SAFETY: the lock is held.
            return unsafe { s.alloc_young(self, size, need) };
        }
        // SAFETY: the lock is held.
        unsafe {
            let l = self.local();
            self.limit.set(l.window);
            let p = self.cursor.get();
            let p = if size <= MEDIUM_MAX && p + size <= l.window {
                self.cursor.set(p + size);
                Some(p)
            } else {
                s.alloc_young(self, size, need)
            };
            // The next allocation comes here, too.
            l.window = self.limit.get();
            self.limit.set(self.cursor.get());
            p
        }
    }

    /// An object that is old from the start and never moves. Its slots must be initialised before the next
    /// safepoint; they may refer to young objects. Small ones are had from the reserve at the limit, as with `alloc`.
    #[inline(never)]
    pub fn alloc_old(&self, size: usize, kind: u8, desc: u32) -> Result<Obj, OutOfMemory> {
        debug_assert!(size.is_multiple_of(8) && size >= 16);
        if size > self.heap.range.len {
            return Err(OutOfMemory);
        }
        let p = match self.old_now(size) {
            Some(p) => p,
            None => self
                .with_stack_saved(|| {
                    self.collect_if_due();
                    let lock = || self.heap.space.lock();
                    if let Some(p) = self.old_in(&mut lock(), size, Need::Mutator) {
                        return Some(p);
                    }
                    self.heap.collect_now(self, true);
                    if let Some(p) = self.old_in(&mut lock(), size, Need::Mutator) {
                        return Some(p);
                    }
                    if size > MEDIUM_MAX {
                        return None;
                    }
                    self.wants_memory_error();
                    self.old_in(&mut lock(), size, Need::Reserve)
                })
                .ok_or(OutOfMemory)?,
        };
        let o = unsafe { Self::init(p, kind, desc, 0) };
        // Logged at birth, because nobody runs the barrier for its first stores.
        unsafe { self.local().remembered.push(o) };
        Ok(o)
    }
    /// Unless a collection is due.
    fn old_now(&self, size: usize) -> Option<usize> {
        let mut s = self.heap.space.lock();
        let due = s.since >= s.young_limit() || self.heap.gc_due.load(Relaxed);
        if due { None } else { self.old_in(&mut s, size, Need::Mutator) }
    }
    fn old_in(&self, s: &mut Space, size: usize, need: Need) -> Option<usize> {
        // SAFETY: the lock is held; marks and lines change only under it while mutators run.
        unsafe {
            let p = if size > MEDIUM_MAX {
                let b = s.take_large(size.div_ceil(BLOCK), need)?;
                s.large_old.push(b as u32);
                s.old_bytes += large_bytes(size);
                s.r.block_addr(b)
            } else {
                let p = s.alloc_old(size, need)?;
                let off = p - s.r.base;
                for l in off >> LINE_SH..=(off + size - 1) >> LINE_SH {
                    let m = s.r.lines.add(l);
                    if *m == 0 {
                        *m = 1;
                        s.old_bytes += LINE;
                    }
                }
                p
            };
            test_set(s.marks, p - s.r.base);
            Some(p)
        }
    }
    /// Lets a large object grow where it is, up to `new_size` bytes, if the memory behind it is free; `false` if it
    /// is not, or the object is not large. On success the caller initialises the new slots and then whatever
    /// gives the object's size, before the next safepoint.
    pub fn try_grow(&self, o: Obj, new_size: usize) -> bool {
        let r = &self.heap.range;
        if !r.contains(addr(o)) || new_size > r.len {
            return false;
        }
        let b = r.block_of(addr(o));
        let mut s = self.heap.space.lock();
        // SAFETY: the lock is held; the object's own blocks do not change otherwise while it is in use.
        unsafe {
            if *r.state.add(b) != state::LARGE {
                return false;
            }
            let old_size = (*s.layouts)[o.as_ref().kind as usize].size(o);
            let (have, need) = (*r.span.add(b) as usize, new_size.div_ceil(BLOCK));
            if new_size < old_size || need > have && !s.extend_large(b, need - have) {
                return false;
            }
            if bit(s.marks, addr(o) - r.base) {
                s.old_bytes += large_bytes(new_size) - large_bytes(old_size);
            } else {
                s.since += need.saturating_sub(have) * BLOCK;
            }
        }
        true
    }
    /// Makes `n` words of a new object zeros, or of what [`Self::try_grow`] gave it, to its end. Pages of a large object
    /// that are zeros already stay untouched.
    ///
    /// # Safety
    /// The words belong to the object and were not written yet.
    pub unsafe fn zero(&self, o: Obj, from: *mut u64, n: usize) {
        let r = &self.heap.range;
        let (mut p, end) = (from as usize, from as usize + 8 * n);
        unsafe {
            if 8 * n < BLOCK || !r.contains(addr(o)) || *r.state.add(r.block_of(addr(o))) != state::LARGE {
                return std::ptr::write_bytes(from, 0, n);
            }
            while p < end {
                let b = r.block_of(p);
                let next = r.block_addr(b + 1).min(end);
                // Only its owner reads and writes this while the object is in use.
                let d = r.dirty.add(b);
                if *d == 2 {
                    *d = 1;
                } else {
                    std::ptr::write_bytes(p as *mut u8, 0, next - p);
                }
                p = next;
            }
        }
    }
    /// For tests and assertions: whether the object is old, so that it does not move any more.
    pub fn is_old(&self, o: Obj) -> bool {
        let s = self.heap.space.lock();
        // SAFETY: the lock is held.
        unsafe { !self.heap.contains(addr(o)) || bit(s.marks, addr(obj(addr(o))) - s.r.base) }
    }
}

/// Unwinds with [`OutOfMemory`].
#[cold]
pub fn out_of_memory() -> ! {
    std::panic::resume_unwind(Box::new(OutOfMemory))
}
