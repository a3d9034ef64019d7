//! Module `_asyncio`: futures, tasks, running event loops. What the Python half of `asyncio` does itself stays there.
//!
//! `future` futures and their iterators · `task` tasks, their steps · `running` which loop and task a thread runs,
//! all tasks.
//!
//! # Invariants
//! - A future leaves `PENDING` once, under its lock; callbacks are taken out under the lock and scheduled without it.
//! - The objects of the Python half that are needed here are looked up once, when the module is made (`state`).
//! - Futures get an entry among the collector's finalizers when they have something to report; tasks have one from the
//!   start, and that is also how `all_tasks` finds them: no list has to be kept up to date as tasks come and go.

mod future;
mod running;
mod state;
mod task;

use adder_vm::native::NativeModule;

/// All modules of this crate, to be registered at start.
pub static MODULES: &[&NativeModule] = &[&MODULE];

static MODULE: NativeModule = NativeModule {
    name: "_asyncio",
    doc: "Accelerator module for asyncio",
    functions: running::FUNCTIONS,
    types: &[&future::FUTURE, &task::TASK],
    init: Some(state::init),
};
