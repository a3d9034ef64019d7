//! `bytearray`: a growing array of bytes. The methods it shares with `bytes` are in `bytes_methods`.
//!
//! The bytes are `len` of those of a [`RawBuf`] from `start`: removing at the front moves `start`. While buffers of it are
//! exported nothing replaces or resizes the storage. Changes of shape are made under the object's lock; readers take the
//! storage once and clamp to what it holds.

use super::buffer::{self, Buffer, Export, ExportsCell, flag};
use super::bytes::{byte, constructor_args, contains, count, encoded_source, index_arg};
use super::{bytes_tables, int, percent, slicing, str_type};
use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

#[repr(C)]
pub struct ByteArray {
    pub h: Header,
    /// [`RawBuf`] or null.
    pub buf: Slot,
    pub start: AtomicU64,
    pub len: AtomicU64,
    pub exports: ExportsCell,
}
unsafe impl Layout for ByteArray {
    const KIND: Kind = Kind::ByteArray;
}

const RANGE: &str = "byte must be in range(0, 256)";

pub static BYTEARRAY_TYPE: NativeType = NativeType {
    name: "bytearray",
    kind: Kind::ByteArray,
    size: size_of::<ByteArray>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nConstruct a mutable bytearray object from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - a bytes or a buffer object\n  - any object implementing the buffer API.\n  - an integer",
    slots: Slots {
        new: Some(|th, t, _| super::object::new_instance(th, unsafe { t.cast_unchecked() })),
        init: Some(init),
        repr: Some(repr),
        str: Some(|th, v| {
            super::bytes::bytes_warning(th, "str() on a bytearray instance")?;
            repr(th, v)
        }),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(richcompare),
        iter: Some(super::iters::new_bytearray_iter),
        get_buffer: Some(get_buffer),
        rem: Some(|th, a, b| {
            if a.is_kind(Kind::ByteArray) { percent::format_bytes(th, a, b) } else { Ok(NOT_IMPLEMENTED()) }
        }),
        len: Some(|_, v| Ok(this(v).bytes().len())),
        getitem: Some(getitem),
        setitem: Some(setitem),
        concat: Some(concat),
        iconcat: Some(iconcat),
        repeat: Some(repeat),
        irepeat: Some(irepeat),
        contains: Some(contains),
        ..Slots::NONE
    },
    methods: bytes_tables::BYTEARRAY,
    ..NativeType::DEFAULT
};
pub static BYTEARRAY: TypeCell = TypeCell::new(&BYTEARRAY_TYPE);

impl ByteArray {
    /// The bytes as they are now. The storage is not reused while the slice is on the native stack.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        let Some(b) = (unsafe { self.buf.gc_opt::<RawBuf>() }) else { return &[] };
        let start = (self.start.load(Acquire) as usize).min(b.len);
        let len = (self.len.load(Acquire) as usize).min(b.len - start);
        unsafe { std::slice::from_raw_parts((b.as_ptr().add(1) as *const u8).add(start), len) }
    }
    #[allow(clippy::mut_from_ref)]
    fn bytes_mut(&self) -> &mut [u8] {
        let b = self.bytes();
        unsafe { std::slice::from_raw_parts_mut(b.as_ptr() as *mut u8, b.len()) }
    }
    fn cap(&self) -> usize {
        unsafe { self.buf.gc_opt::<RawBuf>() }.map_or(0, |b| b.len)
    }
}

fn this(v: Value) -> Gc<ByteArray> {
    v.cast().expect("a bytearray")
}

fn raw(th: Th, cap: usize) -> R<Gc<RawBuf>> {
    if cap > u32::MAX as usize - 64 {
        return Err(th.memory_error());
    }
    unsafe {
        let b = th.alloc_var::<RawBuf>(16 + cap)?;
        (*b.as_ptr()).len = cap;
        Ok(b)
    }
}

/// A bytearray with a copy of these bytes.
pub fn new(th: Th, b: &[u8]) -> R<Value> {
    let o = super::object::new_instance(th, BYTEARRAY.get())?;
    if !b.is_empty() {
        set_all(th, this(o), b)?;
    }
    Ok(o)
}
/// Replaces the content by a copy of `b`, which may be part of it.
fn set_all(th: Th, a: Gc<ByteArray>, b: &[u8]) -> R<()> {
    let buf = raw(th, b.len())?;
    unsafe { std::ptr::copy_nonoverlapping(b.as_ptr(), buf.as_ptr().add(1) as *mut u8, b.len()) };
    replace_storage(th, a, buf, 0, b.len());
    Ok(())
}
fn replace_storage(th: Th, a: Gc<ByteArray>, buf: Gc<RawBuf>, start: usize, len: usize) {
    // A reader in between sees a short array, never one beyond its storage.
    a.len.store(0, Release);
    a.start.store(start as u64, Release);
    th.store(a, &a.buf, buf.value());
    a.len.store(len as u64, Release);
}

