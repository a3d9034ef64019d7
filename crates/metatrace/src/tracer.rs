//! What a recording knows of the interpreter's frames and registers, for interpreters whose frames are windows on one
//! stack of words with a small record for each ([`FrameLayout`]): operands of registers, snapshots, calls and
//! returns within the trace, the writing of it all to memory where a trace goes on elsewhere.
//!
//! # Invariants
//! - Everything is carried out on the real frames and registers while it is recorded, so a recording can be given up at
//!   any instruction.
//! - Registers that a snapshot does not name are in memory.

use crate::backend::{Exit, Loc};
use crate::counters::Counter;
use crate::ir::*;
use crate::recorder::Recorder;

/// Where things are in the interpreter's memory. Offsets are in bytes.
#[derive(Clone, Copy, Debug)]
pub struct FrameLayout {
    /// Size of a frame's record; the next frame's follows it.
    pub size: usize,
    /// In a record: the instruction to go on with; of a frame that waits, its call.
    pub pc: usize,
    /// In a record: the code.
    pub code: usize,
    /// In a record: the address of the first register.
    pub regs: usize,
    /// In the thread: the address of the running frame's record.
    pub fp: usize,
    /// In the thread: where the stack of records ends.
    pub frames_end: usize,
    /// In the thread: where the stack of registers ends.
    pub regs_end: usize,
}

/// Records that a trace may need above its root frame's.
pub const FRAME_ROOM: usize = 64;
/// Registers that it may need above its root frame's first.
pub const REG_ROOM: usize = 1 << 13;
/// Frames in a trace.
pub const MAX_DEPTH: usize = 12;

/// A frame of the recording.
#[derive(Clone, Copy, Debug)]
pub struct RFrame {
    /// Its first register, counted from the root frame's.
    pub base: usize,
    /// The code's word, as the interpreter's records have it.
    pub code: u64,
    /// Of a frame that waits: its call.
    pub pc: u64,
}

/// The state of a recording: frames, registers, and the [`Recorder`].
pub struct Tracer {
    /// Where the trace is written.
    pub core: Recorder,
    /// The interpreter's frames.
    pub layout: FrameLayout,
    /// How many registers of a code's frame are in use at an instruction.
    pub live: fn(code: u64, pc: u64) -> usize,
    /// The frames, the root frame first.
    pub frames: Vec<RFrame>,
    sym: Vec<Option<R>>,
    touched: Vec<bool>,
    pc: u64,
    /// Returns from the root frame.
    pub left: usize,
}

impl Tracer {
    /// For a trace of at most `limit` instructions; `live`: see the field.
    pub fn new(layout: FrameLayout, live: fn(u64, u64) -> usize, limit: usize) -> Tracer {
        Tracer {
            core: Recorder::new(limit),
            layout,
            live,
            frames: Vec::new(),
            sym: Vec::new(),
            touched: Vec::new(),
            pc: 0,
            left: 0,
        }
    }
    /// The next instruction, before which the interpreter could go on.
    pub fn at(&mut self, pc: u64) {
        self.pc = pc;
        self.core.resume_point();
    }
    /// The instruction being recorded.
    pub fn pc(&self) -> u64 {
        self.pc
    }
    /// Frames of the recording, the root among them.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    // -- registers

    fn base(&self) -> usize {
        self.frames.last().expect("a frame").base
    }
    fn slot(&mut self, i: usize) -> usize {
        let slot = self.base() + i;
        if self.sym.len() <= slot {
            self.sym.resize(slot + 1, None);
            self.touched.resize(slot + 1, false);
        }
        slot
    }
    /// Operand of register `i` of the running frame.
    pub fn reg(&mut self, i: usize) -> R {
        let slot = self.slot(i);
        if let Some(r) = self.sym[slot] {
            return r;
        }
        let first = !self.touched[slot] && self.frames.len() == 1 && self.left == 0;
        let op = if first { Op::Entry } else { Op::LoadReg };
        let r = self.core.op_imm(op, R::NONE, R::NONE, slot as i64);
        self.sym[slot] = Some(r);
        r
    }
    /// Register `i` of the running frame gets this value.
    pub fn set_reg(&mut self, i: usize, r: R) {
        let slot = self.slot(i);
        self.sym[slot] = Some(r);
        self.touched[slot] = true;
    }

    // -- frames

