//! The handlers, written once over [`PyMachine`]: arithmetic, comparison, attributes, items, calls, iteration, jumps.
//! Operations that are always one residual call are in `slow`.
//!
//! Every handler does its tests before its first effect.
//!
//! # Invariants
//! - A cache's entry is null, the word of a cell (`LoadGlobal`), or the first of a list of entries that never move,
//!   never change but for `next`, and live as long as the code: readers need no lock.
//! - What an entry's tag says of its `value` holds: a cell for `MODULE`, a function for `METHOD`.
//! - A field is read of an object whose shape was tested in the same handler.

use super::ic::tag;
use super::machine::*;
use crate::builtins::ops;
use crate::err::R;
use crate::object::*;
use crate::value::*;
use adder_bytecode::{Ins, Op};
use adder_metatrace::{Cmp, Effects, Field, FloatOp, Residual};
use std::mem::offset_of;
use std::sync::atomic::Ordering::{Acquire, Relaxed};

pub type Next = R<Pc>;

pub const LIST_LEN: Field = Field(offset_of!(List, len) as u32);
pub const LIST_ITEMS: Field = Field(offset_of!(List, items) as u32);
pub const ARRAY_CAP: Field = Field(offset_of!(Array, cap) as u32);
pub const ARRAY_DATA: Field = Field(size_of::<Array>() as u32);
pub const TUPLE_LEN: Field = Field(offset_of!(Tuple, len) as u32);
pub const TUPLE_DATA: Field = Field(size_of::<Tuple>() as u32);
const EXT_LEN: Field = Field(offset_of!(AttrExt, len) as u32);
const EXT_DATA: Field = Field(size_of::<AttrExt>() as u32);
const CELL_V: Field = Field(offset_of!(Cell, v) as u32);
pub const LIST: u32 = Kind::List as u32;
pub const TUPLE: u32 = Kind::Tuple as u32;
const DICT: u32 = Kind::Dict as u32;

macro_rules! residuals {
    ($($name:ident $t:ident $f:path;)*) => { $(
        pub static $name: Residual<$t> = residual(stringify!($name), $f, Effects::ANY);
    )* };
}
residuals! {
    ADD Fn2 ops::add; SUB Fn2 ops::sub; MUL Fn2 ops::mul; MATMUL Fn2 ops::matmul; TRUEDIV Fn2 ops::truediv;
    FLOORDIV Fn2 ops::floordiv; MOD Fn2 ops::rem; POW Fn2 ops::pow; LSHIFT Fn2 ops::lshift; RSHIFT Fn2 ops::rshift;
    AND Fn2 ops::and; OR Fn2 ops::or; XOR Fn2 ops::xor;
    IADD Fn2 ops::iadd; ISUB Fn2 ops::isub; IMUL Fn2 ops::imul; IMATMUL Fn2 ops::imatmul; ITRUEDIV Fn2 ops::itruediv;
    IFLOORDIV Fn2 ops::ifloordiv; IMOD Fn2 ops::irem; IPOW Fn2 ops::ipow; ILSHIFT Fn2 ops::ilshift;
    IRSHIFT Fn2 ops::irshift; IAND Fn2 ops::iand; IOR Fn2 ops::ior; IXOR Fn2 ops::ixor;
    LT Fn2 ops::lt; LE Fn2 ops::le; EQ Fn2 ops::eq; NE Fn2 ops::ne; GT Fn2 ops::gt; GE Fn2 ops::ge;
    NEG Fn1 ops::neg; POS Fn1 ops::pos; INVERT Fn1 ops::invert; NOT Fn1 ops::not; TRUTH Fn1 ops::truth_value;
    CONTAINS Fn2 ops::contains_value;
}

/// What kind of arithmetic an operation is on ints.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    Add,
    Sub,
    Mul,
    TrueDiv,
    FloorDiv,
    Mod,
    LShift,
    RShift,
    And,
    Or,
    Xor,
    Pow,
    MatMul,
}

#[inline(always)]
fn residual_of(op: Bin, inplace: bool) -> &'static Residual<Fn2> {
    match (op, inplace) {
        (Bin::Add, false) => &ADD,
        (Bin::Sub, false) => &SUB,
        (Bin::Mul, false) => &MUL,
        (Bin::TrueDiv, false) => &TRUEDIV,
        (Bin::FloorDiv, false) => &FLOORDIV,
        (Bin::Mod, false) => &MOD,
        (Bin::LShift, false) => &LSHIFT,
        (Bin::RShift, false) => &RSHIFT,
        (Bin::And, false) => &AND,
        (Bin::Or, false) => &OR,
        (Bin::Xor, false) => &XOR,
        (Bin::Pow, false) => &POW,
        (Bin::MatMul, false) => &MATMUL,
        (Bin::Add, true) => &IADD,
        (Bin::Sub, true) => &ISUB,
        (Bin::Mul, true) => &IMUL,
        (Bin::TrueDiv, true) => &ITRUEDIV,
        (Bin::FloorDiv, true) => &IFLOORDIV,
        (Bin::Mod, true) => &IMOD,
        (Bin::LShift, true) => &ILSHIFT,
        (Bin::RShift, true) => &IRSHIFT,
        (Bin::And, true) => &IAND,
        (Bin::Or, true) => &IOR,
        (Bin::Xor, true) => &IXOR,
        (Bin::Pow, true) => &IPOW,
        (Bin::MatMul, true) => &IMATMUL,
    }
}

