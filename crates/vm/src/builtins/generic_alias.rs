//! `types.GenericAlias`: `list[int]` and the like (PEP 585), and the substitution of type parameters that unions and
//! aliases share.
//!
//! # Invariants
//! `ga` is given receivers of the type's methods and values that were found to be aliases; `args` and `parameters` are
//! tuples. `items` borrows a tuple that is on the caller's stack or kept by an alias that is.

use super::list;
use crate::builtins::exceptions as exc;
use crate::err::R;
use crate::interp::call::Gather;
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_heap::{Header, Obj, Size, Trace, Tracer};
use std::mem::offset_of;

#[repr(C)]
pub struct GenericAlias {
    pub h: Header,
    pub origin: Slot,
    /// A tuple.
    pub args: Slot,
    /// Tuple of type variables, once it was asked for.
    pub parameters: Slot,
    /// True for `*tuple[int]`, else null.
    pub starred: Slot,
}
unsafe impl Layout for GenericAlias {
    const KIND: Kind = Kind::GenericAlias;
}
pub fn layout(k: Kind) -> Option<(Size, Trace)> {
    match k {
        Kind::GenericAlias => {
            Some((Size::Fixed(size_of::<GenericAlias>() as u32), Trace::Slots { at: 8, n: 4 }))
        }
        _ => None,
    }
}

pub static ALIAS_TYPE: NativeType = NativeType {
    name: "types.GenericAlias",
    kind: Kind::GenericAlias,
    size: size_of::<GenericAlias>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::WEAKREF | tflags::HAVE_GC,
    doc: "Represent a PEP 585 generic type\n\nFor example, for t = list[int], t.__origin__ is list and t.__args__\nis (int,).",
    text_signature: Some("(origin, args, /)"),
    slots: Slots {
        new: Some(new),
        repr: Some(repr),
        hash: Some(|th, o| {
            let a = ga(o);
            Ok(fix_hash(th.hash(a.origin.value())? ^ th.hash(a.args.value())?))
        }),
        call: Some(call),
        getattro: Some(getattro),
        richcompare: Some(compare),
        iter: Some(|th, o| {
            let it = super::object::new_instance(th, ALIAS_ITER.get())?;
            th.store(aliter(it), &aliter(it).alias, o);
            Ok(it)
        }),
        or: Some(super::union::or_checked),
        getitem: Some(getitem),
        ..Slots::NONE
    },
    methods: &[
        method("__mro_entries__", "($self, object, /)", "", |th, a| {
            Ok(th.tuple(&[ga(a[0].unwrap()).origin.value()]))
        }),
        method("__instancecheck__", "($self, object, /)", "", |th, _| {
            Err(th.type_error("isinstance() argument 2 cannot be a parameterized generic"))
        }),
        method("__subclasscheck__", "($self, object, /)", "", |th, _| {
            Err(th.type_error("issubclass() argument 2 cannot be a parameterized generic"))
        }),
        method("__reduce__", "($self, /)", "", |th, a| {
            let g = ga(a[0].unwrap());
            if g.starred.get().is_some() {
                let plain = with_args(th, g, g.args.value(), false)?;
                let it = th.iter(plain)?;
                let next = super::builtin(th, "next")?;
                return Ok(th.tuple(&[next, th.tuple(&[it])]));
            }
            let t = th.type_of(g.value()).value();
            Ok(th.tuple(&[t, th.tuple(&[g.origin.value(), g.args.value()])]))
        }),
        method("__dir__", "($self, /)", "", dir),
    ],
    members: &[
        ro("__origin__", offset_of!(GenericAlias, origin)),
        ro("__args__", offset_of!(GenericAlias, args)),
    ],
    getset: &[
        getter("__unpacked__", "", |_, o| Ok(Value::bool(ga(o).starred.get().is_some()))),
        getter("__parameters__", "Type variables in the GenericAlias.", |th, o| parameters_of(th, ga(o))),
        getter("__typing_unpacked_tuple_args__", "", |_, o| {
            let a = ga(o);
            let star = a.starred.get().is_some() && a.origin.value().is(super::tuple::TUPLE.get().value());
            Ok(if star { a.args.value() } else { NONE() })
        }),
    ],
    ..NativeType::DEFAULT
};
pub static ALIAS: TypeCell = TypeCell::new(&ALIAS_TYPE);

