//! A byte buffer of the thread for results that are built before they become objects, so that short ones cost no
//! allocation.

use std::cell::Cell;
use std::ops::Range;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static RANGES: Cell<Vec<Range<usize>>> = const { Cell::new(Vec::new()) };
}

/// Larger buffers are given back to the system.
const KEEP: usize = 1 << 18;

/// Calls `f` with an empty buffer. Nested calls get buffers of their own.
#[inline]
pub fn with<T>(f: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let mut v = BUFFER.try_with(Cell::take).unwrap_or_default();
    v.clear();
    let r = f(&mut v);
    if v.capacity() <= KEEP {
        let _ = BUFFER.try_with(|b| b.set(v));
    }
    r
}

/// The same for ranges of bytes (the pieces of a text).
#[inline]
pub fn with_ranges<T>(f: impl FnOnce(&mut Vec<Range<usize>>) -> T) -> T {
    let mut v = RANGES.try_with(Cell::take).unwrap_or_default();
    v.clear();
    let r = f(&mut v);
    if v.capacity() <= KEEP / 16 {
        let _ = RANGES.try_with(|b| b.set(v));
    }
    r
}
