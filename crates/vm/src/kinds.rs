//! The collector's table of kinds: size and slots of every native layout.
//!
//! # Invariants
//! - A row's size and trace functions get objects of that kind only, possibly dead ones (sizes), with the world stopped.
//!   Lengths and flags that say what follows a structure are set before the safepoint after the allocation, and stay; so does
//!   what a shape says of sizes and of where attributes begin. Rust memory that they look into (caches of code) lives as long
//!   as the object.
//! - The kind byte of an object is a [`Kind`] (with bit 7 for instances of Python subclasses): objects are made by
//!   functions that take one.

use crate::builtins::dict_table::DictTable;
use crate::object::*;
use crate::shape::{EXT_VAR, shape};
use crate::value::*;
use adder_heap::{KindInfo, Obj, Size, Trace, Tracer};
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;

const fn slots(at: u32, n: u32) -> Trace {
    Trace::Slots { at, n }
}

fn fixed<T>(trace: Trace) -> (Size, Trace) {
    (Size::Fixed(((size_of::<T>() + 7) & !7) as u32), trace)
}

/// Size and slots of the native part, by kind.
fn layout(k: Kind) -> (Size, Trace) {
    use Kind::*;
    match k {
        Float => fixed::<FloatBox>(Trace::None),
        Int => (Size::Fn(int_size), Trace::Sized(int_trace)),
        Bool => fixed::<BoolObj>(Trace::None),
        Complex => fixed::<crate::object::Complex>(Trace::None),
        Str => (Size::Fn(crate::builtins::str_::size), Trace::Sized(crate::builtins::str_::trace)),
        Bytes => (Size::Fn(bytes_size), Trace::Sized(bytes_trace)),
        Tuple => (Size::Fn(tuple_size), Trace::Sized(tuple_trace)),
        Array | GenRegs => (Size::Counted { at: 8, base: 16, unit: 8 }, Trace::From(16)),
        RawBuf => (Size::Counted { at: 8, base: 16, unit: 1 }, Trace::None),
        StrBuf => (Size::Fn(strbuf_size), Trace::None),
        DictTable => (Size::Fn(dict_table_size), Trace::Sized(crate::builtins::dict_table::DictTable::trace)),
        AttrExt => (Size::Counted { at: 8, base: 24, unit: 8 }, Trace::From(16)),
        List => fixed::<crate::object::List>(slots(16, 1)),
        Dict => (Size::Fixed(32), Trace::Fn(dict_trace)),
        Set | FrozenSet => fixed::<crate::object::Set>(slots(8, 1)),
        Range => fixed::<crate::object::Range>(slots(8, 4)),
        Slice => fixed::<crate::object::Slice>(slots(8, 3)),
        Cell => fixed::<crate::object::Cell>(slots(8, 1)),
        DictCell => fixed::<crate::object::DictCell>(slots(8, 2)),
        Module => fixed::<crate::object::Module>(Trace::Fn(module_trace)),
        Function => fixed::<crate::object::Function>(Trace::From(8)),
        Method => fixed::<crate::object::Method>(slots(8, 2)),
        NativeFunction => fixed::<crate::object::NativeFunction>(slots(16, 2)),
        MethodDescriptor | ClassMethodDescriptor => fixed::<crate::object::MethodDescriptor>(slots(16, 1)),
        WrapperDescriptor => fixed::<crate::object::WrapperDescriptor>(slots(16, 1)),
        MethodWrapper => fixed::<crate::object::MethodWrapper>(slots(8, 2)),
        GetSetDescriptor => fixed::<crate::object::GetSetDescriptor>(slots(16, 1)),
        MemberDescriptor => fixed::<crate::object::MemberDescriptor>(slots(8, 3)),
        ClassMethod | StaticMethod => fixed::<crate::object::ClassMethod>(slots(8, 2)),
        Property => fixed::<crate::object::Property>(slots(8, 5)),
        Super => fixed::<crate::object::Super>(slots(8, 3)),
        Traceback => fixed::<crate::object::Traceback>(slots(8, 2)),
        BaseException => fixed::<crate::object::BaseException>(Trace::Fn(exception_trace)),
        ListIter => fixed::<crate::object::ListIter>(slots(8, 1)),
        TupleIter => fixed::<crate::object::TupleIter>(slots(8, 1)),
        RangeIter => fixed::<crate::object::RangeIter>(Trace::None),
        Type => fixed::<crate::object::Type>(Trace::Fn(type_trace)),
        Code => fixed::<crate::object::Code>(Trace::Fn(code_trace)),
        IcEntry => fixed::<crate::object::IcEntry>(slots(16, 3)),
        Object => (Size::Fn(inst_size), Trace::Sized(inst_trace)),
        Native => (Size::Fn(inst_size), Trace::Sized(native_trace)),
        Free | NoneType | EllipsisType | NotImplementedType => (Size::Fixed(16), Trace::None),
        k => crate::builtins::layout(k),
    }
}

