//! `Task`: a coroutine driven by the event loop.
//!
//! # Invariants
//! - A [`Task`] begins with a [`Future`]; `Task::of` is given instances of `Task` only, `step_of`
//!   receivers of its own methods and what `step_soon` made: two traced words after a header.
//! - `context` is a `contextvars.Context`, which is tested before it is entered.

use crate::future::{self, BLOCKING, Future, LOG_TB, Outcome, PENDING, is_exact_future, is_future};
use crate::running;
use crate::state::{self, S};
use adder_vm::builtins::{exceptions as exc, generator, object, set, typing};
use adder_vm::contextvars;
use adder_vm::err::R;
use adder_vm::interp::generator::{Resumed, resume};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::*};

#[repr(C)]
pub struct Task {
    pub fut: Future,
    /// What it waits for.
    waiter: Slot,
    coro: Slot,
    /// An int: the name is "Task-{n}".
    name: Slot,
    context: Slot,
    /// Requests to cancel it.
    cancels: AtomicI64,
}

/// `Future::bits` of tasks: CancelledError is to be thrown in at the next step.
const MUST_CANCEL: u32 = 16;
/// Report it if it is dropped before it is done.
const LOG_DESTROY: u32 = 32;
/// `all_tasks` shows it.
pub const LISTED: u32 = 64;

impl Task {
    #[inline(always)]
    pub fn of(v: Value) -> Gc<Task> {
        unsafe { v.cast_unchecked() }
    }
    unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
        unsafe {
            Future::trace(o, t);
            let x = &*(o.as_ptr() as *const Task);
            for s in [&x.waiter, &x.coro, &x.name, &x.context] {
                t.slot(s.as_ptr());
            }
        }
    }
}
fn fut(t: Gc<Task>) -> Gc<Future> {
    Future::of(t.value())
}
fn me(a: &[Option<Value>]) -> Gc<Task> {
    Task::of(a[0].unwrap())
}
#[inline]
pub fn is_task(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Native) && th.isinstance_exact(v, TASK.get())
}
pub fn is_exact_task(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Native) && th.type_of(v) == TASK.get()
}

static NEXT_NAME: AtomicU64 = AtomicU64::new(1);

