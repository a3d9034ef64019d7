//! SQLite's callbacks into Python: functions, aggregates, window functions, collations, the authorizer, the progress
//! and trace handlers.
//!
//! # Safety
//! SQLite hands back the pointer that was registered: a `Callback` from `Callback::new`, which lives until `destroy`. SQLite
//! calls on the thread that is in one of its functions, which has left the running state: each callback enters it again
//! before it touches objects. Arguments are valid during the call alone and are copied.

use super::connection::{Conn, Connection};
use adder_vm::builtins::{buffer, bytes, exceptions as exc, float, int};
use adder_vm::err::R;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

pub static TRACEBACKS: AtomicBool = AtomicBool::new(false);

/// SQLite's user data: which callable of which connection. The connection is pinned and alive while SQLite runs, but for
/// what [`super::dead`] makes it do.
pub struct Callback {
    pub conn: u64,
    pub index: usize,
}
impl Callback {
    /// On the heap of its own that SQLite frees.
    #[allow(clippy::new_ret_no_self)]
    pub fn new(th: Th, c: Gc<Connection>, f: Value) -> R<*mut c_void> {
        let index = c.keep(th, f)?;
        let conn = adder_vm::builtins::object::id(th, c.value());
        Ok(Box::into_raw(Box::new(Callback { conn, index })) as *mut c_void)
    }
    fn callable(&self, _: Th) -> Value {
        // SAFETY: `new` had the address from `id`, which pins; that the connection is alive is said at the structure.
        let c: Gc<Connection> = unsafe { Value::from_bits(self.conn).cast_unchecked() };
        let l: Gc<List> = c.callables.gc();
        l.get(self.index).unwrap_or(NONE())
    }
}
pub unsafe extern "C" fn destroy(p: *mut c_void) {
    if !p.is_null() {
        drop(unsafe { Box::from_raw(p as *mut Callback) });
    }
}
unsafe fn cb<'a>(p: *mut c_void) -> &'a Callback {
    unsafe { &*(p as *const Callback) }
}

/// Runs Python code in a callback.
fn inside<T>(f: impl FnOnce(Th) -> T) -> T {
    let th = Th::current().expect("SQLite calls back on the thread that called it");
    super::dead::in_callback(|| th.m.running(|| f(th)))
}
/// The exception of a callback has nowhere to go.
pub fn report(th: Th, f: Value) {
    if th.pending().is_none() {
        return;
    }
    if TRACEBACKS.load(Relaxed) {
        adder_vm::unraisable::report(th, Some("on sqlite3 callback"), f);
    } else {
        th.take_exc();
    }
}

/// Bytes of a value, which are nowhere if there are none or no memory.
unsafe fn part<'a>(th: Th, p: *const u8, n: c_int) -> R<&'a [u8]> {
    match n {
        ..=0 => Ok(&[]),
        _ if p.is_null() => Err(th.memory_error()),
        // SAFETY: not null; pointer and length are what SQLite says of one text or blob.
        n => Ok(unsafe { std::slice::from_raw_parts(p, n as usize) }),
    }
}

