//! The interpreter: dispatch over the handlers of `fast` (written once over `PyMachine`) and the whole operations of
//! `slow`, frames, unwinding.
//!
//! # How an instruction runs
//! Each op with a fast handler has a small native function that decodes nothing, touches only registers, and jumps to the
//! next (threaded code by sibling calls). When the fast instance declines, or the op has none, the *slow trampoline*
//! publishes the frame (`th.fp`, `pc`) and calls the op's slow function, which works on the published frame alone:
//! it may push and pop frames and leaves `pc` at the instruction *before* the one to continue with.
//!
//! Sibling calls are an optimisation that stable Rust does not promise: builds with debug assertions run a plain loop
//! over the slow functions instead, and `tests::stack_does_not_grow` watches the optimised form.
//!
//! # Invariants
//! - Native code of handlers gets pointers to the running frame and its registers, both of the thread's own stacks, which
//!   never move or shrink while it runs; registers that an instruction names are within the frame's window.
//! - `pc` points into the code object's instructions, which live as long as the frame has the code object; a jump's target
//!   is an instruction of the same code (the compiler writes no other, `adder_bytecode::verify` checks what comes from outside).
//! - Words of registers are null, or values; null only where an operand may be null.
//! - The functions of `threaded` take all that by hand, from each other and from `start` and `go_on`, which take it from the
//!   published frame. One that calls out publishes its frame first, and reads registers again after it: a collection may have
//!   moved what they hold.

pub mod call;
pub mod chain;
pub mod drain;
pub mod entered;
pub mod events;
pub mod fast;
pub mod generator;
pub mod ic;
pub mod instrument;
pub mod machine;
pub mod slow;
pub mod unwind;

use crate::builtins::async_gen;
use crate::err::{R, Raised};
use crate::native::{Direct, Inline, NativeDef};
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::{Ins, Op};
use machine::{Interp, Pc};

/// What a slow operation did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ctl {
    /// Go on after `th.fp.pc`.
    Next,
    /// The entry frame has returned: its value is here.
    Leave(Value),
}

/// A slow operation. Works on `th.fp`, whose `pc` is the current instruction.
pub type SlowFn = fn(Th, Ins) -> R<Ctl>;

/// Runs a handler in its slow instance on the published frame.
macro_rules! slow_of {
    ($h:path) => {{
        fn run(th: Th, i: Ins) -> R<Ctl> {
            let fp = th.fp.get();
            let mut m = Interp::<false> { regs: unsafe { (*fp).regs }, th, fp };
            let pc = $h(&mut m, Pc::from_ptr(unsafe { (*fp).pc }), i)?;
            th.fp.set(m.fp);
            // SAFETY: such handlers lead forward alone, so there is an instruction before.
            unsafe { (*m.fp).pc = pc.ptr().sub(1) };
            Ok(Ctl::Next)
        }
        run as SlowFn
    }};
}

/// Calls `$mac!` with the ops that have a fast handler: `Op handler fallback;` where the fallback is the slow function
/// to use if the slow instance of the handler itself declines (`generic`: the slow instance never declines). Handlers of
/// two parts name them.
macro_rules! for_each_fast {
    ($mac:ident) => { $mac! {
        Nop nop generic; Move mov generic; LoadConst load_const generic; LoadInt load_int generic;
        LoadNone load_none generic; Clear clear generic; CheckLocal check_local check_local;
        LoadDeref load_deref load_deref; StoreDeref store_deref generic; LoadGlobal load_global load_global;
        LoadAttr load_attr load_attr (load_attr_first load_attr_more); StoreAttr store_attr store_attr (store_attr_first store_attr_more); LoadMethod load_method load_method (load_method_first load_method_more);
        GetItem get_item get_item (get_item_first get_item_more); GetItemI get_item_i get_item_i; SetItem set_item set_item;
        Neg neg generic; Not not not;
        Add add binary; Sub sub binary; Mul mul binary; TrueDiv true_div binary; FloorDiv floor_div binary;
        Mod modulo binary; LShift lshift binary; RShift rshift binary; And and binary; Or or binary; Xor xor binary;
        AddI add_i binary_i; SubI sub_i binary_i; MulI mul_i binary_i; FloorDivI floor_div_i binary_i;
        ModI mod_i binary_i; LShiftI lshift_i binary_i; RShiftI rshift_i binary_i; AndI and_i binary_i;
        Lt lt compare (lt lt_more); Le le compare (le le_more); Gt gt compare (gt gt_more); Ge ge compare (ge ge_more); Eq eq compare (eq eq_more); Ne ne compare (ne ne_more); Is is generic;
        Jump jump generic; JumpBack jump_back jump_back; JTrue j_true j_true; JFalse j_false j_false;
        JNone j_none generic; JLt j_lt compare_jump (j_lt j_lt_more); JLe j_le compare_jump (j_le j_le_more); JGt j_gt compare_jump (j_gt j_gt_more);
        JGe j_ge compare_jump (j_ge j_ge_more); JEq j_eq compare_jump (j_eq j_eq_more); JNe j_ne compare_jump (j_ne j_ne_more); JLtI j_lt_i generic; JLeI j_le_i generic;
        JGtI j_gt_i generic; JGeI j_ge_i generic; JEqI j_eq_i generic; JNeI j_ne_i generic; JIs j_is generic;
        Call call call (call_first call_more native_function); CallMethod call_method call_method (call_method_first call_method_more native_method); Return ret ret; ReturnNone ret_none ret_none;
        ForIter for_iter for_iter (for_iter_first for_iter_more); Send send send (send_first send_more); UnpackSeq unpack_seq unpack_seq (unpack_seq_first unpack_seq_more);
        BuildTuple build_tuple build_tuple; ListAppend list_append list_append;
    } };
}

