//! `collections.OrderedDict`, as CPython's `Objects/odictobject.c`: a dict (which is ordered by itself) that also moves
//! items to its ends, compares with regard to the order, and whose iterators notice every change of the keys.
//!
//! # Invariants
//! An instance of `OrderedDict` begins with a [`Dict`]; `od` and `of` are given such instances only. Views have the
//! layout of the views of dicts, and `dict` in them is an `OrderedDict`.

use crate::itertools::{bind, itself, make, signature};
use crate::native_layout;
use adder_vm::builtins::dict_views::DictView;
use adder_vm::builtins::{builtin, dict, dict_table::hash_key, dict_views, list, tuple, util};
use adder_vm::err::R;
use adder_vm::n;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::Th;
use adder_vm::value::*;
use std::cell::Cell as Plain;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[repr(C)]
struct OrderedDict {
    base: Dict,
    /// Counts changes of the keys.
    state: AtomicU64,
}
fn od(o: Value) -> Gc<OrderedDict> {
    unsafe { o.cast_unchecked() }
}
fn of(o: Value) -> Gc<Dict> {
    o.known()
}
fn changed(o: Value) {
    let s = &od(o).state;
    s.store(s.load(Relaxed).wrapping_add(1), Relaxed);
}
fn is_od(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Dict) && th.isinstance_exact(v, ODICT.get())
}
fn exact(th: Th, o: Value) -> bool {
    th.type_of(o) == ODICT.get()
}
/// Items are set and deleted as `OrderedDict` does it itself.
fn own_setitem(th: Th, o: Value) -> bool {
    exact(th, o) || th.type_of(o).slots.setitem.map(|f| f as usize) == Some(setitem as *const () as usize)
}
pub static ODICT_TYPE: NativeType = NativeType {
    name: "collections.OrderedDict",
    kind: Kind::Dict,
    size: size_of::<OrderedDict>() as u32,
    flags: tflags::BASETYPE
        | tflags::IMMUTABLE
        | tflags::HAVE_GC
        | tflags::WEAKREF
        | tflags::HAS_DICT
        | tflags::MAPPING
        | tflags::MATCH_SELF,
    doc: "Dictionary that remembers insertion order",
    base: Some(&dict::DICT),
    slots: Slots {
        init: Some(|th, o, a| {
            if a.len() > 1 {
                return Err(th.type_error(format!("expected at most 1 argument, got {}", a.len())));
            }
            update(th, o, a)
        }),
        repr: Some(repr),
        hash: Some(adder_vm::slot_defs::hash_not_implemented),
        richcompare: Some(compare),
        iter: Some(|th, o| iter(th, o, KEYS, false)),
        setitem: Some(setitem),
        or: Some(|th, a, b| {
            if !a.is_kind(Kind::Dict) || !b.is_kind(Kind::Dict) {
                return Ok(NOT_IMPLEMENTED());
            }
            let mine = if is_od(th, a) { a } else { b };
            let c = th.call(th.type_of(mine).value(), &[a])?;
            update_from(th, c, b)?;
            Ok(c)
        }),
        ior: Some(|th, a, b| {
            update_from(th, a, b)?;
            Ok(a)
        }),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "fromkeys",
            "($type, /, iterable, value=None)",
            "Create a new ordered dictionary with keys from iterable and values set to value.",
            |th, a| {
                let d = th.call(a[0].unwrap(), &[])?;
                let v = a[2].unwrap_or(NONE());
                th.for_each(a[1].unwrap(), |k| th.setitem(d, k, Some(v)))?;
                Ok(d)
            },
        ),
        method("__sizeof__", "($self, /)", "", |_, a| {
            let d = of(a[0].unwrap());
            let table = if d.is_empty() { 0 } else { d.tab().byte_size() };
            Ok(Value::fix((size_of::<OrderedDict>() + table) as i64))
        }),
        method("__reduce__", "($self, /)", "Return state information for pickling", |th, a| {
            let o = a[0].unwrap();
            let state = th.call_method(o, n!(__getstate__), &[])?;
            let items = th.call_method(o, n!(items), &[])?;
            let it = th.iter(items)?;
            Ok(th.tuple(&[th.type_of(o).value(), th.tuple(&[]), state, NONE(), it]))
        }),
        method(
            "setdefault",
            "($self, /, key, default=None)",
            "Insert key with a value of default if key is not in the dictionary.\n\nReturn the value for key if key is in the dictionary, else default.",
            setdefault,
        ),
        method(
            "pop",
            "($self, /, key, default=<unrepresentable>)",
            "od.pop(key[,default]) -> v, remove specified key and return the corresponding value.\n\nIf the key is not found, return the default if given; otherwise,\nraise a KeyError.",
            |th, a| pop(th, a[0].unwrap(), a[1].unwrap(), a[2]),
        ),
        method(
            "popitem",
            "($self, /, last=True)",
            "Remove and return a (key, value) pair from the dictionary.\n\nPairs are returned in LIFO order if last is true or FIFO order if\nfalse.",
            popitem,
        ),
        method("keys", "($self, /)", "", |th, a| view(th, a[0].unwrap(), &ODICT_KEYS)),
        method("values", "($self, /)", "", |th, a| view(th, a[0].unwrap(), &ODICT_VALUES)),
        method("items", "($self, /)", "", |th, a| view(th, a[0].unwrap(), &ODICT_ITEMS)),
        raw_method("update", "!($self, /, *args, **kwargs)", "", |th, a| {
            let (o, a) = (a.pos()[0], a.skip(1));
            if a.len() > 1 {
                return Err(th.type_error(format!(
                    "update() takes at most 1 positional argument ({} given)",
                    a.len()
                )));
            }
            update(th, o, a)?;
            Ok(NONE())
        }),
        method("clear", "($self, /)", "Remove all items from ordered dict.", |th, a| {
            of(a[0].unwrap()).clear(th)?;
            changed(a[0].unwrap());
            Ok(NONE())
        }),
        method("copy", "($self, /)", "A shallow copy of ordered dict.", copy),
        method("__reversed__", "($self, /)", "od.__reversed__() <==> reversed(od)", |th, a| {
            iter(th, a[0].unwrap(), KEYS, true)
        }),
        method(
            "move_to_end",
            "($self, /, key, last=True)",
            "Move an existing element to the end (or beginning if last is false).\n\nRaise KeyError if the element does not exist.",
            |th, a| {
                let (o, k) = (a[0].unwrap(), a[1].unwrap());
                let last = match a[2] {
                    Some(v) => th.truth(v)?,
                    None => true,
                };
                if of(o).is_empty() {
                    return Err(th.key_error(k));
                }
                let h = th.hash(k)?;
                if !of(o).move_to_end(th, k, h, last)? {
                    return Err(th.key_error(k));
                }
                changed(o);
                Ok(NONE())
            },
        ),
    ],
    trace: Some(|_, _| {}),
    ..NativeType::DEFAULT
};
pub static ODICT: TypeCell = TypeCell::new(&ODICT_TYPE);

