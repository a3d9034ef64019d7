//! The register bytecode of Adder: instruction format, the op table, code objects as plain data.
//!
//! Knows neither the compiler that writes it nor the interpreter that runs it; both are macro clients of
//! [`for_each_op!`], so that an op is declared once.
//!
//! # The register machine
//! A frame is a window of 64-bit registers. In order:
//! - `0 .. nlocals`: parameters first (positional, keyword-only, `*args`, `**kwargs`), then the other fast locals.
//!   A local that an inner scope captures holds its *cell* here (see `MakeCell`).
//! - `nlocals .. nlocals+nfrees`: cells of the free variables (filled by `CopyFree` on entry).
//! - above: temporaries, used as a stack by the compiler.
//!
//! # Invariants
//! - **Depth**: `CodeData::depths[i]` is the number of registers that are initialised and may be live while
//!   instruction `i` runs (its operands included, its result not unless it was initialised before). Every temporary
//!   below that index holds a value or null: the collector scans `0 .. depth` precisely and nothing above.
//! - Locals are nulled on entry by the callee (parameters aside); null means unbound. The compiler emits `CheckLocal`
//!   before a use that may be unbound; other ops may assume that operands are bound.
//! - **Call windows**: a call's window starts at temporary `w`: `w` holds the callable, `w+1 ..` the arguments in order;
//!   the callee's registers begin at its first argument, in place. The window is the top of the temporary stack: nothing
//!   live lies above it. In the *method form* `w+1` holds `self` or null (then the arguments begin one later).
//!   Return addresses and the like live in a separate stack of frame records, not among the registers.
//! - Jumps are relative to the next instruction. Only `JumpBack` jumps backwards.

#![forbid(unsafe_code)]

mod code;
mod contents;
mod disasm;
mod ins;
mod ops;
mod parts;
pub mod public;
mod serial;
mod unit;
mod verify;

pub use code::{CodeData, CodeFlags, Const, Handler, Position};
pub use contents::{Held, contents};
pub use disasm::{constant, disassemble, instruction, instructions};
pub use ins::Ins;
pub use ops::{Common, Intrinsic1, Intrinsic2, Op, OpInfo, Operand, SetFunc, Special};
pub use parts::{Names, Positions};
pub use serial::{
    LazyCode, Whole, deserialize, deserialize_as, made_lazy, read_lazily, serialize, table_hash,
};
pub use unit::{Pack, Stored};
pub use verify::{ConstKind, verify, verify_with};
