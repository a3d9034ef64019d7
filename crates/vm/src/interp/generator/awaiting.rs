//! What `yield from`, `await`, `async for` and `async with` accept, and with which errors; PEP 479.
//!
//! # Invariants
//! A generator's `code` is a code object; what `RuntimeError` makes is an exception.

use super::*;

/// The iterator that `yield from v` delegates to.
pub fn yield_from_iter(th: Th, v: Value) -> R<Value> {
    if v.is_kind(Kind::Coroutine) {
        let flags = CodeFlags(fr(th).code.flags);
        if !flags.has(CodeFlags::COROUTINE) && !flags.has(CodeFlags::ITERABLE_COROUTINE) {
            return Err(th.type_error("cannot 'yield from' a coroutine object in a non-coroutine generator"));
        }
        return Ok(v);
    }
    if v.is_kind(Kind::Generator) { Ok(v) } else { th.iter(v) }
}

/// The iterator of an awaitable. `from`: 0 for `await`, 1/2 for `__aenter__`/`__aexit__` of `async with`.
pub fn awaitable_iter(th: Th, v: Value, from: u8) -> R<Value> {
    if v.is_exact(Kind::Coroutine) {
        if let Some(g) = as_generator(v)
            && delegate(g).is_some()
        {
            return Err(th.runtime_error("coroutine is being awaited already"));
        }
        return Ok(v);
    }
    if let Some(g) = v.exact::<Generator>()
        && CodeFlags(g.code.gc().flags).has(CodeFlags::ITERABLE_COROUTINE)
    {
        return Ok(v);
    }
    let Some(f) = th.type_of(v).slots.await_ else {
        let tn = th.type_name_of(v);
        return Err(match from {
            1 => th.type_error(format!(
                "'async with' received an object from __aenter__ that does not implement __await__: {tn}"
            )),
            2 => th.type_error(format!(
                "'async with' received an object from __aexit__ that does not implement __await__: {tn}"
            )),
            _ => th.type_error(format!("'{tn}' object can't be awaited")),
        });
    };
    let it = f(th, v)?;
    if it.is_kind(Kind::Coroutine) {
        return Err(th.type_error("__await__() returned a coroutine"));
    }
    if th.type_of(it).slots.iternext.is_none() {
        return Err(
            th.type_error(format!("__await__() returned non-iterator of type '{}'", th.type_name_of(it)))
        );
    }
    Ok(it)
}

pub fn aiter(th: Th, v: Value) -> R<Value> {
    let Some(f) = th.type_of(v).slots.aiter else {
        return Err(th.type_error(format!(
            "'async for' requires an object with __aiter__ method, got {}",
            th.type_name_of(v)
        )));
    };
    let it = f(th, v)?;
    if th.type_of(it).slots.anext.is_none() {
        return Err(th.type_error(format!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            th.type_name_of(it)
        )));
    }
    Ok(it)
}

pub fn anext(th: Th, v: Value) -> R<Value> {
    if v.is_exact(Kind::AsyncGenerator) {
        return crate::builtins::async_gen::next_in_loop(th, v);
    }
    let Some(f) = th.type_of(v).slots.anext else {
        return Err(th.type_error(format!(
            "'async for' requires an iterator with __anext__ method, got {}",
            th.type_name_of(v)
        )));
    };
    let a = f(th, v)?;
    match awaitable_iter(th, a, 0) {
        Ok(v) => Ok(v),
        Err(_) => {
            let cause = th.take_exc();
            let r = th.type_error(format!(
                "'async for' received an invalid object from __anext__: {}",
                th.type_name_of(a)
            ));
            exc::set_cause(th, cause);
            Err(r)
        }
    }
}

/// StopIteration leaving a generator's body becomes RuntimeError (PEP 479). Gives the exception to raise.
pub fn stop_iteration_error(th: Th, e: Value, code: CodeFlags) -> R<Value> {
    let what = if code.has(CodeFlags::ASYNC_GENERATOR) {
        "async generator"
    } else if code.has(CodeFlags::COROUTINE) {
        "coroutine"
    } else {
        "generator"
    };
    let which = if th.isinstance_exact(e, exc::STOP_ITERATION.get()) {
        "StopIteration"
    } else if code.has(CodeFlags::ASYNC_GENERATOR) && th.isinstance_exact(e, exc::STOP_ASYNC_ITERATION.get())
    {
        "StopAsyncIteration"
    } else {
        return Ok(e);
    };
    let msg = th.str(&format!("{what} raised {which}"));
    let r = th.call(exc::RUNTIME_ERROR.get().value(), &[msg])?;
    let (rx, _): (Gc<BaseException>, ()) = unsafe { (r.cast_unchecked(), ()) };
    th.store(rx, &rx.cause, e);
    th.store(rx, &rx.context, e);
    rx.suppress.store(1, Relaxed);
    Ok(r)
}

/// A value that an async generator yields to its user, as opposed to one that an `await` inside passes through.
pub fn async_gen_wrap(th: Th, v: Value) -> Value {
    crate::builtins::async_gen::wrap(th, v)
}
