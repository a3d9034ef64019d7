//! Instructions with an operand in memory, as short as they can be. (The assembler gives every address whose register it
//! learns late a byte for an index.) Most of what a trace does is loads, stores and comparisons of fields: short code is
//! decoded faster, and there may be megabytes of it.

use super::*;

/// What an instruction with a memory operand is but for its registers and the address.
#[derive(Clone, Copy)]
pub struct Code {
    /// 0: none.
    prefix: u8,
    /// Of 64 bits.
    wide: bool,
    op: &'static [u8],
    /// The register is one of 8 bits, of which some need a prefix.
    byte: bool,
}
const fn code(prefix: u8, wide: bool, op: &'static [u8], byte: bool) -> Code {
    Code { prefix, wide, op, byte }
}
pub const LOAD: Code = code(0, true, &[0x8b], false);
pub const STORE: Code = code(0, true, &[0x89], false);
pub const LOAD_DWORD: Code = code(0, false, &[0x8b], false);
pub const STORE_DWORD: Code = code(0, false, &[0x89], false);
pub const STORE_WORD: Code = code(0x66, false, &[0x89], false);
pub const STORE_BYTE: Code = code(0, false, &[0x88], true);
pub const MOVZX_BYTE: Code = code(0, false, &[0x0f, 0xb6], false);
pub const MOVZX_WORD: Code = code(0, false, &[0x0f, 0xb7], false);
pub const MOVSX_BYTE: Code = code(0, true, &[0x0f, 0xbe], false);
pub const MOVSX_WORD: Code = code(0, true, &[0x0f, 0xbf], false);
pub const MOVSX_DWORD: Code = code(0, true, &[0x63], false);
pub const LOAD_FLT: Code = code(0xf2, false, &[0x0f, 0x10], false);
pub const STORE_FLT: Code = code(0xf2, false, &[0x0f, 0x11], false);
pub const LEA: Code = code(0, true, &[0x8d], false);
pub const CMP: Code = code(0, true, &[0x3b], false);
pub const CMP_BYTE: Code = code(0, false, &[0x3a], true);
const STORE_IMM: Code = code(0, true, &[0xc7], false);
const STORE_DWORD_IMM: Code = code(0, false, &[0xc7], false);
const TEST_BYTE: Code = code(0, false, &[0xf6], false);
const CMP_DWORD_IMM8: Code = code(0, false, &[0x83], false);
const CMP_DWORD_IMM: Code = code(0, false, &[0x81], false);
const ADD_IMM8: Code = code(0, true, &[0x83], false);
const ADD_IMM: Code = code(0, true, &[0x81], false);

