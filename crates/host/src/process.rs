//! Processes: identity, fork and exec, waiting, limits, scheduling.
//!
//! `fork` in a process with several threads leaves only the calling one in the child: the virtual machine
//! stops the others at a safepoint first, so that no lock of the heap is held.
//!
//! # Safety
//! Structures that the system fills lie in the calling frame; vectors of C strings end with null and outlive the call. What
//! the child of a `fork` may do see the module `exec`.

pub use crate::exec::{ForkExec, PreExec};
use crate::sys::{self, cstr, zeroed};
use crate::{CheckRet, Errno, Fd, Outside, Pid, Res};
use std::ffi::{CStr, CString};

/// `rusage`; times in microseconds as the system gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub utime: (i64, i64),
    pub stime: (i64, i64),
    pub maxrss: i64,
    pub ixrss: i64,
    pub idrss: i64,
    pub isrss: i64,
    pub minflt: i64,
    pub majflt: i64,
    pub nswap: i64,
    pub inblock: i64,
    pub oublock: i64,
    pub msgsnd: i64,
    pub msgrcv: i64,
    pub nsignals: i64,
    pub nvcsw: i64,
    pub nivcsw: i64,
}

/// What `waitid` tells of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waited {
    pub pid: Pid,
    pub uid: u32,
    pub signo: i32,
    pub status: i32,
    pub code: i32,
}