pub static TASK_TYPE: NativeType = NativeType {
    name: "_asyncio.Task",
    kind: Kind::Native,
    size: size_of::<Task>() as u32,
    flags: future::FLAGS,
    doc: "A coroutine wrapped in a Future.",
    base: Some(&future::FUTURE),
    text_signature: Some("(coro, *, loop=None, name=None, context=None, eager_start=False)"),
    slots: Slots {
        new: Some(|th, t, _| {
            let o = object::new_unwatched(th, t.known())?;
            future::watch(th, Future::of(o));
            Ok(o)
        }),
        init: Some(init),
        del: Some(finalize),
        repr: Some(|th, o| th.call(state::get(S::TaskRepr), &[o])),
        iter: Some(future::new_iter),
        await_: Some(future::new_iter),
        ..Slots::NONE
    },
    methods: &[
        method("set_result", "($self, result, /)", "", |th, _| {
            Err(th.runtime_error("Task does not support set_result operation"))
        }),
        method("set_exception", "($self, exception, /)", "", |th, _| {
            Err(th.runtime_error("Task does not support set_exception operation"))
        }),
        method(
            "cancel",
            "($self, /, msg=None)",
            "Request that this task cancel itself.\n\nThis arranges for a CancelledError to be thrown into the\nwrapped coroutine on the next cycle through the event loop.\nThe coroutine then has a chance to clean up or even deny\nthe request using try/except/finally.\n\nUnlike Future.cancel, this does not guarantee that the\ntask will be cancelled: the exception might be caught and\nacted upon, delaying cancellation of the task or preventing\ncancellation completely.  The task may also return a value or\nraise a different exception.\n\nImmediately after this method is called, Task.cancelled() will\nnot return True (unless the task was already cancelled).  A\ntask will be marked as cancelled when the wrapped coroutine\nterminates with a CancelledError exception (even if cancel()\nwas not called).\n\nThis also increases the task's count of cancellation requests.",
            cancel,
        ),
        method(
            "cancelling",
            "($self, /)",
            "Return the count of the task's cancellation requests.\n\nThis count is incremented when .cancel() is called\nand may be decremented using .uncancel().",
            |th, a| Ok(th.int(me(a).cancels.load(Acquire))),
        ),
        method(
            "uncancel",
            "($self, /)",
            "Decrement the task's count of cancellation requests.\n\nThis should be used by tasks that catch CancelledError\nand wish to continue indefinitely until they are cancelled again.\n\nReturns the remaining number of cancellation requests.",
            |th, a| {
                let t = me(a);
                let n = t.cancels.fetch_update(AcqRel, Acquire, |n| (n > 0).then(|| n - 1));
                if n == Ok(1) {
                    t.fut.put(MUST_CANCEL, false);
                }
                Ok(th.int(n.map_or(0, |n| n - 1)))
            },
        ),
        method(
            "get_stack",
            "($self, /, *, limit=None)",
            "Return the list of stack frames for this task's coroutine.\n\nIf the coroutine is not done, this returns the stack where it is\nsuspended.  If the coroutine has completed successfully or was\ncancelled, this returns an empty list.  If the coroutine was\nterminated by an exception, this returns the list of traceback\nframes.\n\nThe frames are always ordered from oldest to newest.\n\nThe optional limit gives the maximum number of frames to\nreturn; by default all available frames are returned.  Its\nmeaning differs depending on whether a stack or a traceback is\nreturned: the newest frames of a stack are returned, but the\noldest frames of a traceback are returned.  (This matches the\nbehavior of the traceback module.)\n\nFor reasons beyond our control, only one stack frame is\nreturned for a suspended coroutine.",
            |th, a| th.call(state::get(S::TaskGetStack), &[a[0].unwrap(), Value::opt_or_none(a[1])]),
        ),
        method(
            "print_stack",
            "($self, /, *, limit=None, file=None)",
            "Print the stack or traceback for this task's coroutine.\n\nThis produces output similar to that of the traceback module,\nfor the frames retrieved by get_stack().  The limit argument\nis passed to get_stack().  The file argument is an I/O stream\nto which the output is written; by default output is written\nto sys.stderr.",
            |th, a| {
                let args = [a[0].unwrap(), Value::opt_or_none(a[1]), Value::opt_or_none(a[2])];
                th.call(state::get(S::TaskPrintStack), &args)
            },
        ),
        method(
            "_make_cancelled_error",
            "($self, /)",
            "Create the CancelledError to raise if the Task is cancelled.\n\nThis should only be called once when handling a cancellation since\nit erases the context exception value.",
            |th, a| future::cancelled_error(th, fut(me(a))),
        ),
        method("get_name", "($self, /)", "", |th, a| {
            let t = me(a);
            match t.name.get() {
                Some(n) if n.is_fix() => {
                    let s = th.str(&format!("Task-{}", n.as_fix().unwrap_or(0)));
                    th.store(t, &t.name, s);
                    Ok(s)
                }
                n => Ok(Value::opt_or_none(n)),
            }
        }),
        method("set_name", "($self, value, /)", "", |th, a| {
            let v = a[1].unwrap();
            let v = if v.is_exact(Kind::Str) { v } else { th.to_str(v)? };
            th.store(me(a), &me(a).name, v);
            Ok(NONE())
        }),
        method("get_coro", "($self, /)", "", |_, a| Ok(Value::opt_or_none(me(a).coro.get()))),
        method("get_context", "($self, /)", "", |_, a| Ok(Value::opt_or_none(me(a).context.get()))),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Tasks are generic over the return type of their wrapped coroutines",
            |th, a| typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[
        getset(
            "_log_destroy_pending",
            "",
            |_, o| Ok(Value::bool(Task::of(o).fut.has(LOG_DESTROY))),
            |th, o, v| {
                Task::of(o).fut.put(LOG_DESTROY, future::flag_value(th, v)?);
                Ok(())
            },
        ),
        getter("_must_cancel", "", |_, o| Ok(Value::bool(Task::of(o).fut.has(MUST_CANCEL)))),
        getter("_coro", "", |_, o| Ok(Value::opt_or_none(Task::of(o).coro.get()))),
        getter("_fut_waiter", "", |_, o| Ok(Value::opt_or_none(Task::of(o).waiter.get()))),
    ],
    trace: Some(Task::trace),
    ..NativeType::DEFAULT
};
pub static TASK: TypeCell = TypeCell::new(&TASK_TYPE);

fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    static SIG: NativeDef = raw_function(
        "Task",
        "(coro, *, loop=None, name=None, context=None, eager_start=False)",
        "",
        |_, _| Ok(NONE()),
    );
    let mut b = [None; 5];
    adder_vm::bind::bind(th, &SIG, a, &mut b)?;
    let t = Task::of(o);
    future::init(th, fut(t), b[1])?;
    let coro = b[0].unwrap();
    if !coro.is_exact(Kind::Coroutine) && !is_coroutine(th, coro)? {
        return Err(th.type_error(format!("a coroutine was expected, got {}", th.text(th.repr(coro)?))));
    }
    let ctx = match b[3].and_then(|v| v.some()) {
        Some(c) => c,
        None => future::copy_context(th)?,
    };
    th.store(t, &t.context, ctx);
    t.waiter.init(None);
    t.cancels.store(0, Release);
    t.fut.put(MUST_CANCEL, false);
    t.fut.put(LOG_DESTROY, true);
    th.store(t, &t.coro, coro);
    let name = match b[2].and_then(|v| v.some()) {
        None => Value::fix(NEXT_NAME.fetch_add(1, Relaxed) as i64),
        Some(n) if n.is_exact(Kind::Str) => n,
        Some(n) => th.to_str(n)?,
    };
    th.store(t, &t.name, name);
    if let Some(e) = b[4]
        && th.truth(e)?
    {
        let l = t.fut.loop_.value();
        if th.call_method(l, n!(is_running), &[])?.is(TRUE()) {
            return eager_start(th, t);
        }
    }
    step_soon(th, t, None)?;
    t.fut.put(LISTED, true);
    Ok(())
}
/// `asyncio.iscoroutine`, remembered by type.
fn is_coroutine(th: Th, v: Value) -> R<bool> {
    let known: Gc<Set> = state::get(S::CoroutineTypes).known();
    let t = th.type_of(v).value();
    if th.contains(known.value(), t)? {
        return Ok(true);
    }
    let r = th.call(state::get(S::IsCoroutine), &[v])?;
    if !th.truth(r)? {
        return Ok(false);
    }
    if th.len(known.value())? < 100 {
        set::add(th, known, t)?;
    }
    Ok(true)
}

