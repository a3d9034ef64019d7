//! Elements of memoryviews: reading, writing and comparing them by their format.
//!
//! # Invariants
//! Pointers come from views that are not released; the caller has tested that the element lies within the buffer. Elements
//! need not be aligned.

use super::buffer::{self, flag};
use super::memoryview::{MemoryView, release_quietly, this};
use super::{bytes, float, int, memoryview};
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::object::*;
use crate::slots::CmpOp;
use crate::thread::Th;
use crate::value::*;

/// The character of a native format, with or without `@`. None: the format is another.
pub fn native_format(f: &str) -> Option<u8> {
    match f.strip_prefix('@').unwrap_or(f).as_bytes() {
        &[c] if item_size(c).is_some() => Some(c),
        _ => None,
    }
}
/// Size of a native element.
pub fn item_size(c: u8) -> Option<usize> {
    Some(match c {
        b'c' | b'b' | b'B' | b'?' => 1,
        b'h' | b'H' | b'e' => 2,
        b'i' | b'I' | b'f' => 4,
        b'l' | b'L' | b'q' | b'Q' | b'n' | b'N' | b'd' | b'P' => 8,
        _ => return None,
    })
}
/// The native format of a view; NotImplementedError if it has another.
pub fn format_of(th: Th, v: Gc<MemoryView>) -> R<u8> {
    match native_format(v.format()) {
        Some(c) => Ok(c),
        None => Err(th.not_implemented_error(format!("memoryview: format {} not supported", v.format()))),
    }
}

macro_rules! read {
    ($t:ty, $p:expr) => {
        std::ptr::read_unaligned($p as *const $t)
    };
}

/// A double of IEEE half precision.
pub fn half_to_f64(h: u16) -> f64 {
    let (sign, e, m) = (h >> 15, (h >> 10 & 31) as i32, (h & 0x3ff) as f64);
    let x = match e {
        0 => m * 2f64.powi(-24),
        31 if m == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (m + 1024.0) * 2f64.powi(e - 25),
    };
    if sign != 0 { -x } else { x }
}
/// The nearest double of half precision, ties to even; None: too large.
pub fn f64_to_half(x: f64) -> Option<u16> {
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    let a = x.abs();
    if a.is_nan() {
        return Some(sign | 0x7e00);
    }
    if a.is_infinite() {
        return Some(sign | 0x7c00);
    }
    if a < 2f64.powi(-14) {
        // Subnormal: a multiple of 2^-24.
        return Some(sign | (a * 2f64.powi(24)).round_ties_even() as u16);
    }
    let e = ((a.to_bits() >> 52) as i32) - 1023;
    if e > 15 {
        return None;
    }
    // 11 significant bits; rounding up may reach the next power of two, which the addition below carries over.
    let m = (a * 2f64.powi(10 - e)).round_ties_even() as u32;
    let bits = (((e + 15) as u32) << 10) + (m - 1024);
    if bits >= 0x7c00 { None } else { Some(sign | bits as u16) }
}

/// The element at `p`.
///
/// # Safety
/// `p` points at an element of the native format.
pub unsafe fn unpack(th: Th, p: *const u8, c: u8) -> R<Value> {
    unsafe {
        Ok(match c {
            b'B' => Value::fix(*p as i64),
            b'b' => Value::fix(*p as i8 as i64),
            b'c' => bytes::small(Some(*p)).value(),
            b'?' => Value::bool(*p != 0),
            b'h' => Value::fix(read!(i16, p) as i64),
            b'H' => Value::fix(read!(u16, p) as i64),
            b'i' => Value::fix(read!(i32, p) as i64),
            b'I' => Value::fix(read!(u32, p) as i64),
            b'l' | b'q' | b'n' => th.int(read!(i64, p)),
            b'L' | b'Q' | b'N' | b'P' => th.uint(read!(u64, p)),
            b'f' => th.float(read!(f32, p) as f64),
            b'd' => th.float(read!(f64, p)),
            b'e' => th.float(half_to_f64(read!(u16, p))),
            _ => unreachable!("not a native format"),
        })
    }
}

#[cold]
fn invalid(th: Th, c: &str, what: &str) -> Raised {
    let text = format!("memoryview: invalid {what} for format '{c}'");
    if what == "type" { th.type_error(text) } else { th.value_error(text) }
}

