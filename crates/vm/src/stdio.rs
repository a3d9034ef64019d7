//! `sys.stdin`, `sys.stdout`, `sys.stderr`: made at start, flushed at the end.
//!
//! # Invariants
//! What `TextIOWrapper` made is an object with a header.

use crate::builtins::sys_attr;
use crate::config;
use crate::err::R;
use crate::host::{CWD, Errno, Outside};
use crate::import::import_module;
use crate::thread::{Root, Th};
use crate::value::*;
use crate::{n, sys};

/// Makes the three streams, and `open` of `builtins`.
pub fn init(th: Th) -> R<()> {
    crate::host::tty::close_unopened();
    if !config::get().c_locale {
        // The encoding of files is the locale's.
        crate::the_host().setlocale(libc::LC_CTYPE, Some(c""));
    }
    let io = import_module(th, "_io")?;
    let open = th.getattr(io, th.intern("open"))?;
    Root::builtins_dict.dict().set(th, th.intern("open"), open)?;
    let c = config::get();
    let errors = match &c.stdio_errors {
        Some(e) => e.as_str(),
        None if c.c_locale || c.utf8_mode => "surrogateescape",
        None => "strict",
    };
    let encoding = c.stdio_encoding.as_deref().unwrap_or("utf-8");
    for (fd, name, errors) in [(0, "stdin", errors), (1, "stdout", errors), (2, "stderr", "backslashreplace")]
    {
        let f = stream(th, io, open, fd, name, encoding, errors)?;
        sys::set(th, &format!("__{name}__"), f)?;
        sys::set(th, name, f)?;
    }
    Ok(())
}

fn stream(th: Th, io: Value, open: Value, fd: i32, name: &str, encoding: &str, errors: &str) -> R<Value> {
    if crate::the_host().get_inheritable(fd).is_err() {
        return Ok(NONE()); // closed
    }
    let write = fd != 0;
    let unbuffered = config::get().unbuffered && write;
    let mode = th.intern(if write { "wb" } else { "rb" });
    let buffering = Value::fix(if unbuffered { 0 } else { -1 });
    let buf = th.call(open, &[Value::fix(fd as i64), mode, buffering, NONE(), NONE(), NONE(), FALSE()])?;
    let raw = if unbuffered { buf } else { th.getattr(buf, th.intern("raw"))? };
    let shown = th.str(&format!("<{name}>"));
    th.setattr(raw, n!(name), Some(shown))?;
    let tty = th.call_method(raw, n!(isatty), &[])?;
    let tty = th.truth(tty)?;
    let line_buffering = !config::get().unbuffered && (tty || fd == 2);
    let wrapper = th.getattr(io, th.intern("TextIOWrapper"))?;
    let (enc, err) = (th.intern(encoding), th.intern(errors));
    let args =
        [buf, enc, err, th.intern("\n"), Value::bool(line_buffering), Value::bool(config::get().unbuffered)];
    let f = th.call(wrapper, &args)?;
    th.setattr(f, n!(mode), Some(th.intern(if write { "w" } else { "r" })))?;
    // Finalizers at the end of the process may still print: no finalizer closes this one (`_io`'s own flag).
    unsafe { f.header_unchecked() }.flags.fetch_or(flags::K3, std::sync::atomic::Ordering::Relaxed);
    Ok(f)
}

/// Flushes `sys.stdout` and `sys.stderr`. False: what was written is not all out.
pub fn flush(th: Th) -> bool {
    let mut ok = true;
    for (k, report) in [(n!(stdout), true), (n!(stderr), false)] {
        let f = match sys_attr(th, k) {
            Ok(Some(f)) if !f.is_none() => f,
            Ok(_) => continue,
            Err(_) => {
                th.take_exc();
                continue;
            }
        };
        let closed =
            th.getattr_opt(f, th.intern("closed")).and_then(|c| c.map_or(Ok(false), |c| th.truth(c)));
        match closed {
            Ok(true) => continue,
            Ok(false) => {}
            Err(_) => {
                th.take_exc();
            }
        }
        if th.call_method(f, n!(flush), &[]).is_err() {
            if report {
                let e = th.take_exc();
                let msg = th.str("Exception ignored while flushing sys.stdout");
                crate::unraisable::report_with(th, e, msg, NONE());
            } else {
                th.take_exc();
            }
            ok = false;
        }
    }
    ok
}

/// Reads all of a file: a script, standard input (`fd`).
pub fn read_all(fd: i32) -> Result<Vec<u8>, Errno> {
    let mut out = Vec::new();
    let mut buf = vec![0u8; 64 << 10];
    loop {
        match Outside::region(|o| crate::the_host().read(o, fd, &mut buf)) {
            Ok(0) => return Ok(out),
            Ok(n) => out.extend_from_slice(&buf[..n]),
            Err(Errno::EINTR) => {}
            Err(e) => return Err(e),
        }
    }
}

/// The content of a file: of source code that is shown, a script at start.
pub fn read_file(path: &str) -> Result<Vec<u8>, Errno> {
    let path = std::ffi::CString::new(path).map_err(|_| Errno::EINVAL)?;
    let h = crate::the_host();
    let fd = Outside::region(|o| h.open(o, CWD, &path, libc::O_RDONLY, 0))?;
    let r = read_all(fd);
    Outside::region(|o| h.close(o, fd)).ok();
    r
}

/// Whether the descriptor is a terminal.
pub fn is_terminal(fd: i32) -> bool {
    crate::the_host().isatty(fd)
}
