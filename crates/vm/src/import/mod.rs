//! Import: what `Python/import.c` does. The table of modules, `import` statements and `__import__` with their fast path for
//! what is loaded already; everything else is `importlib`'s, which runs from the embedded library.
//!
//! `imp` is the module `_imp`, `frozen` the modules that count as frozen and the embedded library as files, `errors` the
//! texts of failing `from` imports and of missing module attributes.
//!
//! # Invariants
//! Modules and dicts are cast after a test. Names, packages and absolute names are strings: callers have tested them,
//! or the compiler made them.

pub mod errors;
pub mod frozen;
pub mod imp;
mod trim;

use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::n;
use crate::native::{NativeModule, RawArgs};
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
pub use errors::module_attribute_error;
use std::sync::RwLock;

static NATIVE: RwLock<Vec<&'static NativeModule>> = RwLock::new(Vec::new());

/// Makes a native module known under its name. The first one of a name stays.
pub fn register(m: &'static NativeModule) {
    let mut t = NATIVE.write().unwrap();
    if let Err(i) = t.binary_search_by(|x| x.name.cmp(m.name)) {
        t.insert(i, m);
    }
}
pub fn native(name: &str) -> Option<&'static NativeModule> {
    let t = NATIVE.read().unwrap();
    t.binary_search_by(|x| x.name.cmp(name)).ok().map(|i| t[i])
}
/// Names of all native modules, sorted.
pub fn native_names() -> Vec<&'static str> {
    NATIVE.read().unwrap().iter().map(|m| m.name).collect()
}

/// The module in `sys.modules`, if it is there (None counts as absent).
fn loaded(th: Th, name: Value) -> R<Option<Value>> {
    Ok(modules_get(th, name)?.filter(|m| !m.is_none()))
}
/// What `sys.modules` has under the name.
pub fn modules_get(th: Th, name: Value) -> R<Option<Value>> {
    Root::modules.dict().get(th, name)
}

/// Imports a module by its absolute name and gives it (not its top package).
pub fn import_module(th: Th, name: &str) -> R<Value> {
    let k = th.intern(name);
    import_absolute(th, k)
}
/// An attribute of a module that is imported if need be.
pub fn import_attr(th: Th, module: &str, name: &str) -> R<Value> {
    let m = import_module(th, module)?;
    th.getattr(m, th.intern(name))
}

fn import_absolute(th: Th, name: Value) -> R<Value> {
    if let Some(m) = loaded(th, name)?
        && (!ensure_initialized(th, m, name)? || loaded(th, name)?.is_some_and(|now| now.is(m)))
    {
        return Ok(m);
    }
    find_and_load(th, name)
}

/// Another thread may be loading it: waits until it is done. True: it was; that may have failed, and the module gone.
fn ensure_initialized(th: Th, m: Value, name: Value) -> R<bool> {
    let spec = if m.is_exact(Kind::Module) {
        m.known::<Module>().ns().get_str(th, n!(__spec__))?
    } else {
        th.getattr_opt(m, n!(__spec__))?
    };
    let Some(spec) = spec else { return Ok(false) };
    let waits = is_initializing(th, spec)?;
    if waits {
        let lib = Root::importlib.value();
        let f = th.getattr(lib, n!(_lock_unlock_module))?;
        th.call(f, &[name])?;
    }
    Ok(waits)
}
fn is_initializing(th: Th, spec: Value) -> R<bool> {
    if spec.is_none() {
        return Ok(false);
    }
    match th.getattr_opt(spec, n!(_initializing))? {
        Some(v) => th.truth(v),
        None => Ok(false),
    }
}

fn find_and_load(th: Th, name: Value) -> R<Value> {
    let Some(lib) = Root::importlib.get() else { return load_native(th, name) };
    if crate::sys::audit::enabled() {
        let path = crate::builtins::sys_attr(th, n!(path))?.unwrap_or(NONE());
        let sys = |s: Name| Ok::<Value, Raised>(crate::builtins::sys_attr(th, n_get(s))?.unwrap_or(NONE()));
        let (mp, ph) = (sys(Name::meta_path)?, sys(Name::path_hooks)?);
        crate::sys::audit::audit(th, "import", &[name, NONE(), path, mp, ph])?;
    }
    let f = th.getattr(lib, n!(_find_and_load))?;
    let import = Root::import_func.get().unwrap_or(NONE());
    if crate::config::get().import_time > 0 {
        return crate::sys::importtime::timed(th, name, || th.call(f, &[name, import]));
    }
    let outer = th.importing.replace(true);
    let r = th.guarded(|| th.call(f, &[name, import]));
    th.importing.set(outer);
    if !outer {
        th.m.heap.between_phases(&th.m);
    }
    r
}
use crate::names::{Name, get as n_get};

/// Before `importlib` runs there are only native modules.
fn load_native(th: Th, name: Value) -> R<Value> {
    let text = th.text(name);
    let Some(d) = native(&text) else {
        return Err(
            th.raise_msg(&exc::MODULE_NOT_FOUND_ERROR, &format!("No module named {}", quoted(th, name)))
        );
    };
    let m = crate::builtins::module::make_native(th, d)?;
    Root::modules.dict().set(th, name, m.value())?;
    Ok(m.value())
}

