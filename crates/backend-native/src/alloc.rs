//! Where values are while code is emitted: registers, spill slots, uses to come.

use adder_metatrace::backend::{Loc, SPILLS, spills};
use adder_metatrace::ir::*;
use adder_metatrace::scratch::Reuse;

/// Where one value is.
#[derive(Clone, Copy, Default, Debug)]
pub struct Place {
    pub reg: Option<Loc>,
    pub spill: Option<u16>,
}

#[derive(Default)]
pub struct Uses {
    /// Operand uses: position, the next of the same value, ascending.
    all: Vec<(u32, u32)>,
    /// Of each value: its first and last operand use, and the first that was not passed yet.
    of: Vec<(u32, u32, u32)>,
    /// The last use of any kind.
    pub last: Vec<u32>,
    /// Positions of calls, ascending.
    pub calls: Vec<u32>,
}
const NONE: u32 = u32::MAX;

/// The condition that a guard consumes is evaluated at the guard.
pub fn operands_at(t: &Trace, i: usize) -> ([R; 3], usize) {
    let x = &t.insts[i];
    let x = match x.op {
        Op::GuardT | Op::GuardF => match t.inst(x.a) {
            Some(c) => c,
            None => return ([R::NONE; 3], 0),
        },
        _ if x.ty == Ty::Bool => return ([R::NONE; 3], 0),
        _ => x,
    };
    if x.op.is_call() || x.op == Op::Phi {
        return ([R::NONE; 3], 0);
    }
    ([x.a, x.b, x.c], x.op.info().operands as usize)
}

/// Position after the last phi, which counts as the header's.
pub fn phis_end(t: &Trace) -> usize {
    t.insts.iter().rposition(|i| i.op == Op::Phi).or(t.loop_at()).map_or(0, |p| p + 1)
}

impl Uses {
    /// No uses: its memory is used again.
    pub fn empty(&mut self) {
        self.all.empty();
        self.of.empty();
        self.last.empty();
        self.calls.empty();
    }
    /// `u`: an empty one.
    pub fn new(t: &Trace, mut u: Uses) -> Uses {
        let n = t.insts.len();
        u.all.reserve(2 * n);
        u.of.resize(n, (NONE, NONE, NONE));
        u.last.resize(n, 0);
        u.calls.extend((0..n as u32).filter(|i| t.insts[*i as usize].op.is_call()));
        // Where the last guard with a snapshot is.
        let mut snaps = vec![NONE; t.snaps.len()];
        let loop_at = t.loop_at().unwrap_or(usize::MAX);
        let end = n as u32 + 1;
        // A value from before the loop that the loop uses is needed in every iteration.
        let reach = |r: usize, at: usize| if at > loop_at && r < loop_at { end } else { at as u32 };
        for i in 0..n {
            let (ops, k) = operands_at(t, i);
            let mut one = |r: R, hot: bool| {
                if let Some(v) = r.as_ins() {
                    if hot {
                        u.add(v, i as u32);
                    }
                    u.last[v] = u.last[v].max(reach(v, i));
                }
            };
            ops[..k].iter().for_each(|r| one(*r, true));
            t.call_args(&t.insts[i]).iter().for_each(|r| one(*r, true));
            let s = t.insts[i].snap;
            if s != NO_SNAP {
                snaps[s as usize] = i as u32;
            }
            if t.insts[i].op == Op::Phi
                && let Some(v) = t.insts[i].a.as_ins()
            {
                // Until all phis have their places.
                u.last[v] = u.last[v].max(phis_end(t) as u32);
            }
        }
        for (s, at) in t.snaps.iter().zip(&snaps).filter(|s| *s.1 != NONE) {
            s.each(|r, _| {
                if let Some(v) = r.as_ins() {
                    u.last[v] = u.last[v].max(reach(v, *at as usize));
                }
            });
        }
        for r in t.carry.iter().flatten() {
            if let Some(v) = r.as_ins() {
                u.last[v] = end;
            }
        }
        if let End::Jump { args, .. } = &t.end {
            for r in args {
                if let Some(v) = r.as_ins() {
                    u.last[v] = end;
                }
            }
        }
        if let End::Loop(back) = &t.end {
            for r in back {
                if let Some(v) = r.as_ins() {
                    u.add(v, n as u32);
                    u.last[v] = end;
                }
            }
            // Loop-invariant values are used again in the next iteration.
            for v in 0..loop_at.min(n) {
                if u.last[v] == end {
                    let again = u.each(v).find(|a| *a as usize > loop_at);
                    if let Some(a) = again {
                        u.add(v, a + n as u32 - loop_at as u32);
                    }
                }
            }
        }
        u
    }
    fn add(&mut self, v: usize, at: u32) {
        let k = self.all.len() as u32;
        self.all.push((at, NONE));
        let of = &mut self.of[v];
        match of.1 {
            NONE => *of = (k, k, k),
            last => {
                self.all[last as usize].1 = k;
                of.1 = k;
            }
        }
    }
    fn each(&self, v: usize) -> impl Iterator<Item = u32> {
        let mut k = self.of[v].0;
        std::iter::from_fn(move || {
            let (at, next) = *self.all.get(k as usize)?;
            k = next;
            Some(at)
        })
    }
    /// In the next round it will be in memory: what uses it there counts no longer.
    pub fn this_round(&mut self, v: usize, end: u32) {
        let (first, _, now) = self.of[v];
        let (mut k, mut last) = (first, NONE);
        while k != NONE && self.all[k as usize].0 <= end {
            last = k;
            k = self.all[k as usize].1;
        }
        match last {
            NONE => self.of[v] = (NONE, NONE, NONE),
            _ => {
                self.all[last as usize].1 = NONE;
                let passed = now == NONE || self.all[now as usize].0 > end;
                self.of[v] = (first, last, if passed { NONE } else { now });
            }
        }
    }
    /// How often it is an operand behind this position; uses in the next round do not count.
    pub fn times_after(&self, v: usize, at: u32, end: u32) -> usize {
        self.each(v).filter(|p| *p > at && *p < end).count()
    }
    /// Position of the first call after `at`; none is far away.
    pub fn next_call(&self, at: u32) -> u32 {
        let k = self.calls.partition_point(|c| *c <= at);
        self.calls.get(k).copied().unwrap_or(u32::MAX)
    }
    /// Whether it is still needed after the first call that follows `at`.
    pub fn across_calls(&self, v: usize, at: u32) -> bool {
        self.last[v] > self.next_call(at)
    }
    /// Position of the first operand use after `at`; none is far away.
    pub fn first_after(&self, v: usize, at: u32) -> u32 {
        self.each(v).find(|p| *p > at).unwrap_or(u32::MAX)
    }
    /// Position of the next operand use at or after `at`; none is far away.
    pub fn next(&mut self, v: usize, at: u32) -> u32 {
        let mut k = self.of[v].2;
        while k != NONE && self.all[k as usize].0 < at {
            k = self.all[k as usize].1;
        }
        self.of[v].2 = k;
        self.all.get(k as usize).map_or(u32::MAX, |u| u.0)
    }
}

