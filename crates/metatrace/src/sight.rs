//! What is told about traces: a record of each that was compiled, and observers (a log, a profiler's map, a debugger, a
//! report) that hear of compiling, giving up and invalidating.
//!
//! # Invariants
//! - Records are never freed, like the code they describe.
//! - Details (IR, the lines it came from, which machine code belongs to which instruction) are kept if somebody wants them
//!   ([`detailed`]); otherwise a record is a few words.
//! - Observers are called by the thread that compiles, which holds no lock of the JIT's; they run no code of the
//!   interpreted language.

use crate::backend::{Exit, ExitList, Marks};
use crate::counters::Counter;
use crate::ir::*;
use crate::lock;
use crate::params::Param;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// A place in a program.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line {
    /// The file's name as the program's code has it.
    pub file: std::sync::Arc<str>,
    /// The function's qualified name.
    pub function: std::sync::Arc<str>,
    /// First line of the function.
    pub first: u32,
    /// 0: unknown.
    pub line: u32,
    /// The interpreter's operation.
    pub op: &'static str,
    /// Calls above the function in which the trace begins.
    pub depth: u32,
}

/// A compiled trace.
pub struct TraceInfo {
    /// Serial number.
    pub id: u32,
    /// Where it begins.
    pub begins: Line,
    /// Of a bridge: the trace and the exit that it begins at.
    pub parent: Option<(u32, &'static Exit)>,
    /// [`Exit::owner`] of its exits: which tree it belongs to.
    pub owner: usize,
    /// Instructions as recorded.
    pub recorded: u32,
    /// Instructions that were compiled.
    pub optimised: u32,
    /// Address of the machine code.
    pub entry: usize,
    /// Its length.
    pub bytes: usize,
    /// Its instruction set; None: it is no machine code (the reference executor).
    pub arch: Option<&'static str>,
    /// Nanoseconds that compiling took.
    pub nanos: u64,
    /// Its exits, by their numbers in the trace.
    pub exits: ExitList,
    /// Rounds of a loop, runs of a bridge; counted only with details.
    pub runs: &'static AtomicU64,
    /// False once something that it relied on has changed.
    pub valid: AtomicBool,
    /// If somebody wanted them when it was compiled.
    pub detail: Option<Box<Detail>>,
}

/// What is kept for reports.
pub struct Detail {
    /// The text of the recorded trace.
    pub recorded: String,
    /// As it was compiled.
    pub trace: Trace,
    /// Of [`Trace::places`].
    pub lines: Vec<Line>,
    /// Names of the first registers of the function in which the trace begins.
    pub names: Vec<String>,
    /// The same for the code of each frame of its snapshots.
    pub codes: Vec<(u64, Vec<String>)>,
    /// Which machine code belongs to which instruction.
    pub marks: Marks,
}

impl TraceInfo {
    /// `loop` or `bridge`, as logs say.
    pub fn kind(&self) -> &'static str {
        if self.parent.is_some() { "bridge" } else { "loop" }
    }
    /// How often it was left at its exits for the interpreter.
    pub fn left(&self) -> u64 {
        self.exits.iter().map(|e| e.times()).sum()
    }
    /// The machine code.
    pub fn code(&self) -> &'static [u8] {
        match self.arch {
            // SAFETY: code is never freed.
            Some(_) => unsafe { std::slice::from_raw_parts(self.entry as *const u8, self.bytes) },
            None => &[],
        }
    }
    /// The instruction to which exit `n` belongs.
    pub fn exit_inst(&self, n: usize) -> Option<usize> {
        self.detail.as_ref()?.marks.exits.get(n).map(|i| *i as usize)
    }
}

impl Detail {
    /// Where an instruction of the compiled trace comes from.
    pub fn line_of(&self, inst: usize) -> Option<&Line> {
        self.lines.get((self.trace.insts.get(inst)?.at.0 as usize).checked_sub(1)?)
    }
    /// The instruction that the machine code at this offset belongs to.
    pub fn inst_at(&self, offset: u32) -> Option<usize> {
        let n = self.marks.insts.partition_point(|m| m.0 <= offset);
        let i = self.marks.insts.get(n.checked_sub(1)?)?.1;
        (i != u32::MAX).then_some(i as usize)
    }
}

