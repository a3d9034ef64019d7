//! `date`, and the result of `isocalendar`.
//!
//! # Invariants
//! `of` is given instances of [`Date`]'s type only. `datetime` begins with this layout, so `of` may be given one. The
//! iso date is a tuple by its base. Fields are written once, to an object that nobody else has seen yet.

use super::*;
use adder_vm::builtins::{str_, tuple};
use adder_vm::slots::Slots;
use std::sync::atomic::AtomicI64;

/// Also the beginning of a `datetime`, which fills `data[4..]`: hour, minute, second, microsecond in three bytes.
#[repr(C)]
pub struct Date {
    pub h: adder_vm::heap::Header,
    /// 0: not known yet.
    pub hash: AtomicI64,
    /// As pickled: the year in two bytes, month, day.
    pub data: [u8; 10],
    pub fold: u8,
    pad: [u8; 5],
}
impl Date {
    #[inline]
    pub fn fields(&self) -> Fields {
        let b = &self.data;
        Fields {
            y: (b[0] as i32) << 8 | b[1] as i32,
            m: b[2] as i32,
            d: b[3] as i32,
            hh: b[4] as i32,
            mm: b[5] as i32,
            ss: b[6] as i32,
            us: (b[7] as i32) << 16 | (b[8] as i32) << 8 | b[9] as i32,
            fold: self.fold as i32,
        }
    }
    pub fn set(&mut self, f: &Fields) {
        let (y, us) = (f.y as u32, f.us as u32);
        self.data = [
            (y >> 8) as u8,
            y as u8,
            f.m as u8,
            f.d as u8,
            f.hh as u8,
            f.mm as u8,
            f.ss as u8,
            (us >> 16) as u8,
            (us >> 8) as u8,
            us as u8,
        ];
        self.fold = f.fold as u8;
    }
}

