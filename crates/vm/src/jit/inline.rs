//! Native functions and operations that traces contain as IR instead of calls: those whose declaration says so
//! ([`Inline`]), `range(...)`, `int()` of numbers, `iter()` of builtin sequences, powers of floats.
//!
//! Each computes what the function would give and records how. None (whatever was recorded so far): the operation is
//! carried out as a whole.
//!
//! # Invariants
//! The owner of a member descriptor is a type. Helpers that machine code calls are called here with the same
//! arguments, under the same conditions.

use super::machine::{Recorder, T};
use super::quiet::{function, new};
use super::{helpers, watch};
use crate::builtins;
use crate::builtins::iters::{BytesIter, StrIter};
use crate::interp::fast;
use crate::interp::machine::PyMachine;
use crate::n;
use crate::native::{Inline, NativeDef, tflags};
use crate::object::*;
use crate::shape::{Place, shape};
use crate::slot_defs::may_set_by;
use crate::value::*;
use adder_bytecode::{Ins, Op as Bc};
use adder_metatrace::ir::{Callee, Op, R as Ir};
use adder_metatrace::{Cmp, Effects, Field, Machine};
use std::mem::offset_of;

const LIST_LEN: Field = Field(offset_of!(List, len) as u32);
const TUPLE_LEN: Field = Field(offset_of!(Tuple, len) as u32);
const BYTES_LEN: Field = Field(offset_of!(Bytes, len) as u32);
const DICT_USED: Field = Field(offset_of!(Dict, used) as u32);
const RANGE_START: Field = Field(offset_of!(Range, start) as u32);
const RANGE_STOP: Field = Field(offset_of!(Range, stop) as u32);
const RANGE_STEP: Field = Field(offset_of!(Range, step) as u32);
const RANGE_LEN: Field = Field(offset_of!(Range, len) as u32);

const NATIVE_THIS: Field = Field(offset_of!(NativeFunction, this) as u32);

/// Records the instruction. Some: it is done, its result is in its register.
#[inline(never)]
pub fn record(m: Recorder, i: Ins) -> Option<()> {
    match i.op() {
        Bc::Call => call(m, i, i.a() + 1, i.b()),
        Bc::CallMethod => {
            let plain = m.reg_is_null(i.a() + 1) as usize;
            call(m, i, i.a() + 1 + plain, i.b() - plain)
        }
        Bc::GetIter | Bc::GetYieldFromIter => {
            let r = iter(m, m.reg(i.b()))?;
            m.set_reg(i.a(), r);
            Some(())
        }
        Bc::Pow => {
            let r = pow(m, m.reg(i.b()), m.reg(i.c()))?;
            m.set_reg(i.a(), r);
            Some(())
        }
        _ => None,
    }
}

