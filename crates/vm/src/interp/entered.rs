//! Where native functions entered Python code: which parts of the native stack say what is alive.
//!
//! Registers of frames say precisely what Python code refers to; a native function that called it refers to things by words
//! on the native stack and in registers. In between lie frames of interpreters and of machine code, which repeat what is in
//! the Python frames and keep copies of what was there earlier.
//!
//! # Safety
//! Every way from a native function to Python code goes through [`Entered::mark`], whose record is in a native frame that
//! lives until the code has left: it has the callee-saved registers, and everything older lies above it.

use crate::thread::Th;

/// In the native frame that entered Python code.
pub struct Entered {
    regs: adder_heap::Registers,
    /// `Thread::native_base` at that time.
    base: usize,
    older: *const Entered,
}

/// Takes the record back.
pub struct Mark(Th, *const Entered);

impl Entered {
    pub const NONE: Entered = Entered { regs: adder_heap::NO_REGISTERS, base: 0, older: std::ptr::null() };

    /// Has to be inlined into the function whose frame the record is in.
    #[inline(always)]
    pub fn mark(&mut self, th: Th) -> Mark {
        adder_heap::spill(&mut self.regs);
        self.base = th.native_base.get();
        self.older = th.entered.replace(self);
        Mark(th, self.older)
    }
}
impl Drop for Mark {
    fn drop(&mut self) {
        self.0.entered.set(self.1);
    }
}

impl Th {
    /// Below which address native frames were called by the innermost Python frame (0: not known), and the older parts of
    /// the native stack that count. What of these is below the stack pointer or above the stack is meant to be cut off.
    pub(crate) fn native_parts(self) -> (usize, Vec<(usize, usize)>) {
        let below = self.native_base.get();
        let (mut base, mut e) = (below, self.entered.get());
        let (mut lo, mut parts) = (0, Vec::new());
        loop {
            let to = if base != 0 {
                base
            } else if e.is_null() {
                usize::MAX
            } else {
                e as usize
            };
            if lo != 0 || base == 0 {
                parts.push((lo, to));
            }
            // SAFETY: records live as long as they are linked.
            let Some(r) = (unsafe { e.as_ref() }) else { return (below, parts) };
            (lo, base, e) = (e as usize, r.base, r.older);
        }
    }
}
