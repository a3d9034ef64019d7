//! Appending what may be more than there is memory for.

/// What a program that runs out of memory in a kernel is unwound with, as the arithmetic of big integers does.
pub const OUT_OF_MEMORY: &str = "out of memory";

/// Room for `n` more bytes, or whatever it is. Where `Vec::reserve` would end the process it unwinds with [`OUT_OF_MEMORY`].
#[inline]
pub fn reserve<T>(out: &mut Vec<T>, n: usize) {
    if out.capacity() - out.len() < n && out.try_reserve(n).is_err() {
        std::panic::resume_unwind(Box::new(OUT_OF_MEMORY))
    }
}
/// The same, without more than that: for what is known to stay so long.
#[inline]
pub fn reserve_exact(out: &mut Vec<u8>, n: usize) {
    if out.try_reserve_exact(n).is_err() {
        std::panic::resume_unwind(Box::new(OUT_OF_MEMORY))
    }
}
/// An empty vector with room for so many bytes.
pub fn with_capacity(n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    reserve_exact(&mut out, n);
    out
}
/// `n` zeros.
pub fn zeros(n: usize) -> Vec<u8> {
    let mut out = with_capacity(n);
    out.resize(n, 0);
    out
}
/// A copy.
pub fn copy(b: &[u8]) -> Vec<u8> {
    let mut out = with_capacity(b.len());
    out.extend_from_slice(b);
    out
}
/// `extend_from_slice` where texts of any length come again and again.
#[inline]
pub fn append(out: &mut Vec<u8>, b: &[u8]) {
    reserve(out, b.len());
    out.extend_from_slice(b);
}
/// `n` times the byte.
#[inline]
pub fn fill(out: &mut Vec<u8>, n: usize, b: u8) {
    reserve(out, n);
    out.resize(out.len() + n, b);
}

#[cfg(test)]
mod tests {
    #[test]
    fn more_than_there_is() {
        let mut v = Vec::new();
        super::append(&mut v, b"ab");
        super::fill(&mut v, 2, b'c');
        let e = std::panic::catch_unwind(|| super::fill(&mut Vec::new(), usize::MAX >> 1, 0)).unwrap_err();
        assert_eq!(e.downcast_ref::<&str>(), Some(&super::OUT_OF_MEMORY));
        assert_eq!(v, b"abcc");
        assert_eq!((super::copy(b"ab"), super::zeros(2)), (b"ab".to_vec(), vec![0, 0]));
        assert!(std::panic::catch_unwind(|| super::zeros(usize::MAX >> 1)).is_err());
    }
}
