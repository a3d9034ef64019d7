//! `_heapq`: the heap operations on lists, with the library's pure-Python algorithm.
//!
//! # Safety
//! Comparisons, and other threads, may change the list: each access takes its array anew, which a list always has, and
//! looks at the length of both.

use adder_vm::builtins::{list, quick};
use adder_vm::err::{R, Raised};
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::CmpOp;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::sync::atomic::Ordering::Relaxed;

const fn text(min: &'static str, max: &'static str, is_max: bool) -> &'static str {
    if is_max { max } else { min }
}
macro_rules! defs {
    ($(($push:literal $pop:literal $replace:literal $pushpop:literal $heapify:literal $max:literal))*) => {
        &[$(
            function($push, "($module, heap, item, /)", text("Push item onto heap, maintaining the heap invariant.", "Push item onto max heap, maintaining the heap invariant.", $max), |th, a| {
                let l = heap(th, $push, a)?;
                let item = a[1].unwrap();
                // (Another thread may have shortened the list.)
                let to = place_up(l, len(l), item, $max);
                may_compare(th, to)?;
                list::append(th, l, item)?;
                match to {
                    Some(to) => move_up(th, l, len(l) - 1, to, item)?,
                    None => sift_down(th, l, 0, len(l).saturating_sub(1), $max)?,
                }
                Ok(NONE())
            }),
            function($pop, "($module, heap, /)", text("Pop the smallest item off the heap, maintaining the heap invariant.", "Maxheap variant of heappop.", $max), |th, a| {
                let l = heap(th, $pop, a)?;
                pop(th, l, $max)
            }),
            function($replace, "($module, heap, item, /)", text("Pop and return the current smallest value, and add the new item.\n\nThis is more efficient than heappop() followed by heappush(), and can be\nmore appropriate when using a fixed-size heap.  Note that the value\nreturned may be larger than item!  That constrains reasonable uses of\nthis routine unless written as part of a conditional replacement:\n\n    if item > heap[0]:\n        item = heapreplace(heap, item)", "Maxheap variant of heapreplace.", $max), |th, a| {
                let l = heap(th, $replace, a)?;
                if len(l) == 0 {
                    return Err(th.index_error("index out of range"));
                }
                let top = get(th, l, 0)?;
                let item = a[1].unwrap();
                let way = way_down(l, len(l), item, $max);
                may_compare(th, way)?;
                put(th, l, 0, item)?;
                match way {
                    Some(way) => move_down(th, l, way, item)?,
                    None => sift_up(th, l, 0, $max)?,
                }
                Ok(top)
            }),
            function($pushpop, "($module, heap, item, /)", text("Push item on the heap, then pop and return the smallest item from the heap.\n\nThe combined action runs more efficiently than heappush() followed by\na separate call to heappop().", "Maxheap variant of heappushpop.\n\nThe combined action runs more efficiently than heappush_max()\nfollowed by a separate call to heappop_max().", $max), |th, a| {
                let l = heap(th, $pushpop, a)?;
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
                let way = way_down(l, len(l), item, $max);
                may_compare(th, way)?;
                put(th, l, 0, item)?;
                match way {
                    Some(way) => move_down(th, l, way, item)?,
                    None => sift_up(th, l, 0, $max)?,
                }
                Ok(top)
            }),
            function($heapify, "($module, heap, /)", text("Transform list into a heap, in-place, in O(len(heap)) time.", "Maxheap variant of heapify.", $max), |th, a| {
                let l = heap(th, $heapify, a)?;
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
    doc: "Heap queue algorithm (a.k.a. priority queue).\n\nHeaps are arrays for which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for\nall k, counting elements from 0.  For the sake of comparison,\nnon-existing elements are considered to be infinite.  The interesting\nproperty of a heap is that a[0] is always its smallest element.\n\nUsage:\n\nheap = []            # creates an empty heap\nheappush(heap, item) # pushes a new item on the heap\nitem = heappop(heap) # pops the smallest item from the heap\nitem = heap[0]       # smallest item on the heap without popping it\nheapify(x)           # transforms list into a heap, in-place, in linear time\nitem = heapreplace(heap, item) # pops and returns smallest item, and adds\n                               # new item; the heap size is unchanged\n\nOur API differs from textbook heap algorithms as follows:\n\n- We use 0-based indexing.  This makes the relationship between the\n  index for a node and the indexes for its children slightly less\n  obvious, but is more suitable since Python uses 0-based indexing.\n\n- Our heappop() method returns the smallest item, not the largest.\n\nThese two make it possible to view the heap as a regular Python list\nwithout surprises: heap[0] is the smallest item, and heap.sort()\nmaintains the heap invariant!\n",
    functions: defs! {
        ("heappush" "heappop" "heapreplace" "heappushpop" "heapify" false)
        ("heappush_max" "heappop_max" "heapreplace_max" "heappushpop_max" "heapify_max" true)
    },
    types: &[],
    init: Some(|th, m| {
        m.put(th, "__about__", th.str("Heap queues\n\n[explanation by François Pinard]\n\nHeaps are arrays for which a[k] <= a[2*k+1] and a[k] <= a[2*k+2] for\nall k, counting elements from 0.  For the sake of comparison,\nnon-existing elements are considered to be infinite.  The interesting\nproperty of a heap is that a[0] is always its smallest element.\n\nThe strange invariant above is meant to be an efficient memory\nrepresentation for a tournament.  The numbers below are 'k', not a[k]:\n\n                                   0\n\n                  1                                 2\n\n          3               4                5               6\n\n      7       8       9       10      11      12      13      14\n\n    15 16   17 18   19 20   21 22   23 24   25 26   27 28   29 30\n\n\nIn the tree above, each cell 'k' is topping '2*k+1' and '2*k+2'.  In\na usual binary tournament we see in sports, each cell is the winner\nover the two cells it tops, and we can trace the winner down the tree\nto see all opponents s/he had.  However, in many computer applications\nof such tournaments, we do not need to trace the history of a winner.\nTo be more memory efficient, when a winner is promoted, we try to\nreplace it by something else at a lower level, and the rule becomes\nthat a cell and the two cells it tops contain three different items,\nbut the top cell \"wins\" over the two topped cells.\n\nIf this heap invariant is protected at all time, index 0 is clearly\nthe overall winner.  The simplest algorithmic way to remove it and\nfind the \"next\" winner is to move some loser (let's say cell 30 in the\ndiagram above) into the 0 position, and then percolate this new 0 down\nthe tree, exchanging values, until the invariant is re-established.\nThis is clearly logarithmic on the total number of items in the tree.\nBy iterating over all items, you get an O(n ln n) sort.\n\nA nice feature of this sort is that you can efficiently insert new\nitems while the sort is going on, provided that the inserted items are\nnot \"better\" than the last 0'th element you extracted.  This is\nespecially useful in simulation contexts, where the tree holds all\nincoming events, and the \"win\" condition means the smallest scheduled\ntime.  When an event schedule other events for execution, they are\nscheduled into the future, so they can easily go into the heap.  So, a\nheap is a good structure for implementing schedulers (this is what I\nused for my MIDI sequencer :-).\n\nVarious structures for implementing schedulers have been extensively\nstudied, and heaps are good for this, as they are reasonably speedy,\nthe speed is almost constant, and the worst case is not much different\nthan the average case.  However, there are other representations which\nare more efficient overall, yet the worst cases might be terrible.\n\nHeaps are also very useful in big disk sorts.  You most probably all\nknow that a big sort implies producing \"runs\" (which are pre-sorted\nsequences, which size is usually related to the amount of CPU memory),\nfollowed by a merging passes for these runs, which merging is often\nvery cleverly organised[1].  It is very important that the initial\nsort produces the longest runs possible.  Tournaments are a good way\nto that.  If, using all the memory available to hold a tournament, you\nreplace and percolate items that happen to fit the current run, you'll\nproduce runs which are twice the size of the memory for random input,\nand much better for input fuzzily ordered.\n\nMoreover, if you output the 0'th item on disk and get an input which\nmay not fit in the current tournament (because the value \"wins\" over\nthe last output value), it cannot fit in the heap, so the size of the\nheap decreases.  The freed memory could be cleverly reused immediately\nfor progressively building a second heap, which grows at exactly the\nsame rate the first heap is melting.  When the first heap completely\nvanishes, you switch heaps and start a new run.  Clever and quite\neffective!\n\nIn a word, heaps are useful memory structures to know.  I use them in\na few applications, and I think it is good to keep a 'heap' module\naround. :-)\n\n--------------------\n[1] The disk balancing algorithms which are current, nowadays, are\nmore annoying than clever, and this is a consequence of the seeking\ncapabilities of the disks.  On devices which cannot seek, like big\ntape drives, the story was quite different, and one had to be very\nclever to ensure (far in advance) that each tape movement will be the\nmost effective possible (that is, will best participate at\n\"progressing\" the merge).  Some tapes were even able to read\nbackwards, and this was also used to avoid the rewinding time.\nBelieve me, real good tape sorts were quite spectacular to watch!\nFrom all times, sorting has always been a Great Art! :-)\n"))
    }),
};

/// The heap, the first argument of the function `name`.
fn heap(th: Th, name: &str, a: &[Option<Value>]) -> R<Gc<List>> {
    let v = a[0].unwrap();
    v.cast::<List>().ok_or_else(|| {
        let which = if a.len() > 1 { "argument 1" } else { "argument" };
        th.type_error(format!("{name}() {which} must be list, not {}", th.type_name_of(v)))
    })
}
fn len(l: Gc<List>) -> usize {
    l.len.load(Relaxed) as usize
}
fn items(l: Gc<List>) -> Gc<Array> {
    l.items.gc()
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
// -- without Python code: all comparisons come before the first change, so nothing of it need be done twice

/// Within a trace what cannot be compared here is left to the interpreter, before anything has happened.
fn may_compare<T>(th: Th, plan: Option<T>) -> R<()> {
    if plan.is_none() && th.is_quiet() { Err(Raised) } else { Ok(()) }
}
fn quick_before(x: Value, y: Value, max: bool) -> Option<bool> {
    let (x, y) = if max { (y, x) } else { (x, y) };
    match quick::order(x, y) {
        Some(o) => Some(o == std::cmp::Ordering::Less),
        None => quick::compare_tuples(x, y, CmpOp::Lt),
    }
}
fn look(l: Gc<List>, i: usize) -> Option<Value> {
    let a = items(l);
    if i < len(l) && i < a.cap { a.slot(i).get() } else { None }
}
/// Where an item goes that begins at `pos` and moves towards the root.
fn place_up(l: Gc<List>, mut pos: usize, item: Value, max: bool) -> Option<usize> {
    while pos > 0 {
        let parent = (pos - 1) >> 1;
        if !quick_before(item, look(l, parent)?, max)? {
            break;
        }
        pos = parent;
    }
    Some(pos)
}
fn move_up(th: Th, l: Gc<List>, mut pos: usize, to: usize, item: Value) -> R<()> {
    while pos > to {
        let parent = (pos - 1) >> 1;
        put(th, l, pos, get(th, l, parent)?)?;
        pos = parent;
    }
    put(th, l, pos, item)
}
/// The way down from the root along the better children: at each level, whether it is the second one; and how many
/// levels down an item goes that is put at the root.
#[derive(Clone, Copy, Default)]
struct Way {
    second: u64,
    levels: u32,
}
/// The way of `item`, should it be put at the root of the first `n` items.
fn way_down(l: Gc<List>, n: usize, item: Value, max: bool) -> Option<Way> {
    let mut way = Way::default();
    let mut pos = 0;
    while pos < n / 2 {
        let mut child = 2 * pos + 1;
        if child + 1 < n && !quick_before(look(l, child)?, look(l, child + 1)?, max)? {
            child += 1;
            way.second |= 1 << way.levels;
        }
        way.levels += 1;
        pos = child;
    }
    while way.levels > 0 && quick_before(item, look(l, pos)?, max)? {
        way.levels -= 1;
        pos = (pos - 1) >> 1;
    }
    Some(way)
}
fn move_down(th: Th, l: Gc<List>, way: Way, item: Value) -> R<()> {
    let mut pos = 0;
    for k in 0..way.levels {
        let child = 2 * pos + 1 + (way.second >> k & 1) as usize;
        put(th, l, pos, get(th, l, child)?)?;
        pos = child;
    }
    put(th, l, pos, item)
}

// -- in general

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
    let way = if n == 1 { Some(Way::default()) } else { way_down(l, n - 1, get(th, l, n - 1)?, max) };
    may_compare(th, way)?;
    let last = th.call_method(l.value(), n!(pop), &[])?;
    if n == 1 {
        return Ok(last);
    }
    let top = get(th, l, 0)?;
    put(th, l, 0, last)?;
    match way {
        Some(way) => move_down(th, l, way, last)?,
        None => sift_up(th, l, 0, max)?,
    }
    Ok(top)
}
