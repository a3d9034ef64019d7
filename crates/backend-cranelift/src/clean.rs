//! Calls with clean registers and a clean stack below. What the callee saves of its caller's registers, and what earlier
//! calls left in places that the callee's frame does not write, lies where a collector looks: dead references there would
//! keep objects alive that the program can see dying. Cranelift's code cannot clear them itself.

/// A function `(target, arguments...)` that calls the target with all callee-saved registers and 4 KB of stack cleared.
/// None: not for so many arguments, or not on this machine.
pub fn trampoline(args: usize) -> Option<usize> {
    #[cfg(any(all(target_arch = "x86_64", unix), target_arch = "aarch64"))]
    if args <= 5 {
        return Some(call as *const () as usize);
    }
    let _ = args;
    None
}

#[cfg(all(target_arch = "x86_64", unix))]
#[unsafe(naked)]
unsafe extern "C" fn call() {
    std::arch::naked_asm!(
        "push rbx; push rbp; push r12; push r13; push r14; push r15",
        "sub rsp, 8",
        "mov r11, rdi; mov r10, rcx",
        "xor eax, eax; mov ecx, 512; lea rdi, [rsp - 4096]",
        "rep stosq",
        "mov rcx, r10; mov rax, r11",
        "mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; mov rcx, r8; mov r8, r9",
        "xor ebx, ebx; xor ebp, ebp",
        "xor r12d, r12d; xor r13d, r13d; xor r14d, r14d; xor r15d, r15d",
        "call rax",
        "add rsp, 8",
        "pop r15; pop r14; pop r13; pop r12; pop rbp; pop rbx",
        "ret",
    )
}

#[cfg(target_arch = "aarch64")]
#[unsafe(naked)]
unsafe extern "C" fn call() {
    std::arch::naked_asm!(
        "stp x29, x30, [sp, #-96]!",
        "mov x29, sp",
        "stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]; stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]; stp x27, x28, [sp, #80]",
        "mov x16, x0; sub x17, sp, #4096",
        "2: stp xzr, xzr, [x17], #16; cmp x17, x29; b.lo 2b",
        "mov x0, x1; mov x1, x2; mov x2, x3; mov x3, x4; mov x4, x5",
        "mov x19, #0; mov x20, #0; mov x21, #0; mov x22, #0; mov x23, #0",
        "mov x24, #0; mov x25, #0; mov x26, #0; mov x27, #0; mov x28, #0",
        "blr x16",
        "ldp x19, x20, [sp, #16]; ldp x21, x22, [sp, #32]; ldp x23, x24, [sp, #48]",
        "ldp x25, x26, [sp, #64]; ldp x27, x28, [sp, #80]",
        "ldp x29, x30, [sp], #96",
        "ret",
    )
}
