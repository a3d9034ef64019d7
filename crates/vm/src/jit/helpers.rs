//! What machine code calls: with the C calling convention, and without ever unwinding.
//!
//! # Invariants
//! - Pointers that machine code passes (frames, registers, [`Expect`]s) are those of the running thread, or constants of the
//!   trace, which live as long as its code.
//! - Words are values unless a helper says that they are numbers or addresses. The collector finds them on the native stack
//!   while a helper runs, so they stay where they are; what machine code keeps in registers is saved there, too.
//! - A helper that may fail catches panics (`word`, `carry_out`), or allocates no more than the heap's reserve has for it.
//! - Where a helper takes an object for a str, a dict, a set without asking, the trace has tested its shape before, or
//!   has made it itself: the list of a display, the tuple of arguments. Tuples of names are constants.

use crate::builtins;
use crate::builtins::dict_attrs::ATTRS;
use crate::builtins::dict_table::CELLS;
use crate::builtins::dict_table::Found;
use crate::err::{R, Raised};
use crate::interp::fast::Bin;
use crate::interp::machine::{Fn1, Fn2, Fn3};
use crate::interp::{Ctl, run_slow, unwind};
use crate::native::{DefKind, Imp, NativeDef, RawArgs, tflags};
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::Ins;
use adder_metatrace::ir::{NEW_BY_HELPER, new_size};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::Acquire;

/// The state in which a trace can go on after an operation that was carried out as a whole.
pub struct Expect {
    pub next: *const Ins,
    pub code: u64,
    /// What is to become of the frame's result.
    pub flags: u64,
    /// Frames above the root frame; -1: its caller.
    pub depth: isize,
    /// Frames that may have a Python frame object (bit n: n above the root): the trace leaves them by whole operations.
    pub objects: u64,
    pub tree: &'static super::Tree,
}

/// The same of a call that is completed in a run of the interpreter of its own: recursion.
pub unsafe extern "C" fn nested(th: Th, ins: u64, expect: *const Expect, root: *mut Frame) -> u64 {
    unsafe { carry_out(th, ins, expect, root, crate::interp::slow::call_nested) }
}
/// Carries out the published instruction by its slow function. 0: the trace goes on. 1: the program goes on elsewhere.
/// More: the trace is left, an exception possibly pending. In all cases everything is in memory.
pub unsafe extern "C" fn op(th: Th, ins: u64, expect: *const Expect, root: *mut Frame) -> u64 {
    unsafe { carry_out(th, ins, expect, root, run_slow) }
}
unsafe fn carry_out(
    th: Th,
    ins: u64,
    expect: *const Expect,
    root: *mut Frame,
    f: impl FnOnce(Th, Ins) -> R<Ctl>,
) -> u64 {
    unsafe {
        let e = &*expect;
        // The frames' registers are all in memory.
        let here = 0u8;
        let base = th.native_base.replace(&raw const here as usize);
        let r = catch_unwind(AssertUnwindSafe(|| f(th, Ins(ins))));
        th.native_base.set(base);
        match r {
            Ok(Ok(Ctl::Next)) => {}
            // A frame that leaves the interpreter is never inside a trace.
            Ok(Ok(Ctl::Leave(_))) => std::process::abort(),
            // An exception that is handled in the trace.
            Ok(Err(Raised)) => {
                if unwind::landing(th, root).is_none() || !unwind::unwind(th) {
                    return 2;
                }
            }
            Err(panic) => {
                let _ = crate::interp::internal_error(th, th.fp.get(), &*panic);
                return 2;
            }
        }
        let fp = th.fp.get();
        super::function::skip_note(fp);
        // SAFETY: the thread's bottom frame is never run, so there is one below the root.
        if !e.tree.valid.load(Acquire) || crate::interp::events::closely(th) || fp < root.sub(1) {
            return 2;
        }
        // Somebody holds a frame of the trace: leaving that frame must tell him.
        if objects(root, fp) & !e.objects != 0 {
            return 2;
        }
        if written(root, fp) {
            return 2;
        }
        if fp != root.offset(e.depth)
            || (*fp).pc.add(1) != e.next
            || (*fp).code.value().bits() != e.code
            || (e.depth > 0 && (*fp).flags as u32 != e.flags as u32)
        {
            return 1;
        }
        // What the operation wrote counts as live from now on.
        (*fp).pc = e.next;
        0
    }
}

