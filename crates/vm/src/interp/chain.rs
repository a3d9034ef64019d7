//! Chains of generators that delegate (`yield from`, `await`): an item costs the same however long the chain is.
//!
//! A generator whose delegate is a generator only passes on what goes in and out. So whoever resumes it (a `for` loop, a
//! `Send`, native code) pushes just the frame of the innermost one, and what that yields goes straight to him. The
//! generator resumed, the *root*, keeps the chain: an array of the generators behind it, outermost first.
//!
//! The innermost one's frame, with its registers, stands where it would stand if all frames had been pushed: below it there
//! is a *gap* of frames and registers that nobody has written. [`unchain`] writes them, and then all is as if the chain
//! did not exist. That happens as soon as somebody looks at the frames below, touches a generator in the gap, or takes any
//! way but the usual one; a frame that returns writes the one below it.
//!
//! # Invariants
//! - A frame with a gap is a generator's: [`gap`] is the number of frames in it, `locals` the root. Frames are walked with
//!   [`below`], or after [`unchain`].
//! - The root of a running chain is RUNNING, those in the gap are SUSPENDED, at a `YieldFrom` from the next one. Operations
//!   on a suspended generator from outside call [`settle`] first, which makes them RUNNING if they are in a gap.
//! - A chain whose last generator is suspended and delegates to none is right: the others wait for it. Two things end a delegation while the
//!   delegate lives, and make all chains void ([`changed`]): exceptions thrown in, frames that are moved to another line.
//! - Chains are made, and there are gaps, only while the process has one thread. So nothing here is claimed by atomic
//!   operations; a thread that starts another one writes its gaps first (`thread::before_start`).
//! - The array holds small ints, then generators, which `plain` and `next` have looked at when they were added. It has room
//!   for what `LEN` says, and `REGS` is the sum of `nregs` of all but the last of the generators and of the root: so the innermost
//!   frame stands where it would, and the gap has room for the registers of each.
//! - The functions that take registers by hand rely on what those in `generator::quick` rely on.

use super::generator::*;
use crate::builtins::async_gen;
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{Ins, Op};
use std::sync::atomic::{AtomicU64, Ordering::*};

/// The array: how many generators; registers of the frames in the gap; the time it was made; then the generators.
const LEN: usize = 0;
const REGS: usize = 1;
const TIME: usize = 2;
const FIRST: usize = 3;

const GAP_SHIFT: u32 = fflags::ARG_SHIFT + 1;
const MOST: usize = 0x3fff;
const GAP: u64 = (MOST as u64) << GAP_SHIFT;

/// Advanced when chains become void.
static TIME_NOW: AtomicU64 = AtomicU64::new(0);

/// A generator may have left its `yield from` while its delegate is still suspended.
pub fn changed() {
    TIME_NOW.fetch_add(1, Relaxed);
}
fn now() -> u64 {
    Value::fix((TIME_NOW.load(Relaxed) & 0xffff_ffff) as i64).bits()
}

/// How many frames are missing below one with these flags.
#[inline(always)]
pub fn gap(flags: u64) -> usize {
    if flags & fflags::GENERATOR != 0 { ((flags & GAP) >> GAP_SHIFT) as usize } else { 0 }
}
/// The frame below that has been written.
///
/// # Safety
/// `f` is a frame of a thread that is this one, or stands.
#[inline(always)]
pub unsafe fn below(f: *mut Frame) -> *mut Frame {
    unsafe { f.sub(1 + gap((*f).flags)) }
}

#[inline(always)]
fn words(a: Gc<Array>) -> *mut u64 {
    a.slots().as_ptr() as *mut u64
}
#[inline(always)]
fn number(w: u64) -> usize {
    // SAFETY: a small int, never null.
    unsafe { Value::from_bits(w) }.as_fix().unwrap_or(0) as usize
}
#[inline(always)]
fn fix(n: usize) -> u64 {
    Value::fix(n as i64).bits()
}
/// # Safety
/// `i` is below the array's `LEN`.
#[inline(always)]
unsafe fn nth(a: Gc<Array>, i: usize) -> Gc<Generator> {
    unsafe { Value::from_bits(*words(a).add(FIRST + i)).cast_unchecked() }
}
#[inline(always)]
fn nregs(g: Gc<Generator>) -> usize {
    g.code.gc().nregs as usize
}

