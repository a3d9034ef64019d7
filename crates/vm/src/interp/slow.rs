//! Slow functions: the general case of ops with fast handlers, and the ops that are always one whole call.
//!
//! A slow function works on the published frame; see [`super::Ctl`] and the module's essay. `pc` points at the current
//! instruction; a jump sets it so that the *next* instruction is the target; pushing a frame publishes the new one.

use super::call::flags_for;
use super::machine::{Interp, Pc};
use super::{Ctl, fast, ic, unwind};
use crate::builtins::exceptions as exc;
use crate::builtins::{self, ops, quick};
use crate::err::R;
use crate::n;
use crate::native::{Inline, RawArgs, tflags};
use crate::object::*;
use crate::shape::{Place, shape};
use crate::slots::CmpOp;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Common, Ins, Intrinsic1, Intrinsic2, Op, SetFunc, Special};
use adder_metatrace::Machine;
use std::sync::atomic::Ordering::*;

type Res = R<Ctl>;
const NEXT: Res = Ok(Ctl::Next);

/// The published frame.
#[inline(always)]
pub fn fr(th: Th) -> &'static mut Frame {
    unsafe { &mut *th.fp.get() }
}
/// The instruction at which the published frame stands, as the compiler wrote it.
pub fn standing(th: Th) -> Ins {
    let f = fr(th);
    super::instrument::original(f.code, f.lasti(), unsafe { *f.pc })
}
/// A frame was pushed by this instruction: its start is an event.
#[inline(always)]
fn started(th: Th) -> Res {
    if super::events::observed(th) {
        super::events::started(th)?;
    } else {
        crate::jit::function::called(th);
    }
    NEXT
}
/// Register that holds a value.
#[inline(always)]
pub fn reg(th: Th, i: usize) -> Value {
    unsafe {
        let w = *fr(th).regs.add(i);
        debug_assert!(w != 0, "register {i} is null");
        Value::from_bits(w)
    }
}
#[inline(always)]
pub fn reg_opt(th: Th, i: usize) -> Option<Value> {
    unsafe { Value::from_word(*fr(th).regs.add(i)) }
}
#[inline(always)]
pub fn set(th: Th, i: usize, v: Value) {
    unsafe { *fr(th).regs.add(i) = v.bits() }
}
#[inline(always)]
pub fn clear(th: Th, i: usize) {
    unsafe { *fr(th).regs.add(i) = 0 }
}
/// Values of `n` registers from `i`.
#[inline(always)]
pub fn regs<'a>(th: Th, i: usize, n: usize) -> &'a [Value] {
    unsafe { std::slice::from_raw_parts(fr(th).regs.add(i) as *const Value, n) }
}
/// Jumps `n` from the next instruction.
#[inline(always)]
pub fn skip(th: Th, n: isize) {
    let f = fr(th);
    f.pc = unsafe { f.pc.offset(n) };
}
#[inline(always)]
fn ic_of(th: Th, i: usize) -> &'static Ic {
    unsafe { &*fr(th).code.ics.add(i) }
}
fn name_of(th: Th, i: usize) -> Value {
    unsafe { fr(th).code.names.gc::<Tuple>() }.items()[i]
}
fn ret_a(th: Th, i: Ins, v: Value) -> Res {
    set(th, i.a(), v);
    NEXT
}

/// Ops that have no fast handler.
macro_rules! for_each_slow {
    ($mac:ident) => { $mac! {
        LoadCommon load_common; DelLocal del_local; MakeCell make_cell; CopyFree copy_free; DelDeref del_deref;
        LoadClassDeref load_class_deref; StoreGlobal store_global; DelGlobal del_global; LoadName load_name;
        StoreName store_name; DelName del_name; LoadFromDictOrGlobals load_from_dict_or_globals;
        LoadFromDictOrDeref load_from_dict_or_deref; LoadLocals load_locals; DelAttr del_attr;
        LoadSuperAttr load_super_attr; DelItem del_item; BuildSlice build_slice; Pos pos; Invert invert;
        MatMul matmul; Pow pow; In in_; JIn j_in; CallKw call_kw; CallEx call_ex;
        MakeGenerator make_generator; Yield yield_; YieldFrom yield_; Send send; GetYieldFromIter get_yield_from_iter;
        GetAwaitable get_awaitable; GetAIter get_aiter; GetANext get_anext; EndAsyncFor end_async_for; GetIter get_iter;
        UnpackEx unpack_ex; Raise raise; Reraise reraise; PushExc push_exc; PopExc pop_exc; JNotExc j_not_exc;
        CheckEgMatch check_eg_match; LoadSpecial load_special; WithExit with_exit; BuildTuple build_tuple;
        BuildList build_list; BuildSet build_set; BuildDict build_dict; BuildString build_string;
        ListExtend list_extend; ListToTuple list_to_tuple; SetAdd set_add; SetUpdate set_update; DictSet dict_set;
        DictUpdate dict_update; DictMerge dict_merge; Convert convert; Format format; FormatSpec format_spec;
        BuildInterpolation build_interpolation; BuildTemplate build_template; MakeFunction make_function;
        SetFuncAttr set_func_attr; LoadBuildClass load_build_class; ImportName import_name; ImportFrom import_from;
        SetupAnnotations setup_annotations; MatchMapping match_mapping; MatchSequence match_sequence;
        MatchKeys match_keys; MatchClass match_class; GetLen get_len; Intrinsic1 intrinsic1; Intrinsic2 intrinsic2;
    } };
}
pub(super) use for_each_slow;

pub fn invalid(th: Th, i: Ins) -> Res {
    Err(th.system_error(format!("unknown opcode {}", i.op_byte())))
}

// -- locals, cells, names

#[cold]
fn unbound(th: Th, i: usize) -> crate::err::Raised {
    let c = fr(th).code;
    let name = unsafe { c.varnames.gc::<Tuple>() }.items()[i];
    let n = th.text(name);
    let r = if (i as u32) < c.nlocals {
        th.raise_msg(
            &exc::UNBOUND_LOCAL_ERROR,
            &format!("cannot access local variable '{n}' where it is not associated with a value"),
        )
    } else {
        th.raise_msg(
            &exc::NAME_ERROR,
            &format!(
                "cannot access free variable '{n}' where it is not associated with a value in enclosing scope"
            ),
        )
    };
    set_name_attr(th, name);
    r
}
fn set_name_attr(th: Th, name: Value) {
    if let Some(e) = th.pending().and_then(|e| e.cast::<BaseException>()) {
        th.store(e, &e.f[0], name);
    }
}
#[cold]
fn name_error(th: Th, name: Value) -> crate::err::Raised {
    let r = th.raise_msg(&exc::NAME_ERROR, &format!("name '{}' is not defined", th.text(name)));
    set_name_attr(th, name);
    r
}

