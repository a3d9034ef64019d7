//! What all modules of this crate need: the host, its errors as Python's, PEP 475's retry, arguments, paths.
//!
//! # Invariants
//! The text of a `str` argument is borrowed for as long as the caller has the argument, which is in its registers.

use adder_host::{Errno, Fd, Host, Outside, Res};
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{bytes, int, list};
pub use adder_vm::cint::{int_arg, long_arg, mask_arg};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::sync::{Rest, monotonic};
use adder_vm::thread::{Th, poll};
use adder_vm::value::*;
use std::ffi::CString;
use std::sync::atomic::Ordering::Relaxed;

pub use adder_host::consts::raw as c;

/// Arguments of a native function.
pub type Args<'a> = &'a [Option<Value>];

#[inline(always)]
pub fn host() -> &'static dyn Host {
    adder_vm::the_host()
}

/// OSError (or the subclass for the number).
#[cold]
pub fn os_error(th: Th, e: Errno) -> Raised {
    exc::os_error(th, e.0, &e.message(), None, None)
}
#[cold]
pub fn os_error_file(th: Th, e: Errno, file: Value) -> Raised {
    exc::os_error(th, e.0, &e.message(), Some(file), None)
}
#[cold]
pub fn os_error_files(th: Th, e: Errno, file: Value, file2: Value) -> Raised {
    exc::os_error(th, e.0, &e.message(), Some(file), Some(file2))
}

