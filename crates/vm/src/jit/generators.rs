//! Generators and coroutines in traces: resuming one pushes its frame as a call does, `yield` pops it again.
//!
//! What is recorded is the usual case (`interp::generator::quick_resume`), guarded: which code the generator has, where it
//! is suspended, that nobody holds its frame object and that it handles no exception. Its registers are read from
//! [`Generator::regs`] and written back there when it yields; what is known of them meanwhile the heap cache carries to
//! the next resumption.
//!
//! # Invariants
//! - The generator of a frame that exists only in the trace (`RFrame::real` is false) is SUSPENDED or CREATED in memory.
//!   Whoever writes the frame to memory makes it RUNNING and saves the exception that its resumer handles: exits
//!   ([`appeared`]) and `Rec::sync` ([`write_out`]). So a loop over a generator changes its state never.
//! - Such a generator is no other one that the trace resumes: that is guarded.
//! - A generator's frame has it in `extra`. One whose flags are just `FOR_FLAGS`, `SEND_FLAGS` or `NEXT_FLAGS` has no
//!   gap and was not entered by native code: below it is its user's, whose `pc` is where he resumed it.
//! - `Thread::handled` does not change while such a frame is the innermost one: all that changes it is carried out as a
//!   whole.

use super::machine::{Recorder as RecMachine, T};
use super::record::Rec;
use crate::interp::generator::{
    self as run, CREATED, FINISHED, FOR_FLAGS, Generator, NEXT_FLAGS, RUNNING, SEND_FLAGS, SUSPENDED,
};
use crate::interp::machine::{Interp, PyMachine};
use crate::native::Inline;
use crate::object::*;
use crate::thread::{Frame, Th, Thread, ThreadSlot, fflags};
use crate::value::*;
use adder_bytecode::{Ins, Op as Bc};
use adder_metatrace::ir::{Callee, Inst, NEW_BY_HELPER, Op, R as Ir};
use adder_metatrace::params::Param;
use adder_metatrace::{Effects, Field, Machine};
use std::mem::offset_of;
use std::sync::atomic::Ordering::*;

const fn field(at: usize) -> Field {
    Field(at as u32)
}
const STATE: Field = field(offset_of!(Generator, state));
const LASTI: Field = field(offset_of!(Generator, lasti));
const DEPTH: Field = field(offset_of!(Generator, depth));
const CODE: Field = field(offset_of!(Generator, code));
const REGS: Field = field(offset_of!(Generator, regs));
const FRAME: Field = field(offset_of!(Generator, frame));
const HANDLED: Field = field(offset_of!(Generator, handled));
const OUTER: Field = field(offset_of!(Generator, outer));
const CHAIN: Field = field(offset_of!(Generator, chain));

fn register(k: usize) -> Field {
    field(size_of::<Array>() + 8 * k)
}

/// The frame was written to memory by an exit: its generator runs.
pub unsafe fn appeared(th: Th, f: &Frame) {
    if f.flags & fflags::GENERATOR != 0 {
        // SAFETY: such a frame has its generator in `extra`.
        let g: Gc<Generator> = unsafe { f.extra.gc() };
        g.state.store(RUNNING, Relaxed);
        if let Some(h) = th.handled.get() {
            th.store(g, &g.outer, h);
        }
    }
}