/// Whether all objects of the kind are as long as its structure (those of Python subclasses aside).
pub const fn fixed_size(k: Kind) -> bool {
    use Kind::*;
    !matches!(
        k,
        Int | Str
            | Bytes
            | Tuple
            | Array
            | WordArray
            | GenRegs
            | RawBuf
            | StrBuf
            | DictTable
            | SetTable
            | AttrExt
            | LookupTable
            | CodeUnits
            | Object
            | Native
    )
}

/// Whether the native part has a variable size, so that attributes are in a word at the end.
pub fn var_sized(k: Kind) -> bool {
    matches!(k, Kind::Int | Kind::Str | Kind::Bytes | Kind::Tuple)
}

pub fn table() -> &'static [KindInfo] {
    static TABLE: OnceLock<Vec<KindInfo>> = OnceLock::new();
    TABLE.get_or_init(|| {
        (0..=255u8)
            .map(|b| {
                let i = (b & !SUBCLASS) as usize;
                let Some(&k) = Kind::ALL.get(i) else {
                    return KindInfo {
                        name: "?",
                        size: Size::Fixed(16),
                        trace: Trace::None,
                        drop: None,
                        near: 0,
                    };
                };
                let (size, trace) = layout(k);
                let drop = Some(drop_object as unsafe fn(Obj));
                // Hash tables and items: who reads the header of a container goes on to them.
                let near = match k {
                    Kind::Dict => std::mem::offset_of!(crate::object::Dict, table),
                    Kind::List => std::mem::offset_of!(crate::object::List, items),
                    Kind::Set | Kind::FrozenSet => std::mem::offset_of!(crate::object::Set, table),
                    _ => 0,
                } as u32;
                if b & SUBCLASS != 0 && !var_sized(k) {
                    KindInfo {
                        name: Kind::NAMES[i],
                        size: Size::Fn(inst_size),
                        trace: Trace::Sized(sub_trace),
                        drop,
                        near,
                    }
                } else {
                    KindInfo { name: Kind::NAMES[i], size, trace, drop, near }
                }
            })
            .collect()
    })
}

unsafe fn drop_object(o: Obj) {
    unsafe {
        let k = o.as_ref().kind & !SUBCLASS;
        if k == Kind::Native as u8 {
            let s = shape(o.as_ref().desc.load(Relaxed));
            if let Some(f) = s.type_.native.drop {
                f(o)
            }
        } else {
            // SAFETY: an object's kind byte is a `Kind`, but for the bit of subclasses.
            crate::builtins::drop_object(std::mem::transmute::<u8, Kind>(k), o)
        }
    }
}

