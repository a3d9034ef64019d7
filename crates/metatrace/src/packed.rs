//! What exits say, as bytes. Of all exits few are ever taken, and most of the memory that compiled code needs would be
//! theirs: so an exit is unpacked when it has been taken a few times. Before, it is carried out as it is read: unpacking takes
//! longer than many a first call of a function, and most of that is memory that is not in the caches.
//!
//! The exits of a trace say mostly the same. They are packed together: what an earlier one has said is referred to, all of
//! it or a part at a time (the snapshot, its registers, the places of the values...), and large numbers are in a table.
//! Numbers are little-endian in groups of seven bits; signed ones have their sign in the lowest bit.

use crate::backend::{ExitInfo, Loc, Said, State};
use crate::forever;
use crate::fxhash::{Fx, FxMap};
use crate::ir::*;
use crate::scratch::{self, Reuse};
use crate::word;
use std::hash::Hasher;

/// What the exits of a trace say.
pub(crate) struct Packed {
    bytes: &'static [u8],
    /// Large numbers.
    words: &'static [u64],
    /// Where is written what the trace knows; 0: it does not tell.
    story: u32,
}

/// Bits of an exit's first byte. Everything is in memory.
pub(crate) const HERE: u8 = 1;
/// And no frames are named.
pub(crate) const NOTHING: u8 = 2;
/// Nothing has to be made that needs memory, and there are not many values.
pub(crate) const SIMPLE: u8 = 4;
/// All but the instruction that leaves is as at an exit before. In what is packed only.
const SAME: u8 = 8;
/// As many a simple exit has.
const MOST_LEAVES: usize = 128;

/// The first byte, if there are not too many values.
fn flags(s: &Snap) -> u8 {
    let plain = |v: &Val| !matches!(v, Val::Flt(_) | Val::Virt(_));
    let simple = !s.in_memory
        && s.virts.is_empty()
        && s.slots.iter().all(|(_, v)| plain(v))
        && s.frames.iter().all(|f| plain(&f.func) && f.extra.iter().all(plain));
    let bit = |yes: bool, b: u8| if yes { b } else { 0 };
    bit(s.in_memory, HERE) | bit(s.in_memory && s.frames.is_empty(), NOTHING) | bit(simple, SIMPLE)
}

/// Who carries out what a simple exit says: first all registers, then all frames.
pub trait Leaving {
    /// A register, counted from the root frame's first, and its word.
    fn slot(&mut self, to: u32, w: u64);
    /// The `k`-th frame, with the words of its function and of what else belongs to it.
    fn frame(&mut self, k: usize, innermost: bool, f: &FrameSnap<u64>);
}

/// An exit at which everything is in memory, and nothing else is to be said: an empty part refers to itself.
pub(crate) static IN_MEMORY: Packed =
    Packed { bytes: &[HERE | NOTHING, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], words: &[], story: 0 };

/// Usual places of values, which fit a byte with a small number: what they are, and the type of what is there.
const PLACES: [(u8, Ty); 7] = [
    (GPR, Ty::Ref),
    (GPR, Ty::Int),
    (GPR, Ty::Bool),
    (XMM, Ty::Flt),
    (SPILL, Ty::Ref),
    (SPILL, Ty::Int),
    (SPILL, Ty::Flt),
];
const GPR: u8 = 0;
const XMM: u8 = 1;
const SPILL: u8 = 2;
const CONST: u8 = 3;

