//! Files, folders, links, attributes: what `posix`, `_io`, `fcntl` need of the file system.
//!
//! Paths are C strings (the caller has encoded them with the file system encoding and refused NULs). `dir` is
//! the descriptor that relative paths start from, or [`CWD`](crate::CWD).
//!
//! # Safety
//! Each call gets C strings that outlive it, buffers with their true length, and structures of this frame that the system
//! fills before they are read. Descriptors are numbers: a wrong one is an error of the system, not of memory.
//! The parts of a vectored call stay borrowed until it returns.

use crate::sys::{self, cstr, zeroed};
use crate::{CheckRet, Errno, Fd, Outside, Res, bytes, number};
use std::ffi::CStr;

/// What `stat` tells. Times are seconds and nanoseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileStat {
    pub dev: u64,
    pub ino: u64,
    pub mode: u32,
    pub nlink: u64,
    pub uid: u32,
    pub gid: u32,
    pub rdev: u64,
    pub size: i64,
    pub blksize: i64,
    pub blocks: i64,
    pub atime: (i64, i64),
    pub mtime: (i64, i64),
    pub ctime: (i64, i64),
}

/// What `statvfs` tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FsStat {
    pub bsize: u64,
    pub frsize: u64,
    pub blocks: u64,
    pub bfree: u64,
    pub bavail: u64,
    pub files: u64,
    pub ffree: u64,
    pub favail: u64,
    pub flag: u64,
    pub namemax: u64,
    pub fsid: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirEntry {
    pub name: Vec<u8>,
    pub ino: u64,
    /// `DT_REG`, `DT_DIR`, `DT_LNK`… or `DT_UNKNOWN`.
    pub kind: u8,
}

/// An open folder. `.` and `..` are left out. Closed when dropped.
pub trait DirStream: Send {
    fn next(&mut self, out: Outside) -> Res<Option<DirEntry>>;
    /// Back to the first entry (`os.listdir(fd)` and `os.scandir(fd)` do so at the end).
    fn rewind(&mut self);
}

/// One of the two times of `utimensat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewTime {
    Now,
    Keep,
    At { secs: i64, nanos: i64 },
}

/// A buffer to read into, of a vectored read.
pub type Parts<'a, 'b> = &'a mut [&'b mut [u8]];

