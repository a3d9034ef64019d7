//! `_signal`: handlers of signals in Python, timers, masks, waiting for signals.
//!
//! The system's handler (see `adder_host::signal`) marks the signal and sets the main thread's poll bit; [`deliver`] runs
//! at that thread's next safepoint, or when its blocking call ended with `EINTR`, and calls Python's handlers. They are
//! in a list by number ([`Root::signal_handlers`]), made when the module is imported; until then only SIGINT has a
//! handler of ours, which raises KeyboardInterrupt.

use crate::time::Round;
use crate::util::*;
use adder_host::Errno;
use adder_host::signal::{Action, SignalInfo, SignalSet};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::{eval_, frame, int, list, set};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::structseq;
use adder_vm::thread::{Root, Th, poll};
use adder_vm::value::*;
use std::sync::atomic::Ordering::*;

/// Numbers are below.
const NSIG: i32 = 65;
const DFL: i64 = 0;
const IGN: i64 = 1;

crate::exception_type!(pub ITIMER_ERROR "signal.ItimerError" OS_ERROR "");

structseq! {
    pub STRUCT_SIGINFO "signal.struct_siginfo" 7
    "struct_siginfo: Result from sigwaitinfo or sigtimedwait.\n\nThis object may be accessed either as a tuple of\n(si_signo, si_code, si_errno, si_pid, si_uid, si_status, si_band),\nor via the attributes si_signo, si_code, and so on." tflags::SHOWN_AS_HEAP; [
        ("si_signo", "signal number"), ("si_code", "signal code"),
        ("si_errno", "errno associated with this signal"), ("si_pid", "sending process ID"),
        ("si_uid", "real user ID of sending process"), ("si_status", "exit value or signal"),
        ("si_band", "band event for SIGPOLL"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "_signal",
    doc: "This module provides mechanisms to use signal handlers in Python.\n\nFunctions:\n\nalarm() -- cause SIGALRM after a specified time [Unix only]\nsetitimer() -- cause a signal (described below) after a specified\n               float time and the timer may restart then [Unix only]\ngetitimer() -- get current value of timer [Unix only]\nsignal() -- set the action for a given signal\ngetsignal() -- get the signal action for a given signal\npause() -- wait until a signal arrives [Unix only]\ndefault_int_handler() -- default SIGINT handler\n\nsignal constants:\nSIG_DFL -- used to refer to the system default handler\nSIG_IGN -- used to ignore the signal\nNSIG -- number of defined signals\nSIGINT, SIGTERM, etc. -- signal numbers\n\nitimer constants:\nITIMER_REAL -- decrements in real time, and delivers SIGALRM upon\n               expiration\nITIMER_VIRTUAL -- decrements only when the process is executing,\n               and delivers SIGVTALRM upon expiration\nITIMER_PROF -- decrements both when the process is executing and\n               when the system is executing on behalf of the process.\n               Coupled with ITIMER_VIRTUAL, this timer is usually\n               used to profile the time spent by the application\n               in user and kernel space. SIGPROF is delivered upon\n               expiration.\n\n\n*** IMPORTANT NOTICE ***\nA signal handler function is called with two arguments:\nthe first is the signal number, the second is the interrupted stack frame.",
    functions: &[
        function(
            "default_int_handler",
            "($module, signalnum, frame, /)",
            "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt.",
            |th, a| {
                int_arg(th, a[0].unwrap())?;
                Err(th.raise_args(&exc::KEYBOARD_INTERRUPT, &[]))
            },
        ),
        function(
            "alarm",
            "($module, seconds, /)",
            "Arrange for SIGALRM to arrive after the given number of seconds.",
            |th, a| {
                let n = int_arg(th, a[0].unwrap())?;
                Ok(th.int(host().alarm(n as u32) as i64))
            },
        ),
        function(
            "setitimer",
            "($module, which, seconds, interval=0.0, /)",
            "Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF).\n\nThe timer will fire after value seconds and after that every interval\nseconds.  The itimer can be cleared by setting seconds to zero.\n\nReturns old values as a tuple: (delay, interval).",
            |th, a| {
                let which = int_arg(th, a[0].unwrap())?;
                let first = micros(th, a[1].unwrap())?;
                let interval = match a[2] {
                    Some(v) => micros(th, v)?,
                    None => 0,
                };
                timer(th, host().setitimer(which, first, interval)).and_then(|v| check_signals(th).map(|_| v))
            },
        ),
        function("getitimer", "($module, which, /)", "Returns current value of given itimer.", |th, a| {
            let which = int_arg(th, a[0].unwrap())?;
            timer(th, host().getitimer(which))
        }),
        function(
            "signal",
            "($module, signalnum, handler, /)",
            "Set the action for the given signal.\n\nThe action can be SIG_DFL, SIG_IGN, or a callable Python object.\nThe previous action is returned.  See getsignal() for possible return\nvalues.\n\n*** IMPORTANT NOTICE ***\nA signal handler function is called with two arguments: the first is\nthe signal number, the second is the interrupted stack frame.",
            signal,
        ),
        function(
            "raise_signal",
            "($module, signalnum, /)",
            "Send a signal to the executing process.",
            |th, a| {
                let n = int_arg(th, a[0].unwrap())?;
                ok(th, host().raise(n))?;
                check_signals(th)?;
                none()
            },
        ),
        function(
            "strsignal",
            "($module, signalnum, /)",
            "Return the system description of the given signal.\n\nReturns the description of signal *signalnum*, such as \"Interrupt\"\nfor :const:`SIGINT`. Returns :const:`None` if *signalnum* has no\ndescription. Raises :exc:`ValueError` if *signalnum* is invalid.",
            |th, a| {
                let n = number(th, a[0].unwrap())?;
                match host().strsignal(n) {
                    Some(s) => th.try_str(s.as_bytes()),
                    None => none(),
                }
            },
        ),
        function(
            "getsignal",
            "($module, signalnum, /)",
            "Return the current action for the given signal.\n\nThe return value can be:\n  SIG_IGN -- if the signal is being ignored\n  SIG_DFL -- if the default action for the signal is in effect\n  None    -- if an unknown handler is in effect\n  anything else -- the callable Python object used as a handler",
            |th, a| {
                let n = number(th, a[0].unwrap())?;
                Ok(handlers(th)?.get(n as usize).unwrap_or(NONE()))
            },
        ),
        function(
            "set_wakeup_fd",
            "($module, fd, /, *, warn_on_full_buffer=True)",
            "Sets the fd to be written to (with the signal number) when a signal comes in.\n\nA library can use this to wakeup select or poll.\nThe previous fd or -1 is returned.\n\nThe fd must be non-blocking.",
            |th, a| {
                let fd = int_arg(th, a[0].unwrap())?;
                let warn = bool_or(th, a[1], true)?;
                if !th.is_main() {
                    return Err(
                        th.value_error("set_wakeup_fd only works in main thread of the main interpreter")
                    );
                }
                if fd != -1 {
                    call(th, |h, o| h.fstat(o, fd).map(|_| ()))?;
                    if ok(th, host().get_blocking(fd))? {
                        return Err(th.value_error(format!("the fd {fd} must be in non-blocking mode")));
                    }
                }
                Ok(th.int(host().set_wakeup_fd(fd, warn) as i64))
            },
        ),
        function(
            "siginterrupt",
            "($module, signalnum, flag, /)",
            "Change system call restart behaviour.\n\nIf flag is False, system calls will be restarted when interrupted by\nsignal sig, else system calls will be interrupted.",
            |th, a| {
                let n = number(th, a[0].unwrap())?;
                let flag = int_arg(th, a[1].unwrap())?;
                ok(th, host().siginterrupt(n, flag != 0))?;
                none()
            },
        ),
        function("pause", "($module, /)", "Wait until a signal arrives.", |th, _| {
            outside(th, |h, o| h.pause(o));
            check_signals(th)?;
            none()
        }),
        function(
            "pidfd_send_signal",
            "($module, pidfd, signalnum, siginfo=None, flags=0, /)",
            "Send a signal to a process referred to by a pid file descriptor.",
            |th, a| {
                let (fd, n) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
                let flags = int_or(th, a[3], 0)?;
                if given(a[2]).is_some() {
                    return Err(th.type_error("siginfo must be None"));
                }
                ok(th, host().pidfd_send_signal(fd, n, flags as u32))?;
                check_signals(th)?;
                none()
            },
        ),
        function(
            "pthread_kill",
            "($module, thread_id, signalnum, /)",
            "Send a signal to a thread.",
            |th, a| {
                let id = thread_id(th, a[0].unwrap())?;
                let n = int_arg(th, a[1].unwrap())?;
                crate::audit(th, "signal.pthread_kill", &[a[0].unwrap(), Value::fix(n as i64)])?;
                // The C library has undefined behaviour for threads that are gone.
                let alive = crate::thread::is_alive(th, id);
                ok(th, if alive { host().pthread_kill(id, n) } else { Err(Errno(c::ESRCH)) })?;
                check_signals(th)?;
                none()
            },
        ),
        function(
            "pthread_sigmask",
            "($module, how, mask, /)",
            "Fetch and/or change the signal mask of the calling thread.",
            |th, a| {
                let how = int_arg(th, a[0].unwrap())?;
                let s = signals(th, a[1].unwrap())?;
                let old = ok(th, host().sigmask(how, s))?;
                // Signals that were let through by this.
                check_signals(th)?;
                set_of(th, old)
            },
        ),
        function(
            "sigpending",
            "($module, /)",
            "Examine pending signals.\n\nReturns a set of signal numbers that are pending for delivery to\nthe calling thread.",
            |th, _| {
                let s = ok(th, host().sigpending())?;
                set_of(th, s)
            },
        ),
        function(
            "sigwait",
            "($module, sigset, /)",
            "Wait for a signal.\n\nSuspend execution of the calling thread until the delivery of one of the\nsignals specified in the signal set sigset.  The function accepts the\nsignal and returns the signal number.",
            |th, a| {
                let s = signals(th, a[0].unwrap())?;
                Ok(th.int(call(th, |h, o| h.sigwait(o, s))? as i64))
            },
        ),
        function(
            "sigwaitinfo",
            "($module, sigset, /)",
            "Wait synchronously until one of the signals in *sigset* is delivered.\n\nReturns a struct_siginfo containing information about the signal.",
            |th, a| {
                let s = signals(th, a[0].unwrap())?;
                let i = call(th, |h, o| h.sigtimedwait(o, s, None))?;
                info(th, &i)
            },
        ),
        function(
            "sigtimedwait",
            "($module, sigset, timeout, /)",
            "Like sigwaitinfo(), but with a timeout.\n\nThe timeout is specified in seconds, with floating-point numbers allowed.",
            |th, a| {
                let s = signals(th, a[0].unwrap())?;
                let n = crate::time::duration(th, a[1].unwrap(), Round::Ceiling)?;
                if n < 0 {
                    return Err(th.value_error("timeout must be non-negative"));
                }
                let until = adder_vm::sync::monotonic().saturating_add(n);
                let r = retry(th, |h, o| {
                    let left = until.saturating_sub(adder_vm::sync::monotonic()).max(0);
                    h.sigtimedwait(o, s, Some(left))
                })?;
                match r {
                    Err(Errno::EAGAIN) => none(),
                    r => {
                        let i = ok(th, r)?;
                        info(th, &i)
                    }
                }
            },
        ),
        function(
            "valid_signals",
            "($module, /)",
            "Return a set of valid signal numbers on this platform.\n\nThe signal numbers returned by this function can be safely passed to\nfunctions like `pthread_sigmask`.",
            |th, _| set_of(th, host().valid_signals()),
        ),
    ],
    types: &[&ITIMER_ERROR, &STRUCT_SIGINFO.cell],
    init: Some(|th, m| {
        put_table(th, m, adder_host::consts::signal())?;
        m.put(th, "SIG_DFL", Value::fix(DFL))?;
        m.put(th, "SIG_IGN", Value::fix(IGN))?;
        let l = handlers(th)?;
        // The module is not to be found by its name yet.
        if let Some(f) = m.ns().get(th, th.intern("default_int_handler"))?
            && l.get(c::SIGINT as usize).is_some_and(|h| !h.is_fix() && !h.is_none())
        {
            list::set_at(th, l, c::SIGINT as i64, f)?;
        }
        Ok(())
    }),
};

/// At the start of the process: broken pipes are errors, and so are files that grow too large; SIGINT is an exception
/// unless the parent wanted it to be ignored.
pub fn start() {
    let h = host();
    h.set_wake(|| Th::poll_main(poll::SIGNAL));
    adder_vm::pending::set_signal_hook(deliver);
    let _ = h.set_action(c::SIGPIPE, Action::Ignore);
    let _ = h.set_action(c::SIGXFSZ, Action::Ignore);
    // Of Rust's handlers for overflows of the native stack: others who send these signals mean them.
    for n in [c::SIGSEGV, c::SIGBUS] {
        if h.get_action(n) == Ok(Action::Foreign) {
            let _ = h.set_action(n, Action::Default);
        }
    }
    if h.get_action(c::SIGINT) == Ok(Action::Default) {
        let _ = h.set_action(c::SIGINT, Action::Flag);
    }
}

/// The list of handlers by number; made from what the process has.
fn handlers(th: Th) -> R<Gc<List>> {
    if let Some(l) = Root::signal_handlers.get() {
        return Ok(l.cast().unwrap());
    }
    let l = list::new(th, &[])?;
    for n in 0..NSIG {
        let v = match host().get_action(n) {
            _ if n == 0 => NONE(),
            Ok(Action::Default) => Value::fix(DFL),
            Ok(Action::Ignore) => Value::fix(IGN),
            Ok(Action::Flag) if n == c::SIGINT => default_int_handler(th)?,
            _ => NONE(),
        };
        list::append(th, l, v)?;
    }
    Root::signal_handlers.set(Some(l.value()));
    Ok(l)
}
/// The function of the module, which is being imported.
fn default_int_handler(th: Th) -> R<Value> {
    let def = MODULE.functions.iter().find(|d| d.name == "default_int_handler").unwrap();
    let name = th.intern("_signal");
    match adder_vm::import::modules_get(th, name)? {
        Some(m) if m.is_kind(Kind::Module) => {
            match m.cast::<Module>().unwrap().ns().get(th, th.intern("default_int_handler"))? {
                Some(f) => Ok(f),
                None => Ok(th.native_function(def, None, Some(m))),
            }
        }
        _ => Ok(th.native_function(def, None, None)),
    }
}

fn number(th: Th, v: Value) -> R<i32> {
    let n = int_arg(th, v)?;
    if !(1..NSIG).contains(&n) {
        return Err(th.value_error("signal number out of range"));
    }
    Ok(n)
}
fn thread_id(th: Th, v: Value) -> R<u64> {
    if !int::is_int(v) {
        return Err(
            th.type_error(format!("pthread_kill() argument 1 must be int, not {}", th.type_name_of(v)))
        );
    }
    // As `PyLong_AsUnsignedLongMask`.
    Ok(match (int::to_i64(v), int::to_u64(v)) {
        (Some(n), _) => n as u64,
        (_, Some(n)) => n,
        _ => u64::MAX,
    })
}

/// A handler that is one of the two numbers.
fn is_number(th: Th, v: Value, n: i64) -> R<bool> {
    if !int::is_int(v) || v.is_kind(Kind::Bool) {
        return Ok(false);
    }
    th.eq(v, Value::fix(n))
}

fn signal(th: Th, a: Args) -> R<Value> {
    let n = int_arg(th, a[0].unwrap())?;
    let handler = a[1].unwrap();
    if !th.is_main() {
        return Err(th.value_error("signal only works in main thread of the main interpreter"));
    }
    if !(1..NSIG).contains(&n) {
        return Err(th.value_error("signal number out of range"));
    }
    let (action, kept) = if th.type_of(handler).slots.call.is_some() {
        (Action::Flag, handler)
    } else if is_number(th, handler, IGN)? {
        (Action::Ignore, handler)
    } else if is_number(th, handler, DFL)? {
        (Action::Default, handler)
    } else {
        return Err(
            th.type_error("signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object")
        );
    };
    // What came before belongs to the old handler.
    check_signals(th)?;
    let l = handlers(th)?;
    ok(th, host().set_action(n, action))?;
    let old = l.get(n as usize).unwrap_or(NONE());
    list::set_at(th, l, n as i64, kept)?;
    Ok(old)
}

/// Calls the handlers of the signals that came. On the main thread, at a safepoint.
fn deliver(th: Th) -> R<()> {
    let h = host();
    if !th.is_main() {
        if h.signals_came() {
            Th::poll_main(poll::SIGNAL);
        }
        return Ok(());
    }
    if let Some(e) = h.take_wakeup_error() {
        os_error(th, e);
        let e = th.take_exc();
        let msg = th.str("Exception ignored when trying to write to the signal wakeup fd");
        adder_vm::unraisable::report_with(th, e, msg, NONE());
    }
    let mut came = h.take_signals();
    while let Some(n) = came.iter().next() {
        came.0 &= !(1u64 << (n - 1));
        if let Err(e) = handle(th, n) {
            // The others come afterwards.
            if came.0 != 0 {
                h.put_back_signals(came);
                Th::poll_main(poll::SIGNAL);
            }
            return Err(e);
        }
    }
    Ok(())
}
fn handle(th: Th, n: i32) -> R<()> {
    if adder_vm::sys::FINALIZING.load(Relaxed) {
        race(th, n);
        return Ok(());
    }
    let Some(l) = Root::signal_handlers.get().and_then(|l| l.cast::<List>()) else {
        if n == c::SIGINT {
            return Err(th.raise_args(&exc::KEYBOARD_INTERRUPT, &[]));
        }
        return Ok(());
    };
    let f = l.get(n as usize).unwrap_or(NONE());
    if f.is_none() || th.type_of(f).slots.call.is_none() {
        race(th, n);
        return Ok(());
    }
    let fr = match eval_::visible_frame(th) {
        Some(f) => frame::frame_object(th, f),
        None => NONE(),
    };
    th.call(f, &[Value::fix(n as i64), fr]).map(|_| ())
}

/// The handler was taken away between the arrival of the signal and now.
#[cold]
fn race(th: Th, n: i32) {
    th.raise_msg(&exc::OS_ERROR, &format!("Signal {n} ignored due to race condition"));
    adder_vm::unraisable::report(th, None, NONE());
}

/// `interrupt_main`: as if the signal had come.
pub fn simulate(th: Th, n: i32) -> R<()> {
    if !(1..NSIG).contains(&n) {
        return Err(th.value_error("signal number out of range"));
    }
    if let Ok(Action::Flag) = host().get_action(n) {
        host().trip(n);
        if th.is_main() {
            check_signals(th)?;
        }
    }
    Ok(())
}
/// In the child of a fork: what the parent had not handled yet is the parent's.
pub fn after_fork_child(_th: Th) {
    host().take_signals();
}

/// Nanoseconds of an interval in seconds, microseconds counting; rounded up so that little is not nothing.
fn micros(th: Th, v: Value) -> R<i64> {
    let n = crate::time::duration(th, v, Round::Ceiling)?;
    Ok(n.checked_add(999).map_or(n, |x| x.div_euclid(1000) * 1000))
}
fn timer(th: Th, r: adder_host::Res<(i64, i64)>) -> R<Value> {
    match r {
        Ok((first, interval)) => {
            let (a, b) = (th.float(first as f64 / 1e9), th.float(interval as f64 / 1e9));
            th.try_tuple(&[a, b])
        }
        Err(e) => {
            let msg = th.str(&e.message());
            Err(th.raise_args(&ITIMER_ERROR, &[Value::fix(e.0 as i64), msg]))
        }
    }
}

pub fn set_of(th: Th, s: SignalSet) -> R<Value> {
    let r = set::new(th)?;
    for n in s.iter() {
        set::add(th, r, Value::fix(n as i64))?;
    }
    Ok(r.value())
}
/// The signals of an iterable of numbers.
pub fn signals(th: Th, v: Value) -> R<SignalSet> {
    let mut s = SignalSet(0);
    let valid = host().valid_signals();
    th.for_each(v, |x| {
        let i = th.index(x)?;
        let Some(n) = int::to_i64(i) else {
            let n = th.text(th.repr(i)?);
            return Err(th.value_error(format!("signal number {n} out of range [1; {}]", NSIG - 1)));
        };
        if !(1..NSIG as i64).contains(&n) {
            return Err(th.value_error(format!("signal number {n} out of range [1; {}]", NSIG - 1)));
        }
        if !valid.contains(n as i32) {
            let msg = format!("invalid signal number {n}, please use valid_signals()");
            return adder_vm::warn::warn(th, &exc::RUNTIME_WARNING, &msg, 1);
        }
        s = s.with(n as i32);
        Ok(())
    })?;
    Ok(s)
}

fn info(th: Th, i: &SignalInfo) -> R<Value> {
    let n = |x: i64| th.int(x);
    STRUCT_SIGINFO.make(
        th,
        &[
            n(i.signo as i64),
            n(i.code as i64),
            n(i.errno as i64),
            n(i.pid as i64),
            n(i.uid as i64),
            n(i.status as i64),
            n(i.band),
        ],
    )
}
