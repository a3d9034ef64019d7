//! Codecs of one byte a character, defined by a table of Python (`codecs.charmap_decode` and friends).
//!
//! The usual tables are strings of 256 characters, for which there are [`DecodeTable`] and [`EncodeTable`] (Python's
//! `EncodingMap`). Other mappings are asked through a function of the caller, which may run Python code. If that raises
//! an exception, the function returns `Abort`; the error then reported has the reason [`ABORTED`], on which the
//! caller's handler gives back the exception it kept.

use super::{DecodeError, Decoder, EncodeError, Encoder, ReplaceError};
use crate::room;
use crate::scan::ascii_prefix;
use crate::wtf8;

/// Reason of the pseudo error after `Abort`.
pub const ABORTED: &str = "";

const UNDEFINED: &str = "character maps to <undefined>";

/// A decoding table given as a string: character `i` for byte `i`, U+FFFE or nothing for undefined.
pub struct DecodeTable {
    chars: Vec<u32>,
    ascii: bool,
}

impl DecodeTable {
    pub fn new(table: &[u8]) -> DecodeTable {
        let chars: Vec<u32> = wtf8::chars(table).take(256).collect();
        let ascii = chars.len() >= 128 && chars[..128].iter().enumerate().all(|(i, &c)| c == i as u32);
        DecodeTable { chars, ascii }
    }
}

impl Decoder for &DecodeTable {
    fn encoding(&self) -> &'static str {
        "charmap"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        _: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        room::reserve(out, input.len() - pos);
        while at < input.len() {
            if self.ascii {
                let n = ascii_prefix(&input[at..]);
                room::append(out, &input[at..at + n]);
                at += n;
            }
            while let Some(&b) = input.get(at)
                && !(self.ascii && b < 128)
            {
                match self.chars.get(b as usize) {
                    None | Some(0xFFFE) => {
                        return Err(DecodeError { start: at, end: at + 1, reason: UNDEFINED });
                    }
                    Some(&cp) => wtf8::push(out, cp),
                }
                at += 1;
            }
        }
        Ok(at)
    }
}

/// What a mapping says of a byte.
pub enum DecodeMapped {
    Undefined,
    Char(u32),
    Text(Vec<u8>),
    Abort,
}

/// Decoder with a mapping that is asked byte by byte.
pub struct DecodeMapping<F>(pub F);

impl<F: FnMut(u8) -> DecodeMapped> Decoder for DecodeMapping<F> {
    fn encoding(&self) -> &'static str {
        "charmap"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        _: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        for (i, &b) in input[pos..].iter().enumerate() {
            let start = pos + i;
            match (self.0)(b) {
                DecodeMapped::Char(cp) => wtf8::push(out, cp),
                DecodeMapped::Text(t) => room::append(out, &t),
                DecodeMapped::Undefined => {
                    return Err(DecodeError { start, end: start + 1, reason: UNDEFINED });
                }
                DecodeMapped::Abort => return Err(DecodeError { start, end: start + 1, reason: ABORTED }),
            }
        }
        Ok(input.len())
    }
}

/// The inverse of a decoding table: `codecs.charmap_build`.
pub struct EncodeTable {
    /// Page of each 256 code points, 0 for none.
    index: Vec<u8>,
    /// Byte or -1.
    pages: Vec<[i16; 256]>,
    ascii: bool,
}

impl EncodeTable {
    /// From the string that is the decoding table. Of equal characters the last counts.
    pub fn new(table: &[u8]) -> EncodeTable {
        let mut t = EncodeTable { index: vec![0; 0x1100], pages: vec![[-1; 256]], ascii: false };
        for (i, cp) in wtf8::chars(table).take(256).enumerate() {
            if cp == 0xFFFE {
                continue;
            }
            let page = &mut t.index[(cp >> 8) as usize];
            if *page == 0 {
                *page = t.pages.len() as u8;
                t.pages.push([-1; 256]);
            }
            t.pages[*page as usize][(cp & 255) as usize] = i as i16;
        }
        t.ascii = (0..128).all(|i| t.get(i) == Some(i as u8));
        t
    }

    #[inline]
    pub fn get(&self, cp: u32) -> Option<u8> {
        let page = *self.index.get((cp >> 8) as usize)?;
        u8::try_from(self.pages[page as usize][(cp & 255) as usize]).ok()
    }

    /// Bytes of memory, for `__sizeof__`.
    pub fn heap_size(&self) -> usize {
        self.index.len() + self.pages.len() * 512
    }
}

