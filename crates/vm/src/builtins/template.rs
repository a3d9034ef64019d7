//! template (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn interpolation(th: Th, _v: Value, _t: Value, _c: u8, _s: Option<Value>) -> R<Value> {
    Err(th.not_implemented_error("t-strings"))
}
pub fn template(th: Th, _a: Value, _b: Value) -> R<Value> {
    Err(th.not_implemented_error("t-strings"))
}
