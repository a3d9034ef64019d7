//! The module `sys.monitoring` (PEP 669): tools, their callbacks and the events that they asked for.
//!
//! The tables are complete; the interpreter raises the events that it implements (see [`active`]).

use crate::builtins::namespace;
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th, ThreadSlot, poll};
use crate::value::*;
use std::sync::atomic::{AtomicU32, Ordering::*};

const TOOLS: usize = 6;
const EVENTS: usize = 19;
/// Events that can be switched on for one code object.
const LOCAL: u32 = (1 << 11) - 1;

const NAMES: [&str; EVENTS] = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
    "C_RETURN",
    "C_RAISE",
    "BRANCH",
];
const C_RETURN: u32 = 1 << 16;
const C_RAISE: u32 = 1 << 17;
const CALL: u32 = 1 << 4;
const BRANCH: u32 = 1 << 18;
const BRANCH_BOTH: u32 = 1 << 8 | 1 << 9;

/// Global events of each tool.
static GLOBAL: [AtomicU32; TOOLS] = [const { AtomicU32::new(0) }; TOOLS];

/// Events that some tool wants everywhere.
pub fn active() -> u32 {
    GLOBAL.iter().fold(0, |a, e| a | e.load(Relaxed))
}

/// A trace or profile function was set or removed in this thread.
pub fn trace_functions_changed(th: Th) {
    let any = [ThreadSlot::TraceFunc, ThreadSlot::ProfileFunc]
        .iter()
        .any(|s| th.slots[*s as usize].get().is_some());
    if any {
        th.m.poll.fetch_or(poll::TRACE, Relaxed);
    } else {
        th.m.poll.fetch_and(!poll::TRACE, Relaxed);
    }
}

