//! `stat`, `fstat`, `lstat`, `statvfs` and their results.

use crate::util::*;
use adder_host::fs::{FileStat, FsStat};
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::structseq;
use adder_vm::thread::Th;
use adder_vm::value::*;

structseq! {
    pub STAT_RESULT "os.stat_result" 10
    "stat_result: Result from stat, fstat, or lstat.\n\nThis object may be accessed either as a tuple of\n  (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime)\nor via the attributes st_mode, st_ino, st_dev, st_nlink, and so on.\n\nPosix/windows: If your platform supports st_blksize, st_blocks, st_rdev,\nor st_flags, they are available as attributes only.\n\nSee os.stat for more information." tflags::SHOWN_AS_HEAP; [
        ("st_mode", "protection bits"), ("st_ino", "inode"), ("st_dev", "device"), ("st_nlink", "number of hard links"),
        ("st_uid", "user ID of owner"), ("st_gid", "group ID of owner"), ("st_size", "total size, in bytes"),
        ("", "integer time of last access"), ("", "integer time of last modification"), ("", "integer time of last change"),
        ("st_atime", "time of last access"), ("st_mtime", "time of last modification"), ("st_ctime", "time of last change"),
        ("st_atime_ns", "time of last access in nanoseconds"), ("st_mtime_ns", "time of last modification in nanoseconds"),
        ("st_ctime_ns", "time of last change in nanoseconds"), ("st_blksize", "blocksize for filesystem I/O"),
        ("st_blocks", "number of blocks allocated"), ("st_rdev", "device type (if inode device)"),
    ]
}
structseq! {
    pub STATVFS_RESULT "os.statvfs_result" 10
    "statvfs_result: Result from statvfs or fstatvfs.\n\nThis object may be accessed either as a tuple of\n  (bsize, frsize, blocks, bfree, bavail, files, ffree, favail, flag, namemax),\nor via the attributes f_bsize, f_frsize, f_blocks, f_bfree, and so on.\n\nSee os.statvfs for more information." tflags::SHOWN_AS_HEAP; [
        ("f_bsize", ""), ("f_frsize", ""), ("f_blocks", ""), ("f_bfree", ""), ("f_bavail", ""), ("f_files", ""),
        ("f_ffree", ""), ("f_favail", ""), ("f_flag", ""), ("f_namemax", ""), ("f_fsid", ""),
    ]
}

pub static FUNCTIONS: &[NativeDef] = &[
    function(
        "stat",
        "($module, /, path, *, dir_fd=None, follow_symlinks=True)",
        "Perform a stat system call on the given path.\n\n  path\n    Path to be examined; can be string, bytes, a path-like object or\n    open-file-descriptor int.\n  dir_fd\n    If not None, it should be a file descriptor open to a directory,\n    and path should be a relative string; path will then be relative to\n    that directory.\n  follow_symlinks\n    If False, and the last element of the path is a symbolic link,\n    stat will examine the symbolic link itself instead of the file\n    the link points to.\n\ndir_fd and follow_symlinks may not be implemented\n  on your platform.  If they are unavailable, using them will raise a\n  NotImplementedError.\n\nIt's an error to use dir_fd or follow_symlinks when specifying path as\n  an open file descriptor.",
        |th, a| {
            let follow = bool_or(th, a[2], true)?;
            stat(th, "stat", a[0], a[1], follow)
        },
    ),
    function(
        "lstat",
        "($module, /, path, *, dir_fd=None)",
        "Perform a stat system call on the given path, without following symbolic links.\n\nLike stat(), but do not follow symbolic links.\nEquivalent to stat(path, follow_symlinks=False).",
        |th, a| stat(th, "lstat", a[0], a[1], false),
    ),
    function(
        "fstat",
        "($module, /, fd)",
        "Perform a stat system call on the given file descriptor.\n\nLike stat(), but for an open file descriptor.\nEquivalent to os.stat(fd).",
        |th, a| {
            let fd = int_arg(th, a[0].unwrap())?;
            let st = call(th, |h, o| h.fstat(o, fd))?;
            stat_result(th, &st)
        },
    ),
    function(
        "statvfs",
        "($module, /, path)",
        "Perform a statvfs system call on the given path.\n\npath may always be specified as a string.\nOn some platforms, path may also be specified as an open file\ndescriptor.  If this functionality is unavailable, using it raises\nan exception.",
        |th, a| {
            let p = Path::new(th, "statvfs", "path", a[0], PathKind { fd: true, ..Default::default() })?;
            let st = p.call(th, |h, o| match p.fd {
                Some(fd) => h.fstatvfs(o, fd),
                None => {
                    let of_program = || h.statvfs(o, c"/proc/self/exe");
                    crate::library::or(h.statvfs(o, &p.c), adder_host::CWD, &p.c, of_program)
                }
            })?;
            statvfs_result(th, &st)
        },
    ),
    function(
        "fstatvfs",
        "($module, fd, /)",
        "Perform an fstatvfs system call on the given fd.\n\nEquivalent to statvfs(fd).",
        |th, a| {
            let fd = int_arg(th, a[0].unwrap())?;
            let st = call(th, |h, o| h.fstatvfs(o, fd))?;
            statvfs_result(th, &st)
        },
    ),
];

