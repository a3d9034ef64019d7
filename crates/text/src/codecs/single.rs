//! ASCII and Latin-1.

use super::{DecodeError, Decoder, EncodeError, Encoder, ReplaceError};
use crate::room;
use crate::scan::ascii_prefix;
use crate::wtf8;

pub struct Ascii;
pub struct Latin1;

/// The run of characters from `start` that are not below `limit`.
fn run_above(text: &[u8], start: usize, limit: u32) -> usize {
    let mut end = start;
    while end < text.len() {
        let (cp, n) = wtf8::decode(text, end);
        if cp < limit {
            break;
        }
        end += n;
    }
    end
}

impl Decoder for Ascii {
    fn encoding(&self) -> &'static str {
        "ascii"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        _: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let good = ascii_prefix(&input[pos..]);
        room::append(out, &input[pos..pos + good]);
        let start = pos + good;
        if start == input.len() {
            return Ok(start);
        }
        Err(DecodeError { start, end: start + 1, reason: "ordinal not in range(128)" })
    }
}

impl Encoder for Ascii {
    fn encoding(&self) -> &'static str {
        "ascii"
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let good = ascii_prefix(&text[pos..]);
        room::append(out, &text[pos..pos + good]);
        let start = pos + good;
        if start == text.len() {
            return Ok(());
        }
        Err(EncodeError { start, end: run_above(text, start, 128), reason: "ordinal not in range(128)" })
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        if !text.is_ascii() {
            return Err(ReplaceError::Original);
        }
        room::append(out, text);
        Ok(())
    }
}

/// Append the text of Latin-1 bytes. Cannot fail.
pub fn latin1_decode(input: &[u8], out: &mut Vec<u8>) {
    let mut at = 0;
    room::reserve(out, input.len());
    while at < input.len() {
        let n = ascii_prefix(&input[at..]);
        room::append(out, &input[at..at + n]);
        at += n;
        while let Some(&b) = input.get(at)
            && b >= 128
        {
            room::append(out, &[0xC0 | b >> 6, 0x80 | b & 0x3F]);
            at += 1;
        }
    }
}

impl Decoder for Latin1 {
    fn encoding(&self) -> &'static str {
        "latin-1"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        _: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        latin1_decode(&input[pos..], out);
        Ok(input.len())
    }
}

impl Encoder for Latin1 {
    fn encoding(&self) -> &'static str {
        "latin-1"
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let mut at = pos;
        room::reserve(out, text.len() - pos);
        while at < text.len() {
            let n = ascii_prefix(&text[at..]);
            room::append(out, &text[at..at + n]);
            at += n;
            while let Some(&b) = text.get(at)
                && b >= 128
            {
                let (cp, n) = wtf8::decode(text, at);
                if cp > 255 {
                    let end = run_above(text, at, 256);
                    return Err(EncodeError { start: at, end, reason: "ordinal not in range(256)" });
                }
                out.push(cp as u8);
                at += n;
            }
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        self.encode_step(text, 0, out).map_err(|_| ReplaceError::Original)
    }
}

#[cfg(test)]
mod tests {
    use super::super::handlers::{Handler, Standard};
    use super::super::{decode, encode};
    use super::*;

    #[test]
    fn round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        let mut text = Vec::new();
        latin1_decode(&all, &mut text);
        let mut back = Vec::new();
        encode(&mut Latin1, &text, &mut Standard(Handler::Strict), &mut back).unwrap();
        assert_eq!(back, all);
        let mut out = Vec::new();
        let e = decode(&mut Ascii, &all, true, &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((e.start, e.end), (128, 129));
        let mut out = Vec::new();
        let text = "aé€ŷb".as_bytes();
        let e = encode(&mut Latin1, text, &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((e.start, e.end, e.encoding.as_str()), (2, 4, "latin-1"));
        let e = encode(&mut Ascii, text, &mut Standard(Handler::Strict), &mut out).unwrap_err();
        assert_eq!((e.start, e.end), (1, 4));
    }
}
