//! Instructions. Every op has its arm: a new one does not compile until it is here.

use crate::translate::*;
use adder_metatrace::backend::{RETURNED, State};
use adder_metatrace::ir::*;
use adder_metatrace::word;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{F64, I64};
use cranelift_codegen::ir::{InstBuilder, Value};
use std::mem::offset_of;

const FLO_BIAS: i64 = word::FLO_BIAS as i64;
const FLO_ZERO: i64 = word::FLO_ZERO as i64;
const NOT_ZERO: i64 = word::NOT_ZERO as i64;

impl Translate<'_, '_, '_> {
    pub fn inst(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        use Op::*;
        let result = match x.op {
            // Places, not code; what only the passes look at; conditions are their guards' code.
            Nop | In | Phi | Base | IsA | IsFix | IsFlo | IsPtr | ShapeIs | Owned | Eq | Lt | Le | Ult
            | FEq | FLt | FLe | AddOvf | SubOvf | MulOvf => return Ok(()),
            Loop => return self.header(),
            GuardT | GuardF => return self.guard(i),
            Calm => {
                let poll = self.poll();
                return self.leave_unless(poll, false, x.snap);
            }
            Return => {
                let v = self.value(x.a)?;
                self.store(self.state, offset_of!(State, gpr) as i64, v);
                let e = self.int(&raw const *RETURNED as i64);
                self.b.ins().return_(&[e]);
                return Ok(());
            }
            Entry | LoadReg => {
                let regs = self.load(self.state, REGS as i64);
                self.load(regs, 8 * x.imm)
            }
            StoreReg => {
                let v = self.value(x.a)?;
                let regs = self.load(self.state, REGS as i64);
                self.store(regs, 8 * x.imm, v);
                return Ok(());
            }
            FixAdd | FixAddW => {
                let (r, over) = self.fix_add(x.a, x.b)?;
                self.checked(r, over, x.snap)?
            }
            FixSub | FixSubW => {
                let (r, over) = self.fix_sub(x.a, x.b)?;
                self.checked(r, over, x.snap)?
            }
            FixMul => {
                let (r, over) = self.fix_mul(x.a, x.b)?;
                self.checked(r, over, x.snap)?
            }
            FixShl => self.fix_shl(&x)?,
            FixAnd => {
                let (a, b) = self.two(&x)?;
                self.b.ins().band(a, b)
            }
            FixOr => {
                let (a, b) = self.two(&x)?;
                self.b.ins().bor(a, b)
            }
            FixXor => {
                let (a, b) = self.two(&x)?;
                let r = self.b.ins().bxor(a, b);
                self.b.ins().bor_imm_s(r, 1)
            }
            FixShr => {
                let (a, n) = self.two(&x)?;
                let most = self.int(63);
                let n = self.b.ins().umin(n, most);
                let r = self.b.ins().sshr(a, n);
                self.b.ins().bor_imm_s(r, 1)
            }
            FixDiv | FixMod => self.fix_div(&x)?,
            Add => {
                let (a, b) = self.two(&x)?;
                self.b.ins().iadd(a, b)
            }
            Sub => {
                let (a, b) = self.two(&x)?;
                self.b.ins().isub(a, b)
            }
            Untag => {
                let a = self.value(x.a)?;
                self.untag(a)
            }
            Tag => {
                let a = self.value(x.a)?;
                self.tag(a)
            }
            Bits | Word => self.value(x.a)?,
            FAdd => {
                let (a, b) = self.two(&x)?;
                self.b.ins().fadd(a, b)
            }
            FSub => {
                let (a, b) = self.two(&x)?;
                self.b.ins().fsub(a, b)
            }
            FMul => {
                let (a, b) = self.two(&x)?;
                self.b.ins().fmul(a, b)
            }
            FDiv => {
                let (a, b) = self.two(&x)?;
                self.b.ins().fdiv(a, b)
            }
            FNeg => {
                let a = self.value(x.a)?;
                self.b.ins().fneg(a)
            }
            FAbs => {
                let a = self.value(x.a)?;
                self.b.ins().fabs(a)
            }
            FSqrt => {
                let a = self.value(x.a)?;
                self.b.ins().sqrt(a)
            }
            FixToFlt => {
                let a = self.value(x.a)?;
                let n = self.untag(a);
                self.b.ins().fcvt_from_sint(F64, n)
            }
            IntToFlt => {
                let a = self.value(x.a)?;
                self.b.ins().fcvt_from_sint(F64, a)
            }
            Unbox => self.unbox(&x)?,
            Box => self.make_box(&x)?,
            Get | GetInt | RawGet => {
                let a = self.value(x.a)?;
                self.load(a, x.imm)
            }
            Elem => {
                let at = self.elem(&x)?;
                self.load(at, x.imm)
            }
            Item => {
                let (p, at) = self.item(&x)?;
                let (m, from) = (mem(), p.from as i32);
                match (p.width, p.signed) {
                    (1, false) => self.b.ins().uload8(I64, m, at, from),
                    (1, true) => self.b.ins().sload8(I64, m, at, from),
                    (2, false) => self.b.ins().uload16(I64, m, at, from),
                    (2, true) => self.b.ins().sload16(I64, m, at, from),
                    (4, false) => self.b.ins().uload32(m, at, from),
                    (4, true) => self.b.ins().sload32(m, at, from),
                    _ => self.b.ins().load(I64, m, at, from),
                }
            }
            FltItem => {
                let (p, at) = self.item(&x)?;
                self.b.ins().load(F64, mem(), at, p.from as i32)
            }
            SetItem => {
                let (p, at) = self.item(&x)?;
                let (m, from, v) = (mem(), p.from as i32, self.value(x.c)?);
                match p.width {
                    1 => self.b.ins().istore8(m, v, at, from),
                    2 => self.b.ins().istore16(m, v, at, from),
                    4 => self.b.ins().istore32(m, v, at, from),
                    _ => self.b.ins().store(m, v, at, from),
                };
                return Ok(());
            }
            SetFltItem => {
                let (p, at) = self.item(&x)?;
                let v = self.value(x.c)?;
                self.b.ins().store(mem(), v, at, p.from as i32);
                return Ok(());
            }
            New => self.new_object(&x),
            Set => {
                let (a, v) = self.two(&x)?;
                self.store(a, x.imm, v);
                self.barrier(a, a, x.imm);
                return Ok(());
            }
            SetInt | SetNew | RawSet => {
                let (a, v) = self.two(&x)?;
                self.store(a, x.imm, v);
                return Ok(());
            }
            SetShape => {
                let a = self.value(x.a)?;
                let d = self.b.ins().iconst(cranelift_codegen::ir::types::I32, x.imm & 0xffff_ffff);
                self.b.ins().store(mem(), d, a, 0);
                return Ok(());
            }
            SetElem => {
                let (a, at, v) = (self.value(x.a)?, self.elem(&x)?, self.value(x.c)?);
                self.store(at, x.imm, v);
                self.barrier(a, at, x.imm);
                return Ok(());
            }
            Rebase => {
                let regs = self.value(x.a)?;
                self.store(self.state, REGS as i64, regs);
                self.add_state(FP, x.imm);
                return Ok(());
            }
            CallInt | CallRef | CallFlt | CallVoid => {
                let callee = self.t.calls[x.imm as usize];
                let mut args = Vec::new();
                for r in self.t.call_args(&x) {
                    let v = self.value(*r)?;
                    let flt = self.b.func.dfg.value_type(v) == F64;
                    args.push(if flt { self.bits(v) } else { v });
                }
                match self.call_native(callee.addr, &args, x.ty != Ty::Void) {
                    None => return Ok(()),
                    Some(r) if x.ty == Ty::Flt => self.flt_of(r),
                    Some(r) => r,
                }
            }
            // Of recordings; the passes turn it into stores.
            Sync => return Err("a recording, not a trace"),
        };
        self.def(i, result);
        Ok(())
    }

    /// How the numbers of an object lie, and where one is, but for the first one's offset.
    fn item(&mut self, x: &Inst) -> Res<(Packed, Value)> {
        let p = Packed::of(x.imm);
        let (a, n) = self.two(x)?;
        let n = self.b.ins().imul_imm_s(n, p.width as i64);
        Ok((p, self.b.ins().iadd(a, n)))
    }
    fn two(&mut self, x: &Inst) -> Res<(Value, Value)> {
        Ok((self.value(x.a)?, self.value(x.b)?))
    }
    fn bits(&mut self, f: Value) -> Value {
        self.b.ins().bitcast(I64, mem_cast(), f)
    }
    fn flt_of(&mut self, w: Value) -> Value {
        self.b.ins().bitcast(F64, mem_cast(), w)
    }
    fn untag(&mut self, w: Value) -> Value {
        self.b.ins().sshr_imm_u(w, 1)
    }
    fn tag(&mut self, n: Value) -> Value {
        let w = self.b.ins().ishl_imm_u(n, 1);
        self.b.ins().bor_imm_s(w, 1)
    }

    // -- tagged integers: results, and whether they do not fit

    pub fn fix_add(&mut self, a: R, b: R) -> Res<(Value, Value)> {
        let (a, b) = (self.value(a)?, self.value(b)?);
        let b = self.b.ins().iadd_imm_s(b, -1);
        let r = self.b.ins().iadd(a, b);
        // The sign is neither operand's.
        let (p, q) = (self.b.ins().bxor(a, r), self.b.ins().bxor(b, r));
        let both = self.b.ins().band(p, q);
        Ok((r, self.b.ins().icmp_imm_s(IntCC::SignedLessThan, both, 0)))
    }
    pub fn fix_sub(&mut self, a: R, b: R) -> Res<(Value, Value)> {
        let (a, b) = (self.value(a)?, self.value(b)?);
        let b = self.b.ins().iadd_imm_s(b, -1);
        let r = self.b.ins().isub(a, b);
        let (p, q) = (self.b.ins().bxor(a, b), self.b.ins().bxor(a, r));
        let both = self.b.ins().band(p, q);
        Ok((r, self.b.ins().icmp_imm_s(IntCC::SignedLessThan, both, 0)))
    }
    pub fn fix_mul(&mut self, a: R, b: R) -> Res<(Value, Value)> {
        let (a, b) = (self.value(a)?, self.value(b)?);
        let (a, b) = (self.b.ins().iadd_imm_s(a, -1), self.untag(b));
        let low = self.b.ins().imul(a, b);
        let high = self.b.ins().smulhi(a, b);
        let sign = self.b.ins().sshr_imm_u(low, 63);
        let r = self.b.ins().bor_imm_s(low, 1);
        Ok((r, self.b.ins().icmp(IntCC::NotEqual, high, sign)))
    }
    fn checked(&mut self, r: Value, over: Value, snap: u32) -> Res<Value> {
        if snap != NO_SNAP {
            self.leave_unless(over, false, snap)?;
        }
        Ok(r)
    }
    fn fix_shl(&mut self, x: &Inst) -> Res<Value> {
        let (a, n) = self.two(x)?;
        let a = self.untag(a);
        let r = self.b.ins().ishl(a, n);
        let back = self.b.ins().sshr(r, n);
        let lost = self.b.ins().icmp(IntCC::NotEqual, back, a);
        self.leave_unless(lost, false, x.snap)?;
        let twice = self.b.ins().iadd(r, r);
        let sign = self.b.ins().bxor(r, twice);
        let over = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, sign, 0);
        self.leave_unless(over, false, x.snap)?;
        Ok(self.b.ins().bor_imm_s(twice, 1))
    }
    fn fix_div(&mut self, x: &Inst) -> Res<Value> {
        let (a, b) = self.two(x)?;
        let (a, b) = (self.untag(a), self.untag(b));
        let q = self.b.ins().sdiv(a, b);
        let qb = self.b.ins().imul(q, b);
        let r = self.b.ins().isub(a, qb);
        // Towards minus infinity: one less where the signs of remainder and divisor differ.
        let rest = self.b.ins().icmp_imm_s(IntCC::NotEqual, r, 0);
        let signs = self.b.ins().bxor(r, b);
        let differ = self.b.ins().icmp_imm_s(IntCC::SignedLessThan, signs, 0);
        let off = self.b.ins().band(rest, differ);
        let n = if x.op == Op::FixDiv {
            let less = self.b.ins().iadd_imm_s(q, -1);
            self.b.ins().select(off, less, q)
        } else {
            let more = self.b.ins().iadd(r, b);
            self.b.ins().select(off, more, r)
        };
        Ok(self.tag(n))
    }

    // -- floats

    fn unbox(&mut self, x: &Inst) -> Res<Value> {
        let w = self.value(x.a)?;
        let done = self.b.create_block();
        let answer = self.b.append_block_param(done, F64);
        let immediate = self.has_tag(w, 3, 2);
        let other = self.b.ins().icmp_imm_s(IntCC::Equal, immediate, 0);
        let cold = self.cold_if(other);
        let turned = self.b.ins().rotr_imm_u(w, 3);
        let bits = self.b.ins().iadd_imm_s(turned, -FLO_BIAS);
        let zero = self.b.ins().icmp_imm_s(IntCC::Equal, bits, NOT_ZERO);
        let nought = self.int(0);
        let bits = self.b.ins().select(zero, nought, bits);
        let f = self.flt_of(bits);
        self.b.ins().jump(done, &[f.into()]);
        self.b.switch_to_block(cold);
        let pointer = self.has_tag(w, 7, 0);
        self.leave_unless(pointer, true, x.snap)?;
        let boxed = self.is_boxed(w);
        self.leave_unless(boxed, true, x.snap)?;
        let f = self.b.ins().load(F64, mem(), w, self.layout.float_at);
        self.b.ins().jump(done, &[f.into()]);
        self.b.switch_to_block(done);
        Ok(answer)
    }
    fn make_box(&mut self, x: &Inst) -> Res<Value> {
        let f = self.value(x.a)?;
        let done = self.b.create_block();
        let answer = self.b.append_block_param(done, I64);
        let bits = self.bits(f);
        let biased = self.b.ins().iadd_imm_s(bits, FLO_BIAS);
        let w = self.b.ins().rotl_imm_u(biased, 3);
        let tag = self.b.ins().band_imm_s(w, 3);
        let wide = self.b.ins().icmp_imm_s(IntCC::NotEqual, tag, 2);
        let zero = self.b.ins().icmp_imm_s(IntCC::Equal, w, FLO_ZERO);
        let other = self.b.ins().bor(wide, zero);
        let cold = self.cold_if(other);
        self.b.ins().jump(done, &[w.into()]);
        self.b.switch_to_block(cold);
        let w = self.call_native(self.layout.box_float, &[self.thread, bits], true).ok_or("no result")?;
        self.b.ins().jump(done, &[w.into()]);
        self.b.switch_to_block(done);
        Ok(answer)
    }

    // -- memory

    /// Address of the element but for the offset.
    fn elem(&mut self, x: &Inst) -> Res<Value> {
        let (a, n) = self.two(x)?;
        let n = self.b.ins().ishl_imm_u(n, 3);
        Ok(self.b.ins().iadd(a, n))
    }
    fn new_object(&mut self, x: &Inst) -> Value {
        let l = self.layout;
        let size = (x.imm >> 32) & 0xff_ffff;
        let header = (x.imm as u64 & 0xffff_ffff) | (x.imm as u64 >> 56) << 40;
        let done = self.b.create_block();
        let answer = self.b.append_block_param(done, I64);
        let at = self.load(self.thread, l.cursor as i64);
        let end = self.b.ins().iadd_imm_s(at, size);
        let limit = self.load(self.thread, l.limit as i64);
        let full = self.b.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        let cold = self.cold_if(full);
        self.store(self.thread, l.cursor as i64, end);
        let header = self.int(header as i64);
        self.store(at, 0, header);
        if self.t.shared {
            let birth = self.byte(self.thread, l.birth);
            self.store(at, l.lock as i64, birth);
        }
        self.b.ins().jump(done, &[at.into()]);
        self.b.switch_to_block(cold);
        let what = self.int(x.imm);
        let made = self.call_native(l.alloc, &[self.thread, what], true).expect("a result");
        self.b.ins().jump(done, &[made.into()]);
        self.b.switch_to_block(done);
        answer
    }
    /// After a store into `obj` at `base` + `at`.
    fn barrier(&mut self, obj: Value, base: Value, at: i64) {
        let byte = self.gc_byte(obj);
        let asks = self.b.ins().band_imm_u(byte, self.layout.unlogged as i64);
        let cold = self.cold_if(asks);
        let on = self.b.create_block();
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(cold);
        let slot = self.b.ins().iadd_imm_s(base, at);
        self.call_native(self.layout.barrier, &[self.thread, obj, slot], false);
        self.b.ins().jump(on, &[]);
        self.b.switch_to_block(on);
    }
}

/// A cast of registers touches no memory.
fn mem_cast() -> cranelift_codegen::ir::MemFlagsData {
    cranelift_codegen::ir::MemFlagsData::new()
}
