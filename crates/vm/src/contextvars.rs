//! Module `_contextvars` (PEP 567).
//!
//! A context's variables are in a dict that copies of the context share until one of them changes (copy on write): taking
//! a copy costs nothing, the first change after it as much as there are variables.
//!
//! # Invariants
//! - The types cannot be subclassed; `ctx`, `cv` and `tok` are given receivers of their methods, or values after a
//!   test.
//! - Each object begins with its traced words, as many as its `trace` is told; `vars` is always a dict, which is never
//!   changed while `SHARED` says that copies have it too: whether it does is asked, and the dict changed, under the
//!   context's lock, as another thread may copy the context meanwhile. Keys are compared by identity.

use crate::builtins::{self, exceptions as exc, list};
use crate::err::R;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th, ThreadSlot};
use crate::value::*;
use adder_heap::{Header, Obj, Tracer};
use std::mem::offset_of;

#[repr(C)]
pub struct Context {
    pub h: Header,
    /// A dict from variables to values; see [`SHARED`].
    vars: SlotOf<Dict>,
    /// The context to return to, while this one is entered (None if there is none).
    previous: Slot,
}
#[repr(C)]
pub struct ContextVar {
    pub h: Header,
    name: Slot,
    default: Slot,
}
#[repr(C)]
pub struct Token {
    pub h: Header,
    context: Slot,
    var: Slot,
    /// Null: the variable had no value.
    old: Slot,
}
/// The dict belongs to more than one context (header flag of the context).
const SHARED: u8 = flags::K0;
/// The context is entered.
const ENTERED: u8 = flags::K1;
/// The token was used.
const USED: u8 = flags::K0;

macro_rules! cast {
    ($f:ident $t:ty) => {
        fn $f(o: Value) -> Gc<$t> {
            unsafe { o.cast_unchecked() }
        }
    };
}
cast! { ctx Context }
cast! { cv ContextVar }
cast! { tok Token }

unsafe fn trace(o: Obj, t: &mut Tracer, n: usize) {
    for i in 1..=n {
        t.slot(unsafe { (o.as_ptr() as *mut u64).add(i) });
    }
}

pub static CONTEXT_TYPE: NativeType = NativeType {
    name: "_contextvars.Context",
    kind: Kind::Native,
    size: size_of::<Context>() as u32,
    flags: tflags::IMMUTABLE | tflags::WEAKREF | tflags::HAVE_GC,
    slots: Slots {
        new: Some(|th, _, a| {
            if !a.is_empty() || a.nkw() != 0 {
                return Err(th.type_error("Context() does not accept any arguments"));
            }
            Ok(new_context(th, Gc::<Dict>::new(th))?.value())
        }),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(|th, a, b, op| {
            if !is_context(th, b) || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                return Ok(NOT_IMPLEMENTED());
            }
            builtins::ops::compare_value(th, ctx(a).vars.value(), ctx(b).vars.value(), op)
        }),
        iter: Some(|th, o| th.iter(keys(th, o)?)),
        len: Some(|_, o| Ok(vars(ctx(o)).len())),
        getitem: Some(|th, o, k| {
            check_key(th, k)?;
            match vars(ctx(o)).get(th, k)? {
                Some(v) => Ok(v),
                None => Err(th.key_error(k)),
            }
        }),
        contains: Some(|th, o, k| {
            check_key(th, k)?;
            Ok(vars(ctx(o)).get(th, k)?.is_some())
        }),
        ..Slots::NONE
    },
    methods: &[
        method(
            "get",
            "($self, key, default=None, /)",
            "Return the value for `key` if `key` has the value in the context object.\n\nIf `key` does not exist, return `default`.  If `default` is not\ngiven, return None.",
            |th, a| {
                check_key(th, a[1].unwrap())?;
                let v = vars(ctx(a[0].unwrap())).get(th, a[1].unwrap())?;
                Ok(v.or(a[2]).unwrap_or(NONE()))
            },
        ),
        method(
            "items",
            "($self, /)",
            "Return all variables and their values in the context object.\n\nThe result is returned as a list of 2-tuples (variable, value).",
            |th, a| {
                let l = list::new(th, &[])?;
                each(th, a[0].unwrap(), |k, v| list::append(th, l, th.tuple(&[k, v])))?;
                th.iter(l.value())
            },
        ),
        method("keys", "($self, /)", "Return a list of all variables in the context object.", |th, a| {
            th.iter(keys(th, a[0].unwrap())?)
        }),
        method(
            "values",
            "($self, /)",
            "Return a list of all variables' values in the context object.",
            |th, a| {
                let l = list::new(th, &[])?;
                each(th, a[0].unwrap(), |_, v| list::append(th, l, v))?;
                th.iter(l.value())
            },
        ),
        method("copy", "($self, /)", "Return a shallow copy of the context object.", |th, a| {
            copy(th, ctx(a[0].unwrap()))
        }),
        raw_method("run", "!($self, callable, /, *args, **kwargs)", "", run),
    ],
    trace: Some(|o, t| unsafe { trace(o, t, 2) }),
    ..NativeType::DEFAULT
};
pub static CONTEXT: TypeCell = TypeCell::new(&CONTEXT_TYPE);

