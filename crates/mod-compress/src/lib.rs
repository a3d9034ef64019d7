//! Native modules about packing bytes: `binascii`, `zlib`, `_bz2`, `_lzma`, `_zstd`.
//!
//! # Invariants
//! - The state of a stream is in Rust memory behind a [`util::Owned`] word of its object; whoever uses it holds the
//!   stream's own lock, waiting for it outside the running state, so that a stream serves one thread at a time and the
//!   others do not hold up the collector.
//! - Work on more than a little data happens outside the running state: its input is a buffer in use (it stays where it
//!   is), its output Rust memory.

mod binascii;
mod bz2;
mod incremental;
mod lzma;
mod util;
mod zlib;
mod zstd;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] =
    &[&binascii::MODULE, &bz2::MODULE, &lzma::MODULE, &zlib::MODULE, &zstd::MODULE];
