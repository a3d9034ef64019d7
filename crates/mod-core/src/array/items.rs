//! Items of arrays: type codes, conversion from and to Python objects, machine formats of pickles.

use adder_vm::builtins::{float, int};
use adder_vm::err::{R, Raised};
use adder_vm::native::Number;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// In the order of `array.typecodes`.
pub const TYPECODES: &[u8] = b"bBuwhHiIlLqQfd";

/// Bytes of an item; 0: no such type code.
#[inline]
pub const fn size(code: u8) -> usize {
    match code {
        b'b' | b'B' => 1,
        b'h' | b'H' => 2,
        b'i' | b'I' | b'f' | b'u' | b'w' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'd' => 8,
        _ => 0,
    }
}
/// What machine code makes of an item.
pub fn form(code: u64) -> Option<Number> {
    let code = code as u8;
    match signed(code) {
        Some(signed) => Some(Number::Int { width: size(code) as u8, signed }),
        None => (code == b'd').then_some(Number::Double),
    }
}
pub fn is_unicode(code: u8) -> bool {
    matches!(code, b'u' | b'w')
}
/// Format of the buffer that an array exports: `wchar_t` has none of its own.
pub fn format(code: u8) -> &'static str {
    match code {
        b'b' => "b",
        b'B' => "B",
        b'u' | b'w' => "w",
        b'h' => "h",
        b'H' => "H",
        b'i' => "i",
        b'I' => "I",
        b'l' => "l",
        b'L' => "L",
        b'q' => "q",
        b'Q' => "Q",
        b'f' => "f",
        _ => "d",
    }
}

/// The item in the low bytes of `w`.
#[inline]
pub fn decode(th: Th, code: u8, w: u64) -> R<Value> {
    Ok(match code {
        b'b' => Value::fix(w as i8 as i64),
        b'B' => Value::fix(w as u8 as i64),
        b'h' => Value::fix(w as i16 as i64),
        b'H' => Value::fix(w as u16 as i64),
        b'i' => Value::fix(w as i32 as i64),
        b'I' => Value::fix(w as u32 as i64),
        b'l' | b'q' => th.int(w as i64),
        b'L' | b'Q' => th.uint(w),
        b'd' => th.float(f64::from_bits(w)),
        b'f' => th.float(f32::from_bits(w as u32) as f64),
        _ => {
            if w as u32 > 0x10ffff {
                return Err(th.value_error("chr() arg not in range(0x110000)"));
            }
            return th.char(w as u32);
        }
    })
}

/// A Python object as an item, in the low bytes. May run Python code.
#[inline]
pub fn encode(th: Th, code: u8, v: Value) -> R<u64> {
    if let Some(n) = v.as_fix() {
        let fits = match code {
            b'b' => n as i8 as i64 == n,
            b'B' => n as u8 as i64 == n,
            b'h' => n as i16 as i64 == n,
            b'H' => n as u16 as i64 == n,
            b'i' => n as i32 as i64 == n,
            b'I' => n as u32 as i64 == n,
            b'l' | b'q' => true,
            b'L' | b'Q' => n >= 0,
            b'd' => return Ok((n as f64).to_bits()),
            b'f' => return Ok((n as f64 as f32).to_bits() as u64),
            _ => false,
        };
        if fits {
            return Ok(n as u64);
        }
    }
    encode_slow(th, code, v)
}
#[inline(never)]
fn encode_slow(th: Th, code: u8, v: Value) -> R<u64> {
    match code {
        b'd' => return Ok(real(th, v)?.to_bits()),
        b'f' => return Ok((real(th, v)? as f32).to_bits() as u64),
        b'u' | b'w' => return character(th, v),
        _ => {}
    }
    let i = th.index(v)?;
    let small = |lo: i64, hi: i64, what: &str| match int::to_i64(i) {
        None => Err(th.overflow_error("Python int too large to convert to C long")),
        Some(n) if n < lo => Err(th.overflow_error(format!("{what} is less than minimum"))),
        Some(n) if n > hi => Err(th.overflow_error(format!("{what} is greater than maximum"))),
        Some(n) => Ok(n as u64),
    };
    let (short, int_) = ("signed short integer", "signed integer");
    let unsigned = |max: u64| {
        if int::is_negative(i) {
            return Err(th.overflow_error("can't convert negative value to unsigned int"));
        }
        match int::to_u64(i) {
            None => Err(th.overflow_error("Python int too large to convert to C unsigned long")),
            Some(n) if n > max => Err(th.overflow_error("unsigned int is greater than maximum")),
            Some(n) => Ok(n),
        }
    };
    match code {
        b'b' => {
            small(i16::MIN as i64, i16::MAX as i64, short)?;
            small(i8::MIN as i64, i8::MAX as i64, "signed char")
        }
        b'B' => small(0, u8::MAX as i64, "unsigned byte integer"),
        b'h' => small(i16::MIN as i64, i16::MAX as i64, short),
        b'H' => {
            small(i32::MIN as i64, i32::MAX as i64, int_)?;
            small(0, u16::MAX as i64, "unsigned short")
        }
        b'i' => small(i32::MIN as i64, i32::MAX as i64, int_),
        b'I' => unsigned(u32::MAX as u64),
        b'L' => unsigned(u64::MAX),
        b'l' => int::to_i64(i)
            .map(|n| n as u64)
            .ok_or_else(|| th.overflow_error("Python int too large to convert to C long")),
        b'q' => int::to_i64(i).map(|n| n as u64).ok_or_else(|| th.overflow_error("int too big to convert")),
        _ => {
            if int::is_negative(i) {
                return Err(th.overflow_error("can't convert negative int to unsigned"));
            }
            int::to_u64(i).ok_or_else(|| th.overflow_error("int too big to convert"))
        }
    }
}
fn real(th: Th, v: Value) -> R<f64> {
    match float::as_f64(v) {
        Some(x) => Ok(x),
        None => float::to_f64(th, v),
    }
}
fn character(th: Th, v: Value) -> R<u64> {
    let Some(s) = v.cast::<Str>() else {
        return Err(
            th.type_error(format!("array item must be a unicode character, not {}", th.type_name_of(v)))
        );
    };
    if s.nchars != 1 {
        return Err(th.type_error(format!(
            "array item must be a unicode character, not a string of length {}",
            s.nchars
        )));
    }
    Ok(adder_vm::builtins::str_::char_at(th, s, 0) as u64)
}

