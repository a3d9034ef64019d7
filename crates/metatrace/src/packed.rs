//! What an exit says, as bytes. Of all exits few are ever taken, and most of the memory that compiled code needs would be
//! theirs: so it is unpacked when one is taken for the first time.
//!
//! Numbers are little-endian in groups of seven bits; signed ones have their sign in the lowest bit.

use crate::backend::{ExitInfo, Loc};
use crate::ir::*;
use crate::opt::{Fact, Kind};

/// Writes.
struct Out(Vec<u8>);
impl Out {
    fn byte(&mut self, b: u8) {
        self.0.push(b);
    }
    fn num(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.0.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.0.push(n as u8);
    }
    fn signed(&mut self, n: i64) {
        self.num((n << 1 ^ n >> 63) as u64);
    }
    fn all<T>(&mut self, l: &[T], mut f: impl FnMut(&mut Out, &T)) {
        self.num(l.len() as u64);
        l.iter().for_each(|x| f(self, x));
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
        self.num(n);
    }
    fn hint_val(&mut self, v: &HintVal) {
        let (tag, n) = match *v {
            HintVal::Value(r) => (0, r.0 as u64),
            HintVal::Tagged(r) => (1, r.0 as u64),
            HintVal::Boxed(r) => (2, r.0 as u64),
            HintVal::Const(c) => (3 + c.ty as u8, c.bits),
        };
        self.byte(tag);
        self.num(n);
    }
}

pub fn pack(x: &ExitInfo) -> Box<[u8]> {
    let mut o = Out(Vec::with_capacity(128));
    o.byte(x.snap.in_memory as u8);
    o.all(&x.snap.frames, |o, f| {
        o.num(f.pc);
        o.num(f.code);
        o.num(f.base as u64);
        o.num(f.flags);
        o.byte(f.real as u8 | (f.extra.is_some() as u8) << 1);
        o.val(&f.func);
        f.extra.iter().for_each(|e| o.val(e));
    });
    o.all(&x.snap.slots, |o, s| {
        o.num(s.0 as u64);
        o.val(&s.1);
    });
    o.all(&x.snap.virts, |o, v| {
        o.num(v.what as u64);
        o.all(&v.fields, |o, f| {
            o.num(f.0 as u64);
            o.val(&f.1);
        });
    });
    o.all(&x.leaves, |o, (l, ty)| {
        let (tag, n) = match *l {
            Loc::Gpr(r) => (0, r as u64),
            Loc::Xmm(r) => (1, r as u64),
            Loc::Spill(s) => (2, s as u64),
            Loc::Const(w) => (3, w),
        };
        o.byte(tag | (*ty as u8) << 2);
        o.num(n);
    });
    o.all(&x.carry, |o, n| o.num(*n as u64));
    o.all(&x.hints, |o, h| match h {
        Hint::Fact(r, f) => {
            o.byte(0);
            o.num(r.0 as u64);
            o.byte(f.kind as u8 | (f.nonnull as u8) << 2 | (f.desc.is_some() as u8) << 3);
            f.desc.iter().for_each(|d| o.num(*d as u64));
            o.signed(f.lo);
            o.signed(f.hi);
        }
        Hint::Shape(a, d) => {
            o.byte(1);
            o.hint_val(a);
            o.num(*d as u64);
        }
        Hint::Field(a, at, b) => {
            o.byte(2);
            o.hint_val(a);
            o.signed(*at as i64);
            o.hint_val(b);
        }
        Hint::Cond(op, a, b, yes) => {
            o.byte(3 | (*yes as u8) << 2);
            o.num(*op as u64);
            o.hint_val(a);
            o.hint_val(b);
        }
    });
    o.0.into_boxed_slice()
}

