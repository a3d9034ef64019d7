//! A code object under construction: instructions, labels, what is known of locals, and its assembly.

use adder_bytecode::{CodeData, CodeFlags, Const, Handler, Ins, Op, Operand, Position};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Reg;
use super::blocks::{Block, OpenHandler};
use crate::ast::*;
use crate::error::{Error, ErrorKind, Res};
use crate::names::{Names, Sym};
use crate::source::Locator;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Label(pub u32);

/// A set of locals.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub fn get(&self, i: Reg) -> bool {
        self.0.get(i as usize / 64).is_some_and(|w| w >> (i % 64) & 1 != 0)
    }
    pub fn set(&mut self, i: Reg) {
        let w = i as usize / 64;
        if w >= self.0.len() {
            self.0.resize(w + 1, 0);
        }
        self.0[w] |= 1 << (i % 64);
    }
    pub fn clear(&mut self, i: Reg) {
        if let Some(w) = self.0.get_mut(i as usize / 64) {
            *w &= !(1 << (i % 64));
        }
    }
    pub fn intersect(&mut self, o: &Bits) {
        self.0.truncate(o.0.len());
        for (a, b) in self.0.iter_mut().zip(&o.0) {
            *a &= b;
        }
    }
    pub fn remove(&mut self, o: &Bits) {
        for (a, b) in self.0.iter_mut().zip(&o.0) {
            *a &= !b;
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct LabelInfo {
    pos: u32,
    /// Locals bound along every jump seen; None: no jump yet.
    bound: Option<Bits>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct JumpRef {
    pub at: u32,
    pub label: Label,
    pub long: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum UnitKind {
    #[default]
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    /// Around generic definitions; type aliases, bounds, annotations.
    TypeParams,
    Annotation,
}

#[derive(Clone, Debug)]
pub(crate) enum UnitConst<'a> {
    Lit(Lit<'a>),
    Code(Box<CodeData>),
}

/// A constant as a key: floats by their bits, types told apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LitKey<'a>(pub Lit<'a>);

impl PartialEq for LitKey<'_> {
    fn eq(&self, o: &Self) -> bool {
        lit_eq(&self.0, &o.0)
    }
}
impl Eq for LitKey<'_> {}

fn lit_eq(a: &Lit, b: &Lit) -> bool {
    match (a, b) {
        (Lit::Float(x), Lit::Float(y)) => x.to_bits() == y.to_bits(),
        (Lit::Complex(x, z), Lit::Complex(y, w)) => x.to_bits() == y.to_bits() && z.to_bits() == w.to_bits(),
        (Lit::Tuple(x), Lit::Tuple(y)) | (Lit::FrozenSet(x), Lit::FrozenSet(y)) => {
            x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| lit_eq(a, b))
        }
        (Lit::Slice(x), Lit::Slice(y)) => x.iter().zip(y.iter()).all(|(a, b)| lit_eq(a, b)),
        _ => a == b,
    }
}

impl std::hash::Hash for LitKey<'_> {
    fn hash<H: std::hash::Hasher>(&self, h: &mut H) {
        hash_lit(&self.0, h)
    }
}

fn hash_lit<H: std::hash::Hasher>(l: &Lit, h: &mut H) {
    use std::hash::Hash;
    std::mem::discriminant(l).hash(h);
    match l {
        Lit::None | Lit::True | Lit::False | Lit::Ellipsis => {}
        Lit::Int(v) => v.hash(h),
        Lit::Big(n, l) => (n, l).hash(h),
        Lit::Float(v) => v.to_bits().hash(h),
        Lit::Complex(a, b) => (a.to_bits(), b.to_bits()).hash(h),
        Lit::Str(s) | Lit::Bytes(s) => s.hash(h),
        Lit::Tuple(t) | Lit::FrozenSet(t) => t.iter().for_each(|l| hash_lit(l, h)),
        Lit::Slice(t) => t.iter().for_each(|l| hash_lit(l, h)),
    }
}

#[derive(Default)]
pub(crate) struct Unit<'a> {
    pub kind: UnitKind,
    pub scope: ScopeId,
    pub name: Sym0,
    pub qualname: String,
    pub first_line: u32,
    pub flags: u32,
    /// Its body is that of a generator or coroutine.
    pub generator: bool,
    pub argcount: u32,
    pub posonly: u32,
    pub kwonly: u32,
    /// Class whose private names are mangled here.
    pub class: Option<Sym>,

    /// Names of the registers of locals and free variables.
    pub varnames: Vec<Sym>,
    pub nlocals: Reg,
    pub regs: FxHashMap<Sym, Reg>,
    /// Registers of the variables of inlined comprehensions.
    pub comp_regs: FxHashMap<(ScopeId, Sym), Reg>,
    pub cells: Vec<Reg>,
    pub nfrees: Reg,
    /// Locals that may be unbound again after they were bound.
    pub deletable: Bits,
    /// Locals that an assignment expression may change.
    pub walrus: Bits,
    /// Inlined comprehensions around the current point.
    pub inline: Vec<ScopeId>,

    pub top: Reg,
    pub max_top: Reg,
    pub code: Vec<Ins>,
    pub depths: Vec<u16>,
    pub spans: Vec<Span>,
    pub span: Span,
    pub reachable: bool,
    /// Where jumps forward arrived last.
    pub joined_at: u32,
    /// The line of a statement without code, not yet accounted for.
    pub pending: Option<Span>,
    /// The `ReturnNone` at the end, and whether control falls into it.
    pub implicit_return: Option<(u32, bool)>,
    pub bound: Bits,

    pub labels: Vec<LabelInfo>,
    pub jumps: Vec<JumpRef>,
    pub blocks: Vec<Block<'a>>,
    pub open: Vec<OpenHandler>,
    pub handlers: Vec<(u32, u32, Label, Reg)>,

    pub consts: Vec<UnitConst<'a>>,
    pub const_map: FxHashMap<LitKey<'a>, u32>,
    pub names: Vec<Sym>,
    pub name_map: FxHashMap<Sym, u32>,
    pub ics: Vec<u32>,
    pub ic_map: FxHashMap<(Op, u32), u16>,
    pub loops: u32,

    pub static_attributes: Option<FxHashSet<Sym>>,
    /// Annotations of a module or class body kept for `__annotate__`: (annotation, conditional index).
    pub annotations: Vec<(&'a AnnAssign<'a>, Option<u32>, Span)>,
    pub next_conditional: u32,
    pub in_conditional: u32,
}

