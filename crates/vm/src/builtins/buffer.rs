//! The buffer protocol (first cut).
use crate::err::R;
use crate::thread::Th;
use crate::value::*;
pub fn from_python(th: Th, _o: Value, _f: u32) -> R<Value> {
    Err(th.not_implemented_error("__buffer__"))
}
pub fn bytes_of(_o: Value) -> Option<&'static [u8]> {
    None
}
