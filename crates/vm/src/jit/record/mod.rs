//! Recording: runs the interpreter's instructions one by one on the recording machine, from a loop's header or an exit
//! to where the trace closes; keeps the symbolic state of frames and registers.
//!
//! | file | what |
//! |---|---|
//! | `mod` | the state ([`Rec`]), constants and registers, the loop over instructions |
//! | `begin` | where recording begins: loops, functions, places where ways meet; what comes of a recording |
//! | `bridge` | recording from an exit |
//! | `frames` | the frames of a recording; calls that enter them, calls of another function's machine code |
//! | `memory` | snapshots, guards, bringing the state in memory up to date |
//! | `ends` | backward jumps and returns: where a trace ends |
//! | `whole` | operations carried out as a whole |
//! | `compile` | from the complete recording to machine code |
//!
//! # Invariants
//! - The program really runs while it is recorded: before each instruction the published frame, its `pc` and the registers
//!   in memory are what the interpreter would have; giving up needs nothing undone.
//! - `frames` mirrors the frames from `root_fp` to `Thread::fp`; `sym` says what the *trace* knows of a register, the
//!   value itself is in memory. A register that is not `touched` is as it was at the trace's entry.
//! - What the trace names as a constant is pinned and in `keep`, until the root code owns it.

mod begin;
mod bridge;
mod compile;
mod ends;
mod frames;
mod memory;
mod whole;

pub use begin::{record_function, record_join, record_loop};
pub use bridge::record_bridge;
pub(super) use compile::PyObjects;

use super::function::{self, CallNote};
use super::helpers::{self, Expect};
use super::machine::{Recorder as RecMachine, T};
use super::{Jit, LoopState, RECORDING, Tree, sight, tree_of, watch};
use crate::err::{R, Raised};
use crate::interp::machine::{Interp, Pc};
use crate::interp::{Ctl, record_fast, run_slow, unwind};
use crate::object::*;
use crate::thread::{Cont, Frame, Th, Thread, fflags};
use crate::value::*;
use adder_bytecode::{Ins, Op as Bc, Operand};
use adder_heap::RootedVec;
use adder_metatrace::backend::{Exit, Target};
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::*;
use adder_metatrace::opt::{Objects, peel};
use adder_metatrace::params::Param;
use adder_metatrace::recorder::Recorder;
use adder_metatrace::{Effects, Machine, log, text, verify};
use std::mem::offset_of;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::*;

/// A frame of the recording, as the trace sees it.
pub struct RFrame {
    pub base: u32,
    pub code: Gc<Code>,
    pub func: R_,
    pub extra: Option<R_>,
    pub flags: u64,
    /// Of the frames below the innermost: their call.
    pub pc: *const Ins,
    /// The frame record is in memory, its pc being this (null: unknown).
    pub real: bool,
    mem_pc: *const Ins,
    /// Instructions of the trace when it was pushed.
    began: usize,
    /// Of a generator: its registers as they were read when it was resumed.
    loaded: Vec<R_>,
    /// Of a generator: passages of loops in it before it was resumed.
    inner: usize,
}
pub(super) type R_ = adder_metatrace::ir::R;

pub struct Rec {
    pub core: Recorder,
    pub th: Th,
    pub tree: &'static Tree,
    pub frames: Vec<RFrame>,
    pub(super) root_fp: *mut Frame,
    root_regs: *mut u64,
    /// Operand of each register of the root frame and above; None: as in memory.
    sym: Vec<Option<R_>>,
    /// Registers that may differ from memory at the trace's entry.
    touched: Vec<bool>,
    /// `Thread::fp` is this many frames above the root; None: unknown.
    mem_fp: Option<usize>,
    /// Instruction being recorded.
    pub pc: *const Ins,
    keep: RootedVec,
    pub(super) entry: Option<*const Ins>,
    inner: usize,
    /// Times that the root frame was left for its caller.
    pub(super) left: usize,
    /// Where the interpreter goes on after a complete recording. Until everything is done the backward jump stays the
    /// published instruction: compiling allocates.
    resume: *const Ins,
    /// The exit of a bridge.
    pub from: Option<&'static Exit>,
    /// Where instructions come from is noted.
    pub detailed: bool,
    /// The code whose registers the trace's first instructions name.
    pub names: Option<Gc<Code>>,
    /// First instruction.
    start: *const Ins,
    /// The running instruction is a call that does not become part of the trace.
    too_deep: bool,
    /// What the trace gains and loses against the interpreter ([`Param::WholeCost`]).
    gain: usize,
    loss: usize,
    /// The loop that a bridge may jump back into.
    home: Option<&'static Target>,
    /// It ends where ways meet.
    merging: bool,
    /// The exit was taken because a number is small, or is not.
    asked_fix: bool,
    /// A call has ended the recording.
    ended: Option<Done>,
    /// The call that took most of the trace: its code, its instructions.
    largest: (Option<Gc<Code>>, usize),
}

