//! The hash table behind set and frozenset: open addressing, elements with their hashes in one array.
//!
//! Probing, growth and hence the order of iteration are CPython's (`Objects/setobject.c`): programs show sets of small
//! ints, and their output must be the same.
//!
//! # Invariants, also under races
//! - A table's size never changes; growing makes a new one and publishes it in `Set::table`.
//! - A cell goes from null to an element to `TOMBSTONE`: the hash is written before the element, so a reader sees an
//!   element with its own hash. A removed element's hash becomes `REMOVED`. A tombstone takes an element again, as in
//!   CPython, only while the process has one thread.
//! - Mutations happen under the set's lock; comparisons happen before, and the lookup is repeated if the table or its
//!   `fill` changed meanwhile.

use super::quick;
use super::util::{StaticWords, hash_fast, unhashable};
use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU64, Ordering::*};

#[repr(C)]
pub struct SetTable {
    pub h: Header,
    /// Number of cells less one.
    pub mask: usize,
    /// Cells that are not null: elements and tombstones.
    pub fill: AtomicU64,
    /// Where `pop` goes on.
    pub finger: AtomicU64,
}
unsafe impl Layout for SetTable {
    const KIND: Kind = Kind::SetTable;
}

/// Smallest table.
const MIN: usize = 8;
/// Neighbours looked at before jumping.
const LINEAR: usize = 9;

/// The table of all empty sets; it is replaced before the first insertion.
static EMPTY_TABLE: StaticWords<19> = StaticWords::new(Kind::SetTable, {
    let mut w = [0; 19];
    w[0] = MIN as u64 - 1;
    w
});

#[repr(C)]
pub struct Cell {
    pub key: Slot,
    hash: AtomicU64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    At(usize),
    No,
}

/// What a removed element's cell has for a hash: no element's is that.
const REMOVED: u64 = -1i64 as u64;

/// The cells in which an element of this hash may be, in order; ends at `return` of the visitor. The body looks at the
/// hash first: then two comparisons pass a cell of another element.
macro_rules! probe {
    ($t:expr, $hash:expr, |$c:ident| $body:block) => {{
        let t = $t;
        let mask = t.mask;
        let mut at = $hash as usize & mask;
        let mut perturb = $hash as u64;
        loop {
            let mut p: *const Cell = t.cell(at);
            // SAFETY: `last` and what is before it are cells of the table.
            let last = if at + LINEAR <= mask { unsafe { p.add(LINEAR) } } else { p };
            loop {
                let $c = unsafe { &*p };
                $body
                if p == last {
                    break;
                }
                p = unsafe { p.add(1) };
            }
            perturb >>= 5;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
        }
    }};
}

impl SetTable {
    pub fn empty() -> Gc<SetTable> {
        unsafe { EMPTY_TABLE.value().cast_unchecked() }
    }
    pub fn byte_size(&self) -> usize {
        size_of::<SetTable>() + (self.mask + 1) * size_of::<Cell>()
    }
    /// A table of `n` (a power of two) null cells.
    fn new(th: Th, n: usize) -> R<Gc<SetTable>> {
        if n > 1 << 36 {
            return Err(th.memory_error());
        }
        unsafe {
            let t = th.alloc_var::<SetTable>(size_of::<SetTable>() + n * size_of::<Cell>())?;
            let p = t.as_ptr();
            (*p).mask = n - 1;
            (*p).fill = AtomicU64::new(0);
            (*p).finger = AtomicU64::new(0);
            std::ptr::write_bytes(p.add(1) as *mut u64, 0, 2 * n);
            Ok(t)
        }
    }
    /// Number of cells for more than `used` elements.
    fn size_for(used: usize) -> usize {
        let mut n = MIN;
        while n <= used {
            n <<= 1;
        }
        n
    }
    #[inline(always)]
    pub fn cell(&self, i: usize) -> &Cell {
        debug_assert!(i <= self.mask);
        unsafe { &*((self as *const SetTable).add(1) as *const Cell).add(i) }
    }
    /// The element in a cell and its hash.
    #[inline(always)]
    pub fn element(&self, i: usize) -> Option<(Value, i64)> {
        let c = self.cell(i);
        let k = c.key.get()?;
        // Of an element that is being removed the hash may be gone already.
        let hash = c.hash.load(Relaxed);
        if k.is(TOMBSTONE()) || hash == REMOVED { None } else { Some((k, hash as i64)) }
    }
    /// The first element at or after cell `i`: (next cell, element, hash).
    #[inline]
    pub fn next(&self, mut i: usize) -> Option<(usize, Value, i64)> {
        while i <= self.mask {
            if let Some((k, h)) = self.element(i) {
                return Some((i + 1, k, h));
            }
            i += 1;
        }
        None
    }
    pub unsafe fn trace(o: adder_heap::Obj, t: &mut adder_heap::Tracer) {
        let s = unsafe { &*(o.as_ptr() as *const SetTable) };
        // SAFETY: a cell's first word is its slot.
        unsafe { t.slots_by(s.cell(0).key.as_ptr(), s.mask + 1, size_of::<Cell>() / 8) };
    }
    pub unsafe fn size(o: adder_heap::Obj) -> usize {
        unsafe { (*(o.as_ptr() as *const SetTable)).byte_size() }
    }

