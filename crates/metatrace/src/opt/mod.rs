//! The optimiser: a table of passes through which every recorded instruction goes on its way to the output, and the
//! passes over the whole ([`peel`], [`dce`]).
//!
//! A pass looks at an instruction whose operands are already those of the output and says what becomes of it
//! ([`Step`]). What is known of values ([`Fact`], known conditions, memory) only grows along the straight line.

mod bounds;
mod cse;
pub mod dce;
mod fold;
mod guards;
mod heap;
mod hints;
mod jump;
pub mod peel;
mod virtuals;

use crate::fxhash::{FxMap, FxSet};
use crate::ir::*;
use crate::scratch::{self, Reuse};
use crate::story::Told;
use crate::word;
use std::borrow::Cow;

/// What becomes of an instruction.
pub enum Step {
    /// The next pass looks at it.
    Next,
    /// Its result is this.
    Is(R),
    /// It is not needed and has no result.
    Drop,
    /// The trace cannot be compiled: why.
    Fail(&'static str),
}

/// A pass: looks at an instruction, whose operands are those of the output, and says what becomes of it.
pub type Pass = fn(&mut Opt, &mut Inst) -> Step;

/// The passes in their order.
pub const PASSES: &[(&str, Pass)] = &[
    ("virtuals", virtuals::pass),
    ("fold", fold::pass),
    ("guards", guards::pass),
    ("bounds", bounds::pass),
    ("heap", heap::pass),
    ("cse", cse::pass),
];

/// The same without their names.
static ALL: &[Pass] = &[virtuals::pass, fold::pass, guards::pass, bounds::pass, heap::pass, cse::pass];

/// What the client tells about its objects.
pub trait Objects {
    /// An object never loses this descriptor, nor gets it.
    fn fixed(&self, desc: u32) -> bool;
    /// Objects of this descriptor are written by functions that only fill containers.
    fn container(&self, _desc: u32) -> bool {
        true
    }
    /// Words of objects of this fixed descriptor are never written, or by one thread only.
    fn private(&self, _desc: u32) -> bool {
        false
    }
    /// Boxed floats have this descriptor.
    fn is_float(&self, desc: u32) -> bool;
    /// Descriptor of a constant object.
    fn desc_of(&self, word: u64) -> u32;
}

/// Kind of a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Not known.
    Any,
    /// A tagged integer.
    Fix,
    /// An immediate double.
    Flo,
    /// An object, or null.
    Ptr,
}

/// What is known of a value for good.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Fact {
    /// Of a word.
    pub kind: Kind,
    /// It is not null.
    pub nonnull: bool,
    /// An object that has this fixed descriptor.
    pub desc: Option<u32>,
    /// Least number of a tagged or raw integer.
    pub lo: i64,
    /// Greatest number, itself possible.
    pub hi: i64,
}

/// Nothing.
pub const ANY: Fact = Fact { kind: Kind::Any, nonnull: false, desc: None, lo: i64::MIN, hi: i64::MAX };
/// A tagged integer.
pub const FIX: Fact =
    Fact { kind: Kind::Fix, nonnull: true, desc: None, lo: word::FIX_MIN, hi: word::FIX_MAX };
/// An immediate double.
pub const FLO: Fact = Fact { kind: Kind::Flo, nonnull: true, ..ANY };

/// What is known of each instruction's value.
#[derive(Default)]
pub(crate) struct Facts(Vec<Fact>);
impl Facts {
    fn get(&self, r: R) -> Fact {
        r.as_ins().and_then(|k| self.0.get(k)).copied().unwrap_or(ANY)
    }
    /// None: no instruction gives it.
    fn of(&mut self, r: R) -> Option<&mut Fact> {
        let k = r.as_ins()?;
        if k >= self.0.len() {
            self.0.resize(k + 1, ANY);
        }
        Some(&mut self.0[k])
    }
}

