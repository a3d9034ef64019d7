//! Memory for what lives as long as the process, in pieces of its own: among what compiling needs for a moment it would keep
//! the allocator from giving that back.
//!
//! # Safety
//! Each piece is given out once, aligned for words, and stays for ever: so may references to it.

use crate::lock;
use std::mem::MaybeUninit;
use std::sync::Mutex;

const PIECE: usize = 1 << 16;

/// What is left of the last piece.
static REST: Mutex<&'static mut [MaybeUninit<u64>]> = Mutex::new(&mut []);

/// So many bytes, aligned for words.
fn room(bytes: usize) -> &'static mut [MaybeUninit<u64>] {
    let n = bytes.div_ceil(8);
    let mut rest = lock(&REST);
    if rest.len() < n {
        *rest = vec![MaybeUninit::uninit(); n.max(PIECE / 8)].leak();
    }
    let (a, b) = std::mem::take(&mut *rest).split_at_mut(n);
    *rest = b;
    a
}

/// What is left of the last piece for values that are aligned to more than words.
static ALIGNED: Mutex<&'static mut [MaybeUninit<u64>]> = Mutex::new(&mut []);

/// So many bytes, a multiple of the alignment, aligned.
fn aligned(align: usize, bytes: usize) -> &'static mut [MaybeUninit<u64>] {
    let mut rest = lock(&ALIGNED);
    loop {
        let skip = (rest.as_ptr() as usize).wrapping_neg() % align / 8;
        if skip + bytes / 8 <= rest.len() {
            let (a, b) = std::mem::take(&mut *rest)[skip..].split_at_mut(bytes / 8);
            *rest = b;
            return a;
        }
        *rest = vec![MaybeUninit::uninit(); (bytes + align).max(PIECE / 4) / 8].leak();
    }
}

/// A copy of these bytes.
pub fn bytes(b: &[u8]) -> &'static [u8] {
    let to = room(b.len()).as_mut_ptr() as *mut u8;
    // SAFETY: nobody else has this memory; it is as long, and never freed.
    unsafe {
        std::ptr::copy_nonoverlapping(b.as_ptr(), to, b.len());
        std::slice::from_raw_parts(to, b.len())
    }
}

/// A copy of these.
pub fn slice<T: Copy + Send + Sync>(w: &[T]) -> &'static [T] {
    const { assert!(align_of::<T>() <= 8) };
    let to = room(size_of_val(w));
    // SAFETY: as above; aligned for words.
    unsafe {
        let to = to.as_mut_ptr() as *mut T;
        std::ptr::copy_nonoverlapping(w.as_ptr(), to, w.len());
        std::slice::from_raw_parts(to, w.len())
    }
}

/// The value, which is never dropped.
pub fn value<T: Send + Sync>(x: T) -> &'static T {
    const { assert!(size_of::<T>().is_multiple_of(align_of::<T>())) };
    // What has to be aligned to more than words comes from pieces of its own, in which nothing else is.
    let to =
        if align_of::<T>() <= 8 { room(size_of::<T>()) } else { aligned(align_of::<T>(), size_of::<T>()) };
    let to = to.as_mut_ptr() as *mut T;
    // SAFETY: as above; aligned as the type asks.
    unsafe {
        to.write(x);
        &*to
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn stays() {
        let all: Vec<(&[u8], &u64)> = (0..20_000u64)
            .map(|n| (super::bytes(&n.to_le_bytes()[..n as usize % 9]), super::value(n)))
            .collect();
        for (n, (b, v)) in all.iter().enumerate() {
            assert_eq!(**v, n as u64);
            assert_eq!(*b, &n.to_le_bytes()[..n % 9]);
        }
        assert_eq!(super::bytes(&[7; 100_000]).len(), 100_000);
        #[repr(align(256))]
        struct Large([u8; 512]);
        let large: Vec<&Large> = (0..300u32).map(|n| super::value(Large([n as u8; 512]))).collect();
        for (n, l) in large.iter().enumerate() {
            assert_eq!((*l as *const Large as usize % 256, l.0), (0, [n as u8; 512]));
        }
    }
}
