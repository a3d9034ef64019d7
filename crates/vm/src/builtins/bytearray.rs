//! `bytearray`: a growing array of bytes. The methods it shares with `bytes` are in `bytes_methods`.
//!
//! The bytes are `len` of those of a [`RawBuf`] from `start`: removing at the front moves `start`. While buffers of it are
//! exported nothing replaces or resizes the storage. Changes are decided and made under the object's lock (`edit`) and
//! bytes are written before the length that shows them; readers take no lock: they clamp to what the storage holds.
//!
//! # Invariants
//! - `buf` is null or a [`RawBuf`]; a slice is cut to what the very buffer holds that it is taken of. Storage that was
//!   replaced stays valid for whoever has a pointer into it.
//! - Bytes are written under the object's lock, or into storage that nobody else has yet, within its capacity.

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
    pub buf: SlotOf<RawBuf>,
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
        new: Some(|th, t, _| super::object::new_instance(th, t.known())),
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
        release_buffer: Some(super::memoryview::release_of),
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
        loop {
            let Some(b) = self.buf.get() else { return &[] };
            let start = (self.start.load(Acquire) as usize).min(b.len);
            let len = (self.len.load(Acquire) as usize).min(b.len - start);
            // Not the extent of one storage in another.
            if self.buf.get().is_some_and(|now| now.as_ptr() == b.as_ptr()) {
                // SAFETY: cut to what this storage holds, which the slice keeps. Its bytes may change: who looks at them twice
                // and must find the same takes the lock, or a copy.
                return unsafe { std::slice::from_raw_parts(b.after::<u8>().add(start), len) };
            }
        }
    }
    /// Under the lock.
    #[allow(clippy::mut_from_ref)]
    fn bytes_mut(&self) -> &mut [u8] {
        let b = self.bytes();
        // SAFETY: bytes of the heap, which are never read only.
        unsafe { std::slice::from_raw_parts_mut(b.as_ptr() as *mut u8, b.len()) }
    }
    fn cap(&self) -> usize {
        self.buf.get().map_or(0, |b| b.len)
    }
}

fn this(v: Value) -> Gc<ByteArray> {
    v.cast().expect("a bytearray")
}

