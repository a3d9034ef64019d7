//! The heap's memory: one reserved address range, cut into blocks of 32 KB, with side tables.
//!
//! # Invariants
//! - A block is `FREE` (in a span or above `top`), `SINGLE` (in the list of single free blocks), `SMALL` (holds
//!   objects of up to [`MEDIUM_MAX`] bytes, none of which crosses the block's end) or part of a large object.
//! - A line's byte is 1 if an old object overlaps it or, between two collections, one that is [`held`](crate::held). At
//!   the ends of one that was it may stay 1 until the next major collection.
//! - `marks` has a bit for each old object; young objects have none. `starts` is all zero between collections.
//! - Everything behind the lock of [`Space`] may be touched by the collector without it while the world is
//!   stopped, because running mutators hold that lock only between two safepoints.

use crate::barrier::CardEntry;
use crate::layout::Layouts;
use crate::pile::Pile;
use crate::{Obj, Stats};
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

pub(crate) const BLOCK_SH: usize = 15;
pub(crate) const BLOCK: usize = 1 << BLOCK_SH;
pub(crate) const LINE_SH: usize = 8;
pub(crate) const LINE: usize = 1 << LINE_SH;
pub(crate) const LINES: usize = BLOCK / LINE;
pub(crate) const CARD_SH: usize = 9;
/// Smallest hole that is worth bumping through; smaller objects are allocated there.
pub(crate) const MIN_HOLE: usize = 2;
pub(crate) const SMALL_MAX: usize = MIN_HOLE * LINE;
/// Objects up to here share blocks; larger ones get blocks of their own.
pub(crate) const MEDIUM_MAX: usize = BLOCK / 2;
/// Larger young objects are promoted in place rather than copied.
pub(crate) const EVAC_MAX: usize = BLOCK / 4;

pub(crate) mod state {
    pub const FREE: u8 = 0;
    pub const SMALL: u8 = 1;
    pub const LARGE: u8 = 2;
    pub const LARGE_CONT: u8 = 3;
    pub const SINGLE: u8 = 4;
}
use state::*;

pub(crate) const NONE: u32 = u32::MAX;

/// Addresses of the reserved range and its side tables; never change.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub base: usize,
    pub len: usize,
    /// Two bitmaps, a bit for each 8 bytes.
    pub bitmaps: [*mut u64; 2],
    pub lines: *mut u8,
    pub cards: *mut u8,
    /// Per block: state; 1 + first run opened in it since the last collection; large objects: number of
    /// blocks (head) or distance to the head; whether its pages may be resident (1), and for blocks of a large object
    /// whether they were all zeros when it got them (2).
    pub state: *mut u8,
    pub run: *mut u32,
    pub span: *mut u32,
    pub dirty: *mut u8,
    /// The thread (its colour) that had the block last as part of its nursery.
    pub owner: *mut u8,
}

const DEFAULT_RESERVE: usize = 64 << 30;
/// What every program uses of it: made present at once, at a fraction of what as many page faults cost.
pub(crate) const AT_START: usize = 344 << 12;
/// In smaller ranges nothing is made present before it is used.
const LEAST_EAGER: usize = 16 << 20;
/// Afterwards as many blocks are made present at a time, more with a larger heap. A system call for eight is lost in
/// what their pages take; more would keep a program waiting, for what it may never use.
const RISE: std::ops::RangeInclusive<usize> = 2..=8;
const LEAST_RESERVE: usize = 1 << 20;
/// With less address space than this nothing of it is kept back.
const LEAST_KEEPING: usize = 64 << 20;