pub static VAR_TYPE: NativeType = NativeType {
    name: "_contextvars.ContextVar",
    kind: Kind::Native,
    size: size_of::<ContextVar>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&VAR_NEW, None, None, a)),
        repr: Some(var_repr),
        hash: Some(|th, o| Ok(th.hash_address(o))),
        ..Slots::NONE
    },
    methods: &[
        method(
            "get",
            "($self, default=<unrepresentable>, /)",
            "Return a value for the context variable for the current context.\n\nIf there is no value for the variable in the current context, the\nmethod will:\n * return the value of the default argument of the method, if\n   provided; or\n * return the default value for the context variable, if it was\n   created with one; or\n * raise a LookupError.",
            |th, a| {
                let v = cv(a[0].unwrap());
                match lookup(th, v)?.or(a[1]).or(v.default.get()) {
                    Some(x) => Ok(x),
                    None => Err(th.raise_args(&exc::LOOKUP_ERROR, &[v.value()])),
                }
            },
        ),
        method(
            "set",
            "($self, value, /)",
            "Call to set a new value for the context variable in the current context.\n\nThe required value argument is the new value for the context\nvariable.\n\nReturns a Token object that can be used to restore the variable to\nits previous value via the `ContextVar.reset()` method.",
            |th, a| set(th, cv(a[0].unwrap()), a[1].unwrap()),
        ),
        method(
            "reset",
            "($self, token, /)",
            "Reset the context variable.\n\nThe variable is reset to the value it had before the\n`ContextVar.set()` that created the token was used.",
            |th, a| {
                let t = a[1].unwrap();
                if !is_of(th, t, &TOKEN) {
                    return Err(
                        th.type_error(format!("expected an instance of Token, got {}", th.text(th.repr(t)?)))
                    );
                }
                reset(th, cv(a[0].unwrap()), tok(t))
            },
        ),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "ContextVars are generic over the type of their contained values",
            |th, a| builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    members: &[MemberDef {
        name: "name",
        doc: "",
        offset: offset_of!(ContextVar, name) as u32,
        flags: member::READONLY,
    }],
    trace: Some(|o, t| unsafe { trace(o, t, 2) }),
    ..NativeType::DEFAULT
};
pub static VAR: TypeCell = TypeCell::new(&VAR_TYPE);

