//! Named shared memory and semaphores (`_posixshmem`, `_multiprocessing`).
//!
//! # Invariants
//! A [`Semaphore`] is what `sem_open` gave and nobody has closed: `_multiprocessing` closes each once, when its object
//! dies. Names are C strings of the caller's that outlive the call; times and counts are written to locals.

use crate::fs::from_nanos;
use crate::sys::{self, cstr};
use crate::{CheckRet, Errno, Fd, Outside, Res};
use std::ffi::CStr;

/// An open semaphore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semaphore(usize);

impl Semaphore {
    /// As a number, to be kept where there is no place for this type.
    pub fn raw(self) -> usize {
        self.0
    }

    /// What [`raw`](Semaphore::raw) gave, of a semaphore that is still open.
    pub fn from_raw(raw: usize) -> Semaphore {
        Semaphore(raw)
    }

    fn p(self) -> *mut libc::sem_t {
        self.0 as *mut _
    }
}

door! {
    /// See the module.
    pub trait Ipc {
        /// Not inheritable.
        fn shm_open(&self, _out: Outside, name: &CStr, flags: i32, mode: u32) -> Res<Fd> {
            sys::shm_open(cstr(name), flags, mode).ok()
        }
        fn shm_unlink(&self, _out: Outside, name: &CStr) -> Res<()> {
            sys::shm_unlink(cstr(name)).done()
        }
        fn sem_open(&self, _out: Outside, name: &CStr, flags: i32, mode: u32, value: u32) -> Res<Semaphore> {
            let s = unsafe { libc::sem_open(name.as_ptr(), flags, mode, value) };
            if s == libc::SEM_FAILED { Err(Errno::last()) } else { Ok(Semaphore(s as usize)) }
        }
        fn sem_close(&self, s: Semaphore) -> Res<()> { unsafe { libc::sem_close(s.p()) }.done() }
        fn sem_unlink(&self, _out: Outside, name: &CStr) -> Res<()> {
            sys::sem_unlink(cstr(name)).done()
        }
        fn sem_trywait(&self, s: Semaphore) -> Res<()> { unsafe { libc::sem_trywait(s.p()) }.done() }
        /// `deadline`: nanoseconds of the real-time clock.
        fn sem_wait(&self, _out: Outside, s: Semaphore, deadline: Option<i64>) -> Res<()> {
            match deadline.map(from_nanos) {
                None => unsafe { libc::sem_wait(s.p()) }.done(),
                Some(t) => unsafe { libc::sem_timedwait(s.p(), &raw const t) }.done(),
            }
        }
        fn sem_post(&self, s: Semaphore) -> Res<()> { unsafe { libc::sem_post(s.p()) }.done() }
        fn sem_getvalue(&self, s: Semaphore) -> Res<i32> {
            let mut v = 0;
            unsafe { libc::sem_getvalue(s.p(), &raw mut v) }.ok()?;
            Ok(v)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, NativeHost};
    use std::ffi::CString;

    #[test]
    fn semaphores_count_and_shared_memory_is_a_file() {
        let h = NativeHost;
        Outside::region(|o| {
            let name = CString::new(format!("/adder-host-{}", std::process::id())).unwrap();
            let s = h.sem_open(o, &name, libc::O_CREAT | libc::O_EXCL, 0o600, 1).unwrap();
            h.sem_unlink(o, &name).unwrap();
            h.sem_wait(o, s, None).unwrap();
            assert_eq!(h.sem_trywait(s), Err(Errno::EAGAIN));
            assert_eq!(h.sem_wait(o, s, Some(1)), Err(Errno::ETIMEDOUT));
            h.sem_post(s).unwrap();
            assert_eq!(h.sem_getvalue(s), Ok(1));
            h.sem_close(s).unwrap();

            let fd = h.shm_open(o, &name, libc::O_CREAT | libc::O_EXCL | libc::O_RDWR, 0o600).unwrap();
            h.shm_unlink(o, &name).unwrap();
            h.ftruncate(o, fd, 100).unwrap();
            assert_eq!(h.fstat(o, fd).unwrap().size, 100);
            assert!(!h.get_inheritable(fd).unwrap());
            h.close(o, fd).unwrap();
        });
    }
}