fn setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    let d = of(o);
    let n = d.len();
    match v {
        Some(v) => {
            if k.is_fix() || k.is_exact(Kind::Str) {
                d.set(th, k, v)?;
            } else {
                let h = th.hash(k)?;
                d.set_hashed(th, k, h, v)?;
            }
            if d.len() != n {
                changed(o);
            }
            Ok(())
        }
        None => {
            let h = th.hash(k)?;
            match d.remove_hashed(th, k, h)? {
                Some(_) => {
                    changed(o);
                    Ok(())
                }
                None => Err(th.key_error(k)),
            }
        }
    }
}

/// `update(other, **kwargs)`.
fn update(th: Th, o: Value, a: RawArgs) -> R<()> {
    if let Some(v) = a.pos().first() {
        update_from(th, o, *v)?;
    }
    for (k, v) in a.keywords() {
        th.setitem(o, k, Some(v))?;
    }
    Ok(())
}
/// The items of a mapping, or pairs.
fn update_from(th: Th, o: Value, v: Value) -> R<()> {
    if o.is(v) && exact(th, o) {
        return Ok(());
    }
    if v.is_exact(Kind::Dict) || (v.is_kind(Kind::Dict) && exact(th, v)) {
        let from = of(v);
        if own_setitem(th, o) {
            if of(o).is_empty() && !th.multi() && !from.is_cells() {
                of(o).assign_copy(th, from)?;
                changed(o);
                return Ok(());
            }
            let n = from.len();
            let mut i = 0;
            while let Some((ni, k, h, x)) = from.next_hashed(th, i)? {
                i = ni;
                of(o).set_hashed(th, k, h, x)?;
                if from.len() != n {
                    return Err(th.runtime_error("dictionary changed size during iteration"));
                }
            }
            changed(o);
            return Ok(());
        }
    }
    if !v.is_exact(Kind::List) && !v.is_exact(Kind::Tuple) {
        if let Some(keys) = th.getattr_opt(v, n!(keys))? {
            let keys = th.call(keys, &[])?;
            return th.for_each(keys, |k| {
                let x = th.getitem(v, k)?;
                th.setitem(o, k, Some(x))
            });
        }
        if let Some(items) = th.getattr_opt(v, n!(items))? {
            let items = th.call(items, &[])?;
            return pairs(th, o, items);
        }
    }
    pairs(th, o, v)
}
fn pairs(th: Th, o: Value, seq: Value) -> R<()> {
    let own = own_setitem(th, o);
    th.for_each(seq, |p| {
        let both = if let Some(t) = p.exact::<Tuple>() {
            match t.items() {
                &[k, v] => Some((k, v)),
                _ => None,
            }
        } else {
            None
        };
        let (k, v) = match both {
            Some(kv) => kv,
            None => {
                // At most three are taken.
                let it = th.iter(p)?;
                let mut got = [NONE(); 2];
                let mut n = 0;
                while let Some(v) = th.next(it)? {
                    if n == 2 {
                        return Err(th.value_error("too many values to unpack (expected 2)"));
                    }
                    got[n] = v;
                    n += 1;
                }
                if n < 2 {
                    let s = if n == 1 { "" } else { "s" };
                    return Err(th.value_error(format!("need more than {n} value{s} to unpack")));
                }
                (got[0], got[1])
            }
        };
        if own { setitem(th, o, k, Some(v)) } else { th.setitem(o, k, Some(v)) }
    })
}