    /// Looks for an element; compares with `==`. The result is of this table even if it was replaced meanwhile.
    #[inline(always)]
    pub fn find(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        // Mostly the first cell tells.
        let i = hash as usize & self.mask;
        match self.cell(i).key.get() {
            None => Ok(Found::No),
            Some(k) if k.is(key) => Ok(Found::At(i)),
            Some(_) => self.find_on(th, key, hash),
        }
    }
    #[inline(never)]
    fn find_on(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        'restart: loop {
            probe!(self, hash, |c| {
                let same = c.hash.load(Relaxed) == hash as u64;
                let Some(k) = c.key.get() else { return Ok(Found::No) };
                if same {
                    match self.compare(th, c, k, key)? {
                        Some(true) => return Ok(Found::At(self.index(c))),
                        Some(false) => {}
                        None => continue 'restart,
                    }
                }
            });
        }
    }
    /// Whether a cell's element, which has the same hash, is this one. None: the table has changed meanwhile.
    #[inline(always)]
    fn compare(&self, th: Th, c: &Cell, k: Value, key: Value) -> R<Option<bool>> {
        if k.is(key) {
            return Ok(Some(true));
        }
        if k.is(TOMBSTONE()) {
            return Ok(Some(false));
        }
        if let Some(same) = quick::equal(k, key) {
            return Ok(Some(same));
        }
        let fill = self.fill.load(Relaxed);
        let eq = th.eq(k, key)?;
        if !c.key.get().is_some_and(|x| x.is(k)) || (!eq && self.fill.load(Relaxed) != fill) {
            return Ok(None);
        }
        Ok(Some(eq))
    }
    /// Whether an element is there; None: that takes a comparison by `==`.
    #[inline(always)]
    fn has_quick(&self, key: Value, hash: i64) -> Option<bool> {
        probe!(self, hash, |c| {
            let same = c.hash.load(Relaxed) == hash as u64;
            let Some(k) = c.key.get() else { return Some(false) };
            if same && (k.is(key) || (!k.is(TOMBSTONE()) && quick::equal(k, key)?)) {
                return Some(true);
            }
        });
    }
    /// The same of a tuple of strings and small ints.
    #[inline(never)]
    fn has_tuple(&self, key: Value) -> Option<bool> {
        self.has_quick(key, super::tuple::plain_hash(key.exact()?)?)
    }
    fn index(&self, c: &Cell) -> usize {
        (std::ptr::from_ref(c) as usize - std::ptr::from_ref(self.cell(0)) as usize) / size_of::<Cell>()
    }
    /// Whether a string, a small int, a class or a tuple of strings and small ints is there; None: that takes a comparison
    /// by `==`.
    #[inline(always)]
    pub fn has_simple(&self, key: Value) -> Option<bool> {
        let hash = match key.as_fix() {
            Some(n) => super::util::hash_fix(n),
            None if super::quick::is_class(key) => super::object::identity_hash(key),
            None => match key.exact::<Str>() {
                Some(s) => s.hash(),
                None => return self.has_tuple(key),
            },
        };
        match self.cell(hash as usize & self.mask).key.get() {
            None => return Some(false),
            Some(k) if k.is(key) => return Some(true),
            Some(_) => {}
        }
        self.has_simple_on(key, hash)
    }
    #[inline(never)]
    fn has_simple_on(&self, key: Value, hash: i64) -> Option<bool> {
        probe!(self, hash, |c| {
            let same = c.hash.load(Relaxed) == hash as u64;
            let Some(k) = c.key.get() else { return Some(false) };
            if same {
                if k.is(key) {
                    return Some(true);
                }
                if !k.is(TOMBSTONE()) {
                    if !super::quick::is_simple(k) {
                        return None;
                    }
                    if same_text(k, key) {
                        return Some(true);
                    }
                }
            }
        });
    }
    /// Puts an absent element in. Under the lock; the caller records the store and counts.
    #[inline(always)]
    fn put_raw(&self, key: Value, hash: i64) -> &Slot {
        probe!(self, hash, |c| {
            if c.key.get().is_none() {
                c.hash.store(hash as u64, Relaxed);
                c.key.raw().store(key.bits(), Release);
                return &c.key;
            }
        });
    }
    /// Puts an absent element into the last tombstone on its way (false), or the null cell behind. Only while the process
    /// has one thread.
    fn put_reusing(&self, th: Th, key: Value, hash: i64) -> bool {
        let mut free = None;
        probe!(self, hash, |c| {
            if c.key.get().is_none() {
                self.fill_cell(th, free.unwrap_or(c), key, hash);
                return free.is_none();
            }
            if c.hash.load(Relaxed) == REMOVED {
                free = Some(c);
            }
        });
    }
    fn me(&self) -> Gc<SetTable> {
        // SAFETY: tables are made by the heap only, and begin with their header.
        unsafe { Gc::from_obj(std::ptr::NonNull::from(self).cast()) }
    }
    #[inline(always)]
    fn fill_cell(&self, th: Th, c: &Cell, key: Value, hash: i64) {
        c.hash.store(hash as u64, Relaxed);
        c.key.raw().store(key.bits(), Release);
        th.m.barrier(self.me().obj(), c.key.as_ptr());
    }
    /// Fills a table that nobody else knows with the `most` elements of another one.
    fn put_all(&self, th: Th, from: &SetTable, most: usize) {
        let (mut n, mut i) = (0, 0);
        while n < most as u64
            && let Some((ni, k, h)) = from.next(i)
        {
            i = ni;
            self.put_raw(k, h);
            n += 1;
        }
        self.fill.store(self.fill.load(Relaxed) + n, Release);
        th.m.barrier_all(self.me().obj());
    }
}

