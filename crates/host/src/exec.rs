//! Starting a program: the child's side of `_posixsubprocess.fork_exec`.
//!
//! Between fork and exec only async-signal-safe calls are made: everything is prepared by the parent in
//! [`ForkExec`]. Without a `preexec_fn` the child is made with `clone(CLONE_VM | CLONE_VFORK)` on a stack of
//! its own (what `vfork` and `posix_spawn` do): the parent's memory is not copied and the parent's thread
//! sleeps until the exec, so the time does not grow with the heap.
//!
//! # Safety
//! The child shares memory with the other threads of the parent, or has a copy of it in which their locks stay as they were:
//! it only reads what [`Prepared`] points at, which the sleeping parent (or its own copy) keeps, and calls the system. In
//! shared memory all signals are blocked until there is no handler of ours left. It leaves by `exec` or `_exit`. After an
//! ordinary fork it also allocates ([`prepare`]): the C library's allocator works in the child.
//!
//! Errors go through `errpipe_write` in the form that `subprocess` reads:
//! `OSError:<errno in hex>:<where>` with `where` empty (exec failed), `noexec` or `noexec:chdir`, or
//! `SubprocessError:0:<text>` when `preexec_fn` raised.

use crate::sys::{self, zeroed};
use crate::{CheckRet, Errno, Fd, Pid, Res};
use std::ffi::{CString, c_char, c_void};

/// The arguments of `_posixsubprocess.fork_exec`.
#[derive(Clone, Debug)]
pub struct ForkExec {
    /// The paths to try, in this order.
    pub executables: Vec<CString>,
    pub argv: Vec<CString>,
    /// `NAME=value`; `None`: the environment of this process.
    pub env: Option<Vec<CString>>,
    pub cwd: Option<CString>,
    pub close_fds: bool,
    /// Kept open and made inheritable; sorted; holds `errpipe_write`.
    pub fds_to_keep: Vec<Fd>,
    /// -1: not redirected. The child's ends become 0, 1, 2.
    pub p2cread: Fd,
    pub p2cwrite: Fd,
    pub c2pread: Fd,
    pub c2pwrite: Fd,
    pub errread: Fd,
    pub errwrite: Fd,
    pub errpipe_read: Fd,
    pub errpipe_write: Fd,
    pub restore_signals: bool,
    pub start_new_session: bool,
    /// -1: unchanged.
    pub process_group: Pid,
    pub gid: Option<u32>,
    pub extra_groups: Option<Vec<u32>>,
    pub uid: Option<u32>,
    /// -1: unchanged.
    pub umask: i32,
}

/// Runs in the child before the exec; `false`: it raised.
pub type PreExec<'a> = &'a mut dyn FnMut() -> bool;

/// The NULL-terminated array that exec wants. It borrows the strings.
pub(crate) fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

/// All pointers that the child needs, made before it exists.
struct Prepared<'a> {
    spec: &'a ForkExec,
    argv: Vec<*const c_char>,
    env: Option<Vec<*const c_char>>,
}

struct Start<'a> {
    prepared: Prepared<'a>,
    mask: libc::sigset_t,
}

const STACK: usize = 256 * 1024;

pub(crate) fn fork_exec(spec: &ForkExec) -> Res<Pid> {
    let mut start = Start { prepared: prepare(spec), mask: zeroed() };
    let prot = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK;
    // SAFETY: a fresh mapping, used as the child's stack and unmapped after the child has left it: CLONE_VFORK
    // suspends this thread until the child has executed a program or ended.
    unsafe {
        let stack = libc::mmap(std::ptr::null_mut(), STACK, prot, flags, -1, 0);
        if stack == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        // No handler of ours may run in the child, which shares our memory.
        let mut all: libc::sigset_t = zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const all, &raw mut start.mask);
        let top = stack.byte_add(STACK);
        let pid = libc::clone(
            child_start,
            top,
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            (&raw mut start).cast(),
        );
        let result = pid.ok();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const start.mask, std::ptr::null_mut());
        libc::munmap(stack, STACK);
        result
    }
}

fn prepare(spec: &ForkExec) -> Prepared<'_> {
    Prepared { spec, argv: pointers(&spec.argv), env: spec.env.as_deref().map(pointers) }
}

extern "C" fn child_start(arg: *mut c_void) -> i32 {
    // SAFETY: the parent's `Start`, alive because the parent sleeps.
    let start = unsafe { &*arg.cast::<Start>() };
    run(&start.prepared, None, Some(&start.mask));
    sys::_exit(255)
}

