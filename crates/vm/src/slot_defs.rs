//! The special methods that stand for slots: how a native slot is called as a method (`wrap`), and the slot function that
//! a class gets when it defines the method in Python (`dispatch`).
//!
//! # Safety
//! A slot's function travels as a word between its row of the table and the wrapper of the same row, which knows its
//! type.

use crate::err::R;
use crate::n;
use crate::native::RawArgs;
use crate::object::*;
use crate::slots::*;
use crate::thread::Th;
use crate::value::*;
use std::sync::OnceLock;

/// All special methods that fill slots, in CPython's order where it matters.
pub fn defs() -> &'static [SlotDef] {
    static DEFS: OnceLock<Vec<SlotDef>> = OnceLock::new();
    DEFS.get_or_init(build)
}

/// A set of names of special methods.
#[derive(Default, Clone, Copy)]
pub struct Names([u64; 4]);

impl Names {
    /// Adds a name if it is one of a special method.
    pub fn add(&mut self, name: &[u8]) {
        if !name.starts_with(b"__") {
            return;
        }
        static SORTED: OnceLock<Vec<(&'static [u8], usize)>> = OnceLock::new();
        let sorted = SORTED.get_or_init(|| {
            let mut v: Vec<_> = defs().iter().enumerate().map(|(i, d)| (d.name.as_bytes(), i)).collect();
            assert!(v.len() <= 256);
            v.sort_unstable();
            v
        });
        let from = sorted.partition_point(|d| d.0 < name);
        for &(_, i) in sorted[from..].iter().take_while(|d| d.0 == name) {
            self.0[i / 64] |= 1 << (i % 64);
        }
    }
    pub fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
    /// The names that fill a slot which one of these fills too.
    pub fn with_same_slots(&self) -> Names {
        static BY_SLOT: OnceLock<Vec<Names>> = OnceLock::new();
        let by_slot = BY_SLOT.get_or_init(|| {
            let mut v = vec![Names::default(); Slots::COUNT];
            for (i, d) in defs().iter().enumerate() {
                v[d.slot as usize].0[i / 64] |= 1 << (i % 64);
            }
            v
        });
        let mut all = Names::default();
        for d in self.defs() {
            for (a, b) in all.0.iter_mut().zip(by_slot[d.slot as usize].0) {
                *a |= b;
            }
        }
        all
    }
    /// Their slots, in the order of `defs()`.
    pub fn defs(&self) -> impl Iterator<Item = &'static SlotDef> {
        defs().iter().enumerate().filter(|(i, _)| self.0[i / 64] >> (i % 64) & 1 != 0).map(|x| x.1)
    }
}

/// Index range in `defs()` of a name.
pub fn by_name(name: &str) -> impl Iterator<Item = &'static SlotDef> {
    defs().iter().filter(move |d| d.name == name)
}

fn want(th: Th, a: RawArgs, n: usize) -> R<()> {
    want_range(th, a, n, n, "")
}

/// Some wrappers tell their name, others do not.
fn want_range(th: Th, a: RawArgs, lo: usize, hi: usize, name: &str) -> R<()> {
    if a.nkw() != 0 {
        return Err(th.type_error("wrapper() takes no keyword arguments"));
    }
    if a.len() < lo || a.len() > hi {
        let bound = if a.len() < lo { lo } else { hi };
        let how = if lo == hi {
            ""
        } else if a.len() < lo {
            "at least "
        } else {
            "at most "
        };
        return Err(th.type_error(format!(
            "{name}{}expected {how}{bound} argument{}, got {}",
            if name.is_empty() { "" } else { " " },
            if bound == 1 { "" } else { "s" },
            a.len()
        )));
    }
    Ok(())
}

/// The typed function of an erased slot. `f` came out of the slot of that type (`SlotDef::slot`).
fn cast<F: Copy>(f: usize) -> F {
    // SAFETY: function pointers are words; the caller names the type that the slot has.
    unsafe { std::mem::transmute_copy(&f) }
}

