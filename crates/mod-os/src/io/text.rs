//! `TextIOWrapper`: text over a buffered stream. CPython's `Modules/_io/textio.c`. Here: making, writing, closing;
//! [`text_codec`] decodes and encodes, [`text_read`] reads,
//! [`text_seek`] has `seek` and `tell`.
//!
//! UTF-8, ASCII and Latin-1 are coded natively, without the codec registry; everything else through incremental codecs
//! as Python sees them. Encoded text waits in `pending` (outside the heap, under the thin lock) until there is a chunk of
//! it; reading happens under a lock that its holder may take again.
//!
//! # Safety
//! `pending` is null or a vector that the object owns; it is made once, touched under the thin lock, and freed with the
//! object. Only the length is also looked at without the lock, for a guess.

use super::base::TEXTIOBASE;
use super::newline::{Mode, Newlines};
use super::text_codec::{self as codec, Coding};
use super::*;
use adder_text::room;
use adder_vm::builtins::codecs_registry as registry;
use adder_vm::sync::Lock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

// `decoded` is text that was read but not given out: from byte `at`, which is character `used`. `tail` holds `ntail`
// bytes of an unfinished character (native decoding). `layer`: what kind of buffer is below.
crate::native_layout! { pub(crate) Text { buffer, encoding, errors, encoder, decoder, decoded: Str, snapshot; pending: Plain<*mut Vec<u8>>,
used: Plain<usize>, at: Plain<usize>, chunk: Plain<i64>, ratio: Plain<f64>, mode: Plain<Mode>,
newlines: Plain<Newlines>, coding: Plain<Coding>, layer: Plain<Layer>, tail: Plain<[u8; 6]>, ntail: Plain<u8>,
ready: Plain<bool>, detached: Plain<bool>, finalizing: Plain<bool>, line_buffering: Plain<bool>,
write_through: Plain<bool>, seekable: Plain<bool>, telling: Plain<bool>, read1: Plain<bool>, decodes: Plain<bool>,
encodes: Plain<bool>, at_start: Plain<bool>, lock: Lock, depth: Plain<u32>, owner: AtomicU64 } }

/// What is below, as far as it is used directly.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum Layer {
    #[default]
    Other,
    /// Exactly a BufferedReader.
    Reader,
    Writer,
    Random,
}

