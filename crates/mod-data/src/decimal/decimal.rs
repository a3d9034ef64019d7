//! The type `Decimal`: construction, operators, comparison, hash, formatting and conversion.

use super::context::{Context, context_arg, current, signal};
use super::num::status::*;
use super::num::*;
use super::object::*;
use super::{State, docs, funcs, limbs, methods, text};
use crate::common::*;
use adder_vm::builtins::{complex, float, int, list};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cmp::Ordering;
use std::sync::atomic::Ordering::*;

type Op2 = fn(View, View, &Ctx, &mut u32) -> Dec;

/// A binary operator: other types have their say.
#[inline(always)]
fn binary(th: Th, a: Value, b: Value, f: Op2) -> R<Value> {
    let (Some(x), Some(y)) = (Operand::get(th, a), Operand::get(th, b)) else { return Ok(NOT_IMPLEMENTED()) };
    let c = current(th)?;
    let mut st = 0;
    let d = f(x.view(), y.view(), &c.ctx(), &mut st);
    signal(th, c, st)?;
    new(th, &d)
}
#[inline(always)]
fn unary(th: Th, a: Value, f: fn(View, &Ctx, &mut u32) -> Dec) -> R<Value> {
    let c = current(th)?;
    let mut st = 0;
    let d = f(view(DecObj::of(a)), &c.ctx(), &mut st);
    signal(th, c, st)?;
    new(th, &d)
}

pub static DECIMAL_TYPE: NativeType = NativeType {
    name: "decimal.Decimal",
    kind: Kind::Native,
    size: DecObj::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: docs::DECIMAL,
    text_signature: Some("(value='0', context=None)"),
    slots: Slots {
        new: Some(decimal_new),
        repr: Some(|th, o| {
            let t = to_text(th, DecObj::of(o), false)?;
            let s = [b"Decimal('", &t[..], b"')"].concat();
            th.try_str(&s)
        }),
        str: Some(|th, o| {
            let t = to_text(th, DecObj::of(o), false)?;
            th.str_counted(&t, t.len(), true)
        }),
        hash: Some(hash),
        richcompare: Some(richcompare),
        bool: Some(|_, o| Ok(!view(DecObj::of(o)).zero())),
        int: Some(|th, o| to_int(th, view(DecObj::of(o)), Round::Down)),
        float: Some(to_float),
        neg: Some(|th, a| unary(th, a, minus)),
        pos: Some(|th, a| unary(th, a, plus)),
        abs: Some(|th, a| unary(th, a, abs)),
        add: Some(|th, a, b| binary(th, a, b, add)),
        sub: Some(|th, a, b| binary(th, a, b, sub)),
        mul: Some(|th, a, b| binary(th, a, b, mul)),
        truediv: Some(|th, a, b| binary(th, a, b, div)),
        floordiv: Some(|th, a, b| binary(th, a, b, divint)),
        rem: Some(|th, a, b| binary(th, a, b, rem)),
        divmod: Some(|th, a, b| {
            let (Some(x), Some(y)) = (Operand::get(th, a), Operand::get(th, b)) else {
                return Ok(NOT_IMPLEMENTED());
            };
            let c = current(th)?;
            let mut st = 0;
            let (q, r) = divmod(x.view(), y.view(), &c.ctx(), &mut st);
            signal(th, c, st)?;
            Ok(th.tuple(&[new(th, &q)?, new(th, &r)?]))
        }),
        pow: Some(|th, a, b, m| {
            let (Some(x), Some(y)) = (Operand::get(th, a), Operand::get(th, b)) else {
                return Ok(NOT_IMPLEMENTED());
            };
            let z = if m.is_none() {
                None
            } else {
                match Operand::get(th, m) {
                    Some(z) => Some(z),
                    None => return Ok(NOT_IMPLEMENTED()),
                }
            };
            let c = current(th)?;
            let mut st = 0;
            let d = match &z {
                None => funcs::pow(x.view(), y.view(), &c.ctx(), &mut st),
                Some(z) => funcs::powmod(x.view(), y.view(), z.view(), &c.ctx(), &mut st),
            };
            signal(th, c, st)?;
            new(th, &d)
        }),
        ..Slots::NONE
    },
    methods: methods::DECIMAL_METHODS,
    getset: &[getter("real", "", |_, o| Ok(o)), getter("imag", "", |th, _| new(th, &Dec::word(false, 0, 0)))],
    trace: Some(DecObj::trace),
    ..NativeType::DEFAULT
};

