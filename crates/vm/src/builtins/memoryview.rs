//! `memoryview`: the object, its making and release. Methods are in `memoryview_methods`, elements in `memory_items`.
//!
//! A view points at memory that its exporter has pinned. Views of the same exported buffer share its counter
//! ([`Exports`]); each view in turn counts what was exported from itself, and cannot be released before those.
//!
//! # Invariants
//! - Memory is read and written only while the view is not released: it counts as an export of what pinned it, so the
//!   memory stays where it is and keeps its length.
//! - Whether a view is released, what it shares and who uses it ([`Use`], exports) change under its lock.
//! - Who accesses an element asks right before, with no safepoint in between; longer work holds a [`Use`]. So memory that is
//!   unmapped after its views were released is not accessed any more once all threads have passed a safepoint.

use super::buffer::{self, Export, Exports, ExportsCell, flag};
use super::{bytes, memory_items, memoryview_methods as methods};
use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering::*};

#[repr(C)]
pub struct MemoryView {
    pub h: Header,
    /// The exporter, or null.
    pub obj: Slot,
    /// What else must live as long: the object that holds the memory.
    pub keep: Slot,
    /// A str; null: `B`.
    pub format: Slot,
    /// For more than one dimension: [`RawBuf`] of the shape, then the strides.
    pub dims: SlotOf<RawBuf>,
    pub ptr: *mut u8,
    /// Product of the shape and the item size.
    pub nbytes: usize,
    pub itemsize: usize,
    pub ndim: usize,
    pub shape0: i64,
    pub stride0: i64,
    pub hash: AtomicU64,
    pub state: AtomicU32,
    /// How many are accessing its memory and may meet safepoints meanwhile ([`Use`]).
    pub users: AtomicU32,
    /// A share of the exporter's counter, or null.
    pub source: AtomicPtr<Exports>,
    pub exports: ExportsCell,
}
unsafe impl Layout for MemoryView {
    const KIND: Kind = Kind::MemoryView;
}

/// Bits of `MemoryView::state`.
pub mod state {
    pub const RELEASED: u32 = 1;
    pub const READONLY: u32 = 2;
    /// The last release calls `__release_buffer__` of `obj`; `keep` is the view that `__buffer__` gave.
    pub const PYTHON: u32 = 4;
    /// Native code holds the view, and nothing else.
    pub const HELD: u32 = 8;
}

