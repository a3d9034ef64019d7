//! UTF-7 (RFC 2152), as CPython reads and writes it.

use super::{DecodeError, Decoder};
use crate::{room, wtf8};

/// State of a base64 section.
struct Shift {
    /// Input position of its `+`.
    start: usize,
    /// Length of the output before it.
    out_start: usize,
    buffer: u32,
    bits: u32,
    /// A high surrogate that waits for its low one, or 0.
    high: u32,
}

/// Decoder of UTF-7. Sections survive error handling, so the state is kept between steps.
#[derive(Default)]
pub struct Utf7Decoder {
    shift: Option<Shift>,
    /// Where the current section or special character began: spans of errors begin there.
    start: usize,
    started: bool,
}

fn from_base64(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    } as u32)
}

impl Shift {
    /// Take a base64 digit.
    fn digit(&mut self, d: u32, out: &mut Vec<u8>) {
        self.buffer = self.buffer << 6 | d;
        self.bits += 6;
        if self.bits < 16 {
            return;
        }
        self.bits -= 16;
        let unit = self.buffer >> self.bits;
        self.buffer &= (1 << self.bits) - 1;
        if self.high != 0 {
            let high = std::mem::take(&mut self.high);
            if (0xDC00..=0xDFFF).contains(&unit) {
                return wtf8::push(out, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
            }
            wtf8::push(out, high);
        }
        if (0xD800..=0xDBFF).contains(&unit) {
            self.high = unit;
        } else {
            wtf8::push(out, unit);
        }
    }
}

impl Decoder for Utf7Decoder {
    fn encoding(&self) -> &'static str {
        "utf7"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        // After an error at the very end CPython looks at nothing again.
        if self.started && at == input.len() && self.shift.is_none() {
            return Ok(at);
        }
        self.started = true;
        while let Some(&b) = input.get(at) {
            if let Some(shift) = &mut self.shift {
                if let Some(d) = from_base64(b) {
                    shift.digit(d, out);
                    at += 1;
                    continue;
                }
                let shift = self.shift.take().unwrap();
                let trouble = if shift.bits >= 6 {
                    Some("partial character in shift sequence")
                } else if shift.bits > 0 && shift.buffer != 0 {
                    Some("non-zero padding bits in shift sequence")
                } else {
                    None
                };
                if let Some(reason) = trouble {
                    return Err(DecodeError { start: self.start, end: at + 1, reason });
                }
                if shift.high != 0 && b < 128 && b != b'+' {
                    wtf8::push(out, shift.high);
                }
                if b == b'-' {
                    at += 1;
                }
                continue;
            }
            if b == b'+' {
                self.start = at;
                at += 1;
                match input.get(at) {
                    Some(b'-') => {
                        wtf8::push(out, '+' as u32);
                        at += 1;
                    }
                    Some(&c) if from_base64(c).is_none() => {
                        return Err(DecodeError {
                            start: self.start,
                            end: at + 1,
                            reason: "ill-formed sequence",
                        });
                    }
                    _ => {
                        self.shift = Some(Shift {
                            start: self.start,
                            out_start: out.len(),
                            buffer: 0,
                            bits: 0,
                            high: 0,
                        });
                    }
                }
            } else if b < 128 {
                wtf8::push(out, b as u32);
                at += 1;
            } else {
                self.start = at;
                return Err(DecodeError { start: at, end: at + 1, reason: "unexpected special character" });
            }
        }
        match self.shift.take() {
            None => Ok(at),
            Some(shift) if is_final => {
                if shift.high != 0 || shift.bits >= 6 || (shift.bits > 0 && shift.buffer != 0) {
                    let reason = "unterminated shift sequence";
                    return Err(DecodeError { start: self.start, end: input.len(), reason });
                }
                Ok(at)
            }
            Some(shift) => {
                // The whole section again when more input has come.
                out.truncate(shift.out_start);
                Ok(shift.start)
            }
        }
    }
}

/// Encode; everything can be, lone surrogates too.
pub fn encode(text: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let direct = |cp: u32| matches!(cp, 9 | 10 | 13 | 32..=125) && cp != 43 && cp != 92;
    let mut shifted = false;
    let (mut buffer, mut bits) = (0u64, 0);
    let flush = |buffer: &mut u64, bits: &mut u32, out: &mut Vec<u8>| {
        if *bits > 0 {
            out.push(DIGITS[(*buffer << (6 - *bits) & 63) as usize]);
            (*buffer, *bits) = (0, 0);
        }
    };
    for cp in wtf8::chars(text) {
        room::reserve(out, 16);
        if direct(cp) {
            if shifted {
                flush(&mut buffer, &mut bits, out);
                shifted = false;
                if from_base64(cp as u8).is_some() || cp == b'-' as u32 {
                    out.push(b'-');
                }
            }
            out.push(cp as u8);
            continue;
        }
        if !shifted {
            out.push(b'+');
            if cp == b'+' as u32 {
                out.push(b'-');
                continue;
            }
            shifted = true;
        }
        let units = if cp < 0x10000 {
            (cp as u64, 16)
        } else {
            (((0xD7C0 + (cp >> 10)) as u64) << 16 | (0xDC00 | cp & 0x3FF) as u64, 32)
        };
        buffer = buffer << units.1 | units.0;
        bits += units.1;
        while bits >= 6 {
            bits -= 6;
            out.push(DIGITS[(buffer >> bits & 63) as usize]);
        }
        buffer &= (1 << bits) - 1;
    }
    flush(&mut buffer, &mut bits, out);
    if shifted {
        out.push(b'-');
    }
}
