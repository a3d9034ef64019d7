//! Where recording begins: the next round of a loop, a function's frame just pushed, a place where ways meet. What
//! comes of it is installed, or given up with a back-off.
//!
//! # Invariants
//! - One recording at a time in a thread ([`Busy`]); a loop of a nested run is not recorded.
//! - A tree is never freed: machine code, exits and caches of other threads may know it. It is found only after
//!   [`Tree::install`], and one whose recording failed is invalid.
//! - The assumptions of a tree are watched before the first instruction is recorded, and looked at again when it is
//!   installed.

use super::*;
use crate::jit;

impl Tree {
    fn new(
        th: Th,
        jit: &'static Jit,
        code: Gc<Code>,
        header: *const Ins,
        counter: usize,
        state: &LoopState,
    ) -> &'static mut Tree {
        Box::leak(Box::new(Tree {
            valid: true.into(),
            entry: (jit.backend.bail() as u64).into(),
            cell: state.cell,
            code: code.value().bits(),
            header,
            name: name_of(th, code, header),
            counter,
            bridges: 0.into(),
            born: crate::types::next_version(),
            young: false.into(),
            size: 0.into(),
            join: false,
            suspends: false.into(),
            version: std::ptr::null(),
            ends: (counter == code.nloops as usize) as usize,
            entries: 0.into(),
            dead: 0.into(),
            cycles: 0.into(),
        }))
    }
}

impl Tree {
    /// Its code is ready: entries and links go there from now on.
    fn install(&'static self, entry: usize, state: &LoopState) {
        self.entry.store(entry as u64, Release);
        self.cell.store(entry as u64, Release);
        state.tree.store(self as *const Tree as *mut Tree, Release);
    }
}

fn name_of(th: Th, code: Gc<Code>, at: *const Ins) -> String {
    let n = unsafe { at.offset_from(code.ins) } as usize;
    format!("{}:{} {}", th.text(code.filename.value()), code.line_at(n), th.text(code.qualname.value()))
}

/// Records the loop whose backward jump is the published instruction. The answer is that of the slow operation.
pub fn record_loop(
    th: Th,
    jit: &'static Jit,
    i: Ins,
    header: *const Ins,
    state: &'static LoopState,
) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    let code = unsafe { (*fp).code };
    let tree: &'static Tree = Tree::new(th, jit, code, header, i.a(), state);
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.entry = Some(header);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    // The jump itself is done.
    let done = rec.run(header);
    match done {
        Done::Abort(r) => {
            rec.report_abort();
            watch::invalidate(tree);
            let _ = crate::interp::drain::hot(code);
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            let n = state.aborts.fetch_add(!chance as u32, Relaxed) + !chance as u32;
            // Back-off.
            let c = jit::counter(code, i.a());
            c.store(Param::Threshold.get().saturating_mul(2 << n.min(12)), Relaxed);
            r
        }
        done => {
            let compiled = rec.compile(jit, None, matches!(done, Done::Loop));
            rec.go_on();
            match compiled {
                Ok(entry) if tree.valid.load(Acquire) => {
                    Counter::LoopsCompiled.inc();
                    tree.install(entry, state);
                    jit::counter(code, i.a()).store(0, Relaxed);
                }
                other => {
                    let again = rec.failed(other.err(), state, Param::Threshold);
                    jit::counter(code, i.a()).store(again, Relaxed);
                }
            }
            Ok(Ctl::Next)
        }
    }
}

/// Records the function whose frame was just pushed. The answer is that of the slow operation.
pub fn record_function(th: Th, jit: &'static Jit, code: Gc<Code>, state: &'static LoopState) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    let tree: &'static Tree = Tree::new(th, jit, code, code.ins, code.nloops as usize, state);
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    let count = &code.calls;
    // Entering machine code costs native code and other machine code less than the interpreter.
    let native = unsafe { (*fp).flags } & fflags::ENTRY != 0;
    match rec.run(code.ins) {
        Done::Abort(r) => {
            rec.report_abort();
            watch::invalidate(tree);
            let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
            let n = state.aborts.fetch_add(!chance as u32, Relaxed) + !chance as u32;
            count.store(Param::FunctionThreshold.get().saturating_mul(2 << n.min(12)), Relaxed);
            r
        }
        _ if rec.gain < Param::FunctionMin.size() && !jit::eager() && !native => {
            // Who calls it makes it part of his trace. Another time the way may be longer.
            rec.core.give_up(Counter::AbortShort, "a short function");
            rec.go_on();
            rec.report_abort();
            watch::invalidate(tree);
            // It rarely is where the code is not much longer: fewer tries than others get.
            // SAFETY: the code of a function that has run.
            let data = unsafe { &*code.data };
            let covered = data.depths.len() <= 2 * rec.gain;
            state.aborts.fetch_add(1 + covered as u32, Relaxed);
            state.short.note(fp);
            count.store(7, Relaxed);
            Ok(Ctl::Next)
        }
        _ => {
            let compiled = rec.compile(jit, None, false);
            rec.go_on();
            match compiled {
                Ok(entry) if tree.valid.load(Acquire) => {
                    Counter::FunctionsCompiled.inc();
                    tree.size.store(rec.core.trace.insts.len() as u32, Relaxed);
                    tree.install(entry, state);
                    if rec.gain >= Param::FunctionMin.size() || jit::eager() {
                        function::install(code);
                    } else {
                        count.store(function::later(), Relaxed);
                    }
                }
                other => count.store(rec.failed(other.err(), state, Param::FunctionThreshold), Relaxed),
            }
            Ok(Ctl::Next)
        }
    }
}

