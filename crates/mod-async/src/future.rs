//! `Future` and its iterator.
//!
//! # Invariants
//! - `Future::of` is given instances of `Future` and its subclasses only, which begin with its layout: a header, then
//!   `SLOTS` traced words, then plain ones. A slot that is null has not been set, or `__init__` never ran.
//! - `exception` holds an exception (`set_exception` tests it), further callbacks a list,
//!   `awaited_by` a future or a set.
//! - `iter_of` is given receivers of the iterator's own methods and what `new_iter` made: one traced
//!   word after a header.
//! - The state leaves `PENDING` once, under the object's lock (`leave_pending`).

use crate::state::{self, S};
use adder_vm::builtins::{exceptions as exc, list, object, set, typing};
use adder_vm::contextvars;
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicU32, Ordering::*};

#[repr(C)]
pub struct Future {
    h: adder_vm::heap::Header,
    /// Null: not initialised.
    pub loop_: Slot,
    /// The first callback and its context; further ones are pairs in a list.
    callback0: Slot,
    context0: Slot,
    callbacks: Slot,
    exception: Slot,
    /// The traceback that the exception had when it was set.
    exception_tb: Slot,
    result: Slot,
    pub source_tb: Slot,
    pub cancel_msg: Slot,
    /// The CancelledError that ended a task, until somebody asks for it.
    pub cancelled_exc: Slot,
    /// Who waits for it: one future, or a set of them. The object itself says which:
    /// another thread may change it at any time.
    awaited_by: Slot,
    pub state: AtomicU32,
    pub bits: AtomicU32,
}

/// `Future::state`.
pub const PENDING: u32 = 0;
pub const CANCELLED: u32 = 1;
pub const FINISHED: u32 = 2;

/// `Future::bits`: the exception is to be reported if nobody asks for it.
pub const LOG_TB: u32 = 1;
/// An iterator gave the future out, and nobody has taken note of that yet.
pub const BLOCKING: u32 = 2;
/// The collector has an entry for its finalizer.
pub const WATCHED: u32 = 8;

impl Future {
    const SLOTS: usize = 11;
    #[inline(always)]
    pub fn of(v: Value) -> Gc<Future> {
        unsafe { v.cast_unchecked() }
    }
    pub unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
        for i in 1..=Future::SLOTS {
            t.slot(unsafe { (o.as_ptr() as *mut u64).add(i) });
        }
    }
    pub fn has(&self, bit: u32) -> bool {
        self.bits.load(Acquire) & bit != 0
    }
    pub fn put(&self, bit: u32, on: bool) {
        if on {
            self.bits.fetch_or(bit, AcqRel)
        } else {
            self.bits.fetch_and(!bit, AcqRel)
        };
    }
}

/// Of futures and tasks.
pub const FLAGS: u64 = tflags::BASETYPE
    | tflags::IMMUTABLE
    | tflags::HAS_DICT
    | tflags::WEAKREF
    | tflags::HAVE_GC
    | tflags::SHOWN_AS_HEAP;

