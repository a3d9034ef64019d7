//! Leaving machine code: the interpreter's frames and registers are brought up to date from what the exit says.
//!
//! # Safety
//! What an exit says was made for the trace that was left: its places lie within the registers and frames that were made
//! sure of when the trace was entered or went on, its words are values, its trees and code are alive because the trace that
//! ran is valid. Until the frames are written nothing but the state knows the values: objects that have to be made are made
//! first, while it lies on the native stack, where the collector looks; then all is written, and nothing allocated.

use super::state::Held;
use super::{Jit, Tree, record};
use crate::err::{R, Raised};
use crate::interp::Ctl;
use crate::interp::call::Gather;
use crate::object::*;
use crate::thread::{Frame, Th};
use crate::value::*;
use adder_metatrace::backend::{Exit, How, Leaving, Left, Move, State};
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::{FrameSnap, new_size};
use adder_metatrace::params::Param;
use adder_metatrace::word;
use std::sync::atomic::Ordering::*;

/// Goes on in the interpreter (or records a bridge). The answer is that of a slow operation. The state is given back before
/// anything else runs.
pub(super) fn leave(th: Th, jit: &'static Jit, mut s: Held, e: &'static Exit) -> R<Ctl> {
    let root = s.fp as *mut Frame;
    Counter::Exits.inc();
    // Racing threads may lose counts.
    let t = e.taken();
    t.times.store(t.times.load(Relaxed) + 1, Relaxed);
    #[cfg(debug_assertions)]
    if t.times.load(Relaxed) < 4 {
        super::holds::check(th, &s, e);
    }
    if e.in_memory() {
        drop(s);
        if e.owner() == 0 {
            // A link that found no code: the published instruction is still to be done.
            let fp = th.fp.get();
            unsafe { (*fp).pc = (*fp).pc.wrapping_sub(1) };
            return super::joins::missed(th, jit).unwrap_or(Ok(Ctl::Next));
        }
        // An exception, or a collection that the interpreter's loop is to run.
        if th.exc.get().is_some() || th.collect_soon.get() != 0 {
            return Err(Raised);
        }
        if e.says_nothing() {
            return Ok(Ctl::Next);
        }
    } else {
        s.left();
        rebuild(th, &s, e);
        drop(s);
    }
    let n = t.count.load(Relaxed).saturating_add(1);
    t.count.store(n, Relaxed);
    if n >= Param::BridgeThreshold.get()
        && t.failures.load(Relaxed) < Param::MaxBridgeFailures.get()
        && e.owner() != 0
        && super::enabled()
    {
        // A safepoint that somebody asked for is no hot path.
        if !th.wanted() {
            t.count.store(0, Relaxed);
            if !worth(e) {
                t.failures.store(Param::MaxBridgeFailures.get(), Relaxed);
                Counter::BridgesBlacklisted.inc();
                return Ok(Ctl::Next);
            }
            let Some(_work) = super::Work::begin_bridge(th, &t.hot) else {
                let n = Param::BridgeThreshold.get();
                t.count.store(n - n / super::budget::AGAIN, Relaxed);
                return Ok(Ctl::Next);
            };
            super::scrub();
            // SAFETY: the machine code that took the exit has left the frame in its state.
            return unsafe { record::record_bridge(th, jit, e, root) };
        }
    }
    Ok(Ctl::Next)
}

/// Goes on in the interpreter with the return of the root frame, which the trace ended with.
pub(super) fn returned(th: Th, s: &State) -> R<Ctl> {
    // SAFETY: a word that the trace has put there; its root frame.
    let (v, fp) = unsafe { (Value::from_bits(s.gpr[0]), s.fp as *mut Frame) };
    th.fp.set(fp);
    crate::interp::slow::leave(th, v)
}

/// Whether another bridge may grow here.
fn worth(e: &Exit) -> bool {
    let tree = unsafe { &*(e.owner() as *const Tree) };
    let place = |e: &Exit| e.innermost().map_or(0, |(f, _)| f.pc);
    let here = place(e);
    let (mut same, mut chain, mut up) = (0, 0, e.parent());
    while let Some(x) = up {
        chain += 1;
        same += (place(x) == here) as u32;
        up = x.parent();
    }
    same < Param::MaxSame.get()
        && chain < Param::MaxChain.get()
        && tree.bridges.load(Relaxed) < Param::MaxBridges.get()
}

/// Not part of `leave`, whose frame lives while a bridge is recorded: what this leaves on the stack must not be in it.
#[inline(never)]
fn rebuild(th: Th, s: &State, e: &Exit) {
    let mut first = First { th, regs: s.regs as *mut u64, root: s.fp as *mut Frame };
    if e.leave(s, &mut first) {
        return;
    }
    let left = e.left();
    if left.objects.is_empty() {
        finish(th, s, left, &[]);
    } else {
        rebuild_objects(th, s, left);
    }
}

