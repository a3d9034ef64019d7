//! Python frame and traceback objects: made on demand from the frames of the interpreter.
//!
//! A frame object of a running frame reads its registers; when the frame is left the locals are copied over (`detach`);
//! of a suspended generator it reads the generator's registers.
//!
//! # Invariants
//! - `FrameObj::live` points to the frame's record while it is on a thread's stack; `detach` makes it null before the
//!   record is left, [`lost`] where a panic has left it. So does a stack live as long as `live` points into it.
//! - A record is written by the thread whose frame it is, and by others while that one is stopped: all who look at one
//!   through its frame object do so in [`with_live`]. What variables hold is a value at every safepoint.
//! - `o` of the functions in the tables of types is an object of the type: its kind needs no test.

use crate::builtins::code_replace;
use crate::err::R;
use crate::interp::chain;
use crate::interp::generator::{Generator, SUSPENDED};
use crate::native::*;
use crate::object::*;
use crate::slots::Slots;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::CodeData;
use adder_heap::Header;
use std::mem::offset_of;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering::*};

#[repr(C)]
pub struct FrameObj {
    pub h: Header,
    pub func: SlotOf<Function>,
    pub code: SlotOf<Code>,
    pub back: Slot,
    /// Array of the registers of locals and frees, once the frame is left.
    pub saved: SlotOf<Array>,
    pub generator: SlotOf<Generator>,
    pub namespace: Slot,
    pub trace: Slot,
    /// Names that `f_locals` added beyond the frame's own.
    pub extra_locals: SlotOf<Dict>,
    /// The running frame, or null.
    pub live: AtomicPtr<Frame>,
    pub lasti: AtomicU64,
    pub tflags: AtomicU64,
}
unsafe impl Layout for FrameObj {
    const KIND: Kind = Kind::Frame;
}
impl FrameObj {
    /// What a new one is like: at the first instruction, called by nobody.
    pub fn new(func: Gc<Function>, code: Gc<Code>) -> FrameObj {
        FrameObj {
            h: FrameObj::head(),
            func: SlotOf::new(func),
            code: SlotOf::new(code),
            back: Slot::null(),
            saved: SlotOf::null(),
            generator: SlotOf::null(),
            namespace: Slot::null(),
            trace: Slot::null(),
            extra_locals: SlotOf::null(),
            live: AtomicPtr::new(std::ptr::null_mut()),
            lasti: AtomicU64::new(0),
            tflags: AtomicU64::new(0),
        }
    }
}

pub static FRAME_TYPE: NativeType = NativeType {
    name: "frame",
    kind: Kind::Frame,
    size: size_of::<FrameObj>() as u32,
    flags: tflags::IMMUTABLE,
    slots: Slots { repr: Some(repr), ..Slots::NONE },
    getset: &[
        getter("f_back", "", f_back),
        getter("f_code", "Return the code object being executed in this frame.", |_, o| {
            Ok(crate::builtins::function::canonical(fo(o).code.gc()).value())
        }),
        getter("f_globals", "Return the global variables in the frame.", |_, o| {
            Ok(fo(o).func.gc().globals.value())
        }),
        getter("f_builtins", "Return the built-in variables in the frame.", |_, o| {
            Ok(Value::opt_or_none(fo(o).func.gc().builtins.get()))
        }),
        getter("f_locals", "Return the mapping used by the frame to look up local variables.", f_locals),
        getter("f_lasti", "Return the index of the last attempted instruction in the frame.", |th, o| {
            let f = fo(o);
            Ok(Value::fix(if starting(th, f) { 0 } else { code_replace::offset(lasti(th, f)) }))
        }),
        getset(
            "f_lineno",
            "Return the current line number in the frame.",
            f_lineno,
            super::frame_jump::set_line,
        ),
        getset(
            "f_trace",
            "Return the trace function for this frame, or None if no trace function is set.",
            |_, o| Ok(Value::opt_or_none(fo(o).trace.get())),
            |th, o, v| {
                th.store_opt(fo(o), &fo(o).trace, v.and_then(|v| v.some()));
                Ok(())
            },
        ),
        getset(
            "f_trace_lines",
            "",
            |_, o| Ok(Value::bool(fo(o).tflags.load(Relaxed) & 1 == 0)),
            |th, o, v| set_bit(th, o, v, 1, true),
        ),
        getset(
            "f_trace_opcodes",
            "Return True if opcode tracing is enabled, False otherwise.",
            |_, o| Ok(Value::bool(fo(o).tflags.load(Relaxed) & 2 != 0)),
            |th, o, v| {
                set_bit(th, o, v, 2, false)?;
                if fo(o).tflags.load(Relaxed) & 2 != 0 {
                    crate::sys::monitoring::opcodes_wanted();
                }
                Ok(())
            },
        ),
        getter(
            "f_generator",
            "Return the generator or coroutine associated with this frame, or None.",
            |_, o| Ok(Value::opt_or_none(fo(o).generator.any())),
        ),
    ],
    methods: &[method("clear", "($self, /)", "Clear all references held by the frame.", clear)],
    ..NativeType::DEFAULT
};
pub static FRAME: TypeCell = TypeCell::new(&FRAME_TYPE);

