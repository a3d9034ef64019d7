//! Native modules of the operating system: `_io`, `posix`, `time`, `_thread`, `_signal`, `select`, `_socket`...
//!
//! Every call to the system goes through `adder_host` and, if it may block, runs outside the running state; `EINTR` is
//! answered by running Python's signal handlers and calling again (PEP 475), see `util`.
//!
//! # Invariants
//! - What objects own outside the heap (descriptors, folders, threads) is released by their type's `drop` or `del`.
//! - No lock of Rust's is held while Python code runs or an object is allocated.

mod errno;
mod faulthandler;
mod fcntl;
mod grp;
mod io;
mod library;
mod locale;
mod mmap;
mod multiprocessing;
mod posix;
mod pwd;
mod queue;
mod resource;
mod select;
mod shmem;
mod signal;
mod socket;
mod stat;
mod subprocess;
mod syslog;
mod termios;
mod thread;
mod time;
mod util;

use adder_vm::err::R;
use adder_vm::native::NativeModule;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[
    &errno::MODULE,
    &faulthandler::MODULE,
    &fcntl::MODULE,
    &grp::MODULE,
    &io::MODULE,
    &locale::MODULE,
    &mmap::MODULE,
    &multiprocessing::MODULE,
    &posix::MODULE,
    &pwd::MODULE,
    &queue::MODULE,
    &resource::MODULE,
    &select::MODULE,
    &shmem::MODULE,
    &signal::MODULE,
    &socket::MODULE,
    &stat::MODULE,
    &subprocess::MODULE,
    &syslog::MODULE,
    &termios::MODULE,
    &thread::MODULE,
    &time::MODULE,
];

/// What the process needs before Python runs: its signals.
pub fn start() {
    signal::start();
}
/// Tracebacks on crashes (`-X faulthandler`).
pub fn enable_faulthandler(th: Th) {
    faulthandler::enable_at_start(th);
}

/// `sys.audit`.
pub(crate) fn audit(th: Th, event: &str, args: &[Value]) -> R<()> {
    let Some(hooks) = Root::audit_hooks.get() else { return Ok(()) };
    let (e, a) = (th.str(event), th.try_tuple(args)?);
    th.for_each(hooks, |f| th.call(f, &[e, a]).map(|_| ()))
}

/// Declares an exception class of a module.
#[macro_export]
macro_rules! exception_type {
    ($vis:vis $name:ident $pyname:literal $base:ident $doc:literal) => {
        $vis static $name: adder_vm::native::TypeCell = adder_vm::native::TypeCell::new({
            const T: &adder_vm::native::NativeType = &adder_vm::native::NativeType {
                name: $pyname,
                kind: adder_vm::value::Kind::BaseException,
                size: size_of::<adder_vm::object::BaseException>() as u32,
                flags: adder_vm::native::tflags::BASETYPE
                    | adder_vm::native::tflags::BASE_EXC_SUBCLASS
                    | adder_vm::native::tflags::HAS_DICT
                    | adder_vm::native::tflags::WEAKREF
                    | adder_vm::native::tflags::SHOWN_AS_HEAP,
                doc: $doc,
                base: Some(&adder_vm::builtins::exceptions::$base),
                ..adder_vm::native::NativeType::DEFAULT
            };
            T
        });
    };
}

pub(crate) use adder_vm::native_layout;
