//! Where ways through a function meet again. A bridge that is followed to the end of its loop repeats all that comes
//! behind the branch; with many branches that is as many copies as there are ways. So in a tree that has several bridges
//! already, bridges end where ways meet: they link to a trace that begins there, which all of them share.
//!
//! Two more traces are entered by such links, from a backward jump:
//! - what follows the rounds of an inner loop that a trace has unrolled, while the loop has no code of its own;
//! - another version of a loop (`Tree::version`): where the loop's way in fails because values are of other kinds than
//!   when it was recorded, the bridge's next round is recorded as a loop of its own, for those kinds.
//!
//! # Invariants
//! - Such traces are entered by links only, everything being in memory.
//! - A link that finds no code comes back to the interpreter ([`missed`]), which is how these traces come to be recorded.

use super::{Jit, LoopState, RECORDING, Work, loops_of, record};
use crate::err::R;
use crate::interp::Ctl;
use crate::interp::events::closely;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{Ins, Op as Bc, Operand};
use adder_metatrace::params::Param;
use std::sync::Mutex;
use std::sync::atomic::Ordering::*;

/// The joins of a code object.
pub struct Joins {
    /// By instruction.
    is: Box<[bool]>,
    /// Those that something links to.
    states: Mutex<Vec<(u32, &'static LoopState)>>,
}

impl Joins {
    fn of(code: Gc<Code>) -> &'static Joins {
        loops_of(code).joins.get_or_init(|| {
            // SAFETY: loaded code.
            let data = unsafe { &*code.data };
            let ins = &data.code[..];
            let mut ways = vec![0u8; ins.len() + 1];
            let mut come = |to: i64| {
                if let Some(n) = usize::try_from(to).ok().and_then(|to| ways.get_mut(to)) {
                    *n = n.saturating_add(1);
                }
            };
            let mut headers = Vec::new();
            for (k, i) in ins.iter().enumerate() {
                let next = k as i64 + 1;
                if i.op_byte() as usize >= Bc::COUNT {
                    come(next);
                    continue;
                }
                match i.op() {
                    Bc::Jump => come(next + i.imm() as i64),
                    Bc::JumpBack => headers.push(next + i.imm() as i64),
                    Bc::Return | Bc::ReturnNone | Bc::Raise | Bc::Reraise => {}
                    Bc::ForIter | Bc::Send => {
                        come(next);
                        come(next + 1);
                    }
                    op => {
                        match (op.info().b, op.info().c) {
                            (Operand::Jump32, _) => come(next + i.imm() as i64),
                            (_, Operand::Jump) => come(next + i.ci() as i64),
                            _ => {}
                        }
                        come(next);
                    }
                }
            }
            let mut is: Box<[bool]> = ways[..ins.len()].iter().map(|n| *n > 1).collect();
            for h in headers {
                if let Some(x) = usize::try_from(h).ok().and_then(|h| is.get_mut(h)) {
                    *x = false;
                }
            }
            for (k, i) in ins.iter().enumerate() {
                // Shorter than a link.
                is[k] &= !matches!(i.op_byte(), op if op == Bc::Return as u8 || op == Bc::ReturnNone as u8 || op == Bc::JumpBack as u8);
            }
            Joins { is, states: Mutex::new(Vec::new()) }
        })
    }
    fn state(&self, at: u32, make: bool) -> Option<&'static LoopState> {
        let mut l = self.states.lock().ok()?;
        if let Some(s) = l.iter().find(|s| s.0 == at) {
            return Some(s.1);
        }
        if !make {
            return None;
        }
        let s: &'static LoopState = Box::leak(Box::new(LoopState::new()));
        l.push((at, s));
        Some(s)
    }
    /// The code object dies.
    pub fn drop(&self) {
        for (_, s) in self.states.lock().iter().flat_map(|l| l.iter()) {
            if let Some(t) = unsafe { s.tree.load(Relaxed).as_ref() } {
                super::watch::invalidate(t);
            }
        }
    }
}

fn index(code: Gc<Code>, pc: *const Ins) -> usize {
    (pc as usize).wrapping_sub(code.ins as usize) / size_of::<Ins>()
}

/// Whether ways meet at this instruction.
pub fn is(code: Gc<Code>, pc: *const Ins) -> bool {
    Joins::of(code).is.get(index(code, pc)).copied().unwrap_or(false)
}
/// Of a link to it.
pub fn state(code: Gc<Code>, pc: *const Ins) -> Option<&'static LoopState> {
    Joins::of(code).state(index(code, pc) as u32, true)
}

/// A link found no code; whether there will never be any for the published instruction, where the other trace begins.
pub fn never(th: Th) -> bool {
    // SAFETY: the running frame.
    let (code, pc) = unsafe { ((*th.fp.get()).code, (*th.fp.get()).pc) };
    let joins = unsafe { code.jit.load(Acquire).as_ref() }.and_then(|l| l.joins.get());
    if let Some(s) = joins.and_then(|j| j.state(index(code, pc) as u32, false))
        && !s.has_tree()
    {
        return s.aborts.load(Relaxed) >= Param::MaxAborts.get();
    }
    let i = unsafe { *pc };
    i.op_byte() == Bc::JumpBack as u8 && super::counter(code, i.a()).load(Relaxed) == u32::MAX
}

/// A link found no code; the published frame goes on with its next instruction, where the other trace would have begun.
/// Some: a trace was recorded from there.
pub fn missed(th: Th, jit: &'static Jit) -> Option<R<Ctl>> {
    let fp = th.fp.get();
    // SAFETY: the running frame.
    let (code, pc) = unsafe { ((*fp).code, (*fp).pc.add(1)) };
    let joins = unsafe { code.jit.load(Acquire).as_ref() }?.joins.get()?;
    let s = joins.state(index(code, pc) as u32, false)?;
    // The link was to the loop's own code, which is gone: no reason to make what is there again.
    if s.has_tree() {
        return None;
    }
    if !s.tree.swap(std::ptr::null_mut(), AcqRel).is_null() {
        s.lost.fetch_add(1, Relaxed);
    }
    // As in `LoopState::wait_for_next`.
    let again = s.lost.load(Relaxed).saturating_sub(super::LOST).min(20);
    let n = s.misses.fetch_add(1, Relaxed) + 1;
    if n < (Param::BridgeThreshold.get() / 8 + 1).saturating_mul(1 << again) {
        return None;
    }
    s.misses.store(0, Relaxed);
    if s.aborts.load(Relaxed) >= Param::MaxAborts.get()
        || RECORDING.with(|r| r.get())
        || th.wanted()
        || !super::enabled()
        || !super::has_room(th, fp)
        || closely(th)
    {
        return None;
    }
    let _work = Work::begin(th, &s.hot)?;
    super::scrub();
    // SAFETY: the slow operation was called for this instruction.
    Some(unsafe { record::record_join(th, jit, code, pc, s) })
}
