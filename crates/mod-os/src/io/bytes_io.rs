//! `BytesIO`. CPython's `Modules/_io/bytesio.c`.
//!
//! The content is the first `size` bytes of a bytes object. While that is `shared` (it was the initial value, or
//! `getvalue` gave it out) it is not written to but copied before. State changes under the object's thin lock; while
//! buffers are exported the content is neither resized nor replaced.
//!
//! # Safety
//! `buf` holds a bytes object or nothing. A slice of its content is used before anything else happens, or the word that
//! points into it keeps it: contents are replaced, never freed, under who looks at them. It is written to only if it is
//! not `shared`, which is what makes a bytes object that the program has immutable. Buffers are exported, and
//! contents given out, under the lock: never both.

use super::base::BUFFEREDIOBASE;
use super::*;
use adder_vm::builtins::buffer::{Export, ExportsCell};
use adder_vm::builtins::memoryview;

crate::native_layout! { pub(crate) BytesIO { buf: Bytes; pos: Plain<usize>, size: Plain<usize>, shared: Plain<bool>, closed: Plain<bool>,
exports: ExportsCell } }

pub static BYTESIO_TYPE: NativeType = NativeType {
    name: "_io.BytesIO",
    kind: Kind::Native,
    size: BytesIO::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Buffered I/O implementation using an in-memory bytes buffer.",
    base: Some(&BUFFEREDIOBASE),
    text_signature: Some("(initial_bytes=b'')"),
    slots: Slots {
        new: Some(|th, t, _| adder_vm::builtins::object::new_instance(th, t.known())),
        init: Some(init),
        iter: Some(|th, o| {
            check(th, BytesIO::of(o))?;
            Ok(o)
        }),
        iternext: Some(next),
        ..Slots::NONE
    },
    methods: &[
        method("readable", "($self, /)", "Returns True if the IO object can be read.", always),
        method("seekable", "($self, /)", "Returns True if the IO object can be seeked.", always),
        method("writable", "($self, /)", "Returns True if the IO object can be written.", always),
        method("close", "($self, /)", "Disable all I/O operations.", close),
        method("flush", "($self, /)", "Does nothing.", |th, a| {
            check(th, this(a))?;
            none()
        }),
        method(
            "isatty",
            "($self, /)",
            "Always returns False.\n\nBytesIO objects are not connected to a TTY-like device.",
            |th, a| {
                check(th, this(a))?;
                Ok(FALSE())
            },
        ),
        method("tell", "($self, /)", "Current file position, an integer.", |th, a| {
            check(th, this(a))?;
            Ok(th.int(this(a).pos.get() as i64))
        }),
        method(
            "write",
            "($self, b, /)",
            "Write bytes to file.\n\nReturn the number of bytes written.",
            write,
        ),
        method(
            "writelines",
            "($self, lines, /)",
            "Write lines to the file.\n\nNote that newlines are not added.  lines can be any iterable object\nproducing bytes-like objects.  This is equivalent to calling write()\nfor each element.",
            writelines,
        ),
        method(
            "read1",
            "($self, size=-1, /)",
            "Read at most size bytes, returned as a bytes object.\n\nIf the size argument is negative or omitted, read until EOF is\nreached.  Return an empty bytes object at EOF.",
            read,
        ),
        method(
            "readinto",
            "($self, buffer, /)",
            "Read bytes into buffer.\n\nReturns number of bytes read (0 for EOF), or None if the object\nis set not to block and has no data to read.",
            readinto,
        ),
        method(
            "readline",
            "($self, size=-1, /)",
            "Next line from the file, as a bytes object.\n\nRetain newline.  A non-negative size argument limits the maximum\nnumber of bytes to return (an incomplete line may be returned then).\nReturn an empty bytes object at EOF.",
            readline,
        ),
        method(
            "readlines",
            "($self, size=None, /)",
            "List of bytes objects, each a line from the file.\n\nCall readline() repeatedly and return a list of the lines so read.\nThe optional size argument, if given, is an approximate bound on the\ntotal number of bytes in the lines returned.",
            readlines,
        ),
        method(
            "read",
            "($self, size=-1, /)",
            "Read at most size bytes, returned as a bytes object.\n\nIf the size argument is negative, read until EOF is reached.\nReturn an empty bytes object at EOF.",
            read,
        ),
        method(
            "getbuffer",
            "($self, /)",
            "Get a read-write view over the contents of the BytesIO object.",
            getbuffer,
        ),
        method("getvalue", "($self, /)", "Retrieve the entire contents of the BytesIO object.", getvalue),
        method(
            "seek",
            "($self, pos, whence=0, /)",
            "Change stream position.\n\nSeek to byte offset pos relative to position indicated by whence:\n     0  Start of stream (the default).  pos should be >= 0;\n     1  Current position - pos may be negative;\n     2  End of stream - pos usually negative.\nReturns the new absolute position.",
            seek,
        ),
        method(
            "truncate",
            "($self, size=None, /)",
            "Truncate the file to at most size bytes.\n\nSize defaults to the current file position, as returned by tell().\nThe current file position is unchanged.  Returns the new size.",
            truncate,
        ),
        method("__getstate__", "($self, /)", "", getstate),
        method("__setstate__", "($self, object, /)", "", setstate),
        method("__sizeof__", "($self, /)", "", |th, a| {
            Ok(th.int(BytesIO::SIZE as i64 + 8 + content_cap(this(a)) as i64))
        }),
    ],
    getset: &[getter("closed", "True if the file is closed.", |_, o| {
        Ok(Value::bool(BytesIO::of(o).closed.get()))
    })],
    trace: Some(BytesIO::trace),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const BytesIO)).exports.free() }),
    init: Some(no_finalizer),
    ..NativeType::DEFAULT
};
pub static BYTESIO: TypeCell = TypeCell::new(&BYTESIO_TYPE);

