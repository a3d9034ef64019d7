//! Decoding and encoding of `TextIOWrapper`: natively, or by the incremental codecs of the registry.

use super::newline::{self, Newlines};
use super::text::*;
use super::*;
use adder_text::codecs::single::Ascii;
use adder_text::codecs::utf8::Utf8;
use adder_text::room;
use adder_vm::builtins::codecs::{Errors, Native, decode_native, encode_native, run_decoder, still_bytes};
use adder_vm::builtins::codecs_registry as registry;
use adder_vm::builtins::scratch;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Coding {
    /// The objects `encoder` and `decoder`.
    #[default]
    Object,
    Utf8,
    Ascii,
    Latin1,
}

impl Coding {
    fn native(self) -> Option<Native> {
        match self {
            Coding::Object => None,
            Coding::Utf8 => Some(Native::Utf8),
            Coding::Ascii => Some(Native::Ascii),
            Coding::Latin1 => Some(Native::Latin1),
        }
    }
}

/// How an encoding is coded; LookupError if there is no such encoding.
pub fn choose(th: Th, encoding: Value) -> R<Coding> {
    let s: Gc<Str> = encoding.cast().expect("a str");
    match Native::from_name(s.bytes()) {
        Some(Native::Utf8) => Ok(Coding::Utf8),
        Some(Native::Ascii) => Ok(Coding::Ascii),
        Some(Native::Latin1) => Ok(Coding::Latin1),
        _ => {
            lookup(th, encoding)?;
            Ok(Coding::Object)
        }
    }
}
fn lookup(th: Th, encoding: Value) -> R<Value> {
    let c = registry::lookup(th, encoding)?;
    if !c.is_exact(Kind::Tuple)
        && let Some(v) = th.getattr_opt(c, th.intern("_is_text_encoding"))?
        && !th.truth(v)?
    {
        return Err(th.lookup_error(format!("'{}' is not a text encoding", th.text(encoding))));
    }
    Ok(c)
}
/// Makes decoder and encoder as far as the stream below reads and writes.
pub fn set_coding(th: Th, t: Gc<Text>, coding: Coding) -> R<()> {
    let b = t.buffer.value();
    let able = |name: &str| -> R<bool> {
        let r = th.call_method(b, th.intern(name), &[])?;
        th.truth(r)
    };
    let info = if coding == Coding::Object { Some(lookup(th, t.encoding.value())?) } else { None };
    let errors = t.errors.value();
    let mode = t.mode.get();
    let decodes = able("readable")?;
    t.decoder.init(None);
    t.ntail.set(0);
    t.newlines.set(Newlines { translate: mode == newline::Mode::Universal, ..Newlines::default() });
    if let (true, Some(info)) = (decodes, info) {
        let f = th.getattr(info, th.intern("incrementaldecoder"))?;
        let mut d = th.call(f, &[errors])?;
        if mode.is_universal() {
            d = newline::new(th, d, mode == newline::Mode::Universal)?;
        }
        th.store(t, &t.decoder, d);
    }
    let encodes = able("writable")?;
    t.encoder.init(None);
    if let (true, Some(info)) = (encodes, info) {
        let f = th.getattr(info, th.intern("incrementalencoder"))?;
        let e = th.call(f, &[errors])?;
        th.store(t, &t.encoder, e);
    }
    t.coding.set(coding);
    t.decodes.set(decodes);
    t.encodes.set(encodes);
    Ok(())
}
/// An encoder that begins in the middle of a file writes no byte order mark.
pub fn fix_encoder(th: Th, t: Gc<Text>) -> R<()> {
    if !t.seekable.get() || !t.encodes.get() {
        return Ok(());
    }
    t.at_start.set(true);
    if t.coding.get() != Coding::Object && t.layer.get() != Layer::Other {
        return Ok(());
    }
    let p = th.call_method(t.buffer.value(), n!(tell), &[])?;
    if !th.eq(p, Value::fix(0))? {
        t.at_start.set(false);
        if let Some(e) = t.encoder.get() {
            th.call_method(e, n!(setstate), &[Value::fix(0)])?;
        }
    }
    Ok(())
}

pub fn encode(th: Th, t: Gc<Text>, s: Gc<Str>) -> R<Value> {
    t.at_start.set(false);
    match t.coding.get().native() {
        Some(c) => encode_native(th, s, c, &Errors::new(t.errors.get())),
        None => {
            let e = t.encoder.value();
            let s = if s.value().is_exact(Kind::Str) { s.value() } else { th.exact_str(s)? };
            th.call_method(e, n!(encode), &[s])
        }
    }
}

/// Bytes to decode: as an object, or in native memory that nothing moves.
pub enum Input<'a> {
    Object(Value),
    Plain(&'a [u8]),
}

