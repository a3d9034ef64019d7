//! `_thread`: starting threads, their handles, locks, thread-local data.
//!
//! A thread is a thread of the operating system that attaches to the virtual machine, runs its function and detaches.
//! What it is to run lies in a dict of the runtime's roots ([`Root::threads`]) until it has attached.
//!
//! # Safety
//! A thread detaches when nothing of it is on the native stack any more but what started it.

mod handle;
mod local;
mod lock;

use crate::util::*;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::structseq;
use adder_vm::thread::{Root, Stacks, Th, before_start};
use adder_vm::value::*;
use handle::{HANDLE, Shared};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::*};

pub use handle::forking;
pub use lock::{LOCK, RLOCK};

structseq! {
    pub EXCEPT_HOOK_ARGS "_thread._ExceptHookArgs" 4
    "ExceptHookArgs\n\nType used to pass arguments to threading.excepthook." tflags::SHOWN_AS_HEAP; [("exc_type", "Exception type"), ("exc_value", "Exception value"), ("exc_traceback", "Exception traceback"), ("thread", "Thread")]
}

pub static MODULE: NativeModule = NativeModule {
    name: "_thread",
    doc: "This module provides primitive operations to write multi-threaded programs.\nThe 'threading' module provides a more convenient interface.",
    functions: &[
        function(
            "start_new_thread",
            "($module, function, args, kwargs={}, /)",
            "Start a new thread and return its identifier.\n\nThe thread will call the function with positional arguments from the\ntuple args and keyword arguments taken from the optional dictionary\nkwargs.  The thread exits when the function returns; the return value\nis ignored.  The thread will also exit when the function raises an\nunhandled exception; a stack trace will be printed unless the exception\nis SystemExit.",
            start_new_thread,
        ),
        function(
            "start_new",
            "($module, function, args, kwargs={}, /)",
            "An obsolete synonym of start_new_thread().",
            start_new_thread,
        ),
        function(
            "start_joinable_thread",
            "($module, /, function, handle=None, daemon=True)",
            "*For internal use only*: start a new thread.\n\nLike start_new_thread(), this starts a new thread calling the given function.\nUnlike start_new_thread(), this returns a handle object with methods to join\nor detach the given thread.\nThis function is not for third-party code, please use the\n`threading` module instead. During finalization the runtime will not wait for\nthe thread to exit if daemon is True. If handle is provided it must be a\nnewly created thread._ThreadHandle instance.",
            |th, a| {
                let f = a[0].unwrap();
                if th.type_of(f).slots.call.is_none() {
                    return Err(th.type_error("thread function must be callable"));
                }
                let h = match given(a[1]) {
                    Some(h) if th.type_of(h) == type_of(th, &HANDLE) => h,
                    Some(_) => return Err(th.type_error("'handle' must be a _ThreadHandle")),
                    None => handle::new(th)?,
                };
                let daemon = bool_or(th, a[2], true)?;
                crate::audit(th, "_thread.start_joinable_thread", &[f, Value::bool(daemon), h])?;
                start(th, f, Root::empty_tuple.value(), None, handle::shared(h), daemon)?;
                Ok(h)
            },
        ),
        function(
            "allocate_lock",
            "($module, /)",
            "Create a new lock object. See help(type(threading.Lock())) for\ninformation about locks.",
            |th, _| lock::new_lock(th),
        ),
        function("allocate", "($module, /)", "An obsolete synonym of allocate_lock().", |th, _| {
            lock::new_lock(th)
        }),
        function(
            "get_ident",
            "($module, /)",
            "Return a non-zero integer that uniquely identifies the current thread\namongst other threads that exist simultaneously.\nThis may be used to identify per-thread resources.\nEven though on some platforms threads identities may appear to be\nallocated consecutive numbers starting at 1, this behavior should not\nbe relied upon, and the number should be seen purely as a magic cookie.\nA thread's identity may be reused for another thread after it exits.",
            |th, _| wide(th, th.ident as i128),
        ),
        function(
            "get_native_id",
            "($module, /)",
            "Return a non-negative integer identifying the thread as reported\nby the OS (kernel). This may be used to uniquely identify a\nparticular thread within a system.",
            |th, _| wide(th, host().thread_id() as i128),
        ),
        function(
            "_get_main_thread_ident",
            "($module, /)",
            "Internal only. Return a non-zero integer that uniquely identifies the main thread\nof the main interpreter.",
            |th, _| wide(th, MAIN_IDENT.load(Relaxed) as i128),
        ),
        function(
            "_is_main_interpreter",
            "($module, /)",
            "Return True if the current interpreter is the main Python interpreter.",
            |_, _| Ok(TRUE()),
        ),
        function(
            "daemon_threads_allowed",
            "($module, /)",
            "Return True if daemon threads are allowed in the current interpreter,\nand False otherwise.\n",
            |_, _| Ok(TRUE()),
        ),
        function(
            "_count",
            "($module, /)",
            "Return the number of currently running Python threads, excluding\nthe main thread. The returned number comprises all threads created\nthrough `start_new_thread()` as well as `threading.Thread`, and not\nyet finished.\n\nThis function is meant for internal and specialized purposes only.\nIn most applications `threading.enumerate()` should be used instead.",
            |th, _| Ok(th.int(RUNNING.load(Relaxed) as i64)),
        ),
        function(
            "stack_size",
            "($module, size=0, /)",
            "Return the thread stack size used when creating new threads.  The\noptional size argument specifies the stack size (in bytes) to be used\nfor subsequently created threads, and must be 0 (use platform or\nconfigured default) or a positive integer value of at least 32,768 (32k).\nIf changing the thread stack size is unsupported, a ThreadError\nexception is raised.  If the specified size is invalid, a ValueError\nexception is raised, and the stack size is unmodified.  32k bytes\n currently the minimum supported stack size value to guarantee\nsufficient stack space for the interpreter itself.\n\nNote that some platforms may have particular restrictions on values for\nthe stack size, such as requiring a minimum stack size larger than 32 KiB or\nrequiring allocation in multiples of the system memory page size\n- platform documentation should be referred to for more information\n(4 KiB pages are common; using multiples of 4096 for the stack size is\nthe suggested approach in the absence of more specific information).",
            |th, a| {
                let old = STACK_SIZE.load(Relaxed);
                if let Some(v) = a[0] {
                    let n = size_arg(th, v)?;
                    if n < 0 {
                        return Err(th.value_error("size must be 0 or a positive value"));
                    }
                    if n != 0 && n < 32768 {
                        return Err(th.value_error(format!("size not valid: {n} bytes")));
                    }
                    STACK_SIZE.store(n, Relaxed);
                }
                Ok(th.int(old))
            },
        ),
        function(
            "exit",
            "($module, /)",
            "This is synonymous to ``raise SystemExit''.  It will cause the current\nthread to exit silently unless the exception is caught.",
            |th, _| Err(th.raise_args(&exc::SYSTEM_EXIT, &[])),
        ),
        function("exit_thread", "($module, /)", "An obsolete synonym of exit().", |th, _| {
            Err(th.raise_args(&exc::SYSTEM_EXIT, &[]))
        }),
        function(
            "interrupt_main",
            "($module, signum=signal.SIGINT, /)",
            "Simulate the arrival of the given signal in the main thread,\nwhere the corresponding signal handler will be executed.\nIf *signum* is omitted, SIGINT is assumed.\nA subthread can use this function to interrupt the main thread.\n\nNote: the default signal handler for SIGINT raises ``KeyboardInterrupt``.",
            |th, a| {
                let n = int_or(th, a[0], c::SIGINT)?;
                crate::signal::simulate(th, n)?;
                none()
            },
        ),
        function(
            "_shutdown",
            "($module, /)",
            "Wait for all non-daemon threads (other than the calling thread) to stop.",
            |th, _| {
                handle::join_all(th)?;
                none()
            },
        ),
        function(
            "_make_thread_handle",
            "($module, ident, /)",
            "Internal only. Make a thread handle for threads not spawned\nby the _thread or threading module.",
            |th, a| {
                let v = a[0].unwrap();
                if !(v.is_fix() || v.is_kind(Kind::Int)) {
                    return Err(th.type_error("ident must be an integer"));
                }
                let id = crate::posix::files::u64_arg(th, v)?;
                handle::of_foreign(th, id)
            },
        ),
        function("set_name", "($module, /, name)", "Set the name of the current thread.", |th, a| {
            let v = a[0].unwrap();
            let Some(s) = v.cast::<Str>() else {
                return Err(th.type_error(format!(
                    "set_name() argument 'name' must be str, not {}",
                    th.arg_type_name(v)
                )));
            };
            // What is too long is cut, within a character if need be.
            let text = s.lossy();
            let b = text.split('\0').next().unwrap_or("").as_bytes().to_vec();
            ok(th, host().set_thread_name(&b[..b.len().min(15)]))?;
            none()
        }),
        function("_get_name", "($module, /)", "Get the name of the current thread.", |th, _| {
            let b = host().thread_name().unwrap_or_default();
            fs_decode(th, &b)
        }),
        function("_excepthook", "($module, args, /)", "Handle uncaught Thread.run() exception.", |th, a| {
            let v = a[0].unwrap();
            if !th.isinstance_exact(v, EXCEPT_HOOK_ARGS.type_(th)) {
                return Err(th.type_error("_thread._excepthook argument type must be ExceptHookArgs"));
            }
            excepthook(th, v)?;
            none()
        }),
    ],
    types: &[&LOCK, &RLOCK, &local::LOCAL, &HANDLE, &EXCEPT_HOOK_ARGS.cell],
    init: Some(|th, m| {
        MAIN_IDENT.compare_exchange(0, th.ident as i64, Relaxed, Relaxed).ok();
        m.put(th, "LockType", LOCK.get().value())?;
        m.put(th, "error", exc::RUNTIME_ERROR.get().value())?;
        m.put(th, "_NAME_MAXLEN", Value::fix(15))?;
        m.put(th, "TIMEOUT_MAX", th.float(lock::TIMEOUT_MAX as f64))
    }),
};