/// Which of the frames from the root on have a Python frame object.
pub fn objects(root: *mut Frame, top: *mut Frame) -> u64 {
    let (mut f, mut bit, mut all) = (root, 1, 0);
    while f <= top {
        // SAFETY: the thread's frames from the trace's root to the running one.
        if unsafe { (*f).flags } & fflags::OBJECT != 0 {
            all |= bit;
        }
        (f, bit) = (f.wrapping_add(1), bit << 1);
    }
    all
}

/// Both of the above and below: bit 63, for a variable that was written.
pub fn objects_or_written(root: *mut Frame, top: *mut Frame) -> u64 {
    let (mut f, mut bit, mut all) = (root, 1, 0);
    while f < top {
        // SAFETY: the thread's frames from the trace's root to the running one.
        let flags = unsafe { &mut (*f).flags };
        if *flags & (fflags::OBJECT | fflags::WRITTEN) != 0 {
            all |= if *flags & fflags::OBJECT != 0 { bit } else { 0 };
            all |= if *flags & fflags::WRITTEN != 0 { 1 << 63 } else { 0 };
            *flags &= !fflags::WRITTEN;
        }
        (f, bit) = (f.wrapping_add(1), bit << 1);
    }
    all
}

/// Whether a variable of one of these frames was written from outside since somebody asked.
pub fn written(root: *mut Frame, top: *mut Frame) -> bool {
    let mut any = false;
    let mut f = root;
    while f <= top {
        // SAFETY: the thread's frames from the trace's root to the running one.
        let flags = unsafe { &mut (*f).flags };
        any |= *flags & fflags::WRITTEN != 0;
        *flags &= !fflags::WRITTEN;
        f = f.wrapping_add(1);
    }
    any
}

pub unsafe extern "C" fn box_float(th: Th, bits: u64) -> u64 {
    th.allocating(|| th.float(f64::from_bits(bits)).bits())
}

pub unsafe extern "C" fn barrier(th: Th, obj: u64, slot: *mut u64) {
    // SAFETY: only objects are stored into.
    unsafe { th.m.barrier(Value::from_bits(obj).obj().unwrap_unchecked(), slot) }
}

/// `what`: kind << 56 | size << 32 | shape.
pub unsafe extern "C" fn alloc(th: Th, what: u64) -> u64 {
    let o = th.allocating(|| th.m.alloc(new_size(what as i64), (what >> 56) as u8, what as u32));
    // SAFETY: a new object.
    th.own_new(unsafe { o.as_ref() });
    if what as i64 & NEW_BY_HELPER != 0 {
        // A generator or coroutine.
        th.m.register_finalizer(o);
    }
    o.as_ptr() as u64
}

/// `x ** y`; not a number where that is an error.
pub unsafe extern "C" fn pow(x: u64, y: u64) -> u64 {
    let (a, b) = (f64::from_bits(x), f64::from_bits(y));
    // The cases that are none.
    if a > 0.0 && a.is_finite() && b.is_finite() {
        let r = adder_num::float::powf(a, b);
        if r.is_finite() {
            return r.to_bits();
        }
    }
    match adder_num::float::pow(f64::from_bits(x), f64::from_bits(y)) {
        Ok(Some(r)) => r.to_bits(),
        _ => f64::NAN.to_bits(),
    }
}

/// The same where it is no error and not complex, or comes out infinite or as no number.
pub unsafe extern "C" fn plain_pow(x: u64, y: u64) -> u64 {
    adder_num::float::powf(f64::from_bits(x), f64::from_bits(y)).to_bits()
}

/// The integer part of a float that is no larger than a small int.
pub unsafe extern "C" fn truncate(x: u64) -> u64 {
    f64::from_bits(x) as i64 as u64
}
/// Bits of a small int's absolute value.
pub unsafe extern "C" fn bit_length(n: u64) -> u64 {
    64 - (n as i64).unsigned_abs().leading_zeros() as u64
}

/// `l[start:stop:step]` of a list with small ints and None; null: it has to be done in another way.
pub unsafe extern "C" fn list_slice(th: Th, l: Value, start: Value, stop: Value, step: Value) -> u64 {
    let Some(b) = builtins::slice::plain(start, stop, step) else { return 0 };
    match builtins::list::slice_of(th, unsafe { l.cast_unchecked() }, b) {
        Ok(v) => v.bits(),
        Err(_) => {
            th.exc.init(None);
            0
        }
    }
}
/// `l[start:stop:step] = v` of a list with a list or tuple; null: nothing has happened.
pub unsafe extern "C" fn list_assign(
    th: Th,
    l: Value,
    start: Value,
    stop: Value,
    step: Value,
    v: Value,
) -> u64 {
    let Some(b) = builtins::slice::plain(start, stop, step) else { return 0 };
    let done = builtins::list::assign_plain(th, unsafe { l.cast_unchecked() }, b, v);
    if done { NONE().bits() } else { 0 }
}

