//! The ISO 2022 family: character sets are designated to G0, G1 (used between SO and SI) and G2 (by single shift)
//! through escape sequences.

use super::double::{code_of, is_0213_row};
use super::maps::{MapId, PLANE2, decode_map, encode_map};
use super::{Codec, State, Trouble};
use crate::wtf8;

const ESC: u8 = 0x1B;
const SO: u8 = 0x0E;
const SI: u8 = 0x0F;

/// Mark of sets of two bytes: bit 7 beside the final byte of their escape sequence.
const DOUBLE: u8 = 0x80;
pub(super) const ASCII: u8 = b'B';
const LATIN1: u8 = b'A';
const GREEK: u8 = b'F';
const KATAKANA: u8 = b'I';
const ROMAN: u8 = b'J';
const GB2312: u8 = b'A' | DOUBLE;
const JISX0208: u8 = b'B' | DOUBLE;
const JISX0208_1978: u8 = b'@' | DOUBLE;
const KSX1001: u8 = b'C' | DOUBLE;
const JISX0212: u8 = b'D' | DOUBLE;
const JISX0213_2000: u8 = b'O' | DOUBLE;
const JISX0213_2: u8 = b'P' | DOUBLE;
const JISX0213_2004: u8 = b'Q' | DOUBLE;

/// Places in the state: G0 to G2, then flags.
const G1: usize = 1;
const G2: usize = 2;
const FLAGS: usize = 4;
const SHIFTED: u8 = 1;
const THROUGH: u8 = 2;

/// The character sets of a codec, in the order the encoder tries them.
fn sets(codec: Codec) -> &'static [u8] {
    match codec {
        Codec::Iso2022Kr => &[KSX1001],
        Codec::Iso2022Jp => &[JISX0208, ROMAN, JISX0208_1978],
        Codec::Iso2022Jp1 => &[JISX0208, JISX0212, ROMAN, JISX0208_1978],
        Codec::Iso2022Jp2 => &[JISX0208, JISX0212, KSX1001, GB2312, ROMAN, JISX0208_1978, LATIN1, GREEK],
        Codec::Iso2022Jp2004 => &[JISX0208, JISX0213_2004, JISX0213_2],
        Codec::Iso2022Jp3 => &[JISX0208, JISX0213_2000, JISX0213_2],
        Codec::Iso2022JpExt => &[JISX0208, JISX0212, ROMAN, KATAKANA, JISX0208_1978],
        _ => unreachable!("not a codec of this module"),
    }
}

/// The edition of JIS X 0213 a codec has.
fn edition(codec: Codec) -> MapId {
    if codec == Codec::Iso2022Jp3 { MapId::Jisx0213Of2000 } else { MapId::Jisx0213 }
}

pub(super) fn reset_decoder(state: &mut State) {
    state.0[0] = ASCII;
    state.0[FLAGS] &= !SHIFTED;
}

pub(super) fn reset_encoder(state: &mut State, out: &mut Vec<u8>) {
    unshift(state, out);
    to_ascii(state, out);
}

fn unshift(state: &mut State, out: &mut Vec<u8>) {
    if state.0[FLAGS] & SHIFTED != 0 {
        out.push(SI);
        state.0[FLAGS] &= !SHIFTED;
    }
}

fn to_ascii(state: &mut State, out: &mut Vec<u8>) {
    if state.0[0] != ASCII {
        out.extend_from_slice(&[ESC, b'(', b'B']);
        state.0[0] = ASCII;
    }
}

