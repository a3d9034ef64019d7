//! The methods of `Decimal` and `Context`, by tables: the same operation with the current context and with a given one.

use super::context::{Context, context_arg, rounding, signal};
use super::decimal::{self, ascii, create, of_class, ordering};
use super::num::*;
use super::object::*;
use super::{context, docs, funcs, text};
use crate::common::*;
use adder_vm::builtins::{float, int};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::*;

/// Runs an operation on the views of the operands and gives a Decimal.
macro_rules! run {
    ($th:ident, $c:expr, $f:expr, $($x:ident),+) => {{
        let c = $c;
        $( let $x = Operand::must($th, $x)?; )+
        let mut st = 0;
        let d = $f($($x.view(),)+ &c.ctx(), &mut st);
        signal($th, c, st)?;
        new($th, &d)
    }};
}
/// `self.name(context=None)`
macro_rules! d1 {
    ($name:literal $f:expr) => {
        method($name, "($self, /, context=None)", docs::d($name), |th, a| {
            let x = arg(a, 0);
            run!(th, context_arg(th, a[1])?, $f, x)
        })
    };
}
/// `self.name(other, context=None)`
macro_rules! d2 {
    ($name:literal $f:expr) => {
        method($name, "($self, /, other, context=None)", docs::d($name), |th, a| {
            let (x, y) = (arg(a, 0), arg(a, 1));
            run!(th, context_arg(th, a[2])?, $f, x, y)
        })
    };
}
/// `context.name(x)`
macro_rules! c1 {
    ($name:literal $f:expr) => {
        method($name, "($self, x, /)", docs::c($name), |th, a| {
            let x = arg(a, 1);
            run!(th, Context::of(arg(a, 0)), $f, x)
        })
    };
}
/// `context.name(x, y)`
macro_rules! c2 {
    ($name:literal $f:expr) => {
        method($name, "($self, x, y, /)", docs::c($name), |th, a| {
            let (x, y) = (arg(a, 1), arg(a, 2));
            run!(th, Context::of(arg(a, 0)), $f, x, y)
        })
    };
}
/// A question without context, for both types.
macro_rules! dq {
    ($name:literal $f:expr) => {
        method($name, "($self, /)", docs::d($name), |_, a| {
            let f: fn(View) -> bool = $f;
            Ok(Value::bool(f(view(DecObj::of(arg(a, 0))))))
        })
    };
}
macro_rules! cq {
    ($name:literal $f:expr) => {
        method($name, "($self, x, /)", docs::c($name), |th, a| {
            let f: fn(View) -> bool = $f;
            let x = Operand::must(th, arg(a, 1))?;
            Ok(Value::bool(f(x.view())))
        })
    };
}
macro_rules! dqc {
    ($name:literal $f:expr) => {
        method($name, "($self, /, context=None)", docs::d($name), |th, a| {
            let f: fn(View, &Ctx) -> bool = $f;
            let c = context_arg(th, a[1])?;
            Ok(Value::bool(f(view(DecObj::of(arg(a, 0))), &c.ctx())))
        })
    };
}
macro_rules! cqc {
    ($name:literal $f:expr) => {
        method($name, "($self, x, /)", docs::c($name), |th, a| {
            let f: fn(View, &Ctx) -> bool = $f;
            let x = Operand::must(th, arg(a, 1))?;
            Ok(Value::bool(f(x.view(), &Context::of(arg(a, 0)).ctx())))
        })
    };
}