fn wrap_unary(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    cast::<Unary>(f)(th, o)
}
fn wrap_next(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    th.set_stop_value(NONE());
    match cast::<NextFn>(f)(th, o)? {
        Some(v) => Ok(v),
        None => {
            let v = th.pending_stop_value();
            Err(th.stop_iteration(v.some()))
        }
    }
}
fn wrap_binary(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    cast::<Binary>(f)(th, o, a.pos()[0])
}
/// Slots are given strs only.
fn wrap_getattr(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    th.check_attr_name(a.pos()[0])?;
    cast::<Binary>(f)(th, o, a.pos()[0])
}
fn wrap_binary_r(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    cast::<Binary>(f)(th, a.pos()[0], o)
}
fn want_pow(th: Th, a: RawArgs) -> R<()> {
    if a.nkw() == 0 && !(1..=2).contains(&a.len()) {
        return Err(th.type_error(format!("expected 1 or 2 arguments, got {}", a.len())));
    }
    want_range(th, a, 1, 2, "")
}
fn wrap_pow(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_pow(th, a)?;
    cast::<Ternary>(f)(th, o, a.pos()[0], a.pos().get(1).copied().unwrap_or(NONE()))
}
fn wrap_pow_r(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_pow(th, a)?;
    cast::<Ternary>(f)(th, a.pos()[0], o, a.pos().get(1).copied().unwrap_or(NONE()))
}
fn wrap_hash(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    Ok(th.int(cast::<HashFn>(f)(th, o)?))
}
fn wrap_len(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    Ok(th.int(cast::<LenFn>(f)(th, o)? as i64))
}
fn wrap_bool(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    Ok(Value::bool(cast::<BoolFn>(f)(th, o)?))
}
fn wrap_contains(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    Ok(Value::bool(cast::<ContainsFn>(f)(th, o, a.pos()[0])?))
}
fn wrap_setitem(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    set_item(th, f, o, a, "__setitem__")
}
fn wrap_set(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    set_item(th, f, o, a, "__set__")
}
fn set_item(th: Th, f: usize, o: Value, a: RawArgs, name: &str) -> R<Value> {
    want_range(th, a, 2, 2, name)?;
    cast::<SetItemFn>(f)(th, o, a.pos()[0], Some(a.pos()[1]))?;
    Ok(NONE())
}
fn wrap_delitem(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    cast::<SetItemFn>(f)(th, o, a.pos()[0], None)?;
    Ok(NONE())
}
/// `object.__setattr__(x, ...)` must not bypass a native type's own setter (CPython's hackcheck).
fn hackcheck(th: Th, f: usize, o: Value, what: &str) -> R<()> {
    if !may_set_by(th.type_of(o), f) {
        return Err(
            th.type_error(format!("can't apply this {what} to {} object", th.type_name(th.type_of(o))))
        );
    }
    Ok(())
}
/// Whether instances of the class may be given attributes by the native setter `f`.
pub fn may_set_by(mut t: Gc<Type>, f: usize) -> bool {
    while t.inst_kind & SUBCLASS != 0 || t.heap_type() {
        match t.base.get() {
            Some(b) => t = b,
            None => break,
        }
    }
    t.slots.setattro.is_none_or(|s| s as usize == f)
}
fn wrap_setattr(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_range(th, a, 2, 2, "__setattr__")?;
    hackcheck(th, f, o, "__setattr__")?;
    set_item(th, f, o, a, "__setattr__")
}
fn wrap_delattr(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    hackcheck(th, f, o, "__delattr__")?;
    wrap_delitem(th, f, o, a)
}
fn wrap_repeat(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 1)?;
    let n = th.index_usize_clamped(a.pos()[0])?;
    cast::<RepeatFn>(f)(th, o, n)
}
fn wrap_call(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    cast::<CallFn>(f)(th, o, a)
}
fn wrap_init(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    cast::<InitFn>(f)(th, o, a)?;
    Ok(NONE())
}
fn wrap_get(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_range(th, a, 1, 2, "__get__")?;
    let obj = a.pos()[0].some();
    let ty = a.pos().get(1).copied().unwrap_or(NONE());
    if obj.is_none() && ty.is_none() {
        return Err(th.type_error("__get__(None, None) is invalid"));
    }
    cast::<DescrGetFn>(f)(th, o, obj, ty)
}
fn wrap_del(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want(th, a, 0)?;
    cast::<DelFn>(f)(th, o)?;
    Ok(NONE())
}
fn wrap_buffer(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_range(th, a, 1, 1, "__buffer__")?;
    let fl = th.index_i64(a.pos()[0])?;
    cast::<GetBuffer>(f)(th, o, fl as u32)
}
fn wrap_release_buffer(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
    want_range(th, a, 1, 1, "__release_buffer__")?;
    cast::<ReleaseBuffer>(f)(th, o, a.pos()[0])?;
    Ok(NONE())
}

