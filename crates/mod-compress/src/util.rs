//! What the modules of this crate share: arguments and results.
//!
//! # Safety
//! The bytes of a [`Text`] stay where they are while it lives on the native stack. [`Sink::room`] gives memory that
//! nobody has written yet: libraries write to it and never read it, and only what they say they wrote becomes part of it.

use adder_text::room;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::bytes;
pub use adder_vm::cint::{int_arg, mask_arg, unsigned};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub type Args<'a> = &'a [Option<Value>];

pub fn new_bytes(th: Th, b: &[u8]) -> R<Value> {
    Ok(bytes::new(th, b)?.value())
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
                let s: Gc<Str> = v.known();
                // SAFETY: as long as `self`, which holds the text.
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
        flags: adder_vm::builtins::exceptions::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE
            | tflags::WEAKREF
            | tflags::SHOWN_AS_HEAP,
        base: Some(base),
        ..NativeType::DEFAULT
    }
}

pub use adder_vm::sync::Owned;

pub use adder_vm::declare::{bind, make, signature};
pub fn int_or(th: Th, v: Option<Value>, default: i32) -> R<i32> {
    v.map_or(Ok(default), |v| int_arg(th, v))
}
/// A `Py_ssize_t`.
pub fn size_or(th: Th, v: Option<Value>, default: i64) -> R<i64> {
    v.map_or(Ok(default), |v| th.index_i64(v))
}

/// Output of a stream: grows as it is filled, up to a limit.
pub struct Sink {
    pub bytes: Vec<u8>,
    max: usize,
}
impl Sink {
    /// `max`: negative for no limit.
    pub fn new(first: usize, max: i64) -> Sink {
        let max = usize::try_from(max).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        // It grows anyway if there is not that much at once.
        let _ = bytes.try_reserve_exact(first.min(max));
        Sink { bytes, max }
    }
    /// The limit is reached.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= self.max
    }
    /// Room for more: where and how much; none if the limit is reached. Unwinds where there is no memory
    /// ([`room::OUT_OF_MEMORY`]).
    pub fn room(&mut self) -> (*mut u8, usize) {
        if self.bytes.len() == self.bytes.capacity() {
            let more = self.bytes.len().max(32 << 10).min(self.max - self.bytes.len());
            room::reserve_exact(&mut self.bytes, more);
        }
        let n = self.bytes.capacity().min(self.max) - self.bytes.len();
        (self.bytes.spare_capacity_mut().as_mut_ptr().cast(), n)
    }
    /// So many bytes of the room were written.
    ///
    /// # Safety
    /// They were, and there was that much room.
    pub unsafe fn wrote(&mut self, n: usize) {
        unsafe { self.bytes.set_len(self.bytes.len() + n) }
    }
}
