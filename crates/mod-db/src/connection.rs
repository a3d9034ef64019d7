//! `Connection`: holding it, transactions, options. [`opening`] and closing, [`statements`], [`callbacks`] what it calls,
//! [`copies`] the database as a whole.
//!
//! # Invariants
//! - Whoever uses the state ([`CState`]) or the database holds the connection ([`Conn::check`], [`Open`]): one thread at a
//!   time, which may come in again from a callback. Others wait outside the running state.
//! - The exception is `interrupt`, for which there is [`CLOSING`].
//! - Statements live as long as somebody uses them, closed connection or not: SQLite closes when the last one has gone.
//! - A database that was had while the connection is held ([`Conn::live`]) stays open until it is held no more, though
//!   Python code may close the connection, or open another database with it: a callback is still in SQLite, which is then
//!   told later ([`CState::closing`]). `Connection::db` is null or another one from then on, so it is asked for anew, or
//!   kept, where Python code may have run: SQLite does not test what it is given.

mod callbacks;
mod copies;
mod opening;
mod statements;

use super::cursor::{CURSOR, Cursor};
use super::function::{self, Callback};
use super::{Args, bind, blob, db_error, docs, native_layout, none, programming, signature};
use adder_vm::builtins::{buffer, bytes, int, list, object};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::Lock;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libsqlite3_sys as ffi;
use std::ffi::{CString, c_char, c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex};

use callbacks::*;
use copies::*;
use opening::*;
pub use statements::*;

native_layout! { pub Connection {
    row_factory, text_factory, callables: List;
    st: AtomicPtr<CState>, db: AtomicPtr<ffi::sqlite3>, initialized: AtomicBool, thread: AtomicU64, any_thread: AtomicBool,
    lock: Lock, owner: AtomicU64, depth: AtomicU64
} }

/// While it is held no database closes.
static CLOSING: Mutex<()> = Mutex::new(());

/// The connection, held.
#[must_use]
pub struct Open {
    th: Th,
    c: Gc<Connection>,
}
impl std::ops::Deref for Open {
    type Target = Gc<Connection>;
    fn deref(&self) -> &Gc<Connection> {
        &self.c
    }
}
impl Open {
    /// Runs `f`, which does nothing with the connection, while others may use it; unless this thread is in a callback.
    pub fn outside<T>(&self, f: impl FnOnce() -> R<T>) -> R<T> {
        let c = self.c;
        if c.depth.load(Relaxed) != 1 {
            return f();
        }
        c.depth.store(0, Relaxed);
        c.owner.store(0, Relaxed);
        c.lock.unlock_thin(self.th);
        let r = f();
        c.lock.lock_inner_uninterrupted(self.th);
        c.owner.store(self.th.ident, Relaxed);
        c.depth.store(1, Relaxed);
        r
    }
}
impl Drop for Open {
    fn drop(&mut self) {
        let c = self.c;
        if c.depth.load(Relaxed) == 1 {
            for db in std::mem::take(&mut c.state().closing) {
                // SAFETY: nobody has it any more.
                self.th.m.blocking(|| unsafe { sqlite3_close_v2(db) });
            }
        }
        if c.depth.fetch_sub(1, Relaxed) == 1 {
            c.owner.store(0, Relaxed);
            c.lock.unlock_thin(self.th);
        }
    }
}

pub struct CState {
    pub cache: Vec<(Vec<u8>, Arc<Stmt>)>,
    pub cache_size: usize,
    pub detect_types: i64,
    /// None: no implicit transactions.
    pub isolation: Option<&'static str>,
    /// -1: legacy.
    pub autocommit: i32,
    pub blobs: Vec<Arc<blob::Handle>>,
    trace: *mut c_void,
    progress: *mut c_void,
    auth: *mut c_void,
    /// Databases to be closed when the connection is not held any more.
    closing: Vec<*mut ffi::sqlite3>,
}

unsafe extern "C" {
    /// Not among the bindings.
    fn sqlite3_close_v2(db: *mut ffi::sqlite3) -> c_int;
}