pub static DATE_TYPE: NativeType = NativeType {
    name: "datetime.date",
    kind: Kind::Native,
    size: size_of::<Date>() as u32,
    doc: "date(year, month, day) --> date object",
    slots: Slots {
        new: Some(make),
        repr: Some(|th, o| {
            let f = of(o).fields();
            Ok(th.str(&format!("{}({}, {}, {})", th.type_name_of(o), f.y, f.m, f.d)))
        }),
        str: Some(|th, o| th.call_method(o, State::Isoformat.get(), &[])),
        hash: Some(|_, o| {
            let d = of(o);
            let h = d.hash.load(Relaxed);
            if h != 0 {
                return Ok(h);
            }
            let h = str_::hash_bytes(&d.data[..4]);
            d.hash.store(h, Relaxed);
            Ok(h)
        }),
        richcompare: Some(|th, a, b, op| {
            if !is_date(th, b) || is_a(th, b, &datetime::DATETIME) {
                return Ok(NOT_IMPLEMENTED());
            }
            Ok(Value::bool(op.holds(of(a).data[..4].cmp(&of(b).data[..4]))))
        }),
        add: Some(|th, a, b| {
            if is_a(th, a, &datetime::DATETIME) || is_a(th, b, &datetime::DATETIME) {
                return Ok(NOT_IMPLEMENTED());
            }
            if is_date(th, a) {
                if delta::is_delta(th, b) {
                    return shift(th, a, delta::of(b).days);
                }
            } else if delta::is_delta(th, a) {
                return shift(th, b, delta::of(a).days);
            }
            Ok(NOT_IMPLEMENTED())
        }),
        sub: Some(|th, a, b| {
            if is_a(th, a, &datetime::DATETIME) || is_a(th, b, &datetime::DATETIME) || !is_date(th, a) {
                return Ok(NOT_IMPLEMENTED());
            }
            if is_date(th, b) {
                let days = of(a).fields().ordinal() - of(b).fields().ordinal();
                return delta::new(th, days as i64, 0, 0);
            }
            if delta::is_delta(th, b) {
                return shift(th, a, -delta::of(b).days);
            }
            Ok(NOT_IMPLEMENTED())
        }),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "fromtimestamp",
            "($type, timestamp, /)",
            "Create a date from a POSIX timestamp.\n\nThe timestamp is a number, e.g. created via time.time(), that is\ninterpreted as local time.",
            |th, a| {
                let t = local::localtime(th, local::seconds(th, a[1].unwrap())?)?;
                new_of(th, me(a), t.year.wrapping_add(1900), t.mon + 1, t.mday)
            },
        ),
        classmethod(
            "fromordinal",
            "!!($type, ordinal, /)",
            "int -> date corresponding to a proleptic Gregorian ordinal.",
            |th, a| {
                let n = int_arg(th, a[1].unwrap())?;
                if n < 1 {
                    return Err(th.value_error("ordinal must be >= 1"));
                }
                let (y, m, d) = calendar::from_ordinal(n);
                new_of(th, me(a), y, m, d)
            },
        ),
        classmethod(
            "fromisoformat",
            "($type, object, /)",
            "str -> Construct a date from a string in ISO 8601 format.",
            |th, a| {
                let v = a[1].unwrap();
                let s = format::iso_arg(th, v)?;
                let b = s.bytes();
                let d = if matches!(b.len(), 7 | 8 | 10) { super::parse::date(b, b.len()) } else { None };
                let Some((y, m, d)) = d else { return Err(format::bad_iso(th, v)) };
                new_of(th, me(a), y, m, d)
            },
        ),
        classmethod(
            "fromisocalendar",
            "!($type, /, year, week, day)",
            "int, int, int -> Construct a date from the ISO year, week number and weekday.\n\nThis is the inverse of the date.isocalendar() function",
            |th, a| {
                let arg = |i: usize| {
                    int_arg(th, a[i].unwrap()).map_err(|e| {
                        if th.exc_is(&adder_vm::builtins::exceptions::OVERFLOW_ERROR) {
                            th.take_exc();
                            return th.value_error("ISO calendar component out of range");
                        }
                        e
                    })
                };
                let (y, w, d) = (arg(1)?, arg(2)?, arg(3)?);
                match calendar::from_iso(y, w, d) {
                    Ok((y, m, d)) => new_of(th, me(a), y, m, d),
                    Err(calendar::IsoError::Year) => Err(bad_year(th, y)),
                    Err(calendar::IsoError::Week) => Err(th.value_error(format!("Invalid week: {w}"))),
                    Err(calendar::IsoError::Day) => {
                        Err(th.value_error(format!("Invalid weekday: {d} (range is [1, 7])")))
                    }
                }
            },
        ),
        classmethod(
            "strptime",
            "!($type, string, format, /)",
            "string, format -> new date parsed from a string (like time.strptime()).",
            |th, a| format::strptime(th, a, "_strptime_datetime_date"),
        ),
        classmethod(
            "today",
            "($type, /)",
            "Current date or datetime:  same as self.__class__.fromtimestamp(time.time()).",
            |th, a| {
                let now = th.call(adder_vm::import::import_attr(th, "time", "time")?, &[])?;
                th.call_method(me(a), State::Fromtimestamp.get(), &[now])
            },
        ),
        method("ctime", "($self, /)", "Return ctime() style string.", |th, a| {
            let f = of(me(a)).fields();
            format::ctime(th, &Fields { hh: 0, mm: 0, ss: 0, ..f })
        }),
        method("strftime", "!($self, /, format)", "format -> strftime() style string.", |th, a| {
            let f = str_arg(th, "strftime", 1, a[1].unwrap())?;
            let tuple = th.call_method(me(a), State::Timetuple.get(), &[])?;
            format::strftime(th, me(a), f, tuple, me(a))
        }),
        method("__format__", "!!($self, format, /)", "Formats self with strftime.", format::format),
        method("timetuple", "($self, /)", "Return time tuple, compatible with time.localtime().", |th, a| {
            format::struct_time(th, &of(me(a)).fields(), -1)
        }),
        method(
            "isocalendar",
            "($self, /)",
            "Return a named tuple containing ISO year, week number, and weekday.",
            |th, a| {
                let f = of(me(a)).fields();
                let (y, w, d) = calendar::to_iso(f.y, f.m, f.d);
                iso_date(th, ISO_DATE.get(), [y, w, d])
            },
        ),
        method("isoformat", "($self, /)", "Return string in ISO 8601 format, YYYY-MM-DD.", |th, a| {
            let f = of(me(a)).fields();
            Ok(th.str(&format!("{:04}-{:02}-{:02}", f.y, f.m, f.d)))
        }),
        method(
            "isoweekday",
            "($self, /)",
            "Return the day of the week represented by the date.\nMonday == 1 ... Sunday == 7",
            |_, a| Ok(Value::fix(weekday(me(a)) + 1)),
        ),
        method(
            "toordinal",
            "($self, /)",
            "Return proleptic Gregorian ordinal.  January 1 of year 1 is day 1.",
            |_, a| Ok(Value::fix(of(me(a)).fields().ordinal() as i64)),
        ),
        method(
            "weekday",
            "($self, /)",
            "Return the day of the week represented by the date.\nMonday == 0 ... Sunday == 6",
            |_, a| Ok(Value::fix(weekday(me(a)))),
        ),
        method(
            "replace",
            "($self, /, year=unchanged, month=unchanged, day=unchanged)",
            "Return date with new specified fields.",
            |th, a| replace(th, me(a), &a[1..]),
        ),
        raw_method("__replace__", "($self, /, **changes)", "The same as replace().", |th, a| {
            let b = crate::common::bind::<3>(th, &REPLACE, a.skip(1))?;
            replace(th, a.pos()[0], &b)
        }),
        method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| {
            let state = bytes_of(th, &of(me(a)).data[..4])?;
            reduced(th, me(a), th.tuple(&[state]))
        }),
    ],
    getset: &[
        getter("year", "", |_, o| Ok(Value::fix(of(o).fields().y as i64))),
        getter("month", "", |_, o| Ok(Value::fix(of(o).data[2] as i64))),
        getter("day", "", |_, o| Ok(Value::fix(of(o).data[3] as i64))),
    ],
    ..NativeType::DEFAULT
};
pub static DATE: TypeCell = TypeCell::new(&DATE_TYPE);
static REPLACE: NativeDef =
    crate::common::signature("replace", "(year=unchanged, month=unchanged, day=unchanged)");
