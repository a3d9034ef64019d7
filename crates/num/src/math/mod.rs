//! What Python's `math` needs beyond `std`: the functions with Python's errors, exact sums, the gamma and
//! error functions, combinatorics.
//!
//! Elementary functions are the C library's (through `std`), as in CPython; the inverse hyperbolic and the
//! error functions come from the `libm` crate, within one unit in the last place.

mod elementary;
mod integer;
mod special;
mod sums;

pub use elementary::*;
pub use integer::{comb, factorial, lcm, log_int, log2_int, log10_int, perm};
pub use special::{erf, erfc, gamma, lgamma};
pub use sums::{Fsum, SumProduct, dist, hypot};

/// The inverse hyperbolic sine without errors.
pub(crate) fn real_asinh(x: f64) -> f64 {
    libm::asinh(x)
}

/// `ln(1 + x)` without errors.
pub(crate) fn real_log1p(x: f64) -> f64 {
    // Some C libraries lose the sign of zero.
    if x == 0.0 { x } else { x.ln_1p() }
}
