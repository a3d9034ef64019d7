//! [`Value`], [`Gc`], the object header's kinds and flags, static singletons.
//!
//! # Invariants
//! - A `Value` lives on the native stack, in heap objects, in registers or in registered roots, nowhere else.
//! - `Kind` of an object never changes; its low seven bits name the native layout, bit 7 says that the instance has
//!   more words after that layout (attributes of a Python subclass).
//! - The root shape of builtin type `K` has the id `K as u32`, so "exactly a list" is one compare with a constant.

use adder_heap::{Header, Obj};
use adder_metatrace::word;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Any Python object: 63-bit int, immediate float or pointer. Never null (`Option<Value>` is one word).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct Value(pub(crate) NonZeroU64);

macro_rules! kinds {
    ($($name:ident)*) => {
        /// Native layouts of objects. The discriminant is also the id of the builtin type's root shape.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
        #[repr(u8)]
        pub enum Kind { $($name),* }
        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name),*];
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
        }
    };
}

// `Int` and `Float` come first: immediates answer for them. Below `Object` come internal things that Python never sees.
kinds! {
    Free
    Int Float Bool Complex Str Bytes ByteArray MemoryView Tuple List Dict DictKeys DictValues DictItems
    MappingProxy Set FrozenSet Range Slice NoneType EllipsisType NotImplementedType
    Type Object Module Function NativeFunction WrapperDescriptor MethodWrapper MethodDescriptor ClassMethodDescriptor
    GetSetDescriptor MemberDescriptor Method ClassMethod StaticMethod Property Super Cell Code Frame Traceback
    Generator Coroutine AsyncGenerator CoroutineWrapper AsyncGenSend AsyncGenThrow AsyncGenWrapped AnextAwaitable
    BaseException SimpleNamespace GenericAlias Union TypeVar ParamSpec ParamSpecArgs ParamSpecKwargs TypeVarTuple
    TypeAlias Template TemplateIter Interpolation WeakRef WeakProxy
    ListIter ListRevIter TupleIter RangeIter LongRangeIter StrIter StrAsciiIter BytesIter ByteArrayIter DictIter DictValueIter DictItemIter DictRevIter DictRevValueIter DictRevItemIter
    SetIter SeqIter CallIter Enumerate Reversed Zip Map Filter
    Native
    // internal
    Array WordArray RawBuf DictTable SetTable StrBuf AttrExt DictCell LookupTable IcEntry CodeUnits GenRegs
}

/// Bit of `Header::kind`: words of attributes follow the native layout.
pub const SUBCLASS: u8 = 0x80;

/// `Header::flags`.
pub mod flags {
    /// Somebody has or had a weak reference to it: see the side table.
    pub const HAS_WEAK: u8 = 1;
    /// Its `id` or address hash was taken.
    pub const HAS_ID: u8 = 2;
    /// The finalizer has run, or has nothing to do: the collector does not ask for it.
    pub const FINALIZED: u8 = adder_heap::FINALIZED;
    /// A variable-sized object with an attribute word at its end.
    pub const TAIL_EXT: u8 = 8;
    /// repr() of it is in progress is not kept here but in the thread; the bits below belong to the kinds.
    pub const K0: u8 = 1 << 4;
    pub const K1: u8 = 1 << 5;
    pub const K2: u8 = 1 << 6;
    pub const K3: u8 = 1 << 7;
}

/// As [`std::ptr::copy_nonoverlapping`], for values that have just been written one by one, as arguments and items of
/// displays are: a wide load from several narrower stores that are still on their way to the cache waits for all of
/// them (no store forwarding), which takes longer than to copy a few words.
///
/// # Safety
/// That of `copy_nonoverlapping`.
#[inline(always)]
pub unsafe fn copy_values(src: *const Value, dst: *mut Value, n: usize) {
    /// A wide load waits about as long as so many words take.
    const FEW: usize = 12;
    unsafe {
        if n > FEW {
            return std::ptr::copy_nonoverlapping(src, dst, n);
        }
        for i in 0..n {
            // Volatile, or it becomes a wide copy again.
            dst.add(i).write(src.add(i).read_volatile());
        }
    }
}

