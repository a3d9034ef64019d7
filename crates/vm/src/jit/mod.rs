//! The tracing JIT of Python: hot loops are recorded by a third instance of the handlers, optimised by `metatrace` and
//! compiled by a backend that the embedder hands over.
//!
//! # The life of a loop
//! The loop's counter (`Code::counters`) runs down in the interpreter, by samples ([`tick`]); at zero the slow path comes to [`back_edge`]:
//! compiled code is entered, or the next iteration is recorded. A [`Tree`] is a loop's compiled code with the bridges
//! that grew on its exits; it is valid until an assumption fails (`watch`).
//!
//! # Invariants
//! - While machine code runs, the interpreter's frames and registers in memory are those of the trace's entry, or of
//!   the last operation that was carried out as a whole (`helpers`): valid for the collector, not up to date. Exits
//!   bring them up to date (`exit`).
//! - Constants of traces are pinned and kept alive by the code object that owns the tree.
//! - Machine code is left only at points where the interpreter can go on, and nothing is executed twice.

mod budget;
mod enter;
pub mod exit;
pub mod function;
mod generators;
pub mod helpers;
#[cfg(debug_assertions)]
mod holds;
mod inline;
mod joins;
pub mod machine;
pub mod quiet;
mod reals;
pub mod record;
pub mod sight;
pub(crate) mod state;
mod steps;
pub mod watch;

use crate::err::R;
use crate::interp::Ctl;
use crate::interp::events::closely;
use crate::object::*;
use crate::thread::{Frame, Th, Thread, fflags};
use crate::value::*;
use adder_bytecode::Ins;
use adder_heap::Mutator;
use adder_metatrace::backend::{Backend, Exit, Layout, RETURNED, State, Times};
use adder_metatrace::counters::{self, Counter};
use adder_metatrace::log;
use adder_metatrace::params::Param;
use budget::{Aside, Work};
use state::Held;
use std::cell::Cell as RustCell;
use std::mem::offset_of;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// Frames and registers that a trace may need above its root frame (`params::Param::MaxDepth` is less).
const FRAME_ROOM: usize = 64;
const REG_ROOM: usize = 1 << 14;

pub struct Jit {
    pub backend: &'static dyn Backend,
    pub layout: Layout,
    /// What cells hold where there is no code.
    none: u64,
    /// A cell that never holds any: links to it go on in the interpreter.
    nowhere: &'static AtomicU64,
}

static JIT: OnceLock<Jit> = OnceLock::new();

thread_local! {
    /// This thread is recording: loops of nested runs are not recorded.
    static RECORDING: RustCell<bool> = const { RustCell::new(false) };
}

/// Loops are recorded, compiled code is entered.
static ENABLED: AtomicBool = AtomicBool::new(false);
/// Makes the code generator: when the JIT is first turned on.
static MAKE: OnceLock<MakeBackend> = OnceLock::new();
/// There seems to be a code generator.
static AVAILABLE: AtomicBool = AtomicBool::new(false);
/// Backward jumps between two that count, on average.
static TICK: AtomicU32 = AtomicU32::new(1);
/// Backward jumps between two looks whether the JIT is on.
const IDLE: u32 = 1 << 16;

/// Header flag of canonical code objects: never part of a trace.
const EXCLUDED: u8 = crate::value::flags::K3;

fn canonical(code: Gc<Code>) -> Gc<Code> {
    code.canonical.get().unwrap_or(code)
}
/// The program wants no traces of this code.
pub fn excluded(code: Gc<Code>) -> bool {
    canonical(code).flag(EXCLUDED)
}
/// No loop of this code is compiled from now on, no trace goes through it.
pub fn exclude(code: Gc<Code>) {
    canonical(code).set_flag(EXCLUDED);
    watch::invalidate_all(Counter::InvalidAll);
}

/// This thread is recording a trace.
pub fn recording() -> bool {
    RECORDING.with(|r| r.get())
}

/// Gives the code generator; None: there is none on this machine.
pub type MakeBackend = fn() -> Option<&'static dyn Backend>;