/// What a connection leaves.
pub struct Left {
    state: Option<Box<CState>>,
    db: *mut ffi::sqlite3,
}
// SAFETY: SQLite serializes its calls, and nobody else has them any more.
unsafe impl Send for Left {}
impl Left {
    pub fn close(self) {
        if let Some(mut st) = self.state {
            for b in st.blobs.drain(..) {
                b.close();
            }
            free_handlers(&mut st);
        }
        if !self.db.is_null() {
            // A zombie until its last statement is finalized.
            unsafe { sqlite3_close_v2(self.db) };
        }
    }
}

const DQS_DML: c_int = 1013;
const DQS_DDL: c_int = 1014;

impl Connection {
    #[allow(clippy::mut_from_ref)]
    pub fn state(&self) -> &mut CState {
        // SAFETY: made by `__new__`, freed with the object; used by the thread that holds the connection.
        unsafe { &mut *self.st.load(Acquire) }
    }
    pub fn db(&self) -> *mut ffi::sqlite3 {
        self.db.load(Acquire)
    }
    /// The database; `None` of a closed connection.
    fn open(&self) -> Option<*mut ffi::sqlite3> {
        Some(self.db()).filter(|p| !p.is_null())
    }
    pub fn in_transaction(&self) -> bool {
        // SAFETY: open, and closed only by who holds the connection, which is the caller.
        self.open().is_some_and(|db| unsafe { ffi::sqlite3_get_autocommit(db) } == 0)
    }
    /// Rows that the last statement changed.
    pub fn changes(&self) -> i64 {
        // SAFETY: as in `in_transaction`.
        self.open().map_or(0, |db| unsafe { ffi::sqlite3_changes(db) } as i64)
    }
    pub fn last_rowid(&self) -> i64 {
        // SAFETY: as in `in_transaction`.
        self.open().map_or(0, |db| unsafe { ffi::sqlite3_last_insert_rowid(db) })
    }
    /// The limit; sets another one, unless `n` is negative.
    pub fn limit(&self, what: c_int, n: c_int) -> c_int {
        // SAFETY: as in `in_transaction`.
        self.open().map_or(-1, |db| unsafe { ffi::sqlite3_limit(db, what, n) })
    }
}
/// Methods of connections.
pub trait Conn {
    fn keep(self, th: Th, f: Value) -> R<usize>;
    fn release(self, th: Th, i: usize);
    fn hold(self, th: Th) -> R<Open>;
    fn held_by(self, th: Th) -> bool;
    fn check(self, th: Th) -> R<Open>;
    fn live(self, th: Th) -> R<*mut ffi::sqlite3>;
    fn check_thread(self, th: Th) -> R<()>;
    fn exec(self, th: Th, sql: &str) -> R<()>;
    fn error(self, th: Th, rc: c_int) -> Raised;
}
impl Conn for Gc<Connection> {
    /// Keeps an object for callbacks: its index.
    fn keep(self, th: Th, f: Value) -> R<usize> {
        let l: Gc<List> = self.callables.gc();
        // A free place is one that was released.
        for i in 0..l.len().min(64) {
            if l.get(i).is_some_and(|v| v.is(ELLIPSIS())) {
                list::set_at(th, l, i as i64, f)?;
                return Ok(i);
            }
        }
        list::append(th, l, f)?;
        Ok(l.len() - 1)
    }
    fn release(self, th: Th, i: usize) {
        let l: Gc<List> = self.callables.gc();
        // Another list, if the connection was opened anew in a callback.
        if i < l.len() {
            let _ = list::set_at(th, l, i as i64, ELLIPSIS());
        }
    }
    fn check_thread(self, th: Th) -> R<()> {
        if self.initialized.load(Relaxed)
            && !self.any_thread.load(Relaxed)
            && self.thread.load(Relaxed) != th.ident
        {
            return Err(programming(
                th,
                format!(
                    "SQLite objects created in a thread can only be used in that same thread. The object was created in thread id {} and this is thread id {}.",
                    self.thread.load(Relaxed),
                    th.ident
                ),
            ));
        }
        Ok(())
    }
    fn held_by(self, th: Th) -> bool {
        self.owner.load(Relaxed) == th.ident
    }
    /// Waits until no other thread holds the connection.
    fn hold(self, th: Th) -> R<Open> {
        if !self.held_by(th) {
            super::dead::bury(th);
            if !self.lock.try_lock_thin(th) {
                self.lock.lock_inner(th, None)?;
            }
            self.depth.store(0, Relaxed);
            self.owner.store(th.ident, Relaxed);
        }
        self.depth.fetch_add(1, Relaxed);
        Ok(Open { th, c: self })
    }
    /// The connection is open, and held.
    fn check(self, th: Th) -> R<Open> {
        self.check_thread(th)?;
        let held = self.hold(th)?;
        if !self.initialized.load(Relaxed) {
            return Err(programming(th, "Base Connection.__init__ not called."));
        }
        self.live(th)?;
        Ok(held)
    }
    /// The database of a connection that is held.
    fn live(self, th: Th) -> R<*mut ffi::sqlite3> {
        let db = self.db();
        if db.is_null() { Err(programming(th, "Cannot operate on a closed database.")) } else { Ok(db) }
    }
    fn exec(self, th: Th, sql: &str) -> R<()> {
        let c = CString::new(sql).expect("no NUL");
        let db = self.live(th)?;
        let rc = th.m.blocking(|| unsafe {
            let mut stmt = std::ptr::null_mut();
            let mut rc = ffi::sqlite3_prepare_v2(db, c.as_ptr(), -1, &mut stmt, std::ptr::null_mut());
            if rc == ffi::SQLITE_OK {
                ffi::sqlite3_step(stmt);
                rc = ffi::sqlite3_finalize(stmt);
            }
            rc
        });
        if rc != ffi::SQLITE_OK { Err(self.error(th, rc)) } else { Ok(()) }
    }
    fn error(self, th: Th, rc: c_int) -> Raised {
        if th.pending().is_some() {
            return Raised;
        }
        match self.live(th) {
            // SAFETY: live.
            Ok(db) => unsafe { db_error(th, db, rc) },
            Err(e) => e,
        }
    }
}

