//! The module `_imp`: what `importlib` needs of the runtime. CPython's `Python/import.c`; the functions whose names begin
//! with `_library` are Adder's own and give access to the embedded library.
//!
//! # Safety
//! Loaded code has an array of constants.

use super::frozen;
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use std::sync::atomic::Ordering::*;

pub static MODULE: NativeModule = NativeModule {
    name: "_imp",
    doc: "(Extremely) low-level import machinery bits as used by importlib.",
    functions: &[
        function(
            "extension_suffixes",
            "($module, /)",
            "Returns the list of file suffixes used to identify extension modules.",
            |th, _| Ok(crate::builtins::list::new(th, &[])?.value()),
        ),
        function(
            "lock_held",
            "($module, /)",
            "Return True if the import lock is currently held, else False.\n\nOn platforms without threads, return False.",
            |th, _| Ok(Value::bool(LOCK.held_by_anyone(th))),
        ),
        function(
            "acquire_lock",
            "($module, /)",
            "Acquires the interpreter's import lock for the current thread.\n\nThis lock should be used by import hooks to ensure thread-safety when\nimporting modules.  On platforms without threads, this function does\nnothing.",
            |th, _| {
                LOCK.acquire(th);
                Ok(NONE())
            },
        ),
        function(
            "release_lock",
            "($module, /)",
            "Release the interpreter's import lock.\n\nOn platforms without threads, this function does nothing.",
            |th, _| {
                if LOCK.release(th) {
                    Ok(NONE())
                } else {
                    Err(th.runtime_error("not holding the import lock"))
                }
            },
        ),
        function(
            "find_frozen",
            "($module, name, /, *, withdata=False)",
            "Return info about the corresponding frozen module (if there is one) or None.\n\nThe returned info (a 2-tuple):\n\n * data         the raw marshalled bytes\n * is_package   whether or not it is a package\n * origname     the originally frozen module's name, or None if not\n                a stdlib module (this will usually be the same as\n                the module's current name)",
            find_frozen,
        ),
        function(
            "get_frozen_object",
            "($module, name, data=None, /)",
            "Create a code object for a frozen module.",
            get_frozen_object,
        ),
        function(
            "is_frozen_package",
            "($module, name, /)",
            "Returns True if the module name is of a frozen package.",
            |th, a| {
                let name = str_arg(th, a[0].unwrap(), "is_frozen_package")?;
                Ok(Value::bool(frozen_or_error(th, a[0].unwrap(), &name)?.is_package))
            },
        ),
        function("create_builtin", "($module, spec, /)", "Create an extension module.", create_builtin),
        function("init_frozen", "($module, name, /)", "Initializes a frozen module.", |th, a| {
            let name = str_arg(th, a[0].unwrap(), "init_frozen")?;
            match frozen::find(&name) {
                Some(f) => import_frozen(th, f),
                None => Ok(NONE()),
            }
        }),
        function(
            "is_builtin",
            "($module, name, /)",
            "Returns True if the module name corresponds to a built-in module.",
            |th, a| {
                let name = str_arg(th, a[0].unwrap(), "is_builtin")?;
                // -1: it cannot be initialised again (`sys`, `builtins`).
                Ok(Value::fix(match &*name {
                    "sys" | "builtins" => -1,
                    n => super::native(n).is_some() as i64,
                }))
            },
        ),
        function(
            "is_frozen",
            "($module, name, /)",
            "Returns True if the module name corresponds to a frozen module.",
            |th, a| {
                let name = str_arg(th, a[0].unwrap(), "is_frozen")?;
                Ok(Value::bool(frozen::find(&name).is_some()))
            },
        ),
        function(
            "_frozen_module_names",
            "($module, /)",
            "Returns the list of available frozen modules.",
            |th, _| {
                let l = crate::builtins::list::new(th, &[])?;
                for f in frozen::FROZEN {
                    crate::builtins::list::append(th, l, th.intern(f.name))?;
                }
                Ok(l.value())
            },
        ),
        function(
            "_override_frozen_modules_for_tests",
            "($module, override, /)",
            "(internal-only) Override PyConfig.use_frozen_modules.\n\n(-1: \"off\", 1: \"on\", 0: no override)\nSee frozen_modules() in Lib/test/support/import_helper.py.",
            |th, a| {
                let n = th.index_i64(a[0].unwrap())?;
                frozen::OVERRIDE.store(n.signum() as i8, Relaxed);
                Ok(NONE())
            },
        ),
        function(
            "_override_multi_interp_extensions_check",
            "($module, override, /)",
            "(internal-only) Override PyInterpreterConfig.check_multi_interp_extensions.\n\n(-1: \"never\", 1: \"always\", 0: no override)",
            |th, a| {
                th.index_i64(a[0].unwrap())?;
                Err(th.runtime_error(
                    "_imp._override_multi_interp_extensions_check() cannot be used in the main interpreter",
                ))
            },
        ),
        function("exec_builtin", "($module, mod, /)", "Initialize a built-in module.", |_, _| {
            Ok(Value::fix(0))
        }),
        function(
            "_fix_co_filename",
            "($module, code, path, /)",
            "Changes code.co_filename to specify the passed-in file path.\n\n  code\n    Code object to change.\n  path\n    File path to use.",
            fix_co_filename,
        ),
        function("source_hash", "($module, /, key, source)", "", source_hash),
        function("_library_folder", "($module, path, /)", "", |th, a| {
            Ok(match a[0].unwrap().cast::<Str>().and_then(|s| frozen::folder(s.bytes())) {
                Some(f) => th.str(&f),
                None => NONE(),
            })
        }),
        function("_library_find", "($module, folder, name, /)", "", |th, a| {
            let folder = str_arg(th, a[0].unwrap(), "_library_find")?;
            let name = str_arg(th, a[1].unwrap(), "_library_find")?;
            Ok(match frozen::find_in(&folder, &name) {
                Some((file, package)) => {
                    let file = th.str(&file);
                    th.tuple(&[file, Value::bool(package)])
                }
                None => NONE(),
            })
        }),
        function("_library_list", "($module, folder, /)", "", |th, a| {
            let folder = str_arg(th, a[0].unwrap(), "_library_list")?;
            let l = crate::builtins::list::new(th, &[])?;
            for name in crate::hooks::library().map(|l| l.list(&folder)).unwrap_or_default() {
                crate::builtins::list::append(th, l, th.str(name))?;
            }
            Ok(l.value())
        }),
        // Code without a file that ran before `linecache` was there: tuples for its `_register_code`.
        function("_pending_sources", "($module, /)", "", |th, _| {
            let l = Root::pending_sources.get();
            Root::pending_sources.set(None);
            l.map_or_else(|| Ok(crate::builtins::list::new(th, &[])?.value()), Ok)
        }),
        function("_library_data", "($module, path, /)", "", |th, a| {
            match a[0].unwrap().cast::<Str>().and_then(|s| frozen::data(s.bytes())) {
                Some(d) => Ok(crate::builtins::bytes::new(th, &d)?.value()),
                None => Ok(NONE()),
            }
        }),
        function("_library_size", "($module, path, /)", "", |_, a| {
            let path = a[0].unwrap().cast::<Str>();
            let size = path.and_then(|s| crate::hooks::library()?.size(frozen::relative(s.bytes())?));
            Ok(size.map_or(NONE(), |n| Value::fix(n as i64)))
        }),
        function("_library_code", "($module, path, /)", "", |th, a| {
            let Some(s) = a[0].unwrap().cast::<Str>() else { return Ok(NONE()) };
            Ok(frozen::library_code(th, s.bytes())?.map_or(NONE(), |c| c.value()))
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "check_hash_based_pycs", th.str(&crate::config::get().check_hash_pycs_mode))?;
        m.put(th, "pyc_magic_number_token", Value::fix(magic() as i64))
    }),
};

