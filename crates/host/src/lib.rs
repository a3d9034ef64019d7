//! The one door to the outside: every call that Adder makes to the operating system goes through [`Host`].
//!
//! The virtual machine has one `dyn Host`, chosen before it starts (`adder_vm::set_host`); [`NativeHost`] is the real
//! one. A sandbox, a test or a WebAssembly build implements the traits itself. They are split by subject ([`Files`], [`Processes`], [`Clocks`],
//! [`Sockets`], [`Polling`], [`Signals`], [`Terminals`], [`Environment`], [`Users`], [`Memory`], [`Random`],
//! [`Cpu`], [`Ipc`], [`Locale`]); `Host` is their sum.
//!
//! Architecture invariants:
//! * **Refused by default.** A method that an implementation does not write answers `ENOSYS`, never with the
//!   native behaviour: a new operation here cannot become a hole in a sandbox.
//! * **Thin.** A method is one system call (or one call of the C library), its failure is the plain [`Errno`].
//!   Nothing is retried, buffered, cached or interpreted. `EINTR` is returned: PEP 475's retry belongs to the
//!   caller, which runs Python's signal handlers in between and may find that one of them raised.
//! * **What may block says so in its type.** Such a method takes an [`Outside`]: the thread has left the
//!   "running" state, so that collections and other stop-the-world events need not wait for it. The line is
//!   drawn where CPython releases its lock; a path lookup counts as blocking (network file systems, FIFOs).
//! * Descriptors are plain numbers as in Python; nobody here owns or closes them.
//! * New descriptors are not inheritable (PEP 446) unless the method says otherwise.
//! * Buffers are slices of the caller. Memory of moving objects must be pinned or copied by the caller.
//! * No state but what the process itself has: signal flags are per process, so they are statics.
//!
//! Written for Linux (x86-64, aarch64; glibc). Other systems get their own `consts` table and `cfg`s.

use std::fmt;
use std::marker::PhantomData;

/// Declares a subject: the trait, whose methods refuse by default, and the native implementation, from one
/// text. Every method reads as an ordinary method with its native body.
macro_rules! door {
    (
        $(#[$doc:meta])* pub trait $Trait:ident {
            $( $(#[$mdoc:meta])*
               fn $name:ident(&$self:ident $(, $arg:ident : $ty:ty)* $(,)?) -> $ret:ty $body:block )*
        }
    ) => {
        $(#[$doc])*
        pub trait $Trait: Send + Sync {
            $( $(#[$mdoc])*
               fn $name(&self $(, $arg: $ty)*) -> $ret {
                   $(let _ = $arg;)*
                   <$ret as $crate::Refuse>::refuse()
               } )*
        }
        impl $Trait for $crate::NativeHost {
            $( fn $name(&$self $(, $arg: $ty)*) -> $ret $body )*
        }
    };
}

pub mod consts;
pub mod cpu;
pub mod env;
mod exec;
pub mod fs;
pub mod ipc;
pub mod locale;
pub mod memory;
pub mod net;
pub mod poll;
pub mod process;
pub mod random;
pub mod signal;
pub mod spawn;
mod sys;
pub mod time;
pub mod tty;
pub mod users;

pub use cpu::Cpu;
pub use env::Environment;
pub use fs::Files;
pub use ipc::Ipc;
pub use locale::Locale;
pub use memory::Memory;
pub use net::Sockets;
pub use poll::Polling;
pub use process::Processes;
pub use random::Random;
pub use signal::Signals;
pub use spawn::Spawning;
pub use time::Clocks;
pub use tty::Terminals;
pub use users::Users;

/// All subjects together. Object safe; implemented for everything that implements each of them.
pub trait Host:
    Files
    + Processes
    + Spawning
    + Clocks
    + Sockets
    + Polling
    + Signals
    + Terminals
    + Environment
    + Users
    + Memory
    + Random
    + Cpu
    + Ipc
    + Locale
{
}

impl<T> Host for T where
    T: Files
        + Processes
        + Spawning
        + Clocks
        + Sockets
        + Polling
        + Signals
        + Terminals
        + Environment
        + Users
        + Memory
        + Random
        + Cpu
        + Ipc
        + Locale
{
}

/// The operating system itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeHost;

/// A file descriptor, as Python numbers it.
pub type Fd = i32;
pub type Pid = i32;
pub type Res<T> = Result<T, Errno>;

/// For `dir` arguments: relative paths start at the current directory.
pub const CWD: Fd = libc::AT_FDCWD;

/// Witness that the calling thread has left the "running" state and may block for any time.
///
/// The virtual machine makes one around such calls and takes it back before the thread touches objects again;
/// the lifetime keeps it from being put away.
#[derive(Clone, Copy)]
pub struct Outside<'a>(PhantomData<(&'a (), *const ())>);

impl Outside<'_> {
    /// Runs `f` with a witness. For whoever has just left the running state, or has none (start-up, tests).
    #[inline]
    pub fn region<R>(f: impl FnOnce(Outside<'_>) -> R) -> R {
        f(Outside(PhantomData))
    }
}

/// An error number of the operating system.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(pub i32);

impl Errno {
    pub const EPERM: Errno = Errno(libc::EPERM);
    pub const ENOENT: Errno = Errno(libc::ENOENT);
    pub const EINTR: Errno = Errno(libc::EINTR);
    pub const EBADF: Errno = Errno(libc::EBADF);
    pub const EAGAIN: Errno = Errno(libc::EAGAIN);
    pub const ENOMEM: Errno = Errno(libc::ENOMEM);
    pub const EACCES: Errno = Errno(libc::EACCES);
    pub const EEXIST: Errno = Errno(libc::EEXIST);
    pub const ENOTDIR: Errno = Errno(libc::ENOTDIR);
    pub const EISDIR: Errno = Errno(libc::EISDIR);
    pub const EINVAL: Errno = Errno(libc::EINVAL);
    pub const ENOTTY: Errno = Errno(libc::ENOTTY);
    pub const EPIPE: Errno = Errno(libc::EPIPE);
    pub const ERANGE: Errno = Errno(libc::ERANGE);
    pub const ENAMETOOLONG: Errno = Errno(libc::ENAMETOOLONG);
    pub const ENOSYS: Errno = Errno(libc::ENOSYS);
    pub const ETIMEDOUT: Errno = Errno(libc::ETIMEDOUT);

    /// That of the call which has just failed on this thread.
    #[inline]
    pub fn last() -> Errno {
        Errno(unsafe { *libc::__errno_location() })
    }

    #[inline]
    pub(crate) fn set(self) {
        unsafe { *libc::__errno_location() = self.0 }
    }

    /// The C library's text: what `os.strerror` and `OSError.strerror` show.
    pub fn message(self) -> String {
        let mut buf = [0 as libc::c_char; 256];
        // XSI variant: fills the buffer also for unknown numbers ("Unknown error 1234").
        unsafe { libc::strerror_r(self.0, buf.as_mut_ptr(), buf.len()) };
        text(&buf)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}: {})", self.0, self.message())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[Errno {}] {}", self.0, self.message())
    }
}

