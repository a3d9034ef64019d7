//! Which register holds what, spill slots, moves between them.

use super::Emit;
use crate::alloc::*;
use crate::isa::*;
use crate::{FP, REGS, SPILL};
use adder_metatrace::backend::Loc;
use adder_metatrace::ir::*;

impl<I: Isa> Emit<'_, I> {
    pub(super) fn is_flt(&self, v: u32) -> bool {
        self.t.insts[v as usize].ty == Ty::Flt
    }
    pub(super) fn owner(&mut self, l: Loc) -> &mut Option<u32> {
        match l {
            Loc::Gpr(r) => &mut self.gpr[r as usize],
            Loc::Xmm(r) => &mut self.xmm[r as usize],
            _ => unreachable!("only registers have owners"),
        }
    }
    pub(super) fn pin(&mut self, l: Loc) {
        match l {
            Loc::Gpr(r) => self.pinned.0 |= 1 << r,
            Loc::Xmm(r) => self.pinned.1 |= 1 << r,
            _ => {}
        }
    }
    pub(super) fn is_pinned(&self, l: Loc) -> bool {
        match l {
            Loc::Gpr(r) => self.pinned.0 >> r & 1 != 0,
            Loc::Xmm(r) => self.pinned.1 >> r & 1 != 0,
            _ => false,
        }
    }
    /// Writes the value to its spill slot if it is not there.
    pub(super) fn save(&mut self, v: u32) -> Res<()> {
        let p = self.place[v as usize];
        if p.spill.is_some() {
            return Ok(());
        }
        // Where the loop's end wants it, if nothing is there any more.
        let home = self.back.iter().find(|b| b.0 == v).and_then(|b| self.home_slot(b.1));
        let s = match home {
            Some(s) if self.slots.take_that(s) => s,
            _ => self.slots.take()?,
        };
        self.place[v as usize].spill = Some(s);
        let at = SPILL + 8 * s as i32;
        match p.reg {
            Some(Loc::Gpr(r)) => self.a.store_state(at, r),
            Some(Loc::Xmm(r)) => self.a.flt_store_state(at, r),
            _ => return Err("a value without a place"),
        }
        Ok(())
    }
    /// The spill slot where a phi is at the loop's header, if it is in no register there.
    fn home_slot(&self, phi: u32) -> Option<u16> {
        let home = self.header.iter().find(|h| h.0 == phi)?.1;
        if home.reg.is_some() { None } else { home.spill }
    }
    pub(super) fn evict(&mut self, l: Loc) -> Res<()> {
        if let Some(v) = *self.owner(l) {
            self.save(v)?;
            self.place[v as usize].reg = None;
            *self.owner(l) = None;
        }
        Ok(())
    }
    /// A register for a value of that class; what is needed last gives way.
    pub(super) fn take(&mut self, flt: bool, hint: Option<Loc>, across_calls: bool) -> Res<Loc> {
        if let Some(h) = hint
            && matches!(h, Loc::Xmm(_)) == flt
            && self.owner(h).is_none()
            && !self.is_pinned(h)
        {
            return Ok(h);
        }
        let all = if flt { I::FPRS as usize } else { I::GPRS.len() };
        let nth = |k: usize| if flt { Loc::Xmm(k as u8) } else { Loc::Gpr(I::GPRS[k]) };
        let mut free = (0..all).map(nth).filter(|l| self.is_free(*l));
        let first = if across_calls { free.next_back() } else { free.next() };
        if let Some(l) = first {
            return Ok(l);
        }
        let mut best: Option<(u32, Loc)> = None;
        for l in (0..all).map(nth) {
            if self.is_pinned(l) {
                continue;
            }
            let v = self.owner(l).unwrap();
            let next = self.uses.next(v as usize, self.pos);
            if best.is_none_or(|b| next > b.0) {
                best = Some((next, l));
            }
        }
        let (_, l) = best.ok_or("no register")?;
        self.evict(l)?;
        Ok(l)
    }
    pub(super) fn is_free(&self, l: Loc) -> bool {
        let o = match l {
            Loc::Gpr(r) => self.gpr[r as usize],
            Loc::Xmm(r) => self.xmm[r as usize],
            _ => return false,
        };
        o.is_none() && !self.is_pinned(l)
    }
    pub(super) fn give(&mut self, v: u32) {
        let p = std::mem::take(&mut self.place[v as usize]);
        if let Some(l) = p.reg {
            *self.owner(l) = None;
        }
        if let Some(s) = p.spill {
            if self.t.insts[v as usize].ty != Ty::Ref {
                self.slots.give(s);
            } else if self.lax {
                self.slots.give_stale(s);
            } else {
                // A dead reference would keep an object alive.
                self.a.zero_state(SPILL + 8 * s as i32);
                self.slots.give(s);
            }
        }
    }
    /// Values that are not needed after this instruction leave their places. With a snapshot, those in it stay until
    /// the next instruction.
    pub(super) fn release(&mut self, snap: u32) {
        // Seldom needed.
        let mut kept: Option<Vec<R>> = None;
        let mut keep = |v: u32| {
            snap != NO_SNAP
                && kept
                    .get_or_insert_with(|| {
                        let mut all = Vec::new();
                        self.t.snaps[snap as usize].each(|r, _| all.push(r));
                        all
                    })
                    .contains(&R(v))
        };
        let mut k = 0;
        while k < self.active.len() {
            let v = self.active[k];
            let last = self.uses.last[v as usize];
            if last < self.pos || (last == self.pos && !keep(v)) {
                self.active.swap_remove(k);
                self.give(v);
            } else {
                k += 1;
            }
        }
    }
    /// The register for the instruction's result.
    pub(super) fn def(&mut self, i: usize) -> Res<u8> {
        let v = i as u32;
        let flt = self.is_flt(v);
        let hint = self
            .back
            .iter()
            .find(|b| b.0 == v)
            .map(|b| b.1)
            .and_then(|p| self.header.iter().find(|h| h.0 == p).and_then(|h| h.1.reg));
        let across = self.uses.across_calls(i, v);
        let l = self.take(flt, hint, across)?;
        self.place[i].reg = Some(l);
        *self.owner(l) = Some(v);
        self.active.push(v);
        self.pin(l);
        match l {
            Loc::Gpr(r) | Loc::Xmm(r) => Ok(r),
            _ => unreachable!("a register"),
        }
    }
    pub(super) fn source(&self, r: R) -> Res<Loc> {
        if let Some(c) = self.t.const_of(r) {
            return Ok(Loc::Const(c.bits));
        }
        let p = self.place[r.0 as usize];
        p.reg.or(p.spill.map(Loc::Spill)).ok_or("a value without a place")
    }
    /// A general register that holds the operand.
    pub(super) fn g(&mut self, r: R, scratch: u8) -> Res<u8> {
        if let Some(c) = self.t.const_of(r) {
            self.a.imm(scratch, c.bits);
            return Ok(scratch);
        }
        let v = r.0;
        let inst = self.t.insts[v as usize];
        if inst.op == Op::Base {
            match inst.imm {
                0 => return Ok(I::THREAD),
                1 => self.a.load_state(scratch, FP),
                _ => self.a.load_state(scratch, REGS),
            }
            return Ok(scratch);
        }
        match self.place[v as usize] {
            Place { reg: Some(Loc::Gpr(n)), .. } => {
                self.pin(Loc::Gpr(n));
                Ok(n)
            }
            Place { spill: Some(s), .. } => {
                let at = SPILL + 8 * s as i32;
                if self.uses.next(v as usize, self.pos + 1) == u32::MAX {
                    self.a.load_state(scratch, at);
                    return Ok(scratch);
                }
                let across = self.uses.across_calls(v as usize, self.pos);
                let l = self.take(false, None, across)?;
                let Loc::Gpr(n) = l else { return Err("register class") };
                self.a.load_state(n, at);
                self.place[v as usize].reg = Some(l);
                self.gpr[n as usize] = Some(v);
                self.pin(l);
                Ok(n)
            }
            _ => Err("a value without a place"),
        }
    }
    /// A register of doubles that holds the operand.
    pub(super) fn f(&mut self, r: R, scratch: u8) -> Res<u8> {
        if let Some(c) = self.t.const_of(r) {
            self.a.flt_imm(scratch, c.bits);
            return Ok(scratch);
        }
        let v = r.0;
        match self.place[v as usize] {
            Place { reg: Some(Loc::Xmm(n)), .. } => {
                self.pin(Loc::Xmm(n));
                Ok(n)
            }
            Place { spill: Some(s), .. } => {
                let at = SPILL + 8 * s as i32;
                if self.uses.next(v as usize, self.pos + 1) == u32::MAX {
                    self.a.flt_load_state(scratch, at);
                    return Ok(scratch);
                }
                let across = self.uses.across_calls(v as usize, self.pos);
                let l = self.take(true, None, across)?;
                let Loc::Xmm(n) = l else { return Err("register class") };
                self.a.flt_load_state(n, at);
                self.place[v as usize].reg = Some(l);
                self.xmm[n as usize] = Some(v);
                self.pin(l);
                Ok(n)
            }
            _ => Err("a value without a place"),
        }
    }
    /// An operand that may be an immediate of 32 bits.
    pub(super) fn small(&self, r: R) -> Option<i32> {
        self.t.const_of(r).filter(|c| c.bits as i64 as i32 as i64 == c.bits as i64).map(|c| c.bits as i32)
    }

    /// Moves between places, all at once; `scratch`: a register for one value of a cycle.
    pub(super) fn moves(&mut self, mut pend: Vec<(Loc, Loc)>, scratch: u8) {
        while !pend.is_empty() {
            let ready =
                (0..pend.len()).find(|&k| !pend.iter().enumerate().any(|(m, x)| m != k && x.1 == pend[k].0));
            match ready {
                Some(k) => {
                    let (d, s) = pend.swap_remove(k);
                    self.mov(d, s);
                }
                None => {
                    // A cycle: one of its values waits in a scratch register.
                    let s = pend[0].1;
                    let tmp = if matches!(s, Loc::Xmm(_)) { Loc::Xmm(I::F0) } else { Loc::Gpr(scratch) };
                    self.mov(tmp, s);
                    for p in pend.iter_mut() {
                        if p.1 == s {
                            p.1 = tmp;
                        }
                    }
                }
            }
        }
    }
    pub(super) fn mov(&mut self, d: Loc, s: Loc) {
        let at = |n: u16| SPILL + 8 * n as i32;
        match (d, s) {
            (a, b) if a == b => {}
            (Loc::Gpr(d), Loc::Gpr(s)) => self.a.mov(d, s),
            (Loc::Gpr(d), Loc::Spill(s)) => self.a.load_state(d, at(s)),
            (Loc::Gpr(d), Loc::Const(w)) => self.a.imm(d, w),
            (Loc::Gpr(d), Loc::Xmm(s)) => self.a.out_of_flt(d, s),
            (Loc::Xmm(d), Loc::Xmm(s)) => self.a.flt_mov(d, s),
            (Loc::Xmm(d), Loc::Spill(s)) => self.a.flt_load_state(d, at(s)),
            (Loc::Xmm(d), Loc::Gpr(s)) => self.a.to_flt(d, s),
            (Loc::Xmm(d), Loc::Const(w)) => self.a.flt_imm(d, w),
            (Loc::Spill(d), Loc::Gpr(s)) => self.a.store_state(at(d), s),
            (Loc::Spill(d), Loc::Xmm(s)) => self.a.flt_store_state(at(d), s),
            (Loc::Spill(d), Loc::Spill(s)) => {
                self.a.load_state(I::S0, at(s));
                self.a.store_state(at(d), I::S0);
            }
            (Loc::Spill(d), Loc::Const(w)) => {
                self.a.imm(I::S0, w);
                self.a.store_state(at(d), I::S0);
            }
            (Loc::Const(_), _) => unreachable!("a constant is no destination"),
        }
    }
}
