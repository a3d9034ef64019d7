//! Native modules about hashes and secrets: `_hashlib`, `_hmac`, `_md5`, `_sha1`, `_sha2`, `_sha3`, `_blake2`.

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[];
