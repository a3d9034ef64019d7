//! Structural pattern matching: classes are known from shapes, so what a pattern looks at is read like any attribute.
//!
//! # Invariants
//! The owner of a member descriptor is a type; the member is read of an object whose shape's type inherits from it.

use super::calls::known_class;
use crate::builtins;
use crate::interp::call::Gather;
use crate::interp::machine::*;
use crate::jit::machine::{Recorder, T};
use crate::jit::watch;
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::shape::{Place, shape};
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::{Field, Machine};
use std::mem::offset_of;

/// Whether the value's class counts as a sequence, or a mapping.
pub(super) fn has_flag(m: Recorder, o: T<Value>, flag: u64) -> Option<T<Value>> {
    let t = m.i.th.type_of(o.v);
    watch::watch_type(t, m.rec().tree);
    known_class(m, o)?;
    Some(m.constant(Value::bool(t.has(flag))))
}

/// `cls(p1, ..., name=p)`: a tuple of what the patterns look at, or None.
pub(super) fn class(m: Recorder, i: Ins) -> Option<T<Value>> {
    let (o, c, names) = (m.reg(i.b()), m.reg(i.b() + 1), m.reg(i.b() + 2));
    let (th, n) = (m.i.th, i.x() as usize);
    // Whose metaclass is `type`: nothing else is asked.
    let cls = c.v.exact::<Type>()?;
    let t = th.type_of(o.v);
    let names = names.r.as_const().and(names.v.exact::<Tuple>())?;
    let yes = th.is_subtype(t, cls);
    // An object may claim another class by its `__class__`.
    let class = |t| th.lookup(t, n!(__class__)).map(Value::bits);
    if !yes && (!t.has(tflags::PLAIN_GETATTR) || class(t) != class(builtins::object::OBJECT.get())) {
        return None;
    }
    m.promote(c);
    watch::watch_type(t, m.rec().tree);
    watch::watch_type(cls, m.rec().tree);
    known_class(m, o)?;
    if !yes {
        return Some(m.constant(NONE()));
    }
    let mut wanted: Vec<Value> = Vec::new(); // gc-safe: interned strings, which never move
    let (mut found, mut items) = (Vec::new(), Gather::new());
    if n > 0 {
        match th.lookup(cls, n!(__match_args__)) {
            Some(a) => {
                let a = a.exact::<Tuple>()?;
                for name in a.items().get(..n)? {
                    wanted.push(th.intern_value(name.exact::<Str>()?));
                }
            }
            None if n == 1 && cls.has(tflags::MATCH_SELF) => {
                found.push(o.r);
                items.push(th, o.v).ok()?;
            }
            None => return None,
        }
    }
    for name in names.items() {
        wanted.push(th.intern_value(name.exact::<Str>()?));
    }
    for (k, name) in wanted.iter().enumerate() {
        if wanted[..k].iter().any(|x| x.is(*name)) {
            return None;
        }
        let a = attribute(m, o, t, *name)?;
        found.push(a.r);
        items.push(th, a.v).ok()?;
    }
    if found.is_empty() {
        return Some(m.constant(crate::thread::Root::empty_tuple.value()));
    }
    let v = th.tuple(items.as_slice());
    let len = m.rec().core.int(found.len() as i64);
    let mut fields = vec![(offset_of!(Tuple, len) as u32, len)];
    fields.extend(found.iter().enumerate().map(|(k, r)| ((size_of::<Tuple>() + 8 * k) as u32, *r)));
    Some(super::new(m, Kind::Tuple, v, size_of::<Tuple>() + 8 * found.len(), &fields))
}

/// An attribute in an object whose shape was tested. None: something else than that.
fn attribute(m: Recorder, o: T<Value>, t: Gc<Type>, name: Value) -> Option<T<Value>> {
    let th = m.i.th;
    if !o.v.is_obj() || !t.has(tflags::PLAIN_GETATTR) {
        return None;
    }
    let s = shape(o.v.shape_id());
    match th.lookup(t, name) {
        Some(d) if th.type_of(d).slots.descr_set.is_some() => {
            let d = d.exact::<MemberDescriptor>()?;
            let own = d.flags & crate::native::member::NONE_IF_NULL == 0
                && d.offset != crate::native::member::AS_ATTR
                && th.is_subtype(t, d.owner.gc());
            own.then(|| m.slot(o, Field(d.offset)))?
        }
        _ if s.dict_mode => None,
        _ => match s.find(name)? {
            Place::Inline(at) => m.slot(o, Field(at)),
            Place::Ext(_) => None,
        },
    }
}