impl Range {
    /// Reserves as much as the process may: 64 GB or twice the machine's memory, less under `ulimit -v`.
    pub fn reserve() -> Range {
        // SAFETY: plain system calls.
        let ram = unsafe {
            libc::sysconf(libc::_SC_PHYS_PAGES) as usize * libc::sysconf(libc::_SC_PAGESIZE) as usize
        };
        let mut len = DEFAULT_RESERVE.max((ram * 2).next_power_of_two()).min(1 << 42);
        if let Some(room) = address_space_left() {
            // The rest is for native stacks, `malloc` and the collector's own lists.
            len = len.min(room / 2);
            if room >= LEAST_KEEPING {
                crate::malloc::care();
            }
        }
        loop {
            len &= !(BLOCK - 1);
            if let Some(r) = Range::try_reserve(len) {
                return r;
            }
            // Without overcommitment what is reserved counts as used: leave something for others.
            len = (len / 2).min(ram / 4);
            if len < LEAST_RESERVE {
                crate::fatal_at_start("the heap");
            }
        }
    }
    fn try_reserve(len: usize) -> Option<Range> {
        let blocks = len >> BLOCK_SH;
        // Tables of bytes or words, each aligned to a page.
        let sizes = [
            len / 64,
            len / 64,
            len >> LINE_SH,
            len >> CARD_SH,
            blocks,
            blocks * 4,
            blocks * 4,
            blocks,
            blocks,
        ];
        const HUGE: usize = 2 << 20;
        let total = len + HUGE + sizes.iter().map(|s| (s + 4095) & !4095).sum::<usize>();
        let p = crate::malloc::map_anonymous(total)?;
        let base = (p + HUGE - 1) & !(HUGE - 1);
        // No huge pages, also where the system gives them unasked: they save a tenth of the time of programs with large
        // heaps where they are at hand, and cost twice that where they are not, in virtual machines mostly, to whom the
        // host has to give each first. What most of them save is had by making pages present many at a time: see `rise`.
        // SAFETY: advice on the new mapping; failure does no harm.
        #[cfg(target_os = "linux")]
        unsafe {
            libc::madvise(p as _, total, libc::MADV_NOHUGEPAGE);
            if len > LEAST_EAGER {
                libc::madvise(base as _, AT_START, libc::MADV_POPULATE_WRITE);
            }
        }
        let mut at = base + len;
        let mut table = sizes.map(|s| {
            let t = at;
            at += (s + 4095) & !4095;
            t
        });
        let mut next = table.iter_mut().map(|t| *t);
        let mut t = || next.next().unwrap();
        Some(Range {
            base,
            len,
            bitmaps: [t() as _, t() as _],
            lines: t() as _,
            cards: t() as _,
            state: t() as _,
            run: t() as _,
            span: t() as _,
            dirty: t() as _,
            owner: t() as _,
        })
    }
    #[inline(always)]
    pub fn contains(&self, addr: usize) -> bool {
        addr.wrapping_sub(self.base) < self.len
    }
    #[inline(always)]
    pub fn block_of(&self, addr: usize) -> usize {
        (addr - self.base) >> BLOCK_SH
    }
    #[inline(always)]
    pub fn block_addr(&self, block: usize) -> usize {
        self.base + (block << BLOCK_SH)
    }
    #[inline(always)]
    pub unsafe fn lines_of(&self, block: usize) -> &'static [u8; LINES] {
        unsafe { &*(self.lines.add(block * LINES) as *const [u8; LINES]) }
    }
}

fn address_space_left() -> Option<usize> {
    let mut room = None;
    for what in [libc::RLIMIT_AS, libc::RLIMIT_DATA] {
        let mut l = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: fills the structure given.
        if unsafe { libc::getrlimit(what, &mut l) } == 0 && l.rlim_cur != libc::RLIM_INFINITY {
            let used = std::fs::read_to_string("/proc/self/statm")
                .ok()
                .and_then(|s| s.split_whitespace().next()?.parse::<usize>().ok())
                .unwrap_or(0)
                * 4096;
            let left = (l.rlim_cur as usize).saturating_sub(used);
            room = Some(room.map_or(left, |r: usize| r.min(left)));
        }
    }
    room
}