/// Says where the code generator comes from, and whether the JIT is on. To be called before any code object is made.
pub fn init(make: MakeBackend, on: bool) {
    params_changed();
    if MAKE.set(make).is_ok() {
        AVAILABLE.store(true, Relaxed);
        if on {
            start();
        }
    }
}
/// Makes the code generator.
fn start() {
    let Some(backend) = MAKE.get().and_then(|f| f()) else {
        AVAILABLE.store(false, Relaxed);
        return;
    };
    let poll = offset_of!(Thread, m) + offset_of!(Mutator, poll);
    let layout = Layout {
        poll: poll as i32,
        cursor: (offset_of!(Thread, m) + offset_of!(Mutator, cursor)) as i32,
        limit: (offset_of!(Thread, m) + offset_of!(Mutator, limit)) as i32,
        gc_byte: offset_of!(adder_heap::Header, gc) as i32,
        unlogged: adder_heap::gcbits::UNLOGGED,
        lock: offset_of!(adder_heap::Header, lock) as i32,
        owner: offset_of!(Thread, owner) as i32,
        birth: offset_of!(Thread, birth) as i32,
        float_desc: Kind::Float as u32,
        float_at: offset_of!(FloatBox, f) as i32,
        box_float: helpers::box_float as *const () as usize,
        barrier: helpers::barrier as *const () as usize,
        alloc: helpers::alloc as *const () as usize,
    };
    let none = backend.bail() as u64;
    let _ = JIT.set(Jit { backend, layout, none, nowhere: Box::leak(Box::new(none.into())) });
    ENABLED.store(true, Relaxed);
}
/// To be called after a parameter was set.
pub fn params_changed() {
    TICK.store((Param::Threshold.get() / 16).clamp(1, 43), Relaxed);
}
/// There is a code generator.
pub fn available() -> bool {
    AVAILABLE.load(Relaxed)
}
/// Loops are recorded, compiled code is entered.
pub fn enabled() -> bool {
    ENABLED.load(Relaxed)
}
/// Turns the JIT on or off. Off: compiled code is left at its next safepoint, and kept. On: other threads notice within
/// `IDLE` backward jumps.
pub fn enable(th: Th, on: bool) {
    if on {
        match get() {
            Some(_) => ENABLED.store(true, Relaxed),
            None => start(),
        }
        th.ticks.set(1);
    } else {
        ENABLED.store(false, Relaxed);
        Th::for_all(|th| {
            th.m.poll.fetch_or(crate::thread::poll::JIT, SeqCst);
        });
    }
}
/// Everything is to be compiled at once, as tests want it.
pub fn eager() -> bool {
    Param::Threshold.get() <= 16
}
pub fn get() -> Option<&'static Jit> {
    JIT.get()
}
/// First value of a loop counter.
pub fn start_count() -> u32 {
    if available() { Param::Threshold.get() } else { u32::MAX }
}

/// Compiled code of a loop and its bridges. Never freed.
pub struct Tree {
    /// All that was assumed still holds. `watch` clears it.
    pub valid: AtomicBool,
    /// The entry, or the way out once the tree is invalid.
    pub entry: AtomicU64,
    /// Where links from other traces to the loop go: the entry of its valid tree, or the way out. Never freed.
    pub cell: &'static AtomicU64,
    pub code: u64,
    pub header: *const Ins,
    pub name: String,
    /// Which of the code's loops.
    pub counter: usize,
    pub bridges: AtomicU32,
    /// Instructions of the first recording.
    size: AtomicU32,
    /// It begins where ways meet (`joins`).
    join: bool,
    /// Its first trace ends where the generator suspends whose loop it is: traces of who uses the generator go on instead.
    suspends: AtomicBool,
    /// Header of the loop that it is another version of, or null.
    version: *const Ins,
    /// The how-manieth return from the root frame is the end of its traces; 0: none is.
    ends: usize,
    /// Versions of classes that there were when it was made are below this number.
    born: u32,
    /// What is being recorded relies on a class that came not long ago, after the tree ([`budget::new_class`]).
    young: AtomicBool,
    /// Since the last judgement: entries from the interpreter, those that ended at an exit that gets no bridge, the
    /// processor's cycles in between.
    entries: AtomicU32,
    dead: AtomicU32,
    cycles: AtomicU64,
}
// SAFETY: pointers to instructions, which are compared only; all that changes is atomic.
unsafe impl Sync for Tree {}
unsafe impl Send for Tree {}

