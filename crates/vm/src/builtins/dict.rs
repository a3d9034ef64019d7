//! `dict`: the type and its methods, over [`super::dict_table`]. Views and iterators are in `dict_views`.
//!
//! # Invariants
//! A cell is complete before its address is given away, and never moves.

use super::dict_table::{DictTable, hash_key};
use super::dict_views as views;
use super::iters::Items;
use super::util::*;
use crate::builtins::exceptions as exc;
use crate::err::{R, Raised};
use crate::n;
use crate::native::*;
use crate::object::*;
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;

pub static DICT_TYPE: NativeType = NativeType {
    name: "dict",
    kind: Kind::Dict,
    size: size_of::<Dict>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::HAVE_GC | tflags::MAPPING | tflags::MATCH_SELF,
    doc: "dict() -> new empty dictionary\ndict(mapping) -> new dictionary initialized from a mapping object's\n    (key, value) pairs\ndict(iterable) -> new dictionary initialized as if via:\n    d = {}\n    for k, v in iterable:\n        d[k] = v\ndict(**kwargs) -> new dictionary initialized with the name=value pairs\n    in the keyword argument list.  For example:  dict(one=1, two=2)",
    new1: Some(dict_of),
    slots: Slots {
        new: Some(dict_new),
        init: Some(dict_init),
        repr: Some(dict_repr),
        hash: Some(crate::slot_defs::hash_not_implemented),
        richcompare: Some(dict_compare),
        iter: Some(views::dict_iter),
        len: Some(|_, o| Ok(this::<Dict>(o).len())),
        getitem: Some(dict_getitem),
        setitem: Some(dict_setitem),
        contains: Some(|th, o, k| this::<Dict>(o).contains(th, k)),
        or: Some(dict_or),
        ior: Some(|th, a, b| {
            update_arg(th, this(a), b)?;
            Ok(a)
        }),
        ..Slots::NONE
    },
    methods: &[
        method("__getitem__", "($self, key, /)", "Return self[key].", |th, a| {
            dict_getitem(th, arg(a, 0), arg(a, 1))
        }),
        method(
            "__contains__",
            "($self, key, /)",
            "True if the dictionary has the specified key, else False.",
            |th, a| Ok(Value::bool(me::<Dict>(a).contains(th, arg(a, 1))?)),
        ),
        method("__sizeof__", "($self, /)", "Return the size of the dict in memory, in bytes.", dict_sizeof),
        method(
            "get",
            "($self, key, default=None, /)",
            "Return the value for key if key is in the dictionary, else default.",
            |th, a| Ok(me::<Dict>(a).get(th, arg(a, 1))?.or(a[2]).unwrap_or(NONE())),
        ),
        method(
            "setdefault",
            "($self, key, default=None, /)",
            "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default.",
            |th, a| {
                let (k, v) = (arg(a, 1), a[2].unwrap_or(NONE()));
                let hash = hash_key(th, k)?;
                Ok(me::<Dict>(a).insert(th, k, hash, v, false)?.unwrap_or(v))
            },
        ),
        method(
            "pop",
            "($self, key, default=<unrepresentable>, /)",
            "D.pop(k[,d]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError.",
            dict_pop,
        ),
        method(
            "popitem",
            "($self, /)",
            "Remove and return a (key, value) pair as a 2-tuple.\n\nPairs are returned in LIFO (last-in, first-out) order.\nRaises KeyError if the dict is empty.",
            |th, a| match me::<Dict>(a).pop_last(th) {
                Some((k, v)) => Ok(super::tuple::pair(th, k, v)),
                None => Err(th.raise_msg(&exc::KEY_ERROR, "popitem(): dictionary is empty")),
            },
        ),
        method(
            "keys",
            "($self, /)",
            "Return a set-like object providing a view on the dict's keys.",
            views::keys,
        ),
        method(
            "items",
            "($self, /)",
            "Return a set-like object providing a view on the dict's items.",
            views::items,
        ),
        method(
            "values",
            "($self, /)",
            "Return an object providing a view on the dict's values.",
            views::values,
        ),
        raw_method(
            "update",
            "!($self, /, *args, **kwargs)",
            "D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.\nIf E is present and has a .keys() method, then does:  for k in E.keys(): D[k] = E[k]\nIf E is present and lacks a .keys() method, then does:  for k, v in E: D[k] = v\nIn either case, this is followed by: for k in F:  D[k] = F[k]",
            |th, a| {
                update_common(th, this(a.pos()[0]), a.skip(1), "update")?;
                Ok(NONE())
            },
        ),
        classmethod(
            "fromkeys",
            "($type, iterable, value=None, /)",
            "Create a new dictionary with keys from iterable and values set to value.",
            dict_fromkeys,
        ),
        method("clear", "($self, /)", "Remove all items from the dict.", |th, a| {
            me::<Dict>(a).clear(th)?;
            Ok(NONE())
        }),
        method("copy", "($self, /)", "Return a shallow copy of the dict.", |th, a| {
            Ok(me::<Dict>(a).copy(th)?.value())
        }),
        method("__reversed__", "($self, /)", "Return a reverse iterator over the dict keys.", |th, a| {
            Ok(views::new_iter(th, me(a), Kind::DictRevIter))
        }),
        classmethod(
            "__class_getitem__",
            "($type, object, /)",
            "dicts are generic over two types, signifying (respectively) the types of their keys and values",
            class_getitem,
        ),
    ],
    ..NativeType::DEFAULT
};
pub static DICT: TypeCell = TypeCell::new(&DICT_TYPE);

