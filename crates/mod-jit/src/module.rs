//! The module `adderjit`: what a program may ask of the JIT and tell it.
//!
//! # Safety
//! Functions have code. [`Opaque`] is the layout of its type alone, whose methods get it as their receiver.

use crate::{disasm, log, words};
use adder_metatrace::counters::{self, Counter};
use adder_metatrace::params::{self, Param};
use adder_metatrace::sight::{self, Abort, TraceInfo};
use adder_metatrace::text;
use adder_vm::builtins::list;
use adder_vm::builtins::object::new_instance;
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::jit;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::structseq;
use adder_vm::sync::lock;
use adder_vm::thread::{Root, Th, poll};
use adder_vm::value::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::*};

structseq! {
    STATS "adderjit.Stats" 16
    "What the JIT has done since the start of the program, or the last reset()." tflags::IMMUTABLE; [
        ("loops", "loops that were compiled"),
        ("bridges", "bridges that were compiled: paths that begin at an exit"),
        ("recordings", "recordings of loops that were begun"),
        ("bridge_recordings", "recordings of bridges that were begun"),
        ("aborts", "dict: reason -> how many recordings were given up for it"),
        ("loops_given_up", "loops left to the interpreter for good because recording them failed too often"),
        ("exits_given_up", "exits that get no bridge because recording one failed too often"),
        ("loops_dropped", "compiled loops dropped because they were left too soon each time"),
        ("invalidations", "dict: reason -> how many loops became invalid for it"),
        ("entries", "entries into compiled code from the interpreter"),
        ("exits", "exits from compiled code to the interpreter"),
        ("instructions", "instructions of optimised traces"),
        ("code_size", "bytes of machine code"),
        ("compile_time", "seconds spent optimising and generating code"),
        ("enabled", "whether the JIT is on"),
        ("backend", "name of the code generator, or None"),
    ]
}
structseq! {
    TRACE "adderjit.Trace" 17
    "A compiled trace." tflags::IMMUTABLE; [
        ("id", "number of the trace, from 1"),
        ("kind", "'loop' or 'bridge'"),
        ("function", "qualified name of the function in which it begins"),
        ("filename", "its file"),
        ("lineno", "the line on which it begins"),
        ("parent", "for a bridge: id of the trace at whose exit it begins"),
        ("parent_exit", "for a bridge: id of that exit"),
        ("valid", "whether what it relies on still holds"),
        ("recorded_ops", "instructions recorded"),
        ("ops", "instructions after optimising"),
        ("code_size", "bytes of machine code"),
        ("address", "where the machine code is"),
        ("compile_time", "seconds spent optimising and generating code"),
        ("runs", "rounds of a loop, runs of a bridge; None unless the parameter keep_ir was on when it was compiled"),
        ("exits", "tuple of Exit"),
        ("ir", "text of the optimised trace; None unless keep_ir was on"),
        ("recorded_ir", "text of the trace as it was recorded; None unless keep_ir was on"),
    ]
}
structseq! {
    EXIT "adderjit.Exit" 8
    "A place where a compiled trace may be left." tflags::IMMUTABLE; [
        ("id", "number of the exit"),
        ("taken", "how often the interpreter went on from here"),
        ("bridge", "id of the bridge that begins here, or None"),
        ("failures", "recordings of bridges that failed here"),
        ("function", "where the program is: function; None unless keep_ir was on"),
        ("lineno", "and line"),
        ("expects", "in words: what is tested; None unless keep_ir was on"),
        ("otherwise", "in words: what was the case when it was taken"),
    ]
}
structseq! {
    ABORT "adderjit.Abort" 10
    "A recording that was given up." tflags::IMMUTABLE; [
        ("reason", "identifier of the reason"),
        ("detail", "a word more about it"),
        ("advice", "what can be done"),
        ("function", "where the program was: function"),
        ("filename", "file"),
        ("lineno", "and line"),
        ("operation", "bytecode operation"),
        ("loop_function", "where the recording had begun: function"),
        ("loop_lineno", "and line"),
        ("times", "how often that happened"),
    ]
}
structseq! {
    PARAM "adderjit.Parameter" 5
    "A limit or threshold of the JIT." tflags::IMMUTABLE; [
        ("value", "the value now"), ("default", "the usual value"), ("minimum", "smallest value"),
        ("maximum", "largest value"), ("doc", "what it means"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "adderjit",
    doc: "Controls and sight of Adder's just-in-time compiler.\n\nSee docs/jit.md of Adder.",
    functions: &[
        function(
            "enabled",
            "($module, /)",
            "Return whether loops are compiled and compiled code is run.",
            |_, _| Ok(Value::bool(jit::enabled())),
        ),
        function(
            "available",
            "($module, /)",
            "Return whether there is a code generator for this machine.",
            |_, _| Ok(Value::bool(jit::available())),
        ),
        function(
            "enable",
            "($module, /)",
            "Turn the JIT on.\n\nRaise RuntimeError where there is no code generator.",
            |th, _| {
                jit::enable(th, true);
                if jit::enabled() { Ok(NONE()) } else { Err(th.runtime_error("the JIT is not available")) }
            },
        ),
        function(
            "disable",
            "($module, /)",
            "Turn the JIT off.\n\nCompiled code that is running is left at its next safepoint. It is kept, and\nentered again after enable().",
            |th, _| {
                jit::enable(th, false);
                Ok(NONE())
            },
        ),
        function(
            "get_param",
            "($module, name, /)",
            "Return the value of a parameter. params() has all.",
            |th, a| Ok(th.int(param(th, a[0].unwrap())?.get() as i64)),
        ),
        function(
            "set_param",
            "($module, name, value, /)",
            "Set a parameter.\n\nWhat was compiled stays; counters of loops that have begun to count go on.",
            |th, a| {
                let p = param(th, a[0].unwrap())?;
                let n = th.index_i64(a[1].unwrap())?;
                p.set(n).map_err(|e| th.value_error(e))?;
                jit::params_changed();
                Ok(NONE())
            },
        ),
        function(
            "params",
            "($module, /)",
            "Return a dict of all parameters by name: value, default, range, meaning.",
            |th, _| {
                let d = Gc::<Dict>::new(th);
                for p in params::ALL {
                    let i = p.info();
                    let n = |n: u32| th.int(n as i64);
                    let v = PARAM.make(th, &[n(p.get()), n(i.default), n(i.min), n(i.max), th.str(i.doc)])?;
                    d.set(th, th.intern(i.name), v)?;
                }
                Ok(d.value())
            },
        ),
        function("stats", "($module, /)", "Return what the JIT has done so far.", |th, _| stats(th)),
        function("traces", "($module, /)", "Return a list of all compiled traces, oldest first.", |th, _| {
            let l = list::new(th, &[])?;
            let all = sight::traces();
            for t in &all {
                let v = trace(th, t, &all)?;
                list::append(th, l, v)?;
            }
            Ok(l.value())
        }),
        function(
            "aborts",
            "($module, /)",
            "Return a list of recordings that were given up, the same ones counted.\n\nIt is empty unless the parameter keep_ir is on.",
            |th, _| {
                let l = list::new(th, &[])?;
                for a in sight::aborts() {
                    let v = abort(th, &a)?;
                    list::append(th, l, v)?;
                }
                Ok(l.value())
            },
        ),
        function(
            "abort_reasons",
            "($module, /)",
            "Return a dict of the reasons for which recordings are given up: identifier -> advice.",
            |th, _| {
                let d = Gc::<Dict>::new(th);
                for (id, advice) in counters::ALL.iter().filter_map(|c| c.reason()) {
                    d.set(th, th.intern(id), th.str(advice))?;
                }
                Ok(d.value())
            },
        ),
        function(
            "machine_code",
            "($module, trace, /)",
            "Return the machine code of a trace (or of the trace with that id) as bytes.",
            |th, a| {
                let t = find(th, a[0].unwrap())?;
                Ok(adder_vm::builtins::bytes::new(th, t.code())?.value())
            },
        ),
        function(
            "disassemble",
            "($module, trace, /)",
            "Return the machine code of a trace (or of the trace with that id) as text.",
            |th, a| {
                let t = find(th, a[0].unwrap())?;
                Ok(th.str(&t.arch.map_or(String::new(), |arch| disasm::text(arch, t.code(), t.entry as u64))))
            },
        ),
        function(
            "annotated_ir",
            "($module, trace, /)",
            "Return the optimised trace as text, with the lines of the program it comes from.\n\nNone unless the parameter keep_ir was on when it was compiled.",
            |th, a| {
                let t = find(th, a[0].unwrap())?;
                if t.detail.is_none() {
                    return Ok(NONE());
                }
                let mut s = String::new();
                for (line, _, x) in log::annotated(t) {
                    if let Some(l) = line {
                        s.push_str(&format!("# {}:{} {} ({})\n", l.file, l.line, l.function, l.op));
                    }
                    s.push_str(x.trim_end());
                    s.push('\n');
                }
                Ok(th.str(&s))
            },
        ),
        function(
            "reset",
            "($module, /)",
            "Set all counts of stats(), traces() and aborts() to zero. What was compiled stays.",
            |_, _| {
                counters::reset();
                sight::reset();
                Ok(NONE())
            },
        ),
        function(
            "never",
            "($module, function, /)",
            "Decorator: the function is never part of a trace.\n\nIts loops are not compiled. A loop that calls it is not compiled either: see\ndont_look_inside. The function itself is returned.",
            |th, a| {
                let f = a[0].unwrap();
                jit::exclude(code_of(th, f)?);
                Ok(f)
            },
        ),
        function(
            "is_excluded",
            "($module, function, /)",
            "Return whether never() was applied to a function.",
            |th, a| Ok(Value::bool(jit::excluded(code_of(th, a[0].unwrap())?))),
        ),
        function(
            "dont_look_inside",
            "($module, function, /)",
            "Decorator: traces call the function as a whole instead of going through it.\n\nThe interpreter runs it; loops in it are compiled by themselves. Good for\nfunctions that go another way each time they are called.",
            |th, a| opaque(th, a[0].unwrap()),
        ),
        function(
            "set_compile_hook",
            "($module, hook, /)",
            "Have hook(trace) called after each trace that is compiled; None: no hook.\n\nIt is called by the thread that compiled it, as soon as that is back in the\ninterpreter, never within a recording. The old hook is returned.",
            |th, a| set_hook(th, a[0].unwrap()),
        ),
    ],
    types: &[&STATS.cell, &TRACE.cell, &EXIT.cell, &ABORT.cell, &PARAM.cell, &OPAQUE],
    init: None,
};

fn param(th: Th, name: Value) -> R<Param> {
    if !name.is_kind(Kind::Str) {
        return Err(th.type_error(format!("the parameter's name must be str, not {}", th.type_name_of(name))));
    }
    let s = th.text(name);
    Param::find(&s).ok_or_else(|| th.value_error(format!("there is no parameter {s:?}; params() has all")))
}

/// The code object of a function, a method or something that wraps one.
fn code_of(th: Th, f: Value) -> R<Gc<Code>> {
    let mut f = f;
    for _ in 0..16 {
        if let Some(x) = f.exact::<Function>() {
            return Ok(x.code.gc());
        }
        if let Some(c) = f.exact::<Code>() {
            return Ok(c);
        }
        let next = match th.getattr_opt(f, th.intern("__func__"))? {
            Some(x) => Some(x),
            None => th.getattr_opt(f, th.intern("__wrapped__"))?,
        };
        match next {
            Some(x) => f = x,
            None => break,
        }
    }
    Err(th.type_error(format!("a Python function is required, not {}", th.type_name_of(f))))
}

fn counts(th: Th, which: impl Fn(Counter) -> Option<&'static str>) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    for c in counters::ALL {
        if let Some(name) = which(*c).filter(|_| c.get() > 0) {
            d.set(th, th.intern(name), th.int(c.get() as i64))?;
        }
    }
    Ok(d.value())
}

fn stats(th: Th) -> R<Value> {
    use Counter::*;
    let n = |c: Counter| th.int(c.get() as i64);
    let aborts = counts(th, |c| c.reason().map(|r| r.0))?;
    let invalid = counts(th, |c| c.name().strip_prefix("invalidated: "))?;
    STATS.make(
        th,
        &[
            n(LoopsCompiled),
            n(BridgesCompiled),
            n(Recordings),
            n(Bridges),
            aborts,
            n(Blacklisted),
            n(BridgesBlacklisted),
            n(Dropped),
            invalid,
            n(Entries),
            n(Exits),
            n(Insts),
            n(Bytes),
            th.float(CompileNanos.get() as f64 / 1e9),
            Value::bool(jit::enabled()),
            jit::get().map_or(NONE(), |j| th.str(j.backend.name())),
        ],
    )
}

fn or_none(th: Th, s: Option<&str>) -> Value {
    s.map_or(NONE(), |s| th.str(s))
}
fn number_or_none(th: Th, n: Option<u64>) -> Value {
    n.map_or(NONE(), |n| th.int(n as i64))
}

fn trace(th: Th, t: &'static TraceInfo, all: &[&'static TraceInfo]) -> R<Value> {
    let exits = list::new(th, &[])?;
    for (n, e) in t.exits.iter().enumerate() {
        let bridge = all.iter().find(|b| b.parent.is_some_and(|p| std::ptr::eq(p.1, e))).map(|b| b.id as u64);
        let line = words::exit_line(t, n);
        let said = words::exit(t, n);
        let v = EXIT.make(
            th,
            &[
                th.int(e.id() as i64),
                th.int(e.times() as i64),
                number_or_none(th, bridge),
                th.int(e.failures() as i64),
                or_none(th, line.map(|l| &*l.function)),
                number_or_none(th, line.map(|l| l.line as u64)),
                or_none(th, said.as_ref().map(|s| &*s.0)),
                or_none(th, said.as_ref().map(|s| &*s.1)),
            ],
        )?;
        list::append(th, exits, v)?;
    }
    let exits = adder_vm::builtins::tuple::from_iterable(th, exits.value())?;
    let d = t.detail.as_ref();
    TRACE.make(
        th,
        &[
            th.int(t.id as i64),
            th.str(t.kind()),
            th.str(&t.begins.function),
            th.str(&t.begins.file),
            th.int(t.begins.line as i64),
            number_or_none(th, t.parent.map(|p| p.0 as u64)),
            number_or_none(th, t.parent.map(|p| p.1.id() as u64)),
            Value::bool(t.valid.load(Relaxed)),
            th.int(t.recorded as i64),
            th.int(t.optimised as i64),
            th.int(t.bytes as i64),
            th.int(t.entry as i64),
            th.float(t.nanos as f64 / 1e9),
            number_or_none(th, d.map(|_| t.runs.load(Relaxed))),
            exits,
            or_none(th, d.map(|d| text::print(&d.trace)).as_deref()),
            or_none(th, d.map(|d| &*d.recorded)),
        ],
    )
}

