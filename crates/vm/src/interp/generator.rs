//! Generators, coroutines and async generators: their frames come and go on the register stack.
//!
//! A suspended generator keeps its registers in an array of its own; resuming copies the live ones onto the thread's
//! register stack and pushes a frame, yielding copies them back. A `for` loop or `yield from` over a generator pushes
//! the generator's frame directly (no native recursion); `next()` and `send()` from native code run it as an entry frame.
//!
//! # Invariants
//! - `state` goes CREATED → RUNNING ⇄ SUSPENDED → FINISHED; only the thread that moved it to RUNNING touches the rest.
//! - While the generator runs, `outer` is the exception that its resumer handles; `handled` is the generator's own.

use super::call::flags_for;
use super::slow::{fr, reg, set, skip};
use super::{Ctl, chain, unwind};
use crate::builtins::async_gen;
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::n;
use crate::object::*;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Ins, Op};
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

#[repr(C)]
pub struct Generator {
    pub h: Header,
    pub func: Slot,
    pub code: Slot,
    /// Registers while suspended.
    pub regs: Slot,
    pub name: Slot,
    pub qualname: Slot,
    pub handled: Slot,
    pub outer: Slot,
    /// Its Python frame object, if somebody asked for it.
    pub frame: Slot,
    /// `cr_origin`.
    pub origin: Slot,
    /// Async generators: finalizer hook; `ag_running` state is in `aflags`.
    pub finalizer: Slot,
    /// The generators that it delegates to: see `chain`.
    pub chain: Slot,
    pub state: AtomicU64,
    /// Index of the instruction it is suspended at.
    pub lasti: AtomicU64,
    /// How many registers are live there.
    pub depth: AtomicU64,
    pub aflags: AtomicU64,
}
unsafe impl Layout for Generator {
    const KIND: Kind = Kind::Generator;
}

pub const CREATED: u64 = 0;
pub const SUSPENDED: u64 = 1;
pub const RUNNING: u64 = 2;
pub const FINISHED: u64 = 3;

/// Operand of [`Cont::Gen`].
const BY_FOR: u16 = 0;
const BY_SEND: u16 = 1;

/// A generator-like object of any of the three kinds.
pub fn as_generator(v: Value) -> Option<Gc<Generator>> {
    match v.kind() {
        Kind::Generator | Kind::Coroutine | Kind::AsyncGenerator => Some(unsafe { v.cast_unchecked() }),
        _ => None,
    }
}

/// An array of a kind of its own: traces know that no list's array is this one.
fn registers(th: Th, n: usize) -> R<Gc<Array>> {
    let bytes = size_of::<Array>() + 8 * n;
    let o =
        th.m.try_alloc(bytes, Kind::GenRegs as u8, Kind::GenRegs as u32).map_err(|_| th.memory_error())?;
    // SAFETY: laid out as an `Array`.
    unsafe {
        let a: Gc<Array> = Gc::from_obj(o);
        (*a.as_ptr()).cap = n;
        std::ptr::write_bytes(a.as_ptr().add(1) as *mut u64, 0, n);
        Ok(a)
    }
}

/// `MakeGenerator`: the running frame becomes a generator object, which its caller gets.
pub fn make(th: Th) -> R<Ctl> {
    let f = fr(th);
    let g = make_object(th, kind_of(f.code))?;
    super::slow::leave(th, g.value())
}
/// What calling this code makes.
pub(crate) fn kind_of(code: Gc<Code>) -> Kind {
    let flags = CodeFlags(code.flags);
    if flags.has(CodeFlags::ASYNC_GENERATOR) {
        Kind::AsyncGenerator
    } else if flags.has(CodeFlags::COROUTINE) {
        Kind::Coroutine
    } else {
        Kind::Generator
    }
}
/// The generator object that the published frame, which stands at `MakeGenerator`, becomes.
pub(crate) fn make_object(th: Th, kind: Kind) -> R<Gc<Generator>> {
    let f = fr(th);
    // An even number of slots: see `quick_resume`.
    let regs = registers(th, (f.code.nregs as usize + 1) & !1)?;
    let f = fr(th);
    unsafe {
        let o = th.m.alloc((size_of::<Generator>() + 7) & !7, kind as u8, kind as u32);
        let g: Gc<Generator> = Gc::from_obj(o);
        for s in [&g.handled, &g.outer, &g.frame, &g.origin, &g.finalizer, &g.chain] {
            s.init(None);
        }
        g.func.init(Some(f.func.value()));
        g.code.init(Some(f.code.value()));
        g.regs.init(Some(regs.value()));
        g.name.init(f.func.name.get());
        g.qualname.init(f.func.qualname.get());
        g.state.store(CREATED, Relaxed);
        g.aflags.store(0, Relaxed);
        g.lasti.store(f.lasti() as u64, Relaxed);
        save_regs(th, f, g);
        crate::builtins::generator::created(th, g)?;
        Ok(g)
    }
}

