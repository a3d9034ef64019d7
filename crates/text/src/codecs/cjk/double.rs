//! The codecs of one and two bytes and their relatives: everything but ISO 2022.

use super::maps::{self, EncodeMap, MapId, PLANE2, decode_map, encode_map};
use super::{Codec, State, Trouble};
use crate::wtf8;

use Codec::*;

type Decoded = Result<usize, Trouble>;

/// The map of a codec.
fn map_of(codec: Codec) -> MapId {
    match codec {
        Gb2312 | Hz => MapId::Gb2312,
        Gbk => MapId::Gbk,
        Gb18030 => MapId::Gb18030,
        Big5 => MapId::Big5,
        Cp950 => MapId::Cp950,
        Big5Hkscs => MapId::Big5Hkscs,
        ShiftJis => MapId::ShiftJis,
        Cp932 => MapId::Cp932,
        EucJp => MapId::Jis,
        ShiftJis2004 | EucJis2004 => MapId::Jisx0213,
        ShiftJisx0213 | EucJisx0213 => MapId::Jisx0213Of2000,
        EucKr => MapId::Ksx1001,
        Cp949 => MapId::Cp949,
        Johab => MapId::Johab,
        _ => unreachable!("not a codec of this module"),
    }
}

fn push(chars: [u32; 2], out: &mut Vec<u8>) {
    wtf8::push(out, chars[0]);
    if chars[1] != 0 {
        wtf8::push(out, chars[1]);
    }
}

/// Append the text of a code, or say that `wrong` bytes are illegal.
fn put(map: MapId, code: u16, used: usize, wrong: usize, out: &mut Vec<u8>) -> Decoded {
    match decode_map(map).get(code) {
        Some(chars) => {
            push(chars, out);
            Ok(used)
        }
        None => Err(Trouble::Illegal(wrong)),
    }
}

/// Whether the code is in the standard of 2004 only, which CPython treats as an error of two bytes in that of 2000.
fn only_2004(map: MapId, code: u16) -> bool {
    map == MapId::Jisx0213Of2000
        && decode_map(map).get(code).is_none()
        && decode_map(MapId::Jisx0213).get(code).is_some()
}

/// Whether a row (from 0x21) of plane 2 belongs to JIS X 0213; the others are of JIS X 0212.
pub(super) fn is_0213_row(row: u8) -> bool {
    matches!(row, 0x21 | 0x23..=0x25 | 0x28 | 0x2C..=0x2F | 0x6E..=0x7E)
}

/// Decode the character `s` begins with; gives its length.
pub(super) fn decode(codec: Codec, state: &mut State, s: &[u8], out: &mut Vec<u8>) -> Decoded {
    let b = s[0];
    match codec {
        Hz => return decode_hz(state, s, out),
        ShiftJis | ShiftJis2004 | ShiftJisx0213 => return decode_shift_jis(codec, s, out),
        _ => {}
    }
    if b < 128 {
        out.push(b);
        return Ok(1);
    }
    let map = map_of(codec);
    if codec == Cp932
        && let Some(chars) = decode_map(map).get(b as u16)
    {
        push(chars, out);
        return Ok(1);
    }
    let &c = s.get(1).ok_or(Trouble::TooFew)?;
    let code = u16::from_be_bytes([b, c]);
    match codec {
        Gb18030 if c.is_ascii_digit() => decode_gb18030(s, out),
        EucKr if code == 0xA4D4 => decode_make_up(s, out),
        EucJp | EucJis2004 | EucJisx0213 => match b {
            0x8E if (0xA1..=0xDF).contains(&c) => {
                wtf8::push(out, 0xFEC0 + c as u32);
                Ok(2)
            }
            0x8E => Err(Trouble::Illegal(1)),
            0x8F => {
                let &d = s.get(2).ok_or(Trouble::TooFew)?;
                if c < 128 || d < 128 {
                    return Err(Trouble::Illegal(1));
                }
                put(map, u16::from_be_bytes([c, d]) & 0x7F7F | PLANE2, 3, 1, out)
            }
            _ if c < 128 => Err(Trouble::Illegal(1)),
            _ => {
                let code = code & 0x7F7F;
                put(map, code, 2, 1 + only_2004(map, code) as usize, out)
            }
        },
        EucKr if c < 128 => Err(Trouble::Illegal(1)),
        EucKr => put(map, code & 0x7F7F, 2, 1, out),
        _ => put(map, code, 2, 1, out),
    }
}

