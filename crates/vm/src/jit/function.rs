//! Traces that begin where a function does, for what is hot without a loop: recursion, functions called by native code or
//! from loops that are not compiled.
//!
//! # How calls get there
//! Calls are counted as backward jumps are (`Code::calls`). A call that is to be recorded, or has compiled code, does not
//! begin with the function's first instruction but with a *note* ([`ENTER`]), an instruction of no code object: its slow
//! function does that. `Code::start` is where calls begin.
//!
//! The trace ends before the function's `Return`, which the interpreter carries out: it knows what becomes of the result.
//!
//! # Invariants
//! - A note is never the published instruction while anything but its slow function runs.
//! - Trees of functions have the number of loops for their counter.

use super::helpers::objects_or_written;
use super::state::Held;
use super::{RECORDING, Tree, Work, counter, excluded, loops_of, record, tree_of};
use crate::err::R;
use crate::interp::events::closely;
use crate::interp::{Ctl, go_on};
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Ins};
use adder_metatrace::backend::{Exit, RETURNED};
use adder_metatrace::counters::Counter;
use adder_metatrace::params::Param;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// The op byte of a note.
pub const ENTER: u8 = 254;

pub(super) fn note() -> Ins {
    Ins(ENTER as u64)
}

/// First value of a function's counter.
pub fn start_count(flags: CodeFlags) -> u32 {
    let other = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    if super::available() && flags.has(CodeFlags::OPTIMIZED) && !flags.has(other) {
        Param::FunctionThreshold.get()
    } else {
        u32::MAX
    }
}

/// The counter of a function whose code is short: only native code calls it. Should it become invalid, it is recorded again.
pub(super) fn later() -> u32 {
    Param::FunctionThreshold.get().saturating_mul(16)
}

/// A frame was pushed the slow way; its pc is before its first instruction. Counts the call; where machine code is
/// concerned, the frame begins with the note.
#[inline(always)]
pub fn called(th: Th) {
    let fp = th.fp.get();
    // SAFETY: the frame just pushed.
    let code = unsafe { (*fp).code };
    // Not every call comes here because the ticks have run down. One that always takes them would hide the backward jump
    // that comes next from the count for ever.
    let passes = th.ticks.get() == 0 && (code.simple_args == u32::MAX || super::jitter(th) & 1 != 0);
    let n = if passes { 1 } else { super::ticks(th).unwrap_or(1) };
    super::count(&code.calls, n);
    let start = code.start.load(Relaxed) as *const Ins;
    if start != code.ins {
        unsafe { (*fp).pc = start.wrapping_sub(1) };
    } else if code.calls.load(Relaxed) == 0 && super::enabled() {
        begin_with_note(th);
    }
}
#[cold]
fn begin_with_note(th: Th) {
    let fp = th.fp.get();
    unsafe { (*fp).pc = (&raw const loops_of((*fp).code).note).wrapping_sub(1) };
}

/// Header flag of code objects: traces of others do not go into it.
const APART: u8 = flags::K2;

/// The trace of somebody who calls it was too long because of it: it is to have its own, soon.
pub(super) fn set_apart(code: Gc<Code>) {
    code.set_flag(APART);
    let n = code.calls.load(Relaxed);
    if n != u32::MAX {
        code.calls.store(n.min(SOON), Relaxed);
    }
}
const SOON: u32 = 20;

/// Whether calls go to its own machine code, not being part of other traces.
pub(super) fn is_apart(code: Gc<Code>, bridge: bool) -> bool {
    if code.flag(APART) {
        return true;
    }
    let limit = if bridge { Param::InlineBridge } else { Param::InlineLimit };
    tree_of(code, code.nloops as usize, code.ins).is_some_and(|t| t.size.load(Relaxed) > limit.get())
}

