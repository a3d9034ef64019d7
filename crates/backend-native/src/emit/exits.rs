//! Where the trace is left, and what is done out of line.

use super::Emit;
use crate::SAVE;
use crate::isa::*;
use adder_metatrace::backend::Loc;
use adder_metatrace::ir::*;

/// Code out of line.
pub(super) enum Cold<L> {
    /// Not an immediate float: boxed, or no float at all.
    Unbox {
        a: u8,
        d: u8,
        exit: L,
    },
    /// The immediate +0.0.
    Zero {
        d: u8,
    },
    Box {
        a: u8,
        d: u8,
    },
    /// The same, and stores it at that place; goes on at `after`.
    BoxInto {
        a: u8,
        d: u8,
        at: Addr,
        after: L,
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

/// A way out.
pub(super) struct Way<L> {
    pub label: L,
    pub snap: u32,
    pub leaves: Vec<(R, Loc, Ty)>,
    /// So many of them, the first, are the snapshot's.
    own: usize,
    /// Which leaves the loop's header needs, if this exit offers to go back there.
    pub carry: Vec<u32>,
    pub home: bool,
    /// It offers that on the way into the loop.
    pub early: bool,
    /// Instruction.
    pub pos: u32,
}

pub(super) struct ColdPath<I: Isa> {
    way: Detour<I::Label>,
    what: Cold<I::Label>,
    save: Vec<Loc>,
    /// Which of them are references (a bit each).
    refs: u32,
    /// Whose it is.
    pub(super) pos: u32,
}

/// Which leaf of an exit a value is.
#[derive(Default)]
pub(super) struct LeafIndex {
    /// For each instruction: the exit, the last of its leaves.
    of: Vec<(u32, u32)>,
    exit: u32,
}
impl LeafIndex {
    pub(super) fn new(insts: usize) -> LeafIndex {
        LeafIndex { of: vec![(0, 0); insts], exit: 0 }
    }
    /// Another exit.
    pub(super) fn begin(&mut self) {
        self.exit += 1;
    }
    pub(super) fn note(&mut self, r: R, leaf: usize) {
        if let Some(v) = r.as_ins() {
            self.of[v] = (self.exit, leaf as u32);
        }
    }
    /// Of the leaves noted.
    pub(super) fn find(&self, leaves: &[(R, Loc, Ty)], r: R, ty: Ty) -> Option<usize> {
        if let Some(v) = r.as_ins() {
            match self.of.get(v) {
                Some((e, k)) if *e == self.exit => {
                    let k = *k as usize;
                    if leaves.get(k).is_some_and(|l| l.0 == r && l.2 == ty) {
                        return Some(k);
                    }
                }
                _ => return None,
            }
        }
        leaves.iter().position(|l| l.0 == r && l.2 == ty)
    }
}

impl<I: Isa> Emit<'_, I> {
    /// A label that leaves with the state as it is now.
    pub(super) fn exit(&mut self, snap: u32) -> Res<I::Label> {
        let l = self.a.label();
        let mut leaves = match self.exits.last() {
            Some(w) if w.snap == snap => w.leaves[..w.own]
                .iter()
                .map(|&(r, _, ty)| Ok((r, self.source(r)?, ty)))
                .collect::<Res<Vec<(R, Loc, Ty)>>>()?,
            _ => self.leaves(snap)?,
        };
        let own = leaves.len();
        let mut carry = Vec::new();
        if self.offers() {
            for &r in self.t.carry.iter().flatten() {
                let ty = self.t.ty(r);
                let k = leaves.iter().position(|x| x.0 == r && x.2 == ty);
                carry.push(k.unwrap_or(leaves.len()) as u32);
                if k.is_none() {
                    leaves.push((r, self.source(r)?, ty));
                }
            }
        }
        let home = self.offers();
        let early = home && self.parent.is_none() && self.head.is_none();
        self.exits.push(Way { label: l, snap, leaves, own, carry, home, early, pos: self.pos });
        Ok(l)
    }
    /// Where the values of a snapshot are.
    fn leaves(&mut self, snap: u32) -> Res<Vec<(R, Loc, Ty)>> {
        let s = &self.t.snaps[snap as usize];
        let mut leaves: Vec<(R, Loc, Ty)> = Vec::with_capacity(s.slots.len() + s.frames.len() + 8);
        let mut bad = false;
        let mut index = std::mem::take(&mut self.index);
        index.begin();
        s.each(|r, ty| {
            if index.find(&leaves, r, ty).is_none() {
                match self.source(r) {
                    Ok(loc) => {
                        index.note(r, leaves.len());
                        leaves.push((r, loc, ty));
                    }
                    Err(_) => bad = true,
                }
            }
        });
        self.index = index;
        if bad { Err("a value of a snapshot without a place") } else { Ok(leaves) }
    }
    /// Whether exits here offer to go back to the loop.
    fn offers(&self) -> bool {
        match self.parent {
            Some(p) => p.home().is_some() && self.t.carry.is_some(),
            None => self.t.header.as_ref().is_some_and(|h| {
                // What is of another kind than the loop expects has nothing to look for there.
                self.head.is_some() || self.pos >= h.from && !self.t.asks_kind(self.pos)
            }),
        }
    }
    /// Caller-saved registers in use, but for `except`.
    pub(super) fn in_use(&self, except: Loc) -> Vec<Loc> {
        let mut v = Vec::new();
        for r in 0..16 {
            if self.gpr[r].is_some() {
                v.push(Loc::Gpr(r as u8));
            }
            if self.xmm[r].is_some() {
                v.push(Loc::Xmm(r as u8));
            }
        }
        v.retain(|l| I::caller_saved(*l) && *l != except);
        v
    }
    pub(super) fn go_cold(&mut self, what: Cold<I::Label>, except: Loc) -> Detour<I::Label> {
        let way = Detour { at: self.a.label(), back: self.a.label() };
        let save = match what {
            Cold::Unbox { .. } | Cold::Zero { .. } => Vec::new(),
            Cold::Box { .. } | Cold::BoxInto { .. } | Cold::Barrier { .. } | Cold::New { .. } => {
                self.in_use(except)
            }
        };
        let mut refs = 0;
        for (k, l) in save.iter().enumerate() {
            let owner = match *l {
                Loc::Gpr(r) => self.gpr[r as usize],
                _ => None,
            };
            refs |= (owner.is_some_and(|v| self.t.insts[v as usize].ty == Ty::Ref) as u32) << k;
        }
        self.cold.push(ColdPath { way, what, save, refs, pos: self.pos });
        way
    }
    pub(super) fn cold_path(&mut self, c: ColdPath<I>) {
        self.a.bind(c.way.at);
        self.save_all(&c.save);
        let l = self.layout;
        match c.what {
            Cold::Unbox { a, d, exit } => self.a.unbox_box(d, a, l, exit),
            Cold::Zero { d } => self.a.flt_imm(d, 0),
            Cold::Box { a, d } => self.a.call_box(l.box_float as u64, d, a),
            Cold::BoxInto { a, d, at, after } => {
                self.a.call_box(l.box_float as u64, d, a);
                self.restore_all(&c.save, c.refs);
                self.a.store(at, d);
                let way = Detour { at: self.a.label(), back: self.a.label() };
                self.a.barrier(at.base, l, way);
                self.a.jump(after);
                self.a.bind(way.at);
                let mut save = c.save;
                save.push(Loc::Gpr(d));
                self.save_all(&save);
                self.a.call_barrier(l.barrier as u64, at.base, at);
                self.restore_all(&save, c.refs | 1 << (save.len() - 1));
                return self.a.jump(after);
            }
            Cold::Barrier { obj, addr } => self.a.call_barrier(l.barrier as u64, obj, addr),
            Cold::New { d, what } => self.a.call_new(l.alloc as u64, d, what as u64),
        }
        self.restore_all(&c.save, c.refs);
        self.a.jump(c.way.back);
    }
    fn save_all(&mut self, save: &[Loc]) {
        for (_, at, l) in places(save) {
            match l {
                Loc::Gpr(r) => self.a.store_state(at, r),
                Loc::Xmm(r) => self.a.flt_store_state(at, r),
                _ => {}
            }
        }
    }
    /// `refs`: which of them are references (a bit each).
    fn restore_all(&mut self, save: &[Loc], refs: u32) {
        for (k, at, l) in places(save) {
            match l {
                Loc::Gpr(r) => self.a.load_state(r, at),
                Loc::Xmm(r) => self.a.flt_load_state(r, at),
                _ => {}
            }
            if refs & 1 << k != 0 {
                // The copy would keep the object alive when the register has long been used for something else.
                self.a.zero_state(at);
            }
        }
    }
}

/// Where in the state what is saved around a call goes: number, offset, register.
fn places(save: &[Loc]) -> impl Iterator<Item = (usize, i32, Loc)> {
    save.iter().enumerate().map(|(k, l)| (k, SAVE + 8 * k as i32, *l))
}

/// The snapshot with leaves for operands.
pub(super) fn renumber(s: &Snap, leaf: &dyn Fn(R, Ty) -> Option<usize>) -> Snap {
    let at = |r: R, ty: Ty| R::ins(leaf(r, ty).expect("a leaf"));
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
