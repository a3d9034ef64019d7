//! Type parameters and aliases (PEP 695, 696): `TypeVar`, `ParamSpec`, `TypeVarTuple`, `TypeAliasType`, `Generic`, and module
//! `_typing`. What they do beyond keeping values is in Python's `typing`, which is imported when it is needed.
//!
//! # Invariants
//! - `TypeVar` and `ParamSpec` begin with the fields of `TypeVarTuple`, so `param` may read what they have in common.
//! - The casts are of receivers of the types' own methods, which only the constructors here make.

use super::generic_alias::{items, ro, type_repr};
use super::typing_docs::*;
use super::{list, union};
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::{Header, Obj, Size, Trace, Tracer};
use std::mem::offset_of;

/// Header flags of a type variable.
const COVARIANT: u8 = flags::K0;
const CONTRAVARIANT: u8 = flags::K1;
const INFER: u8 = flags::K2;

/// A value and the function that computes it: null value, not computed yet; null function, given as a value.
#[repr(C)]
pub struct Lazy {
    value: Slot,
    evaluate: Slot,
}

#[repr(C)]
pub struct TypeVar {
    pub h: Header,
    name: Slot,
    default: Lazy,
    bound: Lazy,
    constraints: Lazy,
}
unsafe impl Layout for TypeVar {
    const KIND: Kind = Kind::TypeVar;
}
/// Begins as a type variable does.
#[repr(C)]
pub struct ParamSpec {
    pub h: Header,
    name: Slot,
    default: Lazy,
    bound: Slot,
}
unsafe impl Layout for ParamSpec {
    const KIND: Kind = Kind::ParamSpec;
}
#[repr(C)]
pub struct TypeVarTuple {
    pub h: Header,
    name: Slot,
    default: Lazy,
}
unsafe impl Layout for TypeVarTuple {
    const KIND: Kind = Kind::TypeVarTuple;
}
#[repr(C)]
pub struct TypeAlias {
    pub h: Header,
    name: Slot,
    /// Null: not generic.
    params: Slot,
    value: Lazy,
    module: Slot,
}
unsafe impl Layout for TypeAlias {
    const KIND: Kind = Kind::TypeAlias;
}
/// `P.args` and `P.kwargs`.
#[repr(C)]
pub struct ParamSpecPart {
    pub h: Header,
    origin: Slot,
}
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    let slots =
        |size: usize| Some((Size::Fixed(size as u32), Trace::Slots { at: 8, n: (size / 8 - 1) as u32 }));
    match k {
        Kind::TypeVar => slots(size_of::<TypeVar>()),
        Kind::ParamSpec => slots(size_of::<ParamSpec>()),
        Kind::TypeVarTuple => slots(size_of::<TypeVarTuple>()),
        Kind::TypeAlias => slots(size_of::<TypeAlias>()),
        Kind::ParamSpecArgs | Kind::ParamSpecKwargs => slots(size_of::<ParamSpecPart>()),
        _ => None,
    }
}

/// Calls a function of Python's `typing`.
pub fn call_typing(th: Th, name: &str, args: &[Value]) -> R<Value> {
    let m = crate::import::import_module(th, "typing")?;
    let f = th.getattr(m, th.intern(name))?;
    th.call(f, args)
}
fn type_check(th: Th, v: Value, msg: &str) -> R<Value> {
    call_typing(th, "_type_check", &[v, th.str(msg)])
}
/// `__name__` of the module whose code is running.
fn caller(th: Th) -> R<Value> {
    match th.frame() {
        Some(f) => Ok(f.globals().get_str(th, n!(__name__))?.unwrap_or(NONE())),
        None => Ok(NONE()),
    }
}
fn no_default() -> Value {
    Root::no_default.value()
}
/// `typing.Unpack[v]`.
fn unpack(th: Th, v: Value) -> R<Value> {
    let m = crate::import::import_module(th, "typing")?;
    let u = th.getattr(m, th.intern("Unpack"))?;
    th.getitem(u, v)
}

/// The lazy value, computed if it was not; None if there is none.
fn force(th: Th, o: Value, l: &Lazy) -> R<Option<Value>> {
    if let Some(v) = l.value.get() {
        return Ok(Some(v));
    }
    let Some(f) = l.evaluate.get() else { return Ok(None) };
    let v = th.call(f, &[Value::fix(1)])?;
    th.store(unsafe { o.cast_unchecked::<Header>() }, &l.value, v);
    Ok(Some(v))
}
/// `evaluate_*`: the function, or one that gives the value.
fn evaluator(th: Th, l: &Lazy) -> R<Value> {
    if let Some(f) = l.evaluate.get() {
        return Ok(f);
    }
    match l.value.get() {
        Some(v) => const_evaluator(th, v),
        None => Ok(NONE()),
    }
}

