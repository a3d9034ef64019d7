//! The module `atexit`: functions to be called when the interpreter ends.
//!
//! # Invariants
//! `Root::atexit` is null or the list that `callbacks` made.

use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;

pub static MODULE: NativeModule = NativeModule {
    name: "atexit",
    doc: "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\nTwo public functions, register and unregister, are defined.\n",
    functions: &[
        raw_function(
            "register",
            "($module, func, /, *args, **kwargs)",
            "Register a function to be executed upon normal program termination\n\n    func - function to be called at exit\n    args - optional arguments to pass to func\n    kwargs - optional keyword arguments to pass to func\n\n    func is returned to facilitate usage as a decorator.",
            register,
        ),
        function(
            "_clear",
            "($module, /)",
            "Clear the list of previously registered exit functions.",
            |_, _| {
                Root::atexit.set(None);
                Ok(NONE())
            },
        ),
        function(
            "unregister",
            "($module, func, /)",
            "Unregister an exit function which was previously registered using\natexit.register\n\n    func - function to be unregistered",
            unregister,
        ),
        function(
            "_run_exitfuncs",
            "($module, /)",
            "Run all registered exit functions.\n\nIf a callback raises an exception, it is logged with sys.unraisablehook.",
            |th, _| {
                run(th);
                Ok(NONE())
            },
        ),
        function(
            "_ncallbacks",
            "($module, /)",
            "Return the number of registered exit functions.",
            |th, _| match Root::atexit.get() {
                Some(l) => Ok(Value::fix(th.len(l)? as i64)),
                None => Ok(Value::fix(0)),
            },
        ),
    ],
    types: &[],
    init: None,
};

/// The list holds triples (function, arguments, keywords or None).
fn callbacks(th: Th) -> R<Gc<List>> {
    if let Some(l) = Root::atexit.get() {
        return Ok(unsafe { l.cast_unchecked() });
    }
    let l = crate::builtins::list::new(th, &[])?;
    Root::atexit.set(Some(l.value()));
    Ok(l)
}

fn register(th: Th, a: RawArgs) -> R<Value> {
    let Some(&f) = a.pos().first() else {
        return Err(th.type_error("register() takes at least 1 argument (0 given)"));
    };
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("the first argument must be callable"));
    }
    let args = th.try_tuple(&a.pos()[1..])?;
    let kw = if a.nkw() == 0 {
        NONE()
    } else {
        let d = Gc::<Dict>::new(th);
        for (k, v) in a.keywords() {
            d.set(th, k, v)?;
        }
        d.value()
    };
    let l = callbacks(th)?;
    let entry = th.tuple(&[f, args, kw]);
    crate::builtins::list::append(th, l, entry)?;
    Ok(f)
}

fn unregister(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = a[0].unwrap();
    let l = callbacks(th)?;
    let mut i = 0;
    // Comparison may run Python code that changes the list.
    while i < th.len(l.value())? {
        let e = th.getitem(l.value(), Value::fix(i as i64))?;
        let g = e.known::<Tuple>().items()[0];
        if th.eq(f, g)? {
            let again = i < th.len(l.value())? && th.getitem(l.value(), Value::fix(i as i64))?.is(e);
            if again {
                th.setitem(l.value(), Value::fix(i as i64), None)?;
                continue;
            }
        }
        i += 1;
    }
    Ok(NONE())
}

/// Calls what is registered, last first. Errors go to `sys.unraisablehook`.
pub fn run(th: Th) {
    loop {
        let Some(l) = Root::atexit.get() else { return };
        let n = match th.len(l) {
            Ok(n) if n > 0 => n,
            _ => return,
        };
        let last = Value::fix(n as i64 - 1);
        let Ok(e) = th.getitem(l, last) else {
            th.take_exc();
            return;
        };
        if th.setitem(l, last, None).is_err() {
            th.take_exc();
            return;
        }
        let e: Gc<Tuple> = e.known();
        let (f, args, kw) = (e.items()[0], e.items()[1], e.items()[2]);
        if th.call_ex(f, args.known(), kw.cast()).is_err() {
            crate::unraisable::report(th, Some("in atexit callback"), f);
        }
    }
}