/// `x op y` on fixnums; None: not representable.
#[inline(always)]
pub fn fix_bin<M: PyMachine>(m: M, op: Bin, x: M::Ref, y: M::Ref) -> Option<M::Ref> {
    match op {
        Bin::Add => m.fix_add(x, y),
        Bin::Sub => m.fix_sub(x, y),
        Bin::Mul => m.fix_mul(x, y),
        Bin::FloorDiv => m.fix_floordiv(x, y),
        Bin::Mod => m.fix_mod(x, y),
        Bin::LShift => m.fix_shl(x, y),
        Bin::RShift => m.fix_shr(x, y),
        Bin::And => Some(m.fix_and(x, y)),
        Bin::Or => Some(m.fix_or(x, y)),
        Bin::Xor => Some(m.fix_xor(x, y)),
        Bin::TrueDiv | Bin::Pow | Bin::MatMul => None,
    }
}

/// `x / y` of fixnums that doubles hold exactly.
#[inline(always)]
fn fix_true_div<M: PyMachine>(m: M, x: M::Ref, y: M::Ref) -> Option<M::Flt> {
    const EXACT: i64 = 1 << 53;
    let exact = |a: M::Ref| {
        m.test(m.fix_cmp(Cmp::Le, a, m.fixnum(EXACT))) && m.test(m.fix_cmp(Cmp::Ge, a, m.fixnum(-EXACT)))
    };
    if !exact(x) || !exact(y) || m.test(m.fix_cmp(Cmp::Eq, y, m.fixnum(0))) {
        return None;
    }
    Some(m.float_op(FloatOp::Div, m.number_as_float(x)?, m.number_as_float(y)?))
}

#[inline(always)]
pub fn arith<M: PyMachine>(m: M, op: Bin, inplace: bool, x: M::Ref, y: M::Ref) -> R<M::Ref> {
    if let Some(r) = m.mixed_ints(op, x, y) {
        return Ok(r);
    }
    let fl = match op {
        Bin::Add => Some(FloatOp::Add),
        Bin::Sub => Some(FloatOp::Sub),
        Bin::Mul => Some(FloatOp::Mul),
        Bin::TrueDiv => Some(FloatOp::Div),
        _ => None,
    };
    if op != Bin::TrueDiv && m.both_fixnum(x, y) {
        if let Some(r) = fix_bin(m, op, x, y) {
            return Ok(r);
        }
    } else if let Some(fl) = fl
        && let Some(a) = m.as_float(x)
    {
        if let Some(b) = m.number_as_float(y)
            && !(fl == FloatOp::Div && m.test(m.float_is_zero(b)))
        {
            return m.box_float(m.float_op(fl, a, b));
        }
    } else if op == Bin::TrueDiv && m.both_fixnum(x, y) {
        if let Some(r) = fix_true_div(m, x, y) {
            return m.box_float(r);
        }
    } else if let Some(fl) = fl
        && m.test(m.is_fixnum(x))
        && let Some(b) = m.as_float(y)
        && !(fl == FloatOp::Div && m.test(m.float_is_zero(b)))
        && let Some(a) = m.number_as_float(x)
    {
        return m.box_float(m.float_op(fl, a, b));
    }
    m.call2(residual_of(op, inplace), x, y)
}

macro_rules! binary {
    ($($f:ident $op:ident)*) => { $(
        #[inline(always)]
        pub fn $f<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let r = arith(*m, Bin::$op, i.x() != 0, m.reg(i.b()), m.reg(i.c()))?;
            m.set_reg(i.a(), r);
            Ok(pc.next())
        }
    )* };
}
binary! {
    add Add  sub Sub  mul Mul  true_div TrueDiv  floor_div FloorDiv  modulo Mod  lshift LShift  rshift RShift
    and And  or Or  xor Xor
}

