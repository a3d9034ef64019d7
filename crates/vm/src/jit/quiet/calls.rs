//! Quiet calls: of native functions and methods, of builtin classes, of what is known from shapes.
//!
//! # Invariants
//! Helpers are called with what the trace will give them: the receiver was tested to be of the class that the
//! definition is of, and arguments lie in the running frame's registers.

use super::containers::{bound_method, empty_dict, list, tuple};
use super::tables::*;
use crate::builtins;
use crate::interp::fast::{Bin, fix_bin};
use crate::interp::machine::PyMachine;
use crate::jit::machine::{Recorder, T};
use crate::jit::{helpers, watch};
use crate::n;
use crate::native::{DefKind, Imp, Inline, NativeDef, tflags};
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::{Cmp, Effects, Field, FloatOp, Machine};
use std::mem::offset_of;

/// Most arguments that are handed over one by one, the receiver among them.
const MOST: usize = 4;
/// Most arguments of a quiet call.
const ALL: usize = 12;

/// Arguments of a call: registers from `at` on, of which the last ones have names.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub at: usize,
    pub n: usize,
    pub names: Option<T<Value>>,
}

pub(super) fn call(m: Recorder, i: Ins, args: Given, to: usize) -> Option<()> {
    let r = called(m, m.reg(i.a()), args)?;
    m.set_reg(to, r);
    Some(())
}
fn called(m: Recorder, f: T<Value>, g: Given) -> Option<T<Value>> {
    // What machine code has had in its hands seems alive for a while, and so do buffers.
    if (0..g.n).any(|k| m.reg(g.at + k).v.is_exact(Kind::MemoryView)) {
        return None;
    }
    if f.v.is_exact(Kind::Type) {
        return construct(m, f, g);
    }
    let Some(nf) = f.v.exact::<NativeFunction>() else {
        if let Some(d) = f.v.exact::<MethodDescriptor>() {
            if g.n == 0 || (g.names.is_some() && g.n == names_len(g.names)) || !function(m, f, d.def) {
                return None;
            }
            let this = m.reg(g.at);
            // The descriptor may be another type's: an error.
            let th = m.i.th;
            if !th.is_subtype(th.type_of(this.v), d.owner.get()?) {
                return None;
            }
            return method(m, d.def, this, Given { at: g.at + 1, n: g.n - 1, ..g });
        }
        return callable(m, f, g);
    };
    if g.names.is_none() {
        match nf.def.inline {
            Inline::IsSubclass => return issubclass(m, f, nf.def, g.at, g.n),
            Inline::IsInstance => return isinstance(m, f, g.at, g.n),
            _ => {}
        }
    }
    let this = |m: Recorder| m.get(f, Field(offset_of!(NativeFunction, this) as u32));
    if nf.def.sig.receiver {
        // A bound method; a module's function that calls its module `$self` has none.
        nf.this.get()?;
        return if function(m, f, nf.def) { method(m, nf.def, this(m), g) } else { None };
    }
    if nf.def.kind == DefKind::ClassMethod {
        let t: Gc<Type> = nf.this.get()?.exact()?;
        let row = row(CLASS_METHODS, t.native.name, nf.def.name)?;
        if !function(m, f, nf.def) {
            return None;
        }
        if nf.def.name == "from_bytes" && t == builtins::int::INT.get() && g.names.is_none() {
            if let Some(r) = from_bytes(m, this(m), g) {
                return Some(r);
            }
        }
        return native(m, nf.def, row, Some(this(m)), g, 0);
    }
    // `object.__new__(C)`
    if std::ptr::eq(nf.def, &builtins::type_::NEW_DEF) {
        let t: Gc<Type> = nf.this.get()?.exact()?;
        if !MADE_OF_VALUES.contains(&t.native.name) || t.heap_type() || g.n > ALL || !m.of_shape(f) {
            return None;
        }
        m.promote(this(m));
        if !function(m, f, nf.def) {
            return None;
        }
        let args = given(m, g);
        return match g.names {
            None => m.quiet2("__new__", helpers::call_all, READS, f, args),
            Some(k) => m.quiet3("__new__", helpers::call_named, READS, f, args, k),
        };
    }
    if nf.def.inline == Inline::Resume && g.names.is_none() && (1..=2).contains(&g.n) {
        let it = m.reg(g.at);
        if !function(m, f, nf.def) || !m.of_shape(it) {
            return None;
        }
        let effects = Effects::READS.or(Effects::STEPS);
        return match g.n {
            1 => m.quiet1("next", helpers::iter_next, effects, it),
            _ => m.quiet2("next", helpers::iter_next_or, effects, it, m.reg(g.at + 1)),
        };
    }
    let module = nf.module.get()?.exact::<Module>().and_then(builtins::module::definition)?;
    let row = row(FUNCTIONS, module.name, nf.def.name)?;
    if !function(m, f, nf.def) {
        return None;
    }
    if module.name == "_operator"
        && g.names.is_none()
        && g.n == 2
        && let Some(r) = operator(m, nf.def.name, m.reg(g.at), m.reg(g.at + 1))
    {
        return Some(r);
    }
    if module.name == "builtins"
        && g.names.is_none()
        && let Some(r) = short(m, nf.def.name, g)
    {
        return Some(r);
    }
    native(m, nf.def, row, None, g, 0)
}
/// What the module `operator` has for operators, on numbers.
fn operator(m: Recorder, name: &str, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
    let float = |v: Value| m.i.as_float(v).is_some();
    let fixes = a.v.is_fix() && b.v.is_fix();
    if !fixes && !((a.v.is_fix() || float(a.v)) && (b.v.is_fix() || float(b.v))) {
        return None;
    }
    let cmp = match name {
        "lt" => Some(Cmp::Lt),
        "le" => Some(Cmp::Le),
        "eq" => Some(Cmp::Eq),
        "ne" => Some(Cmp::Ne),
        "gt" => Some(Cmp::Gt),
        "ge" => Some(Cmp::Ge),
        _ => None,
    };
    if let Some(op) = cmp {
        let yes = if fixes && m.both_fixnum(a, b) {
            m.test(m.fix_cmp(op, a, b))
        } else if float(a.v) && float(b.v) {
            m.test(m.float_cmp(op, m.as_float(a)?, m.as_float(b)?))
        } else {
            return None;
        };
        return Some(m.constant(Value::bool(yes)));
    }
    if fixes {
        let op = match name {
            "add" => Bin::Add,
            "sub" => Bin::Sub,
            "mul" => Bin::Mul,
            "floordiv" => Bin::FloorDiv,
            "mod" => Bin::Mod,
            "and_" => Bin::And,
            "or_" => Bin::Or,
            "xor" => Bin::Xor,
            "lshift" => Bin::LShift,
            "rshift" => Bin::RShift,
            _ => return None,
        };
        return if m.both_fixnum(a, b) { fix_bin(m, op, a, b) } else { None };
    }
    let op = match name {
        "add" => FloatOp::Add,
        "sub" => FloatOp::Sub,
        "mul" => FloatOp::Mul,
        _ => return None,
    };
    let (x, y) = (m.number_as_float(a)?, m.number_as_float(b)?);
    m.box_float(m.float_op(op, x, y)).ok()
}
/// Builtin functions of which the general way is a long one.
fn short(m: Recorder, name: &str, g: Given) -> Option<T<Value>> {
    let a = if g.n > 0 { m.reg(g.at) } else { return None };
    match (name, g.n) {
        ("id", 1) => m.leaf1("id", helpers::id, SAME, a),
        ("len", 1) if a.v.is_exact(Kind::Str) && m.of_shape(a) => m.leaf1("len", helpers::str_len, SAME, a),
        ("getattr", 2) => found(m, a, m.reg(g.at + 1))?,
        ("getattr", 3) => match found(m, a, m.reg(g.at + 1))? {
            Some(v) => Some(v),
            None => Some(m.reg(g.at + 2)),
        },
        ("hasattr", 2) => {
            let there = found(m, a, m.reg(g.at + 1))?.is_some();
            Some(m.constant(Value::bool(there)))
        }
        _ => None,
    }
}
/// What a lookup of this attribute finds in an instance of a class or in the class; None: not known beforehand.
fn found(m: Recorder, o: T<Value>, name: T<Value>) -> Option<Option<T<Value>>> {
    let th = m.i.th;
    if name.v.is_exact(Kind::Str) && o.v.is_exact(Kind::Type) && o.r.as_const().is_some() {
        let found = of_class(m, o, name)?;
        m.promote(name);
        return Some(found);
    }
    if !name.v.is_exact(Kind::Str) || !o.v.is_obj() || o.v.is_kind(Kind::Type) || o.v.is_kind(Kind::Module) {
        return None;
    }
    let (t, s) = (th.type_of(o.v), crate::shape::shape(o.v.shape_id()));
    let key = th.intern_value(name.v.exact::<Str>()?);
    if !t.heap_type() || !t.has(tflags::PLAIN_GETATTR) || s.dict_mode || s.ext_at == 0 {
        return None;
    }
    // A name that is made anew each time is another object each time.
    if name.r.as_const().is_none() && !key.is(name.v) {
        return None;
    }
    watch::watch_type(t, m.rec().tree);
    let of_class = th.lookup(t, key);
    let data = |d: Value| th.type_of(d).slots.descr_set.is_some();
    let plain =
        |d: Value| !data(d) && (th.type_of(d).slots.descr_get.is_none() || d.is_exact(Kind::Function));
    let v = match (s.find(key), of_class) {
        (Some(crate::shape::Place::Inline(at)), d) if !d.is_some_and(data) => Some(at),
        (None, d) if d.is_none_or(plain) => None,
        _ => return None,
    };
    m.promote(name);
    if !m.of_shape(o) {
        return None;
    }
    Some(match v {
        Some(at) => Some(m.slot(o, Field(at))?),
        None => of_class.map(|d| match d.is_exact(Kind::Function) {
            true => bound_method(m, d, o),
            false => class_value(m, t, key, d),
        }),
    })
}
/// What a class has, or the variable that it is.
fn class_value(m: Recorder, t: Gc<Type>, name: Value, v: Value) -> T<Value> {
    let cell = builtins::class_vars::cell(m.i.th, t, name);
    cell.and_then(|c| m.global_cell(c)).unwrap_or_else(|| m.constant(v))
}
/// The same of a class that is known, whose metaclass is `type`.
fn of_class(m: Recorder, o: T<Value>, name: T<Value>) -> Option<Option<T<Value>>> {
    let th = m.i.th;
    let t: Gc<Type> = o.v.exact()?;
    let key = th.intern_value(name.v.exact::<Str>()?);
    if th.lookup(th.type_of(o.v), key).is_some_and(|d| th.type_of(d).slots.descr_set.is_some()) {
        return None;
    }
    watch::watch_type(t, m.rec().tree);
    match th.lookup(t, key) {
        // Those give themselves without an instance.
        Some(d)
            if [Kind::Function, Kind::WrapperDescriptor, Kind::MethodDescriptor]
                .iter()
                .any(|k| d.is_exact(*k))
                || th.type_of(d).slots.descr_get.is_none() =>
        {
            Some(Some(class_value(m, t, key, d)))
        }
        Some(_) => None,
        None => th.lookup(th.type_of(o.v), key).is_none().then_some(None),
    }
}
/// `int.from_bytes` of bytes.
fn from_bytes(m: Recorder, class: T<Value>, g: Given) -> Option<T<Value>> {
    let little = match g.n {
        1 => false,
        2 => {
            let order = m.reg(g.at + 1);
            let text = order.v.exact::<Str>().filter(|s| matches!(s.bytes(), b"little" | b"big"))?;
            m.promote(order);
            text.bytes() == b"little"
        }
        _ => return None,
    };
    let b = m.reg(g.at);
    if !b.v.is_exact(Kind::Bytes) || !m.of_shape(b) {
        return None;
    }
    m.promote(class);
    m.quiet2("from_bytes", helpers::int_of_bytes, READS, b, m.constant(Value::bool(little)))
}
fn names_len(names: Option<T<Value>>) -> usize {
    names.and_then(|n| n.v.exact::<Tuple>()).map_or(0, |t| t.len)
}