/// At the end of the program: observers are told; if the log is on: the counters, and where compiled code was left most
/// often.
pub fn report() {
    adder_metatrace::sight::end();
    if !log::on() || get().is_none() {
        return;
    }
    eprint!("{}", counters::report());
    let mut all: Vec<&'static Exit> =
        adder_metatrace::sight::traces().iter().flat_map(|t| t.exits.iter()).collect();
    all.sort_by_key(|e| std::cmp::Reverse(e.times()));
    for e in all.iter().take(25).filter(|e| e.times() > 0) {
        let tree = unsafe { &*(e.owner() as *const Tree) };
        let place = match e.innermost() {
            // The instruction is looked at, not the code object, which may be dead.
            Some((f, _)) => unsafe { (f.pc as *const Ins).as_ref() }.map_or("?", |i| {
                adder_bytecode::Op::try_from_byte(i.op_byte()).map_or("?", |o| o.info().name)
            }),
            None => "in memory",
        };
        eprintln!(
            "jit: exit {} of {} at {place}: {} times, failures {}",
            e.id(),
            tree.name,
            e.times(),
            e.failures()
        );
    }
}

/// State of one loop, or of the function as such.
pub struct LoopState {
    pub cell: &'static AtomicU64,
    pub tree: AtomicPtr<Tree>,
    pub aborts: AtomicU32,
    /// Links that found no code.
    misses: AtomicU32,
    /// See [`Tree::ends`].
    ends: AtomicUsize,
    /// Another version of a loop, behind its backward jump: see `joins`.
    version: AtomicBool,
    /// When it was first found hot ([`budget`]).
    hot: Times,
    /// How often what its trees assumed did not last.
    lost: AtomicU32,
    /// Of a function: [`function::Short`].
    short: function::Short,
}
/// As many trees may lose what they assumed before the next one waits longer: the first are often made while a program
/// still sets itself up.
const LOST: u32 = 3;
impl LoopState {
    /// There was a tree, which is invalid now. A program that changes its classes again and again would be compiled again
    /// and again, and code is never freed: each time the wait is doubled.
    fn wait_for_next(&self, count: &AtomicU32, threshold: u32) -> bool {
        if self.tree.swap(std::ptr::null_mut(), AcqRel).is_null() {
            return false;
        }
        let n = self.lost.fetch_add(1, Relaxed);
        if n >= LOST {
            count.store(threshold.saturating_mul(2 << (n - LOST).min(24)).min(u32::MAX - 1), Relaxed);
        }
        n >= LOST
    }
    fn has_tree(&self) -> bool {
        // SAFETY: trees are never freed.
        unsafe { self.tree.load(Acquire).as_ref() }.is_some_and(|t| t.valid.load(Acquire))
    }
    /// What was lost now will be lost again.
    fn wait_longer(&self) {
        self.lost.fetch_add(LOST, Relaxed);
    }
    fn new() -> LoopState {
        let out = get().map_or(0, |j| j.backend.bail() as u64);
        LoopState {
            cell: Box::leak(Box::new(AtomicU64::new(out))),
            tree: AtomicPtr::new(std::ptr::null_mut()),
            aborts: AtomicU32::new(0),
            misses: AtomicU32::new(0),
            ends: AtomicUsize::new(0),
            version: AtomicBool::new(false),
            lost: AtomicU32::new(0),
            hot: Times::default(),
            short: Default::default(),
        }
    }
}

