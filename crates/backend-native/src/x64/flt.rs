//! Doubles, immediate floats and boxes.

use super::*;

const FLO_ZERO: i64 = 0x8000_0000_0000_0002u64 as i64;
/// What the decoder makes of `FLO_ZERO`.
const NOT_ZERO: i64 = 0x3000_0000_0000_0000;

pub fn op(s: &mut X64, op: FltOp, d: u8, mut a: u8, mut b: u8) {
    let mut t = d;
    if d == b && d != a {
        match op {
            FltOp::Add | FltOp::Mul => std::mem::swap(&mut a, &mut b),
            FltOp::Sub | FltOp::Div => t = X64::F0,
        }
    }
    s.flt_mov(t, a);
    match op {
        FltOp::Add => x!(s; addsd Rx(t), Rx(b)),
        FltOp::Sub => x!(s; subsd Rx(t), Rx(b)),
        FltOp::Mul => x!(s; mulsd Rx(t), Rx(b)),
        FltOp::Div => x!(s; divsd Rx(t), Rx(b)),
    }
    s.flt_mov(d, t);
}

pub fn un(s: &mut X64, op: FltUn, d: u8, a: u8) {
    match op {
        FltUn::Sqrt => x!(s; sqrtsd Rx(d), Rx(a)),
        FltUn::Neg => {
            x!(s; mov rax, QWORD i64::MIN; movq xmm15, rax);
            s.flt_mov(d, a);
            x!(s; xorps Rx(d), xmm15);
        }
        FltUn::Abs => {
            x!(s; mov rax, QWORD i64::MAX; movq xmm15, rax);
            s.flt_mov(d, a);
            x!(s; andps Rx(d), xmm15);
        }
    }
}

pub fn unbox(s: &mut X64, d: u8, a: u8, other: Detour<DynamicLabel>, zero: Detour<DynamicLabel>) {
    x!(s
        ; mov eax, Rd(a)
        ; and eax, 3
        ; cmp eax, 2
        ; jne =>other.at
        ; mov rcx, Rq(a)
        ; sar rcx, 63
        ; add rcx, 2
        ; mov rax, Rq(a)
        ; and rax, -4
        ; or rax, rcx
        ; ror rax, 3
        ; mov rcx, QWORD NOT_ZERO
        ; cmp rax, rcx
        ; je =>zero.at
        ; movq Rx(d), rax
        ; =>other.back
        ; =>zero.back);
}

pub fn unbox_box(s: &mut X64, d: u8, a: u8, l: &Layout, exit: DynamicLabel) {
    x!(s
        ; test Rb(a), 7
        ; jnz =>exit
        ; cmp DWORD [Rq(a)], l.float_desc as i32
        ; jne =>exit
        ; movsd Rx(d), [Rq(a) + l.float_at]);
}

pub fn make_box(s: &mut X64, d: u8, a: u8, other: Detour<DynamicLabel>) {
    x!(s
        ; movq rax, Rx(a)
        ; mov rcx, rax
        ; shr rcx, 60
        ; and ecx, 7
        ; sub ecx, 3
        ; cmp ecx, 1
        ; ja =>other.at
        ; rol rax, 3
        ; and rax, -4
        ; or rax, 2
        ; mov rcx, QWORD FLO_ZERO
        ; cmp rax, rcx
        ; je =>other.at
        ; mov Rq(d), rax
        ; =>other.back);
}