/// The frame just pushed is about to run.
#[inline(always)]
fn starting(th: Th) -> R<()> {
    if traced(th) { super::events::started(th) } else { Ok(()) }
}
/// Somebody traces: every instruction is to be seen.
#[inline(always)]
fn traced(th: Th) -> bool {
    th.m.poll.load(Relaxed) & crate::thread::poll::TRACE != 0
}
/// Copies registers. They are few: a call of `memcpy` would cost more than the copying.
#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, n: usize) {
    // Atomic accesses keep the compiler from making that call of it.
    let (from, to) = (from as *const AtomicU64, to as *const AtomicU64);
    for i in 0..n {
        unsafe { (*to.add(i)).store((*from.add(i)).load(Relaxed), Relaxed) };
    }
}
/// Copies two registers, each by itself: one access to both would have to wait for single ones just written.
#[inline(always)]
unsafe fn copy_pair(from: *const u64, to: *mut u64) {
    unsafe {
        let (from, to) = (from as *const [AtomicU64; 2], to as *const [AtomicU64; 2]);
        let (x, y) = ((&(*from))[0].load(Relaxed), (&(*from))[1].load(Relaxed));
        (&(*to))[0].store(x, Relaxed);
        (&(*to))[1].store(y, Relaxed);
        // Keeps loops over it as small as they are.
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}
#[inline(always)]
fn save_regs(th: Th, f: &Frame, g: Gc<Generator>) {
    let regs: Gc<Array> = unsafe { g.regs.gc() };
    let depth = f.depth();
    g.depth.store(depth as u64, Relaxed);
    unsafe { copy_words(f.regs, regs.slots().as_ptr() as *mut u64, depth) };
    th.m.barrier_all(regs.obj());
}

/// Pushes the generator's frame on top of the current one. The generator must have been moved to RUNNING.
fn push(th: Th, g: Gc<Generator>, flags: u64) -> R<()> {
    unsafe {
        let cur = th.fp.get();
        let code: Gc<Code> = g.code.gc();
        let at = th.free_regs();
        th.room_for(at, code)?;
        g.chain.init(None);
        let nf = &mut *cur.add(1);
        nf.regs = at;
        nf.func = g.func.gc();
        nf.code = code;
        nf.flags = flags | fflags::GENERATOR | fflags::EXTRA;
        nf.pc = code.ins.add(g.lasti.load(Relaxed) as usize);
        nf.extra.init(Some(g.value()));
        let regs: Gc<Array> = g.regs.gc();
        copy_words(regs.slots().as_ptr() as *const u64, at, nf.depth());
        if let Some(o) = g.frame.get() {
            nf.flags |= fflags::OBJECT;
            nf.object.init(Some(o));
            crate::builtins::frame::resumed(th, o, nf);
        }
        if let Some(h) = th.handled.get() {
            th.store(g, &g.outer, h);
        }
        if let Some(h) = g.handled.get() {
            th.handled.init(Some(h));
        }
        th.fp.set(nf);
        Ok(())
    }
}

/// Claims the generator for this thread. Errors say what CPython says.
fn claim(th: Th, g: Gc<Generator>) -> R<u64> {
    let old = g.state.load(Acquire);
    let claimed = match old {
        RUNNING => false,
        FINISHED => true,
        // With one thread a plain store does; the locked instruction costs more than the rest of the switch.
        _ if !th.multi() => {
            g.state.store(RUNNING, Relaxed);
            true
        }
        _ => g.state.compare_exchange(old, RUNNING, AcqRel, Acquire).is_ok(),
    };
    if !claimed {
        let what = match g.value().kind() {
            Kind::Coroutine => "coroutine",
            Kind::AsyncGenerator => "async generator",
            _ => "generator",
        };
        return Err(th.value_error(format!("{what} already executing")));
    }
    Ok(old)
}

/// Sets the value that the suspended `yield` gives. If that is the `yield` of a delegating generator, the delegate is
/// resumed with it, and so on: what the `Send` after it would do.
fn deliver_sent(th: Th, was: u64, sent: Option<Value>) -> R<()> {
    if was != SUSPENDED {
        return Ok(());
    }
    let v = sent.unwrap_or(NONE());
    loop {
        let f = fr(th);
        let y = unsafe { *f.pc };
        set(th, y.a(), v);
        if y.op_byte() != Op::YieldFrom as u8 || traced(th) {
            return Ok(());
        }
        let d = reg(th, y.c());
        if !d.is_exact(Kind::Generator) && !d.is_exact(Kind::Coroutine) {
            return Ok(());
        }
        let send = unsafe { f.pc.sub(2) };
        let s = unsafe { *send };
        if s.op_byte() != Op::Send as u8 || s.a() != y.a() || s.b() != y.c() {
            return Ok(());
        }
        let d: Gc<Generator> = unsafe { d.cast_unchecked() };
        if d.state.load(Acquire) != SUSPENDED || claim(th, d)? != SUSPENDED {
            return Ok(());
        }
        f.pc = send;
        if let Err(e) = push(th, d, flags_for(Cont::Gen, BY_SEND)) {
            d.state.store(SUSPENDED, Release);
            return Err(e);
        }
    }
}

// -- the usual case, without calls

pub(super) const FLAGS: u64 = fflags::GENERATOR | fflags::EXTRA | (Cont::Gen as u64) << fflags::CONT_SHIFT;
pub const FOR_FLAGS: u64 = FLAGS | (BY_FOR as u64) << fflags::ARG_SHIFT;
pub const ENTRY_FLAGS: u64 = FLAGS | fflags::ENTRY;
/// Of a frame that a trace pushed for a call of `next` or `send`.
pub const NEXT_FLAGS: u64 = fflags::GENERATOR | fflags::EXTRA | (Cont::Next as u64) << fflags::CONT_SHIFT;
pub const SEND_FLAGS: u64 = FLAGS | (BY_SEND as u64) << fflags::ARG_SHIFT;

/// Of an async generator, pushed by a `Send` to the awaitable of its next item.
const ASYNC_BIT: u64 = 1 << 31;
pub const ASYNC_FLAGS: u64 = SEND_FLAGS | ASYNC_BIT;
/// Whether an exception that leaves a frame with these flags concerns the awaitable of an async generator's item.
pub fn is_async(flags: u64) -> bool {
    flags & fflags::GENERATOR != 0 && flags & ASYNC_BIT != 0
}
pub(super) const BY_SEND_BIT: u64 = (BY_SEND as u64) << fflags::ARG_SHIFT;

/// Where the interpreter goes on: program counter, registers, frame.
pub type At = (*const Ins, *mut u64, *mut Frame);

/// What [`for_iter`] and [`send_op`] do, in the usual case: this is the only thread, nobody traces, nobody holds the
/// generator's frame object, and no exception is being handled, neither here nor in the generator. None: nothing was done.
#[inline(always)]
pub unsafe fn quick_resume(
    th: Th,
    pc: *const Ins,
    regs: *mut u64,
    fp: *mut Frame,
    g: Gc<Generator>,
    flags: u64,
    v: Value,
) -> Option<At> {
    unsafe {
        let was = g.state.load(Relaxed);
        let code: Gc<Code> = g.code.gc();
        let at = regs.add((&*fp).code.nregs as usize);
        let nf = fp.add(1);
        if was > SUSPENDED
            || th.multi()
            || th.m.poll.load(Relaxed) != 0
            || nf >= th.frame_limit.get()
            || at.add(code.nregs as usize) >= th.regs_end.get()
            || (g.frame.raw().load(Relaxed) | g.handled.raw().load(Relaxed) | th.handled.raw().load(Relaxed))
                != 0
        {
            return None;
        }
        let y = code.ins.add(g.lasti.load(Relaxed) as usize);
        if (*y).op_byte() == Op::YieldFrom as u8 {
            // A chain, or somebody else who resumes one of its generators.
            let d = g.regs.gc::<Array>().slot((*y).c()).value();
            if d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine) {
                return None;
            }
        }
        g.state.store(RUNNING, Relaxed);
        (*fp).pc = pc;
        (*nf).regs = at;
        (*nf).func = g.func.gc();
        (*nf).code = code;
        (*nf).flags = flags;
        (*nf).extra.init(Some(g.value()));
        take_out(g, at);
        let pc = y;
        if was == SUSPENDED {
            *at.add((*pc).a()) = v.bits();
        }
        Some((pc.add(1), at, nf))
    }
}

