//! `BufferedReader`, `BufferedWriter`, `BufferedRandom`: a buffer before a raw stream. CPython's
//! `Modules/_io/bufferedio.c`. What is done to it is in [`reading`] and [`writing`].
//!
//! One buffer serves reading and writing. `pos` is the logical position in it, `raw_pos` that of the raw stream (-1: not
//! known), `read_end` the end of what was read (-1: nothing valid), `write_pos..write_end` what waits to be written
//! (`write_end` -1: nothing). The memory is outside the heap, made on first use; all of this changes under the lock.
//!
//! # Safety
//! Slices of the memory are used while the lock is held, Python code of the raw stream included, which gets memory of its own:
//! only who holds the lock frees the memory, `__init__` as well as `close`.

mod reading;
mod writing;

use super::base::{self, BUFFEREDIOBASE};
use super::file::{self, FILEIO, FileIO};
use super::*;
use adder_vm::builtins::{bytearray, memoryview};
use adder_vm::sync::Lock;
use adder_vm::sync::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering::Relaxed};

use reading::*;
pub use reading::{read_once, read_once_into, read_rest_into};
use writing::*;
pub use writing::{flush_writer, write_to};

crate::native_layout! { pub(crate) Buffered { raw, spare; mem: Plain<*mut u8>, cap: Plain<usize>, size: Plain<i64>, pos: Plain<i64>,
raw_pos: Plain<i64>, read_end: Plain<i64>, write_pos: Plain<i64>, write_end: Plain<i64>, abs_pos: Plain<i64>,
ready: Plain<bool>, detached: Plain<bool>, readable: Plain<bool>, writable: Plain<bool>, finalizing: Plain<bool>,
direct: Plain<bool>, lock: Lock, owner: AtomicU64 } }

const DOC_FIELDS: &[GetSetDef] = &[
    getter("raw", "", |_, o| Ok(Value::opt_or_none(Buffered::of(o).raw.get()))),
    getset(
        "_finalizing",
        "",
        |_, o| Ok(Value::bool(Buffered::of(o).finalizing.get())),
        |th, o, v| set_flag(th, &Buffered::of(o).finalizing, v),
    ),
    getter("closed", "", |th, o| {
        let r = raw(th, Buffered::of(o))?;
        th.getattr(r, n!(closed))
    }),
    getter("name", "", |th, o| {
        let r = raw(th, Buffered::of(o))?;
        th.getattr(r, n!(name))
    }),
    getter("mode", "", |th, o| {
        let r = raw(th, Buffered::of(o))?;
        th.getattr(r, n!(mode))
    }),
];

pub static READER_TYPE: NativeType = NativeType {
    name: "_io.BufferedReader",
    kind: Kind::Native,
    size: Buffered::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Create a new buffered reader using the given readable raw IO object.",
    base: Some(&BUFFEREDIOBASE),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    slots: Slots {
        init: Some(|th, o, a| init(th, o, a, &READER_SIG)),
        repr: Some(repr),
        iternext: Some(next),
        ..Slots::NONE
    },
    methods: &[
        method("detach", "($self, /)", "", detach),
        method("flush", "($self, /)", "", |th, a| on_raw(th, a, "flush")),
        method("close", "($self, /)", "", close),
        method("seekable", "($self, /)", "", |th, a| on_raw(th, a, "seekable")),
        method("readable", "($self, /)", "", |th, a| on_raw(th, a, "readable")),
        method("fileno", "($self, /)", "", |th, a| on_raw(th, a, "fileno")),
        method("isatty", "($self, /)", "", |th, a| on_raw(th, a, "isatty")),
        method("_dealloc_warn", "($self, source, /)", "", dealloc_warn),
        method("read", "($self, size=-1, /)", "", read),
        method("peek", "($self, size=0, /)", "", peek),
        method("read1", "($self, size=-1, /)", "", read1),
        method("readinto", "($self, buffer, /)", "", |th, a| readinto(th, a, false)),
        method("readinto1", "($self, buffer, /)", "", |th, a| readinto(th, a, true)),
        method("readline", "($self, size=-1, /)", "", readline),
        method("seek", "($self, target, whence=0, /)", "", seek),
        method("tell", "($self, /)", "", tell),
        method("truncate", "($self, pos=None, /)", "", truncate),
        method("__sizeof__", "($self, /)", "", sizeof),
        method("__getstate__", "($self, /)", "", cannot_pickle),
    ],
    getset: DOC_FIELDS,
    trace: Some(Buffered::trace),
    drop: Some(free),
    ..NativeType::DEFAULT
};
pub static READER: TypeCell = TypeCell::new(&READER_TYPE);

