//! A small Scheme on the tracing JIT: how a language other than Python uses `metatrace`. `docs/writing-an-interpreter.md`
//! walks through it.
//!
//! # Where things are
//! `value` words and objects · `read` text to data · `code` bytecode, `compile` data to bytecode · `machine` what the
//! handlers are written against, and both machines · `handlers` what instructions mean · `prims` functions of the
//! runtime · `vm` the thread, and its side of the JIT's driver.

mod code;
mod compile;
mod handlers;
mod machine;
mod prims;
mod read;
mod value;
mod vm;

use adder_metatrace::backend::Backend;
pub use vm::Vm;

/// How programs are run.
#[derive(Clone, Copy)]
pub enum Jit {
    Off,
    /// Passages of a header before it is recorded; the reference executor in place of machine code.
    On {
        threshold: u32,
        reference: bool,
    },
}

pub const THRESHOLD: u32 = 300;

fn native() -> Option<&'static dyn Backend> {
    #[cfg(all(target_arch = "x86_64", unix))]
    {
        adder_backend_native::native()
    }
    #[cfg(not(all(target_arch = "x86_64", unix)))]
    {
        None
    }
}

/// A new interpreter. Without a code generator for this machine traces are not made.
pub fn interpreter(jit: Jit) -> Box<Vm> {
    let backend = match jit {
        Jit::Off => None,
        Jit::On { reference: true, threshold } => Some((adder_metatrace::exec::reference(), threshold)),
        Jit::On { threshold, .. } => native().map(|b| (b, threshold)),
    };
    Vm::new(backend.map(|(b, t)| vm::driver(b, t.max(2))))
}

/// Runs a program: what it printed, and the error that it ended with.
pub fn run(source: &str, jit: Jit) -> (String, Option<String>) {
    let mut v = interpreter(jit);
    let e = v.eval(source).err();
    (std::mem::take(&mut v.out), e)
}