pub static FUTURE_TYPE: NativeType = NativeType {
    name: "_asyncio.Future",
    kind: Kind::Native,
    size: size_of::<Future>() as u32,
    flags: FLAGS,
    doc: "This class is *almost* compatible with concurrent.futures.Future.\n\n    Differences:\n\n    - result() and exception() do not take a timeout argument and\n      raise an exception when the future isn't done yet.\n\n    - Callbacks registered with add_done_callback() are always called\n      via the event loop's call_soon_threadsafe().\n\n    - This class is not compatible with the wait() and as_completed()\n      methods in the concurrent.futures package.",
    text_signature: Some("(*, loop=None)"),
    slots: Slots {
        new: Some(|th, t, _| {
            let t: Gc<Type> = t.known();
            let o = object::new_unwatched(th, t)?;
            if !finalizer_is(t, finalize) {
                watch(th, Future::of(o));
            }
            Ok(o)
        }),
        init: Some(|th, o, a| {
            static SIG: NativeDef = raw_function("Future", "(*, loop=None)", "", |_, _| Ok(NONE()));
            let mut b = [None; 1];
            adder_vm::bind::bind(th, &SIG, a, &mut b)?;
            init(th, Future::of(o), b[0])
        }),
        del: Some(finalize),
        repr: Some(|th, o| {
            alive(th, Future::of(o))?;
            th.call(state::get(S::FutureRepr), &[o])
        }),
        iter: Some(new_iter),
        await_: Some(new_iter),
        ..Slots::NONE
    },
    methods: &[
        method(
            "result",
            "($self, /)",
            "Return the result this future represents.\n\nIf the future has been cancelled, raises CancelledError.  If the\nfuture's result isn't yet available, raises InvalidStateError.  If\nthe future is done and has an exception set, this exception is\nraised.",
            |th, a| result(th, me(a)),
        ),
        method(
            "exception",
            "($self, /)",
            "Return the exception that was set on this future.\n\nThe exception (or None if no exception was set) is returned only if\nthe future is done.  If the future has been cancelled, raises\nCancelledError.  If the future isn't done yet, raises\nInvalidStateError.",
            exception,
        ),
        method(
            "set_result",
            "($self, result, /)",
            "Mark the future done and set its result.\n\nIf the future is already done when this method is called, raises\nInvalidStateError.",
            |th, a| {
                alive(th, me(a))?;
                set_result(th, me(a), a[1].unwrap()).map(|()| NONE())
            },
        ),
        method(
            "set_exception",
            "($self, exception, /)",
            "Mark the future done and set an exception.\n\nIf the future is already done when this method is called, raises\nInvalidStateError.",
            |th, a| {
                alive(th, me(a))?;
                set_exception(th, me(a), a[1].unwrap()).map(|()| NONE())
            },
        ),
        method(
            "add_done_callback",
            "($self, fn, /, *, context=<unrepresentable>)",
            "Add a callback to be run when the future becomes done.\n\nThe callback is called with a single argument - the future object.\nIf the future is already done when this is called, the callback is\nscheduled with call_soon.",
            |th, a| {
                let ctx = match a[2] {
                    Some(c) => c,
                    None => copy_context(th)?,
                };
                add_done_callback(th, me(a), a[1].unwrap(), ctx).map(|()| NONE())
            },
        ),
        method(
            "remove_done_callback",
            "($self, fn, /)",
            "Remove all instances of a callback from the \"call when done\" list.\n\nReturns the number of callbacks removed.",
            remove_done_callback,
        ),
        method(
            "cancel",
            "($self, /, msg=None)",
            "Cancel the future and schedule callbacks.\n\nIf the future is already done or cancelled, return False.\nOtherwise, change the future's state to cancelled, schedule the\ncallbacks and return True.",
            |th, a| {
                alive(th, me(a))?;
                cancel(th, me(a), Some(a[1].unwrap_or(NONE()))).map(Value::bool)
            },
        ),
        method("cancelled", "($self, /)", "Return True if the future was cancelled.", |_, a| {
            Ok(Value::bool(me(a).state.load(Acquire) == CANCELLED))
        }),
        method(
            "done",
            "($self, /)",
            "Return True if the future is done.\n\nDone means either that a result / exception are available, or that\nthe future was cancelled.",
            |_, a| Ok(Value::bool(me(a).state.load(Acquire) != PENDING)),
        ),
        method("get_loop", "($self, /)", "Return the event loop the Future is bound to.", |th, a| {
            alive(th, me(a))
        }),
        method(
            "_make_cancelled_error",
            "($self, /)",
            "Create the CancelledError to raise if the Future is cancelled.\n\nThis should only be called once when handling a cancellation since\nit erases the context exception value.",
            |th, a| cancelled_error(th, me(a)),
        ),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Futures are generic over the type of their results",
            |th, a| typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[
        getter("_state", "", |th, o| {
            alive(th, Future::of(o))?;
            Ok(th.intern(match Future::of(o).state.load(Acquire) {
                PENDING => "PENDING",
                CANCELLED => "CANCELLED",
                _ => "FINISHED",
            }))
        }),
        getset(
            "_asyncio_future_blocking",
            "",
            |_, o| Ok(Value::bool(Future::of(o).has(BLOCKING))),
            |th, o, v| {
                alive(th, Future::of(o))?;
                Future::of(o).put(BLOCKING, flag_value(th, v)?);
                Ok(())
            },
        ),
        getter("_loop", "", |_, o| Ok(Value::opt_or_none(Future::of(o).loop_.get()))),
        getter("_callbacks", "", callbacks),
        getter("_result", "", |th, o| {
            alive(th, Future::of(o))?;
            Ok(Value::opt_or_none(Future::of(o).result.get()))
        }),
        getter("_exception", "", |th, o| {
            alive(th, Future::of(o))?;
            Ok(Value::opt_or_none(Future::of(o).exception.get()))
        }),
        getset(
            "_log_traceback",
            "",
            |th, o| {
                alive(th, Future::of(o))?;
                Ok(Value::bool(Future::of(o).has(LOG_TB)))
            },
            |th, o, v| {
                if flag_value(th, v)? {
                    return Err(th.value_error("_log_traceback can only be set to False"));
                }
                Future::of(o).put(LOG_TB, false);
                Ok(())
            },
        ),
        getter("_source_traceback", "", |_, o| Ok(Value::opt_or_none(Future::of(o).source_tb.get()))),
        getset(
            "_cancel_message",
            "",
            |_, o| Ok(Value::opt_or_none(Future::of(o).cancel_msg.get())),
            |th, o, v| {
                let Some(v) = v else { return Err(th.attribute_error_msg("cannot delete attribute")) };
                let f = Future::of(o);
                th.store(f, &f.cancel_msg, v);
                Ok(())
            },
        ),
        getter("_asyncio_awaited_by", "", |th, o| {
            let f = Future::of(o);
            match f.awaited_by.get() {
                None => Ok(NONE()),
                Some(s) if s.is_kind(Kind::Set) => {
                    let l = list::from_iterable(th, s)?;
                    let items = list::snapshot(th, l)?;
                    set::frozen_from_slice(th, items.known::<Tuple>().items())
                }
                Some(x) => set::frozen_from_slice(th, &[x]),
            }
        }),
    ],
    trace: Some(Future::trace),
    ..NativeType::DEFAULT
};
pub static FUTURE: TypeCell = TypeCell::new(&FUTURE_TYPE);

fn me(a: &[Option<Value>]) -> Gc<Future> {
    Future::of(a[0].unwrap())
}
/// The value for a flag attribute.
pub fn flag_value(th: Th, v: Option<Value>) -> R<bool> {
    match v {
        Some(v) => th.truth(v),
        None => Err(th.attribute_error_msg("cannot delete attribute")),
    }
}
/// A future or task of this module, subclasses included.
#[inline]
pub fn is_future(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Native) && th.isinstance_exact(v, FUTURE.get())
}
pub fn is_exact_future(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Native) && {
        let t = th.type_of(v);
        t == FUTURE.get() || t == crate::task::TASK.get()
    }
}
/// The loop, if the future was initialised.
#[inline]
pub fn alive(th: Th, f: Gc<Future>) -> R<Value> {
    f.loop_.get().ok_or_else(|| th.runtime_error("Future object is not initialized."))
}
#[cold]
pub fn invalid_state(th: Th, msg: &str) -> Raised {
    match th.call(state::get(S::InvalidStateError), &[th.str(msg)]) {
        Ok(e) => th.raise(e),
        Err(r) => r,
    }
}
pub fn copy_context(th: Th) -> R<Value> {
    contextvars::copy(th, contextvars::current(th)?)
}

