//! A queue of objects in pieces: a collection moves millions of entries from one to another, and there may be no memory
//! left for one array of all, or for two while it grows.

use crate::Obj;
use std::collections::VecDeque;

/// Entries of a piece: 64 KB.
const PIECE: usize = 1 << 13;

/// Pieces that are not empty; the last one is not full, or all of it is.
#[derive(Default)]
pub(crate) struct Pile(VecDeque<VecDeque<Obj>>);

impl Pile {
    #[inline]
    pub fn push(&mut self, o: Obj) {
        match self.0.back_mut() {
            Some(piece) if piece.len() < PIECE => piece.push_back(o),
            _ => self.0.push_back(VecDeque::from([o])),
        }
    }
    /// The one that was pushed first. Its piece is given back with its last entry.
    pub fn pop(&mut self) -> Option<Obj> {
        let piece = self.0.front_mut()?;
        let o = piece.pop_front();
        if piece.is_empty() {
            self.0.pop_front();
        }
        o
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn len(&self) -> usize {
        self.0.iter().map(VecDeque::len).sum()
    }
    pub fn iter(&self) -> impl Iterator<Item = &Obj> {
        self.0.iter().flatten()
    }
    /// All of them, in order; each piece is given back when it has been gone through.
    pub fn drain(&mut self) -> impl Iterator<Item = Obj> + use<> {
        std::mem::take(&mut self.0).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out() {
        let at = |n: usize| Obj::new(std::ptr::without_provenance_mut(8 * (n + 1))).unwrap();
        let mut p = Pile::default();
        let n = 2 * PIECE + 5;
        (0..n).for_each(|i| p.push(at(i)));
        assert_eq!(p.len(), n);
        assert_eq!(p.pop(), Some(at(0)));
        assert!(p.iter().copied().eq((1..n).map(at)));
        for i in 1..PIECE {
            assert_eq!(p.pop(), Some(at(i)));
        }
        p.push(at(n));
        assert!(p.drain().eq((PIECE..=n).map(at)));
        assert!(p.is_empty());
        assert_eq!(p.pop(), None);
    }
}
