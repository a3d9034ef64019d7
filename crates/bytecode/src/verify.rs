//! Checks the invariants of the register machine by data flow: what every instruction reads is initialised on every way
//! to it, depths never claim more than that, jumps and handlers lead somewhere sensible.
//!
//! The state at an instruction is the set of temporaries that surely hold a value or null. Locals and free variables
//! always count as initialised (the callee nulls them).

use crate::{CodeData, Const, Ins, Op, Operand};

/// What is wrong, with the instruction.
pub fn verify(code: &CodeData) -> Result<(), String> {
    Verifier::new(code).run().map_err(|e| format!("{}: {e}", code.qualname))?;
    for c in &code.consts {
        if let Const::Code(inner) = c {
            verify(inner)?;
        }
    }
    Ok(())
}

struct Verifier<'c> {
    code: &'c CodeData,
    /// First temporary.
    base: usize,
    words: usize,
    /// State before each instruction; None: not reached yet.
    states: Vec<Option<Box<[u64]>>>,
    work: Vec<usize>,
}

type State = Box<[u64]>;

fn has(s: &State, r: usize) -> bool {
    s[r / 64] >> (r % 64) & 1 != 0
}

fn add(s: &mut State, r: usize) {
    s[r / 64] |= 1 << (r % 64);
}

fn drop_from(s: &mut State, r: usize) {
    for i in r..s.len() * 64 {
        s[i / 64] &= !(1 << (i % 64));
    }
}

/// Registers an instruction reads and writes, and the window it uses up.
#[derive(Default)]
pub(crate) struct Effect {
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    /// Registers from here on are clobbered.
    pub clobbers: Option<usize>,
}