/// The generator that a suspended one delegates to, by code as the compiler writes it.
///
/// # Safety
/// There is one thread.
#[inline(always)]
unsafe fn next(g: Gc<Generator>) -> Option<Gc<Generator>> {
    unsafe {
        let code: Gc<Code> = g.code.gc_unchecked();
        let at = g.lasti.load(Relaxed) as usize;
        let y = *code.ins.add(at);
        if y.op_byte() != Op::YieldFrom as u8 || at < 2 {
            return None;
        }
        let s = *code.ins.add(at - 2);
        if s.op_byte() != Op::Send as u8 || s.a() != y.a() || s.b() != y.c() {
            return None;
        }
        let d = g.regs.get()?.slot(y.c()).get()?;
        if d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine) {
            Some(d.cast_unchecked())
        } else {
            None
        }
    }
}
/// Whether a suspended generator may be one of a chain: nobody holds its frame, it handles no exception.
#[inline(always)]
fn plain(g: Gc<Generator>) -> bool {
    g.state.load(Relaxed) == SUSPENDED && (g.frame.word() | g.handled.raw().load(Relaxed)) == 0
}

/// As `generator::quick_resume`, for a generator that has a chain.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn resume(
    th: Th,
    pc: *const Ins,
    regs: *mut u64,
    fp: *mut Frame,
    root: Gc<Generator>,
    flags: u64,
    v: Value,
) -> Option<At> {
    unsafe {
        let chain: Gc<Array> = root.chain.get()?;
        if !plain(root)
            || th.multi()
            || th.m.poll.load(Relaxed) != 0
            || th.handled.raw().load(Relaxed) != 0
            || *words(chain).add(TIME) != now()
        {
            return None;
        }
        let n = number(*words(chain).add(LEN));
        if n == 0 {
            return None;
        }
        let g = nth(chain, n - 1);
        if !plain(g) {
            return None;
        }
        let code: Gc<Code> = g.code.gc_unchecked();
        let y = code.ins.add(g.lasti.load(Relaxed) as usize);
        if (*y).op_byte() == Op::YieldFrom as u8 {
            // Others have resumed the chain's generators and made it longer: it may be running, with this one in a gap.
            let d = g.regs.gc_unchecked().slot((*y).c()).value();
            if d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine) {
                return None;
            }
        }
        let nf = fp.add(1 + n);
        let at = regs.add((&*fp).code.nregs as usize + number(*words(chain).add(REGS)));
        if nf >= th.frame_limit.get() || at.add(code.nregs as usize) >= th.regs_end.get() {
            return None;
        }
        root.state.store(RUNNING, Relaxed);
        g.state.store(RUNNING, Relaxed);
        (*fp).pc = pc;
        (*nf).regs = at;
        (*nf).func = g.func.gc_unchecked();
        (*nf).code = code;
        (*nf).flags = flags | (n as u64) << GAP_SHIFT;
        (*nf).locals.init(Some(root.value()));
        (*nf).extra.init(Some(g.value()));
        take_out(g, at);
        *at.add((*y).a()) = v.bits();
        Some((y.add(1), at, nf))
    }
}

/// [`resume`] as a function of its own.
///
/// # Safety
/// As there.
#[inline(never)]
pub unsafe fn resume_called(
    th: Th,
    pc: *const Ins,
    regs: *mut u64,
    fp: *mut Frame,
    root: Gc<Generator>,
    flags: u64,
    v: Value,
) -> Option<At> {
    root.chain.get()?;
    unsafe { resume(th, pc, regs, fp, root, flags, v) }
}

/// As `generator::quick_yield`, for frames with a gap, and for generators that delegate to one.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn yielded(th: Th, i: Ins, pc: *const Ins, regs: *mut u64, fp: *mut Frame) -> Option<Yielded> {
    unsafe {
        let flags = (*fp).flags;
        if flags & !(GAP | BY_SEND_BIT | fflags::ENTRY) != FLAGS {
            return None;
        }
        let n = gap(flags);
        let g: Gc<Generator> = (*fp).extra.gc();
        if (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0 {
            return None;
        }
        let before = g.lasti.load(Relaxed) as usize;
        // Once it is suspended another thread may run it, to its end even.
        let saved: Gc<Array> = g.regs.gc_unchecked();
        let at = put_away(pc, regs, fp, g);
        th.m.barrier_all(saved.obj());
        let v = Value::from_bits(*regs.add(i.b()));
        let cf = fp.sub(1 + n);
        th.fp.set(cf);
        let delegates = i.op_byte() == Op::YieldFrom as u8 && !th.multi();
        if n > 0 {
            let root: Gc<Generator> = (*fp).locals.gc();
            if delegates {
                extend(th, root, g);
            }
            root.state.store(SUSPENDED, Release);
        } else if delegates && let Some(chain) = g.chain.get() {
            let w = words(chain);
            *w.add(LEN) = fix(0);
            *w.add(REGS) = fix(0);
            *w.add(TIME) = now();
            extend(th, g, g);
        } else if delegates && before == at {
            // Not for the first item: it may be the only one.
            build(th, g);
        }
        if flags & fflags::ENTRY != 0 {
            th.left_yielding.set(true);
            return Some(Yielded::Left(v.bits()));
        }
        let (pc, regs) = ((*cf).pc, (*cf).regs);
        let to = if flags & BY_SEND_BIT == 0 { (*pc).b() } else { (*pc).a() };
        *regs.add(to) = v.bits();
        Some(Yielded::At((pc.add(2), regs, cf)))
    }
}

