//! The generic part of a trace recorder: it appends IR, shares the snapshot among the guards of an operation, checks
//! that guards come before effects, and knows why it gave up. The interpreter's own recorder keeps the symbolic state
//! of frames and computes the concrete values.
//!
//! What is the same as before is not recorded again: pure operations, reads of memory that nothing has written since, tests
//! whose outcome is known. So a trace holds little that the passes would drop, and long stretches of code fit.

use crate::counters::Counter;
use crate::fxhash::FxMap;
use crate::ir::*;
use crate::scratch;

/// Writes IR: keeps the rule that guards come before effects, and the snapshots they need.
pub struct Recorder {
    pub trace: Trace,
    /// Why the recording is to be given up.
    pub abort: Option<(Counter, &'static str)>,
    /// An effect has been recorded since the last resume point.
    effects: bool,
    /// Snapshot of the current resume point, once a guard needed it.
    snap: Option<u32>,
    pub limit: usize,
    known: Known,
}

type Key = (Op, R, R, i64);

#[derive(Default)]
struct Known {
    /// Pure and checked operations.
    pure: FxMap<Key, R>,
    /// What was read, or written last.
    loads: FxMap<Key, R>,
    /// Conditions that were tested.
    conds: FxMap<R, bool>,
}
impl Known {
    /// Where to look for what the operation gives.
    fn table(&mut self, op: Op) -> Option<&mut FxMap<Key, R>> {
        match op {
            Op::Nop | Op::IsA | Op::Base => None,
            Op::ShapeIs | Op::Owned | Op::Get | Op::GetInt | Op::Elem | Op::Item | Op::FltItem => {
                Some(&mut self.loads)
            }
            _ if matches!(op.info().class, Class::Pure | Class::Checked) => Some(&mut self.pure),
            _ => None,
        }
    }
    /// Forgets what an instruction may change.
    fn wrote(&mut self, i: &Inst) {
        match i.op {
            Op::Set | Op::SetInt => {
                let read = if i.op == Op::Set { Op::Get } else { Op::GetInt };
                self.loads.retain(|k, _| match k.0 {
                    Op::Get | Op::GetInt => k.3 != i.imm,
                    Op::Elem => false,
                    _ => true,
                });
                self.loads.insert((read, i.a, R::NONE, i.imm), i.b);
            }
            Op::SetElem => self.loads.retain(|k, _| !matches!(k.0, Op::Elem | Op::Get | Op::GetInt)),
            Op::SetItem | Op::SetFltItem => self.loads.retain(|k, _| !matches!(k.0, Op::Item | Op::FltItem)),
            Op::StoreReg => {}
            _ => self.loads.clear(),
        }
    }
}

impl Recorder {
    /// `limit`: most instructions of the trace; beyond it the recording is given up.
    pub fn new(limit: usize) -> Recorder {
        Recorder {
            trace: scratch::trace(),
            abort: None,
            effects: false,
            snap: None,
            limit,
            known: Known::default(),
        }
    }
    /// The first reason stays.
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
    /// The state at this instruction has no snapshot yet.
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
    /// A constant word, integer, double (by its bits).
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
        self.put(Inst { a, b, ..Inst::new(op) })
    }
    pub fn op1(&mut self, op: Op, a: R) -> R {
        self.put(Inst { a, ..Inst::new(op) })
    }
    pub fn op_imm(&mut self, op: Op, a: R, b: R, imm: i64) -> R {
        self.put(Inst { a, b, imm, ..Inst::new(op) })
    }
    fn put(&mut self, i: Inst) -> R {
        let key = (i.op, i.a, i.b, i.imm);
        if let Some(&r) = self.known.table(i.op).and_then(|t| t.get(&key)) {
            return r;
        }
        let r = self.trace.push(i);
        if let Some(t) = self.known.table(i.op) {
            t.insert(key, r);
        }
        r
    }
    /// Whether a guard of this condition would never leave.
    pub fn holds(&self, cond: R, want: bool) -> bool {
        self.known.conds.get(&cond) == Some(&want)
    }
    /// A guard or checked operation: the snapshot of the current resume point must exist.
    pub fn guarded(&mut self, op: Op, a: R, b: R) -> R {
        let key = (op, a, b, 0);
        match op {
            Op::GuardT | Op::GuardF if self.holds(a, op == Op::GuardT) => return R::NONE,
            Op::GuardT | Op::GuardF => {}
            _ => {
                if let Some(&r) = self.known.pure.get(&key) {
                    return r;
                }
            }
        }
        if self.effects {
            self.give_up(Counter::AbortEffect, "guard after an effect");
        }
        let snap = self.snap();
        let r = self.trace.push(Inst { a, b, snap, ..Inst::new(op) });
        match op {
            Op::GuardT | Op::GuardF => {
                self.known.conds.insert(a, op == Op::GuardT);
            }
            Op::Calm => {}
            _ => {
                self.known.pure.insert(key, r);
            }
        }
        r
    }
    /// Writes an instruction that changes something: guards need a new resume point after it.
    pub fn effect(&mut self, i: Inst) {
        self.effects = true;
        self.known.wrote(&i);
        self.trace.push(i);
    }
    /// The state of the current resume point is to be in memory.
    pub fn sync(&mut self, from: i64) {
        let snap = self.snap();
        self.effect(Inst { imm: from, snap, ..Inst::new(Op::Sync) });
    }
    /// A call of a native function; what it may do is the callee's `effects`.
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
        if f.effects.changes() {
            self.effects = true;
            self.known.loads.clear();
        }
        self.trace.push(Inst { a: R(from), b: R(args.len() as u32), imm: n as i64, ..Inst::new(op) })
    }
    /// Says whether there were effects after which nothing may be executed again. A guard that tells whether a call did
    /// anything at all (or failed, which its exit sees) comes between two of these.
    pub fn set_effects(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.effects, on)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        scratch::give(std::mem::take(&mut self.trace));
    }
}
