//! Methods, attributes and items of `memoryview`.
//!
//! # Invariants
//! - Elements are read and written of views that `live` has found unreleased, at places that `pointer` has found
//!   inside; after Python code has run that is asked again.
//! - `unpack` and `pack` do not need aligned memory. Views made here are changed before anybody else has them.

use super::buffer::{self, flag};
use super::bytes::index_arg;
use super::memory_items::{format_of, item_size, native_format, pack, unpack};
use super::memoryview::{
    self, MemoryView, check_released, duplicate, release_quietly, set_dims, this, to_bytes,
};
use super::var_sized::list_of;
use super::{bytes_methods, int, slicing};
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

type Args<'a> = &'a [Option<Value>];

pub const METHODS: &[NativeDef] = &[
    method(
        "release",
        "($self, /)",
        "Release the underlying buffer exposed by the memoryview object.",
        release,
    ),
    method(
        "tobytes",
        "($self, /, order='C')",
        "Return the data in the buffer as a byte string.\n\nOrder can be {'C', 'F', 'A'}.  When order is 'C' or 'F', the data of\nthe original array is converted to C or Fortran order.  For\ncontiguous views, 'A' returns an exact copy of the physical memory.\nIn particular, in-memory Fortran order is preserved.  For\nnon-contiguous views, the data is converted to C first.  order=None\nis the same as order='C'.",
        tobytes,
    ),
    method(
        "hex",
        "($self, /, sep=<unrepresentable>, bytes_per_sep=1)",
        "Return the data in the buffer as a str of hexadecimal numbers.\n\n  sep\n    An optional single character or byte to separate hex bytes.\n  bytes_per_sep\n    How many bytes between separators.  Positive values count from\n    the right, negative values count from the left.\n\nExample:\n>>> value = memoryview(b'\\xb9\\x01\\xef')\n>>> value.hex()\n'b901ef'\n>>> value.hex(':')\n'b9:01:ef'\n>>> value.hex(':', 2)\n'b9:01ef'\n>>> value.hex(':', -2)\n'b901:ef'",
        hex,
    ),
    method("tolist", "($self, /)", "Return the data in the buffer as a list of elements.", tolist),
    method(
        "cast",
        "($self, /, format, shape=<unrepresentable>)",
        "Cast a memoryview to a new format or shape.",
        cast,
    ),
    method("toreadonly", "($self, /)", "Return a readonly version of the memoryview.", toreadonly),
    classmethod(
        "_from_flags",
        "($type, /, object, flags)",
        "Create a new memoryview object which references the given object.",
        from_flags,
    ),
    method("count", "($self, value, /)", "Count the number of occurrences of a value.", count),
    method(
        "index",
        "($self, value, start=0, stop=sys.maxsize, /)",
        "Return the index of the first occurrence of a value.\n\nRaises ValueError if the value is not present.",
        index,
    ),
    method("__enter__", "($self, /)", "", enter),
    method(
        "__exit__",
        "($self, /, *exc_info)",
        "Release the underlying buffer exposed by the memoryview object.",
        release,
    ),
    classmethod(
        "__class_getitem__",
        "($type, object, /)",
        "memoryviews are generic over the type of their underlying data",
        super::util::class_getitem,
    ),
];

