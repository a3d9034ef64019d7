//! What a connection calls: functions, aggregates, collations, handlers.
//!
//! # Safety
//! SQLite owns the callback of what it can destroy, and frees it with [`function::destroy`], also when it does not take it
//! (but for collations). Those of handlers are the connection's: they are freed when SQLite has been given another. Each
//! callback looks at what it was registered with before it runs Python code, and not again.

use super::*;

fn check_narg(th: Th, name: &str, n: c_int) -> R<()> {
    if !(-1..=1000).contains(&n) {
        return Err(programming(th, format!("'{name}' must be between -1 and 1000, not {n}")));
    }
    Ok(())
}
/// Binds a method whose parameters will not be keywords any more.
pub(super) fn keywords<const N: usize>(
    th: Th,
    d: &'static NativeDef,
    a: RawArgs,
    names: &str,
    f: fn(Th, Args) -> R<Value>,
) -> R<Value> {
    let soft = a.keywords().any(|(k, _)| th.text(k) != "deterministic" && th.text(k) != "n");
    if soft {
        let many = names.contains(' ');
        let (s, p) = if many { ("arguments", "Parameters") } else { ("argument", "Parameter") };
        crate::deprecated(
            th,
            &format!(
                "Passing keyword {s} {names} to _sqlite3.Connection.{}() is deprecated. {p} {names} will become positional-only in Python 3.15.",
                d.name
            ),
        )?;
    }
    let mut out = [None; N];
    out[0] = Some(a.pos()[0]);
    adder_vm::bind::bind_with(th, d, Some(CONNECTION.get().value()), a.skip(1), &mut out[1..])?;
    f(th, &out)
}
pub(super) static FUNCTION_SIG: NativeDef =
    signature("create_function", "(name, narg, func, *, deterministic=False)");
pub(super) static AGGREGATE_SIG: NativeDef = signature("create_aggregate", "(name, n_arg, aggregate_class)");
pub(super) static AUTHORIZER_SIG: NativeDef = signature("set_authorizer", "(authorizer_callback)");
pub(super) static PROGRESS_SIG: NativeDef = signature("set_progress_handler", "(progress_handler, n)");
pub(super) static TRACE_SIG: NativeDef = signature("set_trace_callback", "(trace_callback)");

/// The connection, name, number of arguments (called `what`) and callable of a function to be made.
fn function_args(th: Th, a: Args, method: &str, what: &str) -> R<(Open, CString, c_int, Value)> {
    let name = text(th, a[1].unwrap(), method, "1")?;
    let narg = int32(th, a[2].unwrap())?;
    let c = open(th, a)?;
    check_narg(th, what, narg)?;
    Ok((c, name, narg, a[3].unwrap()))
}
/// Registers `f` with SQLite by `create`, which gets the callback and whether there is one: None takes away what has the
/// name.
fn register(th: Th, c: &Open, f: Value, create: impl FnOnce(*mut c_void, bool) -> c_int) -> R<c_int> {
    if f.is_none() {
        return Ok(create(std::ptr::null_mut(), false));
    }
    Ok(create(Callback::new(th, **c, f)?, true))
}

pub(super) fn create_function(th: Th, a: Args) -> R<Value> {
    let deterministic = match a[4] {
        Some(v) => th.truth(v)?,
        None => false,
    };
    let (c, name, narg, f) = function_args(th, a, "create_function", "narg")?;
    let flags = ffi::SQLITE_UTF8 | if deterministic { ffi::SQLITE_DETERMINISTIC } else { 0 };
    // SAFETY: the connection is held; SQLite owns the callback from now on.
    let rc = register(th, &c, f, |p, on| unsafe {
        ffi::sqlite3_create_function_v2(
            c.db(),
            name.as_ptr(),
            narg,
            flags,
            p,
            on.then_some(function::function),
            None,
            None,
            on.then_some(function::destroy),
        )
    })?;
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&crate::OPERATIONAL_ERROR, "Error creating function"));
    }
    none()
}
pub(super) fn create_aggregate(th: Th, a: Args) -> R<Value> {
    let (c, name, narg, f) = function_args(th, a, "create_aggregate", "n_arg")?;
    // SAFETY: as above.
    let rc = register(th, &c, f, |p, on| unsafe {
        ffi::sqlite3_create_function_v2(
            c.db(),
            name.as_ptr(),
            narg,
            ffi::SQLITE_UTF8,
            p,
            None,
            on.then_some(function::step),
            on.then_some(function::finalize),
            on.then_some(function::destroy),
        )
    })?;
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&crate::OPERATIONAL_ERROR, "Error creating aggregate"));
    }
    none()
}
pub(super) fn create_window(th: Th, a: Args) -> R<Value> {
    let (c, name, narg, f) = function_args(th, a, "create_window_function", "num_params")?;
    // SAFETY: as above.
    let rc = register(th, &c, f, |p, on| unsafe {
        ffi::sqlite3_create_window_function(
            c.db(),
            name.as_ptr(),
            narg,
            ffi::SQLITE_UTF8,
            p,
            on.then_some(function::step),
            on.then_some(function::finalize),
            on.then_some(function::value),
            on.then_some(function::inverse),
            on.then_some(function::destroy),
        )
    })?;
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    none()
}
pub(super) fn create_collation(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = text(th, a[1].unwrap(), "create_collation", "1")?;
    let f = a[2].unwrap();
    if !f.is_none() && th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("parameter must be callable"));
    }
    // SAFETY: as above.
    let rc = register(th, &c, f, |p, on| unsafe {
        let rc = ffi::sqlite3_create_collation_v2(
            c.db(),
            name.as_ptr(),
            ffi::SQLITE_UTF8,
            p,
            on.then_some(function::collate),
            on.then_some(function::destroy),
        );
        if rc != ffi::SQLITE_OK {
            // SQLite does not call the destructor here.
            function::destroy(p);
        }
        rc
    })?;
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    none()
}
pub(super) fn set_handler(th: Th, c: Gc<Connection>, f: Value, which: u8, n: c_int) -> R<Value> {
    let p = if f.is_none() { std::ptr::null_mut() } else { Callback::new(th, c, f)? };
    let st = c.state();
    let db = c.db();
    let slot = match which {
        0 => &mut st.trace,
        1 => &mut st.progress,
        _ => &mut st.auth,
    };
    let old = std::mem::replace(slot, p);
    let rc = unsafe {
        match (which, p.is_null()) {
            (0, true) => ffi::sqlite3_trace_v2(db, 0, None, p),
            (0, false) => ffi::sqlite3_trace_v2(db, ffi::SQLITE_TRACE_STMT, Some(function::trace), p),
            (1, true) => {
                ffi::sqlite3_progress_handler(db, 0, None, p);
                0
            }
            (1, false) => {
                ffi::sqlite3_progress_handler(db, n, Some(function::progress), p);
                0
            }
            (_, true) => ffi::sqlite3_set_authorizer(db, None, p),
            (_, false) => ffi::sqlite3_set_authorizer(db, Some(function::authorize), p),
        }
    };
    // SAFETY: SQLite has it no more.
    unsafe { function::destroy(old) };
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&crate::OPERATIONAL_ERROR, "Error setting authorizer callback"));
    }
    none()
}
