//! Memory for machine code. No page is ever writable and executable: the same memory is mapped twice, once to write and
//! once to run, so code can be added while other threads run what is there.
//!
//! # Invariants
//! - A process writes only to memory that it has made itself (the mappings are shared with forked children).
//! - What runs is never changed: code is added behind it. Bridges and invalidations change data only.
//! - Before an address of new code is handed out, all threads are made to forget instructions that they may have fetched
//!   from there: the caches of instructions are cleared (where they do not follow data by themselves), and every running
//!   thread passes a serializing instruction (`membarrier`; Intel SDM 3A 9.1.3, Arm ARM B2.4.4).

use crate::emit::Shared;
use std::collections::HashMap;

/// A region of code memory, filled from its beginning with traces, from its end with what they share.
pub struct CodeMemory {
    write: *mut u8,
    run: *const u8,
    used: usize,
    size: usize,
    /// The process that fills it. A forked child shares the memory: it runs what is there and adds to a region of its own.
    process: u32,
    /// The kernel serializes all threads on demand.
    serialize: bool,
    shared: HashMap<Shared, u64>,
}

// SAFETY: the mappings belong to no thread.
unsafe impl Send for CodeMemory {}

const SIZE: usize = 64 << 20;

/// A small part of the address space, where that is limited.
fn region_size() -> usize {
    let mut l = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills the structure given.
    if unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut l) } != 0 || l.rlim_cur == libc::RLIM_INFINITY {
        return SIZE;
    }
    SIZE.min(((l.rlim_cur / 16) as usize & !((1 << 20) - 1)).max(1 << 20))
}

const REGISTER_SYNC_CORE: libc::c_int = 1 << 6;
const SYNC_CORE: libc::c_int = 1 << 5;

#[cfg(any(target_os = "linux", target_os = "android"))]
fn membarrier(command: libc::c_int) -> bool {
    // SAFETY: no memory is involved.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn membarrier(_: libc::c_int) -> bool {
    false
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
fn anonymous_file() -> libc::c_int {
    // SAFETY: the name is a C string.
    unsafe { libc::memfd_create(c"adder-jit".as_ptr(), libc::MFD_CLOEXEC) }
}
#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
fn anonymous_file() -> libc::c_int {
    let name = format!("/adder-jit-{}\0", std::process::id());
    // SAFETY: the name is a C string; nobody else is to open it.
    unsafe {
        let name = name.as_ptr().cast();
        let fd = libc::shm_open(name, libc::O_RDWR | libc::O_CREAT | libc::O_EXCL, 0o600 as libc::c_uint);
        libc::shm_unlink(name);
        fd
    }
}

impl CodeMemory {
    /// None: the operating system does not allow it.
    pub fn new() -> Option<CodeMemory> {
        let size = region_size();
        // SAFETY: new mappings of a new file.
        unsafe {
            let fd = anonymous_file();
            if fd < 0 {
                return None;
            }
            let map = |prot| {
                let p = libc::mmap(std::ptr::null_mut(), size, prot, libc::MAP_SHARED, fd, 0);
                if p == libc::MAP_FAILED { None } else { Some(p as *mut u8) }
            };
            let ok = libc::ftruncate(fd, size as i64) == 0;
            let write = ok.then(|| map(libc::PROT_READ | libc::PROT_WRITE)).flatten();
            let run = write.and_then(|_| map(libc::PROT_READ | libc::PROT_EXEC));
            libc::close(fd);
            if let (Some(w), None) = (write, run) {
                libc::munmap(w.cast(), size);
            }
            let (write, run) = (write?, run?);
            let (process, serialize) = (std::process::id(), membarrier(REGISTER_SYNC_CORE));
            Some(CodeMemory { write, run, used: 0, size, process, serialize, shared: HashMap::new() })
        }
    }
    /// To be called before code is made: a forked child must not write where its parent does. None: no memory.
    pub fn claim(&mut self) -> Option<()> {
        if self.process != std::process::id() {
            *self = CodeMemory::new()?;
        }
        Some(())
    }
    /// Where the next code will run.
    pub fn next(&self) -> usize {
        self.run as usize + self.used
    }
    /// Adds code that was made for [`next`](Self::next). None: the region is full.
    pub fn add(&mut self, code: &[u8]) -> Option<usize> {
        if self.used + code.len() > self.size {
            return None;
        }
        let at = self.next();
        self.put(self.used, code);
        let before = self.used;
        self.used = (self.used + code.len() + 31) & !31;
        // What is written seldom needs to be there twice: the pages stay, in the mapping that runs them.
        const STEP: usize = 1 << 16;
        let (from, to) = (before & !(STEP - 1), self.used & !(STEP - 1));
        if from < to {
            // SAFETY: a part of the shared mapping; what it says stays in the file.
            unsafe { libc::madvise(self.write.add(from).cast(), to - from, libc::MADV_DONTNEED) };
        }
        Some(at)
    }
    fn put(&mut self, offset: usize, code: &[u8]) {
        assert!(offset + code.len() <= self.size);
        // SAFETY: within the region; nobody runs this part yet.
        unsafe {
            let to = self.write.add(offset);
            std::ptr::copy_nonoverlapping(code.as_ptr(), to, code.len());
            clear_caches(to, self.run.add(offset), code.len());
        }
        if !self.serialize || !membarrier(SYNC_CORE) {
            serialize();
        }
    }
    /// Where this piece of code is, which does not depend on that; `make` makes it.
    pub fn shared(
        &mut self,
        s: Shared,
        make: impl FnOnce() -> Result<Vec<u8>, &'static str>,
    ) -> Result<u64, &'static str> {
        if let Some(at) = self.shared.get(&s) {
            return Ok(*at);
        }
        let code = make()?;
        let room = code.len().next_multiple_of(16);
        if self.used + room > self.size {
            return Err("code memory is full");
        }
        let end = self.size - room;
        self.put(end, &code);
        self.size = end;
        let at = self.run as u64 + end as u64;
        self.shared.insert(s, at);
        Ok(at)
    }
}

