//! [`Recorder`], the machine that computes and records: the third instance of the handlers.
//!
//! A value is a pair of what the interpreter would have and the IR operand that stands for it. Everything is carried
//! out on the real frames and registers, so a recording can be given up at any instruction.
//!
//! # Invariants
//! - The recorder is the thread's alone while it records: a [`Recorder`] is a copy of the pointer to it, and no reference
//!   made of one outlives the call that made it.
//! - `i.fp` and `i.regs` are the running frame's, which the handlers of the interpreter rely on, too.
//! - An operand is taken for what it is only after its kind was tested, here or by the handler.

use super::record::Rec;
use super::{helpers, watch};
use crate::err::{R, Raised};
use crate::interp::fast::Bin;
use crate::interp::machine::*;
use crate::interp::slow::special::Means;
use crate::object::*;
use crate::shape::in_trace;
use crate::thread::{Cont, fflags};
use crate::value::*;
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::{Callee, Inst, Op, R as Ir};
use adder_metatrace::opt::Objects;
use adder_metatrace::{Cmp, Effects, Field, FloatOp, Machine, Residual, word};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

/// A concrete value and its operand.
#[derive(Clone, Copy)]
pub struct T<V> {
    pub v: V,
    pub r: Ir,
}
/// A condition; `neg`: the recorded one is its opposite.
#[derive(Clone, Copy)]
pub struct B {
    v: bool,
    r: Ir,
    neg: bool,
}

#[derive(Clone, Copy)]
pub struct Recorder {
    pub s: *mut Rec,
    pub i: Interp<false>,
}

pub const DICT_GET: Callee = Callee { name: "dict_get", addr: 0, effects: Effects::READS.or(Effects::SAME) };
pub const ITER_STEP: Callee =
    Callee { name: "iter_step", addr: 0, effects: Effects::READS.or(Effects::STEPS) };

impl Recorder {
    /// A register that may be null.
    pub fn reg_or_null(self, i: usize) -> T<Option<Value>> {
        let v = if self.i.reg_is_null(i) { None } else { Some(self.i.reg(i)) };
        T { v, r: self.rec().reg(i) }
    }
    #[allow(clippy::mut_from_ref)]
    #[inline(always)]
    pub fn rec(&self) -> &mut Rec {
        unsafe { &mut *self.s }
    }
    fn op1(&self, op: Op, a: Ir) -> Ir {
        self.rec().core.op1(op, a)
    }
    pub(super) fn op(&self, op: Op, a: Ir, b: Ir) -> Ir {
        self.rec().core.op(op, a, b)
    }
    pub(super) fn guard(&self, cond: Ir, want: bool) {
        self.rec().guard(cond, want)
    }
    fn is(&self, op: Op, a: Ir, v: bool) -> bool {
        let c = self.op1(op, a);
        self.guard(c, v);
        v
    }
    fn word(&self, v: Value) -> T<Value> {
        T { v, r: self.rec().konst(v) }
    }
    fn checked(&self, op: Op, a: T<Value>, b: Ir, v: Option<Value>) -> Option<T<Value>> {
        // None: the general operation follows, for which nothing needs to be assumed.
        let v = v?;
        Some(T { v, r: self.rec().guarded(op, a.r, b) })
    }
    /// `a` is known not to be this tagged integer.
    fn differs(&self, a: T<Value>, n: i64) -> bool {
        let k = self.rec().core.word(word::fix(n));
        let c = self.op(Op::Eq, a.r, k);
        let v = a.v.bits() == word::fix(n);
        self.guard(c, v);
        !v
    }
    fn cmp(&self, op: Cmp, a: Ir, b: Ir, v: bool, lt: Op, le: Op, eq: Op) -> B {
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
    /// The double of a float in any form.
    fn unbox(&self, a: T<Value>) -> Option<T<f64>> {
        let f = self.i.as_float(a.v)?;
        Some(T { v: f, r: self.rec().guarded(Op::Unbox, a.r, Ir::NONE) })
    }
    /// Follows `Interp`'s push of a frame.
    pub fn pushed(&mut self, func: T<Value>, extra: Option<Ir>, base: usize, nargs: usize, flags: u64) {
        let fp = self.i.fp;
        unsafe {
            let (code, func_now) = ((*fp).code, (*fp).func);
            debug_assert!(func_now.value().is(func.v));
            self.rec().push_frame(base, code, func.r, extra, flags, nargs);
        }
    }
    /// The next call is not counted, which would have it declined.
    fn uncounted(&self) {
        let t = &self.i.th.ticks;
        t.set(t.get().max(1));
    }
    /// What a slot holds that may be null at other times, also by another thread's doing: it was read before, as `v`.
    pub fn known_of(&self, o: T<Value>, f: Field, v: Value) -> T<Value> {
        let t = T { v, r: self.rec().core.op_imm(Op::Get, o.r, Ir::NONE, f.0 as i64) };
        self.test(self.is_null(t));
        t
    }
    /// The function is a constant, or its code is tested.
    pub fn pin_code(&self, f: T<Value>) {
        if f.r.as_const().is_none() {
            let off = std::mem::offset_of!(Function, code) as i64;
            let c = self.rec().core.op_imm(Op::Get, f.r, Ir::NONE, off);
            let code = unsafe { f.v.cast_unchecked::<Function>() }.code.value();
            let k = self.rec().konst(code);
            let e = self.op(Op::Eq, c, k);
            self.guard(e, true);
        }
    }
}

impl Machine for Recorder {
    type Ref = T<Value>;
    type Int = T<i64>;
    type Flt = T<f64>;
    type Bool = B;
    type Word = Value;
    type Raised = Raised;

