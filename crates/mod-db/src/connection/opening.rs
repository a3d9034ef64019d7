//! Opening and closing a database: the arguments of `connect()`, what `close()` gives back.
//!
//! # Invariants
//! - The database is published (`Connection::db`) when everything else of the connection is set.
//! - Closing takes the callbacks away from SQLite before it frees them.

use super::*;

const LEVELS: [&str; 4] = ["", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"];

static INIT: NativeDef = signature(
    "Connection",
    "(database, timeout=5.0, detect_types=0, isolation_level='', check_same_thread=True, factory=None, cached_statements=128, uri=False, *, autocommit=-1)",
);

pub(super) fn isolation(th: Th, v: Value) -> R<Option<&'static str>> {
    if v.is_none() {
        return Ok(None);
    }
    let Some(s) = v.cast::<Str>() else {
        return Err(th.type_error("isolation_level must be str or None"));
    };
    if s.bytes().contains(&0) {
        return Err(th.value_error("embedded null character"));
    }
    let t = th.text(v).to_ascii_uppercase();
    match LEVELS.iter().find(|l| **l == t) {
        Some(l) => Ok(Some(l)),
        None => {
            Err(th.value_error("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'"))
        }
    }
}

pub(super) fn autocommit_arg(th: Th, v: Value) -> R<i32> {
    if v.is(TRUE()) {
        return Ok(1);
    }
    if v.is(FALSE()) {
        return Ok(0);
    }
    if v.as_fix() == Some(-1) {
        return Ok(-1);
    }
    Err(th.value_error("autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL"))
}

pub(super) fn conn_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    crate::positional_warning(th, a, "_sqlite3.Connection")?;
    let [database, timeout, detect, iso, check, _factory, cached, uri, auto] = bind::<9>(th, &INIT, a)?;
    let c = Connection::of(o);
    let _held = c.hold(th)?;
    let database = database.unwrap();
    adder_vm::sys::audit::audit(th, "sqlite3.connect", &[database])?;
    if c.initialized.swap(false, AcqRel) {
        close_all(th, c);
    }
    let path = fs_path(th, database)?;
    let timeout = match timeout {
        Some(v) => adder_vm::builtins::float::to_f64(th, v)?,
        None => 5.0,
    };
    let int_arg = |v: Option<Value>, d: i64| -> R<i64> {
        v.map_or(Ok(d), |v| adder_vm::cint::int_arg(th, v).map(i64::from))
    };
    let detect = int_arg(detect, 0)?;
    let cached = int_arg(cached, 128)?;
    let iso = match iso {
        None => Some(""),
        Some(v) => isolation(th, v)?,
    };
    let check = match check {
        Some(v) => th.truth(v)?,
        None => true,
    };
    let uri = match uri {
        Some(v) => th.truth(v)?,
        None => false,
    };
    let auto = match auto {
        Some(v) => autocommit_arg(th, v)?,
        None => -1,
    };
    let mut db = std::ptr::null_mut();
    let flags =
        ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE | if uri { ffi::SQLITE_OPEN_URI } else { 0 };
    let rc = th.m.blocking(|| unsafe {
        let rc = ffi::sqlite3_open_v2(path.as_ptr(), &mut db, flags, std::ptr::null());
        if rc == ffi::SQLITE_OK {
            // As SQLite is without options of the build.
            let mut on: c_int = 0;
            for (op, v) in [(ffi::SQLITE_DBCONFIG_ENABLE_FKEY, 0), (DQS_DML, 1), (DQS_DDL, 1)] {
                ffi::sqlite3_db_config(db, op, v as c_int, &mut on as *mut c_int);
            }
            ffi::sqlite3_busy_timeout(db, (timeout * 1000.0) as c_int);
        }
        rc
    });
    if rc != ffi::SQLITE_OK {
        let e = if db.is_null() { th.memory_error() } else { unsafe { db_error(th, db, rc) } };
        unsafe { sqlite3_close_v2(db) };
        return Err(e);
    }
    let l = list::new(th, &[])?;
    th.store(c, &c.callables, l);
    c.row_factory.init(None);
    th.store(c, &c.text_factory, adder_vm::builtins::str_type::STR.get().value());
    let st = c.state();
    st.cache.clear();
    st.cache_size = cached.max(0) as usize;
    st.detect_types = detect;
    st.isolation = iso;
    st.autocommit = auto;
    c.any_thread.store(!check, Relaxed);
    c.thread.store(th.ident, Relaxed);
    c.db.store(db, Release);
    c.initialized.store(true, Release);
    adder_vm::sys::audit::audit(th, "sqlite3.connect/handle", &[o])?;
    if auto == 0 {
        c.exec(th, "BEGIN")?;
    }
    Ok(())
}

fn fs_path(th: Th, v: Value) -> R<CString> {
    let mut p = v;
    if !v.is_kind(Kind::Str) && !v.is_kind(Kind::Bytes) {
        let Some(f) = th.lookup_special(v, n!(__fspath__)) else {
            return Err(th.type_error(format!(
                "expected str, bytes or os.PathLike object, not {}",
                if v.is_none() { "NoneType".into() } else { th.type_name_of(v) }
            )));
        };
        p = th.call_unbound(f, v, &[])?;
        if !p.is_kind(Kind::Str) && !p.is_kind(Kind::Bytes) {
            return Err(th.type_error(format!(
                "expected {}.__fspath__() to return str or bytes, not {}",
                th.type_name_of(v),
                th.type_name_of(p)
            )));
        }
    }
    let b = match buffer::bytes_of(p) {
        Some(b) => b.to_vec(),
        None => {
            let e = adder_vm::builtins::codecs::encode(
                th,
                p,
                Some(th.str("utf-8")),
                Some(th.str("surrogateescape")),
            )?;
            buffer::bytes_of(e).unwrap_or(&[]).to_vec()
        }
    };
    CString::new(b).map_err(|_| th.value_error("embedded null byte"))
}

/// Closes the database; the connection is held. If it is not held for this alone SQLite may be at work with the database,
/// and closes it later.
pub(super) fn close_all(th: Th, c: Gc<Connection>) {
    let st = c.state();
    st.cache.clear();
    for b in st.blobs.drain(..) {
        b.close();
    }
    // What still runs in a callback must find none of these any more.
    if !c.db().is_null() {
        // SAFETY: the database is open.
        unsafe {
            ffi::sqlite3_trace_v2(c.db(), 0, None, std::ptr::null_mut());
            ffi::sqlite3_progress_handler(c.db(), 0, None, std::ptr::null_mut());
            ffi::sqlite3_set_authorizer(c.db(), None, std::ptr::null_mut());
        }
    }
    let db = {
        let _closing = CLOSING.lock();
        c.db.swap(std::ptr::null_mut(), AcqRel)
    };
    if !db.is_null() {
        // SAFETY: the database is open; nobody else has it now.
        if unsafe { !ffi::sqlite3_next_stmt(db, std::ptr::null_mut()).is_null() } {
            // Mostly of a cursor that nobody has any more, but that was not found dead yet. It must not keep the database
            // open and locked: the file may be opened again, or removed, at once.
            adder_vm::gc_module::collect_in_native(th);
            crate::dead::bury(th);
        }
        if c.depth.load(Relaxed) > 1 {
            st.closing.push(db);
        } else {
            th.m.blocking(|| unsafe { sqlite3_close_v2(db) });
        }
    }
    free_handlers(st);
}

pub(super) fn free_handlers(st: &mut CState) {
    for p in [&mut st.trace, &mut st.progress, &mut st.auth] {
        unsafe { function::destroy(std::mem::replace(p, std::ptr::null_mut())) };
    }
}