/// A recording that was given up.
#[derive(Clone, PartialEq, Debug)]
pub struct Abort {
    /// Where.
    pub at: Line,
    /// Where the recording began.
    pub begins: Line,
    /// It was to be a bridge at this exit of that trace.
    pub bridge: Option<u32>,
    /// The reason that is counted.
    pub reason: Counter,
    /// A word more.
    pub why: &'static str,
    /// How often the same happened.
    pub times: u64,
}

/// Who is told what the JIT does. Calls come from the thread that does it, while it is not entering machine code.
pub trait Observer: Sync {
    /// A recording begins: of a loop, or of a bridge on that trace.
    fn recording(&self, begins: &Line, bridge: Option<u32>) {
        let _ = (begins, bridge);
    }
    /// A trace was compiled.
    fn compiled(&self, t: &'static TraceInfo) {
        let _ = t;
    }
    /// A recording was given up.
    fn aborted(&self, a: &Abort) {
        let _ = a;
    }
    /// A trace is not used any more.
    fn invalidated(&self, t: &'static TraceInfo, why: Counter) {
        let _ = (t, why);
    }
    /// The program is over.
    fn end(&self) {}
}

static TRACES: Mutex<Vec<&'static TraceInfo>> = Mutex::new(Vec::new());
static ABORTS: Mutex<Vec<Abort>> = Mutex::new(Vec::new());
static OBSERVERS: Mutex<Vec<&'static dyn Observer>> = Mutex::new(Vec::new());
static OBSERVED: AtomicBool = AtomicBool::new(false);
static NEXT: AtomicU32 = AtomicU32::new(1);
static NAMES: Mutex<BTreeSet<Arc<str>>> = Mutex::new(BTreeSet::new());

/// Somebody wants to know everything about traces that are compiled from now on.
pub fn detailed() -> bool {
    Param::KeepIr.get() != 0
}
/// From now on it is told; for good.
pub fn add_observer(o: &'static dyn Observer) {
    lock(&OBSERVERS).push(o);
    OBSERVED.store(true, Relaxed);
}
/// Somebody wants to be told.
pub fn observed() -> bool {
    OBSERVED.load(Relaxed)
}
fn tell(f: impl Fn(&'static dyn Observer)) {
    if observed() {
        let all = lock(&OBSERVERS).clone();
        all.into_iter().for_each(f);
    }
}

/// Names are said again and again: each is kept once.
pub fn name(s: &str) -> Arc<str> {
    let mut all = lock(&NAMES);
    match all.get(s) {
        Some(n) => n.clone(),
        None => {
            let n: Arc<str> = s.into();
            all.insert(n.clone());
            n
        }
    }
}
pub fn next_id() -> u32 {
    NEXT.fetch_add(1, Relaxed)
}
pub fn recording(begins: &Line, bridge: Option<u32>) {
    tell(|o| o.recording(begins, bridge));
}
pub fn compiled(t: TraceInfo) -> &'static TraceInfo {
    let t: &'static TraceInfo = Box::leak(Box::new(t));
    lock(&TRACES).push(t);
    tell(|o| o.compiled(t));
    t
}
pub fn aborted(a: Abort) {
    tell(|o| o.aborted(&a));
    let mut all = lock(&ABORTS);
    let same = |x: &&mut Abort| Abort { times: a.times, ..(**x).clone() } == a;
    match all.iter_mut().find(same) {
        Some(x) => x.times += a.times,
        None => all.push(a),
    }
}
/// The traces of this owner are not entered any more.
pub fn invalidated(owner: usize, why: Counter) {
    let hit: Vec<_> = lock(&TRACES).iter().copied().filter(|t| t.owner == owner).collect();
    for t in hit {
        if t.valid.swap(false, Relaxed) {
            tell(|o| o.invalidated(t, why));
        }
    }
}
/// The program ends.
pub fn end() {
    tell(|o| o.end());
}

