//! What a code generator is to the rest: it compiles an optimised trace and enters compiled code; exits say where the
//! values of the interpreter's state are.
//!
//! # Safety
//! What an exit refers to is never freed. What it says of a state was made for the layout of [`State`], all of whose
//! fields are words; code is entered with the state that it was compiled for ([`Backend::enter`]).

use crate::ir::*;
pub use crate::packed::Leaving;
use crate::{forever, packed, word};
use std::mem::offset_of;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering::*};

/// Spill slots of a trace.
pub const SPILLS: usize = 128;

/// The registers of the machine and the trace's memory. Who enters compiled code sees to it that the collector looks at
/// its words ([`State::each_word`]).
#[repr(C)]
pub struct State {
    /// Raw bits of the floating-point registers.
    pub xmm: [u64; 16],
    /// General registers, by the instruction set's numbers; filled at an exit.
    pub gpr: [u64; 16],
    /// Registers saved around calls out of line.
    pub save: [u64; 32],
    /// Address of the thread.
    pub thread: u64,
    /// Address of the root frame's record.
    pub fp: u64,
    /// Address of its registers.
    pub regs: u64,
    /// Values that have no register: words and raw bits.
    pub spill: [u64; SPILLS],
}

/// Spill slots below this one are used by compiled code.
static SPILLED: AtomicUsize = AtomicUsize::new(0);
/// Code that is being compiled uses spill slot `n`. To be called before it runs.
pub fn spills(n: usize) {
    SPILLED.fetch_max(n + 1, Relaxed);
}
fn spilled() -> usize {
    SPILLED.load(Relaxed).min(SPILLS)
}
impl State {
    /// Clears what machine code may have left behind in [`State::save`] and [`State::spill`], before other code uses it.
    pub fn clear(&mut self) {
        let (from, to) = (offset_of!(State, save), offset_of!(State, spill) + 8 * spilled());
        // In one piece: this is done at every entry.
        // SAFETY: within the state, whose fields are words.
        unsafe { (&raw mut *self).cast::<u8>().add(from).write_bytes(0, to - from) };
    }
    /// The words that may be references while machine code runs; `left`: or after it has left by an exit.
    pub fn each_word(&self, left: bool, f: impl FnMut(u64)) {
        let gpr = if left { &self.gpr[..] } else { &[] };
        gpr.iter().chain(&self.save).chain(&self.spill[..spilled()]).copied().for_each(f);
    }
}

/// Where a value is at an exit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loc {
    /// In [`State::gpr`].
    Gpr(u8),
    /// In [`State::xmm`].
    Xmm(u8),
    /// In [`State::spill`].
    Spill(u16),
    /// Nowhere: it is these bits, raw as the operand's type says.
    Const(u64),
}

/// A loop's header as a place to jump to.
pub struct Target {
    /// Address of the machine code.
    pub code: usize,
    /// Where the carried values and then the loop's variables have to be: in none, one or both of a register and a
    /// spill slot.
    pub places: Vec<(Option<Loc>, Option<u16>)>,
    /// What the header relies on.
    pub header: Header,
}

/// What an exit says.
pub struct ExitInfo<'a> {
    /// None: the snapshot of the exit made before.
    pub snap: Option<&'a Snap>,
    /// Which of the leaves an operand of the snapshot is.
    pub number: &'a dyn Fn(R, Ty) -> u32,
    /// The operands of the snapshot and others: which value of the trace it is (or none), where it is, its type.
    pub leaves: &'a [(R, Loc, Ty)],
    /// Which leaves a bridge needs to jump back into [`Exit::home`] ([`Trace::carry`]).
    pub carry: &'a [u32],
    /// The instruction of the trace that leaves, if what is known there is to be passed on to bridges ([`Trace::story`]).
    pub at: Option<(&'a Trace, u32)>,
    /// It is on the way into the loop: registers in memory are not yet what they are at its header.
    pub early: bool,
}

/// What an exit says, for those who look at it in peace: made anew for each.
pub struct Said {
    /// The interpreter's state in terms of `leaves`.
    pub snap: Snap,
    /// As [`ExitInfo::leaves`]; operands `R::ins(n)` of the snapshot are `leaves[n]`.
    pub leaves: Vec<(Loc, Ty)>,
    pub(crate) of: &'static packed::Packed,
    /// Where the rest begins, and by how much the instruction is later than is said there.
    pub(crate) rest: (u32, u32),
}

