//! Characters of ASCII strings: what `s[k]` and loops over strings give is read from the table of all strings of one
//! character, without a call.
//!
//! # Invariants
//! A string's bytes do not change, nor where they are. Those of an ASCII string that has them itself (it is no view of a
//! buffer) follow its fields.

use crate::builtins::str_::{ASCII, VIEW};
use crate::jit::machine::{Recorder, T};
use crate::object::*;
use crate::thread::Root;
use crate::value::*;
use adder_heap::Header;
use adder_metatrace::Machine;
use adder_metatrace::ir::{Op, Packed, R as Ir};
use std::mem::offset_of;

const DATA: adder_metatrace::Field = adder_metatrace::Field(size_of::<Array>() as u32);

fn number(m: Recorder, s: T<Value>, at: usize, width: u8, k: Ir) -> Ir {
    let how = Packed { from: at as u32, width, signed: false };
    m.rec().core.op_imm(Op::Item, s.r, k, how.imm())
}
/// Records which of these flags a string has.
fn flags(m: Recorder, s: T<Value>, which: u8, want: u8) {
    let first = m.rec().core.int(0);
    let all = number(m, s, offset_of!(Str, h) + offset_of!(Header, flags), 1, first);
    let (all, which, want) =
        (m.rec().core.op1(Op::Tag, all), m.fixnum(which as i64).r, m.fixnum(want as i64).r);
    let kept = m.rec().core.op(Op::FixAnd, all, which);
    let c = m.rec().core.op(Op::Eq, kept, want);
    m.rec().guard(c, true);
}
/// Whether a value is an exact ASCII string; if so, that is tested.
pub fn is_ascii(m: Recorder, s: T<Value>) -> bool {
    if !s.v.exact::<Str>().is_some_and(|t| t.is_ascii()) || !m.shape_is(s, Kind::Str as u32) {
        return false;
    }
    flags(m, s, ASCII, ASCII);
    true
}
/// The character at place `k` of a string, whose shape was tested; None: it is not such a string, or not that long (which is
/// recorded if it was seen to be that long, and the other way round).
pub fn char_at(m: Recorder, s: T<Value>, k: T<i64>) -> Option<Option<T<Value>>> {
    let text: Gc<Str> = s.v.exact()?;
    if !text.is_ascii() || text.flag(VIEW) {
        return None;
    }
    flags(m, s, ASCII | VIEW, ASCII);
    let first = m.rec().core.int(0);
    let len = T { v: text.nbytes as i64, r: number(m, s, offset_of!(Str, nbytes), 4, first) };
    if !m.test(m.int_ult(k, len)) {
        return Some(None);
    }
    let c = *text.bytes().get(k.v as usize)?;
    let at = number(m, s, size_of::<Str>(), 1, k.r);
    let all = m.constant(Root::small_strs.value());
    let v = m.elem(all, DATA, T { v: c as i64, r: at });
    Some(Some(m.is_a(v, Kind::Str)))
}
/// Whether a value is such a character, which is the only string of its text.
pub(super) fn is_char(m: Recorder, a: T<Value>) -> bool {
    let trace = &m.rec().core.trace;
    let all = Root::small_strs.value().bits();
    trace.inst(a.r).is_some_and(|i| i.op == Op::Elem && trace.const_of(i.a).is_some_and(|c| c.bits == all))
}
