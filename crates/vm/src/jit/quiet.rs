//! *Quiet* operations: those on builtin types that run no Python code. A trace calls their runtime function directly:
//! nothing of the interpreter's state has to be in memory, nothing that is known gets lost but what the function writes.
//!
//! What is quiet is decided when the operation is recorded, from the types seen, which are tested; what tests would not
//! settle (the keys of dicts) the called function looks at. It answers null if it declines or would raise, without having
//! done anything: then the trace is left and the interpreter carries the operation out.

use super::machine::{Recorder, T};
use super::{helpers, watch};
use crate::builtins;
use crate::builtins::dict_attrs::ATTRS;
use crate::builtins::dict_table::CELLS;
use crate::interp::machine::*;
use crate::interp::{fast, slow};
use crate::n;
use crate::native::{Imp, Inline, NativeDef, tflags};
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{Common, Ins, Op as Bc};
use adder_metatrace::ir::{Callee, Inst, Op, R as Ir};
use adder_metatrace::{Cmp, Effects, Field, Machine};
use std::mem::offset_of;
use std::sync::atomic::Ordering::Acquire;

const READS: Effects = Effects::READS.or(Effects::RAISES);
const FILLS: Effects = READS.or(Effects::FILLS);

/// What an argument of a native function may be: `P` plain (numbers, strings, bytes, None), `A` anything (it is only
/// stored), `K` a key (whose hash and comparison need no Python code; the called function looks), `C` a builtin
/// container, `S` a sequence of strings. A last letter holds for all that follow.
struct Row(&'static str, &'static str, Effects);

