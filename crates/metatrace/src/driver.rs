//! What happens around traces, for interpreters with frames as in [`tracer`](crate::tracer): headers of loops and
//! functions count down, hot ones are recorded, compiled code is entered and left, hot exits get bridges.
//!
//! A language says how one instruction is recorded ([`Language`]) and calls [`Driver::hot`] where a header's counter has
//! run down; then the interpreter goes on with the frame that is running afterwards. Its state is always in its own
//! frames and registers, never here.
//!
//! # Safety
//! The client's description of its frames and helpers is true: offsets are those of words in the thread, in frames and
//! in objects, helpers are functions of the type that compiled code calls them with.

use crate::backend::*;
use crate::counters::Counter;
use crate::ir::*;
use crate::opt::{Objects, peel};
use crate::tracer::*;
use crate::{log, text, verify};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// A place where traces begin: the head of a loop or of a function. Never freed, never moved.
#[derive(Debug)]
pub struct Header {
    /// Runs down to 0; the interpreter's.
    pub count: Cell<u32>,
    /// Where links from other traces go: compiled code, or the way out.
    cell: AtomicU64,
    compiled: Cell<bool>,
    /// The trace comes back by itself.
    looping: Cell<bool>,
    aborts: Cell<u32>,
    /// For logs.
    pub name: String,
}
// SAFETY: threads that share code would need counters of their own; a lost count does no harm.
unsafe impl Sync for Header {}

impl Header {
    /// Without a driver it is never recorded.
    pub fn new(name: String, d: Option<&Driver>) -> Header {
        let (count, bail) = d.map_or((u32::MAX, 0), |d| (d.threshold, d.backend.bail() as u64));
        Header {
            count: Cell::new(count),
            cell: bail.into(),
            compiled: Cell::new(false),
            looping: Cell::new(false),
            aborts: Cell::new(0),
            name,
        }
    }
}

