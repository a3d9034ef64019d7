//! The builtin functions that run over an iterable: `all`, `any`, `sum`, `min`, `max`, `sorted`.
//!
//! # Invariants
//! A list's `items` is an array, whose capacity bounds the index: the list may have got another one meanwhile.

use crate::builtins::bytearray::ByteArray;
use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::CmpOp;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::Acquire;

/// Calls `f` with each item until it answers false. Lists, tuples and bytes are walked in place: a list or bytearray may
/// change meanwhile.
#[inline]
pub fn each(th: Th, iterable: Value, mut f: impl FnMut(Value) -> R<bool>) -> R<()> {
    if let Some(t) = iterable.exact::<Tuple>() {
        for v in t.items() {
            if !f(*v)? {
                break;
            }
        }
        return Ok(());
    }
    if let Some(l) = iterable.exact::<List>() {
        let mut i = 0;
        while i < l.len.load(Acquire) as usize {
            let a: Gc<Array> = l.items.gc();
            if i >= a.cap {
                break;
            }
            let Some(v) = a.slot(i).get() else { break };
            if !f(v)? {
                break;
            }
            i += 1;
        }
        return Ok(());
    }
    if let Some(b) = iterable.exact::<Bytes>() {
        for c in b.bytes() {
            if !f(Value::fix(*c as i64))? {
                break;
            }
        }
        return Ok(());
    }
    if let Some(b) = iterable.exact::<ByteArray>() {
        let mut i = 0;
        while let Some(c) = b.bytes().get(i).copied() {
            if !f(Value::fix(c as i64))? {
                break;
            }
            i += 1;
        }
        return Ok(());
    }
    let it = th.iter(iterable)?;
    let Some(next) = th.type_of(it).slots.iternext else { return Ok(()) };
    loop {
        let v = match super::iter_fast::step(th, it) {
            Some(v) => v,
            None => match th.or_ended(next(th, it))? {
                Some(v) => v,
                None => break,
            },
        };
        if !f(v)? {
            break;
        }
    }
    Ok(())
}

pub fn all(th: Th, a: &[Option<Value>]) -> R<Value> {
    let mut r = true;
    each(th, a[0].unwrap(), |v| {
        r = th.truth(v)?;
        Ok(r)
    })?;
    Ok(Value::bool(r))
}
pub fn any(th: Th, a: &[Option<Value>]) -> R<Value> {
    let mut r = false;
    each(th, a[0].unwrap(), |v| {
        r = th.truth(v)?;
        Ok(!r)
    })?;
    Ok(Value::bool(r))
}

/// Running sum with the lost low-order bits kept beside it (Neumaier's variant of Kahan's summation).
#[derive(Clone, Copy)]
struct Compensated {
    hi: f64,
    lo: f64,
}
impl Compensated {
    fn new(hi: f64) -> Compensated {
        Compensated { hi, lo: 0.0 }
    }
    #[inline(always)]
    fn add(&mut self, x: f64) {
        let t = self.hi + x;
        self.lo += if self.hi.abs() >= x.abs() { (self.hi - t) + x } else { (x - t) + self.hi };
        self.hi = t;
    }
    fn value(self) -> f64 {
        // A correction that is not finite would turn an infinite sum into a NaN.
        if self.lo != 0.0 && self.lo.is_finite() { self.hi + self.lo } else { self.hi }
    }
}

/// What has been summed up so far.
enum Sum {
    /// Ints within 64 bits.
    Int(i64),
    Float(Compensated),
    Complex(Compensated, Compensated),
    General,
}

fn float_of(v: Value) -> Option<f64> {
    if v.is_flo() {
        return Some(adder_metatrace::word::flo_decode(v.bits()));
    }
    v.exact::<FloatBox>().map(|b| b.f)
}
/// An int (of a subclass, too) as a double: OverflowError if it is too large.
fn int_as_float(th: Th, v: Value) -> Option<R<f64>> {
    if let Some(n) = v.as_fix() {
        return Some(Ok(n as f64));
    }
    if !matches!(v.kind(), Kind::Int | Kind::Bool) {
        return None;
    }
    if let Some(n) = crate::builtins::int::to_i64(v) {
        return Some(Ok(n as f64));
    }
    let f = th.type_of(v).slots.float?;
    Some(f(th, v).map(|x| float_of(x).unwrap_or(f64::NAN)))
}

