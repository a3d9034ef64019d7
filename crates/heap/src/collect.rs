//! A collection from beginning to end, with the world stopped: roots, tracing, deaths, sweeping, policy.
//!
//! A full collection is a minor one followed by a major one, so the major one has no young objects to think of.
//!
//! # Invariants
//! - `unsafe` functions here require that the world is stopped and that every mutator's stack pointer is noted.

use crate::census::Census;
use crate::clock::{Moment, thread_ns};
use crate::disown::Disown;
use crate::layout::{Layouts, obj};
use crate::mutator::POLL_STOP;
use crate::space::*;
use crate::trace::{Phase, Tracer};
use crate::{Heap, Mode, Mutator, Obj, gcbits};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Least growth of the heap that triggers a major collection, and most, where less than twice as much is alive: small
/// programs should stay small.
const HEADROOM: (usize, usize) = (768 << 10, 8 << 20);
/// Otherwise it is the geometric mean of this and of what becomes old in the time that a collection takes: four times as
/// many collections, or as expensive ones, for twice the memory. (Kirisame, Shenoy and Panchekha, "Optimal heap limits for
/// reducing browser memory use", 2022.) At least a quarter of what is alive, at most half of it: what a collection takes
/// depends on what else the machine does, and the memory should not.
const EXCHANGE: usize = 18 << 20;
/// What a program makes when it starts mostly stays: the first major collection is at so much in the heap and outside of
/// it, or so much in blocks.
const FIRST_MAJOR: (usize, usize) = (3 << 20, 4 << 20);
/// The same of minor collections and the nursery, where much of it survives.
const MINOR_SHARE: f64 = 6.0;
/// As many of the last minor collections count for that: one phase of a program alone should not make it larger for good.
const MINOR_WINDOW: u64 = 16;
/// After as many in a row that found little alive and took little of the time the nursery becomes smaller again.
const MINOR_QUIET: u32 = 64;
/// After as many more of them it has to be seen that this helped: that they take less than so much of what they took.
const TRIAL: u64 = 24;
const TRIAL_GAIN: f64 = 0.8;
/// Otherwise after so many it is tried again, at first and at last.
const PATIENCE: (u64, u64) = (128, 4096);
/// After the first of them every so-many-th is timed: asking the system for it takes as long as a third of a short one.
const MINOR_TIMED: u64 = 4;
/// A collection that took so many times what the last ones took, and so many nanoseconds, counts for no more.
const MINOR_OUTLIER: (u64, u64) = (8, 250_000);
/// Up to this part of the old objects the nursery grows with them, where much survives.
const NURSERY_PART: usize = 8;
/// Nursery of a new heap. It grows when much survives; until then a smaller one keeps fewer pages resident, and the first
/// touch of a page takes longer than what is done in it.
const FIRST_NURSERY: usize = 512 << 10;
/// As many nurseries are filled before the first collection.
const FIRST_TIME: usize = 2;
/// After as many collections a program has begun.
const EARLY: u64 = 4;
/// As many threads have a nursery of their own; more share them.
const MOST_NURSERIES: usize = 8;
/// Resident memory kept for large young objects to come.
const IDLE: usize = 32 << 20;
/// Under stress every so-many-th collection is a full one.
const STRESS_MAJOR: u32 = 8;
/// External memory allocated since the last collection that triggers one.
pub(crate) const EXTERNAL_STEP: isize = 16 << 20;

/// Without memory of its own where one of the lists is empty: there may be none left.
fn move_all<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    if to.is_empty() {
        std::mem::swap(to, from);
    }
    to.append(from);
}

