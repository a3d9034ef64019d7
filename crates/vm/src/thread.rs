//! [`Th`], the thread handle that everything receives; frames and register stacks; roots; allocation of core objects.
//!
//! # Invariants
//! - `Thread::fp` is the innermost frame whenever code outside the interpreter's fast handlers runs, and its `pc` is the
//!   instruction being executed; for the other frames `pc` is their call instruction.
//! - Registers `0 .. depths[pc]` of each frame hold values or null; the collector scans just these.
//! - While another thread may run, shared objects are mutated under their lock (see `object_lock`).

use crate::interp::entered::Entered;
use crate::names;
use crate::object::*;
use crate::sync::lock;
use crate::value::*;
use adder_heap::{Heap, Mutator, Tracer};
use std::cell::Cell as RustCell;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::*};

/// An activation of a Python function. One cache line.
#[repr(C)]
pub struct Frame {
    pub regs: *mut u64,
    pub pc: *const adder_bytecode::Ins,
    pub func: Gc<Function>,
    pub code: Gc<Code>,
    /// [`fflags`]; the slots below are valid only if their flag is set.
    pub flags: u64,
    /// Namespace of class bodies, modules, `exec`.
    pub locals: Slot,
    /// The Python frame object, once somebody asked for it.
    pub object: Slot,
    /// What the continuation needs (the instance during `__init__`, the generator...).
    pub extra: Slot,
}

/// `Frame::flags`. Zero is a plain call: the result goes to the register that the caller's instruction names.
pub mod fflags {
    /// Returning leaves the interpreter (native caller).
    pub const ENTRY: u64 = 1;
    pub const LOCALS: u64 = 2;
    pub const OBJECT: u64 = 4;
    pub const EXTRA: u64 = 8;
    /// The frame belongs to the generator in `extra`.
    pub const GENERATOR: u64 = 16;
    /// Code of the frozen prelude: invisible to tracebacks and `sys._getframe`.
    pub const HIDDEN: u64 = 32;
    /// The event of its start is being reported: the frame shows its first line.
    pub const STARTING: u64 = 64;
    /// Somebody wrote a variable from outside (`f_locals`): a trace that runs the frame must not go on with what it knows.
    pub const WRITTEN: u64 = 128;
    /// Bits 8..16: what to do with the result ([`super::Cont`]); bits 16..32 its operand.
    pub const CONT_SHIFT: u32 = 8;
    pub const ARG_SHIFT: u32 = 16;
}

/// What happens with the value that a frame returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Cont {
    /// Store into the result register of the caller's instruction (field c for calls, a otherwise by op).
    Store = 0,
    /// `__init__`: must be None; the result is the instance in `extra`.
    Init,
    /// Store into field `a` of the caller's instruction.
    StoreA,
    /// Left operand's special method: NotImplemented goes on with the rest of the protocol.
    Binary,
    /// As Binary for a comparison whose outcome decides a jump or is stored.
    Compare,
    /// Result discarded (`__setattr__`, `__setitem__`...).
    Discard,
    /// `__next__` of a `for` loop: into field b, and skip the exit jump.
    ForIter,
    /// The frame of a generator resumed by ForIter/Send/send.
    Gen,
    /// The same where a trace went into a call of `next` or `send`.
    Next,
    /// Special method of a condition or behind a builtin function: what is checked, and where it goes, is in
    /// `slow::special`. The operand says what it means.
    Special,
}

