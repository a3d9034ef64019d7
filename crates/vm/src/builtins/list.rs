//! `list`.
//!
//! # Layout and races
//! A list is a length and an [`Array`] whose own capacity bounds every access. Slots below the length hold values; slots
//! at and above it are null, so that removed items can be collected at once. Mutations take the list's lock when the
//! process has several threads. Readers take no lock: they load the length, then the array, and test the index against
//! both; with several threads a slot may also be found null, because an item was removed in between, which readers treat
//! as "index out of range" (the state after the removal). Replaced arrays keep their contents.
//!
//! Single slots are what is atomic: a reader during `insert` or `del l[i]` sees each item at its old or its new place.
//! `sort` detaches the array, so that others see an empty list meanwhile, as in CPython.
//!
//! # Safety
//! A list always holds an array (an empty one is shared and static), an array always has `cap` slots, all of them set
//! or null. Words are moved in bulk under the lock, or in arrays that nobody else has; with several threads word by
//! word where others may read. A slice of the items is used before the list can change: nothing is called meanwhile,
//! and allocation alone changes no list (finalizers and weakref callbacks wait for the interpreter's loop; other threads
//! wait for the lock, which is held across it). The pointer in the slice keeps the array alive, and where it is.

use super::iters::{Items, new_list_iter};
use super::slice;
use super::util::*;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::atomic::{AtomicU64, Ordering::*};

pub static LIST_TYPE: NativeType = NativeType {
    name: "list",
    kind: Kind::List,
    size: size_of::<List>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC | tflags::SEQUENCE | tflags::MATCH_SELF,
    doc: "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\nThe argument must be an iterable if specified.",
    text_signature: Some("(iterable=(), /)"),
    new1: Some(list_of),
    slots: Slots {
        new: Some(list_new),
        init: Some(list_init),
        repr: Some(list_repr),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(list_compare),
        iter: Some(new_list_iter),
        len: Some(|_, o| Ok(this::<List>(o).len())),
        getitem: Some(list_getitem),
        setitem: Some(list_setitem),
        contains: Some(list_contains),
        concat: Some(list_concat),
        repeat: Some(list_repeat),
        iconcat: Some(list_iconcat),
        irepeat: Some(list_irepeat),
        ..Slots::NONE
    },
    methods: &[
        method("__getitem__", "($self, index, /)", "Return self[index].", |th, a| {
            list_getitem(th, arg(a, 0), arg(a, 1))
        }),
        method("__reversed__", "($self, /)", "Return a reverse iterator over the list.", |th, a| {
            Ok(super::iters::new_list_rev_iter(th, me(a)))
        }),
        method("__sizeof__", "($self, /)", "Return the size of the list in memory, in bytes.", list_sizeof),
        method("clear", "($self, /)", "Remove all items from list.", |th, a| {
            clear(th, me(a));
            Ok(NONE())
        }),
        method("copy", "($self, /)", "Return a shallow copy of the list.", |th, a| {
            let (arr, n) = copy_of(th, me(a), 0)?;
            Ok(from_array(th, arr, n).value())
        }),
        method("append", "($self, object, /)", "Append object to the end of the list.", |th, a| {
            // SAFETY: only ever called as a method, with its required argument.
            let (l, v) = unsafe { (me_unchecked(a), a.get_unchecked(1).unwrap_unchecked()) };
            append(th, l, v)?;
            Ok(NONE())
        })
        .inlined(Inline::ListAppend),
        method("insert", "($self, index, object, /)", "Insert object before index.", |th, a| {
            let i = th.index_i64(arg(a, 1))?;
            insert(th, me(a), i, arg(a, 2))?;
            Ok(NONE())
        }),
        method(
            "extend",
            "($self, iterable, /)",
            "Extend list by appending elements from the iterable.",
            |th, a| {
                extend(th, me(a), arg(a, 1))?;
                Ok(NONE())
            },
        ),
        method(
            "pop",
            "($self, index=-1, /)",
            "Remove and return item at index (default last).\n\nRaises IndexError if list is empty or index is out of range.",
            list_pop,
        ),
        method(
            "remove",
            "($self, value, /)",
            "Remove first occurrence of value.\n\nRaises ValueError if the value is not present.",
            list_remove,
        ),
        method(
            "index",
            "($self, value, start=0, stop=sys.maxsize, /)",
            "Return first index of value.\n\nRaises ValueError if the value is not present.",
            list_index,
        ),
        method("count", "($self, value, /)", "Return number of occurrences of value.", list_count),
        method("reverse", "($self, /)", "Reverse *IN PLACE*.", |th, a| {
            reverse(th, me(a));
            Ok(NONE())
        }),
        method(
            "sort",
            "($self, /, *, key=None, reverse=False)",
            "Sort the list in ascending order and return None.\n\nThe sort is in-place (i.e. the list itself is modified) and stable\n(i.e. the order of two equal elements is maintained).\n\nIf a key function is given, apply it once to each list item and sort\nthem, ascending or descending, according to their function values.\n\nThe reverse flag can be set to sort in descending order.",
            |th, a| {
                let reverse = a[2].map_or(Ok(false), |v| th.truth(v))?;
                sort(th, me(a), a[1].and_then(Value::some), reverse)?;
                Ok(NONE())
            },
        ),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "lists are generic over the type of their contents",
            class_getitem,
        ),
    ],
    ..NativeType::DEFAULT
};
pub static LIST: TypeCell = TypeCell::new(&LIST_TYPE);