pub fn check_local(th: Th, i: Ins) -> Res {
    if reg_opt(th, i.a()).is_none() {
        return Err(unbound(th, i.a()));
    }
    NEXT
}
pub fn del_local(th: Th, i: Ins) -> Res {
    let Some(v) = reg_opt(th, i.a()) else { return Err(unbound(th, i.a())) };
    clear(th, i.a());
    dropped(th, Some(v))
}
/// What a `del` answers once it is done with `v`.
#[inline]
fn dropped(th: Th, v: Option<Value>) -> Res {
    match v {
        // See `interp::raised`.
        Some(v) if crate::gc_module::dropped(th, v) => Err(crate::err::Raised),
        _ => NEXT,
    }
}
pub fn load_common(th: Th, i: Ins) -> Res {
    let v = match Common::from_num(i.b()) {
        Common::AssertionError => exc::ASSERTION_ERROR.get().value(),
        Common::NotImplementedError => exc::NOT_IMPLEMENTED_ERROR.get().value(),
        Common::True => TRUE(),
        Common::False => FALSE(),
        Common::Ellipsis => ELLIPSIS(),
        Common::EmptyTuple => crate::thread::Root::empty_tuple.value(),
        Common::BuiltinAll => builtins::builtin(th, "all")?,
        Common::BuiltinAny => builtins::builtin(th, "any")?,
        Common::TupleType => builtins::tuple::TUPLE.get().value(),
        Common::ListType => builtins::list::LIST.get().value(),
        Common::SetType => builtins::set::SET.get().value(),
    };
    ret_a(th, i, v)
}
pub fn make_cell(th: Th, i: Ins) -> Res {
    let c = th.cell(reg_opt(th, i.a()));
    ret_a(th, i, c.value())
}
pub fn copy_free(th: Th, i: Ins) -> Res {
    let t = unsafe { fr(th).func.closure.gc::<Tuple>() };
    for (k, v) in t.items().iter().enumerate() {
        set(th, i.a() + k, *v);
    }
    NEXT
}
pub fn load_deref(th: Th, i: Ins) -> Res {
    let c = unsafe { reg(th, i.b()).cast_unchecked::<Cell>() };
    match c.v.get() {
        Some(v) => ret_a(th, i, v),
        None => Err(unbound(th, i.b())),
    }
}
pub fn del_deref(th: Th, i: Ins) -> Res {
    let c = unsafe { reg(th, i.a()).cast_unchecked::<Cell>() };
    if c.v.get().is_none() {
        return Err(unbound(th, i.a()));
    }
    c.v.init(None);
    NEXT
}
/// The mapping that names of the frame are in.
fn namespace(th: Th) -> R<Value> {
    match fr(th).namespace() {
        Some(m) => Ok(m),
        None => Err(th.system_error("no locals found")),
    }
}
fn from_mapping(th: Th, m: Value, name: Value) -> R<Option<Value>> {
    if let Some(d) = m.exact::<Dict>() {
        return d.get_str(th, name);
    }
    let r = th.getitem(m, name);
    th.catch(r, &exc::KEY_ERROR)
}
fn global(th: Th, icx: &Ic) -> R<Value> {
    let f = fr(th);
    match ic::load_global(th, f.code, f.func, icx)? {
        Some(v) => Ok(v),
        None => Err(name_error(th, icx.name.value())),
    }
}
pub fn load_class_deref(th: Th, i: Ins) -> Res {
    let m = namespace(th)?;
    match from_mapping(th, m, ic_of(th, i.c()).name.value())? {
        Some(v) => ret_a(th, i, v),
        None => load_deref(th, i),
    }
}
pub fn load_global(th: Th, i: Ins) -> Res {
    let v = global(th, ic_of(th, i.c()))?;
    ret_a(th, i, v)
}
pub fn store_global(th: Th, i: Ins) -> Res {
    let g = fr(th).globals();
    let name = ic_of(th, i.c()).name.value();
    g.set(th, name, reg(th, i.a()))?;
    NEXT
}
pub fn del_global(th: Th, i: Ins) -> Res {
    let name = ic_of(th, i.c()).name.value();
    match fr(th).globals().remove(th, name)? {
        v @ Some(_) => dropped(th, v),
        None => Err(name_error(th, name)),
    }
}
pub fn load_name(th: Th, i: Ins) -> Res {
    let icx = ic_of(th, i.c());
    let m = namespace(th)?;
    if m.is(fr(th).globals().value()) {
        // Code of a module: the cache knows the variable's cell.
        if let Some(c) = Value::from_word(icx.entry.load(Acquire) as u64)
            && let Some(v) = unsafe { c.cast_unchecked::<DictCell>() }.v.get()
        {
            return ret_a(th, i, v);
        }
    } else if let Some(v) = from_mapping(th, m, icx.name.value())? {
        return ret_a(th, i, v);
    }
    let v = global(th, icx)?;
    ret_a(th, i, v)
}
pub fn store_name(th: Th, i: Ins) -> Res {
    let m = namespace(th)?;
    let name = ic_of(th, i.c()).name.value();
    match m.exact::<Dict>() {
        Some(d) => d.set(th, name, reg(th, i.a()))?,
        None => th.setitem(m, name, Some(reg(th, i.a())))?,
    }
    NEXT
}
pub fn del_name(th: Th, i: Ins) -> Res {
    let m = namespace(th)?;
    let name = ic_of(th, i.c()).name.value();
    let gone = match m.exact::<Dict>() {
        Some(d) => {
            let v = d.remove(th, name)?;
            if v.is_some() {
                return dropped(th, v);
            }
            false
        }
        None => {
            let r = th.setitem(m, name, None);
            th.catch(r, &exc::KEY_ERROR)?.is_some()
        }
    };
    if gone { NEXT } else { Err(name_error(th, name)) }
}
pub fn load_from_dict_or_globals(th: Th, i: Ins) -> Res {
    let icx = ic_of(th, i.c());
    let v = match from_mapping(th, reg(th, i.b()), icx.name.value())? {
        Some(v) => v,
        None => global(th, icx)?,
    };
    ret_a(th, i, v)
}
pub fn load_from_dict_or_deref(th: Th, i: Ins) -> Res {
    match from_mapping(th, reg(th, i.a()), ic_of(th, i.c()).name.value())? {
        Some(v) => ret_a(th, i, v),
        None => load_deref(th, i),
    }
}
pub fn load_locals(th: Th, i: Ins) -> Res {
    let m = namespace(th)?;
    ret_a(th, i, m)
}

// -- attributes

/// Pushes a frame whose result the continuation handles. False: it is not a plain Python function with that many
/// parameters, so the caller has to call it natively.
fn push_python(th: Th, f: Value, args: &[Value], cont: Cont, extra: Option<Value>) -> R<bool> {
    push_python_to(th, f, args, flags_for(cont, 0), extra)
}
fn push_python_to(th: Th, f: Value, args: &[Value], mut flags: u64, extra: Option<Value>) -> R<bool> {
    let Some(func) = f.exact::<Function>() else { return Ok(false) };
    let fp = fr(th);
    let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
    if extra.is_some() {
        flags |= fflags::EXTRA;
    }
    let nf = th.push_frame(func, regs, None, RawArgs::positional(args), flags)?;
    nf.extra.init(extra);
    started(th)?;
    Ok(true)
}