/// From which instruction on it is known what is known of each instruction's value: usually from the one after it.
struct Since(Vec<u32>);
impl Since {
    fn get(&self, r: R) -> u32 {
        self.0.get(r.0 as usize).map_or(0, |n| *n).max(r.0 + 1)
    }
    fn insert(&mut self, r: R, at: u32) {
        if let Some(k) = r.as_ins() {
            if k >= self.0.len() {
                self.0.resize(k + 1, 0);
            }
            self.0[k] = at;
        }
    }
}

/// Conditions that turned out so.
pub(crate) struct Conds(Vec<u8>);
impl Conds {
    fn get(&self, r: R) -> Option<bool> {
        match self.0.get(r.as_ins()?)? {
            0 => None,
            n => Some(*n == 2),
        }
    }
    fn insert(&mut self, r: R, outcome: bool) {
        if let Some(k) = r.as_ins() {
            if k >= self.0.len() {
                self.0.resize(k + 1, 0);
            }
            self.0[k] = 1 + outcome as u8;
        }
    }
}

/// What turned out to be the same as another value.
#[derive(Default)]
pub(crate) struct Aliases(Vec<R>);
impl Aliases {
    #[inline]
    fn get(&self, r: R) -> Option<R> {
        self.0.get(r.as_ins()?).copied().filter(|x| !x.is_none())
    }
    fn insert(&mut self, r: R, same: R) {
        if let Some(k) = r.as_ins() {
            if k >= self.0.len() {
                self.0.resize(k + 1, R::NONE);
            }
            self.0[k] = same;
        }
    }
}

/// What is known of memory: who changes it tells that ([`Opt::set_field`] and the like).
pub(crate) struct Memory<K, V>(FxMap<K, V>);
impl<K, V> Default for Memory<K, V> {
    fn default() -> Memory<K, V> {
        Memory(FxMap::default())
    }
}
impl<K, V> std::ops::Deref for Memory<K, V> {
    type Target = FxMap<K, V>;
    fn deref(&self) -> &FxMap<K, V> {
        &self.0
    }
}

/// An object that was not made so far.
#[derive(Clone)]
pub(crate) struct Virtual {
    pub what: i64,
    pub fields: Vec<(u32, R)>,
}

/// Knowledge of memory that was used.
#[derive(Default)]
pub(crate) struct Hits {
    pub fields: FxSet<(R, i64)>,
    pub elems: FxSet<(R, R)>,
    pub descs: FxSet<R>,
    pub lookups: bool,
}
impl Hits {
    pub fn clear(&mut self) {
        self.fields.clear();
        self.elems.clear();
        self.descs.clear();
        self.lookups = false;
    }
}

/// The collections of an [`Opt`], which are used again.
#[derive(Default)]
pub(crate) struct Tables {
    map: Vec<R>,
    facts: Vec<Fact>,
    since: Vec<u32>,
    conds: Vec<u8>,
    alias: Vec<R>,
    cse: FxMap<(Op, R, R, i64), R>,
    fields: FxMap<(R, i64), R>,
    elems: FxMap<(R, R), R>,
    items: FxMap<(R, R, i64), R>,
    lookups: FxMap<(i64, Vec<R>), (R, bool)>,
    descs: FxMap<R, u32>,
    virts: FxMap<R, Virtual>,
    header: FxMap<u32, R>,
    entries: FxMap<u32, R>,
    memory: FxMap<u32, R>,
    hit_fields: FxSet<(R, i64)>,
    snaps: Vec<(u32, u32)>,
}

