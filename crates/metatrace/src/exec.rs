//! The reference executor: runs IR instruction by instruction in plain Rust and checks on the way what machine code takes
//! for granted. As a [`Backend`] it stands in for a code generator (`-X jit-backend=reference`), to tell a wrong
//! trace from wrong machine code; the tests of the passes run a trace before and after optimising with it.
//!
//! What it checks, besides [`verify`](crate::verify): words are well formed, operands of integer operations are tagged
//! integers, unchecked arithmetic does not overflow, references that are read from are objects, registers are within
//! bounds, promises about descriptors hold, new objects are complete before anything else is made or the trace is left,
//! a condition still holds when its guard looks at it, snapshots describe a whole state. What is wrong ends the
//! program with the instruction and the trace: nothing that follows could be trusted.
//!
//! # Invariants
//! - Values are in an array on the native stack, where a collector that scans it sees them; those that are not needed any
//!   more are cleared.
//! - Exits leave their values in the state's spill slots and registers.

use crate::backend::*;
use crate::ir::*;
use crate::{text, word};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};
use std::sync::{Mutex, OnceLock};

/// Registers of the root frame that a trace may name.
pub const MAX_REG: i64 = 1 << 15;

/// The result of a pure operation on known operands; `b` as well where there is none. Ok(None): no result, the trace is
/// left. Err: the operation must not be asked this.
pub fn eval(op: Op, a: (Ty, u64), b: (Ty, u64)) -> Result<Option<u64>, String> {
    use Op::*;
    let (f, g) = (f64::from_bits(a.1), f64::from_bits(b.1));
    let fix = |x: (Ty, u64)| {
        if word::is_fix(x.1) { Ok(word::unfix(x.1)) } else { Err(format!("{:x} is no tagged integer", x.1)) }
    };
    let ints = || Ok::<_, String>((fix(a)?, fix(b)?));
    let checked = |n: Option<i64>| n.filter(|n| word::fits_fix(*n)).map(word::fix);
    let wide = |n: Option<i64>| checked(n).ok_or_else(|| "overflow where none can be".to_string()).map(Some);
    let truth = |b: bool| Ok(Some(b as u64));
    // Numbers to compare: both raw or both tagged.
    let order = || {
        if a.0 != b.0 {
            return Err("operands of two kinds".to_string());
        }
        if a.0 == Ty::Ref { ints() } else { Ok((a.1 as i64, b.1 as i64)) }
    };
    match op {
        IsFix => truth(word::is_fix(a.1)),
        IsPtr => truth(word::is_ptr(a.1)),
        Eq => {
            if a.0 != b.0 {
                return Err("operands of two kinds".into());
            }
            truth(a.1 == b.1)
        }
        Lt => order().and_then(|(x, y)| truth(x < y)),
        Le => order().and_then(|(x, y)| truth(x <= y)),
        Ult => truth(a.1 < b.1),
        FEq => truth(f == g),
        FLt => truth(f < g),
        FLe => truth(f <= g),
        AddOvf => ints().and_then(|(x, y)| truth(checked(x.checked_add(y)).is_none())),
        SubOvf => ints().and_then(|(x, y)| truth(checked(x.checked_sub(y)).is_none())),
        MulOvf => ints().and_then(|(x, y)| truth(checked(x.checked_mul(y)).is_none())),
        FixAdd => ints().map(|(x, y)| checked(x.checked_add(y))),
        FixSub => ints().map(|(x, y)| checked(x.checked_sub(y))),
        FixMul => ints().map(|(x, y)| checked(x.checked_mul(y))),
        FixShl => {
            let (x, n) = (fix(a)?, b.1 as i64);
            if !(0..62).contains(&n) {
                return Err(format!("shift by {n}"));
            }
            Ok(Some(x << n).filter(|r| r >> n == x && word::fits_fix(*r)).map(word::fix))
        }
        FixAddW => ints().and_then(|(x, y)| wide(x.checked_add(y))),
        FixSubW => ints().and_then(|(x, y)| wide(x.checked_sub(y))),
        FixAnd => ints().map(|(x, y)| Some(word::fix(x & y))),
        FixOr => ints().map(|(x, y)| Some(word::fix(x | y))),
        FixXor => ints().map(|(x, y)| Some(word::fix(x ^ y))),
        FixShr => {
            let (x, n) = (fix(a)?, b.1 as i64);
            if n < 0 {
                return Err(format!("shift by {n}"));
            }
            Ok(Some(word::fix(x >> n.min(63))))
        }
        FixDiv | FixMod => {
            let (x, y) = ints()?;
            if y == 0 || y == -1 {
                return Err(format!("division by {y}"));
            }
            let (q, r) = (x / y, x % y);
            let off = r != 0 && (r < 0) != (y < 0);
            Ok(Some(word::fix(if op == FixDiv { q - off as i64 } else { r + if off { y } else { 0 } })))
        }
        Add => Ok(Some(a.1.wrapping_add(b.1))),
        Sub => Ok(Some(a.1.wrapping_sub(b.1))),
        Untag => fix(a).map(|n| Some(n as u64)),
        Tag => wide(Some(a.1 as i64)),
        Bits | Word => Ok(Some(a.1)),
        FAdd => Ok(Some((f + g).to_bits())),
        FSub => Ok(Some((f - g).to_bits())),
        FMul => Ok(Some((f * g).to_bits())),
        FDiv => Ok(Some((f / g).to_bits())),
        FNeg => Ok(Some((-f).to_bits())),
        FAbs => Ok(Some(f.abs().to_bits())),
        FSqrt => Ok(Some(f.sqrt().to_bits())),
        FixToFlt => fix(a).map(|n| Some((n as f64).to_bits())),
        IntToFlt => Ok(Some((a.1 as i64 as f64).to_bits())),
        _ => Err("no pure operation".into()),
    }
}