fn cancel(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (t, msg) = (me(a), a[1].unwrap_or(NONE()));
    t.fut.put(LOG_TB, false);
    if t.fut.state.load(Acquire) != PENDING {
        return Ok(FALSE());
    }
    t.cancels.fetch_add(1, AcqRel);
    if let Some(w) = t.waiter.get() {
        let r = th.call_method(w, n!(cancel), &[msg])?;
        if th.truth(r)? {
            return Ok(TRUE());
        }
    }
    t.fut.put(MUST_CANCEL, true);
    th.store(t, &t.fut.cancel_msg, msg);
    Ok(TRUE())
}

/// The task is done. Unless it has an exception to report, its finalizer has nothing to do any more.
pub fn ended(th: Th, t: Gc<Task>) {
    t.fut.put(LISTED, false);
    if !t.fut.has(LOG_TB) && future::finalizer_is(th.type_of(t.value()), finalize) {
        t.set_flag(flags::FINALIZED);
    }
}
fn finalize(th: Th, o: Value) -> R<()> {
    let t = Task::of(o);
    if t.fut.state.load(Acquire) == PENDING && t.fut.has(LOG_DESTROY) {
        future::report(th, fut(t), "Task was destroyed but it is pending!", &[("task", o)])?;
    }
    future::finalize_future(th, o)
}

