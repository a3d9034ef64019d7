//! Emission: instruction by instruction forwards, choosing registers on the way.

use crate::alloc::*;
use crate::{ARGS, Asm, FP, REGS, SAVE, SPILL};
use adder_metatrace::Effects;
use adder_metatrace::backend::{Exit, Layout, Loc};
use adder_metatrace::ir::*;
use adder_metatrace::word;
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};

type Res<T> = Result<T, &'static str>;

const RAX: u8 = 0;
const RCX: u8 = 1;
const RDX: u8 = 2;
const X14: u8 = 14;
const X15: u8 = 15;
const TH: u8 = 15;
const FLO_ZERO: i64 = 0x8000_0000_0000_0002u64 as i64;
/// What the decoder makes of `FLO_ZERO`.
const NOT_ZERO: i64 = 0x3000_0000_0000_0000;

macro_rules! x {
    ($s:expr; $($t:tt)*) => { dynasm!($s.a; .arch x64; $($t)*) };
}

/// Code out of line.
enum Cold {
    /// Not an immediate float: boxed, or no float at all.
    Unbox {
        a: u8,
        d: u8,
        exit: DynamicLabel,
    },
    /// The immediate +0.0.
    Zero {
        d: u8,
    },
    Box {
        a: u8,
        d: u8,
    },
    Barrier {
        obj: u8,
        addr: Addr,
    },
    New {
        d: u8,
        what: i64,
    },
}

struct ColdPath {
    at: DynamicLabel,
    back: DynamicLabel,
    what: Cold,
    save: Vec<Loc>,
}

/// A memory operand.
#[derive(Clone, Copy)]
struct Addr {
    base: u8,
    index: Option<u8>,
    disp: i32,
}

pub struct Emit<'a> {
    t: &'a Trace,
    layout: &'a Layout,
    parent: Option<&'a Exit>,
    a: Asm,
    uses: Uses,
    place: Vec<Place>,
    gpr: [Option<u32>; 16],
    xmm: [Option<u32>; 16],
    slots: Slots,
    active: Vec<u32>,
    pinned: (u32, u32),
    pos: u32,
    cold: Vec<ColdPath>,
    exits: Vec<(DynamicLabel, u32, Vec<(R, Loc, Ty)>)>,
    header: Vec<(u32, Place)>,
    head: Option<DynamicLabel>,
    /// For a value that the loop's end gives to a phi: the phi.
    back: Vec<(u32, u32)>,
}

fn fits(w: u64) -> bool {
    w as i64 as i32 as i64 == w as i64
}