/// The loops of a code object, once one of them was hot; the last is the function as such.
pub struct CodeLoops {
    pub loops: Box<[LoopState]>,
    /// Where calls begin that machine code is to take over (`function`).
    pub note: Ins,
    pub joins: OnceLock<joins::Joins>,
    /// What integers instructions have met in recordings: their addresses, [`MET_LARGE`] and [`MET_OTHER`].
    pub ints: std::sync::Mutex<Vec<(usize, u8)>>,
}
/// A large integer.
pub const MET_LARGE: u8 = 1;
/// A trace was left often because a number was small, or was not, which it had been.
pub const MET_OTHER: u8 = 2;

pub fn loops_of(code: Gc<Code>) -> &'static CodeLoops {
    let p = code.jit.load(Acquire);
    if let Some(l) = unsafe { p.as_ref() } {
        return l;
    }
    let n = unsafe { (*code.data).loops } as usize;
    let l = Box::into_raw(Box::new(CodeLoops {
        loops: (0..=n).map(|_| LoopState::new()).collect(),
        note: function::note(),
        joins: OnceLock::new(),
        ints: Default::default(),
    }));
    match code.jit.compare_exchange(std::ptr::null_mut(), l, AcqRel, Acquire) {
        Ok(_) => unsafe { &*l },
        Err(other) => {
            // SAFETY: made above, and nobody else has seen it.
            drop(unsafe { Box::from_raw(l) });
            unsafe { &*other }
        }
    }
}

/// The valid tree of a loop.
pub fn tree_of(code: Gc<Code>, counter: usize, header: *const Ins) -> Option<&'static Tree> {
    let p = unsafe { code.jit.load(Acquire).as_ref() }?;
    let t = unsafe { p.loops.get(counter)?.tree.load(Acquire).as_ref() }?;
    (t.valid.load(Acquire) && t.header == header).then_some(t)
}

/// The counter of a loop, or of the function.
pub fn counter(code: Gc<Code>, i: usize) -> &'static AtomicU32 {
    unsafe {
        if i == code.nloops as usize {
            return &(*code.as_ptr()).calls;
        }
        &*(code.counters.add(i) as *const AtomicU32)
    }
}

/// How many backward jumps and calls the one that comes here stands for, once the thread's ticks (`Thread::ticks`) have
/// run down; they begin anew. The intervals vary, so that loops of a regular length are not always met at the same
/// place. None: they have not, or the JIT is off.
fn ticks(th: Th) -> Option<u32> {
    if cfg!(debug_assertions) {
        // There are no fast handlers, which count down.
        th.count_down();
    }
    if th.ticks.get() != 0 {
        return None;
    }
    if !enabled() {
        th.ticks.set(IDLE);
        return None;
    }
    let tick = TICK.load(Relaxed);
    th.ticks.set(tick + jitter(th) % tick - tick / 2 - 1);
    Some(tick)
}
/// A number that nothing in the program keeps step with.
fn jitter(th: Th) -> u32 {
    let x = th.jitter.get().wrapping_mul(0x9E37_79B1).wrapping_add(0x7F4A_7C15);
    th.jitter.set(x);
    x >> 16
}
fn count(counter: &AtomicU32, by: u32) {
    let n = counter.load(Relaxed);
    if n != u32::MAX {
        // Racing threads may lose counts.
        counter.store(n.saturating_sub(by), Relaxed);
    }
}
/// Counts a backward jump if the thread's ticks have run down.
pub fn tick(th: Th, i: Ins) {
    if let Some(n) = ticks(th) {
        count(counter(unsafe { (*th.fp.get()).code }, i.a()), n);
    }
}