/// Methods by type. `*`: all others.
const METHODS: &[(&str, &[Row])] = &[
    (
        "str",
        &[
            Row("join", "S", READS),
            Row("format", "-", READS),
            Row("format_map", "-", READS),
            Row("translate", "-", READS),
            Row("encode", "-", READS),
            Row("*", "P", READS),
        ],
    ),
    ("bytes", &[Row("join", "-", READS), Row("decode", "-", READS), Row("*", "P", READS)]),
    ("int", &[Row("*", "P", READS)]),
    ("float", &[Row("*", "P", READS)]),
    (
        "list",
        &[
            Row("append", "A", FILLS),
            Row("pop", "P", FILLS),
            Row("insert", "PA", FILLS),
            Row("extend", "C", FILLS),
            Row("reverse", "", FILLS),
            Row("clear", "", FILLS),
            Row("copy", "", READS),
        ],
    ),
    (
        "dict",
        &[
            Row("get", "KA", READS),
            Row("pop", "KA", FILLS),
            Row("setdefault", "KA", FILLS),
            Row("keys", "", READS),
            Row("values", "", READS),
            Row("items", "", READS),
            Row("copy", "", READS),
            Row("clear", "", FILLS),
        ],
    ),
    (
        "set",
        &[
            Row("add", "K", FILLS),
            Row("discard", "K", FILLS),
            Row("remove", "K", FILLS),
            Row("clear", "", FILLS),
            Row("copy", "", READS),
            Row("pop", "", FILLS),
        ],
    ),
    ("frozenset", &[Row("copy", "", READS)]),
    ("bytearray", &[Row("append", "P", FILLS), Row("pop", "P", FILLS), Row("clear", "", FILLS)]),
    (
        "collections.deque",
        &[
            Row("append", "A", FILLS),
            Row("appendleft", "A", FILLS),
            Row("pop", "", FILLS),
            Row("popleft", "", FILLS),
            Row("clear", "", FILLS),
            Row("rotate", "P", FILLS),
        ],
    ),
    ("array.array", &[Row("append", "P", FILLS), Row("pop", "P", FILLS), Row("tolist", "", READS)]),
    (
        "_io.BytesIO",
        &[
            Row("write", "P", FILLS),
            Row("read", "P", FILLS),
            Row("tell", "", READS),
            Row("seek", "P", FILLS),
            Row("getvalue", "", READS),
        ],
    ),
    ("_io.StringIO", &[Row("write", "P", FILLS), Row("getvalue", "", READS)]),
    ("_random.Random", &[Row("random", "", FILLS), Row("getrandbits", "P", FILLS)]),
];
const FUNCTIONS: &[(&str, &[Row])] = &[
    (
        "builtins",
        &[
            Row("abs", "P", READS),
            Row("ascii", "P", READS),
            Row("bin", "P", READS),
            Row("callable", "A", READS),
            Row("chr", "P", READS),
            Row("divmod", "P", READS),
            Row("hash", "P", READS),
            Row("hex", "P", READS),
            Row("id", "A", READS),
            Row("len", "C", READS),
            Row("max", "P", READS),
            Row("min", "P", READS),
            Row("oct", "P", READS),
            Row("ord", "P", READS),
            Row("pow", "P", READS),
            Row("repr", "P", READS),
            Row("round", "P", READS),
        ],
    ),
    ("math", &[Row("*", "P", READS)]),
    ("_struct", &[Row("pack", "P", READS), Row("unpack", "P", READS), Row("calcsize", "P", READS)]),
    ("time", &[Row("perf_counter", "", FILLS), Row("monotonic", "", FILLS), Row("time", "", FILLS)]),
];
fn row(table: &'static [(&str, &[Row])], owner: &str, name: &str) -> Option<&'static Row> {
    let rows = table.iter().find(|t| t.0 == owner)?.1;
    rows.iter().find(|r| r.0 == name || r.0 == "*")
}

/// Most arguments of a native function, the receiver among them.
const MOST: usize = 4;

fn plain_kind(shape: u32) -> bool {
    const PLAIN: &[Kind] = &[
        Kind::Int,
        Kind::Float,
        Kind::Bool,
        Kind::Complex,
        Kind::Str,
        Kind::Bytes,
        Kind::NoneType,
        Kind::EllipsisType,
    ];
    PLAIN.iter().any(|k| *k as u32 == shape) || (shape >= Kind::ALL.len() as u32 && decimal(shape))
}
fn decimal(shape: u32) -> bool {
    let t = crate::shape::shape(shape).type_;
    !t.heap_type() && t.native.name == "decimal.Decimal"
}
fn container(shape: u32) -> bool {
    const CONTAINERS: &[Kind] = &[
        Kind::Str,
        Kind::Bytes,
        Kind::ByteArray,
        Kind::Tuple,
        Kind::List,
        Kind::Dict,
        Kind::DictKeys,
        Kind::DictValues,
        Kind::DictItems,
        Kind::Set,
        Kind::FrozenSet,
        Kind::Range,
    ];
    CONTAINERS.iter().any(|k| *k as u32 == shape)
}
/// Iterators whose `iter()` they are themselves.
fn own_iterator(shape: u32) -> bool {
    const ITERATORS: &[Kind] = &[
        Kind::Generator,
        Kind::ListIter,
        Kind::ListRevIter,
        Kind::TupleIter,
        Kind::RangeIter,
        Kind::LongRangeIter,
        Kind::StrIter,
        Kind::StrAsciiIter,
        Kind::BytesIter,
        Kind::DictIter,
        Kind::DictValueIter,
        Kind::DictItemIter,
        Kind::DictRevIter,
        Kind::DictRevValueIter,
        Kind::DictRevItemIter,
        Kind::SetIter,
        Kind::SeqIter,
        Kind::Enumerate,
        Kind::Reversed,
        Kind::Zip,
        Kind::Map,
        Kind::Filter,
    ];
    ITERATORS.iter().any(|k| *k as u32 == shape)
}

/// Neither hash nor comparison of this value runs Python code.
pub fn simple_key(th: Th, k: Value, depth: usize) -> bool {
    if !k.is_obj() {
        return true;
    }
    let shape = k.shape_id();
    if plain_kind(shape) {
        return true;
    }
    if shape == Kind::Tuple as u32 {
        let t: Gc<Tuple> = unsafe { k.cast_unchecked() };
        return depth < 3 && t.items().iter().all(|x| simple_key(th, *x, depth + 1));
    }
    if shape == Kind::Slice as u32 {
        let s: Gc<Slice> = unsafe { k.cast_unchecked() };
        return [&s.start, &s.stop, &s.step].iter().all(|x| simple_key(th, x.value(), 3));
    }
    let s = &th.type_of(k).slots;
    // Subclasses of int and str that hash and compare as these do.
    let like = |v: Value| {
        let b = &th.type_of(v).slots;
        s.hash.map(|f| f as usize) == b.hash.map(|f| f as usize)
            && s.richcompare.map(|f| f as usize) == b.richcompare.map(|f| f as usize)
    };
    if (k.is_kind(Kind::Int) && like(Value::fix(0)))
        || (k.is_kind(Kind::Str) && like(crate::thread::Root::empty_str.value()))
    {
        return true;
    }
    s.hash.map(|f| f as usize) == builtins::object::SLOTS.hash.map(|f| f as usize)
        && s.richcompare.map(|f| f as usize) == builtins::object::SLOTS.richcompare.map(|f| f as usize)
}

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
    fn is_a(self, r: T<Value>, kind: Kind) -> T<Value> {
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

    /// Arithmetic of plain values and joining of sequences.
    pub fn quiet_binary(self, name: &'static str, f: Fn2, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        if plain_value(a.v) && plain_value(b.v) {
            let r = (self.plain(a) && self.plain(b)).then(|| self.quiet2(name, f, READS, a, b))??;
            return Some(self.is_a(r, Kind::Str));
        }
        let sequence = |v: Value| v.is_exact(Kind::List) || v.is_exact(Kind::Tuple);
        if sequence(a.v) && (sequence(b.v) || b.v.is_fix()) && matches!(name, "ADD" | "MUL" | "IADD" | "IMUL")
        {
            let kind = if a.v.is_exact(Kind::List) { Kind::List } else { Kind::Tuple };
            if !self.of_shape(a) || !(if b.v.is_fix() { self.immediate(b) } else { self.of_shape(b) }) {
                return None;
            }
            let r = self.quiet2(name, f, FILLS, a, b)?;
            return Some(self.is_a(r, kind));
        }
        // Text formatting with a tuple of plain values.
        if name == "MOD" && a.v.is_exact(Kind::Str) && b.v.is_exact(Kind::Tuple) {
            if !self.of_shape(a) || !self.of_shape(b) {
                return None;
            }
            let r = self.quiet2(name, helpers::format_tuple, READS, a, b)?;
            return Some(self.is_a(r, Kind::Str));
        }
        None
    }
    /// Comparison of plain values.
    pub fn quiet_compare(self, name: &'static str, f: Fn2, a: T<Value>, b: T<Value>) -> Option<T<Value>> {
        (plain_value(a.v) && plain_value(b.v) && self.plain(a) && self.plain(b))
            .then(|| self.quiet2(name, f, READS, a, b))?
    }
    pub fn quiet_unary(self, name: &'static str, f: Fn1, a: T<Value>) -> Option<T<Value>> {
        (plain_value(a.v) && self.plain(a)).then(|| self.quiet1(name, f, READS, a))?
    }
}

