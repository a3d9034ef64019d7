//! Instances of variable-sized builtin types (`int`, `str`, `bytes`, `tuple`) and of their Python subclasses, which keep
//! their attributes in a word at the end of the object.
//!
//! # Invariants
//! The header is written by the allocation; who asked for memory writes the rest before the next one, but for the
//! attribute word at the end, which is written here. An array under construction is filled or zeroed before anything
//! is allocated.

use crate::err::R;
use crate::object::{Array, List, Type};
use crate::shape::{EXT_VAR, shape};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Obj;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Memory for an instance of `t`: `bytes` for the native layout, and the attribute word (null) if instances have one.
/// The caller writes everything after the header but that word, and keeps the header's flags: they are
/// `extra | TAIL_EXT`.
pub unsafe fn alloc_instance(th: Th, t: Gc<Type>, bytes: usize, extra: u8) -> R<Obj> {
    if t.has(crate::native::tflags::HAS_DEL) {
        super::object::may_be_finalized(th, t)?;
    }
    let s = shape(t.root_shape.load(Acquire));
    let body = (bytes + 7) & !7;
    let tail = s.ext_at == EXT_VAR;
    let Ok(o) = th.m.try_alloc((body + if tail { 8 } else { 0 }).max(16), t.inst_kind, s.id) else {
        return Err(th.memory_error());
    };
    unsafe {
        let mut f = extra;
        if tail {
            *((o.as_ptr() as *mut u8).add(body) as *mut u64) = 0;
            f |= flags::TAIL_EXT;
        }
        o.as_ref().flags.store(f, Relaxed);
        if t.has(crate::native::tflags::HAS_DEL) {
            th.m.register_finalizer(o);
        }
    }
    Ok(o)
}

/// A list of `n` values that `f` makes.
pub fn list_of(th: Th, n: usize, mut f: impl FnMut(usize) -> R<Value>) -> R<Value> {
    let items = th.array(n)?;
    for i in 0..n {
        let v = f(i)?;
        th.store(items, items.slot(i), v);
    }
    Ok(th.object(List { h: List::head(), len: AtomicU64::new(n as u64), items: SlotOf::new(items) }).value())
}

/// Values on their way into a list: the first on the native stack, where the collector sees them, more of them in the
/// storage of the list to be.
pub struct ListBuilder {
    th: Th,
    n: usize,
    first: [MaybeUninit<Value>; FIRST],
    rest: Option<Gc<Array>>,
}
const FIRST: usize = 16;

impl ListBuilder {
    #[inline]
    pub fn new(th: Th) -> ListBuilder {
        ListBuilder { th, n: 0, first: [MaybeUninit::uninit(); FIRST], rest: None }
    }
    #[inline]
    pub fn push(&mut self, v: Value) -> R<()> {
        if self.n < FIRST && self.rest.is_none() {
            self.first[self.n] = MaybeUninit::new(v);
            self.n += 1;
            return Ok(());
        }
        self.push_more(v)
    }
    fn values(&self) -> &[Value] {
        // SAFETY: the first `n` were pushed.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr() as *const Value, self.n) }
    }
    fn push_more(&mut self, v: Value) -> R<()> {
        let th = self.th;
        let a = match self.rest {
            Some(a) if self.n < a.cap => a,
            old => {
                let a = th.array(self.n * 2)?;
                for i in 0..self.n {
                    let x = old.map_or_else(|| self.values()[i], |o| o.slot(i).value());
                    th.store(a, a.slot(i), x);
                }
                self.rest = Some(a);
                a
            }
        };
        th.store(a, a.slot(self.n), v);
        self.n += 1;
        Ok(())
    }
    /// The list, backwards if `reverse`.
    pub fn finish(&mut self, reverse: bool) -> R<Value> {
        let th = self.th;
        let items = match self.rest {
            Some(a) => a,
            None => unsafe {
                let a = th.alloc_var::<Array>(16 + 8 * self.n)?;
                (*a.as_ptr()).cap = self.n;
                // A fresh object of this size is young: no barrier.
                let d = a.after::<Value>();
                std::ptr::copy_nonoverlapping(self.values().as_ptr(), d, self.n);
                a
            },
        };
        if reverse {
            for i in 0..self.n / 2 {
                let (p, q) = (items.slot(i), items.slot(self.n - 1 - i));
                let (x, y) = (p.value(), q.value());
                th.store(items, p, y);
                th.store(items, q, x);
            }
        }
        self.rest = None;
        Ok(th
            .object(List { h: List::head(), len: AtomicU64::new(self.n as u64), items: SlotOf::new(items) })
            .value())
    }
}

impl Th {
    #[cold]
    pub fn deprecation_warning(self, text: &str) -> R<()> {
        crate::warn::warn(self, &crate::builtins::exceptions::DEPRECATION_WARNING, text, 1)
    }
}
