//! Codecs, and the protocol between them and error handlers.
//!
//! A codec is a resumable function: [`Decoder::decode_step`] and [`Encoder::encode_step`] run until the input ends or does not
//! convert, and then say what is wrong with which part of it. [`decode`] and [`encode`] drive a codec and ask the
//! caller's [`DecodeErrors`] or [`EncodeErrors`] what to do; that may run Python code. The handlers every Python has
//! are in [`handlers`]. So codecs are compiled once, not once per handler, and text without errors pays nothing.
//!
//! Spans and reasons of errors are those of CPython (`Objects/unicodeobject.c`).

pub mod charmap;
pub mod cjk;
pub mod handlers;
pub mod single;
pub mod utf7;
pub mod utf8;
pub mod wide;

use crate::room;
use crate::wtf8;
use std::borrow::Cow;

/// Input that does not decode: `start..end` are byte positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// Text that does not encode: `start..end` are byte offsets of characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EncodeError {
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// Bytes to text.
pub trait Decoder {
    /// Name for `UnicodeDecodeError.encoding`.
    fn encoding(&self) -> &'static str;
    /// Append the text of `input[pos..]`. The result is how far the input was used: all of it if `is_final`, else
    /// perhaps less, because the rest is the beginning of something.
    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError>;
}

/// What a handler is told of input that does not decode.
pub struct DecodeProblem<'a> {
    pub encoding: &'a str,
    pub input: &'a [u8],
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// What a handler wants.
pub struct DecodeFix {
    /// Where to go on, at most the length of the input.
    pub resume: usize,
    /// The handler replaced the input (`exc.object = …`).
    pub input: Option<Vec<u8>>,
}

/// Handler of decoding errors. It appends its replacement to `out`.
pub trait DecodeErrors {
    type Error;
    fn handle(&mut self, problem: &DecodeProblem<'_>, out: &mut Vec<u8>) -> Result<DecodeFix, Self::Error>;
}

/// Decode; returns how much of the input was used.
pub fn decode<D: Decoder + ?Sized, H: DecodeErrors>(
    decoder: &mut D,
    input: &[u8],
    is_final: bool,
    errors: &mut H,
    out: &mut Vec<u8>,
) -> Result<usize, H::Error> {
    let mut input = Cow::Borrowed(input);
    let mut pos = 0;
    loop {
        match decoder.decode_step(&input, pos, is_final, out) {
            Ok(used) => return Ok(used),
            Err(e) => {
                let problem = DecodeProblem {
                    encoding: decoder.encoding(),
                    input: &input,
                    start: e.start,
                    end: e.end,
                    reason: e.reason,
                };
                let fix = errors.handle(&problem, out)?;
                if let Some(new) = fix.input {
                    input = Cow::Owned(new);
                }
                pos = fix.resume.min(input.len());
            }
        }
    }
}

/// Why a handler's replacement cannot be used, which decides what is reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReplaceError {
    /// The original problem.
    Original,
    /// This one, in the replacement (multibyte codecs).
    InReplacement(EncodeError),
}

/// Text to bytes.
pub trait Encoder {
    /// Name for `UnicodeEncodeError.encoding`.
    fn encoding(&self) -> &'static str;
    /// Append what comes before everything (a byte order mark).
    fn begin(&mut self, _out: &mut Vec<u8>) {}
    /// Append the bytes of `text[pos..]`, all of it.
    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Append the bytes of a handler's replacement text.
    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError>;
    /// Append a handler's replacement bytes; `false` if they do not fit the encoding.
    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        room::append(out, bytes);
        true
    }
}

/// What a handler is told of text that does not encode. Positions as Python knows them (`start..end`, characters) and
/// as offsets of bytes.
pub struct EncodeProblem<'a> {
    pub encoding: &'a str,
    pub text: &'a [u8],
    pub start: usize,
    pub end: usize,
    pub start_offset: usize,
    pub end_offset: usize,
    pub reason: &'static str,
}

impl<'a> EncodeProblem<'a> {
    fn new(encoding: &'a str, text: &'a [u8], e: &EncodeError, start: usize) -> EncodeProblem<'a> {
        EncodeProblem {
            encoding,
            text,
            start,
            end: start + wtf8::count(&text[e.start..e.end]),
            start_offset: e.start,
            end_offset: e.end,
            reason: e.reason,
        }
    }

    /// The characters that do not encode.
    pub fn part(&self) -> &[u8] {
        &self.text[self.start_offset..self.end_offset]
    }

    /// The problem without its first characters, the given number of bytes of them.
    pub fn advanced(&self, bytes: usize) -> Self {
        EncodeProblem {
            start: self.start + wtf8::count(&self.part()[..bytes]),
            start_offset: self.start_offset + bytes,
            ..*self
        }
    }
}

/// What a handler put into the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replacement {
    /// Text, to be encoded in its turn.
    Text,
    /// Bytes, to be taken as they are.
    Bytes,
}

