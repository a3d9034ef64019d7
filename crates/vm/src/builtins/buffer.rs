//! The buffer protocol (PEP 3118, PEP 688): how native code gets at the bytes of objects, and how native types export
//! theirs.
//!
//! The slot `get_buffer(o, flags)` returns a memoryview whose exporter is `o`; `__buffer__` is the same thing seen from
//! Python. [`Buffer`] is what consumers hold while they use the bytes: for `bytes` and `bytearray` without making a view.
//!
//! # Invariants
//! - What a view points at does not move and stays alive: exporters pin the object that holds the bytes, and the view
//!   refers to it.
//! - Exporters whose storage may be replaced count the buffers taken of it ([`Exports`]); the count is shared with the
//!   views, so that a view that dies without having been released is discounted by the collector.

use super::memoryview::{self, MemoryView};
use crate::err::{R, Raised};
use crate::n;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::*};

/// Request flags, CPython's `PyBUF_*`.
pub mod flag {
    pub const SIMPLE: u32 = 0;
    pub const WRITABLE: u32 = 1;
    pub const FORMAT: u32 = 4;
    pub const ND: u32 = 8;
    pub const STRIDES: u32 = 0x10 | ND;
    pub const C_CONTIGUOUS: u32 = 0x20 | STRIDES;
    pub const F_CONTIGUOUS: u32 = 0x40 | STRIDES;
    pub const ANY_CONTIGUOUS: u32 = 0x80 | STRIDES;
    pub const INDIRECT: u32 = 0x100 | STRIDES;
    pub const FULL: u32 = INDIRECT | WRITABLE | FORMAT;
    pub const FULL_RO: u32 = INDIRECT | FORMAT;
    pub const READ: u32 = 0x100;
    pub const WRITE: u32 = 0x200;
}

/// How many buffers of an object are in use. The owner keeps it in an [`ExportsCell`].
pub type Exports = AtomicUsize;

/// The counter of an exporter, made when the first buffer is taken. To be dropped with [`ExportsCell::free`].
#[repr(transparent)]
pub struct ExportsCell(AtomicPtr<Exports>);

impl ExportsCell {
    pub const fn new() -> ExportsCell {
        ExportsCell(AtomicPtr::new(std::ptr::null_mut()))
    }
    /// Buffers in use.
    #[inline]
    pub fn count(&self) -> usize {
        // SAFETY: null, or the counter of which the cell has a share until `free`.
        match unsafe { self.0.load(Acquire).as_ref() } {
            Some(c) => c.load(Acquire),
            None => 0,
        }
    }
    fn ptr(&self, th: Th, owner: Value) -> *const Exports {
        let p = self.0.load(Acquire);
        if !p.is_null() {
            return p;
        }
        let fresh = Arc::into_raw(Arc::new(Exports::new(0))) as *mut Exports;
        match self.0.compare_exchange(std::ptr::null_mut(), fresh, AcqRel, Acquire) {
            Ok(_) => {
                th.m.register_drop(owner.obj().expect("an object"));
                fresh
            }
            Err(other) => {
                // SAFETY: made above, and nobody else has it.
                drop(unsafe { Arc::from_raw(fresh) });
                other
            }
        }
    }
    /// Makes the counter, so that the next [`Self::acquire`] allocates nothing.
    pub fn ensure(&self, th: Th, owner: Value) {
        self.ptr(th, owner);
    }
    /// Counts one more buffer of `owner`, whose cell this is; the share is for [`release`].
    pub fn acquire(&self, th: Th, owner: Value) -> *const Exports {
        let p = self.ptr(th, owner);
        // SAFETY: the cell has a share of its counter as long as its owner lives.
        unsafe { share(p) }
    }
    /// Gives up one buffer that was acquired without keeping the share.
    pub fn release_one(&self) {
        // SAFETY: the share that `acquire` gave.
        unsafe { release(self.0.load(Acquire)) };
    }
    /// When the owner dies.
    pub fn free(&self) {
        let p = self.0.swap(std::ptr::null_mut(), AcqRel);
        if !p.is_null() {
            // SAFETY: the cell's own share, which it has no longer.
            drop(unsafe { Arc::from_raw(p) });
        }
    }
}

