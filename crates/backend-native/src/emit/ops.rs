//! Instructions. Every op has its arm: a new one does not compile until it is here.

use super::Emit;
use super::exits::Cold;
use crate::isa::*;
use crate::{FP, REGS};
use adder_metatrace::Effects;
use adder_metatrace::backend::Loc;
use adder_metatrace::ir::*;

impl<I: Isa> Emit<'_, I> {
    pub(super) fn inst(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        use Op::*;
        if self.done == Some(i) {
            self.release(NO_SNAP);
            return Ok(());
        }
        // Results that nobody needs.
        if !matches!(x.ty, Ty::Void | Ty::Bool)
            && self.uses.last[i] == 0
            && !x.op.is_call()
            && !matches!(x.op.info().class, Class::Checked)
        {
            return Ok(());
        }
        match x.op {
            // Places, not code.
            Nop | In | Phi | Base => {}
            // What only the passes look at.
            IsA => self.release(NO_SNAP),
            Loop => self.loop_header(i)?,
            // Conditions are their guards' code.
            IsFix | IsFlo | IsPtr | ShapeIs | Owned | Eq | Lt | Le | Ult | FEq | FLt | FLe | AddOvf
            | SubOvf | MulOvf => {}
            GuardT | GuardF => self.guard(i)?,
            Calm => {
                let e = self.exit(x.snap)?;
                self.a.guard_calm(self.layout.poll, e);
                self.release(x.snap);
            }
            Return => {
                let r = self.g(x.a, I::S1)?;
                self.a.store_state(crate::GPR, r);
                self.release(NO_SNAP);
                self.a.jump_to(self.returned as u64);
            }
            Entry | LoadReg => {
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.load_state(I::S1, REGS);
                self.a.load(d, Addr { base: I::S1, index: None, disp: 8 * x.imm as i32 });
            }
            StoreReg => {
                self.a.load_state(I::S1, REGS);
                self.put(Addr { base: I::S1, index: None, disp: 8 * x.imm as i32 }, x.a)?;
                self.release(NO_SNAP);
            }
            FixAdd | FixAddW => self.fix(i, Fix::Add)?,
            FixSub | FixSubW => self.fix(i, Fix::Sub)?,
            FixMul => self.fix(i, Fix::Mul)?,
            FixShl => {
                let a = self.g(x.a, I::S0)?;
                let b = self.g(x.b, I::S1)?;
                self.release(x.snap);
                let d = self.def(i)?;
                let e = self.exit(x.snap)?;
                self.a.fix_shl(d, a, b, e);
            }
            FixAnd => {
                self.alu(i, Alu::And)?;
            }
            FixOr => {
                self.alu(i, Alu::Or)?;
            }
            FixXor => {
                let d = self.alu(i, Alu::Xor)?;
                self.a.alu(Alu::Or, d, d, Src::Imm(1));
            }
            Add => {
                self.alu(i, Alu::Add)?;
            }
            Sub => {
                self.alu(i, Alu::Sub)?;
            }
            FixShr => {
                let a = self.g(x.a, I::S0)?;
                let b = match self.t.const_of(x.b) {
                    Some(c) => Src::Imm((c.bits as i64).clamp(0, 63) as i32),
                    None => Src::Reg(self.g(x.b, I::S1)?),
                };
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.fix_shr(d, a, b);
            }
            FixDiv | FixMod => {
                let a = self.g(x.a, I::S0)?;
                let b = self.g(x.b, I::S1)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.fix_div(d, a, b, x.op == FixMod);
            }
            Untag => {
                let (d, a) = self.unary(i)?;
                self.a.untag(d, a);
            }
            Tag => {
                let (d, a) = self.unary(i)?;
                self.a.tag(d, a);
            }
            Bits | Word => {
                let (d, a) = self.unary(i)?;
                self.a.mov(d, a);
            }
            FAdd => self.flt(i, FltOp::Add)?,
            FSub => self.flt(i, FltOp::Sub)?,
            FMul => self.flt(i, FltOp::Mul)?,
            FDiv => self.flt(i, FltOp::Div)?,
            FNeg => self.flt_unary(i, FltUn::Neg)?,
            FAbs => self.flt_unary(i, FltUn::Abs)?,
            FSqrt => self.flt_unary(i, FltUn::Sqrt)?,
            FixToFlt => {
                let (d, a) = self.unary(i)?;
                self.a.fix_to_flt(d, a);
            }
            IntToFlt => {
                let (d, a) = self.unary(i)?;
                self.a.int_to_flt(d, a);
            }
            Unbox => {
                let a = self.g(x.a, I::S2)?;
                self.release(x.snap);
                let d = self.def(i)?;
                // Only now: making room for the result may move values.
                let exit = self.exit(x.snap)?;
                let other = self.go_cold(Cold::Unbox { a, d, exit }, Loc::Xmm(d));
                let zero = self.go_cold(Cold::Zero { d }, Loc::Xmm(d));
                self.a.unbox(d, a, other, zero);
            }
            Box => {
                let a = self.f(x.a, I::F0)?;
                let into = self.stored_next(i);
                self.release(NO_SNAP);
                let d = self.def(i)?;
                if let Some(at) = into {
                    // Only objects need the barrier: it waits where they are made.
                    let after = self.a.label();
                    let other = self.go_cold(Cold::BoxInto { a, d, at, after }, Loc::Gpr(d));
                    self.a.make_box(d, a, other);
                    self.a.store(at, d);
                    self.a.bind(after);
                    self.done = Some(i + 1);
                    return Ok(());
                }
                let other = self.go_cold(Cold::Box { a, d }, Loc::Gpr(d));
                self.a.make_box(d, a, other);
            }
            Get | GetInt | RawGet => {
                let (d, a) = self.unary(i)?;
                self.a.load(d, Addr { base: a, index: None, disp: x.imm as i32 });
            }
            Elem => {
                let at = self.elem_addr(&x)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.load(d, at);
            }
            Item => {
                let p = Packed::of(x.imm);
                let at = self.item_addr(&x, p)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.load_number(d, at, p.width, p.signed);
            }
            FltItem => {
                let at = self.item_addr(&x, Packed::of(x.imm))?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                self.a.flt_load(d, at);
            }
            SetItem => {
                let p = Packed::of(x.imm);
                let at = self.item_addr(&x, p)?;
                let c = self.g(x.c, I::S2)?;
                self.a.store_number(at, c, p.width);
                self.release(NO_SNAP);
            }
            SetFltItem => {
                // Before the address: a constant's way into its register is through S0.
                let c = self.f(x.c, I::F0)?;
                let at = self.item_addr(&x, Packed::of(x.imm))?;
                self.a.flt_store(at, c);
                self.release(NO_SNAP);
            }
            New => {
                self.release(NO_SNAP);
                let d = self.def(i)?;
                let size = (x.imm >> 32) as i32 & 0xff_ffff;
                let header = (x.imm as u64 & 0xffff_ffff) | (x.imm as u64 >> 56) << 40;
                let other = self.go_cold(Cold::New { d, what: x.imm }, Loc::Gpr(d));
                self.a.new_object(d, size, header, self.layout, self.t.shared, other);
            }
            SetNew | SetInt | RawSet => {
                let base = self.g(x.a, I::S0)?;
                self.put(Addr { base, index: None, disp: x.imm as i32 }, x.b)?;
                self.release(NO_SNAP);
            }
            Rebase => {
                let a = self.g(x.a, I::S0)?;
                self.a.store_state(REGS, a);
                self.a.add_state(FP, x.imm as i32);
                self.release(NO_SNAP);
            }
            SetShape => {
                let a = self.g(x.a, I::S0)?;
                self.a.store_desc(a, x.imm as i32);
                self.release(NO_SNAP);
            }
            Set => {
                let base = self.g(x.a, I::S0)?;
                let at = Addr { base, index: None, disp: x.imm as i32 };
                self.put(at, x.b)?;
                self.barrier(at, x.b);
                self.release(NO_SNAP);
            }
            SetElem => {
                let at = self.elem_addr(&x)?;
                self.put(at, x.c)?;
                self.barrier(at, x.c);
                self.release(NO_SNAP);
            }
            CallInt | CallRef | CallFlt | CallVoid => self.call(i)?,
            // Of recordings; the passes turn it into stores.
            Sync => return Err("a recording, not a trace"),
        }
        Ok(())
    }

    /// Where the next instruction stores this one's result, if it does and the address needs no scratch registers.
    fn stored_next(&mut self, i: usize) -> Option<Addr> {
        let x = *self.t.insts.get(i + 1)?;
        let reg = |e: &Self, r: R| match e.place[r.as_ins()?].reg {
            Some(Loc::Gpr(n)) => Some(n),
            _ => None,
        };
        let (base, index) = match x.op {
            Op::Set if x.b == R::ins(i) => (x.a, None),
            Op::SetElem if x.c == R::ins(i) => (x.a, Some(x.b)),
            _ => return None,
        };
        if x.a == R::ins(i) || index == Some(R::ins(i)) {
            return None;
        }
        let at = match index.map(|k| (k, self.t.const_of(k))) {
            None => Addr { base: reg(self, base)?, index: None, disp: x.imm as i32 },
            Some((_, Some(k))) if (k.bits as i64).unsigned_abs() < 1 << 24 => {
                Addr { base: reg(self, base)?, index: None, disp: x.imm as i32 + 8 * k.bits as i32 }
            }
            Some((k, _)) => Addr { base: reg(self, base)?, index: Some(reg(self, k)?), disp: x.imm as i32 },
        };
        self.pin(Loc::Gpr(at.base));
        if let Some(k) = at.index {
            self.pin(Loc::Gpr(k));
        }
        Some(at)
    }
    /// A register or small constant that is the operand.
    pub(super) fn src(&mut self, r: R, scratch: u8) -> Res<Src> {
        Ok(match self.small(r) {
            Some(n) => Src::Imm(n),
            None => Src::Reg(self.g(r, scratch)?),
        })
    }
    /// Operands with the constant, if there is one, in the second place.
    fn ordered(x: &Inst) -> (R, R) {
        if x.op.commutes() && x.a.as_const().is_some() { (x.b, x.a) } else { (x.a, x.b) }
    }
    /// Registers of the result and the only operand.
    fn unary(&mut self, i: usize) -> Res<(u8, u8)> {
        let a = self.g(self.t.insts[i].a, I::S0)?;
        self.release(NO_SNAP);
        Ok((self.def(i)?, a))
    }
    fn flt_unary(&mut self, i: usize, op: FltUn) -> Res<()> {
        let a = self.f(self.t.insts[i].a, I::F0)?;
        self.release(NO_SNAP);
        let d = self.def(i)?;
        self.a.flt_un(op, d, a);
        Ok(())
    }
    fn flt(&mut self, i: usize, op: FltOp) -> Res<()> {
        let x = self.t.insts[i];
        let (a, b) = (self.f(x.a, I::F0)?, self.f(x.b, I::F1)?);
        self.release(NO_SNAP);
        let d = self.def(i)?;
        self.a.flt_op(op, d, a, b);
        Ok(())
    }
    fn alu(&mut self, i: usize, op: Alu) -> Res<u8> {
        let (ra, rb) = Self::ordered(&self.t.insts[i]);
        let a = self.g(ra, I::S0)?;
        let b = self.src(rb, I::S1)?;
        self.release(NO_SNAP);
        let d = self.def(i)?;
        self.a.alu(op, d, a, b);
        Ok(d)
    }
    fn fix(&mut self, i: usize, op: Fix) -> Res<()> {
        let x = self.t.insts[i];
        let (ra, rb) = Self::ordered(&x);
        let a = self.g(ra, I::S0)?;
        let b = self.src(rb, I::S1)?;
        self.release(x.snap);
        let d = self.def(i)?;
        let e = if x.snap != NO_SNAP { Some(self.exit(x.snap)?) } else { None };
        self.a.fix(op, d, a, b, e);
        Ok(())
    }

    /// Address of `a[b]`, in S0 and S1 as far as scratch is needed.
    fn elem_addr(&mut self, x: &Inst) -> Res<Addr> {
        let base = self.g(x.a, I::S0)?;
        Ok(match self.t.const_of(x.b) {
            Some(k) if (k.bits as i64).unsigned_abs() < 1 << 24 => {
                Addr { base, index: None, disp: x.imm as i32 + 8 * k.bits as i32 }
            }
            _ => Addr { base, index: Some(self.g(x.b, I::S1)?), disp: x.imm as i32 },
        })
    }
    /// Address of number `b` of those in `a`; its index is counted in numbers.
    fn item_addr(&mut self, x: &Inst, p: Packed) -> Res<Addr> {
        let base = self.g(x.a, I::S0)?;
        let from = p.from as i32;
        Ok(match self.t.const_of(x.b) {
            Some(k) if (k.bits as i64).unsigned_abs() < 1 << 24 => {
                Addr { base, index: None, disp: from + p.width as i32 * k.bits as i32 }
            }
            _ => Addr { base, index: Some(self.g(x.b, I::S1)?), disp: from },
        })
    }
    fn put(&mut self, at: Addr, v: R) -> Res<()> {
        match self.src(v, I::S2)? {
            Src::Imm(n) => self.a.store_imm(at, n),
            Src::Reg(s) => self.a.store(at, s),
        }
        Ok(())
    }
    /// After a store of `v`: the write barrier, unless it is certainly no young object.
    fn barrier(&mut self, addr: Addr, v: R) {
        // Constants are kept alive and do not move.
        let no = match self.t.inst(v) {
            None => true,
            Some(d) => matches!(
                d.op,
                Op::Tag
                    | Op::FixAdd
                    | Op::FixSub
                    | Op::FixMul
                    | Op::FixAddW
                    | Op::FixSubW
                    | Op::FixAnd
                    | Op::FixOr
                    | Op::FixXor
                    | Op::FixShr
                    | Op::FixShl
                    | Op::FixDiv
                    | Op::FixMod
            ),
        };
        if no {
            return;
        }
        let other = self.go_cold(Cold::Barrier { obj: addr.base, addr }, Loc::Const(0));
        self.a.barrier(addr.base, self.layout, other);
    }

    fn call(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let args = self.t.call_args(&x);
        if args.len() > I::ARGS.len() {
            return Err("too many arguments");
        }
        // Where the arguments are; those that are no values of the trace are fetched last.
        let (mut moves, mut bases) = (Vec::new(), Vec::new());
        for (r, d) in args.iter().zip(I::ARGS) {
            let to = Loc::Gpr(*d);
            match self.t.inst(*r).filter(|b| b.op == Op::Base) {
                Some(b) if b.imm == 0 => moves.push((to, Loc::Gpr(I::THREAD))),
                Some(b) => bases.push((*d, if b.imm == 1 { FP } else { REGS })),
                None => moves.push((to, self.source(*r)?)),
            }
        }
        for l in self.in_use(Loc::Const(0)) {
            // What is not needed afterwards goes.
            if self.owner(l).is_some_and(|v| self.uses.last[v as usize] > self.pos) {
                self.evict(l)?;
            }
        }
        self.moves(moves, I::S0);
        for (d, from) in bases {
            self.a.load_state(d, from);
        }
        self.release(NO_SNAP);
        let callee = self.t.calls[x.imm as usize];
        let mut zero = Vec::new();
        if callee.effects.has(Effects::CALLS) {
            // Dead references in registers that the callee saves would keep objects alive.
            zero.extend(I::CALLEE_SAVED.iter().filter(|r| self.gpr[**r as usize].is_none()));
        }
        self.a.call(callee.addr as u64, &zero);
        if x.ty != Ty::Void && self.uses.last[i] > 0 {
            let d = self.def(i)?;
            if x.ty == Ty::Flt { self.a.result_flt(d) } else { self.a.result(d) }
        }
        Ok(())
    }
}
