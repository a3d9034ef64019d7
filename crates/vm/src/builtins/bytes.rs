//! `bytes`: layout, constructor, operators. Methods are in `bytes_methods`.
//!
//! # Invariants
//! `len` bytes follow the object's fields. It is filled by who made it before anybody else has it (`uninit`, `fill`)
//! and never changed then; `small_bytes` holds the 256 objects of one byte.

use super::buffer::{self, Buffer, Export, flag};
use super::{bytes_tables, codecs, int, percent, scratch, slicing, str_type};
use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use adder_text::room;
use adder_text::search;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub static BYTES_TYPE: NativeType = NativeType {
    name: "bytes",
    kind: Kind::Bytes,
    size: size_of::<Bytes>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nConstruct an immutable array of bytes from:\n  - an iterable yielding integers in range(256)\n  - a text string encoded using the specified encoding\n  - any object implementing the buffer API.\n  - an integer",
    slots: Slots {
        new: Some(new_object),
        repr: Some(repr),
        str: Some(str),
        hash: Some(|_, v| Ok(this(v).hash())),
        richcompare: Some(richcompare),
        iter: Some(super::iters::new_bytes_iter),
        get_buffer: Some(|th, v, fl| {
            let b = this(v);
            buffer::export(th, v, Export::simple(b.bytes().as_ptr() as *mut u8, b.len, true), fl)
        }),
        rem: Some(|th, a, b| {
            if a.is_kind(Kind::Bytes) { percent::format_bytes(th, a, b) } else { Ok(NOT_IMPLEMENTED()) }
        }),
        len: Some(|_, v| Ok(this(v).len)),
        getitem: Some(getitem),
        concat: Some(concat),
        repeat: Some(repeat),
        contains: Some(contains),
        ..Slots::NONE
    },
    methods: bytes_tables::BYTES,
    ..NativeType::DEFAULT
};
pub static BYTES: TypeCell = TypeCell::new(&BYTES_TYPE);

impl Bytes {
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        unsafe { std::slice::from_raw_parts((self as *const Bytes).add(1) as *const u8, self.len) }
    }
    #[inline]
    pub fn hash(&self) -> i64 {
        match self.hash.load(Relaxed) {
            0 => {
                let h = super::str_::hash_bytes(self.bytes());
                self.hash.store(h as u64, Relaxed);
                h
            }
            h => h as i64,
        }
    }
}

fn this(v: Value) -> Gc<Bytes> {
    v.cast().expect("a bytes object")
}

/// A bytes object whose content the caller writes with [`fill`]. Not for lengths 0 and 1 where identity matters.
pub fn uninit(th: Th, len: usize) -> R<Gc<Bytes>> {
    if len > 1 << 47 {
        return Err(th.memory_error());
    }
    unsafe {
        let o = th.alloc_var::<Bytes>(24 + len)?;
        (*o.as_ptr()).hash = AtomicU64::new(0);
        (*o.as_ptr()).len = len;
        Ok(o)
    }
}
/// The content of a bytes object that nobody else has seen yet.
pub fn fill(b: Gc<Bytes>) -> &'static mut [u8] {
    unsafe { std::slice::from_raw_parts_mut(b.after::<u8>(), b.len) }
}
pub fn new(th: Th, b: &[u8]) -> R<Gc<Bytes>> {
    if b.len() <= 1 {
        return Ok(small(b.first().copied()));
    }
    let o = uninit(th, b.len())?;
    fill(o).copy_from_slice(b);
    Ok(o)
}
/// The one object of one byte, or the empty one.
pub fn small(b: Option<u8>) -> Gc<Bytes> {
    unsafe {
        match b {
            Some(b) => Root::small_bytes.value().cast_unchecked::<Array>().slot(b as usize).gc(),
            None => Root::empty_bytes.value().cast_unchecked(),
        }
    }
}
/// Makes the objects of one byte and the empty one.
pub fn init_statics(th: Th) {
    let a = th.array(256).expect("memory at start");
    let make = |b: &[u8]| unsafe {
        let o = th.alloc_old::<Bytes>(24 + b.len());
        (*o.as_ptr()).hash = AtomicU64::new(0);
        (*o.as_ptr()).len = b.len();
        fill(o).copy_from_slice(b);
        o.value()
    };
    for i in 0..=255u8 {
        th.store(a, a.slot(i as usize), make(&[i]));
    }
    Root::small_bytes.set(Some(a.value()));
    Root::empty_bytes.set(Some(make(b"")));
}
/// An exact bytes object with the content of `o` (a bytes or bytearray, whose content `b` is).
pub fn new_from(th: Th, o: Value, b: &[u8]) -> R<Gc<Bytes>> {
    match o.exact::<Bytes>() {
        Some(x) => Ok(x),
        None => new(th, b),
    }
}
fn of_type(th: Th, t: Gc<Type>, b: Gc<Bytes>) -> R<Value> {
    if t == BYTES.get() {
        return Ok(new_from(th, b.value(), b.bytes())?.value());
    }
    unsafe {
        let o: Gc<Bytes> = Gc::from_obj(super::var_sized::alloc_instance(th, t, 24 + b.len, 0)?);
        (*o.as_ptr()).hash = AtomicU64::new(0);
        (*o.as_ptr()).len = b.len;
        fill(o).copy_from_slice(b.bytes());
        Ok(o.value())
    }
}

