//! `Context`, its signal dictionaries, the current context and `localcontext`.
//!
//! # Invariants
//! - A `SignalDict` is made by `signal_dict` alone and its `of` is the context; `cell` reads the context's own
//!   atomics.
//! - The thread's cache slot is null or an array of a `contextvars.Context` and a `Context`.
//! - `State::SignalDictType` is the class that the module made when it was set up.

use super::num::status::*;
use super::num::{Ctx, MAX_EMAX, MAX_PREC, MIN_EMIN, Round};
use super::{State, docs};
use crate::common::*;
use crate::native_layout;
use adder_vm::builtins::{int, list};
use adder_vm::err::{R, Raised};
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::slots::{CmpOp, Slots};
use adder_vm::thread::{Th, ThreadSlot};
use adder_vm::value::*;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::*};

native_layout! { pub Context {
    traps_dict, flags_dict;
    prec: AtomicI64, emax: AtomicI64, emin: AtomicI64,
    round: AtomicU32, clamp: AtomicU32, capitals: AtomicU32, traps: AtomicU32, status: AtomicU32
} }
// `of`: the context; `which`: 0 flags, 1 traps.
native_layout! { pub SignalDict { of: Context; which: AtomicU32 } }
native_layout! { Manager { local, global; } }

/// Signals in the order of their dictionaries, with the conditions behind them.
pub const SIGNALS: [(&str, u32); 9] = [
    ("InvalidOperation", IEEE_INVALID),
    ("FloatOperation", FLOAT_OPERATION),
    ("DivisionByZero", DIVISION_BY_ZERO),
    ("Overflow", OVERFLOW),
    ("Underflow", UNDERFLOW),
    ("Subnormal", SUBNORMAL),
    ("Inexact", INEXACT),
    ("Rounded", ROUNDED),
    ("Clamped", CLAMPED),
];
/// Conditions that are kinds of InvalidOperation.
pub const CONDITIONS: [(&str, u32); 5] = [
    ("InvalidOperation", INVALID_OPERATION),
    ("ConversionSyntax", CONVERSION_SYNTAX),
    ("DivisionImpossible", DIVISION_IMPOSSIBLE),
    ("DivisionUndefined", DIVISION_UNDEFINED),
    ("InvalidContext", INVALID_CONTEXT),
];
/// The order of a context's repr.
const SHOWN: [(&str, u32); 9] = [
    ("Clamped", CLAMPED),
    ("InvalidOperation", IEEE_INVALID),
    ("DivisionByZero", DIVISION_BY_ZERO),
    ("Inexact", INEXACT),
    ("FloatOperation", FLOAT_OPERATION),
    ("Overflow", OVERFLOW),
    ("Rounded", ROUNDED),
    ("Subnormal", SUBNORMAL),
    ("Underflow", UNDERFLOW),
];
const INVALID_SIGNAL: &str = "valid values for signals are:\n  [InvalidOperation, FloatOperation, DivisionByZero,\n   Overflow, Underflow, Subnormal, Inexact, Rounded,\n   Clamped]";
const INVALID_ROUNDING: &str = "valid values for rounding are:\n  [ROUND_CEILING, ROUND_FLOOR, ROUND_UP, ROUND_DOWN,\n   ROUND_HALF_UP, ROUND_HALF_DOWN, ROUND_HALF_EVEN,\n   ROUND_05UP]";

impl Context {
    #[inline(always)]
    pub fn ctx(&self) -> Ctx {
        Ctx {
            prec: self.prec.load(Relaxed),
            emax: self.emax.load(Relaxed),
            emin: self.emin.load(Relaxed),
            round: Round::ALL[self.round.load(Relaxed) as usize & 7],
            clamp: self.clamp.load(Relaxed) != 0,
        }
    }
    fn set(&self, c: &Ctx) {
        self.prec.store(c.prec, Relaxed);
        self.emax.store(c.emax, Relaxed);
        self.emin.store(c.emin, Relaxed);
        self.round.store(c.round as u32, Relaxed);
        self.clamp.store(c.clamp as u32, Relaxed);
    }
    fn copy_from(&self, o: &Context) {
        self.set(&o.ctx());
        self.capitals.store(o.capitals.load(Relaxed), Relaxed);
        self.traps.store(o.traps.load(Relaxed), Relaxed);
        self.status.store(o.status.load(Relaxed), Relaxed);
    }
}