    fn reg(self, i: usize) -> T<Value> {
        T { v: self.i.reg(i), r: self.rec().reg(i) }
    }
    fn set_reg(self, i: usize, v: T<Value>) {
        self.i.set_reg(i, v.v);
        self.rec().set_reg(i, v.r);
    }
    fn constant(self, w: Value) -> T<Value> {
        self.word(w)
    }
    fn fixnum(self, n: i64) -> T<Value> {
        self.word(Value::fix(n))
    }
    fn test(self, b: B) -> bool {
        self.guard(b.r, b.v != b.neg);
        b.v
    }
    fn promote(self, r: T<Value>) -> Value {
        if r.r.as_const().is_none() {
            let k = self.rec().konst(r.v);
            let c = self.op(Op::Eq, r.r, k);
            self.guard(c, true);
        }
        r.v
    }
    fn is_fixnum(self, a: T<Value>) -> B {
        B { v: a.v.is_fix(), r: self.op1(Op::IsFix, a.r), neg: false }
    }
    fn both_fixnum(self, a: T<Value>, b: T<Value>) -> bool {
        self.is(Op::IsFix, a.r, a.v.is_fix()) && self.is(Op::IsFix, b.r, b.v.is_fix())
    }
    fn as_float(self, a: T<Value>) -> Option<T<f64>> {
        match self.unbox(a) {
            Some(f) => Some(f),
            None => {
                self.is(Op::IsFlo, a.r, false);
                None
            }
        }
    }
    fn number_as_float(self, a: T<Value>) -> Option<T<f64>> {
        if self.is(Op::IsFix, a.r, a.v.is_fix()) {
            return Some(T { v: word::unfix(a.v.bits()) as f64, r: self.op1(Op::FixToFlt, a.r) });
        }
        self.as_float(a)
    }
    fn same(self, a: T<Value>, b: T<Value>) -> B {
        B { v: a.v.is(b.v), r: self.op(Op::Eq, a.r, b.r), neg: false }
    }
    fn fix_add(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        self.checked(Op::FixAdd, a, b.r, self.i.fix_add(a.v, b.v))
    }
    fn fix_sub(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        self.checked(Op::FixSub, a, b.r, self.i.fix_sub(a.v, b.v))
    }
    fn fix_mul(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        self.checked(Op::FixMul, a, b.r, self.i.fix_mul(a.v, b.v))
    }
    fn fix_and(self, a: T<Value>, b: T<Value>) -> T<Value> {
        T { v: self.i.fix_and(a.v, b.v), r: self.op(Op::FixAnd, a.r, b.r) }
    }
    fn fix_or(self, a: T<Value>, b: T<Value>) -> T<Value> {
        T { v: self.i.fix_or(a.v, b.v), r: self.op(Op::FixOr, a.r, b.r) }
    }
    fn fix_xor(self, a: T<Value>, b: T<Value>) -> T<Value> {
        T { v: self.i.fix_xor(a.v, b.v), r: self.op(Op::FixXor, a.r, b.r) }
    }
    fn fix_floordiv(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        let v = self.i.fix_floordiv(a.v, b.v)?;
        self.differs(b, 0);
        if !self.differs(b, -1) {
            let zero = self.fixnum(0);
            return self.checked(Op::FixSub, zero, a.r, Some(v));
        }
        Some(T { v, r: self.op(Op::FixDiv, a.r, b.r) })
    }
    fn fix_mod(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        let v = self.i.fix_mod(a.v, b.v)?;
        self.differs(b, 0);
        if !self.differs(b, -1) {
            return Some(self.fixnum(0));
        }
        Some(T { v, r: self.op(Op::FixMod, a.r, b.r) })
    }
    fn fix_shl(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        let v = self.i.fix_shl(a.v, b.v)?;
        let n = self.op1(Op::Untag, b.r);
        let max = self.rec().core.int(62);
        let c = self.op(Op::Ult, n, max);
        self.guard(c, true);
        self.checked(Op::FixShl, a, n, Some(v))
    }
    fn fix_shr(self, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        let v = self.i.fix_shr(a.v, b.v)?;
        let n = self.op1(Op::Untag, b.r);
        let zero = self.rec().core.int(0);
        let c = self.op(Op::Lt, n, zero);
        self.guard(c, false);
        Some(T { v, r: self.op(Op::FixShr, a.r, n) })
    }
    fn fix_cmp(self, op: Cmp, a: T<Value>, b: T<Value>) -> B {
        self.cmp(op, a.r, b.r, self.i.fix_cmp(op, a.v, b.v), Op::Lt, Op::Le, Op::Eq)
    }
    fn fix_to_int(self, a: T<Value>) -> T<i64> {
        T { v: word::unfix(a.v.bits()), r: self.op1(Op::Untag, a.r) }
    }
    fn int_to_fix(self, a: T<i64>) -> T<Value> {
        T { v: Value::fix(a.v), r: self.op1(Op::Tag, a.r) }
    }
    fn int_ult(self, a: T<i64>, b: T<i64>) -> B {
        B { v: (a.v as u64) < b.v as u64, r: self.rec().core.op_imm(Op::Ult, a.r, b.r, 1), neg: false }
    }
    fn int_add(self, a: T<i64>, b: T<i64>) -> T<i64> {
        T { v: a.v.wrapping_add(b.v), r: self.op(Op::Add, a.r, b.r) }
    }
    fn int_const(self, n: i64) -> T<i64> {
        T { v: n, r: self.rec().core.int(n) }
    }
    fn int_cmp(self, op: Cmp, a: T<i64>, b: T<i64>) -> B {
        self.cmp(op, a.r, b.r, self.i.int_cmp(op, a.v, b.v), Op::Lt, Op::Le, Op::Eq)
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
        self.cmp(op, a.r, b.r, self.i.float_cmp(op, a.v, b.v), Op::FLt, Op::FLe, Op::FEq)
    }
    fn float_is_zero(self, a: T<f64>) -> B {
        let z = self.rec().core.flt(0);
        B { v: a.v == 0.0, r: self.op(Op::FEq, a.r, z), neg: false }
    }
    fn box_float(self, f: T<f64>) -> R<T<Value>> {
        let v = self.i.box_float(f.v)?;
        Ok(T { v, r: self.op1(Op::Box, f.r) })
    }
    fn shape_is(self, o: T<Value>, shape: u32) -> bool {
        // Shape 0 is no object's: an empty cache, which a watched one never becomes.
        if shape == 0 {
            return false;
        }
        if !self.is(Op::IsPtr, o.r, o.v.is_obj()) {
            return false;
        }
        let v = self.i.shape_is(o.v, shape);
        let now = o.v.shape_id();
        if self.rec().from.is_some() {
            watch::specialised(self.i.th.type_of(o.v), self.rec().tree);
        }
        if !v && super::record::PyObjects.fixed(now) {
            // That it is of this one says more, for the tests to come as well.
            let c = self.rec().core.op_imm(Op::ShapeIs, o.r, Ir::NONE, in_trace(now));
            self.guard(c, true);
            return false;
        }
        let c = self.rec().core.op_imm(Op::ShapeIs, o.r, Ir::NONE, in_trace(shape));
        self.guard(c, v);
        v
    }
    fn get(self, o: T<Value>, f: Field) -> T<Value> {
        T { v: self.i.get(o.v, f), r: self.rec().core.op_imm(Op::Get, o.r, Ir::NONE, f.0 as i64) }
    }
    fn get_int(self, o: T<Value>, f: Field) -> T<i64> {
        T { v: self.i.get_int(o.v, f), r: self.rec().core.op_imm(Op::GetInt, o.r, Ir::NONE, f.0 as i64) }
    }
    fn set(self, o: T<Value>, f: Field, v: T<Value>) -> R<()> {
        self.i.set(o.v, f, v.v)?;
        self.rec().core.effect(Inst { a: o.r, b: v.r, imm: f.0 as i64, ..Inst::new(Op::Set) });
        Ok(())
    }
    fn set_int(self, o: T<Value>, f: Field, v: T<i64>) {
        self.i.set_int(o.v, f, v.v);
        self.rec().core.effect(Inst { a: o.r, b: v.r, imm: f.0 as i64, ..Inst::new(Op::SetInt) });
    }
    fn set_shape(self, o: T<Value>, shape: u32) {
        self.i.set_shape(o.v, shape);
        self.rec().core.effect(Inst { a: o.r, imm: in_trace(shape), ..Inst::new(Op::SetShape) });
    }
    fn elem(self, o: T<Value>, base: Field, i: T<i64>) -> T<Value> {
        T { v: self.i.elem(o.v, base, i.v), r: self.rec().core.op_imm(Op::Elem, o.r, i.r, base.0 as i64) }
    }
    fn set_elem(self, o: T<Value>, base: Field, i: T<i64>, v: T<Value>) -> R<()> {
        self.i.set_elem(o.v, base, i.v, v.v)?;
        self.rec().core.effect(Inst { a: o.r, b: i.r, c: v.r, imm: base.0 as i64, ..Inst::new(Op::SetElem) });
        Ok(())
    }
    fn is_null(self, r: T<Value>) -> B {
        let null = self.rec().core.word(0);
        B { v: false, r: self.op(Op::Eq, r.r, null), neg: false }
    }
}

impl PyMachine for Recorder {
    fn kind_first(self, v: T<Value>) {
        if v.v.is_fix() {
            self.test(self.is_fixnum(v));
        } else if v.v.is_exact(Kind::List) {
            self.shape_is(v, Kind::List as u32);
        }
    }
    fn mixed_ints(self, op: Bin, x: T<Value>, y: T<Value>) -> Option<T<Value>> {
        let int = |v: Value| v.is_fix() || v.is_exact(Kind::Int);
        if !int(x.v) || !int(y.v) || x.r.as_const().is_some() && y.r.as_const().is_some() {
            return None;
        }
        if !self.rec().mixes(!x.v.is_fix() || !y.v.is_fix()) {
            return None;
        }
        // Whatever they are, and whatever comes of them: one way goes on from here.
        self.leaf2("ints", helpers::ints(op)?, Effects::READS.or(Effects::RAISES), x, y)
    }
    // Calls of the runtime: direct if they are quiet, else the dispatcher carries the operation out as a whole.
    fn call1(self, f: &'static Residual<Fn1>, a: T<Value>) -> R<T<Value>> {
        if f.name == "TRUTH" {
            return self.truth(f, a).ok_or(Raised);
        }
        self.quiet_unary(f.name, f.call, a).ok_or(Raised)
    }
    fn call2(self, f: &'static Residual<Fn2>, a: T<Value>, b: T<Value>) -> R<T<Value>> {
        if let Some(b) = self.str_order(f.name, a, b) {
            return Ok(self.constant(Value::bool(b)));
        }
        let r = if matches!(f.name, "LT" | "LE" | "EQ" | "NE" | "GT" | "GE") {
            self.quiet_compare(f.name, f.call, a, b)
        } else {
            self.quiet_binary(f.name, f.call, a, b)
        };
        r.ok_or(Raised)
    }
    fn call3(self, _f: &'static Residual<Fn3>, _a: T<Value>, _b: T<Value>, _c: T<Value>) -> R<T<Value>> {
        Err(Raised)
    }
    fn call2_bool(self, f: &'static Residual<Fn2>, a: T<Value>, b: T<Value>) -> R<bool> {
        if let Some(b) = self.str_order(f.name, a, b) {
            return Ok(b);
        }
        let r = self.quiet_compare(f.name, f.call, a, b).ok_or(Raised)?;
        Ok(self.is_singleton(r, TRUE()))
    }
    fn reg_is_null(self, i: usize) -> bool {
        let v = self.i.reg_is_null(i);
        let r = self.rec().reg(i);
        let null = self.rec().core.word(0);
        let c = self.op(Op::Eq, r, null);
        self.guard(c, v);
        v
    }
    fn clear_reg(self, i: usize) {
        self.i.clear_reg(i);
        let null = self.rec().core.word(0);
        self.rec().set_reg(i, null);
    }
    fn konst(self, i: usize) -> T<Value> {
        self.word(self.i.konst(i))
    }
    fn ic(self, i: usize) -> &'static Ic {
        let ic = self.i.ic(i);
        watch::watch_cache(ic, self.rec().tree);
        ic
    }
    fn list_elem(self, a: T<Value>, base: Field, i: T<i64>) -> Option<T<Value>> {
        let v = self.i.list_elem(a.v, base, i.v)?;
        let r = self.rec().core.op_imm(Op::Elem, a.r, i.r, base.0 as i64);
        if self.multi() {
            let null = self.rec().core.word(0);
            let c = self.op(Op::Eq, r, null);
            self.guard(c, false);
        }
        Some(T { v, r })
    }
    fn cell(self, c: T<Value>, at: Field) -> Option<T<Value>> {
        let v = self.i.cell(c.v, at);
        let read = || self.rec().core.op_imm(Op::Get, c.r, Ir::NONE, at.0 as i64);
        if self.multi() {
            // Read once: another thread may empty it.
            let (r, null) = (read(), self.rec().core.word(0));
            let empty = self.op(Op::Eq, r, null);
            self.guard(empty, v.is_none());
            return Some(T { v: v?, r });
        }
        let empty = self.int_cmp(Cmp::Eq, self.get_int(c, at), self.int_const(0));
        self.guard(empty.r, v.is_none() != empty.neg);
        Some(T { v: v?, r: read() })
    }
    fn slot(self, o: T<Value>, at: Field) -> Option<T<Value>> {
        let v = self.list_elem(o, at, self.int_const(0))?;
        // Attributes that the shape has are there; members may not be.
        let member = !crate::shape::shape(o.v.shape_id()).has_attribute_at(at.0);
        if member && !self.multi() {
            let null = self.rec().core.word(0);
            let c = self.op(Op::Eq, v.r, null);
            self.guard(c, false);
        }
        Some(v)
    }
    fn within(self, i: T<i64>, a: T<Value>, cap: Field) -> bool {
        // Only lists' arrays are asked this.
        self.rec().core.op_imm(Op::IsA, a.r, Ir::NONE, Kind::Array as i64);
        // With one thread a list's array has room for its items.
        if !self.multi() {
            return self.i.within(i.v, a.v, cap);
        }
        let c = self.int_ult(i, self.get_int(a, cap));
        self.test(c)
    }
    fn dict_get(self, d: T<Value>, k: T<Value>) -> Option<T<Value>> {
        if let Some(v) = super::quiet::small_dicts::get(self, d, k) {
            return Some(v);
        }
        let v = self.i.dict_get(d.v, k.v)?;
        let f = Callee { addr: helpers::dict_get as *const () as usize, ..DICT_GET };
        let r = self.rec().core.call(Op::CallRef, f, &[d.r, k.r]);
        let null = self.rec().core.word(0);
        let c = self.op(Op::Eq, r, null);
        self.guard(c, false);
        Some(T { v, r })
    }
    fn iter_step(self, it: T<Value>) -> Option<T<Value>> {
        if it.v.is_exact(Kind::BytesIter) {
            return super::steps::next_in_place(self, it);
        }
        if it.v.is_exact(Kind::StrAsciiIter)
            && let Some(c) = super::steps::next_in_place(self, it)
        {
            return Some(c);
        }
        let v = self.i.iter_step(it.v)?;
        let f = Callee { addr: helpers::iter_step as *const () as usize, ..ITER_STEP };
        let rec = self.rec();
        let th = rec.core.op_imm(Op::Base, Ir::NONE, Ir::NONE, 0);
        let r = rec.core.call(Op::CallRef, f, &[th, it.r]);
        // Null: nothing has happened.
        rec.core.set_effects(false);
        let null = rec.core.word(0);
        let c = self.op(Op::Eq, r, null);
        self.guard(c, false);
        rec.core.set_effects(true);
        Some(T { v, r })
    }
    fn is_singleton(self, o: T<Value>, s: Value) -> bool {
        let k = self.rec().konst(s);
        let c = self.op(Op::Eq, o.r, k);
        let v = o.v.is(s);
        self.guard(c, v);
        v
    }
    fn global_cell(self, c: Gc<DictCell>) -> Option<T<Value>> {
        let constant = watch::watch_cell(c, self.rec().tree);
        let v = self.i.global_cell(c)?;
        if constant {
            return Some(self.word(v));
        }
        let k = self.rec().konst(c.value());
        let off = std::mem::offset_of!(DictCell, v) as i64;
        let r = self.rec().core.op_imm(Op::Get, k, Ir::NONE, off);
        let null = self.rec().core.word(0);
        let e = self.op(Op::Eq, r, null);
        self.guard(e, false);
        Some(T { v, r })
    }
    fn set_class_var(self, c: Gc<DictCell>, v: T<Value>) -> R<()> {
        if !c.flag(watch::CELL_CHANGED)
            || !crate::builtins::class_vars::plain(self.i.th, v.v)
            || !super::quiet::known(self, v)
        {
            return Err(self.decline());
        }
        if self.multi() {
            // Another thread may delete the variable, which this trace hears of later.
            self.global_cell(c).ok_or(self.decline())?;
        }
        let cell = self.constant(c.value());
        // It may have been deleted while this recorded the above.
        if c.v.get().is_none() {
            return Err(self.decline());
        }
        self.set(cell, Field(std::mem::offset_of!(DictCell, v) as u32), v)
    }
    fn safepoint(self, _counter: usize) -> bool {
        false
    }
    fn enter(&mut self, pc: Pc, func: T<Value>, base: usize, nargs: usize) -> Option<Pc> {
        let code: Gc<Code> = unsafe { func.v.cast_unchecked::<Function>().code.gc() };
        if !self.rec().may_enter(code) {
            return None;
        }
        self.uncounted();
        self.i.enter(pc, func.v, base, nargs)?;
        let next = Pc::from_ptr(code.ins);
        self.pin_code(func);
        self.rec().call_at(pc);
        self.pushed(func, None, base, nargs, 0);
        Some(next)
    }
    fn enter_init(&mut self, pc: Pc, class: T<Value>, base: usize, nargs: usize) -> Option<Pc> {
        let t: Gc<Type> = unsafe { class.v.cast_unchecked() };
        let init = t.fast_init.get()?;
        let code: Gc<Code> = unsafe { init.cast_unchecked::<Function>().code.gc() };
        if !self.rec().may_enter(code) {
            return None;
        }
        watch::watch_type(t, self.rec().tree);
        self.uncounted();
        self.i.enter_init(pc, class.v, base, nargs)?;
        let next = Pc::from_ptr(code.ins);
        self.promote(class);
        let shape = crate::shape::shape(t.root_shape.load(Relaxed));
        let obj = self.i.reg(0);
        if obj.shape_id() != shape.id {
            self.rec().core.give_up(Counter::AbortInvalid, "the class changed");
        }
        self.rec().call_at(pc);
        let what = (t.inst_kind as i64) << 56 | (shape.size as i64) << 32 | in_trace(shape.id);
        let o = self.rec().core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
        let f = self.word(init);
        let flags = unsafe { (*self.i.fp).flags };
        self.rec().set_reg(base - 1, o);
        self.pushed(f, Some(o), base - 1, nargs + 1, flags);
        Some(next)
    }
    fn enter_defaults(&mut self, pc: Pc, func: T<Value>, base: usize, nargs: usize) -> Option<Pc> {
        let f: Gc<Function> = unsafe { func.v.cast_unchecked() };
        let code: Gc<Code> = f.code.gc();
        if !self.rec().may_enter(code) {
            return None;
        }
        let d = f.defaults.get()?;
        self.uncounted();
        self.i.enter_defaults(pc, func.v, base, nargs)?;
        let next = Pc::from_ptr(code.ins);
        self.pin_code(func);
        let total = code.simple_args as usize;
        let from = nargs + d.len - total;
        let t = self.known_of(func, Field(std::mem::offset_of!(Function, defaults) as u32), d.value());
        let len = self.rec().core.op_imm(Op::GetInt, t.r, Ir::NONE, std::mem::offset_of!(Tuple, len) as i64);
        let same = self.rec().core.int(d.len as i64);
        let c = self.op(Op::Eq, len, same);
        self.guard(c, true);
        for k in from..d.len {
            let v = self.get(t, Field((size_of::<Tuple>() + 8 * k) as u32));
            self.rec().set_reg(base + nargs + k - from, v.r);
        }
        self.rec().call_at(pc);
        self.pushed(func, None, base, total, 0);
        Some(next)
    }
    fn enter_getitem(&mut self, pc: Pc, o: T<Value>, k: T<Value>) -> Option<Pc> {
        if !o.v.is_obj() {
            return None;
        }
        let t = crate::shape::shape(o.v.shape_id()).type_;
        let f = t.fast_getitem.get()?;
        let code: Gc<Code> = unsafe { f.cast_unchecked::<Function>().code.gc() };
        if !self.rec().may_enter(code) {
            return None;
        }
        watch::watch_type(t, self.rec().tree);
        let base = unsafe { (&(*self.i.fp)).code.nregs as usize };
        self.uncounted();
        self.i.enter_getitem(pc, o.v, k.v)?;
        let next = Pc::from_ptr(code.ins);
        if !self.shape_is(o, o.v.shape_id()) {
            return None;
        }
        let func = self.word(f);
        self.rec().call_at(pc);
        self.rec().set_reg(base, o.r);
        self.rec().set_reg(base + 1, k.r);
        let flags = unsafe { (*self.i.fp).flags };
        self.pushed(func, None, base, 2, flags);
        Some(next)
    }
    fn enter_getter(&mut self, pc: Pc, func: Value, this: T<Value>) -> Option<Pc> {
        let f = self.word(func);
        let code: Gc<Code> = unsafe { func.cast_unchecked::<Function>().code.gc() };
        if !self.rec().may_enter(code) {
            return None;
        }
        let base = unsafe { (&(*self.i.fp)).code.nregs as usize };
        self.uncounted();
        self.i.enter_getter(pc, func, this.v)?;
        let next = Pc::from_ptr(code.ins);
        self.rec().call_at(pc);
        self.rec().set_reg(base, this.r);
        let flags = unsafe { (*self.i.fp).flags };
        self.pushed(f, None, base, 1, flags);
        Some(next)
    }
    fn leave(&mut self, result: T<Value>) -> Option<Pc> {
        if self.rec().frames.len() < 2 {
            // `Rec::whole` knows whether the root frame may be left.
            return None;
        }
        let (flags, caller, extra) = unsafe {
            let f = &*self.i.fp;
            (f.flags, self.i.fp.sub(1), if f.flags & fflags::EXTRA != 0 { f.extra.get() } else { None })
        };
        let call = unsafe { crate::interp::instrument::standing(&*caller) };
        let to = self.result_to(flags, call, result)?;
        if self.rec().top_real() {
            self.rec().guard_unheld();
        }
        let next = unsafe { (*caller).pc.offset(1 + to.skip) };
        let object = if to.instance { Some(self.rec().frame_extra()) } else { None };
        self.rec().pop_frame();
        self.i.fp = caller;
        self.i.regs = unsafe { (*caller).regs };
        if let Some(dst) = to.reg {
            match (object, to.outcome) {
                (Some(r), _) => self.set_reg(dst, T { v: extra?, r }),
                (None, Some(b)) => self.set_reg(dst, self.word(Value::bool(b))),
                (None, None) => self.set_reg(dst, result),
            }
        }
        Some(Pc::from_ptr(next))
    }
    fn multi(self) -> bool {
        // That it stays so is what all trees rely on (`watch::watch_world`).
        self.i.multi()
    }
    fn owns(self, o: T<Value>) -> bool {
        if !self.multi() {
            return true;
        }
        // One that a trace would have to leave for is not recorded.
        let owns = self.i.owns(o.v);
        if owns {
            let c = self.rec().core.op1(Op::Owned, o.r);
            self.guard(c, true);
        }
        owns
    }
    fn decline(self) -> Raised {
        Raised
    }
}

