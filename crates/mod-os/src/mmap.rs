//! `mmap`: files as memory.
//!
//! # Invariants
//! - The memory is read and written under the object's lock, and given back or moved under it while no buffer of it is
//!   out; so no thread touches memory that another has unmapped. Nothing is allocated under the lock.
//! - A file that becomes shorter than its map makes the access a bus error, as for every program.

use crate::util::*;
use adder_host::{Errno, Outside};
use adder_vm::builtins::buffer::{self, Export, ExportsCell};

use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::{bytes, int, slice};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicUsize, Ordering::*};

const DEFAULT: i32 = 0;
const READ: i32 = 1;
const WRITE: i32 = 2;
const COPY: i32 = 3;

pub static MODULE: NativeModule = NativeModule {
    name: "mmap",
    doc: "",
    functions: &[],
    types: &[&MMAP],
    init: Some(|th, m| {
        put_table(th, m, adder_host::consts::mmap())?;
        for (name, v) in [
            ("ACCESS_DEFAULT", DEFAULT),
            ("ACCESS_READ", READ),
            ("ACCESS_WRITE", WRITE),
            ("ACCESS_COPY", COPY),
        ] {
            m.put(th, name, Value::fix(v as i64))?;
        }
        let page = th.int(host().page_size() as i64);
        m.put(th, "PAGESIZE", page)?;
        m.put(th, "ALLOCATIONGRANULARITY", page)?;
        m.put(th, "error", adder_vm::builtins::exceptions::OS_ERROR.get().value())
    }),
};

// `base` 0: closed. `fd` is a duplicate of ours, -1 if there is none.
crate::native_layout! {
    pub(crate) Map {
        ;
        base: AtomicUsize, size: AtomicUsize, pos: AtomicUsize, offset: AtomicI64, fd: AtomicI32, access: AtomicI32,
        flags: AtomicI32, trackfd: AtomicBool, made: AtomicBool, exports: ExportsCell
    }
}

static NEW: NativeDef = function(
    "mmap",
    "($module, /, fileno, length, flags=1, prot=3, access=0, offset=0, *, trackfd=True)",
    "",
    |_, _| none(),
);

pub static MMAP: TypeCell = TypeCell::new(&NativeType {
    name: "mmap.mmap",
    kind: Kind::Native,
    size: Map::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Windows: mmap(fileno, length[, tagname[, access[, offset]]])\n\nMaps length bytes from the file specified by the file handle fileno,\nand returns a mmap object.  If length is larger than the current size\nof the file, the file is extended to contain length bytes.  If length\nis 0, the maximum length of the map is the current size of the file,\nexcept that if the file is empty Windows raises an exception (you cannot\ncreate an empty mapping on Windows).\n\nUnix: mmap(fileno, length[, flags[, prot[, access[, offset[, trackfd]]]]])\n\nMaps length bytes from the file specified by the file descriptor fileno,\nand returns a mmap object.  If length is 0, the maximum length of the map\nwill be the current size of the file when mmap is called.\nflags specifies the nature of the mapping. MAP_PRIVATE creates a\nprivate copy-on-write mapping, so changes to the contents of the mmap\nobject will be private to this process, and MAP_SHARED creates a mapping\nthat's shared with all other processes mapping the same areas of the file.\nThe default value is MAP_SHARED.\n\nTo map anonymous memory, pass -1 as the fileno (both versions).",
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        iter: Some(|th, o| {
            let it = new_instance(th, type_of(th, &ITER))?;
            let i = Iter::of(it);
            th.store(i, &i.map, o);
            Ok(it)
        }),
        len: Some(|th, o| {
            let m = Map::of(o);
            let _g = th.lock(m);
            if m.base.load(Relaxed) == 0 { Err(closed(th)) } else { Ok(m.size.load(Relaxed)) }
        }),
        getitem: Some(getitem),
        setitem: Some(setitem),
        release_buffer: Some(adder_vm::builtins::memoryview::release_of),
        get_buffer: Some(|th, o, flags| {
            let m = Map::of(o);
            let counter = m.exports.acquire(th, o);
            let (base, size) = {
                let _g = th.lock(m);
                (m.base.load(Relaxed), m.size.load(Relaxed))
            };
            if base == 0 {
                m.exports.release_one();
                return Err(closed(th));
            }
            let mut e = Export::simple(base as *mut u8, size, m.access.load(Relaxed) == READ);
            e.counter = counter;
            buffer::export(th, o, e, flags)
        }),
        ..Slots::NONE
    },
    methods: METHODS,
    getset: &[getter("closed", "", |_, o| Ok(Value::bool(Map::of(o).base.load(Relaxed) == 0)))],
    trace: Some(Map::trace),
    drop: Some(drop_map),
    ..NativeType::DEFAULT
});