/// Stores `x` at `p`.
///
/// # Safety
/// `p` points at a writable element of the native format. The conversion of `x` may run Python code, which `check`
/// looks at before the memory is written.
pub unsafe fn pack(th: Th, v: Gc<MemoryView>, p: *mut u8, c: u8, x: Value) -> R<()> {
    let shown = v.format();
    macro_rules! put {
        ($t:ty, $n:expr) => {{
            match <$t>::try_from($n) {
                Ok(n) => {
                    memoryview::check_released(th, v)?;
                    unsafe { std::ptr::write_unaligned(p as *mut $t, n) };
                    Ok(())
                }
                Err(_) => Err(invalid(th, shown, "value")),
            }
        }};
    }
    let ints = |x: Value| -> R<Value> {
        let r = th.index(x);
        th.catch(r, &exc::TYPE_ERROR)?.ok_or_else(|| invalid(th, shown, "type"))
    };
    match c {
        b'B' | b'b' | b'h' | b'H' | b'i' | b'I' | b'l' | b'q' | b'n' => {
            let Some(n) = int::to_i64(ints(x)?) else { return Err(invalid(th, shown, "value")) };
            match c {
                b'B' => put!(u8, n),
                b'b' => put!(i8, n),
                b'h' => put!(i16, n),
                b'H' => put!(u16, n),
                b'i' => put!(i32, n),
                b'I' => put!(u32, n),
                _ => put!(i64, n),
            }
        }
        b'L' | b'Q' | b'N' | b'P' => {
            let n = ints(x)?;
            match int::to_u64(n) {
                Some(n) => put!(u64, n),
                // Pointers may be given as negative numbers.
                None if c == b'P' && int::to_i64(n).is_some() => {
                    put!(i64, int::to_i64(n).expect("just seen"))
                }
                None => Err(invalid(th, shown, "value")),
            }
        }
        b'f' | b'd' | b'e' => {
            let r = float::to_f64(th, x);
            let f = match r {
                Ok(f) => f,
                Err(e) => {
                    return Err(if th.exc_is(&exc::TYPE_ERROR) {
                        th.take_exc();
                        invalid(th, shown, "type")
                    } else if th.exc_is(&exc::OVERFLOW_ERROR) {
                        th.take_exc();
                        invalid(th, shown, "value")
                    } else {
                        e
                    });
                }
            };
            memoryview::check_released(th, v)?;
            unsafe {
                match c {
                    b'f' => std::ptr::write_unaligned(p as *mut f32, f as f32),
                    b'd' => std::ptr::write_unaligned(p as *mut f64, f),
                    _ => match f64_to_half(f) {
                        Some(h) => std::ptr::write_unaligned(p as *mut u16, h),
                        None => return Err(invalid(th, shown, "value")),
                    },
                }
            }
            Ok(())
        }
        b'?' => {
            let t = th.truth(x)?;
            memoryview::check_released(th, v)?;
            unsafe { *p = t as u8 };
            Ok(())
        }
        b'c' => match x.cast::<Bytes>().map(|b| (b.len, b)) {
            Some((1, b)) => {
                // What the index was found by may have released it.
                memoryview::check_released(th, v)?;
                unsafe { *p = b.bytes()[0] };
                Ok(())
            }
            Some(_) => Err(invalid(th, shown, "value")),
            None => Err(invalid(th, shown, "type")),
        },
        _ => unreachable!("not a native format"),
    }
}

/// Reads elements of a view by its format: natively or through the `struct` module.
enum Reader {
    Native(u8),
    /// `unpack_from` of a `Struct`.
    Struct(Value),
}
impl Reader {
    /// None: the format is unknown.
    fn new(th: Th, v: Gc<MemoryView>) -> R<Option<Reader>> {
        if let Some(c) = native_format(v.format()) {
            return Ok(Some(Reader::Native(c)));
        }
        let m = crate::import::import_module(th, "struct")?;
        let f = th.str(v.format());
        let s = th.call_method(m, th.intern("Struct"), &[f]);
        match s {
            Ok(s) => Ok(Some(Reader::Struct(th.getattr(s, th.intern("unpack"))?))),
            Err(_) => {
                th.take_exc();
                Ok(None)
            }
        }
    }
    unsafe fn get(&self, th: Th, p: *const u8, itemsize: usize) -> R<Value> {
        match *self {
            Reader::Native(c) => unsafe { unpack(th, p, c) },
            Reader::Struct(f) => {
                let b = bytes::new(th, unsafe { std::slice::from_raw_parts(p, itemsize) })?;
                let t = th.call(f, &[b.value()])?;
                match t.cast::<Tuple>() {
                    Some(x) if x.len == 1 => Ok(x.items()[0]),
                    _ => Ok(t),
                }
            }
        }
    }
}