/// Whether instances of the class have just this native finalizer.
pub fn finalizer_is(t: Gc<Type>, f: adder_vm::slots::DelFn) -> bool {
    t.slots.del.is_some_and(|d| std::ptr::fn_addr_eq(d, f))
}
/// Sees to it that the finalizer is called.
pub fn watch(th: Th, f: Gc<Future>) {
    if f.bits.fetch_or(WATCHED, AcqRel) & WATCHED == 0 {
        th.m.register_finalizer(f.obj());
    }
}

pub fn init(th: Th, f: Gc<Future>, l: Option<Value>) -> R<()> {
    if f.loop_.get().is_some() {
        // Again: everything but attributes is as in a new one.
        let _g = th.lock(f);
        for s in [&f.loop_, &f.callback0, &f.context0, &f.callbacks, &f.exception, &f.exception_tb]
            .into_iter()
            .chain([&f.result, &f.source_tb, &f.cancel_msg, &f.cancelled_exc, &f.awaited_by])
        {
            s.init(None);
        }
        f.bits.fetch_and(WATCHED, AcqRel);
        f.state.store(PENDING, Release);
    }
    let l = match l.and_then(|v| v.some()) {
        Some(l) => l,
        None => crate::running::get_event_loop(th)?,
    };
    th.store(f, &f.loop_, l);
    let debug = th.call_method(l, n!(get_debug), &[])?;
    if debug.is(FALSE()) {
        return Ok(());
    }
    if th.truth(debug)? && !adder_vm::sys::FINALIZING.load(Relaxed) {
        let tb = th.call(state::get(S::ExtractStack), &[])?;
        th.store(f, &f.source_tb, tb);
    }
    Ok(())
}

