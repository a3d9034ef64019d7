//! Text kernels of Adder: what the methods of Python's `str` and `bytes`, `unicodedata`, the codecs and `repr` need,
//! without any knowledge of the interpreter.
//!
//! # Invariants
//! - Text is **WTF-8 as Python needs it**: UTF-8 in which every code point from U+0000 to U+10FFFF may occur,
//!   surrogates included, each surrogate as a sequence of three bytes. Two surrogates that would form a pair stay two
//!   sequences. So equal texts are equal bytes, byte order is code point order, and a match of one text in another
//!   is always on character boundaries.
//! - Functions take `&[u8]` and trust it to be such text; on anything else they may give nonsense but never read
//!   outside the slice. They append to a `Vec<u8>` and never clear it.
//! - Where a parameter `ascii` exists, the caller knows that all bytes are below 128.
//! - A code point is a `u32`, because `char` has no surrogates.

#[cfg(not(target_endian = "little"))]
compile_error!("the tables are stored in little-endian order");

/// An array stored as a file of `data`.
macro_rules! table {
    ($t:ty, $n:expr, $f:literal) => {
        // SAFETY: every bit pattern is a value of the number types used; the compiler compares the sizes.
        unsafe {
            std::mem::transmute::<[u8; $n * std::mem::size_of::<$t>()], [$t; $n]>(*include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/data/",
                $f
            )))
        }
    };
}

pub mod case;
pub mod codecs;
pub mod digits;
pub mod escape;
pub mod json;
pub mod repr;
pub mod room;
pub mod scan;
pub mod search;
pub mod split;
pub mod unicode;
pub mod wtf8;
