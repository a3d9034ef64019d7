//! Generators resumed by native code (`next()`, `send()`, `throw()`, `close()`): the frame is an entry of the interpreter,
//! run to its next `yield` or its end. Generators that delegate, seen from outside.
//!
//! # Invariants
//! - Only [`claim`] gives the right to push a generator's frame; whoever cannot push it gives the state back.
//! - What the frame did is told by `Thread::left_yielding`, not by the generator's state: another thread may run it already.

use super::*;
use crate::interp::{events, instrument};

/// What came of resuming a generator.
pub enum Resumed {
    Yielded(Value),
    Returned(Value),
}

/// Resumes from native code. `sent`: None is like `next()`.
pub fn resume(th: Th, g: Gc<Generator>, sent: Option<Value>) -> R<Resumed> {
    th.check_stack("")?;
    th.may_run_python()?;
    let v = sent.unwrap_or(NONE());
    if let Some(f) = th.frame()
        && (v.is_none() || g.state.load(Relaxed) == SUSPENDED)
    {
        unsafe {
            let (pc, regs) = (f.pc, f.regs);
            let quick = quick_resume(th, pc, regs, f, g, ENTRY_FLAGS, v);
            if let Some((pc, _, nf)) =
                quick.or_else(|| chain::resume_called(th, pc, regs, f, g, ENTRY_FLAGS, v))
            {
                (*nf).pc = pc.sub(1);
                th.fp.set(nf);
                let v = th.run_on()?;
                return Ok(resumed(th, v));
            }
        }
    }
    chain::settle(th, g);
    let was = claim(th, g)?;
    match was {
        FINISHED => {
            if g.value().is_kind(Kind::Coroutine) {
                return Err(th.runtime_error("cannot reuse already awaited coroutine"));
            }
            return Ok(Resumed::Returned(NONE()));
        }
        CREATED if sent.is_some_and(|v| !v.is_none()) => {
            g.state.store(CREATED, Release);
            let what = match g.value().kind() {
                Kind::Coroutine => "coroutine",
                Kind::AsyncGenerator => "async generator",
                _ => "generator",
            };
            return Err(th.type_error(format!("can't send non-None value to a just-started {what}")));
        }
        _ => {}
    }
    if let Err(e) = push(th, g, ENTRY_FLAGS) {
        g.state.store(was, Release);
        return Err(e);
    }
    let started = deliver_sent(th, was, sent).and_then(|_| starting(th));
    if started.is_err() {
        // What failed may have been the start of the frame itself, which is left then.
        if g.state.load(Acquire) == FINISHED || !unwind::unwind(th) {
            return Err(crate::err::Raised);
        }
    }
    let v = th.run_on()?;
    Ok(resumed(th, v))
}

/// What the frame that was just left did. The generator's state would not tell: another thread may run it already.
#[inline(always)]
fn resumed(th: Th, v: Value) -> Resumed {
    if th.left_yielding.get() { Resumed::Yielded(v) } else { Resumed::Returned(v) }
}

/// Raises the (already set) pending exception at the point where the generator is suspended. The generator is not
/// delegating; see `builtins::generator::throw` for that.
pub fn resume_raising(th: Th, g: Gc<Generator>) -> R<Resumed> {
    th.may_run_python()?;
    let e = th.take_exc();
    chain::settle(th, g);
    let was = claim(th, g)?;
    if was == FINISHED {
        return Err(th.set_exc(e));
    }
    if let Err(x) = push(th, g, ENTRY_FLAGS) {
        g.state.store(was, Release);
        return Err(x);
    }
    // As `raise` would do inside: the exception that the generator itself handles becomes the context.
    if g.handled.get().is_some() {
        th.raise(e);
    } else {
        th.set_exc(e);
    }
    if traced(th) {
        events::thrown(th);
    }
    if !unwind::unwind(th) {
        return Err(crate::err::Raised);
    }
    let v = th.run_on()?;
    Ok(resumed(th, v))
}

/// The iterator that a suspended generator delegates to.
pub fn delegate(g: Gc<Generator>) -> Option<Value> {
    if g.state.load(Acquire) != SUSPENDED { None } else { waits_for(g) }
}

fn waits_for(g: Gc<Generator>) -> Option<Value> {
    unsafe {
        let code: Gc<Code> = g.code.gc_unchecked();
        let at = g.lasti.load(Relaxed) as usize;
        let i = instrument::original(code, at, *code.ins.add(at));
        if i.op() != Op::YieldFrom {
            return None;
        }
        // Another thread may have run it to its end in the meantime.
        g.regs.get()?.slot(i.c()).get()
    }
}

/// Runs `f`, which deals with the delegate `d` of the suspended generator `g`, with the frame of `g` on the stack, where
/// whoever looks at the stack expects it. None: another thread has run `g`, it does not wait for `d` any more.
pub fn delegating<T>(th: Th, g: Gc<Generator>, d: Value, f: impl FnOnce() -> R<T>) -> R<Option<T>> {
    let was = claim(th, g)?;
    let waits = was == SUSPENDED && waits_for(g).is_some_and(|now| now.is(d));
    if !waits {
        g.state.store(was, Release);
        return Ok(None);
    }
    if let Err(e) = push(th, g, ENTRY_FLAGS) {
        g.state.store(was, Release);
        return Err(e);
    }
    let r = f();
    suspend(th);
    r.map(Some)
}

/// A generator that was not started is to be finished without having run. False: another thread has started it.
pub(crate) fn claim_unstarted(th: Th, g: Gc<Generator>) -> bool {
    th.own(g);
    !th.multi() || g.state.compare_exchange(CREATED, RUNNING, AcqRel, Acquire).is_ok()
}

/// The delegate of a suspended generator has ended with a value: goes on after its `yield from`.
///
/// The loop that the compiler makes of `yield from` is `Send a b; Jump exit; YieldFrom a a b; Jump back`: after the
/// exhausted delegate the value is in `a` and control is at the exit jump.
pub fn resume_after_delegate(th: Th, g: Gc<Generator>, v: Value) -> R<Resumed> {
    th.may_run_python()?;
    let was = claim(th, g)?;
    if was != SUSPENDED || waits_for(g).is_none() {
        // Another thread was faster.
        g.state.store(was, Release);
        return Err(th.value_error("generator already executing"));
    }
    // The Send of this delegate is before it; its exit jump follows it.
    let (code, at) = (g.code.gc(), g.lasti.load(Relaxed) as usize);
    // SAFETY: instructions of the generator's code up to where it is suspended.
    let ins = |k: usize| unsafe { *code.ins.add(k) };
    let is_send = |k: &usize| {
        let i = instrument::original(code, *k, ins(*k));
        i.op_byte() == Op::Send as u8 && i.b() == ins(at).c()
    };
    let Some(send) = (0..at).rev().find(is_send) else {
        // Code that a program has put together.
        g.state.store(was, Release);
        return Err(th.system_error("a delegate that nothing was sent to"));
    };
    if let Err(e) = push(th, g, ENTRY_FLAGS) {
        g.state.store(was, Release);
        return Err(e);
    }
    set(th, ins(at).a(), v);
    set(th, ins(send).a(), v);
    // SAFETY: as above.
    fr(th).pc = unsafe { code.ins.add(send) };
    let v = th.run_entry()?;
    Ok(resumed(th, v))
}