pub fn load_attr(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let icx = ic_of(th, i.c());
    // What the fast handler leaves: functions that are bound, getters that need a general call.
    if let Some(x) = fast::entry_of(icx, o) {
        match x.tag {
            ic::tag::PROPERTY => {
                if push_python(th, x.value.value(), &[o], Cont::StoreA, None)? {
                    return NEXT;
                }
            }
            ic::tag::METHOD => {
                let v = th.bind(x.value.value(), Some(o), th.type_of(o))?;
                return ret_a(th, i, v);
            }
            ic::tag::DESCRIPTOR => {
                let d = x.value.value();
                if let Some(get) = th.type_of(d).slots.descr_get {
                    let t = th.type_of(o).value();
                    if std::ptr::fn_addr_eq(get, crate::slot_defs::d_get as crate::slots::DescrGetFn)
                        && let Some(f) = th.lookup_special(d, n!(__get__))
                        && push_python(th, f, &[d, o, t], Cont::StoreA, None)?
                    {
                        return NEXT;
                    }
                    let v = get(th, d, Some(o), t)?;
                    return ret_a(th, i, v);
                }
            }
            ic::tag::CLASS_METHOD | ic::tag::TYPE_METHOD => {
                let v = th.method(x.value.value(), x.aux.value());
                return ret_a(th, i, v);
            }
            ic::tag::DICT => {
                if let Some(d) = crate::attr::dict_of(o)
                    && let Some(v) = d.get_str(th, icx.name.value())?
                {
                    return ret_a(th, i, v);
                }
            }
            _ => {}
        }
    }
    let name = icx.name.value();
    let getattr = th.type_of(o).slots.getattro;
    if getattr.is_some_and(|f| {
        std::ptr::fn_addr_eq(f, crate::slot_defs::d_getattro as fn(Th, Value, Value) -> R<Value>)
    }) {
        if let Some(found) = th.getattr_or_hook(o, name)? {
            let v = match found {
                Ok(v) => v,
                Err(hook) if push_python(th, hook, &[o, name], Cont::StoreA, None)? => return NEXT,
                Err(hook) => th.call_unbound(hook, o, &[name])?,
            };
            return ret_a(th, i, v);
        }
        // Nobody is asked after it.
        if th.lookup_special(o, n!(__getattr__)).is_none()
            && let Some(f) = th.lookup_special(o, n!(__getattribute__))
            && push_python(th, f, &[o, name], Cont::StoreA, None)?
        {
            return NEXT;
        }
    }
    let v = th.getattr(o, name)?;
    // Allocates, and at this instruction the result's register is no root.
    ic::fill_load(th, fr(th).code, icx, o);
    set(th, i.a(), v);
    NEXT
}
pub fn load_method(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let icx = ic_of(th, i.c());
    let name = icx.name.value();
    let t = th.type_of(o);
    if let Some(x) = fast::entry_of(icx, o)
        && x.tag == ic::tag::DESCRIPTOR
        && let d = x.value.value()
        && let Some(get) = th.type_of(d).slots.descr_get
    {
        let v = get(th, d, Some(o), t.value())?;
        set(th, i.a(), v);
        clear(th, i.a() + 1);
        return NEXT;
    }
    if o.is_obj()
        && ic::share(th, fr(th).code, icx, t, o.shape_id())
        && let Some(x) = fast::entry_of(icx, o)
        && x.tag == ic::tag::METHOD
    {
        set(th, i.a(), x.value.value());
        set(th, i.a() + 1, o);
        return NEXT;
    }
    // A function found on a type whose instances resolve attributes plainly: no bound method is made.
    if t.has(tflags::PLAIN_GETATTR)
        && let Some(d) = th.lookup(t, name)
        && (d.is_exact(Kind::Function) || d.is_exact(Kind::MethodDescriptor))
        && th.instance_attr(o, name)?.is_none()
    {
        ic::fill_load(th, fr(th).code, icx, o);
        set(th, i.a(), d);
        set(th, i.a() + 1, o);
        return NEXT;
    }
    let v = th.getattr(o, name)?;
    ic::fill_load(th, fr(th).code, icx, o);
    set(th, i.a(), v);
    clear(th, i.a() + 1);
    NEXT
}
pub fn store_attr(th: Th, i: Ins) -> Res {
    let (o, v) = (reg(th, i.a()), reg(th, i.b()));
    let icx = ic_of(th, i.c());
    let name = icx.name.value();
    let before = o.shape_id();
    // Known places whose store has a barrier, or takes the lock.
    if o.is_obj() {
        let w = icx.w0.load(Relaxed);
        if before == (w >> 32) as u32 {
            let p = Place::Inline((w >> 16) as u16 as u32);
            return th.write_place(o, shape(before), p, v).map(|_| Ctl::Next);
        }
        if let Some(x) = fast::entry_of(icx, o) {
            let (p, after) = match x.tag {
                ic::tag::DICT => {
                    if let Some(d) = crate::attr::dict_of(o) {
                        d.set(th, name, v)?;
                        return NEXT;
                    }
                    return th.setattr(o, name, Some(v)).map(|_| Ctl::Next);
                }
                ic::tag::SLOT => (Place::Inline(x.offset()), before),
                ic::tag::EXT => (Place::Ext(x.ext_place().1), before),
                _ => (Place::Inline(x.offset()), (x.aux.value().bits() >> 1) as u32),
            };
            let _g = th.lock(unsafe { o.cast_unchecked::<adder_heap::Header>() });
            if o.shape_id() == before {
                th.write_place(o, shape(after), p, v)?;
                unsafe { o.header_unchecked() }.desc.store(after, Release);
                return NEXT;
            }
        }
    }
    let t = th.type_of(o);
    let fill = o.is_obj() && t.has(tflags::PLAIN_SETATTR);
    th.setattr(o, name, Some(v))?;
    if fill {
        ic::fill_store(th, fr(th).code, icx, o, before);
    }
    NEXT
}
pub fn del_attr(th: Th, i: Ins) -> Res {
    th.setattr(reg(th, i.a()), ic_of(th, i.c()).name.value(), None)?;
    NEXT
}
pub fn load_super_attr(th: Th, i: Ins) -> Res {
    let (sup, cls, this) = (reg(th, i.b()), reg_opt(th, i.b() + 1), reg_opt(th, i.b() + 2));
    let name = ic_of(th, i.c()).name.value();
    let (Some(cls), Some(this)) = (cls, this) else {
        return Err(th.runtime_error("super(): empty __class__ cell"));
    };
    let method = i.x() != 0;
    if sup.is(builtins::super_::SUPER.get().value()) && cls.is_kind(Kind::Type) {
        if let Some((v, bound)) = builtins::super_::lookup(th, cls, this, name, method)? {
            set(th, i.a(), v);
            if method {
                if bound { clear(th, i.a() + 1) } else { set(th, i.a() + 1, this) }
            }
            return NEXT;
        }
    }
    let s = th.call(sup, &[cls, this])?;
    let v = th.getattr(s, name)?;
    set(th, i.a(), v);
    if method {
        clear(th, i.a() + 1);
    }
    NEXT
}

// -- items

/// The next time the fast handler enters the function by itself.
#[inline(always)]
fn remember_getitem(th: Th, t: Gc<Type>, f: Value) {
    if t.fast_getitem.get().is_none() {
        let version = t.version.load(Acquire);
        if th.lookup(t, n!(__getitem__)).is_some_and(|g| g.is(f)) {
            let _g = crate::types::TYPE_LOCK.lock().unwrap();
            if version != 0 && t.version.load(Acquire) == version {
                th.store(t, &t.fast_getitem, f);
            }
        }
    }
}
fn getitem_general(th: Th, i: Ins, o: Value, k: Value) -> Res {
    if let Some(v) = quick::item(o, k) {
        return ret_a(th, i, v);
    }
    if let Some(d) = o.exact::<Dict>() {
        return match d.get(th, k)? {
            Some(v) => ret_a(th, i, v),
            None => Err(th.key_error(k)),
        };
    }
    // A Python `__getitem__` runs in a frame of its own.
    let t = th.type_of(o);
    if t.heap_type()
        && let Some(f) = th.lookup(t, n!(__getitem__))
        && f.is_exact(Kind::Function)
        && {
            remember_getitem(th, t, f);
            true
        }
        && push_python(th, f, &[o, k], Cont::StoreA, None)?
    {
        return NEXT;
    }
    let v = th.getitem(o, k)?;
    ret_a(th, i, v)
}
pub fn get_item(th: Th, i: Ins) -> Res {
    getitem_general(th, i, reg(th, i.b()), reg(th, i.c()))
}
pub fn get_item_i(th: Th, i: Ins) -> Res {
    getitem_general(th, i, reg(th, i.b()), Value::fix(i.ci() as i64))
}
pub fn set_item(th: Th, i: Ins) -> Res {
    let (o, k, v) = (reg(th, i.a()), reg(th, i.b()), reg(th, i.c()));
    if let Some(d) = o.exact::<Dict>() {
        d.set(th, k, v)?;
        return NEXT;
    }
    let t = th.type_of(o);
    if t.heap_type()
        && let Some(f) = th.lookup(t, n!(__setitem__))
        && f.is_exact(Kind::Function)
        && push_python(th, f, &[o, k, v], Cont::Discard, None)?
    {
        return NEXT;
    }
    th.setitem(o, k, Some(v))?;
    NEXT
}
pub fn del_item(th: Th, i: Ins) -> Res {
    th.setitem(reg(th, i.a()), reg(th, i.b()), None)?;
    NEXT
}
pub fn build_slice(th: Th, i: Ins) -> Res {
    let r = regs(th, i.b(), i.x() as usize);
    let v = builtins::slice::new(th, r[0], r[1], r.get(2).copied().unwrap_or(NONE()));
    ret_a(th, i, v)
}