pub unsafe extern "C" fn dict_get(d: Value, k: Value) -> u64 {
    crate::builtins::iter_fast::dict_get(d, k).map_or(0, Value::bits)
}

pub unsafe extern "C" fn iter_step(th: Th, it: Value) -> u64 {
    crate::builtins::iter_fast::step(th, it).map_or(0, Value::bits)
}

// -- answers that need nothing but what lies in the objects: no thread, no Python code, nothing raised

/// The order of the bytes is the order of the code points.
pub unsafe extern "C" fn str_lt(a: Value, b: Value) -> u64 {
    let (x, y) = unsafe { (a.cast_unchecked::<Str>(), b.cast_unchecked::<Str>()) };
    (x.bytes() < y.bytes()) as u64
}
/// Whether `k` is a part of `s`.
pub unsafe extern "C" fn str_has(s: Value, k: Value) -> u64 {
    let (s, k) = unsafe { (s.cast_unchecked::<Str>(), k.cast_unchecked::<Str>()) };
    builtins::quick::str_has(s, k) as u64
}
/// Whether a table has the string or int: 2: it declines.
pub unsafe extern "C" fn table_has(c: Value, k: Value) -> u64 {
    builtins::quick::contains(c, k).map_or(2, |b| b as u64)
}
/// The same of a dict or of a class that has dict's own `__contains__`.
pub unsafe extern "C" fn dict_has(c: Value, k: Value) -> u64 {
    builtins::quick::dict_has(unsafe { c.cast_unchecked() }, k).map_or(2, |b| b as u64)
}

// -- quiet operations (see `quiet`): null if they decline or would raise, without having done anything

#[inline(always)]
fn word(th: Th, f: impl FnOnce() -> R<Value>) -> u64 {
    // What declines the interpreter does again, and then raises with its frames in place.
    th.quietly(f).map_or(0, Value::bits)
}
// Only this program calls them: both sides know the Rust functions that they are given.
#[allow(improper_ctypes_definitions)]
pub unsafe extern "C" fn quiet1(th: Th, f: Fn1, a: Value) -> u64 {
    word(th, || f(th, a))
}
#[allow(improper_ctypes_definitions)]
pub unsafe extern "C" fn quiet2(th: Th, f: Fn2, a: Value, b: Value) -> u64 {
    word(th, || f(th, a, b))
}
#[allow(improper_ctypes_definitions)]
pub unsafe extern "C" fn quiet3(th: Th, f: Fn3, a: Value, b: Value, c: Value) -> u64 {
    word(th, || f(th, a, b, c))
}
// -- leaves: they never run Python code nor raise; null if they decline

pub type Leaf1 = unsafe extern "C" fn(Th, Value) -> u64;
pub type Leaf2 = unsafe extern "C" fn(Th, Value, Value) -> u64;
pub type Leaf3 = unsafe extern "C" fn(Th, Value, Value, Value) -> u64;

