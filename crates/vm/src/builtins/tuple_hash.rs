//! Hashes of nested tuples, which programs use as keys of dicts again and again (states of searches, memoised arguments).
//!
//! CPython 3.14 keeps the hash in every tuple. Here a tuple has no room for it; instead each thread remembers hashes by
//! the tuple's address, in a small table that is valid until the next collection (only those move or free objects:
//! [`Heap::epoch`]). Tuples of small ints and strings alone do not come here: hashing them is as fast as looking.
//!
//! [`Heap::epoch`]: adder_heap::Heap::epoch

use super::tuple::{hash_end, hash_round};
use super::util::hash_fast;
use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use std::cell::Cell;
use std::sync::atomic::Ordering::Relaxed;

const BITS: u32 = 11;

/// A word of an address: 0 for none; the collector does not look here.
#[derive(Clone, Copy)]
struct Entry {
    address: u64,
    hash: i64,
}
pub struct Cache {
    epoch: Cell<u32>,
    entries: [Cell<Entry>; 1 << BITS],
}

impl Cache {
    fn new(epoch: u32) -> Box<Cache> {
        Box::new(Cache {
            epoch: Cell::new(epoch),
            entries: [const { Cell::new(Entry { address: 0, hash: 0 }) }; 1 << BITS],
        })
    }
    #[inline(always)]
    fn entry(&self, address: u64) -> &Cell<Entry> {
        let i = (address >> 3).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - BITS);
        &self.entries[i as usize]
    }
    #[cold]
    fn forget(&self, epoch: u32) {
        for e in &self.entries {
            e.set(Entry { address: 0, hash: 0 });
        }
        self.epoch.set(epoch);
    }
    /// The table, emptied if there was a collection.
    #[inline(always)]
    fn of(th: &Th) -> &Cache {
        let now = th.m.heap.epoch.load(Relaxed);
        let c = th.tuple_hashes.get_or_init(|| Cache::new(now));
        if c.epoch.get() != now {
            c.forget(now);
        }
        c
    }
}

/// Hashes tuple `o` from item `at` on, with the state `acc` after the items before.
pub fn nested(th: Th, o: Value, acc: u64, at: usize) -> R<i64> {
    let cache = Cache::of(&th);
    let e = cache.entry(o.bits()).get();
    if e.address == o.bits() {
        return Ok(e.hash);
    }
    th.check_stack(" while hashing a tuple")?;
    let t: Gc<Tuple> = o.known();
    let mut acc = acc;
    for v in &t.items()[at..] {
        acc = hash_round(acc, hash_fast(th, *v)?);
    }
    let hash = hash_end(acc, t.items().len());
    // Unless the items' `__hash__` led to a collection.
    if cache.epoch.get() == th.m.heap.epoch.load(Relaxed) {
        cache.entry(o.bits()).set(Entry { address: o.bits(), hash });
    }
    Ok(hash)
}
