//! `callable_iterator`: what `iter(callable, sentinel)` gives.
//!
//! # Invariants
//! Both slots are set before anybody has the iterator; `call` becomes null when it is exhausted.

use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::native::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;

/// Both slots are null once it is exhausted.
#[repr(C)]
pub struct CallIter {
    pub h: Header,
    pub call: Slot,
    pub sentinel: Slot,
}
unsafe impl Layout for CallIter {
    const KIND: Kind = Kind::CallIter;
}

pub static CALL_ITER_TYPE: NativeType = NativeType {
    name: "callable_iterator",
    kind: Kind::CallIter,
    size: size_of::<CallIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(next), ..Slots::NONE },
    methods: &[method("__reduce__", "!($self, /)", "Return state information for pickling.", |th, a| {
        let it = this(a[0].unwrap());
        let iter = crate::builtins::builtin(th, "iter")?;
        Ok(match (it.call.get(), it.sentinel.get()) {
            (Some(c), Some(s)) => th.tuple(&[iter, th.tuple(&[c, s])]),
            _ => th.tuple(&[iter, th.tuple(&[th.tuple(&[])])]),
        })
    })],
    ..NativeType::DEFAULT
};
pub static CALL_ITER: TypeCell = TypeCell::new(&CALL_ITER_TYPE);

fn this(o: Value) -> Gc<CallIter> {
    unsafe { o.cast_unchecked() }
}
pub fn new(th: Th, call: Value, sentinel: Value) -> Value {
    th.object(CallIter { h: CallIter::head(), call: Slot::new(call), sentinel: Slot::new(sentinel) }).value()
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    let it = this(o);
    let Some(f) = it.call.get() else { return Ok(None) };
    let end = |it: Gc<CallIter>| {
        it.call.init(None);
        it.sentinel.init(None);
    };
    match th.call(f, &[]) {
        Ok(v) => {
            // The call may have exhausted the iterator.
            let Some(s) = it.sentinel.get() else { return Ok(None) };
            if th.eq(s, v)? {
                end(it);
                return Ok(None);
            }
            Ok(Some(v))
        }
        Err(e) => {
            if th.exc_is(&exc::STOP_ITERATION) {
                end(it);
                th.take_exc();
                return Ok(None);
            }
            Err(e)
        }
    }
}
