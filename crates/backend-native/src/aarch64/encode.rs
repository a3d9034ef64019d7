//! Encodings of the instructions that are used (Arm Architecture Reference Manual for A-profile, C4 and C6). Numbers of
//! registers are the machine's; 31 is the stack pointer or the zero register, as the instruction says.

/// Conditions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum Cc {
    Eq = 0,
    Ne = 1,
    /// Unsigned: not less, less.
    Hs = 2,
    Lo = 3,
    /// Negative; not.
    Mi = 4,
    Pl = 5,
    /// Overflow, unordered; none.
    Vs = 6,
    Vc = 7,
    /// Unsigned: greater, not greater.
    Hi = 8,
    Ls = 9,
    Ge = 10,
    Lt = 11,
    Gt = 12,
    Le = 13,
}

impl Cc {
    pub const ALL: [Cc; 14] = [
        Cc::Eq,
        Cc::Ne,
        Cc::Hs,
        Cc::Lo,
        Cc::Mi,
        Cc::Pl,
        Cc::Vs,
        Cc::Vc,
        Cc::Hi,
        Cc::Ls,
        Cc::Ge,
        Cc::Lt,
        Cc::Gt,
        Cc::Le,
    ];
    pub fn not(self) -> Cc {
        Cc::ALL[self as usize ^ 1]
    }
}

const fn r3(op: u32, d: u32, n: u32, m: u32) -> u32 {
    op | m << 16 | n << 5 | d
}

// -- moves of constants

pub const fn movz(d: u32, imm: u32, shift: u32) -> u32 {
    0xd280_0000 | (shift / 16) << 21 | imm << 5 | d
}
pub const fn movn(d: u32, imm: u32, shift: u32) -> u32 {
    0x9280_0000 | (shift / 16) << 21 | imm << 5 | d
}
pub const fn movk(d: u32, imm: u32, shift: u32) -> u32 {
    0xf280_0000 | (shift / 16) << 21 | imm << 5 | d
}
/// 32 bits.
pub const fn movz_w(d: u32, imm: u32, shift: u32) -> u32 {
    0x5280_0000 | (shift / 16) << 21 | imm << 5 | d
}
pub const fn movk_w(d: u32, imm: u32, shift: u32) -> u32 {
    0x7280_0000 | (shift / 16) << 21 | imm << 5 | d
}

// -- integers in registers

pub const fn mov(d: u32, m: u32) -> u32 {
    orr(d, 31, m)
}
pub const fn add(d: u32, n: u32, m: u32) -> u32 {
    r3(0x8b00_0000, d, n, m)
}
pub const fn adds(d: u32, n: u32, m: u32) -> u32 {
    r3(0xab00_0000, d, n, m)
}
pub const fn sub(d: u32, n: u32, m: u32) -> u32 {
    r3(0xcb00_0000, d, n, m)
}
pub const fn subs(d: u32, n: u32, m: u32) -> u32 {
    r3(0xeb00_0000, d, n, m)
}
pub const fn cmp(n: u32, m: u32) -> u32 {
    subs(31, n, m)
}
pub const fn cmp_w(n: u32, m: u32) -> u32 {
    r3(0x6b00_0000, 31, n, m)
}
/// `n + (m << shift)`
pub const fn add_lsl(d: u32, n: u32, m: u32, shift: u32) -> u32 {
    add(d, n, m) | shift << 10
}
/// `n - (m >> shift)`, arithmetically, for the flags.
pub const fn cmp_asr(n: u32, m: u32, shift: u32) -> u32 {
    cmp(n, m) | 2 << 22 | shift << 10
}
pub const fn and(d: u32, n: u32, m: u32) -> u32 {
    r3(0x8a00_0000, d, n, m)
}
pub const fn orr(d: u32, n: u32, m: u32) -> u32 {
    r3(0xaa00_0000, d, n, m)
}
pub const fn eor(d: u32, n: u32, m: u32) -> u32 {
    r3(0xca00_0000, d, n, m)
}
pub const fn mul(d: u32, n: u32, m: u32) -> u32 {
    r3(0x9b00_7c00, d, n, m)
}
pub const fn smulh(d: u32, n: u32, m: u32) -> u32 {
    r3(0x9b40_7c00, d, n, m)
}
/// `a - n * m`
pub const fn msub(d: u32, n: u32, m: u32, a: u32) -> u32 {
    r3(0x9b00_8000, d, n, m) | a << 10
}
pub const fn sdiv(d: u32, n: u32, m: u32) -> u32 {
    r3(0x9ac0_0c00, d, n, m)
}
/// Shifts by a register, modulo 64.
pub const fn lslv(d: u32, n: u32, m: u32) -> u32 {
    r3(0x9ac0_2000, d, n, m)
}
pub const fn asrv(d: u32, n: u32, m: u32) -> u32 {
    r3(0x9ac0_2800, d, n, m)
}
/// Shifts by a constant.
pub const fn lsl(d: u32, n: u32, by: u32) -> u32 {
    0xd340_0000 | ((64 - by) & 63) << 16 | (63 - by) << 10 | n << 5 | d
}
pub const fn asr(d: u32, n: u32, by: u32) -> u32 {
    0x9340_fc00 | by << 16 | n << 5 | d
}
pub const fn ror(d: u32, n: u32, by: u32) -> u32 {
    0x93c0_0000 | n << 16 | by << 10 | n << 5 | d
}
/// `cc ? n : m`
pub const fn csel(d: u32, n: u32, m: u32, cc: Cc) -> u32 {
    r3(0x9a80_0000, d, n, m) | (cc as u32) << 12
}

