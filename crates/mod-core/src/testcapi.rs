//! `_testcapi` and `_testinternalcapi`: what CPython's tests ask of its C API and its insides, as far as it has a
//! meaning without them. Functions of every calling convention, calls from native code, sizes of C's types, events that
//! native code fires, how exceptions are printed, where attributes are kept. Other names are absent, and tests of what
//! only CPython has fail or skip themselves.
//!
//! # Invariants
//! The casts are of classes that a `new` slot got and of tuples that were made in the same line.

use crate::native_layout;
use adder_vm::builtins::exceptions as exc;
use adder_vm::err::R;
use adder_vm::interp::events;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::shape::shape;
use adder_vm::slots::Slots;
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;

type Args<'a> = &'a [Option<Value>];

fn this_module(th: Th) -> R<Value> {
    adder_vm::import::import_module(th, "_testcapi")
}

// -- functions of every calling convention: each returns its receiver and what it was given

fn receiver_and(th: Th, me: Value, rest: &[Option<Value>]) -> R<Value> {
    let mut v = vec![me]; // gc-safe: values that the caller's frame holds
    v.extend(rest.iter().flatten());
    Ok(th.tuple(&v))
}
/// As `PyDict` is NULL there when a call has no keywords.
fn with_keywords(th: Th, me: Value, args: Value, kw: Option<Value>) -> R<Value> {
    let none = kw.is_none_or(|k| k.cast::<Dict>().is_none_or(|d| d.len() == 0));
    if none { Ok(th.tuple(&[me, args, NONE()])) } else { Ok(th.tuple(&[me, args, kw.unwrap()])) }
}

/// The six of them, by a way to declare one and a way to get at the receiver.
macro_rules! conventions {
    ($declare:ident, $me:literal, $n:literal, |$th:ident, $a:ident| $receiver:expr) => {
        &[
            $declare("meth_varargs", concat!("!(", $me, "*args)"), "", |$th, $a| {
                receiver_and($th, $receiver, &$a[$n..])
            }),
            $declare("meth_varargs_keywords", concat!("!(", $me, "*args, **kwargs)"), "", |$th, $a| {
                with_keywords($th, $receiver, $a[$n].unwrap(), $a[$n + 1])
            }),
            $declare("meth_o", concat!("!(", $me, "arg, /)"), "", |$th, $a| {
                receiver_and($th, $receiver, &$a[$n..])
            }),
            $declare("meth_noargs", concat!("!(", $me, "/)"), "", |$th, $a| {
                let _ = ($th, $a);
                Ok($receiver)
            }),
            $declare("meth_fastcall", concat!("!(", $me, "*args)"), "", |$th, $a| {
                receiver_and($th, $receiver, &$a[$n..])
            }),
            $declare("meth_fastcall_keywords", concat!("!(", $me, "*args, **kwargs)"), "", |$th, $a| {
                with_keywords($th, $receiver, $a[$n].unwrap(), $a[$n + 1])
            }),
        ]
    };
}

fn make(th: Th, t: Value, _: RawArgs) -> R<Value> {
    adder_vm::builtins::object::new_instance(th, t.known())
}
macro_rules! convention_type {
    ($cell:ident, $def:ident, $name:literal, $doc:literal, $methods:expr) => {
        static $def: NativeType = NativeType {
            name: concat!("_testcapi.", $name),
            doc: $doc,
            slots: Slots { new: Some(make), ..Slots::NONE },
            methods: $methods,
            ..NativeType::DEFAULT
        };
        static $cell: TypeCell = TypeCell::new(&$def);
    };
}
convention_type!(
    METH_INSTANCE,
    METH_INSTANCE_TYPE,
    "MethInstance",
    "Class with normal (instance) methods to test calling conventions",
    conventions!(method, "$self, ", 1, |th, a| a[0].unwrap())
);
convention_type!(
    METH_CLASS,
    METH_CLASS_TYPE,
    "MethClass",
    "Class with class methods to test calling conventions",
    conventions!(classmethod, "$type, ", 1, |th, a| a[0].unwrap())
);
convention_type!(
    METH_STATIC,
    METH_STATIC_TYPE,
    "MethStatic",
    "Class with static methods to test calling conventions",
    conventions!(staticmethod, "", 0, |th, a| NONE())
);
static MODULE_FUNCTIONS: &[NativeDef] = conventions!(function, "$module, ", 0, |th, a| this_module(th)?);

