//! Every encoder, disassembled (`llvm-mc` says the same).

use super::encode::*;
use yaxpeax_arch::{Decoder, U8Reader};

/// The text of an instruction.
pub fn text(w: u32) -> Result<String, String> {
    let bytes = w.to_le_bytes();
    let decoder = yaxpeax_arm::armv8::a64::InstDecoder::default();
    match decoder.decode(&mut U8Reader::new(&bytes)) {
        Ok(i) => Ok(i.to_string()),
        Err(e) => Err(format!("{w:08x}: {e}")),
    }
}

#[test]
fn instructions_are_what_they_are_called() {
    let bits = |w| bitmask(w).expect("a run of ones");
    let table = [
        (movz(9, 0x1234, 0), "mov x9, #0x1234"),
        (movz(0, 0xffff, 48), "mov x0, #0xffff000000000000"),
        (movn(9, 1, 16), "mov x9, #0xfffffffffffeffff"),
        (movk(28, 0xabcd, 32), "movk x28, #0xabcd, lsl #32"),
        (movz_w(17, 5, 0), "mov w17, #0x5"),
        (movk_w(17, 6, 16), "movk w17, #0x6, lsl #16"),
        (mov(0, 27), "mov x0, x27"),
        (add(1, 2, 3), "add x1, x2, x3"),
        (adds(19, 20, 21), "adds x19, x20, x21"),
        (sub(1, 2, 3), "sub x1, x2, x3"),
        (subs(25, 24, 23), "subs x25, x24, x23"),
        (cmp(9, 10), "cmp x9, x10"),
        (cmp_w(16, 17), "cmp w16, w17"),
        (add_lsl(16, 12, 13, 3), "add x16, x12, x13, lsl #3"),
        (cmp_asr(11, 16, 63), "cmp x11, x16, asr #63"),
        (and(1, 2, 3), "and x1, x2, x3"),
        (orr(1, 2, 3), "orr x1, x2, x3"),
        (eor(28, 27, 16), "eor x28, x27, x16"),
        (mul(1, 2, 3), "mul x1, x2, x3"),
        (smulh(11, 16, 17), "smulh x11, x16, x17"),
        (msub(16, 11, 17, 16), "msub x16, x11, x17, x16"),
        (sdiv(1, 2, 3), "sdiv x1, x2, x3"),
        (lslv(1, 2, 3), "lsl x1, x2, x3"),
        (asrv(1, 2, 3), "asr x1, x2, x3"),
        (lsl(1, 2, 1), "lsl x1, x2, #0x1"),
        (lsl(1, 2, 63), "lsl x1, x2, #0x3f"),
        (asr(1, 2, 1), "asr x1, x2, #0x1"),
        (asr(1, 2, 63), "asr x1, x2, #0x3f"),
        (ror(1, 2, 3), "ror x1, x2, #0x3"),
        (csel(1, 2, 3, Cc::Lo), "csel x1, x2, x3, lo"),
        (add_imm(1, 2, 4095), "add x1, x2, #0xfff"),
        (add_imm(29, 31, 64), "add x29, sp, #0x40"),
        (sub_imm(31, 31, 208), "sub sp, sp, #0xd0"),
        (adds_imm(1, 2, 3), "adds x1, x2, #0x3"),
        (subs_imm(1, 2, 3), "subs x1, x2, #0x3"),
        (cmp_imm(1, 4095), "cmp x1, #0xfff"),
        (cmn_imm(1, 7), "cmn x1, #0x7"),
        (cmp_w_imm(16, 300), "cmp w16, #0x12c"),
        (and_imm(1, 2, bits(3)), "and x1, x2, #0x3"),
        (orr_imm(1, 2, bits(1)), "orr x1, x2, #0x1"),
        (orr_imm(9, 31, bits(0x5555_5555_5555_5555)), "mov x9, #0x5555555555555555"),
        (eor_imm(1, 2, bits(!3)), "eor x1, x2, #0xfffffffffffffffc"),
        (tst_imm(9, bits(0x80)), "tst x9, #0x80"),
        (ldr(1, 2, 32760), "ldr x1, [x2, #0x7ff8]"),
        (str(31, 28, 16), "str xzr, [x28, #0x10]"),
        (ldr_w(16, 27, 16380), "ldr w16, [x27, #0x3ffc]"),
        (str_w(17, 9, 0), "str w17, [x9]"),
        (ldr_b(16, 9, 5), "ldrb w16, [x9, #0x5]"),
        (str_b(16, 9, 7), "strb w16, [x9, #0x7]"),
        (load_number(1, 16, 1, false), "ldrb w1, [x16]"),
        (load_number(1, 16, 2, true), "ldrsh x1, [x16]"),
        (load_number(1, 16, 4, false), "ldr w1, [x16]"),
        (load_number(1, 16, 4, true), "ldrsw x1, [x16]"),
        (store_number(1, 16, 1), "strb w1, [x16]"),
        (store_number(1, 16, 2), "strh w1, [x16]"),
        (ldur(1, 2, -256), "ldur x1, [x2, #-0x100]"),
        (stur(1, 2, 255), "stur x1, [x2, #0xff]"),
        (ldr_index(1, 2, 3), "ldr x1, [x2, x3, lsl #3]"),
        (str_index(1, 2, 3), "str x1, [x2, x3, lsl #3]"),
        (ldp(19, 20, 31, -512), "ldp x19, x20, [sp, #-0x200]"),
        (stp(29, 30, 31, 64), "stp x29, x30, [sp, #0x40]"),
        (ldp_d(8, 9, 31, 160), "ldp d8, d9, [sp, #0xa0]"),
        (stp_d(8, 9, 31, -16), "stp d8, d9, [sp, #-0x10]"),
        (b(-1), "b $-0x4"),
        (b(2), "b $+0x8"),
        (b_cc(Cc::Ne, 4), "b.ne $+0x10"),
        (b_cc(Cc::Vs, -4), "b.vs $-0x10"),
        (cbz(16, 5), "cbz x16, $+0x14"),
        (cbnz_w(16, 7), "cbnz w16, $+0x1c"),
        (br(16), "br x16"),
        (blr(16), "blr x16"),
        (ret(), "ret"),
        (nop(), "nop"),
        (fmov(1, 2), "fmov d1, d2"),
        (fmov_to(13, 16), "fmov d13, x16"),
        (fmov_from(16, 13), "fmov x16, d13"),
        (fadd(1, 2, 3), "fadd d1, d2, d3"),
        (fsub(1, 2, 3), "fsub d1, d2, d3"),
        (fmul(1, 2, 3), "fmul d1, d2, d3"),
        (fdiv(1, 2, 3), "fdiv d1, d2, d3"),
        (fneg(1, 2), "fneg d1, d2"),
        (fabs(1, 2), "fabs d1, d2"),
        (fsqrt(1, 2), "fsqrt d1, d2"),
        (fcmp(1, 2), "fcmp d1, d2"),
        (scvtf(1, 16), "scvtf d1, x16"),
        (ldr_d(1, 28, 264), "ldr d1, [x28, #0x108]"),
        (str_d(1, 31, 8), "str d1, [sp, #0x8]"),
    ];
    for (w, want) in table {
        assert_eq!(text(w).as_deref(), Ok(want), "{w:08x}");
    }
}