// -- operators

pub fn op_names(op: Op) -> Option<(fast::Bin, Value)> {
    use fast::Bin::*;
    Some(match op {
        Op::Add | Op::AddI => (Add, n!(__add__)),
        Op::Sub | Op::SubI => (Sub, n!(__sub__)),
        Op::Mul | Op::MulI => (Mul, n!(__mul__)),
        Op::TrueDiv => (TrueDiv, n!(__truediv__)),
        Op::FloorDiv | Op::FloorDivI => (FloorDiv, n!(__floordiv__)),
        Op::Mod | Op::ModI => (Mod, n!(__mod__)),
        Op::LShift | Op::LShiftI => (LShift, n!(__lshift__)),
        Op::RShift | Op::RShiftI => (RShift, n!(__rshift__)),
        Op::And | Op::AndI => (And, n!(__and__)),
        Op::Or => (Or, n!(__or__)),
        Op::Xor => (Xor, n!(__xor__)),
        Op::MatMul => (MatMul, n!(__matmul__)),
        Op::Pow => (Pow, n!(__pow__)),
        _ => return None,
    })
}

/// Operand of `Cont::Binary`: the right operand's reflected method runs.
pub const REFLECTED: u16 = 1;

/// The Python function that an arithmetic operation of these operands begins with, by their classes, and the operand of
/// its continuation.
pub fn special_method(th: Th, i: Ins, x: Value, y: Value) -> Option<(Value, u16)> {
    let (op, name) = op_names(i.op())?;
    let t = th.type_of(x);
    if t.heap_type() {
        let own = (i.x() != 0).then(|| ops::inplace_name(op)).and_then(|n| th.lookup(t, n));
        if let Some(f) = own {
            return f.is_exact(Kind::Function).then_some((f, 0));
        }
        if i.x() != 0 && ops::has_inplace(t, op) {
            return None;
        }
        let f = th.lookup(t, name).filter(|f| f.is_exact(Kind::Function))?;
        let ty = th.type_of(y);
        // The reflected method of a proper subclass goes first: leave that to the general protocol.
        return (t == ty || !th.is_subtype(ty, t)).then_some((f, 0));
    }
    let number = [Kind::Int, Kind::Float, Kind::Bool, Kind::Complex].iter().any(|k| x.is_exact(*k));
    if number && y.is_obj() {
        // Builtin numbers know nothing of other classes than their own.
        let ty = th.type_of(y);
        if ty.heap_type() && ty.native.kind == Kind::Object {
            let f = th.lookup(ty, ops::reflected(op)).filter(|f| f.is_exact(Kind::Function))?;
            return Some((f, REFLECTED));
        }
    }
    None
}

