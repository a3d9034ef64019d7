//! The virtual machine of Adder: values, shapes, builtin types, protocols, the interpreter, import.
//!
//! Knows neither the parser nor a code generator: they are handed in through traits and a registry (see `startup`).
//!
//! # Invariants
//! - Receives its thread handle as an argument; global state is in statics behind synchronisation (`thread::Root`,
//!   shapes, interned strings), one runtime for each process.
//! - The collector finds references on native stacks by itself; Rust-owned memory never holds a `Value`.

pub mod address;
pub mod atexit;
pub mod attr;
pub mod bind;
pub mod builtins;
pub mod cint;
pub mod config;
pub mod contextvars;
pub mod declare;
pub mod dump;
pub mod err;
pub mod gc_module;
pub mod hooks;
pub mod import;
pub mod intern;
pub mod interp;
pub mod jit;
pub mod kinds;
pub mod marshal;
pub mod names;
pub mod native;
pub mod object;
pub mod object_lock;
pub mod pending;
pub mod run;
pub mod shape;
pub mod slot_defs;
pub mod slots;
pub mod startup;
pub mod stdio;
pub mod suggest;
pub mod sync;
pub mod sys;
pub mod thread;
pub mod types;
pub mod unraisable;
pub mod value;
pub mod warn;

pub use adder_bytecode as bytecode;
pub use adder_heap as heap;
pub use adder_host as host;

static HOST: std::sync::OnceLock<&'static dyn host::Host> = std::sync::OnceLock::new();

/// Puts something else in the operating system's place. To be called before anything asks for it.
pub fn set_host(h: &'static dyn host::Host) {
    let _ = HOST.set(h);
}

/// The door to the operating system.
#[inline]
pub fn the_host() -> &'static dyn host::Host {
    *HOST.get_or_init(|| &host::NativeHost)
}
