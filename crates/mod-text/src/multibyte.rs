//! `_multibytecodec` and `_codecs_cn`, `_codecs_hk`, `_codecs_iso2022`, `_codecs_jp`, `_codecs_kr`, `_codecs_tw`: what
//! Python sees of the multibyte codecs. The codecs are in `adder_text::codecs::cjk`; CPython's
//! `Modules/cjkcodecs/multibytecodec.c`.
//!
//! Incremental codecs and streams share one layout: `tail` are bytes a decoder keeps, `pending` the text an encoder keeps.
//!
//! # Invariants
//! `Ctx::pending` is null or a `str` that is never changed; a slice of its bytes is used while it is on the stack.

use crate::common::{arg, bind, make, signature};
use crate::native_layout;
use adder_text::codecs::cjk::{
    CODECS, Codec, MAX_PENDING_BYTES, MAX_PENDING_CHARS, MultibyteDecoder, MultibyteEncoder,
    PENDING_OVERFLOW, State,
};
use adder_text::wtf8;
use adder_vm::builtins::buffer::{self, Buffer};
use adder_vm::builtins::codecs::{Errors, decode_error, encode_error, run_decoder, run_encoder};
use adder_vm::builtins::{bytes, exceptions as exc, int, scratch};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

type Args<'a> = &'a [Option<Value>];

pub static MODULE: NativeModule = NativeModule {
    name: "_multibytecodec",
    doc: "",
    functions: &[function("__create_codec", "($module, arg, /)", "", |th, _| {
        // Codecs come from `getcodec`; the capsules of CPython's C modules do not exist here.
        Err(th.value_error("argument type invalid"))
    })],
    types: &[&INC_ENCODER, &INC_DECODER, &READER, &WRITER],
    init: None,
};

macro_rules! modules {
    ($($cell:ident $name:literal $f:ident [$($codec:ident)*];)*) => { $(
        pub static $cell: NativeModule = NativeModule {
            name: $name,
            doc: "",
            functions: &[function("getcodec", "!($module, object, /)", "", $f)],
            types: &[],
            init: None,
        };
        fn $f(th: Th, a: Args) -> R<Value> {
            getcodec(th, arg(a, 0), &[$(Codec::$codec),*])
        }
    )* };
}
modules! {
    CN "_codecs_cn" cn [Gb2312 Gbk Gb18030 Hz];
    HK "_codecs_hk" hk [Big5Hkscs];
    ISO2022 "_codecs_iso2022" iso2022
        [Iso2022Kr Iso2022Jp Iso2022Jp1 Iso2022Jp2 Iso2022Jp2004 Iso2022Jp3 Iso2022JpExt];
    JP "_codecs_jp" jp [ShiftJis Cp932 EucJp ShiftJis2004 EucJis2004 EucJisx0213 ShiftJisx0213];
    KR "_codecs_kr" kr [EucKr Cp949 Johab];
    TW "_codecs_tw" tw [Big5 Cp950];
}

native_layout! { CodecObj { ; codec: Plain<u8> } }
native_layout! { Ctx { errors, stream, pending: Str; codec: Plain<u8>, ntail: Plain<u8>, state: Plain<[u8; 8]>,
tail: Plain<[u8; MAX_PENDING_BYTES]> } }

fn getcodec(th: Th, name: Value, known: &[Codec]) -> R<Value> {
    let Some(s) = name.cast::<Str>() else { return Err(th.type_error("encoding name must be a string.")) };
    match Codec::from_name(s.bytes()).filter(|c| known.contains(c)) {
        None => Err(th.lookup_error("no such codec is supported.")),
        Some(c) => {
            let o = adder_vm::builtins::object::new_instance(th, th.make_type(&CODEC))?;
            CodecObj::of(o).codec.set(c as u8);
            Ok(o)
        }
    }
}
fn codec_of(n: u8) -> Codec {
    CODECS[n as usize].1
}