/// Instructions are fetched from a cache of their own, which does not see stores: it has to be told.
#[cfg(target_arch = "aarch64")]
unsafe fn clear_caches(write: *const u8, run: *const u8, len: usize) {
    use std::arch::asm;
    let ctr: u64;
    // SAFETY: the instructions take any mapped address.
    unsafe {
        asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack));
        let (data, code) = (4usize << (ctr >> 16 & 15), 4usize << (ctr & 15));
        let mut p = write as usize & !(data - 1);
        while p < write as usize + len {
            asm!("dc cvau, {}", in(reg) p, options(nostack));
            p += data;
        }
        asm!("dsb ish", options(nostack));
        let mut p = run as usize & !(code - 1);
        while p < run as usize + len {
            asm!("ic ivau, {}", in(reg) p, options(nostack));
            p += code;
        }
        asm!("dsb ish", "isb", options(nostack));
    }
}
#[cfg(not(target_arch = "aarch64"))]
unsafe fn clear_caches(_: *const u8, _: *const u8, _: usize) {}

/// This thread only; others have not been there (their way to new code leads through an acquiring load).
fn serialize() {
    #[cfg(target_arch = "x86_64")]
    std::arch::x86_64::__cpuid(0);
    #[cfg(target_arch = "aarch64")]
    // SAFETY: a barrier.
    unsafe {
        std::arch::asm!("isb", options(nostack))
    };
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::*};

    /// Rights of the mapping that an address lies in.
    fn rights(at: usize) -> String {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|l| {
            let (from, to) = l.split_once(' ').unwrap().0.split_once('-').unwrap();
            (usize::from_str_radix(from, 16).unwrap()..usize::from_str_radix(to, 16).unwrap()).contains(&at)
        });
        line.unwrap_or("- none").split_whitespace().nth(1).unwrap().to_string()
    }
    /// A function that returns the number.
    fn returns(n: u32) -> Vec<u8> {
        if cfg!(target_arch = "x86_64") {
            [&[0xb8][..], &n.to_le_bytes(), &[0xc3]].concat()
        } else {
            let w = |w: u32| w.to_le_bytes();
            [w(0x5280_0000 | (n & 0xffff) << 5), w(0x72a0_0000 | (n >> 16) << 5), w(0xd65f_03c0)].concat()
        }
    }
    fn call(at: usize) -> u32 {
        // SAFETY: code of `returns`.
        unsafe { std::mem::transmute::<usize, extern "C" fn() -> u32>(at)() }
    }

    #[test]
    fn no_page_is_writable_and_executable() {
        let mut m = CodeMemory::new().unwrap();
        for n in 0..3 {
            let at = m.add(&returns(n)).unwrap();
            assert_eq!(rights(at), "r-xs");
            assert_eq!(rights(m.write as usize + m.used), "rw-s");
            assert_eq!(call(at), n);
        }
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let both = |l: &&str| l.split_whitespace().nth(1).is_some_and(|r| r.starts_with("rwx"));
        assert_eq!(maps.lines().find(both), None);
    }
    #[test]
    fn code_is_added_while_other_threads_run() {
        let mut m = CodeMemory::new().unwrap();
        let (latest, stop) = (AtomicUsize::new(m.add(&returns(0)).unwrap()), AtomicBool::new(false));
        std::thread::scope(|s| {
            for _ in 0..3 {
                s.spawn(|| {
                    let mut last = 0;
                    while !stop.load(Relaxed) {
                        let n = call(latest.load(Acquire));
                        assert!(n >= last && n < 20_000, "{n} after {last}");
                        last = n;
                    }
                });
            }
            for n in 1..20_000 {
                latest.store(m.add(&returns(n)).unwrap(), Release);
            }
            stop.store(true, Relaxed);
        });
        assert_eq!(call(latest.load(Acquire)), 19_999);
    }
    #[test]
    fn a_full_region_says_so() {
        let mut m = CodeMemory::new().unwrap();
        m.used = m.size - 32;
        assert!(m.add(&[0; 33]).is_none());
        assert!(m.add(&[0; 32]).is_some());
        assert!(m.add(&[0; 1]).is_none());
    }
}