fn decode_shift_jis(codec: Codec, s: &[u8], out: &mut Vec<u8>) -> Decoded {
    let b = s[0];
    let roman = codec != ShiftJis;
    let single = match b {
        b'\\' if roman => 0xA5,
        b'~' if roman => 0x203E,
        0..=127 => b as u32,
        0xA1..=0xDF => 0xFEC0 + b as u32,
        0x81..=0x9F | 0xE0..=0xEA => 0,
        0xEB..=0xFC if roman => 0,
        _ => return Err(Trouble::Illegal(1)),
    };
    if single != 0 || b == 0 {
        wtf8::push(out, single);
        return Ok(1);
    }
    let &c = s.get(1).ok_or(Trouble::TooFew)?;
    if codec == ShiftJis {
        return put(MapId::ShiftJis, u16::from_be_bytes([b, c]), 2, 1, out);
    }
    if !matches!(c, 0x40..=0x7E | 0x80..=0xFC) {
        return Err(Trouble::Illegal(1));
    }
    let (row, cell) = maps::shift_jis_cell(b, c);
    let code = match row {
        0..=93 => (row as u16 + 0x21) << 8 | cell,
        // Plane 2: the rows that exist, one after the other.
        _ => {
            let row = match row + 0x21 {
                r @ 0x88.. => r - 0x1A,
                r @ (0x84.. | 0x80) => r - 0x58,
                r => r - 0x5E,
            };
            PLANE2 | (row as u16) << 8 | cell
        }
    };
    match code {
        0x2140 => out.push(b'\\'),
        0x2232 => out.push(b'~'),
        _ => {
            let map = map_of(codec);
            return put(map, code, 2, 1 + only_2004(map, code) as usize, out);
        }
    }
    Ok(2)
}

/// HZ: `~{` and `~}` around pairs of 7-bit bytes, `~~` for a tilde, `~\n` for nothing.
fn decode_hz(state: &mut State, s: &[u8], out: &mut Vec<u8>) -> Decoded {
    let b = s[0];
    let shifted = state.0[0] != 0;
    if b == b'~' {
        match (*s.get(1).ok_or(Trouble::TooFew)?, shifted) {
            (b'~', false) => out.push(b'~'),
            (b'{', false) => state.0[0] = 1,
            (b'\n', false) => {}
            (b'}', true) => state.0[0] = 0,
            _ => return Err(Trouble::Illegal(1)),
        }
        return Ok(2);
    }
    if b >= 128 {
        return Err(Trouble::Illegal(1));
    }
    if !shifted {
        out.push(b);
        return Ok(1);
    }
    let &c = s.get(1).ok_or(Trouble::TooFew)?;
    if c >= 128 {
        return Err(Trouble::Illegal(1));
    }
    put(MapId::Gb2312, u16::from_be_bytes([b, c]) | 0x8080, 2, 1, out)
}

/// The four-byte codes of GB 18030.
fn decode_gb18030(s: &[u8], out: &mut Vec<u8>) -> Decoded {
    let &[a, b, c, d] = s.first_chunk::<4>().ok_or(Trouble::TooFew)?;
    if !matches!((a, c, d), (0x81..=0xFE, 0x81..=0xFE, b'0'..=b'9')) {
        return Err(Trouble::Illegal(1));
    }
    let (a, b, c, d) = (a as u32 - 0x81, b as u32 - 0x30, c as u32 - 0x81, d as u32 - 0x30);
    let number = |a: u32| ((a * 10 + b) * 126 + c) * 10 + d;
    let cp = if a < 4 {
        let n = number(a);
        let ranges = maps::gb18030_ranges();
        let i = ranges.partition_point(|r| r.0 <= n);
        i.checked_sub(1).map(|i| ranges[i]).filter(|r| n < r.0 + r.2).map(|r| r.1 + n - r.0)
    } else if a >= 15 {
        Some(0x10000 + number(a - 15)).filter(|&cp| cp <= wtf8::MAX)
    } else {
        None
    };
    wtf8::push(out, cp.ok_or(Trouble::Illegal(1))?);
    Ok(4)
}

/// Cells of KS X 1001 (row 0xA4) of the initial and final consonants of Hangul.
const INITIALS: [u8; 19] = [
    0xA1, 0xA2, 0xA4, 0xA7, 0xA8, 0xA9, 0xB1, 0xB2, 0xB3, 0xB5, 0xB6, 0xB7, 0xB8, 0xB9, 0xBA, 0xBB, 0xBC,
    0xBD, 0xBE,
];
const FINALS: [u8; 28] = [
    0xD4, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0xB0, 0xB1,
    0xB2, 0xB4, 0xB5, 0xB6, 0xB7, 0xB8, 0xBA, 0xBB, 0xBC, 0xBD, 0xBE,
];

/// KS X 1001 annex 3: a syllable without a code, made up of a filler and three letters.
fn decode_make_up(s: &[u8], out: &mut Vec<u8>) -> Decoded {
    let s = s.first_chunk::<8>().ok_or(Trouble::TooFew)?;
    let l = INITIALS.iter().position(|&b| b == s[3]);
    let v = s[5].checked_sub(0xBF).filter(|&v| v < 21);
    let t = FINALS.iter().position(|&b| b == s[7]);
    match (l, v, t) {
        (Some(l), Some(v), Some(t)) if s[2] == 0xA4 && s[4] == 0xA4 && s[6] == 0xA4 => {
            wtf8::push(out, 0xAC00 + l as u32 * 588 + v as u32 * 28 + t as u32);
            Ok(8)
        }
        _ => Err(Trouble::Illegal(1)),
    }
}