macro_rules! wrap_cmp {
    ($($n:ident $op:ident)*) => { $(
        fn $n(th: Th, f: usize, o: Value, a: RawArgs) -> R<Value> {
            want(th, a, 1)?;
            cast::<CompareFn>(f)(th, o, a.pos()[0], CmpOp::$op)
        }
    )* };
}
wrap_cmp! { wrap_lt Lt wrap_le Le wrap_eq Eq wrap_ne Ne wrap_gt Gt wrap_ge Ge }

// -- dispatchers

macro_rules! dispatch_unary {
    ($($f:ident $name:ident)*) => { $(
        fn $f(th: Th, o: Value) -> R<Value> { th.call_special(o, n!($name), &[]) }
    )* };
}
dispatch_unary! {
    d_iter __iter__ d_int __int__ d_float __float__ d_index __index__ d_neg __neg__ d_pos __pos__ d_abs __abs__
    d_invert __invert__ d_await __await__ d_aiter __aiter__ d_anext __anext__
}

fn d_repr(th: Th, o: Value) -> R<Value> {
    match th.call_if_any(o, n!(__repr__), &[])? {
        Some(r) => Ok(r),
        None => {
            let name = th.type_name_of(o);
            Ok(th.str(&format!("<{name} object at {:#x}>", crate::builtins::object::id(th, o))))
        }
    }
}
fn d_str(th: Th, o: Value) -> R<Value> {
    th.call_special(o, n!(__str__), &[])
}
fn d_iter_checked(th: Th, o: Value) -> R<Value> {
    let not_iterable =
        || Err(th.type_error(format!("'{}' object is not iterable", th.type_name(th.type_of(o)))));
    match th.lookup_special(o, n!(__iter__)) {
        Some(f) if f.is_none() => not_iterable(),
        Some(f) => match th.call_if_bound(f, o, &[])? {
            Some(r) => Ok(r),
            None => not_iterable(),
        },
        None if th.lookup_special(o, n!(__getitem__)).is_some() => crate::builtins::iters::seq_iter(th, o),
        None => d_iter(th, o),
    }
}
fn d_hash(th: Th, o: Value) -> R<i64> {
    match th.lookup_special(o, n!(__hash__)) {
        Some(f) if !f.is_none() => {
            let Some(r) = th.call_if_bound(f, o, &[])? else { return hash_not_implemented(th, o) };
            if r.kind() != Kind::Int && r.kind() != Kind::Bool {
                return Err(th.type_error("__hash__ method should return an integer"));
            }
            th.hash_of_int_result(r)
        }
        _ => hash_not_implemented(th, o),
    }
}
pub fn hash_not_implemented(th: Th, o: Value) -> R<i64> {
    Err(th.type_error(format!("unhashable type: '{}'", th.type_name(th.type_of(o)))))
}
fn d_next(th: Th, o: Value) -> R<Option<Value>> {
    let r = th.call_special(o, n!(__next__), &[]);
    th.stop_to_none(r)
}
fn d_len(th: Th, o: Value) -> R<usize> {
    let r = th.call_special(o, n!(__len__), &[])?;
    th.check_len_result(r)
}
/// Checks what a Python `__bool__` returned.
pub fn checked_bool(th: Th, r: Value) -> R<Value> {
    if r.is_exact(Kind::Bool) {
        return Ok(r);
    }
    Err(th.type_error(format!("__bool__ should return bool, returned {}", th.type_name(th.type_of(r)))))
}
fn d_bool(th: Th, o: Value) -> R<bool> {
    if let Some(f) = th.lookup_special(o, n!(__bool__)) {
        if f.is_none() {
            return Err(th.type_error(format!("'{}' cannot be interpreted as a boolean", th.type_name_of(o))));
        }
        if let Some(r) = th.call_if_bound(f, o, &[])? {
            return Ok(checked_bool(th, r)?.is(TRUE()));
        }
    }
    match th.call_if_any(o, n!(__len__), &[])? {
        Some(r) => Ok(th.check_len_result(r)? != 0),
        None => Ok(true),
    }
}
fn d_call(th: Th, o: Value, a: RawArgs) -> R<Value> {
    match th.lookup_special(o, n!(__call__)) {
        Some(f) => th.call_unbound_raw(f, o, a),
        None => Err(th.type_error(format!("'{}' object is not callable", th.type_name(th.type_of(o))))),
    }
}
fn d_getitem(th: Th, o: Value, k: Value) -> R<Value> {
    th.call_special(o, n!(__getitem__), &[k])
}
fn d_setitem(th: Th, o: Value, k: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => th.call_special(o, n!(__setitem__), &[k, v])?,
        None => th.call_special(o, n!(__delitem__), &[k])?,
    };
    Ok(())
}
fn d_contains(th: Th, o: Value, k: Value) -> R<bool> {
    match th.lookup_special(o, n!(__contains__)) {
        Some(f) if f.is_none() => {
            Err(th.type_error(format!("'{}' object is not a container", th.type_name(th.type_of(o)))))
        }
        Some(f) => match th.call_if_bound(f, o, &[k])? {
            Some(r) => th.truth(r),
            None => th.contains_by_iteration(o, k),
        },
        None => th.contains_by_iteration(o, k),
    }
}
pub fn d_getattro(th: Th, o: Value, name: Value) -> R<Value> {
    if let Some(found) = th.getattr_or_hook(o, name)? {
        return match found {
            Ok(v) => Ok(v),
            Err(hook) => th.call_unbound(hook, o, &[name]),
        };
    }
    let ga = th.lookup_special(o, n!(__getattribute__)).expect("object has __getattribute__");
    let r = th.call_unbound(ga, o, &[name]);
    match r {
        Err(e) if th.exc_is(&crate::builtins::exceptions::ATTRIBUTE_ERROR) => {
            match th.lookup_special(o, n!(__getattr__)) {
                Some(f) => {
                    th.take_exc();
                    th.call_unbound(f, o, &[name])
                }
                None => Err(e),
            }
        }
        r => r,
    }
}
fn d_setattro(th: Th, o: Value, name: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => th.call_special(o, n!(__setattr__), &[name, v])?,
        None => th.call_special(o, n!(__delattr__), &[name])?,
    };
    Ok(())
}
/// Whether a Python function may answer comparisons of a class's instances.
pub fn compares_by_python(t: Gc<Type>) -> bool {
    t.slots.richcompare.is_some_and(|f| f as usize == d_richcompare as *const () as usize)
}
fn d_richcompare(th: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    let name = match op {
        CmpOp::Lt => n!(__lt__),
        CmpOp::Le => n!(__le__),
        CmpOp::Eq => n!(__eq__),
        CmpOp::Ne => n!(__ne__),
        CmpOp::Gt => n!(__gt__),
        CmpOp::Ge => n!(__ge__),
    };
    th.call_maybe(a, name, &[b])
}
/// Whether a Python function answers for a descriptor of the class, and one stores by it.
pub fn gets_by_python(t: Gc<Type>) -> bool {
    t.slots.descr_get.is_some_and(|f| f as usize == d_get as *const () as usize)
}
pub fn sets_by_python(t: Gc<Type>) -> bool {
    t.slots.descr_set.is_some_and(|f| f as usize == d_set as *const () as usize)
}
fn d_get(th: Th, d: Value, o: Option<Value>, ty: Value) -> R<Value> {
    match th.lookup_special(d, n!(__get__)) {
        Some(f) => th.call_unbound(f, d, &[Value::opt_or_none(o), ty]),
        None => Ok(d),
    }
}
fn d_set(th: Th, d: Value, o: Value, v: Option<Value>) -> R<()> {
    match v {
        Some(v) => th.call_special_attr(d, n!(__set__), &[o, v])?,
        None => th.call_special_attr(d, n!(__delete__), &[o])?,
    };
    Ok(())
}
fn d_init(th: Th, o: Value, a: RawArgs) -> R<()> {
    let f = th.lookup_special(o, n!(__init__)).expect("object has __init__");
    let r = th.call_unbound_raw(f, o, a)?;
    if !r.is_none() {
        return Err(
            th.type_error(format!("__init__() should return None, not '{}'", th.type_name(th.type_of(r))))
        );
    }
    Ok(())
}
fn d_new(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    let f = th.getattr(ty, n!(__new__))?;
    th.call_prepend(f, ty, a)
}
fn d_del(th: Th, o: Value) -> R<()> {
    if let Some(f) = th.lookup_special(o, n!(__del__)) {
        th.call_unbound(f, o, &[])?;
    }
    Ok(())
}
fn d_buffer(th: Th, o: Value, fl: u32) -> R<Value> {
    crate::builtins::buffer::from_python(th, o, fl)
}
fn d_release_buffer(th: Th, o: Value, view: Value) -> R<()> {
    th.call_special(o, n!(__release_buffer__), &[view])?;
    Ok(())
}