// Operations with the common signature.
fn compare_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    compare(a, b, false, c, st)
}
fn compare_signal_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    compare(a, b, true, c, st)
}
fn max_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    extreme(a, b, true, false, c, st)
}
fn min_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    extreme(a, b, false, false, c, st)
}
fn max_mag_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    extreme(a, b, true, true, c, st)
}
fn min_mag_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    extreme(a, b, false, true, c, st)
}
fn and_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    logical(a, b, |x, y| x & y, c, st)
}
fn or_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    logical(a, b, |x, y| x | y, c, st)
}
fn xor_op(a: View, b: View, c: &Ctx, st: &mut u32) -> Dec {
    logical(a, b, |x, y| x ^ y, c, st)
}
fn total_op(a: View, b: View, _: &Ctx, _: &mut u32) -> Dec {
    ordering(cmp_total(&a, &b))
}
fn total_mag_op(a: View, b: View, _: &Ctx, _: &mut u32) -> Dec {
    ordering(cmp_total_mag(&a, &b))
}
fn copy_sign_op(a: View, b: View, _: &Ctx, _: &mut u32) -> Dec {
    let mut d = a.own();
    d.flags = (d.flags & !NEG) | (b.flags & NEG);
    d
}
fn copy_abs_op(a: View, _: &Ctx, _: &mut u32) -> Dec {
    a.abs().own()
}
fn copy_negate_op(a: View, _: &Ctx, _: &mut u32) -> Dec {
    a.negated().own()
}
fn integral(a: View, c: &Ctx, st: &mut u32) -> Dec {
    to_integral(a, false, c, st)
}
fn integral_exact(a: View, c: &Ctx, st: &mut u32) -> Dec {
    to_integral(a, true, c, st)
}
fn same_quantum(a: View, b: View) -> bool {
    if a.special() || b.special() {
        return a.nan() && b.nan() || a.inf() && b.inf();
    }
    a.exp == b.exp
}
/// `to_integral_*(rounding=None, context=None)`.
fn integral_method(th: Th, a: &[Option<Value>], exact: bool) -> R<Value> {
    let c = context_arg(th, a[2])?;
    let mut x = c.ctx();
    if let Some(r) = a[1].and_then(|r| r.some()) {
        x.round = rounding(th, r)?;
    }
    let mut st = 0;
    let d = to_integral(view(DecObj::of(arg(a, 0))), exact, &x, &mut st);
    signal(th, c, st)?;
    new(th, &d)
}
const ROUNDING: &str = "($self, /, rounding=None, context=None)";