static EMPTY: StaticWords<1> = StaticWords::new(Kind::Array, [0]);
/// Storage of a list that is being sorted: tells it from every list that was changed meanwhile.
static SORTING: StaticWords<1> = StaticWords::new(Kind::Array, [0]);

/// The storage of all empty lists: an array without slots.
#[inline(always)]
pub fn empty_array() -> Value {
    EMPTY.value()
}

impl List {
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len.load(Relaxed) as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    #[inline(always)]
    pub fn array(&self) -> Gc<Array> {
        // SAFETY: an instance has one before anybody sees it.
        unsafe { self.items.gc_unchecked() }
    }
    /// Item `i`; None: out of range.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        if i < self.len() {
            let a = self.array();
            if i < a.cap {
                return a.slot(i).get();
            }
        }
        None
    }
}

// -- arrays

/// An array of `cap` slots that begins with these items.
pub fn array_of(th: Th, items: &[Value], cap: usize) -> R<Gc<Array>> {
    debug_assert!(items.len() <= cap);
    if cap == 0 {
        return Ok(this(empty_array()));
    }
    if cap > 1 << 40 {
        return Err(th.memory_error());
    }
    // SAFETY: the size of so many slots; all are written before anything else is allocated.
    unsafe {
        let a = th.alloc_var::<Array>(16 + 8 * cap)?;
        (*a.as_ptr()).cap = cap;
        let p = a.after::<Value>();
        crate::value::copy_values(items.as_ptr(), p, items.len());
        th.m.zero(a.obj(), p.add(items.len()) as *mut u64, cap - items.len());
        Ok(a)
    }
}
/// The values in the first `n` slots, all of which must be set. Do not keep it while others may write.
///
/// # Safety
/// `n` is no more than the length of a list that is locked, or that no other thread has; its items stay meanwhile.
#[inline(always)]
pub unsafe fn values<'a>(a: Gc<Array>, n: usize) -> &'a [Value] {
    debug_assert!(n <= a.cap);
    unsafe { std::slice::from_raw_parts(a.after::<Value>(), n) }
}
#[inline(always)]
fn data(a: Gc<Array>) -> *mut u64 {
    a.after::<u64>()
}

/// Fewer words than this are moved one by one: that is over before a call or vectors have begun.
const FEW: usize = 16;
/// Copies words between arrays that do not overlap, the last one first if `reversed`.
///
/// # Safety
/// Both have `n` words. Nobody writes to the source, or sees the target, meanwhile.
#[inline(always)]
unsafe fn copy_words(from: *const u64, to: *mut u64, n: usize, reversed: bool) {
    unsafe {
        match (n < FEW, reversed) {
            (true, false) => (0..n).for_each(|k| to.add(k).write(one(from.add(k)))),
            (true, true) => (0..n).for_each(|k| to.add(n - 1 - k).write(one(from.add(k)))),
            (false, false) => std::ptr::copy_nonoverlapping(from, to, n),
            (false, true) => {
                let (from, to) = (std::slice::from_raw_parts(from, n), std::slice::from_raw_parts_mut(to, n));
                to.iter_mut().rev().zip(from).for_each(|(x, y)| *x = *y);
            }
        }
    }
}
/// Reads a word by itself: the compiler does not make vectors of it.
///
/// # Safety
/// There is one.
#[inline(always)]
unsafe fn one(at: *const u64) -> u64 {
    unsafe { AtomicU64::from_ptr(at.cast_mut()).load(Relaxed) }
}