pub const GETSET: &[GetSetDef] = &[
    getter("obj", "The underlying object of the memoryview.", |th, v| {
        Ok(Value::opt_or_none(live(th, v)?.obj.get()))
    }),
    getter(
        "nbytes",
        "The amount of space in bytes that the array would use in\n a contiguous representation.",
        |th, v| Ok(Value::fix(live(th, v)?.nbytes as i64)),
    ),
    getter("readonly", "A bool indicating whether the memory is read only.", |th, v| {
        Ok(Value::bool(live(th, v)?.readonly()))
    }),
    getter("itemsize", "The size in bytes of each element of the memoryview.", |th, v| {
        Ok(Value::fix(live(th, v)?.itemsize as i64))
    }),
    getter(
        "format",
        "A string containing the format (in struct module style)\n for each element in the view.",
        |th, v| Ok(th.str(live(th, v)?.format())),
    ),
    getter(
        "ndim",
        "An integer indicating how many dimensions of a multi-dimensional\n array the memory represents.",
        |th, v| Ok(Value::fix(live(th, v)?.ndim as i64)),
    ),
    getter(
        "shape",
        "A tuple of ndim integers giving the shape of the memory\n as an N-dimensional array.",
        |th, v| Ok(ints(th, live(th, v)?.extents())),
    ),
    getter(
        "strides",
        "A tuple of ndim integers giving the size in bytes to access\n each element for each dimension of the array.",
        |th, v| Ok(ints(th, live(th, v)?.strides())),
    ),
    getter("suboffsets", "A tuple of integers used internally for PIL-style arrays.", |th, v| {
        live(th, v).map(|_| th.tuple(&[]))
    }),
    getter("c_contiguous", "A bool indicating whether the memory is C contiguous.", |th, v| {
        Ok(Value::bool(live(th, v)?.is_c_contiguous()))
    }),
    getter("f_contiguous", "A bool indicating whether the memory is Fortran contiguous.", |th, v| {
        Ok(Value::bool(live(th, v)?.is_f_contiguous()))
    }),
    getter("contiguous", "A bool indicating whether the memory is contiguous.", |th, v| {
        let v = live(th, v)?;
        Ok(Value::bool(v.is_c_contiguous() || v.is_f_contiguous()))
    }),
];

fn live(th: Th, v: Value) -> R<Gc<MemoryView>> {
    let v = this(v);
    check_released(th, v)?;
    Ok(v)
}
fn ints(th: Th, a: &[i64]) -> Value {
    let v: Vec<Value> = a.iter().map(|n| th.int(*n)).collect(); // gc-safe: small ints
    th.tuple(&v)
}

pub fn hash(th: Th, o: Value) -> R<i64> {
    let v = this(o);
    let h = v.hash.load(Relaxed);
    if h != 0 {
        return Ok(h as i64);
    }
    check_released(th, v)?;
    if !v.readonly() {
        return Err(th.value_error("cannot hash writable memoryview object"));
    }
    if !native_format(v.format()).is_some_and(|c| b"Bbc".contains(&c)) {
        return Err(th.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'"));
    }
    if let Some(x) = v.obj.get() {
        // Its `__hash__` may be Python code: the view is not to be released meanwhile.
        let _use = memoryview::Use::new(th, v)?;
        th.hash(x)?;
    }
    let h = to_bytes(th, v, false)?.hash();
    v.hash.store(h as u64, Relaxed);
    Ok(h)
}
pub fn len(th: Th, o: Value) -> R<usize> {
    let v = live(th, o)?;
    match v.extents() {
        [] => Err(th.type_error("0-dim memory has no length")),
        [n, ..] => Ok(*n as usize),
    }
}

// -- items

enum Key<'a> {
    Index(i64),
    Slice(Gc<Slice>),
    Multi(&'a [Value]),
    MultiSlice,
    Invalid,
}
fn key(th: Th, k: &Value) -> R<Key<'_>> {
    let is_index = |k: Value| k.is_fix() || th.type_of(k).slots.index.is_some();
    if is_index(*k) {
        return Ok(Key::Index(match k.as_fix() {
            Some(i) => i,
            None => index_arg(th, *k)?,
        }));
    }
    if let Some(s) = k.cast::<Slice>() {
        return Ok(Key::Slice(s));
    }
    if let Some(t) = k.cast::<Tuple>() {
        // SAFETY: the caller has `k` on the stack, so the tuple stays where it is.
        let items = unsafe { &*(t.items() as *const [Value]) };
        if items.iter().all(|x| is_index(*x)) {
            return Ok(Key::Multi(items));
        }
        if items.iter().all(|x| x.is_kind(Kind::Slice)) {
            return Ok(Key::MultiSlice);
        }
    }
    Ok(Key::Invalid)
}
#[cold]
fn out_of_bounds(th: Th, dim: usize) -> Raised {
    th.index_error(format!("index out of bounds on dimension {}", dim + 1))
}
fn pointer(th: Th, v: Gc<MemoryView>, p: *mut u8, dim: usize, i: i64) -> R<*mut u8> {
    match slicing::index(i, v.extents()[dim] as usize) {
        Some(i) => Ok(p.wrapping_offset(i as isize * v.strides()[dim] as isize)),
        None => Err(out_of_bounds(th, dim)),
    }
}
fn pointer_multi(th: Th, v: Gc<MemoryView>, k: &[Value]) -> R<*mut u8> {
    if k.len() > v.ndim {
        return Err(th.type_error(format!(
            "cannot index {}-dimension view with {}-element tuple",
            v.ndim,
            k.len()
        )));
    }
    let mut p = v.ptr;
    for (dim, i) in k.iter().enumerate() {
        let i = match i.as_fix() {
            Some(i) => i,
            None => index_arg(th, *i)?,
        };
        p = pointer(th, v, p, dim, i)?;
    }
    Ok(p)
}
#[cold]
fn no_sub_views(th: Th) -> Raised {
    th.not_implemented_error("multi-dimensional sub-views are not implemented")
}
#[cold]
fn invalid_key(th: Th) -> Raised {
    th.type_error("memoryview: invalid slice key")
}

