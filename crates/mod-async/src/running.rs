//! The event loop that a thread runs, the task it is in, and all tasks of a loop.
//!
//! # Invariants
//! `ForeignEagerTasks` is the set that `state::init` made. A task is taken for a [`task::Task`] only after `is_task`.

use crate::future::{Future, PENDING, future_loop, is_future};
use crate::state::{self, S};
use crate::task::{self, Task, is_exact_task, is_task};
use adder_vm::builtins::{list, set};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::{Th, ThreadSlot};
use adder_vm::value::*;
use std::sync::atomic::Ordering::*;

pub static FUNCTIONS: &[NativeDef] = &[
    function("current_task", "($module, /, loop=None)", "Return a currently executed task.", current_task),
    function(
        "get_event_loop",
        "($module, /)",
        "Return an asyncio event loop.\n\nWhen called from a coroutine or a callback (e.g. scheduled with\ncall_soon or similar API), this function will always return the\nrunning event loop.\n\nIf there is no running event loop set, the function will return\nthe result of `get_event_loop_policy().get_event_loop()` call.",
        |th, _| get_event_loop(th),
    ),
    function(
        "get_running_loop",
        "($module, /)",
        "Return the running event loop.  Raise a RuntimeError if there is none.\n\nThis function is thread-specific.",
        |th, _| need_running_loop(th),
    ),
    function(
        "_get_running_loop",
        "($module, /)",
        "Return the running event loop or None.\n\nThis is a low-level function intended to be used by event loops.\nThis function is thread-specific.",
        |th, _| Ok(Value::opt_or_none(running_loop(th))),
    ),
    function(
        "_set_running_loop",
        "($module, loop, /)",
        "Set the running event loop.\n\nThis is a low-level function intended to be used by event loops.\nThis function is thread-specific.",
        |th, a| {
            th.slots[ThreadSlot::RunningLoop as usize].init(a[0].unwrap().some());
            Ok(NONE())
        },
    ),
    function(
        "_register_task",
        "($module, /, task)",
        "Register a new task in asyncio as executed by loop.\n\nReturns None.",
        |th, a| register(th, a[0].unwrap(), false),
    ),
    function(
        "_register_eager_task",
        "($module, /, task)",
        "Register a new task in asyncio as executed by loop.\n\nReturns None.",
        |th, a| register(th, a[0].unwrap(), true),
    ),
    function("_unregister_task", "($module, /, task)", "Unregister a task.\n\nReturns None.", |th, a| {
        unregister(th, a[0].unwrap(), false)
    }),
    function(
        "_unregister_eager_task",
        "($module, /, task)",
        "Unregister a task.\n\nReturns None.",
        |th, a| unregister(th, a[0].unwrap(), true),
    ),
    function(
        "_enter_task",
        "($module, /, loop, task)",
        "Enter into task execution or resume suspended task.\n\nTask belongs to loop.\n\nReturns None.",
        |th, a| enter_task(th, a[0].unwrap(), a[1].unwrap()).map(|()| NONE()),
    ),
    function(
        "_leave_task",
        "($module, /, loop, task)",
        "Leave task execution or suspend a task.\n\nTask belongs to loop.\n\nReturns None.",
        |th, a| leave_task(th, a[0].unwrap(), a[1].unwrap()).map(|()| NONE()),
    ),
    function(
        "_swap_current_task",
        "($module, /, loop, task)",
        "Temporarily swap in the supplied task and return the original one (or None).\n\nThis is intended for use during eager coroutine execution.",
        |th, a| swap_current_task(th, a[0].unwrap(), a[1].unwrap()),
    ),
    function("all_tasks", "($module, /, loop=None)", "Return a set of all tasks for the loop.", all_tasks),
    function(
        "future_add_to_awaited_by",
        "($module, fut, waiter, /)",
        "Record that `fut` is awaited on by `waiter`.",
        |th, a| {
            let (f, w) = (a[0].unwrap(), a[1].unwrap());
            if is_future(th, f) && is_future(th, w) {
                crate::future::awaited_by_add(th, Future::of(f), w)?;
            }
            Ok(NONE())
        },
    ),
    function("future_discard_from_awaited_by", "($module, fut, waiter, /)", "", |th, a| {
        let (f, w) = (a[0].unwrap(), a[1].unwrap());
        if is_future(th, f) && is_future(th, w) {
            crate::future::awaited_by_discard(th, Future::of(f), w)?;
        }
        Ok(NONE())
    }),
];

#[inline]
pub fn running_loop(th: Th) -> Option<Value> {
    th.slots[ThreadSlot::RunningLoop as usize].get()
}
fn need_running_loop(th: Th) -> R<Value> {
    running_loop(th).ok_or_else(|| th.runtime_error("no running event loop"))
}
pub fn get_event_loop(th: Th) -> R<Value> {
    match running_loop(th) {
        Some(l) => Ok(l),
        None => {
            let policy = th.call(state::get(S::GetEventLoopPolicy), &[])?;
            th.call_method(policy, th.intern("get_event_loop"), &[])
        }
    }
}

// -- the task that runs

