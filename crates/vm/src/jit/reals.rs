//! Functions of real numbers in traces ([`Real`]): called with doubles where they lie, without boxes for arguments and
//! result.
//!
//! # Invariants
//! The addresses are those of functions with as many arguments as are passed: what the declaration says.

use super::helpers;
use super::inline::small_int;
use super::machine::{Recorder, T};
use crate::native::Real;
use crate::value::*;
use adder_metatrace::ir::{Callee, Op};
use adder_metatrace::{Cmp, Effects, Machine};

/// Records a call of `f` with the `n` arguments from register `at`. None: it is to be called as any other function.
pub fn call(m: Recorder, f: &Real, at: usize, n: usize) -> Option<T<Value>> {
    let callee = |name| Callee { name, addr: f.address(), effects: Effects::PURE };
    let (r, ir) = match (*f, n) {
        (Real::One(g), 1) => {
            let x = m.number_as_float(m.reg(at))?;
            (g(x.v.to_bits()), m.rec().core.call(Op::CallFlt, callee("real"), &[x.r]))
        }
        (Real::Two(g), 2) => {
            let x = m.number_as_float(m.reg(at))?;
            let y = m.number_as_float(m.reg(at + 1))?;
            let r = g(x.v.to_bits(), y.v.to_bits());
            (r, m.rec().core.call(Op::CallFlt, callee("real"), &[x.r, y.r]))
        }
        (Real::Whole(g), 1) => {
            let x = m.reg(at);
            if x.v.is_fix() {
                return small_int(m, x);
            }
            let x = m.as_float(x)?;
            let r = m.rec().core.call(Op::CallFlt, callee("whole"), &[x.r]);
            return truncated(m, T { v: f64::from_bits(g(x.v.to_bits())), r });
        }
        (Real::Test(g), 1) => {
            let x = m.number_as_float(m.reg(at))?;
            let r = m.rec().core.call(Op::CallInt, callee("test"), &[x.r]);
            let yes = T { v: g(x.v.to_bits()) as i64, r };
            let yes = m.test(m.int_cmp(Cmp::Eq, yes, T { v: 1, r: m.rec().core.int(1) }));
            return Some(m.constant(Value::bool(yes)));
        }
        _ => return None,
    };
    let r = T { v: f64::from_bits(r), r: ir };
    if !m.test(m.float_cmp(Cmp::Eq, r, r)) {
        return None;
    }
    m.box_float(r).ok()
}

/// The integer part, where that is a small int.
pub fn truncated(m: Recorder, x: T<f64>) -> Option<T<Value>> {
    /// Less than any small int's limit.
    const FAR: f64 = (1u64 << 60) as f64;
    let limit = |x: f64| T { v: x, r: m.rec().core.flt(x.to_bits()) };
    if !m.test(m.float_cmp(Cmp::Lt, limit(-FAR), x)) || !m.test(m.float_cmp(Cmp::Lt, x, limit(FAR))) {
        return None;
    }
    let c =
        Callee { name: "truncate", addr: helpers::truncate as *const () as usize, effects: Effects::PURE };
    let r = m.rec().core.call(Op::CallInt, c, &[x.r]);
    Some(m.int_to_fix(T { v: x.v as i64, r }))
}
