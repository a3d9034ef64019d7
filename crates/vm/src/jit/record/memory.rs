//! The state of the trace at an instruction: as a snapshot for guards, and written to memory for what reads it there.
//!
//! # Invariants
//! - A snapshot names the live registers of all frames at the current instruction, no others.
//! - Objects are made and registers written before a frame or `Thread::fp` is published: while something is allocated the
//!   collector sees frames that are complete.
//! - `mem_fp`, `RFrame::real` and `RFrame::mem_pc` say what memory holds already; it is not written twice.

use super::*;
use crate::jit;
use adder_metatrace::scratch;

impl Rec {
    pub(super) fn depth_at(code: Gc<Code>, pc: *const Ins) -> usize {
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
    pub(super) fn val(&self, r: R_) -> Val {
        match self.core.trace.const_of(r) {
            Some(c) => Val::Const(c.bits),
            None => Val::Word(r),
        }
    }
    pub(super) fn frame_snaps(&self) -> impl Iterator<Item = FrameSnap> {
        let n = self.frames.len();
        let one = move |(k, f): (usize, &RFrame)| FrameSnap {
            pc: if k + 1 == n { self.pc as u64 } else { f.pc as u64 },
            code: f.code.value().bits(),
            base: f.base,
            flags: f.flags,
            real: f.real,
            func: if k == 0 || f.real || f.func.is_none() { Val::Const(0) } else { self.val(f.func) },
            extra: f.extra.filter(|_| !f.real).map(|e| self.val(e)),
        };
        self.frames.iter().enumerate().map(one)
    }
    /// The state at the current instruction.
    fn snap(&mut self) -> u32 {
        if !self.core.needs_snap() {
            return self.core.snap();
        }
        let mut s = scratch::snap();
        s.frames.extend(self.frame_snaps());
        self.each_live(|slot, r| s.slots.push((slot as u32, self.val(r))));
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

    pub(in crate::jit) fn base_addr(&mut self, which: i64) -> R_ {
        self.core.op_imm(Op::Base, R_::NONE, R_::NONE, which)
    }
    pub(in crate::jit) fn raw_set(&mut self, a: R_, at: usize, v: R_) {
        self.core.effect(Inst { a, b: v, imm: at as i64, ..Inst::new(Op::RawSet) });
    }
    /// Writes the state at the current instruction to memory.
    pub(super) fn sync(&mut self) {
        self.snap();
        self.sync_snap(false);
    }
    /// The same before an operation that leaves the innermost frame.
    pub(super) fn sync_leaving(&mut self) {
        self.snap();
        self.sync_snap(true);
    }
    /// The same, and these registers.
    pub(super) fn sync_with(&mut self, more: Vec<(u32, Val)>) {
        let n = self.snap();
        let mut s = self.core.trace.snaps[n as usize].clone();
        s.slots.extend(more);
        self.core.set_snap(s);
        self.sync_snap(false);
    }
    fn sync_snap(&mut self, leaving: bool) {
        let n = self.frames.len();
        // Objects are made and registers written first: while something is allocated, the frames in memory must be
        // those that are published, for nobody else's references are found.
        // Registers above the locals may serve others before the trace goes on.
        let f = self.frames.last().unwrap();
        // When its frame is left those are free as well: for the other operand's method after NotImplemented, `__bool__`...
        let top = if leaving { f.base } else { f.base + f.code.nlocals };
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
                        jit::generators::write_out(self, e);
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
}