const PARAMS: Params = Params { name: None, names: &["year", "month", "day"], required: 3, positional: 3 };

pub fn of(v: Value) -> Gc<Date> {
    unsafe { v.cast_unchecked() }
}
pub fn is_date(th: Th, v: Value) -> bool {
    is_a(th, v, &DATE) || is_a(th, v, &datetime::DATETIME)
}
fn weekday(o: Value) -> i64 {
    let f = of(o).fields();
    calendar::weekday(f.y, f.m, f.d) as i64
}
/// A `date`, checked.
pub fn new(th: Th, y: i32, m: i32, d: i32) -> R<Value> {
    build(th, DATE.get(), y, m, d)
}
fn build(th: Th, t: Gc<Type>, y: i32, m: i32, d: i32) -> R<Value> {
    let f = Fields { y, m, d, ..Fields::ZERO };
    f.check_date(th)?;
    let g = alloc::<Date>(th, t, &DATE)?;
    unsafe { (*g.as_ptr()).set(&f) };
    Ok(g.value())
}
/// As a class makes it: subclasses are called.
fn new_of(th: Th, class: Value, y: i32, m: i32, d: i32) -> R<Value> {
    if class.is(DATE.get().value()) {
        return new(th, y, m, d);
    }
    if class.is(datetime::DATETIME.get().value()) {
        return datetime::new(th, &Fields { y, m, d, ..Fields::ZERO }, None);
    }
    let n = |n: i32| Value::fix(n as i64);
    th.call(class, &[n(y), n(m), n(d)])
}
fn make(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = t.known();
    if a.len() == 1
        && !a.pos()[0].is_fix()
        && let Some(b) = pickled::<4>(th, a.pos()[0], "date", 2, |m| (1..=12).contains(&m))?
    {
        let g = alloc::<Date>(th, t, &DATE)?;
        unsafe { (&mut (*g.as_ptr()).data)[..4].copy_from_slice(&b) };
        return Ok(g.value());
    }
    let mut n = [0; 3];
    parse(th, &PARAMS, a, |i, v| {
        n[i] = int_arg(th, v)?;
        Ok(())
    })?;
    build(th, t, n[0], n[1], n[2])
}
fn shift(th: Th, o: Value, days: i32) -> R<Value> {
    let f = of(o).fields();
    let n = f.ordinal() as i64 + days as i64;
    if n < 1 || n > calendar::MAX_ORDINAL as i64 {
        return Err(out_of_range(th));
    }
    let (y, m, d) = calendar::from_ordinal(n as i32);
    new_of(th, th.type_of(o).value(), y, m, d)
}
#[cold]
pub fn out_of_range(th: Th) -> adder_vm::err::Raised {
    th.overflow_error("date value out of range")
}
fn replace(th: Th, o: Value, b: &[Option<Value>]) -> R<Value> {
    let f = of(o).fields();
    let (y, m, d) = (clinic_int(th, b[0], f.y)?, clinic_int(th, b[1], f.m)?, clinic_int(th, b[2], f.d)?);
    new_of(th, th.type_of(o).value(), y, m, d)
}