/// One host call outside the running state.
#[inline]
pub fn outside<T>(th: Th, f: impl FnOnce(&'static dyn Host, Outside) -> T) -> T {
    th.m.blocking(|| Outside::region(|o| f(host(), o)))
}

/// A host call that is repeated after `EINTR`, once the handlers of the signals have run (PEP 475).
#[inline]
pub fn retry<T>(th: Th, mut f: impl FnMut(&'static dyn Host, Outside) -> Res<T>) -> R<Res<T>> {
    loop {
        // A signal that came just before the call does not interrupt it.
        if th.m.poll.load(Relaxed) & poll::SIGNAL != 0 {
            check_signals(th)?;
        }
        match outside(th, &mut f) {
            Err(Errno::EINTR) => check_signals(th)?,
            r => return Ok(r),
        }
    }
}
/// A wait with a deadline as [`retry`], in pieces: see [`Rest`]. `f` gets the nanoseconds that are left; when the time
/// is over its answer is `nothing`.
pub fn wait_in_naps<T>(
    th: Th,
    until: Option<i64>,
    mut f: impl FnMut(&'static dyn Host, Outside, Option<i64>) -> Res<T>,
    nothing: impl Fn(&T) -> bool,
) -> R<Res<T>> {
    let mut rest = Rest::default();
    loop {
        let end = rest.until(until);
        let left = |t: i64| t.saturating_sub(monotonic()).max(0);
        match retry(th, |h, o| f(h, o, end.map(left)))? {
            Ok(r) if nothing(&r) && until.is_none_or(|t| t > monotonic()) => rest.over(th)?,
            r => return Ok(r),
        }
    }
}
/// As [`retry`], with failure as OSError.
#[inline]
pub fn call<T>(th: Th, f: impl FnMut(&'static dyn Host, Outside) -> Res<T>) -> R<T> {
    retry(th, f)?.map_err(|e| os_error(th, e))
}
/// Failure of a call that does not block as OSError.
#[inline]
pub fn ok<T>(th: Th, r: Res<T>) -> R<T> {
    r.map_err(|e| os_error(th, e))
}

/// Runs the handlers of signals that came (on the main thread).
pub fn check_signals(th: Th) -> R<()> {
    th.attend()
}

// -- results

pub use adder_vm::declare::none;
pub fn new_bytes(th: Th, b: &[u8]) -> R<Value> {
    Ok(bytes::new(th, b)?.value())
}
/// File names as str: UTF-8 with `surrogateescape`.
pub fn fs_decode(th: Th, b: &[u8]) -> R<Value> {
    if b.is_ascii() || std::str::from_utf8(b).is_ok() {
        return th.try_str(b);
    }
    let mut out = Vec::with_capacity(b.len() + 16);
    let mut rest = b;
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(_) => {
                out.extend_from_slice(rest);
                break;
            }
            Err(e) => {
                let n = e.valid_up_to();
                out.extend_from_slice(&rest[..n]);
                // U+DC00 + byte in WTF-8.
                let byte = rest[n];
                out.extend_from_slice(&[0xed, 0xb0 | byte >> 6, 0x80 | byte & 0x3f]);
                rest = &rest[n + 1..];
            }
        }
    }
    th.try_str(&out)
}
/// The bytes of a str by the file system encoding; the error is a UnicodeEncodeError.
pub fn fs_encode(th: Th, v: Value) -> R<Vec<u8>> {
    let s = v.cast::<Str>().expect("a str");
    let b = s.bytes();
    // It mostly becomes a C string: with room for its end.
    let mut out = Vec::with_capacity(b.len() + 1);
    if s.is_ascii() || std::str::from_utf8(b).is_ok() {
        out.extend_from_slice(b);
        return Ok(out);
    }
    let (mut i, mut index) = (0, 0i64);
    while i < b.len() {
        let w = match b[i] {
            0..=0x7f => 1,
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            _ => 4,
        };
        if b[i] == 0xed && b[i + 1] >= 0xa0 {
            let low = (b[i + 1] as u32 & 0x3f) << 6 | (b[i + 2] as u32 & 0x3f);
            let cp = 0xd000 | low;
            if (0xdc80..=0xdcff).contains(&cp) {
                out.push(cp as u8);
            } else {
                let args = [
                    th.str("utf-8"),
                    v,
                    Value::fix(index),
                    Value::fix(index + 1),
                    th.str("surrogates not allowed"),
                ];
                return Err(th.raise_args(&exc::UNICODE_ENCODE_ERROR, &args));
            }
        } else {
            out.extend_from_slice(&b[i..i + w]);
        }
        i += w;
        index += 1;
    }
    Ok(out)
}
/// A list built by a function of the position.
pub fn list_of(th: Th, items: impl Iterator<Item = R<Value>>) -> R<Value> {
    let l = list::new(th, &[])?;
    for v in items {
        list::append(th, l, v?)?;
    }
    Ok(l.value())
}
pub fn ints(th: Th, v: &[u32]) -> R<Value> {
    list_of(th, v.iter().map(|x| Ok(th.int(*x as i64))))
}

// -- arguments

/// The argument, unless it was left out or is None.
#[inline]
pub fn given(v: Option<Value>) -> Option<Value> {
    v.and_then(|v| v.some())
}
pub fn int_or(th: Th, v: Option<Value>, default: i32) -> R<i32> {
    v.map_or(Ok(default), |v| int_arg(th, v))
}
pub fn long_or(th: Th, v: Option<Value>, default: i64) -> R<i64> {
    v.map_or(Ok(default), |v| long_arg(th, v))
}
/// A C `unsigned int`.
pub fn uint_arg(th: Th, v: Value) -> R<u32> {
    let i = th.index(v)?;
    match int::to_i64(i) {
        Some(n) if n < 0 => Err(th.value_error("value must be positive")),
        Some(n) if n <= u32::MAX as i64 => Ok(n as u32),
        None if int::is_negative(i) => Err(th.value_error("value must be positive")),
        _ => Err(th.overflow_error("Python int too large to convert to C unsigned int")),
    }
}
/// A `Py_ssize_t`.
pub fn size_arg(th: Th, v: Value) -> R<i64> {
    th.index_i64(v)
}
pub fn bool_or(th: Th, v: Option<Value>, default: bool) -> R<bool> {
    v.map_or(Ok(default), |v| th.truth(v))
}
/// A `str` argument.
pub fn str_arg<'a>(th: Th, func: &str, name: &str, v: Value) -> R<&'a str> {
    match v.cast::<Str>() {
        Some(s) => match unsafe { &*s.as_ptr() }.as_str() {
            Some(t) => Ok(t),
            None => {
                fs_encode(th, v)?;
                Err(th.value_error("surrogates not allowed"))
            }
        },
        None => {
            let name = if name.is_empty() { String::new() } else { format!("argument {name} ") };
            Err(th.type_error(format!("{func}() {name}must be str, not {}", th.arg_type_name(v))))
        }
    }
}

/// A descriptor: an int, or an object with `fileno()`.
pub fn fileno(th: Th, v: Value) -> R<Fd> {
    let n = if v.is_kind(Kind::Int) || v.is_fix() || v.is_kind(Kind::Bool) {
        if v.is_kind(Kind::Bool) {
            adder_vm::warn::warn(th, &exc::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
        }
        v
    } else {
        match th.getattr_opt(v, th.intern("fileno"))? {
            Some(f) => {
                let n = th.call(f, &[])?;
                if !(n.is_fix() || n.is_kind(Kind::Int) || n.is_kind(Kind::Bool)) {
                    return Err(th.type_error("fileno() returned a non-integer"));
                }
                n
            }
            None => return Err(th.type_error("argument must be an int, or have a fileno() method.")),
        }
    };
    let fd = int_arg(th, n)?;
    if fd < 0 {
        return Err(th.value_error(format!("file descriptor cannot be a negative integer ({fd})")));
    }
    Ok(fd)
}
/// `dir_fd`: None is the current directory.
pub fn dir_fd(th: Th, v: Option<Value>) -> R<Fd> {
    let Some(v) = given(v) else { return Ok(adder_host::CWD) };
    if th.type_of(v).slots.index.is_none() {
        return Err(th.type_error(format!("argument should be integer or None, not {}", th.type_name_of(v))));
    }
    path_fd(th, v)
}
fn path_fd(th: Th, v: Value) -> R<Fd> {
    if v.is_kind(Kind::Bool) {
        adder_vm::warn::warn(th, &exc::RUNTIME_WARNING, "bool is used as a file descriptor", 1)?;
    }
    let i = th.index(v)?;
    match int::to_i64(i) {
        Some(n) if n > i32::MAX as i64 => Err(th.overflow_error("fd is greater than maximum")),
        Some(n) if n < i32::MIN as i64 => Err(th.overflow_error("fd is less than minimum")),
        Some(n) => Ok(n as i32),
        None if int::is_negative(i) => Err(th.overflow_error("fd is less than minimum")),
        None => Err(th.overflow_error("fd is greater than maximum")),
    }
}

/// Bytes with a NUL at the end.
pub fn c_string(th: Th, b: Vec<u8>) -> R<CString> {
    CString::new(b).map_err(|_| th.value_error("embedded null byte"))
}

/// `os.fspath`.
pub fn fspath(th: Th, v: Value) -> R<Value> {
    if v.is_kind(Kind::Str) || v.is_kind(Kind::Bytes) {
        return Ok(v);
    }
    let Some(f) = th.lookup_special(v, n!(__fspath__)).filter(|f| !f.is_none()) else {
        return Err(
            th.type_error(format!("expected str, bytes or os.PathLike object, not {}", th.type_name_of(v)))
        );
    };
    let r = th.call_unbound(f, v, &[])?;
    if r.is_kind(Kind::Str) || r.is_kind(Kind::Bytes) {
        return Ok(r);
    }
    Err(th.type_error(format!(
        "expected {}.__fspath__() to return str or bytes, not {}",
        th.type_name_of(v),
        th.type_name_of(r)
    )))
}
/// `PyUnicode_FSConverter`: a path as bytes without NUL.
pub fn fs_path(th: Th, v: Value) -> R<CString> {
    let p = fspath(th, v)?;
    let b = match adder_vm::builtins::buffer::bytes_of(p) {
        Some(b) => b.to_vec(),
        None => fs_encode(th, p)?,
    };
    c_string(th, b)
}

/// How a function takes its path.
#[derive(Clone, Copy, Default)]
pub struct PathKind {
    pub nullable: bool,
    pub fd: bool,
}

/// An argument that names a file.
pub struct Path {
    /// As given, for error messages.
    pub object: Value,
    pub c: CString,
    pub fd: Option<Fd>,
    pub is_bytes: bool,
}

impl Path {
    /// `func` and `arg` are for messages.
    pub fn new(th: Th, func: &str, arg: &str, v: Option<Value>, kind: PathKind) -> R<Path> {
        let o = match v {
            Some(v) if !(v.is_none() && kind.nullable) => v,
            _ => {
                return Ok(Path { object: NONE(), c: c".".to_owned(), fd: None, is_bytes: false });
            }
        };
        let (mut p, mut is_bytes) = (o, false);
        if p.is_kind(Kind::Str) {
        } else if p.is_kind(Kind::Bytes) {
            is_bytes = true;
        } else if kind.fd && th.type_of(p).slots.index.is_some() {
            let fd = path_fd(th, p)?;
            return Ok(Path { object: o, c: CString::default(), fd: Some(fd), is_bytes: false });
        } else {
            let f = th.lookup_special(p, n!(__fspath__)).filter(|f| !f.is_none());
            let Some(f) = f else { return Err(Path::type_error(th, func, arg, kind, o)) };
            p = th.call_unbound(f, o, &[])?;
            if p.is_kind(Kind::Bytes) {
                is_bytes = true;
            } else if !p.is_kind(Kind::Str) {
                return Err(th.type_error(format!(
                    "expected {}.__fspath__() to return str or bytes, not {}",
                    th.type_name_of(o),
                    th.type_name_of(p)
                )));
            }
        }
        let b = if is_bytes {
            adder_vm::builtins::buffer::bytes_of(p).unwrap_or(&[]).to_vec()
        } else {
            fs_encode(th, p)?
        };
        match CString::new(b) {
            Ok(c) => Ok(Path { object: o, c, fd: None, is_bytes }),
            Err(_) => {
                let what = if is_bytes { "byte" } else { "character" };
                Err(th.value_error(format!("{func}: embedded null {what} in {arg}")))
            }
        }
    }
    #[cold]
    fn type_error(th: Th, func: &str, arg: &str, kind: PathKind, v: Value) -> Raised {
        let allowed = match (kind.fd, kind.nullable) {
            (true, true) => "string, bytes, os.PathLike, integer or None",
            (true, false) => "string, bytes, os.PathLike or integer",
            (false, true) => "string, bytes, os.PathLike or None",
            (false, false) => "string, bytes or os.PathLike",
        };
        th.type_error(format!("{func}: {arg} should be {allowed}, not {}", th.type_name_of(v)))
    }
    /// OSError with the path as it was given.
    #[cold]
    pub fn error(&self, th: Th, e: Errno) -> Raised {
        if self.object.is_none() { os_error(th, e) } else { os_error_file(th, e, self.object) }
    }
    /// A host call about this path.
    pub fn call<T>(&self, th: Th, f: impl FnMut(&'static dyn Host, Outside) -> Res<T>) -> R<T> {
        retry(th, f)?.map_err(|e| self.error(th, e))
    }
    /// A name of the file system in the path's own type.
    pub fn name(&self, th: Th, b: &[u8]) -> R<Value> {
        if self.is_bytes { new_bytes(th, b) } else { fs_decode(th, b) }
    }
}

/// Constants into a module.
pub fn put_table(th: Th, m: Gc<Module>, t: adder_host::consts::Table) -> R<()> {
    for (name, v) in t.iter() {
        m.put(th, name, th.int(v))?;
    }
    Ok(())
}

/// A native type of this crate: `TypeCell` that the module's `types` list makes.
pub fn type_of(th: Th, c: &'static TypeCell) -> Gc<Type> {
    th.make_type(c)
}

/// Functions into a module, for modules whose tables are in several files.
pub fn put_functions(th: Th, m: Gc<Module>, defs: &'static [NativeDef]) -> R<()> {
    for d in defs {
        let f = th.native_function(d, None, Some(m.value()));
        m.put(th, d.name, f)?;
    }
    Ok(())
}

/// Bytes of an argument that supports the buffer protocol, in place while this lives.
pub struct Buf(Buffer);

impl Buf {
    #[inline]
    pub fn read(th: Th, v: Value) -> R<Buf> {
        Ok(Buf(Buffer::simple(th, v)?))
    }
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// Writable bytes of an argument that supports the buffer protocol.
pub struct WBuf(Buffer);

impl WBuf {
    pub fn get(th: Th, v: Value) -> R<WBuf> {
        match Buffer::writable(th, v) {
            Ok(b) => Ok(WBuf(b)),
            Err(e) => {
                if th.exc_is(&exc::TYPE_ERROR) || th.exc_is(&exc::BUFFER_ERROR) {
                    th.take_exc();
                    return Err(th.type_error(format!(
                        "a read-write bytes-like object is required, not '{}'",
                        th.type_name_of(v)
                    )));
                }
                Err(e)
            }
        }
    }
    /// The first argument of a method, for `w*`'s message.
    pub fn argument(th: Th, func: &str, v: Value) -> R<WBuf> {
        match Buffer::writable(th, v) {
            Ok(b) => Ok(WBuf(b)),
            Err(_) if th.exc_is(&exc::TYPE_ERROR) || th.exc_is(&exc::BUFFER_ERROR) => {
                th.take_exc();
                Err(th.type_error(format!(
                    "{func}() argument 1 must be read-write bytes-like object, not {}",
                    th.type_name_of(v)
                )))
            }
            Err(e) => Err(e),
        }
    }
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub fn bytes_mut(&self) -> &mut [u8] {
        self.0.bytes_mut()
    }
}

/// A Python int of any width that the system uses.
pub fn wide(th: Th, n: i128) -> R<Value> {
    th.int128(n)
}
