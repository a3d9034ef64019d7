//! The `Decimal` object: layout, conversions from and to other objects.
//!
//! # Safety
//! `n` limbs are in `w`, or, if there are more than two, in the buffer that `data` holds. All is written before anybody sees
//! the object and never changes.

use super::context::{Context, current, signal};
use super::limbs::Coef;
use super::num::status::*;
use super::num::*;
use super::{funcs, text};
use crate::native_layout;
use adder_vm::builtins::{float, int};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::*;

// `data`: a RawBuf with the limbs if there are more than two. All is set before anybody sees the object.
native_layout! { pub DecObj { data: RawBuf; exp: i64, digits: i64, flags: u32, n: u32, w: [u64; 2] } }

pub static DECIMAL: TypeCell = TypeCell::new(&super::decimal::DECIMAL_TYPE);

/// The number in an object. Valid until the next allocation.
#[inline(always)]
pub fn view<'a>(o: Gc<DecObj>) -> View<'a> {
    // SAFETY: the object is on the caller's stack; nothing moves while nothing is allocated.
    unsafe {
        let x = &*o.as_ptr();
        let coef = if x.n <= 2 {
            std::slice::from_raw_parts(x.w.as_ptr(), x.n as usize)
        } else {
            let b: Gc<RawBuf> = x.data.gc();
            std::slice::from_raw_parts(b.after::<u64>(), x.n as usize)
        };
        View { flags: x.flags as u8, exp: x.exp, digits: x.digits, coef }
    }
}
#[inline(always)]
pub fn is_dec(th: Th, v: Value) -> bool {
    if !v.is_obj() {
        return false;
    }
    v.shape_id() == DECIMAL.get().root_shape.load(Relaxed)
        || (v.is_kind(Kind::Native) && th.isinstance_exact(v, DECIMAL.get()))
}
/// An object of a class.
pub fn new_of(th: Th, t: Gc<Type>, d: &Dec) -> R<Value> {
    let c = d.coef.slice();
    let data = if c.len() > 2 {
        // SAFETY: the length first, then so much content; the word on the stack keeps it while the object is made.
        unsafe {
            let b = th.alloc_var::<RawBuf>(16 + 8 * c.len())?;
            (*b.as_ptr()).len = 8 * c.len();
            std::ptr::copy_nonoverlapping(c.as_ptr(), b.after::<u64>(), c.len());
            Some(b.value())
        }
    } else {
        None
    };
    let o = adder_vm::builtins::object::new_instance(th, t)?;
    let g = DecObj::of(o);
    // SAFETY: nobody else has seen the object.
    unsafe {
        let x = &mut *g.as_ptr();
        x.exp = d.exp;
        x.digits = d.digits;
        x.flags = d.flags as u32;
        x.n = c.len() as u32;
        if c.len() <= 2 {
            x.w[0] = c[0];
            x.w[1] = if c.len() == 2 { c[1] } else { 0 };
        }
    }
    th.store_opt(g, &g.data, data.map(Value::known));
    Ok(o)
}
#[inline(always)]
pub fn new(th: Th, d: &Dec) -> R<Value> {
    let c = d.coef.slice();
    if c.len() > 2 {
        return new_of(th, DECIMAL.get(), d);
    }
    let hi = if c.len() == 2 { c[1] } else { 0 };
    new_small(th, d.flags, d.exp, d.digits, c.len() as u32, [c[0], hi])
}
/// An object of the builtin type with up to two limbs.
#[inline(always)]
pub fn new_small(th: Th, flags: u8, exp: i64, digits: i64, n: u32, w: [u64; 2]) -> R<Value> {
    let t = DECIMAL.get();
    // SAFETY: all fields are written before anything else is allocated.
    unsafe {
        let o = th.m.alloc(DecObj::SIZE as usize, t.inst_kind, t.root_shape.load(Relaxed));
        let x = &mut *(o.as_ptr() as *mut DecObj);
        x.data.init(None);
        x.exp = exp;
        x.digits = digits;
        x.flags = flags as u32;
        x.n = n;
        x.w = w;
        Ok(Value::from_obj(o))
    }
}

/// An operand: a Decimal, or an int converted.
pub enum Operand {
    Obj(Gc<DecObj>),
    Own(Dec),
}
impl Operand {
    #[inline(always)]
    pub fn view(&self) -> View<'_> {
        match self {
            Operand::Obj(o) => view(*o),
            Operand::Own(d) => d.view(),
        }
    }
    /// None: neither a Decimal nor an int.
    #[inline(always)]
    pub fn get(th: Th, v: Value) -> Option<Operand> {
        if let Some(n) = v.as_fix() {
            return Some(Operand::Own(Dec::from_i64(n)));
        }
        if is_dec(th, v) {
            return Some(Operand::Obj(DecObj::of(v)));
        }
        if int::is_int(v) {
            return Some(Operand::Own(from_int(v)));
        }
        None
    }
    /// For methods: others are a TypeError.
    pub fn must(th: Th, v: Value) -> R<Operand> {
        Operand::get(th, v).ok_or_else(|| no_conversion(th, v))
    }
}
#[cold]
pub fn no_conversion(th: Th, v: Value) -> Raised {
    let t = if v.is_none() { "NoneType".into() } else { th.type_name_of(v) };
    th.type_error(format!("conversion from {t} to Decimal is not supported"))
}