/// Capacity for `n` items of a list that grows: all of the memory that is then given to it.
fn grown(n: usize) -> usize {
    // Long ones have memory that is given in larger pieces, so they grow by more than this.
    let extra = if n < 1 << 11 { n / 2 } else { n / 4 };
    (adder_heap::given(16 + 8 * ((n + extra + 3) & !3)) - 16) / 8
}

// -- making lists

/// A list that takes over an array of which the first `n` slots are set and the rest are null.
#[inline]
pub fn from_array(th: Th, a: Gc<Array>, n: usize) -> Gc<List> {
    let l = th.object(List { h: List::head(), len: AtomicU64::new(n as u64), items: SlotOf::new(a) });
    th.own_new(l.header());
    l
}
pub fn new(th: Th, items: &[Value]) -> R<Gc<List>> {
    let a = array_of(th, items, items.len())?;
    Ok(from_array(th, a, items.len()))
}
pub fn with_capacity(th: Th, n: usize) -> R<Gc<List>> {
    let a = array_of(th, &[], n)?;
    Ok(from_array(th, a, 0))
}
/// `list(v)`.
pub fn from_iterable(th: Th, v: Value) -> R<Gc<List>> {
    if let Some((a, n)) = super::iters::bulk(th, v)? {
        return Ok(from_array(th, a, n));
    }
    let l = new(th, &[])?;
    extend(th, l, v)?;
    Ok(l)
}
/// The items as a tuple.
pub fn snapshot(th: Th, l: Gc<List>) -> R<Value> {
    if th.multi() {
        let (a, n) = copy_of(th, l, 0)?;
        return super::tuple::from_array(th, a, n);
    }
    let n = l.len();
    if n == 0 {
        return Ok(Root::empty_tuple.value());
    }
    // SAFETY: with one thread the list has the same items after the allocation.
    unsafe {
        let t = super::tuple::alloc(th, n)?;
        debug_assert_eq!(l.len(), n);
        std::ptr::copy_nonoverlapping(data(l.array()), super::tuple::items_ptr(t) as *mut u64, n);
        Ok(t.value())
    }
}
/// A copy of the items in an array with `spare` more slots, and their number.
pub fn copy_of(th: Th, l: Gc<List>, spare: usize) -> R<(Gc<Array>, usize)> {
    let _g = th.lock(l);
    let n = l.len();
    let a = array_of(th, unsafe { values(l.array(), n) }, n + spare)?;
    Ok((a, n))
}

// -- mutation

/// Makes room for `n` items. Under the lock.
fn reserve(th: Th, l: Gc<List>, n: usize, exact: bool) -> R<()> {
    let a = l.array();
    if n > a.cap {
        let len = l.len();
        // A large one grows where it is, if it can.
        if n > 1 << 14 && !th.multi() {
            let cap = if exact { n } else { grown(n) };
            if th.m.try_grow(a.obj(), 16 + 8 * cap) {
                // SAFETY: the memory is the array's now; nobody else sees it.
                unsafe {
                    th.m.zero(a.obj(), data(a).add(a.cap), cap - a.cap);
                    (*a.as_ptr()).cap = cap;
                }
                return Ok(());
            }
        }
        let new = array_of(th, unsafe { values(a, len) }, if exact { n } else { grown(n) })?;
        th.store(l, &l.items, new);
    }
    Ok(())
}
/// Moves `n` slots within an array word by word (racing readers see whole words). Under the lock; the caller runs the
/// barrier.
///
/// # Safety
/// Both ranges are within the array.
unsafe fn shift(th: Th, a: Gc<Array>, from: usize, to: usize, n: usize) {
    unsafe {
        if !th.multi() {
            std::ptr::copy(data(a).add(from), data(a).add(to), n);
        } else if to < from {
            for k in 0..n {
                a.slot(to + k).init(a.slot(from + k).get());
            }
        } else {
            for k in (0..n).rev() {
                a.slot(to + k).init(a.slot(from + k).get());
            }
        }
    }
}
/// Slots were rewritten in bulk.
#[inline]
fn touched(th: Th, a: Gc<Array>) {
    th.m.barrier_all(a.obj());
}
/// Shortens to `n` items: the slots behind become null. Gives back memory that is far too much. Under the lock.
fn truncate(th: Th, l: Gc<List>, n: usize) {
    let old = l.len();
    l.len.store(n as u64, Release);
    let a = l.array();
    for i in n..old {
        a.slot(i).init(None);
    }
    if a.cap > 64 && n < a.cap / 4 {
        // Without memory for a smaller array the large one stays.
        match array_of(th, unsafe { values(a, n) }, grown(n)) {
            Ok(new) => th.store(l, &l.items, new),
            Err(_) => th.exc.init(None),
        }
    }
}

