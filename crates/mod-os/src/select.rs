//! `select`: `select`, `poll` and `epoll` objects.
//!
//! # Invariants
//! A dying `epoll` object is visited once, by the collector; the file descriptor is taken out with a swap, so `close`
//! and death do not both close it.

use crate::time::Round;
use crate::util::*;
use adder_host::poll::{EpollEvent, FdSet, PollFd};
use adder_host::{Errno, Fd};
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::{int, list};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::monotonic;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::*};

pub static MODULE: NativeModule = NativeModule {
    name: "select",
    doc: "This module supports asynchronous I/O on multiple file descriptors.\n\n*** IMPORTANT NOTICE ***\nOn Windows, only sockets are supported; on Unix, all file descriptors.",
    functions: &[
        function(
            "select",
            "($module, rlist, wlist, xlist, timeout=None, /)",
            "Wait until one or more file descriptors are ready for some kind of I/O.\n\nThe first three arguments are iterables of file descriptors to be waited\nfor:\nrlist -- wait until ready for reading\nwlist -- wait until ready for writing\nxlist -- wait for an \"exceptional condition\"\nIf only one kind of condition is required, pass [] for the other lists.\n\nA file descriptor is either a socket or file object, or a small integer\ngotten from a fileno() method call on one of those.\n\nThe optional 4th argument specifies a timeout in seconds; it may be\na floating-point number to specify fractions of seconds.  If it is absent\nor None, the call will never time out.\n\nThe return value is a tuple of three lists corresponding to the first\nthree arguments; each contains the subset of the corresponding file\ndescriptors that are ready.\n\n*** IMPORTANT NOTICE ***\nOn Windows, only sockets are supported; on Unix, all file\ndescriptors can be used.",
            select,
        ),
        function(
            "poll",
            "($module, /)",
            "Returns a polling object.\n\nThis object supports registering and unregistering file descriptors, and\nthen polling them for I/O events.",
            |th, _| {
                let d = Gc::<Dict>::new(th);
                let o = new_instance(th, type_of(th, &POLL))?;
                let p = Poll::of(o);
                th.store(p, &p.fds, d.value());
                Ok(o)
            },
        ),
    ],
    types: &[&EPOLL],
    init: Some(|th, m| {
        put_table(th, m, adder_host::consts::select())?;
        // A C int, which CPython shows without sign.
        m.put(th, "EPOLLET", th.int(c::EPOLLET as u32 as i64))?;
        m.put(th, "error", exc::OS_ERROR.get().value())
    }),
};

/// Until when to wait: `Ok(None)` without end.
fn deadline(nanos: i64) -> Option<i64> {
    monotonic().checked_add(nanos)
}

// -- select

/// The objects of a sequence with their descriptors.
fn descriptors(th: Th, v: Value, set: &mut FdSet, top: &mut Fd) -> R<(Gc<List>, Vec<Fd>)> {
    let objects = list::new(th, &[])?;
    let mut fds = Vec::new();
    let seq = if v.is_kind(Kind::List) || v.is_kind(Kind::Tuple) {
        v
    } else {
        let r = adder_vm::builtins::tuple::from_iterable(th, v);
        match r {
            Ok(t) => t,
            Err(e) if th.exc_is(&exc::TYPE_ERROR) => {
                let _ = e;
                th.take_exc();
                return Err(th.type_error("arguments 1-3 must be sequences"));
            }
            Err(e) => return Err(e),
        }
    };
    // A `fileno` method may change the list.
    let mut i = 0;
    loop {
        let o = match (seq.cast::<List>(), seq.cast::<Tuple>()) {
            (Some(l), _) => l.get(i),
            (_, Some(t)) => t.items().get(i).copied(),
            _ => None,
        };
        let Some(o) = o else { break };
        i += 1;
        let fd = fileno(th, o)?;
        if fd >= FdSet::LIMIT {
            return Err(th.value_error("filedescriptor out of range in select()"));
        }
        if fds.len() >= FdSet::LIMIT as usize {
            return Err(th.value_error("too many file descriptors in select()"));
        }
        set.insert(fd);
        *top = (*top).max(fd + 1);
        fds.push(fd);
        list::append(th, objects, o)?;
    }
    Ok((objects, fds))
}