/// Position of each value's last use; what is from before the loop and used in it is used until the end.
fn last_uses(t: &Trace) -> Vec<u32> {
    let n = t.insts.len();
    let mut last = vec![0; n];
    let l = t.loop_at().filter(|_| matches!(t.end, End::Loop(_)));
    let mut use_at = |r: R, at: usize| {
        if let Some(v) = r.as_ins() {
            let long = l.is_some_and(|l| v < l && at > l);
            last[v] = last[v].max(if long { n } else { at } as u32);
        }
    };
    for (i, x) in t.insts.iter().enumerate() {
        if x.op == Op::Phi {
            // At the header.
            use_at(x.a, l.unwrap_or(i));
            continue;
        }
        x.operands().for_each(|r| use_at(r, i));
        t.call_args(x).iter().for_each(|r| use_at(*r, i));
        if let Op::GuardT | Op::GuardF = x.op
            && let Some(c) = t.inst(x.a)
        {
            // The guard looks at it again.
            c.operands().for_each(|r| use_at(r, i));
        }
        if x.snap != NO_SNAP {
            t.snaps[x.snap as usize].each(|r, _| use_at(r, i));
        }
    }
    if let End::Loop(back) = &t.end {
        back.iter().for_each(|r| use_at(*r, n));
    }
    t.end_slots.iter().for_each(|s| use_at(s.1, n));
    last
}

/// What became of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// Left at the guard or checked operation with this number.
    Exit(usize),
    /// Goes on at the code that the cell holds.
    Link(u64),
    /// Ended with `Return`.
    Return,
    /// Came to the end of a recorded trace.
    End,
    /// As many iterations as were allowed.
    Limit,
}

/// An object that was made by the last instruction that makes one, until it is complete.
struct Fresh {
    obj: u64,
    set: Vec<bool>,
}

/// A run of a trace.
pub struct Exec<'a> {
    t: &'a Trace,
    layout: &'a Layout,
    env: &'a mut [u64],
    known: Vec<bool>,
    last: &'a [u32],
    fresh: Option<Fresh>,
    parent: Option<&'a Said>,
    pub state: &'a mut State,
    /// Optimised: objects are complete before anything else happens.
    pub strict: bool,
    /// Iterations after which the run ends.
    pub limit: u64,
}

