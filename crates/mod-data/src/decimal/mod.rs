//! `_decimal`: General Decimal Arithmetic (IBM's specification, IEEE 754), as CPython's `_decimal` over libmpdec.
//!
//! The kernel knows no objects: [`limbs`] and [`ntt`] are coefficients in base 10^19, [`num`] the operations with their
//! rounding and conditions, [`funcs`] the transcendental ones, [`text`] the notation. [`object`] is the `Decimal`,
//! [`context`] contexts and signals, [`decimal`] and [`methods`] what Python sees. Objects that the module needs are kept
//! in the `Decimal` type's `aux` array ([`State`]).
//!
//! # Invariants
//! `Decimal`'s `aux` is null or the array that `init` made, with a slot for each [`State`]; nothing of Python's
//! reaches it.

mod context;
#[allow(clippy::module_inception)]
mod decimal;
mod docs;
mod funcs;
mod limbs;
mod methods;
mod ntt;
mod num;
mod object;
mod text;

use adder_vm::err::R;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;
use num::status;

pub static MODULE: NativeModule = NativeModule {
    name: "_decimal",
    doc: docs::MODULE,
    functions: &[
        function("getcontext", "($module, /)", docs::GETCONTEXT, context::getcontext),
        function("setcontext", "($module, context, /)", docs::SETCONTEXT, context::setcontext),
        raw_function(
            "localcontext",
            "($module, /, ctx=None, **kwargs)",
            docs::LOCALCONTEXT,
            context::localcontext,
        ),
        function("IEEEContext", "($module, bits, /)", docs::IEEECONTEXT, context::ieee),
    ],
    types: &[&object::DECIMAL, &context::CONTEXT],
    init: Some(init),
};

/// Objects of the module.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum State {
    DefaultContext,
    BasicContext,
    ExtendedContext,
    ContextVar,
    SignalDictType,
    DecimalTuple,
    Rational,
    /// Exceptions follow.
    Exceptions,
}
const EXCEPTIONS: [(&str, &[&str]); 14] = [
    ("DecimalException", &["ArithmeticError"]),
    ("InvalidOperation", &["DecimalException"]),
    ("FloatOperation", &["DecimalException", "TypeError"]),
    ("DivisionByZero", &["DecimalException", "ZeroDivisionError"]),
    ("Inexact", &["DecimalException"]),
    ("Rounded", &["DecimalException"]),
    ("Subnormal", &["DecimalException"]),
    ("Clamped", &["DecimalException"]),
    ("Overflow", &["Inexact", "Rounded"]),
    ("Underflow", &["Inexact", "Rounded", "Subnormal"]),
    ("ConversionSyntax", &["InvalidOperation"]),
    ("DivisionImpossible", &["InvalidOperation"]),
    ("DivisionUndefined", &["InvalidOperation", "ZeroDivisionError"]),
    ("InvalidContext", &["InvalidOperation"]),
];
impl State {
    fn array() -> Option<Gc<Array>> {
        unsafe { object::DECIMAL.get().aux.gc_opt() }
    }
    pub fn try_get(self) -> Option<Value> {
        State::array()?.slot(self as usize).get()
    }
    pub fn get(self) -> Value {
        self.try_get().expect("set when the module was made")
    }
    fn set(self, th: Th, v: Value) {
        let a = State::array().expect("set when the module was made");
        th.store(a, a.slot(self as usize), v);
    }
    pub fn exception(name: &str) -> Value {
        let i = EXCEPTIONS.iter().position(|e| e.0 == name).expect("a name of the table");
        State::array().expect("set when the module was made").slot(State::Exceptions as usize + i).value()
    }
}

