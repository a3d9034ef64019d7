//! The hash table behind dict: insertion-ordered, compact, one heap object for index and entries.
//!
//! `index[hash]` holds the number of an entry; entries are appended in insertion order. Tables whose keys are all exact
//! strings leave out the hash (strings cache it). A dict in *cell mode* (module namespaces) keeps [`DictCell`]s as
//! values, so that inline caches can hold on to the cell of a name.
//!
//! # Invariants, also under races
//! - A table's capacity and kind never change; growing makes a new table and publishes it in `Dict::table`.
//! - An entry's key is written before its index is published and never becomes another key in the same table; deleting
//!   nulls the value, then the key's index becomes `DUMMY`. So a reader sees a key with its own value, or none.
//! - Mutations happen under the dict's lock; no Python code runs while it is held (comparisons happen before, and the
//!   lookup is repeated if `table` or `nentries` changed meanwhile).

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
    _pad: u16,
    /// Entries in use, deleted ones included.
    pub nentries: AtomicU32,
    pub cap: u32,
    _pad2: u32,
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

/// Result of a probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    At(u32),
    No,
}

impl DictTable {
    fn index_bytes(bits: u8) -> usize {
        let n = 1usize << bits;
        match bits {
            0..=7 => n,
            8..=15 => 2 * n,
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
            (*p).nentries = AtomicU32::new(0);
            (*p).cap = Self::usable(bits) as u32;
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
                0..=7 => {
                    let v = self.index_ptr().add(i).read_volatile();
                    if v >= 0xfe { v as u32 | 0xffff_ff00 } else { v as u32 }
                }
                8..=15 => {
                    let v = (self.index_ptr() as *mut u16).add(i).read_volatile();
                    if v >= 0xfffe { v as u32 | 0xffff_0000 } else { v as u32 }
                }
                _ => (self.index_ptr() as *mut u32).add(i).read_volatile(),
            }
        }
    }
    fn set_index(&self, i: usize, v: u32) {
        std::sync::atomic::fence(Release);
        unsafe {
            match self.bits {
                0..=7 => self.index_ptr().add(i).write_volatile(v as u8),
                8..=15 => (self.index_ptr() as *mut u16).add(i).write_volatile(v as u16),
                _ => (self.index_ptr() as *mut u32).add(i).write_volatile(v),
            }
        }
    }
    #[inline(always)]
    fn entry_ptr(&self, i: u32) -> *mut u64 {
        let base = unsafe { self.index_ptr().add((Self::index_bytes(self.bits) + 7) & !7) as *mut u64 };
        unsafe { base.add(i as usize * if self.general { 3 } else { 2 }) }
    }
    #[inline(always)]
    pub fn key(&self, i: u32) -> &Slot {
        unsafe { &*(self.entry_ptr(i) as *const Slot) }
    }
    #[inline(always)]
    pub fn val(&self, i: u32) -> &Slot {
        unsafe { &*(self.entry_ptr(i).add(1) as *const Slot) }
    }
    #[inline(always)]
    pub fn hash_at(&self, i: u32) -> i64 {
        unsafe {
            if self.general {
                *self.entry_ptr(i).add(2) as i64
            } else {
                self.key(i).gc::<Str>().hash_cached()
            }
        }
    }
    /// Visits keys and values (collector).
    pub unsafe fn trace(o: adder_heap::Obj, t: &mut adder_heap::Tracer) {
        let d = unsafe { &*(o.as_ptr() as *const DictTable) };
        for i in 0..d.nentries.load(Relaxed) {
            let p = d.entry_ptr(i);
            t.slot(p);
            t.slot(unsafe { p.add(1) });
        }
    }
    /// Looks for an exact string by identity or contents. No Python code runs unless the table has general keys with the
    /// same hash, for which `None` is returned.
    #[inline]
    pub fn find_str(&self, key: Gc<Str>) -> Option<Found> {
        let hash = key.hash();
        let mask = (1usize << self.bits) - 1;
        let mut i = hash as usize & mask;
        let mut perturb = hash as u64;
        loop {
            let e = self.index(i);
            if e == EMPTY {
                return Some(Found::No);
            }
            if e != DUMMY {
                if let Some(k) = self.key(e).get() {
                    if k.is(key.value()) {
                        return Some(Found::At(e));
                    }
                    if self.hash_at(e) == hash {
                        match k.exact::<Str>() {
                            Some(s) => {
                                if s.bytes() == key.bytes() {
                                    return Some(Found::At(e));
                                }
                            }
                            None => return None,
                        }
                    }
                }
            }
            perturb >>= 5;
            i = (i.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1)) & mask;
        }
    }
    /// Looks for any key; compares with `==`. The result is of this table even if it was replaced meanwhile.
    pub fn find(&self, th: Th, key: Value, hash: i64) -> R<Found> {
        let mask = (1usize << self.bits) - 1;
        let mut i = hash as usize & mask;
        let mut perturb = hash as u64;
        loop {
            let e = self.index(i);
            if e == EMPTY {
                return Ok(Found::No);
            }
            if e != DUMMY {
                if let Some(k) = self.key(e).get() {
                    if k.is(key) || (self.hash_at(e) == hash && th.eq(k, key)?) {
                        return Ok(Found::At(e));
                    }
                }
            }
            perturb >>= 5;
            i = (i.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1)) & mask;
        }
    }
    /// The index cell that holds entry `e`.
    fn cell_of(&self, e: u32, hash: i64) -> usize {
        let mask = (1usize << self.bits) - 1;
        let mut i = hash as usize & mask;
        let mut perturb = hash as u64;
        while self.index(i) != e {
            perturb >>= 5;
            i = (i.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1)) & mask;
        }
        i
    }
    /// Appends an entry whose key is known to be absent; there is room.
    fn append(self: &DictTable, th: Th, me: Gc<DictTable>, key: Value, hash: i64, val: Value) -> u32 {
        let e = self.nentries.load(Relaxed);
        debug_assert!(e < self.cap);
        unsafe {
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
        let mask = (1usize << self.bits) - 1;
        let mut i = hash as usize & mask;
        let mut perturb = hash as u64;
        while self.index(i) < DUMMY {
            perturb >>= 5;
            i = (i.wrapping_mul(5).wrapping_add(perturb as usize).wrapping_add(1)) & mask;
        }
        self.set_index(i, e);
        e
    }
}