/// Records conditions and raises the exception of a trapped one.
#[inline(always)]
pub fn signal(th: Th, c: Gc<Context>, st: u32) -> R<()> {
    let st = if super::limbs::too_long() { st | MALLOC_ERROR } else { st };
    if st == 0 {
        return Ok(());
    }
    signal_slow(th, c, st)
}
#[inline(never)]
fn signal_slow(th: Th, c: Gc<Context>, st: u32) -> R<()> {
    let old = c.status.load(Relaxed);
    if old | st != old {
        c.status.fetch_or(st, Relaxed);
    }
    let hit = st & (c.traps.load(Relaxed) | MALLOC_ERROR);
    if hit == 0 {
        return Ok(());
    }
    if hit & MALLOC_ERROR != 0 {
        return Err(th.memory_error());
    }
    let Some((name, _)) = SIGNALS.iter().find(|(_, f)| hit & f != 0) else {
        return Err(th.system_error("unknown decimal condition"));
    };
    let l = flag_list(th, hit)?;
    let t = State::exception(name);
    let e = th.call(t, &[l])?;
    Err(th.raise(e))
}
/// Exceptions of all conditions.
fn flag_list(th: Th, st: u32) -> R<Value> {
    let l = list::new(th, &[])?;
    for (n, f) in CONDITIONS {
        if st & f != 0 {
            list::append(th, l, State::exception(n))?;
        }
    }
    for (n, f) in &SIGNALS[1..] {
        if st & f != 0 {
            list::append(th, l, State::exception(n))?;
        }
    }
    Ok(l.value())
}
fn signal_list(th: Th, st: u32) -> R<Value> {
    let l = list::new(th, &[])?;
    for (n, f) in SIGNALS {
        if st & f != 0 {
            list::append(th, l, State::exception(n))?;
        }
    }
    Ok(l.value())
}
/// The bits of a signal's exception class.
fn signal_bits(th: Th, v: Value) -> R<u32> {
    match SIGNALS.iter().find(|(n, _)| v.is(State::exception(n))) {
        Some((_, f)) => Ok(*f),
        None => Err(th.raise_msg(&adder_vm::builtins::exceptions::KEY_ERROR, INVALID_SIGNAL)),
    }
}
fn bits_of_list(th: Th, v: Value) -> R<u32> {
    let mut bits = 0;
    th.for_each(v, |s| {
        bits |= signal_bits(th, s).or_else(|e| {
            // A condition of its own.
            match CONDITIONS.iter().find(|(n, _)| s.is(State::exception(n))) {
                Some((_, f)) => {
                    th.take_exc();
                    Ok(*f)
                }
                None => Err(e),
            }
        })?;
        Ok(())
    })?;
    Ok(bits)
}
fn bits_of_dict(th: Th, v: Value) -> R<u32> {
    let wrong = || th.raise_msg(&adder_vm::builtins::exceptions::KEY_ERROR, "invalid signal dict");
    if let Some(s) = as_signal_dict(th, v) {
        return Ok(valid(th, s.value())?.get());
    }
    let d = v.cast::<Dict>().ok_or_else(wrong)?;
    if d.len() != SIGNALS.len() {
        return Err(wrong());
    }
    let mut bits = 0;
    for (n, f) in SIGNALS {
        let x = d.get(th, State::exception(n))?.ok_or_else(wrong)?;
        if th.truth(x)? {
            bits |= f;
        }
    }
    Ok(bits)
}
/// For `flags=` and `traps=`: a list or a signal dictionary.
fn bits_arg(th: Th, v: Value) -> R<u32> {
    if v.is_kind(Kind::List) {
        bits_of_list(th, v)
    } else if v.is_kind(Kind::Dict) || as_signal_dict(th, v).is_some() {
        bits_of_dict(th, v)
    } else {
        Err(th.type_error("argument must be a signal dict"))
    }
}