/// The child's part after an ordinary fork. Does not return.
pub(crate) fn child(spec: &ForkExec, pre_exec: Option<PreExec>, mask: Option<&libc::sigset_t>) -> Errno {
    run(&prepare(spec), pre_exec, mask);
    sys::_exit(255)
}

fn run(p: &Prepared, pre_exec: Option<PreExec>, mask: Option<&libc::sigset_t>) {
    let pipe = p.spec.errpipe_write;
    match set_up(p, mask) {
        Err((errno, place)) => return report(pipe, errno, place),
        Ok(()) => {
            if let Some(f) = pre_exec
                && !f()
            {
                return write_all(pipe, b"SubprocessError:0:Exception occurred in preexec_fn.");
            }
        }
    }
    if p.spec.close_fds {
        close_others(&p.spec.fds_to_keep);
    }
    // The first telling error counts, as when a shell looks along its path.
    let mut first = None;
    for path in &p.spec.executables {
        unsafe {
            match &p.env {
                Some(env) => libc::execve(path.as_ptr(), p.argv.as_ptr(), env.as_ptr()),
                None => libc::execv(path.as_ptr(), p.argv.as_ptr()),
            };
        }
        let e = Errno::last();
        if e.0 != libc::ENOENT && e.0 != libc::ENOTDIR && first.is_none() {
            first = Some(e);
        }
    }
    report(pipe, first.unwrap_or_else(Errno::last), b"");
}

type Place = &'static [u8];

fn set_up(p: &Prepared, mask: Option<&libc::sigset_t>) -> Result<(), (Errno, Place)> {
    let s = p.spec;
    let at = |place: Place| move |e: Errno| (e, place);
    let noexec = || at(b"noexec");
    for fd in &s.fds_to_keep {
        if *fd != s.errpipe_write {
            inheritable(*fd).map_err(noexec())?;
        }
    }
    unsafe {
        for fd in [s.p2cwrite, s.c2pread, s.errread, s.errpipe_read] {
            if fd != -1 {
                libc::close(fd).ok().map_err(noexec())?;
            }
        }
        // The child's ends may lie on each other's places.
        let mut out = s.c2pwrite;
        if out == 0 {
            out = libc::fcntl(out, libc::F_DUPFD_CLOEXEC, 3).ok().map_err(noexec())?;
        }
        let mut err = s.errwrite;
        while err == 0 || err == 1 {
            err = libc::fcntl(err, libc::F_DUPFD_CLOEXEC, 3).ok().map_err(noexec())?;
        }
        for (from, to) in [(s.p2cread, 0), (out, 1), (err, 2)] {
            if from == to {
                inheritable(from).map_err(noexec())?;
            } else if from != -1 {
                libc::dup2(from, to).ok().map_err(noexec())?;
            }
        }
        if let Some(cwd) = &s.cwd {
            libc::chdir(cwd.as_ptr()).ok().map_err(at(b"noexec:chdir"))?;
        }
        if s.umask >= 0 {
            libc::umask(s.umask as u32);
        }
        if s.restore_signals {
            for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
        if let Some(mask) = mask {
            // Handlers of ours must not run in shared memory once signals are let through again.
            reset_handlers();
            libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
        }
        if s.start_new_session {
            libc::setsid().ok().map_err(noexec())?;
        }
        if s.process_group >= 0 {
            libc::setpgid(0, s.process_group).ok().map_err(noexec())?;
        }
        // Plain system calls: the C library's functions change all threads, and we share the parent's.
        if let Some(groups) = &s.extra_groups {
            libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()).ok().map_err(noexec())?;
        }
        if let Some(gid) = s.gid {
            libc::syscall(libc::SYS_setregid, gid, gid).ok().map_err(noexec())?;
        }
        if let Some(uid) = s.uid {
            libc::syscall(libc::SYS_setreuid, uid, uid).ok().map_err(noexec())?;
        }
    }
    Ok(())
}

fn inheritable(fd: Fd) -> Res<()> {
    unsafe {
        let flags = libc::fcntl(fd, libc::F_GETFD).ok()?;
        libc::fcntl(fd, libc::F_SETFD, flags & !libc::FD_CLOEXEC).done()
    }
}

/// Every signal that has a handler gets its default action (an exec would do so too).
unsafe fn reset_handlers() {
    for signal in 1..=64 {
        let mut old: libc::sigaction = zeroed();
        if unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut old) } == 0
            && old.sa_sigaction != libc::SIG_IGN
            && old.sa_sigaction != libc::SIG_DFL
        {
            unsafe { libc::signal(signal, libc::SIG_DFL) };
        }
    }
}

