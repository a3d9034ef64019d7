//! Random traces and a small world to run them in: whatever the passes and a backend make of a trace, it must do what the
//! recorded one does.
//!
//! [`Case::new`] makes a trace as a recorder would, from made-up operations of a register machine that it carries out at
//! the same time; so guards stand for what happened. [`World::recorded`] runs it as it was recorded,
//! [`World::compiled`] what a backend made of it; both tell where it was left, and the state of everything then.
//!
//! # Invariants
//! - All objects but new ones are where they were in every run, so traces can name them.
//! - Tests of an operation come before its effect. Floats have no identity. The result of an operation that may leave the
//!   trace where it overflows can turn out not to be needed; then the optimised trace may go on
//!   ([`Outcome::unsure`]).

use crate::backend::*;
use crate::exec::{Exec, Way};
use crate::fxhash::FxMap;
use crate::ir::*;
use crate::machine::Effects;
use crate::opt::Objects;
use crate::word;
use std::mem::offset_of;

/// Registers of the machine.
const REGS: usize = 8;
/// The one that counts iterations.
const COUNTER: usize = 7;

/// What objects there are: descriptor, size in words, which words are raw integers.
struct Form {
    desc: u32,
    words: usize,
    raw: &'static [usize],
}
const PAIR: u32 = 10;
const CELL: u32 = 11;
/// Word 1 is the number of elements, which follow.
const ARRAY: u32 = 12;
const FLOAT: u32 = 2;
/// Two that change into each other.
const WHITE: u32 = 400;
const BLACK: u32 = 401;
const FORMS: &[Form] = &[
    Form { desc: PAIR, words: 3, raw: &[] },
    Form { desc: CELL, words: 3, raw: &[1] },
    Form { desc: ARRAY, words: 6, raw: &[1] },
    Form { desc: WHITE, words: 3, raw: &[] },
    Form { desc: BLACK, words: 3, raw: &[] },
    Form { desc: FLOAT, words: 2, raw: &[1] },
];
fn form(desc: u32) -> &'static Form {
    FORMS.iter().find(|f| f.desc == desc).expect("a known descriptor")
}
fn what(f: &Form) -> i64 {
    1 << 56 | (8 * f.words as i64) << 32 | f.desc as i64
}

pub struct Descriptors;
impl Objects for Descriptors {
    fn fixed(&self, desc: u32) -> bool {
        desc < 100
    }
    fn is_float(&self, desc: u32) -> bool {
        desc == FLOAT
    }
    fn desc_of(&self, w: u64) -> u32 {
        desc_of(w)
    }
}
fn desc_of(obj: u64) -> u32 {
    // SAFETY: objects of the world begin with their descriptor.
    unsafe { *(obj as *const u32) }
}