/// What constructors of bytes and bytearray accept beside the object: keyword names are `source`, `encoding`, `errors`.
pub fn constructor_args(th: Th, name: &str, a: RawArgs) -> R<[Option<Value>; 3]> {
    const NAMES: [&str; 3] = ["source", "encoding", "errors"];
    if a.len() + a.nkw() > 3 {
        return Err(
            th.type_error(format!("{name}() takes at most 3 arguments ({} given)", a.len() + a.nkw()))
        );
    }
    let mut args = [None; 3];
    for (slot, v) in args.iter_mut().zip(a.pos()) {
        *slot = Some(*v);
    }
    for (k, v) in a.keywords() {
        let k = th.text(k);
        let Some(i) = NAMES.iter().position(|n| *n == k) else {
            return Err(th.type_error(format!("{name}() got an unexpected keyword argument '{k}'")));
        };
        if args[i].is_some() {
            return Err(th.type_error(format!(
                "argument for {name}() given by name ('{k}') and position ({})",
                i + 1
            )));
        }
        args[i] = Some(v);
    }
    for i in 1..3 {
        if let Some(v) = args[i]
            && !v.is_kind(Kind::Str)
        {
            return Err(th.type_error(format!(
                "{name}() argument '{}' must be str, not {}",
                NAMES[i],
                th.arg_type_name(v)
            )));
        }
    }
    Ok(args)
}
/// The encoded source if the arguments ask for that; errors of wrong combinations.
pub fn encoded_source(th: Th, args: &[Option<Value>; 3]) -> R<Option<Value>> {
    match (args[0], args[1], args[2]) {
        (Some(s), Some(e), err) => {
            if !s.is_kind(Kind::Str) {
                return Err(th.type_error("encoding without a string argument"));
            }
            codecs::encode(th, s, Some(e), err).map(Some)
        }
        (None, Some(_), _) => Err(th.type_error("encoding without a string argument")),
        (Some(s), None, Some(_)) if s.is_kind(Kind::Str) => {
            Err(th.type_error("string argument without an encoding"))
        }
        (_, None, Some(_)) => Err(th.type_error("errors without a string argument")),
        (Some(s), None, None) if s.is_kind(Kind::Str) => {
            Err(th.type_error("string argument without an encoding"))
        }
        _ => Ok(None),
    }
}

fn new_object(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let t: Gc<Type> = ty.known();
    let args = constructor_args(th, "bytes", a)?;
    let b: Gc<Bytes> = match (args[0], args[1].or(args[2])) {
        (None, None) => small(None),
        (Some(x), None) if th.lookup_special(x, n!(__bytes__)).is_some() => {
            let b = by_method(th, x)?.expect("found");
            let r = b.value();
            // A subclass instance that `__bytes__` gave is passed on as it is.
            if t == BYTES.get() {
                return Ok(r);
            }
            b
        }
        _ => match encoded_source(th, &args)? {
            Some(v) => v.cast().expect("encoding gives bytes"),
            None => {
                let x = args[0].unwrap();
                if x.is_fix() || th.type_of(x).slots.index.is_some() {
                    match count(th, x)? {
                        Some(n) => {
                            let o = if n == 0 { small(None) } else { uninit(th, n)? };
                            fill_zero(o);
                            o
                        }
                        None => from_object(th, x)?,
                    }
                } else {
                    from_object(th, x)?
                }
            }
        },
    };
    of_type(th, t, b)
}
/// What the object's `__bytes__` says, if it has one.
fn by_method(th: Th, x: Value) -> R<Option<Gc<Bytes>>> {
    let Some(f) = th.lookup_special(x, n!(__bytes__)) else { return Ok(None) };
    let r = th.call_unbound(f, x, &[])?;
    match r.cast::<Bytes>() {
        Some(b) => Ok(Some(b)),
        None => Err(th.type_error(format!("__bytes__ returned non-bytes (type {})", th.type_name_of(r)))),
    }
}
/// `PyObject_Bytes`: by `__bytes__`, else from a buffer or an iterable of numbers.
pub fn of_object(th: Th, x: Value) -> R<Gc<Bytes>> {
    if let Some(b) = x.exact::<Bytes>() {
        return Ok(b);
    }
    match by_method(th, x)? {
        Some(b) => Ok(b),
        None => from_object(th, x),
    }
}
fn fill_zero(o: Gc<Bytes>) {
    if o.len > 0 {
        fill(o).fill(0);
    }
}
/// A number of zero bytes. None: it is no number after all (`__index__` raised TypeError).
pub fn count(th: Th, x: Value) -> R<Option<usize>> {
    let r = th.index_usize_clamped(x);
    match th.catch(r, &crate::builtins::exceptions::TYPE_ERROR)? {
        Some(n) if n < 0 => Err(th.value_error("negative count")),
        n => Ok(n.map(|n| n as usize)),
    }
}