crate::native_layout! { pub(crate) View { source: BytesIO; } }

pub static VIEW: TypeCell = TypeCell::new(&NativeType {
    name: "_io._BytesIOBuffer",
    kind: Kind::Native,
    size: View::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { get_buffer: Some(view_buffer), ..Slots::NONE },
    trace: Some(View::trace),
    ..NativeType::DEFAULT
});

/// Streams in memory have nothing that must be flushed or closed.
pub fn no_finalizer(_: Th, t: Gc<Type>) -> R<()> {
    // SAFETY: while the type is made nobody else uses it.
    unsafe { (*t.as_ptr()).slots.del = None };
    t.flags.fetch_and(!tflags::HAS_DEL, std::sync::atomic::Ordering::Relaxed);
    Ok(())
}

fn this(a: Args) -> Gc<BytesIO> {
    BytesIO::of(a[0].unwrap())
}
#[inline]
fn check(th: Th, b: Gc<BytesIO>) -> R<()> {
    if b.closed.get() { Err(closed_error(th)) } else { Ok(()) }
}
fn check_exports(th: Th, b: Gc<BytesIO>) -> R<()> {
    // Views that nobody can release any more do not count.
    if adder_vm::builtins::bytearray::in_use(th, &b.exports) {
        return Err(th.buffer_error("Existing exports of data: object cannot be re-sized"));
    }
    Ok(())
}
fn always(th: Th, a: Args) -> R<Value> {
    check(th, this(a))?;
    Ok(TRUE())
}
fn content_cap(b: Gc<BytesIO>) -> usize {
    b.buf.get().map_or(0, |x| x.len)
}
/// The content. Under the lock, or to be looked at before anything else happens.
fn content(b: Gc<BytesIO>) -> &'static [u8] {
    match b.buf.get() {
        Some(x) => unsafe { std::slice::from_raw_parts(x.bytes().as_ptr(), b.size.get().min(x.len)) },
        None => &[],
    }
}

