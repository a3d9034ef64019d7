//! Small things that the container types share: arguments, recursion of repr, text under construction.
//!
//! # Invariants
//! - A `ReprNode` lies on the native stack of the thread that links it, and is unlinked before its function returns.
//! - A [`StaticWords`] is aligned, never moves, and the collector ignores it.

use crate::err::R;
use crate::native::RawArgs;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::cell::Cell;

/// The receiver of a native method, whose layout was looked at before it was called.
#[inline(always)]
pub fn me<T: Layout>(a: &[Option<Value>]) -> Gc<T> {
    this(arg(a, 0))
}
/// The same without a second look, for methods that hot loops call.
///
/// # Safety
/// The function is called as a method only: by a descriptor, which looks at the receiver.
#[inline(always)]
pub unsafe fn me_unchecked<T: Layout>(a: &[Option<Value>]) -> Gc<T> {
    if cfg!(debug_assertions) {
        return me(a);
    }
    unsafe { a.get_unchecked(0).unwrap_unchecked().cast_unchecked() }
}
/// A required argument.
#[inline(always)]
pub fn arg(a: &[Option<Value>], i: usize) -> Value {
    a[i].expect("a required argument")
}
/// As [`Value::known`], also for layouts that several kinds share.
#[inline(always)]
pub fn this<T: Layout>(v: Value) -> Gc<T> {
    // SAFETY: a pointer has a header; the kind has the layout.
    unsafe {
        if !v.is_obj() || !T::holds(v.header_unchecked().kind & !SUBCLASS) {
            other_layout();
        }
        v.cast_unchecked()
    }
}
#[cold]
#[inline(never)]
fn other_layout() -> ! {
    panic!("an object of the known layout")
}

fn s(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// `name() takes no keyword arguments`.
pub fn no_keywords(th: Th, name: &str, a: RawArgs) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error(format!("{name}() takes no keyword arguments")));
    }
    Ok(())
}
/// Number of positional arguments, with the wording of `_PyArg_CheckPositional`.
pub fn arity(th: Th, name: &str, n: usize, lo: usize, hi: usize) -> R<()> {
    if n < lo {
        let how = if lo == hi { "" } else { "at least " };
        return Err(th.type_error(format!("{name} expected {how}{lo} argument{}, got {n}", s(lo))));
    }
    if n > hi {
        let how = if lo == hi { "" } else { "at most " };
        return Err(th.type_error(format!("{name} expected {how}{hi} argument{}, got {n}", s(hi))));
    }
    Ok(())
}

/// An object whose repr is in progress on this thread: a node on the native stack.
struct ReprNode {
    obj: u64,
    prev: Cell<u64>,
}

/// Runs `f` unless the repr of `o` is already in progress on this thread (then None): CPython's `Py_ReprEnter`.
pub fn repr_once<T>(th: Th, o: Value, f: impl FnOnce() -> R<T>) -> R<Option<T>> {
    let head = th.repr_stack.get();
    let mut p = head[0];
    while p != 0 {
        let n = unsafe { &*(p as *const ReprNode) };
        if n.obj == o.bits() {
            return Ok(None);
        }
        p = n.prev.get();
    }
    let node = ReprNode { obj: o.bits(), prev: Cell::new(head[0]) };
    let me = &raw const node as u64;
    th.repr_stack.set([me, 0, 0, 0]);
    let r = th.guarded(f);
    // Other native stacks of the thread may have put nodes above: look for it.
    let head = th.repr_stack.get()[0];
    if head == me {
        th.repr_stack.set([node.prev.get(), 0, 0, 0]);
    } else {
        let mut p = head;
        while p != 0 {
            let n = unsafe { &*(p as *const ReprNode) };
            if n.prev.get() == me {
                n.prev.set(node.prev.get());
                break;
            }
            p = n.prev.get();
        }
    }
    r.map(Some)
}

/// Appends `repr(v)` to WTF-8 text.
pub fn push_repr(th: Th, out: &mut Vec<u8>, v: Value) -> R<()> {
    if let Some(n) = v.as_fix() {
        use std::io::Write;
        let _ = write!(out, "{n}");
        return Ok(());
    }
    let r = th.repr(v)?;
    let s: Gc<Str> = this(r);
    adder_text::room::append(out, s.bytes());
    Ok(())
}

/// A static object with a table behind its header; see `list::empty_array` and the like.
#[repr(C, align(16))]
pub struct StaticWords<const N: usize> {
    pub h: adder_heap::Header,
    pub w: [u64; N],
}
impl<const N: usize> StaticWords<N> {
    pub const fn new(k: Kind, w: [u64; N]) -> StaticWords<N> {
        use std::sync::atomic::{AtomicU8, AtomicU32};
        StaticWords {
            h: adder_heap::Header {
                desc: AtomicU32::new(k as u32),
                gc: AtomicU8::new(0),
                kind: k as u8,
                flags: AtomicU8::new(flags::HAS_ID),
                lock: AtomicU8::new(0),
            },
            w,
        }
    }
    pub fn value(&'static self) -> Value {
        unsafe { Value::from_bits(self as *const Self as u64) }
    }
}

/// `cls[item]` of the generic builtin types.
pub fn class_getitem(th: Th, a: &[Option<Value>]) -> R<Value> {
    crate::builtins::typing::generic_alias(th, arg(a, 0), arg(a, 1))
}

/// "cannot use 'list' as a dict key (unhashable type: 'list')": rewords a TypeError of `hash()`.
#[cold]
pub fn unhashable(th: Th, key: Value, what: &str) -> crate::err::Raised {
    use crate::builtins::exceptions as exc;
    let Some(e) = th.pending() else { return crate::err::Raised };
    if th.type_of(e) != exc::TYPE_ERROR.get() {
        return crate::err::Raised;
    }
    let e = th.take_exc();
    let why = match th.to_str(e) {
        Ok(s) => th.text(s),
        Err(r) => return r,
    };
    th.type_error(format!("cannot use '{}' as a {what} ({why})", super::object::message_type_name(th, key)))
}

/// `hash(v)`, with the usual keys first.
#[inline]
pub fn hash_fast(th: Th, v: Value) -> R<i64> {
    if let Some(n) = v.as_fix() {
        return Ok(hash_fix(n));
    }
    if let Some(s) = v.exact::<Str>() {
        return Ok(s.hash());
    }
    th.hash(v)
}
/// Hash of a small int: itself modulo 2**61 - 1, with its sign.
#[inline(always)]
pub fn hash_fix(n: i64) -> i64 {
    const M: i64 = (1 << 61) - 1;
    if n > -M && n < M {
        return if n == -1 { -2 } else { n };
    }
    let h = n % M;
    if h == -1 { -2 } else { h }
}
/// A maximal number of times: negative means any.
pub fn limit(th: Th, v: Option<Value>) -> R<usize> {
    match v {
        None => Ok(usize::MAX),
        Some(v) => {
            let n = th.index_i64(v)?;
            Ok(if n < 0 { usize::MAX } else { n as usize })
        }
    }
}
