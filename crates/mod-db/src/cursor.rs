//! `Cursor`: executing statements, binding parameters, fetching rows.
//!
//! # Safety
//! The connection is held while its statements are used (`Conn::check`); a statement is kept alive by an `Arc` of whoever
//! uses it. What a database is asked after Python code may have run is asked of one had by `Conn::live` meanwhile. Texts and
//! blobs of a column are copied before the next step or call; what is bound is copied by SQLite (`SQLITE_TRANSIENT`).

use super::connection::{CONNECTION, Conn, Connection, Open, Stmt, statement};
use super::function::Plain;
use super::{Args, State, adapt, docs, native_layout, none, programming, row};
use adder_vm::builtins::{bytearray, bytes, exceptions as exc, float, int, list, object, str_type};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::lock;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libsqlite3_sys as ffi;
use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicPtr, Ordering::*};
use std::sync::{Arc, Mutex, MutexGuard};

native_layout! { pub Cursor {
    connection, description, lastrowid, row_factory, casts: List, ahead;
    st: AtomicPtr<KState>, initialized: AtomicBool, closed: AtomicBool, locked: AtomicBool,
    arraysize: AtomicI64, rowcount: AtomicI64
} }

/// An adapter was registered for `int`, `float`, `str` or `bytearray`.
pub static BASE_ADAPTED: AtomicBool = AtomicBool::new(false);

#[derive(Default)]
pub struct KState {
    stmt: Mutex<Option<Arc<Stmt>>>,
}
impl Cursor {
    /// The statement that is being executed.
    fn stmt(&self) -> MutexGuard<'_, Option<Arc<Stmt>>> {
        // SAFETY: made by `__new__`, freed with the object.
        let st = unsafe { &*self.st.load(Acquire) };
        lock(&st.stmt)
    }
}

