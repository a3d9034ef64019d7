//! Quiet operations on containers: displays, items, membership.
//!
//! # Invariants
//! The list was tested to be one exactly, which the helpers rely on; they test indices for themselves.

use super::tables::*;
use crate::builtins;
use crate::interp::machine::PyMachine;
use crate::jit::machine::{Recorder, T};
use crate::jit::{helpers, watch};
use crate::n;
use crate::object::*;
use crate::value::*;
use adder_metatrace::ir::{Inst, Op, R as Ir};
use adder_metatrace::{Cmp, Field, Machine};
use std::mem::offset_of;

/// A new object of a builtin kind whose fields are given.
pub fn new(m: Recorder, kind: Kind, v: Value, size: usize, fields: &[(u32, Ir)]) -> T<Value> {
    let what = (kind as i64) << 56 | (size as i64) << 32 | kind as i64;
    let core = &mut m.rec().core;
    let r = core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
    for (at, x) in fields {
        core.trace.push(Inst { a: r, b: *x, imm: *at as i64, ..Inst::new(Op::SetNew) });
    }
    T { v, r }
}

/// A function of a class bound to an instance.
pub(super) fn bound_method(m: Recorder, f: Value, this: T<Value>) -> T<Value> {
    let f = m.constant(f);
    let v = m.i.th.method(f.v, this.v);
    new(
        m,
        Kind::Method,
        v,
        size_of::<Method>(),
        &[(offset_of!(Method, func) as u32, f.r), (offset_of!(Method, this) as u32, this.r)],
    )
}

/// Longest display that is built in the trace.
pub(super) const DISPLAY: usize = 16;

/// A few values, on the native stack, where the collector sees them.
#[derive(Clone, Copy)]
pub struct Few {
    v: [T<Value>; DISPLAY],
    n: usize,
}
impl Few {
    pub fn new() -> Few {
        Few { v: [T { v: NONE(), r: Ir::NONE }; DISPLAY], n: 0 }
    }
    /// None: they are too many.
    pub fn push(&mut self, x: T<Value>) -> Option<()> {
        *self.v.get_mut(self.n)? = x;
        self.n += 1;
        Some(())
    }
    fn extend(&mut self, other: &Few) -> Option<()> {
        other.items().iter().try_for_each(|x| self.push(*x))
    }
    pub fn items(&self) -> &[T<Value>] {
        &self.v[..self.n]
    }
    /// The values alone; what lies behind the last is None.
    pub fn values(&self) -> [Value; DISPLAY] {
        self.v.map(|x| x.v)
    }
    fn of_registers(m: Recorder, at: usize, n: usize) -> Option<Few> {
        let mut f = Few::new();
        (at..at + n).try_for_each(|k| f.push(m.reg(k)))?;
        Some(f)
    }
}

