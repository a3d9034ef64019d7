//! Operations carried out *as a whole*: those that the handlers leave to the runtime. The state is written to memory, the
//! slow function of the operation is called (`helpers::op`), and what it wrote is read back. So every operation can be
//! part of a trace, and what it does is what the interpreter does.
//!
//! # Invariants
//! - The trace tests afterwards that the program is where it was when recorded ([`Expect`]): frame, code, `pc`. An exit
//!   there has its state in memory; a bridge may begin at it.
//! - Registers that the operation may have written are read from memory again; all others are untouched.
//! - What is read by pointer are frames and registers of the thread that records, and instructions of the code that its
//!   frames keep: none of them moves.

use super::*;
use crate::jit;

fn fcode(f: *mut Frame) -> Gc<Code> {
    // SAFETY: a frame of the thread.
    unsafe { (*f).code }
}

/// A bridge that does less is not worth being there.
const SHORT_BRIDGE: usize = 8;

impl Rec {
    /// Whether the trace has done enough for the machine code to be entered, and left for the interpreter after it.
    fn worth_leaving(&self) -> bool {
        let least = if self.from.is_some() { SHORT_BRIDGE } else { Param::FunctionMin.size() };
        self.gain >= least + self.loss
    }
    /// Records and carries out an instruction as a whole.
    #[inline(never)]
    pub(super) fn whole(&mut self, pc: *const Ins, i: Ins) -> Result<*const Ins, Done> {
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
        let suspends = matches!(i.op(), Bc::Yield | Bc::YieldFrom)
            || (leaving && unsafe { (*self.root_fp).flags } & fflags::GENERATOR != 0);
        // SAFETY of both: the frame in which the recording began is there as long as the recording.
        if suspends && self.frames.len() == 1 && self.worth_leaving() {
            // Its user is native code or the interpreter, which suspends or ends it.
            if self.from.is_none() {
                self.tree.suspends.store(true, Relaxed);
            }
            let nowhere = jit::get().map(|j| j.nowhere);
            self.link(nowhere.expect("the JIT that records"), unsafe { (*self.root_fp).code }.value().bits());
            self.resume = pc;
            return Err(Done::Link);
        }
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
        // SAFETY: the running frame, as was tested.
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
        if leaving {
            self.sync_leaving();
        } else {
            self.sync();
        }
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
        let s = Snap { in_memory: true, frames: self.frame_snaps().collect(), ..Snap::default() };
        self.core.set_snap(s);
        self.core.guarded(Op::GuardT, c, R_::NONE);

        // The real thing.
        unsafe { (*before).pc = pc };
        let mut landing = None;
        let aside = jit::Aside::begin();
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
        if crate::interp::events::closely(th) {
            return abort(self, Counter::AbortOp, "code that is observed");
        }
        if helpers::written(self.root_fp, fp) {
            return abort(self, Counter::AbortFrame, "a variable was written from outside");
        }
        let depth = unsafe { fp.offset_from(self.root_fp) };
        let was = self.frames.len() as isize - 1;
        // SAFETY: made above; nobody has the trace yet.
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
            if jit::reports(th, f.code) {
                return abort(self, Counter::AbortOp, "code that is observed");
            }
            if jit::excluded(f.code) {
                return abort(self, Counter::AbortExcluded, "excluded by the program");
            }
            // SAFETY: both are on the thread's register stack.
            let base = unsafe { f.regs.offset_from(self.root_regs) };
            if self.frames.len() > Param::MaxDepth.size() || base < 0 {
                return abort(self, Counter::AbortDepth, "calls too deep");
            }
            if f.flags & fflags::ENTRY != 0 {
                return abort(self, Counter::AbortFrame, "frame of an unusual kind");
            }
            self.frames.last_mut().unwrap().pc = pc;
            if i.op() == Bc::LoadMethod {
                // Of `__getattr__`: the second register is null already.
                self.reload(i.a() + 1);
            }
            self.keep_alive(f.code.value());
            let base = base as usize;
            self.grow(base + f.code.nregs as usize);
            for s in base..self.sym.len() {
                self.sym[s] = None;
                self.touched[s] = false;
            }
            let began = self.core.trace.insts.len();
            self.frames.push(RFrame::in_memory(f, base as u32, began));
        } else if depth == was - 1 && leaving && was > 0 {
            self.pop_frame();
            let call = unsafe { crate::interp::instrument::standing(&*fp) };
            // After a jump by Compare or ForIter `pc` is elsewhere: then the caller's own note tells.
            // SAFETY: null, or an instruction of the caller's code.
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
                Cont::Special => match call.op() {
                    Bc::JTrue | Bc::JFalse | Bc::JIn => {}
                    Bc::Call | Bc::CallMethod => self.reload(call.c()),
                    _ => self.reload(call.a()),
                },
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
            LoadSuperAttr => (i.a(), 1 + (i.x() & 1) as usize),
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
}
