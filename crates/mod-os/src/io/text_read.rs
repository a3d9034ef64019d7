//! Reading of `TextIOWrapper`.
//!
//! # Invariants
//! `decoded` is null or a `str`. The buffer's own reading is used only after [`layer`] said of the very
//! object that it is of its type.

use super::text::*;
use super::text_codec::{self as codec, Coding, Input};
use super::*;
use adder_text::room;
use adder_vm::builtins::scratch;
use adder_vm::builtins::str_;

fn this(a: Args) -> Gc<Text> {
    Text::of(a[0].unwrap())
}
fn decoded(t: Gc<Text>) -> Option<Gc<Str>> {
    t.decoded.get()
}
/// How many characters are decoded and not given out.
fn available(t: Gc<Text>) -> usize {
    decoded(t).map_or(0, |s| s.len().saturating_sub(t.used.get()))
}
/// Gives out `n` of the decoded characters, or all.
fn take(th: Th, t: Gc<Text>, n: Option<usize>) -> R<Value> {
    let Some(s) = decoded(t) else { return Ok(Root::empty_str.value()) };
    let left = available(t);
    let n = n.map_or(left, |n| n.min(left));
    let from = t.at.get();
    let to = if n == left {
        s.nbytes as usize
    } else if s.is_ascii() {
        from + n
    } else {
        adder_text::wtf8::offset_from(s.bytes(), from, n)
    };
    let v = th.substr(s, from..to)?;
    t.used.set(t.used.get() + n);
    t.at.set(to);
    Ok(v)
}

/// Reads and decodes the next chunk; what was decoded before is gone. False: the end. Under the reading lock.
pub fn read_chunk(th: Th, t: Gc<Text>, hint: usize) -> R<bool> {
    if !t.decodes.get() {
        return Err(unsupported(th, "not readable"));
    }
    let telling = t.telling.get();
    // To tell the position later: a point where the decoder held nothing back.
    let state = if telling { Some(codec::decoder_state(th, t)?) } else { None };
    let hint = (hint as f64 * t.ratio.get().max(1.0)) as i64;
    let mut size = t.chunk.get().max(hint);
    let b = buffer_of(th, t)?;
    let direct = matches!(layer(th, t, b), Layer::Reader | Layer::Random);
    if direct && !telling && t.coding.get() != Coding::Object {
        // Nobody asks where in the file this is: larger pieces, and no object for the bytes.
        if size == 8192 {
            size = 64 << 10;
        }
        return scratch::with(|out| {
            let n = buffered::read_once_into(th, b, size as usize, out)?;
            let s = codec::decode(th, t, Input::Plain(out), n == 0)?;
            Ok(got(th, t, s, n))
        });
    }
    let input = if direct {
        buffered::read_once(th, buffered::Buffered::of(b), size as usize)?
    } else {
        let m = if t.read1.get() { n!(read1) } else { n!(read) };
        th.call_method(b, m, &[th.int(size)])?
    };
    let n = match buffer::bytes_of(input) {
        Some(x) => x.len(),
        None => {
            let r = Buffer::simple(th, input).map(|x| x.len());
            match r {
                Ok(n) => n,
                Err(_) => {
                    th.take_exc();
                    return Err(th.type_error(format!(
                        "underlying {}() should have returned a bytes-like object, not '{}'",
                        if t.read1.get() { "read1" } else { "read" },
                        th.type_name_of(input)
                    )));
                }
            }
        }
    };
    let s = codec::decode(th, t, Input::Object(input), n == 0)?;
    let more = got(th, t, s, n);
    if let Some((held, flags)) = state {
        let held = buffer::bytes_of(held).expect("bytes");
        let next = if held.is_empty() && input.is_exact(Kind::Bytes) {
            input
        } else {
            let rest = Buffer::simple(th, input)?;
            let mut v = room::copy(held);
            room::append(&mut v, rest.bytes());
            new_bytes(th, &v)?
        };
        let snap = th.tuple(&[flags, next]);
        th.store(t, &t.snapshot, snap);
    }
    Ok(more)
}
fn got(th: Th, t: Gc<Text>, s: Gc<Str>, nbytes: usize) -> bool {
    set_decoded(th, t, Some(s.value()));
    t.ratio.set(if s.is_empty() { 0.0 } else { nbytes as f64 / s.len() as f64 });
    nbytes != 0 || !s.is_empty()
}
/// As `read_chunk`, again after a signal.
fn next_chunk(th: Th, t: Gc<Text>, hint: usize) -> R<bool> {
    loop {
        match read_chunk(th, t, hint) {
            Err(_) if trap_eintr(th) => {}
            r => return r,
        }
    }
}