impl<'c> Verifier<'c> {
    fn new(code: &'c CodeData) -> Verifier<'c> {
        let n = code.code.len();
        Verifier {
            code,
            base: code.varnames.len(),
            words: code.nregs as usize / 64 + 1,
            states: vec![None; n],
            work: Vec::new(),
        }
    }

    fn run(mut self) -> Result<(), String> {
        let c = self.code;
        let n = c.code.len();
        if n == 0 || c.depths.len() != n || c.positions.len() != n {
            return Err(format!(
                "{n} instructions, {} depths, {} positions",
                c.depths.len(),
                c.positions.len()
            ));
        }
        if (c.nlocals as usize) > self.base || self.base > c.nregs as usize {
            return Err("register counts".into());
        }
        for h in &c.handlers {
            if h.start >= h.end || h.end as usize > n || h.target as usize >= n {
                return Err(format!("handler {h:?}"));
            }
            if c.depths[h.target as usize] <= h.reg {
                return Err(format!("handler {h:?}: its register is not live at the target"));
            }
        }
        let mut start: State = vec![0; self.words].into();
        for r in 0..self.base {
            add(&mut start, r);
        }
        self.flow(0, &start)?;
        while let Some(i) = self.work.pop() {
            self.step(i)?;
        }
        if let Some(i) = self.states.iter().position(|s| s.is_none()) {
            return Err(format!("{i} {} cannot be reached", c.code[i].op().info().name));
        }
        Ok(())
    }

    fn flow(&mut self, to: usize, s: &State) -> Result<(), String> {
        let Some(slot) = self.states.get_mut(to) else {
            return Err(format!("control leaves the code to {to}"));
        };
        match slot {
            None => {
                *slot = Some(s.clone());
                self.work.push(to);
            }
            Some(old) => {
                let mut changed = false;
                for (a, b) in old.iter_mut().zip(s.iter()) {
                    changed |= *a & !*b != 0;
                    *a &= b;
                }
                if changed {
                    self.work.push(to);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, i: usize) -> Result<(), String> {
        let c = self.code;
        let ins = c.code[i];
        let text = || format!("{i} {}", crate::disasm::instruction(c, i, ins));
        let Some(mut s) = self.states[i].clone() else { return Ok(()) };
        let depth = c.depths[i] as usize;
        if depth > c.nregs as usize || depth < self.base {
            return Err(format!("{}: depth {depth}", text()));
        }
        if let Some(r) = (self.base..depth).find(|&r| !has(&s, r)) {
            return Err(format!("{}: depth {depth}, but register {r} is not initialised", text()));
        }
        let e = effect(c, ins).map_err(|e| format!("{}: {e}", text()))?;
        for &r in e.reads.iter().chain(&e.writes) {
            if r >= c.nregs as usize {
                return Err(format!("{}: register {r} of {}", text(), c.nregs));
            }
        }
        for &r in &e.reads {
            if !has(&s, r) {
                return Err(format!("{}: register {r} is not initialised", text()));
            }
            if r >= depth {
                return Err(format!("{}: operand {r} is above depth {depth}", text()));
            }
        }
        // An exception: what lies below the handler's depth must be there before (and is not clobbered by) it.
        for h in &c.handlers {
            if (h.start as usize..h.end as usize).contains(&i) {
                let mut at = s.clone();
                drop_from(&mut at, depth.min(e.clobbers.unwrap_or(usize::MAX)));
                drop_from(&mut at, (h.reg as usize).max(self.base));
                add(&mut at, h.reg as usize);
                self.flow(h.target as usize, &at)?;
                break;
            }
        }
        if let Some(w) = e.clobbers {
            drop_from(&mut s, w);
        }
        for r in e.writes {
            add(&mut s, r);
        }
        let next = i + 1;
        let to = |dist: i64| (next as i64 + dist) as usize;
        match ins.op() {
            Op::Jump => {
                if ins.imm() < 0 {
                    return Err(format!("{}: backwards", text()));
                }
                self.flow(to(ins.imm() as i64), &s)
            }
            Op::JumpBack => {
                if ins.imm() >= 0 || ins.a() >= c.loops as usize {
                    return Err(format!("{}: bad loop", text()));
                }
                self.flow(to(ins.imm() as i64), &s)
            }
            Op::Return | Op::ReturnNone | Op::Raise | Op::Reraise => Ok(()),
            Op::ForIter | Op::Send => {
                if c.code.get(next).map(|j| j.op()) != Some(Op::Jump) {
                    return Err(format!("{}: no jump behind it", text()));
                }
                self.flow(next, &s)?;
                self.flow(next + 1, &s)
            }
            op => {
                let dist = match (op.info().b, op.info().c) {
                    (Operand::Jump32, _) => Some(ins.imm() as i64),
                    (_, Operand::Jump) => Some(ins.ci() as i64),
                    _ => None,
                };
                if let Some(d) = dist {
                    if d < 0 {
                        return Err(format!("{}: backwards", text()));
                    }
                    self.flow(to(d), &s)?;
                }
                self.flow(next, &s)
            }
        }
    }
}

/// What an instruction reads and writes.
pub(crate) fn effect(code: &CodeData, ins: Ins) -> Result<Effect, String> {
    let info = ins.op().info();
    let mut e = Effect::default();
    for (kind, r) in [(info.a, ins.a()), (info.b, ins.b()), (info.c, ins.c())] {
        match kind {
            Operand::Src => e.reads.push(r),
            Operand::Dst => e.writes.push(r),
            Operand::Mod => {
                e.reads.push(r);
                e.writes.push(r);
            }
            Operand::Ic if r >= code.ics.len() => return Err(format!("inline cache {r}")),
            Operand::Name if r >= code.names.len() => return Err(format!("name {r}")),
            Operand::Const32 if ins.imm() < 0 || ins.imm() as usize >= code.consts.len() => {
                return Err(format!("constant {}", ins.imm()));
            }
            _ => {}
        }
    }
    let (a, b, c, x) = (ins.a(), ins.b(), ins.c(), ins.x() as usize);
    let mut window = |w: usize, n: usize| {
        e.reads.extend(w..w + n);
        e.clobbers = Some(w);
    };
    match ins.op() {
        Op::Call | Op::CallMethod => window(a, b + 1),
        Op::CallKw => window(a, b + 2),
        Op::CallEx => window(a, 2 + x),
        Op::CopyFree => e.writes.extend(a..a + b),
        Op::LoadMethod => e.writes.extend([a, a + 1]),
        Op::LoadSuperAttr => {
            e.reads.extend(b..b + 3);
            e.writes.push(a);
            if x & 1 == 1 {
                e.writes.push(a + 1);
            }
        }
        Op::LoadSpecial => e.writes.extend([a, a + 1]),
        Op::WithExit => e.reads.extend([b, b + 1]),
        Op::BuildSlice => e.reads.extend(b..b + x),
        Op::BuildTuple | Op::BuildList | Op::BuildSet | Op::BuildString => e.reads.extend(b..b + c),
        Op::BuildDict => e.reads.extend(b..b + 2 * c),
        Op::UnpackSeq => e.writes.extend(a..a + c),
        Op::UnpackEx => e.writes.extend(a..a + c + 1 + x),
        Op::CheckEgMatch => {
            e.reads.push(a);
            e.writes.extend([a, a + 1]);
        }
        Op::BuildInterpolation => e.reads.extend(b..b + 3),
        // Which operands count depends on `x`.
        Op::Raise => e.reads.truncate(x),
        Op::ImportName => e.reads.extend([b, b + 1]),
        Op::MatchClass => e.reads.extend(b..b + 3),
        _ => {}
    }
    Ok(e)
}
