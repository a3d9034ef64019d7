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

/// Declares a native layout: header, `N` traced slots, plain words; with its trace function and cast.
#[macro_export]
macro_rules! native_layout {
    ($name:ident { $($slot:ident),* ; $($plain:ident : $t:ty),* }) => {
        #[repr(C)]
        struct $name { h: adder_vm::heap::Header, $($slot: adder_vm::value::Slot,)* $($plain: $t,)* }
        #[allow(dead_code)]
        impl $name {
            const SIZE: u32 = size_of::<$name>() as u32;
            fn of(v: adder_vm::value::Value) -> adder_vm::value::Gc<$name> {
                unsafe { v.cast_unchecked() }
            }
            /// Visits the slots.
            unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
                let x = unsafe { &*(o.as_ptr() as *const $name) };
                let _ = (&x, &t);
                $( t.slot(x.$slot.as_ptr()); )*
            }
        }
    };
}