pub static DECIMAL_METHODS: &[NativeDef] = &[
    d1!("exp" funcs::exp),
    d1!("ln" funcs::ln),
    d1!("log10" funcs::log10),
    d1!("next_minus" next_minus),
    d1!("next_plus" next_plus),
    d1!("normalize" reduce),
    d1!("sqrt" funcs::sqrt),
    d1!("logb" logb),
    d1!("logical_invert" logical_invert),
    d2!("compare" compare_op),
    d2!("compare_signal" compare_signal_op),
    d2!("max" max_op),
    d2!("max_mag" max_mag_op),
    d2!("min" min_op),
    d2!("min_mag" min_mag_op),
    d2!("next_toward" next_toward),
    d2!("remainder_near" rem_near),
    d2!("logical_and" and_op),
    d2!("logical_or" or_op),
    d2!("logical_xor" xor_op),
    d2!("rotate" rotate),
    d2!("scaleb" scaleb),
    d2!("shift" shift),
    d2!("compare_total" total_op),
    d2!("compare_total_mag" total_mag_op),
    d2!("copy_sign" copy_sign_op),
    dq!("is_canonical" | _ | true),
    dq!("is_finite" | v | !v.special()),
    dq!("is_infinite" | v | v.inf()),
    dq!("is_nan" | v | v.nan()),
    dq!("is_qnan" | v | v.qnan()),
    dq!("is_snan" | v | v.snan()),
    dq!("is_signed" | v | v.neg()),
    dq!("is_zero" | v | v.zero()),
    dqc!("is_normal" | v, c | v.is_normal(c)),
    dqc!("is_subnormal" | v, c | v.is_subnormal(c)),
    method("to_integral", ROUNDING, docs::d("to_integral"), |th, a| integral_method(th, a, false)),
    method("to_integral_value", ROUNDING, docs::d("to_integral_value"), |th, a| {
        integral_method(th, a, false)
    }),
    method("to_integral_exact", ROUNDING, docs::d("to_integral_exact"), |th, a| integral_method(th, a, true)),
    method("quantize", "($self, /, exp, rounding=None, context=None)", docs::d("quantize"), |th, a| {
        let c = context_arg(th, a[3])?;
        let mut x = c.ctx();
        if let Some(r) = a[2].and_then(|r| r.some()) {
            x.round = rounding(th, r)?;
        }
        let q = Operand::must(th, arg(a, 1))?;
        let mut st = 0;
        let d = quantize(view(DecObj::of(arg(a, 0))), q.view(), &x, &mut st);
        signal(th, c, st)?;
        new(th, &d)
    }),
    method("fma", "($self, /, other, third, context=None)", docs::d("fma"), |th, a| {
        let (x, y, z) = (arg(a, 0), arg(a, 1), arg(a, 2));
        run!(th, context_arg(th, a[3])?, fma, x, y, z)
    }),
    method("same_quantum", "($self, /, other, context=None)", docs::d("same_quantum"), |th, a| {
        context_arg(th, a[2])?;
        let y = Operand::must(th, arg(a, 1))?;
        Ok(Value::bool(same_quantum(view(DecObj::of(arg(a, 0))), y.view())))
    }),
    method("number_class", "($self, /, context=None)", docs::d("number_class"), |th, a| {
        let c = context_arg(th, a[1])?;
        ascii(th, class(view(DecObj::of(arg(a, 0))), &c.ctx()))
    }),
    method("to_eng_string", "($self, /, context=None)", docs::d("to_eng_string"), |th, a| {
        let c = context_arg(th, a[1])?;
        let t = text::to_string(view(DecObj::of(arg(a, 0))), true, c.capitals.load(Relaxed) != 0);
        th.try_str(&t)
    }),
    method("adjusted", "($self, /)", docs::d("adjusted"), |th, a| {
        let v = view(DecObj::of(arg(a, 0)));
        Ok(th.int(if v.special() { 0 } else { v.adjusted() }))
    }),
    method("canonical", "($self, /)", docs::d("canonical"), |_, a| Ok(arg(a, 0))),
    method("conjugate", "($self, /)", docs::d("conjugate"), |_, a| Ok(arg(a, 0))),
    method("radix", "($self, /)", docs::d("radix"), |th, _| new(th, &Dec::word(false, 10, 0))),
    method("copy_abs", "($self, /)", docs::d("copy_abs"), |th, a| {
        let d = view(DecObj::of(arg(a, 0))).abs().own();
        new(th, &d)
    }),
    method("copy_negate", "($self, /)", docs::d("copy_negate"), |th, a| {
        let d = view(DecObj::of(arg(a, 0))).negated().own();
        new(th, &d)
    }),
    classmethod("from_float", "($type, f, /)", docs::d("from_float"), |th, a| {
        let v = arg(a, 1);
        let d = if int::is_int(v) || v.is_kind(Kind::Bool) {
            from_int(v)
        } else if let Some(f) = float::as_f64(v) {
            from_f64(f)
        } else {
            return Err(th.type_error("argument must be int or float"));
        };
        of_class(th, arg(a, 0), &d)
    }),
    classmethod("from_number", "($type, number, /)", docs::d("from_number"), |th, a| {
        let v = arg(a, 1);
        let d = if int::is_int(v) || v.is_kind(Kind::Bool) {
            from_int(v)
        } else if let Some(f) = float::as_f64(v) {
            from_f64(f)
        } else if is_dec(th, v) {
            view(DecObj::of(v)).own()
        } else {
            return Err(no_conversion(th, v));
        };
        of_class(th, arg(a, 0), &d)
    }),
    method("as_tuple", "($self, /)", docs::d("as_tuple"), |th, a| decimal::as_tuple(th, arg(a, 0))),
    method("as_integer_ratio", "($self, /)", docs::d("as_integer_ratio"), |th, a| {
        decimal::as_integer_ratio(th, arg(a, 0))
    }),
    method("__copy__", "($self, /)", docs::d("__copy__"), |_, a| Ok(arg(a, 0))),
    method("__deepcopy__", "($self, object, /)", docs::d("__deepcopy__"), |_, a| Ok(arg(a, 0))),
    method(
        "__format__",
        "!($self, format_spec, override=<unrepresentable>, /)",
        docs::d("__format__"),
        decimal::format,
    ),
    method("__reduce__", "($self, /)", docs::d("__reduce__"), |th, a| decimal::reduce_ex(th, arg(a, 0))),
    method("__round__", "!($self, ndigits=<unrepresentable>, /)", docs::d("__round__"), decimal::round),
    method("__ceil__", "($self, /)", docs::d("__ceil__"), |th, a| {
        to_int(th, view(DecObj::of(arg(a, 0))), Round::Ceiling)
    }),
    method("__floor__", "($self, /)", docs::d("__floor__"), |th, a| {
        to_int(th, view(DecObj::of(arg(a, 0))), Round::Floor)
    }),
    method("__trunc__", "($self, /)", docs::d("__trunc__"), |th, a| {
        to_int(th, view(DecObj::of(arg(a, 0))), Round::Down)
    }),
    method("__complex__", "($self, /)", docs::d("__complex__"), |th, a| decimal::to_complex(th, arg(a, 0))),
    method("__sizeof__", "($self, /)", docs::d("__sizeof__"), |th, a| {
        let v = view(DecObj::of(arg(a, 0)));
        let n = if v.coef.len() > 2 { v.coef.len() * 8 } else { 0 };
        Ok(th.int(DecObj::SIZE as i64 + n as i64))
    }),
];

