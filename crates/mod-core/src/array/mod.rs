//! `array`: arrays of numbers or characters.
//!
//! # Invariants
//! - The items are the first `len * size` bytes of a [`RawBuf`], or there is none. The type code never changes.
//! - While buffers of an array are exported nothing changes its length, so nothing replaces the storage.
//!   They are counted under its lock.
//! - Changes of length happen under the object's lock. Readers take the storage once and clamp to what it holds;
//!   `len` is never raised before the storage has room.
//! - Python code (conversion of an item) runs before the place of the item is looked up.

mod items;
mod methods;

use crate::itertools::{itself, make};
use crate::native_layout;
use adder_vm::builtins::buffer::{self, Export, ExportsCell, flag};
use adder_vm::builtins::{bytearray, bytes, object, ops, slicing, str_};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub static MODULE: NativeModule = NativeModule {
    name: "array",
    doc: "This module defines an object type which can efficiently represent\nan array of basic values: characters, integers, floating-point\nnumbers.  Arrays are sequence types and behave very much like lists,\nexcept that the type of objects stored in them is constrained.\n",
    functions: &[function(
        "_array_reconstructor",
        "($module, arraytype, typecode, mformat_code, items,\n                     /)",
        "Internal. Used for pickling support.",
        methods::reconstruct,
    )],
    types: &[&ARRAY],
    init: Some(|th, m| {
        let t = th.make_type(&ARRAY).value();
        m.put(th, "ArrayType", t)?;
        m.put(th, "typecodes", th.str_bytes(items::TYPECODES))?;
        let c = adder_vm::import::import_attr(th, "collections.abc", "MutableSequence")?;
        th.call_method(c, th.intern("register"), &[t])?;
        Ok(())
    }),
};

native_layout! { ArrayObj { buf: RawBuf; len: AtomicU64, exports: ExportsCell, code: Plain<u64> } }

pub static ARRAY_TYPE: NativeType = NativeType {
    name: "array.array",
    kind: Kind::Native,
    size: ArrayObj::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SEQUENCE | tflags::SHOWN_AS_HEAP,
    doc: methods::DOC,
    slots: Slots {
        new: Some(methods::new),
        repr: Some(methods::repr),
        hash: Some(adder_vm::slot_defs::hash_not_implemented),
        richcompare: Some(richcompare),
        iter: Some(|th, o| {
            let i = make(th, th.make_type(&ITER).value())?;
            let x = ArrayIter::of(i);
            th.store(x, &x.array, o);
            Ok(i)
        }),
        release_buffer: Some(adder_vm::builtins::memoryview::release_of),
        get_buffer: Some(|th, o, flags| {
            let a = ArrayObj::of(o);
            let (counter, b, keep) = {
                // Between two changes, not within one.
                a.exports.ensure(th, o);
                let _g = th.lock(a);
                (a.exports.acquire(th, o), a.bytes(), a.buf.any())
            };
            let (ptr, nbytes) = (b.as_ptr() as *mut u8, b.len());
            let code = a.code();
            buffer::export(
                th,
                o,
                Export {
                    ptr,
                    nbytes,
                    readonly: false,
                    itemsize: a.size(),
                    format: Some(items::format(code)).filter(|f| flags & flag::FORMAT != 0 && *f != "B"),
                    shape: None,
                    strides: None,
                    keep,
                    counter,
                },
                flags,
            )
        }),
        len: Some(|_, o| Ok(ArrayObj::of(o).len())),
        getitem: Some(getitem),
        setitem: Some(setitem),
        contains: Some(|th, o, v| Ok(find(th, ArrayObj::of(o), v, 0, usize::MAX)?.is_some())),
        concat: Some(|th, a, b| {
            let x = ArrayObj::of(a);
            let Some(y) = as_array(th, b) else {
                return Err(
                    th.type_error(format!("can only append array (not \"{}\") to array", th.type_name_of(b)))
                );
            };
            if x.code() != y.code() {
                return Err(bad_argument(th));
            }
            let (p, q) = (x.bytes(), y.bytes());
            let (c, out) = sized(th, x.code(), p.len() + q.len())?;
            out[..p.len()].copy_from_slice(p);
            out[p.len()..].copy_from_slice(q);
            Ok(c)
        }),
        iconcat: Some(|th, a, b| {
            if as_array(th, b).is_none() {
                return Err(th.type_error(format!(
                    "can only extend array with array (not \"{}\")",
                    th.type_name_of(b)
                )));
            }
            methods::extend_by_array(th, ArrayObj::of(a), b)?;
            Ok(a)
        }),
        repeat: Some(|th, o, n| {
            let a = ArrayObj::of(o);
            let b = a.bytes();
            let n = n.max(0) as usize;
            let Some(total) = b.len().checked_mul(n) else { return Err(th.memory_error()) };
            let (c, out) = sized(th, a.code(), total)?;
            repeat_into(out, b);
            Ok(c)
        }),
        irepeat: Some(|th, o, n| {
            let a = ArrayObj::of(o);
            let had = a.bytes().len();
            let n = n.max(0) as usize;
            let Some(total) = had.checked_mul(n) else { return Err(th.memory_error()) };
            if had == 0 {
                return Ok(o);
            }
            a.splice(th, had.min(total), had - had.min(total), total - had.min(total))?;
            let all = a.bytes_mut();
            if all.len() > had {
                let (head, rest) = all.split_at_mut(had);
                repeat_into(rest, head);
            }
            Ok(o)
        }),
        ..Slots::NONE
    },
    methods: methods::METHODS,
    getset: &[
        getter("typecode", "the typecode character used to create the array", |_, o| {
            Ok(str_::ascii_char(Some(ArrayObj::of(o).code())))
        }),
        getter("itemsize", "the size, in bytes, of one array item", |th, o| {
            Ok(th.int(ArrayObj::of(o).size() as i64))
        }),
    ],
    trace: Some(ArrayObj::trace),
    numbers: Some(&Numbers {
        buf: offset_of!(ArrayObj, buf) as u32,
        len: offset_of!(ArrayObj, len) as u32,
        code: offset_of!(ArrayObj, code) as u32,
        form: items::form,
    }),
    drop: Some(|o| unsafe { (*(o.as_ptr() as *const ArrayObj)).exports.free() }),
    ..NativeType::DEFAULT
};
pub static ARRAY: TypeCell = TypeCell::new(&ARRAY_TYPE);