door! {
    /// See the module.
    pub trait Files {
        // ---- opening and closing ----

        /// The new descriptor is not inheritable (`O_CLOEXEC` is added).
        fn open(&self, _out: Outside, dir: Fd, path: &CStr, flags: i32, mode: u32) -> Res<Fd> {
            unsafe { libc::openat(dir, path.as_ptr(), flags | libc::O_CLOEXEC, mode) }.ok()
        }
        fn close(&self, _out: Outside, fd: Fd) -> Res<()> {
            sys::close(fd).done()
        }
        /// Closes `low..high`, ignoring errors.
        fn close_range(&self, _out: Outside, low: Fd, high: Fd) -> () {
            if low >= high { return }
            let (first, last) = (low.max(0) as u32, (high - 1) as u32);
            if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } != 0 {
                for fd in low.max(0)..high { sys::close(fd); }
            }
        }
        /// A copy that is not inheritable.
        fn dup(&self, fd: Fd) -> Res<Fd> {
            unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) }.ok()
        }
        fn dup2(&self, _out: Outside, fd: Fd, to: Fd, inheritable: bool) -> Res<Fd> {
            if fd == to || inheritable { return sys::dup2(fd, to).ok() }
            sys::dup3(fd, to, libc::O_CLOEXEC).ok()
        }
        /// Reading end, writing end. `O_CLOEXEC` is the caller's to give (`os.pipe2` may leave it out).
        fn pipe(&self, flags: i32) -> Res<(Fd, Fd)> {
            let mut p = [0; 2];
            sys::pipe2(&mut p, flags).ok()?;
            Ok((p[0], p[1]))
        }
        fn get_inheritable(&self, fd: Fd) -> Res<bool> {
            Ok(unsafe { libc::fcntl(fd, libc::F_GETFD) }.ok()? & libc::FD_CLOEXEC == 0)
        }
        fn set_inheritable(&self, fd: Fd, yes: bool) -> Res<()> {
            let old = unsafe { libc::fcntl(fd, libc::F_GETFD) }.ok()?;
            let new = if yes { old & !libc::FD_CLOEXEC } else { old | libc::FD_CLOEXEC };
            if new == old { return Ok(()) }
            unsafe { libc::fcntl(fd, libc::F_SETFD, new) }.done()
        }
        fn get_blocking(&self, fd: Fd) -> Res<bool> {
            Ok(unsafe { libc::fcntl(fd, libc::F_GETFL) }.ok()? & libc::O_NONBLOCK == 0)
        }
        fn set_blocking(&self, fd: Fd, yes: bool) -> Res<()> {
            let old = unsafe { libc::fcntl(fd, libc::F_GETFL) }.ok()?;
            let new = if yes { old & !libc::O_NONBLOCK } else { old | libc::O_NONBLOCK };
            if new == old { return Ok(()) }
            unsafe { libc::fcntl(fd, libc::F_SETFL, new) }.done()
        }

        // ---- reading and writing ----

        fn read(&self, _out: Outside, fd: Fd, buf: &mut [u8]) -> Res<usize> {
            Ok(unsafe { libc::read(fd, buf.as_mut_ptr().cast(), buf.len()) }.ok()? as usize)
        }
        fn write(&self, _out: Outside, fd: Fd, buf: &[u8]) -> Res<usize> {
            Ok(unsafe { libc::write(fd, buf.as_ptr().cast(), buf.len()) }.ok()? as usize)
        }
        fn pread(&self, _out: Outside, fd: Fd, buf: &mut [u8], offset: i64) -> Res<usize> {
            Ok(unsafe { libc::pread(fd, buf.as_mut_ptr().cast(), buf.len(), offset) }.ok()? as usize)
        }
        fn pwrite(&self, _out: Outside, fd: Fd, buf: &[u8], offset: i64) -> Res<usize> {
            Ok(unsafe { libc::pwrite(fd, buf.as_ptr().cast(), buf.len(), offset) }.ok()? as usize)
        }
        fn readv(&self, _out: Outside, fd: Fd, parts: Parts) -> Res<usize> {
            let v = iovecs(parts);
            Ok(unsafe { libc::readv(fd, v.as_ptr(), v.len() as i32) }.ok()? as usize)
        }
        fn writev(&self, _out: Outside, fd: Fd, parts: &[&[u8]]) -> Res<usize> {
            let v = const_iovecs(parts);
            Ok(unsafe { libc::writev(fd, v.as_ptr(), v.len() as i32) }.ok()? as usize)
        }
        fn preadv(&self, _out: Outside, fd: Fd, parts: Parts, offset: i64, flags: i32) -> Res<usize> {
            let v = iovecs(parts);
            Ok(unsafe { libc::preadv2(fd, v.as_ptr(), v.len() as i32, offset, flags) }.ok()? as usize)
        }
        fn pwritev(&self, _out: Outside, fd: Fd, parts: &[&[u8]], offset: i64, flags: i32) -> Res<usize> {
            let v = const_iovecs(parts);
            Ok(unsafe { libc::pwritev2(fd, v.as_ptr(), v.len() as i32, offset, flags) }.ok()? as usize)
        }
        fn lseek(&self, _out: Outside, fd: Fd, offset: i64, whence: i32) -> Res<i64> {
            sys::lseek(fd, offset, whence).ok()
        }
        fn ftruncate(&self, _out: Outside, fd: Fd, size: i64) -> Res<()> {
            sys::ftruncate(fd, size).done()
        }
        fn truncate(&self, _out: Outside, path: &CStr, size: i64) -> Res<()> {
            sys::truncate(cstr(path), size).done()
        }
        fn fsync(&self, _out: Outside, fd: Fd) -> Res<()> {
            sys::fsync(fd).done()
        }
        fn fdatasync(&self, _out: Outside, fd: Fd) -> Res<()> {
            sys::fdatasync(fd).done()
        }
        fn sync(&self, _out: Outside) -> () {
            sys::sync()
        }
        fn fadvise(&self, _out: Outside, fd: Fd, offset: i64, len: i64, advice: i32) -> Res<()> {
            number(sys::posix_fadvise(fd, offset, len, advice))
        }
        fn fallocate(&self, _out: Outside, fd: Fd, offset: i64, len: i64) -> Res<()> {
            number(sys::posix_fallocate(fd, offset, len))
        }
        /// `None` for `offset` uses and moves the input's own position.
        fn sendfile(&self, _out: Outside, to: Fd, from: Fd, offset: Option<i64>, count: usize) -> Res<usize> {
            let mut at = offset;
            Ok(sys::sendfile(to, from, at.as_mut(), count).ok()? as usize)
        }
        fn copy_file_range(&self, _out: Outside, from: Fd, from_at: Option<i64>, to: Fd, to_at: Option<i64>,
                           count: usize) -> Res<usize> {
            let (mut a, mut b) = (from_at, to_at);
            Ok(sys::copy_file_range(from, a.as_mut(), to, b.as_mut(), count, 0).ok()? as usize)
        }
        fn splice(&self, _out: Outside, from: Fd, from_at: Option<i64>, to: Fd, to_at: Option<i64>,
                  count: usize, flags: u32) -> Res<usize> {
            let (mut a, mut b) = (from_at, to_at);
            Ok(sys::splice(from, a.as_mut(), to, b.as_mut(), count, flags).ok()? as usize)
        }
        /// `fcntl` with a number.
        fn fcntl(&self, _out: Outside, fd: Fd, command: i32, arg: i64) -> Res<i32> {
            unsafe { libc::fcntl(fd, command, arg) }.ok()
        }
        /// `fcntl` with a structure, which the call may change.
        fn fcntl_buffer(&self, _out: Outside, fd: Fd, command: i32, arg: &mut [u8]) -> Res<i32> {
            unsafe { libc::fcntl(fd, command, arg.as_mut_ptr()) }.ok()
        }
        fn ioctl(&self, _out: Outside, fd: Fd, request: u64, arg: i64) -> Res<i32> {
            unsafe { libc::ioctl(fd, request, arg) }.ok()
        }
        fn ioctl_buffer(&self, _out: Outside, fd: Fd, request: u64, arg: &mut [u8]) -> Res<i32> {
            unsafe { libc::ioctl(fd, request, arg.as_mut_ptr()) }.ok()
        }
        fn flock(&self, _out: Outside, fd: Fd, operation: i32) -> Res<()> {
            sys::flock(fd, operation).done()
        }
        /// A record lock (`fcntl.lockf`): `command` is `F_SETLK` or `F_SETLKW`, `kind` `F_RDLCK`…
        fn record_lock(&self, _out: Outside, fd: Fd, command: i32, kind: i32, start: i64, len: i64,
                       whence: i32) -> Res<()> {
            let mut lock: libc::flock = zeroed();
            lock.l_type = kind as i16;
            lock.l_whence = whence as i16;
            lock.l_start = start;
            lock.l_len = len;
            unsafe { libc::fcntl(fd, command, &raw const lock) }.done()
        }
        /// `os.lockf`.
        fn lockf(&self, _out: Outside, fd: Fd, command: i32, len: i64) -> Res<()> {
            sys::lockf(fd, command, len).done()
        }

        // ---- what a path says ----

        /// `flags`: `AT_SYMLINK_NOFOLLOW`.
        fn stat(&self, _out: Outside, dir: Fd, path: &CStr, flags: i32) -> Res<FileStat> {
            let mut st = zeroed();
            sys::fstatat(dir, cstr(path), &mut st, flags).ok()?;
            Ok(file_stat(&st))
        }
        fn fstat(&self, _out: Outside, fd: Fd) -> Res<FileStat> {
            let mut st = zeroed();
            sys::fstat(fd, &mut st).ok()?;
            Ok(file_stat(&st))
        }
        fn statvfs(&self, _out: Outside, path: &CStr) -> Res<FsStat> {
            let mut st = zeroed();
            sys::statvfs(cstr(path), &mut st).ok()?;
            Ok(fs_stat(&st))
        }
        fn fstatvfs(&self, _out: Outside, fd: Fd) -> Res<FsStat> {
            let mut st = zeroed();
            sys::fstatvfs(fd, &mut st).ok()?;
            Ok(fs_stat(&st))
        }
        fn access(&self, _out: Outside, dir: Fd, path: &CStr, mode: i32, flags: i32) -> Res<()> {
            sys::faccessat(dir, cstr(path), mode, flags).done()
        }
        fn readlink(&self, _out: Outside, dir: Fd, path: &CStr) -> Res<Vec<u8>> {
            let mut buf = vec![0u8; libc::PATH_MAX as usize];
            let n = unsafe { libc::readlinkat(dir, path.as_ptr(), buf.as_mut_ptr().cast(), buf.len()) }.ok()?;
            buf.truncate(n as usize);
            Ok(buf)
        }
        fn realpath(&self, _out: Outside, path: &CStr) -> Res<Vec<u8>> {
            let p = unsafe { libc::realpath(path.as_ptr(), std::ptr::null_mut()) };
            if p.is_null() { return Err(Errno::last()) }
            // SAFETY of both: not null; a C string of this call's own, which is copied before it is freed.
            let name = unsafe { bytes(p) };
            unsafe { libc::free(p.cast()) };
            Ok(name)
        }
        fn getcwd(&self, _out: Outside) -> Res<Vec<u8>> {
            let mut buf = vec![0u8; 1024];
            loop {
                if !unsafe { libc::getcwd(buf.as_mut_ptr().cast(), buf.len()) }.is_null() {
                    buf.truncate(buf.iter().position(|b| *b == 0).unwrap_or(buf.len()));
                    return Ok(buf)
                }
                let e = Errno::last();
                if e != Errno::ERANGE { return Err(e) }
                buf.resize(buf.len() * 2, 0);
            }
        }
        fn open_dir(&self, _out: Outside, path: &CStr) -> Res<Box<dyn DirStream>> {
            native_dir(unsafe { libc::opendir(path.as_ptr()) })
        }
        /// Takes `fd` over: closed with the stream.
        fn open_dir_fd(&self, _out: Outside, fd: Fd) -> Res<Box<dyn DirStream>> {
            native_dir(unsafe { libc::fdopendir(fd) })
        }
        fn pathconf(&self, _out: Outside, path: &CStr, name: i32) -> Res<i64> {
            Errno(0).set();
            let v = sys::pathconf(cstr(path), name);
            if v == -1 && Errno::last() != Errno(0) { Err(Errno::last()) } else { Ok(v) }
        }
        fn fpathconf(&self, _out: Outside, fd: Fd, name: i32) -> Res<i64> {
            Errno(0).set();
            let v = sys::fpathconf(fd, name);
            if v == -1 && Errno::last() != Errno(0) { Err(Errno::last()) } else { Ok(v) }
        }

        // ---- changing the tree ----

        fn mkdir(&self, _out: Outside, dir: Fd, path: &CStr, mode: u32) -> Res<()> {
            sys::mkdirat(dir, cstr(path), mode).done()
        }
        /// `flags`: `AT_REMOVEDIR` for folders.
        fn unlink(&self, _out: Outside, dir: Fd, path: &CStr, flags: i32) -> Res<()> {
            sys::unlinkat(dir, cstr(path), flags).done()
        }
        fn rename(&self, _out: Outside, dir: Fd, path: &CStr, to_dir: Fd, to: &CStr) -> Res<()> {
            sys::renameat(dir, cstr(path), to_dir, cstr(to)).done()
        }
        /// `flags`: `AT_SYMLINK_FOLLOW`.
        fn link(&self, _out: Outside, dir: Fd, path: &CStr, to_dir: Fd, to: &CStr, flags: i32) -> Res<()> {
            sys::linkat(dir, cstr(path), to_dir, cstr(to), flags).done()
        }
        fn symlink(&self, _out: Outside, target: &CStr, dir: Fd, path: &CStr) -> Res<()> {
            sys::symlinkat(cstr(target), dir, cstr(path)).done()
        }
        fn mkfifo(&self, _out: Outside, dir: Fd, path: &CStr, mode: u32) -> Res<()> {
            sys::mkfifoat(dir, cstr(path), mode).done()
        }
        fn mknod(&self, _out: Outside, dir: Fd, path: &CStr, mode: u32, device: u64) -> Res<()> {
            sys::mknodat(dir, cstr(path), mode, device).done()
        }
        fn chmod(&self, _out: Outside, dir: Fd, path: &CStr, mode: u32, flags: i32) -> Res<()> {
            sys::fchmodat(dir, cstr(path), mode, flags).done()
        }
        fn fchmod(&self, _out: Outside, fd: Fd, mode: u32) -> Res<()> {
            sys::fchmod(fd, mode).done()
        }
        /// `u32::MAX` keeps the user or the group.
        fn chown(&self, _out: Outside, dir: Fd, path: &CStr, uid: u32, gid: u32, flags: i32) -> Res<()> {
            sys::fchownat(dir, cstr(path), uid, gid, flags).done()
        }
        fn fchown(&self, _out: Outside, fd: Fd, uid: u32, gid: u32) -> Res<()> {
            sys::fchown(fd, uid, gid).done()
        }
        /// Access time, modification time.
        fn utimens(&self, _out: Outside, dir: Fd, path: &CStr, times: [NewTime; 2], flags: i32) -> Res<()> {
            let t = times.map(timespec);
            sys::utimensat(dir, cstr(path), &t, flags).done()
        }
        fn futimens(&self, _out: Outside, fd: Fd, times: [NewTime; 2]) -> Res<()> {
            let t = times.map(timespec);
            sys::futimens(fd, &t).done()
        }
        fn chdir(&self, _out: Outside, path: &CStr) -> Res<()> {
            sys::chdir(cstr(path)).done()
        }
        fn fchdir(&self, _out: Outside, fd: Fd) -> Res<()> {
            sys::fchdir(fd).done()
        }
        fn chroot(&self, _out: Outside, path: &CStr) -> Res<()> {
            sys::chroot(cstr(path)).done()
        }
        fn umask(&self, mask: u32) -> u32 {
            sys::umask(mask)
        }

        // ---- extended attributes ----

        fn getxattr(&self, _out: Outside, what: PathOrFd, name: &CStr) -> Res<Vec<u8>> {
            // SAFETY of all: `sized` gives a buffer of its own and its length.
            sized(|p, n| match what {
                PathOrFd::Path(s) => unsafe { libc::getxattr(s.as_ptr(), name.as_ptr(), p.cast(), n) },
                PathOrFd::Link(s) => unsafe { libc::lgetxattr(s.as_ptr(), name.as_ptr(), p.cast(), n) },
                PathOrFd::Fd(fd) => unsafe { libc::fgetxattr(fd, name.as_ptr(), p.cast(), n) },
            })
        }
        fn setxattr(&self, _out: Outside, what: PathOrFd, name: &CStr, value: &[u8], flags: i32) -> Res<()> {
            let (p, n) = (value.as_ptr().cast(), value.len());
            match what {
                PathOrFd::Path(s) => unsafe { libc::setxattr(s.as_ptr(), name.as_ptr(), p, n, flags) },
                PathOrFd::Link(s) => unsafe { libc::lsetxattr(s.as_ptr(), name.as_ptr(), p, n, flags) },
                PathOrFd::Fd(fd) => unsafe { libc::fsetxattr(fd, name.as_ptr(), p, n, flags) },
            }.done()
        }
        fn removexattr(&self, _out: Outside, what: PathOrFd, name: &CStr) -> Res<()> {
            match what {
                PathOrFd::Path(s) => sys::removexattr(cstr(s), cstr(name)),
                PathOrFd::Link(s) => sys::lremovexattr(cstr(s), cstr(name)),
                PathOrFd::Fd(fd) => sys::fremovexattr(fd, cstr(name)),
            }.done()
        }
        /// The names, each ended by a NUL.
        fn listxattr(&self, _out: Outside, what: PathOrFd) -> Res<Vec<u8>> {
            // SAFETY of all: as in `getxattr`.
            sized(|p, n| match what {
                PathOrFd::Path(s) => unsafe { libc::listxattr(s.as_ptr(), p.cast(), n) },
                PathOrFd::Link(s) => unsafe { libc::llistxattr(s.as_ptr(), p.cast(), n) },
                PathOrFd::Fd(fd) => unsafe { libc::flistxattr(fd, p.cast(), n) },
            })
        }

        // ---- descriptors that are not files ----

        fn memfd_create(&self, name: &CStr, flags: u32) -> Res<Fd> {
            sys::memfd_create(cstr(name), flags).ok()
        }
        fn eventfd(&self, value: u32, flags: i32) -> Res<Fd> {
            sys::eventfd(value, flags).ok()
        }
        fn timerfd_create(&self, clock: i32, flags: i32) -> Res<Fd> {
            sys::timerfd_create(clock, flags).ok()
        }
        /// Interval and first expiration in nanoseconds; the old values are returned.
        fn timerfd_settime(&self, fd: Fd, flags: i32, interval: i64, first: i64) -> Res<(i64, i64)> {
            let new = libc::itimerspec { it_interval: from_nanos(interval), it_value: from_nanos(first) };
            let mut old: libc::itimerspec = zeroed();
            sys::timerfd_settime(fd, flags, &new, &mut old).ok()?;
            Ok((to_nanos(old.it_interval), to_nanos(old.it_value)))
        }
        fn timerfd_gettime(&self, fd: Fd) -> Res<(i64, i64)> {
            let mut old: libc::itimerspec = zeroed();
            sys::timerfd_gettime(fd, &mut old).ok()?;
            Ok((to_nanos(old.it_interval), to_nanos(old.it_value)))
        }
    }
}

