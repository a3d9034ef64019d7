//! Where a trace ends: the loop is closed, it goes on in another trace (link, jump into the home loop), the root frame
//! returns. A bridge may follow a return into the caller, which becomes its root frame.
//!
//! # Invariants
//! - Every backward jump that the trace takes or ends with has a `Calm` guard: other threads, signals and the collector
//!   are looked at once a round.
//! - A link needs everything in memory, and room above its frame for what the other trace may push.
//! - `resume` is the instruction with which the interpreter goes on; it is published when compiling is done.
//! - The frames and registers that are read are those of the thread that records, from the root on; they stay where
//!   they are, and keep the code whose instructions are read. A call names registers of its own frame.

use super::*;
use crate::jit;

impl Rec {
    /// Whether a return from the root frame is the trace's end: of a function's trace, or where nothing can be said of the
    /// caller.
    pub(super) fn must_end(&self) -> bool {
        let flags = unsafe { (*self.root_fp).flags };
        self.left + 1 == self.tree.ends || self.left >= Param::MaxLeft.size() || flags & fflags::ENTRY != 0
    }
    /// The trace ends with this return from the root frame, which the interpreter carries out.
    pub(super) fn end_at_return(&mut self, i: Ins) -> Done {
        let pc = self.pc;
        let flags = unsafe { (*self.root_fp).flags };
        if flags & (fflags::OBJECT | fflags::WRITTEN | fflags::GENERATOR) != 0 {
            // What the bridge did so far is worth it; the interpreter returns.
            if self.from.is_some()
                && let Some(j) = jit::get()
            {
                self.link(j.nowhere, unsafe { (*self.root_fp).code }.value().bits());
                self.resume = pc;
                return Done::Link;
            }
            self.core.give_up(Counter::AbortFrame, "a frame that somebody may look at");
            return self.stop(pc);
        }
        // The frame of a function's own trace is new when it is entered. (Of others the counter is none, or nothing ends.)
        let own = self.tree.counter != usize::MAX && self.tree.ends == 1;
        let fresh = own && self.from.is_none() && self.left == 0;
        if !fresh {
            self.guard_unheld();
        }
        let r = if i.op() == Bc::Return { self.reg(i.a()) } else { self.konst(NONE()) };
        self.core.effect(Inst { a: r, ..Inst::new(Op::Return) });
        self.resume = pc;
        Done::Return
    }
    /// A bridge returns from its root frame: it goes on in the caller, if that is the one seen now, which becomes the
    /// root. All of the caller's registers are in memory.
    pub(super) fn leave_root(&mut self, i: Ins) -> Option<*const Ins> {
        let th = self.th;
        let fp = self.root_fp;
        let flags = unsafe { (*fp).flags };
        if self.left >= Param::MaxLeft.size()
            // What lies below a generator's frame may be a gap: nothing has been written there.
            || flags & (fflags::ENTRY | fflags::GENERATOR) != 0
            || th.fp.get() != fp
            || th.wanted()
        {
            return None;
        }
        let m = RecMachine { s: self, i: Interp::<false> { regs: unsafe { (*fp).regs }, th, fp } };
        let result = if i.op() == Bc::ReturnNone { m.constant(NONE()) } else { m.reg(i.a()) };
        let call = unsafe { crate::interp::instrument::standing(&*fp.sub(1)) };
        let to = m.result_to(flags, call, result)?;
        // SAFETY: neither an entry nor a generator's: the frame below is the caller's.
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
        if let Some(b) = to.outcome {
            (v, r) = (Value::bool(b), self.konst(Value::bool(b)));
        }
        // SAFETY: behind the call, or where its jump leads.
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
    pub(in crate::jit) fn new_root(&mut self, regs: R_) {
        self.core.effect(Inst { a: regs, imm: -(size_of::<Frame>() as i64), ..Inst::new(Op::Rebase) });
        self.left += 1;
        self.home = None;
        self.core.trace.carry = None;
        // SAFETY: it runs now, so it is there.
        self.root_fp = unsafe { self.root_fp.sub(1) };
        self.root_regs = unsafe { (*self.root_fp).regs };
        self.sym.clear();
        self.touched.clear();
        self.mem_fp = Some(0);
        self.frames.clear();
        self.frames.push(RFrame::root(self.root_fp));
    }
    /// Gives up before the instruction at `pc`.
    pub(super) fn stop(&mut self, pc: *const Ins) -> Done {
        unsafe { (*self.th.fp.get()).pc = pc.wrapping_sub(1) };
        Done::Abort(Ok(Ctl::Next))
    }

    pub(super) fn jump_back(&mut self, pc: *const Ins, i: Ins) -> Option<Done> {
        let th = self.th;
        // SAFETY: jumps lead to instructions of the same code.
        let target = unsafe { pc.offset(1 + i.imm() as isize) };
        let code = self.frames.last().unwrap().code;
        if th.wanted() {
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
        let used = !at_root && self.frames.last().unwrap().flags & fflags::GENERATOR != 0;
        if let Some(t) = tree_of(code, i.a(), target)
            && !(used && t.suspends.load(Relaxed))
        {
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
                && let Some(s) = jit::joins::state(code, pc)
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
        // A trace that begins with this jump takes it: a link to itself would go nowhere.
        if self.inner > Param::MaxInner.size().max((self.start == pc) as usize) {
            // The inner loop comes next; until it is there the interpreter runs it.
            let c = jit::counter(code, i.a());
            if c.load(Relaxed) < u32::MAX / 2 {
                c.store(0, Relaxed);
            }
            // What comes here each time in the loop's last round would never find it compiled.
            if let Some(s) = jit::joins::state(code, pc)
                && s.aborts.load(Relaxed) < Param::MaxAborts.get()
            {
                self.note_ends(s);
                return Some(self.link_to(s.cell, code, target));
            }
            return Some(self.link_to(jit::loops_of(code).loops[i.a()].cell, code, target));
        }
        self.guarded(Op::Calm, R_::NONE, R_::NONE);
        None
    }

    /// Ends the trace if this is where ways meet.
    pub(super) fn meet(&mut self, pc: *const Ins) -> Option<Done> {
        let code = self.frames.last().unwrap().code;
        if !jit::joins::is(code, pc) || self.frames.iter().any(|f| f.flags & fflags::GENERATOR != 0) {
            return None;
        }
        let s = jit::joins::state(code, pc)?;
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
        if jit::get().is_some_and(|j| s.cell.load(Relaxed) == j.none) {
            s.ends.store(ends, Relaxed);
        }
    }
    /// The bridge left its loop's way in because some value was of another kind than when the loop was recorded: what
    /// comes next round will be, too.
    fn other_kinds(&self) -> bool {
        let mut e = self.from;
        while let Some(x) = e {
            if x.kind() && x.home().is_none() {
                return true;
            }
            e = x.parent();
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
    pub(super) fn link(&mut self, cell: &'static AtomicU64, code: u64) {
        self.sync();
        let k = self.frames.len() - 1;
        self.core.trace.end = End::Link {
            cell: cell as *const AtomicU64 as u64,
            frames: (k * size_of::<Frame>()) as u32,
            regs: 8 * self.frames[k].base,
        };
        // The linked tree's constants live with its code.
        // SAFETY: the word of a code object.
        self.keep_alive(unsafe { Value::from_bits(code) });
    }

    /// A link moves the root frame up: there must be room for what the other trace may push (`has_room`).
    fn guard_room(&mut self) {
        let (t, fp, regs) = (self.base_addr(0), self.base_addr(1), self.base_addr(2));
        let up = (self.frames.len() - 1 + jit::FRAME_ROOM) * size_of::<Frame>();
        for (base, up, limit) in [
            (fp, up, offset_of!(Thread, frame_limit)),
            (regs, 8 * (self.base() + jit::REG_ROOM), offset_of!(Thread, regs_end)),
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
    /// registers of which the loop knows that nothing writes them. Or the loop was not reached yet, and those that its
    /// first round writes may not be written.
    fn went_elsewhere(&self) -> bool {
        let mut e = self.from;
        while let Some(x) = e {
            if x.in_memory() || x.early() {
                return true;
            }
            e = x.parent();
        }
        false
    }
}
