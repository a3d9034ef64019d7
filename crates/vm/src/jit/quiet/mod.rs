//! *Quiet* operations: those on builtin types that run no Python code. A trace calls their runtime function directly:
//! nothing of the interpreter's state has to be in memory, nothing that is known gets lost but what the function writes.
//!
//! Which operations may be quiet is decided when they are recorded, from the types seen, which are tested. Whether one
//! is shows when it is carried out: it is done under [`crate::thread::Th::quietly`], where nothing of Python can run.
//! The called function answers null if it declines or would raise, without having done anything that would be done
//! twice: then the trace is left and the interpreter carries the operation out. So functions that only compute may be
//! given anything but iterators, whose items would be lost; those that write must do so after all that may fail, or
//! must be able to do it again.
//!
//! # Invariants
//! The helpers are `unsafe` because machine code calls them with words. Here they get values, under `quietly` where
//! they might run Python code. A cache of `LoadName` holds a cell of a global variable, which never moves.

mod calls;
mod chars;
mod containers;
mod derived;
mod functions;
mod names;
mod numbers;
mod patterns;
pub mod small_dicts;
mod tables;

pub use calls::{function, only_computes};
pub use chars::{char_at, is_ascii};
pub use containers::{Few, empty_dict, new};
pub use derived::truth as derived_truth;
pub use tables::{native_container, over_container};

use super::helpers;
use super::machine::{Recorder, T};
use crate::builtins;
use crate::interp::machine::*;
use crate::interp::{fast, slow};
use crate::n;
use crate::native::tflags;
use crate::object::*;
use crate::value::*;
use adder_bytecode::{Common, Ins, Op as Bc};
use adder_metatrace::ir::{Callee, Op, R as Ir};
use adder_metatrace::{Effects, Field, Machine};
pub use calls::known;
use calls::{Given, call, call_ex};
use containers::{bound_method, contains, get_item, is_empty_dict, like_dict, list, set_item, tuple};
use names::{
    attribute, copy_free, load_method, load_special, module_frame, settled, store_global, super_method,
};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Acquire;
use tables::*;

type Asks = unsafe extern "C" fn(Value, Value) -> u64;

impl Recorder {
    /// Records that the value is plain. False: it is not.
    fn plain(self, a: T<Value>) -> bool {
        if a.v.is_obj() {
            plain_kind(a.v.shape_id()) && self.shape_is(a, a.v.shape_id())
        } else {
            self.immediate(a)
        }
    }
    /// Records which immediate kind this value is of.
    fn immediate(self, a: T<Value>) -> bool {
        if a.v.is_fix() {
            return self.test(self.is_fixnum(a));
        }
        self.as_float(a).is_some()
    }
    /// Records what it takes for `C` and for receivers: the shape.
    fn of_shape(self, a: T<Value>) -> bool {
        a.v.is_obj() && self.shape_is(a, a.v.shape_id())
    }
    /// Records a call of `helper(thread, args...)`, which is done already and gave `v`.
    fn quiet(self, name: &'static str, helper: usize, effects: Effects, args: &[Ir], v: Value) -> T<Value> {
        let rec = self.rec();
        let th = rec.core.op_imm(Op::Base, Ir::NONE, Ir::NONE, 0);
        let mut all = vec![th];
        all.extend_from_slice(args);
        let r = rec.core.call(Op::CallRef, Callee { name, addr: helper, effects }, &all);
        // Null: nothing has happened.
        let before = rec.core.set_effects(false);
        let null = rec.core.word(0);
        let c = rec.core.op(Op::Eq, r, null);
        rec.guard(c, false);
        rec.core.set_effects(before);
        T { v, r }
    }
    fn address(self, n: usize) -> Ir {
        self.rec().core.int(n as i64)
    }
    /// The result is an object of this kind.
    pub fn is_a(self, r: T<Value>, kind: Kind) -> T<Value> {
        if r.v.is_exact(kind) {
            self.rec().core.op_imm(Op::IsA, r.r, Ir::NONE, kind as i64);
        }
        r
    }
    /// `f(a)` by a function that runs no Python code on what the tests have let through.
    pub fn quiet1(self, name: &'static str, f: Fn1, effects: Effects, a: T<Value>) -> Option<T<Value>> {
        let v = Value::from_word(unsafe { helpers::quiet1(self.i.th, f, a.v) })?;
        let f = self.address(f as usize);
        Some(self.quiet(name, helpers::quiet1 as *const () as usize, effects, &[f, a.r], v))
    }
    pub fn quiet2(
        self,
        name: &'static str,
        f: Fn2,
        effects: Effects,
        a: T<Value>,
        b: T<Value>,
    ) -> Option<T<Value>> {
        let v = Value::from_word(unsafe { helpers::quiet2(self.i.th, f, a.v, b.v) })?;
        let f = self.address(f as usize);
        Some(self.quiet(name, helpers::quiet2 as *const () as usize, effects, &[f, a.r, b.r], v))
    }
    pub fn quiet3(
        self,
        name: &'static str,
        f: Fn3,
        effects: Effects,
        a: T<Value>,
        b: T<Value>,
        c: T<Value>,
    ) -> Option<T<Value>> {
        let v = Value::from_word(unsafe { helpers::quiet3(self.i.th, f, a.v, b.v, c.v) })?;
        let f = self.address(f as usize);
        Some(self.quiet(name, helpers::quiet3 as *const () as usize, effects, &[f, a.r, b.r, c.r], v))
    }

