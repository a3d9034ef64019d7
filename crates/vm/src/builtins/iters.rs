//! Iterators (first cut).
use crate::err::R;
use crate::thread::Th;
use crate::value::*;
pub fn seq_iter(th: Th, _o: Value) -> R<Value> {
    Err(th.not_implemented_error("iterator over __getitem__"))
}
