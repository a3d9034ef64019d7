//! Functions on descriptors: opening, reading, writing, positions, pipes, attributes of descriptors.
//!
//! # Safety
//! The system writes to memory that nobody else uses, and only as much of it as it said is looked at.

use super::paths::path_or_fd;
use crate::util::*;
use adder_host::Fd;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::list;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

fn fd(th: Th, v: Option<Value>) -> R<Fd> {
    fileno(th, v.unwrap())
}
fn num(th: Th, v: Option<Value>) -> R<Fd> {
    int_arg(th, v.unwrap())
}

pub static FUNCTIONS: &[NativeDef] = &[
    function(
        "open",
        "($module, /, path, flags, mode=511, *, dir_fd=None)",
        "Open a file for low level IO.  Returns a file descriptor (integer).\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.",
        |th, a| {
            let p = Path::new(th, "open", "path", a[0], PathKind::default())?;
            let flags = num(th, a[1])?;
            let mode = int_or(th, a[2], 0o777)? as u32;
            let d = dir_fd(th, a[3])?;
            // The file is opened so that programs that are run do not get it.
            let shown = flags | c::O_CLOEXEC;
            crate::audit(th, "open", &[p.object, NONE(), Value::fix(shown as i64)])?;
            let fd = p.call(th, |h, o| crate::library::open(h, o, d, &p.c, flags, mode))?;
            Ok(th.int(fd as i64))
        },
    ),
    function("close", "($module, /, fd)", "Close a file descriptor.", |th, a| {
        let n = num(th, a[0])?;
        ok(th, outside(th, |h, o| h.close(o, n)).or_else(|e| if e.0 == c::EINTR { Ok(()) } else { Err(e) }))?;
        none()
    }),
    function(
        "closerange",
        "($module, fd_low, fd_high, /)",
        "Closes all file descriptors in [fd_low, fd_high), ignoring errors.",
        |th, a| {
            let (low, high) = (num(th, a[0])?, num(th, a[1])?);
            outside(th, |h, o| h.close_range(o, low, high));
            none()
        },
    ),
    function(
        "read",
        "($module, fd, length, /)",
        "Read from a file descriptor.  Returns a bytes object.",
        |th, a| {
            let (n, len) = (num(th, a[0])?, size_arg(th, a[1].unwrap())?);
            if len < 0 {
                return Err(os_error(th, adder_host::Errno::EINVAL));
            }
            read_bytes(th, len as usize, |h, o, b| h.read(o, n, b))
        },
    ),
    function(
        "readinto",
        "($module, fd, buffer, /)",
        "Read into a buffer object from a file descriptor.\n\nThe buffer should be mutable and bytes-like.  On success, returns the\nnumber of bytes read.  Less bytes may be read than the size of the\nbuffer.  The underlying system call will be retried when interrupted by\na signal, unless the signal handler raises an exception.  Other errors\nwill not be retried and an error will be raised.\n\nReturns 0 if *fd* is at end of file or if the provided *buffer* has\nlength 0 (which can be used to check for errors without reading data).\nNever returns negative.",
        |th, a| {
            let n = num(th, a[0])?;
            if n < 0 {
                return Err(os_error(th, adder_host::Errno::EBADF));
            }
            let b = WBuf::get(th, a[1].unwrap())?;
            let got = call(th, |h, o| h.read(o, n, b.bytes_mut()))?;
            Ok(th.int(got as i64))
        },
    ),
    function("write", "($module, fd, data, /)", "Write a bytes object to a file descriptor.", |th, a| {
        let n = num(th, a[0])?;
        let b = Buf::read(th, a[1].unwrap())?;
        let done = call(th, |h, o| h.write(o, n, b.bytes()))?;
        Ok(th.int(done as i64))
    }),
    function(
        "pread",
        "($module, fd, length, offset, /)",
        "Read a number of bytes from a file descriptor starting at a particular offset.\n\nRead length bytes from file descriptor fd, starting at offset bytes from\nthe beginning of the file.  The file offset remains unchanged.",
        |th, a| {
            let (n, len, at) = (num(th, a[0])?, size_arg(th, a[1].unwrap())?, long_arg(th, a[2].unwrap())?);
            if len < 0 {
                return Err(os_error(th, adder_host::Errno::EINVAL));
            }
            read_bytes(th, len as usize, |h, o, b| h.pread(o, n, b, at))
        },
    ),
    function(
        "pwrite",
        "($module, fd, buffer, offset, /)",
        "Write bytes to a file descriptor starting at a particular offset.\n\nWrite buffer to fd, starting at offset bytes from the beginning of\nthe file.  Returns the number of bytes written.  Does not change the\ncurrent file offset.",
        |th, a| {
            let n = num(th, a[0])?;
            let b = Buf::read(th, a[1].unwrap())?;
            let at = long_arg(th, a[2].unwrap())?;
            let done = call(th, |h, o| h.pwrite(o, n, b.bytes(), at))?;
            Ok(th.int(done as i64))
        },
    ),
    function(
        "readv",
        "($module, fd, buffers, /)",
        "Read from a file descriptor fd into an iterable of buffers.\n\nThe buffers should be mutable buffers accepting bytes.\nreadv will transfer data into each buffer until it is full\nand then move on to the next buffer in the sequence to hold\nthe rest of the data.\n\nreadv returns the total number of bytes read,\nwhich may be less than the total capacity of all the buffers.",
        |th, a| {
            let n = num(th, a[0])?;
            let mut got = 0;
            with_write_buffers(th, "readv", a[1].unwrap(), &mut |parts| {
                got = call(th, |h, o| h.readv(o, n, parts))?;
                Ok(())
            })?;
            Ok(th.int(got as i64))
        },
    ),
    function(
        "preadv",
        "($module, fd, buffers, offset, flags=0, /)",
        "Reads from a file descriptor into a number of mutable bytes-like objects.\n\nCombines the functionality of readv() and pread().  As readv(), it will\ntransfer data into each buffer until it is full and then move on to the\nnext buffer in the sequence to hold the rest of the data.  Its fourth\nargument, specifies the file offset at which the input operation is to\nbe performed.  It will return the total number of bytes read (which can\nbe less than the total capacity of all the objects).\n\nThe flags argument contains a bitwise OR of zero or more of the\nfollowing flags:\n\n- RWF_HIPRI\n- RWF_NOWAIT\n\nUsing non-zero flags requires Linux 4.6 or newer.",
        |th, a| {
            let (n, at, flags) = (num(th, a[0])?, long_arg(th, a[2].unwrap())?, int_or(th, a[3], 0)?);
            let mut got = 0;
            with_write_buffers(th, "preadv2", a[1].unwrap(), &mut |parts| {
                got = call(th, |h, o| h.preadv(o, n, parts, at, flags))?;
                Ok(())
            })?;
            Ok(th.int(got as i64))
        },
    ),
    function(
        "writev",
        "($module, fd, buffers, /)",
        "Iterate over buffers, and write the contents of each to a file descriptor.\n\nReturns the total number of bytes written.\nbuffers must be a sequence of bytes-like objects.",
        |th, a| {
            let n = num(th, a[0])?;
            let mut done = 0;
            with_read_buffers(th, "writev", a[1].unwrap(), &mut |parts| {
                done = call(th, |h, o| h.writev(o, n, parts))?;
                Ok(())
            })?;
            Ok(th.int(done as i64))
        },
    ),
    function(
        "pwritev",
        "($module, fd, buffers, offset, flags=0, /)",
        "Writes the contents of bytes-like objects to a file descriptor at a given offset.\n\nCombines the functionality of writev() and pwrite(). All buffers must be\na sequence of bytes-like objects.  Buffers are processed in array order.\nEntire contents of first buffer is written before proceeding to second,\nand so on. The operating system may set a limit (sysconf() value\nSC_IOV_MAX) on the number of buffers that can be used.\nThis function writes the contents of each object to the file descriptor\nand returns the total number of bytes written.\n\nThe flags argument contains a bitwise OR of zero or more of the\nfollowing flags:\n\n- RWF_DSYNC\n- RWF_SYNC\n- RWF_APPEND\n\nUsing non-zero flags requires Linux 4.7 or newer.",
        |th, a| {
            let (n, at, flags) = (num(th, a[0])?, long_arg(th, a[2].unwrap())?, int_or(th, a[3], 0)?);
            let mut done = 0;
            with_read_buffers(th, "pwritev", a[1].unwrap(), &mut |parts| {
                done = call(th, |h, o| h.pwritev(o, n, parts, at, flags))?;
                Ok(())
            })?;
            Ok(th.int(done as i64))
        },
    ),
    function(
        "lseek",
        "($module, fd, position, whence, /)",
        "Set the position of a file descriptor.  Return the new position.\n\n  fd\n    An open file descriptor, as returned by os.open().\n  position\n    Position, interpreted relative to 'whence'.\n  whence\n    The relative position to seek from. Valid values are:\n    - SEEK_SET: seek from the start of the file.\n    - SEEK_CUR: seek from the current file position.\n    - SEEK_END: seek from the end of the file.\n\nThe return value is the number of bytes relative to the beginning of\nthe file.",
        |th, a| {
            let (n, at, how) = (num(th, a[0])?, long_arg(th, a[1].unwrap())?, num(th, a[2])?);
            let r = outside(th, |h, o| h.lseek(o, n, at, how));
            Ok(th.int(ok(th, r)?))
        },
    ),
    function("dup", "($module, fd, /)", "Return a duplicate of a file descriptor.", |th, a| {
        let n = num(th, a[0])?;
        Ok(th.int(ok(th, host().dup(n))? as i64))
    }),
    function("dup2", "($module, /, fd, fd2, inheritable=True)", "Duplicate file descriptor.", |th, a| {
        let (n, to, inh) = (num(th, a[0])?, num(th, a[1])?, bool_or(th, a[2], true)?);
        if n < 0 || to < 0 {
            return Err(os_error(th, adder_host::Errno::EBADF));
        }
        let r = outside(th, |h, o| h.dup2(o, n, to, inh));
        Ok(th.int(ok(th, r)? as i64))
    }),
    function(
        "lockf",
        "($module, fd, command, length, /)",
        "Apply, test or remove a POSIX lock on an open file descriptor.\n\n  fd\n    An open file descriptor.\n  command\n    One of F_LOCK, F_TLOCK, F_ULOCK or F_TEST.\n  length\n    The number of bytes to lock, starting at the current position.",
        |th, a| {
            let (n, cmd, len) = (num(th, a[0])?, num(th, a[1])?, long_arg(th, a[2].unwrap())?);
            call(th, |h, o| h.lockf(o, n, cmd, len))?;
            none()
        },
    ),
    function(
        "isatty",
        "($module, fd, /)",
        "Return True if the fd is connected to a terminal.\n\nReturn True if the file descriptor is an open file descriptor\nconnected to the slave end of a terminal.",
        |th, a| {
            let n = num(th, a[0])?;
            Ok(Value::bool(host().isatty(n)))
        },
    ),
    function(
        "pipe",
        "($module, /)",
        "Create a pipe.\n\nReturns a tuple of two file descriptors:\n  (read_fd, write_fd)",
        |th, _| {
            let (r, w) = ok(th, host().pipe(c::O_CLOEXEC))?;
            Ok(th.tuple(&[th.int(r as i64), th.int(w as i64)]))
        },
    ),
    function(
        "pipe2",
        "($module, flags, /)",
        "Create a pipe with flags set atomically.\n\nReturns a tuple of two file descriptors:\n  (read_fd, write_fd)\n\nflags can be constructed by ORing together one or more of these values:\nO_NONBLOCK, O_CLOEXEC.",
        |th, a| {
            let (r, w) = ok(th, host().pipe(num(th, a[0])?))?;
            Ok(th.tuple(&[th.int(r as i64), th.int(w as i64)]))
        },
    ),
    function("fsync", "($module, /, fd)", "Force write of fd to disk.", |th, a| {
        let n = fd(th, a[0])?;
        call(th, |h, o| h.fsync(o, n))?;
        none()
    }),
    function(
        "fdatasync",
        "($module, /, fd)",
        "Force write of fd to disk without forcing update of metadata.",
        |th, a| {
            let n = fd(th, a[0])?;
            call(th, |h, o| h.fdatasync(o, n))?;
            none()
        },
    ),
    function("sync", "($module, /)", "Force write of everything to disk.", |th, _| {
        outside(th, |h, o| h.sync(o));
        none()
    }),
    function(
        "ftruncate",
        "($module, fd, length, /)",
        "Truncate a file, specified by file descriptor, to a specific length.",
        |th, a| {
            let (n, len) = (num(th, a[0])?, long_arg(th, a[1].unwrap())?);
            crate::audit(th, "os.truncate", &[Value::fix(n as i64), th.int(len)])?;
            call(th, |h, o| h.ftruncate(o, n, len))?;
            none()
        },
    ),
    function(
        "truncate",
        "($module, /, path, length)",
        "Truncate a file, specified by path, to a specific length.\n\nOn some platforms, path may also be specified as an open file\ndescriptor.  If this functionality is unavailable, using it raises\nan exception.",
        |th, a| {
            let p = path_or_fd(th, "truncate", a[0])?;
            let len = long_arg(th, a[1].unwrap())?;
            crate::audit(th, "os.truncate", &[p.object, th.int(len)])?;
            p.call(th, |h, o| match p.fd {
                Some(fd) => h.ftruncate(o, fd, len),
                None => h.truncate(o, &p.c, len),
            })?;
            none()
        },
    ),
    function(
        "posix_fallocate",
        "($module, fd, offset, length, /)",
        "Ensure a file has allocated at least a particular number of bytes on disk.\n\nEnsure that the file specified by fd encompasses a range of bytes\nstarting at offset bytes from the beginning and continuing for length\nbytes.",
        |th, a| {
            let (n, at, len) = (num(th, a[0])?, long_arg(th, a[1].unwrap())?, long_arg(th, a[2].unwrap())?);
            call(th, |h, o| h.fallocate(o, n, at, len))?;
            none()
        },
    ),
    function(
        "posix_fadvise",
        "($module, fd, offset, length, advice, /)",
        "Announce an intention to access data in a specific pattern.\n\nAnnounce an intention to access data in a specific pattern, thus\nallowing the kernel to make optimizations.\nThe advice applies to the region of the file specified by fd starting at\noffset and continuing for length bytes.\nadvice is one of POSIX_FADV_NORMAL, POSIX_FADV_SEQUENTIAL,\nPOSIX_FADV_RANDOM, POSIX_FADV_NOREUSE, POSIX_FADV_WILLNEED, or\nPOSIX_FADV_DONTNEED.",
        |th, a| {
            let (n, at, len) = (num(th, a[0])?, long_arg(th, a[1].unwrap())?, long_arg(th, a[2].unwrap())?);
            let advice = num(th, a[3])?;
            call(th, |h, o| h.fadvise(o, n, at, len, advice))?;
            none()
        },
    ),
    function(
        "sendfile",
        "($module, /, out_fd, in_fd, offset, count)",
        "Copy count bytes from file descriptor in_fd to file descriptor out_fd.",
        |th, a| {
            let (to, from) = (num(th, a[0])?, num(th, a[1])?);
            let at = given(a[2]).map(|v| long_arg(th, v)).transpose()?;
            let count = count_arg(th, "sendfile", a[3])?;
            let n = call(th, |h, o| h.sendfile(o, to, from, at, count))?;
            Ok(th.int(n as i64))
        },
    ),
    function(
        "copy_file_range",
        "($module, /, src, dst, count, offset_src=None,\n                offset_dst=None)",
        "Copy count bytes from one file descriptor to another.\n\n  src\n    Source file descriptor.\n  dst\n    Destination file descriptor.\n  count\n    Number of bytes to copy.\n  offset_src\n    Starting offset in src.\n  offset_dst\n    Starting offset in dst.\n\nIf offset_src is None, then src is read from the current position;\nrespectively for offset_dst.",
        |th, a| {
            let (from, to) = (num(th, a[0])?, num(th, a[1])?);
            let count = count_arg(th, "", a[2])?;
            let x = given(a[3]).map(|v| long_arg(th, v)).transpose()?;
            let y = given(a[4]).map(|v| long_arg(th, v)).transpose()?;
            let n = call(th, |h, o| h.copy_file_range(o, from, x, to, y, count))?;
            Ok(th.int(n as i64))
        },
    ),
    function(
        "splice",
        "($module, /, src, dst, count, offset_src=None, offset_dst=None,\n       flags=0)",
        "Transfer count bytes from one pipe to a descriptor or vice versa.\n\n  src\n    Source file descriptor.\n  dst\n    Destination file descriptor.\n  count\n    Number of bytes to copy.\n  offset_src\n    Starting offset in src.\n  offset_dst\n    Starting offset in dst.\n  flags\n    Flags to modify the semantics of the call.\n\nIf offset_src is None, then src is read from the current position;\nrespectively for offset_dst. The offset associated to the file\ndescriptor that refers to a pipe must be None.",
        |th, a| {
            let (from, to) = (num(th, a[0])?, num(th, a[1])?);
            let count = count_arg(th, "", a[2])?;
            let x = given(a[3]).map(|v| long_arg(th, v)).transpose()?;
            let y = given(a[4]).map(|v| long_arg(th, v)).transpose()?;
            let flags = a[5].map_or(Ok(0), |v| uint_arg(th, v))?;
            let n = call(th, |h, o| h.splice(o, from, x, to, y, count, flags))?;
            Ok(th.int(n as i64))
        },
    ),
    function(
        "get_inheritable",
        "($module, fd, /)",
        "Get the close-on-exe flag of the specified file descriptor.",
        |th, a| {
            let n = num(th, a[0])?;
            Ok(Value::bool(ok(th, host().get_inheritable(n))?))
        },
    ),
    function(
        "set_inheritable",
        "($module, fd, inheritable, /)",
        "Set the inheritable flag of the specified file descriptor.",
        |th, a| {
            let (n, yes) = (num(th, a[0])?, num(th, a[1])?);
            ok(th, host().set_inheritable(n, yes != 0))?;
            none()
        },
    ),
    function(
        "get_blocking",
        "($module, fd, /)",
        "Get the blocking mode of the file descriptor.\n\nReturn False if the O_NONBLOCK flag is set, True if the flag is cleared.",
        |th, a| {
            let n = num(th, a[0])?;
            Ok(Value::bool(ok(th, host().get_blocking(n))?))
        },
    ),
    function(
        "set_blocking",
        "($module, fd, blocking, /)",
        "Set the blocking mode of the specified file descriptor.\n\nSet the O_NONBLOCK flag if blocking is False,\nclear the O_NONBLOCK flag otherwise.",
        |th, a| {
            let (n, yes) = (num(th, a[0])?, bool_or(th, a[1], true)?);
            ok(th, host().set_blocking(n, yes))?;
            none()
        },
    ),
    function(
        "fchdir",
        "($module, /, fd)",
        "Change to the directory of the given file descriptor.\n\nfd must be opened on a directory, not a file.\nEquivalent to os.chdir(fd).",
        |th, a| {
            let n = fd(th, a[0])?;
            call(th, |h, o| h.fchdir(o, n))?;
            none()
        },
    ),
    function(
        "fchmod",
        "($module, /, fd, mode)",
        "Change the access permissions of the file given by file descriptor fd.\n\n  fd\n    The file descriptor of the file to be modified.\n  mode\n    Operating-system mode bitfield.\n    Be careful when using number literals for *mode*.  The conventional\n    UNIX notation for numeric modes uses an octal base, which needs to\n    be indicated with a ``0o`` prefix in Python.\n\nEquivalent to os.chmod(fd, mode).",
        |th, a| {
            let (n, mode) = (num(th, a[0])?, num(th, a[1])?);
            call(th, |h, o| h.fchmod(o, n, mode as u32))?;
            none()
        },
    ),
    function(
        "fchown",
        "($module, /, fd, uid, gid)",
        "Change the owner and group id of the file specified by file descriptor.\n\nEquivalent to os.chown(fd, uid, gid).",
        |th, a| {
            let n = num(th, a[0])?;
            let (u, g) = (id_arg(th, a[1].unwrap(), "uid")?, id_arg(th, a[2].unwrap(), "gid")?);
            let what = [Value::fix(n as i64), th.int(u as i64), th.int(g as i64), Value::fix(-1)];
            crate::audit(th, "os.chown", &what)?;
            call(th, |h, o| h.fchown(o, n, u, g))?;
            none()
        },
    ),
    function(
        "device_encoding",
        "($module, /, fd)",
        "Return a string describing the encoding of a terminal's file descriptor.\n\nThe file descriptor must be attached to a terminal.\nIf the device is not a terminal, return None.",
        |th, a| {
            let n = num(th, a[0])?;
            if !host().isatty(n) {
                return none();
            }
            Ok(th.str("utf-8"))
        },
    ),
    function(
        "eventfd",
        "($module, /, initval, flags=EFD_CLOEXEC)",
        "Creates and returns an event notification file descriptor.",
        |th, a| {
            let v = uint_arg(th, a[0].unwrap())?;
            let fd = ok(th, host().eventfd(v, int_or(th, a[1], c::EFD_CLOEXEC)?))?;
            Ok(th.int(fd as i64))
        },
    ),
    function("eventfd_read", "($module, /, fd)", "Read eventfd value", |th, a| {
        let n = fd(th, a[0])?;
        let mut b = [0u8; 8];
        call(th, |h, o| h.read(o, n, &mut b))?;
        wide(th, u64::from_ne_bytes(b) as i128)
    }),
    function("eventfd_write", "($module, /, fd, value)", "Write eventfd value.", |th, a| {
        let n = fd(th, a[0])?;
        let v = u64_arg(th, a[1].unwrap())?;
        call(th, |h, o| h.write(o, n, &v.to_ne_bytes()))?;
        none()
    }),
    function("memfd_create", "($module, /, name, flags=MFD_CLOEXEC)", "", |th, a| {
        let name = fs_path(th, a[0].unwrap())?;
        let flags = a[1].map_or(Ok(c::MFD_CLOEXEC), |v| uint_arg(th, v))?;
        Ok(th.int(ok(th, host().memfd_create(&name, flags))? as i64))
    }),
];