#[repr(C)]
pub struct Thread {
    pub m: Mutator,
    /// What is in the headers of objects that belong to this thread, and what is put into new ones (see `object_lock`).
    pub owner: RustCell<u8>,
    pub birth: RustCell<u8>,
    /// Where machine code stores objects that are to be made although it has no use for them. Never read.
    pub made: RustCell<u64>,
    /// See [`Th::allocating`].
    pub(crate) allocating: RustCell<bool>,
    /// Backward jumps and calls until the next one that counts (see `jit::tick`): code and its counters are shared by threads, and
    /// a line of memory that all of them write would cost each of them tens of cycles.
    pub ticks: RustCell<u32>,
    /// The interpreter was last left by a generator's frame that yielded, not by one that returned.
    pub left_yielding: RustCell<bool>,
    /// State of the jitter of `ticks`.
    pub jitter: RustCell<u32>,
    pub fp: RustCell<*mut Frame>,
    /// Frames at or above this take the slow path: recursion limit, or somebody wants the thread's attention.
    pub frame_limit: RustCell<*mut Frame>,
    pub exc: Slot,
    /// The exception being handled (`sys.exception()`), or null.
    pub handled: Slot,
    /// Lowest address that native code may use before RecursionError.
    pub stack_limit: RustCell<usize>,
    /// An address above all native frames that have to do with Python.
    pub stack_base: usize,
    pub(crate) states: crate::jit::state::States,
    /// Below this address calls do not enter machine code, which would take more native stack at each level.
    pub jit_stack: usize,
    pub frames: RustCell<*mut Frame>,
    pub frames_end: RustCell<*mut Frame>,
    pub regs: RustCell<*mut u64>,
    pub regs_end: RustCell<*mut u64>,
    /// What holds the frames, the registers, and this.
    stacks: ManuallyDrop<Stacks>,
    /// Address objects whose repr is in progress: `reprlib`-like recursion guard.
    pub repr_stack: RustCell<[u64; 4]>,
    pub ident: u64,
    /// Per-thread values by purpose, see [`ThreadSlot`].
    pub slots: [Slot; ThreadSlot::COUNT],
    pub recursion_limit: RustCell<u32>,
    pub native_depth: RustCell<u32>,
    /// Native frames below this address were called by the innermost Python frame, whose registers are all in memory.
    /// 0: not known (machine code runs).
    pub native_base: RustCell<usize>,
    /// The newest native frame that entered Python code, or null.
    pub entered: RustCell<*const Entered>,
    /// Not 0: an operation that must not run Python code; 2: it would have (see `Thread::quietly`).
    pub quiet: RustCell<u32>,
    /// A `gc.collect()` that waits for the interpreter's loop: 1 + its generation (see `gc_module::collect_soon`).
    pub collect_soon: RustCell<u32>,
    /// Callbacks of events that are running: the thread reports nothing meanwhile.
    pub tracing: RustCell<u32>,
    /// The event whose callback runs, or -1.
    pub event: RustCell<i32>,
    /// The frame whose event it is.
    pub observed: RustCell<*mut Frame>,
    /// Hashes of nested tuples.
    pub tuple_hashes: std::cell::OnceCell<Box<crate::builtins::tuple_hash::Cache>>,
    /// Processor cycles spent in machine code of the JIT that was entered for long.
    pub machine_cycles: RustCell<u64>,
    /// An import is under way.
    pub importing: RustCell<bool>,
    /// The objects that are locked by this thread.
    pub(crate) held: crate::object_lock::Held,
}

/// Values that a thread keeps.
#[derive(Clone, Copy)]
#[repr(usize)]
pub enum ThreadSlot {
    /// `threading.local` storage, keyed by the local object.
    Locals,
    Context,
    AsyncgenFirstiter,
    AsyncgenFinalizer,
    RunningLoop,
    RunningTask,
    ReprList,
    TraceFunc,
    ProfileFunc,
    CoroutineOrigin,
    DictState,
    AsyncExc,
    ThreadObject,
    Spare1,
    Spare2,
    /// The StopIteration that `stop_to_none` last dropped while somebody observed.
    Swallowed,
}
impl ThreadSlot {
    pub const COUNT: usize = 16;
}

/// Bits of `Mutator::poll` beyond the heap's own.
pub mod poll {
    pub const SIGNAL: u64 = 2;
    pub const ASYNC_EXC: u64 = 4;
    /// Finalizers or weakref callbacks wait.
    pub const PENDING: u64 = 8;
    /// Somebody observes what belongs to no place in code: machine code reports nothing.
    pub const CLOSE: u64 = 16;
    /// Machine code became invalid.
    pub const JIT: u64 = 32;
    /// Somebody observes something: entering functions, resuming generators and jumping backwards go the slow way. In
    /// the half that machine code does not look at: code where nothing is reported any more is compiled as ever.
    pub const TRACE: u64 = 1 << 32;
}

