//! What a trace knows where it is left, for the optimiser of the bridges that begin there: kinds and bounds of values,
//! descriptors, words of objects.
//!
//! Few exits ever get a bridge. So a trace says only once, in order, what it gets to know and what it knows no longer
//! ([`Story`]), and a bridge finds out what holds at its exit by reading up to there ([`In::retell`]).
//!
//! Nothing is kept alive for it: only values that the interpreter's state needs at the exit have a place there.

use crate::fxhash::FxMap;
use crate::ir::*;
use crate::opt::{ANY, FIX, FLO, Fact, Kind};
use crate::packed::{In, Packer};
use crate::scratch::Reuse;

/// Something that is so from here on.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Told {
    /// For good.
    Fact(R, Fact),
    /// They are the same value, for good.
    Same(R, R),
    /// An object's descriptor.
    Shape(R, u32),
    NoShape(R),
    /// Content of a word of an object.
    Field(R, i64, R),
    NoField(R, i64),
    /// Nothing is known of memory.
    Forgotten,
}

/// What is told, and which instruction comes next.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Story(Vec<(u32, Told)>);

impl Story {
    pub fn tell(&mut self, next: usize, x: Told) {
        self.0.push((next as u32, x));
    }
    pub(crate) fn empty(&mut self) {
        self.0.empty();
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Of these, in the order in which they were told, only what `f` says stays.
    pub fn keep(&mut self, which: std::ops::Range<usize>, f: impl Fn(&Told) -> bool) {
        let mut k = 0;
        self.0.retain(|(_, x)| {
            k += 1;
            !which.contains(&(k - 1)) || f(x)
        });
    }
    pub fn iter(&self) -> impl Iterator<Item = &(u32, Told)> {
        self.0.iter()
    }
    /// Instructions have other numbers: `up` changes those of operands.
    pub fn renumber(&mut self, up: impl Fn(&mut R)) {
        for (at, x) in &mut self.0 {
            let mut next = R(*at);
            up(&mut next);
            *at = next.0;
            match x {
                Told::Fact(r, _) | Told::Shape(r, _) | Told::NoShape(r) | Told::NoField(r, _) => up(r),
                Told::Same(a, b) | Told::Field(a, _, b) => {
                    up(a);
                    up(b);
                }
                Told::Forgotten => {}
            }
        }
    }
}

/// Most words of objects that an exit tells about.
const MOST_FIELDS: usize = 40;

/// The bounds that most values of a kind have.
fn usual(k: Kind) -> Fact {
    match k {
        Kind::Fix => FIX,
        Kind::Flo => FLO,
        _ => ANY,
    }
}

const END: u64 = 0;
const FACT: u64 = 1;
const SAME: u64 = 2;
const SHAPE: u64 = 3;
const NO_SHAPE: u64 = 4;
const FIELD: u64 = 5;
const NO_FIELD: u64 = 6;
const FORGOTTEN: u64 = 7;
/// Of the guard that is the next instruction, and at its exit only.
const COND: u64 = 8;

/// Which values have names at exits.
struct Names<'a> {
    t: &'a Trace,
    /// Values that some exit offers.
    offered: &'a [bool],
    same: FxMap<R, R>,
}
impl Names<'_> {
    fn offered(&self, r: R) -> bool {
        r.as_ins().is_some_and(|k| self.offered.get(k).is_some_and(|x| *x))
    }
    /// As an operand of a hint. None: no exit has it. What turns out to be the same as another value may not be known to be
    /// yet: it has its own name.
    fn of(&self, r: R) -> Option<HintVal> {
        if let Some(c) = self.t.const_of(r) {
            return Some(HintVal::Const(c));
        }
        let i = self.t.inst(r)?;
        match i.op {
            Op::Tag if self.offered(i.a) => Some(HintVal::Tagged(i.a)),
            Op::Box if self.offered(i.a) => Some(HintVal::Boxed(i.a)),
            _ if self.offered(r) => Some(HintVal::Value(r)),
            _ => self.same.get(&r).and_then(|s| self.of(*s)).map(|_| HintVal::Value(r)),
        }
    }
    fn object(&self, r: R) -> Option<HintVal> {
        match self.t.const_of(r) {
            Some(c) => Some(HintVal::Const(c)),
            None => self.offered(r).then_some(HintVal::Value(r)),
        }
    }
}