pub static CURSOR: TypeCell = TypeCell::new(&NativeType {
    name: "sqlite3.Cursor",
    kind: Kind::Native,
    size: Cursor::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "SQLite database cursor class.",
    slots: Slots {
        new: Some(|th, t, _| {
            let o = object::new_instance(th, t.known())?;
            Cursor::of(o).st.store(Box::into_raw(Box::default()), Release);
            Ok(o)
        }),
        init: Some(|th, o, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("Cursor() takes no keyword arguments"));
            }
            if a.len() != 1 {
                return Err(th.type_error(format!("Cursor expected 1 argument, got {}", a.len())));
            }
            let c = a.pos()[0];
            if !th.isinstance_exact(c, CONNECTION.get()) {
                return Err(th.type_error(format!(
                    "Cursor() argument 1 must be sqlite3.Connection, not {}",
                    th.type_name_of(c)
                )));
            }
            let k = Cursor::of(o);
            let _before = match k.connection.get() {
                Some(c) => Some(Connection::of(c).hold(th)?),
                None => None,
            };
            if k.locked.load(Acquire) {
                return Err(programming(th, "Recursive use of cursors not allowed."));
            }
            drop_statement(k);
            th.store(k, &k.connection, c);
            for s in [&k.description, &k.lastrowid, &k.row_factory] {
                s.init(Some(NONE()));
            }
            k.casts.init(None);
            k.ahead.init(None);
            k.arraysize.store(1, Relaxed);
            k.rowcount.store(-1, Relaxed);
            k.closed.store(false, Relaxed);
            Connection::of(c).check_thread(th)?;
            k.initialized.store(true, Release);
            Ok(())
        }),
        iter: Some(|_, o| Ok(o)),
        iternext: Some(|th, o| next_row(th, Cursor::of(o))),
        ..Slots::NONE
    },
    methods: &[
        method("close", "($self, /)", docs::cursor("close"), |th, a| {
            let k = this(a);
            let Some(c) = k.connection.get() else {
                return Err(programming(th, "Base Cursor.__init__ not called."));
            };
            let c = Connection::of(c);
            in_use(th, k, c)?;
            let _open = c.check(th)?;
            in_use(th, k, c)?;
            drop_statement(k);
            k.ahead.init(None);
            k.closed.store(true, Release);
            none()
        }),
        method("execute", "($self, sql, parameters=(), /)", docs::cursor("execute"), |th, a| {
            execute(th, this(a), false, a[1].unwrap(), a[2])
        }),
        method("executemany", "($self, sql, seq_of_parameters, /)", docs::cursor("executemany"), |th, a| {
            execute(th, this(a), true, a[1].unwrap(), a[2])
        }),
        method("executescript", "($self, sql_script, /)", docs::cursor("executescript"), executescript),
        method("fetchone", "($self, /)", docs::cursor("fetchone"), |th, a| {
            Ok(Value::opt_or_none(next_row(th, this(a))?))
        }),
        method("fetchmany", "($self, /, size=1)", docs::cursor("fetchmany"), |th, a| {
            let k = this(a);
            let n = match a[1] {
                Some(v) => {
                    let i = th.index(v)?;
                    match int::to_i64(i).filter(|n| u32::try_from(*n).is_ok()) {
                        Some(n) => n,
                        None if int::is_negative(i) => {
                            return Err(th.value_error("Cannot convert negative int"));
                        }
                        None => return Err(th.overflow_error("Python int too large for C uint32_t")),
                    }
                }
                None => k.arraysize.load(Relaxed),
            };
            let l = list::new(th, &[])?;
            let mut i = 0;
            while i < n {
                match next_row(th, k)? {
                    Some(v) => list::append(th, l, v)?,
                    None => break,
                }
                i += 1;
            }
            Ok(l.value())
        }),
        method("fetchall", "($self, /)", docs::cursor("fetchall"), |th, a| {
            let k = this(a);
            let l = list::new(th, &[])?;
            while let Some(v) = next_row(th, k)? {
                list::append(th, l, v)?;
            }
            Ok(l.value())
        }),
        method("setinputsizes", "($self, sizes, /)", docs::cursor("setinputsizes"), |_, _| none()),
        method("setoutputsize", "($self, size, column=None, /)", docs::cursor("setoutputsize"), |_, _| {
            none()
        }),
    ],
    getset: &[
        getset(
            "arraysize",
            "",
            |th, o| Ok(th.int(Cursor::of(o).arraysize.load(Relaxed))),
            |th, o, v| {
                let Some(v) = v else {
                    return Err(th.attribute_error_msg(
                        "attribute 'arraysize' of 'sqlite3.Cursor' objects cannot be deleted",
                    ));
                };
                let i = th.index(v)?;
                match int::to_i64(i).filter(|n| u32::try_from(*n).is_ok()) {
                    Some(n) => Cursor::of(o).arraysize.store(n, Relaxed),
                    None if int::is_negative(i) => return Err(th.value_error("Cannot convert negative int")),
                    None => {
                        return Err(th.overflow_error("Python int too large to convert to C uint32_t"));
                    }
                }
                Ok(())
            },
        ),
        getset(
            "row_factory",
            "",
            |_, o| Ok(Value::opt_or_none(Cursor::of(o).row_factory.get())),
            |th, o, v| {
                let Some(v) = v else {
                    return Err(th.attribute_error_msg("cannot delete row_factory attribute"));
                };
                let k = Cursor::of(o);
                th.store(k, &k.row_factory, v);
                Ok(())
            },
        ),
        getter("rowcount", "", |th, o| Ok(th.int(Cursor::of(o).rowcount.load(Relaxed)))),
    ],
    members: &[
        MemberDef {
            name: "connection",
            doc: "",
            offset: std::mem::offset_of!(Cursor, connection) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "description",
            doc: "",
            offset: std::mem::offset_of!(Cursor, description) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "lastrowid",
            doc: "",
            offset: std::mem::offset_of!(Cursor, lastrowid) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
    ],
    trace: Some(Cursor::trace),
    // SAFETY: the collector calls it with a cursor that died; the box is that of `__new__`, and is swapped out.
    drop: Some(|o| unsafe {
        let k = &*(o.as_ptr() as *const Cursor);
        let p = k.st.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            let st = Box::from_raw(p);
            if let Some(s) = st.stmt.into_inner().unwrap_or_else(|e| e.into_inner()) {
                super::dead::later(super::dead::Dead::Running(s));
            }
        }
    }),
    ..NativeType::DEFAULT
});