/// A backward jump (the published instruction) whose counter may have run down. Some: what the slow operation answers,
/// the jump being done.
pub fn back_edge(th: Th, i: Ins) -> R<Option<Ctl>> {
    if counter(unsafe { (*th.fp.get()).code }, i.a()).load(Relaxed) != 0 {
        return Ok(None);
    }
    scrub_frames();
    run_down(th, i)
}
/// Its counter has. This frame lives as long as the machine code that it enters runs.
#[inline(never)]
fn run_down(th: Th, i: Ins) -> R<Option<Ctl>> {
    let fp = th.fp.get();
    let code = unsafe { (*fp).code };
    let count = counter(code, i.a());
    let Some(jit) = get() else {
        count.store(u32::MAX, Relaxed);
        return Ok(None);
    };
    if !enabled() {
        count.store(Param::Threshold.get(), Relaxed);
        return Ok(None);
    }
    let header = unsafe { (*fp).pc.offset(1 + i.imm() as isize) };
    if let Some(t) = tree_of(code, i.a(), header) {
        return enter(th, jit, t);
    }
    count.store(Param::Threshold.get(), Relaxed);
    if excluded(code) {
        count.store(u32::MAX, Relaxed);
        return Ok(None);
    }
    let state = &loops_of(code).loops[i.a()];
    if state.aborts.load(Relaxed) >= Param::MaxAborts.get() {
        Counter::Blacklisted.inc();
        count.store(u32::MAX, Relaxed);
        return Ok(None);
    }
    if state.wait_for_next(count, Param::Threshold.get()) {
        return Ok(None);
    }
    if RECORDING.with(|r| r.get()) || !has_room(th, fp) || closely(th) || reports(th, code) {
        return Ok(None);
    }
    let Some(_work) = Work::begin(th, &state.hot) else {
        count.store(Param::Threshold.get() / budget::AGAIN + 1, Relaxed);
        return Ok(None);
    };
    if unsafe { (*fp).flags } & fflags::ENTRY != 0 && !eager() && crate::interp::drain::hot(code) {
        return Ok(None);
    }
    scrub();
    record::record_loop(th, jit, i, header, state).map(Some)
}

/// Whether a loop of this code is not tried any more.
pub(crate) fn given_up(code: Gc<Code>) -> bool {
    // SAFETY: never freed once it is there.
    let l = unsafe { code.jit.load(Acquire).as_ref() };
    let tried = |s: &LoopState| s.aborts.load(Relaxed) >= Param::MaxAborts.get();
    l.is_some_and(|l| l.loops[..code.nloops as usize].iter().any(tried))
}

/// Whether somebody wants to hear when this code starts, is resumed or exhausts a generator: it is not compiled. Other
/// events have their instructions, at which recordings end.
pub(crate) fn reports(th: Th, code: Gc<Code>) -> bool {
    // What has not been read yet has no instructions to ask.
    crate::interp::events::observed(th) && (code.ins.is_null() || crate::interp::instrument::reports(code))
}

/// Cycles in machine code from which on it was worth entering.
const LONG: u64 = 8_000;
/// The time of one in so many entries is taken.
const SAMPLE: u32 = 8;

/// Clears the stack below: frames of long life begin there, and references left by earlier calls would keep objects
/// alive.
pub(crate) fn scrub() {
    clear_below::<{ if cfg!(debug_assertions) { 1 << 14 } else { 1 << 10 } }>();
}
/// The same for the few frames of who enters machine code that may run for long: what they do not write would be found
/// there all the time. One dead object can be enough to keep all that die after it, where each refers to the next.
pub(crate) fn scrub_frames() {
    clear_below::<{ if cfg!(debug_assertions) { 1 << 11 } else { 1 << 6 } }>();
}
#[inline(never)]
fn clear_below<const WORDS: usize>() {
    let mut a = [0u64; WORDS];
    std::hint::black_box(&mut a);
}

