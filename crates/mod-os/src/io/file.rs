//! `FileIO`: a descriptor as a raw stream. CPython's `Modules/_io/fileio.c`.
//!
//! # Safety
//! The system writes to memory that nobody else uses, and only as much of it as it said counts as read.

use super::base::{self, RAWIOBASE};
use super::*;
use adder_host::CWD;
use adder_host::fs::FileStat;
use adder_text::room;

// All zero is an object that was not initialised: `fd1` is the descriptor plus one. `seekable`: 0 not known, 1 no, 2 yes.
crate::native_layout! { pub(crate) FileIO { ; fd1: Plain<i32>, seek: Plain<i8>, finalizing: Plain<bool>, created: Plain<bool>,
readable: Plain<bool>, writable: Plain<bool>, appending: Plain<bool>, closefd: Plain<bool>, stat_known: Plain<bool>,
st_mode: Plain<u32>, st_size: Plain<i64>, blksize: Plain<i64> } }

pub static FILEIO_TYPE: NativeType = NativeType {
    name: "_io.FileIO",
    kind: Kind::Native,
    size: FileIO::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Open a file.\n\nThe mode can be 'r' (default), 'w', 'x' or 'a' for reading,\nwriting, exclusive creation or appending.  The file will be created\nif it doesn't exist when opened for writing or appending; it will be\ntruncated when opened for writing.  A FileExistsError will be raised\nif it already exists when opened for creating.  Opening a file for\ncreating implies writing so this mode behaves in a similar way to\n'w'.  Add a '+' to the mode to allow simultaneous reading and\nwriting.\n\nA custom opener can be used by passing a callable as *opener*.\nThe underlying file descriptor for the file object is then obtained\nby calling opener with (*name*, *flags*).  *opener* must return\nan open file descriptor (passing os.open as *opener* results in\nfunctionality similar to passing None).",
    base: Some(&RAWIOBASE),
    text_signature: Some("(file, mode='r', closefd=True, opener=None)"),
    slots: Slots {
        new: Some(|th, t, _| adder_vm::builtins::object::new_instance(th, t.known())),
        init: Some(init),
        repr: Some(repr),
        ..Slots::NONE
    },
    methods: &[
        method(
            "read",
            "($self, size=-1, /)",
            "Read at most size bytes, returned as bytes.\n\nIf size is less than 0, read all bytes in the file making multiple\nread calls.  See ``FileIO.readall``.\n\nAttempts to make only one system call, retrying only per PEP 475\n(EINTR).  This means less data may be returned than requested.\n\nIn non-blocking mode, returns None if no data is available.  Return\nan empty bytes object at EOF.",
            read,
        ),
        method(
            "readall",
            "($self, /)",
            "Read all data from the file, returned as bytes.\n\nReads until either there is an error or read() returns size 0\n(indicates EOF).  If the file is already at EOF, returns an empty\nbytes object.\n\nIn non-blocking mode, returns as much data as could be read before\nEAGAIN.  If no data is available (EAGAIN is returned before bytes\nare read) returns None.",
            |th, a| readall(th, this(a)),
        ),
        method("readinto", "($self, buffer, /)", "Same as RawIOBase.readinto().", readinto),
        method(
            "write",
            "($self, b, /)",
            "Write buffer b to file, return number of bytes written.\n\nOnly makes one system call, so not all of the data may be written.\nThe number of bytes actually written is returned.  In non-blocking\nmode, returns None if the write would block.",
            write,
        ),
        method(
            "seek",
            "($self, pos, whence=0, /)",
            "Move to new file position and return the file position.\n\nArgument offset is a byte count.  Optional argument whence defaults\nto SEEK_SET or 0 (offset from start of file, offset should be >= 0);\nother values are SEEK_CUR or 1 (move relative to current position,\npositive or negative), and SEEK_END or 2 (move relative to end of\nfile, usually negative, although many platforms allow seeking beyond\nthe end of a file).\n\nNote that not all file objects are seekable.",
            seek,
        ),
        method(
            "tell",
            "($self, /)",
            "Current file position.\n\nCan raise OSError for non seekable files.",
            tell,
        ),
        method(
            "truncate",
            "($self, size=None, /)",
            "Truncate the file to at most size bytes and return the truncated size.\n\nSize defaults to the current file position, as returned by tell().\nThe current file position is changed to the value of size.",
            truncate,
        ),
        method(
            "close",
            "($self, /)",
            "Close the file.\n\nA closed file cannot be used for further I/O operations.  close()\nmay be called more than once without error.",
            close,
        ),
        method("seekable", "($self, /)", "True if file supports random-access.", seekable),
        method("readable", "($self, /)", "True if file was opened in a read mode.", |th, a| {
            fd(th, this(a))?;
            Ok(Value::bool(this(a).readable.get()))
        }),
        method("writable", "($self, /)", "True if file was opened in a write mode.", |th, a| {
            fd(th, this(a))?;
            Ok(Value::bool(this(a).writable.get()))
        }),
        method("fileno", "($self, /)", "Return the underlying file descriptor (an integer).", |th, a| {
            Ok(Value::fix(fd(th, this(a))? as i64))
        }),
        method("isatty", "($self, /)", "True if the file is connected to a TTY device.", |th, a| {
            Ok(Value::bool(isatty(th, this(a))?))
        }),
        method("_isatty_open_only", "($self, /)", "", |th, a| Ok(Value::bool(isatty_at_open(th, this(a))?))),
        method("_dealloc_warn", "($self, object, /)", "", dealloc_warn),
        method("__getstate__", "($self, /)", "", cannot_pickle),
    ],
    getset: &[
        getset(
            "_finalizing",
            "",
            |_, o| Ok(Value::bool(FileIO::of(o).finalizing.get())),
            |th, o, v| set_flag(th, &FileIO::of(o).finalizing, v),
        ),
        getter("closed", "True if the file is closed", |_, o| Ok(Value::bool(is_closed(FileIO::of(o))))),
        getter("closefd", "True if the file descriptor will be closed by close().", |_, o| {
            Ok(Value::bool(FileIO::of(o).closefd.get()))
        }),
        getter("mode", "String giving the file mode", |th, o| Ok(th.intern(mode(FileIO::of(o))))),
        getter("_blksize", "Stat st_blksize if available", |th, o| Ok(th.int(FileIO::of(o).blksize.get()))),
    ],
    trace: Some(FileIO::trace),
    ..NativeType::DEFAULT
};
pub static FILEIO: TypeCell = TypeCell::new(&FILEIO_TYPE);