impl Recorder {
    /// A call of a native function that uses up a generator: see `interp::drain`.
    pub fn enter_drain(&mut self, pc: Pc, i: adder_bytecode::Ins) -> Option<Pc> {
        use adder_bytecode::Op as Bc;
        let plain = (i.op() == Bc::CallMethod && self.reg_or_null(i.a() + 1).v.is_none()) as usize;
        let (from, n) = (i.a() + 1 + plain, i.b() - plain);
        if n == 0 || n > 2 {
            return None;
        }
        let f = self.reg(i.a());
        // On the native stack, where the collector sees them.
        let mut args = [f; 2];
        let mut words = [f.v; 2];
        for k in 0..n {
            args[k] = self.reg(from + k);
            words[k] = args[k].v;
        }
        let d = crate::interp::drain::of(self.i.th, f.v, &words[..n], true)?;
        let code: Gc<Code> = d.func.code.gc();
        if !self.rec().may_enter(code) {
            return None;
        }
        if plain == 0 && i.op() == Bc::CallMethod {
            // A method: of a string.
            if !self.shape_is(args[0], args[0].v.shape_id()) {
                return None;
            }
        } else if i.op() == Bc::CallMethod {
            self.reg_is_null(i.a() + 1);
        }
        self.promote(f);
        if n == 2 && d.at == 0 {
            // The start of a sum.
            let number = if args[1].v.is_fix() {
                self.test(self.is_fixnum(args[1]))
            } else {
                self.as_float(args[1]).is_some()
            };
            if !number {
                return None;
            }
        }
        let g = args[d.at];
        if !self.shape_is(g, g.v.shape_id()) {
            return None;
        }
        if g.v.is_exact(Kind::Generator) {
            let code = std::mem::offset_of!(crate::interp::generator::Generator, code);
            let of = self.get(g, Field(code as u32));
            self.promote(of);
        }
        if d.zero {
            args[1] = self.fixnum(0);
        }
        let args = &args[..n + d.zero as usize];
        let base = unsafe { (&(*self.i.fp)).code.nregs as usize };
        for (k, a) in args.iter().enumerate() {
            // SAFETY: what lies above the caller's registers is free.
            unsafe { *self.i.regs.add(base + k) = a.v.bits() };
        }
        let func = self.word(d.func.value());
        self.uncounted();
        self.i.enter(pc, func.v, base, args.len())?;
        let next = Pc::from_ptr(code.ins);
        let flags = fflags::HIDDEN;
        unsafe { (*self.i.fp).flags = flags };
        self.rec().call_at(pc);
        for (k, a) in args.iter().enumerate() {
            self.rec().set_reg(base + k, a.r);
        }
        self.pushed(func, None, base, args.len(), flags);
        Some(next)
    }
    /// Truth beyond what the handler knows.
    fn truth(self, f: &'static Residual<Fn1>, a: T<Value>) -> Option<T<Value>> {
        if !a.v.is_obj() {
            return self.quiet_unary(f.name, f.call, a);
        }
        let shape = a.v.shape_id();
        // What says how much is in it. (A string's numbers of bytes and of characters are one word.)
        let size = match shape {
            k if k == Kind::Str as u32 => Some(offset_of!(Str, nbytes)),
            k if k == Kind::Tuple as u32 => Some(offset_of!(Tuple, len)),
            k if k == Kind::Dict as u32 => Some(offset_of!(Dict, used)),
            _ => None,
        };
        if let Some(at) = size {
            if !self.shape_is(a, shape) {
                return None;
            }
            let n = self.get_int(a, Field(at as u32));
            let empty = self.test(self.int_cmp(Cmp::Eq, n, self.int_const(0)));
            // The content of an object's dict is elsewhere.
            if !empty || shape != Kind::Dict as u32 {
                return Some(self.constant(Value::bool(!empty)));
            }
        }
        let t = crate::shape::shape(shape).type_;
        if !t.heap_type() {
            if t.slots.bool.is_none() && t.slots.len.is_none() {
                return self.shape_is(a, shape).then(|| self.word(TRUE()));
            }
            // Builtin types' own: no Python code but where a value is asked in turn.
            let asks = [Kind::WeakProxy, Kind::Native, Kind::Type, Kind::MappingProxy]
                .iter()
                .any(|k| a.v.is_kind(*k))
                && !super::quiet::native_container(t);
            if asks || !self.shape_is(a, shape) {
                return None;
            }
            return self.quiet1(f.name, f.call, Effects::READS.or(Effects::RAISES), a);
        }
        if let Some(r) = super::quiet::derived_truth(self, a) {
            return Some(r);
        }
        if t.slots.bool.is_some() || t.slots.len.is_some() {
            return None;
        }
        watch::watch_type(t, self.rec().tree);
        self.shape_is(a, shape).then(|| self.word(TRUE()))
    }
    /// What becomes of the result of a frame with these flags, `call` being the caller's instruction. None: what
    /// cannot be recorded. Tests come before anything happens.
    pub fn result_to(self, flags: u64, call: adder_bytecode::Ins, result: T<Value>) -> Option<ResultTo> {
        use adder_bytecode::Op as Bc;
        if flags & 0xff & !(fflags::EXTRA | fflags::HIDDEN) != 0 {
            return None;
        }
        let to = |r: usize| Some(ResultTo { reg: Some(r), ..ResultTo::NOWHERE });
        let implemented = || !self.is_singleton(result, NOT_IMPLEMENTED());
        match crate::interp::unwind::cont(flags) {
            Cont::Store => to(call.c()),
            Cont::StoreA => to(call.a()),
            Cont::Discard => Some(ResultTo::NOWHERE),
            Cont::Init => self.is_singleton(result, NONE()).then_some(ResultTo {
                reg: Some(call.c()),
                instance: true,
                ..ResultTo::NOWHERE
            }),
            Cont::Binary if implemented() => to(call.a()),
            Cont::Compare if implemented() => {
                if matches!(call.op(), Bc::Lt | Bc::Le | Bc::Gt | Bc::Ge | Bc::Eq | Bc::Ne) {
                    return to(call.a());
                }
                if !result.v.is(TRUE()) && !result.v.is(FALSE()) {
                    return None;
                }
                let yes = self.is_singleton(result, TRUE());
                if !yes {
                    self.is_singleton(result, FALSE());
                }
                let skip = if yes == (call.x() != 0) { call.ci() as isize } else { 0 };
                Some(ResultTo { skip, ..ResultTo::NOWHERE })
            }
            Cont::ForIter => Some(ResultTo { reg: Some(call.b()), skip: 1, ..ResultTo::NOWHERE }),
            Cont::Special => self.answer(Means::of(flags), call, result),
            _ => None,
        }
    }
    /// The same of a special method that answers for a condition or a builtin function.
    fn answer(self, means: Means, call: adder_bytecode::Ins, result: T<Value>) -> Option<ResultTo> {
        use adder_bytecode::Op as Bc;
        // Whether it is true; None: it is no bool.
        let truth = || {
            if !result.v.is(TRUE()) && !result.v.is(FALSE()) {
                return None;
            }
            let yes = self.is_singleton(result, TRUE());
            if !yes {
                self.is_singleton(result, FALSE());
            }
            Some(yes)
        };
        // Whether it is a length other than 0.
        let filled = || {
            if result.v.as_fix().is_none_or(|n| n < 0) || !self.test(self.is_fixnum(result)) {
                return None;
            }
            self.test(self.fix_cmp(Cmp::Ge, result, self.fixnum(0)));
            Some(result.v.as_fix() != Some(0))
        };
        let to = match call.op() {
            Bc::Call | Bc::CallMethod => call.c(),
            _ => call.a(),
        };
        let whole = ResultTo { reg: Some(to), ..ResultTo::NOWHERE };
        let yes = match means {
            Means::Itself => return Some(whole),
            Means::Len => return filled().map(|_| whole),
            Means::Repr | Means::Str => {
                return (result.v.is_exact(Kind::Str) && self.shape_is(result, Kind::Str as u32))
                    .then_some(whole);
            }
            Means::Iter => {
                let t = self.i.th.type_of(result.v);
                if t.slots.iternext.is_none() || !result.v.is_obj() {
                    return None;
                }
                if t.heap_type() {
                    watch::watch_type(t, self.rec().tree);
                }
                return self.shape_is(result, result.v.shape_id()).then_some(whole);
            }
            Means::Truth | Means::Bool => truth()?,
            Means::Filled => {
                let yes = filled()?;
                self.test(self.same(result, self.fixnum(0)));
                yes
            }
        };
        let wide = call.imm() as isize;
        let jump = |when: bool, by: isize| {
            Some(ResultTo { skip: if yes == when { by } else { 0 }, ..ResultTo::NOWHERE })
        };
        match call.op() {
            Bc::JTrue => jump(true, wide),
            Bc::JFalse => jump(false, wide),
            Bc::JIn => jump(call.x() != 0, call.ci() as isize),
            Bc::In => Some(ResultTo { outcome: Some(yes != (call.x() != 0)), ..whole }),
            Bc::Not => Some(ResultTo { outcome: Some(!yes), ..whole }),
            _ => Some(ResultTo { outcome: Some(yes), ..whole }),
        }
    }
}

/// Where a frame's result goes.
pub struct ResultTo {
    pub reg: Option<usize>,
    /// The new instance instead of the result.
    pub instance: bool,
    /// This bool instead of it.
    pub outcome: Option<bool>,
    /// Instructions to pass over.
    pub skip: isize,
}

impl ResultTo {
    const NOWHERE: ResultTo = ResultTo { reg: None, instance: false, outcome: None, skip: 0 };
}
