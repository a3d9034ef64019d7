//! Events of running code: an instrumented instruction ([`step`]), starts and resumptions, exceptions on their way;
//! callbacks of `sys.monitoring`'s tools and the functions of `sys.settrace` and `sys.setprofile`.
//!
//! While a callback runs, the thread reports nothing ([`crate::thread::Thread::tracing`]). A callback may raise, which
//! is as if the instruction had raised; a trace function may move its frame to another line, which changes `pc`.
//!
//! # Invariants
//! - The code of a frame that reports events is loaded, and `pc` and `lasti` are among its instructions; `positions`
//!   has one entry for each.
//! - Arguments of an instrumented call lie in the running frame's registers, where the instruction says.
//! - `frame_object` gives a frame object.

use super::instrument::*;
use super::slow::{clear, fr, ic_of, reg, reg_opt, set, skip};
use super::{Ctl, SLOW, unwind};
use crate::builtins::code_replace;
use crate::builtins::exceptions as exc;
use crate::builtins::frame::{FrameObj, frame_object};
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::slots::CmpOp;
use crate::sys::monitoring;
use crate::thread::{Frame, Th, ThreadSlot, fflags, poll};
use crate::value::*;
use adder_bytecode::{CodeFlags, Ins, Op, Operand};
use std::sync::atomic::Ordering::*;

/// Somebody observes something.
#[inline(always)]
pub fn observed(th: Th) -> bool {
    th.m.poll.load(Relaxed) & poll::TRACE != 0
}

/// Somebody observes what belongs to no place in code: nothing is compiled, and machine code is left.
#[inline(always)]
pub fn closely(th: Th) -> bool {
    th.m.poll.load(Relaxed) & poll::CLOSE != 0
}

/// Where an event happens.
#[derive(Clone, Copy)]
struct At {
    code: Gc<Code>,
    monitor: &'static Monitor,
    index: usize,
}

fn offset(i: usize) -> Value {
    Value::fix(code_replace::offset(i))
}

/// Runs `f` as a callback: the thread reports nothing meanwhile.
fn quietly<T>(th: Th, event: usize, f: impl FnOnce() -> R<T>) -> R<T> {
    let what = th.event.replace(event as i32);
    let observed = th.observed.replace(th.fp.get());
    th.tracing.set(th.tracing.get() + 1);
    let r = th.guarded(f);
    th.tracing.set(th.tracing.get() - 1);
    th.event.set(what);
    th.observed.set(observed);
    r
}

