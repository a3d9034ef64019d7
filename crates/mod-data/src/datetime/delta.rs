//! `timedelta`: days, seconds, microseconds, normalised. Arithmetic is on microseconds as 128-bit integers, which hold
//! every product and quotient that can become a `timedelta` again.
//!
//! # Invariants
//! `of` is given instances of [`Delta`]'s type only. Fields are written once, to an object that nobody else has seen
//! yet.

use super::*;
use adder_vm::builtins::{float, ops, tuple};
use adder_vm::err::Raised;
use adder_vm::slots::{CmpOp, Slots};
use std::cmp::Ordering;
use std::sync::atomic::AtomicI64;

#[repr(C)]
pub struct Delta {
    h: adder_vm::heap::Header,
    /// 0: not known yet.
    hash: AtomicI64,
    pub days: i32,
    pub secs: i32,
    pub us: i32,
    pad: u32,
}
const DOC: &str = "Difference between two datetime values.\n\ntimedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)\n\nAll arguments are optional and default to 0.\nArguments may be integers or floats, and may be positive or negative.";
const MAX_DAYS: i64 = 999_999_999;
const SECOND: i128 = 1_000_000;
const DAY: i128 = 86_400 * SECOND;

pub static DELTA_TYPE: NativeType = NativeType {
    name: "datetime.timedelta",
    kind: Kind::Native,
    size: size_of::<Delta>() as u32,
    doc: DOC,
    slots: Slots {
        new: Some(make),
        repr: Some(repr),
        str: Some(|th, o| Ok(th.str(&text(of(o))))),
        hash: Some(|th, o| hash(th, of(o))),
        richcompare: Some(|th, a, b, op| {
            if !is_delta(th, b) {
                return Ok(NOT_IMPLEMENTED());
            }
            Ok(Value::bool(op.holds(cmp(of(a), of(b)))))
        }),
        bool: Some(|_, o| Ok(nonzero(of(o)))),
        neg: Some(|th, o| negative(th, of(o))),
        pos: Some(|th, o| new(th, of(o).days as i64, of(o).secs as i64, of(o).us as i64)),
        abs: Some(|th, o| {
            let d = of(o);
            if d.days < 0 { negative(th, d) } else { new(th, d.days as i64, d.secs as i64, d.us as i64) }
        }),
        add: Some(|th, a, b| if both(th, a, b) { sum(th, of(a), of(b), 1) } else { Ok(NOT_IMPLEMENTED()) }),
        sub: Some(|th, a, b| if both(th, a, b) { sum(th, of(a), of(b), -1) } else { Ok(NOT_IMPLEMENTED()) }),
        mul: Some(|th, a, b| if is_delta(th, a) { multiply(th, of(a), b) } else { multiply(th, of(b), a) }),
        floordiv: Some(floordiv),
        truediv: Some(truediv),
        rem: Some(|th, a, b| {
            if !both(th, a, b) {
                return Ok(NOT_IMPLEMENTED());
            }
            let (x, y) = (total(of(a)), total(of(b)));
            if y == 0 {
                return Err(by_zero(th));
            }
            from_us(th, DELTA.get(), floor_rem(x, y))
        }),
        divmod: Some(|th, a, b| {
            if !both(th, a, b) {
                return Ok(NOT_IMPLEMENTED());
            }
            let (x, y) = (total(of(a)), total(of(b)));
            if y == 0 {
                return Err(by_zero(th));
            }
            let r = from_us(th, DELTA.get(), floor_rem(x, y))?;
            Ok(th.tuple(&[th.int128(floor_div(x, y))?, r]))
        }),
        ..Slots::NONE
    },
    methods: &[
        method("total_seconds", "($self, /)", "Total seconds in the duration.", |th, a| {
            let n = total(of(me(a)));
            // Exact in a double, so the division rounds once.
            if n.unsigned_abs() < 1 << 53 {
                return Ok(th.float(n as f64 / 1e6));
            }
            ops::truediv(th, th.int128(n)?, Value::fix(1_000_000))
        }),
        method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| {
            let d = of(me(a));
            let st =
                th.tuple(&[Value::fix(d.days as i64), Value::fix(d.secs as i64), Value::fix(d.us as i64)]);
            reduced(th, me(a), st)
        }),
    ],
    getset: &[
        getter("days", "Number of days.", |_, o| Ok(Value::fix(of(o).days as i64))),
        getter("seconds", "Number of seconds (>= 0 and less than 1 day).", |_, o| {
            Ok(Value::fix(of(o).secs as i64))
        }),
        getter("microseconds", "Number of microseconds (>= 0 and less than 1 second).", |_, o| {
            Ok(Value::fix(of(o).us as i64))
        }),
    ],
    ..NativeType::DEFAULT
};
pub static DELTA: TypeCell = TypeCell::new(&DELTA_TYPE);