#[inline]
pub fn append(th: Th, l: Gc<List>, v: Value) -> R<()> {
    if th.owns(l) {
        let n = l.len();
        let a = l.array();
        if n < a.cap {
            th.store(a, a.slot(n), v);
            l.len.store(n as u64 + 1, Release);
            return Ok(());
        }
    }
    append_slow(th, l, v)
}
#[inline(never)]
fn append_slow(th: Th, l: Gc<List>, v: Value) -> R<()> {
    let _g = th.lock(l);
    let n = l.len();
    reserve(th, l, n + 1, false)?;
    let a = l.array();
    th.store(a, a.slot(n), v);
    l.len.store(n as u64 + 1, Release);
    Ok(())
}
/// Appends values that are on the native stack or in an object nobody else changes.
pub fn append_all(th: Th, l: Gc<List>, items: &[Value]) -> R<()> {
    if items.is_empty() {
        return Ok(());
    }
    let _g = th.lock(l);
    let n = l.len();
    // A list that had no storage gets just what it needs.
    reserve(th, l, n + items.len(), n == 0)?;
    let a = l.array();
    if th.multi() {
        for (i, v) in items.iter().enumerate() {
            a.slot(n + i).init(Some(*v));
        }
    } else {
        // SAFETY: `reserve` has made room. Nothing refers to slots beyond a list's length.
        unsafe { std::ptr::copy_nonoverlapping(items.as_ptr() as *const u64, data(a).add(n), items.len()) };
    }
    touched(th, a);
    l.len.store((n + items.len()) as u64, Release);
    Ok(())
}
pub fn extend(th: Th, l: Gc<List>, v: Value) -> R<()> {
    if let Some(t) = v.exact::<Tuple>() {
        return append_all(th, l, t.items());
    }
    if v.is(l.value()) {
        // A class's own `__iter__` is not asked.
        let (a, n) = copy_of(th, l, 0)?;
        // SAFETY: an array of this thread's own.
        return append_all(th, l, unsafe { values(a, n) });
    }
    if let Some((a, n)) = super::iters::bulk(th, v)? {
        // SAFETY: an array of this thread's own.
        return append_all(th, l, unsafe { values(a, n) });
    }
    let mut it = Items::new(th, v)?;
    let hint = th.length_hint(v, 8)?;
    if hint > 8 {
        if hint > 1 << 40 {
            // CPython gives up here unless the sum overflows; a lie that large never matters.
            if l.len().checked_add(hint).is_some_and(|n| n <= isize::MAX as usize) {
                return Err(th.memory_error());
            }
        } else {
            let _g = th.lock(l);
            reserve(th, l, l.len() + hint, true)?;
        }
    }
    while let Some(x) = it.next(th)? {
        append(th, l, x)?;
    }
    Ok(())
}
pub fn clear(th: Th, l: Gc<List>) {
    let _g = th.lock(l);
    l.len.store(0, Release);
    th.store(l, &l.items, empty_array().known());
}
pub fn insert(th: Th, l: Gc<List>, i: i64, v: Value) -> R<()> {
    let _g = th.lock(l);
    let n = l.len();
    let i = slice::from_end(i, n).min(n);
    reserve(th, l, n + 1, false)?;
    let a = l.array();
    // Racing readers see the items behind at their old or new places; the new length comes last.
    unsafe { shift(th, a, i, i + 1, n - i) };
    a.slot(i).init(Some(v));
    touched(th, a);
    l.len.store(n as u64 + 1, Release);
    Ok(())
}
/// Removes item `i`; None: out of range.
pub fn remove_at(th: Th, l: Gc<List>, i: i64) -> Option<Value> {
    let _g = th.lock(l);
    let n = l.len();
    let i = if i < 0 { i + n as i64 } else { i };
    if i < 0 || i >= n as i64 {
        return None;
    }
    let (i, a) = (i as usize, l.array());
    let v = a.slot(i).value();
    if i + 1 < n {
        unsafe { shift(th, a, i + 1, i, n - i - 1) };
        touched(th, a);
    }
    truncate(th, l, n - 1);
    Some(v)
}
pub fn set_at(th: Th, l: Gc<List>, i: i64, v: Value) -> R<()> {
    let _g = th.lock(l);
    let n = l.len();
    let j = if i < 0 { i + n as i64 } else { i };
    if j < 0 || j >= n as i64 {
        return Err(th.index_error("list assignment index out of range"));
    }
    let a = l.array();
    th.store(a, a.slot(j as usize), v);
    Ok(())
}
pub fn reverse(th: Th, l: Gc<List>) {
    let _g = th.lock(l);
    let (a, n) = (l.array(), l.len());
    for i in 0..n / 2 {
        let (x, y) = (a.slot(i).get(), a.slot(n - 1 - i).get());
        a.slot(i).init(y);
        a.slot(n - 1 - i).init(x);
    }
    touched(th, a);
}
/// Replaces items `i..j` with others. Under the lock; `items` are not in the list's own array.
fn splice(th: Th, l: Gc<List>, i: usize, j: usize, items: &[Value]) -> R<()> {
    let n = l.len();
    let rest = n - j;
    let len = n - (j - i) + items.len();
    if len > n {
        reserve(th, l, len, false)?;
    }
    let a = l.array();
    // SAFETY: there is room for `len` items.
    unsafe {
        if items.len() != j - i {
            shift(th, a, j, i + items.len(), rest);
        }
        for (k, v) in items.iter().enumerate() {
            a.slot(i + k).init(Some(*v));
        }
    }
    touched(th, a);
    if len < n {
        truncate(th, l, len);
    } else {
        l.len.store(len as u64, Release);
    }
    Ok(())
}