pub const fn ro(name: &'static str, offset: usize) -> MemberDef {
    MemberDef { name, doc: "", offset: offset as u32, flags: member::READONLY | member::NONE_IF_NULL }
}

/// Iterator over an alias: yields its starred form, once.
#[repr(C)]
struct AliasIter {
    h: Header,
    alias: Slot,
}
fn aliter(o: Value) -> Gc<AliasIter> {
    unsafe { o.cast_unchecked() }
}
pub static ALIAS_ITER_TYPE: NativeType = NativeType {
    name: "generic_alias_iterator",
    kind: Kind::Native,
    size: size_of::<AliasIter>() as u32,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::HAVE_GC,
    slots: Slots {
        iter: Some(|_, o| Ok(o)),
        iternext: Some(|th, o| {
            let Some(a) = aliter(o).alias.get() else { return Ok(None) };
            aliter(o).alias.init(None);
            with_args(th, ga(a), ga(a).args.value(), true).map(Some)
        }),
        ..Slots::NONE
    },
    methods: &[method("__reduce__", "($self, /)", "", |th, a| {
        let iter = super::builtin(th, "iter")?;
        let arg = aliter(a[0].unwrap()).alias.get().unwrap_or(th.tuple(&[]));
        Ok(th.tuple(&[iter, th.tuple(&[arg])]))
    })],
    trace: Some(trace_iter),
    ..NativeType::DEFAULT
};
pub static ALIAS_ITER: TypeCell = TypeCell::new(&ALIAS_ITER_TYPE);
unsafe fn trace_iter(o: Obj, t: &mut Tracer) {
    t.slot(unsafe { (*(o.as_ptr() as *mut AliasIter)).alias.as_ptr() });
}

pub fn ga(o: Value) -> Gc<GenericAlias> {
    unsafe { o.cast_unchecked() }
}
fn fix_hash(h: i64) -> i64 {
    if h == -1 { -2 } else { h }
}
pub fn items(t: Value) -> &'static [Value] {
    unsafe { &*(t.cast_unchecked::<Tuple>().items() as *const [Value]) }
}
fn as_tuple(th: Th, v: Value) -> Value {
    if v.is_kind(Kind::Tuple) { v } else { th.tuple(&[v]) }
}

/// `origin[args]`.
pub fn make(th: Th, origin: Value, args: Value) -> R<Value> {
    make_of(th, ALIAS.get(), origin, args, false)
}
fn make_of(th: Th, t: Gc<Type>, origin: Value, args: Value, starred: bool) -> R<Value> {
    let args = as_tuple(th, args);
    let o = super::object::new_instance(th, t)?;
    let a = ga(o);
    th.store(a, &a.origin, origin);
    th.store(a, &a.args, args);
    if starred {
        a.starred.init(Some(TRUE()));
    }
    Ok(o)
}
fn with_args(th: Th, a: Gc<GenericAlias>, args: Value, starred: bool) -> R<Value> {
    make_of(th, ALIAS.get(), a.origin.value(), args, starred)
}
fn new(th: Th, t: Value, a: RawArgs) -> R<Value> {
    if a.nkw() != 0 {
        return Err(th.type_error("GenericAlias() takes no keyword arguments"));
    }
    if a.len() != 2 {
        return Err(th.type_error(format!("GenericAlias expected 2 arguments, got {}", a.len())));
    }
    make_of(th, t.known(), a.pos()[0], a.pos()[1], false)
}