fn stat(th: Th, func: &str, path: Option<Value>, dir: Option<Value>, follow: bool) -> R<Value> {
    let kind = PathKind { fd: func == "stat", ..Default::default() };
    let p = Path::new(th, func, "path", path, kind)?;
    let d = dir_fd(th, dir)?;
    if p.fd.is_some() {
        if d != adder_host::CWD {
            return Err(th.value_error(format!("{func}: can't specify dir_fd without matching path")));
        }
        if !follow {
            return Err(th.value_error(format!("{func}: cannot use fd and follow_symlinks together")));
        }
    }
    let flags = if follow { 0 } else { c::AT_SYMLINK_NOFOLLOW };
    let st = p.call(th, |h, o| match p.fd {
        Some(fd) => h.fstat(o, fd),
        None => crate::library::stat(h, o, d, &p.c, flags),
    })?;
    stat_result(th, &st)
}

/// A time as CPython's `st_mtime` has it.
pub fn seconds(t: (i64, i64)) -> f64 {
    t.0 as f64 + 1e-9 * t.1 as f64
}

pub fn stat_result(th: Th, st: &FileStat) -> R<Value> {
    let n = |x: i64| th.int(x);
    let ns = |t: (i64, i64)| wide(th, t.0 as i128 * 1_000_000_000 + t.1 as i128);
    let (fa, fm, fc) =
        (th.float(seconds(st.atime)), th.float(seconds(st.mtime)), th.float(seconds(st.ctime)));
    let (na, nm, nc) = (ns(st.atime)?, ns(st.mtime)?, ns(st.ctime)?);
    let big = |x: u64| wide(th, x as i128);
    STAT_RESULT.make(
        th,
        &[
            n(st.mode as i64),
            big(st.ino)?,
            big(st.dev)?,
            big(st.nlink)?,
            n(st.uid as i64),
            n(st.gid as i64),
            n(st.size),
            n(st.atime.0),
            n(st.mtime.0),
            n(st.ctime.0),
            fa,
            fm,
            fc,
            na,
            nm,
            nc,
            n(st.blksize),
            n(st.blocks),
            big(st.rdev)?,
        ],
    )
}

fn statvfs_result(th: Th, s: &FsStat) -> R<Value> {
    let b = |x: u64| wide(th, x as i128);
    STATVFS_RESULT.make(
        th,
        &[
            b(s.bsize)?,
            b(s.frsize)?,
            b(s.blocks)?,
            b(s.bfree)?,
            b(s.bavail)?,
            b(s.files)?,
            b(s.ffree)?,
            b(s.favail)?,
            b(s.flag)?,
            b(s.namemax)?,
            b(s.fsid)?,
        ],
    )
}
