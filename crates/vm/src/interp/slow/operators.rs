//! Slow functions of operators, comparisons, membership. Special methods in Python get frames with a continuation.
//!
//! # Invariants
//! The thread's frame pointer is the running frame.

use super::*;

pub fn op_names(op: Op) -> Option<(fast::Bin, Value)> {
    use fast::Bin::*;
    Some(match op {
        Op::Add | Op::AddI => (Add, n!(__add__)),
        Op::Sub | Op::SubI => (Sub, n!(__sub__)),
        Op::Mul | Op::MulI => (Mul, n!(__mul__)),
        Op::TrueDiv => (TrueDiv, n!(__truediv__)),
        Op::FloorDiv | Op::FloorDivI => (FloorDiv, n!(__floordiv__)),
        Op::Mod | Op::ModI => (Mod, n!(__mod__)),
        Op::LShift | Op::LShiftI => (LShift, n!(__lshift__)),
        Op::RShift | Op::RShiftI => (RShift, n!(__rshift__)),
        Op::And | Op::AndI => (And, n!(__and__)),
        Op::Or => (Or, n!(__or__)),
        Op::Xor => (Xor, n!(__xor__)),
        Op::MatMul => (MatMul, n!(__matmul__)),
        Op::Pow => (Pow, n!(__pow__)),
        _ => return None,
    })
}

/// Operand of `Cont::Binary`: the right operand's reflected method runs.
pub const REFLECTED: u16 = 1;

/// The Python function that an arithmetic operation of these operands begins with, by their classes, and the operand of
/// its continuation.
pub fn special_method(th: Th, i: Ins, x: Value, y: Value) -> Option<(Value, u16)> {
    let (op, name) = op_names(i.op())?;
    let t = th.type_of(x);
    if t.heap_type() {
        let own = (i.x() != 0).then(|| ops::inplace_name(op)).and_then(|n| th.lookup(t, n));
        if let Some(f) = own {
            return f.is_exact(Kind::Function).then_some((f, 0));
        }
        if i.x() != 0 && ops::has_inplace(t, op) {
            return None;
        }
        let f = th.lookup(t, name).filter(|f| f.is_exact(Kind::Function))?;
        let ty = th.type_of(y);
        // The reflected method of a proper subclass goes first: leave that to the general protocol.
        return (t == ty || !th.is_subtype(ty, t)).then_some((f, 0));
    }
    let number = [Kind::Int, Kind::Float, Kind::Bool, Kind::Complex].iter().any(|k| x.is_exact(*k));
    if number && y.is_obj() {
        // Builtin numbers know nothing of other classes than their own.
        let ty = th.type_of(y);
        if ty.heap_type() && ty.native.kind == Kind::Object {
            let f = th.lookup(ty, ops::reflected(op)).filter(|f| f.is_exact(Kind::Function))?;
            return Some((f, REFLECTED));
        }
    }
    None
}

/// A bool beside a small int is one in arithmetic, and so are two bools where the result is not a bool, too.
#[inline(always)]
fn bool_as_int(op: fast::Bin, x: Value, y: Value) -> (Value, Value) {
    if op == fast::Bin::MatMul {
        return (x, y);
    }
    let int = |v: Value| v.is_exact(Kind::Bool).then(|| Value::fix(v.is(TRUE()) as i64));
    match (int(x), int(y)) {
        (Some(a), None) if y.is_fix() => (a, y),
        (None, Some(b)) if x.is_fix() => (x, b),
        (Some(a), Some(b)) if !matches!(op, fast::Bin::And | fast::Bin::Or | fast::Bin::Xor) => (a, b),
        _ => (x, y),
    }
}

