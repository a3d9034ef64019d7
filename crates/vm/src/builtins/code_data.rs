//! Code objects back to data: for `marshal` and `code.replace`.
//!
//! # Invariants
//! The code is loaded first, so `data` is there and its constants are an array; constants are cast after their kind
//! was looked at.

use super::code;
use crate::err::R;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_bytecode::{CodeData, Const};

/// The code as the compiler gave it, with the names that the object has now.
pub fn to_data(th: Th, c: Gc<Code>) -> R<CodeData> {
    th.check_stack(" while copying a code object")?;
    code::load(th, c)?;
    let mut d = without_consts(th, c);
    let consts: Gc<Array> = c.consts.gc();
    for s in consts.slots() {
        d.consts.push(constant(th, s.value())?);
    }
    Ok(d)
}

/// All that is no object: the object's own data, with the instructions as nobody observes them and the names, which it need
/// not have. It is loaded.
pub fn without_consts(th: Th, c: Gc<Code>) -> CodeData {
    let text = |v: Value| -> Box<str> { th.text(v).into() };
    // SAFETY: it is loaded.
    let mut d = unsafe { (*c.data).clone() };
    d.code = crate::interp::instrument::originals(c);
    d.name = text(c.name.value());
    d.qualname = text(c.qualname.value());
    d.filename = text(c.filename.value());
    // What was read may say something else.
    d.unit = Default::default();
    d
}

/// A constant as data. ValueError if it is none.
pub fn constant(th: Th, v: Value) -> R<Const> {
    if v.is_none() {
        return Ok(Const::None);
    }
    if v.is(ELLIPSIS()) {
        return Ok(Const::Ellipsis);
    }
    let items = |v: &[Value]| -> R<Box<[Const]>> { v.iter().map(|x| constant(th, *x)).collect() };
    Ok(match v.kind() {
        Kind::Bool => {
            if v.is(TRUE()) {
                Const::True
            } else {
                Const::False
            }
        }
        Kind::Int => match super::int::to_i64(v) {
            Some(n) => Const::Int(n),
            None => {
                let (neg, limbs) = limbs(v);
                Const::BigInt(neg, limbs.into())
            }
        },
        Kind::Float => Const::Float(float_of(v)),
        Kind::Complex => {
            let z: Gc<Complex> = v.known();
            Const::Complex(z.re, z.im)
        }
        Kind::Str => Const::Str(v.known::<Str>().bytes().into()),
        Kind::Bytes => Const::Bytes(super::buffer::bytes_of(v).unwrap_or(&[]).into()),
        Kind::Tuple => Const::Tuple(items(v.known::<Tuple>().items())?),
        Kind::FrozenSet => {
            let t = super::tuple::from_iterable(th, v)?;
            Const::FrozenSet(items(t.known::<Tuple>().items())?)
        }
        Kind::Slice => {
            let s: Gc<Slice> = v.known();
            let p = |x: &Slot| constant(th, x.value());
            Const::Slice(Box::new([p(&s.start)?, p(&s.stop)?, p(&s.step)?]))
        }
        Kind::Code => Const::Code(Box::new(to_data(th, unsafe { v.cast_unchecked() })?)),
        _ => return Err(th.value_error("unmarshallable object")),
    })
}

/// Sign and little-endian limbs of an int beyond the fixnum range.
pub fn limbs(v: Value) -> (bool, Vec<u64>) {
    if let Some(n) = v.as_fix() {
        return (n < 0, vec![n.unsigned_abs()]);
    }
    let b: Gc<BigInt> = unsafe { v.cast_unchecked() };
    let n = b.size.unsigned_abs() as usize;
    let p = unsafe { std::slice::from_raw_parts(b.after::<u64>(), n) };
    (b.size < 0, p.to_vec())
}

/// The number of a float.
pub fn float_of(v: Value) -> f64 {
    if v.is_flo() {
        return adder_metatrace::word::flo_decode(v.bits());
    }
    v.known::<FloatBox>().f
}