macro_rules! binary_i {
    ($($f:ident $op:ident)*) => { $(
        #[inline(always)]
        pub fn $f<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let r = arith(*m, Bin::$op, i.x() != 0, m.reg(i.b()), m.fixnum(i.ci() as i64))?;
            m.set_reg(i.a(), r);
            Ok(pc.next())
        }
    )* };
}
binary_i! {
    add_i Add  sub_i Sub  mul_i Mul  floor_div_i FloorDiv  mod_i Mod  lshift_i LShift  rshift_i RShift  and_i And
}

#[inline(always)]
pub fn cmp_residual(op: Cmp) -> &'static Residual<Fn2> {
    match op {
        Cmp::Lt => &LT,
        Cmp::Le => &LE,
        Cmp::Eq => &EQ,
        Cmp::Ne => &NE,
        Cmp::Gt => &GT,
        Cmp::Ge => &GE,
    }
}

/// The outcome of a comparison of numbers.
#[inline(always)]
fn compare_numbers<M: PyMachine>(m: M, op: Cmp, x: M::Ref, y: M::Ref) -> Option<bool> {
    if m.both_fixnum(x, y) {
        return Some(m.test(m.fix_cmp(op, x, y)));
    }
    if let Some(a) = m.as_float(x)
        && let Some(b) = m.as_float(y)
    {
        return Some(m.test(m.float_cmp(op, a, b)));
    }
    None
}

macro_rules! compare {
    ($($f:ident $fm:ident $j:ident $jm:ident $ji:ident $op:ident)*) => { $(
        #[inline(always)]
        pub fn $f<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let (x, y) = (m.reg(i.b()), m.reg(i.c()));
            let r = match compare_numbers(*m, Cmp::$op, x, y) {
                Some(b) => m.constant(Value::bool(b)),
                None => m.call2(cmp_residual(Cmp::$op), x, y)?,
            };
            m.set_reg(i.a(), r);
            Ok(pc.next())
        }
        #[inline(always)]
        pub fn $j<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let (x, y) = (m.reg(i.a()), m.reg(i.b()));
            let b = match compare_numbers(*m, Cmp::$op, x, y) {
                Some(b) => b,
                None => m.call2_bool(cmp_residual(Cmp::$op), x, y)?,
            };
            Ok(if b == (i.x() != 0) { pc.skip(i.ci() as isize) } else { pc.next() })
        }
        // Of strings, after numbers.
        #[inline(always)]
        pub fn $fm<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let b = m.quick_compare(Cmp::$op, m.reg(i.b()), m.reg(i.c())).ok_or(m.decline())?;
            m.set_reg(i.a(), m.constant(Value::bool(b)));
            Ok(pc.next())
        }
        #[inline(always)]
        pub fn $jm<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let b = m.quick_compare(Cmp::$op, m.reg(i.a()), m.reg(i.b())).ok_or(m.decline())?;
            Ok(if b == (i.x() != 0) { pc.skip(i.ci() as isize) } else { pc.next() })
        }
        #[inline(always)]
        pub fn $ji<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            let (x, y) = (m.reg(i.a()), m.fixnum(i.bi() as i64));
            let b = if m.test(m.is_fixnum(x)) {
                m.test(m.fix_cmp(Cmp::$op, x, y))
            } else if let Some(a) = m.as_float(x) && let Some(b) = m.number_as_float(y) {
                m.test(m.float_cmp(Cmp::$op, a, b))
            } else {
                m.call2_bool(cmp_residual(Cmp::$op), x, y)?
            };
            Ok(if b == (i.x() != 0) { pc.skip(i.ci() as isize) } else { pc.next() })
        }
    )* };
}
compare! {
    lt lt_more j_lt j_lt_more j_lt_i Lt  le le_more j_le j_le_more j_le_i Le  gt gt_more j_gt j_gt_more j_gt_i Gt
    ge ge_more j_ge j_ge_more j_ge_i Ge  eq eq_more j_eq j_eq_more j_eq_i Eq  ne ne_more j_ne j_ne_more j_ne_i Ne
}

#[inline(always)]
pub fn is<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let b = m.test(m.same(m.reg(i.b()), m.reg(i.c()))) != (i.x() != 0);
    m.set_reg(i.a(), m.constant(Value::bool(b)));
    Ok(pc.next())
}
#[inline(always)]
pub fn j_is<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let b = m.test(m.same(m.reg(i.a()), m.reg(i.b())));
    Ok(if b == (i.x() != 0) { pc.skip(i.ci() as isize) } else { pc.next() })
}
#[inline(always)]
pub fn j_none<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let b = m.is_singleton(m.reg(i.a()), NONE());
    Ok(if b == (i.x() != 0) { pc.skip(i.imm() as isize) } else { pc.next() })
}