// -- TypeVar

macro_rules! cast {
    ($f:ident $t:ty) => {
        fn $f(o: Value) -> Gc<$t> {
            unsafe { o.cast_unchecked() }
        }
    };
}
cast! { tv TypeVar }
cast! { ps ParamSpec }
cast! { ta TypeAlias }
cast! { part ParamSpecPart }
/// What the three kinds of type parameters have in common.
fn param(o: Value) -> Gc<TypeVarTuple> {
    unsafe { o.cast_unchecked() }
}
fn flag_of(o: Value, f: u8) -> R<Value> {
    Ok(Value::bool(param(o).flag(f)))
}
fn variance_repr(th: Th, o: Value) -> R<Value> {
    let p = param(o);
    let sign = if p.flag(INFER) {
        ""
    } else if p.flag(COVARIANT) {
        "+"
    } else if p.flag(CONTRAVARIANT) {
        "-"
    } else {
        "~"
    };
    Ok(th.str(&format!("{sign}{}", th.text(p.name.value()))))
}
fn get_default(th: Th, o: Value) -> R<Value> {
    Ok(force(th, o, &param(o).default)?.unwrap_or_else(no_default))
}
fn evaluate_default(th: Th, o: Value) -> R<Value> {
    let d = &param(o).default;
    if d.value.get() == Some(no_default()) && d.evaluate.get().is_none() {
        return Ok(NONE());
    }
    evaluator(th, d)
}
fn has_default(o: Value) -> bool {
    let d = &param(o).default;
    d.evaluate.get().is_some() || d.value.get().is_some_and(|v| !v.is(no_default()))
}
const PARAM_FLAGS: u64 = tflags::IMMUTABLE | tflags::HAS_DICT | tflags::WEAKREF | tflags::HAVE_GC;
const HAS_DEFAULT: NativeDef =
    method("has_default", "($self, /)", "", |_, a| Ok(Value::bool(has_default(a[0].unwrap()))));
const REDUCE: NativeDef =
    method("__reduce__", "($self, /)", "", |_, a| Ok(param(a[0].unwrap()).name.value()));
const fn cannot_subclass(f: NativeFn) -> NativeDef {
    method("__mro_entries__", "($self, object, /)", "", f)
}
/// Instances whose `__module__` is not set in their own dict see the type's.
fn put_module(th: Th, t: Gc<Type>) -> R<()> {
    t.dict_().set(th, n!(__module__), th.intern("typing"))
}

pub static TYPEVAR_TYPE: NativeType = NativeType {
    name: "typing.TypeVar",
    kind: Kind::TypeVar,
    size: size_of::<TypeVar>() as u32,
    flags: PARAM_FLAGS | tflags::SHOWN_AS_HEAP,
    doc: TYPEVAR_DOC,
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&TYPEVAR_NEW, None, None, a)),
        repr: Some(variance_repr),
        or: Some(|th, a, b| union::of(th, &[a, b])),
        ..Slots::NONE
    },
    methods: &[
        method("__typing_subst__", "($self, arg, /)", "", |th, a| {
            call_typing(th, "_typevar_subst", &[a[0].unwrap(), a[1].unwrap()])
        }),
        method("__typing_prepare_subst__", "($self, alias, args, /)", "", prepare_subst),
        REDUCE,
        HAS_DEFAULT,
        cannot_subclass(|th, _| Err(th.type_error("Cannot subclass an instance of TypeVar"))),
    ],
    members: &[ro("__name__", offset_of!(TypeVar, name))],
    getset: &[
        getter("__covariant__", "", |_, o| flag_of(o, COVARIANT)),
        getter("__contravariant__", "", |_, o| flag_of(o, CONTRAVARIANT)),
        getter("__infer_variance__", "", |_, o| flag_of(o, INFER)),
        getter("__bound__", "", |th, o| Ok(force(th, o, &tv(o).bound)?.unwrap_or(NONE()))),
        getter("__constraints__", "", |th, o| Ok(force(th, o, &tv(o).constraints)?.unwrap_or(th.tuple(&[])))),
        getter("__default__", "", get_default),
        getter("evaluate_bound", "", |th, o| evaluator(th, &tv(o).bound)),
        getter("evaluate_constraints", "", |th, o| evaluator(th, &tv(o).constraints)),
        getter("evaluate_default", "", evaluate_default),
    ],
    init: Some(put_module),
    ..NativeType::DEFAULT
};
pub static TYPEVAR: TypeCell = TypeCell::new(&TYPEVAR_TYPE);