pub fn from_int(v: Value) -> Dec {
    match int::to_i64(v) {
        Some(n) => Dec::from_i64(n),
        None => {
            let i = int::IntRef::new(v).expect("an int");
            Dec::new(int::is_negative(v), funcs::from_big(i.view()), 0)
        }
    }
}
/// The exact value of a double.
pub fn from_f64(f: f64) -> Dec {
    if f.is_nan() {
        let mut d = Dec::nan();
        d.flags |= f.is_sign_negative() as u8;
        return d;
    }
    if f.is_infinite() {
        return Dec::inf(f < 0.0);
    }
    let bits = f.to_bits();
    let (e, m) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
    let (mut m, mut e) = if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) };
    if m == 0 {
        return Dec::word(f.is_sign_negative(), 0, 0);
    }
    let z = m.trailing_zeros().min(if e < 0 { (-e) as u32 } else { 0 });
    m >>= z;
    e += z as i64;
    let neg = f < 0.0;
    let m = Coef::from_u128(m as u128);
    let mut s = 0;
    let w = Ctx::MAX;
    let base = |b: u64, n: i64| {
        let mut r = Dec::word(false, 1, 0);
        let mut x = Dec::word(false, b, 0);
        let mut n = n;
        let mut s = 0;
        while n > 0 {
            if n & 1 == 1 {
                r = mul(r.view(), x.view(), &Ctx::MAX, &mut s);
            }
            x = mul(x.view(), x.view(), &Ctx::MAX, &mut s);
            n >>= 1;
        }
        r
    };
    if e >= 0 {
        mul(Dec::new(neg, m, 0).view(), base(2, e).view(), &w, &mut s)
    } else {
        // m / 2^k = m * 5^k / 10^k
        let mut r = mul(Dec::new(neg, m, 0).view(), base(5, -e).view(), &w, &mut s);
        r.exp = e;
        r
    }
}

fn trim(t: &str) -> &str {
    t.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c))
}
/// What `Decimal` takes of a str: stripped ASCII, or a syntax error. `strict`: nothing is stripped.
pub fn clean_text(s: Gc<Str>, strict: bool) -> Option<Vec<u8>> {
    let b = s.bytes();
    if strict && s.is_ascii() {
        return Some(b.to_vec());
    }
    if s.is_ascii() {
        let b = b.trim_ascii();
        let b = {
            let ws = |c: &u8| matches!(c, 0x1c..=0x1f | 0x0b);
            let mut x = b;
            while let Some((f, r)) = x.split_first()
                && (ws(f) || f.is_ascii_whitespace())
            {
                x = r;
            }
            while let Some((l, r)) = x.split_last()
                && (ws(l) || l.is_ascii_whitespace())
            {
                x = r;
            }
            x
        };
        return Some(b.iter().copied().filter(|c| *c != b'_').collect());
    }
    let t = s.as_str()?;
    let t = if strict { t } else { trim(t) };
    let mut out = Vec::with_capacity(t.len());
    for c in t.chars() {
        match c {
            '_' if !strict => {}
            c if c.is_ascii() => out.push(c as u8),
            c if c.is_whitespace() => out.push(b' '),
            c => out.push(b'0' + adder_text::unicode::decimal(c as u32)?),
        }
    }
    Some(out)
}

