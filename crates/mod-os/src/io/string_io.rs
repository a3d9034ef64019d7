//! `StringIO`. CPython's `Modules/_io/stringio.c`.
//!
//! The content is WTF-8: a str while nothing was written since it was set or given out, else the first `nbytes` of a
//! growing buffer. The position is kept in characters and, while it is within the content, in bytes too, so that reading
//! and writing on do not look for it. State changes under the object's thin lock.
//!
//! # Invariants
//! - `buf` is null, a `str` or a [`RawBuf`]. A slice of it is cut to what that very object holds, whatever `nbytes`
//!   says meanwhile.
//! - A buffer is replaced under the lock, after its content was copied to the new one; the old one stays valid for
//!   whoever has a pointer into it. With several threads nothing is made of a slice that was read without the lock.

use super::base::TEXTIOBASE;
use super::newline::{Mode, Newlines};
use super::*;
use adder_text::room;
use adder_text::wtf8;
use adder_vm::builtins::scratch;

// `ready`: `__init__` was called. `at` is the byte offset of `pos` if `pos <= nchars`.
crate::native_layout! { pub(crate) StringIO { buf; pos: Plain<usize>, at: Plain<usize>, nbytes: Plain<usize>, nchars: Plain<usize>,
ready: Plain<bool>, closed: Plain<bool>, mode: Plain<Mode>, newlines: Plain<Newlines> } }

pub static STRINGIO_TYPE: NativeType = NativeType {
    name: "_io.StringIO",
    kind: Kind::Native,
    size: StringIO::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Text I/O implementation using an in-memory buffer.\n\nThe initial_value argument sets the value of object.  The newline\nargument is like the one of TextIOWrapper's constructor.",
    base: Some(&TEXTIOBASE),
    text_signature: Some("(initial_value='', newline='\\n')"),
    slots: Slots {
        new: Some(|th, t, _| adder_vm::builtins::object::new_instance(th, t.known())),
        init: Some(init),
        iternext: Some(next),
        ..Slots::NONE
    },
    methods: &[
        method(
            "close",
            "($self, /)",
            "Close the IO object.\n\nAttempting any further operation after the object is closed\nwill raise a ValueError.\n\nThis method has no effect if the file is already closed.",
            close,
        ),
        method("getvalue", "($self, /)", "Retrieve the entire contents of the object.", |th, a| {
            check(th, this(a))?;
            getvalue(th, this(a))
        }),
        method(
            "read",
            "($self, size=-1, /)",
            "Read at most size characters, returned as a string.\n\nIf the argument is negative or omitted, read until EOF\nis reached. Return an empty string at EOF.",
            read,
        ),
        method(
            "readline",
            "($self, size=-1, /)",
            "Read until newline or EOF.\n\nReturns an empty string if EOF is hit immediately.",
            readline,
        ),
        method("tell", "($self, /)", "Tell the current file position.", |th, a| {
            check(th, this(a))?;
            Ok(th.int(this(a).pos.get() as i64))
        }),
        method(
            "truncate",
            "($self, pos=None, /)",
            "Truncate size to pos.\n\nThe pos argument defaults to the current file position, as\nreturned by tell().  The current file position is unchanged.\nReturns the new absolute position.",
            truncate,
        ),
        method(
            "seek",
            "($self, pos, whence=0, /)",
            "Change stream position.\n\nSeek to character offset pos relative to position indicated by\nwhence:\n    0  Start of stream (the default).  pos should be >= 0;\n    1  Current position - pos must be 0;\n    2  End of stream - pos must be 0.\nReturns the new absolute position.",
            seek,
        ),
        method(
            "write",
            "($self, s, /)",
            "Write string to file.\n\nReturns the number of characters written, which is always equal to\nthe length of the string.",
            write,
        ),
        method("seekable", "($self, /)", "Returns True if the IO object can be seeked.", always),
        method("readable", "($self, /)", "Returns True if the IO object can be read.", always),
        method("writable", "($self, /)", "Returns True if the IO object can be written.", always),
        method("__getstate__", "($self, /)", "", getstate),
        method("__setstate__", "($self, state, /)", "", setstate),
    ],
    getset: &[
        getter("closed", "", |th, o| {
            let s = StringIO::of(o);
            if s.ready.get() { Ok(Value::bool(s.closed.get())) } else { Err(uninitialized(th)) }
        }),
        getter("newlines", "", |th, o| {
            let s = StringIO::of(o);
            check(th, s)?;
            Ok(if s.mode.get().is_universal() { s.newlines.get().names(th) } else { NONE() })
        }),
        getter("line_buffering", "", |th, o| {
            check(th, StringIO::of(o))?;
            Ok(FALSE())
        }),
    ],
    trace: Some(StringIO::trace),
    init: Some(bytes_io::no_finalizer),
    ..NativeType::DEFAULT
};
pub static STRINGIO: TypeCell = TypeCell::new(&STRINGIO_TYPE);