/// The view of a slice of the first dimension.
fn sliced(th: Th, v: Gc<MemoryView>, s: Gc<Slice>) -> R<Gc<MemoryView>> {
    let parts = slicing::unpack(th, s)?;
    check_released(th, v)?;
    let x = slicing::adjust(v.extents()[0] as usize, parts);
    let r = duplicate(th, v)?;
    let (mut shape, mut strides) = (v.extents().to_vec(), v.strides().to_vec());
    let from = x.start.wrapping_mul(strides[0]);
    unsafe { (*r.as_ptr()).ptr = v.ptr.wrapping_offset(from as isize) };
    shape[0] = x.len as i64;
    strides[0] = strides[0].wrapping_mul(x.step);
    set_dims(th, r, &shape, Some(&strides))?;
    Ok(r)
}

pub fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let v = live(th, o)?;
    if v.ndim == 0 {
        if k.cast::<Tuple>().is_some_and(|t| t.len == 0) {
            let c = format_of(th, v)?;
            // SAFETY: the one element of a view without dimensions.
            return unsafe { unpack(th, v.ptr, c) };
        }
        if k.is(ELLIPSIS()) {
            return Ok(o);
        }
        return Err(th.type_error("invalid indexing of 0-dim memory"));
    }
    match key(th, &k)? {
        Key::Index(i) => {
            let c = format_of(th, v)?;
            if v.ndim > 1 {
                return Err(no_sub_views(th));
            }
            check_released(th, v)?;
            let p = pointer(th, v, v.ptr, 0, i)?;
            unsafe { unpack(th, p, c) }
        }
        Key::Slice(s) => Ok(sliced(th, v, s)?.value()),
        Key::Multi(k) => {
            let c = format_of(th, v)?;
            if k.len() < v.ndim {
                return Err(th.not_implemented_error("sub-views are not implemented"));
            }
            let p = pointer_multi(th, v, k)?;
            check_released(th, v)?;
            unsafe { unpack(th, p, c) }
        }
        Key::MultiSlice => Err(th.not_implemented_error("multi-dimensional slicing is not implemented")),
        Key::Invalid => Err(invalid_key(th)),
    }
}
pub fn setitem(th: Th, o: Value, k: Value, x: Option<Value>) -> R<()> {
    let v = live(th, o)?;
    let c = format_of(th, v)?;
    if v.readonly() {
        return Err(th.type_error("cannot modify read-only memory"));
    }
    let Some(x) = x else { return Err(th.type_error("cannot delete memory")) };
    if v.ndim == 0 {
        if k.is(ELLIPSIS()) || k.cast::<Tuple>().is_some_and(|t| t.len == 0) {
            // SAFETY: as in `getitem`; not read-only.
            return unsafe { pack(th, v, v.ptr, c, x) };
        }
        return Err(th.type_error("invalid indexing of 0-dim memory"));
    }
    match key(th, &k)? {
        Key::Index(i) => {
            if v.ndim > 1 {
                return Err(th.not_implemented_error("sub-views are not implemented"));
            }
            let p = pointer(th, v, v.ptr, 0, i)?;
            unsafe { pack(th, v, p, c, x) }
        }
        Key::Slice(s) if v.ndim == 1 => {
            let src = buffer::view_of(th, x, flag::FULL_RO)?;
            let dst = sliced(th, v, s);
            let r = dst.and_then(|d| {
                let r = copy_into(th, d, src);
                release_quietly(th, d);
                r
            });
            release_quietly(th, src);
            r
        }
        Key::Multi(k) => {
            if k.len() < v.ndim {
                return Err(th.not_implemented_error("sub-views are not implemented"));
            }
            let p = pointer_multi(th, v, k)?;
            unsafe { pack(th, v, p, c, x) }
        }
        Key::Slice(_) | Key::MultiSlice => {
            Err(th.not_implemented_error("memoryview slice assignments are currently restricted to ndim = 1"))
        }
        Key::Invalid => Err(invalid_key(th)),
    }
}
fn copy_into(th: Th, d: Gc<MemoryView>, s: Gc<MemoryView>) -> R<()> {
    let plain = |f: &'static str| f.strip_prefix('@').unwrap_or(f);
    // SAFETY: a view keeps its format, and the pointer to the text keeps that where it is.
    let format = |v: Gc<MemoryView>| plain(unsafe { &*(v.format() as *const str) });
    if format(d) != format(s) || d.itemsize != s.itemsize || d.extents() != s.extents() {
        return Err(th.value_error("memoryview assignment: lvalue and rvalue have different structures"));
    }
    let n = d.itemsize;
    if d.is_c_contiguous() && s.is_c_contiguous() {
        // SAFETY: shape and item size are the same, so both are as long; each view holds its memory.
        unsafe { std::ptr::copy(s.ptr, d.ptr, d.nbytes) };
        return Ok(());
    }
    // The two may overlap.
    let data = to_bytes(th, s, false)?;
    for (i, item) in data.bytes().chunks(n).enumerate() {
        let p = d.ptr.wrapping_offset(i as isize * d.strides()[0] as isize);
        // SAFETY: of one dimension, of which both have as many items.
        unsafe { std::ptr::copy_nonoverlapping(item.as_ptr(), p, n) };
    }
    Ok(())
}

