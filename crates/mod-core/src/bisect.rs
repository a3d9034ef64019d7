//! `_bisect`.

use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::List;
use adder_vm::slots::CmpOp;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub static MODULE: NativeModule = NativeModule {
    name: "_bisect",
    doc: "Bisection algorithms.\n\nThis module provides support for maintaining a list in sorted order without\nhaving to sort the list after each insertion. For long lists of items with\nexpensive comparison operations, this can be an improvement over the more\ncommon approach.\n",
    functions: &[
        function("bisect_right", SIG, RIGHT, |th, a| Ok(th.int(find(th, a, true)?))),
        function("bisect_left", SIG, LEFT, |th, a| Ok(th.int(find(th, a, false)?))),
        function(
            "insort_right",
            SIG,
            "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the right of the rightmost x.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order.",
            |th, a| insort(th, a, true),
        ),
        function(
            "insort_left",
            SIG,
            "Insert item x in list a, and keep it sorted assuming a is sorted.\n\nIf x is already in a, insert it to the left of the leftmost x.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order.",
            |th, a| insort(th, a, false),
        ),
    ],
    types: &[],
    init: None,
};

const SIG: &str = "($module, /, a, x, lo=0, hi=None, *, key=None)";
const RIGHT: &str = "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e <= x, and all e in\na[i:] have e > x.  So if x already appears in the list, a.insert(i, x)\nwill insert just after the rightmost x already there.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order.";
const LEFT: &str = "Return the index where to insert item x in list a, assuming a is sorted.\n\nThe return value i is such that all e in a[:i] have e < x, and all e in\na[i:] have e >= x.  So if x already appears in the list, a.insert(i, x)\nwill insert just before the leftmost x already there.\n\nOptional args lo (default 0) and hi (default len(a)) bound the\nslice of a to be searched.\n\nA custom key function can be supplied to customize the sort order.";

/// An item of a sequence (`PySequence_GetItem`).
fn item(th: Th, seq: Value, i: i64) -> R<Value> {
    if th.type_of(seq).slots.getitem.is_none() {
        return Err(th.type_error(format!("'{}' object does not support indexing", th.type_name_of(seq))));
    }
    th.getitem(seq, th.int(i))
}
fn find_x(th: Th, a: &[Option<Value>], x: Value, right: bool) -> R<i64> {
    let seq = a[0].unwrap();
    let mut lo = match a[2] {
        Some(v) => th.index_i64(v)?,
        None => 0,
    };
    if lo < 0 {
        return Err(th.value_error("lo must be non-negative"));
    }
    let mut hi = match a[3].and_then(|h| h.some()) {
        Some(v) => th.index_i64(v)?,
        None => th.len(seq)? as i64,
    };
    let key = a[4].and_then(|k| k.some());
    if let Some(f) = key {
        th.may_call(f)?;
    }
    while lo < hi {
        let mid = lo + (hi - lo) / 2;
        let mut v = match seq.exact::<List>().and_then(|l| l.get(mid as usize)) {
            Some(v) => v,
            None => item(th, seq, mid)?,
        };
        if let Some(k) = key {
            th.may_take(v)?;
            v = th.call(k, &[v])?;
        }
        let before = if right { !th.compare(x, v, CmpOp::Lt)? } else { th.compare(v, x, CmpOp::Lt)? };
        if before {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    Ok(lo)
}
fn find(th: Th, a: &[Option<Value>], right: bool) -> R<i64> {
    find_x(th, a, a[1].unwrap(), right)
}
fn insort(th: Th, a: &[Option<Value>], right: bool) -> R<Value> {
    let x = a[1].unwrap();
    let k = match a[4].and_then(|k| k.some()) {
        Some(f) => {
            th.may_call(f)?;
            th.may_take(x)?;
            th.call(f, &[x])?
        }
        None => x,
    };
    let i = find_x(th, a, k, right)?;
    th.call_method(a[0].unwrap(), n!(insert), &[th.int(i), x])?;
    Ok(NONE())
}
