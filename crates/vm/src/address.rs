//! Tables by address: nobody outside chooses the keys, so the hash need not be a strong one.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Addresses need no more than their bits spread.
#[derive(Default, Clone, Copy)]
pub struct AddressHasher(u64);
impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|b| self.write_u64(*b as u64));
    }
    fn write_u64(&mut self, n: u64) {
        let x = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = x ^ x >> 32;
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Addresses, noted by the thousand and asked for rarely: noting one is a store. Whether some are there twice is looked at
/// when there is no more room.
#[derive(Default)]
pub struct AddressList(Vec<usize>);
impl AddressList {
    #[inline]
    pub fn add(&mut self, a: usize) {
        if self.0.len() == self.0.capacity() {
            self.make_room();
        }
        self.0.push(a);
    }
    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        self.0.sort_unstable();
        self.0.dedup();
        // At least as many are noted before the next time.
        self.0.reserve(self.0.len().max(8));
    }
    /// All of them, some perhaps twice; none is left.
    pub fn take(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.0)
    }
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.0.retain(|a| keep(*a));
    }
}

pub type AddressMap<K, V> = HashMap<K, V, BuildHasherDefault<AddressHasher>>;

#[cfg(test)]
mod tests {
    use super::AddressList;

    #[test]
    fn lists_stay_short() {
        let mut l = AddressList::default();
        for n in 0..10_000 {
            l.add(n % 50 * 8);
        }
        assert!(l.0.capacity() <= 200, "{}", l.0.capacity());
        l.retain(|a| a < 80);
        let mut all = l.take();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, (0..10).map(|n| n * 8).collect::<Vec<_>>());
        assert!(l.take().is_empty());
    }
}