const METHODS: &[NativeDef] = &[
    method("close", "($self, /)", "", |th, a| {
        close(th, me(a))?;
        none()
    }),
    method("find", "($self, view, start=None, end=None, /)", "", |th, a| find(th, a, false)),
    method("rfind", "($self, view, start=None, end=None, /)", "", |th, a| find(th, a, true)),
    method("flush", "($self, offset=0, size=None, /)", "", |th, a| {
        let m = me(a);
        open(th, m)?;
        let offset = a[1].map_or(Ok(0), |v| size_arg(th, v))?;
        let size = m.size.load(Relaxed) as i64;
        let n = match given(a[2]) {
            Some(v) => size_arg(th, v)?,
            None => size - offset,
        };
        if n < 0 || offset < 0 || offset > size || n > size - offset {
            return Err(th.value_error("flush values out of range"));
        }
        if matches!(m.access.load(Relaxed), READ | COPY) {
            return none();
        }
        let _hold = Hold::new(th, m)?;
        let r = outside(th, |h, o| h.msync(o, _hold.base + offset as usize, n as usize, c::MS_SYNC));
        ok(th, r)?;
        none()
    }),
    method("madvise", "($self, option, start=0, length=None, /)", "", |th, a| {
        let m = me(a);
        open(th, m)?;
        let option = int_arg(th, a[1].unwrap())?;
        let start = a[2].map_or(Ok(0), |v| size_arg(th, v))?;
        let size = m.size.load(Relaxed) as i64;
        let n = match given(a[3]) {
            Some(v) => size_arg(th, v)?,
            None => size,
        };
        if start < 0 || start >= size {
            return Err(th.value_error("madvise start out of bounds"));
        }
        if n < 0 {
            return Err(th.value_error("madvise length invalid"));
        }
        if start.checked_add(n).is_none() {
            return Err(th.overflow_error("madvise length too large"));
        }
        let n = n.min(size - start);
        let _hold = Hold::new(th, m)?;
        let r = outside(th, |h, o| h.madvise(o, _hold.base + start as usize, n as usize, option));
        ok(th, r)?;
        none()
    }),
    method("move", "($self, dest, src, count, /)", "", |th, a| {
        let m = me(a);
        let (dest, src, n) =
            (size_arg(th, a[1].unwrap())?, size_arg(th, a[2].unwrap())?, size_arg(th, a[3].unwrap())?);
        open(th, m)?;
        writable(th, m)?;
        let _g = th.lock(m);
        let size = m.size.load(Relaxed) as i64;
        let inside = dest >= 0
            && src >= 0
            && n >= 0
            && dest <= size
            && src <= size
            && size - dest >= n
            && size - src >= n;
        match memory(m) {
            Some(b) if inside => {
                b.copy_within(src as usize..(src + n) as usize, dest as usize);
                none()
            }
            Some(_) => {
                drop(_g);
                Err(th.value_error("source, destination, or count out of range"))
            }
            None => {
                drop(_g);
                Err(closed(th))
            }
        }
    }),
    method("read", "($self, n=None, /)", "", |th, a| {
        let m = me(a);
        let n = match given(a[1]) {
            Some(v) if th.type_of(v).slots.index.is_some() => size_arg(th, v)?,
            Some(v) => {
                return Err(th.type_error(format!(
                    "argument should be integer or None, not '{}'",
                    th.type_name_of(v)
                )));
            }
            None => -1,
        };
        open(th, m)?;
        let left = m.size.load(Relaxed).saturating_sub(m.pos.load(Relaxed));
        let n = if n < 0 { left } else { left.min(n as usize) };
        take(th, m, n)
    }),
    method("read_byte", "($self, /)", "", |th, a| {
        let m = me(a);
        let b = {
            let _g = th.lock(m);
            let pos = m.pos.load(Relaxed);
            memory(m).map(|b| b.get(pos).copied().inspect(|_| m.pos.store(pos + 1, Relaxed)))
        };
        match b {
            Some(Some(b)) => Ok(Value::fix(b as i64)),
            Some(None) => Err(th.value_error("read byte out of range")),
            None => Err(closed(th)),
        }
    }),
    method("readline", "($self, /)", "", |th, a| {
        let m = me(a);
        let n = {
            let _g = th.lock(m);
            memory(m).map(|b| {
                let rest = b.get(m.pos.load(Relaxed)..).unwrap_or(&[]);
                rest.iter().position(|x| *x == b'\n').map_or(rest.len(), |i| i + 1)
            })
        };
        match n {
            Some(n) => take(th, m, n),
            None => Err(closed(th)),
        }
    }),
    method("resize", "($self, newsize, /)", "", resize),
    method("seek", "($self, pos, whence=0, /)", "", |th, a| {
        let m = me(a);
        let (by, whence) = (size_arg(th, a[1].unwrap())?, int_or(th, a[2], 0)?);
        open(th, m)?;
        let size = m.size.load(Relaxed) as i64;
        let from = match whence {
            0 => 0,
            1 => m.pos.load(Relaxed) as i64,
            2 => size,
            _ => return Err(th.value_error("unknown seek type")),
        };
        match from.checked_add(by) {
            Some(n) if (0..=size).contains(&n) => {
                m.pos.store(n as usize, Relaxed);
                Ok(th.int(n))
            }
            _ => Err(th.value_error("seek out of range")),
        }
    }),
    method("seekable", "($self, /)", "", |_, _| Ok(TRUE())),
    method("size", "($self, /)", "", |th, a| {
        let m = me(a);
        open(th, m)?;
        let fd = m.fd.load(Relaxed);
        let st = call(th, |h, o| h.fstat(o, fd))?;
        Ok(th.int(st.size))
    }),
    method("tell", "($self, /)", "", |th, a| {
        open(th, me(a))?;
        Ok(th.int(me(a).pos.load(Relaxed) as i64))
    }),
    method("write", "($self, bytes, /)", "", |th, a| {
        let m = me(a);
        open(th, m)?;
        let data = Buf::read(th, a[1].unwrap())?;
        writable(th, m)?;
        let data = data.bytes();
        let r = {
            let _g = th.lock(m);
            let pos = m.pos.load(Relaxed);
            memory(m).map(|b| match b.get_mut(pos..pos.saturating_add(data.len())) {
                Some(to) => {
                    // SAFETY: as long as the data, which may be of this map and stays: its buffer is out.
                    unsafe { std::ptr::copy(data.as_ptr(), to.as_mut_ptr(), data.len()) };
                    m.pos.store(pos + data.len(), Relaxed);
                    true
                }
                None => false,
            })
        };
        match r {
            Some(true) => Ok(th.int(data.len() as i64)),
            Some(false) => Err(th.value_error("data out of range")),
            None => Err(closed(th)),
        }
    }),
    method("write_byte", "($self, byte, /)", "", |th, a| {
        let m = me(a);
        let i = th.index(a[1].unwrap())?;
        let n = match int::to_i64(i) {
            Some(n) if n < 0 => return Err(th.overflow_error("unsigned byte integer is less than minimum")),
            Some(n) if n <= 255 => n as u8,
            None if int::is_negative(i) => {
                return Err(th.overflow_error("Python int too large to convert to C long"));
            }
            None => return Err(th.overflow_error("Python int too large to convert to C long")),
            _ => return Err(th.overflow_error("unsigned byte integer is greater than maximum")),
        };
        open(th, m)?;
        writable(th, m)?;
        let r = {
            let _g = th.lock(m);
            let pos = m.pos.load(Relaxed);
            memory(m).map(|b| match b.get_mut(pos) {
                Some(to) => {
                    *to = n;
                    m.pos.store(pos + 1, Relaxed);
                    true
                }
                None => false,
            })
        };
        match r {
            Some(true) => none(),
            Some(false) => Err(th.value_error("write byte out of range")),
            None => Err(closed(th)),
        }
    }),
    method("__enter__", "($self, /)", "", |th, a| {
        open(th, me(a))?;
        Ok(a[0].unwrap())
    }),
    method("__exit__", "($self, exc_type, exc_value, traceback, /)", "", |th, a| {
        close(th, me(a))?;
        none()
    }),
];

