//! Module `gc`: the collector as Python sees it.
//!
//! There are no reference counts and one old generation, so counts, thresholds and generations are what programs set, not
//! what the collector goes by. Objects of internal layouts (arrays, tables, attribute words) are seen through: a referrer
//! or referent is always something that Python can name.
//!
//! # Invariants
//! - Headers are read of values that were found to be objects. Kinds are looked at before a cast.
//! - While the heap is walked (`objects`) the world stands still: nothing is allocated, and objects are only written
//!   down, in an array that was made before.
//! - `*objs` arguments arrive as a tuple.

use crate::builtins::list;
use crate::err::R;
use crate::interp::generator::{self, Generator};
use crate::native::*;
use crate::object::*;
use crate::thread::{Root, Th};
use crate::value::*;
use adder_heap::{Obj, thread_ns};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::*};
use std::time::Instant;

static ENABLED: AtomicBool = AtomicBool::new(true);
static DEBUG: AtomicI64 = AtomicI64::new(0);
static THRESHOLDS: [AtomicI64; 3] = [AtomicI64::new(2000), AtomicI64::new(10), AtomicI64::new(10)];
static COLLECTIONS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
static COLLECTED: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];
static FROZEN: AtomicI64 = AtomicI64::new(0);

pub static MODULE: NativeModule = NativeModule {
    name: "gc",
    doc: "This module provides access to the garbage collector for reference cycles.\n\nenable() -- Enable automatic garbage collection.\ndisable() -- Disable automatic garbage collection.\nisenabled() -- Returns true if automatic collection is enabled.\ncollect() -- Do a full collection right now.\nget_count() -- Return the current collection counts.\nget_stats() -- Return list of dictionaries containing per-generation stats.\nset_debug() -- Set debugging flags.\nget_debug() -- Get debugging flags.\nset_threshold() -- Set the collection thresholds.\nget_threshold() -- Return the current collection thresholds.\nget_objects() -- Return a list of all objects tracked by the collector.\nis_tracked() -- Returns true if a given object is tracked.\nis_finalized() -- Returns true if a given object has been already finalized.\nget_referrers() -- Return the list of objects that refer to an object.\nget_referents() -- Return the list of objects that an object refers to.\nfreeze() -- Freeze all tracked objects and ignore them for future collections.\nunfreeze() -- Unfreeze all objects in the permanent generation.\nget_freeze_count() -- Return the number of objects in the permanent generation.\n",
    functions: &[
        function("enable", "($module, /)", "Enable automatic garbage collection.", enable),
        function("disable", "($module, /)", "Disable automatic garbage collection.", disable),
        function(
            "isenabled",
            "($module, /)",
            "Returns true if automatic garbage collection is enabled.",
            isenabled,
        ),
        function(
            "set_debug",
            "($module, flags, /)",
            "Set the garbage collection debugging flags.\n\n  flags\n    An integer that can have the following bits turned on:\n      DEBUG_STATS - Print statistics during collection.\n      DEBUG_COLLECTABLE - Print collectable objects found.\n      DEBUG_UNCOLLECTABLE - Print unreachable but uncollectable objects\n        found.\n      DEBUG_SAVEALL - Save objects to gc.garbage rather than freeing them.\n      DEBUG_LEAK - Debug leaking programs (everything but STATS).\n\nDebugging information is written to sys.stderr.",
            set_debug,
        ),
        function("get_debug", "($module, /)", "Get the garbage collection debugging flags.", get_debug),
        function(
            "get_count",
            "($module, /)",
            "Return a three-tuple of the current collection counts.",
            get_count,
        ),
        function(
            "set_threshold",
            "!($module, threshold0, threshold1=None, threshold2=None, /)",
            "set_threshold(threshold0, [threshold1, [threshold2]])\nSet the collection thresholds (the collection frequency).\n\nSetting 'threshold0' to zero disables collection.",
            set_threshold,
        ),
        function("get_threshold", "($module, /)", "Return the current collection thresholds.", get_threshold),
        function(
            "collect",
            "($module, /, generation=2)",
            "Run the garbage collector.\n\nWith no arguments, run a full collection.  The optional argument\nmay be an integer specifying which generation to collect.  A ValueError\nis raised if the generation number is invalid.\n\nThe number of unreachable objects is returned.",
            collect,
        )
        .indirect(),
        function(
            "get_objects",
            "($module, /, generation=None)",
            "Return a list of objects tracked by the collector (excluding the list returned).\n\n  generation\n    Generation to extract the objects from.\n\nIf generation is not None, return only the objects tracked by the\ncollector that are in that generation.",
            get_objects,
        ),
        function(
            "get_stats",
            "($module, /)",
            "Return a list of dictionaries containing per-generation statistics.",
            get_stats,
        ),
        function(
            "is_tracked",
            "($module, obj, /)",
            "Returns true if the object is tracked by the garbage collector.\n\nSimple atomic objects will return false.",
            is_tracked,
        ),
        function(
            "is_finalized",
            "($module, obj, /)",
            "Returns true if the object has been already finalized by the GC.",
            is_finalized,
        ),
        function(
            "get_referrers",
            "($module, /, *objs)",
            "Return the list of objects that directly refer to any of 'objs'.",
            get_referrers,
        ),
        function(
            "get_referents",
            "($module, /, *objs)",
            "Return the list of objects that are directly referred to by 'objs'.",
            get_referents,
        ),
        function(
            "freeze",
            "($module, /)",
            "Freeze all current tracked objects and ignore them for future collections.\n\nThis can be used before a POSIX fork() call to make the gc copy-on-write\nfriendly.\nNote: collection before a POSIX fork() call may free pages for future\nallocation which can cause copy-on-write.",
            freeze,
        ),
        function(
            "unfreeze",
            "($module, /)",
            "Unfreeze all objects in the permanent generation.\n\nPut all objects in the permanent generation back into oldest generation.",
            unfreeze,
        ),
        function(
            "get_freeze_count",
            "($module, /)",
            "Return the number of objects in the permanent generation.",
            get_freeze_count,
        ),
    ],
    types: &[],
    init: Some(|th, m| {
        let garbage = list::new(th, &[])?.value();
        let callbacks = list::new(th, &[])?.value();
        Root::gc_garbage.set(Some(garbage));
        Root::gc_callbacks.set(Some(callbacks));
        m.put(th, "garbage", garbage)?;
        m.put(th, "callbacks", callbacks)?;
        for (n, v) in [
            ("DEBUG_STATS", 1),
            ("DEBUG_COLLECTABLE", 2),
            ("DEBUG_UNCOLLECTABLE", 4),
            ("DEBUG_SAVEALL", 32),
            ("DEBUG_LEAK", 38),
        ] {
            m.put(th, n, Value::fix(v))?;
        }
        Ok(())
    }),
};