/// The code of a character, or of it and the next; and how many characters.
pub(super) fn code_of(
    map: &EncodeMap,
    cp: u32,
    next: Option<u32>,
    flush: bool,
) -> Result<(Option<u16>, usize), Trouble> {
    if map.begins_pair(cp) {
        match next {
            None if !flush => return Err(Trouble::TooFew),
            None => {}
            Some(next) => {
                if let Some(code) = map.pair(cp, next) {
                    return Ok((Some(code), 2));
                }
            }
        }
    }
    Ok((map.get(cp), 1))
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
    let illegal = Trouble::Illegal(1);
    let roman = matches!(codec, ShiftJis2004 | ShiftJisx0213);
    if cp < 128 && !(roman && matches!(cp as u8, b'\\' | b'~')) {
        if codec == Hz {
            reset_encoder(codec, state, out);
            if cp == b'~' as u32 {
                out.push(b'~');
            }
        }
        out.push(cp as u8);
        return Ok(1);
    }
    if roman {
        // In the Roman set of JIS X 0201 these two places are taken, and the other way round.
        let code = match cp {
            0x5C => Some(0x815F),
            0x7E => Some(0x81B0),
            0xA5 => Some(0x5C),
            0x203E => Some(0x7E),
            0xFF3C | 0xFF5E => return Err(illegal),
            0xFF61..=0xFF9F => Some((cp - 0xFEC0) as u16),
            _ => None,
        };
        if let Some(code) = code {
            push_code(code, out);
            return Ok(1);
        }
    }
    let (code, used) = code_of(encode_map(map_of(codec)), cp, next, flush)?;
    match codec {
        EucJp | EucJis2004 | EucJisx0213 => match (code, cp) {
            (Some(code), _) => {
                if code & PLANE2 != 0 {
                    out.push(0x8F);
                }
                out.extend_from_slice(&(code | 0x8080).to_be_bytes());
            }
            (None, 0xFF61..=0xFF9F) => out.extend_from_slice(&[0x8E, (cp - 0xFEC0) as u8]),
            (None, 0xA5) if codec == EucJp => out.push(0x5C),
            (None, 0x203E) if codec == EucJp => out.push(0x7E),
            _ => return Err(illegal),
        },
        EucKr => match (code, cp) {
            (Some(code), _) => out.extend_from_slice(&(code | 0x8080).to_be_bytes()),
            (None, 0xAC00..=0xD7A3) => {
                let i = cp as usize - 0xAC00;
                let (l, v, t) = (INITIALS[i / 588], 0xBF + (i % 588 / 28) as u8, FINALS[i % 28]);
                out.extend_from_slice(&[0xA4, 0xD4, 0xA4, l, 0xA4, v, 0xA4, t]);
            }
            _ => return Err(illegal),
        },
        Gb18030 => match code {
            Some(code) => push_code(code, out),
            None => encode_gb18030(cp, out).ok_or(illegal)?,
        },
        Hz => {
            let code = code.ok_or(illegal)?;
            if state.0[0] == 0 {
                out.extend_from_slice(b"~{");
                state.0[0] = 1;
            }
            out.extend_from_slice(&(code & 0x7F7F).to_be_bytes());
        }
        ShiftJis2004 | ShiftJisx0213 => {
            let code = code.ok_or(illegal)?;
            let row = (code >> 8) as u8 & 0x7F;
            let row = if code & PLANE2 == 0 {
                row as u32 - 0x21
            } else if !is_0213_row(row) {
                return Err(illegal);
            } else {
                row as u32 - 0x21
                    + match row {
                        0x6E.. => 0x1A,
                        0x2C.. | 0x28 => 0x58,
                        _ => 0x5E,
                    }
            };
            out.extend_from_slice(&maps::shift_jis_code(row, code).to_be_bytes());
        }
        _ => push_code(code.ok_or(illegal)?, out),
    }
    Ok(used)
}

fn push_code(code: u16, out: &mut Vec<u8>) {
    if code < 0x100 {
        out.push(code as u8);
    } else {
        out.extend_from_slice(&code.to_be_bytes());
    }
}

fn encode_gb18030(cp: u32, out: &mut Vec<u8>) -> Option<()> {
    let (mut n, lead) = if cp >= 0x10000 {
        (cp - 0x10000, 0x90)
    } else {
        let r = maps::gb18030_ranges().iter().find(|r| r.1 <= cp && cp < r.1 + r.2)?;
        (r.0 + cp - r.1, 0x81)
    };
    let d = n % 10;
    n /= 10;
    let c = n % 126;
    n /= 126;
    out.extend_from_slice(&[lead + (n / 10) as u8, 0x30 + (n % 10) as u8, 0x81 + c as u8, 0x30 + d as u8]);
    Some(())
}

/// Leave the state.
pub(super) fn reset_encoder(codec: Codec, state: &mut State, out: &mut Vec<u8>) {
    if codec == Hz && state.0[0] != 0 {
        out.extend_from_slice(b"~}");
        state.0[0] = 0;
    }
}
