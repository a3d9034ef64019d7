//! Generator and coroutine objects: their methods. The running of them is in `interp::generator`.
//!
//! # Invariants
//! `gen_of` is given generators, coroutines and asynchronous generators: one layout. `code` is loaded, as the
//! generator was made by running it; `regs` is null or an array of at least `depth` slots.

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::interp::chain;
use crate::interp::generator::*;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Th, ThreadSlot, fflags};
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::Ordering::*;

const SIZE: u32 = size_of::<Generator>() as u32;

/// `throw(type, value, tb)` of generators and coroutines.
const THROW_SIG: &str = "!($self, type, value=None, traceback=None, /)";
const GEN_THROW_DOC: &str = "throw(value)\nthrow(type[,value[,tb]])\n\nRaise exception in generator, return next yielded value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.";
const CORO_THROW_DOC: &str = "throw(value)\nthrow(type[,value[,traceback]])\n\nRaise exception in coroutine, return next iterated value or raise\nStopIteration.\nthe (type, val, tb) signature is deprecated, \nand may be removed in a future version of Python.";
const SIZEOF: NativeDef =
    method("__sizeof__", "($self, /)", "gen.__sizeof__() -> size of gen in memory, in bytes", |_, _| {
        Ok(Value::fix(SIZE as i64))
    });