/// How types appear in the repr of aliases and unions.
pub fn type_repr(th: Th, v: Value) -> R<String> {
    if v.is(ELLIPSIS()) {
        return Ok("...".into());
    }
    if v.is(super::singletons::NONE_TYPE.get().value()) {
        return Ok("None".into());
    }
    let plain = |th: Th| -> R<String> { Ok(th.text(th.repr(v)?)) };
    if th.getattr_opt(v, n!(__origin__))?.is_some() && th.getattr_opt(v, n!(__args__))?.is_some() {
        return plain(th);
    }
    let Some(q) = th.getattr_opt(v, n!(__qualname__))? else { return plain(th) };
    let Some(m) = th.getattr_opt(v, n!(__module__))?.and_then(|m| m.some()) else { return plain(th) };
    let (q, m) = (th.text(th.to_str(q)?), th.text(th.to_str(m)?));
    Ok(if m == "builtins" { q } else { format!("{m}.{q}") })
}
fn repr(th: Th, o: Value) -> R<Value> {
    th.check_stack(" while getting the repr of an object")?;
    let a = ga(o);
    let mut s = String::new();
    if a.starred.get().is_some() {
        s.push('*');
    }
    s += &type_repr(th, a.origin.value())?;
    s.push('[');
    let args = items(a.args.value());
    for (i, x) in args.iter().enumerate() {
        if i > 0 {
            s += ", ";
        }
        if let Some(l) = x.exact::<List>() {
            // A list of parameter types.
            let t = list::snapshot(th, l)?;
            let parts: R<Vec<String>> = items(t).iter().map(|y| type_repr(th, *y)).collect();
            s += &format!("[{}]", parts?.join(", "));
        } else {
            s += &type_repr(th, *x)?;
        }
    }
    if args.is_empty() {
        s += "()";
    }
    s.push(']');
    Ok(th.str(&s))
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !a.is_kind(Kind::GenericAlias)
        || !b.is_kind(Kind::GenericAlias)
        || !matches!(op, CmpOp::Eq | CmpOp::Ne)
    {
        return Ok(NOT_IMPLEMENTED());
    }
    let (x, y) = (ga(a), ga(b));
    let eq = x.starred.get() == y.starred.get()
        && th.eq(x.origin.value(), y.origin.value())?
        && th.eq(x.args.value(), y.args.value())?;
    Ok(Value::bool(eq == (op == CmpOp::Eq)))
}
fn call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    let v = th.call_raw(ga(o).origin.value(), a)?;
    if th.setattr(v, n!(__orig_class__), Some(o)).is_err() {
        if !th.exc_is(&exc::ATTRIBUTE_ERROR) && !th.exc_is(&exc::TYPE_ERROR) {
            return Err(crate::err::Raised);
        }
        th.take_exc();
    }
    Ok(v)
}

/// Attributes of the alias itself; all others are its origin's.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];
/// Attributes that it does not have though its origin does.
const BLOCKED: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

fn getattro(th: Th, o: Value, name: Value) -> R<Value> {
    if let Some(s) = name.cast::<Str>() {
        let b = s.bytes();
        if !OWN.iter().chain(BLOCKED).any(|x| x.as_bytes() == b) {
            return th.getattr(ga(o).origin.value(), name);
        }
    }
    crate::attr::object_getattro(th, o, name)
}
fn dir(th: Th, a: &[Option<Value>]) -> R<Value> {
    // The origin may be such an alias itself.
    th.check_stack("")?;
    let f = super::builtin(th, "dir")?;
    let l = th.call(f, &[ga(a[0].unwrap()).origin.value()])?;
    let l = list::from_iterable(th, l)?;
    for n in OWN {
        let n = th.intern(n);
        if !th.contains(l.value(), n)? {
            list::append(th, l, n)?;
        }
    }
    Ok(l.value())
}

// -- type parameters

fn parameters_of(th: Th, a: Gc<GenericAlias>) -> R<Value> {
    if let Some(p) = a.parameters.get() {
        return Ok(p);
    }
    let p = collect_parameters(th, items(a.args.value()))?;
    th.store(a, &a.parameters, p);
    Ok(p)
}

fn add_once(th: Th, l: Gc<List>, v: Value) -> R<()> {
    let t = list::snapshot(th, l)?;
    if items(t).iter().any(|x| x.is(v)) { Ok(()) } else { list::append(th, l, v) }
}
fn items_of(th: Th, v: Value) -> R<Option<Value>> {
    Ok(match v.exact::<List>() {
        Some(l) => Some(list::snapshot(th, l)?),
        None => v.exact::<Tuple>().map(|t| t.value()),
    })
}
/// The type variables in `args`, each once, in order.
pub fn collect_parameters(th: Th, args: &[Value]) -> R<Value> {
    let l = list::new(th, &[])?;
    for a in args {
        if a.is_kind(Kind::Type) {
            continue;
        }
        if let Some(t) = items_of(th, *a)? {
            th.check_stack("")?;
            for p in items(collect_parameters(th, items(t))?) {
                add_once(th, l, *p)?;
            }
            continue;
        }
        if th.getattr_opt(*a, n!(__typing_subst__))?.is_some() {
            add_once(th, l, *a)?;
        } else if let Some(p) = th.getattr_opt(*a, n!(__parameters__))?
            && p.is_kind(Kind::Tuple)
        {
            for x in items(p) {
                add_once(th, l, *x)?;
            }
        }
    }
    list::snapshot(th, l)
}