pub static CONTEXT_METHODS: &[NativeDef] = &[
    c1!("abs" abs),
    c1!("minus" minus),
    c1!("plus" plus),
    c1!("to_integral" integral),
    c1!("to_integral_value" integral),
    c1!("to_integral_exact" integral_exact),
    c1!("copy_abs" copy_abs_op),
    c1!("copy_negate" copy_negate_op),
    c1!("exp" funcs::exp),
    c1!("ln" funcs::ln),
    c1!("log10" funcs::log10),
    c1!("next_minus" next_minus),
    c1!("next_plus" next_plus),
    c1!("normalize" reduce),
    c1!("sqrt" funcs::sqrt),
    c1!("logb" logb),
    c1!("logical_invert" logical_invert),
    c2!("add" add),
    c2!("divide" div),
    c2!("divide_int" divint),
    c2!("multiply" mul),
    c2!("quantize" quantize),
    c2!("remainder" rem),
    c2!("subtract" sub),
    c2!("compare" compare_op),
    c2!("compare_signal" compare_signal_op),
    c2!("max" max_op),
    c2!("max_mag" max_mag_op),
    c2!("min" min_op),
    c2!("min_mag" min_mag_op),
    c2!("next_toward" next_toward),
    c2!("remainder_near" rem_near),
    c2!("logical_and" and_op),
    c2!("logical_or" or_op),
    c2!("logical_xor" xor_op),
    c2!("rotate" rotate),
    c2!("scaleb" scaleb),
    c2!("shift" shift),
    c2!("compare_total" total_op),
    c2!("compare_total_mag" total_mag_op),
    c2!("copy_sign" copy_sign_op),
    method("is_canonical", "($self, x, /)", docs::c("is_canonical"), |th, a| {
        if is_dec(th, arg(a, 1)) { Ok(TRUE()) } else { Err(th.type_error("argument must be a Decimal")) }
    }),
    cq!("is_finite" | v | !v.special()),
    cq!("is_infinite" | v | v.inf()),
    cq!("is_nan" | v | v.nan()),
    cq!("is_qnan" | v | v.qnan()),
    cq!("is_snan" | v | v.snan()),
    cq!("is_signed" | v | v.neg()),
    cq!("is_zero" | v | v.zero()),
    cqc!("is_normal" | v, c | v.is_normal(c)),
    cqc!("is_subnormal" | v, c | v.is_subnormal(c)),
    method("divmod", "($self, x, y, /)", docs::c("divmod"), |th, a| {
        let c = Context::of(arg(a, 0));
        let (x, y) = (Operand::must(th, arg(a, 1))?, Operand::must(th, arg(a, 2))?);
        let mut st = 0;
        let (q, r) = divmod(x.view(), y.view(), &c.ctx(), &mut st);
        signal(th, c, st)?;
        Ok(th.tuple(&[new(th, &q)?, new(th, &r)?]))
    }),
    method("power", "($self, /, a, b, modulo=None)", docs::c("power"), |th, a| {
        let c = Context::of(arg(a, 0));
        let (x, y) = (Operand::must(th, arg(a, 1))?, Operand::must(th, arg(a, 2))?);
        let z = match a[3].and_then(|v| v.some()) {
            Some(v) => Some(Operand::must(th, v)?),
            None => None,
        };
        let mut st = 0;
        let d = match &z {
            None => funcs::pow(x.view(), y.view(), &c.ctx(), &mut st),
            Some(z) => funcs::powmod(x.view(), y.view(), z.view(), &c.ctx(), &mut st),
        };
        signal(th, c, st)?;
        new(th, &d)
    }),
    method("fma", "($self, x, y, z, /)", docs::c("fma"), |th, a| {
        let (x, y, z) = (arg(a, 1), arg(a, 2), arg(a, 3));
        run!(th, Context::of(arg(a, 0)), fma, x, y, z)
    }),
    method("same_quantum", "($self, x, y, /)", docs::c("same_quantum"), |th, a| {
        let (x, y) = (Operand::must(th, arg(a, 1))?, Operand::must(th, arg(a, 2))?);
        Ok(Value::bool(same_quantum(x.view(), y.view())))
    }),
    method("Etiny", "($self, /)", docs::c("Etiny"), |th, a| Ok(th.int(Context::of(arg(a, 0)).ctx().etiny()))),
    method("Etop", "($self, /)", docs::c("Etop"), |th, a| Ok(th.int(Context::of(arg(a, 0)).ctx().etop()))),
    method("radix", "($self, /)", docs::c("radix"), |th, _| new(th, &Dec::word(false, 10, 0))),
    method("_apply", "($self, object, /)", docs::c("_apply"), |th, a| {
        let x = arg(a, 1);
        run!(th, Context::of(arg(a, 0)), plus_exact, x)
    }),
    method("canonical", "($self, x, /)", docs::c("canonical"), |th, a| {
        let x = arg(a, 1);
        if is_dec(th, x) { Ok(x) } else { Err(th.type_error("argument must be a Decimal")) }
    }),
    method("copy_decimal", "($self, x, /)", docs::c("copy_decimal"), |th, a| {
        let x = arg(a, 1);
        if is_dec(th, x) {
            return Ok(x);
        }
        let d = Operand::must(th, x)?.view().own();
        new(th, &d)
    }),
    method("number_class", "($self, x, /)", docs::c("number_class"), |th, a| {
        let x = Operand::must(th, arg(a, 1))?;
        ascii(th, class(x.view(), &Context::of(arg(a, 0)).ctx()))
    }),
    method("to_sci_string", "($self, x, /)", docs::c("to_sci_string"), |th, a| {
        let x = Operand::must(th, arg(a, 1))?;
        let t = text::to_string(x.view(), false, Context::of(arg(a, 0)).capitals.load(Relaxed) != 0);
        th.try_str(&t)
    }),
    method("to_eng_string", "($self, x, /)", docs::c("to_eng_string"), |th, a| {
        let x = Operand::must(th, arg(a, 1))?;
        let t = text::to_string(x.view(), true, Context::of(arg(a, 0)).capitals.load(Relaxed) != 0);
        th.try_str(&t)
    }),
    method("clear_flags", "($self, /)", docs::c("clear_flags"), |_, a| {
        Context::of(arg(a, 0)).status.store(0, Relaxed);
        none()
    }),
    method("clear_traps", "($self, /)", docs::c("clear_traps"), |_, a| {
        Context::of(arg(a, 0)).traps.store(0, Relaxed);
        none()
    }),
    method("__copy__", "($self, /)", docs::c("__copy__"), |th, a| {
        Ok(context::copy(th, Context::of(arg(a, 0)))?.value())
    }),
    method("copy", "($self, /)", docs::c("copy"), |th, a| {
        Ok(context::copy(th, Context::of(arg(a, 0)))?.value())
    }),
    method("__reduce__", "($self, /)", docs::c("__reduce__"), |th, a| {
        context::reduce(th, Context::of(arg(a, 0)))
    }),
    method("create_decimal", "($self, num=\"0\", /)", docs::c("create_decimal"), |th, a| {
        let c = Context::of(arg(a, 0));
        match a[1] {
            Some(v) => create(th, c, v),
            None => new(th, &Dec::word(false, 0, 0)),
        }
    }),
    method("create_decimal_from_float", "($self, f, /)", docs::c("create_decimal_from_float"), |th, a| {
        let c = Context::of(arg(a, 0));
        let v = arg(a, 1);
        let d = if int::is_int(v) || v.is_kind(Kind::Bool) {
            from_int(v)
        } else if let Some(f) = float::as_f64(v) {
            from_f64(f)
        } else {
            return Err(th.type_error("argument must be int or float"));
        };
        let mut st = 0;
        let d = d.finalize(&c.ctx(), &mut st);
        signal(th, c, st)?;
        new(th, &d)
    }),
];

fn plus_exact(a: View, c: &Ctx, st: &mut u32) -> Dec {
    a.own().finalize(c, st)
}
