//! Generator and coroutine objects: their methods. The running of them is in `interp::generator`.

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::interp::generator::*;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::*;

const SIZE: u32 = size_of::<Generator>() as u32;

pub static GENERATOR_TYPE: NativeType = NativeType {
    name: "generator",
    kind: Kind::Generator,
    size: SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    slots: Slots { repr: Some(repr), iter: Some(|_, o| Ok(o)), iternext: Some(next), ..Slots::NONE },
    methods: &[
        method(
            "send",
            "!($self, arg, /)",
            "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration.",
            send,
        ),
        method(
            "throw",
            "!($self, type, value=None, tb=None, /)",
            "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.",
            throw_method,
        ),
        method("close", "!($self, /)", "close() -> raise GeneratorExit inside generator.", |th, a| {
            close(th, a[0].unwrap())
        }),
    ],
    getset: &[
        getter("gi_yieldfrom", "", |_, o| Ok(Value::opt_or_none(delegate(gen_of(o))))),
        getter("gi_running", "", |_, o| Ok(Value::bool(gen_of(o).state.load(Relaxed) == RUNNING))),
        getter("gi_suspended", "", |_, o| Ok(Value::bool(gen_of(o).state.load(Relaxed) == SUSPENDED))),
        getter("gi_frame", "", frame_of),
        getter("gi_code", "", |_, o| {
            Ok(crate::builtins::function::canonical(unsafe { gen_of(o).code.gc() }).value())
        }),
        getset("__name__", "", |_, o| Ok(gen_of(o).name.value()), set_name),
        getset("__qualname__", "", |_, o| Ok(gen_of(o).qualname.value()), set_qualname),
    ],
    ..NativeType::DEFAULT
};
pub static GENERATOR: TypeCell = TypeCell::new(&GENERATOR_TYPE);

pub static COROUTINE_TYPE: NativeType = NativeType {
    name: "coroutine",
    kind: Kind::Coroutine,
    size: SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF,
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    methods: &[
        method(
            "send",
            "!($self, arg, /)",
            "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration.",
            send,
        ),
        method(
            "throw",
            "!($self, type, value=None, tb=None, /)",
            "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.",
            throw_method,
        ),
        method("close", "!($self, /)", "close() -> raise GeneratorExit inside coroutine.", |th, a| {
            close(th, a[0].unwrap())
        }),
    ],
    getset: &[
        getter("cr_await", "", |_, o| Ok(Value::opt_or_none(delegate(gen_of(o))))),
        getter("cr_running", "", |_, o| Ok(Value::bool(gen_of(o).state.load(Relaxed) == RUNNING))),
        getter("cr_suspended", "", |_, o| Ok(Value::bool(gen_of(o).state.load(Relaxed) == SUSPENDED))),
        getter("cr_frame", "", frame_of),
        getter("cr_code", "", |_, o| {
            Ok(crate::builtins::function::canonical(unsafe { gen_of(o).code.gc() }).value())
        }),
        getter("cr_origin", "", |_, o| Ok(Value::opt_or_none(gen_of(o).origin.get()))),
        getset("__name__", "", |_, o| Ok(gen_of(o).name.value()), set_name),
        getset("__qualname__", "", |_, o| Ok(gen_of(o).qualname.value()), set_qualname),
    ],
    ..NativeType::DEFAULT
};
pub static COROUTINE: TypeCell = TypeCell::new(&COROUTINE_TYPE);

