//! Functions of the C library that nobody can call wrongly, declared as safe ones.
//!
//! What they take is numbers, references and [`Text`]: a type that C may read or write is named by a reference to just that
//! type, an optional one by an `Option` of it, which is one pointer that may be null. They keep nothing of what they were
//! given. Functions that take a pointer with a length, depend on what else the process does at the same time, or have
//! further arguments (`fcntl`) are called where they are needed, in `unsafe` blocks.
//!
//! # Safety
//! The declarations agree with those of the C library, whose structures `libc` describes. Which descriptor may be closed, and
//! who the process is to be, concerns the program and no memory.

use crate::{Fd, Pid};
use libc::{
    c_char, c_int, c_long, c_uint, dev_t, gid_t, id_t, itimerspec, itimerval, mode_t, off_t, rlimit, rusage,
    sched_param, sigset_t, speed_t, stat, termios, timespec, uid_t, utsname,
};
use std::ffi::CStr;
use std::marker::PhantomData;

/// A text ended by a NUL, as C takes it.
#[repr(transparent)]
pub struct Text<'a>(#[allow(dead_code)] *const c_char, PhantomData<&'a CStr>);

pub fn cstr(s: &CStr) -> Text<'_> {
    Text(s.as_ptr(), PhantomData)
}

/// A structure of C that is valid when all of its bytes are zero.
///
/// # Safety
/// It is valid so: it consists of numbers, and of pointers that may be null.
pub unsafe trait Zero {}

macro_rules! zero {
    ($($t:ty)*) => { $( unsafe impl Zero for $t {} )* };
}
zero! {
    timespec libc::tm itimerspec itimerval rlimit rusage stat libc::statvfs termios utsname sigset_t libc::sigaction libc::siginfo_t
    libc::tms libc::winsize libc::fd_set libc::flock libc::sockaddr_storage libc::msghdr libc::addrinfo libc::hostent
    libc::passwd libc::group libc::epoll_event libc::sigevent libc::pthread_attr_t libc::Dl_info libc::stack_t
    libc::sockaddr_in libc::sockaddr_in6 libc::sockaddr_un libc::sockaddr_nl libc::sockaddr_ll libc::sockaddr_alg
    libc::sockaddr_vm libc::sockaddr_can
}

pub fn zeroed<T: Zero>() -> T {
    // SAFETY: by the trait.
    unsafe { std::mem::zeroed() }
}