impl Gc<Dict> {
    /// Of class `dict` itself.
    #[inline(always)]
    pub fn is_exact_dict(self) -> bool {
        self.value().is_exact(Kind::Dict)
    }
}

// -- namespaces

/// The cell of a global variable. Old from the start: inline caches and machine code keep its address.
pub fn new_cell(th: Th, key: Value, v: Option<Value>) -> Gc<DictCell> {
    unsafe {
        let c = th.alloc_old::<DictCell>(size_of::<DictCell>());
        c.v.init(v);
        c.key.init(Some(key));
        c
    }
}
/// A name came into a namespace whose absent names caches rely on.
pub fn key_added(th: Th, d: Gc<Dict>, key: Value) {
    if let Some(s) = key.exact::<Str>() {
        crate::interp::ic::global_added(d, th.intern_value(s));
    }
}
/// A global variable: a subclass of dict is asked through its `__getitem__`.
pub fn get_item_str(th: Th, d: Gc<Dict>, name: Value) -> R<Option<Value>> {
    if d.is_exact_dict() {
        return d.get_str(th, name);
    }
    let r = th.getitem(d.value(), name);
    th.catch(r, &exc::KEY_ERROR)
}

// -- update

/// Whether the items of a dict (or of a subclass) may be read directly: it iterates as dict does.
fn plain_iteration(th: Th, v: Value) -> bool {
    v.is_exact(Kind::Dict)
        || (v.is_kind(Kind::Dict)
            && th.type_of(v).slots.iter.map(|f| f as usize) == DICT.get().slots.iter.map(|f| f as usize))
}

/// Adds the items of another dict.
fn merge_dict(th: Th, d: Gc<Dict>, from: Gc<Dict>, replace: bool) -> R<()> {
    if d == from || from.is_empty() {
        return Ok(());
    }
    if d.is_empty() && !d.is_cells() && !th.multi() {
        return d.assign_copy(th, from);
    }
    if d.len() < from.len() {
        d.reserve(th, d.len() + from.len())?;
    }
    let n = from.len();
    let t = from.tab();
    let mut i = 0;
    while let Some((ni, k, hash, v)) = from.next_hashed(th, i)? {
        i = ni;
        if replace {
            d.set_hashed_quick(th, k, hash, v)?;
        } else {
            d.insert(th, k, hash, v, false)?;
        }
        // Comparing keys may have run code that changed the source.
        if !th.multi() && (from.len() != n || from.tab() != t) {
            return Err(th.runtime_error("dict mutated during update"));
        }
    }
    Ok(())
}

