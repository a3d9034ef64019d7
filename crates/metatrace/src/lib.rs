//! The language-agnostic tracing JIT framework: an interpreter writes its handlers once, generic over [`Machine`], and
//! gets an interpreter (the machine that computes) and a trace recorder (the machine that computes and writes IR).
//!
//! # Invariants
//! - Nothing here knows the interpreted language. What is shared is the *word*: a 64-bit tagged value ([`word`]).
//! - Only [`Machine::test`] (and methods documented to test) turn a machine condition into a Rust `bool`.

pub mod machine;
pub mod word;

pub use machine::{Cmp, Effects, Field, FloatOp, Machine, Residual};