unsafe extern "C" {
    // -- descriptors
    pub safe fn close(fd: Fd) -> c_int;
    pub safe fn dup2(fd: Fd, to: Fd) -> Fd;
    pub safe fn dup3(fd: Fd, to: Fd, flags: c_int) -> Fd;
    pub safe fn pipe2(ends: &mut [Fd; 2], flags: c_int) -> c_int;
    pub safe fn lseek(fd: Fd, offset: off_t, whence: c_int) -> off_t;
    pub safe fn ftruncate(fd: Fd, size: off_t) -> c_int;
    pub safe fn fsync(fd: Fd) -> c_int;
    pub safe fn fdatasync(fd: Fd) -> c_int;
    pub safe fn sync();
    pub safe fn posix_fadvise(fd: Fd, offset: off_t, len: off_t, advice: c_int) -> c_int;
    pub safe fn posix_fallocate(fd: Fd, offset: off_t, len: off_t) -> c_int;
    pub safe fn sendfile(to: Fd, from: Fd, offset: Option<&mut off_t>, count: usize) -> isize;
    pub safe fn copy_file_range(
        from: Fd,
        from_at: Option<&mut i64>,
        to: Fd,
        to_at: Option<&mut i64>,
        count: usize,
        flags: c_uint,
    ) -> isize;
    pub safe fn splice(
        from: Fd,
        from_at: Option<&mut i64>,
        to: Fd,
        to_at: Option<&mut i64>,
        count: usize,
        flags: c_uint,
    ) -> isize;
    pub safe fn flock(fd: Fd, operation: c_int) -> c_int;
    pub safe fn lockf(fd: Fd, command: c_int, len: off_t) -> c_int;
    pub safe fn fstat(fd: Fd, to: &mut stat) -> c_int;
    pub safe fn fstatvfs(fd: Fd, to: &mut libc::statvfs) -> c_int;
    pub safe fn fpathconf(fd: Fd, name: c_int) -> c_long;
    pub safe fn fchmod(fd: Fd, mode: mode_t) -> c_int;
    pub safe fn fchown(fd: Fd, uid: uid_t, gid: gid_t) -> c_int;
    pub safe fn fchdir(fd: Fd) -> c_int;
    pub safe fn futimens(fd: Fd, times: &[timespec; 2]) -> c_int;
    pub safe fn memfd_create(name: Text, flags: c_uint) -> Fd;
    pub safe fn eventfd(value: c_uint, flags: c_int) -> Fd;
    pub safe fn timerfd_create(clock: c_int, flags: c_int) -> Fd;
    pub safe fn timerfd_settime(fd: Fd, flags: c_int, new: &itimerspec, old: &mut itimerspec) -> c_int;
    pub safe fn timerfd_gettime(fd: Fd, to: &mut itimerspec) -> c_int;
    pub safe fn epoll_create1(flags: c_int) -> Fd;
    pub safe fn socket(family: c_int, kind: c_int, protocol: c_int) -> Fd;
    pub safe fn socketpair(family: c_int, kind: c_int, protocol: c_int, ends: &mut [Fd; 2]) -> c_int;
    pub safe fn listen(fd: Fd, backlog: c_int) -> c_int;
    pub safe fn shutdown(fd: Fd, how: c_int) -> c_int;
    pub safe fn shm_open(name: Text, flags: c_int, mode: mode_t) -> Fd;
    pub safe fn setns(fd: Fd, kind: c_int) -> c_int;

    // -- paths
    pub safe fn truncate(path: Text, size: off_t) -> c_int;
    pub safe fn fstatat(dir: Fd, path: Text, to: &mut stat, flags: c_int) -> c_int;
    pub safe fn statvfs(path: Text, to: &mut libc::statvfs) -> c_int;
    pub safe fn faccessat(dir: Fd, path: Text, mode: c_int, flags: c_int) -> c_int;
    pub safe fn pathconf(path: Text, name: c_int) -> c_long;
    pub safe fn mkdirat(dir: Fd, path: Text, mode: mode_t) -> c_int;
    pub safe fn unlinkat(dir: Fd, path: Text, flags: c_int) -> c_int;
    pub safe fn renameat(dir: Fd, path: Text, to_dir: Fd, to: Text) -> c_int;
    pub safe fn linkat(dir: Fd, path: Text, to_dir: Fd, to: Text, flags: c_int) -> c_int;
    pub safe fn symlinkat(target: Text, dir: Fd, path: Text) -> c_int;
    pub safe fn mkfifoat(dir: Fd, path: Text, mode: mode_t) -> c_int;
    pub safe fn mknodat(dir: Fd, path: Text, mode: mode_t, device: dev_t) -> c_int;
    pub safe fn fchmodat(dir: Fd, path: Text, mode: mode_t, flags: c_int) -> c_int;
    pub safe fn fchownat(dir: Fd, path: Text, uid: uid_t, gid: gid_t, flags: c_int) -> c_int;
    pub safe fn utimensat(dir: Fd, path: Text, times: &[timespec; 2], flags: c_int) -> c_int;
    pub safe fn chdir(path: Text) -> c_int;
    pub safe fn chroot(path: Text) -> c_int;
    pub safe fn removexattr(path: Text, name: Text) -> c_int;
    pub safe fn lremovexattr(path: Text, name: Text) -> c_int;
    pub safe fn fremovexattr(fd: Fd, name: Text) -> c_int;
    pub safe fn shm_unlink(name: Text) -> c_int;
    pub safe fn sem_unlink(name: Text) -> c_int;

    // -- the process and others
    pub safe fn getpid() -> Pid;
    pub safe fn getppid() -> Pid;
    pub safe fn getuid() -> uid_t;
    pub safe fn geteuid() -> uid_t;
    pub safe fn getgid() -> gid_t;
    pub safe fn getegid() -> gid_t;
    pub safe fn getpgid(pid: Pid) -> Pid;
    pub safe fn getpgrp() -> Pid;
    pub safe fn getsid(pid: Pid) -> Pid;
    pub safe fn getresuid(real: &mut uid_t, effective: &mut uid_t, saved: &mut uid_t) -> c_int;
    pub safe fn getresgid(real: &mut gid_t, effective: &mut gid_t, saved: &mut gid_t) -> c_int;
    pub safe fn setuid(id: uid_t) -> c_int;
    pub safe fn seteuid(id: uid_t) -> c_int;
    pub safe fn setgid(id: gid_t) -> c_int;
    pub safe fn setegid(id: gid_t) -> c_int;
    pub safe fn setreuid(real: uid_t, effective: uid_t) -> c_int;
    pub safe fn setregid(real: gid_t, effective: gid_t) -> c_int;
    pub safe fn setresuid(real: uid_t, effective: uid_t, saved: uid_t) -> c_int;
    pub safe fn setresgid(real: gid_t, effective: gid_t, saved: gid_t) -> c_int;
    pub safe fn initgroups(user: Text, gid: gid_t) -> c_int;
    pub safe fn setpgid(pid: Pid, group: Pid) -> c_int;
    pub safe fn setsid() -> Pid;
    pub safe fn unshare(flags: c_int) -> c_int;
    pub safe fn umask(mask: mode_t) -> mode_t;
    pub safe fn system(command: Text) -> c_int;
    pub safe fn _exit(status: c_int) -> !;
    pub safe fn abort() -> !;
    pub safe fn waitpid(pid: Pid, status: &mut c_int, options: c_int) -> Pid;
    pub safe fn wait4(pid: Pid, status: &mut c_int, options: c_int, usage: &mut rusage) -> Pid;
    pub safe fn waitid(kind: libc::idtype_t, id: id_t, info: &mut libc::siginfo_t, options: c_int) -> c_int;
    pub safe fn getrusage(who: c_int, to: &mut rusage) -> c_int;
    pub safe fn getrlimit(resource: libc::__rlimit_resource_t, to: &mut rlimit) -> c_int;
    pub safe fn setrlimit(resource: libc::__rlimit_resource_t, to: &rlimit) -> c_int;
    pub safe fn prlimit(
        pid: Pid,
        resource: libc::__rlimit_resource_t,
        new: Option<&rlimit>,
        old: &mut rlimit,
    ) -> c_int;
    pub safe fn times(to: &mut libc::tms) -> libc::clock_t;
    pub safe fn nice(increment: c_int) -> c_int;
    pub safe fn getpriority(which: libc::__priority_which_t, who: id_t) -> c_int;
    pub safe fn setpriority(which: libc::__priority_which_t, who: id_t, priority: c_int) -> c_int;
    pub safe fn sysconf(name: c_int) -> c_long;
    pub safe fn uname(to: &mut utsname) -> c_int;
    pub safe fn getloadavg(to: &mut [f64; 3], n: c_int) -> c_int;

    // -- scheduling
    pub safe fn sched_yield() -> c_int;
    pub safe fn sched_get_priority_max(policy: c_int) -> c_int;
    pub safe fn sched_get_priority_min(policy: c_int) -> c_int;
    pub safe fn sched_getscheduler(pid: Pid) -> c_int;
    pub safe fn sched_setscheduler(pid: Pid, policy: c_int, param: &sched_param) -> c_int;
    pub safe fn sched_getparam(pid: Pid, to: &mut sched_param) -> c_int;
    pub safe fn sched_setparam(pid: Pid, param: &sched_param) -> c_int;
    pub safe fn sched_rr_get_interval(pid: Pid, to: &mut timespec) -> c_int;
    pub safe fn pthread_self() -> libc::pthread_t;

    // -- clocks
    pub safe fn clock_gettime(clock: c_int, to: &mut timespec) -> c_int;
    pub safe fn clock_getres(clock: c_int, to: &mut timespec) -> c_int;
    pub safe fn clock_settime(clock: c_int, to: &timespec) -> c_int;
    pub safe fn clock_nanosleep(
        clock: c_int,
        flags: c_int,
        time: &timespec,
        left: Option<&mut timespec>,
    ) -> c_int;

    // -- signals
    pub safe fn kill(pid: Pid, signal: c_int) -> c_int;
    pub safe fn killpg(group: Pid, signal: c_int) -> c_int;
    pub safe fn raise(signal: c_int) -> c_int;
    pub safe fn pause() -> c_int;
    pub safe fn alarm(seconds: c_uint) -> c_uint;
    // The type of `which` differs between the C libraries, not how it is passed.
    pub safe fn setitimer(which: c_int, new: &itimerval, old: &mut itimerval) -> c_int;
    pub safe fn getitimer(which: c_int, to: &mut itimerval) -> c_int;
    pub safe fn sigpending(to: &mut sigset_t) -> c_int;
    pub safe fn sigwait(set: &sigset_t, signal: &mut c_int) -> c_int;
    pub safe fn sigemptyset(set: &mut sigset_t) -> c_int;
    pub safe fn sigfillset(set: &mut sigset_t) -> c_int;
    pub safe fn sigaddset(set: &mut sigset_t, signal: c_int) -> c_int;
    pub safe fn sigismember(set: &sigset_t, signal: c_int) -> c_int;
    pub safe fn pthread_sigmask(how: c_int, set: &sigset_t, old: &mut sigset_t) -> c_int;

    // -- terminals
    pub safe fn isatty(fd: Fd) -> c_int;
    pub safe fn tcgetattr(fd: Fd, to: &mut termios) -> c_int;
    pub safe fn tcsetattr(fd: Fd, when: c_int, from: &termios) -> c_int;
    pub safe fn cfgetispeed(of: &termios) -> speed_t;
    pub safe fn cfgetospeed(of: &termios) -> speed_t;
    pub safe fn cfsetispeed(of: &mut termios, speed: speed_t) -> c_int;
    pub safe fn cfsetospeed(of: &mut termios, speed: speed_t) -> c_int;
    pub safe fn tcsendbreak(fd: Fd, duration: c_int) -> c_int;
    pub safe fn tcdrain(fd: Fd) -> c_int;
    pub safe fn tcflush(fd: Fd, queue: c_int) -> c_int;
    pub safe fn tcflow(fd: Fd, action: c_int) -> c_int;
    pub safe fn tcgetpgrp(fd: Fd) -> Pid;
    pub safe fn tcsetpgrp(fd: Fd, group: Pid) -> c_int;
    pub safe fn posix_openpt(flags: c_int) -> Fd;
    pub safe fn grantpt(fd: Fd) -> c_int;
    pub safe fn unlockpt(fd: Fd) -> c_int;
    pub safe fn login_tty(fd: Fd) -> c_int;

    // -- names
    pub safe fn if_nametoindex(name: Text) -> c_uint;
    pub safe fn strcoll(a: Text, b: Text) -> c_int;
}