pub static WRAPPER_TYPE: NativeType = NativeType {
    name: "_io.TextIOWrapper",
    kind: Kind::Native,
    size: Text::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Character and line based layer over a BufferedIOBase object, buffer.\n\nencoding gives the name of the encoding that the stream will be\ndecoded or encoded with. It defaults to locale.getencoding().\n\nerrors determines the strictness of encoding and decoding (see\nhelp(codecs.Codec) or the documentation for codecs.register) and\ndefaults to \"strict\".\n\nnewline controls how line endings are handled. It can be None, '',\n'\\n', '\\r', and '\\r\\n'.  It works as follows:\n\n* On input, if newline is None, universal newlines mode is\n  enabled. Lines in the input can end in '\\n', '\\r', or '\\r\\n', and\n  these are translated into '\\n' before being returned to the\n  caller. If it is '', universal newline mode is enabled, but line\n  endings are returned to the caller untranslated. If it has any of\n  the other legal values, input lines are only terminated by the given\n  string, and the line ending is returned to the caller untranslated.\n\n* On output, if newline is None, any '\\n' characters written are\n  translated to the system default line separator, os.linesep. If\n  newline is '' or '\\n', no translation takes place. If newline is any\n  of the other legal values, any '\\n' characters written are translated\n  to the given string.\n\nIf line_buffering is True, a call to flush is implied when a call to\nwrite contains a newline character.",
    base: Some(&TEXTIOBASE),
    text_signature: Some(
        "(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)",
    ),
    slots: Slots { init: Some(init), repr: Some(repr), iternext: Some(text_read::next), ..Slots::NONE },
    methods: &[
        method("detach", "($self, /)", "", detach),
        method(
            "reconfigure",
            "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)",
            "Reconfigure the text stream with new parameters.\n\nThis also does an implicit stream flush.",
            reconfigure,
        ),
        method("write", "($self, text, /)", "", write),
        method("read", "($self, size=-1, /)", "", text_read::read),
        method("readline", "($self, size=-1, /)", "", text_read::readline),
        method("flush", "($self, /)", "", flush),
        method("close", "($self, /)", "", close),
        method("fileno", "($self, /)", "", |th, a| on_buffer(th, a, "fileno")),
        method("seekable", "($self, /)", "", |th, a| on_buffer(th, a, "seekable")),
        method("readable", "($self, /)", "", |th, a| on_buffer(th, a, "readable")),
        method("writable", "($self, /)", "", |th, a| on_buffer(th, a, "writable")),
        method("isatty", "($self, /)", "", |th, a| on_buffer(th, a, "isatty")),
        method(
            "seek",
            "($self, cookie, whence=os.SEEK_SET, /)",
            "Set the stream position, and return the new stream position.\n\n  cookie\n    Zero or an opaque number returned by tell().\n  whence\n    The relative position to seek from.\n\nFour operations are supported, given by the following argument\ncombinations:\n\n- seek(0, SEEK_SET): Rewind to the start of the stream.\n- seek(cookie, SEEK_SET): Restore a previous position;\n  'cookie' must be a number returned by tell().\n- seek(0, SEEK_END): Fast-forward to the end of the stream.\n- seek(0, SEEK_CUR): Leave the current stream position unchanged.\n\nAny other argument combinations are invalid,\nand may raise exceptions.",
            text_seek::seek,
        ),
        method(
            "tell",
            "($self, /)",
            "Return the stream position as an opaque number.\n\nThe return value of tell() can be given as input to seek(), to\nrestore a previous stream position.",
            text_seek::tell,
        ),
        method("truncate", "($self, pos=None, /)", "", truncate),
        method("__getstate__", "($self, /)", "", cannot_pickle),
    ],
    getset: &[
        getter("encoding", "", |_, o| Ok(Value::opt_or_none(Text::of(o).encoding.get()))),
        getter("line_buffering", "", |_, o| Ok(Value::bool(Text::of(o).line_buffering.get()))),
        getter("write_through", "", |_, o| Ok(Value::bool(Text::of(o).write_through.get()))),
        getset(
            "_finalizing",
            "",
            |_, o| Ok(Value::bool(Text::of(o).finalizing.get())),
            |th, o, v| set_flag(th, &Text::of(o).finalizing, v),
        ),
        getter("name", "", |th, o| {
            let b = buffer_of(th, Text::of(o))?;
            th.getattr(b, n!(name))
        }),
        getter("closed", "", |th, o| {
            if !Text::of(o).ready.get() && Text::of(o).buffer.get().is_none() && !Text::of(o).detached.get() {
                return Ok(TRUE());
            }
            let b = buffer_of(th, Text::of(o))?;
            th.getattr(b, n!(closed))
        }),
        getter("newlines", "", |th, o| {
            let t = Text::of(o);
            buffer_of(th, t)?;
            codec::newlines(th, t)
        }),
        getter("errors", "", |th, o| {
            let t = Text::of(o);
            check_ready(th, t)?;
            Ok(Value::opt_or_none(t.errors.get()))
        }),
        getset(
            "_CHUNK_SIZE",
            "",
            |th, o| {
                buffer_of(th, Text::of(o))?;
                Ok(th.int(Text::of(o).chunk.get()))
            },
            |th, o, v| {
                let t = Text::of(o);
                buffer_of(th, t)?;
                let Some(v) = v else {
                    return Err(th.attribute_error_msg(
                        "attribute '_CHUNK_SIZE' of '_io.TextIOWrapper' objects cannot be deleted",
                    ));
                };
                let n = as_ssize(th, v)?;
                if n <= 0 {
                    return Err(th.value_error("a strictly positive integer is required"));
                }
                t.chunk.set(n);
                Ok(())
            },
        ),
        getter("buffer", "", |th, o| buffer_of(th, Text::of(o))),
    ],
    trace: Some(Text::trace),
    drop: Some(free),
    ..NativeType::DEFAULT
};
pub static WRAPPER: TypeCell = TypeCell::new(&WRAPPER_TYPE);