pub fn of(v: Value) -> Gc<Delta> {
    unsafe { v.cast_unchecked() }
}
#[inline(always)]
pub fn is_delta(th: Th, v: Value) -> bool {
    is_a(th, v, &DELTA)
}
fn both(th: Th, a: Value, b: Value) -> bool {
    is_delta(th, a) && is_delta(th, b)
}
/// In microseconds.
pub fn total(d: Gc<Delta>) -> i128 {
    (d.days as i64 * 86_400 + d.secs as i64) as i128 * SECOND + d.us as i128
}
pub fn nonzero(d: Gc<Delta>) -> bool {
    d.days != 0 || d.secs != 0 || d.us != 0
}
pub fn cmp(a: Gc<Delta>, b: Gc<Delta>) -> Ordering {
    (a.days, a.secs, a.us).cmp(&(b.days, b.secs, b.us))
}
pub fn hash(th: Th, d: Gc<Delta>) -> R<i64> {
    let h = d.hash.load(Relaxed);
    if h != 0 {
        return Ok(h);
    }
    let f = |n: i32| Value::fix(n as i64);
    let h = tuple::hash_items(th, &[f(d.days), f(d.secs), f(d.us)])?;
    d.hash.store(h, Relaxed);
    Ok(h)
}
/// Strictly between -24 and 24 hours.
pub fn is_offset(d: Gc<Delta>) -> bool {
    d.days == 0 || d.days == -1 && (d.secs != 0 || d.us != 0)
}

/// From parts of any size.
pub fn new(th: Th, days: i64, secs: i64, us: i64) -> R<Value> {
    let (mut days, mut secs, mut us) = (days, secs, us);
    if !(0..1_000_000).contains(&us) {
        secs += us.div_euclid(1_000_000);
        us = us.rem_euclid(1_000_000);
    }
    if !(0..86_400).contains(&secs) {
        days += secs.div_euclid(86_400);
        secs = secs.rem_euclid(86_400);
    }
    build(th, DELTA.get(), days, secs as i32, us as i32)
}
fn build(th: Th, t: Gc<Type>, days: i64, secs: i32, us: i32) -> R<Value> {
    if days.abs() > MAX_DAYS {
        return Err(th.overflow_error(format!("days={days}; must have magnitude <= {MAX_DAYS}")));
    }
    let g = alloc::<Delta>(th, t, &DELTA)?;
    let d = unsafe { &mut *g.as_ptr() };
    (d.days, d.secs, d.us) = (days as i32, secs, us);
    Ok(g.value())
}
#[cold]
fn too_large(th: Th) -> Raised {
    th.overflow_error("Python int too large to convert to C int")
}
pub fn from_us(th: Th, t: Gc<Type>, us: i128) -> R<Value> {
    let days = us.div_euclid(DAY);
    if i32::try_from(days).is_err() {
        return Err(too_large(th));
    }
    let rest = us.rem_euclid(DAY);
    build(th, t, days as i64, (rest / SECOND) as i32, (rest % SECOND) as i32)
}
/// An int object's value; None if it needs more than 128 bits.
fn wide(v: Value) -> Option<i128> {
    if let Some(n) = int::to_i64(v) {
        return Some(n as i128);
    }
    let r = int::IntRef::new(v)?;
    let n = r.view();
    let m = match *n.mag {
        [a] => a as u128,
        [a, b] => (b as u128) << 64 | a as u128,
        _ => return None,
    };
    let m = i128::try_from(m).ok()?;
    Some(if n.neg { -m } else { m })
}
fn from_int(th: Th, v: Value) -> R<Value> {
    match wide(v) {
        Some(n) => from_us(th, DELTA.get(), n),
        None => Err(too_large(th)),
    }
}