/// Which function it is, not which object: a bound method is another one each time.
pub fn function(m: Recorder, f: T<Value>, def: &'static NativeDef) -> bool {
    if f.r.as_const().is_some() {
        return true;
    }
    let at = if f.v.is_exact(Kind::NativeFunction) {
        offset_of!(NativeFunction, def)
    } else {
        offset_of!(MethodDescriptor, def)
    };
    m.of_shape(f)
        && m.test(m.int_cmp(
            Cmp::Eq,
            m.get_int(f, Field(at as u32)),
            m.int_const(def as *const NativeDef as i64),
        ))
}

fn method(m: Recorder, def: &'static NativeDef, this: T<Value>, g: Given) -> Option<T<Value>> {
    let row = row(METHODS, m.i.th.type_of(this.v).native.name, def.name)?;
    if (def.name.starts_with("__") && row.0 == "*") || !known(m, this) {
        return None;
    }
    if this.v.is_exact(Kind::Set) && g.names.is_none() && g.n == 1 {
        let f: Option<helpers::Leaf2> = match def.name {
            "add" => Some(helpers::set_put),
            "discard" => Some(helpers::set_drop),
            "remove" => Some(helpers::set_take),
            _ => None,
        };
        if let Some(f) = f {
            m.leaf2(def.name, f, FILLS, this, m.reg(g.at))?;
            return Some(m.constant(NONE()));
        }
    }
    if def.name == "get" && this.v.is_exact(Kind::Dict) && g.names.is_none() && matches!(g.n, 1 | 2) {
        if let Some(v) = super::small_dicts::get(m, this, m.reg(g.at)) {
            return Some(v);
        }
        let default = if g.n == 2 { m.reg(g.at + 1) } else { m.constant(NONE()) };
        return m.leaf3("get", helpers::dict_get_or, LOOKS, this, m.reg(g.at), default);
    }
    native(m, def, row, Some(this), g, 1)
}

