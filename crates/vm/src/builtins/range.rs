//! `range` (first cut).
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
pub static RANGE_TYPE: NativeType = NativeType {
    name: "range",
    kind: Kind::Range,
    size: size_of::<Range>() as u32,
    slots: Slots { new: Some(new), iter: Some(iter), ..Slots::NONE },
    ..NativeType::DEFAULT
};
pub static RANGE: TypeCell = TypeCell::new(&RANGE_TYPE);
pub static RANGE_ITER_TYPE: NativeType = NativeType {
    name: "range_iterator",
    kind: Kind::RangeIter,
    size: size_of::<RangeIter>() as u32,
    slots: Slots { iter: Some(|_, o| Ok(o)), iternext: Some(next), ..Slots::NONE },
    ..NativeType::DEFAULT
};
pub static RANGE_ITER: TypeCell = TypeCell::new(&RANGE_ITER_TYPE);
fn new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    let p = a.pos();
    let (s, e, st) = match p.len() {
        1 => (0, th.index_i64(p[0])?, 1),
        2 => (th.index_i64(p[0])?, th.index_i64(p[1])?, 1),
        _ => (th.index_i64(p[0])?, th.index_i64(p[1])?, th.index_i64(p[2])?),
    };
    unsafe {
        let r = th.alloc::<Range>();
        r.start.init(Some(Value::fix(s)));
        r.stop.init(Some(Value::fix(e)));
        r.step.init(Some(Value::fix(st)));
        let n = if st > 0 {
            if e > s { (e - s - 1) / st + 1 } else { 0 }
        } else if s > e {
            (s - e - 1) / -st + 1
        } else {
            0
        };
        r.len.init(Some(Value::fix(n)));
        Ok(r.value())
    }
}
fn iter(th: Th, o: Value) -> R<Value> {
    let r: Gc<Range> = unsafe { o.cast_unchecked() };
    let f = |s: &Slot| s.value().as_fix().unwrap();
    unsafe {
        let i = th.alloc::<RangeIter>();
        i.next.set(f(&r.start));
        (*i.as_ptr()).step = f(&r.step);
        i.left.set(f(&r.len));
        Ok(i.value())
    }
}
fn next(_th: Th, o: Value) -> R<Option<Value>> {
    let i: Gc<RangeIter> = unsafe { o.cast_unchecked() };
    if i.left.get() <= 0 {
        return Ok(None);
    }
    i.left.set(i.left.get() - 1);
    let v = i.next.get();
    i.next.set(v + i.step);
    Ok(Some(Value::fix(v)))
}
