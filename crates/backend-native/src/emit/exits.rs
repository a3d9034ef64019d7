//! Where the trace is left, and what is done out of line.

use super::Emit;
use crate::SAVE;
use crate::isa::*;
use adder_metatrace::backend::{Layout, Loc};
use adder_metatrace::ir::*;
use std::ops::Range;

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
    /// Which of [`Ways::leaves`].
    pub leaves: Range<usize>,
    /// Which of [`Ways::carry`].
    pub carry: Range<usize>,
    pub home: bool,
    /// It offers that on the way into the loop.
    pub early: bool,
    /// Instruction.
    pub pos: u32,
}

/// All ways out, and what they say side by side.
pub(super) struct Ways<L> {
    pub all: Vec<Way<L>>,
    pub leaves: Vec<(R, Loc, Ty)>,
    /// Which leaves the loop's header needs, of those exits that offer to go back there.
    pub carry: Vec<u32>,
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
    pub(super) of: Vec<(u32, u32)>,
    exit: u32,
}
impl LeafIndex {
    /// `of`: an empty table.
    pub(super) fn new(insts: usize, mut of: Vec<(u32, u32)>) -> LeafIndex {
        of.resize(insts, (0, 0));
        LeafIndex { of, exit: 0 }
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
        let home = self.offers();
        let early = home && self.parent.is_none() && self.head.is_none();
        let from = self.exits.leaves.len();
        let like = self.exits.all.last().filter(|w| w.snap == snap && w.home == home);
        let carry = match like.map(|w| (w.leaves.clone(), w.carry.clone())) {
            // The same values as before, where they are now.
            Some((leaves, carry)) => {
                for k in leaves {
                    let (r, _, ty) = self.exits.leaves[k];
                    self.leaf(r, ty)?;
                }
                carry
            }
            None => {
                self.leaves(snap, from)?;
                let carry = self.exits.carry.len();
                if home {
                    self.carried(from)?;
                }
                carry..self.exits.carry.len()
            }
        };
        let leaves = from..self.exits.leaves.len();
        self.exits.all.push(Way { label: l, snap, leaves, carry, home, early, pos: self.pos });
        Ok(l)
    }
    fn leaf(&mut self, r: R, ty: Ty) -> Res<()> {
        let at = self.source(r)?;
        self.exits.leaves.push((r, at, ty));
        Ok(())
    }
    /// Where the values of a snapshot are: the leaves from there on.
    fn leaves(&mut self, snap: u32, from: usize) -> Res<()> {
        let t = self.t;
        let mut bad = false;
        let mut index = std::mem::take(&mut self.index);
        index.begin();
        t.snaps[snap as usize].each(|r, ty| {
            let all = &self.exits.leaves[from..];
            if index.find(all, r, ty).is_none() {
                index.note(r, all.len());
                bad |= self.leaf(r, ty).is_err();
            }
        });
        self.index = index;
        if bad { Err("a value of a snapshot without a place") } else { Ok(()) }
    }
    /// What else the loop's header needs.
    fn carried(&mut self, from: usize) -> Res<()> {
        let t = self.t;
        for &r in t.carry.iter().flatten() {
            let ty = t.ty(r);
            let all = &self.exits.leaves[from..];
            let k = self.index.find(all, r, ty).unwrap_or(all.len());
            if k == all.len() {
                self.index.note(r, k);
                self.leaf(r, ty)?;
            }
            self.exits.carry.push(k as u32);
        }
        Ok(())
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
    pub(super) fn in_use(&self, except: Loc) -> impl Iterator<Item = Loc> + use<I> {
        let ours = |l: Loc| I::caller_saved(l) && l != except;
        let (mut gpr, mut xmm) = (0u16, 0u16);
        for r in 0..16u8 {
            gpr |= ((self.gpr[r as usize].is_some() && ours(Loc::Gpr(r))) as u16) << r;
            xmm |= ((self.xmm[r as usize].is_some() && ours(Loc::Xmm(r))) as u16) << r;
        }
        let one = move |r: u8| {
            let g = (gpr >> r & 1 != 0).then_some(Loc::Gpr(r));
            g.into_iter().chain((xmm >> r & 1 != 0).then_some(Loc::Xmm(r)))
        };
        (0..16u8).flat_map(one)
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