/// A value of SQLite as an object.
///
/// # Safety
/// It is the argument of a callback that runs.
pub unsafe fn from_sqlite(th: Th, v: *mut ffi::sqlite3_value) -> R<Value> {
    unsafe {
        Ok(match ffi::sqlite3_value_type(v) {
            ffi::SQLITE_INTEGER => th.int(ffi::sqlite3_value_int64(v)),
            ffi::SQLITE_FLOAT => th.float(ffi::sqlite3_value_double(v)),
            ffi::SQLITE_TEXT => {
                let p = ffi::sqlite3_value_text(v);
                let b = part(th, p, ffi::sqlite3_value_bytes(v))?;
                if std::str::from_utf8(b).is_ok() {
                    th.try_str(b)?
                } else {
                    let o = bytes::new(th, b)?.value();
                    adder_vm::builtins::codecs::decode(th, o, Some(th.str("utf-8")), None)?
                }
            }
            ffi::SQLITE_BLOB => {
                let p = ffi::sqlite3_value_blob(v) as *const u8;
                bytes::new(th, part(th, p, ffi::sqlite3_value_bytes(v))?)?.value()
            }
            _ => NONE(),
        })
    }
}
/// An object as SQLite takes it. Text and blob are held.
pub enum Plain<'a> {
    Null,
    Int(i64),
    Double(f64),
    Text(&'a [u8]),
    Blob(buffer::Buffer),
}
impl Plain<'_> {
    /// None: SQLite has nothing like it. Errors for what does not fit. `v` is to be kept while it is used.
    pub fn of(th: Th, v: &Value) -> R<Option<Plain<'_>>> {
        let too_long = |what: &str, n: usize| {
            if n > i32::MAX as usize {
                return Err(th.overflow_error(format!("{what} longer than INT_MAX bytes")));
            }
            Ok(())
        };
        Ok(Some(if v.is_none() {
            Plain::Null
        } else if int::is_int(*v) || v.is_kind(Kind::Bool) {
            match int::to_i64(th.index(*v)?) {
                Some(n) => Plain::Int(n),
                None => return Err(th.overflow_error("Python int too large to convert to SQLite INTEGER")),
            }
        } else if let Some(f) = float::as_f64(*v) {
            Plain::Double(f)
        } else if let Some(s) = v.cast::<Str>() {
            if s.as_str().is_none() {
                // Raises what is wrong with it.
                adder_vm::builtins::codecs::encode(th, *v, Some(th.str("utf-8")), None)?;
            }
            // SAFETY: as long as the object, which is kept.
            let b = unsafe { &*(s.bytes() as *const [u8]) };
            too_long("string", b.len())?;
            Plain::Text(b)
        } else if buffer::is_buffer(th, *v) || buffer::bytes_of(*v).is_some() {
            let b = buffer::Buffer::simple(th, *v)?;
            too_long("BLOB", b.len())?;
            Plain::Blob(b)
        } else {
            return Ok(None);
        }))
    }
}
/// Sets a function's result; false: it cannot be one.
unsafe fn set_result(th: Th, ctx: *mut ffi::sqlite3_context, v: Value) -> R<bool> {
    let Some(x) = Plain::of(th, &v)? else { return Ok(false) };
    // SAFETY: SQLite copies texts and blobs.
    unsafe {
        let copy = ffi::SQLITE_TRANSIENT();
        match x {
            Plain::Null => ffi::sqlite3_result_null(ctx),
            Plain::Int(n) => ffi::sqlite3_result_int64(ctx, n),
            Plain::Double(f) => ffi::sqlite3_result_double(ctx, f),
            Plain::Text(b) => ffi::sqlite3_result_text(ctx, b.as_ptr().cast(), b.len() as c_int, copy),
            Plain::Blob(b) => {
                ffi::sqlite3_result_blob(ctx, b.bytes().as_ptr().cast(), b.len() as c_int, copy)
            }
        }
    }
    Ok(true)
}
/// After a failure in a callback: tells SQLite.
unsafe fn fail(th: Th, ctx: *mut ffi::sqlite3_context, msg: &str, f: Value) {
    unsafe {
        if th.exc_is(&exc::MEMORY_ERROR) {
            ffi::sqlite3_result_error_nomem(ctx);
        } else if th.exc_is(&exc::OVERFLOW_ERROR) {
            ffi::sqlite3_result_error_toobig(ctx);
        } else {
            // SAFETY: SQLite copies the message.
            let m = CString::new(msg).unwrap_or_default();
            ffi::sqlite3_result_error(ctx, m.as_ptr(), -1);
        }
    }
    report(th, f);
}
unsafe fn args(th: Th, argc: c_int, argv: *mut *mut ffi::sqlite3_value) -> R<Value> {
    let l = adder_vm::builtins::list::new(th, &[])?;
    for i in 0..argc as usize {
        // SAFETY: SQLite gives `argc` arguments.
        let v = unsafe { from_sqlite(th, *argv.add(i))? };
        adder_vm::builtins::list::append(th, l, v)?;
    }
    adder_vm::builtins::tuple::from_iterable(th, l.value())
}
fn call_tuple(th: Th, f: Value, t: Value) -> R<Value> {
    let t: Gc<Tuple> = t.known();
    th.call(f, t.items())
}

