//! Running a program: a command, a module, a file, a folder or archive, standard input; and ending: exit codes, threads,
//! `atexit`, finalizers, flushing. CPython's `Modules/main.c` and the second half of `Python/pylifecycle.c`.
//!
//! # Invariants
//! `Root::main_module` is the module that the start made, `pending_sources` null or a list made here. The last system
//! calls kill the process itself.

use crate::builtins::{self, exceptions as exc, sys_attr};
use crate::config;
use crate::err::R;
use crate::hooks::{self, Mode};
use crate::host::{CWD, Errno, Outside};
use crate::import::{import_attr, modules_get};
use crate::object::*;
use crate::sync::lock;
use crate::thread::{Root, Th};
use crate::value::*;
use crate::{n, stdio, sys};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    Command(String),
    Module(String),
    /// A script, a folder or an archive with `__main__`.
    File(Vec<u8>),
    /// Standard input: a loop if it is a terminal.
    Stdin,
}

fn main_dict() -> Gc<Dict> {
    Root::main_module.value().known::<Module>().ns()
}

/// Runs the program and ends the runtime. The exit status of the process.
pub fn run(th: Th, p: &Program) -> i32 {
    let mut status = match run_inner(th, p) {
        Ok(()) => 0,
        Err(_) => report(th),
    };
    if inspect_requested() && (stdio::is_terminal(0) || config::get().interactive) && *p != Program::Stdin {
        status = match interactive(th, false) {
            Ok(()) => 0,
            Err(_) => report(th),
        };
    }
    finish(th, status)
}

fn inspect_requested() -> bool {
    let c = config::get();
    c.inspect
        || (!c.ignore_environment
            && crate::the_host().getenv(b"PYTHONINSPECT").is_some_and(|v| !v.is_empty()))
}

fn run_inner(th: Th, p: &Program) -> R<()> {
    let c = config::get();
    let mut importer = None;
    if let Program::File(f) = p
        && is_runnable_container(th, f)?
    {
        importer = Some(th.str_bytes(&config::decode_fs(f)));
    }
    let path = sys_attr(th, n!(path))?;
    if let (Some(i), Some(p)) = (importer, path) {
        th.call_method(p, n!(insert), &[Value::fix(0), i])?;
    } else if let (Some(first), Some(p), false) = (&c.sys_path_0, path, c.safe_path) {
        let v = th.str_bytes(&config::decode_fs(first));
        th.call_method(p, n!(insert), &[Value::fix(0), v])?;
    }
    match p {
        Program::Command(s) => run_command(th, s),
        Program::Module(m) => run_module(th, m, true),
        Program::File(_) if importer.is_some() => run_module(th, "__main__", false),
        Program::File(f) => run_file(th, f),
        Program::Stdin => run_stdin(th),
    }
}

// -- the kinds of programs

fn run_command(th: Th, text: &str) -> R<()> {
    let text = &dedent(text);
    sys::audit::audit(th, "cpython.run_command", &[th.str(text)])?;
    let code = hooks::compile(th, text, "<string>", Mode::Exec, 0, -1)?;
    remember_source(th, code, text, "<string>")?;
    exec_main(th, code)
}

/// The text of `-c` without the indentation that all of its lines share.
fn dedent(text: &str) -> String {
    let blank = |l: &str| l.trim_matches([' ', '\t']).is_empty();
    let mut margin: Option<&str> = None;
    for l in text.split('\n').filter(|l| !blank(l)) {
        let indent = &l[..l.len() - l.trim_start_matches([' ', '\t']).len()];
        margin = Some(match margin {
            None => indent,
            Some(m) => {
                let n = m.bytes().zip(indent.bytes()).take_while(|(a, b)| a == b).count();
                &m[..n]
            }
        });
    }
    let Some(m) = margin.filter(|m| !m.is_empty()) else { return text.to_string() };
    let lines: Vec<&str> = text.split('\n').map(|l| if blank(l) { "" } else { &l[m.len()..] }).collect();
    lines.join("\n")
}

fn exec_main(th: Th, code: Gc<Code>) -> R<()> {
    let d = main_dict();
    builtins::function::run_code(th, code, d, d.value(), None).map(|_| ())
}