/// Truth of a value, tested.
#[inline(always)]
fn truth<M: PyMachine>(m: M, v: M::Ref) -> R<bool> {
    m.kind_first(v);
    if m.is_singleton(v, TRUE()) {
        return Ok(true);
    }
    if m.is_singleton(v, FALSE()) || m.is_singleton(v, NONE()) {
        return Ok(false);
    }
    if m.test(m.is_fixnum(v)) {
        return Ok(!m.test(m.same(v, m.fixnum(0))));
    }
    if m.shape_is(v, LIST) {
        return Ok(!m.test(m.int_cmp(Cmp::Eq, m.get_int(v, LIST_LEN), m.int_const(0))));
    }
    if let Some(b) = m.quick_truth(v) {
        return Ok(b);
    }
    let r = m.call1(&TRUTH, v)?;
    Ok(m.is_singleton(r, TRUE()))
}
#[inline(always)]
pub fn j_true<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    Ok(if truth(*m, m.reg(i.a()))? { pc.skip(i.imm() as isize) } else { pc.next() })
}
#[inline(always)]
pub fn j_false<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    Ok(if truth(*m, m.reg(i.a()))? { pc.next() } else { pc.skip(i.imm() as isize) })
}
#[inline(always)]
pub fn not<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let b = truth(*m, m.reg(i.b()))?;
    m.set_reg(i.a(), m.constant(Value::bool(!b)));
    Ok(pc.next())
}
#[inline(always)]
pub fn jump<M: PyMachine>(_m: &mut M, pc: Pc, i: Ins) -> Next {
    Ok(pc.skip(i.imm() as isize))
}
#[inline(always)]
pub fn jump_back<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    if m.safepoint(i.a()) {
        return Err(m.decline());
    }
    Ok(pc.skip(i.imm() as isize))
}

#[inline(always)]
pub fn neg<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let x = m.reg(i.b());
    let r = if m.test(m.is_fixnum(x))
        && let Some(r) = m.fix_sub(m.fixnum(0), x)
    {
        r
    } else if let Some(a) = m.as_float(x) {
        m.box_float(m.float_neg(a))?
    } else {
        m.call1(&NEG, x)?
    };
    m.set_reg(i.a(), r);
    Ok(pc.next())
}

// -- moves

#[inline(always)]
pub fn nop<M: PyMachine>(_m: &mut M, pc: Pc, _i: Ins) -> Next {
    Ok(pc.next())
}
#[inline(always)]
pub fn mov<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.set_reg(i.a(), m.reg(i.b()));
    Ok(pc.next())
}
#[inline(always)]
pub fn load_const<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.set_reg(i.a(), m.konst(i.imm() as usize));
    Ok(pc.next())
}
#[inline(always)]
pub fn load_int<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.set_reg(i.a(), m.fixnum(i.imm() as i64));
    Ok(pc.next())
}
#[inline(always)]
pub fn load_none<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.set_reg(i.a(), m.constant(NONE()));
    Ok(pc.next())
}
#[inline(always)]
pub fn clear<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.clear_reg(i.a());
    Ok(pc.next())
}
#[inline(always)]
pub fn check_local<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    if m.reg_is_null(i.a()) { Err(m.decline()) } else { Ok(pc.next()) }
}
#[inline(always)]
pub fn load_deref<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let Some(v) = m.cell(m.reg(i.b()), CELL_V) else { return Err(m.decline()) };
    m.set_reg(i.a(), v);
    Ok(pc.next())
}
#[inline(always)]
pub fn store_deref<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    m.set(m.reg(i.a()), CELL_V, m.reg(i.b()))?;
    Ok(pc.next())
}
#[inline(always)]
pub fn load_global<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let e = m.ic(i.c()).entry.load(Relaxed);
    if let Some(c) = Value::from_word(e as u64)
        && let Some(v) = m.global_cell(unsafe { c.cast_unchecked() })
    {
        m.set_reg(i.a(), v);
        return Ok(pc.next());
    }
    Err(m.decline())
}

// -- attributes

/// A handler in two parts: the first for what is usual, the second for the rest. The interpreter runs them as handlers
/// of their own, so that the first needs few registers.
macro_rules! whole {
    ($($f:ident = $first:ident, $more:ident;)*) => { $(
        #[inline(always)]
        pub fn $f<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
            match $first(m, pc, i) {
                Ok(pc) => Ok(pc),
                Err(_) => $more(m, pc, i),
            }
        }
    )* };
}
whole! {
    load_attr = load_attr_first, load_attr_more;
    load_method = load_method_first, load_method_more;
    store_attr = store_attr_first, store_attr_more;
    get_item = get_item_first, get_item_more;
    for_iter = for_iter_first, for_iter_more;
    send = send_first, send_more;
    call = call_first, call_more;
    call_method = call_method_first, call_method_more;
}