    /// Records a call of `helper(thread, args...)` that runs nothing of Python, raises nothing and gave this word; null
    /// if it declines, which only those do that say they raise.
    fn leaf(
        self,
        name: &'static str,
        helper: usize,
        effects: Effects,
        args: &[Ir],
        v: u64,
    ) -> Option<T<Value>> {
        let v = Value::from_word(v)?;
        if effects.has(Effects::RAISES) {
            return Some(self.quiet(name, helper, effects, args, v));
        }
        let rec = self.rec();
        let th = rec.core.op_imm(Op::Base, Ir::NONE, Ir::NONE, 0);
        let mut all = vec![th];
        all.extend_from_slice(args);
        Some(T { v, r: rec.core.call(Op::CallRef, Callee { name, addr: helper, effects }, &all) })
    }
    pub(super) fn leaf1(
        self,
        name: &'static str,
        f: helpers::Leaf1,
        effects: Effects,
        a: T<Value>,
    ) -> Option<T<Value>> {
        let v = unsafe { f(self.i.th, a.v) };
        self.leaf(name, f as *const () as usize, effects, &[a.r], v)
    }
    pub(super) fn leaf2(
        self,
        name: &'static str,
        f: helpers::Leaf2,
        effects: Effects,
        a: T<Value>,
        b: T<Value>,
    ) -> Option<T<Value>> {
        let v = unsafe { f(self.i.th, a.v, b.v) };
        self.leaf(name, f as *const () as usize, effects, &[a.r, b.r], v)
    }
    pub(super) fn leaf3(
        self,
        name: &'static str,
        f: helpers::Leaf3,
        effects: Effects,
        a: T<Value>,
        b: T<Value>,
        c: T<Value>,
    ) -> Option<T<Value>> {
        let v = unsafe { f(self.i.th, a.v, b.v, c.v) };
        self.leaf(name, f as *const () as usize, effects, &[a.r, b.r, c.r], v)
    }

    /// What `f` makes of two strings that are constants of the trace, by which methods are often looked up.
    fn constant_text(self, f: Fn2, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        const LONGEST: usize = 200;
        for x in [a, b] {
            x.r.as_const()?;
            x.v.exact::<Str>().filter(|s| s.bytes().len() <= LONGEST)?;
        }
        let v = Value::from_word(unsafe { helpers::quiet2(self.i.th, f, a.v, b.v) })?;
        Some(self.constant(self.i.th.intern_value(v.exact::<Str>()?)))
    }