pub static WRITER_TYPE: NativeType = NativeType {
    name: "_io.BufferedWriter",
    kind: Kind::Native,
    size: Buffered::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "A buffer for a writeable sequential RawIO object.\n\nThe constructor creates a BufferedWriter for the given writeable raw\nstream. If the buffer_size is not given, it defaults to\nDEFAULT_BUFFER_SIZE.",
    base: Some(&BUFFEREDIOBASE),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    slots: Slots { init: Some(|th, o, a| init(th, o, a, &WRITER_SIG)), repr: Some(repr), ..Slots::NONE },
    methods: &[
        method("close", "($self, /)", "", close),
        method("detach", "($self, /)", "", detach),
        method("seekable", "($self, /)", "", |th, a| on_raw(th, a, "seekable")),
        method("writable", "($self, /)", "", |th, a| on_raw(th, a, "writable")),
        method("fileno", "($self, /)", "", |th, a| on_raw(th, a, "fileno")),
        method("isatty", "($self, /)", "", |th, a| on_raw(th, a, "isatty")),
        method("_dealloc_warn", "($self, source, /)", "", dealloc_warn),
        method("write", "($self, buffer, /)", "", write),
        method("truncate", "($self, pos=None, /)", "", truncate),
        method("flush", "($self, /)", "", flush),
        method("seek", "($self, target, whence=0, /)", "", seek),
        method("tell", "($self, /)", "", tell),
        method("__sizeof__", "($self, /)", "", sizeof),
        method("__getstate__", "($self, /)", "", cannot_pickle),
    ],
    getset: DOC_FIELDS,
    trace: Some(Buffered::trace),
    drop: Some(free),
    ..NativeType::DEFAULT
};
pub static WRITER: TypeCell = TypeCell::new(&WRITER_TYPE);

pub static RANDOM_TYPE: NativeType = NativeType {
    name: "_io.BufferedRandom",
    kind: Kind::Native,
    size: Buffered::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "A buffered interface to random access streams.\n\nThe constructor creates a reader and writer for a seekable stream,\nraw, given in the first argument. If the buffer_size is omitted it\ndefaults to DEFAULT_BUFFER_SIZE.",
    base: Some(&BUFFEREDIOBASE),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    slots: Slots {
        init: Some(|th, o, a| init(th, o, a, &RANDOM_SIG)),
        repr: Some(repr),
        iternext: Some(next),
        ..Slots::NONE
    },
    methods: &[
        method("close", "($self, /)", "", close),
        method("detach", "($self, /)", "", detach),
        method("seekable", "($self, /)", "", |th, a| on_raw(th, a, "seekable")),
        method("readable", "($self, /)", "", |th, a| on_raw(th, a, "readable")),
        method("writable", "($self, /)", "", |th, a| on_raw(th, a, "writable")),
        method("fileno", "($self, /)", "", |th, a| on_raw(th, a, "fileno")),
        method("isatty", "($self, /)", "", |th, a| on_raw(th, a, "isatty")),
        method("_dealloc_warn", "($self, source, /)", "", dealloc_warn),
        method("flush", "($self, /)", "", flush),
        method("seek", "($self, target, whence=0, /)", "", seek),
        method("tell", "($self, /)", "", tell),
        method("truncate", "($self, pos=None, /)", "", truncate),
        method("read", "($self, size=-1, /)", "", read),
        method("read1", "($self, size=-1, /)", "", read1),
        method("readinto", "($self, buffer, /)", "", |th, a| readinto(th, a, false)),
        method("readinto1", "($self, buffer, /)", "", |th, a| readinto(th, a, true)),
        method("readline", "($self, size=-1, /)", "", readline),
        method("peek", "($self, size=0, /)", "", peek),
        method("write", "($self, buffer, /)", "", write),
        method("__sizeof__", "($self, /)", "", sizeof),
        method("__getstate__", "($self, /)", "", cannot_pickle),
    ],
    getset: DOC_FIELDS,
    trace: Some(Buffered::trace),
    drop: Some(free),
    ..NativeType::DEFAULT
};
pub static RANDOM: TypeCell = TypeCell::new(&RANDOM_TYPE);

const INIT: &str = "(raw, buffer_size=131072)";
static READER_SIG: NativeDef = signature("BufferedReader", INIT);
static WRITER_SIG: NativeDef = signature("BufferedWriter", INIT);
static RANDOM_SIG: NativeDef = signature("BufferedRandom", INIT);