fn ssize(th: Th, v: Value) -> R<i64> {
    if !int::is_int(v) && !v.is_kind(Kind::Bool) {
        return Err(th.type_error("an integer is required"));
    }
    int::to_i64(v).ok_or_else(|| th.overflow_error("Python int too large to convert to C ssize_t"))
}
pub fn rounding(th: Th, v: Value) -> R<Round> {
    if let Some(s) = v.cast::<Str>()
        && let Some(i) = Round::NAMES.iter().position(|n| n.as_bytes() == s.bytes())
    {
        return Ok(Round::ALL[i]);
    }
    Err(th.type_error(INVALID_ROUNDING))
}
fn set_attr(th: Th, c: Gc<Context>, name: &str, v: Value) -> R<()> {
    match name {
        "prec" => {
            let n = ssize(th, v)?;
            if !(1..=MAX_PREC).contains(&n) {
                return Err(th.value_error("valid range for prec is [1, MAX_PREC]"));
            }
            c.prec.store(n, Relaxed);
        }
        "Emin" => {
            let n = ssize(th, v)?;
            if !(MIN_EMIN..=0).contains(&n) {
                return Err(th.value_error("valid range for Emin is [MIN_EMIN, 0]"));
            }
            c.emin.store(n, Relaxed);
        }
        "Emax" => {
            let n = ssize(th, v)?;
            if !(0..=MAX_EMAX).contains(&n) {
                return Err(th.value_error("valid range for Emax is [0, MAX_EMAX]"));
            }
            c.emax.store(n, Relaxed);
        }
        "rounding" => c.round.store(rounding(th, v)? as u32, Relaxed),
        "capitals" => {
            let n = ssize(th, v)?;
            if n != 0 && n != 1 {
                return Err(th.value_error("valid values for capitals are 0 or 1"));
            }
            c.capitals.store(n as u32, Relaxed);
        }
        "clamp" => {
            let n = ssize(th, v)?;
            if n != 0 && n != 1 {
                return Err(th.value_error("valid values for clamp are 0 or 1"));
            }
            c.clamp.store(n as u32, Relaxed);
        }
        "flags" => c.status.store(bits_arg(th, v)?, Relaxed),
        _ => c.traps.store(bits_arg(th, v)?, Relaxed),
    }
    Ok(())
}

static INIT: NativeDef = signature(
    "Context",
    "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
);
const NAMES: [&str; 8] = ["prec", "rounding", "Emin", "Emax", "capitals", "clamp", "flags", "traps"];

fn set_all(th: Th, c: Gc<Context>, a: &[Option<Value>]) -> R<()> {
    for (n, v) in NAMES.iter().zip(a) {
        if let Some(v) = v.and_then(|v| v.some()) {
            set_attr(th, c, n, v)?;
        }
    }
    Ok(())
}

macro_rules! number_attr {
    ($name:literal $f:ident) => {
        getset(
            $name,
            "",
            |th, o| Ok(th.int(Context::of(o).$f.load(Relaxed) as i64)),
            |th, o, v| match v {
                Some(v) => set_attr(th, Context::of(o), $name, v),
                None => Err(no_delete(th)),
            },
        )
    };
}
#[cold]
fn no_delete(th: Th) -> Raised {
    th.attribute_error_msg("context attributes cannot be deleted")
}

pub static CONTEXT: TypeCell = TypeCell::new(&NativeType {
    name: "decimal.Context",
    kind: Kind::Native,
    size: Context::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    doc: docs::CONTEXT,
    text_signature: Some(
        "(prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
    ),
    slots: Slots {
        new: Some(|th, t, _| {
            let o = make(th, t)?;
            let c = Context::of(o);
            let base = State::DefaultContext.try_get();
            match base {
                Some(b) => c.copy_from(&Context::of(b)),
                None => {
                    c.set(&Ctx {
                        prec: 28,
                        emax: 999_999,
                        emin: -999_999,
                        round: Round::HalfEven,
                        clamp: false,
                    });
                    c.capitals.store(1, Relaxed);
                    c.traps.store(IEEE_INVALID | DIVISION_BY_ZERO | OVERFLOW, Relaxed);
                }
            }
            c.status.store(0, Relaxed);
            Ok(o)
        }),
        init: Some(|th, o, a| {
            let args = bind::<8>(th, &INIT, a)?;
            set_all(th, Context::of(o), &args)
        }),
        repr: Some(|th, o| {
            let c = Context::of(o);
            let x = c.ctx();
            let names = |bits: u32| {
                let v: Vec<&str> = SHOWN.iter().filter(|(_, f)| bits & f != 0).map(|(n, _)| *n).collect();
                v.join(", ")
            };
            Ok(th.str(&format!(
                "Context(prec={}, rounding={}, Emin={}, Emax={}, capitals={}, clamp={}, flags=[{}], traps=[{}])",
                x.prec,
                Round::NAMES[x.round as usize],
                x.emin,
                x.emax,
                c.capitals.load(Relaxed),
                x.clamp as u8,
                names(c.status.load(Relaxed)),
                names(c.traps.load(Relaxed))
            )))
        }),
        setattro: Some(|th, o, name, v| {
            if v.is_none()
                && let Some(s) = name.cast::<Str>()
                && NAMES.iter().any(|n| n.as_bytes() == s.bytes())
            {
                return Err(no_delete(th));
            }
            adder_vm::attr::object_setattro(th, o, name, v)
        }),
        ..Slots::NONE
    },
    methods: super::methods::CONTEXT_METHODS,
    getset: &[
        number_attr!("prec" prec),
        number_attr!("Emax" emax),
        number_attr!("Emin" emin),
        number_attr!("capitals" capitals),
        number_attr!("clamp" clamp),
        getset(
            "rounding",
            "",
            |th, o| Ok(th.intern(Round::NAMES[Context::of(o).ctx().round as usize])),
            |th, o, v| match v {
                Some(v) => set_attr(th, Context::of(o), "rounding", v),
                None => Err(no_delete(th)),
            },
        ),
        getset(
            "flags",
            "",
            |th, o| signal_dict(th, o, 0),
            |th, o, v| match v {
                Some(v) if v.is_kind(Kind::List) => Err(th.type_error("argument must be a signal dict")),
                Some(v) => set_attr(th, Context::of(o), "flags", v),
                None => Err(no_delete(th)),
            },
        ),
        getset(
            "traps",
            "",
            |th, o| signal_dict(th, o, 1),
            |th, o, v| match v {
                Some(v) if v.is_kind(Kind::List) => Err(th.type_error("argument must be a signal dict")),
                Some(v) => set_attr(th, Context::of(o), "traps", v),
                None => Err(no_delete(th)),
            },
        ),
    ],
    trace: Some(Context::trace),
    ..NativeType::DEFAULT
});