fn gen_of(o: Value) -> Gc<Generator> {
    unsafe { o.cast_unchecked() }
}
/// Called for every generator-like object just made.
pub fn created(th: Th, g: Gc<Generator>) -> R<()> {
    let _ = (th, g);
    Ok(())
}
/// `anext(it, default)`.
pub fn anext_awaitable(th: Th, _w: Value, _default: Value) -> R<Value> {
    Err(th.not_implemented_error("anext() with a default"))
}
/// The finalizer: what becomes of one that was never finished.
pub fn finalize(_th: Th, _o: Value) {}
pub fn wrap(_th: Th, v: Value) -> Value {
    v
}
fn repr(th: Th, o: Value) -> R<Value> {
    Ok(th.str(&format!(
        "<{} object {} at {:#x}>",
        th.type_name_of(o),
        th.text(gen_of(o).qualname.value()),
        crate::builtins::object::id(th, o)
    )))
}
fn set_name(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Str) => {
            th.store(gen_of(o), &gen_of(o).name, v);
            Ok(())
        }
        _ => Err(th.type_error("__name__ must be set to a string object")),
    }
}
fn set_qualname(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Str) => {
            th.store(gen_of(o), &gen_of(o).qualname, v);
            Ok(())
        }
        _ => Err(th.type_error("__qualname__ must be set to a string object")),
    }
}
fn frame_of(th: Th, o: Value) -> R<Value> {
    let g = gen_of(o);
    if g.state.load(Acquire) == FINISHED {
        return Ok(NONE());
    }
    if let Some(f) = g.frame.get() {
        return Ok(f);
    }
    use crate::builtins::frame::FrameObj;
    unsafe {
        let f = th.alloc::<FrameObj>();
        for s in [&f.back, &f.saved, &f.namespace, &f.trace, &f.extra_locals] {
            s.init(None);
        }
        f.func.init(g.func.get());
        f.code.init(g.code.get());
        f.generator.init(Some(o));
        f.live.store(std::ptr::null_mut(), Relaxed);
        f.lasti.store(0, Relaxed);
        f.tflags.store(0, Relaxed);
        th.store(g, &g.frame, f.value());
        Ok(f.value())
    }
}

fn next(th: Th, o: Value) -> R<Option<Value>> {
    match resume(th, gen_of(o), None)? {
        Resumed::Yielded(v) => Ok(Some(v)),
        Resumed::Returned(v) if v.is_none() => Ok(None),
        Resumed::Returned(v) => Err(th.stop_iteration(Some(v))),
    }
}
/// A resumption's outcome as a method gives it.
pub fn outcome(th: Th, r: Resumed) -> R<Value> {
    match r {
        Resumed::Yielded(v) => Ok(v),
        Resumed::Returned(v) => Err(th.stop_iteration(v.some())),
    }
}
fn send(th: Th, a: &[Option<Value>]) -> R<Value> {
    let r = resume(th, gen_of(a[0].unwrap()), a[1])?;
    outcome(th, r)
}

/// The exception instance that `throw(type, value, tb)` means.
pub fn throw_arguments(th: Th, ty: Value, val: Option<Value>, tb: Option<Value>) -> R<Value> {
    let tb = tb.and_then(|t| t.some());
    if tb.is_some_and(|t| !t.is_kind(Kind::Traceback)) {
        return Err(th.type_error("throw() third argument must be a traceback object"));
    }
    let val = val.and_then(|v| v.some());
    let e = if th.is_exception_class(ty) {
        match val {
            Some(v) if th.is_exception(v) && th.isinstance_exact(v, unsafe { ty.cast_unchecked() }) => v,
            Some(v) if v.is_kind(Kind::Tuple) => th.call_ex(ty, unsafe { v.cast_unchecked() }, None)?,
            Some(v) => th.call(ty, &[v])?,
            None => th.call(ty, &[])?,
        }
    } else if th.is_exception(ty) {
        if val.is_some() {
            return Err(th.type_error("instance exception may not have a separate value"));
        }
        ty
    } else {
        return Err(th.type_error(format!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            th.type_name_of(ty)
        )));
    };
    if let Some(t) = tb {
        let x: Gc<BaseException> = unsafe { e.cast_unchecked() };
        th.store(x, &x.traceback, t);
    }
    Ok(e)
}
fn throw_method(th: Th, a: &[Option<Value>]) -> R<Value> {
    if a[2].is_some() || a[3].is_some() {
        crate::warn::warn(
            th,
            &exc::DEPRECATION_WARNING,
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.",
            1,
        )?;
    }
    let e = throw_arguments(th, a[1].unwrap(), a[2], a[3])?;
    let r = throw(th, gen_of(a[0].unwrap()), e)?;
    outcome(th, r)
}

