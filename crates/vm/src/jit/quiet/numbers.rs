//! Numbers that lie in memory one after the other (`bytes`, `bytearray`, `array`): traces read and write them in place.
//!
//! Only while there is one thread: then an object's length is within its storage.
//!
//! # Invariants
//! While there is one thread: an object's length is within its storage, and `place` has recorded the tests that the
//! index is within the length. The helpers test for themselves.

use crate::builtins::bytearray::ByteArray;
use crate::interp::fast::index_in;
use crate::interp::machine::PyMachine;
use crate::jit::helpers;
use crate::jit::machine::{Recorder, T};
use crate::native::Number;
use crate::object::*;
use crate::value::*;
use adder_metatrace::ir::{Inst, Op, Packed, R as Ir};
use adder_metatrace::{Field, Machine, word};
use std::mem::offset_of;

/// Where a number is.
struct Place {
    obj: Ir,
    index: Ir,
    how: Packed,
    double: bool,
}

/// Tests that the object is what it is and that the index is within it. None: it has no numbers, or not there.
fn place(m: Recorder, o: T<Value>, k: T<Value>) -> Option<Place> {
    if !o.v.is_obj() || !k.v.is_fix() {
        return None;
    }
    let shape = o.v.shape_id();
    let field = |at: usize| Field(at as u32);
    // The others may be given other memory by another thread.
    let own = |m: Recorder| shape == Kind::Bytes as u32 || m.owns(o);
    let here = |m: Recorder| m.shape_is(o, shape) && m.test(m.is_fixnum(k)) && own(m);
    let byte = Number::Int { width: 1, signed: false };
    let (from, index, obj, form) = if shape == Kind::Bytes as u32 {
        if !here(m) {
            return None;
        }
        let j = index_in(m, k, m.get_int(o, field(offset_of!(Bytes, len))))?;
        (size_of::<Bytes>(), j, o, byte)
    } else if shape == Kind::ByteArray as u32 {
        if !here(m) {
            return None;
        }
        let j = index_in(m, k, m.get_int(o, field(offset_of!(ByteArray, len))))?;
        let start = m.get_int(o, field(offset_of!(ByteArray, start)));
        let buf = m.get(o, field(offset_of!(ByteArray, buf)));
        (size_of::<RawBuf>(), m.int_add(j, start), buf, byte)
    } else {
        let t = crate::shape::shape(shape).type_;
        let n = if t.heap_type() { None } else { t.native.numbers }?;
        let code = m.i.get_int(o.v, Field(n.code));
        let form = (n.form)(code as u64)?;
        if !here(m) {
            return None;
        }
        let c = m.get_int(o, Field(n.code));
        let same = m.rec().core.int(code);
        let c = m.rec().core.op(Op::Eq, c.r, same);
        m.rec().guard(c, true);
        let j = index_in(m, k, m.get_int(o, Field(n.len)))?;
        (size_of::<RawBuf>(), j, m.get(o, Field(n.buf)), form)
    };
    if obj.r != o.r {
        m.rec().core.op_imm(Op::IsA, obj.r, Ir::NONE, Kind::RawBuf as i64);
    }
    let (width, signed) = match form {
        Number::Int { width, signed } => (width, signed),
        Number::Double => (8, true),
    };
    let how = Packed { from: from as u32, width, signed };
    Some(Place { obj: obj.r, index: index.r, how, double: form == Number::Double })
}

/// Records that the integer is within these bounds, which it is.
fn within(m: Recorder, n: Ir, lo: i64, hi: i64) {
    let core = &mut m.rec().core;
    let (lo, hi) = (core.int(lo), core.int(hi));
    let c = core.op(Op::Le, lo, n);
    m.rec().guard(c, true);
    let c = m.rec().core.op(Op::Le, n, hi);
    m.rec().guard(c, true);
}

/// `o[k]`
pub fn get(m: Recorder, o: T<Value>, k: T<Value>) -> Option<T<Value>> {
    let p = place(m, o, k)?;
    let v = Value::from_word(unsafe { helpers::quiet2(m.i.th, helpers::item, o.v, k.v) })?;
    if p.double {
        let f = m.rec().core.op_imm(Op::FltItem, p.obj, p.index, p.how.imm());
        return Some(T { v, r: m.rec().core.op1(Op::Box, f) });
    }
    if !v.is_fix() {
        return None;
    }
    let n = m.rec().core.op_imm(Op::Item, p.obj, p.index, p.how.imm());
    if p.how.width == 8 {
        within(m, n, if p.how.signed { word::FIX_MIN } else { 0 }, word::FIX_MAX);
    }
    Some(T { v, r: m.rec().core.op1(Op::Tag, n) })
}

/// `o[k] = v`
pub fn set(m: Recorder, o: T<Value>, k: T<Value>, v: T<Value>) -> Option<()> {
    // Bytes do not change: the operation fails.
    if !o.v.is_obj() || o.v.shape_id() == Kind::Bytes as u32 {
        return None;
    }
    let p = place(m, o, k)?;
    let c = if p.double {
        m.number_as_float(v)?.r
    } else {
        if !v.v.is_fix() || !m.test(m.is_fixnum(v)) {
            return None;
        }
        let n = m.fix_to_int(v);
        let (lo, hi) = match (p.how.width, p.how.signed) {
            (8, false) => (0, i64::MAX),
            _ => p.how.range(),
        };
        if n.v < lo || n.v > hi {
            return None;
        }
        if (lo, hi) != (i64::MIN, i64::MAX) {
            within(m, n.r, lo, hi);
        }
        n.r
    };
    Value::from_word(unsafe { helpers::quiet3(m.i.th, crate::builtins::ops::setitem_value, o.v, k.v, v.v) })?;
    let op = if p.double { Op::SetFltItem } else { Op::SetItem };
    m.rec().core.effect(Inst { a: p.obj, b: p.index, c, imm: p.how.imm(), ..Inst::new(op) });
    Some(())
}