pub fn is_context(th: Th, v: Value) -> bool {
    v.is_kind(Kind::Native) && th.isinstance_exact(v, CONTEXT.get())
}
pub fn new_context(th: Th) -> R<Gc<Context>> {
    let o = th.call(CONTEXT.get().value(), &[])?;
    Ok(Context::of(o))
}
pub fn copy(th: Th, c: Gc<Context>) -> R<Gc<Context>> {
    let n = new_context(th)?;
    n.copy_from(&c);
    Ok(n)
}
pub fn reduce(th: Th, c: Gc<Context>) -> R<Value> {
    let x = c.ctx();
    let args = th.tuple(&[
        th.int(x.prec),
        th.intern(Round::NAMES[x.round as usize]),
        th.int(x.emin),
        th.int(x.emax),
        th.int(c.capitals.load(Relaxed) as i64),
        th.int(x.clamp as i64),
        signal_list(th, c.status.load(Relaxed))?,
        signal_list(th, c.traps.load(Relaxed))?,
    ]);
    Ok(th.tuple(&[th.type_of(c.value()).value(), args]))
}

// -- signal dictionaries

impl SignalDict {
    fn cell(&self) -> &AtomicU32 {
        let c: Gc<Context> = self.of.gc();
        // SAFETY: `of` keeps the context, and the reference keeps it in place.
        let c = unsafe { &*c.as_ptr() };
        if self.which.load(Relaxed) == 0 { &c.status } else { &c.traps }
    }
    fn get(&self) -> u32 {
        self.cell().load(Relaxed)
    }
}
pub static SIGNAL_DICT_MIXIN: TypeCell = TypeCell::new(&NativeType {
    name: "decimal.SignalDictMixin",
    kind: Kind::Native,
    size: SignalDict::SIZE,
    flags: tflags::BASETYPE | tflags::IMMUTABLE | tflags::SHOWN_AS_HEAP,
    slots: Slots {
        new: Some(make_signal_dict),
        init: Some(|_, _, _| Ok(())),
        repr: Some(|th, o| {
            let bits = valid(th, o)?.get();
            let v: Vec<String> = SIGNALS
                .iter()
                .map(|(n, f)| {
                    format!("<class 'decimal.{n}'>:{}", if bits & f != 0 { "True" } else { "False" })
                })
                .collect();
            Ok(th.str(&format!("{{{}}}", v.join(", "))))
        }),
        hash: Some(adder_vm::slot_defs::hash_not_implemented),
        richcompare: Some(|th, a, b, op| {
            if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
                return Ok(NOT_IMPLEMENTED());
            }
            let x = valid(th, a)?.get();
            let y = if let Some(s) = as_signal_dict(th, b) {
                valid(th, s.value())?.get()
            } else if b.is_kind(Kind::Dict) {
                match bits_of_dict(th, b) {
                    Ok(y) => y,
                    Err(e) => {
                        if th.exc_is(&adder_vm::builtins::exceptions::KEY_ERROR) {
                            th.take_exc();
                            return Ok(NOT_IMPLEMENTED());
                        }
                        return Err(e);
                    }
                }
            } else {
                return Ok(NOT_IMPLEMENTED());
            };
            // All kinds of InvalidOperation are one signal.
            let norm = |b: u32| SIGNALS.iter().fold(0, |a, (_, f)| if b & f != 0 { a | f } else { a });
            Ok(Value::bool((norm(x) == norm(y)) == (op == CmpOp::Eq)))
        }),
        iter: Some(|th, o| {
            valid(th, o)?;
            let keys: Vec<&str> = SIGNALS.iter().map(|s| s.0).collect();
            let l = list::new(th, &[])?;
            for k in keys {
                list::append(th, l, State::exception(k))?;
            }
            let t = adder_vm::builtins::tuple::from_iterable(th, l.value())?;
            th.iter(t)
        }),
        len: Some(|th, o| valid(th, o).map(|_| SIGNALS.len())),
        getitem: Some(|th, o, k| {
            let f = signal_bits(th, k)?;
            Ok(Value::bool(valid(th, o)?.get() & f != 0))
        }),
        setitem: Some(|th, o, k, v| {
            let Some(v) = v else { return Err(th.value_error("signal keys cannot be deleted")) };
            let f = signal_bits(th, k)?;
            let yes = th.truth(v)?;
            let c = valid(th, o)?;
            if yes {
                c.cell().fetch_or(f, Relaxed);
            } else {
                c.cell().fetch_and(!f, Relaxed);
            }
            Ok(())
        }),
        ..Slots::NONE
    },
    methods: &[method("copy", "($self, /)", "", |th, a| {
        let bits = valid(th, arg(a, 0))?.get();
        let d = Gc::<Dict>::new(th);
        for (n, f) in SIGNALS {
            d.set(th, State::exception(n), Value::bool(bits & f != 0))?;
        }
        Ok(d.value())
    })],
    trace: Some(SignalDict::trace),
    ..NativeType::DEFAULT
});
/// One of Python's making has no context.
fn make_signal_dict(th: Th, t: Value, _: RawArgs) -> R<Value> {
    make(th, t)
}
/// The dictionary, if it has a context.
fn valid(th: Th, o: Value) -> R<Gc<SignalDict>> {
    let d = SignalDict::of(o);
    if d.of.get().is_none() {
        return Err(th.value_error("invalid signal dict"));
    }
    Ok(d)
}
fn as_signal_dict(th: Th, v: Value) -> Option<Gc<SignalDict>> {
    (v.is_kind(Kind::Native) && th.isinstance_exact(v, SIGNAL_DICT_MIXIN.get())).then(|| SignalDict::of(v))
}
fn signal_dict(th: Th, o: Value, which: u32) -> R<Value> {
    let c = Context::of(o);
    let slot = if which == 0 { &c.flags_dict } else { &c.traps_dict };
    if let Some(d) = slot.get() {
        return Ok(d);
    }
    let t: Gc<Type> = State::SignalDictType.get().known();
    let d = adder_vm::builtins::object::new_instance(th, t)?;
    let s = SignalDict::of(d);
    s.which.store(which, Relaxed);
    th.store(s, &s.of, Context::of(o));
    th.store(c, slot, d);
    Ok(d)
}