fn plain_value(v: Value) -> bool {
    !v.is_obj() || plain_kind(v.shape_id())
}

/// Records the instruction. Some: it is done, its result is in its register; so many instructions are jumped over.
#[inline(never)]
pub fn record(m: Recorder, i: Ins) -> Option<isize> {
    if i.op() == Bc::JIn {
        let r = contains(m, m.reg(i.b()), m.reg(i.a()))?;
        return Some(if m.is_singleton(r, TRUE()) == (i.x() != 0) { i.ci() as isize } else { 0 });
    }
    // The next item was there: the jump to the end of the loop is passed over.
    operation(m, i).map(|()| (i.op() == Bc::ForIter) as isize)
}
fn operation(m: Recorder, i: Ins) -> Option<()> {
    let done = |r: T<Value>| {
        m.set_reg(i.a(), r);
        Some(())
    };
    match i.op() {
        Bc::Call => call(m, i, i.a() + 1, i.b(), i.c()),
        Bc::CallMethod => {
            let plain = m.reg_is_null(i.a() + 1) as usize;
            call(m, i, i.a() + 1 + plain, i.b() - plain, i.c())
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
            m.quiet2("SetAdd", helpers::set_add, FILLS, s, m.reg(i.b()))?;
            Some(())
        }
        Bc::ListAppend => {
            m.quiet2("ListAppend", helpers::list_append, FILLS, m.reg(i.a()), m.reg(i.b()))?;
            Some(())
        }
        Bc::In => {
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
        Bc::GetIter => {
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
        Bc::BuildDict if i.c() == 0 => {
            done(m.is_a(m.quiet1("BuildDict", helpers::dict, READS, m.fixnum(0))?, Kind::Dict))
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
                r = m.quiet2("BuildString", helpers::concat, READS, r, m.reg(i.b() + k))?;
            }
            done(m.is_a(r, Kind::Str))
        }
        Bc::Format => {
            let o = m.reg(i.b());
            if o.v.is_exact(Kind::Str) {
                return if m.of_shape(o) { done(o) } else { None };
            }
            if !plain_value(o.v) || !m.plain(o) {
                return None;
            }
            done(m.is_a(m.quiet1("Format", helpers::format, READS, o)?, Kind::Str))
        }
        Bc::FormatSpec => {
            let (o, spec) = (m.reg(i.b()), m.reg(i.c()));
            if !plain_value(o.v) || !plain_value(spec.v) || !m.plain(o) || !m.plain(spec) {
                return None;
            }
            done(m.is_a(m.quiet2("FormatSpec", builtins::ops::format, READS, o, spec)?, Kind::Str))
        }
        Bc::Convert if i.x() != 3 => {
            let o = m.reg(i.b());
            if !plain_value(o.v) || !m.plain(o) {
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
        Bc::ForIter => {
            let it = m.reg(i.a());
            if !it.v.is_obj() || !m.of_shape(it) {
                return None;
            }
            let r = m.quiet1("ForIter", helpers::iter_next, Effects::READS.or(Effects::STEPS), it)?;
            m.set_reg(i.b(), r);
            Some(())
        }
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
        Bc::LoadSuperAttr if i.x() != 0 => super_method(m, i),
        Bc::DelItem => {
            let (o, k) = (m.reg(i.a()), m.reg(i.b()));
            if !(o.v.is_exact(Kind::Dict) || o.v.is_exact(Kind::List)) || !m.of_shape(o) {
                return None;
            }
            m.quiet2("DelItem", helpers::del_item, FILLS, o, k)?;
            Some(())
        }
        Bc::LoadAttr => {
            let o = m.reg(i.b());
            let e = fast::entry_of(m.ic(i.c()), o.v)?;
            if e.tag == crate::interp::ic::tag::DESCRIPTOR {
                let d = e.value.value();
                let t = m.i.th.type_of(d);
                // Fields of named tuples; what builtin types' own attributes are.
                let own = d.is_exact(Kind::GetSetDescriptor) && plain_value(o.v);
                if !(own || (!t.heap_type() && t.native.name == "collections._tuplegetter")) || !known(m, o) {
                    return None;
                }
                return done(m.quiet2("descriptor", helpers::descriptor, READS, m.constant(d), o)?);
            }
            if e.tag != crate::interp::ic::tag::METHOD
                || !e.value.value().is_exact(Kind::Function)
                || !m.of_shape(o)
            {
                return None;
            }
            let f = m.constant(e.value.value());
            let v = m.i.th.method(f.v, o.v);
            done(new(
                m,
                Kind::Method,
                v,
                size_of::<Method>(),
                &[(offset_of!(Method, func) as u32, f.r), (offset_of!(Method, this) as u32, o.r)],
            ))
        }
        _ => None,
    }
}

/// A new object of a builtin kind whose fields are given.
pub fn new(m: Recorder, kind: Kind, v: Value, size: usize, fields: &[(u32, Ir)]) -> T<Value> {
    let what = (kind as i64) << 56 | (size as i64) << 32 | kind as i64;
    let core = &mut m.rec().core;
    let r = core.op_imm(Op::New, Ir::NONE, Ir::NONE, what);
    for (at, x) in fields {
        core.trace.push(Inst { a: r, b: *x, imm: *at as i64, ..Inst::new(Op::SetNew) });
    }
    T { v, r }
}

/// Longest display that is built in the trace.
const DISPLAY: usize = 16;

fn tuple(m: Recorder, at: usize, n: usize) -> Option<T<Value>> {
    if n == 0 || n > DISPLAY {
        return None;
    }
    let items: Vec<Ir> = (at..at + n).map(|k| m.reg(k).r).collect();
    let v = m.i.th.tuple(crate::interp::slow::regs(m.i.th, at, n));
    let len = m.rec().core.int(n as i64);
    let mut f = vec![(offset_of!(Tuple, len) as u32, len)];
    f.extend(items.iter().enumerate().map(|(k, x)| ((size_of::<Tuple>() + 8 * k) as u32, *x)));
    Some(new(m, Kind::Tuple, v, size_of::<Tuple>() + 8 * n, &f))
}
fn list(m: Recorder, at: usize, n: usize) -> Option<T<Value>> {
    if n > DISPLAY {
        return None;
    }
    let items: Vec<Ir> = (at..at + n).map(|k| m.reg(k).r).collect();
    let l = builtins::list::new(m.i.th, crate::interp::slow::regs(m.i.th, at, n)).ok()?;
    let array = if n == 0 {
        m.constant(builtins::list::empty_array()).r
    } else {
        let cap = m.rec().core.int(n as i64);
        let mut f = vec![(offset_of!(Array, cap) as u32, cap)];
        f.extend(items.iter().enumerate().map(|(k, x)| ((size_of::<Array>() + 8 * k) as u32, *x)));
        new(m, Kind::Array, l.items.value(), size_of::<Array>() + 8 * n, &f).r
    };
    let len = m.rec().core.int(n as i64);
    Some(new(
        m,
        Kind::List,
        l.value(),
        size_of::<List>(),
        &[(offset_of!(List, len) as u32, len), (offset_of!(List, items) as u32, array)],
    ))
}

/// The frame runs code of a module, whose names are its global variables.
fn module_frame(m: Recorder) -> Option<()> {
    let f = unsafe { &*m.i.fp };
    if m.rec().frames.len() != 1 || !f.namespace()?.is(f.globals().value()) {
        return None;
    }
    let root = m.rec().core.op_imm(Op::Base, Ir::NONE, Ir::NONE, 1);
    let same = |at: usize, want: u64| {
        let x = m.rec().core.op_imm(Op::RawGet, root, Ir::NONE, at as i64);
        let k = m.rec().core.int(want as i64);
        let c = m.rec().core.op(Op::Eq, x, k);
        m.rec().guard(c, true);
    };
    same(offset_of!(Frame, flags), f.flags);
    if f.flags & fflags::LOCALS != 0 {
        let g = m.constant(f.namespace()?);
        same(offset_of!(Frame, locals), g.v.bits());
    }
    Some(())
}
/// A store to a global variable that exists.
fn store_global(m: Recorder, i: Ins) -> Option<()> {
    let (th, f) = (m.i.th, unsafe { &*m.i.fp });
    // Of an inlined function: its own globals.
    let g = f.globals();
    let name = m.ic(i.c()).name.value();
    if !g.is_exact_dict() || !g.flag(CELLS) || g.flag(ATTRS) || g.get_str(th, name).ok()?.is_none() {
        return None;
    }
    let c = g.cell_for(th, unsafe { name.cast_unchecked() }).ok()?;
    if c.flag(watch::CELL_WATCHED) {
        // Somebody takes it for a constant: the general operation tells him.
        return None;
    }
    c.set_flag(watch::CELL_CHANGED);
    let (cell, v) = (m.constant(c.value()), m.reg(i.a()));
    let at = Field(offset_of!(DictCell, v) as u32);
    // An empty one may have been forgotten by its dict.
    let now = m.rec().core.op_imm(Op::Get, cell.r, Ir::NONE, at.0 as i64);
    let null = m.rec().core.word(0);
    let empty = m.rec().core.op(Op::Eq, now, null);
    m.rec().guard(empty, false);
    m.set(cell, at, v).ok()
}
/// `super().name(...)` where that is a plain function.
fn super_method(m: Recorder, i: Ins) -> Option<()> {
    let (sup, cls, this) = (m.reg(i.b()), m.reg_or_null(i.b() + 1), m.reg_or_null(i.b() + 2));
    let (cls, this) = (T { v: cls.v?, r: cls.r }, T { v: this.v?, r: this.r });
    if !sup.v.is(builtins::super_::SUPER.get().value()) || !cls.v.is_exact(Kind::Type) || !this.v.is_obj() {
        return None;
    }
    let name = m.ic(i.c()).name.value();
    let t = m.i.th.type_of(this.v);
    watch::watch_type(t, m.rec().tree);
    let Ok(Some((f, false))) = builtins::super_::lookup(m.i.th, cls.v, this.v, name, true) else {
        return None;
    };
    m.promote(sup);
    m.promote(cls);
    if !m.of_shape(this) {
        return None;
    }
    let f = m.constant(f);
    m.set_reg(i.a(), f);
    m.set_reg(i.a() + 1, this);
    Some(())
}

fn native_name(m: Recorder, o: Value) -> &'static str {
    let t = m.i.th.type_of(o);
    if t.heap_type() { "" } else { t.native.name }
}

/// A dict, or of a class that reads and writes its items as dict does.
fn like_dict(m: Recorder, o: Value) -> bool {
    if !o.is_kind(Kind::Dict) {
        return false;
    }
    let t = m.i.th.type_of(o);
    let (s, d) = (&t.slots, &builtins::dict::DICT.get().slots);
    if t.heap_type() {
        watch::watch_type(t, m.rec().tree);
    }
    s.getitem.map(|f| f as usize) == d.getitem.map(|f| f as usize)
        && s.setitem.map(|f| f as usize) == d.setitem.map(|f| f as usize)
}

fn get_item(m: Recorder, o: T<Value>, k: T<Value>) -> Option<T<Value>> {
    if !o.v.is_obj() {
        return None;
    }
    let shape = o.v.shape_id();
    if like_dict(m, o.v) {
        return m.of_shape(o).then(|| m.quiet2("dict[k]", helpers::dict_item, READS, o, k))?;
    }
    let slice = k.v.is_exact(Kind::Slice);
    if !slice && !k.v.is_fix() {
        return None;
    }
    let sequence = [Kind::Str, Kind::Bytes, Kind::ByteArray, Kind::Range, Kind::List, Kind::Tuple]
        .iter()
        .any(|x| *x as u32 == shape);
    if !sequence && !matches!(native_name(m, o.v), "array.array" | "collections.deque") {
        return None;
    }
    if !m.of_shape(o) || !(if slice { m.of_shape(k) } else { m.immediate(k) }) {
        return None;
    }
    let r = m.quiet2("o[k]", helpers::item, READS, o, k)?;
    Some(match Kind::ALL.get(shape as usize) {
        Some(Kind::Str) => m.is_a(r, Kind::Str),
        Some(k) if slice && sequence => m.is_a(r, *k),
        _ => r,
    })
}

fn set_item(m: Recorder, o: T<Value>, k: T<Value>, v: T<Value>) -> Option<()> {
    if !o.v.is_obj() {
        return None;
    }
    let shape = o.v.shape_id();
    if like_dict(m, o.v) {
        m.of_shape(o).then(|| m.quiet3("dict[k]=v", helpers::dict_set, FILLS, o, k, v))??;
        return Some(());
    }
    let numbers = shape == Kind::ByteArray as u32 || native_name(m, o.v) == "array.array";
    if numbers && k.v.is_fix() && !v.v.is_obj() && m.of_shape(o) && m.immediate(k) && m.immediate(v) {
        m.quiet3("o[k]=v", builtins::ops::setitem_value, FILLS, o, k, v)?;
        return Some(());
    }
    if shape == Kind::List as u32
        && k.v.is_exact(Kind::Slice)
        && v.v.is_obj()
        && container(v.v.shape_id())
        && m.of_shape(o)
        && m.of_shape(k)
        && m.of_shape(v)
    {
        m.quiet3("o[k]=v", helpers::set_slice, FILLS, o, k, v)?;
        return Some(());
    }
    let deque = native_name(m, o.v) == "collections.deque";
    if (deque || shape == Kind::List as u32) && k.v.is_fix() && m.of_shape(o) && m.immediate(k) {
        m.quiet3("o[k]=v", builtins::ops::setitem_value, FILLS, o, k, v)?;
        return Some(());
    }
    None
}

fn contains(m: Recorder, c: T<Value>, k: T<Value>) -> Option<T<Value>> {
    if !c.v.is_obj() || !container(c.v.shape_id()) || !m.of_shape(c) {
        return None;
    }
    m.quiet2("in", helpers::contains, READS, c, k)
}

fn copy_free(m: Recorder, i: Ins) -> Option<()> {
    let f = unsafe { (*m.i.fp).func };
    let t: Gc<Tuple> = unsafe { f.closure.gc_opt()? };
    let func = T { v: f.value(), r: m.rec().frame_func() };
    if func.r.as_const().is_some() {
        for (k, v) in t.items().iter().enumerate() {
            m.set_reg(i.a() + k, m.constant(*v));
        }
        return Some(());
    }
    let closure = m.get(func, Field(offset_of!(Function, closure) as u32));
    for k in 0..t.len {
        let v = m.get(closure, Field((size_of::<Tuple>() + 8 * k) as u32));
        m.set_reg(i.a() + k, v);
    }
    Some(())
}

// -- calls

fn call(m: Recorder, i: Ins, at: usize, n: usize, to: usize) -> Option<()> {
    let f = m.reg(i.a());
    if f.v.is_exact(Kind::Type) {
        let r = construct(m, f, at, n)?;
        m.set_reg(to, r);
        return Some(());
    }
    let (def, (args, count)): (&'static NativeDef, Args) = if let Some(nf) = f.v.exact::<NativeFunction>() {
        let name = nf.module.get().and_then(|v| v.exact::<Str>());
        if nf.def.inline == Inline::IsSubclass {
            let r = issubclass(m, f, nf.def, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        if nf.def.inline == Inline::IsInstance {
            let r = isinstance(m, f, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        if nf.def.sig.receiver {
            // A bound method.
            if !function(m, f, nf.def) {
                return None;
            }
            let this = m.get(f, Field(offset_of!(NativeFunction, this) as u32));
            let r = method(m, nf.def, m.i.th.type_of(this.v), this, at, n)?;
            m.set_reg(to, r);
            return Some(());
        }
        let row = row(FUNCTIONS, &m.i.th.text(name?.value()), nf.def.name)?;
        if !function(m, f, nf.def) {
            return None;
        }
        let (args, count) = arguments(m, None, at, n)?;
        let r = native(m, nf.def, row, &args[..count], 0)?;
        m.set_reg(to, r);
        return Some(());
    } else {
        let d = f.v.exact::<MethodDescriptor>()?;
        if n == 0 || !function(m, f, d.def) {
            return None;
        }
        (d.def, arguments(m, None, at, n)?)
    };
    debug_assert!(count > 0);
    let this = args[0];
    let r = method(m, def, m.i.th.type_of(this.v), this, at + 1, n - 1)?;
    m.set_reg(to, r);
    Some(())
}

/// Which function it is, not which object: a bound method is another one each time.
pub fn function(m: Recorder, f: T<Value>, def: &'static NativeDef) -> bool {
    if f.r.as_const().is_some() {
        return true;
    }
    let at = if f.v.is_exact(Kind::NativeFunction) {
        offset_of!(NativeFunction, def)
    } else {
        offset_of!(MethodDescriptor, def)
    };
    m.of_shape(f)
        && m.test(m.int_cmp(
            Cmp::Eq,
            m.get_int(f, Field(at as u32)),
            m.int_const(def as *const NativeDef as i64),
        ))
}

fn method(
    m: Recorder,
    def: &'static NativeDef,
    t: Gc<Type>,
    this: T<Value>,
    at: usize,
    n: usize,
) -> Option<T<Value>> {
    let owner = t.native.name;
    let row = row(METHODS, owner, def.name)?;
    if def.name.starts_with("__") && row.0 == "*" {
        return None;
    }
    if t.heap_type() && owner != "_random.Random" {
        return None;
    }
    if !(if this.v.is_obj() { m.of_shape(this) } else { m.immediate(this) }) {
        return None;
    }
    let (args, count) = arguments(m, Some(this), at, n)?;
    native(m, def, row, &args[..count], 1)
}

/// Arguments on the native stack, where the collector sees them, and how many.
type Args = ([T<Value>; MOST], usize);
fn arguments(m: Recorder, this: Option<T<Value>>, at: usize, n: usize) -> Option<Args> {
    let first = this.is_some() as usize;
    if first + n > MOST {
        return None;
    }
    let mut all = [this.unwrap_or(m.fixnum(0)); MOST];
    for k in 0..n {
        all[first + k] = m.reg(at + k);
    }
    Some((all, first + n))
}
/// Calls a native function with these arguments, of which the first `own` need no test.
fn native(
    m: Recorder,
    def: &'static NativeDef,
    row: &Row,
    args: &[T<Value>],
    own: usize,
) -> Option<T<Value>> {
    let d = &def.direct;
    // Those that take what comes: of plain values more than one, which are no containers.
    let raw = matches!(def.imp, Imp::Raw(_)) && own == 0 && (args.len() >= 2 || row.1 == "A");
    let direct = d.least != 255 && args.len() >= d.least as usize && args.len() <= d.most as usize;
    if !(raw || direct) || (direct && d.most as usize > MOST) || args.len() > MOST {
        return None;
    }
    let letters = row.1.as_bytes();
    let mut key = false;
    for (k, a) in args[own..].iter().enumerate() {
        let ok = match *letters.get(k).or(letters.last())? {
            b'P' => plain_value(a.v) && m.plain(*a),
            b'A' => true,
            b'K' => {
                key = true;
                true
            }
            b'C' => a.v.is_obj() && container(a.v.shape_id()) && m.of_shape(*a),
            b'S' => (a.v.is_exact(Kind::List) || a.v.is_exact(Kind::Tuple)) && m.of_shape(*a),
            _ => false,
        };
        if !ok {
            return None;
        }
    }
    let mut bits = [0; MOST];
    let mut ir = [m.rec().core.word(0); MOST];
    for (k, a) in args.iter().enumerate() {
        (bits[k], ir[k]) = (a.v.bits(), a.r);
    }
    let text = args.first().is_some_and(|a| a.v.is_exact(Kind::Str));
    let helper = match (raw, key) {
        (true, _) => helpers::native_raw,
        (_, true) => helpers::native_keyed,
        _ => helpers::native,
    };
    let v = Value::from_word(unsafe { helper(m.i.th, def, bits[0], bits[1], bits[2], bits[3]) })?;
    let def_at = m.address(def as *const NativeDef as usize);
    let r = m.quiet(def.name, helper as *const () as usize, row.2, &[def_at, ir[0], ir[1], ir[2], ir[3]], v);
    Some(if text && v.is_exact(Kind::Str) { m.is_a(r, Kind::Str) } else { r })
}

/// Instances of builtin types from plain values and builtin containers.
fn construct(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let t: Gc<Type> = f.v.exact()?;
    if n > 1 || t.heap_type() {
        return None;
    }
    let arg = (n == 1).then(|| m.reg(at));
    let name = t.native.name;
    let ok = match (name, arg) {
        ("list" | "tuple" | "dict" | "set" | "str" | "int" | "float" | "bool", None) => true,
        ("object", None) => true,
        ("int" | "float" | "str" | "bool" | "complex", Some(a)) => plain_value(a.v) && m.plain(a),
        ("list" | "tuple" | "reversed" | "enumerate" | "zip", Some(a)) => {
            a.v.is_obj() && container(a.v.shape_id()) && m.of_shape(a)
        }
        ("type", Some(a)) => return class_of(m, f, a),
        _ => false,
    };
    if !ok {
        return None;
    }
    m.promote(f);
    let r = match arg {
        None => m.quiet1(name, helpers::construct0, READS, f)?,
        Some(a) => m.quiet2(name, helpers::construct1, READS, f, a)?,
    };
    Some(match Kind::ALL.iter().find(|k| r.v.is_exact(**k)) {
        Some(&k) if r.v.is_obj() && !matches!(k, Kind::Int | Kind::Float | Kind::Object) => m.is_a(r, k),
        _ => r,
    })
}

/// Records what shape, or which kind of immediate, a value has.
fn known(m: Recorder, a: T<Value>) -> bool {
    if a.v.is_obj() { m.of_shape(a) } else { m.immediate(a) }
}
/// Records of which class a value is: None if nothing was.
fn known_class(m: Recorder, a: T<Value>) -> Option<Gc<Type>> {
    let t = m.i.th.type_of(a.v);
    // A float is the same in both its forms.
    known(m, a).then_some(t)
}
fn class_of(m: Recorder, f: T<Value>, a: T<Value>) -> Option<T<Value>> {
    m.promote(f);
    let t = known_class(m, a)?;
    Some(m.constant(t.value()))
}

/// `issubclass` of two classes whose metaclass is `type`.
fn issubclass(m: Recorder, f: T<Value>, def: &'static NativeDef, at: usize, n: usize) -> Option<T<Value>> {
    let (a, b) = if n == 2 { (m.reg(at), m.reg(at + 1)) } else { return None };
    let (t, c): (Gc<Type>, Gc<Type>) = (a.v.exact()?, b.v.exact()?);
    if !function(m, f, def) {
        return None;
    }
    m.promote(a);
    m.promote(b);
    watch::watch_type(t, m.rec().tree);
    Some(m.constant(Value::bool(m.i.th.is_subtype(t, c))))
}

/// `isinstance` of classes whose metaclass is `type`: known from the shape.
fn isinstance(m: Recorder, f: T<Value>, at: usize, n: usize) -> Option<T<Value>> {
    let def = f.v.exact::<NativeFunction>()?.def;
    if n != 2 || !function(m, f, def) {
        return None;
    }
    let (o, c) = (m.reg(at), m.reg(at + 1));
    let plain_class = |c: Value| c.is_exact(Kind::Type).then(|| unsafe { c.cast_unchecked::<Type>() });
    let mut classes = Vec::new();
    let tuple = c.v.exact::<Tuple>();
    match tuple {
        Some(t) => {
            for x in t.items() {
                classes.push(plain_class(*x)?);
            }
        }
        None => classes.push(plain_class(c.v)?),
    }
    let t = m.i.th.type_of(o.v);
    let yes = classes.iter().any(|c| m.i.th.is_subtype(t, *c));
    // An object may claim another class by its `__class__`.
    let class = |t| m.i.th.lookup(t, n!(__class__)).map(Value::bits);
    if !yes && (!t.has(tflags::PLAIN_GETATTR) || class(t) != class(builtins::object::OBJECT.get())) {
        return None;
    }
    match tuple {
        Some(t) => {
            let len = m.of_shape(c).then(|| m.get_int(c, Field(offset_of!(Tuple, len) as u32)))?;
            m.test(m.int_cmp(Cmp::Eq, len, m.int_const(t.len as i64)));
            for k in 0..t.len {
                m.promote(m.get(c, Field((size_of::<Tuple>() + 8 * k) as u32)));
            }
        }
        None => {
            m.promote(c);
        }
    }
    watch::watch_type(t, m.rec().tree);
    known_class(m, o)?;
    Some(m.constant(Value::bool(yes)))
}