/// `loop.call_soon(func, arg, context=ctx)`.
pub fn call_soon(th: Th, l: Value, func: Value, arg: Option<Value>, ctx: Value) -> R<()> {
    let names: Gc<Tuple> = state::get(S::ContextName).known();
    let all = [func, arg.unwrap_or(ctx), ctx];
    let args = RawArgs::with_kw(&all[..2 + arg.is_some() as usize], Some(names));
    let t = th.type_of(l);
    if t.has(tflags::PLAIN_GETATTR)
        && let Some(f) = th.lookup(t, n!(call_soon)).and_then(|f| f.exact::<Function>())
        && th.instance_attr(l, n!(call_soon))?.is_none()
    {
        return th.call_function(f, Some(l), args).map(|_| ());
    }
    let f = th.getattr(l, n!(call_soon))?;
    th.call_raw(f, args).map(|_| ())
}

/// The future has left `PENDING`: schedules its callbacks.
fn schedule_callbacks(th: Th, f: Gc<Future>) -> R<()> {
    if crate::task::is_task(th, f.value()) {
        crate::task::ended(th, crate::task::Task::of(f.value()));
    }
    let (first, ctx, more) = {
        let _g = th.lock(f);
        let all = (f.callback0.get(), f.context0.get(), f.callbacks.get());
        f.callback0.init(None);
        f.context0.init(None);
        f.callbacks.init(None);
        all
    };
    let Some(first) = first else {
        return match more {
            Some(l) => schedule_list(th, f, l),
            None => Ok(()),
        };
    };
    call_soon(th, alive(th, f)?, first, Some(f.value()), Value::opt_or_none(ctx))?;
    match more {
        Some(l) => schedule_list(th, f, l),
        None => Ok(()),
    }
}
fn schedule_list(th: Th, f: Gc<Future>, l: Value) -> R<()> {
    let l: Gc<List> = l.known();
    let mut i = 0;
    while let Some(p) = l.get(i) {
        let p: Gc<Tuple> = p.known();
        call_soon(th, alive(th, f)?, p.items()[0], Some(f.value()), p.items()[1])?;
        i += 1;
    }
    Ok(())
}
/// Leaves `PENDING`, with `f` called under the lock. False: somebody else was faster.
fn leave_pending(th: Th, fut: Gc<Future>, to: u32, f: impl FnOnce()) -> bool {
    let _g = th.lock(fut);
    if fut.state.load(Acquire) != PENDING {
        return false;
    }
    f();
    fut.state.store(to, Release);
    true
}