pub static TOKEN_TYPE: NativeType = NativeType {
    name: "_contextvars.Token",
    kind: Kind::Native,
    size: size_of::<Token>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    slots: Slots {
        new: Some(|th, _, _| Err(th.runtime_error("Tokens can only be created by ContextVars"))),
        repr: Some(|th, o| Ok(th.str(&token_text(th, o)?))),
        hash: Some(crate::slot_defs::hash_not_implemented),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Tokens are generic over the same type as the ContextVar which created them.",
            |th, a| builtins::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
        method("__enter__", "($self, /)", "Enter into Token context manager.", |_, a| Ok(a[0].unwrap())),
        method(
            "__exit__",
            "($self, type, val, tb, /)",
            "Exit from Token context manager, restore the linked ContextVar.",
            |th, a| {
                let t = tok(a[0].unwrap());
                reset(th, cv(t.var.value()), t)
            },
        ),
    ],
    getset: &[
        getter("var", "", |_, o| Ok(tok(o).var.value())),
        getter("old_value", "", |_, o| Ok(tok(o).old.get().unwrap_or(Root::contextvar_missing.value()))),
    ],
    trace: Some(|o, t| unsafe { trace(o, t, 3) }),
    init: Some(|th, t| {
        let m = builtins::object::new_instance(th, th.make_type(&MISSING))?;
        Root::contextvar_missing.set(Some(m));
        t.dict_().set(th, th.intern("MISSING"), m)
    }),
    ..NativeType::DEFAULT
};
pub static TOKEN: TypeCell = TypeCell::new(&TOKEN_TYPE);

pub static MISSING_TYPE: NativeType = NativeType {
    name: "Token.MISSING",
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION,
    slots: Slots { repr: Some(|th, _| Ok(th.str("<Token.MISSING>"))), ..Slots::NONE },
    ..NativeType::DEFAULT
};
pub static MISSING: TypeCell = TypeCell::new(&MISSING_TYPE);

pub static MODULE: NativeModule = NativeModule {
    name: "_contextvars",
    doc: "Context Variables",
    functions: &[function("copy_context", "($module, /)", "", |th, _| {
        let c = current(th)?;
        copy(th, c)
    })],
    types: &[&CONTEXT, &VAR, &TOKEN],
    init: None,
};

fn is_of(th: Th, v: Value, cell: &TypeCell) -> bool {
    v.is_obj() && cell.try_get() == Some(th.type_of(v))
}
fn is_context(th: Th, v: Value) -> bool {
    is_of(th, v, &CONTEXT)
}
fn check_key(th: Th, k: Value) -> R<()> {
    if is_of(th, k, &VAR) {
        return Ok(());
    }
    Err(th.type_error(format!("a ContextVar key was expected, got {}", th.text(th.repr(k)?))))
}
fn vars(c: Gc<Context>) -> Gc<Dict> {
    c.vars.gc()
}
fn each(th: Th, o: Value, mut f: impl FnMut(Value, Value) -> R<()>) -> R<()> {
    let _ = th;
    let d = vars(ctx(o));
    let mut i = 0;
    while let Some((ni, k, v)) = d.next_entry(i) {
        f(k, v)?;
        i = ni;
    }
    Ok(())
}
fn keys(th: Th, o: Value) -> R<Value> {
    let l = list::new(th, &[])?;
    each(th, o, |k, _| list::append(th, l, k))?;
    Ok(l.value())
}

fn new_context(th: Th, d: Gc<Dict>) -> R<Gc<Context>> {
    let o = builtins::object::new_instance(th, th.make_type(&CONTEXT))?;
    th.store(ctx(o), &ctx(o).vars, d);
    Ok(ctx(o))
}
/// The thread's context; it gets an empty one if it has none.
pub fn current(th: Th) -> R<Gc<Context>> {
    let s = &th.slots[ThreadSlot::Context as usize];
    if let Some(c) = s.get() {
        return Ok(ctx(c));
    }
    let c = new_context(th, Gc::<Dict>::new(th))?;
    s.init(Some(c.value()));
    Ok(c)
}
/// A context with the same variables.
pub fn copy(th: Th, c: Gc<Context>) -> R<Value> {
    let n = new_context(th, vars(c))?;
    let _g = th.lock(c);
    c.set_flag(SHARED);
    n.set_flag(SHARED);
    // It may have got another one meanwhile.
    th.store(n, &n.vars, vars(c));
    Ok(n.value())
}
/// Changes the variables.
fn change<T>(th: Th, c: Gc<Context>, f: impl FnOnce(Gc<Dict>) -> R<T>) -> R<T> {
    let _g = th.lock(c);
    if c.flag(SHARED) {
        let d = vars(c).copy(th)?;
        th.store(c, &c.vars, d);
        c.clear_flag(SHARED);
    }
    f(vars(c))
}