/// A name that may be missing while a unit is being set up.
pub(crate) type Sym0 = Option<Sym>;

impl<'a> Unit<'a> {
    pub fn new_label(&mut self) -> Label {
        self.labels.push(LabelInfo { pos: u32::MAX, bound: None });
        Label(self.labels.len() as u32 - 1)
    }

    /// The current state flows to `l`.
    pub fn merge_into(&mut self, l: Label) {
        let info = &mut self.labels[l.0 as usize];
        match &mut info.bound {
            None => info.bound = Some(self.bound.clone()),
            Some(b) => b.intersect(&self.bound),
        }
    }

    pub fn is_target(&self, l: Label) -> bool {
        self.labels[l.0 as usize].bound.is_some()
    }

    /// Here is `l`; what is known is what all jumps to it and the way here agree on.
    pub fn place(&mut self, l: Label) {
        if self.reachable {
            self.merge_into(l);
        }
        let info = &mut self.labels[l.0 as usize];
        info.pos = self.code.len() as u32;
        if let Some(b) = &info.bound {
            self.bound = b.clone();
            self.reachable = true;
            self.joined_at = self.code.len() as u32;
        }
    }

    /// Here is the head of a loop: what may be unbound in its body is not known to be bound.
    pub fn place_loop_head(&mut self, l: Label) {
        self.bound.remove(&self.deletable);
        self.place(l);
    }