unsafe fn free(o: adder_vm::heap::Obj) {
    let t = unsafe { &*(o.as_ptr() as *const Text) };
    let p = t.pending.replace(std::ptr::null_mut());
    if !p.is_null() {
        // SAFETY: made by `Box::into_raw`, and the object owns it.
        drop(unsafe { Box::from_raw(p) });
    }
}
fn this(a: Args) -> Gc<Text> {
    Text::of(a[0].unwrap())
}

// -- state

#[cold]
fn unusable(th: Th, t: Gc<Text>) -> Raised {
    if t.detached.get() { th.value_error("underlying buffer has been detached") } else { uninitialized(th) }
}
fn check_ready(th: Th, t: Gc<Text>) -> R<()> {
    if t.ready.get() { Ok(()) } else { Err(uninitialized(th)) }
}
/// The stream below, if this one is in order.
#[inline]
pub fn buffer_of(th: Th, t: Gc<Text>) -> R<Value> {
    match t.buffer.get() {
        Some(b) if t.ready.get() && !t.detached.get() => Ok(b),
        _ => Err(unusable(th, t)),
    }
}
/// What kind of buffer `b` is, which is or was the one below. Another thread may be setting the object up
/// again, so that `layer` is of another one: then it is used by its methods.
#[inline]
pub fn layer(th: Th, t: Gc<Text>, b: Value) -> Layer {
    let kind = t.layer.get();
    let cell = match kind {
        Layer::Reader => &buffered::READER,
        Layer::Writer => &buffered::WRITER,
        Layer::Random => &buffered::RANDOM,
        Layer::Other => return kind,
    };
    if is_exactly(th, b, cell) { kind } else { Layer::Other }
}
/// Exactly a TextIOWrapper, no subclass.
#[inline]
pub fn is_plain(th: Th, t: Gc<Text>) -> bool {
    th.type_of(t.value()) == WRAPPER.get()
}
#[inline]
pub fn check_closed(th: Th, t: Gc<Text>) -> R<()> {
    if is_plain(th, t) {
        let Some(b) = t.buffer.get() else { return Err(unusable(th, t)) };
        let quick = if layer(th, t, b) == Layer::Other { None } else { buffered::quick_closed(th, b) };
        let closed = match quick {
            Some(c) => c,
            None => {
                let c = th.getattr(b, n!(closed))?;
                th.truth(c)?
            }
        };
        return if closed { Err(closed_error(th)) } else { Ok(()) };
    }
    base::check_closed(th, t.value())
}

/// The reading lock, held.
pub struct Held(Gc<Text>, Th);
#[inline]
pub fn enter(th: Th, t: Gc<Text>) -> R<Held> {
    if !t.lock.try_lock_thin(th) {
        if t.owner.load(Relaxed) == th.ident {
            t.depth.set(t.depth.get() + 1);
            return Ok(Held(t, th));
        }
        t.lock.lock_inner(th, None)?;
        t.depth.set(0);
    }
    t.owner.store(th.ident, Relaxed);
    Ok(Held(t, th))
}
impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        let t = self.0;
        if t.depth.get() > 0 {
            t.depth.set(t.depth.get() - 1);
        } else {
            t.owner.store(0, Relaxed);
            t.lock.unlock_thin(self.1);
        }
    }
}

// -- making