pub unsafe extern "C" fn function(
    ctx: *mut ffi::sqlite3_context,
    argc: c_int,
    argv: *mut *mut ffi::sqlite3_value,
) {
    unsafe {
        let c = cb(ffi::sqlite3_user_data(ctx));
        inside(|th| {
            let f = c.callable(th);
            let r =
                args(th, argc, argv).and_then(|t| call_tuple(th, f, t)).and_then(|v| set_result(th, ctx, v));
            match r {
                Ok(true) => {}
                Ok(false) | Err(_) => fail(th, ctx, "user-defined function raised exception", f),
            }
        })
    }
}

/// The aggregate's instance lives in the connection's list; SQLite keeps its index (plus one).
unsafe fn instance(
    th: Th,
    ctx: *mut ffi::sqlite3_context,
    c: &Callback,
    make: bool,
) -> Option<R<(Value, usize)>> {
    // SAFETY: null, or eight bytes, aligned and zeroed, which are the aggregate's until it is finished.
    unsafe {
        let p = ffi::sqlite3_aggregate_context(ctx, if make { 8 } else { 0 }) as *mut usize;
        if p.is_null() {
            return None;
        }
        let conn: Gc<Connection> = Value::from_bits(c.conn).cast_unchecked();
        let l: Gc<List> = conn.callables.gc();
        if *p == 0 {
            if !make {
                return None;
            }
            let r = th.call(c.callable(th), &[]).and_then(|v| Ok((v, conn.keep(th, v)?)));
            return Some(r.map(|(v, i)| {
                *p = i + 1;
                (v, i)
            }));
        }
        let i = *p - 1;
        Some(Ok((l.get(i).unwrap_or(NONE()), i)))
    }
}
unsafe fn step_with(
    ctx: *mut ffi::sqlite3_context,
    argc: c_int,
    argv: *mut *mut ffi::sqlite3_value,
    name: &str,
) {
    unsafe {
        let c = cb(ffi::sqlite3_user_data(ctx));
        inside(|th| {
            let f = c.callable(th);
            let o = match instance(th, ctx, c, true) {
                Some(Ok((o, _))) => o,
                Some(Err(_)) => {
                    return fail(th, ctx, "user-defined aggregate's '__init__' method raised error", f);
                }
                None => return ffi::sqlite3_result_error_nomem(ctx),
            };
            let m = match th.getattr(o, th.intern(name)) {
                Ok(m) => m,
                Err(_) => {
                    return fail(
                        th,
                        ctx,
                        &format!("user-defined aggregate's '{name}' method not defined"),
                        f,
                    );
                }
            };
            let r = args(th, argc, argv).and_then(|t| call_tuple(th, m, t));
            if r.is_err() {
                fail(th, ctx, &format!("user-defined aggregate's '{name}' method raised error"), f);
            }
        })
    }
}
pub unsafe extern "C" fn step(
    ctx: *mut ffi::sqlite3_context,
    argc: c_int,
    argv: *mut *mut ffi::sqlite3_value,
) {
    unsafe { step_with(ctx, argc, argv, "step") }
}
pub unsafe extern "C" fn inverse(
    ctx: *mut ffi::sqlite3_context,
    argc: c_int,
    argv: *mut *mut ffi::sqlite3_value,
) {
    unsafe { step_with(ctx, argc, argv, "inverse") }
}
unsafe fn finish(ctx: *mut ffi::sqlite3_context, name: &str, last: bool) {
    // Of a cursor that is dead nobody wants the result, and its connection may be dead too.
    if super::dead::burying() {
        return;
    }
    unsafe {
        let c = cb(ffi::sqlite3_user_data(ctx));
        inside(|th| {
            let f = c.callable(th);
            let pending = th.pending();
            if pending.is_some() {
                th.take_exc();
            }
            // Without rows there is no instance: a null result.
            let (o, i) = match instance(th, ctx, c, false) {
                Some(Ok(x)) => x,
                _ => return,
            };
            let r = match th.getattr(o, th.intern(name)) {
                Ok(m) => th.call(m, &[]).and_then(|v| set_result(th, ctx, v)),
                Err(_) => {
                    fail(th, ctx, &format!("user-defined aggregate's '{name}' method not defined"), f);
                    Ok(true)
                }
            };
            if !matches!(r, Ok(true)) {
                fail(th, ctx, &format!("user-defined aggregate's '{name}' method raised error"), f);
            }
            if last {
                // SAFETY: while a statement runs SQLite takes no function away, so `c` is there after Python code, too.
                let conn: Gc<Connection> = Value::from_bits(c.conn).cast_unchecked();
                conn.release(th, i);
            }
            if let Some(e) = pending {
                th.set_exc(e);
            }
        })
    }
}
pub unsafe extern "C" fn finalize(ctx: *mut ffi::sqlite3_context) {
    unsafe { finish(ctx, "finalize", true) }
}
pub unsafe extern "C" fn value(ctx: *mut ffi::sqlite3_context) {
    unsafe { finish(ctx, "value", false) }
}