#[inline(always)]
pub(crate) unsafe fn bit(t: *mut u64, off: usize) -> bool {
    unsafe { *t.add(off >> 9) >> ((off >> 3) & 63) & 1 != 0 }
}
#[inline(always)]
pub(crate) unsafe fn clear_bit(t: *mut u64, off: usize) {
    unsafe { *t.add(off >> 9) &= !(1 << ((off >> 3) & 63)) }
}
/// Sets a bit and tells whether it was set.
#[inline(always)]
pub(crate) unsafe fn test_set(t: *mut u64, off: usize) -> bool {
    unsafe {
        let (w, k) = (t.add(off >> 9), (off >> 3) & 63);
        let old = *w;
        let set = old >> k & 1 != 0;
        if !set {
            *w = old | 1 << k;
        }
        set
    }
}

/// The same where other threads set bits too.
#[inline(always)]
pub(crate) unsafe fn test_set_shared(t: *mut u64, off: usize) -> bool {
    // SAFETY: as of all of these, the bit is in the table.
    let (w, k) = (unsafe { AtomicU64::from_ptr(t.add(off >> 9)) }, 1 << ((off >> 3) & 63));
    // Most are set already, and looking takes a tenth of the time.
    w.load(Relaxed) & k != 0 || w.fetch_or(k, Relaxed) & k != 0
}

/// A piece of memory that a mutator bumps through. `end` is the cursor once the run is closed.
pub(crate) struct Run {
    pub start: usize,
    pub end: usize,
    /// 1 + next run of the same block.
    pub next: u32,
    pub walked: bool,
}

/// Where old objects are put: a hole in a partly filled block, and the position of the next hole there.
pub(crate) struct Hole {
    pub cursor: usize,
    pub limit: usize,
    pub block: u32,
    pub line: u32,
}
impl Hole {
    pub const EMPTY: Hole = Hole { cursor: 0, limit: 0, block: NONE, line: 0 };
}

/// Who asks for memory, and so how close to the end of the range it may go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Mutator,
    /// A mutator that cannot fail.
    Reserve,
    /// Evacuation: falls back to promotion in place.
    Collector,
}

/// Objects with something to do when they die. Young ones are looked at in every collection.
#[derive(Default)]
pub(crate) struct Watched {
    pub young: Vec<Obj>,
    pub old: Pile,
}

pub(crate) struct Space {
    pub r: Range,
    pub layouts: *const Layouts,
    pub marks: *mut u64,
    pub starts: *mut u64,
    /// Blocks from here on were never used.
    pub top: usize,
    /// And up to here they were made present.
    pub present: usize,
    pub blocks: usize,
    /// Free blocks, the hottest last.
    pub singles: Vec<u32>,
    /// Whom blocks are taken for: [`Local::color`](crate::mutator::Local::color).
    pub color: u8,
    /// Other free blocks below `top`: start and length, coalesced.
    pub spans: BTreeMap<u32, u32>,
    /// Where the search for a span goes on, and a length that no span is known to have.
    pub span_hint: u32,
    pub span_none: usize,
    /// Blocks in spans whose pages may be resident.
    pub idle: usize,
    /// Blocks with nearly no old objects: the nursery uses their holes. (Leaving them out would lose a block for
    /// each pinned survivor; using fuller ones spreads the young objects too thin.)
    pub airy: Vec<u32>,
    /// Up to a quarter full: for the nursery when it would have to grow otherwise.
    pub light: Vec<u32>,
    /// Up to three quarters full: for old objects.
    pub recyc: Vec<u32>,
    /// Blocks that have runs.
    pub fresh: Vec<u32>,
    pub runs: Vec<Run>,
    pub to: Hole,
    pub to_big: Hole,
    pub large_young: Vec<u32>,
    /// Young objects that the last collection left young, or those that this one does (see `held`).
    pub held: Vec<Obj>,
    pub large_old: Vec<u32>,
    pub used: usize,
    pub limit: usize,
    pub reserve: usize,