impl Space {
    pub(crate) fn new(r: Range, layouts: *const Layouts, config: &crate::Config) -> Space {
        let blocks = r.len >> BLOCK_SH;
        let (limit, reserve) = match config.limit {
            0 => {
                let reserve = (blocks / 32).min(256);
                (blocks - reserve, reserve)
            }
            n => ((n >> BLOCK_SH).clamp(4, blocks), (n >> (BLOCK_SH + 4)).max(32)),
        };
        let nursery = config.nursery.min((limit << BLOCK_SH) / 4).max(BLOCK);
        let stress = match config.mode {
            Mode::Stress(n) => n.max(1),
            _ => 0,
        };
        Space {
            r,
            layouts,
            marks: r.bitmaps[0],
            starts: r.bitmaps[1],
            top: 0,
            present: AT_START >> BLOCK_SH,
            blocks,
            singles: Vec::new(),
            color: 0,
            spans: Default::default(),
            span_hint: 0,
            span_none: usize::MAX,
            idle: 0,
            airy: Vec::new(),
            light: Vec::new(),
            recyc: Vec::new(),
            fresh: Vec::new(),
            runs: Vec::new(),
            to: Hole::EMPTY,
            to_big: Hole::EMPTY,
            large_young: Vec::new(),
            large_old: Vec::new(),
            held: Vec::new(),
            used: 0,
            limit,
            reserve,
            remembered: Vec::new(),
            dirty_cards: Vec::new(),
            weak: Default::default(),
            finalizers: Default::default(),
            drops: Default::default(),
            dead_weak: Default::default(),
            finalizable: Default::default(),
            since: 0,
            nursery: nursery.min(FIRST_NURSERY),
            nursery_max: nursery,
            active: 1,
            old_bytes: 0,
            major_at: FIRST_MAJOR.0,
            major_at_blocks: FIRST_MAJOR.1 >> BLOCK_SH,
            headroom: HEADROOM.0,
            crest: 0,
            last_live: 0,
            trial: None,
            grow_at: 0,
            patience: PATIENCE.0,
            last_major: Moment::now(),
            last_minor: Moment::now(),
            minor_ns: (0, 0),
            timed_at: 0,
            quiet: 0,
            copying: config.mode != Mode::NonMoving,
            stress,
            stress_count: 0,
            stats: Default::default(),
            mark_stack: Vec::new(),
            waiting: Vec::new(),
            desc_live: Vec::new(),
        }
    }
    /// How much is allocated between two collections. All threads have to stop for one, so there should not be more of
    /// them for each when there are more threads.
    pub(crate) fn young_limit(&self) -> usize {
        // What a program makes when it starts mostly stays, and the memory is needed later anyhow: the first collection is
        // late, for many programs the last.
        let first = if self.stats.minor == 0 { FIRST_TIME } else { 1 };
        (self.nursery * self.active * first).min((self.limit << BLOCK_SH) / 4).max(self.nursery)
    }
    /// Closes a stopped (or leaving) mutator's runs and takes over what it noted.
    pub(crate) unsafe fn take_over(&mut self, m: &Mutator) {
        unsafe {
            self.close_runs(m);
            let l = m.local();
            if l.block != NONE {
                // Without runs it would not be swept.
                if *self.r.run.add(l.block as usize) == 0 {
                    if self.copying { &mut self.airy } else { &mut self.recyc }.push(l.block);
                }
                l.block = NONE;
            }
            move_all(&mut self.remembered, &mut l.remembered);
            move_all(&mut self.dirty_cards, &mut l.dirty_cards);
            move_all(&mut self.weak.young, &mut l.weak);
            move_all(&mut self.finalizers.young, &mut l.finalizers);
            move_all(&mut self.drops.young, &mut l.drops);
        }
    }