/// Resumes a generator as [`quick_resume`] does, whatever it delegates to; the caller has looked whether it can be. Its
/// frame's `pc` is where it goes on.
pub(crate) unsafe fn resume_recorded(
    th: Th,
    pc: *const Ins,
    fp: *mut Frame,
    g: Gc<Generator>,
    flags: u64,
    v: Value,
) {
    unsafe {
        let code: Gc<Code> = g.code.gc();
        let at = (*fp).regs.add((&*fp).code.nregs as usize);
        let nf = fp.add(1);
        let was = g.state.load(Relaxed);
        let y = code.ins.add(g.lasti.load(Relaxed) as usize);
        g.chain.init(None);
        g.state.store(RUNNING, Relaxed);
        if let Some(h) = th.handled.get() {
            th.store(g, &g.outer, h);
        }
        (*fp).pc = pc;
        (*nf).regs = at;
        (*nf).func = g.func.gc();
        (*nf).code = code;
        (*nf).flags = flags;
        (*nf).extra.init(Some(g.value()));
        take_out(g, at);
        if was == SUSPENDED {
            *at.add((*y).a()) = v.bits();
        }
        (*nf).pc = y.add(1);
    }
}

/// Copies a suspended generator's registers to its frame.
#[inline(always)]
pub(super) unsafe fn take_out(g: Gc<Generator>, at: *mut u64) {
    unsafe {
        // Two at a time: the array has an even number of slots, and above the live registers all is free.
        let from = g.regs.gc::<Array>().slots().as_ptr() as *const u64;
        let (mut k, depth) = (0, g.depth.load(Relaxed) as usize);
        while k < depth {
            copy_pair(from.add(k), at.add(k));
            k += 2;
        }
    }
}
/// A running generator is suspended at `pc`, whose index this yields. The caller runs the barrier of the registers' array.
#[inline(always)]
pub(crate) unsafe fn put_away(pc: *const Ins, regs: *mut u64, fp: *mut Frame, g: Gc<Generator>) -> usize {
    unsafe {
        let saved: Gc<Array> = g.regs.gc();
        let code = (*fp).code;
        let lasti = pc.offset_from(code.ins) as usize;
        let depths: &[u16] = &(*code.data).depths;
        debug_assert!(lasti < depths.len());
        let depth = *depths.get_unchecked(lasti) as usize;
        let to = saved.slots().as_ptr() as *mut u64;
        let mut k = 0;
        while k + 1 < depth {
            copy_pair(regs.add(k), to.add(k));
            k += 2;
        }
        if k < depth {
            *to.add(k) = *regs.add(k);
        }
        g.lasti.store(lasti as u64, Relaxed);
        g.depth.store(depth as u64, Relaxed);
        g.handled.init(None);
        g.state.store(SUSPENDED, Release);
        lasti
    }
}
/// A running generator has come to its end, without an exception.
#[inline(always)]
pub(crate) unsafe fn finished(g: Gc<Generator>) {
    g.handled.init(None);
    g.regs.init(None);
    g.chain.init(None);
    g.state.store(FINISHED, Release);
    let f = &g.header().flags;
    f.store(f.load(Relaxed) | flags::FINALIZED, Relaxed);
}

