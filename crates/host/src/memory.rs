//! Mapped memory, for the `mmap` module. (The collector maps its own memory itself.)
//!
//! # Safety
//! These methods can take memory away that somebody uses, and are no `unsafe fn` only because `Host` has none: the caller
//! passes addresses that `mmap` or `mremap` gave it, with their lengths, and has nothing in what it unmaps or protects.

use crate::sys;
use crate::{CheckRet, Errno, Fd, Outside, Res};

door! {
    /// See the module. Addresses are numbers: whoever maps is responsible for what it does there.
    pub trait Memory {
        fn page_size(&self) -> usize {
            sys::sysconf(libc::_SC_PAGESIZE) as usize
        }
        fn mmap(&self, _out: Outside, len: usize, protection: i32, flags: i32, fd: Fd, offset: i64) -> Res<usize> {
            address(unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, fd, offset) })
        }
        fn munmap(&self, _out: Outside, at: usize, len: usize) -> Res<()> {
            unsafe { libc::munmap(at as *mut _, len) }.done()
        }
        /// The new address.
        fn mremap(&self, _out: Outside, at: usize, len: usize, new_len: usize) -> Res<usize> {
            address(unsafe { libc::mremap(at as *mut _, len, new_len, libc::MREMAP_MAYMOVE) })
        }
        fn msync(&self, _out: Outside, at: usize, len: usize, flags: i32) -> Res<()> {
            unsafe { libc::msync(at as *mut _, len, flags) }.done()
        }
        fn madvise(&self, _out: Outside, at: usize, len: usize, advice: i32) -> Res<()> {
            unsafe { libc::madvise(at as *mut _, len, advice) }.done()
        }
        fn mprotect(&self, at: usize, len: usize, protection: i32) -> Res<()> {
            unsafe { libc::mprotect(at as *mut _, len, protection) }.done()
        }
    }
}

fn address(p: *mut libc::c_void) -> Res<usize> {
    if p == libc::MAP_FAILED { Err(Errno::last()) } else { Ok(p as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    #[test]
    fn memory_is_mapped_grown_and_given_back() {
        let h = NativeHost;
        Outside::region(|o| {
            let page = h.page_size();
            let (prot, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
            let at = h.mmap(o, page, prot, flags, -1, 0).unwrap();
            // SAFETY: just mapped.
            unsafe { (at as *mut u8).write(42) };
            let at = h.mremap(o, at, page, 4 * page).unwrap();
            assert_eq!(unsafe { (at as *const u8).read() }, 42);
            h.madvise(o, at, page, libc::MADV_NORMAL).unwrap();
            h.munmap(o, at, 4 * page).unwrap();
            assert_eq!(h.mmap(o, 0, prot, flags, -1, 0), Err(Errno::EINVAL));
        });
    }
}
