//! Instrumented code: which instructions report events (PEP 669), and to whom.
//!
//! Code that is observed has the op byte of every instruction that reports something replaced by [`INSTRUMENTED`]; the
//! table beside it ([`Monitor`]) knows the original. So code that nobody observes runs as if there were no events. While
//! some tool wants events, the poll bit `TRACE` is set in every thread: entering functions, resuming generators and
//! jumping backwards go the slow way, which brings the code up to date ([`ensure`]) and reports starts and resumptions.
//!
//! Machine code reports nothing. Where all that tools want belongs to places in code, as with a coverage tool that
//! disables each line once it has seen it, code that has nothing left to report ([`reports`]) is compiled as ever; traces
//! end at instructions that report. Else the bit `CLOSE` is set, too, and there is no machine code.
//!
//! # Invariants
//! - Instruction words are written as single bytes; a racing thread runs the old or the new form of an instruction, both
//!   of which are right: [`Monitor::ops`] never changes.
//! - A monitor lives as long as its (canonical) code object.
//! - `version` of a monitor equal to [`VERSION`]: the code reports what the tools want.

use crate::builtins::code_replace;
use crate::object::*;
use crate::thread::{Frame, Th, fflags, poll};
use crate::value::*;
use adder_bytecode::{Ins, Op, Operand};
use adder_metatrace::counters::Counter;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// In `Frame::flags`, bits 32 and up: the line that was reported last.
pub const LINE_SHIFT: u32 = 32;
/// Op byte of an instruction that reports events.
pub const INSTRUMENTED: u8 = 255;

/// Tools of `sys.monitoring`, then the one of `sys.setprofile` and the one of `sys.settrace`.
pub const TOOLS: usize = 8;
pub const USER_TOOLS: usize = 6;
pub const PROFILE: usize = 6;
pub const TRACE: usize = 7;

/// Event numbers, as in CPython.
pub mod ev {
    pub const PY_START: usize = 0;
    pub const PY_RESUME: usize = 1;
    pub const PY_RETURN: usize = 2;
    pub const PY_YIELD: usize = 3;
    pub const CALL: usize = 4;
    pub const LINE: usize = 5;
    pub const INSTRUCTION: usize = 6;
    pub const JUMP: usize = 7;
    pub const BRANCH_LEFT: usize = 8;
    pub const BRANCH_RIGHT: usize = 9;
    pub const STOP_ITERATION: usize = 10;
    pub const RAISE: usize = 11;
    pub const EXCEPTION_HANDLED: usize = 12;
    pub const PY_UNWIND: usize = 13;
    pub const PY_THROW: usize = 14;
    pub const RERAISE: usize = 15;
    pub const C_RETURN: usize = 16;
    pub const C_RAISE: usize = 17;
    pub const BRANCH: usize = 18;
    pub const COUNT: usize = 19;
    /// Events below this belong to a place in code and can be disabled there.
    pub const LOCAL: usize = 11;
}

/// What each tool wants everywhere.
pub static GLOBAL: [AtomicU32; TOOLS] = [const { AtomicU32::new(0) }; TOOLS];
/// Grows with every change of what is wanted.
pub static VERSION: AtomicU32 = AtomicU32::new(1);
/// Version of the last `restart_events`.
static RESTARTED: AtomicU32 = AtomicU32::new(0);
/// How many code objects have events of a tool's own; and which generation of the tool they count for: freeing a tool
/// ends its generation, and with it the events in all code.
static LOCALS: [AtomicUsize; TOOLS] = [const { AtomicUsize::new(0) }; TOOLS];
static GENERATION: [AtomicU32; TOOLS] = [const { AtomicU32::new(0) }; TOOLS];
/// Held while code is brought up to date; no Python code runs and nothing is allocated in the heap meanwhile.
static WRITING: Mutex<()> = Mutex::new(());