/// What an attribute call is about.
#[derive(Clone, Copy)]
pub enum PathOrFd<'a> {
    Path(&'a CStr),
    /// The path itself, if it is a symbolic link.
    Link(&'a CStr),
    Fd(Fd),
}

fn iovecs(parts: Parts) -> Vec<libc::iovec> {
    parts.iter_mut().map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() }).collect()
}

pub(crate) fn const_iovecs(parts: &[&[u8]]) -> Vec<libc::iovec> {
    parts.iter().map(|b| libc::iovec { iov_base: b.as_ptr().cast_mut().cast(), iov_len: b.len() }).collect()
}

fn timespec(t: NewTime) -> libc::timespec {
    match t {
        NewTime::Now => libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW },
        NewTime::Keep => libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_OMIT },
        NewTime::At { secs, nanos } => libc::timespec { tv_sec: secs, tv_nsec: nanos },
    }
}

pub(crate) fn from_nanos(n: i64) -> libc::timespec {
    libc::timespec { tv_sec: n.div_euclid(1_000_000_000), tv_nsec: n.rem_euclid(1_000_000_000) }
}

pub(crate) fn to_nanos(t: libc::timespec) -> i64 {
    t.tv_sec.saturating_mul(1_000_000_000).saturating_add(t.tv_nsec)
}