/// As `generator::quick_yield`, for an async generator's frame that a `Send` to its awaitable pushed.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn yielded_async(th: Th, i: Ins, pc: *const Ins, regs: *mut u64, fp: *mut Frame) -> Option<At> {
    unsafe {
        let g: Gc<Generator> = (*fp).extra.gc();
        if (*fp).flags != ASYNC_FLAGS || (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0 {
            return None;
        }
        let v = Value::from_bits(*regs.add(i.b()));
        let saved: Gc<Array> = g.regs.gc_unchecked();
        put_away(pc, regs, fp, g);
        th.m.barrier_all(saved.obj());
        let cf = fp.sub(1);
        let (pc, regs) = ((*cf).pc, (*cf).regs);
        let (v, skip) = match async_gen::item(Value::from_bits(*regs.add((*pc).b())), g, v) {
            Some(v) => (v, 1),
            None => (v, 2),
        };
        *regs.add((*pc).a()) = v.bits();
        Some((pc.add(skip), regs, cf))
    }
}

/// As `generator::quick_return`, for frames with a gap: the one below is written and goes on after its `yield from`.
///
/// # Safety
/// As there.
#[inline(always)]
pub unsafe fn returned(th: Th, v: Value, fp: *mut Frame) -> Option<At> {
    unsafe {
        let flags = (*fp).flags;
        let n = gap(flags);
        if n == 0
            || flags & !(GAP | BY_SEND_BIT | fflags::ENTRY) != FLAGS
            || th.multi()
            || th.m.poll.load(Relaxed) != 0
        {
            return None;
        }
        let (g, root): (Gc<Generator>, Gc<Generator>) = ((*fp).extra.gc(), (*fp).locals.gc());
        if (th.handled.raw().load(Relaxed) | g.outer.raw().load(Relaxed)) != 0 {
            return None;
        }
        let chain: Gc<Array> = root.chain.get()?;
        let p = if n == 1 { root } else { nth(chain, n - 2) };
        let code: Gc<Code> = p.code.gc_unchecked();
        let y = code.ins.add(p.lasti.load(Relaxed) as usize);
        if (*y).op_byte() != Op::YieldFrom as u8 || (p.frame.word() | p.handled.raw().load(Relaxed)) != 0 {
            return None;
        }
        finished(th, g);
        let pf = fp.sub(1);
        let at = (*fp).regs.sub(code.nregs as usize);
        let w = words(chain);
        *w.add(FIRST + n - 1) = 0;
        *w.add(LEN) = fix(n - 1);
        *w.add(REGS) = fix(number(*w.add(REGS)) - code.nregs as usize);
        (*pf).flags = flags & !GAP | (n as u64 - 1) << GAP_SHIFT;
        (*pf).locals.init(Some(root.value()));
        (*pf).regs = at;
        (*pf).func = p.func.gc_unchecked();
        (*pf).code = code;
        (*pf).extra.init(Some(p.value()));
        p.state.store(RUNNING, Relaxed);
        take_out(p, at);
        let send = y.sub(2);
        *at.add((*send).a()) = v.bits();
        Some((send.add(1), at, pf))
    }
}

