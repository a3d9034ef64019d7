//! Texts of failing `from` imports and of missing module attributes, with CPython's hints at circular imports and at
//! files that hide a library module.
//!
//! # Invariants
//! Modules are cast after a test.

use super::{is_initializing, quoted};
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::n;
use crate::names::Name;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

/// Where the module of a spec comes from, if that is a file.
fn file_origin(th: Th, spec: Value) -> R<Option<Value>> {
    if spec.is_none() {
        return Ok(None);
    }
    let Some(h) = th.getattr_opt(spec, n!(has_location))? else { return Ok(None) };
    if !th.truth(h)? {
        return Ok(None);
    }
    Ok(th.getattr_opt(spec, n!(origin))?.filter(|o| o.is_kind(Kind::Str)))
}

/// Whether the file lies in the script's folder, so that it may hide another module.
fn possibly_shadowing(th: Th, origin: Option<Value>) -> bool {
    let Some(o) = origin.and_then(|o| o.cast::<Str>()) else { return false };
    let c = crate::config::get();
    let (Some(first), false) = (c.sys_path_0(), c.safe_path) else { return false };
    let o = th.text(o.value());
    let Some((mut root, name)) = o.rsplit_once('/') else { return false };
    if name == "__init__.py" {
        let Some((up, _)) = root.rsplit_once('/') else { return false };
        root = up;
    }
    if first.is_empty() {
        let here = crate::host::Outside::region(|o| crate::the_host().getcwd(o));
        return here.is_ok_and(|d| d == root.as_bytes());
    }
    first == root
}

fn in_stdlib(th: Th, name: Value) -> R<bool> {
    let names = crate::builtins::sys_attr(th, th.intern("stdlib_module_names"))?;
    match names {
        Some(s) if matches!(s.kind(), Kind::Set | Kind::FrozenSet) => th.contains(s, name),
        _ => Ok(false),
    }
}

/// `ImportError(msg, name=..., path=..., name_from=...)`.
pub fn import_error(th: Th, msg: &str, name: Value, path: Value, name_from: Option<Value>) -> Raised {
    let r = th.raise_msg(&exc::IMPORT_ERROR, msg);
    if let Some(e) = th.pending().and_then(|e| e.cast::<BaseException>()) {
        th.store(e, &e.f[1], name);
        th.store(e, &e.f[2], path);
        th.store_opt(e, &e.f[3], name_from);
    }
    r
}

pub fn cannot_import_name(th: Th, m: Value, mod_name: Option<Value>, name: Value) -> Raised {
    let r = (|| -> R<Raised> {
        let shown = match mod_name {
            Some(v) => v,
            None => th.str("<unknown module name>"),
        };
        let (q, from) = (quoted(th, name), quoted(th, shown));
        let Some(spec) = th.getattr_opt(m, n!(__spec__))? else {
            let msg = format!("cannot import name {q} from {from} (unknown location)");
            return Ok(import_error(th, &msg, Value::opt_or_none(mod_name), NONE(), Some(name)));
        };
        let mut origin = file_origin(th, spec)?;
        let shadowing = possibly_shadowing(th, origin);
        let stdlib = shadowing
            && match mod_name {
                Some(n) => in_stdlib(th, n)?,
                None => false,
            };
        if origin.is_none() && m.is_kind(Kind::Module) {
            let d = m.known::<Module>().ns();
            origin = d.get_str(th, n!(__file__))?.filter(|f| f.is_kind(Kind::Str));
        }
        let o = origin.map(|o| th.text(o));
        let msg = if stdlib {
            format!(
                "cannot import name {q} from {from} (consider renaming {} since it has the same name as the standard library module named {from} and prevents importing that standard library module)",
                quoted(th, origin.unwrap())
            )
        } else if is_initializing(th, spec)? {
            match (shadowing, &o) {
                (true, _) => format!(
                    "cannot import name {q} from {from} (consider renaming {} if it has the same name as a library you intended to import)",
                    quoted(th, origin.unwrap())
                ),
                (_, Some(o)) => format!(
                    "cannot import name {q} from partially initialized module {from} (most likely due to a circular import) ({o})"
                ),
                _ => format!(
                    "cannot import name {q} from partially initialized module {from} (most likely due to a circular import)"
                ),
            }
        } else {
            match &o {
                Some(o) => format!("cannot import name {q} from {from} ({o})"),
                None => format!("cannot import name {q} from {from} (unknown location)"),
            }
        };
        Ok(import_error(th, &msg, Value::opt_or_none(mod_name), Value::opt_or_none(origin), Some(name)))
    })();
    r.unwrap_or_else(|r| r)
}

/// AttributeError of a module whose namespace `d` lacks `name`; `plain` is the text without hints.
pub fn module_attribute_error(th: Th, o: Value, d: Gc<Dict>, name: Value, plain: String) -> Raised {
    let msg = match hint(th, d, name) {
        Ok(Some(m)) => m,
        Ok(None) => plain,
        Err(r) => return r,
    };
    th.attribute_error(o, name, &msg)
}
fn hint(th: Th, d: Gc<Dict>, name: Value) -> R<Option<String>> {
    let Some(mn) = d.get_str(th, n!(__name__))?.filter(|v| v.is_kind(Kind::Str)) else { return Ok(None) };
    let Some(spec) = d.get_str(th, n!(__spec__))?.and_then(Value::some) else { return Ok(None) };
    let origin = file_origin(th, spec)?;
    let shadowing = possibly_shadowing(th, origin);
    let (m, q) = (th.text(mn), th.text(name));
    let o = origin.map(|o| th.text(o));
    if shadowing && in_stdlib(th, mn)? {
        let o = o.unwrap_or_default();
        return Ok(Some(format!(
            "module '{m}' has no attribute '{q}' (consider renaming '{o}' since it has the same name as the standard library module named '{m}' and prevents importing that standard library module)"
        )));
    }
    if is_initializing(th, spec)? {
        return Ok(Some(match (shadowing, o) {
            (true, o) => format!(
                "module '{m}' has no attribute '{q}' (consider renaming '{}' if it has the same name as a library you intended to import)",
                o.unwrap_or_default()
            ),
            (_, Some(o)) => format!(
                "partially initialized module '{m}' from '{o}' has no attribute '{q}' (most likely due to a circular import)"
            ),
            (_, None) => format!(
                "partially initialized module '{m}' has no attribute '{q}' (most likely due to a circular import)"
            ),
        }));
    }
    let k = crate::names::get(Name::_uninitialized_submodules);
    if let Some(l) = th.getattr_opt(spec, k)?
        && th.contains(l, name)?
    {
        return Ok(Some(format!(
            "cannot access submodule '{q}' of module '{m}' (most likely due to a circular import)"
        )));
    }
    Ok(None)
}
