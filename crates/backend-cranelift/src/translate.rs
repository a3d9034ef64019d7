//! A trace as a Cranelift function: values, exits, loops.

use adder_metatrace::backend::*;
use adder_metatrace::exec;
use adder_metatrace::ir::*;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::Ieee64;
use cranelift_codegen::ir::types::{F64, I8, I32, I64};
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use std::mem::offset_of;

pub(crate) type Res<T> = Result<T, &'static str>;

pub(crate) const FP: i32 = offset_of!(State, fp) as i32;
pub(crate) const REGS: i32 = offset_of!(State, regs) as i32;
const THREAD: i32 = offset_of!(State, thread) as i32;

pub(crate) fn mem() -> MemFlagsData {
    MemFlagsData::trusted()
}

/// An exit to be written: its block, snapshot, the values it leaves.
struct Way {
    block: Block,
    snap: u32,
    leaves: Vec<(R, Ty)>,
}

pub(crate) struct Translate<'a, 'b, 'c> {
    pub t: &'a Trace,
    pub layout: &'a Layout,
    parent: Option<&'static Exit>,
    pub b: &'b mut FunctionBuilder<'c>,
    native: CallConv,
    env: Vec<Option<Value>>, // gc-safe: Cranelift values
    pub state: Value,
    pub thread: Value,
    trace: SigRef,
    ways: Vec<Way>,
    head: Option<Block>,
}

fn clif(ty: Ty) -> Type {
    match ty {
        Ty::Flt => F64,
        Ty::Void | Ty::Ref | Ty::Int | Ty::Bool => I64,
    }
}

/// Where a leaf lies in the state.
fn place(k: usize) -> Res<Loc> {
    Ok(match k {
        _ if k < SPILLS => {
            spills(k);
            Loc::Spill(k as u16)
        }
        _ if k < SPILLS + 16 => Loc::Gpr((k - SPILLS) as u8),
        _ if k < SPILLS + 32 => Loc::Xmm((k - SPILLS - 16) as u8),
        _ => return Err("too many values at an exit"),
    })
}
fn offset(l: Loc) -> Option<i32> {
    Some(match l {
        Loc::Spill(n) => offset_of!(State, spill) as i32 + 8 * n as i32,
        Loc::Gpr(n) => offset_of!(State, gpr) as i32 + 8 * n as i32,
        Loc::Xmm(n) => offset_of!(State, xmm) as i32 + 8 * n as i32,
        Loc::Const(_) => return None,
    })
}

impl<'a, 'b, 'c> Translate<'a, 'b, 'c> {
    pub fn new(
        t: &'a Trace,
        layout: &'a Layout,
        parent: Option<&'static Exit>,
        b: &'b mut FunctionBuilder<'c>,
        native: CallConv,
    ) -> Self {
        let block = b.create_block();
        b.append_block_params_for_function_params(block);
        b.switch_to_block(block);
        let state = b.block_params(block)[0];
        let thread = b.ins().load(I64, mem(), state, THREAD);
        let trace = b.import_signature(crate::trace_signature());
        let env = vec![None; t.insts.len()];
        Translate { t, layout, parent, b, native, env, state, thread, trace, ways: Vec::new(), head: None }
    }

    pub fn run(mut self, exit: &mut dyn FnMut(&Snap, &[(R, Loc, Ty)]) -> &'static Exit) -> Res<()> {
        self.inputs()?;
        for i in 0..self.t.insts.len() {
            self.inst(i)?;
        }
        self.end()?;
        for w in std::mem::take(&mut self.ways) {
            self.way_out(w, exit)?;
        }
        Ok(())
    }

    // -- values

    pub fn int(&mut self, n: i64) -> Value {
        self.b.ins().iconst(I64, n)
    }
    pub fn flt(&mut self, bits: u64) -> Value {
        self.b.ins().f64const(Ieee64::with_bits(bits))
    }
    pub fn value(&mut self, r: R) -> Res<Value> {
        if let Some(c) = self.t.const_of(r) {
            return Ok(if c.ty == Ty::Flt { self.flt(c.bits) } else { self.int(c.bits as i64) });
        }
        let i = r.as_ins().ok_or("no operand")?;
        let x = &self.t.insts[i];
        if x.op == Op::Base {
            // As it is now: the root frame may have become another one.
            return Ok(match x.imm {
                0 => self.thread,
                1 => self.load(self.state, FP as i64),
                _ => self.load(self.state, REGS as i64),
            });
        }
        self.env[i].ok_or("a value that is not there")
    }
    pub fn def(&mut self, i: usize, v: Value) {
        self.env[i] = Some(v);
    }
    pub fn load(&mut self, base: Value, at: i64) -> Value {
        self.b.ins().load(I64, mem(), base, at as i32)
    }
    pub fn store(&mut self, base: Value, at: i64, v: Value) {
        self.b.ins().store(mem(), v, base, at as i32);
    }
    pub fn load_desc(&mut self, obj: Value) -> Value {
        self.b.ins().load(I32, mem(), obj, 0)
    }
    /// The word that asks for this thread's attention; read anew every time.
    pub fn poll(&mut self) -> Value {
        let at = self.b.ins().iadd_imm_s(self.thread, self.layout.poll as i64);
        self.b.ins().atomic_load(I32, mem(), at)
    }
    pub fn gc_byte(&mut self, obj: Value) -> Value {
        self.byte(obj, self.layout.gc_byte)
    }
    pub fn byte(&mut self, base: Value, at: i32) -> Value {
        self.b.ins().load(I8, mem(), base, at)
    }

    // -- blocks

