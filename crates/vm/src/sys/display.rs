//! The hooks of `sys` that print: `displayhook`, `excepthook`, `unraisablehook`, `breakpointhook`.
//!
//! # Invariants
//! What is taken out of the thread as its exception is one.

use crate::builtins::exceptions as exc;
use crate::builtins::sys_attr;
use crate::err::R;
use crate::import::import_module;
use crate::n;
use crate::native::RawArgs;
use crate::object::*;
use crate::structseq;
use crate::thread::{Root, Th};
use crate::value::*;

structseq! {
    pub UNRAISABLE_HOOK_ARGS "UnraisableHookArgs" 5
    "UnraisableHookArgs\n\nType used to pass arguments to sys.unraisablehook." crate::native::tflags::IMMUTABLE; [("exc_type", "Exception type"), ("exc_value", "Exception value"), ("exc_traceback", "Exception traceback"),
        ("err_msg", "Error message"), ("object", "Object causing the exception")]
}

pub fn displayhook(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    if o.is_none() {
        return Ok(NONE());
    }
    let b = Root::builtins_dict.dict();
    let k = th.intern("_");
    // Before: a repr that fails must not leave the old value. After: the repr may have looked at it.
    b.set(th, k, NONE())?;
    let out = match sys_attr(th, n!(stdout))? {
        Some(f) if !f.is_none() => f,
        _ => return Err(th.runtime_error("lost sys.stdout")),
    };
    let s = th.repr(o)?;
    let r = th.call_method(out, n!(write), &[s]);
    if th.catch(r, &exc::UNICODE_ENCODE_ERROR)?.is_none() {
        write_escaped(th, out, s)?;
    }
    let nl = th.intern("\n");
    th.call_method(out, n!(write), &[nl])?;
    b.set(th, k, o)?;
    Ok(NONE())
}
/// What the stream's encoding cannot say is written with backslashes.
fn write_escaped(th: Th, out: Value, s: Value) -> R<()> {
    let enc = th.getattr(out, th.intern("encoding"))?;
    let bs = th.intern("backslashreplace");
    let b = th.call_method(s, n!(encode), &[enc, bs])?;
    if let Some(buf) = th.getattr_opt(out, th.intern("buffer"))? {
        th.call_method(buf, n!(write), &[b])?;
    } else {
        let t = th.call_method(b, n!(decode), &[enc, th.intern("strict")])?;
        th.call_method(out, n!(write), &[t])?;
    }
    Ok(())
}

/// `sys.excepthook(type, value, traceback)`.
pub fn excepthook(th: Th, a: &[Option<Value>]) -> R<Value> {
    display(th, a[1].unwrap(), a[2].unwrap());
    Ok(NONE())
}

/// Prints an exception to `sys.stderr`, through the module `traceback` or, where that cannot be had, natively.
pub fn display(th: Th, value: Value, tb: Value) {
    if let Some(e) = value.cast::<BaseException>()
        && tb.is_kind(Kind::Traceback)
        && e.traceback.get().is_none()
    {
        th.store(e, &e.traceback, tb.known());
    }
    match sys_attr(th, n!(stderr)) {
        Ok(Some(f)) if f.is_none() => return,
        Ok(Some(_)) => {
            let r = print_by_traceback(th, value);
            if r.is_ok() {
                return;
            }
            th.take_exc();
            // A value that is no exception is the caller's mistake.
            if !value.is_kind(Kind::BaseException) {
                let text = format!(
                    "TypeError: print_exception(): Exception expected for value, {} found\n",
                    th.type_name_of(value)
                );
                crate::unraisable::write_stderr(th, &text);
                return;
            }
        }
        _ => {
            if th.pending().is_some() {
                th.take_exc();
            }
        }
    }
    if value.is_kind(Kind::BaseException) {
        let text = super::traceback::render(th, value);
        crate::unraisable::write_stderr(th, &text);
    }
    if let Ok(Some(f)) = sys_attr(th, n!(stderr))
        && th.call_method(f, n!(flush), &[]).is_err()
    {
        th.take_exc();
    }
}
fn print_by_traceback(th: Th, value: Value) -> R<()> {
    let m = import_module(th, "traceback")?;
    let f = th.getattr(m, th.intern("_print_exception_bltin"))?;
    th.call(f, &[value]).map(|_| ())
}