/// The variable's value in the thread's context, without defaults.
fn lookup(th: Th, v: Gc<ContextVar>) -> R<Option<Value>> {
    match th.slots[ThreadSlot::Context as usize].get() {
        Some(c) => vars(ctx(c)).get(th, v.value()),
        None => Ok(None),
    }
}
fn set(th: Th, v: Gc<ContextVar>, x: Value) -> R<Value> {
    let c = current(th)?;
    let old = lookup(th, v)?;
    let o = builtins::object::new_instance(th, TOKEN.get())?;
    let t = tok(o);
    th.store(t, &t.context, c.value());
    th.store(t, &t.var, v.value());
    th.store_opt(t, &t.old, old);
    change(th, c, |d| d.set(th, v.value(), x))?;
    Ok(o)
}
fn reset(th: Th, v: Gc<ContextVar>, t: Gc<Token>) -> R<Value> {
    if t.flag(USED) {
        let s = token_text(th, t.value())?;
        return Err(th.runtime_error(format!("{s} has already been used once")));
    }
    if !t.var.value().is(v.value()) {
        let s = token_text(th, t.value())?;
        return Err(th.value_error(format!("{s} was created by a different ContextVar")));
    }
    let c = current(th)?;
    if !t.context.value().is(c.value()) {
        let s = token_text(th, t.value())?;
        return Err(th.value_error(format!("{s} was created in a different Context")));
    }
    t.set_flag(USED);
    let found = change(th, c, |d| match t.old.get() {
        Some(o) => d.set(th, v.value(), o).map(|_| true),
        None => Ok(d.remove(th, v.value())?.is_some()),
    })?;
    if found { Ok(NONE()) } else { Err(th.raise_args(&exc::LOOKUP_ERROR, &[v.value()])) }
}
fn run(th: Th, a: RawArgs) -> R<Value> {
    let c = ctx(a.pos()[0]);
    if a.len() < 2 {
        return Err(th.type_error("run() missing 1 required positional argument"));
    }
    enter(th, c)?;
    let r = th.guarded(|| th.call_raw(a.pos()[1], a.skip(2)));
    leave(th, c);
    r
}
/// Makes `c` the thread's context.
pub fn enter(th: Th, c: Gc<Context>) -> R<()> {
    if c.header().flags.fetch_or(ENTERED, std::sync::atomic::Ordering::AcqRel) & ENTERED != 0 {
        return Err(th.runtime_error(format!(
            "cannot enter context: {} is already entered",
            th.text(th.repr(c.value())?)
        )));
    }
    let s = &th.slots[ThreadSlot::Context as usize];
    th.store_opt(c, &c.previous, s.get());
    s.init(Some(c.value()));
    Ok(())
}
pub fn leave(th: Th, c: Gc<Context>) {
    th.slots[ThreadSlot::Context as usize].init(c.previous.get());
    c.previous.init(None);
    c.clear_flag(ENTERED);
}

static VAR_NEW: NativeDef = function("ContextVar", "(name, /, *, default=<unrepresentable>)", "", |th, a| {
    let name = a[0].unwrap();
    if !name.is_kind(Kind::Str) {
        return Err(th.type_error("context variable name must be a str"));
    }
    th.hash(name)?;
    let o = builtins::object::new_instance(th, VAR.get())?;
    th.store(cv(o), &cv(o).name, name);
    th.store_opt(cv(o), &cv(o).default, a[1]);
    Ok(o)
});
fn var_repr(th: Th, o: Value) -> R<Value> {
    let v = cv(o);
    let mut s = format!("<ContextVar name={}", th.text(th.repr(v.name.value())?));
    if let Some(d) = v.default.get() {
        s += &format!(" default={}", th.text(th.repr(d)?));
    }
    s += &format!(" at {:#x}>", builtins::object::id(th, o));
    Ok(th.str(&s))
}
fn token_text(th: Th, o: Value) -> R<String> {
    let t = tok(o);
    Ok(format!(
        "<Token{} var={} at {:#x}>",
        if t.flag(USED) { " used" } else { "" },
        th.text(th.repr(t.var.value())?),
        builtins::object::id(th, o)
    ))
}
