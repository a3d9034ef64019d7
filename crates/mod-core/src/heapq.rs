//! `_heapq`: the heap operations on lists, with the library's pure-Python algorithm.

use adder_vm::builtins::list;
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::CmpOp;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::Relaxed;

macro_rules! defs {
    ($(($push:literal $pop:literal $replace:literal $pushpop:literal $heapify:literal $max:literal))*) => {
        &[$(
            function($push, "($module, heap, item, /)", "Push item onto heap, maintaining the heap invariant.", |th, a| {
                let l = heap(th, a[0])?;
                list::append(th, l, a[1].unwrap())?;
                sift_down(th, l, 0, len(l) - 1, $max)?;
                Ok(NONE())
            }),
            function($pop, "($module, heap, /)", "Pop the smallest item off the heap, maintaining the heap invariant.", |th, a| {
                let l = heap(th, a[0])?;
                pop(th, l, $max)
            }),
            function($replace, "($module, heap, item, /)", "Pop and return the current smallest value, and add the new item.\n\nThis is more efficient than heappop() followed by heappush(), and can be\nmore appropriate when using a fixed-size heap.  Note that the value\nreturned may be larger than item!  That constrains reasonable uses of\nthis routine unless written as part of a conditional replacement:\n\n    if item > heap[0]:\n        item = heapreplace(heap, item)", |th, a| {
                let l = heap(th, a[0])?;
                if len(l) == 0 {
                    return Err(th.index_error("index out of range"));
                }
                let top = get(th, l, 0)?;
                put(th, l, 0, a[1].unwrap())?;
                sift_up(th, l, 0, $max)?;
                Ok(top)
            }),
            function($pushpop, "($module, heap, item, /)", "Push item on the heap, then pop and return the smallest item from the heap.\n\nThe combined action runs more efficiently than heappush() followed by\na separate call to heappop().", |th, a| {
                let l = heap(th, a[0])?;
                let item = a[1].unwrap();
                if len(l) == 0 {
                    return Ok(item);
                }
                let top = get(th, l, 0)?;
                if !before(th, top, item, $max)? {
                    return Ok(item);
                }
                if len(l) == 0 {
                    return Err(th.index_error("index out of range"));
                }
                put(th, l, 0, item)?;
                sift_up(th, l, 0, $max)?;
                Ok(top)
            }),
            function($heapify, "($module, heap, /)", "Transform list into a heap, in-place, in O(len(heap)) time.", |th, a| {
                let l = heap(th, a[0])?;
                for i in (0..len(l) / 2).rev() {
                    sift_up(th, l, i, $max)?;
                }
                Ok(NONE())
            }),
        )*]
    };
}

pub static MODULE: NativeModule = NativeModule {
    name: "_heapq",
    doc: "Heap queue algorithm (a.k.a. priority queue).\n",
    functions: defs! {
        ("heappush" "heappop" "heapreplace" "heappushpop" "heapify" false)
        ("heappush_max" "heappop_max" "heapreplace_max" "heappushpop_max" "heapify_max" true)
    },
    types: &[],
    init: Some(|th, m| m.put(th, "__about__", th.str("Heap queues"))),
};

fn heap(th: Th, v: Option<Value>) -> R<Gc<List>> {
    let v = v.unwrap();
    v.cast::<List>()
        .ok_or_else(|| th.type_error(format!("heap argument must be a list, not {}", th.type_name_of(v))))
}
fn len(l: Gc<List>) -> usize {
    l.len.load(Relaxed) as usize
}
fn items(l: Gc<List>) -> Gc<Array> {
    unsafe { l.items.gc() }
}
/// Comparisons may change the list: every access looks again.
fn get(th: Th, l: Gc<List>, i: usize) -> R<Value> {
    let a = items(l);
    if i < len(l) && i < a.cap {
        if let Some(v) = a.slot(i).get() {
            return Ok(v);
        }
    }
    Err(th.runtime_error("list changed size during iteration"))
}
fn put(th: Th, l: Gc<List>, i: usize, v: Value) -> R<()> {
    let a = items(l);
    if i >= len(l) || i >= a.cap {
        return Err(th.runtime_error("list changed size during iteration"));
    }
    th.store(a, a.slot(i), v);
    Ok(())
}
/// Whether `x` belongs above `y`.
#[inline]
fn before(th: Th, x: Value, y: Value, max: bool) -> R<bool> {
    if max { th.compare(y, x, CmpOp::Lt) } else { th.compare(x, y, CmpOp::Lt) }
}
/// Moves the item at `pos` towards the root until its parent belongs above it.
fn sift_down(th: Th, l: Gc<List>, start: usize, mut pos: usize, max: bool) -> R<()> {
    let n = len(l);
    let item = get(th, l, pos)?;
    while pos > start {
        let parent = (pos - 1) >> 1;
        let p = get(th, l, parent)?;
        let up = before(th, item, p, max)?;
        if len(l) != n {
            return Err(th.runtime_error("list changed size during iteration"));
        }
        if !up {
            break;
        }
        put(th, l, pos, p)?;
        put(th, l, parent, item)?;
        pos = parent;
    }
    Ok(())
}
/// Moves the item at `pos` down to a leaf along the better children, then back up to its place.
fn sift_up(th: Th, l: Gc<List>, start: usize, max: bool) -> R<()> {
    let n = len(l);
    let mut pos = start;
    while pos < n / 2 {
        let mut child = 2 * pos + 1;
        if child + 1 < n {
            let (a, b) = (get(th, l, child)?, get(th, l, child + 1)?);
            if !before(th, a, b, max)? {
                child += 1;
            }
            if len(l) != n {
                return Err(th.runtime_error("list changed size during iteration"));
            }
        }
        let (x, y) = (get(th, l, pos)?, get(th, l, child)?);
        put(th, l, pos, y)?;
        put(th, l, child, x)?;
        pos = child;
    }
    sift_down(th, l, start, pos, max)
}
fn pop(th: Th, l: Gc<List>, max: bool) -> R<Value> {
    let n = len(l);
    if n == 0 {
        return Err(th.index_error("index out of range"));
    }
    let last = th.call_method(l.value(), n!(pop), &[])?;
    if n == 1 {
        return Ok(last);
    }
    let top = get(th, l, 0)?;
    put(th, l, 0, last)?;
    sift_up(th, l, 0, max)?;
    Ok(top)
}