pub struct Monitor {
    pub version: AtomicU32,
    /// The original op bytes.
    pub ops: Box<[u8]>,
    /// For each instruction the tools that want LINE, INSTRUCTION, the op's own event, and BRANCH_RIGHT.
    pub lines: Box<[AtomicU8]>,
    pub instrs: Box<[AtomicU8]>,
    pub events: Box<[AtomicU8]>,
    pub right: Box<[AtomicU8]>,
    /// Events of the code as a whole.
    pub start: AtomicU8,
    pub resume: AtomicU8,
    pub stop: AtomicU8,
    starts_line: Box<[bool]>,
    /// How often instructions that begin a line were reached from the same line, which is no event.
    passed: Box<[AtomicU8]>,
    /// Where an empty module starts.
    line_zero: Option<usize>,
    /// Jumps that are there because handlers stand in line: over one, or out of one. CPython has no such jumps.
    around_handler: Box<[bool]>,
    active: [AtomicU8; ev::LOCAL],
    /// Local events of each tool (low half) and the generation that they belong to.
    local: [AtomicU64; TOOLS],
}

/// The instruction's own event.
fn own_event(op: Op) -> Option<usize> {
    Some(match op {
        Op::Return | Op::ReturnNone => ev::PY_RETURN,
        Op::Yield | Op::YieldFrom => ev::PY_YIELD,
        Op::Call | Op::CallMethod | Op::CallKw | Op::CallEx | Op::LoadSuperAttr => ev::CALL,
        Op::Jump | Op::JumpBack => ev::JUMP,
        Op::ForIter => ev::BRANCH_LEFT,
        _ if jump_of(op) => ev::BRANCH_LEFT,
        _ => return None,
    })
}
/// A conditional jump?
fn jump_of(op: Op) -> bool {
    let i = op.info();
    !matches!(op, Op::Jump | Op::JumpBack) && (i.b == Operand::Jump32 || i.c == Operand::Jump)
}
/// Where the jump of instruction `i` goes.
fn target(i: usize, ins: Ins, op: Op) -> Option<usize> {
    let info = op.info();
    let d = match (info.b, info.c) {
        (Operand::Jump32, _) => ins.imm() as i64,
        (_, Operand::Jump) => ins.ci() as i64,
        _ => return None,
    };
    Some((i as i64 + 1 + d) as usize)
}

fn bytes(n: usize) -> Box<[AtomicU8]> {
    (0..n).map(|_| AtomicU8::new(0)).collect()
}

impl Monitor {
    fn new(code: Gc<Code>) -> Monitor {
        let d = unsafe { &*code.data };
        let n = d.code.len();
        let ops: Box<[u8]> = d.code.iter().map(|i| i.op_byte()).collect();
        let op = |i: usize| Op::from_byte(ops[i]);
        // What sets up the frame belongs to no line.
        let mut first = 0;
        for i in 0..n {
            match op(i) {
                Op::MakeGenerator => {
                    first = i + 1;
                    break;
                }
                Op::MakeCell | Op::CopyFree | Op::Nop => {}
                _ => break,
            }
        }
        while first < n && matches!(op(first), Op::MakeCell | Op::CopyFree) {
            first += 1;
        }
        let mut starts: Vec<bool> = vec![false; n];
        let mut line = 0;
        for i in first..n {
            let l = d.positions[i].line;
            starts[i] = l != 0 && l != line;
            line = l;
        }
        let mut mark = |i: usize| {
            if i < n && d.positions[i].line != 0 && i >= first {
                starts[i] = true;
            }
        };
        for i in 0..n {
            if let Some(t) = target(i, d.code[i], op(i)) {
                mark(t);
            }
        }
        d.handlers.iter().for_each(|h| mark(h.target as usize));
        // An empty module runs on line 0. Who hears of its start hears of that line (a debugger would never stop otherwise).
        let empty = code_replace::is_empty_module(d) && first < n;
        Monitor {
            version: AtomicU32::new(0),
            lines: bytes(n),
            instrs: bytes(n),
            events: bytes(n),
            right: bytes(n),
            passed: bytes(n),
            start: AtomicU8::new(0),
            resume: AtomicU8::new(0),
            stop: AtomicU8::new(0),
            starts_line: starts.into(),
            line_zero: empty.then_some(first),
            around_handler: (0..n)
                .map(|i| {
                    op(i) == Op::Jump
                        && (d.positions[i].line == 0 || d.handlers.iter().any(|h| h.target as usize == i + 1))
                })
                .collect(),
            active: [const { AtomicU8::new(0) }; ev::LOCAL],
            local: [const { AtomicU64::new(0) }; TOOLS],
            ops,
        }
    }

