//! UTF-8.

use super::{DecodeError, Decoder, EncodeError, Encoder, ReplaceError};
use crate::room;
use crate::wtf8;
use simdutf8::compat::from_utf8;

pub struct Utf8;

const START: &str = "invalid start byte";
const CONTINUATION: &str = "invalid continuation byte";
const END: &str = "unexpected end of data";

impl Decoder for Utf8 {
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let rest = &input[pos..];
        // Errors come in clusters, and each costs a call: do not start the vector machinery for a byte.
        let checked = if pos == 0 {
            from_utf8(rest).map(|_| ()).map_err(|e| (e.valid_up_to(), e.error_len()))
        } else {
            std::str::from_utf8(rest).map(|_| ()).map_err(|e| (e.valid_up_to(), e.error_len()))
        };
        let Err((good, error_len)) = checked else {
            room::append(out, rest);
            return Ok(input.len());
        };
        room::append(out, &rest[..good]);
        let start = pos + good;
        let Some(n) = error_len else {
            if !is_final {
                return Ok(start);
            }
            return Err(DecodeError { start, end: input.len(), reason: END });
        };
        if !matches!(input[start], 0xC2..=0xF4) {
            return Err(DecodeError { start, end: start + 1, reason: START });
        }
        // The beginning of a surrogate at the end of the input may be meant for `surrogatepass`.
        if !is_final && matches!(input[start..], [0xED, 0xA0..=0xBF]) {
            return Ok(start);
        }
        Err(DecodeError { start, end: start + n, reason: CONTINUATION })
    }
}

impl Encoder for Utf8 {
    fn encoding(&self) -> &'static str {
        "utf-8"
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let rest = &text[pos..];
        // Text is valid but for surrogates, so only surrogates fail.
        let good = match if pos == 0 {
            from_utf8(rest).map_err(|e| e.valid_up_to())
        } else {
            std::str::from_utf8(rest).map_err(|e| e.valid_up_to())
        } {
            Ok(_) => rest.len(),
            Err(n) => n,
        };
        room::append(out, &rest[..good]);
        if good == rest.len() {
            return Ok(());
        }
        let start = pos + good;
        let mut end = start;
        while end < text.len() {
            let (cp, n) = wtf8::decode(text, end);
            if !wtf8::is_surrogate(cp) {
                break;
            }
            end += n;
        }
        Err(EncodeError { start, end: end.max(start + 1).min(text.len()), reason: "surrogates not allowed" })
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        if !text.is_ascii() {
            return Err(ReplaceError::Original);
        }
        room::append(out, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::handlers::{Failure, Handler, Standard};
    use super::super::{decode, encode};
    use super::*;

    fn dec(b: &[u8], h: Handler, fin: bool) -> Result<(Vec<u8>, usize), (usize, usize, &'static str)> {
        let mut out = Vec::new();
        decode(&mut Utf8, b, fin, &mut Standard(h), &mut out)
            .map(|n| (out, n))
            .map_err(|e: Failure| (e.start, e.end, e.reason))
    }

    #[test]
    fn decoding() {
        use Handler::*;
        assert_eq!(dec(b"abc\xC3\xA9", Strict, true).unwrap().0, "abcé".as_bytes());
        assert_eq!(dec(b"a\x80", Strict, true), Err((1, 2, START)));
        assert_eq!(dec(b"a\xE2\x82", Strict, true), Err((1, 3, END)));
        assert_eq!(dec(b"a\xE2\x82", Strict, false).unwrap(), (b"a".to_vec(), 1));
        assert_eq!(dec(b"a\xE2\x82b", Strict, true), Err((1, 3, CONTINUATION)));
        assert_eq!(dec(b"\xED\xA0\x80", Strict, true), Err((0, 1, CONTINUATION)));
        assert_eq!(dec(b"\xED\xA0\x80", SurrogatePass, true).unwrap().0, b"\xED\xA0\x80");
        assert_eq!(dec(b"\xFF\xC3a", SurrogateEscape, true).unwrap().0, b"\xED\xB3\xBF\xED\xB3\x83a");
        assert_eq!(dec(b"\xF0\x9F\x98a\xFF", Replace, true).unwrap().0, "\u{FFFD}a\u{FFFD}".as_bytes());
        assert_eq!(dec(b"\xFFa", BackslashReplace, true).unwrap().0, b"\\xffa");
        assert_eq!(dec(b"\xFFa\xC0", Ignore, true).unwrap().0, b"a");
    }

    #[test]
    fn encoding() {
        let text = wtf8::from_code_points([0x61, 0xDC80, 0xDCFF, 0xE9]);
        let run = |h| {
            let mut out = Vec::new();
            encode(&mut Utf8, &text, &mut Standard(h), &mut out).map(|_| out).map_err(|e| (e.start, e.end))
        };
        assert_eq!(run(Handler::Strict), Err((1, 3)));
        assert_eq!(run(Handler::Replace).unwrap(), "a??é".as_bytes());
        assert_eq!(run(Handler::SurrogateEscape).unwrap(), b"a\x80\xFF\xC3\xA9");
        assert_eq!(run(Handler::SurrogatePass).unwrap(), text);
        assert_eq!(run(Handler::XmlCharRefReplace).unwrap(), "a&#56448;&#56575;é".as_bytes());
        assert_eq!(run(Handler::BackslashReplace).unwrap(), "a\\udc80\\udcffé".as_bytes());
    }
}