fn select(th: Th, a: Args) -> R<Value> {
    let until = match given(a[3]) {
        None => None,
        Some(v) => {
            let r = crate::time::duration(th, v, Round::Timeout);
            let n = match r {
                Err(_) if th.exc_is(&exc::TYPE_ERROR) => {
                    th.take_exc();
                    return Err(th.type_error("timeout must be a float or None"));
                }
                r => r?,
            };
            if n < 0 {
                return Err(th.value_error("timeout must be non-negative"));
            }
            Some(n)
        }
    };
    let mut sets = [FdSet::default(), FdSet::default(), FdSet::default()];
    let mut top = 0;
    let (r, rf) = descriptors(th, a[0].unwrap(), &mut sets[0], &mut top)?;
    let (w, wf) = descriptors(th, a[1].unwrap(), &mut sets[1], &mut top)?;
    let (x, xf) = descriptors(th, a[2].unwrap(), &mut sets[2], &mut top)?;
    let until = until.and_then(deadline);
    let mut ready = sets.clone();
    let found = wait_in_naps(
        th,
        until,
        |h, o, left| {
            ready = sets.clone();
            h.select(o, top, &mut ready, left)
        },
        |n| *n == 0,
    );
    ok(th, found?)?;
    let pick = |l: Gc<List>, fds: &[Fd], set: &FdSet| -> R<Value> {
        let out = list::new(th, &[])?;
        for (i, fd) in fds.iter().enumerate() {
            if set.contains(*fd)
                && let Some(v) = l.get(i)
            {
                list::append(th, out, v)?;
            }
        }
        Ok(out.value())
    };
    let a = pick(r, &rf, &ready[0])?;
    let b = pick(w, &wf, &ready[1])?;
    let c = pick(x, &xf, &ready[2])?;
    th.try_tuple(&[a, b, c])
}

// -- poll

crate::native_layout! { pub(crate) Poll { fds; busy: AtomicBool } }

static POLL: TypeCell = TypeCell::new(&NativeType {
    name: "select.poll",
    kind: Kind::Native,
    size: Poll::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    methods: &[
        method(
            "register",
            "($self, fd,\n         eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)",
            "Register a file descriptor with the polling object.\n\n  fd\n    either an integer, or an object with a fileno() method returning an int\n  eventmask\n    an optional bitmask describing the type of events to check for",
            |th, a| {
                let fd = fileno(th, a[1].unwrap())?;
                let events = match a[2] {
                    Some(v) => ushort(th, v)?,
                    None => (c::POLLIN | c::POLLPRI | c::POLLOUT) as u16,
                };
                fds(a).set(th, Value::fix(fd as i64), Value::fix(events as i64))?;
                none()
            },
        ),
        method(
            "modify",
            "($self, fd, eventmask, /)",
            "Modify an already registered file descriptor.\n\n  fd\n    either an integer, or an object with a fileno() method returning\n    an int\n  eventmask\n    a bitmask describing the type of events to check for",
            |th, a| {
                let fd = fileno(th, a[1].unwrap())?;
                let events = ushort(th, a[2].unwrap())?;
                if !fds(a).contains(th, Value::fix(fd as i64))? {
                    return Err(os_error(th, Errno::ENOENT));
                }
                fds(a).set(th, Value::fix(fd as i64), Value::fix(events as i64))?;
                none()
            },
        ),
        method(
            "unregister",
            "($self, fd, /)",
            "Remove a file descriptor being tracked by the polling object.",
            |th, a| {
                let fd = fileno(th, a[1].unwrap())?;
                match fds(a).remove(th, Value::fix(fd as i64))? {
                    Some(_) => none(),
                    None => Err(th.key_error(Value::fix(fd as i64))),
                }
            },
        ),
        method(
            "poll",
            "($self, timeout=None, /)",
            "Polls the set of registered file descriptors.\n\n  timeout\n    The maximum time to wait in milliseconds, or else None (or a negative\n    value) to wait indefinitely.\n\nReturns a list containing any descriptors that have events or errors\nto report, as a list of (fd, event) 2-tuples.",
            poll,
        ),
    ],
    trace: Some(Poll::trace),
    ..NativeType::DEFAULT
});

fn fds(a: Args) -> Gc<Dict> {
    Poll::of(a[0].unwrap()).fds.value().cast().unwrap()
}
fn ushort(th: Th, v: Value) -> R<u16> {
    let i = th.index(v)?;
    if int::is_negative(i) {
        return Err(th.value_error("value must be positive"));
    }
    match int::to_i64(i) {
        Some(n) if n <= 0xffff => Ok(n as u16),
        Some(_) => Err(th.overflow_error("Python int too large for C unsigned short")),
        None => Err(th.overflow_error("Python int too large to convert to C unsigned long")),
    }
}