fn this(a: Args) -> Gc<Connection> {
    Connection::of(a[0].unwrap())
}
/// The connection of a method, checked.
fn open(th: Th, a: Args) -> R<Open> {
    this(a).check(th)
}
fn new_cursor(th: Th, c: Gc<Connection>, factory: Option<Value>) -> R<Value> {
    let f = factory.unwrap_or_else(|| CURSOR.get().value());
    let k = th.call(f, &[c.value()])?;
    if !th.isinstance_exact(k, CURSOR.get()) {
        return Err(th.type_error(format!("factory must return a cursor, not {}", th.type_name_of(k))));
    }
    if let Some(r) = c.row_factory.get() {
        let cu = Cursor::of(k);
        th.store(cu, &cu.row_factory, r);
    }
    Ok(k)
}
fn int32(th: Th, v: Value) -> R<c_int> {
    adder_vm::cint::int_arg(th, v)
}
fn text(th: Th, v: Value, func: &str, name: &str) -> R<CString> {
    super::c_text(th, v, &format!("{func}() argument {name}"))
}
fn end_transaction(th: Th, a: Args, sql: &str) -> R<Value> {
    let c = open(th, a)?;
    let in_transaction = c.in_transaction();
    match c.state().autocommit {
        -1 => {
            if in_transaction {
                c.exec(th, sql)?;
            }
        }
        0 => {
            c.exec(th, sql)?;
            c.exec(th, "BEGIN")?;
        }
        _ => {}
    }
    none()
}
fn forward(th: Th, a: RawArgs, name: &str) -> R<Value> {
    let c = Connection::of(a.pos()[0]);
    drop(c.check(th)?);
    let cu = th.call_method(c.value(), th.intern("cursor"), &[])?;
    let f = th.getattr(cu, th.intern(name))?;
    th.call_raw(f, a.skip(1))?;
    Ok(cu)
}
fn exit(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let failed = a[1].is_some_and(|v| !v.is_none());
    if c.state().autocommit == 1 {
        return Ok(FALSE());
    }
    let name = if failed { "rollback" } else { "commit" };
    if let Err(e) = th.call_method(c.value(), th.intern(name), &[]) {
        if !failed {
            // The transaction is given up; the first error stays.
            let x = th.take_exc();
            let _ = th.call_method(c.value(), th.intern("rollback"), &[]);
            if th.pending().is_some() {
                th.take_exc();
            }
            th.set_exc(x);
        }
        return Err(e);
    }
    Ok(FALSE())
}
fn is_int_config(op: c_int) -> bool {
    super::consts::ALL.iter().any(|(n, v)| n.starts_with("SQLITE_DBCONFIG_") && *v == op as i64)
}
fn config(th: Th, a: Args, set: Option<bool>) -> R<Value> {
    let op = int32(th, a[1].unwrap())?;
    let c = open(th, a)?;
    if !is_int_config(op) {
        return Err(th.value_error(format!("unknown config 'op': {op}")));
    }
    let mut actual: c_int = 0;
    let want: c_int = match set {
        Some(b) => b as c_int,
        None => -1,
    };
    let rc = unsafe { ffi::sqlite3_db_config(c.db(), op, want, &mut actual as *mut c_int) };
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    match set {
        None => Ok(Value::bool(actual != 0)),
        Some(b) if (actual != 0) == b => none(),
        Some(_) => Err(th.raise_msg(&super::OPERATIONAL_ERROR, "Unable to set config")),
    }
}