static MAIN_IDENT: AtomicI64 = AtomicI64::new(0);
static STACK_SIZE: AtomicI64 = AtomicI64::new(0);
/// Threads started here that have not ended.
static RUNNING: AtomicUsize = AtomicUsize::new(0);
static NEXT_KEY: AtomicI64 = AtomicI64::new(1);

/// Frames of native code are larger than CPython's.
const MIN_STACK: usize = 2 << 20;
const DEFAULT_STACK: usize = if cfg!(debug_assertions) { 16 << 20 } else { 8 << 20 };

fn start_new_thread(th: Th, a: Args) -> R<Value> {
    let (f, args) = (a[0].unwrap(), a[1].unwrap());
    if th.type_of(f).slots.call.is_none() {
        return Err(th.type_error("first arg must be callable"));
    }
    if !args.is_kind(Kind::Tuple) {
        return Err(th.type_error("2nd arg must be a tuple"));
    }
    if let Some(k) = a[2]
        && !k.is_kind(Kind::Dict)
    {
        return Err(th.type_error("optional 3rd arg must be a dictionary"));
    }
    crate::audit(th, "_thread.start_new_thread", &[f, args, a[2].unwrap_or(NONE())])?;
    let s = Arc::new(Shared::new());
    start(th, f, args, a[2], s.clone(), true)?;
    wide(th, s.ident.load(Acquire) as i128)
}