// -- steps

/// What the loop calls for a step.
#[repr(C)]
struct Step {
    h: adder_vm::heap::Header,
    task: Slot,
    /// The exception to throw in, or null.
    exc: Slot,
}
fn step_of(v: Value) -> Gc<Step> {
    unsafe { v.cast_unchecked() }
}
static STEP_TYPE: NativeType = NativeType {
    name: "_asyncio.TaskStepMethWrapper",
    kind: Kind::Native,
    size: size_of::<Step>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: Slots {
        call: Some(|th, o, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("function takes no keyword arguments"));
            }
            if !a.is_empty() {
                return Err(th.type_error("function takes no positional arguments"));
            }
            let s = step_of(o);
            step(th, Task::of(s.task.value()), s.exc.get()).map(|()| NONE())
        }),
        ..Slots::NONE
    },
    getset: &[getter("__self__", "", |_, o| Ok(Value::opt_or_none(step_of(o).task.get())))],
    trace: Some(|o, t| unsafe { t.slots((o.as_ptr() as *mut u64).add(1), 2) }),
    ..NativeType::DEFAULT
};
static STEP: TypeCell = TypeCell::new(&STEP_TYPE);

fn step_soon(th: Th, t: Gc<Task>, e: Option<Value>) -> R<()> {
    let o = object::new_instance(th, th.make_type(&STEP))?;
    let s = step_of(o);
    s.task.init(Some(t.value()));
    s.exc.init(e);
    future::call_soon(th, t.fut.loop_.value(), o, None, Value::opt_or_none(t.context.get()))
}
fn error_soon(th: Th, t: Gc<Task>, msg: String) -> R<()> {
    let e = th.call(exc::RUNTIME_ERROR.get().value(), &[th.str(&msg)])?;
    step_soon(th, t, Some(e))
}

fn step(th: Th, t: Gc<Task>, e: Option<Value>) -> R<()> {
    let l = future::alive(th, fut(t))?;
    running::enter_task(th, l, t.value())?;
    match th.guarded(|| step_inner(th, t, e)) {
        Ok(()) => running::leave_task(th, l, t.value()),
        Err(r) => {
            let e = th.take_exc();
            if running::leave_task(th, l, t.value()).is_err() {
                let x: Gc<BaseException> = th.pending().expect("an error").known();
                th.store(x, &x.context, e);
                return Err(r);
            }
            Err(th.set_exc(e))
        }
    }
}
/// Runs the task's first step now, within the step of the task that makes it.
fn eager_start(th: Th, t: Gc<Task>) -> R<()> {
    let l = t.fut.loop_.value();
    let previous = running::swap_current_task(th, l, t.value())?;
    t.fut.put(LISTED, true);
    let c = t.context.value();
    if contextvars::CONTEXT.try_get() != Some(th.type_of(c)) {
        return Err(th.type_error("an instance of Context was expected"));
    }
    // SAFETY: its type is that of contexts, just tested.
    let ctx = unsafe { c.cast_unchecked() };
    contextvars::enter(th, ctx)?;
    let mut r = th.guarded(|| step_inner(th, t, None));
    let e = r.is_err().then(|| th.take_exc());
    if running::swap_current_task(th, l, previous).is_err() {
        r = Err(adder_vm::err::Raised);
    } else if let Some(e) = e {
        r = Err(th.set_exc(e));
    }
    contextvars::leave(th, ctx);
    if t.fut.state.load(Acquire) != PENDING {
        t.coro.init(None);
    }
    r
}

