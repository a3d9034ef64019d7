//! Which native functions are quiet, on which arguments; what kinds of values they and the other operations take.

use crate::object::Type;
use crate::value::*;
use adder_metatrace::Effects;

pub(super) const READS: Effects = Effects::READS.or(Effects::RAISES);
/// A look into what containers hold.
pub(super) const LOOKS: Effects = READS.or(Effects::SAME);
/// The same that never declines.
pub(super) const SAME: Effects = Effects::READS.or(Effects::SAME);
pub(super) const FILLS: Effects = READS.or(Effects::FILLS);

/// What an argument of a native function may be: `P` plain (numbers, strings, bytes, None), `A` anything (it is only
/// stored), `V` anything but an iterator, whose items would be lost (the called function looks), `K` a key of the
/// receiver, which is a table, `C` a builtin container, `S` a sequence. A last letter holds for all that follow.
pub(super) struct Row(pub &'static str, pub &'static str, pub Effects);

/// Methods by type. `*`: all others.
pub(super) const METHODS: &[(&str, &[Row])] = &[
    ("str", &[Row("join", "S", READS), Row("*", "V", READS)]),
    ("bytes", &[Row("*", "V", READS)]),
    ("int", &[Row("*", "V", READS)]),
    ("float", &[Row("*", "P", READS)]),
    ("tuple", &[Row("*", "V", READS)]),
    ("range", &[Row("*", "V", READS)]),
    ("slice", &[Row("*", "V", READS)]),
    ("memoryview", &[Row("tobytes", "V", READS), Row("tolist", "V", READS), Row("hex", "V", READS)]),
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
            Row("index", "A", READS),
            Row("count", "A", READS),
            Row("remove", "A", FILLS),
            Row("sort", "P", FILLS),
        ],
    ),
    (
        "dict",
        &[
            Row("get", "KA", LOOKS),
            Row("pop", "KA", FILLS),
            Row("setdefault", "KA", FILLS),
            Row("keys", "", READS),
            Row("values", "", READS),
            Row("items", "", READS),
            Row("copy", "", READS),
            Row("clear", "", FILLS),
            Row("update", "C", FILLS),
            Row("popitem", "", FILLS),
        ],
    ),
    (
        "collections.OrderedDict",
        &[
            Row("get", "KA", READS),
            Row("pop", "KA", FILLS),
            Row("setdefault", "KA", FILLS),
            Row("keys", "", READS),
            Row("values", "", READS),
            Row("items", "", READS),
            Row("move_to_end", "KP", FILLS),
            Row("popitem", "P", FILLS),
            Row("clear", "", FILLS),
        ],
    ),
    (
        "collections.defaultdict",
        &[
            Row("get", "KA", READS),
            Row("pop", "KA", FILLS),
            Row("setdefault", "KA", FILLS),
            Row("keys", "", READS),
            Row("values", "", READS),
            Row("items", "", READS),
            Row("clear", "", FILLS),
            Row("popitem", "", FILLS),
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
            Row("update", "V", FILLS),
            Row("difference_update", "V", FILLS),
            Row("intersection_update", "V", FILLS),
            Row("union", "V", READS),
            Row("difference", "V", READS),
            Row("intersection", "V", READS),
            Row("symmetric_difference", "V", READS),
            Row("isdisjoint", "V", READS),
            Row("issubset", "V", READS),
            Row("issuperset", "V", READS),
        ],
    ),
    ("frozenset", &[Row("*", "V", READS)]),
    (
        "bytearray",
        &[
            Row("append", "P", FILLS),
            Row("pop", "P", FILLS),
            Row("clear", "", FILLS),
            Row("extend", "P", FILLS),
            Row("find", "P", READS),
            Row("startswith", "P", READS),
            Row("endswith", "P", READS),
            Row("decode", "P", READS),
            Row("hex", "P", READS),
        ],
    ),
    (
        "collections.deque",
        &[
            Row("append", "A", FILLS),
            Row("appendleft", "A", FILLS),
            Row("pop", "", FILLS),
            Row("popleft", "", FILLS),
            Row("clear", "", FILLS),
            Row("rotate", "P", FILLS),
            Row("extend", "C", FILLS),
            Row("extendleft", "C", FILLS),
            Row("insert", "PA", FILLS),
            Row("reverse", "", FILLS),
            Row("copy", "", READS),
            Row("remove", "A", FILLS),
            Row("count", "A", READS),
            Row("index", "A", READS),
        ],
    ),
    ("array.array", &[Row("append", "P", FILLS), Row("pop", "P", FILLS), Row("tolist", "", READS)]),
    ("_io.BytesIO", &FILE),
    ("_io.StringIO", &FILE),
    ("_random.Random", &[Row("random", "", FILLS), Row("getrandbits", "P", FILLS)]),
    (
        "re.Pattern",
        &[
            Row("match", "P", READS),
            Row("search", "P", READS),
            Row("fullmatch", "P", READS),
            Row("findall", "P", READS),
            Row("finditer", "P", READS),
            Row("split", "P", READS),
            Row("sub", "P", READS),
            Row("subn", "P", READS),
        ],
    ),
    ("re.Match", &[Row("*", "P", READS)]),
    ("_asyncio.Future", &[Row("done", "", READS), Row("cancelled", "", READS), Row("get_loop", "", READS)]),
    ("_asyncio.Task", &[Row("done", "", READS), Row("cancelled", "", READS), Row("get_loop", "", READS)]),
    ("_struct.Struct", &[Row("pack", "P", READS), Row("unpack", "V", READS), Row("unpack_from", "V", READS)]),
    ("decimal.Decimal", &[Row("*", "P", READS)]),
    ("datetime.date", &[Row("*", "V", READS)]),
    ("datetime.datetime", &[Row("*", "V", READS)]),
    ("datetime.time", &[Row("*", "V", READS)]),
    ("datetime.timedelta", &[Row("*", "V", READS)]),
    ("_hashlib.HASH", &[Row("update", "P", FILLS), Row("digest", "", READS), Row("hexdigest", "", READS)]),
];
const FILE: [Row; 6] = [
    Row("write", "P", FILLS),
    Row("read", "P", FILLS),
    Row("readline", "P", FILLS),
    Row("tell", "", READS),
    Row("seek", "P", FILLS),
    Row("getvalue", "", READS),
];
pub(super) const CLASS_METHODS: &[(&str, &[Row])] = &[
    ("int", &[Row("from_bytes", "V", READS)]),
    ("dict", &[Row("fromkeys", "V", READS)]),
    ("bytes", &[Row("fromhex", "P", READS)]),
    ("float", &[Row("fromhex", "P", READS)]),
    ("datetime.date", &[Row("fromisoformat", "P", READS), Row("fromordinal", "P", READS)]),
    ("itertools.chain", &[Row("from_iterable", "A", READS)]),
    ("datetime.datetime", &[Row("fromisoformat", "P", READS), Row("fromordinal", "P", READS)]),
];
pub(super) const FUNCTIONS: &[(&str, &[Row])] = &[
    (
        "builtins",
        &[
            Row("abs", "V", READS),
            Row("all", "V", READS),
            Row("any", "V", READS),
            Row("ascii", "V", READS),
            Row("bin", "V", READS),
            Row("callable", "A", READS),
            Row("chr", "P", READS),
            Row("divmod", "V", READS),
            Row("format", "V", READS),
            Row("getattr", "V", READS),
            Row("hasattr", "V", READS),
            Row("hash", "V", READS),
            Row("hex", "V", READS),
            Row("id", "A", READS),
            Row("iter", "V", READS),
            Row("len", "V", READS),
            Row("max", "V", READS),
            Row("min", "V", READS),
            Row("oct", "V", READS),
            Row("ord", "P", READS),
            Row("pow", "V", READS),
            Row("repr", "V", READS),
            Row("round", "V", READS),
            Row("sorted", "V", READS),
            Row("sum", "V", READS),
        ],
    ),
    ("math", &[Row("*", "V", READS)]),
    ("cmath", &[Row("*", "P", READS)]),
    (
        "_operator",
        &[
            Row("index", "P", READS),
            Row("abs", "V", READS),
            Row("add", "V", READS),
            Row("and_", "V", READS),
            Row("concat", "V", READS),
            Row("contains", "V", READS),
            Row("eq", "V", READS),
            Row("floordiv", "V", READS),
            Row("ge", "V", READS),
            Row("getitem", "V", READS),
            Row("gt", "V", READS),
            Row("invert", "V", READS),
            Row("is_", "V", READS),
            Row("is_not", "V", READS),
            Row("le", "V", READS),
            Row("lshift", "V", READS),
            Row("lt", "V", READS),
            Row("mod", "V", READS),
            Row("mul", "V", READS),
            Row("ne", "V", READS),
            Row("neg", "V", READS),
            Row("not_", "V", READS),
            Row("or_", "V", READS),
            Row("pos", "V", READS),
            Row("pow", "V", READS),
            Row("rshift", "V", READS),
            Row("sub", "V", READS),
            Row("truediv", "V", READS),
            Row("truth", "V", READS),
            Row("xor", "V", READS),
        ],
    ),
    (
        "_heapq",
        &[
            Row("heappush", "CA", FILLS),
            Row("heappop", "C", FILLS),
            Row("heapreplace", "CA", FILLS),
            Row("heappushpop", "CA", FILLS),
        ],
    ),
    (
        "_bisect",
        &[
            Row("bisect_left", "V", READS),
            Row("bisect_right", "V", READS),
            Row("insort_left", "CA", FILLS),
            Row("insort_right", "CA", FILLS),
        ],
    ),
    ("_json", &[Row("encode_basestring", "P", READS), Row("encode_basestring_ascii", "P", READS)]),
    (
        "_struct",
        &[
            Row("pack", "P", READS),
            Row("unpack", "V", READS),
            Row("unpack_from", "V", READS),
            Row("calcsize", "P", READS),
        ],
    ),
    ("binascii", &[Row("*", "V", READS)]),
    ("zlib", &[Row("crc32", "P", READS), Row("adler32", "P", READS)]),
    ("unicodedata", &[Row("*", "P", READS)]),
    (
        "posix",
        &[
            Row("fspath", "P", READS),
            Row("_path_splitroot_ex", "P", READS),
            Row("_path_normpath", "P", READS),
        ],
    ),
    ("_asyncio", &[Row("_get_running_loop", "", READS), Row("get_running_loop", "", READS)]),
    ("time", &[Row("perf_counter", "", FILLS), Row("monotonic", "", FILLS), Row("time", "", FILLS)]),
];
/// Types whose instances are made of what they are given: nothing else happens.
pub(super) const MADE_OF_VALUES: &[&str] = &[
    "object",
    "bool",
    "int",
    "float",
    "complex",
    "str",
    "bytes",
    "bytearray",
    "memoryview",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "slice",
    "reversed",
    "enumerate",
    "zip",
    "map",
    "filter",
    "array.array",
    "collections.deque",
    "collections.defaultdict",
    "collections.OrderedDict",
    "datetime.date",
    "datetime.datetime",
    "datetime.time",
    "datetime.timedelta",
    "decimal.Decimal",
    "functools.partial",
    "operator.itemgetter",
    "operator.attrgetter",
    "weakref.ReferenceType",
    "_io.BytesIO",
    "_io.StringIO",
    "itertools.accumulate",
    "itertools.batched",
    "itertools.chain",
    "itertools.combinations",
    "itertools.compress",
    "itertools.count",
    "itertools.cycle",
    "itertools.dropwhile",
    "itertools.filterfalse",
    "itertools.groupby",
    "itertools.islice",
    "itertools.pairwise",
    "itertools.permutations",
    "itertools.product",
    "itertools.repeat",
    "itertools.starmap",
    "itertools.takewhile",
    "itertools.zip_longest",
    "types.SimpleNamespace",
];
/// Types of objects that only compute when they are called.
pub(super) const CALLABLES: &[&str] = &[
    "operator.itemgetter",
    "operator.attrgetter",
    "weakref.ReferenceType",
    // What it has; else it declines.
    "functools._lru_cache_wrapper",
];
/// Special methods of builtin types that only compute.
pub(super) const WRAPPERS: &[&str] = &[
    "__get__",
    "__getattribute__",
    "__getitem__",
    "__contains__",
    "__len__",
    "__hash__",
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__repr__",
    "__str__",
    "__add__",
    "__sub__",
    "__mul__",
    "__and__",
    "__or__",
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
        || (shape >= Kind::ALL.len() as u32 && native_container(crate::shape::shape(shape).type_))
}
/// Containers of other modules: they are gone over, and say how much is in them, without Python code.
pub fn native_container(t: Gc<Type>) -> bool {
    const NAMES: &[&str] = &[
        "collections.deque",
        "collections.OrderedDict",
        "collections.defaultdict",
        "odict_keys",
        "odict_values",
        "odict_items",
        "array.array",
    ];
    !t.heap_type() && NAMES.contains(&t.native.name)
}
/// Iterators over builtin containers: the next item needs no Python code.
const OVER_CONTAINERS: &[Kind] = &[
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
];
pub fn over_container(shape: u32) -> bool {
    /// A bit for each.
    const SET: [u64; 4] = {
        let (mut set, mut i) = ([0; 4], 0);
        while i < OVER_CONTAINERS.len() {
            let k = OVER_CONTAINERS[i] as usize;
            set[k / 64] |= 1 << (k % 64);
            i += 1;
        }
        set
    };
    SET.get(shape as usize / 64).is_some_and(|w| w >> (shape % 64) & 1 != 0)
}
/// Iterators whose `iter()` they are themselves.
pub(super) fn own_iterator(shape: u32) -> bool {
    const OTHERS: &[Kind] = &[
        Kind::Generator,
        Kind::SeqIter,
        Kind::Enumerate,
        Kind::Reversed,
        Kind::Zip,
        Kind::Map,
        Kind::Filter,
    ];
    over_container(shape) || OTHERS.iter().any(|k| *k as u32 == shape)
}

pub(super) fn plain_value(v: Value) -> bool {
    !v.is_obj() || plain_kind(v.shape_id())
}