    /// The running frame calls; the callee's registers begin at its register `base`.
    pub fn push_frame(&mut self, base: usize, code: u64) {
        if self.frames.len() >= MAX_DEPTH {
            self.core.give_up(Counter::AbortDepth, "calls too deep");
        }
        let base = self.base() + base;
        self.frames.last_mut().expect("a frame").pc = self.pc;
        self.frames.push(RFrame { base, code, pc: 0 });
    }
    /// The running frame goes on with other code.
    pub fn replace_code(&mut self, code: u64) {
        self.frames.last_mut().expect("a frame").code = code;
    }
    /// The running frame, not the root one, returns; its registers are forgotten.
    pub fn pop_frame(&mut self) {
        let f = self.frames.pop().expect("a frame");
        for s in f.base..self.sym.len() {
            self.sym[s] = None;
        }
    }
    /// Returns from the root frame: tests that the caller is the one seen now, which becomes the root. To be called before
    /// the interpreter returns; `pc`, `code`: the caller's.
    pub fn leave_root(&mut self, pc: u64, code: u64) {
        let l = self.layout;
        let root = self.core.op_imm(Op::Base, R::NONE, R::NONE, 1);
        let below = |at: usize| at as i64 - l.size as i64;
        for (at, want) in [(l.pc, pc), (l.code, code)] {
            let x = self.core.op_imm(Op::RawGet, root, R::NONE, below(at));
            let k = self.core.int(want as i64);
            let c = self.core.op(Op::Eq, x, k);
            self.guard(c, true);
        }
        let regs = self.core.op_imm(Op::RawGet, root, R::NONE, below(l.regs));
        self.core.effect(Inst { a: regs, imm: -(l.size as i64), ..Inst::new(Op::Rebase) });
        self.left += 1;
        self.sym.clear();
        self.touched.clear();
        self.frames.clear();
        self.frames.push(RFrame { base: 0, code, pc });
    }

    // -- snapshots, guards

    fn val(&self, r: R) -> Val {
        self.core.trace.const_of(r).map_or(Val::Word(r), |c| Val::Const(c.bits))
    }
    /// The state before the current instruction.
    pub fn snap(&mut self) -> u32 {
        if !self.core.needs_snap() {
            return self.core.snap();
        }
        let mut s = Snap::default();
        let n = self.frames.len();
        for (k, f) in self.frames.iter().enumerate() {
            let pc = if k + 1 == n { self.pc } else { f.pc };
            s.frames.push(FrameSnap {
                pc,
                code: f.code,
                base: f.base as u32,
                flags: 0,
                real: k == 0,
                func: Val::Const(0),
                extra: None,
            });
            let mut end = f.base + (self.live)(f.code, pc);
            if let Some(next) = self.frames.get(k + 1) {
                end = end.min(next.base);
            }
            for slot in f.base..end.min(self.sym.len()) {
                if let Some(r) = self.sym[slot].filter(|_| self.touched[slot]) {
                    s.slots.push((slot as u32, self.val(r)));
                }
            }
        }
        self.core.set_snap(s)
    }
    /// An operation that may leave the trace, with a snapshot of the current instruction.
    pub fn guarded(&mut self, op: Op, a: R, b: R) -> R {
        self.snap();
        self.core.guarded(op, a, b)
    }
    /// A test that the condition is what it is now.
    pub fn guard(&mut self, cond: R, want: bool) {
        // Constants need no test.
        if self.core.trace.const_of(cond).is_none() {
            self.guarded(if want { Op::GuardT } else { Op::GuardF }, cond, R::NONE);
        }
    }

    // -- ends