pub fn is_buffered(t: &'static NativeType) -> bool {
    [&READER_TYPE, &WRITER_TYPE, &RANDOM_TYPE].iter().any(|x| std::ptr::eq(*x, t))
}

// -- memory

/// Buffers of the usual size that files gave back.
static POOL: Mutex<Vec<usize>> = Mutex::new(Vec::new());
const POOLED: usize = 8;

fn layout(n: usize) -> std::alloc::Layout {
    std::alloc::Layout::from_size_align(n, 64).expect("a size below isize::MAX")
}
fn take_memory(n: usize) -> *mut u8 {
    if n == DEFAULT_BUFFER_SIZE as usize
        && let Some(p) = lock(&POOL).pop()
    {
        return p as *mut u8;
    }
    // SAFETY: the size is not zero. Bytes are read only where some were written.
    unsafe { std::alloc::alloc(layout(n)) }
}
/// Bytes that the collector freed and does not count any more once somebody says so.
static FREED: AtomicIsize = AtomicIsize::new(0);

fn give_back(b: &Buffered) {
    FREED.fetch_add(b.cap.get() as isize, Relaxed);
    let (p, n) = (b.mem.replace(std::ptr::null_mut()), b.cap.replace(0));
    if p.is_null() {
        return;
    }
    if n == DEFAULT_BUFFER_SIZE as usize {
        let mut pool = lock(&POOL);
        if pool.len() < POOLED {
            pool.push(p as usize);
            return;
        }
    }
    // SAFETY: from `take_memory` with this size.
    unsafe { std::alloc::dealloc(p, layout(n)) }
}
unsafe fn free(o: adder_vm::heap::Obj) {
    give_back(unsafe { &*(o.as_ptr() as *const Buffered) });
}
/// The buffer's memory.
#[allow(clippy::mut_from_ref)]
fn mem(th: Th, b: &Buffered) -> R<&mut [u8]> {
    if b.mem.get().is_null() {
        let n = b.size.get() as usize;
        let p = take_memory(n);
        if p.is_null() {
            return Err(th.memory_error());
        }
        b.mem.set(p);
        b.cap.set(n);
        // Files that nobody closes shall not pile up.
        th.m.heap.external(n as isize - FREED.swap(0, Relaxed));
    }
    // SAFETY: owned by the object and used under its lock.
    Ok(unsafe { std::slice::from_raw_parts_mut(b.mem.get(), b.cap.get()) })
}

// -- making

/// Whether a stream to write to was ever made.
static WRITERS: AtomicBool = AtomicBool::new(false);
pub fn may_be_unflushed() -> bool {
    WRITERS.load(Relaxed)
}
/// Whether bytes wait to be written.
pub fn has_pending(o: Value) -> bool {
    let b = Buffered::of(o);
    b.ready.get() && b.writable.get() && valid_write(b) && b.write_pos.get() < b.write_end.get()
}

pub fn new(th: Th, cell: &'static TypeCell, raw: Value, size: i64) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, cell.get())?;
    set_up(th, o, raw, size, cell.def)?;
    Ok(o)
}
fn init(th: Th, o: Value, a: RawArgs, sig: &'static NativeDef) -> R<()> {
    let [raw, size] = bind::<2>(th, sig, a)?;
    let size = match size {
        Some(v) => th.index_i64(v)?,
        None => DEFAULT_BUFFER_SIZE,
    };
    set_up(th, o, raw.unwrap(), size, th.type_of(o).native)
}
fn set_up(th: Th, o: Value, raw: Value, size: i64, t: &'static NativeType) -> R<()> {
    let b = Buffered::of(o);
    // Not while it is in use, made anew by the raw stream.
    drop(enter(th, b)?);
    b.ready.set(false);
    b.detached.set(false);
    base::alive(th, o);
    let random = std::ptr::eq(t, &RANDOM_TYPE);
    let reads = random || std::ptr::eq(t, &READER_TYPE);
    let writes = random || std::ptr::eq(t, &WRITER_TYPE);
    let native = is_exactly(th, raw, &FILEIO);
    let f = FileIO::of(raw);
    if random && !(native && file::can_seek(th, f)?) {
        base::check_seekable(th, raw)?;
    }
    if reads && !(native && !file::is_closed(f) && file::readable(f)) {
        base::check_readable(th, raw)?;
    }
    if writes && !(native && !file::is_closed(f) && file::writable(f)) {
        base::check_writable(th, raw)?;
    }
    if size <= 0 {
        return Err(th.value_error("buffer size must be strictly positive"));
    }
    if size > 1 << 46 {
        return Err(th.memory_error());
    }
    {
        let _held = enter(th, b)?;
        th.store(b, &b.raw, raw);
        b.readable.set(reads);
        b.writable.set(writes);
        b.size.set(size);
        give_back(&b);
        b.direct.set(native);
        b.pos.set(0);
        b.raw_pos.set(0);
        b.abs_pos.set(-1);
        reset_read(b);
        reset_write(b);
    }
    // Where a file is matters to `seek` alone, which asks.
    if !native && raw_tell(th, b).is_err() {
        th.take_exc();
    }
    base::set_wrapped(raw, true);
    if writes {
        WRITERS.store(true, Relaxed);
    }
    b.ready.set(true);
    Ok(())
}