// -- methods

fn release(th: Th, a: Args) -> R<Value> {
    memoryview::release(th, this(a[0].unwrap()))?;
    Ok(NONE())
}
fn enter(th: Th, a: Args) -> R<Value> {
    live(th, a[0].unwrap())?;
    Ok(a[0].unwrap())
}
fn tobytes(th: Th, a: Args) -> R<Value> {
    let v = live(th, a[0].unwrap())?;
    let fortran = match a[1].and_then(Value::some) {
        None => false,
        Some(o) => match o.cast::<Str>().as_ref().map(|s| s.bytes()) {
            Some(b"C") => false,
            Some(b"F") => true,
            Some(b"A") => !v.is_c_contiguous() && v.is_f_contiguous(),
            Some(_) => return Err(th.value_error("order must be 'C', 'F' or 'A'")),
            None => {
                return Err(th.type_error(format!(
                    "tobytes() argument 'order' must be str or None, not {}",
                    th.type_name_of(o)
                )));
            }
        },
    };
    Ok(to_bytes(th, v, fortran)?.value())
}
fn hex(th: Th, a: Args) -> R<Value> {
    let v = live(th, a[0].unwrap())?;
    let _held = bytes_methods::hold(th, v.value(), a[1])?;
    let b = to_bytes(th, v, false)?;
    bytes_methods::hex_text(th, b.bytes(), a[1], a[2])
}
fn tolist(th: Th, a: Args) -> R<Value> {
    let v = live(th, a[0].unwrap())?;
    let c = format_of(th, v)?;
    let _use = memoryview::Use::new(th, v)?;
    // SAFETY: in use, so that it is not released.
    unsafe { list_at(th, v, v.ptr, 0, c) }
}
unsafe fn list_at(th: Th, v: Gc<MemoryView>, p: *const u8, dim: usize, c: u8) -> R<Value> {
    if dim == v.ndim {
        return unsafe { unpack(th, p, c) };
    }
    let step = v.strides()[dim];
    // SAFETY: of this dimension the view has so many, `step` bytes apart.
    list_of(th, v.extents()[dim] as usize, |i| unsafe {
        list_at(th, v, p.wrapping_offset((i as i64 * step) as isize), dim + 1, c)
    })
}

