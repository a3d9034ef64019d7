//! `time`.
//!
//! # Invariants
//! `of` is given instances of [`Time`]'s type only. Fields are written once, to an object that nobody else has seen
//! yet.

use super::*;
use adder_vm::builtins::str_;
use adder_vm::slots::{CmpOp, Slots};
use std::sync::atomic::AtomicI64;

#[repr(C)]
pub struct Time {
    h: adder_vm::heap::Header,
    pub tz: Slot,
    /// 0: not known yet.
    hash: AtomicI64,
    /// As pickled: hour, minute, second, microsecond in three bytes.
    data: [u8; 6],
    fold: u8,
    pad: u8,
}
impl Time {
    #[inline]
    pub fn fields(&self) -> Fields {
        let b = &self.data;
        Fields {
            hh: b[0] as i32,
            mm: b[1] as i32,
            ss: b[2] as i32,
            us: (b[3] as i32) << 16 | (b[4] as i32) << 8 | b[5] as i32,
            fold: self.fold as i32,
            ..Fields::ZERO
        }
    }
}

pub static TIME_TYPE: NativeType = NativeType {
    name: "datetime.time",
    kind: Kind::Native,
    size: size_of::<Time>() as u32,
    doc: "time([hour[, minute[, second[, microsecond[, tzinfo]]]]]) --> a time object\n\nAll arguments are optional. tzinfo may be None, or an instance of\na tzinfo subclass. The remaining arguments may be ints.\n",
    slots: Slots {
        new: Some(make),
        repr: Some(repr),
        str: Some(|th, o| th.call_method(o, State::Isoformat.get(), &[])),
        hash: Some(hash),
        richcompare: Some(compare),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "strptime",
            "!($type, string, format, /)",
            "string, format -> new time parsed from a string (like time.strptime()).",
            |th, a| format::strptime(th, a, "_strptime_datetime_time"),
        ),
        method(
            "isoformat",
            "!($self, /, timespec='auto')",
            "Return string in ISO 8601 format, [HH[:MM[:SS[.mmm[uuu]]]]][+HH:MM].\n\nThe optional argument timespec specifies the number of additional terms\nof the time to include. Valid options are 'auto', 'hours', 'minutes',\n'seconds', 'milliseconds' and 'microseconds'.\n",
            |th, a| {
                let t = of(me(a));
                let spec = format::timespec(th, 1, a[1])?;
                let mut s = format::clock_text(th, &t.fields(), spec.as_deref())?;
                s += &format::offset_of(th, t.tz.get(), NONE(), ":")?;
                Ok(th.str(&s))
            },
        ),
        method("strftime", "!($self, /, format)", "format -> strftime() style string.", |th, a| {
            let f = str_arg(th, "strftime", 1, a[1].unwrap())?;
            let t = of(me(a)).fields();
            // Any valid date serves.
            let n = |n: i32| Value::fix(n as i64);
            let tuple = th.tuple(&[n(1900), n(1), n(1), n(t.hh), n(t.mm), n(t.ss), n(0), n(1), n(-1)]);
            format::strftime(th, me(a), f, tuple, NONE())
        }),
        method("__format__", "!!($self, format, /)", "Formats self with strftime.", format::format),
        method("utcoffset", "($self, /)", "Return self.tzinfo.utcoffset(self).", |th, a| {
            zone::offset_value(th, of(me(a)).tz.get(), State::Utcoffset, NONE())
        }),
        method("tzname", "($self, /)", "Return self.tzinfo.tzname(self).", |th, a| {
            zone::tzname(th, of(me(a)).tz.get(), NONE())
        }),
        method("dst", "($self, /)", "Return self.tzinfo.dst(self).", |th, a| {
            zone::offset_value(th, of(me(a)).tz.get(), State::Dst, NONE())
        }),
        method(
            "replace",
            "($self, /, hour=unchanged, minute=unchanged, second=unchanged,\n        microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)",
            "Return time with new specified fields.",
            |th, a| replace(th, me(a), &a[1..]),
        ),
        raw_method("__replace__", "($self, /, **changes)", "The same as replace().", |th, a| {
            let b = crate::common::bind::<6>(th, &REPLACE, a.skip(1))?;
            replace(th, a.pos()[0], &b)
        }),
        classmethod(
            "fromisoformat",
            "($type, object, /)",
            "string -> time from a string in ISO 8601 format",
            fromisoformat,
        ),
        method("__reduce_ex__", "!!($self, proto, /)", "__reduce_ex__(proto) -> (cls, state)", |th, a| {
            let proto = int_arg(th, a[1].unwrap())?;
            reduce(th, me(a), proto)
        }),
        method("__reduce__", "($self, /)", "__reduce__() -> (cls, state)", |th, a| reduce(th, me(a), 2)),
    ],
    getset: &[
        getter("hour", "", |_, o| Ok(Value::fix(of(o).data[0] as i64))),
        getter("minute", "", |_, o| Ok(Value::fix(of(o).data[1] as i64))),
        getter("second", "", |_, o| Ok(Value::fix(of(o).data[2] as i64))),
        getter("microsecond", "", |_, o| Ok(Value::fix(of(o).fields().us as i64))),
        getter("tzinfo", "", |_, o| Ok(Value::opt_or_none(of(o).tz.get()))),
        getter("fold", "", |_, o| Ok(Value::fix(of(o).fold as i64))),
    ],
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const Time)).tz.as_ptr()) }),
    ..NativeType::DEFAULT
};
pub static TIME: TypeCell = TypeCell::new(&TIME_TYPE);
static REPLACE: NativeDef = crate::common::signature(
    "replace",
    "(hour=unchanged, minute=unchanged, second=unchanged, microsecond=unchanged, tzinfo=unchanged, *, fold=unchanged)",
);
const PARAMS: Params = Params {
    name: None,
    names: &["hour", "minute", "second", "microsecond", "tzinfo", "fold"],
    required: 0,
    positional: 5,
};