door! {
    /// See the module.
    pub trait Processes {
        // ---- identity ----

        fn getpid(&self) -> Pid { sys::getpid() }
        fn getppid(&self) -> Pid { sys::getppid() }
        fn getuid(&self) -> u32 { sys::getuid() }
        fn geteuid(&self) -> u32 { sys::geteuid() }
        fn getgid(&self) -> u32 { sys::getgid() }
        fn getegid(&self) -> u32 { sys::getegid() }
        fn getpgid(&self, pid: Pid) -> Res<Pid> { sys::getpgid(pid).ok() }
        fn getpgrp(&self) -> Pid { sys::getpgrp() }
        fn getsid(&self, pid: Pid) -> Res<Pid> { sys::getsid(pid).ok() }
        /// Real, effective, saved.
        fn getresuid(&self) -> Res<(u32, u32, u32)> {
            let (mut r, mut e, mut s) = (0, 0, 0);
            sys::getresuid(&mut r, &mut e, &mut s).ok()?;
            Ok((r, e, s))
        }
        fn getresgid(&self) -> Res<(u32, u32, u32)> {
            let (mut r, mut e, mut s) = (0, 0, 0);
            sys::getresgid(&mut r, &mut e, &mut s).ok()?;
            Ok((r, e, s))
        }
        fn getgroups(&self) -> Res<Vec<u32>> {
            let n = unsafe { libc::getgroups(0, std::ptr::null_mut()) }.ok()?;
            let mut groups = vec![0; n as usize];
            let n = unsafe { libc::getgroups(n, groups.as_mut_ptr()) }.ok()?;
            groups.truncate(n as usize);
            Ok(groups)
        }
        fn setuid(&self, id: u32) -> Res<()> { sys::setuid(id).done() }
        fn seteuid(&self, id: u32) -> Res<()> { sys::seteuid(id).done() }
        fn setgid(&self, id: u32) -> Res<()> { sys::setgid(id).done() }
        fn setegid(&self, id: u32) -> Res<()> { sys::setegid(id).done() }
        fn setreuid(&self, r: u32, e: u32) -> Res<()> { sys::setreuid(r, e).done() }
        fn setregid(&self, r: u32, e: u32) -> Res<()> { sys::setregid(r, e).done() }
        fn setresuid(&self, r: u32, e: u32, s: u32) -> Res<()> { sys::setresuid(r, e, s).done() }
        fn setresgid(&self, r: u32, e: u32, s: u32) -> Res<()> { sys::setresgid(r, e, s).done() }
        fn setgroups(&self, groups: &[u32]) -> Res<()> {
            unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }.done()
        }
        fn initgroups(&self, user: &CStr, gid: u32) -> Res<()> {
            sys::initgroups(cstr(user), gid).done()
        }
        fn setpgid(&self, pid: Pid, group: Pid) -> Res<()> { sys::setpgid(pid, group).done() }
        fn setsid(&self) -> Res<Pid> { sys::setsid().ok() }
        fn unshare(&self, flags: i32) -> Res<()> { sys::unshare(flags).done() }
        fn setns(&self, fd: Fd, kind: i32) -> Res<()> { sys::setns(fd, kind).done() }

        // ---- new processes ----

        /// 0 in the child.
        fn fork(&self) -> Res<Pid> {
            let _locks = locks();
            unsafe { libc::fork() }.ok()
        }
        /// Pid (0 in the child) and the master side of a new terminal.
        fn forkpty(&self) -> Res<(Pid, Fd)> {
            let mut master = -1;
            let null = std::ptr::null_mut();
            let _locks = locks();
            let pid = unsafe { libc::forkpty(&raw mut master, null, null.cast(), null.cast()) }.ok()?;
            Ok((pid, master))
        }
        /// What `_posixsubprocess.fork_exec` does, without `preexec_fn` (see [`ForkExec`]).
        fn fork_exec(&self, spec: &ForkExec) -> Res<Pid> { crate::exec::fork_exec(spec) }
        /// For `preexec_fn`: the child's part of `fork_exec`, after a [`fork`](Processes::fork) in which the
        /// virtual machine has made itself whole. Never returns natively; a refusal does.
        fn exec_in_child(&self, spec: &ForkExec, pre_exec: PreExec) -> Errno {
            crate::exec::child(spec, Some(pre_exec), None)
        }
        /// Returns only if it fails. `env` is a list of `NAME=value`.
        fn execve(&self, _out: Outside, path: &CStr, argv: &[CString], env: &[CString]) -> Errno {
            let (argv, env) = (crate::exec::pointers(argv), crate::exec::pointers(env));
            unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), env.as_ptr()) };
            Errno::last()
        }
        fn fexecve(&self, _out: Outside, fd: Fd, argv: &[CString], env: &[CString]) -> Errno {
            let (argv, env) = (crate::exec::pointers(argv), crate::exec::pointers(env));
            unsafe { libc::fexecve(fd, argv.as_ptr(), env.as_ptr()) };
            Errno::last()
        }
        /// `os.system`: the wait status.
        fn system(&self, _out: Outside, command: &CStr) -> Res<i32> {
            sys::system(cstr(command)).ok()
        }
        /// Ends the process at once, without any clean-up.
        fn exit_now(&self, status: i32) -> () { sys::_exit(status) }
        /// Ends the process with a core dump.
        fn abort(&self) -> () { sys::abort() }

        // ---- waiting ----

        /// Pid (0: none has changed) and wait status.
        fn waitpid(&self, _out: Outside, pid: Pid, options: i32) -> Res<(Pid, i32)> {
            let mut status = 0;
            let pid = sys::waitpid(pid, &mut status, options).ok()?;
            Ok((pid, status))
        }
        fn wait4(&self, _out: Outside, pid: Pid, options: i32) -> Res<(Pid, i32, Usage)> {
            let (mut status, mut usage) = (0, zeroed());
            let pid = sys::wait4(pid, &mut status, options, &mut usage).ok()?;
            Ok((pid, status, self::usage(&usage)))
        }
        /// `None`: no child has changed (`WNOHANG`).
        fn waitid(&self, _out: Outside, kind: u32, id: u32, options: i32) -> Res<Option<Waited>> {
            let mut info: libc::siginfo_t = zeroed();
            sys::waitid(kind, id, &mut info, options).ok()?;
            // SAFETY: a filled siginfo of waitid has these fields.
            let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
            let (signo, code) = (info.si_signo, info.si_code);
            Ok((pid != 0).then_some(Waited { pid, uid, signo, status, code }))
        }
        fn pidfd_open(&self, pid: Pid, flags: u32) -> Res<Fd> {
            Ok(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) }.ok()? as Fd)
        }

        // ---- usage and limits ----

        fn getrusage(&self, who: i32) -> Res<Usage> {
            let mut u = zeroed();
            sys::getrusage(who, &mut u).ok()?;
            Ok(usage(&u))
        }
        /// Soft, hard.
        fn getrlimit(&self, resource: u32) -> Res<(u64, u64)> {
            let mut l: libc::rlimit = zeroed();
            sys::getrlimit(resource, &mut l).ok()?;
            Ok((l.rlim_cur, l.rlim_max))
        }
        fn setrlimit(&self, resource: u32, soft: u64, hard: u64) -> Res<()> {
            let l = libc::rlimit { rlim_cur: soft, rlim_max: hard };
            sys::setrlimit(resource, &l).done()
        }
        /// The old limits; sets new ones if given.
        fn prlimit(&self, pid: Pid, resource: u32, new: Option<(u64, u64)>) -> Res<(u64, u64)> {
            let new = new.map(|(soft, hard)| libc::rlimit { rlim_cur: soft, rlim_max: hard });
            let mut old: libc::rlimit = zeroed();
            sys::prlimit(pid, resource, new.as_ref(), &mut old).ok()?;
            Ok((old.rlim_cur, old.rlim_max))
        }
        /// User, system, children's user, children's system, elapsed: in clock ticks (`_SC_CLK_TCK`).
        fn times(&self) -> Res<[i64; 5]> {
            let mut t: libc::tms = zeroed();
            Errno(0).set();
            let elapsed = sys::times(&mut t);
            if elapsed == -1 && Errno::last() != Errno(0) { return Err(Errno::last()) }
            Ok([t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed])
        }
        fn nice(&self, increment: i32) -> Res<i32> {
            Errno(0).set();
            let n = sys::nice(increment);
            if n == -1 && Errno::last() != Errno(0) { Err(Errno::last()) } else { Ok(n) }
        }
        fn getpriority(&self, which: u32, who: u32) -> Res<i32> {
            Errno(0).set();
            let n = sys::getpriority(which, who);
            if n == -1 && Errno::last() != Errno(0) { Err(Errno::last()) } else { Ok(n) }
        }
        fn setpriority(&self, which: u32, who: u32, priority: i32) -> Res<()> {
            sys::setpriority(which, who, priority).done()
        }
    }
}

