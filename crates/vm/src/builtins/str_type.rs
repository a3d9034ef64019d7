//! `str` as a type: constructor, operators, items, iteration. Methods are in `str_methods`.
//!
//! # Safety
//! A new string has as many bytes as were asked for, and all of them are written before anybody sees it; what is copied is
//! kept by a word of the caller's.

use super::{buffer, codecs, percent, scratch, slicing, str_, str_methods};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use adder_text::{search, wtf8};

pub static STR_TYPE: NativeType = NativeType {
    name: "str",
    kind: Kind::Str,
    size: size_of::<Str>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nCreate a new string object from the given object. If encoding or\nerrors is specified, then the object must expose a data buffer\nthat will be decoded using the given encoding and error handler.\nOtherwise, returns the result of object.__str__() (if defined)\nor repr(object).\nencoding defaults to 'utf-8'.\nerrors defaults to 'strict'.",
    new1: Some(|th, v| th.to_str(v)),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        str: Some(|th, v| th.exact_str(this(v))),
        hash: Some(|_, v| Ok(this(v).hash())),
        richcompare: Some(richcompare),
        iter: Some(super::iters::new_str_iter),
        len: Some(|_, v| Ok(this(v).len())),
        getitem: Some(getitem),
        contains: Some(contains),
        concat: Some(concat),
        repeat: Some(repeat),
        rem: Some(rem),
        ..Slots::NONE
    },
    methods: str_methods::METHODS,
    ..NativeType::DEFAULT
};
pub static STR: TypeCell = TypeCell::new(&STR_TYPE);

fn this(v: Value) -> Gc<Str> {
    v.cast().expect("a str")
}

fn new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    let mut args = [None; 3];
    const NAMES: [&str; 3] = ["object", "encoding", "errors"];
    if a.len() + a.nkw() > 3 {
        return Err(th.type_error(if a.nkw() == 0 {
            format!("str expected at most 3 arguments, got {}", a.len())
        } else {
            format!("str() takes at most 3 arguments ({} given)", a.len() + a.nkw())
        }));
    }
    for (slot, v) in args.iter_mut().zip(a.pos()) {
        *slot = Some(*v);
    }
    for (k, v) in a.keywords() {
        let k = th.text(k);
        let Some(i) = NAMES.iter().position(|n| *n == k) else {
            return Err(th.type_error(format!("str() got an unexpected keyword argument '{k}'")));
        };
        if args[i].is_some() {
            return Err(
                th.type_error(format!("argument for str() given by name ('{k}') and position ({})", i + 1))
            );
        }
        args[i] = Some(v);
    }
    for i in 1..3 {
        if let Some(v) = args[i]
            && !v.is_kind(Kind::Str)
        {
            let tn = th.type_name_of(v);
            return Err(th.type_error(format!("str() argument '{}' must be str, not {tn}", NAMES[i])));
        }
    }
    let v = match args[0] {
        None => Root::empty_str.value(),
        Some(o) if args[1].is_none() && args[2].is_none() => th.to_str(o)?,
        Some(o) => decode_object(th, o, args[1], args[2])?,
    };
    if t == STR.get() { Ok(v) } else { th.str_of_type(t, this(v)) }
}

/// `str(o, encoding, errors)`.
fn decode_object(th: Th, o: Value, encoding: Option<Value>, errors: Option<Value>) -> R<Value> {
    if o.is_kind(Kind::Str) {
        return Err(th.type_error("decoding str is not supported"));
    }
    if o.is_kind(Kind::Bytes) {
        return codecs::decode(th, o, encoding, errors);
    }
    if th.type_of(o).slots.get_buffer.is_none() {
        return Err(
            th.type_error(format!("decoding to str: need a bytes-like object, {} found", th.type_name_of(o)))
        );
    }
    let view = buffer::Buffer::simple(th, o)?;
    let b = super::bytes::new(th, view.bytes())?;
    drop(view);
    codecs::decode(th, b.value(), encoding, errors)
}

pub fn repr(th: Th, v: Value) -> R<Value> {
    let s = this(v);
    let b = s.bytes();
    // Nothing to escape: the text in quotes.
    if s.is_ascii() && b.len() < 64 && b.iter().all(|&c| (32..127).contains(&c) && c != b'\'' && c != b'\\') {
        let n = b.len() + 2;
        let (r, d) = th.str_uninit(n, n, true)?;
        unsafe {
            *d = b'\'';
            std::ptr::copy_nonoverlapping(s.data(), d.add(1), n - 2);
            *d.add(n - 1) = b'\'';
        }
        return Ok(r.value());
    }
    scratch::with(|out| {
        adder_text::repr::str_repr(s.bytes(), out);
        th.try_str(out)
    })
}

