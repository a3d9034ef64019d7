//! New processes and their ends: fork, exec, wait, spawn, signals to others.
//!
//! # Safety
//! A process forks with the world stopped: of the heap's state in the child nothing is half done, and the child makes whole
//! what belonged to the other threads before anything else.

use super::paths::path_or_fd;
use crate::util::*;
use adder_host::process::Usage;
use adder_host::signal::SignalSet;
use adder_host::spawn::{SpawnAction, SpawnAttr};
use adder_host::{Errno, Pid};
use adder_vm::builtins::list;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::structseq;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;
use std::ffi::CString;

structseq! {
    pub WAITID_RESULT "posix.waitid_result" 5
    "waitid_result: Result from waitid.\n\nThis object may be accessed either as a tuple of\n  (si_pid, si_uid, si_signo, si_status, si_code),\nor via the attributes si_pid, si_uid, and so on.\n\nSee os.waitid for more information." tflags::SHOWN_AS_HEAP; [("si_pid", ""), ("si_uid", ""), ("si_signo", ""), ("si_status", ""), ("si_code", "")]
}
structseq! {
    pub TIMES_RESULT "posix.times_result" 5
    "times_result: Result from os.times().\n\nThis object may be accessed either as a tuple of\n  (user, system, children_user, children_system, elapsed),\nor via the attributes user, system, children_user, children_system,\nand elapsed.\n\nSee os.times for more information." tflags::SHOWN_AS_HEAP; [
        ("user", "user time"), ("system", "system time"), ("children_user", "user time of children"),
        ("children_system", "system time of children"), ("elapsed", "elapsed time since an arbitrary point in the past"),
    ]
}