/// The attribute at a place in the object that a cache word names; declines if it has none.
#[inline(always)]
fn slot_of<M: PyMachine>(m: M, o: M::Ref, offset: u32) -> R<M::Ref> {
    m.slot(o, Field(offset)).ok_or(m.decline())
}
/// Entry of a polymorphic cache for the object's shape.
#[inline(always)]
fn find_entry<M: PyMachine>(m: M, ic: &'static Ic, o: M::Ref) -> Option<&'static IcEntry> {
    let mut e = ic.entry.load(Acquire);
    while let Some(x) = unsafe { e.as_ref() } {
        // SAFETY: it has the object that it is about.
        let is_it = || m.test(m.same(o, m.constant(unsafe { x.besides() })));
        if m.shape_is(o, x.shape) && (!x.of_one_object() || is_it()) {
            return Some(x);
        }
        e = x.next();
    }
    None
}
/// The same for a concrete object.
pub fn entry_of(ic: &'static Ic, o: Value) -> Option<&'static IcEntry> {
    let (mut e, shape) = (ic.entry.load(Acquire), o.shape_id());
    while let Some(x) = unsafe { e.as_ref() } {
        if x.shape == shape && (!x.of_one_object() || x.aux.value().is(o)) {
            return Some(x);
        }
        e = x.next();
    }
    None
}
/// Attribute `k` of those that do not fit into the object; declines if it is not there.
#[inline(always)]
fn ext_slot<M: PyMachine>(m: M, o: M::Ref, e: &IcEntry) -> R<(M::Ref, M::Int)> {
    let (ext_at, k) = e.ext_place();
    if m.test(m.int_cmp(Cmp::Eq, m.get_int(o, Field(ext_at)), m.int_const(0))) {
        return Err(m.decline());
    }
    let x = m.get(o, Field(ext_at));
    let k = m.int_const(k as i64);
    if !m.test(m.int_ult(k, m.get_int(x, EXT_LEN))) {
        return Err(m.decline());
    }
    Ok((x, k))
}

#[inline(always)]
pub fn load_attr_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let o = m.reg(i.b());
    let ic = m.ic(i.c());
    let w = ic.w0.load(Relaxed);
    if m.shape_is(o, (w >> 32) as u32) {
        let v = slot_of(*m, o, (w >> 16) as u16 as u32)?;
        m.set_reg(i.a(), v);
        return Ok(pc.next());
    }
    Err(m.decline())
}
#[inline(always)]
pub fn load_attr_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let o = m.reg(i.b());
    if let Some(e) = find_entry(*m, m.ic(i.c()), o) {
        let v = match e.tag {
            tag::SLOT => slot_of(*m, o, e.offset())?,
            tag::EXT => {
                let (x, k) = ext_slot(*m, o, e)?;
                match m.list_elem(x, EXT_DATA, k) {
                    Some(v) => v,
                    None => return Err(m.decline()),
                }
            }
            tag::VALUE | tag::TYPE_ATTR => m.constant(e.what()),
            tag::MODULE | tag::CLASS_VAR | tag::TYPE_VAR => {
                m.global_cell(unsafe { e.value.gc() }).ok_or(m.decline())?
            }
            tag::PROPERTY => return m.enter_getter(pc, e.what(), o).ok_or(m.decline()),
            _ => return Err(m.decline()),
        };
        m.set_reg(i.a(), v);
        return Ok(pc.next());
    }
    Err(m.decline())
}

#[inline(always)]
pub fn load_method_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let o = m.reg(i.b());
    let e = m.ic(i.c()).entry.load(Relaxed);
    if let Some(e) = unsafe { e.as_ref() }
        && e.tag == tag::METHOD
        && m.shape_is(o, e.shape)
    {
        m.set_reg(i.a(), m.constant(e.what()));
        m.set_reg(i.a() + 1, o);
        return Ok(pc.next());
    }
    Err(m.decline())
}
#[inline(always)]
pub fn load_method_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let o = m.reg(i.b());
    let ic = m.ic(i.c());
    let w = ic.w0.load(Relaxed);
    if m.shape_is(o, (w >> 32) as u32) {
        let v = slot_of(*m, o, (w >> 16) as u16 as u32)?;
        m.set_reg(i.a(), v);
        m.clear_reg(i.a() + 1);
        return Ok(pc.next());
    }
    if let Some(e) = find_entry(*m, ic, o) {
        let v = match e.tag {
            tag::METHOD => {
                m.set_reg(i.a(), m.constant(e.what()));
                m.set_reg(i.a() + 1, o);
                return Ok(pc.next());
            }
            tag::CLASS_METHOD | tag::TYPE_METHOD => {
                m.set_reg(i.a(), m.constant(e.what()));
                // SAFETY: these have the type.
                m.set_reg(i.a() + 1, m.constant(unsafe { e.besides() }));
                return Ok(pc.next());
            }
            tag::TYPE_ATTR | tag::VALUE => m.constant(e.what()),
            tag::MODULE | tag::CLASS_VAR | tag::TYPE_VAR => {
                m.global_cell(unsafe { e.value.gc() }).ok_or(m.decline())?
            }
            tag::SLOT => slot_of(*m, o, e.offset())?,
            _ => return Err(m.decline()),
        };
        m.set_reg(i.a(), v);
        m.clear_reg(i.a() + 1);
        return Ok(pc.next());
    }
    Err(m.decline())
}

