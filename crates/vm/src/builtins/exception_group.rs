//! `BaseExceptionGroup`, `ExceptionGroup` and what `except*` does with them (PEP 654).
//!
//! Fields of the exception: `f[0]` the message, `f[1]` the tuple of exceptions, `f[2]` the sequence as it was given (whose
//! type repr shows).
//!
//! # Invariants
//! `f[1]` of a group is a tuple of exceptions: `BaseExceptionGroup.__new__` is the only way to an instance, and no
//! attribute sets it. `GROUP` is set once, at start.

use super::exceptions::{BASE_EXCEPTION, EXCEPTION};
use super::list;
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::Th;
use crate::value::*;
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

const fn field(i: usize) -> u32 {
    (offset_of!(BaseException, f) + 8 * i) as u32
}

pub static BASE_GROUP_TYPE: NativeType = NativeType {
    name: "BaseExceptionGroup",
    kind: Kind::BaseException,
    size: size_of::<BaseException>() as u32,
    flags: tflags::BASETYPE
        | tflags::BASE_EXC_SUBCLASS
        | tflags::HAS_DICT
        | tflags::IMMUTABLE
        | tflags::HAVE_GC,
    base: Some(&BASE_EXCEPTION),
    doc: "A combination of multiple unrelated exceptions.",
    slots: Slots { new: Some(new), init: Some(init), str: Some(str), repr: Some(repr), ..Slots::NONE },
    methods: &[
        method("derive", "($self, excs, /)", "", |th, a| {
            let t = BASE_GROUP.get().value();
            th.call(t, &[ex(a[0].unwrap()).f[0].value(), a[1].unwrap()])
        }),
        method("split", "($self, matcher_value, /)", "", |th, a| {
            let m = Matcher::of(th, a[1].unwrap())?;
            let (m, r) = split(th, a[0].unwrap(), &m, true)?;
            Ok(th.tuple(&[Value::opt_or_none(m), Value::opt_or_none(r)]))
        }),
        method("subgroup", "($self, matcher_value, /)", "", |th, a| {
            let m = Matcher::of(th, a[1].unwrap())?;
            Ok(Value::opt_or_none(split(th, a[0].unwrap(), &m, false)?.0))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "Exception groups are generic over the type of their contained exceptions",
            |th, a| super::typing::generic_alias(th, a[0].unwrap(), a[1].unwrap()),
        ),
    ],
    members: &[
        MemberDef {
            name: "message",
            doc: "exception message",
            offset: field(0),
            flags: member::READONLY | member::NONE_IF_NULL,
        },
        MemberDef {
            name: "exceptions",
            doc: "nested exceptions",
            offset: field(1),
            flags: member::READONLY | member::NONE_IF_NULL,
        },
    ],
    ..NativeType::DEFAULT
};
pub static BASE_GROUP: TypeCell = TypeCell::new(&BASE_GROUP_TYPE);
/// A class made at start like a Python one, for it has two bases.
pub static GROUP: TypeCell = TypeCell::new(&BASE_GROUP_TYPE);

/// Makes both types and puts them into `builtins`.
pub fn init_types(th: Th, builtins: Gc<Dict>) -> R<()> {
    let base = th.make_type(&BASE_GROUP).value();
    builtins.set(th, th.intern("BaseExceptionGroup"), base)?;
    let name = th.intern("ExceptionGroup");
    let bases = th.tuple(&[base, EXCEPTION.get().value()]);
    let ns = Gc::<Dict>::new(th);
    ns.set(th, n!(__module__), n!(builtins))?;
    let t = th.call(super::type_::TYPE.get().value(), &[name, bases, ns.value()])?;
    GROUP.set(unsafe { t.cast_unchecked() });
    builtins.set(th, name, t)
}

fn ex(v: Value) -> Gc<BaseException> {
    unsafe { v.cast_unchecked() }
}
pub fn is_group(th: Th, v: Value) -> bool {
    v.is_kind(Kind::BaseException) && th.isinstance_exact(v, BASE_GROUP.get())
}
/// The exceptions in a group.
fn members(g: Value) -> Gc<Tuple> {
    unsafe { ex(g).f[1].gc() }
}

fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    if a.len() != 2 {
        return Err(th.type_error(format!(
            "BaseExceptionGroup.__new__() takes exactly 2 arguments ({} given)",
            a.len()
        )));
    }
    let (msg, excs) = (a.pos()[0], a.pos()[1]);
    if !msg.is_kind(Kind::Str) {
        return Err(th.type_error(format!(
            "BaseExceptionGroup.__new__() argument 1 must be str, not {}",
            th.arg_type_name(msg)
        )));
    }
    if excs.is_kind(Kind::Dict) || th.type_of(excs).slots.getitem.is_none() {
        return Err(th.type_error("second argument (exceptions) must be a sequence"));
    }
    let items = super::tuple::from_iterable(th, excs)?;
    let items: Gc<Tuple> = items.known();
    if items.len == 0 {
        return Err(th.value_error("second argument (exceptions) must be a non-empty sequence"));
    }
    let mut nested_base = false;
    for (i, e) in items.items().iter().enumerate() {
        if !th.is_exception(*e) {
            return Err(
                th.value_error(format!("Item {i} of second argument (exceptions) is not an exception"))
            );
        }
        nested_base |= !th.isinstance_exact(*e, EXCEPTION.get());
    }
    let mut ty: Gc<Type> = t.known();
    if ty == GROUP.get() {
        if nested_base {
            return Err(th.type_error("Cannot nest BaseExceptions in an ExceptionGroup"));
        }
    } else if ty == BASE_GROUP.get() {
        if !nested_base {
            ty = GROUP.get();
        }
    } else if nested_base && th.is_subtype(ty, EXCEPTION.get()) {
        return Err(th.type_error(format!("Cannot nest BaseExceptions in '{}'", th.type_name(ty))));
    }
    let args = th.try_tuple(a.pos())?;
    // Only lists and tuples are sure to look the same later.
    let shown = if excs.is_exact(Kind::List) || excs.is_exact(Kind::Tuple) { excs } else { th.repr(excs)? };
    let o = super::object::new_instance(th, ty)?;
    let e = ex(o);
    th.store(e, &e.args, args.known());
    th.store(e, &e.f[0], msg);
    th.store(e, &e.f[1], items.value());
    th.store(e, &e.f[2], shown);
    Ok(o)
}
fn init(th: Th, o: Value, a: RawArgs) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error(format!("{}() takes no keyword arguments", th.type_of(o).name_str())));
    }
    let args = th.try_tuple(a.pos())?;
    th.store(ex(o), &ex(o).args, args.known());
    Ok(())
}
fn str(th: Th, o: Value) -> R<Value> {
    let n = members(o).len;
    let msg = th.text(ex(o).f[0].value());
    Ok(th.str(&format!("{msg} ({n} sub-exception{})", if n > 1 { "s" } else { "" })))
}
fn repr(th: Th, o: Value) -> R<Value> {
    let e = ex(o);
    let args = e.args.value().known::<Tuple>();
    let list = match e.f[2].get() {
        Some(s) if s.is_kind(Kind::Str) => th.text(s),
        // As it was given, if the arguments still say so.
        Some(_) if args.len == 2 && args.items()[1].is_kind(Kind::List) => {
            let l = list::new(th, members(o).items())?;
            th.text(th.repr(l.value())?)
        }
        _ => th.text(th.repr(e.f[1].value())?),
    };
    let msg = th.text(th.repr(e.f[0].value())?);
    Ok(th.str(&format!("{}({msg}, {list})", th.type_of(o).name_str())))
}