fn prepare_subst(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (me, alias, args) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap());
    let params = th.getattr(alias, n!(__parameters__))?;
    let n = th.len(args)?;
    let i = th.index_i64(th.call_method(params, n!(index), &[me])?)? as usize;
    if i < n {
        return Ok(args);
    }
    if i == n && has_default(me) {
        let d = get_default(th, me)?;
        return super::ops::add(th, args, th.tuple(&[d]));
    }
    Err(th.type_error(format!(
        "Too few arguments for {}; actual {n}, expected at least {}",
        th.text(th.repr(alias)?),
        i + 1
    )))
}

/// Name, variance flags.
fn check_name(th: Th, v: Value, fun: &str) -> R<()> {
    if v.is_kind(Kind::Str) {
        return Ok(());
    }
    Err(th.type_error(format!("{fun}() argument 'name' must be str, not {}", th.arg_type_name(v))))
}
fn variance(th: Th, co: Option<Value>, contra: Option<Value>, infer: Option<Value>) -> R<u8> {
    let on = |v: Option<Value>| v.map_or(Ok(false), |v| th.truth(v));
    let (co, contra, infer) = (on(co)?, on(contra)?, on(infer)?);
    if co && contra {
        return Err(th.value_error("Bivariant types are not supported."));
    }
    if infer && (co || contra) {
        return Err(th.value_error("Variance cannot be specified with infer_variance."));
    }
    Ok(co as u8 * COVARIANT | contra as u8 * CONTRAVARIANT | infer as u8 * INFER)
}
fn new_param(th: Th, cell: &TypeCell, name: Value, fl: u8) -> R<Value> {
    let o = super::object::new_instance(th, cell.get())?;
    let p = param(o);
    th.store(p, &p.name, name);
    p.set_flag(fl);
    Ok(o)
}
fn set_caller(th: Th, o: Value) -> R<Value> {
    let m = caller(th)?;
    th.set_instance_attr(o, n!(__module__), Some(m))?;
    Ok(o)
}

static TYPEVAR_NEW: NativeDef = function(
    "typevar",
    "(name, *constraints, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
    "",
    |th, a| {
        let name = a[0].unwrap();
        check_name(th, name, "typevar")?;
        let fl = variance(th, a[3], a[4], a[5])?;
        let bound = match a[1].and_then(|b| b.some()) {
            Some(b) => Some(type_check(th, b, "Bound must be a type.")?),
            None => None,
        };
        let constraints = a[6].unwrap();
        let n = items(constraints).len();
        if n == 1 {
            return Err(th.type_error("A single constraint is not allowed"));
        }
        if n > 0 && bound.is_some() {
            return Err(th.type_error("Constraints cannot be combined with bound=..."));
        }
        let o = new_param(th, &TYPEVAR, name, fl)?;
        let t = tv(o);
        th.store_opt(t, &t.bound.value, bound);
        if n > 0 {
            th.store(t, &t.constraints.value, constraints);
        }
        th.store(t, &t.default.value, a[2].unwrap_or_else(no_default));
        set_caller(th, o)
    },
);

/// `class C[T]`, `[T: bound]`, `[T: (constraint, ...)]`: bound and constraints are functions.
pub fn typevar(th: Th, name: Value, bound: Option<Value>, constraints: Option<Value>) -> R<Value> {
    let o = new_param(th, &TYPEVAR, name, INFER)?;
    let t = tv(o);
    th.store_opt(t, &t.bound.evaluate, bound);
    th.store_opt(t, &t.constraints.evaluate, constraints);
    Ok(o)
}
pub fn paramspec(th: Th, name: Value) -> R<Value> {
    new_param(th, &PARAMSPEC, name, INFER)
}
pub fn typevartuple(th: Th, name: Value) -> R<Value> {
    new_param(th, &TYPEVARTUPLE, name, 0)
}
/// `[T = default]`.
pub fn set_default(th: Th, p: Value, f: Value) -> R<Value> {
    th.store(param(p), &param(p).default.evaluate, f);
    Ok(p)
}

