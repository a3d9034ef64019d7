//! Exceptions on their way: context and traceback, search for a handler, leaving frames.
//!
//! # Invariants
//! - Frames between the entry frame and `Thread::fp` are records of this thread's stack; a frame that was left is not
//!   touched again.

use crate::builtins::exceptions as exc;
use crate::err::Raised;
use crate::object::*;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;

impl Th {
    /// Sets `e` (an instance) as the pending exception, with the handled one as its context (as `raise` does).
    pub fn raise(self, e: Value) -> Raised {
        if let (Some(h), Some(x)) = (self.handled.get(), e.cast::<BaseException>())
            && !h.is(e)
        {
            // Break a cycle that this link would close, with Floyd's algorithm for chains that are circular already.
            let ctx = |v: Value| unsafe { v.cast_unchecked::<BaseException>() }.context.get();
            let (mut o, mut slow, mut odd) = (h, h, false);
            while let Some(c) = ctx(o) {
                if c.is(e) {
                    unsafe { o.cast_unchecked::<BaseException>() }.context.init(None);
                    break;
                }
                o = c;
                if odd {
                    slow = ctx(slow).unwrap_or(slow);
                    if slow.is(o) {
                        break;
                    }
                }
                odd = !odd;
            }
            self.store(x, &x.context, h);
        }
        self.exc.init(Some(e));
        Raised
    }

    /// Adds a traceback entry for the frame to the pending exception.
    fn add_traceback(self, fp: &mut Frame) {
        let Some(e) = self.exc.get().and_then(|e| e.cast::<BaseException>()) else { return };
        if fp.flags & fflags::HIDDEN != 0 {
            return;
        }
        let lasti = fp.lasti() as u32;
        let frame = crate::builtins::frame::frame_object(self, fp);
        let t = self.object(Traceback {
            h: Traceback::head(),
            next: SlotOf::opt(e.traceback.get()),
            frame: SlotOf::new(frame.known()),
            lasti,
            line: LINE_UNKNOWN,
        });
        self.store(e, &e.traceback, t);
    }
}

/// Finds the handler of the pending exception, from the published frame outwards to the entry frame. True: the frame
/// with the handler is published and `pc` is before its first instruction. False: the entry frame was left.
pub fn unwind(th: Th) -> bool {
    let mut reraised = is_reraise(th);
    loop {
        let fp = th.frame().expect("a frame is running");
        let at = fp.lasti() as u32;
        if th.exc_is(&exc::ATTRIBUTE_ERROR) {
            attribute_context(th, fp);
        }
        if !reraised {
            th.add_traceback(fp);
        }
        let observed = super::events::observed(th);
        if observed {
            super::events::raised(th, reraised);
        }
        reraised = false;
        let data = unsafe { &*fp.code.data };
        let object = (fp.flags & fflags::OBJECT != 0).then(|| unsafe { fp.object.gc() });
        let lined = object.is_some() && data.positions.has_line(at as usize);
        if lined && let Some(o) = object {
            crate::builtins::frame::raised_at(o, at as usize);
        }
        if let Some(h) = data.handlers.iter().find(|h| h.start <= at && at < h.end) {
            let e = th.take_exc();
            unsafe {
                // Registers that the handler counts as live but that were not initialised yet at the point of the raise.
                let (from, to) = (fp.depth(), data.depths[h.target as usize] as usize);
                for r in from..to {
                    *fp.regs.add(r) = 0;
                }
                *fp.regs.add(h.reg as usize) = e.bits();
                fp.pc = fp.code.ins.add(h.target as usize).wrapping_sub(1);
            }
            if observed && super::events::handled(th, e).is_err() {
                continue;
            }
            return true;
        }
        if !lined && let Some(o) = object {
            crate::builtins::frame::leaves(o);
        }
        super::chain::unchain(th);
        let flags = fp.flags;
        if observed {
            super::events::unwound(th);
        }
        pop_frame(th);
        if flags & fflags::ENTRY != 0 {
            return false;
        }
        if flags & fflags::GENERATOR != 0 && super::generator::raised_out(th, flags) {
            return true;
        }
    }
}

