//! Operators of bools, and of instances of classes derived from `int` that do not define them anew (members of `IntEnum`):
//! traces compute with the values, if those are small.
//!
//! # Invariants
//! An instance of a class derived from `int` is a [`BigInt`]: its limbs follow it, as many as its size says.

use crate::builtins;
use crate::interp::fast::{Bin, fix_bin};
use crate::interp::machine::PyMachine;
use crate::jit::machine::{Recorder, T};
use crate::jit::watch;
use crate::object::*;
use crate::slot_defs::compares_by_python;
use crate::slots::Slots;
use crate::value::*;
use adder_metatrace::{Cmp, Field, Machine};
use std::mem::offset_of;

/// Values below it are taken.
const LIMIT: i64 = 1 << 60;

fn derived(m: Recorder, v: Value) -> Option<Gc<Type>> {
    if !v.is_obj() || v.is_exact(Kind::Int) || !v.is_kind(Kind::Int) {
        return None;
    }
    Some(m.i.th.type_of(v)).filter(|t| t.heap_type())
}
/// The value of a small int or of such an instance whose class has `int`'s own function in this slot.
fn value(m: Recorder, a: T<Value>, slot: impl Fn(&Slots) -> usize) -> Option<T<Value>> {
    if a.v.is_fix() {
        return m.test(m.is_fixnum(a)).then_some(a);
    }
    if a.v.is_exact(Kind::Bool) {
        // `&`, `|` and `^` of bools are bools.
        if slot(&m.i.th.type_of(a.v).slots) != slot(&builtins::int::INT.get().slots) {
            return None;
        }
        if !m.shape_is(a, Kind::Bool as u32) {
            return None;
        }
        return Some(m.fixnum(m.is_singleton(a, TRUE()) as i64));
    }
    let t = derived(m, a.v)?;
    let n = builtins::int::to_i64(a.v).filter(|n| -LIMIT < *n && *n < LIMIT)?;
    if slot(&t.slots) != slot(&builtins::int::INT.get().slots) {
        return None;
    }
    watch::watch_type(t, m.rec().tree);
    // Of a constant, too: its `__class__` can be assigned.
    if !m.of_shape(a) {
        return None;
    }
    if a.r.as_const().is_some() {
        return Some(m.fixnum(n));
    }
    let size = m.get_int(a, Field(offset_of!(BigInt, size) as u32));
    m.test(m.int_cmp(Cmp::Eq, size, m.int_const(n.signum())));
    if n == 0 {
        return Some(m.fixnum(0));
    }
    let limb = m.get_int(a, Field(size_of::<BigInt>() as u32));
    if !m.test(m.int_ult(limb, m.int_const(LIMIT))) {
        return None;
    }
    let x = m.int_to_fix(limb);
    if n > 0 { Some(x) } else { m.fix_sub(m.fixnum(0), x) }
}
fn either(m: Recorder, a: T<Value>, b: T<Value>) -> bool {
    let one = |v: Value| v.is_exact(Kind::Bool) || derived(m, v).is_some();
    one(a.v) || one(b.v)
}

/// `a op b`, a comparison.
pub(super) fn compare(m: Recorder, name: &str, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
    let op = match name {
        "LT" => Cmp::Lt,
        "LE" => Cmp::Le,
        "EQ" => Cmp::Eq,
        "NE" => Cmp::Ne,
        "GT" => Cmp::Gt,
        "GE" => Cmp::Ge,
        _ => return None,
    };
    if !either(m, a, b) {
        return None;
    }
    let slot = |s: &Slots| s.richcompare.map_or(0, |f| f as usize);
    let (x, y) = (value(m, a, slot)?, value(m, b, slot)?);
    Some(m.constant(Value::bool(m.test(m.fix_cmp(op, x, y)))))
}
/// `a op b` of the arithmetic ones.
pub(super) fn binary(m: Recorder, name: &str, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
    if !either(m, a, b) {
        return None;
    }
    macro_rules! by_name {
        ($($name:literal $op:ident $slot:ident;)*) => {
            match name {
                $($name => {
                    let slot = |s: &Slots| s.$slot.map_or(0, |f| f as usize);
                    fix_bin(m, Bin::$op, value(m, a, slot)?, value(m, b, slot)?)
                })*
                _ => None,
            }
        };
    }
    by_name! {
        "ADD" Add add; "SUB" Sub sub; "MUL" Mul mul; "FLOORDIV" FloorDiv floordiv; "MOD" Mod rem;
        "LSHIFT" LShift lshift; "RSHIFT" RShift rshift; "AND" And and; "OR" Or or; "XOR" Xor xor;
    }
}
/// Whether it is not 0.
pub fn truth(m: Recorder, a: T<Value>) -> Option<T<Value>> {
    derived(m, a.v)?;
    let n = value(m, a, |s| s.bool.map_or(0, |f| f as usize))?;
    Some(m.constant(Value::bool(!m.test(m.fix_cmp(Cmp::Eq, n, m.fixnum(0))))))
}

/// An instance of a Python class that is compared without Python code of its own; if so, its class is watched. (Items of
/// a container may have some: the operation declines.)
pub(super) fn compares_natively(m: Recorder, a: T<Value>) -> bool {
    if !a.v.is_obj() {
        return true;
    }
    let t = m.i.th.type_of(a.v);
    if t.slots.iternext.is_some() || compares_by_python(t) {
        return false;
    }
    if t.heap_type() {
        watch::watch_type(t, m.rec().tree);
    }
    true
}