fn as_array(th: Th, v: Value) -> Option<Gc<ArrayObj>> {
    (v.is_kind(Kind::Native) && th.isinstance_exact(v, ARRAY.get())).then(|| ArrayObj::of(v))
}
/// `PyErr_BadArgument`.
#[cold]
fn bad_argument(th: Th) -> adder_vm::err::Raised {
    th.type_error("bad argument type for built-in operation")
}

// -- storage

fn storage(th: Th, cap: usize) -> R<Gc<RawBuf>> {
    if cap > 1 << 46 {
        return Err(th.memory_error());
    }
    unsafe {
        let b = th.alloc_var::<RawBuf>(16 + cap)?;
        (*b.as_ptr()).len = cap;
        Ok(b)
    }
}
fn data(b: Gc<RawBuf>) -> *mut u8 {
    b.after::<u8>()
}
/// An array with so many bytes of items for the caller to write.
fn sized(th: Th, code: u8, nbytes: usize) -> R<(Value, &'static mut [u8])> {
    sized_of_type(th, th.make_type(&ARRAY).value(), code, nbytes)
}
fn sized_of_type(th: Th, t: Value, code: u8, nbytes: usize) -> R<(Value, &'static mut [u8])> {
    let buf = if nbytes == 0 { None } else { Some(storage(th, nbytes)?) };
    let o = make(th, t)?;
    let a = ArrayObj::of(o);
    a.code.set(code as u64);
    let Some(buf) = buf else { return Ok((o, &mut [])) };
    let out = unsafe { std::slice::from_raw_parts_mut(data(buf), nbytes) };
    out.fill(0);
    th.store(a, &a.buf, buf);
    a.len.store((nbytes / items::size(code)) as u64, Release);
    Ok((o, out))
}
fn repeat_into(out: &mut [u8], b: &[u8]) {
    match b {
        [] => {}
        [x] => out.fill(*x),
        _ => out.chunks_mut(b.len()).for_each(|c| c.copy_from_slice(&b[..c.len()])),
    }
}