// The widths of these fields differ between the systems.
#[allow(clippy::unnecessary_cast)]
fn file_stat(st: &libc::stat) -> FileStat {
    FileStat {
        dev: st.st_dev as u64,
        ino: st.st_ino as u64,
        mode: st.st_mode as u32,
        nlink: st.st_nlink as u64,
        uid: st.st_uid,
        gid: st.st_gid,
        rdev: st.st_rdev as u64,
        size: st.st_size,
        blksize: st.st_blksize as i64,
        blocks: st.st_blocks as i64,
        atime: (st.st_atime, st.st_atime_nsec),
        mtime: (st.st_mtime, st.st_mtime_nsec),
        ctime: (st.st_ctime, st.st_ctime_nsec),
    }
}

fn fs_stat(st: &libc::statvfs) -> FsStat {
    FsStat {
        bsize: st.f_bsize,
        frsize: st.f_frsize,
        blocks: st.f_blocks,
        bfree: st.f_bfree,
        bavail: st.f_bavail,
        files: st.f_files,
        ffree: st.f_ffree,
        favail: st.f_favail,
        flag: st.f_flag,
        namemax: st.f_namemax,
        fsid: st.f_fsid,
    }
}

/// Calls that say how much room they want: guess, and ask again while the answer grows.
fn sized(call: impl Fn(*mut u8, usize) -> isize) -> Res<Vec<u8>> {
    let mut buf = vec![0u8; 128];
    loop {
        match call(buf.as_mut_ptr(), buf.len()).ok() {
            Ok(n) => {
                buf.truncate(n as usize);
                return Ok(buf);
            }
            Err(Errno::ERANGE) if buf.len() < 65536 => buf.resize(65536, 0),
            Err(e) => return Err(e),
        }
    }
}