pub(super) fn tuple(m: Recorder, at: usize, n: usize) -> Option<T<Value>> {
    tuple_of(m, &Few::of_registers(m, at, n)?)
}
fn tuple_of(m: Recorder, items: &Few) -> Option<T<Value>> {
    let n = items.n;
    if n == 0 {
        return None;
    }
    let v = m.i.th.tuple(&items.values()[..n]);
    let len = m.rec().core.int(n as i64);
    let mut f = vec![(offset_of!(Tuple, len) as u32, len)];
    f.extend(items.items().iter().enumerate().map(|(k, x)| ((size_of::<Tuple>() + 8 * k) as u32, x.r)));
    Some(new(m, Kind::Tuple, v, size_of::<Tuple>() + 8 * n, &f))
}
/// The object was made by the trace.
pub(super) fn made_here(m: Recorder, o: T<Value>) -> bool {
    m.rec().core.trace.inst(o.r).is_some_and(|i| i.op == Op::New)
}
/// The items of a list or tuple that was made by the trace, if it still has as many as are seen; of a constant tuple.
fn items_of(m: Recorder, o: T<Value>) -> Option<Few> {
    let mut all = Few::new();
    if o.r.as_const().is_some()
        && let Some(t) = o.v.exact::<Tuple>()
    {
        t.items().iter().try_for_each(|v| all.push(m.constant(*v)))?;
        return Some(all);
    }
    if !made_here(m, o) || !m.of_shape(o) {
        return None;
    }
    let (n, at, items, first) = if let Some(t) = o.v.exact::<Tuple>() {
        (t.len, offset_of!(Tuple, len), o, size_of::<Tuple>())
    } else {
        let l = o.v.exact::<List>()?;
        let n = l.len.load(std::sync::atomic::Ordering::Relaxed) as usize;
        (n, offset_of!(List, len), m.get(o, Field(offset_of!(List, items) as u32)), size_of::<Array>())
    };
    if n > DISPLAY {
        return None;
    }
    m.test(m.int_cmp(Cmp::Eq, m.get_int(o, Field(at as u32)), m.int_const(n as i64)));
    (0..n).try_for_each(|k| all.push(m.get(items, Field((first + 8 * k) as u32))))?;
    Some(all)
}
/// The list under construction with these items as well: another one, as nobody else has it.
pub(super) fn extended(m: Recorder, l: T<Value>, by: T<Value>) -> Option<T<Value>> {
    if !made_here(m, l) {
        return None;
    }
    let mut items = items_of(m, l)?;
    items.extend(&items_of(m, by)?)?;
    list_of(m, &items)
}
/// A tuple of the items of a list that the trace made.
pub(super) fn as_tuple(m: Recorder, l: T<Value>) -> Option<T<Value>> {
    tuple_of(m, &items_of(m, l)?)
}
/// A new dict without items.
pub fn empty_dict(m: Recorder) -> T<Value> {
    let d = Gc::<Dict>::new(m.i.th);
    let table = m.constant(d.tab().value()).r;
    let none = m.rec().core.int(0);
    let fields = [(offset_of!(Dict, table) as u32, table), (offset_of!(Dict, used) as u32, none)];
    new(m, Kind::Dict, d.value(), size_of::<Dict>(), &fields)
}
/// Whether a dict has nothing in it and never had attributes of an object; if so, that is tested.
pub(super) fn is_empty_dict(m: Recorder, d: T<Value>) -> bool {
    let Some(o) = d.v.exact::<Dict>() else { return false };
    if o.len() != 0 || o.owner.get().is_some() || !m.of_shape(d) {
        return false;
    }
    let owner = m.rec().core.op_imm(Op::Get, d.r, Ir::NONE, offset_of!(Dict, owner) as i64);
    let null = m.rec().core.word(0);
    m.guard(m.op(Op::Eq, owner, null), true);
    let used = m.get_int(d, Field(offset_of!(Dict, used) as u32));
    m.test(m.int_cmp(Cmp::Eq, used, m.int_const(0)))
}
pub(super) fn list(m: Recorder, at: usize, n: usize) -> Option<T<Value>> {
    list_of(m, &Few::of_registers(m, at, n)?)
}
fn list_of(m: Recorder, items: &Few) -> Option<T<Value>> {
    let n = items.n;
    let l = builtins::list::new(m.i.th, &items.values()[..n]).ok()?;
    let array = if n == 0 {
        m.constant(builtins::list::empty_array()).r
    } else {
        let cap = m.rec().core.int(n as i64);
        let mut f = vec![(offset_of!(Array, cap) as u32, cap)];
        f.extend(items.items().iter().enumerate().map(|(k, x)| ((size_of::<Array>() + 8 * k) as u32, x.r)));
        new(m, Kind::Array, l.items.value(), size_of::<Array>() + 8 * n, &f).r
    };
    let len = m.rec().core.int(n as i64);
    Some(new(
        m,
        Kind::List,
        l.value(),
        size_of::<List>(),
        &[(offset_of!(List, len) as u32, len), (offset_of!(List, items) as u32, array)],
    ))
}
pub(super) fn native_name(m: Recorder, o: Value) -> &'static str {
    let t = m.i.th.type_of(o);
    if t.heap_type() { "" } else { t.native.name }
}

/// A dict, or of a class that has dict's own special method of this name.
pub(super) fn like_dict(m: Recorder, o: Value, name: Value) -> bool {
    if !o.is_kind(Kind::Dict) {
        return false;
    }
    let (t, d) = (m.i.th.type_of(o), builtins::dict::DICT.get());
    if t == d {
        return true;
    }
    if t.heap_type() {
        watch::watch_type(t, m.rec().tree);
    }
    let own = |t| m.i.th.lookup(t, name).map(Value::bits);
    own(t) == own(d)
}