/// Elements that are put one after the other into a set that nobody knows yet: the same steps as those of [`Gc::insert`],
/// which decide about the order, without its questions.
struct Builder {
    table: Gc<SetTable>,
    n: usize,
}
impl Builder {
    fn new() -> Builder {
        Builder { table: SetTable::empty(), n: 0 }
    }
    /// An element that is not there yet.
    #[inline(always)]
    fn put(&mut self, th: Th, key: Value, hash: i64) -> R<()> {
        if self.n == 0 {
            self.table = SetTable::new(th, MIN)?;
        }
        self.table.put_raw(key, hash);
        self.n += 1;
        if self.n * 5 >= self.table.mask * 3 {
            let size = if self.n > 50000 { self.n * 2 } else { self.n * 4 };
            let t = SetTable::new(th, SetTable::size_for(size))?;
            t.put_all(th, &self.table, self.n);
            self.table = t;
        }
        Ok(())
    }
}

/// The hash of a small int, a string or a tuple of those.
#[inline(always)]
fn quick_hash(key: Value) -> Option<i64> {
    if let Some(n) = key.as_fix() {
        return Some(super::util::hash_fix(n));
    }
    if let Some(s) = key.exact::<Str>() {
        return Some(s.hash());
    }
    super::tuple::plain_hash(key.exact::<Tuple>()?)
}

/// Whether both are the same string.
#[inline(always)]
fn same_text(a: Value, b: Value) -> bool {
    matches!((a.exact::<Str>(), b.exact::<Str>()), (Some(x), Some(y)) if x.bytes() == y.bytes())
}

