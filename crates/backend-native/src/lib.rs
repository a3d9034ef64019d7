//! Machine code from optimised traces: one pass backward finds where values are used, one forward chooses registers and
//! emits (linear scan; what is used furthest away gives way). `emit` is the same for all instruction sets; `x64` and
//! `aarch64` encode what it asks for (`Isa`).
//!
//! # Invariants
//! - Only what `memory` has added is ever run, and it is entered by `enter`'s stub only, with a state and a thread that the
//!   caller vouches for. Unsafe code is there and in `memory`; emitting is safe code.
//!
//! # Conventions of compiled code
//! - One register is the [`State`], one the thread; some are scratch (see the instruction sets).
//! - A guard that fails jumps through its [`Exit::target`] with the exit's address in a scratch register: to the common
//!   way out, which saves all registers in the state, or to a bridge, which finds the values where they are.
//! - Code is never changed once it runs: bridges and invalidations are single aligned stores to data, to exits' targets
//!   and links' cells, which running code reads at its next jump.
//! - Everything that the collector must see is in the state, in callee-saved registers or in the collector's own frames:
//!   conservative roots.

// The assembler's macro converts every register number, whatever its type.
#![allow(clippy::useless_conversion)]
#![cfg(all(unix, any(target_arch = "x86_64", target_arch = "aarch64")))]

#[cfg(any(test, target_arch = "aarch64"))]
#[cfg_attr(not(target_arch = "aarch64"), allow(dead_code))]
mod aarch64;
mod alloc;
mod emit;
mod isa;
mod memory;
#[cfg(target_arch = "x86_64")]
mod x64;

use adder_metatrace::backend::*;
use adder_metatrace::ir::*;
use isa::Isa;
use memory::CodeMemory;
use std::mem::offset_of;
use std::sync::{Mutex, OnceLock};

/// What this machine runs.
#[cfg(target_arch = "x86_64")]
type Host = x64::X64;
#[cfg(target_arch = "aarch64")]
type Host = aarch64::AArch64;

pub struct Native {
    memory: Mutex<CodeMemory>,
    enter: unsafe extern "C" fn(usize, *mut State, u64) -> *const Exit,
    leave: usize,
    returned: usize,
    bail: usize,
}

pub(crate) const GPR: i32 = offset_of!(State, gpr) as i32;
pub(crate) const XMM: i32 = offset_of!(State, xmm) as i32;
pub(crate) const FP: i32 = offset_of!(State, fp) as i32;
pub(crate) const REGS: i32 = offset_of!(State, regs) as i32;
/// The first place for a saved register, the others come before it.
pub(crate) const SAVE: i32 = offset_of!(State, save) as i32 + 8 * 31;
pub(crate) const SPILL: i32 = offset_of!(State, spill) as i32;

static NATIVE: OnceLock<Option<Native>> = OnceLock::new();

/// The code generator; None where the operating system allows no machine code.
pub fn native() -> Option<&'static dyn Backend> {
    NATIVE.get_or_init(Native::new).as_ref().map(|n| n as &dyn Backend)
}

fn exit(m: &mut ExitMaker, l: emit::Leaving<'_>, target: usize) -> &'static Exit {
    m.exit(l.info, l.home, target as u64, l.kind)
}

impl Native {
    fn new() -> Option<Native> {
        let mut m = CodeMemory::new()?;
        fn add(m: &mut CodeMemory, f: impl FnOnce(&mut Host)) -> Option<usize> {
            let mut a = Host::new(m.next());
            f(&mut a);
            m.add(&a.finish().ok()?)
        }
        let enter = add(&mut m, Host::enter_stub)?;
        let leave = add(&mut m, Host::leave_stub)?;
        let returned = add(&mut m, |a| a.return_stub(&raw const *RETURNED as u64))?;
        let snap = Snap { in_memory: true, ..Snap::default() };
        let info = ExitInfo {
            snap: Some(&snap),
            number: &|_, _| 0,
            leaves: &[],
            carry: &[],
            at: None,
            early: false,
        };
        let mut maker = ExitMaker::new(None, 0);
        let e = maker.exit(info, None, leave as u64, false);
        maker.finish(None);
        let bail = add(&mut m, |a| a.bail_stub(e as *const Exit as u64, leave as u64))?;
        // SAFETY: the code above has this type.
        let enter = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(usize, *mut State, u64) -> *const Exit>(enter)
        };
        Some(Native { memory: Mutex::new(m), enter, leave, returned, bail })
    }
}

thread_local! {
    static MARKS: std::cell::RefCell<Marks> = const { std::cell::RefCell::new(Marks { insts: Vec::new(), exits: Vec::new() }) };
}

impl Backend for Native {
    fn name(&self) -> &'static str {
        "native"
    }
    fn compile(
        &self,
        t: &Trace,
        layout: &Layout,
        parent: Option<&'static Exit>,
        owner: usize,
    ) -> Result<Compiled, &'static str> {
        let mut m = self.memory.lock().map_err(|_| "code memory is poisoned")?;
        m.claim().ok_or("no code memory")?;
        let mut maker = ExitMaker::new(parent, owner);
        let mut marks = adder_metatrace::sight::detailed().then(Marks::default);
        let next = m.next();
        let (code, stale) = emit::Emit::<Host>::new(t, layout, parent, next, self.returned).run(
            &mut marks,
            &mut |l| exit(&mut maker, l, self.leave),
            &mut |s| m.shared(s, || s.code::<Host>(layout)),
        )?;
        maker.stale(stale);
        let exits = maker.finish(Some(t));
        if let Some(x) = marks {
            MARKS.set(x);
        }
        let entry = m.add(&code).ok_or("code memory is full")?;
        if let Ok(dir) = std::env::var("ADDER_JIT_DUMP") {
            let _ = std::fs::write(format!("{dir}/{entry:x}.bin"), &code);
        }
        Ok(Compiled { entry, exits, bytes: code.len() })
    }
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit {
        // SAFETY: the caller's promise; what comes back is the address of an exit, which lives for good.
        unsafe { &*(self.enter)(entry, state, state.thread) }
    }
    fn bail(&self) -> usize {
        self.bail
    }
    fn marks(&self) -> Marks {
        MARKS.take()
    }
    fn arch(&self) -> Option<&'static str> {
        Some(std::env::consts::ARCH)
    }
}