struct NativeDir(*mut libc::DIR);

// SAFETY: a DIR may be used by any thread, one at a time; `next` takes `&mut self`.
unsafe impl Send for NativeDir {}

fn native_dir(dir: *mut libc::DIR) -> Res<Box<dyn DirStream>> {
    if dir.is_null() { Err(Errno::last()) } else { Ok(Box::new(NativeDir(dir))) }
}

impl DirStream for NativeDir {
    fn next(&mut self, _out: Outside) -> Res<Option<DirEntry>> {
        loop {
            Errno(0).set();
            // SAFETY: `native_dir` lets no null in, and the stream is open until `drop`.
            let entry = unsafe { libc::readdir(self.0) };
            if entry.is_null() {
                let e = Errno::last();
                return if e == Errno(0) { Ok(None) } else { Err(e) };
            }
            // SAFETY: the entry lives until the next call on this stream. It may be shorter than its type says, so there is
            // no reference to it.
            let (name, ino, kind) = unsafe {
                let name = CStr::from_ptr((&raw const (*entry).d_name).cast()).to_bytes();
                (name, (*entry).d_ino, (*entry).d_type)
            };
            if name != b"." && name != b".." {
                return Ok(Some(DirEntry { name: name.to_vec(), ino, kind }));
            }
        }
    }

