//! `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`: what all streams have, in terms of a few methods that
//! classes define. CPython's `Modules/_io/iobase.c`.
//!
//! Instances have no native state; `__IOBase_closed` in the instance's attributes says that `close()` was called. The
//! finalizer of all streams is here: it calls `close()`, which flushes what is still in a buffer.
//!
//! # Safety
//! Streams of native types have the layout of an object with a header, which is all that is used of it here.

use super::*;
use adder_text::room;

crate::native_layout! { pub(crate) Plain0 { ; } }

const FLAGS: u64 =
    tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAS_DICT | tflags::WEAKREF | tflags::SHOWN_AS_HEAP;

pub static IOBASE_TYPE: NativeType = NativeType {
    name: "_io._IOBase",
    kind: Kind::Native,
    size: Plain0::SIZE,
    flags: FLAGS,
    doc: "The abstract base class for all I/O classes.\n\nThis class provides dummy implementations for many methods that\nderived classes can override selectively; the default implementations\nrepresent a file that cannot be read, written or seeked.\n\nEven though IOBase does not declare read, readinto, or write because\ntheir signatures will vary, implementations and clients should\nconsider those methods part of the interface. Also, implementations\nmay raise UnsupportedOperation when operations they do not support are\ncalled.\n\nThe basic type used for binary data read from or written to a file is\nbytes. Other bytes-like objects are accepted as method arguments too.\nIn some cases (such as readinto), a writable object is required. Text\nI/O classes work with str data.\n\nNote that calling any method (except additional calls to close(),\nwhich are ignored) on a closed stream should raise a ValueError.\n\nIOBase (and its subclasses) support the iterator protocol, meaning\nthat an IOBase object can be iterated over yielding the lines in a\nstream.\n\nIOBase also supports the :keyword:`with` statement. In this example,\nfp is closed after the suite of the with statement is complete:\n\nwith open('spam.txt', 'r') as fp:\n    fp.write('Spam and eggs!')\n",
    slots: Slots { iter: Some(iter), iternext: Some(next), del: Some(finalize), ..Slots::NONE },
    methods: &[
        method(
            "seek",
            "($self, offset, whence=os.SEEK_SET, /)",
            "Change the stream position to the given byte offset.\n\n  offset\n    The stream position, relative to 'whence'.\n  whence\n    The relative position to seek from.\n\nThe offset is interpreted relative to the position indicated by\nwhence.  Values for whence are:\n\n* os.SEEK_SET or 0 -- start of stream (the default); offset should\n  be zero or positive\n* os.SEEK_CUR or 1 -- current stream position; offset may be\n  negative\n* os.SEEK_END or 2 -- end of stream; offset is usually negative\n\nReturn the new absolute position.",
            |th, _| Err(unsupported(th, "seek")),
        ),
        method("tell", "($self, /)", "Return current stream position.", |th, a| {
            th.call_method(a[0].unwrap(), n!(seek), &[Value::fix(0), Value::fix(1)])
        }),
        method(
            "truncate",
            "($self, size=None, /)",
            "Truncate file to size bytes.\n\nFile pointer is left unchanged.  Size defaults to the current IO\nposition as reported by tell().  Return the new size.",
            |th, _| Err(unsupported(th, "truncate")),
        ),
        method(
            "flush",
            "($self, /)",
            "Flush write buffers, if applicable.\n\nThis is not implemented for read-only and non-blocking streams.",
            flush,
        ),
        method(
            "close",
            "($self, /)",
            "Flush and close the IO object.\n\nThis method has no effect if the file is already closed.",
            close,
        ),
        method(
            "seekable",
            "($self, /)",
            "Return whether object supports random access.\n\nIf False, seek(), tell() and truncate() will raise OSError.\nThis method may need to do a test seek().",
            |_, _| Ok(FALSE()),
        ),
        method(
            "readable",
            "($self, /)",
            "Return whether object was opened for reading.\n\nIf False, read() will raise OSError.",
            |_, _| Ok(FALSE()),
        ),
        method(
            "writable",
            "($self, /)",
            "Return whether object was opened for writing.\n\nIf False, write() will raise OSError.",
            |_, _| Ok(FALSE()),
        ),
        method("_checkClosed", "($self, /)", "", check_closed_method),
        method("_checkSeekable", "($self, /)", "", |th, a| check_seekable(th, a[0].unwrap())),
        method("_checkReadable", "($self, /)", "", |th, a| check_readable(th, a[0].unwrap())),
        method("_checkWritable", "($self, /)", "", |th, a| check_writable(th, a[0].unwrap())),
        method(
            "fileno",
            "($self, /)",
            "Return underlying file descriptor if one exists.\n\nRaise OSError if the IO object does not use a file descriptor.",
            |th, _| Err(unsupported(th, "fileno")),
        ),
        method(
            "isatty",
            "($self, /)",
            "Return whether this is an 'interactive' stream.\n\nReturn False if it can't be determined.",
            isatty,
        ),
        method("__enter__", "($self, /)", "", enter),
        method("__exit__", "!($self, /, *exc_info)", "", exit),
        method(
            "readline",
            "($self, size=-1, /)",
            "Read and return a line from the stream.\n\nIf size is specified, at most size bytes will be read.\n\nThe line terminator is always b'\\n' for binary files; for text\nfiles, the newlines argument to open can be used to select the line\nterminator(s) recognized.",
            readline,
        ),
        method(
            "readlines",
            "($self, hint=-1, /)",
            "Return a list of lines from the stream.\n\nhint can be specified to control the number of lines read: no more\nlines will be read if the total size (in bytes/characters) of all\nlines so far exceeds hint.",
            readlines,
        ),
        method(
            "writelines",
            "($self, lines, /)",
            "Write a list of lines to stream.\n\nLine separators are not added, so it is usual for each of the\nlines provided to have a line separator at the end.",
            writelines,
        ),
    ],
    getset: &[
        getter("closed", "", |th, o| Ok(Value::bool(marked_closed(th, o)?))),
        getset(
            "__dict__",
            "",
            |th, o| match th.instance_dict(o)? {
                Some(d) => Ok(d.value()),
                None => Err(th.no_attribute(o, n!(__dict__))),
            },
            |th, o, v| match v {
                None => Err(th.type_error("cannot delete __dict__")),
                Some(v) => match v.cast::<Dict>() {
                    Some(d) => th.set_instance_dict(o, d),
                    None => Err(th.type_error(format!(
                        "__dict__ must be set to a dictionary, not a '{}'",
                        th.type_name_of(v)
                    ))),
                },
            },
        ),
    ],
    trace: Some(Plain0::trace),
    ..NativeType::DEFAULT
};
pub static IOBASE: TypeCell = TypeCell::new(&IOBASE_TYPE);