    // What mutators remembered, merged at the start of a collection.
    pub remembered: Vec<Obj>,
    pub dirty_cards: Vec<CardEntry>,
    pub weak: Watched,
    pub finalizers: Watched,
    pub drops: Watched,
    pub dead_weak: Pile,
    pub finalizable: Pile,

    // Policy.
    /// Bytes handed out since the last collection.
    pub since: usize,
    /// When the last major collection ended, and the last minor one that was timed.
    pub last_major: crate::clock::Moment,
    pub last_minor: crate::clock::Moment,
    /// How long the last minor collections took, and these and the program between them: sums that fade.
    pub minor_ns: (u64, u64),
    /// Number of the last minor collection that was timed.
    pub timed_at: u64,
    /// So many of them in a row found little alive and took little of the time.
    pub quiet: u32,
    pub nursery: usize,
    pub nursery_max: usize,
    /// The nursery was made larger for the sake of time: in which minor collection, and what part of the time they took.
    pub trial: Option<(u64, f64)>,
    /// Not again before so many of them, and how long to wait the next time.
    pub grow_at: u64,
    pub patience: u64,
    /// Threads that allocated between the last two collections: each of them has a nursery.
    pub active: usize,
    /// Bytes in marked lines and large objects.
    pub old_bytes: usize,
    pub major_at: usize,
    /// The same for blocks in use.
    pub major_at_blocks: usize,
    pub headroom: usize,
    /// Blocks that were in use before the last major collections; older ones count less and less.
    pub crest: usize,
    /// What was alive after the last major collection, in the heap and outside of it.
    pub last_live: usize,
    pub copying: bool,
    pub stress: u32,
    pub stress_count: u32,
    pub stats: Stats,
    /// Buffers of the tracer.
    pub mark_stack: Vec<Obj>,
    pub waiting: Vec<*mut u64>,
    pub desc_live: Vec<u8>,
}