/// Tells the tools in the set, the highest first, as CPython does. `args` begin behind the code object.
fn tell(th: Th, at: At, event: usize, tools: u8, args: &[Value]) -> R<()> {
    let mut left = tools;
    while left != 0 {
        let t = 7 - left.leading_zeros() as usize;
        left &= !(1 << t);
        match t {
            TRACE => trace(th, event, args)?,
            PROFILE => profile(th, event, args)?,
            _ => {
                let Some(cb) = monitoring::callback(t, event) else { continue };
                let mut a = [at.code.value(); 5];
                a[1..1 + args.len()].copy_from_slice(args);
                let r = quietly(th, event, || th.call(cb, &a[..1 + args.len()]))?;
                if monitoring::is_disable(r) {
                    if event < ev::LOCAL {
                        disable(at.code, at.monitor, event, at.index, t);
                    } else if event == ev::C_RETURN || event == ev::C_RAISE {
                        disable(at.code, at.monitor, ev::CALL, at.index, t);
                    } else {
                        monitoring::forget_callback(t, event);
                        let name = monitoring::NAMES[event];
                        return Err(
                            th.value_error(format!("Cannot disable {name} events. Callback removed."))
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

/// Tools that want an event that belongs to no place.
fn global_tools(event: usize) -> u8 {
    (0..TOOLS).fold(0, |s, t| s | (((GLOBAL[t].load(Relaxed) >> event & 1) as u8) << t))
}

/// User's tools that want an event everywhere; none if there is no such event.
pub fn user_tools(event: usize) -> u8 {
    if event < ev::COUNT { global_tools(event) & ((1 << USER_TOOLS) - 1) } else { 0 }
}
/// An event that native code reports about code of its own: tells the tools in the set. `args` begin with what stands for
/// the code object. The tools that want to hear no more of it are returned.
pub fn fire(th: Th, event: usize, tools: u8, args: &[Value]) -> R<u8> {
    let (mut left, mut disabled) = (tools, 0);
    if th.tracing.get() > 0 {
        return Ok(0);
    }
    while left != 0 {
        let t = left.trailing_zeros() as usize;
        left &= left - 1;
        let Some(cb) = monitoring::callback(t, event) else { continue };
        let r = quietly(th, event, || th.call(cb, args))?;
        if !monitoring::is_disable(r) {
            continue;
        }
        if event < ev::LOCAL {
            disabled |= 1 << t;
        } else {
            monitoring::forget_callback(t, event);
            let name = monitoring::NAMES[event];
            return Err(th.value_error(format!("Cannot disable {name} events. Callback removed.")));
        }
    }
    Ok(disabled)
}

fn here(th: Th) -> At {
    let f = fr(th);
    let code = canonical(f.code);
    At { code, monitor: ensure(code), index: f.lasti() }
}

// -- instructions

/// Runs an instrumented instruction.
pub fn step(th: Th, i: Ins) -> R<Ctl> {
    let f = fr(th);
    let code = canonical(f.code);
    let index = f.lasti();
    let quiet = th.tracing.get() > 0 || f.flags & fflags::HIDDEN != 0;
    let m = if quiet { monitor(code) } else { Some(ensure(code)) };
    let Some(m) = m else { return Err(th.system_error("instrumented code without a table")) };
    let op = m.ops[index];
    let i = Ins(i.0 & !0xff | op as u64);
    let plain = || SLOW[op as usize](th, i);
    if quiet {
        return plain();
    }
    let at = At { code, monitor: m, index };
    let before = f.pc;
    if m.instrs[index].load(Relaxed) != 0 && call_ended(f, code, m, index) {
        // A call that ended its line: CPython has one more instruction there, which stores or drops the result.
        f.pc = before.wrapping_sub(1);
        let there = f.pc;
        let tools = m.instrs[index - 1].load(Relaxed);
        tell(th, At { index: index - 1, ..at }, ev::INSTRUCTION, tools, &[offset(index - 1)])?;
        if moved(th, there) {
            return Ok(Ctl::Next);
        }
        fr(th).pc = before;
    }
    let mut lines = m.lines[index].load(Relaxed);
    if lines != 0 {
        let line = unsafe { &*code.data }.positions[index].line;
        if line == 0 {
            lines &= m.start.load(Relaxed);
        }
        if (f.flags >> LINE_SHIFT) as u32 != line || line == 0 {
            f.flags = f.flags & 0xffff_ffff | (line as u64) << LINE_SHIFT;
            tell(th, at, ev::LINE, lines, &[Value::fix(line as i64)])?;
            if moved(th, before) {
                return Ok(Ctl::Next);
            }
        } else {
            passed(code, m, index);
        }
    }
    let instrs = m.instrs[index].load(Relaxed);
    if instrs != 0 {
        tell(th, at, ev::INSTRUCTION, instrs, &[offset(index)])?;
        if moved(th, before) {
            return Ok(Ctl::Next);
        }
    }
    let (own, right) = (m.events[index].load(Relaxed), m.right[index].load(Relaxed));
    if own | right == 0 {
        return plain();
    }
    match Op::from_byte(op) {
        o @ (Op::Return | Op::ReturnNone) => {
            let v = if o == Op::Return { reg(th, i.a()) } else { NONE() };
            tell(th, at, ev::PY_RETURN, own, &[offset(index), v])?;
            plain()
        }
        Op::Yield | Op::YieldFrom => {
            tell(th, at, ev::PY_YIELD, own, &[offset(index), reg(th, i.b())])?;
            if moved(th, before) {
                return Ok(Ctl::Next);
            }
            plain()
        }
        o @ (Op::Call | Op::CallMethod | Op::CallKw | Op::CallEx) => call(th, at, own, o, i),
        Op::LoadSuperAttr => super_attr(th, at, own, i),
        Op::Jump | Op::JumpBack => {
            let c = plain()?;
            arrive(th, at, ev::JUMP, own)?;
            Ok(c)
        }
        o => {
            let taken = branch(th, o, i)?;
            let (event, tools) = if taken { (ev::BRANCH_RIGHT, right) } else { (ev::BRANCH_LEFT, own) };
            if tools != 0 {
                arrive(th, at, event, tools)?;
            }
            Ok(Ctl::Next)
        }
    }
}

/// Whether the frame comes from a call that was the last thing on its line.
fn call_ended(f: &Frame, code: Gc<Code>, m: &Monitor, index: usize) -> bool {
    if index == 0
        || !matches!(Op::from_byte(m.ops[index - 1]), Op::Call | Op::CallMethod | Op::CallKw | Op::CallEx)
    {
        return false;
    }
    let p = &unsafe { &*code.data }.positions;
    let (call, here) = (p[index - 1].line, p[index].line);
    call != 0 && here != 0 && here != call && (f.flags >> LINE_SHIFT) as u32 == call
}

/// Whether a trace function set another line.
fn moved(th: Th, before: *const Ins) -> bool {
    let f = fr(th);
    if f.pc == before {
        return false;
    }
    // The line that was set is not reported: whoever set it knows.
    let line = unsafe { &*f.code.data }.positions[f.lasti()].line;
    f.flags = f.flags & 0xffff_ffff | (line as u64) << LINE_SHIFT;
    f.pc = f.pc.wrapping_sub(1);
    true
}

/// Reports a jump whose destination is after `pc`; the frame stands there meanwhile.
fn arrive(th: Th, at: At, event: usize, tools: u8) -> R<()> {
    let f = fr(th);
    f.pc = f.pc.wrapping_add(1);
    let to = f.pc;
    // Behind a loop's iterator stands the jump out of it.
    let mut dest = f.lasti();
    if event == ev::BRANCH_RIGHT && at.monitor.ops[at.index] == Op::ForIter as u8 {
        let j = original(f.code, dest, unsafe { *f.pc });
        dest = (dest as i64 + 1 + j.imm() as i64) as usize;
    }
    // Callbacks see the instruction that jumps; trace functions, who hear of a line, where it leads.
    let from = f.code.ins.wrapping_add(at.index);
    let mut r = Ok(());
    for (tools, stands) in [(tools & 1 << TRACE, to), (tools & !(1 << TRACE), from)] {
        if tools == 0 || r.is_err() {
            continue;
        }
        fr(th).pc = stands;
        r = tell(th, at, event, tools, &[offset(at.index), offset(dest)]);
        let f = fr(th);
        if f.pc != stands {
            // Somebody set another line.
            f.flags &= 0xffff_ffff;
            f.pc = f.pc.wrapping_sub(1);
            return r;
        }
    }
    // What a callback raises comes from the jump.
    fr(th).pc = if r.is_err() { from } else { to.wrapping_sub(1) };
    r
}

/// Decides a conditional jump and takes it, without pushing frames. True: the jump, or the end of a loop.
fn branch(th: Th, op: Op, i: Ins) -> R<bool> {
    let cmp = |o: CmpOp, imm: bool| -> R<bool> {
        let x = reg(th, i.a());
        let y = if imm { Value::fix(i.bi() as i64) } else { reg(th, i.b()) };
        th.compare(x, y, o)
    };
    let flag = i.x() != 0;
    let jump = match op {
        Op::ForIter => {
            let it = reg(th, i.a());
            th.set_stop_value(NONE());
            forget_swallowed(th);
            match th.next(it)? {
                Some(v) => {
                    set(th, i.b(), v);
                    skip(th, 1);
                    return Ok(false);
                }
                None => {
                    stopped(th, it, NONE(), true)?;
                    swallowed(th, it)?;
                    return Ok(true);
                }
            }
        }
        Op::JTrue => th.truth(reg(th, i.a()))?,
        Op::JFalse => !th.truth(reg(th, i.a()))?,
        Op::JNone => reg(th, i.a()).is_none() == flag,
        Op::JLt => cmp(CmpOp::Lt, false)? == flag,
        Op::JLe => cmp(CmpOp::Le, false)? == flag,
        Op::JGt => cmp(CmpOp::Gt, false)? == flag,
        Op::JGe => cmp(CmpOp::Ge, false)? == flag,
        Op::JEq => cmp(CmpOp::Eq, false)? == flag,
        Op::JNe => cmp(CmpOp::Ne, false)? == flag,
        Op::JLtI => cmp(CmpOp::Lt, true)? == flag,
        Op::JLeI => cmp(CmpOp::Le, true)? == flag,
        Op::JGtI => cmp(CmpOp::Gt, true)? == flag,
        Op::JGeI => cmp(CmpOp::Ge, true)? == flag,
        Op::JEqI => cmp(CmpOp::Eq, true)? == flag,
        Op::JNeI => cmp(CmpOp::Ne, true)? == flag,
        Op::JIn => th.contains(reg(th, i.b()), reg(th, i.a()))? == flag,
        Op::JIs => reg(th, i.a()).is(reg(th, i.b())) == flag,
        _ => {
            // The match of exceptions pushes no frames.
            let before = fr(th).pc;
            SLOW[op as usize](th, i)?;
            return Ok(fr(th).pc != before);
        }
    };
    if jump {
        let wide = op.info().b == Operand::Jump32;
        skip(th, if wide { i.imm() as isize } else { i.ci() as isize });
    }
    Ok(jump)
}

fn call(th: Th, at: At, tools: u8, op: Op, i: Ins) -> R<Ctl> {
    let mut callee = reg(th, i.a());
    // First argument register and how many there are.
    let (first, n) = match op {
        Op::Call => (i.a() + 1, i.b()),
        Op::CallEx => (0, 0),
        _ => {
            let method = op == Op::CallMethod || i.x() != 0;
            let none = (method && reg_opt(th, i.a() + 1).is_none()) as usize;
            (i.a() + 1 + none, i.b() - none)
        }
    };
    let missing = monitoring::missing(th)?;
    let mut arg = if op == Op::CallEx {
        reg(th, i.a() + 1).cast::<Tuple>().and_then(|t| t.items().first().copied()).unwrap_or(missing)
    } else if n > 0 {
        reg(th, first)
    } else {
        missing
    };
    if op != Op::CallEx
        && let Some(m) = callee.exact::<Method>()
    {
        (callee, arg) = (m.func.value(), m.this.value());
    }
    let args = [offset(at.index), callee, arg];
    tell(th, at, ev::CALL, tools, &args)?;
    let f = fr(th);
    let plain = f.pc;
    let native = !callee.is_exact(Kind::Function);
    let want = at.monitor.events[at.index].load(Relaxed);
    if !native || want == 0 {
        return SLOW[op as usize](th, i);
    }
    // Called from here, so that its end can be reported.
    let r = (|| {
        let f = reg(th, i.a());
        if op == Op::CallEx {
            // The general way; only functions are entered by it.
            return match SLOW[op as usize](th, i)? {
                Ctl::Next => Ok(None),
                c => Ok(Some(c)),
            };
        }
        let kw = match op {
            Op::CallKw => Some(reg(th, i.a() + 1 + i.b()).known::<Tuple>()),
            _ => None,
        };
        let p = unsafe { fr(th).regs.add(first) } as *const Value;
        let a = unsafe { RawArgs::from_raw(p, n - kw.map_or(0, |k| k.len), kw) };
        let v = th.call_raw(f, a)?;
        set(th, i.c(), v);
        Ok(None)
    })();
    // The call may have changed what is wanted.
    ensure(at.code);
    let want = want & at.monitor.events[at.index].load(Relaxed);
    match r {
        Ok(c) => {
            debug_assert!(fr(th).pc == plain);
            tell(th, at, ev::C_RETURN, want, &args)?;
            Ok(c.unwrap_or(Ctl::Next))
        }
        Err(e) => {
            let pending = th.take_exc();
            tell(th, at, ev::C_RAISE, want, &args)?;
            th.set_exc(pending);
            Err(e)
        }
    }
}

/// `super(...).name`: the call of `super` that the instruction saves is reported, and made.
fn super_attr(th: Th, at: At, tools: u8, i: Ins) -> R<Ctl> {
    let (sup, written) = (reg(th, i.b()), i.x() & 2 != 0);
    let (cls, this) = (reg_opt(th, i.b() + 1), reg_opt(th, i.b() + 2));
    let arg = if written { cls.unwrap_or(NONE()) } else { monitoring::missing(th)? };
    let args = [offset(at.index), sup, arg];
    tell(th, at, ev::CALL, tools, &args)?;
    let builtin = sup.is(crate::builtins::super_::SUPER.get().value());
    let r = match (cls, this) {
        (Some(c), Some(t)) if written || builtin => th.call(sup, &[c, t]),
        (Some(_), Some(_)) => th.call(sup, &[]),
        _ => Err(th.runtime_error("super(): empty __class__ cell")),
    };
    ensure(at.code);
    let want = tools & at.monitor.events[at.index].load(Relaxed);
    match r {
        Ok(s) => {
            set(th, i.a(), s);
            tell(th, at, ev::C_RETURN, want, &args)?;
            let v = th.getattr(reg(th, i.a()), ic_of(th, i.c()).name.value())?;
            set(th, i.a(), v);
            if i.x() & 1 != 0 {
                clear(th, i.a() + 1);
            }
            Ok(Ctl::Next)
        }
        Err(e) => {
            let pending = th.take_exc();
            tell(th, at, ev::C_RAISE, want, &args)?;
            th.set_exc(pending);
            Err(e)
        }
    }
}

// -- frames

/// The frame just pushed (or resumed) is about to run. On an error it is left again.
pub fn started(th: Th) -> R<()> {
    let f = fr(th);
    let generator = f.flags & fflags::GENERATOR != 0;
    if th.tracing.get() > 0 || f.flags & fflags::HIDDEN != 0 {
        return Ok(());
    }
    let code = canonical(f.code);
    let m = ensure(code);
    let flags = CodeFlags(code.flags);
    let makes = [CodeFlags::GENERATOR, CodeFlags::COROUTINE, CodeFlags::ASYNC_GENERATOR];
    if !generator && makes.iter().any(|b| flags.has(*b)) {
        // It becomes a generator first.
        return Ok(());
    }
    let resumed = generator && m.ops[f.lasti()] != Op::MakeGenerator as u8;
    if resumed {
        let line = unsafe { &*code.data }.positions[f.lasti()].line;
        f.flags = f.flags & 0xffff_ffff | (line as u64) << LINE_SHIFT;
    }
    let (event, tools) = if resumed { (ev::PY_RESUME, &m.resume) } else { (ev::PY_START, &m.start) };
    let tools = tools.load(Relaxed);
    if tools == 0 {
        return Ok(());
    }
    if !generator {
        f.pc = code.ins;
    }
    if !resumed {
        f.flags |= fflags::STARTING;
    }
    let before = f.pc;
    let index = f.lasti();
    let r = tell(
        th,
        At { code, monitor: m, index },
        event,
        tools,
        &[if resumed { offset(index) } else { Value::fix(0) }],
    );
    let f = fr(th);
    f.flags &= !fflags::STARTING;
    if !generator {
        f.pc = f.pc.wrapping_sub(1);
    } else if f.pc != before {
        f.flags &= 0xffff_ffff;
        f.pc = f.pc.wrapping_sub(1);
    }
    if r.is_err() {
        if !generator {
            f.pc = before;
        }
        unwind::add_traceback(th, f);
        unwound(th);
        unwind::pop_frame(th);
    }
    r
}

/// The pending exception is thrown into the generator whose frame was just pushed. The callback's own exception takes
/// its place.
pub fn thrown(th: Th) {
    with_exception(th, ev::PY_THROW);
}

/// An event of the exception on its way, in the published frame.
fn with_exception(th: Th, event: usize) {
    let f = fr(th);
    if th.tracing.get() > 0 || f.flags & fflags::HIDDEN != 0 {
        return;
    }
    let tools = global_tools(event);
    if tools == 0 {
        return;
    }
    let e = th.take_exc();
    let at = here(th);
    let before = f.pc;
    if tell(th, at, event, tools, &[offset(at.index), e]).is_ok() {
        th.set_exc(e);
    }
    fr(th).pc = before;
}
/// The exception reached this frame.
pub fn raised(th: Th, again: bool) {
    with_exception(th, if again { ev::RERAISE } else { ev::RAISE });
}
/// The exception leaves this frame.
pub fn unwound(th: Th) {
    with_exception(th, ev::PY_UNWIND);
}
/// A handler was found; the frame stands before it. Err: the callback raised.
pub fn handled(th: Th, e: Value) -> R<()> {
    let f = fr(th);
    if th.tracing.get() > 0 || f.flags & fflags::HIDDEN != 0 {
        return Ok(());
    }
    let tools = global_tools(ev::EXCEPTION_HANDLED);
    if tools == 0 {
        return Ok(());
    }
    f.pc = f.pc.wrapping_add(1);
    let at = here(th);
    let r = tell(th, at, ev::EXCEPTION_HANDLED, tools, &[offset(at.index), e]);
    if r.is_ok() {
        let f = fr(th);
        f.pc = f.pc.wrapping_sub(1);
    }
    r
}
/// The iterator `it` that the published frame asked is exhausted: a StopIteration that nobody made.
pub fn stopped(th: Th, it: Value, value: Value, by_for: bool) -> R<()> {
    if !matches!(it.kind(), Kind::Generator | Kind::Coroutine) {
        return Ok(());
    }
    let f = fr(th);
    if th.tracing.get() > 0 || f.flags & fflags::HIDDEN != 0 {
        return Ok(());
    }
    let at = here(th);
    let mut tools = at.monitor.stop.load(Relaxed);
    if by_for && value.is_none() {
        // Trace functions hear of it only if there is a value, for which CPython makes an exception.
        tools &= !(1 << TRACE);
    }
    if tools == 0 {
        return Ok(());
    }
    let args: &[Value] = if value.is_none() { &[] } else { &[value] };
    let e = th.call(exc::STOP_ITERATION.get().value(), args)?;
    tell(th, at, ev::STOP_ITERATION, tools, &[offset(at.index), e])
}

/// Before an iterator is asked whose end may be told by a StopIteration that someone raised.
#[inline]
pub fn forget_swallowed(th: Th) {
    if observed(th) {
        th.slots[ThreadSlot::Swallowed as usize].init(None);
    }
}
/// The iterator `it` is exhausted. If it raised StopIteration, the published frame has seen an exception.
#[inline]
pub fn swallowed(th: Th, it: Value) -> R<()> {
    if observed(th) { swallowed_observed(th, it) } else { Ok(()) }
}
#[cold]
fn swallowed_observed(th: Th, it: Value) -> R<()> {
    let slot = &th.slots[ThreadSlot::Swallowed as usize];
    let mut e = slot.get();
    slot.init(None);
    if e.is_none() && matches!(it.kind(), Kind::AsyncGenSend | Kind::AsyncGenThrow | Kind::AnextAwaitable) {
        // These raise in CPython.
        let v = th.pending_stop_value();
        let args: &[Value] = if v.is_none() { &[] } else { &[v] };
        e = Some(th.call(exc::STOP_ITERATION.get().value(), args)?);
        th.set_stop_value(v);
    }
    let Some(e) = e else { return Ok(()) };
    let value = th.pending_stop_value();
    th.set_exc(e);
    with_exception(th, ev::RAISE);
    // The callback's own exception takes its place.
    let now = th.take_exc();
    if !now.is(e) {
        th.set_exc(now);
        return Err(Raised);
    }
    th.set_stop_value(value);
    Ok(())
}

// -- trace and profile functions

fn name_of(what: &str, th: Th) -> Value {
    th.intern(what)
}

/// Calls the trace function of the thread ('call') or of the frame.
fn trace(th: Th, event: usize, args: &[Value]) -> R<()> {
    let Some(global) = th.slots[ThreadSlot::TraceFunc as usize].get() else { return Ok(()) };
    let f = fr(th);
    let (what, arg) = match event {
        ev::PY_START | ev::PY_RESUME | ev::PY_THROW => ("call", NONE()),
        ev::LINE => ("line", NONE()),
        ev::PY_RETURN | ev::PY_YIELD => ("return", args[1]),
        ev::PY_UNWIND => ("return", NONE()),
        ev::RAISE | ev::STOP_ITERATION => ("exception", args[1]),
        ev::INSTRUCTION => ("opcode", NONE()),
        ev::JUMP => {
            // A loop within one line: its target reports nothing.
            let (from, to) = (args[0].as_fix().unwrap_or(0), args[1].as_fix().unwrap_or(0));
            let d = unsafe { &*f.code.data };
            let line = |o: i64| d.positions[code_replace::index(o)].line;
            let at = match line(from) {
                0 => (f.flags >> LINE_SHIFT) as u32,
                l => l,
            };
            if to > from || at != line(to) {
                return Ok(());
            }
            ("line", NONE())
        }
        _ => return Ok(()),
    };
    let call = what == "call";
    if !call && f.flags & fflags::OBJECT == 0 {
        return Ok(());
    }
    let frame = frame_object(th, f);
    let fo: Gc<FrameObj> = unsafe { frame.cast_unchecked() };
    let flags = fo.tflags.load(Relaxed);
    if (what == "line" && flags & 1 != 0) || (what == "opcode" && flags & 2 == 0) {
        return Ok(());
    }
    let Some(func) = (if call { Some(global) } else { fo.trace.get() }) else { return Ok(()) };
    let r = quietly(th, event, || {
        let arg = if what == "exception" { exception_info(th, arg) } else { arg };
        th.call(func, &[frame, name_of(what, th), arg])
    });
    match r {
        Ok(v) => {
            if !v.is_none() {
                th.store(fo, &fo.trace, v);
            }
            Ok(())
        }
        Err(e) => {
            fo.trace.init(None);
            let pending = th.take_exc();
            th.slots[ThreadSlot::TraceFunc as usize].init(None);
            monitoring::trace_functions_changed();
            th.set_exc(pending);
            Err(e)
        }
    }
}

fn exception_info(th: Th, e: Value) -> Value {
    let tb = e.cast::<BaseException>().and_then(|x| x.traceback.any());
    th.tuple(&[th.type_of(e).value(), e, Value::opt_or_none(tb)])
}

/// Calls the profile function of the thread.
fn profile(th: Th, event: usize, args: &[Value]) -> R<()> {
    let Some(func) = th.slots[ThreadSlot::ProfileFunc as usize].get() else { return Ok(()) };
    let (what, arg) = match event {
        ev::PY_START | ev::PY_RESUME | ev::PY_THROW => ("call", NONE()),
        ev::PY_RETURN | ev::PY_YIELD => ("return", args[1]),
        ev::PY_UNWIND => ("return", NONE()),
        ev::CALL | ev::C_RETURN | ev::C_RAISE => {
            let callee = args[1];
            let shown = match callee.kind() {
                Kind::NativeFunction => callee,
                // As the bound method that it becomes.
                Kind::MethodDescriptor if !monitoring::is_missing(args[2]) => {
                    match th.bind(callee, Some(args[2]), th.type_of(args[2])) {
                        Ok(v) => v,
                        Err(_) => {
                            th.take_exc();
                            return Ok(());
                        }
                    }
                }
                _ => return Ok(()),
            };
            let what = match event {
                ev::CALL => "c_call",
                ev::C_RETURN => "c_return",
                _ => "c_exception",
            };
            (what, shown)
        }
        _ => return Ok(()),
    };
    let frame = frame_object(th, fr(th));
    let r = quietly(th, event, || th.call(func, &[frame, name_of(what, th), arg]));
    if r.is_err() {
        let pending = th.take_exc();
        th.slots[ThreadSlot::ProfileFunc as usize].init(None);
        monitoring::trace_functions_changed();
        th.set_exc(pending);
        return Err(Raised);
    }
    Ok(())
}