/// Where to go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// After the characters of the problem.
    After,
    /// At the character with this index, at most the number of characters.
    Index(usize),
}

/// Handler of encoding errors.
pub trait EncodeErrors {
    type Error;
    /// Append the replacement to the empty `buffer`.
    fn handle(
        &mut self,
        problem: &EncodeProblem<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(Replacement, Resume), Self::Error>;
    /// The replacement does not encode: the error to raise, for the original problem or for one in the replacement
    /// (then `problem.text` is the replacement).
    fn unusable(&mut self, problem: &EncodeProblem<'_>) -> Self::Error;
}

/// Encode.
pub fn encode<C: Encoder + ?Sized, H: EncodeErrors>(
    encoder: &mut C,
    text: &[u8],
    errors: &mut H,
    out: &mut Vec<u8>,
) -> Result<(), H::Error> {
    encoder.begin(out);
    let mut pos = 0;
    // A position whose index is known, to count from.
    let mut known = (0, 0);
    let mut buffer = Vec::new();
    while let Err(e) = encoder.encode_step(text, pos, out) {
        if e.start < known.0 {
            known = (0, 0);
        }
        let start = known.1 + wtf8::count(&text[known.0..e.start]);
        let problem = EncodeProblem::new(encoder.encoding(), text, &e, start);
        let end = problem.end;
        known = (e.end, end);
        buffer.clear();
        let (kind, resume) = errors.handle(&problem, &mut buffer)?;
        let put = match kind {
            Replacement::Text => encoder.put_text(&buffer, out),
            Replacement::Bytes if encoder.put_bytes(&buffer, out) => Ok(()),
            Replacement::Bytes => Err(ReplaceError::Original),
        };
        match put {
            Ok(()) => {}
            Err(ReplaceError::Original) => return Err(errors.unusable(&problem)),
            Err(ReplaceError::InReplacement(e)) => {
                let problem =
                    EncodeProblem::new(encoder.encoding(), &buffer, &e, wtf8::count(&buffer[..e.start]));
                return Err(errors.unusable(&problem));
            }
        }
        pos = match resume {
            Resume::After => e.end,
            Resume::Index(i) if i >= end => wtf8::offset_from(text, e.end, i - end),
            Resume::Index(i) => wtf8::offset_from(text, 0, i),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::single::Ascii;
    use super::*;

    /// A handler that follows a script, as Python code might.
    struct Script(Vec<(&'static [u8], usize, Option<&'static [u8]>)>, Vec<(usize, usize)>);

    impl DecodeErrors for Script {
        type Error = String;
        fn handle(&mut self, p: &DecodeProblem<'_>, out: &mut Vec<u8>) -> Result<DecodeFix, String> {
            self.1.push((p.start, p.end));
            let (text, resume, input) = self.0.pop().ok_or_else(|| p.reason.to_string())?;
            out.extend_from_slice(text);
            Ok(DecodeFix { resume, input: input.map(<[u8]>::to_vec) })
        }
    }

    impl EncodeErrors for Script {
        type Error = String;
        fn handle(
            &mut self,
            p: &EncodeProblem<'_>,
            buffer: &mut Vec<u8>,
        ) -> Result<(Replacement, Resume), String> {
            self.1.push((p.start, p.end));
            let (text, resume, _) = self.0.pop().ok_or_else(|| p.reason.to_string())?;
            buffer.extend_from_slice(text);
            Ok((Replacement::Text, Resume::Index(resume)))
        }
        fn unusable(&mut self, p: &EncodeProblem<'_>) -> String {
            format!("unusable {} {}", p.start, p.end)
        }
    }

    #[test]
    fn decoding_goes_where_the_handler_says() {
        // The first error goes back to the start with another input, the second over the end.
        let mut h = Script(vec![(b"<2>", 99, None), (b"<1>", 0, Some(b"cd\xFFef"))], Vec::new());
        let mut out = Vec::new();
        assert_eq!(decode(&mut Ascii, b"ab\xFE", true, &mut h, &mut out), Ok(5));
        assert_eq!((out.as_slice(), h.1.as_slice()), (&b"ab<1>cd<2>"[..], &[(2, 3), (2, 3)][..]));
    }

    #[test]
    fn encoding_goes_where_the_handler_says() {
        let mut h = Script(vec![(b"<3>", 5, None), (b"<2>", 4, None), (b"<1>", 0, None)], Vec::new());
        let mut out = Vec::new();
        let r = encode(&mut Ascii, "aéüb€c".as_bytes(), &mut h, &mut out);
        assert_eq!(r, Ok(()));
        assert_eq!(h.1, [(1, 3), (1, 3), (4, 5)]);
        assert_eq!(out, b"a<1>a<2><3>c");
        let mut h = Script(vec![("é".as_bytes(), 3, None)], Vec::new());
        let r = encode(&mut Ascii, "aéüb".as_bytes(), &mut h, &mut out);
        assert_eq!(r, Err("unusable 1 3".to_string()));
    }
}
