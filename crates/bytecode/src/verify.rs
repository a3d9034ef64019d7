//! Checks the invariants of the register machine by data flow: what every instruction reads is initialised on every way
//! to it and of the kind that it takes for granted, depths never claim more than that, jumps and handlers lead somewhere
//! sensible.
//!
//! Operations rely on what the compiler sees to: that operands are not null, that a cell is a cell, that the list of a
//! display is a list, that what yields is the frame of a generator. Code that a program changed is only run if that can be
//! proved here. States are kept where jumps and handlers lead, and carried along in between.

use crate::{CodeData, CodeFlags, Common, Const, Ins, Intrinsic1, Intrinsic2, Op, Operand, SetFunc, Special};

/// What is wrong, with the instruction.
pub fn verify(code: &CodeData) -> Result<(), String> {
    verify_with(code, &|i| kind_of(&code.consts[i]))?;
    for c in &code.consts {
        if let Const::Code(inner) = c {
            verify(inner)?;
        }
    }
    Ok(())
}

/// The same of this code alone, whose constants are those that `constant` tells of.
pub fn verify_with(code: &CodeData, constant: &dyn Fn(usize) -> ConstKind) -> Result<(), String> {
    check(code, constant).map_err(|e| format!("{}: {e}", code.qualname))
}

/// Registers an instruction reads and writes, and the window it uses up.
#[derive(Default)]
pub(crate) struct Effect {
    pub reads: Vec<usize>,
    pub writes: Vec<usize>,
    /// Registers from here on are clobbered.
    pub clobbers: Option<usize>,
}

/// What a constant is, as far as instructions rely on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConstKind {
    /// Anything.
    Other,
    /// A str.
    Str,
    /// A tuple.
    Tuple,
    /// A tuple of so many strs.
    Names(usize),
    /// A code object.
    Code,
}

fn kind_of(c: &Const) -> ConstKind {
    match c {
        Const::Str(_) => ConstKind::Str,
        Const::Tuple(t) if t.iter().all(|c| matches!(c, Const::Str(_))) => ConstKind::Names(t.len()),
        Const::Tuple(_) => ConstKind::Tuple,
        Const::Code(_) | Const::Lazy(_) => ConstKind::Code,
        _ => ConstKind::Other,
    }
}

/// The kinds a register may have, one bit each; with `TUPLE` alone, above `NAMES`, one more than the number of strs that
/// the tuple is known to consist of.
type Kinds = u32;
const NULL: Kinds = 1;
const OTHER: Kinds = 2;
const CELL: Kinds = 4;
const LIST: Kinds = 8;
const SET: Kinds = 16;
const DICT: Kinds = 32;
const TUPLE: Kinds = 64;
const STR: Kinds = 128;
const FUNC: Kinds = 256;
/// Nothing: what was there before.
const NONE: Kinds = 512;
const NAMES: u32 = 12;
const ALL: Kinds = (1 << NAMES) - 1;

fn join(a: Kinds, b: Kinds) -> Kinds {
    if a == b { a } else { (a | b) & ALL }
}

struct State {
    regs: Vec<Kinds>,
    /// Whether the frame belongs to a generator; None: on some ways only.
    made: Option<bool>,
}
impl State {
    /// Whether it had to be changed.
    fn merge(&mut self, regs: &[Kinds], made: Option<bool>) -> bool {
        let mut changed = false;
        for (a, b) in self.regs.iter_mut().zip(regs) {
            let j = join(*a, *b);
            changed |= j != *a;
            *a = j;
        }
        if self.made != made {
            changed |= self.made.is_some();
            self.made = None;
        }
        changed
    }
}

struct Checker<'c> {
    code: &'c CodeData,
    constant: &'c dyn Fn(usize) -> ConstKind,
    /// First temporary.
    base: usize,
    /// Instructions that have a state: others only follow one.
    heads: Vec<bool>,
    states: Vec<Option<Box<State>>>,
    work: Vec<usize>,
    seen: Vec<bool>,
    /// Of each instruction, one more than its handler's index.
    handlers: Vec<u16>,
}

