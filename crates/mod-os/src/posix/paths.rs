//! Functions on paths: the tree, attributes, links.
//!
//! # Invariants
//! `TextPath::object` keeps the string or bytes that its slice is of; a `TextPath` stays on the native stack.

use super::files::id_arg;
use crate::library;
use crate::util::*;
use adder_host::fs::{NewTime, PathOrFd};
use adder_host::{Errno, Fd};
use adder_vm::builtins::int;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub fn path(th: Th, func: &str, v: Option<Value>) -> R<Path> {
    Path::new(th, func, "path", v, PathKind::default())
}
pub fn path_or_fd(th: Th, func: &str, v: Option<Value>) -> R<Path> {
    Path::new(th, func, "path", v, PathKind { fd: true, nullable: false })
}

pub static FUNCTIONS: &[NativeDef] = &[
    function(
        "mkdir",
        "($module, /, path, mode=511, *, dir_fd=None)",
        "Create a directory.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.\n\nThe mode argument is ignored on Windows.  Where it is used, the current\numask value is first masked out.",
        |th, a| {
            let p = path(th, "mkdir", a[0])?;
            let mode = int_or(th, a[1], 0o777)? as u32;
            let d = dir_fd(th, a[2])?;
            crate::audit(th, "os.mkdir", &[p.object, Value::fix(mode as i64), audit_dir(d)])?;
            p.call(th, |h, o| h.mkdir(o, d, &p.c, mode))?;
            none()
        },
    ),
    function(
        "rmdir",
        "($module, /, path, *, dir_fd=None)",
        "Remove a directory.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative\nto that directory.\ndir_fd may not be implemented on your platform.\nIf it is unavailable, using it will raise a NotImplementedError.",
        |th, a| {
            let p = path(th, "rmdir", a[0])?;
            let d = dir_fd(th, a[1])?;
            crate::audit(th, "os.rmdir", &[p.object, audit_dir(d)])?;
            p.call(th, |h, o| h.unlink(o, d, &p.c, c::AT_REMOVEDIR))?;
            none()
        },
    ),
    function(
        "unlink",
        "($module, /, path, *, dir_fd=None)",
        "Remove a file (same as remove()).\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\ndir_fd may not be implemented on your platform.\nIf it is unavailable, using it will raise a NotImplementedError.",
        |th, a| unlink(th, "unlink", a),
    ),
    function(
        "remove",
        "($module, /, path, *, dir_fd=None)",
        "Remove a file (same as unlink()).\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative\nto that directory.\ndir_fd may not be implemented on your platform.\nIf it is unavailable, using it will raise a NotImplementedError.",
        |th, a| unlink(th, "remove", a),
    ),
    function(
        "rename",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        "Rename a file or directory.\n\nIf either src_dir_fd or dst_dir_fd is not None, it should be a file\ndescriptor open to a directory, and the respective path string (src or\ndst) should be relative; the path will then be relative to that\ndirectory.\nsrc_dir_fd and dst_dir_fd, may not be implemented on your platform.\nIf they are unavailable, using them will raise a NotImplementedError.",
        |th, a| rename(th, "rename", a),
    ),
    function(
        "replace",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None)",
        "Rename a file or directory, overwriting the destination.\n\nIf either src_dir_fd or dst_dir_fd is not None, it should be a file\ndescriptor open to a directory, and the respective path string (src or\ndst) should be relative; the path will then be relative to that\ndirectory.\nsrc_dir_fd and dst_dir_fd, may not be implemented on your platform.\nIf they are unavailable, using them will raise a NotImplementedError.",
        |th, a| rename(th, "replace", a),
    ),
    function(
        "link",
        "($module, /, src, dst, *, src_dir_fd=None, dst_dir_fd=None,\n     follow_symlinks=(os.name != 'nt'))",
        "Create a hard link to a file.\n\nIf either src_dir_fd or dst_dir_fd is not None, it should be a file\ndescriptor open to a directory, and the respective path string (src or\ndst) should be relative; the path will then be relative to that\ndirectory.\nIf follow_symlinks is False, and the last element of src is a symbolic\nlink, link will create a link to the symbolic link itself instead of the\nfile the link points to.\nsrc_dir_fd, dst_dir_fd, and follow_symlinks may not be implemented on\nyour platform.  If they are unavailable, using them will raise\na NotImplementedError.",
        |th, a| {
            let src = Path::new(th, "link", "src", a[0], PathKind::default())?;
            let dst = Path::new(th, "link", "dst", a[1], PathKind::default())?;
            let (d1, d2) = (dir_fd(th, a[2])?, dir_fd(th, a[3])?);
            let flags = if bool_or(th, a[4], true)? { c::AT_SYMLINK_FOLLOW } else { 0 };
            crate::audit(th, "os.link", &[src.object, dst.object, audit_dir(d1), audit_dir(d2)])?;
            retry(th, |h, o| h.link(o, d1, &src.c, d2, &dst.c, flags))?
                .map_err(|e| os_error_files(th, e, src.object, dst.object))?;
            none()
        },
    ),
    function(
        "symlink",
        "($module, /, src, dst, target_is_directory=False, *, dir_fd=None)",
        "Create a symbolic link pointing to src named dst.\n\ntarget_is_directory is required on Windows if the target is to be\ninterpreted as a directory.  (On Windows, symlink requires Windows 6.0\nor greater, and raises a NotImplementedError otherwise.)\ntarget_is_directory is ignored on non-Windows platforms.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative\nto that directory.\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.",
        |th, a| {
            let src = Path::new(th, "symlink", "src", a[0], PathKind::default())?;
            let dst = Path::new(th, "symlink", "dst", a[1], PathKind::default())?;
            let d = dir_fd(th, a[3])?;
            crate::audit(th, "os.symlink", &[src.object, dst.object, audit_dir(d)])?;
            retry(th, |h, o| h.symlink(o, &src.c, d, &dst.c))?
                .map_err(|e| os_error_files(th, e, src.object, dst.object))?;
            none()
        },
    ),
    function(
        "readlink",
        "($module, /, path, *, dir_fd=None)",
        "Return a string representing the path to which the symbolic link points.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\n\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.",
        |th, a| {
            let p = path(th, "readlink", a[0])?;
            let d = dir_fd(th, a[1])?;
            let b = p.call(th, |h, o| library::or(h.readlink(o, d, &p.c), d, &p.c, || Err(Errno::EINVAL)))?;
            p.name(th, &b)
        },
    ),
    function(
        "access",
        "($module, /, path, mode, *, dir_fd=None, effective_ids=False,\n       follow_symlinks=True)",
        "Use the real uid/gid to test for access to a path.\n\n  path\n    Path to be tested; can be string, bytes, or a path-like object.\n  mode\n    Operating-system mode bitfield.  Can be F_OK to test existence,\n    or the inclusive-OR of R_OK, W_OK, and X_OK.\n  dir_fd\n    If not None, it should be a file descriptor open to a directory,\n    and path should be relative; path will then be relative to that\n    directory.\n  effective_ids\n    If True, access will use the effective uid/gid instead of\n    the real uid/gid.\n  follow_symlinks\n    If False, and the last element of the path is a symbolic link,\n    access will examine the symbolic link itself instead of the file\n    the link points to.\n\ndir_fd, effective_ids, and follow_symlinks may not be implemented\n  on your platform.  If they are unavailable, using them will raise a\n  NotImplementedError.\n\nNote that most operations will use the effective uid/gid, therefore this\n  routine can be used in a suid/sgid environment to test if the invoking user\n  has the specified access to the path.",
        |th, a| {
            let p = path(th, "access", a[0])?;
            let mode = int_arg(th, a[1].unwrap())?;
            let d = dir_fd(th, a[2])?;
            let mut flags = 0;
            if bool_or(th, a[3], false)? {
                flags |= c::AT_EACCESS;
            }
            if !bool_or(th, a[4], true)? {
                flags |= c::AT_SYMLINK_NOFOLLOW;
            }
            Ok(Value::bool(retry(th, |h, o| crate::library::access(h, o, d, &p.c, mode, flags))?.is_ok()))
        },
    ),
    function(
        "chdir",
        "($module, /, path)",
        "Change the current working directory to the specified path.\n\npath may always be specified as a string.  On some platforms, path may\nalso be specified as an open file descriptor.  If this functionality is\nunavailable, using it raises an exception.",
        |th, a| {
            let p = path_or_fd(th, "chdir", a[0])?;
            crate::audit(th, "os.chdir", &[p.object])?;
            p.call(th, |h, o| match p.fd {
                Some(fd) => h.fchdir(o, fd),
                None => h.chdir(o, &p.c),
            })?;
            none()
        },
    ),
    function("chroot", "($module, /, path)", "Change root directory to path.", |th, a| {
        let p = path(th, "chroot", a[0])?;
        p.call(th, |h, o| h.chroot(o, &p.c))?;
        none()
    }),
    function(
        "getcwd",
        "($module, /)",
        "Return a unicode string representing the current working directory.",
        |th, _| {
            let b = call(th, |h, o| h.getcwd(o))?;
            fs_decode(th, &b)
        },
    ),
    function(
        "getcwdb",
        "($module, /)",
        "Return a bytes string representing the current working directory.",
        |th, _| {
            let b = call(th, |h, o| h.getcwd(o))?;
            new_bytes(th, &b)
        },
    ),
    function(
        "chmod",
        "($module, /, path, mode, *, dir_fd=None,\n      follow_symlinks=(os.name != 'nt'))",
        "Change the access permissions of a file.\n\n  path\n    Path to be modified.  May always be specified as a str, bytes, or\n    a path-like object.  On some platforms, path may also be specified\n    as an open file descriptor.  If this functionality is unavailable,\n    using it raises an exception.\n  mode\n    Operating-system mode bitfield.\n    Be careful when using number literals for *mode*. The conventional\n    UNIX notation for numeric modes uses an octal base, which needs to\n    be indicated with a ``0o`` prefix in Python.\n  dir_fd\n    If not None, it should be a file descriptor open to a directory,\n    and path should be relative; path will then be relative to that\n    directory.\n  follow_symlinks\n    If False, and the last element of the path is a symbolic link,\n    chmod will modify the symbolic link itself instead of the file\n    the link points to.\n\nIt is an error to use dir_fd or follow_symlinks when specifying path as\n  an open file descriptor.\ndir_fd and follow_symlinks may not be implemented on your platform.\n  If they are unavailable, using them will raise a NotImplementedError.",
        |th, a| {
            let p = path_or_fd(th, "chmod", a[0])?;
            let mode = int_arg(th, a[1].unwrap())? as u32;
            let d = dir_fd(th, a[2])?;
            let follow = bool_or(th, a[3], true)?;
            crate::audit(th, "os.chmod", &[p.object, Value::fix(mode as i64), audit_dir(d)])?;
            let flags = if follow { 0 } else { c::AT_SYMLINK_NOFOLLOW };
            let r = retry(th, |h, o| match p.fd {
                Some(fd) => h.fchmod(o, fd, mode),
                None => h.chmod(o, d, &p.c, mode, flags),
            })?;
            match r {
                Ok(()) => none(),
                Err(e) if !follow && (e.0 == c::ENOTSUP || e.0 == c::ENOSYS) => {
                    if d != adder_host::CWD {
                        return Err(th.value_error("chmod: cannot use dir_fd and follow_symlinks together"));
                    }
                    Err(th.not_implemented_error("chmod: follow_symlinks unavailable on this platform"))
                }
                Err(e) => Err(p.error(th, e)),
            }
        },
    ),
    function(
        "chown",
        "($module, /, path, uid, gid, *, dir_fd=None, follow_symlinks=True)",
        "Change the owner and group id of path to the numeric uid and gid.\n\n  path\n    Path to be examined; can be string, bytes, a path-like object, or\n    open-file-descriptor int.\n  dir_fd\n    If not None, it should be a file descriptor open to a directory,\n    and path should be relative; path will then be relative to that\n    directory.\n  follow_symlinks\n    If False, and the last element of the path is a symbolic link,\n    stat will examine the symbolic link itself instead of the file\n    the link points to.\n\npath may always be specified as a string.  On some platforms, path may\nalso be specified as an open file descriptor.  If this functionality is\nunavailable, using it raises an exception.\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, chown will modify the symbolic link itself instead of\nthe file the link points to.\nIt is an error to use dir_fd or follow_symlinks when specifying path as\nan open file descriptor.\ndir_fd and follow_symlinks may not be implemented on your platform.  If\nthey are unavailable, using them will raise a NotImplementedError.",
        |th, a| {
            let p = path_or_fd(th, "chown", a[0])?;
            let (u, g) = (id_arg(th, a[1].unwrap(), "uid")?, id_arg(th, a[2].unwrap(), "gid")?);
            let d = dir_fd(th, a[3])?;
            let follow = bool_or(th, a[4], true)?;
            no_dir_fd(th, "chown", &p, d, follow)?;
            let what = [p.object, th.int(u as i64), th.int(g as i64), audit_dir(d)];
            crate::audit(th, "os.chown", &what)?;
            let flags = if follow { 0 } else { c::AT_SYMLINK_NOFOLLOW };
            p.call(th, |h, o| match p.fd {
                Some(fd) => h.fchown(o, fd, u, g),
                None => h.chown(o, d, &p.c, u, g, flags),
            })?;
            none()
        },
    ),
    function(
        "lchown",
        "($module, /, path, uid, gid)",
        "Change the owner and group id of path to the numeric uid and gid.\n\nThis function will not follow symbolic links.\nEquivalent to os.chown(path, uid, gid, follow_symlinks=False).",
        |th, a| {
            let p = path(th, "lchown", a[0])?;
            let (u, g) = (id_arg(th, a[1].unwrap(), "uid")?, id_arg(th, a[2].unwrap(), "gid")?);
            let what = [p.object, th.int(u as i64), th.int(g as i64), Value::fix(-1)];
            crate::audit(th, "os.chown", &what)?;
            p.call(th, |h, o| h.chown(o, adder_host::CWD, &p.c, u, g, c::AT_SYMLINK_NOFOLLOW))?;
            none()
        },
    ),
    function(
        "mkfifo",
        "($module, /, path, mode=438, *, dir_fd=None)",
        "Create a \"fifo\" (a POSIX named pipe).\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.",
        |th, a| {
            let p = path(th, "mkfifo", a[0])?;
            let mode = int_or(th, a[1], 0o666)? as u32;
            let d = dir_fd(th, a[2])?;
            p.call(th, |h, o| h.mkfifo(o, d, &p.c, mode))?;
            none()
        },
    ),
    function(
        "mknod",
        "($module, /, path, mode=384, device=0, *, dir_fd=None)",
        "Create a node in the file system.\n\nCreate a node in the file system (file, device special file or named\npipe) at path.  mode specifies both the permissions to use and the\ntype of node to be created, being combined (bitwise OR) with one of\nS_IFREG, S_IFCHR, S_IFBLK, and S_IFIFO.  If S_IFCHR or S_IFBLK is set\non mode, device defines the newly created device special file (probably\nusing os.makedev()).  Otherwise device is ignored.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative\nto that directory.\ndir_fd may not be implemented on your platform.  If it is unavailable,\nusing it will raise a NotImplementedError.",
        |th, a| {
            let p = path(th, "mknod", a[0])?;
            let mode = int_or(th, a[1], 0o600)? as u32;
            let dev = a[2].map_or(Ok(0), |v| super::misc::dev_arg(th, v))?;
            let d = dir_fd(th, a[3])?;
            p.call(th, |h, o| h.mknod(o, d, &p.c, mode, dev))?;
            none()
        },
    ),
    function(
        "utime",
        "($module, /, path, times=None, *, ns=<unrepresentable>,\n      dir_fd=None, follow_symlinks=True)",
        "Set the access and modified time of path.\n\npath may always be specified as a string.  On some platforms, path may\nalso be specified as an open file descriptor.  If this functionality is\nunavailable, using it raises an exception.\n\nIf times is not None, it must be a tuple (atime, mtime);\natime and mtime should be expressed as float seconds since the epoch.\nIf ns is specified, it must be a tuple (atime_ns, mtime_ns);\natime_ns and mtime_ns should be expressed as integer nanoseconds\nsince the epoch.\nIf times is None and ns is unspecified, utime uses the current time.\nSpecifying tuples for both times and ns is an error.\n\nIf dir_fd is not None, it should be a file descriptor open to\na directory, and path should be relative; path will then be relative to\nthat directory.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, utime will modify the symbolic link itself instead of\nthe file the link points to.\nIt is an error to use dir_fd or follow_symlinks when specifying path as\nan open file descriptor.\ndir_fd and follow_symlinks may not be available on your platform.\nIf they are unavailable, using them will raise a NotImplementedError.",
        utime,
    ),
    function(
        "umask",
        "($module, mask, /)",
        "Set the current numeric umask and return the previous umask.",
        |th, a| {
            let m = int_arg(th, a[0].unwrap())?;
            Ok(th.int(host().umask(m as u32) as i64))
        },
    ),
    function(
        "getxattr",
        "($module, /, path, attribute, *, follow_symlinks=True)",
        "Return the value of extended attribute attribute on path.\n\npath may be either a string, a path-like object, or an open file\ndescriptor.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, getxattr will examine the symbolic link itself\ninstead of the file the link points to.",
        |th, a| {
            let p = path_or_fd(th, "getxattr", a[0])?;
            let name = Path::new(th, "getxattr", "attribute", a[1], PathKind::default())?;
            let w = xattr(th, "getxattr", &p, a[2])?;
            crate::audit(th, "os.getxattr", &[p.object, name.object])?;
            let b =
                p.call(th, |h, o| library::xattr(h.getxattr(o, w, &name.c), &w, Err(Errno(c::ENODATA))))?;
            new_bytes(th, &b)
        },
    ),
    function(
        "setxattr",
        "($module, /, path, attribute, value, flags=0, *,\n         follow_symlinks=True)",
        "Set extended attribute attribute on path to value.\n\npath may be either a string, a path-like object,  or an open file\ndescriptor.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, setxattr will modify the symbolic link itself instead\nof the file the link points to.",
        |th, a| {
            let p = path_or_fd(th, "setxattr", a[0])?;
            let name = Path::new(th, "setxattr", "attribute", a[1], PathKind::default())?;
            let b = Buf::read(th, a[2].unwrap())?;
            let flags = int_or(th, a[3], 0)?;
            let w = xattr(th, "setxattr", &p, a[4])?;
            let what = [p.object, name.object, new_bytes(th, b.bytes())?, Value::fix(flags as i64)];
            crate::audit(th, "os.setxattr", &what)?;
            p.call(th, |h, o| {
                library::xattr(h.setxattr(o, w, &name.c, b.bytes(), flags), &w, Err(Errno(c::EROFS)))
            })?;
            none()
        },
    ),
    function(
        "removexattr",
        "($module, /, path, attribute, *, follow_symlinks=True)",
        "Remove extended attribute attribute on path.\n\npath may be either a string, a path-like object, or an open file\ndescriptor.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, removexattr will modify the symbolic link itself\ninstead of the file the link points to.",
        |th, a| {
            let p = path_or_fd(th, "removexattr", a[0])?;
            let name = Path::new(th, "removexattr", "attribute", a[1], PathKind::default())?;
            let w = xattr(th, "removexattr", &p, a[2])?;
            crate::audit(th, "os.removexattr", &[p.object, name.object])?;
            p.call(th, |h, o| library::xattr(h.removexattr(o, w, &name.c), &w, Err(Errno(c::EROFS))))?;
            none()
        },
    ),
    function(
        "listxattr",
        "($module, /, path=None, *, follow_symlinks=True)",
        "Return a list of extended attributes on path.\n\npath may be either None, a string, a path-like object, or an open file\ndescriptor.  If path is None, listxattr will examine the current\ndirectory.\nIf follow_symlinks is False, and the last element of the path is\na symbolic link, listxattr will examine the symbolic link itself instead\nof the file the link points to.",
        |th, a| {
            let p = Path::new(th, "listxattr", "path", a[0], PathKind { fd: true, nullable: true })?;
            let w = xattr(th, "listxattr", &p, a[1])?;
            crate::audit(th, "os.listxattr", &[p.object])?;
            let b = p.call(th, |h, o| library::xattr(h.listxattr(o, w), &w, Ok(Vec::new())))?;
            list_of(th, b.split(|x| *x == 0).filter(|s| !s.is_empty()).map(|s| fs_decode(th, s)))
        },
    ),
    function(
        "pathconf",
        "($module, /, path, name)",
        "Return the configuration limit name for the file or directory path.\n\nIf there is no limit, return -1.\nOn some platforms, path may also be specified as an open file\ndescriptor.  If this functionality is unavailable, using it raises\nan exception.",
        |th, a| {
            let p = path_or_fd(th, "pathconf", a[0])?;
            let name = super::misc::conf_name(th, a[1].unwrap(), adder_host::consts::pathconf())?;
            let v = p.call(th, |h, o| match p.fd {
                Some(fd) => h.fpathconf(o, fd, name),
                None => h.pathconf(o, &p.c, name),
            })?;
            Ok(th.int(v))
        },
    ),
    function(
        "fpathconf",
        "($module, fd, name, /)",
        "Return the configuration limit name for the file descriptor fd.\n\nIf there is no limit, return -1.",
        |th, a| {
            let fd = fileno(th, a[0].unwrap())?;
            let name = super::misc::conf_name(th, a[1].unwrap(), adder_host::consts::pathconf())?;
            Ok(th.int(call(th, |h, o| h.fpathconf(o, fd, name))?))
        },
    ),
    function(
        "fspath",
        "($module, /, path)",
        "Return the file system path representation of the object.\n\nIf the object is str or bytes, then allow it to pass through as-is.  If\nthe object defines __fspath__(), then return the result of that method.\nAll other types raise a TypeError.",
        |th, a| fspath(th, a[0].unwrap()),
    ),
    function(
        "_path_normpath",
        "($module, /, path)",
        "Normalize path, eliminating double slashes, etc.",
        |th, a| {
            let p = text_path(th, "_path_normpath", a[0])?;
            let n = normpath(p.bytes());
            p.make(th, &n)
        },
    ),
    function(
        "_path_splitroot_ex",
        "($module, /, p)",
        "Split a pathname into drive, root and tail.\n\nThe tail contains anything after the root.",
        |th, a| {
            let p = text_path(th, "_path_splitroot_ex", a[0])?;
            let b = p.bytes();
            let root =
                if b.starts_with(b"//") && !b.starts_with(b"///") { 2 } else { b.starts_with(b"/") as usize };
            Ok(th.tuple(&[p.make(th, b"")?, p.make(th, &b[..root])?, p.make(th, &b[root..])?]))
        },
    ),
];

