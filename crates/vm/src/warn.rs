//! Warnings: the module `_warnings` (CPython's `Python/_warnings.c`) and what native code calls to issue one.
//!
//! # Invariants
//! `Root::warnings_filters` is null or the array that `state` made. The tuple of prefixes is borrowed while it is on
//! the stack.

use crate::builtins::{self, exceptions as exc, list, sys_attr};
use crate::err::R;
use crate::import::{import_module, modules_get};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Frame, Root, Th};
use crate::value::*;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::*};

pub static MODULE: NativeModule = NativeModule {
    name: "_warnings",
    doc: "_warnings provides basic warning filtering support.\nIt is a helper module to speed up interpreter start-up.",
    functions: &[
        function(
            "warn",
            "($module, /, message, category=None, stacklevel=1, source=None, *,\n     skip_file_prefixes=())",
            "Issue a warning, or maybe ignore it or raise an exception.\n\n  message\n    Text of the warning message.\n  category\n    The Warning category subclass. Defaults to UserWarning.\n  stacklevel\n    How far up the call stack to make this warning appear. A value of 2 for\n    example attributes the warning to the caller of the code calling warn().\n  source\n    If supplied, the destroyed object which emitted a ResourceWarning\n  skip_file_prefixes\n    An optional tuple of module filename prefixes indicating frames to skip\n    during stacklevel computations for stack frame attribution.",
            warn_function,
        ),
        function(
            "warn_explicit",
            "($module, /, message, category, filename, lineno,\n              module=<unrepresentable>, registry=None,\n              module_globals=None, source=None)",
            "Issue a warning, or maybe ignore it or raise an exception.",
            warn_explicit_function,
        ),
        function("_filters_mutated_lock_held", "($module, /)", "", |th, _| {
            if LOCK_OWNER.load(Relaxed) != th.ident {
                return Err(th.runtime_error("warnings lock is not held"));
            }
            FILTERS_VERSION.fetch_add(1, Relaxed);
            Ok(NONE())
        }),
        function("_acquire_lock", "($module, /)", "", |th, _| {
            acquire(th);
            Ok(NONE())
        }),
        function("_release_lock", "($module, /)", "", |th, _| {
            if release(th) { Ok(NONE()) } else { Err(th.runtime_error("cannot release un-acquired lock")) }
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        let s = state(th)?;
        m.put(th, "filters", s.slot(FILTERS).value())?;
        m.put(th, "_onceregistry", s.slot(ONCE).value())?;
        m.put(th, "_defaultaction", s.slot(DEFAULT).value())?;
        if crate::import::native("_contextvars").is_some() {
            let cv = import_module(th, "_contextvars")?;
            let var = th.getattr(cv, th.intern("ContextVar"))?;
            let var = th.call(var, &[th.intern("_warnings_context")])?;
            th.store(s, s.slot(CONTEXT), var);
            m.put(th, "_warnings_context", var)?;
        }
        Ok(())
    }),
};

// -- state

const FILTERS: usize = 0;
const ONCE: usize = 1;
const DEFAULT: usize = 2;
const CONTEXT: usize = 3;
/// The registry of warnings that finalizers issue wherever they happen to run; made when the first one does.
const UNRELATED: usize = 4;

static FILTERS_VERSION: AtomicI64 = AtomicI64::new(0);

fn state(th: Th) -> R<Gc<Array>> {
    if let Some(a) = Root::warnings_filters.get() {
        return Ok(unsafe { a.cast_unchecked() });
    }
    let a = th.array(5)?;
    let f = |action: &str, cat: &TypeCell, module: Value| {
        th.tuple(&[th.intern(action), NONE(), cat.get().value(), module, Value::fix(0)])
    };
    let filters = list::new(
        th,
        &[
            f("default", &exc::DEPRECATION_WARNING, n!(__main__)),
            f("ignore", &exc::DEPRECATION_WARNING, NONE()),
            f("ignore", &exc::PENDING_DEPRECATION_WARNING, NONE()),
            f("ignore", &exc::IMPORT_WARNING, NONE()),
            f("ignore", &exc::RESOURCE_WARNING, NONE()),
        ],
    )?;
    th.store(a, a.slot(FILTERS), filters.value());
    let once = Gc::<Dict>::new(th);
    th.store(a, a.slot(ONCE), once.value());
    th.store(a, a.slot(DEFAULT), th.intern("default"));
    Root::warnings_filters.set(Some(a.value()));
    Ok(a)
}

/// The reentrant lock that `warnings` takes around changes of the filters.
static LOCK: crate::sync::Lock = crate::sync::Lock::new();
static LOCK_OWNER: AtomicU64 = AtomicU64::new(0);
static LOCK_DEPTH: AtomicU32 = AtomicU32::new(0);

fn acquire(th: Th) {
    if LOCK_OWNER.load(Relaxed) == th.ident {
        LOCK_DEPTH.fetch_add(1, Relaxed);
        return;
    }
    LOCK.lock_inner_uninterrupted(th);
    LOCK_OWNER.store(th.ident, Relaxed);
    LOCK_DEPTH.store(1, Relaxed);
}
fn release(th: Th) -> bool {
    if LOCK_OWNER.load(Relaxed) != th.ident {
        return false;
    }
    if LOCK_DEPTH.fetch_sub(1, Relaxed) == 1 {
        LOCK_OWNER.store(0, Relaxed);
        LOCK.unlock();
    }
    true
}

/// An attribute of the module `warnings`, if that is loaded (or, with `import`, can be).
fn warnings_attr(th: Th, name: &str, import: bool) -> R<Option<Value>> {
    let k = th.intern("warnings");
    let m = match modules_get(th, k)?.and_then(Value::some) {
        Some(m) => m,
        None if import => {
            let r = import_module(th, "warnings");
            match th.catch(r, &exc::IMPORT_ERROR)? {
                Some(m) => m,
                None => return Ok(None),
            }
        }
        None => return Ok(None),
    };
    th.getattr_opt(m, th.intern(name))
}

// -- filters

fn matches(th: Th, pattern: Value, arg: Value) -> R<bool> {
    if pattern.is_none() {
        return Ok(true);
    }
    if pattern.is_exact(Kind::Str) {
        return th.eq(pattern, arg);
    }
    let r = th.call_method(pattern, th.intern("match"), &[arg])?;
    th.truth(r)
}

fn filter_in(
    th: Th,
    filters: Value,
    category: Value,
    text: Value,
    line: i64,
    module: Value,
) -> R<Option<(Value, Value)>> {
    let mut i = 0;
    // The list may change while patterns are asked.
    while i < th.len(filters)? {
        let item = th.getitem(filters, Value::fix(i as i64))?;
        let Some(t) = item.cast::<Tuple>().filter(|t| t.len == 5) else {
            return Err(th.value_error(format!("_warnings.filters item {i} isn't a 5-tuple")));
        };
        let p = t.items();
        if !p[0].is_kind(Kind::Str) {
            return Err(th.type_error(format!("action must be a string, not '{}'", th.type_name_of(p[0]))));
        }
        if matches(th, p[1], text)?
            && matches(th, p[3], module)?
            && builtins::isinstance::issubclass(th, category, p[2])?
        {
            let ln = th.index_i64(p[4])?;
            if ln == 0 || ln == line {
                return Ok(Some((p[0], item)));
            }
        }
        i += 1;
    }
    Ok(None)
}

/// The action for a warning, and the filter that it comes from.
fn action_for(th: Th, category: Value, text: Value, line: i64, module: Value) -> R<(Value, Value)> {
    let s = state(th)?;
    if crate::config::get().context_aware_warnings
        && let Some(var) = s.slot(CONTEXT).get()
    {
        let ctx = th.call_method(var, n!(get), &[NONE()])?;
        if !ctx.is_none() {
            let f = th.getattr(ctx, th.intern("_filters"))?;
            if let Some(r) = filter_in(th, f, category, text, line, module)? {
                return Ok(r);
            }
        }
    }
    let filters = match warnings_attr(th, "filters", false)? {
        Some(f) => {
            th.store(s, s.slot(FILTERS), f);
            f
        }
        None => s.slot(FILTERS).value(),
    };
    if !filters.is_kind(Kind::List) {
        return Err(th.value_error("_warnings.filters must be a list"));
    }
    if let Some(r) = filter_in(th, filters, category, text, line, module)? {
        return Ok(r);
    }
    let d = match warnings_attr(th, "defaultaction", false)? {
        Some(d) if d.is_kind(Kind::Str) => {
            th.store(s, s.slot(DEFAULT), d);
            d
        }
        Some(d) => {
            return Err(th.type_error(format!(
                "_warnings.defaultaction must be a string, not '{}'",
                th.type_name_of(d)
            )));
        }
        None => s.slot(DEFAULT).value(),
    };
    Ok((d, NONE()))
}

/// Whether the registry has the key for the filters as they are now.
fn already(th: Th, registry: Gc<Dict>, key: Value, set: bool) -> R<bool> {
    let vk = th.intern("version");
    let version = Value::fix(FILTERS_VERSION.load(Relaxed));
    if registry.get(th, vk)?.is_some_and(|v| v.is(version)) {
        if let Some(v) = registry.get(th, key)?
            && th.truth(v)?
        {
            return Ok(true);
        }
    } else {
        registry.clear(th)?;
        registry.set(th, vk, version)?;
    }
    if set {
        registry.set(th, key, TRUE())?;
    }
    Ok(false)
}

/// What one warning is about.
struct Place {
    filename: Value,
    line: i64,
    module: Value,
    /// A dict or None.
    registry: Value,
    source_line: Value,
    source: Value,
}

fn issue(th: Th, category: Value, message: Value, p: Place) -> R<()> {
    let registry = match p.registry.some() {
        None => None,
        Some(r) => match r.cast::<Dict>() {
            Some(d) => Some(d),
            None => return Err(th.type_error("'registry' must be a dict or None")),
        },
    };
    let is_warning = th.isinstance_exact(message, exc::WARNING.get());
    let (text, category, message) = if is_warning {
        (th.to_str(message)?, th.type_of(message).value(), message)
    } else {
        (message, category, th.call(category, &[message])?)
    };
    let key = th.tuple(&[text, category, th.int(p.line)]);
    if let Some(r) = registry
        && already(th, r, key, false)?
    {
        return Ok(());
    }
    let (action, item) = action_for(th, category, text, p.line, p.module)?;
    let a = th.text(action);
    match &*a {
        "error" => return Err(th.raise(message)),
        "ignore" => return Ok(()),
        "always" | "all" => {}
        _ => {
            if let Some(r) = registry {
                r.set(th, key, TRUE())?;
            }
            let shared = th.tuple(&[text, category]);
            let seen = match &*a {
                "once" => {
                    let reg = match registry {
                        Some(r) => r,
                        None => {
                            let s = state(th)?;
                            let r = match warnings_attr(th, "onceregistry", false)? {
                                Some(r) => r,
                                None => s.slot(ONCE).value(),
                            };
                            match r.cast::<Dict>() {
                                Some(d) => d,
                                None => {
                                    return Err(th.type_error(format!(
                                        "_warnings.onceregistry must be a dict, not '{}'",
                                        th.type_name_of(r)
                                    )));
                                }
                            }
                        }
                    };
                    already(th, reg, shared, true)?
                }
                "module" => match registry {
                    Some(r) => already(th, r, shared, true)?,
                    None => false,
                },
                "default" => false,
                _ => {
                    let (x, y) = (th.repr(action)?, th.repr(item)?);
                    return Err(th.runtime_error(format!(
                        "Unrecognized action ({}) in warnings.filters:\n {}",
                        th.text(x),
                        th.text(y)
                    )));
                }
            };
            if seen {
                return Ok(());
            }
        }
    }
    show(th, category, text, message, p)
}

fn show(th: Th, category: Value, text: Value, message: Value, p: Place) -> R<()> {
    // A source (the object that was not closed) is shown with where it was made, which takes the Python module.
    let Some(f) = warnings_attr(th, "_showwarnmsg", !p.source.is_none())? else {
        return show_natively(th, category, text, &p);
    };
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("warnings._showwarnmsg() must be set to a callable"));
    }
    let Some(cls) = warnings_attr(th, "WarningMessage", false)? else {
        return Err(th.runtime_error("unable to get warnings.WarningMessage"));
    };
    let args = [message, category, p.filename, th.int(p.line), NONE(), NONE(), p.source];
    let msg = th.call(cls, &args)?;
    th.call(f, &[msg]).map(|_| ())
}

