//! The language-agnostic tracing JIT framework: an interpreter writes its handlers once, generic over [`Machine`], and
//! gets an interpreter (the machine that computes) and a trace recorder (the machine that computes and writes IR).
//!
//! # Invariants
//! - Nothing here knows the interpreted language. What is shared is the *word*: a 64-bit tagged value ([`word`]).
//! - Only [`Machine::test`] (and methods documented to test) turn a machine condition into a Rust `bool`.
//!
//! # A language of your own
//! `docs/writing-an-interpreter.md` walks through one. It gets `driver` (counters, compiled code, exits, bridges), `tracer`
//! (frames and registers of a recording) and `recording` (the machine that records) for its interpreter.
//!
//! # Where things are
//! `machine` what handlers are written against · `recorder` writes IR · `ir` instructions, snapshots; `text` their
//! textual form; `verify` their invariants · `opt` the passes · `backend` what generates machine code, exits; `exec` the
//! reference executor; `random` traces to compare them · `counters` numbers by name, `params` limits and thresholds,
//! `log` the log, `sight` what is told about compiled traces.

pub mod backend;
pub mod counters;
pub mod driver;
pub mod exec;
pub mod forever;
pub mod fxhash;
pub mod ir;
pub mod log;
pub mod machine;
pub mod opt;
mod packed;
pub mod params;
#[cfg(any(test, feature = "random"))]
pub mod random;
pub mod recorder;
pub mod recording;
pub mod scratch;
pub mod sight;
pub mod story;
pub mod text;
pub mod tracer;
pub mod verify;
pub mod word;

/// Takes a lock, also where a thread panicked while it had it. A panic ends one operation, as an error that its user is
/// told of, and so does memory that runs out; others go on with what the lock guards. Who changes several things under a
/// lock does it in an order that holds in between.
pub fn lock<T: ?Sized>(m: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

pub use machine::{Cmp, Effects, Field, FloatOp, Machine, Residual};