impl Value {
    #[inline(always)]
    pub const unsafe fn from_bits(w: u64) -> Value {
        unsafe { Value(NonZeroU64::new_unchecked(w)) }
    }
    /// Null gives None.
    #[inline(always)]
    pub const fn from_word(w: u64) -> Option<Value> {
        match NonZeroU64::new(w) {
            Some(n) => Some(Value(n)),
            None => None,
        }
    }
    #[inline(always)]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }
    /// An int in fixnum range.
    #[inline(always)]
    pub const fn fix(n: i64) -> Value {
        debug_assert!(word::fits_fix(n));
        unsafe { Value::from_bits(word::fix(n)) }
    }
    #[inline(always)]
    pub const fn is_fix(self) -> bool {
        word::is_fix(self.bits())
    }
    #[inline(always)]
    pub const fn as_fix(self) -> Option<i64> {
        if self.is_fix() { Some(word::unfix(self.bits())) } else { None }
    }
    #[inline(always)]
    pub const fn is_flo(self) -> bool {
        word::is_flo(self.bits())
    }
    #[inline(always)]
    pub const fn is_obj(self) -> bool {
        word::is_ptr(self.bits())
    }
    #[inline(always)]
    pub fn header(self) -> Option<&'static Header> {
        if self.is_obj() { Some(unsafe { &*(self.bits() as *const Header) }) } else { None }
    }
    /// Only for pointers.
    #[inline(always)]
    pub unsafe fn header_unchecked(self) -> &'static Header {
        unsafe { &*(self.bits() as *const Header) }
    }
    #[inline(always)]
    pub fn obj(self) -> Option<Obj> {
        if self.is_obj() { NonNull::new(self.bits() as *mut Header) } else { None }
    }
    #[inline(always)]
    pub fn from_obj(o: Obj) -> Value {
        unsafe { Value::from_bits(o.as_ptr() as u64) }
    }
    /// Layout family; `Int`/`Float` for immediates.
    #[inline(always)]
    pub fn kind(self) -> Kind {
        if self.is_fix() {
            Kind::Int
        } else if self.is_flo() {
            Kind::Float
        } else {
            // SAFETY: an object's kind byte is a `Kind`, but for the bit of subclasses.
            unsafe { std::mem::transmute::<u8, Kind>(self.header_unchecked().kind & !SUBCLASS) }
        }
    }
    #[inline(always)]
    pub fn is_kind(self, k: Kind) -> bool {
        self.is_obj() && unsafe { self.header_unchecked().kind & !SUBCLASS == k as u8 }
    }
    /// Exactly the builtin type of this kind, not a subclass.
    #[inline(always)]
    pub fn is_exact(self, k: Kind) -> bool {
        self.is_obj() && unsafe { self.header_unchecked().desc.load(Relaxed) == k as u32 }
    }
    /// Shape id; the int/float root shapes for immediates.
    #[inline(always)]
    pub fn shape_id(self) -> u32 {
        if self.is_fix() {
            Kind::Int as u32
        } else if self.is_flo() {
            Kind::Float as u32
        } else {
            unsafe { self.header_unchecked().desc.load(Relaxed) }
        }
    }
    /// A typed pointer if the object has that native layout (subclasses included).
    #[inline(always)]
    pub fn cast<T: Layout>(self) -> Option<Gc<T>> {
        if self.is_kind(T::KIND) { Some(unsafe { self.cast_unchecked() }) } else { None }
    }
    /// A typed pointer if the object is exactly of the builtin type.
    #[inline(always)]
    pub fn exact<T: Layout>(self) -> Option<Gc<T>> {
        if self.is_exact(T::KIND) { Some(unsafe { self.cast_unchecked() }) } else { None }
    }
    /// A typed pointer to an object whose layout is known: the receiver of a method, what was just made. Panics if it has
    /// another one, which the program sees as a `SystemError`.
    #[inline(always)]
    #[track_caller]
    pub fn known<T: Layout>(self) -> Gc<T> {
        self.cast().expect("an object of the known layout")
    }
    /// The object must have this layout.
    #[inline(always)]
    pub unsafe fn cast_unchecked<T>(self) -> Gc<T> {
        unsafe { Gc(NonNull::new_unchecked(self.bits() as *mut T), PhantomData) }
    }
    #[inline(always)]
    pub fn is(self, other: Value) -> bool {
        self.0 == other.0
    }
    #[inline(always)]
    pub fn is_none(self) -> bool {
        self.is(NONE())
    }
    #[inline(always)]
    pub fn bool(b: bool) -> Value {
        if b { TRUE() } else { FALSE() }
    }
    #[inline(always)]
    pub fn opt_or_none(v: Option<Value>) -> Value {
        v.unwrap_or(NONE())
    }
    /// None gives Python's None as Rust's `None`.
    #[inline(always)]
    pub fn some(self) -> Option<Value> {
        if self.is_none() { None } else { Some(self) }
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(n) = self.as_fix() {
            write!(f, "{n}")
        } else if self.is_flo() {
            write!(f, "{:?}", word::flo_decode(self.bits()))
        } else {
            write!(f, "<{:?} {:#x}>", self.kind(), self.bits())
        }
    }
}