static CODEC: TypeCell = TypeCell::new(&NativeType {
    name: "_multibytecodec.MultibyteCodec",
    kind: Kind::Native,
    size: CodecObj::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    methods: &[
        method(
            "encode",
            "($self, /, input, errors=None)",
            "Return an encoded string version of 'input'.\n\n'errors' may be given to set a different error handling scheme.\nDefault is 'strict' meaning that encoding errors raise\na UnicodeEncodeError.  Other possible values are 'ignore', 'replace'\nand 'xmlcharrefreplace' as well as any other name registered with\ncodecs.register_error that can handle UnicodeEncodeErrors.",
            codec_encode,
        ),
        method(
            "decode",
            "($self, /, input, errors=None)",
            "Decodes 'input'.\n\n'errors' may be given to set a different error handling scheme.\nDefault is 'strict' meaning that encoding errors raise\na UnicodeDecodeError.  Other possible values are 'ignore' and\n'replace' as well as any other name registered with\ncodecs.register_error that is able to handle UnicodeDecodeErrors.\"",
            codec_decode,
        ),
    ],
    trace: Some(CodecObj::trace),
    ..NativeType::DEFAULT
});

fn errors_arg(th: Th, func: &str, v: Option<Value>) -> R<Errors> {
    match v {
        Some(e) if !e.is_none() && !e.is_kind(Kind::Str) => Err(th.type_error(format!(
            "{func}() argument 'errors' must be str or None, not {}",
            th.type_name_of(e)
        ))),
        v => Ok(Errors::new(v)),
    }
}
/// The text of an argument: anything else than a str is converted.
fn text(th: Th, v: Value) -> R<Gc<Str>> {
    match v.cast::<Str>() {
        Some(s) => Ok(s),
        None => Ok(th.to_str(v)?.cast().expect("str() gives a str")),
    }
}
fn codec_encode(th: Th, a: Args) -> R<Value> {
    let codec = codec_of(CodecObj::of(arg(a, 0)).codec.get());
    let errors = errors_arg(th, "encode", a[2])?;
    let s = text(th, arg(a, 1))?;
    let out = scratch::with(|out| {
        if !s.is_empty() {
            let r = run_encoder(th, &mut MultibyteEncoder::new(codec, true), s, &errors, out);
            position(th, &errors, r)?;
        }
        bytes::new(th, out)
    })?;
    Ok(th.tuple(&[out.value(), th.int(s.len() as i64)]))
}
fn codec_decode(th: Th, a: Args) -> R<Value> {
    let codec = codec_of(CodecObj::of(arg(a, 0)).codec.get());
    let errors = errors_arg(th, "decode", a[2])?;
    let v = arg(a, 1);
    let b = Buffer::simple(th, v)?;
    let object = v.is_exact(Kind::Bytes).then_some(v);
    let s = scratch::with(|out| {
        let r = run_decoder(th, &mut MultibyteDecoder::new(codec), b.bytes(), object, true, &errors, out);
        position(th, &errors, r)?;
        th.try_str(out)
    })?;
    Ok(th.tuple(&[s, th.int(b.len() as i64)]))
}

/// A position from a registered handler that is no machine integer: these codecs call it out of bounds.
fn position<T>(th: Th, errors: &Errors, r: R<T>) -> R<T> {
    if r.is_err() && matches!(errors, Errors::Registered(_)) && th.exc_is(&exc::OVERFLOW_ERROR) {
        th.take_exc();
        return Err(th.index_error("position -1 from error handler out of bounds"));
    }
    r
}

// -- what the incremental codecs and the streams share

const ERRORS: GetSetDef = getset(
    "errors",
    "how to treat errors",
    |_, o| Ok(Value::opt_or_none(Ctx::of(o).errors.get())),
    |th, o, v| {
        let Some(v) = v else { return Err(th.attribute_error_msg("cannot delete attribute")) };
        if !v.is_kind(Kind::Str) {
            return Err(th.type_error("errors must be a string"));
        }
        let c = Ctx::of(o);
        th.store(c, &c.errors, v);
        Ok(())
    },
);
const STREAM: GetSetDef = getter("stream", "", |_, o| Ok(Value::opt_or_none(Ctx::of(o).stream.get())));