fn pending_starts(th: Th) -> Gc<Dict> {
    match Root::threads.get() {
        Some(d) => d.cast().unwrap(),
        None => {
            let d = Gc::<Dict>::new(th);
            Root::threads.set(Some(d.value()));
            d
        }
    }
}

fn start(th: Th, f: Value, args: Value, kw: Option<Value>, s: Arc<Shared>, daemon: bool) -> R<()> {
    if adder_vm::sys::FINALIZING.load(Acquire) {
        return Err(
            th.raise_msg(&exc::PYTHON_FINALIZATION_ERROR, "can't create new thread at interpreter shutdown")
        );
    }
    if !s.begin() {
        return Err(th.runtime_error("thread already started"));
    }
    let rec = th.try_tuple(&[f, args, kw.unwrap_or(NONE())])?;
    let key = NEXT_KEY.fetch_add(1, Relaxed);
    before_start(th);
    let starts = pending_starts(th);
    starts.set(th, Value::fix(key), rec)?;
    let size = match STACK_SIZE.load(Relaxed) {
        0 => DEFAULT_STACK,
        n => (n as usize).max(MIN_STACK),
    };
    RUNNING.fetch_add(1, Relaxed);
    if !daemon {
        handle::must_join(&s);
    }
    handle::register(&s);
    let child = s.clone();
    let spawned = th.m.blocking(move || {
        let stacks = Stacks::new()?;
        host().spawn_thread(size, Box::new(move || run(key, child, stacks, size))).ok()
    });
    match spawned {
        Some(ident) => {
            s.ident.store(ident, Release);
            Ok(())
        }
        None => {
            RUNNING.fetch_sub(1, Relaxed);
            starts.remove(th, Value::fix(key))?;
            s.failed();
            handle::unregister(&s);
            Err(th.runtime_error("can't start new thread"))
        }
    }
}

