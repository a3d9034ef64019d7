//! f-strings and t-strings.

use adder_bytecode::Op;

use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;

fn conversion_code(c: u8) -> u8 {
    match c {
        b's' => 1,
        b'r' => 2,
        b'a' => 3,
        _ => 0,
    }
}

impl<'a> Gen<'a, '_> {
    /// Pieces joined at once at most.
    const MAX_PIECES: usize = 128;

    pub fn joined_str(&mut self, parts: &'a [Expr<'a>], dst: Reg) -> Res {
        match parts {
            [] => {
                self.load_const(Lit::Str(b""), dst);
                return Ok(());
            }
            [one] => return self.expr(one, dst),
            _ => {}
        }
        let base = self.top();
        let mut n = 0u16;
        for p in parts {
            self.expr_push(p)?;
            n += 1;
            if n as usize == Self::MAX_PIECES {
                self.abc(Op::BuildString, base, base, n);
                self.set_top(base + 1);
                n = 1;
            }
        }
        self.abc(Op::BuildString, dst, base, n);
        self.set_top(base);
        Ok(())
    }

    pub fn formatted(&mut self, f: &'a Formatted<'a>, dst: Reg) -> Res {
        let mark = self.top();
        let mut r = self.operand(&f.value)?;
        let conv = conversion_code(f.conversion);
        if conv != 0 {
            self.xabc(Op::Convert, conv, mark, r, 0);
            r = mark;
            self.set_top(mark + 1);
        }
        match f.spec {
            None => self.abc(Op::Format, dst, r, 0),
            Some(spec) => {
                let s = self.expr_push(spec)?;
                self.abc(Op::FormatSpec, dst, r, s);
            }
        }
        self.set_top(mark);
        Ok(())
    }

    pub fn template_str(&mut self, parts: &'a [Expr<'a>], dst: Reg) -> Res {
        let mark = self.top();
        // Strings and interpolations alternate, beginning and ending with a string.
        let mut strings: Vec<Lit<'a>> = Vec::new();
        let mut values: Vec<&'a Expr<'a>> = Vec::new();
        let mut last_was_string = false;
        for p in parts {
            match p.kind {
                ExprKind::Constant(l) => {
                    strings.push(l);
                    last_was_string = true;
                }
                _ => {
                    if !last_was_string {
                        strings.push(Lit::Str(b""));
                    }
                    last_was_string = false;
                    values.push(p);
                }
            }
        }
        if !last_was_string {
            strings.push(Lit::Str(b""));
        }
        let strings = Lit::Tuple(self.arena.alloc_slice_copy(&strings));
        self.load_const(strings, mark);
        self.set_top(mark + 1);
        let base = self.top();
        for v in &values {
            self.expr_push(v)?;
        }
        self.abc(Op::BuildTuple, base, base, values.len() as u16);
        self.set_top(base + 1);
        self.abc(Op::BuildTemplate, dst, mark, base);
        self.set_top(mark);
        Ok(())
    }

    pub fn interpolation(&mut self, i: &'a Interpolation<'a>, dst: Reg) -> Res {
        let base = self.top();
        self.expr_push(&i.value)?;
        let t = self.top();
        self.load_const(i.text, t);
        self.set_top(t + 1);
        match i.spec {
            Some(s) => {
                self.expr_push(s)?;
            }
            None => {
                let t = self.top();
                self.abc(Op::Clear, t, 0, 0);
                self.set_top(t + 1);
            }
        }
        self.xabc(Op::BuildInterpolation, conversion_code(i.conversion), dst, base, 0);
        self.set_top(base);
        Ok(())
    }
}
