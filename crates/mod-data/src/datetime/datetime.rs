//! `datetime`.
//!
//! # Invariants
//! `of` is given instances of [`DateTime`]'s type only. A `datetime` begins with a `date`. Fields are written once, to
//! an object that nobody else has seen yet.

use super::date::Date;
use super::*;
use adder_vm::builtins::{exceptions, str_};
use adder_vm::slots::{CmpOp, Slots};
use std::cmp::Ordering;

#[repr(C)]
pub struct DateTime {
    pub d: Date,
    pub tz: Slot,
}
impl DateTime {
    #[inline]
    pub fn fields(&self) -> Fields {
        self.d.fields()
    }
}

pub static DATETIME_TYPE: NativeType = NativeType {
    name: "datetime.datetime",
    kind: Kind::Native,
    size: size_of::<DateTime>() as u32,
    doc: "datetime(year, month, day[, hour[, minute[, second[, microsecond[,tzinfo]]]]])\n\nThe year, month and day arguments are required. tzinfo may be None, or an\ninstance of a tzinfo subclass. The remaining arguments may be ints.\n",
    base: Some(&date::DATE),
    slots: Slots {
        new: Some(make),
        repr: Some(repr),
        str: Some(|th, o| th.call_method(o, State::Isoformat.get(), &[str_::ascii_char(Some(b' '))])),
        hash: Some(hash),
        richcompare: Some(compare),
        add: Some(|th, a, b| {
            if is_dt(th, a) {
                if delta::is_delta(th, b) {
                    return shift(th, a, delta::of(b), 1);
                }
            } else if delta::is_delta(th, a) {
                return shift(th, b, delta::of(a), 1);
            }
            Ok(NOT_IMPLEMENTED())
        }),
        sub: Some(|th, a, b| {
            if !is_dt(th, a) {
                return Ok(NOT_IMPLEMENTED());
            }
            if is_dt(th, b) {
                return difference(th, a, b);
            }
            if delta::is_delta(th, b) {
                return shift(th, a, delta::of(b), -1);
            }
            Ok(NOT_IMPLEMENTED())
        }),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "now",
            "($type, /, tz=None)",
            "Returns new datetime object representing current time local to tz.\n\n  tz\n    Timezone object.\n\nIf no tz is specified, uses local timezone.",
            |th, a| {
                let tz = tz_arg(th, Value::opt_or_none(a[1]))?;
                let (s, us) = local::now(th)?;
                at(th, me(a), s, us, tz)
            },
        ),
        classmethod(
            "utcnow",
            "($type, /)",
            "Return a new datetime representing UTC day and time.",
            |th, a| {
                deprecated(
                    th,
                    "datetime.datetime.utcnow() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.now(datetime.UTC).",
                )?;
                let (s, us) = local::now(th)?;
                new_of(th, me(a), &local::from_timestamp(th, s, us, true)?, None)
            },
        ),
        classmethod(
            "fromtimestamp",
            "!($type, /, timestamp, tz=None)",
            "timestamp[, tz] -> tz's local time from POSIX timestamp.",
            |th, a| {
                let tz = tz_arg(th, Value::opt_or_none(a[2]))?;
                let (s, us) = local::timestamp(th, a[1].unwrap())?;
                at(th, me(a), s, us, tz)
            },
        ),
        classmethod(
            "utcfromtimestamp",
            "!!($type, timestamp, /)",
            "Construct a naive UTC datetime from a POSIX timestamp.",
            |th, a| {
                deprecated(
                    th,
                    "datetime.datetime.utcfromtimestamp() is deprecated and scheduled for removal in a future version. Use timezone-aware objects to represent datetimes in UTC: datetime.datetime.fromtimestamp(timestamp, datetime.UTC).",
                )?;
                let (s, us) = local::timestamp(th, a[1].unwrap())?;
                new_of(th, me(a), &local::from_timestamp(th, s, us, true)?, None)
            },
        ),
        classmethod(
            "strptime",
            "!($type, string, format, /)",
            "string, format -> new datetime parsed from a string (like time.strptime()).",
            |th, a| format::strptime(th, a, "_strptime_datetime_datetime"),
        ),
        classmethod(
            "combine",
            "!($type, /, date, time, tzinfo=<unrepresentable>)",
            "date, time -> datetime with same date and time fields",
            |th, a| {
                let (d, t) = (a[1].unwrap(), a[2].unwrap());
                if !date::is_date(th, d) {
                    return Err(bad_argument(th, "combine", 1, "datetime.date", d));
                }
                if !is_a(th, t, &time::TIME) {
                    return Err(bad_argument(th, "combine", 2, "datetime.time", t));
                }
                let f = date::of(d).fields();
                let f = Fields { y: f.y, m: f.m, d: f.d, ..time::of(t).fields() };
                let class = me(a);
                let tz = match a[3] {
                    Some(z) if class.is(DATETIME.get().value()) => tz_arg(th, z)?,
                    Some(z) => z.some(),
                    None => time::of(t).tz.get(),
                };
                new_of(th, class, &f, tz)
            },
        ),
        classmethod(
            "fromisoformat",
            "($type, object, /)",
            "string -> datetime from a string in most ISO 8601 formats",
            fromisoformat,
        ),
        method("date", "($self, /)", "Return date object with same year, month and day.", |th, a| {
            let f = of(me(a)).fields();
            date::new(th, f.y, f.m, f.d)
        }),
        method("time", "($self, /)", "Return time object with same time but with tzinfo=None.", |th, a| {
            time::new(th, &of(me(a)).fields(), None)
        }),
        method("timetz", "($self, /)", "Return time object with same time and tzinfo.", |th, a| {
            time::new(th, &of(me(a)).fields(), of(me(a)).tz.get())
        }),
        method("ctime", "($self, /)", "Return ctime() style string.", |th, a| {
            format::ctime(th, &of(me(a)).fields())
        }),
        method("timetuple", "($self, /)", "Return time tuple, compatible with time.localtime().", |th, a| {
            let d = of(me(a));
            let dst = match zone::offset(th, d.tz.get(), State::Dst, me(a))? {
                Some(d) => delta::nonzero(d) as i64,
                None => -1,
            };
            format::struct_time(th, &d.fields(), dst)
        }),
        method("timestamp", "($self, /)", "Return POSIX timestamp as float.", |th, a| {
            let d = of(me(a));
            let f = d.fields();
            if d.tz.get().is_some() {
                let Some(off) = zone::offset(th, d.tz.get(), State::Utcoffset, me(a))? else {
                    return Err(mixed(th));
                };
                let us = (local::to_seconds(th, &f)? - local::EPOCH) as i128 * 1_000_000 + f.us as i128
                    - delta::total(off);
                // Below 2**53 this is what a division of ints gives; no date is much beyond it.
                if us.unsigned_abs() < 1 << 53 {
                    return Ok(th.float(us as f64 / 1e6));
                }
                return adder_vm::builtins::ops::truediv(th, th.int128(us)?, Value::fix(1_000_000));
            }
            let s = local::local_to_seconds(th, &f, f.fold != 0)?;
            Ok(th.float((s - local::EPOCH) as f64 + f.us as f64 / 1e6))
        }),
        method(
            "utctimetuple",
            "($self, /)",
            "Return UTC time tuple, compatible with time.localtime().",
            |th, a| {
                let o = me(a);
                let f = match zone::offset(th, of(o).tz.get(), State::Utcoffset, o)? {
                    Some(off) => shifted(th, &of(o).fields(), off, -1)?,
                    None => of(o).fields(),
                };
                format::struct_time(th, &f, 0)
            },
        ),
        method(
            "isoformat",
            "!($self, /, sep='T', timespec='auto')",
            "[sep] -> string in ISO 8601 format, YYYY-MM-DDT[HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].\nsep is used to separate the year from the time, and defaults to 'T'.\nThe optional argument timespec specifies the number of additional terms\nof the time to include. Valid options are 'auto', 'hours', 'minutes',\n'seconds', 'milliseconds' and 'microseconds'.\n",
            isoformat,
        ),
        method("utcoffset", "($self, /)", "Return self.tzinfo.utcoffset(self).", |th, a| {
            zone::offset_value(th, of(me(a)).tz.get(), State::Utcoffset, me(a))
        }),
        method("tzname", "($self, /)", "Return self.tzinfo.tzname(self).", |th, a| {
            zone::tzname(th, of(me(a)).tz.get(), me(a))
        }),
        method("dst", "($self, /)", "Return self.tzinfo.dst(self).", |th, a| {
            zone::offset_value(th, of(me(a)).tz.get(), State::Dst, me(a))
        }),
        method(
            "replace",
            "($self, /, year=unchanged, month=unchanged, day=unchanged,\n        hour=unchanged, minute=unchanged, second=unchanged,\n        microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)",
            "Return datetime with new specified fields.",
            |th, a| replace(th, me(a), &a[1..]),
        ),
        raw_method("__replace__", "($self, /, **changes)", "The same as replace().", |th, a| {
            let b = crate::common::bind::<9>(th, &REPLACE, a.skip(1))?;
            replace(th, a.pos()[0], &b)
        }),
        method(
            "astimezone",
            "!($self, /, tz=None)",
            "tz -> convert to local time in new timezone tz\n",
            astimezone,
        ),
        method("__reduce_ex__", "!!($self, proto, /)", "__reduce_ex__(proto) -> (cls, state)", |th, a| {
            let proto = int_arg(th, a[1].unwrap())?;
            reduce(th, me(a), proto)
        }),
        method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| reduce(th, me(a), 2)),
    ],
    getset: &[
        getter("hour", "", |_, o| Ok(Value::fix(of(o).d.data[4] as i64))),
        getter("minute", "", |_, o| Ok(Value::fix(of(o).d.data[5] as i64))),
        getter("second", "", |_, o| Ok(Value::fix(of(o).d.data[6] as i64))),
        getter("microsecond", "", |_, o| Ok(Value::fix(of(o).fields().us as i64))),
        getter("tzinfo", "", |_, o| Ok(Value::opt_or_none(of(o).tz.get()))),
        getter("fold", "", |_, o| Ok(Value::fix(of(o).d.fold as i64))),
    ],
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const DateTime)).tz.as_ptr()) }),
    ..NativeType::DEFAULT
};
pub static DATETIME: TypeCell = TypeCell::new(&DATETIME_TYPE);
static REPLACE: NativeDef = crate::common::signature(
    "replace",
    "(year=unchanged, month=unchanged, day=unchanged, hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)",
);
const PARAMS: Params = Params {
    name: None,
    names: &["year", "month", "day", "hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 3,
    positional: 8,
};

pub fn of(v: Value) -> Gc<DateTime> {
    unsafe { v.cast_unchecked() }
}
#[inline(always)]
pub fn is_dt(th: Th, v: Value) -> bool {
    is_a(th, v, &DATETIME)
}
fn deprecated(th: Th, text: &str) -> R<()> {
    adder_vm::warn::warn(th, &exceptions::DEPRECATION_WARNING, text, 1)
}

/// A `datetime`, checked.
pub fn new(th: Th, f: &Fields, tz: Option<Value>) -> R<Value> {
    build(th, DATETIME.get(), f, tz)
}
fn build(th: Th, t: Gc<Type>, f: &Fields, tz: Option<Value>) -> R<Value> {
    f.check_date(th)?;
    f.check_time(th)?;
    let g = alloc::<DateTime>(th, t, &DATETIME)?;
    unsafe { (*g.as_ptr()).d.set(f) };
    if tz.is_some() {
        th.store_opt(g, &g.tz, tz);
    }
    Ok(g.value())
}
/// As a class makes it: subclasses are called.
fn new_of(th: Th, class: Value, f: &Fields, tz: Option<Value>) -> R<Value> {
    if class.is(DATETIME.get().value()) {
        return new(th, f, tz);
    }
    let n = |n: i32| Value::fix(n as i64);
    let args = [n(f.y), n(f.m), n(f.d), n(f.hh), n(f.mm), n(f.ss), n(f.us), Value::opt_or_none(tz)];
    if f.fold != 0 { th.call_kw(class, &args, &[("fold", n(f.fold))]) } else { th.call(class, &args) }
}
fn make(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = t.known();
    if (1..=2).contains(&a.len())
        && !a.pos()[0].is_fix()
        && let Some(mut b) = pickled::<10>(th, a.pos()[0], "datetime", 2, |m| (1..=12).contains(&(m & 0x7f)))?
    {
        let tz = a.pos().get(1).copied().and_then(|v| v.some());
        if tz.is_some_and(|z| !is_a(th, z, &zone::TZINFO)) {
            return Err(th.type_error("bad tzinfo state arg"));
        }
        let fold = b[2] >> 7;
        b[2] &= 0x7f;
        let g = alloc::<DateTime>(th, t, &DATETIME)?;
        unsafe {
            (*g.as_ptr()).d.data = b;
            (*g.as_ptr()).d.fold = fold;
        }
        th.store_opt(g, &g.tz, tz);
        return Ok(g.value());
    }
    let mut n = [0; 9];
    let mut tz = NONE();
    parse(th, &PARAMS, a, |i, v| {
        if i == 7 {
            tz = v;
        } else {
            n[i] = int_arg(th, v)?;
        }
        Ok(())
    })?;
    let f = Fields { y: n[0], m: n[1], d: n[2], hh: n[3], mm: n[4], ss: n[5], us: n[6], fold: n[8] };
    if tz.is_none() {
        return build(th, t, &f, None);
    }
    f.check_date(th)?;
    f.check_time(th)?;
    let tz = tz_arg(th, tz)?;
    build(th, t, &f, tz)
}
/// The time of a time stamp in a zone (none: local time).
fn at(th: Th, class: Value, secs: i64, us: i32, tz: Option<Value>) -> R<Value> {
    let f = local::from_timestamp(th, secs, us, tz.is_some())?;
    let d = new_of(th, class, &f, tz)?;
    match tz {
        Some(z) => th.call_method(z, State::Fromutc.get(), &[d]),
        None => Ok(d),
    }
}

fn shifted(th: Th, f: &Fields, d: Gc<delta::Delta>, sign: i32) -> R<Fields> {
    let us = f.us + sign * d.us;
    let secs = f.second_of_day() as i64 + (sign * d.secs) as i64 + us.div_euclid(1_000_000) as i64;
    let day = f.ordinal() as i64 + (sign * d.days) as i64 + secs.div_euclid(86_400);
    if day < 1 || day > calendar::MAX_ORDINAL as i64 {
        return Err(date::out_of_range(th));
    }
    let (y, m, d) = calendar::from_ordinal(day as i32);
    let s = secs.rem_euclid(86_400) as i32;
    Ok(Fields { y, m, d, hh: s / 3600, mm: s / 60 % 60, ss: s % 60, us: us.rem_euclid(1_000_000), fold: 0 })
}
/// `o + d` or `o - d`, of `o`'s class.
pub fn shift(th: Th, o: Value, d: Gc<delta::Delta>, sign: i32) -> R<Value> {
    let f = shifted(th, &of(o).fields(), d, sign)?;
    new_of(th, th.type_of(o).value(), &f, of(o).tz.get())
}
#[cold]
fn mixed(th: Th) -> adder_vm::err::Raised {
    th.type_error("can't subtract offset-naive and offset-aware datetimes")
}
fn same_zone(a: Value, b: Value) -> bool {
    of(a).tz.get().map(|v| v.bits()) == of(b).tz.get().map(|v| v.bits())
}
/// Microseconds from `b` to `a`, on the wall clock.
fn wall_difference(a: Value, b: Value) -> (i64, i64, i64) {
    let (x, y) = (of(a).fields(), of(b).fields());
    ((x.ordinal() - y.ordinal()) as i64, (x.second_of_day() - y.second_of_day()) as i64, (x.us - y.us) as i64)
}
fn difference(th: Th, a: Value, b: Value) -> R<Value> {
    let (mut d, mut s, mut us) = wall_difference(a, b);
    if !same_zone(a, b) {
        let p = zone::offset(th, of(a).tz.get(), State::Utcoffset, a)?;
        let q = zone::offset(th, of(b).tz.get(), State::Utcoffset, b)?;
        match (p, q) {
            (Some(p), Some(q)) => {
                d -= (p.days - q.days) as i64;
                s -= (p.secs - q.secs) as i64;
                us -= (p.us - q.us) as i64;
            }
            (None, None) => {}
            _ => return Err(mixed(th)),
        }
    }
    delta::new(th, d, s, us)
}

/// The offset with the other fold.
fn flipped_offset(th: Th, o: Value) -> R<Option<Gc<delta::Delta>>> {
    let f = of(o).fields();
    let other = build(th, th.type_of(o), &Fields { fold: 1 - f.fold, ..f }, of(o).tz.get())?;
    zone::offset(th, of(other).tz.get(), State::Utcoffset, other)
}
/// PEP 495: times whose offset depends on the fold equal none of another zone.
fn fold_matters(th: Th, o: Value, off: Option<Gc<delta::Delta>>) -> R<bool> {
    Ok(match (flipped_offset(th, o)?, off) {
        (Some(a), Some(b)) => delta::cmp(a, b).is_ne(),
        (None, None) => false,
        _ => true,
    })
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !is_dt(th, b) {
        return Ok(NOT_IMPLEMENTED());
    }
    let bytes = || of(a).d.data.cmp(&of(b).d.data);
    if same_zone(a, b) {
        return Ok(Value::bool(op.holds(bytes())));
    }
    let p = zone::offset(th, of(a).tz.get(), State::Utcoffset, a)?;
    let q = zone::offset(th, of(b).tz.get(), State::Utcoffset, b)?;
    let mut order = match (p, q) {
        (None, None) => bytes(),
        (Some(p), Some(q)) if delta::cmp(p, q).is_eq() => bytes(),
        (Some(p), Some(q)) => {
            let (d, s, us) = wall_difference(a, b);
            let wall = (d * 86_400 + s) as i128 * 1_000_000 + us as i128;
            wall.cmp(&(delta::total(p) - delta::total(q)))
        }
        _ => {
            return match op {
                CmpOp::Eq => Ok(FALSE()),
                CmpOp::Ne => Ok(TRUE()),
                _ => Err(th.type_error("can't compare offset-naive and offset-aware datetimes")),
            };
        }
    };
    if order == Ordering::Equal
        && matches!(op, CmpOp::Eq | CmpOp::Ne)
        && (fold_matters(th, a, p)? || fold_matters(th, b, q)?)
    {
        order = Ordering::Greater;
    }
    Ok(Value::bool(op.holds(order)))
}
fn hash(th: Th, o: Value) -> R<i64> {
    let d = of(o);
    let h = d.d.hash.load(Relaxed);
    if h != 0 {
        return Ok(h);
    }
    let f = d.fields();
    // The fold does not count.
    let plain = if f.fold != 0 && d.tz.get().is_some() {
        build(th, th.type_of(o), &Fields { fold: 0, ..f }, d.tz.get())?
    } else {
        o
    };
    let h = match zone::offset(th, d.tz.get(), State::Utcoffset, plain)? {
        None => str_::hash_bytes(&d.d.data),
        Some(off) => {
            let v = delta::new(
                th,
                (f.ordinal() - off.days) as i64,
                (f.second_of_day() - off.secs) as i64,
                (f.us - off.us) as i64,
            )?;
            delta::hash(th, delta::of(v))?
        }
    };
    d.d.hash.store(h, Relaxed);
    Ok(h)
}
fn repr(th: Th, o: Value) -> R<Value> {
    let f = of(o).fields();
    let mut s = format!("{}({}, {}, {}, {}, {}", th.type_name_of(o), f.y, f.m, f.d, f.hh, f.mm);
    if f.us != 0 {
        s += &format!(", {}, {}", f.ss, f.us);
    } else if f.ss != 0 {
        s += &format!(", {}", f.ss);
    }
    if f.fold != 0 {
        s += &format!(", fold={}", f.fold);
    }
    if let Some(z) = of(o).tz.get() {
        s += &format!(", tzinfo={}", th.text(th.repr(z)?));
    }
    s.push(')');
    Ok(th.str(&s))
}
fn isoformat(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d = of(me(a));
    let mut sep = vec![b'T'];
    if let Some(v) = a[1] {
        let Some(s) = v.cast::<Str>() else {
            return Err(bad_argument(th, "isoformat", 1, "a unicode character", v));
        };
        if s.len() != 1 {
            return Err(th.type_error(format!(
                "isoformat() argument 1 must be a unicode character, not a string of length {}",
                s.len()
            )));
        }
        sep = s.bytes().to_vec();
    }
    let spec = format::timespec(th, 2, a[2])?;
    let f = d.fields();
    let clock = format::clock_text(th, &f, spec.as_deref())?;
    let mut out = format!("{:04}-{:02}-{:02}", f.y, f.m, f.d).into_bytes();
    out.extend(sep);
    out.extend(clock.bytes());
    if d.tz.get().is_some() {
        out.extend(format::offset_of(th, d.tz.get(), me(a), ":")?.bytes());
    }
    th.try_str(&out)
}
fn fromisoformat(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[1].unwrap();
    let s = format::iso_arg(th, v)?;
    let mut b = s.bytes().to_vec();
    if s.len() < 7 {
        return Err(format::bad_iso(th, v));
    }
    if !s.is_ascii() {
        // A lone surrogate may be the separator, and be nowhere else.
        let surrogate = |b: &[u8], i: usize| b[i] == 0xed && b.get(i + 1).is_some_and(|c| *c >= 0xa0);
        if let Some(i) = (0..b.len()).find(|i| surrogate(&b, *i)) {
            if !matches!(i, 7 | 8 | 10) {
                return Err(format::bad_iso(th, v));
            }
            b.splice(i..i + 3, [b'T']);
            if (0..b.len()).any(|i| surrogate(&b, i)) {
                return Err(format::bad_iso(th, v));
            }
        }
    }
    let Some(((y, m, d), c)) = super::parse::datetime(&b) else {
        return Err(format::bad_iso(th, v));
    };
    let mut f = Fields { y, m, d, hh: c.hh, mm: c.mm, ss: c.ss, us: c.us, fold: 0 };
    let tz = format::iso_zone(th, &c)?;
    if f.hh == 24 && (1..=12).contains(&f.m) && f.d <= calendar::days_in_month(f.y, f.m) {
        if (f.mm, f.ss, f.us) != (0, 0, 0) {
            return Err(format::bad_midnight(th));
        }
        // Midnight of the next day.
        f.hh = 0;
        f.d += 1;
        if f.d > calendar::days_in_month(f.y, f.m) {
            f.d = 1;
            f.m += 1;
            if f.m > 12 {
                f.m = 1;
                f.y += 1;
            }
        }
    }
    new_of(th, me(a), &f, tz)
}
fn replace(th: Th, o: Value, b: &[Option<Value>]) -> R<Value> {
    let d = of(o);
    let f = d.fields();
    let n = Fields {
        y: clinic_int(th, b[0], f.y)?,
        m: clinic_int(th, b[1], f.m)?,
        d: clinic_int(th, b[2], f.d)?,
        hh: clinic_int(th, b[3], f.hh)?,
        mm: clinic_int(th, b[4], f.mm)?,
        ss: clinic_int(th, b[5], f.ss)?,
        us: clinic_int(th, b[6], f.us)?,
        fold: clinic_int(th, b[8], f.fold)?,
    };
    let class = th.type_of(o).value();
    let tz = match b[7] {
        // A subclass judges for itself.
        Some(v) if class.is(DATETIME.get().value()) => {
            n.check_date(th)?;
            n.check_time(th)?;
            tz_arg(th, v)?
        }
        Some(v) => v.some(),
        None => d.tz.get(),
    };
    new_of(th, class, &n, tz)
}
fn astimezone(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = me(a);
    let d = of(o);
    let target = tz_arg(th, Value::opt_or_none(a[1]))?;
    let mut own = match d.tz.get() {
        Some(z) => z,
        None => local::zone_of(th, &d.fields())?,
    };
    if target.is_some_and(|z| z.is(own)) {
        return Ok(o);
    }
    let mut off = zone::offset(th, Some(own), State::Utcoffset, o)?;
    if off.is_none() {
        // As if naive.
        own = local::zone_of(th, &d.fields())?;
        if target.is_some_and(|z| z.is(own)) {
            return Ok(o);
        }
        off = zone::offset(th, Some(own), State::Utcoffset, o)?;
    }
    let Some(off) = off else { return Err(mixed(th)) };
    let utc = shift(th, o, off, -1)?;
    if !is_dt(th, utc) {
        return Err(th.type_error(format!(
            "{}() returned {}, expected datetime",
            th.type_name_of(o),
            th.type_name_of(utc)
        )));
    }
    let target = match target {
        Some(z) => z,
        None => local::zone_at(th, local::to_seconds(th, &of(utc).fields())? - local::EPOCH)?,
    };
    let u = of(utc);
    th.store(u, &u.tz, target);
    th.call_method(target, State::Fromutc.get(), &[utc])
}
fn reduce(th: Th, o: Value, proto: i32) -> R<Value> {
    let d = of(o);
    let mut b = d.d.data;
    if proto > 3 {
        b[2] |= d.d.fold << 7;
    }
    let state = bytes_of(th, &b)?;
    let state = match d.tz.get() {
        Some(z) => th.tuple(&[state, z]),
        None => th.tuple(&[state]),
    };
    reduced(th, o, state)
}