enum Done {
    /// The loop is closed.
    Loop,
    Link,
    /// Back into the loop that the bridge grew from.
    Jump,
    /// With the return of the root frame.
    Return,
    /// Given up; the interpreter goes on with this answer.
    Abort(R<Ctl>),
}

struct Busy;
impl Busy {
    fn new() -> Busy {
        RECORDING.with(|r| r.set(true));
        Busy
    }
}
impl Drop for Busy {
    fn drop(&mut self) {
        RECORDING.with(|r| r.set(false));
    }
}

impl RFrame {
    fn root(fp: *mut Frame) -> RFrame {
        // SAFETY: a frame of the thread that records.
        let f = unsafe { &*fp };
        RFrame { pc: f.pc, ..RFrame::in_memory(f, 0, 0) }
    }
    /// A frame whose record is in memory already; `base`: its first register, counted from the root's.
    fn in_memory(f: &Frame, base: u32, began: usize) -> RFrame {
        RFrame {
            base,
            code: f.code,
            func: R_::NONE,
            extra: None,
            flags: f.flags,
            pc: std::ptr::null(),
            real: true,
            mem_pc: std::ptr::null(),
            began,
            loaded: Vec::new(),
            inner: 0,
        }
    }
}

impl Rec {
    fn new(th: Th, tree: &'static Tree, root: *mut Frame) -> Rec {
        Rec {
            core: {
                let mut core = Recorder::new(Param::TraceLimit.size());
                core.trace.shared = th.multi();
                core
            },
            th,
            tree,
            frames: Vec::new(),
            root_fp: root,
            root_regs: unsafe { (*root).regs },
            sym: Vec::new(),
            touched: Vec::new(),
            mem_fp: None,
            pc: std::ptr::null(),
            keep: RootedVec::new(unsafe { &th.0.as_ref().m }),
            entry: None,
            inner: 0,
            left: 0,
            resume: std::ptr::null(),
            from: None,
            detailed: adder_metatrace::sight::detailed(),
            names: None,
            start: std::ptr::null(),
            too_deep: false,
            gain: 0,
            loss: 0,
            home: None,
            merging: false,
            asked_fix: false,
            ended: None,
            largest: (None, 0),
        }
    }
    fn weigh(&mut self, f: &RFrame) {
        let size = self.core.trace.insts.len() - f.began;
        if size > self.largest.1 {
            self.largest = (Some(f.code), size);
        }
    }

    // -- constants

    /// A constant word; objects are pinned and kept alive.
    pub fn konst(&mut self, v: Value) -> R_ {
        self.keep_alive(v);
        self.core.word(v.bits())
    }
    pub(super) fn keep_alive(&mut self, v: Value) {
        if let Some(o) = v.obj()
            && !self.keep.as_slice().contains(&v.bits())
        {
            self.th.m.pin(o);
            self.keep.push(v.bits());
        }
    }

    // -- integers

    /// Whether the running instruction is recorded for integers of any size: those that meet a large one now, and those
    /// that were seen to meet both. A trace that is made for one kind is left often where they are mixed, as are all that
    /// begin there: with a few such instructions in a loop there would be a way for each of the possible sequences.
    pub(super) fn mixes(&mut self, large: bool) -> bool {
        let now = if large { super::MET_LARGE } else { 0 };
        self.met(self.pc, now) == super::MET_LARGE | super::MET_OTHER || large
    }
    /// Notes what an instruction of the innermost frame has met; answers all that it did.
    pub(super) fn met(&self, pc: *const Ins, now: u8) -> u8 {
        let code = self.frames.last().unwrap().code;
        if now == 0 && code.jit.load(Acquire).is_null() {
            return 0;
        }
        let mut all = super::loops_of(code).ints.lock().unwrap_or_else(|e| e.into_inner());
        match all.iter_mut().find(|x| x.0 == pc as usize) {
            Some(x) => {
                x.1 |= now;
                x.1
            }
            None => {
                if now != 0 {
                    all.push((pc as usize, now));
                }
                now
            }
        }
    }

    // -- registers

