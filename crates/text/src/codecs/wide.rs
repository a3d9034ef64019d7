//! UTF-16 and UTF-32 in both byte orders, with and without byte order mark.

use super::{DecodeError, Decoder, EncodeError, Encoder, ReplaceError};
use crate::room;
use crate::scan::ascii_prefix;
use crate::wtf8;

/// Byte order as `codecs.utf_16_ex_decode` has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    Little = -1,
    /// Decoding: by the mark, else the machine's. Encoding: the machine's, after a mark.
    Native = 0,
    Big = 1,
}

impl Order {
    fn is_big(self) -> bool {
        match self {
            Order::Little => false,
            Order::Native => cfg!(target_endian = "big"),
            Order::Big => true,
        }
    }
}

macro_rules! names {
    ($order:expr, $plain:literal, $little:literal, $big:literal) => {
        match $order {
            Order::Native => $plain,
            Order::Little => $little,
            Order::Big => $big,
        }
    };
}

/// Decoder of UTF-16. `order` becomes that of the byte order mark, if there is one.
pub struct Utf16Decoder {
    pub order: Order,
    started: bool,
}

/// Decoder of UTF-32. `order` becomes that of the byte order mark, if there is one.
pub struct Utf32Decoder {
    pub order: Order,
    started: bool,
}

impl Utf16Decoder {
    pub fn new(order: Order) -> Utf16Decoder {
        Utf16Decoder { order, started: order != Order::Native }
    }

    fn run<const BIG: bool>(
        input: &[u8],
        mut at: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let unit = |at: usize| {
            let u = [input[at], input[at + 1]];
            if BIG { u16::from_be_bytes(u) } else { u16::from_le_bytes(u) }
        };
        room::reserve(out, (input.len() - at) / 2);
        while at + 2 <= input.len() {
            // Four ASCII units at once.
            if let Some(w) = input[at..].first_chunk::<8>() {
                let x = if BIG {
                    u64::from_be_bytes(*w).swap_bytes().swap_units()
                } else {
                    u64::from_le_bytes(*w)
                };
                if x & 0xFF80_FF80_FF80_FF80 == 0 {
                    room::append(out, &[x as u8, (x >> 16) as u8, (x >> 32) as u8, (x >> 48) as u8]);
                    at += 8;
                    continue;
                }
            }
            let u = unit(at) as u32;
            match u {
                0xD800..=0xDBFF => {
                    if at + 4 > input.len() {
                        if !is_final {
                            return Ok(at);
                        }
                        let end = input.len();
                        return Err(DecodeError { start: at, end, reason: "unexpected end of data" });
                    }
                    let low = unit(at + 2) as u32;
                    if !(0xDC00..=0xDFFF).contains(&low) {
                        return Err(DecodeError {
                            start: at,
                            end: at + 2,
                            reason: "illegal UTF-16 surrogate",
                        });
                    }
                    wtf8::push(out, 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00));
                    at += 4;
                }
                0xDC00..=0xDFFF => {
                    return Err(DecodeError { start: at, end: at + 2, reason: "illegal encoding" });
                }
                _ => {
                    wtf8::push(out, u);
                    at += 2;
                }
            }
        }
        if at < input.len() && is_final {
            return Err(DecodeError { start: at, end: input.len(), reason: "truncated data" });
        }
        Ok(at)
    }
}

/// Units of 16 bits with their bytes exchanged.
trait SwapUnits {
    fn swap_units(self) -> Self;
}

impl SwapUnits for u64 {
    #[inline]
    fn swap_units(self) -> u64 {
        (self & 0x00FF_00FF_00FF_00FF) << 8 | (self >> 8) & 0x00FF_00FF_00FF_00FF
    }
}

impl Decoder for Utf16Decoder {
    fn encoding(&self) -> &'static str {
        if self.order.is_big() { "utf-16-be" } else { "utf-16-le" }
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        mut pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        if !self.started && input.len() >= 2 {
            self.started = true;
            match input {
                [0xFF, 0xFE, ..] => (self.order, pos) = (Order::Little, 2),
                [0xFE, 0xFF, ..] => (self.order, pos) = (Order::Big, 2),
                _ => {}
            }
        }
        if self.order.is_big() {
            Self::run::<true>(input, pos, is_final, out)
        } else {
            Self::run::<false>(input, pos, is_final, out)
        }
    }
}

impl Utf32Decoder {
    pub fn new(order: Order) -> Utf32Decoder {
        Utf32Decoder { order, started: order != Order::Native }
    }
}

