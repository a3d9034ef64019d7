//! Resuming, yielding and returning in the usual case, without calls: for the fast handlers and for compiled traces. What
//! is unusual is left to the functions of the parent, before anything was done.
//!
//! # Safety
//! The functions take the interpreter's registers by hand: `fp` is the published frame or the one above it, `regs` its
//! registers, `pc` an instruction of its code. They check the room that the generator's frame needs. Registers are copied
//! two at a time: the array of a suspended generator has an even number of slots, and above the live registers of the
//! topmost frame all is free.
//!
//! Whose the generator is they ask in two ways. Resuming one takes [`Th::owns`]: then no other thread claims it before the
//! next safepoint, and there is none until it is RUNNING, so plain loads and stores do. Whoever runs it is the only one to
//! touch it (the parent's invariants); the last that he stores is the state by which he gives it away.

use super::*;

pub(in crate::interp) const FLAGS: u64 =
    fflags::GENERATOR | fflags::EXTRA | (Cont::Gen as u64) << fflags::CONT_SHIFT;

pub const FOR_FLAGS: u64 = FLAGS | (BY_FOR as u64) << fflags::ARG_SHIFT;

pub const ENTRY_FLAGS: u64 = FLAGS | fflags::ENTRY;

/// Pushed for a call of `next` or `send`.
pub const NEXT_FLAGS: u64 = fflags::GENERATOR | fflags::EXTRA | (Cont::Next as u64) << fflags::CONT_SHIFT;

pub const SEND_FLAGS: u64 = FLAGS | (BY_SEND as u64) << fflags::ARG_SHIFT;

/// Of an async generator, pushed by a `Send` to the awaitable of its next item.
pub(super) const ASYNC_BIT: u64 = 1 << 31;

pub const ASYNC_FLAGS: u64 = SEND_FLAGS | ASYNC_BIT;

/// Whether an exception that leaves a frame with these flags concerns the awaitable of an async generator's item.
pub fn is_async(flags: u64) -> bool {
    flags & fflags::GENERATOR != 0 && flags & ASYNC_BIT != 0
}

pub(in crate::interp) const BY_SEND_BIT: u64 = (BY_SEND as u64) << fflags::ARG_SHIFT;

/// Where the interpreter goes on: program counter, registers, frame.
pub type At = (*const Ins, *mut u64, *mut Frame);

/// What [`for_iter`] and [`send_op`] do, in the usual case: it is this thread's generator, nobody traces, nobody holds the
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
        let code: Gc<Code> = g.code.gc_unchecked();
        let at = regs.add((&*fp).code.nregs as usize);
        let nf = fp.add(1);
        if was > SUSPENDED
            || !th.owns(g)
            || th.m.poll.load(Relaxed) != 0
            || nf >= th.frame_limit.get()
            || at.add(code.nregs as usize) >= th.regs_end.get()
            || (g.frame.word() | g.handled.raw().load(Relaxed) | th.handled.raw().load(Relaxed)) != 0
        {
            return None;
        }
        let y = code.ins.add(g.lasti.load(Relaxed) as usize);
        if (*y).op_byte() == Op::YieldFrom as u8 {
            // A chain, or somebody else who resumes one of its generators.
            let d = g.regs.gc_unchecked().slot((*y).c()).value();
            if d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine) {
                return None;
            }
        }
        g.state.store(RUNNING, Relaxed);
        (*fp).pc = pc;
        write_frame(nf, at, g, code, flags);
        let pc = y;
        if was == SUSPENDED {
            *at.add((*pc).a()) = v.bits();
        }
        Some((pc.add(1), at, nf))
    }
}

/// Writes the record of a resumed generator's frame, and its registers at `at`.
///
/// # Safety
/// There is room for both; the generator is this thread's, and has registers.
#[inline(always)]
unsafe fn write_frame(nf: *mut Frame, at: *mut u64, g: Gc<Generator>, code: Gc<Code>, flags: u64) {
    unsafe {
        (*nf).regs = at;
        (*nf).func = g.func.gc_unchecked();
        (*nf).code = code;
        (*nf).flags = flags;
        (*nf).extra.init(Some(g.value()));
        take_out(g, at);
    }
}

