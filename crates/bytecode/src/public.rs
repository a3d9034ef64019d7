//! Instructions as Python sees them (`co_code`, `dis`, `opcode`).
//!
//! An instruction is four of CPython's code units: op and `x`, then `a`, `b`, `c` where CPython has the entries of
//! inline caches; so whoever steps over those as `opcode` says reads the ops and nothing else. Ops that do what an
//! operation of CPython 3.14 does have its name and number; the others have their own names and numbers that CPython
//! leaves free or uses for specialised forms, of which there are none here. An inline cache is shown as the index of its
//! name, so an instruction means something without tables.

use crate::{Common, Ins, Intrinsic1, Intrinsic2, Op, Operand, SetFunc, Special};
use std::sync::OnceLock;

/// The number of what stands before the first instruction.
pub const RESUME: u8 = 128;
/// Code units of an instruction behind the first.
pub const CACHES: usize = 3;

/// Ops that CPython has, under its names and numbers (3.14's `opcode.opmap`).
const SHARED: [(Op, &str, u8); 86] = [
    (Op::Nop, "NOP", 27),
    (Op::LoadConst, "LOAD_CONST", 82),
    (Op::LoadInt, "LOAD_SMALL_INT", 94),
    (Op::LoadCommon, "LOAD_COMMON_CONSTANT", 81),
    (Op::DelLocal, "DELETE_FAST", 63),
    (Op::MakeCell, "MAKE_CELL", 97),
    (Op::CopyFree, "COPY_FREE_VARS", 60),
    (Op::LoadDeref, "LOAD_DEREF", 83),
    (Op::StoreDeref, "STORE_DEREF", 111),
    (Op::DelDeref, "DELETE_DEREF", 62),
    (Op::LoadGlobal, "LOAD_GLOBAL", 92),
    (Op::StoreGlobal, "STORE_GLOBAL", 115),
    (Op::DelGlobal, "DELETE_GLOBAL", 64),
    (Op::LoadName, "LOAD_NAME", 93),
    (Op::StoreName, "STORE_NAME", 116),
    (Op::DelName, "DELETE_NAME", 65),
    (Op::LoadFromDictOrGlobals, "LOAD_FROM_DICT_OR_GLOBALS", 91),
    (Op::LoadFromDictOrDeref, "LOAD_FROM_DICT_OR_DEREF", 90),
    (Op::LoadLocals, "LOAD_LOCALS", 22),
    (Op::LoadAttr, "LOAD_ATTR", 80),
    (Op::StoreAttr, "STORE_ATTR", 110),
    (Op::DelAttr, "DELETE_ATTR", 61),
    (Op::LoadSuperAttr, "LOAD_SUPER_ATTR", 96),
    (Op::SetItem, "STORE_SUBSCR", 38),
    (Op::DelItem, "DELETE_SUBSCR", 8),
    (Op::BuildSlice, "BUILD_SLICE", 49),
    (Op::Neg, "UNARY_NEGATIVE", 41),
    (Op::Invert, "UNARY_INVERT", 40),
    (Op::Not, "UNARY_NOT", 42),
    (Op::Is, "IS_OP", 74),
    (Op::In, "CONTAINS_OP", 57),
    (Op::Jump, "JUMP_FORWARD", 77),
    (Op::JumpBack, "JUMP_BACKWARD", 75),
    (Op::JTrue, "POP_JUMP_IF_TRUE", 103),
    (Op::JFalse, "POP_JUMP_IF_FALSE", 100),
    (Op::Call, "CALL", 52),
    (Op::CallKw, "CALL_KW", 55),
    (Op::CallEx, "CALL_FUNCTION_EX", 4),
    (Op::Return, "RETURN_VALUE", 35),
    (Op::MakeGenerator, "RETURN_GENERATOR", 34),
    (Op::Yield, "YIELD_VALUE", 120),
    (Op::Send, "SEND", 106),
    (Op::GetYieldFromIter, "GET_YIELD_FROM_ITER", 19),
    (Op::GetAwaitable, "GET_AWAITABLE", 71),
    (Op::GetAIter, "GET_AITER", 14),
    (Op::GetANext, "GET_ANEXT", 15),
    (Op::GetIter, "GET_ITER", 16),
    (Op::ForIter, "FOR_ITER", 70),
    (Op::UnpackSeq, "UNPACK_SEQUENCE", 119),
    (Op::UnpackEx, "UNPACK_EX", 118),
    (Op::Raise, "RAISE_VARARGS", 104),
    (Op::Reraise, "RERAISE", 105),
    (Op::PushExc, "PUSH_EXC_INFO", 32),
    (Op::PopExc, "POP_EXCEPT", 29),
    (Op::CheckEgMatch, "CHECK_EG_MATCH", 5),
    (Op::LoadSpecial, "LOAD_SPECIAL", 95),
    (Op::WithExit, "WITH_EXCEPT_START", 43),
    (Op::BuildTuple, "BUILD_TUPLE", 51),
    (Op::BuildList, "BUILD_LIST", 46),
    (Op::BuildSet, "BUILD_SET", 48),
    (Op::BuildDict, "BUILD_MAP", 47),
    (Op::BuildString, "BUILD_STRING", 50),
    (Op::ListAppend, "LIST_APPEND", 78),
    (Op::ListExtend, "LIST_EXTEND", 79),
    (Op::SetAdd, "SET_ADD", 107),
    (Op::SetUpdate, "SET_UPDATE", 109),
    (Op::DictSet, "MAP_ADD", 98),
    (Op::DictUpdate, "DICT_UPDATE", 67),
    (Op::DictMerge, "DICT_MERGE", 66),
    (Op::Convert, "CONVERT_VALUE", 58),
    (Op::Format, "FORMAT_SIMPLE", 12),
    (Op::FormatSpec, "FORMAT_WITH_SPEC", 13),
    (Op::BuildInterpolation, "BUILD_INTERPOLATION", 45),
    (Op::BuildTemplate, "BUILD_TEMPLATE", 2),
    (Op::MakeFunction, "MAKE_FUNCTION", 23),
    (Op::SetFuncAttr, "SET_FUNCTION_ATTRIBUTE", 108),
    (Op::LoadBuildClass, "LOAD_BUILD_CLASS", 21),
    (Op::ImportName, "IMPORT_NAME", 73),
    (Op::ImportFrom, "IMPORT_FROM", 72),
    (Op::SetupAnnotations, "SETUP_ANNOTATIONS", 36),
    (Op::MatchMapping, "MATCH_MAPPING", 25),
    (Op::MatchSequence, "MATCH_SEQUENCE", 26),
    (Op::MatchKeys, "MATCH_KEYS", 24),
    (Op::MatchClass, "MATCH_CLASS", 99),
    (Op::GetLen, "GET_LEN", 18),
    (Op::Intrinsic1, "CALL_INTRINSIC_1", 53),
];