/// Fails while buffers are exported. Views that nobody can release any more are discounted by a collection first.
fn check_exports(th: Th, a: Gc<ByteArray>) -> R<()> {
    if in_use(th, &a.exports) {
        return Err(th.buffer_error("Existing exports of data: object cannot be re-sized"));
    }
    Ok(())
}
/// Whether buffers are exported; views that became unreachable give up theirs first.
#[inline]
pub fn in_use(th: Th, x: &ExportsCell) -> bool {
    x.count() != 0 && {
        collect_views(th, x);
        x.count() != 0
    }
}
/// Such a view is young as a rule, so it seldom takes a full collection.
#[cold]
fn collect_views(th: Th, x: &ExportsCell) {
    let below = th.native_base.get();
    for major in [false, true] {
        th.m.heap.collect_disowned(&th.m, major, below, &|o| unsafe { super::memoryview::disown(o) });
        if x.count() == 0 {
            return;
        }
        // Views made by classes have finalizers.
        crate::pending::deaths(th);
        if x.count() == 0 {
            return;
        }
    }
}

/// Replaces the bytes `from..from + old` by `new` others, which the caller writes.
fn splice(th: Th, a: Gc<ByteArray>, from: usize, old: usize, new: usize) -> R<()> {
    let len = a.bytes().len();
    debug_assert!(from + old <= len);
    if old == new {
        return Ok(());
    }
    check_exports(th, a)?;
    let total = len - old + new;
    let tail = len - from - old;
    let start = a.start.load(Relaxed) as usize;
    let cap = a.cap();
    // In place: the front moves, or the tail does.
    if from == 0 && new < old {
        let d = old - new;
        let _g = th.lock(a);
        a.len.store(total as u64, Release);
        a.start.store((start + d) as u64, Release);
        return Ok(());
    }
    if start + total <= cap && (total >= cap / 4 || cap <= 64) {
        let _g = th.lock(a);
        unsafe {
            let p = a.bytes().as_ptr() as *mut u8;
            std::ptr::copy(p.add(from + old), p.add(from + new), tail);
        }
        a.len.store(total as u64, Release);
        return Ok(());
    }
    let room = if total > cap { total + total / 8 + if total < 9 { 3 } else { 6 } } else { total };
    let buf = raw(th, if total == 0 { 0 } else { room })?;
    let _g = th.lock(a);
    let b = a.bytes();
    if b.len() != len {
        return Err(th.buffer_error("bytearray changed by another thread"));
    }
    unsafe {
        let d = buf.as_ptr().add(1) as *mut u8;
        std::ptr::copy_nonoverlapping(b.as_ptr(), d, from);
        std::ptr::copy_nonoverlapping(b.as_ptr().add(from + old), d.add(from + new), tail);
    }
    replace_storage(th, a, buf, 0, total);
    Ok(())
}
/// Replaces a range by bytes.
fn replace_range(th: Th, a: Gc<ByteArray>, from: usize, old: usize, with: &[u8]) -> R<()> {
    splice(th, a, from, old, with.len())?;
    if let Some(d) = a.bytes_mut().get_mut(from..from + with.len()) {
        d.copy_from_slice(with);
    }
    Ok(())
}
pub fn extend(th: Th, a: Gc<ByteArray>, b: &[u8]) -> R<()> {
    let n = a.bytes().len();
    replace_range(th, a, n, 0, b)
}

fn init(th: Th, o: Value, args: RawArgs) -> R<()> {
    let args = constructor_args(th, "bytearray", args)?;
    let a = this(o);
    let n = a.bytes().len();
    if n > 0 {
        splice(th, a, 0, n, 0)?;
    }
    if let Some(b) = encoded_source(th, &args)? {
        return extend(th, a, buffer::bytes_of(b).expect("encoding gives bytes"));
    }
    let Some(x) = args[0] else { return Ok(()) };
    if (x.is_fix() || th.type_of(x).slots.index.is_some())
        && let Some(n) = count(th, x)?
    {
        splice(th, a, 0, 0, n)?;
        a.bytes_mut().fill(0);
        return Ok(());
    }
    if buffer::is_buffer(th, x) {
        let b = buffer::to_bytes_object(th, x)?;
        return extend(th, a, b.bytes());
    }
    if th.type_of(x).slots.iter.is_none() && th.type_of(x).slots.getitem.is_none() {
        return Err(th.type_error(format!("cannot convert '{}' object to bytearray", th.type_name_of(x))));
    }
    let mut out = Vec::new();
    super::bytes::from_iterable(th, x, &mut out, RANGE)?;
    extend(th, a, &out)
}