pub static RAWIOBASE_TYPE: NativeType = NativeType {
    name: "_io._RawIOBase",
    kind: Kind::Native,
    size: Plain0::SIZE,
    flags: FLAGS,
    doc: "Base class for raw binary I/O.",
    base: Some(&IOBASE),
    methods: &[
        method("read", "($self, size=-1, /)", "", raw_read),
        method("readall", "($self, /)", "Read until EOF, using multiple read() call.", raw_readall),
        method("readinto", "!!($self, buffer, /)", "", |th, _| {
            Err(th.raise_args(&exc::NOT_IMPLEMENTED_ERROR, &[]))
        }),
        method("write", "!!($self, b, /)", "", |th, _| Err(th.raise_args(&exc::NOT_IMPLEMENTED_ERROR, &[]))),
    ],
    trace: Some(Plain0::trace),
    ..NativeType::DEFAULT
};
pub static RAWIOBASE: TypeCell = TypeCell::new(&RAWIOBASE_TYPE);

pub static BUFFEREDIOBASE_TYPE: NativeType = NativeType {
    name: "_io._BufferedIOBase",
    kind: Kind::Native,
    size: Plain0::SIZE,
    flags: FLAGS,
    doc: "Base class for buffered IO objects.\n\nThe main difference with RawIOBase is that the read() method\nsupports omitting the size argument, and does not have a default\nimplementation that defers to readinto().\n\nIn addition, read(), readinto() and write() may raise\nBlockingIOError if the underlying raw stream is in non-blocking\nmode and not ready; unlike their raw counterparts, they will never\nreturn None.\n\nA typical implementation should not inherit from a RawIOBase\nimplementation, but wrap one.\n",
    base: Some(&IOBASE),
    methods: &[
        method(
            "detach",
            "($self, /)",
            "Disconnect this buffer from its underlying raw stream and return it.\n\nAfter the raw stream has been detached, the buffer is in an unusable\nstate.",
            |th, _| Err(unsupported(th, "detach")),
        ),
        method(
            "read",
            "($self, size=-1, /)",
            "Read and return up to n bytes.\n\nIf the size argument is omitted, None, or negative, read and\nreturn all data until EOF.\n\nIf the size argument is positive, and the underlying raw stream is\nnot 'interactive', multiple raw reads may be issued to satisfy\nthe byte count (unless EOF is reached first).\nHowever, for interactive raw streams (as well as sockets and pipes),\nat most one raw read will be issued, and a short result does not\nimply that EOF is imminent.\n\nReturn an empty bytes object on EOF.\n\nReturn None if the underlying raw stream was open in non-blocking\nmode and no data is available at the moment.",
            |th, _| Err(unsupported(th, "read")),
        ),
        method(
            "read1",
            "($self, size=-1, /)",
            "Read and return up to size bytes, with at most one read() call to the underlying raw stream.\n\nReturn an empty bytes object on EOF.\nA short result does not imply that EOF is imminent.",
            |th, _| Err(unsupported(th, "read1")),
        ),
        method("readinto", "($self, buffer, /)", "", |th, a| readinto_by(th, a, n!(read))),
        method("readinto1", "($self, buffer, /)", "", |th, a| readinto_by(th, a, n!(read1))),
        method(
            "write",
            "($self, b, /)",
            "Write buffer b to the IO stream.\n\nReturn the number of bytes written, which is always\nthe length of b in bytes.\n\nRaise BlockingIOError if the buffer is full and the\nunderlying raw stream cannot accept more data at the moment.",
            |th, _| Err(unsupported(th, "write")),
        ),
    ],
    trace: Some(Plain0::trace),
    ..NativeType::DEFAULT
};
pub static BUFFEREDIOBASE: TypeCell = TypeCell::new(&BUFFEREDIOBASE_TYPE);

