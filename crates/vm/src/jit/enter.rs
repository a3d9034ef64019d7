//! Python functions that a trace goes into where the handlers leave the call to the runtime: with keywords, defaults and
//! `*args`, `__init__` of a new instance, special methods of operators and comparisons.
//!
//! Each does what the interpreter would do, its tests being recorded before anything happens. None (whatever was recorded
//! so far): the operation is recorded in another way.
//!
//! # Safety
//! The recorder's machine is the interpreter's: `fp`, registers and `pc` are those of the running frame, and code that
//! was loaded has its tables. A frame is written above it only if there is room for it, and becomes the running one
//! when it is whole.

use super::machine::{Recorder, T};
use super::quiet::{Few, known, new, small_dicts};
use super::{helpers, watch};
use crate::builtins;
use crate::interp::call::flags_for;
use crate::interp::machine::*;
use crate::interp::{fast, ic, slow};
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::shape::shape;
use crate::thread::{Cont, Root, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Ins, Op as Bc};
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::{Op, R as Ir};
use adder_metatrace::{Cmp, Effects, Field, Machine};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Relaxed;

/// Most parameters of a function that is entered in this way.
const MOST: usize = 24;

/// Values on the native stack, where the collector sees them.
struct Args {
    v: [Option<T<Value>>; MOST],
    n: usize,
}
impl Args {
    fn new() -> Args {
        Args { v: [None; MOST], n: 0 }
    }
    fn push(&mut self, v: T<Value>) -> Option<()> {
        *self.v.get_mut(self.n)? = Some(v);
        self.n += 1;
        Some(())
    }
}

/// A call whose function the handlers did not enter.
pub fn call(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    if !matches!(i.op(), Bc::Call | Bc::CallMethod | Bc::CallKw | Bc::CallEx) {
        return None;
    }
    let f = m.reg(i.a());
    let window = |m: &mut Recorder, method: bool| {
        let skip = (method && m.reg_is_null(i.a() + 1)) as usize;
        (i.a() + 1 + skip, i.b() - skip)
    };
    let mut args = Args::new();
    let mut names = None;
    match i.op() {
        Bc::CallMethod if i.b() == 1 && f.r.as_const().is_some() && is_object_init(m.i.th, f.v) => {
            // Finds nothing to do where there are no arguments.
            if m.reg_is_null(i.a() + 1) {
                return None;
            }
            m.set_reg(i.c(), m.constant(NONE()));
            return Some(pc.next());
        }
        Bc::Call | Bc::CallMethod | Bc::CallKw => {
            if !callable(m, f.v) {
                return None;
            }
            let (at, n) = window(m, i.op() == Bc::CallMethod || (i.op() == Bc::CallKw && i.x() != 0));
            if i.op() == Bc::CallKw {
                let k = m.reg(i.a() + 1 + i.b());
                m.promote(k);
                names = k.v.exact::<Tuple>();
                names?;
            }
            for k in 0..n {
                args.push(m.reg(at + k))?;
            }
        }
        Bc::CallEx => {
            if !callable(m, f.v) {
                return None;
            }
            let t = m.reg(i.a() + 1);
            let items = t.v.exact::<Tuple>()?;
            let mut keywords = None;
            if i.x() != 0 {
                let d = m.reg(i.a() + 2);
                let o = d.v.exact::<Dict>()?;
                if !m.shape_is(d, Kind::Dict as u32) {
                    return None;
                }
                if let Some(keys) = small_dicts::keys(*m, d) {
                    let n = keys.items().len();
                    keywords = Some((d, m.i.th.tuple(&keys.values()[..n]).exact()?, Some(keys)));
                } else if o.len() != 0 {
                    keywords = Some((d, names_of(m, o)?, None));
                } else {
                    let used = m.get_int(d, Field(offset_of!(Dict, used) as u32));
                    m.test(m.int_cmp(Cmp::Eq, used, m.int_const(0)));
                }
            }
            if items.len > MOST || !m.shape_is(t, Kind::Tuple as u32) {
                return None;
            }
            unpack(m, t, items, &mut args)?;
            if let Some((d, k, Some(keys))) = keywords {
                for v in small_dicts::values(*m, d, &keys)?.items() {
                    args.push(*v)?;
                }
                names = Some(k);
            } else if let Some((d, k, None)) = keywords {
                let effects = Effects::READS.or(Effects::RAISES);
                let values = m.quiet2("**", helpers::keywords, effects, d, m.constant(k.value()))?;
                for k in 0..k.len {
                    args.push(m.get(values, Field((size_of::<Tuple>() + 8 * k) as u32)))?;
                }
                names = Some(k);
            }
        }
        _ => return None,
    }
    function(m, pc, i, f, &args, names)
}

