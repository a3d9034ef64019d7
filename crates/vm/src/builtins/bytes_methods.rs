//! Methods that `bytes` and `bytearray` share. Results are of the receiver's builtin type.

use super::buffer::{self, Buffer, bytes_of};
use super::bytes::{self, byte};
use super::str_methods::{c_int, fast_sequence, items_of};
use super::util::limit;
use super::var_sized::ListBuilder;
use super::{bytearray, codecs, scratch, slicing};
use crate::err::{R, Raised};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_text::room;
use adder_text::search::{self, Bytes as Units};
use adder_text::{case, split as kernel};
use std::ops::Range;

type Args<'a> = &'a [Option<Value>];

/// The receiver's bytes, as they are now.
#[inline]
fn this(a: Args) -> &'static [u8] {
    bytes_of(a[0].unwrap()).expect("bytes or bytearray")
}
/// A new object of the receiver's builtin type.
fn like(th: Th, a: Args, b: &[u8]) -> R<Value> {
    if a[0].unwrap().is_kind(Kind::Bytes) { Ok(bytes::new(th, b)?.value()) } else { bytearray::new(th, b) }
}
/// The receiver itself if it is exactly bytes; else a copy.
fn same(th: Th, a: Args) -> R<Value> {
    let v = a[0].unwrap();
    if v.is_exact(Kind::Bytes) { Ok(v) } else { like(th, a, this(a)) }
}
/// Part of the receiver.
fn part(th: Th, a: Args, r: Range<usize>) -> R<Value> {
    let b = this(a);
    if r.len() == b.len() { same(th, a) } else { like(th, a, &b[r.start.min(b.len())..r.end.min(b.len())]) }
}
fn buf(th: Th, v: Option<Value>) -> R<Buffer> {
    Buffer::simple(th, v.unwrap())
}

pub fn getnewargs(th: Th, a: Args) -> R<Value> {
    let b = bytes::new_from(th, a[0].unwrap(), this(a))?;
    th.try_tuple(&[b.value()])
}
pub fn dunder_bytes(th: Th, a: Args) -> R<Value> {
    Ok(bytes::new_from(th, a[0].unwrap(), this(a))?.value())
}

// -- case and classes

fn converted(th: Th, a: Args, f: fn(&[u8], &mut Vec<u8>)) -> R<Value> {
    scratch::with(|out| {
        f(this(a), out);
        like(th, a, out)
    })
}
macro_rules! conversions {
    ($($f:ident $k:ident;)*) => { $(
        pub fn $f(th: Th, a: Args) -> R<Value> { converted(th, a, case::$k) }
    )* };
}
conversions! {
    lower ascii_lower; upper ascii_upper; swapcase ascii_swapcase; title ascii_title; capitalize ascii_capitalize;
}
macro_rules! tests {
    ($($f:ident |$b:ident| $e:expr;)*) => { $(
        pub fn $f(_: Th, a: Args) -> R<Value> {
            let $b = this(a);
            Ok(Value::bool($e))
        }
    )* };
}
tests! {
    isalnum |b| case::all_bytes(b, u8::is_ascii_alphanumeric);
    isalpha |b| case::all_bytes(b, u8::is_ascii_alphabetic);
    isascii |b| b.is_ascii();
    isdigit |b| case::all_bytes(b, u8::is_ascii_digit);
    islower |b| case::is_lower_bytes(b);
    isupper |b| case::is_upper_bytes(b);
    istitle |b| case::is_title_bytes(b);
    isspace |b| case::all_bytes(b, |c| search::is_byte_space(*c));
}

// -- searching

