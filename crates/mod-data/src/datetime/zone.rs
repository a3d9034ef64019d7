//! `tzinfo` and `timezone`, and calls of zones' methods.

use super::delta::{self, Delta};
use super::*;
use adder_vm::n;
use adder_vm::slots::{CmpOp, Slots};

pub static TZINFO_TYPE: NativeType = NativeType {
    name: "datetime.tzinfo",
    kind: Kind::Native,
    size: 8,
    doc: "Abstract base class for time zone info objects.",
    slots: Slots { new: Some(|th, t, _| crate::common::make(th, t)), ..Slots::NONE },
    methods: &[
        method("tzname", "($self, object, /)", "datetime -> string name of time zone.", |th, _| {
            Err(nogo(th, "tzname"))
        }),
        method(
            "utcoffset",
            "($self, object, /)",
            "datetime -> timedelta showing offset from UTC, negative values indicating West of UTC",
            |th, _| Err(nogo(th, "utcoffset")),
        ),
        method(
            "dst",
            "($self, object, /)",
            "datetime -> DST offset as timedelta positive east of UTC.",
            |th, _| Err(nogo(th, "dst")),
        ),
        method("fromutc", "($self, object, /)", "datetime in UTC -> datetime in local time.", fromutc),
        method("__reduce__", "($self, /)", "-> (cls, state)", |th, a| {
            let o = me(a);
            let args = match th.getattr_opt(o, State::Getinitargs.get())? {
                Some(f) => th.call(f, &[])?,
                None => th.tuple(&[]),
            };
            let state = th.call_method(o, n!(__getstate__), &[])?;
            Ok(th.tuple(&[th.type_of(o).value(), args, state]))
        }),
    ],
    ..NativeType::DEFAULT
};
pub static TZINFO: TypeCell = TypeCell::new(&TZINFO_TYPE);

#[cold]
fn nogo(th: Th, name: &str) -> adder_vm::err::Raised {
    th.not_implemented_error(format!("a tzinfo subclass must implement {name}()"))
}

/// The datetime that a `fromutc` method got.
fn own_datetime(th: Th, tz: Value, dt: Value) -> R<Gc<datetime::DateTime>> {
    if !is_a(th, dt, &datetime::DATETIME) {
        return Err(th.type_error("fromutc: argument must be a datetime"));
    }
    let d = datetime::of(dt);
    if !d.tz.get().is_some_and(|t| t.is(tz)) {
        return Err(th.value_error("fromutc: dt.tzinfo is not self"));
    }
    Ok(d)
}
fn fromutc(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (tz, dt) = (me(a), a[1].unwrap());
    own_datetime(th, tz, dt)?;
    let Some(off) = offset(th, Some(tz), State::Utcoffset, dt)? else {
        return Err(th.value_error("fromutc: non-None utcoffset() result required"));
    };
    let Some(dst) = offset(th, Some(tz), State::Dst, dt)? else {
        return Err(th.value_error("fromutc: non-None dst() result required"));
    };
    let standard = delta::sum(th, off, dst, -1)?;
    let r = datetime::shift(th, dt, delta::of(standard), 1)?;
    let zone = datetime::of(dt).tz.get();
    let Some(dst) = offset(th, zone, State::Dst, r)? else {
        return Err(th.value_error("fromutc: tz.dst() gave inconsistent results; cannot convert"));
    };
    if !delta::nonzero(dst) {
        return Ok(r);
    }
    if !is_a(th, r, &datetime::DATETIME) {
        return Err(th.type_error("fromutc: argument must be a datetime"));
    }
    datetime::shift(th, r, dst, 1)
}

/// What a zone's `utcoffset` or `dst` says, checked.
pub fn offset(th: Th, tz: Option<Value>, which: State, dt: Value) -> R<Option<Gc<Delta>>> {
    let Some(tz) = tz else { return Ok(None) };
    if th.type_of(tz) == TIMEZONE.get() {
        return Ok(match which {
            State::Utcoffset => Some(Zone::of(tz).offset()),
            _ => None,
        });
    }
    let r = th.call_method(tz, which.get(), &[dt])?;
    if r.is_none() {
        return Ok(None);
    }
    if !delta::is_delta(th, r) {
        return Err(th.type_error(format!(
            "tzinfo.{}() must return None or timedelta, not '{}'",
            th.text(which.get()),
            th.type_name_of(r)
        )));
    }
    if !delta::is_offset(delta::of(r)) {
        let shown = th.text(th.repr(r)?);
        return Err(th.value_error(format!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}"
        )));
    }
    Ok(Some(delta::of(r)))
}
/// As Python sees it.
pub fn offset_value(th: Th, tz: Option<Value>, which: State, dt: Value) -> R<Value> {
    Ok(offset(th, tz, which, dt)?.map_or(NONE(), |d| d.value()))
}
pub fn tzname(th: Th, tz: Option<Value>, dt: Value) -> R<Value> {
    let Some(tz) = tz else { return Ok(NONE()) };
    let r = th.call_method(tz, State::Tzname.get(), &[dt])?;
    if !r.is_none() && !r.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "tzinfo.tzname() must return None or a string, not '{}'",
            th.type_name_of(r)
        )));
    }
    Ok(r)
}