/// The parts of a slice object that are small ints or None: their kinds are tested, the object need not be made.
fn parts(m: Recorder, k: T<Value>) -> Option<[T<Value>; 3]> {
    let s = k.v.exact::<Slice>()?;
    builtins::slice::plain(s.start.value(), s.stop.value(), s.step.value())?;
    if !m.of_shape(k) {
        return None;
    }
    let mut all = [k; 3];
    let at = [offset_of!(Slice, start), offset_of!(Slice, stop), offset_of!(Slice, step)];
    for (x, at) in all.iter_mut().zip(at) {
        *x = m.get(k, Field(at as u32));
        let known = if x.v.is_fix() { m.test(m.is_fixnum(*x)) } else { m.is_singleton(*x, NONE()) };
        if !known {
            return None;
        }
    }
    Some(all)
}
/// `l[i:j:k]` of a list.
fn list_slice(m: Recorder, l: T<Value>, k: T<Value>) -> Option<T<Value>> {
    if !l.v.is_exact(Kind::List) || !m.of_shape(l) {
        return None;
    }
    let [a, b, c] = parts(m, k)?;
    let v = Value::from_word(unsafe { helpers::list_slice(m.i.th, l.v, a.v, b.v, c.v) })?;
    let f = helpers::list_slice as *const () as usize;
    let r = m.quiet("list[i:j]", f, READS, &[l.r, a.r, b.r, c.r], v);
    Some(m.is_a(r, Kind::List))
}
/// `l[i:j:k] = v` of a list with a list or tuple.
fn list_assign(m: Recorder, l: T<Value>, k: T<Value>, v: T<Value>) -> Option<()> {
    let sequence = v.v.is_exact(Kind::List) || v.v.is_exact(Kind::Tuple);
    if !sequence || !m.of_shape(l) || !m.of_shape(v) {
        return None;
    }
    let [a, b, c] = parts(m, k)?;
    let r = Value::from_word(unsafe { helpers::list_assign(m.i.th, l.v, a.v, b.v, c.v, v.v) })?;
    let f = helpers::list_assign as *const () as usize;
    m.quiet("list[i:j]=v", f, FILLS, &[l.r, a.r, b.r, c.r, v.r], r);
    Some(())
}

pub(super) fn get_item(m: Recorder, o: T<Value>, k: T<Value>) -> Option<T<Value>> {
    if !o.v.is_obj() {
        return None;
    }
    let shape = o.v.shape_id();
    if like_dict(m, o.v, n!(__getitem__)) {
        if !m.of_shape(o) {
            return None;
        }
        if let Some(r) = m.leaf2("dict[k]", helpers::dict_get_item, LOOKS, o, k) {
            return Some(r);
        }
        // A key that a builtin class makes something up for.
        let made = native_name(m, o.v) == "collections.defaultdict";
        return made.then(|| m.quiet2("defaultdict[k]", helpers::item, FILLS, o, k))?;
    }
    if matches!(native_name(m, o.v), "mappingproxy" | "memoryview" | "re.Match") {
        return m.of_shape(o).then(|| m.quiet2("o[k]", helpers::item, READS, o, k))?;
    }
    if let Some(r) = super::numbers::get(m, o, k) {
        return Some(r);
    }
    let slice = k.v.is_exact(Kind::Slice);
    if !slice && !k.v.is_fix() {
        return None;
    }
    if slice && let Some(r) = list_slice(m, o, k) {
        return Some(r);
    }
    let sequence = [Kind::Str, Kind::Bytes, Kind::ByteArray, Kind::Range, Kind::List, Kind::Tuple]
        .iter()
        .any(|x| *x as u32 == shape);
    let own = m.i.th.type_of(o.v);
    let item = |t: Gc<Type>| t.slots.getitem.map(|f| f as usize);
    let derived = own.heap_type()
        && ((o.v.is_kind(Kind::List) && item(own) == item(builtins::list::LIST.get()))
            || (o.v.is_kind(Kind::Tuple) && item(own) == item(builtins::tuple::TUPLE.get())));
    if derived {
        watch::watch_type(own, m.rec().tree);
    }
    if !sequence && !derived && !matches!(native_name(m, o.v), "array.array" | "collections.deque") {
        return None;
    }
    // Named tuples.
    if derived
        && o.v.is_kind(Kind::Tuple)
        && let Some(at) = k.v.as_fix().filter(|n| *n >= 0)
        && (at as usize) < o.v.known::<Tuple>().len
        && m.of_shape(o)
        && m.immediate(k)
    {
        let (at, len) = (m.fix_to_int(k), m.get_int(o, Field(offset_of!(Tuple, len) as u32)));
        if m.test(m.int_ult(at, len)) {
            return Some(m.elem(o, Field(size_of::<Tuple>() as u32), at));
        }
    }
    if sequence && let Some(r) = part(m, o, k) {
        return Some(match Kind::ALL.get(shape as usize) {
            Some(k) => m.is_a(r, *k),
            _ => r,
        });
    }
    if !m.of_shape(o) || !(if slice { m.of_shape(k) } else { m.immediate(k) }) {
        return None;
    }
    let r = if o.v.is_exact(Kind::Str) && k.v.is_fix() {
        if k.v.as_fix().is_none_or(|n| n >= 0)
            && let Some(Some(c)) = super::chars::char_at(m, o, m.fix_to_int(k))
        {
            return Some(c);
        }
        m.leaf2("s[k]", helpers::str_item, LOOKS, o, k)?
    } else {
        m.quiet2("o[k]", helpers::item, READS, o, k)?
    };
    Some(match Kind::ALL.get(shape as usize) {
        Some(Kind::Str) => m.is_a(r, Kind::Str),
        Some(k) if slice && sequence => m.is_a(r, *k),
        _ => r,
    })
}