fn raw(th: Th, cap: usize) -> R<Gc<RawBuf>> {
    if cap > u32::MAX as usize - 64 {
        return Err(th.memory_error());
    }
    // SAFETY: the size that `len` says; the bytes are no slots, so that they need not be written.
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
        let buf = raw(th, b.len())?;
        // SAFETY: new storage of that size.
        unsafe { std::ptr::copy_nonoverlapping(b.as_ptr(), buf.after::<u8>(), b.len()) };
        replace_storage(th, this(o), buf, 0, b.len());
    }
    Ok(o)
}
fn replace_storage(th: Th, a: Gc<ByteArray>, buf: Gc<RawBuf>, start: usize, len: usize) {
    // A reader in between sees a short array, never one beyond its storage.
    a.len.store(0, Release);
    a.start.store(start as u64, Release);
    th.store(a, &a.buf, buf);
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
    // Below machine code registers may still show views that are gone: it is done again with the frames in place.
    x.count() != 0
        && (th.is_quiet() || {
            collect_views(th, x);
            x.count() != 0
        })
}
/// Such a view is young as a rule, so it seldom takes a full collection.
#[cold]
fn collect_views(th: Th, x: &ExportsCell) {
    let (below, held) = th.native_parts();
    for major in [false, true] {
        th.m.heap.collect_disowned(&th.m, major, below, &held, &|o| unsafe { super::memoryview::disown(o) });
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

/// What an [`edit`] does: the bytes `from..from + old` become `new` others.
struct Change {
    from: usize,
    old: usize,
    new: usize,
}
impl Change {
    /// Everything goes.
    fn all(b: &[u8]) -> Option<Change> {
        Some(Change { from: 0, old: b.len(), new: 0 })
    }
}

/// Changes the array in one step for other threads. `plan` looks at the bytes and says which are replaced; `write` then
/// gets all bytes of the result and the place of the new ones. Both run under the lock, so they allocate no objects
/// and raise nothing, and more than once if storage is needed. False: `plan` found nothing to do.
fn edit(
    th: Th,
    a: Gc<ByteArray>,
    mut plan: impl FnMut(&[u8]) -> Option<Change>,
    write: impl Fn(&mut [u8], usize),
) -> R<bool> {
    let mut spare: Option<Gc<RawBuf>> = None;
    loop {
        let room = {
            let _g = th.lock(a);
            let b = a.bytes();
            let Some(Change { from, old, new }) = plan(b) else { return Ok(false) };
            assert!(from <= b.len() && old <= b.len() - from);
            let data = b.as_ptr() as *mut u8;
            if old == new {
                write(a.bytes_mut(), from);
                return Ok(true);
            }
            let total = b.len() - old + new;
            let tail = b.len() - from - old;
            let start = a.start.load(Relaxed) as usize;
            let cap = a.cap();
            if a.exports.count() > 0 {
                None
            } else if from == 0 && new < old {
                // In place: the front moves.
                let d = old - new;
                // SAFETY: the last `total` of the bytes that there are; so below, where the ranges are within the capacity.
                write(unsafe { std::slice::from_raw_parts_mut(data.add(d), total) }, 0);
                a.len.store(total as u64, Release);
                a.start.store((start + d) as u64, Release);
                return Ok(true);
            } else if start + total <= cap && (total >= cap / 4 || cap <= 64) {
                // In place: the tail moves.
                unsafe {
                    std::ptr::copy(data.add(from + old), data.add(from + new), tail);
                    write(std::slice::from_raw_parts_mut(data, total), from);
                }
                a.len.store(total as u64, Release);
                return Ok(true);
            } else if start > 0 && total <= cap - cap / 16 && total >= cap / 4 {
                // In place: what is left moves to the front, which has been taken from often enough to pay for that.
                // SAFETY: the storage begins `start` bytes before `data` and has room for `total`; nobody else changes it, and
                // nothing views it.
                unsafe {
                    let base = data.sub(start);
                    std::ptr::copy(data, base, from);
                    std::ptr::copy(data.add(from + old), base.add(from + new), tail);
                    a.start.store(0, Release);
                    write(std::slice::from_raw_parts_mut(base, total), from);
                }
                a.len.store(total as u64, Release);
                return Ok(true);
            } else if let Some(buf) = spare.filter(|b| b.len >= total) {
                // SAFETY: `buf` is large enough and nobody else's yet; `from + old + tail` bytes are at `data`.
                unsafe {
                    let d = buf.after::<u8>();
                    std::ptr::copy_nonoverlapping(data, d, from);
                    std::ptr::copy_nonoverlapping(data.add(from + old), d.add(from + new), tail);
                    write(std::slice::from_raw_parts_mut(d, total), from);
                }
                replace_storage(th, a, buf, 0, total);
                return Ok(true);
            } else if total >= cap / 4 {
                Some(total + total / 8 + if total < 9 { 3 } else { 6 })
            } else {
                Some(total)
            }
        };
        match room {
            None => check_exports(th, a)?,
            Some(room) => spare = Some(raw(th, room)?),
        }
    }
}
/// Replaces the range that `range` chooses (start and length) by bytes.
fn replace_range(
    th: Th,
    a: Gc<ByteArray>,
    range: impl Fn(&[u8]) -> Option<(usize, usize)>,
    with: &[u8],
) -> R<bool> {
    let plan = |b: &[u8]| range(b).map(|(from, old)| Change { from, old, new: with.len() });
    edit(th, a, plan, |b, from| b[from..from + with.len()].copy_from_slice(with))
}
pub fn extend(th: Th, a: Gc<ByteArray>, b: &[u8]) -> R<()> {
    replace_range(th, a, |now| Some((now.len(), 0)), b)?;
    Ok(())
}
/// Appends zeros or cuts the end off.
fn set_len(th: Th, a: Gc<ByteArray>, n: usize) -> R<()> {
    let plan = |b: &[u8]| {
        Some(Change { from: n.min(b.len()), old: b.len().saturating_sub(n), new: n.saturating_sub(b.len()) })
    };
    edit(th, a, plan, |b, from| b[from..].fill(0))?;
    Ok(())
}

fn init(th: Th, o: Value, args: RawArgs) -> R<()> {
    let args = constructor_args(th, "bytearray", args)?;
    let a = this(o);
    if !a.bytes().is_empty() {
        edit(th, a, Change::all, |_, _| ())?;
    }
    if let Some(b) = encoded_source(th, &args)? {
        return extend(th, a, buffer::bytes_of(b).expect("encoding gives bytes"));
    }
    let Some(x) = args[0] else { return Ok(()) };
    if (x.is_fix() || th.type_of(x).slots.index.is_some())
        && let Some(n) = count(th, x)?
    {
        return set_len(th, a, n);
    }
    if buffer::is_buffer(th, x) {
        let b = buffer::to_bytes_object(th, x)?;
        return extend(th, a, b.bytes());
    }
    let unfit = || format!("cannot convert '{}' object to bytearray", th.type_name_of(x));
    let x = if x.is_exact(Kind::Tuple) || x.is_exact(Kind::List) { x } else { th.iter_or(x, unfit)? };
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
    let (counter, b) = {
        // Between two changes, not within one.
        a.exports.ensure(th, v);
        let _g = th.lock(a);
        (a.exports.acquire(th, v), a.bytes())
    };
    let mut e = Export::simple(b.as_ptr() as *mut u8, b.len(), false);
    e.keep = a.buf.any();
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
            new(th, &slicing::every(b, &x))
        }
    }
}
fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let a = this(o);
    match key(th, k)? {
        Key::Index(i) => {
            let out_of_range = || th.index_error("bytearray index out of range");
            let at = |b: &[u8]| slicing::index(i, b.len()).map(|at| (at, 1));
            let done = match v {
                None => {
                    at(a.bytes()).ok_or_else(out_of_range)?;
                    replace_range(th, a, at, &[])?
                }
                // `__index__` may change the array.
                Some(v) => {
                    let c = byte(th, v, RANGE)?;
                    let _g = th.lock(a);
                    match slicing::index(i, a.bytes().len()).and_then(|at| a.bytes_mut().get_mut(at)) {
                        Some(p) => {
                            *p = c;
                            true
                        }
                        None => false,
                    }
                }
            };
            if done { Ok(()) } else { Err(out_of_range()) }
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
    if s.2 == 1 {
        let range = |b: &[u8]| {
            let x = slicing::adjust(b.len(), s);
            Some((x.start as usize, x.len))
        };
        replace_range(th, a, range, with)?;
        return Ok(());
    }
    if delete || with.is_empty() {
        let kept = std::cell::RefCell::new(Vec::new());
        let plan = |b: &[u8]| {
            let mut x = slicing::adjust(b.len(), s);
            if x.len == 0 {
                return None;
            }
            if x.step < 0 {
                x.start += x.step * (x.len as i64 - 1);
                x.step = -x.step;
            }
            let left = b.iter().enumerate().filter(|(i, _)| {
                let d = *i as i64 - x.start;
                d < 0 || d % x.step != 0 || d / x.step >= x.len as i64
            });
            let mut kept = kept.borrow_mut();
            kept.clear();
            kept.extend(left.map(|(_, c)| *c));
            Some(Change { from: 0, old: b.len(), new: kept.len() })
        };
        edit(th, a, plan, |b, _| b.copy_from_slice(&kept.borrow()))?;
        return Ok(());
    }
    let len = {
        let _g = th.lock(a);
        let b = a.bytes_mut();
        let x = slicing::adjust(b.len(), s);
        if with.len() == x.len {
            let mut i = x.start;
            for c in with {
                b[i as usize] = *c;
                i = i.wrapping_add(x.step);
            }
            return Ok(());
        }
        x.len
    };
    Err(th.value_error(format!(
        "attempt to assign bytes of size {} to extended slice of size {len}",
        with.len()
    )))
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
pub fn iconcat(th: Th, a: Value, b: Value) -> R<Value> {
    if let Some(b) = b.exact::<Bytes>() {
        extend(th, this(a), b.bytes())?;
        return Ok(a);
    }
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
    let source = this(v);
    let unit = source.bytes();
    let plan = |_: &[u8]| Some(Change { from: 0, old: 0, new: total });
    edit(th, this(o), plan, |b, _| {
        let n = unit.len().min(b.len());
        if n > 0 {
            b[..n].copy_from_slice(&unit[..n]);
            // SAFETY: of these bytes the first `n` are written.
            unsafe { str_type::fill_repeat(b.as_mut_ptr(), n, b.len()) };
        }
    })?;
    Ok(o)
}
fn irepeat(th: Th, v: Value, n: i64) -> R<Value> {
    let a = this(v);
    repeated_len(th, a.bytes().len(), n)?;
    let mut full = false;
    let plan = |b: &[u8]| match b.len().checked_mul(n.max(0) as usize) {
        Some(total) if total < b.len() => Change::all(b),
        Some(total) => Some(Change { from: b.len(), old: 0, new: total - b.len() }),
        None => {
            full = true;
            None
        }
    };
    edit(th, a, plan, |b, len| {
        if len > 0 {
            // SAFETY: `len` bytes were there before.
            unsafe { str_type::fill_repeat(b.as_mut_ptr(), len, b.len()) }
        }
    })?;
    if full { Err(th.memory_error()) } else { Ok(v) }
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
    edit(th, b, Change::all, |_, _| ())?;
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
        // Where the end was before the buffer's Python code ran.
        let at = o.bytes().len();
        let b = buffer::to_bytes_object(th, x)?;
        replace_range(th, o, |now| Some((at.min(now.len()), 0)), b.bytes())?;
        return Ok(NONE());
    }
    if th.type_of(x).slots.iter.is_none() && th.type_of(x).slots.getitem.is_none() {
        return Err(th.type_error(format!("can't extend bytearray with {}", th.type_name_of(x))));
    }
    if x.cast::<Str>().is_some_and(|s| !s.is_empty()) {
        return Err(th.type_error("expected iterable of integers; got: 'str'"));
    }
    let mut out = Vec::new();
    let it = if x.is_exact(Kind::Tuple) || x.is_exact(Kind::List) { x } else { th.iter(x)? };
    // Only asked: what it says is no promise.
    th.length_hint(x, 32)?;
    super::bytes::from_iterable(th, it, &mut out, RANGE)?;
    extend(th, o, &out)?;
    Ok(NONE())
}
pub fn insert(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let i = th.index_i64(a[1].unwrap())?;
    let c = byte(th, a[2].unwrap(), RANGE)?;
    let at = |b: &[u8]| {
        let n = b.len() as i64;
        Some((if i < 0 { i.saturating_add(n).max(0) } else { i.min(n) } as usize, 0))
    };
    replace_range(th, o, at, &[c])?;
    Ok(NONE())
}
pub fn pop(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let i = a[1].map_or(Ok(-1), |v| th.index_i64(v))?;
    let (mut c, mut empty) = (0, false);
    let plan = |b: &[u8]| {
        empty = b.is_empty();
        let at = slicing::index(i, b.len())?;
        c = b[at];
        Some(Change { from: at, old: 1, new: 0 })
    };
    if edit(th, o, plan, |_, _| ())? {
        return Ok(Value::fix(c as i64));
    }
    Err(th.index_error(if empty { "pop from empty bytearray" } else { "pop index out of range" }))
}
pub fn remove(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let c = byte(th, a[1].unwrap(), RANGE)?;
    if replace_range(th, o, |b| b.iter().position(|x| *x == c).map(|at| (at, 1)), &[])? {
        return Ok(NONE());
    }
    Err(th.value_error("value not found in bytearray"))
}
pub fn resize(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let n = th.index_i64(a[1].unwrap())?;
    if n < 0 {
        return Err(th.value_error(format!("Can only resize to positive sizes, got {n}")));
    }
    set_len(th, o, n as usize)?;
    Ok(NONE())
}
pub fn reverse(th: Th, a: Args) -> R<Value> {
    let o = this(a[0].unwrap());
    let _g = th.lock(o);
    o.bytes_mut().reverse();
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
