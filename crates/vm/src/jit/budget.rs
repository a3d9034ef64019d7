//! When recording and compiling may begin: it is to pay for itself, also in programs that run for milliseconds only.
//!
//! - What is to be compiled has been hot for some times as long as compiling it takes ([`LASTING`]): what is over sooner is
//!   interpreted, and loses nothing. After a pause longer than all that, this begins anew: it may be as short as before.
//! - The work fits into its share of the time that the program has run (`Param::Budget`), and more where programs
//!   already spend their time in machine code: these gain by more of it. Most of it may be done while a program
//!   becomes warm ([`WARMING`]): all that is compiled then is used for the rest of the run. What runs for a few
//!   milliseconds only has no rest, and gets less.
//! - After a piece of work the program runs for some time ([`PACE`]), however much of the share is left from before: when
//!   a program turns to something new, all of that is hot at once.
//!
//! Time is what the program computes ([`now`]): while it waits, or other programs have the processor, nothing becomes
//! hot, and no share grows that a program of a few milliseconds would spend at once when it goes on.
//!
//! Who may not begin tries again soon ([`AGAIN`]), so what is hottest comes first.

use super::{cycles, eager, scrub};
use crate::thread::Th;
use adder_heap::{process_ns, thread_ns};
use adder_metatrace::backend::Times;
use adder_metatrace::counters::Counter;
use adder_metatrace::log;
use adder_metatrace::params::Param;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// So old is a class that is thought to stay.
const SETTLED: u64 = 10_000_000;
/// For so long more may be done the more of the time is spent in machine code.
const EARLY: u64 = 100_000_000;
/// Of this time the share is four times as large.
const WARMING: std::ops::Range<u64> = 8_000_000..96_000_000;
/// Nanoseconds for which a thing must have been hot.
const LASTING: u64 = 800_000;
/// Nanoseconds without it that are a pause.
const PAUSE: u64 = 2_000_000;
/// The system is asked for the program's time when so much has passed since it was: that takes some microseconds.
const ASK: u64 = 250_000;
/// The program runs so many times as long as the last piece of work took.
const PACE: u64 = 2;
/// This part of a threshold is counted before the next try.
pub const AGAIN: u32 = 8;
/// Work that took so long needed much memory, which the system gets back at once: that takes a fraction of a millisecond.
const LARGE: u64 = 3_000_000;
/// What a piece of work is thought to take before there was one.
const TYPICAL: u64 = 200_000;

/// What all work has taken so far; what a piece takes on average; when the next may begin. In nanoseconds.
static SPENT: AtomicU64 = AtomicU64::new(0);
static AVERAGE: AtomicU64 = AtomicU64::new(TYPICAL);
/// The same for bridges: they follow a way to its end, and few are given up.
static BRIDGES: AtomicU64 = AtomicU64::new(TYPICAL);
static NEXT: AtomicU64 = AtomicU64::new(0);
/// What the program would have taken anyway, in calls that a recording waits for.
static ASIDE: AtomicU64 = AtomicU64::new(0);

/// What the next version of a class would have been when this was looked at last, and the time before; when that was.
static CLASSES: AtomicU32 = AtomicU32::new(0);
static OLD_CLASSES: AtomicU32 = AtomicU32::new(0);
static LOOKED: AtomicU64 = AtomicU64::new(0);

fn look_at_classes(ran: u64) {
    let last = LOOKED.load(Relaxed);
    if ran.saturating_sub(last) >= SETTLED && LOOKED.compare_exchange(last, ran, Relaxed, Relaxed).is_ok() {
        OLD_CLASSES.store(CLASSES.load(Relaxed), Relaxed);
        CLASSES.store(crate::types::next_version(), Relaxed);
    }
}
/// Whether the class with this version may be one of many that come and go.
pub fn new_class(version: u32) -> bool {
    version >= OLD_CLASSES.load(Relaxed) && !eager() && Param::Budget.get() != 0
}
/// For [`Work::begin`]: not before new classes have become old; twice as late each time.
pub fn later(times: u32) -> u32 {
    unit(now() + ((2 * SETTLED) << times.min(10))).max(1)
}
/// In units that make it last for hours; 0: never.
fn unit(n: u64) -> u32 {
    (n >> 12) as u32
}

/// When something was hot for the first time.
struct Begin {
    wall: Instant,
    process: Option<u64>,
    cycles: u64,
}
fn begun() -> &'static Begin {
    static BEGIN: OnceLock<Begin> = OnceLock::new();
    BEGIN.get_or_init(|| Begin { wall: Instant::now(), process: process_ns(), cycles: cycles() })
}
/// Nanoseconds since then in which the program did not compute, and when the system was asked for that. They never
/// become fewer: the time of several threads at once does not make up for them.
static IDLE: AtomicU64 = AtomicU64::new(0);
static ASKED: AtomicU64 = AtomicU64::new(0);

fn wall() -> u64 {
    begun().wall.elapsed().as_nanos() as u64
}
/// Nanoseconds that the program has run. The system is not asked each time ([`ASK`]): it may be a little less than
/// before.
fn now() -> u64 {
    let wall = wall();
    if wall.saturating_sub(ASKED.load(Relaxed)) >= ASK {
        ASKED.store(wall, Relaxed);
        if let (Some(then), Some(now)) = (begun().process, process_ns()) {
            IDLE.fetch_max(wall.saturating_sub(now.saturating_sub(then)), Relaxed);
        }
    }
    wall.saturating_sub(IDLE.load(Relaxed))
}

