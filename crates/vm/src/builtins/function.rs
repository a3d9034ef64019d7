//! Python functions.
//!
//! # Invariants
//! - Slots of a function hold what `Function` says: `code` a code object bound to `globals`, `closure` null or a tuple
//!   of cells as long as the code's free variables; setters test it.
//! - A fresh function's slots are all written before the next allocation.

use crate::err::R;
use crate::interp::call::Gather;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_bytecode::{CodeFlags, Op};
use std::sync::atomic::{AtomicU64, Ordering::*};

pub static FUNCTION_TYPE: NativeType = NativeType {
    name: "function",
    kind: Kind::Function,
    size: size_of::<Function>() as u32,
    flags: tflags::IMMUTABLE | tflags::METHOD_DESCRIPTOR | tflags::WEAKREF,
    text_signature: Some("(code, globals, name=None, argdefs=None, closure=None,\n         kwdefaults=None)"),
    doc: "Create a function object.\n\n  code\n    a code object\n  globals\n    the globals dictionary\n  name\n    a string that overrides the name from the code object\n  argdefs\n    a tuple that specifies the default argument values\n  closure\n    a tuple that supplies the bindings for free variables\n  kwdefaults\n    a dictionary that specifies the default keyword argument values",
    slots: Slots {
        repr: Some(repr),
        call: Some(|th, f, a| th.call_function(fun(f), None, a)),
        descr_get: Some(descr_get),
        new: Some(function_new),
        ..Slots::NONE
    },
    getset: &[
        getset("__code__", "", |_, o| Ok(canonical(fun(o).code.gc()).value()), set_code),
        getset("__defaults__", "", |_, o| Ok(Value::opt_or_none(fun(o).defaults.any())), set_defaults),
        getset("__kwdefaults__", "", |_, o| Ok(Value::opt_or_none(fun(o).kwdefaults.any())), set_kwdefaults),
        getset(
            "__name__",
            "",
            |_, o| Ok(fun(o).name.value()),
            |th, o, v| set_str(th, o, &fun(o).name, v, "__name__"),
        ),
        getset(
            "__qualname__",
            "",
            |_, o| Ok(fun(o).qualname.value()),
            |th, o, v| set_str(th, o, &fun(o).qualname, v, "__qualname__"),
        ),
        getset("__doc__", "", doc, |th, o, v| set_opt(th, o, &fun(o).doc, Some(v.unwrap_or(NONE())))),
        getset(
            "__module__",
            "",
            |_, o| Ok(Value::opt_or_none(fun(o).module.get())),
            |th, o, v| set_opt(th, o, &fun(o).module, v),
        ),
        getset(
            "__dict__",
            "",
            |th, o| Ok(th.instance_dict(o)?.expect("a function has a dict").value()),
            crate::builtins::descr::set_dict,
        ),
        getset(
            "__annotations__",
            "Dict of annotations in a function object.",
            crate::builtins::annotations::function_get,
            crate::builtins::annotations::function_set,
        ),
        getset(
            "__annotate__",
            "Get the code object for a function.",
            crate::builtins::annotations::function_get_annotate,
            crate::builtins::annotations::function_set_annotate,
        ),
        getset(
            "__type_params__",
            "Get the declared type parameters for a function.",
            |th, o| Ok(fun(o).type_params.get().unwrap_or(th.tuple(&[]))),
            set_type_params,
        ),
    ],
    members: &[
        MemberDef {
            name: "__globals__",
            doc: "",
            offset: std::mem::offset_of!(Function, globals) as u32,
            flags: member::READONLY,
        },
        MemberDef {
            name: "__closure__",
            doc: "",
            offset: std::mem::offset_of!(Function, closure) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "__builtins__",
            doc: "",
            offset: std::mem::offset_of!(Function, builtins) as u32,
            flags: member::READONLY | member::NONE_IF_NULL,
        },
    ],
    ..NativeType::DEFAULT
};
pub static FUNCTION: TypeCell = TypeCell::new(&FUNCTION_TYPE);

fn fun(v: Value) -> Gc<Function> {
    unsafe { v.cast_unchecked() }
}
/// The code object that Python code sees.
pub fn canonical(c: Gc<Code>) -> Gc<Code> {
    c.canonical.get().unwrap_or(c)
}

/// Makes the dict a namespace for functions: cell mode and an id of its own.
pub fn prepare_globals(th: Th, d: Gc<Dict>) -> R<()> {
    static IDS: AtomicU64 = AtomicU64::new(1);
    if d.owner.get().is_none() {
        d.make_cells(th)?;
        d.owner.init(Some(Value::fix(IDS.fetch_add(1, Relaxed) as i64)));
    }
    Ok(())
}

