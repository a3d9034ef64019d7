//! Native layouts of the core objects.
//!
//! Every structure is `#[repr(C)]`, begins with its header, and agrees with its row in [`crate::kinds`]. Traced words
//! are [`Slot`]s; other words are plain. Accessors of a type live in that type's module; the fields here are `pub` to
//! the crate for the interpreter's fast paths.
//!
//! # Invariants
//! - A `Gc<T>` refers to an object with the layout `T`: it comes from an allocation of that kind or from a cast after a test
//!   of the kind (`cast`, `exact`); `cast_unchecked` is for places where the caller has made sure.
//! - A `SlotOf<T>` holds null or such an object, and nothing else is stored there. So does another slot that is read with
//!   `gc`, which is said at the field.

use crate::builtins::dict_table::DictTable;
use crate::builtins::frame::FrameObj;
use crate::builtins::set_table::SetTable;
use crate::shape::Shape;
use crate::slots::Slots;
use crate::value::{Gc, Kind, Layout, Slot, SlotOf, Value};
use adder_bytecode::{CodeData, Ins};
use adder_heap::Header;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};

macro_rules! layouts {
    ($($(#[$m:meta])* $name:ident : $kind:ident $(| $more:ident)* { $($(#[$fm:meta])* $f:ident : $t:ty),* $(,)? })*) => { $(
        $(#[$m])*
        #[repr(C)]
        pub struct $name { pub h: Header, $($(#[$fm])* pub $f: $t),* }
        unsafe impl Layout for $name {
            const KIND: Kind = Kind::$kind;
            #[inline(always)]
            fn holds(k: u8) -> bool {
                k == Kind::$kind as u8 $(|| k == Kind::$more as u8)*
            }
        }
    )* };
}

layouts! {
    /// A double outside the immediate range.
    FloatBox: Float { f: f64 }
    /// An int outside the fixnum range (or of an int subclass): `size` = sign times number of limbs, limbs follow.
    BigInt: Int { size: i64 }
    BoolObj: Bool { n: u64 }
    Complex: Complex { re: f64, im: f64 }
    /// See `builtins::str_` for the data that follows.
    Str: Str { hash: AtomicU64, nbytes: u32, nchars: u32 }
    Bytes: Bytes { hash: AtomicU64, len: usize }
    /// Items follow.
    Tuple: Tuple { len: usize }
    List: List { len: AtomicU64, items: SlotOf<Array> }
    /// Storage of lists and the like: `cap` slots follow, all initialised.
    Array: Array { cap: usize }
    /// Bytes that follow are not traced.
    RawBuf: RawBuf { len: usize }
    Dict: Dict { table: SlotOf<DictTable>, used: AtomicU64, owner: Slot }
    Set: Set | FrozenSet { table: SlotOf<SetTable>, used: AtomicU64, hash: AtomicU64 }
    Range: Range { start: Slot, stop: Slot, step: Slot, len: Slot }
    Slice: Slice { start: Slot, stop: Slot, step: Slot }
    Cell: Cell { v: Slot }
    /// Value of a global variable: dicts in cell mode keep these; inline caches point at them. Never moves.
    DictCell: DictCell { v: Slot, key: Slot }
    Module: Module { dict: SlotOf<Dict>, def: AtomicPtr<()>, state: Slot }
    /// `ext`: `FunctionExt` or null; globals is always a dict in cell mode.
    Function: Function {
        code: SlotOf<Code>, globals: SlotOf<Dict>, builtins: Slot, defaults: SlotOf<Tuple>, kwdefaults: SlotOf<Dict>, closure: SlotOf<Tuple>, name: Slot,
        qualname: Slot, module: Slot, doc: Slot, annotations: Slot, annotate: Slot, type_params: Slot, dict: SlotOf<Dict>,
    }
    Method: Method { func: Slot, this: Slot }
    NativeFunction: NativeFunction { def: &'static crate::native::NativeDef, this: Slot, module: Slot }
    MethodDescriptor: MethodDescriptor { def: &'static crate::native::NativeDef, owner: SlotOf<Type> }
    ClassMethodDescriptor: ClassMethodDescriptor { def: &'static crate::native::NativeDef, owner: SlotOf<Type> }
    WrapperDescriptor: WrapperDescriptor { def: &'static crate::slots::SlotDef, owner: SlotOf<Type>, func: usize }
    MethodWrapper: MethodWrapper { descr: SlotOf<WrapperDescriptor>, this: Slot }
    GetSetDescriptor: GetSetDescriptor { def: &'static crate::native::GetSetDef, owner: SlotOf<Type> }
    /// A `__slots__` entry or a native field: the slot at byte `offset`.
    MemberDescriptor: MemberDescriptor { name: Slot, owner: SlotOf<Type>, doc: Slot, offset: u32, flags: u32 }
    ClassMethod: ClassMethod { func: Slot, dict: Slot }
    StaticMethod: StaticMethod { func: Slot, dict: Slot }
    Property: Property { get: Slot, set: Slot, del: Slot, doc: Slot, name: Slot, getter_doc: AtomicU64 }
    Super: Super { this_type: SlotOf<Type>, obj: Slot, obj_type: SlotOf<Type> }
    /// Attributes that do not fit in the object: `dict` is its `__dict__` once taken; slots follow.
    AttrExt: AttrExt { len: u64, dict: SlotOf<Dict> }
    Traceback: Traceback { next: SlotOf<Traceback>, frame: SlotOf<FrameObj>, lasti: u32, line: u32 }
    /// The payload every exception begins with.
    BaseException: BaseException {
        args: SlotOf<Tuple>, traceback: SlotOf<Traceback>, context: Slot, cause: Slot, suppress: AtomicU64,
        /// Fields of the subclass (`StopIteration.value`, `OSError.errno`...): meaning by type.
        f: [Slot; 9],
    }
    ListIter: ListIter { list: SlotOf<List>, i: AtomicU64 }
    TupleIter: TupleIter { tuple: SlotOf<Tuple>, i: AtomicU64 }
    RangeIter: RangeIter { next: std::cell::Cell<i64>, step: i64, left: std::cell::Cell<i64> }
}

/// A compiled code object. Allocated old: never moves, so frames and caches hold raw pointers to it.
#[repr(C)]
pub struct Code {
    pub h: Header,
    pub ins: *const Ins,
    /// Constants, an [`Array`] that never moves.
    pub consts: SlotOf<Array>,
    pub ics: *mut Ic,
    pub names: SlotOf<Tuple>,
    pub argcount: u32,
    pub kwonly: u32,
    pub nlocals: u32,
    pub nregs: u32,
    pub nfrees: u32,
    pub nics: u32,
    pub flags: u32,
    /// `argcount` if a call with just that many positional arguments needs nothing else, else `u32::MAX`.
    pub simple_args: u32,
    pub name: SlotOf<Str>,
    pub qualname: SlotOf<Str>,
    pub filename: SlotOf<Str>,
    /// Hotness of the entry and of the loops.
    pub counters: *mut u32,
    /// Tuple of the names of registers (locals, then frees).
    pub varnames: SlotOf<Tuple>,
    /// Null until a lazily read code object is needed: see `builtins::code::load`. So are `ins`, `consts`, `names`,
    /// `varnames` and `ics`.
    pub data: *mut CodeData,
    /// What it is loaded from; null otherwise. Owned.
    pub lazy: *mut adder_bytecode::LazyCode,
    /// For a code object that is bound to a namespace: the one it was cloned from, whose `clones` it is in.
    pub canonical: SlotOf<Code>,
    /// List of clones bound to other namespaces.
    pub clones: SlotOf<Array>,
    /// Of a generator's code: the functions that use up its generators, see `interp::drain`.
    pub drains: SlotOf<Array>,
    /// The namespace (`Dict::owner` of a dict in cell mode) that the global caches belong to; 0: not bound yet.
    pub globals_id: AtomicU64,
    /// Which instructions report events; of a canonical code object.
    pub monitor: AtomicPtr<crate::interp::instrument::Monitor>,
    /// How many loop counters there are.
    pub nloops: u32,
    /// Calls until the function is hot.
    pub calls: AtomicU32,
    /// Where calls begin: `ins`, or a note that there is compiled code for the function (`jit::function`).
    pub start: AtomicPtr<Ins>,
    /// See [`crate::jit`].
    pub jit: AtomicPtr<crate::jit::CodeLoops>,
    /// Constants of the machine code of its loops.
    pub jit_refs: Slot,
}
unsafe impl Layout for Code {
    const KIND: Kind = Kind::Code;
}

/// An inline cache. `w0` packs what a slot hit needs into one word, so that racing readers see it whole:
/// `shape:32 | byte offset:16 | tag:16`; `entry` is an immutable [`IcEntry`] that never moves, or null.
#[repr(C)]
pub struct Ic {
    pub w0: AtomicU64,
    pub entry: AtomicPtr<IcEntry>,
    /// Interned name.
    pub name: Slot,
    /// How often the cache was missed while full, since it was last emptied for that (low half), and how often it was
    /// emptied.
    pub misses: AtomicU32,
    /// The shape of the last miss while full, and how many before it were of the same one: `shape:24 | number:8`.
    pub last_miss: AtomicU32,
}

#[repr(C)]
pub struct IcEntry {
    pub h: Header,
    pub shape: u32,
    pub tag: u32,
    pub value: Slot,
    pub aux: Slot,
    pub next: Slot,
}
unsafe impl Layout for IcEntry {
    const KIND: Kind = Kind::IcEntry;
}

/// A class. Allocated old: never moves.
#[repr(C)]
pub struct Type {
    pub h: Header,
    pub name: SlotOf<Str>,
    pub qualname: SlotOf<Str>,
    /// Direct base that determines the native layout.
    pub base: SlotOf<Type>,
    pub bases: SlotOf<Tuple>,
    pub mro: SlotOf<Tuple>,
    pub dict: SlotOf<Dict>,
    /// Weak references to direct subclasses: a list of raw addresses in `data`.
    pub flags: AtomicU64,
    /// Changes with every mutation of the type or a base; 0: not cacheable yet.
    pub version: AtomicU32,
    /// Root shape of new instances.
    pub root_shape: AtomicU32,
    pub slots: Slots,
    pub native: &'static crate::native::NativeType,
    /// Kind byte of instances (with [`crate::value::SUBCLASS`] where they have more than the native layout).
    pub inst_kind: u8,
    pub has_ext: bool,
    /// Bytes of native layout and `__slots__`; `ext_at` is where the attribute word is if `has_ext`.
    pub fixed_size: u32,
    pub ext_at: u32,
    /// `name -> value` of recent lookups along the MRO: an array of pairs, see `types::lookup`.
    pub cache: SlotOf<Array>,
    /// The Python `__init__` of a class whose instances can be made without a native call: set by the slow path of calls,
    /// dropped with `cache`.
    pub fast_init: Slot,
    /// The same for a Python `__getitem__`.
    pub fast_getitem: Slot,
    /// Type object's own attribute storage for metaclass instances with extra attributes is its dict.
    pub data: *mut TypeData,
    pub doc: Slot,
    pub module: Slot,
    /// Values that the type keeps for its implementors (abstract-method cache, weakref list...).
    pub aux: Slot,
}
unsafe impl Layout for Type {
    const KIND: Kind = Kind::Type;
}

/// What a type keeps in Rust memory.
#[derive(Default)]
pub struct TypeData {
    /// Addresses of direct subclasses; types never move and unlink themselves when they die.
    pub subclasses: Vec<usize>,
    /// Addresses of the types in whose MRO this one stands though it is no base: a metaclass's `mro()` said so.
    pub followers: Vec<usize>,
    /// Addresses of the types that have this type among their `subclasses` or `followers`, or had.
    pub linked: Vec<usize>,
    /// Inline caches that rely on lookups in this type.
    pub dependents: crate::address::AddressList,
    /// Shapes without attributes that instances begin with, or began with.
    pub roots: std::sync::Mutex<Vec<u32>>,
}

/// `Traceback::line` when it is yet to be looked up.
pub const LINE_UNKNOWN: u32 = u32::MAX;

impl Traceback {
    /// The line in the source; 0: none. Most exceptions are caught and nobody asks, so it is looked up late.
    pub fn lineno(&self) -> u32 {
        if self.line != LINE_UNKNOWN {
            return self.line;
        }
        let f: Gc<crate::builtins::frame::FrameObj> = self.frame.gc();
        f.code.gc().line_at(self.lasti as usize)
    }
}

impl<T> Gc<T> {
    pub fn shape(self) -> &'static Shape {
        crate::shape::shape(self.header().desc.load(std::sync::atomic::Ordering::Relaxed))
    }
}

impl Tuple {
    #[inline(always)]
    pub fn items(&self) -> &[Value] {
        unsafe { std::slice::from_raw_parts((self as *const Tuple).add(1) as *const Value, self.len) }
    }
}

impl Array {
    #[inline(always)]
    #[track_caller]
    pub fn slot(&self, i: usize) -> &Slot {
        &self.slots()[i]
    }
    /// # Safety
    /// There are more slots than `i`.
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, i: usize) -> &Slot {
        unsafe { self.slots().get_unchecked(i) }
    }
    #[inline(always)]
    pub fn slots(&self) -> &[Slot] {
        unsafe { std::slice::from_raw_parts((self as *const Array).add(1) as *const Slot, self.cap) }
    }
}
