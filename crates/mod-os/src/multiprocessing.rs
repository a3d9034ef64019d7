//! `_multiprocessing`: semaphores between processes.
//!
//! # Invariants
//! A dying semaphore is visited once, by the collector; the handle is taken out with a swap, so it is closed once.

use crate::util::*;
use adder_host::Errno;
use adder_host::ipc::Semaphore;
use adder_vm::builtins::object::new_instance;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering::*};

const RECURSIVE_MUTEX: i32 = 0;
const SEMAPHORE: i32 = 1;

pub static MODULE: NativeModule = NativeModule {
    name: "_multiprocessing",
    doc: "",
    functions: &[function("sem_unlink", "($module, name, /)", "", |th, a| {
        let name = name_arg(th, "sem_unlink() argument", a[0].unwrap())?;
        let r = outside(th, |h, o| h.sem_unlink(o, &name));
        ok(th, r)?;
        none()
    })],
    types: &[&SEM_LOCK],
    init: Some(|th, m| {
        let d = Gc::<Dict>::new(th);
        for k in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT"] {
            d.set(th, th.intern(k), Value::fix(1))?;
        }
        m.put(th, "flags", d.value())
    }),
};

// Owner and count are this process's view, as in CPython: `count` is how often it was acquired less how often released.
crate::native_layout! {
    pub(crate) Sem { name; handle: AtomicUsize, owner: AtomicU64, count: AtomicI32, kind: AtomicI32, maxvalue: AtomicI32 }
}

static NEW: NativeDef =
    function("SemLock", "($module, /, kind, value, maxvalue, name, unlink)", "", |_, _| none());

pub static SEM_LOCK: TypeCell = TypeCell::new(&NativeType {
    name: "_multiprocessing.SemLock",
    kind: Kind::Native,
    size: Sem::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "Semaphore/Mutex type",
    slots: Slots {
        new: Some(|th, t, a| {
            let mut b = [None; 5];
            adder_vm::bind::bind(th, &NEW, a, &mut b)?;
            let v = |i: usize| b[i].unwrap();
            let (kind, value, max) = (int_arg(th, v(0))?, int_arg(th, v(1))?, int_arg(th, v(2))?);
            let name = name_arg(th, "SemLock() argument 'name'", v(3))?;
            let unlink = th.truth(v(4))?;
            if kind != RECURSIVE_MUTEX && kind != SEMAPHORE {
                return Err(th.value_error("unrecognized kind"));
            }
            let r = outside(th, |h, o| {
                let s = h.sem_open(o, &name, c::O_CREAT | c::O_EXCL, 0o600, value as u32)?;
                if unlink && let Err(e) = h.sem_unlink(o, &name) {
                    let _ = h.sem_close(s);
                    return Err(e);
                }
                Ok(s)
            });
            let s = ok(th, r)?;
            make(th, t.cast().unwrap(), s, kind, max, if unlink { NONE() } else { v(3) })
        }),
        ..Slots::NONE
    },
    methods: &[
        method("acquire", "($self, /, block=True, timeout=None)", "Acquire the semaphore/lock.", |th, a| {
            acquire(th, a[0].unwrap(), bool_or(th, a[1], true)?, given(a[2]))
        }),
        method("release", "($self, /)", "Release the semaphore/lock.", |th, a| {
            release(th, Sem::of(a[0].unwrap()))?;
            none()
        }),
        method("__enter__", "($self, /)", "Enter the semaphore/lock.", |th, a| {
            acquire(th, a[0].unwrap(), true, None)
        }),
        method(
            "__exit__",
            "($self, exc_type=None, exc_value=None, exc_tb=None, /)",
            "Exit the semaphore/lock.",
            |th, a| {
                release(th, Sem::of(a[0].unwrap()))?;
                none()
            },
        ),
        method(
            "_count",
            "($self, /)",
            "Num of `acquire()`s minus num of `release()`s for this process.",
            |th, a| Ok(th.int(Sem::of(a[0].unwrap()).count.load(Relaxed) as i64)),
        ),
        method("_is_mine", "($self, /)", "Whether the lock is owned by this thread.", |th, a| {
            Ok(Value::bool(mine(th, Sem::of(a[0].unwrap()))))
        }),
        method("_get_value", "($self, /)", "Get the value of the semaphore.", |th, a| {
            let n = ok(th, host().sem_getvalue(handle(Sem::of(a[0].unwrap()))))?;
            Ok(th.int(n.max(0) as i64))
        }),
        method("_is_zero", "($self, /)", "Return whether semaphore has value zero.", |th, a| {
            let n = ok(th, host().sem_getvalue(handle(Sem::of(a[0].unwrap()))))?;
            Ok(Value::bool(n == 0))
        }),
        classmethod("_rebuild", "($type, handle, kind, maxvalue, name, /)", "", |th, a| {
            crate::posix::files::u64_arg(th, a[1].unwrap())?;
            let (kind, max) = (int_arg(th, a[2].unwrap())?, int_arg(th, a[3].unwrap())?);
            let Some(v) = a[4].unwrap().some() else {
                return Err(th.value_error("a semaphore without a name cannot be opened again"));
            };
            let name = name_arg(th, "_rebuild() argument 4", v)?;
            let r = outside(th, |h, o| h.sem_open(o, &name, 0, 0, 0));
            let s = ok(th, r)?;
            make(th, a[0].unwrap().cast().unwrap(), s, kind, max, v)
        }),
        method("_after_fork", "($self, /)", "Rezero the net acquisition count after fork().", |_, a| {
            Sem::of(a[0].unwrap()).count.store(0, Relaxed);
            none()
        }),
    ],
    getset: &[
        getter("handle", "", |th, o| Ok(th.uint(Sem::of(o).handle.load(Relaxed) as u64))),
        getter("kind", "", |th, o| Ok(th.int(Sem::of(o).kind.load(Relaxed) as i64))),
        getter("maxvalue", "", |th, o| Ok(th.int(Sem::of(o).maxvalue.load(Relaxed) as i64))),
        getter("name", "", |_, o| Ok(Sem::of(o).name.get().unwrap_or(NONE()))),
    ],
    trace: Some(Sem::trace),
    drop: Some(drop_sem),
    init: Some(|th, t| t.dict_().set(th, th.intern("SEM_VALUE_MAX"), Value::fix(i32::MAX as i64))),
    ..NativeType::DEFAULT
});