fn abort(th: Th, a: &Abort) -> R<Value> {
    let (id, advice) = a.reason.reason().unwrap_or(("?", ""));
    ABORT.make(
        th,
        &[
            th.str(id),
            th.str(a.why),
            th.str(advice),
            th.str(&a.at.function),
            th.str(&a.at.file),
            th.int(a.at.line as i64),
            th.str(a.at.op),
            th.str(&a.begins.function),
            th.int(a.begins.line as i64),
            th.int(a.times as i64),
        ],
    )
}

/// The trace that a `Trace` or its id names.
fn find(th: Th, v: Value) -> R<&'static TraceInfo> {
    let id = match v.cast::<Tuple>() {
        Some(t) if th.type_of(v) == TRACE.cell.get() => th.index_i64(t.items()[0])?,
        _ => th.index_i64(v)?,
    };
    match sight::traces().into_iter().find(|t| t.id as i64 == id) {
        Some(t) => Ok(t),
        None => Err(th.value_error(format!("there is no trace {id}"))),
    }
}

// -- functions that traces do not look into

#[repr(C)]
struct Opaque {
    h: adder_vm::heap::Header,
    func: Slot,
}
impl Opaque {
    const SIZE: u32 = size_of::<Opaque>() as u32;
    fn of(v: Value) -> Gc<Opaque> {
        // SAFETY: who calls knows the type.
        unsafe { v.cast_unchecked() }
    }
    /// Visits the slots.
    unsafe fn trace(o: adder_vm::heap::Obj, t: &mut adder_vm::heap::Tracer) {
        let x = unsafe { &*(o.as_ptr() as *const Opaque) };
        t.slot(x.func.as_ptr());
    }
}
static OPAQUE_TYPE: NativeType = NativeType {
    name: "adderjit.opaque",
    kind: Kind::Native,
    size: Opaque::SIZE,
    flags: tflags::IMMUTABLE
        | tflags::HAS_DICT
        | tflags::WEAKREF
        | tflags::METHOD_DESCRIPTOR
        | tflags::DISALLOW_INSTANTIATION,
    doc: "A function that traces call as a whole: what dont_look_inside() makes.",
    slots: Slots {
        call: Some(|th, o, a| th.call_raw(Opaque::of(o).func.value(), a)),
        repr: Some(|th, o| {
            let f = th.repr(Opaque::of(o).func.value())?;
            Ok(th.str(&format!("<opaque {}>", th.text(f))))
        }),
        descr_get: Some(|th, f, o, _| {
            Ok(match o {
                Some(o) => th.method(f, o),
                None => f,
            })
        }),
        ..Slots::NONE
    },
    getset: &[getter("__dict__", "", |th, o| Ok(th.instance_dict(o)?.expect("it has a dict").value()))],
    trace: Some(Opaque::trace),
    ..NativeType::DEFAULT
};
static OPAQUE: TypeCell = TypeCell::new(&OPAQUE_TYPE);

