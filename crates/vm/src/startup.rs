//! Making the runtime: heap, names, types, the first modules, `importlib`, standard streams, `site`. CPython's
//! `Python/pylifecycle.c`, first half; `run` has the second.
//!
//! # Invariants
//! The empty tuple is complete before anything else is allocated. `getrlimit` fills a local.

use crate::builtins::{self, exceptions as exc};
use crate::config;
use crate::err::R;
use crate::import::{self, import_module};
use crate::names;
use crate::object::*;
use crate::thread::{Root, Stacks, Th};
use crate::value::*;
use crate::{n, sys};

pub use crate::run::{exit_for, run_simple_loop};

/// Makes the runtime of the process and attaches the calling thread: types, `builtins`, `sys`; nothing is imported yet.
pub fn init(heap: adder_heap::Config, stack_base: usize, stack_size: usize) -> R<Th> {
    let c = config::get();
    builtins::str_::SEED.store(hash_seed(c.hash_seed), std::sync::atomic::Ordering::Relaxed);
    crate::hooks::OPTIMIZE.store(c.optimize, std::sync::atomic::Ordering::Relaxed);
    Th::init_heap(heap);
    let stacks = Stacks::new().unwrap_or_else(|| adder_heap::fatal_at_start("the main thread"));
    let th = Th::attach(stacks, stack_base, stack_size);
    names::init(|s| th.intern(s));
    builtins::str_::init_statics(th);
    builtins::bytes::init_statics(th);
    unsafe {
        let t = th.alloc_old::<Tuple>(16);
        (*t.as_ptr()).len = 0;
        Root::empty_tuple.set(Some(t.value()));
    }
    // Types refer to each other while they are made: their memory and shapes first.
    for c in builtins::TYPES {
        let t = crate::types::alloc_type(th, c.def, Kind::Type as u32, true);
        c.set(t);
        crate::shape::new_root(t, 0, Some(c.def.kind as u32));
    }
    for c in builtins::TYPES {
        th.make_type(c);
    }
    for c in builtins::exceptions::ALL {
        th.make_type(c);
    }
    for m in builtins::MODULES.iter().chain(MODULES) {
        import::register(m);
    }
    let modules = Gc::<Dict>::new(th);
    Root::modules.set(Some(modules.value()));
    let b = builtins::module::make_native(th, &builtins::functions::MODULE)?;
    let d = b.ns();
    for c in builtins::PUBLIC.iter().chain(builtins::exceptions::ALL) {
        d.set(th, th.intern(c.def.short_name()), c.get().value())?;
    }
    builtins::exception_group::init_types(th, d)?;
    for (k, v) in [
        ("None", NONE()),
        ("True", TRUE()),
        ("False", FALSE()),
        ("Ellipsis", ELLIPSIS()),
        ("NotImplemented", NOT_IMPLEMENTED()),
        ("EnvironmentError", builtins::exceptions::OS_ERROR.get().value()),
        ("IOError", builtins::exceptions::OS_ERROR.get().value()),
        ("__debug__", Value::bool(c.optimize == 0)),
    ] {
        d.set(th, th.intern(k), v)?;
    }
    builtins::function::prepare_globals(th, d)?;
    Root::builtins_module.set(Some(b.value()));
    Root::builtins_dict.set(Some(d.value()));
    Root::import_func.set(d.get_str(th, n!(__import__))?);
    modules.set(th, n!(builtins), b.value())?;
    let s = builtins::module::make_native(th, &sys::MODULE)?;
    Root::sys_module.set(Some(s.value()));
    Root::sys_dict.set(Some(s.ns().value()));
    modules.set(th, n!(sys), s.value())?;
    Ok(th)
}

/// Native modules of this crate beside those that belong to builtin types.
static MODULES: &[&crate::native::NativeModule] = &[
    &sys::MODULE,
    &builtins::functions::MODULE,
    &import::imp::MODULE,
    &crate::marshal::MODULE,
    &crate::warn::MODULE,
    &crate::atexit::MODULE,
];

fn hash_seed(fixed: Option<u32>) -> u64 {
    let seed = match fixed {
        Some(n) => n as u64,
        None => {
            let mut b = [0u8; 8];
            let _ = crate::the_host().random_seed(&mut b);
            u64::from_le_bytes(b)
        }
    };
    // Spread, so that small seeds differ in all bits.
    seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ seed
}

/// Gets imports going: `importlib`'s two halves, the finders, `zipimport`.
pub fn bootstrap(th: Th) -> R<()> {
    // Until `prepare` is done all is one import: the shortest programs need no collection.
    th.importing.set(true);
    let imp = builtins::module::make_native(th, &import::imp::MODULE)?;
    Root::modules.dict().set(th, th.intern("_imp"), imp.value())?;
    let f = import::frozen::find("_frozen_importlib").expect("always there");
    let lib = import::imp::import_frozen(th, f)?;
    let install = th.getattr(lib, th.intern("_install"))?;
    th.call(install, &[Root::sys_module.value(), imp.value()])?;
    Root::importlib.set(Some(lib));
    import::call_importlib(th, "_install_external_importers", &[])?;
    zip_hook(th)
}
fn zip_hook(th: Th) -> R<()> {
    let hooks = builtins::sys_attr(th, n!(path_hooks))?.unwrap_or(NONE());
    let z = import::import_attr(th, "zipimport", "zipimporter");
    if let Some(z) = th.catch(z, &exc::IMPORT_ERROR)? {
        th.call_method(hooks, n!(insert), &[Value::fix(0), z])?;
    }
    Ok(())
}

/// Everything after `bootstrap` that CPython does before the program: streams, `__main__`, warnings, `site`.
pub fn prepare(th: Th) -> R<()> {
    let c = config::get();
    crate::stdio::init(th)?;
    add_main(th)?;
    if !c.warnoptions.is_empty() {
        let r = import_module(th, "warnings");
        if r.is_err() {
            sys::display::print_pending(th, false);
        }
    }
    if !c.no_site {
        import_module(th, "site")?;
    }
    th.importing.set(false);
    crate::run::note_start(th);
    Ok(())
}

/// The module `__main__`, empty.
pub fn add_main(th: Th) -> R<()> {
    let m = builtins::module::new(th, n!(__main__), NONE())?;
    let d = m.ns();
    let loader = match Root::importlib.get() {
        Some(l) => th.getattr(l, th.intern("BuiltinImporter"))?,
        None => NONE(),
    };
    d.set(th, n!(__loader__), loader)?;
    d.set(th, n!(__builtins__), Root::builtins_module.value())?;
    Root::main_module.set(Some(m.value()));
    Root::modules.dict().set(th, n!(__main__), m.value())
}

/// Bytes of native stack that the main thread may use.
pub fn stack_size() -> usize {
    let mut r = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let known = unsafe { libc::getrlimit(libc::RLIMIT_STACK, &mut r) } == 0;
    // Without a limit the stack is far larger than anybody needs; the kernel keeps that much address space free.
    if known && r.rlim_cur != libc::RLIM_INFINITY { r.rlim_cur as usize } else { 64 << 20 }
}