fn fo(o: Value) -> Gc<FrameObj> {
    unsafe { o.cast_unchecked() }
}
fn set_bit(th: Th, o: Value, v: Option<Value>, bit: u64, inverted: bool) -> R<()> {
    let Some(v) = v else {
        // In CPython one is a member, the other computed.
        return Err(if inverted {
            th.type_error("can't delete numeric/char attribute")
        } else {
            th.attribute_error_msg("attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted")
        });
    };
    if !v.is_kind(Kind::Bool) {
        return Err(th.type_error("attribute value type must be bool"));
    }
    if th.truth(v)? != inverted {
        fo(o).tflags.fetch_or(bit, Relaxed);
    } else {
        fo(o).tflags.fetch_and(!bit, Relaxed);
    }
    Ok(())
}
/// Calls `then` with the record of a frame, if it is on a stack. On that of another thread it is looked at, and written,
/// while the world is stopped: `then` allocates nothing. Where `writes`, registers of a suspended generator do not
/// become a frame's meanwhile either.
fn with_live<T>(th: Th, f: Gc<FrameObj>, writes: bool, then: impl FnOnce(Option<&mut Frame>) -> T) -> T {
    let live = f.live.load(Acquire);
    let mine = live > th.frames.get() && live <= th.fp.get();
    if mine || !th.multi() || (live.is_null() && !(writes && f.generator.get().is_some())) {
        // SAFETY: none, or a frame that this thread itself would have to leave.
        return then(unsafe { live.as_mut() });
    }
    th.m.heap.stop_world(&th.m, || {
        // SAFETY: what `live` is now is on the stack of a thread that stands, or of one that a fork has left behind.
        then(unsafe { f.live.load(Acquire).as_mut() })
    })
}
pub fn lasti(th: Th, f: Gc<FrameObj>) -> usize {
    let running = with_live(th, f, false, |l| {
        let l = l?;
        let i = l.lasti();
        Some(if f.tflags.load(Relaxed) & RERAISED != 0 { raise_point(f, i) } else { shown(l, i) })
    });
    if let Some(i) = running {
        return i;
    }
    if let Some(g) = f.generator.get() {
        return g.lasti.load(Relaxed) as usize;
    }
    f.lasti.load(Relaxed) as usize
}
/// `FrameObj::tflags`: an exception leaves the frame by code without a line, which raises again what `lasti` raised.
const RERAISED: u64 = 8;

