//! Tells `metatrace::sight` of recordings: turns code objects and instruction addresses, which may be gone when somebody
//! asks, into names and lines.
//!
//! # Safety
//! While something is recorded the recorder keeps the code of its frames, and code that runs is loaded. Whoever asks
//! later has names and numbers only.

use super::Jit;
use super::record::Rec;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{Ins, Op as Bc};
use adder_metatrace::backend::{Compiled, Exit};
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::{Op, Origin, Trace};
use adder_metatrace::sight::{self, Abort, Detail, Line, TraceInfo};
use adder_metatrace::text;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Names the place of an instruction.
pub fn line(th: Th, code: Gc<Code>, pc: *const Ins, depth: u32) -> Line {
    let mut l = Line { depth, ..Line::default() };
    if code.data.is_null() {
        return l;
    }
    // SAFETY: data of loaded code.
    let d = unsafe { &*code.data };
    l.file = sight::name(&th.text(code.filename.value()));
    l.function = sight::name(&th.text(code.qualname.value()));
    l.first = d.first_line;
    let at = (pc as usize).wrapping_sub(code.ins as usize) / size_of::<Ins>();
    if at < d.code.len() {
        l.line = code.line_at(at);
        // SAFETY: within the code, which is as long as its data says.
        let i = unsafe { *code.ins.add(at) };
        l.op = if (i.op_byte() as usize) < Bc::COUNT { i.op().info().name } else { "?" };
    }
    l
}

/// Where the trace begins: the loop's header, or the instruction of a bridge's exit.
fn begins(rec: &Rec) -> Line {
    let th = rec.th;
    let tree = unsafe { Value::from_bits(rec.tree.code).cast_unchecked::<Code>() };
    match rec.from.and_then(|e| e.innermost()) {
        // SAFETY: the exit's tree is valid, which keeps its code alive.
        Some((f, n)) => {
            let code = unsafe { Value::from_bits(f.code).cast_unchecked() };
            line(th, code, f.pc as *const Ins, n as u32 - 1)
        }
        None => line(th, tree, rec.tree.header, 0),
    }
}

pub fn recording(rec: &Rec) {
    if sight::observed() {
        sight::recording(&begins(rec), rec.from.and_then(sight::trace_of_exit));
    }
}

/// The instruction that is recorded next.
#[inline]
pub fn place(rec: &mut Rec, pc: *const Ins) {
    if rec.detailed {
        let (code, depth) = (rec.frames.last().unwrap().code.value().bits(), rec.frames.len() as u32 - 1);
        rec.core.place(Origin { code, pc: pc as u64, depth });
    }
}

pub fn aborted(rec: &Rec, reason: Counter, why: &'static str) {
    if !sight::observed() && !sight::detailed() {
        return;
    }
    let at = match rec.frames.last() {
        Some(f) if !rec.pc.is_null() => line(rec.th, f.code, rec.pc, rec.frames.len() as u32 - 1),
        _ => begins(rec),
    };
    let bridge = rec.from.and_then(sight::trace_of_exit);
    sight::aborted(Abort { at, begins: begins(rec), bridge, reason, why, times: 1 });
}

/// Before the trace is compiled: what is kept of it, and its counter.
pub fn before(rec: &Rec, jit: &Jit, t: &mut Trace) -> (Option<Box<Detail>>, &'static AtomicU64) {
    static NONE: AtomicU64 = AtomicU64::new(0);
    if !rec.detailed {
        return (None, &NONE);
    }
    let mut runs = &NONE;
    if jit.backend.arch().is_some() {
        runs = Box::leak(Box::new(AtomicU64::new(0)));
        sight::count_runs(t, runs);
    }
    let lines = t
        .places
        .iter()
        // SAFETY: the trace keeps the code of its frames alive.
        .map(|p| {
            line(rec.th, unsafe { Value::from_bits(p.code).cast_unchecked() }, p.pc as *const Ins, p.depth)
        })
        .collect();
    let of = |c: Gc<Code>| -> Vec<String> {
        c.varnames.gc().items().iter().map(|v| rec.th.text(*v).to_string()).collect()
    };
    let names = rec.names.map_or(Vec::new(), of);
    let mut codes: Vec<(u64, Vec<String>)> = Vec::new();
    for p in &t.places {
        if !codes.iter().any(|c| c.0 == p.code) {
            codes.push((p.code, of(unsafe { Value::from_bits(p.code).cast_unchecked() })));
        }
    }
    let recorded = text::print(&rec.core.trace);
    let marks = Default::default();
    (Some(Box::new(Detail { recorded, trace: t.clone(), lines, names, codes, marks })), runs)
}

pub fn compiled(
    rec: &Rec,
    jit: &Jit,
    (mut detail, runs): (Option<Box<Detail>>, &'static AtomicU64),
    t: &Trace,
    c: Compiled,
    parent: Option<&'static Exit>,
    nanos: u64,
) -> &'static TraceInfo {
    if let Some(d) = &mut detail {
        d.marks = jit.backend.marks();
    }
    sight::compiled(TraceInfo {
        id: sight::next_id(),
        begins: begins(rec),
        parent: parent.map(|e| (sight::trace_of_exit(e).unwrap_or(0), e)),
        owner: rec.tree as *const super::Tree as usize,
        recorded: rec.core.trace.insts.len() as u32,
        optimised: t.insts.iter().filter(|i| i.op != Op::Nop).count() as u32,
        entry: c.entry,
        bytes: c.bytes,
        arch: jit.backend.arch(),
        nanos,
        exits: c.exits,
        runs,
        valid: rec.tree.valid.load(Acquire).into(),
        detail,
    })
}