/// Something is hot at this time: whether it has been for long enough.
fn lasts(hot: &Times, t: u32) -> bool {
    let first = hot.since.load(Relaxed);
    let last = hot.last.swap(t, Relaxed);
    if first == 0 {
        hot.since.store(t, Relaxed);
        return false;
    }
    // `later` is not yet over: negative.
    let (so_far, pause) = (last.wrapping_sub(first) as i32, (t.wrapping_sub(last) as i32).max(0) as u32);
    // What comes from time to time has pauses, but always as long ones.
    let rhythm = hot.pause.load(Relaxed).saturating_mul(2);
    if so_far >= 0 && pause > (so_far as u32).max(unit(PAUSE)).max(rhythm) {
        hot.pause.store(pause, Relaxed);
        hot.since.store(t, Relaxed);
        return false;
    }
    t.wrapping_sub(first) as i32 >= unit(LASTING) as i32
}
/// Whether a piece of work that takes so long on average fits in at this time.
fn fits(th: Th, ran: u64, average: u64) -> bool {
    let all = cycles().wrapping_sub(begun().cycles);
    let machine = (th.machine_cycles.get().min(all) as u128 * wall() as u128 / all.max(1) as u128) as u64;
    let warming = ran.min(WARMING.end).saturating_sub(WARMING.start);
    let share = Param::Budget.get() as u64;
    let may = (ran + 3 * warming) / 100 * share + machine.min(ran).min(EARLY) / 2;
    ran >= NEXT.load(Relaxed) && SPENT.load(Relaxed) + average <= may
}

/// Recording and compiling until it is dropped.
pub struct Work {
    average: &'static AtomicU64,
    /// As of [`used`].
    begin: u64,
    aside: u64,
}

impl Work {
    /// None: not yet. `hot` is of the thing to be compiled.
    pub fn begin(th: Th, hot: &Times) -> Option<Work> {
        Work::begin_of(th, hot, &AVERAGE)
    }
    pub fn begin_bridge(th: Th, hot: &Times) -> Option<Work> {
        Work::begin_of(th, hot, &BRIDGES)
    }
    fn begin_of(th: Th, hot: &Times, average: &'static AtomicU64) -> Option<Work> {
        // What is called while something is recorded may be recorded as well, and so on.
        let here = 0u8;
        if (&raw const here as usize) < th.jit_stack {
            return None;
        }
        if Param::Budget.get() == 0 || eager() {
            return Some(Work::new(average));
        }
        let ran = now();
        look_at_classes(ran);
        if !lasts(hot, unit(ran).max(1)) {
            return None;
        }
        if !fits(th, ran, average.load(Relaxed)) {
            Counter::Postponed.inc();
            return None;
        }
        Some(Work::new(average))
    }
    fn new(average: &'static AtomicU64) -> Work {
        Work { average, begin: thread_ns(), aside: ASIDE.load(Relaxed) }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        scrub();
        let end = now();
        let end_ns = thread_ns();
        let aside = ASIDE.load(Relaxed).wrapping_sub(self.aside);
        let n = end_ns.saturating_sub(self.begin).saturating_sub(aside);
        let spent = SPENT.fetch_add(n, Relaxed) + n;
        // Racing threads may lose a piece.
        self.average.store((self.average.load(Relaxed) * 7 + n) / 8, Relaxed);
        NEXT.store(end + n * PACE, Relaxed);
        // Its memory is free now. What is usual is used again by the next piece.
        if n > LARGE {
            adder_heap::trim();
        } else {
            adder_heap::trim_later();
        }
        if log::on() {
            eprintln!("jit: took {} us until {} us, all so far {} us", n / 1000, end / 1000, spent / 1000);
        }
    }
}

/// The program runs on, while a recording waits for it, until this is dropped.
pub struct Aside(u64);

impl Aside {
    pub fn begin() -> Aside {
        Aside(thread_ns())
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        ASIDE.fetch_add(thread_ns().saturating_sub(self.0), Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_pause_is_new() {
        let ms = |n: u64| unit(n * 1_000_000).max(1);
        let hot = Times::default();
        assert!(!lasts(&hot, ms(1)));
        assert!(lasts(&hot, ms(2)));
        assert!(lasts(&hot, ms(3)));
        // It was hot for 2 ms, then there was nothing for 20.
        assert!(!lasts(&hot, ms(23)));
        assert!(lasts(&hot, ms(24)));
        // Such pauses are usual.
        assert!(lasts(&hot, ms(44)));
        // A slow loop is always as slow.
        let slow = Times::default();
        assert_eq!([10, 20, 30, 40].map(|n| lasts(&slow, ms(n))), [false, false, true, true]);
        // Put off until then.
        let put_off = Times::default();
        assert!(!lasts(&put_off, ms(1)));
        put_off.since.store(ms(50), Relaxed);
        assert!(!lasts(&put_off, ms(40)));
        assert!(lasts(&put_off, ms(60)));
    }
}
