//! `_queue.SimpleQueue`: an unbounded queue between threads.
//!
//! The items are a ring in an array whose capacity is a power of two, changed under the object's lock. Whoever finds it
//! empty counts itself as waiting, looks again, and sleeps on the turnstile; so a `put` that sees nobody waiting need not
//! wake anybody. `put` takes no other lock and allocates before it takes this one, so it may be called from a finalizer
//! or a signal's handler that interrupts another call.

use crate::util::*;
use adder_vm::builtins::object::new_instance;
use adder_vm::builtins::util::class_getitem;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::sync::{Rest, Turnstile, Wake, monotonic};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;
use std::sync::atomic::{AtomicU32, Ordering::*};

crate::exception_type!(pub EMPTY "_queue.Empty" EXCEPTION "Exception raised by Queue.get(block=0)/get_nowait().");

pub static MODULE: NativeModule = NativeModule {
    name: "_queue",
    doc: "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    functions: &[],
    types: &[&SIMPLE_QUEUE, &EMPTY],
    init: None,
};

crate::native_layout! { pub(crate) Queue { ring; start: Plain<usize>, len: Plain<usize>, gate: Turnstile, waiting: AtomicU32 } }

static NO_ARGS: NativeDef = function("SimpleQueue", "($module, /)", "", |_, _| none());

pub static SIMPLE_QUEUE: TypeCell = TypeCell::new(&NativeType {
    name: "_queue.SimpleQueue",
    kind: Kind::Native,
    size: Queue::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::SHOWN_AS_HEAP,
    doc: "Simple, unbounded, reentrant FIFO queue.",
    text_signature: Some("()"),
    slots: Slots {
        new: Some(|th, t, a| {
            if t.is(SIMPLE_QUEUE.get().value()) {
                if !a.is_empty() {
                    return Err(th.type_error("SimpleQueue() takes no positional arguments"));
                }
                adder_vm::bind::bind(th, &NO_ARGS, a, &mut [])?;
            }
            let ring = th.array(8)?;
            let o = new_instance(th, t.cast().unwrap())?;
            let q = Queue::of(o);
            th.store(q, &q.ring, ring.value());
            Ok(o)
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "empty",
            "($self, /)",
            "Return True if the queue is empty, False otherwise (not reliable!).",
            |_, a| Ok(Value::bool(Queue::of(a[0].unwrap()).len.get() == 0)),
        ),
        method(
            "get",
            "($self, /, block=True, timeout=None)",
            "Remove and return an item from the queue.\n\nIf optional args 'block' is true and 'timeout' is None (the\ndefault), block if necessary until an item is available.  If\n'timeout' is a non-negative number, it blocks at most 'timeout'\nseconds and raises the Empty exception if no item was available\nwithin that time.\nOtherwise ('block' is false), return an item if one is immediately\navailable, else raise the Empty exception ('timeout' is ignored\nin that case).",
            |th, a| {
                let q = Queue::of(a[0].unwrap());
                let block = bool_or(th, a[1], true)?;
                let mut until = None;
                if block && let Some(v) = given(a[2]) {
                    let n = crate::time::duration(th, v, crate::time::Round::Ceiling)?;
                    if n < 0 {
                        return Err(th.value_error("'timeout' must be a non-negative number"));
                    }
                    until = monotonic().checked_add(n);
                }
                get(th, q, block, until)
            },
        ),
        method(
            "get_nowait",
            "($self, /)",
            "Remove and return an item from the queue without blocking.\n\nOnly get an item if one is immediately available. Otherwise\nraise the Empty exception.",
            |th, a| get(th, Queue::of(a[0].unwrap()), false, None),
        ),
        method(
            "put",
            "($self, /, item, block=True, timeout=None)",
            "Put the item on the queue.\n\nThe optional 'block' and 'timeout' arguments are ignored, as this\nmethod never blocks.  They are provided for compatibility with the\nQueue class.",
            |th, a| {
                put(th, Queue::of(a[0].unwrap()), a[1].unwrap())?;
                none()
            },
        ),
        method(
            "put_nowait",
            "($self, /, item)",
            "Put an item into the queue without blocking.\n\nThis is exactly equivalent to `put(item)` and is only provided\nfor compatibility with the Queue class.",
            |th, a| {
                put(th, Queue::of(a[0].unwrap()), a[1].unwrap())?;
                none()
            },
        ),
        method(
            "qsize",
            "($self, /)",
            "Return the approximate size of the queue (not reliable!).",
            |th, a| Ok(th.int(Queue::of(a[0].unwrap()).len.get() as i64)),
        ),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "SimpleQueues are generic over the type of their contents",
            class_getitem,
        ),
    ],
    trace: Some(Queue::trace),
    ..NativeType::DEFAULT
});

fn ring(q: Gc<Queue>) -> Gc<Array> {
    q.ring.value().cast().unwrap()
}

fn put(th: Th, q: Gc<Queue>, v: Value) -> R<()> {
    loop {
        let n = q.len.get();
        let spare = if n == ring(q).cap { Some(th.array(n * 2)?) } else { None };
        let _g = th.lock(q);
        let n = q.len.get();
        let mut r = ring(q);
        if n == r.cap {
            let Some(big) = spare.filter(|b| b.cap > n) else { continue };
            for i in 0..n {
                let x = r.slot((q.start.get() + i) & (r.cap - 1)).value();
                th.store(big, big.slot(i), x);
            }
            th.store(q, &q.ring, big.value());
            q.start.set(0);
            r = big;
        }
        th.store(r, r.slot((q.start.get() + n) & (r.cap - 1)), v);
        q.len.set(n + 1);
        break;
    }
    std::sync::atomic::fence(SeqCst);
    if q.waiting.load(SeqCst) != 0 {
        q.gate.notify(1);
    }
    Ok(())
}

fn take(th: Th, q: Gc<Queue>) -> Option<Value> {
    let _g = th.lock(q);
    let n = q.len.get();
    if n == 0 {
        return None;
    }
    let r = ring(q);
    let s = r.slot(q.start.get());
    let v = s.value();
    s.init(None);
    q.start.set((q.start.get() + 1) & (r.cap - 1));
    q.len.set(n - 1);
    Some(v)
}

fn get(th: Th, q: Gc<Queue>, block: bool, until: Option<i64>) -> R<Value> {
    if let Some(v) = take(th, q) {
        return Ok(v);
    }
    if !block {
        return Err(th.raise_args(&EMPTY, &[]));
    }
    let mut rest = Rest::default();
    loop {
        q.waiting.fetch_add(1, SeqCst);
        let ticket = q.gate.ticket();
        let v = take(th, q);
        let woken = match v {
            Some(_) => Wake::Woken,
            None => q.gate.wait(th, ticket, rest.until(until)),
        };
        q.waiting.fetch_sub(1, SeqCst);
        if let Some(v) = v.or_else(|| take(th, q)) {
            return Ok(v);
        }
        match woken {
            Wake::TimedOut if until.is_some_and(|t| t <= monotonic()) => {
                return Err(th.raise_args(&EMPTY, &[]));
            }
            Wake::TimedOut => rest.over(th)?,
            Wake::Interrupted => check_signals(th)?,
            Wake::Woken => {}
        }
    }
}