/// Records from an instruction of the published frame where ways meet. The answer is that of the slow operation.
///
/// # Safety
/// `pc` is an instruction of `code`.
pub unsafe fn record_join(
    th: Th,
    jit: &'static Jit,
    code: Gc<Code>,
    pc: *const Ins,
    state: &'static LoopState,
) -> R<Ctl> {
    Counter::Recordings.inc();
    let fp = th.fp.get();
    // Another version of a loop, unless that does not work out.
    let i = unsafe { *pc };
    let version = state.version.load(Relaxed)
        && state.aborts.load(Relaxed) < Param::MaxAborts.get() / 2
        && i.op_byte() == Bc::JumpBack as u8;
    let tree = Tree::new(th, jit, code, pc, usize::MAX, state);
    tree.join = !version;
    tree.ends = state.ends.load(Relaxed);
    if version {
        tree.version = unsafe { pc.offset(1 + i.imm() as isize) };
    }
    let tree: &'static Tree = tree;
    watch::watch_world(tree);
    let _busy = Busy::new();
    let mut rec = Rec::new(th, tree, fp);
    rec.entry = version.then_some(tree.version);
    rec.frames.push(RFrame::root(fp));
    rec.names = Some(code);
    sight::recording(&rec);
    let done = rec.run(if version { tree.version } else { pc });
    if let Done::Abort(r) = done {
        rec.report_abort();
        watch::invalidate(tree);
        let chance = matches!(rec.core.abort, Some((Counter::AbortSafepoint, _)));
        state.aborts.fetch_add(!chance as u32, Relaxed);
        return r;
    }
    let compiled = rec.compile(jit, None, matches!(done, Done::Loop));
    rec.go_on();
    match compiled {
        Ok(entry) if tree.valid.load(Acquire) => {
            Counter::JoinsCompiled.inc();
            tree.install(entry, state);
        }
        other => {
            rec.failed(other.err(), state, Param::Threshold);
        }
    }
    Ok(Ctl::Next)
}

impl Rec {
    /// What was recorded could not be compiled; None: something it relies on changed meanwhile. When to try again.
    fn failed(&mut self, why: Option<&'static str>, state: &LoopState, threshold: Param) -> u32 {
        match why {
            Some(why) => self.core.give_up(Counter::AbortOptimizer, why),
            None => self.core.give_up(Counter::AbortInvalid, "an assumption failed meanwhile"),
        }
        self.report_abort();
        watch::invalidate(self.tree);
        let n = state.aborts.fetch_add(1, Relaxed) + 1;
        // What the interpreter does faster it will do faster next time.
        let slow = matches!(self.core.abort, Some((Counter::AbortWhole, _)));
        threshold.get().saturating_mul(if slow { 2 << n.min(12) } else { 1 })
    }
    pub(super) fn go_on(&self) {
        unsafe { (*self.th.fp.get()).pc = self.resume.wrapping_sub(1) };
    }
    pub(super) fn report_abort(&mut self) {
        // The largest part is to be a trace of its own.
        if matches!(self.core.abort, Some((Counter::AbortLength, _))) {
            for f in std::mem::take(&mut self.frames).iter().skip(1) {
                self.weigh(f);
            }
            if let Some(c) = self.largest.0 {
                function::set_apart(c);
            }
        }
        let (c, why) = self.core.abort.unwrap_or((Counter::AbortOp, "unknown"));
        c.inc();
        sight::aborted(self, c, why);
        if log::on() {
            let op = unsafe { self.pc.as_ref() }
                .filter(|i| (i.op_byte() as usize) < Bc::COUNT)
                .map_or("?", |i| i.op().info().name);
            eprintln!("jit: {} given up at {op}: {}: {why}", self.tree.name, c.name());
        }
    }
}