impl std::error::Error for Errno {}

/// What a host answers to an operation that it does not offer.
pub trait Refuse {
    fn refuse() -> Self;
}

/// An error that says so.
pub trait Refusal {
    fn refusal() -> Self;
}

impl Refusal for Errno {
    fn refusal() -> Self {
        Errno::ENOSYS
    }
}

impl<T, E: Refusal> Refuse for Result<T, E> {
    fn refuse() -> Self {
        Err(E::refusal())
    }
}

impl Refuse for Errno {
    fn refuse() -> Self {
        Errno::ENOSYS
    }
}

macro_rules! refuse_by_default {
    ($($t:ty),*) => { $( impl Refuse for $t { fn refuse() -> $t { <$t>::default() } } )* };
}
refuse_by_default!((), bool, i32, i64, u32, u64, usize, String);

impl<T> Refuse for Option<T> {
    fn refuse() -> Self {
        None
    }
}

impl<T> Refuse for Vec<T> {
    fn refuse() -> Self {
        Vec::new()
    }
}

/// `-1` means failure with `errno`.
pub(crate) trait CheckRet: Sized + Copy {
    fn ok(self) -> Res<Self>;

    #[inline]
    fn done(self) -> Res<()> {
        self.ok().map(|_| ())
    }
}

macro_rules! check_ret {
    ($($t:ty),*) => { $( impl CheckRet for $t {
        #[inline]
        fn ok(self) -> Res<$t> { if self == -1 { Err(Errno::last()) } else { Ok(self) } }
    } )* };
}
check_ret!(i32, i64, isize);

/// Functions that return the error number (pthread, posix_fadvise…).
#[inline]
pub(crate) fn number(ret: i32) -> Res<()> {
    if ret == 0 { Ok(()) } else { Err(Errno(ret)) }
}

/// The text of a NUL-terminated C buffer.
pub(crate) fn text(buf: &[libc::c_char]) -> String {
    let bytes: Vec<u8> = buf.iter().take_while(|c| **c != 0).map(|c| *c as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The bytes of a C string that the C library owns.
///
/// SAFETY: `p` is null or points to a NUL-terminated string that lives until the function returns.
pub(crate) unsafe fn bytes(p: *const libc::c_char) -> Vec<u8> {
    if p.is_null() { Vec::new() } else { unsafe { std::ffi::CStr::from_ptr(p) }.to_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Implements nothing: everything is refused.
    struct Nothing;
    impl Files for Nothing {}
    impl Processes for Nothing {}
    impl Spawning for Nothing {}
    impl Clocks for Nothing {}
    impl Sockets for Nothing {}
    impl Polling for Nothing {}
    impl Signals for Nothing {}
    impl Terminals for Nothing {}
    impl Environment for Nothing {}
    impl Users for Nothing {}
    impl Memory for Nothing {}
    impl Random for Nothing {}
    impl Cpu for Nothing {}
    impl Ipc for Nothing {}
    impl Locale for Nothing {}

    #[test]
    fn a_host_is_an_object_and_refuses_by_default() {
        let host: &dyn Host = &Nothing;
        assert_eq!(Outside::region(|o| host.open(o, CWD, c"/", 0, 0)), Err(Errno::ENOSYS));
        assert_eq!(host.getpid(), 0);
        let native: &dyn Host = &NativeHost;
        assert!(native.getpid() > 0);
    }

    #[test]
    fn messages_are_the_c_librarys() {
        assert_eq!(Errno::ENOENT.message(), "No such file or directory");
        assert_eq!(Errno(99999).message(), "Unknown error 99999");
        assert_eq!(Errno::EPERM.to_string(), "[Errno 1] Operation not permitted");
    }
}