fn check(code: &CodeData, constant: &dyn Fn(usize) -> ConstKind) -> Result<(), String> {
    header(code)?;
    let n = code.code.len();
    let mut heads = vec![false; n];
    for (i, ins) in code.code.iter().enumerate() {
        if let Some(t) = target(i, *ins) {
            *heads.get_mut(t).ok_or_else(|| format!("{i}: control leaves the code to {t}"))? = true;
        }
    }
    let mut handlers = Vec::new();
    if !code.handlers.is_empty() {
        handlers.resize(n, 0);
        // The first one counts.
        for (k, h) in code.handlers.iter().enumerate().rev() {
            heads[h.target as usize] = true;
            handlers[h.start as usize..h.end as usize].fill(k as u16 + 1);
        }
    }
    let base = code.varnames.len();
    let mut regs = vec![NULL; code.nregs as usize];
    regs[..params(code) as usize].fill(OTHER);
    regs[code.nlocals as usize..].fill(NONE);
    heads[0] = true;
    let mut c = Checker {
        code,
        constant,
        base,
        heads,
        states: (0..n).map(|_| None).collect(),
        work: Vec::new(),
        seen: vec![false; n],
        handlers,
    };
    c.flow(0, &State { regs, made: Some(false) });
    let (mut s, mut e) = (State { regs: Vec::new(), made: None }, Effect::default());
    while let Some(i) = c.work.pop() {
        if let Some(at) = &c.states[i] {
            s.regs.clone_from(&at.regs);
            s.made = at.made;
        }
        c.block(i, &mut s, &mut e)?;
    }
    match c.seen.iter().position(|s| !s) {
        Some(i) => Err(format!("{i} {} cannot be reached", code.code[i].op().info().name)),
        None => Ok(()),
    }
}

fn params(code: &CodeData) -> u64 {
    code.argcount as u64
        + code.kwonly as u64
        + code.flags.has(CodeFlags::VARARGS) as u64
        + code.flags.has(CodeFlags::VARKEYWORDS) as u64
}

fn header(c: &CodeData) -> Result<(), String> {
    let n = c.code.len();
    if n == 0 || c.depths.len() != n || c.positions.len() != n {
        let (d, p) = (c.depths.len(), c.positions.len());
        return Err(format!("{n} instructions, {d} depths, {p} positions"));
    }
    let base = c.varnames.len();
    if (c.nlocals as usize) > base || base > c.nregs as usize || c.nregs > 1 << 16 {
        return Err("register counts".into());
    }
    if c.cells.iter().any(|c2| *c2 >= c.nlocals) {
        return Err("cells".into());
    }
    if c.posonly > c.argcount || params(c) > c.nlocals as u64 {
        return Err("parameters".into());
    }
    if c.flags.has(CodeFlags::HAS_DOCSTRING) && c.consts.is_empty() {
        return Err("no docstring".into());
    }
    if c.ics.iter().any(|i| *i as usize >= c.names.len()) {
        return Err("inline caches".into());
    }
    // What is in a cache is read as what its operation puts there.
    let mut uses = vec![None; c.ics.len()];
    for i in c.code.iter().filter(|i| i.op().info().c == Operand::Ic) {
        if uses.get_mut(i.c()).is_some_and(|u| *u.get_or_insert(i.op()) != i.op()) {
            return Err("an inline cache of two operations".into());
        }
    }
    let makes = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    if c.flags.has(makes) != c.code.iter().any(|i| i.op() == Op::MakeGenerator) {
        return Err("flags of a generator".into());
    }
    if c.handlers.len() >= u16::MAX as usize {
        return Err("handlers".into());
    }
    for h in &c.handlers {
        if h.start >= h.end || h.end as usize > n || h.target as usize >= n {
            return Err(format!("handler {h:?}"));
        }
        if c.depths[h.target as usize] <= h.reg || h.reg as u32 >= c.nregs {
            return Err(format!("handler {h:?}: its register is not live at the target"));
        }
    }
    Ok(())
}