/// `object.__init__`.
pub(super) fn is_object_init(th: Th, f: Value) -> bool {
    th.lookup(builtins::object::OBJECT.get(), n!(__init__)).is_some_and(|x| x.is(f))
}

fn callable(m: &Recorder, f: Value) -> bool {
    f.is_exact(Kind::Function)
        || f.is_exact(Kind::Method)
        || slow::plain_class(m.i.th, f).is_some()
        || is_object_new(f)
        || slow::call_special(m.i.th, f).is_some()
}

/// `object.__new__`.
fn is_object_new(f: Value) -> bool {
    f.exact::<NativeFunction>().is_some_and(|f| {
        std::ptr::eq(f.def, &builtins::type_::NEW_DEF)
            && f.this.get().is_some_and(|t| t.is(builtins::object::OBJECT.get().value()))
    })
}

/// The names of keyword arguments.
fn names_of(m: &Recorder, d: Gc<Dict>) -> Option<Gc<Tuple>> {
    let mut names = [NONE(); helpers::MOST_KEYWORDS];
    let (mut i, mut n) = (0, 0);
    while let Some((ni, k, _)) = d.next_entry(i) {
        i = ni;
        k.exact::<Str>()?;
        *names.get_mut(n)? = k;
        n += 1;
    }
    m.i.th.tuple(&names[..n]).exact()
}

/// The items of a tuple of this length.
fn unpack(m: &mut Recorder, t: T<Value>, items: Gc<Tuple>, to: &mut Args) -> Option<()> {
    let len = m.get_int(t, Field(offset_of!(Tuple, len) as u32));
    m.test(m.int_cmp(Cmp::Eq, len, m.int_const(items.len as i64)));
    for k in 0..items.len {
        to.push(m.get(t, Field((size_of::<Tuple>() + 8 * k) as u32)))?;
    }
    Some(())
}

fn function(
    m: &mut Recorder,
    pc: Pc,
    i: Ins,
    f: T<Value>,
    args: &Args,
    names: Option<Gc<Tuple>>,
) -> Option<Pc> {
    if f.v.is_exact(Kind::Function) {
        if !m.shape_is(f, Kind::Function as u32) {
            return None;
        }
        let (code, vals) = bind(m, f, None, args, names)?;
        return push(m, pc, f, code, &vals, 0, None);
    }
    if let Some(b) = f.v.exact::<Method>() {
        let func = b.func.get().filter(|f| f.is_exact(Kind::Function))?;
        if !m.shape_is(f, Kind::Method as u32) {
            return None;
        }
        let fr = m.get(f, Field(offset_of!(Method, func) as u32));
        let this = m.get(f, Field(offset_of!(Method, this) as u32));
        m.promote(fr);
        let func = m.constant(func);
        let (code, vals) = bind(m, func, Some(this), args, names)?;
        return push(m, pc, func, code, &vals, 0, None);
    }
    if let Some(func) = slow::call_special(m.i.th, f.v) {
        watch::watch_type(m.i.th.type_of(f.v), m.rec().tree);
        if !known(*m, f) {
            return None;
        }
        let func = m.constant(func);
        let (code, vals) = bind(m, func, Some(f), args, names)?;
        return push(m, pc, func, code, &vals, 0, None);
    }
    if is_object_new(f.v) {
        let (None, 1, Some(c)) = (names, args.n, args.v[0]) else { return None };
        let t: Gc<Type> = c.v.exact()?;
        if !makes_objects(t) || t.has(tflags::DISALLOW_INSTANTIATION) {
            return None;
        }
        m.promote(f);
        watch::watch_type(t, m.rec().tree);
        m.promote(c);
        let (v, what) = new_object(m, t)?;
        let r = m.rec().core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
        m.set_reg(i.c(), T { v, r });
        return Some(pc.next());
    }
    instance(m, pc, i, f, args, names)
}

