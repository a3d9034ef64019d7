//! `slice` (first cut).
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
pub static SLICE_TYPE: NativeType =
    NativeType { name: "slice", kind: Kind::Slice, size: size_of::<Slice>() as u32, ..NativeType::DEFAULT };
pub static SLICE: TypeCell = TypeCell::new(&SLICE_TYPE);
pub fn new(th: Th, a: Value, b: Value, c: Value) -> Value {
    unsafe {
        let s = th.alloc::<Slice>();
        s.start.init(Some(a));
        s.stop.init(Some(b));
        s.step.init(Some(c));
        s.value()
    }
}