/// Space above the frame for what a trace may push.
fn has_room(th: Th, fp: *mut Frame) -> bool {
    unsafe { fp.add(FRAME_ROOM) < th.frame_limit.get() && (*fp).regs.add(REG_ROOM) < th.regs_end.get() }
}
/// Runs compiled code from the published frame's backward jump on.
fn enter(th: Th, jit: &'static Jit, t: &'static Tree) -> R<Option<Ctl>> {
    let fp = th.fp.get();
    if !has_room(th, fp) || closely(th) {
        return Ok(None);
    }
    let Some(mut s) = Held::new(th) else { return Ok(None) };
    Counter::Entries.inc();
    // Clocks cost as much as a short entry does.
    let n = t.entries.load(Relaxed);
    let weight = if n < SAMPLE * 2 { 1 } else { (jitter(th) % SAMPLE == 0) as u64 * SAMPLE as u64 };
    let start = if weight == 0 { 0 } else { cycles() };
    let e = run(th, jit, t.entry.load(Acquire), fp, &mut s);
    // Racing threads may lose counts.
    t.entries.store(n + 1, Relaxed);
    if weight != 0 {
        let took = cycles().wrapping_sub(start).min(1 << 24);
        if took >= LONG {
            th.machine_cycles.set(th.machine_cycles.get() + took * weight);
        }
        t.cycles.store(t.cycles.load(Relaxed).wrapping_add(took * weight), Relaxed);
    }
    if std::ptr::eq(e, RETURNED) {
        return exit::returned(th, &s).map(Some);
    }
    judge(th, t, e);
    exit::leave(th, jit, s, e).map(Some)
}
/// Runs the code with that root frame, which is published.
#[inline(always)]
fn run(th: Th, jit: &'static Jit, code: u64, fp: *mut Frame, s: &mut State) -> &'static Exit {
    let base = th.native_base.replace(0);
    s.thread = th.0.as_ptr() as u64;
    s.fp = fp as u64;
    // SAFETY: an entry of compiled code, a frame of the thread.
    let e = unsafe {
        s.regs = (*fp).regs as u64;
        jit.backend.enter(code as usize, s)
    };
    th.native_base.set(base);
    e
}

/// A clock that costs next to nothing; 0 where there is none.
#[inline(always)]
fn cycles() -> u64 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every such processor has the instruction.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
    #[cfg(not(target_arch = "x86_64"))]
    0
}

/// A tree that is left soon, mostly where no bridge can grow, is slower than the interpreter: it goes for good.
fn judge(th: Th, t: &'static Tree, e: &'static Exit) {
    let n = t.entries.load(Relaxed);
    let dead = match e.owner() {
        // A link: there may be code later.
        0 => joins::never(th),
        _ => e.failures() + e.put_off() >= Param::MaxBridgeFailures.get() || e.says_nothing(),
    };
    if dead {
        t.dead.store(t.dead.load(Relaxed) + 1, Relaxed);
    }
    if n < Param::JudgeEntries.get() {
        return;
    }
    let (dead, spent) = (t.dead.swap(0, Relaxed), t.cycles.swap(0, Relaxed));
    t.entries.store(0, Relaxed);
    if dead > n / 2 && spent / (n as u64) < Param::WorthCycles.get() as u64 && t.valid.load(Acquire) {
        Counter::Dropped.inc();
        adder_metatrace::sight::invalidated(t as *const Tree as usize, Counter::Dropped);
        // SAFETY: the code object is the one whose loop was just entered.
        let code: Gc<Code> = unsafe { Value::from_bits(t.code).cast_unchecked() };
        // The next may be better, but not many are to be tried.
        let tried = |s: &LoopState| s.aborts.fetch_add(Param::MaxAborts.get() / 2 + 1, Relaxed);
        match loops_of(code).loops.get(t.counter) {
            Some(s) => {
                tried(s);
                counter(code, t.counter).store(Param::Threshold.get().saturating_mul(16), Relaxed);
            }
            // It begins where ways meet.
            None => {
                joins::state(code, t.header).map(tried);
            }
        }
        watch::invalidate(t);
    }
}

/// A code object dies: its counters and loop table go. The trees stay: other code may have links to them.
pub unsafe fn drop_code(c: &Code) {
    unsafe {
        let n = c.nloops as usize;
        if !c.counters.is_null() {
            drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(c.counters, n)));
        }
        let l = c.jit.load(Relaxed);
        if !l.is_null() {
            for s in &(*l).loops {
                if let Some(t) = s.tree.load(Relaxed).as_ref() {
                    watch::invalidate(t);
                }
            }
            if let Some(j) = (*l).joins.get() {
                j.drop();
            }
            drop(Box::from_raw(l));
        }
    }
}
