//! `list` (first cut).
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::Relaxed;

pub static LIST_TYPE: NativeType = NativeType {
    name: "list",
    kind: Kind::List,
    size: size_of::<List>() as u32,
    slots: Slots { len: Some(|_, l| Ok(lst(l).len.load(Relaxed) as usize)), ..Slots::NONE },
    methods: &[method("append", "($self, object, /)", "", |th, a| {
        append(th, lst(a[0].unwrap()), a[1].unwrap())?;
        Ok(NONE())
    })],
    ..NativeType::DEFAULT
};
pub static LIST: TypeCell = TypeCell::new(&LIST_TYPE);
fn lst(v: Value) -> Gc<List> {
    unsafe { v.cast_unchecked() }
}
pub fn new(th: Th, v: &[Value]) -> R<Gc<List>> {
    let a = th.array(v.len())?;
    for (i, x) in v.iter().enumerate() {
        a.slot(i).init(Some(*x));
    }
    th.m.barrier_all(a.obj());
    unsafe {
        let l = th.alloc::<List>();
        l.len.store(v.len() as u64, Relaxed);
        l.items.init(Some(a.value()));
        Ok(l)
    }
}
pub fn append(th: Th, l: Gc<List>, v: Value) -> R<()> {
    let n = l.len.load(Relaxed) as usize;
    let mut a: Gc<Array> = unsafe { l.items.gc() };
    if n == a.cap {
        let b = th.array((n + n / 8 + 6) & !3)?;
        for i in 0..n {
            b.slot(i).init(a.slot(i).get());
        }
        th.m.barrier_all(b.obj());
        th.store(l, &l.items, b.value());
        a = b;
    }
    th.store(a, a.slot(n), v);
    l.len.store(n as u64 + 1, Relaxed);
    Ok(())
}
pub fn extend(th: Th, l: Gc<List>, v: Value) -> R<()> {
    th.for_each(v, |x| append(th, l, x))
}
pub fn snapshot(th: Th, l: Gc<List>) -> R<Value> {
    let n = l.len.load(Relaxed) as usize;
    let a: Gc<Array> = unsafe { l.items.gc() };
    th.try_tuple(unsafe { std::slice::from_raw_parts(a.slots().as_ptr() as *const Value, n) })
}
pub fn from_iterable(th: Th, v: Value) -> R<Gc<List>> {
    let l = new(th, &[])?;
    extend(th, l, v)?;
    Ok(l)
}
