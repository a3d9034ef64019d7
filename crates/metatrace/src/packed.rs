//! What exits say, as bytes. Of all exits few are ever taken, and most of the memory that compiled code needs would be
//! theirs: so an exit is unpacked when it has been taken a few times. Before, it is carried out as it is read: unpacking takes
//! longer than many a first call of a function, and most of that is memory that is not in the caches.
//!
//! The exits of a trace say mostly the same. They are packed together: what an earlier one has said is referred to, a part
//! at a time (a frame, the registers, the places of the values...), and large numbers are in a table. Numbers are
//! little-endian in groups of seven bits; signed ones have their sign in the lowest bit.

use crate::backend::{ExitInfo, Left, Loc, State};
use crate::forever;
use crate::fxhash::{Fx, FxMap};
use crate::ir::*;
use crate::opt::{ANY, FIX, FLO, Fact, Kind};
use crate::word;
use std::hash::Hasher;

/// What the exits of a trace say.
pub(crate) struct Packed {
    bytes: &'static [u8],
    /// Large numbers.
    words: &'static [u64],
}

/// Bits of an exit's first byte. Everything is in memory.
pub(crate) const HERE: u8 = 1;
/// And no frames are named.
pub(crate) const NOTHING: u8 = 2;
/// Nothing has to be made that needs memory, and there are not many values.
pub(crate) const SIMPLE: u8 = 4;
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
    Packed { bytes: &[HERE | NOTHING, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], words: &[] };

