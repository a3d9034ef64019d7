//! Assignment to `frame.f_lineno`: a trace function moves its frame to another line (the rules of CPython's
//! `frame_lineno_set_impl`).
//!
//! The frame may go where the temporaries that the target counts on hold the same kind of thing as now: out of blocks, not
//! into them. Locals that are unbound become None, since the compiler leaves out checks that the jump would need.
//!
//! # Invariants
//! `FrameObj::live` is the running frame of this very thread, which `observed` says; its registers are within the
//! code's, and the target is an instruction of the code.

use crate::builtins::exceptions as exc;
use crate::builtins::frame::FrameObj;
use crate::err::R;
use crate::interp::instrument::{self, ev};
use crate::thread::{Frame, Th};
use crate::value::*;
use adder_bytecode::{CodeData, Held};
use std::sync::atomic::Ordering::*;

fn compatible(from: Option<&Held>, to: Held) -> bool {
    let exception = |h: Held| matches!(h, Held::Exception | Held::Handled);
    match from {
        None | Some(Held::Unset) => to == Held::Unset,
        Some(f) => match to {
            Held::Object | Held::Unset => true,
            to => *f == to || (exception(*f) && exception(to)),
        },
    }
}

/// The cleanups (which begin with `PopExc`) of the exceptions that are being handled at an instruction.
fn handling(d: &CodeData, at: usize) -> impl Iterator<Item = u32> + '_ {
    let at = at as u32;
    d.handlers
        .iter()
        .filter(move |h| h.start <= at && at < h.end)
        .filter(|h| d.code[h.target as usize].op() == adder_bytecode::Op::PopExc)
        .map(|h| h.target)
}

/// First instruction of each run of instructions of one line.
fn line_starts(d: &CodeData) -> impl Iterator<Item = (usize, u32)> {
    let mut last = 0;
    d.positions.iter().enumerate().filter_map(move |(i, p)| {
        let starts = p.line != 0 && p.line != last;
        last = p.line;
        starts.then_some((i, p.line))
    })
}

pub fn set_line(th: Th, o: Value, v: Option<Value>) -> R<()> {
    // A generator may leave its `yield from`.
    crate::interp::chain::changed();
    let Some(v) = v else {
        return Err(th.attribute_error_msg("attribute 'f_lineno' of 'frame' objects cannot be deleted"));
    };
    let f: Gc<FrameObj> = unsafe { o.cast_unchecked() };
    let live = f.live.load(Acquire);
    let event = th.event.get();
    if event < 0 || live.is_null() || live != th.observed.get() {
        return Err(th.value_error("f_lineno can only be set in a trace function"));
    }
    match event as usize {
        ev::PY_RESUME
        | ev::JUMP
        | ev::BRANCH_LEFT
        | ev::BRANCH_RIGHT
        | ev::LINE
        | ev::INSTRUCTION
        | ev::PY_YIELD => {}
        ev::PY_START => {
            return Err(th.value_error("can't jump from the 'call' trace event of a new frame"));
        }
        ev::CALL | ev::C_RETURN => return Err(th.value_error("can't jump during a call")),
        _ => return Err(th.value_error("can only jump from a 'line' trace event")),
    }
    let n = match v.kind() {
        Kind::Int | Kind::Bool => th.index_i64(v)?,
        _ => return Err(th.value_error("lineno must be an integer")),
    };
    let frame: &mut Frame = unsafe { &mut *live };
    let code = instrument::canonical(frame.code);
    let mut d = unsafe { &*code.data }.clone();
    if n < d.first_line as i64 {
        return Err(th.value_error(format!("line {n} comes before the current code block")));
    }
    let Some(line) = line_starts(&d).map(|l| l.1).filter(|l| *l as i64 >= n).min() else {
        return Err(th.value_error(format!("line {n} comes after the current code block")));
    };
    d.code = instrument::originals(code);
    d.consts = vec![adder_bytecode::Const::None; code.consts.gc().cap];
    let states = adder_bytecode::contents(&d);
    let here = states[frame.lasti()].clone().unwrap_or_default();
    let mut best: Option<usize> = None;
    let mut msg: Option<&str> = None;
    for i in line_starts(&d).filter(|l| l.1 == line).map(|l| l.0) {
        let Some(s) = &states[i] else { continue };
        let fits = handling(&d, i).all(|t| handling(&d, frame.lasti()).any(|u| u == t))
            && s.len() <= here.len().max(s.len())
            && s.iter().enumerate().all(|(r, h)| compatible(here.get(r), *h));
        if fits {
            if best.is_none_or(|b| states[b].as_ref().is_none_or(|t| t.len() < s.len())) {
                best = Some(i);
            }
        } else if msg.is_none() {
            // The innermost block of the target.
            let top = s.iter().rev().find(|h| !matches!(h, Held::Object | Held::Unset));
            let object = s.last() == Some(&Held::Object);
            msg = Some(match top {
                Some(Held::Iterator) if !object => "can't jump into the body of a for loop",
                Some(Held::Exception | Held::Handled) => {
                    "can't jump into an 'except' block as there's no exception"
                }
                _ => "incompatible stacks",
            });
        }
    }
    let Some(target) = best else {
        return Err(th.value_error(msg.unwrap_or("cannot find bytecode for specified line")));
    };
    // SAFETY: variables of the frame's code.
    let unbound: Vec<usize> =
        (0..d.varnames.len()).filter(|i| unsafe { frame.variable(*i) }.is_none()).collect();
    if !unbound.is_empty() {
        let s = if unbound.len() == 1 { "" } else { "s" };
        let text = format!("assigning None to {} unbound local{s}", unbound.len());
        crate::warn::warn(th, &exc::RUNTIME_WARNING, &text, 0)?;
        for i in unbound {
            unsafe { *frame.regs.add(i) = NONE().bits() };
        }
    }
    // Handlers that are left no longer handle.
    let base = d.varnames.len();
    let keep = states[target].as_ref().map_or(0, |s| s.len());
    for r in (keep..here.len()).rev() {
        if here[r] == Held::Handled {
            th.handled.init(unsafe { frame.reg(base + r) });
        }
    }
    // SAFETY: the target is an instruction of the frame's code, its depth within the frame's window. Registers that become
    // live again hold what died in them, if `contents` does not know them to be set.
    unsafe {
        for r in frame.depth()..d.depths[target] as usize {
            *frame.regs.add(r) = 0;
        }
        frame.pc = code.ins.add(target);
    }
    Ok(())
}