// -- ParamSpec

pub static PARAMSPEC_TYPE: NativeType = NativeType {
    name: "typing.ParamSpec",
    kind: Kind::ParamSpec,
    size: size_of::<ParamSpec>() as u32,
    flags: PARAM_FLAGS | tflags::SHOWN_AS_HEAP,
    doc: PARAMSPEC_DOC,
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&PARAMSPEC_NEW, None, None, a)),
        repr: Some(variance_repr),
        or: Some(|th, a, b| union::of(th, &[a, b])),
        ..Slots::NONE
    },
    methods: &[
        method("__typing_subst__", "($self, arg, /)", "", |th, a| {
            call_typing(th, "_paramspec_subst", &[a[0].unwrap(), a[1].unwrap()])
        }),
        method("__typing_prepare_subst__", "($self, alias, args, /)", "", |th, a| {
            call_typing(th, "_paramspec_prepare_subst", &[a[0].unwrap(), a[1].unwrap(), a[2].unwrap()])
        }),
        HAS_DEFAULT,
        REDUCE,
        cannot_subclass(|th, _| Err(th.type_error("Cannot subclass an instance of ParamSpec"))),
    ],
    members: &[ro("__name__", offset_of!(ParamSpec, name)), ro("__bound__", offset_of!(ParamSpec, bound))],
    getset: &[
        getter("__covariant__", "", |_, o| flag_of(o, COVARIANT)),
        getter("__contravariant__", "", |_, o| flag_of(o, CONTRAVARIANT)),
        getter("__infer_variance__", "", |_, o| flag_of(o, INFER)),
        getter("args", "Represents positional arguments.", |th, o| new_part(th, &PARAMSPEC_ARGS, o)),
        getter("kwargs", "Represents keyword arguments.", |th, o| new_part(th, &PARAMSPEC_KWARGS, o)),
        getter("__default__", "The default value for this ParamSpec.", get_default),
        getter("evaluate_default", "", evaluate_default),
    ],
    init: Some(put_module),
    ..NativeType::DEFAULT
};
pub static PARAMSPEC: TypeCell = TypeCell::new(&PARAMSPEC_TYPE);

static PARAMSPEC_NEW: NativeDef = function(
    "paramspec",
    "(name, *, bound=None, default=typing.NoDefault, covariant=False, contravariant=False, infer_variance=False)",
    "",
    |th, a| {
        check_name(th, a[0].unwrap(), "paramspec")?;
        let fl = variance(th, a[3], a[4], a[5])?;
        // Of any kind: its semantics are not decided.
        let bound = a[1].and_then(|b| b.some());
        let o = new_param(th, &PARAMSPEC, a[0].unwrap(), fl)?;
        th.store_opt(ps(o), &ps(o).bound, bound);
        th.store(ps(o), &ps(o).default.value, a[2].unwrap_or_else(no_default));
        set_caller(th, o)
    },
);

fn new_part(th: Th, cell: &TypeCell, origin: Value) -> R<Value> {
    let o = super::object::new_instance(th, cell.get())?;
    th.store(part(o), &part(o).origin, origin);
    Ok(o)
}
macro_rules! paramspec_part {
    ($t:ident $cell:ident $new:ident $kind:ident $name:literal $fun:literal $attr:literal $doc:ident $msg:literal) => {
        pub static $t: NativeType = NativeType {
            name: $name,
            kind: Kind::$kind,
            size: size_of::<ParamSpecPart>() as u32,
            flags: tflags::IMMUTABLE | tflags::WEAKREF | tflags::HAVE_GC | tflags::SHOWN_AS_HEAP,
            doc: $doc,
            slots: Slots {
                new: Some(|th, _, a| th.call_def(&$new, None, None, a)),
                repr: Some(|th, o| {
                    let origin = part(o).origin.value();
                    let text = match origin.cast::<ParamSpec>() {
                        Some(p) => th.text(p.name.value()),
                        None => th.text(th.repr(origin)?),
                    };
                    Ok(th.str(&format!(concat!("{}.", $attr), text)))
                }),
                richcompare: Some(|th, a, b, op| {
                    if !a.is_kind(Kind::$kind) || !b.is_kind(Kind::$kind) {
                        return Ok(NOT_IMPLEMENTED());
                    }
                    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                        return Ok(NOT_IMPLEMENTED());
                    }
                    super::ops::compare_value(th, part(a).origin.value(), part(b).origin.value(), op)
                }),
                ..Slots::NONE
            },
            methods: &[cannot_subclass(|th, _| Err(th.type_error($msg)))],
            members: &[ro("__origin__", offset_of!(ParamSpecPart, origin))],
            init: Some(put_module),
            ..NativeType::DEFAULT
        };
        pub static $cell: TypeCell = TypeCell::new(&$t);
        static $new: NativeDef = function($fun, "(origin)", "", |th, a| new_part(th, &$cell, a[0].unwrap()));
    };
}
paramspec_part! { ARGS_TYPE PARAMSPEC_ARGS ARGS_NEW ParamSpecArgs "typing.ParamSpecArgs" "paramspecargs" "args" PARAMSPECARGS_DOC "Cannot subclass an instance of ParamSpecArgs" }
paramspec_part! { KWARGS_TYPE PARAMSPEC_KWARGS KWARGS_NEW ParamSpecKwargs "typing.ParamSpecKwargs" "paramspeckwargs" "kwargs" PARAMSPECKWARGS_DOC "Cannot subclass an instance of ParamSpecKwargs" }

