//! Names of characters: `unicodedata.name`, `unicodedata.lookup`, `\N{…}`.
//!
//! A name is a list of words. Words are numbered by frequency (one byte for the commonest, two for the others), names
//! are stored in order of code points in blocks of 16, and within a block a name says how many words it shares with
//! the one before. Looking up a name goes through a hash table of name numbers. Names that consist of a prefix and the
//! code point (ideographs), and Hangul syllables, are computed.

use super::database::{Ucd, is_assigned};
use super::tables::*;

const HANGUL: &str = "HANGUL SYLLABLE ";
static LEADS: [&str; 19] =
    ["G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H"];
static VOWELS: [&str; 21] = [
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE", "WI",
    "YU", "EU", "YI", "I",
];
static TAILS: [&str; 28] = [
    "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M", "B", "BS",
    "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
];

fn word(number: usize) -> (&'static [u8], u8) {
    let mut at = WORD_BLOCKS[number / 16] as usize;
    let len = |at: usize| WORDS[at..].iter().position(|b| b & 128 != 0).unwrap_or(0);
    for _ in 0..number % 16 {
        at += len(at) + 1;
    }
    let n = len(at);
    (&WORDS[at..at + n], WORDS[at + n] & 127)
}

/// The name with the given number.
fn name_by_number(number: usize, out: &mut String) {
    let mut at = NAME_BLOCKS[number / NAME_BLOCK] as usize;
    let mut words = [0u16; 32];
    let mut n = 0;
    for _ in 0..=number % NAME_BLOCK {
        let head = NAME_DATA[at];
        at += 1;
        n = (head >> 4) as usize;
        for _ in 0..head & 15 {
            let b = NAME_DATA[at] as usize;
            at += 1;
            words[n] = if b < WORD_ONE {
                b as u16
            } else {
                at += 1;
                (WORD_ONE + ((b - WORD_ONE) << 8) + NAME_DATA[at - 1] as usize) as u16
            };
            n += 1;
        }
    }
    for (i, &w) in words[..n].iter().enumerate() {
        if i > 0 && !out.ends_with('-') {
            out.push(' ');
        }
        let (head, last) = word(w as usize);
        out.extend(head.iter().map(|&b| b as char));
        out.push(last as char);
    }
}

fn code_point_by_number(number: u32) -> u32 {
    let runs = NAME_RUNS.as_chunks::<2>().0;
    let i = runs.partition_point(|r| r[1] <= number) - 1;
    runs[i][0] + number - runs[i][1]
}

fn number_by_code_point(cp: u32) -> Option<usize> {
    let runs = NAME_RUNS.as_chunks::<2>().0;
    let i = runs.partition_point(|r| r[0] <= cp).checked_sub(1)?;
    let number = runs[i][1] + cp - runs[i][0];
    let end = runs.get(i + 1).map_or(NAME_COUNT, |r| r[1]);
    (number < end).then_some(number as usize)
}

/// The name of a code point.
pub fn name(cp: u32, ucd: Ucd) -> Option<String> {
    if ucd == Ucd::Old && !is_assigned(cp, ucd) {
        return None;
    }
    if let Some(i) = cp.checked_sub(0xAC00).filter(|&i| i < 11172) {
        let (l, v, t) = (i / 588, i % 588 / 28, i % 28);
        return Some(format!("{HANGUL}{}{}{}", LEADS[l as usize], VOWELS[v as usize], TAILS[t as usize]));
    }
    if let Some(number) = number_by_code_point(cp) {
        let mut out = String::with_capacity(40);
        name_by_number(number, &mut out);
        return Some(out);
    }
    let d = DERIVED.iter().find(|d| d.3 && d.0 <= cp && cp <= d.1)?;
    Some(format!("{}{cp:04X}", d.2))
}

/// Longest first, as "GG" begins with "G" and everything with "".
fn longest_prefix(table: &[&str], s: &[u8]) -> (usize, usize) {
    let mut best = (0, 0);
    let mut found = false;
    for (i, p) in table.iter().enumerate() {
        if s.starts_with(p.as_bytes()) && (!found || p.len() > best.1) {
            best = (i, p.len());
            found = true;
        }
    }
    if found { best } else { (usize::MAX, 0) }
}