impl X64 {
    /// The instruction with that register (or the number that is part of its code in its place); `scale`: of the index.
    pub fn op(&mut self, c: Code, reg: u8, at: Addr, scale: u8) {
        let Addr { base, index, disp } = at;
        if c.prefix != 0 {
            self.a.push(c.prefix);
        }
        let rex = 0x40 | (c.wide as u8) << 3 | reg >> 3 << 2 | index.unwrap_or(0) >> 3 << 1 | base >> 3;
        if rex != 0x40 || c.byte && reg >= 4 {
            self.a.push(rex);
        }
        self.a.extend(c.op);
        // How long the displacement is; without one the number of rbp and r13 says something else.
        let (mode, near) = match i8::try_from(disp) {
            Ok(0) if base & 7 != 5 => (0, None),
            Ok(n) => (0x40, Some(n)),
            Err(_) => (0x80, None),
        };
        let middle = (reg & 7) << 3;
        match index {
            Some(k) => {
                debug_assert!(k != RSP && scale.is_power_of_two() && scale <= 8);
                let s = (scale.trailing_zeros() as u8) << 6;
                self.a.extend(&[mode | middle | 4, s | (k & 7) << 3 | base & 7]);
            }
            // The number of rsp and r12 says that there is a byte for an index: none.
            None if base & 7 == RSP => self.a.extend(&[mode | middle | 4, 0x24]),
            None => self.a.push(mode | middle | base & 7),
        }
        match near {
            Some(n) => self.a.push(n as u8),
            None if mode == 0x80 => self.a.extend(&disp.to_le_bytes()),
            None => {}
        }
    }
    pub fn store_const(&mut self, at: Addr, n: i32) {
        self.op(STORE_IMM, 0, at, 8);
        self.a.extend(&n.to_le_bytes());
    }
    pub fn store_dword_const(&mut self, at: Addr, n: i32) {
        self.op(STORE_DWORD_IMM, 0, at, 8);
        self.a.extend(&n.to_le_bytes());
    }
    pub fn test_byte(&mut self, at: Addr, n: u8) {
        self.op(TEST_BYTE, 0, at, 8);
        self.a.push(n);
    }
    pub fn cmp_dword(&mut self, at: Addr, n: i32) {
        self.op_const(CMP_DWORD_IMM8, CMP_DWORD_IMM, 7, at, n);
    }
    pub fn add_const(&mut self, at: Addr, n: i32) {
        self.op_const(ADD_IMM8, ADD_IMM, 0, at, n);
    }
    /// With a constant of one byte, where it fits, or of four.
    fn op_const(&mut self, near: Code, far: Code, digit: u8, at: Addr, n: i32) {
        match i8::try_from(n) {
            Ok(n) => {
                self.op(near, digit, at, 8);
                self.a.push(n as u8);
            }
            Err(_) => {
                self.op(far, digit, at, 8);
                self.a.extend(&n.to_le_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same as the assembler makes of registers that it knows.
    #[test]
    fn encodings() {
        let code = |f: &dyn Fn(&mut X64)| {
            let mut s = X64::new(0);
            f(&mut s);
            s.finish().unwrap()
        };
        let plain = |base, disp| Addr { base, index: None, disp };
        let with = |base, k, disp| Addr { base, index: Some(k), disp };
        macro_rules! same {
            ($c:ident, $reg:literal, $at:expr, $scale:literal, [$($t:tt)*]) => {
                assert_eq!(code(&|s| s.op($c, $reg, $at, $scale)), code(&|s| x!(s; $($t)*)), stringify!($($t)*));
            };
        }
        same!(LOAD, 0, plain(3, 0), 8, [mov rax, [rbx]]);
        same!(LOAD, 9, plain(5, 0), 8, [mov r9, [rbp]]);
        same!(LOAD, 9, plain(13, 0), 8, [mov r9, [r13]]);
        same!(LOAD, 2, plain(12, 0), 8, [mov rdx, [r12]]);
        same!(LOAD, 2, plain(4, 8), 8, [mov rdx, [rsp + 8]]);
        same!(LOAD, 10, plain(12, -128), 8, [mov r10, [r12 - 128]]);
        same!(LOAD, 10, plain(11, 128), 8, [mov r10, [r11 + 128]]);
        same!(LOAD, 1, with(0, 12, 0), 8, [mov rcx, [rax + 8 * r12]]);
        same!(LOAD, 1, with(13, 5, 0), 8, [mov rcx, [r13 + 8 * rbp]]);
        same!(STORE, 6, with(12, 9, 1000), 8, [mov[r12 + 8 * r9 + 1000], rsi]);
        same!(STORE_BYTE, 6, with(3, 9, 16), 1, [mov[rbx + r9 + 16], sil]);
        same!(STORE_BYTE, 1, plain(3, 16), 1, [mov[rbx + 16], cl]);
        same!(CMP_BYTE, 1, plain(15, 70), 1, [cmp cl, [r15 + 70]]);
        same!(STORE_BYTE, 9, plain(3, 16), 1, [mov[rbx + 16], r9b]);
        same!(STORE_WORD, 9, with(3, 2, 16), 2, [mov[rbx + 2 * rdx + 16], r9w]);
        same!(STORE_DWORD, 7, with(8, 2, 16), 4, [mov[r8 + 4 * rdx + 16], edi]);
        same!(LOAD_DWORD, 7, plain(8, 4), 4, [mov edi, [r8 + 4]]);
        same!(MOVZX_BYTE, 7, plain(8, 4), 1, [movzx edi, BYTE [r8 + 4]]);
        same!(MOVZX_WORD, 8, with(8, 1, 4), 2, [movzx r8d, WORD [r8 + 2 * rcx + 4]]);
        same!(MOVSX_BYTE, 7, plain(8, 4), 1, [movsx rdi, BYTE [r8 + 4]]);
        same!(MOVSX_WORD, 7, plain(8, 4), 1, [movsx rdi, WORD [r8 + 4]]);
        same!(MOVSX_DWORD, 7, plain(8, 4), 1, [movsxd rdi, DWORD [r8 + 4]]);
        same!(LOAD_FLT, 7, plain(8, 4), 1, [movsd xmm7, [r8 + 4]]);
        same!(STORE_FLT, 9, with(3, 1, 400), 8, [movsd[rbx + 8 * rcx + 400], xmm9]);
        same!(LEA, 1, plain(15, 24), 8, [lea rcx, [r15 + 24]]);
        same!(CMP, 1, plain(15, 8), 8, [cmp rcx, [r15 + 8]]);
        for (n, base) in [(7, 3u8), (-129, 4), (1 << 20, 13)] {
            let a = plain(base, 40);
            // With a constant of one byte where it is small: opcode 83 instead of 81.
            let smaller = |mut v: Vec<u8>| {
                if i8::try_from(n).is_ok() {
                    let at = v.iter().position(|b| *b == 0x81).unwrap();
                    v[at] = 0x83;
                    v.truncate(v.len() - 3);
                }
                v
            };
            let mut want = code(&|s| x!(s; mov QWORD [BYTE Rq(base) + 40], n));
            // With a byte for an index, and a prefix that says nothing, where there need be none.
            let shorter = |mut v: Vec<u8>| {
                if v[0] == 0x40 {
                    v.remove(0);
                }
                if base & 7 != 4 {
                    let at = v.iter().position(|b| *b == 0x20 | base & 7).unwrap();
                    v[at - 1] = v[at - 1] & !7 | base & 7;
                    v.remove(at);
                }
                v
            };
            want = shorter(want);
            assert_eq!(code(&|s| s.store_const(a, n)), want);
            let cmp = code(&|s| x!(s; cmp DWORD [BYTE Rq(base) + 40], n));
            assert_eq!(code(&|s| s.cmp_dword(a, n)), shorter(smaller(cmp)));
            let add = code(&|s| x!(s; add QWORD [BYTE Rq(base) + 40], n));
            assert_eq!(code(&|s| s.add_const(a, n)), shorter(smaller(add)));
            let test = code(&|s| x!(s; test BYTE [BYTE Rq(base) + 40], 5));
            assert_eq!(code(&|s| s.test_byte(a, 5)), shorter(test));
            let store = code(&|s| x!(s; mov DWORD [BYTE Rq(base) + 40], n));
            assert_eq!(code(&|s| s.store_dword_const(a, n)), shorter(store));
        }
    }
}
