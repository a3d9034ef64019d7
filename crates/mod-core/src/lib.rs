//! Native modules that need nothing but the VM: `itertools`, `_collections`, `_functools`, `_operator`...
//!
//! A module's types are native layouts whose traced slots come first: see [`native_layout!`].
//!
//! # Invariants
//! - A native layout is `#[repr(C)]`: the header, then slots, then plain words; the collector reads the slots only.
//! - Compound changes are made under the object's lock; no Python code runs meanwhile.

mod abc;
mod array;
mod bisect;
mod cmath;
mod collections;
mod functools;
mod heapq;
mod itertools;
mod lsprof;
mod math;
mod opcode;
mod operator;
mod ordered_dict;
mod random;
mod small;
mod structs;
mod testcapi;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[
    &abc::MODULE,
    &array::MODULE,
    &bisect::MODULE,
    &cmath::MODULE,
    &collections::MODULE,
    &functools::MODULE,
    &heapq::MODULE,
    &itertools::MODULE,
    &lsprof::MODULE,
    &math::MODULE,
    &opcode::MODULE,
    &operator::MODULE,
    &random::MODULE,
    &small::STATISTICS,
    &small::SUGGESTIONS,
    &small::SYSCONFIG,
    &small::TYPES,
    &small::UUID,
    &structs::MODULE,
    &testcapi::INTERNAL,
    &testcapi::TESTCAPI,
];

pub(crate) use adder_vm::native_layout;
