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
unsafe impl Layout for DictTable {
    const KIND: Kind = Kind::DictTable;
}

const EMPTY: u32 = u32::MAX;
const DUMMY: u32 = u32::MAX - 1;

/// `Dict` flag: values are cells.
pub const CELLS: u16 = flags::K0;
/// `Dict` flag: inline caches rely on keys being absent.
pub const WATCHED: u16 = flags::K1;

/// The table of all empty dicts: one empty index cell and room for nothing.
static EMPTY_TABLE: StaticWords<4> = StaticWords::new(Kind::DictTable, [0, 0, 0, u64::MAX]);

/// Result of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    At(u32),
    No,
}

/// Index cells of each width.
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
        unsafe { EMPTY_TABLE.value().cast_unchecked() }
    }
    pub fn new(th: Th, bits: u8, general: bool) -> R<Gc<DictTable>> {
        let bits = bits.max(3);
        if bits > 31 {
            return Err(th.memory_error());
        }
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
        unsafe { (self as *const DictTable).add(1) as *mut u8 }
    }
    #[inline(always)]
    fn index(&self, i: usize) -> u32 {
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
        unsafe { self.index_ptr().add((Self::index_bytes(self.bits) + 7) & !7) as *mut u64 }
    }
    #[inline(always)]
    pub(super) fn entry_ptr(&self, i: u32) -> *mut u64 {
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

    // -- lookup

    /// Looks for an exact string by identity or contents. No Python code runs; `None` if that would be necessary: the
    /// table has another kind of key with the same hash.
    #[inline]
    pub fn find_str(&self, key: Gc<Str>) -> Option<Found> {
        let hash = key.hash();
        if !self.general {
            return Some(by_width!(self.find_str_compact(key, hash)));
        }
        self.find_str_general(key, hash)
    }
    #[inline(never)]
    fn find_str_general(&self, key: Gc<Str>, hash: i64) -> Option<Found> {
        let mut p = Probe::new(hash, self.bits);
        loop {
            let e = self.index(p.i);
            if e == EMPTY {
                return Some(Found::No);
            }
            if e != DUMMY
                && let Some(k) = self.key(e).get()
            {
                if k.is(key.value()) {
                    return Some(Found::At(e));
                }
                if self.hash_at(e) == hash {
                    match k.exact::<Str>() {
                        Some(s) if s.bytes() == key.bytes() => return Some(Found::At(e)),
                        Some(_) => {}
                        None if k.is_fix() => {}
                        None => return None,
                    }
                }
            }
            p.next();
        }
    }
    #[inline(always)]
    fn find_str_compact<W: Ix>(&self, key: Gc<Str>, hash: i64) -> Found {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        loop {
            let e = unsafe { W::load(index, p.i) };
            if e >= DUMMY {
                if e == EMPTY {
                    return Found::No;
                }
            } else {
                let k = unsafe { (*(entries.add(2 * e as usize) as *const Slot)).raw().load(Relaxed) };
                if k == key.value().bits() {
                    return Found::At(e);
                }
                if k != 0 && k & 1 == 0 {
                    let s: Gc<Str> = unsafe { Value::from_bits(k).cast_unchecked() };
                    if s.hash() == hash && s.bytes() == key.bytes() {
                        return Found::At(e);
                    }
                }
            }
            p.next();
        }
    }
    /// Looks for a string, a small int or a class; `None` as for strings, and for all others.
    #[inline]
    pub fn find_simple(&self, key: Value) -> Option<Found> {
        if key.is_fix() {
            return self.find_fix(key);
        }
        if let Some(s) = key.exact::<Str>() {
            return self.find_str(s);
        }
        if !super::quick::is_class(key) {
            return None;
        }
        if self.general { self.find_class(key) } else { Some(Found::No) }
    }
    #[inline(never)]
    fn find_class(&self, key: Value) -> Option<Found> {
        let hash = super::object::identity_hash(key);
        let mut p = Probe::new(hash, self.bits);
        loop {
            let e = self.index(p.i);
            if e == EMPTY {
                return Some(Found::No);
            }
            if e != DUMMY
                && let Some(k) = self.key(e).get()
            {
                if k.is(key) {
                    return Some(Found::At(e));
                }
                if self.hash_at(e) == hash && !super::quick::is_simple(k) {
                    return None;
                }
            }
            p.next();
        }
    }
    /// Looks for a small int; `None` as for strings.
    #[inline]
    pub fn find_fix(&self, key: Value) -> Option<Found> {
        let hash = hash_fix(unsafe { key.as_fix().unwrap_unchecked() });
        if !self.general {
            return Some(by_width!(self.find_word_compact(key, hash)));
        }
        self.find_fix_general(key, hash)
    }
    #[inline(never)]
    fn find_fix_general(&self, key: Value, hash: i64) -> Option<Found> {
        let mut p = Probe::new(hash, self.bits);
        loop {
            let e = self.index(p.i);
            if e == EMPTY {
                return Some(Found::No);
            }
            if e != DUMMY
                && let Some(k) = self.key(e).get()
            {
                if k.is(key) {
                    return Some(Found::At(e));
                }
                // A float, a bool, an object that may be equal...
                if self.hash_at(e) == hash && !k.is_fix() && !k.is_exact(Kind::Str) {
                    return None;
                }
            }
            p.next();
        }
    }
    /// In a compact table an int is equal to itself alone.
    #[inline(always)]
    fn find_word_compact<W: Ix>(&self, key: Value, hash: i64) -> Found {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        loop {
            let e = unsafe { W::load(index, p.i) };
            if e >= DUMMY {
                if e == EMPTY {
                    return Found::No;
                }
            } else {
                let k = unsafe { (*(entries.add(2 * e as usize) as *const Slot)).raw().load(Relaxed) };
                if k == key.bits() {
                    return Found::At(e);
                }
            }
            p.next();
        }
    }
    /// The value of a small int or a string that is found by identity, without any call; None: look properly.
    #[inline(always)]
    pub fn peek(&self, key: Value) -> Option<Value> {
        if self.general || self.cells || self.bits > 16 {
            return None;
        }
        let hash = if let Some(n) = key.as_fix() {
            // Greater ones wrap around at 2**61 - 1.
            if n.unsigned_abs() >= 1 << 60 || n == -1 {
                return None;
            }
            n
        } else if key.is_exact(Kind::Str) {
            match unsafe { key.cast_unchecked::<Str>() }.hash.load(Relaxed) {
                0 => return None,
                h => h as i64,
            }
        } else {
            return None;
        };
        let text = !key.is_fix();
        if self.bits <= 8 {
            self.peek_width::<u8>(key, hash, text)
        } else {
            self.peek_width::<u16>(key, hash, text)
        }
    }
    #[inline(always)]
    fn peek_width<W: Ix>(&self, key: Value, hash: i64, text: bool) -> Option<Value> {
        let mut p = Probe::new(hash, self.bits);
        let (index, entries) = (self.index_ptr(), self.entries());
        loop {
            let e = unsafe { W::load(index, p.i) };
            if e == EMPTY {
                return None;
            }
            if e != DUMMY {
                let entry = unsafe { entries.add(2 * e as usize) as *const Slot };
                let k = unsafe { (*entry).raw().load(Relaxed) };
                if k == key.bits() {
                    return unsafe { (*entry.add(1)).get() };
                }
                // Another string with the same hash is mostly equal.
                if text && k != 0 && k & 1 == 0 {
                    // SAFETY: keys of a table that is not general are small ints and strings.
                    let (s, key): (Gc<Str>, Gc<Str>) =
                        unsafe { (Value::from_bits(k).cast_unchecked(), key.cast_unchecked()) };
                    if s.hash.load(Relaxed) as i64 == hash {
                        return if s.same_short(&key) { unsafe { (*entry.add(1)).get() } } else { None };
                    }
                }
            }
            p.next();
        }
    }
    /// Looks for any key; compares with `==`. The result is of this table even if it was replaced meanwhile.
    #[inline]
    pub fn find(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        let quick = if let Some(s) = key.exact::<Str>() {
            self.find_str(s)
        } else if key.is_fix() {
            self.find_fix(key)
        } else {
            None
        };
        match quick {
            Some(f) => Ok(f),
            None => self.find_general(th, key, hash),
        }
    }
    #[inline(never)]
    fn find_general(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        'restart: loop {
            let mut p = Probe::new(hash, self.bits);
            loop {
                let e = self.index(p.i);
                if e == EMPTY {
                    return Ok(Found::No);
                }
                if e != DUMMY
                    && let Some(k) = self.key(e).get()
                {
                    if k.is(key) {
                        return Ok(Found::At(e));
                    }
                    if self.hash_at(e) == hash {
                        let n = self.nentries.load(Relaxed);
                        if th.eq(k, key)? {
                            // Gone while it was compared?
                            if self.key(e).get() != Some(k) {
                                continue 'restart;
                            }
                            return Ok(Found::At(e));
                        }
                        if self.nentries.load(Relaxed) != n {
                            continue 'restart;
                        }
                    }
                }
                p.next();
            }
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
    /// Sets the value of a small int or exact string in a compact table, with one probe. Only while the process has one
    /// thread. False: nothing was done, as the table is full.
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
        loop {
            let e = unsafe { W::load(index, p.i) };
            if e >= DUMMY {
                if e == EMPTY {
                    break;
                }
            } else {
                let entry = unsafe { entries.add(2 * e as usize) };
                let k = unsafe { *entry };
                let same = k == key.bits()
                    || (!is_fix && k != 0 && k & 1 == 0 && {
                        let (a, b): (Gc<Str>, Gc<Str>) =
                            unsafe { (Value::from_bits(k).cast_unchecked(), key.cast_unchecked()) };
                        a.hash() == hash && a.bytes() == b.bytes()
                    });
                if same {
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
        unsafe {
            let entry = entries.add(2 * e as usize);
            *entry = key.bits();
            *entry.add(1) = val.bits();
            W::store(index, p.i, e);
            self.nentries.store(e + 1, Relaxed);
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
        if self.cells { unsafe { v.cast_unchecked::<DictCell>() }.v.get() } else { Some(v) }
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
        unsafe { self.table.gc() }
    }
    pub fn is_cells(&self) -> bool {
        self.tab().cells
    }
}

/// An operation on an exact-layout dict. `self` methods never look at `__missing__` or subclass overrides.
impl Gc<Dict> {
    pub fn new(th: Th) -> Gc<Dict> {
        Self::with_table(th, DictTable::empty())
    }
    fn with_table(th: Th, t: Gc<DictTable>) -> Gc<Dict> {
        unsafe {
            let d = th.alloc::<Dict>();
            d.table.init(Some(t.value()));
            d.used.store(0, Relaxed);
            d.owner.init(None);
            d
        }
    }
    pub fn with_capacity(th: Th, n: usize) -> Gc<Dict> {
        if n == 0 {
            return Self::new(th);
        }
        let t = DictTable::new(th, DictTable::bits_for(n), false).expect("out of memory");
        Self::with_table(th, t)
    }
    /// Number of items.
    #[inline(always)]
    pub fn len(self) -> usize {
        let n = self.used.load(Relaxed) as usize;
        if n == 0 && self.flag(ATTRS) { self.attrs_len() } else { n }
    }
    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
    /// Changes the number of items. Under the lock.
    #[inline(always)]
    pub(super) fn count(self, by: i64) {
        self.used.store(self.used.load(Relaxed).wrapping_add(by as u64), Release);
    }

    // -- reading
    /// The value of an exact string key.
    #[inline]
    pub fn get_str(self, th: Th, key: Value) -> R<Option<Value>> {
        let k = unsafe { key.cast_unchecked::<Str>() };
        let t = self.tab();
        match t.find_str(k) {
            Some(Found::At(e)) => Ok(t.content(e)),
            Some(Found::No) if t == DictTable::empty() => self.attrs_get(th, key),
            Some(Found::No) => Ok(None),
            None => self.get_hashed(th, key, k.hash()),
        }
    }
    #[inline]
    pub fn get(self, th: Th, key: Value) -> R<Option<Value>> {
        let t = self.tab();
        let quick = if key.is_fix() {
            t.find_fix(key)
        } else if let Some(s) = key.exact::<Str>() {
            t.find_str(s)
        } else {
            None
        };
        match quick {
            Some(Found::At(e)) => Ok(t.content(e)),
            Some(Found::No) if t == DictTable::empty() => self.attrs_get(th, key),
            Some(Found::No) => Ok(None),
            None => {
                let hash = hash_key(th, key)?;
                self.get_hashed(th, key, hash)
            }
        }
    }
    pub fn get_hashed(self, th: Th, key: Value, hash: i64) -> R<Option<Value>> {
        loop {
            let t = self.tab();
            let r = t.find(th, key, hash)?;
            if t != self.tab() {
                continue;
            }
            return match r {
                Found::At(e) => Ok(t.content(e)),
                Found::No if t == DictTable::empty() => self.attrs_get(th, key),
                Found::No => Ok(None),
            };
        }
    }
    pub fn contains(self, th: Th, key: Value) -> R<bool> {
        Ok(self.get(th, key)?.is_some())
    }

    // -- writing
    #[inline]
    pub fn set(self, th: Th, key: Value, val: Value) -> R<()> {
        let hash = if let Some(n) = key.as_fix() {
            hash_fix(n)
        } else if let Some(s) = key.exact::<Str>() {
            s.hash()
        } else {
            let hash = hash_key(th, key)?;
            return self.set_hashed(th, key, hash, val);
        };
        let t = self.tab();
        if !t.general && !t.cells && !th.multi() {
            match t.upsert_compact(th, key, hash, val) {
                Some(true) => {
                    self.count(1);
                    return Ok(());
                }
                Some(false) => return Ok(()),
                None if self.flag(ATTRS) => {}
                None => {
                    self.push_new(th, key, hash, val)?;
                    self.count(1);
                    return Ok(());
                }
            }
        }
        self.set_hashed(th, key, hash, val)
    }
    #[inline]
    pub fn set_hashed(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        self.insert(th, key, hash, val, true).map(|_| ())
    }
    /// Sets `key` to `val`; without `replace` only if it is absent. Gives the value found before.
    pub fn insert(self, th: Th, key: Value, hash: i64, val: Value, replace: bool) -> R<Option<Value>> {
        loop {
            if self.flag(ATTRS)
                && let Some(old) = self.attrs_insert(th, key, val, replace)?
            {
                return Ok(old);
            }
            let t = self.tab();
            let n = t.nentries.load(Acquire);
            let found = t.find(th, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() || (found == Found::No && t.nentries.load(Acquire) != n) {
                continue;
            }
            if let Found::At(e) = found {
                if t.key(e).get().is_none() {
                    continue; // deleted meanwhile
                }
                let slot = t.val(e);
                if t.cells {
                    let c = unsafe { slot.gc::<DictCell>() };
                    let old = c.v.get();
                    if old.is_some() {
                        if replace {
                            th.store(c, &c.v, val);
                            crate::jit::watch::cell_stored(c);
                        }
                        return Ok(old);
                    }
                    // A deleted or reserved name comes back: at the end of the order.
                    let k = t.key(e).value();
                    t.unlink(e, hash);
                    self.push_new(th, k, hash, c.value())?;
                    th.store(c, &c.v, val);
                    crate::jit::watch::cell_stored(c);
                    self.count(1);
                } else {
                    let old = slot.get();
                    if replace {
                        th.store(t, slot, val);
                    }
                    return Ok(old);
                }
            } else {
                let v = if t.cells { super::dict::new_cell(th, key, Some(val)).value() } else { val };
                self.push_new(th, key, hash, v)?;
                self.count(1);
            }
            if t.cells {
                // Either the filler of a cache sees the new key, or its flag is seen here.
                if th.multi() {
                    std::sync::atomic::fence(SeqCst);
                }
                if self.flag(WATCHED) {
                    super::dict::key_added(th, self, key);
                }
            }
            return Ok(None);
        }
    }
    /// Appends an absent key, growing or converting the table as needed. Under the lock.
    #[inline]
    pub(super) fn push_new(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        let mut t = self.tab();
        let fits = t.general || is_compact(key);
        if t.nentries.load(Relaxed) == t.cap || !fits {
            let live = if t.cells { t.nentries.load(Relaxed) as usize } else { self.len() };
            t = self.rebuild(th, live + live / 2 + 2, t.general || !fits)?;
        }
        t.append(th, key, hash, val);
        Ok(())
    }
    /// Copies the live entries into a new table with room for `n` and publishes it. Under the lock.
    #[inline(never)]
    fn rebuild(self, th: Th, n: usize, general: bool) -> R<Gc<DictTable>> {
        let t = self.tab();
        // Empty cells are copied, too.
        let empty = if t.cells { (t.nentries.load(Relaxed) as usize).saturating_sub(self.len()) } else { 0 };
        let nt = DictTable::new(th, DictTable::bits_for(n + empty), general)?;
        unsafe { (*nt.as_ptr()).cells = t.cells };
        let n = t.nentries.load(Relaxed);
        if t.general == general {
            // A fresh table that nobody knows: plain copies of the live entries, then the index.
            let words = if general { 3 } else { 2 };
            unsafe {
                if self.len() == n as usize {
                    std::ptr::copy_nonoverlapping(t.entries(), nt.entries(), n as usize * words);
                    nt.nentries.store(n, Relaxed);
                } else {
                    let mut k = 0;
                    for e in 0..n {
                        let from = t.entry_ptr(e);
                        if *from != 0 && *from.add(1) != 0 {
                            std::ptr::copy_nonoverlapping(from, nt.entry_ptr(k), words);
                            k += 1;
                        }
                    }
                    nt.nentries.store(k, Relaxed);
                }
            }
            nt.last.store(nt.nentries.load(Relaxed), Relaxed);
            nt.reindex();
        } else {
            for e in 0..n {
                if let (Some(k), Some(v)) = (t.key(e).get(), t.val(e).get()) {
                    nt.append(th, k, t.hash_at(e), v);
                }
            }
        }
        th.store(self, &self.table, nt.value());
        Ok(nt)
    }
    /// Makes room for `n` items in all, if that is worth a new table.
    pub fn reserve(self, th: Th, n: usize) -> R<()> {
        if self.flag(ATTRS) {
            return Ok(());
        }
        let _g = th.lock(self);
        let t = self.tab();
        let free = (t.cap - t.nentries.load(Relaxed)) as usize;
        if n > self.len() + free {
            self.rebuild(th, n, t.general)?;
        }
        Ok(())
    }
    /// Removes `key`; gives its value.
    pub fn remove(self, th: Th, key: Value) -> R<Option<Value>> {
        let hash = hash_key(th, key)?;
        self.remove_hashed(th, key, hash)
    }
    pub fn remove_hashed(self, th: Th, key: Value, hash: i64) -> R<Option<Value>> {
        loop {
            if self.flag(ATTRS)
                && let Some(old) = self.attrs_remove(th, key)?
            {
                return Ok(old);
            }
            let t = self.tab();
            let found = t.find(th, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() {
                continue;
            }
            let Found::At(e) = found else { return Ok(None) };
            return Ok(self.delete_entry(t, e, hash));
        }
    }
    /// Under the lock. None: somebody else was faster.
    pub(super) fn delete_entry(self, t: Gc<DictTable>, e: u32, hash: i64) -> Option<Value> {
        let old = t.content(e)?;
        if t.cells {
            let c = unsafe { t.val(e).gc::<DictCell>() };
            c.v.init(None);
            crate::jit::watch::cell_stored(c);
        } else {
            t.unlink(e, hash);
        }
        self.count(-1);
        Some(old)
    }
    /// The first item at or after entry `i`: (next i, key, value). For iteration.
    #[inline]
    pub fn next_entry(self, i: usize) -> Option<(usize, Value, Value)> {
        match self.tab().next_entry(i) {
            None if self.flag(ATTRS) => self.attrs_next(i),
            r => r,
        }
    }
    /// The last item before entry `i`: (its index, key, value).
    pub fn prev_entry(self, i: usize) -> Option<(usize, Value, Value)> {
        match self.tab().prev_entry(i) {
            None if self.flag(ATTRS) => self.attrs_prev(i),
            r => r,
        }
    }
    /// Removes and gives the last item.
    pub fn pop_last(self, th: Th) -> Option<(Value, Value)> {
        while self.flag(ATTRS) {
            let (_, k, _) = self.attrs_prev(usize::MAX)?;
            match self.attrs_remove(th, k) {
                Ok(Some(Some(v))) => return Some((k, v)),
                Ok(_) => {}
                Err(_) => {
                    th.take_exc();
                    return None;
                }
            }
        }
        let _g = th.lock(self);
        let t = self.tab();
        let (i, k, v) = t.prev_entry(usize::MAX)?;
        let hash = t.hash_at(i as u32);
        self.delete_entry(t, i as u32, hash);
        if !t.cells {
            t.last.store(i as u32, Relaxed);
        }
        Some((k, v))
    }
    pub fn clear(self, th: Th) -> R<()> {
        if self.flag(ATTRS) && self.attrs_clear(th) {
            return Ok(());
        }
        let _g = th.lock(self);
        let t = self.tab();
        if t.cells {
            // Inline caches hold the cells.
            for e in 0..t.nentries.load(Relaxed) {
                if let Some(c) = unsafe { t.val(e).gc_opt::<DictCell>() } {
                    c.v.init(None);
                    crate::jit::watch::cell_stored(c);
                }
            }
        } else {
            th.store(self, &self.table, DictTable::empty().value());
        }
        self.used.store(0, Release);
        Ok(())
    }
    /// A copy as a plain dict.
    pub fn copy(self, th: Th) -> R<Gc<Dict>> {
        let d = Self::new(th);
        d.assign_copy(th, self)?;
        Ok(d)
    }
    /// Makes an empty plain dict that nobody else knows a copy of another.
    pub fn assign_copy(self, th: Th, from: Gc<Dict>) -> R<()> {
        if self.flag(ATTRS) || from.flag(ATTRS) {
            let mut i = 0;
            while let Some((ni, k, h, v)) = from.next_hashed(th, i)? {
                self.set_hashed(th, k, h, v)?;
                i = ni;
            }
            return Ok(());
        }
        let _g = th.lock(from);
        let used = from.len();
        let t = from.tab();
        if used == 0 {
            return Ok(());
        }
        let n = t.nentries.load(Relaxed);
        let nt = if !t.cells && n as usize == used {
            // Nothing deleted: the whole table as it is.
            unsafe {
                let size = t.byte_size();
                let nt = th.alloc_var::<DictTable>(size)?;
                let live = (t.entry_ptr(n) as usize) - t.as_ptr() as usize - 8;
                std::ptr::copy_nonoverlapping(
                    (t.as_ptr() as *const u8).add(8),
                    (nt.as_ptr() as *mut u8).add(8),
                    live,
                );
                nt
            }
        } else {
            let nt = DictTable::new(th, DictTable::bits_for(used), t.general)?;
            for e in 0..n {
                if let (Some(k), Some(v)) = (t.key(e).get(), t.content(e)) {
                    nt.append(th, k, t.hash_at(e), v);
                }
            }
            nt
        };
        th.store(self, &self.table, nt.value());
        self.used.store(nt.nentries.load(Relaxed) as u64, Release);
        Ok(())
    }
    /// The cell of a name, made (empty) if it is absent. The dict must be in cell mode.
    pub fn cell_for(self, th: Th, key: Gc<Str>) -> R<Gc<DictCell>> {
        debug_assert!(self.is_cells());
        let hash = key.hash();
        loop {
            let t = self.tab();
            let n = t.nentries.load(Acquire);
            let found = t.find(th, key.value(), hash)?;
            let _g = th.lock(self);
            if t != self.tab() || (found == Found::No && t.nentries.load(Acquire) != n) {
                continue;
            }
            if let Found::At(e) = found {
                match unsafe { t.val(e).gc_opt::<DictCell>() } {
                    Some(c) => return Ok(c),
                    None => continue,
                }
            }
            let c = super::dict::new_cell(th, key.value(), None);
            self.push_new(th, key.value(), hash, c.value())?;
            return Ok(c);
        }
    }
    /// Turns the values into cells (once): the dict becomes a namespace whose names inline caches can hold.
    pub fn make_cells(self, th: Th) -> R<()> {
        self.detach_attrs(th)?;
        let _g = th.lock(self);
        let t = self.tab();
        if t.cells {
            return Ok(());
        }
        // In a new table, so that readers see either values or cells, never a mixture.
        let nt = DictTable::new(th, t.bits, t.general)?;
        for e in 0..t.nentries.load(Relaxed) {
            if let (Some(k), Some(v)) = (t.key(e).get(), t.val(e).get()) {
                let c = super::dict::new_cell(th, k, Some(v));
                nt.append(th, k, t.hash_at(e), c.value());
            }
        }
        unsafe { (*nt.as_ptr()).cells = true };
        th.store(self, &self.table, nt.value());
        self.set_flag(CELLS);
        Ok(())
    }
}
