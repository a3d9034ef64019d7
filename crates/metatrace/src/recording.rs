//! [`Recording`]: the machine that computes and records, made from an interpreter's own machine. A value is a pair of what
//! the interpreter has and the operand that stands for it; every test leaves a guard.
//!
//! # Safety
//! The tracer outlives the handles of a recording, which stay on its thread. Each borrow of it ends within the
//! operation that makes it.

use crate::ir::{Callee, Inst, Op, R};
use crate::machine::*;
use crate::tracer::Tracer;
use crate::word;

/// A concrete value and its operand.
#[derive(Clone, Copy, Debug)]
pub struct T<V> {
    /// What it is now.
    pub v: V,
    /// What stands for it in the trace.
    pub r: R,
}
/// A condition; `neg`: the recorded one is its opposite.
#[derive(Clone, Copy, Debug)]
pub struct B {
    v: bool,
    r: R,
    neg: bool,
}

/// A machine that computes, on plain words: what can be recorded.
pub trait Computes:
    Machine<Ref = u64, Int = i64, Flt = f64, Bool = bool, Word = u64, Raised: std::fmt::Debug>
{
}
impl<I: Machine<Ref = u64, Int = i64, Flt = f64, Bool = bool, Word = u64, Raised: std::fmt::Debug>> Computes
    for I
{
}

/// The recording machine over an interpreter's. A handle, as all machines are; the tracer must outlive it.
pub struct Recording<I> {
    tracer: *mut Tracer,
    /// The machine that computes.
    pub i: I,
}
impl<I: Copy> Clone for Recording<I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I: Copy> Copy for Recording<I> {}

impl<I: Computes> Recording<I> {
    /// A handle on the tracer, which must outlive it.
    pub fn new(tracer: &mut Tracer, i: I) -> Recording<I> {
        Recording { tracer, i }
    }
    /// The tracer; the borrow must end before another begins.
    #[allow(clippy::mut_from_ref)]
    pub fn t(&self) -> &mut Tracer {
        // SAFETY: who made the handle keeps the tracer; borrows of it end within each operation.
        unsafe { &mut *self.tracer }
    }
    /// Records an operation that cannot fail.
    pub fn op(&self, op: Op, a: R, b: R) -> R {
        self.t().core.op(op, a, b)
    }
    /// The same of one operand.
    pub fn op1(&self, op: Op, a: R) -> R {
        self.t().core.op1(op, a)
    }
    /// The current instruction's snapshot serves this test.
    pub fn guard(&self, cond: R, want: bool) {
        self.t().guard(cond, want)
    }
    fn is(&self, op: Op, a: R, v: bool) -> bool {
        let c = self.op1(op, a);
        self.guard(c, v);
        v
    }
    /// None: the general operation follows, for which nothing is assumed.
    fn checked(&self, op: Op, a: T<u64>, b: R, v: Option<u64>) -> Option<T<u64>> {
        let v = v?;
        Some(T { v, r: self.t().guarded(op, a.r, b) })
    }
    fn cmp(&self, op: Cmp, a: R, b: R, v: bool, ops: [Op; 3]) -> B {
        let [lt, le, eq] = ops;
        let (o, a, b, neg) = match op {
            Cmp::Lt => (lt, a, b, false),
            Cmp::Le => (le, a, b, false),
            Cmp::Gt => (lt, b, a, false),
            Cmp::Ge => (le, b, a, false),
            Cmp::Eq => (eq, a, b, false),
            Cmp::Ne => (eq, a, b, true),
        };
        B { v, r: self.op(o, a, b), neg }
    }
    /// Tests whether `a` is this tagged integer.
    fn is_number(&self, a: T<u64>, n: i64) -> bool {
        let k = self.t().core.word(word::fix(n));
        let c = self.op(Op::Eq, a.r, k);
        let v = a.v == word::fix(n);
        self.guard(c, v);
        v
    }
    /// The concrete integer; records that it is this one.
    pub fn promote_int(&self, n: T<i64>) -> i64 {
        if n.r.as_const().is_none() {
            let k = self.t().core.int(n.v);
            let c = self.op(Op::Eq, n.r, k);
            self.guard(c, true);
        }
        n.v
    }
    /// A call of the runtime that gave `v`: a word, not null. In a later run null means that nothing has happened, and the
    /// interpreter is to do it.
    pub fn call(&self, f: Callee, args: &[R], v: u64) -> T<u64> {
        let core = &mut self.t().core;
        let thread = core.op_imm(Op::Base, R::NONE, R::NONE, 0);
        let mut all = vec![thread];
        all.extend_from_slice(args);
        // The state before it, should it come to nothing.
        self.t().snap();
        let core = &mut self.t().core;
        let r = core.call(Op::CallRef, f, &all);
        core.set_effects(false);
        if f.effects.has(Effects::RAISES) {
            let null = core.word(0);
            let c = core.op(Op::Eq, r, null);
            self.guard(c, false);
        }
        // After a call that did something there are no more tests.
        let wrote = f.effects.0 & (Effects::WRITES.0 | Effects::CALLS.0) != 0;
        self.t().core.set_effects(wrote);
        T { v, r }
    }
    /// A new object whose fields are given; `v` is the interpreter's.
    pub fn new_object(&self, v: u64, what: i64, fields: &[(u32, R)]) -> T<u64> {
        let core = &mut self.t().core;
        let r = core.op_imm(Op::New, R::NONE, R::NONE, what);
        for (at, x) in fields {
            core.trace.push(Inst { a: r, b: *x, imm: *at as i64, ..Inst::new(Op::SetNew) });
        }
        T { v, r }
    }
}