pub fn negative(th: Th, d: Gc<Delta>) -> R<Value> {
    new(th, -(d.days as i64), -(d.secs as i64), -(d.us as i64))
}
pub fn sum(th: Th, a: Gc<Delta>, b: Gc<Delta>, sign: i64) -> R<Value> {
    new(
        th,
        a.days as i64 + sign * b.days as i64,
        a.secs as i64 + sign * b.secs as i64,
        a.us as i64 + sign * b.us as i64,
    )
}
#[cold]
fn by_zero(th: Th) -> Raised {
    th.zero_division("division by zero")
}
fn floor_div(a: i128, b: i128) -> i128 {
    let q = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
}
fn floor_rem(a: i128, b: i128) -> i128 {
    let r = a % b;
    if r != 0 && (r < 0) != (b < 0) { r + b } else { r }
}
/// The quotient rounded half to even.
fn divide_nearest(a: i128, b: i128) -> i128 {
    let (q, r) = (floor_div(a, b), floor_rem(a, b));
    let twice = (2 * r.unsigned_abs()).cmp(&b.unsigned_abs());
    q + (twice == Ordering::Greater || twice == Ordering::Equal && q & 1 != 0) as i128
}
/// The same for ints of any size.
fn divide_nearest_int(th: Th, a: Value, b: Value) -> R<Value> {
    let qr = int::divmod(th, a, b)?;
    let qr: Gc<Tuple> = qr.known();
    let (q, r) = (qr.items()[0], qr.items()[1]);
    let twice = int::mul(th, r, Value::fix(2))?;
    let negative = int::is_negative(b);
    let more = th.compare(twice, b, if negative { CmpOp::Lt } else { CmpOp::Gt })?;
    let odd = !int::is_zero(int::and(th, q, Value::fix(1))?);
    if more || odd && th.compare(twice, b, CmpOp::Eq)? { int::add(th, q, Value::fix(1)) } else { Ok(q) }
}

fn multiply(th: Th, d: Gc<Delta>, by: Value) -> R<Value> {
    if int::is_int(by) {
        let n = total(d);
        return match int::to_i64(by).and_then(|k| n.checked_mul(k as i128)) {
            Some(n) => from_us(th, DELTA.get(), n),
            None if n == 0 => new(th, 0, 0, 0),
            None => Err(too_large(th)),
        };
    }
    if float::as_f64(by).is_some() {
        return scale(th, d, by, false);
    }
    Ok(NOT_IMPLEMENTED())
}
/// Times or divided by a float, exactly, then rounded.
fn scale(th: Th, d: Gc<Delta>, by: Value, divide: bool) -> R<Value> {
    let ratio = th.call_method(by, State::AsIntegerRatio.get(), &[])?;
    let Some(t) = ratio.cast::<Tuple>() else {
        return Err(th.type_error(format!(
            "unexpected return type from as_integer_ratio(): expected tuple, got '{}'",
            th.type_name_of(ratio)
        )));
    };
    let &[p, q] = t.items() else {
        return Err(th.value_error("as_integer_ratio() must return a 2-tuple"));
    };
    let (p, q) = if divide { (q, p) } else { (p, q) };
    let n = ops::mul(th, th.int128(total(d))?, p)?;
    if !int::is_int(n) || !int::is_int(q) {
        return Err(th.type_error(format!(
            "unsupported operand type(s) for divmod(): '{}' and '{}'",
            th.type_name_of(n),
            th.type_name_of(q)
        )));
    }
    from_int(th, divide_nearest_int(th, n, q)?)
}
fn floordiv(th: Th, a: Value, b: Value) -> R<Value> {
    if !is_delta(th, a) {
        return Ok(NOT_IMPLEMENTED());
    }
    let n = total(of(a));
    if int::is_int(b) {
        if int::is_zero(b) {
            return Err(by_zero(th));
        }
        let q = match wide(b) {
            Some(k) => floor_div(n, k),
            None => -((n != 0 && (n < 0) != int::is_negative(b)) as i128),
        };
        return from_us(th, DELTA.get(), q);
    }
    if is_delta(th, b) {
        let k = total(of(b));
        return if k == 0 { Err(by_zero(th)) } else { th.int128(floor_div(n, k)) };
    }
    Ok(NOT_IMPLEMENTED())
}
fn truediv(th: Th, a: Value, b: Value) -> R<Value> {
    if !is_delta(th, a) {
        return Ok(NOT_IMPLEMENTED());
    }
    let n = total(of(a));
    if is_delta(th, b) {
        let k = total(of(b));
        return if k == 0 { Err(by_zero(th)) } else { ops::truediv(th, th.int128(n)?, th.int128(k)?) };
    }
    if float::as_f64(b).is_some() {
        return scale(th, of(a), b, true);
    }
    if int::is_int(b) {
        if int::is_zero(b) {
            return Err(by_zero(th));
        }
        return match int::to_i64(b) {
            Some(k) => from_us(th, DELTA.get(), divide_nearest(n, k as i128)),
            None => from_int(th, divide_nearest_int(th, th.int128(n)?, b)?),
        };
    }
    Ok(NOT_IMPLEMENTED())
}