fn repr(th: Th, o: Value) -> R<Value> {
    let name = th.type_of(o).name_str().to_string();
    if of(o).is_empty() {
        return Ok(th.str(&format!("{name}()")));
    }
    let r = util::repr_once(th, o, || {
        let plain =
            if exact(th, o) { of(o).copy(th)?.value() } else { th.call(dict::DICT.get().value(), &[o])? };
        let mut out = format!("{name}(").into_bytes();
        util::push_repr(th, &mut out, plain)?;
        out.push(b')');
        th.try_str(&out)
    })?;
    Ok(r.unwrap_or_else(|| th.str("...")))
}
fn compare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !b.is_kind(Kind::Dict) || !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let base = dict::DICT.get().slots.richcompare.expect("dict compares");
    let mut same = base(th, a, b, CmpOp::Eq)?.is(TRUE());
    if same && is_od(th, b) {
        let (mut i, mut j) = (0, 0);
        let (sa, sb) = (od(a).state.load(Relaxed), od(b).state.load(Relaxed));
        while let (Some((ni, x, _)), Some((nj, y, _))) = (of(a).next_entry(i), of(b).next_entry(j)) {
            if !th.eq(x, y)? {
                same = false;
                break;
            }
            if od(a).state.load(Relaxed) != sa || od(b).state.load(Relaxed) != sb {
                return Err(th.runtime_error("OrderedDict mutated during iteration"));
            }
            (i, j) = (ni, nj);
        }
    }
    Ok(Value::bool(same == (op == CmpOp::Eq)))
}
fn setdefault(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (o, k, v) = (a[0].unwrap(), a[1].unwrap(), a[2].unwrap_or(NONE()));
    if exact(th, o) {
        let h = hash_key(th, k)?;
        return Ok(match of(o).insert(th, k, h, v, false)? {
            Some(old) => old,
            None => {
                changed(o);
                v
            }
        });
    }
    if th.contains(o, k)? {
        return th.getitem(o, k);
    }
    th.setitem(o, k, Some(v))?;
    Ok(v)
}
fn pop(th: Th, o: Value, k: Value, default: Option<Value>) -> R<Value> {
    // Methods that subclasses override are not asked, as in CPython.
    let h = th.hash(k)?;
    if let Some(v) = of(o).remove_hashed(th, k, h)? {
        changed(o);
        return Ok(v);
    }
    default.ok_or_else(|| th.key_error(k))
}
fn popitem(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let last = match a[1] {
        Some(v) => th.truth(v)?,
        None => true,
    };
    let d = of(o);
    let empty = || th.raise_msg(&adder_vm::builtins::exceptions::KEY_ERROR, "dictionary is empty");
    let Some((k, v)) = (if last { d.pop_last(th) } else { d.pop_first(th) }) else { return Err(empty()) };
    changed(o);
    Ok(tuple::pair(th, k, v))
}
fn copy(th: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    let c = th.call(th.type_of(o).value(), &[])?;
    if exact(th, o) {
        of(c).assign_copy(th, of(o))?;
        return Ok(c);
    }
    let state = od(o).state.load(Relaxed);
    let mut i = 0;
    while let Some((ni, k, _)) = of(o).next_entry(i) {
        i = ni;
        let v = th.getitem(o, k)?;
        th.setitem(c, k, Some(v))?;
        if od(o).state.load(Relaxed) != state {
            return Err(th.runtime_error("OrderedDict mutated during iteration"));
        }
    }
    Ok(c)
}

// -- views

