//! Native modules for XML. The parser knows no objects: [`parser`] and [`input`]; [`expat`] is what Python sees of it,
//! [`element`] and [`tree`] are the accelerator of `xml.etree.ElementTree`.
//!
//! # Invariants
//! - The parser is given bytes in pieces of any size and never blocks; limits against entity bombs are its own.

mod element;
mod expat;
mod input;
mod parser;
mod tree;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&expat::MODULE, &tree::MODULE];

/// Layout of a native object: traced slots, then plain fields.
macro_rules! native_layout {
    ($name:ident { $($slot:ident),* ; $($plain:ident : $t:ty),* }) => {
        #[repr(C)]
        pub(crate) struct $name {
            h: adder_vm::heap::Header,
            $(pub(crate) $slot: adder_vm::value::Slot,)*
            $(pub(crate) $plain: $t,)*
        }
        impl $name {
            pub(crate) const SIZE: u32 = size_of::<$name>() as u32;
            /// The value must be an instance of the type with this layout.
            pub(crate) fn of(v: adder_vm::value::Value) -> adder_vm::value::Gc<$name> {
                unsafe { v.cast_unchecked() }
            }
            /// Visits the slots.
            pub(crate) unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
                let x = unsafe { &*(o.as_ptr() as *const $name) };
                $( t.slot(x.$slot.as_ptr()); )*
            }
        }
    };
}
pub(crate) use native_layout;