/// Writes.
#[derive(Default)]
pub(crate) struct Packer {
    out: Vec<u8>,
    words: Vec<u64>,
    index: FxMap<u64, u32>,
    /// Where parts with this hash are.
    parts: FxMap<u64, (u32, u32)>,
    /// Where the snapshot of the exit before is, and its flags.
    snap: (u32, u8),
    /// The last exit that is written out.
    whole: Whole,
    /// The table's number of an address in the code of a frame: others are near.
    pcs: FxMap<u64, (u64, u32)>,
    /// Of the exit before: its leaves, and where they are.
    leaves: (Vec<(R, Loc, Ty)>, u32),
    /// Where it is written which values these are; 0: nowhere.
    values: u32,
    /// Values that exits have.
    pub(crate) offered: Vec<bool>,
}
#[derive(Default)]
struct Whole {
    at: u32,
    flags: u8,
    carry: Vec<u32>,
    inst: Option<u32>,
}
impl Packer {
    pub fn new() -> Packer {
        scratch::packer()
    }
    pub fn len(&self) -> u32 {
        self.out.len() as u32
    }
    pub fn byte(&mut self, b: u8) {
        self.out.push(b);
    }
    pub fn num(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }
    pub fn signed(&mut self, n: i64) {
        self.num((n << 1 ^ n >> 63) as u64);
    }
    /// A number that may be an address or a value: small, or in the table.
    pub fn word(&mut self, n: u64) {
        let n = self.coded(n);
        self.num(n);
    }
    fn coded(&mut self, n: u64) -> u64 {
        if n < 1 << 13 { n << 1 } else { (self.index(n) as u64) << 1 | 1 }
    }
    /// Its place in the table.
    fn index(&mut self, n: u64) -> u32 {
        let words = &mut self.words;
        *self.index.entry(n).or_insert_with(|| {
            words.push(n);
            words.len() as u32 - 1
        })
    }
    fn all<T>(&mut self, l: &[T], mut f: impl FnMut(&mut Packer, &T)) {
        self.num(l.len() as u64);
        l.iter().for_each(|x| f(self, x));
    }
    /// How far before there is this part.
    fn again(&mut self, at: u32) {
        self.num(self.out.len() as u64 + 1 - at as u64);
    }
    /// What `f` writes, or how far before there is the same. Where it is.
    fn part(&mut self, f: impl FnOnce(&mut Packer)) -> u32 {
        let start = self.out.len();
        self.byte(0);
        f(self);
        let (old, new) = self.out.split_at(start + 1);
        let mut h = Fx::default();
        let (words, rest) = new.as_chunks::<8>();
        words.iter().for_each(|w| h.write_u64(u64::from_le_bytes(*w)));
        h.write_u64(rest.iter().fold(rest.len() as u64, |w, b| w << 8 | *b as u64));
        let here = (start as u32 + 1, new.len() as u32);
        let (at, n) = *self.parts.entry(h.finish()).or_insert(here);
        if at < here.0 && old.get(at as usize..(at + n) as usize) == Some(new) {
            self.out.truncate(start);
            self.again(at);
            return at;
        }
        here.0
    }
    /// With a bit beside.
    fn val(&mut self, v: &Val, bit: bool, number: &dyn Fn(R, Ty) -> u32) {
        let (tag, n) = match *v {
            Val::Const(w) => (0, w),
            Val::Raw(w) => (1, w),
            Val::Word(r) => (2, number(r, Ty::Ref) as u64),
            Val::Int(r) => (3, number(r, Ty::Int) as u64),
            Val::Flt(r) => (4, number(r, Ty::Flt) as u64),
            Val::Virt(n) => (5, n as u64),
        };
        let n = if tag < 2 { self.coded(n) } else { n };
        self.num(n << 4 | tag << 1 | bit as u64);
    }
    /// A value and where it goes, mostly to where is next.
    fn put(&mut self, to: u32, next: i64, v: &Val, number: &dyn Fn(R, Ty) -> u32) {
        let step = to as i64 - next;
        self.val(v, step != 0, number);
        if step != 0 {
            self.signed(step);
        }
    }
    /// Where it begins, and its first byte.
    pub fn add(&mut self, x: ExitInfo<'_>) -> (u32, u8) {
        let at = self.out.len() as u32;
        if let Some(s) = x.snap {
            self.snap.1 = flags(s);
        }
        let flags = if x.leaves.len() > MOST_LEAVES { self.snap.1 & !SIMPLE } else { self.snap.1 };
        let inst = x.at.map(|x| x.1);
        let as_before = |p: &Packer| {
            let w = &p.whole;
            x.snap.is_none() && w.flags == flags && w.carry == x.carry && p.leaves.0 == x.leaves
        };
        let later = match (inst, self.whole.inst) {
            (Some(i), Some(was)) => i.checked_sub(was),
            (None, None) => Some(0),
            _ => None,
        };
        if let Some(later) = later.filter(|_| as_before(self)) {
            self.byte(flags | SAME);
            self.num((at - self.whole.at) as u64);
            self.num(later as u64);
            return (at, flags);
        }
        self.byte(flags);
        // In the order in which a simple exit is carried out.
        self.leaves(x.leaves);
        match x.snap {
            Some(s) => self.snap(s, x.number),
            None => self.again(self.snap.0),
        }
        self.part(|o| o.all(x.carry, |o, n| o.num(*n as u64)));
        match x.at {
            Some((t, i)) => {
                self.num(i as u64 + 1);
                self.values(x.leaves, t);
            }
            None => self.num(0),
        }
        (self.whole.at, self.whole.flags, self.whole.inst) = (at, flags, inst);
        self.whole.carry.clear();
        self.whole.carry.extend_from_slice(x.carry);
        (at, flags)
    }
    fn leaves(&mut self, l: &[(R, Loc, Ty)]) {
        if self.leaves.1 != 0 && l == self.leaves.0 {
            return self.again(self.leaves.1);
        }
        let at = self.part(|o| {
            o.all(l, |o, (_, l, ty)| {
                let (what, n) = match *l {
                    Loc::Gpr(r) => (GPR, r as u64),
                    Loc::Xmm(r) => (XMM, r as u64),
                    Loc::Spill(s) => (SPILL, s as u64),
                    Loc::Const(w) => (CONST, w),
                };
                match PLACES.iter().position(|p| *p == (what, *ty)) {
                    Some(k) if n < 16 => o.byte((k as u8) << 4 | n as u8),
                    _ => {
                        o.byte(0x80 | what | (*ty as u8) << 2);
                        o.word(n);
                    }
                }
            })
        });
        self.leaves.0.clear();
        self.leaves.0.extend_from_slice(l);
        self.leaves.1 = at;
        self.values = 0;
    }
    /// Which values of the trace the leaves are; what a word is of that is no word has no name.
    fn values(&mut self, l: &[(R, Loc, Ty)], t: &Trace) {
        if self.values != 0 {
            return self.again(self.values);
        }
        let value = |(r, _, ty): &(R, Loc, Ty)| r.as_ins().filter(|k| t.insts[*k].ty == *ty);
        for k in l.iter().filter_map(value) {
            if k >= self.offered.len() {
                self.offered.resize(k + 1, false);
            }
            self.offered[k] = true;
        }
        self.values = self.part(|o| {
            let mut last = 0;
            o.all(l, |o, x| match value(x) {
                Some(k) => {
                    let step = k as i64 - last;
                    o.num((step << 1 ^ step >> 63) as u64 + 1);
                    last = k as i64 + 1;
                }
                None => o.num(0),
            })
        });
    }
    fn snap(&mut self, x: &Snap, number: &dyn Fn(R, Ty) -> u32) {
        self.byte(0);
        self.snap.0 = self.out.len() as u32;
        self.part(|o| {
            let mut next = 0;
            o.all(&x.slots, |o, s| {
                o.put(s.0, next, &s.1, number);
                next = s.0 as i64 + 1;
            })
        });
        self.num(x.frames.len() as u64);
        if let Some((last, outer)) = x.frames.split_last() {
            // The same for many snapshots.
            if !outer.is_empty() {
                self.part(|o| {
                    for f in outer {
                        let step = o.frame(f, number);
                        o.signed(step);
                    }
                });
            }
            let mut step = 0;
            self.part(|o| step = o.frame(last, number));
            self.signed(step);
        }
        self.part(|o| {
            o.all(&x.virts, |o, v| {
                o.word(v.what as u64);
                let mut next = 8;
                o.all(&v.fields, |o, f| {
                    o.put(f.0, next, &f.1, number);
                    next = f.0 as i64 + 8;
                });
            })
        });
    }
    /// All but how far its `pc` is from another one in its code, which is the answer.
    fn frame(&mut self, f: &FrameSnap, number: &dyn Fn(R, Ty) -> u32) -> i64 {
        self.word(f.code);
        let (near, k) = match self.pcs.get(&f.code) {
            Some(x) => *x,
            None => {
                let new = (f.pc, self.index(f.pc));
                self.pcs.insert(f.code, new);
                new
            }
        };
        self.num(k as u64);
        self.num(f.base as u64);
        self.word(f.flags);
        self.val(&f.func, f.real, number);
        self.byte(f.extra.is_some() as u8);
        f.extra.iter().for_each(|e| self.val(e, false, number));
        f.pc.wrapping_sub(near) as i64
    }
    /// With what the trace tells, if exits of it say where they are.
    pub fn finish(mut self, t: Option<&Trace>) -> Packed {
        let story = t.map_or(0, |t| self.story(t));
        let p = Packed { bytes: forever::bytes(&self.out), words: forever::slice(&self.words), story };
        self.out.empty();
        self.words.empty();
        self.index.empty();
        self.parts.empty();
        self.offered.empty();
        self.pcs.empty();
        self.snap = (0, 0);
        self.whole.carry.empty();
        (self.whole.at, self.whole.flags, self.whole.inst) = (0, 0, None);
        self.leaves.0.empty();
        (self.leaves.1, self.values) = (0, 0);
        scratch::give_packer(self);
        p
    }
}

