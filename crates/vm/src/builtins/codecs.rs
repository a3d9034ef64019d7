//! `str.encode`, `bytes.decode` and what they rest on: the codecs that are native, and the way to all others through
//! the registry (`codecs_registry`).
//!
//! # Invariants
//! The exception that is given to an error handler is one that was made here, an instance of a Unicode error.

use super::buffer::Buffer;
use super::codecs_registry as registry;
use super::{bytes, scratch};
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_text::codecs::handlers::{Failure, Handler, Standard};
use adder_text::codecs::single::{Ascii, Latin1, latin1_decode};
use adder_text::codecs::utf8::Utf8;
use adder_text::codecs::wide::{Order, Utf16Decoder, Utf16Encoder, Utf32Decoder, Utf32Encoder};
use adder_text::codecs::{
    self as kernel, DecodeErrors, DecodeFix, DecodeProblem, Decoder, EncodeErrors, EncodeProblem, Encoder,
    Replacement, Resume,
};
use adder_text::wtf8;

/// Codecs that need no registry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Native {
    Utf8,
    Ascii,
    Latin1,
    Utf16(Order),
    Utf32(Order),
}

impl Native {
    /// By a name as programs write it.
    pub fn from_name(name: &[u8]) -> Option<Native> {
        let mut buf = [0u8; 12];
        let buf = buf.get_mut(..name.len())?;
        for (d, c) in buf.iter_mut().zip(name) {
            *d = match c {
                b'_' | b' ' => b'-',
                c => c.to_ascii_lowercase(),
            };
        }
        Some(match &*buf {
            b"utf-8" | b"utf8" => Native::Utf8,
            b"ascii" | b"us-ascii" => Native::Ascii,
            b"latin-1" | b"latin1" | b"iso-8859-1" | b"iso8859-1" => Native::Latin1,
            b"utf-16" | b"utf16" => Native::Utf16(Order::Native),
            b"utf-16-le" | b"utf-16le" => Native::Utf16(Order::Little),
            b"utf-16-be" | b"utf-16be" => Native::Utf16(Order::Big),
            b"utf-32" | b"utf32" => Native::Utf32(Order::Native),
            b"utf-32-le" | b"utf-32le" => Native::Utf32(Order::Little),
            b"utf-32-be" | b"utf-32be" => Native::Utf32(Order::Big),
            _ => return None,
        })
    }
}

// -- errors

/// The handler that a program named.
pub enum Errors {
    Native(Handler),
    /// The name of one that was registered.
    Registered(Value),
}

impl Errors {
    pub fn new(errors: Option<Value>) -> Errors {
        match errors.and_then(|e| e.cast::<Str>()) {
            None => Errors::Native(Handler::Strict),
            Some(s) => match Handler::from_name(s.bytes()) {
                Some(h) => Errors::Native(h),
                None => Errors::Registered(s.value()),
            },
        }
    }
}

/// Raises UnicodeDecodeError.
#[cold]
pub fn decode_error(th: Th, encoding: &str, object: Value, start: usize, end: usize, reason: &str) -> Raised {
    let (e, r) = (th.str(encoding), th.str(reason));
    let (start, end) = (Value::fix(start as i64), Value::fix(end as i64));
    th.raise_args(&exc::UNICODE_DECODE_ERROR, &[e, object, start, end, r])
}
/// Raises UnicodeEncodeError.
#[cold]
pub fn encode_error(th: Th, encoding: &str, object: Value, start: usize, end: usize, reason: &str) -> Raised {
    let (e, r) = (th.str(encoding), th.str(reason));
    let (start, end) = (Value::fix(start as i64), Value::fix(end as i64));
    th.raise_args(&exc::UNICODE_ENCODE_ERROR, &[e, object, start, end, r])
}

/// Asks a registered handler. It belongs on the native stack: it holds values.
struct Asked {
    th: Th,
    name: Value,
    handler: Option<Value>,
    /// The exception, made once and changed for further problems.
    exception: Option<Value>,
    object: Option<Value>,
}