/// Free spill slots.
pub struct Slots {
    free: Vec<u16>,
    next: u16,
    /// Slots of this set are given to others only if there is no room: values come back to them.
    homes: u128,
    /// Free slots that may hold references.
    stale: u128,
}

impl Slots {
    pub fn new() -> Slots {
        Slots { free: Vec::new(), next: 0, homes: 0, stale: 0 }
    }
    /// So many have been used.
    pub fn used(&self) -> u16 {
        self.next
    }
    /// To be left alone as far as possible.
    pub fn keep(&mut self, n: u16) {
        self.homes |= 1 << n;
    }
    /// Free slots that may hold references.
    pub fn stale(&self) -> impl Iterator<Item = u16> {
        let all = self.stale;
        (0..SPILLS as u16).filter(move |n| all >> n & 1 != 0)
    }
    /// Slots that a bridge's inputs occupy.
    pub fn reserve(&mut self, n: u16) {
        spills(n as usize);
        while self.next <= n {
            self.free.push(self.next);
            self.next += 1;
        }
        self.free.retain(|f| *f != n);
    }
    pub fn take(&mut self) -> Result<u16, &'static str> {
        let free = self.free.iter().rposition(|n| self.homes >> n & 1 == 0);
        let n = match free {
            Some(k) => self.free.swap_remove(k),
            None if (self.next as usize) < SPILLS => {
                spills(self.next as usize);
                self.next += 1;
                self.next - 1
            }
            None => self.free.pop().ok_or("too many values")?,
        };
        self.stale &= !(1 << n);
        Ok(n)
    }
    /// This one, if it is free.
    pub fn take_that(&mut self, n: u16) -> bool {
        let at = self.free.iter().position(|f| *f == n);
        if at.map(|k| self.free.swap_remove(k)).is_none() {
            return false;
        }
        self.stale &= !(1 << n);
        true
    }
    pub fn give(&mut self, n: u16) {
        self.free.push(n);
    }
    /// The same of one that holds a reference.
    pub fn give_stale(&mut self, n: u16) {
        self.stale |= 1 << n;
        self.free.push(n);
    }
}