/// Calls a native function. `this`: its receiver, which is the first of its arguments if `own` is 1.
fn native(
    m: Recorder,
    def: &'static NativeDef,
    row: &Row,
    this: Option<T<Value>>,
    g: Given,
    own: usize,
) -> Option<T<Value>> {
    if g.n > ALL - 1 {
        return None;
    }
    let letters = row.1.as_bytes();
    let (mut key, mut lasting) = (false, false);
    for k in 0..g.n {
        let a = m.reg(g.at + k);
        let ok = match *letters.get(k).or(letters.last())? {
            b'P' => plain_value(a.v) && m.plain(a),
            b'A' => true,
            b'K' => {
                key = true;
                true
            }
            // What is known to be none needs no look.
            b'V' => {
                lasting |= a.r.as_const().is_none() || !helpers::lasting(m.i.th, a.v);
                true
            }
            b'C' => a.v.is_obj() && container(a.v.shape_id()) && m.of_shape(a),
            b'S' => (a.v.is_exact(Kind::List) || a.v.is_exact(Kind::Tuple)) && m.of_shape(a),
            _ => false,
        };
        if !ok {
            return None;
        }
    }
    let def_at = m.address(def as *const NativeDef as usize);
    let text = own == 1 && this.is_some_and(|t| t.v.is_exact(Kind::Str));
    let n = own + g.n;
    let d = &def.direct;
    let one_by_one = g.names.is_none()
        && n <= MOST
        && (this.is_none() || own == 1)
        && (matches!(def.imp, Imp::Raw(_))
            || (d.least != 255 && n >= d.least as usize && n <= d.most as usize && d.most as usize <= MOST));
    let r = if one_by_one {
        let helper = match (key, lasting) {
            (true, _) => helpers::native_keyed,
            (_, true) => helpers::native_lasting,
            _ if matches!(def.imp, Imp::Raw(_)) => helpers::native_raw,
            _ => helpers::native,
        };
        let mut bits = [0; MOST];
        let mut ir = [m.rec().core.word(0); MOST];
        if let (Some(t), 1) = (this, own) {
            (bits[0], ir[0]) = (t.v.bits(), t.r);
        }
        for k in 0..g.n {
            let a = m.reg(g.at + k);
            (bits[own + k], ir[own + k]) = (a.v.bits(), a.r);
        }
        let v = Value::from_word(unsafe { helper(m.i.th, def, bits[0], bits[1], bits[2], bits[3]) })?;
        m.quiet(def.name, helper as *const () as usize, row.2, &[def_at, ir[0], ir[1], ir[2], ir[3]], v)
    } else {
        if key {
            return None;
        }
        let args = given(m, g);
        let null = m.rec().core.word(0);
        let word = |x: Option<T<Value>>| x.map_or((0, null), |x| (x.v.bits(), x.r));
        let ((tv, tr), (nv, nr)) = (word(this), word(g.names));
        let first = if lasting { 0 } else { g.n };
        let helper = helpers::native_bound;
        let v = Value::from_word(unsafe { helper(m.i.th, def, tv, args.v, nv, first as u64) })?;
        let first = m.rec().core.int(first as i64);
        m.quiet(def.name, helper as *const () as usize, row.2, &[def_at, tr, args.r, nr, first], v)
    };
    Some(if text && r.v.is_exact(Kind::Str) { m.is_a(r, Kind::Str) } else { r })
}
/// The arguments in a tuple.
fn given(m: Recorder, g: Given) -> T<Value> {
    tuple(m, g.at, g.n).unwrap_or_else(|| m.constant(crate::thread::Root::empty_tuple.value()))
}