fn check_running(th: Th, l: Value) -> R<()> {
    if running_loop(th).is_some_and(|r| r.is(l)) {
        return Ok(());
    }
    Err(th.runtime_error(format!("loop {} is not the running loop", th.text(th.repr(l)?))))
}
#[inline]
pub fn enter_task(th: Th, l: Value, task: Value) -> R<()> {
    check_running(th, l)?;
    let s = &th.slots[ThreadSlot::RunningTask as usize];
    if let Some(t) = s.get() {
        let (a, b) = (th.text(th.repr(task)?), th.text(th.repr(t)?));
        return Err(
            th.runtime_error(format!("Cannot enter into task {a} while another task {b} is being executed."))
        );
    }
    s.init(Some(task));
    Ok(())
}
#[inline]
pub fn leave_task(th: Th, l: Value, task: Value) -> R<()> {
    check_running(th, l)?;
    let s = &th.slots[ThreadSlot::RunningTask as usize];
    if !s.get().is_some_and(|t| t.is(task)) {
        let (a, b) = (th.text(th.repr(task)?), th.text(th.repr(Value::opt_or_none(s.get()))?));
        return Err(th.runtime_error(format!("Invalid attempt to leave task {a} while task {b} is entered.")));
    }
    s.init(None);
    Ok(())
}
pub fn swap_current_task(th: Th, l: Value, task: Value) -> R<Value> {
    check_running(th, l)?;
    let s = &th.slots[ThreadSlot::RunningTask as usize];
    let old = Value::opt_or_none(s.get());
    s.init(task.some());
    Ok(old)
}
fn current_task(th: Th, a: &[Option<Value>]) -> R<Value> {
    let l = match a[0].and_then(|v| v.some()) {
        Some(l) => l,
        None => need_running_loop(th)?,
    };
    if running_loop(th).is_some_and(|r| r.is(l)) {
        return Ok(Value::opt_or_none(th.slots[ThreadSlot::RunningTask as usize].get()));
    }
    // A loop of another thread.
    let mut found = None;
    th.m.heap.stop_world(&th.m, || {
        Th::for_all(|t| {
            if t.slots[ThreadSlot::RunningLoop as usize].get().is_some_and(|r| r.is(l)) {
                found = t.slots[ThreadSlot::RunningTask as usize].get();
            }
        })
    });
    Ok(Value::opt_or_none(found))
}

// -- all tasks

fn register(th: Th, t: Value, eager: bool) -> R<Value> {
    if is_task(th, t) {
        task::Task::of(t).fut.bits.fetch_or(task::LISTED, AcqRel);
    } else if eager {
        set::add(th, state::get(S::ForeignEagerTasks).known(), t)?;
    } else {
        th.call_method(state::get(S::ForeignTasks), n!(add), &[t])?;
    }
    Ok(NONE())
}
fn unregister(th: Th, t: Value, eager: bool) -> R<Value> {
    if is_task(th, t) {
        task::Task::of(t).fut.bits.fetch_and(!task::LISTED, AcqRel);
        return Ok(NONE());
    }
    let all = state::get(if eager { S::ForeignEagerTasks } else { S::ForeignTasks });
    th.call_method(all, th.intern("discard"), &[t])?;
    Ok(NONE())
}

fn all_tasks(th: Th, a: &[Option<Value>]) -> R<Value> {
    let l = match a[0].and_then(|v| v.some()) {
        Some(l) => l,
        None => need_running_loop(th)?,
    };
    let tasks = list::new(th, &[])?;
    list::extend(th, tasks, state::get(S::ForeignEagerTasks))?;
    list::extend(th, tasks, state::get(S::ForeignTasks))?;
    native_tasks(th, tasks)?;
    let all = set::new(th)?;
    let mut i = 0;
    while let Some(t) = tasks.get(i) {
        i += 1;
        if is_exact_task(th, t) {
            let t = Task::of(t);
            if t.fut.state.load(Acquire) == PENDING && t.fut.loop_.get().is_some_and(|x| x.is(l)) {
                set::add(th, all, t.value())?;
            }
        } else if !th.call_method(t, n!(done), &[])?.is(TRUE()) && future_loop(th, t)?.is(l) {
            set::add(th, all, t)?;
        }
    }
    Ok(all.value())
}

/// Appends the listed tasks of all threads: they are among the objects that have a finalizer.
fn native_tasks(th: Th, out: Gc<List>) -> R<()> {
    let mut room = 16;
    loop {
        let a = th.array(room)?;
        let mut n = 0;
        th.m.heap.each_finalizable(&th.m, &mut |o| {
            let v = Value::from_obj(o);
            if v.is_kind(Kind::Native)
                && is_task(th, v)
                && Task::of(v).fut.bits.load(Acquire) & task::LISTED != 0
            {
                if n < room {
                    a.slot(n).init(Some(v));
                }
                n += 1;
            }
        });
        if n <= room {
            th.m.barrier_all(a.obj());
            for i in 0..n {
                list::append(th, out, a.slot(i).value())?;
            }
            return Ok(());
        }
        room = n + n / 4;
    }
}