enum Sent {
    Yielded(Value),
    Returned(Value),
}
/// `coro.send(None)` or `coro.throw(e)`.
fn advance(th: Th, coro: Value, e: Option<Value>) -> R<Sent> {
    if e.is_none() && (coro.is_exact(Kind::Coroutine) || coro.is_exact(Kind::Generator)) {
        return Ok(match resume(th, generator::gen_of(coro), None)? {
            Resumed::Yielded(v) => Sent::Yielded(v),
            Resumed::Returned(v) => Sent::Returned(v),
        });
    }
    if e.is_none()
        && let Some(next) = th.type_of(coro).slots.iternext
    {
        th.set_stop_value(NONE());
        return match next(th, coro) {
            Ok(Some(v)) => Ok(Sent::Yielded(v)),
            Ok(None) => Ok(Sent::Returned(th.pending_stop_value())),
            Err(_) if th.exc_is(&exc::STOP_ITERATION) => Ok(Sent::Returned(exc::stop_value(th.take_exc()))),
            Err(r) => Err(r),
        };
    }
    let r = match e {
        Some(e) => th.call_method(coro, n!(throw), &[e]),
        None => th.call_method(coro, n!(send), &[NONE()]),
    };
    match r {
        Ok(v) => Ok(Sent::Yielded(v)),
        Err(_) if th.exc_is(&exc::STOP_ITERATION) => Ok(Sent::Returned(exc::stop_value(th.take_exc()))),
        Err(r) => Err(r),
    }
}

fn step_inner(th: Th, t: Gc<Task>, e: Option<Value>) -> R<()> {
    let f = fut(t);
    if f.state.load(Acquire) != PENDING {
        let (a, b) = (th.text(th.repr(t.value())?), th.text(th.repr(Value::opt_or_none(e))?));
        return Err(future::invalid_state(th, &format!("__step(): already done: {a} {b}")));
    }
    let cancelled: Gc<Type> = state::get(S::CancelledError).known();
    let mut e = e;
    if f.has(MUST_CANCEL) {
        if !e.is_some_and(|e| th.isinstance_exact(e, cancelled)) {
            e = Some(future::cancelled_error(th, f)?);
        }
        f.put(MUST_CANCEL, false);
    }
    t.waiter.init(None);
    let Some(coro) = t.coro.get() else { return Err(th.runtime_error("uninitialized Task object")) };
    match advance(th, coro, e) {
        Ok(Sent::Yielded(v)) => yielded(th, t, v),
        Ok(Sent::Returned(v)) => {
            if f.has(MUST_CANCEL) {
                // Cancelled right before the coroutine ended.
                f.put(MUST_CANCEL, false);
                return future::cancel(th, f, f.cancel_msg.get()).map(|_| ());
            }
            future::set_result(th, f, v)
        }
        Err(_) if th.pending().is_some_and(|e| th.isinstance_exact(e, cancelled)) => {
            let e = th.take_exc();
            th.store(f, &f.cancelled_exc, e);
            future::cancel(th, f, None).map(|_| ())
        }
        Err(_) => {
            let e = th.take_exc();
            future::set_exception(th, f, e)?;
            if th.isinstance_exact(e, exc::KEYBOARD_INTERRUPT.get())
                || th.isinstance_exact(e, exc::SYSTEM_EXIT.get())
            {
                return Err(th.set_exc(e));
            }
            Ok(())
        }
    }
}