/// What to look for: bytes, or one byte given as a number.
enum Needle {
    Byte(u8),
    Buffer(Buffer),
}
impl Needle {
    fn new(th: Th, v: Value) -> R<Needle> {
        if buffer::is_buffer(th, v) {
            return Ok(Needle::Buffer(Buffer::simple(th, v)?));
        }
        if v.is_fix() || th.type_of(v).slots.index.is_some() {
            return Ok(Needle::Byte(byte(th, v, "byte must be in range(0, 256)")?));
        }
        Err(th.type_error(format!(
            "argument should be integer or bytes-like object, not '{}'",
            th.type_name_of(v)
        )))
    }
    fn bytes(&self) -> &[u8] {
        match self {
            Needle::Byte(b) => std::slice::from_ref(b),
            Needle::Buffer(b) => b.bytes(),
        }
    }
}
/// The range between the `start` and `end` arguments; None: `start` is beyond `end`.
fn window(th: Th, a: Args, at: usize) -> R<Option<Range<usize>>> {
    let se = slicing::start_end(th, a[at], a[at + 1])?;
    let (start, end) = slicing::adjust_indices(se, this(a).len());
    Ok((start <= end).then_some(start as usize..end as usize))
}
/// The receiver's bytes in a window. A bytearray may have become shorter meanwhile.
fn within(a: Args, r: Range<usize>) -> &'static [u8] {
    let b = this(a);
    &b[r.start.min(b.len())..r.end.min(b.len())]
}
/// Keeps a bytearray from being resized by Python code that an argument brings along.
pub fn hold(th: Th, receiver: Value, arg: Option<Value>) -> R<Option<Buffer>> {
    let inert =
        |x: Value| x.is_fix() || x.is_exact(Kind::Bytes) || x.is_exact(Kind::ByteArray) || x.is_none();
    if receiver.is_kind(Kind::Bytes) || arg.is_none_or(inert) {
        return Ok(None);
    }
    Buffer::get(th, receiver, buffer::flag::FULL_RO).map(Some)
}
fn find_with(th: Th, a: Args, f: fn(&[u8], &[u8]) -> Option<usize>) -> R<Option<usize>> {
    let _held = hold(th, a[0].unwrap(), a[1])?;
    let r = window(th, a, 2)?;
    let needle = Needle::new(th, a[1].unwrap())?;
    let Some(r) = r else { return Ok(None) };
    Ok(f(within(a, r.clone()), needle.bytes()).map(|i| i + r.start))
}
fn or_minus_one(r: Option<usize>) -> Value {
    Value::fix(r.map_or(-1, |i| i as i64))
}
fn or_raise(th: Th, r: Option<usize>) -> R<Value> {
    r.map(|i| Value::fix(i as i64)).ok_or_else(|| th.value_error("subsection not found"))
}
pub fn find(th: Th, a: Args) -> R<Value> {
    Ok(or_minus_one(find_with(th, a, search::find)?))
}
pub fn rfind(th: Th, a: Args) -> R<Value> {
    Ok(or_minus_one(find_with(th, a, search::rfind)?))
}
pub fn index(th: Th, a: Args) -> R<Value> {
    or_raise(th, find_with(th, a, search::find)?)
}
pub fn rindex(th: Th, a: Args) -> R<Value> {
    or_raise(th, find_with(th, a, search::rfind)?)
}
pub fn count(th: Th, a: Args) -> R<Value> {
    let _held = hold(th, a[0].unwrap(), a[1])?;
    let r = window(th, a, 2)?;
    let needle = Needle::new(th, a[1].unwrap())?;
    let Some(r) = r else { return Ok(Value::fix(0)) };
    Ok(Value::fix(search::count::<Units>(within(a, r), needle.bytes()) as i64))
}

