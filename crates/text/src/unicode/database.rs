//! The module `unicodedata`, code point by code point, for Unicode 16.0.0 and for `ucd_3_2_0`.

use super::tables::*;
use std::fmt::Write;

/// Which version of the database is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ucd {
    /// Unicode 16.0.0, the module itself.
    Current,
    /// Unicode 3.2.0, `unicodedata.ucd_3_2_0` (for IDNA 2003 and stringprep).
    Old,
}

fn current(cp: u32) -> &'static [u8] {
    let block = UCD_1.get((cp >> UCD_SHIFT) as usize).copied().unwrap_or(0) as usize;
    let row = UCD_2[(block << UCD_SHIFT) | (cp as usize & ((1 << UCD_SHIFT) - 1))] as usize;
    &UCD_RECORDS[row * 5..row * 5 + 5]
}

fn old(cp: u32) -> &'static [u8] {
    let block = OLD_1.get((cp >> OLD_SHIFT) as usize).copied().unwrap_or(0) as usize;
    let row = OLD_2[(block << OLD_SHIFT) | (cp as usize & ((1 << OLD_SHIFT) - 1))] as usize;
    &OLD_RECORDS[row * 4..row * 4 + 4]
}

fn record(cp: u32, ucd: Ucd) -> &'static [u8] {
    match ucd {
        Ucd::Current => current(cp),
        Ucd::Old => old(cp),
    }
}

/// Canonical combining class in the current version: what normalization sorts by.
#[inline]
pub(super) fn combining_class(cp: u32) -> u8 {
    current(cp)[2]
}

/// Bits of normalization properties: "no" in NFC, NFD, NFKC, NFKD, then "may combine with one before".
#[inline]
pub(super) fn normalization_bits(cp: u32) -> u8 {
    current(cp)[4]
}

/// Whether the code point is assigned in the version.
pub fn is_assigned(cp: u32, ucd: Ucd) -> bool {
    category(cp, ucd) != "Cn"
}

/// General category, such as `"Lu"`.
pub fn category(cp: u32, ucd: Ucd) -> &'static str {
    CATEGORIES[record(cp, ucd)[0] as usize]
}

/// Bidirectional class, or `""`.
pub fn bidirectional(cp: u32, ucd: Ucd) -> &'static str {
    BIDIS[record(cp, ucd)[1] as usize]
}

/// Canonical combining class.
pub fn combining(cp: u32, ucd: Ucd) -> u8 {
    record(cp, ucd)[2]
}

/// East asian width.
pub fn east_asian_width(cp: u32, ucd: Ucd) -> &'static str {
    EAWS[(record(cp, ucd)[3] & 127) as usize]
}

/// Whether it is mirrored in bidirectional text.
pub fn mirrored(cp: u32, ucd: Ucd) -> bool {
    record(cp, ucd)[3] & 128 != 0
}

/// Decimal value.
pub fn decimal(cp: u32, ucd: Ucd) -> Option<u8> {
    if ucd == Ucd::Old {
        if !is_assigned(cp, ucd) {
            return None;
        }
        if let Some(d) = OLD_DECIMAL.chunks_exact(2).find(|d| d[0] as u32 == cp) {
            return u8::try_from(d[1]).ok();
        }
    }
    super::decimal(cp)
}

/// Digit value (the same in both versions, as in CPython).
pub fn digit(cp: u32, _ucd: Ucd) -> Option<u8> {
    super::digit(cp)
}

/// Numeric value.
pub fn numeric(cp: u32, ucd: Ucd) -> Option<f64> {
    if ucd == Ucd::Old {
        if !is_assigned(cp, ucd) {
            return None;
        }
        if let Some(d) = OLD_NUMERIC.chunks_exact(2).find(|d| d[0] as u32 == cp) {
            return (d[1] >= 0.0).then_some(d[1]);
        }
    }
    super::numeric(cp)
}

/// One step of decomposition from the table: tag number and UTF-16 units. Hangul is not in it.
pub(super) fn raw_decomposition(cp: u32) -> Option<(u8, &'static [u16])> {
    let block = DECOMP_1.get((cp >> DECOMP_SHIFT) as usize).copied()? as usize;
    let at = DECOMP_2[(block << DECOMP_SHIFT) | (cp as usize & ((1 << DECOMP_SHIFT) - 1))] as usize;
    if at == 0 {
        return None;
    }
    let head = DECOMP_DATA[at];
    Some(((head >> 8) as u8, &DECOMP_DATA[at + 1..at + 1 + (head & 255) as usize]))
}

/// The decomposition as `unicodedata.decomposition` writes it: tag and hexadecimal code points, or `""`.
pub fn decomposition(cp: u32, ucd: Ucd) -> String {
    let mut out = String::new();
    if let Some((parts, n)) = super::normalize::hangul_decomposition(cp) {
        for (i, p) in parts[..n].iter().enumerate() {
            let _ = write!(out, "{}{p:04X}", if i > 0 { " " } else { "" });
        }
    } else if let Some((tag, units)) = raw_decomposition(cp)
        && is_assigned(cp, ucd)
    {
        out.push_str(TAGS[tag as usize]);
        for c in char::decode_utf16(units.iter().copied()) {
            let c = c.expect("the table has valid UTF-16");
            let _ = write!(out, "{}{:04X}", if out.is_empty() { "" } else { " " }, c as u32);
        }
    }
    out
}
