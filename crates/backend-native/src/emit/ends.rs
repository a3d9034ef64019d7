//! A bridge's inputs, the loop's header, the trace's end.
//!
//! # Safety
//! The address in an `End::Jump` is that of the [`Target`] of a trace that was compiled before; targets are never freed.

use super::Emit;
use crate::alloc::{Place, Uses, phis_end};
use crate::isa::*;
use crate::{FP, REGS, SPILL};
use adder_metatrace::backend::{Loc, Target};
use adder_metatrace::ir::*;

impl<I: Isa> Emit<'_, I> {
    /// The inputs of a bridge are where the exit left them.
    pub(super) fn inputs(&mut self) -> Res<()> {
        let Some(parent) = self.parent else { return Ok(()) };
        let leaves = parent.said().leaves;
        for i in 0..self.t.insts.len() {
            let x = &self.t.insts[i];
            if x.op != Op::In {
                continue;
            }
            if self.uses.last[i] == 0 {
                let shared = |k: usize| {
                    let y = &self.t.insts[k];
                    y.op == Op::In && y.imm == x.imm && self.uses.last[k] != 0
                };
                if let (Loc::Spill(s), Ty::Ref) = (leaves[x.imm as usize].0, x.ty)
                    && !(0..self.t.insts.len()).any(shared)
                {
                    // Nobody will clear it later.
                    self.a.zero_state(SPILL + 8 * s as i32);
                }
                continue;
            }
            let v = i as u32;
            match leaves[x.imm as usize].0 {
                l @ (Loc::Gpr(_) | Loc::Xmm(_)) => {
                    self.place[i].reg = Some(l);
                    if self.owner(l).is_some() {
                        return Err("an input's register is taken");
                    }
                    *self.owner(l) = Some(v);
                }
                Loc::Spill(s) => {
                    self.place[i].spill = Some(s);
                    self.slots.reserve(s);
                }
                Loc::Const(_) => return Err("a constant input"),
            }
            self.active.push(v);
        }
        // What the traces before have left behind.
        if !self.lax {
            for s in 0..parent.stale() {
                if !self.place.iter().any(|p| p.spill == Some(s)) {
                    self.a.zero_state(SPILL + 8 * s as i32);
                }
            }
        }
        Ok(())
    }

    /// The phis get their places and first values; the header is here.
    pub(super) fn loop_header(&mut self, i: usize) -> Res<()> {
        let phis: Vec<usize> =
            (i + 1..self.t.insts.len()).filter(|&k| self.t.insts[k].op == Op::Phi).collect();
        self.pos = phis_end(self.t) as u32;
        let mut moves = Vec::new();
        let mut heirs: Vec<u32> = Vec::new();
        // A phi inherits the register of a first value that nobody else needs.
        for &p in &phis {
            if self.uses.last[p] == 0 {
                continue;
            }
            let init = self.t.insts[p].a;
            if let Some(v) = init.as_ins()
                && self.uses.last[v] <= self.pos
                && !heirs.contains(&(v as u32))
                && let Some(l) = self.place[v].reg
                && phis.iter().filter(|q| self.t.insts[**q].a == init).count() == 1
                && self.is_flt(v as u32) == self.is_flt(p as u32)
            {
                heirs.push(v as u32);
                self.place[p].reg = Some(l);
                *self.owner(l) = Some(p as u32);
                self.place[v].reg = None;
                self.pin(l);
                self.active.push(p as u32);
                self.active.retain(|x| *x != v as u32);
                if let Some(s) = self.place[v].spill.take() {
                    self.slots.give(s);
                }
            }
        }
        for &p in &phis {
            if self.uses.last[p] == 0 || self.place[p].reg.is_some() {
                continue;
            }
            let flt = self.is_flt(p as u32);
            let across = self.uses.across_calls(p, self.pos);
            match self.take(flt, None, across) {
                Ok(l) => {
                    self.place[p].reg = Some(l);
                    *self.owner(l) = Some(p as u32);
                    self.pin(l);
                }
                Err("no register") => self.place[p].spill = Some(self.slots.take()?),
                Err(e) => return Err(e),
            }
            self.active.push(p as u32);
        }
        for &p in &phis {
            let pl = self.place[p];
            let Some(dst) = pl.reg.or(pl.spill.map(Loc::Spill)) else { continue };
            let init = self.t.insts[p].a;
            if init.as_ins().is_some_and(|v| heirs.contains(&(v as u32))) {
                continue;
            }
            moves.push((dst, self.source(init)?));
        }
        self.moves(moves, I::S2);
        // What is from before the loop and not needed in it goes.
        for v in self.active.clone() {
            if (v as usize) < i && self.uses.last[v as usize] <= self.pos {
                self.active.retain(|x| *x != v);
                self.give(v);
            }
        }
        self.pinned = (0, 0);
        self.make_room(i)?;
        self.header = self.active.iter().map(|v| (*v, self.place[*v as usize])).collect();
        for s in self.header.iter().filter(|h| h.1.reg.is_none()).filter_map(|h| h.1.spill) {
            self.slots.keep(s);
        }
        let l = self.a.label();
        self.head = Some(l);
        self.a.align();
        self.a.bind(l);
        if let (Some(h), Some(carry)) = (&self.t.header, &self.t.carry) {
            let place = |r: R| {
                let p = self.header.iter().find(|x| R(x.0) == r).map_or(Place::default(), |x| x.1);
                (p.reg, p.spill)
            };
            let phis = h.vars.iter().map(|v| v.phi);
            // Whatever lives through the loop is among them.
            let all = |v: u32| carry.contains(&R(v)) || h.vars.iter().any(|x| x.phi == R(v));
            if self.header.iter().all(|x| all(x.0)) {
                self.target = Some(Target {
                    code: self.at + self.a.offset(),
                    places: carry.iter().copied().chain(phis).map(place).collect(),
                    header: (**h).clone(),
                });
            }
        }
        Ok(())
    }

    /// Values for which there are no registers all the way through the loop: they are in memory from the header on,
    /// instead of being put there and read back in each round. Those that the loop uses least give way, those first that
    /// only exits need; and what a call drives out of its register before it is used.
    fn make_room(&mut self, header: usize) -> Res<()> {
        let n = self.t.insts.len();
        let flts = |t: &Trace, v: usize| match t.insts[v].ty {
            Ty::Flt => Some(true),
            Ty::Ref | Ty::Int if t.insts[v].op != Op::Base => Some(false),
            _ => None,
        };
        // How many live at each instruction of those that the loop makes, by class.
        let mut more = vec![[0i32; 2]; n + 2 - header];
        let mut calls = false;
        for v in header..n {
            calls |= self.t.insts[v].op.is_call();
            let Some(flt) = flts(self.t, v) else { continue };
            let last = self.uses.last[v] as usize;
            if last > v {
                let from = if self.t.insts[v].op == Op::Phi { header } else { v };
                more[from - header][flt as usize] += 1;
                more[last.min(n) - header + 1][flt as usize] -= 1;
            }
        }
        let (mut now, mut most) = ([0; 2], [0; 2]);
        for m in &more {
            for c in 0..2 {
                now[c] += m[c];
                most[c] = most[c].max(now[c]);
            }
        }
        let first_call = self.uses.next_call(header as u32);
        // What the loop's end gives the phi is there already when the loop calls something.
        let saved = |u: &Uses, back: &[(u32, u32)], phi: u32| {
            back.iter().all(|b| b.1 != phi || u.next_call(b.0.max(header as u32)) < n as u32)
        };
        for flt in [false, true] {
            let has = |l: Loc| matches!(l, Loc::Xmm(_)) == flt;
            let room = if flt { I::FPRS as i32 } else { I::GPRS.len() as i32 };
            let mut over = most[flt as usize] - room;
            let mut all: Vec<(usize, u32, Loc)> = Vec::new();
            let mut out: Vec<(u32, Loc)> = Vec::new();
            for &v in &self.active {
                let Some(l) = self.place[v as usize].reg.filter(|l| has(*l)) else { continue };
                let phi = v as usize > header;
                let next = self.uses.first_after(v as usize, header as u32);
                let spoiled = calls && I::caller_saved(l);
                let late = spoiled && next > first_call && self.uses.last[v as usize] > first_call;
                let exits_only = next >= n as u32;
                // Calls leave no doubles in registers.
                let old_double = !phi && flt && spoiled;
                if late || old_double || phi && spoiled && exits_only && saved(&self.uses, &self.back, v) {
                    out.push((v, l));
                    over -= phi as i32;
                } else {
                    over += !phi as i32;
                    if !phi || exits_only {
                        all.push((self.uses.times_after(v as usize, header as u32, n as u32), v, l));
                    }
                }
            }
            all.sort_by_key(|o| (o.0, o.1));
            out.extend(all.into_iter().take(over.max(0) as usize).map(|o| (o.1, o.2)));
            for (v, l) in out {
                self.evict(l)?;
                self.uses.this_round(v as usize, n as u32);
            }
        }
        Ok(())
    }

    /// What follows the last instruction.
    pub(super) fn end(&mut self) -> Res<()> {
        let t = self.t;
        match &t.end {
            End::Open if t.returns() => {}
            End::Open => return Err("an open end"),
            End::Loop(back) => {
                let phis: Vec<u32> = {
                    let l = t.loop_at().ok_or("no loop")?;
                    (l + 1..t.insts.len()).filter(|&i| t.insts[i].op == Op::Phi).map(|i| i as u32).collect()
                };
                let mut moves = Vec::new();
                let kept = std::mem::take(&mut self.header);
                for &(v, home) in &kept {
                    let dst = match (home.reg, home.spill) {
                        (Some(r), _) => r,
                        (None, Some(s)) => Loc::Spill(s),
                        _ => continue,
                    };
                    let src = match phis.iter().position(|p| *p == v) {
                        // It was saved where it has to be.
                        Some(k)
                            if back[k].as_ins().is_some_and(|b| {
                                home.reg.is_none()
                                    && home.spill.is_some()
                                    && self.place[b].spill == home.spill
                            }) =>
                        {
                            continue;
                        }
                        Some(k) => self.source(back[k])?,
                        None => match dst {
                            Loc::Spill(_) => continue,
                            _ => self.source(R(v))?,
                        },
                    };
                    if src != dst {
                        moves.push((dst, src));
                    }
                }
                self.moves(moves, I::S2);
                // Dead references in slots that the next iteration may not write for long.
                let home: Vec<u16> = kept.iter().filter_map(|h| h.1.spill).collect();
                for v in self.active.clone() {
                    if let Some(s) = self.place[v as usize].spill
                        && !self.lax
                        && self.t.insts[v as usize].ty == Ty::Ref
                        && !kept.iter().any(|h| h.0 == v)
                        && !home.contains(&s)
                    {
                        self.a.zero_state(SPILL + 8 * s as i32);
                    }
                }
                let head = self.head.ok_or("no header")?;
                self.a.jump(head);
            }
            End::Jump { target, args } => {
                // SAFETY: an exit named it; headers are never freed.
                let target = unsafe { &*(*target as *const Target) };
                let mut moves = Vec::new();
                let mut homes = Vec::new();
                for (&(reg, spill), r) in target.places.iter().zip(args) {
                    homes.extend(spill);
                    for dst in reg.into_iter().chain(spill.map(Loc::Spill)) {
                        let src = self.source(*r)?;
                        if src != dst {
                            moves.push((dst, src));
                        }
                    }
                }
                self.moves(moves, I::S2);
                // Dead references.
                for v in self.active.clone() {
                    if let Some(s) = self.place[v as usize].spill
                        && self.t.insts[v as usize].ty == Ty::Ref
                        && !homes.contains(&s)
                    {
                        self.a.zero_state(SPILL + 8 * s as i32);
                    }
                }
                for s in self.slots.stale().filter(|s| !homes.contains(s)) {
                    self.a.zero_state(SPILL + 8 * s as i32);
                }
                self.a.jump_to(target.code as u64);
            }
            End::Link { cell, frames, regs } => {
                for s in self.slots.stale() {
                    self.a.zero_state(SPILL + 8 * s as i32);
                }
                if *frames != 0 {
                    self.a.add_state(FP, *frames as i32);
                    self.a.add_state(REGS, *regs as i32);
                }
                self.a.link(*cell);
            }
        }
        Ok(())
    }
}
