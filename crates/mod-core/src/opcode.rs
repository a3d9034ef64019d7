//! `_opcode`: facts about the operations that `opcode` and `dis` list.
//!
//! The numbering that Python code sees is CPython 3.14's with Adder's own operations between (`adder_bytecode::public`).
//! Of operations that Adder has these functions tell what its instructions have; of the others, which never appear in
//! code, what CPython says. Effects on a stack are CPython's: there is none here. There are no executors and no
//! specialization statistics.

use adder_bytecode::public::{self, Shown};
use adder_bytecode::{Ins, Op};
use adder_vm::err::R;
use adder_vm::interp::call::Gather;
use adder_vm::native::*;
use adder_vm::object::*;
use adder_vm::thread::Th;
use adder_vm::value::*;

/// Ranges of operations (inclusive), sorted.
type Ranges = &'static [(i64, i64)];

const ARG: Ranges = &[
    (44, 120),
    (128, 128),
    (143, 153),
    (155, 195),
    (197, 197),
    (200, 200),
    (209, 211),
    (237, 237),
    (239, 239),
    (241, 245),
    (247, 251),
    (253, 253),
    (255, 255),
    (257, 261),
    (263, 266),
];
const CONST: Ranges = &[(82, 82), (190, 191)];
const NAME: Ranges = &[
    (61, 61),
    (64, 65),
    (72, 73),
    (80, 80),
    (91, 93),
    (96, 96),
    (110, 110),
    (115, 116),
    (179, 179),
    (189, 189),
    (194, 195),
    (200, 200),
    (249, 249),
];
const JUMP: Ranges =
    &[(68, 68), (70, 70), (75, 77), (100, 103), (106, 106), (172, 176), (237, 237), (248, 248), (257, 260)];
const FREE: Ranges = &[(62, 62), (90, 90), (97, 97), (111, 111)];
const LOCAL: Ranges = &[(3, 3), (63, 63), (83, 89), (112, 114), (261, 261), (266, 266)];
const EXC: Ranges = &[(263, 265)];
/// The valid operations that have a stack effect.
const EFFECT: Ranges = &[(0, 2), (4, 120), (128, 128), (234, 266)];
/// Valid, but without an effect of its own.
const SPECIALIZED: Ranges = &[(3, 3)];

/// The operation of Adder's with a number.
fn own(op: i64) -> Option<Op> {
    public::table().op(u8::try_from(op).ok()?)
}
fn within(r: Ranges, op: i64) -> bool {
    r.iter().any(|(a, b)| (*a..=*b).contains(&op))
}

/// Change of the stack's depth; None: no such operation. `jump`: only when the operation jumps, or not.
fn effect(op: i64, arg: i64, jump: Option<bool>) -> Option<i64> {
    if !within(EFFECT, op) {
        // Adder's own have no stack.
        return own(op).map(|_| 0);
    }
    Some(match op {
        4 | 38 | 252 => -3,
        37 => -4,
        1 | 8 | 68 | 98 | 99 | 110 | 114 | 248 => -2,
        2
        | 7
        | 9
        | 10
        | 11
        | 13
        | 20
        | 29
        | 30
        | 31
        | 44
        | 54
        | 56
        | 57
        | 61
        | 66
        | 67
        | 73
        | 74
        | 78
        | 79
        | 100..=103
        | 105
        | 107..=109
        | 111
        | 112
        | 115
        | 116
        | 234..=236
        | 241..=244
        | 266 => -1,
        15
        | 18
        | 21
        | 22
        | 24
        | 25
        | 26
        | 32
        | 33
        | 34
        | 43
        | 59
        | 70
        | 72
        | 81..=86
        | 88
        | 93
        | 94
        | 95
        | 237
        | 261 => 1,
        87 | 89 => 2,
        45 => -1 - (arg & 1),
        46 | 48..=51 => 1 - arg,
        47 => 1 - 2 * arg,
        52 | 250 => -1 - arg,
        55 | 251 => -2 - arg,
        80 => arg & 1,
        92 => 1 + (arg & 1),
        96 | 249 => -2 + (arg & 1),
        104 => -arg,
        118 => (arg & 0xff) + (arg >> 8),
        119 => arg - 1,
        // What the handler finds on the stack; nothing when no exception is raised.
        263 => {
            if jump == Some(false) {
                0
            } else {
                2
            }
        }
        264 | 265 => {
            if jump == Some(false) {
                0
            } else {
                1
            }
        }
        _ => 0,
    })
}

macro_rules! has {
    ($name:literal $ranges:ident $own:expr, $doc:literal) => {
        function($name, "($module, /, opcode)", $doc, |th, a| {
            let op = th.index_i64(a[0].unwrap())?;
            Ok(Value::bool(match own(op) {
                Some(op) => $own(op),
                None => within($ranges, op),
            }))
        })
    };
}

