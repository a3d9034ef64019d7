//! `str % args` and `bytes % args`. The format strings are parsed by `adder-num`; here are the arguments.

use super::buffer::{self, Buffer, bytes_of};
use super::int::{self, IntRef};
use super::{bytearray, bytes, float, scratch, str_methods};
use crate::err::{R, Raised};
use crate::n;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_num::NumError;
use adder_num::format::{
    Conversion, Directive, PercentParser, Piece, percent_char, percent_float, percent_int, percent_text,
};

/// An error on its way out of the parser.
enum Stop {
    Num(NumError),
    Raised,
}
impl From<NumError> for Stop {
    fn from(e: NumError) -> Stop {
        Stop::Num(e)
    }
}
impl From<Raised> for Stop {
    fn from(_: Raised) -> Stop {
        Stop::Raised
    }
}

/// The arguments. On the native stack.
struct Arguments {
    th: Th,
    args: Value,
    mapping: bool,
    /// Position in a tuple; for a single argument whether it was used.
    next: usize,
    bytes: bool,
}

impl Arguments {
    fn new(th: Th, args: Value, bytes: bool) -> Arguments {
        let mapping = !args.is_kind(Kind::Tuple)
            && !args.is_kind(Kind::Str)
            && !(bytes && (args.is_kind(Kind::Bytes) || args.is_kind(Kind::ByteArray)))
            && th.type_of(args).slots.getitem.is_some();
        Arguments { th, args, mapping, next: 0, bytes }
    }
    fn take(&mut self) -> R<Value> {
        let i = self.next;
        self.next += 1;
        match self.args.cast::<Tuple>() {
            Some(t) if i < t.len => Ok(t.items()[i]),
            None if i == 0 => Ok(self.args),
            _ => Err(self.th.type_error("not enough arguments for format string")),
        }
    }
    /// The argument of `*`.
    fn star(&mut self, precision: bool) -> R<i64> {
        let th = self.th;
        let v = self.take()?;
        if !int::is_int(v) {
            return Err(th.type_error("* wants int"));
        }
        let n = int::to_i64(v);
        if precision {
            return match n.and_then(|n| i32::try_from(n).ok()) {
                Some(n) => Ok(n as i64),
                None => Err(th.overflow_error("Python int too large to convert to C int")),
            };
        }
        match n {
            Some(i64::MIN) => Err(th.overflow_error("width too big")),
            Some(n) => Ok(n),
            None => Err(th.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }
    fn finish(&self) -> R<()> {
        let used = match self.args.cast::<Tuple>() {
            Some(t) => self.next >= t.len,
            None => self.next > 0 || self.mapping,
        };
        if used {
            return Ok(());
        }
        let what = if self.bytes { "bytes" } else { "string" };
        Err(self.th.type_error(format!("not all arguments converted during {what} formatting")))
    }
}

/// Walks through the format. `convert` appends what becomes of an argument.
fn run(
    th: Th,
    fmt: &[u8],
    mut parser: PercentParser,
    args: Value,
    out: &mut Vec<u8>,
    key: fn(Th, &[u8]) -> R<Value>,
    convert: fn(Th, &mut Vec<u8>, Value, &Directive) -> R<()>,
    bytes: bool,
) -> R<()> {
    let mut a = Arguments::new(th, args, bytes);
    loop {
        // Most pieces are simple: literals and directives of one character.
        let rest = &fmt[parser.position()..];
        let n = rest.iter().position(|b| *b == b'%').unwrap_or(rest.len());
        out.extend_from_slice(&rest[..n]);
        parser.set_position(parser.position() + n);
        if let Some(&c @ (b's' | b'd' | b'r')) = rest.get(n + 1)
            && !(bytes && c != b'd')
        {
            parser.set_position(parser.position() + 2);
            simple(th, out, a.take()?, c)?;
            continue;
        }
        let piece = match parser.next(a.mapping, |p| a.star(p).map_err(Stop::from)) {
            Ok(p) => p,
            Err(Stop::Num(e)) => return Err(th.num_error(e)),
            Err(Stop::Raised) => return Err(Raised),
        };
        match piece {
            None => return a.finish(),
            Some(Piece::Literal(s)) => out.extend_from_slice(s),
            Some(Piece::Directive(d)) => {
                let v = match d.key {
                    Some(k) => th.getitem(args, key(th, k)?)?,
                    None => a.take()?,
                };
                convert(th, out, v, &d)?;
            }
        }
    }
}

/// `%s`, `%r` or `%d` without anything else.
#[inline]
fn simple(th: Th, out: &mut Vec<u8>, v: Value, c: u8) -> R<()> {
    let text = match c {
        b'd' => match v.as_fix() {
            Some(n) => {
                let mut buf = [0; 20];
                let i = int::digits_of(n, &mut buf);
                out.extend_from_slice(&buf[i..]);
                return Ok(());
            }
            None => super::int::repr(th, if int::is_int(v) { v } else { to_integer(th, v, c, true)? })?,
        },
        b's' => match v.exact::<Str>() {
            Some(s) => s.value(),
            None => th.to_str(v)?,
        },
        _ => th.repr(v)?,
    };
    adder_text::room::append(out, text.cast::<Str>().expect("a str").bytes());
    Ok(())
}

pub fn format_str(th: Th, fmt: Gc<Str>, args: Value) -> R<Value> {
    scratch::with(|out| {
        run(
            th,
            fmt.bytes(),
            PercentParser::new(fmt.bytes()),
            args,
            out,
            |th, k| th.try_str(k),
            convert_str,
            false,
        )?;
        th.try_str(out)
    })
}
/// For bytes and bytearray; the result is of the same builtin type.
pub fn format_bytes(th: Th, fmt: Value, args: Value) -> R<Value> {
    let f = Buffer::simple(th, fmt)?;
    let key = |th: Th, k: &[u8]| bytes::new(th, k).map(|b| b.value());
    scratch::with(|out| {
        run(th, f.bytes(), PercentParser::of_bytes(f.bytes()), args, out, key, convert_bytes, true)?;
        if fmt.is_kind(Kind::ByteArray) { bytearray::new(th, out) } else { Ok(bytes::new(th, out)?.value()) }
    })
}

fn text(th: Th, out: &mut Vec<u8>, s: Value, d: &Directive) -> R<()> {
    let s: Gc<Str> = s.cast().expect("a str");
    th.num(percent_text(out, s.bytes(), d))
}
fn convert_str(th: Th, out: &mut Vec<u8>, v: Value, d: &Directive) -> R<()> {
    match d.conversion {
        Conversion::Str => text(th, out, th.to_str(v)?, d),
        Conversion::Repr => text(th, out, th.repr(v)?, d),
        Conversion::Ascii => text(th, out, str_methods::ascii(th, v)?, d),
        Conversion::Char => {
            let c = str_char(th, v)?;
            th.num(percent_char(out, c, d))
        }
        Conversion::Float(_) => {
            let x = float::to_f64(th, v)?;
            th.num(percent_float(out, x, d))
        }
        _ => integer(th, out, v, d),
    }
}
fn convert_bytes(th: Th, out: &mut Vec<u8>, v: Value, d: &Directive) -> R<()> {
    match d.conversion {
        Conversion::Bytes | Conversion::Str => object_bytes(th, out, v, d),
        Conversion::Repr | Conversion::Ascii => text(th, out, str_methods::ascii(th, v)?, d),
        Conversion::Char => {
            let c = byte_char(th, v)?;
            th.num(percent_text(out, &[c], d))
        }
        Conversion::Float(_) => {
            let r = float::to_f64(th, v);
            let Some(x) = th.catch(r, &crate::builtins::exceptions::TYPE_ERROR)? else {
                return Err(th.type_error(format!("float argument required, not {}", th.type_name_of(v))));
            };
            th.num(percent_float(out, x, d))
        }
        _ => integer(th, out, v, d),
    }
}

/// `%d`, `%o`, `%x` and the unknown ones.
fn integer(th: Th, out: &mut Vec<u8>, v: Value, d: &Directive) -> R<()> {
    let (c, real) = match d.conversion {
        Conversion::Decimal(c) => (c, true),
        Conversion::Octal => (b'o', false),
        Conversion::Hex(c) => (c, false),
        _ => return Err(th.num_error(d.unsupported())),
    };
    if let Some(n) = v.as_fix()
        && real
        && d.width == 0
        && d.precision.is_none()
        && !d.plus
        && !d.space
    {
        let mut buf = [0; 20];
        let i = int::digits_of(n, &mut buf);
        out.extend_from_slice(&buf[i..]);
        return Ok(());
    }
    let n = if int::is_int(v) { v } else { to_integer(th, v, c, real)? };
    let r = IntRef::new(n).expect("an int");
    th.num(percent_int(out, r.view(), d, int::max_str_digits()))
}
fn to_integer(th: Th, v: Value, c: u8, real: bool) -> R<Value> {
    let s = &th.type_of(v).slots;
    if s.index.is_some() || s.int.is_some() || s.float.is_some() || v.is_kind(Kind::Complex) {
        let r = if real { super::int_new::from_object(th, v) } else { th.index(v) };
        if let Some(n) = th.catch(r, &crate::builtins::exceptions::TYPE_ERROR)? {
            return Ok(n);
        }
    }
    Err(th.type_error(format!(
        "%{} format: {} is required, not {}",
        c as char,
        if real { "a real number" } else { "an integer" },
        th.type_name_of(v)
    )))
}

fn str_char(th: Th, v: Value) -> R<u32> {
    if let Some(s) = v.cast::<Str>() {
        if s.len() == 1 {
            return Ok(str_methods::char_at(s, 0));
        }
        return Err(th.type_error(format!(
            "%c requires an int or a unicode character, not a string of length {}",
            s.len()
        )));
    }
    let r = th.index(v);
    let Some(n) = th.catch(r, &crate::builtins::exceptions::TYPE_ERROR)? else {
        return Err(th.type_error(format!(
            "%c requires an int or a unicode character, not {}",
            super::object::message_type_name(th, v)
        )));
    };
    match int::to_i64(n) {
        Some(c @ 0..=0x10ffff) => Ok(c as u32),
        _ => Err(th.overflow_error("%c arg not in range(0x110000)")),
    }
}
fn byte_char(th: Th, v: Value) -> R<u8> {
    if let Some(b) = bytes_of(v) {
        if let [c] = b {
            return Ok(*c);
        }
        return Err(th.type_error(format!(
            "%c requires an integer in range(256) or a single byte, not a {} object of length {}",
            if v.is_kind(Kind::Bytes) { "bytes" } else { "bytearray" },
            b.len()
        )));
    }
    let r = th.index(v);
    let Some(n) = th.catch(r, &crate::builtins::exceptions::TYPE_ERROR)? else {
        return Err(th.type_error(format!(
            "%c requires an integer in range(256) or a single byte, not {}",
            super::object::full_type_name(th, th.type_of(v))
        )));
    };
    match int::to_i64(n) {
        Some(c @ 0..=255) => Ok(c as u8),
        _ => Err(th.overflow_error("%c arg not in range(256)")),
    }
}

/// `%b`: bytes, `__bytes__`, or a buffer.
fn object_bytes(th: Th, out: &mut Vec<u8>, v: Value, d: &Directive) -> R<()> {
    if let Some(b) = bytes_of(v) {
        return th.num(percent_text(out, b, d));
    }
    if let Some(f) = th.lookup_special(v, n!(__bytes__)) {
        let r = th.call_unbound(f, v, &[])?;
        let Some(b) = r.cast::<Bytes>() else {
            return Err(th.type_error(format!("__bytes__ returned non-bytes (type {})", th.type_name_of(r))));
        };
        return th.num(percent_text(out, b.bytes(), d));
    }
    if buffer::is_buffer(th, v) {
        let b = buffer::to_bytes_object(th, v)?;
        return th.num(percent_text(out, b.bytes(), d));
    }
    Err(th.type_error(format!(
        "%b requires a bytes-like object, or an object that implements __bytes__, not '{}'",
        th.type_name_of(v)
    )))
}