fn me(a: Args) -> Gc<Map> {
    Map::of(a[0].unwrap())
}
#[cold]
fn closed(th: Th) -> Raised {
    th.value_error("mmap closed or invalid")
}
fn open(th: Th, m: Gc<Map>) -> R<()> {
    if m.base.load(Relaxed) == 0 { Err(closed(th)) } else { Ok(()) }
}
fn writable(th: Th, m: Gc<Map>) -> R<()> {
    if m.access.load(Relaxed) == READ {
        return Err(th.type_error("mmap can't modify a readonly memory map."));
    }
    Ok(())
}
/// The mapped bytes. Under the object's lock.
#[allow(clippy::mut_from_ref)]
fn memory(m: Gc<Map>) -> Option<&'static mut [u8]> {
    let base = m.base.load(Relaxed);
    if base == 0 {
        return None;
    }
    // SAFETY: mapped while the lock is held, see the module.
    Some(unsafe { std::slice::from_raw_parts_mut(base as *mut u8, m.size.load(Relaxed)) })
}
/// Keeps the memory mapped during a call that blocks.
struct Hold {
    base: usize,
    counter: *const buffer::Exports,
}
impl Hold {
    fn new(th: Th, m: Gc<Map>) -> R<Hold> {
        let counter = m.exports.acquire(th, m.value());
        let hold = Hold { base: m.base.load(Relaxed), counter };
        if hold.base == 0 { Err(closed(th)) } else { Ok(hold) }
    }
}
impl Drop for Hold {
    fn drop(&mut self) {
        // SAFETY: the share that `new` acquired.
        unsafe { buffer::release(self.counter) };
    }
}

fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let mut b = [None; 7];
    adder_vm::bind::bind(th, &NEW, a, &mut b)?;
    let fd = int_arg(th, b[0].unwrap())?;
    let mut size = size_arg(th, b[1].unwrap())?;
    let shared_rw = c::PROT_READ | c::PROT_WRITE;
    let mut flags = int_or(th, b[2], c::MAP_SHARED)?;
    let mut prot = int_or(th, b[3], shared_rw)?;
    let mut access = int_or(th, b[4], DEFAULT)?;
    let offset = long_or(th, b[5], 0)?;
    let trackfd = bool_or(th, b[6], true)?;
    if size < 0 {
        return Err(th.overflow_error("memory mapped length must be positive"));
    }
    if offset < 0 {
        return Err(th.overflow_error("memory mapped offset must be positive"));
    }
    if access != DEFAULT && (flags != c::MAP_SHARED || prot != shared_rw) {
        return Err(th.value_error("mmap can't specify both access and flags, prot."));
    }
    match access {
        READ => (flags, prot) = (c::MAP_SHARED, c::PROT_READ),
        WRITE => (flags, prot) = (c::MAP_SHARED, shared_rw),
        COPY => (flags, prot) = (c::MAP_PRIVATE, shared_rw),
        DEFAULT => match (prot & c::PROT_READ != 0, prot & c::PROT_WRITE != 0) {
            (true, true) => {}
            (_, true) => access = WRITE,
            _ => access = READ,
        },
        _ => return Err(th.value_error("mmap invalid access parameter.")),
    }
    let n = |x: i64| th.int(x);
    crate::audit(th, "mmap.__new__", &[n(fd as i64), n(size), n(access as i64), n(offset)])?;
    if fd != -1
        && let Ok(st) = retry(th, |h, o| h.fstat(o, fd))?
        && st.mode & 0o170000 == 0o100000
    {
        if size == 0 {
            if st.size == 0 {
                return Err(th.value_error("cannot mmap an empty file"));
            }
            if offset >= st.size {
                return Err(th.value_error("mmap offset is greater than file size"));
            }
            size = st.size - offset;
        } else if offset > st.size || st.size - offset < size {
            return Err(th.value_error("mmap length is greater than file size"));
        }
    }
    let o = new_instance(th, t.cast().unwrap())?;
    let m = Map::of(o);
    m.fd.store(-1, Relaxed);
    m.made.store(true, Relaxed);
    if fd == -1 {
        flags |= c::MAP_ANONYMOUS;
    } else if trackfd {
        let r = outside(th, |h, _| h.dup(fd));
        m.fd.store(ok(th, r)?, Relaxed);
    }
    let r = outside(th, |h, o| h.mmap(o, size as usize, prot, flags, fd, offset));
    let base = ok(th, r)?;
    m.size.store(size as usize, Relaxed);
    m.offset.store(offset, Relaxed);
    m.access.store(access, Relaxed);
    m.flags.store(flags, Relaxed);
    m.trackfd.store(trackfd, Relaxed);
    m.base.store(base, Release);
    Ok(o)
}
unsafe fn drop_map(o: adder_vm::heap::Obj) {
    let m = unsafe { &*(o.as_ptr() as *const Map) };
    let (base, fd) = (m.base.swap(0, AcqRel), m.fd.swap(-1, AcqRel));
    if m.made.load(Relaxed) {
        Outside::region(|o| {
            if base != 0 {
                let _ = host().munmap(o, base, m.size.load(Relaxed));
            }
            if fd >= 0 {
                let _ = host().close(o, fd);
            }
        });
        m.exports.free();
    }
}
/// Whether buffers are in use. Views that nobody can release any more are discounted by a collection first.
fn exported(th: Th, m: Gc<Map>) -> bool {
    adder_vm::builtins::bytearray::in_use(th, &m.exports)
}
fn close(th: Th, m: Gc<Map>) -> R<()> {
    if exported(th, m) {
        return Err(th.buffer_error("cannot close exported pointers exist"));
    }
    let (base, size, fd) = {
        let _g = th.lock(m);
        if m.exports.count() > 0 {
            return Err(th.buffer_error("cannot close exported pointers exist"));
        }
        (m.base.swap(0, AcqRel), m.size.load(Relaxed), m.fd.swap(-1, AcqRel))
    };
    if base != 0 {
        // Until nobody reads what a view just released has shown.
        th.stopping_others(|| {});
    }
    outside(th, |h, o| {
        if fd >= 0 {
            let _ = h.close(o, fd);
        }
        if base != 0 {
            let _ = h.munmap(o, base, size);
        }
    });
    Ok(())
}
fn repr(th: Th, o: Value) -> R<Value> {
    let m = Map::of(o);
    let t = adder_vm::builtins::object::full_type_name(th, th.type_of(o));
    if m.base.load(Relaxed) == 0 {
        return Ok(th.str(&format!("<{t} closed=True>")));
    }
    let access = ["ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"];
    Ok(th.str(&format!(
        "<{t} closed=False, access={}, length={}, pos={}, offset={}>",
        access[m.access.load(Relaxed) as usize & 3],
        m.size.load(Relaxed),
        m.pos.load(Relaxed),
        m.offset.load(Relaxed)
    )))
}

