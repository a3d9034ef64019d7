//! Code objects as data: what the compiler yields and what caches store; the VM turns it into heap objects.

use crate::Ins;
use crate::parts::{Names, Positions};

/// `co_flags`, with CPython's values (`Include/cpython/code.h`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CodeFlags(pub u32);

impl CodeFlags {
    /// Local variables are registers (functions).
    pub const OPTIMIZED: u32 = 0x1;
    /// A call has a namespace of its own.
    pub const NEWLOCALS: u32 = 0x2;
    /// Has `*args`.
    pub const VARARGS: u32 = 0x4;
    /// Has `**kwargs`.
    pub const VARKEYWORDS: u32 = 0x8;
    /// Stands within another function.
    pub const NESTED: u32 = 0x10;
    /// A call makes a generator.
    pub const GENERATOR: u32 = 0x20;
    /// A call makes a coroutine.
    pub const COROUTINE: u32 = 0x80;
    /// A generator that may be awaited (`types.coroutine`).
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    /// A call makes an asynchronous generator.
    pub const ASYNC_GENERATOR: u32 = 0x200;
    /// Of `from __future__ import`, as the next ones; no meaning any more.
    pub const FUTURE_DIVISION: u32 = 0x20000;
    /// See `FUTURE_DIVISION`.
    pub const FUTURE_ABSOLUTE_IMPORT: u32 = 0x40000;
    /// See `FUTURE_DIVISION`.
    pub const FUTURE_WITH_STATEMENT: u32 = 0x80000;
    /// See `FUTURE_DIVISION`.
    pub const FUTURE_PRINT_FUNCTION: u32 = 0x100000;
    /// See `FUTURE_DIVISION`.
    pub const FUTURE_UNICODE_LITERALS: u32 = 0x200000;
    /// `<>` instead of `!=` (PEP 401).
    pub const FUTURE_BARRY_AS_BDFL: u32 = 0x400000;
    /// See `FUTURE_DIVISION`.
    pub const FUTURE_GENERATOR_STOP: u32 = 0x800000;
    /// Annotations are strings (PEP 563).
    pub const FUTURE_ANNOTATIONS: u32 = 0x1000000;
    /// The first constant is the docstring.
    pub const HAS_DOCSTRING: u32 = 0x4000000;
    /// Defined directly in a class.
    pub const METHOD: u32 = 0x8000000;
    /// Whether one of these bits is set.
    #[inline]
    pub fn has(self, bit: u32) -> bool {
        self.0 & bit != 0
    }
}

/// A constant. Strings are WTF-8 bytes (a literal may hold lone surrogates).
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    /// `None`
    None,
    /// `True`
    True,
    /// `False`
    False,
    /// `...`
    Ellipsis,
    /// An int that fits.
    Int(i64),
    /// Beyond `i64`: sign (true: negative) and limbs, the lowest first, the highest not 0.
    BigInt(bool, Box<[u64]>),
    /// A float; compared by value, so NaNs differ and zeros are equal.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// WTF-8.
    Str(Box<[u8]>),
    /// Bytes as they are.
    Bytes(Box<[u8]>),
    /// A tuple of constants.
    Tuple(Box<[Const]>),
    /// What a set display becomes that is only asked for members.
    FrozenSet(Box<[Const]>),
    /// Start, stop and step, `None` where left out.
    Slice(Box<[Const; 3]>),
    /// The code of a function, class or comprehension within.
    Code(Box<CodeData>),
    /// Code that was read lazily: see `serial`.
    Lazy(Box<crate::LazyCode>),
}

/// A protected range: an exception at an instruction in `start..end` stores itself in register `reg` and continues at
/// `target`, where `depths[target]` tells which registers are live. Inner ranges come first in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handler {
    /// First instruction.
    pub start: u32,
    /// The one behind the last.
    pub end: u32,
    /// Where to go on.
    pub target: u32,
    /// Where the exception is put.
    pub reg: u16,
}

/// Source range of an instruction: lines from 1, columns in UTF-8 bytes from 0; `line == 0`: none (artificial).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Position {
    /// Where it begins.
    pub line: u32,
    /// Where it ends, this line included.
    pub end_line: u32,
    /// Column of the first byte.
    pub col: u32,
    /// Column behind the last byte.
    pub end_col: u32,
}

/// A code object. Attributes of CPython's that are not named here follow from these.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CodeData {
    /// `co_name`
    pub name: Box<str>,
    /// `co_qualname`
    pub qualname: Box<str>,
    /// `co_filename`
    pub filename: Box<str>,
    /// `co_firstlineno`: of the first decorator, if there is one.
    pub first_line: u32,
    /// `co_flags`
    pub flags: CodeFlags,
    /// Positional parameters (positional-only ones included).
    pub argcount: u32,
    /// Positional-only ones among them.
    pub posonly: u32,
    /// Keyword-only parameters; they follow the positional ones, then `*args`, then `**kwargs`.
    pub kwonly: u32,
    /// Names of the registers `0..nlocals`, then of the free variables' registers.
    pub varnames: Names,
    /// How many of `varnames` are locals; the rest are free variables.
    pub nlocals: u32,
    /// Locals (indices into `varnames`) that hold cells.
    pub cells: Vec<u32>,
    /// Registers of a frame: locals, frees, temporaries, the largest call window included.
    pub nregs: u32,
    /// Constants, by the indices that instructions have.
    pub consts: Vec<Const>,
    /// Names of attributes, globals...
    pub names: Names,
    /// Inline caches: for each its index into `names`.
    pub ics: Vec<u32>,
    /// Number of loop counters.
    pub loops: u32,
    /// The instructions.
    pub code: Vec<Ins>,
    /// See the crate's invariants; one per instruction.
    pub depths: Vec<u16>,
    /// Where each instruction comes from.
    pub positions: Positions,
    /// Protected ranges, inner ones first.
    pub handlers: Vec<Handler>,
    /// Of the outermost code of what was read lazily.
    pub unit: crate::Whole,
}