/// What became of an instruction that was recorded.
pub enum Recorded {
    /// It is done; the next one.
    Next(u64),
    /// It is a header; what follows it.
    Header(&'static Header, u64),
    /// Not done: the interpreter is to carry it out, and nothing is recorded.
    GiveUp(Counter, &'static str),
    /// Not done: the trace ends before it, and the interpreter goes on.
    Leave,
}

/// An interpreted language, as the driver sees it.
pub trait Language {
    /// Records and carries out the instruction at `pc` of the running frame.
    fn record(&mut self, t: &mut Tracer, pc: u64) -> Recorded;
    /// The thread, which machine code's offsets are about.
    fn thread(&self) -> u64;
}

/// The JIT of a language.
pub struct Driver {
    /// The code generator.
    pub backend: &'static dyn Backend,
    /// Objects and the thread, for machine code.
    pub layout: Layout,
    /// Frames, for the recorder and the exits.
    pub frames: FrameLayout,
    /// Objects, for the optimiser.
    pub objects: &'static (dyn Objects + Sync),
    /// See [`Tracer::live`].
    pub live: fn(code: u64, pc: u64) -> usize,
    /// Passages of a header before it is recorded.
    pub threshold: u32,
    /// Times that an exit is taken before it gets a bridge.
    pub bridge_threshold: u32,
    /// Holds the way out, for traces that end.
    pub out: AtomicU64,
}

/// Longest recording.
const LIMIT: usize = 4000;
const MAX_ABORTS: u32 = 8;
const MAX_BRIDGE_FAILURES: u32 = 3;
/// Passages through other headers, and through the same one inside of itself.
const MAX_INNER: usize = 4;

enum Done {
    Loop,
    Link,
    Abort,
}

impl Driver {
    /// A header's counter has run down: runs its compiled code or records. The interpreter goes on with the running frame
    /// and its pc; `header`'s frame is the running one now, its pc the header.
    pub fn hot(&self, lang: &mut dyn Language, header: &'static Header) {
        if header.compiled.get() {
            header.count.set(1);
            if self.has_room(lang) {
                self.enter(lang, header.cell.load(Acquire) as usize);
            }
            return;
        }
        header.count.set(self.threshold);
        if header.aborts.get() >= MAX_ABORTS {
            Counter::Blacklisted.inc();
            header.count.set(u32::MAX);
            return;
        }
        if self.has_room(lang) {
            self.record_header(lang, header);
        }
    }

    // -- the interpreter's memory

    fn word(at: u64) -> &'static AtomicU64 {
        // SAFETY: the offsets are the client's, the addresses those of its thread and frames.
        unsafe { AtomicU64::from_ptr(at as *mut u64) }
    }
    fn fp(&self, lang: &dyn Language) -> u64 {
        Self::word(lang.thread() + self.frames.fp as u64).load(Relaxed)
    }
    fn pc(&self, lang: &dyn Language) -> u64 {
        Self::word(self.fp(lang) + self.frames.pc as u64).load(Relaxed)
    }
    fn set_pc(&self, lang: &dyn Language, pc: u64) {
        Self::word(self.fp(lang) + self.frames.pc as u64).store(pc, Relaxed);
    }
    fn has_room(&self, lang: &dyn Language) -> bool {
        let f = &self.frames;
        let (th, fp) = (lang.thread(), self.fp(lang));
        let regs = Self::word(fp + f.regs as u64).load(Relaxed);
        let end = |at: usize| Self::word(th + at as u64).load(Relaxed);
        fp + ((FRAME_ROOM * f.size) as u64) < end(f.frames_end)
            && regs + 8 * (REG_ROOM as u64) < end(f.regs_end)
    }

    // -- compiled code

    fn enter(&self, lang: &mut dyn Language, entry: usize) {
        Counter::Entries.inc();
        let fp = self.fp(lang);
        // SAFETY: plain numbers. Zeros, so that a collector finds nothing old in it.
        let mut s: State = unsafe { std::mem::zeroed() };
        s.thread = lang.thread();
        s.fp = fp;
        s.regs = Self::word(fp + self.frames.regs as u64).load(Relaxed);
        // SAFETY: the entry is compiled code for this layout.
        let e = unsafe { self.backend.enter(entry, &mut s) };
        Counter::Exits.inc();
        if e.owner() == 0 {
            // A trace that ended with everything in memory.
            return;
        }
        self.rebuild(&s, e);
        let t = e.taken();
        let n = t.count.fetch_add(1, Relaxed) + 1;
        if n >= self.bridge_threshold && t.failures.load(Relaxed) < MAX_BRIDGE_FAILURES {
            t.count.store(0, Relaxed);
            self.record_bridge(lang, e);
        }
    }

    /// Brings the interpreter's registers and frames up to date.
    fn rebuild(&self, s: &State, e: &Exit) {
        let f = &self.frames;
        // SAFETY: the helpers have these types.
        let (alloc, box_float) = unsafe {
            (
                std::mem::transmute::<usize, extern "C" fn(u64, u64) -> u64>(self.layout.alloc),
                std::mem::transmute::<usize, extern "C" fn(u64, u64) -> u64>(self.layout.box_float),
            )
        };
        // What allocates comes first; new objects are on this stack frame only: a collector must look at it.
        let mut objects = [0u64; 64];
        let left = e.left();
        assert!(left.objects.len() <= objects.len(), "too many virtual objects at an exit");
        for (p, o) in objects.iter_mut().zip(left.objects) {
            *p = alloc(s.thread, o.what as u64);
            for at in (8..(o.what as u64 >> 32 & 0xff_ffff)).step_by(8) {
                Self::word(*p + at).store(0, Relaxed);
            }
        }
        let value = |m: &Move| match m.how {
            How::Flt => box_float(s.thread, m.float(s).to_bits()),
            _ => m.plain(s).unwrap_or_else(|| objects[m.object()]),
        };
        // SAFETY: the helper has this type.
        let barrier: extern "C" fn(u64, u64, u64) = unsafe { std::mem::transmute(self.layout.barrier) };
        let fields =
            objects.iter().zip(left.objects).flat_map(|(p, o)| o.fields.iter().map(move |m| (*p, m)));
        let fields = fields.filter(|(_, m)| m.how != How::Flt);
        for (p, m) in fields.chain(left.late.iter().map(|(n, m)| (objects[*n as usize], m))) {
            let slot = p + m.to as u64;
            Self::word(slot).store(value(m), Relaxed);
            // Making the next value may have let the object grow old.
            barrier(s.thread, p, slot);
        }
        for m in left.slots {
            Self::word(s.regs + 8 * m.to as u64).store(value(m), Relaxed);
        }
        let mut fp = s.fp;
        for (k, fr) in left.frames.iter().enumerate() {
            fp = s.fp + (k * f.size) as u64;
            Self::word(fp + f.regs as u64).store(s.regs + 8 * fr.base as u64, Relaxed);
            Self::word(fp + f.code as u64).store(fr.code, Relaxed);
            Self::word(fp + f.pc as u64).store(fr.pc, Relaxed);
        }
        Self::word(s.thread + f.fp as u64).store(fp, Relaxed);
    }

    // -- recording

    fn record_header(&self, lang: &mut dyn Language, header: &'static Header) {
        Counter::Recordings.inc();
        let code = Self::word(self.fp(lang) + self.frames.code as u64).load(Relaxed);
        let mut t = Tracer::new(self.frames, self.live, LIMIT);
        t.begin(code);
        let start = self.pc(lang);
        let done = self.run(lang, &mut t, start, Some((header, start)));
        let looping = matches!(done, Done::Loop);
        match self.finish(&mut t, done, None, &header.name) {
            Some(entry) => {
                Counter::LoopsCompiled.inc();
                header.cell.store(entry as u64, Release);
                header.compiled.set(true);
                header.looping.set(looping);
                header.count.set(1);
            }
            None => {
                let n = header.aborts.get() + 1;
                header.aborts.set(n);
                header.count.set(self.threshold.saturating_mul(1 << n.min(8)));
            }
        }
    }
    fn record_bridge(&self, lang: &mut dyn Language, e: &'static Exit) {
        Counter::Bridges.inc();
        let mut t = Tracer::new(self.frames, self.live, LIMIT);
        t.begin_bridge(e);
        let start = self.pc(lang);
        let done = self.run(lang, &mut t, start, None);
        match self.finish(&mut t, done, Some(e), "bridge") {
            Some(entry) => {
                Counter::BridgesCompiled.inc();
                e.attach(entry);
            }
            None => {
                e.taken().failures.fetch_add(1, Relaxed);
            }
        }
    }

    /// Records from `pc` on; `from`: the header that the trace began at. The interpreter's state is up to date afterwards.
    fn run(
        &self,
        lang: &mut dyn Language,
        t: &mut Tracer,
        mut pc: u64,
        from: Option<(&'static Header, u64)>,
    ) -> Done {
        let mut passed: Vec<*const Header> = Vec::new();
        let mut first = from.is_some();
        loop {
            t.at(pc);
            self.set_pc(lang, pc);
            if t.core.abort.is_some() {
                return Done::Abort;
            }
            let (header, next) = match lang.record(t, pc) {
                Recorded::Next(next) => {
                    pc = next;
                    continue;
                }
                Recorded::GiveUp(c, why) => {
                    t.core.give_up(c, why);
                    return Done::Abort;
                }
                Recorded::Leave => {
                    t.link(&raw const self.out as u64);
                    return Done::Link;
                }
                Recorded::Header(h, next) => (h, next),
            };
            if std::mem::take(&mut first) {
                pc = next;
                continue;
            }
            let at_root = t.depth() == 1;
            if let Some((h, at)) = from
                && std::ptr::eq(h, header)
                && at == pc
                && at_root
                && t.left == 0
            {
                t.guarded(Op::Calm, R::NONE, R::NONE);
                t.close();
                return Done::Loop;
            }
            let own = from.is_some_and(|(h, _)| std::ptr::eq(h, header));
            let code = t.frames.last().map(|f| f.code);
            let recursive = t.frames.iter().filter(|f| Some(f.code) == code).count() > 1;
            if (header.compiled.get() && (at_root || header.looping.get() || recursive)) || (own && recursive)
            {
                t.guarded(Op::Calm, R::NONE, R::NONE);
                t.link(&raw const header.cell as u64);
                return Done::Link;
            }
            passed.push(header);
            if passed.iter().filter(|h| std::ptr::eq(**h, header)).count() > MAX_INNER {
                t.core.give_up(Counter::AbortInner, "inner loop");
                // The inner loop is to be first.
                header.count.set(1);
                return Done::Abort;
            }
            pc = next;
        }
    }

    /// Optimises and compiles. None: given up.
    fn finish(&self, t: &mut Tracer, done: Done, parent: Option<&'static Exit>, name: &str) -> Option<usize> {
        let start = std::time::Instant::now();
        let looping = matches!(done, Done::Loop);
        let result = match t.core.abort {
            Some((c, why)) => Err((c, why)),
            None => self.compile(t, looping, parent, name),
        };
        Counter::CompileNanos.add(start.elapsed().as_nanos() as u64);
        match result {
            Ok(c) => {
                Counter::Bytes.add(c.bytes as u64);
                if log::on() {
                    eprintln!("jit: {name}: {} recorded, {} bytes", t.core.trace.insts.len(), c.bytes);
                }
                Some(c.entry)
            }
            Err((c, why)) => {
                c.inc();
                if log::on() {
                    eprintln!("jit: {name} given up: {}: {why}", c.name());
                }
                None
            }
        }
    }
    fn compile(
        &self,
        t: &Tracer,
        looping: bool,
        parent: Option<&'static Exit>,
        name: &str,
    ) -> Result<Compiled, (Counter, &'static str)> {
        let check = |what: &str, t: &Trace| {
            if log::traces() {
                eprintln!("jit: {name} {what}:\n{}", text::print(t));
            }
            if cfg!(debug_assertions) {
                if let Err(e) = verify::verify(t) {
                    panic!("{name}: {what} trace: {e}\n{}", text::print(t));
                }
            }
        };
        check("recorded", &t.core.trace);
        let o = peel::optimize(&t.core.trace, self.objects, looping)
            .map_err(|why| (Counter::AbortOptimizer, why))?;
        check("optimised", &o);
        Counter::Insts.add(o.insts.len() as u64);
        self.backend.compile(&o, &self.layout, parent, 1).map_err(|why| (Counter::AbortBackend, why))
    }
}
