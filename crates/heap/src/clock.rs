//! What collections cost, and the time between them, so that other programs on the machine do not count.
//!
//! # Safety
//! The one call fills a structure that is its own.

use std::time::Instant;

/// A moment.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    wall: Instant,
    process: Option<u64>,
}

impl Moment {
    pub fn now() -> Moment {
        Moment { wall: Instant::now(), process: process_ns() }
    }
    /// Nanoseconds from an earlier one that the process could use: with several threads the time that passed, with one
    /// that computes what it computed.
    pub fn since(self, before: Moment) -> u64 {
        let wall = self.wall.duration_since(before.wall).as_nanos() as u64;
        match (self.process, before.process) {
            (Some(now), Some(then)) => wall.min(now.saturating_sub(then)),
            _ => wall,
        }
    }
}

/// Time that this thread computed, in nanoseconds: what other programs take from it does not count, where the system
/// can tell.
pub fn thread_ns() -> u64 {
    clock(libc::CLOCK_THREAD_CPUTIME_ID).or_else(|| clock(libc::CLOCK_MONOTONIC)).unwrap_or(0)
}

/// The same of all threads of this program together.
pub fn process_ns() -> Option<u64> {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn clock(id: libc::clockid_t) -> Option<u64> {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: fills the structure given.
    let done = unsafe { libc::clock_gettime(id, &mut t) };
    (done == 0).then(|| t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64)
}