fn audit_dir(d: Fd) -> Value {
    Value::fix(if d == adder_host::CWD { -1 } else { d as i64 })
}

fn no_dir_fd(th: Th, func: &str, p: &Path, d: Fd, follow: bool) -> R<()> {
    if p.fd.is_some() {
        if d != adder_host::CWD {
            return Err(th.value_error(format!("{func}: can't specify dir_fd without matching path")));
        }
        if !follow {
            return Err(th.value_error(format!("{func}: cannot use fd and follow_symlinks together")));
        }
    }
    Ok(())
}

fn unlink(th: Th, func: &str, a: Args) -> R<Value> {
    let p = path(th, func, a[0])?;
    let d = dir_fd(th, a[1])?;
    crate::audit(th, "os.remove", &[p.object, audit_dir(d)])?;
    p.call(th, |h, o| h.unlink(o, d, &p.c, 0))?;
    none()
}

fn rename(th: Th, func: &str, a: Args) -> R<Value> {
    let src = Path::new(th, func, "src", a[0], PathKind::default())?;
    let dst = Path::new(th, func, "dst", a[1], PathKind::default())?;
    let (d1, d2) = (dir_fd(th, a[2])?, dir_fd(th, a[3])?);
    crate::audit(th, "os.rename", &[src.object, dst.object, audit_dir(d1), audit_dir(d2)])?;
    retry(th, |h, o| h.rename(o, d1, &src.c, d2, &dst.c))?
        .map_err(|e| os_error_files(th, e, src.object, dst.object))?;
    none()
}

