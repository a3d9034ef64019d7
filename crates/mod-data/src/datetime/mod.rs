//! `_datetime`: dates, times, intervals and fixed zones, as CPython's `Modules/_datetimemodule.c`.
//!
//! [`calendar`] is arithmetic on numbers, [`mod@parse`] reads ISO 8601, [`mod@format`] is `strftime` and offsets as text. The
//! types: [`delta`], [`date`], [`time`], [`datetime`], [`zone`] (`tzinfo`, `timezone`); beside them `_zoneinfo` in
//! [`zoneinfo`]. What they share is here. Objects
//! that the module needs are kept in `date`'s `aux` array ([`State`]).
//!
//! Fields of objects are written before anybody else sees the object and never change (but the cached hash, and the
//! zone of a fresh result in `astimezone`).
//!
//! # Safety
//! `date`'s `aux` holds the array of the [`State`] from the import on. [`alloc`] is given the type whose layout `T` is,
//! which consists of words; zeros are valid in all of them.

mod calendar;
mod date;
#[allow(clippy::module_inception)]
mod datetime;
mod delta;
mod format;
mod local;
mod parse;
mod rule;
mod time;
mod zone;
pub mod zoneinfo;

use adder_vm::builtins::int;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::Relaxed;

pub static MODULE: NativeModule = NativeModule {
    name: "_datetime",
    doc: "Fast implementation of the datetime module.",
    functions: &[],
    types: &[&date::DATE, &datetime::DATETIME, &time::TIME, &delta::DELTA, &zone::TZINFO, &zone::TIMEZONE],
    init: Some(init),
};

/// Objects of the module.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum State {
    Utc,
    Utcoffset,
    Dst,
    Tzname,
    Fromutc,
    Isoformat,
    Timetuple,
    Strftime,
    Fromtimestamp,
    Getinitargs,
    AsIntegerRatio,
    Count,
}
const NAMES: [(&str, State); 10] = [
    ("utcoffset", State::Utcoffset),
    ("dst", State::Dst),
    ("tzname", State::Tzname),
    ("fromutc", State::Fromutc),
    ("isoformat", State::Isoformat),
    ("timetuple", State::Timetuple),
    ("strftime", State::Strftime),
    ("fromtimestamp", State::Fromtimestamp),
    ("__getinitargs__", State::Getinitargs),
    ("as_integer_ratio", State::AsIntegerRatio),
];
impl State {
    #[inline]
    pub fn get(self) -> Value {
        let a: Gc<Array> = unsafe { date::DATE.get().aux.gc() };
        a.slot(self as usize).value()
    }
}

fn init(th: Th, m: Gc<Module>) -> R<()> {
    th.make_type(&date::ISO_DATE);
    // A second import (after the module has left `sys.modules`) keeps the objects.
    if date::DATE.get().aux.get().is_none() {
        let a = th.array(State::Count as usize)?;
        for (n, s) in NAMES {
            th.store(a, a.slot(s as usize), th.intern(n));
        }
        let zero = delta::new(th, 0, 0, 0)?;
        let utc = zone::make(th, zero, None)?;
        th.store(a, a.slot(State::Utc as usize), utc);
        th.store(date::DATE.get(), &date::DATE.get().aux, a.value());

        let put = |c: &'static TypeCell, name: &str, v: Value| c.get().dict_().set(th, th.intern(name), v);
        let tick = delta::new(th, 0, 0, 1)?;
        put(&delta::DELTA, "resolution", tick)?;
        put(&delta::DELTA, "min", delta::new(th, -999_999_999, 0, 0)?)?;
        put(&delta::DELTA, "max", delta::new(th, 999_999_999, 86_399, 999_999)?)?;
        let first = Fields { y: 1, m: 1, d: 1, ..Fields::ZERO };
        let last = Fields { y: 9999, m: 12, d: 31, hh: 23, mm: 59, ss: 59, us: 999_999, fold: 0 };
        put(&date::DATE, "min", date::new(th, 1, 1, 1)?)?;
        put(&date::DATE, "max", date::new(th, 9999, 12, 31)?)?;
        put(&date::DATE, "resolution", delta::new(th, 1, 0, 0)?)?;
        put(&time::TIME, "min", time::new(th, &Fields::ZERO, None)?)?;
        put(&time::TIME, "max", time::new(th, &last, None)?)?;
        put(&time::TIME, "resolution", tick)?;
        put(&datetime::DATETIME, "min", datetime::new(th, &first, None)?)?;
        put(&datetime::DATETIME, "max", datetime::new(th, &last, None)?)?;
        put(&datetime::DATETIME, "resolution", tick)?;
        put(&zone::TIMEZONE, "utc", utc)?;
        let day = 23 * 3600 + 59 * 60;
        put(&zone::TIMEZONE, "min", zone::make(th, delta::new(th, 0, -day, 0)?, None)?)?;
        put(&zone::TIMEZONE, "max", zone::make(th, delta::new(th, 0, day, 0)?, None)?)?;
    }
    m.put(th, "MINYEAR", th.int(1))?;
    m.put(th, "MAXYEAR", th.int(9999))?;
    m.put(th, "UTC", State::Utc.get())
}