/// Whether collections that nobody asked for are wanted.
pub fn enabled() -> bool {
    ENABLED.load(Relaxed)
}
fn enable(_: Th, _: &[Option<Value>]) -> R<Value> {
    ENABLED.store(true, Relaxed);
    Ok(NONE())
}
fn disable(_: Th, _: &[Option<Value>]) -> R<Value> {
    ENABLED.store(false, Relaxed);
    Ok(NONE())
}
fn isenabled(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(ENABLED.load(Relaxed)))
}
fn set_debug(th: Th, a: &[Option<Value>]) -> R<Value> {
    DEBUG.store(th.index_i64(a[0].unwrap())?, Relaxed);
    Ok(NONE())
}
fn get_debug(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(DEBUG.load(Relaxed)))
}
fn get_count(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(th.tuple(&[Value::fix(0), Value::fix(0), Value::fix(0)]))
}
fn set_threshold(th: Th, a: &[Option<Value>]) -> R<Value> {
    for (t, v) in THRESHOLDS.iter().zip(a) {
        if let Some(v) = v {
            t.store(th.index_i64(*v)?, Relaxed);
        }
    }
    Ok(NONE())
}
fn get_threshold(th: Th, _: &[Option<Value>]) -> R<Value> {
    let v = |i: usize| th.int(THRESHOLDS[i].load(Relaxed));
    Ok(th.tuple(&[v(0), v(1), v(2)]))
}