impl Space {
    pub fn cap(&self, need: Need) -> usize {
        match need {
            Need::Mutator => self.limit,
            Need::Reserve => (self.limit + self.reserve).min(self.blocks),
            Need::Collector => self.blocks,
        }
    }
    /// One free block, the most recently used first.
    pub unsafe fn take_block(&mut self, need: Need) -> Option<usize> {
        if self.used >= self.cap(need) {
            return None;
        }
        let b = match self.take_single() {
            Some(b) => b as usize,
            None => match self.spans.pop_first() {
                Some((s, n)) => {
                    if n > 1 {
                        self.spans.insert(s + 1, n - 1);
                    }
                    unsafe { self.idle -= (*self.r.dirty.add(s as usize) != 0) as usize };
                    s as usize
                }
                None if self.top < self.blocks => {
                    if self.top >= self.present {
                        self.rise();
                    }
                    self.top += 1;
                    self.top - 1
                }
                None => return None,
            },
        };
        self.used += 1;
        unsafe {
            *self.r.state.add(b) = SMALL;
            *self.r.dirty.add(b) = 1;
            *self.r.owner.add(b) = self.color;
        }
        Some(b)
    }
    /// Makes the blocks from `top` on present that are going to be used next: page faults would take longer.
    #[cold]
    fn rise(&mut self) {
        let n = (self.top / 16).clamp(*RISE.start(), *RISE.end()).min(self.blocks - self.top);
        self.present = self.top + n;
        #[cfg(target_os = "linux")]
        if self.r.len > LEAST_EAGER {
            // SAFETY: free blocks of our own mapping; failure does no harm.
            unsafe {
                libc::madvise(self.r.block_addr(self.top) as _, n << BLOCK_SH, libc::MADV_POPULATE_WRITE)
            };
        }
    }
    /// One of the last single blocks, if possible one that the same thread had before: its lines are in that core's
    /// cache, and getting them from another core's takes longer than from memory.
    fn take_single(&mut self) -> Option<u32> {
        const REACH: usize = 256;
        let (n, color) = (self.singles.len(), self.color);
        let own = (n.saturating_sub(REACH)..n)
            .rev()
            .find(|i| unsafe { *self.r.owner.add(self.singles[*i] as usize) } == color);
        match own {
            Some(i) => Some(self.singles.remove(i)),
            None => self.singles.pop(),
        }
    }
    /// `n` neighbouring blocks for a large object.
    pub unsafe fn take_large(&mut self, n: usize, need: Need) -> Option<usize> {
        if n > self.blocks || self.used + n > self.cap(need) {
            return None;
        }
        let b = match unsafe { self.find_span(n) } {
            Some(b) => b,
            None if self.top + n <= self.blocks => {
                self.top += n;
                self.top - n
            }
            None => {
                self.gather_singles(0);
                unsafe { self.find_span(n)? }
            }
        };
        self.used += n;
        unsafe {
            self.claim(b, 0, n);
            *self.r.state.add(b) = LARGE;
            *self.r.span.add(b) = n as u32;
        }
        Some(b)
    }
    /// Makes the blocks `from..to` behind `head` part of a large object.
    unsafe fn claim(&mut self, head: usize, from: usize, to: usize) {
        for k in from..to {
            unsafe {
                *self.r.state.add(head + k) = LARGE_CONT;
                *self.r.span.add(head + k) = k as u32;
                let d = self.r.dirty.add(head + k);
                // Elsewhere released pages may keep what they had.
                *d = if *d == 0 && cfg!(target_os = "linux") { 2 } else { 1 };
            }
        }
    }
    /// Takes `n` blocks out of a span: the next one that is long enough after the place of the last find.
    unsafe fn find_span(&mut self, n: usize) -> Option<usize> {
        if n >= self.span_none {
            return None;
        }
        let fits = |(_, len): &(&u32, &u32)| **len as usize >= n;
        let after = self.spans.range(self.span_hint..).find(fits);
        let Some((&s, _)) = after.or_else(|| self.spans.range(..self.span_hint).find(fits)) else {
            self.span_none = n;
            return None;
        };
        unsafe { self.cut_span(s, n) };
        self.span_hint = s;
        Some(s as usize)
    }
    /// Takes the first `n` blocks of the span at `s`.
    unsafe fn cut_span(&mut self, s: u32, n: usize) {
        let len = self.spans.remove(&s).unwrap();
        if len as usize > n {
            self.spans.insert(s + n as u32, len - n as u32);
        }
        self.idle -= unsafe { self.dirty_in(s as usize, n) };
    }
    unsafe fn dirty_in(&self, b: usize, n: usize) -> usize {
        (b..b + n).map(|b| unsafe { *self.r.dirty.add(b) != 0 } as usize).sum()
    }
    /// Gives a large object `extra` more blocks at its end, if they are free.
    pub unsafe fn extend_large(&mut self, b: usize, extra: usize) -> bool {
        let n = unsafe { *self.r.span.add(b) } as usize;
        let end = b + n;
        if self.used + extra > self.limit {
            return false;
        }
        if end == self.top && end + extra <= self.blocks {
            self.top += extra;
        } else if self.spans.get(&(end as u32)).is_some_and(|len| *len as usize >= extra) {
            unsafe { self.cut_span(end as u32, extra) };
        } else {
            return false;
        }
        self.used += extra;
        unsafe {
            self.claim(b, n, n + extra);
            *self.r.span.add(b) = (n + extra) as u32;
        }
        true
    }
    /// Gives blocks back; the caller counts `used`.
    pub unsafe fn free_span(&mut self, b: usize, n: usize) {
        let (mut s, mut n) = (b as u32, n as u32);
        for k in 0..n as usize {
            unsafe { *self.r.state.add(b + k) = FREE };
        }
        self.idle += unsafe { self.dirty_in(b, n as usize) };
        if let Some((&p, &len)) = self.spans.range(..s).next_back()
            && p + len == s
        {
            self.spans.remove(&p);
            s = p;
            n += len;
        }
        if let Some(len) = self.spans.remove(&(s + n)) {
            n += len;
        }
        self.spans.insert(s, n);
        self.span_none = self.span_none.max(n as usize + 1);
    }
    /// The spans anew, from the states of all blocks.
    pub unsafe fn rebuild_spans(&mut self) {
        self.spans.clear();
        (self.idle, self.span_none, self.span_hint) = (0, usize::MAX, 0);
        let mut b = 0;
        while b < self.top {
            let s = b;
            while b < self.top && unsafe { *self.r.state.add(b) } == FREE {
                b += 1;
            }
            if b > s {
                self.spans.insert(s as u32, (b - s) as u32);
                self.idle += unsafe { self.dirty_in(s, b - s) };
            }
            b += 1;
        }
    }
    /// Keeps the `keep` hottest single blocks; the others may be joined to spans.
    pub fn gather_singles(&mut self, keep: usize) {
        let n = self.singles.len().saturating_sub(keep);
        let cold: Vec<u32> = self.singles.drain(..n).collect();
        for b in cold {
            // SAFETY: the block is free.
            unsafe { self.free_span(b as usize, 1) };
        }
    }
    /// Returns the pages of free spans beyond `keep` bytes to the system, highest addresses first.
    pub unsafe fn release(&mut self, keep: usize) {
        let mut left = keep >> BLOCK_SH;
        let spans: Vec<(u32, u32)> = self.spans.iter().map(|(s, n)| (*s, *n)).collect();
        for (s, n) in spans {
            let kept = left.min(n as usize);
            left -= kept;
            if kept == n as usize {
                continue;
            }
            unsafe { self.release_dirty(s as usize + kept, n as usize - kept) };
            if (s + n) as usize == self.top {
                // Blocks above `top` are clean.
                self.top = s as usize + kept;
                self.present = self.present.min(self.top);
                if kept == 0 {
                    self.spans.remove(&s);
                } else {
                    self.spans.insert(s, kept as u32);
                }
            }
        }
    }
    pub unsafe fn release_dirty(&mut self, b: usize, n: usize) {
        let mut i = b;
        while i < b + n {
            if unsafe { *self.r.dirty.add(i) } == 0 {
                i += 1;
                continue;
            }
            let from = i;
            while i < b + n && unsafe { *self.r.dirty.add(i) } != 0 {
                unsafe { *self.r.dirty.add(i) = 0 };
                i += 1;
            }
            self.idle -= i - from;
            // SAFETY: free blocks of our own mapping; nobody reads them before writing.
            unsafe {
                libc::madvise(self.r.block_addr(from) as _, (i - from) << BLOCK_SH, libc::MADV_DONTNEED);
            }
        }
    }
}