    fn rewind(&mut self) {
        // SAFETY: as in `next`.
        unsafe { libc::rewinddir(self.0) }
    }
}

impl Drop for NativeDir {
    fn drop(&mut self) {
        // SAFETY: as in `next`; nobody has the stream any more.
        unsafe { libc::closedir(self.0) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CWD, NativeHost};
    use std::ffi::CString;

    const H: NativeHost = NativeHost;

    #[test]
    fn a_file_is_written_read_listed_and_removed() {
        Outside::region(|o| {
            let dir = format!("{}/adder-host-{}-fs", std::env::temp_dir().display(), std::process::id());
            let dir_c = CString::new(dir.clone()).unwrap();
            H.mkdir(o, CWD, &dir_c, 0o755).unwrap();
            assert_eq!(H.mkdir(o, CWD, &dir_c, 0o755), Err(Errno::EEXIST));
            let path = CString::new(format!("{dir}/f")).unwrap();
            let fd = H.open(o, CWD, &path, libc::O_RDWR | libc::O_CREAT, 0o644).unwrap();
            assert!(!H.get_inheritable(fd).unwrap());
            H.set_inheritable(fd, true).unwrap();
            assert!(H.get_inheritable(fd).unwrap());
            assert_eq!(H.writev(o, fd, &[b"hel", b"lo"]).unwrap(), 5);
            assert_eq!(H.lseek(o, fd, 1, libc::SEEK_SET).unwrap(), 1);
            let (mut a, mut b) = ([0; 2], [0; 9]);
            assert_eq!(H.readv(o, fd, &mut [&mut a, &mut b]).unwrap(), 4);
            assert_eq!((&a, &b[..2]), (b"el", &b"lo"[..]));
            assert_eq!(H.pread(o, fd, &mut b, 3).unwrap(), 2);
            H.futimens(o, fd, [NewTime::Keep, NewTime::At { secs: -5, nanos: 7 }]).unwrap();
            let st = H.fstat(o, fd).unwrap();
            assert_eq!((st.size, st.mtime, st.mode), (5, (-5, 7), libc::S_IFREG | 0o644));
            assert_eq!(H.stat(o, CWD, &path, 0).unwrap().ino, st.ino);
            H.close(o, fd).unwrap();
            assert_eq!(H.close(o, fd), Err(Errno::EBADF));

            let mut s = H.open_dir(o, &dir_c).unwrap();
            let e = s.next(o).unwrap().unwrap();
            assert_eq!((e.name.as_slice(), e.kind), (&b"f"[..], libc::DT_REG));
            assert_eq!(s.next(o), Ok(None));
            s.rewind();
            assert!(s.next(o).unwrap().is_some());
            H.unlink(o, CWD, &path, 0).unwrap();
            H.unlink(o, CWD, &dir_c, libc::AT_REMOVEDIR).unwrap();
            assert_eq!(H.stat(o, CWD, &path, 0), Err(Errno::ENOENT));
        });
    }

    #[test]
    fn pipes_and_eventfds() {
        Outside::region(|o| {
            let (r, w) = H.pipe(libc::O_CLOEXEC | libc::O_NONBLOCK).unwrap();
            assert!(!H.get_blocking(r).unwrap());
            assert_eq!(H.read(o, r, &mut [0; 4]), Err(Errno::EAGAIN));
            H.write(o, w, b"x").unwrap();
            let copy = H.dup(r).unwrap();
            assert_eq!(H.read(o, copy, &mut [0; 4]), Ok(1));
            for fd in [r, w, copy] {
                H.close(o, fd).unwrap();
            }
            let e = H.eventfd(3, libc::EFD_CLOEXEC).unwrap();
            let mut b = [0; 8];
            H.read(o, e, &mut b).unwrap();
            assert_eq!(u64::from_ne_bytes(b), 3);
            H.close(o, e).unwrap();
        });
    }
}