/// `*tuple[int, str]` among the arguments counts as its items.
fn unpack_args(th: Th, item: Value) -> R<Value> {
    let item = as_tuple(th, item);
    let mut g = Gather::new();
    for x in items(item) {
        if !x.is_kind(Kind::Type)
            && let Some(sub) = th.getattr_opt(*x, n!(__typing_unpacked_tuple_args__))?
            && sub.is_kind(Kind::Tuple)
            && !items(sub).last().is_some_and(|l| l.is(ELLIPSIS()))
        {
            g.extend(th, items(sub))?;
        } else {
            g.push(th, *x)?;
        }
    }
    th.try_tuple(g.as_slice())
}

/// `args` with the type variables `params` replaced by `item`; `whole` is what is subscripted, for messages.
pub fn substitute(th: Th, whole: Value, args: Value, params: Value, item: Value) -> R<Value> {
    let n = items(params).len();
    if n == 0 {
        return Err(th.type_error(format!("{} is not a generic class", th.text(th.repr(whole)?))));
    }
    let mut item = unpack_args(th, item)?;
    for p in items(params) {
        if let Some(f) = th.getattr_opt(*p, n!(__typing_prepare_subst__))?
            && !f.is_none()
        {
            let it = as_tuple(th, item);
            item = th.call(f, &[whole, it])?;
        }
    }
    let given = as_tuple(th, item);
    let m = items(given).len();
    if m != n {
        return Err(th.type_error(format!(
            "Too {} arguments for {}; actual {m}, expected {}{n}",
            if m > n { "many" } else { "few" },
            th.text(th.repr(whole)?),
            if m > n { "" } else { "at least " }
        )));
    }
    subst_items(th, items(args), items(params), items(given))
}
fn subst_items(th: Th, args: &[Value], params: &[Value], given: &[Value]) -> R<Value> {
    let mut g = Gather::new();
    for a in args {
        if a.is_kind(Kind::Type) {
            g.push(th, *a)?;
            continue;
        }
        if let Some(t) = items_of(th, *a)? {
            th.check_stack("")?;
            let t = subst_items(th, items(t), params, given)?;
            let v = if a.is_kind(Kind::List) { list::new(th, items(t))?.value() } else { t };
            g.push(th, v)?;
            continue;
        }
        let unpack = match th.getattr_opt(*a, n!(__typing_is_unpacked_typevartuple__))? {
            Some(v) => th.truth(v)?,
            None => false,
        };
        let v = match th.getattr_opt(*a, n!(__typing_subst__))? {
            Some(f) if !f.is_none() => {
                // An argument may have become a parameter after they were collected.
                let Some(i) = params.iter().position(|p| p.is(*a)) else {
                    let text = th.text(th.repr(*a)?);
                    return Err(th.type_error(format!("{text} not found in __parameters__")));
                };
                th.call(f, &[given[i]])?
            }
            _ => subst_within(th, *a, params, given)?,
        };
        if unpack {
            if !v.is_kind(Kind::Tuple) {
                return Err(th.type_error(format!(
                    "expected __typing_subst__ of {} objects to return a tuple, not {}",
                    th.type_name_of(*a),
                    th.type_name_of(v)
                )));
            }
            g.extend(th, items(v))?;
        } else {
            g.push(th, v)?;
        }
    }
    th.try_tuple(g.as_slice())
}
/// An argument that is generic itself: subscripted with what its parameters stand for.
fn subst_within(th: Th, o: Value, params: &[Value], given: &[Value]) -> R<Value> {
    let Some(sub) = th.getattr_opt(o, n!(__parameters__))? else { return Ok(o) };
    if !sub.is_kind(Kind::Tuple) || items(sub).is_empty() {
        return Ok(o);
    }
    let mut g = Gather::new();
    for p in items(sub) {
        match params.iter().position(|x| x.is(*p)) {
            Some(i) if th.type_of(params[i]).slots.iter.is_some() && given[i].is_kind(Kind::Tuple) => {
                g.extend(th, items(given[i]))?
            }
            Some(i) => g.push(th, given[i])?,
            None => g.push(th, *p)?,
        }
    }
    let key = th.try_tuple(g.as_slice())?;
    th.getitem(o, key)
}
fn getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let a = ga(o);
    let params = parameters_of(th, a)?;
    let args = substitute(th, o, a.args.value(), params, k)?;
    with_args(th, a, args, a.starred.get().is_some())
}