#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Th(pub NonNull<Thread>);

impl Deref for Th {
    type Target = Thread;
    #[inline(always)]
    fn deref(&self) -> &Thread {
        unsafe { self.0.as_ref() }
    }
}

/// More than one thread was started: locks are taken from now on.
pub static MULTI: AtomicBool = AtomicBool::new(false);

/// To be called by each thread before it starts another one.
pub fn before_start(th: Th) {
    if !MULTI.swap(true, SeqCst) {
        crate::object_lock::second_thread(th);
        crate::interp::chain::unchain_all(th);
        crate::jit::watch::second_thread();
        adder_heap::share_arenas();
    }
}

/// All attached threads, by address.
static THREADS: std::sync::Mutex<Vec<usize>> = std::sync::Mutex::new(Vec::new());
static MAIN: std::sync::atomic::AtomicPtr<Thread> = std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());

static HEAP: OnceLock<&'static Heap> = OnceLock::new();

/// `sys.setrecursionlimit`: what threads begin with.
pub static RECURSION_LIMIT: AtomicU32 = AtomicU32::new(1000);

macro_rules! roots {
    ($($n:ident)*) => {
        /// Global roots of the process.
        #[allow(non_camel_case_types)]
        #[derive(Clone, Copy)]
        #[repr(usize)]
        pub enum Root { $($n),* }
        static ROOTS: [Slot; [$(stringify!($n)),*].len()] = [const { Slot::null() }; [$(stringify!($n)),*].len()];
    };
}
roots! {
    modules builtins_module builtins_dict sys_module sys_dict importlib empty_tuple empty_str empty_bytes
    main_module codec_search_path codec_search_cache codec_error_registry warnings_filters atexit threads audit_hooks
    signal_handlers small_strs small_bytes type_list memory_error monitoring gc_callbacks gc_garbage interned_extra
    empty_frozenset import_func pending_sources typing_module prelude abc_cache_token contextvar_missing asyncio_state at_fork struct_cache
    re_cache no_default ast_types unsupported_operation
    faulthandler jit_hook spare3
}

impl Root {
    #[inline(always)]
    pub fn get(self) -> Option<Value> {
        ROOTS[self as usize].get()
    }
    #[inline(always)]
    pub fn value(self) -> Value {
        ROOTS[self as usize].value()
    }
    pub fn set(self, v: Option<Value>) {
        ROOTS[self as usize].init(v)
    }
    pub fn dict(self) -> Gc<Dict> {
        unsafe { self.value().cast_unchecked() }
    }
}

thread_local! {
    static CURRENT: RustCell<Option<Th>> = const { RustCell::new(None) };
}

unsafe fn trace_roots(t: &mut Tracer) {
    for r in &ROOTS {
        t.slot(r.as_ptr());
    }
    if !t.is_major() {
        return; // names and types are old from birth
    }
    names::trace(t);
    crate::types::trace_native_types(t);
    for id in 0..Kind::ALL.len() as u32 {
        unsafe { crate::shape::trace(id, t) };
    }
}

unsafe fn trace_mutator(m: *mut Mutator, t: &mut Tracer) {
    unsafe {
        let th = &*(m as *const Thread);
        t.slot(th.exc.as_ptr());
        t.slot(th.handled.as_ptr());
        for s in &th.slots {
            t.slot(s.as_ptr());
        }
        crate::jit::state::trace(th, t);
        let mut f = th.fp.get();
        while f > th.frames.get() {
            let fr = &*f;
            t.slot(&raw const fr.func as *mut u64);
            let mut code = fr.code.value().bits();
            t.slot(&mut code);
            for i in 0..fr.scanned() {
                t.slot(fr.regs.add(i));
            }
            if fr.flags & fflags::LOCALS != 0 {
                t.slot(fr.locals.as_ptr());
            }
            if fr.flags & fflags::OBJECT != 0 {
                t.slot(fr.object.as_ptr());
            }
            if fr.flags & fflags::EXTRA != 0 {
                t.slot(fr.extra.as_ptr());
            }
            let gap = crate::interp::chain::gap(fr.flags);
            if gap > 0 {
                t.slot(fr.locals.as_ptr());
            }
            f = f.sub(1 + gap);
        }
    }
}