/// Closes all descriptors from 3 on but those in `keep` (sorted).
fn close_others(keep: &[Fd]) {
    let mut low = 3;
    for fd in keep.iter().filter(|fd| **fd >= 3) {
        close_span(low, fd - 1);
        low = fd + 1;
    }
    close_span(low, i32::MAX);
}

fn close_span(first: Fd, last: Fd) {
    if first > last || unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // An old kernel: up to the limit.
    let limit = sys::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 20) as i32;
    for fd in first..=last.min(limit) {
        sys::close(fd);
    }
}

fn report(pipe: Fd, errno: Errno, place: &[u8]) {
    let mut hex = [0u8; 8];
    let mut at = hex.len();
    let mut n = errno.0 as u32;
    while n != 0 {
        at -= 1;
        hex[at] = b"0123456789abcdef"[(n % 16) as usize];
        n /= 16;
    }
    write_all(pipe, b"OSError:");
    write_all(pipe, &hex[at..]);
    write_all(pipe, b":");
    write_all(pipe, place);
}

/// Less than PIPE_BUF in all, and nobody to tell of a failure.
fn write_all(fd: Fd, text: &[u8]) {
    unsafe { libc::write(fd, text.as_ptr().cast(), text.len()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, NativeHost, Outside, Processes};

    const H: NativeHost = NativeHost;

    fn spec(command: &str, out: Fd, pipe: (Fd, Fd)) -> ForkExec {
        let c = |s: &str| CString::new(s).unwrap();
        ForkExec {
            executables: vec![c("/no/such/sh"), c("/bin/sh")],
            argv: vec![c("sh"), c("-c"), c(command)],
            env: Some(vec![c("GREETING=hello")]),
            cwd: Some(c("/")),
            close_fds: true,
            fds_to_keep: vec![pipe.1],
            p2cread: -1,
            p2cwrite: -1,
            c2pread: -1,
            c2pwrite: out,
            errread: -1,
            errwrite: -1,
            errpipe_read: pipe.0,
            errpipe_write: pipe.1,
            restore_signals: true,
            start_new_session: true,
            process_group: -1,
            gid: None,
            extra_groups: None,
            uid: None,
            umask: 0o77,
        }
    }

    /// Output, error text, exit status.
    fn run(change: impl FnOnce(&mut ForkExec), pre_exec: Option<bool>) -> (String, String, i32) {
        Outside::region(|o| {
            let (r, w) = H.pipe(libc::O_CLOEXEC).unwrap();
            let err = H.pipe(libc::O_CLOEXEC).unwrap();
            let mut s = spec("echo $GREETING; pwd; umask; ls /proc/self/fd | wc -l; exit 7", w, err);
            change(&mut s);
            let pid = match pre_exec {
                None => H.fork_exec(&s).unwrap(),
                Some(answer) => match H.fork().unwrap() {
                    0 => {
                        H.exec_in_child(&s, &mut || answer);
                        unreachable!()
                    }
                    pid => pid,
                },
            };
            H.close(o, w).unwrap();
            H.close(o, err.1).unwrap();
            let read = |fd| {
                let (mut all, mut buf) = (Vec::new(), [0; 256]);
                loop {
                    match H.read(o, fd, &mut buf).unwrap() {
                        0 => break,
                        n => all.extend_from_slice(&buf[..n]),
                    }
                }
                H.close(o, fd).unwrap();
                String::from_utf8(all).unwrap()
            };
            let (out, error) = (read(r), read(err.0));
            let (_, status) = H.waitpid(o, pid, 0).unwrap();
            (out, error, libc::WEXITSTATUS(status))
        })
    }

    #[test]
    fn a_program_runs_in_its_environment_with_descriptors_closed() {
        // 0, 1, 2 and the folder itself.
        let want = ("hello\n/\n0077\n4\n".to_string(), String::new(), 7);
        assert_eq!(run(|_| (), None), want);
        assert_eq!(run(|_| (), Some(true)), want);
    }

    #[test]
    fn failures_come_through_the_pipe() {
        let gone = |s: &mut ForkExec| s.executables.truncate(1);
        assert_eq!(run(gone, None), (String::new(), "OSError:2:".into(), 255));
        let no_folder = |s: &mut ForkExec| s.cwd = Some(c"/no/such/folder".into());
        assert_eq!(run(no_folder, None).1, "OSError:2:noexec:chdir");
        assert_eq!(run(|_| (), Some(false)).1, "SubprocessError:0:Exception occurred in preexec_fn.");
    }
}
