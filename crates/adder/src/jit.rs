//! The JIT's options (`-X jit=...`, `ADDER_JIT`) and the code generator that the VM gets
//! (`-X jit-backend=native|cranelift|reference`).

use adder_metatrace::backend::Backend;
use adder_metatrace::params;
use adder_vm::config::Config;

pub use adder_metatrace::params::{Options, help};

/// Whether the JIT runs if nobody says anything.
const DEFAULT: bool = true;

/// What the environment (its variable `ADDER_JIT`) and the command line ask for; the latter has the last word. Err: an
/// option's name and what is wrong with it.
pub fn options(c: &Config, environment: Option<&str>) -> Result<Options, (&'static str, String)> {
    let mut o = Options::default();
    o.parse(environment.unwrap_or("")).map_err(|e| ("ADDER_JIT", e))?;
    for (_, v) in c.xoptions.iter().filter(|(n, _)| n == "jit") {
        match v {
            Some(v) => o.parse(v).map_err(|e| ("-X jit", e))?,
            None => o.on = Some(true),
        }
    }
    Ok(o)
}

pub(crate) fn init() {
    if let Ok(s) = std::env::var("ADDER_LOG") {
        adder_metatrace::log::set(&s);
    }
    let config = adder_vm::config::get();
    let environment = if config.ignore_environment { None } else { std::env::var("ADDER_JIT").ok() };
    // The command line has been looked at; an embedding program's environment need not be right.
    let o = options(config, environment.as_deref()).unwrap_or_else(|(_, e)| {
        eprintln!("adder: {e}");
        params::Options::default()
    });
    o.apply();
    let on = o.on.unwrap_or(DEFAULT || !o.params.is_empty() || o.gdb);
    adder_vm::jit::init(backend, on);
    let file = |name| config.xoption(name).filter(|f| !f.is_empty()).map(str::to_string);
    let variable = |name| {
        !config.ignore_environment && std::env::var_os(name).is_some_and(|v| !v.is_empty() && v != "0")
    };
    let sight = adder_mod_jit::Options {
        log: file("jitlog"),
        report: file("jitreport"),
        perf_map: config.xoption("perf").is_some() || variable("PYTHONPERFSUPPORT"),
        perf_dump: config.xoption("perf_jit").is_some() || variable("PYTHON_PERF_JIT_SUPPORT"),
        gdb: o.gdb,
    };
    if sight.any()
        && let Err(e) = adder_mod_jit::start(&sight)
    {
        eprintln!("adder: {e}");
    }
}

/// Whether there is a code generator of that name; if not, what to say.
pub fn check_backend(name: &str) -> Result<(), String> {
    match name {
        "native" | "reference" => Ok(()),
        "cranelift" if cfg!(feature = "cranelift") => Ok(()),
        "cranelift" => {
            Err("this program was built without Cranelift (cargo build --features cranelift)".into())
        }
        other => Err(format!("{other:?} is neither \"native\" nor \"cranelift\" nor \"reference\"")),
    }
}

/// The code generator that was asked for, or the best one. None: there is none on this machine.
fn backend() -> Option<&'static dyn Backend> {
    match adder_vm::config::get().xoption("jit-backend").unwrap_or("") {
        "reference" => Some(adder_metatrace::exec::reference()),
        #[cfg(feature = "cranelift")]
        "cranelift" => adder_backend_cranelift::cranelift(),
        #[cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]
        "" | "native" => adder_backend_native::native(),
        _ => None,
    }
}