/// Instances of this class are no more than an attribute word and slots, which nobody watches die.
fn makes_objects(t: Gc<Type>) -> bool {
    t.heap_type()
        && !t.has(tflags::IS_ABSTRACT)
        && !t.has(tflags::HAS_DEL)
        && t.native.drop.is_none()
        && t.native.kind == Kind::Object
}
/// A new instance of the class, and what `Op::New` is to make.
fn new_object(m: &mut Recorder, t: Gc<Type>) -> Option<(Value, i64)> {
    let shape = crate::shape::shape(t.root_shape.load(Relaxed));
    let v = builtins::object::new_instance(m.i.th, t).ok()?;
    if v.shape_id() != shape.id {
        m.rec().core.give_up(Counter::AbortInvalid, "the class changed");
        return None;
    }
    Some((v, (t.inst_kind as i64) << 56 | (shape.size as i64) << 32 | crate::shape::in_trace(shape.id)))
}

/// A call of a class: a new instance, whose `__init__` is entered.
fn instance(
    m: &mut Recorder,
    pc: Pc,
    i: Ins,
    f: T<Value>,
    args: &Args,
    names: Option<Gc<Tuple>>,
) -> Option<Pc> {
    let th = m.i.th;
    let t = slow::plain_class(th, f.v)?;
    if !t.has(tflags::PLAIN_NEW) || !makes_objects(t) {
        return None;
    }
    if !f.v.is_exact(Kind::Type) {
        watch::watch_type(th.type_of(f.v), m.rec().tree);
        if !known(*m, f) {
            return None;
        }
    }
    let init = th.lookup(t, n!(__init__))?;
    let own = init.is_exact(Kind::Function);
    let of_object = th.lookup(builtins::object::OBJECT.get(), n!(__init__))?;
    let idle = init.is(of_object) && args.n == 0 && names.is_none();
    if !own && !idle {
        return None;
    }
    watch::watch_type(t, m.rec().tree);
    m.promote(f);
    let (v, what) = new_object(m, t)?;
    if !own {
        let r = m.rec().core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
        m.set_reg(i.c(), T { v, r });
        return Some(pc.next());
    }
    let func = m.constant(init);
    // The instance is made when all tests are done.
    let placeholder = m.constant(NONE());
    let (code, mut vals) = bind(m, func, Some(placeholder), args, names)?;
    let r = m.rec().core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
    let o = T { v, r };
    if code.argcount > 0 {
        vals.v[0] = Some(o);
    } else {
        // `def __init__(*args)`: the instance is the first item of the tuple.
        let given = args.n - names.map_or(0, |k| k.len) + 1;
        let pos = |k: usize| if k == 0 { Some(o) } else { args.v[k - 1] };
        vals.v[code.kwonly as usize] = Some(rest(m, &pos, 0, given));
    }
    push(m, pc, func, code, &vals, flags_for(Cont::Init, 0) | fflags::EXTRA, Some(o))
}