impl Encoder for &EncodeTable {
    fn encoding(&self) -> &'static str {
        "charmap"
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut at = pos;
        room::reserve(out, text.len() - pos);
        while at < text.len() {
            if self.ascii {
                let n = ascii_prefix(&text[at..]);
                room::append(out, &text[at..at + n]);
                at += n;
                if at == text.len() {
                    break;
                }
            }
            let (cp, n) = wtf8::decode(text, at);
            match self.get(cp) {
                Some(b) => out.push(b),
                None => {
                    let mut end = at + n;
                    while end < text.len() {
                        let (cp, n) = wtf8::decode(text, end);
                        if self.get(cp).is_some() {
                            break;
                        }
                        end += n;
                    }
                    return Err(EncodeError { start: at, end, reason: UNDEFINED });
                }
            }
            at += n;
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        self.encode_step(text, 0, out).map_err(|_| ReplaceError::Original)
    }
}

/// What a mapping says of a character.
pub enum EncodeMapped {
    Undefined,
    Byte(u8),
    Bytes(Vec<u8>),
    Abort,
}

/// Encoder with a mapping that is asked character by character.
pub struct EncodeMapping<F>(pub F);

impl<F: FnMut(u32) -> EncodeMapped> EncodeMapping<F> {
    /// Append the bytes of a character; otherwise why not.
    fn put(&mut self, cp: u32, out: &mut Vec<u8>) -> Result<(), &'static str> {
        match (self.0)(cp) {
            EncodeMapped::Byte(b) => room::append(out, &[b]),
            EncodeMapped::Bytes(b) => room::append(out, &b),
            EncodeMapped::Undefined => return Err(UNDEFINED),
            EncodeMapped::Abort => return Err(ABORTED),
        }
        Ok(())
    }
}

impl<F: FnMut(u32) -> EncodeMapped> Encoder for EncodeMapping<F> {
    fn encoding(&self) -> &'static str {
        "charmap"
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut at = pos;
        while at < text.len() {
            let (cp, n) = wtf8::decode(text, at);
            if let Err(mut reason) = self.put(cp, out) {
                let mut end = at + n;
                // The run ends where a character maps; what it maps to is asked for again.
                while reason == UNDEFINED && end < text.len() {
                    let (cp, n) = wtf8::decode(text, end);
                    match (self.0)(cp) {
                        EncodeMapped::Undefined => end += n,
                        EncodeMapped::Abort => reason = ABORTED,
                        _ => break,
                    }
                }
                return Err(EncodeError { start: at, end, reason });
            }
            at += n;
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        // An exception of the mapping is left to the caller, who kept it.
        wtf8::chars(text).try_for_each(|cp| self.put(cp, out)).map_err(|_| ReplaceError::Original)
    }
}

#[cfg(test)]
mod tests {
    use super::super::handlers::{Handler, Standard};
    use super::super::{decode, encode};
    use super::*;

    #[test]
    fn tables() {
        let table: String = (0..128).map(|b| b as u8 as char).chain("€\u{FFFE}é".chars()).collect();
        let (d, e) = (DecodeTable::new(table.as_bytes()), EncodeTable::new(table.as_bytes()));
        let mut out = Vec::new();
        decode(&mut &d, b"abc\x80\x82d", true, &mut Standard(Handler::Strict), &mut out).unwrap();
        assert_eq!(out, "abc€éd".as_bytes());
        let err = decode(&mut &d, b"a\x81", true, &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((err.start, err.end, err.reason), (1, 2, UNDEFINED));
        out.clear();
        encode(&mut &e, "abc€éd".as_bytes(), &mut Standard(Handler::Strict), &mut out).unwrap();
        assert_eq!(out, b"abc\x80\x82d");
        let err = encode(&mut &e, "aüßb".as_bytes(), &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((err.start, err.end), (1, 3));
        out.clear();
        encode(&mut &e, "aüßb".as_bytes(), &mut Standard(Handler::XmlCharRefReplace), &mut out).unwrap();
        assert_eq!(out, b"a&#252;&#223;b");
    }

    #[test]
    fn mappings() {
        let mut m = EncodeMapping(|cp| match cp {
            0x61 => EncodeMapped::Bytes(b"xy".to_vec()),
            0x62 => EncodeMapped::Byte(0),
            _ => EncodeMapped::Undefined,
        });
        let mut out = Vec::new();
        let e = encode(&mut m, b"abccb", &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((out.as_slice(), e.start, e.end), (&b"xy\0"[..], 2, 4));
        // The replacement "?" does not map either: the original error.
        assert!(encode(&mut m, b"abcc", &mut Standard(Handler::Replace), &mut out).is_err());
    }
}
