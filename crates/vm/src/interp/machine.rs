//! [`PyMachine`]: the machine operations that Python's handlers need beyond [`Machine`], and [`Interp`], the machine
//! that computes.
//!
//! # Invariants
//! - The registers and the frame of an [`Interp`] are those of the running frame of its thread. Registers that are named are
//!   within the frame's window (`adder_bytecode::verify`); what a callee gets goes behind it, where [`REG_MARGIN`] leaves room.
//! - Field accesses name fields of objects whose kind or shape has been tested; only handlers decide that. Kinds never
//!   change. A shape may, by another thread, after it was tested; the object is as large as before, and a place that the shape had
//!   is null or has what it had (see `attr`): so attributes are read with [`PyMachine::slot`], which may find null.
//! - A `Value` is never null; results of arithmetic on tagged words keep their tag, which is not 0.
//! - The fast machine allocates only what fits before the allocator's limit, so it never collects: its frame is not published.
//!
//! [`REG_MARGIN`]: crate::thread

use crate::err::{R, Raised};
use crate::object::*;
use crate::thread::{Frame, Th};
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::{Cmp, Effects, Field, FloatOp, Machine, Residual, word};
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

/// Address of an instruction. `Result<Pc, Raised>` is one word.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pc(pub NonNull<Ins>);

impl Pc {
    #[inline(always)]
    pub fn from_ptr(p: *const Ins) -> Pc {
        unsafe { Pc(NonNull::new_unchecked(p as *mut Ins)) }
    }
    #[inline(always)]
    pub fn ptr(self) -> *const Ins {
        self.0.as_ptr()
    }
    #[inline(always)]
    pub fn next(self) -> Pc {
        unsafe { Pc(self.0.add(1)) }
    }
    #[inline(always)]
    pub fn skip(self, n: isize) -> Pc {
        // SAFETY: jumps lead to instructions of the same code, none of which is at null; the assembly is empty.
        unsafe {
            let p = self.0.as_ptr().offset(1 + n);
            // Keeps a conditional jump a branch: a conditional move would have the next instruction wait for the condition.
            std::arch::asm!("", options(nomem, nostack, preserves_flags));
            // Spares `Result<Pc, Raised>` the test for its null.
            std::hint::assert_unchecked(!p.is_null());
            Pc(NonNull::new_unchecked(p))
        }
    }
}

pub type Fn1 = fn(Th, Value) -> R<Value>;
pub type Fn2 = fn(Th, Value, Value) -> R<Value>;
pub type Fn3 = fn(Th, Value, Value, Value) -> R<Value>;