/// Throws `e` into a generator, through whatever it delegates to.
pub fn throw(th: Th, g: Gc<Generator>, e: Value) -> R<Resumed> {
    if let Some(d) = delegate(g) {
        th.check_stack("")?;
        let r = if th.isinstance_exact(e, exc::GENERATOR_EXIT.get()) {
            // Close the delegate first.
            let was = g.state.swap(RUNNING, AcqRel);
            let r = close_iter(th, d);
            g.state.store(was, Release);
            match r {
                Ok(()) => {
                    th.set_exc(e);
                    return resume_raising(th, g);
                }
                Err(_) => return resume_raising(th, g),
            }
        } else if let Some(x) = as_generator(d).filter(|_| !d.is_kind(Kind::AsyncGenerator)) {
            let was = g.state.swap(RUNNING, AcqRel);
            let r = throw(th, x, e);
            g.state.store(was, Release);
            match r {
                Ok(r) => outcome(th, r),
                Err(x) => Err(x),
            }
        } else {
            match th.getattr_opt(d, n!(throw))? {
                Some(f) => {
                    let was = g.state.swap(RUNNING, AcqRel);
                    let r = th.call(f, &[e]);
                    g.state.store(was, Release);
                    r
                }
                None => {
                    th.set_exc(e);
                    return resume_raising(th, g);
                }
            }
        };
        return match r {
            Ok(v) => Ok(Resumed::Yielded(v)),
            Err(_) if th.exc_is(&exc::STOP_ITERATION) => {
                // The delegate is done: its value is what `yield from` gives.
                let v = exc::stop_value(th.take_exc());
                resume_after_delegate(th, g, v)
            }
            Err(_) => resume_raising(th, g),
        };
    }
    if g.state.load(Acquire) == CREATED {
        g.state.store(FINISHED, Release);
        return Err(th.raise(e));
    }
    th.set_exc(e);
    resume_raising(th, g)
}
fn close_iter(th: Th, d: Value) -> R<()> {
    if as_generator(d).is_some() && !d.is_kind(Kind::AsyncGenerator) {
        close(th, d)?;
        return Ok(());
    }
    match th.getattr_opt(d, n!(close))? {
        Some(f) => th.call(f, &[]).map(|_| ()),
        None => Ok(()),
    }
}
pub fn close(th: Th, o: Value) -> R<Value> {
    let g = gen_of(o);
    match g.state.load(Acquire) {
        CREATED => {
            g.state.store(FINISHED, Release);
            return Ok(NONE());
        }
        FINISHED => return Ok(NONE()),
        _ => {}
    }
    let e = th.call(exc::GENERATOR_EXIT.get().value(), &[])?;
    match throw(th, g, e) {
        Ok(Resumed::Yielded(_)) => Err(ignored_exit(th, o)),
        Ok(Resumed::Returned(v)) => Ok(v),
        Err(r) => {
            if th.exc_is(&exc::STOP_ITERATION) {
                return Ok(exc::stop_value(th.take_exc()));
            }
            if th.exc_is(&exc::GENERATOR_EXIT) {
                th.take_exc();
                return Ok(NONE());
            }
            Err(r)
        }
    }
}
fn ignored_exit(th: Th, o: Value) -> Raised {
    th.runtime_error(match o.kind() {
        Kind::Coroutine => "coroutine ignored GeneratorExit",
        Kind::AsyncGenerator => "async generator ignored GeneratorExit",
        _ => "generator ignored GeneratorExit",
    })
}
