//! Trace IR: one straight line of instructions in single-assignment form, with snapshots to leave it at its guards.
//!
//! # Invariants
//! - An operand refers to an earlier instruction or to a constant; a `Phi`'s second operand is in [`End::Loop`].
//! - Conditions (type `Bool`) are consumed by guards only: a backend fuses them.
//! - Guards and checked operations name the snapshot of a state in which the interpreter may re-execute: nothing that
//!   came after that state has had an effect.

use crate::machine::Effects;
use crate::story::Story;

/// An operand: an instruction's result or a constant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct R(pub u32);

impl R {
    /// No operand.
    pub const NONE: R = R(u32::MAX);
    const CONST: u32 = 1 << 31;
    #[inline]
    pub fn konst(i: usize) -> R {
        R(i as u32 | R::CONST)
    }
    #[inline]
    pub fn ins(i: usize) -> R {
        R(i as u32)
    }
    #[inline]
    pub fn is_none(self) -> bool {
        self == R::NONE
    }
    #[inline]
    pub fn as_const(self) -> Option<usize> {
        if self.0 & R::CONST != 0 && !self.is_none() { Some((self.0 & !R::CONST) as usize) } else { None }
    }
    #[inline]
    pub fn as_ins(self) -> Option<usize> {
        if self.0 & R::CONST == 0 { Some(self.0 as usize) } else { None }
    }
}

impl std::fmt::Debug for R {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_none() {
            write!(f, "_")
        } else if let Some(c) = self.as_const() {
            write!(f, "k{c}")
        } else {
            write!(f, "%{}", self.0)
        }
    }
}

/// What an instruction gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ty {
    /// Nothing.
    Void,
    /// A tagged word: immediate or pointer.
    Ref,
    /// A raw 64-bit integer.
    Int,
    /// A raw double.
    Flt,
    /// A condition.
    Bool,
}

/// How the passes may treat an op.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Depends on its operands only: may be folded, shared and dropped.
    Pure,
    /// Pure, but leaves the trace where it has no result.
    Checked,
    Guard,
    /// Reads memory: may be dropped.
    Load,
    /// Allocates: may be dropped if nobody sees the object.
    Alloc,
    Effect,
    /// Phis and markers.
    Control,
}