impl Dict {
    #[inline(always)]
    pub fn tab(&self) -> Gc<DictTable> {
        unsafe { self.table.gc() }
    }
    pub fn is_cells(&self) -> bool {
        self.h.flags.load(Relaxed) & CELLS != 0
    }
}

/// An operation on an exact-layout dict. `self` methods never look at `__missing__` or subclass overrides.
impl Gc<Dict> {
    pub fn new(th: Th) -> Gc<Dict> {
        Gc::<Dict>::with_capacity(th, 0)
    }
    pub fn with_capacity(th: Th, n: usize) -> Gc<Dict> {
        let t = DictTable::new(th, DictTable::bits_for(n), false).expect("out of memory");
        unsafe {
            let d = th.alloc::<Dict>();
            d.table.init(Some(t.value()));
            d.used.store(0, Relaxed);
            d.owner.init(None);
            d
        }
    }
    /// Number of items.
    pub fn len(self) -> usize {
        self.used.load(Relaxed) as usize
    }
    #[inline(always)]
    fn content(self, slot: &Slot) -> Option<Value> {
        let v = slot.get()?;
        if self.is_cells() { unsafe { v.cast_unchecked::<DictCell>() }.v.get() } else { Some(v) }
    }
    /// The value of an exact string key, if its lookup needs no Python code (else see `get`).
    #[inline]
    pub fn get_str(self, th: Th, key: Value) -> R<Option<Value>> {
        let k = unsafe { key.cast_unchecked::<Str>() };
        let t = self.tab();
        match t.find_str(k) {
            Some(Found::At(e)) => Ok(self.content(t.val(e))),
            Some(Found::No) => Ok(None),
            None => self.get(th, key),
        }
    }
    pub fn get(self, th: Th, key: Value) -> R<Option<Value>> {
        if let Some(s) = key.exact::<Str>() {
            let t = self.tab();
            match t.find_str(s) {
                Some(Found::At(e)) => return Ok(self.content(t.val(e))),
                Some(Found::No) => return Ok(None),
                None => {}
            }
        }
        let hash = th.hash(key)?;
        self.get_hashed(th, key, hash)
    }
    pub fn get_hashed(self, th: Th, key: Value, hash: i64) -> R<Option<Value>> {
        loop {
            let t = self.tab();
            let r = t.find(th, key, hash)?;
            if t != self.tab() {
                continue;
            }
            return Ok(match r {
                Found::At(e) => self.content(t.val(e)),
                Found::No => None,
            });
        }
    }
    fn find_any(self, th: Th, t: Gc<DictTable>, key: Value, hash: i64) -> R<Found> {
        if let Some(s) = key.exact::<Str>()
            && let Some(f) = t.find_str(s)
        {
            return Ok(f);
        }
        t.find(th, key, hash)
    }
    pub fn set(self, th: Th, key: Value, val: Value) -> R<()> {
        let hash = th.hash(key)?;
        self.set_hashed(th, key, hash, val)
    }
    pub fn set_hashed(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        self.insert(th, key, hash, val, true).map(|_| ())
    }
    /// Sets `key` to `val`; without `replace` only if it is absent. Gives the value found before.
    pub fn insert(self, th: Th, key: Value, hash: i64, val: Value, replace: bool) -> R<Option<Value>> {
        loop {
            let t = self.tab();
            let n = t.nentries.load(Acquire);
            let found = self.find_any(th, t, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() || (t.nentries.load(Acquire) != n && found == Found::No) {
                continue;
            }
            if let Found::At(e) = found {
                if t.key(e).get().is_none() {
                    continue; // deleted meanwhile
                }
                let slot = t.val(e);
                if self.is_cells() {
                    let c = unsafe { slot.gc::<DictCell>() };
                    let old = c.v.get();
                    if old.is_some() {
                        if replace {
                            th.store(c, &c.v, val);
                        }
                        return Ok(old);
                    }
                    // A deleted or reserved name comes back: at the end of the order.
                    let i = t.cell_of(e, hash);
                    t.set_index(i, DUMMY);
                    slot.init(None);
                    t.key(e).init(None);
                    th.store(c, &c.v, val);
                    self.push_new(th, key, hash, c.value())?;
                    self.used.fetch_add(1, Relaxed);
                    return Ok(None);
                }
                let old = slot.get();
                if replace || old.is_none() {
                    th.store(t, slot, val);
                }
                return Ok(old);
            }
            let v = if self.is_cells() {
                crate::builtins::dict::new_cell(th, key, Some(val)).value()
            } else {
                val
            };
            self.push_new(th, key, hash, v)?;
            self.used.fetch_add(1, Relaxed);
            if self.flag(WATCHED) {
                crate::builtins::dict::key_added(th, self, key);
            }
            return Ok(None);
        }
    }
    /// Appends an absent key, growing or converting the table as needed. Under the lock.
    fn push_new(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        let mut t = self.tab();
        let general = !key.is_exact(Kind::Str);
        if t.nentries.load(Relaxed) == t.cap || (general && !t.general) {
            let used = self.used.load(Relaxed) as usize;
            let live = if self.is_cells() { t.nentries.load(Relaxed) as usize } else { used };
            t = self.rebuild(th, live + 1 + live / 2 + 1, t.general || general)?;
        }
        t.append(th, t, key, hash, val);
        Ok(())
    }
    /// Copies the live entries into a new table with room for `n` and publishes it.
    fn rebuild(self, th: Th, n: usize, general: bool) -> R<Gc<DictTable>> {
        let nt = DictTable::new(th, DictTable::bits_for(n), general)?;
        let t = self.tab();
        for e in 0..t.nentries.load(Relaxed) {
            if let (Some(k), Some(v)) = (t.key(e).get(), t.val(e).get()) {
                nt.append(th, nt, k, t.hash_at(e), v);
            }
        }
        th.store(self, &self.table, nt.value());
        Ok(nt)
    }
    /// Removes `key`; gives its value.
    pub fn remove(self, th: Th, key: Value) -> R<Option<Value>> {
        let hash = th.hash(key)?;
        self.remove_hashed(th, key, hash)
    }
    pub fn remove_hashed(self, th: Th, key: Value, hash: i64) -> R<Option<Value>> {
        loop {
            let t = self.tab();
            let found = self.find_any(th, t, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() {
                continue;
            }
            let Found::At(e) = found else { return Ok(None) };
            return Ok(self.delete_entry(t, e, hash));
        }
    }
    /// Under the lock.
    fn delete_entry(self, t: Gc<DictTable>, e: u32, hash: i64) -> Option<Value> {
        let slot = t.val(e);
        if self.is_cells() {
            let c = unsafe { slot.gc_opt::<DictCell>() }?;
            let old = c.v.get();
            c.v.init(None);
            if old.is_some() {
                self.used.fetch_sub(1, Relaxed);
            }
            return old;
        }
        let old = slot.get();
        if old.is_some() {
            slot.init(None);
            let i = t.cell_of(e, hash);
            t.set_index(i, DUMMY);
            t.key(e).init(None);
            self.used.fetch_sub(1, Relaxed);
        }
        old
    }
    /// The first item at or after entry `i`: (next i, key, value). For iteration.
    #[inline]
    pub fn next_entry(self, mut i: usize) -> Option<(usize, Value, Value)> {
        let t = self.tab();
        let n = t.nentries.load(Acquire) as usize;
        while i < n {
            if let (Some(k), Some(v)) = (t.key(i as u32).get(), self.content(t.val(i as u32))) {
                return Some((i + 1, k, v));
            }
            i += 1;
        }
        None
    }
    /// The last item before entry `i`: (its index, key, value).
    pub fn prev_entry(self, mut i: usize) -> Option<(usize, Value, Value)> {
        let t = self.tab();
        i = i.min(t.nentries.load(Acquire) as usize);
        while i > 0 {
            i -= 1;
            if let (Some(k), Some(v)) = (t.key(i as u32).get(), self.content(t.val(i as u32))) {
                return Some((i, k, v));
            }
        }
        None
    }
    /// Removes and gives the last item.
    pub fn pop_last(self, th: Th) -> Option<(Value, Value)> {
        let _g = th.lock(self);
        let (i, k, v) = self.prev_entry(usize::MAX)?;
        let t = self.tab();
        let hash = t.hash_at(i as u32);
        self.delete_entry(t, i as u32, hash);
        if !th.multi() && !self.is_cells() {
            t.nentries.store(i as u32, Relaxed);
        }
        Some((k, v))
    }
    pub fn clear(self, th: Th) -> R<()> {
        if self.is_cells() {
            let _g = th.lock(self);
            let t = self.tab();
            for e in 0..t.nentries.load(Relaxed) {
                if let Some(c) = unsafe { t.val(e).gc_opt::<DictCell>() } {
                    c.v.init(None);
                }
            }
            self.used.store(0, Relaxed);
            return Ok(());
        }
        let t = DictTable::new(th, 3, false)?;
        let _g = th.lock(self);
        th.store(self, &self.table, t.value());
        self.used.store(0, Relaxed);
        Ok(())
    }
    /// A copy as a plain dict.
    pub fn copy(self, th: Th) -> R<Gc<Dict>> {
        let d = Gc::<Dict>::with_capacity(th, self.len());
        let general = self.tab().general;
        if general {
            let t = DictTable::new(th, DictTable::bits_for(self.len()), true)?;
            th.store(d, &d.table, t.value());
        }
        let mut i = 0;
        let _g = th.lock(self);
        while let Some((ni, k, v)) = self.next_entry(i) {
            let hash = self.tab().hash_at(ni as u32 - 1);
            d.push_new(th, k, hash, v)?;
            d.used.fetch_add(1, Relaxed);
            i = ni;
        }
        Ok(d)
    }
    /// The cell of a name, made (empty) if it is absent. The dict must be in cell mode.
    pub fn cell_for(self, th: Th, key: Gc<Str>) -> R<Gc<DictCell>> {
        debug_assert!(self.is_cells());
        let hash = key.hash();
        loop {
            let t = self.tab();
            let found = self.find_any(th, t, key.value(), hash)?;
            let _g = th.lock(self);
            if t != self.tab() {
                continue;
            }
            if let Found::At(e) = found
                && let Some(c) = unsafe { t.val(e).gc_opt::<DictCell>() }
            {
                return Ok(c);
            }
            let c = crate::builtins::dict::new_cell(th, key.value(), None);
            self.push_new(th, key.value(), hash, c.value())?;
            return Ok(c);
        }
    }
    /// Turns the values into cells (once): the dict becomes a namespace whose names inline caches can hold.
    pub fn make_cells(self, th: Th) -> R<()> {
        if self.is_cells() {
            return Ok(());
        }
        // New table first, so that readers see either values or cells, never a mixture.
        let _g = th.lock(self);
        let t = self.tab();
        let nt = DictTable::new(th, t.bits, t.general)?;
        for e in 0..t.nentries.load(Relaxed) {
            if let (Some(k), Some(v)) = (t.key(e).get(), t.val(e).get()) {
                let c = crate::builtins::dict::new_cell(th, k, Some(v));
                nt.append(th, nt, k, t.hash_at(e), c.value());
            }
        }
        self.set_flag(CELLS);
        th.store(self, &self.table, nt.value());
        Ok(())
    }
}
