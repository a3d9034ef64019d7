//! annotations (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
macro_rules! no { ($($f:ident)*) => { $(pub fn $f(th: Th, _o: Value) -> R<Value> { Err(th.not_implemented_error(stringify!($f))) })* } }
macro_rules! nos { ($($f:ident)*) => { $(pub fn $f(th: Th, _o: Value, _v: Option<Value>) -> R<()> { Err(th.not_implemented_error(stringify!($f))) })* } }
no! { type_get type_get_annotate function_get function_get_annotate module_get module_get_annotate }
nos! { type_set type_set_annotate function_set function_set_annotate module_set module_set_annotate }