macro_rules! error_attr {
    ($name:literal $cell:ident) => {
        getter($name, "", |_, _| Ok(super::$cell.get().value()))
    };
}

pub static CONNECTION: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.Connection",
    kind: Kind::Native,
    size: Connection::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAS_DEL | tflags::SHOWN_AS_HEAP,
    doc: "SQLite database connection object.",
    text_signature: Some(
        "(database, timeout=5.0, detect_types=0, isolation_level='',\n           check_same_thread=True, factory=ConnectionType,\n           cached_statements=128, uri=False, *,\n           autocommit=sqlite3.LEGACY_TRANSACTION_CONTROL)",
    ),
    slots: Slots {
        new: Some(|th, t, _| {
            let o = object::new_instance(th, t.known())?;
            let st = CState {
                cache: vec![],
                cache_size: 0,
                detect_types: 0,
                isolation: Some(""),
                autocommit: -1,
                blobs: vec![],
                trace: std::ptr::null_mut(),
                progress: std::ptr::null_mut(),
                auth: std::ptr::null_mut(),
                closing: Vec::new(),
            };
            Connection::of(o).st.store(Box::into_raw(Box::new(st)), Release);
            Ok(o)
        }),
        init: Some(conn_init),
        call: Some(|th, o, a| {
            let c = Connection::of(o);
            let _open = c.check(th)?;
            if a.nkw() != 0 || a.len() != 1 {
                return Err(th.type_error("Connection() takes exactly one argument"));
            }
            let s = statement(th, c, a.pos()[0])?;
            let o = object::new_instance(th, STATEMENT.get())?;
            Statement::of(o).stmt.store(Arc::into_raw(s) as *mut Stmt, Release);
            Ok(o)
        }),
        del: Some(|th, o| {
            let c = Connection::of(o);
            if !c.db().is_null() && c.initialized.load(Relaxed) {
                let shown = th.text(th.repr(o)?);
                let msg = th.str(&format!("unclosed database in {shown}"));
                let t = adder_vm::builtins::exceptions::RESOURCE_WARNING.get();
                adder_vm::warn::warn_value(th, t, msg, 1, Some(o))?;
            }
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "backup",
            "($self, /, target, *, pages=-1, progress=None, name='main',\n       sleep=0.25)",
            docs::connection("backup"),
            backup,
        ),
        method("close", "($self, /)", docs::connection("close"), |th, a| {
            let c = this(a);
            c.check_thread(th)?;
            let _held = c.hold(th)?;
            if !c.initialized.load(Relaxed) {
                return Err(programming(th, "Base Connection.__init__ not called."));
            }
            if !c.db().is_null() && c.state().autocommit == 0 && c.in_transaction() {
                c.exec(th, "ROLLBACK")?;
            }
            close_all(th, c);
            none()
        }),
        method("commit", "($self, /)", docs::connection("commit"), |th, a| end_transaction(th, a, "COMMIT")),
        method("rollback", "($self, /)", docs::connection("rollback"), |th, a| {
            end_transaction(th, a, "ROLLBACK")
        }),
        raw_method(
            "create_aggregate",
            "($self, /, name, n_arg, aggregate_class)",
            docs::connection("create_aggregate"),
            |th, a| {
                keywords::<4>(
                    th,
                    &AGGREGATE_SIG,
                    a,
                    "'name', 'n_arg' and 'aggregate_class'",
                    create_aggregate,
                )
            },
        ),
        method(
            "create_collation",
            "($self, name, callback, /)",
            docs::connection("create_collation"),
            create_collation,
        ),
        raw_method(
            "create_function",
            "($self, /, name, narg, func, *, deterministic=False)",
            docs::connection("create_function"),
            |th, a| keywords::<5>(th, &FUNCTION_SIG, a, "'name', 'narg' and 'func'", create_function),
        ),
        method(
            "create_window_function",
            "($self, name, num_params, aggregate_class, /)",
            docs::connection("create_window_function"),
            create_window,
        ),
        method("cursor", "!($self, /, factory=NULL)", docs::connection("cursor"), |th, a| {
            let c = open(th, a)?;
            new_cursor(th, *c, a[1])
        }),
        method(
            "enable_load_extension",
            "($self, enable, /)",
            docs::connection("enable_load_extension"),
            |th, a| {
                let on = th.truth(a[1].unwrap())?;
                let c = open(th, a)?;
                adder_vm::sys::audit::audit(
                    th,
                    "sqlite3.enable_load_extension",
                    &[c.value(), a[1].unwrap()],
                )?;
                let db = c.live(th)?;
                let rc = unsafe { ffi::sqlite3_enable_load_extension(db, on as c_int) };
                if rc != ffi::SQLITE_OK {
                    return Err(th.raise_msg(&super::OPERATIONAL_ERROR, "Error enabling load extension"));
                }
                none()
            },
        ),
        method(
            "load_extension",
            "($self, name, /, *, entrypoint=None)",
            docs::connection("load_extension"),
            |th, a| {
                let c = open(th, a)?;
                let name = text(th, a[1].unwrap(), "load_extension", "1")?;
                let entry = match a[2].and_then(|v| v.some()) {
                    Some(v) => Some(text(th, v, "load_extension", "'entrypoint'")?),
                    None => None,
                };
                adder_vm::sys::audit::audit(th, "sqlite3.load_extension", &[c.value(), a[1].unwrap()])?;
                let mut msg: *mut c_char = std::ptr::null_mut();
                let db = c.live(th)?;
                let rc = th.m.blocking(|| unsafe {
                    let e = entry.as_ref().map_or(std::ptr::null(), |e| e.as_ptr());
                    ffi::sqlite3_load_extension(db, name.as_ptr(), e, &mut msg)
                });
                if rc != ffi::SQLITE_OK {
                    if msg.is_null() {
                        return Err(c.error(th, rc));
                    }
                    let text = unsafe { std::ffi::CStr::from_ptr(msg) }.to_string_lossy().into_owned();
                    unsafe { ffi::sqlite3_free(msg as *mut c_void) };
                    return Err(th.raise_msg(&super::OPERATIONAL_ERROR, &text));
                }
                none()
            },
        ),
        raw_method("execute", "($self, sql, parameters=(), /)", docs::connection("execute"), |th, a| {
            forward(th, a, "execute")
        }),
        raw_method("executemany", "($self, sql, parameters, /)", docs::connection("executemany"), |th, a| {
            forward(th, a, "executemany")
        }),
        raw_method("executescript", "($self, sql_script, /)", docs::connection("executescript"), |th, a| {
            forward(th, a, "executescript")
        }),
        method("__enter__", "($self, /)", docs::connection("__enter__"), |th, a| Ok(open(th, a)?.value())),
        method("__exit__", "($self, type, value, traceback, /)", docs::connection("__exit__"), exit),
        method("interrupt", "($self, /)", docs::connection("interrupt"), |th, a| {
            let c = this(a);
            if !c.initialized.load(Relaxed) {
                return Err(programming(th, "Base Connection.__init__ not called."));
            }
            {
                let _closing = CLOSING.lock();
                let db = c.db();
                if !db.is_null() {
                    // SAFETY: nobody closes it meanwhile. Any thread may ask this.
                    unsafe { ffi::sqlite3_interrupt(db) };
                    return none();
                }
            }
            Err(programming(th, "Cannot operate on a closed database."))
        }),
        method("iterdump", "($self, /, *, filter=None)", docs::connection("iterdump"), |th, a| {
            let c = *open(th, a)?;
            let f = adder_vm::import::import_attr(th, "sqlite3.dump", "_iterdump")?;
            th.call_kw(f, &[c.value()], &[("filter", a[1].unwrap_or(NONE()))])
        }),
        raw_method(
            "set_authorizer",
            "($self, /, authorizer_callback)",
            docs::connection("set_authorizer"),
            |th, a| {
                keywords::<2>(th, &AUTHORIZER_SIG, a, "'authorizer_callback'", |th, a| {
                    set_handler(th, *open(th, a)?, a[1].unwrap(), 2, 0)
                })
            },
        ),
        raw_method(
            "set_progress_handler",
            "($self, /, progress_handler, n)",
            docs::connection("set_progress_handler"),
            |th, a| {
                keywords::<3>(th, &PROGRESS_SIG, a, "'progress_handler'", |th, a| {
                    let n = int32(th, a[2].unwrap())?;
                    set_handler(th, *open(th, a)?, a[1].unwrap(), 1, n)
                })
            },
        ),
        raw_method(
            "set_trace_callback",
            "($self, /, trace_callback)",
            docs::connection("set_trace_callback"),
            |th, a| {
                keywords::<2>(th, &TRACE_SIG, a, "'trace_callback'", |th, a| {
                    set_handler(th, *open(th, a)?, a[1].unwrap(), 0, 0)
                })
            },
        ),
        method("setlimit", "($self, category, limit, /)", docs::connection("setlimit"), |th, a| {
            let (k, n) = (int32(th, a[1].unwrap())?, int32(th, a[2].unwrap())?);
            let c = open(th, a)?;
            let old = c.limit(k, n);
            if old < 0 {
                return Err(programming(th, "'category' is out of bounds"));
            }
            Ok(th.int(old as i64))
        }),
        method("getlimit", "($self, category, /)", docs::connection("getlimit"), |th, a| {
            let k = int32(th, a[1].unwrap())?;
            let c = open(th, a)?;
            let old = c.limit(k, -1);
            if old < 0 {
                return Err(programming(th, "'category' is out of bounds"));
            }
            Ok(th.int(old as i64))
        }),
        method("serialize", "($self, /, *, name='main')", docs::connection("serialize"), serialize),
        method(
            "deserialize",
            "($self, data, /, *, name='main')",
            docs::connection("deserialize"),
            deserialize,
        ),
        method(
            "blobopen",
            "($self, table, column, rowid, /, *, readonly=False, name='main')",
            docs::connection("blobopen"),
            |th, a| {
                let c = open(th, a)?;
                let table = text(th, a[1].unwrap(), "blobopen", "1")?;
                let column = text(th, a[2].unwrap(), "blobopen", "2")?;
                let id = th.index(a[3].unwrap())?;
                let Some(id) = int::to_i64(id) else {
                    return Err(th.overflow_error("Python int too large to convert to SQLite INTEGER"));
                };
                let readonly = match a[4] {
                    Some(v) => th.truth(v)?,
                    None => false,
                };
                let name = match a[5] {
                    Some(v) => text(th, v, "blobopen", "'name'")?,
                    None => c"main".to_owned(),
                };
                blob::open(th, *c, &name, &table, &column, id, !readonly)
            },
        ),
        method("setconfig", "($self, op, enable=True, /)", docs::connection("setconfig"), |th, a| {
            let on = match a[2] {
                Some(v) => th.truth(v)?,
                None => true,
            };
            config(th, a, Some(on))
        }),
        method("getconfig", "($self, op, /)", docs::connection("getconfig"), |th, a| config(th, a, None)),
    ],
    getset: &[
        error_attr!("Warning" WARNING),
        error_attr!("Error" ERROR),
        error_attr!("InterfaceError" INTERFACE_ERROR),
        error_attr!("DatabaseError" DATABASE_ERROR),
        error_attr!("DataError" DATA_ERROR),
        error_attr!("OperationalError" OPERATIONAL_ERROR),
        error_attr!("IntegrityError" INTEGRITY_ERROR),
        error_attr!("InternalError" INTERNAL_ERROR),
        error_attr!("ProgrammingError" PROGRAMMING_ERROR),
        error_attr!("NotSupportedError" NOT_SUPPORTED_ERROR),
        getset(
            "isolation_level",
            "",
            |th, o| {
                let c = Connection::of(o);
                let _open = c.check(th)?;
                Ok(match c.state().isolation {
                    Some(s) => th.str(s),
                    None => NONE(),
                })
            },
            |th, o, v| {
                let Some(v) = v else { return Err(th.attribute_error_msg("cannot delete attribute")) };
                let c = Connection::of(o).hold(th)?;
                if v.is_none() {
                    c.state().isolation = None;
                    // Leaving implicit transactions ends the one that is open.
                    if c.in_transaction() {
                        th.call_method(o, th.intern("commit"), &[])?;
                    }
                    return Ok(());
                }
                c.state().isolation = isolation(th, v)?;
                Ok(())
            },
        ),
        getter("__text_signature__", "", |th, _| Ok(th.str("(sql, /)"))),
        getter("total_changes", "", |th, o| {
            let c = Connection::of(o).check(th)?;
            Ok(th.int(unsafe { ffi::sqlite3_total_changes(c.db()) } as i64))
        }),
        getter("in_transaction", "", |th, o| {
            let c = Connection::of(o).check(th)?;
            Ok(Value::bool(c.in_transaction()))
        }),
        getset(
            "autocommit",
            "",
            |th, o| {
                let c = Connection::of(o);
                let _open = c.check(th)?;
                Ok(match c.state().autocommit {
                    1 => TRUE(),
                    0 => FALSE(),
                    _ => Value::fix(-1),
                })
            },
            |th, o, v| {
                let c = Connection::of(o).check(th)?;
                let Some(v) = v else {
                    return Err(th.attribute_error_msg("cannot delete autocommit attribute"));
                };
                let n = autocommit_arg(th, v)?;
                let open = c.in_transaction();
                if n == 1 && open {
                    c.exec(th, "COMMIT")?;
                } else if n == 0 && !open {
                    c.exec(th, "BEGIN")?;
                }
                c.state().autocommit = n;
                Ok(())
            },
        ),
        getset(
            "row_factory",
            "",
            |_, o| Ok(Value::opt_or_none(Connection::of(o).row_factory.get())),
            |th, o, v| {
                if v.is_none() {
                    return Err(th.attribute_error_msg("cannot delete row_factory attribute"));
                }
                let c = Connection::of(o);
                th.store_opt(c, &c.row_factory, v.and_then(|v| v.some()));
                Ok(())
            },
        ),
        getset(
            "text_factory",
            "",
            |_, o| Ok(Value::opt_or_none(Connection::of(o).text_factory.get())),
            |th, o, v| {
                if v.is_none() {
                    return Err(th.attribute_error_msg("cannot delete text_factory attribute"));
                }
                let c = Connection::of(o);
                th.store_opt(c, &c.text_factory, v);
                Ok(())
            },
        ),
    ],
    trace: Some(Connection::trace),
    drop: Some(|o| unsafe {
        let c = &*(o.as_ptr() as *const Connection);
        let p = c.st.swap(std::ptr::null_mut(), AcqRel);
        let db = c.db.swap(std::ptr::null_mut(), AcqRel);
        let state = if p.is_null() { None } else { Some(Box::from_raw(p)) };
        super::dead::later(super::dead::Dead::Connection(Left { state, db }));
    }),
    ..NativeType::DEFAULT
});
