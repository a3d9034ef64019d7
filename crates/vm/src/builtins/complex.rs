//! `complex`.
//!
//! # Invariants
//! The two parts are written before anybody else has the object and never change; `new` gets subclasses of `complex`
//! only.

use super::int_methods::{locale_for, spec};
use super::object::{message_type_name, new_instance, object_hash};
use super::{float, int, int_new, scratch};
use crate::err::R;
use crate::n;
use crate::native::*;
use crate::object::{Complex, Str, Type};
use crate::slots::{CmpOp, Slots};
use crate::thread::Th;
use crate::value::*;
use adder_num::complexnum::{self as cx, Complex as C, ComplexParse};
use adder_num::{bigint, format};

pub static COMPLEX_TYPE: NativeType = NativeType {
    name: "complex",
    kind: Kind::Complex,
    size: size_of::<Complex>() as u32,
    flags: tflags::BASETYPE | tflags::IMMUTABLE,
    doc: "Create a complex number from a string or numbers.\n\nIf a string is given, parse it as a complex number.\nIf a single number is given, convert it to a complex number.\nIf the 'real' or 'imag' arguments are given, create a complex number\nwith the specified real and imaginary components.",
    slots: Slots {
        new: Some(new_object),
        repr: Some(repr),
        hash: Some(hash),
        richcompare: Some(richcompare),
        add: Some(add),
        sub: Some(sub),
        mul: Some(mul),
        pow: Some(pow),
        neg: Some(|th, v| Ok(th.complex(cx::neg(get(v))))),
        pos: Some(to_exact),
        abs: Some(|th, v| Ok(th.float(th.num(cx::abs(get(v)))?))),
        bool: Some(|_, v| Ok(get(v).re != 0.0 || get(v).im != 0.0)),
        truediv: Some(truediv),
        ..Slots::NONE
    },
    methods: &[
        classmethod(
            "from_number",
            "($type, number, /)",
            "Convert number to a complex floating-point number.",
            from_number,
        ),
        method(
            "conjugate",
            "($self, /)",
            "Return the complex conjugate of its argument. (3-4j).conjugate() == 3+4j.",
            |th, a| {
                let z = get(a[0].unwrap());
                Ok(th.complex(C::new(z.re, -z.im)))
            },
        ),
        method("__complex__", "($self, /)", "Convert this value to exact type complex.", |th, a| {
            to_exact(th, a[0].unwrap())
        }),
        method("__getnewargs__", "($self, /)", "", |th, a| {
            let z = get(a[0].unwrap());
            let (re, im) = (th.float(z.re), th.float(z.im));
            th.try_tuple(&[re, im])
        }),
        method(
            "__format__",
            "($self, format_spec, /)",
            "Convert to a string according to format_spec.",
            complex_format,
        ),
    ],
    getset: &[
        getter("real", "the real part of a complex number", |th, v| Ok(th.float(get(v).re))),
        getter("imag", "the imaginary part of a complex number", |th, v| Ok(th.float(get(v).im))),
    ],
    text_signature: Some("(real=0, imag=0)"),
    ..NativeType::DEFAULT
};
pub static COMPLEX: TypeCell = TypeCell::new(&COMPLEX_TYPE);

impl Th {
    pub fn complex(self, z: C) -> Value {
        self.object(Complex { h: Complex::head(), re: z.re, im: z.im }).value()
    }
}

pub fn as_complex(v: Value) -> Option<C> {
    v.cast::<Complex>().map(|o| C::new(o.re, o.im))
}
fn get(v: Value) -> C {
    as_complex(v).expect("a complex")
}
fn to_exact(th: Th, v: Value) -> R<Value> {
    if v.is_exact(Kind::Complex) { Ok(v) } else { Ok(th.complex(get(v))) }
}

/// An operand of mixed arithmetic.
enum Operand {
    Complex(C),
    Real(f64),
}
use Operand::*;

impl Operand {
    fn to_complex(&self) -> C {
        match *self {
            Complex(z) => z,
            Real(x) => C::new(x, 0.0),
        }
    }
}

fn operand(th: Th, v: Value) -> R<Option<Operand>> {
    if let Some(z) = as_complex(v) {
        return Ok(Some(Complex(z)));
    }
    if let Some(x) = float::as_f64(v) {
        return Ok(Some(Real(x)));
    }
    if int::is_int(v) {
        return Ok(Some(Real(int::to_f64(th, v)?)));
    }
    Ok(None)
}
macro_rules! operands {
    ($th:ident, $a:ident, $b:ident) => {{
        let Some(x) = operand($th, $a)? else { return Ok(NOT_IMPLEMENTED()) };
        let Some(y) = operand($th, $b)? else { return Ok(NOT_IMPLEMENTED()) };
        (x, y)
    }};
}