/// The next `n` bytes, which are passed over.
fn take(th: Th, m: Gc<Map>, n: usize) -> R<Value> {
    let out = bytes::uninit(th, n)?;
    let done = {
        let _g = th.lock(m);
        let pos = m.pos.load(Relaxed);
        memory(m).map(|b| match b.get(pos..pos + n) {
            Some(from) => {
                bytes::fill(out).copy_from_slice(from);
                m.pos.store(pos + n, Relaxed);
                true
            }
            None => false,
        })
    };
    match done {
        Some(true) => Ok(out.value()),
        // Another thread was faster.
        Some(false) => new_bytes(th, b""),
        None => Err(closed(th)),
    }
}

fn find(th: Th, a: Args, last: bool) -> R<Value> {
    let m = me(a);
    open(th, m)?;
    let what = Buf::read(th, a[1].unwrap())?;
    let size = m.size.load(Relaxed) as i64;
    let place = |v: Option<Value>, default: i64| -> R<usize> {
        let n = match given(v) {
            Some(v) => size_arg(th, v)?,
            None => default,
        };
        Ok((if n < 0 { n + size } else { n }).clamp(0, size) as usize)
    };
    let start = place(a[2], m.pos.load(Relaxed) as i64)?;
    let end = place(a[3], size)?;
    let what = what.bytes();
    let r = {
        let _g = th.lock(m);
        memory(m).map(|b| {
            let b = b.get(start..end).unwrap_or(&[]);
            if start > end {
                None
            } else if last {
                adder_text::search::rfind(b, what)
            } else {
                adder_text::search::find(b, what)
            }
        })
    };
    match r {
        Some(Some(i)) => Ok(th.int((start + i) as i64)),
        Some(None) => Ok(Value::fix(-1)),
        None => Err(closed(th)),
    }
}