/// Name and number of every op, and the way back.
pub struct Table {
    pub names: Vec<String>,
    numbers: Vec<u8>,
    ops: [Option<Op>; 256],
}

pub fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut free = (121..234u8).filter(|n| *n != RESUME);
        let mut t = Table { names: Vec::new(), numbers: Vec::new(), ops: [None; 256] };
        for &op in Op::all() {
            let shared = match op {
                Op::Intrinsic2 => Some(("CALL_INTRINSIC_2", 54)),
                _ => SHARED.iter().find(|s| s.0 == op).map(|s| (s.1, s.2)),
            };
            let (name, number) = match shared {
                Some((name, number)) => (name.to_string(), number),
                None => (own_name(op.info().name), free.next().unwrap_or(0)),
            };
            t.names.push(name);
            t.numbers.push(number);
            t.ops[number as usize] = Some(op);
        }
        t
    })
}

/// `LoadMethod` is LOAD_METHOD, `JLtI` is J_LT_I.
fn own_name(name: &str) -> String {
    let mut out = String::new();
    for (i, c) in name.char_indices() {
        if i > 0 && c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_uppercase());
    }
    out
}

impl Table {
    pub fn number(&self, op: Op) -> u8 {
        self.numbers[op as usize]
    }
    pub fn op(&self, number: u8) -> Option<Op> {
        self.ops[number as usize]
    }
}

