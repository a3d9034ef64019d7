//! The native stack as a source of roots: saving registers, scanning.
//!
//! A thread that stops (at a safepoint or for a blocking call) first writes its callee-saved registers into an
//! array in a frame that stays alive until it goes on, and notes its stack pointer. Values in caller-saved
//! registers are already in some frame, because a call was made. So all words from the noted stack pointer to
//! the stack's base are all there is to scan.
//!
//! # Safety
//! The assembly writes the registers that a callee must keep (and no more) to the array that it is given. Stacks are
//! read as words, whatever they are, up to the base that the thread noted when it was registered.

/// Room for the callee-saved registers.
pub type Registers = [usize; REGISTERS];
const REGISTERS: usize = if cfg!(target_arch = "x86_64") { 6 } else { 20 };
pub const NO_REGISTERS: Registers = [0; REGISTERS];

/// Writes the callee-saved registers to `regs` and returns the stack pointer. Must be inlined: in a function of
/// its own the registers could already have been saved in a frame that is gone afterwards.
#[inline(always)]
pub fn spill(regs: &mut Registers) -> usize {
    let sp: usize;
    // SAFETY: writes `regs` only.
    #[cfg(all(target_arch = "x86_64", not(windows)))]
    unsafe {
        std::arch::asm!(
            "mov [{b}], rbx", "mov [{b}+8], rbp", "mov [{b}+16], r12", "mov [{b}+24], r13",
            "mov [{b}+32], r14", "mov [{b}+40], r15", "mov {s}, rsp",
            b = in(reg) regs.as_mut_ptr(), s = lateout(reg) sp, options(nostack, preserves_flags));
    }
    // SAFETY: writes `regs` only.
    #[cfg(target_arch = "aarch64")]
    unsafe {
        std::arch::asm!(
            "stp x19, x20, [{b}]", "stp x21, x22, [{b}, #16]", "stp x23, x24, [{b}, #32]",
            "stp x25, x26, [{b}, #48]", "stp x27, x28, [{b}, #64]", "str x29, [{b}, #80]",
            "stp d8, d9, [{b}, #88]", "stp d10, d11, [{b}, #104]",
            "stp d12, d13, [{b}, #120]", "stp d14, d15, [{b}, #136]", "mov {s}, sp",
            b = in(reg) regs.as_mut_ptr(), s = lateout(reg) sp, options(nostack, preserves_flags));
    }
    #[cfg(not(any(all(target_arch = "x86_64", not(windows)), target_arch = "aarch64")))]
    compile_error!("the collector does not know how to save this machine's registers");
    sp
}

/// Calls `f` with every aligned word of `lo..hi`.
/// # Safety
/// The range is mapped. Its thread may be writing to it (a blocking call below the saved stack pointer).
#[inline(always)]
pub(crate) unsafe fn each_word(lo: usize, hi: usize, mut f: impl FnMut(usize)) {
    let mut p = (lo + 7) & !7;
    while p + 8 <= hi {
        f(unsafe { (p as *const usize).read_volatile() });
        p += 8;
    }
}

/// Asks for the cache line at an address, which need not be valid.
#[inline(always)]
pub fn prefetch(p: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching has no effect but on the caches.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(p as *const i8)
    };
    #[cfg(target_arch = "aarch64")]
    // SAFETY: prefetching has no effect but on the caches.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) p, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let _ = p;
}