// -- calls from native code

/// Positional arguments of a call; None: none.
fn arguments(th: Th, v: Value) -> R<Vec<Value>> // gc-safe: items of a tuple that the caller's frame holds
{
    match v.cast::<Tuple>() {
        Some(t) => Ok(t.items().to_vec()),
        None if v.is_none() => Ok(Vec::new()),
        None => Err(th.type_error("args must be None or a tuple")),
    }
}
fn fastcalldict(th: Th, a: Args) -> R<Value> {
    let mut all = arguments(th, a[1].unwrap())?;
    let kw = a.get(2).copied().flatten().and_then(|k| k.some());
    let mut names = Vec::new(); // gc-safe: keys of a dict that the caller's frame holds
    if let Some(k) = kw {
        let Some(d) = k.cast::<Dict>() else {
            return Err(th.type_error("kwnames must be None or a dict"));
        };
        let mut at = 0;
        while let Some((next, name, value)) = d.next_entry(at) {
            names.push(name);
            all.push(value);
            at = next;
        }
    }
    let names = if names.is_empty() { None } else { Some(th.tuple(&names).known()) };
    th.call_raw(a[0].unwrap(), RawArgs::with_kw(&all, names))
}
fn vectorcall(th: Th, a: Args) -> R<Value> {
    let all = arguments(th, a[1].unwrap())?;
    let names = match a[2].unwrap() {
        v if v.is_none() => None,
        v => match v.cast::<Tuple>() {
            Some(t) if t.len <= all.len() => Some(t).filter(|t| t.len > 0),
            Some(_) => return Err(th.value_error("kwnames longer than args")),
            None => return Err(th.type_error("kwnames must be None or a tuple")),
        },
    };
    th.call_raw(a[0].unwrap(), RawArgs::with_kw(&all, names))
}

// -- exceptions

fn new_exception(th: Th, a: Args) -> R<Value> {
    let name = th.text(a[0].unwrap());
    let Some((module, class)) = name.rsplit_once('.') else {
        return Err(th.system_error("PyErr_NewException: name must be module.class"));
    };
    let given = |i: usize| a[i].and_then(|v| v.some());
    let d = match given(3) {
        None => Gc::<Dict>::new(th),
        Some(v) => match v.cast::<Dict>() {
            Some(d) => d,
            None => return Err(th.system_error("bad argument to internal function")),
        },
    };
    if let Some(doc) = given(1) {
        d.set(th, th.intern("__doc__"), doc)?;
    }
    if d.get_str(th, th.intern("__module__"))?.is_none() {
        d.set(th, th.intern("__module__"), th.str(module))?;
    }
    let base = given(2).unwrap_or(exc::EXCEPTION.get().value());
    let bases = if base.cast::<Tuple>().is_some() { base } else { th.tuple(&[base]) };
    let meta = adder_vm::builtins::type_::TYPE.get().value();
    th.call(meta, &[th.str(class), bases, d.value()])
}
/// Whether an exception (or a class of them) matches what an `except` would name.
fn matches(th: Th, e: Value, what: Value) -> bool {
    if let Some(t) = what.cast::<Tuple>() {
        return (0..t.len).any(|i| matches(th, e, t.items()[i]));
    }
    let class = if e.is_kind(Kind::BaseException) { th.type_of(e).value() } else { e };
    match (class.cast::<Type>(), what.cast::<Type>()) {
        (Some(c), Some(w)) => th.is_subtype(c, w),
        _ => class.is(what),
    }
}
// -- events that native code fires (PEP 669, `PyMonitoring_*`)