/// What a child needs to find free: threads that are in one of these calls do not exist there.
fn locks() -> impl Sized {
    let locks = [&crate::env::CHANGING, &crate::net::NAMES, &crate::users::ENUMERATING];
    (locks.map(|m| m.lock()), crate::locale::LOCK.write())
}

fn usage(u: &libc::rusage) -> Usage {
    Usage {
        utime: (u.ru_utime.tv_sec, u.ru_utime.tv_usec),
        stime: (u.ru_stime.tv_sec, u.ru_stime.tv_usec),
        maxrss: u.ru_maxrss,
        ixrss: u.ru_ixrss,
        idrss: u.ru_idrss,
        isrss: u.ru_isrss,
        minflt: u.ru_minflt,
        majflt: u.ru_majflt,
        nswap: u.ru_nswap,
        inblock: u.ru_inblock,
        oublock: u.ru_oublock,
        msgsnd: u.ru_msgsnd,
        msgrcv: u.ru_msgrcv,
        nsignals: u.ru_nsignals,
        nvcsw: u.ru_nvcsw,
        nivcsw: u.ru_nivcsw,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NativeHost;

    const H: NativeHost = NativeHost;

    #[test]
    fn identity_and_limits() {
        assert_eq!(H.getpid() as u32, std::process::id());
        assert_eq!(H.getresuid().unwrap().0, H.getuid());
        let (soft, hard) = H.getrlimit(libc::RLIMIT_NOFILE).unwrap();
        assert!(soft <= hard);
        assert_eq!(H.prlimit(0, libc::RLIMIT_NOFILE, None).unwrap(), (soft, hard));
        assert!(H.getrusage(libc::RUSAGE_SELF).unwrap().maxrss > 0);
        assert!(H.times().unwrap()[4] > 0);
    }

    #[test]
    fn system_and_wait_statuses() {
        Outside::region(|o| {
            let status = H.system(o, c"exit 3").unwrap();
            assert!(libc::WIFEXITED(status));
            assert_eq!(libc::WEXITSTATUS(status), 3);
        });
    }
}
