//! `dict` (first cut).
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
pub static DICT_TYPE: NativeType = NativeType {
    name: "dict",
    kind: Kind::Dict,
    size: 32,
    slots: Slots {
        getitem: Some(|th, d, k| match unsafe { d.cast_unchecked::<Dict>() }.get(th, k)? {
            Some(v) => Ok(v),
            None => Err(th.key_error(k)),
        }),
        setitem: Some(|th, d, k, v| {
            let d = unsafe { d.cast_unchecked::<Dict>() };
            match v {
                Some(v) => d.set(th, k, v),
                None => match d.remove(th, k)? {
                    Some(_) => Ok(()),
                    None => Err(th.key_error(k)),
                },
            }
        }),
        len: Some(|_, d| Ok(unsafe { d.cast_unchecked::<Dict>() }.len())),
        ..Slots::NONE
    },
    ..NativeType::DEFAULT
};
pub static DICT: TypeCell = TypeCell::new(&DICT_TYPE);
pub fn new_cell(th: Th, key: Value, v: Option<Value>) -> Gc<DictCell> {
    unsafe {
        let c = th.alloc_old::<DictCell>(size_of::<DictCell>());
        c.v.init(v);
        c.key.init(Some(key));
        c
    }
}
pub fn key_added(_th: Th, d: Gc<Dict>, key: Value) {
    crate::interp::ic::global_added(d, key)
}
pub fn get_item_str(th: Th, d: Gc<Dict>, name: Value) -> R<Option<Value>> {
    d.get_str(th, name)
}
pub fn update_from(th: Th, d: Gc<Dict>, v: Value) -> R<()> {
    let s = unsafe { v.cast_unchecked::<Dict>() };
    let mut i = 0;
    while let Some((n, k, v)) = s.next_entry(i) {
        d.set(th, k, v)?;
        i = n;
    }
    Ok(())
}
pub fn merge_keywords(th: Th, d: Gc<Dict>, v: Value, _f: Value) -> R<()> {
    update_from(th, d, v)
}
pub fn mapping_proxy(_th: Th, d: Value) -> Value {
    d
}
impl Gc<Dict> {
    pub fn is_exact_dict(self) -> bool {
        self.value().is_exact(Kind::Dict)
    }
}
