//! Asynchronous generators (PEP 525): the awaitables of `asend`, `athrow` and `aclose`, hooks, and the awaitable of `anext`
//! with a default.
//!
//! A value that the generator yields to its user arrives in an `async_generator_wrapped_value`; everything else that comes
//! out of its frame was passed through by an `await` inside.
//!
//! # Invariants
//! - `agen` of an awaitable is an asynchronous generator from the start; `aw` and `wrapped` are given objects of these
//!   kinds only.
//! - `*args` of a method arrive as a tuple. A fresh object's words are written before the next allocation.

use super::generator::*;
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::interp::generator::*;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Th, ThreadSlot};
use crate::value::*;
use adder_heap::{Header, Size, Trace};
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Bits of `Generator::aflags`.
const RUNNING_ASYNC: u64 = 1;
const CLOSED: u64 = 2;
const HOOKED: u64 = 4;

/// `asend(value)`; also `athrow(*args)` and `aclose()`, with `arg` the exception or null.
#[repr(C)]
pub struct Awaitable {
    pub h: Header,
    agen: Slot,
    /// The value to send; the tuple of `athrow`'s arguments, null for `aclose`.
    arg: Slot,
    state: AtomicU64,
}
const INIT: u64 = 0;
const ITER: u64 = 1;
const DONE: u64 = 2;

#[repr(C)]
pub struct Wrapped {
    pub h: Header,
    value: Slot,
}
unsafe impl Layout for Wrapped {
    const KIND: Kind = Kind::AsyncGenWrapped;
}
#[repr(C)]
pub struct AnextAwaitable {
    pub h: Header,
    awaitable: Slot,
    default: Slot,
}
unsafe impl Layout for AnextAwaitable {
    const KIND: Kind = Kind::AnextAwaitable;
}
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    let f = |size: usize, n| Some((Size::Fixed(size as u32), Trace::Slots { at: 8, n }));
    match k {
        Kind::AsyncGenSend | Kind::AsyncGenThrow => f(size_of::<Awaitable>(), 2),
        Kind::AsyncGenWrapped => f(size_of::<Wrapped>(), 1),
        Kind::AnextAwaitable => f(size_of::<AnextAwaitable>(), 2),
        Kind::CoroutineWrapper => f(size_of::<CoroutineWrapper>(), 1),
        _ => None,
    }
}

const SIZE: u32 = size_of::<Generator>() as u32;
const NATIVE: u64 = tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC;
const THROW_SIG: &str = "!($self, type, value=None, traceback=None, /)";
const SEND_DOC: &str =
    "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration.";
const THROW_DOC: &str = "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.";
const CLOSE_DOC: &str = "close() -> raise GeneratorExit inside generator.";