macro_rules! slow_entry {
    (generic $h:ident) => {
        slow_of!(fast::$h)
    };
    ($f:ident $h:ident) => {
        slow::$f as SlowFn
    };
}

/// The slow function of every op.
static SLOW: [SlowFn; 256] = {
    let mut t: [SlowFn; 256] = [slow::invalid; 256];
    macro_rules! fill {
        ($($op:ident $h:ident $f:ident $(($first:ident $more:ident $($route:ident)?))?;)*) => { $( t[Op::$op as usize] = slow_entry!($f $h); )* };
    }
    for_each_fast!(fill);
    macro_rules! fill_slow {
        ($($op:ident $f:ident;)*) => { $( t[Op::$op as usize] = slow::$f; )* };
    }
    slow::for_each_slow!(fill_slow);
    t[instrument::INSTRUMENTED as usize] = events::step;
    t[crate::jit::function::ENTER as usize] = crate::jit::function::enter;
    t
};

/// The slow function of an instruction, which is published.
pub fn run_slow(th: Th, i: Ins) -> R<Ctl> {
    SLOW[i.op_byte() as usize](th, i)
}

/// Runs a handler on the recording machine. None: the op has none.
#[inline(never)]
pub fn record_fast(m: &mut crate::jit::machine::Recorder, pc: Pc, i: Ins) -> Option<R<Pc>> {
    macro_rules! dispatch {
        ($($op:ident $h:ident $f:ident $(($($part:ident)*))?;)*) => {
            match i.op() {
                $( Op::$op => Some(fast::$h(m, pc, i)), )*
                _ => None,
            }
        };
    }
    for_each_fast!(dispatch)
}

/// Runs the slow function of the instruction at `th.fp.pc`; handles exceptions. None: go on after `th.fp.pc`.
#[inline(never)]
fn slow_step(th: Th, i: Ins) -> Option<u64> {
    match SLOW[i.op_byte() as usize](th, i) {
        Ok(Ctl::Next) => None,
        Ok(Ctl::Leave(v)) => Some(v.bits()),
        Err(Raised) => {
            if raised(th) {
                None
            } else {
                Some(0)
            }
        }
    }
}

/// An operation failed. True: go on after `th.fp.pc`. False: the entry frame was left.
///
/// A `gc.collect()` that waits until the native stack is short comes this way as well, without an exception.
fn raised(th: Th) -> bool {
    if th.collect_soon.get() != 0 && crate::gc_module::drop_now(th) {
        return true;
    }
    if th.collect_soon.get() != 0
        && let Ok(found) = crate::gc_module::run_soon(th)
    {
        // The result of the call, which is the published instruction.
        let i = unsafe { *(*th.fp.get()).pc };
        slow::set(th, i.c(), Value::fix(found as i64));
        return true;
    }
    unwind::unwind(th)
}

