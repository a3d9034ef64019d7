//! Guards: a comparison and a jump away.

use super::*;

pub fn flo(s: &mut X64, a: u8, l: &Layout, want: bool, exit: DynamicLabel) {
    // Immediate, or a pointer to a box.
    let (yes, no) = (s.label(), s.label());
    x!(s
        ; mov eax, Rd(a)
        ; and eax, BYTE 3
        ; cmp eax, BYTE 2
        ; je =>yes
        ; test Rb(a), 7
        ; jnz =>no
        ; cmp DWORD [Rq(a)], l.float_desc as i32
        ; je =>yes);
    if want {
        x!(s; =>no; jmp =>exit; =>yes);
    } else {
        x!(s; jmp =>no; =>yes; jmp =>exit; =>no);
    }
}

/// `cmp a, n`. (The assembler knows no short form of it.)
pub fn cmp_imm(s: &mut X64, a: u8, n: i32) {
    match i8::try_from(n) {
        Ok(n) => s.a.extend(&[0x48 | a >> 3, 0x83, 0xf8 | a & 7, n as u8]),
        Err(_) => x!(s; cmp Rq(a), n),
    }
}
pub fn cmp(s: &mut X64, c: Cond, a: u8, b: Src, want: bool, exit: DynamicLabel) {
    match b {
        Src::Imm(0) if c == Cond::Eq => x!(s; test Rq(a), Rq(a)),
        Src::Imm(n) => cmp_imm(s, a, n),
        Src::Reg(b) => x!(s; cmp Rq(a), Rq(b)),
    }
    match (c, want) {
        (Cond::Eq, true) => x!(s; jne =>exit),
        (Cond::Eq, false) => x!(s; je =>exit),
        (Cond::Lt, true) => x!(s; jge =>exit),
        (Cond::Lt, false) => x!(s; jl =>exit),
        (Cond::Le, true) => x!(s; jg =>exit),
        (Cond::Le, false) => x!(s; jle =>exit),
        (Cond::Ult, true) => x!(s; jae =>exit),
        (Cond::Ult, false) => x!(s; jb =>exit),
    }
}

pub fn flt(s: &mut X64, c: FltCond, a: u8, b: u8, want: bool, exit: DynamicLabel) {
    match (c, want) {
        (FltCond::Eq, true) => x!(s; ucomisd Rx(a), Rx(b); jne =>exit; jp =>exit),
        (FltCond::Eq, false) => {
            let skip = s.label();
            x!(s; ucomisd Rx(a), Rx(b); jp =>skip; je =>exit; =>skip);
        }
        // Unordered sets the carry.
        (FltCond::Lt, true) => x!(s; ucomisd Rx(b), Rx(a); jbe =>exit),
        (FltCond::Lt, false) => x!(s; ucomisd Rx(b), Rx(a); ja =>exit),
        (FltCond::Le, true) => x!(s; ucomisd Rx(b), Rx(a); jb =>exit),
        (FltCond::Le, false) => x!(s; ucomisd Rx(b), Rx(a); jae =>exit),
    }
}

pub fn ovf(s: &mut X64, op: Fix, a: u8, b: u8, want: bool, exit: DynamicLabel) {
    s.mov(RAX, a);
    s.mov(RCX, b);
    match op {
        Fix::Add => x!(s; dec rax; add rax, rcx),
        Fix::Sub => x!(s; dec rcx; sub rax, rcx),
        Fix::Mul => x!(s; dec rax; sar rcx, 1; imul rax, rcx),
    }
    if want { x!(s; jno =>exit) } else { x!(s; jo =>exit) }
}