    /// A minor collection took so long; those since the last one that was timed are thought to have taken as long.
    fn time_minor(&mut self, cost: u64) {
        let now = Moment::now();
        let n = (self.stats.minor - self.timed_at).clamp(1, MINOR_WINDOW);
        self.timed_at = self.stats.minor;
        // One that takes much longer than the others met something rare (pages to be had, a slow host).
        let (own, all) = &mut self.minor_ns;
        let most = (*own / MINOR_WINDOW * MINOR_OUTLIER.0).max(MINOR_OUTLIER.1);
        *own = *own - *own * n / MINOR_WINDOW + cost.min(most) * n;
        *all = *all - *all * n / MINOR_WINDOW + now.since(self.last_minor);
        self.last_minor = now;
    }
    /// The nursery for what comes, after a minor collection that found `live` of `young` bytes alive; the last ones took
    /// `share` of the time.
    fn fit_nursery(&mut self, live: usize, young: usize, share: f64) {
        let n = self.stats.minor;
        if let Some((at, before)) = self.trial
            && n >= at + TRIAL
        {
            self.trial = None;
            // Where objects live longer than a nursery lasts, of whatever size it is, a larger one is only more memory.
            if share > before * TRIAL_GAIN {
                self.nursery /= 2;
                self.grow_at = n + self.patience;
                self.patience = (self.patience * 2).min(PATIENCE.1);
                return;
            }
        }
        let quiet = live * 64 < young && share * MINOR_SHARE * 4.0 < 1.0;
        self.quiet = if quiet { self.quiet + 1 } else { 0 };
        if self.quiet == MINOR_QUIET {
            self.nursery = (self.nursery / 2).max(FIRST_NURSERY.min(self.nursery_max));
            (self.quiet, self.trial) = (0, None);
        }
        if live * 16 <= young || self.nursery >= self.nursery_max {
            return;
        }
        // Not before it is a small part of the memory in use, or these collections of the time.
        if self.old_bytes > NURSERY_PART * young {
            self.trial = None;
        } else if share * MINOR_SHARE >= 1.0 && n > EARLY && n >= self.grow_at && self.trial.is_none() {
            self.trial = Some((n, share));
        } else {
            return;
        }
        self.nursery = (self.nursery * 2).min(self.nursery_max);
    }
    /// By how much the heap may grow before the next major collection, with so much alive.
    fn margin(&self, live: usize) -> usize {
        self.headroom.max(live / 4)
    }

