//! The codec registry (`Python/codecs.c`): search functions, the cache of what they found, error handlers.
//!
//! All of it lives in global roots: a list of search functions, a dict from normalised names to `CodecInfo`s, a dict of
//! error handlers.
//!
//! # Invariants
//! The roots are null or hold the list and the dicts that were made here; their content is Python's and is tested.

use super::list;
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_text::codecs::handlers::Handler;
use adder_text::codecs::{DecodeProblem, EncodeProblem};
use adder_text::wtf8;

fn root_dict(th: Th, r: Root) -> Gc<Dict> {
    match r.get() {
        Some(d) => unsafe { d.cast_unchecked() },
        None => {
            let d = Gc::<Dict>::new(th);
            r.set(Some(d.value()));
            d
        }
    }
}
fn search_path(th: Th) -> R<Gc<List>> {
    match Root::codec_search_path.get() {
        Some(l) => Ok(unsafe { l.cast_unchecked() }),
        None => {
            let l = list::new(th, &[])?;
            Root::codec_search_path.set(Some(l.value()));
            Ok(l)
        }
    }
}

/// `codecs.register`.
pub fn register(th: Th, f: Value) -> R<()> {
    if !is_callable(th, f) {
        return Err(th.type_error("argument must be callable"));
    }
    list::append(th, search_path(th)?, f)
}
/// `codecs.unregister`.
pub fn unregister(th: Th, f: Value) -> R<()> {
    let old: Gc<Tuple> = list::snapshot(th, search_path(th)?)?.known();
    if old.items().iter().any(|x| x.is(f)) {
        let l = list::new(th, &[])?;
        for x in old.items().iter().filter(|x| !x.is(f)) {
            list::append(th, l, *x)?;
        }
        Root::codec_search_path.set(Some(l.value()));
        Root::codec_search_cache.set(None);
    }
    Ok(())
}
pub fn is_callable(th: Th, f: Value) -> bool {
    th.type_of(f).slots.call.is_some()
}

