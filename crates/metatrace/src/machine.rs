//! [`Machine`]: what handlers are written against.

/// Comparison operators of numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cmp {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `==`
    Eq,
    /// `!=`, true of NaNs
    Ne,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Arithmetic on raw doubles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum FloatOp {
    Add,
    Sub,
    Mul,
    Div,
}

/// A word-sized field of an object: its byte offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Field(pub u32);

/// What a residual call may do; the recorder and the passes rely on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effects(pub u8);

impl Effects {
    /// Same result for the same operands, no effect: may be folded, moved and dropped.
    pub const PURE: Effects = Effects(0);
    /// Reads memory that something may write.
    pub const READS: Effects = Effects(1);
    /// Writes memory: what is known of objects is forgotten.
    pub const WRITES: Effects = Effects(2);
    /// May fail: gives a null word, having done nothing that must not be done again; the trace is left there.
    pub const RAISES: Effects = Effects(4);
    /// May run code of the interpreted language: anything may change, frames must be real.
    pub const CALLS: Effects = Effects(8);
    /// Writes into containers only ([`crate::opt::Objects::container`]).
    pub const FILLS: Effects = Effects(16);
    /// Writes into objects of fixed descriptors only.
    pub const STEPS: Effects = Effects(32);
    /// What it gives is no new object and depends on its operands and what containers hold: while nothing is written to
    /// those it is the same again.
    pub const SAME: Effects = Effects(64);
    /// Nothing is promised.
    pub const ANY: Effects = Effects(15);
    /// Both together.
    pub const fn or(self, o: Effects) -> Effects {
        Effects(self.0 | o.0)
    }
    /// Whether all of `o` is among these.
    pub const fn has(self, o: Effects) -> bool {
        self.0 & o.0 == o.0
    }
    /// Something is written, or anything may happen.
    pub const fn changes(self) -> bool {
        self.0 & !(Self::READS.0 | Self::RAISES.0 | Self::SAME.0) != 0
    }
}

/// A function of the runtime that handlers call as a whole: `T` its pointer type, which only the machine calls.
pub struct Residual<T> {
    /// For logs.
    pub name: &'static str,
    /// The function.
    pub call: T,
    /// What it may do.
    pub effects: Effects,
}

/// A machine executes handlers. Copyable handle; red values (`Ref`, `Int`, `Flt`, `Bool`) are opaque to the handlers,
/// green ones (indices, shapes, code) are plain Rust and constant within a trace.
///
/// All tests of a handler come before its first effect: a failed guard re-executes the operation. After an effect the
/// handler may only compute and return.
pub trait Machine: Copy {
    /// A tagged word.
    type Ref: Copy;
    /// A raw 64-bit integer.
    type Int: Copy;
    /// A raw double.
    type Flt: Copy;
    /// The outcome of a comparison, which [`Machine::test`] makes a Rust `bool`.
    type Bool: Copy;
    /// Concrete word, for constants and promoted values.
    type Word: Copy;
    /// The error that a handler propagates.
    type Raised;

    // -- frame registers
    /// Register `i` of the running frame; it has been written.
    fn reg(self, i: usize) -> Self::Ref;
    /// Writes it. The frame's memory may be written later, at an exit.
    fn set_reg(self, i: usize, v: Self::Ref);

    // -- constants and control
    /// The same word in every run of the trace; who records it keeps its object alive.
    fn constant(self, w: Self::Word) -> Self::Ref;
    /// A small integer as a word, the same in every run; it must fit in 63 bits.
    fn fixnum(self, n: i64) -> Self::Ref;
    /// The only way from a condition to a Rust `bool`: records a guard.
    fn test(self, b: Self::Bool) -> bool;
    /// The concrete word; records that it is this one.
    fn promote(self, r: Self::Ref) -> Self::Word;

    // -- tags
    /// Whether the word is a small integer.
    fn is_fixnum(self, a: Self::Ref) -> Self::Bool;
    /// Whether both are; tests.
    fn both_fixnum(self, a: Self::Ref, b: Self::Ref) -> bool;
    /// The double of an immediate or boxed float; tests.
    fn as_float(self, a: Self::Ref) -> Option<Self::Flt>;
    /// Also of a fixnum; tests.
    fn number_as_float(self, a: Self::Ref) -> Option<Self::Flt>;
    /// Whether it is the same word: for objects, the same object; floats are not compared so.
    fn same(self, a: Self::Ref, b: Self::Ref) -> Self::Bool;