    /// Goes to the cold block if the condition holds, else on in a new block.
    pub fn cold_if(&mut self, cond: Value) -> Block {
        let (cold, on) = (self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(cold);
        self.b.ins().brif(cond, cold, &[], on, &[]);
        self.b.switch_to_block(on);
        cold
    }
    /// Leaves with that snapshot if the condition is not `want`.
    pub fn leave_unless(&mut self, cond: Value, want: bool, snap: u32) -> Res<()> {
        let way = self.way(snap)?;
        let on = self.b.create_block();
        if want {
            self.b.ins().brif(cond, on, &[], way, &[]);
        } else {
            self.b.ins().brif(cond, way, &[], on, &[]);
        }
        self.b.switch_to_block(on);
        Ok(())
    }
    /// A block that leaves.
    pub fn way(&mut self, snap: u32) -> Res<Block> {
        let s = self.t.snaps.get(snap as usize).ok_or("no snapshot")?;
        let block = self.b.create_block();
        self.b.set_cold_block(block);
        self.ways.push(Way { block, snap, leaves: exec::leaves(self.t, s) });
        Ok(block)
    }

    fn way_out(&mut self, w: Way, exit: &mut dyn FnMut(&Snap, &[(R, Loc, Ty)]) -> &'static Exit) -> Res<()> {
        self.b.switch_to_block(w.block);
        let mut places = Vec::with_capacity(w.leaves.len());
        let mut k = 0;
        for (r, ty) in &w.leaves {
            let l = match self.t.const_of(*r) {
                Some(c) => Loc::Const(c.bits),
                None => {
                    k += 1;
                    place(k - 1)?
                }
            };
            if let Some(at) = offset(l) {
                let v = self.value(*r)?;
                self.store(self.state, at as i64, v);
            }
            places.push((*r, l, *ty));
        }
        let e = exit(&self.t.snaps[w.snap as usize], &places);
        let e = self.int(e as *const Exit as i64);
        let target = self.load(e, offset_of!(Exit, target) as i64);
        self.b.ins().return_call_indirect(self.trace, target, &[self.state, e]);
        Ok(())
    }

    // -- beginnings and ends

    /// The inputs of a bridge are where the exit left them.
    fn inputs(&mut self) -> Res<()> {
        let Some(parent) = self.parent else { return Ok(()) };
        let leaves = parent.said().leaves;
        for (i, x) in self.t.insts.iter().enumerate().filter(|x| x.1.op == Op::In) {
            let (l, _) = leaves.get(x.imm as usize).ok_or("no such input")?;
            let at = offset(*l).ok_or("a constant input")?;
            let v = self.b.ins().load(clif(x.ty), mem(), self.state, at);
            self.def(i, v);
        }
        let zero = self.int(0);
        for (l, ty) in &leaves {
            if let (Some(at), Ty::Ref) = (offset(*l), ty) {
                // A dead reference would keep an object alive.
                self.store(self.state, at as i64, zero);
            }
        }
        Ok(())
    }
    fn phis(&self) -> Vec<usize> {
        let from = self.t.loop_at().unwrap_or(0);
        (from..self.t.insts.len()).filter(|i| self.t.insts[*i].op == Op::Phi).collect()
    }
    pub fn header(&mut self) -> Res<()> {
        let head = self.b.create_block();
        let mut first: Vec<BlockArg> = Vec::new();
        let phis = self.phis();
        for p in &phis {
            first.push(self.value(self.t.insts[*p].a)?.into());
        }
        self.b.ins().jump(head, &first);
        self.b.switch_to_block(head);
        for p in phis {
            let v = self.b.append_block_param(head, clif(self.t.insts[p].ty));
            self.def(p, v);
        }
        self.head = Some(head);
        Ok(())
    }
    fn end(&mut self) -> Res<()> {
        match &self.t.end {
            End::Open if self.t.returns() => Ok(()),
            End::Open => Err("an open end"),
            End::Loop(back) => {
                let mut next: Vec<BlockArg> = Vec::new();
                for r in back {
                    next.push(self.value(*r)?.into());
                }
                let head = self.head.ok_or("no header")?;
                self.b.ins().jump(head, &next);
                Ok(())
            }
            End::Jump { .. } => Err("a jump, but no exit offers one"),
            End::Link { cell, frames, regs } => {
                if *frames != 0 {
                    self.add_state(FP, *frames as i64);
                    self.add_state(REGS, *regs as i64);
                }
                let cell = self.int(*cell as i64);
                let target = self.load(cell, 0);
                let none = self.int(0);
                self.b.ins().return_call_indirect(self.trace, target, &[self.state, none]);
                Ok(())
            }
        }
    }
    pub fn add_state(&mut self, at: i32, n: i64) {
        let v = self.load(self.state, at as i64);
        let v = self.b.ins().iadd_imm_s(v, n);
        self.store(self.state, at as i64, v);
    }

    // -- calls

    /// Calls a native function of words.
    pub fn call_native(&mut self, addr: usize, args: &[Value], result: bool) -> Option<Value> {
        let mut s = Signature::new(self.native);
        s.params.extend(args.iter().map(|_| AbiParam::new(I64)));
        if result {
            s.returns.push(AbiParam::new(I64));
        }
        let s = self.b.import_signature(s);
        let f = self.int(addr as i64);
        let call = self.b.ins().call_indirect(s, f, args);
        result.then(|| self.b.inst_results(call)[0])
    }
    /// That the word's tag bits are `tag`.
    pub fn has_tag(&mut self, w: Value, mask: i64, tag: i64) -> Value {
        let low = self.b.ins().band_imm_s(w, mask);
        self.b.ins().icmp_imm_s(IntCC::Equal, low, tag)
    }
}