// -- the current context

const CACHE: ThreadSlot = ThreadSlot::Spare2;

/// The thread's context: of the context variable, remembered for as long as the same `contextvars.Context` is current.
#[inline(always)]
pub fn current(th: Th) -> R<Gc<Context>> {
    if let Some(a) = unsafe { th.slots[CACHE as usize].gc_opt::<Array>() }
        && a.slot(0).get() == th.slots[ThreadSlot::Context as usize].get()
        && a.slot(0).get().is_some()
    {
        return Ok(Context::of(a.slot(1).value()));
    }
    current_slow(th)
}
#[inline(never)]
fn current_slow(th: Th) -> R<Gc<Context>> {
    let v = th.call_method(State::ContextVar.get(), adder_vm::n!(get), &[NONE()])?;
    if is_context(th, v) {
        remember(th, v)?;
        return Ok(Context::of(v));
    }
    let c = copy(th, Context::of(State::DefaultContext.get()))?;
    c.status.store(0, Relaxed);
    set_current(th, c.value())?;
    Ok(c)
}
fn remember(th: Th, c: Value) -> R<()> {
    let a = th.array(2)?;
    if let Some(x) = th.slots[ThreadSlot::Context as usize].get() {
        th.store(a, a.slot(0), x);
    }
    th.store(a, a.slot(1), c);
    th.slots[CACHE as usize].init(Some(a.value()));
    Ok(())
}
fn set_current(th: Th, c: Value) -> R<()> {
    th.call_method(State::ContextVar.get(), th.intern("set"), &[c])?;
    remember(th, c)
}
pub fn getcontext(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(current(th)?.value())
}
pub fn setcontext(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = arg(a, 0);
    if !is_context(th, v) {
        return Err(th.type_error("argument must be a context"));
    }
    // The templates are copied.
    let template = [State::DefaultContext, State::BasicContext, State::ExtendedContext]
        .iter()
        .any(|t| t.try_get().is_some_and(|t| t.is(v)));
    let v = if template {
        let c = copy(th, Context::of(v))?;
        c.status.store(0, Relaxed);
        c.value()
    } else {
        v
    };
    set_current(th, v)?;
    none()
}

