//! Python's `float`: everything about doubles that the machine does not do by itself.

mod arith;
mod digits;
mod hex;
mod parse;
mod text;

pub use arith::{
    as_integer_ratio, ceil, div_mod, floor, floor_div, hash, is_integer, modulo, pow, powf, round_digits,
    round_int, to_int, true_div,
};
pub use digits::{DecimalDigits, fixed_digits, shortest_digits, significant_digits};
pub use hex::{from_hex, write_hex};
pub use parse::{invalid_literal, parse};
pub(crate) use parse::{remove_underscores, scan_number};
pub use text::{FloatCode, repr, write_double, write_repr};