/// `d.update(mapping)` through `keys()` and `__getitem__`.
fn merge_mapping(th: Th, d: Gc<Dict>, m: Value, replace: bool) -> R<()> {
    if plain_iteration(th, m) {
        return merge_dict(th, d, this(m), replace);
    }
    let keys = th.call_method(m, n!(keys), &[])?;
    let it = th.iter(keys)?;
    while let Some(k) = th.next(it)? {
        if !replace {
            let hash = hash_key(th, k)?;
            if d.get_hashed(th, k, hash)?.is_some() {
                continue;
            }
        }
        let v = th.getitem(m, k)?;
        d.set(th, k, v)?;
    }
    Ok(())
}

/// `d.update(iterable of pairs)`.
fn merge_pairs(th: Th, d: Gc<Dict>, seq: Value) -> R<()> {
    let mut it = Items::new(th, seq)?;
    let mut i = 0;
    while let Some(item) = it.next(th)? {
        let (k, v);
        if let Some(t) = item.exact::<Tuple>()
            && t.len == 2
        {
            (k, v) = (t.items()[0], t.items()[1]);
        } else {
            th.may_take(item)?;
            let t: Gc<Tuple> = match super::tuple::from_iterable(th, item) {
                Ok(t) => this(t),
                Err(e) => return Err(not_a_pair(th, item, i, e)),
            };
            if t.len != 2 {
                return Err(th.value_error(format!(
                    "dictionary update sequence element #{i} has length {}; 2 is required",
                    t.len
                )));
            }
            (k, v) = (t.items()[0], t.items()[1]);
        }
        d.set(th, k, v)?;
        i += 1;
    }
    Ok(())
}
#[cold]
fn not_a_pair(th: Th, item: Value, i: usize, e: Raised) -> Raised {
    if !th.exc_is(&exc::TYPE_ERROR) {
        return e;
    }
    if th.type_of(item).slots.iter.is_none() && th.type_of(item).slots.getitem.is_none() {
        th.take_exc();
        let _ = th.type_error("object is not iterable");
    }
    let x = th.take_exc();
    let note = th.str(&format!("Cannot convert dictionary update sequence element #{i} to a sequence"));
    match th.call_method(x, th.intern("add_note"), &[note]) {
        Ok(_) => th.set_exc(x),
        Err(r) => r,
    }
}

/// The positional argument of `dict()` and `update()`.
fn update_arg(th: Th, d: Gc<Dict>, v: Value) -> R<()> {
    if v.is_exact(Kind::Dict) {
        return merge_dict(th, d, this(v), true);
    }
    if !v.is_exact(Kind::List) && !v.is_exact(Kind::Tuple) && th.getattr_opt(v, n!(keys))?.is_some() {
        return merge_mapping(th, d, v, true);
    }
    merge_pairs(th, d, v)
}
fn update_common(th: Th, d: Gc<Dict>, a: RawArgs, name: &str) -> R<()> {
    arity(th, name, a.len(), 0, 1)?;
    if let Some(v) = a.pos().first() {
        update_arg(th, d, *v)?;
    }
    for (k, v) in a.keywords() {
        if !k.is_kind(Kind::Str) {
            return Err(th.type_error("keywords must be strings"));
        }
        d.set(th, k, v)?;
    }
    Ok(())
}

/// `d.update(mapping)`: for `{**m}`, class namespaces and the like.
pub fn update_from(th: Th, d: Gc<Dict>, v: Value) -> R<()> {
    merge_mapping(th, d, v, true)
}

