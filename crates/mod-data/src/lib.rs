//! Native modules of heavy data types: `_pickle`, `_decimal`, `_datetime`.
//!
//! # Invariants
//! - Number kernels (`decimal::num`, `limbs`, `ntt`, `datetime::calendar`) know no objects.
//! - A native layout is `#[repr(C)]`: the header, then slots, then plain words.

mod datetime;
mod decimal;
mod pickle;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] =
    &[&datetime::MODULE, &datetime::zoneinfo::MODULE, &decimal::MODULE, &pickle::MODULE];

pub(crate) use adder_vm::native_layout;

/// Functions that many types share.
pub(crate) mod common {
    use adder_vm::value::*;

    pub use adder_vm::declare::{bind, make, none, signature};
    /// A required argument.
    #[inline(always)]
    pub fn arg(a: &[Option<Value>], i: usize) -> Value {
        a[i].expect("a required argument")
    }
}
