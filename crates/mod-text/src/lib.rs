//! Native modules about text: `_sre`, `_codecs`, `_string`, `unicodedata`, `_json`, `_csv`...
//!
//! The kernels are in `adder-sre` and `adder-text`, which know no objects; here is what Python sees of them.
//!
//! # Invariants
//! - Texts are WTF-8; positions that Python sees are counted in code points.

mod codecs;
mod csv;
mod json;
mod multibyte;
mod sre;
mod unidata;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[
    &codecs::MODULE,
    &csv::MODULE,
    &json::MODULE,
    &sre::MODULE,
    &unidata::MODULE,
    &multibyte::CN,
    &multibyte::HK,
    &multibyte::ISO2022,
    &multibyte::JP,
    &multibyte::KR,
    &multibyte::MODULE,
    &multibyte::TW,
];

pub(crate) use adder_vm::native_layout;

/// Slot functions that many types share.
pub(crate) mod common {
    use adder_vm::thread::Th;
    use adder_vm::value::*;

    pub use adder_vm::declare::{bind, itself, make, signature};
    /// A required argument.
    #[inline(always)]
    pub fn arg(a: &[Option<Value>], i: usize) -> Value {
        a[i].expect("a required argument")
    }
    /// `name() argument 'x' must be T, not U`.
    #[cold]
    pub fn bad_argument(th: Th, func: &str, arg: &str, want: &str, got: Value) -> adder_vm::err::Raised {
        let got = if got.is_none() { "None".to_string() } else { th.type_name_of(got) };
        th.type_error(format!("{func}() argument {arg} must be {want}, not {got}"))
    }
}