/// A conversion that must not change the value.
fn exact(th: Th, d: Dec, ctx: Gc<Context>) -> R<Dec> {
    let mut st = 0;
    let d = d.finalize(&Ctx::MAX, &mut st);
    if st & (INEXACT | ROUNDED | CLAMPED) != 0 {
        signal(th, ctx, INVALID_OPERATION)?;
        return Ok(Dec::nan());
    }
    Ok(d)
}
pub fn from_str_exact(th: Th, v: Value, ctx: Gc<Context>) -> R<Dec> {
    let d = clean_text(v.known(), false).and_then(|t| text::parse(&t));
    match d {
        Some(d) => exact(th, d, ctx),
        None => {
            signal(th, ctx, CONVERSION_SYNTAX)?;
            Ok(Dec::nan())
        }
    }
}
/// `(sign, digits, exponent)`.
pub fn from_tuple(th: Th, v: Value) -> R<Dec> {
    let v = if v.is_kind(Kind::Tuple) { v } else { adder_vm::builtins::tuple::from_iterable(th, v)? };
    let l: Gc<Tuple> = v.known();
    let t: &[Value] = l.items();
    if t.len() != 3 {
        return Err(th.value_error("argument must be a sequence of length 3"));
    }
    let sign =
        t[0].as_fix().or_else(|| if t[0].is_kind(Kind::Bool) { Some(t[0].is(TRUE()) as i64) } else { None });
    let Some(sign @ (0 | 1)) = sign else {
        return Err(th.value_error("sign must be an integer with the value 0 or 1"));
    };
    let bad = || th.value_error("coefficient must be a tuple of digits");
    let mut text = Vec::new();
    let digits =
        if t[1].is_kind(Kind::List) { adder_vm::builtins::tuple::from_iterable(th, t[1])? } else { t[1] };
    let digits = digits.cast::<Tuple>();
    let (special, exp) = match t[2].cast::<Str>() {
        Some(s) => match s.bytes() {
            b"F" => (1, 0),
            b"n" => (2, 0),
            b"N" => (3, 0),
            _ => {
                return Err(th.value_error("string argument in the third position must be 'F', 'n' or 'N'"));
            }
        },
        None => match int::is_int(t[2]).then(|| int::to_i64(t[2])) {
            Some(Some(e)) => (0, e),
            Some(None) => return Err(th.overflow_error("Python int too large to convert to C ssize_t")),
            None => return Err(th.value_error("exponent must be an integer")),
        },
    };
    let Some(digits) = digits else { return Err(bad()) };
    for d in digits.items() {
        match d.as_fix().or_else(|| if d.is_kind(Kind::Bool) { Some(d.is(TRUE()) as i64) } else { None }) {
            Some(n @ 0..=9) => text.push(b'0' + n as u8),
            _ => return Err(bad()),
        }
    }
    if special == 1 {
        return Ok(Dec::inf(sign == 1));
    }
    let lead = text.iter().take_while(|c| **c == b'0').count();
    let text = &text[lead..];
    if special > 1 {
        let mut d = Dec {
            flags: if special == 2 { NAN } else { SNAN } | sign as u8,
            exp: 0,
            digits: 0,
            coef: Coef::ZERO,
        };
        if !text.is_empty() {
            d.coef = super::limbs::parse(text);
            d.digits = text.len() as i64;
        }
        return Ok(d);
    }
    let c = if text.is_empty() { Coef::ZERO } else { super::limbs::parse(text) };
    Ok(Dec::new(sign == 1, c, exp.clamp(-4_000_000_000_000_000_000, 4_000_000_000_000_000_000)))
}

/// `Decimal(v)` without rounding.
pub fn from_any_exact(th: Th, v: Value, ctx: Gc<Context>) -> R<Dec> {
    if v.is_kind(Kind::Str) {
        return from_str_exact(th, v, ctx);
    }
    if v.is_fix() || int::is_int(v) || v.is_kind(Kind::Bool) {
        return Ok(from_int(v));
    }
    if is_dec(th, v) {
        return Ok(view(DecObj::of(v)).own());
    }
    if v.is_kind(Kind::Tuple) || v.is_kind(Kind::List) {
        let d = from_tuple(th, v)?;
        return exact(th, d, ctx);
    }
    if let Some(f) = float::as_f64(v) {
        signal(th, ctx, FLOAT_OPERATION)?;
        return Ok(from_f64(f));
    }
    Err(no_conversion(th, v))
}

/// `__int__` and the like: rounded to an integer.
pub fn to_int(th: Th, v: View, round: Round) -> R<Value> {
    if v.special() {
        return Err(if v.inf() {
            th.overflow_error("cannot convert Infinity to integer")
        } else {
            th.value_error("cannot convert NaN to integer")
        });
    }
    let mut st = 0;
    let d = to_integral(v, false, &Ctx { round, ..Ctx::MAX }, &mut st);
    int_of(th, d.view())
}
/// An integral number as int.
pub fn int_of(th: Th, v: View) -> R<Value> {
    if let Some(n) = v.to_i64() {
        return Ok(th.int(n));
    }
    // Its digits as text, and the parts that they are read in.
    const MEMORY_PER_DIGIT: i64 = 6;
    th.memory_for(v.adjusted().saturating_mul(MEMORY_PER_DIGIT).max(0) as usize)?;
    match funcs::to_big(v) {
        Some(b) => th.big(b),
        None => Err(th.memory_error()),
    }
}
/// As text, with the current context's capitals.
pub fn to_text(th: Th, o: Gc<DecObj>, eng: bool) -> R<Vec<u8>> {
    let c = current(th)?;
    Ok(text::to_string(view(o), eng, c.capitals.load(Relaxed) != 0))
}