/// The exception on its way was raised (again) at instruction `i` of this frame.
pub fn raised_at(f: Gc<FrameObj>, i: usize) {
    f.lasti.store(i as u64 + 1, Relaxed);
}
/// It leaves the frame by code without a line: what is shown is where it was raised.
pub fn leaves(f: Gc<FrameObj>) {
    f.tflags.fetch_or(RERAISED, Relaxed);
}
fn raise_point(f: Gc<FrameObj>, here: usize) -> usize {
    match f.lasti.load(Relaxed) {
        0 => here,
        n => n as usize - 1,
    }
}
/// An instruction without a line shows as the one before it that has one; of the line that was reported last, if the
/// frame is observed.
fn shown(f: &Frame, i: usize) -> usize {
    // SAFETY: code that runs is loaded.
    let p = &unsafe { &*f.code.data }.positions;
    // Another thread's frame may stand before its first instruction.
    let Some(at) = p.get(i) else { return 0 };
    if at.line != 0 {
        return i;
    }
    let last = (f.flags >> 32) as u32;
    let before = |want: &dyn Fn(u32) -> bool| (0..i).rev().find(|k| want(p[*k].line));
    let of_last = if last != 0 { before(&|l| l == last) } else { None };
    of_last.or_else(|| before(&|l| l != 0)).unwrap_or(i)
}
/// The frame's start is being reported.
fn starting(th: Th, f: Gc<FrameObj>) -> bool {
    with_live(th, f, false, |l| l.is_some_and(|l| l.flags & fflags::STARTING != 0))
}
/// The data of a frame's code.
fn data(f: Gc<FrameObj>) -> &'static CodeData {
    // SAFETY: code that runs or has run is loaded, and there as long as the frame object, which is on the stack.
    unsafe { &*f.code.gc().data }
}
pub fn line(th: Th, f: Gc<FrameObj>) -> u32 {
    if starting(th, f) {
        return code_replace::start_line(data(f));
    }
    f.code.gc().line_at(lasti(th, f))
}
fn f_lineno(th: Th, o: Value) -> R<Value> {
    let f = fo(o);
    let n = line(th, f);
    let zero = starting(th, f) || code_replace::is_empty_module(data(f));
    Ok(if n == 0 && zero { Value::fix(0) } else { line_value(n) })
}
/// A line as Python sees it: None if there is none.
fn line_value(n: u32) -> Value {
    if n == 0 { NONE() } else { Value::fix(n as i64) }
}
fn repr(th: Th, o: Value) -> R<Value> {
    let f = fo(o);
    let c: Gc<Code> = f.code.gc();
    Ok(th.str(&format!(
        "<frame at {:#x}, file {}, line {}, code {}>",
        crate::builtins::object::id(th, o),
        th.text(th.repr(c.filename.value())?),
        line(th, f),
        th.text(c.name.value())
    )))
}

/// The frame object of a running frame.
pub fn frame_object(th: Th, f: &mut Frame) -> Value {
    if f.flags & fflags::OBJECT != 0 {
        return f.object.value();
    }
    let o = th.object(FrameObj {
        namespace: Slot::opt(f.namespace()),
        live: AtomicPtr::new(f),
        ..FrameObj::new(f.func, f.code)
    });
    f.object.init(Some(o.value()));
    f.flags |= fflags::OBJECT;
    if f.flags & fflags::GENERATOR != 0 {
        // SAFETY: what `extra` of a generator's frame holds.
        let g: Gc<Generator> = unsafe { f.extra.gc() };
        o.generator.init(Some(g));
        th.store(g, &g.frame, o);
    }
    o.value()
}

