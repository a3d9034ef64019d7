//! The instruction word.

use crate::Op;

/// One instruction: `op:8 x:8 a:16 b:16 c:16`, `b` and `c` together also as a signed 32-bit immediate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(transparent)]
pub struct Ins(pub u64);

impl Ins {
    #[inline(always)]
    pub const fn abc(op: Op, x: u8, a: u16, b: u16, c: u16) -> Ins {
        Ins(op as u64 | (x as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }
    #[inline(always)]
    pub const fn ai(op: Op, x: u8, a: u16, imm: i32) -> Ins {
        Ins(op as u64 | (x as u64) << 8 | (a as u64) << 16 | (imm as u32 as u64) << 32)
    }
    #[inline(always)]
    pub const fn op_byte(self) -> u8 {
        self.0 as u8
    }
    #[inline(always)]
    pub fn op(self) -> Op {
        Op::from_byte(self.0 as u8)
    }
    #[inline(always)]
    pub const fn x(self) -> u8 {
        (self.0 >> 8) as u8
    }
    #[inline(always)]
    pub const fn a(self) -> usize {
        (self.0 >> 16) as u16 as usize
    }
    #[inline(always)]
    pub const fn b(self) -> usize {
        (self.0 >> 32) as u16 as usize
    }
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
    #[inline(always)]
    pub const fn imm(self) -> i32 {
        (self.0 >> 32) as i32
    }
}