pub fn of(v: Value) -> Gc<Time> {
    unsafe { v.cast_unchecked() }
}
/// A `time`, checked.
pub fn new(th: Th, f: &Fields, tz: Option<Value>) -> R<Value> {
    build(th, TIME.get(), f, tz)
}
fn build(th: Th, t: Gc<Type>, f: &Fields, tz: Option<Value>) -> R<Value> {
    f.check_time(th)?;
    let us = f.us as u32;
    let data = [f.hh as u8, f.mm as u8, f.ss as u8, (us >> 16) as u8, (us >> 8) as u8, us as u8];
    with_data(th, t, data, f.fold as u8, tz)
}
fn with_data(th: Th, t: Gc<Type>, data: [u8; 6], fold: u8, tz: Option<Value>) -> R<Value> {
    let g = alloc::<Time>(th, t, &TIME)?;
    unsafe {
        (*g.as_ptr()).data = data;
        (*g.as_ptr()).fold = fold;
    }
    if tz.is_some() {
        th.store_opt(g, &g.tz, tz);
    }
    Ok(g.value())
}
/// As a class makes it: subclasses are called.
fn new_of(th: Th, class: Value, f: &Fields, tz: Option<Value>) -> R<Value> {
    if class.is(TIME.get().value()) {
        return new(th, f, tz);
    }
    let n = |n: i32| Value::fix(n as i64);
    let args = [n(f.hh), n(f.mm), n(f.ss), n(f.us), Value::opt_or_none(tz)];
    if f.fold != 0 { th.call_kw(class, &args, &[("fold", n(f.fold))]) } else { th.call(class, &args) }
}
fn make(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = t.known();
    if (1..=2).contains(&a.len())
        && !a.pos()[0].is_fix()
        && let Some(mut b) = pickled::<6>(th, a.pos()[0], "time", 0, |h| h & 0x7f < 24)?
    {
        let tz = a.pos().get(1).copied().and_then(|v| v.some());
        if tz.is_some_and(|z| !is_a(th, z, &zone::TZINFO)) {
            return Err(th.type_error("bad tzinfo state arg"));
        }
        let fold = b[0] >> 7;
        b[0] &= 0x7f;
        return with_data(th, t, b, fold, tz);
    }
    let mut n = [0; 6];
    let mut tz = NONE();
    parse(th, &PARAMS, a, |i, v| {
        if i == 4 {
            tz = v;
        } else {
            n[i] = int_arg(th, v)?;
        }
        Ok(())
    })?;
    let f = Fields { hh: n[0], mm: n[1], ss: n[2], us: n[3], fold: n[5], ..Fields::ZERO };
    f.check_time(th)?;
    let tz = tz_arg(th, tz)?;
    build(th, t, &f, tz)
}
fn repr(th: Th, o: Value) -> R<Value> {
    let t = of(o);
    let f = t.fields();
    let mut s = format!("{}({}, {}", th.type_name_of(o), f.hh, f.mm);
    if f.us != 0 {
        s += &format!(", {}, {}", f.ss, f.us);
    } else if f.ss != 0 {
        s += &format!(", {}", f.ss);
    }
    if let Some(z) = t.tz.get() {
        s += &format!(", tzinfo={}", th.text(th.repr(z)?));
    }
    if f.fold != 0 {
        s += &format!(", fold={}", f.fold);
    }
    s.push(')');
    Ok(th.str(&s))
}
fn hash(th: Th, o: Value) -> R<i64> {
    let t = of(o);
    let h = t.hash.load(Relaxed);
    if h != 0 {
        return Ok(h);
    }
    let h = match zone::offset(th, t.tz.get(), State::Utcoffset, NONE())? {
        None => str_::hash_bytes(&t.data),
        Some(off) => {
            let f = t.fields();
            let d = delta::new(
                th,
                -(off.days as i64),
                f.second_of_day() as i64 - off.secs as i64,
                f.us as i64 - off.us as i64,
            )?;
            delta::hash(th, delta::of(d))?
        }
    };
    t.hash.store(h, Relaxed);
    Ok(h)
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !is_a(th, b, &TIME) {
        return Ok(NOT_IMPLEMENTED());
    }
    let (x, y) = (of(a), of(b));
    let (zx, zy) = (x.tz.get(), y.tz.get());
    if zx.map(|v| v.bits()) == zy.map(|v| v.bits()) {
        return Ok(Value::bool(op.holds(x.data.cmp(&y.data))));
    }
    let ox = zone::offset(th, zx, State::Utcoffset, NONE())?;
    let oy = zone::offset(th, zy, State::Utcoffset, NONE())?;
    Ok(Value::bool(match (ox, oy) {
        (None, None) => op.holds(x.data.cmp(&y.data)),
        (Some(p), Some(q)) if delta::cmp(p, q).is_eq() => op.holds(x.data.cmp(&y.data)),
        (Some(p), Some(q)) => {
            let key = |t: Gc<Time>, o: Gc<delta::Delta>| {
                let f = t.fields();
                (f.second_of_day() - o.days * 86_400 - o.secs, f.us)
            };
            op.holds(key(x, p).cmp(&key(y, q)))
        }
        _ => match op {
            CmpOp::Eq => false,
            CmpOp::Ne => true,
            _ => return Err(th.type_error("can't compare offset-naive and offset-aware times")),
        },
    }))
}
fn replace(th: Th, o: Value, b: &[Option<Value>]) -> R<Value> {
    let t = of(o);
    let f = t.fields();
    let n = Fields {
        hh: clinic_int(th, b[0], f.hh)?,
        mm: clinic_int(th, b[1], f.mm)?,
        ss: clinic_int(th, b[2], f.ss)?,
        us: clinic_int(th, b[3], f.us)?,
        fold: clinic_int(th, b[5], f.fold)?,
        ..f
    };
    let class = th.type_of(o).value();
    let tz = match b[4] {
        // A subclass judges for itself.
        Some(v) if class.is(TIME.get().value()) => {
            n.check_time(th)?;
            tz_arg(th, v)?
        }
        Some(v) => v.some(),
        None => t.tz.get(),
    };
    new_of(th, class, &n, tz)
}
fn fromisoformat(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[1].unwrap();
    let s = format::iso_arg(th, v)?;
    let b = s.bytes();
    let b = b.strip_prefix(b"T").unwrap_or(b);
    let Some(mut c) = super::parse::time(b) else { return Err(format::bad_iso(th, v)) };
    if c.hh == 24 {
        if (c.mm, c.ss, c.us) != (0, 0, 0) {
            return Err(format::bad_midnight(th));
        }
        c.hh = 0;
    }
    let tz = format::iso_zone(th, &c)?;
    let f = Fields { hh: c.hh, mm: c.mm, ss: c.ss, us: c.us, ..Fields::ZERO };
    new_of(th, me(a), &f, tz)
}
fn reduce(th: Th, o: Value, proto: i32) -> R<Value> {
    let t = of(o);
    let mut b = t.data;
    if proto > 3 {
        b[0] |= t.fold << 7;
    }
    let state = bytes_of(th, &b)?;
    let state = match t.tz.get() {
        Some(z) => th.tuple(&[state, z]),
        None => th.tuple(&[state]),
    };
    reduced(th, o, state)
}
