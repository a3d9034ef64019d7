//! `bytes` (first cut).
use crate::err::R;
use crate::thread::Th;
use crate::value::*;
pub fn new(th: Th, _b: &[u8]) -> R<Value> {
    Err(th.not_implemented_error("bytes"))
}