impl Frame {
    /// Index of the current instruction.
    pub fn lasti(&self) -> usize {
        unsafe { self.pc.offset_from(self.code.ins) as usize }
    }
    /// How many registers a collection looks at: before the first instruction those that are live at it.
    fn scanned(&self) -> usize {
        if self.pc.wrapping_add(1) == self.code.ins {
            return unsafe { (&(*self.code.data).depths)[0] as usize };
        }
        self.depth()
    }
    /// How many registers are live.
    pub fn depth(&self) -> usize {
        unsafe { (&(*self.code.data).depths)[self.lasti()] as usize }
    }
    pub fn globals(&self) -> Gc<Dict> {
        self.func.globals.gc()
    }
    /// The mapping that names are in; None in the frame of a function. A function made of the code of a module
    /// (`types.FunctionType`) runs in its globals.
    pub fn namespace(&self) -> Option<Value> {
        if self.flags & fflags::LOCALS != 0 {
            return self.locals.get();
        }
        (self.code.flags & adder_bytecode::CodeFlags::OPTIMIZED == 0).then(|| self.globals().value())
    }
    #[inline(always)]
    pub unsafe fn reg(&self, i: usize) -> Option<Value> {
        unsafe { Value::from_word(*self.regs.add(i)) }
    }
    /// A local or free variable. Where the cells of the closure are not copied yet they are taken from the function.
    ///
    /// # Safety
    /// `i` is a variable of the frame's code; nobody but the caller moves the frame on.
    pub unsafe fn variable(&self, i: usize) -> Option<Value> {
        if i < self.scanned() {
            // SAFETY: the caller's; it is live.
            return unsafe { self.reg(i) };
        }
        // SAFETY: the code of the frame lives as long as it.
        let nlocals = unsafe { &*self.code.data }.nlocals as usize;
        self.func.closure.get().and_then(|t| t.items().get(i.wrapping_sub(nlocals)).copied())
    }
}

/// A mapping for frames or registers of a thread.
pub(crate) struct Mapping {
    pub start: *mut u8,
    pub size: usize,
}
impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: ours, and nobody uses it any more.
        unsafe { libc::munmap(self.start.cast(), self.size) };
    }
}
/// The stacks of a thread to come. There may be no memory for them: to be made before it is started.
pub struct Stacks {
    frames: Mapping,
    regs: Mapping,
}
// SAFETY: memory that only the owner uses.
unsafe impl Send for Stacks {}
impl Stacks {
    pub fn new() -> Option<Stacks> {
        let heap = *HEAP.get().expect("the heap exists");
        // With a limit of address space deep recursion is not what it is for.
        let most = |bytes: usize| bytes.min(heap.room() / 16).next_power_of_two().max(LEAST_STACK);
        Some(Stacks { frames: map_stack(most(FRAME_BYTES))?, regs: map_stack(most(REG_BYTES))? })
    }
}

/// Address space for a stack of `most` bytes, less where there is not that much.
pub(crate) fn map_stack(most: usize) -> Option<Mapping> {
    let mut n = most;
    while n >= LEAST_STACK {
        if let Some(p) = adder_heap::map_anonymous(n) {
            return Some(Mapping { start: p as *mut u8, size: n });
        }
        n /= 2;
    }
    None
}

