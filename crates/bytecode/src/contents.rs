//! What the temporaries of a code object hold at each instruction, as far as jumping from one line to another must know
//! (CPython's `mark_stacks` in `Objects/frameobject.c`).

use crate::verify::{Effect, effect};
use crate::{CodeData, Op, Operand};

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// Nothing that may be relied on.
    Unset,
    Object,
    /// The iterator of a loop.
    Iterator,
    /// An exception on its way into a handler.
    Exception,
    /// The exception that was being handled before this one.
    Handled,
}

/// For each instruction the temporaries from `varnames.len()` on; None: it is not reached.
pub fn contents(code: &CodeData) -> Vec<Option<Vec<Held>>> {
    let base = code.varnames.len();
    let width = (code.nregs as usize).saturating_sub(base);
    let mut states: Vec<Option<Vec<Held>>> = vec![None; code.code.len()];
    let mut work = Vec::new();
    let flow = |to: usize, s: &[Held], states: &mut Vec<Option<Vec<Held>>>, work: &mut Vec<usize>| {
        let Some(slot) = states.get_mut(to) else { return };
        match slot {
            None => {
                *slot = Some(s.to_vec());
                work.push(to);
            }
            Some(old) => {
                let mut changed = false;
                for (a, b) in old.iter_mut().zip(s) {
                    if *a != *b && *a != Held::Unset {
                        *a = Held::Unset;
                        changed = true;
                    }
                }
                if changed {
                    work.push(to);
                }
            }
        }
    };
    flow(0, &vec![Held::Unset; width], &mut states, &mut work);
    while let Some(i) = work.pop() {
        let Some(mut s) = states[i].clone() else { continue };
        let ins = code.code[i];
        let Ok(Effect { writes, clobbers, .. }) = effect(code, ins) else { continue };
        let depth = code.depths[i] as usize;
        let drop = |s: &mut Vec<Held>, from: usize| {
            s.iter_mut().skip(from.saturating_sub(base)).for_each(|h| *h = Held::Unset);
        };
        if let Some(h) = code.handlers.iter().find(|h| (h.start as usize..h.end as usize).contains(&i)) {
            let mut at = s.clone();
            drop(&mut at, depth.min(h.reg as usize));
            if let Some(x) = (h.reg as usize).checked_sub(base).and_then(|r| at.get_mut(r)) {
                *x = Held::Exception;
            }
            flow(h.target as usize, &at, &mut states, &mut work);
        }
        if let Some(c) = clobbers {
            drop(&mut s, c);
        }
        let held = match ins.op() {
            Op::GetIter | Op::GetAIter => Held::Iterator,
            Op::PushExc => Held::Handled,
            _ => Held::Object,
        };
        for w in writes {
            if let Some(x) = w.checked_sub(base).and_then(|r| s.get_mut(r)) {
                *x = held;
            }
        }
        let next = i + 1;
        let to = |d: i64| (next as i64 + d) as usize;
        match ins.op() {
            Op::Jump | Op::JumpBack => flow(to(ins.imm() as i64), &s, &mut states, &mut work),
            Op::Return | Op::ReturnNone | Op::Raise | Op::Reraise => {}
            Op::ForIter | Op::Send => {
                flow(next, &s, &mut states, &mut work);
                flow(next + 1, &s, &mut states, &mut work);
            }
            op => {
                match (op.info().b, op.info().c) {
                    (Operand::Jump32, _) => flow(to(ins.imm() as i64), &s, &mut states, &mut work),
                    (_, Operand::Jump) => flow(to(ins.ci() as i64), &s, &mut states, &mut work),
                    _ => {}
                }
                flow(next, &s, &mut states, &mut work);
            }
        }
    }
    // Above an instruction's depth nothing is alive.
    for (i, s) in states.iter_mut().enumerate() {
        if let Some(s) = s {
            s.truncate((code.depths[i] as usize).saturating_sub(base));
        }
    }
    states
}
