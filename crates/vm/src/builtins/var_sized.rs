//! Instances of variable-sized builtin types (`int`, `str`, `bytes`, `tuple`) and of their Python subclasses, which keep
//! their attributes in a word at the end of the object.

use crate::err::R;
use crate::object::{List, Type};
use crate::shape::{EXT_VAR, shape};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Obj;
use std::sync::atomic::{AtomicU64, Ordering::*};

/// Memory for an instance of `t`: `bytes` for the native layout, and the attribute word (null) if instances have one.
/// The caller writes everything after the header but that word, and keeps the header's flags: they are
/// `extra | TAIL_EXT`.
pub unsafe fn alloc_instance(th: Th, t: Gc<Type>, bytes: usize, extra: u16) -> R<Obj> {
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
    unsafe {
        let l = th.alloc::<List>();
        (*l.as_ptr()).len = AtomicU64::new(n as u64);
        l.items.init(Some(items.value()));
        Ok(l.value())
    }
}

impl Th {
    #[cold]
    pub fn deprecation_warning(self, text: &str) -> R<()> {
        crate::warn::warn(self, &crate::builtins::exceptions::DEPRECATION_WARNING, text, 1)
    }
}
