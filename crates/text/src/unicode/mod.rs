//! Properties and case mappings of code points, as the methods of `str` use them (Unicode 16.0.0).
//!
//! The tables are generated from CPython 3.14 itself (`tools/gen_unicode.py`), so that derived properties such as
//! "printable" or "lowercase" are CPython's. [`database`] has the rest of `unicodedata`.

pub mod database;
pub mod names;
pub mod normalize;
#[rustfmt::skip]
#[allow(clippy::useless_transmute)]
mod tables;

use tables::*;

pub use tables::{F_LOWER, F_TITLE, F_UPPER};

/// Version of the Unicode character database.
pub const UNIDATA_VERSION: &str = "16.0.0";

#[inline]
fn record(cp: u32) -> &'static [i32] {
    let block = TYPE_1.get((cp >> TYPE_SHIFT) as usize).copied().unwrap_or(0) as usize;
    let row = TYPE_2[(block << TYPE_SHIFT) | (cp as usize & ((1 << TYPE_SHIFT) - 1))] as usize;
    &TYPE_RECORDS[row * 6..row * 6 + 6]
}

/// All flags of a code point; see the `is_…` functions for their meaning.
#[inline]
pub fn flags(cp: u32) -> u16 {
    if cp < 128 { ASCII_FLAGS[cp as usize] } else { record(cp)[0] as u16 }
}

/// The flags of ASCII, to spare the three dependent loads.
static ASCII_FLAGS: [u16; 128] = {
    let mut out = [0; 128];
    let mut i = 0;
    while i < 128 {
        let block = TYPE_1[i >> TYPE_SHIFT] as usize;
        let row = TYPE_2[(block << TYPE_SHIFT) | (i & ((1 << TYPE_SHIFT) - 1))] as usize;
        out[i] = TYPE_RECORDS[row * 6] as u16;
        i += 1;
    }
    out
};

macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident = $flags:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(cp: u32) -> bool {
            flags(cp) & ($flags) != 0
        }
    )*};
}

predicates! {
    /// A letter (category L*).
    is_alpha = F_ALPHA;
    /// Usable in decimal numbers.
    is_decimal = F_DECIMAL;
    /// A digit, also superscript and the like.
    is_digit = F_DIGIT;
    /// Has a numeric value.
    is_numeric = F_NUMERIC;
    /// `str.isalnum` of one character.
    is_alnum = F_ALPHA | F_DECIMAL | F_DIGIT | F_NUMERIC;
    /// Has the derived property Lowercase.
    is_lower = F_LOWER;
    /// Has the derived property Uppercase.
    is_upper = F_UPPER;
    /// A titlecase letter (category Lt).
    is_title = F_TITLE;
    /// Whitespace of `str.isspace`, `str.split` and `str.strip`.
    is_space = F_SPACE;
    /// `repr` shows it as it is.
    is_printable = F_PRINTABLE;
    /// May start an identifier, the underscore apart.
    is_xid_start = F_XID_START;
    /// May continue an identifier.
    is_xid_continue = F_XID_CONTINUE;
    /// Is skipped when looking for the context of a sigma.
    is_case_ignorable = F_CASE_IGNORABLE;
    /// Has the derived property Cased.
    is_cased = F_CASED;
}

/// Decimal value.
#[inline]
pub fn decimal(cp: u32) -> Option<u8> {
    let v = (record(cp)[0] >> 16) as u8;
    (v < 10).then_some(v)
}

/// Digit value.
#[inline]
pub fn digit(cp: u32) -> Option<u8> {
    let v = (record(cp)[0] >> 24) as u8;
    (v < 10).then_some(v)
}

/// Numeric value.
pub fn numeric(cp: u32) -> Option<f64> {
    let i = NUMERIC.partition_point(|&e| e >> 8 < cp);
    let e = *NUMERIC.get(i)?;
    (e >> 8 == cp).then(|| NUMERIC_VALUES[(e & 255) as usize])
}

/// Simple lowercase mapping.
#[inline]
pub fn simple_lower(cp: u32) -> u32 {
    cp.wrapping_add_signed(record(cp)[1])
}

/// Simple uppercase mapping.
#[inline]
pub fn simple_upper(cp: u32) -> u32 {
    cp.wrapping_add_signed(record(cp)[2])
}

/// Simple titlecase mapping.
#[inline]
pub fn simple_title(cp: u32) -> u32 {
    cp.wrapping_add_signed(record(cp)[3])
}

/// The kinds of full case mapping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Case {
    Lower = 0,
    Upper = 1,
    Title = 2,
    Fold = 3,
}

/// Full mapping of one character without context; up to three code points, the unused ones zero.
#[inline]
pub fn full_case(cp: u32, case: Case) -> ([u32; 3], usize) {
    let r = record(cp);
    if r[0] as u16 & F_SPECIAL == 0 {
        return ([cp.wrapping_add_signed(r[1 + case as usize]), 0, 0], 1);
    }
    let at = r[5] as usize * 12 + case as usize * 3;
    let m = [SPECIAL[at], SPECIAL[at + 1], SPECIAL[at + 2]];
    (m, if m[1] == 0 { 1 } else { 2 + (m[2] != 0) as usize })
}
