//! The module `sys`: CPython's `Python/sysmodule.c`.
//!
//! `info` has the constants and struct sequences, `frames` what looks at frames and exceptions, `display` the hooks that
//! print, `audit` the audit hooks, `names` the names of the library's modules, `monitoring` the module `sys.monitoring`.

pub mod audit;
pub mod display;
mod docs;
pub mod frames;
pub mod importtime;
pub mod info;
pub mod jit;
pub mod monitoring;
mod names;
pub mod printer;
pub mod traceback;

use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th, ThreadSlot};
use crate::value::*;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

/// The interpreter is on its way out.
pub static FINALIZING: AtomicBool = AtomicBool::new(false);
static SWITCH_INTERVAL: AtomicU64 = AtomicU64::new(0.005f64.to_bits());
static DLOPEN_FLAGS: AtomicI64 = AtomicI64::new(libc::RTLD_NOW as i64);

pub static MODULE: NativeModule = NativeModule {
    name: "sys",
    doc: docs::SYS,
    functions: &[
        function("_baserepl", "($module, /)", "Private function for getting the base REPL", baserepl),
        function(
            "_clear_internal_caches",
            "($module, /)",
            "Clear all internal performance-related caches.",
            clear_internal_caches,
        ),
        function(
            "_clear_type_cache",
            "($module, /)",
            "Clear the internal type lookup cache.",
            clear_type_cache,
        ),
        function(
            "_clear_type_descriptors",
            "($module, type, /)",
            "Private function for clearing certain descriptors from a type's dictionary.\n\nSee gh-135228 for context.",
            clear_type_descriptors,
        ),
        function(
            "_current_exceptions",
            "($module, /)",
            "Return a dict mapping each thread's identifier to its current raised exception.\n\nThis function should be used for specialized purposes only.",
            frames::current_exceptions,
        ),
        function(
            "_current_frames",
            "($module, /)",
            "Return a dict mapping each thread's thread id to its current stack frame.\n\nThis function should be used for specialized purposes only.",
            frames::current_frames,
        ),
        function(
            "_debugmallocstats",
            "($module, /)",
            "Print summary info to stderr about the state of pymalloc's structures.\n\nIn Py_DEBUG mode, also perform some expensive internal consistency\nchecks.",
            debugmallocstats,
        ),
        function(
            "_dump_tracelets",
            "($module, /, outpath)",
            "Dump the graph of tracelets in graphviz format",
            dump_tracelets,
        ),
        function(
            "_get_cpu_count_config",
            "($module, /)",
            "Private function for getting PyConfig.cpu_count",
            get_cpu_count_config,
        ),
        function(
            "_getframe",
            "($module, depth=0, /)",
            "Return a frame object from the call stack.\n\nIf optional integer depth is given, return the frame object that many\ncalls below the top of the stack.  If that is deeper than the call\nstack, ValueError is raised.  The default for depth is zero, returning\nthe frame at the top of the call stack.\n\nThis function should be used for internal and specialized purposes\nonly.",
            frames::getframe,
        ),
        function(
            "_getframemodulename",
            "($module, /, depth=0)",
            "Return the name of the module for a calling frame.\n\nThe default depth returns the module containing the call to this API.\nA more typical use in a library will pass a depth of 1 to get the user's\nmodule rather than the library module.\n\nIf no frame, module, or name can be found, returns None.",
            frames::getframemodulename,
        ),
        function(
            "_is_gil_enabled",
            "($module, /)",
            "Return True if the GIL is currently enabled and False otherwise.",
            is_gil_enabled,
        ),
        function(
            "_is_immortal",
            "($module, op, /)",
            "Return True if the given object is \"immortal\" per PEP 683.\n\nThis function should be used for specialized purposes only.",
            is_immortal,
        ),
        function(
            "_is_interned",
            "($module, string, /)",
            "Return True if the given string is \"interned\".",
            is_interned,
        ),
        function(
            "_setprofileallthreads",
            "($module, function, /)",
            "Set the profiling function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call and return.  See the profiler\nchapter in the library manual.",
            frames::setprofile_all,
        ),
        function(
            "_settraceallthreads",
            "($module, function, /)",
            "Set the global debug tracing function in all running threads belonging to the current interpreter.\n\nIt will be called on each function call. See the debugger chapter\nin the library manual.",
            frames::settrace_all,
        ),
        function(
            "activate_stack_trampoline",
            "($module, backend, /)",
            "Activate stack profiler trampoline *backend*.",
            activate_stack_trampoline,
        ),
        function(
            "addaudithook",
            "($module, /, hook)",
            "Adds a new audit hook callback.",
            audit::addaudithook,
        ),
        raw_function(
            "audit",
            "($module, event, /, *args)",
            "Passes the event to any audit hooks that are attached.",
            audit::audit_function,
        ),
        raw_function(
            "breakpointhook",
            "($module, /, *args, **kwargs)",
            "This hook function is called by built-in breakpoint().\n",
            display::breakpointhook,
        ),
        function(
            "call_tracing",
            "($module, func, args, /)",
            "Call func(*args), while tracing is enabled.\n\nThe tracing state is saved, and restored afterwards.  This is intended\nto be called from a debugger from a checkpoint, to recursively debug\nsome other code.",
            frames::call_tracing,
        ),
        function(
            "deactivate_stack_trampoline",
            "($module, /)",
            "Deactivate the current stack profiler trampoline backend.\n\nIf no stack profiler is activated, this function has no effect.",
            deactivate_stack_trampoline,
        ),
        function(
            "displayhook",
            "($module, object, /)",
            "Print an object to sys.stdout and also save it in builtins._",
            display::displayhook,
        ),
        function(
            "exc_info",
            "($module, /)",
            "Return current exception information: (type, value, traceback).\n\nReturn information about the most recent exception caught by an except\nclause in the current stack frame or in an older stack frame.",
            frames::exc_info,
        ),
        function(
            "excepthook",
            "($module, exctype, value, traceback, /)",
            "Handle an exception by displaying it with a traceback on sys.stderr.",
            display::excepthook,
        ),
        function(
            "exception",
            "($module, /)",
            "Return the current exception.\n\nReturn the most recent exception caught by an except clause\nin the current stack frame or in an older stack frame, or None\nif no such exception exists.",
            frames::exception,
        ),
        function(
            "exit",
            "($module, status=None, /)",
            "Exit the interpreter by raising SystemExit(status).\n\nIf the status is omitted or None, it defaults to zero (i.e., success).\nIf the status is an integer, it will be used as the system exit status.\nIf it is another kind of object, it will be printed and the system\nexit status will be one (i.e., failure).",
            exit_,
        ),
        function(
            "get_asyncgen_hooks",
            "($module, /)",
            "Return the installed asynchronous generators hooks.\n\nThis returns a namedtuple of the form (firstiter, finalizer).",
            get_asyncgen_hooks,
        ),
        function(
            "get_coroutine_origin_tracking_depth",
            "($module, /)",
            "Check status of origin tracking for coroutine objects in this thread.",
            get_coroutine_origin_tracking_depth,
        ),
        function(
            "get_int_max_str_digits",
            "($module, /)",
            "Return the maximum string digits limit for non-binary int<->str conversions.",
            get_int_max_str_digits,
        ),
        function(
            "getallocatedblocks",
            "($module, /)",
            "Return the number of memory blocks currently allocated.",
            getallocatedblocks,
        ),
        function(
            "getdefaultencoding",
            "($module, /)",
            "Return the current default encoding used by the Unicode implementation.",
            getdefaultencoding,
        ),
        function(
            "getdlopenflags",
            "($module, /)",
            "Return the current value of the flags that are used for dlopen calls.\n\nThe flag constants are defined in the os module.",
            getdlopenflags,
        ),
        function(
            "getfilesystemencodeerrors",
            "($module, /)",
            "Return the error mode used Unicode to OS filename conversion.",
            getfilesystemencodeerrors,
        ),
        function(
            "getfilesystemencoding",
            "($module, /)",
            "Return the encoding used to convert Unicode filenames to OS filenames.",
            getfilesystemencoding,
        ),
        function(
            "getprofile",
            "($module, /)",
            "Return the profiling function set with sys.setprofile.\n\nSee the profiler chapter in the library manual.",
            frames::getprofile,
        ),
        function(
            "getrecursionlimit",
            "($module, /)",
            "Return the current value of the recursion limit.\n\nThe recursion limit is the maximum depth of the Python interpreter\nstack.  This limit prevents infinite recursion from causing an overflow\nof the C stack and crashing Python.",
            getrecursionlimit,
        ),
        function(
            "getrefcount",
            "($module, object, /)",
            "Return the reference count of object.\n\nThe count returned is generally one higher than you might expect,\nbecause it includes the (temporary) reference as an argument to\ngetrefcount().",
            getrefcount,
        ),
        function(
            "getsizeof",
            "!($module, /, object, default=None)",
            "getsizeof(object [, default]) -> int\n\nReturn the size of object in bytes.",
            getsizeof,
        ),
        function(
            "getswitchinterval",
            "($module, /)",
            "Return the current thread switch interval; see sys.setswitchinterval().",
            getswitchinterval,
        ),
        function(
            "gettrace",
            "($module, /)",
            "Return the global debug tracing function set with sys.settrace.\n\nSee the debugger chapter in the library manual.",
            frames::gettrace,
        ),
        function(
            "getunicodeinternedsize",
            "($module, /, *, _only_immortal=False)",
            "Return the number of elements of the unicode interned dictionary",
            getunicodeinternedsize,
        ),
        function(
            "intern",
            "($module, string, /)",
            "``Intern'' the given string.\n\nThis enters the string in the (global) table of interned strings whose\npurpose is to speed up dictionary lookups. Return the string itself or\nthe previously interned string object with the same value.",
            intern,
        ),
        function("is_finalizing", "($module, /)", "Return True if Python is exiting.", is_finalizing),
        function(
            "is_remote_debug_enabled",
            "($module, /)",
            "Return True if remote debugging is enabled, False otherwise.",
            is_remote_debug_enabled,
        ),
        function(
            "is_stack_trampoline_active",
            "($module, /)",
            "Return *True* if a stack profiler trampoline is active.",
            is_stack_trampoline_active,
        ),
        function(
            "remote_exec",
            "($module, /, pid, script)",
            "Executes a file containing Python code in a given remote Python process.\n\nThis function returns immediately, and the code will be executed by the\ntarget process's main thread at the next available opportunity,\nsimilarly to how signals are handled.  There is no interface to\ndetermine when the code has been executed.  The caller is responsible\nfor making sure that the file still exists whenever the remote process\ntries to read it and that it hasn't been overwritten.\n\nThe remote process must be running a CPython interpreter of the same\nmajor and minor version as the local process.  If either the local or\nremote interpreter is pre-release (alpha, beta, or release candidate)\nthen the local and remote interpreters must be the same exact version.\n\nArgs:\n     pid (int): The process ID of the target Python process.\n     script (str|bytes): The path to a file containing\n         the Python code to be executed.",
            remote_exec,
        ),
        function(
            "set_asyncgen_hooks",
            "!($module, /, firstiter=None, finalizer=None)",
            "set_asyncgen_hooks([firstiter] [, finalizer])\n\nSet a finalizer for async generators objects.",
            set_asyncgen_hooks,
        ),
        function(
            "set_coroutine_origin_tracking_depth",
            "($module, /, depth)",
            "Enable or disable origin tracking for coroutine objects in this thread.\n\nCoroutine objects will track 'depth' frames of traceback information\nabout where they came from, available in their cr_origin attribute.\n\nSet a depth of 0 to disable.",
            set_coroutine_origin_tracking_depth,
        ),
        function(
            "set_int_max_str_digits",
            "($module, /, maxdigits)",
            "Set the maximum string digits limit for non-binary int<->str conversions.",
            set_int_max_str_digits,
        ),
        function(
            "setdlopenflags",
            "($module, flags, /)",
            "Set the flags used by the interpreter for dlopen calls.\n\nThis is used, for example, when the interpreter loads extension\nmodules. Among other things, this will enable a lazy resolving of\nsymbols when importing a module, if called as sys.setdlopenflags(0).\nTo share symbols across extension modules, call as\nsys.setdlopenflags(os.RTLD_GLOBAL).  Symbolic names for the flag\nmodules can be found in the os module (RTLD_xxx constants, e.g.\nos.RTLD_LAZY).",
            setdlopenflags,
        ),
        function(
            "setprofile",
            "($module, function, /)",
            "Set the profiling function.\n\nIt will be called on each function call and return.  See the profiler\nchapter in the library manual.",
            frames::setprofile,
        ),
        function(
            "setrecursionlimit",
            "($module, limit, /)",
            "Set the maximum depth of the Python interpreter stack to n.\n\nThis limit prevents infinite recursion from causing an overflow of the C\nstack and crashing Python.  The highest possible limit is platform-\ndependent.",
            setrecursionlimit,
        ),
        function(
            "setswitchinterval",
            "($module, interval, /)",
            "Set the ideal thread switching delay inside the Python interpreter.\n\nThe actual frequency of switching threads can be lower if the\ninterpreter executes long sequences of uninterruptible code\n(this is implementation-specific and workload-dependent).\n\nThe parameter must represent the desired switching delay in seconds\nA typical value is 0.005 (5 milliseconds).",
            setswitchinterval,
        ),
        function(
            "settrace",
            "($module, function, /)",
            "Set the global debug tracing function.\n\nIt will be called on each function call.  See the debugger chapter\nin the library manual.",
            frames::settrace,
        ),
        function(
            "unraisablehook",
            "($module, unraisable, /)",
            "Handle an unraisable exception.\n\nThe unraisable argument has the following attributes:\n\n* exc_type: Exception type.\n* exc_value: Exception value, can be None.\n* exc_traceback: Exception traceback, can be None.\n* err_msg: Error message, can be None.\n* object: Object causing the exception, can be None.",
            display::unraisablehook,
        ),
    ],
    types: &[],
    init: Some(info::init),
};