/// The instruction as its bytes are shown.
pub fn show(ins: Ins, ics: &[u32]) -> [u8; 8] {
    let op = ins.op();
    let mut w = ins.0 & !0xff | table().number(op) as u64;
    if op.info().c == Operand::Ic {
        let name = ics.get(ins.c()).copied().unwrap_or(0).min(u16::MAX as u32);
        w = w & !(0xffff << 48) | (name as u64) << 48;
    }
    w.to_le_bytes()
}

/// The way back; `ic` makes an inline cache for a name. None: not an op.
pub fn read(bytes: [u8; 8], mut ic: impl FnMut(Op, u16) -> u16) -> Option<Ins> {
    let op = table().op(bytes[0])?;
    let mut w = u64::from_le_bytes(bytes) & !0xff | op as u64;
    if op.info().c == Operand::Ic {
        w = w & !(0xffff << 48) | (ic(op, (w >> 48) as u16) as u64) << 48;
    }
    Some(Ins(w))
}

/// An operand for a reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shown {
    Register(usize),
    Const(usize),
    Name(usize),
    Number(i64),
    /// Instructions from the next one.
    Jump(i64),
    Text(&'static str),
}

fn field(ins: Ins, which: usize) -> usize {
    [ins.x() as usize, ins.a(), ins.b(), ins.c()][which]
}

/// The operands of an instruction in the shown form (its op translated), in order; `next` is the one behind it.
pub fn operands(ins: Ins, next: Option<Ins>) -> Vec<Shown> {
    let op = ins.op();
    let info = op.info();
    let mut out = Vec::new();
    for (which, kind) in [info.a, info.b, info.c, info.x].into_iter().enumerate() {
        let which = (which + 1) % 4;
        let raw = field(ins, which);
        out.push(match kind {
            Operand::None | Operand::Wide => continue,
            Operand::Dst | Operand::Src | Operand::Mod | Operand::Base => Shown::Register(raw),
            Operand::Ic | Operand::Name => Shown::Name(raw),
            Operand::Int => Shown::Number(raw as u16 as i16 as i64),
            Operand::Jump => Shown::Jump(raw as u16 as i16 as i64),
            Operand::Jump32 => Shown::Jump(ins.imm() as i64),
            Operand::Int32 => Shown::Number(ins.imm() as i64),
            Operand::Const32 => Shown::Const(ins.imm() as usize),
            Operand::Flag => match flag(op, raw) {
                "" => continue,
                t => Shown::Text(t),
            },
            Operand::Num => match number(op, which, raw) {
                Some(t) => Shown::Text(t),
                None => Shown::Number(raw as i64),
            },
        });
    }
    if let (Op::ForIter | Op::Send, Some(n)) = (op, next)
        && n.op() == Op::Jump
    {
        // The jump behind it is where it leads when there is nothing more.
        out.push(Shown::Jump(n.imm() as i64 + 1));
    }
    out
}

fn flag(op: Op, x: usize) -> &'static str {
    match (op, x) {
        (Op::Is, _) => ["is", "is not"][x & 1],
        (Op::In, _) => ["in", "not in"][x & 1],
        (Op::CallKw | Op::LoadSuperAttr, 1 | 3) => "method",
        (Op::CallEx, 1) => "**",
        (Op::CallKw | Op::LoadSuperAttr | Op::CallEx, _) => "",
        _ if op.info().name.starts_with('J') => ["if not", "if"][x & 1],
        (_, 1) => "in place",
        _ => "",
    }
}