/// The slow function of a note: enters the function's machine code, or records.
pub fn enter(th: Th, _: Ins) -> R<Ctl> {
    super::scrub_frames();
    enter_or_record(th)
}
/// This frame lives as long as the function's machine code runs.
#[inline(never)]
fn enter_or_record(th: Th) -> R<Ctl> {
    let fp = th.fp.get();
    // SAFETY: the running frame.
    let code = unsafe { (*fp).code };
    at_first(fp);
    let Some(jit) = super::get() else { return Ok(Ctl::Next) };
    let n = code.nloops as usize;
    if !super::enabled() || held(fp) || th.wanted() || super::reports(th, code) {
        return Ok(Ctl::Next);
    }
    if let Some(t) = tree_of(code, n, code.ins) {
        if std::ptr::eq(code.start.load(Relaxed), code.ins) {
            code.calls.store(later(), Relaxed);
        }
        let here = 0u8;
        if (&raw const here as usize) < th.jit_stack {
            return Ok(Ctl::Next);
        }
        // What the collector finds while machine code runs.
        unsafe { (*fp).pc = code.ins };
        if let Some(c) = super::enter(th, jit, t)? {
            return Ok(c);
        }
        at_first(fp);
        return Ok(Ctl::Next);
    }
    // The tree has become invalid, or there was none.
    code.start.store(code.ins as *mut Ins, Release);
    let count = counter(code, n);
    if count.load(Relaxed) == u32::MAX {
        return Ok(Ctl::Next);
    }
    count.store(Param::FunctionThreshold.get(), Relaxed);
    let state = &loops_of(code).loops[n];
    if excluded(code) || state.aborts.load(Relaxed) >= Param::MaxAborts.get() {
        Counter::Blacklisted.inc();
        count.store(u32::MAX, Relaxed);
        return Ok(Ctl::Next);
    }
    if state.wait_for_next(count, Param::FunctionThreshold.get()) {
        return Ok(Ctl::Next);
    }
    if RECORDING.with(|r| r.get()) || !super::has_room(th, fp) {
        return Ok(Ctl::Next);
    }
    if state.short.passes(fp) {
        count.store(1, Relaxed);
        return Ok(Ctl::Next);
    }
    let Some(_work) = Work::begin(th, &state.hot) else {
        count.store(Param::FunctionThreshold.get() / super::budget::AGAIN + 1, Relaxed);
        return Ok(Ctl::Next);
    };
    super::scrub();
    record::record_function(th, jit, code, state)
}

/// Where a recursion ends its functions are short: a recording that met such a call is tried again further out.
#[derive(Default)]
pub(super) struct Short {
    /// The frame's address; 0: none.
    at: AtomicUsize,
    /// Calls that it may still let pass.
    passes: AtomicU32,
}
const PASSES: u32 = 24;
impl Short {
    /// A recording of the function whose frame this is was too short.
    pub fn note(&self, fp: *mut Frame) {
        self.at.store(fp as usize, Relaxed);
        self.passes.store(PASSES, Relaxed);
    }
    /// Whether a call is not to be recorded, since it is as deep as the one that was short.
    fn passes(&self, fp: *mut Frame) -> bool {
        let n = self.passes.load(Relaxed);
        let passes = n > 0 && fp as usize >= self.at.load(Relaxed);
        if passes {
            self.passes.store(n - 1, Relaxed);
        }
        passes
    }
}

/// Whoever was told of the frame's start may have taken a frame object: a function's machine code leaves its frame without
/// a look at that.
fn held(fp: *mut Frame) -> bool {
    // SAFETY: the frame just pushed.
    unsafe { (*fp).flags & fflags::OBJECT != 0 }
}

/// A frame that begins with the note begins with its first instruction instead: recordings and machine code go on there.
pub(super) fn skip_note(fp: *mut Frame) {
    // SAFETY: a published frame between two operations.
    if unsafe { (*(*fp).pc.wrapping_add(1)).op_byte() } == ENTER {
        at_first(fp);
    }
}
/// The frame goes on with its first instruction.
fn at_first(fp: *mut Frame) {
    // SAFETY: a frame of the thread.
    unsafe {
        let code = (*fp).code;
        (*fp).pc = code.ins.wrapping_sub(1);
    }
}

/// What a call from machine code needs to know.
pub(super) struct CallNote {
    /// Holds the callee's code.
    pub cell: &'static AtomicU64,
    /// The caller's.
    pub tree: &'static Tree,
    /// Frames that may have a Python frame object, as in `helpers::Expect`.
    pub objects: u64,
    /// The caller's register for the result.
    pub result: usize,
}