/// `file:line: Category: text` and the source line, to `sys.stderr`.
fn show_natively(th: Th, category: Value, text: Value, p: &Place) -> R<()> {
    let Some(err) = sys_attr(th, n!(stderr))?.and_then(Value::some) else { return Ok(()) };
    let name = th.getattr(category, n!(__name__))?;
    let text = th.to_str(text)?;
    let mut s = format!("{}:{}: {}: {}\n", th.text(p.filename), p.line, th.text(name), th.text(text));
    let line = match p.source_line.some() {
        Some(l) => Some(th.text(l)),
        None => crate::stdio::read_file(&th.text(p.filename))
            .ok()
            .and_then(|b| String::from_utf8(b).ok())
            .and_then(|t| t.lines().nth((p.line as usize).wrapping_sub(1)).map(str::to_string)),
    };
    if let Some(l) = line.map(|l| l.trim().to_string()).filter(|l| !l.is_empty()) {
        s.push_str(&format!("  {l}\n"));
    }
    let v = th.str(&s);
    if th.call_method(err, n!(write), &[v]).is_err() {
        th.take_exc();
    }
    Ok(())
}

// -- where the warning belongs

fn is_internal(f: &Frame) -> bool {
    let name = f.code.filename.value().known::<Str>();
    let s = name.lossy();
    s.contains("importlib") && s.contains("_bootstrap")
}
fn skipped(f: &Frame, prefixes: &[Value]) -> bool {
    let name = f.code.filename.value().known::<Str>();
    prefixes.iter().any(|p| name.bytes().starts_with(p.known::<Str>().bytes()))
}