static SIG: NativeDef = signature(
    "TextIOWrapper",
    "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
);

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [buffer, encoding, errors, newline, line_buffering, write_through] = bind::<6>(th, &SIG, a)?;
    let encoding = opt_str(th, "TextIOWrapper", "encoding", encoding)?;
    let newline = opt_str(th, "TextIOWrapper", "newline", newline)?;
    let lb = bool_or(th, line_buffering, false)?;
    let wt = bool_or(th, write_through, false)?;
    let errors = opt_str(th, "TextIOWrapper", "errors", errors)?;
    set_up(th, Text::of(o), buffer.unwrap(), encoding, errors, newline, lb, wt)
}
/// A new TextIOWrapper, for `open`. The arguments are strs.
pub fn new(
    th: Th,
    buffer: Value,
    encoding: Option<Value>,
    errors: Option<Value>,
    newline: Option<Value>,
    line_buffering: bool,
    write_through: bool,
) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, WRAPPER.get())?;
    let given = |v: Option<Value>| v.and_then(Value::some);
    let (e, r, n) = (given(encoding), given(errors), given(newline));
    set_up(th, Text::of(o), buffer, e, r, n, line_buffering, write_through)?;
    Ok(o)
}
/// In developer mode unknown error handlers are an error at once.
fn check_errors(th: Th, errors: Value) -> R<()> {
    if adder_vm::config::get().dev_mode {
        registry::lookup_error(th, errors)?;
    }
    Ok(())
}
/// The encoding of the locale.
pub fn locale_encoding(th: Th) -> Value {
    let b = host().nl_langinfo(c::CODESET);
    match std::str::from_utf8(&b) {
        Ok(s) if !s.is_empty() => th.str(s),
        _ => th.intern("UTF-8"),
    }
}
#[allow(clippy::too_many_arguments)]
fn set_up(
    th: Th,
    t: Gc<Text>,
    buffer: Value,
    encoding: Option<Value>,
    errors: Option<Value>,
    newline: Option<Value>,
    line_buffering: bool,
    write_through: bool,
) -> R<()> {
    t.ready.set(false);
    t.detached.set(false);
    base::alive(th, t.value());
    let c = adder_vm::config::get();
    if encoding.is_none() && c.warn_default_encoding {
        adder_vm::warn::warn(th, &exc::ENCODING_WARNING, "'encoding' argument not specified", 1)?;
    }
    let errors = errors.unwrap_or_else(|| n!(strict));
    check_errors(th, errors)?;
    let mode = Mode::parse(th, newline, false)?;
    for s in [&t.encoder, &t.decoder, &t.snapshot] {
        s.init(None);
    }
    t.decoded.init(None);
    t.used.set(0);
    t.at.set(0);
    t.ratio.set(0.0);
    let encoding = match encoding {
        None if c.utf8_mode => th.intern("utf-8"),
        None => locale_encoding(th),
        Some(e) if e.cast::<Str>().is_some_and(|s| s.bytes() == b"locale") => locale_encoding(th),
        Some(e) => e,
    };
    let coding = codec::choose(th, encoding)?;
    th.store(t, &t.encoding, encoding);
    th.store(t, &t.errors, errors);
    t.chunk.set(8192);
    t.mode.set(mode);
    t.line_buffering.set(line_buffering);
    t.write_through.set(write_through);
    th.store(t, &t.buffer, buffer);
    t.layer.set(if is_exactly(th, buffer, &buffered::READER) {
        Layer::Reader
    } else if is_exactly(th, buffer, &buffered::WRITER) {
        Layer::Writer
    } else if is_exactly(th, buffer, &buffered::RANDOM) {
        Layer::Random
    } else {
        Layer::Other
    });
    codec::set_coding(th, t, coding)?;
    let r = th.call_method(buffer, n!(seekable), &[])?;
    let seekable = th.truth(r)?;
    t.seekable.set(seekable);
    t.telling.set(seekable);
    t.read1.set(t.layer.get() != Layer::Other || th.getattr_opt(buffer, n!(read1))?.is_some());
    codec::fix_encoder(th, t)?;
    base::set_wrapped(buffer, true);
    t.ready.set(true);
    Ok(())
}