/// A lock that can be renewed in the child of a `fork`, and ignored while the world is stopped.
pub(crate) struct Shared<T> {
    lock: UnsafeCell<Mutex<()>>,
    data: UnsafeCell<T>,
}
// SAFETY: `data` is only reached through the lock, or by the collector while no mutator runs.
unsafe impl<T> Sync for Shared<T> {}
unsafe impl<T> Send for Shared<T> {}

pub(crate) struct Guard<'a, T> {
    pub guard: MutexGuard<'a, ()>,
    data: *mut T,
}
impl<T> std::ops::Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the lock is held.
        unsafe { &*self.data }
    }
}
impl<T> std::ops::DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the lock is held.
        unsafe { &mut *self.data }
    }
}

impl<T> Shared<T> {
    pub fn new(data: T) -> Shared<T> {
        Shared { lock: UnsafeCell::new(Mutex::new(())), data: UnsafeCell::new(data) }
    }
    #[inline]
    pub fn lock(&self) -> Guard<'_, T> {
        // SAFETY: the mutex is only replaced by `renew`, when there is one thread.
        let guard = unsafe { (*self.lock.get()).lock().unwrap_or_else(|e| e.into_inner()) };
        Guard { guard, data: self.data.get() }
    }
    pub fn try_lock(&self) -> Option<Guard<'_, T>> {
        // SAFETY: as in `lock`.
        let guard = match unsafe { (*self.lock.get()).try_lock() } {
            Ok(g) => g,
            Err(std::sync::TryLockError::Poisoned(e)) => e.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => return None,
        };
        Some(Guard { guard, data: self.data.get() })
    }
    /// The data without the lock.
    /// # Safety
    /// The world is stopped and the caller collects.
    pub unsafe fn stopped(&self) -> *mut T {
        self.data.get()
    }
    pub fn rejoin<'a>(&'a self, guard: MutexGuard<'a, ()>) -> Guard<'a, T> {
        Guard { guard, data: self.data.get() }
    }
    /// # Safety
    /// This thread is the only one (child of a fork).
    pub unsafe fn renew(&self) {
        // The old mutex may be held by a thread that does not exist here: forgotten, not dropped.
        unsafe { std::ptr::write(self.lock.get(), Mutex::new(())) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Mode};
    use std::collections::HashMap;

    /// Random large objects and single blocks: no two overlap, and all memory comes back.
    #[test]
    fn blocks_do_not_overlap() {
        let layouts = crate::layout::table(&[]);
        let config = Config { limit: 16 << 20, mode: Mode::Generational, ..Config::default() };
        let mut s = Space::new(Range::reserve(), &*layouts, &config);
        let mut rng = 88172645463325252u64;
        let mut below = |n: u64| {
            rng ^= rng << 13;
            rng ^= rng >> 7;
            rng ^= rng << 17;
            (rng >> 11) % n
        };
        let mut held: HashMap<usize, usize> = HashMap::new();
        let mut owner = vec![false; 8192];
        let (mut refused, mut extended) = (0, 0);
        for step in 0..200_000 {
            // SAFETY: the blocks are this test's own.
            unsafe {
                match below(10) {
                    0..=4 => {
                        let n = if below(2) == 0 { 1 } else { 1 + below(12) as usize };
                        let single = n == 1 && below(2) == 0;
                        let b =
                            if single { s.take_block(Need::Mutator) } else { s.take_large(n, Need::Mutator) };
                        let Some(b) = b else {
                            refused += 1;
                            continue;
                        };
                        (b..b + n).for_each(|b| assert!(!std::mem::replace(&mut owner[b], true)));
                        held.insert(b, n);
                    }
                    5 => {
                        let Some((&b, &n)) = held.iter().nth(below(8) as usize) else { continue };
                        let extra = 1 + below(3) as usize;
                        if *s.r.state.add(b) == LARGE && s.extend_large(b, extra) {
                            (b + n..b + n + extra)
                                .for_each(|b| assert!(!std::mem::replace(&mut owner[b], true)));
                            held.insert(b, n + extra);
                            extended += 1;
                        }
                    }
                    _ => {
                        let Some((&b, &n)) = held.iter().nth(below(8) as usize) else { continue };
                        held.remove(&b);
                        owner[b..b + n].fill(false);
                        s.used -= n;
                        if *s.r.state.add(b) == SMALL && below(2) == 0 {
                            *s.r.state.add(b) = SINGLE;
                            s.singles.push(b as u32);
                        } else {
                            s.free_span(b, n);
                        }
                    }
                }
                if step % 5_000 == 0 {
                    s.gather_singles(4);
                    s.release(1 << 20);
                    let (idle, spans) = (s.idle, s.spans.clone());
                    // The states tell the same story.
                    s.singles.iter().for_each(|b| assert_eq!(*s.r.state.add(*b as usize), SINGLE));
                    s.rebuild_spans();
                    assert_eq!((idle, spans), (s.idle, s.spans.clone()));
                }
            }
            assert_eq!(s.used, held.values().sum::<usize>());
        }
        assert!(refused > 100 && extended > 100, "{refused} {extended}");
    }
}
