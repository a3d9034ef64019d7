//! Where the trace is left, and what is done out of line.

use super::Emit;
use crate::SAVE;
use crate::isa::*;
use adder_metatrace::backend::{Layout, Loc};
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

/// What code out of line calls ([`Layout`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Helper {
    Box,
    Barrier,
    New,
}
impl Helper {
    fn address(self, l: &Layout) -> u64 {
        (match self {
            Helper::Box => l.box_float,
            Helper::Barrier => l.barrier,
            Helper::New => l.alloc,
        }) as u64
    }
}

/// Registers that are saved around a call: a bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Saved {
    gpr: u16,
    xmm: u16,
    /// Which of the general ones hold references.
    refs: u16,
}
impl Saved {
    const NONE: Saved = Saved { gpr: 0, xmm: 0, refs: 0 };
    /// With where in the state each goes.
    fn each(self) -> impl Iterator<Item = (Loc, i32)> {
        let bits = |m: u16| (0..16u8).filter(move |r| m >> r & 1 != 0);
        let all = bits(self.gpr).map(Loc::Gpr).chain(bits(self.xmm).map(Loc::Xmm));
        all.enumerate().map(|(k, l)| (l, SAVE - 8 * k as i32))
    }
    fn save<I: Isa>(self, a: &mut I) {
        for (l, at) in self.each() {
            match l {
                Loc::Gpr(r) => a.store_state(at, r),
                Loc::Xmm(r) => a.flt_store_state(at, r),
                _ => {}
            }
        }
    }
    fn restore<I: Isa>(self, a: &mut I) {
        for (l, at) in self.each() {
            match l {
                Loc::Gpr(r) => {
                    a.load_state(r, at);
                    if self.refs >> r & 1 != 0 {
                        // The copy would keep the object alive when the register has long been used for something else.
                        a.zero_state(at);
                    }
                }
                Loc::Xmm(r) => a.flt_load_state(r, at),
                _ => {}
            }
        }
    }
}

/// A call of a helper with registers saved around it, which all traces can share: most traces have many, and the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shared {
    helper: Helper,
    saved: Saved,
}
impl Shared {
    fn emit<I: Isa>(self, a: &mut I, l: &Layout) {
        self.saved.save(a);
        a.call_helper(self.helper.address(l));
        self.saved.restore(a);
    }
    /// To be called by [`Isa::call_near`].
    pub fn code<I: Isa>(self, l: &Layout) -> Res<Vec<u8>> {
        let mut a = I::new(0);
        a.begin_near();
        self.emit(&mut a, l);
        a.end_near();
        a.finish()
    }
}

pub(super) struct ColdPath<I: Isa> {
    way: Detour<I::Label>,
    what: Cold<I::Label>,
    saved: Saved,
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
        let saved = match what {
            Cold::Unbox { .. } | Cold::Zero { .. } => Saved::NONE,
            Cold::Box { .. } | Cold::BoxInto { .. } | Cold::Barrier { .. } | Cold::New { .. } => {
                self.saved(except)
            }
        };
        self.cold.push(ColdPath { way, what, saved, pos: self.pos });
        way
    }
    /// The registers of [`Self::in_use`].
    fn saved(&self, except: Loc) -> Saved {
        let mut s = Saved::NONE;
        for l in self.in_use(except) {
            match l {
                Loc::Gpr(r) => {
                    s.gpr |= 1 << r;
                    let owner = self.gpr[r as usize];
                    let is_ref = owner.is_some_and(|v| self.t.insts[v as usize].ty == Ty::Ref);
                    s.refs |= (is_ref as u16) << r;
                }
                Loc::Xmm(r) => s.xmm |= 1 << r,
                _ => {}
            }
        }
        s
    }
    pub(super) fn cold_path(&mut self, c: ColdPath<I>, shared: Sharing) -> Res<()> {
        self.a.bind(c.way.at);
        let l = self.layout;
        let mut call = |a: &mut I, helper, saved| {
            let s = Shared { helper, saved };
            if I::NEAR {
                a.call_near(shared(s)?)
            } else {
                s.emit(a, l)
            }
            Ok::<(), &'static str>(())
        };
        match c.what {
            Cold::Unbox { a, d, exit } => self.a.unbox_box(d, a, l, exit),
            Cold::Zero { d } => self.a.flt_imm(d, 0),
            Cold::Box { a, d } => {
                self.a.box_args(a);
                call(&mut self.a, Helper::Box, c.saved)?;
                self.a.result(d);
            }
            Cold::BoxInto { a, d, at, after } => {
                self.a.box_args(a);
                call(&mut self.a, Helper::Box, c.saved)?;
                self.a.result(d);
                self.a.store(at, d);
                let way = Detour { at: self.a.label(), back: self.a.label() };
                self.a.barrier(at.base, l, way);
                self.a.jump(after);
                self.a.bind(way.at);
                self.a.barrier_args(at.base, at);
                let more = Saved { gpr: c.saved.gpr | 1 << d, refs: c.saved.refs | 1 << d, ..c.saved };
                call(&mut self.a, Helper::Barrier, more)?;
                self.a.jump(after);
                return Ok(());
            }
            Cold::Barrier { obj, addr } => {
                self.a.barrier_args(obj, addr);
                call(&mut self.a, Helper::Barrier, c.saved)?;
            }
            Cold::New { d, what } => {
                self.a.new_args(what as u64);
                call(&mut self.a, Helper::New, c.saved)?;
                self.a.result(d);
            }
        }
        self.a.jump(c.way.back);
        Ok(())
    }
}

/// Gives the address of a piece of shared code.
pub type Sharing<'a> = &'a mut dyn FnMut(Shared) -> Res<u64>;

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
