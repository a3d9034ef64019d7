//! x86-64 with the System V convention. `r13` is a place in the state ([`STATE`]), `r15` the thread; `rax`, `rcx`, `rdx`,
//! `xmm14`, `xmm15` are scratch. Encodings are dynasm's, but for operands in memory.
//!
//! `stubs` entry and ways out · `int` moves and integers · `flt` doubles · `mem` objects, calls · `guard` guards ·
//! `operand` operands in memory.

mod flt;
mod guard;
mod int;
mod mem;
mod operand;
mod stubs;

use crate::isa::*;
use adder_metatrace::backend::Layout;
use adder_metatrace::word;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, VecAssembler, x64::X64Relocation};

pub(crate) const RAX: u8 = 0;
pub(crate) const RCX: u8 = 1;
pub(crate) const RDX: u8 = 2;
const RSP: u8 = 4;

/// Where in the state `r13` points to: what is used most is around it, where one byte is enough to say how far.
const STATE: i32 = crate::SPILL;
const R13: u8 = 13;

macro_rules! x {
    ($s:expr; $($t:tt)*) => { ::dynasmrt::dynasm!($s.a; .arch x64; $($t)*) };
}
pub(crate) use x;

/// An operation with a constant, in one byte if that is enough.
macro_rules! imm8 {
    ($s:expr; $op:ident $r:ident ($n:expr), $imm:expr) => {{
        let n: i32 = $imm;
        match i8::try_from(n) {
            Ok(near) => x!($s; $op $r($n), BYTE near),
            Err(_) => x!($s; $op $r($n), n),
        }
    }};
}
pub(crate) use imm8;

/// The place at this byte of what a register points to.
pub(crate) fn at(base: u8, disp: i32) -> Addr {
    Addr { base, index: None, disp }
}
/// A word of the state.
fn state(disp: i32) -> Addr {
    at(R13, disp - STATE)
}

pub struct X64 {
    /// Where the code will lie.
    at: usize,
    a: VecAssembler<X64Relocation>,
    /// Words that lie behind the code, where they are.
    pool: Vec<(u64, DynamicLabel)>,
    /// What the processor has.
    avx: bool,
    bmi2: bool,
}

impl X64 {
    /// A word in memory.
    fn constant(&mut self, w: u64) -> DynamicLabel {
        match self.pool.iter().find(|p| p.0 == w) {
            Some(p) => p.1,
            None => {
                let l = self.a.new_dynamic_label();
                self.pool.push((w, l));
                l
            }
        }
    }
    /// How far the address is from behind an instruction of five bytes, if it says that in four of them.
    fn near(&self, address: u64) -> Option<i32> {
        let here = (self.at + self.offset() + 5) as u64;
        i32::try_from(address.wrapping_sub(here) as i64).ok()
    }
    fn bias(&mut self) -> DynamicLabel {
        self.constant(word::FLO_BIAS)
    }
}

impl Isa for X64 {
    type Label = DynamicLabel;

    const GPRS: &'static [u8] = &[6, 7, 8, 9, 10, 11, 3, 5, 12, 14];
    const CALLEE_SAVED: &'static [u8] = &[3, 5, 12, 14];
    const FPRS: u8 = 14;
    const CALLEE_SAVED_FPRS: &'static [u8] = &[];
    const S0: u8 = RAX;
    const S1: u8 = RCX;
    const S2: u8 = RDX;
    const F0: u8 = 14;
    const F1: u8 = 15;
    const THREAD: u8 = 15;
    const ARGS: &'static [u8] = &[7, 6, RDX, RCX, 8, 9];
    const NEAR: bool = true;