fn resize(th: Th, a: Args) -> R<Value> {
    let m = me(a);
    let n = size_arg(th, a[1].unwrap())?;
    open(th, m)?;
    if exported(th, m) {
        return Err(th.buffer_error("mmap can't resize with extant buffers exported."));
    }
    if !m.trackfd.load(Relaxed) {
        return Err(th.value_error("mmap can't resize with trackfd=False."));
    }
    if !matches!(m.access.load(Relaxed), WRITE | DEFAULT) {
        return Err(th.type_error("mmap can't resize a readonly or copy-on-write memory map."));
    }
    let offset = m.offset.load(Relaxed);
    let Some(file_size) = offset.checked_add(n).filter(|_| n >= 0) else {
        return Err(th.value_error("new size out of range"));
    };
    let fd = m.fd.load(Relaxed);
    if fd == -1 && m.flags.load(Relaxed) & c::MAP_PRIVATE == 0 && n as usize > m.size.load(Relaxed) {
        return Err(th.value_error("mmap: can't expand a shared anonymous mapping on Linux"));
    }
    if fd != -1 {
        let r = outside(th, |h, o| h.ftruncate(o, fd, file_size));
        ok(th, r)?;
    }
    let r = {
        let _g = th.lock(m);
        match (m.base.load(Relaxed), m.exports.count()) {
            (0, _) => Err(Errno::EINVAL),
            (_, 1..) => Err(Errno(c::EBUSY)),
            (base, _) => {
                th.stopping_others(|| {});
                Outside::region(|o| host().mremap(o, base, m.size.load(Relaxed), n as usize)).map(|to| {
                    m.base.store(to, Relaxed);
                    m.size.store(n as usize, Relaxed);
                })
            }
        }
    };
    ok(th, r)?;
    none()
}

// -- items

