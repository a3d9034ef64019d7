//! Functions of `sys` that look at frames, at exceptions being handled, and at trace functions.
//!
//! # Invariants
//! Frames of other threads are looked at while these are stopped, from their innermost one down.

use crate::builtins::eval_::visible_frame;
use crate::builtins::frame::{self, caller, frame_object};
use crate::err::R;
use crate::n;
use crate::object::*;
use crate::thread::{Frame, Th, ThreadSlot};
use crate::value::*;

fn frame_at(th: Th, depth: i64) -> Option<&'static mut Frame> {
    let mut f = visible_frame(th)?;
    for _ in 0..depth.max(0) {
        f = caller(th, f)?;
    }
    Some(f)
}

pub fn getframe(th: Th, a: &[Option<Value>]) -> R<Value> {
    let depth = match a[0] {
        Some(v) => th.index_i64(v)?,
        None => 0,
    };
    let Some(f) = frame_at(th, depth) else { return Err(th.value_error("call stack is not deep enough")) };
    let o = frame_object(th, f);
    super::audit::audit(th, "sys._getframe", &[o])?;
    Ok(o)
}

pub fn getframemodulename(th: Th, a: &[Option<Value>]) -> R<Value> {
    let depth = match a[0] {
        Some(v) => th.index_i64(v)?,
        None => 0,
    };
    super::audit::audit(th, "sys._getframemodulename", &[th.int(depth)])?;
    let Some(f) = frame_at(th, depth) else { return Ok(NONE()) };
    Ok(Value::opt_or_none(f.func.module.get()))
}

/// Of the calling thread its frame; of the others, which run on, what they were doing: frames as they were, without
/// variables.
pub fn current_frames(th: Th, _: &[Option<Value>]) -> R<Value> {
    super::audit::audit(th, "sys._current_frames", &[])?;
    let (all, ends) = frame::of_threads(th, &|t, out| {
        if t.0 != th.0 {
            // SAFETY: the innermost frame of a stopped thread.
            unsafe { frame::tell(t, t.fp.get(), out) };
        }
    })?;
    let d = Gc::<Dict>::new(th);
    let mut from = 0;
    for (ident, end) in ends {
        let mut last = frame::past_frames(th, all, from, end);
        from = end;
        if ident == th.ident {
            last = visible_frame(th).map(|f| frame_object(th, f));
        }
        if let Some(f) = last {
            d.set(th, th.int(ident as i64), f)?;
        }
    }
    Ok(d.value())
}
pub fn current_exceptions(th: Th, _: &[Option<Value>]) -> R<Value> {
    super::audit::audit(th, "sys._current_exceptions", &[])?;
    let (all, ends) = frame::of_threads(th, &|t, out| out(Value::opt_or_none(t.handled.get())))?;
    let d = Gc::<Dict>::new(th);
    for (ident, end) in ends {
        d.set(th, th.int(ident as i64), Value::opt_or_none(all.slot(end - 1).get()))?;
    }
    Ok(d.value())
}

pub fn exception(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::opt_or_none(th.handled.get()))
}
pub fn exc_info(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(match th.handled.get() {
        Some(e) => {
            let tb = e.cast::<BaseException>().and_then(|x| x.traceback.any());
            th.tuple(&[th.type_of(e).value(), e, Value::opt_or_none(tb)])
        }
        None => th.tuple(&[NONE(), NONE(), NONE()]),
    })
}

pub fn call_tracing(th: Th, a: &[Option<Value>]) -> R<Value> {
    let (f, args) = (a[0].unwrap(), a[1].unwrap());
    let Some(t) = args.cast::<Tuple>() else {
        return Err(
            th.type_error(format!("call_tracing() argument 2 must be tuple, not {}", th.arg_type_name(args)))
        );
    };
    // What the function does is traced, though a trace function calls it.
    let tracing = th.tracing.replace(0);
    let r = th.guarded(|| th.call_ex(f, t, None));
    th.tracing.set(tracing);
    r
}

fn set_hook(th: Th, s: ThreadSlot, event: &str, a: &[Option<Value>]) -> R<Value> {
    super::audit::audit(th, event, &[])?;
    th.slots[s as usize].init(a[0].and_then(Value::some));
    crate::sys::monitoring::trace_functions_changed();
    Ok(NONE())
}
fn set_hook_all(th: Th, s: ThreadSlot, event: &str, a: &[Option<Value>]) -> R<Value> {
    super::audit::audit(th, event, &[])?;
    let v = a[0].and_then(Value::some);
    Th::for_all(|t| t.slots[s as usize].init(v));
    crate::sys::monitoring::trace_functions_changed();
    Ok(NONE())
}
pub fn settrace(th: Th, a: &[Option<Value>]) -> R<Value> {
    set_hook(th, ThreadSlot::TraceFunc, "sys.settrace", a)
}
pub fn setprofile(th: Th, a: &[Option<Value>]) -> R<Value> {
    set_hook(th, ThreadSlot::ProfileFunc, "sys.setprofile", a)
}
pub fn settrace_all(th: Th, a: &[Option<Value>]) -> R<Value> {
    set_hook_all(th, ThreadSlot::TraceFunc, "sys.settrace", a)
}
pub fn setprofile_all(th: Th, a: &[Option<Value>]) -> R<Value> {
    set_hook_all(th, ThreadSlot::ProfileFunc, "sys.setprofile", a)
}
pub fn gettrace(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::opt_or_none(th.slots[ThreadSlot::TraceFunc as usize].get()))
}
pub fn getprofile(th: Th, _: &[Option<Value>]) -> R<Value> {
    Ok(Value::opt_or_none(th.slots[ThreadSlot::ProfileFunc as usize].get()))
}

/// Name of the module that the running code belongs to, for warnings.
pub fn module_name(f: &Frame) -> Option<Value> {
    f.globals().value().cast::<Dict>().and_then(|d| {
        let th = Th::current()?;
        d.get_str(th, n!(__name__)).ok().flatten()
    })
}