/// Outcome of a guard's condition where it fails.
fn failed(t: &Trace, guard: &Inst) -> Option<(Inst, bool)> {
    let c = *t.inst(guard.a)?;
    let plain = matches!(
        c.op,
        Op::IsFix | Op::IsFlo | Op::IsPtr | Op::Eq | Op::Lt | Op::Le | Op::Ult | Op::FEq | Op::FLt | Op::FLe
    );
    plain.then_some((c, guard.op == Op::GuardF))
}

impl Packer {
    /// Where is written what is told of the values that the exits offer which were added.
    pub(crate) fn story(&mut self, t: &Trace) -> u32 {
        let offered = std::mem::take(&mut self.offered);
        let same = t.story.0.iter().filter_map(|x| match x.1 {
            Told::Same(a, b) => Some((a, b)),
            _ => None,
        });
        let names = Names { t, offered: &offered, same: same.collect() };
        let start = self.len();
        let mut last = 0;
        // Whether there is something of memory to be forgotten.
        let mut memory = false;
        let mut next = |o: &mut Packer, at: u32, what: u64| {
            o.num((at - last) as u64 * 16 + what);
            last = at;
        };
        let mut told = t.story.0.iter().peekable();
        for (i, x) in t.insts.iter().enumerate() {
            while let Some((at, x)) = told.next_if(|x| x.0 as usize <= i) {
                match *x {
                    Told::Fact(r, f) if names.offered(r) => {
                        next(self, *at, FACT);
                        self.num(r.0 as u64);
                        self.fact(&f);
                    }
                    Told::Same(a, b) if let Some(b) = names.of(b) => {
                        next(self, *at, SAME);
                        self.num(a.0 as u64);
                        self.name(&b);
                    }
                    Told::Shape(r, d) if let Some(r) = names.object(r) => {
                        memory = true;
                        next(self, *at, SHAPE);
                        self.name(&r);
                        self.num(d as u64);
                    }
                    Told::NoShape(r) if memory && let Some(r) = names.object(r) => {
                        next(self, *at, NO_SHAPE);
                        self.name(&r);
                    }
                    Told::Field(r, to, v) if let Some(r) = names.object(r) => match names.of(v) {
                        Some(v) if i32::try_from(to).is_ok() => {
                            memory = true;
                            next(self, *at, FIELD);
                            self.name(&r);
                            self.signed(to);
                            self.name(&v);
                        }
                        _ if memory => {
                            next(self, *at, NO_FIELD);
                            self.name(&r);
                            self.signed(to);
                        }
                        _ => {}
                    },
                    Told::NoField(r, to) if memory && let Some(r) = names.object(r) => {
                        next(self, *at, NO_FIELD);
                        self.name(&r);
                        self.signed(to);
                    }
                    Told::Forgotten if memory => {
                        memory = false;
                        next(self, *at, FORGOTTEN);
                    }
                    _ => {}
                }
            }
            if matches!(x.op, Op::GuardT | Op::GuardF)
                && let Some((c, yes)) = failed(t, x)
            {
                let operand = |r: R| match t.const_of(r) {
                    Some(c) => Some(HintVal::Const(c)),
                    None => (r.is_none() || names.offered(r)).then_some(HintVal::Value(r)),
                };
                if let (Some(a), Some(b)) = (operand(c.a), operand(c.b)) {
                    next(self, i as u32, COND);
                    self.num((c.op as u64) << 1 | yes as u64);
                    self.name(&a);
                    self.name(&b);
                }
            }
        }
        self.num(END);
        start
    }
    fn name(&mut self, v: &HintVal) {
        let mut of = |r: R, kind: u64| self.num((r.0.wrapping_add(1) as u64) << 2 | kind);
        match *v {
            HintVal::Value(r) => of(r, 0),
            HintVal::Tagged(r) => of(r, 1),
            HintVal::Boxed(r) => of(r, 2),
            HintVal::Const(c) => {
                self.num((c.ty as u64) << 2 | 3);
                self.word(c.bits);
            }
        }
    }
    fn fact(&mut self, f: &Fact) {
        let usual = usual(f.kind);
        let bounded = (f.lo, f.hi) != (usual.lo, usual.hi);
        self.byte(
            f.kind as u8 | (f.nonnull as u8) << 2 | (f.desc.is_some() as u8) << 3 | (bounded as u8) << 4,
        );
        f.desc.iter().for_each(|d| self.num(*d as u64));
        if bounded {
            self.word(f.lo as u64);
            self.word(f.hi as u64);
        }
    }
}