/// An AttributeError that came out of an attribute's load, be it from the frame of a hook, says what was looked for.
#[cold]
fn attribute_context(th: Th, fp: &Frame) {
    use adder_bytecode::Op;
    let i = super::instrument::standing(fp);
    if i.op_byte() == Op::LoadAttr as u8 || i.op_byte() == Op::LoadMethod as u8 {
        // SAFETY: an operand is among the live registers while its instruction runs; its cache is in the code.
        let (o, name) =
            unsafe { (Value::from_word(*fp.regs.add(i.b())), (*fp.code.ics.add(i.c())).name.value()) };
        if let Some(o) = o {
            th.attribute_context(o, name);
        }
    }
}

/// Where [`unwind`] will go on.
pub struct Landing {
    pub frame: *mut Frame,
    /// Register that the exception goes to.
    pub reg: usize,
    /// Registers that are cleared.
    pub cleared: std::ops::Range<usize>,
}
/// Where the pending exception will be handled, if that is in one of the frames from `root` on, and nothing needs to be
/// told on the way.
pub fn landing(th: Th, root: *mut Frame) -> Option<Landing> {
    if th.collect_soon.get() != 0 || super::events::closely(th) {
        return None;
    }
    let mut frame = th.fp.get();
    while frame >= root {
        // SAFETY: the thread's frames from `root` to the published one.
        let f = unsafe { &mut *frame };
        let (at, data) = (f.lasti() as u32, unsafe { &*f.code.data });
        if let Some(h) = data.handlers.iter().find(|h| h.start <= at && at < h.end) {
            let cleared = f.depth()..data.depths[h.target as usize] as usize;
            return Some(Landing { frame, reg: h.reg as usize, cleared });
        }
        if f.flags & fflags::ENTRY != 0 || super::generator::is_async(f.flags) {
            return None;
        }
        frame = frame.wrapping_sub(1);
    }
    None
}

/// Whether the instruction that failed raises an exception again whose traceback has this frame already.
fn is_reraise(th: Th) -> bool {
    let fp = th.frame().expect("a frame is running");
    let i = super::instrument::original(fp.code, fp.lasti(), unsafe { *fp.pc });
    // Not by `op()`: code that is compiled has bytes that are no op.
    i.op_byte() == adder_bytecode::Op::Reraise as u8
        || i.op_byte() == adder_bytecode::Op::EndAsyncFor as u8
        || (i.op_byte() == adder_bytecode::Op::Raise as u8 && i.x() == 0 && th.exc.get() == th.handled.get())
}

/// Adds a traceback entry for a frame to the pending exception.
pub fn add_traceback(th: Th, f: &mut Frame) {
    th.add_traceback(f);
}

/// Adds a traceback entry for the running frame to `e`.
pub fn traceback_here(th: Th, e: Value) {
    let old = th.exc.get();
    th.exc.init(Some(e));
    if let Some(fp) = th.frame() {
        th.add_traceback(fp);
    }
    th.exc.init(old);
}

/// Leaves the published frame. Its Python frame object, if any, keeps the locals.
pub fn pop_frame(th: Th) {
    let fp = th.frame().expect("a frame is running");
    super::chain::unchain(th);
    if fp.flags & fflags::OBJECT != 0 {
        crate::builtins::frame::detach(th, fp);
    }
    if fp.flags & fflags::GENERATOR != 0 {
        super::generator::frame_ended(th, fp);
    }
    th.fp.set(unsafe { (fp as *mut Frame).sub(1) });
}

/// What a frame does with its result.
pub fn cont(flags: u64) -> Cont {
    // SAFETY: what is written to these bits is a `Cont`.
    unsafe { std::mem::transmute((flags >> fflags::CONT_SHIFT) as u8) }
}
