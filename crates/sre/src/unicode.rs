//! Character properties and case as `_sre` sees them, for ASCII, the C locale's bytes and Unicode.
//!
//! The Unicode answers come from a table generated with CPython 3.14's own `unicodedata`
//! (Unicode 16.0). Arguments are code points, surrogates included; anything above U+10FFFF has no
//! property and no case.

use std::sync::LazyLock;

use crate::unicode_tables::{LAST_BLOCK, LEADS, RECORDS, SHIFT, STAGE1, STAGE2};

const WORD: u8 = 1;
const DIGIT: u8 = 2;
const SPACE: u8 = 4;
const LINEBREAK: u8 = 8;

/// Characters below this have their properties and lower case at hand: all of two bytes in UTF-8.
const NEAR: usize = 0x800;

/// (flags, lower case).
static NEAR_TABLE: [(u8, u16); NEAR] = {
    let mut table = [(0, 0); NEAR];
    let mut ch = 0;
    while ch < NEAR {
        let at = (STAGE1[ch >> SHIFT] as usize) << SHIFT | ch & ((1 << SHIFT) - 1);
        let (flags, lower, _) = RECORDS[STAGE2[at] as usize];
        table[ch] = (flags, (ch as i32 + lower) as u16);
        ch += 1;
    }
    table
};

#[inline(always)]
fn flags(ch: u32) -> u8 {
    match NEAR_TABLE.get(ch as usize) {
        Some(near) => near.0,
        None => record(ch).0,
    }
}

/// The bytes with which a multi-byte character can start that has the property (0 word, 1 decimal,
/// 2 space, 3 line break), or one that has it not; bit 0 is 0xC0.
pub(crate) fn property_leads(property: usize, has: bool) -> u64 {
    LEADS[property][!has as usize]
}

fn record(ch: u32) -> &'static (u8, i32, i32) {
    if ch > 0x10FFFF {
        return &RECORDS[0];
    }
    let block = *STAGE1.get((ch >> SHIFT) as usize).unwrap_or(&LAST_BLOCK);
    let at = ((block as usize) << SHIFT) | (ch as usize & ((1 << SHIFT) - 1));
    &RECORDS[STAGE2[at] as usize]
}

/// `str.isalnum()` or underscore.
#[inline]
pub fn unicode_is_word(ch: u32) -> bool {
    flags(ch) & WORD != 0
}

/// `str.isdecimal()`.
#[inline]
pub fn unicode_is_digit(ch: u32) -> bool {
    flags(ch) & DIGIT != 0
}

/// `str.isspace()`.
#[inline]
pub fn unicode_is_space(ch: u32) -> bool {
    flags(ch) & SPACE != 0
}

/// What `str.splitlines()` splits at.
#[inline]
pub fn unicode_is_linebreak(ch: u32) -> bool {
    flags(ch) & LINEBREAK != 0
}

/// `_sre.unicode_tolower`: the first character of the full lower case.
#[inline]
pub fn unicode_tolower(ch: u32) -> u32 {
    match NEAR_TABLE.get(ch as usize) {
        Some(near) => near.1 as u32,
        None => ch.wrapping_add_signed(record(ch).1),
    }
}

/// All characters with this lower case, itself among them if it is one.
pub(crate) fn unicode_with_lower(ch: u32) -> impl Iterator<Item = u32> {
    // (lower case, character) of all that have another lower case, sorted.
    static LOWERED: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
        let has_case: Vec<bool> = STAGE2
            .chunks(1 << SHIFT)
            .map(|block| block.iter().any(|&number| RECORDS[number as usize].1 != 0))
            .collect();
        let mut lowered: Vec<(u32, u32)> = STAGE1
            .iter()
            .enumerate()
            .filter(|(_, block)| has_case[**block as usize])
            .flat_map(|(start, _)| (start as u32) << SHIFT..(start as u32 + 1) << SHIFT)
            .map(|ch| (unicode_tolower(ch), ch))
            .filter(|(lower, ch)| lower != ch)
            .collect();
        lowered.sort_unstable();
        lowered
    });
    let start = LOWERED.partition_point(|pair| pair.0 < ch);
    let others = LOWERED[start..].iter().take_while(move |pair| pair.0 == ch).map(|pair| pair.1);
    others.chain((unicode_tolower(ch) == ch).then_some(ch))
}

/// The first character of the full upper case.
#[inline]
pub fn unicode_toupper(ch: u32) -> u32 {
    ch.wrapping_add_signed(record(ch).2)
}