fn add(th: Th, a: Value, b: Value) -> R<Value> {
    Ok(th.complex(match operands!(th, a, b) {
        (Complex(x), Complex(y)) => cx::add(x, y),
        (Complex(x), Real(y)) | (Real(y), Complex(x)) => cx::add_real(x, y),
        (Real(x), Real(y)) => C::new(x + y, 0.0),
    }))
}
fn sub(th: Th, a: Value, b: Value) -> R<Value> {
    Ok(th.complex(match operands!(th, a, b) {
        (Complex(x), Complex(y)) => cx::sub(x, y),
        (Complex(x), Real(y)) => cx::sub_real(x, y),
        (Real(x), Complex(y)) => cx::real_sub(x, y),
        (Real(x), Real(y)) => C::new(x - y, 0.0),
    }))
}
fn mul(th: Th, a: Value, b: Value) -> R<Value> {
    Ok(th.complex(match operands!(th, a, b) {
        (Complex(x), Complex(y)) => cx::mul(x, y),
        (Complex(x), Real(y)) | (Real(y), Complex(x)) => cx::mul_real(x, y),
        (Real(x), Real(y)) => C::new(x * y, 0.0),
    }))
}
fn truediv(th: Th, a: Value, b: Value) -> R<Value> {
    let r = match operands!(th, a, b) {
        (Complex(x), Complex(y)) => cx::div(x, y),
        (Complex(x), Real(y)) => cx::div_real(x, y),
        (Real(x), Complex(y)) => cx::real_div(x, y),
        (Real(x), Real(y)) => cx::div_real(C::new(x, 0.0), y),
    };
    Ok(th.complex(th.num(r)?))
}
fn pow(th: Th, a: Value, b: Value, m: Value) -> R<Value> {
    let (x, y) = operands!(th, a, b);
    if !m.is_none() {
        return Err(th.value_error("complex modulo"));
    }
    Ok(th.complex(th.num(cx::pow(x.to_complex(), y.to_complex()))?))
}
/// The complex power of two real numbers.
pub fn pow_real(th: Th, x: f64, y: f64) -> R<Value> {
    Ok(th.complex(th.num(cx::pow(C::new(x, 0.0), C::new(y, 0.0)))?))
}

fn repr(th: Th, v: Value) -> R<Value> {
    scratch::with(|out| {
        cx::write_repr(out, get(v));
        th.str_counted(out, out.len(), true)
    })
}
fn hash(th: Th, v: Value) -> R<i64> {
    let z = get(v);
    let part = |x| match adder_num::float::hash(x) {
        Some(h) => Ok(h),
        None => object_hash(th, v),
    };
    Ok(cx::combine_hashes(part(z.re)?, part(z.im)?))
}
fn richcompare(_: Th, a: Value, b: Value, op: CmpOp) -> R<Value> {
    if !matches!(op, CmpOp::Eq | CmpOp::Ne) {
        return Ok(NOT_IMPLEMENTED());
    }
    let z = get(a);
    let eq = if let Some(w) = as_complex(b) {
        z.re == w.re && z.im == w.im
    } else if let Some(x) = float::as_f64(b) {
        z.re == x && z.im == 0.0
    } else if let Some(n) = int::IntRef::new(b) {
        z.im == 0.0 && bigint::cmp_f64(n.view(), z.re) == Some(std::cmp::Ordering::Equal)
    } else {
        return Ok(NOT_IMPLEMENTED());
    };
    Ok(Value::bool(eq == (op == CmpOp::Eq)))
}

fn of_type(th: Th, ty: Value, z: C) -> R<Value> {
    let t: Gc<Type> = ty.known();
    if t == COMPLEX.get() {
        return Ok(th.complex(z));
    }
    let o = new_instance(th, t)?;
    unsafe {
        let p = o.cast_unchecked::<Complex>().as_ptr();
        (*p).re = z.re;
        (*p).im = z.im;
    }
    Ok(o)
}

/// What `__complex__` gives; None: there is no such method.
fn special(th: Th, v: Value) -> R<Option<C>> {
    if v.is_exact(Kind::Complex) {
        return Ok(as_complex(v));
    }
    let Some(f) = th.lookup_special(v, n!(__complex__)) else { return Ok(None) };
    let r = th.call_unbound(f, v, &[])?;
    let Some(z) = as_complex(r) else {
        return Err(th.type_error(format!("__complex__ returned non-complex (type {})", th.type_name_of(r))));
    };
    if !r.is_exact(Kind::Complex) {
        th.deprecation_warning(&format!(
            "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of \
             complex is deprecated, and may be removed in a future version of Python.",
            th.type_name_of(r)
        ))?;
    }
    Ok(Some(z))
}
fn is_real(th: Th, v: Value) -> bool {
    let s = &th.type_of(v).slots;
    s.float.is_some() || s.index.is_some()
}
/// A number as complex: by `__complex__`, `__float__` or `__index__`.
pub fn to_complex(th: Th, v: Value) -> R<C> {
    match special(th, v)? {
        Some(z) => Ok(z),
        None => Ok(as_complex(v).map_or_else(|| float::to_f64(th, v).map(|x| C::new(x, 0.0)), Ok)?),
    }
}

