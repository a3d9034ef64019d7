//! `fcntl`: control of descriptors.

use crate::util::*;
use adder_vm::builtins::buffer::Buffer;
use adder_vm::builtins::exceptions as exc;
use adder_vm::builtins::int;
use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// Structures up to this size are passed in a buffer of ours, so that a system that writes more than it was given does
/// no harm.
const ROOM: usize = 1024;

pub static MODULE: NativeModule = NativeModule {
    name: "fcntl",
    doc: "This module performs file control and I/O control on file\ndescriptors.  It is an interface to the fcntl() and ioctl() Unix\nroutines.  File descriptors can be obtained with the fileno() method of\na file or socket object.",
    functions: &[
        function(
            "fcntl",
            "($module, fd, cmd, arg=0, /)",
            "Perform the operation cmd on file descriptor fd.\n\nThe values used for cmd are operating system dependent, and are\navailable as constants in the fcntl module, using the same names as used\nin the relevant C header files.  The argument arg is optional, and\ndefaults to 0; it may be an integer, a bytes-like object or a string.\nIf arg is given as a string, it will be encoded to binary using the\nUTF-8 encoding.\n\nIf the arg given is an integer or if none is specified, the result value\nis an integer corresponding to the return value of the fcntl() call in\nthe C code.\n\nIf arg is given as a bytes-like object, the return value of fcntl() is a\nbytes object of that length, containing the resulting value put in the\narg buffer by the operating system.  The length of the arg buffer is not\nallowed to exceed 1024 bytes.",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let cmd = int_arg(th, a[1].unwrap())?;
                crate::audit(
                    th,
                    "fcntl.fcntl",
                    &[th.int(fd as i64), th.int(cmd as i64), a[2].unwrap_or(NONE())],
                )?;
                match argument(th, "fcntl", a[2])? {
                    Arg::Number(n) => {
                        Ok(th.int(call(th, |h, o| h.fcntl(o, fd, cmd, n as i32 as i64))? as i64))
                    }
                    Arg::Bytes(b) => {
                        if b.len() > ROOM {
                            return Err(th.value_error("fcntl argument 3 is too long"));
                        }
                        let mut room = [0u8; ROOM + 64];
                        room[..b.len()].copy_from_slice(&b);
                        call(th, |h, o| h.fcntl_buffer(o, fd, cmd, &mut room))?;
                        new_bytes(th, &room[..b.len()])
                    }
                }
            },
        ),
        function(
            "ioctl",
            "($module, fd, request, arg=0, mutate_flag=True, /)",
            "Perform the operation request on file descriptor fd.\n\nThe values used for request are operating system dependent, and are\navailable as constants in the fcntl or termios library modules, using\nthe same names as used in the relevant C header files.\n\nThe argument arg is optional, and defaults to 0; it may be an integer, a\nbytes-like object or a string.  If arg is given as a string, it will be\nencoded to binary using the UTF-8 encoding.\n\nIf the arg given is an integer or if none is specified, the result value\nis an integer corresponding to the return value of the ioctl() call in\nthe C code.\n\nIf the argument is a mutable buffer (such as a bytearray) and the\nmutate_flag argument is true (default) then the buffer is (in effect)\npassed to the operating system and changes made by the OS will be\nreflected in the contents of the buffer after the call has returned.\nThe return value is the integer returned by the ioctl() system call.\n\nIf the argument is a mutable buffer and the mutable_flag argument is\nfalse, the behavior is as if an immutable buffer had been passed.\n\nIf the argument is an immutable buffer then a copy of the buffer is\npassed to the operating system and the return value is a bytes object of\nthe same length containing whatever the operating system put in the\nbuffer.  The length of the arg buffer in this case is not allowed to\nexceed 1024 bytes.",
            ioctl,
        ),
        function(
            "flock",
            "($module, fd, operation, /)",
            "Perform the lock operation on file descriptor fd.\n\nSee the Unix manual page for flock(2) for details (On some systems, this\nfunction is emulated using fcntl()).",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let op = int_arg(th, a[1].unwrap())?;
                crate::audit(th, "fcntl.flock", &[th.int(fd as i64), th.int(op as i64)])?;
                call(th, |h, o| h.flock(o, fd, op))?;
                none()
            },
        ),
        function(
            "lockf",
            "($module, fd, cmd, len=0, start=0, whence=0, /)",
            "A wrapper around the fcntl() locking calls.\n\nfd is the file descriptor of the file to lock or unlock, and operation\nis one of the following values:\n\n    LOCK_UN - unlock\n    LOCK_SH - acquire a shared lock\n    LOCK_EX - acquire an exclusive lock\n\nWhen operation is LOCK_SH or LOCK_EX, it can also be bitwise ORed with\nLOCK_NB to avoid blocking on lock acquisition.  If LOCK_NB is used and\nthe lock cannot be acquired, an OSError will be raised and the exception\nwill have an errno attribute set to EACCES or EAGAIN (depending on the\noperating system -- for portability, check for either value).\n\nlen is the number of bytes to lock, with the default meaning to lock to\nEOF.  start is the byte offset, relative to whence, to that the lock\nstarts.  whence is as with fileobj.seek(), specifically:\n\n    0 - relative to the start of the file (SEEK_SET)\n    1 - relative to the current buffer position (SEEK_CUR)\n    2 - relative to the end of the file (SEEK_END)",
            |th, a| {
                let fd = fileno(th, a[0].unwrap())?;
                let op = int_arg(th, a[1].unwrap())?;
                let whence = int_or(th, a[4], 0)?;
                let given = |v: Option<Value>| v.unwrap_or(Value::fix(0));
                crate::audit(
                    th,
                    "fcntl.lockf",
                    &[th.int(fd as i64), th.int(op as i64), given(a[2]), given(a[3]), th.int(whence as i64)],
                )?;
                let kind = if op == c::LOCK_UN {
                    c::F_UNLCK
                } else if op & c::LOCK_SH != 0 {
                    c::F_RDLCK
                } else if op & c::LOCK_EX != 0 {
                    c::F_WRLCK
                } else {
                    return Err(th.value_error("unrecognized lockf argument"));
                };
                let start = long_or(th, a[3], 0)?;
                let len = long_or(th, a[2], 0)?;
                let cmd = if op & c::LOCK_NB != 0 { c::F_SETLK } else { c::F_SETLKW };
                call(th, |h, o| h.record_lock(o, fd, cmd, kind as i32, start, len, whence))?;
                none()
            },
        ),
    ],
    types: &[],
    init: Some(|th, m| put_table(th, m, adder_host::consts::fcntl())),
};