/// `_sre.unicode_iscased`.
pub fn unicode_iscased(ch: u32) -> bool {
    let record = record(ch);
    record.1 != 0 || record.2 != 0
}

/// `_sre.ascii_tolower`.
#[inline]
pub fn ascii_tolower(ch: u32) -> u32 {
    if ch.wrapping_sub('A' as u32) < 26 { ch + 32 } else { ch }
}

/// `_sre.ascii_iscased`.
pub fn ascii_iscased(ch: u32) -> bool {
    (ch | 32).wrapping_sub('a' as u32) < 26
}

#[inline]
pub(crate) fn ascii_is_word(ch: u32) -> bool {
    ch < 128 && ((ch as u8).is_ascii_alphanumeric() || ch == '_' as u32)
}

#[inline]
pub(crate) fn ascii_is_digit(ch: u32) -> bool {
    ch.wrapping_sub('0' as u32) < 10
}

#[inline]
pub(crate) fn ascii_is_space(ch: u32) -> bool {
    ch == 32 || ch.wrapping_sub(9) < 5
}

/// What `re.LOCALE` asks of the C library for each byte: `tolower`, `toupper`, `isalnum`.
///
/// The engine never calls the C library: whoever changes `LC_CTYPE` hands in new tables.
#[derive(Clone, Debug)]
pub struct Locale {
    pub lower: [u8; 256],
    pub upper: [u8; 256],
    pub alnum: [bool; 256],
}

impl Locale {
    /// The "C" locale: ASCII only.
    pub const fn c() -> Locale {
        let mut locale = Locale { lower: [0; 256], upper: [0; 256], alnum: [false; 256] };
        let mut i = 0;
        while i < 256 {
            let byte = i as u8;
            locale.lower[i] = byte.to_ascii_lowercase();
            locale.upper[i] = byte.to_ascii_uppercase();
            locale.alnum[i] = byte.is_ascii_alphanumeric();
            i += 1;
        }
        locale
    }

    #[inline]
    pub(crate) fn tolower(&self, ch: u32) -> u32 {
        if ch < 256 { self.lower[ch as usize] as u32 } else { ch }
    }

    #[inline]
    pub(crate) fn toupper(&self, ch: u32) -> u32 {
        if ch < 256 { self.upper[ch as usize] as u32 } else { ch }
    }

    #[inline]
    pub(crate) fn is_word(&self, ch: u32) -> bool {
        ch == '_' as u32 || (ch < 256 && self.alnum[ch as usize])
    }
}

/// The locale a process starts in.
pub static C_LOCALE: Locale = Locale::c();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case() {
        assert_eq!(unicode_tolower(0x130), 'i' as u32);
        assert_eq!(unicode_tolower(0x212A), 'k' as u32);
        assert_eq!(unicode_toupper(0xDF), 'S' as u32);
        assert_eq!(unicode_tolower('Z' as u32), 'z' as u32);
        assert!(unicode_iscased('µ' as u32) && !unicode_iscased('1' as u32));
        assert_eq!(unicode_tolower(0x110000), 0x110000);
        assert_eq!(unicode_tolower(u32::MAX), u32::MAX);
        assert!(ascii_iscased('q' as u32) && !ascii_iscased('[' as u32) && !ascii_iscased(0xE9));
        assert_eq!(ascii_tolower(0xC9), 0xC9);
    }

    #[test]
    fn all_with_one_lower_case() {
        let with = |ch: char| {
            let mut all: Vec<u32> = unicode_with_lower(ch as u32).collect();
            all.sort_unstable();
            all
        };
        assert_eq!(with('k'), ['K' as u32, 'k' as u32, 0x212A]);
        assert_eq!(with('K'), []);
        assert_eq!(with('1'), ['1' as u32]);
        assert_eq!(with('д'), ['Д' as u32, 'д' as u32]);
        assert_eq!(with('\u{10428}'), [0x10400, 0x10428]);
    }

    #[test]
    fn classes() {
        assert!(unicode_is_word('ß' as u32) && unicode_is_word('_' as u32));
        assert!(unicode_is_word('½' as u32) && !unicode_is_digit('½' as u32));
        assert!(unicode_is_digit('٣' as u32) && unicode_is_space(0x1C));
        assert!(unicode_is_space(0xA0) && !ascii_is_space(0xA0));
        assert!(unicode_is_linebreak(0x2028) && !unicode_is_linebreak(' ' as u32));
        assert!(unicode_is_word(0x20000) && !unicode_is_word(0x10FFFF));
        for ch in 0..128 {
            assert_eq!(ascii_is_word(ch), unicode_is_word(ch), "{ch}");
        }
    }
}