/// Calls `$mac! { Op "text" result operands class "doc"; ... }` with every op.
#[macro_export]
macro_rules! for_each_ir_op {
    ($mac:ident) => { $mac! {
        // -- where values come from
        Entry    "entry"     Ref  0 Load    "interpreter register `imm` of the root frame as the trace is entered";
        LoadReg  "load_reg"  Ref  0 Load    "interpreter register `imm` of the root frame, as it is in memory now";
        In       "in"        Any  0 Control "input `imm` of a bridge: a value that was live at the exit";
        Phi      "phi"       Any  1 Control "loop variable: first `a`, then what the loop's end gives";
        Loop     "loop"      Void 0 Control "the loop's header; phis follow";
        Base     "base"      Int  0 Pure    "address: imm 0 the thread, 1 the root frame, 2 its registers";
        // -- conditions
        IsFix    "is_fix"    Bool 1 Pure    "a small integer";
        IsFlo    "is_flo"    Bool 1 Pure    "a float, immediate or boxed";
        IsPtr    "is_ptr"    Bool 1 Pure    "a pointer";
        ShapeIs  "shape_is"  Bool 1 Load    "pointer `a` has descriptor `imm`";
        Owned    "owned"     Bool 1 Load    "object `a` belongs to this thread ([`Layout::lock`](crate::backend::Layout))";
        Eq       "eq"        Bool 2 Pure    "same word";
        Lt       "lt"        Bool 2 Pure    "signed, words or integers";
        Le       "le"        Bool 2 Pure    "signed";
        Ult      "ult"       Bool 2 Pure    "unsigned; as recorded, imm 1 promises that `b` is a size ([`SIZE_MAX`])";
        FEq      "feq"       Bool 2 Pure    "doubles";
        FLt      "flt"       Bool 2 Pure    "doubles";
        FLe      "fle"       Bool 2 Pure    "doubles";
        AddOvf   "add_ovf"   Bool 2 Pure    "the sum of two tagged integers does not fit";
        SubOvf   "sub_ovf"   Bool 2 Pure    "";
        MulOvf   "mul_ovf"   Bool 2 Pure    "";
        // -- guards
        GuardT   "guard_true"  Void 1 Guard "leaves if the condition is false";
        GuardF   "guard_false" Void 1 Guard "leaves if the condition is true";
        IsA      "is_a"        Void 1 Pure  "client's promise: `a` is an object of fixed descriptor imm";
        Calm     "guard_calm"  Void 0 Guard "safepoint: leaves if somebody wants this thread's attention";
        // -- tagged integers
        FixAdd   "fix_add"   Ref  2 Checked "";
        FixSub   "fix_sub"   Ref  2 Checked "";
        FixMul   "fix_mul"   Ref  2 Checked "";
        FixShl   "fix_shl"   Ref  2 Checked "b: raw count in 0..62";
        FixAddW  "fix_add_w" Ref  2 Pure    "known not to overflow";
        FixSubW  "fix_sub_w" Ref  2 Pure    "known not to overflow";
        FixAnd   "fix_and"   Ref  2 Pure    "";
        FixOr    "fix_or"    Ref  2 Pure    "";
        FixXor   "fix_xor"   Ref  2 Pure    "";
        FixShr   "fix_shr"   Ref  2 Pure    "b: raw count >= 0";
        FixDiv   "fix_div"   Ref  2 Pure    "floor; divisor neither 0 nor -1";
        FixMod   "fix_mod"   Ref  2 Pure    "sign of the divisor, which is neither 0 nor -1";
        // -- raw integers
        Add      "add"       Int  2 Pure    "wrapping";
        Sub      "sub"       Int  2 Pure    "wrapping";
        Untag    "untag"     Int  1 Pure    "";
        Tag      "tag"       Ref  1 Pure    "the integer fits";
        Bits     "bits"      Int  1 Pure    "the word as an integer";
        Word     "word"      Ref  1 Pure    "the integer as a word";
        // -- doubles
        FAdd     "fadd"      Flt  2 Pure    "";
        FSub     "fsub"      Flt  2 Pure    "";
        FMul     "fmul"      Flt  2 Pure    "";
        FDiv     "fdiv"      Flt  2 Pure    "";
        FNeg     "fneg"      Flt  1 Pure    "";
        FAbs     "fabs"      Flt  1 Pure    "";
        FSqrt    "fsqrt"     Flt  1 Pure    "";
        FixToFlt "fix_to_flt" Flt 1 Pure    "";
        IntToFlt "int_to_flt" Flt 1 Pure    "";
        Unbox    "unbox"     Flt  1 Checked "leaves if `a` is no float";
        Box      "box"       Ref  1 Pure    "immediate or new object";
        // -- memory
        Get      "get"       Ref  1 Load    "word of object `a` at byte `imm`";
        GetInt   "get_int"   Int  1 Load    "";
        Elem     "elem"      Ref  2 Load    "word `b` of object `a`, counted from byte `imm`";
        Item     "item"      Int  2 Load    "number `b` of those that lie in object `a`; imm: see [`Packed`]";
        FltItem  "flt_item"  Flt  2 Load    "double `b`";
        New      "new"       Ref  0 Alloc   "new object: imm = kind << 56 | size << 32 | descriptor; all slots must be set";
        Set      "set"       Void 2 Effect  "with write barrier";
        SetInt   "set_int"   Void 2 Effect  "";
        SetNew   "set_new"   Void 2 Effect  "into an object just made: no barrier";
        SetShape "set_shape" Void 1 Effect  "descriptor of `a` = imm";
        SetElem  "set_elem"  Void 3 Effect  "word `b` of `a` = c, with write barrier";
        SetItem  "set_item"  Void 3 Effect  "number `b` of `a` = c, which fits";
        SetFltItem "set_flt_item" Void 3 Effect "double `b` of `a` = c";
        // -- the interpreter's state
        StoreReg "store_reg" Void 1 Effect  "interpreter register `imm` of the root frame";
        Sync     "sync"      Void 0 Effect  "registers as the snapshot says are in memory from here on; those from imm on are unknown afterwards";
        RawSet   "raw_set"   Void 2 Effect  "word at address `a` + imm = b";
        RawGet   "raw_get"   Int  1 Load    "";
        Rebase   "rebase"    Void 1 Effect  "the root frame is another one from here on: imm bytes further, its registers at `a`";
        // -- calls: arguments are in Trace::args at `a.0`, `b.0` of them; imm: index into Trace::calls
        CallInt  "call_int"  Int  0 Effect  "";
        CallRef  "call_ref"  Ref  0 Effect  "";
        CallFlt  "call_flt"  Flt  0 Effect  "";
        CallVoid "call"      Void 0 Effect  "";
        // -- ends
        Return   "return"    Void 1 Effect "the trace's end, nothing of the state being needed any more but this result of the root frame";
        // -- other
        Nop      "nop"       Void 0 Pure    "";
    } };
}