/// A new context; its class says which codec.
fn new(
    th: Th,
    t: Value,
    what: &str,
    stream: Option<Value>,
    errors: Option<Value>,
    decoder: bool,
) -> R<Value> {
    let at = if stream.is_some() { 2 } else { 1 };
    if let Some(e) = errors
        && !e.is_kind(Kind::Str)
    {
        return Err(th.type_error(format!("{what}() argument {at} must be str, not {}", th.arg_type_name(e))));
    }
    let codec = th.getattr(t, th.intern("codec"))?;
    if !codec.is_kind(Kind::Native) || th.type_of(codec) != th.make_type(&CODEC) {
        return Err(th.type_error("codec is unexpected type"));
    }
    let o = make(th, t)?;
    let c = Ctx::of(o);
    let k = CodecObj::of(codec).codec.get();
    c.codec.set(k);
    let k = codec_of(k);
    c.state.set(if decoder { k.decoder_state() } else { k.encoder_state() }.0);
    th.store(c, &c.errors, errors.unwrap_or_else(|| n!(strict)));
    th.store_opt(c, &c.stream, stream);
    Ok(o)
}
/// Encodes with the state; what cannot be decided yet is kept.
fn encode(th: Th, c: Gc<Ctx>, input: Value, is_final: bool) -> R<Value> {
    let mut s = text(th, input)?;
    let before: Option<Gc<Str>> = c.pending.get();
    if let Some(p) = before.filter(|p| !p.is_empty()) {
        s = adder_vm::builtins::str_::concat(th, p, s)?.cast().expect("a str");
    }
    encode_text(th, c, s, is_final)
}
fn encode_text(th: Th, c: Gc<Ctx>, s: Gc<Str>, is_final: bool) -> R<Value> {
    let codec = codec_of(c.codec.get());
    let errors = Errors::new(c.errors.get());
    let mut e = MultibyteEncoder::new(codec, is_final);
    e.state = State(c.state.get());
    // If it fails, what was kept before is kept still; the state has moved.
    let r = scratch::with(|out| {
        let r = run_encoder(th, &mut e, s, &errors, out);
        c.state.set(e.state.0);
        position(th, &errors, r)?;
        bytes::new(th, out)
    })?;
    let rest = &s.bytes()[e.used.min(s.nbytes as usize)..];
    if rest.is_empty() || is_final {
        c.pending.init(None);
    } else {
        let n = wtf8::count(rest);
        if n > MAX_PENDING_CHARS {
            let at = s.len() - n;
            return Err(encode_error(th, codec.name(), s.value(), at, s.len(), PENDING_OVERFLOW));
        }
        let p = th.try_str(rest)?;
        th.store(c, &c.pending, p.known());
    }
    Ok(r.value())
}
/// Decodes with the state; appends the text. `last`: nothing follows.
fn decode(th: Th, c: Gc<Ctx>, data: &[u8], last: bool, out: &mut Vec<u8>) -> R<()> {
    let codec = codec_of(c.codec.get());
    let errors = Errors::new(c.errors.get());
    let mut d = MultibyteDecoder::new(codec);
    d.state = State(c.state.get());
    let kept = c.ntail.get() as usize;
    let joined;
    let input: &[u8] = if kept == 0 {
        data
    } else {
        let mut v = c.tail.get()[..kept].to_vec();
        v.extend_from_slice(data);
        joined = v;
        c.ntail.set(0);
        &joined
    };
    let r = run_decoder(th, &mut d, input, None, last, &errors, out);
    c.state.set(d.state.0);
    let used = match position(th, &errors, r) {
        Ok(n) => n,
        Err(e) => {
            c.ntail.set(kept as u8);
            return Err(e);
        }
    };
    let rest = &input[used.min(input.len())..];
    if rest.len() > MAX_PENDING_BYTES {
        let o = bytes::new(th, input)?;
        return Err(decode_error(th, codec.name(), o.value(), 0, input.len(), PENDING_OVERFLOW));
    }
    let mut tail = [0; MAX_PENDING_BYTES];
    tail[..rest.len()].copy_from_slice(rest);
    c.tail.set(tail);
    c.ntail.set(rest.len() as u8);
    Ok(())
}
fn reset_decoder(c: Gc<Ctx>) {
    let mut d = MultibyteDecoder::new(codec_of(c.codec.get()));
    d.state = State(c.state.get());
    d.reset();
    c.state.set(d.state.0);
    c.ntail.set(0);
}
fn is_final(th: Th, v: Option<Value>) -> R<bool> {
    v.map_or(Ok(false), |v| th.truth(v))
}
/// An int as so many bytes, least significant first.
fn int_bytes(th: Th, v: Value, n: usize) -> R<Vec<u8>> {
    let b = th.call_method(v, th.intern("to_bytes"), &[Value::fix(n as i64), n!(little)])?;
    Ok(buffer::bytes_of(b).unwrap_or(&[]).to_vec())
}
fn int_of(th: Th, b: &[u8]) -> Value {
    let mut limbs = [0u64; 4];
    for (i, x) in b.iter().enumerate() {
        limbs[i / 8] |= (*x as u64) << (i % 8 * 8);
    }
    int::from_limbs(th, false, &limbs)
}
#[cold]
fn wrong(th: Th, func: &str, want: &str, v: Value) -> Raised {
    th.type_error(format!("{func}() argument must be {want}, not {}", th.arg_type_name(v)))
}

