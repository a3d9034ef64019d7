//! Recording: runs the interpreter's instructions one by one on the recording machine, from a loop's header or an exit
//! to where the trace closes; keeps the symbolic state of frames and registers.
//!
//! Operations that the handlers leave to the runtime are recorded *as a whole*: the state is written to memory, the slow
//! function of the operation is called (`helpers::op`), and what it wrote is read back. So every operation can be
//! part of a trace, and what it does is what the interpreter does.

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

fn fcode(f: *mut Frame) -> Gc<Code> {
    // SAFETY: a frame of the thread.
    unsafe { (*f).code }
}

/// What leaving machine code for the interpreter costs, in operations that a trace gains.
const EXIT_COST: usize = 40;
/// What a call of another function's machine code gains.
const CALL_GAIN: usize = 2;

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
type R_ = adder_metatrace::ir::R;

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
    /// A call has ended the recording.
    ended: Option<Done>,
    /// The call that took most of the trace: its code, its instructions.
    largest: (Option<Gc<Code>>, usize),
}

/// What the optimiser may know of objects.
pub(super) struct PyObjects;
impl Objects for PyObjects {
    /// Builtin types' shapes are their instances' for good, but for those whose `__class__` can be assigned.
    fn fixed(&self, desc: u32) -> bool {
        match desc < Kind::ALL.len() as u32 {
            true => desc != Kind::Object as u32 && desc != Kind::Module as u32,
            false => {
                let Some(s) = crate::shape::try_shape(desc) else { return false };
                let t = s.type_;
                !t.heap_type() && t.native.numbers.is_some()
            }
        }
    }
    fn container(&self, desc: u32) -> bool {
        if desc >= Kind::ALL.len() as u32 {
            // Instances of classes, which may be derived from list.
            return crate::shape::shape(desc).type_.native.kind != Kind::Object;
        }
        if desc == Kind::Object as u32 || desc == Kind::Module as u32 {
            return false;
        }
        const OTHERS: &[Kind] = &[
            Kind::Tuple,
            Kind::Range,
            Kind::Slice,
            Kind::Function,
            Kind::Method,
            Kind::NativeFunction,
            Kind::MethodDescriptor,
            Kind::Cell,
            Kind::RangeIter,
            Kind::ListIter,
            Kind::TupleIter,
            Kind::StrIter,
            Kind::StrAsciiIter,
            Kind::BytesIter,
            Kind::Generator,
            Kind::Coroutine,
            Kind::AsyncGenerator,
            Kind::GenRegs,
        ];
        !OTHERS.iter().any(|k| *k as u32 == desc)
    }
    fn private(&self, desc: u32) -> bool {
        desc < Kind::ALL.len() as u32
            && desc != Kind::Cell as u32
            && !self.container(desc)
            && self.fixed(desc)
    }
    fn is_float(&self, desc: u32) -> bool {
        desc == Kind::Float as u32
    }
    fn desc_of(&self, w: u64) -> u32 {
        match Value::from_word(w) {
            Some(v) if v.is_obj() => crate::shape::in_trace(v.shape_id()) as u32,
            _ => 0,
        }
    }
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

impl Tree {
    fn new(
        th: Th,
        jit: &'static Jit,
        code: Gc<Code>,
        header: *const Ins,
        counter: usize,
        state: &LoopState,
    ) -> &'static mut Tree {
        Box::leak(Box::new(Tree {
            valid: true.into(),
            entry: (jit.backend.bail() as u64).into(),
            cell: state.cell,
            code: code.value().bits(),
            header,
            name: name_of(th, code, header),
            counter,
            bridges: 0.into(),
            size: 0.into(),
            join: false,
            version: std::ptr::null(),
            ends: (counter == code.nloops as usize) as usize,
            entries: 0.into(),
            dead: 0.into(),
            cycles: 0.into(),
        }))
    }
}

impl Tree {
    /// Its code is ready: entries and links go there from now on.
    fn install(&'static self, entry: usize, state: &LoopState) {
        self.entry.store(entry as u64, Release);
        self.cell.store(entry as u64, Release);
        state.tree.store(self as *const Tree as *mut Tree, Release);
    }
}

fn name_of(th: Th, code: Gc<Code>, at: *const Ins) -> String {
    let n = unsafe { at.offset_from(code.ins) } as usize;
    format!("{}:{} {}", th.text(code.filename.value()), code.line_at(n), th.text(code.qualname.value()))
}

/// Records the loop whose backward jump is the published instruction. The answer is that of the slow operation.
pub fn record_loop(
    th: Th,
    jit: &'static Jit,
    i: Ins,
    header: *const Ins,
    state: &'static LoopState,
) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    let code = unsafe { (*fp).code };
    let tree: &'static Tree = Tree::new(th, jit, code, header, i.a(), state);
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.entry = Some(header);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    // The jump itself is done.
    let done = rec.run(header);
    match done {
        Done::Abort(r) => {
            rec.report_abort();
            watch::invalidate(tree);
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            let n = state.aborts.fetch_add(!chance as u32, Relaxed) + !chance as u32;
            // Back-off.
            let c = super::counter(code, i.a());
            c.store(Param::Threshold.get().saturating_mul(2 << n.min(12)), Relaxed);
            r
        }
        done => {
            let compiled = rec.compile(jit, None, matches!(done, Done::Loop));
            rec.go_on();
            match compiled {
                Ok(entry) if tree.valid.load(Acquire) => {
                    Counter::LoopsCompiled.inc();
                    tree.install(entry, state);
                    super::counter(code, i.a()).store(0, Relaxed);
                }
                other => rec.failed(other.err(), state),
            }
            Ok(Ctl::Next)
        }
    }
}

/// Records the function whose frame was just pushed. The answer is that of the slow operation.
pub fn record_function(th: Th, jit: &'static Jit, code: Gc<Code>, state: &'static LoopState) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    let tree: &'static Tree = Tree::new(th, jit, code, code.ins, code.nloops as usize, state);
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    let count = &code.calls;
    // Entering machine code costs native code and other machine code less than the interpreter.
    let native = unsafe { (*fp).flags } & fflags::ENTRY != 0;
    match rec.run(code.ins) {
        Done::Abort(r) => {
            rec.report_abort();
            watch::invalidate(tree);
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            let n = state.aborts.fetch_add(!chance as u32, Relaxed) + !chance as u32;
            count.store(Param::FunctionThreshold.get().saturating_mul(2 << n.min(12)), Relaxed);
            r
        }
        _ if rec.gain < Param::FunctionMin.size() && !super::eager() && !native => {
            // Who calls it makes it part of his trace. Another time the way may be longer.
            rec.core.give_up(Counter::AbortShort, "a short function");
            rec.go_on();
            rec.report_abort();
            watch::invalidate(tree);
            state.aborts.fetch_add(1, Relaxed);
            count.store(7, Relaxed);
            Ok(Ctl::Next)
        }
        _ => {
            let compiled = rec.compile(jit, None, false);
            rec.go_on();
            match compiled {
                Ok(entry) if tree.valid.load(Acquire) => {
                    Counter::FunctionsCompiled.inc();
                    tree.size.store(rec.core.trace.insts.len() as u32, Relaxed);
                    tree.install(entry, state);
                    if rec.gain >= Param::FunctionMin.size() || super::eager() {
                        function::install(code);
                    } else {
                        count.store(function::later(), Relaxed);
                    }
                }
                other => rec.failed(other.err(), state),
            }
            Ok(Ctl::Next)
        }
    }
}

