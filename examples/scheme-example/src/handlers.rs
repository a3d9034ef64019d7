//! What instructions mean: one text, generic over the machine. With [`Interp`](crate::machine::Interp) it is the
//! interpreter, with the recording machine the trace recorder.
//!
//! All tests of an instruction come before its effect: a guard that fails in compiled code has the interpreter carry out
//! the whole instruction.
//!
//! # Safety
//! The compiler's code is well-formed: jumps stay within it, its last instruction leaves, constants are what the
//! instruction says. Code is never freed.

use crate::code::*;
use crate::machine::{Pc, Scheme, Stop};
use crate::prims;
use crate::value::*;
use adder_metatrace::{Cmp, Field, FloatOp};

type Res<T> = Result<T, Stop>;

fn jump(pc: Pc, to: i16) -> Pc {
    // SAFETY: the compiler's jumps stay within the code.
    unsafe { pc.offset(1 + to as isize) }
}

#[inline(always)]
fn arith<M: Scheme>(m: M, op: FloatOp, a: M::Ref, b: M::Ref) -> Res<M::Ref> {
    if m.both_fixnum(a, b) {
        let r = match op {
            FloatOp::Add => m.fix_add(a, b),
            FloatOp::Sub => m.fix_sub(a, b),
            FloatOp::Mul => m.fix_mul(a, b),
            FloatOp::Div => None,
        };
        if let Some(r) = r {
            return Ok(r);
        }
    } else if let Some(x) = m.number_as_float(a)
        && let Some(y) = m.number_as_float(b)
    {
        return m.box_float(m.float_op(op, x, y));
    }
    // Large numbers, exact quotients, errors.
    let p: &'static prims::Prim = match op {
        FloatOp::Add => &prims::ADD,
        FloatOp::Sub => &prims::SUB,
        FloatOp::Mul => &prims::MUL,
        FloatOp::Div => &prims::DIV,
    };
    m.prim(p, [a, b, a])
}

#[inline(always)]
fn compare<M: Scheme>(m: M, op: Cmp, a: M::Ref, b: M::Ref) -> Res<bool> {
    if m.both_fixnum(a, b) {
        return Ok(m.test(m.fix_cmp(op, a, b)));
    }
    match (m.number_as_float(a), m.number_as_float(b)) {
        (Some(x), Some(y)) => Ok(m.test(m.float_cmp(op, x, y))),
        (None, _) => Err(m.fail("not a number:", &[a])),
        _ => Err(m.fail("not a number:", &[b])),
    }
}

#[inline(always)]
fn is<M: Scheme>(m: M, is: Is, a: M::Ref) -> Res<bool> {
    let word = |m: M, w: u64| m.test(m.same(a, m.constant(w)));
    Ok(match is {
        Is::Null => word(m, nil()),
        Is::False => word(m, truth(false)),
        Is::Pair => m.shape_is(a, PAIR),
        Is::Vector => m.shape_is(a, VECTOR),
        Is::Procedure => m.shape_is(a, CLOSURE),
        Is::Fixnum => m.test(m.is_fixnum(a)),
        Is::Number => m.number_as_float(a).is_some(),
        Is::Zero => compare(m, Cmp::Eq, a, m.fixnum(0))?,
    })
}

fn pair<M: Scheme>(m: M, a: M::Ref) -> Res<M::Ref> {
    if m.shape_is(a, PAIR) { Ok(a) } else { Err(m.fail("not a pair:", &[a])) }
}

/// A vector and a raw index that is within it.
#[inline(always)]
fn place<M: Scheme>(m: M, a: M::Ref, i: M::Ref) -> Res<M::Int> {
    if !m.shape_is(a, VECTOR) {
        return Err(m.fail("not a vector:", &[a]));
    }
    if m.test(m.is_fixnum(i)) {
        let i = m.fix_to_int(i);
        if m.test(m.int_ult(i, m.get_int(a, Field(LENGTH)))) {
            return Ok(i);
        }
    }
    Err(m.fail("no index of the vector:", &[i]))
}

