//! Native modules of heavy data types: `_pickle`, `_decimal`, `_datetime`.
//!
//! # Invariants
//! - Number kernels (`decimal::num`, `limbs`, `ntt`, `datetime::calendar`) know no objects.
//! - A native layout is `#[repr(C)]`: the header, then slots, then plain words.

mod datetime;
mod decimal;
mod pickle;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] =
    &[&datetime::MODULE, &datetime::zoneinfo::MODULE, &decimal::MODULE, &pickle::MODULE];

/// Declares a native layout: header, traced slots, plain words; with its trace function and cast.
macro_rules! native_layout {
    ($vis:vis $name:ident { $($slot:ident),* ; $($plain:ident : $t:ty),* }) => {
        #[repr(C)]
        $vis struct $name {
            h: adder_vm::heap::Header, $(pub $slot: adder_vm::value::Slot,)* $(pub $plain: $t,)*
        }
        #[allow(dead_code)]
        impl $name {
            pub const SIZE: u32 = ((size_of::<$name>() + 7) & !7) as u32;
            pub fn of(v: adder_vm::value::Value) -> adder_vm::value::Gc<$name> {
                unsafe { v.cast_unchecked() }
            }
            /// Visits the slots.
            pub unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
                let x = unsafe { &*(o.as_ptr() as *const $name) };
                let _ = (&x, &t);
                $( t.slot(x.$slot.as_ptr()); )*
            }
        }
    };
}
pub(crate) use native_layout;

/// Functions that many types share.
pub(crate) mod common {
    use adder_vm::builtins::object::new_instance;
    use adder_vm::err::R;
    use adder_vm::native::*;
    use adder_vm::thread::Th;
    use adder_vm::value::*;

    /// An instance of the class that `__new__` got.
    pub fn make(th: Th, t: Value) -> R<Value> {
        new_instance(th, unsafe { t.cast_unchecked() })
    }
    /// Binds a constructor's arguments by a declaration.
    pub fn bind<const N: usize>(th: Th, d: &'static NativeDef, a: RawArgs) -> R<[Option<Value>; N]> {
        let mut out = [None; N];
        adder_vm::bind::bind(th, d, a, &mut out)?;
        Ok(out)
    }
    /// A declaration used for its signature alone.
    pub const fn signature(name: &'static str, sig: &'static str) -> NativeDef {
        raw_function(name, sig, "", |_, _| Ok(NONE()))
    }
    /// A required argument.
    #[inline(always)]
    pub fn arg(a: &[Option<Value>], i: usize) -> Value {
        a[i].expect("a required argument")
    }
    pub fn none() -> R<Value> {
        Ok(NONE())
    }
}
