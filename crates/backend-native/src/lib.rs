//! Machine code from optimised traces: one pass backward finds where values are used, one forward chooses registers and
//! emits (linear scan; what is used furthest away gives way). x86-64 with the System V convention.
//!
//! # Conventions of compiled code
//! - `r13` is the [`State`], `r15` the thread; `rax`, `rcx`, `rdx`, `xmm14`, `xmm15` are scratch.
//! - A guard that fails jumps through its [`Exit::target`] with the exit's address in `rax`: to the common way out, which
//!   saves all registers in the state, or to a bridge, which finds the values where they are.
//! - Everything that the collector must see is in the state (on the caller's native stack), in callee-saved registers or
//!   in the collector's own frames: conservative roots.

// The assembler's macro converts every register number, whatever its type.
#![allow(clippy::useless_conversion)]
#![cfg(all(target_arch = "x86_64", unix))]

mod alloc;
mod emit;
mod memory;

use adder_metatrace::backend::*;
use adder_metatrace::ir::*;
use dynasmrt::{DynasmApi, VecAssembler, dynasm, x64::X64Relocation};
use memory::CodeMemory;
use std::mem::offset_of;
use std::sync::{Mutex, OnceLock};

pub(crate) type Asm = VecAssembler<X64Relocation>;

pub struct Native {
    memory: Mutex<CodeMemory>,
    enter: unsafe extern "C" fn(usize, *mut State, u64) -> *const Exit,
    pub(crate) leave: usize,
    bail: usize,
}

pub(crate) const GPR: i32 = offset_of!(State, gpr) as i32;
pub(crate) const XMM: i32 = offset_of!(State, xmm) as i32;
pub(crate) const FP: i32 = offset_of!(State, fp) as i32;
pub(crate) const REGS: i32 = offset_of!(State, regs) as i32;
pub(crate) const SAVE: i32 = offset_of!(State, save) as i32;
pub(crate) const SPILL: i32 = offset_of!(State, spill) as i32;
/// Bytes of native stack for a call's arguments, kept aligned.
pub(crate) const ARGS: i32 = 72;

static NATIVE: OnceLock<Option<Native>> = OnceLock::new();

/// The code generator; None where the operating system allows no machine code.
pub fn native() -> Option<&'static dyn Backend> {
    NATIVE.get_or_init(Native::new).as_ref().map(|n| n as &dyn Backend)
}

fn exit(
    snap: Snap,
    leaves: Vec<(Loc, Ty)>,
    parent: Option<&'static Exit>,
    target: usize,
    owner: usize,
    id: u32,
) -> &'static Exit {
    Box::leak(Box::new(Exit {
        target: (target as u64).into(),
        count: 0.into(),
        failures: 0.into(),
        snap,
        leaves,
        parent,
        taken: 0.into(),
        owner,
        id,
    }))
}

impl Native {
    fn new() -> Option<Native> {
        let mut m = CodeMemory::new()?;
        let mut a = Asm::new(m.next());
        dynasm!(a; .arch x64
            ; push rbx; push rbp; push r12; push r13; push r14; push r15
            ; sub rsp, ARGS
            ; mov r13, rsi; mov r15, rdx
            ; jmp rdi);
        let enter = m.add(&a.finalize().ok()?)?;
        let mut a = Asm::new(m.next());
        for r in 0..16u8 {
            dynasm!(a; .arch x64; mov [r13 + GPR + 8 * r as i32], Rq(r); movsd [r13 + XMM + 8 * r as i32], Rx(r));
        }
        dynasm!(a; .arch x64
            ; add rsp, ARGS
            ; pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx
            ; ret);
        let leave = m.add(&a.finalize().ok()?)?;
        let e = exit(Snap { in_memory: true, ..Snap::default() }, Vec::new(), None, leave, 0, 0);
        let mut a = Asm::new(m.next());
        dynasm!(a; .arch x64; mov rax, QWORD e as *const Exit as i64; mov rcx, QWORD leave as i64; jmp rcx);
        let bail = m.add(&a.finalize().ok()?)?;
        // SAFETY: the code above has this type.
        let enter = unsafe {
            std::mem::transmute::<usize, unsafe extern "C" fn(usize, *mut State, u64) -> *const Exit>(enter)
        };
        Some(Native { memory: Mutex::new(m), enter, leave, bail })
    }
}

static EXITS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);

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
        let mut exits = Vec::new();
        let code = emit::Emit::new(t, layout, parent, self.leave, m.next()).run(&mut |snap, leaves| {
            let id = EXITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let e = exit(snap, leaves, parent, self.leave, owner, id);
            exits.push(e);
            e
        })?;
        let entry = m.add(&code).ok_or("code memory is full")?;
        if let Ok(dir) = std::env::var("ADDER_JIT_DUMP") {
            let _ = std::fs::write(format!("{dir}/{entry:x}.bin"), &code);
        }
        Ok(Compiled { entry, exits, bytes: code.len() })
    }
    unsafe fn enter(&self, entry: usize, state: &mut State) -> &'static Exit {
        unsafe { &*(self.enter)(entry, state, state.thread) }
    }
    fn bail(&self) -> usize {
        self.bail
    }
}