static NEW: NativeDef = signature("Decimal", "(value='0', context=None)");

fn decimal_new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let (value, ctx) = if a.nkw() == 0 && a.len() <= 2 {
        (a.pos().first().copied(), a.pos().get(1).copied())
    } else {
        let n = a.len() + a.nkw();
        if n > 2 {
            return Err(th.type_error(format!("function takes at most 2 arguments ({n} given)")));
        }
        for (k, _) in a.keywords() {
            let k = th.text(k);
            if k != "value" && k != "context" {
                return Err(th.type_error(format!("this function got an unexpected keyword argument '{k}'")));
            }
        }
        let [v, c] = bind::<2>(th, &NEW, a)?;
        (v, c)
    };
    let c = context_arg(th, ctx)?;
    let t: Gc<Type> = t.known();
    let exact_type = t == DECIMAL.get();
    match value {
        None => new_of(th, t, &Dec::word(false, 0, 0)),
        Some(v) => {
            if exact_type && v.shape_id() == t.root_shape.load(Relaxed) {
                return Ok(v);
            }
            new_of(th, t, &from_any_exact(th, v, c)?)
        }
    }
}

/// For `from_float` and the like: of the class.
pub fn of_class(th: Th, cls: Value, d: &Dec) -> R<Value> {
    let v = new(th, d)?;
    if cls.is(DECIMAL.get().value()) { Ok(v) } else { th.call(cls, &[v]) }
}

// -- comparison and hash

fn richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let c = current(th)?;
    let x = view(DecObj::of(a)).own();
    let eq = matches!(op, CmpOp::Eq | CmpOp::Ne);
    let mut left = None;
    let y = if let Some(y) = Operand::get(th, b) {
        y
    } else if let Some(f) = float::as_f64(b).or_else(|| {
        let z = b.cast::<Complex>()?;
        (eq && z.im == 0.0).then_some(z.re)
    }) {
        if eq {
            c.status.fetch_or(FLOAT_OPERATION, Relaxed);
        } else {
            signal(th, c, FLOAT_OPERATION)?;
        }
        Operand::Own(from_f64(f))
    } else if b.is_obj() && b.kind() != Kind::Str && is_rational(th, b)? {
        // numerator against self * denominator
        let n = th.getattr(b, adder_vm::n!(numerator))?;
        let d = th.getattr(b, adder_vm::n!(denominator))?;
        let (Some(n), Some(d)) = (Operand::get(th, n), Operand::get(th, d)) else {
            return Ok(NOT_IMPLEMENTED());
        };
        if x.flags & (INF | NAN | SNAN) == 0 {
            let mut st = 0;
            left = Some(mul(x.view(), d.view(), &Ctx::MAX, &mut st));
        }
        n
    } else {
        return Ok(NOT_IMPLEMENTED());
    };
    let x = left.as_ref().unwrap_or(&x).view();
    let y = y.view();
    if x.nan() || y.nan() {
        let snan = x.snan() || y.snan();
        if snan || !eq {
            signal(th, c, INVALID_OPERATION)?;
        }
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    Ok(Value::bool(op.holds(cmp(&x, &y))))
}
fn is_rational(th: Th, v: Value) -> R<bool> {
    // Types that say nothing of being numbers are not asked.
    let r = th.call_method(
        th.type_of(State::Rational.get()).value(),
        adder_vm::n!(__instancecheck__),
        &[State::Rational.get(), v],
    )?;
    th.truth(r)
}

const P: u64 = (1 << 61) - 1;
/// `10^(P - 2)` modulo P.
const INVERSE_OF_10: u64 = 2075258708292324556;
fn mulmod(a: u64, b: u64) -> u64 {
    // Modulo a Mersenne prime.
    let t = a as u128 * b as u128;
    let r = (t as u64 & P) + (t >> 61) as u64;
    if r >= P { r - P } else { r }
}
fn powmod61(mut b: u64, mut e: u64) -> u64 {
    let mut r = 1;
    while e > 0 {
        if e & 1 == 1 {
            r = mulmod(r, b);
        }
        b = mulmod(b, b);
        e >>= 1;
    }
    r
}
fn hash(th: Th, o: Value) -> R<i64> {
    let v = view(DecObj::of(o));
    if let Some(n) = v.to_i64()
        && v.exp == 0
        && n.unsigned_abs() < P
    {
        return Ok(if n == -1 { -2 } else { n });
    }
    if v.special() {
        if v.snan() {
            return Err(th.type_error("Cannot hash a signaling NaN value"));
        }
        if v.qnan() {
            return adder_vm::builtins::object::object_hash(th, o);
        }
        return Ok(if v.neg() { -314159 } else { 314159 });
    }
    let m = v.coef.iter().rev().fold(0u64, |a, w| (mulmod(a, limbs::BASE % P) + w % P) % P);
    let p =
        if v.exp >= 0 { powmod61(10, v.exp as u64) } else { powmod61(INVERSE_OF_10, v.exp.unsigned_abs()) };
    let h = mulmod(m, p) as i64;
    let h = if v.neg() { -h } else { h };
    Ok(if h == -1 { -2 } else { h })
}

