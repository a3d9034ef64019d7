//! The generic part of a trace recorder: it appends IR, shares the snapshot among the guards of an operation, checks
//! that guards come before effects, and knows why it gave up. The interpreter's own recorder keeps the symbolic state
//! of frames and computes the concrete values.

use crate::counters::Counter;
use crate::ir::*;
use crate::machine::Effects;

pub struct Recorder {
    pub trace: Trace,
    /// Why the recording is to be given up.
    pub abort: Option<(Counter, &'static str)>,
    /// An effect has been recorded since the last resume point.
    effects: bool,
    /// Snapshot of the current resume point, once a guard needed it.
    snap: Option<u32>,
    pub limit: usize,
}

impl Recorder {
    pub fn new(limit: usize) -> Recorder {
        Recorder { trace: Trace::new(), abort: None, effects: false, snap: None, limit }
    }
    pub fn give_up(&mut self, c: Counter, why: &'static str) {
        self.abort.get_or_insert((c, why));
    }
    /// The interpreter could re-execute from here.
    pub fn resume_point(&mut self) {
        self.effects = false;
        self.snap = None;
        if self.trace.insts.len() > self.limit {
            self.give_up(Counter::AbortLength, "too long");
        }
    }
    /// What is recorded from here on comes from there.
    pub fn place(&mut self, p: Origin) {
        self.trace.places.push(p);
        self.trace.here = At(self.trace.places.len() as u32);
    }
    pub fn needs_snap(&self) -> bool {
        self.snap.is_none()
    }
    pub fn set_snap(&mut self, s: Snap) -> u32 {
        self.trace.snaps.push(s);
        let n = self.trace.snaps.len() as u32 - 1;
        self.snap = Some(n);
        n
    }
    pub fn snap(&self) -> u32 {
        self.snap.expect("a snapshot was made")
    }
    pub fn word(&mut self, bits: u64) -> R {
        self.trace.konst(Ty::Ref, bits)
    }
    pub fn int(&mut self, n: i64) -> R {
        self.trace.konst(Ty::Int, n as u64)
    }
    pub fn flt(&mut self, bits: u64) -> R {
        self.trace.konst(Ty::Flt, bits)
    }
    pub fn op(&mut self, op: Op, a: R, b: R) -> R {
        self.trace.push(Inst { a, b, ..Inst::new(op) })
    }
    pub fn op1(&mut self, op: Op, a: R) -> R {
        self.trace.push(Inst { a, ..Inst::new(op) })
    }
    pub fn op_imm(&mut self, op: Op, a: R, b: R, imm: i64) -> R {
        self.trace.push(Inst { a, b, imm, ..Inst::new(op) })
    }
    /// A guard or checked operation: the snapshot of the current resume point must exist.
    pub fn guarded(&mut self, op: Op, a: R, b: R) -> R {
        if self.effects {
            self.give_up(Counter::AbortEffect, "guard after an effect");
        }
        let snap = self.snap();
        self.trace.push(Inst { a, b, snap, ..Inst::new(op) })
    }
    pub fn effect(&mut self, i: Inst) {
        self.effects = true;
        self.trace.push(i);
    }
    /// The state of the current resume point is to be in memory.
    pub fn sync(&mut self, from: i64) {
        let snap = self.snap();
        self.effect(Inst { imm: from, snap, ..Inst::new(Op::Sync) });
    }
    pub fn call(&mut self, op: Op, f: Callee, args: &[R]) -> R {
        let n = match self.trace.calls.iter().position(|c| *c == f) {
            Some(n) => n,
            None => {
                self.trace.calls.push(f);
                self.trace.calls.len() - 1
            }
        };
        let from = self.trace.args.len() as u32;
        self.trace.args.extend_from_slice(args);
        if f.effects.0 & !Effects::READS.or(Effects::RAISES).0 != 0 {
            self.effects = true;
        }
        self.trace.push(Inst { a: R(from), b: R(args.len() as u32), imm: n as i64, ..Inst::new(op) })
    }
    /// Says whether there were effects after which nothing may be executed again. A guard that tells whether a call did
    /// anything at all (or failed, which its exit sees) comes between two of these.
    pub fn set_effects(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.effects, on)
    }
}