/// Decode a character or a control sequence; gives its length.
pub(super) fn decode(codec: Codec, state: &mut State, s: &[u8], out: &mut Vec<u8>) -> Result<usize, Trouble> {
    let b = s[0];
    let shifts = codec == Codec::Iso2022Kr;
    if state.0[FLAGS] & THROUGH != 0 {
        // An escape sequence of some other kind is passed through up to its final byte.
        wtf8::push(out, b as u32);
        if is_final(b) {
            state.0[FLAGS] &= !THROUGH;
        }
        return Ok(1);
    }
    match b {
        ESC => {
            return match s.get(1).ok_or(Trouble::TooFew)? {
                b'(' | b')' | b'$' | b'.' | b'&' => designate(codec, state, s),
                b'N' if codec == Codec::Iso2022Jp2 => single_shift(state, s, out),
                _ => {
                    out.push(ESC);
                    state.0[FLAGS] |= THROUGH;
                    Ok(1)
                }
            };
        }
        SI if shifts => {
            state.0[FLAGS] &= !SHIFTED;
            return Ok(1);
        }
        SO if shifts => {
            state.0[FLAGS] |= SHIFTED;
            return Ok(1);
        }
        b'\n' => {
            state.0[FLAGS] &= !SHIFTED;
            out.push(b);
            return Ok(1);
        }
        0..0x20 => {
            out.push(b);
            return Ok(1);
        }
        0x80.. => return Err(Trouble::Illegal(1)),
        _ => {}
    }
    let set = state.0[if state.0[FLAGS] & SHIFTED != 0 { G1 } else { 0 }];
    if set == ASCII {
        out.push(b);
        return Ok(1);
    }
    if set & DOUBLE == 0 {
        let cp = match (set, b) {
            (ROMAN, b'\\') => 0xA5,
            (ROMAN, b'~') => 0x203E,
            (ROMAN, _) => b as u32,
            (KATAKANA, 0x21..=0x5F) => 0xFF40 + b as u32,
            _ => return Err(Trouble::Illegal(1)),
        };
        wtf8::push(out, cp);
        return Ok(1);
    }
    const SETS: [u8; 8] =
        [GB2312, JISX0208, JISX0208_1978, KSX1001, JISX0212, JISX0213_2000, JISX0213_2, JISX0213_2004];
    if !SETS.contains(&set) {
        // Only `setstate` can bring that.
        return Err(Trouble::Illegal(1));
    }
    let &c = s.get(1).ok_or(Trouble::TooFew)?;
    let illegal = Trouble::Illegal(2);
    if c >= 128 {
        return Err(illegal);
    }
    let code = u16::from_be_bytes([b, c]);
    let (map, code) = match set {
        GB2312 => (MapId::Gb2312, code | 0x8080),
        KSX1001 => (MapId::Ksx1001, code),
        JISX0212 => (MapId::Jis, code | PLANE2),
        JISX0213_2000 | JISX0213_2004 if code == 0x2232 => {
            // Here, unlike in EUC, the tilde of the Roman set of JIS X 0201.
            out.push(b'~');
            return Ok(2);
        }
        JISX0213_2000 | JISX0213_2004 => (edition(codec), code),
        JISX0213_2 if !is_0213_row(b) => return Err(illegal),
        // CPython has the edition of 2004 here even where the codec is of 2000.
        JISX0213_2 => (MapId::Jisx0213, code | PLANE2),
        _ => (MapId::Jis, code),
    };
    let chars = decode_map(map).get(code).ok_or(illegal)?;
    wtf8::push(out, chars[0]);
    if chars[1] != 0 {
        wtf8::push(out, chars[1]);
    }
    Ok(2)
}

fn is_final(b: u8) -> bool {
    matches!(b, b'@'..=b'Z')
}

/// An escape sequence that designates a set.
fn designate(codec: Codec, state: &mut State, s: &[u8]) -> Result<usize, Trouble> {
    const MAX: usize = 16;
    let japanese = codec != Codec::Iso2022Kr;
    let mut i = 1;
    let len = loop {
        if i >= MAX {
            return Err(Trouble::Illegal(1));
        }
        let &b = s.get(i).ok_or(Trouble::TooFew)?;
        if is_final(b) {
            break i + 1;
        }
        // "ESC & @" announces a revision and precedes another sequence.
        if japanese && b == b'&' && s.get(i + 1) == Some(&b'@') {
            i += 2;
        }
        i += 1;
    };
    let illegal = Trouble::Illegal(len);
    let (g, set) = match s[1..len] {
        [b'$', b] => (0, b | DOUBLE),
        [b'(', b] => (0, b),
        [b')', b] => (G1, b),
        [b'.', b] if codec == Codec::Iso2022Jp2 => (G2, b),
        [b'$', b'(', b] => (0, b | DOUBLE),
        [b'$', b')', b] => (G1, b | DOUBLE),
        [_, _, ESC, b'$', b'B'] if japanese => (0, JISX0208),
        _ => return Err(illegal),
    };
    if set != ASCII && !sets(codec).contains(&set) {
        return Err(illegal);
    }
    state.0[g] = set;
    Ok(len)
}