/// What an object of CPython has beside its bytes.
const HEADER: u64 = 33;

/// `PyBytes_FromObject`: from a buffer or an iterable of numbers.
pub fn from_object(th: Th, x: Value) -> R<Gc<Bytes>> {
    if let Some(b) = x.exact::<Bytes>() {
        return Ok(b);
    }
    if buffer::is_buffer(th, x) {
        return buffer::to_bytes_object(th, x);
    }
    let unfit = || format!("cannot convert '{}' object to bytes", th.type_name_of(x));
    if x.is_kind(Kind::Str) {
        return Err(th.type_error(unfit()));
    }
    let counted = x.is_exact(Kind::Tuple) || x.is_exact(Kind::List);
    let it = if counted { x } else { th.iter_or(x, unfit)? };
    // Only asked: what it says is no promise, but it may be too many.
    if !counted && th.length_hint(x, 64)? as u64 > i64::MAX as u64 - HEADER {
        return Err(th.overflow_error("byte string is too large"));
    }
    let mut out = Vec::new();
    from_iterable(th, it, &mut out, "bytes must be in range(0, 256)")?;
    new(th, &out)
}
/// Appends the numbers of an iterable.
pub fn from_iterable(th: Th, x: Value, out: &mut Vec<u8>, range_error: &str) -> R<()> {
    if let Some(t) = x.exact::<Tuple>() {
        room::reserve(out, t.len);
    } else if let Some(l) = x.exact::<List>() {
        room::reserve(out, l.len());
    }
    th.for_each(x, |v| {
        room::reserve(out, 1);
        out.push(byte(th, v, range_error)?);
        Ok(())
    })
}
/// A number from 0 to 255.
#[inline]
pub fn byte(th: Th, v: Value, range_error: &str) -> R<u8> {
    match v.as_fix() {
        Some(n @ 0..=255) => Ok(n as u8),
        Some(_) => Err(th.value_error(range_error)),
        None => match int::to_i64(th.index(v)?) {
            Some(n @ 0..=255) => Ok(n as u8),
            _ => Err(th.value_error(range_error)),
        },
    }
}

fn repr(th: Th, v: Value) -> R<Value> {
    scratch::with(|out| {
        adder_text::repr::bytes_repr(this(v).bytes(), out);
        th.str_counted(out, out.len(), true)
    })
}
fn str(th: Th, v: Value) -> R<Value> {
    bytes_warning(th, "str() on a bytes instance")?;
    repr(th, v)
}
/// BytesWarning, if `-b` asks for it.
pub fn bytes_warning(th: Th, text: &str) -> R<()> {
    if BYTES_WARNING.load(Relaxed) != 0 {
        crate::warn::warn(th, &crate::builtins::exceptions::BYTES_WARNING, text, 1)?;
    }
    Ok(())
}
/// The number of `-b` options.
pub static BYTES_WARNING: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

fn richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (Some(x), Some(y)) = (a.cast::<Bytes>(), b.cast::<Bytes>()) else {
        if BYTES_WARNING.load(Relaxed) != 0 && matches!(op, CmpOp::Eq | CmpOp::Ne) {
            if a.is_kind(Kind::Str) || b.is_kind(Kind::Str) {
                bytes_warning(th, "Comparison between bytes and string")?;
            } else if int::is_int(a) || int::is_int(b) {
                bytes_warning(th, "Comparison between bytes and int")?;
            }
        }
        return Ok(NOT_IMPLEMENTED());
    };
    let r = match op {
        CmpOp::Eq => x.bytes() == y.bytes(),
        CmpOp::Ne => x.bytes() != y.bytes(),
        _ => op.holds(x.bytes().cmp(y.bytes())),
    };
    Ok(Value::bool(r))
}

