//! What `_asyncio` needs of the Python half of `asyncio`, in an array that is a root of the process.
//!
//! # Invariants
//! The array is made once, before any object of the module, and has a slot for each [`S`]. What is taken for a set, a
//! tuple or a class without a test is what `init` put there itself or found in `asyncio.exceptions`; nothing writes
//! the slots later.

use adder_vm::err::R;
use adder_vm::import::import_attr;
use adder_vm::object::*;
use adder_vm::thread::{Root, Th};
use adder_vm::value::*;

/// Indices of the array.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum S {
    GetEventLoopPolicy,
    FutureRepr,
    InvalidStateError,
    CancelledError,
    TaskRepr,
    TaskGetStack,
    TaskPrintStack,
    IsCoroutine,
    ExtractStack,
    /// WeakSet of the tasks of other classes.
    ForeignTasks,
    /// Set of the tasks of other classes that run eagerly.
    ForeignEagerTasks,
    /// Types whose instances `asyncio.iscoroutine` accepts.
    CoroutineTypes,
    /// `("context",)`.
    ContextName,
    Count,
}

/// Where each is from.
const IMPORTS: &[(S, &str, &str)] = &[
    (S::GetEventLoopPolicy, "asyncio.events", "_get_event_loop_policy"),
    (S::FutureRepr, "asyncio.base_futures", "_future_repr"),
    (S::InvalidStateError, "asyncio.exceptions", "InvalidStateError"),
    (S::CancelledError, "asyncio.exceptions", "CancelledError"),
    (S::TaskRepr, "asyncio.base_tasks", "_task_repr"),
    (S::TaskGetStack, "asyncio.base_tasks", "_task_get_stack"),
    (S::TaskPrintStack, "asyncio.base_tasks", "_task_print_stack"),
    (S::IsCoroutine, "asyncio.coroutines", "iscoroutine"),
    (S::ExtractStack, "traceback", "extract_stack"),
];

pub fn init(th: Th, _m: Gc<Module>) -> R<()> {
    let a = th.array(S::Count as usize)?;
    let put = |i: S, v: Value| th.store(a, a.slot(i as usize), v);
    for (i, module, name) in IMPORTS {
        put(*i, import_attr(th, module, name)?);
    }
    let weak_set = import_attr(th, "weakref", "WeakSet")?;
    put(S::ForeignTasks, th.call(weak_set, &[])?);
    put(S::ForeignEagerTasks, adder_vm::builtins::set::new(th)?.value());
    put(S::CoroutineTypes, adder_vm::builtins::set::new(th)?.value());
    put(S::ContextName, th.tuple(&[adder_vm::n!(context)]));
    Root::asyncio_state.set(Some(a.value()));
    Ok(())
}

pub fn get(i: S) -> Value {
    let a: Gc<Array> = Root::asyncio_state.value().known();
    a.slot(i as usize).value()
}