/// The builtins that code with these globals sees: a dict or other mapping.
pub fn builtins_of(th: Th, globals: Gc<Dict>) -> R<Option<Value>> {
    Ok(match globals.get_str(th, n!(__builtins__))? {
        Some(m) if m.is_kind(Kind::Module) => Some(m.known::<Module>().dict.value()),
        Some(v) => Some(v),
        // As whoever makes the function.
        None => th.frame().and_then(|f| f.func.builtins.get()).or(Root::builtins_dict.get()),
    })
}

/// `__doc__`: what it was set to, else the code's docstring, which may have to be loaded.
fn doc(th: Th, f: Value) -> R<Value> {
    if let Some(d) = fun(f).doc.get() {
        return Ok(d);
    }
    let c: Gc<Code> = fun(f).code.gc();
    if c.flags & CodeFlags::HAS_DOCSTRING == 0 {
        return Ok(NONE());
    }
    crate::builtins::code::load(th, c)?;
    Ok(c.consts.gc().slot(0).value())
}

/// A function of `code` with `globals`.
pub fn new(th: Th, code: Gc<Code>, globals: Gc<Dict>) -> R<Gc<Function>> {
    prepare_globals(th, globals)?;
    of_bound(th, crate::builtins::code::bind(th, code, globals)?, globals)
}
/// The same of code that belongs to the namespace, or to none.
fn of_bound(th: Th, code: Gc<Code>, globals: Gc<Dict>) -> R<Gc<Function>> {
    let module = globals.get_str(th, n!(__name__))?;
    let builtins = builtins_of(th, globals)?;
    Ok(th.object(Function {
        h: Function::head(),
        code: SlotOf::new(code),
        globals: SlotOf::new(globals),
        builtins: Slot::opt(builtins),
        defaults: SlotOf::null(),
        kwdefaults: SlotOf::null(),
        closure: SlotOf::null(),
        name: Slot::opt(code.name.any()),
        qualname: Slot::opt(code.qualname.any()),
        module: Slot::opt(module),
        doc: Slot::null(), // see `doc`
        annotations: Slot::null(),
        annotate: Slot::null(),
        type_params: Slot::null(),
        dict: SlotOf::null(),
    }))
}