fn affix(th: Th, a: Args, name: &str, test: fn(&[u8], &[u8]) -> bool) -> R<Value> {
    let v = a[1].unwrap();
    let r = window(th, a, 2)?;
    let matches = |x: Value| -> R<bool> {
        let p = Buffer::simple(th, x)?;
        Ok(r.clone().is_some_and(|r| test(within(a, r), p.bytes())))
    };
    if let Some(t) = v.cast::<Tuple>() {
        for x in t.items() {
            if matches(*x)? {
                return Ok(TRUE());
            }
        }
        return Ok(FALSE());
    }
    if !buffer::is_buffer(th, v) {
        return Err(th.type_error(format!(
            "{name} first arg must be bytes or a tuple of bytes, not {}",
            th.type_name_of(v)
        )));
    }
    Ok(Value::bool(matches(v)?))
}
pub fn startswith(th: Th, a: Args) -> R<Value> {
    affix(th, a, "startswith", |s, p| s.starts_with(p))
}
pub fn endswith(th: Th, a: Args) -> R<Value> {
    affix(th, a, "endswith", |s, p| s.ends_with(p))
}
pub fn removeprefix(th: Th, a: Args) -> R<Value> {
    let (p, b) = (buf(th, a[1])?, this(a));
    let from = if b.starts_with(p.bytes()) { p.len() } else { 0 };
    part(th, a, from..b.len())
}
pub fn removesuffix(th: Th, a: Args) -> R<Value> {
    let (p, b) = (buf(th, a[1])?, this(a));
    let to = if b.ends_with(p.bytes()) { b.len() - p.len() } else { b.len() };
    part(th, a, 0..to)
}
pub fn replace(th: Th, a: Args) -> R<Value> {
    let (old, new) = (buf(th, a[1])?, buf(th, a[2])?);
    let max = limit(th, a[3])?;
    let b = this(a);
    // The size of the result is known beforehand where it could be unreasonable.
    let mut size = 0;
    if new.len() > old.len() && max > 0 {
        let n = search::count::<Units>(b, old.bytes()).min(max);
        let grow = (new.len() - old.len()).checked_mul(n).and_then(|g| g.checked_add(b.len()));
        match grow {
            Some(t) if t <= i64::MAX as usize => size = t,
            _ => return Err(th.overflow_error("replace bytes is too long")),
        }
    }
    scratch::with(|out| {
        room(th, out, size)?;
        if max == 0 || search::replace::<Units>(b, old.bytes(), new.bytes(), max, out) == 0 {
            return same(th, a);
        }
        like(th, a, out)
    })
}

// -- splitting

