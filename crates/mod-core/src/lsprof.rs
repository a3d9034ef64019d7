//! `_lsprof`: the profiler below `cProfile`, as a tool of `sys.monitoring` (CPython's `Modules/_lsprof.c`).
//!
//! What was measured lies in Rust memory without objects ([`State`]); the code objects and names that the entries are
//! about are in a dict of the profiler, by the entries' numbers. Each thread has a stack of calls of its own, so threads do not disturb each
//! other's times. No Python code runs while the state is locked.
//!
//! # Safety
//! A profiler's state is made before anybody else sees the object and freed when it dies; `subjects` always holds a dict.

use crate::native_layout;
use adder_vm::builtins::{float, list, object};
use adder_vm::declare::{bind, make, none, signature};
use adder_vm::err::R;
use adder_vm::import::import_attr;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::Slots;
use adder_vm::structseq;
use adder_vm::sync::lock;
use adder_vm::sync::monotonic;
use adder_vm::thread::Th;
use adder_vm::unraisable;
use adder_vm::value::*;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::*};

native_layout! { Profiler { timer, missing, subjects: Dict; unit: f64, flags: AtomicU32, state: *mut Mutex<State> } }

const SUBCALLS: u32 = 1;
const BUILTINS: u32 = 2;
const ENABLED: u32 = 4;
/// The timer, which is Python code, runs.
const IN_TIMER: u32 = 8;

/// `sys.monitoring.PROFILER_ID`.
const TOOL: i64 = 2;

#[derive(Default)]
struct State {
    entries: Vec<Entry>,
    /// From a code object's id, or a native function's declaration, to its entry.
    by_key: HashMap<u64, usize>,
    /// The calls that each thread is in, outermost first.
    stacks: HashMap<usize, Vec<Call>>,
}
#[derive(Default)]
struct Entry {
    n: Numbers,
    callees: HashMap<usize, Numbers>,
}
#[derive(Default, Clone, Copy)]
struct Numbers {
    total: i64,
    inline: i64,
    calls: i64,
    recursive: i64,
    level: i64,
}
struct Call {
    entry: usize,
    start: i64,
    in_callees: i64,
}

impl Numbers {
    fn stop(&mut self, total: i64, inline: i64) {
        self.level -= 1;
        if self.level == 0 {
            self.total += total;
        } else {
            self.recursive += 1;
        }
        self.inline += inline;
        self.calls += 1;
    }
}
impl State {
    fn enter(&mut self, thread: usize, entry: usize, subcalls: bool) {
        // Another thread may just have cleared everything.
        let Some(e) = self.entries.get_mut(entry) else { return };
        e.n.level += 1;
        let stack = self.stacks.entry(thread).or_default();
        if let Some(c) = stack.last().filter(|_| subcalls).and_then(|c| self.entries.get_mut(c.entry)) {
            c.callees.entry(entry).or_default().level += 1;
        }
        stack.push(Call { entry, start: 0, in_callees: 0 });
    }
    fn leave(&mut self, thread: usize, now: i64, subcalls: bool) {
        let Some(stack) = self.stacks.get_mut(&thread) else { return };
        let Some(call) = stack.pop() else { return };
        let total = now - call.start;
        let inline = total - call.in_callees;
        let caller = stack.last_mut().map(|c| {
            c.in_callees += total;
            c.entry
        });
        if let Some(e) = self.entries.get_mut(call.entry) {
            e.n.stop(total, inline);
        }
        if let Some(c) = caller.filter(|_| subcalls).and_then(|c| self.entries.get_mut(c))
            && let Some(n) = c.callees.get_mut(&call.entry)
        {
            n.stop(total, inline);
        }
    }
}

fn this(a: &[Option<Value>]) -> Gc<Profiler> {
    Profiler::of(a[0].unwrap())
}
fn state(p: Gc<Profiler>) -> std::sync::MutexGuard<'static, State> {
    // SAFETY: made with the object, dropped with it; the receiver is on the caller's stack.
    lock(unsafe { &*p.state })
}
fn has(p: Gc<Profiler>, flag: u32) -> bool {
    p.flags.load(Acquire) & flag != 0
}
/// The running thread, as a key.
fn thread() -> usize {
    thread_local! { static KEY: u8 = const { 0 } }
    KEY.with(|k| k as *const u8 as usize)
}
unsafe fn drop_state(o: adder_vm::heap::Obj) {
    let p = o.as_ptr() as *mut Profiler;
    unsafe {
        if !(*p).state.is_null() {
            drop(Box::from_raw((*p).state));
        }
    }
}

// -- time