fn repr(th: Th, o: Value) -> R<Value> {
    let id = crate::builtins::object::id(th, o);
    Ok(th.str(&format!("<function {} at {id:#x}>", th.text(fun(o).qualname.value()))))
}
fn descr_get(th: Th, f: Value, o: Option<Value>, _t: Value) -> R<Value> {
    match o {
        Some(o) => Ok(th.method(f, o)),
        None => Ok(f),
    }
}
fn set_opt(th: Th, o: Value, s: &Slot, v: Option<Value>) -> R<()> {
    th.store_opt(fun(o), s, v);
    Ok(())
}
fn set_str(th: Th, o: Value, s: &Slot, v: Option<Value>, name: &str) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Str) => {
            th.store(fun(o), s, v);
            Ok(())
        }
        _ => Err(th.type_error(format!("{name} must be set to a string object"))),
    }
}
fn set_type_params(th: Th, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) if v.is_kind(Kind::Tuple) => {
            th.store(fun(o), &fun(o).type_params, v);
            Ok(())
        }
        _ => Err(th.type_error("__type_params__ must be set to a tuple")),
    }
}
fn set_code(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(c) = v.and_then(|v| v.cast::<Code>()) else {
        return Err(th.type_error("__code__ must be set to a code object"));
    };
    audit_set(th, o, "__code__", Some(c.value()))?;
    let f = fun(o);
    let nclosure = f.closure.get().map_or(0, |t| t.len);
    if c.nfrees as usize != nclosure {
        return Err(th.value_error(format!(
            "{}() requires a code object with {nclosure} free vars, not {}",
            th.text(f.name.value()),
            c.nfrees
        )));
    }
    let kind = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    if (f.code.gc().flags ^ c.flags) & kind != 0 {
        crate::warn::warn(
            th,
            &crate::builtins::exceptions::DEPRECATION_WARNING,
            "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)",
            1,
        )?;
    }
    let c = crate::builtins::code::bind(th, c, f.globals.gc())?;
    th.store(f, &f.code, c);
    // Traces take the code of constant functions for constant.
    crate::jit::watch::invalidate_all(adder_metatrace::counters::Counter::InvalidAll);
    Ok(())
}
fn audit_set(th: Th, o: Value, name: &str, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => crate::sys::audit::audit(th, "object.__setattr__", &[o, th.intern(name), v]),
        None => crate::sys::audit::audit(th, "object.__delattr__", &[o, th.intern(name)]),
    }
}
fn set_defaults(th: Th, o: Value, v: Option<Value>) -> R<()> {
    audit_set(th, o, "__defaults__", v)?;
    match v.and_then(|v| v.some()) {
        None => fun(o).defaults.init(None),
        Some(v) => match v.cast() {
            Some(t) => th.store(fun(o), &fun(o).defaults, t),
            None => return Err(th.type_error("__defaults__ must be set to a tuple object")),
        },
    }
    Ok(())
}
fn set_kwdefaults(th: Th, o: Value, v: Option<Value>) -> R<()> {
    audit_set(th, o, "__kwdefaults__", v)?;
    match v.and_then(|v| v.some()) {
        None => fun(o).kwdefaults.init(None),
        Some(v) => match v.cast() {
            Some(d) => th.store(fun(o), &fun(o).kwdefaults, d),
            None => return Err(th.type_error("__kwdefaults__ must be set to a dict object")),
        },
    }
    Ok(())
}
static NEW_SIG: NativeDef = function(
    "function",
    "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
    "",
    |th, a| {
        let (code, globals) = (a[0].unwrap(), a[1].unwrap());
        let Some(c) = code.cast::<Code>() else {
            return Err(th.type_error(format!(
                "function() argument 'code' must be code, not {}",
                th.arg_type_name(code)
            )));
        };
        let Some(g) = globals.cast::<Dict>() else {
            return Err(th.type_error(format!(
                "function() argument 'globals' must be dict, not {}",
                th.arg_type_name(globals)
            )));
        };
        let opt = |i: usize| a[i].and_then(|v| v.some());
        if opt(2).is_some_and(|v| !v.is_kind(Kind::Str)) {
            return Err(th.type_error("arg 3 (name) must be None or string"));
        }
        if opt(3).is_some_and(|v| !v.is_kind(Kind::Tuple)) {
            return Err(th.type_error("arg 4 (defaults) must be None or tuple"));
        }
        let n = c.nfrees as usize;
        match opt(4) {
            Some(t) if !t.is_kind(Kind::Tuple) => {
                return Err(th.type_error(if n == 0 {
                    "arg 5 (closure) must be None or tuple"
                } else {
                    "arg 5 (closure) must be tuple"
                }));
            }
            None if n != 0 => return Err(th.type_error("arg 5 (closure) must be tuple")),
            Some(t) if t.known::<Tuple>().len != n => {
                return Err(th.value_error(format!(
                    "{} requires closure of length {n}, not {}",
                    th.text(c.name.value()),
                    t.known::<Tuple>().len
                )));
            }
            Some(t) => {
                for x in t.known::<Tuple>().items() {
                    if !x.is_kind(Kind::Cell) {
                        return Err(th.type_error(format!(
                            "arg 5 (closure) expected cell, found {}",
                            th.type_name_of(*x)
                        )));
                    }
                }
            }
            None => {}
        }
        if opt(5).is_some_and(|v| !v.is_kind(Kind::Dict)) {
            return Err(th.type_error("arg 6 (kwdefaults) must be None or dict"));
        }
        let f = new(th, c, g)?;
        if let Some(v) = opt(2) {
            th.store(f, &f.name, v);
        }
        th.store_opt(f, &f.defaults, opt(3).map(Value::known));
        th.store_opt(f, &f.closure, opt(4).map(Value::known));
        th.store_opt(f, &f.kwdefaults, opt(5).map(Value::known));
        Ok(f.value())
    },
);
fn function_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    th.call_def(&NEW_SIG, None, None, a)
}

/// Runs a code object as a module or class body: `locals` is its namespace.
pub fn run_code(
    th: Th,
    code: Gc<Code>,
    globals: Gc<Dict>,
    locals: Value,
    closure: Option<Value>,
) -> R<Value> {
    let f = match crate::builtins::code::unbound(th, code, globals)? {
        Some(c) => of_bound(th, c, globals)?,
        None => new(th, code, globals)?,
    };
    f.closure.init(closure.map(Value::known));
    th.check_stack("")?;
    th.may_run_python()?;
    make_room(th, code, locals)?;
    let regs = th.free_regs();
    let fl = crate::thread::fflags::ENTRY | crate::thread::fflags::LOCALS;
    let nf = unsafe { th.push_frame(f, regs, None, RawArgs::EMPTY, fl) }?;
    nf.locals.init(Some(locals));
    th.run_entry()
}

/// Room in an exact dict for what a module or class body will put into it: growing step by step takes as much memory
/// again.
pub fn make_room(th: Th, code: Gc<Code>, namespace: Value) -> R<()> {
    let Some(d) = namespace.exact::<Dict>() else { return Ok(()) };
    crate::builtins::code::load(th, code)?;
    // SAFETY: loaded code has its data as long as it lives.
    let code = unsafe { &(*code.data).code };
    let stores = [Op::StoreName as u8, Op::StoreGlobal as u8];
    let stored = code.iter().filter(|i| stores.contains(&i.op_byte())).count();
    // Else it has run there before.
    if stored > d.len() { d.reserve(th, d.len() + stored) } else { Ok(()) }
}

#[allow(unused)]
fn _u() {
    let _ = Gather::new();
}
