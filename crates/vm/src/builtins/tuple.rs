//! `tuple` (first cut).
use crate::err::R;
use crate::native::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
pub static TUPLE_TYPE: NativeType =
    NativeType { name: "tuple", kind: Kind::Tuple, size: 16, slots: Slots::NONE, ..NativeType::DEFAULT };
pub static TUPLE: TypeCell = TypeCell::new(&TUPLE_TYPE);
pub fn from_iterable(th: Th, v: Value) -> R<Value> {
    if v.is_exact(Kind::Tuple) {
        return Ok(v);
    }
    let l = super::list::from_iterable(th, v)?;
    super::list::snapshot(th, l)
}