    unsafe fn sweep_young(&mut self) {
        unsafe {
            self.keep_held();
            for i in 0..self.runs.len() {
                let (start, end, walked) = (self.runs[i].start, self.runs[i].end, self.runs[i].walked);
                if self.stress > 0 {
                    self.poison(start, end);
                }
                if walked && end > start {
                    let (a, z) = ((start - self.r.base) >> 9, (end - 1 - self.r.base) >> 9);
                    self.starts.add(a).write_bytes(0, z - a + 1);
                }
            }
            self.runs.clear();
            let mut fresh = std::mem::take(&mut self.fresh);
            for &b in fresh.iter().rev() {
                if std::mem::take(&mut *self.r.run.add(b as usize)) == NONE {
                    continue; // some of it is held
                }
                if self.classify(b as usize) == 0 {
                    *self.r.state.add(b as usize) = state::SINGLE;
                    self.singles.push(b);
                }
            }
            fresh.clear();
            self.fresh = fresh;
            for b in std::mem::take(&mut self.large_young) {
                if self.is_marked(b as usize) {
                    let held =
                        obj(self.r.block_addr(b as usize)).as_ref().gc.load(Relaxed) & gcbits::HELD != 0;
                    if held { &mut self.large_young } else { &mut self.large_old }.push(b);
                    continue;
                }
                let n = *self.r.span.add(b as usize) as usize;
                self.used -= n;
                self.free_span(b as usize, n);
                if self.stress > 0 && n <= 32 {
                    self.poison_block(b as usize, n);
                } else if self.idle << BLOCK_SH > IDLE.max(self.old_bytes / 2) {
                    self.release_dirty(b as usize, n);
                }
            }
        }
    }
    unsafe fn is_marked(&self, block: usize) -> bool {
        unsafe { bit(self.marks, block << BLOCK_SH) }
    }
    /// Puts a block on the list its lines call for and answers how many there are; with none it is free.
    unsafe fn classify(&mut self, b: usize) -> usize {
        const { assert!(LINES < 256) };
        let lines = unsafe { self.r.lines_of(b) };
        let marked = lines.iter().fold(0u8, |n, m| n.wrapping_add(*m)) as usize;
        if marked == 0 {
            self.used -= 1;
            return 0;
        }
        if self.copying && marked <= LINES / 16 {
            self.airy.push(b as u32);
        } else if self.copying && marked <= LINES / 4 {
            self.light.push(b as u32);
        } else if marked <= LINES * 3 / 4 {
            self.recyc.push(b as u32);
        }
        marked
    }
    unsafe fn begin_major(&mut self) {
        std::mem::swap(&mut self.marks, &mut self.starts);
        for b in 0..self.top {
            unsafe {
                if *self.r.state.add(b) == state::SMALL {
                    self.r.lines.add(b * LINES).write_bytes(0, LINES);
                }
            }
        }
        self.to = Hole::EMPTY;
        self.to_big = Hole::EMPTY;
    }
    /// Frees what is not marked; how many lines are in use.
    unsafe fn sweep_major(&mut self) -> usize {
        const WORDS: usize = BLOCK / 512;
        unsafe {
            self.airy.clear();
            self.light.clear();
            self.recyc.clear();
            self.large_old.clear();
            let mut lines = 0;
            // Downwards, so that the lists give low addresses first.
            for b in (0..self.top).rev() {
                match *self.r.state.add(b) {
                    state::SMALL => {
                        self.starts.add(b * WORDS).write_bytes(0, WORDS);
                        if self.stress > 0 {
                            let a = self.r.block_addr(b);
                            self.poison(a, a + BLOCK);
                        }
                        let n = self.classify(b);
                        if n == 0 {
                            *self.r.state.add(b) = state::FREE;
                        }
                        lines += n;
                    }
                    state::LARGE => {
                        *self.starts.add(b * WORDS) = 0;
                        if self.is_marked(b) {
                            self.large_old.push(b as u32);
                            continue;
                        }
                        let n = *self.r.span.add(b) as usize;
                        self.used -= n;
                        self.r.state.add(b).write_bytes(state::FREE, n);
                    }
                    _ => {}
                }
            }
            lines
        }
    }
    unsafe fn settle_memory(&mut self) {
        unsafe {
            // The blocks that were the nursery a moment ago stay so, being in the caches.
            let keep = self.young_limit() / BLOCK + 8;
            let cold = self.singles.len().saturating_sub(keep);
            for b in self.singles.drain(..cold) {
                *self.r.state.add(b as usize) = state::FREE;
            }
            self.rebuild_spans();
            // The heap is going to grow by as much before the next time; or by as much as it did the last times, where a
            // program frees all it has and begins anew.
            let again = self.crest.saturating_sub(self.used) << BLOCK_SH;
            self.release(self.margin(self.old_bytes).max(again));
        }
    }
}

impl Heap {
    /// Runs a collection, a full one if `major`.
    #[inline(never)]
    pub fn collect(&'static self, m: &Mutator, major: bool) {
        m.with_stack_saved(|| self.collect_now(m, major));
    }
    /// Between two phases of a program, as after an import: a good moment for a collection that would soon be due. What
    /// lives now stays, little else is alive, and the next phase does not wait for what this one left behind.
    pub fn between_phases(&'static self, m: &Mutator) {
        let due = {
            let s = self.space.lock();
            s.stress == 0 && s.since * 2 >= s.young_limit()
        };
        if due {
            self.collect(m, false);
        }
    }
    /// As `collect`; the caller has saved the stack.
    pub(crate) fn collect_now(&'static self, m: &Mutator, major: bool) {
        self.collect_if(m, major, || true);
    }
    pub(crate) fn collect_if(&'static self, m: &Mutator, major: bool, wanted: impl Fn() -> bool) {
        if self.world.stop(m, wanted) {
            // SAFETY: the world is stopped.
            unsafe { self.run(major, None, None) };
            self.world.resume(m, self.has_pending());
        }
    }
    /// Answers the poll bit: stops for others, collects if that is due.
    pub(crate) fn at_safepoint(&'static self, m: &Mutator) {
        self.world.poll(m);
        if self.gc_due.load(Relaxed) {
            self.collect_if(m, false, || self.gc_due.load(Relaxed));
        }
    }
    /// Counts memory that a dropped object will free outside the heap (for the trigger of major collections); less than 0:
    /// that has been freed, which may be said during a collection.
    pub fn external(&self, delta: isize) {
        let now = self.external.fetch_add(delta, Relaxed) + delta;
        if delta > 0 && now > self.external_at.load(Relaxed) && !self.gc_due.swap(true, Relaxed) {
            self.world.nudge();
        }
    }
    /// Counts an allocation under stress; whether a collection is due.
    pub(crate) fn stress_tick(&self) -> bool {
        let Mode::Stress(n) = self.config.mode else { return false };
        let due = (self.stress_count.fetch_add(1, Relaxed) + 1).is_multiple_of(n.max(1));
        if due {
            self.gc_due.store(true, Relaxed);
        }
        due
    }

