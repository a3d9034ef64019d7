//! The subject of a match: a `str` or any buffer, and its positions.
//!
//! The engine counts bytes, Python counts characters. For ASCII text and for bytes that is the same; for the rest
//! `str_::offset` and `str_::index_of` convert with the string's breadcrumbs.
//!
//! # Invariants
//! `ptr` and `len` are the bytes of `obj`, which cannot change (`str`) or are exported to `_buffer`. A [`Text`] stays
//! on the native stack, so that its object does not move. `obj` is a `str` unless the form is bytes.

use adder_sre::Subject;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::{bytes, str_};
use adder_vm::err::{R, Raised};
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Ascii,
    Wide,
    Bytes,
}

/// A subject in use. It belongs on the native stack: it keeps the object alive and its bytes in place.
pub struct Text {
    pub obj: Value,
    ptr: *const u8,
    len: usize,
    chars: usize,
    form: Form,
    _buffer: Option<Buffer>,
}

#[cold]
fn not_text(th: Th, o: Value) -> Raised {
    if th.pending().is_some() {
        th.take_exc();
    }
    th.type_error(format!("expected string or bytes-like object, got '{}'", th.type_name_of(o)))
}

impl Text {
    #[inline]
    pub fn new(th: Th, obj: Value) -> R<Text> {
        if let Some(s) = obj.cast::<Str>() {
            let b = s.bytes();
            let form = if s.is_ascii() { Form::Ascii } else { Form::Wide };
            return Ok(Text { obj, ptr: b.as_ptr(), len: b.len(), chars: s.len(), form, _buffer: None });
        }
        let Ok(b) = Buffer::simple(th, obj) else { return Err(not_text(th, obj)) };
        let (ptr, len) = (b.bytes().as_ptr(), b.len());
        Ok(Text { obj, ptr, len, chars: len, form: Form::Bytes, _buffer: Some(b) })
    }
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
    #[inline]
    pub fn is_str(&self) -> bool {
        self.form != Form::Bytes
    }
    #[inline]
    pub fn subject(&self) -> Subject<'_> {
        if self.form == Form::Wide { Subject::Wtf8(self.bytes()) } else { Subject::Bytes(self.bytes()) }
    }
    /// Number of characters.
    #[inline]
    pub fn chars(&self) -> usize {
        self.chars
    }
    /// Where character `i` is.
    #[inline]
    pub fn offset(&self, th: Th, i: usize) -> usize {
        if self.form != Form::Wide || i == 0 {
            i
        } else if i == self.chars {
            self.len
        } else {
            str_::offset(th, unsafe { self.obj.cast_unchecked() }, i)
        }
    }
    /// Part of the text by bytes. Parts of buffers are `bytes`.
    #[inline]
    pub fn slice(&self, th: Th, r: Range<usize>) -> R<Value> {
        if self.form == Form::Bytes {
            if r.len() == self.len && self.obj.is_exact(Kind::Bytes) {
                return Ok(self.obj);
            }
            return Ok(bytes::new(th, &self.bytes()[r])?.value());
        }
        th.substr(unsafe { self.obj.cast_unchecked() }, r)
    }
    /// A new text of the same kind from bytes of it.
    pub fn build(&self, th: Th, b: &[u8]) -> R<Value> {
        if self.form == Form::Bytes { Ok(bytes::new(th, b)?.value()) } else { th.try_str(b) }
    }
}

/// Part of a match's subject, which may have shrunk since if it is a buffer.
pub fn slice_of(th: Th, obj: Value, r: Range<usize>) -> R<Value> {
    if let Some(s) = obj.cast::<Str>() {
        return th.substr(s, r);
    }
    let t = Text::new(th, obj)?;
    t.slice(th, r.start.min(t.len)..r.end.min(t.len))
}
/// Character index of a byte offset of a match's subject.
pub fn index_of(th: Th, obj: Value, at: usize) -> usize {
    match obj.cast::<Str>() {
        Some(s) if !s.is_ascii() => str_::index_of(th, s, at),
        _ => at,
    }
}