/// Runs from the published frame (whose `pc` is before the first instruction) until its entry frame leaves.
///
/// A panic inside (a bug of the runtime) ends in a `SystemError` of the Python program, not in its death.
pub fn run(th: Th) -> R<Value> {
    loop {
        let entry = th.fp.get();
        let flags = unsafe { (*entry).flags };
        let base = th.native_base.get();
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            if cfg!(debug_assertions) { run_loop(th) } else { threaded::start(th) }
        }));
        th.native_base.set(base);
        match ran {
            Ok(w) => return Value::from_word(w).ok_or(Raised),
            // Where it happened, as if the operation had said so: what was being made there is gone.
            Err(panic) if ran_out(&*panic) && entry_frame(th.fp.get()) == entry_frame(entry) => {
                th.exc.init(None);
                // What the native frames referred to may be enough.
                th.m.take_memory_error();
                let _ = th.memory_error();
                if !raised(th) {
                    return Err(Raised);
                }
            }
            Err(panic) => {
                // Of a frame that had a gap nothing may be left.
                let base = match chain::gap(flags) {
                    // SAFETY of both: the bottom frame is never run, so there is one below, and one below the gap.
                    0 => unsafe { entry_frame(entry).sub(1) },
                    n => unsafe { entry.sub(1 + n) },
                };
                return Err(internal_error(th, base, &*panic));
            }
        }
    }
}

/// Goes on after a slow operation until the entry frame leaves.
pub(crate) fn go_on(th: Th, r: R<Ctl>) -> R<Value> {
    match r {
        Ok(Ctl::Leave(v)) => Ok(v),
        Ok(Ctl::Next) => run(th),
        Err(Raised) if raised(th) => run(th),
        Err(Raised) => Err(Raised),
    }
}

/// The entry frame of the run that `fp` belongs to.
pub(crate) fn entry_frame(mut fp: *mut Frame) -> *mut Frame {
    // SAFETY: every run has one.
    unsafe {
        while (*fp).flags & fflags::ENTRY == 0 {
            fp = chain::below(fp);
        }
    }
    fp
}

const CAPACITY: &str = "capacity overflow";
/// Whether there was no memory: the heap says so when its reserve is used up, kernels where they cannot return an error.
fn ran_out(panic: &(dyn std::any::Any + Send)) -> bool {
    // The last is what Rust says of more bytes than there are addresses.
    panic.is::<adder_heap::OutOfMemory>()
        || panic
            .downcast_ref::<&str>()
            .is_some_and(|s| [adder_text::room::OUT_OF_MEMORY, CAPACITY].contains(s))
        || panic.downcast_ref::<String>().is_some_and(|s| s == CAPACITY)
}

/// `base`: the frame below those that the panic ended.
#[cold]
pub(crate) fn internal_error(th: Th, base: *mut Frame, panic: &(dyn std::any::Any + Send)) -> Raised {
    // Frame objects and generators do not refer to frames that are gone. Nothing is allocated: memory may be what lacks.
    let mut f = th.fp.get();
    while f > base {
        // SAFETY: the thread's frames from the innermost one down, those in gaps written first.
        unsafe {
            chain::unchain_at(th, f);
            if (*f).flags & fflags::OBJECT != 0 {
                crate::builtins::frame::lost(&mut *f);
            }
            if (*f).flags & fflags::GENERATOR != 0 {
                generator::frame_ended(th, &mut *f);
            }
            f = f.sub(1);
        }
    }
    th.fp.set(base);
    th.exc.init(None);
    if ran_out(panic) {
        th.m.take_memory_error();
        return th.memory_error();
    }
    let what = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(s), _) => s,
        (_, Some(s)) => s.as_str(),
        _ => "panic",
    };
    th.system_error(format!("internal error: {what}"))
}

fn run_loop(th: Th) -> u64 {
    let here = 0u8;
    th.native_base.set(&raw const here as usize);
    loop {
        unsafe {
            let fp = th.fp.get();
            (*fp).pc = (*fp).pc.add(1);
            if let Some(w) = slow_step(th, *(*fp).pc) {
                return w;
            }
        }
    }
}

/// Threaded code.
mod threaded {
    use super::*;
    use std::sync::atomic::Ordering::Relaxed;

    pub type H = unsafe extern "C-unwind" fn(Ins, *const Ins, *mut u64, Th, *mut Frame) -> u64;