/// Where a jump goes.
fn target(i: usize, ins: Ins) -> Option<usize> {
    let info = ins.op().info();
    let d = match (info.b, info.c) {
        (Operand::Jump32, _) => ins.imm() as i64,
        (_, Operand::Jump) => ins.ci() as i64,
        // What follows the next one.
        _ if matches!(ins.op(), Op::ForIter | Op::Send) => 1,
        _ => return None,
    };
    Some((i as i64 + 1 + d) as usize)
}

impl Checker<'_> {
    fn flow(&mut self, to: usize, s: &State) {
        let changed = match &mut self.states[to] {
            None => {
                self.states[to] = Some(Box::new(State { regs: s.regs.clone(), made: s.made }));
                true
            }
            Some(old) => old.merge(&s.regs, s.made),
        };
        if changed {
            self.work.push(to);
        }
    }
    /// What a handler of the instruction finds.
    fn raise(&mut self, i: usize, handler: usize, s: &State) {
        let h = &self.code.handlers[handler];
        let (to, reg) = (h.target as usize, h.reg as usize);
        // Above nothing is live.
        let live = reg.max(self.base).min((self.code.depths[i] as usize).max(self.base));
        let changed = match &mut self.states[to] {
            None => {
                let mut regs = s.regs.clone();
                regs[live..].fill(NONE);
                regs[reg] = OTHER;
                self.states[to] = Some(Box::new(State { regs, made: s.made }));
                true
            }
            Some(old) => {
                let below = reg.min(live);
                let mut changed = old.merge(&s.regs[..below], s.made);
                for (r, old) in old.regs.iter_mut().enumerate().skip(below) {
                    let from = if r == reg {
                        OTHER
                    } else if r < live {
                        s.regs[r]
                    } else {
                        NONE
                    };
                    let now = join(*old, from);
                    changed |= now != *old;
                    *old = now;
                }
                changed
            }
        };
        if changed {
            self.work.push(to);
        }
    }

    fn block(&mut self, mut i: usize, s: &mut State, e: &mut Effect) -> Result<(), String> {
        let code = self.code;
        let mut last = (0, 0);
        loop {
            let ins = code.code[i];
            let h = self.handlers.get(i).map_or(0, |h| *h as usize);
            // What is above the depth is lost, too.
            if h != 0 && (h != last.0 || code.depths[i] < last.1) {
                self.raise(i, h - 1, s);
            }
            last = (h, code.depths[i]);
            self.seen[i] = true;
            self.step(s, i, ins, e)
                .map_err(|e| format!("{i} {}: {e}", crate::disasm::instruction(code, i, ins)))?;
            // It may still be interrupted when it is done.
            if h != 0 {
                let reg = code.handlers[h - 1].reg as usize;
                if e.writes.iter().chain(&e.clobbers).any(|r| *r < reg) {
                    self.raise(i, h - 1, s);
                }
            }
            if let Some(t) = target(i, ins) {
                self.flow(t, s);
            }
            i += 1;
            match ins.op() {
                Op::Jump | Op::JumpBack | Op::Return | Op::ReturnNone | Op::Raise | Op::Reraise => {
                    return Ok(());
                }
                Op::ForIter | Op::Send if code.code.get(i).map(|j| j.op()) != Some(Op::Jump) => {
                    return Err(format!("{}: no jump behind it", i - 1));
                }
                _ => {}
            }
            if i >= self.heads.len() {
                return Err("control leaves the code".into());
            }
            if self.heads[i] {
                self.flow(i, s);
                return Ok(());
            }
        }
    }

    fn step(&self, s: &mut State, i: usize, ins: Ins, e: &mut Effect) -> Result<(), String> {
        let code = self.code;
        let (a, b, c, x) = (ins.a(), ins.b(), ins.c(), ins.x() as usize);
        let op = ins.op();
        let temps = self.base;
        let (depth, nregs) = (code.depths[i] as usize, code.nregs as usize);
        // Free variables are none before they are copied.
        let locals = code.nlocals as usize;
        if depth > nregs || depth < locals {
            return Err(format!("depth {depth}"));
        }
        if let Some(r) = (locals..depth).find(|&r| s.regs[r] & NONE != 0) {
            return Err(format!("depth {depth}, but register {r} is not initialised"));
        }
        effect_into(e, code, ins)?;
        if let Some(r) = e.reads.iter().chain(&e.writes).find(|r| **r >= nregs) {
            return Err(format!("register {r} of {nregs}"));
        }
        let backwards = match (op.info().b, op.info().c) {
            (Operand::Jump32, _) => ins.imm() < 0,
            (_, Operand::Jump) => ins.ci() < 0,
            _ => false,
        };
        if backwards != (op == Op::JumpBack) || op == Op::JumpBack && a >= code.loops as usize {
            return Err("a jump backwards, or none".into());
        }
        let is = |s: &State, r: usize, k: Kinds| match s.regs[r] & ALL & !k {
            0 => Ok(()),
            _ => Err(format!("register {r} may not be what it has to be")),
        };
        let limit = |n: usize, all: usize| if n < all { Ok(()) } else { Err(format!("operand {n}")) };
        // Registers that may be null.
        let nullable = match op {
            Op::CheckLocal | Op::DelLocal | Op::MakeCell | Op::Move | Op::PopExc => {
                Some(if op == Op::Move { b } else { a })
            }
            Op::CallMethod => Some(a + 1),
            Op::CallKw if x != 0 => Some(a + 1),
            Op::WithExit => Some(b + 1),
            Op::BuildInterpolation => Some(b + 2),
            _ => None,
        };
        for &r in &e.reads {
            if s.regs[r] & NONE != 0 {
                return Err(format!("register {r} is not initialised"));
            }
            if r >= depth {
                return Err(format!("operand {r} is above depth {depth}"));
            }
            if Some(r) != nullable && s.regs[r] & NULL != 0 {
                return Err(format!("register {r} may be null"));
            }
        }
        let moved = if op == Op::Move { s.regs[b] } else { OTHER };
        match op {
            Op::CheckLocal | Op::DelLocal | Op::DelDeref => limit(a, temps)?,
            Op::LoadDeref | Op::LoadClassDeref | Op::LoadFromDictOrDeref => limit(b, temps)?,
            _ => {}
        }
        match op {
            Op::LoadDeref | Op::LoadClassDeref | Op::LoadFromDictOrDeref => is(s, b, CELL)?,
            Op::StoreDeref | Op::DelDeref => is(s, a, CELL)?,
            Op::ListAppend | Op::ListExtend => is(s, a, LIST)?,
            Op::ListToTuple => is(s, b, LIST)?,
            Op::SetUpdate => is(s, a, SET)?,
            Op::DictSet | Op::DictUpdate | Op::DictMerge => is(s, a, DICT)?,
            Op::SetFuncAttr => {
                is(s, a, FUNC)?;
                limit(x, SetFunc::ALL.len())?;
            }
            Op::BuildString => (b..b + c).try_for_each(|r| is(s, r, STR))?,
            Op::FormatSpec => is(s, c, STR)?,
            Op::BuildInterpolation => {
                is(s, b + 1, STR)?;
                is(s, b + 2, STR | NULL)?;
            }
            Op::BuildTemplate => {
                is(s, b, TUPLE)?;
                is(s, c, TUPLE)?;
                if s.regs[b] >> NAMES == 0 {
                    return Err("no strings".into());
                }
            }
            Op::MatchKeys => is(s, c, TUPLE)?,
            Op::MatchClass => {
                is(s, b + 2, TUPLE)?;
                if s.regs[b + 2] >> NAMES == 0 {
                    return Err("no names".into());
                }
            }
            Op::CallMethod => limit(0, b)?,
            Op::CallKw => {
                let n = s.regs[a + 1 + b] >> NAMES;
                is(s, a + 1 + b, TUPLE)?;
                if n == 0 || n as usize - 1 + (x != 0) as usize > b {
                    return Err("names of arguments".into());
                }
            }
            Op::MakeFunction => {
                if (self.constant)(ins.imm() as usize) != ConstKind::Code {
                    return Err("no code".into());
                }
            }
            Op::CopyFree => {
                if a != code.nlocals as usize || a + b != temps {
                    return Err("free variables".into());
                }
            }
            Op::MakeGenerator => {
                if s.made != Some(false) {
                    return Err("made twice".into());
                }
                s.made = Some(true);
            }
            Op::Yield | Op::YieldFrom => {
                if s.made != Some(true) {
                    return Err("no generator".into());
                }
            }
            Op::LoadCommon => limit(b, Common::ALL.len())?,
            Op::LoadSpecial => limit(c, Special::ALL.len())?,
            Op::Intrinsic1 => {
                limit(x, Intrinsic1::ALL.len())?;
                match Intrinsic1::from_num(x) {
                    Intrinsic1::TypeVar | Intrinsic1::ParamSpec | Intrinsic1::TypeVarTuple => is(s, b, STR)?,
                    Intrinsic1::SubscriptGeneric | Intrinsic1::TypeAlias => is(s, b, TUPLE)?,
                    Intrinsic1::AsyncGenWrap if !code.flags.has(CodeFlags::ASYNC_GENERATOR) => {
                        return Err("no asynchronous generator".into());
                    }
                    _ => {}
                }
            }
            Op::Intrinsic2 => {
                limit(x, Intrinsic2::ALL.len())?;
                match Intrinsic2::from_num(x) {
                    Intrinsic2::PrepReraiseStar => is(s, c, LIST)?,
                    Intrinsic2::TypeVarWithBound | Intrinsic2::TypeVarWithConstraints => is(s, b, STR)?,
                    _ => {}
                }
            }
            Op::BuildSlice if x != 2 && x != 3 => return Err(format!("operand {x}")),
            Op::Raise => limit(x, 3)?,
            Op::GetAwaitable => limit(x, 3)?,
            Op::Convert => limit(x, 4)?,
            _ => {}
        }
        if let Some(w) = e.clobbers {
            // What is called has its registers there.
            if w < temps {
                return Err("a window among the variables".into());
            }
            s.regs[w..].fill(NONE);
        }
        for &r in &e.writes {
            s.regs[r] = OTHER;
        }
        match op {
            Op::Move => s.regs[a] = moved,
            Op::CheckLocal => s.regs[a] &= !NULL,
            Op::Clear | Op::DelLocal => s.regs[a] = NULL,
            Op::MakeCell => s.regs[a] = CELL,
            Op::CopyFree => s.regs[a..a + b].fill(CELL),
            Op::LoadConst => {
                s.regs[a] = match (self.constant)(ins.imm() as usize) {
                    ConstKind::Str => STR,
                    ConstKind::Tuple => TUPLE,
                    // More than any call has are as good as none known.
                    ConstKind::Names(n) if n < 1 << 19 => TUPLE | (n as Kinds + 1) << NAMES,
                    ConstKind::Names(_) => TUPLE,
                    _ => OTHER,
                }
            }
            Op::LoadCommon if b == Common::EmptyTuple as usize => s.regs[a] = TUPLE | 1 << NAMES,
            Op::BuildTuple => s.regs[a] = TUPLE,
            Op::ListToTuple => s.regs[a] = TUPLE,
            Op::BuildList => s.regs[a] = LIST,
            Op::BuildSet => s.regs[a] = SET,
            Op::BuildDict => s.regs[a] = DICT,
            Op::BuildString | Op::Format | Op::FormatSpec | Op::Convert => s.regs[a] = STR,
            Op::MakeFunction => s.regs[a] = FUNC,
            Op::LoadMethod | Op::LoadSpecial => s.regs[a + 1] = OTHER | NULL,
            Op::LoadSuperAttr if x & 1 != 0 => s.regs[a + 1] = OTHER | NULL,
            Op::PushExc => s.regs[a] = OTHER | NULL,
            _ => {}
        }
        Ok(())
    }
}

/// What an instruction reads and writes.
pub(crate) fn effect(code: &CodeData, ins: Ins) -> Result<Effect, String> {
    let mut e = Effect::default();
    effect_into(&mut e, code, ins)?;
    Ok(e)
}
fn effect_into(e: &mut Effect, code: &CodeData, ins: Ins) -> Result<(), String> {
    let info = ins.op().info();
    e.reads.clear();
    e.writes.clear();
    e.clobbers = None;
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
    Ok(())
}