macro_rules! dispatch_binary {
    ($($f:ident $slot:ident $l:ident $r:ident)*) => { $(
        /// As CPython's SLOT1BINFULL: the left method if the left operand's class has this dispatcher, the reflected one
        /// first if the right operand's class is a subclass that overrides it.
        fn $f(th: Th, a: Value, b: Value) -> R<Value> {
            let (ta, tb) = (th.type_of(a), th.type_of(b));
            let mine = |t: Gc<Type>| t.slots.$slot.is_some_and(|f| std::ptr::fn_addr_eq(f, $f as Binary));
            let mut do_other = ta != tb && mine(tb);
            if mine(ta) {
                if do_other && th.is_subtype(tb, ta) && th.method_is_overloaded(ta, tb, n!($r)) {
                    let r = th.call_maybe(b, n!($r), &[a])?;
                    if !r.is(NOT_IMPLEMENTED()) { return Ok(r) }
                    do_other = false;
                }
                let r = th.call_maybe(a, n!($l), &[b])?;
                if !r.is(NOT_IMPLEMENTED()) || ta == tb { return Ok(r) }
            }
            if do_other { return th.call_maybe(b, n!($r), &[a]) }
            Ok(NOT_IMPLEMENTED())
        }
    )* };
}
dispatch_binary! {
    d_add add __add__ __radd__
    d_sub sub __sub__ __rsub__
    d_mul mul __mul__ __rmul__
    d_matmul matmul __matmul__ __rmatmul__
    d_truediv truediv __truediv__ __rtruediv__
    d_floordiv floordiv __floordiv__ __rfloordiv__
    d_rem rem __mod__ __rmod__
    d_divmod divmod __divmod__ __rdivmod__
    d_lshift lshift __lshift__ __rlshift__
    d_rshift rshift __rshift__ __rrshift__
    d_and and __and__ __rand__
    d_or or __or__ __ror__
    d_xor xor __xor__ __rxor__
}
fn d_pow(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    let (ta, tb) = (th.type_of(a), th.type_of(b));
    let mine = |t: Gc<Type>| t.slots.pow.is_some_and(|f| std::ptr::fn_addr_eq(f, d_pow as Ternary));
    if !m.is_none() {
        // The three-argument form: also the reflected methods take a third argument since 3.14.
        if mine(ta) {
            let r = th.call_maybe(a, n!(__pow__), &[b, m])?;
            if !r.is(NOT_IMPLEMENTED()) {
                return Ok(r);
            }
        }
        if ta != tb && mine(tb) {
            return th.call_maybe(b, n!(__rpow__), &[a, m]);
        }
        return Ok(NOT_IMPLEMENTED());
    }
    let mut do_other = ta != tb && mine(tb);
    if mine(ta) {
        if do_other && th.is_subtype(tb, ta) && th.method_is_overloaded(ta, tb, n!(__rpow__)) {
            let r = th.call_maybe(b, n!(__rpow__), &[a])?;
            if !r.is(NOT_IMPLEMENTED()) {
                return Ok(r);
            }
            do_other = false;
        }
        let r = th.call_maybe(a, n!(__pow__), &[b])?;
        if !r.is(NOT_IMPLEMENTED()) || ta == tb {
            return Ok(r);
        }
    }
    if do_other {
        return th.call_maybe(b, n!(__rpow__), &[a]);
    }
    Ok(NOT_IMPLEMENTED())
}
macro_rules! dispatch_inplace {
    ($($f:ident $name:ident)*) => { $(
        fn $f(th: Th, a: Value, b: Value) -> R<Value> { th.call_special(a, n!($name), &[b]) }
    )* };
}
dispatch_inplace! {
    d_iadd __iadd__ d_isub __isub__ d_imul __imul__ d_imatmul __imatmul__ d_itruediv __itruediv__
    d_ifloordiv __ifloordiv__ d_irem __imod__ d_ipow __ipow__ d_ilshift __ilshift__ d_irshift __irshift__
    d_iand __iand__ d_ior __ior__ d_ixor __ixor__
}