/// What an exit that is taken often writes, in the order of its snapshot. There are many: nothing else is kept.
#[derive(Debug)]
pub struct Left {
    /// Registers of the frames, counted from the root frame's first.
    pub slots: &'static [Move],
    /// The root frame first.
    pub frames: &'static [FrameSnap<Move>],
    /// Objects that exist in the trace only.
    pub objects: &'static [Made],
    /// Of those (object, field): what is an object of the trace, and numbers that may need objects.
    pub late: &'static [(u32, Move)],
    /// Whether `slots` or `frames` have such numbers.
    pub floats: bool,
}

/// An object that an exit makes.
#[derive(Clone, Copy, Debug)]
pub struct Made {
    /// As `imm` of `New`.
    pub what: i64,
    /// Its fields that are no objects of the trace.
    pub fields: &'static [Move],
}

/// How a [`Move`] comes by its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum How {
    /// `Move::word`.
    Const,
    /// What [`State`] has.
    Word,
    /// To be tagged.
    Int,
    /// To be made a word, which may need an object.
    Flt,
    /// An object of [`Snap::virts`].
    Virt,
}

/// A word that an exit writes: a [`Val`] and the [`Loc`] of its operand in one.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// Register, or byte offset of a field.
    pub to: u32,
    /// Word of [`State`], or object.
    at: u16,
    /// What to do with what is there.
    pub how: How,
    word: u64,
}

impl Move {
    fn new(to: u32, v: &Val, leaves: &[(Loc, Ty)]) -> Move {
        let (how, r) = match *v {
            Val::Const(word) | Val::Raw(word) => return Move { to, at: 0, how: How::Const, word },
            // More than fit have no place in one trace.
            Val::Virt(n) => return Move { to, at: n as u16, how: How::Virt, word: 0 },
            Val::Word(r) => (How::Word, r),
            Val::Int(r) => (How::Int, r),
            Val::Flt(r) => (How::Flt, r),
        };
        match leaves[r.0 as usize].0 {
            Loc::Gpr(n) => Move { to, at: (offset_of!(State, gpr) / 8) as u16 + n as u16, how, word: 0 },
            Loc::Xmm(n) => Move { to, at: (offset_of!(State, xmm) / 8) as u16 + n as u16, how, word: 0 },
            Loc::Spill(n) => Move { to, at: (offset_of!(State, spill) / 8) as u16 + n, how, word: 0 },
            Loc::Const(w) => {
                let word = match how {
                    How::Int => word::fix(w as i64),
                    How::Flt => match word::flo_encode(f64::from_bits(w)) {
                        Some(w) => w,
                        None => return Move { to, at: u16::MAX, how, word: w },
                    },
                    _ => w,
                };
                Move { to, at: 0, how: How::Const, word }
            }
        }
    }
    /// The raw bits.
    #[inline(always)]
    fn raw(&self, s: &State) -> u64 {
        if self.at == u16::MAX {
            return self.word;
        }
        let words = &raw const *s as *const u64;
        // SAFETY: `new` makes offsets within `State`, whose fields are all words.
        unsafe { *words.add(self.at as usize) }
    }
    /// The word, if that needs no memory and is no object of the trace.
    #[inline(always)]
    pub fn plain(&self, s: &State) -> Option<u64> {
        match self.how {
            How::Const => Some(self.word),
            How::Word => Some(self.raw(s)),
            How::Int => Some(word::fix(self.raw(s) as i64)),
            How::Flt => word::flo_encode(self.float(s)),
            How::Virt => None,
        }
    }
    /// The number, of [`How::Flt`].
    #[inline(always)]
    pub fn float(&self, s: &State) -> f64 {
        f64::from_bits(self.raw(s))
    }
    /// The object, of [`How::Virt`].
    #[inline(always)]
    pub fn object(&self) -> usize {
        self.at as usize
    }
}