/// Carries an exit out as it is read.
struct First {
    th: Th,
    regs: *mut u64,
    root: *mut Frame,
}
impl Leaving for First {
    #[inline(always)]
    fn slot(&mut self, to: u32, w: u64) {
        // SAFETY: what exits say is within the thread's registers and frames.
        unsafe { *self.regs.add(to as usize) = w };
    }
    #[inline(always)]
    fn frame(&mut self, k: usize, innermost: bool, f: &FrameSnap<u64>) {
        // SAFETY: as above.
        unsafe {
            let fr = self.root.add(k);
            if k > 0 && !f.real {
                make_frame(self.th, &mut *fr, self.regs, f);
            }
            set_pc(fr, f.pc, innermost);
            if innermost {
                self.th.fp.set(fr);
            }
        }
    }
}

/// A frame that was in the trace only.
///
/// # Safety
/// `fr` and `regs` are the thread's own, and the exit was compiled for them.
#[inline(always)]
unsafe fn make_frame(th: Th, fr: &mut Frame, regs: *mut u64, f: &FrameSnap<u64>) {
    unsafe {
        fr.regs = regs.add(f.base as usize);
        fr.func = Value::from_bits(f.func).cast_unchecked();
        fr.code = Value::from_bits(f.code).cast_unchecked::<Code>();
        fr.flags = f.flags;
        if let Some(x) = f.extra {
            fr.extra.init(Some(Value::from_bits(x)));
            super::generators::appeared(th, fr);
        }
    }
}
/// The innermost frame executes its instruction again.
///
/// # Safety
/// `fr` is a frame of the thread, and `pc` an address within its code.
#[inline(always)]
unsafe fn set_pc(fr: *mut Frame, pc: u64, innermost: bool) {
    let pc = pc as *const adder_bytecode::Ins;
    unsafe { (*fr).pc = if innermost { pc.wrapping_sub(1) } else { pc } };
}

/// What allocates comes first; the values wait where the collector sees them. No memory: the reserve is used.
fn rebuild_objects(th: Th, s: &State, left: &Left) {
    let mut objects = Gather::new();
    // SAFETY: fields of the objects made below, at places that the optimiser took from their layouts.
    let store = |o: *mut u64, m: &Move, w: u64| unsafe {
        let slot = o.byte_add(m.to as usize);
        *slot = w;
        if word::is_ptr(w) {
            th.m.barrier(Value::from_bits(o as u64).obj().unwrap_unchecked(), slot);
        }
    };
    for o in left.objects {
        let size = new_size(o.what);
        let p = unsafe { super::helpers::alloc(th, o.what as u64) } as *mut u64;
        // Counted layouts read their size from the object: all is written before anything else is allocated.
        unsafe { std::slice::from_raw_parts_mut(p.add(1), size / 8 - 1).fill(0) };
        for m in o.fields {
            store(p, m, m.plain(s).unwrap_or(0));
        }
        let _ = objects.push(th, unsafe { Value::from_bits(p as u64) });
    }
    for (n, m) in left.late {
        let w = match m.how {
            How::Virt => objects.as_slice()[m.object()].bits(),
            _ if m.plain(s).is_some() => continue,
            _ => th.float(m.float(s)).bits(),
        };
        store(objects.as_slice()[*n as usize].bits() as *mut u64, m, w);
    }
    finish(th, s, left, objects.as_slice());
}

/// Registers and frames, the objects being there.
#[inline(always)]
fn finish(th: Th, s: &State, left: &Left, objects: &[Value]) {
    if left.floats && left.each().any(|m| m.how == How::Flt && m.plain(s).is_none()) {
        return finish_floats(th, s, left, objects);
    }
    write(th, s, left, |m| match m.plain(s) {
        Some(w) => w,
        None => objects[m.object()].bits(),
    });
}
/// Numbers that need objects are rare.
#[cold]
#[inline(never)]
fn finish_floats(th: Th, s: &State, left: &Left, objects: &[Value]) {
    let mut made = Gather::new();
    for m in left.each().filter(|m| m.how == How::Flt && m.plain(s).is_none()) {
        let _ = made.push(th, th.float(m.float(s)));
    }
    let mut at = made.as_slice().iter();
    write(th, s, left, |m| match m.plain(s) {
        Some(w) => w,
        None if m.how == How::Flt => at.next().map_or(0, |x| x.bits()),
        None => objects[m.object()].bits(),
    });
}

/// Writes registers and frames; `value` must not allocate and is called in the order of [`Left::each`].
#[inline(always)]
fn write(th: Th, s: &State, left: &Left, mut value: impl FnMut(&Move) -> u64) {
    unsafe {
        let regs = s.regs as *mut u64;
        let root = s.fp as *mut Frame;
        for m in left.slots {
            *regs.add(m.to as usize) = value(m);
        }
        let n = left.frames.len();
        for (k, f) in left.frames.iter().enumerate() {
            let fr = root.add(k);
            if k > 0 && !f.real {
                let func = value(&f.func);
                let extra = f.extra.as_ref().map(&mut value);
                let FrameSnap { pc, code, base, flags, real, .. } = *f;
                make_frame(th, &mut *fr, regs, &FrameSnap { pc, code, base, flags, real, func, extra });
            }
            set_pc(fr, f.pc, k + 1 == n);
        }
        th.fp.set(root.add(n - 1));
    }
}