pub static TEXTIOBASE_TYPE: NativeType = NativeType {
    name: "_io._TextIOBase",
    kind: Kind::Native,
    size: Plain0::SIZE,
    flags: FLAGS,
    doc: "Base class for text I/O.\n\nThis class provides a character and line based interface to stream\nI/O. There is no readinto method because Python's character strings\nare immutable.\n",
    base: Some(&IOBASE),
    methods: &[
        method(
            "detach",
            "($self, /)",
            "Separate the underlying buffer from the TextIOBase and return it.\n\nAfter the underlying buffer has been detached, the TextIO is in\nan unusable state.",
            |th, _| Err(unsupported(th, "detach")),
        ),
        method(
            "read",
            "($self, size=-1, /)",
            "Read at most size characters from stream.\n\nRead from underlying buffer until we have size characters or we hit\nEOF.  If size is negative or omitted, read until EOF.",
            |th, _| Err(unsupported(th, "read")),
        ),
        method(
            "readline",
            "($self, size=-1, /)",
            "Read until newline or EOF.\n\nReturn an empty string if EOF is hit immediately.\nIf size is specified, at most size characters will be read.",
            |th, _| Err(unsupported(th, "readline")),
        ),
        method(
            "write",
            "($self, s, /)",
            "Write string s to stream.\n\nReturn the number of characters written\n(which is always equal to the length of the string).",
            |th, _| Err(unsupported(th, "write")),
        ),
    ],
    getset: &[
        getter("encoding", "Encoding of the text stream.\n\nSubclasses should override.", |_, _| Ok(NONE())),
        getter(
            "newlines",
            "Line endings translated so far.\n\nOnly line endings translated during reading are considered.\n\nSubclasses should override.",
            |_, _| Ok(NONE()),
        ),
        getter(
            "errors",
            "The error setting of the decoder or encoder.\n\nSubclasses should override.",
            |_, _| Ok(NONE()),
        ),
    ],
    trace: Some(Plain0::trace),
    ..NativeType::DEFAULT
};
pub static TEXTIOBASE: TypeCell = TypeCell::new(&TEXTIOBASE_TYPE);

// -- closing