fn repr(th: Th, v: Value) -> R<Value> {
    super::scratch::with(|out| {
        out.extend_from_slice(th.type_of(v).name_str().as_bytes());
        let a = this(v);
        let b = a.bytes();
        // Unlike with bytes, a single quote is escaped between double ones too.
        let quote = if b.contains(&b'\'') && !b.contains(&b'"') { b'"' } else { b'\'' };
        out.extend_from_slice(&[b'(', b'b', quote]);
        adder_text::repr::bytes_escape(b, b'\'', out);
        out.extend_from_slice(&[quote, b')']);
        th.try_str(out)
    })
}

fn richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !buffer::is_buffer(th, a) || !buffer::is_buffer(th, b) {
        if a.is_kind(Kind::Str) || b.is_kind(Kind::Str) {
            super::bytes::bytes_warning(th, "Comparison between bytearray and string")?;
        }
        return Ok(NOT_IMPLEMENTED());
    }
    let x = Buffer::simple(th, a)?;
    let r = Buffer::simple(th, b);
    let Ok(y) = r else {
        th.take_exc();
        return Ok(NOT_IMPLEMENTED());
    };
    Ok(Value::bool(match op {
        CmpOp::Eq => x.bytes() == y.bytes(),
        CmpOp::Ne => x.bytes() != y.bytes(),
        _ => op.holds(x.bytes().cmp(y.bytes())),
    }))
}

fn get_buffer(th: Th, v: Value, fl: u32) -> R<Value> {
    let a = this(v);
    let counter = a.exports.acquire(th, v);
    let b = a.bytes();
    let mut e = Export::simple(b.as_ptr() as *mut u8, b.len(), false);
    e.keep = a.buf.get();
    e.counter = counter;
    buffer::export(th, v, e, fl)
}

// -- items

#[cold]
fn wrong_index(th: Th, k: Value) -> Raised {
    th.type_error(format!("bytearray indices must be integers or slices, not {}", th.type_name_of(k)))
}
/// A number or a slice.
enum Key {
    Index(i64),
    Slice((i64, i64, i64)),
}
fn key(th: Th, k: Value) -> R<Key> {
    if let Some(i) = k.as_fix() {
        return Ok(Key::Index(i));
    }
    if let Some(s) = k.cast::<Slice>() {
        return slicing::unpack(th, s).map(Key::Slice);
    }
    if th.type_of(k).slots.index.is_none() {
        return Err(wrong_index(th, k));
    }
    index_arg(th, k).map(Key::Index)
}
fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let k = key(th, k)?;
    let a = this(o);
    let b = a.bytes();
    match k {
        Key::Index(i) => match slicing::index(i, b.len()) {
            Some(i) => Ok(Value::fix(b[i] as i64)),
            None => Err(th.index_error("bytearray index out of range")),
        },
        Key::Slice(s) => {
            let x = slicing::adjust(b.len(), s);
            if x.step == 1 {
                return new(th, &b[x.start as usize..x.start as usize + x.len]);
            }
            let out: Vec<u8> =
                (0..x.len as i64).map(|i| b[x.start.wrapping_add(i.wrapping_mul(x.step)) as usize]).collect();
            new(th, &out)
        }
    }
}
fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let a = this(o);
    match key(th, k)? {
        Key::Index(i) => {
            let out_of_range = || th.index_error("bytearray index out of range");
            let at = slicing::index(i, a.bytes().len()).ok_or_else(out_of_range)?;
            let Some(v) = v else { return splice(th, a, at, 1, 0) };
            let c = byte(th, v, RANGE)?;
            // `__index__` may have changed the array.
            let at = slicing::index(i, a.bytes().len()).ok_or_else(out_of_range)?;
            a.bytes_mut()[at] = c;
            Ok(())
        }
        Key::Slice(s) => {
            let with: Vec<u8> = match v {
                None => Vec::new(),
                Some(v) if buffer::is_buffer(th, v) => buffer::to_bytes_object(th, v)?.bytes().to_vec(),
                Some(v) => {
                    if int::is_int(v)
                        || th.type_of(v).slots.index.is_some()
                        || v.is_kind(Kind::Str)
                        || float(v)
                    {
                        return Err(th.type_error(
                            "can assign only bytes, buffers, or iterables of ints in range(0, 256)",
                        ));
                    }
                    let t = new(th, b"")?;
                    init(th, t, RawArgs::positional(&[v]))?;
                    this(t).bytes().to_vec()
                }
            };
            assign_slice(th, a, s, &with, v.is_none())
        }
    }
}
fn float(v: Value) -> bool {
    super::float::as_f64(v).is_some()
}
fn assign_slice(th: Th, a: Gc<ByteArray>, s: (i64, i64, i64), with: &[u8], delete: bool) -> R<()> {
    let mut x = slicing::adjust(a.bytes().len(), s);
    if x.step == 1 {
        return replace_range(th, a, x.start as usize, x.len, with);
    }
    if delete {
        if x.len == 0 {
            return Ok(());
        }
        if x.step < 0 {
            x.start += x.step * (x.len as i64 - 1);
            x.step = -x.step;
        }
        check_exports(th, a)?;
        let b = a.bytes();
        let kept: Vec<u8> = b
            .iter()
            .enumerate()
            .filter(|(i, _)| {
                let d = *i as i64 - x.start;
                d < 0 || d % x.step != 0 || d / x.step >= x.len as i64
            })
            .map(|(_, c)| *c)
            .collect();
        return set_all(th, a, &kept);
    }
    if with.len() != x.len {
        return Err(th.value_error(format!(
            "attempt to assign bytes of size {} to extended slice of size {}",
            with.len(),
            x.len
        )));
    }
    let b = a.bytes_mut();
    let mut i = x.start;
    for c in with {
        b[i as usize] = *c;
        i = i.wrapping_add(x.step);
    }
    Ok(())
}