pub fn set_result(th: Th, f: Gc<Future>, v: Value) -> R<()> {
    if !leave_pending(th, f, FINISHED, || th.store(f, &f.result, v)) {
        return Err(invalid_state(th, "invalid state"));
    }
    schedule_callbacks(th, f)
}
pub fn set_exception(th: Th, f: Gc<Future>, e: Value) -> R<()> {
    if f.state.load(Acquire) != PENDING {
        return Err(invalid_state(th, "invalid state"));
    }
    let mut e = if th.is_exception_class(e) { th.call(e, &[])? } else { e };
    if !th.is_exception(e) {
        return Err(th.type_error("invalid exception object"));
    }
    if th.isinstance_exact(e, exc::STOP_ITERATION.get()) {
        let msg = "StopIteration interacts badly with generators and cannot be raised into a Future";
        let r = th.call(exc::RUNTIME_ERROR.get().value(), &[th.str(msg)])?;
        let x: Gc<BaseException> = r.known();
        th.store(x, &x.cause, e);
        th.store(x, &x.context, e);
        x.suppress.store(1, Relaxed);
        e = r;
    }
    let x: Gc<BaseException> = e.known();
    let done = leave_pending(th, f, FINISHED, || {
        th.store(f, &f.exception, e);
        th.store_opt(f, &f.exception_tb, x.traceback.any());
    });
    if !done {
        return Err(invalid_state(th, "invalid state"));
    }
    watch(th, f);
    f.put(LOG_TB, true);
    let r = schedule_callbacks(th, f);
    if r.is_err() {
        f.put(LOG_TB, false);
    }
    r
}
pub fn cancel(th: Th, f: Gc<Future>, msg: Option<Value>) -> R<bool> {
    f.put(LOG_TB, false);
    if !leave_pending(th, f, CANCELLED, || th.store_opt(f, &f.cancel_msg, msg)) {
        return Ok(false);
    }
    schedule_callbacks(th, f)?;
    Ok(true)
}
/// The CancelledError to raise for a cancelled future.
pub fn cancelled_error(th: Th, f: Gc<Future>) -> R<Value> {
    if let Some(e) = f.cancelled_exc.get() {
        f.cancelled_exc.init(None);
        return Ok(e);
    }
    let class = state::get(S::CancelledError);
    match f.cancel_msg.get().and_then(|m| m.some()) {
        Some(m) => th.call(class, &[m]),
        None => th.call(class, &[]),
    }
}
fn raise_cancelled(th: Th, f: Gc<Future>) -> Raised {
    match cancelled_error(th, f) {
        Ok(e) => th.raise(e),
        Err(r) => r,
    }
}

/// How a future ended.
pub enum Outcome {
    Value(Value),
    Exception(Value),
}
/// Err: it was cancelled (CancelledError is raised) or is not done.
pub fn outcome(th: Th, f: Gc<Future>) -> R<Outcome> {
    match f.state.load(Acquire) {
        CANCELLED => return Err(raise_cancelled(th, f)),
        PENDING => return Err(invalid_state(th, "Result is not set.")),
        _ => {}
    }
    if f.has(LOG_TB) {
        f.put(LOG_TB, false);
    }
    match f.exception.get() {
        Some(e) => {
            let x: Gc<BaseException> = e.known();
            th.store_opt(x, &x.traceback, f.exception_tb.get().map(Value::known));
            f.exception_tb.init(None);
            Ok(Outcome::Exception(e))
        }
        None => Ok(Outcome::Value(f.result.value())),
    }
}
pub fn result(th: Th, f: Gc<Future>) -> R<Value> {
    if f.loop_.get().is_none() {
        return Err(invalid_state(th, "Future object is not initialized."));
    }
    match outcome(th, f)? {
        Outcome::Value(v) => Ok(v),
        Outcome::Exception(e) => Err(th.raise(e)),
    }
}
pub fn exception(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = me(a);
    if f.loop_.get().is_none() {
        return Err(invalid_state(th, "Future object is not initialized."));
    }
    match f.state.load(Acquire) {
        CANCELLED => return Err(raise_cancelled(th, f)),
        PENDING => return Err(invalid_state(th, "Exception is not set.")),
        _ => {}
    }
    if f.exception.get().is_some() {
        f.put(LOG_TB, false);
    }
    Ok(Value::opt_or_none(f.exception.get()))
}

// -- callbacks

