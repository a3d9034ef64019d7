//! The hash table behind dict: insertion-ordered, compact, one heap object for index and entries.
//!
//! `index[hash]` holds the number of an entry; entries are appended in insertion order. In a *compact* table all keys are
//! exact strings (which cache their hash) or small ints (whose hash is no work), and entries have no hash; other tables
//! are *general*. A dict in *cell mode* (module namespaces) keeps [`DictCell`]s as values, so that inline caches can hold
//! on to the cell of a name; whether values are cells is a property of the table.
//!
//! # Invariants, also under races
//! - A table's capacity and kind never change; growing makes a new table and publishes it in `Dict::table`.
//! - An entry's key is written before its index is published and never becomes another key in the same table; deleting
//!   nulls the value, makes the key's index `DUMMY` and nulls the key. So a reader sees a key with its own value or none.
//! - `nentries` only grows in one table, and a deleted entry stays deleted: all entries before `first` and from `last` on
//!   are deleted. Readers may move `first` up from the value they saw, only the holder of the lock moves `last`.
//! - The entries before `gap` have never been used; `OrderedDict` (see `dict_order`) puts items in front there. While the
//!   process has one thread it may also give back the entry behind the gap, once it is deleted.
//! - Numbers of entries come from the index or are below `nentries`, so what they name lies within the table. Keys
//!   of a compact table that are no small ints are strings.
//! - Mutations happen under the dict's lock; no Python code runs while it is held (comparisons happen before, and the
//!   lookup is repeated if `table` or `nentries` changed meanwhile).

use super::dict_attrs::ATTRS;
use super::util::{StaticWords, hash_fast, hash_fix, unhashable};
use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;
use std::sync::atomic::{AtomicU32, Ordering::*};

/// Calls `$self.$f::<width>($args)`.
macro_rules! by_width {
    ($self:ident . $f:ident ( $($a:expr),* )) => {
        match $self.bits {
            0..=8 => $self.$f::<u8>($($a),*),
            9..=16 => $self.$f::<u16>($($a),*),
            _ => $self.$f::<u32>($($a),*),
        }
    };
}

mod find;
mod ops;

#[repr(C)]
pub struct DictTable {
    pub h: Header,
    /// Number of index cells: `1 << bits`.
    pub bits: u8,
    pub general: bool,
    /// Values are [`DictCell`]s.
    pub cells: bool,
    _pad: u8,
    /// Entries in use, deleted ones included.
    pub nentries: AtomicU32,
    pub cap: u32,
    pub(super) first: AtomicU32,
    pub(super) last: AtomicU32,
    pub(super) gap: AtomicU32,
}
// SAFETY: made as that kind by `new`, and as `EMPTY_TABLE`.
unsafe impl Layout for DictTable {
    const KIND: Kind = Kind::DictTable;
}

const EMPTY: u32 = u32::MAX;
const DUMMY: u32 = u32::MAX - 1;

/// `Dict` flag: values are cells.
pub const CELLS: u8 = flags::K0;
/// `Dict` flag: inline caches rely on keys being absent.
pub const WATCHED: u8 = flags::K1;

/// The table of all empty dicts: one empty index cell and room for nothing.
static EMPTY_TABLE: StaticWords<4> = StaticWords::new(Kind::DictTable, [0, 0, 0, u64::MAX]);

/// Result of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    At(u32),
    No,
}