fn this(a: Args) -> Gc<Cursor> {
    Cursor::of(a[0].unwrap())
}
fn drop_statement(k: Gc<Cursor>) {
    let s = k.stmt().take();
    if let Some(s) = s {
        s.reset();
        s.in_use.store(false, Release);
    }
}
/// The cursor's connection, open and held.
fn check(th: Th, k: Gc<Cursor>) -> R<Open> {
    if !k.initialized.load(Acquire) {
        return Err(programming(th, "Base Cursor.__init__ not called."));
    }
    if k.closed.load(Relaxed) {
        return Err(programming(th, "Cannot operate on a closed cursor."));
    }
    let c = Connection::of(k.connection.value());
    in_use(th, k, c)?;
    let open = c.check(th)?;
    in_use(th, k, c)?;
    Ok(open)
}
/// Another thread's use ends while this one waits for the connection.
fn in_use(th: Th, k: Gc<Cursor>, c: Gc<Connection>) -> R<()> {
    if k.locked.load(Acquire) && c.held_by(th) {
        return Err(programming(th, "Recursive use of cursors not allowed."));
    }
    Ok(())
}
/// While it lives the cursor is in use.
struct Lock(Gc<Cursor>);
impl Lock {
    fn new(k: Gc<Cursor>) -> Lock {
        k.locked.store(true, Release);
        Lock(k)
    }
}
impl Drop for Lock {
    fn drop(&mut self) {
        self.0.locked.store(false, Release);
    }
}

fn step(th: Th, s: &Stmt) -> c_int {
    let p = s.get();
    if p.is_null() {
        return ffi::SQLITE_OK;
    }
    // SAFETY: not null, and `s` keeps it until the call is over.
    th.m.blocking(|| unsafe { ffi::sqlite3_step(p) })
}

// -- parameters

fn bind_value(th: Th, p: *mut ffi::sqlite3_stmt, i: c_int, name: &str, v: Value) -> R<()> {
    let plain = v.is_none()
        || !BASE_ADAPTED.load(Relaxed)
            && (int::is_exact(v)
                || float::is_exact(v)
                || v.is_exact(Kind::Str)
                || v.is_exact(Kind::ByteArray));
    let v = if plain { v } else { adapt(th, v, row::PREPARE_PROTOCOL.get().value(), Some(v))? };
    let Some(x) = Plain::of(th, &v)? else {
        return Err(programming(
            th,
            format!("Error binding parameter {name}: type '{}' is not supported", th.type_name_of(v)),
        ));
    };
    // SAFETY: SQLite copies texts and blobs.
    let rc = unsafe {
        let copy = ffi::SQLITE_TRANSIENT();
        match x {
            Plain::Null => ffi::sqlite3_bind_null(p, i),
            Plain::Int(n) => ffi::sqlite3_bind_int64(p, i, n),
            Plain::Double(f) => ffi::sqlite3_bind_double(p, i, f),
            Plain::Text(b) => ffi::sqlite3_bind_text(p, i, b.as_ptr().cast(), b.len() as c_int, copy),
            Plain::Blob(b) => ffi::sqlite3_bind_blob(p, i, b.bytes().as_ptr().cast(), b.len() as c_int, copy),
        }
    };
    if rc != ffi::SQLITE_OK {
        // SAFETY: a database is there as long as one of its statements, which the caller has a share of.
        return Err(unsafe { super::db_error(th, ffi::sqlite3_db_handle(p), rc) });
    }
    Ok(())
}
fn bind_parameters(th: Th, s: &Stmt, params: Value) -> R<()> {
    let p = s.get();
    let n = unsafe { ffi::sqlite3_bind_parameter_count(p) };
    // SAFETY: the name lives as long as the statement, and is copied at once.
    let name_of = |i: c_int| unsafe {
        let z = ffi::sqlite3_bind_parameter_name(p, i);
        if z.is_null() { None } else { Some(CStr::from_ptr(z).to_string_lossy().into_owned()) }
    };
    let sequence = params.is_kind(Kind::Tuple)
        || params.is_kind(Kind::List)
        || (!params.is_kind(Kind::Dict)
            && th.type_of(params).slots.getitem.is_some()
            && is_sequence(th, params));
    if sequence {
        let given = th.len(params)?;
        if given != n as usize {
            return Err(programming(
                th,
                format!(
                    "Incorrect number of bindings supplied. The current statement uses {n}, and there are {given} supplied."
                ),
            ));
        }
        for i in 1..=n {
            if let Some(name) = name_of(i)
                && !name.starts_with('?')
            {
                return Err(programming(
                    th,
                    format!(
                        "Binding {i} ('{name}') is a named parameter, but you supplied a sequence which requires nominal (qmark) placeholders."
                    ),
                ));
            }
            let v = match params.exact::<List>() {
                Some(l) => match l.get(i as usize - 1) {
                    Some(v) => v,
                    None => return Err(th.index_error("list index out of range")),
                },
                None => th.getitem(params, Value::fix(i as i64 - 1))?,
            };
            bind_value(th, p, i, &i.to_string(), v)?;
        }
        return Ok(());
    }
    if th.type_of(params).slots.getitem.is_some() {
        for i in 1..=n {
            let Some(name) = name_of(i) else {
                return Err(programming(
                    th,
                    format!("Binding {i} has no name, but you supplied a dictionary (which has only names)."),
                ));
            };
            let key = th.str(&name[1..]);
            let v = match params.exact::<Dict>() {
                Some(d) => d.get(th, key)?,
                None => {
                    let r = th.getitem(params, key);
                    th.catch(r, &exc::LOOKUP_ERROR)?
                }
            };
            let Some(v) = v else {
                return Err(programming(
                    th,
                    format!("You did not supply a value for binding parameter :{}.", &name[1..]),
                ));
            };
            bind_value(th, p, i, &format!("':{}'", &name[1..]), v)?;
        }
        return Ok(());
    }
    Err(programming(th, "parameters are of unsupported type"))
}
/// `PySequence_Check` without mappings.
fn is_sequence(th: Th, v: Value) -> bool {
    let t = th.type_of(v);
    if t.heap_type() {
        // A Python class is a sequence by its `__getitem__` unless it is a dict.
        return th.lookup(t, th.intern("keys")).is_none();
    }
    th.lookup(t, th.intern("keys")).is_none()
}