/// `linecache` shows lines of code that is in no file. It takes them over when it is imported (see its edit in `pylib`),
/// so that a program that prints no traceback does not need it.
fn remember_source(th: Th, code: Gc<Code>, text: &str, name: &str) -> R<()> {
    let entry = th.tuple(&[code.value(), th.str(text), th.str(name)]);
    let k = th.intern("linecache");
    if let Some(m) = modules_get(th, k)?.and_then(Value::some) {
        let f = th.getattr(m, th.intern("_register_code"))?;
        let t: Gc<Tuple> = entry.known();
        return th.call(f, t.items()).map(|_| ());
    }
    let l = match Root::pending_sources.get() {
        Some(l) => l.known::<List>(),
        None => {
            let l = builtins::list::new(th, &[])?;
            Root::pending_sources.set(Some(l.value()));
            l
        }
    };
    builtins::list::append(th, l, entry)
}

fn run_module(th: Th, name: &str, set_argv0: bool) -> R<()> {
    sys::audit::audit(th, "cpython.run_module", &[th.str(name)])?;
    let f = import_attr(th, "runpy", "_run_module_as_main")?;
    th.call(f, &[th.str(name), Value::bool(set_argv0)]).map(|_| ())
}

/// Whether the path is one that a hook of `sys.path_hooks` knows: a folder or an archive.
fn is_runnable_container(th: Th, path: &[u8]) -> R<bool> {
    let Ok(cpath) = std::ffi::CString::new(path) else { return Ok(false) };
    let st = Outside::region(|o| crate::the_host().stat(o, CWD, &cpath, 0));
    const DIR: u32 = 0o040000;
    let maybe = match st {
        // Archives end with their directory; a script is no archive. Ask the importer only if it may be one.
        Ok(st) => st.mode & 0o170000 == DIR || may_be_zip(&cpath),
        // A folder within an archive, as in `pip.whl/pip`.
        Err(e) => e == Errno::ENOTDIR,
    };
    if !maybe {
        return Ok(false);
    }
    let pkgutil = Root::importlib.get();
    if pkgutil.is_none() {
        return Ok(false);
    }
    let v = th.str_bytes(&config::decode_fs(path));
    let cache = sys_attr(th, n!(path_importer_cache))?.and_then(|c| c.cast::<Dict>());
    let hooks_list = sys_attr(th, n!(path_hooks))?.unwrap_or(NONE());
    let hooks_list = builtins::tuple::from_iterable(th, hooks_list)?;
    for h in hooks_list.known::<Tuple>().items() {
        let r = th.call(*h, &[v]);
        if let Some(f) = th.catch(r, &exc::IMPORT_ERROR)? {
            if let Some(c) = cache {
                c.set(th, v, f)?;
            }
            return Ok(!f.is_none());
        }
    }
    Ok(false)
}
fn may_be_zip(path: &std::ffi::CStr) -> bool {
    let h = crate::the_host();
    let Ok(fd) = Outside::region(|o| h.open(o, CWD, path, libc::O_RDONLY, 0)) else { return false };
    let found = Outside::region(|o| -> Result<bool, Errno> {
        let size = h.lseek(o, fd, 0, libc::SEEK_END)?;
        let from = (size - 65557).max(0);
        let mut buf = vec![0u8; (size - from) as usize];
        let n = h.pread(o, fd, &mut buf, from)?;
        Ok(buf[..n].windows(4).any(|w| w == b"PK\x05\x06"))
    });
    Outside::region(|o| h.close(o, fd)).ok();
    found.unwrap_or(false)
}