/// What selects exceptions of a group.
enum Matcher {
    /// A class or a tuple of classes.
    Type(Value),
    Callable(Value),
    /// A tuple of exceptions, by identity.
    Instances(Gc<Tuple>),
}
impl Matcher {
    fn of(th: Th, v: Value) -> R<Matcher> {
        if th.is_exception_class(v) {
            return Ok(Matcher::Type(v));
        }
        if let Some(t) = v.exact::<Tuple>()
            && t.items().iter().all(|x| th.is_exception_class(*x))
        {
            return Ok(Matcher::Type(v));
        }
        if th.type_of(v).slots.call.is_some() && !v.is_kind(Kind::Type) {
            return Ok(Matcher::Callable(v));
        }
        Err(th.type_error(
            "expected an exception type, a tuple of exception types, or a callable (other than a class)",
        ))
    }
    fn matches(&self, th: Th, e: Value) -> R<bool> {
        match *self {
            Matcher::Type(t) => super::exceptions::matches(th, e, t),
            Matcher::Callable(f) => {
                let r = th.call(f, &[e])?;
                th.truth(r)
            }
            Matcher::Instances(t) => Ok(!is_group(th, e) && t.items().iter().any(|x| x.is(e))),
        }
    }
}

/// The part of `e` that matches, and if it is wanted the rest; both keep the structure of nested groups.
fn split(th: Th, e: Value, m: &Matcher, want_rest: bool) -> R<(Option<Value>, Option<Value>)> {
    th.check_stack(" in exceptiongroup_split_recursive")?;
    if m.matches(th, e)? {
        return Ok((Some(e), None));
    }
    if !is_group(th, e) {
        return Ok((None, if want_rest { Some(e) } else { None }));
    }
    let (matched, rest) = (list::new(th, &[])?, list::new(th, &[])?);
    for x in members(e).items() {
        let (a, b) = split(th, *x, m, want_rest)?;
        if let Some(a) = a {
            list::append(th, matched, a)?;
        }
        if let Some(b) = b {
            list::append(th, rest, b)?;
        }
    }
    let matched = subset(th, e, matched)?;
    let rest = if want_rest { subset(th, e, rest)? } else { None };
    Ok((matched, rest))
}