/// `PyErr_PrintEx(set_last)`: the pending exception goes to `sys.excepthook`. SystemExit is the caller's business.
pub fn print_pending(th: Th, set_last: bool) {
    let e = th.take_exc();
    print_exception(th, e, set_last);
}
pub fn print_exception(th: Th, e: Value, set_last: bool) {
    let x: Gc<BaseException> = e.known();
    let tb = Value::opt_or_none(x.traceback.any());
    let ty = th.type_of(e).value();
    if set_last {
        for (k, v) in [(n!(last_exc), e), (n!(last_type), ty), (n!(last_value), e), (n!(last_traceback), tb)]
        {
            if Root::sys_dict.dict().set(th, k, v).is_err() {
                th.take_exc();
            }
        }
    }
    let hook = sys_attr(th, n!(excepthook)).ok().flatten();
    if super::audit::audit(th, "sys.excepthook", &[Value::opt_or_none(hook), ty, e, tb]).is_err() {
        let err = th.take_exc();
        if th.isinstance_exact(err, exc::RUNTIME_ERROR.get()) {
            return;
        }
    }
    let Some(hook) = hook else {
        crate::unraisable::write_stderr(th, "sys.excepthook is missing\n");
        display(th, e, tb);
        return;
    };
    if th.call(hook, &[ty, e, tb]).is_err() {
        let second = th.take_exc();
        if th.isinstance_exact(second, exc::SYSTEM_EXIT.get()) {
            crate::startup::exit_for(th, second);
        }
        crate::unraisable::write_stderr(th, "Error in sys.excepthook:\n");
        let tb2 = second.known::<BaseException>().traceback.any();
        display(th, second, Value::opt_or_none(tb2));
        crate::unraisable::write_stderr(th, "\nOriginal exception was:\n");
        display(th, e, tb);
    }
}

/// `sys.unraisablehook(unraisable)`.
pub fn unraisablehook(th: Th, a: &[Option<Value>]) -> R<Value> {
    let u = a[0].unwrap();
    if th.type_of(u) != UNRAISABLE_HOOK_ARGS.type_(th) {
        return Err(th.type_error("sys.unraisablehook argument type must be UnraisableHookArgs"));
    }
    let t: Gc<Tuple> = u.known();
    let p = t.items();
    let msg = p[3].some().map(|m| th.text(m));
    crate::unraisable::print(th, p[0], p[1], p[2].some(), msg, p[4]);
    Ok(NONE())
}

/// `sys.breakpointhook(*args, **kws)`.
pub fn breakpointhook(th: Th, a: RawArgs) -> R<Value> {
    let mut name = String::new();
    if !crate::config::get().ignore_environment
        && let Some(v) = crate::the_host().getenv(b"PYTHONBREAKPOINT")
    {
        name = String::from_utf8_lossy(&v).into_owned();
    }
    let name = match &*name {
        "" => "pdb.set_trace".to_string(),
        "0" => return Ok(NONE()),
        _ => name,
    };
    let (module, attr) = name.rsplit_once('.').unwrap_or(("builtins", &name));
    let found = if module.is_empty() {
        Err(th.value_error("Empty module name"))
    } else {
        import_module(th, module).and_then(|m| th.getattr(m, th.intern(attr)))
    };
    match found {
        Ok(f) => th.call_raw(f, a),
        Err(e) => {
            if !(th.exc_is(&exc::IMPORT_ERROR)
                || th.exc_is(&exc::ATTRIBUTE_ERROR)
                || th.exc_is(&exc::VALUE_ERROR))
            {
                return Err(e);
            }
            th.take_exc();
            let msg = format!("Ignoring unimportable $PYTHONBREAKPOINT: \"{name}\"");
            crate::warn::warn(th, &exc::RUNTIME_WARNING, &msg, 0)?;
            Ok(NONE())
        }
    }
}

/// `sys._baserepl()`: the simple interactive loop.
pub fn base_repl(th: Th) -> R<Value> {
    crate::startup::run_simple_loop(th)?;
    Ok(NONE())
}