fn call(m: Recorder, i: Ins, at: usize, n: usize) -> Option<()> {
    let f = m.reg(i.a());
    if f.v.is(builtins::range::RANGE.get().value()) {
        let r = range(m, f, at, n)?;
        m.set_reg(i.c(), r);
        return Some(());
    }
    if n == 1 && f.v.is(builtins::int::INT.get().value()) {
        let r = int(m, f, m.reg(at))?;
        m.set_reg(i.c(), r);
        return Some(());
    }
    if n == 1 && f.v.is(builtins::iters::REVERSED.get().value()) && m.reg(at).v.is_exact(Kind::Range) {
        m.promote(f);
        let r = range_iter(m, m.reg(at), true)?;
        m.set_reg(i.c(), r);
        return Some(());
    }
    if f.v.is_exact(Kind::WrapperDescriptor) {
        set_attr(m, f, at, n)?;
        m.set_reg(i.c(), m.constant(NONE()));
        return Some(());
    }
    let (def, kind): (&'static NativeDef, _) = if let Some(nf) = f.v.exact::<NativeFunction>() {
        (nf.def, Kind::NativeFunction)
    } else if let Some(d) = f.v.exact::<MethodDescriptor>() {
        (d.def, Kind::MethodDescriptor)
    } else {
        return None;
    };
    if def.real.is_none()
        && matches!(def.inline, Inline::No | Inline::IsInstance | Inline::IsSubclass | Inline::Repr)
    {
        return None;
    }
    if !function(m, f, def) {
        return None;
    }
    if let Some(g) = def.real {
        let r = super::reals::call(m, g, at, n)?;
        m.set_reg(i.c(), r);
        return Some(());
    }
    if kind == Kind::NativeFunction && def.sig.receiver {
        if def.inline == Inline::ListAppend && n == 1 {
            let l = m.get(f, NATIVE_THIS);
            if !m.shape_is(l, Kind::List as u32) {
                return None;
            }
            fast::append(m, l, m.reg(at)).ok()?;
            m.set_reg(i.c(), m.constant(NONE()));
            return Some(());
        }
        return None;
    }
    let r = match (def.inline, n) {
        (Inline::Len, 1) => len(m, m.reg(at))?,
        (Inline::Abs, 1) => abs(m, m.reg(at))?,
        (Inline::Index, 1) => small_int(m, m.reg(at))?,
        (Inline::BitLength, 1) => {
            let x = small_int(m, m.reg(at))?;
            let n = m.fix_to_int(x);
            let c = Callee {
                name: "bit_length",
                addr: helpers::bit_length as *const () as usize,
                effects: Effects::PURE,
            };
            let r = m.rec().core.call(Op::CallInt, c, &[n.r]);
            m.int_to_fix(T { v: unsafe { helpers::bit_length(n.v as u64) } as i64, r })
        }
        (Inline::FloatSqrt, 1) => {
            let x = m.number_as_float(m.reg(at))?;
            let zero = T { v: 0.0, r: m.rec().core.flt(0) };
            if !m.test(m.float_cmp(Cmp::Le, zero, x)) {
                return None;
            }
            m.box_float(T { v: x.v.sqrt(), r: m.rec().core.op1(Op::FSqrt, x.r) }).ok()?
        }
        (Inline::ListAppend, 2) => {
            let (l, v) = (m.reg(at), m.reg(at + 1));
            if !m.shape_is(l, Kind::List as u32) {
                return None;
            }
            fast::append(m, l, v).ok()?;
            m.constant(NONE())
        }
        _ => return None,
    };
    m.set_reg(i.c(), r);
    Some(())
}

