//! Leaving machine code: the interpreter's frames and registers are brought up to date from what the exit says.

use super::{Jit, Tree, record};
use crate::err::{R, Raised};
use crate::interp::Ctl;
use crate::interp::call::Gather;
use crate::object::*;
use crate::thread::{Frame, Th};
use crate::value::*;
use adder_metatrace::backend::{Exit, State};
use adder_metatrace::counters::Counter;
use adder_metatrace::ir::{Snap, Val, new_size};
use adder_metatrace::params::Param;
use adder_metatrace::word;
use std::sync::atomic::Ordering::*;

/// Goes on in the interpreter (or records a bridge). The answer is that of a slow operation. The state is cleared: it would
/// keep dead objects alive where its memory is not written again soon.
pub fn leave(th: Th, jit: &'static Jit, s: &mut State, e: &'static Exit) -> R<Ctl> {
    Counter::Exits.inc();
    // Racing threads may lose counts.
    let t = e.taken();
    t.times.store(t.times.load(Relaxed) + 1, Relaxed);
    if e.snap.in_memory {
        s.clear();
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
        if e.snap.frames.is_empty() {
            return Ok(Ctl::Next);
        }
    } else {
        rebuild(th, s, e);
        s.clear();
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
            let Some(_work) = super::Work::begin(th, &t.since) else {
                let n = Param::BridgeThreshold.get();
                t.count.store(n - n / super::budget::AGAIN, Relaxed);
                return Ok(Ctl::Next);
            };
            super::scrub();
            return record::record_bridge(th, jit, e, s.fp as *mut Frame);
        }
    }
    Ok(Ctl::Next)
}

/// Goes on in the interpreter with the return of the root frame, which the trace ended with.
pub fn returned(th: Th, s: &mut State) -> R<Ctl> {
    // SAFETY: a word that the trace has put there; its root frame.
    let (v, fp) = unsafe { (Value::from_bits(s.gpr[0]), s.fp as *mut Frame) };
    s.gpr[0] = 0;
    th.fp.set(fp);
    crate::interp::slow::leave(th, v)
}

/// Whether another bridge may grow here.
fn worth(e: &Exit) -> bool {
    let tree = unsafe { &*(e.owner() as *const Tree) };
    let place = |e: &Exit| e.snap.frames.last().map_or(0, |f| f.pc);
    let (mut same, mut chain, mut up) = (0, 0, e.parent());
    while let Some(x) = up {
        chain += 1;
        same += (place(x) == place(e)) as u32;
        up = x.parent();
    }
    same < Param::MaxSame.get()
        && chain < Param::MaxChain.get()
        && tree.bridges.load(Relaxed) < Param::MaxBridges.get()
}

/// A word of the interpreter for a value, if that needs no memory.
#[inline]
fn plain(s: &State, e: &Exit, v: &Val) -> Option<u64> {
    match *v {
        Val::Const(w) | Val::Raw(w) => Some(w),
        Val::Word(r) => Some(e.read(s, r)),
        Val::Int(r) => Some(word::fix(e.read(s, r) as i64)),
        Val::Flt(r) => word::flo_encode(f64::from_bits(e.read(s, r))),
        Val::Virt(_) => None,
    }
}

#[inline(always)]
fn each_val(snap: &Snap, mut f: impl FnMut(&Val)) {
    for (_, v) in &snap.slots {
        f(v);
    }
    for fr in snap.frames.iter().skip(1).filter(|fr| !fr.real) {
        f(&fr.func);
        if let Some(x) = &fr.extra {
            f(x);
        }
    }
}

fn rebuild(th: Th, s: &State, e: &Exit) {
    // Most exits need no memory and have few values.
    const FEW: usize = 48;
    let mut words = [0; FEW];
    let (mut n, mut simple) = (0, e.snap.virts.is_empty());
    if simple {
        each_val(&e.snap, |v| match plain(s, e, v) {
            Some(w) if n < FEW => {
                words[n] = w;
                n += 1;
            }
            _ => simple = false,
        });
    }
    if simple {
        let mut at = words.iter();
        write(th, s, e, |_| *at.next().unwrap_or(&0));
        // Words that stay on the stack keep objects alive.
        words[..n].fill(0);
        std::hint::black_box(&mut words);
        return;
    }
    // What allocates comes first; the values wait where the collector sees them. No memory: the reserve is used.
    let mut made = Gather::new();
    let mut objects = Gather::new();
    for o in &e.snap.virts {
        let size = new_size(o.what);
        let p = unsafe { super::helpers::alloc(th, o.what as u64) } as *mut u64;
        unsafe {
            for k in 1..size / 8 {
                *p.add(k) = 0;
            }
            // Counted layouts read their size from the object.
            for (at, v) in &o.fields {
                if let Some(w) = plain(s, e, v)
                    && !word::is_ptr(w)
                {
                    *p.add(*at as usize / 8) = w;
                }
            }
        }
        let _ = objects.push(th, unsafe { Value::from_bits(p as u64) });
    }
    let value = |v: &Val, objects: &Gather| -> u64 {
        match *v {
            Val::Virt(n) => objects.as_slice()[n as usize].bits(),
            Val::Flt(r) => th.float(f64::from_bits(e.read(s, r))).bits(),
            ref v => plain(s, e, v).unwrap_or(0),
        }
    };
    for (n, o) in e.snap.virts.iter().enumerate() {
        for (at, v) in &o.fields {
            let w = value(v, &objects);
            let obj = objects.as_slice()[n];
            unsafe {
                let slot = (obj.bits() as *mut u8).add(*at as usize) as *mut u64;
                *slot = w;
                th.m.barrier(obj.obj().unwrap_unchecked(), slot);
            }
        }
    }
    let mut n = 0;
    each_val(&e.snap, |v| {
        let w = value(v, &objects);
        if let Some(x) = Value::from_word(w) {
            let _ = made.push(th, x);
            n += 1;
        }
    });
    let _ = n;
    // The same order again.
    let mut k = 0;
    write(th, s, e, |v| match v {
        Val::Const(0) => 0,
        Val::Word(r) if e.read(s, *r) == 0 => 0,
        _ => {
            k += 1;
            made.as_slice()[k - 1].bits()
        }
    });
}

/// Writes registers and frames; `value` must not allocate and is called in the order of `each_val`.
#[inline(always)]
fn write(th: Th, s: &State, e: &Exit, mut value: impl FnMut(&Val) -> u64) {
    unsafe {
        let regs = s.regs as *mut u64;
        let root = s.fp as *mut Frame;
        for (slot, v) in &e.snap.slots {
            *regs.add(*slot as usize) = value(v);
        }
        let n = e.snap.frames.len();
        for (k, f) in e.snap.frames.iter().enumerate() {
            let fr = &mut *root.add(k);
            if k > 0 && !f.real {
                fr.regs = regs.add(f.base as usize);
                fr.func = Value::from_bits(value(&f.func)).cast_unchecked();
                fr.code = Value::from_bits(f.code).cast_unchecked::<Code>();
                fr.flags = f.flags;
                if let Some(x) = &f.extra {
                    fr.extra.init(Some(Value::from_bits(value(x))));
                    super::generators::appeared(th, fr);
                }
            }
            let pc = f.pc as *const adder_bytecode::Ins;
            // The innermost frame executes its instruction again.
            fr.pc = if k + 1 == n { pc.wrapping_sub(1) } else { pc };
        }
        th.fp.set(root.add(n - 1));
    }
}