pub struct Opt<'a> {
    pub rec: &'a Trace,
    pub objects: &'a dyn Objects,
    pub out: Trace,
    pub(crate) passes: Cow<'static, [Pass]>,
    /// Recorded instruction → output value.
    pub(crate) map: Vec<R>,
    pub(crate) facts: Facts,
    /// From which instruction on it is known what is known of a value from before the loop, if that is later than from
    /// the one that follows its own.
    since: Since,
    /// While the loop is optimised: where it begins; from which instruction on all that is known which it relies on and
    /// which its header does not name ([`Header::from`]).
    within: Option<u32>,
    relied: std::cell::Cell<u32>,
    pub(crate) conds: Conds,
    pub(crate) alias: Aliases,
    pub(crate) cse: FxMap<(Op, R, R, i64), R>,
    pub(crate) fields: Memory<(R, i64), R>,
    pub(crate) elems: FxMap<(R, R), R>,
    /// Numbers in objects ([`Packed`]): object, index, where and how.
    pub(crate) items: FxMap<(R, R, i64), R>,
    /// What calls gave that give the same again: callee, operands. True: known before the loop's header.
    pub(crate) lookups: FxMap<(i64, Vec<R>), (R, bool)>,
    pub(crate) descs: Memory<R, u32>,
    /// Objects that are known to belong to this thread.
    pub(crate) owned: Vec<R>,
    pub(crate) virts: FxMap<R, Virtual>,
    pub(crate) forcing: Vec<R>,
    /// Fields of objects in a cycle that are still to be set.
    pub(crate) deferred: Vec<(R, u32, R)>,
    /// Registers that the header of a loop gives values to.
    pub(crate) header: FxMap<u32, R>,
    pub(crate) entries: FxMap<u32, R>,
    /// What registers in memory are known to hold.
    pub(crate) memory: FxMap<u32, R>,
    /// What was relied on.
    pub(crate) hits: Hits,
    /// Of recorded snapshots: those of the output, if they are of this time.
    snaps: Vec<(u32, u32)>,
    time: u32,
    pub(crate) fail: Option<&'static str>,
}