/// All traces, oldest first.
pub fn traces() -> Vec<&'static TraceInfo> {
    lock(&TRACES).clone()
}
/// Recordings given up, the same ones counted; only while details are kept.
pub fn aborts() -> Vec<Abort> {
    lock(&ABORTS).clone()
}
/// The trace with this exit.
pub fn trace_of_exit(e: &Exit) -> Option<u32> {
    // Numbers of exits grow within a trace.
    let near = |t: &TraceInfo| {
        !t.exits.is_empty() && t.exits.get(0).id() <= e.id() && e.id() <= t.exits.get(t.exits.len() - 1).id()
    };
    let has = |t: &TraceInfo| near(t) && t.exits.iter().any(|x| std::ptr::eq(x, e));
    lock(&TRACES).iter().rev().find(|t| has(t)).map(|t| t.id)
}
/// Counts of exits, runs and aborts are zero again.
pub fn reset() {
    for t in traces() {
        t.runs.store(0, Relaxed);
        t.exits.iter().for_each(|e| e.forget());
    }
    lock(&ABORTS).clear();
}

/// Has the trace count its rounds (a loop) or runs (a bridge) in the word at this address.
pub fn count_runs(t: &mut Trace, word: &'static AtomicU64) {
    let at = match t.loop_at() {
        Some(l) => t.insts.iter().rposition(|i| i.op == Op::Phi).map_or(l + 1, |p| p + 1),
        None => t.insts.iter().rposition(|i| i.op == Op::In).map_or(0, |p| p + 1),
    };
    const N: u32 = 3;
    let up = |r: &mut R| {
        if let Some(i) = r.as_ins()
            && i >= at
        {
            r.0 += N;
        }
    };
    let val = |v: &mut Val| match v {
        Val::Word(r) | Val::Int(r) | Val::Flt(r) => up(r),
        _ => {}
    };
    for i in &mut t.insts {
        let n = i.op.info().operands;
        if n > 0 {
            up(&mut i.a);
        }
        if n > 1 {
            up(&mut i.b);
        }
        if n > 2 {
            up(&mut i.c);
        }
    }
    t.args.iter_mut().for_each(up);
    for s in &mut t.snaps {
        s.slots.iter_mut().for_each(|x| val(&mut x.1));
        for f in &mut s.frames {
            val(&mut f.func);
            f.extra.iter_mut().for_each(val);
        }
        for o in &mut s.virts {
            o.fields.iter_mut().for_each(|x| val(&mut x.1));
        }
    }
    match &mut t.end {
        End::Loop(back) => back.iter_mut().for_each(up),
        End::Jump { args, .. } => args.iter_mut().for_each(up),
        _ => {}
    }
    t.carry.iter_mut().flatten().for_each(up);
    t.story.renumber(up);
    t.end_slots.iter_mut().for_each(|x| up(&mut x.1));
    let a = t.konst(Ty::Int, word as *const AtomicU64 as u64);
    let one = t.konst(Ty::Int, 1);
    let (old, new) = (R::ins(at), R::ins(at + 1));
    let insts = [
        Inst { a, ..Inst::new(Op::RawGet) },
        Inst { a: old, b: one, ..Inst::new(Op::Add) },
        Inst { a, b: new, ..Inst::new(Op::RawSet) },
    ];
    t.insts.splice(at..at, insts);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_counted_at_the_header() {
        let mut t = crate::text::parse(
            "%0 = entry 1\nloop\n%2 = phi.ref %0\n%3 = fix_add %2 fix:1 @1\nguard_calm @0\njump %3\nsnap 0 {1=%3}\nsnap 1 {1=%2}",
        )
        .unwrap();
        static WORD: AtomicU64 = AtomicU64::new(0);
        count_runs(&mut t, &WORD);
        crate::verify::verify(&t).unwrap();
        let s = crate::text::print(&t);
        assert!(s.contains("%6 = fix_add %2 fix:1") && s.contains("jump %6") && s.contains("{1=%6}"), "{s}");
    }
}
