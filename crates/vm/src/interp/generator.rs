//! Generators, coroutines and async generators: their frames come and go on the register stack.
//!
//! A suspended generator keeps its registers in an array of its own; resuming copies the live ones onto the thread's
//! register stack and pushes a frame, yielding copies them back. A `for` loop or `yield from` over a generator pushes
//! the generator's frame directly (no native recursion); `next()` and `send()` from native code run it as an entry frame.
//! Here: the objects, claiming and pushing, suspending, and the operations that the interpreter leaves to the runtime;
//! `quick`: the same in the usual case; `native`: resuming from native code; `awaiting`: what can be awaited.
//!
//! # Invariants
//! - `state` goes CREATED → RUNNING ⇄ SUSPENDED → FINISHED; only the thread that moved it to RUNNING touches the rest.
//! - While the generator runs, `outer` is the exception that its resumer handles; `handled` is the generator's own.
//! - `code`, `func` and, until it is finished, `regs` are there from the start. `regs` has as many slots as the code has
//!   registers (one more if that is odd), so what is live at `lasti` fits into it; all of its words are null or values at all
//!   times, so who reads one without having claimed the generator finds an old value, never none.
//! - `lasti` is an instruction of `code`, with `depth` live registers. `extra` of a frame whose flags have `GENERATOR` is its
//!   generator; the `pc` of whoever resumed it is the instruction that did. Behind a `Send` or `ForIter` come a `Jump` and
//!   another instruction, which `adder_bytecode::verify` asks for; that a `Send` comes before a `YieldFrom` is looked at.

mod awaiting;
mod native;
mod quick;

pub use awaiting::*;
pub use native::*;
pub use quick::*;

use super::call::flags_for;
use super::slow::{fr, reg, set, skip};
use super::{Ctl, chain, unwind};
use crate::builtins::async_gen;
use crate::builtins::exceptions as exc;
use crate::builtins::frame::FrameObj;
use crate::err::R;
use crate::n;
use crate::object::*;
use crate::slots::SlotId;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Ins, Op};
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

#[repr(C)]
pub struct Generator {
    pub h: Header,
    pub func: SlotOf<Function>,
    pub code: SlotOf<Code>,
    /// Registers while suspended.
    pub regs: SlotOf<Array>,
    pub name: Slot,
    pub qualname: Slot,
    pub handled: Slot,
    pub outer: Slot,
    /// Its Python frame object, if somebody asked for it.
    pub frame: SlotOf<FrameObj>,
    /// `cr_origin`.
    pub origin: Slot,
    /// Async generators: finalizer hook; `ag_running` state is in `aflags`.
    pub finalizer: Slot,
    /// The generators that it delegates to: see `chain`.
    pub chain: SlotOf<Array>,
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
        // SAFETY: the three are laid out alike.
        Kind::Generator | Kind::Coroutine | Kind::AsyncGenerator => Some(unsafe { v.cast_unchecked() }),
        _ => None,
    }
}