/// The first four bytes of a cached file: two that name the op table and the compiler, then CR LF as in CPython's.
pub fn magic() -> u32 {
    let h = adder_bytecode::table_hash() ^ crate::hooks::compiler_version();
    let h = (h ^ h >> 16 ^ h >> 32 ^ h >> 48) as u32 & 0xffff;
    h | 0x0a0d_0000
}

fn str_arg(th: Th, v: Value, f: &str) -> R<String> {
    match v.cast::<Str>() {
        Some(s) => Ok(s.lossy().into_owned()),
        None => Err(th.type_error(format!("{f}() argument must be str, not {}", th.arg_type_name(v)))),
    }
}

fn frozen_or_error(th: Th, v: Value, name: &str) -> R<&'static frozen::Frozen> {
    match frozen::find(name) {
        Some(f) => Ok(f),
        None => {
            let msg = format!("No such frozen object named {name}");
            Err(super::errors::import_error(th, &msg, v, NONE(), None))
        }
    }
}

fn find_frozen(th: Th, a: &[Option<Value>]) -> R<Value> {
    let name = str_arg(th, a[0].unwrap(), "find_frozen")?;
    let Some(f) = frozen::find(&name) else { return Ok(NONE()) };
    let data = match a[1] {
        Some(w) if th.truth(w)? => {
            let code = frozen::code(th, f)?;
            let bytes = crate::marshal::dumps(th, code.value(), crate::marshal::VERSION)?;
            th.call(crate::builtins::builtin(th, "memoryview")?, &[bytes])?
        }
        _ => NONE(),
    };
    let orig = f.orig.map_or(NONE(), |o| th.intern(o));
    Ok(th.tuple(&[data, Value::bool(f.is_package), orig]))
}