fn setup(th: Th, mut level: i64, prefixes: &[Value]) -> R<Place> {
    let mut f = builtins::eval_::visible_frame(th);
    let back = |f: &mut Frame| builtins::frame::caller(th, f);
    if level <= 0 || f.as_ref().is_some_and(|f| is_internal(f)) {
        while level > 1 {
            level -= 1;
            f = f.and_then(back);
        }
    } else {
        while level > 1 {
            level -= 1;
            f = f.and_then(back);
            while f.as_ref().is_some_and(|f| is_internal(f) || skipped(f, prefixes)) {
                f = f.and_then(back);
            }
        }
    }
    let unrelated = f.as_ref().is_some_and(|f| crate::pending::interrupted(&raw const **f));
    let (globals, filename, line) = match f {
        Some(f) => (f.globals(), f.code.filename.value(), f.code.line_at(f.lasti()) as i64),
        None => (Root::sys_dict.dict(), th.str("<sys>"), 0),
    };
    let k = th.intern("__warningregistry__");
    let registry = match globals.get_str(th, k)? {
        Some(r) => r,
        // Where a finalizer interrupts it, a program may be iterating over its globals.
        None if unrelated => {
            let s = state(th)?;
            match s.slot(UNRELATED).get() {
                Some(r) => r,
                None => {
                    let d = Gc::<Dict>::new(th).value();
                    th.store(s, s.slot(UNRELATED), d);
                    d
                }
            }
        }
        None => {
            let d = Gc::<Dict>::new(th);
            globals.set(th, k, d.value())?;
            d.value()
        }
    };
    let module = globals.get_str(th, n!(__name__))?.filter(|m| m.is_kind(Kind::Str));
    let module = match module {
        Some(m) => m,
        None => th.str("<string>"),
    };
    Ok(Place { filename, line, module, registry, source_line: NONE(), source: NONE() })
}