/// Adds the items of `v` to the keyword arguments of a call. TypeErrors name the callable.
pub fn merge_keywords(th: Th, d: Gc<Dict>, v: Value, callable: Value) -> R<()> {
    let dup = |k: Value| {
        let name = crate::builtins::ops::callable_name(th, callable);
        let k = th.to_str(k).map(|s| th.text(s)).unwrap_or_default();
        th.type_error(format!("{name} got multiple values for keyword argument '{k}'"))
    };
    if plain_iteration(th, v) {
        let from: Gc<Dict> = this(v);
        if d.is_empty() && !th.multi() {
            return d.assign_copy(th, from);
        }
        let mut i = 0;
        while let Some((ni, k, hash, v)) = from.next_hashed(th, i)? {
            i = ni;
            if d.insert(th, k, hash, v, false)?.is_some() {
                return Err(dup(k));
            }
        }
        return Ok(());
    }
    if th.getattr_opt(v, n!(keys))?.is_none() {
        let name = crate::builtins::ops::callable_name(th, callable);
        return Err(
            th.type_error(format!("{name} argument after ** must be a mapping, not {}", th.type_name_of(v)))
        );
    }
    let keys = th.call_method(v, n!(keys), &[])?;
    let it = th.iter(keys)?;
    while let Some(k) = th.next(it)? {
        let x = th.getitem(v, k)?;
        let hash = hash_key(th, k)?;
        if d.insert(th, k, hash, x, false)?.is_some() {
            return Err(dup(k));
        }
    }
    Ok(())
}

// -- the type

fn dict_new(th: Th, ty: Value, _: RawArgs) -> R<Value> {
    let t: Gc<Type> = this(ty);
    if t == DICT.get() {
        return Ok(Gc::<Dict>::new(th).value());
    }
    let o = crate::builtins::object::new_instance(th, t)?;
    this::<Dict>(o).table.init(Some(DictTable::empty()));
    Ok(o)
}
/// `dict(mapping)`, `dict(iterable)`.
fn dict_of(th: Th, v: Value) -> R<Value> {
    let d = Gc::<Dict>::new(th);
    update_common(th, d, RawArgs::positional(&[v]), "dict")?;
    Ok(d.value())
}
fn dict_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    update_common(th, this(o), a, "dict")
}
fn dict_repr(th: Th, o: Value) -> R<Value> {
    let d: Gc<Dict> = this(o);
    if d.is_empty() {
        return Ok(th.str("{}"));
    }
    let r = repr_once(th, o, || {
        let mut out = b"{".to_vec();
        let mut i = 0;
        while let Some((ni, k, v)) = d.next_entry(i) {
            if i > 0 && out.len() > 1 {
                out.extend_from_slice(b", ");
            }
            push_repr(th, &mut out, k)?;
            out.extend_from_slice(b": ");
            push_repr(th, &mut out, v)?;
            i = ni;
        }
        out.push(b'}');
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("{...}")))
}

