//! type_bases (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn set(th: Th, _t: Gc<Type>, _b: Value) -> R<()> {
    Err(th.not_implemented_error("__bases__ assignment"))
}