fn xattr<'a>(th: Th, func: &str, p: &'a Path, follow: Option<Value>) -> R<PathOrFd<'a>> {
    let follow = bool_or(th, follow, true)?;
    no_dir_fd(th, func, p, adder_host::CWD, follow)?;
    Ok(match p.fd {
        Some(fd) => PathOrFd::Fd(fd),
        None if follow => PathOrFd::Path(&p.c),
        None => PathOrFd::Link(&p.c),
    })
}

fn pair(v: Value) -> Option<(Value, Value)> {
    let t = v.exact::<Tuple>()?;
    if t.len == 2 { Some((t.items()[0], t.items()[1])) } else { None }
}

/// Nanoseconds as seconds and rest.
fn split_ns(th: Th, v: Value) -> R<NewTime> {
    let q = th.call_method(v, th.intern("__divmod__"), &[Value::fix(1_000_000_000)])?;
    let Some((s, n)) = pair(q) else {
        return Err(th.type_error(format!(
            "{}.__divmod__() must return a 2-tuple, not {}",
            th.type_name_of(v),
            th.type_name_of(q)
        )));
    };
    let secs = int::to_i64(th.index(s)?)
        .ok_or_else(|| th.overflow_error("timestamp out of range for platform time_t"))?;
    Ok(NewTime::At { secs, nanos: long_arg(th, n)? })
}