// -- execution

fn execute(th: Th, k: Gc<Cursor>, many: bool, sql: Value, params: Option<Value>) -> R<Value> {
    let c = check(th, k)?;
    let r = run(th, k, &c, many, sql, params);
    if r.is_err() {
        k.rowcount.store(-1, Relaxed);
        let s = k.stmt().take();
        if let Some(s) = s {
            let e = th.pending();
            s.reset();
            s.in_use.store(false, Release);
            if let Some(e) = e {
                th.set_exc(e);
            }
        }
    }
    r
}
fn run(th: Th, k: Gc<Cursor>, open: &Open, many: bool, sql: Value, params: Option<Value>) -> R<Value> {
    let c = **open;
    let _lock = Lock::new(k);
    if !sql.is_kind(Kind::Str) {
        let f = if many { "executemany" } else { "execute" };
        return Err(th.type_error(format!("{f}() argument 1 must be str, not {}", th.arg_type_name(sql))));
    }
    let mut source = None;
    if many {
        source = Some(th.iter(params.unwrap())?);
    }
    drop_statement(k);
    k.ahead.init(None);
    let s = statement(th, c, sql)?;
    // Reset before it is bound again.
    s.reset();
    s.in_use.store(true, Release);
    *k.stmt() = Some(s.clone());
    k.rowcount.store(if s.dml { 0 } else { -1 }, Relaxed);
    k.description.init(Some(NONE()));
    let p = s.get();
    if many && !p.is_null() && unsafe { ffi::sqlite3_stmt_readonly(p) } != 0 {
        return Err(programming(th, "executemany() can only execute DML statements."));
    }
    c.live(th)?;
    let st = c.state();
    if st.autocommit == -1
        && let Some(level) = st.isolation
        && s.dml
        && !c.in_transaction()
    {
        let q = if level.is_empty() { "BEGIN ".to_string() } else { format!("BEGIN {level}") };
        c.exec(th, &q)?;
    }
    let mut first = true;
    loop {
        let args = match source {
            // What it finds afterwards may be another database.
            Some(it) => match open.outside(|| th.next(it))? {
                Some(v) => v,
                None => break,
            },
            None if first => params.unwrap_or_else(|| th.tuple(&[])),
            None => break,
        };
        if !first || many {
            s.reset();
        }
        first = false;
        if p.is_null() {
            // Nothing but comments.
            bind_empty(th, args)?;
            break;
        }
        if unsafe { ffi::sqlite3_bind_parameter_count(p) } > 0 {
            unsafe { ffi::sqlite3_clear_bindings(p) };
        }
        bind_parameters(th, &s, args)?;
        c.live(th)?;
        let rc = step(th, &s);
        if th.pending().is_some() {
            return Err(adder_vm::err::Raised);
        }
        if rc != ffi::SQLITE_DONE && rc != ffi::SQLITE_ROW {
            return Err(c.error(th, rc));
        }
        if st.detect_types != 0 && k.casts.get().is_none() || !many {
            build_casts(th, k, c, &s)?;
        }
        let n = unsafe { ffi::sqlite3_column_count(p) };
        if !many && n > 0 {
            let l = list::new(th, &[])?;
            for i in 0..n {
                let name = column_name(th, c, p, i)?;
                let none = NONE();
                list::append(th, l, th.tuple(&[name, none, none, none, none, none, none]))?;
            }
            let d = adder_vm::builtins::tuple::from_iterable(th, l.value())?;
            th.store(k, &k.description, d);
        }
        if rc == ffi::SQLITE_DONE {
            if s.dml {
                k.rowcount.fetch_add(c.changes(), Relaxed);
            }
            s.reset();
        } else if many {
            // Rows of RETURNING are not kept.
            s.reset();
            if s.dml {
                k.rowcount.fetch_add(c.changes(), Relaxed);
            }
        }
        if !many && rc == ffi::SQLITE_ROW {
            let id = c.last_rowid();
            let v = th.int(id);
            th.store(k, &k.lastrowid, v);
            if is_pragma(sql) {
                read_ahead(th, k, c, &s)?;
            }
            return Ok(k.value());
        }
    }
    if !many {
        let id = c.last_rowid();
        let v = th.int(id);
        th.store(k, &k.lastrowid, v);
    }
    // All is done: the statement may be used again.
    drop_statement(k);
    Ok(k.value())
}
fn bind_empty(th: Th, args: Value) -> R<()> {
    let n = th.len(args)?;
    if n > 0 && !args.is_kind(Kind::Dict) {
        return Err(programming(
            th,
            format!(
                "Incorrect number of bindings supplied. The current statement uses 0, and there are {n} supplied."
            ),
        ));
    }
    Ok(())
}
fn column_name(th: Th, c: Gc<Connection>, p: *mut ffi::sqlite3_stmt, i: c_int) -> R<Value> {
    let z = unsafe { ffi::sqlite3_column_name(p, i) };
    if z.is_null() {
        return Err(th.memory_error());
    }
    // SAFETY: not null; SQLite keeps the name until the column is asked for again, and it is copied before.
    let b = unsafe { CStr::from_ptr(z) }.to_bytes();
    let mut n = b.len();
    if c.state().detect_types & 2 != 0
        && let Some(at) = b.iter().position(|x| *x == b'[')
    {
        // "name [type]"
        n = if at > 0 && b[at - 1] == b' ' { at - 1 } else { at };
    }
    th.try_str(&b[..n])
}
/// The converter of each column.
fn build_casts(th: Th, k: Gc<Cursor>, c: Gc<Connection>, s: &Stmt) -> R<()> {
    let detect = c.state().detect_types;
    if detect == 0 {
        k.casts.init(None);
        return Ok(());
    }
    let p = s.get();
    let n = unsafe { ffi::sqlite3_column_count(p) };
    let l = list::new(th, &[])?;
    let find = |name: &[u8]| -> R<Option<Value>> {
        let t = th.try_str(name)?;
        let u = th.call_method(t, th.intern("upper"), &[])?;
        State::Converters.dict().get(th, u)
    };
    for i in 0..n {
        let mut f = None;
        if detect & 2 != 0 {
            let z = unsafe { ffi::sqlite3_column_name(p, i) };
            if !z.is_null() {
                // SAFETY: not null; `find` copies it before it runs anything.
                let b = unsafe { CStr::from_ptr(z) }.to_bytes();
                if let (Some(x), Some(y)) =
                    (b.iter().position(|x| *x == b'['), b.iter().position(|x| *x == b']'))
                    && x < y
                {
                    f = find(&b[x + 1..y])?;
                }
            }
        }
        if f.is_none() && detect & 1 != 0 {
            let z = unsafe { ffi::sqlite3_column_decltype(p, i) };
            if !z.is_null() {
                // SAFETY: as the name.
                let b = unsafe { CStr::from_ptr(z) }.to_bytes();
                let e = b.iter().position(|x| *x == b' ' || *x == b'(').unwrap_or(b.len());
                f = find(&b[..e])?;
            }
        }
        list::append(th, l, f.unwrap_or(NONE()))?;
    }
    th.store(k, &k.casts, l);
    Ok(())
}