static SIG: NativeDef = signature("BytesIO", "(initial_bytes=b'')");

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let v = match a.pos() {
        [v] if a.nkw() == 0 => Some(*v),
        [] if a.nkw() == 0 => None,
        _ => bind::<1>(th, &SIG, a)?[0],
    };
    let b = BytesIO::of(o);
    check_exports(th, b)?;
    b.size.set(0);
    b.pos.set(0);
    b.closed.set(false);
    b.buf.init(None);
    if let Some(v) = given(v) {
        let x: Gc<Bytes> = match v.exact::<Bytes>() {
            Some(x) => x,
            None => {
                let s = Buffer::simple(th, v)?;
                bytes::new(th, s.bytes())?
            }
        };
        let _g = th.lock(b);
        th.store(b, &b.buf, x);
        b.shared.set(true);
        b.size.set(x.len);
    }
    Ok(())
}

/// Makes the storage the object's own, with room for `need` bytes. Not under the lock: it allocates.
fn own(th: Th, b: Gc<BytesIO>, need: usize) -> R<()> {
    loop {
        let (old, cap) = (b.buf.get(), content_cap(b));
        if !b.shared.get() && cap >= need && old.is_some() {
            return Ok(());
        }
        let size = b.size.get();
        let want =
            if need <= cap { need.max(size) } else { need.max((cap * 2).min(cap + (64 << 20))).max(32) };
        let fresh = bytes::uninit(th, want.max(2))?;
        let _g = th.lock(b);
        if b.buf.get() != old || b.size.get() != size {
            continue;
        }
        let c = content(b);
        bytes::fill(fresh)[..c.len()].copy_from_slice(c);
        th.store(b, &b.buf, fresh);
        b.shared.set(false);
        return Ok(());
    }
}
fn write_bytes(th: Th, b: Gc<BytesIO>, src: &[u8]) -> R<()> {
    check(th, b)?;
    check_exports(th, b)?;
    if src.is_empty() {
        return Ok(());
    }
    loop {
        let at = b.pos.get();
        let Some(end) = at.checked_add(src.len()).filter(|e| *e < 1 << 46) else {
            return Err(th.overflow_error("new buffer size too large"));
        };
        own(th, b, end)?;
        let _g = th.lock(b);
        let x: Gc<Bytes> = match b.buf.get() {
            Some(x) => x,
            None => continue,
        };
        if b.shared.get() || b.pos.get() != at || x.len < end {
            continue;
        }
        let m = bytes::fill(x);
        if at > b.size.get() {
            m[b.size.get()..at].fill(0);
        }
        m[at..end].copy_from_slice(src);
        b.pos.set(end);
        if end > b.size.get() {
            b.size.set(end);
        }
        return Ok(());
    }
}
fn write(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let v = a[1].unwrap();
    if let Some(x) = v.exact::<Bytes>() {
        write_bytes(th, b, x.bytes())?;
        return Ok(th.int(x.len as i64));
    }
    check(th, b)?;
    check_exports(th, b)?;
    let src = Buffer::simple(th, v)?;
    write_bytes(th, b, src.bytes())?;
    Ok(th.int(src.len() as i64))
}
fn writelines(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check(th, b)?;
    th.for_each(a[1].unwrap(), |v| {
        let src = Buffer::simple(th, v)?;
        write_bytes(th, b, src.bytes())
    })?;
    none()
}

