//! Audit hooks (PEP 578).

use crate::err::R;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static ENABLED: AtomicBool = AtomicBool::new(false);

/// Whether there are hooks: what an event would tell need not be gathered otherwise.
#[inline(always)]
pub fn enabled() -> bool {
    ENABLED.load(Relaxed)
}

/// Raises an audit event.
#[inline]
pub fn audit(th: Th, event: &str, args: &[Value]) -> R<()> {
    if enabled() {
        let e = th.intern(event);
        return run(th, e, args);
    }
    Ok(())
}

#[cold]
fn run(th: Th, event: Value, args: &[Value]) -> R<()> {
    let Some(hooks) = Root::audit_hooks.get().and_then(|h| h.cast::<List>()) else { return Ok(()) };
    let args = th.try_tuple(args)?;
    let hooks = crate::builtins::list::snapshot(th, hooks)?;
    let hooks: Gc<Tuple> = hooks.known();
    for h in hooks.items() {
        th.call(*h, &[event, args])?;
    }
    Ok(())
}

/// `sys.audit(event, *args)`.
pub fn audit_function(th: Th, a: crate::native::RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("sys.audit() takes no keyword arguments"));
    }
    let Some(&e) = a.pos().first() else {
        return Err(th.type_error("audit expected at least 1 argument, got 0"));
    };
    if !e.is_kind(Kind::Str) {
        return Err(th.type_error(format!("audit() argument 1 must be str, not {}", th.arg_type_name(e))));
    }
    if enabled() {
        run(th, e, &a.pos()[1..])?;
    }
    Ok(NONE())
}

pub fn addaudithook(th: Th, a: &[Option<Value>]) -> R<Value> {
    let hook = a[0].unwrap();
    // A hook that raises an Exception refuses the new one, silently.
    let r = audit(th, "sys.addaudithook", &[]);
    if th.catch(r, &crate::builtins::exceptions::EXCEPTION)?.is_none() {
        return Ok(NONE());
    }
    let l = match Root::audit_hooks.get().and_then(|h| h.cast::<List>()) {
        Some(l) => l,
        None => {
            let l = crate::builtins::list::new(th, &[])?;
            Root::audit_hooks.set(Some(l.value()));
            l
        }
    };
    crate::builtins::list::append(th, l, hook)?;
    ENABLED.store(true, Relaxed);
    Ok(NONE())
}
