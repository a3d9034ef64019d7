//! weakref (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub fn first(th: Th, _o: Value) -> R<Value> {
    Ok(NONE())
}