/// Instances of builtin types.
fn construct(m: Recorder, f: T<Value>, g: Given) -> Option<T<Value>> {
    let t: Gc<Type> = f.v.exact()?;
    let name = t.native.name;
    if name == "type" && !t.heap_type() {
        return if g.n == 1 && g.names.is_none() { class_of(m, f, m.reg(g.at)) } else { None };
    }
    if !(MADE_OF_VALUES.contains(&name) || m.i.th.is_subtype(t, builtins::exceptions::BASE_EXCEPTION.get())) {
        return None;
    }
    m.promote(f);
    if let Some(r) = number(m, t, g) {
        return Some(r);
    }
    if g.n == 0 && !t.heap_type() {
        match name {
            "dict" => return Some(empty_dict(m)),
            "list" => return list(m, 0, 0),
            _ => {}
        }
    }
    let r = if g.n > 1 || g.names.is_some() {
        if g.n > ALL {
            return None;
        }
        let args = given(m, g);
        match g.names {
            None => m.quiet2(name, helpers::construct_all, READS, f, args)?,
            Some(k) => m.quiet3(name, helpers::construct_named, READS, f, args, k)?,
        }
    } else if g.n == 0 {
        m.quiet1(name, helpers::construct0, READS, f)?
    } else {
        let a = m.reg(g.at);
        let f1 = match t.native.new1 {
            // Its usual way.
            Some(_) if !t.heap_type() => helpers::construct1,
            _ => helpers::construct1_any,
        };
        m.quiet2(name, f1, READS, f, a)?
    };
    Some(match Kind::ALL.iter().find(|k| r.v.is_exact(**k)) {
        Some(&k) if r.v.is_obj() && !matches!(k, Kind::Int | Kind::Float | Kind::Object) => m.is_a(r, k),
        _ => r,
    })
}

