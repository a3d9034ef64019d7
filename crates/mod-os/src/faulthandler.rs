//! `faulthandler`: tracebacks on crashes, on signals, after a time.
//!
//! What the handlers of signals use is in statics of plain numbers; they write with the host's bare `write`. The files
//! that the descriptors belong to are kept alive by a dict of the runtime's roots.

use crate::util::*;
use adder_host::signal::SavedAction;
use adder_host::{Fd, Outside};
use adder_vm::builtins::int;
use adder_vm::dump::{self, Out};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::sync::lock;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::*};
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

pub static MODULE: NativeModule = NativeModule {
    name: "faulthandler",
    doc: "faulthandler module.",
    functions: &[
        function(
            "enable",
            "($module, /, file=sys.stderr, all_threads=True, c_stack=True)#($module, /, file=sys.stderr, all_threads=True)",
            "Enable the fault handler.",
            |th, a| {
                let all = bool_or(th, a[1], true)?;
                let c_stack = bool_or(th, a[2], true)?;
                let fd = descriptor(th, a[0], "fatal")?;
                switch_on(th, fd, all, c_stack)?;
                none()
            },
        ),
        function("disable", "($module, /)", "Disable the fault handler.", |th, _| {
            let was = FATAL.enabled.swap(false, AcqRel);
            if was {
                restore_fatal();
                forget(th, "fatal")?;
            }
            Ok(Value::bool(was))
        }),
        function("is_enabled", "($module, /)", "Check if the handler is enabled.", |_, _| {
            Ok(Value::bool(FATAL.enabled.load(Acquire)))
        }),
        function(
            "dump_traceback",
            "($module, /, file=sys.stderr, all_threads=True)",
            "Dump the traceback of the current thread, or of all threads if all_threads is True, into file.",
            |th, a| {
                let all = bool_or(th, a[1], true)?;
                let fd = descriptor(th, a[0], "")?;
                let out: Out = &mut |b| write(fd, b);
                if all {
                    // The others stand still meanwhile.
                    th.m.heap.stop_world(&th.m, || dump::all_threads(out, Some(th)));
                } else {
                    dump::stack(out, th);
                }
                none()
            },
        ),
        function(
            "dump_c_stack",
            "($module, /, file=sys.stderr)",
            "Dump the C stack of the current thread.",
            |th, a| {
                let fd = descriptor(th, a[0], "")?;
                c_stack(fd);
                none()
            },
        ),
        function(
            "dump_traceback_later",
            "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)",
            "Dump the traceback of all threads in timeout seconds,\nor each timeout seconds if repeat is True. If exit is True, call _exit(1) which is not safe.",
            later,
        ),
        function(
            "cancel_dump_traceback_later",
            "($module, /)",
            "Cancel the previous call to dump_traceback_later().",
            |th, _| {
                cancel();
                forget(th, "later")?;
                none()
            },
        ),
        function(
            "register",
            "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)",
            "Register a handler for the signal 'signum': dump the traceback of the current thread, or of all threads if all_threads is True, into file.",
            register,
        ),
        function(
            "unregister",
            "($module, signum, /)",
            "Unregister the handler of the signal 'signum' registered by register().",
            |th, a| {
                let n = number(th, a[0].unwrap())?;
                let was = unregister(n);
                if was {
                    forget(th, &format!("signal {n}"))?;
                }
                Ok(Value::bool(was))
            },
        ),
        function(
            "_read_null",
            "($module, /)",
            "Read from NULL, raise a SIGSEGV or SIGBUS signal depending on the platform.",
            |_, _| {
                let _ = host().raise(c::SIGSEGV);
                none()
            },
        ),
        function("_sigsegv", "($module, release_gil=False, /)", "Raise a SIGSEGV signal.", |_, _| {
            crash(c::SIGSEGV);
            none()
        }),
        function("_sigabrt", "($module, /)", "Raise a SIGABRT signal.", |_, _| {
            host().abort();
            none()
        }),
        function("_sigfpe", "($module, /)", "Raise a SIGFPE signal.", |_, _| {
            crash(c::SIGFPE);
            none()
        }),
        function("_stack_overflow", "($module, /)", "Recursive call to raise a stack overflow.", |_, _| {
            overflow(0);
            none()
        }),
        function(
            "_fatal_error_c_thread",
            "($module, /)",
            "Call Py_FatalError() in a new C thread.",
            |th, _| {
                let r = th.m.blocking(|| {
                    host().spawn_thread(
                        1 << 20,
                        Box::new(|| {
                            let fd = 2;
                            write(
                                fd,
                                b"Fatal Python error: faulthandler_fatal_error_thread: in new thread\n",
                            );
                            write(fd, b"Python runtime state: initialized\n\n");
                            dump::all_threads(&mut |b| write(fd, b), None);
                            write(fd, b"\n");
                            c_stack(fd);
                            host().abort();
                        }),
                    )?;
                    // The process ends meanwhile.
                    Outside::region(|o| host().sleep_until(o, adder_vm::sync::monotonic() + 60_000_000_000))
                });
                ok(th, r)?;
                none()
            },
        ),
    ],
    types: &[],
    init: None,
};