// -- integers and constants; `imm` below 4096

pub const fn add_imm(d: u32, n: u32, imm: u32) -> u32 {
    0x9100_0000 | imm << 10 | n << 5 | d
}
pub const fn sub_imm(d: u32, n: u32, imm: u32) -> u32 {
    0xd100_0000 | imm << 10 | n << 5 | d
}
pub const fn adds_imm(d: u32, n: u32, imm: u32) -> u32 {
    0xb100_0000 | imm << 10 | n << 5 | d
}
pub const fn subs_imm(d: u32, n: u32, imm: u32) -> u32 {
    0xf100_0000 | imm << 10 | n << 5 | d
}
pub const fn cmp_imm(n: u32, imm: u32) -> u32 {
    subs_imm(31, n, imm)
}
pub const fn cmn_imm(n: u32, imm: u32) -> u32 {
    adds_imm(31, n, imm)
}
pub const fn cmp_w_imm(n: u32, imm: u32) -> u32 {
    0x7100_0000 | imm << 10 | n << 5 | 31
}

/// The encoding (N, immr, imms) of a constant of a logical operation: a run of ones, turned, in an element of 2 to 64
/// bits that is repeated.
pub fn bitmask(w: u64) -> Option<u32> {
    if w == 0 || w == u64::MAX {
        return None;
    }
    let mut size = 64u32;
    while size > 2 {
        let half = size / 2;
        let mask = (1u64 << half) - 1;
        if w & mask != w >> half & mask {
            break;
        }
        size = half;
    }
    let mask = if size == 64 { u64::MAX } else { (1u64 << size) - 1 };
    let e = w & mask;
    let ones = e.count_ones();
    // The turn that brings the run to the bottom.
    let run = if ones == 64 { u64::MAX } else { (1u64 << ones) - 1 };
    let turned = |by: u32| if by == 0 { run } else { (run >> by | run << (size - by)) & mask };
    let by = (0..size).find(|by| turned(*by) == e)?;
    let n = (size == 64) as u32;
    let imms = (!(size * 2 - 1) & 0x3f) | (ones - 1);
    Some(n << 12 | by << 6 | imms)
}
/// `bits` is of [`bitmask`].
pub const fn and_imm(d: u32, n: u32, bits: u32) -> u32 {
    0x9200_0000 | bits << 10 | n << 5 | d
}
pub const fn orr_imm(d: u32, n: u32, bits: u32) -> u32 {
    0xb200_0000 | bits << 10 | n << 5 | d
}
pub const fn eor_imm(d: u32, n: u32, bits: u32) -> u32 {
    0xd200_0000 | bits << 10 | n << 5 | d
}
pub const fn tst_imm(n: u32, bits: u32) -> u32 {
    0xf200_0000 | bits << 10 | n << 5 | 31
}

// -- memory

