//! `object.__reduce_ex__` for protocol 2 and up and `object.__getstate__`: how objects are taken apart for pickle and copy.
//!
//! # Invariants
//! What `items` is given is a tuple that is on the caller's stack.

use crate::err::R;
use crate::interp::call::Gather;
use crate::n;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

fn items(t: Value) -> &'static [Value] {
    unsafe { &*(t.cast_unchecked::<Tuple>().items() as *const [Value]) }
}
fn copyreg(th: Th, name: &str) -> R<Value> {
    let m = crate::import::import_module(th, "copyreg")?;
    th.getattr(m, th.intern(name))
}

/// What `__getnewargs_ex__` or `__getnewargs__` give.
fn new_arguments(th: Th, o: Value) -> R<(Option<Value>, Option<Value>)> {
    // Asked of the class alone: `__getattr__` has no say.
    if let Some(f) = th.lookup_special(o, n!(__getnewargs_ex__)) {
        let r = th.call_unbound(f, o, &[])?;
        if !r.is_kind(Kind::Tuple) {
            return Err(th.type_error(format!(
                "__getnewargs_ex__ should return a tuple, not '{}'",
                th.type_name_of(r)
            )));
        }
        let t = items(r);
        if t.len() != 2 {
            return Err(th.value_error(format!(
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                t.len()
            )));
        }
        if !t[0].is_kind(Kind::Tuple) {
            return Err(th.type_error(format!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                th.type_name_of(t[0])
            )));
        }
        if !t[1].is_kind(Kind::Dict) {
            return Err(th.type_error(format!(
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                th.type_name_of(t[1])
            )));
        }
        return Ok((Some(t[0]), Some(t[1])));
    }
    if let Some(f) = th.lookup_special(o, n!(__getnewargs__)) {
        let r = th.call_unbound(f, o, &[])?;
        if !r.is_kind(Kind::Tuple) {
            return Err(
                th.type_error(format!("__getnewargs__ should return a tuple, not '{}'", th.type_name_of(r)))
            );
        }
        return Ok((Some(r), None));
    }
    Ok((None, None))
}

/// The reduced value for `copyreg.__newobj__`.
pub fn reduce_newobj(th: Th, o: Value) -> R<Value> {
    let t = th.type_of(o);
    if t.slots.new.is_none() {
        return Err(th.type_error(format!("cannot pickle '{}' object", th.type_name(t))));
    }
    let (args, kw) = new_arguments(th, o)?;
    let has_args = args.is_some();
    let kw = kw.filter(|k| k.known::<Dict>().len() > 0);
    let (f, newargs) = match kw {
        None => {
            let mut g = Gather::new();
            g.push(th, t.value())?;
            if let Some(a) = args {
                g.extend(th, items(a))?;
            }
            (copyreg(th, "__newobj__")?, th.try_tuple(g.as_slice())?)
        }
        Some(k) => {
            let a = args.unwrap_or_else(|| th.tuple(&[]));
            (copyreg(th, "__newobj_ex__")?, th.tuple(&[t.value(), a, k]))
        }
    };
    let required = !(has_args || o.is_kind(Kind::List) || o.is_kind(Kind::Dict));
    let state = getstate(th, o, required)?;
    let list_items = if o.is_kind(Kind::List) { th.iter(o)? } else { NONE() };
    let dict_items = if o.is_kind(Kind::Dict) {
        let i = th.call_method(o, n!(items), &[])?;
        th.iter(i)?
    } else {
        NONE()
    };
    Ok(th.tuple(&[f, newargs, state, list_items, dict_items]))
}

/// `o.__getstate__()`, the default one with the check that nothing is left out.
fn getstate(th: Th, o: Value, required: bool) -> R<Value> {
    let t = th.type_of(o);
    if th.lookup(t, n!(__getstate__)) == th.lookup(super::object::OBJECT.get(), n!(__getstate__)) {
        return default_getstate(th, o, required);
    }
    th.call_method(o, n!(__getstate__), &[])
}

/// `required`: the state must be all there is to the object beyond its class.
pub fn default_getstate(th: Th, o: Value, required: bool) -> R<Value> {
    let t = th.type_of(o);
    let cannot = || th.type_error(format!("cannot pickle '{}' object", th.type_name(t)));
    if required && (!o.is_obj() || t.native.size > 8) {
        return Err(cannot());
    }
    let state = instance_state(th, o)?;
    let names = slot_names(th, t)?;
    let Some(names) = names else { return Ok(state) };
    let slots = Gc::<Dict>::new(th);
    for n in items(names) {
        if let Some(v) = th.getattr_opt(o, *n)? {
            slots.set(th, *n, v)?;
        }
    }
    if slots.len() == 0 {
        return Ok(state);
    }
    Ok(th.tuple(&[state, slots.value()]))
}
/// The instance's dict, or None if it is empty (asked without making the object irregular).
fn instance_state(th: Th, o: Value) -> R<Value> {
    if !o.is_obj() {
        return Ok(NONE());
    }
    let s = crate::shape::shape(o.shape_id());
    if s.ext_at != 0 && !s.dict_mode && s.no_attributes() {
        return Ok(NONE());
    }
    match th.instance_dict(o)? {
        Some(d) if d.len() > 0 => Ok(d.value()),
        _ => Ok(NONE()),
    }
}
/// Names of all `__slots__` of the class and its bases, as `copyreg` works them out. None: there are none.
fn slot_names(th: Th, t: Gc<Type>) -> R<Option<Value>> {
    let v = match t.dict_().get_str(th, n!(__slotnames__))? {
        Some(v) => v,
        None => {
            let f = copyreg(th, "_slotnames")?;
            let r = th.call(f, &[t.value()])?;
            if !r.is_none() && !r.is_kind(Kind::List) {
                return Err(th.type_error("copyreg._slotnames didn't return a list or None"));
            }
            r
        }
    };
    match v.cast::<List>() {
        Some(l) => Ok(Some(super::list::snapshot(th, l)?)),
        None if v.is_none() => Ok(None),
        None => Err(th.type_error(format!(
            "{}.__slotnames__ should be a list or None, not {}",
            th.type_name(t),
            th.type_name_of(v)
        ))),
    }
}
