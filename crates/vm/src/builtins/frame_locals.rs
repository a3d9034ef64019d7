//! `frame.f_locals` of a function: `FrameLocalsProxy` (PEP 667), which reads and writes the frame's variables wherever they
//! are now, and keeps names that the code does not have in a dict of the frame.
//!
//! # Invariants
//! `frame` of a proxy is a frame object from the start; its code's names are a tuple, `extra_locals` null or a dict.

use super::frame::{FrameObj, local_slot};
use super::util::{push_repr, repr_once};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::Header;

#[repr(C)]
pub struct FrameLocals {
    pub h: Header,
    pub frame: SlotOf<FrameObj>,
}

pub static FRAME_LOCALS_TYPE: NativeType = NativeType {
    name: "FrameLocalsProxy",
    kind: Kind::Native,
    size: size_of::<FrameLocals>() as u32,
    flags: tflags::IMMUTABLE | tflags::MAPPING | tflags::HAVE_GC,
    slots: Slots {
        new: Some(|th, t, a| {
            if a.nkw() != 0 {
                return Err(th.type_error("FrameLocalsProxy takes no keyword arguments"));
            }
            if a.len() != 1 {
                return Err(th.type_error(format!("FrameLocalsProxy expected 1 argument, got {}", a.len())));
            }
            let f = a.pos()[0];
            if !f.is_kind(Kind::Frame) {
                return Err(th.type_error(format!("expect frame, not {}", th.type_name_of(f))));
            }
            make(th, unsafe { t.cast_unchecked() }, f)
        }),
        repr: Some(repr),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(compare),
        len: Some(|th, o| Ok(dict(th, o)?.len())),
        getitem: Some(|th, o, k| match get(th, o, k)? {
            Some(v) => Ok(v),
            None => {
                let k = th.text(th.repr(k)?);
                let msg = th.str(&format!("local variable '{k}' is not defined"));
                Err(th.key_error(msg))
            }
        }),
        setitem: Some(set),
        contains: Some(|th, o, k| Ok(get(th, o, k)?.is_some())),
        iter: Some(|th, o| {
            let l = keys(th, o)?;
            th.iter(l)
        }),
        or: Some(|th, a, b| {
            if !is_mapping(th, a) || !is_mapping(th, b) {
                return Ok(NOT_IMPLEMENTED());
            }
            let d = Gc::<Dict>::new(th);
            super::dict::update_from(th, d, a)?;
            super::dict::update_from(th, d, b)?;
            Ok(d.value())
        }),
        ior: Some(|th, a, b| {
            if !is_mapping(th, b) {
                return Ok(NOT_IMPLEMENTED());
            }
            update(th, a, b)?;
            Ok(a)
        }),
        ..Slots::NONE
    },
    methods: &[
        method("__reversed__", "($self, /)", "", |th, a| {
            let l = keys(th, a[0].unwrap())?;
            th.call_method(l, th.intern("reverse"), &[])?;
            Ok(l)
        }),
        method("copy", "($self, /)", "", |th, a| Ok(dict(th, a[0].unwrap())?.value())),
        method("keys", "($self, /)", "", |th, a| keys(th, a[0].unwrap())),
        method("values", "($self, /)", "", |th, a| listed(th, a[0].unwrap(), "values")),
        method("items", "($self, /)", "", |th, a| listed(th, a[0].unwrap(), "items")),
        method("update", "($self, object, /)", "", |th, a| {
            let (o, from) = (a[0].unwrap(), a[1].unwrap());
            if !is_mapping(th, from) {
                return Err(th.type_error("update() argument must be dict or another FrameLocalsProxy"));
            }
            update(th, o, from)?;
            Ok(NONE())
        }),
        method("get", "!($self, key, default=None, /)", "", |th, a| {
            Ok(get(th, a[0].unwrap(), a[1].unwrap())?.or(a[2]).unwrap_or(NONE()))
        }),
        method("setdefault", "!($self, key, default=None, /)", "", |th, a| {
            let (o, k) = (a[0].unwrap(), a[1].unwrap());
            if let Some(v) = get(th, o, k)? {
                return Ok(v);
            }
            let v = a[2].unwrap_or(NONE());
            set(th, o, k, Some(v))?;
            Ok(v)
        }),
        method("pop", "!($self, key, default=<unrepresentable>, /)", "", |th, a| {
            let (o, k) = (a[0].unwrap(), a[1].unwrap());
            if position(th, o, k, true)?.is_some() {
                return Err(cannot_remove(th));
            }
            let v = match extra(th, o, false) {
                Some(d) => d.remove(th, k)?,
                None => None,
            };
            v.or(a[2]).ok_or_else(|| th.key_error(k))
        }),
    ],
    trace: Some(|o, t| unsafe { t.slot((*(o.as_ptr() as *const FrameLocals)).frame.as_ptr()) }),
    ..NativeType::DEFAULT
};
pub static FRAME_LOCALS: TypeCell = TypeCell::new(&FRAME_LOCALS_TYPE);