// -- timezone

crate::native_layout! { pub Zone { delta, name; } }
impl Zone {
    fn offset(&self) -> Gc<Delta> {
        delta::of(self.delta.value())
    }
}

pub static TIMEZONE_TYPE: NativeType = NativeType {
    name: "datetime.timezone",
    kind: Kind::Native,
    size: Zone::SIZE,
    flags: tflags::IMMUTABLE,
    doc: "Fixed offset from UTC implementation of tzinfo.",
    base: Some(&TZINFO),
    slots: Slots {
        new: Some(|th, _, a| {
            let (mut offset, mut name) = (None, None);
            parse(th, &PARAMS, a, |i, v| {
                if i == 0 {
                    if !delta::is_delta(th, v) {
                        return Err(bad_argument(th, "timezone", 1, "datetime.timedelta", v));
                    }
                    offset = Some(v);
                } else {
                    name = Some(str_arg(th, "timezone", 2, v)?.value());
                }
                Ok(())
            })?;
            checked(th, offset.unwrap(), name)
        }),
        repr: Some(|th, o| {
            let z = Zone::of(o);
            let t = th.type_name_of(o);
            if o.is(State::Utc.get()) {
                return Ok(th.str(&format!("{t}.utc")));
            }
            let mut s = format!("{t}({}", th.text(th.repr(z.delta.value())?));
            if let Some(n) = z.name.get() {
                s += &format!(", {}", th.text(th.repr(n)?));
            }
            s.push(')');
            Ok(th.str(&s))
        }),
        str: Some(name_of),
        hash: Some(|th, o| delta::hash(th, Zone::of(o).offset())),
        richcompare: Some(|th, a, b, op| {
            if !matches!(op, CmpOp::Eq | CmpOp::Ne) || !is_a(th, b, &TIMEZONE) {
                return Ok(NOT_IMPLEMENTED());
            }
            Ok(Value::bool(op.holds(delta::cmp(Zone::of(a).offset(), Zone::of(b).offset()))))
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "tzname",
            "($self, object, /)",
            "If name is specified when timezone is created, returns the name.  Otherwise returns offset as 'UTC(+|-)HH:MM'.",
            |th, a| {
                check(th, a[1].unwrap(), "tzname")?;
                name_of(th, me(a))
            },
        ),
        method("utcoffset", "($self, object, /)", "Return fixed offset.", |th, a| {
            check(th, a[1].unwrap(), "utcoffset")?;
            Ok(Zone::of(me(a)).delta.value())
        }),
        method("dst", "($self, object, /)", "Return None.", |th, a| {
            check(th, a[1].unwrap(), "dst")?;
            Ok(NONE())
        }),
        method("fromutc", "($self, object, /)", "datetime in UTC -> datetime in local time.", |th, a| {
            own_datetime(th, me(a), a[1].unwrap())?;
            datetime::shift(th, a[1].unwrap(), Zone::of(me(a)).offset(), 1)
        }),
        method("__getinitargs__", "($self, /)", "pickle support", |th, a| {
            let z = Zone::of(me(a));
            Ok(match z.name.get() {
                Some(n) => th.tuple(&[z.delta.value(), n]),
                None => th.tuple(&[z.delta.value()]),
            })
        }),
    ],
    trace: Some(Zone::trace),
    ..NativeType::DEFAULT
};
pub static TIMEZONE: TypeCell = TypeCell::new(&TIMEZONE_TYPE);
const PARAMS: Params =
    Params { name: Some("timezone()"), names: &["offset", "name"], required: 1, positional: 2 };

fn check(th: Th, dt: Value, name: &str) -> R<()> {
    if dt.is_none() || is_a(th, dt, &datetime::DATETIME) {
        return Ok(());
    }
    Err(th.type_error(format!(
        "{name}(dt) argument must be a datetime instance or None, not {}",
        th.type_name_of(dt)
    )))
}
/// Without checks.
pub fn make(th: Th, offset: Value, name: Option<Value>) -> R<Value> {
    let o = adder_vm::builtins::object::new_instance(th, TIMEZONE.get())?;
    let z = Zone::of(o);
    th.store(z, &z.delta, offset);
    th.store_opt(z, &z.name, name);
    Ok(o)
}
pub fn checked(th: Th, offset: Value, name: Option<Value>) -> R<Value> {
    let d = delta::of(offset);
    if name.is_none() && !delta::nonzero(d) {
        return Ok(State::Utc.get());
    }
    if !delta::is_offset(d) {
        let shown = th.text(th.repr(offset)?);
        return Err(th.value_error(format!(
            "offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not {shown}"
        )));
    }
    make(th, offset, name)
}
fn name_of(th: Th, o: Value) -> R<Value> {
    let z = Zone::of(o);
    if let Some(n) = z.name.get() {
        return Ok(n);
    }
    if !delta::nonzero(z.offset()) {
        return Ok(th.str("UTC"));
    }
    Ok(th.str(&format!("UTC{}", format::offset_text(z.offset(), ":"))))
}
