//! Argument binding of native functions by their signature, with CPython's messages.
//!
//! CPython's wording depends on how a function was declared there; the same follows from the signature: no parameters
//! (METH_NOARGS), one positional-only (METH_O), all positional-only (`_PyArg_CheckPositional`), others
//! (`_PyArg_UnpackKeywords`).
//!
//! # Invariants
//! The items of an MRO are types.

use crate::err::{R, Raised};
use crate::native::*;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

fn s(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// The function's name as errors about its arguments show it.
fn full_name(d: &NativeDef) -> String {
    format!("{}()", d.name)
}
/// The name in errors about calls without keywords: with the type that defines the method, or the module (CPython's
/// `_PyObject_FunctionStr`). `owner`: the receiver, the class of a class method, or the module.
fn qualified(th: Th, d: &'static NativeDef, owner: Option<Value>) -> String {
    let Some(o) = owner else { return full_name(d) };
    if d.kind == DefKind::Function {
        if let Some(m) = o.cast::<Module>()
            && let Ok(Some(name)) = m.ns().get_str(th, crate::n!(__name__))
            && name.is_kind(Kind::Str)
            && th.text(name) != "builtins"
        {
            return format!("{}.{}()", th.text(name), d.name);
        }
        return full_name(d);
    }
    let t = match o.cast::<Type>() {
        Some(t) if d.kind == DefKind::ClassMethod => t,
        _ => th.type_of(o),
    };
    for m in t.mro_items() {
        let m: Gc<Type> = m.known();
        if !m.heap_type() && m.native.methods.iter().any(|x| std::ptr::eq(x, d)) {
            return format!("{}.{}()", th.text(m.qualname.value()), d.name);
        }
    }
    full_name(d)
}

/// As [`bind_with`] without an owner.
pub fn bind(th: Th, d: &'static NativeDef, a: RawArgs, out: &mut [Option<Value>]) -> R<()> {
    bind_with(th, d, None, a, out)
}

/// Fills `out` (one place for each parameter, then `*args` and `**kwargs`). `owner`: see `qualified`.
pub fn bind_with(
    th: Th,
    d: &'static NativeDef,
    owner: Option<Value>,
    a: RawArgs,
    out: &mut [Option<Value>],
) -> R<()> {
    let g = &d.sig;
    let (npos, nreq) = (g.npos as usize, g.required as usize);
    let total = npos + g.kwonly as usize;
    if g.posonly as usize == npos && g.kwonly == 0 && !g.varkw {
        if a.nkw() != 0 {
            return Err(th.type_error(format!("{} takes no keyword arguments", qualified(th, d, owner))));
        }
        if !g.varargs && (a.len() < nreq || a.len() > npos) || a.len() < nreq {
            return Err(positional_count(th, d, owner, a.len()));
        }
    }
    for (i, v) in a.pos().iter().take(npos).enumerate() {
        out[i] = Some(*v);
    }
    if g.varargs {
        let rest = if a.len() > npos { &a.pos()[npos..] } else { &[] };
        out[total] = Some(th.try_tuple(rest)?);
    } else if a.len() > npos {
        return Err(too_many(th, d, a.len(), a.nkw()));
    }
    let kwd = if g.varkw {
        let x = Gc::<Dict>::new(th);
        out[total + g.varargs as usize] = Some(x.value());
        Some(x)
    } else {
        None
    };
    if a.nkw() != 0 {
        for (k, v) in a.keywords() {
            let Some(ks) = k.cast::<Str>() else { return Err(th.type_error("keywords must be strings")) };
            let hit = g.position(ks.bytes()).filter(|i| *i >= g.posonly as usize);
            match (hit, kwd) {
                (Some(i), _) => {
                    if out[i].is_some() {
                        return Err(th.type_error(format!(
                            "argument for {} given by name ('{}') and position ({})",
                            full_name(d),
                            g.names()[i],
                            i + 1
                        )));
                    }
                    out[i] = Some(v);
                }
                (None, Some(x)) => x.set(th, k, v)?,
                (None, None) => {
                    return Err(
                        match crate::suggest::closest(
                            &ks.lossy(),
                            g.names()[g.posonly as usize..].iter().copied(),
                        ) {
                            Some(c) => th.type_error(format!(
                                "{} got an unexpected keyword argument '{}'. Did you mean '{c}'?",
                                full_name(d),
                                ks.lossy()
                            )),
                            None => th.type_error(format!(
                                "{} got an unexpected keyword argument '{}'",
                                full_name(d),
                                ks.lossy()
                            )),
                        },
                    );
                }
            }
        }
    }
    for i in (0..nreq).chain(npos..npos + g.kwrequired as usize) {
        if out[i].is_none() {
            if i < g.posonly as usize {
                return Err(th.type_error(format!(
                    "{} takes {} {nreq} positional argument{} ({} given)",
                    full_name(d),
                    if nreq < npos { "at least" } else { "exactly" },
                    s(nreq),
                    a.len()
                )));
            }
            return Err(th.type_error(format!(
                "{} missing required argument '{}' (pos {})",
                full_name(d),
                g.names()[i],
                i + 1
            )));
        }
    }
    Ok(())
}

#[cold]
fn positional_count(th: Th, d: &'static NativeDef, owner: Option<Value>, n: usize) -> Raised {
    let (npos, nreq) = (d.sig.npos as usize, d.sig.required as usize);
    if npos == 0 {
        return th.type_error(format!("{} takes no arguments ({n} given)", qualified(th, d, owner)));
    }
    if npos == 1 && nreq == 1 {
        return th.type_error(format!("{} takes exactly one argument ({n} given)", qualified(th, d, owner)));
    }
    let name = d.name;
    if n < nreq {
        let how = if nreq == npos { "" } else { "at least " };
        th.type_error(format!("{name} expected {how}{nreq} argument{}, got {n}", s(nreq)))
    } else {
        let how = if nreq == npos { "" } else { "at most " };
        th.type_error(format!("{name} expected {how}{npos} argument{}, got {n}", s(npos)))
    }
}

#[cold]
fn too_many(th: Th, d: &NativeDef, n: usize, nkw: usize) -> Raised {
    let g = &d.sig;
    let (npos, total) = (g.npos as usize, g.npos as usize + g.kwonly as usize);
    if n + nkw > total {
        return th.type_error(format!(
            "{} takes {} {total} {}argument{} ({} given)",
            full_name(d),
            if (g.required as usize) < total { "at most" } else { "exactly" },
            if n == 0 { "keyword " } else { "" },
            s(total),
            n + nkw
        ));
    }
    if npos == 0 {
        return th.type_error(format!("{} takes no positional arguments", full_name(d)));
    }
    th.type_error(format!(
        "{} takes {} {npos} positional argument{} ({n} given)",
        full_name(d),
        if (g.required as usize) < npos { "at most" } else { "exactly" },
        s(npos)
    ))
}