/// Records from an instruction of the published frame where ways meet. The answer is that of the slow operation.
pub fn record_join(
    th: Th,
    jit: &'static Jit,
    code: Gc<Code>,
    pc: *const Ins,
    state: &'static LoopState,
) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    // Another version of a loop, unless that does not work out.
    let i = unsafe { *pc };
    let version = state.version.load(Relaxed)
        && state.aborts.load(Relaxed) < Param::MaxAborts.get() / 2
        && i.op_byte() == Bc::JumpBack as u8;
    let tree = Tree::new(th, jit, code, pc, usize::MAX, state);
    tree.join = !version;
    tree.ends = state.ends.load(Relaxed);
    if version {
        tree.version = unsafe { pc.offset(1 + i.imm() as isize) };
    }
    let tree: &'static Tree = tree;
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.entry = version.then_some(tree.version);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    let done = rec.run(if version { tree.version } else { pc });
    if let Done::Abort(r) = done {
        rec.report_abort();
        watch::invalidate(tree);
        let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
        state.aborts.fetch_add(!chance as u32, Relaxed);
        return r;
    }
    let compiled = rec.compile(jit, None, matches!(done, Done::Loop));
    rec.go_on();
    match compiled {
        Ok(entry) if tree.valid.load(Acquire) => {
            Counter::JoinsCompiled.inc();
            tree.install(entry, state);
        }
        other => rec.failed(other.err(), state),
    }
    Ok(Ctl::Next)
}

/// Records a bridge from an exit; the interpreter's state is that of the exit, published.
pub fn record_bridge(th: Th, jit: &'static Jit, e: &'static Exit, root: *mut Frame) -> R<Ctl> {
    let tree = unsafe { &*(e.owner as *const Tree) };
    if RECORDING.with(|r| r.get()) || !tree.valid.load(Acquire) {
        return Ok(Ctl::Next);
    }
    Counter::Bridges.inc();
    tree.bridges.fetch_add(1, Relaxed);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, root);
    rec.from = Some(e);
    rec.merging = tree.join || tree.bridges.load(Relaxed) > Param::MergeAfter.get();
    rec.names = Some(unsafe { (*root).code });
    sight::recording(&rec);
    let at = unsafe { (*th.fp.get()).pc.add(1) };
    if !e.snap.in_memory {
        rec.begin_bridge(e);
    } else if !rec.begin_in_memory(e, at) {
        e.failures.fetch_add(1, Relaxed);
        return Ok(Ctl::Next);
    }
    match rec.run(at) {
        Done::Abort(r) => {
            rec.report_abort();
            // A safepoint is nobody's fault.
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            if !chance && e.failures.fetch_add(1, Relaxed) + 1 >= Param::MaxBridgeFailures.get() {
                Counter::BridgesBlacklisted.inc();
            }
            r
        }
        done => {
            let mut compiled = rec.compile(jit, Some(e), false);
            if compiled.is_err() && matches!(done, Done::Jump) && rec.core.abort.is_none() {
                rec.core.trace.end_slots.clear();
                rec.link(tree.cell, tree.code);
                compiled = rec.compile(jit, Some(e), false);
            }
            rec.go_on();
            match compiled {
                Ok(entry) if tree.valid.load(Acquire) => {
                    Counter::BridgesCompiled.inc();
                    e.attach(entry);
                }
                other => {
                    e.failures.fetch_add(1, Relaxed);
                    rec.core.give_up(
                        Counter::AbortOptimizer,
                        other.err().unwrap_or("an assumption failed meanwhile"),
                    );
                    rec.report_abort();
                }
            }
            Ok(Ctl::Next)
        }
    }
}