/// Gives the parameters their values as the interpreter does.
fn bind(
    m: &mut Recorder,
    f: T<Value>,
    first: Option<T<Value>>,
    args: &Args,
    names: Option<Gc<Tuple>>,
) -> Option<(Gc<Code>, Args)> {
    let func: Gc<Function> = f.v.exact()?;
    let code: Gc<Code> = func.code.gc();
    if code.ins.is_null() || !m.rec().may_bind(code) {
        return None;
    }
    let flags = CodeFlags(code.flags);
    let (varargs, varkw) = (flags.has(CodeFlags::VARARGS), flags.has(CodeFlags::VARKEYWORDS));
    let (npos, nkwonly) = (code.argcount as usize, code.kwonly as usize);
    let total = npos + nkwonly;
    let nparams = total + varargs as usize + varkw as usize;
    let nkw = names.map_or(0, |k| k.len);
    let nfirst = first.is_some() as usize;
    let given = args.n - nkw + nfirst;
    if nparams > MOST || (given > npos && !varargs) {
        return None;
    }
    let mut vals = Args { n: nparams, ..Args::new() };
    let pos = |k: usize| if k < nfirst { first } else { args.v[k - nfirst] };
    for k in 0..npos.min(given) {
        vals.v[k] = pos(k);
    }
    let params = code.varnames.gc();
    let posonly = unsafe { (*code.data).posonly as usize };
    let mut others = Args::new();
    for k in 0..nkw {
        let name = names?.items()[k];
        let text = name.exact::<Str>()?;
        let same = |p: &Value| p.is(name) || p.exact::<Str>().is_some_and(|p| p.bytes() == text.bytes());
        let value = args.v[args.n - nkw + k];
        let Some(at) = params.items()[posonly..total].iter().position(same) else {
            if !varkw {
                return None;
            }
            others.push(m.constant(name))?;
            others.push(value?)?;
            continue;
        };
        let at = posonly + at;
        if vals.v[at].is_some() {
            return None;
        }
        vals.v[at] = value;
    }
    m.pin_code(f);
    if vals.v[..npos].iter().any(|v| v.is_none()) {
        let d = func.defaults.get()?;
        let need = npos.checked_sub(d.len)?;
        if vals.v[..need].iter().any(|v| v.is_none()) {
            return None;
        }
        let t = m.known_of(f, Field(offset_of!(Function, defaults) as u32), d.value());
        let len = m.get_int(t, Field(offset_of!(Tuple, len) as u32));
        m.test(m.int_cmp(Cmp::Eq, len, m.int_const(d.len as i64)));
        for k in need..npos {
            if vals.v[k].is_none() {
                vals.v[k] = Some(m.get(t, Field((size_of::<Tuple>() + 8 * (k - need)) as u32)));
            }
        }
    }
    for k in npos..total {
        if vals.v[k].is_none() {
            let d = func.kwdefaults.get()?;
            d.value().exact::<Dict>()?;
            let t = m.known_of(f, Field(offset_of!(Function, kwdefaults) as u32), d.value());
            if !m.shape_is(t, Kind::Dict as u32) {
                return None;
            }
            let name = m.constant(params.items()[k]);
            vals.v[k] = Some(m.quiet2(
                "default",
                helpers::dict_item,
                Effects::READS.or(Effects::RAISES).or(Effects::SAME),
                t,
                name,
            )?);
        }
    }
    if varargs {
        vals.v[total] = Some(rest(m, &pos, npos, given));
    }
    if varkw {
        let (mut keys, mut values) = (Few::new(), Few::new());
        for x in others.v[..others.n].chunks(2) {
            keys.push(x[0]?)?;
            values.push(x[1]?)?;
        }
        vals.v[total + varargs as usize] = Some(if let Some(d) = small_dicts::make(*m, &keys, &values) {
            d
        } else {
            let all = tuple(m, &others);
            let effects = Effects::READS.or(Effects::RAISES);
            let d = m.quiet1("**kwargs", helpers::dict_of_tuple, effects, all)?;
            m.is_a(d, Kind::Dict)
        });
    }
    Some((code, vals))
}

/// The tuple of `*args`.
fn rest(m: &mut Recorder, pos: &dyn Fn(usize) -> Option<T<Value>>, from: usize, to: usize) -> T<Value> {
    if from >= to {
        return m.constant(Root::empty_tuple.value());
    }
    let mut items = Args::new();
    for k in from..to {
        items.v[k - from] = pos(k);
    }
    items.n = to - from;
    tuple(m, &items)
}
fn tuple(m: &mut Recorder, items: &Args) -> T<Value> {
    let n = items.n;
    let mut all = [NONE(); MOST];
    let len = m.rec().core.int(n as i64);
    let mut fields = vec![(offset_of!(Tuple, len) as u32, len)];
    for k in 0..n {
        let x = items.v[k].unwrap_or(m.constant(NONE()));
        all[k] = x.v;
        fields.push(((size_of::<Tuple>() + 8 * k) as u32, x.r));
    }
    let v = m.i.th.tuple(&all[..n]);
    new(*m, Kind::Tuple, v, size_of::<Tuple>() + 8 * n, &fields)
}

