//! Pages of the program's own files (its code, its constants, the C library's) that are resident: given back when the
//! program is about to need more memory than ever before.
//!
//! What starts, imports, compiles and collects runs once or from time to time, and touches some megabytes of the files
//! that are mapped. They would stay resident for good. What is in use comes back at once by faults that find it in the
//! system's cache, a few dozen of them.
//!
//! # Invariants
//! - `RANGES` are read-only mappings of files that stay for the life of the process. Only pages that are the file's own are
//!   given back: a private copy (a debugger's breakpoint, say) is not in the file.
//! - [`trim`] allocates nothing and takes no lock: it is called with the heap's locks held.

/// Nanoseconds of the processor's time between two times, or so much of what the program has used so far: what comes back
/// takes some hundredths of the first.
#[cfg(target_os = "linux")]
const PAUSE: u64 = 10_000_000;
#[cfg(target_os = "linux")]
const PART: u64 = 8;

#[cfg(target_os = "linux")]
mod linux {
    use super::{PART, PAUSE};
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};

    const MOST: usize = 24;
    const PAGE: usize = 4096;

    #[derive(Clone, Copy)]
    struct Ranges {
        at: [(usize, usize); MOST],
        n: usize,
    }
    static RANGES: OnceLock<Ranges> = OnceLock::new();
    /// Not before this time, so never in programs that are over at once, and by one thread only.
    static NEXT: AtomicU64 = AtomicU64::new(2 * PAUSE);
    static BUSY: AtomicBool = AtomicBool::new(false);

    fn now() -> u64 {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: fills the structure given.
        unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut t) };
        t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
    }

    unsafe extern "C" fn object(
        info: *mut libc::dl_phdr_info,
        _: libc::size_t,
        data: *mut libc::c_void,
    ) -> i32 {
        // SAFETY: the loader's description of an object, valid during the call; `data` as given by `find`.
        let (info, ranges) = unsafe { (&*info, &mut *(data as *mut Ranges)) };
        let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, info.dlpi_phnum as usize) };
        // What the system itself put into the process has no file: it has a name without a path, the program has none.
        let name = unsafe { *info.dlpi_name };
        if name != 0 && name != b'/' as libc::c_char {
            return 0;
        }
        for h in headers {
            // Or read-only since the loader wrote to it.
            let kept =
                h.p_type == libc::PT_GNU_RELRO || (h.p_type == libc::PT_LOAD && h.p_flags & libc::PF_W == 0);
            if kept && ranges.n < MOST {
                let start = info.dlpi_addr as usize + h.p_vaddr as usize;
                let end = start + h.p_filesz as usize;
                let (start, end) = (start.next_multiple_of(PAGE), end & !(PAGE - 1));
                if start < end {
                    ranges.at[ranges.n] = (start, end);
                    ranges.n += 1;
                }
            }
        }
        0
    }

    /// Notes what is mapped now, when the program starts. Libraries that come later may go again.
    pub fn find() {
        // SAFETY: plain call.
        if unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize != PAGE {
            return;
        }
        RANGES.get_or_init(|| {
            let mut r = Ranges { at: [(0, 0); MOST], n: 0 };
            // SAFETY: `object` gets what it expects.
            unsafe { libc::dl_iterate_phdr(Some(object), (&raw mut r).cast()) };
            r
        });
    }

    #[cold]
    pub fn trim() {
        let now = now();
        if now < NEXT.load(Relaxed) || BUSY.swap(true, Acquire) {
            return;
        }
        NEXT.store(now + PAUSE.max(now / PART), Relaxed);
        if let Some(r) = RANGES.get() {
            // SAFETY: plain calls. Whoever allocates may have an error to look at still.
            unsafe {
                let error = *libc::__errno_location();
                let map = libc::open(c"/proc/self/pagemap".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
                if map >= 0 {
                    r.at[..r.n].iter().for_each(|&(a, z)| give_back(map, a, z));
                    libc::close(map);
                }
                *libc::__errno_location() = error;
            }
        }
        BUSY.store(false, Release);
    }

    /// # Safety
    /// `a..z` is a read-only mapping of a file.
    unsafe fn give_back(map: i32, a: usize, z: usize) {
        const PRESENT: u64 = 1 << 63;
        const SWAPPED: u64 = 1 << 62;
        const FILE: u64 = 1 << 61;
        let mut entries = [0u64; 1024];
        // The pages found resident so far, all of them the file's.
        let mut from = a;
        let mut any = false;
        let flush = |from: usize, to: usize, any: bool| {
            if any {
                // SAFETY: pages of the file in a mapping that nobody writes to: they can be read again.
                unsafe { libc::madvise(from as _, to - from, libc::MADV_DONTNEED) };
            }
        };
        let mut at = a;
        while at < z {
            let n = ((z - at) / PAGE).min(entries.len());
            // SAFETY: reads into the array.
            let got = unsafe {
                libc::pread(map, entries.as_mut_ptr().cast(), n * 8, (at / PAGE * 8) as libc::off_t)
            };
            if got != n as isize * 8 {
                // Nothing is known of the rest.
                break;
            }
            for e in &entries[..n] {
                if e & SWAPPED != 0 || (e & PRESENT != 0 && e & FILE == 0) {
                    flush(from, at, any);
                    (from, any) = (at + PAGE, false);
                } else if e & PRESENT != 0 {
                    any = true;
                }
                at += PAGE;
            }
        }
        flush(from, at, any);
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::find;
#[cfg(target_os = "linux")]
pub use linux::trim;

#[cfg(not(target_os = "linux"))]
pub(crate) fn find() {}
#[cfg(not(target_os = "linux"))]
pub fn trim() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    /// Code and constants are what they were, in threads that run meanwhile, too.
    #[test]
    fn what_is_in_use_comes_back() {
        super::find();
        let text = |n: usize| {
            format!("{:?}", (0..n).map(|i| i * 7919 % 1000).collect::<std::collections::BTreeSet<_>>())
        };
        let expected = text(900);
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|s| {
            for _ in 0..2 {
                s.spawn(|| {
                    while !done.load(std::sync::atomic::Ordering::Relaxed) {
                        assert_eq!(text(900), expected);
                    }
                });
            }
            for _ in 0..20 {
                std::thread::sleep(std::time::Duration::from_millis(10));
                super::trim();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    }
}