fn this(a: Args) -> Gc<StringIO> {
    StringIO::of(a[0].unwrap())
}
#[inline]
fn check(th: Th, s: Gc<StringIO>) -> R<()> {
    if s.ready.get() && !s.closed.get() { Ok(()) } else { Err(unusable(th, s)) }
}
#[cold]
fn unusable(th: Th, s: Gc<StringIO>) -> Raised {
    if s.ready.get() { th.value_error("I/O operation on closed file") } else { uninitialized(th) }
}
fn always(th: Th, a: Args) -> R<Value> {
    check(th, this(a))?;
    Ok(TRUE())
}
/// The content. Under the lock, or to be looked at before anything else happens.
fn content(s: Gc<StringIO>) -> &'static [u8] {
    let n = s.nbytes.get();
    match s.buf.get() {
        None => &[],
        Some(v) if v.is_kind(Kind::Str) => {
            let t: Gc<Str> = v.known();
            unsafe { std::slice::from_raw_parts(t.data(), n.min(t.nbytes as usize)) }
        }
        Some(v) => {
            let r: Gc<RawBuf> = v.known();
            unsafe { std::slice::from_raw_parts(r.after::<u8>(), n.min(r.len)) }
        }
    }
}
/// Every character is one byte.
fn is_ascii(s: Gc<StringIO>) -> bool {
    s.nchars.get() == s.nbytes.get()
}
/// Byte offset of a character within the content.
fn offset(s: Gc<StringIO>, i: usize) -> usize {
    if is_ascii(s) { i } else { wtf8::offset(content(s), s.nchars.get(), i) }
}
/// A writable storage with room for `need` bytes. Not under the lock: it allocates.
fn own(th: Th, s: Gc<StringIO>, need: usize) -> R<()> {
    loop {
        let old = s.buf.get();
        let cap = match old {
            Some(v) if !v.is_kind(Kind::Str) => v.known::<RawBuf>().len,
            _ => 0,
        };
        if cap >= need && cap > 0 {
            return Ok(());
        }
        if need > u32::MAX as usize - 64 {
            return Err(th.memory_error());
        }
        let want = need.max((cap * 2).min(u32::MAX as usize - 64)).max(48);
        let fresh: Gc<RawBuf> = unsafe {
            let b = th.alloc_var::<RawBuf>(16 + want)?;
            (*b.as_ptr()).len = want;
            b
        };
        let _g = th.lock(s);
        if s.buf.get() != old {
            continue;
        }
        let c = content(s);
        if c.len() > want {
            continue;
        }
        unsafe { std::ptr::copy_nonoverlapping(c.as_ptr(), fresh.after::<u8>(), c.len()) };
        th.store(s, &s.buf, fresh.value());
        return Ok(());
    }
}

// -- writing