/// What [`quick_yield`] did.
pub enum Yielded {
    /// Its resumer goes on here.
    At(At),
    /// The resumer is native code: the interpreter is left with this value.
    Left(u64),
}

/// What [`yielded`] does, in the usual case. None: nothing was done.
#[inline(always)]
pub unsafe fn quick_yield(th: Th, i: Ins, pc: *const Ins, regs: *mut u64, fp: *mut Frame) -> Option<Yielded> {
    unsafe {
        let flags = (*fp).flags;
        if flags & !((BY_SEND as u64) << fflags::ARG_SHIFT | fflags::ENTRY) != FLAGS {
            return None;
        }
        let g: Gc<Generator> = (*fp).extra.gc();
        let saved: Gc<Array> = g.regs.gc();
        if adder_heap::barrier_needed(saved.obj())
            || (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0
        {
            return None;
        }
        if i.op_byte() == Op::YieldFrom as u8 && flags != SEND_FLAGS {
            // It may delegate to a chain.
            let d = Value::from_bits(*regs.add(i.c()));
            if d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine) {
                return None;
            }
        }
        let v = *regs.add(i.b());
        put_away(pc, regs, fp, g);
        let cf = fp.sub(1);
        if flags & fflags::ENTRY != 0 {
            th.fp.set(cf);
            th.left_yielding.set(true);
            return Some(Yielded::Left(v));
        }
        let (pc, regs) = ((*cf).pc, (*cf).regs);
        let to = if flags == FOR_FLAGS { (*pc).b() } else { (*pc).a() };
        *regs.add(to) = v;
        Some(Yielded::At((pc.add(2), regs, cf)))
    }
}