/// The coroutine yielded `v`: the future that it waits for, or None.
fn yielded(th: Th, t: Gc<Task>, v: Value) -> R<()> {
    if v.is(t.value()) {
        let r = th.text(th.repr(v)?);
        return error_soon(th, t, format!("Task cannot await on itself: {r}"));
    }
    if is_exact_future(th, v) {
        let w = Future::of(v);
        if w.loop_.get() != t.fut.loop_.get() {
            return different_loop(th, t, v);
        }
        if !w.has(BLOCKING) {
            return yield_instead(th, t, v);
        }
        future::awaited_by_add(th, w, t.value())?;
        w.put(BLOCKING, false);
        let wakeup = new_wakeup(th, t);
        future::add_done_callback(th, w, wakeup, Value::opt_or_none(t.context.get()))?;
        return wait_for(th, t, v);
    }
    if v.is_none() {
        // A bare yield gives the others a turn.
        return step_soon(th, t, None);
    }
    let blocking = th.getattr_opt(v, n!(_asyncio_future_blocking))?.and_then(|b| b.some());
    if let Some(b) = blocking {
        let b = th.truth(b)?;
        if !future::future_loop(th, v)?.is(t.fut.loop_.value()) {
            return different_loop(th, t, v);
        }
        if !b {
            return yield_instead(th, t, v);
        }
        if is_future(th, v) {
            future::awaited_by_add(th, Future::of(v), t.value())?;
        }
        th.setattr(v, n!(_asyncio_future_blocking), Some(FALSE()))?;
        let wakeup = new_wakeup(th, t);
        let add = th.getattr(v, n!(add_done_callback))?;
        let names: Gc<Tuple> = state::get(S::ContextName).known();
        let all = [wakeup, Value::opt_or_none(t.context.get())];
        th.call_raw(add, RawArgs::with_kw(&all, Some(names)))?;
        return wait_for(th, t, v);
    }
    let r = th.text(th.repr(v)?);
    if v.is_kind(Kind::Generator) {
        let me = th.text(th.repr(t.value())?);
        return error_soon(
            th,
            t,
            format!("yield was used instead of yield from for generator in task {me} with {r}"),
        );
    }
    error_soon(th, t, format!("Task got bad yield: {r}"))
}
fn different_loop(th: Th, t: Gc<Task>, v: Value) -> R<()> {
    let (a, b) = (th.text(th.repr(t.value())?), th.text(th.repr(v)?));
    error_soon(th, t, format!("Task {a} got Future {b} attached to a different loop"))
}
fn yield_instead(th: Th, t: Gc<Task>, v: Value) -> R<()> {
    let (a, b) = (th.text(th.repr(t.value())?), th.text(th.repr(v)?));
    error_soon(th, t, format!("yield was used instead of yield from in task {a} with {b}"))
}
fn wait_for(th: Th, t: Gc<Task>, v: Value) -> R<()> {
    th.store(t, &t.waiter, v);
    if t.fut.has(MUST_CANCEL) {
        let r = th.call_method(v, n!(cancel), &[Value::opt_or_none(t.fut.cancel_msg.get())])?;
        if th.truth(r)? {
            t.fut.put(MUST_CANCEL, false);
        }
    }
    Ok(())
}

static WAKEUP: NativeDef = method("task_wakeup", "!($self, object, /)", "", |th, a| {
    wakeup(th, me(a), a[1].unwrap()).map(|()| NONE())
});
fn new_wakeup(th: Th, t: Gc<Task>) -> Value {
    th.native_function(&WAKEUP, Some(t.value()), None)
}
/// What the task waited for is done.
fn wakeup(th: Th, t: Gc<Task>, v: Value) -> R<()> {
    if is_future(th, v) {
        future::awaited_by_discard(th, Future::of(v), t.value())?;
    }
    let r = if is_exact_future(th, v) {
        future::outcome(th, Future::of(v))
    } else {
        th.call_method(v, n!(result), &[]).map(Outcome::Value)
    };
    match r {
        Ok(Outcome::Value(_)) => step(th, t, None),
        Ok(Outcome::Exception(e)) => step(th, t, Some(e)),
        Err(_) => {
            let e = th.take_exc();
            step(th, t, Some(e))
        }
    }
}