/// Puts text at the position over what is there.
fn put(th: Th, s: Gc<StringIO>, text: &[u8], nchars: usize) -> R<()> {
    if nchars == 0 {
        return Ok(());
    }
    loop {
        // At most so many bytes: where exactly the text goes is looked for under the lock.
        let gap = s.pos.get().saturating_sub(s.nchars.get());
        own(th, s, s.nbytes.get() + gap + text.len())?;
        let _g = th.lock(s);
        let Some(v) = s.buf.get().filter(|v| !v.is_kind(Kind::Str)) else { continue };
        let r: Gc<RawBuf> = v.known();
        let (pos, have, total) = (s.pos.get(), s.nbytes.get(), s.nchars.get());
        let gap = pos.saturating_sub(total);
        if r.len < have + gap + text.len() {
            continue;
        }
        // Where the overwritten part begins and ends, in bytes.
        let from = if gap > 0 { have } else { s.at.get() };
        let to = if gap > 0 || pos + nchars >= total {
            have
        } else if is_ascii(s) {
            from + nchars
        } else {
            wtf8::offset_from(content(s), from, nchars)
        };
        let end = from + gap + text.len();
        let after = have - to;
        let m = unsafe { std::slice::from_raw_parts_mut(r.after::<u8>(), r.len) };
        if after > 0 && end != to {
            m.copy_within(to..have, end);
        }
        m[from..from + gap].fill(0);
        m[from + gap..end].copy_from_slice(text);
        s.nbytes.set(end + after);
        s.nchars.set(total.max(pos + nchars));
        s.pos.set(pos + nchars);
        s.at.set(end);
        return Ok(());
    }
}
fn write_str(th: Th, s: Gc<StringIO>, t: Gc<Str>) -> R<()> {
    let mode = s.mode.get();
    if mode == Mode::Lf {
        return put(th, s, t.bytes(), t.len());
    }
    if mode.is_universal() {
        let mut n = s.newlines.get();
        n.translate = mode == Mode::Universal;
        if n.passes(t.bytes()) {
            s.newlines.set(n);
            return put(th, s, t.bytes(), t.len());
        }
        return scratch::with(|out| {
            n.decode(t.bytes(), true, out);
            s.newlines.set(n);
            put(th, s, out, wtf8::count(out))
        });
    }
    let nl = mode.output().expect("CR or CRLF");
    scratch::with(|out| {
        replace_newlines(t.bytes(), nl, out);
        put(th, s, out, wtf8::count(out))
    })
}
/// Text with another line end.
pub fn replace_newlines(text: &[u8], nl: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(i) = adder_text::search::find_byte(rest, b'\n') {
        room::append(out, &rest[..i]);
        room::append(out, nl);
        rest = &rest[i + 1..];
    }
    room::append(out, rest);
}
fn write(th: Th, a: Args) -> R<Value> {
    let (s, v) = (this(a), a[1].unwrap());
    if !s.ready.get() {
        return Err(uninitialized(th));
    }
    let Some(t) = v.cast::<Str>() else {
        return Err(th.type_error(format!("string argument expected, got '{}'", th.type_name_of(v))));
    };
    check(th, s)?;
    write_str(th, s, t)?;
    Ok(Value::fix(t.len() as i64))
}

// -- reading

