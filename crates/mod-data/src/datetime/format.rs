//! Dates and times as text: offsets, `strftime` with the codes that the C library lacks.

use super::delta::{self, Delta};
use super::*;
use adder_vm::import::import_attr;
use adder_vm::n;

/// `+HH:MM[:SS[.ffffff]]`.
pub fn offset_text(d: Gc<Delta>, sep: &str) -> String {
    let n = delta::total(d);
    let sign = if n < 0 { '-' } else { '+' };
    let n = n.unsigned_abs();
    let (s, us) = (n / 1_000_000, n % 1_000_000);
    let mut out = format!("{sign}{:02}{sep}{:02}", s / 3600, s / 60 % 60);
    if us != 0 {
        out += &format!("{sep}{:02}.{us:06}", s % 60);
    } else if s % 60 != 0 {
        out += &format!("{sep}{:02}", s % 60);
    }
    out
}
/// A zone's offset as text, empty if it has none.
pub fn offset_of(th: Th, tz: Option<Value>, arg: Value, sep: &str) -> R<String> {
    Ok(zone::offset(th, tz, State::Utcoffset, arg)?.map_or(String::new(), |d| offset_text(d, sep)))
}

/// `isoformat`'s time part.
pub fn clock_text(th: Th, f: &Fields, spec: Option<&[u8]>) -> R<String> {
    let Fields { hh, mm, ss, us, .. } = *f;
    let spec = match spec {
        None | Some(b"auto") if us == 0 => b"seconds",
        None | Some(b"auto") => &b"microseconds"[..],
        Some(s) => s,
    };
    Ok(match spec {
        b"hours" => format!("{hh:02}"),
        b"minutes" => format!("{hh:02}:{mm:02}"),
        b"seconds" => format!("{hh:02}:{mm:02}:{ss:02}"),
        b"milliseconds" => format!("{hh:02}:{mm:02}:{ss:02}.{:03}", us / 1000),
        b"microseconds" => format!("{hh:02}:{mm:02}:{ss:02}.{us:06}"),
        _ => return Err(th.value_error("Unknown timespec value")),
    })
}
/// The `timespec` argument (format `s`).
pub fn timespec(th: Th, i: usize, v: Option<Value>) -> R<Option<Vec<u8>>> {
    let Some(v) = v else { return Ok(None) };
    let b = str_arg(th, "isoformat", i, v)?.bytes().to_vec();
    if b.contains(&0) {
        return Err(th.value_error("embedded null character"));
    }
    Ok(Some(b))
}

pub fn ctime(th: Th, f: &Fields) -> R<Value> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    Ok(th.str(&format!(
        "{} {} {:2} {:02}:{:02}:{:02} {:04}",
        DAYS[calendar::weekday(f.y, f.m, f.d) as usize],
        MONTHS[(f.m - 1) as usize],
        f.d,
        f.hh,
        f.mm,
        f.ss,
        f.y
    )))
}

pub fn struct_time(th: Th, f: &Fields, dst: i64) -> R<Value> {
    let t = import_attr(th, "time", "struct_time")?;
    let n = |n: i32| Value::fix(n as i64);
    let items = th.tuple(&[
        n(f.y),
        n(f.m),
        n(f.d),
        n(f.hh),
        n(f.mm),
        n(f.ss),
        n(calendar::weekday(f.y, f.m, f.d)),
        n(calendar::before_month(f.y, f.m) + f.d),
        Value::fix(dst),
    ]);
    th.call(t, &[items])
}

