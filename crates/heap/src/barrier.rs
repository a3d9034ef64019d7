//! The write barrier's slow path and the remembered set.
//!
//! An old object has `UNLOGGED` set. The first store into it after a collection clears the bit and puts the
//! object on the thread's list; the next minor collection looks at all its slots. Large arrays of slots keep
//! the bit and note the 512-byte card of the slot instead. Two threads that log one object at the same time
//! at worst list it twice.
//!
//! # Safety
//! An object that has `CARDS` lies in the reserved range, so there is a card for each of its slots. The lists that are
//! added to are the calling thread's own.

use crate::space::CARD_SH;
use crate::{Mutator, Obj, gcbits};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A large array and the index of its dirty card. Only objects with blocks of their own have cards, so a card
/// belongs to one object.
pub(crate) type CardEntry = (Obj, usize);

impl Mutator {
    /// The part of [`Mutator::barrier`] that is rarely needed; `slot` lies in `o`.
    #[cold]
    #[inline(never)]
    pub fn barrier_slow(&self, o: Obj, slot: *mut u64) {
        if unsafe { o.as_ref() }.gc.load(Relaxed) & gcbits::CARDS == 0 {
            return self.remember(o);
        }
        let card = (slot as usize - self.heap.range.base) >> CARD_SH;
        // SAFETY: the table has a byte for every card of the range.
        let byte = unsafe { AtomicU8::from_ptr(self.heap.range.cards.add(card)) };
        if byte.load(Relaxed) == 0 {
            byte.store(1, Relaxed);
            unsafe { self.local().dirty_cards.push((o, card)) };
        }
    }
    /// The whole object was rewritten (bulk copy): remembers all of it.
    #[inline]
    pub fn barrier_all(&self, o: Obj) {
        if crate::barrier_needed(o) {
            self.remember(o);
        }
    }
    #[cold]
    fn remember(&self, o: Obj) {
        // An atomic operation, because others may set `PINNED` at the same time.
        if unsafe { o.as_ref() }.gc.fetch_and(!gcbits::UNLOGGED, Relaxed) & gcbits::UNLOGGED != 0 {
            unsafe { self.local().remembered.push(o) };
        }
    }
}
