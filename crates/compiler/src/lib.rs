//! Python 3.14 source → [`adder_bytecode::CodeData`].
//!
//! The way: `lower` turns the parser's tree into the crate's own ([`ast`]), folding constants on the way (`fold`);
//! [`scope`] finds out where every name lives; `codegen` writes register code. Errors carry CPython's texts and positions.
//!
//! # Invariants
//! - Nothing but `lower` (and `parse`) knows the parser's types.
//! - No panics on any input; deep nesting grows the stack (`lower::with_stack`) and ends in a `RecursionError`.

#![forbid(unsafe_code)]

pub mod ast;
mod codegen;
mod decode;
mod diag;
mod doc;
mod error;
mod fold;
mod future;
mod lower;
mod names;
mod parse;
mod repr;
pub mod scope;
mod source;
pub mod symtable;
#[cfg(test)]
mod tests;
pub mod tree;

/// Changes with every change of the compiler.
pub fn version() -> u64 {
    env!("ADDER_COMPILER_HASH").parse().unwrap_or(0)
}

pub use decode::{Codec, decode_source, decode_source_with};
pub use error::{ErrorKind, Parsed, SyntaxError, Warning, WarningCategory};
pub use parse::{Mode, Options, compile, compile_full, compile_tree, optimize_tree, parse_tree, pycf};