fn pieces(th: Th, a: Args, back: bool, run: impl FnOnce(&[u8], &mut dyn FnMut(Range<usize>))) -> R<Value> {
    let b = this(a);
    let mut list = ListBuilder::new(th);
    let mut result = Ok(());
    run(b, &mut |r| {
        if result.is_ok() {
            let v = if r.len() == b.len() { same(th, a) } else { like(th, a, &b[r]) };
            result = v.and_then(|v| list.push(v));
        }
    });
    result?;
    list.finish(back)
}
fn split_with(
    th: Th,
    a: Args,
    back: bool,
    space: fn(&[u8], usize, &mut dyn FnMut(Range<usize>)),
    sep: fn(&[u8], &[u8], usize, &mut dyn FnMut(Range<usize>)),
) -> R<Value> {
    let max = limit(th, a[2])?;
    let _held = hold(th, a[0].unwrap(), a[1])?;
    let Some(s) = a[1].and_then(Value::some) else { return pieces(th, a, back, |b, f| space(b, max, f)) };
    let s = Buffer::simple(th, s)?;
    if s.is_empty() {
        return Err(th.value_error("empty separator"));
    }
    pieces(th, a, back, |b, f| sep(b, s.bytes(), max, f))
}
pub fn split(th: Th, a: Args) -> R<Value> {
    split_with(
        th,
        a,
        false,
        |b, n, f| kernel::split_space::<Units>(b, n, f),
        |b, s, n, f| kernel::split(b, s, n, f),
    )
}
pub fn rsplit(th: Th, a: Args) -> R<Value> {
    split_with(
        th,
        a,
        true,
        |b, n, f| kernel::rsplit_space::<Units>(b, n, f),
        |b, s, n, f| kernel::rsplit(b, s, n, f),
    )
}
pub fn splitlines(th: Th, a: Args) -> R<Value> {
    let keep = a[1].map_or(Ok(false), |v| th.truth(v))?;
    pieces(th, a, false, |b, f| kernel::split_lines::<Units>(b, keep, f))
}
/// The separator as an object for the result: of the receiver's type.
fn separator(th: Th, a: Args) -> R<(Buffer, Value)> {
    let s = buf(th, a[1])?;
    if s.is_empty() {
        return Err(th.value_error("empty separator"));
    }
    let v = if a[0].unwrap().is_kind(Kind::Bytes) { a[1].unwrap() } else { bytearray::new(th, s.bytes())? };
    Ok((s, v))
}
pub fn partition(th: Th, a: Args) -> R<Value> {
    let (s, sep) = separator(th, a)?;
    let b = this(a);
    let t = match search::find(b, s.bytes()) {
        Some(at) => [like(th, a, &b[..at])?, sep, like(th, a, &b[at + s.len()..])?],
        None => [same(th, a)?, like(th, a, b"")?, like(th, a, b"")?],
    };
    th.try_tuple(&t)
}
pub fn rpartition(th: Th, a: Args) -> R<Value> {
    let (s, sep) = separator(th, a)?;
    let b = this(a);
    let t = match search::rfind(b, s.bytes()) {
        Some(at) => [like(th, a, &b[..at])?, sep, like(th, a, &b[at + s.len()..])?],
        None => [like(th, a, b"")?, like(th, a, b"")?, same(th, a)?],
    };
    th.try_tuple(&t)
}
fn strip_with(th: Th, a: Args, left: bool, right: bool) -> R<Value> {
    let r = match a[1].and_then(Value::some) {
        None => kernel::strip_space::<Units>(this(a), left, right),
        Some(v) => {
            let c = Buffer::simple(th, v)?;
            kernel::strip_chars::<Units>(this(a), c.bytes(), left, right)
        }
    };
    part(th, a, r)
}
pub fn strip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, true, true)
}
pub fn lstrip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, true, false)
}
pub fn rstrip(th: Th, a: Args) -> R<Value> {
    strip_with(th, a, false, true)
}

// -- joining and padding

pub fn join(th: Th, a: Args) -> R<Value> {
    let seq = fast_sequence(th, a[1].unwrap())?;
    if a[0].unwrap().is_exact(Kind::Bytes)
        && let &[x] = items_of(&seq)
        && x.is_exact(Kind::Bytes)
    {
        return Ok(x);
    }
    let sep = Buffer::simple(th, a[0].unwrap())?;
    scratch::with(|out| {
        let mut i = 0;
        let n = items_of(&seq).len();
        while let Some(&v) = items_of(&seq).get(i) {
            if i > 0 {
                adder_text::room::append(out, sep.bytes());
            }
            match bytes_of(v) {
                Some(b) => adder_text::room::append(out, b),
                None if !buffer::is_buffer(th, v) => return Err(not_joinable(th, i, v)),
                None => match Buffer::simple(th, v) {
                    // Taking a buffer may run Python code that changes the sequence.
                    Ok(_) if items_of(&seq).len() != n => {
                        return Err(th.runtime_error("sequence changed size during iteration"));
                    }
                    Ok(b) => adder_text::room::append(out, b.bytes()),
                    Err(_) => {
                        th.take_exc();
                        return Err(not_joinable(th, i, v));
                    }
                },
            }
            i += 1;
        }
        like(th, a, out)
    })
}
#[cold]
fn not_joinable(th: Th, i: usize, v: Value) -> Raised {
    th.type_error(format!("sequence item {i}: expected a bytes-like object, {} found", th.type_name_of(v)))
}