fn run_file(th: Th, path: &[u8]) -> R<()> {
    let shown = String::from_utf8_lossy(path).into_owned();
    let name = th.str_bytes(&config::decode_fs(path));
    sys::audit::audit(th, "cpython.run_file", &[name])?;
    let c = config::get();
    let program = c.orig_argv.first().map(|a| String::from_utf8_lossy(a).into_owned()).unwrap_or_default();
    let fail = |e: Errno| -> ! {
        eprintln!("{program}: can't open file {}: [Errno {}] {}", py_repr(th, name), e.0, e.message());
        std::process::exit(2);
    };
    let h = crate::the_host();
    let Ok(cpath) = std::ffi::CString::new(path) else { fail(Errno::ENOENT) };
    let fd = match Outside::region(|o| h.open(o, CWD, &cpath, libc::O_RDONLY | libc::O_CLOEXEC, 0)) {
        Ok(fd) => fd,
        Err(e) => fail(e),
    };
    let st = Outside::region(|o| h.fstat(o, fd));
    if st.is_ok_and(|s| s.mode & 0o170000 == 0o040000) {
        eprintln!("{program}: {} is a directory, cannot continue", py_repr(th, name));
        std::process::exit(1);
    }
    let r = stdio::read_all(fd);
    Outside::region(|o| h.close(o, fd)).ok();
    let mut bytes = match r {
        Ok(b) => b,
        Err(e) => fail(e),
    };
    if c.skip_first_line {
        // The line feed stays, so that line numbers are right.
        let n = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
        bytes.drain(..n);
    }
    let d = main_dict();
    d.set(th, n!(__file__), name)?;
    d.set(th, th.intern("__cached__"), NONE())?;
    let compiled = is_cached_code(&bytes, path);
    set_loader(th, d, name, if compiled { "SourcelessFileLoader" } else { "SourceFileLoader" })?;
    let r = (|| {
        let code = if compiled {
            let v = crate::marshal::loads(th, &bytes[16..])?;
            match v.cast::<Code>() {
                Some(c) => c,
                None => return Err(th.runtime_error("Bad code object in .pyc file")),
            }
        } else {
            let text = hooks::decode_file(th, &bytes, &shown)?;
            hooks::compile(th, &text, &shown, Mode::Exec, 0, -1)?
        };
        exec_main(th, code)
    })();
    // As in CPython: what runs later (`atexit`) does not see them.
    let pending = th.pending();
    th.exc.init(None);
    for k in [n!(__file__), th.intern("__cached__")] {
        if d.remove(th, k).is_err() {
            th.take_exc();
        }
    }
    th.exc.init(pending);
    r
}
fn py_repr(th: Th, v: Value) -> String {
    th.repr(v).map(|r| th.text(r)).unwrap_or_default()
}
fn is_cached_code(bytes: &[u8], path: &[u8]) -> bool {
    let magic = bytes.len() >= 16 && bytes[..4] == crate::import::imp::magic().to_le_bytes();
    magic && (path.ends_with(b".pyc") || bytes[2..4] == *b"\r\n")
}
fn set_loader(th: Th, d: Gc<Dict>, file: Value, class: &str) -> R<()> {
    let k = th.intern("_frozen_importlib_external");
    let Some(m) = modules_get(th, k)? else { return Ok(()) };
    let cls = th.getattr(m, th.intern(class))?;
    let l = th.call(cls, &[n!(__main__), file])?;
    d.set(th, n!(__loader__), l)
}

fn run_stdin(th: Th) -> R<()> {
    if stdio::is_terminal(0) || config::get().interactive {
        return interactive(th, true);
    }
    sys::audit::audit(th, "cpython.run_stdin", &[])?;
    let bytes = match stdio::read_all(0) {
        Ok(b) => b,
        Err(e) => return Err(exc::os_error(th, e.0, &e.message(), None, None)),
    };
    let text = hooks::decode_file(th, &bytes, "<stdin>")?;
    let code = hooks::compile(th, &text, "<stdin>", Mode::Exec, 0, -1)?;
    remember_source(th, code, &text, "<stdin>")?;
    exec_main(th, code)
}

// -- the interactive loop

/// "Adder 0.1.0 (Python 3.14.0 ...) on linux".
pub fn banner() -> String {
    format!(
        "Python {} on {}\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.",
        sys::info::version(),
        "linux"
    )
}

fn interactive(th: Th, greet: bool) -> R<()> {
    let c = config::get();
    // After a program there is none.
    if greet && !c.quiet && stdio::is_terminal(0) {
        eprintln!("{}", banner());
    }
    if greet {
        startup_file(th)?;
    }
    let hook = sys_attr(th, th.intern("__interactivehook__"))?;
    if let Some(h) = hook
        && th.call(h, &[]).is_err()
    {
        eprintln!("Failed calling sys.__interactivehook__");
        report_and_go_on(th);
    }
    let basic = !c.ignore_environment
        && crate::the_host().getenv(b"PYTHON_BASIC_REPL").is_some_and(|v| !v.is_empty());
    if stdio::is_terminal(0) && stdio::is_terminal(1) && !basic {
        let r = import_attr(th, "_pyrepl.main", "interactive_console")
            .and_then(|f| th.call(f, &[Root::main_module.value()]));
        match r {
            Ok(_) => return Ok(()),
            Err(e) if th.exc_is(&exc::IMPORT_ERROR) => {
                let _ = e;
                th.take_exc();
            }
            Err(e) => return Err(e),
        }
    }
    run_simple_loop(th)
}

fn startup_file(th: Th) -> R<()> {
    if config::get().ignore_environment {
        return Ok(());
    }
    let Some(path) = crate::the_host().getenv(b"PYTHONSTARTUP").filter(|p| !p.is_empty()) else {
        return Ok(());
    };
    let name = th.str_bytes(&config::decode_fs(&path));
    sys::audit::audit(th, "cpython.run_startup", &[name])?;
    let shown = String::from_utf8_lossy(&path).into_owned();
    let r = match crate::stdio::read_file(&shown) {
        Err(errno) => {
            eprintln!("Could not open PYTHONSTARTUP");
            Err(exc::os_error(th, errno.0, &errno.message(), Some(name), None))
        }
        Ok(bytes) => hooks::decode_file(th, &bytes, &shown)
            .and_then(|t| hooks::compile(th, &t, &shown, Mode::Exec, 0, -1))
            .and_then(|c| exec_main(th, c)),
    };
    if r.is_err() {
        report_and_go_on(th);
    }
    Ok(())
}