#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    pub text: &'static str,
    /// None: as the instruction says.
    pub ty: Option<Ty>,
    pub operands: u8,
    pub class: Class,
}

macro_rules! ty_of {
    (Any) => {
        None
    };
    ($t:ident) => {
        Some(Ty::$t)
    };
}

macro_rules! define {
    ($($name:ident $text:literal $ty:ident $n:literal $class:ident $doc:literal;)*) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Op { $(#[doc = concat!("`", $text, "`: ", $doc)] $name),* }
        impl Op {
            pub const ALL: &'static [Op] = &[$(Op::$name),*];
            const INFO: &'static [OpInfo] = &[$(OpInfo { text: $text, ty: ty_of!($ty), operands: $n, class: Class::$class }),*];
            #[inline]
            pub fn info(self) -> &'static OpInfo { &Self::INFO[self as usize] }
        }
    };
}
for_each_ir_op!(define);

impl Op {
    /// Arguments are in [`Trace::args`].
    pub fn is_call(self) -> bool {
        matches!(self, Op::CallInt | Op::CallRef | Op::CallFlt | Op::CallVoid)
    }
    /// `a` and `b` may be exchanged.
    pub fn commutes(self) -> bool {
        matches!(
            self,
            Op::Eq
                | Op::FEq
                | Op::AddOvf
                | Op::MulOvf
                | Op::FixAdd
                | Op::FixMul
                | Op::FixAddW
                | Op::FixAnd
                | Op::FixOr
                | Op::FixXor
                | Op::Add
                | Op::FAdd
                | Op::FMul
        )
    }
}

/// Nothing in memory has more items or bytes; less than any small integer's limit by far, so sums of indices need no test.
pub const SIZE_MAX: i64 = 1 << 57;

/// In the immediate of `New`: the helper makes the object (`Layout::alloc`), which has more to do than to find memory. No
/// nursery has room for objects of so many bytes, so machine code asks it by itself.
pub const NEW_BY_HELPER: i64 = 1 << 55;
/// Size of the object that a `New` with this immediate makes.
pub fn new_size(what: i64) -> usize {
    (what >> 32) as usize & 0x7f_ffff
}

/// How numbers lie in an object, one after the other: in the immediate of `Item` and its like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packed {
    /// Byte of the first.
    pub from: u32,
    /// Bytes of one: 1, 2, 4 or 8.
    pub width: u8,
    pub signed: bool,
}
impl Packed {
    /// From an immediate.
    pub fn of(imm: i64) -> Packed {
        Packed { from: imm as u32, width: (imm >> 32) as u8, signed: imm >> 40 & 1 != 0 }
    }
    /// As an immediate.
    pub fn imm(self) -> i64 {
        self.from as i64 | (self.width as i64) << 32 | (self.signed as i64) << 40
    }
    /// Least and greatest integer.
    pub fn range(self) -> (i64, i64) {
        match (8 * self.width as u32, self.signed) {
            (64.., _) => (i64::MIN, i64::MAX),
            (b, true) => (-1 << (b - 1), (1 << (b - 1)) - 1),
            (b, false) => (0, (1 << b) - 1),
        }
    }
}

/// No snapshot.
pub const NO_SNAP: u32 = u32::MAX;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Inst {
    pub op: Op,
    pub ty: Ty,
    pub a: R,
    pub b: R,
    pub c: R,
    pub imm: i64,
    pub snap: u32,
    pub at: At,
}

/// Where an instruction comes from: place `n - 1` of [`Trace::places`]; 0: unknown. Not part of what the instruction is.
#[derive(Clone, Copy, Default, Debug)]
pub struct At(pub u32);

impl PartialEq for At {
    fn eq(&self, _: &At) -> bool {
        true
    }
}

/// An instruction of the interpreter as it was recorded; the numbers are the client's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    pub code: u64,
    pub pc: u64,
    /// Frames above the root.
    pub depth: u32,
}

impl Inst {
    /// The op with its result's type and nothing else.
    pub fn new(op: Op) -> Inst {
        Inst {
            op,
            ty: op.info().ty.unwrap_or(Ty::Void),
            a: R::NONE,
            b: R::NONE,
            c: R::NONE,
            imm: 0,
            snap: NO_SNAP,
            at: At(0),
        }
    }
    /// Operands but for a call's arguments.
    pub fn operands(&self) -> impl Iterator<Item = R> {
        let n = self.op.info().operands as usize;
        [self.a, self.b, self.c].into_iter().take(n)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Const {
    pub ty: Ty,
    pub bits: u64,
}

/// A native function with the C calling convention.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Callee {
    pub name: &'static str,
    pub addr: usize,
    pub effects: Effects,
}

/// A value of a snapshot.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Val {
    /// Constant word.
    Const(u64),
    /// Constant raw integer, in a field of a virtual object.
    Raw(u64),
    Word(R),
    /// To be tagged.
    Int(R),
    /// To be boxed.
    Flt(R),
    /// Object `n` of [`Snap::virts`], to be made.
    Virt(u32),
}

