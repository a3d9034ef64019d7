//! [`Isa`]: what an instruction set gives to the emitter: a few dozen operations on machine registers. The emitter
//! ([`crate::emit`]) chooses the registers and knows the IR; here nobody does.
//!
//! # Rules for all operations
//! - A result's register may be that of an operand, unless something else is said.
//! - [`S0`](Isa::S0), [`S1`](Isa::S1), [`S2`](Isa::S2) and [`F0`](Isa::F0), [`F1`](Isa::F1) never hold a value across IR
//!   instructions; operands may be in them: the first in S0 (F0), the second in S1 (F1), a value to be stored in S2.
//!   An operation may change them unless something else is said; results are never in them.
//! - Condition flags are nobody's between two operations.

use adder_metatrace::backend::{Layout, Loc};

pub type Res<T> = Result<T, &'static str>;

/// An operand: a register or a small constant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Src {
    Reg(u8),
    Imm(i32),
}

/// A memory operand: base, eight times the index, offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addr {
    pub base: u8,
    pub index: Option<u8>,
    pub disp: i32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alu {
    And,
    Or,
    Xor,
    Add,
    Sub,
}

/// Arithmetic on tagged integers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fix {
    Add,
    Sub,
    Mul,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FltOp {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FltUn {
    Neg,
    Abs,
    Sqrt,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cond {
    Eq,
    Lt,
    Le,
    /// Unsigned.
    Ult,
}

/// Comparisons of doubles: false if one of them is no number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FltCond {
    Eq,
    Lt,
    Le,
}

/// Where an operation goes on out of line, and where it comes back.
#[derive(Clone, Copy, Debug)]
pub struct Detour<L> {
    pub at: L,
    pub back: L,
}

pub trait Isa: Sized {
    type Label: Copy;

    /// Registers that values may live in; callee-saved ones last, so that values which live across calls find them
    /// free. All numbers are below 16.
    const GPRS: &'static [u8];
    const CALLEE_SAVED: &'static [u8];
    /// Registers of doubles that values may live in: 0 to this.
    const FPRS: u8;
    /// Of them callee-saved.
    const CALLEE_SAVED_FPRS: &'static [u8];
    const S0: u8;
    const S1: u8;
    const S2: u8;
    const F0: u8;
    const F1: u8;
    /// Holds the address of the thread.
    const THREAD: u8;
    /// Where calls expect their arguments: registers that values may live in, or numbers from 16 on. S0 is none of them.
    const ARGS: &'static [u8];
    /// Code that several traces share can be called ([`Isa::call_near`]), which is short.
    const NEAR: bool;

    /// An assembler of code that will lie at this address.
    fn new(at: usize) -> Self;
    fn finish(self) -> Res<Vec<u8>>;
    /// Bytes so far.
    fn offset(&self) -> usize;
    fn label(&mut self) -> Self::Label;
    fn bind(&mut self, l: Self::Label);
    /// Padding before a loop's header.
    fn align(&mut self);

    fn caller_saved(l: Loc) -> bool {
        match l {
            Loc::Gpr(r) => !Self::CALLEE_SAVED.contains(&r),
            Loc::Xmm(r) => !Self::CALLEE_SAVED_FPRS.contains(&r),
            _ => false,
        }
    }

    // -- pieces of code that all traces share

    /// `(entry, state, thread) -> exit`: saves what the callee must save and goes to the entry.
    fn enter_stub(&mut self);
    /// The way out: saves all registers in the state and returns the exit, which is in S0.
    fn leave_stub(&mut self);
    /// The way out that saves nothing.
    fn return_stub(&mut self, exit: u64);
    /// Goes to `leave` with that exit.
    fn bail_stub(&mut self, exit: u64, leave: u64);
    /// Through the exit's target, the exit in S0.
    fn exit_stub(&mut self, exit: u64);
    /// To the code whose address the cell holds.
    fn link(&mut self, cell: u64);
    fn jump(&mut self, l: Self::Label);
    /// To code at this address. Changes S0.
    fn jump_to(&mut self, address: u64);

    // -- moves

    fn imm(&mut self, d: u8, w: u64);
    /// Changes S0.
    fn flt_imm(&mut self, d: u8, w: u64);
    fn mov(&mut self, d: u8, s: u8);
    fn flt_mov(&mut self, d: u8, s: u8);
    fn to_flt(&mut self, d: u8, s: u8);
    fn out_of_flt(&mut self, d: u8, s: u8);
    fn load(&mut self, d: u8, at: Addr);
    fn store(&mut self, at: Addr, s: u8);
    fn store_imm(&mut self, at: Addr, n: i32);
    /// An integer of so many bytes; the address's index counts such integers.
    fn load_number(&mut self, d: u8, at: Addr, width: u8, signed: bool);
    fn store_number(&mut self, at: Addr, s: u8, width: u8);
    fn flt_load(&mut self, d: u8, at: Addr);
    fn flt_store(&mut self, at: Addr, s: u8);
    /// 32 bits at the address in `a`.
    fn store_desc(&mut self, a: u8, n: i32);
    /// Words of the state.
    fn load_state(&mut self, d: u8, at: i32);
    fn store_state(&mut self, at: i32, s: u8);
    fn zero_state(&mut self, at: i32);
    fn flt_load_state(&mut self, d: u8, at: i32);
    fn flt_store_state(&mut self, at: i32, s: u8);
    fn add_state(&mut self, at: i32, n: i32);

    // -- integers

    fn alu(&mut self, op: Alu, d: u8, a: u8, b: Src);
    fn tag(&mut self, d: u8, a: u8);
    fn untag(&mut self, d: u8, a: u8);
    /// Tagged; goes to `exit` on overflow, `a` and `b` unchanged unless `d` is one of them. An immediate is tagged.
    fn fix(&mut self, op: Fix, d: u8, a: u8, b: Src, exit: Option<Self::Label>);
    /// `a` tagged, `b` a raw count in 0..62.
    fn fix_shl(&mut self, d: u8, a: u8, b: u8, exit: Self::Label);
    /// A constant count is below 64.
    fn fix_shr(&mut self, d: u8, a: u8, b: Src);
    /// Floor division; modulo.
    fn fix_div(&mut self, d: u8, a: u8, b: u8, modulo: bool);

    // -- doubles

    fn flt_op(&mut self, op: FltOp, d: u8, a: u8, b: u8);
    fn flt_un(&mut self, op: FltUn, d: u8, a: u8);
    fn fix_to_flt(&mut self, d: u8, a: u8);
    fn int_to_flt(&mut self, d: u8, a: u8);
    /// Of an immediate float; others go to `other`, the immediate zero to `zero`. `a` is S2 or no scratch register and
    /// stays.
    fn unbox(&mut self, d: u8, a: u8, other: Detour<Self::Label>, zero: Detour<Self::Label>);
    fn unbox_box(&mut self, d: u8, a: u8, l: &Layout, exit: Self::Label);
    /// To an immediate float; others go to `other`.
    fn make_box(&mut self, d: u8, a: u8, other: Detour<Self::Label>);

    // -- memory

    /// From the thread's piece of memory, which if it is used up goes to `other`. `header`: the first word.
    fn new_object(
        &mut self,
        d: u8,
        size: i32,
        header: u64,
        l: &Layout,
        shared: bool,
        other: Detour<Self::Label>,
    );
    /// The write barrier for an object that was stored into; changes nothing but flags.
    fn barrier(&mut self, obj: u8, l: &Layout, other: Detour<Self::Label>);

    // -- calls

    /// Calls, with the arguments where they are expected; `zero`: registers to be cleared before.
    fn call(&mut self, addr: u64, zero: &[u8]);
    fn result(&mut self, d: u8);
    fn result_flt(&mut self, d: u8);
    /// Arguments of helpers ([`Layout`]), called out of line: into scratch registers, where they stay while others are saved.
    fn box_args(&mut self, a: u8);
    fn barrier_args(&mut self, obj: u8, at: Addr);
    fn new_args(&mut self, what: u64);
    /// Takes them and calls; the result is as of [`Isa::call`].
    fn call_helper(&mut self, helper: u64);
    /// Code that is called by [`Isa::call_near`] begins, and goes back; the result of a call in it stays where it is.
    fn begin_near(&mut self);
    fn end_near(&mut self);
    /// Calls code of the same region of memory.
    fn call_near(&mut self, address: u64);

    // -- guards: to `exit` unless the condition is `want`; operands stay

    fn guard_fix(&mut self, a: u8, want: bool, exit: Self::Label);
    fn guard_ptr(&mut self, a: u8, want: bool, exit: Self::Label);
    /// `a` is not S0.
    fn guard_flo(&mut self, a: u8, l: &Layout, want: bool, exit: Self::Label);
    fn guard_desc(&mut self, a: u8, desc: i32, want: bool, exit: Self::Label);
    /// That the object is this thread's. `a` is not S1.
    fn guard_owned(&mut self, a: u8, l: &Layout, want: bool, exit: Self::Label);
    fn guard_cmp(&mut self, c: Cond, a: u8, b: Src, want: bool, exit: Self::Label);
    fn guard_flt(&mut self, c: FltCond, a: u8, b: u8, want: bool, exit: Self::Label);
    /// That the operation overflows.
    fn guard_ovf(&mut self, op: Fix, a: u8, b: u8, want: bool, exit: Self::Label);
    /// That the 32-bit word of the thread is 0.
    fn guard_calm(&mut self, poll: i32, exit: Self::Label);
}
