//! What machine code calls: with the C calling convention, and without ever unwinding.

use crate::err::Raised;
use crate::interp::{Ctl, run_slow};
use crate::object::*;
use crate::thread::{Frame, Th, fflags};
use crate::value::*;
use adder_bytecode::Ins;
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
    pub tree: &'static super::Tree,
}

/// Carries out the published instruction by its slow function. 0: the trace goes on. 1: the program goes on elsewhere.
/// More: the trace is left, an exception possibly pending. In all cases everything is in memory.
pub unsafe extern "C" fn op(th: Th, ins: u64, expect: *const Expect, root: *mut Frame) -> u64 {
    unsafe {
        let e = &*expect;
        // The frames' registers are all in memory.
        let here = 0u8;
        let base = th.native_base.replace(&raw const here as usize);
        let r = catch_unwind(AssertUnwindSafe(|| run_slow(th, Ins(ins))));
        th.native_base.set(base);
        match r {
            Ok(Ok(Ctl::Next)) => {}
            // A frame that leaves the interpreter is never inside a trace.
            Ok(Ok(Ctl::Leave(_))) => std::process::abort(),
            Ok(Err(Raised)) => return 2,
            Err(_) => {
                th.exc.init(None);
                let _ = th.system_error("internal error: panic in an operation of a trace");
                return 2;
            }
        }
        let fp = th.fp.get();
        if !e.tree.valid.load(Acquire) || crate::interp::events::observed(th) || fp < root.sub(1) {
            return 2;
        }
        // Somebody holds a frame of the trace: leaving that frame must tell him.
        let mut f = root.add(1);
        while f <= fp {
            if (*f).flags & fflags::OBJECT != 0 {
                return 2;
            }
            f = f.add(1);
        }
        if written(root, fp) {
            return 2;
        }
        if fp != root.offset(e.depth)
            || (*fp).pc.add(1) != e.next
            || (*fp).code.value().bits() != e.code
            || (e.depth > 0 && (*fp).flags != e.flags)
        {
            return 1;
        }
        // What the operation wrote counts as live from now on.
        (*fp).pc = e.next;
        0
    }
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
    th.float(f64::from_bits(bits)).bits()
}

pub unsafe extern "C" fn barrier(th: Th, obj: u64, slot: *mut u64) {
    unsafe { th.m.barrier(Value::from_bits(obj).obj().unwrap_unchecked(), slot) }
}

/// `what`: kind << 56 | size << 32 | shape.
pub unsafe extern "C" fn alloc(th: Th, what: u64) -> u64 {
    th.m.alloc((what >> 32) as usize & 0xff_ffff, (what >> 56) as u8, what as u32).as_ptr() as u64
}

/// `x ** y`; not a number where that is an error.
pub unsafe extern "C" fn pow(x: u64, y: u64) -> u64 {
    match adder_num::float::pow(f64::from_bits(x), f64::from_bits(y)) {
        Ok(Some(r)) => r.to_bits(),
        _ => f64::NAN.to_bits(),
    }
}

pub unsafe extern "C" fn dict_get(d: Value, k: Value) -> u64 {
    crate::builtins::iter_fast::dict_get(d, k).map_or(0, Value::bits)
}

pub unsafe extern "C" fn iter_step(th: Th, it: Value) -> u64 {
    crate::builtins::iter_fast::step(th, it).map_or(0, Value::bits)
}

#[allow(unused)]
fn _uses(_: Gc<Code>) {}