    /// Adds and removes tools for one event, everywhere in the code.
    fn apply(&self, event: usize, add: u8, remove: u8) {
        let set = |b: &AtomicU8| b.store(b.load(Relaxed) & !remove | add, Relaxed);
        let all = |which: &[AtomicU8], f: &dyn Fn(usize) -> bool| {
            (0..which.len()).filter(|i| f(*i)).for_each(|i| set(&which[i]));
        };
        let own = |i: usize| own_event(Op::from_byte(self.ops[i]));
        match event {
            ev::PY_START => set(&self.start),
            ev::PY_RESUME => set(&self.resume),
            ev::STOP_ITERATION => set(&self.stop),
            ev::LINE => {
                all(&self.lines, &|i| self.starts_line[i]);
                self.line_zero.iter().for_each(|i| set(&self.lines[*i]));
            }
            ev::INSTRUCTION => all(&self.instrs, &|_| true),
            ev::BRANCH_RIGHT => all(&self.right, &|i| own(i) == Some(ev::BRANCH_LEFT)),
            // The jump behind these is theirs.
            ev::JUMP => all(&self.events, &|i| {
                own(i) == Some(ev::JUMP)
                    && !(i > 0
                        && matches!(Op::from_byte(self.ops[i - 1]), Op::ForIter | Op::Send | Op::YieldFrom))
                    && !self.around_handler[i]
            }),
            _ => all(&self.events, &|i| own(i) == Some(event)),
        }
    }

    fn local_events(&self, tool: usize) -> u32 {
        let w = self.local[tool].load(Acquire);
        if (w >> 32) as u32 == GENERATION[tool].load(Acquire) { w as u32 } else { 0 }
    }

    /// Whether instruction `i` reports anything.
    fn at(&self, i: usize) -> bool {
        [&self.lines, &self.instrs, &self.events, &self.right].iter().any(|b| b[i].load(Relaxed) != 0)
    }
}

fn op_cell(code: Gc<Code>, i: usize) -> &'static AtomicU8 {
    // The op is the low byte of the word.
    let low = if cfg!(target_endian = "little") { 0 } else { 7 };
    unsafe { &*(code.ins.add(i) as *const AtomicU8).add(low) }
}
fn patch(code: Gc<Code>, m: &Monitor, i: usize) {
    op_cell(code, i).store(if m.at(i) { INSTRUMENTED } else { m.ops[i] }, Relaxed);
}

/// The code object that clones for other namespaces share.
pub fn canonical(code: Gc<Code>) -> Gc<Code> {
    code.canonical.get().unwrap_or(code)
}
pub fn monitor(code: Gc<Code>) -> Option<&'static Monitor> {
    unsafe { canonical(code).monitor.load(Acquire).as_ref() }
}
fn make(code: Gc<Code>) -> &'static Monitor {
    let c = canonical(code);
    let _guard = WRITING.lock();
    if let Some(m) = monitor(c) {
        return m;
    }
    let m = Box::into_raw(Box::new(Monitor::new(c)));
    c.monitor.store(m, Release);
    unsafe { &*m }
}
/// The monitor of a code object that dies.
///
/// # Safety
/// Nothing uses it any more.
pub unsafe fn free(m: *mut Monitor) {
    if !m.is_null() {
        let m = unsafe { Box::from_raw(m) };
        for t in 0..TOOLS {
            if m.local_events(t) != 0 {
                LOCALS[t].fetch_sub(1, Relaxed);
            }
        }
    }
}