fn fill_arg(th: Th, v: Option<Value>, name: &str) -> R<u8> {
    let Some(v) = v else { return Ok(b' ') };
    match bytes_of(v) {
        Some(&[c]) => Ok(c),
        Some(b) => Err(th.type_error(format!(
            "{name}(): argument 2 must be a byte string of length 1, not a {} object of length {}",
            if v.is_kind(Kind::Bytes) { "bytes" } else { "bytearray" },
            b.len()
        ))),
        None => Err(th.type_error(format!(
            "{name}() argument 2 must be a byte string of length 1, not {}",
            th.arg_type_name(v)
        ))),
    }
}
/// Room for as much as the program asks for.
fn room(th: Th, out: &mut Vec<u8>, n: usize) -> R<()> {
    out.try_reserve(n).map_err(|_| th.memory_error())
}
fn pad_with(th: Th, a: Args, name: &str, pads: fn(usize, usize) -> (usize, usize)) -> R<Value> {
    let width = th.index_i64(a[1].unwrap())?.max(0) as usize;
    let fill = fill_arg(th, a[2], name)?;
    let b = this(a);
    if width <= b.len() {
        return same(th, a);
    }
    let (l, r) = pads(b.len(), width);
    scratch::with(|out| {
        room(th, out, width)?;
        kernel::pad_bytes(b, l, r, fill, out);
        like(th, a, out)
    })
}
pub fn center(th: Th, a: Args) -> R<Value> {
    pad_with(th, a, "center", kernel::center_pads)
}
pub fn ljust(th: Th, a: Args) -> R<Value> {
    pad_with(th, a, "ljust", |n, w| (0, w - n))
}
pub fn rjust(th: Th, a: Args) -> R<Value> {
    pad_with(th, a, "rjust", |n, w| (w - n, 0))
}
pub fn zfill(th: Th, a: Args) -> R<Value> {
    let width = th.index_i64(a[1].unwrap())?.max(0) as usize;
    let b = this(a);
    if width <= b.len() {
        return same(th, a);
    }
    scratch::with(|out| {
        room(th, out, width)?;
        kernel::zfill(b, width - b.len(), out);
        like(th, a, out)
    })
}
pub fn expandtabs(th: Th, a: Args) -> R<Value> {
    let tab = a[1].map_or(Ok(8), |v| c_int(th, v))?.max(0) as usize;
    scratch::with(|out| {
        kernel::expand_tabs::<Units>(this(a), tab, out);
        like(th, a, out)
    })
}

// -- translation and text

pub fn translate(th: Th, a: Args) -> R<Value> {
    let table = a[1].and_then(Value::some).map(|v| Buffer::simple(th, v)).transpose()?;
    if table.as_ref().is_some_and(|t| t.len() != 256) {
        return Err(th.value_error("translation table must be 256 characters long"));
    }
    let del = a[2].map(|v| Buffer::simple(th, v)).transpose()?;
    let map: Option<&[u8; 256]> = table.as_ref().map(|t| t.bytes().try_into().expect("256 bytes"));
    let b = this(a);
    scratch::with(|out| {
        search::translate_bytes(b, map, del.as_ref().map_or(&[], |d| d.bytes()), out);
        if out.as_slice() == b { same(th, a) } else { like(th, a, out) }
    })
}
pub fn maketrans(th: Th, a: Args) -> R<Value> {
    let (x, y) = (buf(th, a[0])?, buf(th, a[1])?);
    if x.len() != y.len() {
        return Err(th.value_error("maketrans arguments must have same length"));
    }
    let mut t: [u8; 256] = std::array::from_fn(|i| i as u8);
    for (p, q) in x.bytes().iter().zip(y.bytes()) {
        t[*p as usize] = *q;
    }
    Ok(bytes::new(th, &t)?.value())
}
pub fn decode(th: Th, a: Args) -> R<Value> {
    codecs::decode_method(th, a[0].unwrap(), a[1], a[2])
}