fn category_of(th: Th, message: Value, category: Option<Value>) -> R<Value> {
    if th.isinstance_exact(message, exc::WARNING.get()) {
        return Ok(th.type_of(message).value());
    }
    match category.and_then(Value::some) {
        None => Ok(exc::USER_WARNING.get().value()),
        Some(c) => {
            let ok = c.cast::<Type>().is_some_and(|t| th.is_subtype(t, exc::WARNING.get()));
            if !ok {
                return Err(th.type_error(format!(
                    "category must be a Warning subclass, not '{}'",
                    th.type_name_of(c)
                )));
            }
            Ok(c)
        }
    }
}

fn warn_function(th: Th, a: &[Option<Value>]) -> R<Value> {
    let message = a[0].unwrap();
    let mut level = a[2].map_or(Ok(1), |v| th.index_i64(v))?;
    let prefixes = match a[4] {
        Some(v) => match v.cast::<Tuple>() {
            Some(t) => {
                if let Some(x) = t.items().iter().find(|x| !x.is_kind(Kind::Str)) {
                    return Err(th.type_error(format!(
                        "Found non-str '{}' in skip_file_prefixes.",
                        th.type_name_of(*x)
                    )));
                }
                unsafe { &*(t.items() as *const [Value]) }
            }
            None => {
                return Err(th.type_error(format!(
                    "warn() argument 'skip_file_prefixes' must be tuple, not {}",
                    th.arg_type_name(v)
                )));
            }
        },
        None => &[],
    };
    if !prefixes.is_empty() {
        level = level.max(2);
    }
    let category = category_of(th, message, a[1])?;
    let mut p = setup(th, level, prefixes)?;
    p.source = a[3].unwrap_or(NONE());
    issue(th, category, message, p)?;
    Ok(NONE())
}

