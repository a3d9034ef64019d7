//! The JIT's options (`-X jit=on|off|threshold=N`, `ADDER_JIT` likewise) and the code generator that the VM gets
//! (`-X jit-backend=native|reference`).

use adder_metatrace::backend::Backend;

/// Whether the JIT runs if nobody says anything.
const DEFAULT: bool = false;

pub(crate) fn init() {
    if let Ok(s) = std::env::var("ADDER_LOG") {
        adder_metatrace::log::set(&s);
    }
    let config = adder_vm::config::get();
    let environment = if config.ignore_environment { None } else { std::env::var("ADDER_JIT").ok() };
    let text = config.xoption("jit").map(str::to_string).or(environment).unwrap_or_default();
    let (mut on, mut threshold) = (DEFAULT, None);
    for word in text.split(',').map(str::trim).filter(|w| !w.is_empty()) {
        match word {
            "on" | "1" => on = true,
            "off" | "0" => on = false,
            w => match w.strip_prefix("threshold=").and_then(|n| n.parse().ok()) {
                Some(n) => {
                    on = true;
                    threshold = Some(n);
                }
                None => eprintln!("adder: -X jit={word}: unknown; on, off or threshold=N"),
            },
        }
    }
    if !on {
        return;
    }
    if let Some(b) = backend(config.xoption("jit-backend").unwrap_or("")) {
        adder_vm::jit::init(b, threshold);
    }
}

/// The code generator of that name; the best one where there is no name. None: there is none on this machine.
fn backend(name: &str) -> Option<&'static dyn Backend> {
    match name {
        "reference" => Some(adder_metatrace::exec::reference()),
        #[cfg(all(target_arch = "x86_64", unix))]
        "" | "native" => adder_backend_native::native(),
        _ => None,
    }
}
