//! AArch64 with the procedure call standard of Arm. Numbers of registers are logical ([`g`], [`f`]): 0 to 2 are scratch,
//! 14 is the state, 15 the thread, 16 and further arguments; `x16` and `x17` belong to the operations here.
//!
//! `encode` instructions · `asm` labels, constants, addresses · `stubs` entry and ways out · `int` integers · `flt`
//! doubles · `mem` objects, calls · `guard` guards.

mod asm;
mod encode;
mod flt;
mod guard;
mod int;
mod mem;
mod stubs;

#[cfg(test)]
mod emit_tests;
#[cfg(test)]
mod encode_tests;

use crate::isa::*;
use adder_metatrace::backend::Layout;
use encode::*;

/// Registers of the operations.
const X16: u32 = 16;
const X17: u32 = 17;
const ZR: u32 = 31;
const SP: u32 = 31;

const GENERAL: [u32; 22] = [9, 10, 11, 12, 13, 14, 15, 19, 20, 21, 22, 23, 24, 25, 28, 27, 0, 1, 2, 3, 4, 5];
const STATE: u32 = 28;
const THREAD: u32 = 27;

/// The machine's number of a register.
fn g(r: u8) -> u32 {
    GENERAL[r as usize]
}
fn f(r: u8) -> u32 {
    if r < 14 { r as u32 } else { r as u32 + 2 }
}

#[derive(Clone, Copy, Debug)]
pub struct Label(u32);

#[derive(Clone, Copy)]
enum Reach {
    /// 26 bits.
    Long,
    /// 19 bits.
    Short,
}

pub struct AArch64 {
    code: Vec<u32>,
    labels: Vec<Option<u32>>,
    jumps: Vec<(u32, Label, Reach)>,
}

impl Isa for AArch64 {
    type Label = Label;

    const GPRS: &'static [u8] = &[3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
    const CALLEE_SAVED: &'static [u8] = &[7, 8, 9, 10, 11, 12, 13];
    const FPRS: u8 = 14;
    const CALLEE_SAVED_FPRS: &'static [u8] = &[8, 9, 10, 11, 12, 13];
    const S0: u8 = 0;
    const S1: u8 = 1;
    const S2: u8 = 2;
    const F0: u8 = 14;
    const F1: u8 = 15;
    const THREAD: u8 = 15;
    const ARGS: &'static [u8] = &[16, 17, 18, 19, 20, 21];
    const NEAR: bool = false;

