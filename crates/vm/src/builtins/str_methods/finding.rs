//! Methods of `str` that look for text: finding, counting, replacing, splitting, stripping.

use super::*;
use crate::builtins::util::limit;

/// The bytes between the `start` and `end` arguments, and the index of the first character. None: `start` is beyond
/// `end`.
#[inline]
fn window(th: Th, s: Gc<Str>, start: Option<Value>, end: Option<Value>) -> R<Option<(Range<usize>, usize)>> {
    if start.is_none() && end.is_none() {
        return Ok(Some((0..s.nbytes as usize, 0)));
    }
    let (start, end) = slicing::adjust_indices(slicing::start_end(th, start, end)?, s.len());
    if start > end {
        return Ok(None);
    }
    Ok(Some((str_::byte_range(th, s, start as usize..end as usize), start as usize)))
}

type Find = fn(&[u8], &[u8]) -> Option<usize>;

#[inline]
fn find_with(th: Th, a: Args, name: &str, f: Find) -> R<Option<usize>> {
    let s = this(a);
    let Some(sub) = a[1].unwrap().cast::<Str>() else {
        return Err(not_str(th, a[1].unwrap(), &format!("{name}() argument 1")));
    };
    let Some((r, first)) = window(th, s, a[2], a[3])? else { return Ok(None) };
    let from = r.start;
    match f(&s.bytes()[r], sub.bytes()) {
        Some(at) if s.is_ascii() => Ok(Some(from + at)),
        Some(at) if from == 0 => Ok(Some(str_::index_of(th, s, at))),
        Some(at) => Ok(Some(first + wtf8::count(&s.bytes()[from..from + at]))),
        None => Ok(None),
    }
}

fn or_minus_one(r: Option<usize>) -> Value {
    Value::fix(r.map_or(-1, |i| i as i64))
}

fn or_raise(th: Th, r: Option<usize>) -> R<Value> {
    r.map(|i| Value::fix(i as i64)).ok_or_else(|| th.value_error("substring not found"))
}

pub(super) fn find(th: Th, a: Args) -> R<Value> {
    Ok(or_minus_one(find_with(th, a, "find", search::find)?))
}

pub(super) fn rfind(th: Th, a: Args) -> R<Value> {
    Ok(or_minus_one(find_with(th, a, "rfind", search::rfind)?))
}

pub(super) fn index(th: Th, a: Args) -> R<Value> {
    or_raise(th, find_with(th, a, "index", search::find)?)
}

pub(super) fn rindex(th: Th, a: Args) -> R<Value> {
    or_raise(th, find_with(th, a, "rindex", search::rfind)?)
}

pub(super) fn count(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let sub = str_arg(th, a[1], "count() argument 1")?;
    let Some((r, _)) = window(th, s, a[2], a[3])? else { return Ok(Value::fix(0)) };
    Ok(Value::fix(search::count::<Chars>(&s.bytes()[r], sub.bytes()) as i64))
}

#[inline(always)]
fn affix(th: Th, a: Args, name: &str, test: impl Fn(&[u8], &[u8]) -> bool) -> R<Value> {
    let s = this(a);
    let v = a[1].unwrap();
    // The usual case.
    if let (Some(x), None, None) = (v.exact::<Str>(), a[2], a[3]) {
        return Ok(Value::bool(test(s.bytes(), x.bytes())));
    }
    let r = window(th, s, a[2], a[3])?.map(|w| w.0);
    let matches = |x: Gc<Str>| r.clone().is_some_and(|r| test(&s.bytes()[r], x.bytes()));
    if let Some(x) = v.cast::<Str>() {
        return Ok(Value::bool(matches(x)));
    }
    let Some(t) = v.cast::<Tuple>() else {
        return Err(th.type_error(format!(
            "{name} first arg must be str or a tuple of str, not {}",
            th.type_name_of(v)
        )));
    };
    for x in t.items() {
        let Some(p) = x.cast::<Str>() else {
            return Err(
                th.type_error(format!("tuple for {name} must only contain str, not {}", th.type_name_of(*x)))
            );
        };
        if matches(p) {
            return Ok(TRUE());
        }
    }
    Ok(FALSE())
}

pub(super) fn startswith(th: Th, a: Args) -> R<Value> {
    affix(th, a, "startswith", |s, p| s.starts_with(p))
}

pub(super) fn endswith(th: Th, a: Args) -> R<Value> {
    affix(th, a, "endswith", |s, p| s.ends_with(p))
}

pub(super) fn removeprefix(th: Th, a: Args) -> R<Value> {
    let (s, p) = (this(a), str_arg(th, a[1], "removeprefix() argument")?);
    let n = s.nbytes as usize;
    th.substr(s, if s.bytes().starts_with(p.bytes()) { p.nbytes as usize..n } else { 0..n })
}

pub(super) fn removesuffix(th: Th, a: Args) -> R<Value> {
    let (s, p) = (this(a), str_arg(th, a[1], "removesuffix() argument")?);
    let n = s.nbytes as usize;
    th.substr(s, if s.bytes().ends_with(p.bytes()) { 0..n - p.nbytes as usize } else { 0..n })
}