pub static MODULE: NativeModule = NativeModule {
    name: "sys.monitoring",
    doc: "",
    functions: &[
        function("use_tool_id", "($module, tool_id, name, /)", "", use_tool_id),
        function("clear_tool_id", "($module, tool_id, /)", "", |th, a| {
            let t = tool(th, a[0].unwrap())?;
            if name_slot(th, t)?.get().is_none_or(|v| v.is_none()) {
                return Ok(NONE());
            }
            clear(th, t)?;
            Ok(NONE())
        }),
        function("free_tool_id", "($module, tool_id, /)", "", |th, a| {
            let t = tool(th, a[0].unwrap())?;
            clear(th, t)?;
            name_slot(th, t)?.init(None);
            Ok(NONE())
        }),
        function("get_tool", "($module, tool_id, /)", "", |th, a| {
            let t = tool(th, a[0].unwrap())?;
            Ok(Value::opt_or_none(name_slot(th, t)?.get()))
        }),
        function("register_callback", "($module, tool_id, event, func, /)", "", register_callback),
        function("get_events", "($module, tool_id, /)", "", |th, a| {
            let t = used(th, a[0].unwrap())?;
            Ok(Value::fix(GLOBAL[t].load(Relaxed) as i64))
        }),
        function("set_events", "($module, tool_id, event_set, /)", "", set_events),
        function("get_local_events", "($module, tool_id, code, /)", "", get_local),
        function("set_local_events", "($module, tool_id, code, event_set, /)", "", set_local),
        function("restart_events", "($module, /)", "", |_, _| Ok(NONE())),
        function("_all_events", "($module, /)", "", |th, _| {
            let d = Gc::<Dict>::new(th);
            for (i, name) in NAMES.iter().enumerate().take(16) {
                let tools = (0..TOOLS).fold(0, |s, t| s | ((GLOBAL[t].load(Relaxed) >> i & 1) as i64) << t);
                if tools != 0 {
                    d.set(th, th.intern(name), Value::fix(tools))?;
                }
            }
            Ok(d.value())
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        let object = crate::builtins::object::OBJECT.get().value();
        for k in ["DISABLE", "MISSING"] {
            m.put(th, k, th.call(object, &[])?)?;
        }
        let d = Gc::<Dict>::new(th);
        for (i, name) in NAMES.iter().enumerate() {
            d.set(th, th.intern(name), Value::fix(1 << i))?;
        }
        d.set(th, th.intern("NO_EVENTS"), Value::fix(0))?;
        m.put(th, "events", namespace::new(th, d)?.value())?;
        for (k, v) in [("DEBUGGER_ID", 0), ("COVERAGE_ID", 1), ("PROFILER_ID", 2), ("OPTIMIZER_ID", 5)] {
            m.put(th, k, Value::fix(v))?;
        }
        Ok(())
    }),
};

/// Names of the tools, then the callbacks: tool t, event e at `TOOLS + t * EVENTS + e`; a dict of local events at the end.
fn state(th: Th) -> R<Gc<Array>> {
    if let Some(a) = Root::monitoring.get() {
        return Ok(unsafe { a.cast_unchecked() });
    }
    let a = th.array(TOOLS + TOOLS * EVENTS + TOOLS)?;
    Root::monitoring.set(Some(a.value()));
    Ok(a)
}
fn name_slot(th: Th, t: usize) -> R<&'static Slot> {
    let a = state(th)?;
    Ok(unsafe { &*(a.slot(t) as *const Slot) })
}
fn tool(th: Th, v: Value) -> R<usize> {
    let n = th.index_i64(v)?;
    if !(0..TOOLS as i64).contains(&n) {
        return Err(th.value_error(format!("invalid tool {n} (must be between 0 and 5)")));
    }
    Ok(n as usize)
}
fn used(th: Th, v: Value) -> R<usize> {
    let t = tool(th, v)?;
    if name_slot(th, t)?.get().is_none() {
        return Err(th.value_error(format!("tool {t} is not in use")));
    }
    Ok(t)
}
fn use_tool_id(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = tool(th, a[0].unwrap())?;
    let name = a[1].unwrap();
    if !name.is_kind(Kind::Str) {
        return Err(th.value_error("tool name must be a str"));
    }
    if name_slot(th, t)?.get().is_some() {
        return Err(th.value_error(format!("tool {t} is already in use")));
    }
    let s = state(th)?;
    th.store(s, s.slot(t), name);
    Ok(NONE())
}
fn clear(th: Th, t: usize) -> R<()> {
    let s = state(th)?;
    GLOBAL[t].store(0, Relaxed);
    for e in 0..EVENTS {
        s.slot(TOOLS + t * EVENTS + e).init(None);
    }
    s.slot(TOOLS + TOOLS * EVENTS + t).init(None);
    Ok(())
}
fn register_callback(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = tool(th, a[0].unwrap())?;
    let e = th.index_i64(a[1].unwrap())?;
    if e <= 0 || e.count_ones() != 1 {
        return Err(th.value_error("The callback can only be set for one event at a time"));
    }
    if e >= 1 << EVENTS {
        return Err(th.value_error(format!("invalid event {e}")));
    }
    let s = state(th)?;
    let slot = s.slot(TOOLS + t * EVENTS + e.trailing_zeros() as usize);
    let old = slot.get();
    super::audit::audit(th, "sys.monitoring.register_callback", &[a[2].unwrap()])?;
    th.store_opt(s, slot, a[2].unwrap().some());
    Ok(Value::opt_or_none(old))
}
fn event_set(th: Th, v: Value) -> R<u32> {
    let e = th.index_i64(v)?;
    if !(0..1 << EVENTS).contains(&e) {
        return Err(th.value_error(format!("invalid event set 0x{e:x}")));
    }
    let mut e = e as u32;
    let c = C_RETURN | C_RAISE;
    if e & c != 0 && e & CALL == 0 {
        return Err(th.value_error("cannot set C_RETURN or C_RAISE events independently"));
    }
    e &= !c;
    if e & BRANCH != 0 {
        e = e & !BRANCH | BRANCH_BOTH;
    }
    Ok(e)
}
fn set_events(th: Th, a: &[Option<Value>]) -> R<Value> {
    let t = tool(th, a[0].unwrap())?;
    let e = event_set(th, a[1].unwrap())?;
    used(th, a[0].unwrap())?;
    GLOBAL[t].store(e, Relaxed);
    Ok(NONE())
}
fn code_arg(th: Th, v: Value) -> R<Value> {
    if !v.is_kind(Kind::Code) {
        return Err(th.type_error("code must be a code object"));
    }
    Ok(v)
}
fn get_local(th: Th, a: &[Option<Value>]) -> R<Value> {
    let code = code_arg(th, a[1].unwrap())?;
    let t = used(th, a[0].unwrap())?;
    let s = state(th)?;
    match unsafe { s.slot(TOOLS + TOOLS * EVENTS + t).gc_opt::<Dict>() } {
        Some(d) => Ok(d.get(th, code)?.unwrap_or(Value::fix(0))),
        None => Ok(Value::fix(0)),
    }
}
fn set_local(th: Th, a: &[Option<Value>]) -> R<Value> {
    let code = code_arg(th, a[1].unwrap())?;
    let t = used(th, a[0].unwrap())?;
    let e = event_set(th, a[2].unwrap())?;
    if e & !LOCAL != 0 {
        return Err(th.value_error(format!("invalid local event set 0x{e:x}")));
    }
    let s = state(th)?;
    let slot = s.slot(TOOLS + TOOLS * EVENTS + t);
    let d = match unsafe { slot.gc_opt::<Dict>() } {
        Some(d) => d,
        None => {
            let d = Gc::<Dict>::new(th);
            th.store(s, slot, d.value());
            d
        }
    };
    d.set(th, code, Value::fix(e as i64))?;
    Ok(NONE())
}