// -- operators

fn operand(th: Th, a: Value, b: Value) -> R<Buffer> {
    if !buffer::is_buffer(th, b) {
        return Err(th.type_error(format!("can't concat {} to {}", th.type_name_of(b), th.type_name_of(a))));
    }
    Buffer::get(th, b, flag::SIMPLE)
}
fn concat(th: Th, a: Value, b: Value) -> R<Value> {
    let y = operand(th, a, b)?;
    let o = new(th, this(a).bytes())?;
    extend(th, this(o), y.bytes())?;
    Ok(o)
}
fn iconcat(th: Th, a: Value, b: Value) -> R<Value> {
    if a.is(b) {
        // Its own buffer would forbid the resizing.
        let copy = this(a).bytes().to_vec();
        extend(th, this(a), &copy)?;
        return Ok(a);
    }
    let y = operand(th, a, b)?;
    extend(th, this(a), y.bytes())?;
    Ok(a)
}
fn repeated_len(th: Th, len: usize, n: i64) -> R<usize> {
    len.checked_mul(n.max(0) as usize).filter(|t| *t <= i64::MAX as usize).ok_or_else(|| th.memory_error())
}
fn repeat(th: Th, v: Value, n: i64) -> R<Value> {
    let total = repeated_len(th, this(v).bytes().len(), n)?;
    let o = new(th, b"")?;
    splice(th, this(o), 0, 0, total)?;
    fill(th, this(o), this(v).bytes());
    Ok(o)
}
fn irepeat(th: Th, v: Value, n: i64) -> R<Value> {
    let a = this(v);
    let len = a.bytes().len();
    let total = repeated_len(th, len, n)?;
    if total < len {
        splice(th, a, total, len - total, 0)?;
    } else if total > len {
        splice(th, a, len, 0, total - len)?;
        let b = a.bytes_mut();
        unsafe { str_type::fill_repeat(b.as_mut_ptr(), len, b.len()) };
    }
    Ok(v)
}
fn fill(_: Th, a: Gc<ByteArray>, unit: &[u8]) {
    let b = a.bytes_mut();
    let n = unit.len().min(b.len());
    if n > 0 {
        b[..n].copy_from_slice(&unit[..n]);
        unsafe { str_type::fill_repeat(b.as_mut_ptr(), n, b.len()) };
    }
}

// -- methods

type Args<'a> = &'a [Option<Value>];