/// Nanoseconds, or what the timer counts.
fn now(th: Th, p: Gc<Profiler>) -> i64 {
    let Some(timer) = p.timer.get().and_then(Value::some) else { return monotonic() };
    p.flags.fetch_or(IN_TIMER, AcqRel);
    let r = th.call(timer, &[]);
    p.flags.fetch_and(!IN_TIMER, AcqRel);
    let t = r.and_then(|v| {
        if p.unit > 0.0 {
            let n = th.index(v)?;
            return th.index_i64(n);
        }
        Ok((float::to_f64(th, v)? * 1e9) as i64)
    });
    t.unwrap_or_else(|_| {
        unraisable::report(th, Some("while calling _lsprof timer"), timer);
        0
    })
}
/// Seconds of one count.
fn factor(p: Gc<Profiler>) -> f64 {
    let own = p.timer.get().and_then(Value::some).is_some();
    if own && p.unit > 0.0 { p.unit } else { 1e-9 }
}

// -- events

/// The native function of a call event: itself, or what a method descriptor becomes for its receiver.
fn native(th: Th, p: Gc<Profiler>, callee: Value, receiver: Value) -> Option<Gc<NativeFunction>> {
    if let Some(f) = callee.cast::<NativeFunction>() {
        return Some(f);
    }
    if !callee.is_kind(Kind::MethodDescriptor) || p.missing.get().is_some_and(|m| m.is(receiver)) {
        return None;
    }
    match th.bind(callee, Some(receiver), th.type_of(receiver)) {
        Ok(v) => v.cast::<NativeFunction>(),
        Err(_) => {
            th.take_exc();
            None
        }
    }
}
/// How the statistics show a native function.
fn shown(th: Th, f: Gc<NativeFunction>) -> R<Value> {
    let name = f.def.name;
    let module = th.getattr_opt(f.value(), th.intern("__module__"))?;
    let module = module.and_then(|m| m.cast::<Str>()).map(|m| th.text(m.value()));
    let receiver = f.this.get().filter(|v| !v.is_none() && !v.is_kind(Kind::Module));
    if let Some(o) = receiver {
        if let Some(m) = th.lookup(th.type_of(o), th.intern(name)) {
            match th.repr(m) {
                Ok(r) => return Ok(r),
                Err(_) => drop(th.take_exc()),
            }
        }
    }
    Ok(th.str(&match module {
        Some(m) => format!("<built-in method {m}.{name}>"),
        None => format!("<built-in method {name}>"),
    }))
}
/// The entry of a key, made if need be.
fn entry(th: Th, p: Gc<Profiler>, key: u64, subject: impl FnOnce() -> R<Value>) -> R<usize> {
    if let Some(&i) = state(p).by_key.get(&key) {
        return Ok(i);
    }
    let v = subject()?;
    let i = {
        let mut s = state(p);
        let n = s.entries.len();
        let i = *s.by_key.entry(key).or_insert(n);
        if i == n {
            s.entries.push(Entry::default());
        }
        i
    };
    let subjects: Gc<Dict> = p.subjects.gc();
    subjects.set(th, Value::fix(i as i64), v)?;
    Ok(i)
}
fn enter(th: Th, p: Gc<Profiler>, e: usize) {
    let t = thread();
    state(p).enter(t, e, has(p, SUBCALLS));
    let start = now(th, p);
    if let Some(c) = state(p).stacks.get_mut(&t).and_then(|s| s.last_mut()) {
        c.start = start;
    }
}
fn leave(th: Th, p: Gc<Profiler>) {
    let t = thread();
    if state(p).stacks.get(&t).is_none_or(|s| s.is_empty()) {
        return;
    }
    let at = now(th, p);
    state(p).leave(t, at, has(p, SUBCALLS));
}

fn py_start(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (p, code) = (this(a), a[1].unwrap());
    let e = entry(th, p, object::id(th, code), || Ok(code))?;
    enter(th, p, e);
    none()
}
fn py_return(th: Th, a: &[Option<Value>]) -> R<Value> {
    leave(th, this(a));
    none()
}
fn c_call(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    if has(p, BUILTINS)
        && let Some(f) = native(th, p, a[3].unwrap(), a[4].unwrap())
    {
        let e = entry(th, p, f.def as *const NativeDef as u64, || shown(th, f))?;
        enter(th, p, e);
    }
    none()
}
fn c_return(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    if has(p, BUILTINS) && native(th, p, a[3].unwrap(), a[4].unwrap()).is_some() {
        leave(th, p);
    }
    none()
}

/// Events, and the methods that they are told.
const EVENTS: &[(&str, &str)] = &[
    ("PY_START", "_pystart_callback"),
    ("PY_RESUME", "_pystart_callback"),
    ("PY_THROW", "_pythrow_callback"),
    ("PY_RETURN", "_pyreturn_callback"),
    ("PY_YIELD", "_pyreturn_callback"),
    ("PY_UNWIND", "_pyreturn_callback"),
    ("CALL", "_ccall_callback"),
    ("C_RETURN", "_creturn_callback"),
    ("C_RAISE", "_creturn_callback"),
];