impl Asked {
    fn new(th: Th, name: Value, object: Option<Value>) -> Asked {
        Asked { th, name, handler: None, exception: None, object }
    }
    fn call(&mut self, e: Value, what: &str) -> R<(Value, i64)> {
        let th = self.th;
        let h = match self.handler {
            Some(h) => h,
            None => {
                let h = registry::lookup_error(th, self.name)?;
                self.handler = Some(h);
                h
            }
        };
        let r = th.call(h, &[e])?;
        let bad = |kind: &str| th.type_error(format!("{what} error handler must return ({kind}, int) tuple"));
        let kind = if what == "decoding" { "str" } else { "str/bytes" };
        match r.cast::<Tuple>().map(|t| (t.len, t)) {
            Some((2, t)) => {
                let pos = t.items()[1];
                if !super::int::is_int(pos) && th.type_of(pos).slots.index.is_none() {
                    return Err(bad(kind));
                }
                Ok((t.items()[0], th.index_i64(pos)?))
            }
            _ => Err(bad(kind)),
        }
    }
    fn problem(&mut self, cell: &'static crate::native::TypeCell, args: &[Value; 5]) -> R<Value> {
        if let Some(e) = self.exception {
            let x: Gc<BaseException> = e.known();
            for (i, v) in args.iter().enumerate().skip(2) {
                self.th.store(x, &x.f[i], *v);
            }
            return Ok(e);
        }
        let e = self.th.call(cell.get().value(), args)?;
        self.exception = Some(e);
        Ok(e)
    }
    /// Where a handler wants to go on, in something of length `len`.
    fn position(&self, pos: i64, len: usize) -> R<usize> {
        let p = if pos < 0 { pos + len as i64 } else { pos };
        if p < 0 || p > len as i64 {
            return Err(self.th.index_error(format!("position {pos} from error handler out of bounds")));
        }
        Ok(p as usize)
    }
}

impl DecodeErrors for Asked {
    type Error = Raised;
    fn handle(&mut self, p: &DecodeProblem<'_>, out: &mut Vec<u8>) -> R<DecodeFix> {
        let th = self.th;
        let object = match self.object {
            Some(o) => o,
            None => {
                let o = bytes::new(th, p.input)?.value();
                self.object = Some(o);
                o
            }
        };
        let (enc, reason) = (th.str(p.encoding), th.str(p.reason));
        let (start, end) = (Value::fix(p.start as i64), Value::fix(p.end as i64));
        let e = self.problem(&exc::UNICODE_DECODE_ERROR, &[enc, object, start, end, reason])?;
        let (text, pos) = self.call(e, "decoding")?;
        let Some(text) = text.cast::<Str>() else {
            return Err(th.type_error("decoding error handler must return (str, int) tuple"));
        };
        // The handler may have replaced the object.
        let x: Gc<BaseException> = e.known();
        let now = Value::opt_or_none(x.f[1].get());
        let Some(b) = now.cast::<Bytes>() else {
            return Err(th.type_error("object attribute must be bytes"));
        };
        let input = if now.is(object) { None } else { Some(b.bytes().to_vec()) };
        self.object = Some(now);
        let resume = self.position(pos, b.len)?;
        out.extend_from_slice(text.bytes());
        Ok(DecodeFix { resume, input })
    }
}

impl EncodeErrors for Asked {
    type Error = Raised;
    fn handle(&mut self, p: &EncodeProblem<'_>, buffer: &mut Vec<u8>) -> R<(Replacement, Resume)> {
        let th = self.th;
        let object = self.object.expect("the string");
        let (enc, reason) = (th.str(p.encoding), th.str(p.reason));
        let (start, end) = (Value::fix(p.start as i64), Value::fix(p.end as i64));
        let e = self.problem(&exc::UNICODE_ENCODE_ERROR, &[enc, object, start, end, reason])?;
        let (r, pos) = self.call(e, "encoding")?;
        let n = object.cast::<Str>().map_or(0, |s| s.len());
        let kind = if let Some(s) = r.cast::<Str>() {
            buffer.extend_from_slice(s.bytes());
            Replacement::Text
        } else if let Some(b) = r.cast::<Bytes>() {
            buffer.extend_from_slice(b.bytes());
            Replacement::Bytes
        } else {
            return Err(th.type_error("encoding error handler must return (str/bytes, int) tuple"));
        };
        Ok((kind, Resume::Index(self.position(pos, n)?)))
    }
    fn unusable(&mut self, p: &EncodeProblem<'_>) -> Raised {
        encode_error(self.th, p.encoding, self.object.expect("the string"), p.start, p.end, p.reason)
    }
}