impl Decoder for Utf32Decoder {
    fn encoding(&self) -> &'static str {
        if self.order.is_big() { "utf-32-be" } else { "utf-32-le" }
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        if !self.started && input.len() >= 4 {
            self.started = true;
            match input {
                [0xFF, 0xFE, 0, 0, ..] => (self.order, at) = (Order::Little, 4),
                [0, 0, 0xFE, 0xFF, ..] => (self.order, at) = (Order::Big, 4),
                _ => {}
            }
        }
        let big = self.order.is_big();
        room::reserve(out, (input.len() - at) / 4);
        while let Some(w) = input[at..].first_chunk::<4>() {
            let cp = if big { u32::from_be_bytes(*w) } else { u32::from_le_bytes(*w) };
            let reason = if wtf8::is_surrogate(cp) {
                "code point in surrogate code point range(0xd800, 0xe000)"
            } else if cp > wtf8::MAX {
                "code point not in range(0x110000)"
            } else {
                wtf8::push(out, cp);
                at += 4;
                continue;
            };
            return Err(DecodeError { start: at, end: at + 4, reason });
        }
        if at < input.len() && is_final {
            return Err(DecodeError { start: at, end: input.len(), reason: "truncated data" });
        }
        Ok(at)
    }
}

/// Encoder of UTF-16; [`Order::Native`] begins with a byte order mark.
pub struct Utf16Encoder(pub Order);

/// Encoder of UTF-32; [`Order::Native`] begins with a byte order mark.
pub struct Utf32Encoder(pub Order);

const SURROGATES: &str = "surrogates not allowed";

#[inline]
fn put16(u: u16, big: bool, out: &mut Vec<u8>) {
    room::append(out, &if big { u.to_be_bytes() } else { u.to_le_bytes() });
}

#[inline]
fn put32(u: u32, big: bool, out: &mut Vec<u8>) {
    room::append(out, &if big { u.to_be_bytes() } else { u.to_le_bytes() });
}

impl Encoder for Utf16Encoder {
    fn encoding(&self) -> &'static str {
        names!(self.0, "utf-16", "utf-16-le", "utf-16-be")
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.0 == Order::Native {
            put16(0xFEFF, self.0.is_big(), out);
        }
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let big = self.0.is_big();
        let mut at = pos;
        room::reserve(out, (text.len() - pos) * 2);
        while at < text.len() {
            let n = ascii_prefix(&text[at..]);
            if n > 0 {
                let base = out.len();
                room::fill(out, 2 * n, 0);
                for (u, &b) in out[base..].as_chunks_mut::<2>().0.iter_mut().zip(&text[at..at + n]) {
                    *u = if big { [0, b] } else { [b, 0] };
                }
                at += n;
                continue;
            }
            let (cp, n) = wtf8::decode(text, at);
            if wtf8::is_surrogate(cp) {
                return Err(EncodeError { start: at, end: at + n, reason: SURROGATES });
            }
            if cp < 0x10000 {
                put16(cp as u16, big, out);
            } else {
                put16((0xD7C0 + (cp >> 10)) as u16, big, out);
                put16((0xDC00 | cp & 0x3FF) as u16, big, out);
            }
            at += n;
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        if !text.is_ascii() {
            return Err(ReplaceError::Original);
        }
        self.encode_step(text, 0, out).map_err(|_| ReplaceError::Original)
    }

    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        room::append(out, bytes);
        bytes.len().is_multiple_of(2)
    }
}

impl Encoder for Utf32Encoder {
    fn encoding(&self) -> &'static str {
        names!(self.0, "utf-32", "utf-32-le", "utf-32-be")
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if self.0 == Order::Native {
            put32(0xFEFF, self.0.is_big(), out);
        }
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let big = self.0.is_big();
        let mut at = pos;
        room::reserve(out, (text.len() - pos) * 4);
        while at < text.len() {
            let (cp, n) = wtf8::decode(text, at);
            if wtf8::is_surrogate(cp) {
                return Err(EncodeError { start: at, end: at + n, reason: SURROGATES });
            }
            put32(cp, big, out);
            at += n;
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        if !text.is_ascii() {
            return Err(ReplaceError::Original);
        }
        self.encode_step(text, 0, out).map_err(|_| ReplaceError::Original)
    }

    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        room::append(out, bytes);
        bytes.len().is_multiple_of(4)
    }
}

#[cfg(test)]
mod tests {
    use super::super::handlers::{Handler, Standard};
    use super::super::{decode, encode};
    use super::*;

    #[test]
    fn round_trip() {
        let text = "abcdefgh é€😀 and more".as_bytes();
        for order in [Order::Little, Order::Native, Order::Big] {
            let (mut b, mut back) = (Vec::new(), Vec::new());
            encode(&mut Utf16Encoder(order), text, &mut Standard(Handler::Strict), &mut b).unwrap();
            decode(&mut Utf16Decoder::new(order), &b, true, &mut Standard(Handler::Strict), &mut back)
                .unwrap();
            assert_eq!(back, text);
            b.clear();
            back.clear();
            encode(&mut Utf32Encoder(order), text, &mut Standard(Handler::Strict), &mut b).unwrap();
            let mut d = Utf32Decoder::new(order);
            decode(&mut d, &b, true, &mut Standard(Handler::Strict), &mut back).unwrap();
            assert_eq!(back, text);
            assert_ne!(d.order, Order::Native);
        }
    }
}