    /// Never inlined: the frame of whoever saved the stack is scanned, and what this one does not initialise may show what
    /// is dead.
    /// # Safety
    /// The world is stopped, and the stack of every mutator saved.
    #[inline(never)]
    pub(crate) unsafe fn run(
        &'static self,
        want_major: bool,
        census: Option<&mut Census>,
        disown: Option<&Disown>,
    ) {
        // A panic in here leaves the heap half collected and the other threads stopped for ever.
        struct Abort;
        impl Drop for Abort {
            fn drop(&mut self) {
                crate::fatal("a collection could not be finished");
            }
        }
        let abort = Abort;
        crate::malloc::collecting(true);
        unsafe { self.run_inner(want_major, census, disown) };
        crate::malloc::collecting(false);
        std::mem::forget(abort);
    }
    unsafe fn run_inner(
        &'static self,
        want_major: bool,
        census: Option<&mut Census>,
        disown: Option<&Disown>,
    ) {
        unsafe {
            let s = self.space.stopped();
            let start = Instant::now();
            let timed = (*s).stats.minor < MINOR_WINDOW || (*s).stats.minor.is_multiple_of(MINOR_TIMED);
            let begun = timed.then(thread_ns);
            let mut active = 0;
            for &m in self.world.mutators() {
                active += ((*m).local().run != NONE) as usize;
                (*s).take_over(&*m);
            }
            (*s).active = active.clamp(1, MOST_NURSERIES);
            (*s).stats.allocated += (*s).since as u64;
            (*s).since = 0;
            self.gc_due.store(false, Relaxed);
            (*s).release_held();
            let mut t = Tracer::new(self, s);
            self.minor(&mut t, begun, census.is_some(), disown);
            let middle = Instant::now();
            (*s).stats.minor += 1;
            let ns = (middle - start).as_nanos() as u64;
            (*s).stats.minor_ns += ns;
            (*s).stats.minor_max_ns = (*s).stats.minor_max_ns.max(ns);

            let external = self.external.load(Relaxed).max(0) as usize;
            let mut major =
                want_major || (*s).old_bytes + external >= (*s).major_at || (*s).used >= (*s).major_at_blocks;
            match self.config.mode {
                Mode::Full => major = true,
                Mode::Stress(_) => {
                    (*s).stress_count += 1;
                    major |= (*s).stress_count.is_multiple_of(STRESS_MAJOR);
                }
                _ => {}
            }
            if (*s).stats.minor == EARLY && (*s).stats.major == 0 {
                // The program has begun. Where that took little there is less to wait for.
                let s = &mut *s;
                let now = s.old_bytes + external;
                s.major_at = s.major_at.min(now + s.headroom);
                (s.last_live, s.last_major) = (now, Moment::now());
            }
            if major {
                let begun = thread_ns();
                t.promote_held();
                // Whoever asks for one wants the memory back.
                let last = (*s).crest;
                (*s).crest = if want_major { 0 } else { (*s).used.max(last - last / 4) };
                let grown = ((*s).old_bytes + external).saturating_sub((*s).last_live);
                self.major(&mut t, census, disown);
                let s = &mut *s;
                s.stats.major += 1;
                let ns = middle.elapsed().as_nanos() as u64;
                s.stats.major_ns += ns;
                s.stats.major_max_ns = s.stats.major_max_ns.max(ns);
                let cost = thread_ns() - begun;
                let live = s.old_bytes + self.external.load(Relaxed).max(0) as usize;
                let now = Moment::now();
                if !want_major {
                    let gap = now.since(s.last_major).saturating_sub(cost).max(1);
                    let meanwhile = grown as f64 * cost as f64 / gap as f64;
                    // One phase of a program alone should not make it larger.
                    let wanted = (EXCHANGE as f64 * meanwhile).sqrt() as usize;
                    s.headroom = s.headroom.midpoint(wanted).clamp(HEADROOM.0, HEADROOM.1.max(live / 2));
                }
                s.last_major = now;
                s.last_live = live;
                s.major_at = live + s.margin(live);
                // Nearly empty blocks count as well: pinned objects could fill the heap with them.
                s.major_at_blocks = s.used + (s.margin(s.used << BLOCK_SH) >> BLOCK_SH);
            }
            t.finish();
            (*s).reopen_held();
            if major {
                crate::malloc::trim_if_due();
            }
            let external = self.external.load(Relaxed);
            self.external_at.store(external + EXTERNAL_STEP.max(external / 4), Relaxed);
        }
    }

