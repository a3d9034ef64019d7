//! `_pickle`: `Pickler`, `Unpickler`, `PickleBuffer` and the shorthands, as CPython's `Modules/_pickle.c`.
//!
//! [`pickler`] holds the object and its output, [`save`] walks the objects, [`load`] is the stack machine that reads.
//! What copyreg and `_compat_pickle` keep is looked up once and kept in the type object's `aux` array ([`State`]).
//!
//! # Invariants
//! `Pickler`'s `aux` is the array that `State::init` made, before any pickler; nothing of Python's reaches it.

mod buffer;
mod docs;
mod load;
mod memo;
mod op;
mod pickler;
mod save;
mod unpickler;

use crate::common::*;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

pub const HIGHEST: i64 = 5;
pub const DEFAULT: i64 = 5;

pub static MODULE: NativeModule = NativeModule {
    name: "_pickle",
    doc: "Optimized C implementation for the Python pickle module.",
    functions: &[
        function(
            "dump",
            "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)",
            docs::DUMP,
            |th, a| {
                let p = pickler::create(th)?;
                pickler::set_up(th, p, arg(a, 1), a[2], a[3], a[4])?;
                pickler::dump(th, p, arg(a, 0))?;
                none()
            },
        ),
        function(
            "dumps",
            "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)",
            docs::DUMPS,
            |th, a| {
                let p = pickler::create(th)?;
                pickler::set_options(th, p, a[1], a[2], a[3])?;
                pickler::dumps(th, p, arg(a, 0))
            },
        ),
        function(
            "load",
            "($module, /, file, *, fix_imports=True, encoding='ASCII',\n     errors='strict', buffers=())",
            docs::LOAD,
            |th, a| {
                let u = unpickler::create(th)?;
                unpickler::set_up(th, u, "load", Some(arg(a, 0)), a[1], a[2], a[3], a[4])?;
                unpickler::load(th, u)
            },
        ),
        function(
            "loads",
            "($module, data, /, *, fix_imports=True, encoding='ASCII',\n      errors='strict', buffers=())",
            docs::LOADS,
            |th, a| {
                let u = unpickler::create(th)?;
                unpickler::set_up(th, u, "loads", None, a[1], a[2], a[3], a[4])?;
                unpickler::loads(th, u, arg(a, 0))
            },
        ),
    ],
    types: &[
        &PICKLE_ERROR,
        &PICKLING_ERROR,
        &UNPICKLING_ERROR,
        &pickler::PICKLER,
        &unpickler::UNPICKLER,
        &buffer::PICKLE_BUFFER,
    ],
    init: Some(|th, _| {
        th.make_type(&memo::PICKLER_MEMO);
        th.make_type(&memo::UNPICKLER_MEMO);
        // The registries must exist when the first object is pickled.
        State::init(th)
    }),
};

macro_rules! error_type {
    ($cell:ident $name:literal $base:expr) => {
        pub static $cell: TypeCell = TypeCell::new({
            const T: &NativeType = &NativeType {
                name: $name,
                kind: Kind::BaseException,
                size: size_of::<BaseException>() as u32,
                flags: exc::BASE_EXCEPTION_TYPE.flags & !tflags::IMMUTABLE
                    | tflags::WEAKREF
                    | tflags::SHOWN_AS_HEAP,
                base: Some($base),
                ..NativeType::DEFAULT
            };
            T
        });
    };
}
error_type!(PICKLE_ERROR "_pickle.PickleError" &exc::EXCEPTION);
error_type!(PICKLING_ERROR "_pickle.PicklingError" &PICKLE_ERROR);
error_type!(UNPICKLING_ERROR "_pickle.UnpicklingError" &PICKLE_ERROR);

#[cold]
pub fn pickling_error(th: Th, msg: impl AsRef<str>) -> Raised {
    th.raise_msg(&PICKLING_ERROR, msg.as_ref())
}
#[cold]
pub fn unpickling_error(th: Th, msg: impl AsRef<str>) -> Raised {
    th.raise_msg(&UNPICKLING_ERROR, msg.as_ref())
}

/// Objects of other modules that pickling needs.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum State {
    DispatchTable,
    ExtensionRegistry,
    InvertedRegistry,
    ExtensionCache,
    NameMapping,
    ImportMapping,
    ReverseNameMapping,
    ReverseImportMapping,
    CodecsEncode,
    Getattr,
    Partial,
    Newobj,
}

impl State {
    const ALL: [(&str, &str); 12] = [
        ("copyreg", "dispatch_table"),
        ("copyreg", "_extension_registry"),
        ("copyreg", "_inverted_registry"),
        ("copyreg", "_extension_cache"),
        ("_compat_pickle", "NAME_MAPPING"),
        ("_compat_pickle", "IMPORT_MAPPING"),
        ("_compat_pickle", "REVERSE_NAME_MAPPING"),
        ("_compat_pickle", "REVERSE_IMPORT_MAPPING"),
        ("codecs", "encode"),
        ("builtins", "getattr"),
        ("functools", "partial"),
        ("copyreg", "__newobj__"),
    ];
    fn init(th: Th) -> R<()> {
        let a = th.array(State::ALL.len())?;
        for (i, (module, name)) in State::ALL.iter().enumerate() {
            let v = adder_vm::import::import_attr(th, module, name)?;
            if i < State::CodecsEncode as usize && !v.is_exact(Kind::Dict) {
                return Err(
                    th.runtime_error(format!("{module}.{name} should be a dict, not {}", th.type_name_of(v)))
                );
            }
            th.store(a, a.slot(i), v);
        }
        let t = pickler::PICKLER.get();
        th.store(t, &t.aux, a.value());
        Ok(())
    }
    pub fn get(self) -> Value {
        let a: Gc<Array> = unsafe { pickler::PICKLER.get().aux.gc() };
        a.slot(self as usize).value()
    }
    pub fn dict(self) -> Gc<Dict> {
        self.get().known()
    }
}

/// The type's name as errors show it: with its module unless that is `builtins` or `__main__`.
pub fn full_name(th: Th, v: Value) -> String {
    let s = adder_vm::builtins::object::full_type_name(th, th.type_of(v));
    match s.strip_prefix("__main__.") {
        Some(r) => r.to_string(),
        None => s,
    }
}

/// `exc.add_note(note)` for the pending exception.
#[cold]
pub fn add_note(th: Th, note: String) {
    let Some(e) = th.pending() else { return };
    th.take_exc();
    let note = th.str(&note);
    if th.call_method(e, th.intern("add_note"), &[note]).is_err() {
        th.take_exc();
    }
    th.set_exc(e);
}