fn sum_value(th: Th, s: &Sum, general: Value) -> Value {
    match s {
        Sum::Int(n) => th.int(*n),
        Sum::Float(c) => th.float(c.value()),
        Sum::Complex(re, im) => crate::builtins::complex::new(th, re.value(), im.value()),
        Sum::General => general,
    }
}

pub fn sum(th: Th, a: &[Option<Value>]) -> R<Value> {
    let start = a[1].unwrap_or(Value::fix(0));
    let cannot = |what: &str, join: &str| {
        th.iter(a[0].unwrap())?;
        Err(th.type_error(format!("sum() can't sum {what} [use {join}.join(seq) instead]")))
    };
    match start.kind() {
        Kind::Str => return cannot("strings", "''"),
        Kind::Bytes => return cannot("bytes", "b''"),
        Kind::ByteArray => return cannot("bytearray", "b''"),
        _ => {}
    }
    sum_on(th, a[0].unwrap(), start, begin(start), None)
}
/// An exact int of no more than 64 bits.
fn exact_i64(v: Value) -> Option<i64> {
    if v.is_exact(Kind::Int) { crate::builtins::int::to_i64(v) } else { v.as_fix() }
}
fn begin(v: Value) -> Sum {
    if let Some(n) = exact_i64(v) {
        Sum::Int(n)
    } else if let Some(f) = float_of(v) {
        Sum::Float(Compensated::new(f))
    } else if let Some(c) = v.exact::<Complex>() {
        Sum::Complex(Compensated::new(c.re), Compensated::new(c.im))
    } else {
        Sum::General
    }
}
/// Goes on with a sum that `interp::drain` began: iterator, sum of ints or floats, what the floats have lost, the next
/// item.
pub fn sum_more(th: Th, a: &[Option<Value>]) -> R<Value> {
    let [it, start, lost, x] = [0, 1, 2, 3].map(|k| a[k].unwrap());
    let mut s = match crate::builtins::int::to_i64(start).filter(|_| start.is_kind(Kind::Int)) {
        Some(n) => Sum::Int(n),
        None => begin(start),
    };
    if let (Sum::Float(c), Some(lo)) = (&mut s, float_of(lost)) {
        c.lo = lo;
    }
    sum_on(th, it, start, s, Some(x))
}
fn sum_on(th: Th, it: Value, start: Value, mut s: Sum, first: Option<Value>) -> R<Value> {
    let mut general = start;
    let mut one = |v: Value| {
        match &mut s {
            Sum::Int(n) => {
                let i = exact_i64(v)
                    .or_else(|| if v.is_kind(Kind::Bool) { Some(v.is(TRUE()) as i64) } else { None });
                if let Some(i) = i
                    && let Some(m) = n.checked_add(i)
                {
                    *n = m;
                    return Ok(true);
                }
            }
            Sum::Float(c) => {
                if let Some(f) = float_of(v) {
                    c.add(f);
                    return Ok(true);
                }
                if let Some(f) = int_as_float(th, v) {
                    c.add(f?);
                    return Ok(true);
                }
            }
            Sum::Complex(re, im) => {
                if let Some(z) = v.exact::<Complex>() {
                    re.add(z.re);
                    im.add(z.im);
                    return Ok(true);
                }
                if let Some(f) = int_as_float(th, v) {
                    re.add(f?);
                    return Ok(true);
                }
                if let Some(f) = float_of(v) {
                    re.add(f);
                    return Ok(true);
                }
            }
            Sum::General => {
                general = crate::builtins::ops::add(th, general, v)?;
                return Ok(true);
            }
        }
        // The item is of another type: adds it by the protocol. Sums go from int to float to complex to general.
        let was_int = matches!(s, Sum::Int(_));
        let was_complex = matches!(s, Sum::Complex(..));
        general = crate::builtins::ops::add(th, sum_value(th, &s, general), v)?;
        s = match begin(general) {
            Sum::Int(_) => Sum::General,
            Sum::Float(c) if was_int => Sum::Float(c),
            x @ Sum::Complex(..) if !was_complex => x,
            _ => Sum::General,
        };
        Ok(true)
    };
    if let Some(v) = first {
        one(v)?;
    }
    each(th, it, one)?;
    Ok(sum_value(th, &s, general))
}

