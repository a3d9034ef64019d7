//! exception_group (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn group_match(th: Th, _e: Value, _t: Value) -> R<(Value, Value)> {
    Err(th.not_implemented_error("except*"))
}
pub fn prep_reraise_star(th: Th, _a: Value, _b: Value) -> R<Value> {
    Err(th.not_implemented_error("except*"))
}