fn poll(th: Th, a: Args) -> R<Value> {
    let p = Poll::of(a[0].unwrap());
    let mut wait = None;
    if let Some(v) = given(a[1]) {
        let r = crate::time::millis(th, v, Round::Timeout);
        let n = match r {
            Err(_) if th.exc_is(&exc::TYPE_ERROR) => {
                th.take_exc();
                return Err(th.type_error("timeout must be an integer or None"));
            }
            r => r?,
        };
        let ms = if n >= 0 { n.saturating_add(999_999) / 1_000_000 } else { n / 1_000_000 };
        if i32::try_from(ms).is_err() {
            return Err(th.overflow_error("timeout is too large"));
        }
        if n >= 0 {
            wait = Some(ms * 1_000_000);
        }
    }
    if p.busy.swap(true, Acquire) {
        return Err(th.runtime_error("concurrent poll() invocation"));
    }
    let r = poll_inner(th, fds(a), wait);
    p.busy.store(false, Release);
    r
}
fn poll_inner(th: Th, d: Gc<Dict>, wait: Option<i64>) -> R<Value> {
    let mut v = Vec::with_capacity(d.len());
    let mut i = 0;
    while let Some((next, k, e)) = d.next_entry(i) {
        let (k, e) = (int::to_i64(k).unwrap_or(-1), int::to_i64(e).unwrap_or(0));
        v.push(PollFd { fd: k as Fd, events: e as u16 as i16, revents: 0 });
        i = next;
    }
    let until = wait.and_then(deadline);
    let n = ok(th, wait_in_naps(th, until, |h, o, left| h.poll(o, &mut v, left), |n| *n == 0)?)?;
    let out = list::new(th, &[])?;
    if n > 0 {
        for e in v.iter().filter(|e| e.revents != 0) {
            let t = th.tuple(&[Value::fix(e.fd as i64), Value::fix(e.revents as u16 as i64)]);
            list::append(th, out, t)?;
        }
    }
    Ok(out.value())
}

// -- epoll

crate::native_layout! { pub(crate) Epoll { ; fd: AtomicI32, made: AtomicBool } }

static EPOLL_NEW: NativeDef = function("epoll", "($module, sizehint=-1, flags=0)", "", |_, _| none());

pub static EPOLL: TypeCell = TypeCell::new(&NativeType {
    name: "select.epoll",
    kind: Kind::Native,
    size: Epoll::SIZE,
    flags: tflags::SHOWN_AS_HEAP,
    doc: "select.epoll(sizehint=-1, flags=0)\n\nReturns an epolling object\n\nsizehint must be a positive integer or -1 for the default size. The\nsizehint is used to optimize internal data structures. It doesn't limit\nthe maximum number of monitored events.",
    text_signature: None,
    slots: Slots {
        new: Some(|th, t, a| {
            let mut b = [None; 2];
            adder_vm::bind::bind(th, &EPOLL_NEW, a, &mut b)?;
            let hint = int_or(th, b[0], -1)?;
            let flags = int_or(th, b[1], 0)?;
            if hint != -1 && hint <= 0 {
                return Err(th.value_error("negative sizehint"));
            }
            if flags != 0 && flags != c::EPOLL_CLOEXEC {
                return Err(th.raise_msg(&exc::OS_ERROR, "invalid flags"));
            }
            let fd = ok(th, host().epoll_create(flags | c::EPOLL_CLOEXEC))?;
            make(th, t.cast().unwrap(), fd)
        }),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "fromfd",
            "($type, fd, /)",
            "Create an epoll object from a given control fd.",
            |th, a| {
                let fd = int_arg(th, a[1].unwrap())?;
                make(th, a[0].unwrap().cast().unwrap(), fd)
            },
        ),
        method(
            "close",
            "($self, /)",
            "Close the epoll control file descriptor.\n\nFurther operations on the epoll object will raise an exception.",
            |th, a| {
                close(th, a)?;
                none()
            },
        ),
        method("fileno", "($self, /)", "Return the epoll control file descriptor.", |th, a| {
            Ok(th.int(epoll_fd(th, a)? as i64))
        }),
        method(
            "modify",
            "($self, /, fd, eventmask)",
            "Modify event mask for a registered file descriptor.\n\n  fd\n    the target file descriptor of the operation\n  eventmask\n    a bit set composed of the various EPOLL constants",
            |th, a| control(th, a, c::EPOLL_CTL_MOD, a[2]),
        ),
        method(
            "register",
            "($self, /, fd,\n         eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)",
            "Registers a new fd or raises an OSError if the fd is already registered.\n\n  fd\n    the target file descriptor of the operation\n  eventmask\n    a bit set composed of the various EPOLL constants\n\nThe epoll interface supports all file descriptors that support poll.",
            |th, a| {
                control(
                    th,
                    a,
                    c::EPOLL_CTL_ADD,
                    Some(a[2].unwrap_or(Value::fix((c::EPOLLIN | c::EPOLLPRI | c::EPOLLOUT) as i64))),
                )
            },
        ),
        method(
            "unregister",
            "($self, /, fd)",
            "Remove a registered file descriptor from the epoll object.\n\n  fd\n    the target file descriptor of the operation",
            |th, a| control(th, a, c::EPOLL_CTL_DEL, None),
        ),
        method(
            "poll",
            "($self, /, timeout=None, maxevents=-1)",
            "Wait for events on the epoll file descriptor.\n\n  timeout\n    the maximum time to wait in seconds (as float);\n    a timeout of None or -1 makes poll wait indefinitely\n  maxevents\n    the maximum number of events returned; -1 means no limit\n\nReturns a list containing any descriptors that have events to\nreport, as a list of (fd, events) 2-tuples.",
            epoll_poll,
        ),
        method("__enter__", "($self, /)", "", |th, a| {
            epoll_fd(th, a)?;
            Ok(a[0].unwrap())
        }),
        method("__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", "", |th, a| {
            close(th, a)?;
            none()
        }),
    ],
    getset: &[getter("closed", "True if the epoll handler is closed", |_, o| {
        Ok(Value::bool(Epoll::of(o).fd.load(Acquire) < 0))
    })],
    trace: Some(Epoll::trace),
    drop: Some(drop_epoll),
    ..NativeType::DEFAULT
});