fn reconfigure(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    let encoding = opt_str(th, "reconfigure", "encoding", a[1])?;
    let errors = opt_str(th, "reconfigure", "errors", a[2])?;
    let new_mode = match a[3] {
        None => None,
        Some(v) => {
            let v = opt_str(th, "reconfigure", "newline", Some(v))?;
            Some(Mode::parse(th, v, false)?)
        }
    };
    buffer_of(th, t)?;
    if t.decoded.get().is_some() && (encoding.is_some() || errors.is_some() || new_mode.is_some()) {
        return Err(unsupported(
            th,
            "It is not possible to set the encoding or newline of stream after the first read",
        ));
    }
    let flag = |v: Option<Value>, default: bool| match given(v) {
        None => Ok(default),
        Some(v) => Ok(th.index_i64(v)? != 0),
    };
    let lb = flag(a[4], t.line_buffering.get())?;
    let wt = flag(a[5], t.write_through.get())?;
    th.call_method(t.value(), n!(flush), &[])?;
    t.ratio.set(0.0);
    if let Some(m) = new_mode {
        t.mode.set(m);
    }
    if encoding.is_some() || errors.is_some() || new_mode.is_some() {
        let (enc, err) = match encoding {
            None => (t.encoding.value(), errors.unwrap_or_else(|| t.errors.value())),
            Some(e) => {
                let e = if e.cast::<Str>().is_some_and(|s| s.bytes() == b"locale") {
                    locale_encoding(th)
                } else {
                    e
                };
                (e, errors.unwrap_or_else(|| n!(strict)))
            }
        };
        check_errors(th, err)?;
        let coding = codec::choose(th, enc)?;
        th.store(t, &t.encoding, enc);
        th.store(t, &t.errors, err);
        codec::set_coding(th, t, coding)?;
        codec::fix_encoder(th, t)?;
    }
    t.line_buffering.set(lb);
    t.write_through.set(wt);
    none()
}

// -- writing

/// What waits is taken out and written to the buffer below.
pub fn write_pending(th: Th, t: Gc<Text>) -> R<()> {
    if t.pending.get().is_null() {
        return Ok(());
    }
    let mut v = {
        let _g = th.lock(t);
        // SAFETY: owned by the object, touched under its lock.
        let p = unsafe { &mut *t.pending.get() };
        if p.is_empty() {
            return Ok(());
        }
        std::mem::take(p)
    };
    let b = buffer_of(th, t)?;
    if layer(th, t, b) == Layer::Writer {
        buffered::write_to(th, b, &v)?;
    } else {
        let data = new_bytes(th, &v)?;
        loop {
            match th.call_method(b, n!(write), &[data]) {
                Err(_) if trap_eintr(th) => {}
                r => {
                    r?;
                    break;
                }
            }
        }
    }
    // The memory is used again.
    v.clear();
    if v.capacity() <= 1 << 16 {
        let _g = th.lock(t);
        // SAFETY: owned by the object, touched under its lock.
        let p = unsafe { &mut *t.pending.get() };
        if p.capacity() == 0 {
            *p = v;
        }
    }
    Ok(())
}
/// Whether text waits that the buffer below has not got.
pub fn has_pending(o: Value) -> bool {
    let t = Text::of(o);
    // SAFETY: as above; other threads are not running when this is asked.
    t.ready.get()
        && !t.detached.get()
        && !t.pending.get().is_null()
        && unsafe { !(*t.pending.get()).is_empty() }
}
/// Adds encoded text; how much waits now.
fn append(th: Th, t: Gc<Text>, bytes: &[u8]) -> usize {
    if t.pending.get().is_null() {
        let fresh = Box::into_raw(Box::new(Vec::with_capacity(8192)));
        let _g = th.lock(t);
        if t.pending.get().is_null() {
            t.pending.set(fresh);
        } else {
            // SAFETY: just made.
            drop(unsafe { Box::from_raw(fresh) });
        }
    }
    let _g = th.lock(t);
    let p = unsafe { &mut *t.pending.get() };
    room::append(p, bytes);
    p.len()
}
fn waiting(t: Gc<Text>) -> usize {
    let p = t.pending.get();
    if p.is_null() { 0 } else { unsafe { (*p).len() } }
}

