//! Adder as a library: brings the virtual machine, the compiler, the native modules and the standard library together.

mod compile;

use adder_vm::builtins;
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::thread::Th;
use adder_vm::value::Value;

pub use adder_vm as vm;

/// Settings of a runtime; from the command line or an embedding program.
#[derive(Clone, Debug, Default)]
pub struct Config {
    pub heap: adder_heap::Config,
}

/// Makes the runtime of the process; the calling thread becomes its main thread.
pub fn init(config: &Config, stack_base: usize, stack_size: usize) -> R<Th> {
    adder_vm::hooks::set_compiler(&compile::Compiler);
    for modules in [adder_mod_core::MODULES, adder_mod_os::MODULES, adder_mod_text::MODULES] {
        modules.iter().for_each(|m| adder_vm::import::register(m));
    }
    adder_vm::startup::init(config.heap, stack_base, stack_size)
}

/// Runs source text as the module `__main__`.
pub fn run_main(th: Th, source: &str, filename: &str) -> R<Value> {
    let main = builtins::module::new(th, n!(__main__), adder_vm::value::NONE())?;
    let d = main.ns();
    d.set(th, n!(__builtins__), adder_vm::thread::Root::builtins_module.value())?;
    d.set(th, n!(__file__), th.str(filename))?;
    adder_vm::thread::Root::modules.dict().set(th, n!(__main__), main.value())?;
    let code = adder_vm::hooks::compile(th, source, filename, adder_vm::hooks::Mode::Exec, 0, -1)?;
    builtins::function::run_code(th, code, d, d.value(), None)
}