impl<'a> Opt<'a> {
    pub fn new(rec: &'a Trace, objects: &'a dyn Objects) -> Opt<'a> {
        let n = rec.insts.len();
        let mut out = scratch::trace();
        out.insts.reserve(n);
        out.calls.clone_from(&rec.calls);
        out.inputs.clone_from(&rec.inputs);
        out.shared = rec.shared;
        out.places.clone_from(&rec.places);
        // Constants keep their numbers.
        out.consts.clone_from(&rec.consts);
        let mut t = scratch::tables();
        t.map.reserve(n);
        t.facts.reserve(n);
        t.snaps.resize(rec.snaps.len(), (0, 0));
        Opt {
            rec,
            objects,
            out,
            passes: Cow::Borrowed(ALL),
            map: t.map,
            facts: Facts(t.facts),
            since: Since(t.since),
            within: None,
            relied: Default::default(),
            conds: Conds(t.conds),
            alias: Aliases(t.alias),
            cse: t.cse,
            fields: Memory(t.fields),
            elems: t.elems,
            items: t.items,
            lookups: t.lookups,
            descs: Memory(t.descs),
            owned: Vec::new(),
            virts: t.virts,
            forcing: Vec::new(),
            deferred: Vec::new(),
            header: t.header,
            entries: t.entries,
            memory: t.memory,
            hits: Hits { fields: t.hit_fields, ..Hits::default() },
            snaps: t.snaps,
            time: 1,
            fail: None,
        }
    }

    /// Only these passes. None: there is no pass of such a name.
    pub fn only(mut self, names: &[&str]) -> Option<Opt<'a>> {
        let one = |n: &&str| PASSES.iter().find(|p| p.0 == *n).map(|p| p.1);
        let passes = names.iter().map(one).collect::<Option<Vec<Pass>>>()?;
        self.passes = Cow::Owned(passes);
        Some(self)
    }

    #[inline]
    pub fn resolve(&self, mut r: R) -> R {
        while let Some(x) = self.alias.get(r) {
            self.rely(r);
            r = x;
        }
        r
    }
    /// The same, of what the loop's header names: who goes there sees to it.
    pub(crate) fn resolve_named(&self, mut r: R) -> R {
        while let Some(x) = self.alias.get(r) {
            r = x;
        }
        r
    }
    /// The loop relies on what is known of this value from before it.
    pub(crate) fn rely(&self, r: R) {
        if self.within.is_some_and(|l| r.0 < l) {
            self.relied.set(self.relied.get().max(self.since.get(r)));
        }
    }
    /// Something is known of it from here on.
    pub(crate) fn known_from_here(&mut self, r: R) {
        if self.within.is_none() {
            self.since.insert(r, self.out.insts.len() as u32);
        } else {
            self.rely(r);
        }
    }
    /// The loop begins: what it relies on is noted.
    pub(crate) fn enter_loop(&mut self, at: u32) {
        self.within = Some(at);
    }
    /// See [`Header::from`].
    pub(crate) fn relied(&self) -> u32 {
        self.relied.get()
    }
    /// Output value of a recorded operand.
    #[inline]
    pub fn mapped(&self, r: R) -> R {
        match r.as_ins() {
            Some(k) => self.resolve(self.map[k]),
            None => r,
        }
    }
    pub fn fact(&self, r: R) -> Fact {
        if let Some(c) = self.out.const_of(r) {
            return match c.ty {
                Ty::Ref if word::is_fix(c.bits) => {
                    let n = word::unfix(c.bits);
                    Fact { lo: n, hi: n, ..FIX }
                }
                Ty::Ref if word::is_flo(c.bits) => FLO,
                Ty::Ref if c.bits != 0 => {
                    let d = self.objects.desc_of(c.bits);
                    Fact {
                        kind: Kind::Ptr,
                        nonnull: true,
                        desc: if self.objects.fixed(d) { Some(d) } else { None },
                        ..ANY
                    }
                }
                Ty::Int => Fact { lo: c.bits as i64, hi: c.bits as i64, ..ANY },
                _ => ANY,
            };
        }
        let f = self.facts.get(r);
        if f != ANY {
            self.rely(r);
        }
        f
    }
    pub fn learn(&mut self, r: R, f: impl FnOnce(&mut Fact)) {
        if let Some(x) = self.facts.of(r) {
            let was = *x;
            f(x);
            let now = *x;
            if now != was {
                self.tell(Told::Fact(r, now));
                self.known_from_here(r);
            }
        }
    }
    /// What is known of a new value.
    pub(crate) fn set_fact(&mut self, r: R, f: Fact) {
        if let Some(x) = self.facts.of(r) {
            *x = f;
            self.tell(Told::Fact(r, f));
        }
    }
    fn tell(&mut self, x: Told) {
        self.out.story.tell(self.out.insts.len(), x);
    }
    pub(crate) fn set_same(&mut self, r: R, same: R) {
        self.alias.insert(r, same);
        self.tell(Told::Same(r, same));
    }
    pub(crate) fn set_field(&mut self, of: (R, i64), v: R) {
        self.fields.0.insert(of, v);
        self.tell(Told::Field(of.0, of.1, v));
    }
    pub(crate) fn forget_field(&mut self, of: (R, i64)) {
        self.fields.0.remove(&of);
        self.tell(Told::NoField(of.0, of.1));
    }
    pub(crate) fn set_desc(&mut self, obj: R, d: u32) {
        if self.descs.0.insert(obj, d) != Some(d) {
            self.tell(Told::Shape(obj, d));
        }
    }
    pub(crate) fn forget_desc(&mut self, obj: R) {
        self.descs.0.remove(&obj);
        self.tell(Told::NoShape(obj));
    }
    /// Nothing is known of words and descriptors of objects.
    pub(crate) fn forget_memory(&mut self) {
        if !self.fields.is_empty() || !self.descs.is_empty() {
            self.fields.0.clear();
            self.descs.0.clear();
            self.tell(Told::Forgotten);
        }
    }
    /// The instruction that gives `r`.
    #[inline]
    pub fn def(&self, r: R) -> Option<Inst> {
        self.out.inst(r).copied()
    }
    pub fn konst(&mut self, ty: Ty, bits: u64) -> R {
        self.out.konst(ty, bits)
    }
    pub fn truth(&mut self, b: bool) -> R {
        self.konst(Ty::Bool, b as u64)
    }
    pub fn int(&mut self, n: i64) -> R {
        self.konst(Ty::Int, n as u64)
    }

    /// Appends to the output what a new instruction gives facts for.
    pub fn emit(&mut self, i: Inst) -> R {
        use Op::*;
        if i.op == Unbox {
            self.implied(&i);
        }
        let r = self.out.push(i);
        match i.op {
            FixAdd | FixSub | FixMul | FixShl | FixAddW | FixSubW | FixAnd | FixOr | FixXor | FixShr
            | FixDiv | FixMod => {
                self.set_fact(r, FIX);
            }
            Tag => {
                let f = self.fact(i.a);
                let (lo, hi) = (f.lo.max(word::FIX_MIN), f.hi.min(word::FIX_MAX));
                self.set_fact(r, Fact { lo, hi, ..FIX });
            }
            Untag => {
                let f = self.fact(i.a);
                let (lo, hi) = (f.lo.max(word::FIX_MIN), f.hi.min(word::FIX_MAX));
                self.set_fact(r, Fact { lo, hi, ..ANY });
            }
            Box => {
                self.set_fact(r, FLO);
            }
            Unbox => self.learn(i.a, |f| {
                f.kind = Kind::Flo;
                f.nonnull = true;
            }),
            _ => {}
        }
        r
    }
    /// Unboxing leaves where its operand is a small integer: a test for that just before, with the same exit, goes.
    fn implied(&mut self, unbox: &Inst) {
        let Some(g) = self.out.insts.last_mut() else { return };
        if g.op != Op::GuardF || g.snap != unbox.snap {
            return;
        }
        let cond = g.a;
        if self.out.inst(cond).is_some_and(|c| c.op == Op::IsFix && c.a == unbox.a) {
            let at = self.out.insts.len() - 1;
            self.out.insts[at] = Inst::new(Op::Nop);
        }
    }
    /// An instruction made by a pass goes through all passes.
    pub fn again(&mut self, mut i: Inst) -> R {
        for n in 0..self.passes.len() {
            match self.passes[n](self, &mut i) {
                Step::Next => {}
                Step::Is(r) => return self.resolve(r),
                Step::Drop => return R::NONE,
                Step::Fail(why) => {
                    self.fail = Some(why);
                    return R::NONE;
                }
            }
        }
        self.emit(i)
    }
    pub fn unary(&mut self, op: Op, a: R) -> R {
        self.again(Inst { a, ..Inst::new(op) })
    }
    pub fn binary(&mut self, op: Op, a: R, b: R) -> R {
        self.again(Inst { a, b, ..Inst::new(op) })
    }

    /// A value as snapshots hold it: boxes and tags are made after the exit.
    pub(crate) fn val(&self, r: R, virts: &mut Vec<(R, VirtSnap)>) -> Val {
        let r = self.resolve(r);
        if let Some(c) = self.out.const_of(r) {
            return if c.ty == Ty::Int { Val::Raw(c.bits) } else { Val::Const(c.bits) };
        }
        let d = self.out.insts[r.0 as usize];
        // The placeholder of a virtual object.
        if d.op == Op::Nop
            && let Some(v) = self.virts.get(&r)
        {
            if let Some(i) = virts.iter().position(|x| x.0 == r) {
                return Val::Virt(i as u32);
            }
            let i = virts.len();
            virts.push((r, VirtSnap { what: v.what, fields: Vec::new() }));
            let fields = v.fields.iter().map(|&(at, x)| (at, self.val(x, virts))).collect();
            virts[i].1.fields = fields;
            return Val::Virt(i as u32);
        }
        match d.op {
            Op::Box => Val::Flt(d.a),
            Op::Tag => Val::Int(d.a),
            _ if d.ty == Ty::Int => Val::Word(r),
            _ => Val::Word(r),
        }
    }
    fn recorded(&self, v: Val, virts: &mut Vec<(R, VirtSnap)>) -> Val {
        match v {
            Val::Word(r) => self.val(self.mapped(r), virts),
            v => v,
        }
    }
    /// Output snapshot of a recorded one, at this point.
    pub(crate) fn snap(&mut self, s: u32) -> u32 {
        if s == NO_SNAP {
            return s;
        }
        let (time, o) = self.snaps[s as usize];
        if time == self.time {
            return o;
        }
        let rec = &self.rec.snaps[s as usize];
        let mut o = scratch::snap();
        o.in_memory = rec.in_memory;
        let mut virts = Vec::new();
        if rec.in_memory {
            o.frames.clone_from(&rec.frames);
        } else {
            o.frames.reserve(rec.frames.len());
            o.slots.reserve(rec.slots.len());
            for f in &rec.frames {
                o.frames.push(FrameSnap {
                    func: self.recorded(f.func, &mut virts),
                    extra: f.extra.map(|e| self.recorded(e, &mut virts)),
                    ..*f
                });
            }
            for (k, v) in &rec.slots {
                o.slots.push((*k, self.recorded(*v, &mut virts)));
            }
            for (k, r) in self.not_among(&rec.slots) {
                let v = self.val(r, &mut virts);
                o.slots.push((k, v));
            }
        }
        o.virts.extend(virts.into_iter().map(|v: (R, VirtSnap)| v.1));
        self.out.snaps.push(o);
        let n = self.out.snaps.len() as u32 - 1;
        self.snaps[s as usize] = (self.time, n);
        n
    }
    /// The header's registers that are not among these.
    fn not_among<T>(&self, slots: &[(u32, T)]) -> Vec<(u32, R)> {
        if self.header.is_empty() {
            return Vec::new();
        }
        let end = slots.iter().map(|s| s.0 + 1).max().unwrap_or(0);
        let mut there = vec![false; end as usize];
        slots.iter().for_each(|s| there[s.0 as usize] = true);
        let all = self.header.iter().filter(|h| !there.get(*h.0 as usize).is_some_and(|t| *t));
        let mut missing: Vec<(u32, R)> = all.map(|h| (*h.0, *h.1)).collect();
        missing.sort();
        missing
    }
    /// Virtual objects changed: snapshots made so far do not show it.
    pub(crate) fn forget_snaps(&mut self) {
        self.time += 1;
    }

    /// Sends all recorded instructions through the passes.
    pub fn run(&mut self) -> Result<(), &'static str> {
        self.map.clear();
        self.map.reserve(self.rec.insts.len());
        self.forget_snaps();
        let mut seeded = self.rec.hints.is_empty();
        for n in 0..self.rec.insts.len() {
            let mut i = self.rec.insts[n];
            self.out.here = i.at;
            if !seeded && i.op != Op::In {
                seeded = true;
                hints::seed(self);
            }
            if i.op.is_call() {
                let from = self.out.args.len();
                for k in 0..i.b.0 {
                    let r = self.mapped(self.rec.args[(i.a.0 + k) as usize]);
                    let r = virtuals::force(self, r);
                    self.out.args.push(r);
                }
                i.a = R(from as u32);
            } else {
                let k = i.op.info().operands;
                if k > 0 {
                    i.a = self.mapped(i.a);
                }
                if k > 1 {
                    i.b = self.mapped(i.b);
                }
                if k > 2 {
                    i.c = self.mapped(i.c);
                }
            }
            let r = self.one(i)?;
            self.map.push(r);
        }
        Ok(())
    }
    pub(crate) fn one(&mut self, mut i: Inst) -> Result<R, &'static str> {
        if i.op == Op::Entry {
            let slot = i.imm as u32;
            if let Some(&r) = self.header.get(&slot) {
                return Ok(r);
            }
            if let Some(&r) = self.entries.get(&slot) {
                return Ok(r);
            }
            let r = self.emit(i);
            self.entries.insert(slot, r);
            self.memory.insert(slot, r);
            return Ok(r);
        }
        if i.op == Op::Sync {
            self.sync(&i);
            return Ok(R::NONE);
        }
        if i.op == Op::Rebase {
            // What was known of registers was about another frame's; so were addresses.
            if !self.header.is_empty() {
                return Err("another root frame in a loop");
            }
            self.entries.clear();
            self.memory.clear();
            self.cse.retain(|k, _| !matches!(k.0, Op::Add | Op::Base));
        }
        for n in 0..self.passes.len() {
            let s = self.passes[n](self, &mut i);
            if let Some(why) = self.fail {
                return Err(why);
            }
            match s {
                Step::Next => {}
                Step::Is(r) => return Ok(self.resolve(r)),
                Step::Drop => return Ok(R::NONE),
                Step::Fail(why) => return Err(why),
            }
        }
        i.snap = self.snap(i.snap);
        let r = self.emit(i);
        match i.op {
            Op::LoadReg => {
                self.memory.insert(i.imm as u32, r);
            }
            Op::StoreReg => {
                self.memory.insert(i.imm as u32, i.a);
            }
            _ => {}
        }
        Ok(r)
    }
    /// Writes the registers of a snapshot that memory does not hold already.
    fn sync(&mut self, i: &Inst) {
        let mut slots: Vec<(u32, R)> = Vec::new();
        for (k, v) in &self.rec.snaps[i.snap as usize].slots {
            let r = match *v {
                Val::Word(r) => self.mapped(r),
                Val::Const(w) => self.out.konst(Ty::Ref, w),
                _ => continue,
            };
            slots.push((*k, r));
        }
        slots.extend(self.not_among(&slots));
        // All objects are made before the first register is written: what is written is not seen by the collector yet.
        for s in &mut slots {
            s.1 = virtuals::force(self, s.1);
        }
        for f in &self.rec.snaps[i.snap as usize].frames {
            for v in [Some(f.func), f.extra].into_iter().flatten() {
                if let Val::Word(r) = v {
                    let r = self.mapped(r);
                    virtuals::force(self, r);
                }
            }
        }
        for (k, r) in slots {
            let r = self.resolve(r);
            if self.memory.get(&k).map(|m| self.resolve(*m)) != Some(r) {
                self.emit(Inst { a: r, imm: k as i64, ..Inst::new(Op::StoreReg) });
                self.memory.insert(k, r);
            }
        }
        self.memory.retain(|k, _| (*k as i64) < i.imm);
    }
}

