//! The operations on dicts: what reads and changes the table of a dict, replaces it when it is full, and turns its values
//! into cells.
//!
//! # Invariants
//! - A change compares keys first, without the lock, then takes it and looks whether table and number of entries are what
//!   was searched; if not it begins again.
//! - `used` and the table change under the lock only; a new table is complete before it is published.

use super::*;
use crate::builtins::dict;
use crate::jit::watch;
use std::sync::atomic::AtomicU64;

/// Empties cells of a dict whose lock is held.
fn empty_cells(th: Th, cells: impl Iterator<Item = Gc<DictCell>> + Clone) {
    let mut changing = false;
    for c in cells.clone() {
        c.v.init(None);
        watch::cell_stored(th, c);
        changing |= c.flag(watch::CELL_CHANGED);
    }
    if changing {
        // Who assigns knowing the cell alone may just have found it full.
        th.stopping_others(|| cells.for_each(|c| c.v.init(None)));
    }
}

/// An operation on an exact-layout dict. `self` methods never look at `__missing__` or subclass overrides.
impl Gc<Dict> {
    pub fn new(th: Th) -> Gc<Dict> {
        Self::with_table(th, DictTable::empty())
    }
    fn with_table(th: Th, t: Gc<DictTable>) -> Gc<Dict> {
        let d = th.object(Dict {
            h: Dict::head(),
            table: SlotOf::new(t),
            used: AtomicU64::new(0),
            owner: Slot::null(),
        });
        th.own_new(d.header());
        d
    }
    pub fn with_capacity(th: Th, n: usize) -> Gc<Dict> {
        if n == 0 {
            return Self::new(th);
        }
        let t =
            DictTable::new(th, DictTable::bits_for(n), false).unwrap_or_else(|_| adder_heap::out_of_memory());
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
    pub(in crate::builtins) fn count(self, by: i64) {
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
    /// Whether a namespace has no such name, as far as that can be told without Python code.
    pub fn lacks_str(self, key: Gc<Str>) -> bool {
        let t = self.tab();
        match t.find_str(key) {
            Some(Found::At(e)) => t.content(e).is_none(),
            Some(Found::No) => t != DictTable::empty(),
            None => false,
        }
    }
    #[inline]
    pub fn get(self, th: Th, key: Value) -> R<Option<Value>> {
        let t = self.tab();
        let quick = if key.is_fix() {
            t.find_fix(key)
        } else if let Some(s) = key.exact::<Str>() {
            t.find_str(s)
        } else if let Some(k) = key.exact::<Tuple>() {
            t.find_tuple(k)
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

    /// Adds one to the small int that a key has as its value, if that takes no Python code, and puts in 1 for a key that is
    /// not there. False: nothing has happened.
    pub fn count_quick(self, th: Th, key: Value) -> R<bool> {
        let t = self.tab();
        if !th.owns(self) || t.cells || self.flag(ATTRS) {
            return Ok(false);
        }
        let e = match t.find_simple(key) {
            Some(Found::At(e)) => e,
            Some(Found::No) => return self.set(th, key, Value::fix(1)).map(|()| true),
            None => return Ok(false),
        };
        let slot = t.val(e);
        match slot.get().and_then(Value::as_fix) {
            Some(n) if n < 1 << 59 => {
                slot.init(Some(Value::fix(n + 1)));
                Ok(true)
            }
            _ => Ok(false),
        }
    }
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
        self.set_compact(th, key, hash, val)
    }
    /// The same with the hash known.
    #[inline]
    pub fn set_hashed_quick(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        if is_compact(key) {
            self.set_compact(th, key, hash, val)
        } else {
            self.set_hashed(th, key, hash, val)
        }
    }
    #[inline(always)]
    fn set_compact(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        let t = self.tab();
        if !t.general && !t.cells && th.owns(self) {
            match t.upsert_compact(th, key, hash, val) {
                Some(true) => {
                    self.count(1);
                    return Ok(());
                }
                Some(false) => return Ok(()),
                None if self.flag(ATTRS) => {}
                None => {
                    // A larger table may have to be waited for.
                    let _g = th.lock(self);
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
                    // SAFETY: a key that is there has a value, which is a cell in such a table; the lock is held.
                    let c = unsafe { slot.gc::<DictCell>() };
                    let old = c.v.get();
                    if old.is_some() {
                        if replace {
                            th.store(c, &c.v, val);
                            watch::cell_stored(th, c);
                        }
                        return Ok(old);
                    }
                    // A deleted or reserved name comes back: at the end of the order.
                    let k = t.key(e).value();
                    t.unlink(e, hash);
                    self.push_new(th, k, hash, c.value())?;
                    th.store(c, &c.v, val);
                    watch::cell_stored(th, c);
                    self.count(1);
                } else {
                    let old = slot.get();
                    if replace {
                        th.store(t, slot, val);
                    }
                    return Ok(old);
                }
            } else {
                let v = if t.cells { dict::new_cell(th, key, Some(val)).value() } else { val };
                self.push_new(th, key, hash, v)?;
                self.count(1);
            }
            if t.cells {
                // Either the filler of a cache sees the new key, or its flag is seen here.
                if th.multi() {
                    std::sync::atomic::fence(SeqCst);
                }
                if self.flag(WATCHED) {
                    dict::key_added(th, self, key);
                }
            }
            return Ok(None);
        }
    }
    /// Appends an absent key, growing or converting the table as needed. Under the lock.
    #[inline]
    pub(in crate::builtins) fn push_new(self, th: Th, key: Value, hash: i64, val: Value) -> R<()> {
        let mut t = self.tab();
        let fits = t.general || is_compact(key);
        if t.nentries.load(Relaxed) == t.cap || !fits {
            let live = self.kept();
            t = self.rebuild(th, live + live / 2 + 2, t.general || !fits)?;
        }
        t.append(th, key, hash, val);
        Ok(())
    }
    /// How many entries a new table takes over: empty cells, too, but not what names left behind that came back. Under the
    /// lock.
    fn kept(self) -> usize {
        let t = self.tab();
        if !t.cells {
            return self.len();
        }
        (0..t.nentries.load(Relaxed)).filter(|e| t.key(*e).get().is_some()).count()
    }
    /// Copies the entries that are [`Self::kept`] into a new table with room for `n` and publishes it. Under the lock.
    #[inline(never)]
    fn rebuild(self, th: Th, n: usize, general: bool) -> R<Gc<DictTable>> {
        let t = self.tab();
        let nt = DictTable::new(th, DictTable::bits_for(n), general)?;
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
        th.store(self, &self.table, nt);
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
            self.rebuild(th, n + self.kept() - self.len(), t.general)?;
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
            return Ok(self.delete_entry(th, t, e, hash));
        }
    }
    /// Under the lock. None: somebody else was faster.
    pub(in crate::builtins) fn delete_entry(
        self,
        th: Th,
        t: Gc<DictTable>,
        e: u32,
        hash: i64,
    ) -> Option<Value> {
        let old = t.content(e)?;
        if t.cells {
            // SAFETY: it has content, so it has a cell.
            let c = unsafe { t.val(e).gc::<DictCell>() };
            empty_cells(th, std::iter::once(c));
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
        self.delete_entry(th, t, i as u32, hash);
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
            // SAFETY: values of a table with cells.
            let cell = |e| unsafe { t.val(e).gc_opt::<DictCell>() };
            empty_cells(th, (0..t.nentries.load(Relaxed)).filter_map(cell));
        } else {
            th.store(self, &self.table, DictTable::empty());
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
        if !self.flag(ATTRS)
            && let Some((o, s)) = from.attrs()
        {
            let t = Self::attrs_table(th, o, s)?;
            th.store(self, &self.table, t);
            self.used.store(t.nentries.load(Relaxed) as u64, Release);
            return Ok(());
        }
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
        th.store(self, &self.table, nt);
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
                // SAFETY: a value of a table with cells.
                match unsafe { t.val(e).gc_opt::<DictCell>() } {
                    Some(c) => return Ok(c),
                    None => continue,
                }
            }
            let c = dict::new_cell(th, key.value(), None);
            self.push_new(th, key.value(), hash, c.value())?;
            return Ok(c);
        }
    }
    /// Gives a name that is there a new cell with this value: who holds the old one goes on to see what is in there. False:
    /// it is not there, or has no cell. (One that was there gets a new, empty cell.)
    pub fn renew_cell(self, th: Th, key: Gc<Str>, v: Value) -> R<bool> {
        if !self.is_cells() {
            return Ok(false);
        }
        let (hash, c) = (key.hash(), dict::new_cell(th, key.value(), Some(v)));
        loop {
            let t = self.tab();
            let Found::At(e) = t.find(th, key.value(), hash)? else { return Ok(false) };
            let _g = th.lock(self);
            if t == self.tab() {
                let there = t.cells && t.content(e).is_some();
                if t.cells && t.key(e).get().is_some() {
                    if !there {
                        c.v.init(None);
                    }
                    th.store(t, t.val(e), c.value());
                }
                return Ok(there);
            }
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
                let c = dict::new_cell(th, k, Some(v));
                nt.append(th, k, t.hash_at(e), c.value());
            }
        }
        unsafe { (*nt.as_ptr()).cells = true };
        th.store(self, &self.table, nt);
        self.set_flag(CELLS);
        Ok(())
    }
}