fn unexpected(th: Th, f: &str, k: Value, known: &[&str]) -> Raised {
    let k = th.text(k);
    match crate::suggest::closest(&k, known.iter().copied()) {
        Some(c) => {
            th.type_error(format!("{f}() got an unexpected keyword argument '{k}'. Did you mean '{c}'?"))
        }
        None => th.type_error(format!("{f}() got an unexpected keyword argument '{k}'")),
    }
}

pub fn min(th: Th, a: RawArgs) -> R<Value> {
    min_max(th, a, CmpOp::Lt, "min")
}
pub fn max(th: Th, a: RawArgs) -> R<Value> {
    min_max(th, a, CmpOp::Gt, "max")
}
/// `x op y` where mostly one of the usual kinds of values is compared with its like.
#[inline(always)]
fn before(th: Th, x: Value, y: Value, op: CmpOp) -> R<bool> {
    match super::quick::order(x, y) {
        Some(o) => Ok(op.holds(o)),
        None => th.compare(x, y, op),
    }
}
fn min_max(th: Th, a: RawArgs, op: CmpOp, name: &str) -> R<Value> {
    let p = a.pos();
    // `max(i, j)` of small ints.
    if p.len() == 2
        && a.nkw() == 0
        && let (Some(x), Some(y)) = (p[0].as_fix(), p[1].as_fix())
    {
        return Ok(if op.holds(y.cmp(&x)) { p[1] } else { p[0] });
    }
    // Several values, without more ado.
    if p.len() > 1 && a.nkw() == 0 {
        let mut best = p[0];
        for v in &p[1..] {
            if before(th, *v, best, op)? {
                best = *v;
            }
        }
        return Ok(best);
    }
    if p.is_empty() {
        return Err(th.type_error(format!("{name} expected at least 1 argument, got 0")));
    }
    let (mut key, mut default) = (None, None);
    for (k, v) in a.keywords() {
        // Names in code are interned: most often no text is compared.
        if k.is(n!(key)) || !k.is(n!(default)) && th.text(k) == "key" {
            key = v.some();
        } else if k.is(n!(default)) || th.text(k) == "default" {
            default = Some(v);
        } else {
            return Err(unexpected(th, name, k, &["key", "default"]));
        }
    }
    if p.len() > 1 && default.is_some() {
        return Err(th.type_error(format!(
            "Cannot specify a default for {name}() with multiple positional arguments"
        )));
    }
    if let Some(f) = key {
        th.may_call(f)?;
    }
    let mut best: Option<(Value, Value)> = None;
    let mut consider = |v: Value| -> R<bool> {
        let k = match key {
            Some(f) => {
                th.may_take(v)?;
                th.call1(f, v)?
            }
            None => v,
        };
        best = match best {
            Some((_, bk)) if !before(th, k, bk, op)? => best,
            _ => Some((v, k)),
        };
        Ok(true)
    };
    if p.len() > 1 {
        for v in p {
            consider(*v)?;
        }
    } else {
        each(th, p[0], consider)?;
    }
    match best.map(|b| b.0).or(default) {
        Some(v) => Ok(v),
        None => Err(th.value_error(format!("{name}() iterable argument is empty"))),
    }
}

/// `sorted(iterable, *, key, reverse)`: a new list, sorted by its own method.
pub fn sorted(th: Th, a: RawArgs) -> R<Value> {
    if a.len() != 1 {
        return Err(th.type_error(format!("sorted expected 1 argument, got {}", a.len())));
    }
    let l = crate::builtins::list::from_iterable(th, a.pos()[0])?;
    let f = th.getattr(l.value(), n!(sort))?;
    th.call_raw(f, a.skip(1))?;
    Ok(l.value())
}