fn prompt(th: Th, name: &str, default: &str) -> String {
    let v = sys_attr(th, th.intern(name)).ok().flatten();
    let v = match v {
        Some(v) => v,
        None => {
            let d = th.str(default);
            let _ = sys::set(th, name, d);
            d
        }
    };
    match th.to_str(v) {
        Ok(s) => th.text(s),
        Err(_) => {
            th.take_exc();
            String::new()
        }
    }
}

/// The simple loop: reads statements from standard input, prints values through `sys.displayhook`.
pub fn run_simple_loop(th: Th) -> R<()> {
    let mut buf = String::new();
    let mut left: Vec<u8> = Vec::new();
    let d = main_dict();
    let mut n = 0u32;
    loop {
        let p = if buf.is_empty() { prompt(th, "ps1", ">>> ") } else { prompt(th, "ps2", "... ") };
        eprint!("{p}");
        let Ok(line) = read_line(th, &mut left) else {
            // The statement is given up.
            buf.clear();
            left.clear();
            eprintln!();
            report_interrupt(th);
            continue;
        };
        let Some(line) = line else {
            eprintln!();
            if buf.is_empty() {
                return Ok(());
            }
            run_interactive_input(th, &std::mem::take(&mut buf), d, &mut n);
            return Ok(());
        };
        buf.push_str(&line);
        // A block ends with an empty line; anything else when it is complete.
        let ended = line.trim_end_matches(['\r', '\n']).is_empty();
        const FLAGS: u32 =
            builtins::eval_::pycf::DONT_IMPLY_DEDENT | builtins::eval_::pycf::ALLOW_INCOMPLETE_INPUT;
        if !ended && !buf.trim().is_empty() {
            // Without its newline a compound statement is incomplete, with it something wrong is not.
            let right = |text: &str| match hooks::compile(th, text, "<stdin>", Mode::Single, FLAGS, -1) {
                Ok(_) => Ok(()),
                Err(_) => Err(th.take_exc()),
            };
            let more = right(buf.trim_end_matches(['\r', '\n'])).is_err()
                && match right(&buf) {
                    Ok(()) => true,
                    Err(e) => th.isinstance_exact(e, exc::INCOMPLETE_INPUT_ERROR.get()),
                };
            if more {
                continue;
            }
        }
        let text = std::mem::take(&mut buf);
        if !text.trim().is_empty() {
            run_interactive_input(th, &text, d, &mut n);
        }
    }
}
fn run_interactive_input(th: Th, text: &str, d: Gc<Dict>, n: &mut u32) {
    let name = format!("<stdin-{n}>");
    *n += 1;
    let r = hooks::compile(th, text, &name, Mode::Single, 0, -1).and_then(|c| {
        remember_source(th, c, text, &name)?;
        builtins::function::run_code(th, c, d, d.value(), None)
    });
    if r.is_err() {
        report_and_go_on(th);
    }
    stdio::flush(th);
}
/// What a read that a signal ended raised: like `report_and_go_on`, without a traceback.
fn report_interrupt(th: Th) {
    if th.exc_is(&exc::KEYBOARD_INTERRUPT) {
        th.take_exc();
        eprintln!("KeyboardInterrupt");
    } else {
        report_and_go_on(th);
    }
}
/// A line of standard input. The error is that of a signal's handler.
fn read_line(th: Th, left: &mut Vec<u8>) -> R<Option<String>> {
    let mut chunk = [0u8; 4096];
    loop {
        if let Some(i) = left.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = left.drain(..=i).collect();
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
        let n = th.m.blocking(|| Outside::region(|o| crate::the_host().read(o, 0, &mut chunk)));
        match n {
            Err(Errno::EINTR) => th.attend()?,
            Ok(0) | Err(_) if left.is_empty() => return Ok(None),
            Ok(0) | Err(_) => {
                return Ok(Some(String::from_utf8_lossy(&std::mem::take(left)).into_owned() + "\n"));
            }
            Ok(n) => left.extend_from_slice(&chunk[..n]),
        }
    }
}

// -- ends

