//! Local time of the platform, with PEP 495's folds; numbers as time stamps.

use super::{Fields, bad_year, calendar, delta, zone};
use adder_host::time::Tm;
use adder_vm::builtins::{exceptions, float, int};
use adder_vm::err::{R, Raised};
use adder_vm::thread::Th;
use adder_vm::value::*;

/// No zone has a longer fold.
const MAX_FOLD: i64 = 24 * 3600;
/// Seconds from year 1 to 1970.
pub const EPOCH: i64 = calendar::EPOCH_ORDINAL * 86_400;

#[cold]
fn too_large(th: Th) -> Raised {
    th.overflow_error("timestamp out of range for platform time_t")
}
pub fn localtime(th: Th, t: i64) -> R<Tm> {
    adder_vm::the_host().localtime(t).map_err(|e| exceptions::os_error(th, e.0, &e.message(), None, None))
}
fn gmtime(th: Th, t: i64) -> R<Tm> {
    adder_vm::the_host().gmtime(t).map_err(|e| exceptions::os_error(th, e.0, &e.message(), None, None))
}
/// Leap seconds are not known here.
fn fields(t: &Tm, us: i32) -> R<Fields> {
    Ok(Fields {
        y: t.year.wrapping_add(1900),
        m: t.mon + 1,
        d: t.mday,
        hh: t.hour,
        mm: t.min,
        ss: t.sec.min(59),
        us,
        fold: 0,
    })
}
/// Seconds since the beginning of year 1.
pub fn to_seconds(th: Th, f: &Fields) -> R<i64> {
    if !(1..=9999).contains(&f.y) {
        return Err(bad_year(th, f.y));
    }
    Ok(f.ordinal() as i64 * 86_400 + f.second_of_day() as i64)
}
/// Local time of a UTC time, both in seconds of year 1.
fn local(th: Th, u: i64) -> R<i64> {
    let t = localtime(th, u - EPOCH)?;
    let mut f = fields(&t, 0)?;
    f.ss = t.sec;
    to_seconds(th, &f)
}
/// UTC of a local time. In a gap, as PEP 495 says.
pub fn local_to_seconds(th: Th, f: &Fields, fold: bool) -> R<i64> {
    let t = to_seconds(th, f)?;
    let a = local(th, t)? - t;
    let u1 = t - a;
    let t1 = local(th, u1)?;
    let b;
    if t1 == t {
        // A solution; perhaps there is an earlier (a later) one.
        let u2 = if fold { u1 + MAX_FOLD } else { u1 - MAX_FOLD };
        b = local(th, u2)? - u2;
        if a == b {
            return Ok(u1);
        }
    } else {
        b = t1 - u1;
    }
    let u2 = t - b;
    let t2 = local(th, u2)?;
    if t2 == t {
        return Ok(u2);
    }
    if t1 == t {
        return Ok(u1);
    }
    Ok(if fold { u1.min(u2) } else { u1.max(u2) })
}
/// The fields of a time stamp, in UTC or local time.
pub fn from_timestamp(th: Th, t: i64, us: i32, utc: bool) -> R<Fields> {
    if utc {
        return fields(&gmtime(th, t)?, us);
    }
    let mut f = fields(&localtime(th, t)?, us)?;
    let here = to_seconds(th, &f)?;
    let probe = local(th, EPOCH.saturating_add(t).saturating_sub(MAX_FOLD))?;
    let transition = here - probe - MAX_FOLD;
    if transition < 0 && local(th, EPOCH + t + transition)? == here {
        f.fold = 1;
    }
    Ok(f)
}
/// The zone that local time is in at a time.
pub fn zone_at(th: Th, t: i64) -> R<Value> {
    let tm = localtime(th, t)?;
    let d = delta::new(th, 0, tm.gmtoff, 0)?;
    let name = th.str(&String::from_utf8_lossy(&tm.zone));
    zone::checked(th, d, Some(name))
}
/// The zone of a local time.
pub fn zone_of(th: Th, f: &Fields) -> R<Value> {
    let fold = f.fold != 0;
    let mut s = local_to_seconds(th, f, fold)?;
    let s2 = local_to_seconds(th, f, !fold)?;
    if s2 != s && (s2 > s) == fold {
        s = s2;
    }
    zone_at(th, s - EPOCH)
}

fn double(th: Th, v: Value) -> R<Option<f64>> {
    match float::as_f64(v) {
        Some(f) if f.is_nan() => Err(th.value_error("Invalid value NaN (not a number)")),
        f => Ok(f),
    }
}
fn to_time_t(th: Th, f: f64) -> R<i64> {
    if !(f >= i64::MIN as f64 && f < -(i64::MIN as f64)) {
        return Err(too_large(th));
    }
    Ok(f as i64)
}
/// Whole seconds of a time stamp, rounded down.
pub fn seconds(th: Th, v: Value) -> R<i64> {
    match double(th, v)? {
        Some(f) => to_time_t(th, f.floor()),
        None => int::to_i64(th.index(v)?).ok_or_else(|| too_large(th)),
    }
}
/// Seconds and microseconds of a time stamp, rounded half to even.
pub fn timestamp(th: Th, v: Value) -> R<(i64, i32)> {
    if let Some(f) = double(th, v)? {
        let mut whole = f.trunc();
        let mut us = ((f - whole) * 1e6).round_ties_even();
        if us >= 1e6 {
            us -= 1e6;
            whole += 1.0;
        } else if us < 0.0 {
            us += 1e6;
            whole -= 1.0;
        }
        return Ok((to_time_t(th, whole)?, us as i32));
    }
    if !int::is_int(v) && th.type_of(v).slots.index.is_none() {
        return Err(th.type_error(format!("argument must be int or float, not {}", th.type_name_of(v))));
    }
    Ok((int::to_i64(th.index(v)?).ok_or_else(|| too_large(th))?, 0))
}
/// The current time.
pub fn now(th: Th) -> R<(i64, i32)> {
    let clock = adder_host::consts::raw::CLOCK_REALTIME;
    let ns = adder_vm::the_host()
        .clock_gettime(clock)
        .map_err(|e| exceptions::os_error(th, e.0, &e.message(), None, None))?;
    Ok((ns.div_euclid(1_000_000_000), (ns.rem_euclid(1_000_000_000) / 1000) as i32))
}