static LOCAL: NativeDef = signature(
    "localcontext",
    "(ctx=None, *, prec=None, rounding=None, Emin=None, Emax=None, capitals=None, clamp=None, flags=None, traps=None)",
);
pub fn localcontext(th: Th, a: RawArgs) -> R<Value> {
    for (k, _) in a.keywords() {
        let k = th.text(k);
        if k != "ctx" && !NAMES.contains(&k.as_str()) {
            return Err(th.type_error(format!("this function got an unexpected keyword argument '{k}'")));
        }
    }
    let args = bind::<9>(th, &LOCAL, a)?;
    let global = current(th)?;
    let base = match args[0].and_then(|v| v.some()) {
        None => global,
        Some(v) if is_context(th, v) => Context::of(v),
        Some(_) => return Err(th.type_error("optional argument must be a context")),
    };
    let c = copy(th, base)?;
    set_all(th, c, &args[1..])?;
    let o = make(th, th.make_type(&MANAGER).value())?;
    let m = Manager::of(o);
    th.store(m, &m.local, c.value());
    th.store(m, &m.global, global.value());
    Ok(o)
}
pub static MANAGER: TypeCell = TypeCell::new(&NativeType {
    name: "decimal.ContextManager",
    kind: Kind::Native,
    size: Manager::SIZE,
    flags: tflags::IMMUTABLE | tflags::DISALLOW_INSTANTIATION | tflags::SHOWN_AS_HEAP,
    methods: &[
        method("__enter__", "($self, /)", "", |th, a| {
            let m = Manager::of(arg(a, 0));
            set_current(th, m.local.value())?;
            Ok(m.local.value())
        }),
        method("__exit__", "!($self, /, *args)", "", |th, a| {
            let m = Manager::of(arg(a, 0));
            set_current(th, m.global.value())?;
            Ok(FALSE())
        }),
    ],
    trace: Some(Manager::trace),
    ..NativeType::DEFAULT
});

/// The `context` argument of a method.
#[inline(always)]
pub fn context_arg(th: Th, v: Option<Value>) -> R<Gc<Context>> {
    match v {
        None => current(th),
        Some(v) if v.is_none() => current(th),
        Some(v) if is_context(th, v) => Ok(Context::of(v)),
        Some(_) => Err(th.type_error("optional argument must be a context")),
    }
}
pub fn ieee(th: Th, a: &[Option<Value>]) -> R<Value> {
    let bits = ssize(th, arg(a, 0))?;
    if bits <= 0 || bits > 512 || bits % 32 != 0 {
        return Err(th.value_error("argument must be a multiple of 32, with a maximum of 512"));
    }
    let c = new_context(th)?;
    let emax = 3 * (1i64 << (bits / 16 + 3));
    c.set(&Ctx { prec: 9 * (bits / 32) - 2, emax, emin: 1 - emax, round: Round::HalfEven, clamp: true });
    c.traps.store(0, Relaxed);
    Ok(c.value())
}
pub fn template(th: Th, prec: i64, round: Round, traps: u32) -> R<Value> {
    let c = new_context(th)?;
    let x = Ctx { prec, round, ..c.ctx() };
    c.set(&x);
    c.traps.store(traps, Relaxed);
    Ok(c.value())
}
