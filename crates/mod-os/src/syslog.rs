//! `syslog`: messages to the system's log.

use crate::util::*;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering::*};

/// Whether `openlog` was called since the last `closelog`.
static OPEN: AtomicBool = AtomicBool::new(false);

pub static MODULE: NativeModule = NativeModule {
    name: "syslog",
    doc: "",
    functions: &[
        function(
            "openlog",
            "($module, /, ident=<unrepresentable>, logoption=0,\n        facility=LOG_USER)",
            "Set logging options of subsequent syslog() calls.",
            |th, a| {
                let ident = match a[0] {
                    Some(v) => {
                        if !v.is_kind(Kind::Str) {
                            return Err(th.type_error(format!(
                                "openlog() argument 'ident' must be str, not {}",
                                th.arg_type_name(v)
                            )));
                        }
                        Some(v)
                    }
                    None => None,
                };
                let options = long_or(th, a[1], 0)? as i32;
                let facility = long_or(th, a[2], c::LOG_USER as i64)? as i32;
                open(th, ident, options, facility)?;
                none()
            },
        ),
        function(
            "closelog",
            "($module, /)",
            "Reset the syslog module values and call the system library closelog().",
            |th, _| {
                if OPEN.load(Relaxed) {
                    crate::audit(th, "syslog.closelog", &[])?;
                    host().closelog();
                    OPEN.store(false, Relaxed);
                }
                none()
            },
        ),
        function(
            "syslog",
            "!($module, /, *args)",
            "syslog([priority=LOG_INFO,] message)\nSend the string message to the system logger.",
            |th, a| {
                let args: Gc<Tuple> = a[0].unwrap().cast().unwrap();
                let (priority, message, n) = match args.items() {
                    [m] => (c::LOG_INFO, *m, 1),
                    [p, m] => (int_arg(th, *p)?, *m, 2),
                    _ => return Err(th.type_error("syslog.syslog requires 1 to 2 arguments")),
                };
                if !message.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "syslog() argument {n} must be str, not {}",
                        th.arg_type_name(message)
                    )));
                }
                let text = CString::new(fs_encode(th, message)?)
                    .map_err(|_| th.value_error("embedded null character"))?;
                crate::audit(th, "syslog.syslog", &[th.int(priority as i64), message])?;
                if !OPEN.load(Relaxed) {
                    open(th, None, 0, c::LOG_USER)?;
                }
                outside(th, |h, o| h.syslog(o, priority, &text));
                none()
            },
        ),
        function(
            "setlogmask",
            "($module, maskpri, /)",
            "Set the priority mask to maskpri and return the previous mask value.",
            |th, a| {
                let mask = long_arg(th, a[0].unwrap())? as i32;
                crate::audit(th, "syslog.setlogmask", &[th.int(mask as i64)])?;
                Ok(th.int(host().setlogmask(mask) as i64))
            },
        ),
        function(
            "LOG_MASK",
            "($module, pri, /)",
            "Calculates the mask for the individual priority pri.",
            |th, a| Ok(th.int(1i64.wrapping_shl(long_arg(th, a[0].unwrap())? as u32))),
        ),
        function(
            "LOG_UPTO",
            "($module, pri, /)",
            "Calculates the mask for all priorities up to and including pri.",
            |th, a| Ok(th.int(1i64.wrapping_shl(long_arg(th, a[0].unwrap())? as u32 + 1) - 1)),
        ),
    ],
    types: &[],
    init: Some(|th, m| put_table(th, m, adder_host::consts::syslog())),
};

/// The name of the program without its folders.
fn program(th: Th) -> R<Option<Value>> {
    let argv = adder_vm::builtins::sys_attr(th, th.intern("argv"))?;
    let Some(l) = argv.and_then(|v| v.cast::<List>()) else { return Ok(None) };
    let Some(s) = l.get(0).and_then(|v| v.cast::<Str>()) else { return Ok(None) };
    let text = s.lossy().to_string();
    let name = text.rsplit('/').next().unwrap_or("");
    Ok(if name.is_empty() { None } else { Some(th.str(name)) })
}
fn open(th: Th, ident: Option<Value>, options: i32, facility: i32) -> R<()> {
    let ident = match ident {
        Some(v) => Some(v),
        None => program(th)?,
    };
    let text = match ident {
        Some(v) => {
            Some(CString::new(fs_encode(th, v)?).map_err(|_| th.value_error("embedded null character"))?)
        }
        None => None,
    };
    crate::audit(
        th,
        "syslog.openlog",
        &[ident.unwrap_or(NONE()), th.int(options as i64), th.int(facility as i64)],
    )?;
    host().openlog(text.as_deref(), options, facility);
    OPEN.store(true, Relaxed);
    Ok(())
}
