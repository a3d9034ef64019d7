//! `time`, and the conversion of Python numbers to times that other modules use.
//!
//! # Invariants
//! Texts are copied at once from a `str` that is on the stack.

use crate::util::*;
use adder_host::time::Tm;
use adder_vm::builtins::int;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ffi::CString;

structseq! {
    pub STRUCT_TIME "time.struct_time" 9
    "The time value as returned by gmtime(), localtime(), and strptime(), and\n accepted by asctime(), mktime() and strftime().  May be considered as a\n sequence of 9 integers.\n\n Note that several fields' values are not the same as those defined by\n the C language standard for struct tm.  For example, the value of the\n field tm_year is the actual year, not year - 1900.  See individual\n fields' descriptions for details." tflags::SHOWN_AS_HEAP; [
        ("tm_year", "year, for example, 1993"), ("tm_mon", "month of year, range [1, 12]"), ("tm_mday", "day of month, range [1, 31]"),
        ("tm_hour", "hours, range [0, 23]"), ("tm_min", "minutes, range [0, 59]"), ("tm_sec", "seconds, range [0, 61]"),
        ("tm_wday", "day of week, range [0, 6], Monday is 0"), ("tm_yday", "day of year, range [1, 366]"),
        ("tm_isdst", "1 if summer time is in effect, 0 if not, and -1 if unknown"),
        ("tm_zone", "abbreviation of timezone name"), ("tm_gmtoff", "offset from UTC in seconds"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "time",
    doc: "This module provides various functions to manipulate time values.\n\nThere are two standard representations of time.  One is the number\nof seconds since the Epoch, in UTC (a.k.a. GMT).  It may be an integer\nor a floating-point number (to represent fractions of seconds).\nThe epoch is the point where the time starts, the return value of time.gmtime(0).\nIt is January 1, 1970, 00:00:00 (UTC) on all platforms.\n\nThe other representation is a tuple of 9 integers giving local time.\nThe tuple items are:\n  year (including century, e.g. 1998)\n  month (1-12)\n  day (1-31)\n  hours (0-23)\n  minutes (0-59)\n  seconds (0-59)\n  weekday (0-6, Monday is 0)\n  Julian day (day in the year, 1-366)\n  DST (Daylight Savings Time) flag (-1, 0 or 1)\nIf the DST flag is 0, the time is given in the regular time zone;\nif it is 1, the time is given in the DST time zone;\nif it is -1, mktime() should guess based on the date and time.\n",
    functions: &[
        function(
            "time",
            "!($module, /)",
            "time() -> floating-point number\n\nReturn the current time in seconds since the Epoch.\nFractions of a second may be present if the system clock provides them.",
            |th, _| now(th, c::CLOCK_REALTIME),
        ),
        function(
            "time_ns",
            "!($module, /)",
            "time_ns() -> int\n\nReturn the current time in nanoseconds since the Epoch.",
            |th, _| now_ns(th, c::CLOCK_REALTIME),
        ),
        function(
            "monotonic",
            "!($module, /)",
            "monotonic() -> float\n\nMonotonic clock, cannot go backward.",
            |th, _| now(th, c::CLOCK_MONOTONIC),
        ),
        function(
            "monotonic_ns",
            "!($module, /)",
            "monotonic_ns() -> int\n\nMonotonic clock, cannot go backward, as nanoseconds.",
            |th, _| now_ns(th, c::CLOCK_MONOTONIC),
        ),
        function(
            "perf_counter",
            "!($module, /)",
            "perf_counter() -> float\n\nPerformance counter for benchmarking.",
            |th, _| now(th, c::CLOCK_MONOTONIC),
        ),
        function(
            "perf_counter_ns",
            "!($module, /)",
            "perf_counter_ns() -> int\n\nPerformance counter for benchmarking as nanoseconds.",
            |th, _| now_ns(th, c::CLOCK_MONOTONIC),
        ),
        function(
            "process_time",
            "!($module, /)",
            "process_time() -> float\n\nProcess time for profiling: sum of the kernel and user-space CPU time.",
            |th, _| now(th, c::CLOCK_PROCESS_CPUTIME_ID),
        ),
        function(
            "process_time_ns",
            "!($module, /)",
            "process_time() -> int\n\nProcess time for profiling as nanoseconds:\nsum of the kernel and user-space CPU time.",
            |th, _| now_ns(th, c::CLOCK_PROCESS_CPUTIME_ID),
        ),
        function(
            "thread_time",
            "!($module, /)",
            "thread_time() -> float\n\nThread time for profiling: sum of the kernel and user-space CPU time.",
            |th, _| now(th, c::CLOCK_THREAD_CPUTIME_ID),
        ),
        function(
            "thread_time_ns",
            "!($module, /)",
            "thread_time() -> int\n\nThread time for profiling as nanoseconds:\nsum of the kernel and user-space CPU time.",
            |th, _| now_ns(th, c::CLOCK_THREAD_CPUTIME_ID),
        ),
        function(
            "clock_gettime",
            "($module, clk_id, /)",
            "Return the time of the specified clock clk_id as a float.",
            |th, a| now(th, clock_arg(th, a[0])?),
        ),
        function(
            "clock_gettime_ns",
            "($module, clk_id, /)",
            "Return the time of the specified clock clk_id as nanoseconds (int).",
            |th, a| now_ns(th, clock_arg(th, a[0])?),
        ),
        function(
            "clock_getres",
            "!!($module, clk_id, /)",
            "clock_getres(clk_id) -> floating-point number\n\nReturn the resolution (precision) of the specified clock clk_id.",
            |th, a| {
                let n = ok(th, host().clock_getres(int_arg(th, a[0].unwrap())?))?;
                Ok(th.float(n as f64 / 1e9))
            },
        ),
        function(
            "clock_settime",
            "!($module, clk_id, time, /)",
            "clock_settime(clk_id, time)\n\nSet the time of the specified clock clk_id.",
            |th, a| {
                let id = int_arg(th, a[0].unwrap())?;
                let t = duration(th, a[1].unwrap(), Round::Floor)?;
                ok(th, host().clock_settime(id, t))?;
                none()
            },
        ),
        function(
            "clock_settime_ns",
            "!($module, clk_id, time, /)",
            "clock_settime_ns(clk_id, time)\n\nSet the time of the specified clock clk_id with nanoseconds.",
            |th, a| {
                let id = int_arg(th, a[0].unwrap())?;
                let t = long_arg(th, a[1].unwrap())?;
                ok(th, host().clock_settime(id, t))?;
                none()
            },
        ),
        function(
            "pthread_getcpuclockid",
            "!!($module, thread_id, /)",
            "pthread_getcpuclockid(thread_id) -> int\n\nReturn the clk_id of a thread's CPU time clock.",
            |th, a| {
                let v = a[0].unwrap();
                if !(v.is_fix() || v.is_kind(Kind::Int)) {
                    return Err(th.type_error(format!(
                        "pthread_getcpuclockid() argument 1 must be int, not {}",
                        th.type_name_of(v)
                    )));
                }
                let id = long_arg(th, v)? as u64;
                // The C library has undefined behaviour for threads that are gone.
                let alive = crate::thread::is_alive(th, id);
                let clock = if alive { host().thread_clock(id) } else { Err(adder_host::Errno(c::ESRCH)) };
                Ok(th.int(ok(th, clock)? as i64))
            },
        ),
        function(
            "sleep",
            "!($module, seconds, /)",
            "sleep(seconds)\n\nDelay execution for a given number of seconds.  The argument may be\na floating-point number for subsecond precision.",
            |th, a| {
                crate::audit(th, "time.sleep", &[a[0].unwrap()])?;
                let n = duration(th, a[0].unwrap(), Round::Timeout)?;
                if n < 0 {
                    return Err(th.value_error("sleep length must be non-negative"));
                }
                sleep(th, n)?;
                none()
            },
        ),
        function(
            "gmtime",
            "!($module, seconds=None, /)",
            "gmtime([seconds]) -> (tm_year, tm_mon, tm_mday, tm_hour, tm_min,\n                       tm_sec, tm_wday, tm_yday, tm_isdst)\n\nConvert seconds since the Epoch to a time tuple expressing UTC (a.k.a.\nGMT).  When 'seconds' is not passed in, convert the current time instead.\n\nIf the platform supports the tm_gmtoff and tm_zone, they are available as\nattributes only.",
            |th, a| {
                let s = seconds_arg(th, a[0])?;
                let mut t = ok(th, host().gmtime(s))?;
                t.zone = b"UTC".to_vec();
                struct_time(th, &t)
            },
        ),
        function(
            "localtime",
            "!($module, seconds=None, /)",
            "localtime([seconds]) -> (tm_year,tm_mon,tm_mday,tm_hour,tm_min,\n                          tm_sec,tm_wday,tm_yday,tm_isdst)\n\nConvert seconds since the Epoch to a time tuple expressing local time.\nWhen 'seconds' is not passed in, convert the current time instead.",
            |th, a| {
                let s = seconds_arg(th, a[0])?;
                let t = ok(th, host().localtime(s))?;
                struct_time(th, &t)
            },
        ),
        function(
            "mktime",
            "!($module, time_tuple, /)",
            "mktime(time_tuple) -> floating-point number\n\nConvert a time tuple in local time to seconds since the Epoch.\nNote that mktime(gmtime(0)) will not generally return zero for most\ntime zones; instead the returned value will either be equal to that\nof the timezone or altzone attributes on the time module.",
            |th, a| {
                let t = tm_arg(th, "mktime", a[0].unwrap())?;
                match host().mktime(&t) {
                    Some(s) => Ok(th.float(s as f64)),
                    None => Err(th.overflow_error("mktime argument out of range")),
                }
            },
        ),
        function(
            "asctime",
            "!($module, time_tuple=None, /)",
            "asctime([time_tuple]) -> string\n\nConvert a time tuple to a string, e.g. 'Sat Jun 06 16:26:11 1998'.\nWhen the time tuple is not present, current time as returned by localtime()\nis used.",
            |th, a| {
                let t = match a[0] {
                    Some(v) => {
                        let mut t = tm_arg(th, "asctime", v)?;
                        check_tm(th, &mut t)?;
                        t
                    }
                    None => local_now(th)?,
                };
                Ok(th.str(&asctime(&t)))
            },
        ),
        function(
            "ctime",
            "!($module, seconds=None, /)",
            "ctime([seconds]) -> string\n\nConvert a time in seconds since the Epoch to a string in local time.\nThis is equivalent to asctime(localtime(seconds)). When 'seconds' is not\npassed in, convert the current time instead.",
            |th, a| {
                let s = seconds_arg(th, a[0])?;
                let t = ok(th, host().localtime(s))?;
                Ok(th.str(&asctime(&t)))
            },
        ),
        function(
            "strftime",
            "!($module, format, time_tuple=None, /)",
            "strftime(format[, time_tuple]) -> string\n\nConvert a time tuple to a string according to a format specification.\nSee the library reference manual for formatting codes. When the time tuple\nis not present, current time as returned by localtime() is used.\n\nCommonly used format codes:\n\n%Y  Year with century as a decimal number.\n%m  Month as a decimal number [01,12].\n%d  Day of the month as a decimal number [01,31].\n%H  Hour (24-hour clock) as a decimal number [00,23].\n%M  Minute as a decimal number [00,59].\n%S  Second as a decimal number [00,61].\n%z  Time zone offset from UTC.\n%a  Locale's abbreviated weekday name.\n%A  Locale's full weekday name.\n%b  Locale's abbreviated month name.\n%B  Locale's full month name.\n%c  Locale's appropriate date and time representation.\n%I  Hour (12-hour clock) as a decimal number [01,12].\n%p  Locale's equivalent of either AM or PM.\n\nOther codes may be available on your platform.  See documentation for\nthe C library strftime function.\n",
            |th, a| {
                let f = a[0].unwrap();
                if !f.is_kind(Kind::Str) {
                    return Err(th.type_error(format!(
                        "strftime() argument 1 must be str, not {}",
                        th.arg_type_name(f)
                    )));
                }
                let t = match a[1] {
                    Some(v) => {
                        let mut t = tm_arg(th, "strftime", v)?;
                        check_tm(th, &mut t)?;
                        t
                    }
                    None => local_now(th)?,
                };
                strftime(th, f, &t)
            },
        ),
        raw_function(
            "strptime",
            "!($module, string, format='%a %b %d %H:%M:%S %Y', /)",
            "strptime(string[, format]) -> struct_time\n\nParse a string to a time tuple according to a format specification.\nSee the library reference manual for formatting codes (same as\nstrftime()).\n\nCommonly used format codes:\n\n%Y  Year with century as a decimal number.\n%m  Month as a decimal number [01,12].\n%d  Day of the month as a decimal number [01,31].\n%H  Hour (24-hour clock) as a decimal number [00,23].\n%M  Minute as a decimal number [00,59].\n%S  Second as a decimal number [00,61].\n%z  Time zone offset from UTC.\n%a  Locale's abbreviated weekday name.\n%A  Locale's full weekday name.\n%b  Locale's abbreviated month name.\n%B  Locale's full month name.\n%c  Locale's appropriate date and time representation.\n%I  Hour (12-hour clock) as a decimal number [01,12].\n%p  Locale's equivalent of either AM or PM.\n\nOther codes may be available on your platform.  See documentation for\nthe C library strftime function.\n",
            |th, a| {
                let m = adder_vm::import::import_module(th, "_strptime")?;
                let f = th.getattr(m, th.intern("_strptime_time"))?;
                th.call_raw(f, a)
            },
        ),
        function(
            "get_clock_info",
            "!!($module, name, /)",
            "get_clock_info(name: str) -> dict\n\nGet information of the specified clock.",
            |th, a| {
                let v = a[0].unwrap();
                let (clock, implementation, adjustable) = match str_arg(th, "get_clock_info", "1", v)? {
                    "time" => (c::CLOCK_REALTIME, "CLOCK_REALTIME", true),
                    "monotonic" | "perf_counter" => (c::CLOCK_MONOTONIC, "CLOCK_MONOTONIC", false),
                    "process_time" => (c::CLOCK_PROCESS_CPUTIME_ID, "CLOCK_PROCESS_CPUTIME_ID", false),
                    "thread_time" => (c::CLOCK_THREAD_CPUTIME_ID, "CLOCK_THREAD_CPUTIME_ID", false),
                    _ => return Err(th.value_error("unknown clock")),
                };
                let res = host().clock_getres(clock).unwrap_or(1) as f64 * 1e-9;
                let text = th.str(&format!("clock_gettime({implementation})"));
                let t = adder_vm::builtins::namespace::NAMESPACE.get().value();
                th.call_kw(
                    t,
                    &[],
                    &[
                        ("implementation", text),
                        ("monotonic", Value::bool(!adjustable)),
                        ("adjustable", Value::bool(adjustable)),
                        ("resolution", th.float(res)),
                    ],
                )
            },
        ),
        function(
            "tzset",
            "!($module, /)",
            "tzset()\n\nInitialize, or reinitialize, the local timezone to the value stored in\nos.environ['TZ']. The TZ environment variable should be specified in\nstandard Unix timezone format as documented in the tzset man page\n(eg. 'US/Eastern', 'Europe/Amsterdam'). Unknown timezones will silently\nfall back to UTC. If the TZ environment variable is not set, the local\ntimezone is set to the systems best guess of wallclock time.\nChanging the TZ environment variable without calling tzset *may* change\nthe local timezone used by methods such as localtime, but this behaviour\nshould not be relied on.",
            |th, _| {
                host().tzset();
                let m = adder_vm::import::import_module(th, "time")?;
                if let Some(m) = m.cast::<Module>() {
                    zone_constants(th, m)?;
                }
                none()
            },
        ),
    ],
    types: &[&STRUCT_TIME.cell],
    init: Some(|th, m| {
        put_table(th, m, adder_host::consts::time())?;
        host().tzset();
        zone_constants(th, m)
    }),
};

fn zone_constants(th: Th, m: Gc<Module>) -> R<()> {
    const YEAR: i64 = (365 * 24 + 6) * 3600;
    let now = host().clock_gettime(c::CLOCK_REALTIME).unwrap_or(0) / 1_000_000_000;
    let start = now / YEAR * YEAR;
    let (Ok(jan), Ok(jul)) = (host().localtime(start), host().localtime(start + YEAR / 2)) else {
        return Ok(());
    };
    // In the southern half summer time is in January.
    let (std, dst) = if jan.gmtoff <= jul.gmtoff { (jan, jul) } else { (jul, jan) };
    let std_name = fs_decode(th, &std.zone)?;
    let dst_name = fs_decode(th, &dst.zone)?;
    m.put(th, "timezone", th.int(-std.gmtoff))?;
    m.put(th, "altzone", th.int(-dst.gmtoff))?;
    m.put(th, "daylight", Value::fix((std.gmtoff != dst.gmtoff) as i64))?;
    m.put(th, "tzname", th.tuple(&[std_name, dst_name]))
}

fn clock_arg(th: Th, v: Option<Value>) -> R<i32> {
    let v = v.unwrap();
    if th.type_of(v).slots.index.is_none() {
        return Err(th.type_error(format!("clk_id should be integer, not {}", th.type_name_of(v))));
    }
    int_arg(th, v)
}
fn now(th: Th, clock: i32) -> R<Value> {
    let n = ok(th, host().clock_gettime(clock))?;
    Ok(th.float(n as f64 / 1e9))
}
fn now_ns(th: Th, clock: i32) -> R<Value> {
    Ok(th.int(ok(th, host().clock_gettime(clock))?))
}

/// Sleeps that many nanoseconds; handlers of signals run meanwhile.
pub fn sleep(th: Th, nanos: i64) -> R<()> {
    if nanos == 0 {
        // Others may run; a signal that is pending is handled.
        let _ = th.m.blocking(|| host().sched_yield());
        return Ok(());
    }
    let start = ok(th, host().clock_gettime(c::CLOCK_MONOTONIC))?;
    let until = start.saturating_add(nanos);
    call(th, |h, o| h.sleep_until(o, until))
}

// -- numbers as times

#[derive(Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // `select` and `_socket` round in the other ways
pub enum Round {
    Floor,
    Ceiling,
    HalfEven,
    /// Away from zero.
    Timeout,
}

fn round(x: f64, how: Round) -> f64 {
    match how {
        Round::Floor => x.floor(),
        Round::Ceiling => x.ceil(),
        Round::HalfEven => x.round_ties_even(),
        Round::Timeout => {
            if x >= 0.0 {
                x.ceil()
            } else {
                x.floor()
            }
        }
    }
}
#[cold]
fn time_t_overflow(th: Th) -> Raised {
    th.overflow_error("timestamp out of range for platform time_t")
}
#[cold]
fn pytime_overflow(th: Th) -> Raised {
    th.overflow_error("timestamp out of range for C PyTime_t")
}
fn as_float(th: Th, v: Value) -> R<Option<f64>> {
    if v.kind() != Kind::Float {
        return Ok(None);
    }
    let f = float_of(v);
    if f.is_nan() {
        return Err(th.value_error("Invalid value NaN (not a number)"));
    }
    Ok(Some(f))
}
/// The value of a float object.
pub fn float_of(v: Value) -> f64 {
    adder_vm::builtins::float::get(v)
}

/// Seconds and nanoseconds of a Python number of seconds.
pub fn timestamp(th: Th, v: Value, how: Round) -> R<(i64, i64)> {
    match as_float(th, v)? {
        Some(f) => {
            let mut int = f.trunc();
            let mut frac = round((f - int) * 1e9, how);
            if frac >= 1e9 {
                frac -= 1e9;
                int += 1.0;
            } else if frac < 0.0 {
                frac += 1e9;
                int -= 1.0;
            }
            if !(int >= i64::MIN as f64 && int < -(i64::MIN as f64)) {
                return Err(time_t_overflow(th));
            }
            Ok((int as i64, frac as i64))
        }
        None => Ok((int::to_i64(th.index(v)?).ok_or_else(|| time_t_overflow(th))?, 0)),
    }
}
/// Whole seconds.
pub fn seconds(th: Th, v: Value, how: Round) -> R<i64> {
    match as_float(th, v)? {
        Some(f) => {
            let f = round(f, how);
            if !(f >= i64::MIN as f64 && f < -(i64::MIN as f64)) {
                return Err(time_t_overflow(th));
            }
            Ok(f as i64)
        }
        None => int::to_i64(th.index(v)?).ok_or_else(|| time_t_overflow(th)),
    }
}
/// Nanoseconds of a Python number of seconds.
pub fn duration(th: Th, v: Value, how: Round) -> R<i64> {
    scaled(th, v, how, 1_000_000_000)
}
/// Nanoseconds of a Python number of milliseconds.
#[allow(dead_code)] // for `select`
pub fn millis(th: Th, v: Value, how: Round) -> R<i64> {
    scaled(th, v, how, 1_000_000)
}
fn scaled(th: Th, v: Value, how: Round, unit: i64) -> R<i64> {
    if let Some(f) = as_float(th, v)? {
        let f = round(f * unit as f64, how);
        if !(f >= i64::MIN as f64 && f < -(i64::MIN as f64)) {
            return Err(pytime_overflow(th));
        }
        return Ok(f as i64);
    }
    let n = th.index(v).map_err(|e| match th.exc_is(&adder_vm::builtins::exceptions::TYPE_ERROR) {
        true => {
            th.take_exc();
            th.type_error(format!(
                "'{}' object cannot be interpreted as an integer or float",
                th.type_name_of(v)
            ))
        }
        false => e,
    })?;
    int::to_i64(n).and_then(|n| n.checked_mul(unit)).ok_or_else(|| pytime_overflow(th))
}

// -- broken-down time

fn seconds_arg(th: Th, v: Option<Value>) -> R<i64> {
    match given(v) {
        Some(v) => seconds(th, v, Round::Floor),
        None => Ok(ok(th, host().clock_gettime(c::CLOCK_REALTIME))?.div_euclid(1_000_000_000)),
    }
}
fn local_now(th: Th) -> R<Tm> {
    let s = seconds_arg(th, None)?;
    ok(th, host().localtime(s))
}
fn struct_time(th: Th, t: &Tm) -> R<Value> {
    let zone = fs_decode(th, &t.zone)?;
    let n = |x: i32| Value::fix(x as i64);
    STRUCT_TIME.make(
        th,
        &[
            Value::fix(t.year as i64 + 1900),
            n(t.mon + 1),
            n(t.mday),
            n(t.hour),
            n(t.min),
            n(t.sec),
            n((t.wday + 6) % 7),
            n(t.yday + 1),
            n(t.isdst),
            zone,
            th.int(t.gmtoff),
        ],
    )
}

fn tm_arg(th: Th, func: &str, v: Value) -> R<Tm> {
    let Some(t) = v.cast::<Tuple>() else {
        return Err(th.type_error("Tuple or struct_time argument required"));
    };
    let i = t.items();
    if i.len() != 9 {
        return Err(th.type_error(format!("{func}(): illegal time tuple argument")));
    }
    let mut n = [0i32; 9];
    for (k, x) in i.iter().enumerate() {
        let x = th.index(*x)?;
        n[k] = match int::to_i64(x) {
            Some(m) if m > i32::MAX as i64 => {
                return Err(th.overflow_error("signed integer is greater than maximum"));
            }
            Some(m) if m < i32::MIN as i64 => {
                return Err(th.overflow_error("signed integer is less than minimum"));
            }
            Some(m) => m as i32,
            None => return Err(th.overflow_error("Python int too large to convert to C long")),
        };
    }
    if n[0] < i32::MIN + 1900 {
        return Err(th.overflow_error("year out of range"));
    }
    let mut tm = Tm {
        year: n[0] - 1900,
        mon: n[1].wrapping_sub(1),
        mday: n[2],
        hour: n[3],
        min: n[4],
        sec: n[5],
        wday: n[6].wrapping_add(1) % 7,
        yday: n[7].wrapping_sub(1),
        isdst: n[8],
        gmtoff: 0,
        zone: Vec::new(),
    };
    if th.isinstance_exact(v, STRUCT_TIME.type_(th)) {
        let z = th.getattr(v, th.intern("tm_zone"))?;
        if z.is_kind(Kind::Str) {
            tm.zone = fs_encode(th, z)?;
        }
        let off = th.getattr(v, th.intern("tm_gmtoff"))?;
        if !off.is_none() {
            tm.gmtoff = long_arg(th, off)?;
        }
    }
    Ok(tm)
}
/// Ranges; zero stands for the first month, day.
fn check_tm(th: Th, t: &mut Tm) -> R<()> {
    if t.mon == -1 {
        t.mon = 0;
    } else if !(0..=11).contains(&t.mon) {
        return Err(th.value_error("month out of range"));
    }
    if t.mday == 0 {
        t.mday = 1;
    } else if !(0..=31).contains(&t.mday) {
        return Err(th.value_error("day of month out of range"));
    }
    if !(0..=23).contains(&t.hour) {
        return Err(th.value_error("hour out of range"));
    }
    if !(0..=59).contains(&t.min) {
        return Err(th.value_error("minute out of range"));
    }
    if !(0..=61).contains(&t.sec) {
        return Err(th.value_error("seconds out of range"));
    }
    if t.wday < 0 {
        return Err(th.value_error("day of week out of range"));
    }
    if t.yday == -1 {
        t.yday = 0;
    } else if !(0..=365).contains(&t.yday) {
        return Err(th.value_error("day of year out of range"));
    }
    t.isdst = t.isdst.signum();
    Ok(())
}

fn asctime(t: &Tm) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    format!(
        "{} {}{:3} {:02}:{:02}:{:02} {}",
        DAYS[t.wday as usize],
        MONTHS[t.mon as usize],
        t.mday,
        t.hour,
        t.min,
        t.sec,
        1900 + t.year as i64
    )
}

/// Parts between NULs and lone surrogates go through the C library.
fn strftime(th: Th, format: Value, t: &Tm) -> R<Value> {
    let f = format.cast::<Str>().unwrap();
    let b = unsafe { &*f.as_ptr() }.bytes().to_vec();
    let mut out = Vec::new();
    let mut part = Vec::new();
    let flush = |part: &mut Vec<u8>, out: &mut Vec<u8>| -> R<()> {
        if !part.is_empty() {
            let c = CString::new(std::mem::take(part)).expect("no NUL");
            let r = host().strftime(&c, t);
            let s = fs_decode(th, &r)?;
            out.extend_from_slice(unsafe { &*s.cast::<Str>().unwrap().as_ptr() }.bytes());
        }
        Ok(())
    };
    let mut i = 0;
    while i < b.len() {
        if b[i] == 0 {
            flush(&mut part, &mut out)?;
            out.push(0);
            i += 1;
        } else if b[i] == 0xed && b[i + 1] >= 0xa0 {
            flush(&mut part, &mut out)?;
            out.extend_from_slice(&b[i..i + 3]);
            i += 3;
        } else {
            part.push(b[i]);
            i += 1;
        }
    }
    flush(&mut part, &mut out)?;
    th.try_str(&out)
}