/// Arithmetic beyond the fast forms: numbers first; a Python special method runs in a frame with a continuation for
/// NotImplemented.
fn arith_general(th: Th, i: Ins, x: Value, y: Value) -> Res {
    let (op, _) = op_names(i.op()).expect("an arithmetic op");
    let (x, y) = bool_as_int(op, x, y);
    if op == fast::Bin::Add && x.is_exact(Kind::Str) && y.is_exact(Kind::Str) {
        let v = builtins::str_type::concat(th, x, y)?;
        return ret_a(th, i, v);
    }
    if let Some((f, arg)) = special_method(th, i, x, y) {
        let args = if arg == REFLECTED { [y, x] } else { [x, y] };
        if push_python_to(th, f, &args, flags_for(Cont::Binary, arg), Some(y))? {
            return NEXT;
        }
    }
    let fp = th.fp.get();
    let m = Interp::<false> { regs: unsafe { (*fp).regs }, th, fp };
    let v = fast::arith(m, op, i.x() != 0, x, y)?;
    ret_a(th, i, v)
}
pub fn binary(th: Th, i: Ins) -> Res {
    arith_general(th, i, reg(th, i.b()), reg(th, i.c()))
}
pub fn binary_i(th: Th, i: Ins) -> Res {
    arith_general(th, i, reg(th, i.b()), Value::fix(i.ci() as i64))
}
/// The rest of the protocol after the method that it began with gave NotImplemented.
pub fn binary_rest(th: Th, i: Ins, x: Value, y: Value, arg: u64) -> R<Value> {
    let (op, _) = op_names(i.op()).expect("an arithmetic op");
    let inplace = i.x() != 0;
    if arg == REFLECTED as u64 {
        return Err(ops::unsupported(th, op, inplace, x, y));
    }
    if inplace && ops::has_inplace(th.type_of(x), op) {
        return ops::inplace_after_own(th, op, x, y);
    }
    ops::binary_after_left(th, op, inplace, x, y)
}
pub fn matmul(th: Th, i: Ins) -> Res {
    binary(th, i)
}
pub fn pow(th: Th, i: Ins) -> Res {
    binary(th, i)
}
pub fn pos(th: Th, i: Ins) -> Res {
    let v = ops::pos(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn invert(th: Th, i: Ins) -> Res {
    let v = ops::invert(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}

pub fn cmp_op(op: Op) -> (CmpOp, Value) {
    match op {
        Op::Lt | Op::JLt | Op::JLtI => (CmpOp::Lt, n!(__lt__)),
        Op::Le | Op::JLe | Op::JLeI => (CmpOp::Le, n!(__le__)),
        Op::Gt | Op::JGt | Op::JGtI => (CmpOp::Gt, n!(__gt__)),
        Op::Ge | Op::JGe | Op::JGeI => (CmpOp::Ge, n!(__ge__)),
        Op::Ne | Op::JNe | Op::JNeI => (CmpOp::Ne, n!(__ne__)),
        _ => (CmpOp::Eq, n!(__eq__)),
    }
}
/// The Python function that a comparison begins with: the left operand's class defines it and the right one's is no
/// proper subclass.
pub fn compare_method(th: Th, i: Ins, x: Value, y: Value) -> Option<Value> {
    let t = th.type_of(x);
    if !t.heap_type() || !crate::slot_defs::compares_by_python(t) {
        return None;
    }
    let f = th.lookup(t, cmp_op(i.op()).1).filter(|f| f.is_exact(Kind::Function))?;
    let ty = th.type_of(y);
    (t == ty || !th.is_subtype(ty, t)).then_some(f)
}
fn push_compare(th: Th, i: Ins, x: Value, y: Value) -> R<bool> {
    match compare_method(th, i, x, y) {
        Some(f) => push_python(th, f, &[x, y], Cont::Compare, Some(y)),
        None => Ok(false),
    }
}
pub fn compare(th: Th, i: Ins) -> Res {
    let (x, y) = (reg(th, i.b()), reg(th, i.c()));
    if let Some(b) = quick::compare(x, y, cmp_op(i.op()).0) {
        return ret_a(th, i, Value::bool(b));
    }
    if push_compare(th, i, x, y)? {
        return NEXT;
    }
    let v = ops::compare_value(th, x, y, cmp_op(i.op()).0)?;
    ret_a(th, i, v)
}
pub fn compare_jump(th: Th, i: Ins) -> Res {
    let (x, y) = (reg(th, i.a()), reg(th, i.b()));
    if let Some(b) = quick::compare(x, y, cmp_op(i.op()).0) {
        if b == (i.x() != 0) {
            skip(th, i.ci() as isize);
        }
        return NEXT;
    }
    if push_compare(th, i, x, y)? {
        return NEXT;
    }
    let v = ops::compare_value(th, x, y, cmp_op(i.op()).0)?;
    if th.truth(v)? == (i.x() != 0) {
        skip(th, i.ci() as isize);
    }
    NEXT
}
#[inline(always)]
fn contains(th: Th, c: Value, k: Value) -> R<bool> {
    match quick::contains(c, k) {
        Some(b) => Ok(b),
        None => th.contains(c, k),
    }
}
pub fn in_(th: Th, i: Ins) -> Res {
    if special::ask(th, i)? {
        return NEXT;
    }
    let b = contains(th, reg(th, i.c()), reg(th, i.b()))?;
    ret_a(th, i, Value::bool(b != (i.x() != 0)))
}
pub fn j_in(th: Th, i: Ins) -> Res {
    if special::ask(th, i)? {
        return NEXT;
    }
    if contains(th, reg(th, i.b()), reg(th, i.a()))? == (i.x() != 0) {
        skip(th, i.ci() as isize);
    }
    NEXT
}

// -- conditions

pub fn j_true(th: Th, i: Ins) -> Res {
    if !special::ask(th, i)? && th.truth(reg(th, i.a()))? {
        skip(th, i.imm() as isize);
    }
    NEXT
}
pub fn j_false(th: Th, i: Ins) -> Res {
    if !special::ask(th, i)? && !th.truth(reg(th, i.a()))? {
        skip(th, i.imm() as isize);
    }
    NEXT
}
pub fn not(th: Th, i: Ins) -> Res {
    if special::ask(th, i)? {
        return NEXT;
    }
    let b = th.truth(reg(th, i.b()))?;
    ret_a(th, i, Value::bool(!b))
}