fn view(th: Th, o: Value, cell: &'static TypeCell) -> R<Value> {
    let v = make(th, th.make_type(cell).value())?;
    let g: Gc<DictView> = unsafe { v.cast_unchecked() };
    th.store(g, &g.dict, o.known());
    Ok(v)
}
macro_rules! views {
    ($($cell:ident $name:literal $kind:ident $base:ident $what:ident;)*) => { $(
        static $cell: TypeCell = TypeCell::new({
            const T: &NativeType = &NativeType {
                name: $name,
                kind: Kind::$kind,
                size: size_of::<DictView>() as u32,
                flags: tflags::IMMUTABLE | tflags::HAVE_GC,
                base: Some(&dict_views::$base),
                slots: Slots {
                    new: Some(|th, t, a| {
                        let [d] = bind::<1>(th, &VIEW_SIG, a)?;
                        let _ = t;
                        if !is_od(th, d.unwrap()) {
                            return Err(th.type_error(format!(
                                "{} requires an OrderedDict, not '{}'", $name, th.type_name_of(d.unwrap())
                            )));
                        }
                        view(th, d.unwrap(), &$cell)
                    }),
                    iter: Some(|th, o| iter(th, dict_views::dict_of(o).value(), $what, false)),
                    ..Slots::NONE
                },
                methods: &[method("__reversed__", "($self, /)", "", |th, a| {
                    iter(th, dict_views::dict_of(a[0].unwrap()).value(), $what, true)
                })],
                ..NativeType::DEFAULT
            };
            T
        });
    )* };
}
views! {
    ODICT_KEYS "odict_keys" DictKeys KEYS KEYS;
    ODICT_VALUES "odict_values" DictValues VALUES VALUES;
    ODICT_ITEMS "odict_items" DictItems ITEMS ITEMS;
}
static VIEW_SIG: NativeDef = signature("odict_view", "(od, /)");

// -- iterators

const KEYS: u8 = 0;
const VALUES: u8 = 1;
const ITEMS: u8 = 2;

native_layout! { OdIter { dict; pos: Plain<usize>, left: Plain<usize>, len: Plain<usize>, state: Plain<u64>, what: Plain<u8>, reverse: Plain<bool> } }
static ODICT_ITER_TYPE: NativeType = NativeType {
    name: "odict_iterator",
    kind: Kind::Native,
    size: (OdIter::SIZE + 7) & !7,
    flags: tflags::IMMUTABLE | tflags::HAVE_GC | tflags::DISALLOW_INSTANTIATION | tflags::STEPS_ALONE,
    slots: Slots { iter: Some(itself), iternext: Some(next), ..Slots::NONE },
    methods: &[method("__reduce__", "($self, /)", "Return state information for pickling", |th, a| {
        // The iterator itself does not move.
        let from = OdIter::of(a[0].unwrap());
        let copy = make(th, ODICT_ITER.get().value())?;
        let to = OdIter::of(copy);
        th.store_opt(to, &to.dict, from.dict.get());
        to.pos.set(from.pos.get());
        to.left.set(from.left.get());
        to.len.set(from.len.get());
        to.state.set(from.state.get());
        to.what.set(from.what.get());
        to.reverse.set(from.reverse.get());
        let l = list::from_iterable(th, copy)?;
        Ok(th.tuple(&[builtin(th, "iter")?, th.tuple(&[l.value()])]))
    })],
    trace: Some(OdIter::trace),
    ..NativeType::DEFAULT
};
static ODICT_ITER: TypeCell = TypeCell::new(&ODICT_ITER_TYPE);

fn iter(th: Th, o: Value, what: u8, reverse: bool) -> R<Value> {
    let v = make(th, th.make_type(&ODICT_ITER).value())?;
    let it = OdIter::of(v);
    th.store(it, &it.dict, o);
    it.state.set(od(o).state.load(Relaxed));
    let n = of(o).len();
    it.left.set(n);
    it.len.set(n);
    it.what.set(what);
    it.reverse.set(reverse);
    it.pos.set(if reverse { usize::MAX } else { 0 });
    Ok(v)
}
fn next(th: Th, o: Value) -> R<Option<Value>> {
    let it = OdIter::of(o);
    let Some(d) = it.dict.get() else { return Ok(None) };
    // After the last item no change matters.
    if it.left.get() == 0 {
        it.dict.init(None);
        return Ok(None);
    }
    if od(d).state.load(Relaxed) != it.state.get() {
        if !th.is_quiet() {
            it.dict.init(None);
        }
        return Err(th.runtime_error("OrderedDict mutated during iteration"));
    }
    if of(d).len() != it.len.get() {
        if !th.is_quiet() {
            it.dict.init(None);
        }
        return Err(th.runtime_error("OrderedDict changed size during iteration"));
    }
    let found =
        if it.reverse.get() { of(d).prev_entry(it.pos.get()) } else { of(d).next_entry(it.pos.get()) };
    let Some((pos, k, v)) = found else {
        it.dict.init(None);
        return Ok(None);
    };
    it.pos.set(pos);
    it.left.set(it.left.get() - 1);
    Ok(Some(match it.what.get() {
        KEYS => k,
        VALUES => v,
        _ => tuple::pair(th, k, v),
    }))
}
