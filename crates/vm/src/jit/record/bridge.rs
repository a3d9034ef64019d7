//! Bridges: recording from an exit of a compiled trace.
//!
//! # Invariants
//! - The first instructions of a bridge give the values that the exit offers (`Op::In`) and rebuild what its snapshot
//!   says: virtual objects, frames that are not in memory, registers.
//! - An exit whose state is in memory may be taken with the program elsewhere than recorded: such a bridge first tests
//!   frame, code and `pc`.

use super::*;
use adder_metatrace::backend::{Loc, Said};

/// Bridges, begun or made, of a tree that is soon made again.
const FEW: u32 = 2;
/// Why a bridge is put off.
pub(super) const YOUNG: &str = "a class that may soon be gone";

/// Records a bridge from an exit; the interpreter's state is that of the exit, published.
///
/// # Safety
/// `e` is an exit of a tree of this JIT, and `root` is the frame that its trace was entered with.
pub unsafe fn record_bridge(th: Th, jit: &'static Jit, e: &'static Exit, root: *mut Frame) -> R<Ctl> {
    let tree = unsafe { &*(e.owner() as *const Tree) };
    if RECORDING.with(|r| r.get()) || !tree.valid.load(Acquire) {
        return Ok(Ctl::Next);
    }
    Counter::Bridges.inc();
    tree.bridges.fetch_add(1, Relaxed);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, root);
    // SAFETY: the root frame.
    let native = unsafe { (*root).flags } & fflags::ENTRY != 0;
    rec.from = Some(e);
    rec.merging = tree.join || tree.bridges.load(Relaxed) > Param::MergeAfter.get();
    rec.names = Some(unsafe { (*root).code });
    sight::recording(&rec);
    let at = unsafe { (*th.fp.get()).pc.add(1) };
    if !e.in_memory() {
        rec.begin_bridge(e);
        if rec.asked_fix {
            rec.met(at, super::super::MET_OTHER);
        }
    } else if !rec.begin_in_memory(e, at) {
        e.taken().failures.fetch_add(1, Relaxed);
        return Ok(Ctl::Next);
    }
    tree.young.store(false, Relaxed);
    let done = rec.run(at);
    if tree.young.swap(false, Relaxed) {
        // A program that makes classes all the time would get a bridge for each. Nothing is wrong with the exit: it is tried
        // again when the class is there, and later each time. A small tree goes: the next is made then
        // ([`LoopState::wait_for_next`]).
        rec.core.give_up(Counter::AbortInvalid, YOUNG);
        let r = match done {
            Done::Abort(r) => r,
            _ => {
                rec.go_on();
                Ok(Ctl::Next)
            }
        };
        rec.report_abort();
        put_off(e);
        if tree.bridges.load(Relaxed) <= FEW {
            // SAFETY: the root frame.
            drop_young(tree, unsafe { (*root).code });
        }
        return r;
    }
    match done {
        Done::Abort(r) => {
            rec.report_abort();
            let drained = rec.names.is_some_and(crate::interp::drain::hot);
            if drained && native && matches!(rec.core.abort, Some((Counter::AbortReturn, _))) {
                // The next generator of this code is used up by a loop that the bridge can go on in.
                put_off(e);
                return r;
            }
            // A safepoint is nobody's fault.
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            if !chance && e.taken().failures.fetch_add(1, Relaxed) + 1 >= Param::MaxBridgeFailures.get() {
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
                    e.taken().failures.fetch_add(1, Relaxed);
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

/// Nothing is wrong with the exit: it is tried again, later each time.
fn put_off(e: &'static Exit) {
    let t = e.taken();
    let times = t.put_off.fetch_add(1, Relaxed);
    t.hot.since.store(crate::jit::budget::later(times), Relaxed);
}

/// A small tree goes because of a class that came after it; `code`: the root frame's.
fn drop_young(tree: &'static Tree, code: Gc<Code>) {
    Counter::Dropped.inc();
    adder_metatrace::sight::invalidated(tree as *const Tree as usize, Counter::Dropped);
    watch::invalidate(tree);
    if code.value().bits() != tree.code {
        return;
    }
    match crate::jit::loops_of(code).loops.get(tree.counter) {
        Some(l) => l.wait_longer(),
        // It begins where ways meet.
        None => {
            if let Some(s) = crate::jit::joins::state(code, tree.header) {
                s.aborts.fetch_add(1, Relaxed);
            }
        }
    }
}

impl Rec {
    /// The values that the exit offers.
    fn inputs(&mut self, e: &'static Exit, said: &Said) -> Vec<R_> {
        let mut ins = Vec::new();
        for (k, (at, ty)) in said.leaves.iter().enumerate() {
            self.core.trace.inputs.push(*ty);
            ins.push(match *at {
                Loc::Const(w) => self.core.trace.konst(*ty, w),
                _ => self.core.trace.push(Inst { ty: *ty, imm: k as i64, ..Inst::new(Op::In) }),
            });
        }
        let name = &mut |r: R_, _| ins.get(r.0 as usize).copied();
        let (carry, hints) = said.rest();
        self.asked_fix = matches!(hints.last(), Some(Hint::Cond(Op::IsFix, ..)));
        self.core.trace.hints = hints.iter().filter_map(|h| h.with(name, |_| Ty::Ref)).collect();
        self.home = e.home();
        self.core.trace.carry = e.home().map(|_| carry.iter().map(|k| ins[*k as usize]).collect());
        ins
    }
    fn begin_bridge(&mut self, e: &'static Exit) {
        let said = e.said();
        let ins = self.inputs(e, &said);
        let snap = &said.snap;
        // Virtual objects: all made (virtually) first, for they may refer to each other.
        let objs: Vec<R_> =
            snap.virts.iter().map(|v| self.core.op_imm(Op::New, R_::NONE, R_::NONE, v.what)).collect();
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
        for (n, v) in snap.virts.iter().enumerate() {
            for (at, x) in &v.fields {
                let x = val(self, x);
                self.core.trace.push(Inst { a: objs[n], b: x, imm: *at as i64, ..Inst::new(Op::SetNew) });
            }
        }
        for (k, f) in snap.frames.iter().enumerate() {
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
        for (slot, v) in &snap.slots {
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
        let said = e.said();
        let was = said.snap.frames.len() as isize - 1;
        if depth < 0 || (depth - was).abs() > 1 {
            return false;
        }
        self.inputs(e, &said);
        let (depth, f) = (depth as usize, unsafe { &*fp });
        let base = unsafe { f.regs.offset_from(self.root_regs) };
        if base < 0 || (depth > 0 && f.flags & (fflags::ENTRY | fflags::OBJECT | fflags::WRITTEN) != 0) {
            return false;
        }
        for (k, f) in said.snap.frames.iter().enumerate().take(depth) {
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
        let began = self.core.trace.insts.len();
        self.frames.push(RFrame { mem_pc: at, ..RFrame::in_memory(f, base as u32, began) });
        self.mem_fp = Some(depth);
        self.core.set_snap(said.snap);
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
}