// -- state

fn this(a: Args) -> Gc<Buffered> {
    Buffered::of(a[0].unwrap())
}
#[cold]
fn not_ready(th: Th, b: Gc<Buffered>) -> Raised {
    if b.detached.get() { th.value_error("raw stream has been detached") } else { uninitialized(th) }
}
#[inline]
fn check_ready(th: Th, b: Gc<Buffered>) -> R<()> {
    if b.ready.get() { Ok(()) } else { Err(not_ready(th, b)) }
}
#[inline]
fn raw(th: Th, b: Gc<Buffered>) -> R<Value> {
    check_ready(th, b)?;
    b.raw.get().ok_or_else(|| not_ready(th, b))
}
/// The raw stream, if it is a file that is used directly. While another thread sets the object up again,
/// `direct` may be of another stream than `raw`: the stream itself is asked, too.
fn as_file(th: Th, b: Gc<Buffered>, r: Value) -> Option<Gc<FileIO>> {
    (b.direct.get() && is_exactly(th, r, &FILEIO)).then(|| FileIO::of(r))
}
fn is_closed(th: Th, b: Gc<Buffered>) -> R<bool> {
    let r = raw(th, b)?;
    if let Some(f) = as_file(th, b, r)
        && is_exactly_buffered(th, b)
    {
        return Ok(file::is_closed(f));
    }
    let c = th.getattr(r, n!(closed))?;
    th.truth(c)
}
fn is_exactly_buffered(th: Th, b: Gc<Buffered>) -> bool {
    let t = th.type_of(b.value());
    !t.heap_type()
}
/// As CPython's `CHECK_CLOSED`: what is buffered may be read even though the raw stream is closed.
fn check_closed(th: Th, b: Gc<Buffered>, message: &str) -> R<()> {
    check_ready(th, b)?;
    if b.mem.get().is_null() || readahead(b) == 0 {
        let closed = if let Some(f) = b.raw.get().and_then(|r| as_file(th, b, r))
            && is_exactly_buffered(th, b)
        {
            file::is_closed(f)
        } else {
            let c = th.getattr(b.value(), n!(closed))?;
            th.truth(c)?
        };
        if closed {
            return Err(th.value_error(message));
        }
    }
    Ok(())
}
fn valid_read(b: Gc<Buffered>) -> bool {
    b.readable.get() && b.read_end.get() != -1
}
fn valid_write(b: Gc<Buffered>) -> bool {
    b.writable.get() && b.write_end.get() != -1
}
fn set_pos(b: Gc<Buffered>, p: i64) {
    b.pos.set(p);
    if valid_read(b) && b.read_end.get() < p {
        b.read_end.set(p);
    }
}
#[inline]
fn readahead(b: Gc<Buffered>) -> i64 {
    if valid_read(b) { b.read_end.get() - b.pos.get() } else { 0 }
}
fn raw_offset(b: Gc<Buffered>) -> i64 {
    if (valid_read(b) || valid_write(b)) && b.raw_pos.get() >= 0 { b.raw_pos.get() - b.pos.get() } else { 0 }
}
fn reset_read(b: Gc<Buffered>) {
    b.read_end.set(-1);
}
fn reset_write(b: Gc<Buffered>) {
    b.write_pos.set(0);
    b.write_end.set(-1);
}