fn cast(th: Th, a: Args) -> R<Value> {
    let v = live(th, a[0].unwrap())?;
    let f = a[1].unwrap();
    let Some(fs) = f.cast::<Str>() else {
        return Err(
            th.type_error(format!("cast() argument 'format' must be str, not {}", th.arg_type_name(f)))
        );
    };
    if !v.is_c_contiguous() {
        return Err(th.type_error("memoryview: casts are restricted to C-contiguous views"));
    }
    if (a[2].is_some() || v.ndim != 1) && v.extents().contains(&0) {
        return Err(th.type_error("memoryview: cannot cast view with zeros in shape or strides"));
    }
    let shape = match a[2] {
        None => None,
        Some(s) => Some(cast_shape(th, s, v)?),
    };
    let Some(c) = fs.as_str().and_then(native_format) else {
        return Err(th.value_error(
            "memoryview: destination format must be a native single character format prefixed with an optional '@'",
        ));
    };
    let Some(from) = native_format(v.format()) else {
        return Err(th.value_error(
            "memoryview: source format must be a native single character format prefixed with an optional '@'",
        ));
    };
    let is_byte = |c: u8| b"bBc".contains(&c);
    if !is_byte(from) && !is_byte(c) {
        return Err(th.type_error("memoryview: cannot cast between two non-byte formats"));
    }
    let size = item_size(c).expect("a native format");
    if !v.nbytes.is_multiple_of(size) {
        return Err(th.type_error("memoryview: length is not a multiple of itemsize"));
    }
    let shape = match shape {
        None => vec![(v.nbytes / size) as i64],
        Some(s) => {
            let total = s.iter().try_fold(size as i64, |n, d| n.checked_mul(*d));
            match total {
                None => return Err(th.value_error("memoryview.cast(): product(shape) > SSIZE_MAX")),
                Some(n) if n != v.nbytes as i64 => {
                    return Err(th.type_error("memoryview: product(shape) * itemsize != buffer size"));
                }
                _ => s,
            }
        }
    };
    let r = duplicate(th, v)?;
    unsafe { (*r.as_ptr()).itemsize = size };
    let exact = th.exact_str(fs)?;
    th.store(r, &r.format, exact);
    r.dims.init(None);
    set_dims(th, r, &shape, None)?;
    Ok(r.value())
}
fn cast_shape(th: Th, s: Value, v: Gc<MemoryView>) -> R<Vec<i64>> {
    if !s.is_kind(Kind::List) && !s.is_kind(Kind::Tuple) {
        return Err(th.type_error("shape must be a list or a tuple"));
    }
    let items = super::str_methods::items_of(&s);
    if items.len() > 64 {
        return Err(th.value_error("memoryview: number of dimensions must not exceed 64"));
    }
    if v.ndim != 1 && items.len() != 1 {
        return Err(th.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
    }
    items
        .iter()
        .map(|x| {
            if !int::is_int(*x) {
                return Err(th.type_error("memoryview.cast(): elements of shape must be integers"));
            }
            match int::to_i64(*x) {
                Some(n) if n > 0 => Ok(n),
                Some(_) => Err(th.value_error("memoryview.cast(): elements of shape must be integers > 0")),
                None => Err(th.overflow_error("Python int too large to convert to C ssize_t")),
            }
        })
        .collect()
}
fn toreadonly(th: Th, a: Args) -> R<Value> {
    let r = duplicate(th, live(th, a[0].unwrap())?)?;
    r.state.fetch_or(memoryview::state::READONLY, Relaxed);
    Ok(r.value())
}
fn from_flags(th: Th, a: Args) -> R<Value> {
    let flags = super::str_methods::c_int(th, a[2].unwrap())?;
    Ok(memoryview::from_object(th, a[1].unwrap(), flags as u32)?.value())
}
fn count(th: Th, a: Args) -> R<Value> {
    let it = th.iter(a[0].unwrap())?;
    let mut n = 0;
    while let Some(x) = th.next(it)? {
        if th.eq(x, a[1].unwrap())? {
            n += 1;
        }
    }
    Ok(Value::fix(n))
}
fn index(th: Th, a: Args) -> R<Value> {
    let bound = |v: Option<Value>, default: i64| match v {
        None => Ok(default),
        Some(v) if v.is_fix() || th.type_of(v).slots.index.is_some() => th.index_clamped(v),
        Some(_) => Err(th.type_error("slice indices must be integers or have an __index__ method")),
    };
    let (start, stop) = (bound(a[2], 0)?, bound(a[3], i64::MAX)?);
    let v = live(th, a[0].unwrap())?;
    match v.ndim {
        0 => return Err(th.type_error("invalid lookup on 0-dim memory")),
        1 => {}
        _ => return Err(th.not_implemented_error("multi-dimensional lookup is not implemented")),
    }
    let n = v.extents()[0];
    let clamp = |i: i64| if i < 0 { i.saturating_add(n).max(0) } else { i };
    let (start, stop) = (clamp(start), clamp(stop).min(n));
    let c = format_of(th, v)?;
    for i in start..stop {
        check_released(th, v)?;
        let p = v.ptr.wrapping_offset((i * v.strides()[0]) as isize);
        // SAFETY: `i` is below the length, and the view was not released when it was asked just now.
        let x = unsafe { unpack(th, p, c)? };
        if th.eq(x, a[1].unwrap())? {
            return Ok(Value::fix(i));
        }
    }
    Err(th.value_error("memoryview.index(x): x not found"))
}

// -- iteration

/// Iterator over the items of the first (and only) dimension.
#[repr(C)]
pub struct MemoryIter {
    pub h: Header,
    /// Null once it is exhausted.
    pub seq: Slot,
    pub pos: AtomicU64,
}
pub static MEMORY_ITER_TYPE: NativeType = NativeType {
    name: "memory_iterator",
    kind: Kind::Native,
    size: size_of::<MemoryIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { iter: Some(|_, v| Ok(v)), iternext: Some(next), ..Slots::NONE },
    // SAFETY: the collector calls it with instances of this type.
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const MemoryIter)).seq.as_ptr()) }),
    ..NativeType::DEFAULT
};
pub static MEMORY_ITER: TypeCell = TypeCell::new(&MEMORY_ITER_TYPE);

pub fn iter(th: Th, o: Value) -> R<Value> {
    let v = live(th, o)?;
    match v.ndim {
        0 => return Err(th.type_error("invalid indexing of 0-dim memory")),
        1 => {}
        _ => return Err(no_sub_views(th)),
    }
    format_of(th, v)?;
    let it = super::object::new_instance(th, th.make_type(&MEMORY_ITER))?;
    // SAFETY: made of that type.
    let i: Gc<MemoryIter> = unsafe { it.cast_unchecked() };
    th.store(i, &i.seq, o);
    Ok(it)
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    // SAFETY: the slot is called with instances of the type that has it.
    let it: Gc<MemoryIter> = unsafe { o.cast_unchecked() };
    let Some(s) = it.seq.get() else { return Ok(None) };
    let v = live(th, s)?;
    let i = it.pos.load(Relaxed) as i64;
    if i >= v.extents()[0] {
        it.seq.init(None);
        return Ok(None);
    }
    it.pos.store(i as u64 + 1, Relaxed);
    let c = format_of(th, v)?;
    let p = v.ptr.wrapping_offset((i * v.strides()[0]) as isize);
    // SAFETY: `i` is below the length, and the view is live.
    unsafe { unpack(th, p, c) }.map(Some)
}
