//! Code objects as data: what the compiler yields and what caches store; the VM turns it into heap objects.

use crate::Ins;
use crate::parts::{Names, Positions};

/// `co_flags`, with CPython's values (`Include/cpython/code.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeFlags(pub u32);

impl CodeFlags {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const FUTURE_DIVISION: u32 = 0x20000;
    pub const FUTURE_ABSOLUTE_IMPORT: u32 = 0x40000;
    pub const FUTURE_WITH_STATEMENT: u32 = 0x80000;
    pub const FUTURE_PRINT_FUNCTION: u32 = 0x100000;
    pub const FUTURE_UNICODE_LITERALS: u32 = 0x200000;
    pub const FUTURE_BARRY_AS_BDFL: u32 = 0x400000;
    pub const FUTURE_GENERATOR_STOP: u32 = 0x800000;
    pub const FUTURE_ANNOTATIONS: u32 = 0x1000000;
    pub const HAS_DOCSTRING: u32 = 0x4000000;
    pub const METHOD: u32 = 0x8000000;
    #[inline]
    pub fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// A constant. Strings are WTF-8 bytes (a literal may hold lone surrogates).
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    /// Beyond `i64`: sign and little-endian limbs.
    BigInt(bool, Box<[u64]>),
    Float(f64),
    Complex(f64, f64),
    Str(Box<[u8]>),
    Bytes(Box<[u8]>),
    Tuple(Box<[Const]>),
    FrozenSet(Box<[Const]>),
    Slice(Box<[Const; 3]>),
    Code(Box<CodeData>),
    /// Code that was read lazily: see `serial`.
    Lazy(Box<crate::LazyCode>),
}

/// A protected range: an exception at an instruction in `start..end` stores itself in register `reg` and continues at
/// `target`, where `depths[target]` tells which registers are live. Inner ranges come first in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    pub reg: u16,
}

/// Source range of an instruction: lines from 1, columns in UTF-8 bytes from 0; `line == 0`: none (artificial).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    pub line: u32,
    pub end_line: u32,
    pub col: u32,
    pub end_col: u32,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct CodeData {
    pub name: Box<str>,
    pub qualname: Box<str>,
    pub filename: Box<str>,
    pub first_line: u32,
    pub flags: CodeFlags,
    /// Positional parameters (positional-only ones included).
    pub argcount: u32,
    pub posonly: u32,
    pub kwonly: u32,
    /// Names of the registers `0..nlocals`, then of the free variables' registers.
    pub varnames: Names,
    /// How many of `varnames` are locals; the rest are free variables.
    pub nlocals: u32,
    /// Locals (indices into `varnames`) that hold cells.
    pub cells: Vec<u32>,
    /// Registers of a frame: locals, frees, temporaries, the largest call window included.
    pub nregs: u32,
    pub consts: Vec<Const>,
    /// Names of attributes, globals...
    pub names: Names,
    /// Inline caches: for each its index into `names`.
    pub ics: Vec<u32>,
    /// Number of loop counters.
    pub loops: u32,
    pub code: Vec<Ins>,
    /// See the crate's invariants; one per instruction.
    pub depths: Vec<u16>,
    pub positions: Positions,
    pub handlers: Vec<Handler>,
}