fn new_object(th: Th, ty: Value, a: RawArgs) -> R<Value> {
    if a.nkw() == 0 {
        match *a.pos() {
            [] => return of_type(th, ty, C::new(0.0, 0.0)),
            [x] => return from_one(th, ty, x),
            _ => {}
        }
    }
    let mut args = [None, None];
    if a.len() + a.nkw() > 2 {
        return Err(
            th.type_error(format!("complex() takes at most 2 arguments ({} given)", a.len() + a.nkw()))
        );
    }
    for (slot, v) in args.iter_mut().zip(a.pos()) {
        *slot = Some(*v);
    }
    for (k, v) in a.keywords() {
        let i = match th.text(k).as_str() {
            "real" => 0,
            "imag" => 1,
            k => return Err(th.type_error(format!("complex() got an unexpected keyword argument '{k}'"))),
        };
        if args[i].is_some() {
            return Err(th.type_error(format!(
                "argument for complex() given by name ('{}') and position ({})",
                th.text(k),
                i + 1
            )));
        }
        args[i] = Some(v);
    }
    from_parts(th, ty, args[0].unwrap_or(Value::fix(0)), args[1])
}

fn from_one(th: Th, ty: Value, x: Value) -> R<Value> {
    if x.is_exact(Kind::Complex) && ty.is(COMPLEX.get().value()) {
        return Ok(x);
    }
    if let Some(s) = x.cast::<Str>() {
        return from_str(th, ty, s);
    }
    if let Some(z) = special(th, x)? {
        return of_type(th, ty, z);
    }
    if let Some(z) = as_complex(x) {
        return of_type(th, ty, z);
    }
    if let Some(f) = float::as_f64(x) {
        return of_type(th, ty, C::new(f, 0.0));
    }
    if is_real(th, x) {
        let v = float::from_object(th, x)?;
        return of_type(th, ty, C::new(float::get(v), 0.0));
    }
    Err(th.type_error(format!(
        "complex() argument must be a string or a number, not {}",
        message_type_name(th, x)
    )))
}

/// `complex(real, imag)`. Complex arguments are deprecated but work: their parts are added up.
fn from_parts(th: Th, ty: Value, r: Value, i: Option<Value>) -> R<Value> {
    let complex_r = special(th, r)?;
    let not_real = |which: &str, v: Value| {
        format!("complex() argument '{which}' must be a real number, not {}", message_type_name(th, v))
    };
    if complex_r.is_none() && as_complex(r).is_none() && !is_real(th, r) {
        return Err(th.type_error(not_real("real", r)));
    }
    if let Some(i) = i
        && as_complex(i).is_none()
        && !is_real(th, i)
    {
        return Err(th.type_error(not_real("imag", i)));
    }
    let (mut re, extra) = match complex_r.or(as_complex(r)) {
        Some(z) => {
            if !is_real(th, r) {
                th.deprecation_warning(&not_real("real", r))?;
            }
            (z.re, Some(z.im))
        }
        None => (float::get(float::from_object(th, r)?), None),
    };
    let mut im = match i {
        None => return of_type(th, ty, C::new(re, extra.unwrap_or(0.0))),
        Some(i) => match as_complex(i) {
            Some(z) => {
                th.deprecation_warning(&not_real("imag", i))?;
                re -= z.im;
                z.re
            }
            None => float::get(float::from_object(th, i)?),
        },
    };
    if let Some(x) = extra {
        im += x;
    }
    of_type(th, ty, C::new(re, im))
}

fn from_str(th: Th, ty: Value, s: Gc<Str>) -> R<Value> {
    match cx::parse(&int_new::to_ascii_number(&s)) {
        ComplexParse::Ok(z) => of_type(th, ty, z),
        ComplexParse::Malformed => Err(th.num_error(cx::malformed())),
        ComplexParse::Invalid => {
            let mut r = Vec::new();
            adder_text::repr::str_repr(s.bytes(), &mut r);
            Err(th.num_error(cx::invalid_literal(&r)))
        }
    }
}

fn from_number(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (cls, x) = (a[0].unwrap(), a[1].unwrap());
    let exact = cls.is(COMPLEX.get().value());
    if exact && x.is_exact(Kind::Complex) {
        return Ok(x);
    }
    let z = to_complex(th, x)?;
    let v = th.complex(z);
    if exact { Ok(v) } else { th.call(cls, &[v]) }
}

fn complex_format(th: Th, a: &[Option<Value>]) -> R<Value> {
    let v = a[0].unwrap();
    let s = spec(th, a[1].unwrap())?;
    if s.is_empty() {
        return th.to_str(v);
    }
    let tn = th.type_name_of(v);
    scratch::with(|out| {
        th.num(format::format_complex(
            out,
            get(v).re,
            get(v).im,
            s.bytes(),
            tn.as_bytes(),
            &locale_for(s.bytes()),
        ))?;
        th.try_str(out)
    })
}

pub fn new(th: Th, re: f64, im: f64) -> Value {
    th.complex(C::new(re, im))
}