/// What the innermost generator of a root's chain now delegates to becomes part of the chain.
///
/// # Safety
/// There is one thread; `g` is the last one of the chain, or the root if that is empty.
unsafe fn extend(th: Th, root: Gc<Generator>, mut g: Gc<Generator>) {
    unsafe {
        let Some(chain) = root.chain.get() else { return };
        while let Some(d) = next(g) {
            let n = number(*words(chain).add(LEN));
            if FIRST + n >= chain.cap || n >= MOST {
                // Made anew, larger, when the root yields the next time.
                root.chain.init(None);
                return;
            }
            if !plain(d) {
                return;
            }
            th.store(chain, chain.slot(FIRST + n), d.value());
            let w = words(chain);
            *w.add(LEN) = fix(n + 1);
            *w.add(REGS) = fix(number(*w.add(REGS)) + nregs(g));
            g = d;
        }
    }
}

/// Gives a suspended generator its chain, if it delegates to a generator.
///
/// # Safety
/// There is one thread.
#[inline(never)]
unsafe fn build(th: Th, root: Gc<Generator>) {
    unsafe {
        let (mut n, mut g) = (0, root);
        while let Some(d) = next(g)
            && plain(d)
            && n < MOST
        {
            (n, g) = (n + 1, d);
        }
        if n == 0 {
            return;
        }
        let Ok(chain) = th.array(FIRST + 2 * n + 3) else {
            th.exc.init(None);
            return;
        };
        let w = words(chain);
        *w.add(TIME) = now();
        *w.add(LEN) = fix(0);
        *w.add(REGS) = fix(0);
        th.store(root, &root.chain, chain);
        extend(th, root, root);
        if number(*w.add(LEN)) == 0 {
            root.chain.init(None);
        }
    }
}

/// Writes the frames that are missing below the innermost one.
#[inline(always)]
pub fn unchain(th: Th) {
    // SAFETY: the published frame.
    unsafe { unchain_at(th, th.fp.get()) }
}
/// Writes the frames that are missing below `f`.
///
/// # Safety
/// `f` is a frame of this thread.
#[inline(always)]
pub unsafe fn unchain_at(th: Th, f: *mut Frame) {
    if gap((*f).flags) > 0 {
        write_gap(th, f);
    }
}
#[cold]
#[inline(never)]
fn write_gap(th: Th, f: *mut Frame) {
    // SAFETY: below `f` there are as many records, and below its registers as many others, as the generators of the chain
    // need; these are SUSPENDED, so their registers are in their arrays. Nothing is allocated meanwhile.
    unsafe {
        let flags = (*f).flags;
        let n = gap(flags);
        let root: Gc<Generator> = (*f).locals.gc();
        let chain = root.chain.get();
        let mut at = (*f).regs;
        for k in (0..n).rev() {
            let g = if k == 0 { root } else { nth(chain.expect("a gap has a chain"), k - 1) };
            let code: Gc<Code> = g.code.gc_unchecked();
            let y = code.ins.add(g.lasti.load(Relaxed) as usize);
            at = at.sub(code.nregs as usize);
            let nf = &mut *f.sub(n - k);
            nf.regs = at;
            nf.func = g.func.gc_unchecked();
            nf.code = code;
            nf.flags = if k == 0 { flags & (BY_SEND_BIT | fflags::ENTRY) | FLAGS } else { SEND_FLAGS };
            nf.extra.init(Some(g.value()));
            g.state.store(RUNNING, Relaxed);
            take_out(g, at);
            // The `Send` has handed None on.
            nf.pc = y.sub(2);
            *at.add((*y).a()) = NONE().bits();
            if let Some(o) = g.frame.get() {
                nf.flags |= fflags::OBJECT;
                nf.object.init(Some(o.value()));
                crate::builtins::frame::resumed(th, o.value(), nf);
            }
        }
        root.chain.init(None);
        (*f).flags = flags & !(GAP | fflags::ENTRY) | BY_SEND_BIT;
    }
}

/// Writes all missing frames of the thread.
pub fn unchain_all(th: Th) {
    let mut f = th.fp.get();
    while f > th.frames.get() {
        // SAFETY: from the innermost frame down to the bottom.
        unsafe {
            unchain_at(th, f);
            f = f.sub(1);
        }
    }
}

/// To be called before a suspended generator is asked for or changed from outside: if it is in a gap it becomes RUNNING.
pub fn settle(th: Th, mut g: Gc<Generator>) {
    if th.multi() {
        return;
    }
    while g.state.load(Relaxed) == SUSPENDED {
        // SAFETY: there is one thread, which was tested.
        match unsafe { next(g) } {
            Some(d) => g = d,
            None => return,
        }
        if g.state.load(Relaxed) == RUNNING {
            return unchain_all(th);
        }
    }
}