/// Decodes; the result is a str. Under the reading lock.
pub fn decode(th: Th, t: Gc<Text>, input: Input, is_final: bool) -> R<Gc<Str>> {
    let Some(native) = t.coding.get().native() else {
        let o = match input {
            Input::Object(o) => o,
            Input::Plain(b) => new_bytes(th, b)?,
        };
        let d = t.decoder.value();
        let v = if is_exactly(th, d, &newline::DECODER) {
            newline::decode(th, d, o, is_final)?
        } else {
            th.call_method(d, n!(decode), &[o, Value::bool(is_final)])?
        };
        return match v.cast::<Str>() {
            Some(s) => Ok(s),
            None => Err(
                th.type_error(format!("decoder should return a string result, not '{}'", th.type_name_of(v)))
            ),
        };
    };
    let (held, mut copy);
    let b: &[u8] = match &input {
        Input::Plain(b) => b,
        Input::Object(o) => {
            held = Buffer::simple(th, *o)?;
            copy = Vec::new();
            still_bytes(th, &held, &mut copy)
        }
    };
    let text = if t.ntail.get() > 0 {
        let mut v = room::with_capacity(b.len() + 6);
        v.extend_from_slice(&t.tail.get()[..t.ntail.get() as usize]);
        v.extend_from_slice(b);
        t.ntail.set(0);
        let r = decode_bytes(th, t, &v, native, is_final);
        if r.is_err() {
            // A decoder that failed has its input still.
            keep_tail(t, &v[..v.len() - b.len()]);
        }
        r?
    } else {
        decode_bytes(th, t, b, native, is_final)?
    };
    let text: Gc<Str> = text.known();
    if !t.mode.get().is_universal() {
        return Ok(text);
    }
    let mut n = t.newlines.get();
    if n.passes(text.bytes()) {
        t.newlines.set(n);
        return Ok(text);
    }
    let v = scratch::with(|out| {
        n.decode(text.bytes(), is_final, out);
        th.try_str(out)
    })?;
    t.newlines.set(n);
    Ok(v.known())
}
fn keep_tail(t: Gc<Text>, rest: &[u8]) {
    let mut tail = [0; 6];
    let n = rest.len().min(6);
    tail[..n].copy_from_slice(&rest[..n]);
    t.tail.set(tail);
    t.ntail.set(n as u8);
}
fn decode_bytes(th: Th, t: Gc<Text>, b: &[u8], native: Native, is_final: bool) -> R<Value> {
    if b.is_ascii() {
        return th.str_counted(b, b.len(), true);
    }
    let errors = Errors::new(t.errors.get());
    match native {
        Native::Utf8 => {
            if std::str::from_utf8(b).is_ok() {
                return th.try_str(b);
            }
            scratch::with(|out| {
                let used = run_decoder(th, &mut Utf8, b, None, is_final, &errors, out)?;
                keep_tail(t, &b[used.min(b.len())..]);
                th.try_str(out)
            })
        }
        Native::Ascii => scratch::with(|out| {
            run_decoder(th, &mut Ascii, b, None, is_final, &errors, out)?;
            th.try_str(out)
        }),
        n => decode_native(th, b, None, n, &errors),
    }
}

pub fn reset_decoder(th: Th, t: Gc<Text>) -> R<()> {
    if !t.decodes.get() {
        return Ok(());
    }
    if t.coding.get() != Coding::Object {
        t.ntail.set(0);
        let mut n = t.newlines.get();
        n.pending_cr = false;
        n.seen = 0;
        t.newlines.set(n);
        return Ok(());
    }
    th.call_method(t.decoder.value(), n!(reset), &[]).map(|_| ())
}
pub fn newlines(th: Th, t: Gc<Text>) -> R<Value> {
    if !t.decodes.get() {
        return none();
    }
    if t.coding.get() != Coding::Object {
        return Ok(if t.mode.get().is_universal() { t.newlines.get().names(th) } else { NONE() });
    }
    Ok(Value::opt_or_none(th.getattr_opt(t.decoder.value(), th.intern("newlines"))?))
}

// -- states, for `tell`

/// What the decoder holds back, and its flags (an int).
pub fn decoder_state(th: Th, t: Gc<Text>) -> R<(Value, Value)> {
    if t.coding.get() != Coding::Object {
        let b = new_bytes(th, &t.tail.get()[..t.ntail.get() as usize])?;
        let cr = t.mode.get().is_universal() && t.newlines.get().pending_cr;
        return Ok((b, Value::fix(cr as i64)));
    }
    let s = th.call_method(t.decoder.value(), n!(getstate), &[])?;
    let Some(p) = s.cast::<Tuple>() else { return Err(th.type_error("illegal decoder state")) };
    if p.len != 2 {
        return Err(th.type_error("illegal decoder state"));
    }
    let b = p.items()[0];
    if !b.is_kind(Kind::Bytes) {
        return Err(th.type_error(format!(
            "illegal decoder state: the first item should be a bytes object, not '{}'",
            th.type_name_of(b)
        )));
    }
    Ok((b, p.items()[1]))
}
pub fn set_decoder_state(th: Th, t: Gc<Text>, buffer: Value, flags: Value) -> R<()> {
    if t.coding.get() != Coding::Object {
        keep_tail(t, buffer::bytes_of(buffer).unwrap_or(&[]));
        let mut n = t.newlines.get();
        n.pending_cr = t.mode.get().is_universal() && flags.as_fix().is_some_and(|f| f & 1 != 0);
        t.newlines.set(n);
        return Ok(());
    }
    let s = th.tuple(&[buffer, flags]);
    th.call_method(t.decoder.value(), n!(setstate), &[s]).map(|_| ())
}
/// `start`: the beginning of the file.
pub fn reset_encoder(th: Th, t: Gc<Text>, start: bool) -> R<()> {
    t.at_start.set(start);
    if let Some(e) = t.encoder.get() {
        if start {
            th.call_method(e, n!(reset), &[])?;
        } else {
            th.call_method(e, n!(setstate), &[Value::fix(0)])?;
        }
    }
    Ok(())
}