macro_rules! context {
    ($cell:ident $name:literal $new:expr, [$($m:expr),* $(,)?] [$($g:expr),*]) => {
        static $cell: TypeCell = TypeCell::new(&NativeType {
            name: concat!("_multibytecodec.", $name),
            kind: Kind::Native,
            size: Ctx::SIZE,
            slots: Slots { new: Some($new), init: Some(|_, _, _| Ok(())), ..Slots::NONE },
            methods: &[$($m),*],
            getset: &[$($g),*],
            trace: Some(Ctx::trace),
            ..NativeType::DEFAULT
        });
    };
}

static INC_ENC_SIG: NativeDef = signature("IncrementalEncoder", "(errors='strict')");
static INC_DEC_SIG: NativeDef = signature("IncrementalDecoder", "(errors='strict')");
static READER_SIG: NativeDef = signature("StreamReader", "(stream, errors='strict')");
static WRITER_SIG: NativeDef = signature("StreamWriter", "(stream, errors='strict')");

context! { INC_ENCODER "MultibyteIncrementalEncoder" |th, t, a| {
    let [e] = bind::<1>(th, &INC_ENC_SIG, a)?;
    new(th, t, "IncrementalEncoder", None, e, false)
}, [
    method("encode", "($self, /, input, final=False)", "", |th, a| {
        let last = is_final(th, a[2])?;
        encode(th, Ctx::of(arg(a, 0)), arg(a, 1), last)
    }),
    method("getstate", "($self, /)", "", encoder_getstate),
    method("setstate", "($self, state, /)", "", encoder_setstate),
    method("reset", "($self, /)", "", |_, a| {
        let c = Ctx::of(arg(a, 0));
        let mut e = MultibyteEncoder::new(codec_of(c.codec.get()), true);
        e.state = State(c.state.get());
        e.reset(&mut Vec::new());
        c.state.set(e.state.0);
        c.pending.init(None);
        Ok(NONE())
    }),
] [ERRORS] }