fn build() -> Vec<SlotDef> {
    let mut v = Vec::with_capacity(100);
    macro_rules! def {
        ($($name:literal $slot:ident $wrap:ident $dispatch:ident $sig:literal $doc:literal;)*) => { $(
            v.push(SlotDef {
                name: $name, slot: SlotId::$slot, doc: $doc, text_signature: $sig, wrap: $wrap,
                dispatch: $dispatch as *const () as usize,
            });
        )* };
    }
    def! {
        "__repr__" repr wrap_unary d_repr "($self, /)" "Return repr(self).";
        "__hash__" hash wrap_hash d_hash "($self, /)" "Return hash(self).";
        "__call__" call wrap_call d_call "($self, /, *args, **kwargs)" "Call self as a function.";
        "__str__" str wrap_unary d_str "($self, /)" "Return str(self).";
        "__getattribute__" getattro wrap_getattr d_getattro "($self, name, /)" "Return getattr(self, name).";
        "__getattr__" getattro wrap_getattr d_getattro "($self, name, /)" "";
        "__setattr__" setattro wrap_setattr d_setattro "($self, name, value, /)" "Implement setattr(self, name, value).";
        "__delattr__" setattro wrap_delattr d_setattro "($self, name, /)" "Implement delattr(self, name).";
        "__lt__" richcompare wrap_lt d_richcompare "($self, value, /)" "Return self<value.";
        "__le__" richcompare wrap_le d_richcompare "($self, value, /)" "Return self<=value.";
        "__eq__" richcompare wrap_eq d_richcompare "($self, value, /)" "Return self==value.";
        "__ne__" richcompare wrap_ne d_richcompare "($self, value, /)" "Return self!=value.";
        "__gt__" richcompare wrap_gt d_richcompare "($self, value, /)" "Return self>value.";
        "__ge__" richcompare wrap_ge d_richcompare "($self, value, /)" "Return self>=value.";
        "__iter__" iter wrap_unary d_iter_checked "($self, /)" "Implement iter(self).";
        "__next__" iternext wrap_next d_next "($self, /)" "Implement next(self).";
        "__get__" descr_get wrap_get d_get "($self, instance, owner=None, /)" "Return an attribute of instance, which is of type owner.";
        "__set__" descr_set wrap_set d_set "($self, instance, value, /)" "Set an attribute of instance to value.";
        "__delete__" descr_set wrap_delitem d_set "($self, instance, /)" "Delete an attribute of instance.";
        "__init__" init wrap_init d_init "($self, /, *args, **kwargs)" "Initialize self.  See help(type(self)) for accurate signature.";
        "__del__" del wrap_del d_del "($self, /)" "Called when the instance is about to be destroyed.";
        "__buffer__" get_buffer wrap_buffer d_buffer "($self, flags, /)" "Return a buffer object that exposes the underlying memory of the object.";
        "__release_buffer__" release_buffer wrap_release_buffer d_release_buffer "($self, buffer, /)" "Release the buffer object that exposes the underlying memory of the object.";
        "__await__" await_ wrap_unary d_await "($self, /)" "Return an iterator to be used in await expression.";
        "__aiter__" aiter wrap_unary d_aiter "($self, /)" "Return an awaitable, that resolves in asynchronous iterator.";
        "__anext__" anext wrap_unary d_anext "($self, /)" "Return a value or raise StopAsyncIteration.";
        "__add__" add wrap_binary d_add "($self, value, /)" "Return self+value.";
        "__radd__" add wrap_binary_r d_add "($self, value, /)" "Return value+self.";
        "__sub__" sub wrap_binary d_sub "($self, value, /)" "Return self-value.";
        "__rsub__" sub wrap_binary_r d_sub "($self, value, /)" "Return value-self.";
        "__mul__" mul wrap_binary d_mul "($self, value, /)" "Return self*value.";
        "__rmul__" mul wrap_binary_r d_mul "($self, value, /)" "Return value*self.";
        "__mod__" rem wrap_binary d_rem "($self, value, /)" "Return self%value.";
        "__rmod__" rem wrap_binary_r d_rem "($self, value, /)" "Return value%self.";
        "__divmod__" divmod wrap_binary d_divmod "($self, value, /)" "Return divmod(self, value).";
        "__rdivmod__" divmod wrap_binary_r d_divmod "($self, value, /)" "Return divmod(value, self).";
        "__pow__" pow wrap_pow d_pow "($self, value, mod=None, /)" "Return pow(self, value, mod).";
        "__rpow__" pow wrap_pow_r d_pow "($self, value, mod=None, /)" "Return pow(value, self, mod).";
        "__neg__" neg wrap_unary d_neg "($self, /)" "-self";
        "__pos__" pos wrap_unary d_pos "($self, /)" "+self";
        "__abs__" abs wrap_unary d_abs "($self, /)" "abs(self)";
        "__bool__" bool wrap_bool d_bool "($self, /)" "True if self else False";
        "__invert__" invert wrap_unary d_invert "($self, /)" "~self";
        "__lshift__" lshift wrap_binary d_lshift "($self, value, /)" "Return self<<value.";
        "__rlshift__" lshift wrap_binary_r d_lshift "($self, value, /)" "Return value<<self.";
        "__rshift__" rshift wrap_binary d_rshift "($self, value, /)" "Return self>>value.";
        "__rrshift__" rshift wrap_binary_r d_rshift "($self, value, /)" "Return value>>self.";
        "__and__" and wrap_binary d_and "($self, value, /)" "Return self&value.";
        "__rand__" and wrap_binary_r d_and "($self, value, /)" "Return value&self.";
        "__xor__" xor wrap_binary d_xor "($self, value, /)" "Return self^value.";
        "__rxor__" xor wrap_binary_r d_xor "($self, value, /)" "Return value^self.";
        "__or__" or wrap_binary d_or "($self, value, /)" "Return self|value.";
        "__ror__" or wrap_binary_r d_or "($self, value, /)" "Return value|self.";
        "__int__" int wrap_unary d_int "($self, /)" "int(self)";
        "__float__" float wrap_unary d_float "($self, /)" "float(self)";
        "__iadd__" iadd wrap_binary d_iadd "($self, value, /)" "Return self+=value.";
        "__isub__" isub wrap_binary d_isub "($self, value, /)" "Return self-=value.";
        "__imul__" imul wrap_binary d_imul "($self, value, /)" "Return self*=value.";
        "__imod__" irem wrap_binary d_irem "($self, value, /)" "Return self%=value.";
        "__ipow__" ipow wrap_binary d_ipow "($self, value, /)" "Return self**=value.";
        "__ilshift__" ilshift wrap_binary d_ilshift "($self, value, /)" "Return self<<=value.";
        "__irshift__" irshift wrap_binary d_irshift "($self, value, /)" "Return self>>=value.";
        "__iand__" iand wrap_binary d_iand "($self, value, /)" "Return self&=value.";
        "__ixor__" ixor wrap_binary d_ixor "($self, value, /)" "Return self^=value.";
        "__ior__" ior wrap_binary d_ior "($self, value, /)" "Return self|=value.";
        "__floordiv__" floordiv wrap_binary d_floordiv "($self, value, /)" "Return self//value.";
        "__rfloordiv__" floordiv wrap_binary_r d_floordiv "($self, value, /)" "Return value//self.";
        "__truediv__" truediv wrap_binary d_truediv "($self, value, /)" "Return self/value.";
        "__rtruediv__" truediv wrap_binary_r d_truediv "($self, value, /)" "Return value/self.";
        "__ifloordiv__" ifloordiv wrap_binary d_ifloordiv "($self, value, /)" "Return self//=value.";
        "__itruediv__" itruediv wrap_binary d_itruediv "($self, value, /)" "Return self/=value.";
        "__index__" index wrap_unary d_index "($self, /)" "Return self converted to an integer, if self is suitable for use as an index into a list.";
        "__matmul__" matmul wrap_binary d_matmul "($self, value, /)" "Return self@value.";
        "__rmatmul__" matmul wrap_binary_r d_matmul "($self, value, /)" "Return value@self.";
        "__imatmul__" imatmul wrap_binary d_imatmul "($self, value, /)" "Return self@=value.";
        "__len__" len wrap_len d_len "($self, /)" "Return len(self).";
        "__getitem__" getitem wrap_binary d_getitem "($self, key, /)" "Return self[key].";
        "__setitem__" setitem wrap_setitem d_setitem "($self, key, value, /)" "Set self[key] to value.";
        "__delitem__" setitem wrap_delitem d_setitem "($self, key, /)" "Delete self[key].";
        "__contains__" contains wrap_contains d_contains "($self, key, /)" "Return bool(key in self).";
    }
    // Sequence operations: a native type's `concat` and `repeat` appear as the number methods; Python definitions of
    // those fill the number slots above.
    macro_rules! seq {
        ($($name:literal $slot:ident $wrap:ident $sig:literal $doc:literal;)*) => { $(
            v.push(SlotDef { name: $name, slot: SlotId::$slot, doc: $doc, text_signature: $sig, wrap: $wrap, dispatch: 0 });
        )* };
    }
    seq! {
        "__add__" concat wrap_binary "($self, value, /)" "Return self+value.";
        "__mul__" repeat wrap_repeat "($self, value, /)" "Return self*value.";
        "__rmul__" repeat wrap_repeat "($self, value, /)" "Return value*self.";
        "__iadd__" iconcat wrap_binary "($self, value, /)" "Implement self+=value.";
        "__imul__" irepeat wrap_repeat "($self, value, /)" "Implement self*=value.";
    }
    v.push(SlotDef {
        name: "__new__",
        slot: SlotId::new,
        doc: "Create and return a new object.  See help(type) for accurate signature.",
        text_signature: "($type, *args, **kwargs)",
        wrap: wrap_call,
        dispatch: d_new as *const () as usize,
    });
    v
}