/// A character of G2.
fn single_shift(state: &State, s: &[u8], out: &mut Vec<u8>) -> Result<usize, Trouble> {
    let &b = s.get(2).ok_or(Trouble::TooFew)?;
    let illegal = Trouble::Illegal(3);
    let cp = match state.0[G2] {
        _ if b >= 128 && state.0[G2] != GREEK => return Err(illegal),
        LATIN1 => b as u32 + 0x80,
        GREEK => greek(b ^ 0x80).ok_or(illegal)?,
        _ => b as u32,
    };
    wtf8::push(out, cp);
    Ok(3)
}

/// ISO 8859-7 of 1987.
fn greek(b: u8) -> Option<u32> {
    Some(match b {
        0..0xA0 | 0xA0 | 0xA3 | 0xA6..=0xA9 | 0xAB..=0xAD | 0xB0..=0xB3 | 0xB7 | 0xBB | 0xBD => b as u32,
        0xA1 => 0x2018,
        0xA2 => 0x2019,
        0xAF => 0x2015,
        0xB4..=0xB6 | 0xB8..=0xBA | 0xBC | 0xBE..=0xD1 | 0xD3..=0xFE => 0x2D0 + b as u32,
        _ => return None,
    })
}

/// The set and the code in it of a character (or of it and the next), and how many characters.
fn find(codec: Codec, cp: u32, next: Option<u32>, flush: bool) -> Result<Option<(u8, u16, usize)>, Trouble> {
    let jis = || encode_map(MapId::Jis).get(cp);
    let sets = sets(codec);
    let mut wide = None;
    if sets.contains(&JISX0213_2) {
        let (code, used) = code_of(encode_map(edition(codec)), cp, next, flush)?;
        if let (Some(code), 2) = (code, used) {
            return Ok(Some((sets[1], code, 2)));
        }
        wide = code.filter(|_| cp != 0xFF5E);
    }
    for &set in sets {
        let code = match set {
            JISX0208 | JISX0208_1978 => jis().filter(|c| c & PLANE2 == 0),
            JISX0212 => jis().filter(|c| c & PLANE2 != 0).map(|c| c & !PLANE2),
            JISX0213_2000 | JISX0213_2004 => wide.filter(|c| c & PLANE2 == 0),
            JISX0213_2 => {
                wide.filter(|c| c & PLANE2 != 0 && is_0213_row((c >> 8) as u8 & 0x7F)).map(|c| c & !PLANE2)
            }
            KSX1001 => encode_map(MapId::Ksx1001).get(cp),
            GB2312 => encode_map(MapId::Gb2312).get(cp).map(|c| c & 0x7F7F),
            ROMAN => match cp {
                0xA5 => Some(0x5C),
                0x203E => Some(0x7E),
                _ => None,
            },
            KATAKANA => (0xFF61..=0xFF9F).contains(&cp).then(|| (cp - 0xFF40) as u16),
            _ => None,
        };
        if let Some(code) = code {
            return Ok(Some((set, code, 1)));
        }
    }
    Ok(None)
}

/// Encode a character; gives how many were used.
pub(super) fn encode(
    codec: Codec,
    state: &mut State,
    cp: u32,
    next: Option<u32>,
    flush: bool,
    out: &mut Vec<u8>,
) -> Result<usize, Trouble> {
    if cp < 128 {
        to_ascii(state, out);
        unshift(state, out);
        out.push(cp as u8);
        return Ok(1);
    }
    let (set, code, used) = find(codec, cp, next, flush)?.ok_or(Trouble::Illegal(1))?;
    let last = set & !DOUBLE;
    if codec == Codec::Iso2022Kr {
        if state.0[G1] != set {
            out.extend_from_slice(&[ESC, b'$', b')', last]);
            state.0[G1] = set;
        }
        if state.0[FLAGS] & SHIFTED == 0 {
            out.push(SO);
            state.0[FLAGS] |= SHIFTED;
        }
    } else if state.0[0] != set {
        match set {
            JISX0208 => out.extend_from_slice(&[ESC, b'$', last]),
            _ if set & DOUBLE == 0 => out.extend_from_slice(&[ESC, b'(', last]),
            _ => out.extend_from_slice(&[ESC, b'$', b'(', last]),
        }
        state.0[0] = set;
    }
    if set & DOUBLE == 0 {
        out.push(code as u8);
    } else {
        out.extend_from_slice(&code.to_be_bytes());
    }
    Ok(used)
}