impl Left {
    pub(crate) fn new(x: &Said) -> Left {
        let to = |to: u32, v: &Val| Move::new(to, v, &x.leaves);
        let slots: Vec<Move> = x.snap.slots.iter().map(|(n, v)| to(*n, v)).collect();
        let frame = |f: &FrameSnap| {
            let FrameSnap { pc, code, base, flags, real, .. } = *f;
            let (func, extra) = (to(0, &f.func), f.extra.map(|v| to(0, &v)));
            FrameSnap { pc, code, base, flags, real, func, extra }
        };
        let frames: Vec<FrameSnap<Move>> = x.snap.frames.iter().map(frame).collect();
        let mut late = Vec::new();
        let made = |(n, o): (usize, &VirtSnap)| {
            let all: Vec<Move> = o.fields.iter().map(|(at, v)| to(*at, v)).collect();
            late.extend(all.iter().filter(|m| matches!(m.how, How::Virt | How::Flt)).map(|m| (n as u32, *m)));
            let fields: Vec<Move> = all.into_iter().filter(|m| m.how != How::Virt).collect();
            Made { what: o.what, fields: forever::slice(&fields) }
        };
        let objects: Vec<Made> = x.snap.virts.iter().enumerate().map(made).collect();
        let floats = slots.iter().chain(Left::written(&frames)).any(|m| m.how == How::Flt);
        let (slots, frames) = (forever::slice(&slots), forever::slice(&frames));
        Left { slots, frames, objects: forever::slice(&objects), late: forever::slice(&late), floats }
    }
    /// What is written of frames: functions, and what else belongs to them, of those that are made.
    fn written(frames: &[FrameSnap<Move>]) -> impl Iterator<Item = &Move> {
        let made = frames.iter().skip(1).filter(|f| !f.real);
        made.flat_map(|f| std::iter::once(&f.func).chain(&f.extra))
    }
    /// All that is written in registers and frames.
    pub fn each(&self) -> impl Iterator<Item = &Move> {
        self.slots.iter().chain(Left::written(self.frames))
    }
}
impl Said {
    /// For a bridge: [`ExitInfo::carry`], and what is known.
    pub fn rest(&self) -> (Vec<u32>, Vec<Hint>) {
        self.of.unpack_rest(self.rest)
    }
    /// The raw bits of a leaf.
    pub fn read(&self, s: &State, r: R) -> u64 {
        match self.leaves[r.0 as usize].0 {
            Loc::Gpr(n) => s.gpr[n as usize],
            Loc::Xmm(n) => s.xmm[n as usize],
            Loc::Spill(n) => s.spill[n as usize],
            Loc::Const(w) => w,
        }
    }
}

/// A place where compiled code is left. Compiled code jumps to `target`, which is the way out or a bridge.
///
/// There are many, few of which are ever taken: what only those need lies elsewhere, as does what those of a trace share.
#[repr(C)]
pub struct Exit {
    pub target: AtomicU64,
    /// In its lowest byte that of what is packed; then `KIND` and so on; then where in [`Exits::packed`] it is written
    /// what the exit says, or, with `TAKEN`, the address of its [`Taken`].
    what: AtomicU64,
}
const KIND: u64 = 1 << 8;
const OFFERS: u64 = 1 << 9;
const EARLY: u64 = 1 << 10;
const TAKEN: u64 = 1 << 11;
/// Addresses have no more bits than remain.
const WHERE: u32 = 16;

/// Exits of a trace, side by side behind what they have in common. There are tens of thousands of exits: so each finds the
/// rest by its own address.
#[repr(C, align(256))]
pub struct Group {
    of: &'static Exits,
    /// Serial number of the first.
    first: u32,
    len: AtomicU32,
    exits: [Exit; GROUP],
}
const GROUP: usize = 15;
const _: () = assert!(size_of::<Group>() == 256 && align_of::<Group>() == 256);
static NEXT_ID: AtomicU32 = AtomicU32::new(1);
impl Group {
    const fn new(of: &'static Exits, first: u32) -> Group {
        let exits = [const { Exit { target: AtomicU64::new(0), what: AtomicU64::new(0) } }; GROUP];
        Group { of, first, len: AtomicU32::new(0), exits }
    }
    fn exits(&self) -> &[Exit] {
        &self.exits[..self.len.load(Acquire) as usize]
    }
}