// -- IsoCalendarDate: a tuple with names

pub static ISO_DATE_TYPE: NativeType = NativeType {
    name: "datetime.IsoCalendarDate",
    kind: Kind::Tuple,
    size: 16,
    flags: tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: "",
    base: Some(&tuple::TUPLE),
    slots: Slots {
        new: Some(|th, t, a| {
            let b = crate::common::bind::<3>(th, &ISO_SIG, a)?;
            let mut n = [0; 3];
            for (n, v) in n.iter_mut().zip(b) {
                *n = clinic_int(th, v, 0)?;
            }
            iso_date(th, t.known(), n)
        }),
        repr: Some(|th, o| {
            let t: Gc<Tuple> = o.known();
            let f = |i: usize| Ok(th.text(th.to_str(t.items()[i])?));
            let (y, w, d): (String, String, String) = (f(0)?, f(1)?, f(2)?);
            Ok(th.str(&format!("{}(year={y}, week={w}, weekday={d})", th.type_name_of(o))))
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| {
        let t: Gc<Tuple> = me(a).known();
        let plain = th.tuple(t.items());
        Ok(th.tuple(&[tuple::TUPLE.get().value(), th.tuple(&[plain])]))
    })],
    getset: &[
        getter("year", "", |_, o| Ok(item(o, 0))),
        getter("week", "", |_, o| Ok(item(o, 1))),
        getter("weekday", "", |_, o| Ok(item(o, 2))),
    ],
    ..NativeType::DEFAULT
};
pub static ISO_DATE: TypeCell = TypeCell::new(&ISO_DATE_TYPE);
static ISO_SIG: NativeDef = crate::common::signature("IsoCalendarDate", "(year, week, weekday)");

fn item(o: Value, i: usize) -> Value {
    let t: Gc<Tuple> = o.known();
    t.items()[i]
}
fn iso_date(th: Th, t: Gc<Type>, n: [i32; 3]) -> R<Value> {
    tuple::new_of(th, t, &n.map(|n| Value::fix(n as i64)))
}