/// A collection on behalf of the program, with its callbacks, and the finalizers and weakref callbacks that are due.
///
/// Answers how many unreachable objects CPython's collector would have found: those in cycles, and what hangs on them.
/// Younger generations are collected without counting.
#[inline(never)]
pub fn run(th: Th, generation: usize) -> R<usize> {
    th.may_run_python()?;
    notify(th, "start", generation, 0)?;
    COLLECTIONS[generation].fetch_add(1, Relaxed);
    let mut found = 0;
    if generation == 2 {
        found = th.m.heap.collect_counting(&th.m, &|o| tracked(Value::from_obj(o)));
        if crate::pending::deaths(th) {
            // What finalizers resurrected once dies only now.
            th.m.heap.collect(&th.m, true);
            crate::pending::deaths(th);
        }
    } else {
        th.m.heap.collect(&th.m, false);
        crate::pending::deaths(th);
    }
    COLLECTED[generation].fetch_add(found as u64, Relaxed);
    notify(th, "stop", generation, found)?;
    Ok(found)
}
fn notify(th: Th, phase: &str, generation: usize, found: usize) -> R<()> {
    let Some(l) = Root::gc_callbacks.get().and_then(|l| l.cast::<List>()) else { return Ok(()) };
    if l.len.load(Acquire) == 0 {
        return Ok(());
    }
    let info = Gc::<Dict>::new(th);
    for (k, v) in [("generation", generation as i64), ("collected", found as i64), ("uncollectable", 0)] {
        info.set(th, th.intern(k), Value::fix(v))?;
    }
    let phase = th.intern(phase);
    let fs: Gc<Tuple> = list::snapshot(th, l)?.known();
    for f in fs.items() {
        if th.call(*f, &[phase, info.value()]).is_err() {
            crate::unraisable::report(th, Some("while calling GC callback"), *f);
        }
    }
    Ok(())
}
/// `gc.collect()` called by an instruction: the collection is to run once the interpreter is back in its loop.
///
/// Words on the native stack are roots. The frames between the loop and this function lie where those of earlier
/// operations lay, and what they do not initialise still shows what those held; from the loop, over memory cleared
/// before, nothing dead is seen. (`indirect` sees to it that all calls by instructions come here.)
pub fn collect_soon(th: Th, a: &[Option<Value>]) -> R<()> {
    th.collect_soon.set(generation(th, a)? as u32 + 1);
    Ok(())
}
/// Runs what `collect_soon` asked for.
#[cold]
#[inline(never)]
pub fn run_soon(th: Th) -> R<usize> {
    clear_stack();
    let g = th.collect_soon.replace(0) - 1;
    run(th, g as usize)
}
/// `collect_soon` for what a `del` may have left unreachable; with or without the old objects.
const DROPPED: u32 = u32::MAX;
const DROPPED_OLD: u32 = u32::MAX - 1;
/// What collections for the sake of dropped objects have taken, in nanoseconds of processor time. What was in vain counts
/// `IN_VAIN` times: most programs have no use for them, and should not lose time at their start.
static PROMPT_SPENT: AtomicU64 = AtomicU64::new(0);

const IN_VAIN: u64 = 10;
/// As much they may take at once, and this part of the time.
const PROMPT_ONCE: u64 = 50_000_000;
const PROMPT_PART: u64 = 16;
/// What they could have taken by now. Time in which they were not wanted is not kept for later: see `spent`.
fn prompt_due() -> u64 {
    static SINCE: OnceLock<Instant> = OnceLock::new();
    SINCE.get_or_init(Instant::now).elapsed().as_nanos() as u64 / PROMPT_PART
}
fn spent(begun: u64, in_vain: bool) {
    let n = (thread_ns() - begun) * if in_vain { IN_VAIN } else { 1 };
    let due = prompt_due();
    _ = PROMPT_SPENT.fetch_update(Relaxed, Relaxed, |all| Some(all.max(due) + n));
}