    pub fn name_index(&mut self, s: Sym) -> u32 {
        match self.name_map.get(&s) {
            Some(&i) => i,
            None => {
                let i = self.names.len() as u32;
                self.names.push(s);
                self.name_map.insert(s, i);
                i
            }
        }
    }

    /// A new inline cache for `s`; past a limit, caches are shared between places that do the same.
    pub fn ic(&mut self, op: Op, s: Sym) -> u16 {
        const SHARED_FROM: usize = 40_000;
        let n = self.name_index(s);
        if self.ics.len() >= SHARED_FROM {
            if let Some(&i) = self.ic_map.get(&(op, n)) {
                return i;
            }
            self.ic_map.insert((op, n), self.ics.len() as u16);
        }
        self.ics.push(n);
        (self.ics.len() - 1) as u16
    }

    pub fn const_index(&mut self, l: Lit<'a>) -> u32 {
        match self.const_map.get(&LitKey(l)) {
            Some(&i) => i,
            None => {
                let i = self.consts.len() as u32;
                self.consts.push(UnitConst::Lit(l));
                self.const_map.insert(LitKey(l), i);
                i
            }
        }
    }

    /// Puts the jump distances in, widening those that do not fit, and makes the code object.
    pub fn assemble(mut self, names: &Names, filename: &str, locator: &Locator) -> Res<CodeData> {
        if self.max_top > 60_000 || self.ics.len() > u16::MAX as usize || self.loops > u16::MAX as u32 {
            return Err(Error::of(ErrorKind::SystemError, "code object too large", Span::NONE));
        }
        self.tidy(locator);
        if self.code.len() > i16::MAX as usize {
            self.widen();
        }
        for j in &self.jumps {
            let dist = self.labels[j.label.0 as usize].pos as i64 - (j.at as i64 + 1);
            let ins = &mut self.code[j.at as usize];
            *ins = if j.long {
                Ins::ai(ins.op(), ins.x(), ins.a() as u16, dist as i32)
            } else {
                Ins::abc(ins.op(), ins.x(), ins.a() as u16, ins.b() as u16, dist as i16 as u16)
            };
        }
        let handlers = self
            .handlers
            .iter()
            .map(|&(start, end, target, reg)| Handler {
                start,
                end,
                target: self.labels[target.0 as usize].pos,
                reg,
            })
            .collect();
        let mut hint = 0;
        let mut last = (Span::NONE, Position::default());
        let positions: Vec<Position> = self
            .spans
            .iter()
            .map(|&s| {
                if s != last.0 {
                    last = (s, locator.position(s, &mut hint));
                }
                last.1
            })
            .collect();
        let text = |s: &Sym| -> Box<str> { names.get(*s).into() };
        let mut cells: Vec<u32> = self.cells.iter().map(|&c| c as u32).collect();
        cells.sort_by_key(|&c| names.get(self.varnames[c as usize]));
        Ok(CodeData {
            name: self.name.map_or("", |n| names.get(n)).into(),
            qualname: self.qualname.into(),
            filename: filename.into(),
            first_line: self.first_line,
            flags: CodeFlags(self.flags),
            argcount: self.argcount,
            posonly: self.posonly,
            kwonly: self.kwonly,
            varnames: self.varnames.iter().map(text).collect(),
            nlocals: self.nlocals as u32,
            cells,
            nregs: self.max_top as u32 + 1,
            consts: self.consts.into_iter().map(unit_const).collect(),
            names: self.names.iter().map(text).collect(),
            ics: self.ics,
            loops: self.loops,
            code: self.code,
            depths: self.depths,
            positions: positions.into(),
            handlers,
            unit: Default::default(),
        })
    }

