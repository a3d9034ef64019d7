//! `bool`: two static objects.

use super::int;
use crate::err::R;
use crate::native::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;

pub static BOOL_TYPE: NativeType = NativeType {
    name: "bool",
    kind: Kind::Bool,
    size: size_of::<crate::object::BoolObj>() as u32,
    flags: tflags::IMMUTABLE | tflags::MATCH_SELF,
    doc: "Returns True when the argument is true, False otherwise.\nThe builtins True and False are the only two instances of the class bool.\nThe class bool is a subclass of the class int, and cannot be subclassed.",
    base: Some(&int::INT),
    new1: Some(|th, v| Ok(Value::bool(th.truth(v)?))),
    slots: Slots {
        new: Some(new),
        repr: Some(|th, v| Ok(th.intern(if v.is(TRUE()) { "True" } else { "False" }))),
        invert: Some(invert),
        and: Some(
            |th, a, b| {
                if both(a, b) { Ok(Value::bool(a.is(TRUE()) & b.is(TRUE()))) } else { int::and(th, a, b) }
            },
        ),
        or: Some(
            |th, a, b| {
                if both(a, b) { Ok(Value::bool(a.is(TRUE()) | b.is(TRUE()))) } else { int::or(th, a, b) }
            },
        ),
        xor: Some(
            |th, a, b| {
                if both(a, b) { Ok(Value::bool(a.is(TRUE()) ^ b.is(TRUE()))) } else { int::xor(th, a, b) }
            },
        ),
        ..Slots::NONE
    },
    text_signature: Some("(object=False, /)"),
    ..NativeType::DEFAULT
};
pub static BOOL: TypeCell = TypeCell::new(&BOOL_TYPE);

fn both(a: Value, b: Value) -> bool {
    a.is_kind(Kind::Bool) && b.is_kind(Kind::Bool)
}

fn new(th: Th, _: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("bool() takes no keyword arguments"));
    }
    match a.pos() {
        [] => Ok(FALSE()),
        &[x] => Ok(Value::bool(th.truth(x)?)),
        p => Err(th.type_error(format!("bool expected at most 1 argument, got {}", p.len()))),
    }
}

fn invert(th: Th, v: Value) -> R<Value> {
    th.deprecation_warning(
        "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns the bitwise \
         inversion of the underlying int object and is usually not what you expect from negating a bool. Use the \
         'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying \
         int.",
    )?;
    int::invert(th, v)
}