    fn new(at: usize) -> X64 {
        let (avx, bmi2) = (is_x86_feature_detected!("avx"), is_x86_feature_detected!("bmi2"));
        X64 { at, a: VecAssembler::new(at), pool: Vec::new(), avx, bmi2 }
    }
    fn finish(mut self) -> Res<Vec<u8>> {
        if !self.pool.is_empty() {
            x!(self; .align 8);
        }
        for (w, l) in std::mem::take(&mut self.pool) {
            x!(self; =>l; .u64 w);
        }
        self.a.finalize().map_err(|_| "assembler")
    }
    fn offset(&self) -> usize {
        self.a.offset().0
    }
    fn label(&mut self) -> DynamicLabel {
        self.a.new_dynamic_label()
    }
    fn bind(&mut self, l: DynamicLabel) {
        x!(self; =>l);
    }
    fn align(&mut self) {
        // In few instructions: the way into the loop leads through them.
        const LONG: [u8; 9] = [0x66, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
        let mut n = self.offset().wrapping_neg() % 32;
        while n > 0 {
            match n {
                9.. => self.a.extend(&LONG),
                8 => self.a.extend(&LONG[1..]),
                7 => self.a.extend(&[0x0f, 0x1f, 0x80, 0, 0, 0, 0]),
                4.. => self.a.extend(&[0x0f, 0x1f, 0x40, 0]),
                3 => self.a.extend(&[0x0f, 0x1f, 0]),
                2 => self.a.extend(&[0x66, 0x90]),
                _ => self.a.push(0x90),
            }
            n = self.offset().wrapping_neg() % 32;
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
        int::imm(self, RAX, exit);
        int::imm(self, RCX, leave);
        x!(self; jmp rcx);
    }
    fn exit_stub(&mut self, exit: u64) {
        int::imm(self, RAX, exit);
        x!(self; jmp QWORD [rax]);
    }
    fn link(&mut self, cell: u64) {
        int::imm(self, RAX, cell);
        x!(self; jmp QWORD [rax]);
    }
    fn jump(&mut self, l: DynamicLabel) {
        x!(self; jmp =>l);
    }
    fn jump_to(&mut self, address: u64) {
        match self.near(address) {
            Some(n) => {
                self.a.push(0xe9);
                self.a.extend(&n.to_le_bytes());
            }
            None => {
                int::imm(self, RAX, address);
                x!(self; jmp rax);
            }
        }
    }

    fn imm(&mut self, d: u8, w: u64) {
        int::imm(self, d, w)
    }
    fn flt_imm(&mut self, d: u8, w: u64) {
        if w == 0 {
            x!(self; xorps Rx(d), Rx(d));
        } else {
            let l = self.constant(w);
            x!(self; movsd Rx(d), [=>l]);
        }
    }
    fn mov(&mut self, d: u8, s: u8) {
        if d != s {
            x!(self; mov Rq(d), Rq(s));
        }
    }
    fn flt_mov(&mut self, d: u8, s: u8) {
        if d != s {
            x!(self; movaps Rx(d), Rx(s));
        }
    }
    fn to_flt(&mut self, d: u8, s: u8) {
        x!(self; movq Rx(d), Rq(s));
    }
    fn out_of_flt(&mut self, d: u8, s: u8) {
        x!(self; movq Rq(d), Rx(s));
    }
    fn load(&mut self, d: u8, at: Addr) {
        self.op(operand::LOAD, d, at, 8);
    }
    fn store(&mut self, at: Addr, s: u8) {
        self.op(operand::STORE, s, at, 8);
    }
    fn store_imm(&mut self, at: Addr, n: i32) {
        self.store_const(at, n);
    }
    fn load_number(&mut self, d: u8, at: Addr, width: u8, signed: bool) {
        mem::load_number(self, d, at, width, signed)
    }
    fn store_number(&mut self, at: Addr, s: u8, width: u8) {
        mem::store_number(self, at, s, width)
    }
    fn flt_load(&mut self, d: u8, at: Addr) {
        self.op(operand::LOAD_FLT, d, at, 8);
    }
    fn flt_store(&mut self, at: Addr, s: u8) {
        self.op(operand::STORE_FLT, s, at, 8);
    }
    fn store_desc(&mut self, a: u8, n: i32) {
        self.store_dword_const(at(a, 0), n);
    }
    fn load_state(&mut self, d: u8, at: i32) {
        self.op(operand::LOAD, d, state(at), 8);
    }
    fn store_state(&mut self, at: i32, s: u8) {
        self.op(operand::STORE, s, state(at), 8);
    }
    fn zero_state(&mut self, at: i32) {
        self.store_const(state(at), 0);
    }
    fn flt_load_state(&mut self, d: u8, at: i32) {
        self.op(operand::LOAD_FLT, d, state(at), 8);
    }
    fn flt_store_state(&mut self, at: i32, s: u8) {
        self.op(operand::STORE_FLT, s, state(at), 8);
    }
    fn add_state(&mut self, at: i32, n: i32) {
        self.add_const(state(at), n);
    }

    fn alu(&mut self, op: Alu, d: u8, a: u8, b: Src) {
        int::alu(self, op, d, a, b)
    }
    fn tag(&mut self, d: u8, a: u8) {
        x!(self; lea Rq(d), [BYTE Rq(a) + Rq(a) + 1]);
    }
    fn untag(&mut self, d: u8, a: u8) {
        self.mov(d, a);
        x!(self; sar Rq(d), 1);
    }
    fn fix(&mut self, op: Fix, d: u8, a: u8, b: Src, exit: Option<DynamicLabel>) {
        int::fix(self, op, d, a, b, exit)
    }
    fn fix_shl(&mut self, d: u8, a: u8, b: u8, exit: DynamicLabel) {
        int::shl(self, d, a, b, exit)
    }
    fn fix_shr(&mut self, d: u8, a: u8, b: Src) {
        int::shr(self, d, a, b)
    }
    fn fix_div(&mut self, d: u8, a: u8, b: u8, modulo: bool) {
        int::div(self, d, a, b, modulo)
    }

    fn flt_op(&mut self, op: FltOp, d: u8, a: u8, b: u8) {
        flt::op(self, op, d, a, b)
    }
    fn flt_un(&mut self, op: FltUn, d: u8, a: u8) {
        flt::un(self, op, d, a)
    }
    fn fix_to_flt(&mut self, d: u8, a: u8) {
        self.mov(RAX, a);
        x!(self; sar rax, 1; xorps Rx(d), Rx(d); cvtsi2sd Rx(d), rax);
    }
    fn int_to_flt(&mut self, d: u8, a: u8) {
        x!(self; xorps Rx(d), Rx(d); cvtsi2sd Rx(d), Rq(a));
    }
    fn unbox(&mut self, d: u8, a: u8, other: Detour<DynamicLabel>, zero: Detour<DynamicLabel>) {
        flt::unbox(self, d, a, other, zero)
    }
    fn unbox_box(&mut self, d: u8, a: u8, l: &Layout, exit: DynamicLabel) {
        flt::unbox_box(self, d, a, l, exit)
    }
    fn make_box(&mut self, d: u8, a: u8, other: Detour<DynamicLabel>) {
        flt::make_box(self, d, a, other)
    }

    fn new_object(
        &mut self,
        d: u8,
        size: i32,
        header: u64,
        l: &Layout,
        shared: bool,
        other: Detour<DynamicLabel>,
    ) {
        mem::new_object(self, d, size, header, l, shared, other)
    }
    fn barrier(&mut self, obj: u8, l: &Layout, other: Detour<DynamicLabel>) {
        self.test_byte(at(obj, l.gc_byte), l.unlogged);
        x!(self; jnz =>other.at; =>other.back);
    }

    fn call(&mut self, addr: u64, zero: &[u8]) {
        mem::call(self, addr, zero)
    }
    fn result(&mut self, d: u8) {
        self.mov(d, RAX);
    }
    fn result_flt(&mut self, d: u8) {
        x!(self; movq Rx(d), rax);
    }
    fn box_args(&mut self, a: u8) {
        x!(self; movq rcx, Rx(a));
    }
    fn barrier_args(&mut self, obj: u8, at: Addr) {
        self.op(operand::LEA, RDX, at, 8);
        self.mov(RCX, obj);
    }
    fn new_args(&mut self, what: u64) {
        int::imm(self, RCX, what);
    }
    fn call_helper(&mut self, helper: u64) {
        x!(self; mov rsi, rcx; mov rdi, r15);
        int::imm(self, RAX, helper);
        x!(self; call rax);
    }
    fn begin_near(&mut self) {
        x!(self; push rax);
    }
    fn end_near(&mut self) {
        x!(self; pop rcx; ret);
    }
    fn call_near(&mut self, address: u64) {
        let n = self.near(address).expect("near code");
        self.a.push(0xe8);
        self.a.extend(&n.to_le_bytes());
    }

    fn guard_fix(&mut self, a: u8, want: bool, exit: DynamicLabel) {
        x!(self; test Rb(a), 1);
        if want { x!(self; jz =>exit) } else { x!(self; jnz =>exit) }
    }
    fn guard_ptr(&mut self, a: u8, want: bool, exit: DynamicLabel) {
        x!(self; test Rb(a), 7);
        if want { x!(self; jnz =>exit) } else { x!(self; jz =>exit) }
    }
    fn guard_flo(&mut self, a: u8, l: &Layout, want: bool, exit: DynamicLabel) {
        guard::flo(self, a, l, want, exit)
    }
    fn guard_desc(&mut self, a: u8, desc: i32, want: bool, exit: DynamicLabel) {
        self.cmp_dword(at(a, 0), desc);
        if want { x!(self; jne =>exit) } else { x!(self; je =>exit) }
    }
    fn guard_owned(&mut self, a: u8, l: &Layout, want: bool, exit: DynamicLabel) {
        self.op(operand::MOVZX_BYTE, RCX, at(a, l.lock), 1);
        self.op(operand::CMP_BYTE, RCX, at(Self::THREAD, l.owner), 1);
        if want { x!(self; jne =>exit) } else { x!(self; je =>exit) }
    }
    fn guard_cmp(&mut self, c: Cond, a: u8, b: Src, want: bool, exit: DynamicLabel) {
        guard::cmp(self, c, a, b, want, exit)
    }
    fn guard_flt(&mut self, c: FltCond, a: u8, b: u8, want: bool, exit: DynamicLabel) {
        guard::flt(self, c, a, b, want, exit)
    }
    fn guard_ovf(&mut self, op: Fix, a: u8, b: u8, want: bool, exit: DynamicLabel) {
        guard::ovf(self, op, a, b, want, exit)
    }
    fn guard_calm(&mut self, poll: i32, exit: DynamicLabel) {
        self.cmp_dword(at(Self::THREAD, poll), 0);
        x!(self; jne =>exit);
    }
}