fn this(a: Args) -> Gc<FileIO> {
    FileIO::of(a[0].unwrap())
}
#[inline]
pub fn is_closed(f: Gc<FileIO>) -> bool {
    f.fd1.get() <= 0
}
#[cold]
fn closed(th: Th) -> Raised {
    th.value_error("I/O operation on closed file")
}
#[inline]
fn fd(th: Th, f: Gc<FileIO>) -> R<i32> {
    let n = f.fd1.get();
    if n <= 0 { Err(closed(th)) } else { Ok(n - 1) }
}
fn wrong_mode(th: Th, action: &str) -> Raised {
    unsupported(th, &format!("File not open for {action}"))
}

static SIG: NativeDef = signature("FileIO", "(file, mode='r', closefd=True, opener=None)");

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let [file, mode, closefd, opener] = bind::<4>(th, &SIG, a)?;
    let m = match mode {
        None => "r",
        Some(m) => match m.cast::<Str>() {
            Some(s) => {
                // SAFETY: the caller has the argument until this returns.
                let b: &'static [u8] = unsafe { &*(s.bytes() as *const [u8]) };
                if b.contains(&0) {
                    return Err(th.value_error("embedded null character"));
                }
                match std::str::from_utf8(b) {
                    Ok(s) => s,
                    Err(_) => {
                        fs_encode(th, m)?;
                        ""
                    }
                }
            }
            None => {
                return Err(th.type_error(format!(
                    "FileIO() argument 'mode' must be str, not {}",
                    th.arg_type_name(m)
                )));
            }
        },
    };
    let closefd = match closefd {
        Some(v) => th.truth(v)?,
        None => true,
    };
    open_file(th, o, file.unwrap(), m, closefd, given(opener))
}

/// A new FileIO, for `open`.
pub fn new(th: Th, file: Value, mode: &str, closefd: bool, opener: Option<Value>) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, FILEIO.get())?;
    open_file(th, o, file, mode, closefd, opener)?;
    Ok(o)
}

/// What opening modes mean.
struct Mode {
    flags: i32,
    created: bool,
    readable: bool,
    writable: bool,
    appending: bool,
}