pub static MEMORYVIEW_TYPE: NativeType = NativeType {
    name: "memoryview",
    kind: Kind::MemoryView,
    size: size_of::<MemoryView>() as u32,
    flags: tflags::IMMUTABLE | tflags::SEQUENCE | tflags::WEAKREF,
    doc: "Create a new memoryview object which references the given object.",
    slots: Slots {
        new: Some(new),
        repr: Some(|th, v| {
            let what = if this(v).is_released() { "released memory" } else { "memory" };
            Ok(th.str(&format!("<{what} at {:#x}>", super::object::id(th, v))))
        }),
        hash: Some(methods::hash),
        richcompare: Some(memory_items::richcompare),
        iter: Some(methods::iter),
        get_buffer: Some(get_buffer),
        release_buffer: Some(release_of),
        len: Some(methods::len),
        getitem: Some(methods::getitem),
        setitem: Some(methods::setitem),
        del: Some(|th, v| {
            release_quietly(th, this(v));
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: methods::METHODS,
    getset: methods::GETSET,
    text_signature: Some("(object)"),
    ..NativeType::DEFAULT
};
pub static MEMORYVIEW: TypeCell = TypeCell::new(&MEMORYVIEW_TYPE);

pub fn this(v: Value) -> Gc<MemoryView> {
    v.cast().expect("a memoryview")
}

impl MemoryView {
    pub fn has(&self, bit: u32) -> bool {
        self.state.load(Acquire) & bit != 0
    }
    pub fn is_released(&self) -> bool {
        self.has(state::RELEASED)
    }
    pub fn readonly(&self) -> bool {
        self.has(state::READONLY)
    }
    fn dim(&self, at: usize) -> &[i64] {
        let d: Gc<RawBuf> = self.dims.gc();
        // SAFETY: `set_dims` has written shape and strides, `ndim` words each, into a buffer of that size.
        unsafe { std::slice::from_raw_parts(d.after::<i64>().add(at), self.ndim) }
    }
    pub fn extents(&self) -> &[i64] {
        if self.ndim > 1 { self.dim(0) } else { &std::slice::from_ref(&self.shape0)[..self.ndim] }
    }
    pub fn strides(&self) -> &[i64] {
        if self.ndim > 1 { self.dim(self.ndim) } else { &std::slice::from_ref(&self.stride0)[..self.ndim] }
    }
    pub fn is_c_contiguous(&self) -> bool {
        contiguous(self.extents().iter().zip(self.strides()).rev(), self.itemsize)
    }
    pub fn is_f_contiguous(&self) -> bool {
        contiguous(self.extents().iter().zip(self.strides()), self.itemsize)
    }
    /// The format as text.
    pub fn format(&self) -> &str {
        match self.format.get() {
            // SAFETY: a str, which the view keeps; its format never changes.
            Some(f) => unsafe { &*(f.cast_unchecked::<Str>().as_str().unwrap_or("?") as *const str) },
            None => "B",
        }
    }
}

/// Whether the dimensions, innermost first, lie next to each other.
fn contiguous<'a>(dims: impl Iterator<Item = (&'a i64, &'a i64)> + Clone, itemsize: usize) -> bool {
    if dims.clone().any(|(n, _)| *n == 0) {
        return true;
    }
    let mut step = itemsize as i64;
    for (n, s) in dims {
        if *n > 1 && *s != step {
            return false;
        }
        step *= n;
    }
    true
}

fn alloc(th: Th) -> Gc<MemoryView> {
    // SAFETY: a new object, whose words behind the header are all written; zeros are valid for each field.
    unsafe {
        let v = th.alloc::<MemoryView>();
        let words = v.as_ptr() as *mut u64;
        for i in 1..size_of::<MemoryView>() / 8 {
            *words.add(i) = 0;
        }
        v
    }
}

/// Sets shape and strides (for a view just made, with its item size).
pub fn set_dims(th: Th, v: Gc<MemoryView>, shape: &[i64], strides: Option<&[i64]>) -> R<()> {
    let n = shape.len();
    let buf = if n > 1 {
        unsafe {
            let b = th.alloc_var::<RawBuf>(16 + 16 * n)?;
            (*b.as_ptr()).len = 16 * n;
            Some(b)
        }
    } else {
        None
    };
    let p = v.as_ptr();
    // SAFETY: nobody else has seen the view; the buffer has room for both, and shape and strides are as long as `n`.
    unsafe {
        (*p).ndim = n;
        let (sh, st): (*mut i64, *mut i64) = match buf {
            Some(b) => {
                th.store(v, &v.dims, b);
                let d = b.after::<i64>();
                (d, d.add(n))
            }
            None => (&raw mut (*p).shape0, &raw mut (*p).stride0),
        };
        let mut step = v.itemsize as i64;
        for i in (0..n).rev() {
            *sh.add(i) = shape[i];
            *st.add(i) = strides.map_or(step, |s| s[i]);
            step *= shape[i];
        }
        (*p).nbytes = (shape.iter().product::<i64>() as usize) * v.itemsize;
    }
    Ok(())
}

/// A view of `o`'s memory. Takes over the share of the counter.
pub fn new_export(th: Th, o: Value, e: Export) -> R<Gc<MemoryView>> {
    let format = match e.format {
        Some("B") | None => None,
        Some(f) => Some(th.str(f)),
    };
    let v = alloc(th);
    unsafe {
        (*v.as_ptr()).ptr = e.ptr;
        (*v.as_ptr()).itemsize = e.itemsize;
    }
    th.store(v, &v.obj, o);
    th.store_opt(v, &v.keep, e.keep);
    th.store_opt(v, &v.format, format);
    v.state.store(if e.readonly { state::READONLY } else { 0 }, Release);
    attach(th, v, e.counter);
    let n = (e.nbytes / e.itemsize.max(1)) as i64;
    set_dims(th, v, e.shape.unwrap_or(&[n]), e.strides)?;
    Ok(v)
}
fn attach(th: Th, v: Gc<MemoryView>, counter: *const Exports) {
    if !counter.is_null() {
        v.source.store(counter as *mut Exports, Release);
        th.m.register_drop(v.obj());
    }
}

impl Gc<MemoryView> {
    /// Counts one more buffer of the view. ValueError if it is released.
    pub fn export(self, th: Th) -> R<*const Exports> {
        self.exports.ensure(th, self.value());
        let _g = th.lock(self);
        check_released(th, self)?;
        Ok(self.exports.acquire(th, self.value()))
    }
}

impl MemoryView {
    /// Gives up its share of the buffer, if it still has it; whether it was the last one.
    fn give_up(&self) -> bool {
        // SAFETY: `attach` has put the share there; whoever takes it out has it.
        unsafe { buffer::release(self.source.swap(std::ptr::null_mut(), AcqRel)) }
    }
}

/// A view in use by native code: it is not released meanwhile. It belongs on the native stack.
pub struct Use(Th, Gc<MemoryView>);

impl Use {
    /// ValueError if the view is released.
    pub fn new(th: Th, v: Gc<MemoryView>) -> R<Use> {
        let _g = th.lock(v);
        check_released(th, v)?;
        v.users.fetch_add(1, Relaxed);
        Ok(Use(th, v))
    }
}
impl Drop for Use {
    fn drop(&mut self) {
        let _g = self.0.lock(self.1);
        self.1.users.fetch_sub(1, Relaxed);
    }
}

/// Another view of the same buffer, with the same structure. ValueError if it is released.
pub fn duplicate(th: Th, of: Gc<MemoryView>) -> R<Gc<MemoryView>> {
    let v = alloc(th);
    unsafe {
        let (p, q) = (v.as_ptr(), of.as_ptr());
        (*p).ptr = (*q).ptr;
        (*p).nbytes = (*q).nbytes;
        (*p).itemsize = (*q).itemsize;
        (*p).ndim = (*q).ndim;
        (*p).shape0 = (*q).shape0;
        (*p).stride0 = (*q).stride0;
    }
    for (d, s) in [(&v.obj, &of.obj), (&v.keep, &of.keep), (&v.format, &of.format)] {
        th.store_opt(v, d, s.get());
    }
    th.store_opt(v, &v.dims, of.dims.get());
    let (st, counter) = {
        let _g = th.lock(of);
        check_released(th, of)?;
        // SAFETY: the share of `of`, which has it as long as it is not released.
        (of.state.load(Acquire), unsafe { buffer::share(of.source.load(Acquire)) })
    };
    v.state.store(st, Release);
    attach(th, v, counter);
    if st & state::PYTHON != 0 {
        th.m.register_finalizer(v.obj());
    }
    Ok(v)
}

#[cold]
fn forbidden(th: Th) -> Raised {
    th.value_error("operation forbidden on released memoryview object")
}
pub fn check_released(th: Th, v: Gc<MemoryView>) -> R<()> {
    if v.is_released() { Err(forbidden(th)) } else { Ok(()) }
}

/// `memoryview.release`.
pub fn release(th: Th, v: Gc<MemoryView>) -> R<()> {
    if v.is_released() {
        return Ok(());
    }
    super::bytearray::in_use(th, &v.exports);
    let (n, last) = {
        let _g = th.lock(v);
        let n = v.exports.count() + v.users.load(Relaxed) as usize;
        if n == 0 && v.state.fetch_or(state::RELEASED, AcqRel) & state::RELEASED != 0 {
            return Ok(());
        }
        (n, n == 0 && v.give_up())
    };
    if n > 0 {
        let s = if n == 1 { "" } else { "s" };
        return Err(th.buffer_error(format!("memoryview has {n} exported buffer{s}")));
    }
    if last && v.has(state::PYTHON) {
        release_python(th, v)?;
    }
    Ok(())
}
/// The slot `release_buffer` of objects with memory: ends a view of it.
pub fn release_of(th: Th, o: Value, view: Value) -> R<()> {
    let Some(v) = view.cast::<MemoryView>() else {
        return Err(th.type_error("expected a memoryview object"));
    };
    if !v.obj.get().is_some_and(|x| x.is(o)) {
        return Err(th.value_error("memoryview's buffer is not this object"));
    }
    if v.is_released() {
        return Err(th.value_error("memoryview's buffer has already been released"));
    }
    release(th, v)
}
/// The same where an error has no place to go.
pub fn release_quietly(th: Th, v: Gc<MemoryView>) {
    let pending = th.pending();
    if release(th, v).is_err() {
        th.take_exc();
    }
    if let Some(e) = pending {
        th.set_exc(e);
    }
}

/// What a dead view gives up.
///
/// # Safety
/// For the collector.
pub unsafe fn drop_view(v: &MemoryView) {
    v.give_up();
    v.exports.free();
}

/// A view (or anything else) that no program can reach gives up its buffer, if nothing depends on it; whether it did.
///
/// # Safety
/// For the collector.
pub unsafe fn disown(o: adder_heap::Obj) -> bool {
    unsafe {
        if o.as_ref().kind != Kind::MemoryView as u8 {
            return false;
        }
        let v = &*(o.as_ptr() as *const MemoryView);
        if v.exports.count() != 0
            || v.source.load(Acquire).is_null()
            || v.has(state::PYTHON)
            || v.has(state::HELD)
        {
            return false;
        }
        v.state.fetch_or(state::RELEASED, AcqRel);
        v.give_up();
        true
    }
}

// -- exporters written in Python

/// A view of what `__buffer__` of `o` returned, as the request wants it.
pub fn wrap_python(th: Th, o: Value, inner: Gc<MemoryView>, flags: u32) -> R<Value> {
    check_request(th, inner, flags)?;
    let v = duplicate(th, inner)?;
    // The view counts on the inner one, and shares a counter of its own with its descendants.
    v.give_up();
    inner.export(th)?;
    let counter = Arc::into_raw(Arc::new(Exports::new(1)));
    attach(th, v, counter);
    th.store(v, &v.obj, o);
    th.store(v, &v.keep, inner.value());
    v.state.fetch_or(state::PYTHON, AcqRel);
    th.m.register_finalizer(v.obj());
    Ok(v.value())
}
fn release_python(th: Th, v: Gc<MemoryView>) -> R<()> {
    // SAFETY: `wrap_python` has put a view there.
    let inner: Gc<MemoryView> = unsafe { v.keep.gc() };
    let o = v.obj.value();
    inner.exports.release_one();
    let hook = th.lookup_special(o, n!(__release_buffer__));
    if let Some(f) = hook
        && !f.is_exact(Kind::WrapperDescriptor)
        && !inner.obj.get().is_some_and(|x| x.is(o))
        && th.type_of(o).heap_type()
    {
        // The method gets the very view that `__buffer__` returned, to release it if it likes.
        th.call_unbound(f, o, &[inner.value()])?;
    }
    Ok(())
}

// -- exporting a view

/// Whether the view can be exported as the request wants it (CPython's `memory_getbuf`).
pub fn check_request(th: Th, v: Gc<MemoryView>, flags: u32) -> R<()> {
    check_released(th, v)?;
    let wants = |f: u32| flags & f == f;
    let msg = if wants(flag::WRITABLE) && v.readonly() {
        "memoryview: underlying buffer is not writable"
    } else if wants(flag::C_CONTIGUOUS) && !v.is_c_contiguous() {
        "memoryview: underlying buffer is not C-contiguous"
    } else if wants(flag::F_CONTIGUOUS) && !v.is_f_contiguous() {
        "memoryview: underlying buffer is not Fortran contiguous"
    } else if wants(flag::ANY_CONTIGUOUS) && !v.is_c_contiguous() && !v.is_f_contiguous() {
        "memoryview: underlying buffer is not contiguous"
    } else if !wants(flag::STRIDES) && !v.is_c_contiguous() {
        "memoryview: underlying buffer is not C-contiguous"
    } else if !wants(flag::ND) && wants(flag::FORMAT) {
        "memoryview: cannot cast to unsigned bytes if the format flag is present"
    } else {
        return Ok(());
    };
    Err(th.buffer_error(msg))
}
fn get_buffer(th: Th, o: Value, flags: u32) -> R<Value> {
    let of = this(o);
    check_request(th, of, flags)?;
    let v = duplicate(th, of)?;
    v.give_up();
    v.state.fetch_and(!state::PYTHON, AcqRel);
    attach(th, v, of.export(th)?);
    th.store(v, &v.obj, o);
    if flags & flag::FORMAT == 0 {
        v.format.init(None);
    }
    if flags & flag::ND != flag::ND {
        // SAFETY: nobody else has seen the copy.
        unsafe { (*v.as_ptr()).itemsize = 1 };
        set_dims(th, v, &[of.nbytes as i64], None)?;
    }
    Ok(v.value())
}

/// `memoryview(o)`.
pub fn from_object(th: Th, o: Value, flags: u32) -> R<Gc<MemoryView>> {
    if let Some(v) = o.cast::<MemoryView>() {
        check_released(th, v)?;
        return duplicate(th, v);
    }
    if !buffer::is_buffer(th, o) {
        return Err(th.type_error(format!(
            "memoryview: a bytes-like object is required, not '{}'",
            th.type_name_of(o)
        )));
    }
    buffer::view_of(th, o, flags)
}
fn new(th: Th, _: Value, a: RawArgs) -> R<Value> {
    let total = a.len() + a.nkw();
    if total > 1 {
        return Err(th.type_error(format!("memoryview() takes at most 1 argument ({total} given)")));
    }
    let o = match (a.pos().first(), a.keywords().next()) {
        (Some(o), _) => *o,
        (None, Some((k, v))) => {
            if th.text(k) != "object" {
                return Err(th.type_error(format!(
                    "memoryview() got an unexpected keyword argument '{}'",
                    th.text(k)
                )));
            }
            v
        }
        (None, None) => return Err(th.type_error("memoryview() missing required argument 'object' (pos 1)")),
    };
    Ok(from_object(th, o, flag::FULL_RO)?.value())
}

/// The elements in C order, or in Fortran order, as one bytes object.
pub fn to_bytes(th: Th, v: Gc<MemoryView>, fortran: bool) -> R<Gc<Bytes>> {
    let _use = Use::new(th, v)?;
    // SAFETY: in use, so that it is not released.
    let src = |n| unsafe { std::slice::from_raw_parts(v.ptr, n) };
    if if fortran { v.is_f_contiguous() } else { v.is_c_contiguous() } {
        return bytes::new(th, if v.nbytes == 0 { &[] } else { src(v.nbytes) });
    }
    let mut out = Vec::with_capacity(v.nbytes);
    let (mut shape, mut strides) = (v.extents().to_vec(), v.strides().to_vec());
    if fortran {
        shape.reverse();
        strides.reverse();
    }
    // SAFETY: shape and strides lie within the buffer, which is in use.
    unsafe { gather(v.ptr, &shape, &strides, v.itemsize, &mut out) };
    bytes::new(th, &out)
}
/// Appends the items, the last dimension varying fastest.
unsafe fn gather(p: *const u8, shape: &[i64], strides: &[i64], itemsize: usize, out: &mut Vec<u8>) {
    unsafe {
        match shape {
            [] => out.extend_from_slice(std::slice::from_raw_parts(p, itemsize)),
            [n, rest @ ..] => {
                for i in 0..*n {
                    gather(p.offset((i * strides[0]) as isize), rest, &strides[1..], itemsize, out);
                }
            }
        }
    }
}