/// `object.__setattr__(o, "name", v)`, by which frozen classes are built, where it is a store into the object.
fn set_attr(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<()> {
    let th = m.i.th;
    let object = builtins::object::OBJECT.get();
    if n != 3 || !th.lookup(object, n!(__setattr__))?.is(f.v) {
        return None;
    }
    let (o, k, v) = (m.reg(at), m.reg(at + 1), m.reg(at + 2));
    if !o.v.is_obj() || k.r.as_const().is_none() {
        return None;
    }
    let name = th.intern_value(k.v.exact::<Str>()?);
    let (t, s) = (th.type_of(o.v), shape(o.v.shape_id()));
    let usual = t.heap_type()
        && !t.has(tflags::HIDDEN_ATTRS)
        && may_set_by(t, crate::attr::object_setattro as *const () as usize);
    if !usual || !o.v.is_kind(Kind::Object) {
        return None;
    }
    // Where it goes, and the shape that the object then has.
    let (at, next) = match th.lookup(t, name) {
        Some(d) if th.type_of(d).slots.descr_set.is_some() => {
            let d = d.exact::<MemberDescriptor>()?;
            let own =
                d.flags == 0 && d.offset != crate::native::member::AS_ATTR && th.is_subtype(t, d.owner.gc());
            (own.then_some(d.offset)?, None)
        }
        _ if s.dict_mode || s.ext_at == 0 => return None,
        _ => match s.find(name) {
            Some(Place::Inline(at)) => (at, None),
            Some(_) => return None,
            None => {
                let next = s.with(name)?;
                let Place::Inline(at) = next.place(next.places() - 1) else { return None };
                (at, Some(next.id))
            }
        },
    };
    m.promote(f);
    watch::watch_type(t, m.rec().tree);
    if !m.shape_is(o, s.id) || !m.owns(o) {
        return None;
    }
    m.set(o, Field(at), v).ok()?;
    if let Some(id) = next {
        m.set_shape(o, id);
    }
    Some(())
}

fn len(m: Recorder, o: T<Value>) -> Option<T<Value>> {
    let f = match o.v.shape_id() {
        k if k == Kind::List as u32 => LIST_LEN,
        k if k == Kind::Tuple as u32 => TUPLE_LEN,
        k if k == Kind::Dict as u32 => DICT_USED,
        k if k == Kind::Bytes as u32 => BYTES_LEN,
        _ => return None,
    };
    if !m.shape_is(o, o.v.shape_id()) {
        return None;
    }
    let n = m.get_int(o, f);
    // The content of an object's dict is elsewhere.
    if f == DICT_USED && m.test(m.int_cmp(Cmp::Eq, n, m.int_const(0))) {
        return None;
    }
    Some(m.int_to_fix(n))
}

fn abs(m: Recorder, x: T<Value>) -> Option<T<Value>> {
    if m.test(m.is_fixnum(x)) {
        if !m.test(m.fix_cmp(Cmp::Lt, x, m.fixnum(0))) {
            return Some(x);
        }
        return m.fix_sub(m.fixnum(0), x);
    }
    let f = m.as_float(x)?;
    m.box_float(T { v: f.v.abs(), r: m.rec().core.op1(Op::FAbs, f.r) }).ok()
}

pub(super) fn small_int(m: Recorder, x: T<Value>) -> Option<T<Value>> {
    m.test(m.is_fixnum(x)).then_some(x)
}

/// `int(x)` of a small int, or of a float that gives one.
fn int(m: Recorder, f: T<Value>, x: T<Value>) -> Option<T<Value>> {
    if x.v.is_fix() {
        m.promote(f);
        return small_int(m, x);
    }
    m.i.as_float(x.v)?;
    m.promote(f);
    super::reals::truncated(m, m.as_float(x)?)
}

/// `range` of small ints. Which way it goes and whether it is empty is part of what was recorded.
fn range(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let one = m.fixnum(1);
    let (start, stop, step) = match n {
        1 => (m.fixnum(0), m.reg(at), one),
        2 => (m.reg(at), m.reg(at + 1), one),
        3 => (m.reg(at), m.reg(at + 1), m.reg(at + 2)),
        _ => return None,
    };
    if !start.v.is_fix() || !stop.v.is_fix() || !step.v.is_fix() {
        return None;
    }
    m.promote(f);
    if !m.both_fixnum(start, stop) || !m.test(m.is_fixnum(step)) {
        return None;
    }
    let zero = m.fixnum(0);
    let up = m.test(m.fix_cmp(Cmp::Lt, zero, step));
    if !up && !m.test(m.fix_cmp(Cmp::Lt, step, zero)) {
        return None;
    }
    let (lo, hi) = if up { (start, stop) } else { (stop, start) };
    let len = if !m.test(m.fix_cmp(Cmp::Lt, lo, hi)) {
        zero
    } else {
        let far = m.fix_sub(hi, lo)?;
        if m.test(m.same(step, one)) {
            far
        } else {
            let by = if up { step } else { m.fix_sub(zero, step)? };
            m.fix_add(m.fix_floordiv(m.fix_sub(far, one)?, by)?, one)?
        }
    };
    let th = m.i.th;
    let v = builtins::range::new(th, start.v, stop.v, step.v).ok()?;
    let o: Gc<Range> = v.exact()?;
    if o.len.get() != Some(len.v) {
        return None;
    }
    let at = |s: usize, r: Ir| (s as u32, r);
    Some(new(
        m,
        Kind::Range,
        v,
        size_of::<Range>(),
        &[
            at(offset_of!(Range, start), start.r),
            at(offset_of!(Range, stop), stop.r),
            at(offset_of!(Range, step), step.r),
            at(offset_of!(Range, len), len.r),
        ],
    ))
}

/// The iterator over a range of small ints, forwards or backwards.
fn range_iter(m: Recorder, o: T<Value>, back: bool) -> Option<T<Value>> {
    let r: Gc<Range> = o.v.exact()?;
    let v = if back { builtins::range::range_reversed(m.i.th, r) } else { m.i.th.iter(o.v) }.ok()?;
    let it: Gc<RangeIter> = v.exact()?;
    if !m.shape_is(o, Kind::Range as u32) {
        return None;
    }
    let part = |f: Field| {
        let x = m.get(o, f);
        m.test(m.is_fixnum(x)).then_some(x)
    };
    let (start, step, len) = (part(RANGE_START)?, part(RANGE_STEP)?, part(RANGE_LEN)?);
    // An iterator over small ints: the last one fits as well, for it is nearer to the first than the end is.
    part(RANGE_STOP)?;
    let (next, step) = if back {
        let (zero, one) = (m.fixnum(0), m.fixnum(1));
        if !m.test(m.fix_cmp(Cmp::Lt, zero, len)) {
            return None;
        }
        let far = m.fix_mul(m.fix_sub(len, one)?, step)?;
        (m.fix_add(start, far)?, m.fix_sub(zero, step)?)
    } else {
        (start, step)
    };
    let (next, step, left) = (m.fix_to_int(next), m.fix_to_int(step), m.fix_to_int(len));
    if (next.v, step.v, left.v) != (it.next.get(), it.step, it.left.get()) {
        return None;
    }
    Some(new(
        m,
        Kind::RangeIter,
        v,
        size_of::<RangeIter>(),
        &[
            (offset_of!(RangeIter, next) as u32, next.r),
            (offset_of!(RangeIter, step) as u32, step.r),
            (offset_of!(RangeIter, left) as u32, left.r),
        ],
    ))
}

/// The iterator of a list, a tuple, bytes or a range of small ints.
fn iter(m: Recorder, o: T<Value>) -> Option<T<Value>> {
    let kind = o.v.shape_id();
    let th = m.i.th;
    if kind == Kind::Range as u32 {
        return range_iter(m, o, false);
    }
    let own = th.type_of(o.v);
    let list = builtins::list::LIST.get();
    let same = |t: Gc<Type>| own.slots.iter.map(|f| f as usize) == t.slots.iter.map(|f| f as usize);
    // Classes derived from list that are iterated as lists are.
    let derived = own.heap_type() && o.v.is_kind(Kind::List) && same(list);
    if derived {
        super::watch::watch_type(own, m.rec().tree);
    }
    let (k, size, seq, index) = if kind == Kind::List as u32 || derived {
        (Kind::ListIter, size_of::<ListIter>(), offset_of!(ListIter, list), offset_of!(ListIter, i))
    } else if kind == Kind::Tuple as u32 {
        (Kind::TupleIter, size_of::<TupleIter>(), offset_of!(TupleIter, tuple), offset_of!(TupleIter, i))
    } else if kind == Kind::Bytes as u32 {
        (Kind::BytesIter, size_of::<BytesIter>(), offset_of!(BytesIter, seq), offset_of!(BytesIter, i))
    } else if super::quiet::is_ascii(m, o) {
        let v = th.iter(o.v).ok()?;
        let zero = m.rec().core.int(0);
        let at = |f: usize, r: Ir| (f as u32, r);
        let fields = [
            at(offset_of!(StrIter, s), o.r),
            at(offset_of!(StrIter, pos), zero),
            at(offset_of!(StrIter, i), zero),
        ];
        return Some(new(m, Kind::StrAsciiIter, v, size_of::<StrIter>(), &fields));
    } else {
        return None;
    };
    let v = th.iter(o.v).ok()?;
    if !v.is_exact(k) || !m.shape_is(o, kind) {
        return None;
    }
    let zero = m.rec().core.int(0);
    Some(new(m, k, v, size, &[(seq as u32, o.r), (index as u32, zero)]))
}

/// `x ** y` for floats of which the base is positive or the exponent a positive integer, and a finite result.
fn pow(m: Recorder, x: T<Value>, y: T<Value>) -> Option<T<Value>> {
    if x.v.is_fix() && y.v.is_fix() {
        return None;
    }
    let a = m.number_as_float(x)?;
    let b = m.number_as_float(y)?;
    let r = f64::from_bits(unsafe { helpers::pow(a.v.to_bits(), b.v.to_bits()) });
    let zero = T { v: 0.0, r: m.rec().core.flt(0) };
    let any_base = y.v.is_fix() && b.v > 0.0 && y.r.as_const().is_some();
    if !r.is_finite() || !(any_base || (a.v > 0.0 && m.test(m.float_cmp(Cmp::Lt, zero, a)))) {
        return None;
    }
    // What `pow` looks for is excluded by now, or comes out as one of the results below.
    let f = Callee { name: "pow", addr: helpers::plain_pow as *const () as usize, effects: Effects::PURE };
    let c = m.rec().core.call(Op::CallFlt, f, &[a.r, b.r]);
    let r = T { v: r, r: c };
    // Too large, or not a number: the operation is carried out as the interpreter does it.
    let inf = T { v: f64::INFINITY, r: m.rec().core.flt(f64::INFINITY.to_bits()) };
    if !m.test(m.float_cmp(Cmp::Lt, r, inf)) {
        return None;
    }
    if any_base {
        let inf = T { v: f64::NEG_INFINITY, r: m.rec().core.flt(f64::NEG_INFINITY.to_bits()) };
        if !m.test(m.float_cmp(Cmp::Lt, inf, r)) {
            return None;
        }
    }
    m.box_float(r).ok()
}

/// A comparison of two tuples of one length, item by item. So many instructions are jumped over.
pub fn tuples(m: Recorder, i: Ins) -> Option<isize> {
    use Bc::*;
    let (op, jump) = match i.op() {
        Lt => (Cmp::Lt, false),
        Le => (Cmp::Le, false),
        Gt => (Cmp::Gt, false),
        Ge => (Cmp::Ge, false),
        Eq => (Cmp::Eq, false),
        Ne => (Cmp::Ne, false),
        JLt => (Cmp::Lt, true),
        JLe => (Cmp::Le, true),
        JGt => (Cmp::Gt, true),
        JGe => (Cmp::Ge, true),
        JEq => (Cmp::Eq, true),
        JNe => (Cmp::Ne, true),
        _ => return None,
    };
    let (a, b) = if jump { (i.a(), i.b()) } else { (i.b(), i.c()) };
    let tuple = |r: usize| !m.i.reg_is_null(r) && m.i.reg(r).is_exact(Kind::Tuple);
    if !tuple(a) || !tuple(b) {
        return None;
    }
    let (x, y) = (m.reg(a), m.reg(b));
    let n = x.v.exact::<Tuple>()?.len;
    if n != y.v.exact::<Tuple>()?.len || n > MOST_ITEMS {
        return None;
    }
    for t in [x, y] {
        if !m.shape_is(t, Kind::Tuple as u32) {
            return None;
        }
        let len = m.get_int(t, TUPLE_LEN);
        m.test(m.int_cmp(Cmp::Eq, len, m.int_const(n as i64)));
    }
    // The first items that differ decide: Some: whether the left one is less.
    let mut less = None;
    for k in 0..n {
        let item = Field((size_of::<Tuple>() + 8 * k) as u32);
        less = differ(m, m.get(x, item), m.get(y, item), matches!(op, Cmp::Eq | Cmp::Ne))?;
        if less.is_some() {
            break;
        }
    }
    let yes = match (op, less) {
        (Cmp::Eq, l) => l.is_none(),
        (Cmp::Ne, l) => l.is_some(),
        (Cmp::Le | Cmp::Ge, None) => true,
        (Cmp::Lt | Cmp::Gt, None) => false,
        (Cmp::Lt | Cmp::Le, Some(l)) => l,
        (Cmp::Gt | Cmp::Ge, Some(l)) => !l,
    };
    if jump {
        return Some(if yes == (i.x() != 0) { i.ci() as isize } else { 0 });
    }
    m.set_reg(i.a(), m.constant(Value::bool(yes)));
    Some(0)
}
const MOST_ITEMS: usize = 8;

/// How two items compare: None: not known; Some(None): equal; Some(Some(less)). `equal`: only whether they are equal counts.
fn differ(m: Recorder, x: T<Value>, y: T<Value>, equal: bool) -> Option<Option<bool>> {
    if x.v.is_fix() && y.v.is_fix() {
        if !m.both_fixnum(x, y) {
            return None;
        }
        if m.test(m.fix_cmp(Cmp::Eq, x, y)) {
            return Some(None);
        }
        return Some(Some(equal || m.test(m.fix_cmp(Cmp::Lt, x, y))));
    }
    let float = |v: Value| m.i.as_float(v).is_some();
    if float(x.v) && float(y.v) {
        let (f, g) = (m.as_float(x)?, m.as_float(y)?);
        if m.test(m.float_cmp(Cmp::Eq, f, g)) {
            return Some(None);
        }
        // Neither less nor greater: not a number, of which the identity would count.
        if m.test(m.float_cmp(Cmp::Lt, f, g)) {
            return Some(Some(true));
        }
        return m.test(m.float_cmp(Cmp::Lt, g, f)).then_some(Some(false));
    }
    if x.v.is_exact(Kind::Str) && y.v.is_exact(Kind::Str) {
        if m.call2_bool(fast::cmp_residual(Cmp::Eq), x, y).ok()? {
            return Some(None);
        }
        return Some(Some(equal || m.call2_bool(fast::cmp_residual(Cmp::Lt), x, y).ok()?));
    }
    None
}