/// Whether somebody would notice at once that this object is gone: it has a finalizer that has not run, or weak
/// references.
fn noticed(th: Th, v: Value) -> bool {
    if !v.is_obj() {
        return false;
    }
    let f = unsafe { v.header_unchecked() }.flags.load(Relaxed);
    if f & flags::HAS_WEAK != 0 {
        return true;
    }
    f & flags::FINALIZED == 0
        && match v.kind() {
            // What has not begun or is done dies without a sound, but for coroutines that nobody awaited.
            Kind::Generator | Kind::Coroutine | Kind::AsyncGenerator => {
                let g: Gc<Generator> = unsafe { v.cast_unchecked() };
                match g.state.load(Relaxed) {
                    generator::FINISHED => false,
                    generator::CREATED => v.is_kind(Kind::Coroutine),
                    generator::SUSPENDED if v.is_kind(Kind::Generator) => {
                        crate::builtins::generator::closing_is_noticed(th, g)
                    }
                    _ => true,
                }
            }
            _ => th.type_of(v).has(tflags::HAS_DEL),
        }
}
/// A part of the time only: a program that drops such objects all the time gets its collections as ever. Under stress they
/// are few among many.
#[cold]
fn may_be_prompt(th: Th) -> bool {
    enabled()
        && (PROMPT_SPENT.load(Relaxed) < PROMPT_ONCE + prompt_due()
            || matches!(th.m.heap.config.mode, adder_heap::Mode::Stress(_)))
}
/// A `del` has dropped `v`. Programs expect its finalizer and the callbacks of its weak references now, as reference
/// counts would have it: where somebody would notice, a collection looks whether nobody else refers to it, as long as such
/// collections do not take too much time. True: the instruction is to answer `Err(Raised)`, see `collect_soon`.
#[inline]
pub fn dropped(th: Th, v: Value) -> bool {
    noticed(th, v) && drop_soon(th, v)
}
#[cold]
fn drop_soon(th: Th, v: Value) -> bool {
    if !may_be_prompt(th) || th.exc.get().is_some() || in_cycle(th, v) {
        return false;
    }
    let old =
        is_old(v) || generator::as_generator(v).is_some_and(|g| crate::builtins::generator::holds_old(th, g));
    th.collect_soon.set(if old { DROPPED_OLD } else { DROPPED });
    true
}
/// Whether only a full collection finds it dead.
pub fn is_old(v: Value) -> bool {
    // SAFETY: only objects are asked, and they have a header.
    v.is_obj() && unsafe { v.header_unchecked() }.gc.load(Relaxed) & adder_heap::gcbits::UNLOGGED != 0
}
/// Whether reference counts would not free it: it refers to itself. Looks at the nearest objects only, and not at what is
/// alive all the same: classes, modules, namespaces, code.
fn in_cycle(th: Th, v: Value) -> bool {
    let begun = thread_ns();
    let through = |o: Obj| match kind_of(o) {
        Kind::Type | Kind::Module | Kind::Code => false,
        Kind::Dict => !Value::from_obj(o).cast::<Dict>().is_some_and(|d| d.is_cells()),
        _ => true,
    };
    let found =
        v.is_kind(Kind::Type) || th.m.heap.in_cycle(&th.m, v.obj().expect("an object"), 200, &through);
    spent(begun, found);
    found
}
/// As `dropped`, in a native function that let go of what `noticeable` told it about, some of which may be `old`.
pub fn dropped_in_native(th: Th, old: bool) {
    if may_be_prompt(th) {
        clear_stack();
        collect_dropped(th, old);
    }
}
/// Finds all that nobody refers to any more, for a native function that would have to wait for it.
pub fn collect_in_native(th: Th) {
    clear_stack();
    collect_dropped(th, true);
}
/// Whether one of these would be noticed to be gone.
pub fn noticeable(th: Th, values: &[Option<Value>]) -> bool {
    values.iter().flatten().any(|v| noticed(th, *v))
}
/// Never inlined, as `run`: its frame lies in the part of the stack that was cleared.
#[inline(never)]
fn collect_dropped(th: Th, old: bool) {
    let begun = thread_ns();
    th.m.heap.collect(&th.m, old);
    spent(begun, !th.m.heap.has_pending());
    crate::pending::deaths(th);
}
/// Whether `collect_soon` is on behalf of a `del`: then it is done here.
#[cold]
pub fn drop_now(th: Th) -> bool {
    let what = th.collect_soon.get();
    if what < DROPPED_OLD {
        return false;
    }
    th.collect_soon.set(0);
    clear_stack();
    collect_dropped(th, what == DROPPED_OLD);
    true
}
/// Overwrites the part of the stack that the next calls will use.
#[inline(never)]
pub fn clear_stack() {
    let mut words = [std::mem::MaybeUninit::<u64>::uninit(); 4096];
    for w in &mut words {
        unsafe { std::ptr::write_volatile(w.as_mut_ptr(), 0) };
    }
}
/// Whether a native function is `gc.collect`.
#[inline]
pub fn is_collect(d: &NativeDef) -> bool {
    matches!(d.imp, Imp::Bound(f) if std::ptr::fn_addr_eq(f, collect as NativeFn))
}
fn generation(th: Th, a: &[Option<Value>]) -> R<usize> {
    let g = match a[0] {
        Some(v) => th.index_i64(v)?,
        None => 2,
    };
    if !(0..3).contains(&g) {
        return Err(th.value_error("invalid generation"));
    }
    Ok(g as usize)
}
fn collect(th: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(run(th, generation(th, a)?)? as i64))
}

