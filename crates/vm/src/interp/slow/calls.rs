//! Slow functions of calls and returns. What is called in Python gets a frame; nothing recurses natively.
//!
//! # Invariants
//! - Registers of the running frame lie on the register stack up to `nregs`; a callee's window begins there or among
//!   them, and `push_frame` tests that there is room.
//! - The names of a `CallKw` are a constant of the code: a tuple of strings. `from_iterable` gives a tuple.

use super::*;

/// `__call__` of an instance's class, if it is a Python function.
pub fn call_special(th: Th, f: Value) -> Option<Value> {
    let t = th.type_of(f);
    if !t.heap_type() {
        return None;
    }
    th.lookup(t, n!(__call__)).filter(|f| f.is_exact(Kind::Function))
}
/// A class whose metaclass, if it has one, calls it as `type` does.
pub fn plain_class(th: Th, f: Value) -> Option<Gc<Type>> {
    let t = f.cast::<Type>()?;
    let call = |t: Gc<Type>| t.slots.call.map(|f| f as usize);
    let plain = f.is_exact(Kind::Type) || call(th.type_of(f)) == call(builtins::type_::TYPE.get());
    plain.then_some(t)
}
/// A call that uses up a generator: see [`super::super::drain`]. None: it is as others.
#[inline(never)]
fn drained(th: Th, f: Value, args: RawArgs) -> Option<Res> {
    let fp = fr(th);
    let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
    if args.nkw() != 0 {
        let (func, all) = super::super::drain::with_keywords(th, f, args)?;
        let r = unsafe { th.push_frame(func, regs, None, RawArgs::positional(&all), fflags::HIDDEN) };
        return Some(r.and_then(|_| started(th)));
    }
    let d = super::super::drain::of(th, f, args.pos(), false)?;
    let with_start = [args.pos()[0], Value::fix(0)];
    let args = if d.zero { RawArgs::positional(&with_start) } else { args };
    Some(unsafe { th.push_frame(d.func, regs, None, args, fflags::HIDDEN) }.and_then(|_| started(th)))
}
/// Calls whatever is in a window. `args` start at register `at`; kwnames are the tuple of keyword names.
#[inline(never)]
fn call_any(th: Th, i: Ins, f: Value, at: usize, n: usize, kw: Option<Gc<Tuple>>) -> Res {
    let fp = fr(th);
    // SAFETY: `n` registers of the frame's window, read before a callee has them; not more than those have names.
    let args = unsafe { RawArgs::from_raw(fp.regs.add(at) as *const Value, n - kw.map_or(0, |k| k.len), kw) };
    if let Some(d) = f.exact::<MethodDescriptor>() {
        if matches!(d.def.inline, Inline::Drain(_))
            && let Some(r) = drained(th, f, args)
        {
            return r;
        }
        let v = builtins::descr::call_method_descriptor(th, d, args)?;
        set(th, i.c(), v);
        return NEXT;
    }
    if let Some(nf) = f.exact::<NativeFunction>() {
        if matches!(nf.def.inline, Inline::Drain(_))
            && let Some(r) = drained(th, f, args)
        {
            return r;
        }
        if crate::gc_module::is_collect(nf.def) && args.nkw() == 0 && args.len() <= 1 {
            crate::gc_module::collect_soon(th, &[args.pos().first().copied()])?;
            // See `interp::raised`.
            return Err(crate::err::Raised);
        }
        if nf.def.inline.asks() && kw.is_none() && special::ask(th, i)? {
            return NEXT;
        }
        let v = th.call_native(nf, args)?;
        set(th, i.c(), v);
        return NEXT;
    }
    if let Some(func) = f.exact::<Function>() {
        unsafe { th.push_frame(func, fp.regs.add(at), None, args, 0) }?;
        return started(th);
    }
    if let Some(m) = f.exact::<Method>()
        && let Some(func) = m.func.get().and_then(|f| f.exact::<Function>())
    {
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        unsafe { th.push_frame(func, regs, m.this.get(), args, 0) }?;
        return started(th);
    }
    if let Some(t) = plain_class(th, f)
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
        let nf =
            unsafe { th.push_frame(func, regs, Some(o), args, flags_for(Cont::Init, 0) | fflags::EXTRA) }?;
        nf.extra.init(Some(o));
        return started(th);
    }
    if let Some(func) = call_special(th, f)
        && let Some(func) = func.exact::<Function>()
    {
        let regs = unsafe { fp.regs.add(fp.code.nregs as usize) };
        unsafe { th.push_frame(func, regs, Some(f), args, 0) }?;
        return started(th);
    }
    if n == 1 && kw.is_none() && f.is_exact(Kind::Type) && special::ask(th, i)? {
        return NEXT;
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
    // SAFETY: as in `call_any`.
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
        unsafe { th.push_frame(func, regs, None, RawArgs::positional(t.items()), 0) }?;
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
        return super::super::generator::returned(th, v);
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
        Cont::Special => return special::answered(th, i, flags, v),
        Cont::Gen | Cont::Next => unreachable!("generator frames are left elsewhere"),
    }
    NEXT
}
