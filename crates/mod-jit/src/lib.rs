//! Controls and sight of the JIT: the module `adderjit`; `-X jitlog`, `-X jitreport`; names of compiled code for `perf`
//! and `gdb`. All of it is told by `metatrace::sight`, and costs nothing unless it is asked for. docs/jit.md is for users.
//!
//! # Invariants
//! - Observers only look: the JIT does the same with and without them.
//! - What is shown was copied when the trace was made; code objects and addresses may be gone when somebody asks.

mod disasm;
mod gdb;
mod log;
mod module;
mod perf;
mod report;
mod sampler;
pub mod words;

use adder_metatrace::params::Param;
use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&module::MODULE];

/// What is asked for at start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub log: Option<String>,
    pub report: Option<String>,
    pub perf_map: bool,
    pub perf_dump: bool,
    pub gdb: bool,
}

impl Options {
    pub fn any(&self) -> bool {
        self.log.is_some() || self.report.is_some() || self.perf_map || self.perf_dump || self.gdb
    }
}

/// Begins to observe. Err: what cannot be done.
pub fn start(o: &Options) -> Result<(), String> {
    if o.log.is_some() || o.report.is_some() || o.perf_dump || o.gdb {
        let _ = Param::KeepIr.set(1);
    }
    if let Some(f) = &o.log {
        log::start(f).map_err(|e| format!("-X jitlog: {f}: {e}"))?;
    }
    if let Some(f) = &o.report {
        report::start(f).map_err(|e| format!("-X jitreport: {f}: {e}"))?;
    }
    if o.perf_map {
        perf::start_map().map_err(|e| format!("-X perf: {e}"))?;
    }
    if o.perf_dump {
        perf::start_dump().map_err(|e| format!("-X perf_jit: {e}"))?;
    }
    if o.gdb {
        gdb::start();
    }
    Ok(())
}