/// What `f` tells about each thread, while the world stands, one after the other, and (number of the thread, where its
/// values end). `f` may not allocate.
pub fn of_threads(th: Th, f: &dyn Fn(Th, &mut dyn FnMut(Value))) -> R<(Gc<Array>, Vec<(u64, usize)>)> {
    let mut room = 256;
    loop {
        let all = th.array(room)?;
        let mut n = 0;
        let mut ends: Vec<(u64, usize)> = Vec::new();
        th.m.heap.stop_world(&th.m, || {
            Th::for_all(|t| {
                f(t, &mut |v| {
                    if n < room {
                        all.slot(n).init(Some(v));
                    }
                    n += 1;
                });
                ends.push((t.ident, n));
            })
        });
        if n <= room {
            th.m.barrier_all(all.obj());
            return Ok((all, ends));
        }
        room = n + n / 4;
    }
}
/// Function, code and instruction of each visible frame of a stopped thread from `p` down, innermost first. In machine
/// code the thread may be a little further than its frames tell, so numbers are checked.
///
/// # Safety
/// `t` is stopped, and `p` is one of its frames, or was.
pub unsafe fn tell(t: Th, mut p: *mut Frame, out: &mut dyn FnMut(Value)) {
    let (bottom, end) = (t.frames.get(), t.frames_end.get());
    while p > bottom && p < end {
        // SAFETY: within the thread's stack of frames, which is mapped.
        let fr = unsafe { &*p };
        p = p.wrapping_sub(1 + chain::gap(fr.flags));
        if fr.flags & fflags::HIDDEN != 0 {
            continue;
        }
        let at = (fr.pc as usize).wrapping_sub(fr.code.ins as usize) / size_of::<adder_bytecode::Ins>();
        // SAFETY: code that runs is loaded.
        let known = at < unsafe { &*fr.code.data }.positions.len();
        out(fr.func.value());
        out(fr.code.value());
        out(Value::fix(if known { shown(fr, at) } else { 0 } as i64));
    }
}
/// Frames of what `tell` told, the innermost one of them.
pub fn past_frames(th: Th, all: Gc<Array>, from: usize, end: usize) -> Option<Value> {
    let mut last = None;
    // Outermost first: each knows the one that called it.
    for i in (from..end).step_by(3).rev() {
        let at = all.slot(i + 2).get().and_then(|v| v.as_fix()).unwrap_or(0);
        // SAFETY: a function and its code, as `tell` writes them.
        let (func, code) = unsafe { (all.slot(i).gc(), all.slot(i + 1).gc()) };
        last = Some(past_frame(th, func, code, at as usize, last));
    }
    last
}
/// `f_back` of another thread's frame: that thread runs on, so what is seen are its callers as they were.
#[cold]
fn back_elsewhere(th: Th, f: Gc<FrameObj>) -> R<Value> {
    let (all, ends) = of_threads(th, &|t, out| {
        let p = f.live.load(Acquire);
        if p > t.frames.get() && p <= t.fp.get() {
            // SAFETY: a frame on the stack of a stopped thread.
            unsafe { tell(t, chain::below(p), out) };
        }
    })?;
    let end = ends.last().map_or(0, |e| e.1);
    if end == 0 && f.live.load(Acquire).is_null() {
        return Ok(Value::opt_or_none(f.back.get()));
    }
    Ok(Value::opt_or_none(past_frames(th, all, 0, end)))
}
/// A frame as it was at instruction `at`, called by `back`. It is not bound to a running one.
fn past_frame(th: Th, func: Gc<Function>, code: Gc<Code>, at: usize, back: Option<Value>) -> Value {
    let new = FrameObj::new(func, code);
    th.object(FrameObj { back: Slot::opt(back), lasti: AtomicU64::new(at as u64), ..new }).value()
}

/// The frame below a running one, hidden frames left out.
pub fn caller(th: Th, f: *mut Frame) -> Option<&'static mut Frame> {
    let mut p = f;
    loop {
        // Of other threads nothing may be changed.
        if p <= th.fp.get() && p > th.frames.get() {
            // SAFETY: one of this thread's frames.
            unsafe { chain::unchain_at(th, p) };
        }
        p = unsafe { chain::below(p) };
        if p <= th.frames.get() {
            return None;
        }
        // SAFETY: a frame above the bottom of the stack that `f` is on.
        if unsafe { (*p).flags } & fflags::HIDDEN == 0 {
            return Some(unsafe { &mut *p });
        }
    }
}
fn f_back(th: Th, o: Value) -> R<Value> {
    let f = fo(o);
    let live = f.live.load(Acquire);
    if !live.is_null() {
        if live <= th.frames.get() || live > th.fp.get() {
            return back_elsewhere(th, f);
        }
        return Ok(match caller(th, live) {
            Some(c) => frame_object(th, c),
            None => NONE(),
        });
    }
    if let Some(g) = f.generator.get()
        && g.state.load(Acquire) == SUSPENDED
    {
        chain::settle(th, g);
        if !f.live.load(Acquire).is_null() {
            return f_back(th, o);
        }
    }
    Ok(Value::opt_or_none(f.back.get()))
}

