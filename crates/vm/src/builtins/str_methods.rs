//! Methods of `str` (first cut).
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
pub static STR_TYPE: NativeType = NativeType {
    name: "str",
    kind: Kind::Str,
    size: 24,
    slots: Slots {
        repr: Some(|th, v| Ok(th.str(&format!("'{}'", th.text(v))))),
        str: Some(|_, v| Ok(v)),
        hash: Some(|_, v| Ok(unsafe { v.cast_unchecked::<Str>() }.hash())),
        concat: Some(|th, a, b| concat_all(th, &[a, b])),
        ..Slots::NONE
    },
    ..NativeType::DEFAULT
};
pub static STR: TypeCell = TypeCell::new(&STR_TYPE);
pub fn concat_all(th: Th, v: &[Value]) -> R<Value> {
    let mut s = Vec::new();
    for x in v {
        s.extend_from_slice(unsafe { x.cast_unchecked::<Str>() }.bytes());
    }
    th.try_str(&s)
}
pub fn ascii(th: Th, v: Value) -> R<Value> {
    th.repr(v)
}
pub fn char_at(s: Gc<Str>, i: usize) -> u32 {
    s.lossy().chars().nth(i).unwrap_or('?') as u32
}
pub fn is_identifier(_s: Gc<Str>) -> bool {
    true
}