/// Truncating division: from the floored one, for operands of one sign.
#[inline(always)]
fn divide<M: Scheme>(m: M, a: M::Ref, b: M::Ref, quotient: bool) -> Res<M::Ref> {
    if !m.both_fixnum(a, b) {
        return Err(m.fail("no integers:", &[a, b]));
    }
    let zero = m.fixnum(0);
    if m.test(m.same(b, zero)) {
        return Err(m.fail("division by zero", &[]));
    }
    let (na, nb) = (m.test(m.fix_cmp(Cmp::Lt, a, zero)), m.test(m.fix_cmp(Cmp::Lt, b, zero)));
    let neg = |x: M::Ref, is: bool| if is { m.fix_sub(zero, x) } else { Some(x) };
    let r = (|| {
        let (x, y) = (neg(a, na)?, neg(b, nb)?);
        if quotient { neg(m.fix_floordiv(x, y)?, na != nb) } else { neg(m.fix_mod(x, y)?, na) }
    })();
    r.ok_or_else(|| m.fail("the quotient is too large", &[]))
}

/// The code of a closure that gets `n` arguments.
#[inline(always)]
fn callee<M: Scheme>(m: M, f: M::Ref, n: u16) -> Res<&'static Code> {
    if !m.shape_is(f, CLOSURE) {
        return Err(m.fail("not a procedure:", &[f]));
    }
    let code = m.promote_int(m.get_int(f, Field(CODE))) as *const Code;
    // SAFETY: closures hold the address of their code, which is never freed.
    let code = unsafe { &*code };
    if code.params != n as usize {
        return Err(m.fail(&format!("{} takes {} arguments, not {n}", code.name, code.params), &[]));
    }
    Ok(code)
}