/// Without the exception of one that could not.
fn leaf(th: Th, r: R<Value>) -> u64 {
    match r {
        Ok(v) => v.bits(),
        Err(Raised) => {
            th.exc.init(None);
            0
        }
    }
}
/// An operator of exact ints of any size; null if they are none, or it would raise.
unsafe extern "C" fn ints_op<const OP: usize>(th: Th, a: Value, b: Value) -> u64 {
    let int = |v: Value| v.is_fix() || v.is_exact(Kind::Int);
    match INT_OPS[OP].1 {
        Some(f) if int(a) && int(b) => leaf(th, f(th, a, b)),
        _ => 0,
    }
}
const INT_SLOTS: &crate::slots::Slots = &builtins::int::INT_SLOTS;
const INT_OPS: [(Bin, Option<Fn2>); 10] = [
    (Bin::Add, INT_SLOTS.add),
    (Bin::Sub, INT_SLOTS.sub),
    (Bin::Mul, INT_SLOTS.mul),
    (Bin::FloorDiv, INT_SLOTS.floordiv),
    (Bin::Mod, INT_SLOTS.rem),
    (Bin::LShift, INT_SLOTS.lshift),
    (Bin::RShift, INT_SLOTS.rshift),
    (Bin::And, INT_SLOTS.and),
    (Bin::Or, INT_SLOTS.or),
    (Bin::Xor, INT_SLOTS.xor),
];
/// The same as a function of its own; None: of those whose results are something else.
pub fn ints(op: Bin) -> Option<Leaf2> {
    const ALL: [Leaf2; 10] = [
        ints_op::<0>,
        ints_op::<1>,
        ints_op::<2>,
        ints_op::<3>,
        ints_op::<4>,
        ints_op::<5>,
        ints_op::<6>,
        ints_op::<7>,
        ints_op::<8>,
        ints_op::<9>,
    ];
    INT_OPS.iter().position(|o| o.0 == op).map(|i| ALL[i])
}
fn same_text(a: Value, b: Value) -> bool {
    // SAFETY: both are strings, which was tested.
    let (x, y): (Gc<Str>, Gc<Str>) = unsafe { (a.cast_unchecked(), b.cast_unchecked()) };
    a.is(b) || (x.nbytes == y.nbytes && x.bytes() == y.bytes())
}
/// Whether a string is the only one of its text.
pub unsafe extern "C" fn interned(s: Value) -> u64 {
    unsafe { s.cast_unchecked::<Str>() }.flag(builtins::str_::INTERNED) as u64
}
pub unsafe extern "C" fn str_eq(_: Th, a: Value, b: Value) -> u64 {
    Value::bool(same_text(a, b)).bits()
}
pub unsafe extern "C" fn str_ne(_: Th, a: Value, b: Value) -> u64 {
    Value::bool(!same_text(a, b)).bits()
}
pub unsafe extern "C" fn str_len(_: Th, s: Value) -> u64 {
    Value::fix(unsafe { s.cast_unchecked::<Str>() }.len() as i64).bits()
}
/// A character of a string; the index is a small int.
pub unsafe extern "C" fn str_item(th: Th, s: Value, k: Value) -> u64 {
    let s: Gc<Str> = unsafe { s.cast_unchecked() };
    let n = s.len();
    let Some(i) = builtins::slicing::index(k.as_fix().unwrap_or(i64::MAX), n) else { return 0 };
    if s.is_ascii() {
        return builtins::str_::ascii_char(Some(s.bytes()[i])).bits();
    }
    leaf(th, th.char(builtins::str_::char_at(th, s, i)))
}
pub unsafe extern "C" fn bytes_concat(th: Th, a: Value, b: Value) -> u64 {
    leaf(th, builtins::bytes::concat_exact(th, a, b))
}
/// `k in c` of a set or frozenset; null: it has to be done in another way.
pub unsafe extern "C" fn set_holds(th: Th, c: Value, k: Value) -> u64 {
    match unsafe { c.cast_unchecked::<Set>() }.tab().has_simple(k) {
        Some(b) => Value::bool(b).bits(),
        None => unsafe { quiet2(th, contains, c, k) },
    }
}
/// The same of any builtin container.
pub unsafe extern "C" fn holds(th: Th, c: Value, k: Value) -> u64 {
    match builtins::quick::contains(c, k) {
        Some(b) => Value::bool(b).bits(),
        None => unsafe { quiet2(th, contains, c, k) },
    }
}
pub unsafe extern "C" fn dict_get_item(th: Th, d: Value, k: Value) -> u64 {
    match builtins::iter_fast::dict_get(d, k) {
        Some(v) => v.bits(),
        None => unsafe { quiet2(th, dict_item, d, k) },
    }
}
/// `d.get(k, default)` of a dict.
pub unsafe extern "C" fn dict_get_or(th: Th, d: Value, k: Value, default: Value) -> u64 {
    let o: Gc<Dict> = unsafe { d.cast_unchecked() };
    if !plain_table(d) {
        return 0;
    }
    let t = o.tab();
    builtins::iter_fast::ahead(t);
    match t.find_simple(k) {
        Some(Found::At(e)) => t.content(e).unwrap_or(default).bits(),
        Some(Found::No) => default.bits(),
        None => word(th, || Ok(o.get(th, k)?.unwrap_or(default))),
    }
}
pub unsafe extern "C" fn id(th: Th, o: Value) -> u64 {
    th.int(builtins::object::id(th, o) as i64).bits()
}