/// Random numbers (xorshift).
#[derive(Clone)]
pub struct Dice(u64);
impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }
    pub fn roll(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// What machine code sees of the thread, then what the helpers use.
#[repr(C)]
struct Thread {
    poll: u32,
    cursor: u64,
    limit: u64,
    owner: u8,
    birth: u8,
    memory: Vec<Box<[u64]>>,
    used: usize,
    log: Vec<(u64, u64)>,
    barriers: usize,
}

const CHUNK: usize = 1 << 16;

impl Thread {
    fn alloc(&mut self, what: u64) -> u64 {
        let words = (what as usize >> 32 & 0xff_ffff) / 8;
        if self.used + words > CHUNK {
            self.memory.push(vec![0; CHUNK].into_boxed_slice());
            self.used = 0;
        }
        let m = self.memory.last_mut().expect("a chunk");
        let at = &mut m[self.used] as *mut u64 as u64;
        self.used += words;
        // SAFETY: just set apart.
        unsafe { *(at as *mut u64) = (what & 0xffff_ffff) | (what >> 56) << 40 | (self.birth as u64) << 48 };
        at
    }
}

extern "C" fn alloc(t: *mut Thread, what: u64) -> u64 {
    // SAFETY: the state's thread.
    unsafe { (*t).alloc(what) }
}
extern "C" fn box_float(t: *mut Thread, bits: u64) -> u64 {
    if let Some(w) = word::flo_encode(f64::from_bits(bits)) {
        return w;
    }
    let w = alloc(t, what(form(FLOAT)) as u64);
    // SAFETY: the object just made.
    unsafe { *((w + 8) as *mut u64) = bits };
    w
}
extern "C" fn barrier(t: *mut Thread, obj: u64, _slot: u64) {
    // SAFETY: an object of the world; its flag says that it was seen.
    unsafe {
        (*t).barriers += 1;
        *((obj + 7) as *mut u8) = 0;
    }
}
/// Pure.
extern "C" fn mix(a: u64, b: u64) -> u64 {
    a.wrapping_mul(31).wrapping_add(b) & 0xff
}
/// Reads.
extern "C" fn peek(obj: u64) -> u64 {
    // SAFETY: a pair.
    unsafe { *((obj + 8) as *const u64) }
}
/// Writes, but no object.
extern "C" fn note(t: *mut Thread, a: u64) {
    // SAFETY: the state's thread.
    unsafe { (*t).log.push((1, a)) };
}
/// Anything: changes an object and a register.
extern "C" fn any(t: *mut Thread, obj: u64, regs: u64, n: u64) -> u64 {
    // SAFETY: a pair; the registers have at least so many.
    unsafe {
        (*t).log.push((2, n));
        *((obj + 16) as *mut u64) = word::fix(n as i64);
        *((regs + 8 * n) as *mut u64) = word::fix(n as i64 * 3);
    }
    n & 1
}

fn callee(name: &'static str) -> Callee {
    let (addr, effects) = match name {
        "mix" => (mix as *const () as usize, Effects::PURE),
        "peek" => (peek as *const () as usize, Effects::READS),
        "note" => (note as *const () as usize, Effects::WRITES),
        _ => (any as *const () as usize, Effects::ANY),
    };
    Callee { name, addr, effects }
}

/// Where a run was left, and what everything was then.
#[derive(Clone, PartialEq, Debug)]
pub struct Outcome {
    /// The operation to go on with; 0: the end.
    pub pc: u64,
    pub state: String,
    /// Left because of an overflow: whether that is noticed depends on who needs the result.
    pub unsure: bool,
}

/// A thread, registers and objects.
pub struct World {
    thread: Box<Thread>,
    objects: Vec<u64>,
    regs: Box<[u64]>,
    fp: Box<[u64]>,
    cell: Box<u64>,
    layout: Layout,
    dice: Dice,
}

impl World {
    pub fn new(seed: u64) -> World {
        let memory = vec![vec![0; CHUNK].into_boxed_slice()];
        let thread = Thread {
            poll: 0,
            cursor: 0,
            limit: 0,
            owner: 5,
            birth: 5,
            memory,
            used: 0,
            log: Vec::new(),
            barriers: 0,
        };
        let layout = Layout {
            poll: offset_of!(Thread, poll) as i32,
            cursor: offset_of!(Thread, cursor) as i32,
            limit: offset_of!(Thread, limit) as i32,
            gc_byte: 7,
            unlogged: 1,
            lock: 6,
            owner: offset_of!(Thread, owner) as i32,
            birth: offset_of!(Thread, birth) as i32,
            float_desc: FLOAT,
            float_at: 8,
            box_float: box_float as *const () as usize,
            barrier: barrier as *const () as usize,
            alloc: alloc as *const () as usize,
        };
        let mut w = World {
            thread: Box::new(thread),
            objects: Vec::new(),
            regs: vec![0; 2 * REGS].into_boxed_slice(),
            fp: vec![0; 16].into_boxed_slice(),
            cell: Box::new(0),
            layout,
            dice: Dice::new(seed),
        };
        for _ in 0..3 {
            for f in FORMS.iter().filter(|f| f.desc != FLOAT) {
                let o = w.thread.alloc(what(f) as u64);
                w.objects.push(o);
            }
        }
        w
    }
    fn number(d: &mut Dice) -> i64 {
        match d.roll(12) {
            0 => word::FIX_MAX - d.roll(3) as i64,
            1 => word::FIX_MIN + d.roll(3) as i64,
            2 => d.roll(1 << 20) as i64 - (1 << 19),
            3 => (d.roll(1 << 30) as i64) << 20,
            _ => d.roll(12) as i64 - 3,
        }
    }
    fn any_word(&mut self, d: &mut Dice) -> u64 {
        match d.roll(10) {
            0..4 => word::fix(Self::number(d)),
            4 => 0,
            5 | 6 => {
                let f = d.pick(&[0.0, 1.0, -1.5, 0.1, 1e300, -0.0, f64::INFINITY, f64::NAN, 3.0, 1e-320]);
                box_float(&mut *self.thread, f.to_bits())
            }
            _ => d.pick(&self.objects),
        }
    }
    /// The beginning that goes with a number: every run that begins so is the same.
    pub fn begin(&mut self, beginning: u64) {
        let mut d = Dice::new(self.dice.0 ^ beginning.wrapping_mul(77));
        self.thread.memory.truncate(1);
        self.thread.used = FORMS.iter().filter(|f| f.desc != FLOAT).map(|f| 3 * f.words).sum();
        self.thread.log.clear();
        for o in self.objects.clone() {
            // SAFETY: the world's object; its second word of flags is the barrier's.
            unsafe {
                let mut f = form(desc_of(o));
                if f.desc >= 100 {
                    f = form(d.pick(&[WHITE, BLACK]));
                    *(o as *mut u32) = f.desc;
                }
                *((o + 7) as *mut u8) = d.roll(2) as u8;
                *((o + 6) as *mut u8) = d.pick(&[0, 5, 5]);
                for k in 1..f.words {
                    let w = if f.desc == ARRAY && k == 1 {
                        1 + d.roll(4) as u64
                    } else if f.raw.contains(&k) {
                        d.roll(100) as u64
                    } else {
                        self.any_word(&mut d)
                    };
                    *((o + 8 * k as u64) as *mut u64) = w;
                }
            }
        }
        for k in 0..2 * REGS {
            self.regs[k] = self.any_word(&mut d);
        }
        self.regs[COUNTER] = word::fix(d.roll(8) as i64);
        // Some objects are made without the helper, until the space is used up.
        let space = d.roll(40);
        let m = self.thread.memory.last_mut().expect("a chunk");
        let at = &mut m[self.thread.used] as *mut u64 as u64;
        self.thread.used += space;
        self.thread.cursor = at;
        self.thread.limit = at + 8 * space as u64;
    }
    /// Another beginning that differs from the present one in a few registers and objects.
    pub fn disturb(&mut self, seed: u64) {
        let mut d = Dice::new(seed);
        for _ in 0..d.roll(4) {
            let k = d.roll(COUNTER);
            self.regs[k] = self.any_word(&mut d);
        }
        for _ in 0..d.roll(3) {
            let o = d.pick(&self.objects);
            let f = form(desc_of(o));
            let k = 1 + d.roll(f.words - 1);
            if !f.raw.contains(&k) {
                let w = self.any_word(&mut d);
                // SAFETY: a word of the object.
                unsafe { *((o + 8 * k as u64) as *mut u64) = w };
            }
        }
    }
    fn state(&mut self) -> State {
        // SAFETY: plain numbers.
        let mut s: State = unsafe { std::mem::zeroed() };
        s.thread = &raw mut *self.thread as u64;
        s.fp = self.fp.as_mut_ptr() as u64;
        s.regs = self.regs.as_mut_ptr() as u64;
        s
    }

    /// Everything that can be seen, in words that do not depend on addresses.
    fn describe(&self, frames: &[u64]) -> String {
        let mut names: FxMap<u64, usize> = Default::default();
        let mut queue = self.objects.clone();
        queue.iter().enumerate().for_each(|(n, o)| {
            names.insert(*o, n);
        });
        let mut out = String::new();
        let mut say = |w: u64, out: &mut String, queue: &mut Vec<u64>| {
            let f = if word::is_flo(w) {
                Some(word::flo_decode(w))
            } else if word::is_ptr(w) && w != 0 && desc_of(w) == FLOAT {
                // SAFETY: a boxed float.
                Some(unsafe { *((w + 8) as *const f64) })
            } else {
                None
            };
            let s = match f {
                Some(f) if f.is_nan() => "nan ".into(),
                Some(f) => format!("{f:?} "),
                None if word::is_fix(w) => format!("#{} ", word::unfix(w)),
                None if w == 0 => "null ".into(),
                None => {
                    let new = names.len();
                    let n = *names.entry(w).or_insert_with(|| {
                        queue.push(w);
                        new
                    });
                    format!("obj{n} ")
                }
            };
            out.push_str(&s);
        };
        for (k, w) in self.regs.iter().take(REGS).enumerate() {
            out.push_str(&format!("r{k}="));
            say(*w, &mut out, &mut queue);
        }
        for w in frames {
            out.push_str("frame ");
            say(*w, &mut out, &mut queue);
        }
        let mut n = 0;
        while n < queue.len() {
            let o = queue[n];
            let f = form(desc_of(o));
            out.push_str(&format!("\n{n}: {} ", f.desc));
            for k in 1..f.words {
                // SAFETY: a word of the object.
                let w = unsafe { *((o + 8 * k as u64) as *const u64) };
                if f.raw.contains(&k) {
                    out.push_str(&format!("{} ", w as i64));
                } else {
                    say(w, &mut out, &mut queue);
                }
            }
            n += 1;
        }
        for (k, a) in &self.thread.log {
            out.push_str(&format!("\ncall {k} "));
            if *k == 1 {
                say(*a, &mut out, &mut queue);
            } else {
                out.push_str(&a.to_string());
            }
        }
        out
    }

    /// Brings the state that a snapshot describes about, and tells it.
    fn leave(&mut self, s: &Snap, unsure: bool, read: &dyn Fn(R) -> u64) -> Outcome {
        let pc = s.frames.first().map_or(0, |f| f.pc);
        let objects: Vec<u64> = s.virts.iter().map(|v| self.thread.alloc(v.what as u64)).collect();
        let value = |v: &Val, t: &mut Thread| match *v {
            Val::Const(w) | Val::Raw(w) => w,
            Val::Word(r) => read(r),
            Val::Int(r) => word::fix(read(r) as i64),
            Val::Flt(r) => box_float(t, read(r)),
            Val::Virt(n) => objects[n as usize],
        };
        for (o, v) in objects.iter().zip(&s.virts) {
            for (at, x) in &v.fields {
                let w = value(x, &mut self.thread);
                // SAFETY: a word of the object.
                unsafe { *((o + *at as u64) as *mut u64) = w };
            }
        }
        for (k, v) in &s.slots {
            self.regs[*k as usize] = value(v, &mut self.thread);
        }
        let mut frames = Vec::new();
        for f in &s.frames[1..] {
            frames.push(value(&f.func, &mut self.thread));
            if let Some(e) = &f.extra {
                frames.push(value(e, &mut self.thread));
            }
        }
        Outcome { pc, state: self.describe(&frames), unsure }
    }

    /// Runs the recorded trace. Err: it does what it must not.
    pub fn recorded(&mut self, c: &Case) -> Result<Outcome, String> {
        let mut s = self.state();
        *self.cell = 0;
        let mut env = vec![0; c.trace.insts.len()];
        let last = vec![u32::MAX; env.len()];
        let layout = self.layout;
        let mut x = Exec::new(&c.trace, &layout, &last, &mut env, &mut s);
        x.strict = false;
        x.limit = 1000;
        let wrong = |(at, why): (usize, String)| {
            let i = if at < c.trace.insts.len() { crate::text::inst(&c.trace, at) } else { "end".into() };
            format!("{i}: {why}")
        };
        match x.run(c.looping).map_err(wrong)? {
            Way::Exit(i) => {
                let inst = c.trace.insts[i];
                let snap = &c.trace.snaps[inst.snap as usize];
                let leaves = crate::exec::leaves(&c.trace, snap);
                let values = x.leave(inst.snap, &leaves)?;
                let read = |r: R| values[leaves.iter().position(|l| l.0 == r).expect("a leaf")];
                Ok(self.leave(
                    snap,
                    matches!(inst.op, Op::FixAdd | Op::FixSub | Op::FixMul | Op::FixShl),
                    &read,
                ))
            }
            Way::Link(_) => Ok(Outcome { pc: 0, state: self.describe(&[]), unsure: false }),
            w => Err(format!("{w:?}")),
        }
    }
    /// Runs what the backend made of the optimised trace.
    pub fn compiled(&mut self, b: &dyn Backend, entry: usize) -> Outcome {
        *self.cell = b.bail() as u64;
        let mut s = self.state();
        // SAFETY: the state is the world's, for which the code was compiled.
        let e = unsafe { b.enter(entry, &mut s) };
        if e.owner() == 0 {
            return Outcome { pc: 0, state: self.describe(&[]), unsure: false };
        }
        let e = e.said();
        self.leave(&e.snap, false, &|r| e.read(&s, r))
    }
}

/// A recorded trace.
pub struct Case {
    pub trace: Trace,
    pub looping: bool,
}

struct Maker<'a> {
    w: &'a mut World,
    state: State,
    t: Trace,
    env: Vec<u64>,
    d: Dice,
    sym: [Option<R>; REGS],
    touched: [bool; REGS],
    snap: Option<u32>,
    pc: u64,
    /// What the last operation could not be recorded for.
    failed: bool,
}

