//! Emission: instruction by instruction forwards, choosing registers on the way; for every instruction set.
//!
//! `regs` registers, spill slots, moves · `exits` guards' ways out, code out of line · `ends` inputs, the loop's header
//! and end · `ops` instructions · `guards` conditions.

mod ends;
mod exits;
mod guards;
mod ops;
mod regs;

use crate::alloc::*;
use crate::isa::*;
use adder_metatrace::backend::{Exit, ExitInfo, Layout, Loc, Marks, Target};
use adder_metatrace::ir::*;
use adder_metatrace::scratch::Reuse;
use exits::{ColdPath, LeafIndex, Ways};
pub use exits::{Shared, Sharing};
use std::cell::Cell;

pub struct Emit<'a, I: Isa> {
    t: &'a Trace,
    layout: &'a Layout,
    parent: Option<&'a Exit>,
    a: I,
    /// Where the code will lie.
    at: usize,
    /// The way out of a `Return`.
    returned: usize,
    uses: Uses,
    place: Vec<Place>,
    gpr: [Option<u32>; 16],
    xmm: [Option<u32>; 16],
    slots: Slots,
    active: Vec<u32>,
    pinned: (u32, u32),
    pos: u32,
    cold: Vec<ColdPath<I>>,
    exits: Ways<I::Label>,
    index: LeafIndex,
    header: Vec<(u32, Place)>,
    head: Option<I::Label>,
    /// The header as a place to jump to.
    target: Option<Target>,
    /// For a value that the loop's end gives to a phi: the phi.
    back: Vec<(u32, u32)>,
    /// No call of the trace does anything that would notice what dead references keep alive (a buffer that cannot be resized
    /// while there are views of it, for instance): they stay in their slots, which the next round uses again.
    lax: bool,
    /// This instruction was emitted together with the one before it.
    done: Option<usize>,
}

/// What an exit is made of.
pub struct Leaving<'a> {
    pub info: ExitInfo<'a>,
    pub home: Option<&'static Target>,
    pub kind: bool,
}

/// Tables that the next emission uses again.
#[derive(Default)]
struct Tables {
    uses: Uses,
    place: Vec<Place>,
    index: Vec<(u32, u32)>,
    active: Vec<u32>,
    leaves: Vec<(R, Loc, Ty)>,
    carry: Vec<u32>,
}
thread_local! {
    static TABLES: Cell<Tables> = Cell::default();
}

impl<'a, I: Isa> Emit<'a, I> {
    pub fn new(
        t: &'a Trace,
        layout: &'a Layout,
        parent: Option<&'a Exit>,
        at: usize,
        returned: usize,
    ) -> Emit<'a, I> {
        let n = t.insts.len();
        let mut old = TABLES.take();
        old.place.resize(n, Place::default());
        Emit {
            t,
            layout,
            parent,
            a: I::new(at),
            at,
            returned,
            uses: Uses::new(t, old.uses),
            place: old.place,
            gpr: [None; 16],
            xmm: [None; 16],
            slots: Slots::new(),
            active: old.active,
            pinned: (0, 0),
            pos: 0,
            cold: Vec::new(),
            exits: Ways { all: Vec::with_capacity(n / 2), leaves: old.leaves, carry: old.carry },
            index: LeafIndex::new(n, old.index),
            header: Vec::new(),
            head: None,
            target: None,
            back: Vec::new(),
            lax: !t.insts.iter().any(|i| i.op.is_call() && t.calls[i.imm as usize].effects.changes()),
            done: None,
        }
    }

    /// The code, and below which spill slot it leaves dead references; `exit` makes the exits; `marks`: where
    /// instructions begin, if somebody wants to know; `shared` gives code that traces share.
    pub fn run(
        mut self,
        marks: &mut Option<Marks>,
        exit: &mut dyn FnMut(Leaving<'_>) -> &'static Exit,
        shared: Sharing,
    ) -> Res<(Vec<u8>, u16)> {
        let t = self.t;
        let mut mark = |at: usize, inst: u32| {
            if let Some(m) = marks {
                m.insts.push((at as u32, inst));
            }
        };
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
            mark(self.a.offset(), i as u32);
            self.inst(i)?;
        }
        self.pos = t.insts.len() as u32;
        self.pinned = (0, 0);
        mark(self.a.offset(), self.pos);
        self.end()?;
        for c in std::mem::take(&mut self.cold) {
            mark(self.a.offset(), c.pos);
            self.cold_path(c, shared)?;
        }
        mark(self.a.offset(), u32::MAX);
        if let Some(m) = marks {
            m.exits = self.exits.all.iter().map(|e| e.pos).collect();
        }
        let target = self.target.take().map(|t| &*Box::leak(Box::new(t)));
        let home = self.parent.map_or(target, |p| p.home());
        let mut index = std::mem::take(&mut self.index);
        let mut last = NO_SNAP;
        let ways = &mut self.exits;
        for w in ways.all.drain(..) {
            let leaves = &ways.leaves[w.leaves];
            // What number a leaf has depends on the snapshot alone.
            let new = std::mem::replace(&mut last, w.snap) != w.snap;
            if new {
                index.begin();
                for (k, l) in leaves.iter().enumerate() {
                    index.note(l.0, k);
                }
            }
            let number = |r: R, ty: Ty| index.find(leaves, r, ty).expect("a leaf") as u32;
            let s = &t.snaps[w.snap as usize];
            let asks = matches!(t.insts.get(w.pos as usize), Some(i) if matches!(i.op.info().class, Class::Guard | Class::Checked));
            let e = exit(Leaving {
                info: ExitInfo {
                    snap: new.then_some(s),
                    number: &number,
                    leaves,
                    carry: &ways.carry[w.carry],
                    at: (asks && !s.in_memory).then_some((t, w.pos)),
                    early: w.early,
                },
                home: home.filter(|_| w.home),
                kind: t.asks_kind(w.pos),
            });
            self.a.bind(w.label);
            self.a.exit_stub(e as *const Exit as u64);
        }
        let before = self.parent.map_or(0, |p| p.stale());
        let stale = if self.lax { self.slots.used().max(before) } else { 0 };
        let (mut uses, mut place, mut index, mut active) = (self.uses, self.place, index.of, self.active);
        let (mut leaves, mut carry) = (self.exits.leaves, self.exits.carry);
        uses.empty();
        place.empty();
        index.empty();
        active.empty();
        leaves.empty();
        carry.empty();
        TABLES.set(Tables { uses, place, index, active, leaves, carry });
        Ok((self.a.finish()?, stale))
    }
}