    /// The recorded loop is complete.
    pub fn close(&mut self) {
        let end = (self.live)(self.frames[0].code, self.pc);
        for slot in 0..end.min(self.sym.len()) {
            if let Some(r) = self.sym[slot].filter(|_| self.touched[slot]) {
                self.core.trace.end_slots.push((slot as u32, r));
            }
        }
    }
    /// The trace goes on in the code that the cell holds, the running frame being its root.
    pub fn link(&mut self, cell: u64) {
        let l = self.layout;
        let n = self.frames.len();
        let (fp, regs) = (self.base_addr(1), self.base_addr(2));
        if n > 1 {
            self.guard_room(fp, regs);
        }
        self.snap();
        self.core.sync(i64::MAX);
        let running = self.frames.clone();
        for (k, f) in running.iter().enumerate() {
            let at = k * l.size;
            if k > 0 {
                let off = self.core.int(8 * f.base as i64);
                let first = self.core.op(Op::Add, regs, off);
                self.raw_set(fp, at + l.regs, first);
            }
            let pc = if k + 1 == n { self.pc } else { f.pc };
            for (at, w) in [(at + l.code, f.code), (at + l.pc, pc)] {
                let w = self.core.int(w as i64);
                self.raw_set(fp, at, w);
            }
        }
        let thread = self.base_addr(0);
        let off = self.core.int(((n - 1) * l.size) as i64);
        let top = self.core.op(Op::Add, fp, off);
        self.raw_set(thread, l.fp, top);
        self.core.trace.end =
            End::Link { cell, frames: ((n - 1) * l.size) as u32, regs: 8 * running[n - 1].base as u32 };
    }
    fn base_addr(&mut self, which: i64) -> R {
        self.core.op_imm(Op::Base, R::NONE, R::NONE, which)
    }
    fn raw_set(&mut self, a: R, at: usize, v: R) {
        self.core.effect(Inst { a, b: v, imm: at as i64, ..Inst::new(Op::RawSet) });
    }
    /// The root frame is about to move up.
    fn guard_room(&mut self, fp: R, regs: R) {
        let l = self.layout;
        let thread = self.base_addr(0);
        let up = (self.frames.len() - 1 + FRAME_ROOM) * l.size;
        for (from, up, end) in [(fp, up, l.frames_end), (regs, 8 * (self.base() + REG_ROOM), l.regs_end)] {
            let n = self.core.int(up as i64);
            let top = self.core.op(Op::Add, from, n);
            let end = self.core.op_imm(Op::RawGet, thread, R::NONE, end as i64);
            let c = self.core.op(Op::Ult, top, end);
            self.guard(c, true);
        }
    }

    // -- beginnings

    /// A trace from a header, whose frame is the root.
    pub fn begin(&mut self, code: u64) {
        self.frames.push(RFrame { base: 0, code, pc: 0 });
    }
    /// A bridge from an exit: its types, its virtual objects, its frames.
    pub fn begin_bridge(&mut self, e: &Exit) {
        let said = e.said();
        let mut ins = Vec::new();
        for (k, (loc, ty)) in said.leaves.iter().enumerate() {
            self.core.trace.inputs.push(*ty);
            ins.push(match loc {
                Loc::Const(w) => self.core.trace.konst(*ty, *w),
                _ => self.core.trace.push(Inst { ty: *ty, imm: k as i64, ..Inst::new(Op::In) }),
            });
        }
        let name = &mut |r: R, _| ins.get(r.0 as usize).copied();
        self.core.trace.hints = said.rest().1.iter().filter_map(|h| h.with(name, |_| Ty::Ref)).collect();
        // All objects are made (virtually) first, for they may refer to each other.
        let new = |v: &VirtSnap| (Op::New, R::NONE, R::NONE, v.what);
        let objects: Vec<R> =
            said.snap.virts.iter().map(new).map(|(op, a, b, w)| self.core.op_imm(op, a, b, w)).collect();
        let val = |core: &mut Recorder, v: &Val| match *v {
            Val::Const(w) => core.word(w),
            Val::Raw(w) => core.int(w as i64),
            Val::Word(r) => ins[r.0 as usize],
            Val::Int(r) => core.op1(Op::Tag, ins[r.0 as usize]),
            Val::Flt(r) => core.op1(Op::Box, ins[r.0 as usize]),
            Val::Virt(n) => objects[n as usize],
        };
        for (o, v) in objects.iter().zip(&said.snap.virts) {
            for (at, x) in &v.fields {
                let b = val(&mut self.core, x);
                self.core.trace.push(Inst { a: *o, b, imm: *at as i64, ..Inst::new(Op::SetNew) });
            }
        }
        for f in &said.snap.frames {
            self.frames.push(RFrame { base: f.base as usize, code: f.code, pc: f.pc });
        }
        for (slot, v) in &said.snap.slots {
            let r = val(&mut self.core, v);
            let slot = *slot as usize;
            if self.sym.len() <= slot {
                self.sym.resize(slot + 1, None);
                self.touched.resize(slot + 1, false);
            }
            self.sym[slot] = Some(r);
            self.touched[slot] = true;
        }
    }
}