/// The generator that gives the items of an iterator whose class has the generator's own `__next__` as its own
/// (`__next__ = generator.__next__`): a loop over the one is a loop over the other.
#[inline(never)]
pub fn behind(th: Th, it: Value) -> Option<Gc<Generator>> {
    let t = th.type_of(it);
    if !t.heap_type() {
        return None;
    }
    let w = th.lookup(t, n!(__next__))?.exact::<MethodWrapper>()?;
    if w.descr.gc().def.slot != SlotId::iternext {
        return None;
    }
    w.this.value().exact::<Generator>()
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
        std::ptr::write_bytes(a.after::<u64>(), 0, n);
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
    // SAFETY: new memory of the size that these kinds have; all slots are written before anything else is allocated.
    unsafe {
        let o = th.m.alloc((size_of::<Generator>() + 7) & !7, kind as u8, kind as u32);
        let g: Gc<Generator> = Gc::from_obj(o);
        for s in [&g.handled, &g.outer, g.frame.slot(), &g.origin, &g.finalizer, g.chain.slot()] {
            s.init(None);
        }
        g.func.init(Some(f.func));
        g.code.init(Some(f.code));
        g.regs.init(Some(regs));
        g.name.init(f.func.name.get());
        g.qualname.init(f.func.qualname.get());
        th.own_new(g.header());
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
///
/// # Safety
/// So many words can be read and written there, the latter by nobody else.
#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, n: usize) {
    // Atomic accesses keep the compiler from making that call of it; others may read a suspended generator's registers.
    let (from, to) = (from as *const AtomicU64, to as *const AtomicU64);
    for i in 0..n {
        // SAFETY: the caller's.
        unsafe { (*to.add(i)).store((*from.add(i)).load(Relaxed), Relaxed) };
    }
}
#[inline(always)]
fn save_regs(th: Th, f: &Frame, g: Gc<Generator>) {
    let regs: Gc<Array> = g.regs.gc();
    let depth = f.depth();
    g.depth.store(depth as u64, Relaxed);
    // SAFETY: the frame's live registers; the array has a slot for each.
    unsafe { copy_words(f.regs, regs.slots().as_ptr() as *mut u64, depth) };
    th.m.barrier_all(regs.obj());
}

/// Pushes the generator's frame on top of the current one. The generator must have been moved to RUNNING.
fn push(th: Th, g: Gc<Generator>, flags: u64) -> R<()> {
    // SAFETY: the generator is this thread's while RUNNING, and has registers. `room_for` has looked whether frame and
    // registers fit; it attends to others before, so nothing that is read here can change after.
    unsafe {
        let cur = th.fp.get();
        let code: Gc<Code> = g.code.gc_unchecked();
        let at = th.free_regs();
        th.room_for(at, code)?;
        g.chain.init(None);
        let nf = &mut *cur.add(1);
        nf.regs = at;
        nf.func = g.func.gc_unchecked();
        nf.code = code;
        nf.flags = flags | fflags::GENERATOR | fflags::EXTRA;
        nf.pc = code.ins.add(g.lasti.load(Relaxed) as usize);
        nf.extra.init(Some(g.value()));
        let regs: Gc<Array> = g.regs.gc_unchecked();
        copy_words(regs.slots().as_ptr() as *const u64, at, nf.depth());
        if let Some(o) = g.frame.get() {
            nf.flags |= fflags::OBJECT;
            nf.object.init(Some(o.value()));
            crate::builtins::frame::resumed(th, o.value(), nf);
        }
        if let Some(h) = th.handled.get() {
            th.store(g, &g.outer, h);
        }
        if let Some(h) = g.handled.get() {
            rebase_handled(th, nf);
            th.handled.init(Some(h));
        }
        th.fp.set(nf);
        Ok(())
    }
}

/// Claims the generator for this thread. Errors say what CPython says.
fn claim(th: Th, g: Gc<Generator>) -> R<u64> {
    let mine = th.own(g);
    let old = g.state.load(Acquire);
    let claimed = match old {
        RUNNING => false,
        FINISHED => true,
        // A plain store does; the locked instruction costs more than the rest of the switch.
        _ if mine => {
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
        // SAFETY: the generator's instruction, which has been pushed.
        let y = unsafe { *f.pc };
        set(th, y.a(), v);
        if y.op_byte() != Op::YieldFrom as u8 || traced(th) {
            return Ok(());
        }
        let d = reg(th, y.c());
        if !d.is_exact(Kind::Generator) && !d.is_exact(Kind::Coroutine) {
            return Ok(());
        }
        // Code that a program has put together may begin with it.
        if f.lasti() < 2 {
            return Ok(());
        }
        // SAFETY: an instruction of the code. As the compiler writes it, a `YieldFrom` has a `Send` and its jump before it.
        let send = unsafe { f.pc.sub(2) };
        let s = unsafe { *send };
        if s.op_byte() != Op::Send as u8 || s.a() != y.a() || s.b() != y.c() {
            return Ok(());
        }
        // SAFETY: a generator or a coroutine, which was tested.
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

/// `Yield`, `YieldFrom`.
pub fn yielded(th: Th, i: Ins) -> R<Ctl> {
    let v = reg(th, i.b());
    loop {
        // Each frame on the way may have a gap below it.
        chain::unchain(th);
        let flags = suspend(th);
        // A generator that delegates yields the value on at once.
        if flags & fflags::ENTRY == 0 && (flags >> fflags::ARG_SHIFT) as u16 == BY_SEND {
            let f = fr(th);
            // SAFETY: it stands at the `Send` that resumed the generator, behind which are a jump and a `YieldFrom`.
            let (s, y) = unsafe { (*f.pc, *f.pc.add(2)) };
            if y.op_byte() == Op::YieldFrom as u8 && y.b() == s.a() && !traced(th) {
                // SAFETY: as above.
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
    // SAFETY: a generator's frame.
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
    // SAFETY: it was resumed from the frame below. From the next store on the generator may be another thread's.
    th.fp.set(unsafe { (f as *mut Frame).sub(1) });
    g.state.store(SUSPENDED, Release);
    flags
}

/// The registers in which code that handles exceptions, in which the frame stands, keeps what was handled before. (Its
/// cleanups begin with `PopExc`.)
fn before(f: &Frame) -> impl Iterator<Item = usize> + '_ {
    // SAFETY: code that runs is loaded.
    let (d, at) = (unsafe { &*f.code.data }, f.lasti() as u32);
    let covers = d.handlers.iter().filter(move |h| h.start <= at && at < h.end);
    covers.filter_map(|h| {
        let i = super::instrument::original(f.code, h.target as usize, *d.code.get(h.target as usize)?);
        (i.op_byte() == Op::PopExc as u8).then(|| i.a())
    })
}
#[cold]
fn handles(f: &Frame) -> bool {
    before(f).next().is_some()
}
/// A generator that handles an exception may be resumed where another one is handled than where it caught its own: what
/// its handler restores is what the resumer handles now.
///
/// # Safety
/// `f` is about to be published; its registers are filled.
#[cold]
unsafe fn rebase_handled(th: Th, f: &Frame) {
    // Of handlers in handlers the outermost keeps the resumer's: it has the lowest register.
    if let Some(r) = before(f).min() {
        // SAFETY: a live register of the frame; such a one holds an exception or nothing.
        unsafe { *f.regs.add(r) = th.handled.get().map_or(0, Value::bits) };
    }
}

/// `Return` of a generator's frame.
pub fn returned(th: Th, v: Value) -> R<Ctl> {
    chain::unchain(th);
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
    // SAFETY: the instruction that resumed the generator.
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
        // SAFETY: the flag says that it is the awaitable of an async generator's item.
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
    // SAFETY: the call, at which it stands.
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
    // SAFETY: code that runs is loaded; the target of a handler is one of its instructions (below).
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
    // SAFETY: a generator's frame.
    let g: Gc<Generator> = unsafe { f.extra.gc() };
    th.handled.init(g.outer.get());
    g.outer.init(None);
    g.handled.init(None);
    g.regs.init(None);
    g.frame.init(None);
    g.chain.init(None);
    g.state.store(FINISHED, Release);
    quick::nothing_to_finalize(th, g);
}

/// An exception left a generator's frame, which is popped already. True: it was dealt with.
pub fn raised_out(th: Th, flags: u64) -> bool {
    if flags & ASYNC_BIT != 0 {
        // SAFETY: as in `deliver`.
        let i = unsafe { *fr(th).pc };
        async_gen::raised(th, reg(th, i.b()));
    }
    false
}

/// `for` over a generator: runs its frame on this interpreter.
pub fn for_iter(th: Th, i: Ins, it: Value) -> R<Ctl> {
    // SAFETY: the handler leads here with generators alone.
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
        // SAFETY: which was tested.
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