/// Enters the function, its parameters bound, in a frame above the caller's registers.
fn push(
    m: &mut Recorder,
    pc: Pc,
    func: T<Value>,
    code: Gc<Code>,
    vals: &Args,
    flags: u64,
    extra: Option<T<Value>>,
) -> Option<Pc> {
    let (th, fp) = (m.i.th, m.i.fp);
    if m.rec().apart(code) {
        if flags != 0 {
            return None;
        }
        let result = unsafe { *pc.ptr() }.c();
        return m.rec().call_code(pc.ptr(), result, func, code, &vals.v[..vals.n]).map(Pc::from_ptr);
    }
    let nf = unsafe { fp.add(1) };
    if nf >= th.frame_limit.get() || th.wanted() || m.rec().core.abort.is_some() {
        return None;
    }
    // SAFETY: there is room for what a trace may push (`has_room`); what lies above the caller's registers is free.
    let base = unsafe {
        let base = (&(*fp)).code.nregs as usize;
        let regs = m.i.regs.add(base);
        for k in 0..code.nlocals as usize {
            *regs.add(k) = vals.v.get(k).copied().flatten().map_or(0, |v| v.v.bits());
        }
        (*fp).pc = pc.ptr();
        (*nf).regs = regs;
        (*nf).func = func.v.cast_unchecked();
        (*nf).code = code;
        (*nf).flags = flags;
        if let Some(x) = extra {
            (*nf).extra.init(Some(x.v));
        }
        m.i.fp = nf;
        m.i.regs = regs;
        base
    };
    m.rec().call_at(pc);
    for k in 0..vals.n {
        if let Some(v) = vals.v[k] {
            m.rec().set_reg(base + k, v.r);
        }
    }
    m.pushed(func, extra.map(|x| x.r), base, vals.n, flags);
    Some(Pc::from_ptr(code.ins))
}

fn immediate_operand(op: Bc) -> bool {
    use Bc::*;
    matches!(
        op,
        AddI | SubI
            | MulI
            | FloorDivI
            | ModI
            | LShiftI
            | RShiftI
            | AndI
            | JLtI
            | JLeI
            | JGtI
            | JGeI
            | JEqI
            | JNeI
    )
}

/// `o[k] = v` by a Python function.
fn set_item(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    let at = [i.a(), i.b(), i.c()];
    if at.iter().any(|r| m.i.reg_is_null(*r)) {
        return None;
    }
    let th = m.i.th;
    let t = th.type_of(m.i.reg(at[0]));
    if !t.heap_type() {
        return None;
    }
    let f = th.lookup(t, n!(__setitem__)).filter(|f| f.is_exact(Kind::Function))?;
    watch::watch_type(t, m.rec().tree);
    let o = m.reg(at[0]);
    if !known(*m, o) {
        return None;
    }
    let func = m.constant(f);
    let mut args = Args::new();
    for r in at {
        args.push(m.reg(r))?;
    }
    let (code, vals) = bind(m, func, None, &args, None)?;
    push(m, pc, func, code, &vals, flags_for(Cont::Discard, 0), None)
}

/// `o.name = v` by the function of a property or of a descriptor.
fn set_attr(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    if m.i.reg_is_null(i.a()) || m.i.reg_is_null(i.b()) {
        return None;
    }
    let th = m.i.th;
    let v = m.i.reg(i.a());
    let t = th.type_of(v);
    if !v.is_obj() || !t.has(tflags::PLAIN_SETATTR) {
        return None;
    }
    // SAFETY: the running frame.
    let name = unsafe {
        let code = (*m.i.fp).code;
        (*code.ics.add(i.c())).name.value()
    };
    let (f, d) = ic::setter(th, t, name)?;
    watch::watch_type(t, m.rec().tree);
    let o = m.reg(i.a());
    if !known(*m, o) {
        return None;
    }
    let mut args = Args::new();
    match d {
        Some(d) => args.push(descriptor(m, d)?)?,
        None => {
            // The property may be given another function.
            let p = m.constant(th.lookup(t, name)?);
            let now = m.get(p, Field(offset_of!(Property, set) as u32));
            m.promote(now);
        }
    }
    args.push(o)?;
    args.push(m.reg(i.b()))?;
    let func = m.constant(f);
    let (code, vals) = bind(m, func, None, &args, None)?;
    push(m, pc, func, code, &vals, flags_for(Cont::Discard, 0), None)
}
/// A descriptor that its class's functions are called for.
fn descriptor(m: &mut Recorder, d: Value) -> Option<T<Value>> {
    watch::watch_type(m.i.th.type_of(d), m.rec().tree);
    let d = m.constant(d);
    known(*m, d).then_some(d)
}