/// Writes.
#[derive(Default)]
pub(crate) struct Packer {
    out: Vec<u8>,
    words: Vec<u64>,
    index: FxMap<u64, u32>,
    /// Where parts with this hash are.
    parts: FxMap<u64, (u32, u32)>,
    /// Of the exit before: where the parts of its snapshot are.
    snap: SnapAt,
    /// Its leaves, and where they are.
    leaves: (Vec<(Loc, Ty)>, u32),
    /// Its hints, and where they are: most are said again, in the same order.
    last: Vec<(Hint, u32)>,
    next: Vec<(Hint, u32)>,
    /// Where they are said, and in how many steps.
    said: (u32, u32),
}
#[derive(Default)]
struct SnapAt {
    flags: u8,
    frames: Vec<u32>,
    slots: u32,
    virts: u32,
}
impl Packer {
    pub fn new() -> Packer {
        let mut p = Packer { out: Vec::with_capacity(1 << 11), ..Packer::default() };
        p.index.reserve(56);
        p.parts.reserve(112);
        p
    }
    fn byte(&mut self, b: u8) {
        self.out.push(b);
    }
    fn num(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.out.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.out.push(n as u8);
    }
    fn signed(&mut self, n: i64) {
        self.num((n << 1 ^ n >> 63) as u64);
    }
    /// A number that may be an address or a value: small, or in the table.
    fn word(&mut self, n: u64) {
        if n < 1 << 13 {
            return self.num(n << 1);
        }
        let (words, index) = (&mut self.words, &mut self.index);
        let k = *index.entry(n).or_insert_with(|| {
            words.push(n);
            words.len() as u32 - 1
        });
        self.num((k as u64) << 1 | 1);
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
        for c in new.chunks(8) {
            let mut w = [0; 8];
            w[..c.len()].copy_from_slice(c);
            h.write_u64(u64::from_le_bytes(w));
        }
        let here = (start as u32 + 1, new.len() as u32);
        let (at, n) = *self.parts.entry(h.finish()).or_insert(here);
        if at < here.0 && old.get(at as usize..(at + n) as usize) == Some(new) {
            self.out.truncate(start);
            self.again(at);
            return at;
        }
        here.0
    }
    fn val(&mut self, v: &Val) {
        let (tag, n) = match *v {
            Val::Const(w) => (0, w),
            Val::Raw(w) => (1, w),
            Val::Word(r) => (2, r.0 as u64),
            Val::Int(r) => (3, r.0 as u64),
            Val::Flt(r) => (4, r.0 as u64),
            Val::Virt(n) => (5, n as u64),
        };
        self.byte(tag);
        self.word(n);
    }
    fn hint_val(&mut self, v: &HintVal) {
        let (tag, n) = match *v {
            HintVal::Value(r) => (0, r.0 as u64),
            HintVal::Tagged(r) => (1, r.0 as u64),
            HintVal::Boxed(r) => (2, r.0 as u64),
            HintVal::Const(c) => (3 + c.ty as u8, c.bits),
        };
        self.byte(tag);
        self.word(n);
    }
    /// Where it begins, and its first byte.
    pub fn add(&mut self, x: ExitInfo) -> (u32, u8) {
        let at = self.out.len() as u32;
        if let Some(s) = &x.snap {
            self.snap.flags = flags(s);
        }
        let flags = if x.leaves.len() > MOST_LEAVES { self.snap.flags & !SIMPLE } else { self.snap.flags };
        self.byte(flags);
        // In the order in which a simple exit is carried out.
        self.leaves(x.leaves);
        match &x.snap {
            Some(s) => self.snap(s),
            None => self.same_snap(),
        }
        self.part(|o| o.all(&x.carry, |o, n| o.num(*n as u64)));
        self.hints(&x.hints);
        (at, flags)
    }
    fn leaves(&mut self, l: Vec<(Loc, Ty)>) {
        if self.leaves.1 != 0 && l == self.leaves.0 {
            return self.again(self.leaves.1);
        }
        let at = self.part(|o| {
            o.all(&l, |o, (l, ty)| {
                let (tag, n) = match *l {
                    Loc::Gpr(r) => (0, r as u64),
                    Loc::Xmm(r) => (1, r as u64),
                    Loc::Spill(s) => (2, s as u64),
                    Loc::Const(w) => (3, w),
                };
                o.byte(tag | (*ty as u8) << 2);
                o.word(n);
            })
        });
        self.leaves = (l, at);
    }
    fn snap(&mut self, x: &Snap) {
        self.snap.slots = self.part(|o| {
            let mut last = 0;
            o.all(&x.slots, |o, s| {
                o.signed(s.0 as i64 - last);
                last = s.0 as i64 + 1;
                o.val(&s.1);
            })
        });
        let mut frames = std::mem::take(&mut self.snap.frames);
        frames.clear();
        self.num(x.frames.len() as u64);
        for f in &x.frames {
            frames.push(self.part(|o| {
                o.word(f.pc);
                o.word(f.code);
                o.num(f.base as u64);
                o.word(f.flags);
                o.byte(f.real as u8 | (f.extra.is_some() as u8) << 1);
                o.val(&f.func);
                f.extra.iter().for_each(|e| o.val(e));
            }));
        }
        self.snap.frames = frames;
        self.snap.virts = self.part(|o| {
            o.all(&x.virts, |o, v| {
                o.word(v.what as u64);
                o.all(&v.fields, |o, f| {
                    o.num(f.0 as u64);
                    o.val(&f.1);
                });
            })
        });
    }
    /// What the exit before said.
    fn same_snap(&mut self) {
        let s = std::mem::take(&mut self.snap);
        self.again(s.slots);
        self.num(s.frames.len() as u64);
        for at in s.frames.iter().chain([&s.virts]) {
            self.again(*at);
        }
        self.snap = s;
    }
    fn hints(&mut self, l: &[Hint]) {
        /// So many of the last exit's hints may have gone.
        const GONE: usize = 4;
        /// In so many steps a list is said at most.
        const STEPS: u32 = 32;
        let last = std::mem::take(&mut self.last);
        let mut next = std::mem::take(&mut self.next);
        next.clear();
        next.reserve(l.len());
        let here = self.out.len() as u32;
        let anew = last.is_empty() || self.said.1 == STEPS;
        // Of the last list: how far it was followed, and how many hints in a row are said again, after how many left out.
        let (mut seen, mut run, mut skip) = (0, 0u64, 0u64);
        let again = |o: &mut Packer, run: &mut u64, skip: &mut u64| {
            if *run > 0 {
                o.num(*run << 1 | 1);
                o.num(*skip);
            }
            (*run, *skip) = (0, 0);
        };
        self.num(if anew { 0 } else { (here - self.said.0) as u64 });
        for h in l {
            let found = last[seen..].iter().take(GONE).position(|x| x.0 == *h);
            let at = match found {
                Some(k) => {
                    seen += k + 1;
                    let at = last[seen - 1].1;
                    if anew {
                        self.byte(2);
                        self.again(at);
                    } else {
                        if k > 0 {
                            again(self, &mut run, &mut skip);
                            skip = k as u64;
                        }
                        run += 1;
                    }
                    at
                }
                None => {
                    again(self, &mut run, &mut skip);
                    self.byte(2);
                    self.part(|o| o.hint(h))
                }
            };
            next.push((*h, at));
        }
        again(self, &mut run, &mut skip);
        self.byte(0);
        self.said = (here, if anew { 0 } else { self.said.1 + 1 });
        self.last = next;
        self.next = last;
    }
    fn hint(&mut self, h: &Hint) {
        match h {
            Hint::Fact(r, f) => {
                let usual = usual(f.kind);
                let bounded = (f.lo, f.hi) != (usual.lo, usual.hi);
                self.byte(0);
                self.num(r.0 as u64);
                self.byte(
                    f.kind as u8
                        | (f.nonnull as u8) << 2
                        | (f.desc.is_some() as u8) << 3
                        | (bounded as u8) << 4,
                );
                f.desc.iter().for_each(|d| self.num(*d as u64));
                if bounded {
                    self.word(f.lo as u64);
                    self.word(f.hi as u64);
                }
            }
            Hint::Shape(a, d) => {
                self.byte(1);
                self.hint_val(a);
                self.num(*d as u64);
            }
            Hint::Field(a, at, b) => {
                self.byte(2);
                self.hint_val(a);
                self.signed(*at as i64);
                self.hint_val(b);
            }
            Hint::Cond(op, a, b, yes) => {
                self.byte(3 | (*yes as u8) << 2);
                self.num(*op as u64);
                self.hint_val(a);
                self.hint_val(b);
            }
        }
    }
    pub fn finish(self) -> Packed {
        Packed { bytes: forever::bytes(&self.out), words: forever::words(&self.words) }
    }
}

