//! Statements: simple ones, `if`, loops, leaving.

use adder_bytecode::{CodeFlags, Common, Intrinsic1, Op};

use super::blocks::BlockKind;
use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::fold::const_items;
use crate::lower::with_stack;

impl<'a> Gen<'a, '_> {
    pub fn stmts(&mut self, body: Body<'a>) -> Res {
        for s in body {
            self.stmt(s)?;
        }
        Ok(())
    }

    /// A body that may or may not run.
    pub fn conditional(&mut self, body: Body<'a>) -> Res {
        self.u.in_conditional += 1;
        let out = self.stmts(body);
        self.u.in_conditional = self.u.in_conditional.saturating_sub(1);
        out
    }

    pub fn stmt(&mut self, s: &'a Stmt<'a>) -> Res {
        self.depth += 1;
        let was = std::mem::replace(&mut self.u.span, s.span);
        let out = with_stack(self.depth, || self.stmt_inner(s));
        self.u.span = was;
        self.depth -= 1;
        out
    }

    fn stmt_inner(&mut self, s: &'a Stmt<'a>) -> Res {
        match &s.kind {
            StmtKind::Expr(e) => self.expr_stmt(e),
            StmtKind::Assign(ts, v) => self.assign_stmt(ts, v),
            StmtKind::AugAssign(t, op, v) => self.aug_assign(t, *op, v, s.span),
            StmtKind::AnnAssign(a) => self.ann_assign(a, s),
            StmtKind::Return(v) => self.return_stmt(*v, s.span),
            StmtKind::If(t, b, o) => self.if_stmt(t, b, o),
            StmtKind::While(t, b, o) => self.while_stmt(t, b, o),
            StmtKind::For(f) if f.is_async => self.async_for(f, s.span),
            StmtKind::For(f) => self.for_stmt(f),
            StmtKind::Break => self.break_or_continue(s.span, true),
            StmtKind::Continue => self.break_or_continue(s.span, false),
            StmtKind::FunctionDef(f) => self.function_def(f, s.span),
            StmtKind::ClassDef(c) => self.class_def(c, s.span),
            StmtKind::Try(t) => self.try_stmt(t),
            StmtKind::With(w) => self.with_stmt(w, 0, s.span),
            StmtKind::Raise(e, c) => self.raise(*e, *c),
            StmtKind::Assert(t, m) => self.assert_stmt(t, *m, s.span),
            StmtKind::Delete(ts) => ts.iter().try_for_each(|t| self.delete(t)),
            StmtKind::Import(names) => self.import(names),
            StmtKind::ImportFrom(i) => self.import_from(i, s.span),
            StmtKind::Match(e, cases) => self.match_stmt(e, cases),
            StmtKind::TypeAlias(t) => self.type_alias(t, s.span),
            StmtKind::Pass => {
                self.note_line(s.span);
                Ok(())
            }
            StmtKind::Global(_) | StmtKind::Nonlocal(_) => Ok(()),
        }
    }

    fn expr_stmt(&mut self, e: &'a Expr<'a>) -> Res {
        if self.interactive && self.outer.is_empty() {
            let t = self.top();
            self.expr(e, t)?;
            self.set_top(t + 1);
            self.xabc(Op::Intrinsic1, Intrinsic1::Print as u8, t, t, 0);
            self.set_top(t);
            return Ok(());
        }
        if matches!(e.kind, ExprKind::Constant(_) | ExprKind::UStr(_)) {
            self.note_line(self.u.span);
            return Ok(());
        }
        let before = self.u.code.len();
        self.effect(e)?;
        if self.u.code.len() == before {
            self.note_line(self.u.span);
        }
        Ok(())
    }

    pub fn if_stmt(&mut self, test: &'a Expr<'a>, body: Body<'a>, orelse: Body<'a>) -> Res {
        let other = self.label();
        if matches!(test.kind, ExprKind::Constant(_)) {
            self.note_line(test.span);
        }
        self.cond_jump(test, other, false)?;
        self.conditional(body)?;
        if orelse.is_empty() {
            self.place(other);
            return Ok(());
        }
        let end = self.label();
        self.jump(end);
        self.place(other);
        self.conditional(orelse)?;
        self.place(end);
        Ok(())
    }

    pub fn new_loop(&mut self) -> u16 {
        if !self.u.reachable {
            return 0;
        }
        self.u.loops += 1;
        (self.u.loops - 1).min(u16::MAX as u32) as u16
    }

    fn while_stmt(&mut self, test: &'a Expr<'a>, body: Body<'a>, orelse: Body<'a>) -> Res {
        let (head, other, exit) = (self.label(), self.label(), self.label());
        let counter = self.new_loop();
        if matches!(test.kind, ExprKind::Constant(_)) {
            self.note_line(test.span);
        }
        self.place_loop_head(head);
        self.cond_jump(test, other, false)?;
        self.push_block(BlockKind::Loop { head, exit, counter })?;
        self.conditional(body)?;
        if matches!(test.kind, ExprKind::Constant(_)) {
            // The test is not repeated, but its line is seen again.
            self.at(test.span, |g| g.jump_back_here(head, counter));
        } else {
            self.jump_back(head, counter);
        }
        self.pop_block();
        self.place(other);
        self.conditional(orelse)?;
        self.place(exit);
        Ok(())
    }

    fn for_stmt(&mut self, f: &'a For<'a>) -> Res {
        let mark = self.top();
        let (head, other, exit) = (self.label(), self.label(), self.label());
        self.iterator(&f.iter, mark)?;
        self.set_top(mark + 1);
        let counter = self.new_loop();
        self.place_loop_head(head);
        self.for_iter(mark, &f.iter, &f.target, other)?;
        // `break` leaves with the iterator still there; it is dead then.
        self.push_block(BlockKind::Loop { head, exit, counter })?;
        self.conditional(f.body)?;
        self.jump_back(head, counter);
        self.pop_block();
        self.set_top(mark);
        self.place(other);
        self.conditional(f.orelse)?;
        self.place(exit);
        Ok(())
    }

    /// `iter(e)` into `t`; displays of constants are tuples.
    pub fn iterator(&mut self, e: &'a Expr<'a>, t: Reg) -> Res {
        let was = self.top();
        let lit = match e.kind {
            ExprKind::List(es) => const_items(self.arena, es).map(Lit::Tuple),
            ExprKind::Set(es) if !es.is_empty() => const_items(self.arena, es).map(Lit::FrozenSet),
            _ => None,
        };
        let r = if let Some(l) = lit {
            let r = self.top();
            self.at(e.span, |g| g.load_const(l, r));
            self.push()
        } else if let ExprKind::List(es) = e.kind {
            let r = self.top();
            self.at(e.span, |g| g.tuple_display(es, r))?;
            self.push()
        } else {
            self.operand(e)?
        };
        self.at(e.span, |g| g.abc(Op::GetIter, t, r, 0));
        self.set_top(was);
        Ok(())
    }

    /// Next item of iterator `t` into `target`; jumps to `done` when there is none.
    pub fn for_iter(&mut self, t: Reg, iter: &Expr<'a>, target: &'a Expr<'a>, done: super::Label) -> Res {
        let local = self.local_target(target);
        let item = local.unwrap_or(self.top());
        self.at(iter.span, |g| {
            g.abc(Op::ForIter, t, item, 0);
            let reachable = g.u.reachable;
            g.jump_here(done);
            g.u.reachable = reachable;
        });
        match local {
            Some(r) => {
                if let ExprKind::Name(n) = target.kind {
                    self.at(target.span, |g| g.forbid_debug(n, "assign to"))?;
                }
                self.u.bound.set(r);
            }
            None => {
                self.set_top(item + 1);
                self.assign(target, item)?;
                self.set_top(item);
            }
        }
        Ok(())
    }

    fn break_or_continue(&mut self, span: Span, is_break: bool) -> Res {
        let mut found = None;
        for (i, b) in self.u.blocks.iter().enumerate().rev() {
            match b.kind {
                BlockKind::Loop { head, exit, counter } => {
                    found = Some((i, head, exit, counter));
                    break;
                }
                BlockKind::StarHandler => return self.star_exit(span),
                _ => {}
            }
        }
        let Some((i, head, exit, counter)) = found else {
            let msg = if is_break { "'break' outside loop" } else { "'continue' not properly in loop" };
            return self.error(msg, span);
        };
        let top = self.top();
        if self.leaves_late(i + 1) {
            self.note_line(span);
        }
        self.unwind(i + 1, span, |g, span| {
            g.at(span, |g| {
                if is_break {
                    g.jump_here(exit);
                } else {
                    g.jump_back_here(head, counter);
                }
            });
        })?;
        self.set_top(top);
        Ok(())
    }

    fn star_exit(&self, span: Span) -> Res {
        self.error("'break', 'continue' and 'return' cannot appear in an except* block", span)
    }

    fn return_stmt(&mut self, value: Option<&'a Expr<'a>>, span: Span) -> Res {
        match self.u.kind {
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda => {}
            _ => return self.error("'return' outside function", span),
        }
        if value.is_some() && self.u.flags & CodeFlags::ASYNC_GENERATOR != 0 {
            return self.error("'return' with value in async generator", span);
        }
        if self.u.blocks.iter().any(|b| matches!(b.kind, BlockKind::StarHandler)) {
            let at = value.filter(|v| matches!(v.kind, ExprKind::Constant(_))).map_or(span, |v| v.span);
            return self.star_exit(at);
        }
        let mark = self.top();
        if self.leaves_late(0) && value.is_none_or(|v| matches!(v.kind, ExprKind::Constant(_))) {
            self.note_line(span);
        }
        match value {
            None => self.unwind(0, span, |g, span| g.at(span, |g| g.return_none()))?,
            Some(e) => {
                if let ExprKind::Constant(c) = e.kind {
                    self.unwind(0, span, |g, span| {
                        g.at(span, |g| {
                            if c == Lit::None {
                                g.return_none();
                            } else {
                                let t = g.top();
                                g.load_const(c, t);
                                g.set_top(t + 1);
                                g.return_reg(t);
                            }
                        })
                    })?;
                } else {
                    let r = if self.unwinding_runs_code(0) { self.expr_push(e)? } else { self.operand(e)? };
                    self.unwind(0, span, |g, span| g.at(span, |g| g.return_reg(r)))?;
                }
            }
        }
        self.set_top(mark);
        Ok(())
    }

    pub fn return_none(&mut self) {
        self.abc(Op::ReturnNone, 0, 0, 0);
        self.u.reachable = false;
    }

    pub fn return_reg(&mut self, r: Reg) {
        self.abc(Op::Return, r, 0, 0);
        self.u.reachable = false;
    }

    fn raise(&mut self, e: Option<&'a Expr<'a>>, cause: Option<&'a Expr<'a>>) -> Res {
        let mark = self.top();
        match (e, cause) {
            (None, _) => self.xabc(Op::Raise, 0, 0, 0, 0),
            (Some(e), None) => {
                let r = self.operand(e)?;
                self.xabc(Op::Raise, 1, r, 0, 0);
            }
            (Some(e), Some(c)) => {
                let r = self.operand_before(e, c)?;
                let c = self.operand(c)?;
                self.xabc(Op::Raise, 2, r, c, 0);
            }
        }
        self.u.reachable = false;
        self.set_top(mark);
        Ok(())
    }

    fn assert_stmt(&mut self, test: &'a Expr<'a>, msg: Option<&'a Expr<'a>>, span: Span) -> Res {
        if matches!(test.kind, ExprKind::Tuple([_, ..]) | ExprKind::Constant(Lit::Tuple([_, ..]))) {
            self.warn("assertion is always true, perhaps remove parentheses?", span);
        }
        if self.opts.optimize > 0 {
            return Ok(());
        }
        if matches!(test.kind, ExprKind::Constant(_)) {
            self.note_line(test.span);
        }
        let mark = self.top();
        let ok = self.label();
        self.cond_jump(test, ok, true)?;
        let t = self.top();
        self.at(test.span, |g| g.abc(Op::LoadCommon, t, Common::AssertionError as u16, 0));
        self.set_top(t + 1);
        if let Some(m) = msg {
            self.expr_push(m)?;
            self.at(test.span, |g| g.abc(Op::Call, t, 1, t));
            self.set_top(t + 1);
        }
        self.at(test.span, |g| g.xabc(Op::Raise, 1, t, 0, 0));
        self.u.reachable = false;
        self.set_top(mark);
        self.place(ok);
        Ok(())
    }
}