/// Whether `_IOBase.close` was called, whatever a class says of `closed`.
fn marked_closed(th: Th, o: Value) -> R<bool> {
    Ok(th.getattr_opt(o, n!(__IOBase_closed))?.is_some())
}
/// Raises ValueError if the stream says that it is closed.
pub fn check_closed(th: Th, o: Value) -> R<()> {
    let c = th.getattr(o, n!(closed))?;
    if th.truth(c)? { Err(closed_error(th)) } else { Ok(()) }
}
fn check_closed_method(th: Th, a: Args) -> R<Value> {
    check_closed(th, a[0].unwrap())?;
    none()
}
fn check_ability(th: Th, o: Value, method: &str, message: &str) -> R<Value> {
    let r = th.call_method(o, th.intern(method), &[])?;
    if r.is(TRUE()) { Ok(r) } else { Err(unsupported(th, message)) }
}
pub fn check_seekable(th: Th, o: Value) -> R<Value> {
    check_ability(th, o, "seekable", "File or stream is not seekable.")
}
pub fn check_readable(th: Th, o: Value) -> R<Value> {
    check_ability(th, o, "readable", "File or stream is not readable.")
}
pub fn check_writable(th: Th, o: Value) -> R<Value> {
    check_ability(th, o, "writable", "File or stream is not writable.")
}
fn flush(th: Th, a: Args) -> R<Value> {
    if marked_closed(th, a[0].unwrap())? { Err(closed_error(th)) } else { none() }
}
fn close(th: Th, a: Args) -> R<Value> {
    close_base(th, a[0].unwrap())
}
/// `_IOBase.close`: flushes once, and marks the stream as closed in any case.
pub fn close_base(th: Th, o: Value) -> R<Value> {
    if marked_closed(th, o)? {
        return none();
    }
    let r = th.call_method(o, n!(flush), &[]);
    let first = r.is_err().then(|| th.take_exc());
    let r = th.setattr(o, n!(__IOBase_closed), Some(TRUE()));
    chain(th, first, r)?;
    none()
}
/// Another stream closes this one when it is closed or dies itself. Of a stack of streams that became unreachable
/// together the finalizers run in no particular order, and only the uppermost may close the rest: it flushes first.
const WRAPPED: u8 = flags::K3;

pub fn set_wrapped(o: Value, on: bool) {
    if o.is_kind(Kind::Native) {
        // SAFETY: only the header is touched.
        let g: Gc<Plain0> = unsafe { o.cast_unchecked() };
        if on { g.set_flag(WRAPPED) } else { g.clear_flag(WRAPPED) }
    }
}

/// A closed stream needs no finalizer; `alive` takes that back when it is opened again.
pub fn done(th: Th, o: Value) {
    if !th.type_of(o).heap_type() {
        unsafe { o.cast_unchecked::<Plain0>() }.set_flag(flags::FINALIZED);
    }
}
pub fn alive(th: Th, o: Value) {
    let g: Gc<Plain0> = unsafe { o.cast_unchecked() };
    if g.flag(flags::FINALIZED) {
        g.clear_flag(flags::FINALIZED);
        th.m.register_finalizer(g.obj());
    }
}

/// The finalizer of every stream.
pub fn finalize(th: Th, o: Value) -> R<()> {
    if o.is_kind(Kind::Native) && unsafe { o.cast_unchecked::<Plain0>() }.flag(WRAPPED) {
        return Ok(());
    }
    // What a failed `__init__` left behind, or a class with a strange `closed`, is let go.
    let closed = match th.getattr_opt(o, n!(closed)).and_then(|c| c.map(|c| th.truth(c)).transpose()) {
        Ok(Some(c)) => c,
        Ok(None) => true,
        Err(_) => {
            th.take_exc();
            true
        }
    };
    if closed {
        return Ok(());
    }
    // `close` shall know that nobody asked for it.
    if th.setattr(o, n!(_finalizing), Some(TRUE())).is_err() {
        th.take_exc();
    }
    if th.call_method(o, n!(close), &[]).is_err() {
        adder_vm::unraisable::report(th, None, o);
    }
    Ok(())
}
fn isatty(th: Th, a: Args) -> R<Value> {
    check_closed(th, a[0].unwrap())?;
    Ok(FALSE())
}
fn enter(th: Th, a: Args) -> R<Value> {
    check_closed(th, a[0].unwrap())?;
    Ok(a[0].unwrap())
}
fn exit(th: Th, a: Args) -> R<Value> {
    th.call_method(a[0].unwrap(), n!(close), &[])
}

// -- lines

fn iter(th: Th, o: Value) -> R<Value> {
    check_closed(th, o)?;
    Ok(o)
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    let line = th.call_method(o, n!(readline), &[])?;
    Ok(if th.len(line)? == 0 { None } else { Some(line) })
}