/// The frame is being left: the object keeps the locals and the caller.
pub fn detach(th: Th, f: &mut Frame) {
    let o = fo(f.object.value());
    let (n, pending) = (f.code.varnames.gc().len, th.exc.get());
    match th.array(n) {
        Ok(a) => {
            for i in 0..n {
                // SAFETY: a variable of the frame's code.
                if let Some(v) = unsafe { f.variable(i) } {
                    th.store(a, a.slot(i), v);
                }
            }
            th.store(o, &o.saved, a);
        }
        // Leaving a frame does not fail.
        Err(_) => th.exc.init(pending),
    }
    let i = f.lasti();
    o.lasti.store(if o.tflags.load(Relaxed) & RERAISED != 0 { raise_point(o, i) } else { i } as u64, Relaxed);
    o.tflags.fetch_and(!RERAISED, Relaxed);
    if let Some(c) = caller(th, f)
        && th.exc.get().is_some()
    {
        // Tracebacks show callers; frames that are merely inspected do not need to keep theirs.
        let back = frame_object(th, c);
        th.store(o, &o.back, back);
    }
    o.live.store(std::ptr::null_mut(), Release);
    if f.flags & fflags::GENERATOR != 0 {
        o.generator.init(None);
    }
}
/// A panic has left the frame: what it had is lost.
pub fn lost(f: &mut Frame) {
    let o = fo(f.object.value());
    o.lasti.store(f.lasti() as u64, Relaxed);
    o.live.store(std::ptr::null_mut(), Release);
    o.generator.init(None);
}
pub fn suspended(_th: Th, o: Value, _g: Gc<Generator>) {
    fo(o).live.store(std::ptr::null_mut(), Release);
}
pub fn resumed(_th: Th, o: Value, f: &mut Frame) {
    fo(o).live.store(f, Release);
}