fn parse_mode(th: Th, mode: &str) -> R<Mode> {
    let mut m = Mode { flags: 0, created: false, readable: false, writable: false, appending: false };
    let (mut rwa, mut plus) = (0, 0);
    for ch in mode.chars() {
        match ch {
            'x' => {
                rwa += 1;
                m.created = true;
                m.writable = true;
                m.flags |= c::O_EXCL | c::O_CREAT;
            }
            'r' => {
                rwa += 1;
                m.readable = true;
            }
            'w' => {
                rwa += 1;
                m.writable = true;
                m.flags |= c::O_CREAT | c::O_TRUNC;
            }
            'a' => {
                rwa += 1;
                m.writable = true;
                m.appending = true;
                m.flags |= c::O_APPEND | c::O_CREAT;
            }
            'b' => {}
            '+' => {
                plus += 1;
                m.readable = true;
                m.writable = true;
            }
            _ => return Err(th.value_error(format!("invalid mode: {mode}"))),
        }
        if rwa > 1 || plus > 1 {
            return Err(bad_mode(th));
        }
    }
    if rwa == 0 {
        return Err(bad_mode(th));
    }
    m.flags |= match (m.readable, m.writable) {
        (true, true) => c::O_RDWR,
        (true, false) => c::O_RDONLY,
        _ => c::O_WRONLY,
    };
    Ok(m)
}
fn bad_mode(th: Th) -> Raised {
    th.value_error("Must have exactly one of create/read/write/append mode and at most one plus")
}