pub static FUNCTIONS: &[NativeDef] = &[
    function(
        "_exit",
        "($module, /, status)",
        "Exit to the system with specified status, without normal exit processing.",
        |th, a| {
            host().exit_now(int_arg(th, a[0].unwrap())?);
            none()
        },
    ),
    function(
        "abort",
        "($module, /)",
        "Abort the interpreter immediately.\n\nThis function 'dumps core' or otherwise fails in the hardest way\npossible on the hosting operating system.  This function never returns.",
        |_, _| {
            host().abort();
            none()
        },
    ),
    function(
        "fork",
        "($module, /)",
        "Fork a child process.\n\nReturn 0 to child process and PID of child to parent process.",
        |th, _| {
            let pid = fork(th, "os.fork", |h| h.fork())?;
            Ok(th.int(pid as i64))
        },
    ),
    function(
        "forkpty",
        "($module, /)",
        "Fork a new process with a new pseudo-terminal as controlling tty.\n\nReturns a tuple of (pid, master_fd).\nLike fork(), return pid of 0 to the child process,\nand pid of child to the parent process.\nTo both, return fd of newly opened pseudo-terminal.",
        |th, _| {
            let mut master = -1;
            let pid = fork(th, "os.forkpty", |h| {
                let (p, m) = h.forkpty()?;
                master = m;
                Ok(p)
            })?;
            Ok(th.tuple(&[th.int(pid as i64), th.int(master as i64)]))
        },
    ),
    function(
        "register_at_fork",
        "($module, /, *, before=<unrepresentable>,\n                 after_in_child=<unrepresentable>,\n                 after_in_parent=<unrepresentable>)",
        "Register callables to be called when forking a new process.\n\n  before\n    A callable to be called in the parent before the fork() syscall.\n  after_in_child\n    A callable to be called in the child after fork().\n  after_in_parent\n    A callable to be called in the parent after fork().\n\n'before' callbacks are called in reverse order.\n'after_in_child' and 'after_in_parent' callbacks are called in order.",
        |th, a| {
            if a.iter().all(|v| v.is_none()) {
                return Err(th.type_error("At least one argument is required."));
            }
            for (v, name) in a.iter().zip(["before", "after_in_child", "after_in_parent"]) {
                if let Some(v) = v
                    && th.type_of(*v).slots.call.is_none()
                {
                    return Err(
                        th.type_error(format!("'{name}' must be callable, not {}", th.type_name_of(*v)))
                    );
                }
            }
            for (i, v) in a.iter().enumerate() {
                if let Some(v) = v {
                    list::append(th, hooks(th, i)?, *v)?;
                }
            }
            none()
        },
    ),
    function(
        "execv",
        "($module, path, argv, /)",
        "Execute an executable path with arguments, replacing current process.\n\n  path\n    Path of executable file.\n  argv\n    Tuple or list of strings.",
        |th, a| {
            let p = Path::new(th, "execv", "path", a[0], PathKind::default())?;
            let argv = argv_arg(th, "execv", "arg 2", a[1].unwrap())?;
            crate::audit(th, "os.exec", &[p.object, a[1].unwrap(), NONE()])?;
            let env: Vec<CString> = host().environ().iter().filter_map(|(k, v)| env_entry(k, v)).collect();
            let e = outside(th, |h, o| h.execve(o, &p.c, &argv, &env));
            Err(os_error(th, e))
        },
    ),
    function(
        "execve",
        "($module, /, path, argv, env)",
        "Execute an executable path with arguments, replacing current process.\n\n  path\n    Path of executable file.\n  argv\n    Tuple or list of strings.\n  env\n    Dictionary of strings mapping to strings.",
        |th, a| {
            let p = path_or_fd(th, "execve", a[0])?;
            let v = a[1].unwrap();
            if !v.is_kind(Kind::List) && !v.is_kind(Kind::Tuple) {
                return Err(th.type_error("execve: argv must be a tuple or list"));
            }
            let argv = strings(th, v)?;
            if argv.is_empty() {
                return Err(th.value_error("execve: argv must not be empty"));
            }
            if argv[0].is_empty() {
                return Err(th.value_error("execve: argv first element cannot be empty"));
            }
            let env = env_arg(th, a[2].unwrap(), "execve: environment must be a mapping object")?;
            crate::audit(th, "os.exec", &[p.object, v, a[2].unwrap()])?;
            let e = outside(th, |h, o| match p.fd {
                Some(fd) => h.fexecve(o, fd, &argv, &env),
                None => h.execve(o, &p.c, &argv, &env),
            });
            Err(p.error(th, e))
        },
    ),
    function("system", "($module, /, command)", "Execute the command in a subshell.", |th, a| {
        let cmd = fs_path(th, a[0].unwrap())?;
        crate::audit(th, "os.system", &[new_bytes(th, cmd.as_bytes())?])?;
        let r = outside(th, |h, o| h.system(o, &cmd));
        Ok(th.int(r.unwrap_or(-1) as i64))
    }),
    function(
        "posix_spawn",
        "($module, path, argv, env, /, *, file_actions=(),\n            setpgroup=None, resetids=False, setsid=False,\n            setsigmask=(), setsigdef=(), scheduler=None)",
        "Execute the program specified by path in a new process.\n\n  path\n    Path of executable file.\n  argv\n    Tuple or list of strings.\n  env\n    Dictionary of strings mapping to strings.\n  file_actions\n    A sequence of file action tuples.\n  setpgroup\n    The pgroup to use with the POSIX_SPAWN_SETPGROUP flag.\n  resetids\n    If the value is `true` the POSIX_SPAWN_RESETIDS will be activated.\n  setsid\n    If the value is `true` the POSIX_SPAWN_SETSID or POSIX_SPAWN_SETSID_NP\n    will be activated.\n  setsigmask\n    The sigmask to use with the POSIX_SPAWN_SETSIGMASK flag.\n  setsigdef\n    The sigmask to use with the POSIX_SPAWN_SETSIGDEF flag.\n  scheduler\n    A tuple with the scheduler policy (optional) and parameters.",
        |th, a| spawn(th, "posix_spawn", false, a),
    ),
    function(
        "posix_spawnp",
        "($module, path, argv, env, /, *, file_actions=(),\n             setpgroup=None, resetids=False, setsid=False,\n             setsigmask=(), setsigdef=(), scheduler=None)",
        "Execute the program specified by path in a new process.\n\n  path\n    Path of executable file.\n  argv\n    Tuple or list of strings.\n  env\n    Dictionary of strings mapping to strings.\n  file_actions\n    A sequence of file action tuples.\n  setpgroup\n    The pgroup to use with the POSIX_SPAWN_SETPGROUP flag.\n  resetids\n    If the value is `True` the POSIX_SPAWN_RESETIDS will be activated.\n  setsid\n    If the value is `True` the POSIX_SPAWN_SETSID or POSIX_SPAWN_SETSID_NP\n    will be activated.\n  setsigmask\n    The sigmask to use with the POSIX_SPAWN_SETSIGMASK flag.\n  setsigdef\n    The sigmask to use with the POSIX_SPAWN_SETSIGDEF flag.\n  scheduler\n    A tuple with the scheduler policy (optional) and parameters.",
        |th, a| spawn(th, "posix_spawnp", true, a),
    ),
    function("kill", "($module, pid, signal, /)", "Kill a process with a signal.", |th, a| {
        let (pid, sig) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
        crate::audit(th, "os.kill", &[Value::fix(pid as i64), Value::fix(sig as i64)])?;
        ok(th, host().kill(pid, sig))?;
        check_signals(th)?;
        none()
    }),
    function("killpg", "($module, pgid, signal, /)", "Kill a process group with a signal.", |th, a| {
        let (pid, sig) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
        ok(th, host().killpg(pid, sig))?;
        check_signals(th)?;
        none()
    }),
    function(
        "wait",
        "($module, /)",
        "Wait for completion of a child process.\n\nReturns a tuple of information about the child process:\n    (pid, status)",
        |th, _| {
            let (pid, st) = call(th, |h, o| h.waitpid(o, -1, 0))?;
            Ok(th.tuple(&[th.int(pid as i64), th.int(st as i64)]))
        },
    ),
    function(
        "waitpid",
        "($module, pid, options, /)",
        "Wait for completion of a given child process.\n\nReturns a tuple of information regarding the child process:\n    (pid, status)\n\nThe options argument is ignored on Windows.",
        |th, a| {
            let (pid, opt) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
            let (pid, st) = call(th, |h, o| h.waitpid(o, pid, opt))?;
            Ok(th.tuple(&[th.int(pid as i64), th.int(st as i64)]))
        },
    ),
    function(
        "wait3",
        "($module, /, options)",
        "Wait for completion of a child process.\n\nReturns a tuple of information about the child process:\n  (pid, status, rusage)",
        |th, a| {
            let opt = int_arg(th, a[0].unwrap())?;
            wait4(th, -1, opt)
        },
    ),
    function(
        "wait4",
        "($module, /, pid, options)",
        "Wait for completion of a specific child process.\n\nReturns a tuple of information about the child process:\n  (pid, status, rusage)",
        |th, a| {
            let (pid, opt) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
            wait4(th, pid, opt)
        },
    ),
    function(
        "waitid",
        "($module, idtype, id, options, /)",
        "Returns the result of waiting for a process or processes.\n\n  idtype\n    Must be one of be P_PID, P_PGID or P_ALL.\n  id\n    The id to wait on.\n  options\n    Constructed from the ORing of one or more of WEXITED, WSTOPPED\n    or WCONTINUED and additionally may be ORed with WNOHANG or WNOWAIT.\n\nReturns either waitid_result or None if WNOHANG is specified and there\nare no children in a waitable state.",
        |th, a| {
            let (kind, id, opt) =
                (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?, int_arg(th, a[2].unwrap())?);
            match call(th, |h, o| h.waitid(o, kind as u32, id as u32, opt))? {
                None => none(),
                Some(w) => {
                    let n = |x: i64| th.int(x);
                    let v = [
                        n(w.pid as i64),
                        n(w.uid as i64),
                        n(w.signo as i64),
                        n(w.status as i64),
                        n(w.code as i64),
                    ];
                    WAITID_RESULT.make(th, &v)
                }
            }
        },
    ),
    function(
        "pidfd_open",
        "($module, /, pid, flags=0)",
        "Return a file descriptor referring to the process *pid*.\n\nThe descriptor can be used to perform process management without races\nand signals.",
        |th, a| {
            let pid = int_arg(th, a[0].unwrap())?;
            let flags = a[1].map_or(Ok(0), |v| uint_arg(th, v))?;
            Ok(th.int(ok(th, host().pidfd_open(pid, flags))? as i64))
        },
    ),
    function(
        "times",
        "($module, /)",
        "Return a collection containing process timing information.\n\nThe object returned behaves like a named tuple with these fields:\n  (utime, stime, cutime, cstime, elapsed_time)\nAll fields are floating-point numbers.",
        |th, _| {
            let t = ok(th, host().times())?;
            let ticks = host().sysconf(c::_SC_CLK_TCK).unwrap_or(100) as f64;
            let f = |i: usize| th.float(t[i] as f64 / ticks);
            let v = [f(0), f(1), f(2), f(3), f(4)];
            TIMES_RESULT.make(th, &v)
        },
    ),
    function(
        "waitstatus_to_exitcode",
        "($module, /, status)",
        "Convert a wait status to an exit code.\n\nOn Unix:\n\n* If WIFEXITED(status) is true, return WEXITSTATUS(status).\n* If WIFSIGNALED(status) is true, return -WTERMSIG(status).\n* Otherwise, raise a ValueError.\n\nOn Windows, return status shifted right by 8 bits.\n\nOn Unix, if the process is being traced or if waitpid() was called with\nWUNTRACED option, the caller must first check if WIFSTOPPED(status) is\ntrue.  This function must not be called if WIFSTOPPED(status) is true.",
        |th, a| {
            let v = a[0].unwrap();
            let st = int_arg(th, v)?;
            if c::WIFEXITED(st) {
                return Ok(th.int(c::WEXITSTATUS(st) as i64));
            }
            if c::WIFSIGNALED(st) {
                return Ok(th.int(-(c::WTERMSIG(st) as i64)));
            }
            if c::WIFSTOPPED(st) {
                return Err(
                    th.value_error(format!("process stopped by delivery of signal {}", c::WSTOPSIG(st)))
                );
            }
            Err(th.value_error(format!("invalid wait status: {st}")))
        },
    ),
    function(
        "WCOREDUMP",
        "($module, status, /)",
        "Return True if the process returning status was dumped to a core file.",
        |th, a| Ok(Value::bool(c::WCOREDUMP(int_arg(th, a[0].unwrap())?))),
    ),
    function(
        "WIFCONTINUED",
        "($module, /, status)",
        "Return True if a particular process was continued from a job control stop.\n\nReturn True if the process returning status was continued from a\njob control stop.",
        |th, a| Ok(Value::bool(c::WIFCONTINUED(int_arg(th, a[0].unwrap())?))),
    ),
    function(
        "WIFSTOPPED",
        "($module, /, status)",
        "Return True if the process returning status was stopped.",
        |th, a| Ok(Value::bool(c::WIFSTOPPED(int_arg(th, a[0].unwrap())?))),
    ),
    function(
        "WIFSIGNALED",
        "($module, /, status)",
        "Return True if the process returning status was terminated by a signal.",
        |th, a| Ok(Value::bool(c::WIFSIGNALED(int_arg(th, a[0].unwrap())?))),
    ),
    function(
        "WIFEXITED",
        "($module, /, status)",
        "Return True if the process returning status exited via the exit() system call.",
        |th, a| Ok(Value::bool(c::WIFEXITED(int_arg(th, a[0].unwrap())?))),
    ),
    function(
        "WEXITSTATUS",
        "($module, /, status)",
        "Return the process return code from status.",
        |th, a| Ok(th.int(c::WEXITSTATUS(int_arg(th, a[0].unwrap())?) as i64)),
    ),
    function(
        "WTERMSIG",
        "($module, /, status)",
        "Return the signal that terminated the process that provided the status value.",
        |th, a| Ok(th.int(c::WTERMSIG(int_arg(th, a[0].unwrap())?) as i64)),
    ),
    function(
        "WSTOPSIG",
        "($module, /, status)",
        "Return the signal that stopped the process that provided the status value.",
        |th, a| Ok(th.int(c::WSTOPSIG(int_arg(th, a[0].unwrap())?) as i64)),
    ),
];