fn count_arg(th: Th, _f: &str, v: Option<Value>) -> R<usize> {
    let n = size_arg(th, v.unwrap())?;
    if n < 0 {
        return Err(th.value_error("negative value for 'count' not allowed"));
    }
    Ok(n as usize)
}

/// A C `unsigned long long`.
pub fn u64_arg(th: Th, v: Value) -> R<u64> {
    let i = th.index(v)?;
    match adder_vm::builtins::int::to_i64(i) {
        Some(n) if n >= 0 => Ok(n as u64),
        Some(_) => Err(th.overflow_error("can't convert negative int to unsigned")),
        None if adder_vm::builtins::int::is_negative(i) => {
            Err(th.overflow_error("can't convert negative int to unsigned"))
        }
        None => adder_vm::builtins::int::to_u64(i).ok_or_else(|| th.overflow_error("int too big to convert")),
    }
}

/// A user's or group's number: -1 is "unchanged".
pub fn id_arg(th: Th, v: Value, what: &str) -> R<u32> {
    if th.type_of(v).slots.index.is_none() {
        return Err(th.type_error(format!("{what} should be integer, not {}", th.type_name_of(v))));
    }
    let i = th.index(v)?;
    match adder_vm::builtins::int::to_i64(i) {
        Some(-1) => Ok(u32::MAX),
        Some(n) if n < 0 => Err(th.overflow_error(format!("{what} is less than minimum"))),
        Some(n) if n < u32::MAX as i64 => Ok(n as u32),
        None if adder_vm::builtins::int::is_negative(i) => {
            Err(th.overflow_error(format!("{what} is less than minimum")))
        }
        _ => Err(th.overflow_error(format!("{what} is greater than maximum"))),
    }
}