/// A Rust structure that is the native layout of a kind; `#[repr(C)]`, starts with a `Header`.
///
/// # Safety
/// The implementor's layout must agree with the entry of `KIND` in the table of kinds.
pub unsafe trait Layout: Sized {
    const KIND: Kind;
    /// Whether objects of the kind with this number have the layout: a few kinds share one.
    #[inline(always)]
    fn holds(k: u8) -> bool {
        k == Self::KIND as u8
    }
    /// The header of a new object of the builtin type.
    #[inline(always)]
    fn head() -> Header {
        Header {
            desc: AtomicU32::new(Self::KIND as u32),
            gc: AtomicU8::new(0),
            kind: Self::KIND as u8,
            flags: AtomicU8::new(0),
            lock: AtomicU8::new(0),
        }
    }
}

/// Pointer to a heap object of native layout `T`.
#[repr(transparent)]
pub struct Gc<T>(pub(crate) NonNull<T>, PhantomData<*const T>);

impl<T> Clone for Gc<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Gc<T> {}
impl<T> PartialEq for Gc<T> {
    #[inline(always)]
    fn eq(&self, o: &Self) -> bool {
        self.0 == o.0
    }
}
impl<T> Eq for Gc<T> {}
impl<T> Deref for Gc<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        unsafe { self.0.as_ref() }
    }
}
impl<T> From<Gc<T>> for Value {
    #[inline(always)]
    fn from(g: Gc<T>) -> Value {
        unsafe { Value::from_bits(g.0.as_ptr() as u64) }
    }
}
impl<T> Gc<T> {
    #[inline(always)]
    pub fn value(self) -> Value {
        self.into()
    }
    #[inline(always)]
    pub fn obj(self) -> Obj {
        self.0.cast()
    }
    #[inline(always)]
    pub fn header(self) -> &'static Header {
        unsafe { &*(self.0.as_ptr() as *const Header) }
    }
    #[inline(always)]
    pub fn as_ptr(self) -> *mut T {
        self.0.as_ptr()
    }
    /// Where what follows the structure begins, in objects of variable size.
    #[inline(always)]
    pub fn after<U>(self) -> *mut U {
        self.0.as_ptr().wrapping_add(1).cast()
    }
    #[inline(always)]
    pub unsafe fn from_obj(o: Obj) -> Gc<T> {
        Gc(o.cast(), PhantomData)
    }
    #[inline(always)]
    pub fn flag(self, f: u8) -> bool {
        self.header().flags.load(Relaxed) & f != 0
    }
    pub fn set_flag(self, f: u8) {
        self.header().flags.fetch_or(f, Relaxed);
    }
    pub fn clear_flag(self, f: u8) {
        self.header().flags.fetch_and(!f, Relaxed);
    }
}

/// A traced word of a heap object: a value or null. Racy reads and writes are relaxed atomics; writes that may store a
/// young reference into an old object go through [`crate::thread::Th::store`], which carries the barrier.
#[repr(transparent)]
pub struct Slot(AtomicU64);

impl Slot {
    pub const fn null() -> Slot {
        Slot(AtomicU64::new(0))
    }
    #[inline(always)]
    pub const fn new(v: Value) -> Slot {
        Slot(AtomicU64::new(v.bits()))
    }
    #[inline(always)]
    pub fn opt(v: Option<Value>) -> Slot {
        Slot(AtomicU64::new(v.map_or(0, Value::bits)))
    }
    #[inline(always)]
    pub fn get(&self) -> Option<Value> {
        Value::from_word(self.0.load(Relaxed))
    }
    /// The slot is known to hold a value; else it panics, which the program sees as a `SystemError`.
    #[inline(always)]
    #[track_caller]
    pub fn value(&self) -> Value {
        self.get().expect("a slot that holds a value")
    }
    /// # Safety
    /// The slot holds a value.
    #[inline(always)]
    pub unsafe fn value_unchecked(&self) -> Value {
        unsafe { self.get().unwrap_unchecked() }
    }
    /// # Safety
    /// The slot holds an object of layout `T`.
    #[inline(always)]
    pub unsafe fn gc<T>(&self) -> Gc<T> {
        unsafe { self.value_unchecked().cast_unchecked() }
    }
    /// # Safety
    /// The slot holds null or an object of layout `T`.
    #[inline(always)]
    pub unsafe fn gc_opt<T>(&self) -> Option<Gc<T>> {
        self.get().map(|v| unsafe { v.cast_unchecked() })
    }
    /// Without barrier: for objects just allocated, or null/immediate/static values.
    #[inline(always)]
    pub fn init(&self, v: Option<Value>) {
        self.0.store(v.map_or(0, Value::bits), Relaxed);
    }
    #[inline(always)]
    pub fn raw(&self) -> &AtomicU64 {
        &self.0
    }
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut u64 {
        self.0.as_ptr()
    }
}