// -- fork

/// Lists of callables: before, in the child, in the parent.
fn hooks(th: Th, i: usize) -> R<Gc<List>> {
    let t: Gc<Tuple> = match Root::at_fork.get() {
        Some(t) => t.cast().unwrap(),
        None => {
            let l = [list::new(th, &[])?.value(), list::new(th, &[])?.value(), list::new(th, &[])?.value()];
            let t = th.try_tuple(&l)?;
            Root::at_fork.set(Some(t));
            t.cast().unwrap()
        }
    };
    Ok(t.items()[i].cast().unwrap())
}
fn run_hooks(th: Th, i: usize) {
    let Ok(l) = hooks(th, i) else { return };
    let Ok(t) = list::snapshot(th, l) else { return };
    // SAFETY: a slice on the stack keeps the tuple that it is of.
    let items = unsafe { &*(t.cast::<Tuple>().unwrap().items() as *const [Value]) };
    let call = |f: Value| {
        if th.call(f, &[]).is_err() {
            adder_vm::unraisable::report(th, Some("while calling fork hook"), f);
        }
    };
    if i == 0 { items.iter().rev().for_each(|f| call(*f)) } else { items.iter().for_each(|f| call(*f)) }
}
pub fn before_fork(th: Th) {
    run_hooks(th, 0);
    adder_vm::import::imp::lock_for_fork(th);
}
pub fn after_fork_child(th: Th) {
    adder_vm::import::imp::unlock_after_fork(th);
    crate::thread::after_fork_child(th);
    run_hooks(th, 1);
}
pub fn after_fork_parent(th: Th) {
    adder_vm::import::imp::unlock_after_fork(th);
    run_hooks(th, 2);
}