/// Whether two dicts have equal items.
fn equal(th: Th, a: Gc<Dict>, b: Gc<Dict>) -> R<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut i = 0;
    loop {
        // Mostly both have the same keys in the same order, for which no hash is needed.
        let (s, t) = (a.tab(), b.tab());
        if let Some((ni, k, v)) = s.next_entry(i)
            && let Some(w) = t.same_key(ni as u32 - 1, k)
        {
            i = ni;
            if v.is(w) || th.eq(v, w)? {
                continue;
            }
            return Ok(false);
        }
        if let Some((ni, v, w)) = a.attrs_alike(b, i) {
            i = ni;
            if v.is(w) || th.eq(v, w)? {
                continue;
            }
            return Ok(false);
        }
        let Some((ni, k, hash, v)) = a.next_hashed(th, i)? else { return Ok(true) };
        i = ni;
        match b.get_hashed(th, k, hash)? {
            Some(w) if th.eq(v, w)? => {}
            _ => return Ok(false),
        }
    }
}
fn dict_compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    match (a.cast::<Dict>(), b.cast::<Dict>(), op) {
        (Some(x), Some(y), CmpOp::Eq) => Ok(Value::bool(equal(th, x, y)?)),
        (Some(x), Some(y), CmpOp::Ne) => Ok(Value::bool(!equal(th, x, y)?)),
        _ => Ok(NOT_IMPLEMENTED()),
    }
}
/// `d[key]`, `__missing__` of subclasses included.
pub fn dict_getitem(th: Th, o: Value, k: Value) -> R<Value> {
    let d: Gc<Dict> = this(o);
    match d.get(th, k)? {
        Some(v) => Ok(v),
        None => missing(th, o, k),
    }
}
#[cold]
fn missing(th: Th, o: Value, k: Value) -> R<Value> {
    if !o.is_exact(Kind::Dict)
        && let Some(f) = th.lookup_special(o, n!(__missing__))
    {
        return th.call_unbound(f, o, &[k]);
    }
    Err(th.key_error(k))
}
fn dict_setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let d: Gc<Dict> = this(o);
    match v {
        Some(v) => d.set(th, k, v),
        None => match d.remove(th, k)? {
            Some(_) => Ok(()),
            None => Err(th.key_error(k)),
        },
    }
}
fn dict_or(th: Th, a: Value, b: Value) -> R<Value> {
    let (Some(x), Some(_)) = (a.cast::<Dict>(), b.cast::<Dict>()) else { return Ok(NOT_IMPLEMENTED()) };
    let d = x.copy(th)?;
    update_arg(th, d, b)?;
    Ok(d.value())
}
fn dict_pop(th: Th, a: &[Option<Value>]) -> R<Value> {
    let d: Gc<Dict> = me(a);
    let k = arg(a, 1);
    // An empty dict does not look at the key.
    let v = if d.is_empty() { None } else { d.remove(th, k)? };
    match v.or(a[2]) {
        Some(v) => Ok(v),
        None => Err(th.key_error(k)),
    }
}
fn dict_fromkeys(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (cls, iterable, v) = (arg(a, 0), arg(a, 1), a[2].unwrap_or(NONE()));
    let d = if cls.is(DICT.get().value()) { Gc::<Dict>::new(th).value() } else { th.call(cls, &[])? };
    if let Some(x) = d.exact::<Dict>() {
        // Dicts and sets know the hashes of their keys.
        if iterable.is_exact(Kind::Dict) {
            let from: Gc<Dict> = this(iterable);
            x.reserve(th, from.len())?;
            let mut i = 0;
            while let Some((ni, k, hash, _)) = from.next_hashed(th, i)? {
                i = ni;
                x.set_hashed(th, k, hash, v)?;
            }
            return Ok(d);
        }
        if iterable.is_exact(Kind::Set) || iterable.is_exact(Kind::FrozenSet) {
            let from: Gc<Set> = this(iterable);
            x.reserve(th, from.len())?;
            let t = from.tab();
            let mut i = 0;
            while let Some((ni, k, h)) = t.next(i) {
                i = ni;
                x.set_hashed(th, k, h, v)?;
            }
            return Ok(d);
        }
    }
    let mut it = Items::new(th, iterable)?;
    if let Some(x) = d.exact::<Dict>() {
        if let Some(n) = it.exact_len() {
            x.reserve(th, n)?;
        }
        while let Some(k) = it.next(th)? {
            x.set(th, k, v)?;
        }
    } else {
        while let Some(k) = it.next(th)? {
            th.setitem(d, k, Some(v))?;
        }
    }
    Ok(d)
}
fn dict_sizeof(_: Th, a: &[Option<Value>]) -> R<Value> {
    let d: Gc<Dict> = me(a);
    let t = d.tab();
    let n = if t == DictTable::empty() { 0 } else { t.byte_size() };
    Ok(Value::fix((size_of::<Dict>() + n) as i64))
}

/// A read-only view of a mapping.
pub fn mapping_proxy(th: Th, mapping: Value) -> Value {
    super::mapping_proxy::new(th, mapping)
}