/// The life of a thread.
fn run(key: i64, s: Arc<Shared>, stacks: Stacks, size: usize) {
    let base = 0usize;
    let th = Th::attach(stacks, (&raw const base) as usize + 512, size);
    s.ident.store(th.ident, Release);
    s.running();
    body(th, key);
    handle::ending(&s);
    local::thread_ends(th);
    RUNNING.fetch_sub(1, Relaxed);
    // SAFETY: `body` has returned.
    unsafe { th.detach() };
    s.done();
    handle::unregister(&s);
}

#[inline(never)]
fn body(th: Th, key: i64) {
    let starts = pending_starts(th);
    let Ok(Some(rec)) = starts.remove(th, Value::fix(key)) else { return };
    let rec: Gc<Tuple> = rec.cast().unwrap();
    let (f, args, kw) = (rec.items()[0], rec.items()[1], rec.items()[2]);
    if th.guarded(|| th.call_ex(f, args.cast().unwrap(), kw.cast::<Dict>())).is_err() {
        if th.exc_is(&exc::SYSTEM_EXIT) {
            th.take_exc();
        } else {
            adder_vm::unraisable::report(th, Some("in thread started by"), f);
        }
    }
}

/// What `threading.excepthook` does: the traceback to `sys.stderr`.
fn excepthook(th: Th, args: Value) -> R<()> {
    let t: Gc<Tuple> = args.cast().unwrap();
    let (ty, e, tb, thread) = (t.items()[0], t.items()[1], t.items()[2], t.items()[3]);
    if ty.is(exc::SYSTEM_EXIT.get().value()) {
        return Ok(());
    }
    let mut file = adder_vm::builtins::sys_attr(th, n!(stderr))?.and_then(|f| f.some());
    if file.is_none() {
        if thread.is_none() {
            return Ok(());
        }
        file = th.getattr(thread, th.intern("_stderr"))?.some();
    }
    let Some(file) = file else { return Ok(()) };
    let name = match thread.some() {
        Some(x) => th.getattr_opt(x, n!(name))?.map(|v| th.to_str(v)).transpose()?,
        None => None,
    };
    let name = match name {
        Some(v) => th.text(v),
        None => th.ident.to_string(),
    };
    let head = th.str(&format!("Exception in thread {name}:\n"));
    th.call_method(file, n!(write), &[head])?;
    match adder_vm::import::import_module(th, "traceback") {
        Ok(m) => {
            let f = th.getattr(m, th.intern("print_exception"))?;
            th.call_kw(f, &[ty, e, tb], &[("file", file)])?;
        }
        Err(_) => {
            th.take_exc();
            let text = adder_vm::unraisable::traceback_text(th, tb.some())
                + &adder_vm::unraisable::exception_line(th, ty, e);
            let text = th.str(&text);
            th.call_method(file, n!(write), &[text])?;
        }
    }
    let r = th.call_method(file, n!(flush), &[]);
    if r.is_err() {
        th.take_exc();
    }
    Ok(())
}

/// In the child of a fork: this thread is the only one.
pub fn after_fork_child(th: Th) {
    th.after_fork_child();
    adder_vm::sync::after_fork_child();
    MAIN_IDENT.store(th.ident as i64, Relaxed);
    RUNNING.store(0, Relaxed);
    handle::after_fork_child(th);
    crate::signal::after_fork_child(th);
    crate::faulthandler::after_fork_child();
}
/// Whether a thread that runs Python has this ident.
pub fn is_alive(_th: Th, ident: u64) -> bool {
    let mut found = false;
    Th::for_all(|t| found |= t.ident == ident);
    found
}
/// How many other threads there are.
pub fn count_others(_th: Th) -> usize {
    RUNNING.load(Relaxed)
}