impl ArrayObj {
    #[inline(always)]
    fn code(&self) -> u8 {
        self.code.get() as u8
    }
    #[inline(always)]
    fn size(&self) -> usize {
        items::size(self.code())
    }
    #[inline(always)]
    fn len(&self) -> usize {
        self.len.load(Acquire) as usize
    }
    /// The items as they are now. The storage is not reused while the slice is on the native stack.
    fn bytes(&self) -> &[u8] {
        let Some(b) = self.buf.get() else { return &[] };
        let n = (self.len() * self.size()).min(b.len);
        unsafe { std::slice::from_raw_parts(data(b), n) }
    }
    #[allow(clippy::mut_from_ref)]
    fn bytes_mut(&self) -> &mut [u8] {
        let b = self.bytes();
        // SAFETY: as the slice above; any bytes are items, whoever writes them.
        unsafe { std::slice::from_raw_parts_mut(b.as_ptr() as *mut u8, b.len()) }
    }
    /// Item `i` as it is stored; None: out of range.
    #[inline(always)]
    fn word(&self, i: usize) -> Option<u64> {
        if i >= self.len() {
            return None;
        }
        let b = self.buf.get()?;
        let size = self.size();
        if (i + 1) * size > b.len {
            return None;
        }
        let p = data(b);
        // SAFETY: the storage has the item.
        Some(unsafe {
            match size {
                1 => *p.add(i) as u64,
                2 => *(p as *const u16).add(i) as u64,
                4 => *(p as *const u32).add(i) as u64,
                _ => *(p as *const u64).add(i),
            }
        })
    }
    #[inline(always)]
    fn set_word(&self, i: usize, w: u64) -> bool {
        if i >= self.len() {
            return false;
        }
        let Some(b) = self.buf.get() else { return false };
        let size = self.size();
        if (i + 1) * size > b.len {
            return false;
        }
        let p = data(b);
        // SAFETY: as above.
        unsafe {
            match size {
                1 => *p.add(i) = w as u8,
                2 => *(p as *mut u16).add(i) = w as u16,
                4 => *(p as *mut u32).add(i) = w as u32,
                _ => *(p as *mut u64).add(i) = w,
            }
        }
        true
    }
}

trait Grow {
    fn check_exports(self, th: Th) -> R<()>;
    fn splice(self, th: Th, from: usize, old: usize, new: usize) -> R<()>;
    fn push(self, th: Th, w: u64) -> R<()>;
}
impl Grow for Gc<ArrayObj> {
    /// Fails while buffers are exported. Views that nobody can release any more are discounted by a collection first.
    fn check_exports(self, th: Th) -> R<()> {
        if bytearray::in_use(th, &self.exports) {
            return Err(th.buffer_error("cannot resize an array that is exporting buffers"));
        }
        Ok(())
    }
    /// Replaces `old` bytes at `from` by room for `new`. The array must not be shorter.
    fn splice(self, th: Th, from: usize, old: usize, new: usize) -> R<()> {
        if old == new {
            return Ok(());
        }
        let (a, size) = (self, self.size());
        loop {
            self.check_exports(th)?;
            let len = a.bytes().len();
            let (from, old) = (from.min(len), old.min(len - from.min(len)));
            let total = len - old + new;
            let cap = a.buf.get().map_or(0, |b| b.len);
            let keep = total <= cap && total * 4 >= cap;
            let room = if total > cap { total + total / 4 + 4 * size } else { total };
            let fresh = if keep { None } else { Some(storage(th, room)?) };
            let _g = th.lock(a);
            let b = a.bytes();
            // Another thread may have changed it meanwhile, or have begun to look at it.
            if b.len() != len || a.exports.count() != 0 {
                continue;
            }
            let tail = len - from - old;
            let p = b.as_ptr() as *mut u8;
            // SAFETY: both storages have room for `total`, and under the lock nobody replaces or exports it.
            unsafe {
                match fresh {
                    None => {
                        if total < len {
                            a.len.store((total / size) as u64, Release);
                        }
                        std::ptr::copy(p.add(from + old), p.add(from + new), tail);
                        if th.multi() {
                            // Others may see items before they are written.
                            std::ptr::write_bytes(p.add(from), 0, new);
                        }
                    }
                    Some(f) => {
                        let d = data(f);
                        std::ptr::copy_nonoverlapping(p, d, from);
                        std::ptr::copy_nonoverlapping(p.add(from + old), d.add(from + new), tail);
                        std::ptr::write_bytes(d.add(from), 0, new);
                        // A reader in between sees a short array, never one beyond its storage.
                        a.len.store(0, Release);
                        th.store(a, &a.buf, f);
                    }
                }
            }
            a.len.store((total / size) as u64, Release);
            return Ok(());
        }
    }
    #[inline]
    fn push(self, th: Th, w: u64) -> R<()> {
        let (n, size) = (self.len(), self.size());
        if !th.multi() && self.exports.count() == 0 && self.buf.get().is_some_and(|b| (n + 1) * size <= b.len)
        {
            self.len.store(n as u64 + 1, Release);
            self.set_word(n, w);
            return Ok(());
        }
        self.splice(th, n * size, 0, size)?;
        self.set_word(n, w);
        Ok(())
    }
}