    /// Operators of builtin types.
    pub fn quiet_binary(self, name: &'static str, f: Fn2, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        if b.v.is_exact(Kind::Bytes) {
            // Their own functions, without a search for them.
            if name == "ADD" && a.v.is_exact(Kind::Bytes) {
                let ok = self.of_shape(a) && self.of_shape(b);
                let r = ok.then(|| self.leaf2(name, helpers::bytes_concat, READS, a, b))??;
                return Some(self.is_a(r, Kind::Bytes));
            }
            if name == "IADD" && a.v.is_exact(Kind::ByteArray) {
                let ok = self.of_shape(a) && self.of_shape(b);
                let r = ok.then(|| self.quiet2(name, builtins::bytearray::iconcat, FILLS, a, b))??;
                return Some(self.is_a(r, Kind::ByteArray));
            }
        }
        if name == "ADD"
            && let Some(s) = self.constant_text(f, a, b)
        {
            return Some(s);
        }
        if let Some(r) = derived::binary(self, name, a, b) {
            return Some(r);
        }
        if plain_value(a.v) && plain_value(b.v) {
            let r = (self.plain(a) && self.plain(b)).then(|| self.quiet2(name, f, READS, a, b))??;
            return Some(self.is_a(r, Kind::Str));
        }
        // Where nothing is changed in place, or what is can be changed again.
        let text = name == "MOD" && a.v.is_exact(Kind::Str);
        let (l, r) = (self.operand(a)?, self.operand(b).or(if text { Some(None) } else { None })?);
        let in_place = name.starts_with('I') && name != "INVERT";
        let bytes = |v: Value| v.is_exact(Kind::Bytes) || v.is_exact(Kind::ByteArray);
        let again = a.v.is_exact(Kind::List)
            || (a.v.is_exact(Kind::ByteArray) && name == "IADD" && bytes(b.v))
            || (a.v.is_exact(Kind::Set) && name != "IXOR");
        let changes = in_place && a.v.is_obj() && !plain_value(a.v) && !a.v.is_exact(Kind::Tuple);
        if (changes && !again) || !known(self, a) || !(text || known(self, b)) {
            return None;
        }
        let v = self.quiet2(name, f, if changes { FILLS } else { READS }, a, b)?;
        let kind = [l, r].into_iter().flatten().find(|k| v.v.is_exact(*k));
        Some(match kind {
            Some(k) if changes || matches!(k, Kind::Str | Kind::List | Kind::Tuple) => self.is_a(v, k),
            _ => v,
        })
    }
    /// What operators may be applied to: None if it runs Python code or has items that would be lost; of builtin kinds
    /// their kind.
    fn operand(self, a: T<Value>) -> Option<Option<Kind>> {
        if !a.v.is_obj() {
            return Some(None);
        }
        let t = self.i.th.type_of(a.v);
        if t.heap_type() || t.slots.iternext.is_some() {
            return None;
        }
        Some(Kind::ALL.get(a.v.shape_id() as usize).copied())
    }
    /// The order of two strings. None: they are none, or it is not asked for.
    pub fn str_order(self, name: &str, a: T<Value>, b: T<Value>) -> Option<bool> {
        if !a.v.is_exact(Kind::Str) || !b.v.is_exact(Kind::Str) {
            return None;
        }
        let (swap, yes) = match name {
            "LT" => (false, true),
            "GE" => (false, false),
            "GT" => (true, true),
            "LE" => (true, false),
            _ => return None,
        };
        if !self.of_shape(a) || !self.of_shape(b) {
            return None;
        }
        let (a, b) = if swap { (b, a) } else { (a, b) };
        Some(self.asks("str_lt", helpers::str_lt, SAME, a, b)? == yes)
    }
    /// A question to objects that no Python code answers; None: it declines.
    fn asks(self, name: &'static str, f: Asks, effects: Effects, a: T<Value>, b: T<Value>) -> Option<bool> {
        let v = unsafe { f(a.v, b.v) };
        if v > 1 {
            return None;
        }
        let core = &mut self.rec().core;
        let r = core.call(Op::CallInt, Callee { name, addr: f as *const () as usize, effects }, &[a.r, b.r]);
        let x = core.int(v as i64);
        let c = core.op(Op::Eq, r, x);
        // That it declines is neither.
        self.rec().guard(c, true);
        Some(v == 1)
    }
    /// `k in c` of strings, and of tables with keys that are strings or small ints.
    fn has(self, c: T<Value>, k: T<Value>) -> Option<bool> {
        let text = k.v.is_exact(Kind::Str);
        if c.v.is_exact(Kind::Str) && text {
            return (self.of_shape(c) && self.of_shape(k))
                .then(|| self.asks("str_has", helpers::str_has, SAME, c, k))?;
        }
        if !(text || k.v.is_fix()) {
            return None;
        }
        let table = [Kind::Dict, Kind::Set, Kind::FrozenSet].iter().any(|x| c.v.is_exact(*x));
        let like = !table && like_dict(self, c.v, n!(__contains__));
        if !(table || like) || !self.of_shape(c) || !known(self, k) {
            return None;
        }
        let f = if like { helpers::dict_has } else { helpers::table_has };
        self.asks("table_has", f, Effects::READS.or(Effects::SAME), c, k)
    }
    /// Whether a string is the constant `k`, where both are the only ones of their texts: programs choose by names what
    /// to do next, and compare one with many.
    fn same_name(self, a: T<Value>, k: T<Value>) -> Option<bool> {
        let unique = |v: Value| unsafe { helpers::interned(v) };
        if k.r.as_const().is_none() || a.r.as_const().is_some() || unique(a.v) & unique(k.v) == 0 {
            return None;
        }
        if chars::is_char(self, a) {
            return Some(self.test(self.same(a, k)));
        }
        if !self.of_shape(a) {
            return None;
        }
        let core = &mut self.rec().core;
        let f = Callee { name: "interned", addr: helpers::interned as *const () as usize, effects: SAME };
        let r = core.call(Op::CallInt, f, &[a.r]);
        let one = core.int(1);
        let c = core.op(Op::Eq, r, one);
        self.rec().guard(c, true);
        Some(self.test(self.same(a, k)))
    }
    /// Comparison of values of builtin types.
    pub fn quiet_compare(self, name: &'static str, f: Fn2, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        if matches!(name, "EQ" | "NE") && a.v.is_exact(Kind::Str) && b.v.is_exact(Kind::Str) {
            if let Some(same) = self.same_name(a, b).or_else(|| self.same_name(b, a)) {
                return Some(self.constant(Value::bool(same == (name == "EQ"))));
            }
            let f = if name == "EQ" { helpers::str_eq } else { helpers::str_ne };
            return (self.of_shape(a) && self.of_shape(b)).then(|| self.leaf2(name, f, SAME, a, b))?;
        }
        if let Some(r) = derived::compare(self, name, a, b) {
            return Some(r);
        }
        for x in [a, b] {
            if self.operand(x).is_none() && !derived::compares_natively(self, x) {
                return None;
            }
        }
        (known(self, a) && known(self, b)).then(|| self.quiet2(name, f, READS, a, b))?
    }
    pub fn quiet_unary(self, name: &'static str, f: Fn1, a: T<Value>) -> Option<T<Value>> {
        self.operand(a)?;
        known(self, a).then(|| self.quiet1(name, f, READS, a))?
    }
}
/// Records the instruction. Some: it is done, its result is in its register; so many instructions are jumped over.
#[inline(never)]
pub fn record(m: Recorder, i: Ins) -> Option<isize> {
    if i.op() == Bc::JIn {
        if let Some(b) = m.has(m.reg(i.b()), m.reg(i.a())) {
            return Some(if b == (i.x() != 0) { i.ci() as isize } else { 0 });
        }
        let r = contains(m, m.reg(i.b()), m.reg(i.a()))?;
        return Some(if m.is_singleton(r, TRUE()) == (i.x() != 0) { i.ci() as isize } else { 0 });
    }
    if i.op() == Bc::JNotExc {
        let r = m.quiet2("JNotExc", helpers::exc_matches, READS, m.reg(i.a()), m.reg(i.b()))?;
        return Some(if m.is_singleton(r, TRUE()) { 0 } else { i.ci() as isize });
    }
    // The next item was there: the jump to the end of the loop is passed over.
    operation(m, i).map(|()| matches!(i.op(), Bc::ForIter | Bc::Send) as isize)
}
/// `ForIter` where there is an item.
fn item(m: Recorder, i: Ins) -> Option<()> {
    let it = m.reg(i.a());
    if !it.v.is_obj() || !m.of_shape(it) {
        return None;
    }
    let r = next_item(m, it)?;
    m.set_reg(i.b(), r);
    Some(())
}
/// The next item of an iterator whose shape was tested: that says which function gives it.
fn next_item(m: Recorder, it: T<Value>) -> Option<T<Value>> {
    let effects = Effects::READS.or(Effects::STEPS);
    let (th, t) = (m.i.th, m.i.th.type_of(it.v));
    let next = t.slots.iternext?;
    if helpers::steps_alone(t, it.v.shape_id()) {
        // SAFETY: `next` is what the type of `it` has for its iterators.
        let v = Value::from_word(unsafe { helpers::step_alone(th, next, it.v) })?;
        let f = m.address(next as usize);
        return Some(m.quiet("ForIter", helpers::step_alone as *const () as usize, effects, &[f, it.r], v));
    }
    if let Some(inner) = t.native.inner.filter(|_| !t.heap_type()) {
        // SAFETY: the same of `next` and `inner`.
        let v = Value::from_word(unsafe { helpers::step_over(th, next, inner, it.v) })?;
        let (f, g) = (m.address(next as usize), m.address(inner as usize));
        return Some(m.quiet("ForIter", helpers::step_over as *const () as usize, effects, &[f, g, it.r], v));
    }
    m.quiet1("ForIter", helpers::iter_next, effects, it)
}
fn done_in(m: Recorder, at: usize, r: T<Value>) -> Option<()> {
    m.set_reg(at, r);
    Some(())
}
/// A display of a few constant names.
fn display(m: Recorder, i: Ins) -> Option<T<Value>> {
    let n = i.c();
    if n > small_dicts::MOST {
        return None;
    }
    let (mut keys, mut values) = (Few::new(), Few::new());
    for k in 0..n {
        let name = m.reg(i.b() + 2 * k);
        name.r.as_const()?;
        keys.push(name)?;
        values.push(m.reg(i.b() + 2 * k + 1))?;
    }
    small_dicts::make(m, &keys, &values)
}
fn operation(m: Recorder, i: Ins) -> Option<()> {
    let done = |r: T<Value>| {
        m.set_reg(i.a(), r);
        Some(())
    };
    match i.op() {
        Bc::Call => call(m, i, Given { at: i.a() + 1, n: i.b(), names: None }, i.c()),
        Bc::CallMethod => {
            let plain = m.reg_is_null(i.a() + 1) as usize;
            call(m, i, Given { at: i.a() + 1 + plain, n: i.b() - plain, names: None }, i.c())
        }
        Bc::CallKw => {
            let plain = (i.x() != 0 && m.reg_is_null(i.a() + 1)) as usize;
            let names = Some(m.reg(i.a() + 1 + i.b()));
            call(m, i, Given { at: i.a() + 1 + plain, n: i.b() - plain, names }, i.c())
        }
        Bc::GetItem => done(get_item(m, m.reg(i.b()), m.reg(i.c()))?),
        Bc::GetItemI => done(get_item(m, m.reg(i.b()), m.fixnum(i.ci() as i64))?),
        Bc::SetItem => set_item(m, m.reg(i.a()), m.reg(i.b()), m.reg(i.c())),
        Bc::DictSet => {
            m.quiet3("DictSet", helpers::dict_set, FILLS, m.reg(i.a()), m.reg(i.b()), m.reg(i.c()))?;
            Some(())
        }
        Bc::SetAdd => {
            let s = m.reg(i.a());
            if !s.v.is_exact(Kind::Set) || !m.of_shape(s) {
                return None;
            }
            m.leaf2("SetAdd", helpers::set_put, FILLS, s, m.reg(i.b()))?;
            Some(())
        }
        Bc::ListAppend => {
            m.leaf2("ListAppend", helpers::list_put, FILLS, m.reg(i.a()), m.reg(i.b()))?;
            Some(())
        }
        Bc::BuildSet if i.c() <= 8 => {
            // Where an item cannot be added, nobody has seen the set.
            let s = m.is_a(m.quiet1("BuildSet", helpers::empty_set, READS, m.fixnum(0))?, Kind::Set);
            for k in 0..i.c() {
                m.leaf2("SetAdd", helpers::set_put, FILLS, s, m.reg(i.b() + k))?;
            }
            done(s)
        }
        Bc::ListToTuple => {
            if let Some(t) = containers::as_tuple(m, m.reg(i.b())) {
                return done(t);
            }
            done(m.is_a(m.quiet1("ListToTuple", helpers::list_to_tuple, READS, m.reg(i.b()))?, Kind::Tuple))
        }
        Bc::ListExtend => {
            let o = m.reg(i.b());
            if !o.v.is_obj() || !container(o.v.shape_id()) || !m.of_shape(o) {
                return None;
            }
            if let Some(l) = containers::extended(m, m.reg(i.a()), o) {
                return done(l);
            }
            m.quiet2("ListExtend", helpers::list_extend, FILLS, m.reg(i.a()), o)?;
            Some(())
        }
        Bc::In => {
            if let Some(b) = m.has(m.reg(i.c()), m.reg(i.b())) {
                return done(m.constant(Value::bool(b == (i.x() == 0))));
            }
            let r = contains(m, m.reg(i.c()), m.reg(i.b()))?;
            let r = if i.x() == 0 { r } else { m.constant(Value::bool(!m.is_singleton(r, TRUE()))) };
            done(r)
        }
        Bc::Neg | Bc::Pos | Bc::Invert => {
            let f: Fn1 = match i.op() {
                Bc::Neg => builtins::ops::neg,
                Bc::Pos => builtins::ops::pos,
                _ => builtins::ops::invert,
            };
            done(m.quiet_unary("unary", f, m.reg(i.b()))?)
        }
        Bc::Pow => {
            let (a, b) = (m.reg(i.b()), m.reg(i.c()));
            done(m.quiet_binary("POW", builtins::ops::pow, a, b)?)
        }
        Bc::GetLen => {
            let o = m.reg(i.b());
            if !o.v.is_obj() || !container(o.v.shape_id()) || !m.of_shape(o) {
                return None;
            }
            done(m.quiet1("GetLen", helpers::len, READS, o)?)
        }
        Bc::GetIter | Bc::GetYieldFromIter => {
            let o = m.reg(i.b());
            if !o.v.is_obj() {
                return None;
            }
            let shape = o.v.shape_id();
            if own_iterator(shape) {
                return if m.of_shape(o) { done(o) } else { None };
            }
            if !container(shape) || !m.of_shape(o) {
                return None;
            }
            done(m.quiet1("GetIter", helpers::iter, READS, o)?)
        }
        Bc::BuildTuple => done(tuple(m, i.b(), i.c())?),
        Bc::BuildList => done(list(m, i.b(), i.c())?),
        Bc::BuildDict if i.c() == 0 => done(empty_dict(m)),
        Bc::BuildDict => {
            if let Some(d) = display(m, i) {
                return done(d);
            }
            let items = tuple(m, i.b(), 2 * i.c())?;
            done(m.is_a(m.quiet1("BuildDict", helpers::dict_of_tuple, READS, items)?, Kind::Dict))
        }
        Bc::DictUpdate | Bc::DictMerge => {
            let (d, v) = (m.reg(i.a()), m.reg(i.b()));
            if !v.v.is_exact(Kind::Dict) || !m.of_shape(v) {
                return None;
            }
            if is_empty_dict(m, v) {
                return Some(());
            }
            // Nobody else has a dict under construction, so another may take its place.
            // The names of keyword arguments are tested by the call.
            if (i.op() == Bc::DictMerge || containers::made_here(m, v))
                && let Some(keys) = small_dicts::keys(m, v)
                && is_empty_dict(m, d)
            {
                let values = small_dicts::values(m, v, &keys)?;
                return done(small_dicts::make(m, &keys, &values)?);
            }
            let f = if i.op() == Bc::DictUpdate { helpers::dict_update } else { helpers::dict_merge };
            m.quiet2("DictUpdate", f, FILLS, d, v).map(|_| ())
        }
        Bc::LoadSpecial => load_special(m, i),
        Bc::PushExc => {
            let e = m.reg(i.b());
            let old = m.quiet1("handled", helpers::handled, READS, m.fixnum(0))?;
            let none = m.is_singleton(old, NONE());
            m.quiet1("PushExc", helpers::set_handled, FILLS, e)?;
            if none {
                m.clear_reg(i.a());
                return Some(());
            }
            done(old)
        }
        Bc::PopExc => {
            let e = if m.reg_is_null(i.a()) { m.constant(NONE()) } else { m.reg(i.a()) };
            m.quiet1("PopExc", helpers::set_handled, FILLS, e).map(|_| ())
        }
        Bc::BuildSlice => {
            let step = if i.x() == 3 { m.reg(i.b() + 2) } else { m.constant(NONE()) };
            let (start, stop) = (m.reg(i.b()), m.reg(i.b() + 1));
            let v = builtins::slice::new(m.i.th, start.v, stop.v, step.v);
            let at = |s: usize, r: T<Value>| (s as u32, r.r);
            done(new(
                m,
                Kind::Slice,
                v,
                size_of::<Slice>(),
                &[
                    at(offset_of!(Slice, start), start),
                    at(offset_of!(Slice, stop), stop),
                    at(offset_of!(Slice, step), step),
                ],
            ))
        }
        Bc::BuildString => {
            let mut r = m.reg(i.b());
            for k in 1..i.c() {
                let next = m.reg(i.b() + k);
                r = match m.constant_text(helpers::concat, r, next) {
                    Some(s) => s,
                    None => m.quiet2("BuildString", helpers::concat, READS, r, next)?,
                };
            }
            done(m.is_a(r, Kind::Str))
        }
        Bc::Format => {
            let o = m.reg(i.b());
            if o.v.is_exact(Kind::Str) {
                return if m.of_shape(o) { done(o) } else { None };
            }
            if plain_value(o.v) && !m.plain(o) {
                return None;
            }
            done(m.is_a(m.quiet1("Format", helpers::format, READS, o)?, Kind::Str))
        }
        Bc::FormatSpec => {
            let (o, spec) = (m.reg(i.b()), m.reg(i.c()));
            if !plain_value(spec.v) || (plain_value(o.v) && !m.plain(o)) || !m.plain(spec) {
                return None;
            }
            done(m.is_a(m.quiet2("FormatSpec", builtins::ops::format, READS, o, spec)?, Kind::Str))
        }
        Bc::Convert if i.x() != 3 => {
            let o = m.reg(i.b());
            if plain_value(o.v) && !m.plain(o) {
                return None;
            }
            let f: Fn1 = if i.x() == 1 { helpers::to_str } else { helpers::repr };
            done(m.is_a(m.quiet1("Convert", f, READS, o)?, Kind::Str))
        }
        Bc::MakeCell => {
            let a = m.reg_or_null(i.a());
            let c = m.i.th.cell(a.v);
            let r = new(m, Kind::Cell, c.value(), size_of::<Cell>(), &[(offset_of!(Cell, v) as u32, a.r)]);
            done(r)
        }
        Bc::LoadCommon if !matches!(Common::from_num(i.b()), Common::BuiltinAll | Common::BuiltinAny) => {
            slow::load_common(m.i.th, i).ok()?;
            done(m.constant(m.i.reg(i.a())))
        }
        Bc::ForIter => item(m, i),
        Bc::Send if fast::sends_none(m, i).is_ok() => item(m, fast::send_as_for_iter(i)),
        Bc::MakeFunction => functions::make(m, i),
        Bc::SetFuncAttr => functions::set(m, i),
        Bc::CopyFree => copy_free(m, i),
        Bc::LoadName => {
            module_frame(m)?;
            let e = m.ic(i.c()).entry.load(Acquire);
            let c = Value::from_word(e as u64)?;
            done(m.global_cell(unsafe { c.cast_unchecked() })?)
        }
        Bc::StoreName => {
            module_frame(m)?;
            store_global(m, i)
        }
        Bc::StoreGlobal => store_global(m, i),
        Bc::LoadSuperAttr if i.x() & 1 != 0 => super_method(m, i),
        Bc::DelItem => {
            let (o, k) = (m.reg(i.a()), m.reg(i.b()));
            if !(o.v.is_exact(Kind::Dict) || o.v.is_exact(Kind::List)) || !m.of_shape(o) {
                return None;
            }
            m.quiet2("DelItem", helpers::del_item, FILLS, o, k)?;
            Some(())
        }
        Bc::UnpackEx => {
            let (o, before, after) = (m.reg(i.b()), i.c(), i.x() as usize);
            if !(o.v.is_exact(Kind::List) || o.v.is_exact(Kind::Tuple)) || !m.of_shape(o) {
                return None;
            }
            let counts = m.fixnum((before as i64) << 32 | after as i64);
            let t = m.is_a(m.quiet2("UnpackEx", helpers::unpack_ex, READS, o, counts)?, Kind::Tuple);
            for k in 0..=before + after {
                let v = m.get(t, Field((size_of::<Tuple>() + 8 * k) as u32));
                m.set_reg(i.a() + k, v);
            }
            Some(())
        }
        Bc::MatchSequence => done(patterns::has_flag(m, m.reg(i.b()), tflags::SEQUENCE)?),
        Bc::MatchMapping => done(patterns::has_flag(m, m.reg(i.b()), tflags::MAPPING)?),
        Bc::MatchClass => done(patterns::class(m, i)?),
        Bc::LoadMethod => load_method(m, i),
        Bc::CallEx => done_in(m, i.c(), call_ex(m, i)?),
        Bc::LoadAttr => {
            let o = m.reg(i.b());
            if o.v.is_kind(Kind::Type) || fast::entry_of(m.ic(i.c()), o.v).is_none() {
                return done(attribute(m, i, o)?);
            }
            let e = fast::entry_of(m.ic(i.c()), o.v)?;
            if e.tag == crate::interp::ic::tag::DESCRIPTOR {
                let d = e.value.value();
                let t = m.i.th.type_of(d);
                let class = m.i.th.lookup(builtins::object::OBJECT.get(), crate::n!(__class__));
                if class.is_some_and(|c| c.is(d)) && o.v.is_obj() && !o.v.is_kind(Kind::Type) && known(m, o) {
                    return done(m.constant(m.i.th.type_of(o.v).value()));
                }
                // `o.__dict__`: a dict may be made, which changes the object.
                if builtins::descr::gives_dict(d) && known(m, o) {
                    let effects = READS.or(Effects::WRITES);
                    return done(m.quiet2("__dict__", helpers::descriptor, effects, m.constant(d), o)?);
                }
                // Fields of named tuples; what builtin types' own attributes are.
                let own = d.is_exact(Kind::GetSetDescriptor)
                    && (plain_value(o.v) || (o.v.is_obj() && settled(m, o.v)));
                if !(own || (!t.heap_type() && t.native.name == "collections._tuplegetter")) || !known(m, o) {
                    return None;
                }
                return done(m.quiet2("descriptor", helpers::descriptor, READS, m.constant(d), o)?);
            }
            if e.tag == crate::interp::ic::tag::METHOD && e.value.value().is_exact(Kind::MethodDescriptor) {
                return done(attribute(m, i, o)?);
            }
            if e.tag != crate::interp::ic::tag::METHOD
                || !e.value.value().is_exact(Kind::Function)
                || !m.of_shape(o)
            {
                return None;
            }
            done(bound_method(m, e.value.value(), o))
        }
        _ => None,
    }
}