pub fn richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let x = this(a);
    let result = |eq: bool| Ok(Value::bool(eq == (op == CmpOp::Eq)));
    if x.is_released() || b.cast::<MemoryView>().is_some_and(|y| y.is_released()) {
        return result(a.is(b));
    }
    let _use = memoryview::Use::new(th, x)?;
    let (y, ours) = match b.cast::<MemoryView>() {
        Some(y) => (y, false),
        None if !buffer::is_buffer(th, b) => return Ok(NOT_IMPLEMENTED()),
        None => match buffer::view_of(th, b, flag::FULL_RO) {
            Ok(y) => (y, true),
            Err(_) => {
                th.take_exc();
                return Ok(NOT_IMPLEMENTED());
            }
        },
    };
    let r = memoryview::Use::new(th, y).and_then(|_use| equal(th, x, y));
    if ours {
        release_quietly(th, y);
    }
    result(r?)
}

fn equal(th: Th, x: Gc<MemoryView>, y: Gc<MemoryView>) -> R<bool> {
    if x.extents() != y.extents() {
        return Ok(false);
    }
    let (fx, fy) = (native_format(x.format()), native_format(y.format()));
    // Elements whose bytes decide.
    if fx == fy
        && fx.is_some_and(|c| b"bBchHiIlLqQnNP".contains(&c))
        && x.is_c_contiguous()
        && y.is_c_contiguous()
    {
        // SAFETY: contiguous, so all of the memory is the view's.
        let bytes = |v: Gc<MemoryView>| unsafe { std::slice::from_raw_parts(v.ptr, v.nbytes) };
        return Ok(x.nbytes == 0 || bytes(x) == bytes(y));
    }
    let (Some(rx), Some(ry)) = (Reader::new(th, x)?, Reader::new(th, y)?) else { return Ok(false) };
    let same_native = fx.is_some() && fx == fy;
    unsafe { equal_at(th, (x, x.ptr, &rx), (y, y.ptr, &ry), 0, same_native) }
}
type Side<'a> = (Gc<MemoryView>, *const u8, &'a Reader);
unsafe fn equal_at(th: Th, x: Side, y: Side, dim: usize, same_native: bool) -> R<bool> {
    unsafe {
        if dim == x.0.ndim {
            let a = x.2.get(th, x.1, x.0.itemsize)?;
            let b = y.2.get(th, y.1, y.0.itemsize)?;
            // Numbers of the same native format compare as C does; others as objects in a list would.
            return if same_native { th.compare(a, b, CmpOp::Eq) } else { th.eq(a, b) };
        }
        let (sx, sy) = (x.0.strides()[dim], y.0.strides()[dim]);
        for i in 0..x.0.extents()[dim] {
            let p = x.1.offset((i * sx) as isize);
            let q = y.1.offset((i * sy) as isize);
            if !equal_at(th, (x.0, p, x.2), (y.0, q, y.2), dim + 1, same_native)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves() {
        for h in 0..=0xffffu16 {
            let x = half_to_f64(h);
            if !x.is_nan() {
                assert_eq!(f64_to_half(x), Some(h), "{h:#x} {x}");
            }
        }
        assert_eq!(f64_to_half(65519.9), Some(0x7bff));
        assert_eq!(f64_to_half(65520.0), None);
        assert_eq!(f64_to_half(2f64.powi(-25)), Some(0));
        assert_eq!(f64_to_half(2f64.powi(-24)), Some(1));
    }
    #[test]
    fn formats() {
        assert_eq!(native_format("@i"), Some(b'i'));
        assert_eq!(native_format("<i"), None);
        assert_eq!(native_format("ii"), None);
    }
}