/// Takes bytes from the position: all of them as one object if that is possible without a copy.
fn take(th: Th, b: Gc<BytesIO>, n: Option<usize>) -> R<Value> {
    let c = content(b);
    let at = b.pos.get().min(c.len());
    let k = n.map_or(c.len() - at, |n| n.min(c.len() - at));
    if k > 1
        && at == 0
        && k == c.len()
        && let Some(x) = b.buf.get()
        && k == content_cap(b)
    {
        let _g = th.lock(b);
        if b.buf.get() == Some(x) && b.exports.count() == 0 {
            b.shared.set(true);
            b.pos.set(k);
            return Ok(x.value());
        }
    }
    // The bytes are copied before the position moves; a racing reader may get the same ones.
    let v = new_bytes(th, &c[at..at + k])?;
    let _g = th.lock(b);
    b.pos.set(b.pos.get() + k);
    Ok(v)
}
fn read(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let n = opt_size(th, a[1])?;
    check(th, b)?;
    take(th, b, usize::try_from(n).ok())
}
fn readinto(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let w = rw_buffer(th, "readinto", "", a[1].unwrap())?;
    check(th, b)?;
    let _g = th.lock(b);
    let c = content(b);
    let at = b.pos.get().min(c.len());
    let k = w.len().min(c.len() - at);
    // It may be a view of this very content.
    unsafe { std::ptr::copy(c.as_ptr().add(at), w.bytes_mut().as_mut_ptr(), k) };
    b.pos.set(b.pos.get() + k);
    Ok(th.int(k as i64))
}
fn line(th: Th, b: Gc<BytesIO>, limit: i64) -> R<Value> {
    let c = content(b);
    let rest = &c[b.pos.get().min(c.len())..];
    let rest = if limit >= 0 { &rest[..rest.len().min(limit as usize)] } else { rest };
    let n = adder_text::search::find_byte(rest, b'\n').map_or(rest.len(), |i| i + 1);
    take(th, b, Some(n))
}
fn readline(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let n = opt_size(th, a[1])?;
    check(th, b)?;
    line(th, b, n)
}
fn readlines(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let hint = match given(a[1]) {
        None => -1,
        Some(v) if int::is_int(v) => th.index_i64(v)?,
        Some(v) => {
            return Err(th.type_error(format!("integer argument expected, got '{}'", th.type_name_of(v))));
        }
    };
    check(th, b)?;
    let l = list::new(th, &[])?;
    let mut total = 0;
    loop {
        let v = line(th, b, -1)?;
        let n = buffer::bytes_of(v).map_or(0, |x| x.len());
        if n == 0 {
            return Ok(l.value());
        }
        list::append(th, l, v)?;
        total += n as i64;
        if hint > 0 && total >= hint {
            return Ok(l.value());
        }
    }
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    let b = BytesIO::of(o);
    check(th, b)?;
    let v = line(th, b, -1)?;
    Ok(if buffer::bytes_of(v).is_some_and(|x| x.is_empty()) { None } else { Some(v) })
}

fn getvalue(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check(th, b)?;
    loop {
        let (old, size) = (b.buf.get(), b.size.get());
        if size <= 1 {
            return new_bytes(th, content(b));
        }
        if b.exports.count() > 0 {
            return new_bytes(th, content(b));
        }
        if content_cap(b) == size {
            let _g = th.lock(b);
            if b.buf.get() == old && b.size.get() == size && b.exports.count() == 0 {
                b.shared.set(true);
                return Ok(old.expect("storage").value());
            }
            continue;
        }
        let exact = bytes::new(th, content(b))?;
        let _g = th.lock(b);
        if b.buf.get() == old && b.size.get() == size && b.exports.count() == 0 {
            th.store(b, &b.buf, exact);
            b.shared.set(true);
            return Ok(exact.value());
        }
    }
}
fn getbuffer(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check(th, b)?;
    if b.size.get() != content_cap(b) || b.shared.get() || b.buf.get().is_none() {
        // Exports are of storage that nobody else has.
        if b.exports.count() == 0 {
            own(th, b, b.size.get())?;
        }
    }
    let v = adder_vm::builtins::object::new_instance(th, th.make_type(&VIEW))?;
    let w = View::of(v);
    th.store(w, &w.source, b);
    Ok(memoryview::from_object(th, v, flag::FULL)?.value())
}
fn view_buffer(th: Th, v: Value, flags: u32) -> R<Value> {
    let b: Gc<BytesIO> = View::of(v).source.gc();
    b.exports.ensure(th, b.value());
    let (counter, store, c) = loop {
        if b.shared.get() {
            own(th, b, b.size.get())?;
        }
        // Between two changes: what is kept is what is looked at, and nobody else is given it.
        let _g = th.lock(b);
        if !b.shared.get() {
            break (b.exports.acquire(th, b.value()), b.buf.any(), content(b));
        }
    };
    let mut e = Export::simple(c.as_ptr() as *mut u8, c.len(), false);
    e.keep = store;
    e.counter = counter;
    buffer::export(th, v, e, flags)
}