/// Reports the pending exception: SystemExit gives its status, others are printed.
fn report(th: Th) -> i32 {
    let e = th.take_exc();
    if th.isinstance_exact(e, exc::SYSTEM_EXIT.get()) {
        return exit_status(th, e);
    }
    if th.isinstance_exact(e, exc::KEYBOARD_INTERRUPT.get()) {
        INTERRUPTED.store(true, Relaxed);
    }
    print(th, e);
    1
}
/// Without memory for the text there is none.
fn print(th: Th, e: Value) {
    let done = th.guarded(|| {
        sys::display::print_exception(th, e, true);
        Ok(())
    });
    if done.is_err() {
        th.take_exc();
        eprintln!("{}: (no memory for its traceback)", th.type_name_of(e));
    }
}
static INTERRUPTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

/// As `report`, in a loop that goes on; SystemExit ends the process, with `-i` too: that has had its effect.
fn report_and_go_on(th: Th) {
    let e = th.take_exc();
    if th.isinstance_exact(e, exc::SYSTEM_EXIT.get()) {
        exit_for(th, e);
    }
    print(th, e);
}

/// The status that a SystemExit asks for. Other values than ints and None are printed and give 1.
pub fn exit_status(th: Th, e: Value) -> i32 {
    let code = match th.getattr(e, th.intern("code")) {
        Ok(c) => c,
        Err(_) => {
            th.take_exc();
            NONE()
        }
    };
    if code.is_none() {
        return 0;
    }
    if matches!(code.kind(), Kind::Int | Kind::Bool) {
        return match builtins::int::to_i64(code) {
            Some(n) => n as i32,
            None => -1,
        };
    }
    stdio::flush(th);
    let mut text = match th.to_str(code) {
        Ok(s) => s.known::<Str>().bytes().to_vec(),
        Err(_) => {
            th.take_exc();
            Vec::new()
        }
    };
    text.push(b'\n');
    crate::unraisable::write_stderr_bytes(th, &text);
    1
}

/// Ends the process as a SystemExit asks.
pub fn exit_for(th: Th, e: Value) -> ! {
    let status = exit_status(th, e);
    let status = finish(th, status);
    std::process::exit(status)
}

type Step = fn(Th);
static AT_END: Mutex<Vec<Step>> = Mutex::new(Vec::new());

/// Something that a native module does when the interpreter ends, after `atexit` and finalizers (flushing files).
pub fn at_end(f: Step) {
    lock(&AT_END).push(f);
}

/// Ends the runtime: waits for threads, calls `atexit` functions and finalizers, flushes. The process's exit status.
pub fn finish(th: Th, status: i32) -> i32 {
    let threading = th.intern("threading");
    if let Ok(Some(m)) = modules_get(th, threading)
        && !m.is_none()
    {
        let r = th.getattr_opt(m, th.intern("_shutdown"));
        let r = r.and_then(|f| f.map_or(Ok(NONE()), |f| th.call(f, &[])));
        if r.is_err() {
            crate::unraisable::report(th, Some("on threading shutdown"), m);
        }
    }
    crate::atexit::run(th);
    let mut ok = stdio::flush(th);
    sys::FINALIZING.store(true, std::sync::atomic::Ordering::SeqCst);
    // The daemons stop at their next safepoint.
    Th::for_all(|t| {
        t.m.poll.fetch_or(crate::thread::poll::PENDING, std::sync::atomic::Ordering::SeqCst);
    });
    // Without objects that want to be told, beside the streams made at start, there is nothing to look for.
    if finalizables(th) > AT_START.load(Relaxed) || crate::types::python_finalizers() {
        finalize_objects(th);
    }
    for f in lock(&AT_END).iter() {
        f(th);
    }
    ok = ok && stdio::flush(th);
    crate::jit::report();
    if INTERRUPTED.load(Relaxed) && status == 1 {
        // As if the signal had killed it, which is what shells want to know.
        unsafe {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            libc::kill(libc::getpid(), libc::SIGINT);
        }
    }
    if !ok { 120 } else { status }
}

/// How many objects had finalizers when the program began.
static AT_START: AtomicUsize = AtomicUsize::new(0);

fn finalizables(th: Th) -> usize {
    let mut n = 0;
    th.m.heap.each_finalizable(&th.m, &mut |_| n += 1);
    n
}

/// To be called before the program runs.
pub fn note_start(th: Th) {
    AT_START.store(finalizables(th), Relaxed);
}

/// Runs the finalizers of all objects: of the unreachable ones first, then, with modules as they are, of the rest.
fn finalize_objects(th: Th) {
    th.m.heap.collect(&th.m, true);
    crate::pending::deaths(th);
    th.m.heap.collect(&th.m, true);
    th.m.heap.finalize_rest();
    crate::pending::deaths(th);
}