pub fn add_done_callback(th: Th, f: Gc<Future>, func: Value, ctx: Value) -> R<()> {
    let Some(l) = f.loop_.get() else { return Err(th.runtime_error("uninitialized Future object")) };
    {
        let _g = th.lock(f);
        if f.state.load(Acquire) == PENDING && f.callback0.get().is_none() && f.callbacks.get().is_none() {
            th.store(f, &f.callback0, func);
            th.store(f, &f.context0, ctx);
            return Ok(());
        }
    }
    if f.state.load(Acquire) != PENDING {
        return call_soon(th, l, func, Some(f.value()), ctx);
    }
    let pair = th.tuple(&[func, ctx]);
    let fresh = list::new(th, &[pair])?;
    let more = {
        let _g = th.lock(f);
        match f.callbacks.get() {
            Some(l) if f.state.load(Acquire) == PENDING => l,
            None if f.state.load(Acquire) == PENDING => {
                th.store(f, &f.callbacks, fresh.value());
                return Ok(());
            }
            _ => NONE(),
        }
    };
    if more.is_none() {
        return call_soon(th, l, func, Some(f.value()), ctx);
    }
    list::append(th, more.known(), pair)
}
pub fn remove_done_callback(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (f, func) = (me(a), a[1].unwrap());
    alive(th, f)?;
    let mut removed = 0;
    if let Some(c) = f.callback0.get()
        && th.eq(c, func)?
    {
        f.callback0.init(None);
        f.context0.init(None);
        removed += 1;
    }
    let Some(l) = f.callbacks.get() else { return Ok(th.int(removed)) };
    let l: Gc<List> = l.known();
    let kept = list::new(th, &[])?;
    let mut i = 0;
    // A comparison may change the callbacks: then those of the moment count.
    while f.callbacks.get().is_some_and(|x| x.is(l.value()))
        && let Some(p) = l.get(i)
    {
        let pair: Gc<Tuple> = p.known();
        if th.eq(pair.items()[0], func)? {
            removed += 1;
        } else {
            list::append(th, kept, p)?;
        }
        i += 1;
    }
    if f.callbacks.get().is_some_and(|x| x.is(l.value())) {
        th.store_opt(f, &f.callbacks, if kept.is_empty() { None } else { Some(kept.value()) });
    }
    Ok(th.int(removed))
}
fn callbacks(th: Th, o: Value) -> R<Value> {
    let f = Future::of(o);
    alive(th, f)?;
    let l = list::new(th, &[])?;
    if let Some(c) = f.callback0.get() {
        let pair = th.tuple(&[c, Value::opt_or_none(f.context0.get())]);
        list::append(th, l, pair)?;
    }
    if let Some(more) = f.callbacks.get() {
        list::extend(th, l, more)?;
    }
    Ok(if l.is_empty() { NONE() } else { l.value() })
}

// -- who waits for whom

pub fn awaited_by_add(th: Th, f: Gc<Future>, waiter: Value) -> R<()> {
    let Some(x) = f.awaited_by.get() else {
        th.store(f, &f.awaited_by, waiter);
        return Ok(());
    };
    match x.cast::<Set>() {
        Some(s) => set::add(th, s, waiter)?,
        None if x.is(waiter) => {}
        None => {
            let s = set::new(th)?;
            set::add(th, s, waiter)?;
            set::add(th, s, x)?;
            th.store(f, &f.awaited_by, s.value());
        }
    }
    Ok(())
}
pub fn awaited_by_discard(th: Th, f: Gc<Future>, waiter: Value) -> R<()> {
    match f.awaited_by.get() {
        None => {}
        Some(x) if x.is(waiter) => f.awaited_by.init(None),
        Some(s) if s.is_kind(Kind::Set) => {
            th.call_method(s, th.intern("discard"), &[waiter])?;
        }
        Some(_) => {}
    }
    Ok(())
}
/// `asyncio.futures._get_loop`.
pub fn future_loop(th: Th, v: Value) -> R<Value> {
    if is_exact_future(th, v) {
        return alive(th, Future::of(v));
    }
    match th.getattr_opt(v, th.intern("get_loop"))? {
        Some(f) => th.call(f, &[]),
        None => th.getattr(v, th.intern("_loop")),
    }
}

// -- the end of its life

