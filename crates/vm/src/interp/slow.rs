//! Slow functions: the general case of ops with fast handlers, and the ops that are always one whole call.
//!
//! A slow function works on the published frame; see [`super::Ctl`] and the module's essay. `pc` points at the current
//! instruction; a jump sets it so that the *next* instruction is the target; pushing a frame publishes the new one.
//!
//! # Invariants
//! - Registers that an instruction names are within the frame's window, and hold a value where
//!   its operand's kind says so: [`reg`] and its like rely on it. The compiler writes no other code; what comes from
//!   `marshal` or `code.replace` is checked when it is made.
//! - So it is with what an operation takes its operands for: a cell is a cell, the list of a display a list, what
//!   `MakeFunction` names a code object. `adder_bytecode::verify` proves it of code from outside.
//! - The published frame is the thread's own; nobody else writes to it while it runs.

mod attributes;
mod calls;
mod containers;
mod operators;
pub mod special;

use super::call::flags_for;
use super::machine::Interp;
use super::{Ctl, fast, ic, unwind};
use crate::builtins::exceptions as exc;
use crate::builtins::{self, ops, quick};
use crate::err::R;
use crate::n;
use crate::native::{Inline, RawArgs, tflags};
use crate::object::*;
use crate::shape::{Place, shape};
use crate::slot_defs::gets_by_python;
use crate::slots::CmpOp;
use crate::sync::lock;
use crate::thread::{Cont, Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{CodeFlags, Common, Ins, Intrinsic1, Intrinsic2, Op, SetFunc, Special};
use std::sync::atomic::Ordering::*;

pub use attributes::*;
pub use calls::*;
pub use containers::*;
pub use operators::*;

type Res = R<Ctl>;
const NEXT: Res = Ok(Ctl::Next);

/// The published frame.
#[inline(always)]
pub fn fr(th: Th) -> &'static mut Frame {
    unsafe { &mut *th.fp.get() }
}
/// The instruction at which the published frame stands, as the compiler wrote it.
pub fn standing(th: Th) -> Ins {
    super::instrument::standing(fr(th))
}
/// A frame was pushed by this instruction: its start is an event.
#[inline(always)]
fn started(th: Th) -> Res {
    if super::events::observed(th) {
        super::events::started(th)?;
    }
    if !super::events::closely(th) {
        crate::jit::function::called(th);
    }
    NEXT
}
/// Pushes a frame whose result the continuation handles. False: it is not a plain Python function with that many
/// parameters, so the caller has to call it natively.
fn push_python(th: Th, f: Value, args: &[Value], cont: Cont, extra: Option<Value>) -> R<bool> {
    push_python_to(th, f, args, flags_for(cont, 0), extra)
}
fn push_python_to(th: Th, f: Value, args: &[Value], mut flags: u64, extra: Option<Value>) -> R<bool> {
    let Some(func) = f.exact::<Function>() else { return Ok(false) };
    let fp = fr(th);
    // SAFETY of both: registers behind the frame's window are free; `push_frame` looks whether there is room.
    let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
    if extra.is_some() {
        flags |= fflags::EXTRA;
    }
    let nf = unsafe { th.push_frame(func, regs, None, RawArgs::positional(args), flags) }?;
    nf.extra.init(extra);
    started(th)?;
    Ok(true)
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
    // SAFETY: jumps lead to instructions of the same code.
    f.pc = unsafe { f.pc.offset(n) };
}
#[inline(always)]
pub(super) fn ic_of(th: Th, i: usize) -> &'static Ic {
    // SAFETY: a cache that the code has; it is there as long as the code, which the frame keeps.
    unsafe { &*fr(th).code.ics.add(i) }
}
fn name_of(th: Th, i: usize) -> Value {
    fr(th).code.names.gc().items()[i]
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
        MakeGenerator make_generator; Yield yield_; YieldFrom yield_; GetYieldFromIter get_yield_from_iter;
        GetAwaitable get_awaitable; GetAIter get_aiter; GetANext get_anext; EndAsyncFor end_async_for; GetIter get_iter;
        UnpackEx unpack_ex; Raise raise; Reraise reraise; PushExc push_exc; PopExc pop_exc; JNotExc j_not_exc;
        CheckEgMatch check_eg_match; LoadSpecial load_special; WithExit with_exit;
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
    let name = c.varnames.gc().items()[i];
    let n = th.text(name);
    if (i as u32) < c.nlocals {
        // It has no name, so that nothing is suggested.
        return th.raise_msg(
            &exc::UNBOUND_LOCAL_ERROR,
            &format!("cannot access local variable '{n}' where it is not associated with a value"),
        );
    }
    let r = th.raise_msg(
        &exc::NAME_ERROR,
        &format!(
            "cannot access free variable '{n}' where it is not associated with a value in enclosing scope"
        ),
    );
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
    // Whoever made the function may have given it none.
    let Some(t) = fr(th).func.closure.get() else {
        return Err(th.system_error("function without its closure"));
    };
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
            // SAFETY: no other instruction has the cache (`verify`), and names of a module are cached as cells.
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

// -- items

/// The next time the fast handler enters the function by itself.
#[inline(always)]
fn remember_getitem(th: Th, t: Gc<Type>, f: Value) {
    if t.fast_getitem.get().is_none() {
        let version = t.version.load(Acquire);
        if th.lookup(t, n!(__getitem__)).is_some_and(|g| g.is(f)) {
            let _g = lock(&crate::types::TYPE_LOCK);
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

pub fn jump_back(th: Th, i: Ins) -> Res {
    crate::jit::tick(th, i);
    if th.wanted() {
        th.attend()?;
    }
    if super::events::observed(th) {
        // A function that has been running since before.
        super::instrument::ensure(fr(th).code);
    }
    if !super::events::closely(th)
        && let Some(c) = crate::jit::back_edge(th, i)?
    {
        return Ok(c);
    }
    skip(th, i.imm() as isize);
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
    let e = exception(th, reg(th, i.a()))?;
    if th.isinstance_exact(e, exc::STOP_ASYNC_ITERATION.get()) { NEXT } else { Err(th.set_exc(e)) }
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
        // SAFETY: `make` gives nothing but exceptions.
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
/// An operand that is an exception, unless the code was put together by the program.
fn exception(th: Th, v: Value) -> R<Value> {
    if th.is_exception(v) { Ok(v) } else { Err(th.system_error("an operand is no exception")) }
}
pub fn reraise(th: Th, i: Ins) -> Res {
    let e = exception(th, reg(th, i.a()))?;
    Err(th.set_exc(e))
}
pub fn push_exc(th: Th, i: Ins) -> Res {
    let old = th.handled.get();
    th.handled.init(Some(exception(th, reg(th, i.b()))?));
    match old {
        Some(v) => set(th, i.a(), v),
        None => clear(th, i.a()),
    }
    NEXT
}
pub fn pop_exc(th: Th, i: Ins) -> Res {
    th.handled.init(reg_opt(th, i.a()).map(|e| exception(th, e)).transpose()?);
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
    let e = exception(th, reg(th, i.c()))?;
    let tb = e.known::<BaseException>().traceback.any();
    let a = [th.type_of(e).value(), e, Value::opt_or_none(tb)];
    let f = reg(th, i.b());
    let v = match reg_opt(th, i.b() + 1) {
        Some(this) => th.call_unbound(f, this, &a)?,
        None => th.call(f, &a)?,
    };
    ret_a(th, i, v)
}

// -- formatting

pub fn convert(th: Th, i: Ins) -> Res {
    if special::ask(th, i)? {
        return NEXT;
    }
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
    let (strings, values) = (reg(th, i.b()), reg(th, i.c()));
    if !unsafe { values.cast_unchecked::<Tuple>() }.items().iter().all(|v| v.is_kind(Kind::Interpolation)) {
        return Err(th.system_error("no interpolations"));
    }
    let v = builtins::template::template(th, strings, values)?;
    ret_a(th, i, v)
}

// -- functions, classes, imports

pub fn make_function(th: Th, i: Ins) -> Res {
    let f = fr(th);
    let code = f.code.consts.gc().slot(i.imm() as usize).value();
    let v = builtins::function::new(th, unsafe { code.cast_unchecked() }, f.globals())?;
    if f.func.builtins.get().is_some() {
        v.builtins.init(f.func.builtins.get());
    }
    ret_a(th, i, v.value())
}
pub fn set_func_attr(th: Th, i: Ins) -> Res {
    let f = unsafe { reg(th, i.a()).cast_unchecked::<Function>() };
    let v = reg(th, i.b());
    let done = match SetFunc::from_num(i.x() as usize) {
        SetFunc::Defaults => v.exact().map(|v| th.store(f, &f.defaults, v)),
        SetFunc::KwDefaults => v.exact().map(|v| th.store(f, &f.kwdefaults, v)),
        SetFunc::Annotate => {
            th.store(f, &f.annotate, v);
            Some(())
        }
        SetFunc::Closure => {
            let cells = |t: &Gc<Tuple>| t.items().iter().all(|c| c.is_exact(Kind::Cell));
            let n = f.code.gc().nfrees as usize;
            v.exact::<Tuple>().filter(|t| t.len == n && cells(t)).map(|v| th.store(f, &f.closure, v))
        }
        SetFunc::TypeParams => v.is_exact(Kind::Tuple).then(|| th.store(f, &f.type_params, v)),
        SetFunc::Doc => {
            th.store(f, &f.doc, v);
            Some(())
        }
    };
    if done.is_none() {
        return Err(th.system_error("no such attribute of a function"));
    }
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
            let v = exception(th, v)?;
            let gen_kind = CodeFlags(fr(th).code.flags);
            super::generator::stop_iteration_error(th, v, gen_kind)?
        }
        Intrinsic1::AsyncGenWrap => super::generator::async_gen_wrap(th, v),
        Intrinsic1::TypeVar => builtins::typing::typevar(th, v, None, None)?,
        Intrinsic1::ParamSpec => builtins::typing::paramspec(th, v)?,
        Intrinsic1::TypeVarTuple => builtins::typing::typevartuple(th, v)?,
        Intrinsic1::SubscriptGeneric => builtins::typing::subscript_generic(th, v)?,
        Intrinsic1::TypeAlias => match v.cast::<Tuple>() {
            Some(t) if t.len == 3 && t.items()[0].is_kind(Kind::Str) => builtins::typing::type_alias(th, v)?,
            _ => return Err(th.system_error("no type alias")),
        },
        Intrinsic1::AnextAwaitable => v,
    };
    ret_a(th, i, r)
}
pub fn intrinsic2(th: Th, i: Ins) -> Res {
    let (a, b) = (reg(th, i.b()), reg(th, i.c()));
    let r = match Intrinsic2::from_num(i.x() as usize) {
        Intrinsic2::PrepReraiseStar => {
            exception(th, a)?;
            let all = builtins::list::snapshot(th, unsafe { b.cast_unchecked() })?;
            // SAFETY: a snapshot is a tuple.
            for e in unsafe { all.cast_unchecked::<Tuple>() }.items().iter().filter(|e| !e.is_none()) {
                exception(th, *e)?;
            }
            exc::prep_reraise_star(th, a, b)?
        }
        Intrinsic2::TypeVarWithBound => builtins::typing::typevar(th, a, Some(b), None)?,
        Intrinsic2::TypeVarWithConstraints => builtins::typing::typevar(th, a, None, Some(b))?,
        Intrinsic2::SetFunctionTypeParams => {
            th.setattr(a, n!(__type_params__), Some(b))?;
            a
        }
        Intrinsic2::SetTypeParamDefault => {
            if ![Kind::TypeVar, Kind::ParamSpec, Kind::TypeVarTuple].iter().any(|k| a.is_kind(*k)) {
                return Err(th.system_error("no type parameter"));
            }
            builtins::typing::set_default(th, a, b)?
        }
    };
    ret_a(th, i, r)
}
