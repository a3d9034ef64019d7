//! Memory for machine code. No page is ever writable and executable: the same memory is mapped twice, once to write and
//! once to run, so code can be added while other threads run what is there.

/// A region of code memory, filled from its beginning.
pub struct CodeMemory {
    write: *mut u8,
    run: *const u8,
    used: usize,
}

unsafe impl Send for CodeMemory {}

const SIZE: usize = 64 << 20;

impl CodeMemory {
    /// None: the operating system does not allow it.
    pub fn new() -> Option<CodeMemory> {
        unsafe {
            let fd = libc::memfd_create(c"adder-jit".as_ptr(), libc::MFD_CLOEXEC);
            if fd < 0 {
                return None;
            }
            let map = |prot| {
                let p = libc::mmap(std::ptr::null_mut(), SIZE, prot, libc::MAP_SHARED, fd, 0);
                if p == libc::MAP_FAILED { None } else { Some(p as *mut u8) }
            };
            let ok = libc::ftruncate(fd, SIZE as i64) == 0;
            let maps = if ok {
                map(libc::PROT_READ | libc::PROT_WRITE).zip(map(libc::PROT_READ | libc::PROT_EXEC))
            } else {
                None
            };
            libc::close(fd);
            let (write, run) = maps?;
            Some(CodeMemory { write, run, used: 0 })
        }
    }
    /// Where the next code will run.
    pub fn next(&self) -> usize {
        self.run as usize + self.used
    }
    /// Adds code that was made for [`next`](Self::next). None: the region is full.
    pub fn add(&mut self, code: &[u8]) -> Option<usize> {
        if self.used + code.len() > SIZE {
            return None;
        }
        let at = self.next();
        // SAFETY: nobody runs this part yet.
        unsafe { std::ptr::copy_nonoverlapping(code.as_ptr(), self.write.add(self.used), code.len()) };
        self.used = (self.used + code.len() + 31) & !31;
        Some(at)
    }
}
