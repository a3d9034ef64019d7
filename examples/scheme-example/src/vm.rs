//! The thread: its stacks, memory, symbols, output; runs programs, and tells the JIT's driver about itself.
//!
//! # Safety
//! The stacks are never moved or freed while a program runs; `fp` and the registers lie within them. Objects are filled
//! by who made them, and code is never freed.

use crate::code::{Code, Ins};
use crate::compile;
use crate::handlers::step;
use crate::machine::{Interp, Pc, Stop};
use crate::read::{Datum, read};
use crate::value::*;
use adder_metatrace::backend::{Backend, Layout};
use adder_metatrace::counters::Counter;
use adder_metatrace::driver::{Driver, Header, Language, Recorded};
use adder_metatrace::opt::Objects;
use adder_metatrace::recording::Recording;
use adder_metatrace::tracer::{FRAME_ROOM, FrameLayout, REG_ROOM, Tracer};
use adder_metatrace::word;
use std::collections::HashMap;
use std::mem::offset_of;
use std::time::Instant;

/// A call's record.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Frame {
    /// Where it goes on; of a frame that waits: its call.
    pub pc: Pc,
    pub code: &'static Code,
    pub regs: *mut u64,
}

const FRAMES: usize = 1 << 15;
const REGS: usize = 1 << 19;
const CHUNK: usize = 1 << 20;

/// The beginning is what compiled code sees.
#[repr(C)]
pub struct Vm {
    /// Somebody wants attention: nobody ever does.
    poll: u32,
    cursor: u64,
    limit: u64,
    pub fp: *mut Frame,
    pub frames_end: *mut Frame,
    pub regs_end: *mut u64,
    /// The outermost frame.
    pub bottom: *mut Frame,
    pub out: String,
    pub error: Option<String>,
    pub start: Instant,
    frames: Box<[u8]>,
    regs: Box<[u64]>,
    chunks: Vec<Box<[u64]>>,
    symbols: HashMap<String, u64>,
    globals: HashMap<String, (u64, bool)>,
    driver: Option<&'static Driver>,
}

/// What the optimiser may know: no object changes its descriptor.
struct Descriptors;
impl Objects for Descriptors {
    fn fixed(&self, _: u32) -> bool {
        true
    }
    fn is_float(&self, d: u32) -> bool {
        d == FLOAT
    }
    fn desc_of(&self, w: u64) -> u32 {
        desc(w)
    }
}

extern "C" fn box_float(v: &mut Vm, bits: u64) -> u64 {
    v.float(f64::from_bits(bits))
}
extern "C" fn alloc(v: &mut Vm, what: u64) -> u64 {
    v.alloc(what)
}
/// No object asks for it.
extern "C" fn barrier(_: &mut Vm, _: u64, _: u64) {}

fn live(code: u64, pc: u64) -> usize {
    // SAFETY: what the driver passes is what frames hold.
    unsafe { (*(code as *const Code)).depth_at(pc as Pc) }
}