fn first_byte(a: &[Option<Value>]) -> Option<u8> {
    let at = adder_vm::builtins::int::to_i64(a[1]?)?;
    adder_vm::builtins::buffer::bytes_of(a[0]?)?.get(usize::try_from(at).ok()?).copied()
}
/// The bytes of the instruction at an offset and those of the next; None: not an instruction of Adder's.
fn instructions(th: Th, a: &[Option<Value>]) -> R<Option<(usize, Ins, Option<Ins>)>> {
    let code = a[0].unwrap();
    let Some(b) = adder_vm::builtins::buffer::bytes_of(code) else {
        return Err(
            th.type_error(format!("a bytes-like object is required, not '{}'", th.type_name_of(code)))
        );
    };
    let at = th.index_i64(a[1].unwrap())?;
    let Ok(at) = usize::try_from(at) else { return Ok(None) };
    let word = |at: usize| -> Option<Ins> {
        let w: [u8; 8] = b.get(at..at + 8)?.try_into().ok()?;
        public::read(w, |_, name| name)
    };
    Ok(word(at).map(|i| (at, i, word(at + 8))))
}

pub static MODULE: NativeModule = NativeModule {
    name: "_opcode",
    doc: "Opcode support module.",
    functions: &[
        function(
            "stack_effect",
            "($module, opcode, oparg=None, /, *, jump=None)",
            "Compute the stack effect of the opcode.",
            |th, a| {
                let op = th.index_i64(a[0].unwrap())?;
                let arg = match a[1].and_then(|v| v.some()) {
                    Some(v) => th.index_i64(v)?,
                    None => 0,
                };
                let jump = match a[2] {
                    None => None,
                    Some(v) if v.is(NONE()) => None,
                    Some(v) if v.is(TRUE()) => Some(true),
                    Some(v) if v.is(FALSE()) => Some(false),
                    Some(_) => {
                        return Err(th.value_error("stack_effect: jump must be False, True or None"));
                    }
                };
                match effect(op, arg, jump) {
                    Some(n) => Ok(Value::fix(n)),
                    None => Err(th.value_error("invalid opcode or oparg")),
                }
            },
        ),
        function(
            "is_valid",
            "($module, /, opcode)",
            "Return True if opcode is valid, False otherwise.",
            |th, a| {
                let op = th.index_i64(a[0].unwrap())?;
                Ok(Value::bool(own(op).is_some() || within(EFFECT, op) || within(SPECIALIZED, op)))
            },
        ),
        has!("has_arg" ARG public::has_argument, "Return True if the opcode uses its oparg, False otherwise."),
        has!("has_const" CONST public::has_const, "Return True if the opcode accesses a constant, False otherwise."),
        has!("has_name" NAME public::has_name, "Return True if the opcode accesses an attribute by name, False otherwise."),
        has!("has_jump" JUMP public::has_jump, "Return True if the opcode has a jump target, False otherwise."),
        has!("has_free" FREE public::has_free, "Return True if the opcode accesses a free variable, False otherwise.\n\nNote that 'free' in this context refers to names in the current scope\nthat are referenced by inner scopes or names in outer scopes that are\nreferenced from this scope. It does not include references to global\nor builtin scopes."),
        has!("has_local" LOCAL public::has_local, "Return True if the opcode accesses a local variable, False otherwise."),
        has!("has_exc" EXC |_| false, "Return True if the opcode sets an exception handler, False otherwise."),
        function(
            "get_operations",
            "($module, /)",
            "Return names and numbers of the operations that code has.",
            |th, _| {
                let d = Gc::<Dict>::new(th);
                let t = public::table();
                for op in Op::all() {
                    d.set(th, th.intern(&t.names[*op as usize]), Value::fix(t.number(*op) as i64))?;
                }
                Ok(d.value())
            },
        ),
        function(
            "get_oparg",
            "($module, code, offset, /)",
            "Return the argument of an instruction, if it has one.",
            |th, a| {
                Ok(match instructions(th, a)? {
                    Some((_, i, next)) => public::argument(i, next).map_or(NONE(), Value::fix),
                    // Where a call has happened and nothing has run.
                    None if first_byte(a) == Some(public::RESUME) => Value::fix(0),
                    None => NONE(),
                })
            },
        ),
        function(
            "get_operands",
            "($module, code, offset, /)",
            "Return the operands of an instruction as pairs (kind, value).",
            |th, a| {
                let mut g = Gather::new();
                let Some((at, i, next)) = instructions(th, a)? else { return th.try_tuple(g.as_slice()) };
                for o in public::operands(i, next) {
                    let (kind, v) = match o {
                        Shown::Register(n) => ("register", Value::fix(n as i64)),
                        Shown::Const(n) => ("const", Value::fix(n as i64)),
                        Shown::Name(n) => ("name", Value::fix(n as i64)),
                        Shown::Number(n) => ("number", Value::fix(n)),
                        Shown::Jump(n) => ("jump", Value::fix(at as i64 + 8 + n * 8)),
                        Shown::Text(t) => ("text", th.intern(t)),
                    };
                    g.push(th, th.tuple(&[th.intern(kind), v]))?;
                }
                th.try_tuple(g.as_slice())
            },
        ),
        function("get_specialization_stats", "($module, /)", "Return the specialization stats", |_, _| {
            Ok(NONE())
        }),
        function(
            "get_nb_ops",
            "($module, /)",
            "Return array of symbols of binary ops.\n\nIndexed by the BINARY_OP oparg value.",
            |th, _| {
                let mut g = Gather::new();
                for suffix in ["", "="] {
                    for (name, sign) in OPS {
                        let mid = if suffix.is_empty() { "" } else { "INPLACE_" };
                        let pair = [th.str(&format!("NB_{mid}{name}")), th.str(&format!("{sign}{suffix}"))];
                        g.push(th, th.tuple(&pair))?;
                    }
                }
                g.push(th, th.tuple(&[th.str("NB_SUBSCR"), th.str("[]")]))?;
                Ok(adder_vm::builtins::list::new(th, g.as_slice())?.value())
            },
        ),
        function(
            "get_intrinsic1_descs",
            "($module, /)",
            "Return a list of names of the unary intrinsics.",
            |th, _| {
                names(
                    th,
                    &[
                        "INTRINSIC_1_INVALID",
                        "INTRINSIC_PRINT",
                        "INTRINSIC_IMPORT_STAR",
                        "INTRINSIC_STOPITERATION_ERROR",
                        "INTRINSIC_ASYNC_GEN_WRAP",
                        "INTRINSIC_UNARY_POSITIVE",
                        "INTRINSIC_LIST_TO_TUPLE",
                        "INTRINSIC_TYPEVAR",
                        "INTRINSIC_PARAMSPEC",
                        "INTRINSIC_TYPEVARTUPLE",
                        "INTRINSIC_SUBSCRIPT_GENERIC",
                        "INTRINSIC_TYPEALIAS",
                    ],
                )
            },
        ),
        function(
            "get_intrinsic2_descs",
            "($module, /)",
            "Return a list of names of the binary intrinsics.",
            |th, _| {
                names(
                    th,
                    &[
                        "INTRINSIC_2_INVALID",
                        "INTRINSIC_PREP_RERAISE_STAR",
                        "INTRINSIC_TYPEVAR_WITH_BOUND",
                        "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS",
                        "INTRINSIC_SET_FUNCTION_TYPE_PARAMS",
                        "INTRINSIC_SET_TYPEPARAM_DEFAULT",
                    ],
                )
            },
        ),
        function(
            "get_special_method_names",
            "($module, /)",
            "Return a list of special method names.",
            |th, _| names(th, &["__enter__", "__exit__", "__aenter__", "__aexit__"]),
        ),
        function(
            "get_executor",
            "($module, /, code, offset)",
            "Return the executor object at offset in code if exists, None otherwise.",
            |th, a| {
                let c = a[0].unwrap();
                if c.cast::<Code>().is_none() {
                    return Err(
                        th.type_error(format!("expected a code object, not '{}'", th.type_name_of(c)))
                    );
                }
                th.index_i64(a[1].unwrap())?;
                Err(th.value_error("no executor at given byte offset"))
            },
        ),
    ],
    types: &[],
    init: Some(|th, m| {
        m.put(th, "ENABLE_SPECIALIZATION", Value::fix(1))?;
        m.put(th, "ENABLE_SPECIALIZATION_FT", Value::fix(1))
    }),
};

const OPS: [(&str, &str); 13] = [
    ("ADD", "+"),
    ("AND", "&"),
    ("FLOOR_DIVIDE", "//"),
    ("LSHIFT", "<<"),
    ("MATRIX_MULTIPLY", "@"),
    ("MULTIPLY", "*"),
    ("REMAINDER", "%"),
    ("OR", "|"),
    ("POWER", "**"),
    ("RSHIFT", ">>"),
    ("SUBTRACT", "-"),
    ("TRUE_DIVIDE", "/"),
    ("XOR", "^"),
];

fn names(th: Th, list: &[&str]) -> R<Value> {
    let mut g = Gather::new();
    for s in list {
        g.push(th, th.intern(s))?;
    }
    Ok(adder_vm::builtins::list::new(th, g.as_slice())?.value())
}
