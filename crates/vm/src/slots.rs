//! Type slots: native function pointers by protocol operation, as CPython's `tp_*`/`nb_*`/`sq_*`, and the special
//! method names that go with them.
//!
//! One table (`for_each_slot!`) declares field, signature and special methods. A native type fills a [`Slots`]
//! constant; `type.__new__` of a Python class copies its base's slots and puts the dispatcher of each special method that
//! the class defines in Python.
//!
//! # Invariant
//! A slot of a type is its base's, a native type's own, or the dispatcher; and it is the dispatcher iff the special method
//! found along the MRO is not that slot's own wrapper.

use crate::err::R;
use crate::native::RawArgs;
use crate::thread::Th;
use crate::value::Value;

pub type Unary = fn(Th, Value) -> R<Value>;
pub type Binary = fn(Th, Value, Value) -> R<Value>;
pub type Ternary = fn(Th, Value, Value, Value) -> R<Value>;
pub type HashFn = fn(Th, Value) -> R<i64>;
pub type LenFn = fn(Th, Value) -> R<usize>;
pub type BoolFn = fn(Th, Value) -> R<bool>;
/// None: exhausted (no exception set), or StopIteration without a value.
pub type NextFn = fn(Th, Value) -> R<Option<Value>>;
pub type ContainsFn = fn(Th, Value, Value) -> R<bool>;
/// None as value: delete.
pub type SetItemFn = fn(Th, Value, Value, Option<Value>) -> R<()>;
pub type CompareFn = fn(Th, Value, Value, CmpOp) -> R<Value>;
pub type CallFn = fn(Th, Value, RawArgs) -> R<Value>;
pub type InitFn = fn(Th, Value, RawArgs) -> R<()>;
/// First argument is the type.
pub type NewFn = fn(Th, Value, RawArgs) -> R<Value>;
/// `descr_get(descr, obj or none, type)`.
pub type DescrGetFn = fn(Th, Value, Option<Value>, Value) -> R<Value>;
pub type RepeatFn = fn(Th, Value, i64) -> R<Value>;
pub type DelFn = fn(Th, Value) -> R<()>;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum CmpOp {
    Lt,
    Le,
    Eq,
    Ne,
    Gt,
    Ge,
}

impl CmpOp {
    pub fn swapped(self) -> CmpOp {
        use CmpOp::*;
        match self {
            Lt => Gt,
            Le => Ge,
            Eq => Eq,
            Ne => Ne,
            Gt => Lt,
            Ge => Le,
        }
    }
    pub fn symbol(self) -> &'static str {
        ["<", "<=", "==", "!=", ">", ">="][self as usize]
    }
    pub fn holds(self, o: std::cmp::Ordering) -> bool {
        use std::cmp::Ordering::*;
        match self {
            CmpOp::Lt => o == Less,
            CmpOp::Le => o != Greater,
            CmpOp::Eq => o == Equal,
            CmpOp::Ne => o != Equal,
            CmpOp::Gt => o == Greater,
            CmpOp::Ge => o != Less,
        }
    }
}

/// Calls `$mac! { field: Signature; ... }` for all slots.
#[macro_export]
macro_rules! for_each_slot {
    ($mac:ident) => { $mac! {
        repr: Unary; str: Unary; hash: HashFn; call: CallFn;
        getattro: Binary; setattro: SetItemFn;
        richcompare: CompareFn; iter: Unary; iternext: NextFn;
        descr_get: DescrGetFn; descr_set: SetItemFn; init: InitFn; new: NewFn; del: DelFn;
        len: LenFn; getitem: Binary; setitem: SetItemFn; contains: ContainsFn;
        concat: Binary; repeat: RepeatFn; iconcat: Binary; irepeat: RepeatFn;
        bool: BoolFn; int: Unary; float: Unary; index: Unary;
        neg: Unary; pos: Unary; abs: Unary; invert: Unary;
        add: Binary; sub: Binary; mul: Binary; matmul: Binary; truediv: Binary; floordiv: Binary; rem: Binary;
        divmod: Binary; pow: Ternary; lshift: Binary; rshift: Binary; and: Binary; or: Binary; xor: Binary;
        iadd: Binary; isub: Binary; imul: Binary; imatmul: Binary; itruediv: Binary; ifloordiv: Binary; irem: Binary;
        ipow: Binary; ilshift: Binary; irshift: Binary; iand: Binary; ior: Binary; ixor: Binary;
        await_: Unary; aiter: Unary; anext: Unary;
        get_buffer: GetBuffer; release_buffer: ReleaseBuffer;
    } };
}

/// PEP 3118: see `builtins::buffer`.
pub type GetBuffer = fn(Th, Value, u32) -> R<Value>;
/// What `__release_buffer__` does with a view of the object's memory. Views that end do not come this way: what they
/// share with the object (`buffer::Exports`) says so.
pub type ReleaseBuffer = fn(Th, Value, Value) -> R<()>;

macro_rules! define_slots {
    ($($f:ident: $t:ident;)*) => {
        #[derive(Clone, Copy)]
        #[repr(C)]
        pub struct Slots { $(pub $f: Option<$t>),* }
        impl Slots {
            pub const NONE: Slots = Slots { $($f: None),* };
            pub const COUNT: usize = [$(stringify!($f)),*].len();
        }
        /// Index of each slot, for tables.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum SlotId { $($f),* }
    };
}
for_each_slot!(define_slots);

impl Slots {
    /// The slot as an erased pointer (0: empty).
    pub fn raw(&self, id: SlotId) -> usize {
        unsafe { *(self as *const Slots as *const usize).add(id as usize) }
    }
    /// The same by number.
    pub fn raw_index(&self, i: usize) -> usize {
        assert!(i < size_of::<Slots>() / size_of::<usize>());
        // SAFETY: one of the words that the structure consists of.
        unsafe { *(self as *const Slots as *const usize).add(i) }
    }
    /// # Safety
    /// `i` is the number of a slot, `f` is 0 or a function of its signature.
    pub unsafe fn set_raw_index(&mut self, i: usize, f: usize) {
        unsafe { *(self as *mut Slots as *mut usize).add(i) = f }
    }
}

/// A special method that stands for a slot.
pub struct SlotDef {
    pub name: &'static str,
    pub slot: SlotId,
    pub doc: &'static str,
    pub text_signature: &'static str,
    /// Calls the native function (erased) as the method: `args` without `self`.
    pub wrap: fn(Th, usize, Value, RawArgs) -> R<Value>,
    /// The slot function for classes that define the method in Python (erased).
    pub dispatch: usize,
}