/// `l[s] = v` or, without a value, `del l[s]`.
fn set_slice(th: Th, l: Gc<List>, s: Gc<Slice>, v: Option<Value>) -> R<()> {
    let bounds = slice::unpack(th, s)?;
    let Some(v) = v else {
        let _g = th.lock(l);
        let n = l.len();
        let mut r = slice::clip(bounds, n);
        if r.len == 0 {
            return Ok(());
        }
        if r.step == 1 {
            return splice(th, l, r.start as usize, r.start as usize + r.len, &[]);
        }
        if r.step < 0 {
            r = slice::Indices {
                start: r.start + r.step * (r.len as i64 - 1),
                stop: r.start + 1,
                step: -r.step,
                len: r.len,
            };
        }
        // Closes the gaps from the first removed item on.
        let a = l.array();
        let (mut to, mut next, mut left) = (r.start as usize, r.start as usize, r.len);
        for from in r.start as usize..n {
            if left > 0 && from == next {
                left -= 1;
                next += r.step as usize;
            } else {
                a.slot(to).init(a.slot(from).get());
                to += 1;
            }
        }
        touched(th, a);
        truncate(th, l, to);
        return Ok(());
    };
    // A private copy unless it is a tuple: the list may be its own source, and others may change the source.
    let items = match v.exact::<Tuple>() {
        Some(_) => v,
        None => {
            if !v.is_exact(Kind::List)
                && th.type_of(v).slots.iter.is_none()
                && th.type_of(v).slots.getitem.is_none()
            {
                return Err(th.type_error("must assign iterable to extended slice"));
            }
            super::tuple::from_iterable(th, v)?
        }
    };
    let t: Gc<Tuple> = this(items);
    let _g = th.lock(l);
    let r = slice::clip(bounds, l.len());
    if r.step == 1 {
        let i = r.start as usize;
        return splice(th, l, i, i + r.len, t.items());
    }
    if t.len != r.len {
        return Err(th.value_error(format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            t.len, r.len
        )));
    }
    let a = l.array();
    for (k, i) in r.iter().enumerate() {
        a.slot(i).init(Some(t.items()[k]));
    }
    touched(th, a);
    Ok(())
}