impl<'a> Emit<'a> {
    pub fn new(
        t: &'a Trace,
        layout: &'a Layout,
        parent: Option<&'a Exit>,
        _leave: usize,
        at: usize,
    ) -> Emit<'a> {
        Emit {
            t,
            layout,
            parent,
            a: Asm::new(at),
            uses: Uses::new(t),
            place: vec![Place::default(); t.insts.len()],
            gpr: [None; 16],
            xmm: [None; 16],
            slots: Slots::new(),
            active: Vec::new(),
            pinned: (0, 0),
            pos: 0,
            cold: Vec::new(),
            exits: Vec::new(),
            header: Vec::new(),
            head: None,
            back: Vec::new(),
        }
    }

    pub fn run(mut self, exit: &mut dyn FnMut(Snap, Vec<(Loc, Ty)>) -> &'static Exit) -> Res<Vec<u8>> {
        let t = self.t;
        if let (End::Loop(back), Some(l)) = (&t.end, t.loop_at()) {
            let phis = (l + 1..t.insts.len()).filter(|&i| t.insts[i].op == Op::Phi);
            for (p, r) in phis.zip(back) {
                if let Some(v) = r.as_ins() {
                    self.back.push((v as u32, p as u32));
                }
            }
        }
        self.inputs()?;
        for i in 0..t.insts.len() {
            self.pos = i as u32;
            self.pinned = (0, 0);
            self.inst(i)?;
        }
        self.pos = t.insts.len() as u32;
        self.pinned = (0, 0);
        match &t.end {
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
                self.moves(moves);
                // Dead references in slots that the next iteration may not write for long.
                let home: Vec<u16> = kept.iter().filter_map(|h| h.1.spill).collect();
                for v in self.active.clone() {
                    if let Some(s) = self.place[v as usize].spill
                        && self.t.insts[v as usize].ty == Ty::Ref
                        && !kept.iter().any(|h| h.0 == v)
                        && !home.contains(&s)
                    {
                        x!(self; mov QWORD [r13 + SPILL + 8 * s as i32], 0);
                    }
                }
                let head = self.head.ok_or("no header")?;
                x!(self; jmp =>head);
            }
            End::Link { cell, frames, regs } => {
                if *frames != 0 {
                    x!(self; add QWORD [r13 + FP], *frames as i32; add QWORD [r13 + REGS], *regs as i32);
                }
                x!(self; mov rax, QWORD *cell as i64; jmp QWORD [rax]);
            }
        }
        for c in std::mem::take(&mut self.cold) {
            self.cold_path(c);
        }
        for (label, snap, leaves) in std::mem::take(&mut self.exits) {
            let e =
                exit(renumber(&t.snaps[snap as usize], &leaves), leaves.iter().map(|l| (l.1, l.2)).collect());
            x!(self; =>label; mov rax, QWORD e as *const Exit as i64; jmp QWORD [rax]);
        }
        self.a.finalize().map_err(|_| "assembler")
    }

    // -- registers

    fn is_flt(&self, v: u32) -> bool {
        self.t.insts[v as usize].ty == Ty::Flt
    }
    fn owner(&mut self, l: Loc) -> &mut Option<u32> {
        match l {
            Loc::Gpr(r) => &mut self.gpr[r as usize],
            Loc::Xmm(r) => &mut self.xmm[r as usize],
            _ => unreachable!("only registers have owners"),
        }
    }
    fn pin(&mut self, l: Loc) {
        match l {
            Loc::Gpr(r) => self.pinned.0 |= 1 << r,
            Loc::Xmm(r) => self.pinned.1 |= 1 << r,
            _ => {}
        }
    }
    fn is_pinned(&self, l: Loc) -> bool {
        match l {
            Loc::Gpr(r) => self.pinned.0 >> r & 1 != 0,
            Loc::Xmm(r) => self.pinned.1 >> r & 1 != 0,
            _ => false,
        }
    }
    /// Writes the value to its spill slot if it is not there.
    fn save(&mut self, v: u32) -> Res<()> {
        let p = self.place[v as usize];
        if p.spill.is_some() {
            return Ok(());
        }
        let s = self.slots.take()?;
        self.place[v as usize].spill = Some(s);
        let at = SPILL + 8 * s as i32;
        match p.reg {
            Some(Loc::Gpr(r)) => x!(self; mov [r13 + at], Rq(r)),
            Some(Loc::Xmm(r)) => x!(self; movsd [r13 + at], Rx(r)),
            _ => return Err("a value without a place"),
        }
        Ok(())
    }
    fn evict(&mut self, l: Loc) -> Res<()> {
        if let Some(v) = *self.owner(l) {
            self.save(v)?;
            self.place[v as usize].reg = None;
            *self.owner(l) = None;
        }
        Ok(())
    }
    /// A register for a value of that class; what is needed last gives way.
    fn take(&mut self, flt: bool, hint: Option<Loc>, across_calls: bool) -> Res<Loc> {
        if let Some(h) = hint
            && matches!(h, Loc::Xmm(_)) == flt
            && self.owner(h).is_none()
            && !self.is_pinned(h)
        {
            return Ok(h);
        }
        let all: Vec<Loc> =
            if flt { (0..XMMS).map(Loc::Xmm).collect() } else { GPRS.iter().map(|r| Loc::Gpr(*r)).collect() };
        let mut free = all.iter().filter(|l| self.is_free(**l));
        let first = if across_calls { free.next_back() } else { free.next() };
        if let Some(l) = first {
            return Ok(*l);
        }
        let mut best: Option<(u32, Loc)> = None;
        for l in all {
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
    fn is_free(&self, l: Loc) -> bool {
        let o = match l {
            Loc::Gpr(r) => self.gpr[r as usize],
            Loc::Xmm(r) => self.xmm[r as usize],
            _ => return false,
        };
        o.is_none() && !self.is_pinned(l)
    }
    fn give(&mut self, v: u32) {
        let p = std::mem::take(&mut self.place[v as usize]);
        if let Some(l) = p.reg {
            *self.owner(l) = None;
        }
        if let Some(s) = p.spill {
            if self.t.insts[v as usize].ty == Ty::Ref {
                // A dead reference would keep an object alive.
                x!(self; mov QWORD [r13 + SPILL + 8 * s as i32], 0);
            }
            self.slots.give(s);
        }
    }
    /// Values that are not needed after this instruction leave their places. With a snapshot, those in it stay until
    /// the next instruction.
    fn release(&mut self, snap: u32) {
        let mut keep: Vec<R> = Vec::new();
        if snap != NO_SNAP {
            self.t.snaps[snap as usize].each(|r, _| keep.push(r));
        }
        let mut k = 0;
        while k < self.active.len() {
            let v = self.active[k];
            let last = self.uses.last[v as usize];
            if last < self.pos || (last == self.pos && !keep.contains(&R(v))) {
                self.active.swap_remove(k);
                self.give(v);
            } else {
                k += 1;
            }
        }
    }
    /// The register for the instruction's result.
    fn def(&mut self, i: usize) -> Res<u8> {
        let v = i as u32;
        let flt = self.is_flt(v);
        let hint = self
            .back
            .iter()
            .find(|b| b.0 == v)
            .map(|b| b.1)
            .and_then(|p| self.header.iter().find(|h| h.0 == p).and_then(|h| h.1.reg));
        let l = self.take(flt, hint, false)?;
        self.place[i].reg = Some(l);
        *self.owner(l) = Some(v);
        self.active.push(v);
        self.pin(l);
        match l {
            Loc::Gpr(r) | Loc::Xmm(r) => Ok(r),
            _ => unreachable!("a register"),
        }
    }
    fn source(&self, r: R) -> Res<Loc> {
        if let Some(c) = self.t.const_of(r) {
            return Ok(Loc::Const(c.bits));
        }
        let p = self.place[r.0 as usize];
        p.reg.or(p.spill.map(Loc::Spill)).ok_or("a value without a place")
    }
    fn imm(&mut self, d: u8, w: u64) {
        if w == 0 {
            x!(self; xor Rd(d), Rd(d));
        } else if w <= u32::MAX as u64 {
            x!(self; mov Rd(d), w as i32);
        } else if fits(w) {
            x!(self; mov Rq(d), w as i32);
        } else {
            x!(self; mov Rq(d), QWORD w as i64);
        }
    }
    /// A general register that holds the operand.
    fn g(&mut self, r: R, scratch: u8) -> Res<u8> {
        if let Some(c) = self.t.const_of(r) {
            self.imm(scratch, c.bits);
            return Ok(scratch);
        }
        let v = r.0;
        let inst = self.t.insts[v as usize];
        if inst.op == Op::Base {
            match inst.imm {
                0 => return Ok(TH),
                1 => x!(self; mov Rq(scratch), [r13 + FP]),
                _ => x!(self; mov Rq(scratch), [r13 + REGS]),
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
                    x!(self; mov Rq(scratch), [r13 + at]);
                    return Ok(scratch);
                }
                let l = self.take(false, None, false)?;
                let Loc::Gpr(n) = l else { return Err("register class") };
                x!(self; mov Rq(n), [r13 + at]);
                self.place[v as usize].reg = Some(l);
                self.gpr[n as usize] = Some(v);
                self.pin(l);
                Ok(n)
            }
            _ => Err("a value without a place"),
        }
    }
    /// A register of doubles that holds the operand.
    fn f(&mut self, r: R, scratch: u8) -> Res<u8> {
        if let Some(c) = self.t.const_of(r) {
            if c.bits == 0 {
                x!(self; xorps Rx(scratch), Rx(scratch));
            } else {
                x!(self; mov rax, QWORD c.bits as i64; movq Rx(scratch), rax);
            }
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
                    x!(self; movsd Rx(scratch), [r13 + at]);
                    return Ok(scratch);
                }
                let l = self.take(true, None, false)?;
                let Loc::Xmm(n) = l else { return Err("register class") };
                x!(self; movsd Rx(n), [r13 + at]);
                self.place[v as usize].reg = Some(l);
                self.xmm[n as usize] = Some(v);
                self.pin(l);
                Ok(n)
            }
            _ => Err("a value without a place"),
        }
    }
    /// An operand that may be an immediate of 32 bits.
    fn small(&self, r: R) -> Option<i32> {
        self.t.const_of(r).filter(|c| fits(c.bits)).map(|c| c.bits as i32)
    }

    /// Moves between places, all at once.
    fn moves(&mut self, mut pend: Vec<(Loc, Loc)>) {
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
                    let tmp = if matches!(s, Loc::Xmm(_)) { Loc::Xmm(X14) } else { Loc::Gpr(RDX) };
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
    fn mov(&mut self, d: Loc, s: Loc) {
        let at = |n: u16| SPILL + 8 * n as i32;
        match (d, s) {
            (a, b) if a == b => {}
            (Loc::Gpr(d), Loc::Gpr(s)) => x!(self; mov Rq(d), Rq(s)),
            (Loc::Gpr(d), Loc::Spill(s)) => x!(self; mov Rq(d), [r13 + at(s)]),
            (Loc::Gpr(d), Loc::Const(w)) => self.imm(d, w),
            (Loc::Gpr(d), Loc::Xmm(s)) => x!(self; movq Rq(d), Rx(s)),
            (Loc::Xmm(d), Loc::Xmm(s)) => x!(self; movaps Rx(d), Rx(s)),
            (Loc::Xmm(d), Loc::Spill(s)) => x!(self; movsd Rx(d), [r13 + at(s)]),
            (Loc::Xmm(d), Loc::Gpr(s)) => x!(self; movq Rx(d), Rq(s)),
            (Loc::Xmm(d), Loc::Const(w)) => {
                self.imm(RAX, w);
                x!(self; movq Rx(d), rax);
            }
            (Loc::Spill(d), Loc::Gpr(s)) => x!(self; mov [r13 + at(d)], Rq(s)),
            (Loc::Spill(d), Loc::Xmm(s)) => x!(self; movsd [r13 + at(d)], Rx(s)),
            (Loc::Spill(d), Loc::Spill(s)) => x!(self; mov rax, [r13 + at(s)]; mov [r13 + at(d)], rax),
            (Loc::Spill(d), Loc::Const(w)) => {
                self.imm(RAX, w);
                x!(self; mov [r13 + at(d)], rax);
            }
            (Loc::Const(_), _) => unreachable!("a constant is no destination"),
        }
    }

    // -- exits and cold paths

    /// A label that leaves with the state as it is now.
    fn exit(&mut self, snap: u32) -> Res<DynamicLabel> {
        let l = self.a.new_dynamic_label();
        let mut leaves: Vec<(R, Loc, Ty)> = Vec::new();
        let mut bad = false;
        self.t.snaps[snap as usize].each(|r, ty| {
            if !leaves.iter().any(|x| x.0 == r && x.2 == ty) {
                match self.source(r) {
                    Ok(loc) => leaves.push((r, loc, ty)),
                    Err(_) => bad = true,
                }
            }
        });
        if bad {
            return Err("a value of a snapshot without a place");
        }
        self.exits.push((l, snap, leaves));
        Ok(l)
    }
    /// Caller-saved registers in use, but for `except`.
    fn in_use(&self, except: Loc) -> Vec<Loc> {
        let mut v = Vec::new();
        for r in 0..16 {
            if self.gpr[r].is_some() {
                v.push(Loc::Gpr(r as u8));
            }
            if self.xmm[r].is_some() {
                v.push(Loc::Xmm(r as u8));
            }
        }
        v.retain(|l| caller_saved(*l) && *l != except);
        v
    }
    fn go_cold(&mut self, what: Cold, except: Loc) -> (DynamicLabel, DynamicLabel) {
        let (at, back) = (self.a.new_dynamic_label(), self.a.new_dynamic_label());
        let save = match what {
            Cold::Unbox { .. } | Cold::Zero { .. } => Vec::new(),
            _ => self.in_use(except),
        };
        self.cold.push(ColdPath { at, back, what, save });
        (at, back)
    }
    fn cold_path(&mut self, c: ColdPath) {
        x!(self; =>c.at);
        for (k, l) in c.save.iter().enumerate() {
            let at = SAVE + 8 * k as i32;
            match *l {
                Loc::Gpr(r) => x!(self; mov [r13 + at], Rq(r)),
                Loc::Xmm(r) => x!(self; movsd [r13 + at], Rx(r)),
                _ => {}
            }
        }
        match c.what {
            Cold::Unbox { a, d, exit } => {
                let l = self.layout;
                x!(self
                    ; test Rb(a), 7
                    ; jnz =>exit
                    ; cmp DWORD [Rq(a)], l.float_desc as i32
                    ; jne =>exit
                    ; movsd Rx(d), [Rq(a) + l.float_at]);
            }
            Cold::Zero { d } => x!(self; xorps Rx(d), Rx(d)),
            Cold::Box { a, d } => {
                x!(self; movq rsi, Rx(a); mov rdi, r15; mov rax, QWORD self.layout.box_float as i64; call rax; mov Rq(d), rax);
            }
            Cold::Barrier { obj, addr } => {
                match addr.index {
                    Some(i) => x!(self; lea rdx, [Rq(addr.base) + 8 * Rq(i) + addr.disp]),
                    None => x!(self; lea rdx, [Rq(addr.base) + addr.disp]),
                }
                x!(self; mov rsi, Rq(obj); mov rdi, r15; mov rax, QWORD self.layout.barrier as i64; call rax);
            }
            Cold::New { d, what } => {
                self.imm(6, what as u64);
                x!(self; mov rdi, r15; mov rax, QWORD self.layout.alloc as i64; call rax; mov Rq(d), rax);
            }
        }
        for (k, l) in c.save.iter().enumerate() {
            let at = SAVE + 8 * k as i32;
            match *l {
                Loc::Gpr(r) => x!(self; mov Rq(r), [r13 + at]),
                Loc::Xmm(r) => x!(self; movsd Rx(r), [r13 + at]),
                _ => {}
            }
        }
        x!(self; jmp =>c.back);
    }

    // -- beginnings

    /// The inputs of a bridge are where the exit left them.
    fn inputs(&mut self) -> Res<()> {
        let Some(parent) = self.parent else { return Ok(()) };
        for i in 0..self.t.insts.len() {
            let x = &self.t.insts[i];
            if x.op != Op::In || self.uses.last[i] == 0 {
                continue;
            }
            let v = i as u32;
            match parent.leaves[x.imm as usize].0 {
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
        Ok(())
    }

    /// The phis get their places and first values; the header is here.
    fn loop_header(&mut self, i: usize) -> Res<()> {
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
            match self.take(flt, None, false) {
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
        self.moves(moves);
        // What is from before the loop and not needed in it goes.
        for v in self.active.clone() {
            if (v as usize) < i && self.uses.last[v as usize] <= self.pos {
                self.active.retain(|x| *x != v);
                self.give(v);
            }
        }
        self.pinned = (0, 0);
        self.header = self.active.iter().map(|v| (*v, self.place[*v as usize])).collect();
        let l = self.a.new_dynamic_label();
        self.head = Some(l);
        x!(self; .align 16; =>l);
        Ok(())
    }

    // -- instructions

    fn inst(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        use Op::*;
        match x.op {
            Nop | In | Phi | Base => return Ok(()),
            Loop => return self.loop_header(i),
            _ if x.ty == Ty::Bool => return Ok(()),
            _ => {}
        }
        // Results that nobody needs.
        if x.ty != Ty::Void
            && self.uses.last[i] == 0
            && !x.op.is_call()
            && !matches!(x.op.info().class, Class::Checked)
        {
            return Ok(());
        }
        match x.op {
            GuardT | GuardF => self.guard(i)?,
            Calm => {
                let e = self.exit(x.snap)?;
                x!(self; cmp DWORD [r15 + self.layout.poll], 0; jne =>e);
                self.release(x.snap);
            }
            Entry | LoadReg => {
                self.release(NO_SNAP);
                let d = self.def(i)?;
                x!(self; mov rcx, [r13 + REGS]; mov Rq(d), [rcx + 8 * x.imm as i32]);
            }
            StoreReg => {
                x!(self; mov rcx, [r13 + REGS]);
                self.store(Addr { base: RCX, index: None, disp: 8 * x.imm as i32 }, x.a)?;
                self.release(NO_SNAP);
            }
            FixAdd | FixSub | FixMul | FixShl | FixAddW | FixSubW => self.fix_arith(i)?,
            FixAnd | FixOr | FixXor | Add | Sub => self.simple(i)?,
            FixShr => self.shr(i)?,
            FixDiv | FixMod => self.div(i)?,
            Untag => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                if d != a {
                    x!(self; mov Rq(d), Rq(a));
                }
                x!(self; sar Rq(d), 1);
            }
            Tag => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                x!(self; lea Rq(d), [Rq(a) + Rq(a) + 1]);
            }
            Bits | Word => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                if d != a {
                    x!(self; mov Rq(d), Rq(a));
                }
            }
            FAdd | FSub | FMul | FDiv => self.float_arith(i)?,
            FNeg | FAbs => {
                let a = self.f(x.a, X15)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                let mask = if x.op == FNeg { i64::MIN } else { i64::MAX };
                x!(self; mov rax, QWORD mask; movq xmm14, rax);
                if d != a {
                    x!(self; movaps Rx(d), Rx(a));
                }
                if x.op == FNeg { x!(self; xorps Rx(d), xmm14) } else { x!(self; andps Rx(d), xmm14) }
            }
            FSqrt => {
                let a = self.f(x.a, X15)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                x!(self; sqrtsd Rx(d), Rx(a));
            }
            FixToFlt => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                if a != RAX {
                    x!(self; mov rax, Rq(a));
                }
                x!(self; sar rax, 1; xorps Rx(d), Rx(d); cvtsi2sd Rx(d), rax);
            }
            IntToFlt => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                x!(self; xorps Rx(d), Rx(d); cvtsi2sd Rx(d), Rq(a));
            }
            Unbox => {
                let mut a = self.g(x.a, RDX)?;
                self.release(x.snap);
                let d = self.def(i)?;
                // Only now: making room for the result may move values.
                let e = self.exit(x.snap)?;
                if a == RAX || a == RCX {
                    x!(self; mov rdx, Rq(a));
                    a = RDX;
                }
                let (cold, back) = self.go_cold(Cold::Unbox { a, d, exit: e }, Loc::Xmm(d));
                let (zero, zback) = self.go_cold(Cold::Zero { d }, Loc::Xmm(d));
                x!(self
                    ; mov eax, Rd(a)
                    ; and eax, 3
                    ; cmp eax, 2
                    ; jne =>cold
                    ; mov rcx, Rq(a)
                    ; sar rcx, 63
                    ; add rcx, 2
                    ; mov rax, Rq(a)
                    ; and rax, -4
                    ; or rax, rcx
                    ; ror rax, 3
                    ; mov rcx, QWORD NOT_ZERO
                    ; cmp rax, rcx
                    ; je =>zero
                    ; movq Rx(d), rax
                    ; =>back
                    ; =>zback);
            }
            Box => {
                let a = self.f(x.a, X15)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                let (cold, back) = self.go_cold(Cold::Box { a, d }, Loc::Gpr(d));
                x!(self
                    ; movq rax, Rx(a)
                    ; mov rcx, rax
                    ; shr rcx, 60
                    ; and ecx, 7
                    ; sub ecx, 3
                    ; cmp ecx, 1
                    ; ja =>cold
                    ; rol rax, 3
                    ; and rax, -4
                    ; or rax, 2
                    ; mov rcx, QWORD FLO_ZERO
                    ; cmp rax, rcx
                    ; je =>cold
                    ; mov Rq(d), rax
                    ; =>back);
            }
            Get | GetInt | RawGet => {
                let a = self.g(x.a, RAX)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                x!(self; mov Rq(d), [Rq(a) + x.imm as i32]);
            }
            Elem => {
                let at = self.elem_addr(&x)?;
                self.release(NO_SNAP);
                let d = self.def(i)?;
                match at.index {
                    Some(k) => x!(self; mov Rq(d), [Rq(at.base) + 8 * Rq(k) + at.disp]),
                    None => x!(self; mov Rq(d), [Rq(at.base) + at.disp]),
                }
            }
            New => {
                self.release(NO_SNAP);
                let d = self.def(i)?;
                let size = (x.imm >> 32) as i32 & 0xff_ffff;
                let header = (x.imm as u64 & 0xffff_ffff) | (x.imm as u64 >> 56) << 40;
                let (cold, back) = self.go_cold(Cold::New { d, what: x.imm }, Loc::Gpr(d));
                let l = self.layout;
                x!(self
                    ; mov Rq(d), [r15 + l.cursor]
                    ; lea rcx, [Rq(d) + size]
                    ; cmp rcx, [r15 + l.limit]
                    ; ja =>cold
                    ; mov [r15 + l.cursor], rcx
                    ; mov rax, QWORD header as i64
                    ; mov [Rq(d)], rax
                    ; =>back);
            }
            SetNew | SetInt | RawSet => {
                let a = self.g(x.a, RAX)?;
                self.store(Addr { base: a, index: None, disp: x.imm as i32 }, x.b)?;
                self.release(NO_SNAP);
            }
            Rebase => {
                let a = self.g(x.a, RAX)?;
                x!(self; mov [r13 + REGS], Rq(a); add QWORD [r13 + FP], x.imm as i32);
                self.release(NO_SNAP);
            }
            SetShape => {
                let a = self.g(x.a, RAX)?;
                x!(self; mov DWORD [Rq(a)], x.imm as i32);
                self.release(NO_SNAP);
            }
            Set => {
                let a = self.g(x.a, RAX)?;
                let at = Addr { base: a, index: None, disp: x.imm as i32 };
                self.store(at, x.b)?;
                self.barrier(a, at, x.b);
                self.release(NO_SNAP);
            }
            SetElem => {
                let at = self.elem_addr(&x)?;
                self.store(at, x.c)?;
                self.barrier(at.base, at, x.c);
                self.release(NO_SNAP);
            }
            CallInt | CallRef | CallFlt | CallVoid => self.call(i)?,
            _ => return Err("unknown op"),
        }
        Ok(())
    }

    /// Address of `a[b]`, in `rax`/`rcx` as far as scratch is needed.
    fn elem_addr(&mut self, x: &Inst) -> Res<Addr> {
        let base = self.g(x.a, RAX)?;
        Ok(match self.t.const_of(x.b) {
            Some(k) if (k.bits as i64).unsigned_abs() < 1 << 24 => {
                Addr { base, index: None, disp: x.imm as i32 + 8 * k.bits as i32 }
            }
            _ => Addr { base, index: Some(self.g(x.b, RCX)?), disp: x.imm as i32 },
        })
    }
    fn store(&mut self, at: Addr, v: R) -> Res<()> {
        if let Some(w) = self.small(v) {
            match at.index {
                Some(k) => x!(self; mov QWORD [Rq(at.base) + 8 * Rq(k) + at.disp], w),
                None => x!(self; mov QWORD [Rq(at.base) + at.disp], w),
            }
            return Ok(());
        }
        let s = self.g(v, RDX)?;
        match at.index {
            Some(k) => x!(self; mov [Rq(at.base) + 8 * Rq(k) + at.disp], Rq(s)),
            None => x!(self; mov [Rq(at.base) + at.disp], Rq(s)),
        }
        Ok(())
    }
    /// After a store of `v`: the write barrier, unless it is certainly no young object.
    fn barrier(&mut self, obj: u8, addr: Addr, v: R) {
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
        let (cold, back) = self.go_cold(Cold::Barrier { obj, addr }, Loc::Const(0));
        let l = self.layout;
        x!(self; test BYTE [Rq(obj) + l.gc_byte], l.unlogged as i8; jnz =>cold; =>back);
    }

    fn simple(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let (mut ra, mut rb) = (x.a, x.b);
        if x.op.commutes() && ra.as_const().is_some() {
            std::mem::swap(&mut ra, &mut rb);
        }
        let a = self.g(ra, RAX)?;
        let small = self.small(rb);
        let b = if small.is_some() { RCX } else { self.g(rb, RCX)? };
        self.release(NO_SNAP);
        let d = self.def(i)?;
        let mut t = d;
        if d == b && d != a {
            t = RAX;
        }
        if t != a {
            x!(self; mov Rq(t), Rq(a));
        }
        match (x.op, small) {
            (Op::FixAnd, Some(n)) => x!(self; and Rq(t), n),
            (Op::FixOr, Some(n)) => x!(self; or Rq(t), n),
            (Op::FixXor, Some(n)) => x!(self; xor Rq(t), n),
            (Op::Add, Some(n)) => x!(self; add Rq(t), n),
            (Op::Sub, Some(n)) => x!(self; sub Rq(t), n),
            (Op::FixAnd, None) => x!(self; and Rq(t), Rq(b)),
            (Op::FixOr, None) => x!(self; or Rq(t), Rq(b)),
            (Op::FixXor, None) => x!(self; xor Rq(t), Rq(b)),
            (Op::Add, None) => x!(self; add Rq(t), Rq(b)),
            _ => x!(self; sub Rq(t), Rq(b)),
        }
        if x.op == Op::FixXor {
            x!(self; or Rq(t), 1);
        }
        if t != d {
            x!(self; mov Rq(d), Rq(t));
        }
        Ok(())
    }

    fn fix_arith(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let (mut ra, mut rb) = (x.a, x.b);
        if x.op.commutes() && ra.as_const().is_some() {
            std::mem::swap(&mut ra, &mut rb);
        }
        let a = self.g(ra, RAX)?;
        let k = self.small(rb);
        let b = if k.is_some() && x.op != Op::FixShl { RCX } else { self.g(rb, RCX)? };
        self.release(x.snap);
        let d = self.def(i)?;
        let e = if x.snap != NO_SNAP { Some(self.exit(x.snap)?) } else { None };
        macro_rules! check {
            () => {
                if let Some(e) = e {
                    x!(self; jo =>e)
                }
            };
        }
        match (x.op, k) {
            (Op::FixAdd | Op::FixAddW, Some(n)) => {
                if e.is_none() {
                    x!(self; lea Rq(d), [Rq(a) + (n - 1)]);
                } else {
                    if d != a {
                        x!(self; mov Rq(d), Rq(a));
                    }
                    x!(self; add Rq(d), n - 1);
                    check!();
                }
            }
            (Op::FixAdd | Op::FixAddW, None) => {
                if e.is_none() {
                    x!(self; lea Rq(d), [Rq(a) + Rq(b) - 1]);
                } else if d != b {
                    x!(self; lea Rq(d), [Rq(a) - 1]; add Rq(d), Rq(b));
                    check!();
                } else {
                    x!(self; lea rax, [Rq(a) - 1]; add Rq(d), rax);
                    check!();
                }
            }
            (Op::FixSub | Op::FixSubW, Some(n)) => {
                if d != a {
                    x!(self; mov Rq(d), Rq(a));
                }
                x!(self; sub Rq(d), n - 1);
                check!();
            }
            (Op::FixSub | Op::FixSubW, None) => {
                x!(self; lea rcx, [Rq(b) - 1]);
                if d != a {
                    x!(self; mov Rq(d), Rq(a));
                }
                x!(self; sub Rq(d), rcx);
                check!();
            }
            (Op::FixMul, Some(n)) => {
                x!(self; lea rax, [Rq(a) - 1]; imul rax, rax, n >> 1);
                check!();
                x!(self; lea Rq(d), [rax + 1]);
            }
            (Op::FixMul, None) => {
                if b != RCX {
                    x!(self; mov rcx, Rq(b));
                }
                x!(self; sar rcx, 1; lea rax, [Rq(a) - 1]; imul rax, rcx);
                check!();
                x!(self; lea Rq(d), [rax + 1]);
            }
            (Op::FixShl, _) => {
                let e = e.ok_or("a shift without exit")?;
                if a != RAX {
                    x!(self; mov rax, Rq(a));
                }
                if b != RCX {
                    x!(self; mov rcx, Rq(b));
                }
                x!(self
                    ; sar rax, 1
                    ; mov rdx, rax
                    ; shl rax, cl
                    ; mov Rq(d), rax
                    ; sar Rq(d), cl
                    ; cmp Rq(d), rdx
                    ; jne =>e
                    ; mov rdx, rax
                    ; add rdx, rdx
                    ; jo =>e
                    ; lea Rq(d), [rax + rax + 1]);
            }
            _ => return Err("arithmetic"),
        }
        Ok(())
    }

    fn shr(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let a = self.g(x.a, RAX)?;
        let k = self.t.const_of(x.b).map(|c| (c.bits as i64).clamp(0, 63));
        let b = if k.is_some() { RCX } else { self.g(x.b, RCX)? };
        self.release(NO_SNAP);
        let d = self.def(i)?;
        match k {
            Some(n) => {
                if d != a {
                    x!(self; mov Rq(d), Rq(a));
                }
                x!(self; sar Rq(d), n as i8; or Rq(d), 1);
            }
            None => {
                if b != RCX {
                    x!(self; mov rcx, Rq(b));
                }
                if a != RAX {
                    x!(self; mov rax, Rq(a));
                }
                x!(self; mov edx, 63; cmp rcx, rdx; cmova rcx, rdx; sar rax, cl; or rax, 1; mov Rq(d), rax);
            }
        }
        Ok(())
    }

    fn div(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let a = self.g(x.a, RAX)?;
        let b = self.g(x.b, RCX)?;
        self.release(NO_SNAP);
        let d = self.def(i)?;
        if a != RAX {
            x!(self; mov rax, Rq(a));
        }
        if b != RCX {
            x!(self; mov rcx, Rq(b));
        }
        let (slow, done) = (self.a.new_dynamic_label(), self.a.new_dynamic_label());
        x!(self
            ; sar rax, 1
            ; sar rcx, 1
            ; mov rdx, rax
            ; or rdx, rcx
            ; shr rdx, 32
            ; jnz =>slow
            ; xor edx, edx
            ; div ecx
            ; jmp =>done
            ; =>slow
            ; cqo
            ; idiv rcx
            ; test rdx, rdx
            ; jz =>done);
        if x.op == Op::FixDiv {
            x!(self; xor rcx, rdx; jns =>done; dec rax; =>done; lea Rq(d), [rax + rax + 1]);
        } else {
            x!(self; mov rax, rdx; xor rax, rcx; jns =>done; add rdx, rcx; =>done; lea Rq(d), [rdx + rdx + 1]);
        }
        Ok(())
    }

    fn float_arith(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let (mut a, mut b) = (self.f(x.a, X14)?, self.f(x.b, X15)?);
        self.release(NO_SNAP);
        let d = self.def(i)?;
        let mut t = d;
        if d == b && d != a {
            if x.op.commutes() {
                std::mem::swap(&mut a, &mut b);
            } else {
                t = X14;
            }
        }
        if t != a {
            x!(self; movaps Rx(t), Rx(a));
        }
        match x.op {
            Op::FAdd => x!(self; addsd Rx(t), Rx(b)),
            Op::FSub => x!(self; subsd Rx(t), Rx(b)),
            Op::FMul => x!(self; mulsd Rx(t), Rx(b)),
            _ => x!(self; divsd Rx(t), Rx(b)),
        }
        if t != d {
            x!(self; movaps Rx(d), Rx(t));
        }
        Ok(())
    }

    fn guard(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let want = x.op == Op::GuardT;
        let Some(c) = self.t.inst(x.a).copied() else { return Err("a constant condition") };
        use Op::*;
        // Operands first: loading them may move values about, and the exit must see the final places.
        match c.op {
            IsFix | IsPtr | IsFlo => {
                let a = self.g(c.a, RDX)?;
                let e = self.exit(x.snap)?;
                match (c.op, want) {
                    (IsFix, true) => x!(self; test Rb(a), 1; jz =>e),
                    (IsFix, false) => x!(self; test Rb(a), 1; jnz =>e),
                    (IsPtr, true) => x!(self; test Rb(a), 7; jnz =>e),
                    (IsPtr, false) => x!(self; test Rb(a), 7; jz =>e),
                    _ => {
                        // Immediate, or a pointer to a box.
                        let l = self.layout;
                        let (yes, no, end) = (
                            self.a.new_dynamic_label(),
                            self.a.new_dynamic_label(),
                            self.a.new_dynamic_label(),
                        );
                        x!(self
                            ; mov eax, Rd(a)
                            ; and eax, 3
                            ; cmp eax, 2
                            ; je =>yes
                            ; test Rb(a), 7
                            ; jnz =>no
                            ; cmp DWORD [Rq(a)], l.float_desc as i32
                            ; je =>yes);
                        if want {
                            x!(self; =>no; jmp =>e; =>yes; =>end);
                        } else {
                            x!(self; jmp =>no; =>yes; jmp =>e; =>no; =>end);
                        }
                    }
                }
            }
            ShapeIs => {
                let a = self.g(c.a, RAX)?;
                let e = self.exit(x.snap)?;
                x!(self; cmp DWORD [Rq(a)], c.imm as i32);
                if want { x!(self; jne =>e) } else { x!(self; je =>e) }
            }
            Eq | Lt | Le | Ult => {
                let a = self.g(c.a, RAX)?;
                let k = self.small(c.b);
                let b = if k.is_some() { RCX } else { self.g(c.b, RCX)? };
                let e = self.exit(x.snap)?;
                match k {
                    Some(0) if c.op == Eq => x!(self; test Rq(a), Rq(a)),
                    Some(n) => x!(self; cmp Rq(a), n),
                    None => x!(self; cmp Rq(a), Rq(b)),
                }
                match (c.op, want) {
                    (Eq, true) => x!(self; jne =>e),
                    (Eq, false) => x!(self; je =>e),
                    (Lt, true) => x!(self; jge =>e),
                    (Lt, false) => x!(self; jl =>e),
                    (Le, true) => x!(self; jg =>e),
                    (Le, false) => x!(self; jle =>e),
                    (_, true) => x!(self; jae =>e),
                    (_, false) => x!(self; jb =>e),
                }
            }
            FEq | FLt | FLe => {
                let (a, b) = (self.f(c.a, X14)?, self.f(c.b, X15)?);
                let e = self.exit(x.snap)?;
                match (c.op, want) {
                    (FEq, true) => x!(self; ucomisd Rx(a), Rx(b); jne =>e; jp =>e),
                    (FEq, false) => {
                        let skip = self.a.new_dynamic_label();
                        x!(self; ucomisd Rx(a), Rx(b); jp =>skip; je =>e; =>skip);
                    }
                    // Unordered sets the carry.
                    (FLt, true) => x!(self; ucomisd Rx(b), Rx(a); jbe =>e),
                    (FLt, false) => x!(self; ucomisd Rx(b), Rx(a); ja =>e),
                    (_, true) => x!(self; ucomisd Rx(b), Rx(a); jb =>e),
                    (_, false) => x!(self; ucomisd Rx(b), Rx(a); jae =>e),
                }
            }
            AddOvf | SubOvf | MulOvf => {
                let a = self.g(c.a, RAX)?;
                let b = self.g(c.b, RCX)?;
                let e = self.exit(x.snap)?;
                if a != RAX {
                    x!(self; mov rax, Rq(a));
                }
                if b != RCX {
                    x!(self; mov rcx, Rq(b));
                }
                match c.op {
                    AddOvf => x!(self; dec rax; add rax, rcx),
                    SubOvf => x!(self; dec rcx; sub rax, rcx),
                    _ => x!(self; dec rax; sar rcx, 1; imul rax, rcx),
                }
                if want { x!(self; jno =>e) } else { x!(self; jo =>e) }
            }
            _ => return Err("condition"),
        }
        self.release(x.snap);
        Ok(())
    }

    fn call(&mut self, i: usize) -> Res<()> {
        let x = self.t.insts[i];
        let args = self.t.call_args(&x);
        if args.len() > 6 {
            return Err("too many arguments");
        }
        const REGS_OF_ARGS: [u8; 6] = [7, 6, RDX, RCX, 8, 9];
        for (k, r) in args.iter().enumerate() {
            let at = 8 * k as i32;
            debug_assert!(at < ARGS);
            if let Some(c) = self.t.const_of(*r) {
                if fits(c.bits) {
                    x!(self; mov QWORD [rsp + at], c.bits as i32);
                } else {
                    x!(self; mov rax, QWORD c.bits as i64; mov [rsp + at], rax);
                }
            } else if self.t.ty(*r) == Ty::Flt {
                let f = self.f(*r, X15)?;
                x!(self; movsd [rsp + at], Rx(f));
            } else {
                let g = self.g(*r, RAX)?;
                x!(self; mov [rsp + at], Rq(g));
            }
            self.pinned = (0, 0);
        }
        self.release(NO_SNAP);
        for l in self.in_use(Loc::Const(0)) {
            self.evict(l)?;
        }
        for k in 0..args.len() {
            x!(self; mov Rq(REGS_OF_ARGS[k]), [rsp + 8 * k as i32]);
        }
        if self.t.calls[x.imm as usize].effects.has(Effects::CALLS) {
            // Dead references in registers that the callee saves would keep objects alive.
            for r in [3u8, 5, 12, 14] {
                if self.gpr[r as usize].is_none() {
                    x!(self; xor Rd(r), Rd(r));
                }
            }
        }
        x!(self; mov rax, QWORD self.t.calls[x.imm as usize].addr as i64; call rax);
        if x.ty != Ty::Void && self.uses.last[i] > 0 {
            let d = self.def(i)?;
            if x.ty == Ty::Flt { x!(self; movq Rx(d), rax) } else { x!(self; mov Rq(d), rax) }
        }
        Ok(())
    }
}

/// The snapshot with leaves for operands.
fn renumber(s: &Snap, leaves: &[(R, Loc, Ty)]) -> Snap {
    let at = |r: R, ty: Ty| R::ins(leaves.iter().position(|l| l.0 == r && l.2 == ty).expect("a leaf"));
    let v = |v: Val| match v {
        Val::Word(r) => Val::Word(at(r, Ty::Ref)),
        Val::Int(r) => Val::Int(at(r, Ty::Int)),
        Val::Flt(r) => Val::Flt(at(r, Ty::Flt)),
        v => v,
    };
    Snap {
        frames: s.frames.iter().map(|f| FrameSnap { func: v(f.func), extra: f.extra.map(v), ..*f }).collect(),
        slots: s.slots.iter().map(|x| (x.0, v(x.1))).collect(),
        virts: s
            .virts
            .iter()
            .map(|o| VirtSnap { what: o.what, fields: o.fields.iter().map(|f| (f.0, v(f.1))).collect() })
            .collect(),
        in_memory: s.in_memory,
    }
}

#[allow(unused)]
fn _uses() {
    let _ = word::is_fix(1);
}