fn to_float(th: Th, o: Value) -> R<Value> {
    let v = view(DecObj::of(o));
    if v.nan() {
        if v.snan() {
            return Err(th.value_error("cannot convert signaling NaN to float"));
        }
        return Ok(th.float(if v.neg() { -f64::NAN } else { f64::NAN }));
    }
    let t = text::to_string(v, false, true);
    let s = std::str::from_utf8(&t).expect("ASCII");
    match s.parse::<f64>() {
        Ok(f) => Ok(th.float(f)),
        Err(_) => Err(th.value_error(format!("could not convert string to float: '{s}'"))),
    }
}

// -- methods of their own

pub fn as_tuple(th: Th, o: Value) -> R<Value> {
    let v = view(DecObj::of(o)).own();
    let mut t = Vec::new();
    let exp = if v.flags & INF != 0 {
        t.push(b'0');
        th.intern("F")
    } else {
        if v.digits > 0 {
            limbs::write(&mut t, v.coef.slice());
        }
        if v.flags & NAN != 0 {
            th.intern("n")
        } else if v.flags & SNAN != 0 {
            th.intern("N")
        } else {
            th.int(v.exp)
        }
    };
    let l = list::with_capacity(th, t.len())?;
    for c in t {
        list::append(th, l, Value::fix((c - b'0') as i64))?;
    }
    let digits = adder_vm::builtins::tuple::from_iterable(th, l.value())?;
    th.call(State::DecimalTuple.get(), &[Value::fix((v.flags & NEG) as i64), digits, exp])
}
pub fn as_integer_ratio(th: Th, o: Value) -> R<Value> {
    let v = view(DecObj::of(o)).own();
    let v = v.view();
    if v.special() {
        return Err(if v.inf() {
            th.overflow_error("cannot convert Infinity to integer ratio")
        } else {
            th.value_error("cannot convert NaN to integer ratio")
        });
    }
    if v.zero() {
        return Ok(th.tuple(&[Value::fix(0), Value::fix(1)]));
    }
    if v.exp >= 0 {
        return Ok(th.tuple(&[int_of(th, v)?, Value::fix(1)]));
    }
    if v.exp < -(1 << 32) {
        return Err(th.memory_error());
    }
    let n = int_of(th, View { exp: 0, ..v })?;
    let p = Dec::new(false, limbs::shl(&[1], -v.exp), 0);
    let d = int_of(th, p.view())?;
    let (ni, di) = (int::IntRef::new(n).unwrap(), int::IntRef::new(d).unwrap());
    let g = th.big(adder_num::bigint::gcd(ni.view(), di.view()))?;
    Ok(th.tuple(&[int::floordiv(th, n, g)?, int::floordiv(th, d, g)?]))
}