/// An attribute that is asked of a descriptor's `__get__`, or of `__getattr__`.
fn ask_attr(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    if m.i.reg_is_null(i.b()) || i.b() == i.a() + 1 {
        return None;
    }
    let th = m.i.th;
    let v = m.i.reg(i.b());
    if !v.is_obj() || v.is_kind(Kind::Type) || v.is_kind(Kind::Module) {
        return None;
    }
    let (t, name) = (th.type_of(v), m.ic(i.c()).name.value());
    let found = ic::getter(th, t, shape(v.shape_id()), name);
    let f = match found {
        Some((_, f)) => f,
        None => slow::hook(th, v, name)?,
    };
    let o = m.reg(i.b());
    watch::watch_type(t, m.rec().tree);
    if !known(*m, o) {
        return None;
    }
    let mut args = Args::new();
    match found {
        Some((d, _)) => {
            args.push(descriptor(m, d)?)?;
            args.push(o)?;
            args.push(m.constant(t.value()))?;
        }
        None => {
            args.push(o)?;
            args.push(m.constant(name))?;
        }
    }
    let func = m.constant(f);
    let (code, vals) = bind(m, func, None, &args, None)?;
    if m.rec().apart(code) {
        return None;
    }
    if i.op() == Bc::LoadMethod {
        // What is found is no method.
        m.clear_reg(i.a() + 1);
    }
    push(m, pc, func, code, &vals, flags_for(Cont::StoreA, 0), None)
}

/// A condition, a loop or a builtin function that asks a Python function of its operand's class.
fn asked(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    let th = m.i.th;
    let call = matches!(i.op(), Bc::Call | Bc::CallMethod);
    let builtin =
        |f: Value| f.exact::<NativeFunction>().is_some_and(|f| f.def.inline.asks()) || f.is_exact(Kind::Type);
    if call && !builtin(m.i.reg(i.a())) {
        return None;
    }
    // Its registers are there for the slow function that is asked.
    let asked = slow::special::asked(th, i)?;
    let o = m.reg(asked.regs[0]);
    watch::watch_type(th.type_of(o.v), m.rec().tree);
    if !known(*m, o) {
        return None;
    }
    if call {
        let f = m.reg(i.a());
        match f.v.exact::<NativeFunction>() {
            Some(nf) if !super::quiet::function(*m, f, nf.def) => return None,
            Some(_) => {}
            None => {
                m.promote(f);
            }
        }
    }
    let func = m.constant(asked.f);
    let mut args = Args::new();
    for r in &asked.regs[..asked.n] {
        args.push(m.reg(*r))?;
    }
    let (code, vals) = bind(m, func, None, &args, None)?;
    push(m, pc, func, code, &vals, flags_for(Cont::Special, asked.means as u16), None)
}

/// Integers that are doubles as well.
const EXACT: i64 = 1 << 53;

/// The outcome of comparing a float with a small int.
fn mixed(m: Recorder, op: Cmp, x: T<Value>, y: T<Value>) -> Option<bool> {
    let side = |v: T<Value>| {
        if v.v.is_fix() && m.test(m.is_fixnum(v)) {
            let low = m.test(m.fix_cmp(Cmp::Ge, v, m.fixnum(-EXACT)));
            let high = m.test(m.fix_cmp(Cmp::Le, v, m.fixnum(EXACT)));
            return if low && high { m.number_as_float(v) } else { None };
        }
        m.as_float(v)
    };
    let (a, b) = (side(x)?, side(y)?);
    Some(m.test(m.float_cmp(op, a, b)))
}