/// One more buffer that shares a counter (null: none).
///
/// # Safety
/// The counter is one of [`ExportsCell`], of which there is a share.
pub unsafe fn share(p: *const Exports) -> *const Exports {
    if !p.is_null() {
        unsafe {
            (*p).fetch_add(1, AcqRel);
            Arc::increment_strong_count(p);
        }
    }
    p
}
/// Gives up a share; true if it was the last buffer.
///
/// # Safety
/// The counter is null or one of which the caller has a share, which it has no longer.
pub unsafe fn release(p: *const Exports) -> bool {
    if p.is_null() {
        return false;
    }
    let last = unsafe { (*p).fetch_sub(1, AcqRel) == 1 };
    drop(unsafe { Arc::from_raw(p) });
    last
}

/// The bytes of a `bytes` or `bytearray` object (or of a subclass), as they are now.
#[inline]
pub fn bytes_of(v: Value) -> Option<&'static [u8]> {
    if !v.is_obj() {
        return None;
    }
    match v.kind() {
        Kind::Bytes => {
            let b: Gc<Bytes> = v.known();
            Some(unsafe { &*(b.bytes() as *const [u8]) })
        }
        Kind::ByteArray => {
            let b: Gc<super::bytearray::ByteArray> = unsafe { v.cast_unchecked() };
            Some(unsafe { &*(b.bytes() as *const [u8]) })
        }
        _ => None,
    }
}

/// Bytes of an object in use by native code. While it lives the object cannot be resized or released. It belongs on
/// the native stack.
pub struct Buffer {
    th: Th,
    ptr: *mut u8,
    len: usize,
    /// Keeps the object alive and in place.
    obj: Value,
    counter: *const Exports,
    /// A view that the object's slot made for us.
    view: Option<Gc<MemoryView>>,
}

impl Buffer {
    /// Contiguous bytes to read (`y*`).
    #[inline]
    pub fn simple(th: Th, o: Value) -> R<Buffer> {
        Buffer::get(th, o, flag::SIMPLE)
    }
    /// Contiguous bytes to write (`w*`); the message is that of `PyObject_GetBuffer`.
    pub fn writable(th: Th, o: Value) -> R<Buffer> {
        Buffer::get(th, o, flag::WRITABLE)
    }
    /// With request flags that demand contiguous bytes.
    pub fn get(th: Th, o: Value, flags: u32) -> R<Buffer> {
        if o.is_obj() {
            match o.kind() {
                Kind::Bytes if flags & flag::WRITABLE == 0 => {
                    let b: Gc<Bytes> = o.known();
                    return Ok(Buffer {
                        th,
                        ptr: b.bytes().as_ptr() as *mut u8,
                        len: b.len,
                        obj: o,
                        counter: std::ptr::null(),
                        view: None,
                    });
                }
                Kind::ByteArray => {
                    let b: Gc<super::bytearray::ByteArray> = unsafe { o.cast_unchecked() };
                    let counter = b.exports.acquire(th, o);
                    let s = b.bytes();
                    return Ok(Buffer {
                        th,
                        ptr: s.as_ptr() as *mut u8,
                        len: s.len(),
                        obj: o,
                        counter,
                        view: None,
                    });
                }
                Kind::MemoryView => {
                    let v: Gc<MemoryView> = o.known();
                    memoryview::check_request(th, v, flags)?;
                    let counter = v.export(th)?;
                    return Ok(Buffer { th, ptr: v.ptr, len: v.nbytes, obj: o, counter, view: None });
                }
                _ => {}
            }
        }
        let v = view_of(th, o, flags)?;
        v.state.fetch_or(memoryview::state::HELD, AcqRel);
        // Plain bytes whatever the format and shape.
        if !v.is_c_contiguous() {
            let e = th.buffer_error("memoryview: underlying buffer is not C-contiguous");
            memoryview::release_quietly(th, v);
            return Err(e);
        }
        Ok(Buffer { th, ptr: v.ptr, len: v.nbytes, obj: o, counter: std::ptr::null(), view: Some(v) })
    }
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: bytes of the exporter, which keeps them there for as long as this counts.
        unsafe { std::slice::from_raw_parts(self.ptr, self.len) }
    }
    /// The memory, which must have been asked for as writable.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub fn bytes_mut(&self) -> &mut [u8] {
        // SAFETY: as `bytes`; writable, which the caller has asked for.
        unsafe { std::slice::from_raw_parts_mut(self.ptr, self.len) }
    }
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    pub fn object(&self) -> Value {
        self.obj
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: the share that came with the buffer.
        unsafe { release(self.counter) };
        if let Some(v) = self.view {
            memoryview::release_quietly(self.th, v);
        }
        std::hint::black_box(self.obj);
    }
}

