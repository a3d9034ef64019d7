//! What declarations of native types and functions share: layouts, constructors.
//!
//! # Safety
//! A layout begins with the header, then come the slots that the collector visits, then words that it does not. It holds
//! for instances of the type that names its `SIZE` and `trace`, and of classes derived from it. `of` casts without a look:
//! it is for values that the type's own methods and slots get as their receiver, whose type was checked.

use crate::builtins::object::new_instance;
use crate::err::R;
use crate::native::*;
use crate::thread::Th;
use crate::value::*;

/// Declares a native layout: header, traced slots, plain words; with its size, trace function and cast. A slot with a
/// type (`args: Tuple`) is a [`SlotOf`].
#[macro_export]
macro_rules! native_layout {
    (@slot) => { $crate::value::Slot };
    (@slot $of:ty) => { $crate::value::SlotOf<$of> };
    ($vis:vis $name:ident { $($slot:ident $(: $of:ty)?),* ; $($plain:ident : $t:ty),* }) => {
        #[repr(C)]
        $vis struct $name {
            h: $crate::heap::Header, $(pub $slot: $crate::native_layout!(@slot $($of)?),)* $(pub $plain: $t,)*
        }
        #[allow(dead_code)]
        impl $name {
            pub const SIZE: u32 = ((size_of::<$name>() + 7) & !7) as u32;
            /// The value must be an instance of the type with this layout.
            #[inline(always)]
            pub fn of(v: $crate::value::Value) -> $crate::value::Gc<$name> {
                // SAFETY: the caller's type has this layout.
                unsafe { v.cast_unchecked() }
            }
            /// Visits the slots.
            pub unsafe fn trace(o: $crate::heap::Obj, t: &mut $crate::heap::Tracer) {
                // SAFETY: the collector calls it with instances of the type that has this layout.
                let x = unsafe { &*(o.as_ptr() as *const $name) };
                let _ = (&x, &t);
                $( t.slot(x.$slot.as_ptr()); )*
            }
        }
    };
}

/// An instance of the class that `__new__` got.
pub fn make(th: Th, t: Value) -> R<Value> {
    new_instance(th, t.known())
}
/// Binds a constructor's arguments by a declaration.
pub fn bind<const N: usize>(th: Th, d: &'static NativeDef, a: RawArgs) -> R<[Option<Value>; N]> {
    let mut out = [None; N];
    crate::bind::bind(th, d, a, &mut out)?;
    Ok(out)
}
/// A declaration used for its signature alone.
pub const fn signature(name: &'static str, sig: &'static str) -> NativeDef {
    raw_function(name, sig, "", |_, _| Ok(NONE()))
}
/// What a table of texts (documentation strings) says of a name; empty: nothing.
pub const fn text_of(t: &'static [(&'static str, &'static str)], name: &str) -> &'static str {
    let mut i = 0;
    while i < t.len() {
        if same(t[i].0, name) {
            return t[i].1;
        }
        i += 1;
    }
    ""
}
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}
/// `__iter__` of iterators, `__copy__` of immutable objects.
pub fn itself(_: Th, o: Value) -> R<Value> {
    Ok(o)
}
/// What a function without a result gives.
pub fn none() -> R<Value> {
    Ok(NONE())
}
