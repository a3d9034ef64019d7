//! Loops over `enumerate` and `zip` of lists, tuples, ranges, bytes and ASCII strings, step by step: the tuple that a step
//! gives is virtual. Loops over bytes and ASCII strings.
//! Unpacking of longer tuples and lists than the handlers do.
//!
//! All tests come before the first iterator moves. None: the operation is recorded in another way.
//!
//! # Invariants
//! `Zip::iters` is null or a tuple.

use super::machine::{Recorder, T};
use super::quiet::{char_at, new};
use crate::builtins::iters::{BytesIter, StrIter, as_str_iter};
use crate::builtins::zip_map::{Enumerate, Zip};
use crate::interp::fast::*;
use crate::interp::machine::*;
use crate::object::*;
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::ir::{Inst, Op, Packed, R as Ir};
use adder_metatrace::{Cmp, Field, Machine};
use std::mem::offset_of;

/// Most iterables of a `zip`.
const MOST: usize = 4;

/// How an iterator moves.
#[derive(Clone, Copy)]
enum Move {
    Range {
        left: T<i64>,
        next: T<i64>,
    },
    /// Index at this field.
    Index(Field, T<i64>),
    /// It had ended before.
    Stay,
    /// It ends: the sequence in this field goes.
    Drop(Field),
}

const BYTESITER_SEQ: Field = Field(offset_of!(BytesIter, seq) as u32);
const BYTESITER_I: Field = Field(offset_of!(BytesIter, i) as u32);
const STRITER_S: Field = Field(offset_of!(StrIter, s) as u32);
const STRITER_I: Field = Field(offset_of!(StrIter, i) as u32);