fn write(th: Th, a: Args) -> R<Value> {
    let (t, v) = (this(a), a[1].unwrap());
    let Some(s) = v.cast::<Str>() else {
        return Err(th.type_error(format!("write() argument must be str, not {}", th.arg_type_name(v))));
    };
    buffer_of(th, t)?;
    check_closed(th, t)?;
    write_text(th, t, s)?;
    Ok(Value::fix(s.len() as i64))
}
/// Text that is known to be valid, for `print`: as `write`. `o` is exactly a TextIOWrapper.
pub fn write_plain(th: Th, o: Value, text: &[u8]) -> R<()> {
    let t = Text::of(o);
    buffer_of(th, t)?;
    check_closed(th, t)?;
    if t.encodes.get()
        && (t.coding.get() == Coding::Utf8 || text.is_ascii() && t.coding.get() != Coding::Object)
        && t.mode.get().output().is_none()
        && (text.is_ascii() || adder_text::wtf8::find_surrogate(text).is_none())
    {
        return put(th, t, text, text);
    }
    let s: Gc<Str> = th.try_str(text)?.known();
    write_text(th, t, s)
}
fn write_text(th: Th, t: Gc<Text>, s: Gc<Str>) -> R<()> {
    if !t.encodes.get() {
        return Err(unsupported(th, "not writable"));
    }
    let text = s.bytes();
    if let Some(nl) = t.mode.get().output()
        && adder_text::search::find_byte(text, b'\n').is_some()
    {
        if !s.value().is_exact(Kind::Str) {
            // Subclasses may replace in their own way.
            let nl = th.intern(if nl == b"\r" { "\r" } else { "\r\n" });
            let new = th.call_method(s.value(), n!(replace), &[th.intern("\n"), nl])?;
            let Some(new) = new.cast::<Str>() else {
                return Err(
                    th.type_error(format!("replace() should return a str, not {}", th.type_name_of(new)))
                );
            };
            buffer_of(th, t)?;
            check_closed(th, t)?;
            if !t.encodes.get() {
                return Err(unsupported(th, "not writable"));
            }
            return encode_and_put(th, t, new, text);
        }
        let mut out = room::with_capacity(text.len() + 16);
        string_io::replace_newlines(text, nl, &mut out);
        let new: Gc<Str> = th.try_str(&out)?.known();
        return encode_and_put(th, t, new, text);
    }
    encode_and_put(th, t, s, text)
}
fn encode_and_put(th: Th, t: Gc<Text>, s: Gc<Str>, original: &[u8]) -> R<()> {
    let plain = match t.coding.get() {
        Coding::Object => false,
        Coding::Utf8 => s.is_ascii() || adder_text::wtf8::find_surrogate(s.bytes()).is_none(),
        _ => s.is_ascii(),
    };
    if plain {
        return put(th, t, s.bytes(), original);
    }
    let b = codec::encode(th, t, s)?;
    let Some(x) = b.cast::<Bytes>() else {
        return Err(
            th.type_error(format!("encoder should return a bytes object, not '{}'", th.type_name_of(b)))
        );
    };
    put(th, t, x.bytes(), original)
}
/// `bytes` is `text` encoded.
fn put(th: Th, t: Gc<Text>, bytes: &[u8], text: &[u8]) -> R<()> {
    let chunk = t.chunk.get() as usize;
    let mut n = waiting(t);
    if bytes.len() >= chunk {
        // Large pieces are not put together with others.
        while waiting(t) > 0 {
            write_pending(th, t)?;
        }
        n = 0;
    } else if n > 0 && n + bytes.len() > chunk {
        write_pending(th, t)?;
    }
    let flush = t.line_buffering.get() && adder_text::search::find_either(text, b'\n', b'\r').is_some();
    let direct = n == 0 && (bytes.len() >= chunk || flush || t.write_through.get());
    if let Some(b) = t.buffer.get().filter(|b| direct && layer(th, t, *b) == Layer::Writer) {
        buffer_of(th, t)?;
        buffered::write_to(th, b, bytes)?;
    } else {
        n = append(th, t, bytes);
        if n >= chunk || flush || t.write_through.get() {
            write_pending(th, t)?;
        }
    }
    if flush {
        let b = buffer_of(th, t)?;
        if layer(th, t, b) == Layer::Writer {
            buffered::flush_writer(th, b)?;
        } else {
            th.call_method(b, n!(flush), &[])?;
        }
    }
    if t.decodes.get() {
        let _held = enter(th, t)?;
        if t.snapshot.get().is_some() {
            set_decoded(th, t, None);
            t.snapshot.init(None);
        }
        codec::reset_decoder(th, t)?;
    }
    Ok(())
}
/// Replaces what is decoded and not given out yet. Under the reading lock.
pub fn set_decoded(th: Th, t: Gc<Text>, s: Option<Value>) {
    th.store_opt(t, &t.decoded, s.map(Value::known));
    t.used.set(0);
    t.at.set(0);
}