/// Bytes that do not change between two looks at them: a decoder that checks them and then copies them would otherwise
/// make a str of anything. A copy unless they are those of a bytes object, `object`, or nobody else is there to write.
fn still<'a>(th: Th, b: &'a [u8], object: Option<Value>, copy: &'a mut Vec<u8>) -> &'a [u8] {
    if object.is_some() || !th.multi() {
        return b;
    }
    *copy = adder_text::room::copy(b);
    copy
}
/// The bytes of a buffer, as [`still`] gives them.
pub fn still_bytes<'a>(th: Th, b: &'a Buffer, copy: &'a mut Vec<u8>) -> &'a [u8] {
    still(th, b.bytes(), Some(b.object()).filter(|o| o.is_exact(Kind::Bytes)), copy)
}
/// Runs a decoder; gives how much of the input it used. `object`: the bytes object, if there is one.
pub fn run_decoder<D: Decoder>(
    th: Th,
    d: &mut D,
    input: &[u8],
    object: Option<Value>,
    is_final: bool,
    errors: &Errors,
    out: &mut Vec<u8>,
) -> R<usize> {
    run_on_still(th, d, still(th, input, object, &mut Vec::new()), object, is_final, errors, out)
}
fn run_on_still<D: Decoder>(
    th: Th,
    d: &mut D,
    input: &[u8],
    object: Option<Value>,
    is_final: bool,
    errors: &Errors,
    out: &mut Vec<u8>,
) -> R<usize> {
    match *errors {
        Errors::Native(h) => {
            kernel::decode(d, input, is_final, &mut Standard(h), out).map_err(|f: Failure| {
                let o = match object.map_or_else(|| bytes::new(th, input).map(|b| b.value()), Ok) {
                    Ok(o) => o,
                    Err(e) => return e,
                };
                if !h.decodes() {
                    return handler_type_error(th, h, &exc::UNICODE_DECODE_ERROR);
                }
                decode_error(th, &f.encoding, o, f.start, f.end, f.reason)
            })
        }
        Errors::Registered(name) => {
            kernel::decode(d, input, is_final, &mut Asked::new(th, name, object), out)
        }
    }
}
/// A native handler was asked about something it does not know.
#[cold]
pub fn handler_type_error(th: Th, _: Handler, cell: &'static crate::native::TypeCell) -> Raised {
    th.type_error(format!("don't know how to handle {} in error callback", cell.def.name))
}

/// Runs an encoder over a str.
pub fn run_encoder<C: Encoder>(th: Th, c: &mut C, s: Gc<Str>, errors: &Errors, out: &mut Vec<u8>) -> R<()> {
    match *errors {
        Errors::Native(h) => kernel::encode(c, s.bytes(), &mut Standard(h), out)
            .map_err(|f: Failure| encode_error(th, &f.encoding, s.value(), f.start, f.end, f.reason)),
        Errors::Registered(name) => {
            kernel::encode(c, s.bytes(), &mut Asked::new(th, name, Some(s.value())), out)
        }
    }
}

// -- text to bytes

/// The str in a native encoding, as bytes.
pub fn encode_native(th: Th, s: Gc<Str>, codec: Native, errors: &Errors) -> R<Value> {
    let plain = match codec {
        Native::Ascii | Native::Latin1 => s.is_ascii(),
        Native::Utf8 => s.is_ascii() || wtf8::find_surrogate(s.bytes()).is_none(),
        _ => false,
    };
    if plain {
        return Ok(bytes::new(th, s.bytes())?.value());
    }
    scratch::with(|out| {
        match codec {
            Native::Utf8 => run_encoder(th, &mut Utf8, s, errors, out)?,
            Native::Ascii => run_encoder(th, &mut Ascii, s, errors, out)?,
            Native::Latin1 => run_encoder(th, &mut Latin1, s, errors, out)?,
            Native::Utf16(o) => run_encoder(th, &mut Utf16Encoder(o), s, errors, out)?,
            Native::Utf32(o) => run_encoder(th, &mut Utf32Encoder(o), s, errors, out)?,
        }
        Ok(bytes::new(th, out)?.value())
    })
}

/// `PyUnicode_AsEncodedString`: bytes. `encoding` and `errors` are strs.
pub fn encode(th: Th, s: Value, encoding: Option<Value>, errors: Option<Value>) -> R<Value> {
    let text: Gc<Str> = s.cast().expect("a str");
    let Some(e) = encoding else { return encode_native(th, text, Native::Utf8, &Errors::new(errors)) };
    if let Some(c) = e.cast::<Str>().and_then(|e| Native::from_name(e.bytes())) {
        return encode_native(th, text, c, &Errors::new(errors));
    }
    let r = registry::encode_text(th, s, e, errors)?;
    if r.is_kind(Kind::Bytes) {
        return Ok(r);
    }
    if r.is_kind(Kind::ByteArray) {
        let name = th.text(e);
        crate::warn::warn(
            th,
            &exc::RUNTIME_WARNING,
            &format!(
                "encoder {name} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"
            ),
            1,
        )?;
        return Ok(bytes::from_object(th, r)?.value());
    }
    Err(th.type_error(format!(
        "'{}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        th.text(e),
        th.type_name_of(r)
    )))
}

