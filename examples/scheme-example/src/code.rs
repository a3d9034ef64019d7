//! Bytecode: instructions for a machine of registers, and the code objects that hold them.

use adder_metatrace::driver::Header;
use adder_metatrace::{Cmp, FloatOp};

pub type Reg = u16;

/// Type predicates.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Is {
    Null,
    Pair,
    Vector,
    Procedure,
    Fixnum,
    Number,
    False,
    Zero,
}

/// An instruction. Registers are the frame's; register 0 holds the running closure, parameters follow. Jumps are relative to
/// the next instruction.
#[derive(Clone, Copy, Debug)]
pub enum Ins {
    /// Traces begin here.
    Header(u16),
    Const {
        d: Reg,
        k: u16,
    },
    Move {
        d: Reg,
        s: Reg,
    },
    Capture {
        d: Reg,
        k: u16,
    },
    Global {
        d: Reg,
        k: u16,
    },
    SetGlobal {
        k: u16,
        s: Reg,
        define: bool,
    },
    MakeBox {
        d: Reg,
        s: Reg,
    },
    BoxGet {
        d: Reg,
        s: Reg,
    },
    BoxSet {
        b: Reg,
        s: Reg,
    },
    /// Captures are in registers from `from` on.
    Closure {
        d: Reg,
        child: u16,
        from: Reg,
        n: u16,
    },
    Arith {
        op: FloatOp,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Quotient {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Remainder {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Modulo {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Sqrt {
        d: Reg,
        a: Reg,
    },
    ToFloat {
        d: Reg,
        a: Reg,
    },
    Compare {
        op: Cmp,
        d: Reg,
        a: Reg,
        b: Reg,
    },
    /// Jumps if the comparison does not hold.
    Unless {
        op: Cmp,
        a: Reg,
        b: Reg,
        to: i16,
    },
    Test {
        is: Is,
        d: Reg,
        a: Reg,
    },
    UnlessIs {
        is: Is,
        a: Reg,
        to: i16,
    },
    Eq {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    JumpFalse {
        a: Reg,
        to: i16,
    },
    Jump {
        to: i16,
    },
    Cons {
        d: Reg,
        a: Reg,
        b: Reg,
    },
    Car {
        d: Reg,
        a: Reg,
    },
    Cdr {
        d: Reg,
        a: Reg,
    },
    SetCar {
        a: Reg,
        s: Reg,
    },
    SetCdr {
        a: Reg,
        s: Reg,
    },
    VectorRef {
        d: Reg,
        a: Reg,
        i: Reg,
    },
    VectorSet {
        a: Reg,
        i: Reg,
        s: Reg,
    },
    VectorLength {
        d: Reg,
        a: Reg,
    },
    /// A function of the runtime; arguments from `from` on.
    Prim {
        p: u16,
        d: Reg,
        from: Reg,
    },
    /// The closure is in `base`, its arguments follow; the result goes to `base`.
    Call {
        base: Reg,
        n: u16,
    },
    TailCall {
        base: Reg,
        n: u16,
    },
    Return {
        s: Reg,
    },
}

/// A function. Never freed.
pub struct Code {
    pub name: String,
    pub ins: Box<[Ins]>,
    /// Registers in use before each instruction.
    pub depths: Box<[u16]>,
    pub consts: Box<[u64]>,
    pub children: Box<[&'static Code]>,
    pub headers: Box<[&'static Header]>,
    pub params: usize,
}

impl Code {
    pub fn start(&self) -> *const Ins {
        self.ins.as_ptr()
    }
    pub fn depth_at(&self, pc: *const Ins) -> usize {
        let n = (pc as usize - self.start() as usize) / size_of::<Ins>();
        self.depths[n] as usize
    }
}