impl<'a> Exec<'a> {
    pub fn new(
        t: &'a Trace,
        layout: &'a Layout,
        last: &'a [u32],
        env: &'a mut [u64],
        state: &'a mut State,
    ) -> Exec<'a> {
        let known = vec![false; t.insts.len()];
        Exec { t, layout, env, known, last, fresh: None, parent: None, state, strict: true, limit: u64::MAX }
    }

    /// All values of the environment may be used.
    pub fn assume_known(&mut self) {
        self.known.fill(true);
    }

    // -- values

    pub fn value(&self, r: R) -> Result<(Ty, u64), String> {
        if let Some(c) = self.t.const_of(r) {
            return Ok((c.ty, c.bits));
        }
        match r.as_ins() {
            Some(i) if *self.known.get(i).unwrap_or(&false) => Ok((self.t.insts[i].ty, self.env[i])),
            _ => Err(format!("{r:?} has no value here")),
        }
    }
    fn want(&self, r: R, ty: Ty) -> Result<u64, String> {
        match self.value(r)? {
            (t, w) if t == ty => Ok(w),
            (t, _) => Err(format!("{r:?} is {t:?}, not {ty:?}")),
        }
    }
    /// A word or raw integer to be stored.
    fn stored(&self, r: R) -> Result<u64, String> {
        match self.value(r)? {
            (Ty::Ref | Ty::Int, w) => Ok(w),
            (t, _) => Err(format!("{t:?} cannot be stored")),
        }
    }
    fn well_formed(w: u64) -> Result<u64, String> {
        if word::is_fix(w) || word::is_flo(w) || word::is_ptr(w) {
            return Ok(w);
        }
        Err(format!("{w:x} is no word"))
    }
    fn object(&self, r: R) -> Result<u64, String> {
        let w = self.want(r, Ty::Ref)?;
        if word::is_ptr(w) && w >= 4096 { Ok(w) } else { Err(format!("{w:x} is no object")) }
    }
    fn desc(obj: u64) -> u32 {
        // SAFETY: objects begin with their descriptor.
        unsafe { AtomicU32::from_ptr(obj as *mut u32) }.load(Relaxed)
    }
    fn load(at: u64) -> Result<u64, String> {
        if at < 4096 || at & 7 != 0 {
            return Err(format!("{at:x} is no place for a word"));
        }
        // SAFETY: that the place exists is the trace's promise; machine code relies on it as well.
        Ok(unsafe { AtomicU64::from_ptr(at as *mut u64) }.load(Relaxed))
    }
    fn store(at: u64, w: u64) -> Result<(), String> {
        Self::load(at)?;
        // SAFETY: as above.
        unsafe { AtomicU64::from_ptr(at as *mut u64) }.store(w, Relaxed);
        Ok(())
    }
    fn reg_at(&self, n: i64) -> Result<u64, String> {
        if (0..MAX_REG).contains(&n) {
            Ok(self.state.regs + 8 * n as u64)
        } else {
            Err(format!("register {n}"))
        }
    }
    fn place(obj: u64, at: i64) -> Result<u64, String> {
        if at < 8 {
            return Err(format!("offset {at} is in the header"));
        }
        Ok(obj.wrapping_add_signed(at))
    }

    /// Part of the header behind the descriptor that is not the collector's either: it may be read.
    fn embedders(&self, at: i64, width: u8) -> bool {
        let all = at..at + width as i64;
        all.start >= 4 && all.end <= 8 && !all.contains(&(self.layout.gc_byte as i64))
    }

    // -- memory

    fn set(&mut self, obj: u64, at: u64, w: u64) -> Result<(), String> {
        Self::store(at, w)?;
        let l = self.layout;
        // SAFETY: the byte is in every object's header; the helper has this type.
        unsafe {
            if *((obj as i64 + l.gc_byte as i64) as *const u8) & l.unlogged != 0 {
                let f: extern "C" fn(u64, u64, u64) = std::mem::transmute(l.barrier);
                f(self.state.thread, obj, at);
            }
        }
        Ok(())
    }
    fn complete(&self) -> Result<(), String> {
        match &self.fresh {
            Some(f) if self.strict && !f.set.iter().all(|s| *s) => {
                Err(format!("the new object {:x} is not complete", f.obj))
            }
            _ => Ok(()),
        }
    }
    fn new_object(&mut self, what: i64) -> Result<u64, String> {
        self.complete()?;
        let size = new_size(what);
        if size < 8 || size % 8 != 0 {
            return Err(format!("an object of {size} bytes"));
        }
        // SAFETY: the helper has this type.
        let obj = unsafe {
            let f: extern "C" fn(u64, u64) -> u64 = std::mem::transmute(self.layout.alloc);
            f(self.state.thread, what as u64)
        };
        if Self::desc(obj) != what as u32 {
            return Err(format!("the allocator gave descriptor {}", Self::desc(obj)));
        }
        for k in 1..size / 8 {
            Self::store(obj + 8 * k as u64, 0)?;
        }
        self.fresh = Some(Fresh { obj, set: vec![false; size / 8 - 1] });
        Ok(obj)
    }
    fn box_float(&mut self, bits: u64) -> Result<u64, String> {
        if let Some(w) = word::flo_encode(f64::from_bits(bits)) {
            return Ok(w);
        }
        self.complete()?;
        // SAFETY: the helper has this type.
        let w = unsafe {
            let f: extern "C" fn(u64, u64) -> u64 = std::mem::transmute(self.layout.box_float);
            f(self.state.thread, bits)
        };
        match self.unbox(w)? {
            Some(b) if b == bits || f64::from_bits(b).is_nan() => Ok(w),
            _ => Err("the box holds another number".into()),
        }
    }
    fn unbox(&self, w: u64) -> Result<Option<u64>, String> {
        if word::is_flo(w) {
            return Ok(Some(word::flo_decode(w).to_bits()));
        }
        Ok(match self.boxed(w)? {
            true => Some(Self::load(w + self.layout.float_at as u64)?),
            false => None,
        })
    }
    fn boxed(&self, w: u64) -> Result<bool, String> {
        if !word::is_ptr(w) {
            return Ok(false);
        }
        if w == 0 {
            return Err("null may be anything but asked for its descriptor".into());
        }
        Ok(Self::desc(w) == self.layout.float_desc)
    }
    fn call(&mut self, i: usize) -> Result<u64, String> {
        self.complete()?;
        let x = self.t.insts[i];
        let f = self.t.calls[x.imm as usize];
        let mut a = [0u64; 6];
        let args = self.t.call_args(&x);
        if args.len() > a.len() {
            return Err("too many arguments".into());
        }
        for (k, r) in args.iter().enumerate() {
            a[k] = self.value(*r)?.1;
        }
        if f.addr == 0 {
            return Err(format!("{} has no address", f.name));
        }
        // SAFETY: a C function of integer arguments; those it does not have are not looked at.
        let r = unsafe {
            let f: extern "C" fn(u64, u64, u64, u64, u64, u64) -> u64 = std::mem::transmute(f.addr);
            f(a[0], a[1], a[2], a[3], a[4], a[5])
        };
        if x.ty == Ty::Ref { Self::well_formed(r) } else { Ok(r) }
    }

    // -- conditions

    fn condition(&self, x: &Inst) -> Result<bool, String> {
        match x.op {
            Op::ShapeIs => Ok(Self::desc(self.object(x.a)?) as i64 == x.imm),
            Op::Owned => {
                // SAFETY: an object's byte and the thread's.
                let byte = |base: u64, at: i32| unsafe { *((base + at as u64) as *const u8) };
                let l = self.layout;
                Ok(byte(self.object(x.a)?, l.lock) == byte(self.state.thread, l.owner))
            }
            Op::IsFlo => {
                let w = self.want(x.a, Ty::Ref)?;
                Ok(word::is_flo(w) || self.boxed(w)?)
            }
            op => {
                let a = self.value(x.a)?;
                let b = if op.info().operands > 1 { self.value(x.b)? } else { a };
                Ok(eval(op, a, b)?.is_some_and(|r| r != 0))
            }
        }
    }

    // -- snapshots

    fn check_val(&self, s: &Snap, v: &Val) -> Result<(), String> {
        match *v {
            Val::Const(w) => Self::well_formed(w).map(|_| ()),
            Val::Raw(_) => Ok(()),
            Val::Word(r) => match self.value(r)? {
                (Ty::Ref, w) => Self::well_formed(w).map(|_| ()),
                (Ty::Int, _) => Ok(()),
                (t, _) => Err(format!("{t:?} in place of a word")),
            },
            Val::Int(r) => match self.want(r, Ty::Int)? as i64 {
                n if word::fits_fix(n) => Ok(()),
                n => Err(format!("{n} is too large to be tagged")),
            },
            Val::Flt(r) => self.want(r, Ty::Flt).map(|_| ()),
            Val::Virt(n) if (n as usize) < s.virts.len() => Ok(()),
            Val::Virt(n) => Err(format!("there is no object {n}")),
        }
    }
    fn check_snap(&self, n: u32) -> Result<(), String> {
        let s = &self.t.snaps[n as usize];
        if s.in_memory {
            return if s.slots.is_empty() { Ok(()) } else { Err("registers of a state in memory".into()) };
        }
        for (k, (slot, v)) in s.slots.iter().enumerate() {
            self.reg_at(*slot as i64)?;
            if s.slots[..k].iter().any(|x| x.0 == *slot) {
                return Err(format!("register {slot} twice"));
            }
            self.check_val(s, v)?;
        }
        if s.frames.is_empty() {
            return Err("no frame".into());
        }
        for (k, f) in s.frames.iter().enumerate() {
            if k == 0 && f.base != 0 || k > 0 && f.base < s.frames[k - 1].base {
                return Err(format!("frame {k} begins at {}", f.base));
            }
            self.check_val(s, &f.func)?;
            f.extra.iter().try_for_each(|e| self.check_val(s, e))?;
        }
        for o in &s.virts {
            let size = new_size(o.what) as u32;
            for (at, v) in &o.fields {
                if *at < 8 || at % 8 != 0 || *at >= size {
                    return Err(format!("field at {at} of {size} bytes"));
                }
                self.check_val(s, v)?;
            }
        }
        Ok(())
    }

    // -- running

    fn def(&mut self, i: usize, w: u64) -> Result<(), String> {
        let w = match self.t.insts[i].ty {
            Ty::Ref => Self::well_formed(w)?,
            Ty::Bool if w > 1 => return Err("no truth value".into()),
            _ => w,
        };
        self.env[i] = w;
        self.known[i] = true;
        Ok(())
    }

    /// Carries out instruction `i`. False: the trace is left here.
    pub fn step(&mut self, i: usize) -> Result<bool, String> {
        use Op::*;
        let x = self.t.insts[i];
        if x.snap != NO_SNAP {
            self.check_snap(x.snap).map_err(|e| format!("snapshot {}: {e}", x.snap))?;
        }
        match x.op {
            Nop | Loop | Phi => {}
            Entry | LoadReg => {
                let w = Self::load(self.reg_at(x.imm)?)?;
                self.def(i, w)?;
            }
            In => {
                let p = self.parent.ok_or("an input without an exit")?;
                let (loc, ty) = p.leaves.get(x.imm as usize).ok_or("no such input")?;
                if *ty != x.ty || matches!(loc, Loc::Const(_)) {
                    return Err(format!("the input is {loc:?}, {ty:?}"));
                }
                let w = p.read(self.state, R::ins(x.imm as usize));
                self.def(i, w)?;
            }
            Base => {
                let s = &self.state;
                let w = *[s.thread, s.fp, s.regs].get(x.imm as usize).ok_or("no such base")?;
                self.def(i, w)?;
            }
            GuardT | GuardF => {
                let mut c = self.want(x.a, Ty::Bool)? != 0;
                if let Some(at) = x.a.as_ins()
                    && self.t.insts[at].op != Phi
                    && self.condition(&self.t.insts[at])? != c
                {
                    let effect = |y: &Inst| y.op.info().class == Class::Effect;
                    if !matches!(self.t.insts[at].op, ShapeIs | Owned)
                        || self.t.insts[at..i].iter().any(effect)
                    {
                        return Err("the condition has changed since it was asked for".into());
                    }
                    // By another thread: machine code asks here, once.
                    c = !c;
                }
                if c != (x.op == GuardT) {
                    self.complete()?;
                    return Ok(false);
                }
            }
            IsA => {
                let d = Self::desc(self.object(x.a)?);
                if d as i64 != x.imm {
                    return Err(format!("the promised descriptor is {d}"));
                }
            }
            Calm => {
                self.complete()?;
                let at = self.state.thread.wrapping_add_signed(self.layout.poll as i64);
                // SAFETY: a word of the thread.
                return Ok(unsafe { AtomicU32::from_ptr(at as *mut u32) }.load(Relaxed) == 0);
            }
            Return => {
                self.complete()?;
                self.state.gpr[0] = self.want(x.a, Ty::Ref)?;
            }
            Unbox => match self.unbox(self.want(x.a, Ty::Ref)?)? {
                Some(f) => self.def(i, f)?,
                None => return Ok(false),
            },
            Box => {
                let f = self.want(x.a, Ty::Flt)?;
                let w = self.box_float(f)?;
                self.def(i, w)?;
            }
            Get | GetInt => {
                let w = Self::load(Self::place(self.object(x.a)?, x.imm)?)?;
                self.def(i, w)?;
            }
            Elem => {
                let at = x.imm + 8 * self.want(x.b, Ty::Int)? as i64;
                let w = Self::load(Self::place(self.object(x.a)?, at)?)?;
                self.def(i, w)?;
            }
            Item | FltItem => {
                let p = Packed::of(x.imm);
                let at = p.from as i64 + p.width as i64 * self.want(x.b, Ty::Int)? as i64;
                let obj = self.object(x.a)?;
                let at = if self.embedders(at, p.width) {
                    obj.wrapping_add_signed(at)
                } else {
                    Self::place(obj, at)?
                };
                // SAFETY: the trace stays within the object.
                let w = unsafe {
                    match (p.width, p.signed) {
                        (1, false) => *(at as *const u8) as u64,
                        (1, true) => *(at as *const i8) as u64,
                        (2, false) => *(at as *const u16) as u64,
                        (2, true) => *(at as *const i16) as u64,
                        (4, false) => *(at as *const u32) as u64,
                        (4, true) => *(at as *const i32) as u64,
                        _ => *(at as *const u64),
                    }
                };
                self.def(i, w)?;
            }
            SetItem | SetFltItem => {
                let p = Packed::of(x.imm);
                let at = p.from as i64 + p.width as i64 * self.want(x.b, Ty::Int)? as i64;
                let at = Self::place(self.object(x.a)?, at)?;
                let w = self.want(x.c, if x.op == SetItem { Ty::Int } else { Ty::Flt })?;
                // SAFETY: as above.
                unsafe {
                    match p.width {
                        1 => *(at as *mut u8) = w as u8,
                        2 => *(at as *mut u16) = w as u16,
                        4 => *(at as *mut u32) = w as u32,
                        _ => *(at as *mut u64) = w,
                    }
                }
            }
            New => {
                let w = self.new_object(x.imm)?;
                self.def(i, w)?;
            }
            Set => {
                let (obj, w) = (self.object(x.a)?, self.want(x.b, Ty::Ref)?);
                self.set(obj, Self::place(obj, x.imm)?, w)?;
            }
            SetInt => {
                let w = self.want(x.b, Ty::Int)?;
                Self::store(Self::place(self.object(x.a)?, x.imm)?, w)?;
            }
            SetNew => {
                let (obj, w) = (self.object(x.a)?, self.stored(x.b)?);
                let at = Self::place(obj, x.imm)?;
                match &mut self.fresh {
                    Some(f) if f.obj == obj => {
                        let k = x.imm as usize / 8 - 1;
                        *f.set.get_mut(k).ok_or("outside of the object")? = true;
                        Self::store(at, w)?;
                    }
                    _ if self.strict => return Err("the object is not new any more".into()),
                    _ => self.set(obj, at, w)?,
                }
            }
            SetShape => {
                let obj = self.object(x.a)?;
                // SAFETY: objects begin with their descriptor.
                unsafe { AtomicU32::from_ptr(obj as *mut u32) }.store(x.imm as u32, Relaxed);
            }
            SetElem => {
                let at = x.imm + 8 * self.want(x.b, Ty::Int)? as i64;
                let (obj, w) = (self.object(x.a)?, self.want(x.c, Ty::Ref)?);
                self.set(obj, Self::place(obj, at)?, w)?;
            }
            StoreReg => {
                let w = Self::well_formed(self.want(x.a, Ty::Ref)?)?;
                Self::store(self.reg_at(x.imm)?, w)?;
            }
            Sync => {
                let s = &self.t.snaps[x.snap as usize];
                for (slot, v) in &s.slots {
                    let w = match *v {
                        Val::Const(w) => w,
                        Val::Word(r) => self.want(r, Ty::Ref)?,
                        _ => return Err("recorded snapshots hold words".into()),
                    };
                    Self::store(self.reg_at(*slot as i64)?, w)?;
                }
            }
            RawSet => {
                let w = self.stored(x.b)?;
                Self::store(self.want(x.a, Ty::Int)?.wrapping_add_signed(x.imm), w)?;
            }
            RawGet => {
                let w = Self::load(self.want(x.a, Ty::Int)?.wrapping_add_signed(x.imm))?;
                self.def(i, w)?;
            }
            Rebase => {
                self.state.regs = self.want(x.a, Ty::Int)?;
                self.state.fp = self.state.fp.wrapping_add_signed(x.imm);
            }
            CallInt | CallRef | CallFlt | CallVoid => {
                let w = self.call(i)?;
                if x.ty != Ty::Void {
                    self.def(i, w)?;
                }
            }
            _ if x.ty == Ty::Bool => {
                let c = self.condition(&x)?;
                self.def(i, c as u64)?;
            }
            op => {
                let a = self.value(x.a)?;
                let b = if op.info().operands > 1 { self.value(x.b)? } else { a };
                match eval(op, a, b)? {
                    Some(w) => self.def(i, w)?,
                    None => {
                        self.complete()?;
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Values whose last use instruction `i` was go.
    fn release(&mut self, i: usize) {
        let x = self.t.insts[i];
        let mut drop = |r: R| {
            if let Some(v) = r.as_ins()
                && self.last[v] <= i as u32
                && self.t.insts[v].op != Op::Phi
            {
                self.env[v] = 0;
                self.known[v] = false;
            }
        };
        x.operands().for_each(&mut drop);
        self.t.call_args(&x).iter().for_each(|r| drop(*r));
        if x.snap != NO_SNAP {
            self.t.snaps[x.snap as usize].each(|r, _| drop(r));
        }
        if let Op::GuardT | Op::GuardF = x.op
            && let Some(c) = self.t.inst(x.a)
        {
            c.operands().for_each(&mut drop);
        }
        drop(R::ins(i));
    }

    fn phis(&mut self, from: usize, values: &[R]) -> Result<(), String> {
        let now: Result<Vec<(Ty, u64)>, String> = values.iter().map(|r| self.value(*r)).collect();
        let (t, now) = (self.t, now?);
        let phis = t.insts.iter().enumerate().skip(from).filter(|x| x.1.op == Op::Phi);
        for ((i, x), (ty, w)) in phis.zip(now) {
            if x.ty != ty {
                return Err(format!("%{i} is {:?}, not {ty:?}", x.ty));
            }
            self.def(i, w)?;
        }
        Ok(())
    }

    /// Runs from the beginning. `looping`: a recorded loop, which begins anew at its end.
    pub fn run(&mut self, looping: bool) -> Result<Way, (usize, String)> {
        let n = self.t.insts.len();
        let mut i = 0;
        let mut rounds = 0;
        loop {
            while i < n {
                if self.t.insts[i].op == Op::Loop {
                    let first: Vec<R> =
                        self.t.insts[i..].iter().filter(|x| x.op == Op::Phi).map(|x| x.a).collect();
                    self.phis(i, &first).map_err(|e| (i, e))?;
                }
                match self.step(i) {
                    Ok(true) => self.release(i),
                    Ok(false) => return Ok(Way::Exit(i)),
                    Err(e) => return Err((i, e)),
                }
                i += 1;
            }
            self.complete().map_err(|e| (n, e))?;
            rounds += 1;
            match &self.t.end {
                End::Loop(back) => {
                    let Some(l) = self.t.loop_at() else { return Err((n, "no loop".into())) };
                    let back = back.clone();
                    self.phis(l, &back).map_err(|e| (n, e))?;
                    for v in l..n {
                        if self.t.insts[v].op != Op::Phi {
                            self.env[v] = 0;
                            self.known[v] = false;
                        }
                    }
                    i = l + 1;
                }
                End::Link { cell, frames, regs } => {
                    self.state.fp += *frames as u64;
                    self.state.regs += *regs as u64;
                    return Self::load(*cell).map(Way::Link).map_err(|e| (n, e));
                }
                End::Jump { .. } => return Err((n, "a jump, but no exit offers one".into())),
                End::Open if looping => {
                    let slots = self.t.end_slots.clone();
                    for (slot, r) in slots {
                        let put = |s: &Self| Self::store(s.reg_at(slot as i64)?, s.want(r, Ty::Ref)?);
                        put(self).map_err(|e| (n, e))?;
                    }
                    self.known.fill(false);
                    i = 0;
                }
                End::Open if self.t.returns() => return Ok(Way::Return),
                End::Open => return Ok(Way::End),
            }
            if rounds >= self.limit {
                return Ok(Way::Limit);
            }
        }
    }

    /// The values of a snapshot, in the order of [`leaves`].
    pub fn leave(&mut self, snap: u32, leaves: &[(R, Ty)]) -> Result<Vec<u64>, String> {
        self.check_snap(snap)?;
        leaves.iter().map(|(r, _)| Ok(self.value(*r)?.1)).collect()
    }
}

/// The operands of a snapshot, each once. Raw integers of objects' fields have that type.
pub fn leaves(t: &Trace, s: &Snap) -> Vec<(R, Ty)> {
    let mut v: Vec<(R, Ty)> = Vec::new();
    s.each(|r, _| {
        if !v.iter().any(|l| l.0 == r) {
            v.push((r, t.ty(r)));
        }
    });
    v
}

/// "Machine code" of this backend; entries are addresses of these.
enum Code {
    Trace(std::boxed::Box<Traced>),
    /// Leaves at once with this exit.
    Bail(&'static Exit),
    /// The target of exits without bridges.
    Leave,
}

struct Traced {
    trace: Trace,
    layout: Layout,
    last: Vec<u32>,
    parent: Option<Said>,
    /// For each guard and checked operation its exit and what it leaves.
    exits: Vec<Option<(&'static Exit, Vec<(R, Ty)>)>>,
}

/// The backend that interprets optimised traces.
pub struct Reference {
    leave: &'static Code,
    bail: &'static Code,
}

static FAULT: Mutex<()> = Mutex::new(());

fn exit(m: &mut ExitMaker, snap: &Snap, leaves: &[(R, Loc, Ty)], leave: &'static Code) -> &'static Exit {
    let number = &|r, _| leaves.iter().position(|l| l.0 == r).expect("a leaf") as u32;
    let info = ExitInfo { snap: Some(snap), number, leaves, carry: &[], at: None, early: false };
    m.exit(info, None, leave as *const Code as u64, false)
}

/// The executor as a backend.
pub fn reference() -> &'static dyn Backend {
    static REFERENCE: OnceLock<Reference> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let leave: &'static Code = std::boxed::Box::leak(std::boxed::Box::new(Code::Leave));
        let mut m = ExitMaker::new(None, 0);
        let e = exit(&mut m, &Snap { in_memory: true, ..Snap::default() }, &[], leave);
        m.finish(None);
        Reference { leave, bail: std::boxed::Box::leak(std::boxed::Box::new(Code::Bail(e))) }
    })
}

/// A place for a leaf.
fn place(k: usize) -> Result<Loc, &'static str> {
    Ok(match k {
        _ if k < SPILLS => {
            spills(k);
            Loc::Spill(k as u16)
        }
        _ if k < SPILLS + 16 => Loc::Gpr((k - SPILLS) as u8),
        _ if k < SPILLS + 32 => Loc::Xmm((k - SPILLS - 16) as u8),
        _ => return Err("too many values at an exit"),
    })
}

/// Longest trace.
const LONGEST: usize = 1 << 14;

fn fault(t: &Trace, at: usize, why: &str) -> ! {
    let _one = FAULT.lock();
    let inst = if at < t.insts.len() { text::inst(t, at) } else { "the end".into() };
    eprintln!("{}\nreference executor: {inst}\n  {why}", text::print(t));
    std::process::abort()
}

impl Traced {
    #[inline(never)]
    fn run<const N: usize>(&self, state: &mut State) -> Next {
        let mut env = [0u64; N];
        let mut x = Exec::new(&self.trace, &self.layout, &self.last, &mut env, state);
        x.parent = self.parent.as_ref();
        let next = match x.run(false) {
            Err((at, why)) => fault(&self.trace, at, &why),
            Ok(Way::Exit(i)) => {
                let (e, leaves) = self.exits[i].as_ref().expect("an exit");
                match x.leave(self.trace.insts[i].snap, leaves) {
                    Err(why) => fault(&self.trace, i, &why),
                    Ok(values) => {
                        state.spill.fill(0);
                        for (k, w) in values.into_iter().enumerate() {
                            match place(k).expect("a place") {
                                Loc::Spill(n) => state.spill[n as usize] = w,
                                Loc::Gpr(n) => state.gpr[n as usize] = w,
                                Loc::Xmm(n) => state.xmm[n as usize] = w,
                                Loc::Const(_) => {}
                            }
                        }
                    }
                }
                Next::Exit(e)
            }
            Ok(Way::Link(to)) => Next::Code(to),
            Ok(Way::Return) => Next::Return,
            Ok(_) => fault(&self.trace, self.trace.insts.len(), "an open end"),
        };
        // Dead references must not keep objects alive.
        std::hint::black_box(&mut env).fill(0);
        next
    }
}

enum Next {
    Return,
    Exit(&'static Exit),
    Code(u64),
}

impl Backend for Reference {
    fn name(&self) -> &'static str {
        "reference"
    }
    fn compile(
        &self,
        t: &Trace,
        layout: &Layout,
        parent: Option<&'static Exit>,
        owner: usize,
    ) -> Result<Compiled, &'static str> {
        if t.insts.len() > LONGEST {
            return Err("too long for the reference executor");
        }
        if let Err(e) = crate::verify::verify(t) {
            fault(t, t.insts.len(), &e);
        }
        let mut maker = ExitMaker::new(parent, owner);
        let mut exits = Vec::with_capacity(t.insts.len());
        for x in &t.insts {
            if x.snap == NO_SNAP {
                exits.push(None);
                continue;
            }
            let s = &t.snaps[x.snap as usize];
            let l = leaves(t, s);
            let places: Result<Vec<(R, Loc, Ty)>, _> =
                l.iter().enumerate().map(|(k, (r, ty))| Ok((*r, place(k)?, *ty))).collect();
            exits.push(Some((exit(&mut maker, s, &places?, self.leave), l)));
        }
        let all = maker.finish(None);
        let code = Traced {
            trace: t.clone(),
            layout: *layout,
            last: last_uses(t),
            parent: parent.map(|e| e.said()),
            exits,
        };
        let bytes = t.insts.len() * size_of::<Inst>();
        let code: &'static Code = std::boxed::Box::leak(std::boxed::Box::new(Code::Trace(code.into())));
        Ok(Compiled { entry: code as *const Code as usize, exits: all, bytes })
    }
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit {
        let mut at = entry as u64;
        loop {
            // SAFETY: entries and targets are addresses of code that is never freed.
            let next = match unsafe { &*(at as *const Code) } {
                Code::Bail(e) => Next::Exit(e),
                Code::Leave => fault(&Trace::new(), 0, "the way out is no beginning"),
                Code::Trace(t) => match t.trace.insts.len() {
                    0..=512 => t.run::<512>(state),
                    513..=2048 => t.run::<2048>(state),
                    _ => t.run::<LONGEST>(state),
                },
            };
            match next {
                Next::Code(to) => at = to,
                Next::Return => return RETURNED,
                Next::Exit(e) => {
                    let to = e.target.load(Acquire);
                    if to == self.leave as *const Code as u64 {
                        return e;
                    }
                    at = to;
                }
            }
        }
    }
    fn bail(&self) -> usize {
        self.bail as *const Code as usize
    }
}