#[inline(always)]
pub fn store_attr_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (o, v) = (m.reg(i.a()), m.reg(i.b()));
    let w = m.ic(i.c()).w0.load(Relaxed);
    if m.shape_is(o, (w >> 32) as u32) {
        m.set(o, Field((w >> 16) as u16 as u32), v)?;
        return Ok(pc.next());
    }
    Err(m.decline())
}
#[inline(always)]
pub fn store_attr_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (o, v) = (m.reg(i.a()), m.reg(i.b()));
    if let Some(e) = find_entry(*m, m.ic(i.c()), o) {
        match e.tag {
            tag::SLOT => m.set(o, Field(e.offset()), v)?,
            tag::ADD if m.owns(o) => {
                m.set(o, Field(e.offset()), v)?;
                // SAFETY: it has the next shape.
                m.set_shape(o, (unsafe { e.besides() }.bits() >> 1) as u32);
            }
            tag::EXT if m.owns(o) => {
                let (x, k) = ext_slot(*m, o, e)?;
                m.set_elem(x, EXT_DATA, k, v)?;
            }
            tag::TYPE_VAR => m.set_class_var(unsafe { e.value.gc() }, v)?,
            _ => return Err(m.decline()),
        }
        return Ok(pc.next());
    }
    Err(m.decline())
}

// -- items

/// Index of a list or tuple of `len` items, negative ones counted from the end; None: out of range.
#[inline(always)]
pub fn index_in<M: PyMachine>(m: M, k: M::Ref, len: M::Int) -> Option<M::Int> {
    let k = m.fix_to_int(k);
    if m.test(m.int_ult(k, len)) {
        return Some(k);
    }
    let j = m.int_add(k, len);
    if m.test(m.int_cmp(Cmp::Lt, k, m.int_const(0))) && m.test(m.int_ult(j, len)) { Some(j) } else { None }
}

/// Item of a list or tuple by index; declines for anything else.
#[inline(always)]
fn item<M: PyMachine>(m: M, o: M::Ref, k: M::Ref) -> R<M::Ref> {
    if m.test(m.is_fixnum(k)) {
        if m.shape_is(o, LIST) {
            if let Some(j) = index_in(m, k, m.get_int(o, LIST_LEN)) {
                let a = m.get(o, LIST_ITEMS);
                // A racing resize may have left a shorter array: its own capacity bounds the access.
                if m.within(j, a, ARRAY_CAP)
                    && let Some(v) = m.list_elem(a, ARRAY_DATA, j)
                {
                    return Ok(v);
                }
            }
        } else if m.shape_is(o, TUPLE)
            && let Some(j) = index_in(m, k, m.get_int(o, TUPLE_LEN))
        {
            return Ok(m.elem(o, TUPLE_DATA, j));
        }
    }
    Err(m.decline())
}
#[inline(always)]
pub fn get_item_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let v = item(*m, m.reg(i.b()), m.reg(i.c()))?;
    m.set_reg(i.a(), v);
    Ok(pc.next())
}
#[inline(always)]
pub fn get_item_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (o, k) = (m.reg(i.b()), m.reg(i.c()));
    if m.shape_is(o, DICT)
        && let Some(v) = m.dict_get(o, k)
    {
        m.set_reg(i.a(), v);
        return Ok(pc.next());
    }
    if let Some(v) = m.quick_item(o, k) {
        m.set_reg(i.a(), v);
        return Ok(pc.next());
    }
    m.enter_getitem(pc, o, k).ok_or(m.decline())
}
#[inline(always)]
pub fn get_item_i<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let v = item(*m, m.reg(i.b()), m.fixnum(i.ci() as i64))?;
    m.set_reg(i.a(), v);
    Ok(pc.next())
}
#[inline(always)]
pub fn set_item<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (o, k, v) = (m.reg(i.a()), m.reg(i.b()), m.reg(i.c()));
    // A store must not race with a resize by another thread, which copies the items.
    if m.test(m.is_fixnum(k))
        && m.shape_is(o, LIST)
        && m.owns(o)
        && let Some(j) = index_in(*m, k, m.get_int(o, LIST_LEN))
    {
        let a = m.get(o, LIST_ITEMS);
        if m.within(j, a, ARRAY_CAP) {
            m.set_elem(a, ARRAY_DATA, j, v)?;
            return Ok(pc.next());
        }
    }
    Err(m.decline())
}
/// Appending where there is room, to a list that no other thread may change.
#[inline(always)]
pub fn append<M: PyMachine>(m: M, l: M::Ref, v: M::Ref) -> R<()> {
    if !m.owns(l) {
        return Err(m.decline());
    }
    let n = m.get_int(l, LIST_LEN);
    let a = m.get(l, LIST_ITEMS);
    if !m.test(m.int_ult(n, m.get_int(a, ARRAY_CAP))) {
        return Err(m.decline());
    }
    m.set_elem(a, ARRAY_DATA, n, v)?;
    m.set_int(l, LIST_LEN, m.int_add(n, m.int_const(1)));
    Ok(())
}
#[inline(always)]
pub fn list_append<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    append(*m, m.reg(i.a()), m.reg(i.b()))?;
    Ok(pc.next())
}