/// The object's lock, held.
struct Held {
    th: Th,
    b: Gc<Buffered>,
}
#[inline]
fn enter(th: Th, b: Gc<Buffered>) -> R<Held> {
    if !b.lock.try_lock_thin(th) {
        if b.owner.load(Relaxed) == th.ident {
            return Err(reentrant(th, b));
        }
        b.lock.lock_inner(th, None)?;
    }
    b.owner.store(th.ident, Relaxed);
    Ok(Held { th, b })
}
#[cold]
fn reentrant(th: Th, b: Gc<Buffered>) -> Raised {
    match th.repr(b.value()) {
        Ok(r) => th.runtime_error(format!("reentrant call inside {}", th.text(r))),
        Err(e) => e,
    }
}
impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        self.b.owner.store(0, Relaxed);
        self.b.lock.unlock_thin(self.th);
    }
}

// -- the raw stream

fn raw_tell(th: Th, b: Gc<Buffered>) -> R<i64> {
    let r = b.raw.get().ok_or_else(|| not_ready(th, b))?;
    let n = if let Some(f) = as_file(th, b, r) {
        file::lseek(th, f, 0, 1)?
    } else {
        let v = th.call_method(r, n!(tell), &[])?;
        as_offset(th, v)?
    };
    set_abs(th, b, n)
}
fn raw_seek(th: Th, b: Gc<Buffered>, target: i64, whence: i32) -> R<i64> {
    let r = b.raw.get().ok_or_else(|| not_ready(th, b))?;
    let n = if let Some(f) = as_file(th, b, r) {
        file::lseek(th, f, target, whence)?
    } else {
        let v = th.call_method(r, n!(seek), &[th.int(target), Value::fix(whence as i64)])?;
        as_offset(th, v)?
    };
    set_abs(th, b, n)
}
fn set_abs(th: Th, b: Gc<Buffered>, n: i64) -> R<i64> {
    if n < 0 {
        return Err(th.raise_msg(&exc::OS_ERROR, &format!("Raw stream returned invalid position {n}")));
    }
    b.abs_pos.set(n);
    Ok(n)
}

/// One read into memory that the caller keeps alive and in place. None: it would block.
fn raw_read(th: Th, b: Gc<Buffered>, dst: &mut [u8]) -> R<Option<usize>> {
    let r = b.raw.get().ok_or_else(|| not_ready(th, b))?;
    let got = if let Some(f) = as_file(th, b, r) {
        file::read_into(th, f, dst)?
    } else {
        raw_read_by_method(th, b, r, dst)?
    };
    if let Some(n) = got
        && b.abs_pos.get() != -1
    {
        b.abs_pos.set(b.abs_pos.get() + n as i64);
    }
    Ok(got)
}
/// Through `readinto`, whose argument may be kept by the callee: it gets memory of its own.
fn raw_read_by_method(th: Th, b: Gc<Buffered>, r: Value, dst: &mut [u8]) -> R<Option<usize>> {
    let len = dst.len();
    let spare = b.spare.get().filter(|s| {
        let s: Gc<bytearray::ByteArray> = s.cast().expect("a bytearray");
        s.exports.count() == 0 && s.bytes().len() == len
    });
    let spare = match spare {
        Some(s) => s,
        None => {
            let s = th.call(bytearray::BYTEARRAY.get().value(), &[th.int(len as i64)])?;
            th.store(b, &b.spare, s);
            s
        }
    };
    let res = loop {
        let view = memoryview::from_object(th, spare, flag::FULL)?;
        let r = th.call_method(r, n!(readinto), &[view.value()]);
        memoryview::release_quietly(th, view);
        match r {
            Err(_) if trap_eintr(th) => {}
            r => break r?,
        }
    };
    if res.is_none() {
        return Ok(None);
    }
    let n = match as_ssize(th, res) {
        Ok(n) => n,
        Err(_) => {
            let cause = th.take_exc();
            let e = th.raise_msg(&exc::OS_ERROR, "raw readinto() failed");
            let x: Gc<BaseException> = th.pending().expect("just raised").known();
            th.store(x, &x.cause, cause);
            th.store(x, &x.context, cause);
            x.suppress.store(1, Relaxed);
            return Err(e);
        }
    };
    if n < 0 || n > len as i64 {
        return Err(th.raise_msg(
            &exc::OS_ERROR,
            &format!("raw readinto() returned invalid length {n} (should have been between 0 and {len})"),
        ));
    }
    let src = buffer::bytes_of(spare).expect("a bytearray");
    let n = (n as usize).min(src.len());
    dst[..n].copy_from_slice(&src[..n]);
    Ok(Some(n))
}
/// One write. None: it would block.
fn raw_write(th: Th, b: Gc<Buffered>, src: &[u8]) -> R<Option<usize>> {
    let r = b.raw.get().ok_or_else(|| not_ready(th, b))?;
    let put = if let Some(f) = as_file(th, b, r) {
        file::write_from(th, f, src)?
    } else {
        let copy = new_bytes(th, src)?;
        let res = loop {
            let view = memoryview::from_object(th, copy, flag::FULL_RO)?;
            match th.call_method(r, n!(write), &[view.value()]) {
                Err(_) if trap_eintr(th) => {}
                r => break r?,
            }
        };
        if res.is_none() {
            None
        } else {
            let n = as_ssize(th, res)?;
            if n < 0 || n > src.len() as i64 {
                let len = src.len();
                return Err(th.raise_msg(
                    &exc::OS_ERROR,
                    &format!(
                        "raw write() returned invalid length {n} (should have been between 0 and {len})"
                    ),
                ));
            }
            Some(n as usize)
        }
    };
    if let Some(n) = put
        && b.abs_pos.get() != -1
    {
        b.abs_pos.set(b.abs_pos.get() + n as i64);
    }
    Ok(put)
}
#[cold]
fn would_block(th: Th, b: Gc<Buffered>, written: i64) -> Raised {
    let msg = th.str("write could not complete without blocking");
    // As the C library left it: streams written in Python set no number.
    let errno = if b.direct.get() { Errno::EAGAIN.0 } else { 0 };
    th.raise_args(&exc::BLOCKING_IO_ERROR, &[Value::fix(errno as i64), msg, Value::fix(written)])
}