fn get_frozen_object(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let name = str_arg(th, v, "get_frozen_object")?;
    if let Some(data) = a[1].and_then(Value::some) {
        let bad = |th: Th| {
            let msg = format!("Frozen object named {name} is invalid");
            super::errors::import_error(th, &msg, v, NONE(), None)
        };
        let b = th.call(crate::builtins::builtin(th, "bytes")?, &[data])?;
        let bytes = crate::builtins::buffer::bytes_of(b).unwrap_or(&[]);
        if bytes.is_empty() {
            return Err(bad(th));
        }
        let Ok(c) = crate::marshal::loads(th, bytes) else {
            th.take_exc();
            return Err(bad(th));
        };
        if !c.is_kind(Kind::Code) {
            return Err(th.type_error(format!("frozen object {name} is not a code object")));
        }
        return Ok(c);
    }
    let f = frozen_or_error(th, v, &name)?;
    Ok(frozen::code(th, f)?.value())
}

/// `PyImport_ImportFrozenModule`: runs the module's code in a module object under its name.
pub fn import_frozen(th: Th, f: &frozen::Frozen) -> R<Value> {
    let code = frozen::code(th, f)?;
    let k = th.intern(f.name);
    let m = match super::modules_get(th, k)?.and_then(|m| m.cast::<Module>()) {
        Some(m) => m,
        None => {
            let m = crate::builtins::module::new(th, k, NONE())?;
            Root::modules.dict().set(th, k, m.value())?;
            m
        }
    };
    let d = m.ns();
    d.set(th, n!(__builtins__), Root::builtins_dict.value())?;
    if f.is_package {
        let l = crate::builtins::list::new(th, &[])?;
        d.set(th, n!(__path__), l.value())?;
    }
    if let Some(o) = f.orig {
        d.set(th, th.intern("__origname__"), th.intern(o))?;
    }
    crate::builtins::function::run_code(th, code, d, d.value(), None)?;
    Ok(m.value())
}

fn create_builtin(th: Th, a: &[Option<Value>]) -> R<Value> {
    let spec = a[0].unwrap();
    let name = th.getattr(spec, n!(name))?;
    let Some(s) = name.cast::<Str>() else {
        return Err(th.type_error(format!("name must be string, not {}", th.type_name_of(name))));
    };
    let text = s.lossy();
    if text.contains('\0') {
        return Err(th.value_error("embedded null character"));
    }
    // `sys` and `builtins` exist once; so does every other native module that is there.
    if matches!(&*text, "sys" | "builtins") {
        if let Some(m) = super::modules_get(th, name)? {
            return Ok(m);
        }
        let kept = if text == "sys" { Root::sys_module } else { Root::builtins_module };
        return Ok(kept.value());
    }
    match super::native(&text) {
        Some(d) => Ok(crate::builtins::module::make_native(th, d)?.value()),
        None => Ok(NONE()),
    }
}