    /// Jumps to jumps go to where those lead, unless a line would be lost; jumps to the final `return None` return themselves, each on its own line.
    fn tidy(&mut self, locator: &Locator) {
        // The label that the unconditional jump at an instruction leads to.
        let mut leads: FxHashMap<u32, Label> = FxHashMap::default();
        for j in &self.jumps {
            if self.code[j.at as usize].op() == Op::Jump {
                leads.insert(j.at, j.label);
            }
        }
        let mut threaded = false;
        for i in 0..if leads.is_empty() { 0 } else { self.jumps.len() } {
            if self.code[self.jumps[i].at as usize].op() == Op::JumpBack {
                continue;
            }
            for _ in 0..8 {
                let to = self.labels[self.jumps[i].label.0 as usize].pos;
                let Some(&l) = leads.get(&to) else { break };
                // A jump on a line of its own is seen by tracing.
                let (via, own) = (self.spans[to as usize], self.spans[self.jumps[i].at as usize]);
                if via != own && via != Span::NONE && locator.line_of(via) != locator.line_of(own) {
                    break;
                }
                self.jumps[i].label = l;
                threaded = true;
            }
        }
        self.propagate_lines();
        threaded |= self.share_returns();
        threaded |= self.share_jumps_back();
        if threaded {
            self.drop_dead();
        }
    }

    /// An instruction without a line that only the one before it leads to belongs to that one's. What raises again keeps
    /// none: where it was raised is what counts.
    fn propagate_lines(&mut self) {
        let mut target = vec![false; self.code.len() + 1];
        let labels = self.jumps.iter().map(|j| j.label).chain(self.handlers.iter().map(|h| h.2));
        for l in labels {
            if let Some(t) = target.get_mut(self.labels[l.0 as usize].pos as usize) {
                *t = true;
            }
        }
        for i in 1..self.code.len() {
            if self.spans[i] == Span::NONE
                && !target[i]
                && self.code[i].op() != Op::Reraise
                && falls_through(&self.code, i - 1)
            {
                self.spans[i] = self.spans[i - 1];
            }
        }
    }

    /// Lets what leads to the final `return None` return itself. True: something may be dead now.
    fn share_returns(&mut self) -> bool {
        let n = self.code.len();
        let Some((ret, mut falls)) = self.implicit_return else { return false };
        let mut copies: Vec<(Span, Label)> = Vec::new();
        let mut kept = Vec::with_capacity(self.jumps.len());
        // Jumps that become returns; one stays a jump if nothing else leads to the original.
        let mut returns = Vec::new();
        for j in std::mem::take(&mut self.jumps) {
            let at = j.at as usize;
            if self.labels[j.label.0 as usize].pos != ret {
                kept.push(j);
                continue;
            }
            let after_iter = at > 0 && matches!(self.code[at - 1].op(), Op::ForIter | Op::Send);
            if self.code[at].op() == Op::Jump && !after_iter {
                returns.push(j);
                continue;
            }
            let span = self.spans[at];
            if !falls {
                // The original takes the line of the first that needs it.
                falls = true;
                self.spans[ret as usize] = span;
            }
            if span == self.spans[ret as usize] {
                kept.push(j);
                continue;
            }
            let label = match copies.iter().find(|c| c.0 == span) {
                Some(c) => c.1,
                None => {
                    let l = Label(self.labels.len() as u32);
                    self.labels.push(LabelInfo { pos: (n + copies.len()) as u32, bound: None });
                    copies.push((span, l));
                    l
                }
            };
            kept.push(JumpRef { label, ..j });
        }
        for j in returns {
            let at = j.at as usize;
            if falls {
                self.code[at] = Ins::abc(Op::ReturnNone, 0, 0, 0, 0);
            } else {
                falls = true;
                self.spans[ret as usize] = self.spans[at];
                kept.push(j);
            }
        }
        self.jumps = kept;
        let depth = self.depths[ret as usize];
        for (span, _) in &copies {
            self.code.push(Ins::abc(Op::ReturnNone, 0, 0, 0, 0));
            self.depths.push(depth);
            self.spans.push(*span);
        }
        !copies.is_empty()
    }