/// Reads what [`Packer`] wrote.
pub(crate) struct In {
    of: &'static Packed,
    at: usize,
}
impl In {
    pub fn byte(&mut self) -> u8 {
        self.at += 1;
        self.of.bytes[self.at - 1]
    }
    pub fn word(&mut self) -> u64 {
        let n = self.num();
        self.decoded(n)
    }
    fn decoded(&self, n: u64) -> u64 {
        if n & 1 == 0 { n >> 1 } else { self.of.words[(n >> 1) as usize] }
    }
    /// What is behind the first byte of an exit, or of the one that it is like; by how much its instruction is later.
    fn open(of: &'static Packed, at: u32) -> (In, u32) {
        let mut i = In { of, at: at as usize };
        if i.byte() & SAME == 0 {
            return (i, 0);
        }
        let (back, later) = (i.num() as usize, i.num() as u32);
        i.at = at as usize - back + 1;
        (i, later)
    }
    /// Where a value is: as [`Loc`], with its number.
    fn place(&mut self) -> (u8, Ty, u64) {
        let b = self.byte();
        match PLACES.get((b >> 4) as usize) {
            Some((what, t)) => (*what, *t, (b & 15) as u64),
            None => (b & 3, ty(b >> 2 & 7), self.word()),
        }
    }
    fn part<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        let start = self.at;
        match self.num() as usize {
            0 => f(self),
            back => {
                let next = std::mem::replace(&mut self.at, start + 1 - back);
                let x = f(self);
                self.at = next;
                x
            }
        }
    }
    pub fn num(&mut self) -> u64 {
        let (mut n, mut at) = (0, 0);
        loop {
            let b = self.byte();
            n |= ((b & 0x7f) as u64) << at;
            if b < 0x80 {
                return n;
            }
            at += 7;
        }
    }
    pub fn signed(&mut self) -> i64 {
        let n = self.num();
        (n >> 1) as i64 ^ -((n & 1) as i64)
    }
    fn all<T>(&mut self, mut f: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = self.num();
        (0..n).map(|_| f(self)).collect()
    }
    /// With the bit beside.
    fn val(&mut self) -> (Val, bool) {
        let n = self.num();
        let (r, w) = (R((n >> 4) as u32), n >> 4);
        let v = match n >> 1 & 7 {
            0 => Val::Const(self.decoded(w)),
            1 => Val::Raw(self.decoded(w)),
            2 => Val::Word(r),
            3 => Val::Int(r),
            4 => Val::Flt(r),
            _ => Val::Virt(w as u32),
        };
        (v, n & 1 != 0)
    }
    /// The word that [`In::val`] gives, in a simple exit.
    fn plain(&mut self, leaves: &[u64; MOST_LEAVES]) -> (u64, bool) {
        let n = self.num();
        let w = match n >> 1 & 7 {
            0 | 1 => self.decoded(n >> 4),
            2 => leaves[(n >> 4) as usize],
            _ => word::fix(leaves[(n >> 4) as usize] as i64),
        };
        (w, n & 1 != 0)
    }
    /// Values and where they go, each mostly to `size` behind the one before.
    #[inline(always)]
    fn puts<T>(
        &mut self,
        mut next: i64,
        size: i64,
        val: impl Fn(&mut Self) -> (T, bool),
        mut to: impl FnMut(u32, T),
    ) {
        for _ in 0..self.num() {
            let (v, elsewhere) = val(self);
            let at = if elsewhere { next + self.signed() } else { next };
            to(at as u32, v);
            next = at + size;
        }
    }
    /// With a `pc` that is near.
    fn frame_with<T>(&mut self, val: impl Fn(&mut Self) -> (T, bool)) -> FrameSnap<T> {
        let (code, pc) = (self.word(), self.num());
        let pc = self.of.words[pc as usize];
        let (base, flags) = (self.num() as u32, self.word());
        let (func, real) = val(self);
        let extra = (self.byte() != 0).then(|| val(self).0);
        FrameSnap { pc, code, base, flags, real, func, extra }
    }
    /// How many frames there are, and each with its number.
    #[inline(always)]
    fn frames<T>(
        &mut self,
        val: impl Fn(&mut Self) -> (T, bool) + Copy,
        mut to: impl FnMut(usize, usize, FrameSnap<T>),
    ) {
        let Some(last) = (self.num() as usize).checked_sub(1) else { return };
        let moved = |i: &mut In, f: FrameSnap<T>| FrameSnap { pc: f.pc.wrapping_add_signed(i.signed()), ..f };
        if last > 0 {
            self.part(|i| {
                for k in 0..last {
                    let f = i.frame_with(val);
                    to(k, last, moved(i, f));
                }
            });
        }
        let f = self.part(|i| i.frame_with(val));
        to(last, last, moved(self, f));
    }
}
pub(crate) fn ty(n: u8) -> Ty {
    [Ty::Void, Ty::Ref, Ty::Int, Ty::Flt, Ty::Bool][n as usize]
}

