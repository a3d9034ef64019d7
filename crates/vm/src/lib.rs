//! The virtual machine of Adder: values, shapes, builtin types, protocols, the interpreter, import.
//!
//! Knows neither the parser nor a code generator: they are handed in through traits and a registry (see `startup`).
//!
//! # Invariants
//! - Receives its thread handle as an argument; global state is in statics behind synchronisation (`thread::Root`,
//!   shapes, interned strings), one runtime for each process.
//! - The collector finds references on native stacks by itself; Rust-owned memory never holds a `Value`.

pub mod attr;
pub mod bind;
pub mod builtins;
pub mod contextvars;
pub mod err;
pub mod gc_module;
pub mod hooks;
pub mod import;
pub mod interp;
pub mod kinds;
pub mod names;
pub mod native;
pub mod object;
pub mod pending;
pub mod shape;
pub mod slot_defs;
pub mod slots;
pub mod startup;
pub mod suggest;
pub mod thread;
pub mod types;
pub mod unraisable;
pub mod value;
pub mod warn;

pub use adder_bytecode as bytecode;
pub use adder_heap as heap;
