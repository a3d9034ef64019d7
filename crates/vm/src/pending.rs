//! What a thread does at a safepoint when somebody wants its attention: weakref callbacks, finalizers, signals,
//! asynchronous exceptions.
//!
//! # Invariants
//! - Finalizers and callbacks run between two instructions of Python code or within `gc.collect`, never inside an
//!   allocation, so native code is not surprised by them; they do not nest.
//! - The pending and the handled exception of the thread are the same before and after.

use crate::builtins;
use crate::err::R;
use crate::native::tflags;
use crate::sync::lock;
use crate::thread::{Frame, Th, ThreadSlot, poll};
use crate::value::*;
use adder_heap::POLL_STOP;
use std::cell::Cell as RustCell;
use std::sync::atomic::{AtomicBool, Ordering::*};
use std::sync::{Mutex, OnceLock};

thread_local! {
    /// The frame that finalizers and callbacks have interrupted, while there are some; else null.
    static INTERRUPTED: RustCell<*const Frame> = const { RustCell::new(std::ptr::null()) };
}

/// Whether a finalizer or a callback of a weak reference runs, and not on behalf of this frame, one of the running
/// thread's: it happens to be there.
pub fn interrupted(f: *const Frame) -> bool {
    f <= INTERRUPTED.get()
}

static SIGNALS: OnceLock<fn(Th) -> R<()>> = OnceLock::new();

/// What is called when the poll bit `SIGNAL` was set: runs the Python handlers of signals that arrived.
pub fn set_signal_hook(f: fn(Th) -> R<()>) {
    let _ = SIGNALS.set(f);
}

static CALLS: Mutex<Vec<fn(Th) -> R<()>>> = Mutex::new(Vec::new());
static ANY_CALLS: AtomicBool = AtomicBool::new(false);

/// What is called whenever the poll bit `PENDING` was set, for whatever reason.
pub fn add_call_hook(f: fn(Th) -> R<()>) {
    lock(&CALLS).push(f);
    ANY_CALLS.store(true, Release);
}

/// Attends to whatever waits.
pub fn run(th: Th) -> R<()> {
    if crate::sys::FINALIZING.load(Relaxed) && !th.is_main() {
        park(th);
    }
    if th.m.take_memory_error() {
        // The rest waits.
        th.m.poll.fetch_or(POLL_STOP, Relaxed);
        return Err(th.memory_error());
    }
    let bits = th.m.poll.fetch_and(!(poll::SIGNAL | poll::ASYNC_EXC | poll::PENDING | poll::JIT), AcqRel);
    if th.m.heap.has_pending() {
        deaths(th);
    }
    if bits & poll::SIGNAL != 0
        && let Some(f) = SIGNALS.get()
    {
        f(th)?;
    }
    if bits & poll::PENDING != 0 && ANY_CALLS.load(Acquire) {
        let all = lock(&CALLS).clone();
        for f in all {
            f(th)?;
        }
    }
    if bits & poll::ASYNC_EXC != 0 {
        let s = &th.slots[ThreadSlot::AsyncExc as usize];
        if let Some(e) = s.get() {
            s.init(None);
            let e = if th.is_exception_class(e) { th.call(e, &[])? } else { e };
            if !th.is_exception(e) {
                return Err(th.type_error("exceptions must derive from BaseException"));
            }
            return Err(th.raise(e));
        }
    }
    Ok(())
}

/// The process is about to end: a daemon thread does nothing more.
#[cold]
fn park(th: Th) {
    th.m.blocking(|| {
        loop {
            std::thread::park();
        }
    })
}

/// Calls the callbacks of weak references whose targets died and the finalizers of objects that became unreachable.
/// Whether there was a finalizer.
pub fn deaths(th: Th) -> bool {
    if th.quiet.get() != 0 || !INTERRUPTED.get().is_null() {
        return false;
    }
    INTERRUPTED.set(th.fp.get());
    let mut any = false;
    let exc = th.exc.get();
    let handled = th.handled.get();
    th.exc.init(None);
    loop {
        if let Some(w) = th.m.heap.pop_dead_weak() {
            builtins::weakref::died(th, unsafe { Gc::from_obj(w) });
        } else if let Some(o) = th.m.heap.pop_finalizable() {
            any = true;
            finalize(th, Value::from_obj(o));
        } else {
            break;
        }
        th.exc.init(None);
        th.handled.init(handled);
    }
    th.exc.init(exc);
    INTERRUPTED.set(std::ptr::null());
    any
}

/// Calls the finalizer of an object, once in its life.
fn finalize(th: Th, o: Value) {
    let h = unsafe { o.header_unchecked() };
    if h.flags.fetch_or(flags::FINALIZED, AcqRel) & flags::FINALIZED != 0 {
        return;
    }
    match o.kind() {
        Kind::Generator | Kind::Coroutine | Kind::AsyncGenerator => builtins::generator::finalize(th, o),
        Kind::AsyncGenSend | Kind::AsyncGenThrow => builtins::async_gen::warn_unawaited(th, o),
        _ => {
            let t = th.type_of(o);
            if !t.has(tflags::HAS_DEL) {
                return;
            }
            if let Some(f) = th.lookup(t, crate::n!(__del__)) {
                if t.heap_type() && !f.is_exact(Kind::WrapperDescriptor) {
                    if th.call_unbound(f, o, &[]).is_err() {
                        crate::unraisable::report(th, Some("while calling deallocator"), f);
                    }
                    return;
                }
            }
            if let Some(d) = t.slots.del
                && d(th, o).is_err()
            {
                crate::unraisable::report(th, None, o);
            }
        }
    }
}