fn encoder_getstate(th: Th, a: Args) -> R<Value> {
    let c = Ctx::of(arg(a, 0));
    let mut b = Vec::with_capacity(1 + MAX_PENDING_CHARS * 4 + 8);
    let p: Option<Gc<Str>> = c.pending.get();
    let p = p.map_or(&[][..], |p| unsafe { &*(p.bytes() as *const [u8]) });
    if wtf8::find_surrogate(p).is_some() {
        // As an encoder to UTF-8 says it.
        adder_vm::builtins::codecs::encode(th, c.pending.value(), None, None)?;
    }
    b.push(p.len() as u8);
    b.extend_from_slice(p);
    b.extend_from_slice(&c.state.get());
    Ok(int_of(th, &b))
}
fn encoder_setstate(th: Th, a: Args) -> R<Value> {
    let (c, v) = (Ctx::of(arg(a, 0)), arg(a, 1));
    if !int::is_int(v) {
        return Err(wrong(th, "setstate", "int", v));
    }
    const LEN: usize = 1 + MAX_PENDING_CHARS * 4 + 8;
    let b = int_bytes(th, v, LEN)?;
    let n = b[0] as usize;
    if n > MAX_PENDING_CHARS * 4 {
        let name = codec_of(c.codec.get()).name();
        let all = th.str("");
        return Err(encode_error(th, name, all, 0, 0, "pending buffer too large"));
    }
    let part = bytes::new(th, &b[1..1 + n])?;
    let p = adder_vm::builtins::codecs::decode(th, part.value(), None, None)?;
    th.store(c, &c.pending, p.known());
    c.state.set(b[1 + n..9 + n].try_into().expect("eight bytes"));
    Ok(NONE())
}

context! { INC_DECODER "MultibyteIncrementalDecoder" |th, t, a| {
    let [e] = bind::<1>(th, &INC_DEC_SIG, a)?;
    new(th, t, "IncrementalDecoder", None, e, true)
}, [
    method("decode", "($self, /, input, final=False)", "", |th, a| {
        let b = Buffer::simple(th, arg(a, 1))?;
        let last = is_final(th, a[2])?;
        scratch::with(|out| {
            decode(th, Ctx::of(arg(a, 0)), b.bytes(), last, out)?;
            th.try_str(out)
        })
    }),
    method("getstate", "($self, /)", "", |th, a| {
        let c = Ctx::of(arg(a, 0));
        let b = bytes::new(th, &c.tail.get()[..c.ntail.get() as usize])?;
        Ok(th.tuple(&[b.value(), int_of(th, &c.state.get())]))
    }),
    method("setstate", "($self, state, /)", "", decoder_setstate),
    method("reset", "($self, /)", "", |_, a| {
        reset_decoder(Ctx::of(arg(a, 0)));
        Ok(NONE())
    }),
] [ERRORS] }

fn decoder_setstate(th: Th, a: Args) -> R<Value> {
    let (c, v) = (Ctx::of(arg(a, 0)), arg(a, 1));
    let Some(t) = v.cast::<Tuple>() else { return Err(wrong(th, "setstate", "tuple", v)) };
    let bad = |th: Th| th.type_error("setstate(): illegal state argument");
    if t.len != 2 || !t.items()[0].is_kind(Kind::Bytes) || !int::is_int(t.items()[1]) {
        return Err(bad(th));
    }
    let state = int_bytes(th, t.items()[1], 8)?;
    let b = buffer::bytes_of(t.items()[0]).expect("bytes");
    if b.len() > MAX_PENDING_BYTES {
        let name = codec_of(c.codec.get()).name();
        return Err(decode_error(th, name, t.items()[0], 0, b.len(), "pending buffer too large"));
    }
    let mut tail = [0; MAX_PENDING_BYTES];
    tail[..b.len()].copy_from_slice(b);
    c.tail.set(tail);
    c.ntail.set(b.len() as u8);
    c.state.set(state.try_into().expect("eight bytes"));
    Ok(NONE())
}

