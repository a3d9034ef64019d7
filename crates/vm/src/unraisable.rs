//! Exceptions that nobody can catch: in finalizers, callbacks, at exit. They go to `sys.unraisablehook`.
//!
//! # Invariants
//! What is reported is an exception; its traceback's frames have loaded code, as it ran.

use crate::builtins;
use crate::n;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

/// Reports the pending exception and drops it. With `what`, the message is "Exception ignored {what} {repr(o)}";
/// without, "Exception ignored in: {repr(o)}".
pub fn report(th: Th, what: Option<&str>, o: Value) {
    let e = th.take_exc();
    let (msg, object) = match what {
        Some(w) => {
            let r = match th.repr(o) {
                Ok(r) => th.text(r),
                Err(_) => {
                    th.take_exc();
                    format!("<{} object>", th.type_name_of(o))
                }
            };
            (th.str(&format!("Exception ignored {w} {r}")), NONE())
        }
        None => (NONE(), o),
    };
    report_with(th, e, msg, object);
}

/// Reports `e` with a message (str or None) and an object (or None).
pub fn report_with(th: Th, e: Value, msg: Value, object: Value) {
    let x: Gc<BaseException> = e.known();
    let tb = Value::opt_or_none(x.traceback.any());
    let hook = match builtins::sys_attr(th, n!(unraisablehook)) {
        Ok(h) => h.and_then(|h| h.some()),
        Err(_) => {
            th.take_exc();
            None
        }
    };
    let items = [th.type_of(e).value(), e, tb, msg, object];
    if let Some(h) = hook {
        let r = hook_args(th, &items).and_then(|a| th.call(h, &[a]));
        if r.is_ok() {
            return;
        }
        let second = th.take_exc();
        print(
            th,
            th.type_of(second).value(),
            second,
            None,
            Some("Exception ignored in sys.unraisablehook".into()),
            h,
        );
        return;
    }
    print(th, items[0], e, tb.some(), msg.some().map(|m| th.text(m)), object);
}

/// An `UnraisableHookArgs`.
fn hook_args(th: Th, items: &[Value; 5]) -> crate::err::R<Value> {
    crate::sys::display::UNRAISABLE_HOOK_ARGS.make(th, items)
}

/// What `sys.unraisablehook` does by default: to `sys.stderr`, or the process's error output.
pub fn print(th: Th, ty: Value, e: Value, tb: Option<Value>, msg: Option<String>, object: Value) {
    let mut s = String::new();
    if !object.is_none() {
        let r = match th.repr(object) {
            Ok(r) => th.text(r),
            Err(_) => {
                th.take_exc();
                "<object repr() failed>".into()
            }
        };
        match &msg {
            Some(m) => s += &format!("{m}: {r}\n"),
            None => s += &format!("Exception ignored in: {r}\n"),
        }
    } else if let Some(m) = &msg {
        s += &format!("{m}:\n");
    }
    s += &traceback_text(th, tb);
    s += &exception_line(th, ty, e);
    write_stderr(th, &s);
}

/// "Traceback (most recent call last):" with its entries.
pub fn traceback_text(th: Th, tb: Option<Value>) -> String {
    let mut s = String::new();
    let mut p = tb.and_then(|t| t.cast::<Traceback>());
    if p.is_some() {
        s += "Traceback (most recent call last):\n";
    }
    while let Some(t) = p {
        let f: Gc<builtins::frame::FrameObj> = t.frame.gc();
        let c: Gc<Code> = f.code.gc();
        let file = th.text(c.filename.value());
        let line = t.lineno();
        s += &format!("  File \"{file}\", line {line}, in {}\n", th.text(c.name.value()));
        if let Ok(bytes) = crate::stdio::read_file(&file)
            && let Ok(text) = String::from_utf8(bytes)
            && let Some(l) = text.lines().nth((line as usize).wrapping_sub(1))
            && !l.trim().is_empty()
        {
            s += &format!("    {}\n", l.trim());
        }
        p = t.next.get();
    }
    s
}

/// "Type: text".
pub fn exception_line(th: Th, ty: Value, e: Value) -> String {
    let Some(t) = ty.cast::<Type>() else { return String::from("<unknown>\n") };
    let name = builtins::object::full_type_name(th, t);
    let text = match th.to_str(e) {
        Ok(s) => th.text(s),
        Err(_) => {
            th.take_exc();
            "<exception str() failed>".into()
        }
    };
    if text.is_empty() { format!("{name}\n") } else { format!("{name}: {text}\n") }
}

/// Writes to `sys.stderr`, or to the process's error output if there is none or it fails.
pub fn write_stderr(th: Th, s: &str) {
    write_stderr_bytes(th, s.as_bytes());
}
/// A text with what UTF-8 cannot express.
pub fn write_stderr_bytes(th: Th, s: &[u8]) {
    if let Ok(Some(f)) = builtins::sys_attr(th, n!(stderr)) {
        if f.is_none() {
            return;
        }
        let r = th
            .try_str(s)
            .and_then(|v| th.call_method(f, n!(write), &[v]))
            .and_then(|_| th.call_method(f, n!(flush), &[]));
        if r.is_ok() {
            return;
        }
        th.take_exc();
    }
    eprint!("{}", String::from_utf8_lossy(s));
}
