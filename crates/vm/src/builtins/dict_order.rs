//! Changes of the order of a dict's items, for `OrderedDict`: to either end, and away from the front.
//!
//! Moving to the back appends the item anew. Moving to the front needs unused entries there: a table with such a *gap* of
//! half its length is made when there is none, so that it is O(1) amortised; so is taking from the front, as tables know
//! their first live entry. (With several threads an entry is never used again: items that come and go at the front
//! alternately then cost up to the root of the length.)
//!
//! A moved item is in the table twice for a moment, and its index cell changes in one store: lookups find it always.
//!
//! # Safety
//! Under the dict's lock. An entry that is written to lies in the gap or beyond `nentries`, within what the table was
//! made for, and no index cell refers to it until it is whole. What a new table gets is plain copies, as nobody else
//! has it.

use super::dict_table::{DictTable, Found};
use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::*;

impl DictTable {
    /// The first live entry.
    fn first_live(&self) -> Option<u32> {
        self.next_entry(0).map(|(i, ..)| i as u32 - 1)
    }
    /// Makes entry `to` (unused) what entry `from` is, and deletes that.
    fn relocate(&self, th: Th, from: u32, to: u32) {
        let (hash, key, val) = (self.hash_at(from), self.key(from).value(), self.val(from).value());
        let cell = self.cell_of(from, hash);
        unsafe {
            let me = Gc::<DictTable>::from_obj(std::ptr::NonNull::from(self).cast());
            let p = self.entry_ptr(to);
            (*(p.add(1) as *const Slot)).init(Some(val));
            if self.general {
                *p.add(2) = hash as u64;
            }
            (*(p as *const Slot)).init(Some(key));
            th.m.barrier(me.obj(), p);
            th.m.barrier(me.obj(), p.add(1));
        }
        if to >= self.nentries.load(Relaxed) {
            self.nentries.store(to + 1, Release);
            self.last.store(to + 1, Relaxed);
        } else {
            self.gap.store(to, Relaxed);
            self.first.store(to, Release);
        }
        self.set_index(cell, to);
        self.val(from).init(None);
        self.key(from).init(None);
        if self.first.load(Relaxed) == from {
            self.first.store(from + 1, Relaxed);
        }
        if self.last.load(Relaxed) == from + 1 {
            self.last.store(from, Relaxed);
        }
    }
}

impl Gc<Dict> {
    /// Moves an item to the end or the beginning; false: there is no such key. The dict is no namespace.
    pub fn move_to_end(self, th: Th, key: Value, hash: i64, last: bool) -> R<bool> {
        loop {
            let t = self.tab();
            let found = t.find(th, key, hash)?;
            let _g = th.lock(self);
            if t != self.tab() {
                continue;
            }
            let Found::At(e) = found else { return Ok(false) };
            if t.key(e).get().is_none() {
                continue;
            }
            if last {
                if t.last.load(Relaxed) == e + 1 {
                    return Ok(true);
                }
                if t.nentries.load(Relaxed) < t.cap {
                    t.relocate(th, e, t.nentries.load(Relaxed));
                    return Ok(true);
                }
                // In a fresh table of the same kind.
                let n = self.len();
                self.ordered_copy(th, t, n, 0, Some(e), n + 2)?;
                return Ok(true);
            }
            if t.first_live() == Some(e) {
                return Ok(true);
            }
            let n = self.len();
            let (gap, first) = (t.gap.load(Relaxed), t.first.load(Relaxed));
            // Much that is deleted behind the gap would be skipped again and again.
            let dead = first.saturating_sub(gap) as usize;
            if gap > 0 && dead <= 32 + (2 * n).isqrt() {
                t.relocate(th, e, gap - 1);
                return Ok(true);
            }
            self.ordered_copy(th, t, n, n / 2 + 4, None, n / 4 + 2)?;
            // Once more, in the new table.
        }
    }
    /// A table with the live entries, `gap` unused ones before and `spare` after; entry `back` comes last. Under the lock.
    fn ordered_copy(
        self,
        th: Th,
        t: Gc<DictTable>,
        n: usize,
        gap: usize,
        back: Option<u32>,
        spare: usize,
    ) -> R<()> {
        let nt = DictTable::new(th, DictTable::bits_for(n + gap + spare), t.general)?;
        if gap > 0 {
            let words = gap * if t.general { 3 } else { 2 };
            // SAFETY: room for them was asked for; nobody else knows the table.
            unsafe { std::ptr::write_bytes(nt.entries(), 0, words) };
            for at in [&nt.nentries, &nt.first, &nt.last, &nt.gap] {
                at.store(gap as u32, Relaxed);
            }
        }
        // A fresh table that nobody knows: plain copies, then the index.
        let words = if t.general { 3 } else { 2 };
        let mut k = gap as u32;
        let live = (t.gap.load(Relaxed)..t.nentries.load(Relaxed)).filter(|e| Some(*e) != back);
        for e in live.chain(back) {
            // SAFETY: entries of both tables; there is room.
            unsafe {
                let from = t.entry_ptr(e);
                if *from != 0 && *from.add(1) != 0 {
                    std::ptr::copy_nonoverlapping(from, nt.entry_ptr(k), words);
                    k += 1;
                }
            }
        }
        nt.nentries.store(k, Relaxed);
        nt.last.store(k, Relaxed);
        nt.reindex();
        th.store(self, &self.table, nt);
        Ok(())
    }
    /// Removes and gives the first item.
    pub fn pop_first(self, th: Th) -> Option<(Value, Value)> {
        let _g = th.lock(self);
        let t = self.tab();
        let (i, k, v) = t.next_entry(0)?;
        let e = i as u32 - 1;
        self.delete_entry(th, t, e, t.hash_at(e));
        if !th.multi() && !t.cells && t.gap.load(Relaxed) == e && e > 0 {
            t.gap.store(e + 1, Relaxed);
        }
        Some((k, v))
    }
}
