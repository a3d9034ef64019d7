//! Native module `_sqlite3`, over SQLite itself (built from source by `libsqlite3-sys`).
//!
//! # Invariants
//! - SQLite is called outside the running state where it may block; its callbacks come back into it.
//! - What SQLite refers to by address (connections in callbacks) is pinned; callables are kept in the connection's
//!   `callables` list, and SQLite's user data is an index into it.
//! - `Connection`'s `aux` is the array of the two dicts of [`State`], from the import on; nothing of Python's
//!   reaches it.
//! - SQLite is never called during a collection (`dead.rs`).
//! - Statements are shared by reference count between a connection and its cursors, and finalized by the last of them.

mod blob;
mod connection;
mod consts;
mod cursor;
mod dead;
mod docs;
mod function;
mod row;

use adder_vm::builtins::exceptions as exc;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use libsqlite3_sys as ffi;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&MODULE];

pub type Args<'a> = &'a [Option<Value>];

static MODULE: NativeModule = NativeModule {
    name: "_sqlite3",
    doc: "",
    functions: &[
        raw_function(
            "connect",
            "!($module, /, database, timeout=5.0, detect_types=0,\n        isolation_level='', check_same_thread=True,\n        factory=ConnectionType, cached_statements=128, uri=False, *,\n        autocommit=sqlite3.LEGACY_TRANSACTION_CONTROL)",
            docs::module("connect"),
            connect,
        ),
        function(
            "complete_statement",
            "($module, /, statement)",
            docs::module("complete_statement"),
            |th, a| {
                let s = c_text(th, a[0].unwrap(), "complete_statement() argument 'statement'")?;
                Ok(Value::bool(unsafe { ffi::sqlite3_complete(s.as_ptr()) } != 0))
            },
        ),
        function(
            "register_adapter",
            "($module, type, adapter, /)",
            docs::module("register_adapter"),
            |th, a| {
                use adder_vm::builtins::{bytearray, float, int, str_type};
                // From now on builtin types may have adapters too.
                let t = a[0].unwrap();
                if [&int::INT, &float::FLOAT, &str_type::STR, &bytearray::BYTEARRAY]
                    .iter()
                    .any(|c| t.is(c.get().value()))
                {
                    cursor::BASE_ADAPTED.store(true, std::sync::atomic::Ordering::Relaxed);
                }
                let key = th.tuple(&[a[0].unwrap(), row::PREPARE_PROTOCOL.get().value()]);
                State::Adapters.dict().set(th, key, a[1].unwrap())?;
                Ok(NONE())
            },
        ),
        function(
            "register_converter",
            "($module, typename, converter, /)",
            docs::module("register_converter"),
            |th, a| {
                let v = a[0].unwrap();
                if !v.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "register_converter() argument 1 must be str, not {}",
                        th.arg_type_name(v)
                    )));
                }
                let k = th.call_method(v, th.intern("upper"), &[])?;
                State::Converters.dict().set(th, k, a[1].unwrap())?;
                Ok(NONE())
            },
        ),
        function(
            "adapt",
            "!($module, obj, proto=PrepareProtocolType, alt=NULL, /)",
            docs::module("adapt"),
            |th, a| {
                let proto = a[1].unwrap_or_else(|| row::PREPARE_PROTOCOL.get().value());
                adapt(th, a[0].unwrap(), proto, a[2])
            },
        ),
        function(
            "enable_callback_tracebacks",
            "($module, enable, /)",
            docs::module("enable_callback_tracebacks"),
            |th, a| {
                let on = th.truth(a[0].unwrap())?;
                function::TRACEBACKS.store(on, std::sync::atomic::Ordering::Relaxed);
                Ok(NONE())
            },
        ),
    ],
    types: &[
        &ERROR,
        &WARNING,
        &INTERFACE_ERROR,
        &DATABASE_ERROR,
        &INTERNAL_ERROR,
        &OPERATIONAL_ERROR,
        &PROGRAMMING_ERROR,
        &INTEGRITY_ERROR,
        &DATA_ERROR,
        &NOT_SUPPORTED_ERROR,
        &connection::CONNECTION,
        &cursor::CURSOR,
        &row::ROW,
        &row::PREPARE_PROTOCOL,
        &blob::BLOB,
    ],
    init: Some(|th, m| {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| adder_vm::pending::add_call_hook(dead::attend));
        th.make_type(&connection::STATEMENT);
        let t = connection::CONNECTION.get();
        if t.aux.get().is_none() {
            let a = th.array(2)?;
            th.store(a, a.slot(0), Gc::<Dict>::new(th).value());
            th.store(a, a.slot(1), Gc::<Dict>::new(th).value());
            th.store(t, &t.aux, a.value());
        }
        m.put(th, "adapters", State::Adapters.dict().value())?;
        m.put(th, "converters", State::Converters.dict().value())?;
        for (n, v) in consts::ALL {
            m.put(th, n, th.int(v))?;
        }
        m.put(th, "PARSE_DECLTYPES", Value::fix(1))?;
        m.put(th, "PARSE_COLNAMES", Value::fix(2))?;
        m.put(th, "LEGACY_TRANSACTION_CONTROL", Value::fix(-1))?;
        m.put(th, "threadsafety", Value::fix(3))?;
        let v = unsafe { std::ffi::CStr::from_ptr(ffi::sqlite3_libversion()) };
        m.put(th, "sqlite_version", th.str(&v.to_string_lossy()))
    }),
};