fn number(op: Op, which: usize, n: usize) -> Option<&'static str> {
    Some(match (op, which) {
        (Op::Convert, 0) => *["", "str", "repr", "ascii"].get(n)?,
        (Op::LoadSpecial, 3) => *["__enter__", "__exit__", "__aenter__", "__aexit__"].get(n)?,
        (Op::LoadCommon, 2) => name_of(Common::ALL.get(n)?),
        (Op::SetFuncAttr, 0) => name_of(SetFunc::ALL.get(n)?),
        (Op::Intrinsic1, 0) => name_of(Intrinsic1::ALL.get(n)?),
        (Op::Intrinsic2, 0) => name_of(Intrinsic2::ALL.get(n)?),
        _ => {
            let _ = Special::ALL;
            return None;
        }
    })
}
/// The name of a variant, made once.
fn name_of<T: std::fmt::Debug>(v: &T) -> &'static str {
    use std::collections::HashSet;
    use std::sync::Mutex;
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let name = format!("{v:?}");
    let Ok(mut set) = NAMES.lock() else { return "" };
    let set = set.get_or_insert_with(HashSet::new);
    match set.get(&*name) {
        Some(s) => s,
        None => {
            let s: &'static str = name.leak();
            set.insert(s);
            s
        }
    }
}

/// The one operand that counts as the instruction's argument: what it refers to, else how many, else its register.
/// Jumps in code units, forwards or backwards as the op says.
pub fn argument(ins: Ins, next: Option<Ins>) -> Option<i64> {
    let op = ins.op();
    let info = op.info();
    let all = operands(ins, next);
    for s in &all {
        match *s {
            Shown::Const(n) | Shown::Name(n) => return Some(n as i64),
            Shown::Jump(n) => return Some(n.abs() * (1 + CACHES as i64)),
            _ => {}
        }
    }
    Some(match op {
        Op::LoadDeref | Op::StoreDeref => ins.b() as i64,
        Op::LoadInt => ins.imm() as i64,
        Op::UnpackSeq | Op::LoadCommon => {
            if op == Op::UnpackSeq {
                ins.c() as i64
            } else {
                ins.b() as i64
            }
        }
        _ if info.c == Operand::Num => ins.c() as i64,
        _ if info.b == Operand::Num => ins.b() as i64,
        _ if info.c == Operand::Int => ins.ci() as i64,
        _ if matches!(info.x, Operand::Num | Operand::Flag) => ins.x() as i64,
        _ if info.a != Operand::None => ins.a() as i64,
        _ => return None,
    })
}

/// Facts about an op that `opcode`'s lists show.
pub fn has_argument(op: Op) -> bool {
    let i = op.info();
    [i.x, i.a, i.b, i.c].iter().any(|o| *o != Operand::None)
}
pub fn has_const(op: Op) -> bool {
    op.info().b == Operand::Const32
}
pub fn has_name(op: Op) -> bool {
    matches!(op.info().c, Operand::Ic | Operand::Name)
}
pub fn has_jump(op: Op) -> bool {
    let i = op.info();
    i.b == Operand::Jump32 || i.c == Operand::Jump || matches!(op, Op::ForIter | Op::Send)
}
pub fn has_local(op: Op) -> bool {
    matches!(op, Op::DelLocal | Op::CheckLocal)
}
pub fn has_free(op: Op) -> bool {
    matches!(op, Op::MakeCell | Op::LoadDeref | Op::StoreDeref | Op::DelDeref | Op::LoadFromDictOrDeref)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_distinct_and_lead_back() {
        let t = table();
        for &op in Op::all() {
            assert_eq!(t.op(t.number(op)), Some(op), "{op:?}");
            assert_ne!(t.number(op), 0);
            assert_ne!(t.number(op), RESUME);
        }
    }

    #[test]
    fn instructions_lead_back() {
        let i = Ins::abc(Op::LoadAttr, 0, 3, 4, 1);
        let b = show(i, &[7, 9]);
        assert_eq!(b[6], 9);
        assert_eq!(read(b, |_, n| if n == 9 { 1 } else { 0 }), Some(i));
        assert_eq!(argument(Ins::ai(Op::JumpBack, 0, 0, -3), None), Some(12));
    }
}