// -- flushing, ends

fn flush(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    buffer_of(th, t)?;
    check_closed(th, t)?;
    t.telling.set(t.seekable.get());
    write_pending(th, t)?;
    let b = buffer_of(th, t)?;
    th.call_method(b, n!(flush), &[])
}
fn close(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    let b = buffer_of(th, t)?;
    let c = th.getattr(b, n!(closed))?;
    if th.truth(c)? || t.detached.get() {
        return none();
    }
    if t.finalizing.get() && th.call_method(b, n!(_dealloc_warn), &[t.value()]).is_err() {
        th.take_exc();
    }
    let first = th.call_method(t.value(), n!(flush), &[]).is_err().then(|| th.take_exc());
    let r = th.call_method(b, n!(close), &[]);
    base::done(th, t.value());
    chain(th, first, r)
}
fn detach(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    buffer_of(th, t)?;
    th.call_method(t.value(), n!(flush), &[])?;
    let b = buffer_of(th, t)?;
    t.buffer.init(None);
    t.detached.set(true);
    base::set_wrapped(b, false);
    Ok(b)
}
fn truncate(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    buffer_of(th, t)?;
    th.call_method(t.value(), n!(flush), &[])?;
    let b = buffer_of(th, t)?;
    th.call_method(b, n!(truncate), &[Value::opt_or_none(a[1])])
}
fn on_buffer(th: Th, a: Args, name: &str) -> R<Value> {
    let b = buffer_of(th, this(a))?;
    th.call_method(b, th.intern(name), &[])
}
fn repr(th: Th, o: Value) -> R<Value> {
    let t = Text::of(o);
    check_ready(th, t)?;
    let r = adder_vm::builtins::util::repr_once(th, o, || {
        let mut out = format!("<{}", shown_type(th, o)).into_bytes();
        for (name, k) in [("name", n!(name)), ("mode", n!(mode))] {
            match th.getattr_opt(o, k) {
                Ok(None) => {}
                Ok(Some(v)) => {
                    out.extend_from_slice(format!(" {name}=").as_bytes());
                    let r = th.repr(v)?;
                    out.extend_from_slice(r.cast::<Str>().expect("repr gives str").bytes());
                }
                Err(e) => {
                    if name != "name" || !th.exc_is(&exc::VALUE_ERROR) {
                        return Err(e);
                    }
                    // Detached.
                    th.take_exc();
                }
            }
        }
        out.extend_from_slice(b" encoding=");
        let r = th.repr(Value::opt_or_none(t.encoding.get()))?;
        out.extend_from_slice(r.cast::<Str>().expect("repr gives str").bytes());
        out.push(b'>');
        th.try_str(&out)
    })?;
    r.ok_or_else(|| {
        let n = shown_type(th, o);
        th.runtime_error(format!("reentrant call inside {n}.__repr__"))
    })
}