unsafe fn tail(o: Obj) -> usize {
    if unsafe { o.as_ref() }.flags.load(Relaxed) & flags::TAIL_EXT != 0 { 8 } else { 0 }
}
unsafe fn int_size(o: Obj) -> usize {
    unsafe { 16 + (*(o.as_ptr() as *const BigInt)).size.unsigned_abs() as usize * 8 + tail(o) }
}
unsafe fn bytes_size(o: Obj) -> usize {
    unsafe { ((24 + (*(o.as_ptr() as *const Bytes)).len + 7) & !7) + tail(o) }
}
unsafe fn strbuf_size(o: Obj) -> usize {
    unsafe { (24 + (*(o.as_ptr() as *const crate::builtins::str_::StrBuf)).cap as usize + 7) & !7 }
}
unsafe fn dict_table_size(o: Obj) -> usize {
    unsafe { (*(o.as_ptr() as *const DictTable)).byte_size() }
}
unsafe fn tuple_size(o: Obj) -> usize {
    unsafe { 16 + 8 * ((*(o.as_ptr() as *const Tuple)).len + tuple_extra(o)) }
}
/// Words after the items: hidden fields of struct sequences, the attribute word.
unsafe fn tuple_extra(o: Obj) -> usize {
    let f = unsafe { o.as_ref() }.flags.load(Relaxed);
    crate::builtins::structseq::hidden(f) + (f & flags::TAIL_EXT != 0) as usize
}
/// Variable-sized objects without slots of their own: the attribute word at the end, if there is one.
unsafe fn tail_trace(o: Obj, t: &mut Tracer, size: usize) -> usize {
    unsafe {
        if tail(o) != 0 {
            t.slot((o.as_ptr() as *mut u8).add(size - 8) as *mut u64);
        }
    }
    size
}
unsafe fn int_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe { tail_trace(o, t, int_size(o)) }
}
unsafe fn bytes_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe { tail_trace(o, t, bytes_size(o)) }
}
unsafe fn tuple_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe {
        let n = (*(o.as_ptr() as *const Tuple)).len + tuple_extra(o);
        t.slots((o.as_ptr() as *mut u64).add(2), n);
        16 + 8 * n
    }
}
/// Slots that follow each other in a structure.
unsafe fn fields(t: &mut Tracer, first: &Slot, last: &Slot) {
    let (first, last) = (first.as_ptr(), last.as_ptr());
    unsafe { t.slots(first, last.offset_from_unsigned(first) + 1) };
}
unsafe fn dict_trace(o: Obj, t: &mut Tracer) {
    unsafe {
        let p = o.as_ptr() as *mut u64;
        t.slot(p.add(1));
        t.slot(p.add(3));
    }
}
unsafe fn module_trace(o: Obj, t: &mut Tracer) {
    unsafe {
        let m = &*(o.as_ptr() as *const Module);
        t.slot(m.dict.as_ptr());
        t.slot(m.state.as_ptr());
    }
}
unsafe fn exception_trace(o: Obj, t: &mut Tracer) {
    unsafe {
        let e = &*(o.as_ptr() as *const BaseException);
        for s in [e.args.slot(), e.traceback.slot(), &e.context, &e.cause] {
            t.slot(s.as_ptr());
        }
        for s in &e.f {
            t.slot(s.as_ptr());
        }
    }
}
unsafe fn type_trace(o: Obj, t: &mut Tracer) {
    unsafe {
        let ty = &*(o.as_ptr() as *const Type);
        fields(t, ty.name.slot(), ty.dict.slot());
        fields(t, ty.cache.slot(), &ty.fast_getitem);
        fields(t, &ty.doc, &ty.aux);
        if t.is_major() {
            crate::shape::trace_names(ty, t);
        }
    }
}
unsafe fn code_trace(o: Obj, t: &mut Tracer) {
    unsafe {
        let c = &*(o.as_ptr() as *const Code);
        for s in [c.consts.slot(), c.names.slot(), c.varnames.slot(), &c.jit_refs] {
            t.slot(s.as_ptr());
        }
        fields(t, c.name.slot(), c.filename.slot());
        fields(t, c.canonical.slot(), c.drains.slot());
        if !c.ics.is_null() {
            // What caches know keeps no class and no module alive. (A minor collection may move it, so follows it.)
            let weak = t.is_major();
            let mut filled = false;
            for i in 0..c.nics as usize {
                let ic = &*c.ics.add(i);
                t.slot(ic.name.as_ptr());
                if weak {
                    filled |= !ic.entry.load(Relaxed).is_null();
                } else {
                    t.slot(ic.entry.as_ptr() as *mut u64);
                }
            }
            if filled {
                t.later(o);
            }
        }
    }
}
/// The collector's `settle`: caches of live code forget what is dead, the rest is followed.
///
/// # Safety
/// Called by the collector, in a major collection, with an object given to `later`.
pub unsafe fn settle(o: Obj, t: &mut Tracer) {
    unsafe {
        let c = &*(o.as_ptr() as *const Code);
        for i in 0..c.nics as usize {
            let ic = &*c.ics.add(i);
            let first = ic.entry.load(Relaxed);
            if first.is_null() {
                continue;
            }
            // A cell of a global variable, or a chain of entries.
            if (*first).h.kind == Kind::IcEntry as u8 {
                let dead = |s: &Slot| !t.reached(s.raw().load(Relaxed));
                crate::interp::ic::purge(ic, |_| false, |e| dead(&e.value) || dead(&e.aux));
            } else if !t.reached(first as u64) {
                crate::interp::ic::flush(ic as *const Ic as usize);
            }
            if !ic.entry.load(Relaxed).is_null() {
                t.slot(ic.entry.as_ptr() as *mut u64);
            }
        }
    }
}
/// Bytes of an instance whose size its shape tells.
unsafe fn inst_size(o: Obj) -> usize {
    shape(unsafe { o.as_ref() }.desc.load(Relaxed)).size as usize
}
/// Plain instance: every word is a slot.
unsafe fn inst_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe {
        let size = inst_size(o);
        t.slots((o.as_ptr() as *mut u64).add(1), size / 8 - 1);
        size
    }
}
/// Words after the native layout. The size of the object.
unsafe fn attrs_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe {
        let s = shape(o.as_ref().desc.load(Relaxed));
        debug_assert!(s.ext_at != EXT_VAR);
        let from = s.type_.native.size as usize;
        let (at, end) = ((from + 7) & !7, s.size as usize);
        if at < end {
            t.slots(o.as_ptr().byte_add(at) as *mut u64, (end - at).div_ceil(8));
        }
        end
    }
}
unsafe fn native_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe {
        let s = shape(o.as_ref().desc.load(Relaxed));
        if let Some(f) = s.type_.native.trace {
            f(o, t)
        }
        attrs_trace(o, t)
    }
}
unsafe fn sub_trace(o: Obj, t: &mut Tracer) -> usize {
    unsafe {
        // SAFETY: as above.
        let k = std::mem::transmute::<u8, Kind>(o.as_ref().kind & !SUBCLASS);
        match k {
            Kind::Object => return inst_trace(o, t),
            Kind::Native => return native_trace(o, t),
            _ => {}
        }
        match layout(k).1 {
            Trace::None => {}
            Trace::Slots { at, n } => {
                for i in 0..n {
                    t.slot((o.as_ptr() as *mut u8).add((at + 8 * i) as usize) as *mut u64);
                }
            }
            Trace::From(at) => {
                let end = shape(o.as_ref().desc.load(Relaxed)).type_.native.size;
                let mut a = at;
                while a < end {
                    t.slot((o.as_ptr() as *mut u8).add(a as usize) as *mut u64);
                    a += 8;
                }
            }
            Trace::Fn(f) => f(o, t),
            Trace::Sized(f) => _ = f(o, t),
            Trace::Counted { .. } => unreachable!("counted layouts are variable-sized"),
        }
        // What a native type adds to the layout of its kind.
        if let Some(f) = shape(o.as_ref().desc.load(Relaxed)).type_.native.trace {
            f(o, t)
        }
        attrs_trace(o, t)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `Th::object` relies on.
    #[test]
    fn fixed_sizes() {
        for k in Kind::ALL {
            assert!(!fixed_size(*k) || matches!(layout(*k).0, Size::Fixed(_)), "{k:?}");
        }
    }
}
