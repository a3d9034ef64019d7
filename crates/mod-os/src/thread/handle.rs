//! `_thread._ThreadHandle`: what `Thread.join` waits for.
//!
//! # Invariants
//! `Handle::shared` owns one count of an [`Arc`]; it is set by [`new`], the only way to a handle, and given back when
//! the object dies. `raw` may be used while the object is on the stack, `shared` gives a count of the caller's own.

use super::lock::timeout_deadline;
use crate::util::*;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::slots::Slots;
use adder_vm::sync::Event;
use adder_vm::sync::lock;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::*};
use std::sync::{Arc, Mutex};

const NOT_STARTED: u8 = 0;
const STARTING: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 3;

/// What the handle and the thread share.
pub struct Shared {
    state: AtomicU8,
    pub ident: AtomicU64,
    pub(super) ended: Event,
    /// Of a thread that was not started here.
    foreign: AtomicBool,
}

impl Shared {
    pub fn new() -> Shared {
        Shared {
            state: AtomicU8::new(NOT_STARTED),
            ident: AtomicU64::new(0),
            ended: Event::new(),
            foreign: AtomicBool::new(false),
        }
    }
    /// False: it was started before.
    pub fn begin(&self) -> bool {
        self.state.compare_exchange(NOT_STARTED, STARTING, AcqRel, Relaxed).is_ok()
    }
    pub fn failed(&self) {
        self.state.store(NOT_STARTED, Release);
    }
    pub fn running(&self) {
        let _ = self.state.compare_exchange(STARTING, RUNNING, AcqRel, Relaxed);
    }
    pub fn done(&self) {
        self.state.store(DONE, Release);
        self.ended.set();
    }
    fn is_done(&self) -> bool {
        self.state.load(Acquire) == DONE
    }
}

/// All threads that were started and have not ended; those that `_shutdown` waits for.
static ALL: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());
static TO_JOIN: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());

pub fn register(s: &Arc<Shared>) {
    lock(&ALL).push(s.clone());
}
pub fn unregister(s: &Arc<Shared>) {
    lock(&ALL).retain(|x| !Arc::ptr_eq(x, s));
    lock(&TO_JOIN).retain(|x| !Arc::ptr_eq(x, s));
}
pub fn must_join(s: &Arc<Shared>) {
    lock(&TO_JOIN).push(s.clone());
}
/// The thread's function has returned.
pub fn ending(_s: &Arc<Shared>) {}

/// Waits for all threads that are no daemons.
pub fn join_all(th: Th) -> R<()> {
    loop {
        let next = lock(&TO_JOIN).iter().find(|s| s.ident.load(Acquire) != th.ident).cloned();
        let Some(s) = next else { return Ok(()) };
        s.ended.wait(th, None)?;
        lock(&TO_JOIN).retain(|x| !Arc::ptr_eq(x, &s));
    }
}

/// Runs `f`, which forks, while no other thread uses the lists: one that is about to end does not stop with the world.
pub fn forking<T>(f: impl FnOnce() -> T) -> T {
    let _lists = (ALL.lock(), TO_JOIN.lock());
    f()
}
/// In the child of a fork all other threads are over.
pub fn after_fork_child(th: Th) {
    for s in std::mem::take(&mut *lock(&ALL)) {
        if s.ident.load(Acquire) != th.ident {
            s.done();
        }
    }
    lock(&TO_JOIN).clear();
}

crate::native_layout! { pub(crate) Handle { ; shared: *const Shared } }

pub static HANDLE: TypeCell = TypeCell::new(&NativeType {
    name: "_thread._ThreadHandle",
    kind: Kind::Native,
    size: Handle::SIZE,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(|th, _, a| {
            if !a.is_empty() || a.nkw() != 0 {
                return Err(th.type_error("_ThreadHandle() takes no arguments"));
            }
            new(th)
        }),
        repr: Some(|th, o| {
            let id = raw(o).ident.load(Acquire);
            Ok(th.str(&format!("<_thread._ThreadHandle object: ident={id}>")))
        }),
        ..Slots::NONE
    },
    getset: &[getter("ident", "", |th, o| wide(th, raw(o).ident.load(Acquire) as i128))],
    methods: &[
        method("join", "!($self, timeout=None, /)", "", |th, a| {
            let s = shared(a[0].unwrap());
            let deadline = match given(a[1]) {
                Some(v) => {
                    let n = crate::time::duration(th, v, crate::time::Round::Timeout)?;
                    if n < 0 { None } else { timeout_deadline(n) }
                }
                None => None,
            };
            join(th, &s, deadline)?;
            none()
        }),
        method("is_done", "!($self, /)", "", |_, a| Ok(Value::bool(raw(a[0].unwrap()).is_done()))),
        method("_set_done", "!($self, /)", "", |th, a| {
            let s = shared(a[0].unwrap());
            if s.state.load(Acquire) == NOT_STARTED {
                return Err(th.runtime_error("thread not started"));
            }
            s.done();
            lock(&TO_JOIN).retain(|x| !Arc::ptr_eq(x, &s));
            none()
        }),
    ],
    trace: Some(Handle::trace),
    drop: Some(drop_handle),
    ..NativeType::DEFAULT
});

unsafe fn drop_handle(o: adder_vm::heap::Obj) {
    unsafe {
        let h = o.as_ptr() as *mut Handle;
        if !(*h).shared.is_null() {
            let s = Arc::from_raw((*h).shared);
            // The table's share and ours: no thread of our own has it.
            if Arc::strong_count(&s) == 2
                && s.foreign.load(Relaxed)
                && let Ok(mut all) = ALL.try_lock()
            {
                all.retain(|x| !Arc::ptr_eq(x, &s));
            }
        }
    }
}
fn raw(o: Value) -> &'static Shared {
    unsafe { &*Handle::of(o).shared }
}
pub fn shared(o: Value) -> Arc<Shared> {
    let p = Handle::of(o).shared;
    // SAFETY: the object has a share as long as it lives, which it does on this stack.
    unsafe {
        Arc::increment_strong_count(p);
        Arc::from_raw(p)
    }
}
pub fn new(th: Th) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, type_of(th, &HANDLE))?;
    unsafe { (*Handle::of(o).as_ptr()).shared = Arc::into_raw(Arc::new(Shared::new())) };
    Ok(o)
}
/// A handle of a thread that was not started here.
pub fn of_foreign(th: Th, ident: u64) -> R<Value> {
    let o = new(th)?;
    raw(o).ident.store(ident, Release);
    raw(o).state.store(RUNNING, Release);
    raw(o).foreign.store(true, Relaxed);
    // A fork ends it.
    register(&shared(o));
    Ok(o)
}

fn join(th: Th, s: &Shared, deadline: Option<i64>) -> R<()> {
    if s.state.load(Acquire) == NOT_STARTED {
        return Err(th.runtime_error("thread not started"));
    }
    if !s.is_done() && s.ident.load(Acquire) == th.ident {
        return Err(th.runtime_error("Cannot join current thread"));
    }
    if !s.is_done() && adder_vm::sys::FINALIZING.load(Acquire) {
        // It will never end.
        return Err(th.raise_msg(
            &adder_vm::builtins::exceptions::PYTHON_FINALIZATION_ERROR,
            "cannot join thread at interpreter shutdown",
        ));
    }
    s.ended.wait(th, deadline)?;
    Ok(())
}
