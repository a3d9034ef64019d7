//! What a connection calls: functions, aggregates, collations, handlers.

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
        super::super::deprecated(
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

pub(super) fn create_function(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = text(th, a[1].unwrap(), "create_function", "1")?;
    let narg = int32(th, a[2].unwrap())?;
    check_narg(th, "narg", narg)?;
    let f = a[3].unwrap();
    let deterministic = match a[4] {
        Some(v) => th.truth(v)?,
        None => false,
    };
    let flags = ffi::SQLITE_UTF8 | if deterministic { ffi::SQLITE_DETERMINISTIC } else { 0 };
    let rc = unsafe {
        if f.is_none() {
            ffi::sqlite3_create_function_v2(
                c.db(),
                name.as_ptr(),
                narg,
                flags,
                std::ptr::null_mut(),
                None,
                None,
                None,
                None,
            )
        } else {
            let p = Callback::new(th, *c, f)?;
            ffi::sqlite3_create_function_v2(
                c.db(),
                name.as_ptr(),
                narg,
                flags,
                p,
                Some(function::function),
                None,
                None,
                Some(function::destroy),
            )
        }
    };
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&super::super::OPERATIONAL_ERROR, "Error creating function"));
    }
    none()
}
pub(super) fn create_aggregate(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = text(th, a[1].unwrap(), "create_aggregate", "1")?;
    let narg = int32(th, a[2].unwrap())?;
    check_narg(th, "n_arg", narg)?;
    let f = a[3].unwrap();
    let rc = unsafe {
        if f.is_none() {
            ffi::sqlite3_create_function_v2(
                c.db(),
                name.as_ptr(),
                narg,
                ffi::SQLITE_UTF8,
                std::ptr::null_mut(),
                None,
                None,
                None,
                None,
            )
        } else {
            let p = Callback::new(th, *c, f)?;
            ffi::sqlite3_create_function_v2(
                c.db(),
                name.as_ptr(),
                narg,
                ffi::SQLITE_UTF8,
                p,
                None,
                Some(function::step),
                Some(function::finalize),
                Some(function::destroy),
            )
        }
    };
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&super::super::OPERATIONAL_ERROR, "Error creating aggregate"));
    }
    none()
}
pub(super) fn create_window(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = text(th, a[1].unwrap(), "create_window_function", "1")?;
    let narg = int32(th, a[2].unwrap())?;
    check_narg(th, "num_params", narg)?;
    let f = a[3].unwrap();
    let rc = unsafe {
        if f.is_none() {
            ffi::sqlite3_create_window_function(
                c.db(),
                name.as_ptr(),
                narg,
                ffi::SQLITE_UTF8,
                std::ptr::null_mut(),
                None,
                None,
                None,
                None,
                None,
            )
        } else {
            let p = Callback::new(th, *c, f)?;
            ffi::sqlite3_create_window_function(
                c.db(),
                name.as_ptr(),
                narg,
                ffi::SQLITE_UTF8,
                p,
                Some(function::step),
                Some(function::finalize),
                Some(function::value),
                Some(function::inverse),
                Some(function::destroy),
            )
        }
    };
    if rc != ffi::SQLITE_OK {
        return Err(c.error(th, rc));
    }
    none()
}
pub(super) fn create_collation(th: Th, a: Args) -> R<Value> {
    let c = open(th, a)?;
    let name = text(th, a[1].unwrap(), "create_collation", "1")?;
    let f = a[2].unwrap();
    let rc = unsafe {
        if f.is_none() {
            ffi::sqlite3_create_collation_v2(
                c.db(),
                name.as_ptr(),
                ffi::SQLITE_UTF8,
                std::ptr::null_mut(),
                None,
                None,
            )
        } else {
            if th.type_of(f).slots.call.is_none() {
                return Err(th.type_error("parameter must be callable"));
            }
            let p = Callback::new(th, *c, f)?;
            let rc = ffi::sqlite3_create_collation_v2(
                c.db(),
                name.as_ptr(),
                ffi::SQLITE_UTF8,
                p,
                Some(function::collate),
                Some(function::destroy),
            );
            if rc != ffi::SQLITE_OK {
                // SQLite does not call the destructor here.
                function::destroy(p);
            }
            rc
        }
    };
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
    unsafe { function::destroy(old) };
    if rc != ffi::SQLITE_OK {
        return Err(th.raise_msg(&super::super::OPERATIONAL_ERROR, "Error setting authorizer callback"));
    }
    none()
}