/// The instruction as the compiler wrote it.
pub fn original(code: Gc<Code>, i: usize, ins: Ins) -> Ins {
    if ins.op_byte() != INSTRUMENTED {
        return ins;
    }
    match monitor(code) {
        Some(m) => Ins(ins.0 & !0xff | m.ops[i] as u64),
        None => ins,
    }
}
/// The instruction at which a frame stands, as the compiler wrote it.
pub fn standing(f: &Frame) -> Ins {
    // SAFETY: the pc of a frame that was left at an instruction is in its code.
    original(f.code, f.lasti(), unsafe { *f.pc })
}
/// All instructions as the compiler wrote them.
pub fn originals(code: Gc<Code>) -> Vec<Ins> {
    let d = unsafe { &*code.data };
    (0..d.code.len()).map(|i| original(code, i, unsafe { *code.ins.add(i) })).collect()
}

/// Whether starting or resuming this code, or what it exhausts, is to be reported.
pub fn reports(code: Gc<Code>) -> bool {
    let m = ensure(code);
    [&m.start, &m.resume, &m.stop].iter().any(|e| e.load(Relaxed) != 0)
}

/// Brings the code up to date with what the tools want.
pub fn ensure(code: Gc<Code>) -> &'static Monitor {
    let m = monitor(code).unwrap_or_else(|| make(code));
    if m.version.load(Acquire) != VERSION.load(Acquire) {
        update(canonical(code), m);
    }
    m
}
#[cold]
fn update(code: Gc<Code>, m: &Monitor) {
    let _guard = WRITING.lock();
    let version = VERSION.load(Acquire);
    let old = m.version.load(Relaxed);
    write(code, m, RESTARTED.load(Acquire) > old);
    m.version.store(version, Release);
}
/// `again`: places where events were disabled report them again. Under the lock.
fn write(code: Gc<Code>, m: &Monitor, again: bool) {
    for e in 0..ev::LOCAL {
        let want = (0..TOOLS)
            .fold(0, |s, t| s | ((((GLOBAL[t].load(Relaxed) | m.local_events(t)) >> e & 1) as u8) << t));
        let had = m.active[e].load(Relaxed);
        let add = if again { want } else { want & !had };
        if add | (had & !want) != 0 {
            m.apply(e, add, had & !want);
        }
        m.active[e].store(want, Relaxed);
    }
    for i in 0..m.ops.len() {
        patch(code, m, i);
    }
}

/// A tool wants no more of an event at one place.
pub fn disable(code: Gc<Code>, m: &Monitor, event: usize, at: usize, tool: usize) {
    let _guard = WRITING.lock();
    let which = match event {
        ev::PY_START => &m.start,
        ev::PY_RESUME => &m.resume,
        ev::STOP_ITERATION => &m.stop,
        ev::LINE => &m.lines[at],
        ev::INSTRUCTION => &m.instrs[at],
        ev::BRANCH_RIGHT => &m.right[at],
        _ => &m.events[at],
    };
    which.fetch_and(!(1 << tool), Relaxed);
    patch(canonical(code), m, at);
}

/// The instruction `at` begins the line where the frame is already. It may never be reached otherwise, as in a loop
/// within one line, and so never be disabled: tools that want no more of this line elsewhere in the code want no more of
/// it here either.
pub fn passed(code: Gc<Code>, m: &Monitor, at: usize) {
    const OFTEN: u8 = 64;
    let n = m.passed[at].load(Relaxed) + 1;
    m.passed[at].store(n % OFTEN, Relaxed);
    if n < OFTEN {
        return;
    }
    let _guard = WRITING.lock();
    // SAFETY: code that runs is loaded.
    let positions = &unsafe { &*code.data }.positions;
    let line = positions[at].line;
    let wanted = m.active[ev::LINE].load(Relaxed);
    let disabled = (0..m.ops.len())
        .filter(|i| m.starts_line[*i] && positions[*i].line == line)
        .fold(0, |all, i| all | wanted & !m.lines[i].load(Relaxed));
    m.lines[at].fetch_and(!disabled, Relaxed);
    patch(canonical(code), m, at);
}