    fn base(&self) -> usize {
        self.frames.last().unwrap().base as usize
    }
    fn grow(&mut self, slot: usize) {
        if self.sym.len() <= slot {
            self.sym.resize(slot + 1, None);
            self.touched.resize(slot + 1, false);
        }
    }
    /// Operand of register `i` of the running frame.
    pub fn reg(&mut self, i: usize) -> R_ {
        let slot = self.base() + i;
        self.grow(slot);
        if let Some(r) = self.sym[slot] {
            return r;
        }
        let entry = !self.touched[slot] && self.frames.len() == 1 && self.left == 0;
        let op = if entry { Op::Entry } else { Op::LoadReg };
        let r = self.core.op_imm(op, R_::NONE, R_::NONE, slot as i64);
        self.sym[slot] = Some(r);
        if !entry {
            self.touched[slot] = true;
        }
        r
    }
    pub fn set_reg(&mut self, i: usize, r: R_) {
        let slot = self.base() + i;
        self.grow(slot);
        self.sym[slot] = Some(r);
        self.touched[slot] = true;
    }

    // -- running

    /// Records from `pc` of the innermost frame on. The interpreter's state is published when it returns.
    fn run(&mut self, start: *const Ins) -> Done {
        let th = self.th;
        self.start = start;
        let mut pc = start;
        loop {
            let i = unsafe { *pc };
            self.pc = pc;
            self.too_deep = false;
            self.core.resume_point();
            sight::place(self, pc);
            if i.op_byte() as usize >= Bc::COUNT {
                self.core.give_up(Counter::AbortOp, "code that is observed");
            }
            if self.from.is_some() && self.tree.young.load(Relaxed) {
                self.core.give_up(Counter::AbortInvalid, bridge::YOUNG);
            }
            if self.core.abort.is_some() {
                return self.stop(pc);
            }
            if i.op() == Bc::JumpBack {
                match self.jump_back(pc, i) {
                    Some(done) => return done,
                    None => {
                        pc = unsafe { pc.offset(1 + i.imm() as isize) };
                        continue;
                    }
                }
            }
            if self.merging
                && pc != start
                && let Some(done) = self.meet(pc)
            {
                return done;
            }
            if matches!(i.op(), Bc::Return | Bc::ReturnNone) && self.frames.len() == 1 && self.entry.is_none()
            {
                if self.must_end() {
                    return self.end_at_return(i);
                }
                if let Some(next) = self.leave_root(i) {
                    pc = next;
                    continue;
                }
            }
            let fp = th.fp.get();
            let mut m = RecMachine { s: self, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
            // The frame is published for operations that allocate or look at it.
            unsafe { (*fp).pc = pc };
            if let Some(next) = super::generators::record(m.rec(), pc, i) {
                self.gain += 2;
                pc = next;
                continue;
            }
            if self.core.abort.is_some() {
                return self.stop(pc);
            }
            let done = match super::enter::operator(&mut m, Pc::from_ptr(pc), i) {
                Some(next) => Some(Ok(next)),
                None if m.rec().core.abort.is_some() => None,
                None => record_fast(&mut m, Pc::from_ptr(pc), i),
            };
            match done {
                Some(Ok(next)) => {
                    m.rec().gain += 1;
                    th.fp.set(m.i.fp);
                    pc = next.ptr();
                    unsafe { (*m.i.fp).pc = pc };
                    continue;
                }
                Some(Err(Raised)) | None => {}
            }
            if self.core.abort.is_some() {
                return self.stop(pc);
            }
            let fp = th.fp.get();
            let m = RecMachine { s: self, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
            let mut b = m;
            let drained = matches!(i.op(), Bc::Call | Bc::CallMethod)
                .then(|| b.enter_drain(Pc::from_ptr(pc), i))
                .flatten();
            if let Some(next) = drained.or_else(|| super::enter::call(&mut b, Pc::from_ptr(pc), i)) {
                if let Some(done) = b.rec().ended.take() {
                    return done;
                }
                th.fp.set(b.i.fp);
                pc = next.ptr();
                unsafe { (*b.i.fp).pc = pc };
                self.gain += 1;
                continue;
            }
            if self.core.abort.is_some() {
                return self.stop(pc);
            }
            let over = match super::inline::record(m, i) {
                Some(()) => Some(0),
                None => super::inline::tuples(m, i).or_else(|| super::quiet::record(m, i)),
            };
            if let Some(over) = over {
                // Calls where the interpreter calls as well gain nothing.
                let even =
                    matches!(i.op(), Bc::PushExc | Bc::PopExc | Bc::JNotExc | Bc::DictUpdate | Bc::DictMerge);
                self.gain += if even { 0 } else { 2 };
                pc = unsafe { pc.offset(1 + over) };
                unsafe { (*fp).pc = pc };
                continue;
            }
            if self.core.abort.is_some() {
                return self.stop(pc);
            }
            // Nothing of it was an error of the program.
            th.exc.init(None);
            // The frame of `whole` lives while the operation runs; what handlers left on the stack must not be in it.
            super::scrub();
            match self.whole(pc, i) {
                Ok(next) => pc = next,
                Err(done) => return done,
            }
        }
    }
}
