//! typing (first cut).
#![allow(unused)]
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
macro_rules! no { ($($f:ident($($a:ident: $t:ty),*))*) => { $(pub fn $f(th: Th $(, $a: $t)*) -> R<Value> { Err(th.not_implemented_error(stringify!($f))) })* } }
no! { union_or(_a: Value, _b: Value) typevar(_n: Value, _b: Option<Value>, _c: Option<Value>) paramspec(_n: Value) typevartuple(_n: Value) subscript_generic(_v: Value) type_alias(_v: Value) set_default(_a: Value, _b: Value) generic_alias(_a: Value, _b: Value) }
pub fn union_args(v: Value) -> Value {
    v
}