/// `hash(v)` with the wording of set's TypeError.
#[inline]
pub fn hash_element(th: Th, v: Value) -> R<i64> {
    match hash_fast(th, v) {
        Ok(h) => Ok(h),
        Err(_) => Err(unhashable(th, v, "set element")),
    }
}

impl Set {
    #[inline(always)]
    pub fn tab(&self) -> Gc<SetTable> {
        // SAFETY: an instance has one before anybody sees it.
        unsafe { self.table.gc_unchecked() }
    }
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.used.load(Relaxed) as usize
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    #[inline(always)]
    fn count(&self, by: i64) {
        self.used.store(self.used.load(Relaxed).wrapping_add(by as u64), Release);
    }
}

/// Operations on the layout, for sets and frozensets (the latter only while they are made).
impl Gc<Set> {
    pub fn has(self, th: Th, key: Value) -> R<bool> {
        let hash = hash_element(th, key)?;
        self.has_hashed(th, key, hash)
    }
    #[inline]
    pub fn has_hashed(self, th: Th, key: Value, hash: i64) -> R<bool> {
        loop {
            let t = self.tab();
            let r = t.find(th, key, hash)?;
            if t == self.tab() {
                return Ok(r != Found::No);
            }
        }
    }
    /// True: it was not there.
    pub fn insert(self, th: Th, key: Value) -> R<bool> {
        let hash = hash_element(th, key)?;
        self.insert_hashed(th, key, hash)
    }
    #[inline]
    pub fn insert_hashed(self, th: Th, key: Value, hash: i64) -> R<bool> {
        let t = self.tab();
        // The first cell is free, as mostly.
        let c = t.cell(hash as usize & t.mask);
        if c.key.get().is_none() && th.owns(self) && t != SetTable::empty() {
            c.hash.store(hash as u64, Relaxed);
            th.store(t, &c.key, key);
            return self.inserted_own(th, t);
        }
        self.insert_on(th, key, hash)
    }
    /// Puts in a small int. None: that takes a search.
    #[inline]
    pub fn insert_small(self, th: Th, key: Value) -> Option<R<bool>> {
        let hash = super::util::hash_fix(key.as_fix()?);
        let t = self.tab();
        let c = t.cell(hash as usize & t.mask);
        match c.key.get() {
            Some(k) => (k == key).then_some(Ok(false)),
            None if !th.owns(self) || t == SetTable::empty() => None,
            None => {
                c.hash.store(hash as u64, Relaxed);
                th.store(t, &c.key, key);
                Some(self.inserted_own(th, t))
            }
        }
    }
    /// After an element was put in. True: the table is to be made larger.
    #[inline(always)]
    fn counted(self, t: Gc<SetTable>) -> bool {
        let fill = t.fill.load(Relaxed) + 1;
        t.fill.store(fill, Release);
        self.count(1);
        fill * 5 >= t.mask as u64 * 3
    }
    /// After an element was put in. Under the lock.
    #[inline(always)]
    fn inserted(self, th: Th, t: Gc<SetTable>) -> R<bool> {
        if self.counted(t) {
            self.enlarge(th)?;
        }
        Ok(true)
    }
    /// The same without the lock, in a set that this thread owns.
    #[inline(always)]
    fn inserted_own(self, th: Th, t: Gc<SetTable>) -> R<bool> {
        if self.counted(t) {
            let _g = th.lock(self);
            self.enlarge(th)?;
        }
        Ok(true)
    }
    fn enlarge(self, th: Th) -> R<()> {
        let used = self.len();
        self.resize(th, if used > 50000 { used * 2 } else { used * 4 })
    }
    /// Puts an element into a set that no other thread may change, with one search. None: that takes a comparison by `==`.
    #[inline(always)]
    fn insert_quick(self, th: Th, key: Value, hash: i64) -> Option<R<bool>> {
        let mut t = self.tab();
        if t == SetTable::empty() {
            let _g = th.lock(self);
            t = match SetTable::new(th, MIN) {
                Ok(t) => t,
                Err(e) => return Some(Err(e)),
            };
            th.store(self, &self.table, t);
            if !th.owns(self) {
                t.put_raw(key, hash);
                th.m.barrier_all(t.obj());
                return Some(self.inserted(th, t));
            }
        }
        let mut free: Option<&Cell> = None;
        probe!(&*t, hash, |c| {
            let h = c.hash.load(Relaxed);
            let Some(k) = c.key.get() else {
                t.fill_cell(th, free.unwrap_or(c), key, hash);
                if free.is_some() {
                    self.count(1);
                    return Some(Ok(true));
                }
                return Some(self.inserted_own(th, t));
            };
            if h == hash as u64 && (k.is(key) || (!k.is(TOMBSTONE()) && quick::equal(k, key)?)) {
                return Some(Ok(false));
            }
            // Used again only with one thread: others that have looked for an element in vain see by the number of cells
            // in use that one was put in.
            if h == REMOVED && !th.multi() {
                free = Some(c);
            }
        });
    }
    /// Puts in a small int, a string or a tuple of those. None: nothing was done.
    #[inline]
    pub fn put_quick(self, th: Th, key: Value) -> Option<R<bool>> {
        let hash = if th.owns(self) { quick_hash(key) } else { None }?;
        self.insert_quick(th, key, hash)
    }
    /// Takes out such an element: whether it was there. None: nothing was done.
    #[inline]
    pub fn take_quick(self, th: Th, key: Value) -> Option<bool> {
        let hash = if th.owns(self) { quick_hash(key) } else { None }?;
        let t = self.tab();
        probe!(&*t, hash, |c| {
            let same = c.hash.load(Relaxed) == hash as u64;
            let Some(k) = c.key.get() else { return Some(false) };
            if same && (k.is(key) || (!k.is(TOMBSTONE()) && quick::equal(k, key)?)) {
                self.delete(t, t.index(c));
                return Some(true);
            }
        });
    }
    /// The elements that another set has too (`common`) or has not, as if they were put one after the other into `into`,
    /// which is empty and known to nobody. False: nothing was done, it takes comparisons by `==`, or others may change the
    /// sets meanwhile.
    pub fn select_quick(self, th: Th, other: Gc<Set>, common: bool, into: Gc<Set>) -> R<bool> {
        if th.multi() {
            return Ok(false);
        }
        let (t, ask) = (self.tab(), other.tab());
        let (mut i, mut left) = (0, self.len());
        let mut b = Builder::new();
        while left > 0
            && let Some((ni, k, h)) = t.next(i)
        {
            i = ni;
            left -= 1;
            match ask.has_quick(k, h) {
                Some(there) if there == common => b.put(th, k, h)?,
                Some(_) => {}
                None => return Ok(false),
            }
        }
        if b.n > 0 {
            b.table.fill.store(b.n as u64, Relaxed);
            th.m.barrier_all(b.table.obj());
            th.store(into, &into.table, b.table);
            into.used.store(b.n as u64, Release);
        }
        Ok(true)
    }
    #[inline(never)]
    fn insert_on(self, th: Th, key: Value, hash: i64) -> R<bool> {
        if th.owns(self)
            && let Some(r) = self.insert_quick(th, key, hash)
        {
            return r;
        }
        loop {
            let mut t = self.tab();
            let fill = t.fill.load(Acquire);
            let found = t.find(th, key, hash)?;
            if found != Found::No {
                if t == self.tab() {
                    return Ok(false);
                }
                continue;
            }
            let _g = th.lock(self);
            if t != self.tab() || t.fill.load(Acquire) != fill {
                continue;
            }
            if t == SetTable::empty() {
                t = SetTable::new(th, MIN)?;
                th.store(self, &self.table, t);
            }
            if th.multi() {
                th.m.barrier(t.obj(), t.put_raw(key, hash).as_ptr());
            } else if !t.put_reusing(th, key, hash) {
                self.count(1);
                return Ok(true);
            }
            return self.inserted(th, t);
        }
    }
    /// A new table for more than `n` elements. Under the lock.
    #[inline(never)]
    fn resize(self, th: Th, n: usize) -> R<()> {
        let t = self.tab();
        let nt = SetTable::new(th, SetTable::size_for(n))?;
        nt.put_all(th, &t, self.len());
        th.store(self, &self.table, nt);
        Ok(())
    }
    /// After many elements were removed: as CPython, a new table if more than a quarter are tombstones.
    pub fn tidy(self, th: Th) -> R<()> {
        let _g = th.lock(self);
        let (t, used) = (self.tab(), self.len());
        if (t.fill.load(Relaxed) as usize).saturating_sub(used) > t.mask / 4 {
            self.resize(th, if used > 50000 { used * 2 } else { used * 4 })?;
        }
        Ok(())
    }
    /// Before `n` elements are added: as CPython, one resize for all.
    pub fn reserve(self, th: Th, n: usize) -> R<()> {
        let _g = th.lock(self);
        let t = self.tab();
        if (t.fill.load(Relaxed) + n as u64) * 5 >= t.mask as u64 * 3 {
            self.resize(th, (self.len() + n) * 2)?;
        }
        Ok(())
    }
    /// True: it was there.
    pub fn remove_hashed(self, th: Th, key: Value, hash: i64) -> R<bool> {
        loop {
            let t = self.tab();
            let found = t.find(th, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() {
                continue;
            }
            let Found::At(i) = found else { return Ok(false) };
            if t.element(i).is_none() {
                continue;
            }
            self.delete(t, i);
            return Ok(true);
        }
    }
    fn delete(self, t: Gc<SetTable>, i: usize) {
        // Lookups pass it as they pass other elements.
        t.cell(i).key.init(Some(TOMBSTONE()));
        t.cell(i).hash.store(REMOVED, Relaxed);
        self.count(-1);
    }
    /// Removes and gives any element.
    pub fn pop(self, th: Th) -> Option<Value> {
        let _g = th.lock(self);
        if self.is_empty() {
            return None;
        }
        let t = self.tab();
        let start = t.finger.load(Relaxed) as usize & t.mask;
        let i = (start..=t.mask).chain(0..start).find(|i| t.element(*i).is_some())?;
        let (k, _) = t.element(i)?;
        self.delete(t, i);
        t.finger.store(i as u64 + 1, Relaxed);
        Some(k)
    }
    pub fn clear(self, th: Th) {
        let _g = th.lock(self);
        th.store(self, &self.table, SetTable::empty());
        self.used.store(0, Release);
    }
    /// Adds the elements of another set, as CPython's `set_merge` (which decides about the order).
    pub fn merge(self, th: Th, from: Gc<Set>) -> R<()> {
        if self == from || from.is_empty() {
            return Ok(());
        }
        let src = from.tab();
        let n = from.len();
        {
            let _g = th.lock(self);
            let t = self.tab();
            if (t.fill.load(Relaxed) + n as u64) * 5 >= t.mask as u64 * 3 {
                self.resize(th, (self.len() + n) * 2)?;
            }
            let t = self.tab();
            if t.fill.load(Relaxed) == 0 && !th.multi() {
                let t = if t == SetTable::empty() { SetTable::new(th, MIN)? } else { t };
                if t.mask == src.mask && src.fill.load(Relaxed) == n as u64 {
                    unsafe {
                        std::ptr::copy_nonoverlapping(src.after::<u64>(), t.after::<u64>(), 2 * (t.mask + 1));
                    }
                    t.fill.store(n as u64, Relaxed);
                    th.m.barrier_all(t.obj());
                } else {
                    t.put_all(th, &src, n);
                }
                th.store(self, &self.table, t);
                self.used.store(n as u64, Release);
                return Ok(());
            }
        }
        // Behind the last element nothing needs to be looked at.
        let (mut i, mut left) = (0, n);
        while left > 0
            && let Some((ni, k, h)) = src.next(i)
        {
            i = ni;
            left -= 1;
            self.insert_hashed(th, k, h)?;
        }
        Ok(())
    }
    /// Exchanges contents with a set that nobody else knows.
    pub fn swap_with_private(self, th: Th, other: Gc<Set>) {
        let _g = th.lock(self);
        let (t, n) = (self.tab(), self.len());
        th.store(self, &self.table, other.tab());
        self.used.store(other.used.load(Relaxed), Release);
        th.store(other, &other.table, t);
        other.used.store(n as u64, Release);
    }
}
