//! `__build_class__`: what the `class` statement calls.
//!
//! # Invariants
//! `bases` and the tuples of calls are tuples made by the caller or here, on the stack while they are borrowed.

use crate::err::R;
use crate::interp::call::Gather;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Th, fflags};
use crate::value::*;

/// `class` statements: `__build_class__(func, name, *bases, metaclass=..., **kwds)`.
pub fn build_class(th: Th, a: RawArgs) -> R<Value> {
    if a.len() < 2 {
        return Err(th.type_error("__build_class__: not enough arguments"));
    }
    let Some(func) = a.pos()[0].exact::<Function>() else {
        return Err(th.type_error("__build_class__: func must be a function"));
    };
    let name = a.pos()[1];
    if !name.is_kind(Kind::Str) {
        return Err(th.type_error("__build_class__: name is not a string"));
    }
    let orig = th.try_tuple(&a.pos()[2..])?;
    let bases = update_bases(th, orig)?;
    let kw = Gc::<Dict>::new(th);
    for (k, v) in a.keywords() {
        kw.set(th, k, v)?;
    }
    let bases_items = unsafe { &*(bases.cast_unchecked::<Tuple>().items() as *const [Value]) };
    let (mut meta, is_class) = match kw.remove(th, n!(metaclass))? {
        Some(m) => (m, m.is_kind(Kind::Type)),
        None => match bases_items.first() {
            Some(b) => (th.type_of(*b).value(), true),
            None => (crate::builtins::type_::TYPE.get().value(), true),
        },
    };
    if is_class {
        meta = crate::builtins::type_bases::winner(th, meta.known(), bases_items)?.value();
    }
    let ns = match th.getattr_opt(meta, n!(__prepare__))? {
        Some(p) => {
            let t = th.tuple(&[name, bases]);
            th.call_ex(p, t.known(), Some(kw))?
        }
        None => Gc::<Dict>::new(th).value(),
    };
    let mapping = ns.is_kind(Kind::Dict) || th.type_of(ns).slots.getitem.is_some();
    if !mapping {
        let mn = if is_class { meta.known::<Type>().name_str().to_string() } else { "<metaclass>".into() };
        return Err(
            th.type_error(format!("{mn}.__prepare__() must return a mapping, not {}", th.type_name_of(ns)))
        );
    }
    // The body runs as the function it is, with the namespace as its locals.
    super::function::make_room(th, func.code.gc(), ns)?;
    let regs = th.free_regs();
    th.check_stack("")?;
    let nf = unsafe { th.push_frame(func, regs, None, RawArgs::EMPTY, fflags::ENTRY | fflags::LOCALS) }?;
    nf.locals.init(Some(ns));
    let cell = th.run_entry()?;
    if !bases.is(orig) {
        th.setitem(ns, n!(__orig_bases__), Some(orig))?;
    }
    let t = th.tuple(&[name, bases, ns]);
    let cls = th.call_ex(meta, t.known(), Some(kw))?;
    if let Some(c) = cell.exact::<Cell>()
        && cls.is_kind(Kind::Type)
    {
        match c.v.get() {
            None => {
                return Err(th.runtime_error(format!(
                    "__class__ not set defining {} as {}. Was __classcell__ propagated to type.__new__?",
                    th.text(th.repr(name)?),
                    th.text(th.repr(cls)?)
                )));
            }
            Some(x) if !x.is(cls) => {
                return Err(th.type_error(format!(
                    "__class__ set to {} defining {} as {}",
                    th.text(th.repr(x)?),
                    th.text(th.repr(name)?),
                    th.text(th.repr(cls)?)
                )));
            }
            _ => {}
        }
    }
    Ok(cls)
}

/// Replaces bases that are no classes by their `__mro_entries__`. The same tuple if there is nothing to replace.
pub fn update_bases(th: Th, bases: Value) -> R<Value> {
    let t: Gc<Tuple> = bases.known();
    if t.items().iter().all(|b| b.is_kind(Kind::Type)) {
        return Ok(bases);
    }
    let mut g = Gather::new();
    let mut changed = false;
    for b in t.items() {
        if !b.is_kind(Kind::Type)
            && let Some(f) = th.getattr_opt(*b, n!(__mro_entries__))?
        {
            let r = th.call(f, &[bases])?;
            let Some(rt) = r.cast::<Tuple>() else {
                return Err(th.type_error("__mro_entries__ must return a tuple"));
            };
            g.extend(th, rt.items())?;
            changed = true;
        } else {
            g.push(th, *b)?;
        }
    }
    if changed { th.try_tuple(g.as_slice()) } else { Ok(bases) }
}
