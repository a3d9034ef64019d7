//! Whether and where the JIT tells what it does: `ADDER_LOG=jit` (or a list of subjects with `jit` among them) writes
//! traces before and after optimising, exits and counters to the standard error; `jitsum` only a line for each trace
//! and the counters.

use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

static LEVEL: AtomicU8 = AtomicU8::new(0);

/// Subjects from a comma-separated list.
pub fn set(subjects: &str) {
    for s in subjects.split(',') {
        match s.trim() {
            "jit" => LEVEL.store(2, Relaxed),
            "jitsum" => LEVEL.store(LEVEL.load(Relaxed).max(1), Relaxed),
            _ => {}
        }
    }
}
/// A line for each event.
pub fn on() -> bool {
    LEVEL.load(Relaxed) > 0
}
/// Whole traces.
pub fn traces() -> bool {
    LEVEL.load(Relaxed) > 1
}