/// Raises a signal that nothing survives.
fn crash(n: i32) {
    let _ = host().raise(n);
    let _ = host().set_action(n, adder_host::signal::Action::Default);
    let _ = host().raise(n);
}

// -- files

fn files(th: Th) -> Gc<Dict> {
    match Root::faulthandler.get() {
        Some(d) => d.cast().unwrap(),
        None => {
            let d = Gc::<Dict>::new(th);
            Root::faulthandler.set(Some(d.value()));
            d
        }
    }
}
fn forget(th: Th, what: &str) -> R<()> {
    files(th).remove(th, th.intern(what)).map(|_| ())
}
/// The descriptor of a file (`sys.stderr` if none is given), which is flushed. It is kept for `what`.
fn descriptor(th: Th, file: Option<Value>, what: &str) -> R<Fd> {
    let file = match given(file) {
        Some(f) => f,
        None => match adder_vm::builtins::sys_attr(th, adder_vm::n!(stderr))? {
            Some(f) if !f.is_none() => f,
            Some(_) => return Err(th.runtime_error("sys.stderr is None")),
            None => return Err(th.runtime_error("unable to get sys.stderr")),
        },
    };
    let fd = if int::is_int(file) {
        if file.is_kind(Kind::Bool) {
            let w = &adder_vm::builtins::exceptions::RUNTIME_WARNING;
            adder_vm::warn::warn(th, w, "bool is used as a file descriptor", 1)?;
        }
        let fd = int_arg(th, file)?;
        if fd < 0 {
            return Err(th.value_error("file is not a valid file descriptor"));
        }
        fd
    } else {
        let n = th.call_method(file, th.intern("fileno"), &[])?;
        let fd = if int::is_int(n) { int::to_i64(n).and_then(|n| Fd::try_from(n).ok()) } else { None };
        let Some(fd) = fd.filter(|n| *n >= 0) else {
            return Err(th.runtime_error("file.fileno() is not a valid file descriptor"));
        };
        if th.call_method(file, adder_vm::n!(flush), &[]).is_err() {
            th.take_exc();
        }
        fd
    };
    if !what.is_empty() {
        files(th).set(th, th.intern(what), file)?;
    }
    Ok(fd)
}

fn write(fd: Fd, mut b: &[u8]) {
    while !b.is_empty() {
        match Outside::region(|o| host().write(o, fd, b)) {
            Ok(n) if n > 0 => b = &b[n..],
            Err(adder_host::Errno::EINTR) => {}
            _ => return,
        }
    }
}
fn c_stack(fd: Fd) {
    write(fd, b"Current thread's C stack trace (most recent call first):\n");
    host().c_stack(&mut |path, symbol, offset, address| {
        let out: Out = &mut |b| write(fd, b);
        if path.is_empty() {
            // Compiled code belongs to no file.
            out(b"  Binary file '<unknown>' [0x");
            dump::hex(out, address, 1);
            out(b"]\n");
            return;
        }
        out(b"  Binary file \"");
        out(path);
        out(b"\"");
        if offset != 0 || !symbol.is_empty() {
            out(b", at ");
            out(symbol);
            out(b"+0x");
            dump::hex(out, offset, 1);
        }
        out(b" [0x");
        dump::hex(out, address, 1);
        out(b"]\n");
    });
}

// -- crashes

