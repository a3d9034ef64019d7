//! `format(number, spec)` and the `%` operator: the format-spec mini-language of Python 3.14 for `int`,
//! `float`, `complex` and `str`, and the pieces of `%`-formatting.
//!
//! All text is WTF-8; results are appended to the caller's buffer, which holds anything after an error.
//! Widths count code points.

mod complex;
mod float;
mod int;
mod number;
mod percent;
mod spec;
mod text;

pub use complex::format_complex;
pub use float::{format_float, format_float_with};
pub use int::{format_int, format_int_with};
pub use number::Locale;
pub use percent::{
    Conversion, Directive, PercentParser, Piece, percent_char, percent_float, percent_int, percent_text,
};
pub use spec::{Align, Spec};
pub use text::{format_str, format_str_with};

#[cfg(test)]
mod tests;