    pub fn start(th: Th) -> u64 {
        let here = 0u8;
        th.native_base.set(std::hint::black_box(&raw const here) as usize);
        unsafe {
            let fp = th.fp.get();
            let pc = (*fp).pc.add(1);
            let i = *pc;
            TABLE[i.op_byte() as usize](i, pc, (*fp).regs, th, fp)
        }
    }

    /// Publishes the frame, runs a slow function, goes on.
    #[inline(always)]
    unsafe fn go_slow(
        f: impl FnOnce(Th, Ins) -> R<Ctl>,
        i: Ins,
        pc: *const Ins,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            (*fp).pc = pc;
            th.fp.set(fp);
            match f(th, i) {
                Ok(Ctl::Next) => {}
                Ok(Ctl::Leave(v)) => return v.bits(),
                Err(Raised) => return raised(th),
            }
            go_on(th)
        }
    }
    /// Goes on after the published frame's instruction.
    #[inline(always)]
    unsafe fn go_on(th: Th) -> u64 {
        unsafe {
            let fp = th.fp.get();
            let pc = (*fp).pc.add(1);
            let i = *pc;
            TABLE[i.op_byte() as usize](i, pc, (*fp).regs, th, fp)
        }
    }
    #[cold]
    #[inline(never)]
    unsafe fn raised(th: Th) -> u64 {
        if super::raised(th) { unsafe { go_on(th) } } else { 0 }
    }
    /// An op that has a slow function only. Never inlined: it would bring its prologue.
    #[inline(never)]
    unsafe extern "C-unwind" fn slow_tramp(
        i: Ins,
        pc: *const Ins,
        _regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe { go_slow(SLOW[i.op_byte() as usize], i, pc, th, fp) }
    }

    /// Runs a handler's fast instance and goes on; where it declines, the function `$next` takes over.
    macro_rules! try_handler {
        ($h:path, $next:expr, $i:ident, $pc:ident, $regs:ident, $th:ident, $fp:ident) => {{
            let mut m = Interp::<true> { regs: $regs, th: $th, fp: $fp };
            match $h(&mut m, Pc::from_ptr($pc), $i) {
                Ok(pc) => unsafe {
                    let i = *pc.ptr();
                    TABLE[i.op_byte() as usize](i, pc.ptr(), m.regs, $th, m.fp)
                },
                Err(_) => unsafe { $next($i, $pc, $regs, $th, $fp) },
            }
        }};
    }
    macro_rules! fast_fn {
        ($h:ident) => {
            pub unsafe extern "C-unwind" fn fast(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                try_handler!(fast::$h, slow, i, pc, regs, th, fp)
            }
        };
        // Calls: what is called says who takes over.
        ($h:ident $first:ident $more:ident $route:ident) => {
            pub unsafe extern "C-unwind" fn fast(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                try_handler!(fast::$first, route, i, pc, regs, th, fp)
            }
            unsafe extern "C-unwind" fn route(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                unsafe {
                    let next: H = match route_of(i, regs) {
                        Route::Native => $route,
                        Route::Type => more,
                        Route::NativeType => native_type,
                        Route::Other => slow,
                    };
                    next(i, pc, regs, th, fp)
                }
            }
            unsafe extern "C-unwind" fn more(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                try_handler!(fast::$more, slow, i, pc, regs, th, fp)
            }
        };
        ($h:ident $first:ident $more:ident) => {
            pub unsafe extern "C-unwind" fn fast(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                try_handler!(fast::$first, more, i, pc, regs, th, fp)
            }
            // Parts that follow are never inlined: they would bring a prologue into the fast handler.
            #[inline(never)]
            pub unsafe extern "C-unwind" fn more(
                i: Ins,
                pc: *const Ins,
                regs: *mut u64,
                th: Th,
                fp: *mut Frame,
            ) -> u64 {
                try_handler!(fast::$more, slow, i, pc, regs, th, fp)
            }
        };
    }
    enum Route {
        Native,
        Type,
        NativeType,
        Other,
    }
    #[inline(always)]
    unsafe fn route_of(i: Ins, regs: *mut u64) -> Route {
        let f = unsafe { Value::from_bits(*regs.add(i.a())) };
        if f.is_exact(Kind::NativeFunction) || f.is_exact(Kind::MethodDescriptor) {
            Route::Native
        } else if f.is_exact(Kind::Type) {
            // SAFETY: a type, which was tested.
            let heap = unsafe { f.cast_unchecked::<Type>() }.heap_type();
            if heap { Route::Type } else { Route::NativeType }
        } else if f.is_exact(Kind::Function) {
            Route::Type
        } else {
            Route::Other
        }
    }
    /// `Call` of a native function.
    unsafe extern "C-unwind" fn native_function(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let f = Value::from_bits(*regs.add(i.a()));
            if let Some(f) = f.exact::<NativeFunction>()
                && !f.def.sig.receiver
            {
                return call_direct(f.def, i.a() + 1, i.b(), i, pc, regs, th, fp);
            }
            Call::slow(i, pc, regs, th, fp)
        }
    }
    /// `Call` and `CallMethod` of a native type.
    unsafe extern "C-unwind" fn native_type(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let (at, n) = if i.op_byte() == Op::Call as u8 {
                (i.a() + 1, i.b())
            } else if *regs.add(i.a() + 1) == 0 {
                (i.a() + 2, i.b() - 1)
            } else {
                return CallMethod::slow(i, pc, regs, th, fp);
            };
            (*fp).pc = pc;
            th.fp.set(fp);
            let t = Value::from_bits(*regs.add(i.a()));
            if n == 1 && Value::from_bits(*regs.add(at)).is_exact(Kind::Generator) {
                // See `drain`.
                return slow_tramp(i, pc, regs, th, fp);
            }
            if n == 1
                && asks_instance(regs.add(at) as *const Option<Value>)
                && (t.is(crate::builtins::str_type::STR.get().value())
                    || t.is(crate::builtins::bool_::BOOL.get().value()))
            {
                return slow_tramp(i, pc, regs, th, fp);
            }
            match construct(th, t, regs.add(at) as *const Value, n) {
                Ok(v) => {
                    *regs.add(i.c()) = v.bits();
                    let pc = pc.add(1);
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                Err(Raised) => raised(th),
            }
        }
    }
    #[inline(always)]
    unsafe fn construct(th: Th, t: Value, args: *const Value, n: usize) -> R<Value> {
        unsafe {
            if n == 1
                // SAFETY: `route_of` leads to `native_type` with types alone; `args` are the registers of the call.
                && let Some(f) = t.cast_unchecked::<Type>().native.new1
            {
                return f(th, *args);
            }
            construct_any(th, t, args, n)
        }
    }
    #[inline(never)]
    unsafe fn construct_any(th: Th, t: Value, args: *const Value, n: usize) -> R<Value> {
        // SAFETY: the registers of the call, which it leaves as they are.
        crate::builtins::type_::construct(th, t, unsafe { crate::native::RawArgs::from_raw(args, n, None) })
    }
    /// `CallMethod` of a native method or function.
    unsafe extern "C-unwind" fn native_method(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let f = Value::from_bits(*regs.add(i.a()));
            let this = *regs.add(i.a() + 1);
            if this == 0 {
                if let Some(f) = f.exact::<NativeFunction>()
                    && !f.def.sig.receiver
                {
                    return call_direct(f.def, i.a() + 2, i.b() - 1, i, pc, regs, th, fp);
                }
            } else if let Some(d) = f.exact::<MethodDescriptor>()
                && th.type_of(Value::from_bits(this)).value().is(d.owner.value())
            {
                return call_direct(d.def, i.a() + 1, i.b(), i, pc, regs, th, fp);
            }
            CallMethod::slow(i, pc, regs, th, fp)
        }
    }
    #[inline(always)]
    unsafe fn call_direct(
        def: &'static NativeDef,
        at: usize,
        n: usize,
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            // SAFETY: the `n` registers of the call; words of registers are what an `Option<Value>` is.
            let args = regs.add(at) as *const Option<Value>;
            if def.inline == Inline::Resume
                && n > 0
                && (*args).is_some_and(|v| v.is_exact(Kind::Generator) || v.is_exact(Kind::Coroutine))
            {
                return resume_call(i, pc, regs, th, fp);
            }
            if matches!(def.inline, Inline::Drain(_)) && uses_generator(th, args, n)
                || def.inline.asks() && n == 1 && asks_instance(args)
            {
                return slow_tramp(i, pc, regs, th, fp);
            }
            call_args(def, args, n, i, pc, regs, th, fp)
        }
    }
    /// The call itself, whatever it is of.
    ///
    /// # Safety
    /// `args` are the `n` registers of the call that `i` at `pc` is, in the published frame's code; `fp` is that frame.
    #[inline(always)]
    unsafe fn call_args(
        def: &'static NativeDef,
        args: *const Option<Value>,
        n: usize,
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let d = &def.direct;
            let most = d.most as usize;
            let r = if n == most && d.least != 255 {
                (*fp).pc = pc;
                th.fp.set(fp);
                (d.f)(th, std::slice::from_raw_parts(args, n))
            } else if n < most && n >= d.least as usize && most <= 8 {
                (*fp).pc = pc;
                th.fp.set(fp);
                call_padded(d, std::slice::from_raw_parts(args, n), th)
            } else if d.raw {
                (*fp).pc = pc;
                th.fp.set(fp);
                call_unbound(def, args, n, th)
            } else {
                return slow_tramp(i, pc, regs, th, fp);
            };
            match r {
                Ok(v) => {
                    *regs.add(i.c()) = v.bits();
                    let pc = pc.add(1);
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                Err(Raised) => raised(th),
            }
        }
    }
    /// See `drain`.
    #[inline(always)]
    unsafe fn uses_generator(th: Th, args: *const Option<Value>, n: usize) -> bool {
        // SAFETY: `k` is below `n`.
        let is = |k: usize| unsafe { *args.add(k) }.and_then(|v| v.exact()).is_some_and(drain::wanted);
        if n == 1 {
            // SAFETY: there is one.
            return is(0)
                || unsafe { asks_instance(args) && (*args).is_some_and(|v| drain::wanted_by(th, v)) };
        }
        n > 0 && (is(0) || (n == 2 && is(1)))
    }
    /// The only argument may have its special method in Python: see `slow::special`.
    ///
    /// # Safety
    /// There is an argument.
    #[inline(always)]
    unsafe fn asks_instance(args: *const Option<Value>) -> bool {
        // SAFETY: the caller's.
        unsafe { *args }.is_some_and(|v| v.is_obj() && v.kind() == Kind::Object)
    }
    /// A call of `next` or `send` that [`call_direct`] leads here: a generator's frame is pushed, as a `for` loop does.
    ///
    /// # Safety
    /// That of a handler; the call is of a native function or method, its first argument a generator or a coroutine.
    #[inline(never)]
    unsafe extern "C-unwind" fn resume_call(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let f = Value::from_bits(*regs.add(i.a()));
            let bound = i.op_byte() == Op::CallMethod as u8 && *regs.add(i.a() + 1) == 0;
            let (at, n) = (i.a() + 1 + bound as usize, i.b() - bound as usize);
            let args = regs.add(at) as *const Option<Value>;
            // SAFETY: the caller's: it is one of the two.
            let (def, next) = match f.exact::<NativeFunction>() {
                Some(f) => (f.def, true),
                None => (f.cast_unchecked::<MethodDescriptor>().def, false),
            };
            let it = Value::from_bits(*regs.add(at));
            let usual = if next { n <= 2 && it.is_exact(Kind::Generator) } else { n == 2 };
            if usual {
                let v = if next { NONE() } else { Value::from_bits(*regs.add(at + 1)) };
                // SAFETY: generators and coroutines are one layout.
                let g = it.cast_unchecked::<generator::Generator>();
                if (v.is_none() || g.state.load(Relaxed) == generator::SUSPENDED)
                    && let Some((pc, regs, fp)) =
                        generator::quick_resume(th, pc, regs, fp, g, generator::NEXT_FLAGS, v)
                {
                    let i = *pc;
                    return TABLE[i.op_byte() as usize](i, pc, regs, th, fp);
                }
            }
            call_args(def, args, n, i, pc, regs, th, fp)
        }
    }
    /// A call with fewer arguments than parameters. Never inlined: as `body` below.
    #[inline(never)]
    fn call_padded(d: &'static Direct, args: &[Option<Value>], th: Th) -> R<Value> {
        let mut all = [None; 8];
        for (to, from) in all.iter_mut().zip(args) {
            *to = *from;
        }
        (d.f)(th, &all[..d.most as usize])
    }
    /// A call of a function that binds its arguments itself. Never inlined: as `body` below.
    ///
    /// # Safety
    /// `args` are the `n` registers of the call.
    #[inline(never)]
    unsafe fn call_unbound(
        def: &'static NativeDef,
        args: *const Option<Value>,
        n: usize,
        th: Th,
    ) -> R<Value> {
        let crate::native::Imp::Raw(f) = def.imp else { unreachable!("a function that takes any arguments") };
        // SAFETY: the caller's; registers of arguments hold values.
        f(th, unsafe { crate::native::RawArgs::from_raw(args as *const Value, n, None) })
    }
    // -- generators: `generator` has the usual case of resuming and of yielding in a form without calls

    /// Resumes the generator `it` by `flags` and goes on there, or runs the whole operation.
    #[inline(always)]
    unsafe fn resume(
        it: Value,
        v: Value,
        flags: u64,
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        // SAFETY: all who resume have tested that it is a generator or a coroutine.
        unsafe {
            match generator::quick_resume(th, pc, regs, fp, it.cast_unchecked(), flags, v) {
                Some((pc, regs, fp)) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => resume_chain(i, pc, regs, th, fp),
            }
        }
    }
    /// The same where the generator delegates to others.
    #[inline(never)]
    unsafe extern "C-unwind" fn resume_chain(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let (it, flags) = if i.op_byte() == Op::Send as u8 {
                (i.b(), generator::SEND_FLAGS)
            } else {
                (i.a(), generator::FOR_FLAGS)
            };
            // SAFETY: what `resume` was called with.
            let g = Value::from_bits(*regs.add(it)).cast_unchecked();
            match chain::resume(th, pc, regs, fp, g, flags, NONE()) {
                Some((pc, regs, fp)) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => slow_tramp(i, pc, regs, th, fp),
            }
        }
    }
    unsafe extern "C-unwind" fn for_iter(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        try_handler!(fast::for_iter_first, for_iter_route, i, pc, regs, th, fp)
    }
    #[inline(always)]
    unsafe fn for_iter_route(i: Ins, pc: *const Ins, regs: *mut u64, th: Th, fp: *mut Frame) -> u64 {
        unsafe {
            if Value::from_bits(*regs.add(i.a())).is_exact(Kind::Generator) {
                for_generator(i, pc, regs, th, fp)
            } else {
                ForIter::more(i, pc, regs, th, fp)
            }
        }
    }
    #[inline(never)]
    unsafe extern "C-unwind" fn for_generator(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let it = Value::from_bits(*regs.add(i.a()));
            resume(it, NONE(), generator::FOR_FLAGS, i, pc, regs, th, fp)
        }
    }
    unsafe extern "C-unwind" fn send(i: Ins, pc: *const Ins, regs: *mut u64, th: Th, fp: *mut Frame) -> u64 {
        unsafe {
            let (v, it) = (Value::from_bits(*regs.add(i.a())), Value::from_bits(*regs.add(i.b())));
            // Only None may be sent to one that has not started: the whole operation says so.
            if v.is_none() && (it.is_exact(Kind::Generator) || it.is_exact(Kind::Coroutine)) {
                resume(it, v, generator::SEND_FLAGS, i, pc, regs, th, fp)
            } else if v.is_none() && it.is_exact(Kind::AsyncGenSend) {
                send_async(i, pc, regs, th, fp)
            } else {
                Send::fast(i, pc, regs, th, fp)
            }
        }
    }
    /// To the awaitable of an async generator's next item.
    #[inline(never)]
    unsafe extern "C-unwind" fn send_async(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let it = Value::from_bits(*regs.add(i.b()));
            if let Some((g, v)) = async_gen::quick_send(it)
                && let Some((pc, regs, fp)) =
                    generator::quick_resume(th, pc, regs, fp, g, generator::ASYNC_FLAGS, v)
            {
                async_gen::sent(it, g);
                let i = *pc;
                TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
            } else {
                slow_tramp(i, pc, regs, th, fp)
            }
        }
    }
    unsafe extern "C-unwind" fn yield_(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            match generator::quick_yield(th, i, pc, regs, fp) {
                Some(generator::Yielded::At((pc, regs, fp))) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                Some(generator::Yielded::Left(v)) => v,
                None => yield_chain(i, pc, regs, th, fp),
            }
        }
    }
    #[inline(never)]
    unsafe extern "C-unwind" fn yield_chain(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            match chain::yielded(th, i, pc, regs, fp) {
                Some(generator::Yielded::At((pc, regs, fp))) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                Some(generator::Yielded::Left(v)) => v,
                None => yield_async(i, pc, regs, th, fp),
            }
        }
    }
    #[inline(never)]
    unsafe extern "C-unwind" fn yield_async(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            match chain::yielded_async(th, i, pc, regs, fp) {
                Some((pc, regs, fp)) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => slow_tramp(i, pc, regs, th, fp),
            }
        }
    }

    unsafe extern "C-unwind" fn return_(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        try_handler!(fast::ret, return_more, i, pc, regs, th, fp)
    }
    unsafe extern "C-unwind" fn return_none(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        try_handler!(fast::ret_none, return_more, i, pc, regs, th, fp)
    }
    /// Of a generator.
    #[inline(never)]
    unsafe extern "C-unwind" fn return_more(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let none = i.op_byte() == Op::ReturnNone as u8;
            let v = if none { NONE() } else { Value::from_bits(*regs.add(i.a())) };
            match generator::quick_return(th, v, fp) {
                Some((pc, regs, fp)) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => return_chain(i, pc, regs, th, fp),
            }
        }
    }
    #[inline(never)]
    unsafe extern "C-unwind" fn return_chain(
        i: Ins,
        pc: *const Ins,
        regs: *mut u64,
        th: Th,
        fp: *mut Frame,
    ) -> u64 {
        unsafe {
            let none = i.op_byte() == Op::ReturnNone as u8;
            let v = if none { NONE() } else { Value::from_bits(*regs.add(i.a())) };
            match chain::returned(th, v, fp) {
                Some((pc, regs, fp)) => {
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => slow_tramp(i, pc, regs, th, fp),
            }
        }
    }

    // -- `in`, where it needs no call of Python code

    unsafe extern "C-unwind" fn in_(i: Ins, pc: *const Ins, regs: *mut u64, th: Th, fp: *mut Frame) -> u64 {
        unsafe {
            let (c, k) = (Value::from_bits(*regs.add(i.c())), Value::from_bits(*regs.add(i.b())));
            match crate::builtins::quick::contains(c, k) {
                Some(b) => {
                    *regs.add(i.a()) = Value::bool(b != (i.x() != 0)).bits();
                    let pc = pc.add(1);
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => slow_tramp(i, pc, regs, th, fp),
            }
        }
    }
    unsafe extern "C-unwind" fn j_in(i: Ins, pc: *const Ins, regs: *mut u64, th: Th, fp: *mut Frame) -> u64 {
        unsafe {
            let (c, k) = (Value::from_bits(*regs.add(i.b())), Value::from_bits(*regs.add(i.a())));
            match crate::builtins::quick::contains(c, k) {
                Some(b) => {
                    let pc = if b == (i.x() != 0) { pc.offset(1 + i.ci() as isize) } else { pc.add(1) };
                    let i = *pc;
                    TABLE[i.op_byte() as usize](i, pc, regs, th, fp)
                }
                None => slow_tramp(i, pc, regs, th, fp),
            }
        }
    }

    macro_rules! fast_fns {
        ($($op:ident $h:ident $f:ident $(($first:ident $more:ident $($route:ident)?))?;)*) => {
            $(
                #[allow(non_snake_case)]
                mod $op {
                    use super::*;
                    fast_fn!($h $($first $more $($route)?)?);
                    #[inline(never)]
                    pub unsafe extern "C-unwind" fn slow(i: Ins, pc: *const Ins, _: *mut u64, th: Th, fp: *mut Frame) -> u64 {
                        unsafe { go_slow(body, i, pc, th, fp) }
                    }
                    // Never inlined: with its variables in the frame, going on would not be a sibling call.
                    #[inline(never)]
                    fn body(th: Th, i: Ins) -> R<Ctl> {
                        slow_entry!($f $h)(th, i)
                    }
                }
            )*
            static TABLE: [H; 256] = {
                let mut t: [H; 256] = [slow_tramp; 256];
                $( t[Op::$op as usize] = $op::fast; )*
                t[Op::ForIter as usize] = for_iter;
                t[Op::Send as usize] = send;
                t[Op::Yield as usize] = yield_;
                t[Op::YieldFrom as usize] = yield_;
                t[Op::Return as usize] = return_;
                t[Op::ReturnNone as usize] = return_none;
                t[Op::In as usize] = in_;
                t[Op::JIn as usize] = j_in;
                t
            };
        };
    }
    for_each_fast!(fast_fns);
}