struct Fatal {
    enabled: AtomicBool,
    fd: AtomicI32,
    all: AtomicBool,
    c_stack: AtomicBool,
    busy: AtomicBool,
}
static FATAL: Fatal = Fatal {
    enabled: AtomicBool::new(false),
    fd: AtomicI32::new(2),
    all: AtomicBool::new(true),
    c_stack: AtomicBool::new(true),
    busy: AtomicBool::new(false),
};
const SIGNALS: [(i32, &str); 5] = [
    (c::SIGBUS, "Bus error"),
    (c::SIGILL, "Illegal instruction"),
    (c::SIGFPE, "Floating-point exception"),
    (c::SIGABRT, "Aborted"),
    (c::SIGSEGV, "Segmentation fault"),
];
/// The actions before ours.
static BEFORE: Mutex<Vec<(i32, SavedAction)>> = Mutex::new(Vec::new());

/// At the start of the process (`-X faulthandler`).
pub fn enable_at_start(th: Th) {
    let _ = switch_on(th, 2, true, true);
}
fn switch_on(th: Th, fd: Fd, all: bool, c: bool) -> R<()> {
    FATAL.fd.store(fd, Relaxed);
    FATAL.all.store(all, Relaxed);
    FATAL.c_stack.store(c, Relaxed);
    if FATAL.enabled.swap(true, AcqRel) {
        return Ok(());
    }
    // What the first walk needs is loaded now and not in a handler.
    host().c_stack(&mut |_, _, _, _| ());
    let stack = Box::leak(vec![0u8; 256 << 10].into_boxed_slice());
    let _ = host().set_alternate_stack(stack.as_mut_ptr(), stack.len());
    for (n, _) in SIGNALS {
        let old = ok(th, host().swap_raw_handler(n, on_fatal, c::SA_NODEFER))?;
        lock(&BEFORE).push((n, old));
    }
    Ok(())
}
fn restore_fatal() {
    for (n, old) in lock(&BEFORE).drain(..) {
        let _ = host().restore_action(n, &old);
    }
}
extern "C" fn on_fatal(n: i32, _: *mut c::siginfo_t, _: *mut c::c_void) {
    // The process ends by the signal, whatever the action before ours was.
    let _ = host().set_action(n, adder_host::signal::Action::Default);
    if FATAL.enabled.load(Acquire) && !FATAL.busy.swap(true, AcqRel) {
        let fd = FATAL.fd.load(Relaxed);
        let name = SIGNALS.iter().find(|s| s.0 == n).map_or("Unknown", |s| s.1);
        write(fd, b"Fatal Python error: ");
        write(fd, name.as_bytes());
        write(fd, b"\n\n");
        if FATAL.all.load(Relaxed) {
            // They run, and cannot be stopped from here.
            write(fd, b"<Cannot show all threads while the GIL is disabled>\n");
        }
        if let Some(th) = Th::current() {
            dump::stack(&mut |b| write(fd, b), th);
        }
        if FATAL.c_stack.load(Relaxed) {
            write(fd, b"\n");
            c_stack(fd);
        }
    }
    let _ = host().raise(n);
}
#[inline(never)]
#[allow(unconditional_recursion)]
fn overflow(n: u64) -> u64 {
    let room = std::hint::black_box([n; 512]);
    overflow(n + 1) + std::hint::black_box(room)[511]
}

// -- signals of the user

struct User {
    /// -1: not registered.
    fd: AtomicI32,
    all: AtomicBool,
    chain: AtomicBool,
}
static USERS: [User; 65] =
    [const { User { fd: AtomicI32::new(-1), all: AtomicBool::new(false), chain: AtomicBool::new(false) } };
        65];
static USERS_BEFORE: [std::sync::OnceLock<SavedAction>; 65] = [const { std::sync::OnceLock::new() }; 65];

