//! patterns (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn match_keys(th: Th, _a: Value, _b: Value) -> R<Value> {
    Err(th.not_implemented_error("match"))
}
pub fn match_class(th: Th, _a: Value, _b: Value, _c: Value, _n: usize) -> R<Value> {
    Err(th.not_implemented_error("match"))
}
