//! Native modules about hashes and secrets: `_hashlib`, `_hmac`, `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2`.
//!
//! The state of a hash is in Rust memory that its object owns; it has a lock, and is worked on outside the running state
//! if there is much to do.
//!
//! # Invariants
//! - State is used under its lock only, and freed with its object.

mod blake2;
mod hash;
mod hashlib;
mod hmac;
mod state;
mod util;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[
    &blake2::MODULE,
    &hash::MD5_MODULE,
    &hash::SHA1_MODULE,
    &hash::SHA2_MODULE,
    &hash::SHA3_MODULE,
    &hashlib::MODULE,
    &hmac::MODULE,
];