impl Maker<'_> {
    /// Appends an instruction and carries it out. None: it left the trace, or must not be asked this.
    fn push(&mut self, i: Inst) -> Option<R> {
        if self.failed {
            return None;
        }
        let r = self.t.push(i);
        self.env.push(0);
        let last = [];
        let layout = self.w.layout;
        let ok = {
            let mut x = Exec::new(&self.t, &layout, &last, &mut self.env, &mut self.state);
            x.strict = false;
            x.assume_known();
            x.step(r.0 as usize)
        };
        if ok != Ok(true) {
            self.t.insts.pop();
            self.env.pop();
            self.failed = true;
            return None;
        }
        Some(r)
    }
    fn value(&self, r: R) -> u64 {
        self.t.const_of(r).map_or_else(|| self.env[r.0 as usize], |c| c.bits)
    }
    fn op(&mut self, op: Op, a: R, b: R) -> Option<R> {
        self.push(Inst { a, b, ..Inst::new(op) })
    }
    fn op1(&mut self, op: Op, a: R) -> Option<R> {
        self.op(op, a, R::NONE)
    }
    fn imm(&mut self, op: Op, a: R, b: R, imm: i64) -> Option<R> {
        self.push(Inst { a, b, imm, ..Inst::new(op) })
    }
    fn snap(&mut self) -> u32 {
        if let Some(s) = self.snap {
            return s;
        }
        let val = |t: &Trace, r: R| t.const_of(r).map_or(Val::Word(r), |c| Val::Const(c.bits));
        let root = FrameSnap {
            pc: self.pc,
            code: 0,
            base: 0,
            flags: 0,
            real: true,
            func: Val::Const(0),
            extra: None,
        };
        let mut s = Snap { frames: vec![root], ..Snap::default() };
        for k in 0..REGS {
            if let Some(r) = self.sym[k].filter(|_| self.touched[k]) {
                s.slots.push((k as u32, val(&self.t, r)));
            }
        }
        if self.d.roll(6) == 0
            && let (Some(func), extra) = (self.sym[0], self.sym[1])
        {
            let (func, extra) = (val(&self.t, func), extra.map(|e| val(&self.t, e)));
            s.frames.push(FrameSnap { base: REGS as u32, real: false, func, extra, ..root });
        }
        self.t.snaps.push(s);
        let n = self.t.snaps.len() as u32 - 1;
        self.snap = Some(n);
        n
    }
    fn guard(&mut self, cond: R) -> Option<bool> {
        let (snap, v) = (self.snap(), self.value(cond) != 0);
        let op = if v { Op::GuardT } else { Op::GuardF };
        self.push(Inst { a: cond, snap, ..Inst::new(op) })?;
        Some(v)
    }
    fn checked(&mut self, op: Op, a: R, b: R) -> Option<R> {
        let snap = self.snap();
        self.push(Inst { a, b, snap, ..Inst::new(op) })
    }
    fn test(&mut self, op: Op, a: R, b: R) -> Option<bool> {
        let c = self.op(op, a, b)?;
        self.guard(c)
    }
    fn reg(&mut self, k: usize) -> Option<R> {
        if let Some(r) = self.sym[k] {
            return Some(r);
        }
        let op = if self.touched[k] { Op::LoadReg } else { Op::Entry };
        let r = self.imm(op, R::NONE, R::NONE, k as i64)?;
        self.sym[k] = Some(r);
        Some(r)
    }
    fn set_reg(&mut self, k: usize, r: R) {
        self.sym[k] = Some(r);
        self.touched[k] = true;
    }
    fn any(&mut self) -> Option<R> {
        if self.d.roll(5) == 0 {
            let n = World::number(&mut self.d);
            return Some(self.t.konst(Ty::Ref, word::fix(n)));
        }
        let k = self.d.roll(REGS);
        self.reg(k)
    }
    fn dst(&mut self) -> usize {
        self.d.roll(COUNTER)
    }
    /// A register that holds such a word, if there is one.
    fn with(&mut self, is: impl Fn(u64) -> bool) -> Option<R> {
        let from = self.d.roll(REGS);
        for k in (0..REGS).map(|k| (from + k) % REGS) {
            let w = self.sym[k].map_or(self.w.regs[k], |r| self.value(r));
            if is(w) {
                return self.reg(k);
            }
        }
        None
    }
    fn fix(&mut self) -> Option<R> {
        let r = if self.d.roll(3) == 0 {
            let n = World::number(&mut self.d);
            self.t.konst(Ty::Ref, word::fix(n))
        } else {
            self.with(word::is_fix)?
        };
        self.test(Op::IsFix, r, R::NONE)?.then_some(r)
    }
    fn float(&mut self) -> Option<R> {
        let is = |w| word::is_flo(w) || word::is_ptr(w) && w != 0 && desc_of(w) == FLOAT;
        if self.d.roll(4) == 0 {
            let n = self.fix()?;
            return self.op1(Op::FixToFlt, n);
        }
        let r = self.with(is)?;
        // Null is asked nothing.
        let null = self.t.konst(Ty::Ref, 0);
        self.test(Op::Eq, r, null)?;
        self.checked(Op::Unbox, r, R::NONE)
    }
    /// An object and its form; tests what it is.
    fn object(&mut self) -> Option<(R, &'static Form)> {
        let is = |w| word::is_ptr(w) && w != 0 && desc_of(w) != FLOAT;
        let r = if self.d.roll(5) == 0 {
            let o = self.d.pick(&self.w.objects);
            self.t.konst(Ty::Ref, o)
        } else {
            self.with(is)?
        };
        self.test(Op::IsPtr, r, R::NONE)?;
        let null = self.t.konst(Ty::Ref, 0);
        self.test(Op::Eq, r, null)?;
        let desc = desc_of(self.value(r));
        let c = self.imm(Op::ShapeIs, r, R::NONE, desc as i64)?;
        self.guard(c)?;
        if self.t.shared && self.d.roll(3) == 0 {
            self.test(Op::Owned, r, R::NONE)?;
        }
        Some((r, form(desc)))
    }
    /// An index into an array that is within its bounds.
    fn index(&mut self, o: R) -> Option<R> {
        let i = if self.d.roll(3) == 0 {
            let n = self.d.roll(4) as u64;
            self.t.konst(Ty::Int, n)
        } else {
            let n = self.fix()?;
            self.op1(Op::Untag, n)?
        };
        let len = self.imm(Op::GetInt, o, R::NONE, 8)?;
        let four = self.t.konst(Ty::Int, 5);
        self.test(Op::Ult, len, four)?;
        self.test(Op::Ult, i, len)?.then_some(i)
    }
    fn call(&mut self, op: Op, name: &'static str, args: &[R]) -> Option<R> {
        let f = callee(name);
        let n = self.t.calls.iter().position(|c| *c == f).unwrap_or_else(|| {
            self.t.calls.push(f);
            self.t.calls.len() - 1
        });
        let from = self.t.args.len() as u32;
        self.t.args.extend_from_slice(args);
        self.push(Inst { a: R(from), b: R(args.len() as u32), imm: n as i64, ..Inst::new(op) })
    }

    /// One operation of the machine.
    fn operation(&mut self) -> Option<()> {
        let dst = self.dst();
        match self.d.roll(20) {
            0..4 => {
                let (a, b) = (self.fix()?, self.fix()?);
                let op = self.d.pick(&[Op::FixAdd, Op::FixSub, Op::FixMul, Op::FixAdd]);
                let r = self.checked(op, a, b)?;
                self.set_reg(dst, r);
            }
            4 => {
                let (a, b) = (self.fix()?, self.fix()?);
                let op = self.d.pick(&[Op::FixAnd, Op::FixOr, Op::FixXor, Op::FixDiv, Op::FixMod]);
                if matches!(op, Op::FixDiv | Op::FixMod) {
                    for n in [0, -1] {
                        let k = self.t.konst(Ty::Ref, word::fix(n));
                        if self.test(Op::Eq, b, k)? {
                            return None;
                        }
                    }
                }
                let r = self.op(op, a, b)?;
                self.set_reg(dst, r);
            }
            5 => {
                let a = self.fix()?;
                let n = self.d.roll(62) as u64;
                let n = self.t.konst(Ty::Int, n);
                let r = if self.d.roll(2) == 0 {
                    self.op(Op::FixShr, a, n)?
                } else {
                    self.checked(Op::FixShl, a, n)?
                };
                self.set_reg(dst, r);
            }
            6..9 => {
                let (a, b) = (self.float()?, self.float()?);
                let op = self.d.pick(&[Op::FAdd, Op::FSub, Op::FMul, Op::FDiv, Op::FNeg, Op::FAbs]);
                let r = if matches!(op, Op::FNeg | Op::FAbs) { self.op1(op, a)? } else { self.op(op, a, b)? };
                let r = self.op1(Op::Box, r)?;
                self.set_reg(dst, r);
            }
            9 => {
                let (a, b) = (self.fix()?, self.fix()?);
                let op = self.d.pick(&[Op::Lt, Op::Le, Op::Eq, Op::AddOvf, Op::SubOvf, Op::MulOvf]);
                self.test(op, a, b)?;
            }
            10 => {
                let (a, b) = (self.float()?, self.float()?);
                let op = self.d.pick(&[Op::FLt, Op::FLe, Op::FEq]);
                self.test(op, a, b)?;
            }
            11 => {
                let a = self.any()?;
                self.set_reg(dst, a);
            }
            12 | 13 => {
                let (o, f) = self.object()?;
                if f.desc == ARRAY {
                    let i = self.index(o)?;
                    let r = self.imm(Op::Elem, o, i, 16)?;
                    self.set_reg(dst, r);
                    return Some(());
                }
                let k = 1 + self.d.roll(f.words - 1);
                if f.raw.contains(&k) {
                    let r = self.imm(Op::GetInt, o, R::NONE, 8 * k as i64)?;
                    let max = self.t.konst(Ty::Int, 1 << 40);
                    self.test(Op::Ult, r, max)?;
                    let r = self.op1(Op::Tag, r)?;
                    self.set_reg(dst, r);
                } else {
                    let r = self.imm(Op::Get, o, R::NONE, 8 * k as i64)?;
                    self.set_reg(dst, r);
                }
            }
            14 | 15 => {
                let v = self.any()?;
                let (o, f) = self.object()?;
                if f.desc == ARRAY {
                    let i = self.index(o)?;
                    self.push(Inst { a: o, b: i, c: v, imm: 16, ..Inst::new(Op::SetElem) })?;
                } else if f.desc == CELL {
                    let n = self.imm(Op::GetInt, o, R::NONE, 8)?;
                    let one = self.t.konst(Ty::Int, 1);
                    let n = self.op(Op::Add, n, one)?;
                    self.push(Inst { a: o, b: n, imm: 8, ..Inst::new(Op::SetInt) })?;
                } else if f.desc >= 100 && self.d.roll(3) == 0 {
                    let other = (WHITE + BLACK - f.desc) as i64;
                    self.push(Inst { a: o, imm: other, ..Inst::new(Op::SetShape) })?;
                } else {
                    let at = 8 * (1 + self.d.roll(2) as i64);
                    self.push(Inst { a: o, b: v, imm: at, ..Inst::new(Op::Set) })?;
                }
            }
            16 | 17 => {
                let desc = self.d.pick(&[PAIR, CELL, WHITE, ARRAY]);
                let f = form(desc);
                let mut fields = Vec::new();
                for k in 1..f.words {
                    let v = if f.desc == ARRAY && k == 1 {
                        self.t.konst(Ty::Int, 4)
                    } else if f.raw.contains(&k) {
                        let n = self.d.roll(50) as u64;
                        self.t.konst(Ty::Int, n)
                    } else {
                        self.any()?
                    };
                    fields.push(v);
                }
                let o = self.imm(Op::New, R::NONE, R::NONE, what(f))?;
                for (k, v) in fields.into_iter().enumerate() {
                    self.push(Inst { a: o, b: v, imm: 8 * (k as i64 + 1), ..Inst::new(Op::SetNew) })?;
                }
                self.set_reg(dst, o);
            }
            18 => match self.d.roll(3) {
                0 => {
                    let (a, b) = (self.fix()?, self.fix()?);
                    let r = self.call(Op::CallInt, "mix", &[a, b])?;
                    let r = self.op1(Op::Tag, r)?;
                    self.set_reg(dst, r);
                }
                1 => {
                    let (o, f) = self.object()?;
                    if f.desc == PAIR {
                        let r = self.call(Op::CallRef, "peek", &[o])?;
                        self.set_reg(dst, r);
                    }
                }
                _ => {
                    let v = self.any()?;
                    let t = self.imm(Op::Base, R::NONE, R::NONE, 0)?;
                    self.call(Op::CallVoid, "note", &[t, v])?;
                }
            },
            _ => {
                // An operation carried out as a whole, which also writes a register.
                let o = *self.w.objects.iter().find(|o| desc_of(**o) == PAIR).expect("a pair");
                let o = self.t.konst(Ty::Ref, o);
                let snap = self.snap();
                self.push(Inst { imm: REGS as i64, snap, ..Inst::new(Op::Sync) })?;
                let t = self.imm(Op::Base, R::NONE, R::NONE, 0)?;
                let regs = self.imm(Op::Base, R::NONE, R::NONE, 2)?;
                let n = self.t.konst(Ty::Int, dst as u64);
                self.call(Op::CallInt, "any", &[t, o, regs, n])?;
                let r = self.imm(Op::LoadReg, R::NONE, R::NONE, dst as i64)?;
                self.set_reg(dst, r);
            }
        }
        Some(())
    }
    fn resume(&mut self) {
        self.pc += 1;
        self.snap = None;
        self.failed = false;
    }
}