/// What dates and times consist of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fields {
    pub y: i32,
    pub m: i32,
    pub d: i32,
    pub hh: i32,
    pub mm: i32,
    pub ss: i32,
    pub us: i32,
    pub fold: i32,
}
impl Fields {
    pub const ZERO: Fields = Fields { y: 0, m: 0, d: 0, hh: 0, mm: 0, ss: 0, us: 0, fold: 0 };

    pub fn check_date(&self, th: Th) -> R<()> {
        if !(1..=9999).contains(&self.y) {
            return Err(bad_year(th, self.y));
        }
        if !(1..=12).contains(&self.m) {
            return Err(th.value_error(format!("month must be in 1..12, not {}", self.m)));
        }
        let dim = calendar::days_in_month(self.y, self.m);
        if self.d < 1 || self.d > dim {
            return Err(th.value_error(format!(
                "day {} must be in range 1..{dim} for month {} in year {}",
                self.d, self.m, self.y
            )));
        }
        Ok(())
    }
    pub fn check_time(&self, th: Th) -> R<()> {
        let bad = |what: &str, max: i32, n: i32| {
            Err(th.value_error(format!("{what} must be in 0..{max}, not {n}")))
        };
        if !(0..24).contains(&self.hh) {
            return bad("hour", 23, self.hh);
        }
        if !(0..60).contains(&self.mm) {
            return bad("minute", 59, self.mm);
        }
        if !(0..60).contains(&self.ss) {
            return bad("second", 59, self.ss);
        }
        if !(0..1_000_000).contains(&self.us) {
            return bad("microsecond", 999_999, self.us);
        }
        if !(0..2).contains(&self.fold) {
            return Err(th.value_error(format!("fold must be either 0 or 1, not {}", self.fold)));
        }
        Ok(())
    }
    pub fn second_of_day(&self) -> i32 {
        self.hh * 3600 + self.mm * 60 + self.ss
    }
    pub fn ordinal(&self) -> i32 {
        calendar::to_ordinal(self.y, self.m, self.d)
    }
}

#[cold]
pub fn bad_year(th: Th, y: i32) -> adder_vm::err::Raised {
    th.value_error(format!("year must be in 1..9999, not {y}"))
}

/// `v` is an instance of a type of this module.
#[inline(always)]
pub fn is_a(th: Th, v: Value, c: &'static TypeCell) -> bool {
    if !v.is_kind(Kind::Native) {
        return false;
    }
    let t = c.get();
    v.shape_id() == t.root_shape.load(Relaxed) || th.is_subtype(th.type_of(v), t)
}
/// Memory for an instance of class `t`, zeroed.
#[inline]
pub fn alloc<T>(th: Th, t: Gc<Type>, cell: &'static TypeCell) -> R<Gc<T>> {
    if t == cell.get() {
        let size = size_of::<T>();
        // SAFETY: the type's own layout; every word is written.
        unsafe {
            let o = th.m.alloc(size, t.inst_kind, t.root_shape.load(Relaxed));
            let p = o.as_ptr() as *mut u64;
            for i in 1..size / 8 {
                *p.add(i) = 0;
            }
            return Ok(Gc::from_obj(o));
        }
    }
    let o = adder_vm::builtins::object::new_instance(th, t)?;
    // SAFETY: the class is one of whose layout `T` is, or a subclass.
    Ok(unsafe { o.cast_unchecked() })
}

/// Parameters of a function whose errors are those of `PyArg_ParseTupleAndKeywords`.
pub struct Params {
    /// Its name in messages, with `()`; none for formats without a name.
    pub name: Option<&'static str>,
    pub names: &'static [&'static str],
    pub required: usize,
    /// How many can be given by position.
    pub positional: usize,
}