fn lookup_hangul(s: &[u8]) -> Option<u32> {
    let (l, n) = longest_prefix(&LEADS, s);
    let s = &s[n..];
    let (v, n) = longest_prefix(&VOWELS, s);
    let s = &s[n..];
    let (t, n) = longest_prefix(&TAILS, s);
    (v != usize::MAX && n == s.len()).then(|| 0xAC00 + (l * 588 + v * 28 + t) as u32)
}

/// The code points with a name; case does not matter. Aliases are found, and sequences if `sequences`, but (as in
/// CPython) neither in the old version, which finds all other names of today.
pub fn lookup(name: &[u8], ucd: Ucd, sequences: bool) -> Option<Vec<u32>> {
    if name.len() > 255 || !name.is_ascii() {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    if let Some(rest) = upper.strip_prefix(HANGUL.as_bytes()) {
        return lookup_hangul(rest).map(|cp| vec![cp]);
    }
    for d in &DERIVED {
        if let Some(hex) = upper.strip_prefix(d.2.as_bytes())
            && (4..=6).contains(&hex.len())
            && hex.iter().all(u8::is_ascii_hexdigit)
            && let Ok(cp) = u32::from_str_radix(std::str::from_utf8(hex).unwrap_or(""), 16)
            && d.0 <= cp
            && cp <= d.1
            && hex.len() == if cp < 0x10000 { 4 } else { 5 }
        {
            return Some(vec![cp]);
        }
    }
    let mut hash = 0x811C9DC5u32;
    for &b in &upper {
        hash = (hash ^ b as u32).wrapping_mul(0x01000193);
    }
    hash ^= hash >> 15;
    let mut slot = hash as usize % NAME_HASH.len();
    let mut text = String::with_capacity(64);
    while NAME_HASH[slot] != 0xFFFF {
        text.clear();
        name_by_number(NAME_HASH[slot] as usize, &mut text);
        if text.as_bytes() == upper {
            let cp = code_point_by_number(NAME_HASH[slot] as u32);
            return Some(vec![cp]);
        }
        slot = (slot + 1) % NAME_HASH.len();
    }
    if ucd == Ucd::Old {
        return None;
    }
    let i = EXTRA_NAMES.split(|&b| b == b'\n').position(|n| !n.is_empty() && n == upper)?;
    let cps = &EXTRA_POOL[EXTRA_OFFSETS[i] as usize..EXTRA_OFFSETS[i + 1] as usize];
    (cps.len() == 1 || sequences).then(|| cps.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (cp, n) in [
            (0x61, "LATIN SMALL LETTER A"),
            (0xAC01, "HANGUL SYLLABLE GAG"),
            (0x4E00, "CJK UNIFIED IDEOGRAPH-4E00"),
            (0x1F600, "GRINNING FACE"),
            (0xFD3E, "ORNATE LEFT PARENTHESIS"),
            (0x0FD0, "TIBETAN MARK BSKA- SHOG GI MGO RGYAN"),
            (0x0F39, "TIBETAN MARK TSA -PHRU"),
        ] {
            assert_eq!(name(cp, Ucd::Current).as_deref(), Some(n));
            assert_eq!(lookup(n.to_lowercase().as_bytes(), Ucd::Current, true), Some(vec![cp]));
        }
        assert_eq!(name(0, Ucd::Current), None);
        assert_eq!(lookup(b"NULL", Ucd::Current, false), Some(vec![0]));
        assert_eq!(lookup(b"KEYCAP DIGIT ONE", Ucd::Current, true), Some(vec![0x31, 0xFE0F, 0x20E3]));
        assert_eq!(lookup(b"KEYCAP DIGIT ONE", Ucd::Current, false), None);
        assert_eq!(lookup(b"", Ucd::Current, true), None);
        assert_eq!(lookup(b"NO SUCH", Ucd::Current, true), None);
    }
}
