//! Values: words as `metatrace::word` has them, objects in an arena.
//!
//! An object begins with a header word: the descriptor (what kind of object it is) in the lower half. Machine code that
//! makes an object writes the same header. Nothing is ever freed: a collector is not this example's subject, and the
//! layout that machine code is given says that no object wants a write barrier.
//!
//! # Safety
//! A word that is a pointer is 0 or the address of an object, which stays for ever. Fields are read after a look at the
//! descriptor, or where the caller knows it.

use adder_metatrace::word;

/// Descriptors.
pub const PAIR: u32 = 1;
pub const FLOAT: u32 = 2;
pub const CLOSURE: u32 = 3;
pub const VECTOR: u32 = 4;
pub const STRING: u32 = 5;
pub const SYMBOL: u32 = 6;
/// A variable that is assigned and captured.
pub const BOX: u32 = 7;
/// A global variable.
pub const GLOBAL: u32 = 8;
/// Nil, #t, #f...
pub const SPECIAL: u32 = 9;

/// Byte offsets.
pub const CAR: u32 = 8;
pub const CDR: u32 = 16;
pub const NUMBER: u32 = 8;
/// Address of the `Code`.
pub const CODE: u32 = 8;
pub const CAPTURES: u32 = 16;
pub const LENGTH: u32 = 8;
pub const ELEMENTS: u32 = 16;
/// Of strings and symbols: address and length of the text. Of globals: the value, the name's symbol.
pub const TEXT: u32 = 8;
pub const CONTENT: u32 = 8;
pub const NAME: u32 = 16;

/// What a new object is, as the IR's `New` has it.
pub const fn what(desc: u32, words: usize) -> u64 {
    (desc as u64) << 56 | (8 * words as u64) << 32 | desc as u64
}
/// The header that goes with it.
pub const fn header(what: u64) -> u64 {
    (what & 0xffff_ffff) | (what >> 56) << 40
}

static SPECIALS: [[u64; 2]; 6] = [[header(what(SPECIAL, 2)), 0]; 6];

fn special(n: usize) -> u64 {
    &raw const SPECIALS[n] as u64
}
pub fn nil() -> u64 {
    special(0)
}
pub fn truth(b: bool) -> u64 {
    special(1 + b as usize)
}
pub fn unspecified() -> u64 {
    special(3)
}
/// Content of a global that was not defined.
pub fn unbound() -> u64 {
    special(4)
}

/// # Safety
/// These read objects: the word must be one.
pub unsafe fn at(obj: u64, offset: u32) -> u64 {
    unsafe { *((obj + offset as u64) as *const u64) }
}
pub unsafe fn put(obj: u64, offset: u32, w: u64) {
    unsafe { *((obj + offset as u64) as *mut u64) = w }
}
/// Descriptor of an object; 0 of anything else.
pub fn desc(w: u64) -> u32 {
    // SAFETY: words that are pointers are objects, or null.
    if word::is_ptr(w) && w != 0 { unsafe { *(w as *const u32) } } else { 0 }
}
/// The number of a float in any form.
pub fn float(w: u64) -> Option<f64> {
    if word::is_flo(w) {
        Some(word::flo_decode(w))
    } else if desc(w) == FLOAT {
        // SAFETY: a boxed float.
        Some(f64::from_bits(unsafe { at(w, NUMBER) }))
    } else {
        None
    }
}
pub fn text(w: u64) -> &'static str {
    debug_assert!(matches!(desc(w), STRING | SYMBOL));
    // SAFETY: strings and symbols hold the parts of a leaked text.
    unsafe {
        let bytes = std::slice::from_raw_parts(at(w, TEXT) as *const u8, at(w, TEXT + 8) as usize);
        std::str::from_utf8_unchecked(bytes)
    }
}

/// As `write` shows it, or as `display` does.
pub fn show(w: u64, quoted: bool, out: &mut String) {
    use std::fmt::Write;
    if word::is_fix(w) {
        let _ = write!(out, "{}", word::unfix(w));
        return;
    }
    if let Some(f) = float(w) {
        let _ = if f.is_nan() {
            write!(out, "+nan.0")
        } else if f.is_infinite() {
            write!(out, "{}inf.0", if f > 0.0 { '+' } else { '-' })
        } else {
            write!(out, "{f:?}")
        };
        return;
    }
    // SAFETY: reads the fields that objects of these descriptors have.
    unsafe {
        match desc(w) {
            PAIR => {
                out.push('(');
                show(at(w, CAR), quoted, out);
                let mut rest = at(w, CDR);
                while desc(rest) == PAIR {
                    out.push(' ');
                    show(at(rest, CAR), quoted, out);
                    rest = at(rest, CDR);
                }
                if rest != nil() {
                    out.push_str(" . ");
                    show(rest, quoted, out);
                }
                out.push(')');
            }
            VECTOR => {
                out.push_str("#(");
                for k in 0..at(w, LENGTH) as u32 {
                    if k > 0 {
                        out.push(' ');
                    }
                    show(at(w, ELEMENTS + 8 * k), quoted, out);
                }
                out.push(')');
            }
            STRING if quoted => {
                let _ = write!(out, "{:?}", text(w));
            }
            STRING | SYMBOL => out.push_str(text(w)),
            CLOSURE => out.push_str("#<procedure>"),
            _ if w == nil() => out.push_str("()"),
            _ if w == truth(true) => out.push_str("#t"),
            _ if w == truth(false) => out.push_str("#f"),
            _ => {}
        }
    }
}