    // -- fixnums, kept tagged: the operands were tested to be such. None: overflow (tests)
    /// `a + b`
    fn fix_add(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// `a - b`
    fn fix_sub(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// `a * b`
    fn fix_mul(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// `a & b`
    fn fix_and(self, a: Self::Ref, b: Self::Ref) -> Self::Ref;
    /// `a | b`
    fn fix_or(self, a: Self::Ref, b: Self::Ref) -> Self::Ref;
    /// `a ^ b`
    fn fix_xor(self, a: Self::Ref, b: Self::Ref) -> Self::Ref;
    /// The quotient rounded down; None: zero divisor or overflow.
    fn fix_floordiv(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// What remains then, with the divisor's sign; None: zero divisor.
    fn fix_mod(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// `a << b`; None: negative or too large a count, or bits lost.
    fn fix_shl(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// `a >> b`, rounding down; None: negative count.
    fn fix_shr(self, a: Self::Ref, b: Self::Ref) -> Option<Self::Ref>;
    /// Compares as integers.
    fn fix_cmp(self, op: Cmp, a: Self::Ref, b: Self::Ref) -> Self::Bool;
    /// Without its tag.
    fn fix_to_int(self, a: Self::Ref) -> Self::Int;
    /// With a tag; it must fit in 63 bits.
    fn int_to_fix(self, a: Self::Int) -> Self::Ref;
    /// Unsigned `a < b`: whether an index is within a size: `b` is a number of items or bytes of something in memory.
    fn int_ult(self, a: Self::Int, b: Self::Int) -> Self::Bool;
    /// `a + b`, wrapping round.
    fn int_add(self, a: Self::Int, b: Self::Int) -> Self::Int;
    /// The same number in every run of the trace.
    fn int_const(self, n: i64) -> Self::Int;
    /// Compares with signs.
    fn int_cmp(self, op: Cmp, a: Self::Int, b: Self::Int) -> Self::Bool;

    // -- doubles
    /// As IEEE 754 has it; division by zero gives an infinity or a NaN, so who must raise tests before.
    fn float_op(self, op: FloatOp, a: Self::Flt, b: Self::Flt) -> Self::Flt;
    /// The other sign, of zeros and NaNs too.
    fn float_neg(self, a: Self::Flt) -> Self::Flt;
    /// Compares; with a NaN all but [`Cmp::Ne`] are false.
    fn float_cmp(self, op: Cmp, a: Self::Flt, b: Self::Flt) -> Self::Bool;
    /// Whether it is a zero of either sign.
    fn float_is_zero(self, a: Self::Flt) -> Self::Bool;
    /// The double as a word: immediate, or a new object. Fails if there is no memory.
    fn box_float(self, f: Self::Flt) -> Result<Self::Ref, Self::Raised>;

    // -- heap
    /// `o` is an object of exactly this shape (descriptor id).
    fn shape_is(self, o: Self::Ref, shape: u32) -> bool;
    /// The word in a field of an object; may be null.
    fn get(self, o: Self::Ref, f: Field) -> Self::Ref;
    /// The raw integer in a field.
    fn get_int(self, o: Self::Ref, f: Field) -> Self::Int;
    /// Store with write barrier. A machine's fast form declines where the barrier has work to do.
    fn set(self, o: Self::Ref, f: Field, v: Self::Ref) -> Result<(), Self::Raised>;
    /// Stores a raw integer.
    fn set_int(self, o: Self::Ref, f: Field, v: Self::Int);
    /// Changes an object's descriptor to one that its size fits.
    fn set_shape(self, o: Self::Ref, shape: u32);
    /// Word `i` (counted from `base`) of an array object; the index was tested.
    fn elem(self, o: Self::Ref, base: Field, i: Self::Int) -> Self::Ref;
    /// Stores it, with write barrier; the index was tested.
    fn set_elem(self, o: Self::Ref, base: Field, i: Self::Int, v: Self::Ref) -> Result<(), Self::Raised>;
    /// Whether a word that was read is null: an unbound variable, an empty slot.
    fn is_null(self, r: Self::Ref) -> Self::Bool;
}