pub fn alloc(_: Th, a: Args) -> R<Value> {
    let n = this(a[0].unwrap()).cap();
    // One more than CPython's terminating zero would need.
    Ok(Value::fix(if n == 0 { 0 } else { n as i64 + 1 }))
}
pub fn append(th: Th, a: Args) -> R<Value> {
    let c = byte(th, a[1].unwrap(), RANGE)?;
    let o = this(a[0].unwrap());
    let n = o.bytes().len();
    let at = o.start.load(Relaxed) as usize + n;
    if at < o.cap() && !th.multi() && o.exports.count() == 0 {
        o.len.store(n as u64 + 1, Release);
        o.bytes_mut()[n] = c;
        return Ok(NONE());
    }
    extend(th, o, &[c])?;
    Ok(NONE())
}
pub fn clear(th: Th, a: Args) -> R<Value> {
    let b = this(a[0].unwrap());
    splice(th, b, 0, b.bytes().len(), 0)?;
    Ok(NONE())
}
pub fn copy(th: Th, a: Args) -> R<Value> {
    new(th, this(a[0].unwrap()).bytes())
}
pub fn extend_method(th: Th, a: Args) -> R<Value> {
    let (o, x) = (this(a[0].unwrap()), a[1].unwrap());
    if x.is(a[0].unwrap()) {
        let copy = o.bytes().to_vec();
        extend(th, o, &copy)?;
        return Ok(NONE());
    }
    if buffer::is_buffer(th, x) {
        let b = buffer::to_bytes_object(th, x)?;
        extend(th, o, b.bytes())?;
        return Ok(NONE());
    }
    if th.type_of(x).slots.iter.is_none() && th.type_of(x).slots.getitem.is_none() {
        return Err(th.type_error(format!("can't extend bytearray with {}", th.type_name_of(x))));
    }
    if x.is_kind(Kind::Str) {
        return Err(th.type_error(format!("expected iterable of integers; got: '{}'", th.type_name_of(x))));
    }
    let mut out = Vec::new();
    super::bytes::from_iterable(th, x, &mut out, RANGE)?;
    extend(th, o, &out)?;
    Ok(NONE())
}
pub fn insert(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let i = th.index_i64(a[1].unwrap())?;
    let c = byte(th, a[2].unwrap(), RANGE)?;
    let n = o.bytes().len() as i64;
    let at = if i < 0 { (i + n).max(0) } else { i.min(n) };
    replace_range(th, o, at as usize, 0, &[c])?;
    Ok(NONE())
}
pub fn pop(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let i = a[1].map_or(Ok(-1), |v| th.index_i64(v))?;
    let b = o.bytes();
    if b.is_empty() {
        return Err(th.index_error("pop from empty bytearray"));
    }
    let Some(at) = slicing::index(i, b.len()) else { return Err(th.index_error("pop index out of range")) };
    let c = b[at];
    splice(th, o, at, 1, 0)?;
    Ok(Value::fix(c as i64))
}
pub fn remove(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let c = byte(th, a[1].unwrap(), RANGE)?;
    match o.bytes().iter().position(|x| *x == c) {
        Some(at) => {
            splice(th, o, at, 1, 0)?;
            Ok(NONE())
        }
        None => Err(th.value_error("value not found in bytearray")),
    }
}
pub fn resize(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let n = th.index_i64(a[1].unwrap())?;
    if n < 0 {
        return Err(th.value_error(format!("Can only resize to positive sizes, got {n}")));
    }
    let (len, n) = (o.bytes().len(), n as usize);
    if n < len {
        splice(th, o, n, len - n, 0)?;
    } else {
        splice(th, o, len, 0, n - len)?;
        o.bytes_mut()[len..].fill(0);
    }
    Ok(NONE())
}
pub fn reverse(_: Th, a: Args) -> R<Value> {
    this(a[0].unwrap()).bytes_mut().reverse();
    Ok(NONE())
}
pub fn sizeof(_: Th, a: Args) -> R<Value> {
    Ok(Value::fix((size_of::<ByteArray>() + this(a[0].unwrap()).cap()) as i64))
}
pub fn reduce(th: Th, a: Args) -> R<Value> {
    reduce_with(th, a[0].unwrap(), 2)
}
pub fn reduce_ex(th: Th, a: Args) -> R<Value> {
    let proto = a[1].map_or(Ok(0), |v| th.index_i64(v))?;
    reduce_with(th, a[0].unwrap(), proto)
}
fn reduce_with(th: Th, o: Value, proto: i64) -> R<Value> {
    let state = super::reduce::default_getstate(th, o, false)?;
    let a = this(o);
    let b = a.bytes();
    let args = if b.is_empty() {
        th.tuple(&[])
    } else if proto < 3 {
        let mut text = Vec::new();
        adder_text::codecs::single::latin1_decode(b, &mut text);
        let s = th.try_str(&text)?;
        let enc = th.str("latin-1");
        th.try_tuple(&[s, enc])?
    } else {
        let b = super::bytes::new(th, b)?;
        th.try_tuple(&[b.value()])?
    };
    th.try_tuple(&[th.type_of(o).value(), args, state])
}