fn opaque(th: Th, f: Value) -> R<Value> {
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error(format!("'{}' object is not callable", th.type_name_of(f))));
    }
    let o = new_instance(th, th.make_type(&OPAQUE))?;
    let x = Opaque::of(o);
    th.store(x, &x.func, f);
    // As functools.update_wrapper does.
    for name in ["__module__", "__name__", "__qualname__", "__doc__", "__annotate__", "__type_params__"] {
        let name = th.intern(name);
        if let Some(v) = th.getattr_opt(f, name)? {
            th.setattr(o, name, Some(v))?;
        }
    }
    th.setattr(o, th.intern("__wrapped__"), Some(f))?;
    Ok(o)
}

// -- the hook

/// Traces that the hook has not been told of. The hook is in `Root::jit_hook`.
static WAITING: Mutex<Vec<&'static TraceInfo>> = Mutex::new(Vec::new());
static HOOKED: AtomicBool = AtomicBool::new(false);
/// The hook is running.
static BUSY: AtomicBool = AtomicBool::new(false);

struct Hook;
impl sight::Observer for Hook {
    fn compiled(&self, t: &'static TraceInfo) {
        if HOOKED.load(Relaxed) {
            lock(&WAITING).push(t);
            if let Some(th) = Th::current() {
                th.m.poll.fetch_or(poll::PENDING, SeqCst);
            }
        }
    }
}

fn set_hook(th: Th, f: Value) -> R<Value> {
    if !f.is_none() && th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("the hook must be callable or None"));
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        sight::add_observer(&Hook);
        adder_vm::pending::add_call_hook(call_hook);
    });
    let old = Root::jit_hook.get().unwrap_or(NONE());
    Root::jit_hook.set(Some(f));
    HOOKED.store(!f.is_none(), Relaxed);
    Ok(old)
}

fn call_hook(th: Th) -> R<()> {
    if BUSY.swap(true, AcqRel) {
        return Ok(());
    }
    loop {
        let next = {
            let mut w = lock(&WAITING);
            if w.is_empty() { None } else { Some(w.remove(0)) }
        };
        let (Some(t), Some(f)) = (next, Root::jit_hook.get().filter(|f| !f.is_none())) else { break };
        let done = trace(th, t, &sight::traces()).and_then(|v| {
            let mut g = Gather::new();
            g.push(th, v)?;
            th.call(f, g.as_slice())
        });
        if done.is_err() {
            adder_vm::unraisable::report(th, Some("in the JIT's compile hook"), f);
        }
    }
    BUSY.store(false, Release);
    Ok(())
}