/// Resumes a generator as [`quick_resume`] does, whatever it delegates to; the caller has looked whether it can be. Its
/// frame's `pc` is where it goes on.
///
/// # Safety
/// `fp` is the published frame, there is room for the generator's, which is this thread's, and CREATED or SUSPENDED.
pub(crate) unsafe fn resume_recorded(
    th: Th,
    pc: *const Ins,
    fp: *mut Frame,
    g: Gc<Generator>,
    flags: u64,
    v: Value,
) {
    unsafe {
        let code: Gc<Code> = g.code.gc_unchecked();
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
        write_frame(nf, at, g, code, flags);
        if was == SUSPENDED {
            *at.add((*y).a()) = v.bits();
        }
        (*nf).pc = y.add(1);
    }
}

/// Copies two registers, each by itself: one access to both would have to wait for single ones just written.
///
/// # Safety
/// That of a copy.
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

/// Copies a suspended generator's registers to its frame.
///
/// # Safety
/// It is not finished, and has been claimed; there is room for its registers and one more.
#[inline(always)]
pub(in crate::interp) unsafe fn take_out(g: Gc<Generator>, at: *mut u64) {
    unsafe {
        // Two at a time: the array has an even number of slots, and above the live registers all is free.
        let from = g.regs.gc_unchecked().slots().as_ptr() as *const u64;
        let (mut k, depth) = (0, g.depth.load(Relaxed) as usize);
        while k < depth {
            copy_pair(from.add(k), at.add(k));
            k += 2;
        }
    }
}

/// A running generator is suspended at `pc`, whose index this yields. The caller runs the barrier of the registers' array.
///
/// # Safety
/// `fp` is the frame of `g` on this thread's stack, `regs` its registers, `pc` in its code. `g` may be another thread's
/// afterwards: what is needed of it is read before.
#[inline(always)]
pub(crate) unsafe fn put_away(pc: *const Ins, regs: *mut u64, fp: *mut Frame, g: Gc<Generator>) -> usize {
    unsafe {
        let saved: Gc<Array> = g.regs.gc_unchecked();
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
///
/// # Safety
/// This thread runs it, and nobody has asked for its frame object.
#[inline(always)]
pub(crate) unsafe fn finished(th: Th, g: Gc<Generator>) {
    g.handled.init(None);
    g.regs.init(None);
    g.chain.init(None);
    g.state.store(FINISHED, Release);
    nothing_to_finalize(th, g);
}
/// It has come to its end.
#[inline(always)]
pub(crate) fn nothing_to_finalize(th: Th, g: Gc<Generator>) {
    let f = &g.header().flags;
    if th.multi() {
        f.fetch_or(flags::FINALIZED, Relaxed);
    } else {
        f.store(f.load(Relaxed) | flags::FINALIZED, Relaxed);
    }
    th.m.finalized(g.obj());
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
        if flags & !((BY_SEND as u64) << fflags::ARG_SHIFT | fflags::ENTRY) != FLAGS && flags != NEXT_FLAGS {
            return None;
        }
        let g: Gc<Generator> = (*fp).extra.gc();
        let saved: Gc<Array> = g.regs.gc_unchecked();
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
        if flags == NEXT_FLAGS {
            *regs.add((*pc).c()) = v;
            return Some(Yielded::At((pc.add(1), regs, cf)));
        }
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
        if (flags != FOR_FLAGS && flags != SEND_FLAGS) || th.m.poll.load(Relaxed) != 0 {
            return None;
        }
        let g: Gc<Generator> = (*fp).extra.gc();
        if (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0 {
            return None;
        }
        finished(th, g);
        let cf = fp.sub(1);
        let (pc, regs) = ((*cf).pc, (*cf).regs);
        if flags == SEND_FLAGS {
            *regs.add((*pc).a()) = v.bits();
        }
        Some((pc.add(1), regs, cf))
    }
}