/// A frame of the interpreter at an exit; the numbers are the client's.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct FrameSnap<V = Val> {
    pub pc: u64,
    pub code: u64,
    /// Its first register, counted from the root frame's.
    pub base: u32,
    pub flags: u64,
    /// The frame record is in memory already; only its pc is to be set.
    pub real: bool,
    pub func: V,
    pub extra: Option<V>,
}

/// An object that exists only in the trace.
#[derive(Clone, PartialEq, Debug)]
pub struct VirtSnap {
    /// As `imm` of `New`.
    pub what: i64,
    pub fields: Vec<(u32, Val)>,
}

/// The interpreter's state at an exit: what is not in memory.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Snap {
    /// The root frame first.
    pub frames: Vec<FrameSnap>,
    pub slots: Vec<(u32, Val)>,
    pub virts: Vec<VirtSnap>,
    /// All is in memory already, `slots` are empty; `frames`, if there are any, tell the client what was running.
    pub in_memory: bool,
}

impl Snap {
    /// Calls `f` with every operand.
    pub fn each(&self, mut f: impl FnMut(R, Ty)) {
        let mut v = |v: &Val| match *v {
            Val::Word(r) => f(r, Ty::Ref),
            Val::Int(r) => f(r, Ty::Int),
            Val::Flt(r) => f(r, Ty::Flt),
            _ => {}
        };
        for s in &self.slots {
            v(&s.1);
        }
        for fr in &self.frames {
            v(&fr.func);
            if let Some(e) = &fr.extra {
                v(e);
            }
        }
        for o in &self.virts {
            o.fields.iter().for_each(|x| v(&x.1));
        }
    }
}

/// An operand of a [`Hint`]: of an exit, values are leaves.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HintVal {
    Value(R),
    /// To be tagged, to be boxed.
    Tagged(R),
    Boxed(R),
    Const(Const),
}

/// Something that is known where a trace is left, for the optimiser of bridges.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Hint {
    /// Of a word or a raw integer.
    Fact(R, crate::opt::Fact),
    /// An object's descriptor.
    Shape(HintVal, u32),
    /// Content of a word of an object.
    Field(HintVal, i32, HintVal),
    /// Outcome of a condition: operation, operands, immediate.
    Cond(Op, HintVal, HintVal, bool),
}

impl Hint {
    /// The same with other operands. None: one of them is not to be had.
    pub fn with(&self, f: &mut dyn FnMut(R, Ty) -> Option<R>, ty: impl Fn(R) -> Ty) -> Option<Hint> {
        let mut v = |v: HintVal| {
            Some(match v {
                HintVal::Value(r) if r.is_none() => v,
                HintVal::Value(r) => HintVal::Value(f(r, ty(r))?),
                HintVal::Tagged(r) => HintVal::Tagged(f(r, Ty::Int)?),
                HintVal::Boxed(r) => HintVal::Boxed(f(r, Ty::Flt)?),
                HintVal::Const(_) => v,
            })
        };
        Some(match *self {
            Hint::Fact(r, x) => match v(HintVal::Value(r))? {
                HintVal::Value(r) => Hint::Fact(r, x),
                _ => return None,
            },
            Hint::Shape(a, d) => Hint::Shape(v(a)?, d),
            Hint::Field(a, at, b) => Hint::Field(v(a)?, at, v(b)?),
            Hint::Cond(op, a, b, yes) => Hint::Cond(op, v(a)?, v(b)?, yes),
        })
    }
}

/// What follows the last instruction.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum End {
    /// Of a compiled trace: the last instruction is a `Return`.
    #[default]
    Open,
    /// Back to `Loop`, with the phis' new values in order.
    Loop(Vec<R>),
    /// Goes on in another trace, whose entry the client's cell at this address holds; everything is in memory. The
    /// root frame moves up by so many bytes of frame records and of registers.
    Link { cell: u64, frames: u32, regs: u32 },
    /// To the header of the loop that the bridge grew from ([`crate::backend::Target`] at this address): what it needs
    /// in the order of its places. A recorded trace has none yet.
    Jump { target: usize, args: Vec<R> },
}

/// Part of a [`Header`]: a value from before the loop, by its place in [`Trace::carry`], or a constant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Known {
    Carried(u32),
    Const(Const),
}

