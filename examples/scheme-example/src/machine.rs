//! [`Interp`], the machine that computes; what a Scheme machine can do beyond `metatrace`'s [`Machine`], and how the
//! recording machine does it.
//!
//! # Safety
//! A machine is made for a thread and a frame that live as long as it runs; registers and fields are those that the
//! code and the descriptors have.

use crate::code::{Code, Ins};
use crate::prims::Prim;
use crate::value::*;
use crate::vm::{Frame, Vm};
use adder_metatrace::counters::Counter;
use adder_metatrace::driver::Header;
use adder_metatrace::ir::{Callee, Op, R};
use adder_metatrace::recording::{Recording, T};
use adder_metatrace::tracer::{MAX_DEPTH, Tracer};
use adder_metatrace::*;

pub type Pc = *const Ins;

/// Why an instruction was not done.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    /// The thread has an error.
    Error,
    /// The outermost frame returned this.
    Halt(u64),
    /// Of a recording: the instruction is this header; the trace cannot go on, for that reason; it ends here.
    Header(&'static Header),
    GiveUp(Counter, &'static str),
    Leave,
}
// Headers are compared by address in the driver.
impl PartialEq for Stop {
    fn eq(&self, _: &Stop) -> bool {
        false
    }
}

pub trait Scheme: Machine<Word = u64, Raised = Stop> {
    /// The running frame's code.
    fn code(self) -> &'static Code;
    fn promote_int(self, n: Self::Int) -> i64;
    fn header(&mut self, h: &'static Header, pc: Pc) -> Result<Pc, Stop>;
    /// Calls the closure in register `base`.
    fn push(&mut self, code: &'static Code, base: usize, pc: Pc) -> Result<Pc, Stop>;
    /// The running frame goes on with the code of the closure that is in register 0 now.
    fn replace(&mut self, code: &'static Code) -> Pc;
    fn ret(&mut self, v: Self::Ref) -> Result<Pc, Stop>;
    /// A new object: a raw integer, if there is one, then the words.
    #[allow(clippy::wrong_self_convention, clippy::new_ret_no_self)]
    fn new(self, desc: u32, raw: Option<i64>, words: &[Self::Ref]) -> Self::Ref;
    fn prim(self, p: &'static Prim, args: [Self::Ref; 3]) -> Result<Self::Ref, Stop>;
    fn sqrt(self, f: Self::Flt) -> Self::Flt;
    fn fail(self, message: &str, about: &[Self::Ref]) -> Stop;
}

/// The machine that computes.
#[derive(Clone, Copy)]
pub struct Interp {
    pub vm: *mut Vm,
    pub fp: *mut Frame,
    pub regs: *mut u64,
}

impl Interp {
    pub fn new(vm: &mut Vm) -> Interp {
        let fp = vm.fp;
        // SAFETY: the running frame.
        Interp { vm, fp, regs: unsafe { (*fp).regs } }
    }
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub fn vm(&self) -> &mut Vm {
        // SAFETY: handles live while the interpreter runs.
        unsafe { &mut *self.vm }
    }
    /// The header's counter has run down.
    #[cold]
    #[inline(never)]
    fn hot(&mut self, h: &'static Header, pc: Pc) -> Pc {
        // SAFETY: the running frame.
        unsafe {
            (*self.fp).pc = pc;
            self.vm().fp = self.fp;
            self.vm().hot(h);
            self.fp = self.vm().fp;
            self.regs = (*self.fp).regs;
            let now = (*self.fp).pc;
            // A header itself does nothing.
            if now == pc { pc.add(1) } else { now }
        }
    }
}

fn fix2(a: u64, b: u64, f: fn(i64, i64) -> Option<i64>) -> Option<u64> {
    f(word::unfix(a), word::unfix(b)).filter(|n| word::fits_fix(*n)).map(word::fix)
}
fn compare<V: PartialOrd>(op: Cmp, a: V, b: V) -> bool {
    match op {
        Cmp::Lt => a < b,
        Cmp::Le => a <= b,
        Cmp::Eq => a == b,
        Cmp::Ne => a != b,
        Cmp::Gt => a > b,
        Cmp::Ge => a >= b,
    }
}
fn slot(o: u64, base: Field, i: i64) -> *mut u64 {
    (o as i64 + base.0 as i64 + 8 * i) as *mut u64
}

impl Machine for Interp {
    type Ref = u64;
    type Int = i64;
    type Flt = f64;
    type Bool = bool;
    type Word = u64;
    type Raised = Stop;

    #[inline(always)]
    fn reg(self, i: usize) -> u64 {
        // SAFETY: the compiler gives a frame its registers; calls check that there is room.
        unsafe { *self.regs.add(i) }
    }
    #[inline(always)]
    fn set_reg(self, i: usize, v: u64) {
        // SAFETY: as above.
        unsafe { *self.regs.add(i) = v }
    }
    #[inline(always)]
    fn constant(self, w: u64) -> u64 {
        w
    }
    #[inline(always)]
    fn fixnum(self, n: i64) -> u64 {
        word::fix(n)
    }
    #[inline(always)]
    fn test(self, b: bool) -> bool {
        b
    }
    #[inline(always)]
    fn promote(self, r: u64) -> u64 {
        r
    }
    #[inline(always)]
    fn is_fixnum(self, a: u64) -> bool {
        word::is_fix(a)
    }
    #[inline(always)]
    fn both_fixnum(self, a: u64, b: u64) -> bool {
        word::both_fix(a, b)
    }
    #[inline(always)]
    fn as_float(self, a: u64) -> Option<f64> {
        float(a)
    }
    #[inline(always)]
    fn number_as_float(self, a: u64) -> Option<f64> {
        if word::is_fix(a) { Some(word::unfix(a) as f64) } else { float(a) }
    }
    #[inline(always)]
    fn same(self, a: u64, b: u64) -> bool {
        a == b
    }
    #[inline(always)]
    fn fix_add(self, a: u64, b: u64) -> Option<u64> {
        (a as i64 - 1).checked_add(b as i64).map(|w| w as u64)
    }
    #[inline(always)]
    fn fix_sub(self, a: u64, b: u64) -> Option<u64> {
        (a as i64).checked_sub(b as i64 - 1).map(|w| w as u64)
    }
    #[inline(always)]
    fn fix_mul(self, a: u64, b: u64) -> Option<u64> {
        (a as i64 - 1).checked_mul(word::unfix(b)).map(|w| w as u64 | 1)
    }
    fn fix_and(self, a: u64, b: u64) -> u64 {
        a & b
    }
    fn fix_or(self, a: u64, b: u64) -> u64 {
        a | b
    }
    fn fix_xor(self, a: u64, b: u64) -> u64 {
        a ^ b | 1
    }
    fn fix_floordiv(self, a: u64, b: u64) -> Option<u64> {
        fix2(a, b, |x, y| {
            (y != 0).then(|| x.wrapping_div_euclid(y) - (y < 0 && x.wrapping_rem_euclid(y) != 0) as i64)
        })
    }
    fn fix_mod(self, a: u64, b: u64) -> Option<u64> {
        fix2(a, b, |x, y| {
            let r = x.checked_rem(y)?;
            Some(if r != 0 && (r < 0) != (y < 0) { r + y } else { r })
        })
    }
    fn fix_shl(self, a: u64, b: u64) -> Option<u64> {
        fix2(a, b, |x, n| (0..62).contains(&n).then(|| x << n).filter(|r| r >> n == x))
    }
    fn fix_shr(self, a: u64, b: u64) -> Option<u64> {
        fix2(a, b, |x, n| (n >= 0).then(|| x >> n.min(63)))
    }
    #[inline(always)]
    fn fix_cmp(self, op: Cmp, a: u64, b: u64) -> bool {
        compare(op, a as i64, b as i64)
    }
    #[inline(always)]
    fn fix_to_int(self, a: u64) -> i64 {
        word::unfix(a)
    }
    #[inline(always)]
    fn int_to_fix(self, a: i64) -> u64 {
        word::fix(a)
    }
    #[inline(always)]
    fn int_ult(self, a: i64, b: i64) -> bool {
        (a as u64) < b as u64
    }
    fn int_add(self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
    fn int_const(self, n: i64) -> i64 {
        n
    }
    fn int_cmp(self, op: Cmp, a: i64, b: i64) -> bool {
        compare(op, a, b)
    }
    #[inline(always)]
    fn float_op(self, op: FloatOp, a: f64, b: f64) -> f64 {
        match op {
            FloatOp::Add => a + b,
            FloatOp::Sub => a - b,
            FloatOp::Mul => a * b,
            FloatOp::Div => a / b,
        }
    }
    fn float_neg(self, a: f64) -> f64 {
        -a
    }
    #[inline(always)]
    fn float_cmp(self, op: Cmp, a: f64, b: f64) -> bool {
        compare(op, a, b)
    }
    fn float_is_zero(self, a: f64) -> bool {
        a == 0.0
    }
    #[inline(always)]
    fn box_float(self, f: f64) -> Result<u64, Stop> {
        Ok(match word::flo_encode(f) {
            Some(w) => w,
            None => self.vm().float(f),
        })
    }
    #[inline(always)]
    fn shape_is(self, o: u64, shape: u32) -> bool {
        desc(o) == shape
    }
    #[inline(always)]
    fn get(self, o: u64, f: Field) -> u64 {
        // SAFETY: handlers read the fields of objects whose descriptor they have tested.
        unsafe { at(o, f.0) }
    }
    #[inline(always)]
    fn get_int(self, o: u64, f: Field) -> i64 {
        // SAFETY: as above.
        unsafe { at(o, f.0) as i64 }
    }
    fn set(self, o: u64, f: Field, v: u64) -> Result<(), Stop> {
        // SAFETY: as above.
        unsafe { put(o, f.0, v) };
        Ok(())
    }
    fn set_int(self, o: u64, f: Field, v: i64) {
        // SAFETY: as above.
        unsafe { put(o, f.0, v as u64) }
    }
    fn set_shape(self, o: u64, shape: u32) {
        // SAFETY: as above.
        unsafe { *(o as *mut u32) = shape }
    }
    #[inline(always)]
    fn elem(self, o: u64, base: Field, i: i64) -> u64 {
        // SAFETY: handlers have tested the index.
        unsafe { *slot(o, base, i) }
    }
    #[inline(always)]
    fn set_elem(self, o: u64, base: Field, i: i64, v: u64) -> Result<(), Stop> {
        // SAFETY: as above.
        unsafe { *slot(o, base, i) = v };
        Ok(())
    }
    fn is_null(self, r: u64) -> bool {
        r == 0
    }
}

impl Scheme for Interp {
    #[inline(always)]
    fn code(self) -> &'static Code {
        // SAFETY: the running frame.
        unsafe { (*self.fp).code }
    }
    #[inline(always)]
    fn promote_int(self, n: i64) -> i64 {
        n
    }
    #[inline(always)]
    fn header(&mut self, h: &'static Header, pc: Pc) -> Result<Pc, Stop> {
        let n = h.count.get().wrapping_sub(1);
        h.count.set(n);
        // SAFETY: a header is never the last instruction.
        Ok(if n == 0 { self.hot(h, pc) } else { unsafe { pc.add(1) } })
    }
    #[inline(always)]
    fn push(&mut self, code: &'static Code, base: usize, pc: Pc) -> Result<Pc, Stop> {
        // SAFETY: there is room for the frame; what it may call is checked again.
        unsafe {
            (*self.fp).pc = pc;
            let regs = self.regs.add(base);
            let fp = self.fp.add(1);
            if fp >= self.vm().frames_end || regs >= self.vm().regs_end {
                return Err(Scheme::fail(*self, "the recursion is too deep", &[]));
            }
            *fp = Frame { pc: code.start(), code, regs };
            (self.fp, self.regs) = (fp, regs);
        }
        Ok(code.start())
    }
    #[inline(always)]
    fn replace(&mut self, code: &'static Code) -> Pc {
        // SAFETY: the running frame.
        unsafe { (*self.fp).code = code };
        code.start()
    }
    #[inline(always)]
    fn ret(&mut self, v: u64) -> Result<Pc, Stop> {
        if self.fp == self.vm().bottom {
            return Err(Stop::Halt(v));
        }
        // SAFETY: the frame below waits at its call.
        unsafe {
            self.fp = self.fp.sub(1);
            self.regs = (*self.fp).regs;
            let pc = (*self.fp).pc;
            if let Ins::Call { base, .. } = *pc {
                self.set_reg(base as usize, v);
            }
            Ok(pc.add(1))
        }
    }
    #[inline(always)]
    fn new(self, desc: u32, raw: Option<i64>, words: &[u64]) -> u64 {
        let n = raw.is_some() as usize;
        let o = self.vm().alloc(what(desc, 1 + n + words.len()));
        // SAFETY: the object just made.
        unsafe {
            if let Some(r) = raw {
                put(o, 8, r as u64);
            }
            words.iter().enumerate().for_each(|(k, w)| put(o, 8 * (1 + n + k) as u32, *w));
        }
        o
    }
    fn prim(self, p: &'static Prim, args: [u64; 3]) -> Result<u64, Stop> {
        match (p.call)(self.vm(), args[0], args[1], args[2]) {
            0 => Err(Stop::Error),
            w => Ok(w),
        }
    }
    fn sqrt(self, f: f64) -> f64 {
        f.sqrt()
    }
    #[cold]
    fn fail(self, message: &str, about: &[u64]) -> Stop {
        self.vm().fail(message, about);
        Stop::Error
    }
}

/// Returns from the root frame of a bridge.
const MAX_LEFT: usize = 4;

impl Scheme for Recording<Interp> {
    fn code(self) -> &'static Code {
        self.i.code()
    }
    fn promote_int(self, n: T<i64>) -> i64 {
        Recording::promote_int(&self, n)
    }
    fn header(&mut self, h: &'static Header, _: Pc) -> Result<Pc, Stop> {
        Err(Stop::Header(h))
    }
    fn push(&mut self, code: &'static Code, base: usize, pc: Pc) -> Result<Pc, Stop> {
        if self.t().depth() >= MAX_DEPTH {
            return Err(Stop::GiveUp(Counter::AbortDepth, "calls too deep"));
        }
        let next = self.i.push(code, base, pc)?;
        self.t().push_frame(base, code as *const Code as u64);
        Ok(next)
    }
    fn replace(&mut self, code: &'static Code) -> Pc {
        self.t().replace_code(code as *const Code as u64);
        self.i.replace(code)
    }
    fn ret(&mut self, v: T<u64>) -> Result<Pc, Stop> {
        if self.i.fp == self.i.vm().bottom {
            return Err(Stop::Leave);
        }
        let t: &mut Tracer = self.t();
        if t.depth() > 1 {
            t.pop_frame();
        } else if t.left < MAX_LEFT {
            // SAFETY: the frame below.
            let caller = unsafe { &*self.i.fp.sub(1) };
            t.leave_root(caller.pc as u64, caller.code as *const Code as u64);
        } else {
            return Err(Stop::Leave);
        }
        let pc = self.i.ret(v.v)?;
        // SAFETY: the instruction before is the call.
        if let Ins::Call { base, .. } = unsafe { *pc.sub(1) } {
            self.t().set_reg(base as usize, v.r);
        }
        Ok(pc)
    }
    fn new(self, desc: u32, raw: Option<i64>, words: &[T<u64>]) -> T<u64> {
        let concrete: Vec<u64> = words.iter().map(|w| w.v).collect();
        let v = self.i.new(desc, raw, &concrete);
        let mut fields: Vec<(u32, R)> = Vec::new();
        if let Some(r) = raw {
            fields.push((8, self.t().core.int(r)));
        }
        let n = 1 + fields.len();
        fields.extend(words.iter().enumerate().map(|(k, w)| (8 * (n + k) as u32, w.r)));
        self.new_object(v, what(desc, n + words.len()) as i64, &fields)
    }
    fn prim(self, p: &'static Prim, args: [T<u64>; 3]) -> Result<T<u64>, Stop> {
        let v = self.i.prim(p, args.map(|a| a.v))?;
        let f = Callee { name: p.name, addr: p.call as usize, effects: p.effects };
        Ok(self.call(f, &args.map(|a| a.r), v))
    }
    fn sqrt(self, f: T<f64>) -> T<f64> {
        T { v: f.v.sqrt(), r: self.op1(Op::FSqrt, f.r) }
    }
    fn fail(self, _: &str, _: &[T<u64>]) -> Stop {
        Stop::GiveUp(Counter::AbortException, "an error")
    }
}