fn open_file(th: Th, o: Value, file: Value, mode: &str, closefd: bool, opener: Option<Value>) -> R<()> {
    let f = FileIO::of(o);
    if f.fd1.get() > 0 {
        if f.closefd.get() {
            close_fd(th, f)?;
        } else {
            f.fd1.set(0);
        }
    }
    if file.is_kind(Kind::Bool) {
        adder_vm::warn::warn(th, &exc::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
    }
    let mut given_fd = -1;
    if th.type_of(file).slots.index.is_some() {
        let r = th.index(file).map(int::to_i64);
        match r {
            Ok(n) => match n.and_then(|n| i32::try_from(n).ok()) {
                Some(n) if n < 0 => return Err(th.value_error("negative file descriptor")),
                Some(n) => given_fd = n,
                None => {}
            },
            Err(_) => {
                th.take_exc();
            }
        }
    }
    let path = if given_fd < 0 { Some(fs_path(th, file)?) } else { None };
    let m = parse_mode(th, mode)?;
    f.created.set(m.created);
    f.readable.set(m.readable);
    f.writable.set(m.writable);
    f.appending.set(m.appending);
    f.seek.set(0);
    f.stat_known.set(false);
    f.finalizing.set(false);
    base::alive(th, o);
    let flags = m.flags | c::O_CLOEXEC;
    if adder_vm::sys::audit::enabled() {
        adder_vm::sys::audit::audit(th, "open", &[file, th.str(mode), Value::fix(flags as i64)])?;
    }
    let mut own = false;
    if given_fd >= 0 {
        f.fd1.set(given_fd + 1);
        f.closefd.set(closefd);
    } else {
        f.closefd.set(true);
        if !closefd {
            return Err(th.value_error("Cannot use closefd=False with file name"));
        }
        let n = match opener {
            None => open_path(th, file, path.as_ref().expect("a path"), flags)?,
            Some(op) => {
                let r = th.call(op, &[file, Value::fix(flags as i64)])?;
                if !int::is_int(r) {
                    return Err(th.type_error("expected integer from opener"));
                }
                let n = int_arg(th, r)?;
                if n < 0 {
                    return Err(th.value_error(format!("opener returned {n}")));
                }
                n
            }
        };
        f.fd1.set(n + 1);
        own = true;
        if opener.is_some() {
            ok(th, host().set_inheritable(n, false))?;
        }
    }
    let r = opened(th, o, f, file);
    if r.is_err() {
        if own {
            let first = th.take_exc();
            let _ = close_fd(th, f).map_err(|_| th.take_exc());
            th.set_exc(first);
        } else {
            f.fd1.set(0);
        }
    }
    r
}
/// Opens; where the process has no descriptors left, streams that nobody refers to are closed first.
fn open_path(th: Th, file: Value, path: &std::ffi::CStr, flags: i32) -> R<i32> {
    let mut again = true;
    loop {
        match retry(th, |h, out| crate::library::open(h, out, CWD, path, flags, 0o666))? {
            Ok(n) => return Ok(n),
            Err(e) if again && (e.0 == 24 || e.0 == 23) => {
                again = false;
                th.m.heap.collect(&th.m, true);
                adder_vm::pending::deaths(th);
            }
            Err(e) => return Err(os_error_file(th, e, file)),
        }
    }
}
fn opened(th: Th, o: Value, f: Gc<FileIO>, file: Value) -> R<()> {
    const DIR: u32 = 0o040000;
    let n = f.fd1.get() - 1;
    f.blksize.set(DEFAULT_BUFFER_SIZE);
    match outside(th, |h, out| h.fstat(out, n)) {
        Ok(st) => {
            if st.mode & 0o170000 == DIR {
                return Err(os_error_file(th, Errno::EISDIR, file));
            }
            note_stat(f, &st);
            if st.blksize > 1 {
                f.blksize.set(st.blksize);
            }
        }
        Err(Errno::EBADF) => return Err(os_error(th, Errno::EBADF)),
        Err(_) => {}
    }
    th.setattr(o, n!(name), Some(file))?;
    if f.appending.get() {
        // A pipe has no end to go to.
        match outside(th, |h, out| h.lseek(out, n, 0, 2)) {
            Ok(_) => f.seek.set(2),
            Err(Errno(29)) => f.seek.set(1),
            Err(e) => return Err(os_error(th, e)),
        }
    }
    Ok(())
}
fn note_stat(f: Gc<FileIO>, st: &FileStat) {
    f.stat_known.set(true);
    f.st_mode.set(st.mode);
    f.st_size.set(st.size);
}

// -- closing

fn close_fd(th: Th, f: Gc<FileIO>) -> R<()> {
    // Others shall not use the number once it is free.
    let n = f.fd1.replace(0) - 1;
    if n >= 0 {
        // Not repeated: the descriptor is free whatever the answer.
        let r = outside(th, |h, out| h.close(out, n));
        if let Err(e) = r {
            return Err(os_error(th, e));
        }
    }
    Ok(())
}
fn close(th: Th, a: Args) -> R<Value> {
    close_file(th, a[0].unwrap())
}
pub fn close_file(th: Th, o: Value) -> R<Value> {
    let f = FileIO::of(o);
    let r = base::close_base(th, o);
    if !f.closefd.get() {
        f.fd1.set(0);
        return r;
    }
    let first = r.is_err().then(|| th.take_exc());
    if f.finalizing.get() {
        warn_unclosed(th, f, o);
    }
    let r = close_fd(th, f);
    base::done(th, o);
    chain(th, first, r)?;
    none()
}
fn warn_unclosed(th: Th, f: Gc<FileIO>, source: Value) {
    if f.fd1.get() <= 0 || !f.closefd.get() {
        return;
    }
    let pending = th.pending();
    th.exc.init(None);
    let r = th.repr(source).and_then(|r| {
        let m = th.str(&format!("unclosed file {}", th.text(r)));
        adder_vm::warn::warn_value(th, exc::RESOURCE_WARNING.get(), m, 1, Some(source))
    });
    if r.is_err() {
        if th.exc_is(&exc::WARNING) {
            adder_vm::unraisable::report(th, None, source);
        } else {
            th.take_exc();
        }
    }
    th.exc.init(pending);
}
fn dealloc_warn(th: Th, a: Args) -> R<Value> {
    warn_unclosed(th, this(a), a[1].unwrap());
    none()
}

// -- reading and writing

/// One read into memory that stays where it is. None: it would block.
pub fn read_into(th: Th, f: Gc<FileIO>, buf: &mut [u8]) -> R<Option<usize>> {
    let n = fd(th, f)?;
    if !f.readable.get() {
        return Err(wrong_mode(th, "reading"));
    }
    read_fd(th, n, buf)
}
fn read_fd(th: Th, n: i32, buf: &mut [u8]) -> R<Option<usize>> {
    match retry(th, |h, out| h.read(out, n, buf))? {
        Ok(n) => Ok(Some(n)),
        Err(Errno::EAGAIN) => Ok(None),
        Err(e) => Err(os_error(th, e)),
    }
}
/// One write. None: it would block.
pub fn write_from(th: Th, f: Gc<FileIO>, buf: &[u8]) -> R<Option<usize>> {
    let n = fd(th, f)?;
    if !f.writable.get() {
        return Err(wrong_mode(th, "writing"));
    }
    match retry(th, |h, out| h.write(out, n, buf))? {
        Ok(n) => Ok(Some(n)),
        Err(Errno::EAGAIN) => Ok(None),
        Err(e) => Err(os_error(th, e)),
    }
}
fn read(th: Th, a: Args) -> R<Value> {
    let f = this(a);
    let n = fd(th, f)?;
    if !f.readable.get() {
        return Err(wrong_mode(th, "reading"));
    }
    let size = opt_size(th, a[1])?;
    if size < 0 {
        return readall(th, f);
    }
    let b = bytes::uninit(th, size as usize)?;
    let r = read_fd(th, n, bytes::fill(b))?;
    match r {
        None => none(),
        Some(got) if got == size as usize && got > 1 => Ok(b.value()),
        Some(got) => new_bytes(th, &b.bytes()[..got]),
    }
}
const SMALL: usize = 8192;

/// How much there seems to be from here to the end of the file; 0: not known.
fn rest_of(th: Th, f: Gc<FileIO>, n: i32) -> usize {
    if !f.stat_known.get() || f.st_size.get() <= 0 {
        return 0;
    }
    // The file may have grown since; reading goes on until the end in any case.
    let pos = outside(th, |h, out| h.lseek(out, n, 0, 1)).unwrap_or(0);
    (f.st_size.get() - pos).clamp(0, 1 << 40) as usize
}
/// All that is left, into `out`. False: it would have blocked before anything came.
pub fn read_rest(th: Th, f: Gc<FileIO>, out: &mut Vec<u8>) -> R<bool> {
    let n = fd(th, f)?;
    let want = rest_of(th, f, n);
    let mut step = if want > 0 { want + 1 } else { SMALL };
    let mut any = false;
    loop {
        if out.try_reserve(step).is_err() {
            return Err(th.memory_error());
        }
        let at = out.len();
        // SAFETY: reserved; the call fills a prefix, which is what is kept.
        let got = unsafe {
            let free = std::slice::from_raw_parts_mut(out.as_mut_ptr().add(at), out.capacity() - at);
            let r = read_fd(th, n, free)?;
            out.set_len(at + r.unwrap_or(0));
            r
        };
        match got {
            None => return Ok(any),
            Some(0) => return Ok(true),
            Some(_) => any = true,
        }
        if out.capacity() == out.len() {
            step = (out.len() / 8).clamp(SMALL, 1 << 26);
        } else {
            step = 1;
        }
    }
}
pub fn readall(th: Th, f: Gc<FileIO>) -> R<Value> {
    let n = fd(th, f)?;
    let want = rest_of(th, f, n);
    // The usual case: the size is right, and the bytes are read where they stay.
    if want > 1 {
        let b = bytes::uninit(th, want)?;
        let mut at = 0;
        loop {
            match read_fd(th, n, &mut bytes::fill(b)[at..])? {
                None if at == 0 => return none(),
                None | Some(0) => return new_bytes(th, &b.bytes()[..at]),
                Some(got) => at += got,
            }
            if at == want {
                break;
            }
        }
        let mut more = [0u8; 512];
        match read_fd(th, n, &mut more)? {
            None | Some(0) => return Ok(b.value()),
            Some(k) => {
                let mut v = room::with_capacity(want * 2 + k);
                v.extend_from_slice(b.bytes());
                v.extend_from_slice(&more[..k]);
                f.stat_known.set(false);
                read_rest(th, f, &mut v)?;
                return new_bytes(th, &v);
            }
        }
    }
    let mut v = Vec::new();
    if !read_rest(th, f, &mut v)? {
        return none();
    }
    new_bytes(th, &v)
}
fn readinto(th: Th, a: Args) -> R<Value> {
    let w = rw_buffer(th, "readinto", " 1", a[1].unwrap())?;
    Ok(match read_into(th, this(a), w.bytes_mut())? {
        Some(n) => th.int(n as i64),
        None => NONE(),
    })
}
fn write(th: Th, a: Args) -> R<Value> {
    let b = Buf::read(th, a[1].unwrap())?;
    let f = this(a);
    Ok(match write_from(th, f, b.bytes())? {
        // A signal cut it short: its handler runs now.
        Some(n) if n < b.bytes().len() => {
            check_signals(th)?;
            th.int(n as i64)
        }
        Some(n) => th.int(n as i64),
        None => NONE(),
    })
}

// -- position

pub fn lseek(th: Th, f: Gc<FileIO>, pos: i64, whence: i32) -> R<i64> {
    let n = fd(th, f)?;
    match outside(th, |h, out| h.lseek(out, n, pos, whence)) {
        Ok(p) => {
            f.seek.set(2);
            Ok(p)
        }
        Err(e) => {
            if f.seek.get() == 0 {
                f.seek.set(1);
            }
            Err(os_error(th, e))
        }
    }
}
fn seek(th: Th, a: Args) -> R<Value> {
    let whence = int_or(th, a[2], 0)?;
    fd(th, this(a))?;
    let pos = long_arg(th, a[1].unwrap())?;
    Ok(th.int(lseek(th, this(a), pos, whence)?))
}
fn tell(th: Th, a: Args) -> R<Value> {
    Ok(th.int(lseek(th, this(a), 0, 1)?))
}
fn truncate(th: Th, a: Args) -> R<Value> {
    let f = this(a);
    let n = fd(th, f)?;
    if !f.writable.get() {
        return Err(wrong_mode(th, "writing"));
    }
    let size = match given(a[1]) {
        Some(v) => long_arg(th, v)?,
        None => lseek(th, f, 0, 1)?,
    };
    f.stat_known.set(false);
    let r = outside(th, |h, out| h.ftruncate(out, n, size));
    ok(th, r)?;
    Ok(th.int(size))
}
pub fn can_seek(th: Th, f: Gc<FileIO>) -> R<bool> {
    let n = fd(th, f)?;
    if f.seek.get() == 0 {
        let yes = outside(th, |h, out| h.lseek(out, n, 0, 1)).is_ok();
        f.seek.set(if yes { 2 } else { 1 });
    }
    Ok(f.seek.get() == 2)
}
fn seekable(th: Th, a: Args) -> R<Value> {
    Ok(Value::bool(can_seek(th, this(a))?))
}

// -- inquiries

pub fn readable(f: Gc<FileIO>) -> bool {
    f.readable.get()
}
pub fn writable(f: Gc<FileIO>) -> bool {
    f.writable.get()
}
pub fn blksize(f: Gc<FileIO>) -> i64 {
    f.blksize.get()
}
pub fn isatty(th: Th, f: Gc<FileIO>) -> R<bool> {
    let n = fd(th, f)?;
    Ok(host().isatty(n))
}
/// Only character devices are terminals: what `fstat` said saves a system call.
pub fn isatty_at_open(th: Th, f: Gc<FileIO>) -> R<bool> {
    if f.stat_known.get() && f.st_mode.get() & 0o170000 != 0o020000 {
        return Ok(false);
    }
    isatty(th, f)
}
fn mode(f: Gc<FileIO>) -> &'static str {
    match (f.created.get(), f.appending.get(), f.readable.get(), f.writable.get()) {
        (true, _, true, _) => "xb+",
        (true, _, false, _) => "xb",
        (_, true, true, _) => "ab+",
        (_, true, false, _) => "ab",
        (_, _, true, true) => "rb+",
        (_, _, true, false) => "rb",
        _ => "wb",
    }
}
fn repr(th: Th, o: Value) -> R<Value> {
    let f = FileIO::of(o);
    let t = shown_type(th, o);
    if is_closed(f) {
        return Ok(th.str(&format!("<{t} [closed]>")));
    }
    let closefd = if f.closefd.get() { "True" } else { "False" };
    match th.getattr_opt(o, n!(name))? {
        None => Ok(th.str(&format!("<{t} fd={} mode='{}' closefd={closefd}>", f.fd1.get() - 1, mode(f)))),
        Some(name) => {
            let r = adder_vm::builtins::util::repr_once(th, o, || th.repr(name))?;
            let Some(r) = r else {
                return Err(th.runtime_error(format!("reentrant call inside {t}.__repr__")));
            };
            let s: Gc<Str> = r.cast().expect("repr gives str");
            let mut out = format!("<{t} name=").into_bytes();
            out.extend_from_slice(s.bytes());
            out.extend_from_slice(format!(" mode='{}' closefd={closefd}>", mode(f)).as_bytes());
            th.try_str(&out)
        }
    }
}
