//! `_stat`: what the bits of a file's mode mean.

use crate::util::*;
use adder_vm::builtins::int;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

const FMT: u32 = 0o170000;

pub static MODULE: NativeModule = NativeModule {
    name: "_stat",
    doc: "S_IFMT_: file type bits\nS_IFDIR: directory\nS_IFCHR: character device\nS_IFBLK: block device\nS_IFREG: regular file\nS_IFIFO: fifo (named pipe)\nS_IFLNK: symbolic link\nS_IFSOCK: socket file\nS_IFDOOR: door\nS_IFPORT: event port\nS_IFWHT: whiteout\n\nS_ISUID: set UID bit\nS_ISGID: set GID bit\nS_ENFMT: file locking enforcement\nS_ISVTX: sticky bit\nS_IREAD: Unix V7 synonym for S_IRUSR\nS_IWRITE: Unix V7 synonym for S_IWUSR\nS_IEXEC: Unix V7 synonym for S_IXUSR\nS_IRWXU: mask for owner permissions\nS_IRUSR: read by owner\nS_IWUSR: write by owner\nS_IXUSR: execute by owner\nS_IRWXG: mask for group permissions\nS_IRGRP: read by group\nS_IWGRP: write by group\nS_IXGRP: execute by group\nS_IRWXO: mask for others (not in group) permissions\nS_IROTH: read by others\nS_IWOTH: write by others\nS_IXOTH: execute by others\n\nUF_SETTABLE: mask of owner changeable flags\nUF_NODUMP: do not dump file\nUF_IMMUTABLE: file may not be changed\nUF_APPEND: file may only be appended to\nUF_OPAQUE: directory is opaque when viewed through a union stack\nUF_NOUNLINK: file may not be renamed or deleted\nUF_COMPRESSED: macOS: file is hfs-compressed\nUF_TRACKED: used for dealing with document IDs\nUF_DATAVAULT: entitlement required for reading and writing\nUF_HIDDEN: macOS: file should not be displayed\nSF_SETTABLE: mask of super user changeable flags\nSF_ARCHIVED: file may be archived\nSF_IMMUTABLE: file may not be changed\nSF_APPEND: file may only be appended to\nSF_RESTRICTED: entitlement required for writing\nSF_NOUNLINK: file may not be renamed or deleted\nSF_SNAPSHOT: file is a snapshot file\nSF_FIRMLINK: file is a firmlink\nSF_DATALESS: file is a dataless object\n\nOn macOS:\nSF_SUPPORTED: mask of super user supported flags\nSF_SYNTHETIC: mask of read-only synthetic flags\n\nST_MODE\nST_INO\nST_DEV\nST_NLINK\nST_UID\nST_GID\nST_SIZE\nST_ATIME\nST_MTIME\nST_CTIME\n\nFILE_ATTRIBUTE_*: Windows file attribute constants\n                   (only present on Windows)\n",
    functions: &[
        function(
            "S_ISDIR",
            "!($module, object, /)",
            "S_ISDIR(mode) -> bool\n\nReturn True if mode is from a directory.",
            |th, a| is(th, a, 0o040000),
        ),
        function(
            "S_ISCHR",
            "!($module, object, /)",
            "S_ISCHR(mode) -> bool\n\nReturn True if mode is from a character special device file.",
            |th, a| is(th, a, 0o020000),
        ),
        function(
            "S_ISBLK",
            "!($module, object, /)",
            "S_ISBLK(mode) -> bool\n\nReturn True if mode is from a block special device file.",
            |th, a| is(th, a, 0o060000),
        ),
        function(
            "S_ISREG",
            "!($module, object, /)",
            "S_ISREG(mode) -> bool\n\nReturn True if mode is from a regular file.",
            |th, a| is(th, a, 0o100000),
        ),
        function(
            "S_ISFIFO",
            "!($module, object, /)",
            "S_ISFIFO(mode) -> bool\n\nReturn True if mode is from a FIFO (named pipe).",
            |th, a| is(th, a, 0o010000),
        ),
        function(
            "S_ISLNK",
            "!($module, object, /)",
            "S_ISLNK(mode) -> bool\n\nReturn True if mode is from a symbolic link.",
            |th, a| is(th, a, 0o120000),
        ),
        function(
            "S_ISSOCK",
            "!($module, object, /)",
            "S_ISSOCK(mode) -> bool\n\nReturn True if mode is from a socket.",
            |th, a| is(th, a, 0o140000),
        ),
        function(
            "S_ISDOOR",
            "!($module, object, /)",
            "S_ISDOOR(mode) -> bool\n\nReturn True if mode is from a door.",
            never,
        ),
        function(
            "S_ISPORT",
            "!($module, object, /)",
            "S_ISPORT(mode) -> bool\n\nReturn True if mode is from an event port.",
            never,
        ),
        function(
            "S_ISWHT",
            "!($module, object, /)",
            "S_ISWHT(mode) -> bool\n\nReturn True if mode is from a whiteout.",
            never,
        ),
        function(
            "S_IMODE",
            "!($module, object, /)",
            "Return the portion of the file's mode that can be set by os.chmod().",
            |th, a| Ok(th.int((mode(th, a)? & 0o7777) as i64)),
        ),
        function(
            "S_IFMT",
            "!($module, object, /)",
            "Return the portion of the file's mode that describes the file type.",
            |th, a| Ok(th.int((mode(th, a)? & FMT) as i64)),
        ),
        function(
            "filemode",
            "!($module, object, /)",
            "Convert a file's mode to a string of the form '-rwxrwxrwx'",
            |th, a| {
                let m = mode(th, a)?;
                Ok(th.str(&filemode(m)))
            },
        ),
    ],
    types: &[],
    init: Some(|th, m| {
        for (name, v) in CONSTANTS {
            m.put(th, name, th.int(*v))?;
        }
        Ok(())
    }),
};

