//! The multibyte codecs of Python (`_multibytecodec` and `_codecs_cn`, `_hk`, `_iso2022`, `_jp`, `_kr`, `_tw`).
//!
//! A codec converts one character at a time between bytes and text, with a state of eight bytes that has the layout of
//! CPython's (incremental codecs give it out). [`MultibyteDecoder`] and [`MultibyteEncoder`] wrap it in the protocol of
//! [`super`].

mod double;
mod iso2022;
mod maps;
#[rustfmt::skip]
#[allow(clippy::useless_transmute)]
mod tables;

use super::{DecodeError, Decoder, EncodeError, Encoder, ReplaceError};
use crate::scan::ascii_prefix;
use crate::{room, wtf8};

/// One of the codecs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Codec {
    Gb2312,
    Gbk,
    Gb18030,
    Hz,
    Big5,
    Cp950,
    Big5Hkscs,
    ShiftJis,
    Cp932,
    EucJp,
    ShiftJis2004,
    ShiftJisx0213,
    EucJis2004,
    EucJisx0213,
    EucKr,
    Cp949,
    Johab,
    Iso2022Kr,
    Iso2022Jp,
    Iso2022Jp1,
    Iso2022Jp2,
    Iso2022Jp2004,
    Iso2022Jp3,
    Iso2022JpExt,
}

use Codec::*;

/// All codecs with their names.
pub static CODECS: [(&str, Codec); 24] = [
    ("gb2312", Gb2312),
    ("gbk", Gbk),
    ("gb18030", Gb18030),
    ("hz", Hz),
    ("big5", Big5),
    ("cp950", Cp950),
    ("big5hkscs", Big5Hkscs),
    ("shift_jis", ShiftJis),
    ("cp932", Cp932),
    ("euc_jp", EucJp),
    ("shift_jis_2004", ShiftJis2004),
    ("shift_jisx0213", ShiftJisx0213),
    ("euc_jis_2004", EucJis2004),
    ("euc_jisx0213", EucJisx0213),
    ("euc_kr", EucKr),
    ("cp949", Cp949),
    ("johab", Johab),
    ("iso2022_kr", Iso2022Kr),
    ("iso2022_jp", Iso2022Jp),
    ("iso2022_jp_1", Iso2022Jp1),
    ("iso2022_jp_2", Iso2022Jp2),
    ("iso2022_jp_2004", Iso2022Jp2004),
    ("iso2022_jp_3", Iso2022Jp3),
    ("iso2022_jp_ext", Iso2022JpExt),
];

impl Codec {
    /// The codec of a name of `_codecs_….getcodec`.
    pub fn from_name(name: &[u8]) -> Option<Codec> {
        CODECS.iter().find(|c| c.0.as_bytes() == name).map(|c| c.1)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        CODECS[self as usize].0
    }

    fn is_iso2022(self) -> bool {
        self as usize >= Iso2022Kr as usize
    }

    /// State of a new encoder.
    pub fn encoder_state(self) -> State {
        let mut s = State([0; 8]);
        if self.is_iso2022() {
            s.0[..2].fill(iso2022::ASCII);
        }
        s
    }

    /// State of a new decoder.
    pub fn decoder_state(self) -> State {
        let mut s = self.encoder_state();
        s.0[2] = s.0[0];
        s
    }

    /// Whether ASCII bytes stand for themselves in the state, the tilde, backslash and controls perhaps not.
    fn plain_ascii(self, state: &State) -> bool {
        match self {
            Hz | ShiftJis2004 | ShiftJisx0213 => false,
            _ if self.is_iso2022() => false,
            _ => {
                debug_assert_eq!(state.0, [0; 8]);
                true
            }
        }
    }
}

/// Most bytes an incremental decoder keeps for its next call; if more are left over, it raises `UnicodeDecodeError` for
/// all of its input with the reason [`PENDING_OVERFLOW`].
pub const MAX_PENDING_BYTES: usize = 8;
/// Most characters an incremental encoder keeps for its next call.
pub const MAX_PENDING_CHARS: usize = 2;
/// Reason of the error of an incremental codec that would have to keep too much.
pub const PENDING_OVERFLOW: &str = "pending buffer overflow";

/// What a stateful codec remembers, as CPython has it in `MultibyteCodec_State`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct State(pub [u8; 8]);

/// Why bytes or characters do not convert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trouble {
    /// So many of them are wrong.
    Illegal(usize),
    /// The input ends too early.
    TooFew,
}

const ILLEGAL: &str = "illegal multibyte sequence";
const INCOMPLETE: &str = "incomplete multibyte sequence";

/// Decoder of any of the codecs.
pub struct MultibyteDecoder {
    codec: Codec,
    pub state: State,
}

