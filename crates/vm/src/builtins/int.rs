//! `int` (first cut).
use crate::err::R;
use crate::native::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
pub static INT_TYPE: NativeType = NativeType {
    name: "int",
    kind: Kind::Int,
    size: 16,
    slots: Slots {
        repr: Some(|th, v| Ok(th.str(&to_i64(v).unwrap_or(0).to_string()))),
        hash: Some(hash),
        richcompare: Some(|_, a, b, op| match (to_i64(a), to_i64(b)) {
            (Some(x), Some(y)) if b.kind() == Kind::Int => Ok(Value::bool(op.holds(x.cmp(&y)))),
            _ => Ok(NOT_IMPLEMENTED()),
        }),
        ..Slots::NONE
    },
    ..NativeType::DEFAULT
};
pub static INT: TypeCell = TypeCell::new(&INT_TYPE);
pub static BOOL_TYPE: NativeType =
    NativeType { name: "bool", kind: Kind::Bool, size: 16, base: Some(&INT), ..NativeType::DEFAULT };
pub static BOOL: TypeCell = TypeCell::new(&BOOL_TYPE);
pub fn to_i64(v: Value) -> Option<i64> {
    v.as_fix().or(if v.is(TRUE()) {
        Some(1)
    } else if v.is(FALSE()) {
        Some(0)
    } else {
        None
    })
}
pub fn is_negative(v: Value) -> bool {
    to_i64(v).is_some_and(|n| n < 0)
}
pub fn hash(_th: Th, v: Value) -> R<i64> {
    Ok(to_i64(v).unwrap_or(0))
}
pub fn from_limbs(_th: Th, _neg: bool, _l: &[u64]) -> Value {
    Value::fix(0)
}
impl Th {
    pub fn int(self, n: i64) -> Value {
        Value::fix(n)
    }
}