/// The next item, which stays where it is (None: there is none any more), and what happens when it is taken.
fn peek(m: Recorder, it: T<Value>) -> Option<(Option<T<Value>>, Move)> {
    if !it.v.is_obj() {
        return None;
    }
    let kind = Kind::ALL.get(it.v.shape_id() as usize)?;
    let known = matches!(
        kind,
        Kind::RangeIter | Kind::ListIter | Kind::TupleIter | Kind::BytesIter | Kind::StrAsciiIter
    );
    if !known || !m.shape_is(it, *kind as u32) {
        return None;
    }
    match kind {
        Kind::BytesIter => {
            if !m.owns(it) {
                return None;
            }
            let bytes = it.v.exact::<BytesIter>()?.seq.get()?.exact::<Bytes>()?;
            let s = m.get(it, BYTESITER_SEQ);
            if m.test(m.is_null(s)) || !m.shape_is(s, Kind::Bytes as u32) {
                return None;
            }
            let k = m.get_int(it, BYTESITER_I);
            if !m.test(m.int_ult(k, m.get_int(s, Field(offset_of!(Bytes, len) as u32)))) {
                return Some((None, Move::Drop(BYTESITER_SEQ)));
            }
            let b = *bytes.bytes().get(k.v as usize)?;
            let how = Packed { from: size_of::<Bytes>() as u32, width: 1, signed: false };
            let n = m.rec().core.op_imm(Op::Item, s.r, k.r, how.imm());
            let v = T { v: Value::fix(b as i64), r: m.rec().core.op1(Op::Tag, n) };
            Some((Some(v), Move::Index(BYTESITER_I, k)))
        }
        Kind::StrAsciiIter => {
            if !m.owns(it) {
                return None;
            }
            as_str_iter(it.v).s.get()?;
            let s = m.get(it, STRITER_S);
            if m.test(m.is_null(s)) || !m.shape_is(s, Kind::Str as u32) {
                return None;
            }
            let k = m.get_int(it, STRITER_I);
            Some(match char_at(m, s, k)? {
                Some(c) => (Some(c), Move::Index(STRITER_I, k)),
                None => (None, Move::Drop(STRITER_S)),
            })
        }
        Kind::RangeIter => {
            let left = m.get_int(it, RANGE_LEFT);
            if m.test(m.int_cmp(Cmp::Le, left, m.int_const(0))) {
                return Some((None, Move::Stay));
            }
            let next = m.get_int(it, RANGE_NEXT);
            Some((Some(m.int_to_fix(next)), Move::Range { left, next }))
        }
        Kind::ListIter => {
            let k = m.get_int(it, LISTITER_I);
            if m.test(m.int_cmp(Cmp::Lt, k, m.int_const(0))) {
                return Some((None, Move::Stay));
            }
            let l = m.get(it, LISTITER_LIST);
            if !m.test(m.int_ult(k, m.get_int(l, LIST_LEN))) {
                return Some((None, Move::Index(LISTITER_I, m.int_const(-1))));
            }
            let a = m.get(l, LIST_ITEMS);
            if !m.within(k, a, ARRAY_CAP) {
                return None;
            }
            let v = m.list_elem(a, ARRAY_DATA, k)?;
            Some((Some(v), Move::Index(LISTITER_I, k)))
        }
        _ => {
            let k = m.get_int(it, TUPLEITER_I);
            let t = m.get(it, TUPLEITER_TUPLE);
            if !m.test(m.int_ult(k, m.get_int(t, TUPLE_LEN))) {
                return Some((None, Move::Index(TUPLEITER_I, m.int_const(i64::MAX))));
            }
            Some((Some(m.elem(t, TUPLE_DATA, k)), Move::Index(TUPLEITER_I, k)))
        }
    }
}
fn advance(m: Recorder, it: T<Value>, how: Move, ends: bool) {
    match how {
        Move::Range { left, next } => {
            m.set_int(it, RANGE_LEFT, m.int_add(left, m.int_const(-1)));
            m.set_int(it, RANGE_NEXT, m.int_add(next, m.get_int(it, RANGE_STEP)));
        }
        Move::Index(f, k) if ends => m.set_int(it, f, k),
        Move::Index(f, k) => m.set_int(it, f, m.int_add(k, m.int_const(1))),
        Move::Stay => {}
        Move::Drop(f) => {
            if let Some(it) = it.v.exact::<BytesIter>() {
                it.seq.init(None);
            }
            if it.v.is_exact(Kind::StrAsciiIter) {
                as_str_iter(it.v).s.init(None);
            }
            let null = m.rec().core.word(0);
            m.rec().core.effect(Inst { a: it.r, b: null, imm: f.0 as i64, ..Inst::new(Op::Set) });
        }
    }
}
/// The next item of an iterator over bytes or an ASCII string, if there is one.
pub fn next_in_place(m: Recorder, it: T<Value>) -> Option<T<Value>> {
    let (v, how) = peek(m, it)?;
    let v = v?;
    advance(m, it, how, false);
    Some(v)
}
fn tuple(m: Recorder, v: Value, items: &[T<Value>]) -> T<Value> {
    let len = m.rec().core.int(items.len() as i64);
    let mut f: Vec<(u32, Ir)> = vec![(offset_of!(Tuple, len) as u32, len)];
    f.extend(items.iter().enumerate().map(|(k, x)| ((size_of::<Tuple>() + 8 * k) as u32, x.r)));
    new(m, Kind::Tuple, v, size_of::<Tuple>() + 8 * items.len(), &f)
}

/// The instruction `ForIter`.
pub fn for_iter(m: Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    if m.i.reg_is_null(i.a()) {
        return None;
    }
    let it = m.i.reg(i.a());
    if it.is_exact(Kind::Enumerate) {
        enumerate(m, pc, i)
    } else if it.is_exact(Kind::Zip) {
        zip(m, pc, i)
    } else if it.is_exact(Kind::BytesIter) || it.is_exact(Kind::StrAsciiIter) {
        let it = m.reg(i.a());
        let (v, how) = peek(m, it)?;
        advance(m, it, how, v.is_none());
        if let Some(v) = v {
            m.set_reg(i.b(), v);
        }
        Some(if v.is_some() { pc.skip(1) } else { pc.next() })
    } else {
        None
    }
}

/// Most values of an unpacking.
const MOST_UNPACKED: usize = 24;