fn baserepl(th: Th, _: &[Option<Value>]) -> R<Value> {
    crate::sys::display::base_repl(th)
}
fn clear_internal_caches(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(NONE())
}
fn clear_type_cache(th: Th, _: &[Option<Value>]) -> R<Value> {
    let msg = "sys._clear_type_cache() is deprecated and may be removed in a future version of Python. Use sys._clear_internal_caches() instead.";
    crate::warn::warn(th, &exc::DEPRECATION_WARNING, msg, 1)?;
    Ok(NONE())
}
fn clear_type_descriptors(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let Some(t) = v.cast::<Type>() else {
        return Err(th.type_error(format!(
            "_clear_type_descriptors() argument must be type, not {}",
            th.arg_type_name(v)
        )));
    };
    if t.has(tflags::IMMUTABLE) {
        return Err(th.type_error("argument is immutable"));
    }
    for k in [n!(__dict__), n!(__weakref__)] {
        t.dict_().remove(th, k)?;
    }
    th.type_modified(t, None);
    Ok(NONE())
}
fn debugmallocstats(th: Th, _: &[Option<Value>]) -> R<Value> {
    let s = th.m.heap.stats();
    eprintln!("{s:#?}");
    Ok(NONE())
}
fn dump_tracelets(th: Th, _: &[Option<Value>]) -> R<Value> {
    Err(th.not_implemented_error("no executors available"))
}
fn get_cpu_count_config(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(crate::config::get().cpu_count.map_or(-1, |n| n as i64)))
}
fn is_gil_enabled(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(FALSE())
}
fn is_immortal(_: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let interned = v.exact::<Str>().is_some_and(|s| s.flag(crate::builtins::str_::INTERNED));
    let static_ = v.is_none() || v.is(TRUE()) || v.is(FALSE()) || v.is(ELLIPSIS()) || v.is(NOT_IMPLEMENTED());
    Ok(Value::bool(!v.is_obj() || interned || static_))
}
fn is_interned(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    match v.cast::<Str>() {
        Some(s) => Ok(Value::bool(v.is_exact(Kind::Str) && s.flag(crate::builtins::str_::INTERNED))),
        None => {
            Err(th.type_error(format!("_is_interned() argument must be str, not {}", th.arg_type_name(v))))
        }
    }
}
fn activate_stack_trampoline(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    if !v.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "activate_stack_trampoline() argument must be str, not {}",
            th.arg_type_name(v)
        )));
    }
    Err(th.value_error("perf trampoline not available"))
}
fn deactivate_stack_trampoline(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(NONE())
}
fn is_stack_trampoline_active(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(FALSE())
}
fn is_remote_debug_enabled(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(FALSE())
}
fn remote_exec(th: Th, a: &[Option<Value>]) -> R<Value> {
    th.index_i64(a[0].unwrap())?;
    Err(th.runtime_error("Remote debugging is not enabled"))
}
fn exit_(th: Th, a: &[Option<Value>]) -> R<Value> {
    match a[0] {
        // A tuple is the arguments of the exception, which may be there already.
        Some(v) if let Some(t) = v.cast::<Tuple>() => Err(th.raise_args(&exc::SYSTEM_EXIT, t.items())),
        Some(v) if v.is_kind(Kind::BaseException) && th.is_subtype(th.type_of(v), exc::SYSTEM_EXIT.get()) => {
            Err(th.raise(v))
        }
        Some(v) if !v.is_none() => Err(th.raise_args(&exc::SYSTEM_EXIT, &[v])),
        _ => Err(th.raise_args(&exc::SYSTEM_EXIT, &[])),
    }
}
fn hook_slot(th: Th, s: ThreadSlot) -> Value {
    Value::opt_or_none(th.slots[s as usize].get())
}
fn get_asyncgen_hooks(th: Th, _: &[Option<Value>]) -> R<Value> {
    let hooks = [hook_slot(th, ThreadSlot::AsyncgenFirstiter), hook_slot(th, ThreadSlot::AsyncgenFinalizer)];
    info::ASYNCGEN_HOOKS.make(th, &hooks)
}
fn set_asyncgen_hooks(th: Th, a: &[Option<Value>]) -> R<Value> {
    // The finalizer is looked at first, as in CPython: nothing changes if one of them is wrong.
    for (v, what) in [(a[1], "finalizer"), (a[0], "firstiter")] {
        if let Some(v) = v
            && !v.is_none()
            && th.type_of(v).slots.call.is_none()
        {
            return Err(th.type_error(format!("callable {what} expected, got {}", th.type_name_of(v))));
        }
    }
    for (v, s, event) in [
        (a[1], ThreadSlot::AsyncgenFinalizer, "sys.set_asyncgen_hook_finalizer"),
        (a[0], ThreadSlot::AsyncgenFirstiter, "sys.set_asyncgen_hook_firstiter"),
    ] {
        if let Some(v) = v {
            audit::audit(th, event, &[])?;
            th.slots[s as usize].init(v.some());
        }
    }
    Ok(NONE())
}
fn get_coroutine_origin_tracking_depth(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.slots[ThreadSlot::CoroutineOrigin as usize].get().unwrap_or(Value::fix(0)))
}
fn set_coroutine_origin_tracking_depth(th: Th, a: &[Option<Value>]) -> R<Value> {
    let n = th.index_i64(a[0].unwrap())?;
    if n < 0 {
        return Err(th.value_error("depth must be >= 0"));
    }
    th.slots[ThreadSlot::CoroutineOrigin as usize].init(if n == 0 { None } else { Some(Value::fix(n)) });
    Ok(NONE())
}
fn get_int_max_str_digits(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(crate::builtins::int::max_str_digits() as i64))
}
fn set_int_max_str_digits(th: Th, a: &[Option<Value>]) -> R<Value> {
    let n = th.index_i64(a[0].unwrap())?;
    if n != 0 && n < 640 {
        return Err(th.value_error("maxdigits must be >= 640 or 0 for unlimited"));
    }
    if i32::try_from(n).is_err() {
        return Err(th.overflow_error("Python int too large to convert to C int"));
    }
    crate::builtins::int::set_max_str_digits(n as usize);
    Ok(NONE())
}
fn getallocatedblocks(th: Th, _: &[Option<Value>]) -> R<Value> {
    // Bytes in use, in the units of a small object.
    Ok(Value::fix((th.m.heap.stats().live / 32) as i64))
}
fn getdefaultencoding(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.intern("utf-8"))
}
fn getdlopenflags(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(DLOPEN_FLAGS.load(Relaxed)))
}
fn setdlopenflags(th: Th, a: &[Option<Value>]) -> R<Value> {
    DLOPEN_FLAGS.store(th.index_i64(a[0].unwrap())?, Relaxed);
    Ok(NONE())
}
fn getfilesystemencodeerrors(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.intern("surrogateescape"))
}
fn getfilesystemencoding(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.intern("utf-8"))
}
fn getrecursionlimit(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(th.recursion_limit.get() as i64))
}
fn setrecursionlimit(th: Th, a: &[Option<Value>]) -> R<Value> {
    let n = th.index_i64(a[0].unwrap())?;
    let Ok(limit) = i32::try_from(n) else {
        return Err(th.overflow_error("Python int too large to convert to C int"));
    };
    if limit < 1 {
        return Err(th.value_error("recursion limit must be greater or equal than 1"));
    }
    let depth = th.depth();
    if depth >= limit as usize {
        return Err(th.recursion_error(format!(
            "cannot set the recursion limit to {limit} at the recursion depth {depth}: the limit is too low"
        )));
    }
    crate::thread::RECURSION_LIMIT.store(limit as u32, Relaxed);
    th.recursion_limit.set(limit as u32);
    th.reset_frame_limit();
    Ok(NONE())
}
/// There are no reference counts. Immortal objects have CPython's number; all others look used once more than by the
/// caller, which is what code that asks wants to hear.
fn getrefcount(th: Th, a: &[Option<Value>]) -> R<Value> {
    let immortal = is_immortal(th, a)?.is(TRUE());
    Ok(Value::fix(if immortal { 3221225472 } else { 2 }))
}
fn getsizeof(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let r = size_of_object(th, o);
    match (r, a[1]) {
        (Ok(n), _) => Ok(th.int(n)),
        (Err(_), Some(d)) if th.exc_is(&exc::TYPE_ERROR) => {
            th.take_exc();
            Ok(d)
        }
        (Err(e), _) => Err(e),
    }
}
fn size_of_object(th: Th, o: Value) -> R<i64> {
    let Some(f) = th.lookup_special(o, n!(__sizeof__)) else {
        return Err(th.type_error(format!("Type {} doesn't define __sizeof__", th.type_name_of(o))));
    };
    let r = th.call_unbound(f, o, &[])?;
    if !matches!(r.kind(), Kind::Int | Kind::Bool) {
        return Err(
            th.type_error(format!("'{}' object cannot be interpreted as an integer", th.type_name_of(r)))
        );
    }
    let n = th.index_i64(r)?;
    if n < 0 {
        return Err(th.value_error("__sizeof__() should return >= 0"));
    }
    Ok(n)
}
fn getswitchinterval(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.float(f64::from_bits(SWITCH_INTERVAL.load(Relaxed))))
}
fn setswitchinterval(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let f = if let Some(n) = v.as_fix() { n as f64 } else { crate::builtins::float::to_f64(th, v)? };
    if f <= 0.0 || f.is_nan() {
        return Err(th.value_error("switch interval must be strictly positive"));
    }
    SWITCH_INTERVAL.store(f.to_bits(), Relaxed);
    Ok(NONE())
}
fn getunicodeinternedsize(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(crate::intern::count() as i64))
}
fn intern(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let Some(s) = v.cast::<Str>() else {
        return Err(th.type_error(format!("intern() argument must be str, not {}", th.arg_type_name(v))));
    };
    if !v.is_exact(Kind::Str) {
        return Err(th.type_error(format!("can't intern {}", th.type_name_of(v))));
    }
    Ok(th.intern_value(s))
}
fn is_finalizing(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(FINALIZING.load(Relaxed)))
}

/// Sets an attribute of the module.
pub fn set(th: Th, name: &str, v: Value) -> R<()> {
    Root::sys_dict.dict().set(th, th.intern(name), v)
}