/// `repr` of a str, for messages.
pub(crate) fn quoted(th: Th, v: Value) -> String {
    th.repr(v).map(|r| th.text(r)).unwrap_or_else(|_| {
        th.take_exc();
        "?".into()
    })
}

/// The `import` statement.
pub fn import_name(th: Th, name: Value, level: Value, fromlist: Value) -> R<Value> {
    let frame = th.frame().expect("a statement is running");
    let func = frame.func;
    let import = match func.builtins.get() {
        Some(b) if Root::builtins_dict.get().is_some_and(|d| d.is(b)) => {
            Root::builtins_dict.dict().get_str(th, n!(__import__))?
        }
        Some(b) if b.is_exact(Kind::Dict) => b.known::<Dict>().get_str(th, n!(__import__))?,
        Some(b) => {
            let r = th.getitem(b, n!(__import__));
            th.catch(r, &exc::KEY_ERROR)?
        }
        None => None,
    };
    let Some(import) = import else { return Err(th.raise_msg(&exc::IMPORT_ERROR, "__import__ not found")) };
    let globals = func.globals.value();
    if Root::import_func.get().is_some_and(|f| f.is(import)) {
        let level = level.as_fix().unwrap_or(0);
        // `import a` and `from a import b` of what is there already: no more than a look into the table.
        return import_level(th, name, Some(globals), fromlist, level);
    }
    let frame = th.frame().expect("a statement is running");
    let locals = frame.namespace().unwrap_or(NONE());
    th.call(import, &[name, globals, locals, fromlist, level])
}

/// `__import__(name, globals, locals, fromlist, level)`; no globals: as if at the top.
pub fn import_level(th: Th, name: Value, globals: Option<Value>, fromlist: Value, level: i64) -> R<Value> {
    let r = import_level_inner(th, name, globals, fromlist, level);
    if r.is_err() {
        trim::remove_importlib_frames(th);
    }
    r
}
fn import_level_inner(th: Th, name: Value, globals: Option<Value>, fromlist: Value, level: i64) -> R<Value> {
    let Some(text) = name.cast::<Str>() else { return Err(th.type_error("module name must be a string")) };
    if level < 0 {
        return Err(th.value_error("level must be >= 0"));
    }
    let abs = if level > 0 {
        resolve_name(th, name, globals, level)?
    } else {
        if text.is_empty() {
            return Err(th.value_error("Empty module name"));
        }
        name
    };
    let m = import_absolute(th, abs)?;
    let has_from = !fromlist.is_none() && th.truth(fromlist)?;
    if has_from {
        let path = if m.is_exact(Kind::Module) {
            let d = m.known::<Module>().ns();
            match d.get_str(th, n!(__path__))? {
                Some(p) => Some(p),
                // A module's own `__getattr__` may know it.
                None if d.get_str(th, n!(__getattr__))?.is_some() => th.getattr_opt(m, n!(__path__))?,
                None => None,
            }
        } else {
            th.getattr_opt(m, n!(__path__))?
        };
        if path.is_none() {
            return Ok(m);
        }
        let lib = Root::importlib.value();
        let f = th.getattr(lib, n!(_handle_fromlist))?;
        return th.call(f, &[m, fromlist, Root::import_func.value()]);
    }
    if level > 0 && text.is_empty() {
        return Ok(m);
    }
    let Some(dot) = text.bytes().iter().position(|b| *b == b'.') else { return Ok(m) };
    if level == 0 {
        let front = th.intern_bytes(&text.bytes()[..dot]);
        return import_absolute(th, front);
    }
    let a = abs.known::<Str>();
    let cut = a.bytes().len() - (text.bytes().len() - dot);
    let top = th.intern_bytes(&a.bytes()[..cut]);
    match modules_get(th, top)? {
        Some(m) => Ok(m),
        None => {
            let msg = th.str(&format!("{} not in sys.modules as expected", quoted(th, top)));
            Err(th.raise_args(&exc::KEY_ERROR, &[msg]))
        }
    }
}