/// The instruction `UnpackSeq`.
pub fn unpack(m: Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    let (base, n) = (i.a(), i.c());
    if m.i.reg_is_null(i.b()) {
        return None;
    }
    let o = m.reg(i.b());
    let list = o.v.is_exact(Kind::List);
    let derived = derived_tuple(m, o.v);
    // Short ones are the handlers'.
    if !(if derived { 1 } else { 5 }..=MOST_UNPACKED).contains(&n) {
        return None;
    }
    if !list && !derived && !o.v.is_exact(Kind::Tuple) {
        return None;
    }
    if !m.shape_is(o, o.v.shape_id()) {
        return None;
    }
    let len = m.get_int(o, if list { LIST_LEN } else { TUPLE_LEN });
    if !m.test(m.int_cmp(Cmp::Eq, len, m.int_const(n as i64))) {
        return None;
    }
    // All of them before the first is stored.
    let mut v = [o; MOST_UNPACKED];
    if list {
        let a = m.get(o, LIST_ITEMS);
        if !m.within(m.int_const(n as i64 - 1), a, ARRAY_CAP) {
            return None;
        }
        for (k, v) in v.iter_mut().take(n).enumerate() {
            *v = m.list_elem(a, ARRAY_DATA, m.int_const(k as i64))?;
        }
    } else {
        for (k, v) in v.iter_mut().take(n).enumerate() {
            *v = m.elem(o, TUPLE_DATA, m.int_const(k as i64));
        }
    }
    for (k, v) in v.iter().take(n).enumerate() {
        m.set_reg(base + k, *v);
    }
    Some(pc.next())
}

/// Whether its items are what its class, which is watched, iterates over.
fn derived_tuple(m: Recorder, o: Value) -> bool {
    if !o.is_kind(Kind::Tuple) || o.is_exact(Kind::Tuple) {
        return false;
    }
    let t = m.i.th.type_of(o);
    let iter = |t: Gc<Type>| t.slots.iter.map(|f| f as usize);
    if iter(t) != iter(crate::builtins::tuple::TUPLE.get()) {
        return false;
    }
    if t.heap_type() {
        super::watch::watch_type(t, m.rec().tree);
    }
    true
}
fn enumerate(m: Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    let it = m.reg(i.a());
    if !m.shape_is(it, Kind::Enumerate as u32) {
        return None;
    }
    let at = Field(offset_of!(Enumerate, n) as u32);
    let inner = m.get(it, Field(offset_of!(Enumerate, iter) as u32));
    let (v, how) = peek(m, inner)?;
    let Some(v) = v else {
        advance(m, inner, how, true);
        return Some(pc.next());
    };
    let n = m.get(it, at);
    if !m.test(m.is_fixnum(n)) {
        return None;
    }
    let next = m.fix_add(n, m.fixnum(1))?;
    let pair = m.i.th.tuple(&[n.v, v.v]);
    m.set(it, at, next).ok()?;
    advance(m, inner, how, false);
    m.set_reg(i.b(), tuple(m, pair, &[n, v]));
    Some(pc.skip(1))
}

fn zip(m: Recorder, pc: Pc, i: Ins) -> Option<Pc> {
    let it = m.reg(i.a());
    let z: Gc<Zip> = it.v.exact()?;
    let n = z.iters.get()?.len;
    if n == 0 || n > MOST || !m.shape_is(it, Kind::Zip as u32) {
        return None;
    }
    let strict = m.get_int(it, Field(offset_of!(Zip, strict) as u32));
    if !m.test(m.int_cmp(Cmp::Eq, strict, m.int_const(0))) {
        return None;
    }
    let all = m.get(it, Field(offset_of!(Zip, iters) as u32));
    let same = m.int_const(n as i64);
    if !m.shape_is(all, Kind::Tuple as u32) || !m.test(m.int_cmp(Cmp::Eq, m.get_int(all, TUPLE_LEN), same)) {
        return None;
    }
    let none = m.fixnum(0);
    let (mut iters, mut items, mut moves) = ([none; MOST], [none; MOST], [Move::Stay; MOST]);
    let mut end = None;
    for k in 0..n {
        iters[k] = m.elem(all, TUPLE_DATA, m.int_const(k as i64));
        for j in 0..k {
            if m.test(m.same(iters[j], iters[k])) {
                return None;
            }
        }
        let (v, how) = peek(m, iters[k])?;
        moves[k] = how;
        match v {
            Some(v) => items[k] = v,
            None => {
                end = Some(k);
                break;
            }
        }
    }
    let v = match end {
        None => {
            let words: [Value; MOST] = std::array::from_fn(|k| items[k].v);
            Some(m.i.th.tuple(&words[..n]))
        }
        Some(_) => None,
    };
    // Those before the one that has ended have moved.
    for k in 0..end.map_or(n, |k| k + 1) {
        advance(m, iters[k], moves[k], end == Some(k));
    }
    match v {
        Some(v) => {
            m.set_reg(i.b(), tuple(m, v, &items[..n]));
            Some(pc.skip(1))
        }
        None => Some(pc.next()),
    }
}