/// `float` and `int` of what is a number already.
fn number(m: Recorder, t: Gc<Type>, g: Given) -> Option<T<Value>> {
    if g.n != 1 || g.names.is_some() || t.heap_type() {
        return None;
    }
    let a = m.reg(g.at);
    match t.native.name {
        "float" if a.v.is_fix() => {
            let f = m.number_as_float(a)?;
            m.box_float(f).ok()
        }
        "float" if m.i.as_float(a.v).is_some() && (!a.v.is_obj() || a.v.is_exact(Kind::Float)) => {
            m.as_float(a)?;
            Some(a)
        }
        "int" if a.v.is_fix() => m.test(m.is_fixnum(a)).then_some(a),
        _ => None,
    }
}

/// `f(*args, **kw)` of such objects and functions.
pub(super) fn call_ex(m: Recorder, i: Ins) -> Option<T<Value>> {
    let (f, args) = (m.reg(i.a()), m.reg(i.a() + 1));
    let kw = if i.x() != 0 { m.reg(i.a() + 2) } else { m.constant(NONE()) };
    if !args.v.is_exact(Kind::Tuple) || !(kw.v.is_none() || kw.v.is_exact(Kind::Dict)) {
        return None;
    }
    let effects = if computes(m, f) { READS } else { of_anything(m, f)? };
    if !m.of_shape(args) || !(kw.r.as_const().is_some() || m.of_shape(kw)) {
        return None;
    }
    m.quiet3("CallEx", helpers::call_ex, effects, f, args, kw)
}
/// What a native function does to memory that is quiet whatever it is given (iterators are looked for when it is called);
/// which function it is, is tested. The same of builtin classes.
fn of_anything(m: Recorder, f: T<Value>) -> Option<Effects> {
    if let Some(t) = f.v.exact::<Type>() {
        if t.heap_type() || !MADE_OF_VALUES.contains(&t.native.name) {
            return None;
        }
        m.promote(f);
        return Some(READS);
    }
    let nf = f.v.exact::<NativeFunction>()?;
    if nf.def.sig.receiver || nf.def.kind == DefKind::ClassMethod || nf.def.inline == Inline::Resume {
        return None;
    }
    let module = nf.module.get()?.exact::<Module>().and_then(builtins::module::definition)?;
    let row = row(FUNCTIONS, module.name, nf.def.name)?;
    let any = row.1.bytes().all(|l| matches!(l, b'V' | b'A'));
    (any && function(m, f, nf.def)).then_some(row.2)
}
/// Whether this is a native object whose call only computes; if so, it is tested.
fn computes(m: Recorder, f: T<Value>) -> bool {
    let t = m.i.th.type_of(f.v);
    if t.heap_type() {
        return false;
    }
    if let Some(w) = f.v.exact::<WrapperDescriptor>() {
        let ok = WRAPPERS.contains(&w.def.name);
        if ok {
            m.promote(f);
        }
        return ok;
    }
    if let Some(w) = f.v.exact::<MethodWrapper>() {
        let d: Gc<WrapperDescriptor> = w.descr.gc();
        let ok = WRAPPERS.contains(&d.def.name);
        if ok {
            m.promote(f);
        }
        return ok;
    }
    CALLABLES.contains(&t.native.name) && m.of_shape(f)
}
/// Whether a call of this changes nothing that a trace may know, whatever it is given but iterators. (Python functions
/// refuse when they are called.)
pub fn only_computes(th: Th, f: Value) -> bool {
    let reads = |table, owner, name| row(table, owner, name).is_some_and(|r| !r.2.has(Effects::FILLS));
    if let Some(t) = f.exact::<Type>() {
        return !t.heap_type() && MADE_OF_VALUES.contains(&t.native.name);
    }
    if let Some(nf) = f.exact::<NativeFunction>() {
        if nf.def.kind == DefKind::ClassMethod {
            let t = nf.this.get().and_then(|t| t.exact::<Type>());
            return t.is_some_and(|t| reads(CLASS_METHODS, t.native.name, nf.def.name));
        }
        if nf.def.sig.receiver {
            let this = nf.this.get();
            return this.is_some_and(|o| reads(METHODS, th.type_of(o).native.name, nf.def.name));
        }
        let module = nf.module.get().and_then(|m| m.exact::<Module>()).and_then(builtins::module::definition);
        return module.is_some_and(|m| reads(FUNCTIONS, m.name, nf.def.name));
    }
    if let Some(d) = f.exact::<MethodDescriptor>() {
        return d.owner.get().is_some_and(|t| reads(METHODS, t.native.name, d.def.name));
    }
    let wrapper = f.exact::<WrapperDescriptor>().or_else(|| Some(f.exact::<MethodWrapper>()?.descr.gc()));
    if let Some(w) = wrapper {
        return WRAPPERS.contains(&w.def.name);
    }
    let t = th.type_of(f);
    f.is_exact(Kind::Function) || (!t.heap_type() && CALLABLES.contains(&t.native.name))
}
/// Native objects that are called and only compute.
fn callable(m: Recorder, f: T<Value>, g: Given) -> Option<T<Value>> {
    let t = m.i.th.type_of(f.v);
    if g.n > ALL || !computes(m, f) {
        return None;
    }
    let args = given(m, g);
    match g.names {
        None => m.quiet2(t.native.name, helpers::call_all, READS, f, args),
        Some(k) => m.quiet3(t.native.name, helpers::call_named, READS, f, args, k),
    }
}