/// Kinds that are parts of other objects.
fn internal(k: Kind) -> bool {
    k as u8 >= Kind::Array as u8 || matches!(k, Kind::Free)
}
/// Kinds whose instances the program sees as containers.
fn container(k: Kind) -> bool {
    use Kind::*;
    !internal(k)
        && !matches!(
            k,
            Int | Float
                | Bool
                | Complex
                | Str
                | Bytes
                | ByteArray
                | Range
                | NoneType
                | EllipsisType
                | NotImplementedType
                | Code
                | Object
                | StrIter
                | BytesIter
                | RangeIter
                | LongRangeIter
        )
}
fn kind_of(o: Obj) -> Kind {
    Value::from_obj(o).kind()
}
/// Whether CPython's collector would know the object.
fn tracked(o: Value) -> bool {
    let Some(ob) = o.obj() else { return false };
    match o.kind() {
        Kind::Tuple => o.known::<Tuple>().len > 0,
        Kind::Object => {
            crate::shape::shape(o.shape_id()).size > 8 && crate::shape::shape(o.shape_id()).type_.heap_type()
        }
        k => container(k) && kind_of(ob) == k,
    }
}
/// The same after a collection, which lets go of tuples that hold nothing tracked (names of a code object's variables,
/// constants: they come into being when somebody looks, and nobody is to count them).
fn tracked_after(o: Value) -> bool {
    tracked(o) && (o.kind() != Kind::Tuple || o.known::<Tuple>().items().iter().any(|x| tracked(*x)))
}
fn is_tracked(_: Th, a: &[Option<Value>]) -> R<Value> {
    Ok(Value::bool(tracked(a[0].unwrap())))
}
fn is_finalized(_: Th, a: &[Option<Value>]) -> R<Value> {
    let o = a[0].unwrap();
    Ok(Value::bool(o.is_obj() && unsafe { o.header_unchecked() }.flags.load(Acquire) & flags::FINALIZED != 0))
}

/// The live objects that `keep` wants. It may not allocate.
fn objects(th: Th, keep: &dyn Fn(Value) -> bool) -> R<Gc<List>> {
    let mut room = 1024;
    loop {
        let a = th.array(room)?;
        let mut n = 0;
        th.m.heap.for_each_object(&th.m, &mut |o| {
            let v = Value::from_obj(o);
            if keep(v) {
                if n < room {
                    a.slot(n).init(Some(v));
                }
                n += 1;
            }
        });
        th.m.barrier_all(a.obj());
        if n <= room {
            // SAFETY: so many were written just now.
            let v = unsafe { std::slice::from_raw_parts(a.slots().as_ptr() as *const Value, n) };
            return list::new(th, v);
        }
        room = n + n / 8;
    }
}
fn get_objects(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (mut all, mut generation) = (true, -1);
    if let Some(g) = a[0].and_then(|g| g.some()) {
        if th.type_of(g).slots.index.is_none() {
            return Err(
                th.type_error(format!("argument should be integer or None, not '{}'", th.type_name_of(g)))
            );
        }
        let g = th.index_i64(g)?;
        if g >= 3 {
            return Err(th.value_error(
                "generation parameter must be less than the number of available generations (3)",
            ));
        }
        if g < 0 {
            return Err(th.value_error("generation parameter cannot be negative"));
        }
        // After the collection that this makes, everything is old.
        all = g == 2;
        generation = g;
    }
    crate::sys::audit::audit(th, "gc.get_objects", &[Value::fix(generation)])?;
    // Nobody is to find the hooks of audits and take them away.
    let hooks = crate::thread::Root::audit_hooks.get();
    Ok(objects(th, &|v| all && tracked_after(v) && !hooks.is_some_and(|h| h.is(v)))?.value())
}
fn get_stats(th: Th, _: &[Option<Value>]) -> R<Value> {
    let l = list::new(th, &[])?;
    let s = th.m.heap.stats();
    for (i, c) in COLLECTIONS.iter().enumerate() {
        let d = Gc::<Dict>::new(th);
        let own = match i {
            0 => s.minor,
            2 => s.major,
            _ => 0,
        };
        let n = c.load(Relaxed).max(own) as i64;
        let found = COLLECTED[i].load(Relaxed) as i64;
        for (k, v) in [("collections", n), ("collected", found), ("uncollectable", 0)] {
            d.set(th, th.intern(k), Value::fix(v))?;
        }
        list::append(th, l, d.value())?;
    }
    Ok(l.value())
}

