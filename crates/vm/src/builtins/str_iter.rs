//! Iterator over the characters of a `str`.

use super::str_;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::Header;
use adder_text::wtf8;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// `pos` is a byte offset, so that stepping needs no search.
#[repr(C)]
pub struct StrIter {
    pub h: Header,
    /// Null once it is exhausted.
    pub str: Slot,
    pub pos: AtomicU64,
}
unsafe impl Layout for StrIter {
    const KIND: Kind = Kind::StrIter;
}

pub static STR_ITER_TYPE: NativeType = NativeType {
    name: "str_iterator",
    kind: Kind::StrIter,
    size: size_of::<StrIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    doc: "",
    slots: Slots { iter: Some(|_, v| Ok(v)), iternext: Some(next), ..Slots::NONE },
    methods: &[
        method("__length_hint__", "!($self, /)", "Private method returning an estimate of len(list(it)).", length_hint),
        method("__reduce__", "!($self, /)", "Return state information for pickling.", reduce),
        method("__setstate__", "!($self, state, /)", "Set state information for unpickling.", setstate),
    ],
    ..NativeType::DEFAULT
};
pub static STR_ITER: TypeCell = TypeCell::new(&STR_ITER_TYPE);

pub fn iter(th: Th, v: Value) -> R<Value> {
    unsafe {
        let it = th.alloc::<StrIter>();
        it.str.init(Some(v));
        (*it.as_ptr()).pos = AtomicU64::new(0);
        Ok(it.value())
    }
}

fn this(v: Value) -> Gc<StrIter> {
    unsafe { v.cast_unchecked() }
}

pub fn next(th: Th, v: Value) -> R<Option<Value>> {
    let it = this(v);
    let Some(s) = (unsafe { it.str.gc_opt::<Str>() }) else { return Ok(None) };
    let pos = it.pos.load(Relaxed) as usize;
    let b = s.bytes();
    let Some(&c) = b.get(pos) else {
        it.str.init(None);
        return Ok(None);
    };
    if c < 128 {
        it.pos.store(pos as u64 + 1, Relaxed);
        return Ok(Some(str_::ascii_char(Some(c))));
    }
    let n = wtf8::len_from_first(c);
    it.pos.store((pos + n) as u64, Relaxed);
    th.str_counted(&b[pos..pos + n], 1, false).map(Some)
}

fn length_hint(_: Th, a: &[Option<Value>]) -> R<Value> {
    let it = this(a[0].unwrap());
    let n = match unsafe { it.str.gc_opt::<Str>() } {
        Some(s) => wtf8::count(&s.bytes()[(it.pos.load(Relaxed) as usize).min(s.nbytes as usize)..]),
        None => 0,
    };
    Ok(Value::fix(n as i64))
}
fn reduce(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it = this(a[0].unwrap());
    let iter = th.getattr(Root::builtins_module.value(), th.intern("iter"))?;
    match unsafe { it.str.gc_opt::<Str>() } {
        Some(s) => {
            let i = str_::index_of(th, s, (it.pos.load(Relaxed) as usize).min(s.nbytes as usize));
            let args = th.tuple(&[s.value()]);
            th.try_tuple(&[iter, args, Value::fix(i as i64)])
        }
        None => {
            let args = th.tuple(&[Root::empty_str.value()]);
            th.try_tuple(&[iter, args])
        }
    }
}
fn setstate(th: Th, a: &[Option<Value>]) -> R<Value> {
    let it = this(a[0].unwrap());
    let i = th.index_i64(a[1].unwrap())?;
    if let Some(s) = unsafe { it.str.gc_opt::<Str>() } {
        let i = i.clamp(0, s.len() as i64) as usize;
        it.pos.store(str_::offset(th, s, i) as u64, Relaxed);
    }
    Ok(NONE())
}
