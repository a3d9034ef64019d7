//! What the modules of this crate share: arguments, results, states behind a lock.
//!
//! # Safety
//! A new string has as many bytes as were asked for, and all of them are written before anybody sees it.

use adder_vm::builtins::buffer::{self, Buffer};
use adder_vm::builtins::bytes;
pub use adder_vm::cint::{int_arg, long_arg as long, unsigned};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub use adder_vm::sync::Owned;

pub type Args<'a> = &'a [Option<Value>];

/// Bytes to hash.
pub fn data(th: Th, v: Value) -> R<Buffer> {
    if v.is_kind(Kind::Str) {
        return Err(th.type_error("Strings must be encoded before hashing"));
    }
    if !buffer::is_buffer(th, v) && buffer::bytes_of(v).is_none() {
        return Err(th.type_error("object supporting the buffer API required"));
    }
    Buffer::simple(th, v)
}
/// The data of a constructor, which may come under its old name.
pub fn data_or_string(th: Th, data: Option<Value>, string: Option<Value>) -> R<Option<Value>> {
    if data.is_some() && string.is_some() {
        return Err(th.type_error("'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version."));
    }
    Ok(data.or(string))
}

/// Inputs from this size on are worked on outside the running state.
const LONG: usize = 8 << 10;

/// Runs `f` outside the running state if it may take long.
#[inline]
pub fn outside<T>(th: Th, size: usize, f: impl FnOnce() -> T) -> T {
    if size >= LONG { th.m.blocking(f) } else { f() }
}

pub fn new_bytes(th: Th, b: &[u8]) -> R<Value> {
    Ok(bytes::new(th, b)?.value())
}
pub fn new_hex(th: Th, b: &[u8]) -> R<Value> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (s, p) = th.str_uninit(2 * b.len(), 2 * b.len(), true)?;
    for (i, x) in b.iter().enumerate() {
        // SAFETY: the string has two bytes for each of `b`.
        unsafe {
            *p.add(2 * i) = DIGITS[*x as usize >> 4];
            *p.add(2 * i + 1) = DIGITS[*x as usize & 15];
        }
    }
    Ok(s.value())
}
pub use adder_vm::declare::{bind, make, signature};
/// A `str` argument.
pub fn str_arg(th: Th, func: &str, name: &str, v: Value) -> R<String> {
    match v.cast::<Str>() {
        Some(_) => Ok(th.text(v)),
        None => {
            let t = if v.is_none() { "None".to_string() } else { th.type_name_of(v) };
            Err(th.type_error(format!("{func}() argument '{name}' must be str, not {t}")))
        }
    }
}
/// An exception class of a module.
pub const fn exception(name: &'static str, base: &'static TypeCell) -> NativeType {
    NativeType {
        name,
        kind: Kind::BaseException,
        size: size_of::<BaseException>() as u32,
        flags: adder_vm::builtins::exceptions::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE
            | tflags::WEAKREF
            | tflags::SHOWN_AS_HEAP,
        base: Some(base),
        ..NativeType::DEFAULT
    }
}
