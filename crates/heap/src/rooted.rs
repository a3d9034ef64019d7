//! Vectors of precise roots in Rust's memory.
//!
//! Each [`RootedVec`] is a node of its thread's ring of root vectors; the collector walks the rings while the
//! threads are stopped. Creating and dropping takes no lock, and a vector stays with its thread (`!Send`).
//!
//! # Safety
//! A node is freed by its vector alone, and the head of a ring by its list, when no vector is left. A ring belongs to
//! one thread; the collector reads it, and writes to the words of its vectors, while that thread is stopped.

use crate::Mutator;
use std::ptr;

struct Node {
    words: Vec<u64>,
    prev: *mut Node,
    next: *mut Node,
}

/// The head of a thread's ring, allocated when the first vector is made.
pub(crate) struct RootList(*mut Node);

impl RootList {
    pub const fn new() -> RootList {
        RootList(ptr::null_mut())
    }
    fn head(&mut self) -> *mut Node {
        if self.0.is_null() {
            let h = Box::into_raw(Box::new(Node {
                words: Vec::new(),
                prev: ptr::null_mut(),
                next: ptr::null_mut(),
            }));
            // SAFETY: just allocated.
            unsafe { ((*h).prev, (*h).next) = (h, h) };
            self.0 = h;
        }
        self.0
    }
    /// Calls `f` with the words of each vector.
    pub unsafe fn each(&mut self, mut f: impl FnMut(*mut u64, usize)) {
        if self.0.is_null() {
            return;
        }
        unsafe {
            let mut n = (*self.0).next;
            while n != self.0 {
                let words = &mut (*n).words;
                f(words.as_mut_ptr(), words.len());
                n = (*n).next;
            }
        }
    }
    fn is_empty(&self) -> bool {
        // SAFETY: the head lives as long as the list.
        self.0.is_null() || unsafe { (*self.0).next == self.0 }
    }
}
impl Drop for RootList {
    fn drop(&mut self) {
        // A vector that outlives its thread's mutator would unlink itself from freed memory: leak the head.
        if !self.0.is_null() && self.is_empty() {
            // SAFETY: nobody refers to the head.
            drop(unsafe { Box::from_raw(self.0) });
        }
    }
}

/// A growable vector of words in Rust memory that the collector knows: precise roots. To be dropped before its
/// mutator is unregistered.
pub struct RootedVec {
    node: *mut Node,
}

impl RootedVec {
    pub fn new(m: &Mutator) -> RootedVec {
        Self::with_capacity(m, 0)
    }
    pub fn with_capacity(m: &Mutator, n: usize) -> RootedVec {
        // SAFETY: the thread's own ring.
        unsafe {
            let head = m.local().roots.head();
            let next = (*head).next;
            let node = Box::into_raw(Box::new(Node { words: Vec::with_capacity(n), prev: head, next }));
            (*head).next = node;
            (*next).prev = node;
            RootedVec { node }
        }
    }
    #[inline]
    fn words(&self) -> &Vec<u64> {
        // SAFETY: the node belongs to this vector.
        unsafe { &(*self.node).words }
    }
    #[inline]
    fn words_mut(&mut self) -> &mut Vec<u64> {
        // SAFETY: the node belongs to this vector.
        unsafe { &mut (*self.node).words }
    }
    #[inline]
    pub fn push(&mut self, w: u64) {
        self.words_mut().push(w)
    }
    #[inline]
    pub fn pop(&mut self) -> Option<u64> {
        self.words_mut().pop()
    }
    #[inline]
    pub fn len(&self) -> usize {
        self.words().len()
    }
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.words().is_empty()
    }
    #[inline]
    pub fn clear(&mut self) {
        self.words_mut().clear()
    }
    #[inline]
    pub fn truncate(&mut self, n: usize) {
        self.words_mut().truncate(n)
    }
    #[inline]
    pub fn extend_from_slice(&mut self, words: &[u64]) {
        self.words_mut().extend_from_slice(words)
    }
    #[inline]
    pub fn as_slice(&self) -> &[u64] {
        self.words()
    }
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [u64] {
        self.words_mut()
    }
}

impl Drop for RootedVec {
    fn drop(&mut self) {
        // SAFETY: unlinks the node, which nobody else frees.
        unsafe {
            let n = Box::from_raw(self.node);
            (*n.prev).next = n.next;
            (*n.next).prev = n.prev;
        }
    }
}
