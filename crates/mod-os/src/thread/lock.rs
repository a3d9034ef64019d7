//! `_thread.lock` and `_thread.RLock`.

use crate::util::*;
use adder_vm::builtins::object::new_instance;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::{Lock, monotonic};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Seconds.
pub const TIMEOUT_MAX: i64 = i64::MAX / 1_000_000_000;

crate::native_layout! { pub(crate) LockObj { ; lock: Lock } }
crate::native_layout! { pub(crate) RLockObj { ; owner: AtomicU64, count: AtomicU64, lock: Lock } }

const ACQUIRE: &str = "($self, /, blocking=True, timeout=-1)";
const ACQUIRE_DOC: &str = "Lock the lock.";
const FLAGS: u64 = tflags::IMMUTABLE | tflags::WEAKREF;

pub static LOCK: TypeCell = TypeCell::new(&NativeType {
    name: "_thread.lock",
    kind: Kind::Native,
    size: LockObj::SIZE,
    flags: FLAGS | tflags::SHOWN_AS_HEAP,
    doc: "A lock object is a synchronization primitive.  To create a lock,\ncall threading.Lock().  Methods are:\n\nacquire() -- lock the lock, possibly blocking until it can be obtained\nrelease() -- unlock of the lock\nlocked() -- test whether the lock is currently locked\n\nA lock is not owned by the thread that locked it; another thread may\nunlock it.  A thread attempting to lock a lock that it has already locked\nwill block until another thread unlocks it.  Deadlocks may ensue.",
    text_signature: Some("()"),
    slots: Slots {
        new: Some(|th, t, a| {
            if !a.is_empty() || a.nkw() != 0 {
                return Err(th.type_error("lock() takes no arguments"));
            }
            new_instance(th, t.cast().unwrap())
        }),
        repr: Some(|th, o| {
            let state = if LockObj::of(o).lock.is_locked() { "locked" } else { "unlocked" };
            let id = adder_vm::builtins::object::id(th, o);
            Ok(th.str(&format!("<{state} _thread.lock object at {id:#x}>")))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("acquire", ACQUIRE, ACQUIRE_DOC, lock_acquire),
        method("acquire_lock", ACQUIRE, "An obsolete synonym of acquire().", lock_acquire),
        method("release", "($self, /)", "Release the lock.", lock_release),
        method("release_lock", "($self, /)", "An obsolete synonym of release().", lock_release),
        method("locked", "($self, /)", "Return whether the lock is in the locked state.", locked),
        method("locked_lock", "($self, /)", "An obsolete synonym of locked().", locked),
        method("__enter__", "($self, /)", "Lock the lock.", |th, a| {
            let o = LockObj::of(a[0].unwrap());
            o.lock.lock(th, None)?;
            Ok(TRUE())
        }),
        method("__exit__", "($self, /, *exc_info)", "Release the lock.", lock_release),
        method("_at_fork_reinit", "($self, /)", "", |_, a| {
            LockObj::of(a[0].unwrap()).lock.reset();
            none()
        }),
    ],
    trace: Some(LockObj::trace),
    ..NativeType::DEFAULT
});

pub fn new_lock(th: Th) -> R<Value> {
    new_instance(th, type_of(th, &LOCK))
}

/// `blocking` and `timeout`: None for "do not wait", else the deadline.
fn wait_args(th: Th, a: Args) -> R<Option<Option<i64>>> {
    let blocking = bool_or(th, a[1], true)?;
    let Some(t) = a[2] else { return Ok(if blocking { Some(None) } else { None }) };
    let n =
        if t.as_fix() == Some(-1) { -1 } else { crate::time::duration(th, t, crate::time::Round::Timeout)? };
    if !blocking && t.as_fix() != Some(-1) && n != -1_000_000_000 {
        return Err(th.value_error("can't specify a timeout for a non-blocking call"));
    }
    if n < 0 && n != -1 && n != -1_000_000_000 {
        return Err(th.value_error("timeout value must be a non-negative number"));
    }
    if !blocking {
        return Ok(None);
    }
    Ok(match n {
        0 => None,
        n if n < 0 => Some(None),
        n => Some(timeout_deadline(n)),
    })
}
/// When so many nanoseconds are over; None if that is beyond all time.
pub fn timeout_deadline(n: i64) -> Option<i64> {
    monotonic().checked_add(n)
}

fn lock_acquire(th: Th, a: Args) -> R<Value> {
    let o = LockObj::of(a[0].unwrap());
    if a[1].is_none() && a[2].is_none() {
        return Ok(Value::bool(o.lock.lock(th, None)?));
    }
    Ok(Value::bool(match wait_args(th, a)? {
        None => o.lock.try_lock(),
        Some(d) => o.lock.lock(th, d)?,
    }))
}
fn lock_release(th: Th, a: Args) -> R<Value> {
    if LockObj::of(a[0].unwrap()).lock.unlock() {
        none()
    } else {
        Err(th.runtime_error("release unlocked lock"))
    }
}
fn locked(_: Th, a: Args) -> R<Value> {
    Ok(Value::bool(LockObj::of(a[0].unwrap()).lock.is_locked()))
}

pub static RLOCK: TypeCell = TypeCell::new(&NativeType {
    name: "_thread.RLock",
    kind: Kind::Native,
    size: RLockObj::SIZE,
    flags: tflags::BASETYPE | FLAGS | tflags::SHOWN_AS_HEAP,
    text_signature: None,
    slots: Slots {
        new: Some(|th, t, a| {
            if (!a.is_empty() || a.nkw() != 0) && t.is(RLOCK.get().value()) {
                th.deprecation_warning(
                    "Passing arguments to RLock is deprecated and will be removed in 3.15",
                )?;
            }
            new_instance(th, t.cast().unwrap())
        }),
        repr: Some(|th, o| {
            let r = RLockObj::of(o);
            let state = if r.count.load(Relaxed) > 0 { "locked" } else { "unlocked" };
            let t = adder_vm::builtins::object::full_type_name(th, th.type_of(o));
            let id = adder_vm::builtins::object::id(th, o);
            Ok(th.str(&format!(
                "<{state} {t} object owner={} count={} at {id:#x}>",
                r.owner.load(Relaxed),
                r.count.load(Relaxed)
            )))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("acquire", ACQUIRE, ACQUIRE_DOC, |th, a| {
            let o = RLockObj::of(a[0].unwrap());
            if mine(th, o) {
                // As in CPython the arguments are looked at in any case.
                wait_args(th, a)?;
                o.count.fetch_add(1, Relaxed);
                return Ok(TRUE());
            }
            let got = match wait_args(th, a)? {
                None => o.lock.try_lock(),
                Some(d) => o.lock.lock(th, d)?,
            };
            if got {
                own(th, o, 1);
            }
            Ok(Value::bool(got))
        }),
        method("release", "($self, /)", "Release the lock.", rlock_release),
        method("__enter__", "($self, /)", "Lock the lock.", |th, a| {
            enter(th, RLockObj::of(a[0].unwrap()))?;
            Ok(TRUE())
        }),
        method("__exit__", "($self, /, *exc_info)", "Release the lock.", rlock_release),
        method(
            "locked",
            "($self, /)",
            "locked()\n\nReturn a boolean indicating whether this object is locked right now.",
            |_, a| Ok(Value::bool(RLockObj::of(a[0].unwrap()).count.load(Relaxed) > 0)),
        ),
        method("_is_owned", "($self, /)", "For internal use by `threading.Condition`.", |th, a| {
            Ok(Value::bool(mine(th, RLockObj::of(a[0].unwrap()))))
        }),
        method("_recursion_count", "($self, /)", "For internal use by reentrancy checks.", |th, a| {
            let o = RLockObj::of(a[0].unwrap());
            Ok(th.int(if mine(th, o) { o.count.load(Relaxed) as i64 } else { 0 }))
        }),
        method("_release_save", "($self, /)", "For internal use by `threading.Condition`.", |th, a| {
            let o = RLockObj::of(a[0].unwrap());
            let (n, owner) = (o.count.load(Relaxed), o.owner.load(Relaxed));
            if n == 0 {
                return Err(th.runtime_error("cannot release un-acquired lock"));
            }
            o.count.store(0, Relaxed);
            o.owner.store(0, Relaxed);
            o.lock.unlock();
            Ok(th.tuple(&[th.int(n as i64), wide(th, owner as i128)?]))
        }),
        method(
            "_acquire_restore",
            "($self, state, /)",
            "For internal use by `threading.Condition`.",
            |th, a| {
                let o = RLockObj::of(a[0].unwrap());
                let t = a[1].unwrap().cast::<Tuple>().filter(|t| t.len == 2);
                let Some(t) = t else {
                    return Err(th.type_error("_acquire_restore() argument 1 must be a 2-item tuple"));
                };
                let (n, owner) =
                    (long_arg(th, t.items()[0])?, crate::posix::files::u64_arg(th, t.items()[1])?);
                o.lock.lock_uninterrupted(th);
                o.owner.store(owner, Relaxed);
                o.count.store(n as u64, Relaxed);
                none()
            },
        ),
        method("_at_fork_reinit", "($self, /)", "", |_, a| {
            let o = RLockObj::of(a[0].unwrap());
            o.owner.store(0, Relaxed);
            o.count.store(0, Relaxed);
            o.lock.reset();
            none()
        }),
    ],
    trace: Some(RLockObj::trace),
    ..NativeType::DEFAULT
});

/// `owner` is only ever this thread's ident if this thread has the lock.
fn mine(th: Th, o: Gc<RLockObj>) -> bool {
    o.owner.load(Relaxed) == th.ident
}
fn own(th: Th, o: Gc<RLockObj>, n: u64) {
    o.owner.store(th.ident, Relaxed);
    o.count.store(n, Relaxed);
}
fn enter(th: Th, o: Gc<RLockObj>) -> R<()> {
    if mine(th, o) {
        o.count.fetch_add(1, Relaxed);
    } else {
        o.lock.lock(th, None)?;
        own(th, o, 1);
    }
    Ok(())
}
fn rlock_release(th: Th, a: Args) -> R<Value> {
    let o = RLockObj::of(a[0].unwrap());
    if !mine(th, o) || o.count.load(Relaxed) == 0 {
        return Err(th.runtime_error("cannot release un-acquired lock"));
    }
    if o.count.fetch_sub(1, Relaxed) == 1 {
        o.owner.store(0, Relaxed);
        o.lock.unlock();
    }
    none()
}