/// `at`: a multiple of 8 below 32768.
pub const fn ldr(d: u32, n: u32, at: u32) -> u32 {
    0xf940_0000 | (at / 8) << 10 | n << 5 | d
}
pub const fn str(d: u32, n: u32, at: u32) -> u32 {
    0xf900_0000 | (at / 8) << 10 | n << 5 | d
}
/// `at`: a multiple of 4 below 16384.
pub const fn ldr_w(d: u32, n: u32, at: u32) -> u32 {
    0xb940_0000 | (at / 4) << 10 | n << 5 | d
}
pub const fn str_w(d: u32, n: u32, at: u32) -> u32 {
    0xb900_0000 | (at / 4) << 10 | n << 5 | d
}
/// A byte; `at` below 4096.
pub const fn ldr_b(d: u32, n: u32, at: u32) -> u32 {
    0x3940_0000 | at << 10 | n << 5 | d
}
pub const fn str_b(s: u32, n: u32, at: u32) -> u32 {
    0x3900_0000 | at << 10 | n << 5 | s
}
/// An integer of 1, 2 or 4 bytes at `[n]`, extended to 64 bits.
pub const fn load_number(d: u32, n: u32, width: u8, signed: bool) -> u32 {
    let size = width.trailing_zeros();
    (if signed { 0x3980_0000 } else { 0x3940_0000 }) | size << 30 | n << 5 | d
}
pub const fn store_number(s: u32, n: u32, width: u8) -> u32 {
    0x3900_0000 | width.trailing_zeros() << 30 | n << 5 | s
}
/// `at`: -256 to 255.
pub const fn ldur(d: u32, n: u32, at: i32) -> u32 {
    0xf840_0000 | (at as u32 & 0x1ff) << 12 | n << 5 | d
}
pub const fn stur(d: u32, n: u32, at: i32) -> u32 {
    0xf800_0000 | (at as u32 & 0x1ff) << 12 | n << 5 | d
}
/// `[n + m * 8]`
pub const fn ldr_index(d: u32, n: u32, m: u32) -> u32 {
    r3(0xf860_7800, d, n, m)
}
pub const fn str_index(d: u32, n: u32, m: u32) -> u32 {
    r3(0xf820_7800, d, n, m)
}
/// Two registers; `at`: a multiple of 8 from -512 to 504.
pub const fn ldp(a: u32, b: u32, n: u32, at: i32) -> u32 {
    0xa940_0000 | ((at / 8) as u32 & 0x7f) << 15 | b << 10 | n << 5 | a
}
pub const fn stp(a: u32, b: u32, n: u32, at: i32) -> u32 {
    0xa900_0000 | ((at / 8) as u32 & 0x7f) << 15 | b << 10 | n << 5 | a
}
pub const fn ldp_d(a: u32, b: u32, n: u32, at: i32) -> u32 {
    0x6d40_0000 | ((at / 8) as u32 & 0x7f) << 15 | b << 10 | n << 5 | a
}
pub const fn stp_d(a: u32, b: u32, n: u32, at: i32) -> u32 {
    0x6d00_0000 | ((at / 8) as u32 & 0x7f) << 15 | b << 10 | n << 5 | a
}

// -- jumps; distances in instructions

pub const fn b(by: i32) -> u32 {
    0x1400_0000 | (by as u32 & 0x3ff_ffff)
}
pub const fn b_cc(cc: Cc, by: i32) -> u32 {
    0x5400_0000 | (by as u32 & 0x7_ffff) << 5 | cc as u32
}
pub const fn cbz(n: u32, by: i32) -> u32 {
    0xb400_0000 | (by as u32 & 0x7_ffff) << 5 | n
}
pub const fn cbnz_w(n: u32, by: i32) -> u32 {
    0x3500_0000 | (by as u32 & 0x7_ffff) << 5 | n
}
pub const fn br(n: u32) -> u32 {
    0xd61f_0000 | n << 5
}
pub const fn blr(n: u32) -> u32 {
    0xd63f_0000 | n << 5
}
pub const fn ret() -> u32 {
    0xd65f_03c0
}
pub const fn nop() -> u32 {
    0xd503_201f
}

// -- doubles

pub const fn fmov(d: u32, n: u32) -> u32 {
    0x1e60_4000 | n << 5 | d
}
/// From and to a general register.
pub const fn fmov_to(d: u32, n: u32) -> u32 {
    0x9e67_0000 | n << 5 | d
}
pub const fn fmov_from(d: u32, n: u32) -> u32 {
    0x9e66_0000 | n << 5 | d
}
pub const fn fadd(d: u32, n: u32, m: u32) -> u32 {
    r3(0x1e60_2800, d, n, m)
}
pub const fn fsub(d: u32, n: u32, m: u32) -> u32 {
    r3(0x1e60_3800, d, n, m)
}
pub const fn fmul(d: u32, n: u32, m: u32) -> u32 {
    r3(0x1e60_0800, d, n, m)
}
pub const fn fdiv(d: u32, n: u32, m: u32) -> u32 {
    r3(0x1e60_1800, d, n, m)
}
pub const fn fneg(d: u32, n: u32) -> u32 {
    0x1e61_4000 | n << 5 | d
}
pub const fn fabs(d: u32, n: u32) -> u32 {
    0x1e60_c000 | n << 5 | d
}
pub const fn fsqrt(d: u32, n: u32) -> u32 {
    0x1e61_c000 | n << 5 | d
}
pub const fn fcmp(n: u32, m: u32) -> u32 {
    0x1e60_2000 | m << 16 | n << 5
}
/// A signed integer as a double.
pub const fn scvtf(d: u32, n: u32) -> u32 {
    0x9e62_0000 | n << 5 | d
}
pub const fn ldr_d(d: u32, n: u32, at: u32) -> u32 {
    0xfd40_0000 | (at / 8) << 10 | n << 5 | d
}
pub const fn str_d(d: u32, n: u32, at: u32) -> u32 {
    0xfd00_0000 | (at / 8) << 10 | n << 5 | d
}