enum Key {
    One(usize),
    Some(slice::Indices),
}
fn key(th: Th, m: Gc<Map>, k: Value) -> R<Key> {
    let size = m.size.load(Relaxed);
    if th.type_of(k).slots.index.is_some() {
        let i = th.index_i64(k)?;
        let i = if i < 0 { i + size as i64 } else { i };
        if i < 0 || i >= size as i64 {
            return Err(th.index_error("mmap index out of range"));
        }
        return Ok(Key::One(i as usize));
    }
    match k.cast::<Slice>() {
        Some(s) => Ok(Key::Some(slice::adjust(th, s, size)?)),
        None => Err(th.type_error("mmap indices must be integers")),
    }
}
fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let m = Map::of(o);
    open(th, m)?;
    match key(th, m, k)? {
        Key::One(i) => {
            let b = {
                let _g = th.lock(m);
                memory(m).map(|b| b.get(i).copied())
            };
            match b {
                Some(Some(b)) => Ok(Value::fix(b as i64)),
                Some(None) => Err(th.index_error("mmap index out of range")),
                None => Err(closed(th)),
            }
        }
        Key::Some(s) => {
            let out = bytes::uninit(th, s.len)?;
            let to = bytes::fill(out);
            let whole = {
                let _g = th.lock(m);
                memory(m).map(|b| {
                    for (to, i) in to.iter_mut().zip(s.iter()) {
                        *to = b.get(i).copied().unwrap_or(0);
                    }
                })
            };
            if whole.is_none() { Err(closed(th)) } else { Ok(out.value()) }
        }
    }
}
fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let m = Map::of(o);
    open(th, m)?;
    writable(th, m)?;
    enum Done {
        Yes,
        Outside(&'static str),
        Closed,
    }
    let done = match key(th, m, k)? {
        Key::One(i) => {
            let Some(v) = v else { return Err(th.type_error("mmap doesn't support item deletion")) };
            if th.type_of(v).slots.index.is_none() {
                return Err(th.type_error("mmap item value must be an int"));
            }
            let n = th.index_i64(v)?;
            let Ok(n) = u8::try_from(n) else {
                return Err(th.value_error("mmap item value must be in range(0, 256)"));
            };
            let _g = th.lock(m);
            match memory(m) {
                // `__index__` may have made the map smaller.
                Some(b) => match b.get_mut(i) {
                    Some(to) => {
                        *to = n;
                        Done::Yes
                    }
                    None => Done::Outside("mmap index out of range"),
                },
                None => Done::Closed,
            }
        }
        Key::Some(s) => {
            let Some(v) = v else { return Err(th.type_error("mmap object doesn't support slice deletion")) };
            let data = Buf::read(th, v)?;
            if data.bytes().len() != s.len {
                return Err(th.index_error("mmap slice assignment is wrong size"));
            }
            // The data may be of this very map.
            let data = data.bytes().to_vec();
            let _g = th.lock(m);
            match memory(m) {
                Some(b) if s.iter().all(|i| i < b.len()) => {
                    for (x, i) in data.iter().zip(s.iter()) {
                        b[i] = *x;
                    }
                    Done::Yes
                }
                Some(_) => Done::Outside("mmap slice assignment is wrong size"),
                None => Done::Closed,
            }
        }
    };
    match done {
        Done::Yes => Ok(()),
        Done::Outside(msg) => Err(th.index_error(msg)),
        Done::Closed => Err(closed(th)),
    }
}

crate::native_layout! { pub(crate) Iter { map; at: AtomicUsize } }

/// Iterating gives bytes objects of one byte.
static ITER: TypeCell = TypeCell::new(&NativeType {
    name: "mmap.iterator",
    kind: Kind::Native,
    size: Iter::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        iter: Some(|_, o| Ok(o)),
        iternext: Some(|th, o| {
            let it = Iter::of(o);
            let m = Map::of(it.map.value());
            open(th, m)?;
            let i = it.at.fetch_add(1, Relaxed);
            let b = {
                let _g = th.lock(m);
                memory(m).and_then(|b| b.get(i).copied())
            };
            match b {
                Some(b) => Ok(Some(bytes::small(Some(b)).value())),
                None => Ok(None),
            }
        }),
        ..Slots::NONE
    },
    trace: Some(Iter::trace),
    ..NativeType::DEFAULT
});
