//! Import: the native half (`_imp`, the module table); the rest is importlib (first cut).

use crate::err::{R, Raised};
use crate::native::NativeModule;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::Mutex;

static NATIVE: Mutex<Vec<&'static NativeModule>> = Mutex::new(Vec::new());

/// Makes a native module known under its name.
pub fn register(m: &'static NativeModule) {
    NATIVE.lock().unwrap().push(m);
}
pub fn native(name: &str) -> Option<&'static NativeModule> {
    NATIVE.lock().unwrap().iter().find(|m| m.name == name).copied()
}

pub fn import_module(th: Th, name: &str) -> R<Value> {
    let k = th.intern(name);
    if let Some(m) = Root::modules.dict().get_str(th, k)? {
        return Ok(m);
    }
    if let Some(d) = native(name) {
        let m = crate::builtins::module::make_native(th, d)?;
        Root::modules.dict().set(th, k, m.value())?;
        return Ok(m.value());
    }
    Err(th.raise_msg(
        &crate::builtins::exceptions::MODULE_NOT_FOUND_ERROR,
        &format!("No module named '{name}'"),
    ))
}
pub fn import_name(th: Th, name: Value, _level: Value, _fromlist: Value) -> R<Value> {
    import_module(th, &th.text(name))
}
pub fn import_from(th: Th, m: Value, name: Value) -> R<Value> {
    th.getattr(m, name)
}
pub fn import_star(th: Th, _m: Value, _ns: Value) -> R<()> {
    Err(th.not_implemented_error("import *"))
}
pub fn module_attribute_error(th: Th, o: Value, _d: Gc<Dict>, name: Value, msg: String) -> Raised {
    th.attribute_error(o, name, &msg)
}
/// `__import__(name, globals, locals, fromlist, level)`.
pub fn import_function(
    th: Th,
    name: Value,
    _globals: Option<Value>,
    _locals: Option<Value>,
    fromlist: Option<Value>,
    level: i64,
) -> R<Value> {
    import_name(th, name, Value::fix(level), fromlist.unwrap_or(NONE()))
}
