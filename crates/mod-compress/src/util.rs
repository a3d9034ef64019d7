//! What the modules of this crate share: arguments and results.

use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::{bytes, int};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub type Args<'a> = &'a [Option<Value>];

pub fn new_bytes(th: Th, b: &[u8]) -> R<Value> {
    Ok(bytes::new(th, b)?.value())
}
/// A C `int`.
pub fn int_arg(th: Th, v: Value) -> R<i32> {
    let i = th.index(v)?;
    match int::to_i64(i).and_then(|n| i32::try_from(n).ok()) {
        Some(n) => Ok(n),
        None => Err(th.overflow_error("Python int too large to convert to C int")),
    }
}
/// A C `unsigned int` of which only the low bits count.
pub fn mask_arg(th: Th, v: Value) -> R<u32> {
    let i = th.index(v)?;
    match int::to_i64(i) {
        Some(n) => Ok(n as u32),
        None => {
            let low = int::and(th, i, th.int(u32::MAX as i64))?;
            Ok(int::to_i64(low).unwrap_or(0) as u32)
        }
    }
}
pub fn bool_or(th: Th, v: Option<Value>, default: bool) -> R<bool> {
    v.map_or(Ok(default), |v| th.truth(v))
}

/// Inputs from this size on are worked on outside the running state.
pub const LONG: usize = 8 << 10;

/// Runs `f` outside the running state if it may take long.
#[inline]
pub fn outside<T>(th: Th, size: usize, f: impl FnOnce() -> T) -> T {
    if size >= LONG { th.m.blocking(f) } else { f() }
}

/// Either bytes of an object or the bytes of an ASCII text.
pub enum Text {
    Str(Value),
    Buffer(Buffer),
}
impl Text {
    pub fn get(th: Th, v: Value) -> R<Text> {
        if let Some(s) = v.cast::<Str>() {
            if !s.is_ascii() {
                return Err(th.value_error("string argument should contain only ASCII characters"));
            }
            return Ok(Text::Str(v));
        }
        match Buffer::simple(th, v) {
            Ok(b) => Ok(Text::Buffer(b)),
            Err(_) => {
                th.take_exc();
                Err(th.type_error(format!(
                    "argument should be bytes, buffer or ASCII string, not '{}'",
                    th.type_name_of(v)
                )))
            }
        }
    }
    pub fn bytes(&self) -> &[u8] {
        match self {
            Text::Str(v) => {
                let s: Gc<Str> = unsafe { v.cast_unchecked() };
                unsafe { &*(s.bytes() as *const [u8]) }
            }
            Text::Buffer(b) => b.bytes(),
        }
    }
}

/// An exception class of a module.
pub const fn exception(name: &'static str, doc: &'static str, base: &'static TypeCell) -> NativeType {
    NativeType {
        name,
        doc,
        kind: Kind::BaseException,
        size: size_of::<BaseException>() as u32,
        flags: adder_vm::builtins::exceptions::BASE_EXCEPTION_TYPE.flags,
        base: Some(base),
        ..NativeType::DEFAULT
    }
}