pub fn fromhex(th: Th, a: Args) -> R<Value> {
    let (cls, v) = (a[0].unwrap(), a[1].unwrap());
    let mut out = Vec::new();
    if let Some(s) = v.cast::<Str>() {
        // Positions are those of characters.
        parse_hex(th, s.bytes(), &mut out, |at| adder_text::wtf8::count(&s.bytes()[..at]))?;
    } else if buffer::is_buffer(th, v) {
        let b = Buffer::simple(th, v)?;
        parse_hex(th, b.bytes(), &mut out, |at| at)?;
    } else {
        return Err(th.type_error(format!(
            "fromhex() argument must be str or bytes-like, not {}",
            th.type_name_of(v)
        )));
    }
    let t: Gc<Type> = cls.known();
    if t == bytes::BYTES.get() {
        return Ok(bytes::new(th, &out)?.value());
    }
    if t == bytearray::BYTEARRAY.get() {
        return bytearray::new(th, &out);
    }
    let arg =
        if t.native.kind == Kind::Bytes { bytes::new(th, &out)?.value() } else { bytearray::new(th, &out)? };
    th.call(cls, &[arg])
}
fn parse_hex(th: Th, s: &[u8], out: &mut Vec<u8>, position: impl Fn(usize) -> usize) -> R<()> {
    let digit = |c: u8| (c as char).to_digit(16).map(|d| d as u8);
    let mut i = 0;
    loop {
        while i < s.len() && search::is_byte_space(s[i]) {
            i += 1;
        }
        if i == s.len() {
            return Ok(());
        }
        let bad = |at: usize| {
            Err(th.value_error(format!(
                "non-hexadecimal number found in fromhex() arg at position {}",
                position(at)
            )))
        };
        let Some(hi) = digit(s[i]) else { return bad(i) };
        i += 1;
        if i == s.len() {
            return Err(th.value_error("fromhex() arg must contain an even number of hexadecimal digits"));
        }
        let Some(lo) = digit(s[i]) else { return bad(i) };
        i += 1;
        out.push(hi << 4 | lo);
    }
}

pub fn hex(th: Th, a: Args) -> R<Value> {
    let _held = hold(th, a[0].unwrap(), a[1])?;
    hex_text(th, this(a), a[1], a[2])
}
/// `hex(sep, bytes_per_sep)` of bytes.
pub fn hex_text(th: Th, b: &[u8], sep: Option<Value>, per: Option<Value>) -> R<Value> {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let per = per.map_or(Ok(1), |v| c_int(th, v))?;
    let sep = match sep {
        None => None,
        Some(v) => {
            let n = th.len(v)?;
            if n != 1 {
                return Err(th.value_error("sep must be length 1."));
            }
            let c = match v.cast::<Str>() {
                Some(s) => s.bytes()[0],
                None => match bytes_of(v) {
                    Some(b) => b[0],
                    None => return Err(th.type_error("sep must be str or bytes.")),
                },
            };
            if c >= 128 {
                return Err(th.value_error("sep must be ASCII."));
            }
            Some(c)
        }
    };
    scratch::with(|out| {
        room::reserve(out, b.len() * if sep.is_some() { 3 } else { 2 });
        let put = |out: &mut Vec<u8>, c: &u8| {
            out.extend_from_slice(&[HEX[*c as usize >> 4], HEX[*c as usize & 15]]);
        };
        match sep {
            Some(sep) if per != 0 && !b.is_empty() => {
                let group = per.unsigned_abs() as usize;
                // Groups are counted from the right for positive numbers.
                let first = if per > 0 { (b.len() - 1) % group + 1 } else { group.min(b.len()) };
                b[..first].iter().for_each(|c| put(out, c));
                for g in b[first..].chunks(group) {
                    out.push(sep);
                    g.iter().for_each(|c| put(out, c));
                }
            }
            _ => b.iter().for_each(|c| put(out, c)),
        }
        th.str_counted(out, out.len(), true)
    })
}