    unsafe fn roots(&'static self, t: &mut Tracer) {
        unsafe {
            let mutators = self.world.mutators();
            let many = mutators.len() > 1;
            if many && t.phase == Phase::Copy {
                t.new_line();
            }
            t.of_thread = true;
            for &m in mutators {
                if t.phase != Phase::Copy {
                    t.scan_stacks(&*m);
                }
                (self.hooks.trace_mutator)(m.cast_mut(), t);
                if t.phase != Phase::Pin {
                    (*m).local().roots.each(|w, n| t.slots(w, n));
                }
                if many && t.phase == Phase::Copy {
                    // What threads write to should not share lines of memory with what others use.
                    t.drain();
                    t.new_line();
                }
            }
            t.of_thread = false;
            (self.hooks.trace_roots)(t);
        }
    }
    /// With `keep_all` nothing dies: what is young becomes old.
    /// `begun`: of the thread's time, if this one counts for what they take.
    unsafe fn minor(
        &'static self,
        t: &mut Tracer,
        begun: Option<u64>,
        keep_all: bool,
        disown: Option<&Disown>,
    ) {
        self.epoch.fetch_add(1, Relaxed);
        unsafe {
            if keep_all {
                t.phase = Phase::Promote;
                t.mark_young();
            } else if let Some(d) = disown {
                // Nothing moves: the words that come last pin nothing then.
                t.phase = Phase::Promote;
                t.disowning = Some((&raw const *d).cast());
                self.roots(t);
                t.trace_remembered();
                t.disown(d);
            } else if (*t.space).copying {
                t.phase = Phase::Pin;
                self.roots(t);
                t.phase = Phase::Copy;
                self.roots(t);
            } else {
                t.phase = Phase::Promote;
                self.roots(t);
            }
            t.trace_remembered();
            t.drain();
            t.deaths();
            let s = &mut *t.space;
            s.old_bytes += t.live;
            let young = s.young_limit();
            if let Some(begun) = begun {
                s.time_minor(thread_ns() - begun);
            }
            let (own, all) = s.minor_ns;
            s.fit_nursery(t.live, young, own as f64 / all as f64);
            s.sweep_young();
        }
    }
    unsafe fn major(&'static self, t: &mut Tracer, census: Option<&mut Census>, disown: Option<&Disown>) {
        self.epoch.fetch_add(1, Relaxed);
        unsafe {
            if (*t.space).stress > 0 {
                t.verify();
            }
            (*t.space).begin_major();
            t.begin_major();
            t.disowning = disown.map(|d| (&raw const *d).cast());
            self.roots(t);
            t.trace_queues();
            if t.has_helpers() {
                t.drain_together()
            } else {
                t.drain()
            }
            if let Some(d) = disown {
                t.disown(d);
            }
            if let Some(c) = census {
                t.count_dead(c);
            }
            t.deaths();
            let live = std::mem::take(&mut t.desc_live);
            (self.hooks.sweep_descs)(&|d| live.get(d as usize).is_some_and(|l| *l != 0));
            t.desc_live = live;
            (self.hooks.sweep_weak)(t);
            let s = &mut *t.space;
            s.old_bytes = t.live;
            s.old_bytes += LINE * s.sweep_major();
            s.settle_memory();
        }
    }

