//! The module `sys.monitoring` (PEP 669): tools, their callbacks and the events that they asked for. Which instructions
//! report is `interp::instrument`'s business, the reporting `interp::events`'s.
//!
//! # Invariants
//! `Root::monitoring` is null or the array that `state` made, of a slot for everything that is numbered here; it never
//! moves out of the root, so its slots may be borrowed.

use crate::builtins::namespace;
use crate::err::R;
use crate::interp::instrument::{self, GLOBAL, PROFILE, TRACE, USER_TOOLS as TOOLS, ev};
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th, ThreadSlot};
use crate::value::*;
use std::sync::atomic::Ordering::*;

const EVENTS: usize = ev::COUNT;
/// Events that can be switched on for one code object.
const LOCAL: u32 = (1 << ev::LOCAL) - 1;

pub const NAMES: [&str; EVENTS] = [
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
const C_RETURN: u32 = 1 << ev::C_RETURN;
const C_RAISE: u32 = 1 << ev::C_RAISE;
const CALL: u32 = 1 << ev::CALL;
const BRANCH: u32 = 1 << ev::BRANCH;
const BRANCH_BOTH: u32 = 1 << ev::BRANCH_LEFT | 1 << ev::BRANCH_RIGHT;

/// What trace functions hear of.
const TRACED: u32 = 1 << ev::PY_START
    | 1 << ev::PY_RESUME
    | 1 << ev::PY_THROW
    | 1 << ev::PY_RETURN
    | 1 << ev::PY_YIELD
    | 1 << ev::PY_UNWIND
    | 1 << ev::RAISE
    | 1 << ev::STOP_ITERATION
    | 1 << ev::LINE
    | 1 << ev::JUMP;
const PROFILED: u32 = 1 << ev::PY_START
    | 1 << ev::PY_RESUME
    | 1 << ev::PY_THROW
    | 1 << ev::PY_RETURN
    | 1 << ev::PY_YIELD
    | 1 << ev::PY_UNWIND
    | CALL
    | C_RETURN
    | C_RAISE;

/// Some frame wanted 'opcode' events, maybe before there was a trace function. Never taken back, as in CPython.
static OPCODES: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

pub fn opcodes_wanted() {
    if !OPCODES.swap(true, AcqRel) {
        trace_functions_changed();
    }
}

/// A trace or profile function was set or removed in some thread.
pub fn trace_functions_changed() {
    let (mut trace, mut profile) = (false, false);
    Th::for_all(|t| {
        trace |= t.slots[ThreadSlot::TraceFunc as usize].get().is_some();
        profile |= t.slots[ThreadSlot::ProfileFunc as usize].get().is_some();
    });
    let opcodes = if OPCODES.load(Acquire) { 1 << ev::INSTRUCTION } else { 0 };
    instrument::set_global(TRACE, if trace { TRACED | opcodes } else { 0 });
    instrument::set_global(PROFILE, if profile { PROFILED } else { 0 });
}

/// The callback of a tool for an event.
pub fn callback(tool: usize, event: usize) -> Option<Value> {
    let a: Gc<Array> = Root::monitoring.get()?.known();
    a.slot(TOOLS + tool * EVENTS + event).get()
}
pub fn forget_callback(tool: usize, event: usize) {
    if let Some(a) = Root::monitoring.get() {
        let a: Gc<Array> = a.known();
        a.slot(TOOLS + tool * EVENTS + event).init(None);
    }
}
/// Slots behind the callbacks.
const DISABLE_SLOT: usize = TOOLS + TOOLS * EVENTS;
const MISSING_SLOT: usize = DISABLE_SLOT + 1;

fn constant(slot: usize) -> Option<Value> {
    let a: Gc<Array> = Root::monitoring.get()?.known();
    a.slot(slot).get()
}
pub fn is_disable(v: Value) -> bool {
    constant(DISABLE_SLOT).is_some_and(|d| d.is(v))
}
pub fn is_missing(v: Value) -> bool {
    constant(MISSING_SLOT).is_some_and(|d| d.is(v))
}
/// What stands for an argument that a call does not have.
pub fn missing(th: Th) -> R<Value> {
    state(th)?;
    Ok(constant(MISSING_SLOT).unwrap_or(NONE()))
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
            let t = tool(th, a[0].unwrap())?;
            Ok(Value::fix(GLOBAL[t].load(Relaxed) as i64))
        }),
        function("set_events", "($module, tool_id, event_set, /)", "", set_events),
        function("get_local_events", "($module, tool_id, code, /)", "", get_local),
        function("set_local_events", "($module, tool_id, code, event_set, /)", "", set_local),
        function("restart_events", "($module, /)", "", |_, _| {
            instrument::restart();
            Ok(NONE())
        }),
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
        state(th)?;
        for (k, slot) in [("DISABLE", DISABLE_SLOT), ("MISSING", MISSING_SLOT)] {
            m.put(th, k, constant(slot).unwrap_or(NONE()))?;
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

/// Names of the tools, then the callbacks: tool t, event e at `TOOLS + t * EVENTS + e`; then the constants.
fn state(th: Th) -> R<Gc<Array>> {
    if let Some(a) = Root::monitoring.get() {
        return Ok(unsafe { a.cast_unchecked() });
    }
    let a = th.array(MISSING_SLOT + 1)?;
    let object = crate::builtins::object::OBJECT.get().value();
    for slot in [DISABLE_SLOT, MISSING_SLOT] {
        let v = th.call(object, &[])?;
        th.store(a, a.slot(slot), v);
    }
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
    instrument::set_global(t, 0);
    instrument::clear_locals(t);
    for e in 0..EVENTS {
        s.slot(TOOLS + t * EVENTS + e).init(None);
    }
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
    let f = a[2].unwrap().some();
    th.store_opt(s, slot, f);
    if e as u32 == BRANCH {
        // The old event is both of the new ones.
        for e in [ev::BRANCH_LEFT, ev::BRANCH_RIGHT] {
            th.store_opt(s, s.slot(TOOLS + t * EVENTS + e), f);
        }
    }
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
    instrument::set_global(t, e);
    Ok(NONE())
}
fn code_arg(th: Th, v: Value) -> R<Gc<Code>> {
    v.cast::<Code>().ok_or_else(|| th.type_error("code must be a code object"))
}
fn get_local(th: Th, a: &[Option<Value>]) -> R<Value> {
    let code = code_arg(th, a[1].unwrap())?;
    let t = tool(th, a[0].unwrap())?;
    Ok(Value::fix(instrument::local(code, t) as i64))
}
fn set_local(th: Th, a: &[Option<Value>]) -> R<Value> {
    let code = code_arg(th, a[1].unwrap())?;
    let t = used(th, a[0].unwrap())?;
    let e = event_set(th, a[2].unwrap())?;
    if e & !LOCAL != 0 {
        return Err(th.value_error(format!("invalid local event set 0x{e:x}")));
    }
    crate::builtins::code::load(th, code)?;
    instrument::set_local(code, t, e);
    Ok(NONE())
}
