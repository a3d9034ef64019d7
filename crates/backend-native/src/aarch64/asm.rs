//! Labels, constants, addresses.

use super::*;

impl AArch64 {
    pub(super) fn put(&mut self, w: u32) {
        self.code.push(w);
    }
    pub(super) fn jump_if(&mut self, cc: Cc, l: Label) {
        self.jumps.push((self.code.len() as u32, l, Reach::Short));
        self.put(b_cc(cc, 0));
    }
    pub(super) fn jump_if_zero(&mut self, r: u32, l: Label) {
        self.jumps.push((self.code.len() as u32, l, Reach::Short));
        self.put(cbz(r, 0));
    }

    /// The code, jumps filled in.
    pub(super) fn link_jumps(mut self) -> Res<Vec<u8>> {
        for (at, l, reach) in &self.jumps {
            let to = self.labels[l.0 as usize].ok_or("a label without a place")?;
            let by = to as i32 - *at as i32;
            let w = &mut self.code[*at as usize];
            match reach {
                Reach::Long if by.abs() < 1 << 25 => *w |= by as u32 & 0x3ff_ffff,
                Reach::Short if by.abs() < 1 << 18 => *w |= (by as u32 & 0x7_ffff) << 5,
                _ => return Err("a jump too far"),
            }
        }
        Ok(self.code.iter().flat_map(|w| w.to_le_bytes()).collect())
    }

    /// The constant, in as few instructions as possible.
    pub(super) fn constant(&mut self, d: u32, w: u64) {
        if let Some(bits) = bitmask(w).filter(|_| w > 0xffff) {
            self.put(orr_imm(d, ZR, bits));
            return;
        }
        let part = |k: u32| (w >> (16 * k) & 0xffff) as u32;
        let ones = (0..4).filter(|k| part(*k) == 0xffff).count();
        let zeros = (0..4).filter(|k| part(*k) == 0).count();
        // What the parts are that need no instruction.
        let rest = if ones > zeros { 0xffff } else { 0 };
        let mut first = true;
        for k in 0..4 {
            if part(k) == rest {
                continue;
            }
            self.put(match (first, rest) {
                (true, 0) => movz(d, part(k), 16 * k),
                (true, _) => movn(d, !part(k) & 0xffff, 16 * k),
                _ => movk(d, part(k), 16 * k),
            });
            first = false;
        }
        if first {
            self.put(if rest == 0 { movz(d, 0, 0) } else { movn(d, 0, 0) });
        }
    }
    pub(super) fn constant_w(&mut self, d: u32, w: u32) {
        self.put(movz_w(d, w & 0xffff, 0));
        if w >> 16 != 0 {
            self.put(movk_w(d, w >> 16, 16));
        }
    }
    /// `d` is not `a` but for small numbers, or X17 is free.
    pub(super) fn add_constant(&mut self, d: u32, a: u32, n: i64) {
        match n {
            0..4096 => self.put(add_imm(d, a, n as u32)),
            -4095..0 => self.put(sub_imm(d, a, -n as u32)),
            _ => {
                self.constant(X16, n as u64);
                self.put(add(d, a, X16));
            }
        }
    }
    /// Sets the lowest bit.
    pub(super) fn set_tag(&mut self, d: u32, a: u32) {
        self.put(orr_imm(d, a, bitmask(1).expect("a run of ones")));
    }

    /// One word at an address; changes X16.
    pub(super) fn access(&mut self, how: Access, r: u32, at: Addr) {
        let base = g(at.base);
        if let (Some(k), 0) = (at.index, at.disp) {
            self.put(match how {
                Access::Load => ldr_index(r, base, g(k)),
                Access::Store => str_index(r, base, g(k)),
            });
            return;
        }
        let direct = direct(at.disp);
        let (base, at) = match (at.index, direct) {
            (None, true) => (base, at.disp),
            (Some(k), true) => {
                self.put(add_lsl(X16, base, g(k), 3));
                (X16, at.disp)
            }
            (_, false) => {
                self.address(X16, at);
                (X16, 0)
            }
        };
        self.put(match (how, at >= 0 && at % 8 == 0) {
            (Access::Load, true) => ldr(r, base, at as u32),
            (Access::Load, false) => ldur(r, base, at),
            (Access::Store, true) => str(r, base, at as u32),
            (Access::Store, false) => stur(r, base, at),
        });
    }
    /// The address itself; `d` is none of its registers.
    pub(super) fn address(&mut self, d: u32, at: Addr) {
        self.constant(d, at.disp as i64 as u64);
        self.put(add(d, d, g(at.base)));
        if let Some(k) = at.index {
            self.put(add_lsl(d, d, g(k), 3));
        }
    }
    /// The address of a number in X16.
    pub(super) fn number_address(&mut self, at: Addr, width: u8) {
        self.constant(X16, at.disp as i64 as u64);
        self.put(add(X16, X16, g(at.base)));
        if let Some(k) = at.index {
            self.put(add_lsl(X16, X16, g(k), width.trailing_zeros()));
        }
    }
    /// 32 bits at a register and an offset; may change X16.
    pub(super) fn load_w(&mut self, d: u32, base: u32, at: i32) {
        if (0..16384).contains(&at) && at % 4 == 0 {
            self.put(ldr_w(d, base, at as u32));
        } else {
            self.constant(X16, at as i64 as u64);
            self.put(add(X16, X16, base));
            self.put(ldr_w(d, X16, 0));
        }
    }
    /// Compares the descriptor of an object.
    pub(super) fn compare_desc(&mut self, obj: u32, desc: i32) {
        self.put(ldr_w(X16, obj, 0));
        if (0..4096).contains(&desc) {
            self.put(cmp_w_imm(X16, desc as u32));
        } else {
            self.constant_w(X17, desc as u32);
            self.put(cmp_w(X16, X17));
        }
    }
    /// Calls a function of the program.
    pub(super) fn call_address(&mut self, addr: u64) {
        self.constant(X16, addr);
        self.put(blr(X16));
    }
}

/// Offsets that an instruction can hold.
fn direct(at: i32) -> bool {
    (0..32768).contains(&at) && at % 8 == 0 || (-256..256).contains(&at)
}