pub unsafe extern "C" fn collate(
    p: *mut c_void,
    n1: c_int,
    s1: *const c_void,
    n2: c_int,
    s2: *const c_void,
) -> c_int {
    unsafe {
        let c = cb(p);
        inside(|th| {
            if th.pending().is_some() {
                return 0;
            }
            let f = c.callable(th);
            let text = |p: *const c_void, n: c_int| th.try_str(part(th, p as *const u8, n)?);
            let r = (|| -> R<i64> {
                let (a, b) = (text(s1, n1)?, text(s2, n2)?);
                let v = th.call(f, &[a, b])?;
                if !int::is_int(v) {
                    return Ok(0);
                }
                Ok(int::to_i64(v).unwrap_or(if int::is_negative(v) { -1 } else { 1 }))
            })();
            match r {
                Ok(n) => n.signum() as c_int,
                Err(_) => {
                    report(th, f);
                    0
                }
            }
        })
    }
}
pub unsafe extern "C" fn authorize(
    p: *mut c_void,
    action: c_int,
    a: *const c_char,
    b: *const c_char,
    c: *const c_char,
    d: *const c_char,
) -> c_int {
    unsafe {
        let k = cb(p);
        inside(|th| {
            let f = k.callable(th);
            let text = |p: *const c_char| -> R<Value> {
                if p.is_null() { Ok(NONE()) } else { th.try_str(CStr::from_ptr(p).to_bytes()) }
            };
            let r = (|| -> R<c_int> {
                let v = th.call(f, &[th.int(action as i64), text(a)?, text(b)?, text(c)?, text(d)?])?;
                if !int::is_int(v) {
                    return Ok(ffi::SQLITE_DENY);
                }
                match int::to_i64(v).and_then(|n| c_int::try_from(n).ok()) {
                    Some(n) => Ok(n),
                    None => Err(th.overflow_error("Python int too large to convert to C int")),
                }
            })();
            r.unwrap_or_else(|_| {
                report(th, f);
                ffi::SQLITE_DENY
            })
        })
    }
}
pub unsafe extern "C" fn progress(p: *mut c_void) -> c_int {
    unsafe {
        let k = cb(p);
        inside(|th| {
            let f = k.callable(th);
            match th.call(f, &[]).and_then(|v| th.truth(v)) {
                Ok(b) => b as c_int,
                Err(_) => {
                    report(th, f);
                    1
                }
            }
        })
    }
}
pub unsafe extern "C" fn trace(kind: u32, p: *mut c_void, stmt: *mut c_void, sql: *mut c_void) -> c_int {
    unsafe {
        if kind != ffi::SQLITE_TRACE_STMT {
            return 0;
        }
        let k = cb(p);
        inside(|th| {
            let f = k.callable(th);
            let stmt = stmt as *mut ffi::sqlite3_stmt;
            // SAFETY: null or a C string of this call's own, which is copied before it is freed.
            let ex = ffi::sqlite3_expanded_sql(stmt);
            let r = (|| -> R<()> {
                let s = if ex.is_null() {
                    // Too long to be expanded.
                    let db = ffi::sqlite3_db_handle(stmt);
                    if ffi::sqlite3_errcode(db) == ffi::SQLITE_NOMEM {
                        return Err(th.memory_error());
                    }
                    th.raise_msg(&super::DATA_ERROR, "Expanded SQL string exceeds the maximum string length");
                    report(th, f);
                    th.try_str(CStr::from_ptr(sql as *const c_char).to_bytes())?
                } else {
                    th.try_str(CStr::from_ptr(ex).to_bytes())?
                };
                th.call(f, &[s]).map(|_| ())
            })();
            if !ex.is_null() {
                ffi::sqlite3_free(ex as *mut c_void);
            }
            if r.is_err() {
                report(th, f);
            }
            0
        })
    }
}