// -- calls

#[inline(always)]
pub fn call_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let f = m.reg(i.a());
    if m.shape_is(f, Kind::Function as u32)
        && let Some(pc) = m.enter(pc, f, i.a() + 1, i.b())
    {
        return Ok(pc);
    }
    Err(m.decline())
}
#[inline(always)]
pub fn call_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let f = m.reg(i.a());
    if m.shape_is(f, Kind::Type as u32)
        && let Some(pc) = m.enter_init(pc, f, i.a() + 1, i.b())
    {
        return Ok(pc);
    }
    if m.shape_is(f, Kind::Function as u32)
        && let Some(pc) = m.enter_defaults(pc, f, i.a() + 1, i.b())
    {
        return Ok(pc);
    }
    Err(m.decline())
}
#[inline(always)]
pub fn call_method_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let f = m.reg(i.a());
    if m.shape_is(f, Kind::Function as u32)
        && !m.reg_is_null(i.a() + 1)
        && let Some(pc) = m.enter(pc, f, i.a() + 1, i.b())
    {
        return Ok(pc);
    }
    Err(m.decline())
}
#[inline(always)]
pub fn call_method_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let f = m.reg(i.a());
    if m.reg_is_null(i.a() + 1) {
        let (base, n) = (i.a() + 2, i.b() - 1);
        if m.shape_is(f, Kind::Function as u32) {
            if let Some(pc) = m.enter(pc, f, base, n) {
                return Ok(pc);
            }
            if let Some(pc) = m.enter_defaults(pc, f, base, n) {
                return Ok(pc);
            }
        }
    } else if m.shape_is(f, Kind::Function as u32)
        && let Some(pc) = m.enter_defaults(pc, f, i.a() + 1, i.b())
    {
        return Ok(pc);
    }
    Err(m.decline())
}
#[inline(always)]
pub fn ret<M: PyMachine>(m: &mut M, _pc: Pc, i: Ins) -> Next {
    let v = m.reg(i.a());
    m.leave(v).ok_or(m.decline())
}
#[inline(always)]
pub fn ret_none<M: PyMachine>(m: &mut M, _pc: Pc, _i: Ins) -> Next {
    let v = m.constant(NONE());
    m.leave(v).ok_or(m.decline())
}

// -- iteration

pub const RANGE_NEXT: Field = Field(offset_of!(RangeIter, next) as u32);
pub const RANGE_STEP: Field = Field(offset_of!(RangeIter, step) as u32);
pub const RANGE_LEFT: Field = Field(offset_of!(RangeIter, left) as u32);
pub const LISTITER_LIST: Field = Field(offset_of!(ListIter, list) as u32);
pub const LISTITER_I: Field = Field(offset_of!(ListIter, i) as u32);
pub const TUPLEITER_TUPLE: Field = Field(offset_of!(TupleIter, tuple) as u32);
pub const TUPLEITER_I: Field = Field(offset_of!(TupleIter, i) as u32);