fn fix_co_filename(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (c, p) = (a[0].unwrap(), a[1].unwrap());
    let Some(code) = c.cast::<Code>() else {
        return Err(
            th.type_error(format!("_fix_co_filename() argument 1 must be code, not {}", th.arg_type_name(c)))
        );
    };
    let Some(path) = p.cast::<Str>() else {
        return Err(
            th.type_error(format!("_fix_co_filename() argument 2 must be str, not {}", th.arg_type_name(p)))
        );
    };
    if th.eq(code.filename.value(), p)? {
        return Ok(NONE());
    }
    let path = th.intern_value(path);
    let old = code.filename.value();
    replace_filename(th, code, old, path);
    Ok(NONE())
}
fn replace_filename(th: Th, c: Gc<Code>, old: Value, new: Value) {
    if !c.filename.value().is(old) {
        return;
    }
    th.store(c, &c.filename, new.known());
    if c.ins.is_null() {
        return; // what is nested in it will be called as it is when it is loaded
    }
    for s in c.consts.gc().slots() {
        if let Some(k) = s.get().and_then(|v| v.exact::<Code>()) {
            replace_filename(th, k, old, new);
        }
    }
}

/// SipHash-1-3 of the source with the magic number as key, in little-endian bytes.
fn source_hash(th: Th, a: &[Option<Value>]) -> R<Value> {
    let key = th.index_i64(a[0].unwrap())?;
    let b = th.call(crate::builtins::builtin(th, "bytes")?, &[a[1].unwrap()])?;
    let h = siphash13(key as u64, 0, crate::builtins::buffer::bytes_of(b).unwrap_or(&[]));
    Ok(crate::builtins::bytes::new(th, &h.to_le_bytes())?.value())
}

/// SipHash-1-3 (Aumasson and Bernstein, 2012).
pub fn siphash13(k0: u64, k1: u64, data: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    fn round(v: &mut [u64; 4]) {
        v[0] = v[0].wrapping_add(v[1]);
        v[2] = v[2].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].rotate_left(32);
        v[2] = v[2].wrapping_add(v[1]);
        v[0] = v[0].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].rotate_left(32);
    }
    let mut chunks = data.chunks_exact(8);
    for c in &mut chunks {
        let m = u64::from_le_bytes(c.try_into().unwrap());
        v[3] ^= m;
        round(&mut v);
        v[0] ^= m;
    }
    let mut last = (data.len() as u64) << 56;
    for (i, b) in chunks.remainder().iter().enumerate() {
        last |= (*b as u64) << (8 * i);
    }
    v[3] ^= last;
    round(&mut v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for _ in 0..3 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The import lock: reentrant. Modules have locks of their own; this one guards `importlib`'s tables of them.
struct ImportLock {
    owner: std::sync::atomic::AtomicU64,
    depth: std::sync::atomic::AtomicU32,
    raw: crate::sync::Lock,
}
static LOCK: ImportLock = ImportLock {
    owner: std::sync::atomic::AtomicU64::new(0),
    depth: std::sync::atomic::AtomicU32::new(0),
    raw: crate::sync::Lock::new(),
};

impl ImportLock {
    fn acquire(&self, th: Th) {
        if self.owner.load(Relaxed) == th.ident {
            self.depth.fetch_add(1, Relaxed);
            return;
        }
        self.raw.lock_uninterrupted(th);
        self.owner.store(th.ident, Relaxed);
        self.depth.store(1, Relaxed);
    }
    fn release(&self, th: Th) -> bool {
        if self.owner.load(Relaxed) != th.ident || self.depth.load(Relaxed) == 0 {
            return false;
        }
        if self.depth.fetch_sub(1, Relaxed) == 1 {
            self.owner.store(0, Relaxed);
            self.raw.unlock();
        }
        true
    }
    fn held_by_anyone(&self, _th: Th) -> bool {
        self.depth.load(Relaxed) > 0
    }
}

/// Before a fork: the forking thread has the lock, so that no import is half done in the child.
pub fn lock_for_fork(th: Th) {
    LOCK.acquire(th);
}
/// After it, in parent and child, where the thread is the same one.
pub fn unlock_after_fork(th: Th) {
    LOCK.release(th);
}

#[allow(unused)]
fn _u() {
    let _ = &exc::IMPORT_ERROR;
}

#[cfg(test)]
mod tests {
    #[test]
    fn siphash() {
        // `_imp.source_hash(168627755, ...)` of CPython 3.14.
        let h = |b| super::siphash13(168627755, 0, b).to_le_bytes();
        assert_eq!(h(b""), [97, 245, 183, 203, 101, 58, 106, 164]);
        assert_eq!(h(b"hello world, hello"), [17, 58, 55, 242, 69, 160, 41, 187]);
    }
}