fn seek(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let pos = ssize_arg(th, a[1].unwrap())?;
    let whence = int_or(th, a[2], 0)?;
    check(th, b)?;
    if pos < 0 && whence == 0 {
        return Err(th.value_error(format!("negative seek value {pos}")));
    }
    let from = match whence {
        0 => 0,
        1 => b.pos.get() as i64,
        2 => b.size.get() as i64,
        _ => return Err(th.value_error(format!("invalid whence ({whence}, should be 0, 1 or 2)"))),
    };
    let Some(p) = from.checked_add(pos) else { return Err(th.overflow_error("new position too large")) };
    let p = p.max(0);
    b.pos.set(p as usize);
    Ok(th.int(p))
}
fn ssize_arg(th: Th, v: Value) -> R<i64> {
    let i = th.index(v)?;
    int::to_i64(i).ok_or_else(|| th.overflow_error("Python int too large to convert to C ssize_t"))
}
fn truncate(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check(th, b)?;
    check_exports(th, b)?;
    let n = match given(a[1]) {
        None => b.pos.get() as i64,
        Some(v) => {
            let n = th.index_i64(v)?;
            // That may have run Python code.
            check(th, b)?;
            check_exports(th, b)?;
            n
        }
    };
    if n < 0 {
        return Err(th.value_error(format!("negative size value {n}")));
    }
    let _g = th.lock(b);
    if (n as usize) < b.size.get() {
        b.size.set(n as usize);
    }
    Ok(th.int(n))
}
fn close(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_exports(th, b)?;
    let _g = th.lock(b);
    b.closed.set(true);
    b.size.set(0);
    b.buf.init(None);
    none()
}

// -- pickling

fn getstate(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let v = getvalue(th, a)?;
    let d = match th.instance_dict(b.value())? {
        Some(d) if d.len() > 0 => th.call_method(d.value(), th.intern("copy"), &[])?,
        _ => NONE(),
    };
    Ok(th.tuple(&[v, th.int(b.pos.get() as i64), d]))
}
fn setstate(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    let state = a[1].unwrap();
    let bad = |th: Th| {
        th.type_error(format!(
            "{}.__setstate__ argument should be 3-tuple, got {}",
            adder_vm::builtins::object::full_type_name(th, th.type_of(b.value())),
            th.type_name_of(state)
        ))
    };
    let Some(t) = state.cast::<Tuple>().filter(|t| t.len >= 3) else { return Err(bad(th)) };
    check(th, b)?;
    check_exports(th, b)?;
    // As if just made.
    b.size.set(0);
    b.pos.set(0);
    let src = Buffer::simple(th, t.items()[0])?;
    write_bytes(th, b, src.bytes())?;
    let p = t.items()[1];
    if !int::is_int(p) {
        return Err(
            th.type_error(format!("second item of state must be an integer, not {}", th.type_name_of(p)))
        );
    }
    let p = th.index_i64(p)?;
    if p < 0 {
        return Err(th.value_error("position value cannot be negative"));
    }
    b.pos.set(p as usize);
    update_dict(th, b.value(), t.items()[2], "third")?;
    none()
}
/// The attributes of a pickled stream.
pub fn update_dict(th: Th, o: Value, d: Value, which: &str) -> R<()> {
    if d.is_none() {
        return Ok(());
    }
    let Some(new) = d.cast::<Dict>() else {
        return Err(
            th.type_error(format!("{which} item of state should be a dict, got a {}", th.type_name_of(d)))
        );
    };
    let mut i = 0;
    while let Some((ni, k, v)) = new.next_entry(i) {
        th.setattr(o, k, Some(v))?;
        i = ni;
    }
    Ok(())
}
