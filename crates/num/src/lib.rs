//! The number kernels of Python without any knowledge of a virtual machine: what `int`, `float`,
//! `complex`, their formatting, `math`, `cmath` and `random` compute, to the last bit and to the exact
//! text of the exceptions.
//!
//! Inputs are borrowed slices and plain machine numbers, results are plain values or bytes appended to a
//! caller's buffer; the caller owns object layout, caching and exceptions. Text is WTF-8 (`&[u8]`) wherever
//! Python could hand in a lone surrogate.
//!
//! | module | what |
//! |---|---|
//! | [`bigint`] | integers of any size on sign and little-endian `u64` limbs |
//! | [`mod@float`] | `repr`, parsing, hexadecimal, rounding, hash, floor arithmetic and powers of doubles |
//! | [`mod@format`] | the format-spec mini-language and `%`-formatting |
//! | [`complexnum`] | complex arithmetic and the functions of `cmath` |
//! | [`math`] | what the `math` module needs beyond `std` |
//! | [`random`] | the Mersenne Twister as Python seeds and reads it |
//!
//! # Invariants
//! - What cannot be computed is an error value with CPython's text.
#![forbid(unsafe_code)]

pub mod bigint;
pub mod complexnum;
pub mod error;
pub mod float;
pub mod format;
pub mod limbs;
pub mod math;
pub mod random;
mod wtf8;

pub use bigint::{BigInt, Int, SmallInt};
pub use complexnum::Complex;
pub use error::{ErrorKind, NumError, NumResult};
pub use limbs::Limbs;
