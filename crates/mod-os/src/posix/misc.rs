//! Environment, configuration, identity, scheduling, terminals, timers, random bytes.

use super::files::{id_arg, u64_arg};
use crate::util::*;
use adder_host::Errno;
use adder_host::consts::{self, Table};
use adder_vm::builtins::int;
use adder_vm::builtins::structseq;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;

structseq! {
    pub UNAME_RESULT "posix.uname_result" 5
    "uname_result: Result from os.uname().\n\nThis object may be accessed either as a tuple of\n  (sysname, nodename, release, version, machine),\nor via the attributes sysname, nodename, release, version, and machine.\n\nSee os.uname for more information." tflags::SHOWN_AS_HEAP; [
        ("sysname", "operating system name"), ("nodename", "name of machine on network (implementation-defined)"),
        ("release", "operating system release"), ("version", "operating system version"), ("machine", "hardware identifier"),
    ]
}
structseq! {
    pub TERMINAL_SIZE "os.terminal_size" 2
    "A tuple of (columns, lines) for holding terminal window size" tflags::SHOWN_AS_HEAP; [("columns", "width of the terminal window in characters"), ("lines", "height of the terminal window in characters")]
}
/// Made of its field instead of a sequence.
static SCHED_PARAM_TYPE: NativeType = NativeType {
    name: "posix.sched_param",
    kind: Kind::Tuple,
    size: 16,
    flags: tflags::SHOWN_AS_HEAP,
    doc: "Currently has only one field: sched_priority\n\n  sched_priority\n    A scheduling parameter.",
    text_signature: Some("(sched_priority)"),
    base: Some(&adder_vm::builtins::tuple::TUPLE),
    slots: Slots {
        new: Some(|th, t, a| {
            static NEW: NativeDef =
                function("sched_param", "(sched_priority)", "", |th, _| Err(th.system_error("")));
            let mut b = [None];
            adder_vm::bind::bind(th, &NEW, a, &mut b)?;
            SCHED_PARAM.make_as(th, t.known(), &[b[0].unwrap()])
        }),
        ..structseq::SLOTS
    },
    methods: &[
        method("__reduce__", "($self, /)", "", |th, a| {
            let o = a[0].unwrap();
            let args = th.tuple(&o.known::<Tuple>().items()[..1]);
            Ok(th.tuple(&[th.type_of(o).value(), args]))
        }),
        structseq::REPLACE,
    ],
    init: Some(|th, t| structseq::finish(th, t, &SCHED_PARAM)),
    ..NativeType::DEFAULT
};
pub static SCHED_PARAM: structseq::StructSeq = structseq::StructSeq {
    cell: TypeCell::new(&SCHED_PARAM_TYPE),
    fields: &[("sched_priority", "the scheduling priority")],
    visible: 1,
};