pub fn new(th: Th, frame: Value) -> R<Value> {
    make(th, th.make_type(&FRAME_LOCALS), frame)
}
fn make(th: Th, t: Gc<Type>, frame: Value) -> R<Value> {
    let o = super::object::new_instance(th, t)?;
    let p: Gc<FrameLocals> = unsafe { o.cast_unchecked() };
    th.store(p, &p.frame, frame.known());
    Ok(o)
}
fn frame_of(o: Value) -> Gc<FrameObj> {
    unsafe { o.cast_unchecked::<FrameLocals>().frame.gc() }
}
fn is_proxy(th: Th, v: Value) -> bool {
    FRAME_LOCALS.try_get().is_some_and(|t| v.is_obj() && th.type_of(v) == t)
}
fn is_mapping(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Dict) || is_proxy(th, v)
}
/// The names that are not the code's.
fn extra(th: Th, o: Value, create: bool) -> Option<Gc<Dict>> {
    let f = frame_of(o);
    if f.extra_locals.get().is_none() && create {
        let d = Gc::<Dict>::new(th);
        th.store(f, &f.extra_locals, d);
    }
    f.extra_locals.get()
}
#[cold]
fn cannot_remove(th: Th) -> crate::err::Raised {
    th.value_error("cannot remove local variables from FrameLocalsProxy")
}

/// The number of the variable with that name. `bound`: only if it has a value.
fn position(th: Th, o: Value, key: Value, bound: bool) -> R<Option<usize>> {
    let hash = super::dict_table::hash_key(th, key)?;
    let f = frame_of(o);
    let names = f.code.gc().varnames.gc();
    let mut unbound = None;
    for (i, n) in names.items().iter().enumerate() {
        let same = n.is(key)
            || match key.exact::<Str>() {
                Some(s) => s.bytes() == n.known::<Str>().bytes(),
                None => hash == n.known::<Str>().hash() && th.eq(*n, key)?,
            };
        if same {
            if local_slot(th, f, i).is_some() {
                return Ok(Some(i));
            }
            unbound = unbound.or(Some(i));
        }
    }
    Ok(if bound { None } else { unbound })
}
fn get(th: Th, o: Value, key: Value) -> R<Option<Value>> {
    if let Some(i) = position(th, o, key, true)? {
        return Ok(local_slot(th, frame_of(o), i));
    }
    match extra(th, o, false) {
        Some(d) => d.get(th, key),
        None => Ok(None),
    }
}
fn set(th: Th, o: Value, key: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => match position(th, o, key, false)? {
            Some(i) => super::frame::set_local(th, frame_of(o), i, v),
            None => extra(th, o, true).expect("just made").set(th, key, v),
        },
        None => {
            if position(th, o, key, true)?.is_some() {
                return Err(cannot_remove(th));
            }
            match extra(th, o, false) {
                Some(d) if d.remove(th, key)?.is_some() => Ok(()),
                _ => Err(th.key_error(key)),
            }
        }
    }
}
fn update(th: Th, o: Value, from: Value) -> R<()> {
    let d = match from.cast::<Dict>() {
        Some(d) => d.copy(th)?,
        None => dict(th, from)?,
    };
    let mut i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        set(th, o, k, Some(v))?;
        i = ni;
    }
    Ok(())
}
/// All variables with a value and the added names.
fn dict(th: Th, o: Value) -> R<Gc<Dict>> {
    super::frame::locals_dict(th, frame_of(o))
}
fn listed(th: Th, o: Value, what: &str) -> R<Value> {
    let v = th.call_method(dict(th, o)?.value(), th.intern(what), &[])?;
    Ok(super::list::from_iterable(th, v)?.value())
}
fn keys(th: Th, o: Value) -> R<Value> {
    listed(th, o, "keys")
}
fn repr(th: Th, o: Value) -> R<Value> {
    let d = dict(th, o)?;
    // The guard is for the frame: every `f_locals` is another proxy.
    let r = repr_once(th, frame_of(o).value(), || {
        let mut out = b"{".to_vec();
        let mut i = 0;
        while let Some((ni, k, v)) = d.next_entry(i) {
            if out.len() > 1 {
                out.extend_from_slice(b", ");
            }
            push_repr(th, &mut out, k)?;
            out.extend_from_slice(b": ");
            push_repr(th, &mut out, v)?;
            i = ni;
        }
        out.push(b'}');
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("{...}")))
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let same = if is_proxy(th, b) {
        frame_of(a) == frame_of(b)
    } else if b.is_kind(Kind::Dict) {
        let d = dict(th, a)?.value();
        th.eq(d, b)?
    } else {
        return Ok(NOT_IMPLEMENTED());
    };
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}