fn init(th: Th, m: Gc<Module>) -> R<()> {
    // The types exist once: a module that is imported anew shares their exceptions and templates.
    if State::array().is_none() {
        init_state(th)?;
    }
    fill(th, m)
}
fn init_state(th: Th) -> R<()> {
    let import = |module: &str, name: &str| adder_vm::import::import_attr(th, module, name);
    let type_ = adder_vm::builtins::type_::TYPE.get().value();
    th.make_type(&context::SIGNAL_DICT_MIXIN);
    th.make_type(&context::MANAGER);
    let a = th.array(State::Exceptions as usize + EXCEPTIONS.len())?;
    let d = object::DECIMAL.get();
    th.store(d, &d.aux, a.value());
    let module_name = th.intern("decimal");
    let new_class = |name: &str, bases: &[Value], module: Value| -> R<Value> {
        let ns = Gc::<Dict>::new(th);
        ns.set(th, adder_vm::n!(__module__), module)?;
        th.call(type_, &[th.intern(name), th.tuple(bases), ns.value()])
    };
    for (i, (name, bases)) in EXCEPTIONS.iter().enumerate() {
        let mut b = [None; 3];
        for (k, base) in bases.iter().enumerate() {
            b[k] = Some(match EXCEPTIONS[..i].iter().position(|e| e.0 == *base) {
                Some(j) => a.slot(State::Exceptions as usize + j).value(),
                None => import("builtins", base)?,
            });
        }
        let t = match b {
            [Some(x), None, _] => new_class(name, &[x], module_name)?,
            [Some(x), Some(y), None] => new_class(name, &[x, y], module_name)?,
            [Some(x), Some(y), Some(z)] => new_class(name, &[x, y, z], module_name)?,
            _ => unreachable!(),
        };
        th.store(a, a.slot(State::Exceptions as usize + i), t);
    }
    let mapping = import("collections.abc", "MutableMapping")?;
    let meta = th.type_of(mapping).value();
    let ns = Gc::<Dict>::new(th);
    ns.set(th, adder_vm::n!(__module__), th.intern("abc"))?;
    let mixin = context::SIGNAL_DICT_MIXIN.get().value();
    let sd = th.call(meta, &[th.intern("SignalDict"), th.tuple(&[mixin, mapping]), ns.value()])?;
    State::SignalDictType.set(th, sd);
    let number = import("numbers", "Number")?;
    th.call_method(number, th.intern("register"), &[d.value()])?;
    State::Rational.set(th, import("numbers", "Rational")?);
    let nt = import("collections", "namedtuple")?;
    let tuple = th.call_kw(
        nt,
        &[th.str("DecimalTuple"), th.str("sign digits exponent")],
        &[("module", module_name)],
    )?;
    State::DecimalTuple.set(th, tuple);
    let var = import("_contextvars", "ContextVar")?;
    State::ContextVar.set(th, th.call(var, &[th.str("decimal_context")])?);
    use num::Round;
    use status::*;
    let default = IEEE_INVALID | DIVISION_BY_ZERO | OVERFLOW;
    let c = context::template(th, 28, Round::HalfEven, default)?;
    State::DefaultContext.set(th, c);
    let c = context::template(th, 9, Round::HalfUp, default | UNDERFLOW | CLAMPED)?;
    State::BasicContext.set(th, c);
    let c = context::template(th, 9, Round::HalfEven, 0)?;
    State::ExtendedContext.set(th, c);
    Ok(())
}

fn fill(th: Th, m: Gc<Module>) -> R<()> {
    for (name, _) in EXCEPTIONS {
        m.put(th, name, State::exception(name))?;
    }
    m.put(th, "DecimalTuple", State::DecimalTuple.get())?;
    m.put(th, "DefaultContext", State::DefaultContext.get())?;
    m.put(th, "BasicContext", State::BasicContext.get())?;
    m.put(th, "ExtendedContext", State::ExtendedContext.get())?;
    for n in num::Round::NAMES {
        m.put(th, n, th.intern(n))?;
    }
    m.put(th, "MAX_PREC", th.int(num::MAX_PREC))?;
    m.put(th, "MAX_EMAX", th.int(num::MAX_EMAX))?;
    m.put(th, "MIN_EMIN", th.int(num::MIN_EMIN))?;
    m.put(th, "MIN_ETINY", th.int(num::MIN_ETINY))?;
    m.put(th, "IEEE_CONTEXT_MAX_BITS", th.int(512))?;
    m.put(th, "HAVE_THREADS", TRUE())?;
    m.put(th, "HAVE_CONTEXTVAR", TRUE())?;
    m.put(th, "__version__", th.str("1.70"))?;
    m.put(th, "__libmpdec_version__", th.str("2.5.1"))
}