unsafe fn drop_epoll(o: adder_vm::heap::Obj) {
    let e = unsafe { &*(o.as_ptr() as *const Epoll) };
    let fd = e.fd.swap(-1, AcqRel);
    // An object that was never finished is all zeros.
    if e.made.load(Acquire) && fd >= 0 {
        let _ = adder_host::Outside::region(|o| host().close(o, fd));
    }
}
fn make(th: Th, t: Gc<Type>, fd: Fd) -> R<Value> {
    let o = new_instance(th, t)?;
    let e = Epoll::of(o);
    e.fd.store(fd, Release);
    e.made.store(true, Release);
    Ok(o)
}
fn close(th: Th, a: Args) -> R<()> {
    let fd = Epoll::of(a[0].unwrap()).fd.swap(-1, AcqRel);
    if fd >= 0 {
        let r = outside(th, |h, o| h.close(o, fd));
        ok(th, r)?;
    }
    Ok(())
}
fn epoll_fd(th: Th, a: Args) -> R<Fd> {
    let fd = Epoll::of(a[0].unwrap()).fd.load(Acquire);
    if fd < 0 {
        return Err(th.value_error("I/O operation on closed epoll object"));
    }
    Ok(fd)
}
fn control(th: Th, a: Args, op: i32, events: Option<Value>) -> R<Value> {
    let fd = fileno(th, a[1].unwrap())?;
    let events = match events {
        Some(v) => mask_arg(th, v)?,
        None => 0,
    };
    let e = epoll_fd(th, a)?;
    ok(th, host().epoll_ctl(e, op, fd, EpollEvent { events, data: fd as u32 as u64 }))?;
    none()
}
fn epoll_poll(th: Th, a: Args) -> R<Value> {
    let fd = epoll_fd(th, a)?;
    let mut until = None;
    if let Some(v) = given(a[1]) {
        let r = crate::time::duration(th, v, Round::Timeout);
        let n = match r {
            Err(_) if th.exc_is(&exc::TYPE_ERROR) => {
                th.take_exc();
                return Err(th.type_error("timeout must be an integer or None"));
            }
            r => r?,
        };
        if n / 1_000_000 > i32::MAX as i64 {
            return Err(th.overflow_error("timeout is too large"));
        }
        if n >= 0 {
            until = deadline(n);
        }
    }
    let most = match int_or(th, a[2], -1)? {
        -1 => FdSet::LIMIT - 1,
        n if n < 1 => return Err(th.value_error(format!("maxevents must be greater than 0, got {n}"))),
        n => n,
    };
    let ready =
        wait_in_naps(th, until, |h, o, left| h.epoll_wait(o, fd, most as usize, left), |r| r.is_empty());
    let ready = match ready? {
        Err(Errno::ENOMEM) => return Err(th.memory_error()),
        r => ok(th, r)?,
    };
    let out = list::new(th, &[])?;
    for e in &ready {
        let t = th.tuple(&[th.int(e.data as u32 as i32 as i64), th.int(e.events as i64)]);
        list::append(th, out, t)?;
    }
    Ok(out.value())
}