/// The row that the statement stands on.
fn fetch(th: Th, k: Gc<Cursor>, c: Gc<Connection>, p: *mut ffi::sqlite3_stmt) -> R<Value> {
    let n = unsafe { ffi::sqlite3_data_count(p) };
    let l = list::with_capacity(th, n as usize)?;
    let casts = k.casts.get();
    let blob = |i: c_int| -> &[u8] {
        // SAFETY: as long as SQLite says of it next. Each user copies it before the column is asked for again.
        unsafe {
            let b = ffi::sqlite3_column_blob(p, i) as *const u8;
            let n = ffi::sqlite3_column_bytes(p, i) as usize;
            if b.is_null() || n == 0 { &[] } else { std::slice::from_raw_parts(b, n) }
        }
    };
    for i in 0..n {
        let t = unsafe { ffi::sqlite3_column_type(p, i) };
        let cast = casts.and_then(|c| c.get(i as usize)).and_then(|v| v.some());
        let v = if let Some(f) = cast {
            // An empty blob is none too.
            if t == ffi::SQLITE_NULL || blob(i).is_empty() {
                NONE()
            } else {
                let b = bytes::new(th, blob(i))?.value();
                th.call(f, &[b])?
            }
        } else {
            match t {
                ffi::SQLITE_NULL => NONE(),
                ffi::SQLITE_INTEGER => th.int(unsafe { ffi::sqlite3_column_int64(p, i) }),
                ffi::SQLITE_FLOAT => th.float(unsafe { ffi::sqlite3_column_double(p, i) }),
                ffi::SQLITE_TEXT => {
                    // SAFETY: not null; as of a blob, and copied before the text factory runs.
                    let b = unsafe {
                        let z = ffi::sqlite3_column_text(p, i);
                        if z.is_null() {
                            return Err(th.memory_error());
                        }
                        std::slice::from_raw_parts(z, ffi::sqlite3_column_bytes(p, i) as usize)
                    };
                    let f = c.text_factory.get().unwrap_or(NONE());
                    if f.is(str_type::STR.get().value()) {
                        if std::str::from_utf8(b).is_err() {
                            let z = unsafe { ffi::sqlite3_column_name(p, i) };
                            if z.is_null() {
                                return Err(th.memory_error());
                            }
                            // SAFETY: not null; copied before SQLite is asked for anything else.
                            let name = unsafe { CStr::from_ptr(z) }.to_string_lossy();
                            return Err(th.raise_msg(
                                &super::OPERATIONAL_ERROR,
                                &format!(
                                    "Could not decode to UTF-8 column '{name}' with text '{}'",
                                    String::from_utf8_lossy(b)
                                ),
                            ));
                        }
                        th.try_str(b)?
                    } else if f.is(bytes::BYTES.get().value()) {
                        bytes::new(th, b)?.value()
                    } else if f.is(bytearray::BYTEARRAY.get().value()) {
                        bytearray::new(th, b)?
                    } else {
                        let o = bytes::new(th, b)?.value();
                        th.call(f, &[o])?
                    }
                }
                _ => bytes::new(th, blob(i))?.value(),
            }
        };
        list::append(th, l, v)?;
        if k.closed.load(Relaxed) || c.db().is_null() {
            return Err(programming(th, "Cannot operate on a closed database."));
        }
    }
    adder_vm::builtins::tuple::from_iterable(th, l.value())
}
fn next_row(th: Th, k: Gc<Cursor>) -> R<Option<Value>> {
    let c = check(th, k)?;
    if let Some(row) = k.ahead.get() {
        k.ahead.init(None);
        drop(c);
        return made(th, k, row).map(Some);
    }
    let s = k.stmt().clone();
    let Some(s) = s else { return Ok(None) };
    let p = s.get();
    if p.is_null() || unsafe { ffi::sqlite3_data_count(p) } == 0 {
        drop_statement(k);
        return Ok(None);
    }
    let row = {
        let _lock = Lock::new(k);
        fetch(th, k, *c, p)?
    };
    c.live(th)?;
    let rc = {
        let _lock = Lock::new(k);
        step(th, &s)
    };
    if th.pending().is_some() {
        drop_statement(k);
        return Err(adder_vm::err::Raised);
    }
    if rc == ffi::SQLITE_DONE {
        if s.dml {
            k.rowcount.store(c.changes(), Relaxed);
        }
        drop_statement(k);
    } else if rc != ffi::SQLITE_ROW {
        let e = c.error(th, rc);
        drop_statement(k);
        return Err(e);
    }
    // Whoever drops a statement last finalizes it, which locks the database.
    drop(s);
    drop(c);
    made(th, k, row).map(Some)
}
/// What the program gets for a row.
fn made(th: Th, k: Gc<Cursor>, row: Value) -> R<Value> {
    match k.row_factory.get().and_then(|v| v.some()) {
        None => Ok(row),
        Some(f) => th.call(f, &[k.value(), row]),
    }
}
/// A program that sets something with a `PRAGMA` leaves its answer alone, and the cursor to the collector; until then the
/// statement would keep the database locked. So its first row is read ahead, and with that most of them are done.
fn read_ahead(th: Th, k: Gc<Cursor>, c: Gc<Connection>, s: &Stmt) -> R<()> {
    let row = fetch(th, k, c, s.get())?;
    let rc = step(th, s);
    if th.pending().is_some() {
        return Err(adder_vm::err::Raised);
    }
    match rc {
        ffi::SQLITE_DONE => drop_statement(k),
        ffi::SQLITE_ROW => {}
        _ => return Err(c.error(th, rc)),
    }
    th.store(k, &k.ahead, row);
    Ok(())
}
fn is_pragma(sql: Value) -> bool {
    let sql = sql.known::<Str>();
    let s = sql.bytes().trim_ascii_start();
    s.get(..6).is_some_and(|w| w.eq_ignore_ascii_case(b"pragma"))
}