/// A [`Slot`] that holds null or an object of layout `T`, so that what is read from it needs no cast: only a typed pointer
/// can be stored.
#[repr(transparent)]
pub struct SlotOf<T>(Slot, PhantomData<fn() -> T>);

impl<T> SlotOf<T> {
    pub const fn null() -> SlotOf<T> {
        SlotOf(Slot::null(), PhantomData)
    }
    #[inline(always)]
    pub fn new(v: Gc<T>) -> SlotOf<T> {
        SlotOf(Slot::new(v.value()), PhantomData)
    }
    #[inline(always)]
    pub fn opt(v: Option<Gc<T>>) -> SlotOf<T> {
        SlotOf(Slot::opt(v.map(Gc::value)), PhantomData)
    }
    #[inline(always)]
    pub fn get(&self) -> Option<Gc<T>> {
        // SAFETY: `init` and `Th::store` put nothing else there.
        self.0.get().map(|v| unsafe { v.cast_unchecked() })
    }
    /// The slot is known to hold an object, see [`Slot::value`].
    #[inline(always)]
    #[track_caller]
    pub fn gc(&self) -> Gc<T> {
        // SAFETY: as in `get`.
        unsafe { self.0.value().cast_unchecked() }
    }
    /// # Safety
    /// The slot holds an object.
    #[inline(always)]
    pub unsafe fn gc_unchecked(&self) -> Gc<T> {
        unsafe { self.0.gc() }
    }
    /// As [`Slot::value`].
    #[inline(always)]
    #[track_caller]
    pub fn value(&self) -> Value {
        self.0.value()
    }
    /// As [`Slot::get`].
    #[inline(always)]
    pub fn any(&self) -> Option<Value> {
        self.0.get()
    }
    /// As [`Slot::init`].
    #[inline(always)]
    pub fn init(&self, v: Option<Gc<T>>) {
        self.0.init(v.map(Gc::value))
    }
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut u64 {
        self.0.as_ptr()
    }
    /// The bits; 0: null.
    #[inline(always)]
    pub fn word(&self) -> u64 {
        self.0.raw().load(Relaxed)
    }
    /// # Safety
    /// Nothing but null and objects of layout `T` is written through it.
    #[inline(always)]
    pub unsafe fn slot(&self) -> &Slot {
        &self.0
    }
}

/// What [`crate::thread::Th::store`] can store into: a [`Slot`] any value, a [`SlotOf`] a typed pointer.
pub trait Store {
    type Item: Into<Value>;
    /// # Safety
    /// Nothing but null and an `Item` is written through it.
    unsafe fn as_slot(&self) -> &Slot;
}
impl Store for Slot {
    type Item = Value;
    #[inline(always)]
    unsafe fn as_slot(&self) -> &Slot {
        self
    }
}
impl<T> Store for SlotOf<T> {
    type Item = Gc<T>;
    #[inline(always)]
    unsafe fn as_slot(&self) -> &Slot {
        &self.0
    }
}

/// A static object: header and one word.
#[repr(C, align(16))]
pub struct Static {
    h: Header,
    pub word: u64,
}

const fn static_obj(k: Kind, word: u64) -> Static {
    Static {
        h: Header {
            desc: AtomicU32::new(k as u32),
            gc: AtomicU8::new(0),
            kind: k as u8,
            flags: AtomicU8::new(flags::HAS_ID),
            lock: AtomicU8::new(0),
        },
        word,
    }
}

static NONE_OBJ: Static = static_obj(Kind::NoneType, 0);
static TRUE_OBJ: Static = static_obj(Kind::Bool, 1);
static FALSE_OBJ: Static = static_obj(Kind::Bool, 0);
static ELLIPSIS_OBJ: Static = static_obj(Kind::EllipsisType, 0);
static NOT_IMPLEMENTED_OBJ: Static = static_obj(Kind::NotImplementedType, 0);
/// Marks a deleted entry; never visible to Python.
static TOMBSTONE_OBJ: Static = static_obj(Kind::Free, 0);

macro_rules! singleton {
    ($($name:ident $obj:ident)*) => { $(
        #[allow(non_snake_case)]
        #[inline(always)]
        pub fn $name() -> Value { unsafe { Value::from_bits(&raw const $obj as u64) } }
    )* };
}
singleton! { NONE NONE_OBJ TRUE TRUE_OBJ FALSE FALSE_OBJ ELLIPSIS ELLIPSIS_OBJ NOT_IMPLEMENTED NOT_IMPLEMENTED_OBJ TOMBSTONE TOMBSTONE_OBJ }