/// Forks with the world stopped, so that no lock of the heap is held in the child.
pub fn fork(
    th: Th,
    event: &str,
    f: impl FnOnce(&'static dyn adder_host::Host) -> adder_host::Res<Pid>,
) -> R<Pid> {
    if adder_vm::sys::FINALIZING.load(std::sync::atomic::Ordering::Acquire) {
        return Err(th.raise_msg(
            &adder_vm::builtins::exceptions::PYTHON_FINALIZATION_ERROR,
            "can't fork at interpreter shutdown",
        ));
    }
    crate::audit(th, event, &[])?;
    let pid = fork_quietly(th, f)?;
    if pid != 0 && crate::thread::count_others(th) > 0 {
        let msg = format!(
            "This process (pid={}) is multi-threaded, use of {}() may lead to deadlocks in the child.",
            host().getpid(),
            event.trim_start_matches("os.")
        );
        adder_vm::warn::warn(th, &adder_vm::builtins::exceptions::DEPRECATION_WARNING, &msg, 1)?;
    }
    Ok(pid)
}
/// As [`fork`], without an audit event and a warning.
pub fn fork_quietly(th: Th, f: impl FnOnce(&'static dyn adder_host::Host) -> adder_host::Res<Pid>) -> R<Pid> {
    before_fork(th);
    let heap = th.m.heap;
    let r = heap.stop_world(&th.m, || {
        let r = crate::thread::forking(|| f(host()));
        if let Ok(0) = r {
            // SAFETY: this thread is the only one in the child.
            unsafe { heap.after_fork_child(&th.m) };
        }
        r
    });
    match r {
        Ok(0) => after_fork_child(th),
        _ => after_fork_parent(th),
    }
    ok(th, r)
}

// -- arguments of exec and spawn

fn strings(th: Th, v: Value) -> R<Vec<CString>> {
    let t = adder_vm::builtins::tuple::from_iterable(th, v)?;
    t.cast::<Tuple>().unwrap().items().iter().map(|x| fs_path(th, *x)).collect()
}
fn argv_arg(th: Th, func: &str, what: &str, v: Value) -> R<Vec<CString>> {
    if !v.is_kind(Kind::List) && !v.is_kind(Kind::Tuple) {
        return Err(th.type_error(format!("{func}() {what} must be a tuple or list")));
    }
    let argv = strings(th, v)?;
    if argv.is_empty() {
        return Err(th.value_error(format!("{func}() {what} must not be empty")));
    }
    if argv[0].is_empty() {
        return Err(th.value_error(format!("{func}() {what} first element cannot be empty")));
    }
    Ok(argv)
}
fn env_entry(k: &[u8], v: &[u8]) -> Option<CString> {
    CString::new([k, b"=", v].concat()).ok()
}
/// A mapping as `NAME=value`.
pub fn env_arg(th: Th, v: Value, msg: &str) -> R<Vec<CString>> {
    if th.type_of(v).slots.getitem.is_none() || v.is_kind(Kind::Str) || v.is_kind(Kind::List) {
        return Err(th.type_error(msg));
    }
    let keys = th.call_method(v, adder_vm::n!(keys), &[])?;
    let vals = th.call_method(v, adder_vm::n!(values), &[])?;
    let keys: Gc<Tuple> = adder_vm::builtins::tuple::from_iterable(th, keys)?.cast().unwrap();
    let vals: Gc<Tuple> = adder_vm::builtins::tuple::from_iterable(th, vals)?.cast().unwrap();
    let mut out = Vec::new();
    for (k, x) in keys.items().iter().zip(vals.items()) {
        let (k, x) = (fs_path(th, *k)?, fs_path(th, *x)?);
        let b = k.as_bytes();
        if b.is_empty() || b[1..].contains(&b'=') {
            return Err(th.value_error("illegal environment variable name"));
        }
        out.extend(env_entry(b, x.as_bytes()));
    }
    Ok(out)
}

/// An iterable of signal numbers.
pub fn signal_set(th: Th, v: Value) -> R<SignalSet> {
    let mut set = SignalSet(0);
    th.for_each(v, |x| {
        let n = th.index(x)?;
        match adder_vm::builtins::int::to_i64(n) {
            Some(n) if (1..=64).contains(&n) => set = set.with(n as i32),
            Some(n) if i32::try_from(n).is_ok() => {
                return Err(th.value_error(format!("signal number {n} out of range [1; 64]")));
            }
            _ => {
                let t = th.repr(n)?;
                return Err(th.value_error(format!("signal number {} out of range [1; 64]", th.text(t))));
            }
        }
        Ok(())
    })?;
    Ok(set)
}

fn spawn(th: Th, func: &str, search: bool, a: Args) -> R<Value> {
    let p = Path::new(th, func, "path", a[0], PathKind::default())?;
    let v = a[1].unwrap();
    if !v.is_kind(Kind::List) && !v.is_kind(Kind::Tuple) {
        return Err(th.type_error(format!("{func}: argv must be a tuple or list")));
    }
    let argv = strings(th, v)?;
    if argv.is_empty() {
        return Err(th.value_error(format!("{func}: argv must not be empty")));
    }
    if argv[0].is_empty() {
        return Err(th.value_error(format!("{func}: argv first element cannot be empty")));
    }
    let env = if a[2].unwrap().is_none() {
        host().environ().iter().filter_map(|(k, v)| env_entry(k, v)).collect()
    } else {
        env_arg(th, a[2].unwrap(), &format!("{func}: environment must be a mapping object or None"))?
    };
    let mut actions = Vec::new();
    if let Some(fa) = given(a[3]) {
        let t: Gc<Tuple> = adder_vm::builtins::tuple::from_iterable(th, fa)?.cast().unwrap();
        for x in t.items() {
            actions.push(file_action(th, *x)?);
        }
    }
    let mut attr = SpawnAttr::default();
    if let Some(g) = given(a[4]) {
        attr.group = Some(int_arg(th, g)?);
    }
    attr.reset_ids = bool_or(th, a[5], false)?;
    attr.new_session = bool_or(th, a[6], false)?;
    if let Some(s) = a[7] {
        attr.mask = Some(signal_set(th, s)?);
    }
    if let Some(s) = a[8] {
        attr.defaults = Some(signal_set(th, s)?);
    }
    if let Some(s) = given(a[9]) {
        let Some(t) = s.cast::<Tuple>() else {
            return Err(th.type_error(format!("{func}: scheduler must be a tuple or None")));
        };
        let items = t.items();
        if items.len() != 2 {
            return Err(th.type_error("A scheduler tuple must have two elements"));
        }
        let prio = th.getattr(items[1], th.intern("sched_priority"))?;
        let policy = if items[0].is_none() { None } else { Some(int_arg(th, items[0])?) };
        attr.scheduler = Some((policy, int_arg(th, prio)?));
    }
    crate::audit(th, "os.posix_spawn", &[p.object, v, a[2].unwrap()])?;
    let r = outside(th, |h, o| h.posix_spawn(o, &p.c, search, &argv, &env, &actions, &attr));
    match r {
        Ok(pid) => Ok(th.int(pid as i64)),
        Err(e) => Err(p.error(th, e)),
    }
}

fn file_action(th: Th, v: Value) -> R<SpawnAction> {
    let t = v.cast::<Tuple>().filter(|t| t.len > 0);
    let Some(t) = t else {
        return Err(th.type_error("Each file_actions element must be a non-empty tuple"));
    };
    let i = t.items();
    let want = |n: usize, what: &str| -> R<()> {
        if i.len() == n {
            Ok(())
        } else {
            Err(th.type_error(format!("A {what} file_action tuple must have {n} elements")))
        }
    };
    Ok(match long_arg(th, i[0])? {
        0 => {
            want(5, "open")?;
            SpawnAction::Open {
                fd: int_arg(th, i[1])?,
                path: fs_path(th, i[2])?,
                flags: int_arg(th, i[3])?,
                mode: long_arg(th, i[4])? as u32,
            }
        }
        1 => {
            want(2, "close")?;
            SpawnAction::Close(int_arg(th, i[1])?)
        }
        2 => {
            want(3, "dup2")?;
            SpawnAction::Dup2(int_arg(th, i[1])?, int_arg(th, i[2])?)
        }
        3 => {
            want(2, "closefrom")?;
            SpawnAction::CloseFrom(int_arg(th, i[1])?)
        }
        _ => return Err(th.type_error("Unknown file_actions identifier")),
    })
}

/// `resource.struct_rusage` from the module, as CPython's `wait4` makes it.
pub fn rusage(th: Th, u: &Usage) -> R<Value> {
    let f = |t: (i64, i64)| th.float(t.0 as f64 + t.1 as f64 * 1e-6);
    let n = |x: i64| th.int(x);
    crate::resource::STRUCT_RUSAGE.make(
        th,
        &[
            f(u.utime),
            f(u.stime),
            n(u.maxrss),
            n(u.ixrss),
            n(u.idrss),
            n(u.isrss),
            n(u.minflt),
            n(u.majflt),
            n(u.nswap),
            n(u.inblock),
            n(u.oublock),
            n(u.msgsnd),
            n(u.msgrcv),
            n(u.nsignals),
            n(u.nvcsw),
            n(u.nivcsw),
        ],
    )
}
fn wait4(th: Th, pid: Pid, opt: i32) -> R<Value> {
    let (pid, st, u) = call(th, |h, o| h.wait4(o, pid, opt))?;
    let r = rusage(th, &u)?;
    Ok(th.tuple(&[th.int(pid as i64), th.int(st as i64), r]))
}

#[allow(unused)]
fn _e(_: Errno) {}