impl Drop for Opt<'_> {
    fn drop(&mut self) {
        use std::mem::take;
        let mut t = Tables {
            map: take(&mut self.map),
            facts: take(&mut self.facts.0),
            since: take(&mut self.since.0),
            conds: take(&mut self.conds.0),
            alias: take(&mut self.alias.0),
            cse: take(&mut self.cse),
            fields: take(&mut self.fields.0),
            elems: take(&mut self.elems),
            items: take(&mut self.items),
            lookups: take(&mut self.lookups),
            descs: take(&mut self.descs.0),
            virts: take(&mut self.virts),
            header: take(&mut self.header),
            entries: take(&mut self.entries),
            memory: take(&mut self.memory),
            hit_fields: take(&mut self.hits.fields),
            snaps: take(&mut self.snaps),
        };
        let Tables { map, facts, since, conds, alias, cse, fields, elems, items, lookups, .. } = &mut t;
        map.empty();
        facts.empty();
        since.empty();
        conds.empty();
        alias.empty();
        cse.empty();
        fields.empty();
        elems.empty();
        items.empty();
        lookups.empty();
        let Tables { descs, virts, header, entries, memory, hit_fields, snaps, .. } = &mut t;
        descs.empty();
        virts.empty();
        header.empty();
        entries.empty();
        memory.empty();
        hit_fields.empty();
        snaps.empty();
        scratch::give_tables(t);
        scratch::give(take(&mut self.out));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub struct NoObjects;
    impl Objects for NoObjects {
        fn fixed(&self, desc: u32) -> bool {
            desc < 100
        }
        fn is_float(&self, desc: u32) -> bool {
            desc == 2
        }
        fn desc_of(&self, _: u64) -> u32 {
            1000
        }
    }

    /// Output of the given passes (none: all) on a straight line; dead code removed.
    pub fn opt(passes: &[Pass], s: &str) -> String {
        let t = crate::text::parse(s).unwrap();
        crate::verify::verify(&t).unwrap();
        let mut o = Opt::new(&t, &NoObjects);
        if !passes.is_empty() {
            o.passes = Cow::Owned(passes.to_vec());
        }
        o.run().unwrap();
        dce::run(&mut o.out);
        crate::verify::verify(&o.out).unwrap();
        crate::text::print(&o.out)
    }
}