/// `list.sort`. ValueError if the list was changed by a key function or comparison.
pub fn sort(th: Th, l: Gc<List>, key: Option<Value>, reverse: bool) -> R<()> {
    let (mut a, n) = {
        let _g = th.lock(l);
        let (a, n) = (l.array(), l.len());
        // Nothing to sort; or another thread does: what it has is not to be lost when this one puts back what it found.
        if n == 0 {
            return Ok(());
        }
        l.len.store(0, Release);
        l.items.init(Some(SORTING.value().known()));
        (a, n)
    };
    let mut r = Ok(());
    if th.multi() {
        // Readers that loaded the array before may still look at it.
        match array_of(th, unsafe { values(a, n) }, n) {
            Ok(copy) => a = copy,
            Err(e) => r = Err(e),
        }
    }
    if r.is_ok() {
        r = super::sort::sort_array(th, a, n, key, reverse);
    }
    let _g = th.lock(l);
    let changed = !l.items.value().is(SORTING.value());
    th.store(l, &l.items, a);
    l.len.store(n as u64, Release);
    if changed && r.is_ok() {
        return Err(th.value_error("list modified during sort"));
    }
    r
}

// -- the type

fn list_new(th: Th, ty: Value, _: RawArgs) -> R<Value> {
    let t: Gc<Type> = this(ty);
    if t == LIST.get() {
        return Ok(from_array(th, this(empty_array()), 0).value());
    }
    let o = crate::builtins::object::new_instance(th, t)?;
    this::<List>(o).items.init(Some(empty_array().known()));
    Ok(o)
}
/// `list(iterable)`.
fn list_of(th: Th, v: Value) -> R<Value> {
    let l = from_array(th, this(empty_array()), 0);
    extend(th, l, v)?;
    Ok(l.value())
}
fn list_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let t = th.type_of(o);
    if a.nkw() != 0
        && (t == LIST.get() || t.slots.new.map(|f| f as usize) == LIST.get().slots.new.map(|f| f as usize))
    {
        no_keywords(th, "list", a)?;
    }
    arity(th, "list", a.len(), 0, 1)?;
    let l: Gc<List> = this(o);
    if l.len() > 0 {
        clear(th, l);
    }
    match a.pos().first() {
        Some(v) => extend(th, l, *v),
        None => Ok(()),
    }
}
fn list_repr(th: Th, o: Value) -> R<Value> {
    let l: Gc<List> = this(o);
    if l.is_empty() {
        return Ok(th.str("[]"));
    }
    let r = repr_once(th, o, || {
        let mut out = b"[".to_vec();
        let mut i = 0;
        while let Some(v) = l.get(i) {
            if i > 0 {
                out.extend_from_slice(b", ");
            }
            push_repr(th, &mut out, v)?;
            i += 1;
        }
        out.push(b']');
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("[...]")))
}
fn list_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let (Some(x), Some(y)) = (a.cast::<List>(), b.cast::<List>()) else { return Ok(NOT_IMPLEMENTED()) };
    if x.len() != y.len() && matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(Value::bool(op == CmpOp::Ne));
    }
    let mut i = 0;
    while let (Some(v), Some(w)) = (x.get(i), y.get(i)) {
        if !v.is(w) && !th.eq(v, w)? {
            // Comparing may have shortened the lists: then their lengths decide.
            if i >= x.len() || i >= y.len() {
                break;
            }
            return match op {
                CmpOp::Eq => Ok(FALSE()),
                CmpOp::Ne => Ok(TRUE()),
                _ if v.is_fix() && w.is_fix() => Ok(Value::bool(op.holds(v.as_fix().cmp(&w.as_fix())))),
                _ => crate::builtins::ops::compare_value(th, v, w, op),
            };
        }
        i += 1;
    }
    Ok(Value::bool(op.holds(x.len().cmp(&y.len()))))
}
pub fn list_getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let l: Gc<List> = this(o);
    if let Some(s) = k.exact::<Slice>() {
        return get_slice(th, l, s);
    }
    let i = slice::item_index(th, k, "list")?;
    let j = if i < 0 { i + l.len() as i64 } else { i };
    match l.get(j as usize) {
        Some(v) => Ok(v),
        None => Err(th.index_error("list index out of range")),
    }
}
fn get_slice(th: Th, l: Gc<List>, s: Gc<Slice>) -> R<Value> {
    let bounds = slice::unpack(th, s)?;
    slice_of(th, l, bounds)
}
/// `l[start:stop:step]`; see [`slice::clip`].
pub fn slice_of(th: Th, l: Gc<List>, bounds: (i64, i64, i64)) -> R<Value> {
    let _g = th.lock(l);
    let n = l.len();
    let r = slice::clip(bounds, n);
    if r.len == 0 {
        return Ok(new(th, &[])?.value());
    }
    // SAFETY: nobody sees the array before all its slots are set.
    unsafe {
        let a = th.alloc_var::<Array>(16 + 8 * r.len)?;
        (*a.as_ptr()).cap = r.len;
        let (from, to) = (data(l.array()) as *const u64, data(a));
        match r.step {
            1 => copy_words(from.add(r.start as usize), to, r.len, false),
            -1 => copy_words(from.add(r.start as usize + 1 - r.len), to, r.len, true),
            _ => {
                let (from, to) =
                    (std::slice::from_raw_parts(from, n), std::slice::from_raw_parts_mut(to, r.len));
                to.iter_mut().zip(r.iter()).for_each(|(x, k)| *x = from[k]);
            }
        }
        Ok(from_array(th, a, r.len).value())
    }
}
/// `l[start:stop:step] = v` for a list or tuple if that is all there is to it; nothing has happened otherwise.
pub fn assign_plain(th: Th, l: Gc<List>, bounds: (i64, i64, i64), v: Value) -> bool {
    if th.multi() {
        return false;
    }
    let n = l.len();
    let r = slice::clip(bounds, n);
    // SAFETY: nothing is allocated while the items are looked at, and nobody else writes to the source.
    let items = unsafe {
        match v.exact::<Tuple>() {
            Some(t) => std::slice::from_raw_parts(super::tuple::items_ptr(t) as *const Value, t.len),
            None => match v.exact::<List>().filter(|s| *s != l) {
                Some(s) => values(s.array(), s.len()),
                None => return false,
            },
        }
    };
    let (i, a) = (r.start as usize, l.array());
    if r.step != 1 || n - r.len + items.len() > a.cap {
        return false;
    }
    if r.len == items.len() {
        // SAFETY: another list's array is another one, and the empty one has no items.
        unsafe { copy_words(items.as_ptr().cast(), data(a).add(i), r.len, false) };
        touched(th, a);
        return true;
    }
    splice(th, l, i, i + r.len, items).is_ok()
}
fn list_setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let l: Gc<List> = this(o);
    if let Some(s) = k.exact::<Slice>() {
        return set_slice(th, l, s, v);
    }
    let i = slice::item_index(th, k, "list")?;
    match v {
        Some(v) => set_at(th, l, i, v),
        None => match remove_at(th, l, i) {
            Some(_) => Ok(()),
            None => Err(th.index_error("list assignment index out of range")),
        },
    }
}
/// The first index from `i` below `stop` with an equal item.
fn find(th: Th, l: Gc<List>, v: Value, mut i: usize, stop: usize) -> R<Option<usize>> {
    while i < stop {
        let Some(x) = l.get(i) else { break };
        if th.eq(x, v)? {
            return Ok(Some(i));
        }
        i += 1;
    }
    Ok(None)
}
fn list_contains(th: Th, o: Value, v: Value) -> R<bool> {
    Ok(find(th, this(o), v, 0, usize::MAX)?.is_some())
}
fn list_concat(th: Th, a: Value, b: Value) -> R<Value> {
    let Some(y) = b.cast::<List>() else {
        return Err(
            th.type_error(format!("can only concatenate list (not \"{}\") to list", th.type_name_of(b)))
        );
    };
    let (b2, m) = if th.multi() { copy_of(th, y, 0)? } else { (y.array(), y.len()) };
    let (arr, n) = copy_of(th, this(a), m)?;
    // SAFETY: `copy_of` has left room for `m` more; `b2` is a copy, or its list has not changed since.
    unsafe { std::ptr::copy_nonoverlapping(data(b2), data(arr).add(n), m) };
    Ok(from_array(th, arr, n + m).value())
}
fn list_repeat(th: Th, o: Value, k: i64) -> R<Value> {
    let l: Gc<List> = this(o);
    let _g = th.lock(l);
    let (n, k) = (l.len(), k.max(0) as usize);
    let Some(total) = n.checked_mul(k).filter(|n| *n < 1 << 40) else { return Err(th.memory_error()) };
    if total == 0 {
        return Ok(new(th, &[])?.value());
    }
    // SAFETY: as in `array_of`: `replicate` writes what is behind the first `n`. The lock is held.
    unsafe {
        let a = th.alloc_var::<Array>(16 + 8 * total)?;
        (*a.as_ptr()).cap = total;
        std::ptr::copy_nonoverlapping(data(l.array()), data(a), n);
        super::tuple::replicate(data(a) as *mut Value, n, k);
        Ok(from_array(th, a, total).value())
    }
}
fn list_iconcat(th: Th, a: Value, b: Value) -> R<Value> {
    extend(th, this(a), b)?;
    Ok(a)
}
fn list_irepeat(th: Th, o: Value, k: i64) -> R<Value> {
    let l: Gc<List> = this(o);
    if k <= 0 {
        clear(th, l);
        return Ok(o);
    }
    let _g = th.lock(l);
    let n = l.len();
    if n == 0 || k == 1 {
        return Ok(o);
    }
    let Some(total) = n.checked_mul(k as usize).filter(|n| *n < 1 << 40) else {
        return Err(th.memory_error());
    };
    reserve(th, l, total, false)?;
    let a = l.array();
    // SAFETY: there is room for `total`, and others look at no more than the old length.
    unsafe { super::tuple::replicate(data(a) as *mut Value, n, k as usize) };
    touched(th, a);
    l.len.store(total as u64, Release);
    Ok(o)
}
fn list_pop(th: Th, a: &[Option<Value>]) -> R<Value> {
    // SAFETY: only ever called as a method.
    let l: Gc<List> = unsafe { me_unchecked(a) };
    let i = match a[1] {
        None => {
            if th.owns(l) {
                let n = l.len();
                let arr = l.array();
                if n > 0 && (n > arr.cap / 4 || arr.cap <= 64) {
                    let v = arr.slot(n - 1).value();
                    arr.slot(n - 1).init(None);
                    l.len.store(n as u64 - 1, Release);
                    return Ok(v);
                }
            }
            -1
        }
        Some(v) => th.index_i64(v)?,
    };
    match remove_at(th, l, i) {
        Some(v) => Ok(v),
        None if l.is_empty() => Err(th.index_error("pop from empty list")),
        None => Err(th.index_error("pop index out of range")),
    }
}
fn list_remove(th: Th, a: &[Option<Value>]) -> R<Value> {
    let l: Gc<List> = me(a);
    match find(th, l, arg(a, 1), 0, usize::MAX)? {
        Some(i) => {
            remove_at(th, l, i as i64);
            Ok(NONE())
        }
        None => Err(th.value_error("list.remove(x): x not in list")),
    }
}
fn list_index(th: Th, a: &[Option<Value>]) -> R<Value> {
    let l: Gc<List> = me(a);
    let start = slice::index_arg(th, a[2], 0)?;
    let stop = slice::index_arg(th, a[3], i64::MAX)?;
    let n = l.len();
    match find(th, l, arg(a, 1), slice::from_end(start, n), slice::from_end(stop, n))? {
        Some(i) => Ok(Value::fix(i as i64)),
        None => Err(th.value_error("list.index(x): x not in list")),
    }
}
fn list_count(th: Th, a: &[Option<Value>]) -> R<Value> {
    let l: Gc<List> = me(a);
    let (mut i, mut n) = (0, 0);
    while let Some(x) = l.get(i) {
        n += th.eq(x, arg(a, 1))? as i64;
        i += 1;
    }
    Ok(Value::fix(n))
}
fn list_sizeof(_: Th, a: &[Option<Value>]) -> R<Value> {
    let l: Gc<List> = me(a);
    let cap = l.array().cap;
    Ok(Value::fix((size_of::<List>() + if cap > 0 { 16 + 8 * cap } else { 0 }) as i64))
}
