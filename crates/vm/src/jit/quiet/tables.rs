//! Which native functions are quiet, on which arguments; what kinds of values they and the other operations take.

use crate::builtins;
use crate::object::*;
use crate::thread::Th;
use crate::value::*;
use adder_metatrace::Effects;

pub(super) const READS: Effects = Effects::READS.or(Effects::RAISES);
pub(super) const FILLS: Effects = READS.or(Effects::FILLS);

/// What an argument of a native function may be: `P` plain (numbers, strings, bytes, None), `A` anything (it is only
/// stored), `K` a key (whose hash and comparison need no Python code; the called function looks), `C` a builtin
/// container, `S` a sequence of strings. A last letter holds for all that follow.
pub(super) struct Row(pub &'static str, pub &'static str, pub Effects);

/// Methods by type. `*`: all others.
pub(super) const METHODS: &[(&str, &[Row])] = &[
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
pub(super) const FUNCTIONS: &[(&str, &[Row])] = &[
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
pub(super) fn row(table: &'static [(&str, &[Row])], owner: &str, name: &str) -> Option<&'static Row> {
    let rows = table.iter().find(|t| t.0 == owner)?.1;
    rows.iter().find(|r| r.0 == name || r.0 == "*")
}

pub(super) fn plain_kind(shape: u32) -> bool {
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
pub(super) fn decimal(shape: u32) -> bool {
    let t = crate::shape::shape(shape).type_;
    !t.heap_type() && t.native.name == "decimal.Decimal"
}
pub(super) fn container(shape: u32) -> bool {
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
pub(super) fn own_iterator(shape: u32) -> bool {
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
pub(super) fn plain_value(v: Value) -> bool {
    !v.is_obj() || plain_kind(v.shape_id())
}