const STATES: usize = 16;
native_layout! { CodeLike { unused; n: Plain<u32>, tools: [Plain<u8>; STATES] } }

static CODE_LIKE_TYPE: NativeType = NativeType {
    name: "_testcapi.CodeLike",
    kind: Kind::Native,
    size: CodeLike::SIZE,
    doc: "CodeLike type",
    slots: Slots {
        new: Some(|th, t, a| {
            let n = match a.pos() {
                [n] if a.nkw() == 0 => th.index_i64(*n)?,
                _ => return Err(th.type_error("CodeLike() takes exactly one argument")),
            };
            if !(0..=STATES as i64).contains(&n) {
                return Err(th.value_error(format!("CodeLike() has at most {STATES} events")));
            }
            let o = make(th, t, a)?;
            CodeLike::of(o).n.set(n as u32);
            Ok(o)
        }),
        repr: Some(|th, o| {
            let c = CodeLike::of(o);
            let s = format!("[{}]", vec!["0"; c.n.get() as usize].join(", "));
            Ok(th.str(&format!("CodeLike: {s}")))
        }),
        ..Slots::NONE
    },
    trace: Some(CodeLike::trace),
    ..NativeType::DEFAULT
};
static CODE_LIKE: TypeCell = TypeCell::new(&CODE_LIKE_TYPE);

fn code_like(th: Th, v: Option<Value>) -> R<Gc<CodeLike>> {
    let v = v.unwrap();
    if th.type_of(v) != CODE_LIKE.get() {
        return Err(th.type_error(format!("expected a code-like, got {}", th.type_name_of(v))));
    }
    Ok(CodeLike::of(v))
}
fn enter_scope(th: Th, a: Args) -> R<Value> {
    let c = code_like(th, a[0])?;
    let events: Gc<Tuple> = a[1].unwrap().known();
    if events.len > c.n.get() as usize {
        return Err(th.value_error("too many events"));
    }
    for i in 0..events.len {
        let e = th.index_i64(events.items()[i])?;
        c.tools[i].set(events::user_tools(e as usize));
    }
    Ok(NONE())
}
/// Tells the tools that are active at `offset` of the event. `e`: the exception it is about.
fn fire(th: Th, a: Args, event: usize, args: &[Value], e: Option<Value>) -> R<Value> {
    let c = code_like(th, a[0])?;
    let at = th.index_i64(a[1].unwrap())?;
    if !(0..i64::from(c.n.get())).contains(&at) {
        return Err(th.value_error("offset out of range"));
    }
    let state = &c.tools[at as usize];
    if state.get() == 0 {
        return Ok(NONE());
    }
    if e.is_some_and(|e| e.is_none()) {
        return Err(th.value_error(format!("Firing event {event} with no exception set")));
    }
    let mut all = [a[0].unwrap(); 6];
    all[1] = a[1].unwrap();
    all[2..2 + args.len()].copy_from_slice(args);
    let n = 2 + args.len();
    let disabled = events::fire(th, event, state.get(), &all[..n])?;
    state.set(state.get() & !disabled);
    Ok(NONE())
}
use adder_vm::interp::instrument::ev;