/// All exits of a trace, in their order.
#[derive(Default)]
pub struct ExitList(Box<[&'static Group]>);
impl ExitList {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &'static Exit> + use<'_> {
        self.0.iter().flat_map(|g| g.exits().iter())
    }
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |g| (self.0.len() - 1) * GROUP + g.exits().len())
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, n: usize) -> &'static Exit {
        &self.0[n / GROUP].exits()[n % GROUP]
    }
}

/// What the exits of a trace have in common.
struct Exits {
    home: OnceLock<&'static Target>,
    parent: Option<&'static Exit>,
    owner: usize,
    /// In spill slots below this one machine code may have left references that nobody needs any more.
    stale: AtomicU16,
    packed: AtomicPtr<packed::Packed>,
}

/// When something was found hot, in the client's units; 0: not yet.
#[derive(Default)]
pub struct Times {
    /// When that began.
    pub since: AtomicU32,
    /// The last time.
    pub last: AtomicU32,
    /// The longest pause in between.
    pub pause: AtomicU32,
}

/// What is known of an exit that was taken.
pub struct Taken {
    /// Where in [`Exits::packed`] it is written what the exit says.
    at: u32,
    /// How often, since a bridge was last tried or put off.
    pub count: AtomicU32,
    /// The client's: bridges that failed.
    pub failures: AtomicU32,
    /// The client's: bridges that were put off.
    pub put_off: AtomicU32,
    /// When it was found to be taken often.
    pub hot: Times,
    /// How often the client saw it taken.
    pub times: AtomicU64,
    /// What it writes, once that is worth the memory.
    left: OnceLock<&'static Left>,
}
/// So often an exit is carried out as it is read: unpacking takes as long as a dozen times of that.
const READ: u64 = 12;

static NO_TRACE: Exits = Exits {
    home: OnceLock::new(),
    parent: None,
    owner: 0,
    stale: AtomicU16::new(0),
    packed: AtomicPtr::new(&raw const packed::IN_MEMORY as *mut _),
};
/// What [`Backend::enter`] answers where a trace ended with `Return`: the result is in `State::gpr[0]`.
pub static RETURNED: &Exit = &NO_GROUP.exits[0];
static NO_GROUP: Group = {
    let mut g = Group::new(&NO_TRACE, 0);
    g.len = AtomicU32::new(1);
    g.exits[0].what = AtomicU64::new((packed::HERE | packed::NOTHING) as u64);
    g
};

/// Makes the exits of a trace, which live for good.
pub struct ExitMaker {
    of: &'static Exits,
    packer: packed::Packer,
    groups: Vec<&'static Group>,
}
impl ExitMaker {
    pub fn new(parent: Option<&'static Exit>, owner: usize) -> ExitMaker {
        let of = forever::value(Exits {
            home: OnceLock::new(),
            parent,
            owner,
            stale: 0.into(),
            packed: AtomicPtr::default(),
        });
        ExitMaker { of, packer: packed::Packer::new(), groups: Vec::new() }
    }
    /// One more; those that have a `home` have the same.
    pub fn exit(
        &mut self,
        info: ExitInfo<'_>,
        home: Option<&'static Target>,
        target: u64,
        kind: bool,
    ) -> &'static Exit {
        if let Some(h) = home {
            let had = self.of.home.get_or_init(|| h);
            debug_assert!(std::ptr::eq(*had, h));
        }
        let early = info.early;
        let (at, flags) = self.packer.add(info);
        let bit = |yes: bool, b: u64| if yes { b } else { 0 };
        let bits = bit(kind, KIND) | bit(home.is_some(), OFFERS) | bit(early, EARLY);
        let group = match self.groups.last() {
            Some(g) if (g.len.load(Relaxed) as usize) < GROUP => *g,
            _ => {
                let first = NEXT_ID.fetch_add(GROUP as u32, Relaxed);
                let g = forever::value(Group::new(self.of, first));
                self.groups.push(g);
                g
            }
        };
        let n = group.len.load(Relaxed);
        let e = &group.exits[n as usize];
        e.target.store(target, Relaxed);
        e.what.store((at as u64) << WHERE | bits | flags as u64, Relaxed);
        group.len.store(n + 1, Release);
        e
    }
    /// In spill slots below this one the code may leave references that nobody needs any more ([`Exit::stale`]).
    pub fn stale(&self, slots: u16) {
        self.of.stale.store(slots, Relaxed);
    }
    /// To be called before the code runs; all exits. With the trace if exits say where in it they are.
    pub fn finish(self, t: Option<&Trace>) -> ExitList {
        self.of.packed.store(forever::value(self.packer.finish(t)) as *const _ as *mut _, Release);
        ExitList(self.groups.into())
    }
}