// -- items and slices

fn find(th: Th, a: Gc<ArrayObj>, v: Value, from: usize, to: usize) -> R<Option<usize>> {
    let mut i = from;
    while i < to {
        let Some(w) = a.word(i) else { break };
        let x = items::decode(th, a.code(), w)?;
        if x.is(v) && x.is_fix() || th.eq(x, v)? {
            return Ok(Some(i));
        }
        i += 1;
    }
    Ok(None)
}

fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let a = ArrayObj::of(o);
    if let Some(s) = k.cast::<Slice>() {
        let parts = slicing::unpack(th, s)?;
        let (b, size) = (a.bytes(), a.size());
        let span = slicing::adjust(b.len() / size, parts);
        let (c, out) = sized(th, a.code(), span.len * size)?;
        if span.step == 1 {
            let at = span.start as usize * size;
            out.copy_from_slice(&b[at..at + out.len()]);
        } else {
            for i in 0..span.len {
                let at = (span.start + i as i64 * span.step) as usize * size;
                out[i * size..(i + 1) * size].copy_from_slice(&b[at..at + size]);
            }
        }
        return Ok(c);
    }
    let i = match k.as_fix() {
        Some(i) => i,
        None if th.type_of(k).slots.index.is_some() => th.index_i64(k)?,
        None => return Err(th.type_error("array indices must be integers")),
    };
    match slicing::index(i, a.len()).and_then(|i| a.word(i)) {
        Some(w) => items::decode(th, a.code(), w),
        None => Err(th.index_error("array index out of range")),
    }
}

fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let a = ArrayObj::of(o);
    if let Some(s) = k.cast::<Slice>() {
        return set_slice(th, a, s, v);
    }
    let i = match k.as_fix() {
        Some(i) => i,
        None if th.type_of(k).slots.index.is_some() => th.index_i64(k)?,
        None => return Err(th.type_error("array indices must be integers")),
    };
    let out_of_range = || Err(th.index_error("array assignment index out of range"));
    let Some(j) = slicing::index(i, a.len()) else { return out_of_range() };
    let Some(v) = v else {
        let size = a.size();
        return a.splice(th, j * size, size, 0);
    };
    let w = items::encode(th, a.code(), v)?;
    if a.set_word(j, w) { Ok(()) } else { out_of_range() }
}

fn set_slice(th: Th, a: Gc<ArrayObj>, s: Gc<Slice>, v: Option<Value>) -> R<()> {
    let parts = slicing::unpack(th, s)?;
    let size = a.size();
    let with: &[u8] = match v {
        None => &[],
        Some(v) => {
            let Some(b) = as_array(th, v) else {
                return Err(th.type_error(format!(
                    "can only assign array (not \"{}\") to array slice",
                    th.type_name_of(v)
                )));
            };
            if b == a {
                let (c, out) = sized(th, a.code(), a.bytes().len())?;
                out.copy_from_slice(a.bytes());
                return set_slice(th, a, s, Some(c));
            }
            if b.code() != a.code() {
                return Err(bad_argument(th));
            }
            unsafe { &*(b.bytes() as *const [u8]) }
        }
    };
    let needed = with.len() / size;
    let mut span = slicing::adjust(a.len(), parts);
    if span.len == 0 {
        span.stop = span.start;
    }
    if needed == 0 || span.len != needed {
        a.check_exports(th)?;
    }
    if span.step == 1 {
        let at = span.start as usize * size;
        a.splice(th, at, span.len * size, with.len())?;
        if let Some(out) = a.bytes_mut().get_mut(at..at + with.len()) {
            out.copy_from_slice(with);
        }
    } else if needed == 0 {
        // Deletion of every n-th item: the rest moves down.
        if span.len == 0 {
            return Ok(());
        }
        let (first, step) = if span.step < 0 {
            (span.start + span.step * (span.len as i64 - 1), -span.step)
        } else {
            (span.start, span.step)
        };
        let (first, step) = (first as usize, step as usize);
        let b = a.bytes_mut();
        let n = b.len() / size;
        let (mut to, mut next, mut left) = (first, first, span.len);
        for i in first..n {
            if left > 0 && i == next {
                next += step;
                left -= 1;
                continue;
            }
            b.copy_within(i * size..(i + 1) * size, to * size);
            to += 1;
        }
        a.splice(th, to * size, (n - to) * size, 0)?;
    } else {
        if needed != span.len {
            return Err(th.value_error(format!(
                "attempt to assign array of size {needed} to extended slice of size {}",
                span.len
            )));
        }
        let b = a.bytes_mut();
        for i in 0..needed {
            let at = (span.start + i as i64 * span.step) as usize * size;
            if let Some(d) = b.get_mut(at..at + size) {
                d.copy_from_slice(&with[i * size..(i + 1) * size]);
            }
        }
    }
    Ok(())
}