fn executescript(th: Th, a: Args) -> R<Value> {
    let k = this(a);
    let v = a[1].unwrap();
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "executescript() argument must be str, not {}",
            if v.is_none() { "None".into() } else { th.arg_type_name(v) }
        )));
    }
    let z = super::c_text(th, v, "executescript() argument")?;
    let c = check(th, k)?;
    let max = c.limit(ffi::SQLITE_LIMIT_SQL_LENGTH, -1);
    if z.as_bytes().len() > max as usize {
        return Err(th.raise_msg(&super::DATA_ERROR, "query string is too large"));
    }
    if c.state().autocommit == -1 && c.in_transaction() {
        c.exec(th, "COMMIT")?;
    }
    let mut at = z.as_ptr();
    loop {
        let db = c.live(th)?;
        let (mut stmt, mut tail) = (std::ptr::null_mut(), std::ptr::null());
        // SAFETY: `db` is live, `at` within `z`, and the statement nobody else's; SQLite takes null for one of no SQL.
        let rc = th.m.blocking(|| unsafe {
            let mut rc = ffi::sqlite3_prepare_v2(db, at, -1, &mut stmt, &mut tail);
            if rc == ffi::SQLITE_OK {
                loop {
                    rc = ffi::sqlite3_step(stmt);
                    if rc != ffi::SQLITE_ROW {
                        break;
                    }
                }
                rc = ffi::sqlite3_finalize(stmt);
            }
            rc
        });
        if rc != ffi::SQLITE_OK {
            return Err(c.error(th, rc));
        }
        at = tail;
        // SAFETY: SQLite leaves the tail within `z`, at its NUL at the latest.
        if unsafe { *at } == 0 {
            break;
        }
    }
    Ok(k.value())
}