/// Address space for frames and registers of a thread, committed as it is used.
const FRAME_BYTES: usize = 64 << 20;
const REG_BYTES: usize = 256 << 20;
/// Where frames, registers and the states of machine code begin in their mappings, which begin with a page; the thread's own
/// data lie before the frames. Processors take a load for one of what was just stored if both addresses end alike: at the
/// depths that most programs work at these do not.
const FRAMES_AT: usize = 1024;
const REGS_AT: usize = 2304;
pub(crate) const STATES_AT: usize = 3072;
/// Registers that a frame may have without having asked: the end is noticed that much before.
const REG_MARGIN: usize = 1 << 20;
const LEAST_STACK: usize = 4 * REG_MARGIN;

/// So many bytes outside the heap came, or went, with objects in it.
pub fn external(bytes: isize) {
    if let Some(h) = HEAP.get() {
        h.external(bytes);
    }
}

impl Th {
    /// Makes the heap of the process (once).
    pub fn init_heap(config: adder_heap::Config) -> &'static Heap {
        HEAP.get_or_init(|| {
            let hooks = adder_heap::Hooks {
                trace_roots,
                trace_mutator,
                trace_desc: crate::shape::trace,
                settle: crate::kinds::settle,
                sweep_descs: crate::shape::sweep,
                sweep_weak: crate::intern::sweep,
            };
            Heap::new(crate::kinds::table(), hooks, config)
        })
    }
    /// The calling thread's handle, if it runs Python.
    pub fn current() -> Option<Th> {
        CURRENT.with(|c| c.get())
    }
    /// Registers the calling native thread. `stack_base`: an address above all of its Python-related frames.
    pub fn attach(stacks: Stacks, stack_base: usize, stack_size: usize) -> Th {
        const { assert!(size_of::<Thread>() <= FRAMES_AT && FRAMES_AT.is_multiple_of(align_of::<Thread>())) };
        let heap = *HEAP.get().expect("the heap exists");
        let place = stacks.frames.start.cast::<Thread>();
        // SAFETY: both are much larger.
        let (frames, regs) = unsafe {
            (stacks.frames.start.add(FRAMES_AT).cast::<Frame>(), stacks.regs.start.add(REGS_AT).cast::<u64>())
        };
        let most_frames = (stacks.frames.size - FRAMES_AT) / size_of::<Frame>() - 8;
        let most_regs = (stacks.regs.size - REGS_AT - REG_MARGIN) / 8;
        let t = Thread {
            m: Mutator::new(heap),
            ticks: RustCell::new(1),
            left_yielding: RustCell::new(false),
            jitter: RustCell::new(1),
            fp: RustCell::new(frames),
            frame_limit: RustCell::new(frames),
            exc: Slot::null(),
            handled: Slot::null(),
            stack_limit: RustCell::new(stack_base.saturating_sub(stack_size) + (256 << 10)),
            stack_base,
            states: crate::jit::state::States::new(),
            jit_stack: stack_base.saturating_sub(stack_size / 2),
            frames: RustCell::new(frames),
            frames_end: RustCell::new(unsafe { frames.add(most_frames) }),
            regs: RustCell::new(regs),
            regs_end: RustCell::new(unsafe { regs.add(most_regs) }),
            stacks: ManuallyDrop::new(stacks),
            repr_stack: RustCell::new([0; 4]),
            collect_soon: RustCell::new(0),
            ident: crate::the_host().thread_self(),
            slots: [const { Slot::null() }; ThreadSlot::COUNT],
            recursion_limit: RustCell::new(RECURSION_LIMIT.load(Relaxed)),
            native_depth: RustCell::new(0),
            native_base: RustCell::new(0),
            entered: RustCell::new(std::ptr::null()),
            quiet: RustCell::new(0),
            tracing: RustCell::new(0),
            event: RustCell::new(-1),
            observed: RustCell::new(std::ptr::null_mut()),
            tuple_hashes: std::cell::OnceCell::new(),
            machine_cycles: RustCell::new(0),
            importing: RustCell::new(false),
            owner: RustCell::new(crate::object_lock::first_owner()),
            birth: RustCell::new(0),
            made: RustCell::new(0),
            allocating: RustCell::new(false),
            held: Default::default(),
        };
        // SAFETY: fresh memory of the thread's own, which `detach` gives back.
        unsafe { place.write(t) };
        // Frame 0 is never run: it marks the bottom and where the first frame's registers start.
        unsafe { (*frames).regs = regs };
        let th = Th(NonNull::new(place).expect("a mapping"));
        th.reset_frame_limit();
        unsafe { th.m.register(stack_base) };
        CURRENT.with(|c| c.set(Some(th)));
        let mut all = lock(&THREADS);
        if all.is_empty() {
            MAIN.store(th.0.as_ptr(), Release);
        }
        all.push(th.0.as_ptr() as usize);
        th.m.poll.fetch_or(crate::interp::instrument::poll_bits(), Relaxed);
        th
    }
    /// The calling thread runs no more Python: gives back all it has. Its handle is invalid afterwards.
    ///
    /// # Safety
    /// No frame of the thread is active and nothing of its heap objects is used any more.
    pub unsafe fn detach(self) {
        CURRENT.with(|c| c.set(None));
        lock(&THREADS).retain(|t| *t != self.0.as_ptr() as usize);
        crate::object_lock::abandon(&self);
        // SAFETY: the caller's. The thread lies in the memory of its stacks, which therefore goes last, and is not read again.
        unsafe {
            self.m.unregister();
            let t = self.0.as_ptr();
            let stacks = ManuallyDrop::take(&mut (*t).stacks);
            t.drop_in_place();
            drop(stacks);
        }
    }
    /// The main thread, where signal handlers run.
    pub fn is_main(self) -> bool {
        MAIN.load(Relaxed) == self.0.as_ptr()
    }
    /// Whether somebody wants this thread's attention, observers aside.
    #[inline(always)]
    pub fn wanted(self) -> bool {
        self.m.poll.load(Relaxed) as u32 != 0
    }
    /// Asks the main thread to attend to `bits` of [`poll`]. Async-signal-safe.
    pub fn poll_main(bits: u64) {
        let m = MAIN.load(Acquire);
        if !m.is_null() {
            // SAFETY: the main thread's structure lives as long as the process.
            unsafe { (*m).m.poll.fetch_or(bits, SeqCst) };
        }
    }
    /// Calls `f` with all threads that run Python. They may be running; the list is locked meanwhile.
    pub fn for_all(mut f: impl FnMut(Th)) {
        for t in lock(&THREADS).iter() {
            f(Th(NonNull::new(*t as *mut Thread).unwrap()));
        }
    }
    /// As [`Th::for_all`], the youngest first, if the list is not being used: false otherwise. Never waits.
    pub fn try_for_all(mut f: impl FnMut(Th)) -> bool {
        let Ok(all) = THREADS.try_lock() else { return false };
        for t in all.iter().rev() {
            f(Th(NonNull::new(*t as *mut Thread).unwrap()));
        }
        true
    }
    /// In the child of a fork: this thread is the only one, and the main one.
    pub fn after_fork_child(self) {
        MAIN.store(self.0.as_ptr(), Release);
        // Whoever held the lock is gone.
        THREADS.clear_poison();
        if let Ok(mut all) = THREADS.try_lock() {
            all.retain(|t| {
                // SAFETY: the structures of threads that are gone stay where they are.
                let t = unsafe { &*(*t as *const Thread) };
                if std::ptr::eq(t, self.0.as_ptr()) {
                    return true;
                }
                // They waited for the world. What objects are like then is what other threads may see, too.
                crate::object_lock::abandon(t);
                false
            });
        }
    }
    pub fn reset_frame_limit(self) {
        let by_count = unsafe { self.frames.get().add(self.recursion_limit.get() as usize + 1) };
        self.frame_limit.set(by_count.min(self.frames_end.get()));
    }
    /// Number of Python frames.
    pub fn depth(self) -> usize {
        unsafe { self.fp.get().offset_from(self.frames.get()) as usize }
    }
    /// The first register above everything that the current frame uses.
    pub fn free_regs(self) -> *mut u64 {
        match self.frame() {
            Some(f) => unsafe { f.regs.add(f.code.nregs as usize) },
            None => self.regs.get(),
        }
    }
    pub fn frame(self) -> Option<&'static mut Frame> {
        if self.fp.get() > self.frames.get() { Some(unsafe { &mut *self.fp.get() }) } else { None }
    }
    #[inline(always)]
    pub fn multi(self) -> bool {
        MULTI.load(Relaxed)
    }
    /// Counts a backward jump or a call. False: it is to be counted in its code (`jit::tick`).
    #[inline(always)]
    pub fn count_down(self) -> bool {
        match self.ticks.get().checked_sub(1) {
            Some(n) => {
                self.ticks.set(n);
                true
            }
            None => false,
        }
    }
    /// Raises RecursionError when the native stack is nearly used up. To be called by everything that recurses natively.
    #[inline]
    pub fn check_stack(self, what: &str) -> crate::err::R<()> {
        let here = 0u8;
        if (&raw const here as usize) < self.stack_limit.get() {
            return Err(self.stack_overflow(what));
        }
        Ok(())
    }
    #[cold]
    fn stack_overflow(self, what: &str) -> crate::err::Raised {
        let old = self.stack_limit.get();
        self.stack_limit.set(old.saturating_sub(128 << 10));
        let e = self.recursion_error(format!("maximum recursion depth exceeded{what}"));
        self.stack_limit.set(old);
        e
    }

    // -- stores
    /// Stores into a slot of `o` with the write barrier.
    #[inline(always)]
    pub fn store<T, S: Store>(self, o: Gc<T>, slot: &S, v: S::Item) {
        // SAFETY: what is written is an `Item`.
        let slot = unsafe { slot.as_slot() };
        slot.raw().store(v.into().bits(), Release);
        self.m.barrier(o.obj(), slot.as_ptr());
    }
    #[inline(always)]
    pub fn store_opt<T, S: Store>(self, o: Gc<T>, slot: &S, v: Option<S::Item>) {
        // SAFETY: as in `store`.
        let slot = unsafe { slot.as_slot() };
        match v {
            Some(v) => {
                let v: Value = v.into();
                slot.init(Some(v));
                self.m.barrier(o.obj(), slot.as_ptr());
            }
            None => slot.init(None),
        }
    }

    // -- allocation
    /// A new object of a builtin type whose objects are all of one size. What it refers to is on the native stack while
    /// there is no room for it and the collector runs.
    #[inline(always)]
    pub fn object<T: Layout>(self, x: T) -> Gc<T> {
        const { assert!(crate::kinds::fixed_size(T::KIND)) }
        // SAFETY: all of the new memory is written: it is as long as the layout, which is that of the kind.
        unsafe {
            let o: Gc<T> = self.alloc();
            o.as_ptr().write(x);
            // Whatever header the caller gave it.
            (o.as_ptr() as *mut adder_heap::Header).write(T::head());
            o
        }
    }
    /// Memory for a small object of builtin kind that is as long as its layout.
    ///
    /// # Safety
    /// The caller writes all fields after the header before the next safepoint.
    #[inline(always)]
    pub unsafe fn alloc<T: Layout>(self) -> Gc<T> {
        unsafe { Gc::from_obj(self.m.alloc((size_of::<T>() + 7) & !7, T::KIND as u8, T::KIND as u32)) }
    }
    /// Memory for a variable-sized object: `bytes` in all. MemoryError if it cannot be had.
    ///
    /// # Safety
    /// `bytes` is the size that the kind's layout will read from the object, and all of it is written before the next
    /// safepoint.
    #[inline]
    pub unsafe fn alloc_var<T: Layout>(self, bytes: usize) -> crate::err::R<Gc<T>> {
        match self.m.try_alloc((bytes + 7) & !7, T::KIND as u8, T::KIND as u32) {
            Ok(o) => Ok(unsafe { Gc::from_obj(o) }),
            Err(_) => Err(self.memory_error()),
        }
    }
    /// The same for an object that never moves, from birth. The operation is unwound where there is no room.
    ///
    /// # Safety
    /// As of [`Th::alloc_var`].
    pub unsafe fn alloc_old<T: Layout>(self, bytes: usize) -> Gc<T> {
        let o = self.m.alloc_old((bytes + 7) & !7, T::KIND as u8, T::KIND as u32);
        unsafe { Gc::from_obj(o.unwrap_or_else(|_| adder_heap::out_of_memory())) }
    }
    /// As [`Th::alloc_var`] for what cannot fail: a small object is had from the heap's reserve, for a large one the operation is unwound
    /// and becomes a MemoryError.
    ///
    /// # Safety
    /// As of [`Th::alloc_var`].
    pub unsafe fn alloc_any<T: Layout>(self, bytes: usize) -> Gc<T> {
        // SAFETY: new memory of that size, with a header of that kind.
        unsafe { Gc::from_obj(self.m.alloc_any((bytes + 7) & !7, T::KIND as u8, T::KIND as u32)) }
    }
    pub fn float(self, f: f64) -> Value {
        match adder_metatrace::word::flo_encode(f) {
            Some(w) => unsafe { Value::from_bits(w) },
            None => self.object(FloatBox { h: FloatBox::head(), f }).value(),
        }
    }
    pub fn tuple(self, items: &[Value]) -> Value {
        if items.is_empty() {
            return Root::empty_tuple.value();
        }
        // SAFETY: the size of so many items, which `fill_tuple` writes.
        unsafe { fill_tuple(self.alloc_any(16 + 8 * items.len()), items) }
    }
    pub fn try_tuple(self, items: &[Value]) -> crate::err::R<Value> {
        if items.is_empty() {
            return Ok(Root::empty_tuple.value());
        }
        unsafe { Ok(fill_tuple(self.alloc_var(16 + 8 * items.len())?, items)) }
    }
    /// A tuple of `n` times None, which nobody sees before there is something else in it.
    pub fn tuple_to_fill(self, n: usize) -> crate::err::R<Gc<Tuple>> {
        // SAFETY: all words are written before anything else happens.
        unsafe {
            let t = self.alloc_var::<Tuple>(16 + 8 * n)?;
            (*t.as_ptr()).len = n;
            std::slice::from_raw_parts_mut(t.after::<Value>(), n).fill(NONE());
            Ok(t)
        }
    }
    /// An array of `cap` null slots.
    pub fn array(self, cap: usize) -> crate::err::R<Gc<Array>> {
        if cap > 1 << 40 {
            return Err(self.memory_error());
        }
        unsafe {
            let a = self.alloc_var::<Array>(16 + 8 * cap)?;
            (*a.as_ptr()).cap = cap;
            self.m.zero(a.obj(), a.after::<u64>(), cap);
            Ok(a)
        }
    }
    pub fn cell(self, v: Option<Value>) -> Gc<Cell_> {
        self.object(Cell_ { h: Cell_::head(), v: Slot::opt(v) })
    }
    pub fn method(self, func: Value, this: Value) -> Value {
        self.object(Method { h: Method::head(), func: Slot::new(func), this: Slot::new(this) }).value()
    }
}

/// The new tuple with its items.
///
/// # Safety
/// `t` has room for exactly so many items and nobody else has seen it. While it was allocated the items lay where the
/// collector finds them: on the native stack, in registers of frames, in an object that is kept.
#[inline(always)]
unsafe fn fill_tuple(t: Gc<Tuple>, items: &[Value]) -> Value {
    unsafe {
        (*t.as_ptr()).len = items.len();
        crate::value::copy_values(items.as_ptr(), t.after::<Value>(), items.len());
    }
    t.value()
}

/// The cell object, under a name that does not clash with `std::cell::Cell`.
pub type Cell_ = crate::object::Cell;

/// A header for objects that are made by hand.
pub fn header(kind: u8, desc: u32) -> adder_heap::Header {
    adder_heap::Header {
        desc: AtomicU32::new(desc),
        gc: AtomicU8::new(0),
        kind,
        flags: AtomicU8::new(0),
        lock: AtomicU8::new(0),
    }
}
