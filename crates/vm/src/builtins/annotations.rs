//! `__annotations__` and `__annotate__` of functions, classes and modules (PEP 649, 749): annotations are computed by the
//! annotate function when somebody asks for them.
//!
//! # Invariants
//! `ns` is given receivers of attributes of `module`.

use crate::err::{R, Raised};
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;

fn callable(th: Th, v: Value) -> bool {
    th.type_of(v).slots.call.is_some()
}
/// What an annotate function gives in the format VALUE, or an empty dict without one.
fn compute(th: Th, annotate: Option<Value>) -> R<Value> {
    match annotate.filter(|f| callable(th, *f)) {
        Some(f) => {
            let v = th.call(f, &[Value::fix(1)])?;
            if !v.is_kind(Kind::Dict) {
                return Err(
                    th.type_error(format!("__annotate__ returned non-dict of type '{}'", th.type_name_of(v)))
                );
            }
            Ok(v)
        }
        None => Ok(Gc::<Dict>::new(th).value()),
    }
}
#[cold]
fn not_callable(th: Th) -> Raised {
    th.type_error("__annotate__ must be callable or None")
}

// -- functions

fn fun(o: Value) -> Gc<Function> {
    o.known()
}
pub fn function_get(th: Th, o: Value) -> R<Value> {
    let f = fun(o);
    if let Some(v) = f.annotations.get() {
        return Ok(v);
    }
    let v = compute(th, f.annotate.get())?;
    th.store(f, &f.annotations, v);
    Ok(v)
}
pub fn function_set(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let f = fun(o);
    match v.and_then(|v| v.some()) {
        None => f.annotations.init(None),
        Some(v) if v.is_kind(Kind::Dict) => th.store(f, &f.annotations, v),
        Some(_) => return Err(th.type_error("__annotations__ must be set to a dict object")),
    }
    f.annotate.init(None);
    Ok(())
}
pub fn function_get_annotate(th: Th, o: Value) -> R<Value> {
    let f = fun(o);
    let Some(a) = f.annotate.get() else { return Ok(NONE()) };
    if let Some(a) = a.cast::<Function>() {
        named_after(th, f, a)?;
    }
    Ok(a)
}
/// The compiler's `__annotate__` of a function has the function's name in its own, which its code object has not: it is
/// given to it when somebody sees it.
fn named_after(th: Th, f: Gc<Function>, a: Gc<Function>) -> R<()> {
    let (of, code) = (f.code.gc(), a.code.gc());
    let own = n!(__annotate__);
    if code.name.any() == Some(own) && a.qualname.get() == code.qualname.any() {
        let name = format!("{}.__annotate__", th.text(of.qualname.value()));
        th.store(a, &a.qualname, th.str(&name));
    }
    Ok(())
}
pub fn function_set_annotate(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let f = fun(o);
    match v {
        None => Err(th.type_error("__annotate__ cannot be deleted")),
        Some(v) if v.is_none() => {
            f.annotate.init(None);
            Ok(())
        }
        Some(v) if callable(th, v) => {
            th.store(f, &f.annotate, v);
            f.annotations.init(None);
            Ok(())
        }
        Some(_) => Err(not_callable(th)),
    }
}

// -- classes