impl Case {
    /// Records so many operations, from the world's present beginning.
    pub fn new(w: &mut World, seed: u64, operations: usize) -> Case {
        let state = w.state();
        let mut m = Maker {
            w,
            state,
            t: Trace::new(),
            env: Vec::new(),
            d: Dice::new(seed),
            sym: [None; REGS],
            touched: [false; REGS],
            snap: None,
            pc: 0,
            failed: false,
        };
        m.t.shared = m.d.roll(4) == 0;
        let looping = m.d.roll(4) > 0;
        for _ in 0..operations {
            m.resume();
            // An operation that could not be carried out leaves its tests behind.
            let _ = m.operation();
        }
        if looping {
            m.resume();
            let one = m.t.konst(Ty::Ref, word::fix(1));
            let limit = m.t.konst(Ty::Ref, word::fix(12));
            let counted = m.reg(COUNTER).and_then(|c| {
                m.test(Op::IsFix, c, R::NONE)?;
                m.test(Op::Lt, c, limit)?;
                m.checked(Op::FixAdd, c, one)
            });
            m.set_reg(COUNTER, counted.expect("the counter is a small number"));
            m.resume();
            let snap = m.snap();
            m.push(Inst { snap, ..Inst::new(Op::Calm) });
            for k in 0..REGS {
                if let Some(r) = m.sym[k].filter(|_| m.touched[k]) {
                    m.t.end_slots.push((k as u32, r));
                }
            }
        } else {
            m.resume();
            let snap = m.snap();
            m.push(Inst { imm: REGS as i64, snap, ..Inst::new(Op::Sync) });
            m.t.end = End::Link { cell: &raw const *m.w.cell as u64, frames: 0, regs: 0 };
        }
        Case { trace: m.t, looping }
    }
}