enum Arg {
    Number(i64),
    Bytes(Vec<u8>),
}

/// The lowest bits of an int.
fn mask(v: Value) -> i64 {
    match (int::to_i64(v), int::to_u64(v)) {
        (Some(n), _) => n,
        (_, Some(n)) => n as i64,
        _ => 0,
    }
}
fn argument(th: Th, func: &str, v: Option<Value>) -> R<Arg> {
    let Some(v) = v else { return Ok(Arg::Number(0)) };
    if th.type_of(v).slots.index.is_some() {
        return Ok(Arg::Number(mask(th.index(v)?)));
    }
    if let Some(s) = v.cast::<Str>() {
        return Ok(Arg::Bytes(s.bytes().to_vec()));
    }
    match Buf::read(th, v) {
        Ok(b) => Ok(Arg::Bytes(b.bytes().to_vec())),
        Err(_) if th.exc_is(&exc::TYPE_ERROR) => {
            th.take_exc();
            Err(th.type_error(format!(
                "{func}() argument 3 must be an integer, a bytes-like object, or a string, not {}",
                th.type_name_of(v)
            )))
        }
        Err(e) => Err(e),
    }
}

fn ioctl(th: Th, a: Args) -> R<Value> {
    let fd = fileno(th, a[0].unwrap())?;
    let request = mask(th.index(a[1].unwrap())?) as u64;
    let mutate = bool_or(th, a[3], true)?;
    let v = a[2];
    crate::audit(th, "fcntl.ioctl", &[th.int(fd as i64), th.uint(request), v.unwrap_or(NONE())])?;
    if mutate && let Some(v) = v.filter(|v| !v.is_kind(Kind::Str) && th.type_of(*v).slots.index.is_none()) {
        match Buffer::writable(th, v) {
            Ok(b) => {
                let bytes = b.bytes_mut();
                let n = if bytes.len() <= ROOM {
                    let mut room = [0u8; ROOM + 64];
                    room[..bytes.len()].copy_from_slice(bytes);
                    let n = call(th, |h, o| h.ioctl_buffer(o, fd, request, &mut room))?;
                    bytes.copy_from_slice(&room[..bytes.len()]);
                    n
                } else {
                    call(th, |h, o| h.ioctl_buffer(o, fd, request, bytes))?
                };
                return Ok(th.int(n as i64));
            }
            Err(_) if th.exc_is(&exc::TYPE_ERROR) || th.exc_is(&exc::BUFFER_ERROR) => {
                th.take_exc();
            }
            Err(e) => return Err(e),
        }
    }
    match argument(th, "ioctl", v)? {
        Arg::Number(n) => Ok(th.int(call(th, |h, o| h.ioctl(o, fd, request, n as i32 as i64))? as i64)),
        Arg::Bytes(b) => {
            if b.len() > ROOM {
                return Err(th.value_error("ioctl argument 3 is too long"));
            }
            let mut room = [0u8; ROOM + 64];
            room[..b.len()].copy_from_slice(&b);
            call(th, |h, o| h.ioctl_buffer(o, fd, request, &mut room))?;
            new_bytes(th, &room[..b.len()])
        }
    }
}