/// Records the instruction if it switches between a generator and its user. Some: it is done; where it goes on.
#[inline(never)]
pub fn record(rec: &mut Rec, pc: *const Ins, i: Ins) -> Option<*const Ins> {
    let th = rec.th;
    if matches!(i.op(), Bc::Call | Bc::CallMethod) {
        return if th.wanted() { None } else { called(rec, pc, i) };
    }
    if !matches!(
        i.op(),
        Bc::ForIter
            | Bc::Send
            | Bc::Yield
            | Bc::YieldFrom
            | Bc::Return
            | Bc::ReturnNone
            | Bc::MakeGenerator
            | Bc::GetAwaitable
    ) || th.wanted()
    {
        return None;
    }
    let fp = th.fp.get();
    let m = RecMachine { s: rec, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
    match i.op() {
        Bc::ForIter => {
            let it = m.reg(i.a());
            let g = if it.v.is_exact(Kind::Generator) { it } else { behind(m, it)? };
            resume(m, pc, g, m.constant(NONE()), FOR_FLAGS)
        }
        Bc::Send => {
            let it = m.reg(i.b());
            if !it.v.is_exact(Kind::Generator) && !it.v.is_exact(Kind::Coroutine) {
                return None;
            }
            resume(m, pc, it, m.reg(i.a()), SEND_FLAGS)
        }
        Bc::MakeGenerator => make(m),
        Bc::GetAwaitable => awaitable(m, pc, i),
        _ => {
            let flags = m.rec().top_flags();
            if !matches!(flags, FOR_FLAGS | SEND_FLAGS | NEXT_FLAGS) || unsafe { (*fp).flags } != flags {
                return None;
            }
            if matches!(i.op(), Bc::Yield | Bc::YieldFrom) { yielded(m, pc, i) } else { returned(m, i) }
        }
    }
}

fn is(m: RecMachine, x: Ir, want: Ir, yes: bool) {
    let c = m.rec().core.op(Op::Eq, x, want);
    m.rec().guard(c, yes);
}
fn int_is(m: RecMachine, g: T<Value>, f: Field, n: u64) {
    let x = m.rec().core.op_imm(Op::GetInt, g.r, Ir::NONE, f.0 as i64);
    let k = m.rec().core.int(n as i64);
    is(m, x, k, true);
}
fn get(m: RecMachine, o: Ir, f: Field) -> Ir {
    m.rec().core.op_imm(Op::Get, o, Ir::NONE, f.0 as i64)
}
fn set(m: RecMachine, o: Ir, f: Field, v: Ir) {
    m.rec().core.effect(Inst { a: o, b: v, imm: f.0 as i64, ..Inst::new(Op::Set) });
}
fn set_int(m: RecMachine, o: Ir, f: Field, n: u64) {
    let b = m.rec().core.int(n as i64);
    m.rec().core.effect(Inst { a: o, b, imm: f.0 as i64, ..Inst::new(Op::SetInt) });
}
fn null(m: RecMachine) -> Ir {
    m.rec().core.word(0)
}

/// The generator that one suspended at this instruction waits for.
fn delegate(g: Gc<Generator>, y: Ins) -> Option<Value> {
    if y.op_byte() != Bc::YieldFrom as u8 {
        return None;
    }
    let d = g.regs.get()?.slot(y.c()).get()?;
    (d.is_exact(Kind::Generator) || d.is_exact(Kind::Coroutine)).then_some(d)
}

/// Records what a generator must be like to be resumed here. None: it cannot be.
fn guards(m: RecMachine, it: T<Value>, v: T<Value>) -> Option<(Gc<Generator>, Ir)> {
    // SAFETY: whoever asks has tested that it is a generator or a coroutine, which are laid out alike.
    let g: Gc<Generator> = unsafe { it.v.cast_unchecked() };
    let was = g.state.load(Relaxed);
    if was > SUSPENDED || g.frame.get().is_some() || g.handled.get().is_some() {
        return None;
    }
    if was == CREATED && !v.v.is_none() {
        return None;
    }
    if !m.shape_is(it, it.v.shape_id()) || !m.owns(it) {
        return None;
    }
    for other in m.rec().waiting_generators() {
        if other != it.r {
            is(m, it.r, other, false);
        }
    }
    int_is(m, it, STATE, was);
    let code: Gc<Code> = g.code.gc();
    let (want, have) = (m.rec().konst(code.value()), get(m, it.r, CODE));
    is(m, have, want, true);
    let lasti = g.lasti.load(Relaxed);
    int_is(m, it, LASTI, lasti);
    for f in [FRAME, HANDLED] {
        is(m, get(m, it.r, f), null(m), true);
    }
    if was == CREATED {
        is(m, v.r, m.constant(NONE()).r, true);
    }
    let regs = get(m, it.r, REGS);
    m.rec().core.op_imm(Op::IsA, regs, Ir::NONE, Kind::GenRegs as i64);
    // SAFETY: where a suspended generator stands in its code.
    let y = unsafe { *code.ins.add(lasti as usize) };
    if was == SUSPENDED
        && let Some(d) = delegate(g, y)
    {
        // Whether it waits for one that runs must be known before it runs itself.
        let r = get(m, regs, register(y.c()));
        guards(m, T { v: d, r }, v)?;
    }
    Some((g, regs))
}

/// The generator that gives the items of another iterator, whatever its class: such classes are often made for one iterator.
fn behind(m: RecMachine, it: T<Value>) -> Option<T<Value>> {
    let g = run::behind(m.i.th, it.v)?;
    let rec = m.rec();
    let t = rec.thread();
    let f = Callee { name: "behind", addr: generator_behind as *const () as usize, effects: Effects::READS };
    let r = rec.core.call(Op::CallRef, f, &[t, it.r]);
    is(m, r, null(m), false);
    Some(T { v: g.value(), r })
}
unsafe extern "C" fn generator_behind(th: Th, it: Value) -> u64 {
    run::behind(th, it).map_or(0, |g| g.value().bits())
}

fn resume(m: RecMachine, pc: *const Ins, it: T<Value>, v: T<Value>, flags: u64) -> Option<*const Ins> {
    let th = m.i.th;
    let fp = m.i.fp;
    // SAFETY: as in `guards`.
    let code: Gc<Code> = unsafe { it.v.cast_unchecked::<Generator>().code.gc() };
    let base = unsafe { (&*fp).code.nregs as usize };
    let room = unsafe {
        fp.add(1) < th.frame_limit.get() && (*fp).regs.add(base + code.nregs as usize) < th.regs_end.get()
    };
    if !room || super::excluded(code) || super::reports(th, code) || !m.rec().may_enter(code) {
        return None;
    }
    let (g, regs) = guards(m, it, v)?;
    let was = g.state.load(Relaxed);
    // SAFETY: as in `guards`.
    let y = unsafe { *code.ins.add(g.lasti.load(Relaxed) as usize) };
    let depth = g.depth.load(Relaxed) as usize;
    // Nothing is refused from here on.
    // SAFETY: there is room for frame and registers, and `guards` has seen that it is suspended or has not begun.
    unsafe { run::resume_recorded(th, pc, fp, g, flags, v.v) };
    let rec = m.rec();
    rec.call_at(crate::interp::machine::Pc::from_ptr(pc));
    set(m, it.r, CHAIN, null(m));
    if th.multi() {
        // With one thread nobody sees the state before `appeared`.
        set_int(m, it.r, STATE, RUNNING);
    }
    let func = get(m, it.r, field(offset_of!(Generator, func)));
    rec.push_frame(base, code, func, Some(it.r), flags, code.nlocals as usize);
    let mut loaded = Vec::with_capacity(depth);
    for k in 0..depth {
        let r = get(m, regs, register(k));
        rec.set_reg(k, r);
        loaded.push(r);
    }
    rec.came_in(loaded);
    if was == SUSPENDED {
        rec.set_reg(y.a(), v.r);
    }
    // SAFETY: `resume_recorded` has just written the frame.
    unsafe {
        let nf = fp.add(1);
        th.fp.set(nf);
        let next = (*nf).pc;
        Some(next)
    }
}

/// A call of `next` or `send` with a generator.
fn called(rec: &mut Rec, pc: *const Ins, i: Ins) -> Option<*const Ins> {
    let (th, fp) = (rec.th, rec.th.fp.get());
    let m = RecMachine { s: rec, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
    let f = crate::interp::slow::reg(th, i.a());
    let method = i.op() == Bc::CallMethod;
    let skip = (method && crate::interp::slow::reg_opt(th, i.a() + 1).is_none()) as usize;
    let (at, n) = (i.a() + 1 + skip, i.b() - skip);
    let next = if let Some(nf) = f.exact::<NativeFunction>() {
        if nf.def.inline != Inline::Resume || n == 0 || n > 2 {
            return None;
        }
        true
    } else {
        let d = f.exact::<MethodDescriptor>()?;
        if d.def.inline != Inline::Resume || n != 2 || skip != 0 {
            return None;
        }
        false
    };
    let it = crate::interp::slow::reg(th, at);
    if !it.is_exact(Kind::Generator) && (next || !it.is_exact(Kind::Coroutine)) {
        return None;
    }
    if !next
        && th.type_of(it).value().bits()
            // SAFETY: where it is not `next`, it was seen to be one.
            != unsafe { f.cast_unchecked::<MethodDescriptor>() }.owner.value().bits()
    {
        return None;
    }
    m.promote(m.reg(i.a()));
    if method {
        m.reg_is_null(i.a() + 1);
    }
    let v = if next { m.constant(NONE()) } else { m.reg(at + 1) };
    resume(m, pc, m.reg(at), v, NEXT_FLAGS)
}

/// What a frame that is in memory must be like to be left without an exception being handled there or by its user.
fn nothing_handled(m: RecMachine, g: Ir) -> Option<()> {
    let rec = m.rec();
    if !rec.top_real() {
        return Some(());
    }
    rec.guard_unheld();
    let o: Gc<Generator> = unsafe { (*m.i.fp).extra.gc() };
    if m.i.th.handled.get().is_some() || o.outer.get().is_some() {
        return None;
    }
    let t = rec.thread();
    let h = rec.core.op_imm(Op::RawGet, t, Ir::NONE, offset_of!(Thread, handled) as i64);
    let zero = rec.core.int(0);
    is(m, h, zero, true);
    is(m, get(m, g, OUTER), null(m), true);
    Some(())
}

/// A bridge leaves the generator's frame that is its root: it goes on in the frame of the user seen now. Gives the address
/// of his registers.
fn leaves_root(m: RecMachine) -> Option<Ir> {
    let rec = m.rec();
    let fp = m.i.fp;
    if rec.entry.is_some() || rec.left >= Param::MaxLeft.size() || rec.root_fp != fp {
        return None;
    }
    let root = rec.base_addr(1);
    // SAFETY: a frame without a gap, which no native code has pushed, has its user's below it.
    let (own, user) = unsafe { (&*fp, &*fp.sub(1)) };
    let below = |at: usize| at as i64 - size_of::<Frame>() as i64;
    for (at, w) in [
        (offset_of!(Frame, flags) as i64, own.flags),
        (below(offset_of!(Frame, pc)), user.pc as u64),
        (below(offset_of!(Frame, code)), user.code.value().bits()),
    ] {
        let x = rec.core.op_imm(Op::RawGet, root, Ir::NONE, at);
        let k = rec.core.int(w as i64);
        is(m, x, k, true);
    }
    rec.keep_alive(user.code.value());
    Some(rec.core.op_imm(Op::RawGet, root, Ir::NONE, below(offset_of!(Frame, regs))))
}
/// The user of the generator runs on; `regs`: of [`leaves_root`].
fn popped(rec: &mut Rec, regs: Option<Ir>) {
    match regs {
        None => rec.pop_frame(),
        Some(regs) => {
            rec.new_root(regs);
            let (t, root) = (rec.base_addr(0), rec.base_addr(1));
            rec.raw_set(t, offset_of!(Thread, fp), root);
        }
    }
}

fn yielded(m: RecMachine, pc: *const Ins, i: Ins) -> Option<*const Ins> {
    let rec = m.rec();
    let regs = if rec.frames.len() < 2 { Some(leaves_root(m)?) } else { None };
    let (th, fp) = (m.i.th, m.i.fp);
    let g: Gc<Generator> = unsafe { (*fp).extra.gc() };
    let gr = rec.frame_extra();
    nothing_handled(m, gr)?;
    let v = m.reg(i.b());
    // -- effects
    suspend(m, pc, g, gr);
    let rec = m.rec();
    let caller = unsafe { fp.sub(1) };
    // Where the value goes, and how far the user goes on behind his instruction.
    let (call, to, on) = unsafe {
        let call = (*caller).pc;
        match (*fp).flags {
            FOR_FLAGS => (call, (*call).b(), 2),
            NEXT_FLAGS => (call, (*call).c(), 1),
            _ => (call, (*call).a(), 2),
        }
    };
    unsafe {
        *(*caller).regs.add(to) = v.v.bits();
        th.fp.set(caller);
        popped(rec, regs);
        rec.set_reg(to, v.r);
        let next = call.add(on);
        (*caller).pc = next;
        Some(next)
    }
}

/// The innermost frame goes back into its generator.
fn suspend(m: RecMachine, pc: *const Ins, g: Gc<Generator>, gr: Ir) {
    let rec = m.rec();
    let (th, fp) = (m.i.th, m.i.fp);
    let regs = get(m, gr, REGS);
    rec.core.op_imm(Op::IsA, regs, Ir::NONE, Kind::GenRegs as i64);
    let code = unsafe { (*fp).code };
    // SAFETY: an instruction of the running frame's code, which the compiled data belongs to.
    let lasti = unsafe { pc.offset_from(code.ins) as usize };
    let depth = unsafe { (&(*code.data).depths)[lasti] as usize };
    let loaded = rec.loaded();
    for k in 0..depth {
        let r = rec.reg(k);
        if loaded.get(k) != Some(&r) {
            set(m, regs, register(k), r);
        }
    }
    set_int(m, gr, LASTI, lasti as u64);
    set_int(m, gr, DEPTH, depth as u64);
    if rec.top_real() {
        set(m, gr, HANDLED, null(m));
    }
    set_int(m, gr, STATE, SUSPENDED);
    // SAFETY: the running generator's own frame.
    unsafe {
        run::put_away(pc, (*fp).regs, fp, g);
        // Set when it was resumed in the recording's own run; in a trace only what is written to memory has it.
        g.outer.init(None);
        th.m.barrier_all(g.regs.gc().obj());
    }
}

fn returned(m: RecMachine, i: Ins) -> Option<*const Ins> {
    let rec = m.rec();
    let regs = if rec.frames.len() < 2 { Some(leaves_root(m)?) } else { None };
    let (th, fp) = (m.i.th, m.i.fp);
    let g: Gc<Generator> = unsafe { (*fp).extra.gc() };
    let gr = rec.frame_extra();
    nothing_handled(m, gr)?;
    if unsafe { (*fp).flags } == NEXT_FLAGS {
        // StopIteration is raised by the whole operation.
        return None;
    }
    let v = if i.op() == Bc::ReturnNone { m.constant(NONE()) } else { m.reg(i.a()) };
    // -- effects
    for f in [HANDLED, REGS, CHAIN] {
        set(m, gr, f, null(m));
    }
    set_int(m, gr, STATE, FINISHED);
    if crate::builtins::generator::is_registered(g) {
        let f = Callee { name: "gen_done", addr: gen_done as *const () as usize, effects: Effects::FILLS };
        let t = rec.thread();
        rec.core.call(Op::CallVoid, f, &[t, gr]);
    }
    let caller = unsafe { fp.sub(1) };
    unsafe {
        run::finished(rec.th, g);
        g.outer.init(None);
        let call = (*caller).pc;
        let send = (*fp).flags == SEND_FLAGS;
        th.fp.set(caller);
        popped(rec, regs);
        if send {
            let to = (*call).a();
            *(*caller).regs.add(to) = v.v.bits();
            rec.set_reg(to, v.r);
        }
        let next = call.add(1);
        (*caller).pc = next;
        Some(next)
    }
}

/// The finalizer of a generator that has come to its end has nothing to do.
unsafe extern "C" fn gen_done(th: Th, g: Value) {
    // SAFETY: `returned` records it with a generator.
    run::nothing_to_finalize(th, unsafe { g.cast_unchecked() });
}

/// The generators of the trace's frames that are written to memory now (`Rec::sync`): they run.
pub fn write_out(rec: &mut Rec, g: Ir) {
    let t = rec.thread();
    let h = rec.core.op_imm(Op::RawGet, t, Ir::NONE, offset_of!(Thread, handled) as i64);
    let h = rec.core.op1(Op::Word, h);
    rec.core.effect(Inst { a: g, b: h, imm: OUTER.0 as i64, ..Inst::new(Op::Set) });
    let b = rec.core.int(RUNNING as i64);
    rec.core.effect(Inst { a: g, b, imm: STATE.0 as i64, ..Inst::new(Op::SetInt) });
}

/// `await` of a coroutine that has not begun.
fn awaitable(m: RecMachine, pc: *const Ins, i: Ins) -> Option<*const Ins> {
    let o = m.reg(i.b());
    if !o.v.is_exact(Kind::Coroutine) {
        return None;
    }
    // SAFETY: a coroutine, which was tested.
    let g: Gc<Generator> = unsafe { o.v.cast_unchecked() };
    if g.state.load(Relaxed) != CREATED || !m.shape_is(o, Kind::Coroutine as u32) {
        return None;
    }
    int_is(m, o, STATE, CREATED);
    m.set_reg(i.a(), o);
    // SAFETY: code never ends with this instruction.
    Some(unsafe { pc.add(1) })
}

/// Registers of the largest frame that becomes an object of the trace.
const REGISTERS: usize = 64;

/// The running function's frame becomes a generator object, which the caller gets: virtual until somebody else sees it.
fn make(mut m: RecMachine) -> Option<*const Ins> {
    let rec = m.rec();
    let (th, fp) = (m.i.th, m.i.fp);
    let code = unsafe { (*fp).code };
    let n = (code.nregs as usize + 1) & !1;
    if rec.frames.len() < 2 || n > REGISTERS {
        return None;
    }
    let kind = run::kind_of(code);
    if kind == Kind::Coroutine {
        // `sys.set_coroutine_origin_tracking_depth`
        let slot = ThreadSlot::CoroutineOrigin as usize;
        if th.slots[slot].get().is_some() {
            return None;
        }
        let t = rec.thread();
        let at = offset_of!(Thread, slots) + slot * size_of::<Slot>();
        let x = rec.core.op_imm(Op::RawGet, t, Ir::NONE, at as i64);
        let zero = rec.core.int(0);
        is(m, x, zero, true);
    }
    let g = run::make_object(th, kind).ok()?;
    let depth = g.depth.load(Relaxed) as usize;
    let new = |kind: Kind, size: usize, how: i64| {
        let what = (kind as i64) << 56 | (size as i64) << 32 | kind as i64 | how;
        m.rec().core.op_imm(Op::New, Ir::NONE, Ir::NONE, what)
    };
    let put = |o: Ir, f: Field, v: Ir| {
        m.rec().core.trace.push(Inst { a: o, b: v, imm: f.0 as i64, ..Inst::new(Op::SetNew) });
    };
    let int = |n: u64| m.rec().core.int(n as i64);
    let func = m.rec().frame_func();
    let name = get(m, func, field(offset_of!(Function, name)));
    let qualname = get(m, func, field(offset_of!(Function, qualname)));
    let regs = new(Kind::GenRegs, size_of::<Array>() + 8 * n, 0);
    put(regs, field(offset_of!(Array, cap)), int(n as u64));
    for k in 0..depth {
        let r = m.rec().reg(k);
        put(regs, register(k), r);
    }
    let how = if crate::builtins::generator::is_registered(g) { NEW_BY_HELPER } else { 0 };
    let o = new(kind, (size_of::<Generator>() + 7) & !7, how);
    let c = m.rec().konst(code.value());
    for (f, v) in [
        (field(offset_of!(Generator, func)), func),
        (CODE, c),
        (REGS, regs),
        (field(offset_of!(Generator, name)), name),
        (field(offset_of!(Generator, qualname)), qualname),
        (STATE, int(CREATED)),
        (LASTI, int(g.lasti.load(Relaxed))),
        (DEPTH, int(depth as u64)),
        (field(offset_of!(Generator, aflags)), int(0)),
    ] {
        put(o, f, v);
    }
    let next = m.leave(T { v: g.value(), r: o })?;
    th.fp.set(m.i.fp);
    unsafe { (*m.i.fp).pc = next.ptr() };
    if how != 0 {
        // Abandoned, it has something to finalize: the trace may not do without it.
        let rec = m.rec();
        let t = rec.thread();
        rec.core.effect(Inst { a: t, b: o, imm: offset_of!(Thread, made) as i64, ..Inst::new(Op::RawSet) });
    }
    Some(next.ptr())
}