// -- TypeVarTuple

pub static TYPEVARTUPLE_TYPE: NativeType = NativeType {
    name: "typing.TypeVarTuple",
    kind: Kind::TypeVarTuple,
    size: size_of::<TypeVarTuple>() as u32,
    flags: PARAM_FLAGS | tflags::SHOWN_AS_HEAP,
    doc: TYPEVARTUPLE_DOC,
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&TYPEVARTUPLE_NEW, None, None, a)),
        repr: Some(|_, o| Ok(param(o).name.value())),
        iter: Some(unpacked_iter),
        ..Slots::NONE
    },
    methods: &[
        method("__typing_subst__", "($self, arg, /)", "", |th, _| {
            Err(th.type_error("Substitution of bare TypeVarTuple is not supported"))
        }),
        method("__typing_prepare_subst__", "($self, alias, args, /)", "", |th, a| {
            call_typing(th, "_typevartuple_prepare_subst", &[a[0].unwrap(), a[1].unwrap(), a[2].unwrap()])
        }),
        REDUCE,
        HAS_DEFAULT,
        cannot_subclass(|th, _| Err(th.type_error("Cannot subclass an instance of TypeVarTuple"))),
    ],
    members: &[ro("__name__", offset_of!(TypeVarTuple, name))],
    getset: &[
        getter("__default__", "The default value for this TypeVarTuple.", get_default),
        getter("evaluate_default", "", evaluate_default),
    ],
    init: Some(put_module),
    ..NativeType::DEFAULT
};
pub static TYPEVARTUPLE: TypeCell = TypeCell::new(&TYPEVARTUPLE_TYPE);

/// `*Ts`: an iterator over `Unpack[Ts]` alone.
fn unpacked_iter(th: Th, o: Value) -> R<Value> {
    let u = unpack(th, o)?;
    th.iter(th.tuple(&[u]))
}
static TYPEVARTUPLE_NEW: NativeDef =
    function("typevartuple", "(name, *, default=typing.NoDefault)", "", |th, a| {
        check_name(th, a[0].unwrap(), "typevartuple")?;
        let o = new_param(th, &TYPEVARTUPLE, a[0].unwrap(), 0)?;
        th.store(param(o), &param(o).default.value, a[1].unwrap_or_else(no_default));
        set_caller(th, o)
    });

// -- type aliases

