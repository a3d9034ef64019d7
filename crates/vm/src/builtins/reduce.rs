//! reduce (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn reduce_newobj(th: Th, _o: Value) -> R<Value> {
    Err(th.not_implemented_error("__reduce_ex__"))
}
pub fn default_getstate(th: Th, _o: Value, _r: bool) -> R<Value> {
    Err(th.not_implemented_error("__getstate__"))
}