/// A call from machine code: the callee's frame is in memory, its caller published. The result; null: everything is in
/// memory for the interpreter to go on, or an exception is pending.
pub(super) unsafe extern "C" fn call(th: Th, e: *const CallNote, fp: *mut Frame, root: *mut Frame) -> u64 {
    // SAFETY: notes are never freed while a trace has them; frames of the thread.
    unsafe {
        let e = &*e;
        let here = 0u8;
        if fp.add(super::FRAME_ROOM) >= th.frame_limit.get()
            || (*fp).regs.add(super::REG_ROOM) >= th.regs_end.get()
            || (&raw const here as usize) < th.jit_stack
            || th.wanted()
        {
            // An ordinary call, which the interpreter carries out.
            return in_interpreter(th, fp);
        }
        th.fp.set(fp);
        let Some(mut s) = Held::new(th) else { return in_interpreter(th, fp) };
        let Some(jit) = super::get() else { return in_interpreter(th, fp) };
        let code = e.cell.load(Acquire);
        let out = if code == jit.none { None } else { Some(super::run(th, jit, code, fp, &mut s)) };
        let returned = out.is_some_and(|o| std::ptr::eq(o, RETURNED)) && s.fp == fp as u64;
        let v = if returned {
            Value::from_bits(s.gpr[0])
        } else {
            match call_more(th, jit, s, out, fp) {
                Some(v) => v,
                None => return 0,
            }
        };
        th.fp.set(fp.sub(1));
        if !e.tree.valid.load(Acquire) || closely(th) || objects_or_written(root, fp) & !e.objects != 0 {
            *(*fp.sub(1)).regs.add(e.result) = v.bits();
            return 0;
        }
        v.bits()
    }
}
/// The rest of a call whose machine code was left elsewhere than at its return, or which has none.
#[inline(never)]
fn call_more(
    th: Th,
    jit: &'static super::Jit,
    s: Held,
    out: Option<&'static Exit>,
    fp: *mut Frame,
) -> Option<Value> {
    // As after an operation that was carried out as a whole, all frames are in memory.
    let here = 0u8;
    let base = th.native_base.replace(&raw const here as usize);
    let r = catch_unwind(AssertUnwindSafe(|| {
        let r = match out {
            None => {
                at_first(fp);
                called(th);
                Ok(Ctl::Next)
            }
            Some(out) => left(th, jit, s, out),
        };
        go_on(th, r)
    }));
    th.native_base.set(base);
    match r {
        Ok(r) => r.ok(),
        Err(panic) => {
            let _ = crate::interp::internal_error(th, unsafe { fp.sub(1) }, &*panic);
            None
        }
    }
}
fn left(th: Th, jit: &'static super::Jit, s: Held, out: &'static Exit) -> R<Ctl> {
    if std::ptr::eq(out, RETURNED) {
        super::exit::returned(th, &s)
    } else {
        super::exit::leave(th, jit, s, out)
    }
}

/// A call from native code, whose frame was just pushed: runs the function's machine code. None: it has none.
pub fn run(th: Th) -> Option<R<Value>> {
    let fp = th.fp.get();
    // SAFETY: the frame just pushed.
    let code = unsafe { (*fp).code };
    let l = unsafe { code.jit.load(Acquire).as_ref() }?;
    let entry = l.loops[code.nloops as usize].cell.load(Acquire);
    let jit = super::get()?;
    let here = 0u8;
    if entry == jit.none
        || !super::enabled()
        || held(fp)
        || th.wanted()
        || (&raw const here as usize) < th.jit_stack
        || !super::has_room(th, fp)
    {
        return None;
    }
    let mut s = Held::new(th)?;
    unsafe { (*fp).pc = code.ins };
    let out = super::run(th, jit, entry, fp, &mut s);
    if std::ptr::eq(out, RETURNED) && s.fp == fp as u64 {
        th.fp.set(unsafe { fp.sub(1) });
        // SAFETY: the result, a word that the trace has put there.
        return Some(Ok(unsafe { Value::from_bits(s.gpr[0]) }));
    }
    let r = left(th, jit, s, out);
    Some(go_on(th, r))
}

#[cold]
fn in_interpreter(th: Th, fp: *mut Frame) -> u64 {
    unsafe { (*fp).flags = 0 };
    at_first(fp);
    th.fp.set(fp);
    0
}

/// The function's tree is ready.
pub(super) fn install(code: Gc<Code>) {
    code.start.store(&raw const loops_of(code).note as *mut Ins, Release);
}