/// Registers the callbacks of all events, or takes them back; the events' bits.
fn callbacks(th: Th, monitoring: Value, o: Option<Value>) -> R<i64> {
    let events = th.getattr(monitoring, th.intern("events"))?;
    let mut all = 0;
    for (event, name) in EVENTS {
        let bit = th.getattr(events, th.intern(event))?;
        let f = match o {
            Some(o) => th.getattr(o, th.intern(name))?,
            None => NONE(),
        };
        th.call_method(monitoring, th.intern("register_callback"), &[Value::fix(TOOL), bit, f])?;
        all |= bit.as_fix().unwrap_or(0);
    }
    Ok(all)
}

// -- methods

fn enable(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    let subcalls = a[1].map_or(Ok(true), |v| th.truth(v))?;
    let builtins = a[2].map_or(Ok(true), |v| th.truth(v))?;
    let monitoring = import_attr(th, "sys", "monitoring")?;
    let name = th.str("cProfile");
    th.call_method(monitoring, th.intern("use_tool_id"), &[Value::fix(TOOL), name])?;
    set(p, SUBCALLS, subcalls);
    set(p, BUILTINS, builtins);
    let missing = th.getattr(monitoring, th.intern("MISSING"))?;
    th.store(p, &p.missing, missing);
    let all = callbacks(th, monitoring, Some(p.value()))?;
    set(p, ENABLED, true);
    th.call_method(monitoring, th.intern("set_events"), &[Value::fix(TOOL), Value::fix(all)])?;
    none()
}
fn set(p: Gc<Profiler>, flag: u32, on: bool) {
    if on {
        p.flags.fetch_or(flag, AcqRel);
    } else {
        p.flags.fetch_and(!flag, AcqRel);
    }
}
fn disable(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    if has(p, IN_TIMER) {
        return Err(th.runtime_error("cannot disable profiler in external timer"));
    }
    if has(p, ENABLED) {
        let monitoring = import_attr(th, "sys", "monitoring")?;
        th.call_method(monitoring, th.intern("set_events"), &[Value::fix(TOOL), Value::fix(0)])?;
        callbacks(th, monitoring, None)?;
        th.call_method(monitoring, th.intern("free_tool_id"), &[Value::fix(TOOL)])?;
        set(p, ENABLED, false);
        flush(th, p);
    }
    none()
}
/// Ends the calls that are still going on.
fn flush(th: Th, p: Gc<Profiler>) {
    loop {
        let open = state(p).stacks.iter().find(|(_, s)| !s.is_empty()).map(|(t, _)| *t);
        let Some(t) = open else { return };
        let at = now(th, p);
        state(p).leave(t, at, has(p, SUBCALLS));
    }
}
fn clear(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    if has(p, IN_TIMER) {
        return Err(th.runtime_error("cannot clear profiler in external timer"));
    }
    let fresh = Gc::<Dict>::new(th);
    th.store(p, &p.subjects, fresh);
    let old = std::mem::take(&mut *state(p));
    drop(old);
    none()
}
fn getstats(th: Th, a: &[Option<Value>]) -> R<Value> {
    let p = this(a);
    let f = factor(p);
    type Row = (usize, Numbers, Vec<(usize, Numbers)>);
    let rows: Vec<Row> = {
        let s = state(p);
        let used = s.entries.iter().enumerate().filter(|(_, e)| e.n.calls != 0);
        let callees = |e: &Entry| {
            let mut v: Vec<_> = e.callees.iter().filter(|c| c.1.calls != 0).map(|(i, n)| (*i, *n)).collect();
            v.sort_unstable_by_key(|c| c.0);
            v
        };
        used.map(|(i, e)| (i, e.n, callees(e))).collect()
    };
    let subjects: Gc<Dict> = p.subjects.gc();
    let subject = |i: usize| subjects.get(th, Value::fix(i as i64)).map(|v| v.unwrap_or(NONE()));
    let seconds = |n: i64| th.float(n as f64 * f);
    let out = list::new(th, &[])?;
    for (i, n, callees) in rows {
        let mut calls = NONE();
        if !callees.is_empty() {
            let l = list::new(th, &[])?;
            for (j, c) in callees {
                let v = SUBENTRY.make(
                    th,
                    &[subject(j)?, th.int(c.calls), th.int(c.recursive), seconds(c.total), seconds(c.inline)],
                )?;
                list::append(th, l, v)?;
            }
            calls = l.value();
        }
        let v = ENTRY.make(
            th,
            &[subject(i)?, th.int(n.calls), th.int(n.recursive), seconds(n.total), seconds(n.inline), calls],
        )?;
        list::append(th, out, v)?;
    }
    Ok(out.value())
}