/// Where a loop variable's value comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Source {
    /// Register of the root frame.
    Slot(u32),
    /// Word of an object.
    Field(Known, i64),
}

/// A loop variable: its type, and what its value must be known to be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Var {
    pub from: Source,
    pub phi: R,
    pub ty: Ty,
    pub kind: crate::opt::Kind,
    pub desc: Option<u32>,
}

/// What the body of a peeled loop relies on at its header: a jump there has to see to it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Header {
    /// In the order of the phis.
    pub vars: Vec<Var>,
    /// Registers that have this value.
    pub same: Vec<(u32, Known)>,
    /// Words of objects: object, byte, type, content.
    pub fields: Vec<(Known, i64, Ty, Known)>,
    pub descs: Vec<(Known, u32)>,
    /// From this instruction on all that the loop relies on is known but for what is named here, and the carried values
    /// are there: exits of the way in that come later offer to go to the header as those of the loop do.
    pub from: u32,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trace {
    pub insts: Vec<Inst>,
    pub consts: Vec<Const>,
    pub args: Vec<R>,
    pub calls: Vec<Callee>,
    pub snaps: Vec<Snap>,
    /// Types of the `In`s.
    pub inputs: Vec<Ty>,
    /// Registers of the root frame that are live and may have been changed at the end of a recorded loop.
    pub end_slots: Vec<(u32, R)>,
    pub end: End,
    /// What was recorded, in order; empty if nobody wants to know.
    pub places: Vec<Origin>,
    /// What instructions that are made now come from.
    pub here: At,
    /// What exits pass on to bridges, which may jump to the loop's header: of a loop values from before it, of a bridge
    /// what it got.
    pub carry: Option<Vec<R>>,
    /// Of a loop that may be jumped to.
    pub header: Option<std::boxed::Box<Header>>,
    /// Other threads may write to objects: what memory holds is read anew in each round of a loop, and new objects are
    /// marked as this thread's.
    pub shared: bool,
    /// Of a recorded bridge: what is known where it begins.
    pub hints: Vec<Hint>,
    /// Of an optimised trace: what it gets to know on its way.
    pub story: Story,
}

impl Trace {
    pub fn new() -> Trace {
        Trace::default()
    }
    /// The constant as an operand; equal ones are one.
    pub fn konst(&mut self, ty: Ty, bits: u64) -> R {
        let c = Const { ty, bits };
        // Few constants: a search from the end finds most at once.
        match self.consts.iter().rposition(|x| *x == c) {
            Some(i) => R::konst(i),
            None => {
                self.consts.push(c);
                R::konst(self.consts.len() - 1)
            }
        }
    }
    /// None: it is no constant.
    pub fn const_of(&self, r: R) -> Option<Const> {
        r.as_const().map(|i| self.consts[i])
    }
    /// The instruction that gives it; None: it is a constant or no operand.
    pub fn inst(&self, r: R) -> Option<&Inst> {
        r.as_ins().map(|i| &self.insts[i])
    }
    /// Type of an operand.
    pub fn ty(&self, r: R) -> Ty {
        match r.as_const() {
            Some(i) => self.consts[i].ty,
            None => self.insts[r.0 as usize].ty,
        }
    }
    /// Appends the instruction; its result.
    pub fn push(&mut self, mut i: Inst) -> R {
        if i.at.0 == 0 {
            i.at = self.here;
        }
        self.insts.push(i);
        R::ins(self.insts.len() - 1)
    }
    /// Empty: it is no call, or has none.
    pub fn call_args(&self, i: &Inst) -> &[R] {
        if i.op.is_call() { &self.args[i.a.0 as usize..(i.a.0 + i.b.0) as usize] } else { &[] }
    }
    /// The end is a `Return`.
    pub fn returns(&self) -> bool {
        self.insts.iter().rev().find(|i| i.op != Op::Nop).is_some_and(|i| i.op == Op::Return)
    }
    /// Whether the guard or checked operation `at` leaves because a value is not of the expected kind.
    pub fn asks_kind(&self, at: u32) -> bool {
        let Some(x) = self.insts.get(at as usize) else { return false };
        match x.op {
            Op::Unbox => true,
            Op::GuardT | Op::GuardF => self
                .inst(x.a)
                .is_some_and(|c| matches!(c.op, Op::IsFix | Op::IsFlo | Op::IsPtr | Op::ShapeIs)),
            _ => false,
        }
    }
    /// Index of the `Loop` marker.
    pub fn loop_at(&self) -> Option<usize> {
        self.insts.iter().position(|i| i.op == Op::Loop)
    }
}
