//! Integers, raw and tagged.

use super::*;

pub fn imm(s: &mut X64, d: u8, w: u64) {
    if w == 0 {
        x!(s; xor Rd(d), Rd(d));
    } else if w <= u32::MAX as u64 {
        x!(s; mov Rd(d), w as i32);
    } else if w as i64 as i32 as i64 == w as i64 {
        x!(s; mov Rq(d), w as i32);
    } else {
        x!(s; mov Rq(d), QWORD w as i64);
    }
}

pub fn alu(s: &mut X64, op: Alu, d: u8, a: u8, b: Src) {
    if d != a {
        match (op, b) {
            (Alu::Add, Src::Imm(n)) => return s.op(operand::LEA, d, at(a, n), 8),
            (Alu::Sub, Src::Imm(n)) if n != i32::MIN => return s.op(operand::LEA, d, at(a, -n), 8),
            (Alu::Add, Src::Reg(b)) if d != b => return x!(s; lea Rq(d), [BYTE Rq(a) + Rq(b) + 0]),
            _ => {}
        }
    }
    let t = if b == Src::Reg(d) && d != a { RAX } else { d };
    s.mov(t, a);
    match (op, b) {
        (Alu::And, Src::Imm(n)) => imm8!(s; and Rq(t), n),
        (Alu::Or, Src::Imm(n)) => imm8!(s; or Rq(t), n),
        (Alu::Xor, Src::Imm(n)) => imm8!(s; xor Rq(t), n),
        (Alu::Add, Src::Imm(n)) => imm8!(s; add Rq(t), n),
        (Alu::Sub, Src::Imm(n)) => imm8!(s; sub Rq(t), n),
        (Alu::And, Src::Reg(b)) => x!(s; and Rq(t), Rq(b)),
        (Alu::Or, Src::Reg(b)) => x!(s; or Rq(t), Rq(b)),
        (Alu::Xor, Src::Reg(b)) => x!(s; xor Rq(t), Rq(b)),
        (Alu::Add, Src::Reg(b)) => x!(s; add Rq(t), Rq(b)),
        (Alu::Sub, Src::Reg(b)) => x!(s; sub Rq(t), Rq(b)),
    }
    s.mov(d, t);
}

pub fn fix(s: &mut X64, op: Fix, d: u8, a: u8, b: Src, exit: Option<DynamicLabel>) {
    macro_rules! check {
        () => {
            if let Some(e) = exit {
                x!(s; jo =>e)
            }
        };
    }
    match (op, b) {
        (Fix::Add, Src::Imm(n)) if exit.is_none() => s.op(operand::LEA, d, at(a, n - 1), 8),
        (Fix::Add, Src::Imm(n)) => {
            s.mov(d, a);
            imm8!(s; add Rq(d), n - 1);
            check!();
        }
        (Fix::Add, Src::Reg(b)) if exit.is_none() => x!(s; lea Rq(d), [BYTE Rq(a) + Rq(b) - 1]),
        (Fix::Add, Src::Reg(b)) if d != b => {
            x!(s; lea Rq(d), [BYTE Rq(a) - 1]; add Rq(d), Rq(b));
            check!();
        }
        (Fix::Add, Src::Reg(_)) => {
            x!(s; lea rax, [BYTE Rq(a) - 1]; add Rq(d), rax);
            check!();
        }
        (Fix::Sub, Src::Imm(n)) if exit.is_none() && n > -i32::MAX => s.op(operand::LEA, d, at(a, 1 - n), 8),
        (Fix::Sub, Src::Imm(n)) => {
            s.mov(d, a);
            imm8!(s; sub Rq(d), n - 1);
            check!();
        }
        (Fix::Sub, Src::Reg(b)) => {
            x!(s; lea rcx, [BYTE Rq(b) - 1]);
            s.mov(d, a);
            x!(s; sub Rq(d), rcx);
            check!();
        }
        (Fix::Mul, Src::Imm(n)) => {
            x!(s; lea rax, [BYTE Rq(a) - 1]; imul rax, rax, n >> 1);
            check!();
            x!(s; lea Rq(d), [BYTE rax + 1]);
        }
        (Fix::Mul, Src::Reg(b)) => {
            s.mov(RCX, b);
            x!(s; sar rcx, 1; lea rax, [BYTE Rq(a) - 1]; imul rax, rcx);
            check!();
            x!(s; lea Rq(d), [BYTE rax + 1]);
        }
    }
}

pub fn shl(s: &mut X64, d: u8, a: u8, b: u8, exit: DynamicLabel) {
    s.mov(RAX, a);
    s.mov(RCX, b);
    x!(s
        ; sar rax, 1
        ; mov rdx, rax
        ; shl rax, cl
        ; mov Rq(d), rax
        ; sar Rq(d), cl
        ; cmp Rq(d), rdx
        ; jne =>exit
        ; mov rdx, rax
        ; add rdx, rdx
        ; jo =>exit
        ; lea Rq(d), [BYTE rax + rax + 1]);
}

pub fn shr(s: &mut X64, d: u8, a: u8, b: Src) {
    match b {
        Src::Imm(n) => {
            s.mov(d, a);
            x!(s; sar Rq(d), n as i8; or Rq(d), BYTE 1);
        }
        Src::Reg(b) => {
            s.mov(RCX, b);
            s.mov(RAX, a);
            x!(s; mov edx, 63; cmp rcx, rdx; cmova rcx, rdx; sar rax, cl; or rax, BYTE 1; mov Rq(d), rax);
        }
    }
}

pub fn div(s: &mut X64, d: u8, a: u8, b: u8, modulo: bool) {
    s.mov(RAX, a);
    s.mov(RCX, b);
    let (slow, done) = (s.label(), s.label());
    // Division of 32 bits is several times faster.
    x!(s
        ; sar rax, 1
        ; sar rcx, 1
        ; mov rdx, rax
        ; or rdx, rcx
        ; shr rdx, 32
        ; jnz =>slow
        ; xor edx, edx
        ; div ecx
        ; jmp =>done
        ; =>slow
        ; cqo
        ; idiv rcx
        ; test rdx, rdx
        ; jz =>done);
    if modulo {
        x!(s; mov rax, rdx; xor rax, rcx; jns =>done; add rdx, rcx; =>done; lea Rq(d), [BYTE rdx + rdx + 1]);
    } else {
        x!(s; xor rcx, rdx; jns =>done; dec rax; =>done; lea Rq(d), [BYTE rax + rax + 1]);
    }
}