/// Index cells of each width. Whole ones are read and written, also where another thread does the same.
///
/// # Safety
/// Of its functions: `p` is the index of a table whose cells are so wide, and `i` is below their number.
trait Ix: Copy {
    unsafe fn load(p: *const u8, i: usize) -> u32;
    unsafe fn store(p: *mut u8, i: usize, v: u32);
}
impl Ix for u8 {
    #[inline(always)]
    unsafe fn load(p: *const u8, i: usize) -> u32 {
        let v = unsafe { p.add(i).read_volatile() };
        if v >= 0xfe { v as u32 | 0xffff_ff00 } else { v as u32 }
    }
    #[inline(always)]
    unsafe fn store(p: *mut u8, i: usize, v: u32) {
        unsafe { p.add(i).write_volatile(v as u8) }
    }
}
impl Ix for u16 {
    #[inline(always)]
    unsafe fn load(p: *const u8, i: usize) -> u32 {
        let v = unsafe { (p as *const u16).add(i).read_volatile() };
        if v >= 0xfffe { v as u32 | 0xffff_0000 } else { v as u32 }
    }
    #[inline(always)]
    unsafe fn store(p: *mut u8, i: usize, v: u32) {
        unsafe { (p as *mut u16).add(i).write_volatile(v as u16) }
    }
}
impl Ix for u32 {
    #[inline(always)]
    unsafe fn load(p: *const u8, i: usize) -> u32 {
        unsafe { (p as *const u32).add(i).read_volatile() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut u8, i: usize, v: u32) {
        unsafe { (p as *mut u32).add(i).write_volatile(v) }
    }
}

/// The sequence of index cells for a hash.
struct Probe {
    i: usize,
    mask: usize,
    perturb: u64,
}
impl Probe {
    #[inline(always)]
    fn new(hash: i64, bits: u8) -> Probe {
        let mask = (1usize << bits) - 1;
        Probe { i: hash as usize & mask, mask, perturb: hash as u64 }
    }
    #[inline(always)]
    fn next(&mut self) {
        self.perturb >>= 5;
        self.i = self.i.wrapping_mul(5).wrapping_add(self.perturb as usize).wrapping_add(1) & self.mask;
    }
}

impl DictTable {
    fn index_bytes(bits: u8) -> usize {
        let n = 1usize << bits;
        match bits {
            0..=8 => n,
            9..=16 => 2 * n,
            _ => 4 * n,
        }
    }
    /// Entries that fit: two thirds of the index.
    fn usable(bits: u8) -> usize {
        (1usize << bits) * 2 / 3
    }
    pub fn bytes_for(bits: u8, general: bool) -> usize {
        size_of::<DictTable>()
            + ((Self::index_bytes(bits) + 7) & !7)
            + Self::usable(bits) * if general { 24 } else { 16 }
    }
    pub fn byte_size(&self) -> usize {
        Self::bytes_for(self.bits, self.general)
    }
    pub fn empty() -> Gc<DictTable> {
        // SAFETY: its words are those of a table.
        unsafe { EMPTY_TABLE.value().cast_unchecked() }
    }
    pub fn new(th: Th, bits: u8, general: bool) -> R<Gc<DictTable>> {
        let bits = bits.max(3);
        if bits > 31 {
            return Err(th.memory_error());
        }
        // SAFETY: the size that `byte_size` says; `trace` looks at no more entries than `nentries` says.
        unsafe {
            let t = th.alloc_var::<DictTable>(Self::bytes_for(bits, general))?;
            let p = t.as_ptr();
            (*p).bits = bits;
            (*p).general = general;
            (*p).cells = false;
            (*p).nentries = AtomicU32::new(0);
            (*p).cap = Self::usable(bits) as u32;
            (*p).first = AtomicU32::new(0);
            (*p).last = AtomicU32::new(0);
            (*p).gap = AtomicU32::new(0);
            std::ptr::write_bytes(p.add(1) as *mut u8, 0xff, Self::index_bytes(bits));
            Ok(t)
        }
    }
    /// Index bits for `n` entries.
    pub fn bits_for(n: usize) -> u8 {
        let mut b = 3;
        while Self::usable(b) < n {
            b += 1;
        }
        b
    }
    #[inline(always)]
    fn index_ptr(&self) -> *mut u8 {
        // SAFETY: the index follows the structure.
        unsafe { (self as *const DictTable).add(1) as *mut u8 }
    }
    #[inline(always)]
    fn index(&self, i: usize) -> u32 {
        // SAFETY: cells as wide as they were made; a probe's `i` is below their number.
        unsafe {
            match self.bits {
                0..=8 => u8::load(self.index_ptr(), i),
                9..=16 => u16::load(self.index_ptr(), i),
                _ => u32::load(self.index_ptr(), i),
            }
        }
    }
    #[inline(always)]
    pub(super) fn set_index(&self, i: usize, v: u32) {
        std::sync::atomic::fence(Release);
        // SAFETY: as in `index`.
        unsafe {
            match self.bits {
                0..=8 => u8::store(self.index_ptr(), i, v),
                9..=16 => u16::store(self.index_ptr(), i, v),
                _ => u32::store(self.index_ptr(), i, v),
            }
        }
    }
    #[inline(always)]
    pub(super) fn entries(&self) -> *mut u64 {
        // SAFETY: the entries follow the index.
        unsafe { self.index_ptr().add((Self::index_bytes(self.bits) + 7) & !7) as *mut u64 }
    }
    /// Whoever asks has `i` from the index or from below `nentries`, so that the entry is within the table.
    #[inline(always)]
    pub(super) fn entry_ptr(&self, i: u32) -> *mut u64 {
        // SAFETY: see above; so in the functions below.
        unsafe { self.entries().add(i as usize * if self.general { 3 } else { 2 }) }
    }
    #[inline(always)]
    pub fn key(&self, i: u32) -> &Slot {
        unsafe { &*(self.entry_ptr(i) as *const Slot) }
    }
    #[inline(always)]
    pub fn val(&self, i: u32) -> &Slot {
        unsafe { &*(self.entry_ptr(i).add(1) as *const Slot) }
    }
    /// Hash of the key of a live entry.
    #[inline(always)]
    pub fn hash_at(&self, i: u32) -> i64 {
        unsafe {
            if self.general { *self.entry_ptr(i).add(2) as i64 } else { compact_hash(self.key(i).value()) }
        }
    }
    /// Hash of the key `k` that was read from entry `i`, which may be deleted meanwhile.
    #[inline(always)]
    pub fn hash_of(&self, i: u32, k: Value) -> i64 {
        unsafe { if self.general { *self.entry_ptr(i).add(2) as i64 } else { compact_hash(k) } }
    }
    /// Visits keys and values (collector); the size.
    pub unsafe fn trace(o: adder_heap::Obj, t: &mut adder_heap::Tracer) -> usize {
        // SAFETY: the collector calls it with tables.
        unsafe {
            let d = &*(o.as_ptr() as *const DictTable);
            let n = d.nentries.load(Relaxed) as usize;
            if d.general {
                for i in 0..n {
                    t.slots(d.entries().add(3 * i), 2);
                }
            } else {
                t.slots(d.entries(), 2 * n);
            }
            d.byte_size()
        }
    }