#[test]
fn all_encoders_are_in_the_table() {
    let (source, tests) = (include_str!("encode.rs"), include_str!("encode_tests.rs"));
    for f in source.lines().filter_map(|l| l.strip_prefix("pub const fn ")) {
        let name = f.split('(').next().expect("a name");
        assert!(tests.contains(&format!("({name}(")), "{name}");
    }
}

#[test]
fn conditions() {
    let names = ["eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"];
    for (cc, name) in Cc::ALL.into_iter().zip(names) {
        assert_eq!(text(b_cc(cc, 2)), Ok(format!("b.{name} $+0x8")));
        assert_eq!(text(csel(1, 2, 3, cc.not())), text(csel(1, 2, 3, cc) ^ 1 << 12));
    }
}

/// Every constant of a logical operation, against the definition (Arm ARM, `DecodeBitMasks`).
#[test]
fn constants_of_logical_operations() {
    let mut n = 0;
    for size in [2u32, 4, 8, 16, 32, 64] {
        for ones in 1..size {
            for turn in 0..size {
                let run = (1u64 << ones) - 1;
                let mask = if size == 64 { u64::MAX } else { (1 << size) - 1 };
                let e = if turn == 0 { run } else { (run >> turn | run << (size - turn)) & mask };
                let w = (0..64 / size).fold(0, |w, k| w | e << (k * size));
                let (big, imms) = ((size == 64) as u32, (!(2 * size - 1) & 0x3f) | (ones - 1));
                assert_eq!(bitmask(w), Some(big << 12 | turn << 6 | imms), "{w:x}");
                n += 1;
            }
        }
    }
    assert_eq!(n, 5334);
    for w in [0, u64::MAX, 5, 0x8000_0000_0000_0002, 0x1234] {
        assert_eq!(bitmask(w), None, "{w:x}");
    }
}