pub type Native = unsafe extern "C" fn(Th, &'static NativeDef, u64, u64, u64, u64) -> u64;
/// A native function that takes its arguments as they are; null ones were left out.
pub unsafe extern "C" fn native(th: Th, def: &'static NativeDef, a: u64, b: u64, c: u64, d: u64) -> u64 {
    let args = [a, b, c, d].map(Value::from_word);
    let f = &def.direct;
    word(th, || (f.f)(th, &args[..f.most as usize]))
}
/// The same of one that binds its arguments itself.
pub unsafe extern "C" fn native_raw(th: Th, def: &'static NativeDef, a: u64, b: u64, c: u64, d: u64) -> u64 {
    let Imp::Raw(f) = def.imp else { return 0 };
    let all = [a, b, c, d];
    let n = all.iter().take_while(|x| **x != 0).count();
    // SAFETY: words of values on this stack.
    word(th, || f(th, unsafe { RawArgs::from_raw(all.as_ptr() as *const Value, n, None) }))
}
/// The same of arguments that may be anything but iterators: those lose what is taken from them.
pub unsafe extern "C" fn native_lasting(
    th: Th,
    def: &'static NativeDef,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
) -> u64 {
    unsafe {
        if ![a, b, c, d].iter().all(|x| Value::from_word(*x).is_none_or(|v| lasting(th, v))) {
            return 0;
        }
        if matches!(def.imp, Imp::Raw(_)) {
            native_raw(th, def, a, b, c, d)
        } else {
            native(th, def, a, b, c, d)
        }
    }
}
/// Any native function: arguments in a tuple, those by keyword last, whose names are in another one (or null).
pub unsafe extern "C" fn native_bound(
    th: Th,
    def: &'static NativeDef,
    this: u64,
    args: Value,
    names: u64,
    first: u64,
) -> u64 {
    unsafe {
        let args: Gc<Tuple> = args.cast_unchecked();
        let this = Value::from_word(this);
        let names = Value::from_word(names).map(|n| n.cast_unchecked());
        if !args.items()[first as usize..].iter().all(|v| lasting(th, *v)) {
            return 0;
        }
        let receiver = if def.sig.receiver || def.kind == DefKind::ClassMethod { this } else { None };
        word(th, || th.call_def(def, receiver, this, RawArgs::with_kw(args.items(), names)))
    }
}
/// The same of a dict or set, the second argument being a key.
pub unsafe extern "C" fn native_keyed(
    th: Th,
    def: &'static NativeDef,
    a: u64,
    b: u64,
    c: u64,
    d: u64,
) -> u64 {
    unsafe {
        if !plain_table(Value::from_bits(a)) {
            return 0;
        }
        native(th, def, a, b, c, d)
    }
}

/// Not a dict whose content is elsewhere, or watched: module variables, attributes.
fn plain_table(d: Value) -> bool {
    d.cast::<Dict>().is_none_or(|d| !d.flag(CELLS) && !d.flag(ATTRS))
}
/// Going over the value takes nothing from it.
pub fn lasting(th: Th, v: Value) -> bool {
    !v.is_obj() || th.type_of(v).slots.iternext.is_none()
}
fn when(ok: bool) -> R<()> {
    if ok { Ok(()) } else { Err(Raised) }
}
pub fn dict_item(th: Th, d: Value, k: Value) -> R<Value> {
    // A missing key is an error that the interpreter raises: bridges may begin there.
    // (A subclass may make it up.)
    unsafe { d.cast_unchecked::<Dict>() }.get(th, k)?.ok_or(Raised)
}
pub fn dict_set(th: Th, d: Value, k: Value, v: Value) -> R<Value> {
    when(plain_table(d))?;
    unsafe { d.cast_unchecked::<Dict>() }.set(th, k, v)?;
    Ok(NONE())
}
pub fn del_item(th: Th, o: Value, k: Value) -> R<Value> {
    when(plain_table(o))?;
    th.setitem(o, k, None)?;
    Ok(NONE())
}
pub fn set_slice(th: Th, o: Value, k: Value, v: Value) -> R<Value> {
    th.setitem(o, k, Some(v))?;
    Ok(NONE())
}
/// The same, which small ints take no detours to; null: nothing has happened.
pub unsafe extern "C" fn set_put(th: Th, s: Value, k: Value) -> u64 {
    let set = unsafe { s.cast_unchecked::<Set>() };
    match set.insert_small(th, k) {
        Some(Ok(_)) => NONE().bits(),
        Some(Err(_)) => word(th, || set_add(th, s, k)),
        None => match set.put_quick(th, k) {
            Some(r) => leaf(th, r.map(|_| NONE())),
            None => word(th, || set_add(th, s, k)),
        },
    }
}
/// `s.discard(k)`; null: nothing has happened.
pub unsafe extern "C" fn set_drop(th: Th, s: Value, k: Value) -> u64 {
    let set = unsafe { s.cast_unchecked::<Set>() };
    match set.take_quick(th, k) {
        Some(_) => NONE().bits(),
        None => word(th, || builtins::set::discard(th, set, k).map(|_| NONE())),
    }
}
/// `s.remove(k)` of what is there; null: nothing has happened.
pub unsafe extern "C" fn set_take(th: Th, s: Value, k: Value) -> u64 {
    let set = unsafe { s.cast_unchecked::<Set>() };
    match set.take_quick(th, k) {
        Some(true) => NONE().bits(),
        Some(false) => 0,
        None => word(th, || if builtins::set::discard(th, set, k)? { Ok(NONE()) } else { Err(Raised) }),
    }
}
pub fn set_add(th: Th, s: Value, k: Value) -> R<Value> {
    builtins::set::add(th, unsafe { s.cast_unchecked() }, k)?;
    Ok(NONE())
}
pub fn empty_set(th: Th, _: Value) -> R<Value> {
    builtins::set::from_slice(th, &[])
}
pub fn list_to_tuple(th: Th, l: Value) -> R<Value> {
    builtins::list::snapshot(th, unsafe { l.cast_unchecked() })
}
pub fn list_extend(th: Th, l: Value, o: Value) -> R<Value> {
    builtins::list::extend(th, unsafe { l.cast_unchecked() }, o)?;
    Ok(NONE())
}
/// Appends to a comprehension's list; null: nothing has happened.
pub unsafe extern "C" fn list_put(th: Th, l: Value, v: Value) -> u64 {
    leaf(th, builtins::list::append(th, unsafe { l.cast_unchecked() }, v).map(|()| NONE()))
}
pub fn contains(th: Th, c: Value, k: Value) -> R<Value> {
    if let Some(b) = builtins::quick::contains(c, k) {
        return Ok(Value::bool(b));
    }
    when(lasting(th, c))?;
    Ok(Value::bool(th.contains(c, k)?))
}
pub fn descriptor(th: Th, d: Value, o: Value) -> R<Value> {
    let t = th.type_of(o);
    let get = th.type_of(d).slots.descr_get.ok_or(Raised)?;
    get(th, d, Some(o), t.value())
}
/// The next item of an iterator that needs no Python code for it.
pub fn iter_next(th: Th, it: Value) -> R<Value> {
    when(simple_iterator(th, it, 0))?;
    let next = th.type_of(it).slots.iternext.ok_or(Raised)?;
    next(th, it)?.ok_or(Raised)
}
pub type Next = fn(Th, Value) -> R<Option<Value>>;
/// The same of a type whose iterators never need any, by its function.
#[allow(improper_ctypes_definitions)]
pub unsafe extern "C" fn step_alone(th: Th, next: Next, it: Value) -> u64 {
    word(th, || next(th, it)?.ok_or(Raised))
}
/// The same of an iterator over another one, which `inner` gives: see `NativeType::inner`.
#[allow(improper_ctypes_definitions)]
pub unsafe extern "C" fn step_over(th: Th, next: Next, inner: fn(Value) -> Option<Value>, it: Value) -> u64 {
    word(th, || {
        when(inner(it).is_some_and(|x| simple_iterator(th, x, 1)))?;
        next(th, it)?.ok_or(Raised)
    })
}
/// Whether the next item of an iterator of this type takes no Python code, whatever it was made of.
pub fn steps_alone(t: Gc<Type>, shape: u32) -> bool {
    super::quiet::over_container(shape) || t.has(tflags::STEPS_ALONE) && !t.heap_type()
}
fn simple_iterator(th: Th, it: Value, depth: usize) -> bool {
    if !it.is_obj() || depth > 3 {
        return false;
    }
    if super::quiet::over_container(it.shape_id()) {
        return true;
    }
    // Several iterators: where one of the later ones fails, those before it have lost an item.
    if let Some(all) = it.exact::<Array>() {
        let mut slots = (0..all.cap).filter_map(|i| all.slot(i).get());
        return slots.next().is_some_and(|x| simple_iterator(th, x, depth + 1))
            && slots.all(builtins::iter_fast::never_fails);
    }
    let t = th.type_of(it);
    if steps_alone(t, it.shape_id()) {
        return true;
    }
    if let Some(inner) = t.native.inner.filter(|_| !t.heap_type()) {
        return inner(it).is_some_and(|x| simple_iterator(th, x, depth + 1));
    }
    if let Some(e) = it.exact::<builtins::zip_map::Enumerate>() {
        return simple_iterator(th, e.iter.value(), depth + 1);
    }
    if let Some(z) = it.exact::<builtins::zip_map::Zip>() {
        let all: Gc<Tuple> = z.iters.gc();
        // Where one of the others ends, those before it have lost an item.
        return z.strict.load(std::sync::atomic::Ordering::Relaxed) == 0
            && all.items().first().is_none_or(|x| simple_iterator(th, *x, depth + 1))
            && all.items().iter().skip(1).all(|x| builtins::iter_fast::peek(*x).is_some());
    }
    if let Some(c) = it.exact::<builtins::call_iter::CallIter>() {
        // What `finditer` gives.
        let f = c.call.get().and_then(|f| f.exact::<NativeFunction>());
        let this = f.and_then(|f| f.this.get());
        return this
            .is_some_and(|o| th.type_of(o).native.name == "_sre.SRE_Scanner" && !th.type_of(o).heap_type())
            && c.sentinel.get().is_some_and(|s| s.is_none());
    }
    false
}
/// `next(it, default)`.
pub fn iter_next_or(th: Th, it: Value, default: Value) -> R<Value> {
    when(simple_iterator(th, it, 0))?;
    let next = th.type_of(it).slots.iternext.ok_or(Raised)?;
    Ok(next(th, it)?.unwrap_or(default))
}
/// `a, b, *rest, c = o`: what comes before and after, and between them the rest in a list.
pub fn unpack_ex(th: Th, o: Value, counts: Value) -> R<Value> {
    let n = counts.as_fix().ok_or(Raised)?;
    let (before, after) = ((n >> 32) as usize, n as u32 as usize);
    let t = match o.exact::<List>() {
        Some(l) => builtins::list::snapshot(th, l)?,
        None => o,
    };
    let t = t.exact::<Tuple>().ok_or(Raised)?;
    let items = t.items();
    when(items.len() >= before + after)?;
    let mid = items.len() - after;
    let rest = builtins::list::new(th, &items[before..mid])?;
    let mut out = crate::interp::call::Gather::new();
    for v in &items[..before] {
        out.push(th, *v)?;
    }
    out.push(th, rest.value())?;
    for v in &items[mid..] {
        out.push(th, *v)?;
    }
    th.try_tuple(out.as_slice())
}
/// Keys and values in turn.
pub fn dict_of_tuple(th: Th, t: Value) -> R<Value> {
    let t: Gc<Tuple> = unsafe { t.cast_unchecked() };
    let d = Gc::<Dict>::with_capacity(th, t.len / 2);
    for p in t.items().chunks(2) {
        d.set(th, p[0], p[1])?;
    }
    Ok(d.value())
}
pub fn dict_update(th: Th, d: Value, v: Value) -> R<Value> {
    when(plain_table(d))?;
    builtins::dict::update_from(th, unsafe { d.cast_unchecked() }, v)?;
    Ok(NONE())
}
/// Keyword arguments of a call into an empty dict: what may be wrong with them is found before.
pub fn dict_merge(th: Th, d: Value, v: Value) -> R<Value> {
    let (to, from): (Gc<Dict>, Gc<Dict>) = unsafe { (d.cast_unchecked(), v.cast_unchecked()) };
    when(plain_table(d) && plain_table(v) && to.len() == 0)?;
    let mut i = 0;
    while let Some((ni, k, _)) = from.next_entry(i) {
        i = ni;
        when(k.is_exact(Kind::Str))?;
    }
    builtins::dict::update_from(th, to, v)?;
    Ok(NONE())
}
/// The values of keyword arguments that have these names in this order.
pub fn keywords(th: Th, d: Value, names: Value) -> R<Value> {
    let (d, names): (Gc<Dict>, Gc<Tuple>) = unsafe { (d.cast_unchecked(), names.cast_unchecked()) };
    when(plain_table(d.value()) && d.len() == names.len && names.len <= MOST_KEYWORDS)?;
    let mut values = [NONE(); MOST_KEYWORDS];
    let (mut i, mut n) = (0, 0);
    while let Some((ni, k, v)) = d.next_entry(i) {
        i = ni;
        let name = *names.items().get(n).ok_or(Raised)?;
        when(k.is(name) || (k.is_exact(Kind::Str) && same_text(k, name)))?;
        values[n] = v;
        n += 1;
    }
    when(n == names.len)?;
    Ok(th.tuple(&values[..n]))
}
pub const MOST_KEYWORDS: usize = 16;
/// The exception that is handled, or None.
pub fn handled(th: Th, _: Value) -> R<Value> {
    Ok(th.handled.get().unwrap_or(NONE()))
}
pub fn set_handled(th: Th, e: Value) -> R<Value> {
    th.handled.init(if e.is_none() { None } else { Some(e) });
    Ok(NONE())
}
pub fn exc_matches(th: Th, e: Value, c: Value) -> R<Value> {
    Ok(Value::bool(builtins::exceptions::matches(th, e, c)?))
}
pub fn attribute(th: Th, o: Value, name: Value) -> R<Value> {
    th.getattr(o, name)
}
pub fn call_ex(th: Th, f: Value, args: Value, kw: Value) -> R<Value> {
    let args: Gc<Tuple> = unsafe { args.cast_unchecked() };
    when(args.items().iter().all(|v| lasting(th, *v)))?;
    th.call_ex(f, args, kw.exact::<Dict>())
}
pub fn item(th: Th, o: Value, k: Value) -> R<Value> {
    th.getitem(o, k)
}
/// `o[start:stop]` of a builtin sequence, the bounds being small ints or None.
pub fn slice(th: Th, o: Value, start: Value, stop: Value) -> R<Value> {
    let bounds = (start.as_fix().unwrap_or(0), stop.as_fix().unwrap_or(i64::MAX), 1);
    if let Some(b) = o.exact::<Bytes>() {
        let x = builtins::slicing::adjust(b.len, bounds);
        return builtins::bytes::part(th, b, x.start as usize, x.len);
    }
    if let Some(s) = o.exact::<Str>() {
        return builtins::str_type::slice(th, s, builtins::slicing::adjust(s.len(), bounds));
    }
    let s = builtins::slice::new(th, start, stop, NONE());
    th.getitem(o, s)
}
/// `int.from_bytes(b)`, or with `"little"`.
pub fn int_of_bytes(th: Th, b: Value, little: Value) -> R<Value> {
    let b: Gc<Bytes> = unsafe { b.cast_unchecked() };
    let (b, little) = (b.bytes(), little.is(TRUE()));
    if b.len() < 8 {
        let mut w = [0; 8];
        if little {
            w[..b.len()].copy_from_slice(b);
        } else {
            w[8 - b.len()..].copy_from_slice(b);
        }
        let n = if little { u64::from_le_bytes(w) } else { u64::from_be_bytes(w) };
        return Ok(th.int(n as i64));
    }
    th.big(adder_num::bigint::from_bytes(b, little, false))
}
pub fn concat(th: Th, a: Value, b: Value) -> R<Value> {
    builtins::str_methods::concat_all(th, &[a, b])
}
pub fn format(th: Th, o: Value) -> R<Value> {
    builtins::ops::format(th, o, crate::thread::Root::empty_str.value())
}
pub fn to_str(th: Th, o: Value) -> R<Value> {
    th.to_str(o)
}
pub fn repr(th: Th, o: Value) -> R<Value> {
    th.repr(o)
}
pub fn iter(th: Th, o: Value) -> R<Value> {
    th.iter(o)
}
pub fn len(th: Th, o: Value) -> R<Value> {
    Ok(th.int(th.len(o)? as i64))
}
pub fn construct0(th: Th, t: Value) -> R<Value> {
    builtins::type_::type_call(th, t, RawArgs::EMPTY)
}
/// Of a builtin type with a function for just this.
pub fn construct1(th: Th, t: Value, a: Value) -> R<Value> {
    when(lasting(th, a))?;
    let t: Gc<Type> = unsafe { t.cast_unchecked() };
    t.native.new1.ok_or(Raised)?(th, a)
}
pub fn construct1_any(th: Th, t: Value, a: Value) -> R<Value> {
    when(lasting(th, a))?;
    builtins::type_::type_call(th, t, RawArgs::positional(&[a]))
}
fn arguments(th: Th, args: Value, names: Option<Value>) -> R<RawArgs> {
    let args: Gc<Tuple> = unsafe { args.cast_unchecked() };
    when(args.items().iter().all(|v| lasting(th, *v)))?;
    // SAFETY: a pointer into the tuple, as the caller has it on the stack, keeps it where it is.
    let items: &[Value] = unsafe { &*(args.items() as *const [Value]) };
    Ok(RawArgs::with_kw(items, names.map(|n| unsafe { n.cast_unchecked() })))
}
pub fn construct_all(th: Th, t: Value, args: Value) -> R<Value> {
    builtins::type_::type_call(th, t, arguments(th, args, None)?)
}
pub fn construct_named(th: Th, t: Value, args: Value, names: Value) -> R<Value> {
    builtins::type_::type_call(th, t, arguments(th, args, Some(names))?)
}
pub fn call_all(th: Th, f: Value, args: Value) -> R<Value> {
    th.call_raw(f, arguments(th, args, None)?)
}
pub fn call_named(th: Th, f: Value, args: Value, names: Value) -> R<Value> {
    th.call_raw(f, arguments(th, args, Some(names))?)
}