/// An operator whose special method is a Python function, or whose outcome is known from the classes.
pub fn operator(m: &mut Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    use Bc::*;
    let compare = match i.op() {
        Lt | Le | Gt | Ge | Eq | Ne => Some(false),
        JLt | JLe | JGt | JGe | JEq | JNe | JLtI | JLeI | JGtI | JGeI | JEqI | JNeI => Some(true),
        _ if slow::op_names(i.op()).is_some() => None,
        SetItem => return set_item(m, pc, i),
        StoreAttr => return set_attr(m, pc, i),
        LoadAttr | LoadMethod => return ask_attr(m, pc, i),
        In | JIn | JTrue | JFalse | Not | GetIter | Convert | Call | CallMethod => return asked(m, pc, i),
        UnpackSeq => return super::steps::unpack(*m, pc, i),
        ForIter => return super::steps::for_iter(*m, pc, i),
        Send if fast::sends_none(*m, i).is_ok() => {
            return super::steps::for_iter(*m, pc, fast::send_as_for_iter(i));
        }
        _ => return None,
    };
    let (a, b) = if compare == Some(true) { (i.a(), i.b()) } else { (i.b(), i.c()) };
    let has = |m: &Recorder, r: usize| !m.i.reg_is_null(r);
    if !has(m, a) || (!immediate_operand(i.op()) && !has(m, b)) {
        return None;
    }
    if immediate_operand(i.op()) && compare.is_some() {
        return None;
    }
    let x = m.i.reg(a);
    let y = if immediate_operand(i.op()) { Value::fix(i.ci() as i64) } else { m.i.reg(b) };
    let float = |v: Value| m.i.as_float(v).is_some();
    if let Some(jump) = compare
        && ((x.is_fix() && float(y)) || (float(x) && y.is_fix()))
    {
        let op = match i.op() {
            Lt | JLt => Cmp::Lt,
            Le | JLe => Cmp::Le,
            Gt | JGt => Cmp::Gt,
            Ge | JGe => Cmp::Ge,
            Eq | JEq => Cmp::Eq,
            _ => Cmp::Ne,
        };
        let small =
            |v: Value| !v.is_fix() || (-EXACT..=EXACT).contains(&adder_metatrace::word::unfix(v.bits()));
        if !small(x) || !small(y) {
            return None;
        }
        let (x, y) = (m.reg(a), m.reg(b));
        let yes = mixed(*m, op, x, y)?;
        return Some(outcome(m, pc, i, jump, yes));
    }
    // Other numbers are the handlers' business.
    if !x.is_obj() && !y.is_obj() {
        return None;
    }
    let th = m.i.th;
    let operands = |m: &mut Recorder| {
        let x = m.reg(a);
        let y = if immediate_operand(i.op()) { m.constant(y) } else { m.reg(b) };
        for v in [x.v, y.v] {
            let t = m.i.th.type_of(v);
            if t.heap_type() {
                watch::watch_type(t, m.rec().tree);
            }
        }
        (x, y)
    };
    let Some(jump) = compare else {
        let (f, arg) = slow::special_method(th, i, x, y)?;
        let (x, y) = operands(m);
        if !known(*m, x) || !known(*m, y) {
            return None;
        }
        let func = m.constant(f);
        let mut args = Args::new();
        let both = if arg == slow::REFLECTED { [y, x] } else { [x, y] };
        args.push(both[0])?;
        args.push(both[1])?;
        let (code, vals) = bind(m, func, None, &args, None)?;
        return push(m, pc, func, code, &vals, flags_for(Cont::Binary, arg) | fflags::EXTRA, Some(y));
    };
    if let Some(f) = slow::compare_method(th, i, x, y) {
        let (x, y) = operands(m);
        if !known(*m, x) || !known(*m, y) {
            return None;
        }
        let func = m.constant(f);
        let mut args = Args::new();
        args.push(x)?;
        args.push(y)?;
        let (code, vals) = bind(m, func, None, &args, None)?;
        return push(m, pc, func, code, &vals, flags_for(Cont::Compare, 0) | fflags::EXTRA, Some(y));
    }
    let eq = match i.op() {
        Eq | JEq => true,
        Ne | JNe => false,
        _ => return None,
    };
    // Identity is what objects are compared by that say nothing else.
    let plain = |v: Value| {
        let s = &th.type_of(v).slots;
        let o = &builtins::object::OBJECT_TYPE.slots;
        v.is_obj() && s.richcompare.map(|f| f as usize) == o.richcompare.map(|f| f as usize)
    };
    let mute = |v: Value| plain(v) || v.is_none() || v.is_fix() || v.is_exact(Kind::Str);
    if !((plain(x) && mute(y)) || (plain(y) && mute(x))) {
        return None;
    }
    let (x, y) = operands(m);
    if !known(*m, x) || !known(*m, y) {
        return None;
    }
    let yes = m.test(m.same(x, y)) == eq;
    Some(outcome(m, pc, i, jump, yes))
}

/// A comparison came out so.
fn outcome(m: &mut Recorder, pc: Pc, i: Ins, jump: bool, yes: bool) -> Pc {
    if jump {
        let skip = if yes == (i.x() != 0) { i.ci() as isize } else { 0 };
        return Pc::from_ptr(unsafe { pc.ptr().offset(1 + skip) });
    }
    m.set_reg(i.a(), m.constant(Value::bool(yes)));
    pc.next()
}
