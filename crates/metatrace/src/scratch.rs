//! Memory that recording and compiling need for a moment, kept for the next time: most of it is many small pieces, which cost
//! more than what is done with them, and fresh memory costs more than any.
//!
//! Each thread keeps its own, and of each kind no more than is usual ([`MOST`]).

use crate::fxhash::{FxMap, FxSet};
use crate::ir::*;
use crate::packed::Packer;
use std::cell::RefCell;

/// So many bytes of one collection are kept.
const MOST: usize = 1 << 14;
/// So many snapshots are kept, each with so many registers.
const MOST_SNAPS: usize = 64;
const MOST_SLOTS: usize = 32;

/// What can be emptied and used again.
pub trait Reuse: Default {
    /// Empties it. What is unusually large goes.
    fn empty(&mut self);
}
impl<T> Reuse for Vec<T> {
    fn empty(&mut self) {
        self.clear();
        if self.capacity() * size_of::<T>() > MOST {
            *self = Vec::new();
        }
    }
}
impl<K, V> Reuse for FxMap<K, V> {
    fn empty(&mut self) {
        // A large table with little in it is slow to look through.
        if self.len() * 8 < self.capacity() || self.capacity() * size_of::<(K, V)>() > MOST / 4 {
            *self = FxMap::default();
        }
        self.clear();
    }
}
impl<K> Reuse for FxSet<K> {
    fn empty(&mut self) {
        if self.len() * 8 < self.capacity() || self.capacity() * size_of::<K>() > MOST / 4 {
            *self = FxSet::default();
        }
        self.clear();
    }
}

#[derive(Default)]
struct Pool {
    tables: crate::opt::Tables,
    packer: Packer,
    traces: Vec<Trace>,
    snaps: Vec<Snap>,
}
thread_local! {
    static POOL: RefCell<Pool> = RefCell::default();
}
/// None: the thread is at its end.
fn pool<T>(f: impl FnOnce(&mut Pool) -> T) -> Option<T> {
    POOL.try_with(|p| p.try_borrow_mut().ok().map(|mut p| f(&mut p))).ok().flatten()
}

pub(crate) fn tables() -> crate::opt::Tables {
    pool(|p| std::mem::take(&mut p.tables)).unwrap_or_default()
}
/// They are empty.
pub(crate) fn give_tables(t: crate::opt::Tables) {
    pool(|p| p.tables = t);
}
pub(crate) fn packer() -> Packer {
    pool(|p| std::mem::take(&mut p.packer)).unwrap_or_default()
}
/// It is empty.
pub(crate) fn give_packer(x: Packer) {
    pool(|p| p.packer = x);
}
/// An empty trace.
pub fn trace() -> Trace {
    pool(|p| p.traces.pop()).flatten().unwrap_or_default()
}
/// An empty snapshot.
pub fn snap() -> Snap {
    pool(|p| p.snaps.pop()).flatten().unwrap_or_default()
}
/// Nobody needs the trace any more.
pub fn give(mut t: Trace) {
    give_snaps(&mut t.snaps);
    let Trace { insts, consts, args, calls, snaps, inputs, end_slots, places, hints, story, .. } = &mut t;
    insts.empty();
    consts.empty();
    args.empty();
    calls.empty();
    snaps.empty();
    inputs.empty();
    end_slots.empty();
    places.empty();
    hints.empty();
    story.empty();
    (t.end, t.here, t.carry, t.header, t.shared) = (End::Open, At(0), None, None, false);
    pool(|p| {
        if p.traces.len() < 2 {
            p.traces.push(t);
        }
    });
}
/// Nor these.
fn give_snaps(all: &mut Vec<Snap>) {
    pool(|p| {
        for mut s in all.drain(..) {
            if p.snaps.len() == MOST_SNAPS {
                return;
            }
            if s.slots.capacity() == 0 || s.slots.capacity() > MOST_SLOTS {
                continue;
            }
            s.frames.clear();
            s.slots.clear();
            s.virts.clear();
            s.in_memory = false;
            p.snaps.push(s);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_empty() {
        let mut t = Trace::new();
        t.push(Inst::new(Op::Nop));
        t.konst(Ty::Int, 5);
        t.snaps.push(Snap { slots: vec![(1, Val::Raw(2))], in_memory: true, ..Snap::default() });
        (t.here, t.shared, t.carry) = (At(7), true, Some(Vec::new()));
        let had = t.insts.capacity();
        give(t);
        let t = trace();
        assert_eq!((&t, t.here.0, t.insts.capacity()), (&Trace::new(), 0, had));
        let s = snap();
        assert_eq!((&s, s.slots.capacity() > 0), (&Snap::default(), true));
    }
    #[test]
    fn what_is_large_goes() {
        let mut v = vec![0u8; MOST + 1];
        v.empty();
        assert_eq!(v.capacity(), 0);
        let mut m: FxMap<u32, u32> = (0..100).map(|n| (n, n)).collect();
        m.empty();
        assert!(m.capacity() >= 100 && m.is_empty());
        m.insert(1, 1);
        m.empty();
        assert_eq!(m.capacity(), 0);
        for _ in 0..3 {
            let mut all = vec![Snap { slots: vec![(1, Val::Raw(2))], ..Snap::default() }; MOST_SNAPS];
            give_snaps(&mut all);
        }
        assert_eq!(pool(|p| p.snaps.len()), Some(MOST_SNAPS));
    }
}