pub static GENERATOR_TYPE: NativeType = NativeType {
    name: "generator",
    kind: Kind::Generator,
    size: SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: Slots {
        repr: Some(repr),
        iter: Some(|_, o| Ok(o)),
        iternext: Some(next),
        del: Some(|th, o| {
            finalize(th, o);
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "send",
            "($self, object, /)",
            "send(value) -> send 'value' into generator,\nreturn next yielded value or raise StopIteration.",
            send,
        )
        .inlined(Inline::Resume),
        method("throw", THROW_SIG, GEN_THROW_DOC, throw_method),
        method("close", "($self, /)", "close() -> raise GeneratorExit inside generator.", |th, a| {
            close(th, a[0].unwrap())
        }),
        SIZEOF,
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "generators are generic over the types of their yield, send, and return values",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[
        getset("__name__", "name of the generator", |_, o| Ok(gen_of(o).name.value()), set_name),
        getset(
            "__qualname__",
            "qualified name of the generator",
            |_, o| Ok(gen_of(o).qualname.value()),
            set_qualname,
        ),
        getter("gi_yieldfrom", "object being iterated by yield from, or None", delegate_of),
        getter("gi_running", "", is_running),
        getter("gi_frame", "", frame_of),
        getter("gi_suspended", "", is_suspended),
        getter("gi_code", "", code_of),
    ],
    ..NativeType::DEFAULT
};
pub static GENERATOR: TypeCell = TypeCell::new(&GENERATOR_TYPE);

pub static COROUTINE_TYPE: NativeType = NativeType {
    name: "coroutine",
    kind: Kind::Coroutine,
    size: SIZE,
    flags: tflags::IMMUTABLE | tflags::WEAKREF | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: Slots {
        repr: Some(repr),
        await_: Some(|th, o| {
            Ok(th.object(CoroutineWrapper { h: CoroutineWrapper::head(), coroutine: Slot::new(o) }).value())
        }),
        del: Some(|th, o| {
            finalize(th, o);
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "send",
            "($self, object, /)",
            "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration.",
            send,
        )
        .inlined(Inline::Resume),
        method("throw", THROW_SIG, CORO_THROW_DOC, throw_method),
        method("close", "($self, /)", "close() -> raise GeneratorExit inside coroutine.", |th, a| {
            close(th, a[0].unwrap())
        }),
        SIZEOF,
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "coroutines are generic over the types of their yield, send, and return values",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    getset: &[
        getter("cr_origin", "", |_, o| Ok(Value::opt_or_none(gen_of(o).origin.get()))),
        getset("__name__", "name of the coroutine", |_, o| Ok(gen_of(o).name.value()), set_name),
        getset(
            "__qualname__",
            "qualified name of the coroutine",
            |_, o| Ok(gen_of(o).qualname.value()),
            set_qualname,
        ),
        getter("cr_await", "object being awaited on, or None", delegate_of),
        getter("cr_running", "", is_running),
        getter("cr_frame", "", frame_of),
        getter("cr_code", "", code_of),
        getter("cr_suspended", "", is_suspended),
    ],
    ..NativeType::DEFAULT
};
pub static COROUTINE: TypeCell = TypeCell::new(&COROUTINE_TYPE);

/// What `coroutine.__await__()` gives.
#[repr(C)]
pub struct CoroutineWrapper {
    pub h: Header,
    pub coroutine: Slot,
}
unsafe impl Layout for CoroutineWrapper {
    const KIND: Kind = Kind::CoroutineWrapper;
}
fn wrapped(o: Value) -> Value {
    o.known::<CoroutineWrapper>().coroutine.value()
}
pub static WRAPPER_TYPE: NativeType = NativeType {
    name: "coroutine_wrapper",
    kind: Kind::CoroutineWrapper,
    size: size_of::<CoroutineWrapper>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    doc: "A wrapper object implementing __await__ for coroutines.",
    slots: Slots {
        iter: Some(|_, o| Ok(o)),
        iternext: Some(|th, o| match resume(th, gen_of(wrapped(o)), None)? {
            Resumed::Yielded(v) => Ok(Some(v)),
            Resumed::Returned(v) => {
                th.set_stop_value(v);
                Ok(None)
            }
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "send",
            "($self, object, /)",
            "send(arg) -> send 'arg' into coroutine,\nreturn next iterated value or raise StopIteration.",
            |th, a| send(th, &[Some(wrapped(a[0].unwrap())), a[1]]),
        ),
        method("throw", THROW_SIG, CORO_THROW_DOC, |th, a| {
            throw_method(th, &[Some(wrapped(a[0].unwrap())), a[1], a[2], a[3]])
        }),
        method("close", "($self, /)", "close() -> raise GeneratorExit inside coroutine.", |th, a| {
            close(th, wrapped(a[0].unwrap()))
        }),
    ],
    ..NativeType::DEFAULT
};
pub static WRAPPER: TypeCell = TypeCell::new(&WRAPPER_TYPE);

pub fn is_running(th: Th, o: Value) -> R<Value> {
    chain::settle(th, gen_of(o));
    Ok(Value::bool(gen_of(o).state.load(Relaxed) == RUNNING))
}
pub fn is_suspended(th: Th, o: Value) -> R<Value> {
    chain::settle(th, gen_of(o));
    Ok(Value::bool(gen_of(o).state.load(Relaxed) == SUSPENDED))
}
pub fn code_of(_: Th, o: Value) -> R<Value> {
    Ok(crate::builtins::function::canonical(gen_of(o).code.gc()).value())
}
pub fn delegate_of(th: Th, o: Value) -> R<Value> {
    chain::settle(th, gen_of(o));
    Ok(Value::opt_or_none(delegate(gen_of(o))))
}

pub fn gen_of(o: Value) -> Gc<Generator> {
    unsafe { o.cast_unchecked() }
}
/// Whether a generator of this code has anything to do when it is closed: a handler or `finally` of its own, beside the
/// one around its body that turns StopIteration into RuntimeError.
fn has_cleanup(c: &adder_bytecode::CodeData) -> bool {
    c.handlers.iter().any(|h| is_cleanup(c, h))
}
fn is_cleanup(c: &adder_bytecode::CodeData, h: &adder_bytecode::Handler) -> bool {
    // An instrumented instruction has another op byte.
    let i = c.code[h.target as usize];
    i.op_byte() != adder_bytecode::Op::Intrinsic1 as u8
        || i.x() != adder_bytecode::Intrinsic1::StopIterationError as u8
}
/// So many generators are looked at.
const CHAIN: usize = 200;
/// Whether closing this suspended generator does anything that somebody notices: it, or one that it delegates to, stands in
/// a `try` or `with`, or holds what would be noticed to be gone. In doubt it does. Never inlined: a copy of the generator's
/// address in the frame of a handler would keep it alive in the collection that is to find it dead.
#[cold]
#[inline(never)]
pub fn closing_is_noticed(th: Th, mut g: Gc<Generator>) -> bool {
    for _ in 0..CHAIN {
        let c: &adder_bytecode::CodeData = unsafe { &*g.code.gc().data };
        let at = g.lasti.load(Relaxed) as u32;
        if c.handlers.iter().any(|h| h.start <= at && at < h.end && is_cleanup(c, h)) {
            return true;
        }
        let next = delegate(g);
        let Some(regs) = g.regs.get() else { return false };
        let n = g.depth.load(Relaxed) as usize;
        let held = |v: Value| {
            !next.is_some_and(|d| d.is(v))
                && match as_generator(v) {
                    Some(other) => other.state.load(Relaxed) != FINISHED,
                    None => crate::gc_module::noticeable(th, &[Some(v)]),
                }
        };
        if (0..n).any(|i| regs.slot(i).get().is_some_and(held)) {
            return true;
        }
        let Some(d) = next else { return false };
        match as_generator(d) {
            Some(inner) if d.is_kind(Kind::Generator) && inner.state.load(Relaxed) == SUSPENDED => g = inner,
            _ => return true,
        }
    }
    true
}
/// Whether the collector asks for the finalizer of this generator.
pub fn is_registered(g: Gc<Generator>) -> bool {
    g.value().kind() == Kind::Coroutine || has_cleanup(unsafe { &*g.code.gc().data })
}
/// Called for every generator-like object just made, by the frame that became it.
pub fn created(th: Th, g: Gc<Generator>) -> R<()> {
    let data = unsafe { &*g.code.gc().data };
    match g.value().kind() {
        Kind::Generator => {
            if has_cleanup(data) {
                th.m.register_finalizer(g.obj());
            }
        }
        Kind::Coroutine => {
            th.m.register_finalizer(g.obj());
            if let Some(n) = th.slots[ThreadSlot::CoroutineOrigin as usize].get().and_then(|n| n.as_fix())
                && n > 0
            {
                let o = origin(th, n as usize)?;
                th.store(g, &g.origin, o);
            }
        }
        _ => {
            if has_cleanup(data) {
                th.m.register_finalizer(g.obj());
            }
        }
    }
    Ok(())
}
/// `cr_origin`: (file, line, function) of up to `n` frames from the caller of the coroutine function on.
fn origin(th: Th, n: usize) -> R<Value> {
    let l = super::list::new(th, &[])?;
    let mut f = th.frame().and_then(|f| super::frame::caller(th, f));
    for _ in 0..n {
        let Some(x) = f else { break };
        let line = x.code.line_at(x.lasti());
        let t = th.tuple(&[x.code.filename.value(), Value::fix(line as i64), x.code.name.value()]);
        super::list::append(th, l, t)?;
        f = super::frame::caller(th, x);
    }
    super::list::snapshot(th, l)
}

/// What becomes of one that was dropped before it was finished.
pub fn finalize(th: Th, o: Value) {
    let g = gen_of(o);
    let state = g.state.load(Acquire);
    if state == FINISHED || state == RUNNING {
        return;
    }
    if o.is_kind(Kind::AsyncGenerator)
        && let Some(f) = g.finalizer.get()
        && !super::async_gen::is_closed(g)
    {
        if th.call(f, &[o]).is_err() {
            crate::unraisable::report(th, Some("while finalizing async generator"), o);
        }
        return;
    }
    if o.is_kind(Kind::Coroutine) && state == CREATED {
        warn_unawaited(th, o);
        return;
    }
    if close(th, o).is_err() {
        crate::unraisable::report(th, Some("while closing generator"), o);
    }
}
/// `frame.clear()` of one that was not started: it never will be. False: it was started.
pub fn clear_unstarted(th: Th, o: Value) -> bool {
    let g = gen_of(o);
    match g.state.load(Acquire) {
        CREATED => finalize(th, o),
        FINISHED => return true,
        _ => return false,
    }
    if g.state.load(Acquire) != FINISHED && !never_started(th, g) {
        return false;
    }
    g.frame.init(None);
    true
}
/// It will not run: what it was called with is let go. False: another thread has started it.
fn never_started(th: Th, g: Gc<Generator>) -> bool {
    if !claim_unstarted(th, g) {
        return false;
    }
    let noticed = holds_noticeable(th, g);
    g.regs.init(None);
    g.state.store(FINISHED, Release);
    g.set_flag(flags::FINALIZED);
    th.m.finalized(g.obj());
    if let Some(old) = noticed {
        crate::gc_module::dropped_in_native(th, old);
    }
    true
}
/// Whether one of its registers, while it does not run, has something that would be noticed to be gone, and whether some of
/// that is old.
fn holds_noticeable(th: Th, g: Gc<Generator>) -> Option<bool> {
    let regs = g.regs.get()?;
    let n = g.depth.load(Relaxed) as usize;
    (0..n)
        .filter_map(|i| regs.slot(i).get())
        .filter(|v| crate::gc_module::noticeable(th, &[Some(*v)]))
        .map(crate::gc_module::is_old)
        .reduce(|a, b| a | b)
}
/// Whether some of what is noticed when it is closed is old, while it need not be: what it holds, or a generator that it
/// holds or delegates to.
#[cold]
#[inline(never)]
pub fn holds_old(th: Th, g: Gc<Generator>) -> bool {
    let (mut work, mut n) = (vec![g], 0);
    while let Some(g) = work.pop() {
        n += 1;
        if n > CHAIN || holds_noticeable(th, g) == Some(true) {
            return true;
        }
        let Some(regs) = g.regs.get() else { continue };
        let depth = g.depth.load(Relaxed) as usize;
        for v in (0..depth).filter_map(|i| regs.slot(i).get()) {
            let Some(inner) = as_generator(v) else { continue };
            if crate::gc_module::is_old(v) {
                return true;
            }
            if inner.state.load(Relaxed) != FINISHED {
                work.push(inner);
            }
        }
    }
    false
}
/// "coroutine ... was never awaited".
fn warn_unawaited(th: Th, o: Value) {
    let what = Some("while finalizing coroutine");
    let f = crate::import::import_module(th, "warnings")
        .and_then(|m| th.getattr_opt(m, th.intern("_warn_unawaited_coroutine")));
    match f.and_then(|f| f.map(|f| th.call(f, &[o])).transpose()) {
        Ok(Some(_)) => return,
        Ok(None) => {}
        Err(_) => crate::unraisable::report(th, what, o),
    }
    let q = th.text(gen_of(o).qualname.value());
    if crate::warn::warn(th, &exc::RUNTIME_WARNING, &format!("coroutine '{q}' was never awaited"), 1).is_err()
    {
        crate::unraisable::report(th, what, o);
    }
}

pub fn repr(th: Th, o: Value) -> R<Value> {
    Ok(th.str(&format!(
        "<{} object {} at {:#x}>",
        th.type_name_of(o),
        th.text(gen_of(o).qualname.value()),
        crate::builtins::object::id(th, o)
    )))
}
pub fn set_name(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Str) => {
            th.store(gen_of(o), &gen_of(o).name, v);
            Ok(())
        }
        _ => Err(th.type_error("__name__ must be set to a string object")),
    }
}
pub fn set_qualname(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Str) => {
            th.store(gen_of(o), &gen_of(o).qualname, v);
            Ok(())
        }
        _ => Err(th.type_error("__qualname__ must be set to a string object")),
    }
}
pub fn frame_of(th: Th, o: Value) -> R<Value> {
    let g = gen_of(o);
    chain::settle(th, g);
    if g.state.load(Acquire) == FINISHED {
        return Ok(NONE());
    }
    if let Some(f) = g.frame.get() {
        return Ok(f.value());
    }
    if g.state.load(Acquire) == RUNNING {
        // Here, or in another thread.
        let mut f = th.frame();
        while let Some(x) = f {
            if x.flags & fflags::GENERATOR != 0 && x.extra.value().is(o) {
                return Ok(super::frame::frame_object(th, x));
            }
            f = super::frame::caller(th, x);
        }
    }
    use crate::builtins::frame::FrameObj;
    let new = FrameObj::new(g.func.gc(), g.code.gc());
    let f = th.object(FrameObj { generator: SlotOf::new(g), ..new });
    th.store(g, &g.frame, f);
    Ok(f.value())
}

fn next(th: Th, o: Value) -> R<Option<Value>> {
    match resume(th, gen_of(o), None)? {
        Resumed::Yielded(v) => Ok(Some(v)),
        Resumed::Returned(v) => {
            th.set_stop_value(v);
            Ok(None)
        }
    }
}
/// A resumption's outcome as a method gives it.
pub fn outcome(th: Th, r: Resumed) -> R<Value> {
    match r {
        Resumed::Yielded(v) => Ok(v),
        Resumed::Returned(v) => Err(th.stop_iteration(v.some())),
    }
}
pub fn send(th: Th, a: &[Option<Value>]) -> R<Value> {
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
        let made = match val {
            Some(v) if th.is_exception(v) && th.isinstance_exact(v, unsafe { ty.cast_unchecked() }) => Ok(v),
            Some(v) if v.is_kind(Kind::Tuple) => th.call_ex(ty, v.known(), None),
            Some(v) => th.call(ty, &[v]),
            None => th.call(ty, &[]),
        };
        // What goes wrong here is what is thrown.
        match made {
            Ok(v) if th.is_exception(v) => v,
            Ok(v) => {
                let class = th.text(th.repr(ty)?);
                th.type_error(format!(
                    "calling {class} should have returned an instance of BaseException, not {}",
                    th.type_name_of(v)
                ));
                th.take_exc()
            }
            Err(_) => th.take_exc(),
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
        let x: Gc<BaseException> = e.known();
        th.store(x, &x.traceback, t.known());
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
    let g = gen_of(a[0].unwrap());
    if g.value().is_kind(Kind::Coroutine) && g.state.load(Acquire) == FINISHED {
        return Err(th.runtime_error("cannot reuse already awaited coroutine"));
    }
    let r = throw(th, g, e)?;
    outcome(th, r)
}

/// Throws `e` into a generator, through whatever it delegates to.
pub fn throw(th: Th, g: Gc<Generator>, e: Value) -> R<Resumed> {
    throw_with(th, g, e, true)
}
/// `close_on_exit`: GeneratorExit closes a delegate; else it is thrown into it like any exception.
pub fn throw_with(th: Th, g: Gc<Generator>, e: Value, close_on_exit: bool) -> R<Resumed> {
    chain::settle(th, g);
    if let Some(d) = delegate(g) {
        th.check_stack("")?;
        chain::changed();
        let r = if close_on_exit && th.isinstance_exact(e, exc::GENERATOR_EXIT.get()) {
            // Close the delegate first.
            match delegating(th, g, d, || close_iter(th, d)) {
                Ok(None) => Ok(None),
                Ok(Some(())) => {
                    th.set_exc(e);
                    return resume_raising(th, g);
                }
                Err(_) => return resume_raising(th, g),
            }
        } else if let Some(x) = as_generator(d).filter(|_| !d.is_kind(Kind::AsyncGenerator)) {
            delegating(th, g, d, || outcome(th, throw_with(th, x, e, close_on_exit)?))
        } else {
            match th.getattr_opt(d, n!(throw))? {
                Some(f) => delegating(th, g, d, || th.call(f, &[e])),
                None => {
                    th.set_exc(e);
                    return resume_raising(th, g);
                }
            }
        };
        return match r {
            // Another thread was faster.
            Ok(None) => throw_with(th, g, e, close_on_exit),
            Ok(Some(v)) => Ok(Resumed::Yielded(v)),
            Err(_) if th.exc_is(&exc::STOP_ITERATION) => {
                // The delegate is done: its value is what `yield from` gives.
                let v = exc::stop_value(th.take_exc());
                resume_after_delegate(th, g, v)
            }
            Err(_) => resume_raising(th, g),
        };
    }
    if g.state.load(Acquire) == CREATED {
        // It starts, and raises in its first line.
        let noticed = holds_noticeable(th, g);
        th.set_exc(e);
        let r = resume_raising(th, g);
        if let Some(old) = noticed {
            crate::gc_module::dropped_in_native(th, old);
        }
        return r;
    }
    th.set_exc(e);
    resume_raising(th, g)
}
pub fn close_iter(th: Th, d: Value) -> R<()> {
    if as_generator(d).is_some() && !d.is_kind(Kind::AsyncGenerator) {
        close(th, d)?;
        return Ok(());
    }
    match th.getattr_opt(d, n!(close)) {
        Ok(Some(f)) => th.call(f, &[]).map(|_| ()),
        Ok(None) => Ok(()),
        // The error is pending.
        Err(_) => {
            crate::unraisable::report(th, Some("while closing generator"), d);
            Ok(())
        }
    }
}
#[inline(never)]
pub fn close(th: Th, o: Value) -> R<Value> {
    let g = gen_of(o);
    chain::settle(th, g);
    match g.state.load(Acquire) {
        CREATED if never_started(th, g) => return Ok(NONE()),
        FINISHED => return Ok(NONE()),
        _ => {}
    }
    let noticed = holds_noticeable(th, g);
    let r = close_started(th, g, o);
    if let Some(old) = noticed
        && r.is_ok()
    {
        crate::gc_module::dropped_in_native(th, old);
    }
    r
}
fn close_started(th: Th, g: Gc<Generator>, o: Value) -> R<Value> {
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