    // -- changes, under the dict's lock

    /// The index cell that holds entry `e`.
    pub(super) fn cell_of(&self, e: u32, hash: i64) -> usize {
        let mut p = Probe::new(hash, self.bits);
        while self.index(p.i) != e {
            p.next();
        }
        p.i
    }
    /// Puts entry `e` into the index.
    #[inline(always)]
    fn publish(&self, e: u32, hash: i64) {
        let mut p = Probe::new(hash, self.bits);
        while self.index(p.i) < DUMMY {
            p.next();
        }
        self.set_index(p.i, e);
    }
    /// Appends an entry whose key is known to be absent; there is room.
    #[inline(always)]
    fn append(&self, th: Th, key: Value, hash: i64, val: Value) -> u32 {
        let e = self.nentries.load(Relaxed);
        debug_assert!(e < self.cap);
        // SAFETY: there is room for another entry; the table is locked, or nobody else's yet.
        unsafe {
            let me = Gc::<DictTable>::from_obj(std::ptr::NonNull::from(self).cast());
            let p = self.entry_ptr(e);
            (*(p.add(1) as *const Slot)).init(Some(val));
            if self.general {
                *p.add(2) = hash as u64;
            }
            (*(p as *const Slot)).init(Some(key));
            th.m.barrier(me.obj(), p);
            th.m.barrier(me.obj(), p.add(1));
        }
        self.nentries.store(e + 1, Release);
        self.last.store(e + 1, Relaxed);
        self.publish(e, hash);
        e
    }
    /// Appends an absent string to a fresh table with room for it.
    pub(super) fn append_str(&self, th: Th, key: Value, val: Value) {
        self.append(th, key, compact_hash(key), val);
    }
    /// Sets the value of a small int or exact string in a compact table of a dict that no other thread may change, with one
    /// probe. None: nothing was done, as the table is full.
    #[inline]
    fn upsert_compact(&self, th: Th, key: Value, hash: i64, val: Value) -> Option<bool> {
        by_width!(self.upsert_width(th, key, hash, val))
    }
    /// True: the key is new.
    #[inline(always)]
    fn upsert_width<W: Ix>(&self, th: Th, key: Value, hash: i64, val: Value) -> Option<bool> {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        let me = std::ptr::NonNull::from(self).cast();
        let is_fix = key.is_fix();
        // The cell of a deleted entry is used again: else a key that comes and goes makes a chain of them.
        let mut free = None;
        loop {
            // SAFETY: `W` is the width of this table's cells, and the table is compact.
            let e = unsafe { W::load(index, p.i) };
            if e >= DUMMY {
                if e == EMPTY {
                    break;
                }
                free = free.or(Some(p.i));
            } else {
                // SAFETY: an entry of the table; its words are a key's and a value's.
                let entry = unsafe { entries.add(2 * e as usize) };
                let k = unsafe { *entry };
                let same = k == key.bits()
                    || (!is_fix && k != 0 && k & 1 == 0 && {
                        // SAFETY: keys that are no small ints are strings here.
                        let (a, b): (Gc<Str>, Gc<Str>) =
                            unsafe { (Value::from_bits(k).cast_unchecked(), key.cast_unchecked()) };
                        a.hash() == hash && a.bytes() == b.bytes()
                    });
                if same {
                    // SAFETY: as above.
                    let slot = unsafe { &*(entry.add(1) as *const Slot) };
                    slot.init(Some(val));
                    th.m.barrier(me, slot.as_ptr());
                    return Some(false);
                }
            }
            p.next();
        }
        let e = self.nentries.load(Relaxed);
        if e == self.cap {
            return None;
        }
        // SAFETY: there is room for another entry, and no other thread writes.
        unsafe {
            let entry = entries.add(2 * e as usize);
            (*(entry.add(1) as *const Slot)).init(Some(val));
            (*(entry as *const Slot)).init(Some(key));
            self.nentries.store(e + 1, Release);
            std::sync::atomic::fence(Release);
            W::store(index, free.unwrap_or(p.i), e);
            self.last.store(e + 1, Relaxed);
            th.m.barrier(me, entry);
            th.m.barrier(me, entry.add(1));
        }
        Some(true)
    }
    /// Makes the index of a fresh table anew from its entries, none of which is deleted (but for the gap).
    pub(super) fn reindex(&self) {
        by_width!(self.reindex_width())
    }
    fn reindex_width<W: Ix>(&self) {
        let index = self.index_ptr();
        for e in self.gap.load(Relaxed)..self.nentries.load(Relaxed) {
            let mut p = Probe::new(self.hash_at(e), self.bits);
            // SAFETY: `W` is the width of this table's cells.
            unsafe {
                while W::load(index, p.i) != EMPTY {
                    p.next();
                }
                W::store(index, p.i, e);
            }
        }
    }
    /// Takes entry `e` out.
    fn unlink(&self, e: u32, hash: i64) {
        self.val(e).init(None);
        self.set_index(self.cell_of(e, hash), DUMMY);
        self.key(e).init(None);
        if self.first.load(Relaxed) == e {
            self.first.store(e + 1, Relaxed);
        }
        if self.last.load(Relaxed) == e + 1 {
            self.last.store(e, Relaxed);
        }
    }
    /// The value of an entry, looked up in its cell if the table has cells.
    #[inline(always)]
    pub fn content(&self, e: u32) -> Option<Value> {
        let v = self.val(e).get()?;
        // SAFETY: where `cells` is set all values are cells.
        if self.cells { unsafe { v.cast_unchecked::<DictCell>() }.v.get() } else { Some(v) }
    }
    /// The value of entry `i` if it has exactly this key.
    #[inline]
    pub fn same_key(&self, i: u32, key: Value) -> Option<Value> {
        if i < self.nentries.load(Acquire) && self.key(i).get()?.is(key) { self.content(i) } else { None }
    }
    /// The first item at or after entry `i`: (next i, key, value).
    #[inline]
    pub fn next_entry(&self, mut i: usize) -> Option<(usize, Value, Value)> {
        let first = self.first.load(Relaxed) as usize;
        let jumped = i <= first;
        i = i.max(first);
        let n = self.nentries.load(Acquire) as usize;
        while i < n {
            let e = i as u32;
            if let (Some(k), Some(v)) = (self.key(e).get(), self.content(e)) {
                if jumped && i > first && !self.cells {
                    // Unless an item was put in front meanwhile.
                    let _ = self.first.compare_exchange(first as u32, e, Relaxed, Relaxed);
                }
                return Some((i + 1, k, v));
            }
            i += 1;
        }
        None
    }
    /// The last item before entry `i`: (its index, key, value).
    pub fn prev_entry(&self, i: usize) -> Option<(usize, Value, Value)> {
        let last = (self.last.load(Relaxed) as usize).min(self.nentries.load(Acquire) as usize);
        let mut j = i.min(last);
        while j > 0 {
            j -= 1;
            let e = j as u32;
            if let (Some(k), Some(v)) = (self.key(e).get(), self.content(e)) {
                return Some((j, k, v));
            }
        }
        None
    }
}

/// Whether a key may be in a compact table.
#[inline(always)]
fn is_compact(key: Value) -> bool {
    key.is_fix() || key.is_exact(Kind::Str)
}
#[inline(always)]
fn compact_hash(key: Value) -> i64 {
    match key.as_fix() {
        Some(n) => hash_fix(n),
        // SAFETY: a key for which `is_compact` holds, or that was found in a compact table.
        None => unsafe { key.cast_unchecked::<Str>() }.hash(),
    }
}

/// `hash(key)` with the wording of dict's TypeError.
#[inline]
pub fn hash_key(th: Th, key: Value) -> R<i64> {
    match hash_fast(th, key) {
        Ok(h) => Ok(h),
        Err(_) => Err(unhashable(th, key, "dict key")),
    }
}

impl Dict {
    #[inline(always)]
    pub fn tab(&self) -> Gc<DictTable> {
        // SAFETY: an instance has one before anybody sees it.
        unsafe { self.table.gc_unchecked() }
    }
    pub fn is_cells(&self) -> bool {
        self.tab().cells
    }
}