macro_rules! fires {
    ($($name:literal $sig:literal $event:ident $n:literal $exception:literal;)*) => {
        &[$(function($name, $sig, "", |th, a| {
            let v: Vec<Value> = a[2..].iter().map(|x| x.unwrap_or(NONE())).collect(); // gc-safe: the caller's frame
            fire(th, a, ev::$event, &v[..$n], if $exception { Some(v[0]) } else { None })
        }),)*]
    };
}
static FIRE: &[NativeDef] = fires! {
    "fire_event_py_start" "!($module, codelike, offset, /)" PY_START 0 false;
    "fire_event_py_resume" "!($module, codelike, offset, /)" PY_RESUME 0 false;
    "fire_event_py_return" "!($module, codelike, offset, retval, /)" PY_RETURN 1 false;
    "fire_event_py_yield" "!($module, codelike, offset, retval, /)" PY_YIELD 1 false;
    "fire_event_call" "!($module, codelike, offset, callable, arg0, /)" CALL 2 false;
    "fire_event_jump" "!($module, codelike, offset, target_offset, /)" JUMP 1 false;
    "fire_event_branch_right" "!($module, codelike, offset, target_offset, /)" BRANCH_RIGHT 1 false;
    "fire_event_branch_left" "!($module, codelike, offset, target_offset, /)" BRANCH_LEFT 1 false;
    "fire_event_py_throw" "!($module, codelike, offset, exception, /)" PY_THROW 1 true;
    "fire_event_raise" "!($module, codelike, offset, exception, /)" RAISE 1 true;
    "fire_event_c_raise" "!($module, codelike, offset, callable, arg, /)" C_RAISE 2 false;
    "fire_event_c_return" "!($module, codelike, offset, callable, arg, /)" C_RETURN 2 false;
    "fire_event_reraise" "!($module, codelike, offset, exception, /)" RERAISE 1 true;
    "fire_event_exception_handled" "!($module, codelike, offset, exception, /)" EXCEPTION_HANDLED 1 true;
    "fire_event_py_unwind" "!($module, codelike, offset, exception, /)" PY_UNWIND 1 true;
};

// -- the modules

const CAPI: &[NativeDef] = &[
    function("pyobject_fastcalldict", "!($module, func, args, kwargs, /)", "", fastcalldict),
    function("pyobject_vectorcall", "!($module, func, args, kwnames, /)", "", vectorcall),
    function("pyvectorcall_call", "!($module, func, args, kwargs=None, /)", "", fastcalldict),
    function("exception_print", "!($module, exc, legacy=False, /)", "", |th, a| {
        let e = a[0].unwrap();
        let tb = e.cast::<BaseException>().and_then(|x| x.traceback.any());
        adder_vm::sys::display::display(th, e, Value::opt_or_none(tb));
        Ok(NONE())
    }),
    function("traceback_print", "!($module, traceback, file, /)", "", |th, a| {
        let tb = a[0].unwrap();
        if !tb.is_kind(Kind::Traceback) {
            return Err(th.system_error("bad argument to internal function"));
        }
        let text = adder_vm::sys::traceback::render_traceback(th, tb);
        th.call_method(a[1].unwrap(), th.intern("write"), &[th.str(&text)])?;
        Ok(NONE())
    }),
    function("raise_exception", "!($module, exception, num_args, /)", "", |th, a| {
        let n = th.index_i64(a[1].unwrap())?;
        let v: Vec<Value> = (0..n).map(Value::fix).collect(); // gc-safe: small integers
        let e = th.call(a[0].unwrap(), &v)?;
        if !e.is_kind(Kind::BaseException) {
            return Err(th.system_error(format!(
                "_PyErr_SetObject: exception {} is not a BaseException subclass",
                th.text(th.repr(e)?)
            )));
        }
        Err(th.set_exc(e))
    }),
    function("raise_memoryerror", "!($module, /)", "", |th, _| Err(th.memory_error())),
    function(
        "make_exception_with_doc",
        "!($module, /, name, doc=None, base=None, dict=None)",
        "",
        new_exception,
    ),
    function("err_givenexceptionmatches", "!($module, err, exc, /)", "", |th, a| {
        Ok(Value::fix(matches(th, a[0].unwrap(), a[1].unwrap()) as i64))
    }),
    function("err_writeunraisable", "!($module, exc, obj, /)", "", |th, a| {
        adder_vm::unraisable::report_with(th, a[0].unwrap(), NONE(), a[1].unwrap());
        Ok(NONE())
    }),
    function("config_get", "!($module, name, /)", "", |th, a| {
        let name = th.text(a[0].unwrap());
        let c = adder_vm::config::get();
        let b = Value::bool;
        Ok(match name.as_str() {
            "code_debug_ranges" => b(!c.no_debug_ranges),
            "dev_mode" => b(c.dev_mode),
            "faulthandler" => b(c.faulthandler),
            "inspect" => b(c.inspect),
            "interactive" => b(c.interactive),
            "isolated" => b(c.isolated),
            "quiet" => b(c.quiet),
            "safe_path" => b(c.safe_path),
            "site_import" => b(!c.no_site),
            "use_environment" => b(!c.ignore_environment),
            "use_frozen_modules" => b(c.frozen_modules),
            "user_site_directory" => b(!c.no_user_site),
            "write_bytecode" => b(!c.dont_write_bytecode),
            "buffered_stdio" => b(!c.unbuffered),
            "optimization_level" => Value::fix(c.optimize as i64),
            "parser_debug" => b(c.debug != 0),
            "verbose" => Value::fix(c.verbose as i64),
            "bytes_warning" => Value::fix(c.bytes_warning as i64),
            "int_max_str_digits" => Value::fix(c.int_max_str_digits as i64),
            "executable" => th.str(&c.executable),
            "prefix" => th.str(&c.prefix),
            "exec_prefix" => th.str(&c.exec_prefix),
            "base_prefix" => th.str(&c.base_prefix),
            "base_exec_prefix" => th.str(&c.base_exec_prefix),
            "platlibdir" => th.str(&c.platlibdir),
            "stdlib_dir" => th.str(&c.stdlib_dir),
            _ => return Err(th.value_error(format!("unknown config option name: {name}"))),
        })
    }),
    function("fire_event_line", "!($module, codelike, offset, lineno, /)", "", |th, a| {
        // The line stands for the offset.
        let c = code_like(th, a[0])?;
        let at = th.index_i64(a[1].unwrap())?;
        if !(0..i64::from(c.n.get())).contains(&at) {
            return Err(th.value_error("offset out of range"));
        }
        let state = &c.tools[at as usize];
        let disabled = events::fire(th, ev::LINE, state.get(), &[a[0].unwrap(), a[2].unwrap()])?;
        state.set(state.get() & !disabled);
        Ok(NONE())
    }),
    function("fire_event_stop_iteration", "!($module, codelike, offset, exception, /)", "", |th, a| {
        let v = a[2].unwrap();
        let e = match v.cast::<BaseException>() {
            Some(_) if th.is_subtype(th.type_of(v), exc::STOP_ITERATION.get()) => v,
            _ => th.call(exc::STOP_ITERATION.get().value(), &[v])?,
        };
        fire(th, a, ev::STOP_ITERATION, &[e], Some(e))
    }),
    function("monitoring_enter_scope", "!($module, codelike, /, *events)", "", enter_scope),
    function("monitoring_exit_scope", "!($module, /)", "", |_, _| Ok(NONE())),
];