/// What [`returned`] does, in the usual case. None: nothing was done.
#[inline(always)]
pub unsafe fn quick_return(th: Th, v: Value, fp: *mut Frame) -> Option<At> {
    unsafe {
        let flags = (*fp).flags;
        if (flags != FOR_FLAGS && flags != SEND_FLAGS) || th.multi() || th.m.poll.load(Relaxed) != 0 {
            return None;
        }
        let g: Gc<Generator> = (*fp).extra.gc();
        if (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0 {
            return None;
        }
        finished(g);
        let cf = fp.sub(1);
        let (pc, regs) = ((*cf).pc, (*cf).regs);
        if flags == SEND_FLAGS {
            *regs.add((*pc).a()) = v.bits();
        }
        Some((pc.add(1), regs, cf))
    }
}

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
    if let Err(e) = push(th, g, fflags::ENTRY) {
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
    if let Err(x) = push(th, g, fflags::ENTRY) {
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
        super::events::thrown(th);
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
        let code: Gc<Code> = g.code.gc();
        let at = g.lasti.load(Relaxed) as usize;
        let i = super::instrument::original(code, at, *code.ins.add(at));
        if i.op() != Op::YieldFrom {
            return None;
        }
        // Another thread may have run it to its end in the meantime.
        g.regs.gc_opt::<Array>()?.slot(i.c()).get()
    }
}

/// `Yield`, `YieldFrom`.
pub fn yielded(th: Th, i: Ins) -> R<Ctl> {
    let v = reg(th, i.b());
    loop {
        // Each frame on the way may have a gap below it.
        chain::unchain(th, th.fp.get());
        let flags = suspend(th);
        // A generator that delegates yields the value on at once.
        if flags & fflags::ENTRY == 0 && (flags >> fflags::ARG_SHIFT) as u16 == BY_SEND {
            let f = fr(th);
            let (s, y) = unsafe { (*f.pc, *f.pc.add(2)) };
            if y.op_byte() == Op::YieldFrom as u8 && y.b() == s.a() && !traced(th) {
                f.pc = unsafe { f.pc.add(2) };
                continue;
            }
        }
        return deliver(th, flags, v, true);
    }
}

/// The published frame goes back into its generator. Yields its flags.
#[inline(always)]
fn suspend(th: Th) -> u64 {
    let f = fr(th);
    let g: Gc<Generator> = unsafe { f.extra.gc() };
    save_regs(th, f, g);
    g.lasti.store(f.lasti() as u64, Relaxed);
    if f.flags & fflags::OBJECT != 0 {
        crate::builtins::frame::suspended(th, f.object.value(), g);
    }
    let (inner, outer) = (th.handled.get(), g.outer.get());
    if inner != outer || (inner.is_some() && handles(f)) {
        th.store_opt(g, &g.handled, inner);
        th.handled.init(outer);
    } else {
        g.handled.init(None);
    }
    g.outer.init(None);
    let flags = f.flags;
    th.fp.set(unsafe { (f as *mut Frame).sub(1) });
    g.state.store(SUSPENDED, Release);
    flags
}

/// Whether the frame stands in code that handles an exception: its cleanup begins with `PopExc`.
#[cold]
fn handles(f: &Frame) -> bool {
    let (d, at) = (unsafe { &*f.code.data }, f.lasti() as u32);
    d.handlers.iter().any(|h| {
        h.start <= at
            && at < h.end
            && d.code.get(h.target as usize).is_some_and(|i| i.op_byte() == Op::PopExc as u8)
    })
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
    if let Err(e) = push(th, g, fflags::ENTRY) {
        g.state.store(was, Release);
        return Err(e);
    }
    let r = f();
    suspend(th);
    r.map(Some)
}

/// A generator that was not started is to be finished without having run. False: another thread has started it.
pub(crate) fn claim_unstarted(th: Th, g: Gc<Generator>) -> bool {
    !th.multi() || g.state.compare_exchange(CREATED, RUNNING, AcqRel, Acquire).is_ok()
}

/// `Return` of a generator's frame.
pub fn returned(th: Th, v: Value) -> R<Ctl> {
    chain::unchain(th, th.fp.get());
    let f = fr(th);
    let flags = f.flags;
    let g = f.extra.value();
    unwind::pop_frame(th);
    if traced(th) && flags & fflags::ENTRY == 0 && unwind::cont(flags) == Cont::Gen {
        super::events::stopped(th, g, v, (flags >> fflags::ARG_SHIFT) as u16 == BY_FOR)?;
    }
    deliver(th, flags, v, false)
}

/// Hands a yielded or returned value to whoever resumed the generator.
fn deliver(th: Th, flags: u64, v: Value, yielded: bool) -> R<Ctl> {
    if flags & fflags::ENTRY != 0 {
        th.left_yielding.set(yielded);
        return Ok(Ctl::Leave(v));
    }
    if unwind::cont(flags) == Cont::Next {
        return called(th, v, yielded);
    }
    let i = unsafe { *fr(th).pc };
    if flags & ASYNC_BIT != 0 {
        let o = reg(th, i.b());
        if !yielded {
            return if end_of_loop(th) {
                async_gen::ended(o);
                Ok(Ctl::Next)
            } else {
                Err(async_gen::ended_by(th, o))
            };
        }
        let g: Gc<Generator> = unsafe { async_gen::generator(o) };
        match async_gen::item(o, g, v) {
            Some(v) => set(th, i.a(), v),
            None => {
                set(th, i.a(), v);
                skip(th, 1);
            }
        }
        return Ok(Ctl::Next);
    }
    match (flags >> fflags::ARG_SHIFT) as u16 {
        BY_FOR => {
            if yielded {
                set(th, i.b(), v);
                skip(th, 1);
            }
        }
        _ => {
            set(th, i.a(), v);
            if yielded {
                skip(th, 1);
            }
        }
    }
    Ok(Ctl::Next)
}

/// As [`deliver`], to the call of `next` or `send` at which the published frame stands.
fn called(th: Th, v: Value, yielded: bool) -> R<Ctl> {
    let f = fr(th);
    let i = super::instrument::original(f.code, f.lasti(), unsafe { *f.pc });
    if yielded {
        set(th, i.c(), v);
        return Ok(Ctl::Next);
    }
    let skip = (i.op() == Op::CallMethod && super::slow::reg_opt(th, i.a() + 1).is_none()) as usize;
    if reg(th, i.a()).is_exact(Kind::NativeFunction) && i.b() - skip == 2 {
        // The default.
        set(th, i.c(), reg(th, i.a() + skip + 2));
        return Ok(Ctl::Next);
    }
    Err(th.stop_iteration(v.some()))
}

/// The end of an async generator, where an `async for` waits for its next item: goes on after the loop. The exception that
/// would say so is not made: nobody could see it.
fn end_of_loop(th: Th) -> bool {
    let f = fr(th);
    let (d, at) = (unsafe { &*f.code.data }, f.lasti() as u32);
    let Some(h) = d.handlers.iter().find(|h| h.start <= at && at < h.end) else { return false };
    let target = h.target as usize;
    if unsafe { *f.code.ins.add(target) }.op_byte() != Op::EndAsyncFor as u8 || traced(th) {
        return false;
    }
    for r in f.depth().min(h.reg as usize)..d.depths[target] as usize {
        set(th, r, NONE());
    }
    f.pc = unsafe { f.code.ins.add(target) };
    true
}

/// A generator's frame is left for good.
pub fn frame_ended(th: Th, f: &mut Frame) {
    let g: Gc<Generator> = unsafe { f.extra.gc() };
    th.handled.init(g.outer.get());
    g.outer.init(None);
    g.handled.init(None);
    g.regs.init(None);
    g.frame.init(None);
    g.chain.init(None);
    g.state.store(FINISHED, Release);
    // Nothing is left to finalize.
    let flags = &g.header().flags;
    if th.multi() {
        flags.fetch_or(flags::FINALIZED, Relaxed);
    } else {
        flags.store(flags.load(Relaxed) | flags::FINALIZED, Relaxed);
    }
}

/// An exception left a generator's frame, which is popped already. True: it was dealt with.
pub fn raised_out(th: Th, flags: u64) -> bool {
    if flags & ASYNC_BIT != 0 {
        let i = unsafe { *fr(th).pc };
        async_gen::raised(th, reg(th, i.b()));
    }
    false
}

/// `for` over a generator: runs its frame on this interpreter.
pub fn for_iter(th: Th, i: Ins, it: Value) -> R<Ctl> {
    let g: Gc<Generator> = unsafe { it.cast_unchecked() };
    chain::settle(th, g);
    let was = claim(th, g)?;
    if was == FINISHED {
        return Ok(Ctl::Next);
    }
    if let Err(e) = push(th, g, flags_for(Cont::Gen, BY_FOR)) {
        g.state.store(was, Release);
        return Err(e);
    }
    let _ = i;
    deliver_sent(th, was, None)?;
    starting(th)?;
    Ok(Ctl::Next)
}

/// `Send`: `a = b.send(a)`.
pub fn send_op(th: Th, i: Ins) -> R<Ctl> {
    let (v, it) = (reg(th, i.a()), reg(th, i.b()));
    if it.is_exact(Kind::Generator) || it.is_exact(Kind::Coroutine) {
        let g: Gc<Generator> = unsafe { it.cast_unchecked() };
        chain::settle(th, g);
        let was = claim(th, g)?;
        if was == FINISHED {
            if it.is_exact(Kind::Coroutine) {
                return Err(th.runtime_error("cannot reuse already awaited coroutine"));
            }
            set(th, i.a(), NONE());
            return Ok(Ctl::Next);
        }
        if was == CREATED && !v.is_none() {
            g.state.store(was, Release);
            return Err(th.type_error(format!(
                "can't send non-None value to a just-started {}",
                if it.is_exact(Kind::Coroutine) { "coroutine" } else { "generator" }
            )));
        }
        if let Err(e) = push(th, g, flags_for(Cont::Gen, BY_SEND)) {
            g.state.store(was, Release);
            return Err(e);
        }
        deliver_sent(th, was, Some(v))?;
        starting(th)?;
        return Ok(Ctl::Next);
    }
    let t = th.type_of(it);
    let r = if v.is_none()
        && let Some(next) = t.slots.iternext
        && !it.is_kind(Kind::Type)
    {
        th.set_stop_value(NONE());
        super::events::forget_swallowed(th);
        match next(th, it) {
            Ok(Some(v)) => Ok(v),
            // Exhausted, or StopIteration whose value was dropped: ask for it the long way where it may matter.
            Ok(None) => Err(None),
            Err(e) => Err(Some(e)),
        }
    } else {
        th.call_method(it, n!(send), &[v]).map_err(Some)
    };
    match r {
        Ok(v) => {
            set(th, i.a(), v);
            skip(th, 1);
        }
        Err(None) => {
            super::events::swallowed(th, it)?;
            let v = th.pending_stop_value();
            set(th, i.a(), v);
        }
        Err(Some(e)) => {
            if !th.exc_is(&exc::STOP_ITERATION) {
                return Err(e);
            }
            let v = exc::stop_value(th.take_exc());
            set(th, i.a(), v);
        }
    }
    Ok(Ctl::Next)
}

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
        && CodeFlags(unsafe { g.code.gc::<Code>() }.flags).has(CodeFlags::ITERABLE_COROUTINE)
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
    if let Err(e) = push(th, g, fflags::ENTRY) {
        g.state.store(was, Release);
        return Err(e);
    }
    let f = fr(th);
    unsafe {
        let y = *f.pc;
        set(th, y.a(), v);
        // Search back for the Send of this delegate; its exit jump follows it.
        let mut p = f.pc;
        let op = |p: *const Ins| {
            let at = p.offset_from(f.code.ins) as usize;
            super::instrument::original(f.code, at, *p).op()
        };
        while op(p) != Op::Send || (*p).b() != y.c() {
            p = p.sub(1);
        }
        let a = (*p).a();
        set(th, a, v);
        f.pc = p;
    }
    let v = th.run_entry()?;
    Ok(resumed(th, v))
}
