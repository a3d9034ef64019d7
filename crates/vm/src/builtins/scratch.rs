//! A byte buffer of the thread for results that are built before they become objects, so that short ones cost no
//! allocation.

use std::cell::Cell;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
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