impl In {
    fn name(&mut self) -> HintVal {
        let n = self.num();
        let r = R(((n >> 2) as u32).wrapping_sub(1));
        match n & 3 {
            0 => HintVal::Value(r),
            1 => HintVal::Tagged(r),
            2 => HintVal::Boxed(r),
            _ => HintVal::Const(Const { ty: crate::packed::ty((n >> 2) as u8), bits: self.word() }),
        }
    }
    fn fact(&mut self) -> Fact {
        let b = self.byte();
        let kind = [Kind::Any, Kind::Fix, Kind::Flo, Kind::Ptr][(b & 3) as usize];
        let desc = (b & 8 != 0).then(|| self.num() as u32);
        let usual = usual(kind);
        let (lo, hi) =
            if b & 16 != 0 { (self.word() as i64, self.word() as i64) } else { (usual.lo, usual.hi) };
        Fact { kind, nonnull: b & 4 != 0, desc, lo, hi }
    }
    /// What is known where the instruction `exit` leaves, in terms of its leaves, which are these values.
    pub(crate) fn retell(&mut self, exit: u32, values: &[R]) -> Vec<Hint> {
        let mut leaves: FxMap<R, usize> = Default::default();
        for (k, r) in values.iter().enumerate().filter(|x| !x.1.is_none()) {
            leaves.entry(*r).or_insert(k);
        }
        let mut facts: FxMap<R, Fact> = Default::default();
        let mut same: FxMap<R, HintVal> = Default::default();
        // With when that was told: hints come in an order that does not depend on hashing.
        let mut shapes: FxMap<HintVal, (usize, u32)> = Default::default();
        let mut fields: FxMap<(HintVal, i64), (usize, HintVal)> = Default::default();
        let mut cond = None;
        let (mut at, mut count) = (0, 0);
        loop {
            let n = self.num();
            at += (n / 16) as u32;
            count += 1;
            match n % 16 {
                END => break,
                _ if at > exit => break,
                FACT => {
                    let r = R(self.num() as u32);
                    let f = self.fact();
                    if leaves.contains_key(&r) {
                        facts.insert(r, f);
                    }
                }
                SAME => {
                    let r = R(self.num() as u32);
                    let v = self.name();
                    same.insert(r, v);
                }
                SHAPE => {
                    let (o, d) = (self.name(), self.num() as u32);
                    shapes.insert(o, (count, d));
                }
                NO_SHAPE => {
                    let o = self.name();
                    shapes.remove(&o);
                }
                FIELD => {
                    let (o, to, v) = (self.name(), self.signed(), self.name());
                    fields.insert((o, to), (count, v));
                }
                NO_FIELD => {
                    let (o, to) = (self.name(), self.signed());
                    fields.remove(&(o, to));
                }
                FORGOTTEN => {
                    shapes.clear();
                    fields.clear();
                }
                _ => {
                    let what = self.num();
                    let (a, b) = (self.name(), self.name());
                    if at == exit {
                        cond = Some(Hint::Cond(Op::ALL[(what >> 1) as usize], a, b, what & 1 != 0));
                    }
                }
            }
        }
        let leaf = |r: R| leaves.get(&r).map(|k| R::ins(*k));
        let named = |mut v: HintVal| loop {
            let here = match v {
                HintVal::Value(r) => leaf(r).map(HintVal::Value),
                HintVal::Tagged(r) => leaf(r).map(HintVal::Tagged),
                HintVal::Boxed(r) => leaf(r).map(HintVal::Boxed),
                HintVal::Const(_) => Some(v),
            };
            match v {
                HintVal::Value(r) if here.is_none() && same.contains_key(&r) => v = same[&r],
                _ => return here,
            }
        };
        let mut all = Vec::new();
        for (k, r) in values.iter().enumerate().filter(|(k, r)| leaves.get(*r) == Some(k)) {
            if let Some(f) = facts.get(r).filter(|f| **f != ANY) {
                all.push(Hint::Fact(R::ins(k), *f));
            }
            if let Some((_, d)) = shapes.get(&HintVal::Value(*r)) {
                all.push(Hint::Shape(HintVal::Value(R::ins(k)), *d));
            }
        }
        let mut of_memory: Vec<(usize, Hint)> = Vec::new();
        for (o, (count, d)) in shapes {
            if matches!(o, HintVal::Const(_)) {
                of_memory.push((count, Hint::Shape(o, d)));
            }
        }
        let shapes = of_memory.len();
        for ((o, to), (count, v)) in fields {
            let o = match o {
                HintVal::Value(r) => leaf(r).map(HintVal::Value),
                o => Some(o),
            };
            if let (Some(o), Some(v), Ok(to)) = (o, named(v), i32::try_from(to)) {
                of_memory.push((count, Hint::Field(o, to, v)));
            }
        }
        of_memory[..shapes].sort_by_key(|x| x.0);
        of_memory[shapes..].sort_by_key(|x| x.0);
        all.extend(of_memory.into_iter().take(shapes + MOST_FIELDS).map(|x| x.1));
        all.extend(cond.and_then(|c| c.with(&mut |r, _| leaf(r), |_| Ty::Ref)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::{ExitInfo, Loc};
    use crate::opt::{peel, tests::NoObjects};

    /// What is known at the guards of an optimised trace, with the values' own names.
    fn known(text: &str) -> Vec<Vec<Hint>> {
        let t = crate::text::parse(text).unwrap();
        let t = peel::optimize(&t, &NoObjects, t.insts.iter().any(|i| i.op == Op::Calm)).unwrap();
        let mut p = Packer::new();
        let mut all = Vec::new();
        for (i, x) in t.insts.iter().enumerate().filter(|x| x.1.snap != NO_SNAP) {
            let mut leaves: Vec<(R, Loc, Ty)> = Vec::new();
            t.snaps[x.snap as usize].each(|r, ty| leaves.push((r, Loc::Gpr(0), ty)));
            let number = &|r: R, ty| leaves.iter().position(|l| (l.0, l.2) == (r, ty)).unwrap() as u32;
            let snap = Some(&t.snaps[x.snap as usize]);
            let info = ExitInfo {
                snap,
                number,
                leaves: &leaves,
                carry: &[],
                at: Some((&t, i as u32)),
                early: false,
            };
            all.push((p.add(info).0, leaves.clone()));
        }
        let packed = crate::forever::value(p.finish(Some(&t)));
        let own = |(at, leaves): (u32, Vec<(R, Loc, Ty)>)| {
            let (carry, hints) = packed.unpack_rest(packed.unpack(at).rest);
            assert_eq!(carry, []);
            hints
                .iter()
                .map(|h| h.with(&mut |r, _| Some(leaves[r.0 as usize].0), |_| Ty::Ref).unwrap())
                .collect()
        };
        all.into_iter().map(own).collect()
    }
    fn value(n: u32) -> HintVal {
        HintVal::Value(R(n))
    }

    #[test]
    fn as_far_as_it_was_told() {
        let all = known(
            "%0 = entry 1\n%1 = entry 2\n%2 = is_ptr %0\nguard_true %2 @0\n%4 = shape_is 200 %0\nguard_true %4 @0\n\
             %6 = get 16 %0\n%7 = is_fix %6\nguard_true %7 @1\nset 16 %0 %1\n%10 = is_fix %1\nguard_true %10 @1\n\
             snap 0 {1=%0, 2=%1}\nsnap 1 {1=%0, 2=%1, 3=%6}",
        );
        let failed = |op, r| Hint::Cond(op, value(r), HintVal::Value(R::NONE), false);
        assert_eq!(all[0], [failed(Op::IsPtr, 0)]);
        let ptr = Fact { kind: Kind::Ptr, nonnull: false, ..ANY };
        assert_eq!(all[1], [Hint::Fact(R(0), ptr)]);
        let object = [Hint::Fact(R(0), Fact { nonnull: true, ..ptr }), Hint::Shape(value(0), 200)];
        let field = |v| Hint::Field(value(0), 16, value(v));
        assert_eq!(all[2], [&object[..], &[field(6), failed(Op::IsFix, 6)]].concat());
        assert_eq!(all[3], [&object[..], &[Hint::Fact(R(6), FIX), field(1), failed(Op::IsFix, 1)]].concat());
    }
    /// Where anything may have happened, what is known for good is left.
    #[test]
    fn memory_is_forgotten() {
        let all = known(
            "fn any 10 rwc\n%0 = entry 1\n%1 = is_ptr %0\nguard_true %1 @0\n%3 = shape_is 200 %0\nguard_true %3 @0\n\
             call any %0\n%6 = entry 2\n%7 = is_fix %6\nguard_true %7 @0\nsnap 0 {1=%0}",
        );
        let f = Fact { kind: Kind::Ptr, nonnull: true, ..ANY };
        assert_eq!(all[2], [Hint::Fact(R(0), f)]);
    }
    /// Of a number that is a constant by now, and of one that is boxed.
    #[test]
    fn other_names() {
        let all = known(
            "%0 = entry 1\n%1 = is_ptr %0\nguard_true %1 @0\n%3 = shape_is 9 %0\nguard_true %3 @0\n%5 = get 16 %0\n\
             %6 = eq %5 fix:7\nguard_true %6 @0\n%8 = entry 2\n%9 = unbox %8 @0\n%10 = fadd %9 %9\n%11 = box %10\n\
             set 24 %0 %11\n%13 = entry 3\n%14 = is_fix %13\nguard_true %14 @1\n\
             snap 0 {1=%0}\nsnap 1 {1=%0, 2=%11}",
        );
        // What is read is seven where the test has passed, and no earlier.
        let field = |h: &Hint| matches!(h, Hint::Field(..));
        assert_eq!(
            all.iter().map(|l| l.iter().filter(|h| field(h)).count()).collect::<Vec<_>>(),
            [0, 0, 0, 1, 2]
        );
        let last = all.last().unwrap();
        let seven = HintVal::Const(Const { ty: Ty::Ref, bits: crate::word::fix(7) });
        assert!(last.contains(&Hint::Field(value(0), 16, seven)), "{last:?}");
        assert!(last.contains(&Hint::Field(value(0), 24, HintVal::Boxed(R(10)))), "{last:?}");
    }
    /// A bridge that jumps to the loop's header sees to what the loop relies on, and to nothing else.
    #[test]
    fn at_the_header() {
        let all = known(
            "fn append 10 rxf\n%0 = entry 0\n%1 = entry 1\n%2 = is_ptr %0\nguard_true %2 @0\n\
             %4 = shape_is 50 %0\nguard_true %4 @0\n%6 = is_fix %1\nguard_true %6 @0\n%8 = lt %1 fix:9\n\
             guard_true %8 @0\n%10 = call_int append %0\n%11 = get_int 32 %0\n%12 = eq %11 i:105\n\
             guard_true %12 @1\n%14 = fix_add %1 fix:1 @1\nguard_calm @2\nend 1=%14\n\
             snap 0 {0=%0, 1=%1}\nsnap 1 {0=%0, 1=%1}\nsnap 2 {0=%0, 1=%14}",
        );
        let fields: Vec<usize> =
            all.iter().map(|l| l.iter().filter(|h| matches!(h, Hint::Field(..))).count()).collect();
        // The tests of the way in, its end; then that of the loop and so on.
        assert_eq!(fields, [0, 0, 0, 0, 0, 1, 0, 0, 1], "{all:?}");
    }
}