/// An unsigned C int.
fn mode(th: Th, a: Args) -> R<u32> {
    let i = th.index(a[0].unwrap())?;
    if int::is_negative(i) {
        return Err(th.overflow_error("can't convert negative value to unsigned int"));
    }
    match int::to_u64(i) {
        Some(n) => u32::try_from(n).map_err(|_| th.overflow_error("mode out of range")),
        None => Err(th.overflow_error("Python int too large to convert to C unsigned long")),
    }
}
fn is(th: Th, a: Args, kind: u32) -> R<Value> {
    Ok(Value::bool(mode(th, a)? & FMT == kind))
}
fn never(th: Th, a: Args) -> R<Value> {
    mode(th, a)?;
    Ok(FALSE())
}

fn filemode(m: u32) -> String {
    let mut s = String::with_capacity(10);
    s.push(match m & FMT {
        0o100000 => '-',
        0o040000 => 'd',
        0o120000 => 'l',
        0o060000 => 'b',
        0o020000 => 'c',
        0o010000 => 'p',
        0o140000 => 's',
        _ => '?',
    });
    // Who, the bit that changes "execute", and the letters for it without and with that.
    for (shift, special, without, with) in
        [(6, 0o4000, 'S', 's'), (3, 0o2000, 'S', 's'), (0, 0o1000, 'T', 't')]
    {
        let b = m >> shift;
        s.push(if b & 4 != 0 { 'r' } else { '-' });
        s.push(if b & 2 != 0 { 'w' } else { '-' });
        s.push(match (m & special != 0, b & 1 != 0) {
            (true, true) => with,
            (true, false) => without,
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    s
}

#[rustfmt::skip]
const CONSTANTS: &[(&str, i64)] = &[
    ("S_IFDIR", 16384), ("S_IFCHR", 8192), ("S_IFBLK", 24576), ("S_IFREG", 32768), ("S_IFIFO", 4096),
    ("S_IFLNK", 40960), ("S_IFSOCK", 49152), ("S_IFDOOR", 0), ("S_IFPORT", 0), ("S_IFWHT", 0),
    ("S_ISUID", 2048), ("S_ISGID", 1024), ("S_ISVTX", 512), ("S_ENFMT", 1024), ("S_IREAD", 256),
    ("S_IWRITE", 128), ("S_IEXEC", 64), ("S_IRWXU", 448), ("S_IRUSR", 256), ("S_IWUSR", 128), ("S_IXUSR", 64),
    ("S_IRWXG", 56), ("S_IRGRP", 32), ("S_IWGRP", 16), ("S_IXGRP", 8), ("S_IRWXO", 7), ("S_IROTH", 4),
    ("S_IWOTH", 2), ("S_IXOTH", 1), ("UF_SETTABLE", 65535), ("UF_NODUMP", 1), ("UF_IMMUTABLE", 2),
    ("UF_APPEND", 4), ("UF_OPAQUE", 8), ("UF_NOUNLINK", 16), ("UF_COMPRESSED", 32), ("UF_TRACKED", 64),
    ("UF_DATAVAULT", 128), ("UF_HIDDEN", 32768), ("SF_SETTABLE", 4294901760), ("SF_ARCHIVED", 65536),
    ("SF_IMMUTABLE", 131072), ("SF_APPEND", 262144), ("SF_NOUNLINK", 1048576), ("SF_SNAPSHOT", 2097152),
    ("SF_FIRMLINK", 8388608), ("SF_DATALESS", 1073741824), ("ST_MODE", 0), ("ST_INO", 1), ("ST_DEV", 2),
    ("ST_NLINK", 3), ("ST_UID", 4), ("ST_GID", 5), ("ST_SIZE", 6), ("ST_ATIME", 7), ("ST_MTIME", 8),
    ("ST_CTIME", 9),
];