/// A group like `orig` with the exceptions of `l` in it; None if there are none.
fn subset(th: Th, orig: Value, l: Gc<List>) -> R<Option<Value>> {
    if l.len.load(Relaxed) == 0 {
        return Ok(None);
    }
    let g = th.call_method(orig, th.intern("derive"), &[l.value()])?;
    if !is_group(th, g) {
        return Err(th.type_error("derive must return an instance of BaseExceptionGroup"));
    }
    let (o, e) = (ex(orig), ex(g));
    th.store_opt(e, &e.traceback, o.traceback.get());
    th.store_opt(e, &e.context, o.context.get());
    th.store_opt(e, &e.cause, o.cause.get());
    e.suppress.store(1, Relaxed);
    if let Some(notes) = th.getattr_opt(orig, n!(__notes__))?
        && th.type_of(notes).slots.getitem.is_some()
    {
        let copy = list::from_iterable(th, notes)?;
        th.setattr(g, n!(__notes__), Some(copy.value()))?;
    }
    Ok(Some(g))
}

fn check_star_type(th: Th, t: Value) -> R<()> {
    let one = |t: Value| -> R<()> {
        if !th.is_exception_class(t) {
            return Err(
                th.type_error("catching classes that do not inherit from BaseException is not allowed")
            );
        }
        Ok(())
    };
    let is_group_class = |t: Value| th.is_subtype(unsafe { t.cast_unchecked() }, BASE_GROUP.get());
    let bad = match t.cast::<Tuple>() {
        Some(tt) => {
            tt.items().iter().try_for_each(|x| one(*x))?;
            tt.items().iter().any(|x| is_group_class(*x))
        }
        None => {
            one(t)?;
            is_group_class(t)
        }
    };
    if bad {
        return Err(th.type_error("catching ExceptionGroup with except* is not allowed. Use except instead."));
    }
    Ok(())
}

/// `except* t:` on `e` (an exception or None): what no clause has taken yet, and what this one takes; None for nothing.
pub fn group_match(th: Th, e: Value, t: Value) -> R<(Value, Value)> {
    check_star_type(th, t)?;
    if e.is_none() {
        return Ok((NONE(), NONE()));
    }
    if super::exceptions::matches(th, e, t)? {
        if is_group(th, e) {
            return Ok((NONE(), e));
        }
        // A bare exception is wrapped; the group's traceback is this frame.
        let t = th.tuple(&[e]);
        let g = th.call(BASE_GROUP.get().value(), &[crate::thread::Root::empty_str.value(), t])?;
        crate::interp::unwind::traceback_here(th, g);
        return Ok((NONE(), g));
    }
    if is_group(th, e) {
        let r = th.call_method(e, th.intern("split"), &[t])?;
        let tn = || th.type_name_of(e);
        let Some(p) = r.cast::<Tuple>() else {
            return Err(th.type_error(format!(
                "{}.split must return a tuple, not {}",
                tn(),
                th.type_name_of(r)
            )));
        };
        if p.len < 2 {
            return Err(th.type_error(format!(
                "{}.split must return a 2-tuple, got tuple of size {}",
                tn(),
                p.len
            )));
        }
        return Ok((p.items()[1], p.items()[0]));
    }
    Ok((e, NONE()))
}
/// The same exception, or a part of it: split off, not raised anew.
fn same_metadata(th: Th, a: Value, b: Value) -> bool {
    if !is_group(th, a) || !is_group(th, b) {
        return false;
    }
    let (x, y) = (ex(a), ex(b));
    x.traceback.get() == y.traceback.get()
        && x.cause.get() == y.cause.get()
        && x.context.get() == y.context.get()
}

fn leaves(th: Th, e: Value, out: Gc<List>) -> R<()> {
    if !is_group(th, e) {
        return list::append(th, out, e);
    }
    th.check_stack(" in collect_exception_group_leaf_ids")?;
    members(e).items().iter().try_for_each(|x| leaves(th, *x, out))
}

/// At the end of a `try`/`except*`: what is raised on, or None. `excs` are the exceptions that the clauses raised and what
/// none of them took (or None).
pub fn prep_reraise_star(th: Th, orig: Value, excs: Value) -> R<Value> {
    let l: Gc<List> = excs.known();
    let items: Gc<Tuple> = list::snapshot(th, l)?.known();
    if !is_group(th, orig) {
        // At most one clause ran.
        return Ok(items.items().first().copied().unwrap_or(NONE()));
    }
    let (raised, reraised) = (list::new(th, &[])?, list::new(th, &[])?);
    for e in items.items().iter().filter(|e| !e.is_none()) {
        if same_metadata(th, *e, orig) {
            leaves(th, *e, reraised)?;
        } else {
            list::append(th, raised, *e)?;
        }
    }
    let again = if reraised.len.load(Relaxed) == 0 {
        None
    } else {
        let ids: Gc<Tuple> = list::snapshot(th, reraised)?.known();
        split(th, orig, &Matcher::Instances(ids), false)?.0
    };
    if raised.len.load(Relaxed) == 0 {
        return Ok(Value::opt_or_none(again));
    }
    if let Some(g) = again {
        list::append(th, raised, g)?;
    }
    if raised.len.load(Relaxed) > 1 {
        let t = BASE_GROUP.get().value();
        return th.call(t, &[crate::thread::Root::empty_str.value(), raised.value()]);
    }
    let t: Gc<Tuple> = list::snapshot(th, raised)?.known();
    Ok(t.items()[0])
}