pub static TYPEALIAS_TYPE: NativeType = NativeType {
    name: "typing.TypeAliasType",
    kind: Kind::TypeAlias,
    size: size_of::<TypeAlias>() as u32,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC,
    doc: TYPEALIASTYPE_DOC,
    slots: Slots {
        new: Some(|th, _, a| th.call_def(&TYPEALIAS_NEW, None, None, a)),
        repr: Some(|_, o| Ok(ta(o).name.value())),
        iter: Some(unpacked_iter),
        or: Some(union::or_checked),
        getitem: Some(|th, o, k| {
            if ta(o).params.get().is_none() {
                return Err(th.type_error("Only generic type aliases are subscriptable"));
            }
            generic_alias(th, o, k)
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "", |_, a| Ok(ta(a[0].unwrap()).name.value()))],
    members: &[ro("__name__", offset_of!(TypeAlias, name))],
    getset: &[
        getter("__parameters__", "", |th, o| match ta(o).params.get() {
            Some(p) => unpack_tuples(th, p),
            None => Ok(th.tuple(&[])),
        }),
        getter("__type_params__", "", |th, o| Ok(ta(o).params.get().unwrap_or(th.tuple(&[])))),
        getter("__value__", "", |th, o| Ok(force(th, o, &ta(o).value)?.unwrap_or(NONE()))),
        getter("evaluate_value", "", |th, o| evaluator(th, &ta(o).value)),
        getter("__module__", "", |th, o| match (ta(o).module.get(), ta(o).value.evaluate.get()) {
            (Some(m), _) => Ok(m),
            (None, Some(f)) => Ok(th.getattr_opt(f, n!(__module__))?.unwrap_or(NONE())),
            _ => Ok(NONE()),
        }),
    ],
    ..NativeType::DEFAULT
};
pub static TYPEALIAS: TypeCell = TypeCell::new(&TYPEALIAS_TYPE);

/// Type parameters with each TypeVarTuple as `Unpack[Ts]`.
fn unpack_tuples(th: Th, params: Value) -> R<Value> {
    if !items(params).iter().any(|p| p.is_kind(Kind::TypeVarTuple)) {
        return Ok(params);
    }
    let l = list::new(th, &[])?;
    for p in items(params) {
        let v = if p.is_kind(Kind::TypeVarTuple) { unpack(th, *p)? } else { *p };
        list::append(th, l, v)?;
    }
    list::snapshot(th, l)
}
fn new_alias(th: Th, name: Value, params: Option<Value>) -> R<Value> {
    let o = super::object::new_instance(th, TYPEALIAS.get())?;
    let a = ta(o);
    th.store(a, &a.name, name);
    th.store_opt(a, &a.params, params.filter(|p| !items(*p).is_empty()));
    Ok(o)
}
static TYPEALIAS_NEW: NativeDef = function("typealias", "(name, value, *, type_params=())", "", |th, a| {
    check_name(th, a[0].unwrap(), "typealias")?;
    if let Some(p) = a[2] {
        if !p.is_kind(Kind::Tuple) {
            return Err(th.type_error("type_params must be a tuple"));
        }
        let mut seen_default = false;
        for x in items(p) {
            if !matches!(x.kind(), Kind::TypeVar | Kind::ParamSpec | Kind::TypeVarTuple) {
                return Err(th.type_error(format!("Expected a type param, got {}", th.text(th.repr(*x)?))));
            }
            if has_default(*x) {
                seen_default = true;
            } else if seen_default {
                return Err(th.type_error(format!(
                    "non-default type parameter '{}' follows default type parameter",
                    th.text(th.repr(*x)?)
                )));
            }
        }
    }
    let m = caller(th)?;
    let o = new_alias(th, a[0].unwrap(), a[2])?;
    th.store(ta(o), &ta(o).value.value, a[1].unwrap());
    th.store_opt(ta(o), &ta(o).module, m.some());
    Ok(o)
});
/// `type X[...] = ...`: `v` is (name, type parameters or None, function that computes the value).
pub fn type_alias(th: Th, v: Value) -> R<Value> {
    let t = items(v);
    let o = new_alias(th, t[0], t[1].some())?;
    th.store(ta(o), &ta(o).value.evaluate, t[2]);
    Ok(o)
}

// -- Generic

pub static GENERIC_TYPE: NativeType = NativeType {
    name: "typing.Generic",
    doc: GENERIC_DOC,
    flags: tflags::BASETYPE | tflags::HAVE_GC | tflags::SHOWN_AS_HEAP,
    methods: &[
        NativeDef::new(
            "__class_getitem__",
            "!()",
            GETITEM_DOC,
            Imp::Raw(|th, a| call_generic(th, "_generic_class_getitem", a)),
            DefKind::ClassMethod,
        ),
        NativeDef::new(
            "__init_subclass__",
            "!!()",
            "Function to initialize subclasses.",
            Imp::Raw(|th, a| call_generic(th, "_generic_init_subclass", a)),
            DefKind::ClassMethod,
        ),
    ],
    init: Some(put_module),
    ..NativeType::DEFAULT
};
pub static GENERIC: TypeCell = TypeCell::new(&GENERIC_TYPE);

fn call_generic(th: Th, name: &str, a: RawArgs) -> R<Value> {
    let m = crate::import::import_module(th, "typing")?;
    let f = th.getattr(m, th.intern(name))?;
    th.call_raw(f, a)
}
/// `Generic[params]` of a class with type parameters.
pub fn subscript_generic(th: Th, params: Value) -> R<Value> {
    let p = unpack_tuples(th, params)?;
    call_typing(th, "_GenericAlias", &[GENERIC.get().value(), p])
}

/// `origin[args]`.
pub fn generic_alias(th: Th, origin: Value, args: Value) -> R<Value> {
    super::generic_alias::make(th, origin, args)
}
pub fn union_or(th: Th, a: Value, b: Value) -> R<Value> {
    union::or_checked(th, a, b)
}
pub fn union_args(v: Value) -> Value {
    union::args(v)
}

// -- the rest of `_typing`

#[repr(C)]
struct ConstEvaluator {
    h: Header,
    value: Slot,
}
cast! { ce ConstEvaluator }
pub static CONST_EVALUATOR_TYPE: NativeType = NativeType {
    name: "_typing._ConstEvaluator",
    kind: Kind::Native,
    size: size_of::<ConstEvaluator>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC | tflags::SHOWN_AS_HEAP,
    doc: "Internal type for implementing evaluation functions.",
    slots: Slots {
        repr: Some(|th, o| {
            let r = th.text(th.repr(ce(o).value.value())?);
            Ok(th.str(&format!("<constevaluator {r}>")))
        }),
        call: Some(const_call),
        ..Slots::NONE
    },
    trace: Some(trace_const),
    text_signature: Some("()"),
    ..NativeType::DEFAULT
};
pub static CONST_EVALUATOR: TypeCell = TypeCell::new(&CONST_EVALUATOR_TYPE);
unsafe fn trace_const(o: Obj, t: &mut Tracer) {
    t.slot(unsafe { (*(o.as_ptr() as *mut ConstEvaluator)).value.as_ptr() });
}
fn const_evaluator(th: Th, v: Value) -> R<Value> {
    let o = super::object::new_instance(th, CONST_EVALUATOR.get())?;
    th.store(ce(o), &ce(o).value, v);
    Ok(o)
}
/// In the format STRING (4), the source text of the value; else the value.
fn const_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("constevaluator.__call__() takes no keyword arguments"));
    }
    if a.len() != 1 {
        return Err(
            th.type_error(format!("constevaluator.__call__() takes exactly 1 argument ({} given)", a.len()))
        );
    }
    let v = ce(o).value.value();
    if th.index_i64(a.pos()[0])? != 4 {
        return Ok(v);
    }
    if v.is_kind(Kind::Tuple) {
        let parts: R<Vec<String>> = items(v).iter().map(|x| type_repr(th, *x)).collect();
        return Ok(th.str(&format!("({})", parts?.join(", "))));
    }
    Ok(th.str(&type_repr(th, v)?))
}