#[inline(always)]
pub fn for_iter_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let it = m.reg(i.a());
    if m.shape_is(it, Kind::RangeIter as u32) {
        let left = m.get_int(it, RANGE_LEFT);
        if m.test(m.int_cmp(Cmp::Le, left, m.int_const(0))) {
            return Ok(pc.next());
        }
        let n = m.get_int(it, RANGE_NEXT);
        m.set_int(it, RANGE_LEFT, m.int_add(left, m.int_const(-1)));
        m.set_int(it, RANGE_NEXT, m.int_add(n, m.get_int(it, RANGE_STEP)));
        m.set_reg(i.b(), m.int_to_fix(n));
        return Ok(pc.skip(1));
    }
    if m.shape_is(it, Kind::ListIter as u32) {
        let k = m.get_int(it, LISTITER_I);
        // An exhausted iterator has lost its list.
        if m.test(m.int_cmp(Cmp::Lt, k, m.int_const(0))) {
            return Ok(pc.next());
        }
        let l = m.get(it, LISTITER_LIST);
        if m.test(m.int_ult(k, m.get_int(l, LIST_LEN))) {
            let a = m.get(l, LIST_ITEMS);
            if m.within(k, a, ARRAY_CAP)
                && let Some(v) = m.list_elem(a, ARRAY_DATA, k)
            {
                m.set_int(it, LISTITER_I, m.int_add(k, m.int_const(1)));
                m.set_reg(i.b(), v);
                return Ok(pc.skip(1));
            }
        }
        m.set_int(it, LISTITER_I, m.int_const(-1));
        return Ok(pc.next());
    }
    if m.shape_is(it, Kind::TupleIter as u32) {
        let k = m.get_int(it, TUPLEITER_I);
        let t = m.get(it, TUPLEITER_TUPLE);
        if m.test(m.int_ult(k, m.get_int(t, TUPLE_LEN))) {
            m.set_int(it, TUPLEITER_I, m.int_add(k, m.int_const(1)));
            m.set_reg(i.b(), m.elem(t, TUPLE_DATA, k));
            return Ok(pc.skip(1));
        }
        m.set_int(it, TUPLEITER_I, m.int_const(i64::MAX));
        return Ok(pc.next());
    }
    Err(m.decline())
}
#[inline(always)]
pub fn for_iter_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    if let Some(v) = m.iter_step(m.reg(i.a())) {
        m.set_reg(i.b(), v);
        return Ok(pc.skip(1));
    }
    Err(m.decline())
}

/// What `Send` does where None is sent to an iterator that is no generator.
#[inline(always)]
pub fn send_as_for_iter(i: Ins) -> Ins {
    Ins::abc(Op::ForIter, 0, i.b() as u16, i.a() as u16, 0)
}
#[inline(always)]
pub fn sends_none<M: PyMachine>(m: M, i: Ins) -> R<()> {
    // It stays there as the value of `yield from` when there is no other item.
    if m.is_singleton(m.reg(i.a()), NONE()) { Ok(()) } else { Err(m.decline()) }
}
#[inline(always)]
pub fn send_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    sends_none(*m, i)?;
    for_iter_first(m, pc, send_as_for_iter(i))
}
#[inline(always)]
pub fn send_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    sends_none(*m, i)?;
    for_iter_more(m, pc, send_as_for_iter(i))
}

#[inline(always)]
pub fn build_tuple<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let t = m.new_tuple(i.b(), i.c()).ok_or(m.decline())?;
    m.set_reg(i.a(), t);
    Ok(pc.next())
}
/// A tuple.
#[inline(always)]
pub fn unpack_seq_first<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (base, o, n) = (i.a(), m.reg(i.b()), i.c());
    if !m.shape_is(o, TUPLE) || n > 8 {
        return Err(m.decline());
    }
    if !m.test(m.int_cmp(Cmp::Eq, m.get_int(o, TUPLE_LEN), m.int_const(n as i64))) {
        return Err(m.decline());
    }
    m.copy_regs(base, o, TUPLE_DATA, n);
    Ok(pc.next())
}
/// A list.
#[inline(always)]
pub fn unpack_seq_more<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    let (base, o, n) = (i.a(), m.reg(i.b()), i.c());
    if !(1..=4).contains(&n) || !m.shape_is(o, LIST) {
        return Err(m.decline());
    }
    let a = m.get(o, LIST_ITEMS);
    if !m.test(m.int_cmp(Cmp::Eq, m.get_int(o, LIST_LEN), m.int_const(n as i64)))
        || !m.within(m.int_const(n as i64 - 1), a, ARRAY_CAP)
    {
        return Err(m.decline());
    }
    // All of them before the first is stored.
    let mut v = [None; 4];
    for k in 0..n {
        v[k] = Some(m.list_elem(a, ARRAY_DATA, m.int_const(k as i64)).ok_or(m.decline())?);
    }
    for k in 0..n {
        m.set_reg(base + k, v[k].unwrap());
    }
    Ok(pc.next())
}
#[inline(always)]
pub fn unpack_seq<M: PyMachine>(m: &mut M, pc: Pc, i: Ins) -> Next {
    if m.shape_is(m.reg(i.b()), TUPLE) { unpack_seq_first(m, pc, i) } else { unpack_seq_more(m, pc, i) }
}