/// Signedness of integer codes; None: not an integer.
fn signed(code: u8) -> Option<bool> {
    match code {
        b'b' | b'h' | b'i' | b'l' | b'q' => Some(true),
        b'B' | b'H' | b'I' | b'L' | b'Q' => Some(false),
        _ => None,
    }
}

/// Machine format codes of pickles: size, kind, big-endian.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Format {
    pub size: usize,
    pub kind: FormatKind,
    pub big: bool,
}
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FormatKind {
    Unsigned,
    Signed,
    Float,
    Utf16,
    Utf32,
}

impl Format {
    pub fn of_code(n: i64) -> Option<Format> {
        use FormatKind::*;
        let (size, kind, big) = match n {
            0 => (1, Unsigned, false),
            1 => (1, Signed, false),
            2..=13 => {
                let k = n - 2;
                (2 << (k / 4), if k / 2 % 2 == 0 { Unsigned } else { Signed }, k % 2 == 1)
            }
            14..=17 => (if n < 16 { 4 } else { 8 }, Float, n % 2 == 1),
            // The sizes are CPython's, twice the real ones.
            18 | 19 => (4, Utf16, n == 19),
            20 | 21 => (8, Utf32, n == 21),
            _ => return None,
        };
        Some(Format { size, kind, big })
    }
    /// Code of what this machine stores for a type code.
    pub fn native(code: u8) -> i64 {
        let big = cfg!(target_endian = "big") as i64;
        match code {
            b'u' | b'w' => 20 + big,
            b'f' => 14 + big,
            b'd' => 16 + big,
            _ => {
                let s = signed(code) == Some(true);
                match size(code) {
                    1 => s as i64,
                    n => 2 + 4 * (n.trailing_zeros() as i64 - 1) + 2 * s as i64 + big,
                }
            }
        }
    }
    /// The type code that holds items of this integer format best.
    pub fn best_code(self, code: u8) -> u8 {
        let sign = match self.kind {
            FormatKind::Signed => true,
            FormatKind::Unsigned => false,
            _ => return code,
        };
        TYPECODES.iter().copied().rfind(|c| signed(*c) == Some(sign) && size(*c) == self.size).unwrap_or(code)
    }
    /// An item of this format.
    pub fn read(self, th: Th, b: &[u8]) -> Value {
        let mut w = [0u8; 8];
        for (i, x) in b.iter().enumerate() {
            w[if self.big { b.len() - 1 - i } else { i }] = *x;
        }
        let w = u64::from_le_bytes(w);
        match self.kind {
            FormatKind::Float if self.size == 4 => th.float(f32::from_bits(w as u32) as f64),
            FormatKind::Float => th.float(f64::from_bits(w)),
            FormatKind::Signed => {
                let sh = 64 - 8 * self.size as u32;
                th.int(((w << sh) as i64) >> sh)
            }
            _ => th.uint(w),
        }
    }
}

#[cold]
pub fn bad_code(th: Th) -> Raised {
    th.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")
}