/// The JIT, over a backend. Never freed: compiled code refers to it.
pub fn driver(backend: &'static dyn Backend, threshold: u32) -> &'static Driver {
    let layout = Layout {
        poll: offset_of!(Vm, poll) as i32,
        cursor: offset_of!(Vm, cursor) as i32,
        limit: offset_of!(Vm, limit) as i32,
        gc_byte: 7,
        unlogged: 1,
        // There is one thread: traces do not look whose objects are.
        lock: 6,
        owner: 0,
        birth: 0,
        float_desc: FLOAT,
        float_at: NUMBER as i32,
        box_float: box_float as *const () as usize,
        barrier: barrier as *const () as usize,
        alloc: alloc as *const () as usize,
    };
    let frames = FrameLayout {
        size: size_of::<Frame>(),
        pc: offset_of!(Frame, pc),
        code: offset_of!(Frame, code),
        regs: offset_of!(Frame, regs),
        fp: offset_of!(Vm, fp),
        frames_end: offset_of!(Vm, frames_end),
        regs_end: offset_of!(Vm, regs_end),
    };
    Box::leak(Box::new(Driver {
        backend,
        layout,
        frames,
        objects: &Descriptors,
        live,
        threshold,
        bridge_threshold: threshold.min(100),
        out: (backend.bail() as u64).into(),
    }))
}

const PRELUDE: &str = include_str!("prelude.scm");

impl Vm {
    pub fn new(driver: Option<&'static Driver>) -> Box<Vm> {
        let mut v = Box::new(Vm {
            poll: 0,
            cursor: 0,
            limit: 0,
            fp: std::ptr::null_mut(),
            frames_end: std::ptr::null_mut(),
            regs_end: std::ptr::null_mut(),
            bottom: std::ptr::null_mut(),
            out: String::new(),
            error: None,
            start: Instant::now(),
            frames: vec![0; (FRAMES + 2 * FRAME_ROOM) * size_of::<Frame>()].into(),
            regs: vec![0; REGS + 2 * REG_ROOM].into(),
            chunks: Vec::new(),
            symbols: HashMap::new(),
            globals: HashMap::new(),
            driver,
        });
        let first = v.frames.as_mut_ptr() as *mut Frame;
        // Below the outermost frame there is an empty one: compiled code looks at it.
        v.bottom = first.wrapping_add(1);
        v.frames_end = first.wrapping_add(FRAMES);
        v.regs_end = v.regs.as_mut_ptr().wrapping_add(REGS);
        v.eval(PRELUDE).expect("the prelude is correct");
        v
    }
    pub fn driver(&self) -> Option<&'static Driver> {
        self.driver
    }

    // -- memory

    /// An object with its header, the rest unset.
    #[inline(always)]
    pub fn alloc(&mut self, what: u64) -> u64 {
        let size = what >> 32 & 0xff_ffff;
        if self.cursor + size > self.limit {
            self.more(size as usize);
        }
        let o = self.cursor;
        self.cursor += size;
        // SAFETY: just set apart.
        unsafe { *(o as *mut u64) = header(what) };
        o
    }
    #[cold]
    fn more(&mut self, size: usize) {
        let n = CHUNK.max(size / 8);
        let mut c = vec![0; n].into_boxed_slice();
        self.cursor = c.as_mut_ptr() as u64;
        self.limit = self.cursor + 8 * n as u64;
        self.chunks.push(c);
    }
    pub fn float(&mut self, f: f64) -> u64 {
        if let Some(w) = word::flo_encode(f) {
            return w;
        }
        let o = self.alloc(what(FLOAT, 2));
        // SAFETY: the object just made.
        unsafe { put(o, NUMBER, f.to_bits()) };
        o
    }
    fn texts(&mut self, d: u32, s: &str) -> u64 {
        let s: &'static str = s.to_string().leak();
        let o = self.alloc(what(d, 3));
        // SAFETY: the object just made.
        unsafe {
            put(o, TEXT, s.as_ptr() as u64);
            put(o, TEXT + 8, s.len() as u64);
        }
        o
    }
    pub fn string(&mut self, s: &str) -> u64 {
        self.texts(STRING, s)
    }
    pub fn symbol(&mut self, s: &str) -> u64 {
        if let Some(w) = self.symbols.get(s) {
            return *w;
        }
        let w = self.texts(SYMBOL, s);
        self.symbols.insert(s.to_string(), w);
        w
    }
    /// A global variable, and whether the program defines it.
    pub fn global(&mut self, name: &str) -> u64 {
        if let Some(g) = self.globals.get(name) {
            return g.0;
        }
        let n = self.symbol(name);
        let o = self.alloc(what(GLOBAL, 3));
        // SAFETY: the object just made.
        unsafe {
            put(o, CONTENT, unbound());
            put(o, NAME, n);
        }
        self.globals.insert(name.to_string(), (o, false));
        o
    }
    pub fn is_defined(&self, global: u64) -> bool {
        // SAFETY: a global.
        let name = text(unsafe { at(global, NAME) });
        self.globals.get(name).is_some_and(|g| g.1)
    }
    pub fn define(&mut self, name: &str) -> u64 {
        let g = self.global(name);
        self.globals.insert(name.to_string(), (g, true));
        g
    }
    /// The value of quoted data.
    pub fn datum(&mut self, d: &Datum) -> u64 {
        match d {
            Datum::Int(n) => word::fix(*n),
            Datum::Float(f) => self.float(*f),
            Datum::Bool(b) => truth(*b),
            Datum::Str(s) => self.string(s),
            Datum::Symbol(s) => self.symbol(s),
            Datum::List(l) => {
                let mut w = nil();
                for x in l.iter().rev() {
                    let car = self.datum(x);
                    let p = self.alloc(what(PAIR, 3));
                    // SAFETY: the object just made.
                    unsafe {
                        put(p, CAR, car);
                        put(p, CDR, w);
                    }
                    w = p;
                }
                w
            }
        }
    }

    // -- running

    /// The error that the program ends with. 0, which tells compiled code.
    pub fn fail(&mut self, message: &str, about: &[u64]) -> u64 {
        let mut s = message.to_string();
        for a in about {
            s.push(' ');
            show(*a, true, &mut s);
        }
        self.error = Some(s);
        0
    }
    /// Runs all forms of a text; the value of the last one.
    pub fn eval(&mut self, source: &str) -> Result<u64, String> {
        let mut value = unspecified();
        for form in read(source)? {
            let code = compile::compile(self, &form)?;
            value = self.run(code)?;
        }
        Ok(value)
    }
    fn run(&mut self, code: &'static Code) -> Result<u64, String> {
        self.fp = self.bottom;
        // SAFETY: there is room for one frame.
        unsafe { *self.fp = Frame { pc: code.start(), code, regs: self.regs.as_mut_ptr() } };
        let mut m = Interp::new(self);
        let mut pc = code.start();
        loop {
            match step(&mut m, pc) {
                Ok(next) => pc = next,
                Err(Stop::Halt(v)) => return Ok(v),
                Err(stop) => return Err(m.vm().error.take().unwrap_or(format!("{stop:?}"))),
            }
        }
    }
    /// A header's counter has run down; the running frame is published.
    pub fn hot(&mut self, h: &'static Header) {
        match self.driver {
            Some(d) => d.hot(self, h),
            None => h.count.set(u32::MAX),
        }
    }
}

impl Language for Vm {
    fn record(&mut self, t: &mut Tracer, pc: u64) -> Recorded {
        let pc = pc as Pc;
        let i = Interp::new(self);
        let mut m = Recording::new(t, i);
        let done = step(&mut m, pc);
        let fp = m.i.fp;
        match done {
            Ok(next) => {
                self.fp = fp;
                Recorded::Next(next as u64)
            }
            // SAFETY: a header is never the last instruction.
            Err(Stop::Header(h)) => Recorded::Header(h, unsafe { pc.add(1) } as u64),
            Err(Stop::Leave) => Recorded::Leave,
            Err(Stop::GiveUp(c, why)) => Recorded::GiveUp(c, why),
            Err(_) => {
                self.error = None;
                Recorded::GiveUp(Counter::AbortException, "an error")
            }
        }
    }
    fn thread(&self) -> u64 {
        self as *const Vm as u64
    }
}

#[allow(dead_code)]
fn _size(_: Ins) {
    const { assert!(size_of::<Ins>() <= 12) }
}