/// Hands the arguments to `put(index, value)`, in order, with CPython's errors in CPython's order.
pub fn parse(th: Th, p: &Params, a: RawArgs, mut put: impl FnMut(usize, Value) -> R<()>) -> R<()> {
    let n = p.names.len();
    let f = || p.name.unwrap_or("function");
    let s = |n: usize| if n == 1 { "" } else { "s" };
    if a.len() + a.nkw() > n {
        return Err(th.type_error(format!(
            "{} takes at most {n} {}argument{} ({} given)",
            f(),
            if a.is_empty() { "keyword " } else { "" },
            s(n),
            a.len() + a.nkw()
        )));
    }
    if a.len() > p.positional {
        return Err(th.type_error(format!(
            "{} takes {} {} positional argument{} ({} given)",
            f(),
            if p.required < p.positional || p.positional < n { "at most" } else { "exactly" },
            p.positional,
            s(p.positional),
            a.len()
        )));
    }
    for (i, v) in a.pos().iter().enumerate() {
        put(i, *v)?;
    }
    if a.nkw() == 0 {
        if a.len() < p.required {
            return Err(missing(th, p, a.len()));
        }
        return Ok(());
    }
    let find = |name: &str| {
        a.keywords().find(|(k, _)| k.cast::<Str>().is_some_and(|k| k.bytes() == name.as_bytes()))
    };
    for (i, name) in p.names.iter().enumerate().skip(a.len()) {
        match find(name) {
            Some((_, v)) => put(i, v)?,
            None if i < p.required => return Err(missing(th, p, i)),
            None => {}
        }
    }
    for (k, _) in a.keywords() {
        let Some(k) = k.cast::<Str>() else { return Err(th.type_error("keywords must be strings")) };
        match p.names.iter().position(|x| x.as_bytes() == k.bytes()) {
            Some(i) if i < a.len() => {
                return Err(th.type_error(format!(
                    "argument for {} given by name ('{}') and position ({})",
                    f(),
                    p.names[i],
                    i + 1
                )));
            }
            Some(_) => {}
            None => {
                return Err(th.type_error(format!(
                    "{} got an unexpected keyword argument '{}'",
                    p.name.unwrap_or("this function"),
                    k.lossy()
                )));
            }
        }
    }
    Ok(())
}
#[cold]
fn missing(th: Th, p: &Params, i: usize) -> adder_vm::err::Raised {
    th.type_error(format!(
        "{} missing required argument '{}' (pos {})",
        p.name.unwrap_or("function"),
        p.names[i],
        i + 1
    ))
}

/// A C `int`, as format `i` takes it.
#[inline]
pub fn int_arg(th: Th, v: Value) -> R<i32> {
    if let Some(n) = v.as_fix()
        && let Ok(n) = i32::try_from(n)
    {
        return Ok(n);
    }
    match int::to_i64(th.index(v)?) {
        None => Err(th.overflow_error("Python int too large to convert to C long")),
        Some(n) => i32::try_from(n).map_err(|_| {
            th.overflow_error(if n > 0 {
                "signed integer is greater than maximum"
            } else {
                "signed integer is less than minimum"
            })
        }),
    }
}
/// A C `int`, as Argument Clinic takes it; `default` if it is missing.
pub fn clinic_int(th: Th, v: Option<Value>, default: i32) -> R<i32> {
    v.map_or(Ok(default), |v| adder_vm::cint::int_arg(th, v))
}
/// A str argument (format `U`).
pub fn str_arg(th: Th, func: &str, i: usize, v: Value) -> R<Gc<Str>> {
    v.cast::<Str>().ok_or_else(|| bad_argument(th, func, i, "str", v))
}
#[cold]
pub fn bad_argument(th: Th, func: &str, i: usize, want: &str, v: Value) -> adder_vm::err::Raised {
    let got = if v.is_none() { "None".to_string() } else { th.type_name_of(v) };
    th.type_error(format!("{func}() argument {i} must be {want}, not {got}"))
}
/// A zone argument: None or a tzinfo.
#[inline]
pub fn tz_arg(th: Th, v: Value) -> R<Option<Value>> {
    if v.is_none() {
        return Ok(None);
    }
    if is_a(th, v, &zone::TZINFO) {
        return Ok(Some(v));
    }
    Err(th.type_error(format!(
        "tzinfo argument must be None or of a tzinfo subclass, not type '{}'",
        th.type_name_of(v)
    )))
}
/// The bytes of a pickled state of `n` bytes, whose `at`-th byte is `ok`. Python 2's pickles have a str.
pub fn pickled<const N: usize>(
    th: Th,
    v: Value,
    what: &str,
    at: usize,
    ok: fn(u8) -> bool,
) -> R<Option<[u8; N]>> {
    if let Some(b) = v.cast::<Bytes>() {
        let b = b.bytes();
        return Ok(if b.len() == N && ok(b[at]) { b.try_into().ok() } else { None });
    }
    if let Some(s) = v.cast::<Str>() {
        if s.len() != N {
            return Ok(None);
        }
        let mut out = [0; N];
        let mut latin = true;
        for (i, o) in out.iter_mut().enumerate() {
            let c = adder_vm::builtins::str_::char_at(th, s, i);
            if i == at && !(c < 256 && ok(c as u8)) {
                return Ok(None);
            }
            latin &= c < 256;
            *o = c as u8;
        }
        if !latin {
            return Err(th.value_error(format!(
                "Failed to encode latin1 string when unpickling a {what} object. pickle.load(data, encoding='latin1') is assumed."
            )));
        }
        return Ok(Some(out));
    }
    Ok(None)
}
/// The receiver.
#[inline(always)]
pub fn me(a: &[Option<Value>]) -> Value {
    a[0].expect("the receiver")
}
/// `(type(o), state)`.
pub fn reduced(th: Th, o: Value, state: Value) -> R<Value> {
    Ok(th.tuple(&[th.type_of(o).value(), state]))
}
pub fn bytes_of(th: Th, b: &[u8]) -> R<Value> {
    Ok(adder_vm::builtins::bytes::new(th, b)?.value())
}