const PARAMS: Params = Params {
    name: Some("__new__()"),
    names: &["days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks"],
    required: 0,
    positional: 7,
};
/// Microseconds of each parameter's unit, and the order in which they are added up.
const UNITS: [i64; 7] = [86_400_000_000, 1_000_000, 1, 1000, 60_000_000, 3_600_000_000, 604_800_000_000];
const ORDER: [usize; 7] = [2, 3, 1, 4, 5, 0, 6];

fn make(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = t.known();
    let mut given = [None; 7];
    parse(th, &PARAMS, a, |i, v| {
        given[i] = Some(v);
        Ok(())
    })?;
    let mut sum: i128 = 0;
    let mut left = 0.0;
    for i in ORDER {
        let Some(v) = given[i] else { continue };
        if let Some(n) = v.as_fix() {
            // At most 63 + 40 bits each.
            sum += n as i128 * UNITS[i] as i128;
        } else if int::is_int(v) {
            return make_big(th, t, &given);
        } else if let Some(f) = float::as_f64(v) {
            let whole = f.trunc();
            if whole.is_nan() || whole.abs() >= 9e18 {
                return make_big(th, t, &given);
            }
            sum += whole as i64 as i128 * UNITS[i] as i128;
            left += add_fraction(&mut sum, f - whole, UNITS[i]);
        } else {
            return Err(bad_component(th, i, v));
        }
    }
    sum += round_left(left, sum & 1 != 0);
    from_us(th, t, sum)
}
#[cold]
fn bad_component(th: Th, i: usize, v: Value) -> Raised {
    th.type_error(format!(
        "unsupported type for timedelta {} component: {}",
        PARAMS.names[i],
        th.type_name_of(v)
    ))
}
/// Adds the whole microseconds of a fraction of a unit; gives what is left.
fn add_fraction(sum: &mut i128, fraction: f64, unit: i64) -> f64 {
    if fraction == 0.0 {
        return 0.0;
    }
    let us = unit as f64 * fraction;
    let whole = us.trunc();
    *sum += whole as i128;
    us - whole
}
/// Rounded half to even, together with a sum that is odd or not.
fn round_left(left: f64, odd: bool) -> i128 {
    if left == 0.0 {
        return 0;
    }
    let mut whole = left.round();
    if (whole - left).abs() == 0.5 {
        let odd = odd as i32 as f64;
        whole = 2.0 * ((left + odd) * 0.5).round() - odd;
    }
    whole as i128
}
/// With numbers beyond 64 bits.
#[cold]
fn make_big(th: Th, t: Gc<Type>, given: &[Option<Value>; 7]) -> R<Value> {
    let mut sum = Value::fix(0);
    let mut left = 0.0;
    for i in ORDER {
        let Some(v) = given[i] else { continue };
        let unit = Value::fix(UNITS[i]);
        if int::is_int(v) {
            sum = ops::add(th, sum, ops::mul(th, v, unit)?)?;
        } else if let Some(f) = float::as_f64(v) {
            let whole = f.trunc();
            sum = ops::add(th, sum, ops::mul(th, float::trunc(th, whole)?, unit)?)?;
            let mut more = 0;
            left += add_fraction(&mut more, f - whole, UNITS[i]);
            sum = ops::add(th, sum, th.int128(more)?)?;
        } else {
            return Err(bad_component(th, i, v));
        }
    }
    if !int::is_int(sum) {
        return Err(th.type_error(format!(
            "unsupported operand type(s) for divmod(): '{}' and 'int'",
            th.type_name_of(sum)
        )));
    }
    let odd = !int::is_zero(int::and(th, sum, Value::fix(1))?);
    let sum = int::add(th, sum, th.int128(round_left(left, odd))?)?;
    match wide(sum) {
        Some(n) => from_us(th, t, n),
        None => Err(too_large(th)),
    }
}

fn repr(th: Th, o: Value) -> R<Value> {
    let d = of(o);
    let mut parts = Vec::new();
    for (name, n) in [("days", d.days), ("seconds", d.secs), ("microseconds", d.us)] {
        if n != 0 {
            parts.push(format!("{name}={n}"));
        }
    }
    if parts.is_empty() {
        parts.push("0".into());
    }
    Ok(th.str(&format!("{}({})", th.type_name_of(o), parts.join(", "))))
}
fn text(d: Gc<Delta>) -> String {
    let mut s = match d.days {
        0 => String::new(),
        n => format!("{n} day{}, ", if n.abs() == 1 { "" } else { "s" }),
    };
    s += &format!("{}:{:02}:{:02}", d.secs / 3600, d.secs / 60 % 60, d.secs % 60);
    if d.us != 0 {
        s += &format!(".{:06}", d.us);
    }
    s
}
