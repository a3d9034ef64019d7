//! Sizes and slots of objects, from the embedder's table of kinds.
//!
//! # Safety
//! A kind's row is true of all of its objects: where it says that a count or a slot is there is one, as long as the
//! object's memory is not used anew, dead or alive.

use crate::{Header, KindInfo, Obj, Size, Trace};

#[derive(Clone, Copy)]
pub(crate) struct Layout {
    pub size: Size,
    pub trace: Trace,
    pub near: u32,
}

/// One entry for each value of the kind byte, so that lookups need no bounds check. Kinds that the embedder
/// did not declare stop the program: they are read from memory that is not an object any more.
pub(crate) type Layouts = [Layout; 256];

/// For each kind, one of a few ways to be scanned: kinds with the same one are alike to the processor.
pub(crate) type Classes = [u8; 256];
pub(crate) const CLASSES: usize = 16;

pub(crate) fn classes(layouts: &Layouts) -> Box<Classes> {
    let mut functions = Vec::new();
    Box::new(layouts.map(|l| match l.trace {
        Trace::None => 0,
        Trace::Slots { n, .. } => n.min(5) as u8,
        Trace::From(_) | Trace::Counted { .. } => 6,
        Trace::Fn(_) => 7,
        Trace::Sized(f) => {
            let f = f as usize;
            let i = functions.iter().position(|g| *g == f).unwrap_or_else(|| {
                functions.push(f);
                functions.len() - 1
            });
            8 + (i % 8) as u8
        }
    }))
}

unsafe fn unknown_kind(o: Obj) -> usize {
    let kind = unsafe { o.as_ref().kind };
    panic!(
        "collector: {o:p} is not an object (kind {kind}): freed memory, or a slot that was never initialised"
    );
}

pub(crate) fn table(kinds: &[KindInfo]) -> Box<Layouts> {
    assert!(kinds.len() <= 256, "more than 256 kinds");
    let mut t = Box::new([Layout { size: Size::Fn(unknown_kind), trace: Trace::None, near: 0 }; 256]);
    for (i, k) in kinds.iter().enumerate() {
        let trace = match (k.size, k.trace) {
            (Size::Fixed(n), tr) => {
                assert!(
                    n >= 16 && n % 8 == 0,
                    "kind {}: size {n} is not a multiple of 8 of at least 16",
                    k.name
                );
                match tr {
                    // A fixed number of slots needs no look at the object.
                    Trace::From(at) => Trace::Slots { at, n: (n - at) / 8 },
                    t => t,
                }
            }
            (_, tr) => tr,
        };
        t[i] = Layout { size: k.size, trace, near: k.near };
    }
    t
}

impl Layout {
    #[inline(always)]
    pub unsafe fn size(&self, o: Obj) -> usize {
        match self.size {
            Size::Fixed(n) => n as usize,
            Size::Counted { at, base, unit } => {
                let count = unsafe { *o.as_ptr().byte_add(at as usize).cast::<u64>() };
                (base as usize + count as usize * unit as usize + 7) & !7
            }
            Size::Fn(f) => (unsafe { f(o) } + 7) & !7,
        }
    }
    /// First slot and number of slots, for kinds that are not traced by a function.
    #[inline(always)]
    pub unsafe fn slots(&self, o: Obj) -> Option<(*mut u64, usize)> {
        let at = |b: u32| unsafe { o.as_ptr().byte_add(b as usize).cast::<u64>() };
        match self.trace {
            Trace::Slots { at: b, n } => Some((at(b), n as usize)),
            Trace::Counted { count_at, at: b } => Some((at(b), unsafe { *at(count_at) } as usize)),
            Trace::From(b) => Some((at(b), (unsafe { self.size(o) } - b as usize) / 8)),
            Trace::None => Some((at(8), 0)),
            Trace::Fn(_) | Trace::Sized(_) => None,
        }
    }
}

#[inline(always)]
pub(crate) fn obj(addr: usize) -> Obj {
    debug_assert!(addr != 0);
    // SAFETY: addresses of objects are never zero.
    unsafe { Obj::new_unchecked(addr as *mut Header) }
}
#[inline(always)]
pub(crate) fn addr(o: Obj) -> usize {
    o.as_ptr() as usize
}