/// Arithmetic beyond the fast forms: numbers first; a Python special method runs in a frame with a continuation for
/// NotImplemented.
fn arith_general(th: Th, i: Ins, x: Value, y: Value) -> Res {
    let (op, _) = op_names(i.op()).expect("an arithmetic op");
    if op == fast::Bin::Add && x.is_exact(Kind::Str) && y.is_exact(Kind::Str) {
        let v = builtins::str_type::concat(th, x, y)?;
        return ret_a(th, i, v);
    }
    if let Some((f, arg)) = special_method(th, i, x, y) {
        let args = if arg == REFLECTED { [y, x] } else { [x, y] };
        if push_python_to(th, f, &args, flags_for(Cont::Binary, arg), Some(y))? {
            return NEXT;
        }
    }
    let fp = th.fp.get();
    let m = Interp::<false> { regs: unsafe { (*fp).regs }, th, fp };
    let v = fast::arith(m, op, i.x() != 0, x, y)?;
    ret_a(th, i, v)
}
pub fn binary(th: Th, i: Ins) -> Res {
    arith_general(th, i, reg(th, i.b()), reg(th, i.c()))
}
pub fn binary_i(th: Th, i: Ins) -> Res {
    arith_general(th, i, reg(th, i.b()), Value::fix(i.ci() as i64))
}
/// The rest of the protocol after the method that it began with gave NotImplemented.
pub fn binary_rest(th: Th, i: Ins, x: Value, y: Value, arg: u64) -> R<Value> {
    let (op, _) = op_names(i.op()).expect("an arithmetic op");
    let inplace = i.x() != 0;
    if arg == REFLECTED as u64 {
        return Err(ops::unsupported(th, op, inplace, x, y));
    }
    if inplace && ops::has_inplace(th.type_of(x), op) {
        return ops::inplace_after_own(th, op, x, y);
    }
    ops::binary_after_left(th, op, inplace, x, y)
}
pub fn matmul(th: Th, i: Ins) -> Res {
    binary(th, i)
}
pub fn pow(th: Th, i: Ins) -> Res {
    binary(th, i)
}
pub fn pos(th: Th, i: Ins) -> Res {
    let v = ops::pos(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn invert(th: Th, i: Ins) -> Res {
    let v = ops::invert(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}

pub fn cmp_op(op: Op) -> (CmpOp, Value) {
    match op {
        Op::Lt | Op::JLt | Op::JLtI => (CmpOp::Lt, n!(__lt__)),
        Op::Le | Op::JLe | Op::JLeI => (CmpOp::Le, n!(__le__)),
        Op::Gt | Op::JGt | Op::JGtI => (CmpOp::Gt, n!(__gt__)),
        Op::Ge | Op::JGe | Op::JGeI => (CmpOp::Ge, n!(__ge__)),
        Op::Ne | Op::JNe | Op::JNeI => (CmpOp::Ne, n!(__ne__)),
        _ => (CmpOp::Eq, n!(__eq__)),
    }
}
/// The Python function that a comparison begins with: the left operand's class defines it and the right one's is no
/// proper subclass.
pub fn compare_method(th: Th, i: Ins, x: Value, y: Value) -> Option<Value> {
    let t = th.type_of(x);
    if !t.heap_type() {
        return None;
    }
    let f = th.lookup(t, cmp_op(i.op()).1).filter(|f| f.is_exact(Kind::Function))?;
    let ty = th.type_of(y);
    (t == ty || !th.is_subtype(ty, t)).then_some(f)
}
fn push_compare(th: Th, i: Ins, x: Value, y: Value) -> R<bool> {
    match compare_method(th, i, x, y) {
        Some(f) => push_python(th, f, &[x, y], Cont::Compare, Some(y)),
        None => Ok(false),
    }
}
pub fn compare(th: Th, i: Ins) -> Res {
    let (x, y) = (reg(th, i.b()), reg(th, i.c()));
    if let Some(b) = quick::compare(x, y, cmp_op(i.op()).0) {
        return ret_a(th, i, Value::bool(b));
    }
    if push_compare(th, i, x, y)? {
        return NEXT;
    }
    let v = ops::compare_value(th, x, y, cmp_op(i.op()).0)?;
    ret_a(th, i, v)
}
pub fn compare_jump(th: Th, i: Ins) -> Res {
    let (x, y) = (reg(th, i.a()), reg(th, i.b()));
    if let Some(b) = quick::compare(x, y, cmp_op(i.op()).0) {
        if b == (i.x() != 0) {
            skip(th, i.ci() as isize);
        }
        return NEXT;
    }
    if push_compare(th, i, x, y)? {
        return NEXT;
    }
    let v = ops::compare_value(th, x, y, cmp_op(i.op()).0)?;
    if th.truth(v)? == (i.x() != 0) {
        skip(th, i.ci() as isize);
    }
    NEXT
}
#[inline(always)]
fn contains(th: Th, c: Value, k: Value) -> R<bool> {
    match quick::contains(c, k) {
        Some(b) => Ok(b),
        None => th.contains(c, k),
    }
}
pub fn in_(th: Th, i: Ins) -> Res {
    let b = contains(th, reg(th, i.c()), reg(th, i.b()))?;
    ret_a(th, i, Value::bool(b != (i.x() != 0)))
}
pub fn j_in(th: Th, i: Ins) -> Res {
    if contains(th, reg(th, i.b()), reg(th, i.a()))? == (i.x() != 0) {
        skip(th, i.ci() as isize);
    }
    NEXT
}
pub fn jump_back(th: Th, i: Ins) -> Res {
    crate::jit::tick(th, i);
    if th.m.poll.load(Relaxed) != 0 {
        th.attend()?;
    }
    if super::events::observed(th) {
        // A function that has been running since before.
        super::instrument::ensure(fr(th).code);
    } else if let Some(c) = crate::jit::back_edge(th, i)? {
        return Ok(c);
    }
    skip(th, i.imm() as isize);
    NEXT
}

// -- calls

/// `__call__` of an instance's class, if it is a Python function.
pub fn call_special(th: Th, f: Value) -> Option<Value> {
    let t = th.type_of(f);
    if !t.heap_type() || f.is_kind(Kind::Type) {
        return None;
    }
    th.lookup(t, n!(__call__)).filter(|f| f.is_exact(Kind::Function))
}
/// A call that uses up a generator: see [`super::drain`]. None: it is as others.
#[inline(never)]
fn drained(th: Th, f: Value, args: RawArgs) -> Option<Res> {
    let fp = fr(th);
    let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
    if args.nkw() != 0 {
        let (func, all) = super::drain::with_keywords(th, f, args)?;
        let r = th.push_frame(func, regs, None, RawArgs::positional(&all), fflags::HIDDEN);
        return Some(r.and_then(|_| started(th)));
    }
    let d = super::drain::of(th, f, args.pos())?;
    let with_start = [args.pos()[0], Value::fix(0)];
    let args = if d.zero { RawArgs::positional(&with_start) } else { args };
    Some(th.push_frame(d.func, regs, None, args, fflags::HIDDEN).and_then(|_| started(th)))
}
/// Calls whatever is in a window. `args` start at register `at`; kwnames are the tuple of keyword names.
#[inline(never)]
fn call_any(th: Th, i: Ins, f: Value, at: usize, n: usize, kw: Option<Gc<Tuple>>) -> Res {
    let fp = fr(th);
    let args = unsafe { RawArgs::from_raw(fp.regs.add(at) as *const Value, n - kw.map_or(0, |k| k.len), kw) };
    if let Some(d) = f.exact::<MethodDescriptor>() {
        if d.def.inline == Inline::Drain
            && let Some(r) = drained(th, f, args)
        {
            return r;
        }
        let v = builtins::descr::call_method_descriptor(th, d, args)?;
        set(th, i.c(), v);
        return NEXT;
    }
    if let Some(nf) = f.exact::<NativeFunction>() {
        if nf.def.inline == Inline::Drain
            && let Some(r) = drained(th, f, args)
        {
            return r;
        }
        if crate::gc_module::is_collect(nf.def) && args.nkw() == 0 && args.len() <= 1 {
            crate::gc_module::collect_soon(th, &[args.pos().first().copied()])?;
            // See `interp::raised`.
            return Err(crate::err::Raised);
        }
        let v = th.call_native(nf, args)?;
        set(th, i.c(), v);
        return NEXT;
    }
    if let Some(func) = f.exact::<Function>() {
        th.push_frame(func, unsafe { fp.regs.add(at) }, None, args, 0)?;
        return started(th);
    }
    if let Some(m) = f.exact::<Method>()
        && let Some(func) = m.func.get().and_then(|f| f.exact::<Function>())
    {
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        th.push_frame(func, regs, m.this.get(), args, 0)?;
        return started(th);
    }
    if let Some(t) = f.cast::<Type>()
        && f.is_exact(Kind::Type)
        && t.has(tflags::PLAIN_NEW)
        && t.heap_type()
        && let Some(init) = th.lookup(t, n!(__init__))
        && let Some(func) = init.exact::<Function>()
        && !t.has(tflags::IS_ABSTRACT)
    {
        if !t.has(tflags::HAS_DEL)
            && t.native.drop.is_none()
            && t.native.kind == Kind::Object
            && th.lookup(t, n!(__init__)).is_some()
        {
            th.store(t, &t.fast_init, init);
        }
        let o = builtins::object::new_instance(th, t)?;
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        let nf = th.push_frame(func, regs, Some(o), args, flags_for(Cont::Init, 0) | fflags::EXTRA)?;
        nf.extra.init(Some(o));
        return started(th);
    }
    if let Some(func) = call_special(th, f)
        && let Some(func) = func.exact::<Function>()
    {
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        th.push_frame(func, regs, Some(f), args, 0)?;
        return started(th);
    }
    let v = if f.is_exact(Kind::Type) {
        if args.pos().first().is_some_and(|x| x.is_exact(Kind::Generator))
            && let Some(r) = drained(th, f, args)
        {
            return r;
        }
        // Native code that calls back checks the stack itself.
        builtins::type_::type_call(th, f, args)?
    } else {
        th.call_raw(f, args)?
    };
    set(th, i.c(), v);
    NEXT
}
pub fn call(th: Th, i: Ins) -> Res {
    call_any(th, i, reg(th, i.a()), i.a() + 1, i.b(), None)
}
pub fn call_method(th: Th, i: Ins) -> Res {
    let skip = reg_opt(th, i.a() + 1).is_none() as usize;
    call_any(th, i, reg(th, i.a()), i.a() + 1 + skip, i.b() - skip, None)
}
/// `Call` or `CallMethod` by a run of the interpreter of its own.
pub fn call_nested(th: Th, i: Ins) -> Res {
    let method = i.op() == Op::CallMethod;
    let skip = (method && reg_opt(th, i.a() + 1).is_none()) as usize;
    let (at, n) = (i.a() + 1 + skip, i.b() - skip);
    let args = unsafe { RawArgs::from_raw(fr(th).regs.add(at) as *const Value, n, None) };
    let v = th.call_raw(reg(th, i.a()), args)?;
    set(th, i.c(), v);
    NEXT
}
pub fn call_kw(th: Th, i: Ins) -> Res {
    let names = unsafe { reg(th, i.a() + 1 + i.b()).cast_unchecked::<Tuple>() };
    let skip = (i.x() != 0 && reg_opt(th, i.a() + 1).is_none()) as usize;
    call_any(th, i, reg(th, i.a()), i.a() + 1 + skip, i.b() - skip, Some(names))
}
pub fn call_ex(th: Th, i: Ins) -> Res {
    let f = reg(th, i.a());
    let args = reg(th, i.a() + 1);
    let t: Gc<Tuple> = match args.exact::<Tuple>() {
        Some(t) => t,
        None => {
            if th.type_of(args).slots.iter.is_none() && th.lookup_special(args, n!(__getitem__)).is_none() {
                return Err(th.type_error(format!(
                    "{} argument after * must be an iterable, not {}",
                    ops::callable_name(th, f),
                    th.type_name_of(args)
                )));
            }
            unsafe { builtins::tuple::from_iterable(th, args)?.cast_unchecked() }
        }
    };
    let kw = if i.x() != 0 { reg(th, i.a() + 2).cast::<Dict>() } else { None };
    if kw.is_none_or(|d| d.len() == 0)
        && let Some(func) = f.exact::<Function>()
    {
        let fp = fr(th);
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        th.push_frame(func, regs, None, RawArgs::positional(t.items()), 0)?;
        return started(th);
    }
    let v = th.call_ex(f, t, kw)?;
    set(th, i.c(), v);
    NEXT
}

pub fn ret(th: Th, i: Ins) -> Res {
    leave(th, reg(th, i.a()))
}
pub fn ret_none(th: Th, _i: Ins) -> Res {
    leave(th, NONE())
}
/// Leaves the frame with a result, in all cases.
pub fn leave(th: Th, v: Value) -> Res {
    let f = fr(th);
    let flags = f.flags;
    if flags & fflags::GENERATOR != 0 {
        return super::generator::returned(th, v);
    }
    let extra = if flags & fflags::EXTRA != 0 { f.extra.get() } else { None };
    unwind::pop_frame(th);
    if flags & fflags::ENTRY != 0 {
        return Ok(Ctl::Leave(v));
    }
    // Now the caller's frame is published, at its instruction.
    let i = standing(th);
    match unwind::cont(flags) {
        Cont::Store => set(th, i.c(), v),
        Cont::StoreA => set(th, i.a(), v),
        Cont::Discard => {}
        Cont::Init => {
            if !v.is_none() {
                return Err(
                    th.type_error(format!("__init__() should return None, not '{}'", th.type_name_of(v)))
                );
            }
            set(th, i.c(), extra.expect("the instance"));
        }
        Cont::Binary => {
            let v = if v.is(NOT_IMPLEMENTED()) {
                // Operands are still in the caller's registers.
                let x = reg(th, i.b());
                binary_rest(th, i, x, extra.expect("the right operand"), flags >> fflags::ARG_SHIFT & 0xffff)?
            } else {
                v
            };
            set(th, i.a(), v);
        }
        Cont::Compare => {
            let jump = !matches!(i.op(), Op::Lt | Op::Le | Op::Gt | Op::Ge | Op::Eq | Op::Ne);
            let v = if v.is(NOT_IMPLEMENTED()) {
                let x = reg(th, if jump { i.a() } else { i.b() });
                ops::compare_after_left(th, x, extra.expect("the right operand"), cmp_op(i.op()).0)?
            } else {
                v
            };
            if !jump {
                set(th, i.a(), v);
            } else if th.truth(v)? == (i.x() != 0) {
                skip(th, i.ci() as isize);
            }
        }
        Cont::ForIter => {
            set(th, i.b(), v);
            skip(th, 1);
        }
        Cont::Gen | Cont::Next => unreachable!("generator frames are left elsewhere"),
    }
    NEXT
}

// -- generators (see `generator`)

pub fn make_generator(th: Th, _i: Ins) -> Res {
    super::generator::make(th)
}
pub fn yield_(th: Th, i: Ins) -> Res {
    super::generator::yielded(th, i)
}
pub fn send(th: Th, i: Ins) -> Res {
    super::generator::send_op(th, i)
}
pub fn get_yield_from_iter(th: Th, i: Ins) -> Res {
    let v = super::generator::yield_from_iter(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn get_awaitable(th: Th, i: Ins) -> Res {
    let v = super::generator::awaitable_iter(th, reg(th, i.b()), i.x())?;
    ret_a(th, i, v)
}
pub fn get_aiter(th: Th, i: Ins) -> Res {
    let v = super::generator::aiter(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn get_anext(th: Th, i: Ins) -> Res {
    let v = super::generator::anext(th, reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn end_async_for(th: Th, i: Ins) -> Res {
    let e = reg(th, i.a());
    if th.isinstance_exact(e, exc::STOP_ASYNC_ITERATION.get()) { NEXT } else { Err(th.set_exc(e)) }
}

// -- iteration

pub fn get_iter(th: Th, i: Ins) -> Res {
    let v = th.iter(reg(th, i.b()))?;
    ret_a(th, i, v)
}
pub fn for_iter(th: Th, i: Ins) -> Res {
    let it = reg(th, i.a());
    if it.is_exact(Kind::Generator) {
        return super::generator::for_iter(th, i, it);
    }
    let t = th.type_of(it);
    if let Some(f) = t.slots.iternext {
        super::events::forget_swallowed(th);
        if let Some(v) = f(th, it)? {
            set(th, i.b(), v);
            skip(th, 1);
        } else {
            super::events::swallowed(th, it)?;
        }
        return NEXT;
    }
    Err(th.type_error(format!("'{}' object is not an iterator", th.type_name(t))))
}
pub fn unpack_seq(th: Th, i: Ins) -> Res {
    let (base, o, n) = (i.a(), reg(th, i.b()), i.c());
    let too_many = |th: Th, len: Option<usize>| match len {
        Some(k) => th.value_error(format!("too many values to unpack (expected {n}, got {k})")),
        None => th.value_error(format!("too many values to unpack (expected {n})")),
    };
    let few =
        |th: Th, k: usize| th.value_error(format!("not enough values to unpack (expected {n}, got {k})"));
    if let Some(l) = o.exact::<List>()
        && l.len() == n
    {
        // Straight from the list, unless another thread is changing it.
        let mut k = 0;
        while let Some(v) = if k < n { l.get(k) } else { None } {
            set(th, base + k, v);
            k += 1;
        }
        if k == n && l.len() == n {
            return NEXT;
        }
    }
    if o.is_exact(Kind::Tuple) || o.is_exact(Kind::List) {
        let copy;
        let items: &[Value] = match o.exact::<Tuple>() {
            Some(t) => unsafe { &*(t.items() as *const [Value]) },
            None => {
                copy = builtins::list::snapshot(th, unsafe { o.cast_unchecked() })?;
                unsafe { &*(copy.cast_unchecked::<Tuple>().items() as *const [Value]) }
            }
        };
        if items.len() != n {
            return Err(if items.len() > n { too_many(th, Some(items.len())) } else { few(th, items.len()) });
        }
        for (k, v) in items.iter().enumerate() {
            set(th, base + k, *v);
        }
        return NEXT;
    }
    let it = match th.type_of(o).slots.iter {
        None if th.lookup_special(o, n!(__getitem__)).is_none() => {
            return Err(th.type_error(format!("cannot unpack non-iterable {} object", th.type_name_of(o))));
        }
        _ => th.iter(o)?,
    };
    // Values go to an array first: registers above the base are not live yet.
    let a = th.array(n.max(1))?;
    for k in 0..n {
        match th.next(it)? {
            Some(v) => th.store(a, a.slot(k), v),
            None => return Err(few(th, k)),
        }
    }
    if th.next(it)?.is_some() {
        let len = if o.is_exact(Kind::Dict) { Some(th.len(o)?) } else { None };
        return Err(too_many(th, len));
    }
    for k in 0..n {
        set(th, base + k, a.slot(k).value());
    }
    NEXT
}
pub fn unpack_ex(th: Th, i: Ins) -> Res {
    let (base, o, before, after) = (i.a(), reg(th, i.b()), i.c(), i.x() as usize);
    if th.type_of(o).slots.iter.is_none() && th.lookup_special(o, n!(__getitem__)).is_none() {
        return Err(th.type_error(format!("cannot unpack non-iterable {} object", th.type_name_of(o))));
    }
    let all = builtins::list::from_iterable(th, o)?;
    let t: Gc<Tuple> = unsafe { builtins::list::snapshot(th, all)?.cast_unchecked() };
    let items = unsafe { &*(t.items() as *const [Value]) };
    if items.len() < before + after {
        return Err(th.value_error(format!(
            "not enough values to unpack (expected at least {}, got {})",
            before + after,
            items.len()
        )));
    }
    let mid = items.len() - after;
    let rest = builtins::list::new(th, &items[before..mid])?;
    for (k, v) in items[..before].iter().enumerate() {
        set(th, base + k, *v);
    }
    set(th, base + before, rest.value());
    for (k, v) in items[mid..].iter().enumerate() {
        set(th, base + before + 1 + k, *v);
    }
    NEXT
}

// -- exceptions

pub fn raise(th: Th, i: Ins) -> Res {
    if i.x() == 0 {
        return match th.handled.get() {
            Some(e) => Err(th.set_exc(e)),
            None => Err(th.runtime_error("No active exception to reraise")),
        };
    }
    let make = |v: Value| -> R<Value> {
        if th.is_exception_class(v) {
            let e = th.call(v, &[])?;
            if !th.is_exception(e) {
                return Err(th.type_error(format!(
                    "calling {} should have returned an instance of BaseException, not {}",
                    th.text(th.repr(v)?),
                    th.text(th.repr(th.type_of(e).value())?)
                )));
            }
            Ok(e)
        } else if th.is_exception(v) {
            Ok(v)
        } else {
            Err(th.type_error("exceptions must derive from BaseException"))
        }
    };
    let e = make(reg(th, i.a()))?;
    if i.x() == 2 {
        let c = reg(th, i.b());
        let x: Gc<BaseException> = unsafe { e.cast_unchecked() };
        if c.is_none() {
            x.cause.init(None);
        } else {
            if !th.is_exception_class(c) && !th.is_exception(c) {
                return Err(th.type_error("exception causes must derive from BaseException"));
            }
            let c = make(c)?;
            th.store(x, &x.cause, c);
        }
        x.suppress.store(1, Relaxed);
    }
    Err(th.raise(e))
}
pub fn reraise(th: Th, i: Ins) -> Res {
    Err(th.set_exc(reg(th, i.a())))
}
pub fn push_exc(th: Th, i: Ins) -> Res {
    let old = th.handled.get();
    th.handled.init(Some(reg(th, i.b())));
    match old {
        Some(v) => set(th, i.a(), v),
        None => clear(th, i.a()),
    }
    NEXT
}
pub fn pop_exc(th: Th, i: Ins) -> Res {
    th.handled.init(reg_opt(th, i.a()));
    NEXT
}
pub fn j_not_exc(th: Th, i: Ins) -> Res {
    if !exc::matches(th, reg(th, i.a()), reg(th, i.b()))? {
        skip(th, i.ci() as isize);
    }
    NEXT
}
pub fn check_eg_match(th: Th, i: Ins) -> Res {
    let (rest, matched) = exc::group_match(th, reg(th, i.a()), reg(th, i.b()))?;
    set(th, i.a(), rest);
    set(th, i.a() + 1, matched);
    NEXT
}
pub fn load_special(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let which = Special::from_num(i.c());
    let name = match which {
        Special::Enter => n!(__enter__),
        Special::Exit => n!(__exit__),
        Special::AEnter => n!(__aenter__),
        Special::AExit => n!(__aexit__),
    };
    match th.lookup_special(o, name) {
        Some(f) if f.is_exact(Kind::Function) || f.is_exact(Kind::MethodDescriptor) => {
            set(th, i.a(), f);
            set(th, i.a() + 1, o);
        }
        Some(f) => {
            let b = th.bind(f, Some(o), th.type_of(o))?;
            set(th, i.a(), b);
            clear(th, i.a() + 1);
        }
        None => return Err(ops::no_context_manager(th, o, which)),
    }
    NEXT
}
pub fn with_exit(th: Th, i: Ins) -> Res {
    let e = reg(th, i.c());
    let tb = unsafe { e.cast_unchecked::<BaseException>() }.traceback.get();
    let a = [th.type_of(e).value(), e, Value::opt_or_none(tb)];
    let f = reg(th, i.b());
    let v = match reg_opt(th, i.b() + 1) {
        Some(this) => th.call_unbound(f, this, &a)?,
        None => th.call(f, &a)?,
    };
    ret_a(th, i, v)
}

// -- containers

pub fn build_tuple(th: Th, i: Ins) -> Res {
    let v = th.try_tuple(regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn build_list(th: Th, i: Ins) -> Res {
    let v = builtins::list::new(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v.value())
}
pub fn build_set(th: Th, i: Ins) -> Res {
    let v = builtins::set::from_slice(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn build_dict(th: Th, i: Ins) -> Res {
    let d = Gc::<Dict>::with_capacity(th, i.c());
    for p in regs(th, i.b(), 2 * i.c()).chunks(2) {
        d.set(th, p[0], p[1])?;
    }
    ret_a(th, i, d.value())
}
pub fn build_string(th: Th, i: Ins) -> Res {
    let v = builtins::str_methods::concat_all(th, regs(th, i.b(), i.c()))?;
    ret_a(th, i, v)
}
pub fn list_append(th: Th, i: Ins) -> Res {
    builtins::list::append(th, unsafe { reg(th, i.a()).cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn list_extend(th: Th, i: Ins) -> Res {
    let v = reg(th, i.b());
    let l = unsafe { reg(th, i.a()).cast_unchecked() };
    if th.type_of(v).slots.iter.is_none() && th.lookup_special(v, n!(__getitem__)).is_none() {
        return Err(th.type_error(format!("Value after * must be an iterable, not {}", th.type_name_of(v))));
    }
    builtins::list::extend(th, l, v)?;
    NEXT
}
pub fn list_to_tuple(th: Th, i: Ins) -> Res {
    let v = builtins::list::snapshot(th, unsafe { reg(th, i.b()).cast_unchecked() })?;
    ret_a(th, i, v)
}
pub fn set_add(th: Th, i: Ins) -> Res {
    // A comprehension's set is one; the name `__conditional_annotations__` may have been bound to anything.
    let s = reg(th, i.a());
    if !s.is_kind(Kind::Set) {
        return Err(th.type_error(format!("'{}' object is not a set", th.type_name_of(s))));
    }
    builtins::set::add(th, unsafe { s.cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn set_update(th: Th, i: Ins) -> Res {
    builtins::set::update(th, unsafe { reg(th, i.a()).cast_unchecked() }, reg(th, i.b()))?;
    NEXT
}
pub fn dict_set(th: Th, i: Ins) -> Res {
    let d = unsafe { reg(th, i.a()).cast_unchecked::<Dict>() };
    d.set(th, reg(th, i.b()), reg(th, i.c()))?;
    NEXT
}
pub fn dict_update(th: Th, i: Ins) -> Res {
    let v = reg(th, i.b());
    if !v.is_kind(Kind::Dict) && th.getattr_opt(v, n!(keys))?.is_none() {
        return Err(th.type_error(format!("'{}' object is not a mapping", th.type_name_of(v))));
    }
    builtins::dict::update_from(th, unsafe { reg(th, i.a()).cast_unchecked() }, v)?;
    NEXT
}
pub fn dict_merge(th: Th, i: Ins) -> Res {
    builtins::dict::merge_keywords(
        th,
        unsafe { reg(th, i.a()).cast_unchecked() },
        reg(th, i.b()),
        reg(th, i.c()),
    )?;
    NEXT
}

// -- formatting

pub fn convert(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let v = match i.x() {
        1 => th.to_str(o)?,
        2 => th.repr(o)?,
        _ => builtins::str_methods::ascii(th, o)?,
    };
    ret_a(th, i, v)
}
pub fn format(th: Th, i: Ins) -> Res {
    let o = reg(th, i.b());
    let v =
        if o.is_exact(Kind::Str) { o } else { ops::format(th, o, crate::thread::Root::empty_str.value())? };
    ret_a(th, i, v)
}
pub fn format_spec(th: Th, i: Ins) -> Res {
    let v = ops::format(th, reg(th, i.b()), reg(th, i.c()))?;
    ret_a(th, i, v)
}
pub fn build_interpolation(th: Th, i: Ins) -> Res {
    let v = builtins::template::interpolation(
        th,
        reg(th, i.b()),
        reg(th, i.b() + 1),
        i.x(),
        reg_opt(th, i.b() + 2),
    )?;
    ret_a(th, i, v)
}
pub fn build_template(th: Th, i: Ins) -> Res {
    let v = builtins::template::template(th, reg(th, i.b()), reg(th, i.c()))?;
    ret_a(th, i, v)
}

// -- functions, classes, imports

pub fn make_function(th: Th, i: Ins) -> Res {
    let f = fr(th);
    let code = unsafe { f.code.consts.gc::<Array>() }.slot(i.imm() as usize).value();
    let v = builtins::function::new(th, unsafe { code.cast_unchecked() }, f.globals())?;
    if f.func.builtins.get().is_some() {
        v.builtins.init(f.func.builtins.get());
    }
    ret_a(th, i, v.value())
}
pub fn set_func_attr(th: Th, i: Ins) -> Res {
    let f = unsafe { reg(th, i.a()).cast_unchecked::<Function>() };
    let v = reg(th, i.b());
    let slot = match SetFunc::from_num(i.x() as usize) {
        SetFunc::Defaults => &f.defaults,
        SetFunc::KwDefaults => &f.kwdefaults,
        SetFunc::Annotate => &f.annotate,
        SetFunc::Closure => &f.closure,
        SetFunc::TypeParams => &f.type_params,
        SetFunc::Doc => &f.doc,
    };
    th.store(f, slot, v);
    NEXT
}
pub fn load_build_class(th: Th, i: Ins) -> Res {
    let b = fr(th).func.builtins.get();
    let v = match b {
        Some(b) => from_mapping(th, b, n!(__build_class__))?,
        None => None,
    };
    match v {
        Some(v) => ret_a(th, i, v),
        None => Err(th.raise_msg(&exc::NAME_ERROR, "__build_class__ not found")),
    }
}
pub fn import_name(th: Th, i: Ins) -> Res {
    let name = name_of(th, i.c());
    let v = crate::import::import_name(th, name, reg(th, i.b()), reg(th, i.b() + 1))?;
    ret_a(th, i, v)
}
pub fn import_from(th: Th, i: Ins) -> Res {
    let v = crate::import::import_from(th, reg(th, i.b()), name_of(th, i.c()))?;
    ret_a(th, i, v)
}
pub fn setup_annotations(th: Th, _i: Ins) -> Res {
    let m = namespace(th)?;
    if from_mapping(th, m, n!(__annotations__))?.is_none() {
        let d = Gc::<Dict>::new(th);
        th.setitem(m, n!(__annotations__), Some(d.value()))?;
    }
    NEXT
}

// -- pattern matching

pub fn match_mapping(th: Th, i: Ins) -> Res {
    let b = th.type_of(reg(th, i.b())).has(tflags::MAPPING);
    ret_a(th, i, Value::bool(b))
}
pub fn match_sequence(th: Th, i: Ins) -> Res {
    let b = th.type_of(reg(th, i.b())).has(tflags::SEQUENCE);
    ret_a(th, i, Value::bool(b))
}
pub fn match_keys(th: Th, i: Ins) -> Res {
    let v = builtins::patterns::match_keys(th, reg(th, i.b()), reg(th, i.c()))?;
    ret_a(th, i, v)
}
pub fn match_class(th: Th, i: Ins) -> Res {
    let r = regs(th, i.b(), 3);
    let v = builtins::patterns::match_class(th, r[0], r[1], r[2], i.x() as usize)?;
    ret_a(th, i, v)
}
pub fn get_len(th: Th, i: Ins) -> Res {
    let n = th.len(reg(th, i.b()))?;
    ret_a(th, i, th.int(n as i64))
}

// -- rare things

pub fn intrinsic1(th: Th, i: Ins) -> Res {
    let v = reg(th, i.b());
    let r = match Intrinsic1::from_num(i.x() as usize) {
        Intrinsic1::Print => {
            let hook = builtins::sys_attr(th, n!(displayhook))?;
            match hook {
                Some(h) => th.call(h, &[v])?,
                None => return Err(th.runtime_error("lost sys.displayhook")),
            }
        }
        Intrinsic1::ImportStar => {
            let ns = namespace(th)?;
            crate::import::import_star(th, v, ns)?;
            NONE()
        }
        Intrinsic1::StopIterationError => {
            let gen_kind = CodeFlags(fr(th).code.flags);
            super::generator::stop_iteration_error(th, v, gen_kind)?
        }
        Intrinsic1::AsyncGenWrap => super::generator::async_gen_wrap(th, v),
        Intrinsic1::TypeVar => builtins::typing::typevar(th, v, None, None)?,
        Intrinsic1::ParamSpec => builtins::typing::paramspec(th, v)?,
        Intrinsic1::TypeVarTuple => builtins::typing::typevartuple(th, v)?,
        Intrinsic1::SubscriptGeneric => builtins::typing::subscript_generic(th, v)?,
        Intrinsic1::TypeAlias => builtins::typing::type_alias(th, v)?,
        Intrinsic1::AnextAwaitable => v,
    };
    ret_a(th, i, r)
}
pub fn intrinsic2(th: Th, i: Ins) -> Res {
    let (a, b) = (reg(th, i.b()), reg(th, i.c()));
    let r = match Intrinsic2::from_num(i.x() as usize) {
        Intrinsic2::PrepReraiseStar => exc::prep_reraise_star(th, a, b)?,
        Intrinsic2::TypeVarWithBound => builtins::typing::typevar(th, a, Some(b), None)?,
        Intrinsic2::TypeVarWithConstraints => builtins::typing::typevar(th, a, None, Some(b))?,
        Intrinsic2::SetFunctionTypeParams => {
            th.setattr(a, n!(__type_params__), Some(b))?;
            a
        }
        Intrinsic2::SetTypeParamDefault => builtins::typing::set_default(th, a, b)?,
    };
    ret_a(th, i, r)
}

#[allow(unused)]
fn _uses(m: Interp<false>) {
    let _ = (m.reg(0), Pc::from_ptr as fn(_) -> _);
}