pub static TESTCAPI: NativeModule = NativeModule {
    name: "_testcapi",
    doc: "",
    functions: CAPI,
    types: &[&METH_INSTANCE, &METH_CLASS, &METH_STATIC, &CODE_LIKE],
    init: Some(|th, m| {
        for f in MODULE_FUNCTIONS.iter().chain(FIRE) {
            let v = th.native_function(f, None, Some(m.value()));
            m.put(th, f.name, v)?;
        }
        for (name, v) in [
            ("CHAR_MAX", i8::MAX as i64),
            ("CHAR_MIN", i8::MIN as i64),
            ("UCHAR_MAX", u8::MAX as i64),
            ("SHRT_MAX", i16::MAX as i64),
            ("SHRT_MIN", i16::MIN as i64),
            ("USHRT_MAX", u16::MAX as i64),
            ("INT_MAX", i32::MAX as i64),
            ("INT_MIN", i32::MIN as i64),
            ("UINT_MAX", u32::MAX as i64),
            ("LONG_MAX", i64::MAX),
            ("LONG_MIN", i64::MIN),
            ("LLONG_MAX", i64::MAX),
            ("LLONG_MIN", i64::MIN),
            ("PY_SSIZE_T_MAX", i64::MAX),
            ("PY_SSIZE_T_MIN", i64::MIN),
            ("SIZEOF_WCHAR_T", 4),
            ("SIZEOF_VOID_P", 8),
            ("SIZEOF_TIME_T", 8),
            ("SIZEOF_PID_T", 4),
            ("Py_single_input", 256),
            ("Py_file_input", 257),
            ("Py_eval_input", 258),
        ] {
            let v = th.int(v);
            m.put(th, name, v)?;
        }
        for name in ["ULONG_MAX", "ULLONG_MAX", "SIZE_MAX"] {
            let v = th.uint(u64::MAX);
            m.put(th, name, v)?;
        }
        for (name, v) in [
            ("FLT_MAX", f32::MAX as f64),
            ("FLT_MIN", f32::MIN_POSITIVE as f64),
            ("DBL_MAX", f64::MAX),
            ("DBL_MIN", f64::MIN_POSITIVE),
        ] {
            let v = th.float(v);
            m.put(th, name, v)?;
        }
        // There is one heap, the collector's; NaNs are as IEEE 754 recommends; native stacks grow downwards.
        for (name, v) in [
            ("WITH_PYMALLOC", false),
            ("WITH_MIMALLOC", false),
            ("nan_msb_is_signaling", false),
            ("_Py_STACK_GROWS_DOWN", true),
        ] {
            m.put(th, name, Value::bool(v))?;
        }
        Ok(())
    }),
};