/// What a tool wants in one code object.
pub fn set_local(code: Gc<Code>, tool: usize, events: u32) {
    let m = make(code);
    let old = m.local_events(tool);
    // Machine code may contain it if it had nothing to report.
    let compiled = !observed() || !reports(code);
    m.local[tool].store((GENERATION[tool].load(Acquire) as u64) << 32 | events as u64, Release);
    if old == 0 && events != 0 {
        LOCALS[tool].fetch_add(1, Relaxed);
    } else if old != 0 && events == 0 {
        LOCALS[tool].fetch_sub(1, Relaxed);
    }
    if old == events {
        return;
    }
    ensure(code);
    {
        let _guard = WRITING.lock();
        write(canonical(code), m, false);
    }
    if compiled && events != 0 {
        crate::jit::watch::invalidate_all(Counter::InvalidObserved);
    }
    announce();
    stand(|c| canonical(c).value().is(canonical(code).value()));
}
/// A tool gives up its local events, wherever they are.
pub fn clear_locals(tool: usize) {
    GENERATION[tool].fetch_add(1, AcqRel);
    if LOCALS[tool].swap(0, AcqRel) != 0 {
        changed();
    }
}
pub fn local(code: Gc<Code>, tool: usize) -> u32 {
    monitor(code).map_or(0, |m| m.local_events(tool))
}
pub fn set_global(tool: usize, events: u32) {
    if GLOBAL[tool].swap(events, AcqRel) != events {
        changed();
    }
}
/// Places where events were disabled report them again.
pub fn restart() {
    RESTARTED.store(VERSION.load(Acquire) + 1, Release);
    changed();
}

/// Whether somebody observes anything.
pub fn observed() -> bool {
    LOCALS.iter().any(|l| l.load(Relaxed) != 0) || GLOBAL.iter().any(|g| g.load(Relaxed) != 0)
}

/// Whether somebody observes what belongs to no place, or all that happens.
fn closely() -> bool {
    let wants = |t: usize| GLOBAL[t].load(Relaxed);
    wants(TRACE) | wants(PROFILE) != 0
        || [TRACE, PROFILE].iter().any(|t| LOCALS[*t].load(Relaxed) != 0)
        || (0..USER_TOOLS).any(|t| wants(t) >> ev::LOCAL != 0)
}
/// What the observers want every thread's poll word to have.
pub fn poll_bits() -> u64 {
    match (observed(), closely()) {
        (false, _) => 0,
        (true, false) => poll::TRACE,
        (true, true) => poll::TRACE | poll::CLOSE,
    }
}
/// Tells all threads whether somebody observes.
fn announce() {
    let on = poll_bits();
    Th::for_all(|th| {
        th.m.poll.fetch_or(on, Relaxed);
        th.m.poll.fetch_and(!(poll::TRACE | poll::CLOSE) | on, Relaxed);
    });
}
/// What the tools want has changed.
fn changed() {
    VERSION.fetch_add(1, AcqRel);
    if observed() {
        crate::jit::watch::invalidate_all(Counter::InvalidObserved);
    }
    announce();
    stand(|_| true);
}
/// Functions that run now are brought up to date.
fn stand(which: impl Fn(Gc<Code>) -> bool) {
    if let Some(th) = Th::current()
        && observed()
    {
        super::chain::unchain_all(th);
        let mut f = th.fp.get();
        while f > th.frames.get() {
            let frame = unsafe { &mut *f };
            if !which(frame.code) {
                f = unsafe { f.sub(1) };
                continue;
            }
            ensure(frame.code);
            if frame.flags & (fflags::STARTING | fflags::HIDDEN) == 0 {
                // The line that runs is not news.
                let line = unsafe { &*frame.code.data }.positions[frame.lasti()].line;
                if line != 0 {
                    frame.flags = frame.flags & 0xffff_ffff | (line as u64) << LINE_SHIFT;
                }
            }
            f = unsafe { f.sub(1) };
        }
    }
}