/// Compares what a backend makes of a random trace with the trace as recorded, from several beginnings. Ok: how many of the
/// runs could be compared, and how many were left before the end. Err: what differs.
pub fn compare(backend: &dyn Backend, seed: u64, operations: usize) -> Result<(usize, usize), String> {
    let mut w = World::new(seed);
    w.begin(0);
    let c = Case::new(&mut w, seed, operations);
    let shown = || crate::text::print(&c.trace);
    crate::verify::verify(&c.trace).map_err(|e| format!("recorded: {e}\n{}", shown()))?;
    let t = match crate::opt::peel::optimize(&c.trace, &Descriptors, c.looping) {
        Ok(t) => t,
        // Two steps that exclude each other.
        Err("contradiction" | "no fixed point" | "invariant register changes") => return Ok((0, 0)),
        Err(e) => return Err(format!("optimiser: {e}\n{}", shown())),
    };
    let both = || format!("recorded:\n{}optimised:\n{}", shown(), crate::text::print(&t));
    crate::verify::verify(&t).map_err(|e| format!("optimised: {e}\n{}", both()))?;
    let code = match backend.compile(&t, &w.layout, None, 1) {
        Err("too many values" | "code memory is full") => return Ok((0, 0)),
        r => r.map_err(|e| format!("backend: {e}\n{}", both()))?,
    };
    let (mut compared, mut left) = (0, 0);
    for n in 0..6 {
        let start = |w: &mut World| {
            w.begin(if n < 4 { 0 } else { n });
            if n > 0 {
                w.disturb(seed ^ n << 32);
            }
        };
        start(&mut w);
        let want = w.recorded(&c).map_err(|e| format!("recorded, run {n}: {e}\n{}", both()))?;
        start(&mut w);
        let got = w.compiled(backend, code.entry);
        if want.unsure && want != got {
            continue;
        }
        if want != got {
            return Err(format!(
                "run {n}: at {} instead of {}\nwanted\n{}\ngot\n{}\n{}",
                got.pc,
                want.pc,
                want.state,
                got.state,
                both()
            ));
        }
        compared += 1;
        left += (want.pc != 0) as usize;
    }
    Ok((compared, left))
}

/// [`compare`] for seeds of a range; the first failure with as few operations as show it. The number of runs compared.
pub fn compare_many(backend: &dyn Backend, seeds: std::ops::Range<u64>) -> (usize, usize) {
    let mut sum = (0, 0);
    for seed in seeds {
        let n = 3 + seed as usize % 40;
        match compare(backend, seed, n) {
            Ok((a, b)) => sum = (sum.0 + a, sum.1 + b),
            Err(mut e) => {
                let mut at = n;
                for k in 1..n {
                    if let Err(x) = compare(backend, seed, k) {
                        (e, at) = (x, k);
                        break;
                    }
                }
                panic!("seed {seed}, {at} operations, {}: {e}", backend.name());
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optimised_traces_do_what_recorded_ones_do() {
        let n = std::env::var("SEEDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3000);
        let from = std::env::var("FROM").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
        let (compared, left) = compare_many(crate::exec::reference(), from..from + n);
        println!("{compared} runs compared, {left} of them left at a guard");
        assert!(compared as u64 > 2 * n);
    }
}