pub static ASYNC_GENERATOR_TYPE: NativeType = NativeType {
    name: "async_generator",
    kind: Kind::AsyncGenerator,
    size: SIZE,
    flags: NATIVE | tflags::WEAKREF,
    slots: Slots {
        repr: Some(repr),
        aiter: Some(|_, o| Ok(o)),
        anext: Some(|th, o| asend(th, o, NONE())),
        del: Some(|th, o| {
            finalize(th, o);
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method("asend", "($self, object, /)", "asend(v) -> send 'v' in generator.", |th, a| {
            asend(th, a[0].unwrap(), a[1].unwrap())
        }),
        method(
            "athrow",
            "!($self, *args)",
            "athrow(value)\nathrow(type[,value[,tb]])\n\nraise exception in generator.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.",
            |th, a| {
                let args = a[1].unwrap();
                if args.known::<Tuple>().len > 1 {
                    crate::warn::warn(
                        th,
                        &exc::DEPRECATION_WARNING,
                        "the (type, exc, tb) signature of athrow() is deprecated, use the single-arg signature instead.",
                        1,
                    )?;
                }
                init_hooks(th, a[0].unwrap())?;
                new_awaitable(th, Kind::AsyncGenThrow, a[0].unwrap(), Some(args), true)
            },
        ),
        method("aclose", "($self, /)", "aclose() -> raise GeneratorExit inside generator.", |th, a| {
            init_hooks(th, a[0].unwrap())?;
            new_awaitable(th, Kind::AsyncGenThrow, a[0].unwrap(), None, true)
        }),
        method("__sizeof__", "($self, /)", "gen.__sizeof__() -> size of gen in memory, in bytes", |_, _| {
            Ok(Value::fix(SIZE as i64))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "async generators are generic over the types of their yield and send values",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[
        getter("ag_running", "", |_, o| Ok(Value::bool(has(gen_of(o), RUNNING_ASYNC)))),
        getset("__name__", "name of the async generator", |_, o| Ok(gen_of(o).name.value()), set_name),
        getset(
            "__qualname__",
            "qualified name of the async generator",
            |_, o| Ok(gen_of(o).qualname.value()),
            set_qualname,
        ),
        getter("ag_await", "object being awaited on, or None", delegate_of),
        getter("ag_frame", "", frame_of),
        getter("ag_code", "", code_of),
        getter("ag_suspended", "", is_suspended),
    ],
    ..NativeType::DEFAULT
};
pub static ASYNC_GENERATOR: TypeCell = TypeCell::new(&ASYNC_GENERATOR_TYPE);

macro_rules! awaitable_type {
    ($t:ident $cell:ident $name:literal $kind:ident $send:ident $throw:ident $what:expr) => {
        pub static $t: NativeType = NativeType {
            name: $name,
            kind: Kind::$kind,
            size: size_of::<Awaitable>() as u32,
            flags: NATIVE,
            slots: Slots {
                iter: Some(|_, o| Ok(o)),
                iternext: Some(|th, o| $send(th, aw(o), NONE())),
                await_: Some(|_, o| Ok(o)),
                del: Some(|th, o| {
                    warn_unawaited(th, o);
                    Ok(())
                }),
                ..Slots::NONE
            },
            methods: &[
                method("send", "($self, object, /)", SEND_DOC, |th, a| {
                    th.set_stop_value(NONE());
                    let r = $send(th, aw(a[0].unwrap()), a[1].unwrap())?;
                    result(th, r)
                }),
                method("throw", THROW_SIG, THROW_DOC, |th, a| {
                    if a[2].is_some() || a[3].is_some() {
                        deprecated_throw(th)?;
                    }
                    let e = throw_arguments(th, a[1].unwrap(), a[2], a[3])?;
                    th.set_stop_value(NONE());
                    let r = $throw(th, aw(a[0].unwrap()), e)?;
                    result(th, r)
                }),
                method("close", "($self, /)", CLOSE_DOC, |th, a| {
                    let o = aw(a[0].unwrap());
                    if o.state.load(Acquire) == DONE {
                        return Ok(NONE());
                    }
                    let e = th.call(exc::GENERATOR_EXIT.get().value(), &[])?;
                    match $throw(th, o, e) {
                        Ok(Some(_)) => Err(th.runtime_error("coroutine ignored GeneratorExit")),
                        Ok(None) => Ok(NONE()),
                        Err(r) => {
                            if th.exc_is(&exc::STOP_ITERATION)
                                || th.exc_is(&exc::STOP_ASYNC_ITERATION)
                                || th.exc_is(&exc::GENERATOR_EXIT)
                            {
                                th.take_exc();
                                return Ok(NONE());
                            }
                            Err(r)
                        }
                    }
                }),
            ],
            ..NativeType::DEFAULT
        };
        pub static $cell: TypeCell = TypeCell::new(&$t);
    };
}
awaitable_type! { ASEND_TYPE ASEND "async_generator_asend" AsyncGenSend asend_send asend_throw "asend" }
awaitable_type! { ATHROW_TYPE ATHROW "async_generator_athrow" AsyncGenThrow athrow_send athrow_throw "athrow" }

pub static WRAPPED_TYPE: NativeType = NativeType {
    name: "async_generator_wrapped_value",
    kind: Kind::AsyncGenWrapped,
    size: size_of::<Wrapped>() as u32,
    flags: NATIVE,
    ..NativeType::DEFAULT
};
pub static WRAPPED: TypeCell = TypeCell::new(&WRAPPED_TYPE);

fn aw(o: Value) -> Gc<Awaitable> {
    unsafe { o.cast_unchecked() }
}
fn has(g: Gc<Generator>, f: u64) -> bool {
    g.aflags.load(Acquire) & f != 0
}
fn on(g: Gc<Generator>, f: u64) {
    g.aflags.fetch_or(f, AcqRel);
}
fn off(g: Gc<Generator>, f: u64) {
    g.aflags.fetch_and(!f, AcqRel);
}
pub fn is_closed(g: Gc<Generator>) -> bool {
    has(g, CLOSED)
}
fn deprecated_throw(th: Th) -> R<()> {
    crate::warn::warn(
        th,
        &exc::DEPRECATION_WARNING,
        "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.",
        1,
    )
}

/// A value yielded to the user of the generator.
pub fn wrap(th: Th, v: Value) -> Value {
    th.object(Wrapped { h: Wrapped::head(), value: Slot::new(v) }).value()
}

/// The step of an awaitable as its iterator answers it: None is StopIteration, its value in the thread.
type Step = R<Option<Value>>;

/// A step's answer as a method gives it.
fn result(th: Th, s: Option<Value>) -> R<Value> {
    match s {
        Some(v) => Ok(v),
        None => {
            let v = th.pending_stop_value();
            Err(th.stop_iteration(v.some()))
        }
    }
}
fn stop(th: Th, v: Value) -> Step {
    th.set_stop_value(v);
    Ok(None)
}

fn new_awaitable(th: Th, k: Kind, agen: Value, arg: Option<Value>, watched: bool) -> R<Value> {
    unsafe {
        let o = th.m.alloc(size_of::<Awaitable>(), k as u8, k as u32);
        let a: Gc<Awaitable> = Gc::from_obj(o);
        a.agen.init(Some(agen));
        a.arg.init(arg);
        (*a.as_ptr()).state = AtomicU64::new(INIT);
        if watched {
            // For the warning that it was never awaited.
            th.m.register_finalizer(o);
        }
        Ok(a.value())
    }
}
/// `async for`: awaited at once.
pub fn next_in_loop(th: Th, o: Value) -> R<Value> {
    init_hooks(th, o)?;
    new_awaitable(th, Kind::AsyncGenSend, o, Some(NONE()), false)
}
fn asend(th: Th, o: Value, v: Value) -> R<Value> {
    init_hooks(th, o)?;
    new_awaitable(th, Kind::AsyncGenSend, o, Some(v), true)
}
/// The first use of the generator: tells the event loop's hooks.
fn init_hooks(th: Th, o: Value) -> R<()> {
    let g = gen_of(o);
    if has(g, HOOKED) {
        return Ok(());
    }
    on(g, HOOKED);
    if let Some(f) = th.slots[ThreadSlot::AsyncgenFinalizer as usize].get() {
        th.store(g, &g.finalizer, f);
    }
    th.m.register_finalizer(g.obj());
    if let Some(f) = th.slots[ThreadSlot::AsyncgenFirstiter as usize].get() {
        th.call(f, &[o])?;
    }
    Ok(())
}
/// The finalizer of an awaitable.
pub fn warn_unawaited(th: Th, o: Value) {
    let a = aw(o);
    if a.state.load(Acquire) != INIT {
        return;
    }
    let what = match (o.kind(), a.arg.get()) {
        (Kind::AsyncGenSend, _) => "asend",
        (_, Some(_)) => "athrow",
        _ => "aclose",
    };
    let q = th.text(gen_of(a.agen.value()).qualname.value());
    let msg = format!("coroutine method '{what}' of '{q}' was never awaited");
    if crate::warn::warn(th, &exc::RUNTIME_WARNING, &msg, 1).is_err() {
        crate::unraisable::report(th, None, o);
    }
}

/// What came of resuming the generator, for a user that gets values: `async_gen_unwrap_value`.
fn unwrap(th: Th, g: Gc<Generator>, r: R<Resumed>) -> Step {
    match r {
        Ok(Resumed::Yielded(v)) => match v.exact::<Wrapped>() {
            Some(w) => {
                off(g, RUNNING_ASYNC);
                stop(th, w.value.value())
            }
            None => Ok(Some(v)),
        },
        Ok(Resumed::Returned(_)) => {
            on(g, CLOSED);
            off(g, RUNNING_ASYNC);
            Err(th.raise_args(&exc::STOP_ASYNC_ITERATION, &[]))
        }
        Err(e) => {
            if th.exc_is(&exc::STOP_ASYNC_ITERATION) || th.exc_is(&exc::GENERATOR_EXIT) {
                on(g, CLOSED);
            }
            off(g, RUNNING_ASYNC);
            Err(e)
        }
    }
}
#[cold]
fn reused(th: Th, what: &str) -> Raised {
    th.runtime_error(format!("cannot reuse already awaited {what}"))
}
#[cold]
fn already_running(th: Th, what: &str) -> Raised {
    th.runtime_error(format!("{what}: asynchronous generator is already running"))
}
/// The awaitable is done unless it goes on.
fn settle(a: Gc<Awaitable>, s: Step) -> Step {
    if !matches!(s, Ok(Some(_))) {
        a.state.store(DONE, Release);
    }
    s
}

fn asend_send(th: Th, a: Gc<Awaitable>, v: Value) -> Step {
    let g = gen_of(a.agen.value());
    let mut v = v;
    match a.state.load(Acquire) {
        DONE => return Err(reused(th, "__anext__()/asend()")),
        INIT => {
            if has(g, RUNNING_ASYNC) {
                a.state.store(DONE, Release);
                return Err(already_running(th, "anext()"));
            }
            if v.is_none() {
                v = a.arg.value();
            }
            a.state.store(ITER, Release);
            on(g, RUNNING_ASYNC);
        }
        _ => {}
    }
    let r = resume(th, g, Some(v));
    let s = unwrap(th, g, r);
    settle(a, s)
}
fn asend_throw(th: Th, a: Gc<Awaitable>, e: Value) -> Step {
    let g = gen_of(a.agen.value());
    match a.state.load(Acquire) {
        DONE => return Err(reused(th, "__anext__()/asend()")),
        INIT => {
            if has(g, RUNNING_ASYNC) {
                a.state.store(DONE, Release);
                return Err(already_running(th, "anext()"));
            }
            a.state.store(ITER, Release);
            on(g, RUNNING_ASYNC);
        }
        _ => {}
    }
    let r = throw_with(th, g, e, false);
    let s = unwrap(th, g, r);
    settle(a, s)
}

// -- `async for` and `await agen.asend(...)` without native recursion: the generator's frame is pushed by the `Send`

/// The generator to be resumed by a `Send` of None to the awaitable, and what it gets. None: not the usual case.
#[inline(always)]
pub fn quick_send(o: Value) -> Option<(Gc<Generator>, Value)> {
    let a = aw(o);
    let g = gen_of(a.agen.value());
    match a.state.load(Relaxed) {
        INIT if !has(g, RUNNING_ASYNC) => {
            let v = a.arg.value();
            if v.is_none() || g.state.load(Relaxed) == SUSPENDED { Some((g, v)) } else { None }
        }
        ITER => Some((g, NONE())),
        _ => None,
    }
}
pub unsafe fn generator(o: Value) -> Gc<Generator> {
    gen_of(aw(o).agen.value())
}
/// The only thread has pushed the generator's frame.
#[inline(always)]
pub fn sent(o: Value, g: Gc<Generator>) {
    aw(o).state.store(ITER, Relaxed);
    g.aflags.store(g.aflags.load(Relaxed) | RUNNING_ASYNC, Relaxed);
}
/// The generator has yielded: the item, if that is what it is, with which the awaitable is done.
#[inline(always)]
pub fn item(o: Value, g: Gc<Generator>, v: Value) -> Option<Value> {
    let w = v.exact::<Wrapped>()?;
    g.aflags.store(g.aflags.load(Relaxed) & !RUNNING_ASYNC, Relaxed);
    aw(o).state.store(DONE, Relaxed);
    Some(w.value.value())
}
/// The generator has returned.
pub fn ended(o: Value) {
    let a = aw(o);
    let g = gen_of(a.agen.value());
    on(g, CLOSED);
    off(g, RUNNING_ASYNC);
    a.state.store(DONE, Release);
}
/// The same where it is an exception.
pub fn ended_by(th: Th, o: Value) -> Raised {
    let a = aw(o);
    let r = unwrap(th, gen_of(a.agen.value()), Ok(Resumed::Returned(NONE())));
    match settle(a, r) {
        Err(e) => e,
        Ok(_) => unreachable!("an async generator's end is an exception"),
    }
}
/// An exception, which is pending, has left the generator.
pub fn raised(th: Th, o: Value) {
    let a = aw(o);
    let r = unwrap(th, gen_of(a.agen.value()), Err(Raised));
    let _ = settle(a, r);
}

fn throw_name(a: Gc<Awaitable>) -> &'static str {
    if a.arg.get().is_some() { "athrow()" } else { "aclose()" }
}
/// What came of resuming for `aclose`: it must not yield to the user; its end is StopIteration.
fn closed(th: Th, g: Gc<Generator>, a: Gc<Awaitable>, r: R<Resumed>) -> Step {
    let finish = |a: Gc<Awaitable>| {
        off(g, RUNNING_ASYNC);
        a.state.store(DONE, Release);
    };
    match r {
        Ok(Resumed::Yielded(v)) if v.is_exact(Kind::AsyncGenWrapped) => {
            finish(a);
            Err(th.runtime_error("async generator ignored GeneratorExit"))
        }
        Ok(Resumed::Yielded(v)) => Ok(Some(v)),
        Ok(Resumed::Returned(_)) => {
            finish(a);
            stop(th, NONE())
        }
        Err(e) => {
            finish(a);
            if th.exc_is(&exc::STOP_ASYNC_ITERATION) || th.exc_is(&exc::GENERATOR_EXIT) {
                th.take_exc();
                return stop(th, NONE());
            }
            Err(e)
        }
    }
}
fn athrow_send(th: Th, a: Gc<Awaitable>, v: Value) -> Step {
    let g = gen_of(a.agen.value());
    let args = a.arg.get();
    match a.state.load(Acquire) {
        DONE => Err(reused(th, "aclose()/athrow()")),
        INIT => {
            if g.state.load(Acquire) == FINISHED {
                a.state.store(DONE, Release);
                return stop(th, NONE());
            }
            if has(g, RUNNING_ASYNC) {
                a.state.store(DONE, Release);
                return Err(already_running(th, throw_name(a)));
            }
            if has(g, CLOSED) {
                a.state.store(DONE, Release);
                return Err(th.raise_args(&exc::STOP_ASYNC_ITERATION, &[]));
            }
            if !v.is_none() {
                return Err(th.runtime_error("can't send non-None value to a just-started coroutine"));
            }
            a.state.store(ITER, Release);
            on(g, RUNNING_ASYNC);
            match args {
                None => {
                    on(g, CLOSED);
                    let e = th.call(exc::GENERATOR_EXIT.get().value(), &[])?;
                    let r = throw_with(th, g, e, false);
                    closed(th, g, a, r)
                }
                Some(t) => {
                    let p = unsafe { &*(t.cast_unchecked::<Tuple>().items() as *const [Value]) };
                    let r = match p.len() {
                        0 => Err(th.type_error("athrow expected at least 1 argument, got 0")),
                        1..=3 => throw_arguments(th, p[0], p.get(1).copied(), p.get(2).copied()),
                        n => Err(th.type_error(format!("athrow expected at most 3 arguments, got {n}"))),
                    };
                    let s = match r {
                        Ok(e) => {
                            let r = throw_with(th, g, e, false);
                            unwrap(th, g, r)
                        }
                        Err(e) => {
                            off(g, RUNNING_ASYNC);
                            Err(e)
                        }
                    };
                    settle(a, s)
                }
            }
        }
        _ => {
            let r = resume(th, g, Some(v));
            if args.is_some() {
                let s = unwrap(th, g, r);
                return settle(a, s);
            }
            closed(th, g, a, r)
        }
    }
}
fn athrow_throw(th: Th, a: Gc<Awaitable>, e: Value) -> Step {
    let g = gen_of(a.agen.value());
    match a.state.load(Acquire) {
        DONE => return Err(reused(th, "aclose()/athrow()")),
        INIT => {
            if has(g, RUNNING_ASYNC) {
                a.state.store(DONE, Release);
                return Err(already_running(th, throw_name(a)));
            }
            a.state.store(ITER, Release);
            on(g, RUNNING_ASYNC);
        }
        _ => {}
    }
    let r = throw_with(th, g, e, false);
    if a.arg.get().is_some() {
        let s = unwrap(th, g, r);
        return settle(a, s);
    }
    closed(th, g, a, r)
}

// -- anext(it, default)

pub static ANEXT_TYPE: NativeType = NativeType {
    name: "anext_awaitable",
    kind: Kind::AnextAwaitable,
    size: size_of::<AnextAwaitable>() as u32,
    flags: NATIVE,
    slots: Slots {
        iter: Some(|_, o| Ok(o)),
        await_: Some(|_, o| Ok(o)),
        iternext: Some(|th, o| {
            let it = inner(th, o)?;
            th.set_stop_value(NONE());
            let r = match th.type_of(it).slots.iternext {
                Some(f) => f(th, it),
                None => Err(th.type_error(format!("'{}' object is not an iterator", th.type_name_of(it)))),
            };
            or_default(th, o, r)
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "send",
            "($self, object, /)",
            "send(arg) -> send 'arg' into the wrapped iterator,\nreturn next yielded value or raise StopIteration.",
            |th, a| forward(th, a[0].unwrap(), "send", &[a[1].unwrap()]),
        ),
        raw_method(
            "throw",
            "!($self, type, value=None, traceback=None, /)",
            "throw(value)\nthrow(typ[,val[,tb]])\n\nraise exception in the wrapped iterator, return next yielded value\nor raise StopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.",
            |th, a| forward(th, a.pos()[0], "throw", &a.pos()[1..]),
        ),
        method("close", "($self, /)", CLOSE_DOC, |th, a| forward(th, a[0].unwrap(), "close", &[])),
    ],
    ..NativeType::DEFAULT
};
pub static ANEXT: TypeCell = TypeCell::new(&ANEXT_TYPE);

pub fn anext_awaitable(th: Th, w: Value, default: Value) -> R<Value> {
    Ok(th
        .object(AnextAwaitable {
            h: AnextAwaitable::head(),
            awaitable: Slot::new(w),
            default: Slot::new(default),
        })
        .value())
}
/// The iterator of the wrapped awaitable.
fn inner(th: Th, o: Value) -> R<Value> {
    let w = o.known::<AnextAwaitable>().awaitable.value();
    let it = awaitable_iter(th, w, 0)?;
    if th.type_of(it).slots.iternext.is_some() {
        return Ok(it);
    }
    // A coroutine: through its wrapper.
    match th.type_of(it).slots.await_ {
        Some(f) => f(th, it),
        None => Err(th.type_error(format!("'{}' object can't be awaited", th.type_name_of(it)))),
    }
}
fn or_default(th: Th, o: Value, r: Step) -> Step {
    match r {
        Err(_) if th.exc_is(&exc::STOP_ASYNC_ITERATION) => {
            th.take_exc();
            stop(th, o.known::<AnextAwaitable>().default.value())
        }
        r => r,
    }
}
fn forward(th: Th, o: Value, name: &str, args: &[Value]) -> R<Value> {
    let it = inner(th, o)?;
    let f = th.getattr(it, th.intern(name))?;
    let r = th.call(f, args).map(Some);
    let s = or_default(th, o, r)?;
    result(th, s)
}