fn getvalue(th: Th, s: Gc<StringIO>) -> R<Value> {
    if let Some(v) = s.buf.get()
        && v.is_exact(Kind::Str)
        && v.known::<Str>().nbytes as usize == s.nbytes.get()
    {
        return Ok(v);
    }
    if !th.multi() {
        return th.str_counted(content(s), s.nchars.get(), is_ascii(s));
    }
    scratch::with(|out| {
        {
            let _g = th.lock(s);
            out.extend_from_slice(content(s));
        }
        th.try_str(out)
    })
}
/// Takes the bytes up to the end that `f` finds in the content, at or behind the position.
fn take(th: Th, s: Gc<StringIO>, f: impl Fn(&[u8], usize) -> usize) -> R<Value> {
    if !th.multi() {
        let c = content(s);
        let from = s.at.get();
        let end = f(c, from);
        let part = &c[from..end];
        let v = if is_ascii(s) { th.str_counted(part, part.len(), true)? } else { th.try_str(part)? };
        s.at.set(end);
        s.pos.set(s.pos.get() + v.known::<Str>().len());
        return Ok(v);
    }
    // Others may change the content: what is taken is copied under the lock.
    scratch::with(|out| {
        {
            let _g = th.lock(s);
            if s.pos.get() >= s.nchars.get() {
                return Ok(empty());
            }
            let c = content(s);
            let from = s.at.get();
            let end = f(c, from);
            out.extend_from_slice(&c[from..end]);
            s.at.set(end);
            s.pos.set(s.pos.get() + wtf8::count(out));
        }
        th.try_str(out)
    })
}
fn empty() -> Value {
    Root::empty_str.value()
}
fn read(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let n = opt_size(th, a[1])?;
    check(th, s)?;
    let left = s.nchars.get().saturating_sub(s.pos.get());
    if left == 0 {
        return Ok(empty());
    }
    if n < 0 || n as usize >= left {
        if s.pos.get() == 0 && !th.multi() {
            let v = getvalue(th, s)?;
            s.pos.set(s.nchars.get());
            s.at.set(s.nbytes.get());
            return Ok(v);
        }
        return take(th, s, |c, _| c.len());
    }
    take(th, s, |c, from| characters(s, c, from, n as usize))
}
/// The offset `n` characters behind another, at most the end.
fn characters(s: Gc<StringIO>, c: &[u8], from: usize, n: usize) -> usize {
    if is_ascii(s) { from.saturating_add(n).min(c.len()) } else { wtf8::offset_from(c, from, n) }
}
fn line(th: Th, s: Gc<StringIO>, limit: i64) -> R<Value> {
    if s.pos.get() >= s.nchars.get() {
        return Ok(empty());
    }
    take(th, s, |c, from| {
        let end = match s.mode.get().line_end(&c[from..]) {
            Ok(n) => from + n,
            Err(_) => c.len(),
        };
        if limit >= 0 { end.min(characters(s, c, from, limit as usize)) } else { end }
    })
}
fn readline(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let n = opt_size(th, a[1])?;
    check(th, s)?;
    line(th, s, n)
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    let s = StringIO::of(o);
    check(th, s)?;
    let v = if th.type_of(o) == STRINGIO.get() {
        line(th, s, -1)?
    } else {
        let v = th.call_method(o, n!(readline), &[])?;
        if !v.is_kind(Kind::Str) {
            let t = th.type_name_of(v);
            return Err(th.raise_msg(
                &exc::OS_ERROR,
                &format!("readline() should have returned an str object, not '{t}'"),
            ));
        }
        v
    };
    Ok(if v.cast::<Str>().is_some_and(|t| t.is_empty()) { None } else { Some(v) })
}

// -- position

fn seek(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let pos = {
        let i = th.index(a[1].unwrap())?;
        int::to_i64(i).ok_or_else(|| th.overflow_error("Python int too large to convert to C ssize_t"))?
    };
    let whence = int_or(th, a[2], 0)?;
    check(th, s)?;
    if !(0..=2).contains(&whence) {
        return Err(th.value_error(format!("Invalid whence ({whence}, should be 0, 1 or 2)")));
    }
    if pos < 0 && whence == 0 {
        return Err(th.value_error(format!("Negative seek position {pos}")));
    }
    if whence != 0 && pos != 0 {
        return Err(th.raise_msg(&exc::OS_ERROR, "Can't do nonzero cur-relative seeks"));
    }
    let _g = th.lock(s);
    let p = match whence {
        0 => pos as usize,
        1 => s.pos.get(),
        _ => s.nchars.get(),
    };
    move_to(s, p);
    Ok(th.int(p as i64))
}
fn move_to(s: Gc<StringIO>, p: usize) {
    if p != s.pos.get() {
        s.pos.set(p);
        s.at.set(if p <= s.nchars.get() { offset(s, p) } else { 0 });
    }
}
fn truncate(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    check(th, s)?;
    let n = match given(a[1]) {
        None => s.pos.get() as i64,
        Some(v) => th.index_i64(v)?,
    };
    if n < 0 {
        return Err(th.value_error(format!("Negative size value {n}")));
    }
    if (n as usize) < s.nchars.get() {
        own(th, s, s.nbytes.get())?;
        let _g = th.lock(s);
        if (n as usize) < s.nchars.get() {
            let end = offset(s, n as usize);
            s.nbytes.set(end);
            s.nchars.set(n as usize);
        }
    }
    Ok(th.int(n))
}
fn close(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let _g = th.lock(s);
    s.closed.set(true);
    s.buf.init(None);
    s.nbytes.set(0);
    s.nchars.set(0);
    s.pos.set(0);
    s.at.set(0);
    none()
}

// -- making and pickling