    /// Where ways of several lines come together in a backward jump without a line, each gets one on its own line. True:
    /// something may be dead now.
    fn share_jumps_back(&mut self) -> bool {
        let backs: Vec<JumpRef> = self
            .jumps
            .iter()
            .filter(|j| {
                self.code[j.at as usize].op() == Op::JumpBack && self.spans[j.at as usize] == Span::NONE
            })
            .copied()
            .collect();
        let mut changed = false;
        for back in backs {
            let (p, ins) = (back.at as usize, self.code[back.at as usize]);
            let mut copies: Vec<(Span, Label)> = Vec::new();
            let mut left = false;
            for k in 0..self.jumps.len() {
                let j = self.jumps[k];
                let at = j.at as usize;
                if self.labels[j.label.0 as usize].pos != back.at || at == p {
                    continue;
                }
                let span = self.spans[at];
                let after_iter = at > 0 && matches!(self.code[at - 1].op(), Op::ForIter | Op::Send);
                if span == Span::NONE || self.code[at].op() == Op::JumpBack {
                    left = true;
                } else if self.code[at].op() == Op::Jump && !after_iter {
                    self.code[at] = ins;
                    self.jumps[k].label = back.label;
                    changed = true;
                } else {
                    let label = match copies.iter().find(|c| c.0 == span) {
                        Some(c) => c.1,
                        None => {
                            let l = Label(self.labels.len() as u32);
                            self.labels.push(LabelInfo { pos: self.code.len() as u32, bound: None });
                            self.jumps.push(JumpRef {
                                at: self.code.len() as u32,
                                label: back.label,
                                long: true,
                            });
                            self.code.push(ins);
                            self.depths.push(self.depths[p]);
                            self.spans.push(span);
                            copies.push((span, l));
                            l
                        }
                    };
                    self.jumps[k].label = label;
                    changed = true;
                }
            }
            if !left && p > 0 && falls_through(&self.code, p - 1) {
                self.spans[p] = self.spans[p - 1];
            }
        }
        changed
    }

    /// Removes what cannot be reached.
    fn drop_dead(&mut self) {
        let n = self.code.len();
        let mut target = vec![u32::MAX; n];
        for j in &self.jumps {
            target[j.at as usize] = self.labels[j.label.0 as usize].pos;
        }
        let mut live = vec![false; n];
        let mut work = vec![0];
        loop {
            while let Some(i) = work.pop() {
                if i >= n || std::mem::replace(&mut live[i], true) {
                    continue;
                }
                if target[i] != u32::MAX {
                    work.push(target[i] as usize);
                }
                if falls_through(&self.code, i) {
                    work.push(i + 1);
                }
            }
            for &(start, end, to, _) in &self.handlers {
                let to = self.labels[to.0 as usize].pos as usize;
                if !live[to] && live[start as usize..end as usize].contains(&true) {
                    work.push(to);
                }
            }
            if work.is_empty() {
                break;
            }
        }
        if !live.contains(&false) {
            return;
        }
        let mut new_pos = Vec::with_capacity(n + 1);
        let mut at = 0;
        for &l in &live {
            new_pos.push(at);
            at += l as u32;
        }
        new_pos.push(at);
        let mut k = live.iter();
        self.code.retain(|_| *k.next().unwrap_or(&true));
        let mut k = live.iter();
        self.depths.retain(|_| *k.next().unwrap_or(&true));
        let mut k = live.iter();
        self.spans.retain(|_| *k.next().unwrap_or(&true));
        self.jumps.retain(|j| live[j.at as usize]);
        self.renumber(&new_pos);
    }

    /// Everything that points at instructions, after they have moved.
    fn renumber(&mut self, new_pos: &[u32]) {
        for j in &mut self.jumps {
            j.at = new_pos[j.at as usize];
        }
        for l in &mut self.labels {
            if l.pos != u32::MAX {
                l.pos = new_pos[l.pos as usize];
            }
        }
        for h in &mut self.handlers {
            h.0 = new_pos[h.0 as usize];
            h.1 = new_pos[h.1 as usize];
        }
        self.handlers.retain(|h| h.0 < h.1);
    }