pub fn read(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    let n = opt_size(th, a[1])?;
    let b = buffer_of(th, t)?;
    check_closed(th, t)?;
    if !t.decodes.get() {
        return Err(unsupported(th, "not readable"));
    }
    write_pending(th, t)?;
    let _held = enter(th, t)?;
    if n < 0 {
        return read_all(th, t, b);
    }
    let mut v = take(th, t, Some(n as usize))?;
    let mut have = v.known::<Str>().len();
    if have == n as usize {
        return Ok(v);
    }
    let mut out = room::copy(v.known::<Str>().bytes());
    let mut parts = !out.is_empty();
    while have < n as usize {
        if !next_chunk(th, t, n as usize - have)? {
            break;
        }
        v = take(th, t, Some(n as usize - have))?;
        let s: Gc<Str> = v.known();
        have += s.len();
        if !parts && have == n as usize {
            return Ok(v);
        }
        parts |= !s.is_empty();
        room::append(&mut out, s.bytes());
    }
    th.try_str(&out)
}
fn read_all(th: Th, t: Gc<Text>, b: Value) -> R<Value> {
    let rest: Gc<Str> = if layer(th, t, b) == Layer::Reader && t.coding.get() != Coding::Object {
        let r = scratch::with(|out| match buffered::read_rest_into(th, b, out)? {
            Some(()) => codec::decode(th, t, Input::Plain(out), true).map(Some),
            None => Ok(None),
        })?;
        match r {
            Some(s) => s,
            None => read_all_by_method(th, t, b)?,
        }
    } else {
        read_all_by_method(th, t, b)?
    };
    let first = take(th, t, None)?;
    let v = if first.cast::<Str>().is_some_and(|s| s.is_empty()) {
        rest.value()
    } else {
        str_::concat(th, first.known(), rest)?
    };
    if t.snapshot.get().is_some() {
        set_decoded(th, t, None);
        t.snapshot.init(None);
    }
    Ok(v)
}
fn read_all_by_method(th: Th, t: Gc<Text>, b: Value) -> R<Gc<Str>> {
    let bytes = th.call_method(b, n!(read), &[])?;
    if bytes.is_none() {
        return Err(th.raise_msg(&exc::BLOCKING_IO_ERROR, "Read returned None."));
    }
    codec::decode(th, t, Input::Object(bytes), true)
}

pub fn readline(th: Th, a: Args) -> R<Value> {
    let t = this(a);
    let limit = size_or_all(th, a[1])?;
    buffer_of(th, t)?;
    line(th, t, limit)
}
fn line(th: Th, t: Gc<Text>, limit: i64) -> R<Value> {
    check_closed(th, t)?;
    write_pending(th, t)?;
    let _held = enter(th, t)?;
    let mode = t.mode.get();
    // Most lines are whole in what is decoded.
    if limit < 0
        && let Some(s) = decoded(t)
        && t.at.get() < s.nbytes as usize
    {
        let from = t.at.get();
        if let Ok(n) = mode.line_end(&s.bytes()[from..]) {
            return cut(th, t, s, from, from + n);
        }
    }
    slow_line(th, t, limit)
}
/// Gives out the decoded bytes `from..to`.
#[inline]
fn cut(th: Th, t: Gc<Text>, s: Gc<Str>, from: usize, to: usize) -> R<Value> {
    let b = &s.bytes()[from..to];
    if s.is_ascii() {
        let v = th.str_counted(b, b.len(), true)?;
        t.used.set(t.used.get() + (to - from));
        t.at.set(to);
        return Ok(v);
    }
    let v = th.try_str(b)?;
    t.used.set(t.used.get() + v.known::<Str>().len());
    t.at.set(to);
    Ok(v)
}
fn slow_line(th: Th, t: Gc<Text>, limit: i64) -> R<Value> {
    let mode = t.mode.get();
    let mut out: Vec<u8> = Vec::new();
    // Characters in `out`, and bytes at its end that may be the beginning of a line end.
    let (mut chars, mut open) = (0usize, 0usize);
    loop {
        if available(t) == 0 {
            let mut more = true;
            while more && decoded(t).is_none_or(|s| s.is_empty() || available(t) == 0) {
                more = next_chunk(th, t, 0)?;
            }
            if !more {
                set_decoded(th, t, None);
                t.snapshot.init(None);
                break;
            }
        }
        let s = decoded(t).expect("just read");
        let from = t.at.get();
        // With what was left open before.
        let text = &s.bytes()[from..];
        let (end, found) = if open > 0 && mode == newline::Mode::CrLf && text[0] == b'\n' {
            (1, true)
        } else {
            match mode.line_end(text) {
                Ok(n) => (n, true),
                Err(n) => {
                    open = text.len() - n;
                    (text.len(), false)
                }
            }
        };
        let mut end = end;
        let mut done = found;
        let mut n = if s.is_ascii() { end } else { adder_text::wtf8::count(&text[..end]) };
        if limit >= 0 && chars + n >= limit as usize {
            n = limit as usize - chars;
            end = if s.is_ascii() { n } else { adder_text::wtf8::offset_from(text, 0, n) };
            done = true;
        }
        if done && out.is_empty() {
            return cut(th, t, s, from, from + end);
        }
        room::append(&mut out, &text[..end]);
        chars += n;
        t.used.set(t.used.get() + n);
        t.at.set(from + end);
        if done {
            break;
        }
    }
    th.try_str(&out)
}
pub fn next(th: Th, o: Value) -> R<Option<Value>> {
    let t = Text::of(o);
    buffer_of(th, t)?;
    t.telling.set(false);
    let v = if is_plain(th, t) {
        line(th, t, -1)?
    } else {
        let v = th.call_method(o, n!(readline), &[])?;
        if !v.is_kind(Kind::Str) {
            let n = th.type_name_of(v);
            return Err(th.raise_msg(
                &exc::OS_ERROR,
                &format!("readline() should have returned an str object, not '{n}'"),
            ));
        }
        v
    };
    if v.known::<Str>().is_empty() {
        t.snapshot.init(None);
        t.telling.set(t.seekable.get());
        return Ok(None);
    }
    Ok(Some(v))
}