impl Packed {
    /// Carries a simple exit out as it is read, without any memory for it: an exit that is taken once or twice is not worth
    /// more.
    #[inline(never)]
    pub fn leave(&'static self, at: u32, s: &State, to: &mut impl Leaving) {
        debug_assert!(self.bytes[at as usize] & SIMPLE != 0);
        let i = &mut In::open(self, at).0;
        let mut leaves = [0; MOST_LEAVES];
        let used = i.part(|i| {
            let n = i.num() as usize;
            for l in &mut leaves[..n] {
                let (what, _, n) = i.place();
                *l = match what {
                    GPR => s.gpr[n as usize],
                    XMM => s.xmm[n as usize],
                    SPILL => s.spill[n as usize],
                    _ => n,
                };
            }
            n
        });
        i.part(|i| {
            i.part(|i| i.puts(0, 1, |i| i.plain(&leaves), |at, w| to.slot(at, w)));
            i.frames(|i| i.plain(&leaves), |k, last, f| to.frame(k, k == last, &f));
        });
        // The collector looks at the native stack, also at what was left there: nothing may live longer for that.
        leaves[..used].fill(0);
        std::hint::black_box(&leaves);
    }
    /// The last frame, and how many there are.
    pub fn innermost(&'static self, at: u32) -> Option<(FrameSnap, usize)> {
        let i = &mut In::open(self, at).0;
        let mut x = None;
        i.part(|i| {
            for _ in 0..i.num() {
                i.place();
            }
        });
        i.part(|i| {
            i.part(|i| i.puts(0, 1, In::val, |_, _| {}));
            i.frames(In::val, |k, _, f| x = Some((f, k + 1)));
        });
        x
    }
    /// All but what [`Packed::unpack_rest`] gives.
    pub fn unpack(&'static self, at: u32) -> Said {
        let mut snap = Snap { in_memory: self.bytes[at as usize] & HERE != 0, ..Snap::default() };
        let (i, later) = &mut In::open(self, at);
        let leaves = i.part(|i| {
            i.all(|i| {
                let (what, ty, n) = i.place();
                let l = match what {
                    GPR => Loc::Gpr(n as u8),
                    XMM => Loc::Xmm(n as u8),
                    SPILL => Loc::Spill(n as u16),
                    _ => Loc::Const(n),
                };
                (l, ty)
            })
        });
        i.part(|i| {
            i.part(|i| i.puts(0, 1, In::val, |at, v| snap.slots.push((at, v))));
            i.frames(In::val, |_, _, f| snap.frames.push(f));
            snap.virts = i.part(|i| {
                i.all(|i| {
                    let mut v = VirtSnap { what: i.word() as i64, fields: Vec::new() };
                    i.puts(8, 8, In::val, |at, x| v.fields.push((at, x)));
                    v
                })
            });
        });
        Said { snap, leaves, of: self, rest: (i.at as u32, *later) }
    }
    /// `carry` and what is known, from `Said::rest` on.
    pub fn unpack_rest(&'static self, (at, later): (u32, u32)) -> (Vec<u32>, Vec<Hint>) {
        let i = &mut In { of: self, at: at as usize };
        let carry = i.part(|i| i.all(|i| i.num() as u32));
        let exit = i.num() as u32;
        if exit == 0 || self.story == 0 {
            return (carry, Vec::new());
        }
        let values = i.part(|i| {
            let mut next = 0;
            i.all(|i| match i.num() {
                0 => R::NONE,
                n => {
                    let k = next + (((n - 1) >> 1) as i64 ^ -(((n - 1) & 1) as i64));
                    next = k + 1;
                    R::ins(k as usize)
                }
            })
        });
        (carry, In { of: self, at: self.story as usize }.retell(exit - 1 + later, &values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Left;

    #[test]
    fn comes_back() {
        let v = |n: u64| {
            [
                Val::Const(n << 50),
                Val::Raw(n),
                Val::Word(R(7)),
                Val::Int(R(0)),
                Val::Flt(R(300)),
                Val::Virt(2),
            ]
        };
        let frame = |real, extra| FrameSnap {
            pc: 0x7fff_1234_5678,
            code: 8,
            base: 40,
            flags: 1 << 40,
            real,
            func: v(3)[2],
            extra,
        };
        let snap = Snap {
            frames: vec![frame(true, None), frame(false, Some(Val::Virt(0)))],
            slots: v(5).into_iter().enumerate().map(|(k, v)| (k as u32 * 99, v)).collect(),
            virts: vec![VirtSnap { what: -5, fields: vec![(8, v(1)[0]), (16, v(2)[5])] }],
            in_memory: false,
        };
        // Every register that the snapshot names has a place.
        let leaves = |k: usize| -> Vec<(R, Loc, Ty)> {
            let one = |n| match n % 4 {
                0 => (R(n as u32), Loc::Gpr(3), Ty::Ref),
                1 => (R(n as u32), Loc::Xmm(15), Ty::Flt),
                2 => (R(n as u32), Loc::Spill(127), Ty::Int),
                _ => (R(n as u32), Loc::Const(u64::MAX), Ty::Bool),
            };
            (k..=k + 300).map(one).collect()
        };
        let mut other = snap.clone();
        other.frames[0].pc += 16;
        // Each has most in common with the one before; None: the same snapshot is not said again.
        let all = [
            (Some(&snap), 0, vec![0, 1, 200]),
            (Some(&snap), 0, vec![0, 1, 200]),
            (Some(&other), 0, vec![]),
            (None, 0, vec![]),
            (None, 1, vec![7]),
            (None, 1, vec![7]),
        ];
        let number = &|r: R, _| r.0;
        let mut p = Packer::default();
        let mut at: Vec<u32> = Vec::new();
        for (snap, k, carry) in &all {
            let info = ExitInfo { snap: *snap, number, leaves: &leaves(*k), carry, at: None, early: false };
            at.push(p.add(info).0);
        }
        assert!(at[2] - at[1] < at[1] / 4 && at[4] - at[3] < at[1] / 4, "{at:?}");
        let packed = forever::value(p.finish(None));
        let mut now = &snap;
        for (at, (s, k, carry)) in at.iter().zip(&all) {
            now = s.unwrap_or(now);
            let y = packed.unpack(*at);
            let places: Vec<_> = leaves(*k).iter().map(|l| (l.1, l.2)).collect();
            assert_eq!((&y.snap, &y.leaves), (now, &places));
            assert_eq!(packed.unpack_rest(y.rest), (carry.clone(), Vec::new()));
            let last = now.frames.last().map(|f| (*f, now.frames.len()));
            assert_eq!(packed.innermost(*at), last);
        }
        // A simple one is carried out as the unpacked one says.
        let mut simple = other;
        simple.virts.clear();
        simple.slots.retain(|(_, v)| !matches!(v, Val::Flt(_) | Val::Virt(_)));
        simple.frames[1].extra = Some(Val::Int(R(2)));
        let few = || leaves(0)[..100].to_vec();
        let mut p = Packer::new();
        let mut add = |snap: Option<&Snap>, leaves: &[_]| {
            p.add(ExitInfo { snap, number, leaves, carry: &[], at: None, early: false })
        };
        add(Some(&Snap::default()), &few());
        assert_eq!(add(Some(&simple), &few()).1, SIMPLE);
        assert_eq!(add(None, &leaves(0)).1, 0);
        let (at, bits) = add(None, &few());
        assert_eq!(bits, SIMPLE);
        let packed = forever::value(p.finish(None));
        let mut s = State {
            gpr: [1 << 60; 16],
            xmm: [3; 16],
            thread: 0,
            fp: 0,
            regs: 0,
            save: [0; 32],
            spill: [5; crate::backend::SPILLS],
        };
        s.gpr[3] = 77;
        #[derive(Default)]
        struct Log(Vec<(u32, u64)>, Vec<(usize, bool, FrameSnap<u64>)>);
        impl Leaving for Log {
            fn slot(&mut self, to: u32, w: u64) {
                self.0.push((to, w));
            }
            fn frame(&mut self, k: usize, innermost: bool, f: &FrameSnap<u64>) {
                self.1.push((k, innermost, *f));
            }
        }
        let mut log = Log::default();
        packed.leave(at, &s, &mut log);
        let y = Left::new(&packed.unpack(at));
        let words: Vec<_> = y.slots.iter().map(|m| (m.to, m.plain(&s).unwrap())).collect();
        assert_eq!(log.0, words);
        let links: Vec<_> = y.each().skip(y.slots.len()).map(|m| m.plain(&s).unwrap()).collect();
        assert_eq!((log.1.len(), log.1[1].0, log.1[0].1, log.1[1].1), (2, 1, false, true));
        assert_eq!(links, [log.1[1].2.func, log.1[1].2.extra.unwrap()]);
        assert_eq!((log.1[0].2.pc, log.1[0].2.extra), (simple.frames[0].pc, None));
        let none = IN_MEMORY.unpack(0);
        assert_eq!(none.snap, Snap { in_memory: true, ..Snap::default() });
    }
}
