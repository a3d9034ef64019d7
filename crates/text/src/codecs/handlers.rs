//! The error handlers that every Python has, natively: `strict`, `ignore`, `replace`, `backslashreplace`,
//! `surrogateescape`, `surrogatepass`, `xmlcharrefreplace`, `namereplace`.
//!
//! [`Handler`] is the handler itself, applied to one problem: the functions of `codecs` that work on exception objects
//! use it so. [`Standard`] is a driver for [`super::decode`] and [`super::encode`] that gives back the problem as an
//! owned [`Failure`] if the handler does not solve it.

use super::{DecodeErrors, DecodeFix, DecodeProblem, EncodeErrors, EncodeProblem, Replacement, Resume};
use crate::room;
use crate::{unicode, wtf8};
use std::io::Write;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Handler {
    Strict,
    Ignore,
    Replace,
    BackslashReplace,
    SurrogateEscape,
    SurrogatePass,
    XmlCharRefReplace,
    NameReplace,
}

impl Handler {
    /// The handler of a name; `None` for those that others registered.
    pub fn from_name(name: &[u8]) -> Option<Handler> {
        Some(match name {
            b"strict" => Handler::Strict,
            b"ignore" => Handler::Ignore,
            b"replace" => Handler::Replace,
            b"backslashreplace" => Handler::BackslashReplace,
            b"surrogateescape" => Handler::SurrogateEscape,
            b"surrogatepass" => Handler::SurrogatePass,
            b"xmlcharrefreplace" => Handler::XmlCharRefReplace,
            b"namereplace" => Handler::NameReplace,
            _ => return None,
        })
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Handler::Strict => "strict",
            Handler::Ignore => "ignore",
            Handler::Replace => "replace",
            Handler::BackslashReplace => "backslashreplace",
            Handler::SurrogateEscape => "surrogateescape",
            Handler::SurrogatePass => "surrogatepass",
            Handler::XmlCharRefReplace => "xmlcharrefreplace",
            Handler::NameReplace => "namereplace",
        }
    }

    /// Whether the handler can be applied to decoding errors (the others raise `TypeError`).
    pub fn decodes(self) -> bool {
        !matches!(self, Handler::XmlCharRefReplace | Handler::NameReplace)
    }

    /// Append the replacement of a part that does not decode and say where to go on; `None` to raise the error.
    pub fn decode(self, p: &DecodeProblem<'_>, out: &mut Vec<u8>) -> Option<usize> {
        let part = &p.input[p.start..p.end];
        match self {
            Handler::Strict | Handler::XmlCharRefReplace | Handler::NameReplace => return None,
            Handler::Ignore => {}
            Handler::Replace => wtf8::push(out, 0xFFFD),
            Handler::BackslashReplace => part.iter().for_each(|&b| hex_escape(b as u32, out)),
            Handler::SurrogateEscape => {
                let n = part.iter().take(4).take_while(|&&b| b >= 128).count();
                if n == 0 {
                    return None;
                }
                part[..n].iter().for_each(|&b| wtf8::push(out, 0xDC00 + b as u32));
                return Some(p.start + n);
            }
            Handler::SurrogatePass => {
                let (cp, n) = decode_surrogate(p.encoding, &p.input[p.start..])?;
                wtf8::push(out, cp);
                return Some(p.start + n);
            }
        }
        Some(p.end)
    }

    /// Append the replacement of characters that do not encode; `None` to raise the error.
    pub fn encode(self, p: &EncodeProblem<'_>, out: &mut Vec<u8>) -> Option<Replacement> {
        match self {
            Handler::Strict => return None,
            Handler::Ignore => {}
            Handler::Replace => room::fill(out, p.end - p.start, b'?'),
            Handler::BackslashReplace => wtf8::chars(p.part()).for_each(|cp| hex_escape(cp, out)),
            Handler::XmlCharRefReplace => {
                for cp in wtf8::chars(p.part()) {
                    // `&#`, seven digits and `;`
                    room::reserve(out, 10);
                    _ = write!(out, "&#{cp};");
                }
            }
            Handler::NameReplace => {
                for cp in wtf8::chars(p.part()) {
                    match unicode::names::name(cp, unicode::database::Ucd::Current) {
                        Some(n) => _ = write!(out, "\\N{{{n}}}"),
                        None => hex_escape(cp, out),
                    }
                }
            }
            Handler::SurrogateEscape => {
                for cp in wtf8::chars(p.part()) {
                    if !(0xDC80..=0xDCFF).contains(&cp) {
                        return None;
                    }
                    out.push((cp - 0xDC00) as u8);
                }
                return Some(Replacement::Bytes);
            }
            Handler::SurrogatePass => {
                let encoding = StandardEncoding::from_name(p.encoding)?;
                for cp in wtf8::chars(p.part()) {
                    if !wtf8::is_surrogate(cp) {
                        return None;
                    }
                    encoding.put(cp, out);
                }
                return Some(Replacement::Bytes);
            }
        }
        Some(Replacement::Text)
    }

    /// The replacement of an error in `str.translate`-like operations (`UnicodeTranslateError`).
    pub fn translate(self, part: &[u8], out: &mut Vec<u8>) -> bool {
        match self {
            Handler::Ignore => {}
            Handler::Replace => wtf8::chars(part).for_each(|_| wtf8::push(out, 0xFFFD)),
            Handler::BackslashReplace => wtf8::chars(part).for_each(|cp| hex_escape(cp, out)),
            _ => return false,
        }
        true
    }
}