/// Types that CPython has no heap objects for: the builtin ones, base before subclass.
fn static_types(th: Th, _: Args) -> R<Value> {
    let out = adder_vm::builtins::list::new(th, &[adder_vm::builtins::object::OBJECT.get().value()])?;
    let mut i = 0;
    while i < out.len() {
        let t = out.get(i).expect("not shrinking");
        i += 1;
        let below =
            th.call_method(adder_vm::builtins::type_::TYPE.get().value(), th.intern("__subclasses__"), &[t])?;
        let below: Gc<List> = below.known();
        for k in 0..below.len() {
            let Some(s) = below.get(k) else { break };
            let Some(ty) = s.cast::<Type>() else { continue };
            let builtin = !ty.heap_type() && !ty.has(tflags::SHOWN_AS_HEAP);
            if builtin && !(0..out.len()).any(|j| out.get(j).is_some_and(|o| o.is(s))) {
                adder_vm::builtins::list::append(th, out, s)?;
            }
        }
    }
    Ok(out.value())
}

pub static INTERNAL: NativeModule = NativeModule {
    name: "_testinternalcapi",
    doc: "",
    functions: &[
        function("has_inline_values", "!($module, obj, /)", "", |_, a| {
            // Attributes in the object itself (or its overflow array), not in a dict.
            let o = a[0].unwrap();
            let yes = o.is_obj() && {
                let s = shape(o.shape_id());
                s.ext_at != 0 && s.ext_at != adder_vm::shape::EXT_VAR && !s.dict_mode && s.type_.heap_type()
            };
            Ok(Value::bool(yes))
        }),
        function("get_recursion_depth", "!($module, /)", "", |th, _| Ok(Value::fix(th.depth() as i64))),
        function("get_static_builtin_types", "!($module, /)", "", static_types),
        function("dict_getitem_knownhash", "!($module, mp, key, hash, /)", "", |th, a| {
            let Some(d) = a[0].unwrap().cast::<Dict>() else {
                return Err(th.system_error("bad argument to internal function"));
            };
            let hash = th.index_i64(a[2].unwrap())?;
            match d.get_hashed(th, a[1].unwrap(), hash)? {
                Some(v) => Ok(v),
                None => Err(th.key_error(a[1].unwrap())),
            }
        }),
    ],
    types: &[],
    init: Some(|th, m| {
        // How often code must run before it is sure to have all its caches filled, or to have emptied them.
        for (name, v) in [("SPECIALIZATION_THRESHOLD", 2), ("SPECIALIZATION_COOLDOWN", 53)] {
            m.put(th, name, Value::fix(v))?;
        }
        Ok(())
    }),
};
