//! `float` (first cut).
use crate::native::*;
use crate::slots::Slots;
use crate::value::*;
pub static FLOAT_TYPE: NativeType = NativeType {
    name: "float",
    kind: Kind::Float,
    size: 16,
    slots: Slots { repr: Some(|th, v| Ok(th.str(&format!("{:?}", v)))), ..Slots::NONE },
    ..NativeType::DEFAULT
};
pub static FLOAT: TypeCell = TypeCell::new(&FLOAT_TYPE);
