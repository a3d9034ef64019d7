//! Doubles, immediate floats and boxes.

use super::*;
use adder_metatrace::word::FLO_ZERO;

pub fn op(s: &mut X64, op: FltOp, d: u8, mut a: u8, mut b: u8) {
    if s.avx {
        return match op {
            FltOp::Add => x!(s; vaddsd Rx(d), Rx(a), Rx(b)),
            FltOp::Sub => x!(s; vsubsd Rx(d), Rx(a), Rx(b)),
            FltOp::Mul => x!(s; vmulsd Rx(d), Rx(a), Rx(b)),
            FltOp::Div => x!(s; vdivsd Rx(d), Rx(a), Rx(b)),
        };
    }
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
            s.flt_imm(X64::F1, i64::MIN as u64);
            s.flt_mov(d, a);
            x!(s; xorps Rx(d), xmm15);
        }
        FltUn::Abs => {
            s.flt_imm(X64::F1, i64::MAX as u64);
            s.flt_mov(d, a);
            x!(s; andps Rx(d), xmm15);
        }
    }
}

/// See `metatrace::word`. The bias comes from memory: it is no immediate.
pub fn unbox(s: &mut X64, d: u8, a: u8, other: Detour<DynamicLabel>, zero: Detour<DynamicLabel>) {
    x!(s
        ; lea eax, [BYTE Rq(a) - 2]
        ; test al, 3
        ; jnz =>other.at);
    guard::cmp_imm(s, a, FLO_ZERO as i32);
    x!(s; je =>zero.at);
    if s.bmi2 {
        x!(s; rorx rcx, Rq(a), 3);
    } else {
        x!(s; mov rcx, Rq(a); ror rcx, 3);
    }
    let bias = s.bias();
    x!(s
        ; sub rcx, QWORD [=>bias]
        ; movq Rx(d), rcx
        ; =>other.back
        ; =>zero.back);
}

pub fn unbox_box(s: &mut X64, d: u8, a: u8, l: &Layout, exit: DynamicLabel) {
    x!(s
        ; test Rb(a), 7
        ; jnz =>exit
    );
    s.cmp_dword(at(a, 0), l.float_desc as i32);
    x!(s; jne =>exit);
    s.flt_load(d, at(a, l.float_at));
}

/// The reverse; what does not come out as such a word goes to `other`, as does what looks like `FLO_ZERO`.
pub fn make_box(s: &mut X64, d: u8, a: u8, other: Detour<DynamicLabel>) {
    let bias = s.bias();
    x!(s
        ; movq Rq(d), Rx(a)
        ; add Rq(d), QWORD [=>bias]
        ; rol Rq(d), 3
        ; lea ecx, [BYTE Rq(d) - 2]
        ; test cl, 3
        ; jnz =>other.at);
    guard::cmp_imm(s, d, FLO_ZERO as i32);
    x!(s
        ; je =>other.at
        ; =>other.back);
}
