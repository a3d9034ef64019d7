//! Issuing warnings from native code: through Python's `warnings`.
//!
//! Warnings that the default filters would drop are dropped here, without importing `warnings`, as long as nobody has
//! imported it and no filters were asked for on the command line.

use crate::builtins::{self, exceptions as exc};
use crate::err::R;
use crate::n;
use crate::native::TypeCell;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;

/// The module, if it is needed and there is one.
fn module(th: Th, category: Gc<Type>, in_main: bool) -> R<Option<Value>> {
    let Some(mods) = Root::modules.get().and_then(|m| m.cast::<Dict>()) else { return Ok(None) };
    if let Some(m) = mods.get_str(th, th.intern("warnings"))? {
        return Ok(m.some());
    }
    let sub = |c: &'static TypeCell| th.is_subtype(category, c.get());
    let asked = match builtins::sys_attr(th, th.intern("warnoptions"))? {
        Some(o) => th.len(o).unwrap_or(0) > 0,
        None => false,
    };
    let ignored = sub(&exc::PENDING_DEPRECATION_WARNING)
        || sub(&exc::IMPORT_WARNING)
        || sub(&exc::RESOURCE_WARNING)
        || (sub(&exc::DEPRECATION_WARNING) && !in_main);
    if ignored && !asked {
        return Ok(None);
    }
    match crate::import::import_module(th, "warnings") {
        Ok(m) => Ok(Some(m)),
        Err(_) => {
            th.take_exc();
            Ok(None)
        }
    }
}

/// `warnings.warn(msg, category, level)` as the running Python function would call it.
pub fn warn(th: Th, category: &'static TypeCell, msg: &str, level: i64) -> R<()> {
    let text = th.str(msg);
    warn_value(th, category.get(), text, level, None)
}
/// With a message object, and `source` as in ResourceWarning.
pub fn warn_value(th: Th, category: Gc<Type>, msg: Value, level: i64, source: Option<Value>) -> R<()> {
    let mut in_main = false;
    if let Some(mut f) = builtins::eval_::visible_frame(th) {
        for _ in 1..level {
            match builtins::frame::caller(th, f) {
                Some(c) => f = c,
                None => break,
            }
        }
        let name = f.globals().get_str(th, n!(__name__))?;
        in_main =
            name.is_some_and(|v| v.is(n!(__main__)) || (v.is_kind(Kind::Str) && th.text(v) == "__main__"));
    }
    let Some(m) = module(th, category, in_main)? else { return Ok(()) };
    let f = th.getattr(m, th.intern("warn"))?;
    let args = [msg, category.value(), Value::fix(level)];
    match source {
        Some(s) => th.call_kw(f, &args, &[("source", s)])?,
        None => th.call(f, &args)?,
    };
    Ok(())
}
/// A warning about a place in a source file.
pub fn warn_explicit(th: Th, category: &'static TypeCell, msg: &str, file: &str, line: u32) -> R<()> {
    let Some(m) = module(th, category.get(), false)? else { return Ok(()) };
    let f = th.getattr(m, th.intern("warn_explicit"))?;
    let (text, file) = (th.str(msg), th.str(file));
    th.call(f, &[text, category.get().value(), file, Value::fix(line as i64)])?;
    Ok(())
}
