//! Native modules for XML. The parser knows no objects: [`parser`] and [`input`]; [`expat`] is what Python sees.

mod expat;
mod input;
mod parser;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&expat::MODULE];