fn richcompare(th: Th, x: Value, y: Value, op: CmpOp) -> R<Value> {
    let (Some(a), Some(b)) = (as_array(th, x), as_array(th, y)) else { return Ok(NOT_IMPLEMENTED()) };
    let by_len = || Ok(Value::bool(op.holds(a.len().cmp(&b.len()))));
    if a.len() != b.len() && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let n = a.len().min(b.len());
    if a.code() == b.code() && !matches!(a.code(), b'f' | b'd') {
        // Equal bytes are equal items.
        let size = a.size();
        let (p, q) = (a.bytes(), b.bytes());
        let same = p.chunks_exact(size).zip(q.chunks_exact(size)).take_while(|(c, d)| c == d).count();
        if same >= n {
            return by_len();
        }
        return match (a.word(same), b.word(same)) {
            (Some(v), Some(w)) if items::is_unicode(a.code()) => Ok(Value::bool(op.holds(v.cmp(&w)))),
            (Some(v), Some(w)) => {
                let (v, w) = (items::decode(th, a.code(), v)?, items::decode(th, b.code(), w)?);
                ops::compare_value(th, v, w, op)
            }
            _ => by_len(),
        };
    }
    for i in 0..n {
        let (Some(v), Some(w)) = (a.word(i), b.word(i)) else { break };
        let (v, w) = (items::decode(th, a.code(), v)?, items::decode(th, b.code(), w)?);
        let nan = |v: Value| v.is_kind(Kind::Float) || v.is_flo();
        // `th.eq` takes the same object for equal, and NaNs may be the same immediate here.
        let same = if nan(v) { th.truth(ops::compare_value(th, v, w, CmpOp::Eq)?)? } else { th.eq(v, w)? };
        if !same {
            return match op {
                CmpOp::Eq => Ok(FALSE()),
                CmpOp::Ne => Ok(TRUE()),
                _ => ops::compare_value(th, v, w, op),
            };
        }
    }
    by_len()
}

// -- iterator

native_layout! { ArrayIter { array; i: Plain<usize> } }
static ITER_TYPE: NativeType = NativeType {
    name: "array.arrayiterator",
    kind: Kind::Native,
    size: ArrayIter::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots {
        iter: Some(itself),
        iternext: Some(|th, o| {
            let x = ArrayIter::of(o);
            let Some(a) = x.array.get().map(ArrayObj::of) else { return Ok(None) };
            match a.word(x.i.get()) {
                Some(w) => {
                    x.i.set(x.i.get() + 1);
                    items::decode(th, a.code(), w).map(Some)
                }
                None => {
                    x.array.init(None);
                    Ok(None)
                }
            }
        }),
        ..Slots::NONE
    },
    methods: &[
        method("__reduce__", "($self, /)", "Return state information for pickling.", |th, a| {
            let x = ArrayIter::of(a[0].unwrap());
            let iter = adder_vm::builtins::builtin(th, "iter")?;
            Ok(match x.array.get() {
                Some(a) => th.tuple(&[iter, th.tuple(&[a]), th.int(x.i.get() as i64)]),
                None => th.tuple(&[iter, th.tuple(&[th.tuple(&[])])]),
            })
        }),
        method("__setstate__", "($self, state, /)", "Set state information for unpickling.", |th, a| {
            let x = ArrayIter::of(a[0].unwrap());
            let v = a[1].unwrap();
            if !adder_vm::builtins::int::is_int(v) {
                return Err(th.type_error("an integer is required"));
            }
            let n = th.index_i64(v)?.max(0) as usize;
            if let Some(a) = x.array.get() {
                x.i.set(n.min(ArrayObj::of(a).len()));
            }
            Ok(NONE())
        }),
    ],
    trace: Some(ArrayIter::trace),
    ..NativeType::DEFAULT
};
static ITER: TypeCell = TypeCell::new(&ITER_TYPE);

/// The address of the items, which stays.
fn address(th: Th, a: Gc<ArrayObj>) -> u64 {
    match a.buf.get() {
        Some(b) => {
            object::id(th, b.value());
            a.bytes().as_ptr() as u64
        }
        None => 0,
    }
}
fn to_bytes(th: Th, a: Gc<ArrayObj>) -> R<Value> {
    Ok(bytes::new(th, a.bytes())?.value())
}