    /// Calls `f` for every live object (collects fully first). `f` must not allocate.
    #[inline(never)]
    pub fn for_each_object(&'static self, m: &Mutator, f: &mut dyn FnMut(Obj)) {
        m.with_stack_saved(|| {
            self.world.stop(m, || true);
            // SAFETY: the world is stopped.
            unsafe {
                self.run(true, None, None);
                (*self.space.stopped()).each_marked(f);
            }
            self.world.resume(m, self.has_pending());
        });
    }
    /// Calls `f` with every word that the object's kind calls a slot, whether it is a reference or not.
    #[inline(never)]
    pub fn each_slot(&'static self, m: &Mutator, o: Obj, f: &mut dyn FnMut(u64)) {
        self.stop_world(m, || {
            // SAFETY: the world is stopped.
            unsafe {
                let mut t = Tracer::new(self, self.space.stopped());
                t.each_referent(o, &mut |words| words.iter().for_each(|w| f(*w)));
                t.finish();
            }
        });
    }
    /// In the child of a `fork` (which is to be called within [`Heap::stop_world`]): forgets all other threads.
    /// # Safety
    /// The calling thread is the only one.
    pub unsafe fn after_fork_child(&'static self, m: &Mutator) {
        unsafe {
            self.space.renew();
            let s = &mut *self.space.stopped();
            for &o in self.world.mutators() {
                if !std::ptr::eq(o, m) {
                    s.take_over(&*o);
                }
            }
            self.world.after_fork(m);
            self.helpers.forget();
            m.poll.fetch_and(!POLL_STOP, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space() -> Space {
        let layouts = crate::layout::table(&[]);
        let config = crate::Config { limit: 256 << 20, mode: Mode::Generational, ..crate::Config::default() };
        let mut s = Space::new(Range::reserve(), &*layouts, &config);
        s.layouts = std::ptr::null();
        s.stats.minor = EARLY + 1;
        s
    }

    /// What part of the time minor collections take decides, but only as long as a larger nursery changes that.
    #[test]
    fn nursery_grows_where_that_helps() {
        let mut s = space();
        for _ in 0..400 {
            let young = s.young_limit();
            s.fit_nursery(young / 4, young, 0.25 * FIRST_NURSERY as f64 / young as f64);
            s.stats.minor += 1;
        }
        assert_eq!(s.young_limit(), 2 * FIRST_NURSERY, "until they take less than a sixth");

        let mut s = space();
        let (mut most, mut large) = (0, 0);
        for _ in 0..2000 {
            let young = s.young_limit();
            s.fit_nursery(young / 4, young, 0.25);
            s.stats.minor += 1;
            most = most.max(young);
            large += (young > FIRST_NURSERY) as u64;
        }
        assert_eq!((s.young_limit(), most), (FIRST_NURSERY, 2 * FIRST_NURSERY));
        assert!(large < 200, "{large}");

        let mut s = space();
        s.old_bytes = 100 << 20;
        for _ in 0..10 {
            let young = s.young_limit();
            s.fit_nursery(young / 4, young, 0.01);
            s.stats.minor += 1;
        }
        assert_eq!(s.young_limit(), s.nursery_max, "of a large heap it is a small part");
        for _ in 0..MINOR_QUIET * 8 {
            s.fit_nursery(0, s.young_limit(), 0.01);
        }
        assert_eq!(s.young_limit(), FIRST_NURSERY, "until that has been good for nothing for some time");
    }
    #[test]
    fn heaps_grow_by_a_quarter_at_least() {
        let s = space();
        assert_eq!(s.margin(1 << 20), HEADROOM.0);
        assert_eq!(s.margin(6 << 20), 3 << 19);
        assert_eq!(s.margin(100 << 20), 25 << 20);
    }
}