static SIG: NativeDef = signature("StringIO", "(initial_value='', newline='\\n')");

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [value, newline] = match a.pos() {
        [v] if a.nkw() == 0 => [Some(*v), None],
        [] if a.nkw() == 0 => [None, None],
        _ => bind::<2>(th, &SIG, a)?,
    };
    let newline = newline.unwrap_or_else(|| adder_vm::builtins::str_::ascii_char(Some(b'\n')));
    set_up(th, StringIO::of(o), value.unwrap_or(NONE()), newline)
}
fn set_up(th: Th, s: Gc<StringIO>, value: Value, newline: Value) -> R<()> {
    if !newline.is_none() && !newline.is_kind(Kind::Str) {
        return Err(th.type_error(format!("newline must be str or None, not {}", th.type_name_of(newline))));
    }
    let mode = Mode::parse(th, newline.some(), true)?;
    if !value.is_none() && !value.is_kind(Kind::Str) {
        return Err(
            th.type_error(format!("initial_value must be str or None, not {}", th.type_name_of(value)))
        );
    }
    s.ready.set(false);
    s.mode.set(mode);
    s.newlines.set(Newlines { translate: mode == Mode::Universal, ..Newlines::default() });
    {
        let _g = th.lock(s);
        s.buf.init(None);
        s.nbytes.set(0);
        s.nchars.set(0);
        s.pos.set(0);
        s.at.set(0);
    }
    if let Some(t) = value.cast::<Str>() {
        // The text itself, as long as nothing is written.
        let plain = match mode {
            Mode::Lf => true,
            Mode::Universal | Mode::Keep => {
                let mut n = s.newlines.get();
                let p = n.passes(t.bytes());
                s.newlines.set(n);
                p
            }
            _ => false,
        };
        if plain {
            let t: Gc<Str> = th.exact_str(t)?.known();
            let _g = th.lock(s);
            th.store(s, &s.buf, t.value());
            s.nbytes.set(t.nbytes as usize);
            s.nchars.set(t.len());
        } else {
            write_str(th, s, t)?;
        }
    }
    s.pos.set(0);
    s.at.set(0);
    s.closed.set(false);
    s.ready.set(true);
    Ok(())
}
fn getstate(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    check(th, s)?;
    let v = getvalue(th, s)?;
    let d = match th.instance_dict(s.value())? {
        Some(d) if d.len() > 0 => th.call_method(d.value(), th.intern("copy"), &[])?,
        _ => NONE(),
    };
    let nl = s.mode.get().text().map_or(NONE(), |t| th.intern(t));
    Ok(th.tuple(&[v, nl, th.int(s.pos.get() as i64), d]))
}
fn setstate(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let state = a[1].unwrap();
    if s.ready.get() && s.closed.get() {
        return Err(unusable(th, s));
    }
    let Some(t) = state.cast::<Tuple>().filter(|t| t.len >= 4) else {
        return Err(th.type_error(format!(
            "{}.__setstate__ argument should be 4-tuple, got {}",
            adder_vm::builtins::object::full_type_name(th, th.type_of(s.value())),
            th.type_name_of(state)
        )));
    };
    let it = t.items();
    if !it[0].is_none() && !it[0].is_kind(Kind::Str) && (it[1].is_none() || it[1].is_kind(Kind::Str)) {
        return Err(
            th.type_error(format!("initial_value must be str or None, not {}", th.type_name_of(it[0])))
        );
    }
    set_up(th, s, NONE(), it[1])?;
    // The value is as it was in the buffer: its newlines are not translated again.
    if let Some(v) = it[0].cast::<Str>() {
        let v: Gc<Str> = th.exact_str(v)?.known();
        let _g = th.lock(s);
        th.store(s, &s.buf, v.value());
        s.nbytes.set(v.nbytes as usize);
        s.nchars.set(v.len());
    }
    if !int::is_int(it[2]) {
        return Err(
            th.type_error(format!("third item of state must be an integer, got {}", th.type_name_of(it[2])))
        );
    }
    let p = th.index_i64(it[2])?;
    if p < 0 {
        return Err(th.value_error("position value cannot be negative"));
    }
    move_to(s, p as usize);
    bytes_io::update_dict(th, s.value(), it[3], "fourth")?;
    none()
}