fn utime(th: Th, a: Args) -> R<Value> {
    let p = path_or_fd(th, "utime", a[0])?;
    let d = dir_fd(th, a[3])?;
    let follow = bool_or(th, a[4], true)?;
    let times = given(a[1]);
    if times.is_some() && a[2].is_some() {
        return Err(th.value_error("utime: you may specify either 'times' or 'ns' but not both"));
    }
    let new = if let Some(t) = times {
        let Some((x, y)) = pair(t) else {
            return Err(th.type_error("utime: 'times' must be either a tuple of two ints or None"));
        };
        let at = |v: Value| -> R<NewTime> {
            let (secs, nanos) = crate::time::timestamp(th, v, crate::time::Round::Floor)?;
            Ok(NewTime::At { secs, nanos })
        };
        [at(x)?, at(y)?]
    } else if let Some(ns) = a[2] {
        let Some((x, y)) = pair(ns) else {
            return Err(th.type_error("utime: 'ns' must be a tuple of two ints"));
        };
        [split_ns(th, x)?, split_ns(th, y)?]
    } else {
        [NewTime::Now, NewTime::Now]
    };
    no_dir_fd(th, "utime", &p, d, follow)?;
    crate::audit(th, "os.utime", &[p.object, NONE(), NONE(), audit_dir(d)])?;
    let flags = if follow { 0 } else { c::AT_SYMLINK_NOFOLLOW };
    p.call(th, |h, o| match p.fd {
        Some(fd) => h.futimens(o, fd, new),
        None => h.utimens(o, d, &p.c, new, flags),
    })?;
    none()
}