#[cold]
fn wrong_index(th: Th, k: Value) -> Raised {
    th.type_error(format!("byte indices must be integers or slices, not {}", th.type_name_of(k)))
}
fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let b = this(o);
    if let Some(sl) = k.cast::<Slice>() {
        let x = slicing::adjust(b.len, slicing::unpack(th, sl)?);
        if x.step == 1 {
            if x.len == b.len && o.is_exact(Kind::Bytes) {
                return Ok(o);
            }
            return Ok(new(th, &b.bytes()[x.start as usize..x.start as usize + x.len])?.value());
        }
        if x.len <= 1 {
            return Ok(small((x.len == 1).then(|| b.bytes()[x.start as usize])).value());
        }
        let r = uninit(th, x.len)?;
        let mut i = x.start;
        for d in fill(r) {
            *d = b.bytes()[i as usize];
            i = i.wrapping_add(x.step);
        }
        return Ok(r.value());
    }
    let i = match k.as_fix() {
        Some(i) => i,
        None if th.type_of(k).slots.index.is_none() => return Err(wrong_index(th, k)),
        None => index_arg(th, k)?,
    };
    match slicing::index(i, b.len) {
        Some(i) => Ok(Value::fix(b.bytes()[i] as i64)),
        None => Err(th.index_error("index out of range")),
    }
}
/// An index that is an int object; IndexError if it is beyond all machine words.
pub fn index_arg(th: Th, k: Value) -> R<i64> {
    match int::to_i64(th.index(k)?) {
        Some(i) => Ok(i),
        None => {
            Err(th.index_error(format!("cannot fit '{}' into an index-sized integer", th.type_name_of(k))))
        }
    }
}

/// `a + b` of two objects of exactly this type.
pub fn concat_exact(th: Th, a: Value, b: Value) -> R<Value> {
    let (x, y) = (this(a), this(b));
    if x.len == 0 || y.len == 0 {
        return Ok(if x.len == 0 { b } else { a });
    }
    let r = uninit(th, x.len + y.len)?;
    let (p, q) = fill(r).split_at_mut(x.len);
    p.copy_from_slice(x.bytes());
    q.copy_from_slice(y.bytes());
    Ok(r.value())
}
/// `o[start:stop]` of an object of exactly this type, the bounds being within it.
pub fn part(th: Th, o: Gc<Bytes>, start: usize, len: usize) -> R<Value> {
    if len == o.len {
        return Ok(o.value());
    }
    Ok(new(th, &o.bytes()[start..start + len])?.value())
}
fn concat(th: Th, a: Value, b: Value) -> R<Value> {
    if a.is_exact(Kind::Bytes) && b.is_exact(Kind::Bytes) {
        return concat_exact(th, a, b);
    }
    let x = this(a);
    if !buffer::is_buffer(th, b) {
        return Err(th.type_error(format!("can't concat {} to {}", th.type_name_of(b), th.type_name_of(a))));
    }
    let y = Buffer::get(th, b, flag::SIMPLE)?;
    if x.len == 0 && b.is_exact(Kind::Bytes) {
        return Ok(b);
    }
    if y.is_empty() && a.is_exact(Kind::Bytes) {
        return Ok(a);
    }
    let n = x.len + y.len();
    if n <= 1 {
        return Ok(small(x.bytes().first().or(y.bytes().first()).copied()).value());
    }
    let r = uninit(th, n)?;
    let (p, q) = fill(r).split_at_mut(x.len);
    p.copy_from_slice(x.bytes());
    q.copy_from_slice(y.bytes());
    Ok(r.value())
}
fn repeat(th: Th, v: Value, n: i64) -> R<Value> {
    let b = this(v);
    let n = n.max(0) as usize;
    let Some(total) = b.len.checked_mul(n).filter(|t| *t <= i64::MAX as usize) else {
        return Err(th.overflow_error("repeated bytes are too long"));
    };
    if total == b.len && v.is_exact(Kind::Bytes) {
        return Ok(v);
    }
    if total <= 1 {
        return Ok(small(b.bytes().first().copied().filter(|_| total == 1)).value());
    }
    let r = uninit(th, total)?;
    let d = fill(r).as_mut_ptr();
    unsafe {
        if b.len == 1 {
            std::ptr::write_bytes(d, b.bytes()[0], total);
        } else {
            std::ptr::copy_nonoverlapping(b.bytes().as_ptr(), d, b.len);
            str_type::fill_repeat(d, b.len, total);
        }
    }
    Ok(r.value())
}
/// `k in c` for bytes and bytearray.
pub fn contains(th: Th, c: Value, k: Value) -> R<bool> {
    let _held = super::bytes_methods::hold(th, c, Some(k))?;
    if k.is_fix() || th.type_of(k).slots.index.is_some() {
        // Something with `__index__` that fails may still be a buffer.
        match th.index(k) {
            Ok(n) => {
                let b = byte(th, n, "byte must be in range(0, 256)")?;
                return Ok(buffer::bytes_of(c).expect("bytes").contains(&b));
            }
            Err(_) => drop(th.take_exc()),
        }
    }
    let sub = Buffer::simple(th, k)?;
    Ok(search::find(buffer::bytes_of(c).expect("bytes"), sub.bytes()).is_some())
}