fn ty(o: Value) -> Gc<Type> {
    o.known()
}
#[cold]
fn no_attr(th: Th, o: Value, name: &str) -> Raised {
    let msg = format!("type object '{}' has no attribute '{name}'", ty(o).name_str());
    th.attribute_error(o, th.intern(name), &msg)
}
#[cold]
fn immutable(th: Th, o: Value, name: &str) -> Raised {
    th.type_error(format!("cannot set '{name}' attribute of immutable type '{}'", th.type_name(ty(o))))
}
pub fn type_get(th: Th, o: Value) -> R<Value> {
    let t = ty(o);
    if !t.heap_type() {
        return Err(no_attr(th, o, "__annotations__"));
    }
    let d = t.dict_();
    for k in [n!(__annotations__), n!(__annotations_cache__)] {
        if let Some(v) = d.get_str(th, k)? {
            return match th.type_of(v).slots.descr_get {
                Some(get) => get(th, v, None, o),
                None => Ok(v),
            };
        }
    }
    let a = type_get_annotate(th, o)?;
    let v = compute(th, Some(a))?;
    d.set(th, n!(__annotations_cache__), v)?;
    th.type_modified(t, Some(n!(__annotations_cache__)));
    Ok(v)
}
pub fn type_set(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let t = ty(o);
    if t.has(tflags::IMMUTABLE) {
        return Err(immutable(th, o, "__annotations__"));
    }
    let d = t.dict_();
    // Where the class body left them, else in the cache.
    let own = d.get_str(th, n!(__annotations__))?.is_some();
    let key = if own { n!(__annotations__) } else { n!(__annotations_cache__) };
    match v {
        Some(v) => d.set(th, key, v)?,
        None => {
            if d.remove(th, key)?.is_none() {
                return Err(th.attribute_error(o, n!(__annotations__), "__annotations__"));
            }
        }
    }
    if own {
        d.remove(th, n!(__annotations_cache__))?;
    }
    d.remove(th, n!(__annotate_func__))?;
    d.remove(th, n!(__annotate__))?;
    th.type_modified(t, Some(n!(__annotations__)));
    Ok(())
}
pub fn type_get_annotate(th: Th, o: Value) -> R<Value> {
    let t = ty(o);
    if !t.heap_type() {
        return Err(no_attr(th, o, "__annotate__"));
    }
    let d = t.dict_();
    for k in [n!(__annotate__), n!(__annotate_func__)] {
        if let Some(v) = d.get_str(th, k)? {
            return match th.type_of(v).slots.descr_get {
                Some(get) => get(th, v, None, o),
                None => Ok(v),
            };
        }
    }
    d.set(th, n!(__annotate_func__), NONE())?;
    th.type_modified(t, Some(n!(__annotate_func__)));
    Ok(NONE())
}
pub fn type_set_annotate(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let t = ty(o);
    let Some(v) = v else { return Err(th.type_error("cannot delete __annotate__ attribute")) };
    if t.has(tflags::IMMUTABLE) {
        return Err(immutable(th, o, "__annotate__"));
    }
    if !v.is_none() && !callable(th, v) {
        return Err(not_callable(th));
    }
    let d = t.dict_();
    d.set(th, n!(__annotate_func__), v)?;
    if !v.is_none() {
        d.remove(th, n!(__annotations_cache__))?;
    }
    th.type_modified(t, Some(n!(__annotate_func__)));
    Ok(())
}

// -- modules

fn ns(o: Value) -> Gc<Dict> {
    o.known::<Module>().ns()
}
fn initializing(th: Th, d: Gc<Dict>) -> R<bool> {
    let Some(spec) = d.get_str(th, n!(__spec__))?.and_then(|s| s.some()) else { return Ok(false) };
    match th.getattr_opt(spec, n!(_initializing))? {
        Some(v) => th.truth(v),
        None => Ok(false),
    }
}
pub fn module_get(th: Th, o: Value) -> R<Value> {
    let d = ns(o);
    if let Some(v) = d.get_str(th, n!(__annotations__))? {
        return Ok(v);
    }
    let v = compute(th, d.get_str(th, n!(__annotate__))?)?;
    // Annotations of a module that is still running may be incomplete.
    if !initializing(th, d)? {
        d.set(th, n!(__annotations__), v)?;
    }
    Ok(v)
}
pub fn module_set(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let d = ns(o);
    match v {
        Some(v) => d.set(th, n!(__annotations__), v)?,
        None => {
            if d.remove(th, n!(__annotations__))?.is_none() {
                return Err(th.attribute_error(o, n!(__annotations__), "__annotations__"));
            }
        }
    }
    d.remove(th, n!(__annotate__))?;
    Ok(())
}
pub fn module_get_annotate(th: Th, o: Value) -> R<Value> {
    let d = ns(o);
    if let Some(v) = d.get_str(th, n!(__annotate__))? {
        return Ok(v);
    }
    d.set(th, n!(__annotate__), NONE())?;
    Ok(NONE())
}
pub fn module_set_annotate(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let d = ns(o);
    let Some(v) = v else { return Err(th.type_error("cannot delete __annotate__ attribute")) };
    if !v.is_none() && !callable(th, v) {
        return Err(not_callable(th));
    }
    d.set(th, n!(__annotate__), v)?;
    if !v.is_none() {
        d.remove(th, n!(__annotations__))?;
    }
    Ok(())
}