pub static NO_DEFAULT_TYPE: NativeType = NativeType {
    name: "NoDefaultType",
    doc: "The type of the NoDefault singleton.",
    flags: tflags::IMMUTABLE,
    text_signature: Some("()"),
    slots: Slots {
        new: Some(|th, _, a| {
            if !a.is_empty() || a.nkw() != 0 {
                return Err(th.type_error("NoDefaultType takes no arguments"));
            }
            Ok(no_default())
        }),
        repr: Some(|th, _| Ok(th.str("typing.NoDefault"))),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "", |th, _| Ok(th.intern("NoDefault")))],
    init: Some(|th, t| {
        Root::no_default.set(Some(super::object::new_instance(th, t)?));
        Ok(())
    }),
    ..NativeType::DEFAULT
};
pub static NO_DEFAULT: TypeCell = TypeCell::new(&NO_DEFAULT_TYPE);

pub static MODULE: NativeModule = NativeModule {
    name: "_typing",
    doc: "Primitives and accelerators for the typing module.\n",
    functions: &[function("_idfunc", "($module, x, /)", "", |_, a| Ok(a[0].unwrap()))],
    types: &[
        &TYPEVAR,
        &PARAMSPEC,
        &PARAMSPEC_ARGS,
        &PARAMSPEC_KWARGS,
        &TYPEVARTUPLE,
        &TYPEALIAS,
        &GENERIC,
        &super::union::UNION,
    ],
    init: Some(|th, m| m.put(th, "NoDefault", no_default())),
};
