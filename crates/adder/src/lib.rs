//! Adder as a library: brings the virtual machine, the compiler, the native modules and the standard library together.
//!
//! # Invariants
//! - One runtime in a process; the thread that makes it is its main thread.
//! - This is the only crate that knows both the virtual machine and the compiler, the code generators and the modules.

mod compile;
pub mod jit;
mod library;

use adder_vm::config::Config;
use adder_vm::err::R;
use adder_vm::run::Program;
use adder_vm::thread::Th;

pub use adder_heap::{Config as Heap, Malloc, Mode as Gc, OutOfMemory, fatal_at_start};
pub use adder_vm as vm;

/// Settings of a runtime; from the command line or an embedding program.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub config: Config,
    pub heap: Heap,
}

/// Makes the runtime of the process; the calling thread becomes its main thread. Nothing is imported yet.
pub fn init(s: Settings, stack_base: usize, stack_size: usize) -> R<Th> {
    adder_vm::hooks::set_compiler(&compile::Compiler);
    adder_vm::hooks::set_library(&library::Library);
    adder_vm::hooks::set_ast(&adder_mod_ast::Ast);
    adder_vm::config::set(s.config);
    jit::init();
    for modules in [
        adder_mod_ast::MODULES,
        adder_mod_async::MODULES,
        adder_mod_compress::MODULES,
        adder_mod_core::MODULES,
        adder_mod_crypto::MODULES,
        adder_mod_data::MODULES,
        adder_mod_db::MODULES,
        adder_mod_jit::MODULES,
        adder_mod_os::MODULES,
        adder_mod_text::MODULES,
        adder_mod_xml::MODULES,
    ] {
        modules.iter().for_each(|m| adder_vm::import::register(m));
    }
    adder_vm::startup::init(s.heap, stack_base, stack_size)
}

/// Makes the runtime with imports and standard streams, runs the program and ends the runtime. The exit status.
pub fn main(s: Settings, p: &Program, stack_base: usize) -> i32 {
    adder_mod_os::start();
    let faulthandler = s.config.faulthandler;
    let stack = adder_vm::startup::stack_size();
    let Ok(th) = init(s, stack_base, stack) else {
        eprintln!("Fatal Python error: the runtime cannot be made");
        return 1;
    };
    // Without the modules of the operating system there is no `importlib`, and just native modules can be imported.
    let whole = ["posix", "_thread"].iter().all(|m| adder_vm::import::native(m).is_some());
    if !whole {
        if adder_vm::startup::add_main(th).is_err() {
            return 1;
        }
        return adder_vm::run::run(th, p);
    }
    for (step, what) in [
        (adder_vm::startup::bootstrap as fn(Th) -> R<()>, "importlib"),
        (adder_vm::startup::prepare, "the standard streams or the site module"),
    ] {
        if step(th).is_err() {
            let e = th.take_exc();
            if th.isinstance_exact(e, adder_vm::builtins::exceptions::MEMORY_ERROR.get()) {
                fatal_at_start(what);
            }
            eprintln!("Fatal Python error: Failed to initialise {what}");
            eprint!("{}", adder_vm::sys::traceback::render(th, e));
            return 1;
        }
    }
    if faulthandler {
        adder_mod_os::enable_faulthandler(th);
    }
    adder_vm::run::run(th, p)
}