impl Exit {
    /// What there is once an exit is taken; it is made if need be.
    #[inline(always)]
    pub fn taken(&self) -> &'static Taken {
        match self.known() {
            Some(t) => t,
            None => self.first(),
        }
    }
    #[cold]
    #[inline(never)]
    fn first(&self) -> &'static Taken {
        let what = self.what.load(Acquire);
        if let Some(t) = self.known() {
            return t;
        }
        let new = forever::value(Taken {
            at: (what >> WHERE) as u32,
            count: 0.into(),
            failures: 0.into(),
            put_off: 0.into(),
            hot: Times::default(),
            times: 0.into(),
            left: OnceLock::new(),
        });
        let bits = what & ((1 << WHERE) - 1);
        let it = (&raw const *new as u64) << WHERE | TAKEN | bits;
        match self.what.compare_exchange(what, it, AcqRel, Acquire) {
            Ok(_) => new,
            // A thread was faster.
            Err(_) => self.known().expect("a taken exit"),
        }
    }
    fn known(&self) -> Option<&'static Taken> {
        let w = self.what.load(Acquire);
        // SAFETY: the address of what `first` made, which is never freed.
        (w & TAKEN != 0).then(|| unsafe { &*((w >> WHERE) as *const Taken) })
    }
    #[inline(always)]
    fn has(&self, bit: u64) -> bool {
        self.what.load(Relaxed) & bit != 0
    }
    #[inline(always)]
    fn group(&self) -> &'static Group {
        // SAFETY: every exit lies in a group, which never moves and is never freed.
        unsafe { &*((&raw const *self as usize & !(size_of::<Group>() - 1)) as *const Group) }
    }
    /// Serial number, for the log.
    pub fn id(&self) -> u32 {
        let g = self.group();
        let n = (&raw const *self as usize - g.exits.as_ptr() as usize) / size_of::<Exit>();
        g.first + n as u32
    }
    /// What failed asks for a value's kind ([`Trace::asks_kind`]); false where the code generator does not tell.
    pub fn kind(&self) -> bool {
        self.has(KIND)
    }
    /// As [`ExitInfo::early`].
    pub fn early(&self) -> bool {
        self.has(EARLY)
    }
    fn packed(&self) -> &'static packed::Packed {
        // SAFETY: set before any code of the trace runs, and never freed.
        unsafe { &*self.group().of.packed.load(Acquire) }
    }
    /// [`Snap::in_memory`].
    pub fn in_memory(&self) -> bool {
        self.has(packed::HERE as u64)
    }
    /// The same, and no frames are named.
    pub fn says_nothing(&self) -> bool {
        self.has(packed::NOTHING as u64)
    }
    /// Carries the exit out, if it is simple and was not taken often: what it says is not kept. False: it is to be done as
    /// its [`Left`] says, nothing being done yet.
    #[inline(always)]
    pub fn leave(&self, s: &State, to: &mut impl Leaving) -> bool {
        if !self.has(packed::SIMPLE as u64) {
            return false;
        }
        let t = self.taken();
        let first = t.times.load(Relaxed) <= READ && t.left.get().is_none();
        if first {
            self.packed().leave(t.at, s, to);
        }
        first
    }
    /// What it writes. To be asked for if it is taken: that is kept.
    #[inline(always)]
    pub fn left(&self) -> &'static Left {
        self.taken().left.get_or_init(|| forever::value(Left::new(&self.said())))
    }
    /// What it says.
    pub fn said(&self) -> Said {
        self.packed().unpack(self.at())
    }
    /// The innermost of the frames it names, and how many there are.
    pub fn innermost(&self) -> Option<(FrameSnap, usize)> {
        self.packed().innermost(self.at())
    }
    /// Where it is written what it says.
    fn at(&self) -> u32 {
        let w = self.what.load(Acquire);
        // SAFETY: as in `known`.
        if w & TAKEN != 0 { unsafe { (*((w >> WHERE) as *const Taken)).at } } else { (w >> WHERE) as u32 }
    }
    /// How often the client saw it taken.
    pub fn times(&self) -> u64 {
        self.known().map_or(0, |t| t.times.load(Relaxed))
    }
    /// That count begins anew.
    pub fn forget(&self) {
        self.known().iter().for_each(|t| t.times.store(0, Relaxed));
    }
    /// Bridges that failed.
    pub fn failures(&self) -> u32 {
        self.known().map_or(0, |t| t.failures.load(Relaxed))
    }
    /// Bridges that were put off.
    pub fn put_off(&self) -> u32 {
        self.known().map_or(0, |t| t.put_off.load(Relaxed))
    }
    /// The loop that a bridge may jump back into.
    pub fn home(&self) -> Option<&'static Target> {
        if self.has(OFFERS) { self.group().of.home.get().copied() } else { None }
    }
    /// The exit at which the bridge begins that this exit belongs to.
    #[inline(always)]
    pub fn parent(&self) -> Option<&'static Exit> {
        self.group().of.parent
    }
    /// Spill slots below this one may hold references that nobody needs: a bridge clears those that it knows nothing of
    /// before it runs code that would tell.
    pub fn stale(&self) -> u16 {
        self.group().of.stale.load(Relaxed)
    }
    /// The client's: what the trace belongs to.
    #[inline(always)]
    pub fn owner(&self) -> usize {
        self.group().of.owner
    }
    /// From now on the exit leads to this code (an address in the backend's code memory).
    pub fn attach(&self, code: usize) {
        self.target.store(code as u64, Release);
    }
}

