//! Attributes of classes that `type` computes: `__name__`, `__doc__`, `__module__`, `__abstractmethods__` and so on.
//! Those that are in the class's dict tell the caches when they change.

use super::type_::ty;
use crate::err::R;
use crate::n;
use crate::native::*;

use super::type_::TYPE;
use super::type_new::check_encodable;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::Ordering::*;

fn check_settable(th: Th, t: Value, v: Option<Value>, name: &str) -> R<Value> {
    let c = ty(t);
    if c.has(tflags::IMMUTABLE) {
        return Err(
            th.type_error(format!("cannot set '{name}' attribute of immutable type '{}'", th.type_name(c)))
        );
    }
    match v {
        Some(v) => {
            crate::sys::audit::audit(th, "object.__setattr__", &[t, th.intern(name), v])?;
            Ok(v)
        }
        None => Err(th
            .type_error(format!("cannot delete '{name}' attribute of immutable type '{}'", th.type_name(c)))),
    }
}

pub(super) fn set_name(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__name__")?;
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "can only assign string to {}.__name__, not '{}'",
            th.type_name(ty(t)),
            th.type_name_of(v)
        )));
    }
    check_encodable(th, v)?;
    if th.text(v).contains('\0') {
        return Err(th.value_error("type name must not contain null characters"));
    }
    th.store(ty(t), &ty(t).name, v.known());
    // Traces take it for a constant.
    crate::jit::watch::type_changed(ty(t));
    Ok(())
}

pub(super) fn set_qualname(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__qualname__")?;
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "can only assign string to {}.__qualname__, not '{}'",
            th.type_name(ty(t)),
            th.type_name_of(v)
        )));
    }
    th.store(ty(t), &ty(t).qualname, v.known());
    Ok(())
}

pub(super) fn get_module(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    if c.heap_type() || c.has(tflags::SHOWN_AS_HEAP) {
        return match c.dict_().get_str(th, n!(__module__))? {
            Some(v) => Ok(v),
            None => Err(th.attribute_error(t, n!(__module__), "__module__")),
        };
    }
    Ok(c.module.value())
}

pub(super) fn set_module(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__module__")?;
    ty(t).dict_().remove(th, n!(__firstlineno__))?;
    ty(t).dict_().set(th, n!(__module__), v)?;
    th.type_modified(ty(t), Some(n!(__module__)));
    Ok(())
}

pub(super) fn set_bases(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__bases__")?;
    crate::builtins::type_bases::set(th, ty(t), v)
}

pub(super) fn get_doc(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    if !c.heap_type() && !c.native.doc.is_empty() {
        return Ok(th.str(c.native.doc));
    }
    match c.dict_().get_str(th, n!(__doc__))? {
        Some(d) => match th.type_of(d).slots.descr_get {
            Some(g) => g(th, d, None, t),
            _ => Ok(d),
        },
        None => Ok(NONE()),
    }
}

pub(super) fn set_doc(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__doc__")?;
    ty(t).dict_().set(th, n!(__doc__), v)?;
    th.type_modified(ty(t), Some(n!(__doc__)));
    Ok(())
}

pub(super) fn get_text_signature(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    Ok(match c.native.text_signature {
        Some(s) if !c.heap_type() => th.str(s),
        _ => NONE(),
    })
}

pub(super) fn get_abstract(th: Th, t: Value) -> R<Value> {
    let c = ty(t);
    match if c == TYPE.get() { None } else { c.dict_().get_str(th, n!(__abstractmethods__))? } {
        Some(v) => Ok(v),
        None => Err(th.attribute_error(t, n!(__abstractmethods__), "__abstractmethods__")),
    }
}

pub(super) fn set_abstract(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let c = ty(t);
    let on = match v {
        Some(v) => {
            let b = th.truth(v)?;
            c.dict_().set(th, n!(__abstractmethods__), v)?;
            b
        }
        None => {
            if c.dict_().remove(th, n!(__abstractmethods__))?.is_none() {
                return Err(th.attribute_error(t, n!(__abstractmethods__), "__abstractmethods__"));
            }
            false
        }
    };
    if on {
        c.flags.fetch_or(tflags::IS_ABSTRACT, Relaxed);
    } else {
        c.flags.fetch_and(!tflags::IS_ABSTRACT, Relaxed);
    }
    th.type_modified(c, Some(n!(__abstractmethods__)));
    Ok(())
}

pub(super) fn get_type_params(th: Th, t: Value) -> R<Value> {
    // `type` itself has the descriptor under this name.
    let own = if ty(t) == TYPE.get() { None } else { ty(t).dict_().get_str(th, n!(__type_params__))? };
    Ok(own.unwrap_or(th.tuple(&[])))
}

pub(super) fn set_type_params(th: Th, t: Value, v: Option<Value>) -> R<()> {
    let v = check_settable(th, t, v, "__type_params__")?;
    ty(t).dict_().set(th, n!(__type_params__), v)?;
    th.type_modified(ty(t), Some(n!(__type_params__)));
    Ok(())
}

/// The part of a type's flags that CPython has too.
pub(super) fn shown_flags(f: u64) -> i64 {
    let heap = if f & tflags::SHOWN_AS_HEAP != 0 { tflags::HEAPTYPE } else { 0 };
    ((f | heap) & 0xffff_ffff) as i64
}