/// The bounds that most values of a kind have.
fn usual(k: Kind) -> Fact {
    match k {
        Kind::Fix => FIX,
        Kind::Flo => FLO,
        _ => ANY,
    }
}

/// Reads what [`Packer`] wrote.
struct In {
    of: &'static Packed,
    at: usize,
}
impl In {
    fn byte(&mut self) -> u8 {
        self.at += 1;
        self.of.bytes[self.at - 1]
    }
    fn word(&mut self) -> u64 {
        let n = self.num();
        if n & 1 == 0 { n >> 1 } else { self.of.words[(n >> 1) as usize] }
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
    fn num(&mut self) -> u64 {
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
    fn signed(&mut self) -> i64 {
        let n = self.num();
        (n >> 1) as i64 ^ -((n & 1) as i64)
    }
    fn all<T>(&mut self, mut f: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let n = self.num();
        (0..n).map(|_| f(self)).collect()
    }
    fn r(&mut self) -> R {
        R(self.word() as u32)
    }
    fn val(&mut self) -> Val {
        match self.byte() {
            0 => Val::Const(self.word()),
            1 => Val::Raw(self.word()),
            2 => Val::Word(self.r()),
            3 => Val::Int(self.r()),
            4 => Val::Flt(self.r()),
            _ => Val::Virt(self.word() as u32),
        }
    }
    /// The word that [`In::val`] gives, in a simple exit.
    fn plain(&mut self, leaves: &[u64; MOST_LEAVES]) -> u64 {
        match self.byte() {
            0 | 1 => self.word(),
            2 => leaves[self.word() as usize],
            _ => word::fix(leaves[self.word() as usize] as i64),
        }
    }
    fn frame_with<T>(&mut self, mut val: impl FnMut(&mut Self) -> T) -> FrameSnap<T> {
        let (pc, code, base, flags) = (self.word(), self.word(), self.num() as u32, self.word());
        let bits = self.byte();
        let func = val(self);
        let extra = (bits & 2 != 0).then(|| val(self));
        FrameSnap { pc, code, base, flags, real: bits & 1 != 0, func, extra }
    }
    fn frame(&mut self) -> FrameSnap {
        self.frame_with(In::val)
    }
    fn hint_val(&mut self) -> HintVal {
        match self.byte() {
            0 => HintVal::Value(self.r()),
            1 => HintVal::Tagged(self.r()),
            2 => HintVal::Boxed(self.r()),
            n => HintVal::Const(Const { ty: ty(n - 3), bits: self.word() }),
        }
    }
}
fn ty(n: u8) -> Ty {
    [Ty::Void, Ty::Ref, Ty::Int, Ty::Flt, Ty::Bool][n as usize]
}

impl Packed {
    /// Carries a simple exit out as it is read, without any memory for it: an exit that is taken once or twice is not worth
    /// more.
    #[inline(never)]
    pub fn leave(&'static self, at: u32, s: &State, to: &mut impl Leaving) {
        let i = &mut In { of: self, at: at as usize };
        debug_assert!(self.bytes[i.at] & SIMPLE != 0);
        i.byte();
        let mut leaves = [0; MOST_LEAVES];
        let used = i.part(|i| {
            let n = i.num() as usize;
            for l in &mut leaves[..n] {
                let b = i.byte();
                let n = i.word();
                *l = match b & 3 {
                    0 => s.gpr[n as usize],
                    1 => s.xmm[n as usize],
                    2 => s.spill[n as usize],
                    _ => n,
                };
            }
            n
        });
        i.part(|i| {
            let mut next = 0;
            for _ in 0..i.num() {
                let n = i.signed() + next;
                next = n + 1;
                to.slot(n as u32, i.plain(&leaves));
            }
        });
        let n = i.num() as usize;
        for k in 0..n {
            i.part(|i| {
                let f = i.frame_with(|i| i.plain(&leaves));
                to.frame(k, k + 1 == n, &f);
            });
        }
        // The collector looks at the native stack, also at what was left there: nothing may live longer for that.
        leaves[..used].fill(0);
        std::hint::black_box(&leaves);
    }
    /// What is needed to leave.
    pub fn unpack(&'static self, at: u32) -> Left {
        let i = &mut In { of: self, at: at as usize };
        let mut snap = Snap { in_memory: i.byte() & HERE != 0, ..Snap::default() };
        let leaves = i.part(|i| {
            i.all(|i| {
                let b = i.byte();
                let n = i.word();
                let l = match b & 3 {
                    0 => Loc::Gpr(n as u8),
                    1 => Loc::Xmm(n as u8),
                    2 => Loc::Spill(n as u16),
                    _ => Loc::Const(n),
                };
                (l, ty(b >> 2))
            })
        });
        snap.slots = i.part(|i| {
            let mut next = 0;
            i.all(|i| {
                let n = i.signed() + next;
                next = n + 1;
                (n as u32, i.val())
            })
        });
        snap.frames = i.all(|i| i.part(In::frame));
        snap.virts = i.part(|i| {
            i.all(|i| VirtSnap { what: i.word() as i64, fields: i.all(|i| (i.num() as u32, i.val())) })
        });
        Left::new(snap, leaves, i.at as u32)
    }
    /// `carry` and `hints`, from `Left::rest` on.
    pub fn unpack_rest(&'static self, at: u32) -> (Vec<u32>, Vec<Hint>) {
        let i = &mut In { of: self, at: at as usize };
        let carry = i.part(|i| i.all(|i| i.num() as u32));
        let hints = i.hints_at();
        (carry, hints.into_iter().map(|at| In { of: self, at }.hint()).collect())
    }
}
impl In {
    /// Where the hints of a list are.
    fn hints_at(&mut self) -> Vec<usize> {
        let start = self.at;
        let last = match self.num() as usize {
            0 => Vec::new(),
            back => In { of: self.of, at: start - back }.hints_at(),
        };
        let (mut all, mut seen) = (Vec::with_capacity(last.len() + 8), 0);
        loop {
            match self.num() as usize {
                0 => return all,
                n if n & 1 != 0 => {
                    seen += self.num() as usize;
                    all.extend_from_slice(&last[seen..seen + n / 2]);
                    seen += n / 2;
                }
                _ => {
                    let start = self.at;
                    all.push(match self.num() as usize {
                        0 => {
                            let at = self.at;
                            self.hint();
                            at
                        }
                        back => start + 1 - back,
                    });
                }
            }
        }
    }
    fn hint(&mut self) -> Hint {
        let b = self.byte();
        match b & 3 {
            0 => {
                let r = R(self.num() as u32);
                let b = self.byte();
                let kind = [Kind::Any, Kind::Fix, Kind::Flo, Kind::Ptr][(b & 3) as usize];
                let desc = (b & 8 != 0).then(|| self.num() as u32);
                let usual = usual(kind);
                let (lo, hi) =
                    if b & 16 != 0 { (self.word() as i64, self.word() as i64) } else { (usual.lo, usual.hi) };
                Hint::Fact(r, Fact { kind, nonnull: b & 4 != 0, desc, lo, hi })
            }
            1 => Hint::Shape(self.hint_val(), self.num() as u32),
            2 => Hint::Field(self.hint_val(), self.signed() as i32, self.hint_val()),
            _ => {
                let op = Op::ALL[self.num() as usize];
                Hint::Cond(op, self.hint_val(), self.hint_val(), b & 4 != 0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let a = HintVal::Value(R::NONE);
        let c = HintVal::Const(Const { ty: Ty::Flt, bits: u64::MAX });
        let snap = Snap {
            frames: vec![frame(true, None), frame(false, Some(Val::Virt(0)))],
            slots: v(5).into_iter().enumerate().map(|(k, v)| (k as u32 * 99, v)).collect(),
            virts: vec![VirtSnap { what: -5, fields: vec![(8, v(1)[0]), (16, v(2)[5])] }],
            in_memory: false,
        };
        // Every register that the snapshot names has a place.
        let leaves = |k: usize| -> Vec<(Loc, Ty)> {
            let one = |n| match n % 4 {
                0 => (Loc::Gpr(3), Ty::Ref),
                1 => (Loc::Xmm(15), Ty::Flt),
                2 => (Loc::Spill(127), Ty::Int),
                _ => (Loc::Const(u64::MAX), Ty::Bool),
            };
            (k..=k + 300).map(one).collect()
        };
        let hints = vec![
            Hint::Fact(R(4), FIX),
            Hint::Fact(R(5), Fact { kind: Kind::Ptr, nonnull: true, desc: Some(70), ..ANY }),
            Hint::Shape(c, 1000),
            Hint::Field(HintVal::Boxed(R(1)), -8, HintVal::Tagged(R(2))),
            Hint::Cond(Op::ShapeIs, a, c, true),
            Hint::Cond(Op::Lt, a, a, false),
        ];
        let mut other = snap.clone();
        other.frames[0].pc += 16;
        let fewer = [&hints[..1], &hints[2..]].concat();
        // Each has most in common with the one before; None: the same snapshot is not said again.
        let all = [
            (Some(&snap), 0, vec![0, 1, 200], &hints),
            (Some(&snap), 0, vec![0, 1, 200], &hints),
            (Some(&other), 0, vec![], &fewer),
            (None, 0, vec![], &fewer),
            (None, 1, vec![7], &hints),
            (None, 1, vec![7], &fewer),
        ];
        let mut p = Packer::default();
        let at: Vec<u32> = all
            .iter()
            .map(|(s, k, carry, hints)| {
                p.add(ExitInfo {
                    snap: s.cloned(),
                    leaves: leaves(*k),
                    carry: carry.clone(),
                    hints: hints.to_vec(),
                    early: false,
                })
                .0
            })
            .collect();
        assert!(at[2] - at[1] < at[1] / 4 && at[4] - at[3] < at[1] / 4, "{at:?}");
        let packed = forever::value(p.finish());
        let mut now = &snap;
        for (at, (s, k, carry, hints)) in at.iter().zip(&all) {
            now = s.unwrap_or(now);
            let y = packed.unpack(*at);
            assert_eq!((&y.snap, &y.leaves), (now, &leaves(*k)));
            assert_eq!(packed.unpack_rest(y.rest), (carry.clone(), hints.to_vec()));
        }
        // A simple one is carried out as the unpacked one says.
        let mut simple = other;
        simple.virts.clear();
        simple.slots.retain(|(_, v)| !matches!(v, Val::Flt(_) | Val::Virt(_)));
        simple.frames[1].extra = Some(Val::Int(R(2)));
        let few = || leaves(0)[..100].to_vec();
        let mut p = Packer::new();
        let info = |snap: Option<&Snap>, leaves| ExitInfo {
            snap: snap.cloned(),
            leaves,
            carry: vec![],
            hints: vec![],
            early: false,
        };
        p.add(info(Some(&Snap::default()), few()));
        assert_eq!(p.add(info(Some(&simple), few())).1, SIMPLE);
        assert_eq!(p.add(info(None, leaves(0))).1, 0);
        let (at, bits) = p.add(info(None, few()));
        assert_eq!(bits, SIMPLE);
        let packed = forever::value(p.finish());
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
        let y = packed.unpack(at);
        let words: Vec<_> = y.moves.slots.iter().map(|m| (m.to, m.plain(&s).unwrap())).collect();
        assert_eq!(log.0, words);
        let links: Vec<_> = y.moves.frames.iter().map(|m| m.plain(&s).unwrap()).collect();
        assert_eq!((log.1.len(), log.1[1].0, log.1[0].1, log.1[1].1), (2, 1, false, true));
        assert_eq!(links, [log.1[1].2.func, log.1[1].2.extra.unwrap()]);
        assert_eq!((log.1[0].2.pc, log.1[0].2.extra), (simple.frames[0].pc, None));
        let none = IN_MEMORY.unpack(0);
        assert_eq!(none.snap, Snap { in_memory: true, ..Snap::default() });
    }
}
