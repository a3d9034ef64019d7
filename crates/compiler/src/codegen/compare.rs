//! Comparisons and conditional jumps.

use adder_bytecode::Op;

use super::expr::{small_int, type_name};
use super::{Gen, Label, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::fold::{const_items, truth};

fn is_none(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Constant(Lit::None))
}

impl<'a> Gen<'a, '_> {
    /// Jumps to `l` if the truth of `e` is `when`, else falls through.
    pub fn cond_jump(&mut self, e: &'a Expr<'a>, l: Label, when: bool) -> Res {
        self.depth += 1;
        let out = crate::lower::with_stack(self.depth, || self.at(e.span, |g| g.cond_jump_inner(e, l, when)));
        self.depth -= 1;
        out
    }

    fn cond_jump_inner(&mut self, e: &'a Expr<'a>, l: Label, when: bool) -> Res {
        let mark = self.top();
        match &e.kind {
            ExprKind::UnaryOp(UnaryOp::Not, v) => return self.cond_jump(v, l, !when),
            ExprKind::BoolOp(op, es) => {
                // `and` is left with False, `or` with True, as soon as one operand is.
                let shortcut = *op == BoolOp::Or;
                let Some((last, init)) = es.split_last() else { return Ok(()) };
                if shortcut == when {
                    for e in init {
                        self.cond_jump(e, l, when)?;
                    }
                    return self.cond_jump(last, l, when);
                }
                let skip = self.label();
                for e in init {
                    self.cond_jump(e, skip, shortcut)?;
                }
                self.cond_jump(last, l, when)?;
                self.place(skip);
                return Ok(());
            }
            ExprKind::IfExp(i) => {
                let (other, end) = (self.label(), self.label());
                self.cond_jump(&i.test, other, false)?;
                self.cond_jump(&i.body, l, when)?;
                self.jump(end);
                self.place(other);
                self.cond_jump(&i.orelse, l, when)?;
                self.place(end);
                return Ok(());
            }
            ExprKind::Compare(left, rest) => {
                self.check_is_literals(left, rest, e.span);
                return self.compare_jump(left, rest, l, when);
            }
            _ => {}
        }
        if let ExprKind::Constant(c) = e.kind
            && let Some(t) = truth(c)
        {
            if t == when {
                self.jump(l);
            }
            return Ok(());
        }
        let r = self.operand(e)?;
        self.jump_on(if when { Op::JTrue } else { Op::JFalse }, 0, r, l);
        self.set_top(mark);
        Ok(())
    }

    fn compare_jump(
        &mut self,
        left: &'a Expr<'a>,
        rest: &'a [(CmpOp, Expr<'a>)],
        l: Label,
        when: bool,
    ) -> Res {
        let mark = self.top();
        if let [(op, right)] = rest {
            self.one_compare_jump(left, *op, right, l, when)?;
            self.set_top(mark);
            return Ok(());
        }
        // a < b < c: every comparison but the last leaves when it is false.
        let out = if when { self.label() } else { l };
        let mut a = self.operand_before(left, &rest[0].1)?;
        for (i, (op, right)) in rest.iter().enumerate() {
            let last = i + 1 == rest.len();
            let b = match rest.get(i + 1) {
                Some((_, later)) => self.operand_before(right, later)?,
                None => self.operand(right)?,
            };
            if last && when {
                self.reg_compare_jump(a, *op, b, l, true);
            } else {
                self.reg_compare_jump(a, *op, b, out, false);
            }
            a = b;
        }
        self.set_top(mark);
        if when {
            self.place(out);
        }
        Ok(())
    }

    fn one_compare_jump(
        &mut self,
        left: &'a Expr<'a>,
        op: CmpOp,
        right: &'a Expr<'a>,
        l: Label,
        when: bool,
    ) -> Res {
        if matches!(op, CmpOp::Is | CmpOp::IsNot) {
            let x = (op == CmpOp::Is) == when;
            if is_none(right) {
                let r = self.operand(left)?;
                self.jump_on(Op::JNone, x as u8, r, l);
                return Ok(());
            }
        }
        if let Some(n) = small_int(right) {
            let iop = match op {
                CmpOp::Eq => Some(Op::JEqI),
                CmpOp::NotEq => Some(Op::JNeI),
                CmpOp::Lt => Some(Op::JLtI),
                CmpOp::LtE => Some(Op::JLeI),
                CmpOp::Gt => Some(Op::JGtI),
                CmpOp::GtE => Some(Op::JGeI),
                _ => None,
            };
            if let Some(iop) = iop {
                let r = self.operand(left)?;
                self.jump_cmp(iop, when as u8, r, n as u16, l);
                return Ok(());
            }
        }
        let a = self.operand_before(left, right)?;
        let b = self.compare_right(op, right)?;
        self.reg_compare_jump(a, op, b, l, when);
        Ok(())
    }

    fn reg_compare_jump(&mut self, a: Reg, op: CmpOp, b: Reg, l: Label, when: bool) {
        let (op, x) = match op {
            CmpOp::Eq => (Op::JEq, when),
            CmpOp::NotEq => (Op::JNe, when),
            CmpOp::Lt => (Op::JLt, when),
            CmpOp::LtE => (Op::JLe, when),
            CmpOp::Gt => (Op::JGt, when),
            CmpOp::GtE => (Op::JGe, when),
            CmpOp::Is => (Op::JIs, when),
            CmpOp::IsNot => (Op::JIs, !when),
            CmpOp::In => (Op::JIn, when),
            CmpOp::NotIn => (Op::JIn, !when),
        };
        self.jump_cmp(op, x as u8, a, b, l);
    }

    /// The right operand of a comparison; displays of constants become constants for `in`.
    fn compare_right(&mut self, op: CmpOp, right: &'a Expr<'a>) -> Res<Reg> {
        if matches!(op, CmpOp::In | CmpOp::NotIn) {
            let lit = match right.kind {
                ExprKind::List(es) => const_items(self.arena, es).map(Lit::Tuple),
                ExprKind::Set(es) => const_items(self.arena, es).map(Lit::FrozenSet),
                _ => None,
            };
            if let Some(l) = lit {
                let t = self.top();
                self.at(right.span, |g| g.load_const(l, t));
                self.set_top(t + 1);
                return Ok(t);
            }
            if let ExprKind::List(es) = right.kind {
                // Nobody sees this list: a tuple is cheaper.
                let t = self.top();
                self.at(right.span, |g| g.tuple_display(es, t))?;
                self.set_top(t + 1);
                return Ok(t);
            }
        }
        self.operand(right)
    }

    /// A comparison as a value.
    pub fn compare(
        &mut self,
        left: &'a Expr<'a>,
        rest: &'a [(CmpOp, Expr<'a>)],
        e: &'a Expr<'a>,
        dst: Reg,
    ) -> Res {
        self.check_is_literals(left, rest, e.span);
        if let [(op, right)] = rest {
            let a = self.operand_before(left, right)?;
            let b = self.compare_right(*op, right)?;
            self.reg_compare(*op, dst, a, b);
            return Ok(());
        }
        let mark = self.top();
        let t = self.work_reg(dst);
        // The result needs a register of its own: operands stay live above it.
        if t == mark {
            self.abc(Op::LoadNone, t, 0, 0);
            self.set_top(t + 1);
        }
        let end = self.label();
        let base = self.top();
        let mut a = self.operand_before(left, &rest[0].1)?;
        for (i, (op, right)) in rest.iter().enumerate() {
            let b = match rest.get(i + 1) {
                Some((_, later)) => self.operand_before(right, later)?,
                None => self.operand(right)?,
            };
            self.reg_compare(*op, t, a, b);
            if i + 1 < rest.len() {
                self.jump_on(Op::JFalse, 0, t, end);
            }
            a = b;
        }
        self.set_top(base);
        self.place(end);
        self.mov(dst, t);
        self.set_top(mark);
        Ok(())
    }

    fn reg_compare(&mut self, op: CmpOp, dst: Reg, a: Reg, b: Reg) {
        let (op, x) = match op {
            CmpOp::Eq => (Op::Eq, 0),
            CmpOp::NotEq => (Op::Ne, 0),
            CmpOp::Lt => (Op::Lt, 0),
            CmpOp::LtE => (Op::Le, 0),
            CmpOp::Gt => (Op::Gt, 0),
            CmpOp::GtE => (Op::Ge, 0),
            CmpOp::Is => (Op::Is, 0),
            CmpOp::IsNot => (Op::Is, 1),
            CmpOp::In => (Op::In, 0),
            CmpOp::NotIn => (Op::In, 1),
        };
        self.xabc(op, x, dst, a, b);
    }

    /// `not v`: `is`, `in` are inverted themselves.
    pub fn not(&mut self, v: &'a Expr<'a>, e: &'a Expr<'a>, dst: Reg) -> Res {
        if let ExprKind::Compare(l, [(op, r)]) = &v.kind {
            let inverted = match op {
                CmpOp::Is => Some(CmpOp::IsNot),
                CmpOp::IsNot => Some(CmpOp::Is),
                CmpOp::In => Some(CmpOp::NotIn),
                CmpOp::NotIn => Some(CmpOp::In),
                _ => None,
            };
            if let Some(op) = inverted {
                let rest = self.arena.alloc_slice_copy(&[(op, *r)]);
                return self.at(v.span, |g| g.compare(l, rest, v, dst));
            }
        }
        let _ = e;
        let r = self.operand(v)?;
        self.abc(Op::Not, dst, r, 0);
        Ok(())
    }

    fn check_is_literals(&mut self, left: &Expr<'a>, rest: &[(CmpOp, Expr<'a>)], span: Span) {
        let mut l = left;
        for (op, r) in rest {
            if matches!(op, CmpOp::Is | CmpOp::IsNot) {
                let bad = [l, r].into_iter().find(|e| is_odd_literal(e));
                if let Some(b) = bad {
                    let (word, instead) = if *op == CmpOp::Is { ("is", "==") } else { ("is not", "!=") };
                    let name = type_name(b);
                    self.warn(format!("\"{word}\" with '{name}' literal. Did you mean \"{instead}\"?"), span);
                    return;
                }
            }
            l = r;
        }
    }
}

/// A literal whose identity means nothing.
fn is_odd_literal(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Constant(c) => !matches!(c, Lit::None | Lit::True | Lit::False | Lit::Ellipsis),
        ExprKind::UStr(_) | ExprKind::Tuple([]) => true,
        _ => false,
    }
}