/// A path as text or bytes, not encoded.
struct TextPath {
    object: Value,
}

fn text_path(th: Th, func: &str, v: Option<Value>) -> R<TextPath> {
    let v = v.unwrap();
    let o = if v.is_kind(Kind::Str) || v.is_kind(Kind::Bytes) {
        v
    } else {
        match th.lookup_special(v, adder_vm::n!(__fspath__)) {
            Some(_) => fspath(th, v)?,
            None => {
                let arg = if func == "_path_normpath" { "path" } else { "p" };
                return Err(th.type_error(format!(
                    "{func}: {arg} should be string, bytes or os.PathLike, not {}",
                    th.type_name_of(v)
                )));
            }
        }
    };
    Ok(TextPath { object: o })
}

impl TextPath {
    fn bytes(&self) -> &[u8] {
        match self.object.cast::<Str>() {
            Some(s) => unsafe { &*s.as_ptr() }.bytes(),
            None => adder_vm::builtins::buffer::bytes_of(self.object).unwrap_or(&[]),
        }
    }
    fn make(&self, th: Th, b: &[u8]) -> R<Value> {
        if self.object.is_kind(Kind::Str) { th.try_str(b) } else { new_bytes(th, b) }
    }
}

/// `posixpath.normpath`.
fn normpath(p: &[u8]) -> Vec<u8> {
    if p.is_empty() {
        return b".".to_vec();
    }
    let slashes =
        if p.starts_with(b"//") && !p.starts_with(b"///") { 2 } else { p.starts_with(b"/") as usize };
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in p.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." => match parts.last() {
                Some(&b"..") | None if slashes == 0 => parts.push(part),
                None => {}
                _ => {
                    parts.pop();
                }
            },
            _ => parts.push(part),
        }
    }
    let mut out = vec![b'/'; slashes];
    out.extend_from_slice(&parts.join(&b'/'));
    if out.is_empty() { b".".to_vec() } else { out }
}

#[allow(unused)]
fn _unused(e: Errno) -> Option<Raised> {
    None
}

#[cfg(test)]
mod tests {
    use super::normpath;

    #[test]
    fn paths_are_normalised() {
        for (p, n) in [
            ("", "."),
            ("a/./b//c/", "a/b/c"),
            ("/../a", "/a"),
            ("//x/../y", "//y"),
            ("///x", "/x"),
            ("../../a/..", "../.."),
            ("a/..", "."),
            ("/", "/"),
        ] {
            assert_eq!(normpath(p.as_bytes()), n.as_bytes(), "{p}");
        }
    }
}
