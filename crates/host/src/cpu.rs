//! Processors and scheduling.
//!
//! # Invariants
//! System calls get pointers to values of the size they are told, alive until they return.

use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Pid, Res};

door! {
    /// See the module.
    pub trait Cpu {
        /// Processors that are switched on (`os.cpu_count`); 0: unknown.
        fn cpu_count(&self) -> i64 {
            sys::sysconf(libc::_SC_NPROCESSORS_ONLN).max(0)
        }
        /// The processors that a process may run on, in order.
        fn getaffinity(&self, pid: Pid) -> Res<Vec<usize>> {
            let mut words = vec![0u64; 2];
            loop {
                let size = words.len() * 8;
                match unsafe { libc::sched_getaffinity(pid, size, words.as_mut_ptr().cast()) }.ok() {
                    Ok(_) => break,
                    Err(Errno::EINVAL) if words.len() < 4096 => words.resize(words.len() * 2, 0),
                    Err(e) => return Err(e),
                }
            }
            Ok((0..words.len() * 64).filter(|i| words[i / 64] >> (i % 64) & 1 != 0).collect())
        }
        fn setaffinity(&self, pid: Pid, cpus: &[usize]) -> Res<()> {
            let top = cpus.iter().max().map_or(1, |m| m / 64 + 1);
            let mut words = vec![0u64; top];
            for c in cpus { words[c / 64] |= 1 << (c % 64) }
            unsafe { libc::sched_setaffinity(pid, top * 8, words.as_ptr().cast()) }.done()
        }
        fn sched_yield(&self) -> Res<()> { sys::sched_yield().done() }
        fn sched_get_priority_max(&self, policy: i32) -> Res<i32> {
            sys::sched_get_priority_max(policy).ok()
        }
        fn sched_get_priority_min(&self, policy: i32) -> Res<i32> {
            sys::sched_get_priority_min(policy).ok()
        }
        fn sched_getscheduler(&self, pid: Pid) -> Res<i32> { sys::sched_getscheduler(pid).ok() }
        fn sched_setscheduler(&self, pid: Pid, policy: i32, priority: i32) -> Res<i32> {
            let p = libc::sched_param { sched_priority: priority };
            sys::sched_setscheduler(pid, policy, &p).ok()
        }
        fn sched_getparam(&self, pid: Pid) -> Res<i32> {
            let mut p = libc::sched_param { sched_priority: 0 };
            sys::sched_getparam(pid, &mut p).ok()?;
            Ok(p.sched_priority)
        }
        fn sched_setparam(&self, pid: Pid, priority: i32) -> Res<()> {
            let p = libc::sched_param { sched_priority: priority };
            sys::sched_setparam(pid, &p).done()
        }
        /// Nanoseconds.
        fn sched_rr_get_interval(&self, pid: Pid) -> Res<i64> {
            let mut t: libc::timespec = zeroed();
            sys::sched_rr_get_interval(pid, &mut t).ok()?;
            Ok(crate::fs::to_nanos(t))
        }
        fn getloadavg(&self) -> Option<[f64; 3]> {
            let mut v = [0.0; 3];
            (sys::getloadavg(&mut v, 3) == 3).then_some(v)
        }
        /// The kernel's number of the calling thread (`threading.get_native_id`).
        fn thread_id(&self) -> u64 { unsafe { libc::syscall(libc::SYS_gettid) as u64 } }
        /// The C library's (`threading.get_ident`).
        fn thread_self(&self) -> u64 { sys::pthread_self() as u64 }
        /// Shown by system tools; cut to 15 bytes.
        fn set_thread_name(&self, name: &[u8]) -> Res<()> {
            let mut buf = [0u8; 16];
            let n = name.len().min(15);
            buf[..n].copy_from_slice(&name[..n]);
            crate::number(unsafe { libc::pthread_setname_np(sys::pthread_self(), buf.as_ptr().cast()) })
        }
        fn thread_name(&self) -> Res<Vec<u8>> {
            let mut buf = [0 as libc::c_char; 32];
            let me = sys::pthread_self();
            crate::number(unsafe { libc::pthread_getname_np(me, buf.as_mut_ptr(), buf.len()) })?;
            // SAFETY: filled, NUL-terminated.
            Ok(unsafe { crate::bytes(buf.as_ptr()) })
        }
        /// The name of a thread of the C library that is alive; how many bytes. Allocates nothing.
        fn thread_name_of(&self, thread: u64, buf: &mut [u8]) -> usize {
            let (p, n) = (buf.as_mut_ptr().cast(), buf.len());
            if unsafe { libc::pthread_getname_np(thread as libc::pthread_t, p, n) } != 0 { return 0 }
            buf.iter().position(|b| *b == 0).unwrap_or(0)
        }
        /// Starts a thread with so large a stack, which nobody joins; its `pthread_t`.
        fn spawn_thread(&self, stack: usize, body: Box<dyn FnOnce() + Send>) -> Res<u64> {
            use std::os::unix::thread::JoinHandleExt;
            let t = std::thread::Builder::new().stack_size(stack).spawn(body)
                .map_err(|e| Errno(e.raw_os_error().unwrap_or(libc::EAGAIN)))?;
            // The type differs between platforms.
            #[allow(clippy::unnecessary_cast)]
            Ok(t.as_pthread_t() as u64)
        }
        /// Lowest address and size of the calling thread's stack.
        fn stack_bounds(&self) -> Res<(usize, usize)> {
            let (mut low, mut size) = (std::ptr::null_mut(), 0);
            unsafe {
                let mut attr: libc::pthread_attr_t = zeroed();
                crate::number(libc::pthread_getattr_np(sys::pthread_self(), &raw mut attr))?;
                let r = libc::pthread_attr_getstack(&raw const attr, &raw mut low, &raw mut size);
                libc::pthread_attr_destroy(&raw mut attr);
                crate::number(r)?;
            }
            Ok((low as usize, size))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    const H: NativeHost = NativeHost;

    #[test]
    fn affinity_is_a_list_of_processors() {
        let cpus = H.getaffinity(0).unwrap();
        assert!(!cpus.is_empty() && cpus.len() as i64 <= H.cpu_count());
        H.setaffinity(0, &cpus).unwrap();
        assert_eq!(H.setaffinity(0, &[]), Err(Errno::EINVAL));
    }

    #[test]
    fn the_stack_holds_our_locals() {
        let (low, size) = H.stack_bounds().unwrap();
        let here = (&raw const low) as usize;
        assert!(low < here && here < low + size);
        assert!(H.thread_id() > 0);
        H.set_thread_name(b"a name of more than fifteen bytes").unwrap();
    }
}