impl RFrame {
    fn root(fp: *mut Frame) -> RFrame {
        let f = unsafe { &*fp };
        RFrame {
            base: 0,
            code: f.code,
            func: R_::NONE,
            extra: None,
            flags: f.flags,
            pc: f.pc,
            real: true,
            mem_pc: std::ptr::null(),
            began: 0,
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
            ended: None,
            largest: (None, 0),
        }
    }
    /// What was recorded could not be compiled; None: something it relies on changed meanwhile.
    fn failed(&mut self, why: Option<&'static str>, state: &LoopState) {
        match why {
            Some(why) => self.core.give_up(Counter::AbortOptimizer, why),
            None => self.core.give_up(Counter::AbortInvalid, "an assumption failed meanwhile"),
        }
        self.report_abort();
        watch::invalidate(self.tree);
        state.aborts.fetch_add(1, Relaxed);
    }
    fn go_on(&self) {
        unsafe { (*self.th.fp.get()).pc = self.resume.wrapping_sub(1) };
    }
    fn weigh(&mut self, f: &RFrame) {
        let size = self.core.trace.insts.len() - f.began;
        if size > self.largest.1 {
            self.largest = (Some(f.code), size);
        }
    }
    fn report_abort(&mut self) {
        // The largest part is to be a trace of its own.
        if matches!(self.core.abort, Some((Counter::AbortLength, _))) {
            for f in std::mem::take(&mut self.frames).iter().skip(1) {
                self.weigh(f);
            }
            if let Some(c) = self.largest.0 {
                function::set_apart(c);
            }
        }
        let (c, why) = self.core.abort.unwrap_or((Counter::AbortOp, "unknown"));
        c.inc();
        sight::aborted(self, c, why);
        if log::on() {
            let op = unsafe { self.pc.as_ref() }
                .filter(|i| (i.op_byte() as usize) < Bc::COUNT)
                .map_or("?", |i| i.op().info().name);
            eprintln!("jit: {} given up at {op}: {}: {why}", self.tree.name, c.name());
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

    // -- frames

    /// Whether a call of this code may become part of the trace.
    pub fn may_enter(&mut self, code: Gc<Code>) -> bool {
        self.may_bind(code) && !self.apart(code)
    }
    /// Whether it may be part of the trace or be called by it.
    pub fn may_bind(&mut self, code: Gc<Code>) -> bool {
        if super::excluded(code) {
            self.core.give_up(Counter::AbortExcluded, "excluded by the program");
            return false;
        }
        self.frames.last().unwrap().base as usize + (1 << 12) < super::REG_ROOM
    }
    /// Whether its own machine code is to be called, or the interpreter: notes that.
    pub fn apart(&mut self, code: Gc<Code>) -> bool {
        let same = self.frames.iter().filter(|f| f.code == code).count();
        let deep = self.frames.len() > Param::MaxDepth.size() || same > Param::MaxRecursion.size();
        self.too_deep = deep || function::is_apart(code, self.from.is_some());
        self.too_deep
    }
    /// The running frame makes a call.
    pub fn call_at(&mut self, pc: Pc) {
        self.frames.last_mut().unwrap().pc = pc.ptr();
    }
    pub fn push_frame(
        &mut self,
        base: usize,
        code: Gc<Code>,
        func: R_,
        extra: Option<R_>,
        flags: u64,
        nargs: usize,
    ) {
        self.keep_alive(code.value());
        let base = self.base() + base;
        self.frames.push(RFrame {
            base: base as u32,
            code,
            func,
            extra,
            flags,
            pc: std::ptr::null(),
            real: false,
            mem_pc: std::ptr::null(),
            began: self.core.trace.insts.len(),
            loaded: Vec::new(),
            inner: 0,
        });
        let null = self.core.word(0);
        for i in nargs..code.nlocals as usize {
            self.set_reg(i, null);
        }
    }
    /// The function that the innermost frame runs.
    pub fn frame_func(&mut self) -> R_ {
        let n = self.frames.len() - 1;
        if !self.frames[n].func.is_none() {
            return self.frames[n].func;
        }
        let root = self.base_addr(1);
        let at = n * size_of::<Frame>() + offset_of!(Frame, func);
        let w = self.core.op_imm(Op::RawGet, root, R_::NONE, at as i64);
        let r = self.core.op1(Op::Word, w);
        self.frames[n].func = r;
        r
    }
    /// The innermost frame's `extra`.
    pub fn frame_extra(&mut self) -> R_ {
        let n = self.frames.len() - 1;
        if let Some(e) = self.frames[n].extra {
            return e;
        }
        // A frame that an operation carried out as a whole has pushed: its record is in memory.
        let root = self.base_addr(1);
        let at = n * size_of::<Frame>() + offset_of!(Frame, extra);
        let w = self.core.op_imm(Op::RawGet, root, R_::NONE, at as i64);
        self.core.op1(Op::Word, w)
    }
    pub fn pop_frame(&mut self) {
        let f = self.frames.pop().unwrap();
        self.weigh(&f);
        if f.flags & fflags::GENERATOR != 0 {
            self.inner = self.inner.min(f.inner);
        }
        for s in f.base as usize..self.sym.len() {
            self.sym[s] = None;
        }
    }

    // -- frames of generators

    /// The innermost frame was pushed by resuming a generator, whose registers were these.
    pub fn came_in(&mut self, loaded: Vec<R_>) {
        let inner = self.inner;
        let f = self.frames.last_mut().unwrap();
        (f.loaded, f.inner) = (loaded, inner);
    }
    pub fn loaded(&mut self) -> Vec<R_> {
        std::mem::take(&mut self.frames.last_mut().unwrap().loaded)
    }
    pub fn top_flags(&self) -> u64 {
        self.frames.last().unwrap().flags
    }
    pub fn top_real(&self) -> bool {
        self.frames.last().unwrap().real
    }
    pub fn thread(&mut self) -> R_ {
        self.base_addr(0)
    }
    /// Generators whose frames are not in memory.
    pub fn waiting_generators(&self) -> Vec<R_> {
        let of = |f: &RFrame| f.extra.filter(|_| !f.real && f.flags & fflags::GENERATOR != 0);
        self.frames.iter().filter_map(of).collect()
    }

    // -- snapshots and guards

    fn depth_at(code: Gc<Code>, pc: *const Ins) -> usize {
        unsafe { (&(*code.data).depths)[pc.offset_from(code.ins) as usize] as usize }
    }
    /// Calls `f` with the live registers whose values the trace knows: slot, operand.
    fn each_live(&self, mut f: impl FnMut(usize, R_)) {
        let n = self.frames.len();
        for (k, fr) in self.frames.iter().enumerate() {
            let pc = if k + 1 == n { self.pc } else { fr.pc };
            let mut end = fr.base as usize + Self::depth_at(fr.code, pc);
            if let Some(next) = self.frames.get(k + 1) {
                end = end.min(next.base as usize);
            }
            for slot in fr.base as usize..end.min(self.sym.len()) {
                if self.touched[slot]
                    && let Some(r) = self.sym[slot]
                {
                    f(slot, r);
                }
            }
        }
    }
    fn val(&self, r: R_) -> Val {
        match self.core.trace.const_of(r) {
            Some(c) => Val::Const(c.bits),
            None => Val::Word(r),
        }
    }
    fn frame_snaps(&self) -> Vec<FrameSnap> {
        let n = self.frames.len();
        let one = |(k, f): (usize, &RFrame)| FrameSnap {
            pc: if k + 1 == n { self.pc as u64 } else { f.pc as u64 },
            code: f.code.value().bits(),
            base: f.base,
            flags: f.flags,
            real: f.real,
            func: if k == 0 || f.real || f.func.is_none() { Val::Const(0) } else { self.val(f.func) },
            extra: f.extra.filter(|_| !f.real).map(|e| self.val(e)),
        };
        self.frames.iter().enumerate().map(one).collect()
    }
    /// The state at the current instruction.
    fn snap(&mut self) -> u32 {
        if !self.core.needs_snap() {
            return self.core.snap();
        }
        let mut s = Snap { frames: self.frame_snaps(), ..Snap::default() };
        let mut slots = Vec::new();
        self.each_live(|slot, r| slots.push((slot as u32, r)));
        s.slots = slots.into_iter().map(|(k, r)| (k, self.val(r))).collect();
        self.core.set_snap(s)
    }
    pub fn guard(&mut self, cond: R_, want: bool) {
        if !self.core.holds(cond, want) {
            self.guarded(if want { Op::GuardT } else { Op::GuardF }, cond, R_::NONE);
        }
    }
    pub fn guarded(&mut self, op: Op, a: R_, b: R_) -> R_ {
        self.snap();
        self.core.guarded(op, a, b)
    }

    // -- memory

    pub(super) fn base_addr(&mut self, which: i64) -> R_ {
        self.core.op_imm(Op::Base, R_::NONE, R_::NONE, which)
    }
    pub(super) fn raw_set(&mut self, a: R_, at: usize, v: R_) {
        self.core.effect(Inst { a, b: v, imm: at as i64, ..Inst::new(Op::RawSet) });
    }
    /// Writes the state at the current instruction to memory.
    fn sync(&mut self) {
        self.snap();
        self.sync_snap();
    }
    /// The same, and these registers.
    fn sync_with(&mut self, more: Vec<(u32, Val)>) {
        let n = self.snap();
        let mut s = self.core.trace.snaps[n as usize].clone();
        s.slots.extend(more);
        self.core.set_snap(s);
        self.sync_snap();
    }
    fn sync_snap(&mut self) {
        let n = self.frames.len();
        // Objects are made and registers written first: while something is allocated, the frames in memory must be
        // those that are published, for nobody else's references are found.
        // Registers above the locals may serve others before the trace goes on.
        let f = self.frames.last().unwrap();
        let top = f.base + f.code.nlocals;
        self.core.sync(top as i64);
        let root = self.base_addr(1);
        for k in 0..n {
            let at = k * size_of::<Frame>();
            if !self.frames[k].real {
                let (base, code, func, extra, flags) = {
                    let f = &self.frames[k];
                    (f.base, f.code, f.func, f.extra, f.flags)
                };
                let regs = self.base_addr(2);
                let off = self.core.int(8 * base as i64);
                let regs = self.core.op(Op::Add, regs, off);
                self.raw_set(root, at + offset_of!(Frame, regs), regs);
                self.raw_set(root, at + offset_of!(Frame, func), func);
                let c = self.core.int(code.value().bits() as i64);
                self.raw_set(root, at + offset_of!(Frame, code), c);
                let fl = self.core.int(flags as i64);
                self.raw_set(root, at + offset_of!(Frame, flags), fl);
                if let Some(e) = extra {
                    self.raw_set(root, at + offset_of!(Frame, extra), e);
                    if flags & fflags::GENERATOR != 0 {
                        super::generators::write_out(self, e);
                    }
                }
                self.frames[k].real = true;
            }
            let pc = if k + 1 == n { self.pc } else { self.frames[k].pc };
            if self.frames[k].mem_pc != pc {
                let p = self.core.int(pc as i64);
                self.raw_set(root, at + offset_of!(Frame, pc), p);
                self.frames[k].mem_pc = pc;
            }
        }
        if self.mem_fp != Some(n - 1) {
            let th = self.base_addr(0);
            let fp = if n == 1 {
                root
            } else {
                let off = self.core.int(((n - 1) * size_of::<Frame>()) as i64);
                self.core.op(Op::Add, root, off)
            };
            self.raw_set(th, offset_of!(Thread, fp), fp);
            self.mem_fp = Some(n - 1);
        }
    }

    // -- bridges

    /// The values that the exit offers.
    fn inputs(&mut self, e: &'static Exit) -> Vec<R_> {
        let mut ins = Vec::new();
        for (k, (_, ty)) in e.leaves.iter().enumerate() {
            self.core.trace.inputs.push(*ty);
            ins.push(match e.leaves[k].0 {
                adder_metatrace::backend::Loc::Const(w) => self.core.trace.konst(*ty, w),
                _ => self.core.trace.push(Inst { ty: *ty, imm: k as i64, ..Inst::new(Op::In) }),
            });
        }
        let name = &mut |r: R_, _| ins.get(r.0 as usize).copied();
        self.core.trace.hints = e.hints.iter().filter_map(|h| h.with(name, |_| Ty::Ref)).collect();
        self.home = e.home;
        self.core.trace.carry = e.home.map(|_| e.carry.iter().map(|k| ins[*k as usize]).collect());
        ins
    }
    fn begin_bridge(&mut self, e: &'static Exit) {
        let ins = self.inputs(e);
        // Virtual objects: all made (virtually) first, for they may refer to each other.
        let objs: Vec<R_> =
            e.snap.virts.iter().map(|v| self.core.op_imm(Op::New, R_::NONE, R_::NONE, v.what)).collect();
        let val = |rec: &mut Rec, v: &Val| -> R_ {
            match *v {
                Val::Const(w) => match Value::from_word(w) {
                    Some(v) => rec.konst(v),
                    None => rec.core.word(0),
                },
                Val::Raw(w) => rec.core.int(w as i64),
                Val::Word(r) => ins[r.0 as usize],
                Val::Int(r) => rec.core.op1(Op::Tag, ins[r.0 as usize]),
                Val::Flt(r) => rec.core.op1(Op::Box, ins[r.0 as usize]),
                Val::Virt(n) => objs[n as usize],
            }
        };
        for (n, v) in e.snap.virts.iter().enumerate() {
            for (at, x) in &v.fields {
                let x = val(self, x);
                self.core.trace.push(Inst { a: objs[n], b: x, imm: *at as i64, ..Inst::new(Op::SetNew) });
            }
        }
        for (k, f) in e.snap.frames.iter().enumerate() {
            let code: Gc<Code> = unsafe { Value::from_bits(f.code).cast_unchecked() };
            self.keep_alive(code.value());
            let func = if k == 0 || matches!(f.func, Val::Const(0)) { R_::NONE } else { val(self, &f.func) };
            let extra = f.extra.as_ref().map(|x| val(self, x));
            self.frames.push(RFrame {
                base: f.base,
                code,
                func,
                extra,
                flags: f.flags,
                pc: f.pc as *const Ins,
                real: f.real,
                mem_pc: std::ptr::null(),
                began: self.core.trace.insts.len(),
                loaded: Vec::new(),
                inner: 0,
            });
        }
        for (slot, v) in &e.snap.slots {
            let r = val(self, v);
            let slot = *slot as usize;
            self.grow(slot);
            self.sym[slot] = Some(r);
            self.touched[slot] = true;
        }
    }

    /// A bridge from an exit where an operation that was carried out as a whole went on elsewhere than recorded: it tests
    /// that this is where the program is now. False: too far from there.
    fn begin_in_memory(&mut self, e: &'static Exit, at: *const Ins) -> bool {
        let fp = self.th.fp.get();
        let depth = unsafe { fp.offset_from(self.root_fp) };
        let was = e.snap.frames.len() as isize - 1;
        if depth < 0 || (depth - was).abs() > 1 {
            return false;
        }
        self.inputs(e);
        let (depth, f) = (depth as usize, unsafe { &*fp });
        let base = unsafe { f.regs.offset_from(self.root_regs) };
        if base < 0 || (depth > 0 && f.flags & (fflags::ENTRY | fflags::OBJECT | fflags::WRITTEN) != 0) {
            return false;
        }
        for (k, f) in e.snap.frames.iter().enumerate().take(depth) {
            let code: Gc<Code> = unsafe { Value::from_bits(f.code).cast_unchecked() };
            self.keep_alive(code.value());
            self.frames.push(RFrame {
                base: f.base,
                code,
                func: R_::NONE,
                extra: None,
                flags: f.flags,
                pc: f.pc as *const Ins,
                real: true,
                mem_pc: if k < was as usize { std::ptr::null() } else { f.pc as *const Ins },
                began: self.core.trace.insts.len(),
                loaded: Vec::new(),
                inner: 0,
            });
        }
        self.keep_alive(f.code.value());
        self.frames.push(RFrame {
            base: base as u32,
            code: f.code,
            func: R_::NONE,
            extra: None,
            flags: f.flags,
            pc: std::ptr::null(),
            real: true,
            mem_pc: at,
            began: self.core.trace.insts.len(),
            loaded: Vec::new(),
            inner: 0,
        });
        self.mem_fp = Some(depth);
        self.core.set_snap(e.snap.clone());
        let (t, root, regs) = (self.base_addr(0), self.base_addr(1), self.base_addr(2));
        let place = |rec: &mut Rec, base: R_, n: usize| {
            let n = rec.core.int(n as i64);
            rec.core.op(Op::Add, base, n)
        };
        let up = depth * size_of::<Frame>();
        let here = place(self, root, up);
        let same = |rec: &mut Rec, from: R_, at: usize, want: R_| {
            let x = rec.core.op_imm(Op::RawGet, from, R_::NONE, at as i64);
            let c = rec.core.op(Op::Eq, x, want);
            rec.core.guarded(Op::GuardT, c, R_::NONE);
        };
        same(self, t, offset_of!(Thread, fp), here);
        let k = self.core.int(f.code.value().bits() as i64);
        same(self, root, up + offset_of!(Frame, code), k);
        let k = self.core.int(f.pc as i64);
        same(self, root, up + offset_of!(Frame, pc), k);
        if depth > 0 {
            let k = self.core.int(f.flags as i64);
            same(self, root, up + offset_of!(Frame, flags), k);
            let k = place(self, regs, 8 * base as usize);
            same(self, root, up + offset_of!(Frame, regs), k);
        }
        let k = self.core.int(at as i64);
        self.raw_set(root, up + offset_of!(Frame, pc), k);
        true
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
    /// Whether a return from the root frame is the trace's end: of a function's trace, or where nothing can be said of the
    /// caller.
    fn must_end(&self) -> bool {
        let flags = unsafe { (*self.root_fp).flags };
        self.left + 1 == self.tree.ends || self.left >= Param::MaxLeft.size() || flags & fflags::ENTRY != 0
    }
    /// The trace ends with this return from the root frame, which the interpreter carries out.
    fn end_at_return(&mut self, i: Ins) -> Done {
        let pc = self.pc;
        let flags = unsafe { (*self.root_fp).flags };
        if flags & (fflags::OBJECT | fflags::WRITTEN | fflags::GENERATOR) != 0 {
            self.core.give_up(Counter::AbortFrame, "a frame that somebody may look at");
            return self.stop(pc);
        }
        let r = if i.op() == Bc::Return { self.reg(i.a()) } else { self.konst(NONE()) };
        self.core.effect(Inst { a: r, ..Inst::new(Op::Return) });
        self.resume = pc;
        Done::Return
    }
    /// A bridge returns from its root frame: it goes on in the caller, if that is the one seen now, which becomes the
    /// root. All of the caller's registers are in memory.
    fn leave_root(&mut self, i: Ins) -> Option<*const Ins> {
        let th = self.th;
        let fp = self.root_fp;
        let flags = unsafe { (*fp).flags };
        if self.left >= Param::MaxLeft.size()
            || flags & fflags::ENTRY != 0
            || th.fp.get() != fp
            || th.m.poll.load(Relaxed) != 0
        {
            return None;
        }
        let m = RecMachine { s: self, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
        let result = if i.op() == Bc::ReturnNone { m.constant(NONE()) } else { m.reg(i.a()) };
        let call = unsafe { *(*fp.sub(1)).pc };
        let to = m.result_to(flags, call, result)?;
        let caller = unsafe { fp.sub(1) };
        let (code, call_pc) = unsafe { ((*caller).code, (*caller).pc) };
        let root = self.base_addr(1);
        let at = |o: usize| o as i64 - size_of::<Frame>() as i64;
        let want = |rec: &mut Rec, at: i64, w: u64| {
            let x = rec.core.op_imm(Op::RawGet, root, R_::NONE, at);
            let k = rec.core.int(w as i64);
            let c = rec.core.op(Op::Eq, x, k);
            rec.guard(c, true);
        };
        want(self, offset_of!(Frame, flags) as i64, flags);
        want(self, at(offset_of!(Frame, pc)), call_pc as u64);
        want(self, at(offset_of!(Frame, code)), code.value().bits());
        self.keep_alive(code.value());
        let regs = self.core.op_imm(Op::RawGet, root, R_::NONE, at(offset_of!(Frame, regs)));
        let (mut v, mut r) = (result.v, result.r);
        if to.instance {
            let w = self.core.op_imm(Op::RawGet, root, R_::NONE, offset_of!(Frame, extra) as i64);
            r = self.core.op1(Op::Word, w);
            v = unsafe { (*fp).extra.value() };
        }
        let next = unsafe { call_pc.offset(1 + to.skip) };
        th.fp.set(caller);
        unsafe {
            if let Some(dst) = to.reg {
                *(*caller).regs.add(dst) = v.bits();
            }
            (*caller).pc = next;
        }
        self.new_root(regs);
        let (t, root) = (self.base_addr(0), self.base_addr(1));
        self.raw_set(t, offset_of!(Thread, fp), root);
        if let Some(dst) = to.reg {
            self.set_reg(dst, r);
        }
        Some(next)
    }
    /// The caller of the root frame, which runs now, becomes the root; `regs`: the address of its registers.
    pub(super) fn new_root(&mut self, regs: R_) {
        self.core.effect(Inst { a: regs, imm: -(size_of::<Frame>() as i64), ..Inst::new(Op::Rebase) });
        self.left += 1;
        self.home = None;
        self.core.trace.carry = None;
        self.root_fp = unsafe { self.root_fp.sub(1) };
        self.root_regs = unsafe { (*self.root_fp).regs };
        self.sym.clear();
        self.touched.clear();
        self.mem_fp = Some(0);
        self.frames.clear();
        self.frames.push(RFrame::root(self.root_fp));
    }
    /// Gives up before the instruction at `pc`.
    fn stop(&mut self, pc: *const Ins) -> Done {
        unsafe { (*self.th.fp.get()).pc = pc.wrapping_sub(1) };
        Done::Abort(Ok(Ctl::Next))
    }

    fn jump_back(&mut self, pc: *const Ins, i: Ins) -> Option<Done> {
        let th = self.th;
        let target = unsafe { pc.offset(1 + i.imm() as isize) };
        let code = self.frames.last().unwrap().code;
        if th.m.poll.load(Relaxed) != 0 {
            self.core.give_up(Counter::AbortSafepoint, "safepoint");
            return Some(self.stop(pc));
        }
        let at_root = self.frames.len() == 1;
        if at_root && self.entry == Some(target) {
            self.guarded(Op::Calm, R_::NONE, R_::NONE);
            self.close(target);
            self.resume = target;
            return Some(Done::Loop);
        }
        if let Some(t) = tree_of(code, i.a(), target) {
            self.resume = target;
            // From the backward jump itself: a jump failed there.
            if at_root
                && self.start != pc
                && (std::ptr::eq(t, self.tree) || self.tree.version == target)
                && let Some(home) = self.home
            {
                self.guarded(Op::Calm, R_::NONE, R_::NONE);
                if !matches!(self.mem_fp, None | Some(0)) {
                    let (th, root) = (self.base_addr(0), self.base_addr(1));
                    self.raw_set(th, offset_of!(Thread, fp), root);
                    self.mem_fp = Some(0);
                }
                self.close(target);
                self.core.trace.end = End::Jump { target: home as *const Target as usize, args: Vec::new() };
                return Some(Done::Jump);
            }
            if at_root
                && self.left == 0
                && self.start != pc
                && std::ptr::eq(t, self.tree)
                && self.other_kinds()
                && let Some(s) = super::joins::state(code, pc)
                && s.aborts.load(Relaxed) < Param::MaxAborts.get()
            {
                s.version.store(true, Relaxed);
                return Some(self.link_to(s.cell, code, target));
            }
            return Some(self.link_to(t.cell, code, target));
        }
        if let Some(e) = self.entry
            && at_root
            && target < e
        {
            // The header was passed on the way out of the loop that it begins.
            self.core.give_up(Counter::AbortLeft, "left the loop");
            return Some(self.stop(pc));
        }
        self.inner += 1;
        if self.inner > Param::MaxInner.size() {
            // The inner loop comes next; until it is there the interpreter runs it.
            let c = super::counter(code, i.a());
            if c.load(Relaxed) < u32::MAX / 2 {
                c.store(0, Relaxed);
            }
            // What comes here each time in the loop's last round would never find it compiled.
            if let Some(s) = super::joins::state(code, pc)
                && s.aborts.load(Relaxed) < Param::MaxAborts.get()
            {
                self.note_ends(s);
                return Some(self.link_to(s.cell, code, target));
            }
            return Some(self.link_to(super::loops_of(code).loops[i.a()].cell, code, target));
        }
        self.guarded(Op::Calm, R_::NONE, R_::NONE);
        None
    }

    /// Ends the trace if this is where ways meet.
    fn meet(&mut self, pc: *const Ins) -> Option<Done> {
        let code = self.frames.last().unwrap().code;
        if !super::joins::is(code, pc) || self.frames.iter().any(|f| f.flags & fflags::GENERATOR != 0) {
            return None;
        }
        let s = super::joins::state(code, pc)?;
        if s.aborts.load(Relaxed) >= Param::MaxAborts.get() {
            return None;
        }
        self.note_ends(s);
        if self.frames.len() > 1 {
            self.guard_room();
        }
        self.link(s.cell, code.value().bits());
        self.resume = pc;
        Some(Done::Link)
    }
    /// Before a link to it.
    fn note_ends(&self, s: &LoopState) {
        let ends = match self.tree.ends {
            0 => 0,
            n => (n + self.frames.len() - 1).saturating_sub(self.left),
        };
        if super::get().is_some_and(|j| s.cell.load(Relaxed) == j.none) {
            s.ends.store(ends, Relaxed);
        }
    }
    /// The bridge left its loop's way in because some value was of another kind than when the loop was recorded: what
    /// comes next round will be, too.
    fn other_kinds(&self) -> bool {
        let mut e = self.from;
        while let Some(x) = e {
            if x.kind && x.home.is_none() {
                return true;
            }
            e = x.parent;
        }
        false
    }
    fn link_to(&mut self, cell: &'static AtomicU64, code: Gc<Code>, target: *const Ins) -> Done {
        self.guarded(Op::Calm, R_::NONE, R_::NONE);
        if self.frames.len() > 1 {
            self.guard_room();
        }
        self.link(cell, code.value().bits());
        self.resume = target;
        Done::Link
    }
    /// Goes on in the trace of a loop of this code, once there is one, everything being in memory.
    fn link(&mut self, cell: &'static AtomicU64, code: u64) {
        self.sync();
        let k = self.frames.len() - 1;
        self.core.trace.end = End::Link {
            cell: cell as *const AtomicU64 as u64,
            frames: (k * size_of::<Frame>()) as u32,
            regs: 8 * self.frames[k].base,
        };
        // The linked tree's constants live with its code.
        self.keep_alive(unsafe { Value::from_bits(code) });
    }

    /// A link moves the root frame up: there must be room for what the other trace may push (`has_room`).
    fn guard_room(&mut self) {
        let (t, fp, regs) = (self.base_addr(0), self.base_addr(1), self.base_addr(2));
        let up = (self.frames.len() - 1 + super::FRAME_ROOM) * size_of::<Frame>();
        for (base, up, limit) in [
            (fp, up, offset_of!(Thread, frame_limit)),
            (regs, 8 * (self.base() + super::REG_ROOM), offset_of!(Thread, regs_end)),
        ] {
            let n = self.core.int(up as i64);
            let top = self.core.op(Op::Add, base, n);
            let limit = self.core.op_imm(Op::RawGet, t, R_::NONE, limit as i64);
            let c = self.core.op(Op::Ult, top, limit);
            self.guard(c, true);
        }
    }

    /// The recorded loop is complete: what its header must be given.
    fn close(&mut self, header: *const Ins) {
        let n = Self::depth_at(self.frames[0].code, header);
        for slot in 0..n.min(self.sym.len()) {
            if self.touched[slot]
                && let Some(r) = self.sym[slot]
            {
                self.core.trace.end_slots.push((slot as u32, r));
            }
        }
        if let Some(home) = self.home
            && self.went_elsewhere()
        {
            for &(slot, _) in &home.header.same {
                self.grow(slot as usize);
                if !self.touched[slot as usize] {
                    let was = self.sym[slot as usize];
                    let r =
                        was.unwrap_or_else(|| self.core.op_imm(Op::LoadReg, R_::NONE, R_::NONE, slot as i64));
                    self.core.trace.end_slots.push((slot, r));
                }
            }
        }
    }
    /// On the way from its loop an operation carried out as a whole went on elsewhere than recorded: it may have written
    /// registers of which the loop knows that nothing writes them.
    fn went_elsewhere(&self) -> bool {
        let mut e = self.from;
        while let Some(x) = e {
            if x.snap.in_memory {
                return true;
            }
            e = x.parent;
        }
        false
    }

    /// Records a call of a Python function that does not become part of the trace: its own machine code is called. Its
    /// parameters are bound, `result` is the caller's register. None: it has no machine code and will have none.
    pub fn call_code(
        &mut self,
        pc: *const Ins,
        result: usize,
        func: T<Value>,
        code: Gc<Code>,
        vals: &[Option<T<Value>>],
    ) -> Option<*const Ins> {
        let th = self.th;
        let caller = th.fp.get();
        let depth = self.frames.len();
        if code.calls.load(Relaxed) == u32::MAX || unsafe { self.root_fp.add(depth - 1) } != caller {
            return None;
        }
        self.keep_alive(code.value());
        self.frames.last_mut().unwrap().pc = pc;
        let up = self.frames.last().unwrap().code.nregs as usize;
        let base = self.base() + up;
        let param = |k: usize| vals.get(k).copied().flatten();
        let locals = code.nlocals as usize;
        let args: Vec<(u32, Val)> = (0..locals)
            .map(|k| ((base + k) as u32, param(k).map_or(Val::Const(0), |v| self.val(v.r))))
            .collect();
        self.sync_with(args);
        let (t, root, regs) = (self.base_addr(0), self.base_addr(1), self.base_addr(2));
        let to = |rec: &mut Rec, base: R_, n: usize| {
            let n = rec.core.int(n as i64);
            rec.core.op(Op::Add, base, n)
        };
        let at = depth * size_of::<Frame>();
        let fp = to(self, root, at);
        let first = to(self, regs, 8 * base);
        self.raw_set(root, at + offset_of!(Frame, regs), first);
        self.raw_set(root, at + offset_of!(Frame, func), func.r);
        for (field, w) in [
            (offset_of!(Frame, code), code.value().bits()),
            (offset_of!(Frame, flags), fflags::ENTRY),
            (offset_of!(Frame, pc), code.ins as u64),
        ] {
            let w = self.core.int(w as i64);
            self.raw_set(root, at + field, w);
        }
        let note = Box::into_raw(Box::new(CallNote {
            cell: super::loops_of(code).loops[code.nloops as usize].cell,
            tree: self.tree,
            objects: 0,
            result,
        }));
        let addr = function::call as *const () as usize;
        let k = self.core.int(note as i64);
        let g = Callee { name: "call_code", addr, effects: Effects::ANY };
        let r = self.core.call(Op::CallRef, g, &[t, k, fp, root]);
        let null = self.core.word(0);
        let c = self.core.op(Op::Eq, r, null);
        self.core.resume_point();
        self.core.set_snap(Snap { in_memory: true, ..Snap::default() });
        self.core.guarded(Op::GuardF, c, R_::NONE);

        // The real thing. Loops in there may be recorded meanwhile.
        // SAFETY: there is room for what a trace may push.
        unsafe {
            (*caller).pc = pc;
            let (nf, regs) = (caller.add(1), (*caller).regs.add(up));
            for k in 0..locals {
                *regs.add(k) = param(k).map_or(0, |v| v.v.bits());
            }
            (*nf).regs = regs;
            (*nf).func = func.v.cast_unchecked();
            (*nf).code = code;
            (*nf).flags = fflags::ENTRY;
            (*nf).pc = code.ins.wrapping_sub(1);
            th.fp.set(nf);
        }
        RECORDING.with(|r| r.set(false));
        let aside = super::Aside::begin();
        let done = th.run_entry();
        drop(aside);
        RECORDING.with(|r| r.set(true));
        let v = match done {
            Ok(v) => v,
            Err(e) => {
                self.core.give_up(Counter::AbortException, "exception");
                self.ended = Some(Done::Abort(Err(e)));
                return Some(pc);
            }
        };
        unsafe { *(*caller).regs.add(result) = v.bits() };
        let why = if crate::interp::events::observed(th) {
            Some((Counter::AbortOp, "code that is observed"))
        } else if helpers::written(self.root_fp, caller) {
            Some((Counter::AbortFrame, "a variable was written from outside"))
        } else {
            None
        };
        if let Some((c, why)) = why {
            self.core.give_up(c, why);
            self.ended = Some(Done::Abort(Ok(Ctl::Next)));
            return Some(pc);
        }
        unsafe { (*note).objects = helpers::objects(self.root_fp, caller) };
        self.mem_fp = Some(depth - 1);
        self.set_reg(result, r);
        self.gain += CALL_GAIN;
        Some(unsafe { pc.add(1) })
    }

    /// Records and carries out an instruction as a whole.
    #[inline(never)]
    fn whole(&mut self, pc: *const Ins, i: Ins) -> Result<*const Ins, Done> {
        let th = self.th;
        if matches!(i.op(), Bc::GetANext | Bc::EndAsyncFor) {
            self.core.give_up(Counter::AbortGenerator, "asynchronous iteration");
            return Err(self.stop(pc));
        }
        let leaving =
            matches!(i.op(), Bc::Return | Bc::ReturnNone | Bc::MakeGenerator | Bc::Yield | Bc::YieldFrom);
        // A bridge goes on in the caller of its root frame. Not where a generator yields: measured, the interpreter
        // does that faster than two whole operations.
        let root_flags = unsafe { (*self.root_fp).flags };
        let out = matches!(i.op(), Bc::Return | Bc::ReturnNone)
            && self.frames.len() == 1
            && self.entry.is_none()
            && self.left < Param::MaxLeft.size()
            && root_flags & fflags::ENTRY == 0;
        if leaving && self.frames.len() < 2 && !out {
            self.core.give_up(Counter::AbortReturn, "returned from the root frame");
            return Err(self.stop(pc));
        }
        let generator = matches!(i.op(), Bc::Yield | Bc::YieldFrom | Bc::Send | Bc::MakeGenerator)
            || (i.op() == Bc::ForIter && crate::interp::slow::reg(th, i.a()).is_exact(Kind::Generator))
            || (leaving && unsafe { (*th.fp.get()).flags } & fflags::GENERATOR != 0);
        self.loss += if generator { Param::GeneratorCost } else { Param::WholeCost }.size();
        let before = unsafe { self.root_fp.add(self.frames.len() - 1) };
        if th.fp.get() != before {
            self.core.give_up(Counter::AbortFrame, "frames do not match");
            return Err(self.stop(pc));
        }
        let flags = unsafe { (*before).flags };
        if out {
            // Another time the frame may be the last of a run of the interpreter.
            let root = self.base_addr(1);
            let x = self.core.op_imm(Op::RawGet, root, R_::NONE, offset_of!(Frame, flags) as i64);
            let k = self.core.int(root_flags as i64);
            let c = self.core.op(Op::Eq, x, k);
            self.guard(c, true);
        }
        if log::traces() {
            let kind = |r: usize| match crate::interp::slow::reg_opt(th, r) {
                Some(v) => th.type_name_of(v),
                None => "null".into(),
            };
            let what = match i.op() {
                Bc::Call | Bc::CallMethod | Bc::CallKw | Bc::CallEx => {
                    let f = crate::interp::slow::reg_opt(th, i.a());
                    // Whose text needs no Python code.
                    let native = |f: &Value| {
                        f.is_exact(Kind::Function)
                            || f.is_exact(Kind::MethodDescriptor)
                            || f.is_exact(Kind::NativeFunction)
                            || f.exact::<Type>().is_some_and(|t| !t.heap_type())
                    };
                    let text = f.filter(native).and_then(|f| th.repr(f).ok()).map(|r| th.text(r));
                    text.unwrap_or_else(|| kind(i.a()))
                }
                Bc::LoadAttr | Bc::LoadMethod => {
                    format!(
                        "{} of {}",
                        th.text(unsafe { &*fcode(before).ics.add(i.c()) }.name.value()),
                        kind(i.b())
                    )
                }
                Bc::JTrue | Bc::JFalse | Bc::ForIter | Bc::JLe | Bc::JLt | Bc::JEq => {
                    format!("{} {}", kind(i.a()), kind(i.b()))
                }
                _ => format!("{} {}", kind(i.b()), kind(i.c())),
            };
            eprintln!("jit: as a whole: {} {what}", i.op().info().name);
        }
        self.sync();
        let expect = Box::into_raw(Box::new(Expect {
            next: std::ptr::null(),
            code: 0,
            flags: 0,
            depth: 0,
            objects: 0,
            tree: self.tree,
        }));
        let nested = matches!(i.op(), Bc::Call | Bc::CallMethod)
            && crate::interp::slow::reg(th, i.a()).is_exact(Kind::Function)
            && (self.too_deep || self.frames.len() > Param::MaxDepth.size());
        let f = Callee {
            name: i.op().info().name,
            addr: if nested { helpers::nested as *const () } else { helpers::op as *const () } as usize,
            effects: Effects::ANY,
        };
        let (t, ins, ex, root) =
            (self.base_addr(0), self.core.int(i.0 as i64), self.core.int(expect as i64), self.base_addr(1));
        let r = self.core.call(Op::CallInt, f, &[t, ins, ex, root]);
        let (zero, two) = (self.core.int(0), self.core.int(2));
        let c = self.core.op(Op::Ult, r, two);
        self.core.resume_point();
        self.core.set_snap(Snap { in_memory: true, ..Snap::default() });
        self.core.guarded(Op::GuardT, c, R_::NONE);
        // Elsewhere: a bridge may begin there.
        let c = self.core.op(Op::Eq, r, zero);
        self.core.resume_point();
        let s = Snap { in_memory: true, frames: self.frame_snaps(), ..Snap::default() };
        self.core.set_snap(s);
        self.core.guarded(Op::GuardT, c, R_::NONE);

        // The real thing.
        unsafe { (*before).pc = pc };
        let mut landing = None;
        let aside = super::Aside::begin();
        let done = if nested {
            // Loops in there may be recorded meanwhile.
            RECORDING.with(|r| r.set(false));
            let done = crate::interp::slow::call_nested(th, i);
            RECORDING.with(|r| r.set(true));
            done
        } else {
            run_slow(th, i)
        };
        drop(aside);
        match done {
            Ok(Ctl::Next) => {}
            Ok(Ctl::Leave(v)) => {
                self.core.give_up(Counter::AbortReturn, "left the interpreter");
                return Err(Done::Abort(Ok(Ctl::Leave(v))));
            }
            Err(e) => {
                landing = unwind::landing(th, self.root_fp);
                if landing.is_none() || !unwind::unwind(th) {
                    self.core.give_up(Counter::AbortException, "exception");
                    return Err(Done::Abort(Err(e)));
                }
            }
        }
        let fp = th.fp.get();
        function::skip_note(fp);
        let next = unsafe { (*fp).pc.add(1) };
        // From here on the published state is right; `stop` would step back.
        let abort = |rec: &mut Rec, c: Counter, why: &'static str| {
            rec.core.give_up(c, why);
            Err(Done::Abort(Ok(Ctl::Next)))
        };
        if crate::interp::events::observed(th) {
            return abort(self, Counter::AbortOp, "code that is observed");
        }
        if helpers::written(self.root_fp, fp) {
            return abort(self, Counter::AbortFrame, "a variable was written from outside");
        }
        let depth = unsafe { fp.offset_from(self.root_fp) };
        let was = self.frames.len() as isize - 1;
        unsafe {
            (*expect).next = next;
            (*expect).code = (*fp).code.value().bits();
            (*expect).flags = (*fp).flags;
            (*expect).depth = depth;
            (*expect).objects = helpers::objects(self.root_fp, fp);
        }
        self.mem_fp = Some(depth.max(0) as usize);
        for f in &mut self.frames {
            f.mem_pc = std::ptr::null();
        }
        if let Some(l) = landing {
            while self.frames.len() as isize > depth + 1 {
                self.pop_frame();
            }
            let null = self.core.word(0);
            for r in l.cleared {
                self.set_reg(r, null);
            }
            self.reload(l.reg);
        } else if out && depth == -1 {
            let root = self.base_addr(1);
            let at = offset_of!(Frame, regs) as i64 - size_of::<Frame>() as i64;
            let regs = self.core.op_imm(Op::RawGet, root, R_::NONE, at);
            self.core.resume_point();
            self.keep_alive(unsafe { (*fp).code.value() });
            self.new_root(regs);
        } else if depth == was {
            if !self.written(i) {
                return abort(self, Counter::AbortOp, "operation that cannot be recorded");
            }
        } else if depth == was + 1 {
            // A frame was pushed, its arguments bound: all of it is in memory.
            let f = unsafe { &*fp };
            if super::excluded(f.code) {
                return abort(self, Counter::AbortExcluded, "excluded by the program");
            }
            let base = unsafe { f.regs.offset_from(self.root_regs) };
            if self.frames.len() > Param::MaxDepth.size() || base < 0 {
                return abort(self, Counter::AbortDepth, "calls too deep");
            }
            if f.flags & fflags::ENTRY != 0 {
                return abort(self, Counter::AbortFrame, "frame of an unusual kind");
            }
            self.frames.last_mut().unwrap().pc = pc;
            self.keep_alive(f.code.value());
            let base = base as usize;
            self.grow(base + f.code.nregs as usize);
            for s in base..self.sym.len() {
                self.sym[s] = None;
                self.touched[s] = false;
            }
            self.frames.push(RFrame {
                base: base as u32,
                code: f.code,
                func: R_::NONE,
                extra: None,
                flags: f.flags,
                pc: std::ptr::null(),
                real: true,
                mem_pc: std::ptr::null(),
                began: self.core.trace.insts.len(),
                loaded: Vec::new(),
                inner: 0,
            });
        } else if depth == was - 1 && leaving && was > 0 {
            self.pop_frame();
            let call = unsafe { *(*fp).pc };
            // After a jump by Compare or ForIter `pc` is elsewhere: then the caller's own note tells.
            let call = match unsafe { self.frames.last().unwrap().pc.as_ref() } {
                Some(c) => *c,
                None => call,
            };
            match crate::interp::unwind::cont(flags) {
                Cont::Store | Cont::Init => self.reload(call.c()),
                Cont::StoreA | Cont::Binary => self.reload(call.a()),
                Cont::Compare => {
                    if matches!(call.op(), Bc::Lt | Bc::Le | Bc::Gt | Bc::Ge | Bc::Eq | Bc::Ne) {
                        self.reload(call.a());
                    }
                }
                Cont::ForIter => self.reload(call.b()),
                Cont::Discard => {}
                // Returned: nothing is written where a `for` loop ran the generator; reading it back is right.
                Cont::Next => self.reload(call.c()),
                Cont::Gen if flags >> fflags::ARG_SHIFT & 0xffff == 0 => self.reload(call.b()),
                Cont::Gen => self.reload(call.a()),
            }
        } else {
            return abort(self, Counter::AbortFrame, "frames do not match");
        }
        unsafe { (*fp).pc = next };
        Ok(next)
    }

    /// Register `i` of the running frame was written in memory.
    fn reload(&mut self, i: usize) {
        let slot = self.base() + i;
        self.grow(slot);
        let r = self.core.op_imm(Op::LoadReg, R_::NONE, R_::NONE, slot as i64);
        self.sym[slot] = Some(r);
        self.touched[slot] = true;
    }
    /// Reads back the registers that an instruction has written. False: not known which.
    fn written(&mut self, i: Ins) -> bool {
        use Bc::*;
        let (a, n) = match i.op() {
            LoadMethod | LoadSpecial | CheckEgMatch => (i.a(), 2),
            LoadSuperAttr => (i.a(), 1 + (i.x() != 0) as usize),
            UnpackSeq => (i.a(), i.c()),
            UnpackEx => (i.a(), i.c() + 1 + i.x() as usize),
            CopyFree => (i.a(), i.b()),
            Call | CallMethod | CallKw | CallEx => (i.c(), 1),
            ForIter => (i.b(), 1),
            PushExc | PopExc => {
                if i.op() == PushExc {
                    (i.a(), 1)
                } else {
                    (0, 0)
                }
            }
            op => {
                let info = op.info();
                if info.b == Operand::Dst || info.c == Operand::Dst {
                    return false;
                }
                match info.a {
                    Operand::Dst | Operand::Mod => (i.a(), 1),
                    Operand::Base => return false,
                    _ => (0, 0),
                }
            }
        };
        // An exhausted iterator leaves its variable alone: reading it back is right as well.
        for k in a..a + n {
            self.reload(k);
        }
        true
    }

    // -- compiling

    fn compile(
        &mut self,
        jit: &'static Jit,
        parent: Option<&'static Exit>,
        is_loop: bool,
    ) -> Result<usize, &'static str> {
        let start = std::time::Instant::now();
        if let Some((_, why)) = self.core.abort {
            return Err(why);
        }
        // Without a bridge the exit costs as much as many operations.
        let spared = if parent.is_some() { EXIT_COST } else { 0 };
        if self.loss > self.gain + spared && !super::eager() {
            self.core.give_up(Counter::AbortWhole, "the interpreter is faster");
            return Err("the interpreter is faster");
        }
        if cfg!(debug_assertions) || log::traces() {
            if let Err(e) = verify::verify(&self.core.trace) {
                eprintln!("jit: recorded trace is wrong: {e}\n{}", text::print(&self.core.trace));
                return Err("verify");
            }
        }
        if log::traces() {
            eprintln!(
                "jit: {} recorded{}:\n{}",
                self.tree.name,
                parent.map_or(String::new(), |e| format!(" at exit {}", e.id)),
                text::print(&self.core.trace)
            );
        }
        let mut t = peel::optimize(&self.core.trace, &PyObjects, is_loop)?;
        if cfg!(debug_assertions) || log::traces() {
            if let Err(e) = verify::verify(&t) {
                eprintln!("jit: optimised trace is wrong: {e}\n{}", text::print(&t));
                return Err("verify");
            }
        }
        if log::traces() {
            eprintln!("jit: {} optimised:\n{}", self.tree.name, text::print(&t));
        }
        self.keep_constants()?;
        let kept = sight::before(self, jit, &mut t);
        let c = jit.backend.compile(&t, &jit.layout, parent, self.tree as *const Tree as usize)?;
        let nanos = start.elapsed().as_nanos() as u64;
        sight::compiled(self, jit, kept, &t, &c, parent, nanos);
        Counter::CompileNanos.add(nanos);
        Counter::Bytes.add(c.bytes as u64);
        Counter::Insts.add(t.insts.len() as u64);
        if log::on() {
            eprintln!(
                "jit: {} {}: {} recorded, {} optimised, {} bytes, {} us, at {:x}",
                self.tree.name,
                parent.map_or("loop".to_string(), |e| format!("bridge {}", e.id)),
                self.core.trace.insts.len(),
                t.insts.iter().filter(|i| i.op != Op::Nop).count(),
                c.bytes,
                nanos / 1000,
                c.entry
            );
        }
        Ok(c.entry)
    }
    /// The root code keeps the constants alive.
    fn keep_constants(&mut self) -> Result<(), &'static str> {
        let th = self.th;
        let code: Gc<Code> = unsafe { Value::from_bits(self.tree.code).cast_unchecked() };
        let n = self.keep.len();
        let a = th.array(n + 1).map_err(|_| {
            th.exc.init(None);
            "no memory"
        })?;
        for k in 0..n {
            let v = unsafe { Value::from_bits(self.keep.as_slice()[k]) };
            th.store(a, a.slot(k), v);
        }
        let _g = crate::types::TYPE_LOCK.lock().unwrap();
        th.store_opt(a, a.slot(n), code.jit_refs.get());
        th.store(code, &code.jit_refs, a.value());
        Ok(())
    }
}
