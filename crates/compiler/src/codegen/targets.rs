//! Assignment in all its forms.

use adder_bytecode::Op;

use super::expr::{binary_op, immediate_op, small_int};
use super::names::Var;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::{Error, Res};
use crate::names::known;

impl<'a> Gen<'a, '_> {
    /// Stores register `src` in a target.
    pub fn assign(&mut self, t: &'a Expr<'a>, src: Reg) -> Res {
        self.depth += 1;
        let out = crate::lower::with_stack(self.depth, || self.at(t.span, |g| g.assign_inner(t, src)));
        self.depth -= 1;
        out
    }

    fn assign_inner(&mut self, t: &'a Expr<'a>, src: Reg) -> Res {
        let mark = self.top();
        match &t.kind {
            ExprKind::Name(n) => self.store_name(*n, src)?,
            ExprKind::Attribute(v, attr) => {
                self.note_static_attribute(v, *attr);
                let r = self.operand(v)?;
                self.forbid_debug(*attr, "assign to")?;
                let name = self.mangle(*attr);
                let at = self.attribute_span(t.span, name);
                self.at(at, |g| g.with_ic(Op::StoreAttr, 0, r, src, name));
            }
            ExprKind::Subscript(v, i) => {
                let a = self.operand_before(v, i)?;
                let b = self.operand(i)?;
                self.abc(Op::SetItem, a, b, src);
            }
            ExprKind::Tuple(es) | ExprKind::List(es) => self.unpack(es, t, src)?,
            ExprKind::Constant(Lit::Tuple([])) => self.unpack(&[], t, src)?,
            ExprKind::Starred(_) => {
                return self.error("starred assignment target must be in a list or tuple", t.span);
            }
            _ => return self.error("invalid assignment target", t.span),
        }
        self.set_top(mark);
        Ok(())
    }

    fn unpack(&mut self, es: &'a [Expr<'a>], t: &'a Expr<'a>, src: Reg) -> Res {
        let star = es.iter().position(|e| matches!(e.kind, ExprKind::Starred(_)));
        if let Some(i) = star
            && es[i + 1..].iter().any(|e| matches!(e.kind, ExprKind::Starred(_)))
        {
            return Err(Error::new("multiple starred expressions in assignment", t.span));
        }
        if let Some(i) = star
            && (i >= 1 << 8 || es.len() - i > 1 << 8)
        {
            return Err(Error::new("too many expressions in star-unpacking assignment", t.span));
        }
        if es.len() > 30_000 {
            return Err(Error::new("too many expressions in assignment", t.span));
        }
        let n = es.len() as Reg;
        if let Some(first) = self.consecutive_locals(es) {
            // Straight into the locals.
            self.emit_unpack(first, src, star, n);
            for r in first..first + n {
                self.u.bound.set(r);
            }
            return Ok(());
        }
        let base = self.top();
        self.emit_unpack(base, src, star, n);
        self.set_top(base + n);
        for (i, e) in es.iter().enumerate() {
            let e = match e.kind {
                ExprKind::Starred(v) => v,
                _ => e,
            };
            self.assign(e, base + i as Reg)?;
        }
        self.set_top(base);
        Ok(())
    }

    fn emit_unpack(&mut self, base: Reg, src: Reg, star: Option<usize>, n: Reg) {
        match star {
            None => self.abc(Op::UnpackSeq, base, src, n),
            Some(i) => {
                let after = n - i as Reg - 1;
                self.xabc(Op::UnpackEx, after as u8, base, src, i as Reg);
            }
        }
        let top = self.top().max(base + n);
        self.u.max_top = self.u.max_top.max(top);
    }

    /// First register, if the targets are locals in a row.
    fn consecutive_locals(&mut self, es: &'a [Expr<'a>]) -> Option<Reg> {
        let mut first = None;
        for (i, e) in es.iter().enumerate() {
            let e = match &e.kind {
                ExprKind::Starred(v) => v,
                _ => e,
            };
            let r = self.local_target(e)?;
            match first {
                None => first = Some(r),
                Some(f) if r == f + i as Reg => {}
                _ => return None,
            }
        }
        first
    }

    pub fn assign_stmt(&mut self, targets: &'a [Expr<'a>], value: &'a Expr<'a>) -> Res {
        let mark = self.top();
        if let [t] = targets {
            if let Some(r) = self.local_target(t) {
                self.at(t.span, |g| g.forbid_debug_target(t))?;
                if self.local_target(value) == Some(r) {
                    self.note_line(t.span);
                }
                self.expr(value, r)?;
                self.u.bound.set(r);
                return Ok(());
            }
            if self.parallel(t, value)? {
                return Ok(());
            }
        }
        // A local that the targets may rebind before all of them have the value.
        let rebound = self.local_target(value).is_some_and(|r| {
            let unpacks = |t: &Expr<'a>| matches!(t.kind, ExprKind::Tuple(_) | ExprKind::List(_));
            (self.u.walrus.get(r) && targets.iter().any(|t| !matches!(t.kind, ExprKind::Name(_))))
                || (targets.len() > 1 && targets.iter().any(unpacks))
        });
        let r = if rebound { self.expr_push(value)? } else { self.operand(value)? };
        for t in targets {
            self.assign(t, r)?;
        }
        self.set_top(mark);
        Ok(())
    }

    fn forbid_debug_target(&self, t: &Expr<'a>) -> Res {
        match t.kind {
            ExprKind::Name(n) => self.forbid_debug(n, "assign to"),
            _ => Ok(()),
        }
    }

    /// `a, b = x, y` without making a tuple.
    fn parallel(&mut self, t: &'a Expr<'a>, value: &'a Expr<'a>) -> Res<bool> {
        let (ExprKind::Tuple(ts) | ExprKind::List(ts)) = t.kind else { return Ok(false) };
        if Self::has_star(ts) || ts.is_empty() || ts.len() > 30 {
            return Ok(false);
        }
        if let ExprKind::Constant(Lit::Tuple(cs)) = value.kind {
            if cs.len() != ts.len() {
                return Ok(false);
            }
            for (t, c) in ts.iter().zip(cs) {
                match self.local_target(t) {
                    Some(r) => {
                        self.at(value.span, |g| g.load_const(*c, r));
                        self.u.bound.set(r);
                    }
                    None => {
                        let m = self.top();
                        self.at(value.span, |g| g.load_const(*c, m));
                        self.set_top(m + 1);
                        self.assign(t, m)?;
                        self.set_top(m);
                    }
                }
            }
            return Ok(true);
        }
        let (ExprKind::Tuple(vs) | ExprKind::List(vs)) = value.kind else { return Ok(false) };
        if Self::has_star(vs) || vs.len() != ts.len() {
            return Ok(false);
        }
        let mark = self.top();
        let locals: Vec<Option<Reg>> = ts.iter().map(|t| self.local_target(t)).collect();
        let all_local = locals.iter().all(|l| l.is_some());
        // What a target that unpacks overwrites is not among these.
        let nested = ts.iter().any(|t| matches!(t.kind, ExprKind::Tuple(_) | ExprKind::List(_)));
        let last = vs.len() - 1;
        let mut regs = Vec::with_capacity(vs.len());
        for (i, v) in vs.iter().enumerate() {
            let own = self.local_target(v);
            // A value that is a local may stay there unless a target overwrites it before it is used.
            let stays = own.is_some_and(|r| !nested && !locals.contains(&Some(r)) && !self.u.walrus.get(r));
            if i == last && all_local {
                let dst = locals[i].unwrap_or(mark);
                // The last value goes straight to its target, if that is no longer needed as a value.
                if !regs.contains(&dst) && locals.iter().filter(|l| **l == Some(dst)).count() == 1 {
                    self.expr(v, dst)?;
                    regs.push(dst);
                    continue;
                }
            }
            regs.push(if stays { self.operand(v)? } else { self.expr_push(v)? });
        }
        for (i, t) in ts.iter().enumerate() {
            self.assign(t, regs[i])?;
        }
        self.set_top(mark);
        Ok(true)
    }

    pub fn aug_assign(&mut self, t: &'a Expr<'a>, op: BinOp, value: &'a Expr<'a>, span: Span) -> Res {
        let mark = self.top();
        match &t.kind {
            ExprKind::Name(n) => {
                self.at(t.span, |g| g.forbid_debug(*n, "assign to"))?;
                if let Var::Local(r) = self.var(*n) {
                    self.at(t.span, |g| g.check_local(r));
                    let a = if self.u.walrus.get(r) {
                        self.mov(mark, r);
                        self.push()
                    } else {
                        r
                    };
                    self.aug_op(op, r, a, value, span)?;
                } else {
                    self.at(t.span, |g| g.load_name(*n, mark));
                    self.set_top(mark + 1);
                    self.aug_op(op, mark, mark, value, span)?;
                    self.at(t.span, |g| g.store_name(*n, mark))?;
                }
            }
            ExprKind::Attribute(v, attr) => {
                self.note_static_attribute(v, *attr);
                let obj = self.operand_before(v, value)?;
                self.at(t.span, |g| g.forbid_debug(*attr, "assign to"))?;
                let name = self.mangle(*attr);
                let x = self.top();
                let at = self.attribute_span(t.span, name);
                self.at(at, |g| g.with_ic(Op::LoadAttr, 0, x, obj, name));
                self.set_top(x + 1);
                self.aug_op(op, x, x, value, span)?;
                self.at(at, |g| g.with_ic(Op::StoreAttr, 0, obj, x, name));
            }
            ExprKind::Subscript(v, i) => {
                let obj = if self.local_target(v).is_some_and(|r| self.u.walrus.get(r)) {
                    self.expr_push(v)?
                } else {
                    self.operand(v)?
                };
                let index = self.operand_before(i, value)?;
                let x = self.top();
                self.at(t.span, |g| g.abc(Op::GetItem, x, obj, index));
                self.set_top(x + 1);
                self.aug_op(op, x, x, value, span)?;
                self.at(t.span, |g| g.abc(Op::SetItem, obj, index, x));
            }
            _ => return self.error("illegal expression for augmented assignment", t.span),
        }
        self.set_top(mark);
        Ok(())
    }

    fn aug_op(&mut self, op: BinOp, dst: Reg, a: Reg, value: &'a Expr<'a>, span: Span) -> Res {
        if let (Some(imm), Some(iop)) = (small_int(value), immediate_op(op)) {
            self.at(span, |g| g.xabc(iop, 1, dst, a, imm as u16));
            return Ok(());
        }
        let b = self.operand(value)?;
        self.at(span, |g| g.xabc(binary_op(op), 1, dst, a, b));
        Ok(())
    }

    pub fn delete(&mut self, t: &'a Expr<'a>) -> Res {
        self.at(t.span, |g| {
            let mark = g.top();
            match &t.kind {
                ExprKind::Name(n) => g.del_name(*n)?,
                ExprKind::Attribute(v, attr) => {
                    g.forbid_debug(*attr, "delete")?;
                    let r = g.operand(v)?;
                    let name = g.mangle(*attr);
                    let at = g.attribute_span(t.span, name);
                    g.at(at, |g| g.with_ic(Op::DelAttr, 0, r, 0, name));
                }
                ExprKind::Subscript(v, i) => {
                    let a = g.operand_before(v, i)?;
                    let b = g.operand(i)?;
                    g.abc(Op::DelItem, a, b, 0);
                }
                ExprKind::Tuple(es) | ExprKind::List(es) => {
                    for e in es.iter() {
                        g.delete(e)?;
                    }
                }
                ExprKind::Constant(Lit::Tuple([])) => {}
                _ => return g.error("invalid delete target", t.span),
            }
            g.set_top(mark);
            Ok(())
        })
    }

    /// `self.x = …` in a method: `x` goes into the class's `__static_attributes__`.
    fn note_static_attribute(&mut self, v: &Expr<'a>, attr: crate::names::Sym) {
        if !matches!(v.kind, ExprKind::Name(n) if n == known::SELF) {
            return;
        }
        if let Some(class) = std::iter::once(&mut self.u)
            .chain(self.outer.iter_mut().rev())
            .find(|u| u.static_attributes.is_some())
            && let Some(set) = &mut class.static_attributes
        {
            set.insert(attr);
        }
    }
}
