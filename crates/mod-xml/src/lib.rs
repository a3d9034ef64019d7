//! Native modules for XML. The parser knows no objects: `parser` and `input`; `expat` is what Python sees of it,
//! `element` and `tree` are the accelerator of `xml.etree.ElementTree`.
//!
//! # Invariants
//! - The parser is given bytes in pieces of any size and never blocks; limits against entity bombs are its own.

mod element;
mod expat;
mod input;
mod parser;
mod tree;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&expat::MODULE, &tree::MODULE];

pub(crate) use adder_vm::native_layout;
