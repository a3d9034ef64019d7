//! The instruction word.

use crate::Op;

/// One instruction: `op:8 x:8 a:16 b:16 c:16`, `b` and `c` together also as a signed 32-bit immediate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Ins(pub u64);

impl Ins {
    /// With three operands.
    #[inline(always)]
    pub const fn abc(op: Op, x: u8, a: u16, b: u16, c: u16) -> Ins {
        Ins(op as u64 | (x as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }
    /// With a signed immediate in place of `b` and `c`.
    #[inline(always)]
    pub const fn ai(op: Op, x: u8, a: u16, imm: i32) -> Ins {
        Ins(op as u64 | (x as u64) << 8 | (a as u64) << 16 | (imm as u32 as u64) << 32)
    }
    /// The op's number; of code that is observed it may be none of [`Op`]'s.
    #[inline(always)]
    pub const fn op_byte(self) -> u8 {
        self.0 as u8
    }
    /// The op, of code that is not instrumented.
    #[inline(always)]
    pub fn op(self) -> Op {
        Op::from_byte(self.0 as u8)
    }
    /// The small operand: flags, a number of arguments.
    #[inline(always)]
    pub const fn x(self) -> u8 {
        (self.0 >> 8) as u8
    }
    /// The first operand, mostly a register.
    #[inline(always)]
    pub const fn a(self) -> usize {
        (self.0 >> 16) as u16 as usize
    }
    /// The second.
    #[inline(always)]
    pub const fn b(self) -> usize {
        (self.0 >> 32) as u16 as usize
    }
    /// The third.
    #[inline(always)]
    pub const fn c(self) -> usize {
        (self.0 >> 48) as usize
    }
    /// `b` as a signed number.
    #[inline(always)]
    pub const fn bi(self) -> i16 {
        (self.0 >> 32) as i16
    }
    /// `c` as a signed number.
    #[inline(always)]
    pub const fn ci(self) -> i16 {
        (self.0 >> 48) as i16
    }
    /// `b` and `c` as one signed number: a small int, the distance of a jump from the instruction behind it.
    #[inline(always)]
    pub const fn imm(self) -> i32 {
        (self.0 >> 32) as i32
    }
}