/// Calls `f` with what `o` refers to, through internal objects. `f` may not allocate.
fn referents(th: Th, o: Obj, f: &mut dyn FnMut(Value)) {
    // gc-safe: internal objects that `o` keeps alive; nothing allocates meanwhile
    let mut work = vec![o];
    let mut seen = std::collections::HashSet::new();
    while let Some(x) = work.pop() {
        th.m.heap.each_slot(&th.m, x, &mut |w| {
            let Some(v) = Value::from_word(w) else { return };
            let Some(ob) = v.obj() else { return };
            if !th.m.heap.contains(w as usize) {
                return;
            }
            if internal(kind_of(ob)) {
                if seen.insert(w) {
                    work.push(ob);
                }
            } else {
                f(v)
            }
        });
    }
}
fn get_referents(th: Th, a: &[Option<Value>]) -> R<Value> {
    crate::sys::audit::audit(th, "gc.get_referents", &[a[0].unwrap()])?;
    let objs: Gc<Tuple> = a[0].unwrap().known();
    let out = list::new(th, &[])?;
    for o in objs.items() {
        let Some(ob) = o.obj() else { continue };
        if !tracked(*o) && !container(o.kind()) && o.kind() != Kind::Object {
            continue;
        }
        let mut n = 0;
        referents(th, ob, &mut |_| n += 1);
        let arr = th.array(n)?;
        let mut i = 0;
        referents(th, ob, &mut |v| {
            if i < n {
                arr.slot(i).init(Some(v));
                i += 1;
            }
        });
        th.m.barrier_all(arr.obj());
        for s in &arr.slots()[..i] {
            list::append(th, out, s.value())?;
        }
    }
    Ok(out.value())
}
fn get_referrers(th: Th, a: &[Option<Value>]) -> R<Value> {
    crate::sys::audit::audit(th, "gc.get_referrers", &[a[0].unwrap()])?;
    let objs: Gc<Tuple> = a[0].unwrap().known();
    let all = objects(th, &|v| tracked(v) || v.kind() == Kind::Object)?;
    let out = list::new(th, &[])?;
    let t: Gc<Tuple> = list::snapshot(th, all)?.known();
    for v in t.items() {
        if v.is(objs.value()) || v.is(all.value()) || v.is(t.value()) || v.is(out.value()) {
            continue;
        }
        let mut hit = false;
        referents(th, v.obj().unwrap(), &mut |r| hit |= objs.items().iter().any(|o| o.is(r)));
        if hit {
            list::append(th, out, *v)?;
        }
    }
    Ok(out.value())
}
fn freeze(th: Th, _: &[Option<Value>]) -> R<Value> {
    let n = std::cell::Cell::new(0);
    th.m.heap.for_each_object(&th.m, &mut |o| {
        if tracked(Value::from_obj(o)) {
            n.set(n.get() + 1)
        }
    });
    FROZEN.store(n.get(), Relaxed);
    Ok(NONE())
}
fn unfreeze(_: Th, _: &[Option<Value>]) -> R<Value> {
    FROZEN.store(0, Relaxed);
    Ok(NONE())
}
fn get_freeze_count(_: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::fix(FROZEN.load(Relaxed)))
}