/// Records what shape, or which kind of immediate, a value has.
pub fn known(m: Recorder, a: T<Value>) -> bool {
    if a.v.is_obj() { m.of_shape(a) } else { m.immediate(a) }
}
/// Records of which class a value is: None if nothing was.
pub(super) fn known_class(m: Recorder, a: T<Value>) -> Option<Gc<Type>> {
    let t = m.i.th.type_of(a.v);
    // A float is the same in both its forms.
    known(m, a).then_some(t)
}
pub(super) fn class_of(m: Recorder, f: T<Value>, a: T<Value>) -> Option<T<Value>> {
    m.promote(f);
    let t = known_class(m, a)?;
    Some(m.constant(t.value()))
}

/// `issubclass` of two classes whose metaclass is `type`.
pub(super) fn issubclass(
    m: Recorder,
    f: T<Value>,
    def: &'static NativeDef,
    at: usize,
    n: usize,
) -> Option<T<Value>> {
    let (a, b) = if n == 2 { (m.reg(at), m.reg(at + 1)) } else { return None };
    let (t, c): (Gc<Type>, Gc<Type>) = (a.v.exact()?, b.v.exact()?);
    if !function(m, f, def) {
        return None;
    }
    m.promote(a);
    m.promote(b);
    watch::watch_type(t, m.rec().tree);
    Some(m.constant(Value::bool(m.i.th.is_subtype(t, c))))
}

