//! `set` (first cut).
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub static SET_TYPE: NativeType =
    NativeType { name: "set", kind: Kind::Set, size: size_of::<Set>() as u32, ..NativeType::DEFAULT };
pub static SET: TypeCell = TypeCell::new(&SET_TYPE);
pub fn from_slice(th: Th, _v: &[Value]) -> R<Value> {
    Err(th.not_implemented_error("set"))
}
pub fn frozen_from_slice(th: Th, _v: &[Value]) -> R<Value> {
    Err(th.not_implemented_error("frozenset"))
}
pub fn add(th: Th, _s: Gc<Set>, _v: Value) -> R<()> {
    Err(th.not_implemented_error("set"))
}
pub fn update(th: Th, _s: Gc<Set>, _v: Value) -> R<()> {
    Err(th.not_implemented_error("set"))
}
