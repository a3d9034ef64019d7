//! Guards, with the conditions that they test.

use super::Emit;
use crate::isa::*;
use adder_metatrace::ir::*;

impl<I: Isa> Emit<'_, I> {
    pub(super) fn guard(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let want = x.op == Op::GuardT;
        let Some(c) = self.t.inst(x.a).copied() else { return Err("a constant condition") };
        use Op::*;
        // Operands first: loading them may move values about, and the exit must see the final places.
        match c.op {
            IsFix => {
                let a = self.g(c.a, I::S2)?;
                let e = self.exit(x.snap)?;
                self.a.guard_fix(a, want, e);
            }
            IsPtr => {
                let a = self.g(c.a, I::S2)?;
                let e = self.exit(x.snap)?;
                self.a.guard_ptr(a, want, e);
            }
            IsFlo => {
                let a = self.g(c.a, I::S2)?;
                let e = self.exit(x.snap)?;
                self.a.guard_flo(a, self.layout, want, e);
            }
            ShapeIs => {
                let a = self.g(c.a, I::S0)?;
                let e = self.exit(x.snap)?;
                self.a.guard_desc(a, c.imm as i32, want, e);
            }
            Owned => {
                let a = self.g(c.a, I::S0)?;
                let e = self.exit(x.snap)?;
                self.a.guard_owned(a, self.layout, want, e);
            }
            Eq => self.compare(Cond::Eq, &c, x.snap, want)?,
            Lt => self.compare(Cond::Lt, &c, x.snap, want)?,
            Le => self.compare(Cond::Le, &c, x.snap, want)?,
            Ult => self.compare(Cond::Ult, &c, x.snap, want)?,
            FEq => self.compare_flt(FltCond::Eq, &c, x.snap, want)?,
            FLt => self.compare_flt(FltCond::Lt, &c, x.snap, want)?,
            FLe => self.compare_flt(FltCond::Le, &c, x.snap, want)?,
            AddOvf => self.overflows(Fix::Add, &c, x.snap, want)?,
            SubOvf => self.overflows(Fix::Sub, &c, x.snap, want)?,
            MulOvf => self.overflows(Fix::Mul, &c, x.snap, want)?,
            // No conditions.
            Entry | LoadReg | In | Phi | Loop | Base | GuardT | GuardF | IsA | Calm | FixAdd | FixSub
            | FixMul | FixShl | FixAddW | FixSubW | FixAnd | FixOr | FixXor | FixShr | FixDiv | FixMod
            | Add | Sub | Untag | Tag | Bits | Word | FAdd | FSub | FMul | FDiv | FNeg | FAbs | FSqrt
            | FixToFlt | IntToFlt | Unbox | Box | Get | GetInt | Elem | Item | FltItem | SetItem
            | SetFltItem | New | Set | SetInt | SetNew | SetShape | SetElem | StoreReg | Sync | RawSet
            | RawGet | Rebase | CallInt | CallRef | CallFlt | CallVoid | Return | Nop => {
                return Err("a guard without a condition");
            }
        }
        self.release(x.snap);
        Ok(())
    }
    fn compare(&mut self, op: Cond, c: &Inst, snap: u32, want: bool) -> Res<()> {
        // A constant on the left goes to the right.
        if let Some(k) = self.t.const_of(c.a)
            && self.t.const_of(c.b).is_none()
            && let Ok(n @ 0..=0x7fff_fffe) = i32::try_from(k.bits as i64)
        {
            let (op, n, want) = match op {
                Cond::Eq => (op, n, want),
                Cond::Lt => (Cond::Le, n, !want),
                Cond::Le => (Cond::Lt, n, !want),
                Cond::Ult => (op, n + 1, !want),
            };
            let b = self.g(c.b, I::S1)?;
            let e = self.exit(snap)?;
            self.a.guard_cmp(op, b, Src::Imm(n), want, e);
            return Ok(());
        }
        let a = self.g(c.a, I::S0)?;
        let b = self.src(c.b, I::S1)?;
        let e = self.exit(snap)?;
        self.a.guard_cmp(op, a, b, want, e);
        Ok(())
    }
    fn compare_flt(&mut self, op: FltCond, c: &Inst, snap: u32, want: bool) -> Res<()> {
        let (a, b) = (self.f(c.a, I::F0)?, self.f(c.b, I::F1)?);
        let e = self.exit(snap)?;
        self.a.guard_flt(op, a, b, want, e);
        Ok(())
    }
    fn overflows(&mut self, op: Fix, c: &Inst, snap: u32, want: bool) -> Res<()> {
        let a = self.g(c.a, I::S0)?;
        let b = self.g(c.b, I::S1)?;
        let e = self.exit(snap)?;
        self.a.guard_ovf(op, a, b, want, e);
        Ok(())
    }
}
