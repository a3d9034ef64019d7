//! `unicodedata.normalize` and `is_normalized`: decomposition, canonical ordering, composition (UAX #15).
//!
//! Texts that are already normalized are recognised in one pass and copied. For [`Ucd::Old`] CPython decomposes with
//! the tables of 3.2.0 (its corrections undone, later characters left alone) but composes with today's; so do we.

use super::database::{Ucd, combining_class, is_assigned, normalization_bits, raw_decomposition};
use super::tables::*;
use crate::room;
use crate::wtf8;

/// A normalization form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Nfc = 0,
    Nfd = 1,
    Nfkc = 2,
    Nfkd = 3,
}

impl Form {
    /// The form of a Python string such as `"NFC"`.
    pub fn from_name(name: &[u8]) -> Option<Form> {
        match name {
            b"NFC" => Some(Form::Nfc),
            b"NFD" => Some(Form::Nfd),
            b"NFKC" => Some(Form::Nfkc),
            b"NFKD" => Some(Form::Nfkd),
            _ => None,
        }
    }

    fn composes(self) -> bool {
        matches!(self, Form::Nfc | Form::Nfkc)
    }

    fn is_compatibility(self) -> bool {
        matches!(self, Form::Nfkc | Form::Nfkd)
    }
}

const S: u32 = 0xAC00;
const L: u32 = 0x1100;
const V: u32 = 0x1161;
const T: u32 = 0x11A7;
const LN: u32 = 19;
const VN: u32 = 21;
const TN: u32 = 28;
const SN: u32 = LN * VN * TN;

/// The two or three jamo of a Hangul syllable.
pub(super) fn hangul_decomposition(cp: u32) -> Option<([u32; 3], usize)> {
    let i = cp.wrapping_sub(S);
    if i >= SN {
        return None;
    }
    let t = i % TN;
    Some(([L + i / (VN * TN), V + i % (VN * TN) / TN, T + t], 2 + (t != 0) as usize))
}

/// Whether the text is certainly normalized: no character that is changed or may combine, marks in order.
fn quick_check(s: &[u8], form: Form) -> bool {
    let forbidden = 1 << form as u8 | if form.composes() { Q_SECOND } else { 0 };
    let mut last = 0;
    for cp in wtf8::chars(s) {
        // No character below U+00A0 takes part in any form; none below U+0300 has a combining class.
        if cp < 0xA0 {
            last = 0;
            continue;
        }
        if normalization_bits(cp) & forbidden != 0 {
            return false;
        }
        let class = combining_class(cp);
        if class != 0 && class < last {
            return false;
        }
        last = class;
    }
    true
}

fn decompose_one(cp: u32, compat: bool, ucd: Ucd, out: &mut Vec<u32>) {
    if cp < 0xA0 {
        out.push(cp);
        return;
    }
    if let Some((parts, n)) = hangul_decomposition(cp) {
        out.extend_from_slice(&parts[..n]);
        return;
    }
    if ucd == Ucd::Old {
        if let Some(fix) = OLD_NORMALIZATION.chunks_exact(2).find(|f| f[0] == cp) {
            out.push(fix[1]);
            return;
        }
        if !is_assigned(cp, ucd) {
            out.push(cp);
            return;
        }
    }
    match raw_decomposition(cp) {
        Some((tag, units)) if compat || tag == 0 => {
            for c in char::decode_utf16(units.iter().copied()) {
                decompose_one(c.expect("the table has valid UTF-16") as u32, compat, ucd, out);
            }
        }
        _ => out.push(cp),
    }
}

/// The most code points that one decomposes to, with some room.
const PARTS: usize = 32;

fn decompose(s: &[u8], compat: bool, ucd: Ucd) -> Vec<u32> {
    let mut out = Vec::new();
    room::reserve(&mut out, wtf8::count(s) + PARTS);
    for cp in wtf8::chars(s) {
        room::reserve(&mut out, PARTS);
        decompose_one(cp, compat, ucd, &mut out);
    }
    // Canonical ordering: stable sort of each run of marks.
    let mut i = 0;
    while i < out.len() {
        if out[i] < 0x300 || combining_class(out[i]) == 0 {
            i += 1;
            continue;
        }
        let start = i;
        while i < out.len() && combining_class(out[i]) != 0 {
            i += 1;
        }
        if i - start > 1 {
            out[start..i].sort_by_key(|&cp| combining_class(cp));
        }
    }
    out
}