pub fn format(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, spec) = (arg(a, 0), arg(a, 1));
    let owned;
    let b: &[u8] = match spec.cast::<Str>() {
        Some(s) => {
            owned = s.bytes().to_vec();
            &owned
        }
        None => return Err(th.type_error("format argument must be str")),
    };
    let c = current(th)?;
    let capitals = c.capitals.load(Relaxed) != 0;
    // 'N' is an old way to write 'n'.
    let upper =
        b.last() == Some(&b'N') && !(b.len() >= 2 && b"<>=^".contains(&b[b.len() - 2]) || b.len() == 0);
    let lower;
    let b: &[u8] = if upper && text::parse_spec(b).is_none() {
        adder_vm::warn::warn(
            th,
            &adder_vm::builtins::exceptions::DEPRECATION_WARNING,
            "Format specifier 'N' is deprecated",
            1,
        )?;
        lower = [&b[..b.len() - 1], b"n"].concat();
        &lower
    } else {
        b
    };
    let mut p = match text::parse_spec(b) {
        Some(p) => p,
        None => return Err(th.value_error("invalid format string")),
    };
    if let Some(over) = a.get(2).copied().flatten() {
        override_locale(th, &mut p, over)?;
    } else if p.kind == b'n' {
        let f = adder_vm::import::import_attr(th, "locale", "localeconv")?;
        let d = th.call(f, &[])?;
        override_locale(th, &mut p, d)?;
    }
    if p.kind == b'n' {
        p.kind = if upper { b'G' } else { b'g' };
    }
    match text::format(view(DecObj::of(o)), &p, &c.ctx(), capitals) {
        Some(t) => th.try_str(&t),
        None => Err(th.memory_error()),
    }
}
/// A dict with `decimal_point`, `thousands_sep` and `grouping`.
fn override_locale(th: Th, p: &mut text::Spec, d: Value) -> R<()> {
    let Some(d) = d.cast::<Dict>() else { return Err(th.type_error("optional argument must be a dict")) };
    let get = |name: &str| -> R<Option<Vec<u8>>> {
        match d.get(th, th.intern(name))? {
            None => Ok(None),
            Some(v) => {
                if let Some(s) = v.cast::<Str>() {
                    return Ok(Some(s.bytes().to_vec()));
                }
                if v.is_kind(Kind::List) {
                    let mut g = Vec::new();
                    th.for_each(v, |x| {
                        g.push(th.index_i64(x)?.clamp(0, 127) as u8);
                        Ok(())
                    })?;
                    return Ok(Some(g));
                }
                Err(th.value_error("invalid override dict"))
            }
        }
    };
    let wrong = || th.value_error("invalid override dict");
    if let Some(v) = get("decimal_point")? {
        if v.is_empty() || v.len() > 4 {
            return Err(wrong());
        }
        p.point = v;
    }
    if let Some(v) = get("thousands_sep")? {
        if v.len() > 4 {
            return Err(wrong());
        }
        p.sep = v;
    }
    if let Some(mut v) = get("grouping")? {
        // As a C string.
        if let Some(i) = v.iter().position(|c| *c == 0) {
            v.truncate(i);
        }
        if v.iter().any(|c| *c > 127) {
            return Err(wrong());
        }
        if v.is_empty() {
            p.sep.clear();
        } else {
            p.grouping = v;
        }
    }
    Ok(())
}

pub fn round(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = DecObj::of(arg(a, 0));
    let Some(n) = a[1] else { return to_int(th, view(o), Round::HalfEven) };
    if !int::is_int(n) {
        return Err(th.type_error("optional arg must be an integer"));
    }
    let Some(n) = int::to_i64(n) else {
        return Err(th.overflow_error("Python int too large to convert to C ssize_t"));
    };
    let c = current(th)?;
    let q = Dec::word(false, 1, n.saturating_neg());
    let mut st = 0;
    let d = quantize(view(o), q.view(), &c.ctx(), &mut st);
    signal(th, c, st)?;
    new(th, &d)
}
pub fn to_complex(th: Th, o: Value) -> R<Value> {
    let f = to_float(th, o)?;
    th.call(complex::COMPLEX.get().value(), &[f])
}
pub fn reduce_ex(th: Th, o: Value) -> R<Value> {
    let t = to_text(th, DecObj::of(o), false)?;
    let s = th.try_str(&t)?;
    Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&[s])]))
}
/// `create_decimal`: rounded to the context.
pub fn create(th: Th, c: Gc<Context>, v: Value) -> R<Value> {
    let mut st = 0;
    let d = if let Some(s) = v.cast::<Str>() {
        match clean_text(s, true).and_then(|t| text::parse(&t)) {
            Some(d) => d,
            None => {
                signal(th, c, CONVERSION_SYNTAX)?;
                return new(th, &Dec::nan());
            }
        }
    } else if v.is_kind(Kind::Tuple) || v.is_kind(Kind::List) {
        from_tuple(th, v)?
    } else {
        from_any_exact(th, v, c)?
    };
    // A NaN's payload that is too long is an error here.
    if d.flags & (NAN | SNAN) != 0 && d.digits > c.ctx().prec - c.ctx().clamp as i64 {
        signal(th, c, CONVERSION_SYNTAX)?;
        return new(th, &Dec::nan());
    }
    let d = d.finalize(&c.ctx(), &mut st);
    signal(th, c, st)?;
    new(th, &d)
}
pub fn ordering(o: Ordering) -> Dec {
    Dec::from_i64(o as i64)
}
pub fn ascii(th: Th, s: &str) -> R<Value> {
    th.try_str(s.as_bytes())
}