const INTS: [Op; 3] = [Op::Lt, Op::Le, Op::Eq];
const FLOATS: [Op; 3] = [Op::FLt, Op::FLe, Op::FEq];

impl<I: Computes> Machine for Recording<I> {
    type Ref = T<u64>;
    type Int = T<i64>;
    type Flt = T<f64>;
    type Bool = B;
    type Word = u64;
    type Raised = I::Raised;

    fn reg(self, i: usize) -> T<u64> {
        T { v: self.i.reg(i), r: self.t().reg(i) }
    }
    fn set_reg(self, i: usize, v: T<u64>) {
        self.i.set_reg(i, v.v);
        self.t().set_reg(i, v.r);
    }
    fn constant(self, w: u64) -> T<u64> {
        T { v: w, r: self.t().core.word(w) }
    }
    fn fixnum(self, n: i64) -> T<u64> {
        self.constant(word::fix(n))
    }
    fn test(self, b: B) -> bool {
        self.guard(b.r, b.v != b.neg);
        b.v
    }
    fn promote(self, r: T<u64>) -> u64 {
        if r.r.as_const().is_none() {
            let k = self.t().core.word(r.v);
            let c = self.op(Op::Eq, r.r, k);
            self.guard(c, true);
        }
        r.v
    }
    fn is_fixnum(self, a: T<u64>) -> B {
        B { v: word::is_fix(a.v), r: self.op1(Op::IsFix, a.r), neg: false }
    }
    fn both_fixnum(self, a: T<u64>, b: T<u64>) -> bool {
        self.is(Op::IsFix, a.r, word::is_fix(a.v)) && self.is(Op::IsFix, b.r, word::is_fix(b.v))
    }
    fn as_float(self, a: T<u64>) -> Option<T<f64>> {
        match self.i.as_float(a.v) {
            Some(v) => Some(T { v, r: self.t().guarded(Op::Unbox, a.r, R::NONE) }),
            None => {
                self.is(Op::IsFlo, a.r, false);
                None
            }
        }
    }
    fn number_as_float(self, a: T<u64>) -> Option<T<f64>> {
        if self.is(Op::IsFix, a.r, word::is_fix(a.v)) {
            return Some(T { v: word::unfix(a.v) as f64, r: self.op1(Op::FixToFlt, a.r) });
        }
        self.as_float(a)
    }
    fn same(self, a: T<u64>, b: T<u64>) -> B {
        B { v: a.v == b.v, r: self.op(Op::Eq, a.r, b.r), neg: false }
    }
    fn fix_add(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        self.checked(Op::FixAdd, a, b.r, self.i.fix_add(a.v, b.v))
    }
    fn fix_sub(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        self.checked(Op::FixSub, a, b.r, self.i.fix_sub(a.v, b.v))
    }
    fn fix_mul(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        self.checked(Op::FixMul, a, b.r, self.i.fix_mul(a.v, b.v))
    }
    fn fix_and(self, a: T<u64>, b: T<u64>) -> T<u64> {
        T { v: self.i.fix_and(a.v, b.v), r: self.op(Op::FixAnd, a.r, b.r) }
    }
    fn fix_or(self, a: T<u64>, b: T<u64>) -> T<u64> {
        T { v: self.i.fix_or(a.v, b.v), r: self.op(Op::FixOr, a.r, b.r) }
    }
    fn fix_xor(self, a: T<u64>, b: T<u64>) -> T<u64> {
        T { v: self.i.fix_xor(a.v, b.v), r: self.op(Op::FixXor, a.r, b.r) }
    }
    fn fix_floordiv(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        let v = self.i.fix_floordiv(a.v, b.v)?;
        self.is_number(b, 0);
        if self.is_number(b, -1) {
            let zero = self.fixnum(0);
            return self.checked(Op::FixSub, zero, a.r, Some(v));
        }
        Some(T { v, r: self.op(Op::FixDiv, a.r, b.r) })
    }
    fn fix_mod(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        let v = self.i.fix_mod(a.v, b.v)?;
        self.is_number(b, 0);
        if self.is_number(b, -1) {
            return Some(self.fixnum(0));
        }
        Some(T { v, r: self.op(Op::FixMod, a.r, b.r) })
    }
    fn fix_shl(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        let v = self.i.fix_shl(a.v, b.v)?;
        let n = self.op1(Op::Untag, b.r);
        let max = self.t().core.int(62);
        let c = self.op(Op::Ult, n, max);
        self.guard(c, true);
        self.checked(Op::FixShl, a, n, Some(v))
    }
    fn fix_shr(self, a: T<u64>, b: T<u64>) -> Option<T<u64>> {
        let v = self.i.fix_shr(a.v, b.v)?;
        let n = self.op1(Op::Untag, b.r);
        let zero = self.t().core.int(0);
        let c = self.op(Op::Lt, n, zero);
        self.guard(c, false);
        Some(T { v, r: self.op(Op::FixShr, a.r, n) })
    }
    fn fix_cmp(self, op: Cmp, a: T<u64>, b: T<u64>) -> B {
        self.cmp(op, a.r, b.r, self.i.fix_cmp(op, a.v, b.v), INTS)
    }
    fn fix_to_int(self, a: T<u64>) -> T<i64> {
        T { v: word::unfix(a.v), r: self.op1(Op::Untag, a.r) }
    }
    fn int_to_fix(self, a: T<i64>) -> T<u64> {
        T { v: word::fix(a.v), r: self.op1(Op::Tag, a.r) }
    }
    fn int_ult(self, a: T<i64>, b: T<i64>) -> B {
        B { v: (a.v as u64) < b.v as u64, r: self.op(Op::Ult, a.r, b.r), neg: false }
    }
    fn int_add(self, a: T<i64>, b: T<i64>) -> T<i64> {
        T { v: a.v.wrapping_add(b.v), r: self.op(Op::Add, a.r, b.r) }
    }
    fn int_const(self, n: i64) -> T<i64> {
        T { v: n, r: self.t().core.int(n) }
    }
    fn int_cmp(self, op: Cmp, a: T<i64>, b: T<i64>) -> B {
        self.cmp(op, a.r, b.r, self.i.int_cmp(op, a.v, b.v), INTS)
    }
    fn float_op(self, op: FloatOp, a: T<f64>, b: T<f64>) -> T<f64> {
        let o = match op {
            FloatOp::Add => Op::FAdd,
            FloatOp::Sub => Op::FSub,
            FloatOp::Mul => Op::FMul,
            FloatOp::Div => Op::FDiv,
        };
        T { v: self.i.float_op(op, a.v, b.v), r: self.op(o, a.r, b.r) }
    }
    fn float_neg(self, a: T<f64>) -> T<f64> {
        T { v: -a.v, r: self.op1(Op::FNeg, a.r) }
    }
    fn float_cmp(self, op: Cmp, a: T<f64>, b: T<f64>) -> B {
        self.cmp(op, a.r, b.r, self.i.float_cmp(op, a.v, b.v), FLOATS)
    }
    fn float_is_zero(self, a: T<f64>) -> B {
        let z = self.t().core.flt(0);
        B { v: a.v == 0.0, r: self.op(Op::FEq, a.r, z), neg: false }
    }
    fn box_float(self, f: T<f64>) -> Result<T<u64>, I::Raised> {
        let v = self.i.box_float(f.v)?;
        Ok(T { v, r: self.op1(Op::Box, f.r) })
    }
    fn shape_is(self, o: T<u64>, shape: u32) -> bool {
        if !self.is(Op::IsPtr, o.r, word::is_ptr(o.v)) {
            return false;
        }
        let v = self.i.shape_is(o.v, shape);
        let c = self.t().core.op_imm(Op::ShapeIs, o.r, R::NONE, shape as i64);
        self.guard(c, v);
        v
    }
    fn get(self, o: T<u64>, f: Field) -> T<u64> {
        T { v: self.i.get(o.v, f), r: self.t().core.op_imm(Op::Get, o.r, R::NONE, f.0 as i64) }
    }
    fn get_int(self, o: T<u64>, f: Field) -> T<i64> {
        T { v: self.i.get_int(o.v, f), r: self.t().core.op_imm(Op::GetInt, o.r, R::NONE, f.0 as i64) }
    }
    fn set(self, o: T<u64>, f: Field, v: T<u64>) -> Result<(), I::Raised> {
        self.i.set(o.v, f, v.v)?;
        self.t().core.effect(Inst { a: o.r, b: v.r, imm: f.0 as i64, ..Inst::new(Op::Set) });
        Ok(())
    }
    fn set_int(self, o: T<u64>, f: Field, v: T<i64>) {
        self.i.set_int(o.v, f, v.v);
        self.t().core.effect(Inst { a: o.r, b: v.r, imm: f.0 as i64, ..Inst::new(Op::SetInt) });
    }
    fn set_shape(self, o: T<u64>, shape: u32) {
        self.i.set_shape(o.v, shape);
        self.t().core.effect(Inst { a: o.r, imm: shape as i64, ..Inst::new(Op::SetShape) });
    }
    fn elem(self, o: T<u64>, base: Field, i: T<i64>) -> T<u64> {
        T { v: self.i.elem(o.v, base, i.v), r: self.t().core.op_imm(Op::Elem, o.r, i.r, base.0 as i64) }
    }
    fn set_elem(self, o: T<u64>, base: Field, i: T<i64>, v: T<u64>) -> Result<(), I::Raised> {
        self.i.set_elem(o.v, base, i.v, v.v)?;
        let x = Inst { a: o.r, b: i.r, c: v.r, imm: base.0 as i64, ..Inst::new(Op::SetElem) };
        self.t().core.effect(x);
        Ok(())
    }
    fn is_null(self, r: T<u64>) -> B {
        let null = self.t().core.word(0);
        B { v: r.v == 0, r: self.op(Op::Eq, r.r, null), neg: false }
    }
}