    /// Replaces short jumps that do not reach by `short +1; Jump +1; Jump far`.
    fn widen(&mut self) {
        let n = self.code.len();
        let mut far = vec![false; n];
        loop {
            let new_pos = positions_with(&far, n);
            let mut changed = false;
            for j in &self.jumps {
                if j.long || far[j.at as usize] {
                    continue;
                }
                let target = self.labels[j.label.0 as usize].pos as usize;
                let dist = new_pos[target] as i64 - (new_pos[j.at as usize] as i64 + 1);
                if i16::try_from(dist).is_err() {
                    far[j.at as usize] = true;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        if !far.contains(&true) {
            return;
        }
        let new_pos = positions_with(&far, n);
        let mut code = Vec::with_capacity(n + 64);
        let mut depths = Vec::with_capacity(n + 64);
        let mut spans = Vec::with_capacity(n + 64);
        for i in 0..n {
            let ins = self.code[i];
            if far[i] {
                code.push(Ins::abc(ins.op(), ins.x(), ins.a() as u16, ins.b() as u16, 1));
                code.push(Ins::ai(Op::Jump, 0, 0, 1));
                code.push(Ins::ai(Op::Jump, 0, 0, 0));
                for _ in 0..3 {
                    depths.push(self.depths[i]);
                    spans.push(self.spans[i]);
                }
            } else {
                code.push(ins);
                depths.push(self.depths[i]);
                spans.push(self.spans[i]);
            }
        }
        for j in &mut self.jumps {
            j.long |= far[j.at as usize];
        }
        let was_far: Vec<bool> = self.jumps.iter().map(|j| far[j.at as usize]).collect();
        self.renumber(&new_pos);
        for (j, was_far) in self.jumps.iter_mut().zip(was_far) {
            // The far one of the three.
            j.at += if was_far { 2 } else { 0 };
        }
        debug_assert!(Op::JLt.info().c == Operand::Jump);
        self.code = code;
        self.depths = depths;
        self.spans = spans;
    }
}

/// May control go from instruction `i` to the next?
pub(crate) fn falls_through(code: &[Ins], i: usize) -> bool {
    !matches!(code[i].op(), Op::Jump | Op::JumpBack | Op::Return | Op::ReturnNone | Op::Raise | Op::Reraise)
        || (i > 0 && matches!(code[i - 1].op(), Op::ForIter | Op::Send))
}

/// New positions of the instructions `0..=n` when those marked take three places.
fn positions_with(far: &[bool], n: usize) -> Vec<u32> {
    let mut out = Vec::with_capacity(n + 1);
    let mut at = 0;
    for &f in far {
        out.push(at);
        at += if f { 3 } else { 1 };
    }
    out.push(at);
    out
}

fn unit_const(c: UnitConst) -> Const {
    match c {
        UnitConst::Lit(l) => lit_const(&l),
        UnitConst::Code(c) => Const::Code(c),
    }
}

pub(crate) fn lit_const(l: &Lit) -> Const {
    match l {
        Lit::None => Const::None,
        Lit::True => Const::True,
        Lit::False => Const::False,
        Lit::Ellipsis => Const::Ellipsis,
        Lit::Int(v) => Const::Int(*v),
        Lit::Big(n, l) => Const::BigInt(*n, (*l).into()),
        Lit::Float(v) => Const::Float(*v),
        Lit::Complex(r, i) => Const::Complex(*r, *i),
        Lit::Str(s) => Const::Str((*s).into()),
        Lit::Bytes(s) => Const::Bytes((*s).into()),
        Lit::Tuple(t) => Const::Tuple(t.iter().map(lit_const).collect()),
        Lit::FrozenSet(t) => Const::FrozenSet(t.iter().map(lit_const).collect()),
        Lit::Slice([a, b, c]) => Const::Slice(Box::new([lit_const(a), lit_const(b), lit_const(c)])),
    }
}