/// The character composed of two, if there is one.
pub fn compose_pair(a: u32, b: u32) -> Option<u32> {
    let l = a.wrapping_sub(L);
    let v = b.wrapping_sub(V);
    if l < LN && v < VN {
        return Some(S + (l * VN + v) * TN);
    }
    let s = a.wrapping_sub(S);
    let t = b.wrapping_sub(T);
    if s < SN && s.is_multiple_of(TN) && t > 0 && t < TN {
        return Some(a + t);
    }
    let key = (a as u64) << 42 | (b as u64) << 21;
    let i = COMPOSE.partition_point(|&e| e < key);
    let e = *COMPOSE.get(i)?;
    (e & !0x1FFFFF == key).then_some((e & 0x1FFFFF) as u32)
}

fn compose(cps: &mut Vec<u32>) {
    // The starter everything may combine with, and the class of the last mark kept after it.
    let mut starter: Option<usize> = None;
    let mut last_class = 0u8;
    let mut w = 0;
    for r in 0..cps.len() {
        let cp = cps[r];
        let class = if cp < 0x300 { 0 } else { combining_class(cp) };
        if let Some(st) = starter {
            let adjacent = w == st + 1;
            let blocked = !adjacent && (last_class == 0 || last_class >= class);
            if !blocked
                && (adjacent || class != 0)
                && cp >= 0x300
                && normalization_bits(cp) & Q_SECOND != 0
                && let Some(c) = compose_pair(cps[st], cp)
            {
                cps[st] = c;
                continue;
            }
        }
        if class == 0 {
            starter = Some(w);
        }
        last_class = class;
        cps[w] = cp;
        w += 1;
    }
    cps.truncate(w);
}

/// Append the normalized text. `false` (and nothing appended) if the text is normalized already.
pub fn normalize(s: &[u8], form: Form, ucd: Ucd, out: &mut Vec<u8>) -> bool {
    if s.is_ascii() || (ucd == Ucd::Current && quick_check(s, form)) {
        return false;
    }
    let mut cps = decompose(s, form.is_compatibility(), ucd);
    if form.composes() {
        compose(&mut cps);
    }
    room::reserve(out, s.len());
    cps.into_iter().for_each(|cp| wtf8::push(out, cp));
    true
}

/// Whether the text is normalized.
pub fn is_normalized(s: &[u8], form: Form, ucd: Ucd) -> bool {
    let mut out = Vec::new();
    !normalize(s, form, ucd, &mut out) || out == s
}

#[cfg(test)]
mod tests {
    use super::*;

    fn norm(s: &str, form: Form) -> String {
        let mut out = Vec::new();
        if !normalize(s.as_bytes(), form, Ucd::Current, &mut out) {
            return s.to_string();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn forms() {
        assert_eq!(norm("e\u{301}", Form::Nfc), "é");
        assert_eq!(norm("é", Form::Nfd), "e\u{301}");
        assert_eq!(norm("\u{fb01}", Form::Nfkc), "fi");
        assert_eq!(norm("\u{fb01}", Form::Nfc), "\u{fb01}");
        assert_eq!(norm("각", Form::Nfd), "\u{1100}\u{1161}\u{11a8}");
        assert_eq!(norm("\u{1100}\u{1161}\u{11a8}", Form::Nfc), "각");
        assert_eq!(norm("a\u{315}\u{300}\u{5ae}b", Form::Nfc), "à\u{5ae}\u{315}b");
        // Blocked: a starter between.
        assert_eq!(norm("\u{1100}a\u{1161}", Form::Nfc), "\u{1100}a\u{1161}");
        // A mark after a mark of the same class does not combine.
        assert_eq!(norm("a\u{5ae}\u{300}\u{301}", Form::Nfc), "à\u{5ae}\u{301}");
        assert_eq!(norm("\u{0344}", Form::Nfc), "\u{308}\u{301}");
        assert!(is_normalized("é".as_bytes(), Form::Nfc, Ucd::Current));
        assert!(!is_normalized("é".as_bytes(), Form::Nfd, Ucd::Current));
    }
}
