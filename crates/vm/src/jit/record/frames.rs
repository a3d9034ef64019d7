//! Frames of a recording: pushed by calls, popped by returns; calls that do not become part of the trace but call the
//! function's own machine code.
//!
//! # Invariants
//! - A frame of the trace is not in memory (`real`) before `memory::sync` writes it; its caller's `pc` is noted when
//!   it is pushed.
//! - Popping a frame forgets the registers from its base on: they belong to nobody.

use super::*;
use crate::jit;

/// What a call of another function's machine code gains.
const CALL_GAIN: usize = 2;

impl Rec {
    /// Whether a call of this code may become part of the trace.
    pub fn may_enter(&mut self, code: Gc<Code>) -> bool {
        self.may_bind(code) && !self.apart(code)
    }
    /// Whether it may be part of the trace or be called by it.
    pub fn may_bind(&mut self, code: Gc<Code>) -> bool {
        if jit::reports(self.th, code) {
            self.core.give_up(Counter::AbortOp, "code that is observed");
            return false;
        }
        if jit::excluded(code) {
            self.core.give_up(Counter::AbortExcluded, "excluded by the program");
            return false;
        }
        self.frames.last().unwrap().base as usize + (1 << 12) < jit::REG_ROOM
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
    /// Records that nobody holds the innermost frame, whose record is in memory: its frame object must be told when the frame
    /// is left. It may have one now and then: where a trace was recorded with one, it goes on without one as well, and an exit
    /// behind that is a bridge's beginning for both.
    pub fn guard_unheld(&mut self) {
        let at = (self.frames.len() - 1) * size_of::<Frame>() + offset_of!(Frame, flags);
        let root = self.base_addr(1);
        let flags = self.core.op_imm(Op::RawGet, root, R_::NONE, at as i64);
        let flags = self.core.op1(Op::Tag, flags);
        let (object, none) = (self.konst(Value::fix(fflags::OBJECT as i64)), self.konst(Value::fix(0)));
        let held = self.core.op(Op::FixAnd, flags, object);
        let c = self.core.op(Op::Eq, held, none);
        self.guard(c, true);
    }
    /// Generators whose frames are not in memory.
    pub fn waiting_generators(&self) -> Vec<R_> {
        let of = |f: &RFrame| f.extra.filter(|_| !f.real && f.flags & fflags::GENERATOR != 0);
        self.frames.iter().filter_map(of).collect()
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
            cell: jit::loops_of(code).loops[code.nloops as usize].cell,
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
        let aside = jit::Aside::begin();
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
        let why = if crate::interp::events::closely(th) {
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
        Some(pc.wrapping_add(1))
    }
}