impl MultibyteDecoder {
    pub fn new(codec: Codec) -> MultibyteDecoder {
        MultibyteDecoder { codec, state: codec.decoder_state() }
    }

    /// What `IncrementalDecoder.reset` does.
    pub fn reset(&mut self) {
        if self.codec.is_iso2022() {
            iso2022::reset_decoder(&mut self.state);
        } else {
            self.state = self.codec.decoder_state();
        }
    }
}

impl Decoder for MultibyteDecoder {
    fn encoding(&self) -> &'static str {
        self.codec.name()
    }

    fn decode_step(
        &mut self,
        input: &[u8],
        pos: usize,
        is_final: bool,
        out: &mut Vec<u8>,
    ) -> Result<usize, DecodeError> {
        let mut at = pos;
        let plain = self.codec.plain_ascii(&self.state);
        room::reserve(out, input.len() - pos);
        while at < input.len() {
            if plain && input[at] < 128 {
                let n = ascii_prefix(&input[at..]);
                room::append(out, &input[at..at + n]);
                at += n;
                continue;
            }
            // More than what one character gives.
            room::reserve(out, 16);
            let rest = &input[at..];
            let r = if self.codec.is_iso2022() {
                iso2022::decode(self.codec, &mut self.state, rest, out)
            } else {
                double::decode(self.codec, &mut self.state, rest, out)
            };
            match r {
                Ok(n) => at += n,
                Err(Trouble::Illegal(n)) => {
                    return Err(DecodeError { start: at, end: at + n, reason: ILLEGAL });
                }
                Err(Trouble::TooFew) if !is_final => return Ok(at),
                Err(Trouble::TooFew) => {
                    return Err(DecodeError { start: at, end: input.len(), reason: INCOMPLETE });
                }
            }
        }
        Ok(at)
    }
}

/// Encoder of any of the codecs.
pub struct MultibyteEncoder {
    codec: Codec,
    pub state: State,
    /// Nothing follows, so the state has to be left at the end. Otherwise a character that may combine with the next
    /// one is left over.
    pub is_final: bool,
    /// Offset up to which the last call used the text.
    pub used: usize,
}

impl MultibyteEncoder {
    pub fn new(codec: Codec, is_final: bool) -> MultibyteEncoder {
        MultibyteEncoder { codec, state: codec.encoder_state(), is_final, used: 0 }
    }

    /// Append what leaves the state: `IncrementalEncoder.reset`.
    pub fn reset(&mut self, out: &mut Vec<u8>) {
        if self.codec.is_iso2022() {
            iso2022::reset_encoder(&mut self.state, out);
        } else {
            double::reset_encoder(self.codec, &mut self.state, out);
        }
    }

    /// Encode all but the end of the state.
    fn run(&mut self, text: &[u8], pos: usize, flush: bool, out: &mut Vec<u8>) -> Result<usize, EncodeError> {
        let mut at = pos;
        let plain = self.codec.plain_ascii(&self.state);
        room::reserve(out, text.len() - pos);
        while at < text.len() {
            if plain && text[at] < 128 {
                let n = ascii_prefix(&text[at..]);
                room::append(out, &text[at..at + n]);
                at += n;
                continue;
            }
            room::reserve(out, 16);
            let (cp, n) = wtf8::decode(text, at);
            let next = (at + n < text.len()).then(|| wtf8::decode(text, at + n));
            let next_cp = next.map(|x| x.0);
            let r = if self.codec.is_iso2022() {
                iso2022::encode(self.codec, &mut self.state, cp, next_cp, flush, out)
            } else {
                double::encode(self.codec, &mut self.state, cp, next_cp, flush, out)
            };
            match r {
                Ok(1) => at += n,
                Ok(_) => at += n + next.map_or(0, |x| x.1),
                Err(Trouble::TooFew) => return Ok(at),
                Err(Trouble::Illegal(_)) => {
                    return Err(EncodeError { start: at, end: at + n, reason: ILLEGAL });
                }
            }
        }
        Ok(at)
    }
}

impl Encoder for MultibyteEncoder {
    fn encoding(&self) -> &'static str {
        self.codec.name()
    }

    fn encode_step(&mut self, text: &[u8], pos: usize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.used = self.run(text, pos, self.is_final, out)?;
        if self.is_final {
            self.reset(out);
        }
        Ok(())
    }

    fn put_text(&mut self, text: &[u8], out: &mut Vec<u8>) -> Result<(), ReplaceError> {
        match self.run(text, 0, true, out) {
            Ok(_) => Ok(()),
            Err(e) => Err(ReplaceError::InReplacement(e)),
        }
    }
}
