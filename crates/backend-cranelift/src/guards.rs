//! Conditions, at the guards that consume them.

use crate::translate::*;
use adder_metatrace::ir::*;
use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::I8;
use cranelift_codegen::ir::{InstBuilder, Value};

impl Translate<'_, '_, '_> {
    pub fn guard(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let c = *self.t.inst(x.a).ok_or("a constant condition")?;
        let cond = self.condition(&c)?;
        self.leave_unless(cond, x.op == Op::GuardT, x.snap)
    }

    fn condition(&mut self, c: &Inst) -> Res<Value> {
        use Op::*;
        Ok(match c.op {
            IsFix => {
                let a = self.value(c.a)?;
                self.has_tag(a, 1, 1)
            }
            IsPtr => {
                let a = self.value(c.a)?;
                self.has_tag(a, 7, 0)
            }
            IsFlo => {
                let a = self.value(c.a)?;
                self.is_float(a)
            }
            ShapeIs => {
                let a = self.value(c.a)?;
                let d = self.load_desc(a);
                self.b.ins().icmp_imm_s(IntCC::Equal, d, c.imm as i32 as i64)
            }
            Owned => {
                let a = self.value(c.a)?;
                let (l, thread) = (self.layout, self.thread);
                let has = self.byte(a, l.lock);
                let mine = self.byte(thread, l.owner);
                self.b.ins().icmp(IntCC::Equal, has, mine)
            }
            Eq => self.compare(IntCC::Equal, c)?,
            Lt => self.compare(IntCC::SignedLessThan, c)?,
            Le => self.compare(IntCC::SignedLessThanOrEqual, c)?,
            Ult => self.compare(IntCC::UnsignedLessThan, c)?,
            FEq => self.compare_flt(FloatCC::Equal, c)?,
            FLt => self.compare_flt(FloatCC::LessThan, c)?,
            FLe => self.compare_flt(FloatCC::LessThanOrEqual, c)?,
            AddOvf => self.fix_add(c.a, c.b)?.1,
            SubOvf => self.fix_sub(c.a, c.b)?.1,
            MulOvf => self.fix_mul(c.a, c.b)?.1,
            // No conditions.
            Entry | LoadReg | In | Phi | Loop | Base | GuardT | GuardF | IsA | Calm | FixAdd | FixSub
            | FixMul | FixShl | FixAddW | FixSubW | FixAnd | FixOr | FixXor | FixShr | FixDiv | FixMod
            | Add | Sub | Untag | Tag | Bits | Word | FAdd | FSub | FMul | FDiv | FNeg | FAbs | FSqrt
            | FixToFlt | IntToFlt | Unbox | Box | Get | GetInt | Elem | Item | FltItem | SetItem
            | SetFltItem | New | Set | SetInt | SetNew | SetShape | SetElem | StoreReg | Sync | RawSet
            | RawGet | Rebase | CallInt | CallRef | CallFlt | CallVoid | Return | Nop => {
                return Err("a guard without a condition");
            }
        })
    }
    fn compare(&mut self, cc: IntCC, c: &Inst) -> Res<Value> {
        let (a, b) = (self.value(c.a)?, self.value(c.b)?);
        Ok(self.b.ins().icmp(cc, a, b))
    }
    fn compare_flt(&mut self, cc: FloatCC, c: &Inst) -> Res<Value> {
        let (a, b) = (self.value(c.a)?, self.value(c.b)?);
        Ok(self.b.ins().fcmp(cc, a, b))
    }
    /// An immediate float, or a pointer to a box.
    fn is_float(&mut self, w: Value) -> Value {
        let (other, pointer, done) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        let answer = self.b.append_block_param(done, I8);
        let immediate = self.has_tag(w, 3, 2);
        self.b.ins().brif(immediate, done, &[immediate.into()], other, &[]);
        self.b.switch_to_block(other);
        let is_pointer = self.has_tag(w, 7, 0);
        self.b.ins().brif(is_pointer, pointer, &[], done, &[is_pointer.into()]);
        self.b.switch_to_block(pointer);
        let boxed = self.is_boxed(w);
        self.b.ins().jump(done, &[boxed.into()]);
        self.b.switch_to_block(done);
        answer
    }
    pub fn is_boxed(&mut self, obj: Value) -> Value {
        let d = self.load_desc(obj);
        self.b.ins().icmp_imm_s(IntCC::Equal, d, self.layout.float_desc as i32 as i64)
    }
}