fn warn_explicit_function(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (message, category, filename) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap());
    if !filename.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "warn_explicit() argument 'filename' must be str, not {}",
            if filename.is_none() { "None".into() } else { th.arg_type_name(filename) }
        )));
    }
    let line = th.index_i64(a[3].unwrap())?;
    let mut source_line = NONE();
    if let Some(g) = a[6].and_then(Value::some) {
        let Some(g) = g.cast::<Dict>() else {
            return Err(th.type_error(format!("module_globals must be a dict, not '{}'", th.type_name_of(g))));
        };
        source_line = line_from_loader(th, g, line)?;
    }
    let module = match a[4] {
        Some(m) => m,
        None => module_of_file(th, filename),
    };
    let p = Place {
        filename,
        line,
        module,
        registry: a[5].unwrap_or(NONE()),
        source_line,
        source: a[7].unwrap_or(NONE()),
    };
    issue(th, category, message, p)?;
    Ok(NONE())
}
fn module_of_file(th: Th, filename: Value) -> Value {
    let s = th.text(filename);
    if s.is_empty() {
        return th.str("<unknown>");
    }
    match s.strip_suffix(".py") {
        Some(m) => th.str(m),
        None => filename,
    }
}
/// The line of the module with these globals, from its loader. A module that runs as `__main__` is known to the loader by
/// the name in its `__spec__`, if it has one.
fn line_from_loader(th: Th, g: Gc<Dict>, line: i64) -> R<Value> {
    let bless = crate::import::import_attr(th, "_frozen_importlib_external", "_bless_my_loader")?;
    let loader = th.call(bless, &[g.value()])?;
    if loader.is_none() {
        return Ok(NONE());
    }
    let Some(mut name) = g.get_str(th, n!(__name__))? else { return Ok(NONE()) };
    if name.cast::<Str>().is_some_and(|s| s.bytes() == b"__main__")
        && let Some(spec) = g.get_str(th, n!(__spec__))?.and_then(Value::some)
        && let Some(n) = th.getattr_opt(spec, th.intern("name"))?
    {
        name = n;
    }
    let Some(f) = th.getattr_opt(loader, th.intern("get_source"))? else { return Ok(NONE()) };
    let source = th.call(f, &[name]);
    let Some(source) = th.catch(source, &exc::IMPORT_ERROR)?.filter(|s| s.is_kind(Kind::Str)) else {
        return Ok(NONE());
    };
    let text = th.text(source);
    let found = text.lines().nth((line as usize).wrapping_sub(1));
    Ok(found.map_or(NONE(), |l| th.str(l)))
}

// -- for native code

/// Issues a warning; `level` 1 is the Python code that runs.
pub fn warn(th: Th, category: &'static TypeCell, msg: &str, level: i64) -> R<()> {
    let text = th.str(msg);
    let p = setup(th, level, &[])?;
    issue(th, category.get().value(), text, p)
}
/// With a category and a message that are objects, and the object that it is about (an unclosed file).
pub fn warn_value(th: Th, category: Gc<Type>, msg: Value, level: i64, source: Option<Value>) -> R<()> {
    let mut p = setup(th, level, &[])?;
    p.source = Value::opt_or_none(source);
    issue(th, category.value(), msg, p)
}
/// A warning about a place in a source file.
pub fn warn_explicit(th: Th, category: &'static TypeCell, msg: &str, file: &str, line: u32) -> R<()> {
    let (text, filename) = (th.str(msg), th.str(file));
    let module = module_of_file(th, filename);
    let p =
        Place { filename, line: line as i64, module, registry: NONE(), source_line: NONE(), source: NONE() };
    issue(th, category.get().value(), text, p)
}