/// The name as search functions get it: lower case, runs of anything but letters, digits and points as underscores.
pub fn normalize(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut gap = false;
    for &c in name {
        if c.is_ascii_alphanumeric() || c == b'.' {
            if gap && !out.is_empty() {
                out.push(b'_');
            }
            gap = false;
            out.push(c.to_ascii_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// `codecs.lookup`.
pub fn lookup(th: Th, name: Value) -> R<Value> {
    let s: Gc<Str> = name.cast().expect("a str");
    // What UTF-8 cannot express, the encoder complains of.
    super::codecs::encode(th, name, None, None)?;
    let key = th.try_str(&normalize(s.bytes()))?;
    let cache = root_dict(th, Root::codec_search_cache);
    if let Some(v) = cache.get(th, key)? {
        return Ok(v);
    }
    if search_path(th)?.len.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        // The package registers its search function when it is imported.
        crate::import::import_module(th, "encodings")?;
    }
    let fs: Gc<Tuple> = list::snapshot(th, search_path(th)?)?.known();
    if fs.len == 0 {
        return Err(th.lookup_error("no codec search functions registered: can't find encoding"));
    }
    for f in fs.items() {
        let r = th.call(*f, &[key])?;
        if r.is_none() {
            continue;
        }
        if r.cast::<Tuple>().is_none_or(|t| t.len != 4) {
            return Err(th.type_error("codec search functions must return 4-tuples"));
        }
        root_dict(th, Root::codec_search_cache).set(th, key, r)?;
        return Ok(r);
    }
    Err(th.lookup_error(format!("unknown encoding: {}", s.lossy())))
}

/// Like [`lookup`], for codecs between str and bytes only.
fn lookup_text(th: Th, name: Value, alternative: &str) -> R<Value> {
    let c = lookup(th, name)?;
    if !c.is_exact(Kind::Tuple)
        && let Some(v) = th.getattr_opt(c, th.intern("_is_text_encoding"))?
        && !th.truth(v)?
    {
        return Err(th.lookup_error(format!(
            "'{}' is not a text encoding; use {alternative} to handle arbitrary codecs",
            th.text(name)
        )));
    }
    Ok(c)
}

/// Calls the encoder (`which` 0) or decoder (1) of a codec; its result is the first of two.
fn call_codec(th: Th, codec: Value, which: usize, o: Value, name: Value, errors: Option<Value>) -> R<Value> {
    let f = codec.known::<Tuple>().items()[which];
    let r = match errors {
        Some(e) => th.call(f, &[o, e]),
        None => th.call(f, &[o]),
    };
    let what = ["encod", "decod"][which];
    match r {
        Ok(r) => match r.cast::<Tuple>() {
            Some(t) if t.len == 2 => Ok(t.items()[0]),
            _ => Err(th.type_error(format!("{what}er must return a tuple (object, integer)"))),
        },
        Err(e) => {
            add_note(th, &format!("{what}ing with '{}' codec failed", th.text(name)))?;
            Err(e)
        }
    }
}
/// Adds a note to the pending exception.
fn add_note(th: Th, text: &str) -> R<()> {
    let e = th.take_exc();
    let s = th.str(text);
    let r = th.call_method(e, th.intern("add_note"), &[s]);
    if r.is_ok() {
        th.set_exc(e);
    }
    r.map(|_| ())
}

pub fn encode_text(th: Th, o: Value, name: Value, errors: Option<Value>) -> R<Value> {
    let c = lookup_text(th, name, "codecs.encode()")?;
    call_codec(th, c, 0, o, name, errors)
}
pub fn decode_text(th: Th, o: Value, name: Value, errors: Option<Value>) -> R<Value> {
    let c = lookup_text(th, name, "codecs.decode()")?;
    call_codec(th, c, 1, o, name, errors)
}
/// `codecs.encode`.
pub fn encode(th: Th, o: Value, name: Value, errors: Option<Value>) -> R<Value> {
    let c = lookup(th, name)?;
    call_codec(th, c, 0, o, name, errors)
}
/// `codecs.decode`.
pub fn decode(th: Th, o: Value, name: Value, errors: Option<Value>) -> R<Value> {
    let c = lookup(th, name)?;
    call_codec(th, c, 1, o, name, errors)
}

// -- error handlers

/// `codecs.register_error`.
pub fn register_error(th: Th, name: Value, f: Value) -> R<()> {
    if !is_callable(th, f) {
        return Err(th.type_error("handler must be callable"));
    }
    error_registry(th)?.set(th, name, f)
}
/// `codecs.lookup_error`.
pub fn lookup_error(th: Th, name: Value) -> R<Value> {
    match error_registry(th)?.get(th, name)? {
        Some(f) => Ok(f),
        None => Err(th.lookup_error(format!("unknown error handler name '{}'", th.text(name)))),
    }
}
/// `codecs._unregister_error`: whether there was such a handler.
pub fn unregister_error(th: Th, name: Value) -> R<bool> {
    if name.cast::<Str>().is_some_and(|s| Handler::from_name(s.bytes()).is_some()) {
        return Err(th.value_error(format!("cannot un-register built-in error handler '{}'", th.text(name))));
    }
    Ok(error_registry(th)?.remove(th, name)?.is_some())
}
/// The registry, at first with the native handlers.
fn error_registry(th: Th) -> R<Gc<Dict>> {
    if let Some(d) = Root::codec_error_registry.get() {
        return Ok(unsafe { d.cast_unchecked() });
    }
    let d = Gc::<Dict>::new(th);
    for def in HANDLERS {
        let name = def.name.trim_end_matches("_errors");
        let f = th.native_function(def, None, None);
        d.set(th, th.intern(name), f)?;
    }
    Root::codec_error_registry.set(Some(d.value()));
    Ok(d)
}

macro_rules! handlers {
    ($($name:literal $h:ident $doc:literal;)*) => {
        /// The native handlers as functions: `codecs.strict_errors` and so on.
        pub static HANDLERS: &[NativeDef] = &[
            $(function($name, "!($module, exc, /)", $doc, |th, a| apply(th, Handler::$h, a[0].unwrap()))),*
        ];
    };
}
handlers! {
    "strict_errors" Strict "Implements the 'strict' error handling, which raises a UnicodeError on coding errors.";
    "ignore_errors" Ignore "Implements the 'ignore' error handling, which ignores malformed data and continues.";
    "replace_errors" Replace "Implements the 'replace' error handling, which replaces malformed data with a replacement marker.";
    "xmlcharrefreplace_errors" XmlCharRefReplace "Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the appropriate XML character reference.";
    "backslashreplace_errors" BackslashReplace "Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence.";
    "namereplace_errors" NameReplace "Implements the 'namereplace' error handling, which replaces an unencodable character with a \\N{...} escape sequence.";
    "surrogatepass_errors" SurrogatePass "";
    "surrogateescape_errors" SurrogateEscape "";
}

/// What a UnicodeError is about, as far as handlers care.
struct Problem {
    object: Value,
    start: usize,
    end: usize,
}
fn problem(th: Th, e: Gc<BaseException>, len: usize, object: Value) -> R<Problem> {
    let num = |i: usize| -> R<i64> {
        match e.f[i].get() {
            Some(v) => th.index_i64(v),
            None => Ok(0),
        }
    };
    // Out of range positions are moved into the object, as CPython does.
    let n = len as i64;
    let start = num(2)?.clamp(0, (n - 1).max(0));
    let end = num(3)?.clamp(1.min(n), n).max(start);
    Ok(Problem { object, start: start as usize, end: end as usize })
}

#[cold]
fn wrong_type(th: Th, e: Value) -> Raised {
    th.type_error(format!("don't know how to handle {} in error callback", th.type_name_of(e)))
}

/// A native handler applied to an exception: `(replacement, position)` or the exception itself.
pub fn apply(th: Th, h: Handler, e: Value) -> R<Value> {
    if h == Handler::Strict {
        return if th.is_exception(e) {
            Err(th.raise(e))
        } else {
            Err(th.type_error("codec must pass exception instance"))
        };
    }
    let Some(x) = e.cast::<BaseException>() else { return Err(wrong_type(th, e)) };
    let object = Value::opt_or_none(x.f[1].get());
    let mut out = Vec::new();
    if th.isinstance_exact(e, exc::UNICODE_ENCODE_ERROR.get()) {
        let Some(s) = object.cast::<Str>() else {
            return Err(th.type_error("object attribute must be unicode"));
        };
        let p = problem(th, x, s.len(), object)?;
        let enc = x.f[0].get().map_or(String::new(), |v| th.text(v));
        let r = super::str_::byte_range(th, s, p.start..p.end);
        let q = EncodeProblem {
            encoding: &enc,
            text: s.bytes(),
            start: p.start,
            end: p.end,
            start_offset: r.start,
            end_offset: r.end,
            reason: "",
        };
        return match h.encode(&q, &mut out) {
            None => Err(th.raise(e)),
            Some(adder_text::codecs::Replacement::Text) => pair(th, &out, p.end),
            Some(adder_text::codecs::Replacement::Bytes) => {
                let b = super::bytes::new(th, &out)?;
                th.try_tuple(&[b.value(), Value::fix(p.end as i64)])
            }
        };
    }
    if th.isinstance_exact(e, exc::UNICODE_DECODE_ERROR.get()) {
        if !h.decodes() {
            return Err(wrong_type(th, e));
        }
        let Some(b) = object.cast::<Bytes>() else {
            return Err(th.type_error("object attribute must be bytes"));
        };
        let p = problem(th, x, b.len, object)?;
        let enc = x.f[0].get().map_or(String::new(), |v| th.text(v));
        let q = DecodeProblem { encoding: &enc, input: b.bytes(), start: p.start, end: p.end, reason: "" };
        return match h.decode(&q, &mut out) {
            None => Err(th.raise(e)),
            Some(resume) => pair(th, &out, resume),
        };
    }
    if th.isinstance_exact(e, exc::UNICODE_TRANSLATE_ERROR.get()) {
        let Some(s) = object.cast::<Str>() else {
            return Err(th.type_error("object attribute must be unicode"));
        };
        let p = problem(th, x, s.len(), object)?;
        let r = super::str_::byte_range(th, s, p.start..p.end);
        if !h.translate(&s.bytes()[r], &mut out) {
            return Err(wrong_type(th, e));
        }
        let _ = p.object;
        return pair(th, &out, p.end);
    }
    Err(wrong_type(th, e))
}
fn pair(th: Th, text: &[u8], pos: usize) -> R<Value> {
    debug_assert!(wtf8::is_valid(text));
    let s = th.try_str(text)?;
    th.try_tuple(&[s, Value::fix(pos as i64)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(normalize(b"UTF-8"), b"utf_8");
        assert_eq!(normalize(b" ISO 8859--1 "), b"iso_8859_1");
        assert_eq!(normalize(b"a.b"), b"a.b");
    }
}