/// One byte at a time, or as much as `peek` shows.
fn readline(th: Th, a: Args) -> R<Value> {
    let o = a[0].unwrap();
    let limit = opt_size(th, a[1])?;
    let peek = th.getattr_opt(o, n!(peek))?;
    let mut out: Vec<u8> = Vec::new();
    while limit < 0 || (out.len() as i64) < limit {
        let mut want = 1;
        if let Some(p) = peek {
            let ahead = match th.call(p, &[Value::fix(1)]) {
                Err(_) if trap_eintr(th) => continue,
                r => r?,
            };
            if !ahead.is_kind(Kind::Bytes) {
                let t = th.type_name_of(ahead);
                return Err(th.raise_msg(
                    &exc::OS_ERROR,
                    &format!("peek() should have returned a bytes object, not '{t}'"),
                ));
            }
            let b = buffer::bytes_of(ahead).unwrap();
            if !b.is_empty() {
                let n = b.iter().position(|c| *c == b'\n').map_or(b.len(), |i| i + 1);
                want = if limit >= 0 { n.min((limit - out.len() as i64) as usize) } else { n };
            }
        }
        let b = match th.call_method(o, n!(read), &[Value::fix(want as i64)]) {
            Err(_) if trap_eintr(th) => continue,
            r => r?,
        };
        if !b.is_kind(Kind::Bytes) {
            let t = th.type_name_of(b);
            return Err(th.raise_msg(
                &exc::OS_ERROR,
                &format!("read() should have returned a bytes object, not '{t}'"),
            ));
        }
        let b = buffer::bytes_of(b).unwrap();
        if b.is_empty() {
            break;
        }
        room::append(&mut out, b);
        if b.ends_with(b"\n") {
            break;
        }
    }
    new_bytes(th, &out)
}
fn readlines(th: Th, a: Args) -> R<Value> {
    let hint = opt_size(th, a[1])?;
    let l = list::new(th, &[])?;
    if hint <= 0 {
        list::extend(th, l, a[0].unwrap())?;
        return Ok(l.value());
    }
    let it = th.iter(a[0].unwrap())?;
    let mut total = 0;
    while let Some(line) = th.next(it)? {
        list::append(th, l, line)?;
        let n = th.len(line)? as i64;
        if n > hint - total {
            break;
        }
        total += n;
    }
    Ok(l.value())
}
fn writelines(th: Th, a: Args) -> R<Value> {
    let (o, lines) = (a[0].unwrap(), a[1].unwrap());
    check_closed(th, o)?;
    th.for_each(lines, |line| {
        loop {
            match th.call_method(o, n!(write), &[line]) {
                Err(_) if trap_eintr(th) => {}
                r => return r.map(|_| ()),
            }
        }
    })?;
    none()
}

// -- raw streams

fn raw_read(th: Th, a: Args) -> R<Value> {
    let o = a[0].unwrap();
    let n = match a[1] {
        None => -1,
        Some(v) => th.index_i64(v)?,
    };
    if n < 0 {
        return th.call_method(o, n!(readall), &[]);
    }
    let b = th.call(adder_vm::builtins::bytearray::BYTEARRAY.get().value(), &[Value::fix(n)])?;
    let r = th.call_method(o, n!(readinto), &[b])?;
    if r.is_none() {
        return Ok(r);
    }
    let got = as_ssize(th, r)?;
    if got < 0 || got > n {
        return Err(th.value_error(format!("readinto returned {got} outside buffer size {n}")));
    }
    let bytes = buffer::bytes_of(b).unwrap();
    new_bytes(th, &bytes[..(got as usize).min(bytes.len())])
}
fn raw_readall(th: Th, a: Args) -> R<Value> {
    let mut out: Vec<u8> = Vec::new();
    let mut any = false;
    loop {
        let b = match th.call_method(a[0].unwrap(), n!(read), &[Value::fix(DEFAULT_BUFFER_SIZE)]) {
            Err(_) if trap_eintr(th) => continue,
            r => r?,
        };
        if b.is_none() {
            if !any {
                return Ok(b);
            }
            break;
        }
        if !b.is_kind(Kind::Bytes) {
            return Err(th.type_error("read() should return bytes"));
        }
        let b = buffer::bytes_of(b).unwrap();
        if b.is_empty() {
            break;
        }
        any = true;
        room::append(&mut out, b);
    }
    new_bytes(th, &out)
}

// -- buffered streams

fn readinto_by(th: Th, a: Args, method: Value) -> R<Value> {
    let w = rw_buffer(th, if method.is(n!(read)) { "readinto" } else { "readinto1" }, "", a[1].unwrap())?;
    let data = th.call_method(a[0].unwrap(), method, &[th.int(w.len() as i64)])?;
    if !data.is_kind(Kind::Bytes) {
        return Err(th.type_error("read() should return bytes"));
    }
    let b = buffer::bytes_of(data).unwrap();
    if b.len() > w.len() {
        return Err(th.value_error(format!(
            "read() returned too much data: {} bytes requested, {} returned",
            w.len(),
            b.len()
        )));
    }
    w.bytes_mut()[..b.len()].copy_from_slice(b);
    Ok(th.int(b.len() as i64))
}