/// `isinstance` of classes whose metaclass is `type`: known from the shape.
pub(super) fn isinstance(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let def = f.v.exact::<NativeFunction>()?.def;
    if n != 2 || !function(m, f, def) {
        return None;
    }
    let (o, c) = (m.reg(at), m.reg(at + 1));
    let plain_class = |c: Value| c.is_exact(Kind::Type).then(|| unsafe { c.cast_unchecked::<Type>() });
    let mut classes = Vec::new();
    let tuple = c.v.exact::<Tuple>();
    match tuple {
        Some(t) => {
            for x in t.items() {
                classes.push(plain_class(*x)?);
            }
        }
        None => classes.push(plain_class(c.v)?),
    }
    let t = m.i.th.type_of(o.v);
    let yes = classes.iter().any(|c| m.i.th.is_subtype(t, *c));
    // An object may claim another class by its `__class__`.
    let class = |t| m.i.th.lookup(t, n!(__class__)).map(Value::bits);
    if !yes && (!t.has(tflags::PLAIN_GETATTR) || class(t) != class(builtins::object::OBJECT.get())) {
        return None;
    }
    match tuple {
        Some(t) => {
            let len = m.of_shape(c).then(|| m.get_int(c, Field(offset_of!(Tuple, len) as u32)))?;
            m.test(m.int_cmp(Cmp::Eq, len, m.int_const(t.len as i64)));
            for k in 0..t.len {
                m.promote(m.get(c, Field((size_of::<Tuple>() + 8 * k) as u32)));
            }
        }
        None => {
            m.promote(c);
        }
    }
    watch::watch_type(t, m.rec().tree);
    known_class(m, o)?;
    Some(m.constant(Value::bool(yes)))
}