static NEW: NativeDef = signature("Profiler", "(timer=None, timeunit=0.0, subcalls=True, builtins=True)");

fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    let [timer, unit, subcalls, builtins] = bind::<4>(th, &NEW, a)?;
    let unit = unit.map_or(Ok(0.0), |v| float::to_f64(th, v))?;
    let subcalls = subcalls.map_or(Ok(true), |v| th.truth(v))?;
    let builtins = builtins.map_or(Ok(true), |v| th.truth(v))?;
    let subjects = Gc::<Dict>::new(th);
    let o = make(th, t)?;
    let p = Profiler::of(o);
    // SAFETY: nobody else has seen the object.
    unsafe {
        let raw = p.as_ptr();
        (*raw).unit = unit;
        (*raw).state = Box::into_raw(Box::default());
    }
    th.store(p, &p.subjects, subjects);
    if let Some(f) = timer.and_then(Value::some) {
        th.store(p, &p.timer, f);
    }
    set(p, SUBCALLS, subcalls);
    set(p, BUILTINS, builtins);
    Ok(o)
}

const CALL: &str = "($self, code, instruction_offset, callable, self_arg, /)";

pub static PROFILER: TypeCell = TypeCell::new(&NativeType {
    name: "_lsprof.Profiler",
    kind: Kind::Native,
    size: Profiler::SIZE,
    flags: tflags::BASETYPE | tflags::HAVE_GC | tflags::SHOWN_AS_HEAP | tflags::IMMUTABLE,
    doc: "Build a profiler object using the specified timer function.\n\nThe default timer is a fast built-in one based on real time.\nFor custom timer functions returning integers, 'timeunit' can\nbe a float specifying a scale (that is, how long each integer unit\nis, in seconds).",
    slots: Slots { new: Some(new), init: Some(|_, _, _| Ok(())), ..Slots::NONE },
    methods: &[
        method(
            "getstats",
            "($self, /)",
            "list of profiler_entry objects.\n\ngetstats() -> list of profiler_entry objects\n\nReturn all information collected by the profiler.\nEach profiler_entry is a tuple-like object with the\nfollowing attributes:\n\n    code          code object\n    callcount     how many times this was called\n    reccallcount  how many times called recursively\n    totaltime     total time in this entry\n    inlinetime    inline time in this entry (not in subcalls)\n    calls         details of the calls\n\nThe calls attribute is either None or a list of\nprofiler_subentry objects:\n\n    code          called code object\n    callcount     how many times this is called\n    reccallcount  how many times this is called recursively\n    totaltime     total time spent in this call\n    inlinetime    inline time (not in further subcalls)",
            getstats,
        ),
        method(
            "enable",
            "($self, /, subcalls=True, builtins=True)",
            "Start collecting profiling information.\n\n  subcalls\n    If True, also records for each function\n    statistics separated according to its current caller.\n  builtins\n    If True, records the time spent in\n    built-in functions separately from their caller.",
            enable,
        ),
        method("disable", "($self, /)", "Stop collecting profiling information.", disable),
        method("clear", "($self, /)", "Clear all profiling information collected so far.", clear),
        method("_pystart_callback", "($self, code, instruction_offset, /)", "", py_start),
        method("_pythrow_callback", "($self, code, instruction_offset, exception, /)", "", py_start),
        method("_pyreturn_callback", "($self, code, instruction_offset, retval, /)", "", py_return),
        method("_ccall_callback", CALL, "", c_call),
        method("_creturn_callback", CALL, "", c_return),
    ],
    trace: Some(Profiler::trace),
    drop: Some(drop_state),
    text_signature: Some("(timer=None, timeunit=0.0, subcalls=True, builtins=True)"),
    ..NativeType::DEFAULT
});

structseq! {
    pub ENTRY "_lsprof.profiler_entry" 6 "" tflags::SHOWN_AS_HEAP; [
        ("code", "code object or built-in function name"), ("callcount", "how many times this was called"),
        ("reccallcount", "how many times called recursively"), ("totaltime", "total time in this entry"),
        ("inlinetime", "inline time in this entry (not in subcalls)"), ("calls", "details of the calls"),
    ]
}
structseq! {
    pub SUBENTRY "_lsprof.profiler_subentry" 5 "" tflags::SHOWN_AS_HEAP; [
        ("code", "called code object or built-in function name"), ("callcount", "how many times this is called"),
        ("reccallcount", "how many times this is called recursively"), ("totaltime", "total time spent in this call"),
        ("inlinetime", "inline time (not in further subcalls)"),
    ]
}

pub static MODULE: NativeModule = NativeModule {
    name: "_lsprof",
    doc: "Fast profiler",
    functions: &[],
    types: &[&PROFILER, &ENTRY.cell, &SUBENTRY.cell],
    init: None,
};