unsafe fn drop_sem(o: adder_vm::heap::Obj) {
    let s = unsafe { &*(o.as_ptr() as *const Sem) };
    let h = s.handle.swap(0, AcqRel);
    if h != 0 {
        let _ = host().sem_close(Semaphore::from_raw(h));
    }
}
fn handle(s: Gc<Sem>) -> Semaphore {
    Semaphore::from_raw(s.handle.load(Relaxed))
}
fn make(th: Th, t: Gc<Type>, s: Semaphore, kind: i32, max: i32, name: Value) -> R<Value> {
    let o = match new_instance(th, t) {
        Ok(o) => o,
        Err(e) => {
            let _ = host().sem_close(s);
            return Err(e);
        }
    };
    let x = Sem::of(o);
    x.handle.store(s.raw(), Relaxed);
    x.kind.store(kind, Relaxed);
    x.maxvalue.store(max, Relaxed);
    th.store(x, &x.name, name);
    Ok(o)
}
fn name_arg(th: Th, what: &str, v: Value) -> R<CString> {
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!("{what} must be str, not {}", th.type_name_of(v))));
    }
    CString::new(fs_encode(th, v)?).map_err(|_| th.value_error("embedded null character"))
}
fn mine(th: Th, s: Gc<Sem>) -> bool {
    s.count.load(Relaxed) > 0 && s.owner.load(Relaxed) == th.ident
}

fn acquire(th: Th, o: Value, block: bool, timeout: Option<Value>) -> R<Value> {
    let s = Sem::of(o);
    if s.kind.load(Relaxed) == RECURSIVE_MUTEX && mine(th, s) {
        s.count.fetch_add(1, Relaxed);
        return Ok(TRUE());
    }
    let deadline = match timeout {
        Some(v) => {
            let f = if let Some(f) = adder_vm::builtins::float::as_f64(v) {
                f
            } else if th.type_of(v).slots.index.is_some() {
                adder_vm::builtins::int::to_f64(th, th.index(v)?)?
            } else {
                return Err(th.type_error(format!("must be real number, not {}", th.type_name_of(v))));
            };
            let now = ok(th, host().clock_gettime(c::CLOCK_REALTIME))?;
            Some(now.saturating_add((f.max(0.0) * 1e9) as i64))
        }
        None => None,
    };
    let h = handle(s);
    match host().sem_trywait(h) {
        Ok(()) => {}
        Err(Errno::EAGAIN | Errno::EINTR) if block => {
            match retry(th, |host, o| host.sem_wait(o, h, deadline))? {
                Ok(()) => {}
                Err(Errno::ETIMEDOUT) => return Ok(FALSE()),
                Err(e) => return Err(os_error(th, e)),
            }
        }
        Err(Errno::EAGAIN) => return Ok(FALSE()),
        Err(e) => return Err(os_error(th, e)),
    }
    s.count.fetch_add(1, Relaxed);
    s.owner.store(th.ident, Relaxed);
    Ok(TRUE())
}
fn release(th: Th, s: Gc<Sem>) -> R<()> {
    if s.kind.load(Relaxed) == RECURSIVE_MUTEX {
        if !mine(th, s) {
            return Err(th.assertion_error("attempt to release recursive lock not owned by thread"));
        }
        if s.count.load(Relaxed) > 1 {
            s.count.fetch_sub(1, Relaxed);
            return Ok(());
        }
    } else if ok(th, host().sem_getvalue(handle(s)))? >= s.maxvalue.load(Relaxed) {
        return Err(th.value_error("semaphore or lock released too many times"));
    }
    // Once it is free another thread may change the count.
    s.count.fetch_sub(1, Relaxed);
    ok(th, host().sem_post(handle(s)))
}