context! { READER "MultibyteStreamReader" |th, t, a| {
    let [s, e] = bind::<2>(th, &READER_SIG, a)?;
    new(th, t, "StreamReader", s, e, true)
}, [
    method("read", "($self, sizeobj=None, /)", "", |th, a| {
        let n = size(th, a[1])?;
        read(th, Ctx::of(arg(a, 0)), n!(read), n)
    }),
    method("readline", "($self, sizeobj=None, /)", "", |th, a| {
        let n = size(th, a[1])?;
        read(th, Ctx::of(arg(a, 0)), n!(readline), n)
    }),
    method("readlines", "($self, sizehintobj=None, /)", "", |th, a| {
        let n = size(th, a[1])?;
        let s = read(th, Ctx::of(arg(a, 0)), n!(read), n)?;
        th.call_method(s, th.intern("splitlines"), &[TRUE()])
    }),
    method("reset", "($self, /)", "", |_, a| {
        reset_decoder(Ctx::of(arg(a, 0)));
        Ok(NONE())
    }),
] [STREAM, ERRORS] }

fn size(th: Th, v: Option<Value>) -> R<i64> {
    match v.and_then(Value::some) {
        None => Ok(-1),
        Some(v) if int::is_int(v) => th.index_i64(v),
        Some(_) => Err(th.type_error("arg 1 must be an integer")),
    }
}
fn read(th: Th, c: Gc<Ctx>, method: Value, mut hint: i64) -> R<Value> {
    if hint == 0 {
        return th.try_str(b"");
    }
    let mut out: Vec<u8> = Vec::new();
    loop {
        let stream = c.stream.value();
        let r = if hint < 0 {
            th.call_method(stream, method, &[])?
        } else {
            th.call_method(stream, method, &[th.int(hint)])?
        };
        if !r.is_kind(Kind::Bytes) {
            return Err(th.type_error(format!(
                "stream function returned a non-bytes object ({})",
                th.type_name_of(r)
            )));
        }
        let b = buffer::bytes_of(r).expect("bytes");
        let all = b.len() + c.ntail.get() as usize;
        decode(th, c, b, b.is_empty() || hint < 0, &mut out)?;
        if hint < 0 || !out.is_empty() || all == 0 {
            return th.try_str(&out);
        }
        // One more byte may complete a character.
        hint = 1;
    }
}

context! { WRITER "MultibyteStreamWriter" |th, t, a| {
    let [s, e] = bind::<2>(th, &WRITER_SIG, a)?;
    new(th, t, "StreamWriter", s, e, false)
}, [
    method("write", "($self, strobj, /)", "", |th, a| {
        write(th, Ctx::of(arg(a, 0)), arg(a, 1))?;
        Ok(NONE())
    }),
    method("writelines", "($self, lines, /)", "", |th, a| {
        let lines = arg(a, 1);
        if th.type_of(lines).slots.getitem.is_none() || lines.is_kind(Kind::Dict) {
            return Err(th.type_error("arg must be a sequence object"));
        }
        let mut i = 0;
        while i < th.len(lines)? as i64 {
            let s = th.getitem(lines, th.int(i))?;
            write(th, Ctx::of(arg(a, 0)), s)?;
            i += 1;
        }
        Ok(NONE())
    }),
    method("reset", "($self, /)", "", |th, a| {
        let c = Ctx::of(arg(a, 0));
        let Some(p) = c.pending.get() else { return Ok(NONE()) };
        // What does not encode is dropped.
        c.pending.init(None);
        let r = encode_text(th, c, p, true);
        c.pending.init(None);
        let b = r?;
        if buffer::bytes_of(b).is_some_and(|b| !b.is_empty()) {
            th.call_method(c.stream.value(), n!(write), &[b])?;
        }
        Ok(NONE())
    }),
] [STREAM, ERRORS] }

fn write(th: Th, c: Gc<Ctx>, v: Value) -> R<()> {
    let b = encode(th, c, v, false)?;
    th.call_method(c.stream.value(), n!(write), &[b])?;
    Ok(())
}
