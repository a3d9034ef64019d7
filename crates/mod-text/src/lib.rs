//! Native modules about text: `_sre`, `_codecs`, `_string`, `unicodedata`, `_json`, `_csv`...
//!
//! The kernels are in `adder-sre` and `adder-text`, which know no objects; here is what Python sees of them.
//!
//! # Invariants
//! - Texts are WTF-8; positions that Python sees are counted in code points.

mod codecs;
mod csv;
mod json;
mod multibyte;
mod sre;
mod unidata;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[
    &codecs::MODULE,
    &csv::MODULE,
    &json::MODULE,
    &sre::MODULE,
    &unidata::MODULE,
    &multibyte::CN,
    &multibyte::HK,
    &multibyte::ISO2022,
    &multibyte::JP,
    &multibyte::KR,
    &multibyte::MODULE,
    &multibyte::TW,
];

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

/// Slot functions that many types share.
pub(crate) mod common {
    use adder_vm::builtins::object::new_instance;
    use adder_vm::err::R;
    use adder_vm::native::*;
    use adder_vm::thread::Th;
    use adder_vm::value::*;

    /// `__iter__` of iterators, `__copy__` of immutable objects.
    #[allow(dead_code)]
    pub fn itself(_: Th, o: Value) -> R<Value> {
        Ok(o)
    }
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
    /// `name() argument 'x' must be T, not U`.
    #[cold]
    pub fn bad_argument(th: Th, func: &str, arg: &str, want: &str, got: Value) -> adder_vm::err::Raised {
        let got = if got.is_none() { "None".to_string() } else { th.type_name_of(got) };
        th.type_error(format!("{func}() argument {arg} must be {want}, not {got}"))
    }
}
