//! `module` objects and the making of native modules.
//!
//! # Safety
//! A module has its dict from the time when it is made, and keeps it. `def` is null or a static declaration. `md` is given
//! receivers, see [`crate::declare`].

use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::sync::atomic::{AtomicPtr, Ordering::*};

pub static MODULE_TYPE: NativeType = NativeType {
    name: "module",
    kind: Kind::Module,
    size: size_of::<Module>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF,
    doc: "Create a module object.\n\nThe name must be a string; the optional doc argument can have any type.",
    text_signature: Some("(name, doc=None)"),
    slots: Slots {
        repr: Some(repr),
        getattro: Some(getattro),
        new: Some(|th, t, _| new_of(th, t.known())),
        init: Some(init),
        ..Slots::NONE
    },
    getset: &[
        getter("__dict__", "", |_, o| Ok(md(o).dict.value())),
        getset(
            "__annotations__",
            "",
            crate::builtins::annotations::module_get,
            crate::builtins::annotations::module_set,
        ),
        getset(
            "__annotate__",
            "",
            crate::builtins::annotations::module_get_annotate,
            crate::builtins::annotations::module_set_annotate,
        ),
    ],
    methods: &[method(
        "__dir__",
        "!($self, /)",
        "__dir__() -> list\nspecialized dir() implementation",
        |th, a| {
            let d = th.getattr(a[0].unwrap(), n!(__dict__))?;
            if !d.is_kind(Kind::Dict) {
                let t = th.type_name_of(a[0].unwrap());
                return Err(th.type_error(format!("{t}.__dict__ is not a dictionary")));
            }
            if let Some(f) = d.known::<Dict>().get_str(th, n!(__dir__))? {
                return th.call(f, &[]);
            }
            Ok(crate::builtins::list::from_iterable(th, d)?.value())
        },
    )],
    ..NativeType::DEFAULT
};
pub static MODULE: TypeCell = TypeCell::new(&MODULE_TYPE);

fn md(o: Value) -> Gc<Module> {
    unsafe { o.cast_unchecked() }
}
fn new_of(th: Th, t: Gc<Type>) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    let o = crate::builtins::object::new_instance(th, t)?;
    let m = md(o);
    th.store(m, &m.dict, d);
    m.def.store(std::ptr::null_mut(), Relaxed);
    Ok(o)
}
/// An empty module with its standard names.
pub fn new(th: Th, name: Value, doc: Value) -> R<Gc<Module>> {
    let o = new_of(th, MODULE.get())?;
    fill(th, md(o), name, doc)?;
    Ok(md(o))
}
fn fill(th: Th, m: Gc<Module>, name: Value, doc: Value) -> R<()> {
    let d: Gc<Dict> = m.dict.gc();
    d.set(th, n!(__name__), name)?;
    d.set(th, n!(__doc__), doc)?;
    for k in [n!(__package__), n!(__loader__), n!(__spec__)] {
        d.set(th, k, NONE())?;
    }
    Ok(())
}
static INIT: NativeDef = function("module", "(self, name, doc=None)", "", |th, a| {
    let name = a[1].unwrap();
    if !name.is_kind(Kind::Str) {
        return Err(
            th.type_error(format!("module() argument 'name' must be str, not {}", th.arg_type_name(name)))
        );
    }
    fill(th, md(a[0].unwrap()), name, a[2].unwrap_or(NONE()))?;
    Ok(NONE())
});
fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let mut g = crate::interp::call::Gather::new();
    g.push(th, o)?;
    g.extend(th, a.all())?;
    th.call_def(&INIT, None, None, RawArgs::with_kw(g.as_slice(), a.kwnames())).map(|_| ())
}
fn repr(th: Th, o: Value) -> R<Value> {
    if let Some(lib) = crate::thread::Root::importlib.get() {
        let f = th.getattr(lib, th.intern("_module_repr"))?;
        return th.call(f, &[o]);
    }
    let d: Gc<Dict> = md(o).dict.gc();
    let name = match d.get_str(th, n!(__name__))? {
        Some(nm) => th.text(th.repr(nm)?),
        None => "'?'".into(),
    };
    Ok(th.str(&format!("<module {name}>")))
}
/// The module's namespace, then its type; `__getattr__` of the module last.
fn getattro(th: Th, o: Value, name: Value) -> R<Value> {
    let d: Gc<Dict> = md(o).dict.gc();
    let ns = name.known::<Str>();
    let name = th.intern_value(ns);
    let t = th.type_of(o);
    let found = th.lookup(t, name);
    if found.is_none_or(|f| th.type_of(f).slots.descr_set.is_none())
        && let Some(v) = d.get_str(th, name)?
    {
        return Ok(v);
    }
    if let Some(f) = found {
        return th.bind(f, Some(o), t);
    }
    if let Some(f) = d.get_str(th, n!(__getattr__))? {
        return th.call(f, &[name]);
    }
    let msg = match d.get_str(th, n!(__name__))? {
        Some(m) if m.is_kind(Kind::Str) => {
            format!("module '{}' has no attribute '{}'", th.text(m), th.text(name))
        }
        _ => format!("module has no attribute '{}'", th.text(name)),
    };
    Err(crate::import::module_attribute_error(th, o, d, name, msg))
}

/// What a native module was made from.
pub fn definition(m: Gc<Module>) -> Option<&'static NativeModule> {
    // SAFETY: null, or put there by `make_native`.
    unsafe { (m.def.load(Acquire) as *const NativeModule).as_ref() }
}

/// Makes a native module: functions, types, the rest.
pub fn make_native(th: Th, def: &'static NativeModule) -> R<Gc<Module>> {
    let name = th.intern(def.name);
    let doc = if def.doc.is_empty() { NONE() } else { th.str(def.doc) };
    let m = new(th, name, doc)?;
    m.def.store(def as *const NativeModule as *mut (), Release);
    let _ = AtomicPtr::<()>::new;
    let d: Gc<Dict> = m.dict.gc();
    for f in def.functions {
        // The module is the receiver's place; functions carry its name as `__module__`.
        let v = th.native_function(f, None, Some(m.value()));
        d.set(th, th.intern(f.name), v)?;
    }
    for c in def.types {
        let t = th.make_type(c);
        d.set(th, th.intern(c.def.short_name()), t.value())?;
    }
    if let Some(f) = def.init {
        f(th, m)?;
    }
    Ok(m)
}

impl Gc<Module> {
    pub fn ns(self) -> Gc<Dict> {
        self.dict.gc()
    }
    /// Puts a name into the module.
    pub fn put(self, th: Th, name: &str, v: Value) -> R<()> {
        self.ns().set(th, th.intern(name), v)
    }
}