fn richcompare(_: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (x, Some(y)) = (this(a), b.cast::<Str>()) else { return Ok(NOT_IMPLEMENTED()) };
    let r = match op {
        CmpOp::Eq | CmpOp::Ne => {
            let eq = a.is(b) || x.nbytes == y.nbytes && x.bytes() == y.bytes();
            eq == (op == CmpOp::Eq)
        }
        // The order of the bytes is the order of the code points.
        _ => op.holds(x.bytes().cmp(y.bytes())),
    };
    Ok(Value::bool(r))
}

fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let s = this(o);
    if let Some(i) = k.as_fix() {
        return item(th, s, i);
    }
    if let Some(sl) = k.cast::<Slice>() {
        let span = slicing::adjust(s.len(), slicing::unpack(th, sl)?);
        return slice(th, s, span);
    }
    if th.type_of(k).slots.index.is_none() {
        return Err(th.type_error(format!("string indices must be integers, not '{}'", th.type_name_of(k))));
    }
    let Some(i) = super::int::to_i64(th.index(k)?) else {
        return Err(
            th.index_error(format!("cannot fit '{}' into an index-sized integer", th.type_name_of(k)))
        );
    };
    item(th, s, i)
}
#[inline]
fn item(th: Th, s: Gc<Str>, i: i64) -> R<Value> {
    match slicing::index(i, s.len()) {
        Some(i) if s.is_ascii() => Ok(str_::ascii_char(Some(s.bytes()[i]))),
        Some(i) => th.char(str_::char_at(th, s, i)),
        None => Err(th.index_error("string index out of range")),
    }
}
pub fn slice(th: Th, s: Gc<Str>, x: slicing::Span) -> R<Value> {
    if x.len == 0 {
        return Ok(Root::empty_str.value());
    }
    if x.step == 1 {
        let start = x.start as usize;
        let r = str_::byte_range(th, s, start..start + x.len);
        return th.substr(s, r);
    }
    scratch::with(|out| {
        if s.is_ascii() {
            let b = s.bytes();
            let mut i = x.start;
            out.extend((0..x.len).map(|_| {
                let c = b[i as usize];
                i = i.wrapping_add(x.step);
                c
            }));
            return th.str_counted(out, out.len(), true);
        }
        wtf8::extended_slice(s.bytes(), s.len(), x.start as usize, x.step as isize, x.len, out);
        th.try_str(out)
    })
}

fn contains(th: Th, c: Value, k: Value) -> R<bool> {
    let Some(n) = k.cast::<Str>() else {
        return Err(th.type_error(format!(
            "'in <string>' requires string as left operand, not {}",
            th.type_name_of(k)
        )));
    };
    Ok(search::find(this(c).bytes(), n.bytes()).is_some())
}

pub fn concat(th: Th, a: Value, b: Value) -> R<Value> {
    let Some(y) = b.cast::<Str>() else {
        return Err(
            th.type_error(format!("can only concatenate str (not \"{}\") to str", th.type_name_of(b)))
        );
    };
    str_::concat(th, this(a), y)
}

/// Fills `total` bytes at `d` with copies of the first `unit` of them, which are there already.
///
/// # Safety
/// The memory is the caller's.
pub unsafe fn fill_repeat(d: *mut u8, unit: usize, total: usize) {
    let mut done = unit;
    while done < total {
        let n = done.min(total - done);
        unsafe { std::ptr::copy_nonoverlapping(d, d.add(done), n) };
        done += n;
    }
}

pub fn repeat(th: Th, v: Value, n: i64) -> R<Value> {
    let s = this(v);
    if n <= 0 || s.is_empty() {
        return Ok(Root::empty_str.value());
    }
    if n == 1 {
        return th.exact_str(s);
    }
    if (s.len() as i64).checked_mul(n).is_none() {
        return Err(th.overflow_error("repeated string is too long"));
    }
    let unit = s.nbytes as usize;
    let Some(total) = unit.checked_mul(n as usize).filter(|t| *t <= str_::MAX_BYTES) else {
        return Err(th.memory_error());
    };
    let (r, d) = th.str_uninit(total, s.len() * n as usize, s.is_ascii())?;
    unsafe {
        if unit == 1 {
            std::ptr::write_bytes(d, s.bytes()[0], total);
        } else {
            std::ptr::copy_nonoverlapping(s.data(), d, unit);
            fill_repeat(d, unit, total);
        }
    }
    Ok(r.value())
}

fn rem(th: Th, a: Value, b: Value) -> R<Value> {
    match a.cast::<Str>() {
        Some(s) => percent::format_str(th, s, b),
        None => Ok(NOT_IMPLEMENTED()),
    }
}