fn number(th: Th, v: Value) -> R<i32> {
    let n = int_arg(th, v)?;
    if SIGNALS.iter().any(|s| s.0 == n) {
        return Err(th.runtime_error(format!("signal {n} cannot be registered, use enable() instead")));
    }
    if !(1..65).contains(&n) {
        return Err(th.value_error("signal number out of range"));
    }
    Ok(n)
}
fn register(th: Th, a: Args) -> R<Value> {
    let n = number(th, a[0].unwrap())?;
    let all = bool_or(th, a[2], true)?;
    let chain = bool_or(th, a[3], false)?;
    let fd = descriptor(th, a[1], &format!("signal {n}"))?;
    let u = &USERS[n as usize];
    let was = u.fd.load(Acquire) != -1;
    u.all.store(all, Relaxed);
    u.chain.store(chain, Relaxed);
    u.fd.store(fd, Release);
    if !was {
        match host().swap_raw_handler(n, on_user, if chain { c::SA_NODEFER } else { c::SA_RESTART }) {
            Ok(old) => {
                let _ = USERS_BEFORE[n as usize].set(old);
            }
            Err(e) => {
                u.fd.store(-1, Release);
                return Err(os_error(th, e));
            }
        }
    }
    none()
}
fn unregister(n: i32) -> bool {
    let was = USERS[n as usize].fd.swap(-1, AcqRel) != -1;
    if was && let Some(old) = USERS_BEFORE[n as usize].get() {
        let _ = host().restore_action(n, old);
    }
    was
}
extern "C" fn on_user(n: i32, _: *mut c::siginfo_t, _: *mut c::c_void) {
    let Some(u) = USERS.get(n as usize) else { return };
    let fd = u.fd.load(Acquire);
    if fd == -1 {
        return;
    }
    let out: Out = &mut |b| write(fd, b);
    let me = Th::current();
    if u.all.load(Relaxed) {
        dump::all_threads(out, me);
    } else if let Some(th) = me {
        dump::stack(out, th);
    }
    if u.chain.load(Relaxed)
        && let Some(old) = USERS_BEFORE[n as usize].get()
    {
        let _ = host().restore_action(n, old);
        let _ = host().raise(n);
        let _ = host().swap_raw_handler(n, on_user, c::SA_NODEFER);
    }
}

// -- after a time

/// Counts the requests: a watchdog whose number is not the current one ends.
static LATER: Mutex<u32> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();
static RUNNING: AtomicU32 = AtomicU32::new(0);

fn cancel() {
    *lock(&LATER) += 1;
    CHANGED.notify_all();
    // No output after this.
    while RUNNING.load(Acquire) != 0 {
        std::thread::sleep(Duration::from_micros(200));
    }
}
/// In the child of a fork there is no watchdog.
pub fn after_fork_child() {
    RUNNING.store(0, Release);
}

fn later(th: Th, a: Args) -> R<Value> {
    let nanos = crate::time::duration(th, a[0].unwrap(), crate::time::Round::Timeout)?;
    let repeat = bool_or(th, a[1], false)?;
    let exit = bool_or(th, a[3], false)?;
    let micros = if nanos > 0 { (nanos + 999) / 1000 } else { nanos / 1000 };
    if micros <= 0 {
        return Err(th.value_error("timeout must be greater than 0"));
    }
    let fd = descriptor(th, a[2], "later")?;
    let (secs, us) = (micros / 1_000_000, micros % 1_000_000);
    let mut head = format!("Timeout ({}:{:02}:{:02}", secs / 3600, secs / 60 % 60, secs % 60);
    if us != 0 {
        head += &format!(".{us:06}");
    }
    head += ")!\n";
    th.m.blocking(cancel);
    let ticket = *lock(&LATER);
    let wait = Duration::from_micros(micros as u64);
    RUNNING.fetch_add(1, AcqRel);
    let r = th.m.blocking(|| {
        host().spawn_thread(256 << 10, Box::new(move || watch(ticket, wait, repeat, exit, fd, head)))
    });
    if r.is_err() {
        RUNNING.fetch_sub(1, AcqRel);
        return Err(th.runtime_error("unable to start watchdog thread"));
    }
    none()
}
fn watch(ticket: u32, wait: Duration, repeat: bool, exit: bool, fd: Fd, head: String) {
    let all = host().valid_signals();
    let _ = host().sigmask(c::SIG_BLOCK, all);
    'again: loop {
        let end = Instant::now() + wait;
        let mut g = lock(&LATER);
        loop {
            if *g != ticket {
                break 'again;
            }
            let now = Instant::now();
            if now >= end {
                break;
            }
            g = CHANGED.wait_timeout(g, end - now).unwrap().0;
        }
        drop(g);
        write(fd, head.as_bytes());
        let whole = dump::all_threads(&mut |b| write(fd, b), None);
        if exit {
            host().exit_now(1);
        }
        if !whole || !repeat {
            break;
        }
    }
    RUNNING.fetch_sub(1, AcqRel);
}