// -- bytes to text

/// The text of bytes in a native encoding. `object`: the bytes object, if there is one.
pub fn decode_native(th: Th, b: &[u8], object: Option<Value>, codec: Native, errors: &Errors) -> R<Value> {
    let mut copy = Vec::new();
    let b = still(th, b, object, &mut copy);
    if b.is_ascii() && !matches!(codec, Native::Utf16(_) | Native::Utf32(_)) {
        return th.str_counted(b, b.len(), true);
    }
    match codec {
        Native::Utf8 if std::str::from_utf8(b).is_ok() => return th.try_str(b),
        Native::Latin1 => {
            return scratch::with(|out| {
                latin1_decode(b, out);
                th.str_counted(out, b.len(), false)
            });
        }
        _ => {}
    }
    scratch::with(|out| {
        match codec {
            Native::Utf8 => run_on_still(th, &mut Utf8, b, object, true, errors, out)?,
            Native::Ascii => run_on_still(th, &mut Ascii, b, object, true, errors, out)?,
            Native::Latin1 => unreachable!("done above"),
            Native::Utf16(o) => run_on_still(th, &mut Utf16Decoder::new(o), b, object, true, errors, out)?,
            Native::Utf32(o) => run_on_still(th, &mut Utf32Decoder::new(o), b, object, true, errors, out)?,
        };
        th.try_str(out)
    })
}

/// Text of a bytes or bytearray object.
pub fn decode(th: Th, o: Value, encoding: Option<Value>, errors: Option<Value>) -> R<Value> {
    let codec = match encoding.and_then(|e| e.cast::<Str>()) {
        None => Some(Native::Utf8),
        Some(e) => Native::from_name(e.bytes()),
    };
    if let Some(c) = codec {
        if let Some(b) = o.exact::<Bytes>() {
            if b.bytes().is_ascii() && matches!(c, Native::Utf8 | Native::Ascii | Native::Latin1) {
                return th.str_counted(b.bytes(), b.len, true);
            }
            return decode_native(th, b.bytes(), Some(o), c, &Errors::new(errors));
        }
        let b = super::buffer::Buffer::simple(th, o)?;
        let object = o.is_exact(Kind::Bytes).then_some(o);
        return decode_native(th, b.bytes(), object, c, &Errors::new(errors));
    }
    let e = encoding.expect("an encoding");
    let r = registry::decode_text(th, o, e, errors)?;
    if r.is_kind(Kind::Str) {
        return Ok(r);
    }
    Err(th.type_error(format!(
        "'{}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
        th.text(e),
        th.type_name_of(r)
    )))
}

// -- methods

fn checked(th: Th, v: Option<Value>, method: &str, arg: &str) -> R<()> {
    let Some(v) = v else { return Ok(()) };
    match v.cast::<Str>() {
        None => {
            Err(th
                .type_error(format!("{method}() argument '{arg}' must be str, not {}", th.arg_type_name(v))))
        }
        Some(s) if s.as_str().is_none() => Err(super::eval_::surrogates_not_allowed(th, s)),
        Some(s) if s.bytes().contains(&0) => Err(th.value_error("embedded null character")),
        Some(_) => Ok(()),
    }
}
/// `str.encode`.
pub fn encode_method(th: Th, s: Value, encoding: Option<Value>, errors: Option<Value>) -> R<Value> {
    // The usual case: nothing can go wrong.
    let is = |v: Option<Value>, names: &[&[u8]]| {
        v.is_none_or(|v| v.exact::<Str>().is_some_and(|n| names.contains(&n.bytes())))
    };
    if let Some(t) = s.cast::<Str>()
        && t.is_ascii()
        && is(encoding, &[b"utf-8", b"ascii"])
        && is(errors, &[b"strict", b"surrogatepass", b"surrogateescape"])
    {
        return Ok(bytes::new(th, t.bytes())?.value());
    }
    checked(th, encoding, "encode", "encoding")?;
    checked(th, errors, "encode", "errors")?;
    encode(th, s, encoding, errors)
}
/// `bytes.decode`, `bytearray.decode`.
pub fn decode_method(th: Th, o: Value, encoding: Option<Value>, errors: Option<Value>) -> R<Value> {
    checked(th, encoding, "decode", "encoding")?;
    checked(th, errors, "decode", "errors")?;
    decode(th, o, encoding, errors)
}