/// `time.strftime` after the codes for zones, microseconds and four-digit years have been replaced. `arg` goes to the
/// zone's methods.
pub fn strftime(th: Th, o: Value, format: Gc<Str>, tuple: Value, arg: Value) -> R<Value> {
    let (tz, us) = if is_a(th, o, &time::TIME) {
        (time::of(o).tz.get(), time::of(o).fields().us)
    } else if is_a(th, o, &datetime::DATETIME) {
        (datetime::of(o).tz.get(), datetime::of(o).fields().us)
    } else {
        (None, 0)
    };
    let function = import_attr(th, "time", "strftime")?;
    let src = format.bytes().to_vec();
    let mut out = Vec::with_capacity(src.len());
    let mut i = 0;
    while i < src.len() {
        if src[i] != b'%' || i + 1 == src.len() {
            out.push(src[i]);
            i += 1;
            continue;
        }
        let c = src[i + 1];
        i += 2;
        match c {
            b'z' => out.extend(offset_of(th, tz, arg, "")?.bytes()),
            b':' if src.get(i) == Some(&b'z') => {
                i += 1;
                out.extend(offset_of(th, tz, arg, ":")?.bytes());
            }
            b'Z' => {
                let name = zone::tzname(th, tz, arg)?;
                if !name.is_none() {
                    // Percent signs in the name are no codes.
                    let r = th.call_method(name, n!(replace), &[th.str("%"), th.str("%%")])?;
                    let Some(s) = r.cast::<Str>() else {
                        return Err(th.type_error("tzname.replace() did not return a string"));
                    };
                    out.extend_from_slice(s.bytes());
                }
            }
            b'f' => out.extend(format!("{us:06}").bytes()),
            b'Y' | b'G' | b'F' | b'C' => {
                let year = th.getitem(tuple, Value::fix(0))?;
                let Some(mut y) = int::to_i64(year) else {
                    return Err(th.type_error("an integer is required"));
                };
                if y < 1000 || c == b'G' && y == 1000 {
                    if c == b'G' {
                        let s = th.call(function, &[th.str("%G"), tuple])?;
                        y = th.text(s).trim().parse().unwrap_or(y);
                    }
                    match c {
                        b'C' => out.extend(format!("{:02}", y / 100).bytes()),
                        b'F' => out.extend(format!("{y:04}-%m-%d").bytes()),
                        _ => out.extend(format!("{y:04}").bytes()),
                    }
                } else {
                    out.extend_from_slice(&[b'%', c]);
                }
            }
            _ => out.extend_from_slice(&[b'%', c]),
        }
    }
    let text = th.try_str(&out)?;
    th.call(function, &[text, tuple])
}
/// `__format__`.
pub fn format(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = str_arg(th, "__format__", 1, a[1].unwrap())?;
    if f.is_empty() {
        return th.to_str(me(a));
    }
    th.call_method(me(a), State::Strftime.get(), &[f.value()])
}
/// `strptime` of the three types, which `_strptime` does.
pub fn strptime(th: Th, a: &[Option<Value>], function: &str) -> R<Value> {
    let s = str_arg(th, "strptime", 1, a[1].unwrap())?;
    let f = str_arg(th, "strptime", 2, a[2].unwrap())?;
    let call = import_attr(th, "_strptime", function)?;
    th.call(call, &[me(a), s.value(), f.value()])
}
/// `fromisoformat`'s argument.
pub fn iso_arg(th: Th, v: Value) -> R<Gc<Str>> {
    v.cast::<Str>().ok_or_else(|| th.type_error("fromisoformat: argument must be str"))
}
#[cold]
pub fn bad_iso(th: Th, v: Value) -> adder_vm::err::Raised {
    match th.repr(v) {
        Ok(r) => th.value_error(format!("Invalid isoformat string: {}", th.text(r))),
        Err(e) => e,
    }
}
#[cold]
pub fn bad_midnight(th: Th) -> adder_vm::err::Raised {
    th.value_error("minute, second, and microsecond must be 0 when hour is 24")
}
/// The zone of a parsed text.
pub fn iso_zone(th: Th, c: &parse::Clock) -> R<Option<Value>> {
    Ok(match c.offset {
        None => None,
        Some((0, 0)) => Some(State::Utc.get()),
        Some((s, us)) => {
            let d = delta::new(th, 0, s as i64, us as i64)?;
            Some(zone::checked(th, d, None)?)
        }
    })
}