/// Offsets and helpers that machine code uses. The helpers have the C calling convention and do not unwind.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// Byte offsets in the thread.
    pub poll: i32,
    pub cursor: i32,
    pub limit: i32,
    /// In every object: the byte whose bits `unlogged` ask for the write barrier.
    pub gc_byte: i32,
    pub unlogged: u8,
    /// In every object: the byte that is the same as the thread's byte `owner` while other threads do not change the object;
    /// in objects that shared traces ([`Trace::shared`](crate::ir::Trace)) make it is the thread's byte `birth`. Others take
    /// objects away only in calls of functions and at exits, not while `alloc` and `box_float` are called.
    pub lock: i32,
    pub owner: i32,
    pub birth: i32,
    /// Boxed floats.
    pub float_desc: u32,
    pub float_at: i32,
    /// `(thread, bits) -> word`
    pub box_float: usize,
    /// `(thread, object, address of the slot)`
    pub barrier: usize,
    /// `(thread, New's immediate) -> object` with its header written
    pub alloc: usize,
}

/// What [`Backend::compile`] gives.
pub struct Compiled {
    pub entry: usize,
    pub exits: ExitList,
    pub bytes: usize,
}

/// Which machine code belongs to which instruction of a trace.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Byte offset from the entry, instruction; offsets grow. `u32::MAX`: to none (the way out of exits).
    pub insts: Vec<(u32, u32)>,
    /// The instruction of each of [`Compiled::exits`].
    pub exits: Vec<u32>,
}

/// A code generator.
pub trait Backend: Sync {
    fn name(&self) -> &'static str;
    /// Compiles; `parent`: the exit that a bridge begins at.
    fn compile(
        &self,
        t: &Trace,
        layout: &Layout,
        parent: Option<&'static Exit>,
        owner: usize,
    ) -> Result<Compiled, &'static str>;
    /// Runs compiled code until it is left ([`RETURNED`]: by the return of its root frame).
    ///
    /// # Safety
    /// `entry` is what `compile` gave; thread, frame and registers are in the state.
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit;
    /// Code that leaves at once, everything being in memory.
    fn bail(&self) -> usize;
    /// Of this thread's last compilation, if [`sight::detailed`](crate::sight::detailed) was on.
    fn marks(&self) -> Marks {
        Marks::default()
    }
    /// What machine the code is for; None: entries are no addresses of machine code.
    fn arch(&self) -> Option<&'static str> {
        None
    }
}