/// Reads what [`pack`] wrote.
struct In<'a>(&'a [u8]);
impl In<'_> {
    fn byte(&mut self) -> u8 {
        let b = self.0[0];
        self.0 = &self.0[1..];
        b
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
        R(self.num() as u32)
    }
    fn val(&mut self) -> Val {
        match self.byte() {
            0 => Val::Const(self.num()),
            1 => Val::Raw(self.num()),
            2 => Val::Word(self.r()),
            3 => Val::Int(self.r()),
            4 => Val::Flt(self.r()),
            _ => Val::Virt(self.num() as u32),
        }
    }
    fn hint_val(&mut self) -> HintVal {
        match self.byte() {
            0 => HintVal::Value(self.r()),
            1 => HintVal::Tagged(self.r()),
            2 => HintVal::Boxed(self.r()),
            n => HintVal::Const(Const { ty: ty(n - 3), bits: self.num() }),
        }
    }
}
fn ty(n: u8) -> Ty {
    [Ty::Void, Ty::Ref, Ty::Int, Ty::Flt, Ty::Bool][n as usize]
}

pub fn unpack(bytes: &[u8]) -> ExitInfo {
    let i = &mut In(bytes);
    let mut snap = Snap { in_memory: i.byte() != 0, ..Snap::default() };
    snap.frames = i.all(|i| {
        let (pc, code, base, flags) = (i.num(), i.num(), i.num() as u32, i.num());
        let bits = i.byte();
        let func = i.val();
        let extra = (bits & 2 != 0).then(|| i.val());
        FrameSnap { pc, code, base, flags, real: bits & 1 != 0, func, extra }
    });
    snap.slots = i.all(|i| (i.num() as u32, i.val()));
    snap.virts = i.all(|i| VirtSnap { what: i.num() as i64, fields: i.all(|i| (i.num() as u32, i.val())) });
    let leaves = i.all(|i| {
        let b = i.byte();
        let n = i.num();
        let l = match b & 3 {
            0 => Loc::Gpr(n as u8),
            1 => Loc::Xmm(n as u8),
            2 => Loc::Spill(n as u16),
            _ => Loc::Const(n),
        };
        (l, ty(b >> 2))
    });
    let carry = i.all(|i| i.num() as u32);
    let hints = i.all(|i| {
        let b = i.byte();
        match b & 3 {
            0 => {
                let r = i.r();
                let b = i.byte();
                let kind = [Kind::Any, Kind::Fix, Kind::Flo, Kind::Ptr][(b & 3) as usize];
                let desc = (b & 8 != 0).then(|| i.num() as u32);
                Hint::Fact(r, Fact { kind, nonnull: b & 4 != 0, desc, lo: i.signed(), hi: i.signed() })
            }
            1 => Hint::Shape(i.hint_val(), i.num() as u32),
            2 => Hint::Field(i.hint_val(), i.signed() as i32, i.hint_val()),
            _ => {
                let op = Op::ALL[i.num() as usize];
                Hint::Cond(op, i.hint_val(), i.hint_val(), b & 4 != 0)
            }
        }
    });
    ExitInfo { snap, leaves, carry, hints }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::{ANY, FIX};

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
        let x = ExitInfo {
            snap: Snap {
                frames: vec![frame(true, None), frame(false, Some(Val::Virt(0)))],
                slots: v(5).into_iter().enumerate().map(|(k, v)| (k as u32 * 99, v)).collect(),
                virts: vec![VirtSnap { what: -5, fields: vec![(8, v(1)[0]), (16, v(2)[5])] }],
                in_memory: false,
            },
            leaves: vec![
                (Loc::Gpr(3), Ty::Ref),
                (Loc::Xmm(15), Ty::Flt),
                (Loc::Spill(127), Ty::Int),
                (Loc::Const(u64::MAX), Ty::Bool),
            ],
            carry: vec![0, 1, 200],
            hints: vec![
                Hint::Fact(R(4), FIX),
                Hint::Fact(R(5), Fact { kind: Kind::Ptr, nonnull: true, desc: Some(70), ..ANY }),
                Hint::Shape(c, 1000),
                Hint::Field(HintVal::Boxed(R(1)), -8, HintVal::Tagged(R(2))),
                Hint::Cond(Op::ShapeIs, a, c, true),
                Hint::Cond(Op::Lt, a, a, false),
            ],
        };
        let y = unpack(&pack(&x));
        assert_eq!(y.snap, x.snap);
        assert_eq!((y.leaves, y.carry, y.hints), (x.leaves, x.carry, x.hints));
    }
}