/// The absolute name of a relative import.
fn resolve_name(th: Th, name: Value, globals: Option<Value>, level: i64) -> R<Value> {
    let missing = |th: Th| {
        let msg = th.str("'__name__' not in globals");
        th.raise_args(&exc::KEY_ERROR, &[msg])
    };
    let Some(g) = globals else { return Err(missing(th)) };
    let Some(g) = g.cast::<Dict>() else { return Err(th.type_error("globals must be a dict")) };
    let package = g.get_str(th, n!(__package__))?.and_then(Value::some);
    let spec = g.get_str(th, n!(__spec__))?.and_then(Value::some);
    let package = if let Some(p) = package {
        if !p.is_kind(Kind::Str) {
            return Err(th.type_error("package must be a string"));
        }
        if let Some(s) = spec {
            let parent = th.getattr(s, n!(parent))?;
            if !th.eq(p, parent)? {
                crate::warn::warn(th, &exc::DEPRECATION_WARNING, "__package__ != __spec__.parent", 1)?;
            }
        }
        p
    } else if let Some(s) = spec {
        let p = th.getattr(s, n!(parent))?;
        if !p.is_kind(Kind::Str) {
            return Err(th.type_error("__spec__.parent must be a string"));
        }
        p
    } else {
        let msg = "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
        crate::warn::warn(th, &exc::IMPORT_WARNING, msg, 1)?;
        let Some(p) = g.get_str(th, n!(__name__))? else { return Err(missing(th)) };
        let Some(s) = p.cast::<Str>() else { return Err(th.type_error("__name__ must be a string")) };
        if g.get_str(th, n!(__path__))?.is_some() {
            p
        } else {
            match s.bytes().iter().rposition(|b| *b == b'.') {
                Some(dot) => th.str_bytes(&s.bytes()[..dot]),
                None => return Err(no_parent(th)),
            }
        }
    };
    let p = package.known::<Str>();
    if p.is_empty() {
        return Err(no_parent(th));
    }
    let mut base = p.bytes();
    for _ in 1..level {
        match base.iter().rposition(|b| *b == b'.') {
            Some(dot) => base = &base[..dot],
            None => {
                return Err(
                    th.raise_msg(&exc::IMPORT_ERROR, "attempted relative import beyond top-level package")
                );
            }
        }
    }
    let tail = name.known::<Str>();
    let tail = tail.bytes();
    if tail.is_empty() {
        return Ok(th.intern_bytes(base));
    }
    let mut abs = base.to_vec();
    abs.push(b'.');
    abs.extend_from_slice(tail);
    Ok(th.intern_bytes(&abs))
}
fn no_parent(th: Th) -> Raised {
    th.raise_msg(&exc::IMPORT_ERROR, "attempted relative import with no known parent package")
}

/// `from m import name`.
pub fn import_from(th: Th, m: Value, name: Value) -> R<Value> {
    if m.is_exact(Kind::Module)
        && let Some(v) = m.known::<Module>().ns().get_str(th, name)?
    {
        return Ok(v);
    }
    if let Some(v) = th.getattr_opt(m, name)? {
        return Ok(v);
    }
    // A submodule that is being imported: not yet an attribute of its package.
    let mod_name = th.getattr_opt(m, n!(__name__))?.filter(|v| v.is_kind(Kind::Str));
    if let Some(mn) = mod_name {
        let mut full = mn.known::<Str>().bytes().to_vec();
        full.push(b'.');
        full.extend_from_slice(name.known::<Str>().bytes());
        let full = th.str_bytes(&full);
        if let Some(x) = modules_get(th, full)? {
            return Ok(x);
        }
    }
    Err(errors::cannot_import_name(th, m, mod_name, name))
}

/// `from m import *` into the namespace `ns`.
pub fn import_star(th: Th, m: Value, ns: Value) -> R<()> {
    let (all, public) = match th.getattr_opt(m, n!(__all__))? {
        Some(a) => (a, false),
        None => match th.getattr_opt(m, n!(__dict__))? {
            Some(d) => {
                let keys = match d.exact::<Dict>() {
                    Some(d) => crate::builtins::list::from_iterable(th, d.value())?.value(),
                    None => {
                        let k = th.call_method(d, n!(keys), &[])?;
                        crate::builtins::list::from_iterable(th, k)?.value()
                    }
                };
                (keys, true)
            }
            None => {
                return Err(
                    th.raise_msg(&exc::IMPORT_ERROR, "from-import-* object has no __dict__ and no __all__")
                );
            }
        },
    };
    let mut i = 0;
    loop {
        let r = th.getitem(all, Value::fix(i));
        let Some(name) = th.catch(r, &exc::INDEX_ERROR)? else { return Ok(()) };
        i += 1;
        let Some(s) = name.cast::<Str>() else {
            let mn = th.getattr(m, n!(__name__))?;
            if !mn.is_kind(Kind::Str) {
                return Err(
                    th.type_error(format!("module __name__ must be a string, not {}", th.type_name_of(mn)))
                );
            }
            let (what, place) = if public { ("Key", "__dict__") } else { ("Item", "__all__") };
            return Err(th.type_error(format!(
                "{what} in {}.{place} must be str, not {}",
                th.text(mn),
                th.type_name_of(name)
            )));
        };
        if public && s.bytes().first() == Some(&b'_') {
            continue;
        }
        let v = th.getattr(m, name)?;
        match ns.exact::<Dict>() {
            Some(d) => d.set(th, name, v)?,
            None => th.setitem(ns, name, Some(v))?,
        }
    }
}

/// `__import__(name, globals, locals, fromlist, level)`.
pub fn import_function(
    th: Th,
    name: Value,
    globals: Option<Value>,
    _locals: Option<Value>,
    fromlist: Option<Value>,
    level: i64,
) -> R<Value> {
    import_level(th, name, globals, fromlist.unwrap_or(NONE()), level)
}

/// Calls a function of the module with what it needs.
pub fn call_importlib(th: Th, name: &str, args: &[Value]) -> R<Value> {
    let f = th.getattr(Root::importlib.value(), th.intern(name))?;
    th.call_raw(f, RawArgs::positional(args))
}
