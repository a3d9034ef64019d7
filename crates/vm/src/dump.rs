//! Tracebacks written straight to a descriptor, for crashes and hangs: nothing is allocated, no lock is waited for, no
//! Python code runs. CPython's `Python/traceback.c` (`_Py_DumpTraceback`).
//!
//! # Invariants
//! - Only frames that were published are seen, see [`crate::thread`]: in the interpreter's fast handlers the innermost
//!   line may be a little old.
//! - Another thread's frames are read while it may run. They stay mapped, because the list of threads is locked; what
//!   they show may be torn, so every number is checked before it is used.

use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;

/// More are cut.
const MAX_FRAMES: usize = 100;
const MAX_TEXT: usize = 500;

/// Where the bytes go.
pub type Out<'a> = &'a mut dyn FnMut(&[u8]);

/// In decimal.
pub fn number(out: Out, mut n: u64) {
    let mut b = [0u8; 20];
    let mut i = b.len();
    loop {
        i -= 1;
        b[i] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            return out(&b[i..]);
        }
    }
}
/// In hexadecimal with at least so many digits.
pub fn hex(out: Out, n: u64, width: usize) {
    let mut b = [0u8; 16];
    for (i, x) in b.iter_mut().enumerate() {
        *x = b"0123456789abcdef"[(n >> (60 - 4 * i)) as usize & 15];
    }
    let first = b.iter().position(|x| *x != b'0').unwrap_or(15);
    out(&b[first.min(16 - width.clamp(1, 16))..]);
}
/// Printable ASCII as it is, the rest escaped.
fn text(out: Out, s: &str) {
    for (i, c) in s.chars().enumerate() {
        if i == MAX_TEXT {
            return out(b"...");
        }
        match c as u32 {
            n @ 0x20..=0x7e => out(&[n as u8]),
            n @ 0..=0xff => {
                out(b"\\x");
                hex(out, n as u64, 2);
            }
            n @ 0..=0xffff => {
                out(b"\\u");
                hex(out, n as u64, 4);
            }
            n => {
                out(b"\\U");
                hex(out, n as u64, 8);
            }
        }
    }
}
fn field(out: Out, v: Option<Value>) {
    match v.and_then(|v| v.cast::<Str>()) {
        Some(s) => match std::str::from_utf8(s.bytes()) {
            Ok(s) => text(out, s),
            Err(_) => out(b"???"),
        },
        None => out(b"???"),
    }
}

/// The frames of a thread, innermost first.
pub fn frames(out: Out, th: Th) {
    let bottom = th.frames.get();
    let mut f: *mut Frame = th.fp.get();
    if f <= bottom || f >= th.frames_end.get() {
        return out(b"  <no Python frame>\n");
    }
    let mut n = 0;
    while f > bottom {
        // SAFETY: within the thread's stack of frames, which is mapped.
        let fr = unsafe { &*f };
        f = f.wrapping_sub(1 + crate::interp::chain::gap(fr.flags));
        if fr.flags & fflags::HIDDEN != 0 {
            continue;
        }
        if n == MAX_FRAMES {
            return out(b"  ...\n");
        }
        n += 1;
        let code = fr.code;
        out(b"  File \"");
        field(out, code.filename.any());
        out(b"\", line ");
        let at = (fr.pc as usize).wrapping_sub(code.ins as usize) / size_of::<adder_bytecode::Ins>();
        number(out, if at < 1 << 24 { code.line_at(at) } else { code.line_at(0) } as u64);
        out(b" in ");
        field(out, code.name.any());
        out(b"\n");
    }
}

/// One thread with its heading.
pub fn thread(out: Out, th: Th, current: bool) {
    out(if current { b"Current thread 0x" } else { b"Thread 0x" });
    hex(out, th.ident, 16);
    let mut name = [0u8; 32];
    let len = crate::the_host().thread_name_of(th.ident, &mut name);
    if len > 0 {
        out(b" [");
        match std::str::from_utf8(&name[..len]) {
            Ok(s) => text(out, s),
            Err(_) => out(b"???"),
        }
        out(b"]");
    }
    out(b" (most recent call first):\n");
    frames(out, th);
}

/// All threads. False: the list of them is being changed.
pub fn all_threads(out: Out, current: Option<Th>) -> bool {
    let mut first = true;
    Th::try_for_all(|t| {
        if !first {
            out(b"\n");
        }
        first = false;
        let me = current.is_some_and(|c| c.0 == t.0);
        thread(out, t, me);
    })
}

/// One thread without its number.
pub fn stack(out: Out, th: Th) {
    out(b"Stack (most recent call first):\n");
    frames(out, th);
}