    fn new(_: usize) -> AArch64 {
        AArch64 { code: Vec::new(), labels: Vec::new(), jumps: Vec::new() }
    }
    fn finish(self) -> Res<Vec<u8>> {
        self.link_jumps()
    }
    fn offset(&self) -> usize {
        4 * self.code.len()
    }
    fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }
    fn bind(&mut self, l: Label) {
        self.labels[l.0 as usize] = Some(self.code.len() as u32);
    }
    fn align(&mut self) {
        while self.code.len() % 4 != 0 {
            self.put(nop());
        }
    }

    fn enter_stub(&mut self) {
        stubs::enter(self)
    }
    fn leave_stub(&mut self) {
        stubs::leave(self)
    }
    fn return_stub(&mut self, exit: u64) {
        stubs::returned(self, exit)
    }
    fn bail_stub(&mut self, exit: u64, leave: u64) {
        self.constant(g(Self::S0), exit);
        self.constant(X16, leave);
        self.put(br(X16));
    }
    fn exit_stub(&mut self, exit: u64) {
        self.constant(g(Self::S0), exit);
        self.put(ldr(X16, g(Self::S0), 0));
        self.put(br(X16));
    }
    fn link(&mut self, cell: u64) {
        self.constant(X16, cell);
        self.put(ldr(X16, X16, 0));
        self.put(br(X16));
    }
    fn jump(&mut self, l: Label) {
        self.jumps.push((self.code.len() as u32, l, Reach::Long));
        self.put(b(0));
    }

    fn jump_to(&mut self, address: u64) {
        self.constant(X16, address);
        self.put(br(X16));
    }

    fn imm(&mut self, d: u8, w: u64) {
        self.constant(g(d), w);
    }
    fn flt_imm(&mut self, d: u8, w: u64) {
        let r = if w == 0 { ZR } else { X16 };
        if w != 0 {
            self.constant(X16, w);
        }
        self.put(fmov_to(f(d), r));
    }
    fn mov(&mut self, d: u8, s: u8) {
        if d != s {
            self.put(mov(g(d), g(s)));
        }
    }
    fn flt_mov(&mut self, d: u8, s: u8) {
        if d != s {
            self.put(fmov(f(d), f(s)));
        }
    }
    fn to_flt(&mut self, d: u8, s: u8) {
        self.put(fmov_to(f(d), g(s)));
    }
    fn out_of_flt(&mut self, d: u8, s: u8) {
        self.put(fmov_from(g(d), f(s)));
    }
    fn load(&mut self, d: u8, at: Addr) {
        self.access(Access::Load, g(d), at);
    }
    fn store(&mut self, at: Addr, s: u8) {
        self.access(Access::Store, g(s), at);
    }
    fn store_imm(&mut self, at: Addr, n: i32) {
        let r = if n == 0 { ZR } else { X17 };
        if n != 0 {
            self.constant(X17, n as i64 as u64);
        }
        self.access(Access::Store, r, at);
    }
    fn load_number(&mut self, d: u8, at: Addr, width: u8, signed: bool) {
        if width == 8 {
            return self.load(d, at);
        }
        self.number_address(at, width);
        self.put(load_number(g(d), X16, width, signed));
    }
    fn store_number(&mut self, at: Addr, s: u8, width: u8) {
        if width == 8 {
            return self.store(at, s);
        }
        self.number_address(at, width);
        self.put(store_number(g(s), X16, width));
    }
    fn flt_load(&mut self, d: u8, at: Addr) {
        self.number_address(at, 8);
        self.put(ldr_d(f(d), X16, 0));
    }
    fn flt_store(&mut self, at: Addr, s: u8) {
        self.number_address(at, 8);
        self.put(str_d(f(s), X16, 0));
    }
    fn store_desc(&mut self, a: u8, n: i32) {
        self.constant_w(X17, n as u32);
        self.put(str_w(X17, g(a), 0));
    }
    fn load_state(&mut self, d: u8, at: i32) {
        self.put(ldr(g(d), STATE, at as u32));
    }
    fn store_state(&mut self, at: i32, s: u8) {
        self.put(str(g(s), STATE, at as u32));
    }
    fn zero_state(&mut self, at: i32) {
        self.put(str(ZR, STATE, at as u32));
    }
    fn flt_load_state(&mut self, d: u8, at: i32) {
        self.put(ldr_d(f(d), STATE, at as u32));
    }
    fn flt_store_state(&mut self, at: i32, s: u8) {
        self.put(str_d(f(s), STATE, at as u32));
    }
    fn add_state(&mut self, at: i32, n: i32) {
        self.put(ldr(X17, STATE, at as u32));
        self.add_constant(X17, X17, n as i64);
        self.put(str(X17, STATE, at as u32));
    }

    fn alu(&mut self, op: Alu, d: u8, a: u8, b: Src) {
        int::alu(self, op, g(d), g(a), b)
    }
    fn tag(&mut self, d: u8, a: u8) {
        self.put(lsl(g(d), g(a), 1));
        self.set_tag(g(d), g(d));
    }
    fn untag(&mut self, d: u8, a: u8) {
        self.put(asr(g(d), g(a), 1));
    }
    fn fix(&mut self, op: Fix, d: u8, a: u8, b: Src, exit: Option<Label>) {
        int::fix(self, op, g(d), g(a), b, exit)
    }
    fn fix_shl(&mut self, d: u8, a: u8, b: u8, exit: Label) {
        int::shl(self, g(d), g(a), g(b), exit)
    }
    fn fix_shr(&mut self, d: u8, a: u8, b: Src) {
        int::shr(self, g(d), g(a), b)
    }
    fn fix_div(&mut self, d: u8, a: u8, b: u8, modulo: bool) {
        int::div(self, g(d), g(a), g(b), modulo)
    }

    fn flt_op(&mut self, op: FltOp, d: u8, a: u8, b: u8) {
        let (d, a, b) = (f(d), f(a), f(b));
        self.put(match op {
            FltOp::Add => fadd(d, a, b),
            FltOp::Sub => fsub(d, a, b),
            FltOp::Mul => fmul(d, a, b),
            FltOp::Div => fdiv(d, a, b),
        });
    }
    fn flt_un(&mut self, op: FltUn, d: u8, a: u8) {
        let (d, a) = (f(d), f(a));
        self.put(match op {
            FltUn::Neg => fneg(d, a),
            FltUn::Abs => fabs(d, a),
            FltUn::Sqrt => fsqrt(d, a),
        });
    }
    fn fix_to_flt(&mut self, d: u8, a: u8) {
        self.put(asr(X16, g(a), 1));
        self.put(scvtf(f(d), X16));
    }
    fn int_to_flt(&mut self, d: u8, a: u8) {
        self.put(scvtf(f(d), g(a)));
    }
    fn unbox(&mut self, d: u8, a: u8, other: Detour<Label>, zero: Detour<Label>) {
        flt::unbox(self, f(d), g(a), other, zero)
    }
    fn unbox_box(&mut self, d: u8, a: u8, l: &Layout, exit: Label) {
        flt::unbox_box(self, f(d), g(a), l, exit)
    }
    fn make_box(&mut self, d: u8, a: u8, other: Detour<Label>) {
        flt::make_box(self, g(d), f(a), other)
    }

    fn new_object(&mut self, d: u8, size: i32, header: u64, l: &Layout, shared: bool, other: Detour<Label>) {
        mem::new_object(self, d, size, header, l, shared, other)
    }
    fn barrier(&mut self, obj: u8, l: &Layout, other: Detour<Label>) {
        self.put(ldr_b(X16, g(obj), l.gc_byte as u32));
        // One bit.
        self.put(tst_imm(X16, bitmask(l.unlogged as u64).expect("a bit")));
        self.jump_if(Cc::Ne, other.at);
        self.bind(other.back);
    }

    fn call(&mut self, addr: u64, zero: &[u8]) {
        for r in zero {
            self.put(movz(g(*r), 0, 0));
        }
        self.call_address(addr);
    }
    fn result(&mut self, d: u8) {
        self.put(mov(g(d), 0));
    }
    fn result_flt(&mut self, d: u8) {
        self.put(fmov_to(f(d), 0));
    }
    fn box_args(&mut self, a: u8) {
        self.put(fmov_from(1, f(a)));
    }
    fn barrier_args(&mut self, obj: u8, at: Addr) {
        self.address(2, at);
        self.put(mov(1, g(obj)));
    }
    fn new_args(&mut self, what: u64) {
        self.constant(1, what);
    }
    fn call_helper(&mut self, helper: u64) {
        self.put(mov(0, THREAD));
        self.call_address(helper);
    }
    fn begin_near(&mut self) {
        unreachable!("nothing is shared")
    }
    fn end_near(&mut self) {
        unreachable!("nothing is shared")
    }
    fn call_near(&mut self, _: u64) {
        unreachable!("nothing is shared")
    }

    fn guard_fix(&mut self, a: u8, want: bool, exit: Label) {
        guard::bits(self, g(a), 1, want, true, exit)
    }
    fn guard_ptr(&mut self, a: u8, want: bool, exit: Label) {
        guard::bits(self, g(a), 7, want, false, exit)
    }
    fn guard_flo(&mut self, a: u8, l: &Layout, want: bool, exit: Label) {
        guard::flo(self, g(a), l, want, exit)
    }
    fn guard_desc(&mut self, a: u8, desc: i32, want: bool, exit: Label) {
        self.compare_desc(g(a), desc);
        self.jump_if(if want { Cc::Ne } else { Cc::Eq }, exit);
    }
    fn guard_owned(&mut self, a: u8, l: &Layout, want: bool, exit: Label) {
        self.put(ldr_b(X16, g(a), l.lock as u32));
        self.put(ldr_b(X17, THREAD, l.owner as u32));
        self.put(cmp_w(X16, X17));
        self.jump_if(if want { Cc::Ne } else { Cc::Eq }, exit);
    }
    fn guard_cmp(&mut self, c: Cond, a: u8, b: Src, want: bool, exit: Label) {
        guard::cmp(self, c, g(a), b, want, exit)
    }
    fn guard_flt(&mut self, c: FltCond, a: u8, b: u8, want: bool, exit: Label) {
        guard::flt(self, c, f(a), f(b), want, exit)
    }
    fn guard_ovf(&mut self, op: Fix, a: u8, b: u8, want: bool, exit: Label) {
        int::overflow(self, op, X16, g(a), Src::Reg(b));
        let over = int::overflow_cc(op);
        self.jump_if(if want { over.not() } else { over }, exit);
    }
    fn guard_calm(&mut self, poll: i32, exit: Label) {
        self.load_w(X16, THREAD, poll);
        self.jumps.push((self.code.len() as u32, exit, Reach::Short));
        self.put(cbnz_w(X16, 0));
    }
}

/// What is done at an address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Load,
    Store,
}