// -- methods of the raw stream, ends

fn on_raw(th: Th, a: Args, name: &str) -> R<Value> {
    let r = raw(th, this(a))?;
    th.call_method(r, th.intern(name), &[])
}
fn dealloc_warn(th: Th, a: Args) -> R<Value> {
    warn_unclosed(th, this(a), a[1].unwrap());
    none()
}
pub fn warn_unclosed(th: Th, b: Gc<Buffered>, source: Value) {
    if let (true, Some(r)) = (b.ready.get(), b.raw.get())
        && th.call_method(r, n!(_dealloc_warn), &[source]).is_err()
    {
        th.take_exc();
    }
}
fn close(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    {
        let _held = enter(th, b)?;
        if is_closed(th, b)? {
            return none();
        }
        if b.finalizing.get() {
            warn_unclosed(th, b, b.value());
        }
    }
    // It takes the lock itself.
    let first = th.call_method(b.value(), n!(flush), &[]).is_err().then(|| th.take_exc());
    let _held = enter(th, b)?;
    let r = raw(th, b).and_then(|r| th.call_method(r, n!(close), &[]));
    give_back(&b);
    b.spare.init(None);
    b.read_end.set(0);
    b.pos.set(0);
    base::done(th, b.value());
    chain(th, first, r)
}
fn detach(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    check_ready(th, b)?;
    th.call_method(b.value(), n!(flush), &[])?;
    let r = raw(th, b)?;
    b.raw.init(None);
    base::set_wrapped(r, false);
    b.detached.set(true);
    b.ready.set(false);
    Ok(r)
}
fn sizeof(th: Th, a: Args) -> R<Value> {
    let b = this(a);
    Ok(th.int(Buffered::SIZE as i64 + 8 + if b.ready.get() { b.size.get() } else { 0 }))
}
fn repr(th: Th, o: Value) -> R<Value> {
    let t = shown_type(th, o);
    let name = match th.getattr_opt(o, n!(name)) {
        Ok(n) => n,
        Err(e) => {
            if !th.exc_is(&exc::VALUE_ERROR) {
                return Err(e);
            }
            // Detached.
            th.take_exc();
            None
        }
    };
    let Some(name) = name else { return Ok(th.str(&format!("<{t}>"))) };
    let r = adder_vm::builtins::util::repr_once(th, o, || th.repr(name))?;
    let Some(r) = r else { return Err(th.runtime_error(format!("reentrant call inside {t}.__repr__"))) };
    let mut out = format!("<{t} name=").into_bytes();
    out.extend_from_slice(r.cast::<Str>().expect("repr gives str").bytes());
    out.push(b'>');
    th.try_str(&out)
}

/// Whether the raw stream is a FileIO that is closed: for the text layer's quick check. None: ask.
pub fn quick_closed(th: Th, o: Value) -> Option<bool> {
    let b = Buffered::of(o);
    b.raw.get().and_then(|r| as_file(th, b, r)).map(file::is_closed)
}