/// `o[a:b]`: no slice object is made.
fn part(m: Recorder, o: T<Value>, k: T<Value>) -> Option<T<Value>> {
    let s = k.v.exact::<Slice>()?;
    let plain = |x: &Slot| x.get().filter(|v| v.is_none() || v.is_fix());
    if !plain(&s.step)?.is_none() || plain(&s.start).is_none() || plain(&s.stop).is_none() {
        return None;
    }
    if !m.of_shape(o) || !m.of_shape(k) {
        return None;
    }
    let field = |at: usize| {
        let x = m.get(k, Field(at as u32));
        if x.v.is_none() {
            m.is_singleton(x, NONE());
        } else {
            m.test(m.is_fixnum(x));
        }
        x
    };
    field(offset_of!(Slice, step));
    let (start, stop) = (field(offset_of!(Slice, start)), field(offset_of!(Slice, stop)));
    m.quiet3("o[a:b]", helpers::slice, READS, o, start, stop)
}

pub(super) fn set_item(m: Recorder, o: T<Value>, k: T<Value>, v: T<Value>) -> Option<()> {
    if !o.v.is_obj() {
        return None;
    }
    let shape = o.v.shape_id();
    if like_dict(m, o.v, n!(__setitem__)) {
        m.of_shape(o).then(|| m.quiet3("dict[k]=v", helpers::dict_set, FILLS, o, k, v))??;
        return Some(());
    }
    if super::numbers::set(m, o, k, v).is_some() {
        return Some(());
    }
    let numbers = shape == Kind::ByteArray as u32 || native_name(m, o.v) == "array.array";
    if numbers && k.v.is_fix() && !v.v.is_obj() && m.of_shape(o) && m.immediate(k) && m.immediate(v) {
        m.quiet3("o[k]=v", builtins::ops::setitem_value, FILLS, o, k, v)?;
        return Some(());
    }
    let slice = shape == Kind::List as u32 && k.v.is_exact(Kind::Slice);
    if slice && list_assign(m, o, k, v).is_some() {
        return Some(());
    }
    if slice && v.v.is_obj() && container(v.v.shape_id()) && m.of_shape(o) && m.of_shape(k) && m.of_shape(v) {
        m.quiet3("o[k]=v", helpers::set_slice, FILLS, o, k, v)?;
        return Some(());
    }
    let deque = native_name(m, o.v) == "collections.deque";
    if (deque || shape == Kind::List as u32) && k.v.is_fix() && m.of_shape(o) && m.immediate(k) {
        m.quiet3("o[k]=v", builtins::ops::setitem_value, FILLS, o, k, v)?;
        return Some(());
    }
    None
}

pub(super) fn contains(m: Recorder, c: T<Value>, k: T<Value>) -> Option<T<Value>> {
    let holds = |c: Value| container(c.shape_id()) || !m.i.th.type_of(c).heap_type();
    if !c.v.is_obj() || !holds(c.v) || !m.of_shape(c) {
        return None;
    }
    let constant = [Kind::FrozenSet, Kind::Str, Kind::Tuple].iter().any(|k| c.v.is_exact(*k));
    if constant
        && c.r.as_const().is_some()
        && k.r.as_const().is_some()
        && let Some(yes) = builtins::quick::contains(c.v, k.v)
    {
        return Some(m.constant(Value::bool(yes)));
    }
    let set = c.v.is_exact(Kind::Set) || c.v.is_exact(Kind::FrozenSet);
    m.leaf2("in", if set { helpers::set_holds } else { helpers::holds }, LOOKS, c, k)
}