/// Carries out the instruction at `pc`; the next one.
#[inline(always)]
pub fn step<M: Scheme>(m: &mut M, pc: Pc) -> Res<Pc> {
    let r = |m: &M, i: Reg| m.reg(i as usize);
    // SAFETY: the interpreter runs within the code.
    match unsafe { *pc } {
        Ins::Header(h) => return m.header(m.code().headers[h as usize], pc),
        Ins::Const { d, k } => m.set_reg(d as usize, m.constant(m.code().consts[k as usize])),
        Ins::Move { d, s } => m.set_reg(d as usize, r(m, s)),
        Ins::Capture { d, k } => {
            let v = m.get(m.reg(0), Field(CAPTURES + 8 * k as u32));
            m.set_reg(d as usize, v);
        }
        Ins::Global { d, k } => {
            let g = m.constant(m.code().consts[k as usize]);
            let v = m.get(g, Field(CONTENT));
            if m.test(m.same(v, m.constant(unbound()))) {
                // SAFETY: a global.
                let name = unsafe { at(m.code().consts[k as usize], NAME) };
                return Err(m.fail("unbound variable:", &[m.constant(name)]));
            }
            m.set_reg(d as usize, v);
        }
        Ins::SetGlobal { k, s, define } => {
            let g = m.constant(m.code().consts[k as usize]);
            if !define && m.test(m.same(m.get(g, Field(CONTENT)), m.constant(unbound()))) {
                // SAFETY: a global.
                let name = unsafe { at(m.code().consts[k as usize], NAME) };
                return Err(m.fail("unbound variable:", &[m.constant(name)]));
            }
            m.set(g, Field(CONTENT), r(m, s))?;
        }
        Ins::MakeBox { d, s } => {
            let b = m.new(BOX, None, &[r(m, s)]);
            m.set_reg(d as usize, b);
        }
        Ins::BoxGet { d, s } => {
            let v = m.get(r(m, s), Field(CONTENT));
            if m.test(m.same(v, m.constant(unbound()))) {
                return Err(m.fail("a variable is used before it has a value", &[]));
            }
            m.set_reg(d as usize, v);
        }
        Ins::BoxSet { b, s } => m.set(r(m, b), Field(CONTENT), r(m, s))?,
        Ins::Closure { d, child, from, n } => {
            let code = m.code().children[child as usize] as *const Code as i64;
            let mut captures = [m.constant(0); 32];
            for k in 0..n {
                captures[k as usize] = r(m, from + k);
            }
            let c = m.new(CLOSURE, Some(code), &captures[..n as usize]);
            m.set_reg(d as usize, c);
        }
        Ins::Arith { op, d, a, b } => {
            let v = arith(*m, op, r(m, a), r(m, b))?;
            m.set_reg(d as usize, v);
        }
        Ins::Quotient { d, a, b } => {
            let v = divide(*m, r(m, a), r(m, b), true)?;
            m.set_reg(d as usize, v);
        }
        Ins::Remainder { d, a, b } => {
            let v = divide(*m, r(m, a), r(m, b), false)?;
            m.set_reg(d as usize, v);
        }
        Ins::Modulo { d, a, b } => {
            let (a, b) = (r(m, a), r(m, b));
            if !m.both_fixnum(a, b) {
                return Err(m.fail("no integers:", &[a, b]));
            }
            match m.fix_mod(a, b) {
                Some(v) => m.set_reg(d as usize, v),
                None => return Err(m.fail("division by zero", &[])),
            }
        }
        Ins::Sqrt { d, a } => {
            let a = r(m, a);
            let Some(x) = m.number_as_float(a) else { return Err(m.fail("not a number:", &[a])) };
            let v = m.box_float(m.sqrt(x))?;
            m.set_reg(d as usize, v);
        }
        Ins::ToFloat { d, a } => {
            let a = r(m, a);
            let Some(x) = m.number_as_float(a) else { return Err(m.fail("not a number:", &[a])) };
            let v = m.box_float(x)?;
            m.set_reg(d as usize, v);
        }
        Ins::Compare { op, d, a, b } => {
            let b = compare(*m, op, r(m, a), r(m, b))?;
            m.set_reg(d as usize, m.constant(truth(b)));
        }
        Ins::Unless { op, a, b, to } => {
            if !compare(*m, op, r(m, a), r(m, b))? {
                return Ok(jump(pc, to));
            }
        }
        Ins::Test { is: what, d, a } => {
            let b = is(*m, what, r(m, a))?;
            m.set_reg(d as usize, m.constant(truth(b)));
        }
        Ins::UnlessIs { is: what, a, to } => {
            if !is(*m, what, r(m, a))? {
                return Ok(jump(pc, to));
            }
        }
        Ins::Eq { d, a, b } => {
            let b = m.test(m.same(r(m, a), r(m, b)));
            m.set_reg(d as usize, m.constant(truth(b)));
        }
        Ins::JumpFalse { a, to } => {
            if m.test(m.same(r(m, a), m.constant(truth(false)))) {
                return Ok(jump(pc, to));
            }
        }
        Ins::Jump { to } => return Ok(jump(pc, to)),
        Ins::Cons { d, a, b } => {
            let p = m.new(PAIR, None, &[r(m, a), r(m, b)]);
            m.set_reg(d as usize, p);
        }
        Ins::Car { d, a } => {
            let v = m.get(pair(*m, r(m, a))?, Field(CAR));
            m.set_reg(d as usize, v);
        }
        Ins::Cdr { d, a } => {
            let v = m.get(pair(*m, r(m, a))?, Field(CDR));
            m.set_reg(d as usize, v);
        }
        Ins::SetCar { a, s } => m.set(pair(*m, r(m, a))?, Field(CAR), r(m, s))?,
        Ins::SetCdr { a, s } => m.set(pair(*m, r(m, a))?, Field(CDR), r(m, s))?,
        Ins::VectorRef { d, a, i } => {
            let a = r(m, a);
            let i = place(*m, a, r(m, i))?;
            let v = m.elem(a, Field(ELEMENTS), i);
            m.set_reg(d as usize, v);
        }
        Ins::VectorSet { a, i, s } => {
            let a = r(m, a);
            let i = place(*m, a, r(m, i))?;
            m.set_elem(a, Field(ELEMENTS), i, r(m, s))?;
        }
        Ins::VectorLength { d, a } => {
            let a = r(m, a);
            if !m.shape_is(a, VECTOR) {
                return Err(m.fail("not a vector:", &[a]));
            }
            let n = m.int_to_fix(m.get_int(a, Field(LENGTH)));
            m.set_reg(d as usize, n);
        }
        Ins::Prim { p, d, from } => {
            let p = &prims::PRIMS[p as usize];
            let zero = m.fixnum(0);
            let mut args = [zero; 3];
            for (k, a) in args.iter_mut().enumerate().take(p.args) {
                *a = m.reg(from as usize + k);
            }
            let v = m.prim(p, args)?;
            m.set_reg(d as usize, v);
        }
        Ins::Call { base, n } => {
            let code = callee(*m, r(m, base), n)?;
            return m.push(code, base as usize, pc);
        }
        Ins::TailCall { base, n } => {
            let code = callee(*m, r(m, base), n)?;
            for k in 0..=n {
                let v = r(m, base + k);
                m.set_reg(k as usize, v);
            }
            return Ok(m.replace(code));
        }
        Ins::Return { s } => {
            let v = r(m, s);
            return m.ret(v);
        }
    }
    // SAFETY: the last instruction of a code returns or jumps.
    Ok(unsafe { pc.add(1) })
}