#[cold]
pub fn not_a_buffer(th: Th, o: Value) -> Raised {
    th.type_error(format!("a bytes-like object is required, not '{}'", th.type_name_of(o)))
}

/// `PyObject_GetBuffer`: a view of the object by its slot.
pub fn view_of(th: Th, o: Value, flags: u32) -> R<Gc<MemoryView>> {
    let Some(f) = th.type_of(o).slots.get_buffer else { return Err(not_a_buffer(th, o)) };
    let v = f(th, o, flags)?;
    Ok(v.cast().expect("get_buffer gives a memoryview"))
}

/// Whether objects of this type have the protocol (`PyObject_CheckBuffer`).
pub fn is_buffer(th: Th, o: Value) -> bool {
    th.type_of(o).slots.get_buffer.is_some()
}

/// The bytes of any buffer in C order, copied into a bytes object if they are not contiguous.
pub fn to_bytes_object(th: Th, o: Value) -> R<Gc<Bytes>> {
    if let Some(b) = bytes_of(o) {
        return super::bytes::new_from(th, o, b);
    }
    let v = view_of(th, o, flag::FULL_RO)?;
    let r = memoryview::to_bytes(th, v, false);
    memoryview::release_quietly(th, v);
    r
}

/// What a native exporter tells of its memory.
pub struct Export<'a> {
    pub ptr: *mut u8,
    pub nbytes: usize,
    pub readonly: bool,
    pub itemsize: usize,
    /// Struct format; None: `B`.
    pub format: Option<&'a str>,
    /// None: one dimension of all items.
    pub shape: Option<&'a [i64]>,
    /// None: C-contiguous.
    pub strides: Option<&'a [i64]>,
    /// The object that holds the memory, if that is not the exporter.
    pub keep: Option<Value>,
    /// A share of the exporter's counter.
    pub counter: *const Exports,
}

impl Export<'_> {
    pub fn simple(ptr: *mut u8, nbytes: usize, readonly: bool) -> Export<'static> {
        Export {
            ptr,
            nbytes,
            readonly,
            itemsize: 1,
            format: None,
            shape: None,
            strides: None,
            keep: None,
            counter: std::ptr::null(),
        }
    }
}

/// A view of `o`'s memory as the request wants it: for `get_buffer` slots (`PyBuffer_FillInfo`).
pub fn export(th: Th, o: Value, e: Export, flags: u32) -> R<Value> {
    if flags & flag::WRITABLE != 0 && e.readonly {
        // SAFETY: the share that came with the request, which ends here.
        unsafe { release(e.counter) };
        return Err(th.buffer_error("Object is not writable."));
    }
    if let Some(x) = e.keep.unwrap_or(o).obj() {
        th.m.pin(x);
    }
    Ok(memoryview::new_export(th, o, e)?.value())
}

/// `get_buffer` of classes that define `__buffer__` in Python.
pub fn from_python(th: Th, o: Value, flags: u32) -> R<Value> {
    let Some(f) = th.lookup_special(o, n!(__buffer__)) else { return Err(not_a_buffer(th, o)) };
    let r = th.call_unbound(f, o, &[th.int(flags as i64)])?;
    let Some(v) = r.cast::<MemoryView>() else {
        return Err(th.type_error("__buffer__ returned non-memoryview object"));
    };
    memoryview::wrap_python(th, o, v, flags)
}
