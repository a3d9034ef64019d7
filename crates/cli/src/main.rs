//! The `adder` program: Python on the command line, with CPython's options.

mod options;
mod paths;

use adder_lang::Settings;
use std::os::unix::ffi::OsStringExt;

#[global_allocator]
static MALLOC: adder_lang::Malloc = adder_lang::Malloc;

fn main() {
    let base = 0u8;
    let args: Vec<Vec<u8>> = std::env::args_os().map(OsStringExt::into_vec).collect();
    let program = args.first().map(|a| String::from_utf8_lossy(a).into_owned()).unwrap_or_default();
    let env = |name: &str| std::env::var_os(name).map(OsStringExt::into_vec);
    let mut parsed = match options::parse(&args, &env) {
        Ok(p) => p,
        Err(options::Stop::Print(s)) => {
            print!("{s}");
            return;
        }
        Err(options::Stop::Usage(msg)) => {
            eprint!("{}", options::usage_error(&program, &msg));
            std::process::exit(2);
        }
        Err(options::Stop::Fatal(msg)) => {
            eprintln!("Fatal Python error: {msg}\nPython runtime state: preinitialized\n");
            std::process::exit(1);
        }
    };
    if let adder_lang::vm::run::Program::File(f) = &mut parsed.program {
        paths::make_absolute(f);
    }
    paths::fill(&mut parsed.config, &parsed.program, &env);
    let settings = Settings { config: parsed.config, heap: parsed.heap };
    let main = || adder_lang::main(settings, &parsed.program, &raw const base as usize);
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(main)) {
        Ok(status) => std::process::exit(status),
        Err(panic) if panic.is::<adder_lang::OutOfMemory>() => adder_lang::fatal_at_start("the runtime"),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