pub static FUNCTIONS: &[NativeDef] = &[
    function("putenv", "($module, name, value, /)", "Change or add an environment variable.", |th, a| {
        let (k, v) = (fs_path(th, a[0].unwrap())?, fs_path(th, a[1].unwrap())?);
        if k.as_bytes().contains(&b'=') {
            return Err(th.value_error("illegal environment variable name"));
        }
        crate::audit(th, "os.putenv", &[new_bytes(th, k.as_bytes())?, new_bytes(th, v.as_bytes())?])?;
        ok(th, host().setenv(&k, &v))?;
        none()
    }),
    function("unsetenv", "($module, name, /)", "Delete an environment variable.", |th, a| {
        let k = fs_path(th, a[0].unwrap())?;
        crate::audit(th, "os.unsetenv", &[new_bytes(th, k.as_bytes())?])?;
        ok(th, host().unsetenv(&k))?;
        none()
    }),
    function("_create_environ", "($module, /)", "Create the environment dictionary.", |th, _| environ(th)),
    function("strerror", "($module, code, /)", "Translate an error code to a message string.", |th, a| {
        let n = int_arg(th, a[0].unwrap())?;
        Ok(th.str(&Errno(n).message()))
    }),
    function(
        "sysconf",
        "($module, name, /)",
        "Return an integer-valued system configuration variable.",
        |th, a| {
            let n = conf_name(th, a[0].unwrap(), consts::sysconf())?;
            Ok(th.int(ok(th, host().sysconf(n))?))
        },
    ),
    function(
        "confstr",
        "($module, name, /)",
        "Return a string-valued system configuration variable.",
        |th, a| {
            let n = conf_name(th, a[0].unwrap(), consts::confstr())?;
            match ok(th, host().confstr(n))? {
                Some(b) => fs_decode(th, &b),
                None => none(),
            }
        },
    ),
    // Nothing here installs a hook (`PyOS_InputHook`).
    function("_is_inputhook_installed", "($module, /)", "Checks if PyOS_CallInputHook is set", |_, _| {
        Ok(FALSE())
    }),
    function("_inputhook", "($module, /)", "Calls PyOS_CallInputHook droppong the GIL first", |th, _| {
        Ok(th.int(0))
    }),
    function(
        "cpu_count",
        "($module, /)",
        "Return the number of logical CPUs in the system.\n\nReturn None if indeterminable.",
        |th, _| {
            let n = match adder_vm::config::get().cpu_count {
                Some(n) => n as i64,
                None => host().cpu_count(),
            };
            if n < 1 { none() } else { Ok(th.int(n)) }
        },
    ),
    function(
        "ctermid",
        "($module, /)",
        "Return the name of the controlling terminal for this process.",
        |th, _| fs_decode(th, &host().ctermid()),
    ),
    function(
        "getloadavg",
        "($module, /)",
        "Return average recent system load information.\n\nReturn the number of processes in the system run queue averaged over\nthe last 1, 5, and 15 minutes as a tuple of three floats.\nRaises OSError if the load average was unobtainable.",
        |th, _| match host().getloadavg() {
            Some(v) => Ok(th.tuple(&[th.float(v[0]), th.float(v[1]), th.float(v[2])])),
            None => Err(os_error_text(th, "Load averages are unobtainable")),
        },
    ),
    function("getlogin", "($module, /)", "Return the actual login name.", |th, _| {
        let b = ok(th, host().getlogin())?;
        fs_decode(th, &b)
    }),
    function(
        "uname",
        "($module, /)",
        "Return an object identifying the current operating system.\n\nThe object behaves like a named tuple with the following fields:\n  (sysname, nodename, release, version, machine)",
        |th, _| {
            let u = ok(th, host().uname())?;
            let t = |s: &str| th.str(s);
            let v = [t(&u.sysname), t(&u.nodename), t(&u.release), t(&u.version), t(&u.machine)];
            UNAME_RESULT.make(th, &v)
        },
    ),
    function("getrandom", "($module, /, size, flags=0)", "Obtain a series of random bytes.", |th, a| {
        let n = size_arg(th, a[0].unwrap())?;
        let flags = int_or(th, a[1], 0)?;
        if n < 0 {
            return Err(os_error(th, Errno::EINVAL));
        }
        super::files::read_bytes(th, n as usize, |h, o, b| h.getrandom(o, b, flags as u32))
    }),
    function(
        "urandom",
        "($module, size, /)",
        "Return a bytes object containing random bytes suitable for cryptographic use.",
        |th, a| {
            let n = size_arg(th, a[0].unwrap())?;
            if n < 0 {
                return Err(th.value_error("negative argument not allowed"));
            }
            let mut b = Vec::new();
            if b.try_reserve_exact(n as usize).is_err() {
                return Err(th.memory_error());
            }
            b.resize(n as usize, 0u8);
            call(th, |h, o| h.random_fill(o, &mut b))?;
            new_bytes(th, &b)
        },
    ),
    // -- devices
    function(
        "major",
        "($module, device, /)",
        "Extracts a device major number from a raw device number.",
        |th, a| {
            let d = dev_arg(th, a[0].unwrap())?;
            Ok(th.int(if d == u64::MAX { -1 } else { c::major(d) as i64 }))
        },
    ),
    function(
        "minor",
        "($module, device, /)",
        "Extracts a device minor number from a raw device number.",
        |th, a| {
            let d = dev_arg(th, a[0].unwrap())?;
            Ok(th.int(if d == u64::MAX { -1 } else { c::minor(d) as i64 }))
        },
    ),
    function(
        "makedev",
        "($module, major, minor, /)",
        "Composes a raw device number from the major and minor device numbers.",
        |th, a| {
            let n = |v: Option<Value>| -> R<u32> {
                let i = long_arg(th, v.unwrap())?;
                u32::try_from(i).or_else(|_| {
                    if i == -1 {
                        Ok(u32::MAX)
                    } else {
                        Err(th.overflow_error("value too large to convert to dev_t"))
                    }
                })
            };
            let (major, minor) = (n(a[0])?, n(a[1])?);
            // NODEV
            if (major, minor) == (u32::MAX, u32::MAX) {
                return Ok(th.int(-1));
            }
            wide(th, c::makedev(major, minor) as i128)
        },
    ),
    // -- terminals
    function(
        "get_terminal_size",
        "($module, fd=<unrepresentable>, /)",
        "Return the size of the terminal window as (columns, lines).\n\nThe optional argument fd (default standard output) specifies\nwhich file descriptor should be queried.\n\nIf the file descriptor is not connected to a terminal, an OSError\nis thrown.\n\nThis function will only be defined if an implementation is\navailable for this system.\n\nshutil.get_terminal_size is the high-level function which should\nnormally be used, os.get_terminal_size is the low-level implementation.",
        |th, a| {
            let fd = int_or(th, a[0], 1)?;
            let (rows, cols) = ok(th, host().winsize(fd))?;
            TERMINAL_SIZE.make(th, &[th.int(cols as i64), th.int(rows as i64)])
        },
    ),
    function(
        "ttyname",
        "($module, fd, /)",
        "Return the name of the terminal device connected to 'fd'.\n\n  fd\n    Integer file descriptor handle.",
        |th, a| {
            let fd = int_arg(th, a[0].unwrap())?;
            let b = call(th, |h, o| h.ttyname(o, fd))?;
            fs_decode(th, &b)
        },
    ),
    function(
        "openpty",
        "($module, /)",
        "Open a pseudo-terminal.\n\nReturn a tuple of (master_fd, slave_fd) containing open file descriptors\nfor both the master and slave ends.",
        |th, _| {
            let (m, s) = ok(th, host().openpty())?;
            Ok(th.tuple(&[th.int(m as i64), th.int(s as i64)]))
        },
    ),
    function(
        "posix_openpt",
        "($module, oflag, /)",
        "Open and return a file descriptor for a master pseudo-terminal device.\n\nPerforms a posix_openpt() C function call. The oflag argument is used to\nset file status flags and file access modes as specified in the manual\npage of posix_openpt() of your system.",
        |th, a| Ok(th.int(ok(th, host().posix_openpt(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "grantpt",
        "($module, fd, /)",
        "Grant access to the slave pseudo-terminal device.\n\n  fd\n    File descriptor of a master pseudo-terminal device.\n\nPerforms a grantpt() C function call.",
        |th, a| {
            ok(th, host().grantpt(fileno(th, a[0].unwrap())?))?;
            none()
        },
    ),
    function(
        "unlockpt",
        "($module, fd, /)",
        "Unlock a pseudo-terminal master/slave pair.\n\n  fd\n    File descriptor of a master pseudo-terminal device.\n\nPerforms an unlockpt() C function call.",
        |th, a| {
            ok(th, host().unlockpt(fileno(th, a[0].unwrap())?))?;
            none()
        },
    ),
    function(
        "ptsname",
        "($module, fd, /)",
        "Return the name of the slave pseudo-terminal device.\n\n  fd\n    File descriptor of a master pseudo-terminal device.\n\nIf the ptsname_r() C function is available, it is called;\notherwise, performs a ptsname() C function call.",
        |th, a| {
            let b = ok(th, host().ptsname(fileno(th, a[0].unwrap())?))?;
            fs_decode(th, &b)
        },
    ),
    function(
        "login_tty",
        "($module, fd, /)",
        "Prepare the tty of which fd is a file descriptor for a new login session.\n\nMake the calling process a session leader; make the tty the\ncontrolling tty, the stdin, the stdout, and the stderr of the\ncalling process; close fd.",
        |th, a| {
            ok(th, host().login_tty(fileno(th, a[0].unwrap())?))?;
            none()
        },
    ),
    function(
        "tcgetpgrp",
        "($module, fd, /)",
        "Return the process group associated with the terminal specified by fd.",
        |th, a| Ok(th.int(ok(th, host().tcgetpgrp(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "tcsetpgrp",
        "($module, fd, pgid, /)",
        "Set the process group associated with the terminal specified by fd.",
        |th, a| {
            ok(th, host().tcsetpgrp(int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?))?;
            none()
        },
    ),
    // -- scheduling
    function("sched_yield", "($module, /)", "Voluntarily relinquish the CPU.", |th, _| {
        ok(th, th.m.blocking(|| host().sched_yield()))?;
        none()
    }),
    function(
        "sched_get_priority_max",
        "($module, /, policy)",
        "Get the maximum scheduling priority for policy.",
        |th, a| Ok(th.int(ok(th, host().sched_get_priority_max(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "sched_get_priority_min",
        "($module, /, policy)",
        "Get the minimum scheduling priority for policy.",
        |th, a| Ok(th.int(ok(th, host().sched_get_priority_min(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "sched_getscheduler",
        "($module, pid, /)",
        "Get the scheduling policy for the process identified by pid.\n\nPassing 0 for pid returns the scheduling policy for the calling process.",
        |th, a| Ok(th.int(ok(th, host().sched_getscheduler(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "sched_setscheduler",
        "($module, pid, policy, param, /)",
        "Set the scheduling policy for the process identified by pid.\n\nIf pid is 0, the calling process is changed.\nparam is an instance of sched_param.",
        |th, a| {
            let (pid, policy) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
            let p = sched_param(th, a[2].unwrap())?;
            ok(th, host().sched_setscheduler(pid, policy, p))?;
            none()
        },
    ),
    function(
        "sched_getparam",
        "($module, pid, /)",
        "Returns scheduling parameters for the process identified by pid.\n\nIf pid is 0, returns parameters for the calling process.\nReturn value is an instance of sched_param.",
        |th, a| {
            let p = ok(th, host().sched_getparam(int_arg(th, a[0].unwrap())?))?;
            SCHED_PARAM.make(th, &[th.int(p as i64)])
        },
    ),
    function(
        "sched_setparam",
        "($module, pid, param, /)",
        "Set scheduling parameters for the process identified by pid.\n\nIf pid is 0, sets parameters for the calling process.\nparam should be an instance of sched_param.",
        |th, a| {
            let pid = int_arg(th, a[0].unwrap())?;
            let p = sched_param(th, a[1].unwrap())?;
            ok(th, host().sched_setparam(pid, p))?;
            none()
        },
    ),
    function(
        "sched_rr_get_interval",
        "($module, pid, /)",
        "Return the round-robin quantum for the process identified by pid, in seconds.\n\nValue returned is a float.",
        |th, a| {
            let n = ok(th, host().sched_rr_get_interval(int_arg(th, a[0].unwrap())?))?;
            Ok(th.float(n as f64 * 1e-9))
        },
    ),
    function(
        "sched_getaffinity",
        "($module, pid, /)",
        "Return the affinity of the process identified by pid (or the current process if zero).\n\nThe affinity is returned as a set of CPU identifiers.",
        |th, a| {
            let cpus = ok(th, host().getaffinity(int_arg(th, a[0].unwrap())?))?;
            let l = list_of(th, cpus.iter().map(|c| Ok(th.int(*c as i64))))?;
            th.call(adder_vm::builtins::builtin(th, "set")?, &[l])
        },
    ),
    function(
        "sched_setaffinity",
        "($module, pid, mask, /)",
        "Set the CPU affinity of the process identified by pid to mask.\n\nmask should be an iterable of integers identifying CPUs.",
        |th, a| {
            let pid = int_arg(th, a[0].unwrap())?;
            let mut cpus = Vec::new();
            th.for_each(a[1].unwrap(), |v| {
                let n = long_arg(th, v)?;
                if n < 0 {
                    return Err(th.value_error("negative CPU number"));
                }
                if n > i32::MAX as i64 - 1 {
                    return Err(th.overflow_error("CPU number too large"));
                }
                cpus.push(n as usize);
                Ok(())
            })?;
            ok(th, host().setaffinity(pid, &cpus))?;
            none()
        },
    ),
    // -- timers
    function(
        "timerfd_create",
        "($module, clockid, /, *, flags=0)",
        "Create and return a timer file descriptor.\n\n  clockid\n    A valid clock ID constant as timer file descriptor.\n\n    time.CLOCK_REALTIME\n    time.CLOCK_MONOTONIC\n    time.CLOCK_BOOTTIME\n  flags\n    0 or a bit mask of os.TFD_NONBLOCK or os.TFD_CLOEXEC.\n\n    os.TFD_NONBLOCK\n        If *TFD_NONBLOCK* is set as a flag, read doesn't blocks.\n        If *TFD_NONBLOCK* is not set as a flag, read block until the timer fires.\n\n    os.TFD_CLOEXEC\n        If *TFD_CLOEXEC* is set as a flag, enable the close-on-exec flag",
        |th, a| {
            let clock = int_arg(th, a[0].unwrap())?;
            let flags = int_or(th, a[1], c::TFD_CLOEXEC)?;
            Ok(th.int(ok(th, host().timerfd_create(clock, flags))? as i64))
        },
    ),
    function(
        "timerfd_settime",
        "($module, fd, /, *, flags=0, initial=0.0, interval=0.0)",
        "Alter a timer file descriptor's internal timer in seconds.\n\n  fd\n    A timer file descriptor.\n  flags\n    0 or a bit mask of TFD_TIMER_ABSTIME or TFD_TIMER_CANCEL_ON_SET.\n  initial\n    The initial expiration time, in seconds.\n  interval\n    The timer's interval, in seconds.",
        |th, a| {
            let fd = fileno(th, a[0].unwrap())?;
            let flags = int_or(th, a[1], 0)?;
            let t = |v: Option<Value>| -> R<i64> {
                v.map_or(Ok(0), |v| crate::time::duration(th, v, crate::time::Round::Floor))
            };
            let (first, interval) = (t(a[2])?, t(a[3])?);
            let (i, f) = ok(th, host().timerfd_settime(fd, flags, interval, first))?;
            Ok(th.tuple(&[th.float(f as f64 * 1e-9), th.float(i as f64 * 1e-9)]))
        },
    ),
    function(
        "timerfd_settime_ns",
        "($module, fd, /, *, flags=0, initial=0, interval=0)",
        "Alter a timer file descriptor's internal timer in nanoseconds.\n\n  fd\n    A timer file descriptor.\n  flags\n    0 or a bit mask of TFD_TIMER_ABSTIME or TFD_TIMER_CANCEL_ON_SET.\n  initial\n    initial expiration timing in nanoseconds.\n  interval\n    interval for the timer in nanoseconds.",
        |th, a| {
            let fd = fileno(th, a[0].unwrap())?;
            let flags = int_or(th, a[1], 0)?;
            let (first, interval) = (long_or(th, a[2], 0)?, long_or(th, a[3], 0)?);
            let (i, f) = ok(th, host().timerfd_settime(fd, flags, interval, first))?;
            Ok(th.tuple(&[th.int(f), th.int(i)]))
        },
    ),
    function(
        "timerfd_gettime",
        "($module, fd, /)",
        "Return a tuple of a timer file descriptor's (next expiration, interval) in float seconds.\n\n  fd\n    A timer file descriptor.",
        |th, a| {
            let (i, f) = ok(th, host().timerfd_gettime(fileno(th, a[0].unwrap())?))?;
            Ok(th.tuple(&[th.float(f as f64 * 1e-9), th.float(i as f64 * 1e-9)]))
        },
    ),
    function(
        "timerfd_gettime_ns",
        "($module, fd, /)",
        "Return a tuple of a timer file descriptor's (next expiration, interval) in nanoseconds.\n\n  fd\n    A timer file descriptor.",
        |th, a| {
            let (i, f) = ok(th, host().timerfd_gettime(fileno(th, a[0].unwrap())?))?;
            Ok(th.tuple(&[th.int(f), th.int(i)]))
        },
    ),
    // -- identity
    function("getpid", "($module, /)", "Return the current process id.", |th, _| {
        Ok(th.int(host().getpid() as i64))
    }),
    function(
        "getppid",
        "($module, /)",
        "Return the parent's process id.\n\nIf the parent process has already exited, Windows machines will still\nreturn its id; others systems will return the id of the 'init' proces\n(1).",
        |th, _| Ok(th.int(host().getppid() as i64)),
    ),
    function("getuid", "($module, /)", "Return the current process's user id.", |th, _| {
        Ok(th.int(host().getuid() as i64))
    }),
    function("geteuid", "($module, /)", "Return the current process's effective user id.", |th, _| {
        Ok(th.int(host().geteuid() as i64))
    }),
    function("getgid", "($module, /)", "Return the current process's group id.", |th, _| {
        Ok(th.int(host().getgid() as i64))
    }),
    function("getegid", "($module, /)", "Return the current process's effective group id.", |th, _| {
        Ok(th.int(host().getegid() as i64))
    }),
    function("getpgrp", "($module, /)", "Return the current process group id.", |th, _| {
        Ok(th.int(host().getpgrp() as i64))
    }),
    function(
        "getpgid",
        "($module, /, pid)",
        "Call the system call getpgid(), and return the result.",
        |th, a| Ok(th.int(ok(th, host().getpgid(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "getsid",
        "($module, pid, /)",
        "Call the system call getsid(pid) and return the result.",
        |th, a| Ok(th.int(ok(th, host().getsid(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function(
        "getgroups",
        "($module, /)",
        "Return list of supplemental group IDs for the process.",
        |th, _| {
            let g = ok(th, host().getgroups())?;
            ints(th, &g)
        },
    ),
    function(
        "getgrouplist",
        "($module, user, group, /)",
        "Returns a list of groups to which a user belongs.\n\n  user\n    username to lookup\n  group\n    base group id of the user",
        |th, a| {
            let v = a[0].unwrap();
            if !v.is_kind(Kind::Str) {
                return Err(th.type_error(format!(
                    "getgrouplist() argument 1 must be str, not {}",
                    th.arg_type_name(v)
                )));
            }
            let user = fs_path(th, v)?;
            let gid = id_arg(th, a[1].unwrap(), "gid")?;
            let g = call(th, |h, o| h.getgrouplist(o, &user, gid))?;
            ints(th, &g)
        },
    ),
    function(
        "getresuid",
        "($module, /)",
        "Return a tuple of the current process's real, effective, and saved user ids.",
        |th, _| {
            let (r, e, s) = ok(th, host().getresuid())?;
            Ok(th.tuple(&[th.int(r as i64), th.int(e as i64), th.int(s as i64)]))
        },
    ),
    function(
        "getresgid",
        "($module, /)",
        "Return a tuple of the current process's real, effective, and saved group ids.",
        |th, _| {
            let (r, e, s) = ok(th, host().getresgid())?;
            Ok(th.tuple(&[th.int(r as i64), th.int(e as i64), th.int(s as i64)]))
        },
    ),
    function("setuid", "($module, uid, /)", "Set the current process's user id.", |th, a| {
        done(th, host().setuid(id_arg(th, a[0].unwrap(), "uid")?))
    }),
    function("seteuid", "($module, euid, /)", "Set the current process's effective user id.", |th, a| {
        done(th, host().seteuid(id_arg(th, a[0].unwrap(), "uid")?))
    }),
    function("setgid", "($module, gid, /)", "Set the current process's group id.", |th, a| {
        done(th, host().setgid(id_arg(th, a[0].unwrap(), "gid")?))
    }),
    function("setegid", "($module, egid, /)", "Set the current process's effective group id.", |th, a| {
        done(th, host().setegid(id_arg(th, a[0].unwrap(), "gid")?))
    }),
    function(
        "setreuid",
        "($module, ruid, euid, /)",
        "Set the current process's real and effective user ids.",
        |th, a| {
            let (r, e) = (id_arg(th, a[0].unwrap(), "uid")?, id_arg(th, a[1].unwrap(), "uid")?);
            done(th, host().setreuid(r, e))
        },
    ),
    function(
        "setregid",
        "($module, rgid, egid, /)",
        "Set the current process's real and effective group ids.",
        |th, a| {
            let (r, e) = (id_arg(th, a[0].unwrap(), "gid")?, id_arg(th, a[1].unwrap(), "gid")?);
            done(th, host().setregid(r, e))
        },
    ),
    function(
        "setresuid",
        "($module, ruid, euid, suid, /)",
        "Set the current process's real, effective, and saved user ids.",
        |th, a| {
            let i = |n: usize| id_arg(th, a[n].unwrap(), "uid");
            done(th, host().setresuid(i(0)?, i(1)?, i(2)?))
        },
    ),
    function(
        "setresgid",
        "($module, rgid, egid, sgid, /)",
        "Set the current process's real, effective, and saved group ids.",
        |th, a| {
            let i = |n: usize| id_arg(th, a[n].unwrap(), "gid");
            done(th, host().setresgid(i(0)?, i(1)?, i(2)?))
        },
    ),
    function(
        "setgroups",
        "($module, groups, /)",
        "Set the groups of the current process to list.",
        |th, a| {
            let v = a[0].unwrap();
            if th.type_of(v).slots.getitem.is_none() || v.is_kind(Kind::Dict) {
                return Err(th.type_error("setgroups argument must be a sequence"));
            }
            let mut g = Vec::new();
            th.for_each(v, |x| {
                if th.type_of(x).slots.index.is_none() {
                    return Err(th.type_error("groups must be integers"));
                }
                g.push(id_arg(th, x, "gid")?);
                Ok(())
            })?;
            if g.len() > 65536 {
                return Err(th.value_error("too many groups"));
            }
            done(th, host().setgroups(&g))
        },
    ),
    function(
        "initgroups",
        "($module, username, gid, /)",
        "Initialize the group access list.\n\nCall the system initgroups() to initialize the group access list with\nall of the groups of which the specified username is a member, plus the\nspecified group id.",
        |th, a| {
            let user = fs_path(th, a[0].unwrap())?;
            done(th, host().initgroups(&user, id_arg(th, a[1].unwrap(), "gid")?))
        },
    ),
    function("setpgid", "($module, pid, pgrp, /)", "Call the system call setpgid(pid, pgrp).", |th, a| {
        done(th, host().setpgid(int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?))
    }),
    function(
        "setpgrp",
        "($module, /)",
        "Make the current process the leader of its process group.",
        |th, _| done(th, host().setpgid(0, 0)),
    ),
    function("setsid", "($module, /)", "Call the system call setsid().", |th, _| {
        ok(th, host().setsid())?;
        none()
    }),
    function(
        "unshare",
        "($module, /, flags)",
        "Disassociate parts of a process (or thread) execution context.\n\n  flags\n    Namespaces to be unshared.",
        |th, a| done(th, host().unshare(int_arg(th, a[0].unwrap())?)),
    ),
    function(
        "setns",
        "($module, /, fd, nstype=0)",
        "Move the calling thread into different namespaces.\n\n  fd\n    A file descriptor to a namespace.\n  nstype\n    Type of namespace.",
        |th, a| {
            let fd = fileno(th, a[0].unwrap())?;
            done(th, host().setns(fd, int_or(th, a[1], 0)?))
        },
    ),
    function(
        "nice",
        "($module, increment, /)",
        "Add increment to the priority of process and return the new priority.",
        |th, a| Ok(th.int(ok(th, host().nice(int_arg(th, a[0].unwrap())?))? as i64)),
    ),
    function("getpriority", "($module, /, which, who)", "Return program scheduling priority.", |th, a| {
        let (w, who) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
        Ok(th.int(ok(th, host().getpriority(w as u32, who as u32))? as i64))
    }),
    function(
        "setpriority",
        "($module, /, which, who, priority)",
        "Set program scheduling priority.",
        |th, a| {
            let (w, who) = (int_arg(th, a[0].unwrap())?, int_arg(th, a[1].unwrap())?);
            done(th, host().setpriority(w as u32, who as u32, int_arg(th, a[2].unwrap())?))
        },
    ),
];

fn done(th: Th, r: adder_host::Res<()>) -> R<Value> {
    ok(th, r)?;
    none()
}

/// OSError with a text alone.
pub fn os_error_text(th: Th, msg: &str) -> adder_vm::err::Raised {
    th.raise_msg(&adder_vm::builtins::exceptions::OS_ERROR, msg)
}

/// The environment as `posix.environ` shows it: bytes.
pub fn environ(th: Th) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    for (k, v) in host().environ() {
        let (k, v) = (new_bytes(th, &k)?, new_bytes(th, &v)?);
        if d.get(th, k)?.is_none() {
            d.set(th, k, v)?;
        }
    }
    Ok(d.value())
}

/// Name or number of a configuration value.
pub fn conf_name(th: Th, v: Value, t: Table) -> R<i32> {
    if let Some(s) = v.cast::<Str>() {
        let name = s.lossy().into_owned();
        return match t.get(&format!("_{name}")).or_else(|| t.get(&name)) {
            Some(n) => Ok(n as i32),
            None => Err(th.value_error("unrecognized configuration name")),
        };
    }
    if th.type_of(v).slots.index.is_none() {
        return Err(th.type_error("configuration names must be strings or integers"));
    }
    int_arg(th, v)
}
/// `sysconf_names` and so on: without the leading underscore.
pub fn conf_names(th: Th, t: Table) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    for (name, v) in t.iter() {
        d.set(th, th.str(name.trim_start_matches('_')), th.int(v))?;
    }
    Ok(d.value())
}

pub fn dev_arg(th: Th, v: Value) -> R<u64> {
    let i = th.index(v)?;
    match int::to_i64(i) {
        Some(-1) => Ok(u64::MAX),
        Some(n) if n < 0 => Err(th.overflow_error("can't convert negative int to unsigned")),
        _ => u64_arg(th, i),
    }
}

fn sched_param(th: Th, v: Value) -> R<i32> {
    if !th.isinstance_exact(v, SCHED_PARAM.type_(th)) {
        return Err(th.type_error("must have a sched_param object"));
    }
    let p = v.known::<Tuple>().items()[0];
    let n = long_arg(th, p)?;
    i32::try_from(n).map_err(|_| th.overflow_error("sched_priority out of range"))
}