/// Where the registers of a frame are that is on no stack.
fn kept(f: Gc<FrameObj>) -> Option<Gc<Array>> {
    match f.generator.get() {
        Some(g) => g.regs.get(),
        None => f.saved.get(),
    }
}
/// Register `i` of the frame, wherever it is now.
fn local(th: Th, f: Gc<FrameObj>, i: usize) -> Option<Value> {
    with_live(th, f, false, |l| match l {
        // SAFETY: a variable of the frame's code.
        Some(l) => unsafe { l.variable(i) },
        None => kept(f).and_then(|a| if i < a.cap { a.slot(i).get() } else { None }),
    })
}
fn has_cell(c: Gc<Code>, i: usize) -> bool {
    // SAFETY: as in `data`.
    let d = unsafe { &*c.data };
    i >= d.nlocals as usize || d.cells.contains(&(i as u32))
}
/// The value of variable `i`, its cell opened.
pub fn local_slot(th: Th, f: Gc<FrameObj>, i: usize) -> Option<Value> {
    let mut v = local(th, f, i);
    if has_cell(f.code.gc(), i)
        && let Some(c) = v.and_then(|x| x.exact::<Cell>())
    {
        v = c.v.get();
    }
    v
}
/// Sets variable `i` of the frame, wherever it is now.
pub fn set_local(th: Th, f: Gc<FrameObj>, i: usize, v: Value) -> R<()> {
    let cell = has_cell(f.code.gc(), i);
    // Only where the variable has no cell, or not yet, its register may become another one.
    let in_cell = |now: Option<Value>| {
        let c = now.filter(|_| cell).and_then(|x| x.exact::<Cell>());
        if let Some(c) = c {
            th.store(c, &c.v, v);
        }
        c.is_some()
    };
    with_live(th, f, true, |l| match l {
        // SAFETY: a variable of the frame's code; its thread stands, or is this one.
        Some(l) => unsafe {
            if !in_cell(l.variable(i)) {
                *l.regs.add(i) = v.bits();
                l.flags |= fflags::WRITTEN;
            }
        },
        None => {
            if let Some(a) = kept(f)
                && i < a.cap
                && !in_cell(a.slot(i).get())
            {
                th.store(a, a.slot(i), v);
            }
        }
    });
    Ok(())
}
/// Names and values of the locals, cells opened.
pub fn each_local(th: Th, f: Gc<FrameObj>, mut g: impl FnMut(usize, Value, Option<Value>)) {
    let names = f.code.gc().varnames.gc();
    for i in 0..names.len {
        g(i, names.items()[i], local_slot(th, f, i));
    }
}
/// A dict of the frame's variables.
pub fn locals_dict(th: Th, f: Gc<FrameObj>) -> R<Gc<Dict>> {
    let d = Gc::<Dict>::new(th);
    let mut r = Ok(());
    each_local(th, f, |_, k, v| {
        if let (Some(v), Ok(())) = (v, r) {
            r = d.set(th, k, v);
        }
    });
    r?;
    if let Some(x) = f.extra_locals.get() {
        crate::builtins::dict::update_from(th, d, x.value())?;
    }
    Ok(d)
}
/// The code of a module or a class is within a comprehension: variables of that have values.
pub fn in_comprehension(f: &Frame) -> bool {
    // SAFETY: code that runs is loaded; so many registers are variables (below).
    let (d, names) = (unsafe { &*f.code.data }, f.code.varnames.value().known::<Tuple>());
    (0..d.nlocals as usize).any(|i| hidden(names.items()[i], unsafe { f.reg(i) }))
}
/// Other locals of such code are cells that the compiler adds to classes.
fn hidden(name: Value, v: Option<Value>) -> bool {
    v.is_some() && !name.known::<Str>().bytes().starts_with(b"__")
}
/// The variables of a running frame as a new dict.
pub fn snapshot(th: Th, f: &mut Frame) -> R<Value> {
    let c = f.code;
    // SAFETY: as in `in_comprehension`.
    let d = unsafe { &*c.data };
    let names = c.varnames.value().known::<Tuple>();
    let out = Gc::<Dict>::new(th);
    for i in 0..names.len {
        // SAFETY: a variable of the frame's code.
        let mut v = unsafe { f.variable(i) };
        if (i >= d.nlocals as usize || d.cells.contains(&(i as u32)))
            && let Some(c) = v.and_then(|x| x.exact::<Cell>())
        {
            v = c.v.get();
        }
        if let Some(v) = v {
            out.set(th, names.items()[i], v)?;
        }
    }
    if f.flags & fflags::OBJECT != 0
        && let Some(x) = fo(f.object.value()).extra_locals.get()
    {
        crate::builtins::dict::update_from(th, out, x.value())?;
    }
    Ok(out.value())
}
fn f_locals(th: Th, o: Value) -> R<Value> {
    let f = fo(o);
    if let Some(ns) = f.namespace.get() {
        let c = f.code.gc();
        let names = c.varnames.value().known::<Tuple>();
        if !(0..c.nlocals as usize).any(|i| hidden(names.items()[i], local_slot(th, f, i))) {
            return Ok(ns);
        }
    }
    crate::builtins::frame_locals::new(th, o)
}
fn clear(th: Th, a: &[Option<Value>]) -> R<Value> {
    let f = fo(a[0].unwrap());
    if !f.live.load(Acquire).is_null() {
        return Err(th.runtime_error("cannot clear an executing frame"));
    }
    if let Some(g) = f.generator.get() {
        if !crate::builtins::generator::clear_unstarted(th, g.value()) {
            return Err(th.runtime_error("cannot clear a suspended frame"));
        }
        return Ok(NONE());
    }
    f.saved.init(None);
    Ok(NONE())
}