#[derive(Clone, Copy)]
pub enum State {
    Adapters,
    Converters,
}
impl State {
    pub fn dict(self) -> Gc<Dict> {
        let a: Gc<Array> = unsafe { connection::CONNECTION.get().aux.gc() };
        unsafe { a.slot(self as usize).gc() }
    }
}

macro_rules! errors {
    ($($cell:ident $name:literal $base:expr;)*) => { $(
        pub static $cell: TypeCell = TypeCell::new({
            const T: &NativeType = &NativeType {
                name: concat!("sqlite3.", $name),
                kind: Kind::BaseException,
                size: size_of::<BaseException>() as u32,
                flags: exc::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE
                    | tflags::WEAKREF
                    | tflags::SHOWN_AS_HEAP,
                base: Some($base),
                ..NativeType::DEFAULT
            };
            T
        });
    )* };
}
errors! {
    ERROR "Error" &exc::EXCEPTION;
    WARNING "Warning" &exc::EXCEPTION;
    INTERFACE_ERROR "InterfaceError" &ERROR;
    DATABASE_ERROR "DatabaseError" &ERROR;
    INTERNAL_ERROR "InternalError" &DATABASE_ERROR;
    OPERATIONAL_ERROR "OperationalError" &DATABASE_ERROR;
    PROGRAMMING_ERROR "ProgrammingError" &DATABASE_ERROR;
    INTEGRITY_ERROR "IntegrityError" &DATABASE_ERROR;
    DATA_ERROR "DataError" &DATABASE_ERROR;
    NOT_SUPPORTED_ERROR "NotSupportedError" &DATABASE_ERROR;
}

#[cold]
pub fn programming(th: Th, msg: impl AsRef<str>) -> Raised {
    th.raise_msg(&PROGRAMMING_ERROR, msg.as_ref())
}

/// Raises the exception of the connection's last error.
///
/// # Safety
/// `db` is not closed.
#[cold]
pub unsafe fn db_error(th: Th, db: *mut ffi::sqlite3, rc: i32) -> Raised {
    let (code, ext, msg) = unsafe {
        let msg = std::ffi::CStr::from_ptr(ffi::sqlite3_errmsg(db)).to_string_lossy().into_owned();
        (ffi::sqlite3_errcode(db) & 0xff, ffi::sqlite3_extended_errcode(db), msg)
    };
    let (code, ext) = if code == 0 { (rc & 0xff, rc) } else { (code, ext) };
    raise_code(th, code, ext, &msg)
}
#[cold]
pub fn raise_code(th: Th, code: i32, ext: i32, msg: &str) -> Raised {
    let cell = match code {
        ffi::SQLITE_INTERNAL | ffi::SQLITE_NOTFOUND => &INTERNAL_ERROR,
        ffi::SQLITE_NOMEM => return th.memory_error(),
        ffi::SQLITE_ERROR
        | ffi::SQLITE_PERM
        | ffi::SQLITE_ABORT
        | ffi::SQLITE_BUSY
        | ffi::SQLITE_LOCKED
        | ffi::SQLITE_READONLY
        | ffi::SQLITE_INTERRUPT
        | ffi::SQLITE_IOERR
        | ffi::SQLITE_FULL
        | ffi::SQLITE_CANTOPEN
        | ffi::SQLITE_PROTOCOL
        | ffi::SQLITE_EMPTY
        | ffi::SQLITE_SCHEMA => &OPERATIONAL_ERROR,
        ffi::SQLITE_TOOBIG => &DATA_ERROR,
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH => &INTEGRITY_ERROR,
        ffi::SQLITE_MISUSE | ffi::SQLITE_RANGE => &INTERFACE_ERROR,
        _ => &DATABASE_ERROR,
    };
    let r = (|| -> R<()> {
        let e = th.call(cell.get().value(), &[th.str(msg)])?;
        th.setattr(e, th.intern("sqlite_errorcode"), Some(th.int(ext as i64)))?;
        let name =
            consts::ALL.iter().find(|(n, v)| *v == ext as i64 && is_error_name(n)).map_or("unknown", |x| x.0);
        th.setattr(e, th.intern("sqlite_errorname"), Some(th.str(name)))?;
        th.raise(e);
        Ok(())
    })();
    match r {
        Ok(()) => Raised,
        Err(e) => e,
    }
}
/// Not a limit, an authorizer action or an option.
fn is_error_name(n: &str) -> bool {
    const ERRORS: [&str; 31] = [
        "OK",
        "ERROR",
        "INTERNAL",
        "PERM",
        "ABORT",
        "BUSY",
        "LOCKED",
        "NOMEM",
        "READONLY",
        "INTERRUPT",
        "IOERR",
        "CORRUPT",
        "NOTFOUND",
        "FULL",
        "CANTOPEN",
        "PROTOCOL",
        "EMPTY",
        "SCHEMA",
        "TOOBIG",
        "CONSTRAINT",
        "MISMATCH",
        "MISUSE",
        "NOLFS",
        "AUTH",
        "FORMAT",
        "RANGE",
        "NOTADB",
        "NOTICE",
        "WARNING",
        "ROW",
        "DONE",
    ];
    let n = &n["SQLITE_".len()..];
    ERRORS.iter().any(|e| n == *e || n.strip_prefix(e).is_some_and(|r| r.starts_with('_')))
        && n != "AUTH_USER_"
}