/// What Python's handlers are written against.
pub trait PyMachine: Machine<Word = Value, Raised = Raised> {
    fn call1(self, f: &'static Residual<Fn1>, a: Self::Ref) -> Result<Self::Ref, Raised>;
    fn call2(self, f: &'static Residual<Fn2>, a: Self::Ref, b: Self::Ref) -> Result<Self::Ref, Raised>;
    fn call3(
        self,
        f: &'static Residual<Fn3>,
        a: Self::Ref,
        b: Self::Ref,
        c: Self::Ref,
    ) -> Result<Self::Ref, Raised>;
    /// A residual call that yields True or False, as a tested condition.
    fn call2_bool(self, f: &'static Residual<Fn2>, a: Self::Ref, b: Self::Ref) -> Result<bool, Raised>;
    /// What kind the value is of matters: a recorder tests it first, which decides other questions.
    #[inline(always)]
    fn kind_first(self, _v: Self::Ref) {}
    /// `x op y` of integers where the instruction meets large ones; None: nothing is known of that.
    #[inline(always)]
    fn mixed_ints(self, _op: super::fast::Bin, _x: Self::Ref, _y: Self::Ref) -> Option<Self::Ref> {
        None
    }
    /// A register that may be null.
    fn reg_is_null(self, i: usize) -> bool;
    fn clear_reg(self, i: usize);
    /// Constant `i` of the running code.
    fn konst(self, i: usize) -> Self::Ref;
    /// Inline cache `i` of the running code: green.
    fn ic(self, i: usize) -> &'static Ic;
    /// Item `i` of a list's array; None: a racing thread has removed it (a slot is null only then).
    fn list_elem(self, a: Self::Ref, base: Field, i: Self::Int) -> Option<Self::Ref>;
    /// The attribute at a place in the object, whose shape is known; None: it has none (a member of `__slots__`).
    fn slot(self, o: Self::Ref, at: Field) -> Option<Self::Ref>;
    /// `i` is below the capacity of array `a`; with one thread the machine may know that without looking.
    fn within(self, i: Self::Int, a: Self::Ref, cap: Field) -> bool;
    /// `d[k]` of an exact dict whose key is found at once; None: slow path.
    fn dict_get(self, d: Self::Ref, k: Self::Ref) -> Option<Self::Ref>;
    /// The next item of the iterators of dicts, `zip` and `enumerate` in simple cases; None: slow path.
    fn iter_step(self, it: Self::Ref) -> Option<Self::Ref>;
    /// Truth of a string or container that says it at once; None: slow path.
    fn quick_truth(self, _v: Self::Ref) -> Option<bool> {
        None
    }
    /// A comparison of strings; None: slow path.
    fn quick_compare(self, _op: Cmp, _a: Self::Ref, _b: Self::Ref) -> Option<bool> {
        None
    }
    /// An item of a string or bytes that needs no new object; None: slow path.
    fn quick_item(self, _o: Self::Ref, _k: Self::Ref) -> Option<Self::Ref> {
        None
    }
    /// A tuple of `n` registers from `base`; None: slow path.
    #[inline(always)]
    fn new_tuple(self, _base: usize, _n: usize) -> Option<Self::Ref> {
        None
    }
    /// `n` items of an object, from `from` on, to the registers from `base` on.
    #[inline(always)]
    fn copy_regs(self, base: usize, o: Self::Ref, from: Field, n: usize) {
        for k in 0..n {
            self.set_reg(base + k, self.elem(o, from, self.int_const(k as i64)));
        }
    }
    /// `o` is this static singleton.
    fn is_singleton(self, o: Self::Ref, s: Value) -> bool;
    /// Content of a cell; None: it is empty. It is read once: another thread may empty it.
    fn cell(self, c: Self::Ref, at: Field) -> Option<Self::Ref>;
    /// Content of a cell of global variables; None: empty. The machine may rely on its staying the same.
    fn global_cell(self, c: Gc<DictCell>) -> Option<Self::Ref>;
    /// Assigns to a class variable in a cell. Declines what somebody is to be told of, and what is a change of the class.
    fn set_class_var(self, c: Gc<DictCell>, v: Self::Ref) -> R<()>;
    /// Whether somebody wants this thread's attention, or the loop whose counter this is has become hot: the slow path
    /// sees to it.
    fn safepoint(self, counter: usize) -> bool;
    /// Enters a Python function: its registers begin at `base`, of which `nargs` are arguments. False: slow path.
    fn enter(&mut self, pc: Pc, func: Self::Ref, base: usize, nargs: usize) -> Option<Pc>;
    /// Makes an instance of a class with a plain `__new__` and enters its Python `__init__`; the callable at `base - 1` is
    /// replaced by the instance. None: slow path.
    fn enter_init(&mut self, pc: Pc, class: Self::Ref, base: usize, nargs: usize) -> Option<Pc>;
    /// `enter` with fewer arguments than parameters, the rest from the function's defaults. None: slow path.
    fn enter_defaults(&mut self, _pc: Pc, _func: Self::Ref, _base: usize, _nargs: usize) -> Option<Pc> {
        None
    }
    /// Enters the Python `__getitem__` of the type of `o`, if it is known to have one. None: slow path.
    fn enter_getitem(&mut self, _pc: Pc, _o: Self::Ref, _k: Self::Ref) -> Option<Pc> {
        None
    }
    /// Enters a Python function of one argument whose result goes to field `a` of this instruction (a property).
    fn enter_getter(&mut self, pc: Pc, func: Value, this: Self::Ref) -> Option<Pc>;
    /// Leaves it with a result. None: slow path.
    fn leave(&mut self, result: Self::Ref) -> Option<Pc>;
    /// Python threads other than this one exist.
    fn multi(self) -> bool;
    /// Whether this thread alone may change an object: see `object_lock`.
    fn owns(self, o: Self::Ref) -> bool;
    /// The operation cannot be done in this machine's fast form.
    fn decline(self) -> Raised;
}

/// The machine that computes. With `FAST` every slow path declines (`Err`) before any effect, and the dispatcher then
/// runs the slow instance of the same handler: fast handlers have no calls and no prologue.
#[derive(Clone, Copy)]
pub struct Interp<const FAST: bool> {
    pub regs: *mut u64,
    pub th: Th,
    pub fp: *mut Frame,
}

impl<const FAST: bool> Interp<FAST> {
    #[inline(always)]
    fn slot(self, o: Value, off: u32) -> &'static Slot {
        unsafe { &*((o.bits() as *const u8).add(off as usize) as *const Slot) }
    }
}

macro_rules! cmp {
    ($op:expr, $a:expr, $b:expr) => {
        match $op {
            Cmp::Lt => $a < $b,
            Cmp::Le => $a <= $b,
            Cmp::Eq => $a == $b,
            Cmp::Ne => $a != $b,
            Cmp::Gt => $a > $b,
            Cmp::Ge => $a >= $b,
        }
    };
}

impl<const FAST: bool> Machine for Interp<FAST> {
    type Ref = Value;
    type Int = i64;
    type Flt = f64;
    type Bool = bool;
    type Word = Value;
    type Raised = Raised;

    #[inline(always)]
    fn reg(self, i: usize) -> Value {
        unsafe {
            let w = *self.regs.add(i);
            debug_assert!(w != 0, "register {i} is null at {:?}", { (*self.fp).lasti() });
            Value::from_bits(w)
        }
    }
    #[inline(always)]
    fn set_reg(self, i: usize, v: Value) {
        unsafe { *self.regs.add(i) = v.bits() }
    }
    #[inline(always)]
    fn constant(self, w: Value) -> Value {
        w
    }
    #[inline(always)]
    fn fixnum(self, n: i64) -> Value {
        Value::fix(n)
    }
    #[inline(always)]
    fn test(self, b: bool) -> bool {
        b
    }
    #[inline(always)]
    fn promote(self, r: Value) -> Value {
        r
    }
    #[inline(always)]
    fn is_fixnum(self, a: Value) -> bool {
        a.is_fix()
    }
    #[inline(always)]
    fn both_fixnum(self, a: Value, b: Value) -> bool {
        word::both_fix(a.bits(), b.bits())
    }
    #[inline(always)]
    fn as_float(self, a: Value) -> Option<f64> {
        if a.is_flo() {
            Some(word::flo_decode(a.bits()))
        } else if !FAST {
            a.exact::<FloatBox>().map(|f| f.f)
        } else {
            None
        }
    }
    #[inline(always)]
    fn number_as_float(self, a: Value) -> Option<f64> {
        if a.is_flo() {
            Some(word::flo_decode(a.bits()))
        } else if a.is_fix() {
            Some(word::unfix(a.bits()) as f64)
        } else if !FAST {
            a.exact::<FloatBox>().map(|f| f.f)
        } else {
            None
        }
    }
    #[inline(always)]
    fn same(self, a: Value, b: Value) -> bool {
        a.is(b)
    }
    #[inline(always)]
    fn fix_add(self, a: Value, b: Value) -> Option<Value> {
        (a.bits() as i64 - 1).checked_add(b.bits() as i64).map(|x| unsafe { Value::from_bits(x as u64) })
    }
    #[inline(always)]
    fn fix_sub(self, a: Value, b: Value) -> Option<Value> {
        (a.bits() as i64).checked_sub(b.bits() as i64 - 1).map(|x| unsafe { Value::from_bits(x as u64) })
    }
    #[inline(always)]
    fn fix_mul(self, a: Value, b: Value) -> Option<Value> {
        (a.bits() as i64 - 1)
            .checked_mul(word::unfix(b.bits()))
            .map(|x| unsafe { Value::from_bits((x + 1) as u64) })
    }
    #[inline(always)]
    fn fix_and(self, a: Value, b: Value) -> Value {
        unsafe { Value::from_bits(a.bits() & b.bits()) }
    }
    #[inline(always)]
    fn fix_or(self, a: Value, b: Value) -> Value {
        unsafe { Value::from_bits(a.bits() | b.bits()) }
    }
    #[inline(always)]
    fn fix_xor(self, a: Value, b: Value) -> Value {
        unsafe { Value::from_bits(a.bits() ^ b.bits() | 1) }
    }
    #[inline(always)]
    fn fix_floordiv(self, a: Value, b: Value) -> Option<Value> {
        let (x, y) = (word::unfix(a.bits()), word::unfix(b.bits()));
        if y == 0 || (y == -1 && x == word::FIX_MIN) {
            return None;
        }
        // Division by a positive 32-bit number is the usual case and the cheap one on most processors.
        let (q, r) = if (x as u64 | y as u64) >> 32 == 0 {
            ((x as u32 / y as u32) as i64, (x as u32 % y as u32) as i64)
        } else {
            (x / y, x % y)
        };
        Some(Value::fix(if r != 0 && (r ^ y) < 0 { q - 1 } else { q }))
    }
    #[inline(always)]
    fn fix_mod(self, a: Value, b: Value) -> Option<Value> {
        let (x, y) = (word::unfix(a.bits()), word::unfix(b.bits()));
        if y == 0 {
            return None;
        }
        if (x as u64 | y as u64) >> 32 == 0 {
            return Some(Value::fix((x as u32 % y as u32) as i64));
        }
        if y == -1 {
            return Some(Value::fix(0));
        }
        let r = x % y;
        Some(Value::fix(if r != 0 && (r ^ y) < 0 { r + y } else { r }))
    }
    #[inline(always)]
    fn fix_shl(self, a: Value, b: Value) -> Option<Value> {
        let (x, n) = (word::unfix(a.bits()), word::unfix(b.bits()));
        if !(0..62).contains(&n) {
            return None;
        }
        let r = x << n;
        if r >> n == x && word::fits_fix(r) { Some(Value::fix(r)) } else { None }
    }
    #[inline(always)]
    fn fix_shr(self, a: Value, b: Value) -> Option<Value> {
        let n = word::unfix(b.bits());
        if n < 0 {
            return None;
        }
        Some(Value::fix(word::unfix(a.bits()) >> n.min(63)))
    }
    #[inline(always)]
    fn fix_cmp(self, op: Cmp, a: Value, b: Value) -> bool {
        let (a, b) = (a.bits() as i64, b.bits() as i64);
        cmp!(op, a, b)
    }
    #[inline(always)]
    fn fix_to_int(self, a: Value) -> i64 {
        word::unfix(a.bits())
    }
    #[inline(always)]
    fn int_to_fix(self, a: i64) -> Value {
        Value::fix(a)
    }
    #[inline(always)]
    fn int_ult(self, a: i64, b: i64) -> bool {
        (a as u64) < b as u64
    }
    #[inline(always)]
    fn int_add(self, a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }
    #[inline(always)]
    fn int_const(self, n: i64) -> i64 {
        n
    }
    #[inline(always)]
    fn int_cmp(self, op: Cmp, a: i64, b: i64) -> bool {
        cmp!(op, a, b)
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
    #[inline(always)]
    fn float_neg(self, a: f64) -> f64 {
        -a
    }
    #[inline(always)]
    fn float_cmp(self, op: Cmp, a: f64, b: f64) -> bool {
        cmp!(op, a, b)
    }
    #[inline(always)]
    fn float_is_zero(self, a: f64) -> bool {
        a == 0.0
    }
    #[inline(always)]
    fn box_float(self, f: f64) -> Result<Value, Raised> {
        if FAST {
            match word::flo_encode(f) {
                Some(w) => Ok(unsafe { Value::from_bits(w) }),
                None => Err(Raised),
            }
        } else {
            Ok(self.th.float(f))
        }
    }
    #[inline(always)]
    fn shape_is(self, o: Value, shape: u32) -> bool {
        o.is_obj() && unsafe { o.header_unchecked().desc.load(Relaxed) == shape }
    }
    #[inline(always)]
    fn get(self, o: Value, f: Field) -> Value {
        // SAFETY: handlers read as a value what always holds one, or what they have found to.
        unsafe { self.slot(o, f.0).value_unchecked() }
    }
    #[inline(always)]
    fn get_int(self, o: Value, f: Field) -> i64 {
        self.slot(o, f.0).raw().load(Relaxed) as i64
    }
    #[inline(always)]
    fn set(self, o: Value, f: Field, v: Value) -> R<()> {
        let obj = unsafe { o.obj().unwrap_unchecked() };
        if FAST && adder_heap::barrier_needed(obj) {
            return Err(Raised);
        }
        let s = self.slot(o, f.0);
        s.init(Some(v));
        if !FAST {
            self.th.m.barrier(obj, s.as_ptr());
        }
        Ok(())
    }
    #[inline(always)]
    fn set_int(self, o: Value, f: Field, v: i64) {
        self.slot(o, f.0).raw().store(v as u64, Relaxed)
    }
    #[inline(always)]
    fn set_shape(self, o: Value, shape: u32) {
        unsafe { o.header_unchecked() }.desc.store(shape, std::sync::atomic::Ordering::Release)
    }
    #[inline(always)]
    fn elem(self, o: Value, base: Field, i: i64) -> Value {
        // SAFETY: as of `get`.
        unsafe {
            (*((o.bits() as *const u8).add(base.0 as usize) as *const Slot).add(i as usize)).value_unchecked()
        }
    }
    #[inline(always)]
    fn set_elem(self, o: Value, base: Field, i: i64, v: Value) -> R<()> {
        let obj = unsafe { o.obj().unwrap_unchecked() };
        if FAST && adder_heap::barrier_needed(obj) {
            return Err(Raised);
        }
        let s = unsafe { &*((o.bits() as *const u8).add(base.0 as usize) as *const Slot).add(i as usize) };
        s.init(Some(v));
        if !FAST {
            self.th.m.barrier(obj, s.as_ptr());
        }
        Ok(())
    }
    #[inline(always)]
    fn is_null(self, _r: Value) -> bool {
        false
    }
}

impl<const FAST: bool> PyMachine for Interp<FAST> {
    #[inline(always)]
    fn call1(self, f: &'static Residual<Fn1>, a: Value) -> R<Value> {
        if FAST { Err(Raised) } else { (f.call)(self.th, a) }
    }
    #[inline(always)]
    fn call2(self, f: &'static Residual<Fn2>, a: Value, b: Value) -> R<Value> {
        if FAST { Err(Raised) } else { (f.call)(self.th, a, b) }
    }
    #[inline(always)]
    fn call3(self, f: &'static Residual<Fn3>, a: Value, b: Value, c: Value) -> R<Value> {
        if FAST { Err(Raised) } else { (f.call)(self.th, a, b, c) }
    }
    #[inline(always)]
    fn call2_bool(self, f: &'static Residual<Fn2>, a: Value, b: Value) -> R<bool> {
        if FAST {
            return Err(Raised);
        }
        let v = (f.call)(self.th, a, b)?;
        self.th.truth(v)
    }
    #[inline(always)]
    fn reg_is_null(self, i: usize) -> bool {
        unsafe { *self.regs.add(i) == 0 }
    }
    #[inline(always)]
    fn clear_reg(self, i: usize) {
        unsafe { *self.regs.add(i) = 0 }
    }
    #[inline(always)]
    fn konst(self, i: usize) -> Value {
        // SAFETY: code names constants that it has; all are values.
        unsafe {
            let code = (&*self.fp).code;
            code.consts.slot().gc::<Array>().slot_unchecked(i).value_unchecked()
        }
    }
    #[inline(always)]
    fn ic(self, i: usize) -> &'static Ic {
        unsafe {
            let code = (&*self.fp).code;
            &*code.ics.add(i)
        }
    }
    #[inline(always)]
    fn list_elem(self, a: Value, base: Field, i: i64) -> Option<Value> {
        unsafe { &*((a.bits() as *const u8).add(base.0 as usize) as *const Slot).add(i as usize) }.get()
    }
    #[inline(always)]
    fn slot(self, o: Value, at: Field) -> Option<Value> {
        self.list_elem(o, at, 0)
    }
    #[inline(always)]
    fn within(self, i: i64, a: Value, cap: Field) -> bool {
        (i as u64) < self.get_int(a, cap) as u64
    }
    #[inline(always)]
    fn dict_get(self, d: Value, k: Value) -> Option<Value> {
        crate::builtins::iter_fast::dict_get(d, k)
    }
    #[inline(always)]
    fn iter_step(self, it: Value) -> Option<Value> {
        crate::builtins::iter_fast::step(self.th, it)
    }
    #[inline(always)]
    fn quick_truth(self, v: Value) -> Option<bool> {
        crate::builtins::quick::truth(v)
    }
    #[inline(always)]
    fn quick_compare(self, op: Cmp, a: Value, b: Value) -> Option<bool> {
        use crate::slots::CmpOp;
        let op = match op {
            Cmp::Lt => CmpOp::Lt,
            Cmp::Le => CmpOp::Le,
            Cmp::Eq => CmpOp::Eq,
            Cmp::Ne => CmpOp::Ne,
            Cmp::Gt => CmpOp::Gt,
            Cmp::Ge => CmpOp::Ge,
        };
        crate::builtins::quick::compare(a, b, op)
    }
    #[inline(always)]
    fn quick_item(self, o: Value, k: Value) -> Option<Value> {
        crate::builtins::quick::item(o, k)
    }
    #[inline(always)]
    fn is_singleton(self, o: Value, s: Value) -> bool {
        o.is(s)
    }
    #[inline(always)]
    fn cell(self, c: Value, at: Field) -> Option<Value> {
        self.list_elem(c, at, 0)
    }
    #[inline(always)]
    fn global_cell(self, c: Gc<DictCell>) -> Option<Value> {
        c.v.get()
    }
    #[inline(always)]
    fn set_class_var(self, c: Gc<DictCell>, v: Value) -> R<()> {
        if !c.flag(crate::jit::watch::CELL_CHANGED)
            || c.v.get().is_none()
            || !crate::builtins::class_vars::plain(self.th, v)
        {
            return Err(self.decline());
        }
        self.set(c.value(), Field(std::mem::offset_of!(DictCell, v) as u32), v)
    }
    #[inline(always)]
    fn safepoint(self, counter: usize) -> bool {
        unsafe {
            !self.th.count_down()
                || *(&(*self.fp)).code.counters.add(counter) == 0
                || self.th.m.poll.load(Relaxed) != 0
        }
    }
    #[inline(always)]
    fn new_tuple(self, base: usize, n: usize) -> Option<Value> {
        if !FAST || !(1..=8).contains(&n) {
            return None;
        }
        // An inline allocation that never collects: the frame is not published.
        let m = &self.th.m;
        let (p, size) = (m.cursor.get(), size_of::<Tuple>() + 8 * n);
        if p + size > m.limit.get() {
            return None;
        }
        let t = m.alloc(size, Kind::Tuple as u8, Kind::Tuple as u32);
        // SAFETY: a new object of that size; the registers are those of the running frame.
        unsafe {
            let t: Gc<Tuple> = Gc::from_obj(t);
            (*t.as_ptr()).len = n;
            copy_words(self.regs.add(base), t.after::<u64>(), n);
            Some(t.value())
        }
    }
    #[inline(always)]
    fn copy_regs(self, base: usize, o: Value, from: Field, n: usize) {
        // SAFETY: as of `get`: so many items, which are never null; registers of the running frame.
        unsafe { copy_words((o.bits() as *const u64).byte_add(from.0 as usize), self.regs.add(base), n) }
    }
    #[inline(always)]
    fn enter(&mut self, pc: Pc, func: Value, base: usize, nargs: usize) -> Option<Pc> {
        unsafe {
            let nf = self.fp.add(1);
            // Recursion without loops must reach a safepoint, too. These first: the handler then saves one register less.
            // Where the function is not entered after all, one call too many is counted, which does no harm.
            let regs = self.regs.add(base);
            if nf >= self.th.frame_limit.get()
                || regs >= self.th.regs_end.get()
                || self.th.m.poll.load(Relaxed) != 0
                || !self.th.count_down()
            {
                return None;
            }
            let f: Gc<Function> = func.cast_unchecked();
            let code: Gc<Code> = f.code.gc_unchecked();
            if code.simple_args != nargs as u32 {
                return None;
            }
            (*self.fp).pc = pc.ptr();
            (*nf).regs = regs;
            (*nf).func = f;
            (*nf).code = code;
            (*nf).flags = 0;
            // Two at a time: what lies behind the locals is free. The empty assembly keeps the loop as small as it is,
            // without a call of `memset`, which would bring a prologue into the handler.
            let (mut p, end) = (regs.add(nargs), regs.add(code.nlocals as usize));
            while p < end {
                (p as *mut [u64; 2]).write_unaligned([0; 2]);
                p = p.add(2);
                std::arch::asm!("", options(nomem, nostack, preserves_flags));
            }
            self.fp = nf;
            self.regs = regs;
            Some(Pc::from_ptr(code.start.load(Relaxed)))
        }
    }
    #[inline(always)]
    fn enter_defaults(&mut self, pc: Pc, func: Value, base: usize, nargs: usize) -> Option<Pc> {
        unsafe {
            let f: Gc<Function> = func.cast_unchecked();
            let total = f.code.gc_unchecked().simple_args;
            if total == u32::MAX || nargs >= total as usize {
                return None;
            }
            let total = total as usize;
            let d = f.defaults.get()?;
            let from = (nargs + d.len).checked_sub(total)?;
            // What lies above the arguments is free, whether the call comes about or not.
            for (k, v) in d.items()[from..].iter().enumerate() {
                *self.regs.add(base + nargs + k) = v.bits();
            }
            self.enter(pc, func, base, total)
        }
    }
    #[inline(always)]
    fn enter_getitem(&mut self, pc: Pc, o: Value, k: Value) -> Option<Pc> {
        unsafe {
            if !o.is_obj() {
                return None;
            }
            let f = crate::shape::shape(o.shape_id()).type_.fast_getitem.get()?;
            let base = (&(*self.fp)).code.nregs as usize;
            *self.regs.add(base) = o.bits();
            *self.regs.add(base + 1) = k.bits();
            let next = self.enter(pc, f, base, 2)?;
            (*self.fp).flags = GETTER_FLAGS;
            Some(next)
        }
    }
    #[inline(always)]
    fn enter_init(&mut self, pc: Pc, class: Value, base: usize, nargs: usize) -> Option<Pc> {
        unsafe {
            let t: Gc<Type> = class.cast_unchecked();
            let init = t.fast_init.get()?;
            let code: Gc<Code> = init.cast_unchecked::<Function>().code.gc_unchecked();
            if code.simple_args != nargs as u32 + 1 {
                return None;
            }
            // An inline allocation that never collects: the frame is not published.
            let shape = crate::shape::shape(t.root_shape.load(Relaxed));
            let th = self.th;
            let p = th.m.cursor.get();
            let end = p + shape.size as usize;
            if end > th.m.limit.get() {
                return None;
            }
            let saved = *self.regs.add(base - 1);
            *self.regs.add(base - 1) = p as u64;
            let next = match self.enter(pc, init, base - 1, nargs + 1) {
                Some(n) => n,
                None => {
                    *self.regs.add(base - 1) = saved;
                    return None;
                }
            };
            let o = th.m.alloc(shape.size as usize, t.inst_kind, shape.id);
            th.own_new(o.as_ref());
            let o = o.as_ptr() as *mut u64;
            let mut i = 1;
            while i < shape.size as usize / 8 {
                *o.add(i) = 0;
                i += 1;
                std::arch::asm!("", options(nomem, nostack, preserves_flags));
            }
            (*self.fp).flags = INIT_FLAGS;
            (*self.fp).extra.init(Some(Value::from_bits(p as u64)));
            Some(next)
        }
    }
    #[inline(always)]
    fn enter_getter(&mut self, pc: Pc, func: Value, this: Value) -> Option<Pc> {
        unsafe {
            let base = (&(*self.fp)).code.nregs as usize;
            *self.regs.add(base) = this.bits();
            let next = self.enter(pc, func, base, 1)?;
            (*self.fp).flags = GETTER_FLAGS;
            Some(next)
        }
    }
    #[inline(always)]
    fn leave(&mut self, result: Value) -> Option<Pc> {
        unsafe {
            let flags = (*self.fp).flags;
            let cf = self.fp.sub(1);
            let pc = (*cf).pc;
            let (dst, v) = if flags == 0 {
                ((*pc).c(), result)
            } else if flags == GETTER_FLAGS {
                ((*pc).a(), result)
            } else if flags == INIT_FLAGS && result.is_none() {
                ((*pc).c(), (*self.fp).extra.value())
            } else {
                return None;
            };
            self.fp = cf;
            self.regs = (*cf).regs;
            *self.regs.add(dst) = v.bits();
            Some(Pc::from_ptr(pc.add(1)))
        }
    }
    #[inline(always)]
    fn multi(self) -> bool {
        self.th.multi()
    }
    #[inline(always)]
    fn owns(self, o: Value) -> bool {
        // SAFETY: only ever asked of objects.
        self.th.owns_header(unsafe { o.header_unchecked() })
    }
    #[inline(always)]
    fn decline(self) -> Raised {
        Raised
    }
}

/// Copies a few words. The empty assembly keeps the loop as small as it is: unrolled, or with the call in
/// [`copy_values`], it would bring a prologue into the handler.
///
/// # Safety
/// That of `copy_nonoverlapping`.
#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, n: usize) {
    for k in 0..n {
        // SAFETY: the caller's.
        unsafe { to.add(k).write(from.add(k).read()) };
        std::arch::asm!("", options(nomem, nostack, preserves_flags));
    }
}

/// `Frame::flags` of a Python `__init__` run by a call of its class.
const INIT_FLAGS: u64 =
    (crate::thread::Cont::Init as u64) << crate::thread::fflags::CONT_SHIFT | crate::thread::fflags::EXTRA;
/// `Frame::flags` of a property's getter.
const GETTER_FLAGS: u64 = (crate::thread::Cont::StoreA as u64) << crate::thread::fflags::CONT_SHIFT;

/// Shorthand for declaring residual functions.
pub const fn residual<T>(name: &'static str, call: T, effects: Effects) -> Residual<T> {
    Residual { name, call, effects }
}