fn finalize(th: Th, o: Value) -> R<()> {
    let f = Future::of(o);
    if !f.has(LOG_TB) {
        return Ok(());
    }
    f.put(LOG_TB, false);
    let name = th.text(th.type_of(o).name.value());
    let msg = format!("{name} exception was never retrieved");
    report(th, f, &msg, &[("exception", f.exception.value()), ("future", o)])
}
/// Reports to the exception handler of the loop.
pub fn report(th: Th, f: Gc<Future>, msg: &str, items: &[(&str, Value)]) -> R<()> {
    let Some(l) = f.loop_.get() else { return Ok(()) };
    let d = Gc::<Dict>::new(th);
    d.set(th, th.intern("message"), th.str(msg))?;
    for (k, v) in items {
        d.set(th, th.intern(k), *v)?;
    }
    if let Some(tb) = f.source_tb.get() {
        d.set(th, th.intern("source_traceback"), tb)?;
    }
    let handler = th.getattr(l, th.intern("call_exception_handler"))?;
    if th.call(handler, &[d.value()]).is_err() {
        adder_vm::unraisable::report(th, Some("while calling asyncio function"), handler);
    }
    Ok(())
}
/// The finalizer of a future that is not done with itself.
pub fn finalize_future(th: Th, o: Value) -> R<()> {
    finalize(th, o)
}

// -- the iterator

#[repr(C)]
struct FutureIter {
    h: adder_vm::heap::Header,
    /// Null after `throw` and `close`.
    future: Slot,
}
fn iter_of(v: Value) -> Gc<FutureIter> {
    unsafe { v.cast_unchecked() }
}
static ITER_TYPE: NativeType = NativeType {
    name: "_asyncio.FutureIter",
    kind: Kind::Native,
    size: size_of::<FutureIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(iter_next), ..Slots::NONE },
    methods: &[
        method("send", "!($self, object, /)", "", |th, a| match iter_next(th, a[0].unwrap())? {
            Some(v) => Ok(v),
            None => Err(th.stop_iteration(th.pending_stop_value().some())),
        }),
        method("throw", "!($self, type, value=None, traceback=None, /)", "", iter_throw),
        method("close", "!($self, /)", "", |_, a| {
            iter_of(a[0].unwrap()).future.init(None);
            Ok(NONE())
        }),
    ],
    trace: Some(|o, t| unsafe { t.slot((o.as_ptr() as *mut u64).add(1)) }),
    ..NativeType::DEFAULT
};
static ITER: TypeCell = TypeCell::new(&ITER_TYPE);

pub fn new_iter(th: Th, o: Value) -> R<Value> {
    alive(th, Future::of(o))?;
    let it = object::new_instance(th, th.make_type(&ITER))?;
    iter_of(it).future.init(Some(o));
    Ok(it)
}
fn iter_next(th: Th, it: Value) -> R<Option<Value>> {
    let Some(o) = iter_of(it).future.get() else {
        th.set_stop_value(NONE());
        return Ok(None);
    };
    let f = Future::of(o);
    if f.state.load(Acquire) == PENDING {
        if f.bits.fetch_or(BLOCKING, AcqRel) & BLOCKING != 0 {
            return Err(th.runtime_error("await wasn't used with future"));
        }
        return Ok(Some(o));
    }
    let v = result(th, f)?;
    th.set_stop_value(v);
    Ok(None)
}
fn iter_throw(th: Th, a: &[Option<Value>]) -> R<Value> {
    if a[2].is_some() || a[3].is_some() {
        adder_vm::warn::warn(
            th,
            &exc::DEPRECATION_WARNING,
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.",
            1,
        )?;
    }
    let (class, value) = (a[1].unwrap(), a[2].and_then(|v| v.some()));
    let tb = a[3].and_then(|v| v.some());
    if tb.is_some_and(|t| !t.is_kind(Kind::Traceback)) {
        return Err(th.type_error("throw() third argument must be a traceback"));
    }
    if !th.is_exception_class(class) && !th.is_exception(class) {
        return Err(
            th.type_error("exceptions must be classes deriving BaseException or instances of such a class")
        );
    }
    let e = adder_vm::builtins::generator::throw_arguments(th, class, value, tb)?;
    iter_of(a[0].unwrap()).future.init(None);
    Err(th.set_exc(e))
}