/// A `str` without NUL.
pub fn c_text(th: Th, v: Value, what: &str) -> R<std::ffi::CString> {
    let Some(s) = v.cast::<Str>() else {
        let n = if v.is_none() { "None".into() } else { th.type_name_of(v) };
        return Err(th.type_error(format!("{what} must be str, not {n}")));
    };
    if s.as_str().is_none() {
        adder_vm::builtins::codecs::encode(th, v, Some(th.str("utf-8")), None)?;
    }
    std::ffi::CString::new(s.bytes()).map_err(|_| th.value_error("embedded null character"))
}

/// PEP 246.
pub fn adapt(th: Th, o: Value, proto: Value, alt: Option<Value>) -> R<Value> {
    let key = th.tuple(&[th.type_of(o).value(), proto]);
    if let Some(f) = State::Adapters.dict().get(th, key)? {
        return th.call(f, &[o]);
    }
    for (x, name, arg) in [(proto, "__adapt__", o), (o, "__conform__", proto)] {
        if let Some(f) = th.getattr_opt(x, th.intern(name))? {
            let r = th.call(f, &[arg]);
            match r {
                Ok(v) if !v.is_none() => return Ok(v),
                Ok(_) => {}
                Err(e) => {
                    if !th.exc_is(&exc::TYPE_ERROR) {
                        return Err(e);
                    }
                    th.take_exc();
                }
            }
        }
    }
    match alt {
        Some(v) => Ok(v),
        None => Err(programming(th, "can't adapt")),
    }
}

/// The warning for arguments that will not be taken this way.
pub fn deprecated(th: Th, msg: &str) -> R<()> {
    adder_vm::warn::warn(th, &exc::DEPRECATION_WARNING, msg, 1)
}
const KEYWORD_ONLY: &str = "is deprecated. Parameters 'timeout', 'detect_types', 'isolation_level', 'check_same_thread', 'factory', 'cached_statements' and 'uri' will become keyword-only parameters in Python 3.15.";
pub fn positional_warning(th: Th, a: RawArgs, func: &str) -> R<()> {
    if a.len() > 1 && a.len() <= 8 {
        deprecated(th, &format!("Passing more than 1 positional argument to {func}() {KEYWORD_ONLY}"))?;
    }
    Ok(())
}

fn connect(th: Th, a: RawArgs) -> R<Value> {
    positional_warning(th, a, "sqlite3.connect")?;
    let mut factory = a.pos().get(5).copied();
    for (k, v) in a.keywords() {
        if k.cast::<Str>().is_some_and(|s| s.bytes() == b"factory") {
            factory = Some(v);
        }
    }
    let f = factory.unwrap_or_else(|| connection::CONNECTION.get().value());
    th.call_raw(f, a)
}

pub(crate) use adder_vm::native_layout;

pub(crate) use adder_vm::declare::{bind, none, signature};