pub static TRACEBACK_TYPE: NativeType = NativeType {
    name: "traceback",
    kind: Kind::Traceback,
    size: size_of::<Traceback>() as u32,
    flags: tflags::IMMUTABLE,
    doc: "Create a new traceback object.",
    text_signature: Some("(tb_next, tb_frame, tb_lasti, tb_lineno)"),
    slots: Slots { new: Some(tb_new), ..Slots::NONE },
    members: &[MemberDef {
        name: "tb_frame",
        doc: "",
        offset: offset_of!(Traceback, frame) as u32,
        flags: member::READONLY,
    }],
    getset: &[
        getset("tb_next", "", |_, o| Ok(Value::opt_or_none(tb(o).next.any())), set_next),
        getter("tb_lasti", "", |_, o| Ok(Value::fix(code_replace::offset(tb(o).lasti as usize)))),
        getter("tb_lineno", "", |_, o| Ok(line_value(tb(o).lineno()))),
    ],
    methods: &[method("__dir__", "($self, /)", "", |th, _| {
        let l = crate::builtins::list::new(th, &[])?;
        for s in ["tb_frame", "tb_next", "tb_lasti", "tb_lineno"] {
            crate::builtins::list::append(th, l, th.intern(s))?;
        }
        Ok(l.value())
    })],
    ..NativeType::DEFAULT
};
pub static TRACEBACK: TypeCell = TypeCell::new(&TRACEBACK_TYPE);

fn tb(o: Value) -> Gc<Traceback> {
    unsafe { o.cast_unchecked() }
}
fn set_next(th: Th, o: Value, v: Option<Value>) -> R<()> {
    let Some(v) = v else { return Err(th.type_error("can't delete tb_next attribute")) };
    let v = v.some();
    let mut p = v;
    if let Some(x) = v
        && !x.is_kind(Kind::Traceback)
    {
        return Err(th.type_error(format!("expected traceback object or None, got '{}'", th.type_name_of(x))));
    }
    while let Some(x) = p {
        if x.is(o) {
            return Err(th.value_error("traceback loop detected"));
        }
        p = tb(x).next.any();
    }
    th.store_opt(tb(o), &tb(o).next, v.map(Value::known));
    Ok(())
}
static TB_NEW: NativeDef =
    function("TracebackType", "(tb_next, tb_frame, tb_lasti, tb_lineno)", "", |th, a| {
        let (next, frame) = (a[0].unwrap(), a[1].unwrap());
        if !next.is_none() && !next.is_kind(Kind::Traceback) {
            return Err(
                th.type_error(format!("expected traceback object or None, got '{}'", th.type_name_of(next)))
            );
        }
        if !frame.is_kind(Kind::Frame) {
            return Err(th.type_error(format!(
                "traceback() argument 'tb_frame' must be frame, not {}",
                th.arg_type_name(frame)
            )));
        }
        let (li, ln) = (th.index_i64(a[2].unwrap())?, th.index_i64(a[3].unwrap())?);
        Ok(th
            .object(Traceback {
                h: Traceback::head(),
                next: SlotOf::opt(next.some().map(Value::known)),
                frame: SlotOf::new(frame.known()),
                lasti: code_replace::index(li) as u32,
                line: ln as u32,
            })
            .value())
    });
fn tb_new(th: Th, _t: Value, a: RawArgs) -> R<Value> {
    th.call_def(&TB_NEW, None, None, a)
}

impl Th {
    /// A hash by identity.
    pub fn hash_address(self, v: Value) -> i64 {
        crate::builtins::object::id(self, v).rotate_right(4) as i64
    }
    /// Attends to whoever wants this thread: collection, signals, finalizers. To be called when `poll` is not zero.
    pub fn attend(self) -> R<()> {
        self.may_run_python()?;
        self.m.poll_slow();
        crate::pending::run(self)
    }
}