/// A bytes object filled by a read of at most `len` bytes.
pub fn read_bytes(
    th: Th,
    len: usize,
    mut f: impl FnMut(&'static dyn adder_host::Host, adder_host::Outside, &mut [u8]) -> adder_host::Res<usize>,
) -> R<Value> {
    // What a read may give at most.
    let len = len.min(0x7fff_f000);
    if len <= 4096 {
        let mut b = [0u8; 4096];
        let n = call(th, |h, o| f(h, o, &mut b[..len]))?;
        return new_bytes(th, &b[..n]);
    }
    let mut b: Vec<u8> = Vec::new();
    if b.try_reserve_exact(len).is_err() {
        return Err(th.memory_error());
    }
    // SAFETY: only what the system has written is looked at.
    let room = unsafe { std::slice::from_raw_parts_mut(b.as_mut_ptr(), len) };
    let n = call(th, |h, o| f(h, o, room))?;
    new_bytes(th, &room[..n])
}

fn sequence(th: Th, func: &str, v: Value) -> R<Gc<Tuple>> {
    if v.is_kind(Kind::Tuple) {
        return Ok(v.cast().unwrap());
    }
    if th.type_of(v).slots.getitem.is_none() || v.is_kind(Kind::Dict) {
        return Err(th.type_error(format!("{func}() arg 2 must be a sequence")));
    }
    let l = list::from_iterable(th, v)?;
    list::snapshot(th, l).map(|t| t.cast().unwrap())
}
/// Calls `f` with the memory of a sequence of writable buffers.
fn with_write_buffers(th: Th, func: &str, v: Value, f: &mut dyn FnMut(&mut [&mut [u8]]) -> R<()>) -> R<()> {
    let t = sequence(th, func, v)?;
    let mut bufs: Vec<WBuf> = Vec::new(); // gc-safe: `t` keeps the objects
    for x in t.items() {
        bufs.push(WBuf::get(th, *x)?);
    }
    let mut parts: Vec<&mut [u8]> = bufs.iter().map(|b| b.bytes_mut()).collect();
    let r = f(&mut parts);
    std::hint::black_box(t);
    r
}
fn with_read_buffers(th: Th, func: &str, v: Value, f: &mut dyn FnMut(&[&[u8]]) -> R<()>) -> R<()> {
    let t = sequence(th, func, v)?;
    let mut bufs: Vec<Buf> = Vec::new(); // gc-safe: `t` keeps the objects
    for x in t.items() {
        bufs.push(Buf::read(th, *x)?);
    }
    let parts: Vec<&[u8]> = bufs.iter().map(|b| b.bytes()).collect();
    let r = f(&parts);
    std::hint::black_box(t);
    r
}

#[allow(unused)]
fn _e() -> &'static TypeCell {
    &exc::OS_ERROR
}