pub(super) fn replace(th: Th, a: Args) -> R<Value> {
    let s = this(a);
    let old = str_arg(th, a[1], "replace() argument 1")?;
    let new = str_arg(th, a[2], "replace() argument 2")?;
    let max = limit(th, a[3])?;
    let absent = matches!(old.bytes(), [x] if search::find(s.bytes(), &[*x]).is_none());
    if max == 0 || old.nbytes > s.nbytes || absent {
        return th.exact_str(s);
    }
    // One ASCII character by another: byte by byte.
    if s.is_ascii()
        && max == usize::MAX
        && let (&[x], &[y]) = (old.bytes(), new.bytes())
        && y < 128
    {
        return map_ascii(th, s, |c| if c == x { y } else { c });
    }
    scratch::with(|out| {
        if search::replace::<Chars>(s.bytes(), old.bytes(), new.bytes(), max, out) == 0 {
            return th.exact_str(s);
        }
        if s.is_ascii() && new.is_ascii() { th.str_counted(out, out.len(), true) } else { th.try_str(out) }
    })
}

/// A list of pieces of `s`, given by byte ranges.
fn pieces(th: Th, s: Gc<Str>, back: bool, run: impl FnOnce(&[u8], &mut dyn FnMut(Range<usize>))) -> R<Value> {
    let mut list = ListBuilder::new(th);
    let mut result = Ok(());
    run(s.bytes(), &mut |r| {
        if result.is_ok() {
            result = th.substr(s, r).and_then(|v| list.push(v));
        }
    });
    result?;
    list.finish(back)
}

fn separator(th: Th, v: Option<Value>) -> R<Option<Gc<Str>>> {
    let Some(v) = v.and_then(Value::some) else { return Ok(None) };
    match v.cast::<Str>() {
        Some(s) if s.is_empty() => Err(th.value_error("empty separator")),
        Some(s) => Ok(Some(s)),
        None => Err(th.type_error(format!("must be str or None, not {}", th.type_name_of(v)))),
    }
}

pub(super) fn split(th: Th, a: Args) -> R<Value> {
    let (s, max) = (this(a), limit(th, a[2])?);
    match separator(th, a[1])? {
        Some(sep) => pieces(th, s, false, |b, f| kernel::split(b, sep.bytes(), max, f)),
        None => pieces(th, s, false, |b, f| kernel::split_space::<Chars>(b, max, f)),
    }
}

pub(super) fn rsplit(th: Th, a: Args) -> R<Value> {
    let (s, max) = (this(a), limit(th, a[2])?);
    match separator(th, a[1])? {
        Some(sep) => pieces(th, s, true, |b, f| kernel::rsplit(b, sep.bytes(), max, f)),
        None => pieces(th, s, true, |b, f| kernel::rsplit_space::<Chars>(b, max, f)),
    }
}

pub(super) fn splitlines(th: Th, a: Args) -> R<Value> {
    let keep = a[1].map_or(Ok(false), |v| th.truth(v))?;
    pieces(th, this(a), false, |b, f| kernel::split_lines::<Chars>(b, keep, f))
}

fn partition_arg(th: Th, a: Args) -> R<Gc<Str>> {
    let sep = str_arg(th, a[1], "")?;
    if sep.is_empty() { Err(th.value_error("empty separator")) } else { Ok(sep) }
}

pub(super) fn partition(th: Th, a: Args) -> R<Value> {
    let (s, sep) = (this(a), partition_arg(th, a)?);
    let n = s.nbytes as usize;
    match search::find(s.bytes(), sep.bytes()) {
        Some(at) => {
            let (x, y) = (th.substr(s, 0..at)?, th.substr(s, at + sep.nbytes as usize..n)?);
            th.try_tuple(&[x, sep.value(), y])
        }
        None => {
            let s = th.exact_str(s)?;
            th.try_tuple(&[s, empty(), empty()])
        }
    }
}

pub(super) fn rpartition(th: Th, a: Args) -> R<Value> {
    let (s, sep) = (this(a), partition_arg(th, a)?);
    let n = s.nbytes as usize;
    match search::rfind(s.bytes(), sep.bytes()) {
        Some(at) => {
            let (x, y) = (th.substr(s, 0..at)?, th.substr(s, at + sep.nbytes as usize..n)?);
            th.try_tuple(&[x, sep.value(), y])
        }
        None => {
            let s = th.exact_str(s)?;
            th.try_tuple(&[empty(), empty(), s])
        }
    }
}

fn strip_with(th: Th, a: Args, name: &str, left: bool, right: bool) -> R<Value> {
    let s = this(a);
    let r = match a[1].and_then(Value::some) {
        None => kernel::strip_space::<Chars>(s.bytes(), left, right),
        Some(v) => match v.cast::<Str>() {
            Some(c) => kernel::strip_chars::<Chars>(s.bytes(), c.bytes(), left, right),
            None => return Err(th.type_error(format!("{name} arg must be None or str"))),
        },
    };
    th.substr(s, r)
}

pub(super) fn strip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, "strip", true, true)
}

pub(super) fn lstrip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, "lstrip", true, false)
}

pub(super) fn rstrip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, "rstrip", false, true)
}