/// `\xhh`, `\uhhhh` or `\Uhhhhhhhh`.
pub(crate) fn hex_escape(cp: u32, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |i: u32| HEX[(cp >> (4 * i) & 15) as usize];
    if cp < 0x100 {
        room::append(out, &[b'\\', b'x', digit(1), digit(0)]);
    } else if cp < 0x10000 {
        room::append(out, &[b'\\', b'u', digit(3), digit(2), digit(1), digit(0)]);
    } else {
        room::append(out, b"\\U00");
        room::append(out, &[digit(5), digit(4), digit(3), digit(2), digit(1), digit(0)]);
    }
}

/// The encodings `surrogatepass` knows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StandardEncoding {
    Utf8,
    Utf16 { big: bool },
    Utf32 { big: bool },
}

impl StandardEncoding {
    fn from_name(name: &str) -> Option<StandardEncoding> {
        let name = name.to_ascii_lowercase();
        if name == "cp65001" {
            return Some(StandardEncoding::Utf8);
        }
        let rest = name.strip_prefix("utf")?;
        let rest = rest.strip_prefix(['-', '_']).unwrap_or(rest);
        if rest == "8" {
            return Some(StandardEncoding::Utf8);
        }
        let (wide, rest) = match rest.strip_prefix("16") {
            Some(r) => (false, r),
            None => (true, rest.strip_prefix("32")?),
        };
        let big = match rest.strip_prefix(['-', '_']).unwrap_or(rest) {
            "" if rest.is_empty() => cfg!(target_endian = "big"),
            "le" => false,
            "be" => true,
            _ => return None,
        };
        Some(if wide { StandardEncoding::Utf32 { big } } else { StandardEncoding::Utf16 { big } })
    }

    fn put(self, cp: u32, out: &mut Vec<u8>) {
        match self {
            StandardEncoding::Utf8 => wtf8::push(out, cp),
            StandardEncoding::Utf16 { big: true } => room::append(out, &(cp as u16).to_be_bytes()),
            StandardEncoding::Utf16 { big: false } => room::append(out, &(cp as u16).to_le_bytes()),
            StandardEncoding::Utf32 { big: true } => room::append(out, &cp.to_be_bytes()),
            StandardEncoding::Utf32 { big: false } => room::append(out, &cp.to_le_bytes()),
        }
    }
}

/// The surrogate that `s` begins with in an encoding, and its length.
fn decode_surrogate(encoding: &str, s: &[u8]) -> Option<(u32, usize)> {
    let (cp, n) = match (StandardEncoding::from_name(encoding)?, s) {
        (StandardEncoding::Utf8, [0xED, b @ 0xA0..=0xBF, c @ 0x80..=0xBF, ..]) => {
            (0xD000 | (*b as u32 & 0x3F) << 6 | (*c as u32 & 0x3F), 3)
        }
        (StandardEncoding::Utf16 { big }, [a, b, ..]) => {
            let u = [*a, *b];
            (if big { u16::from_be_bytes(u) } else { u16::from_le_bytes(u) } as u32, 2)
        }
        (StandardEncoding::Utf32 { big }, [a, b, c, d, ..]) => {
            let u = [*a, *b, *c, *d];
            (if big { u32::from_be_bytes(u) } else { u32::from_le_bytes(u) }, 4)
        }
        _ => return None,
    };
    wtf8::is_surrogate(cp).then_some((cp, n))
}

/// A problem the handler left: what `UnicodeDecodeError` or `UnicodeEncodeError` needs beside the object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub encoding: String,
    pub start: usize,
    pub end: usize,
    pub reason: &'static str,
}

/// Driver with one native handler.
pub struct Standard(pub Handler);

impl DecodeErrors for Standard {
    type Error = Failure;
    fn handle(&mut self, p: &DecodeProblem<'_>, out: &mut Vec<u8>) -> Result<DecodeFix, Failure> {
        match self.0.decode(p, out) {
            Some(resume) => Ok(DecodeFix { resume, input: None }),
            None => Err(Failure {
                encoding: p.encoding.to_string(),
                start: p.start,
                end: p.end,
                reason: p.reason,
            }),
        }
    }
}

impl EncodeErrors for Standard {
    type Error = Failure;
    fn handle(
        &mut self,
        p: &EncodeProblem<'_>,
        buffer: &mut Vec<u8>,
    ) -> Result<(Replacement, Resume), Failure> {
        if let Some(kind) = self.0.encode(p, buffer) {
            return Ok((kind, Resume::After));
        }
        // In these codecs CPython encodes what it can of a run before it reports the rest.
        let good =
            if self.0 == Handler::SurrogateEscape && matches!(p.encoding, "utf-8" | "ascii" | "latin-1") {
                wtf8::char_offsets(p.part())
                    .find(|(_, cp)| !(0xDC80..=0xDCFF).contains(cp))
                    .map_or(0, |(at, _)| at)
            } else {
                0
            };
        Err(self.unusable(&p.advanced(good)))
    }
    fn unusable(&mut self, p: &EncodeProblem<'_>) -> Failure {
        Failure { encoding: p.encoding.to_string(), start: p.start, end: p.end, reason: p.reason }
    }
}
