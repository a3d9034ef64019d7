//! Comprehensions: inlined where PEP 709 inlines them, else functions of their own.

use adder_bytecode::Op;

use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::known;
use crate::scope::{CompKind, Place};

impl<'a> Gen<'a, '_> {
    pub fn comprehension_expr(&mut self, e: &'a Expr<'a>, dst: Reg) -> Res {
        let (c, kind, name) = match &e.kind {
            ExprKind::ListComp(c) => (*c, CompKind::List, known::LISTCOMP),
            ExprKind::SetComp(c) => (*c, CompKind::Set, known::SETCOMP),
            ExprKind::DictComp(c) => (*c, CompKind::Dict, known::DICTCOMP),
            ExprKind::GeneratorExp(c) => (*c, CompKind::Generator, known::GENEXPR),
            _ => return Ok(()),
        };
        let Some(first) = c.generators.first() else { return Ok(()) };
        let is_async = self.scopes[c.scope].coroutine;
        if self.scopes[c.scope].comp_inlined {
            return self.inlined(c, kind, e, dst);
        }
        // A function of one argument, the first iterator.
        let w = self.top();
        let code = self.comprehension_function(c, kind, name, e)?;
        self.make_function(code, &[], w)?;
        self.set_top(w + 1);
        if first.is_async {
            self.expr(&first.iter, w + 1)?;
            self.set_top(w + 2);
            self.at(first.iter.span, |g| g.abc(Op::GetAIter, w + 1, w + 1, 0));
        } else {
            self.iterator(&first.iter, w + 1)?;
        }
        self.set_top(w + 2);
        self.abc(Op::Call, w, 1, w);
        self.set_top(w);
        if is_async && kind != CompKind::Generator {
            self.set_top(w + 1);
            self.await_value(w, 0)?;
            self.set_top(w);
        }
        self.mov(dst, w);
        Ok(())
    }

    fn comprehension_function(
        &mut self,
        c: &'a Comp<'a>,
        kind: CompKind,
        name: crate::names::Sym,
        e: &'a Expr<'a>,
    ) -> Res<adder_bytecode::CodeData> {
        self.enter_unit(c.scope, UnitKind::Comprehension, name, e.span)?;
        self.u.argcount = 1;
        let generator = self.prologue(e.span);
        self.u.span = e.span;
        let arg = self.u.regs[&known::ITER0];
        if kind == CompKind::Generator {
            self.loops(c, 0, kind, arg, arg, e.span)?;
            self.implicit_return();
        } else {
            let acc = self.push();
            self.start(kind, acc);
            self.loops(c, 0, kind, acc, arg, e.span)?;
            self.at(e.span, |g| g.return_reg(acc));
        }
        self.leave_unit(generator)
    }

    fn start(&mut self, kind: CompKind, acc: Reg) {
        let op = match kind {
            CompKind::List => Op::BuildList,
            CompKind::Set => Op::BuildSet,
            _ => Op::BuildDict,
        };
        let top = self.top();
        if acc + 1 == top {
            self.set_top(acc);
        }
        self.abc(op, acc, acc, 0);
        self.set_top(top);
    }

    fn inlined(&mut self, c: &'a Comp<'a>, kind: CompKind, e: &'a Expr<'a>, dst: Reg) -> Res {
        let mark = self.top();
        let first = &c.generators[0];
        // The iterator is evaluated outside of the comprehension's scope, then the accumulator made.
        let iter = mark;
        if first.is_async {
            self.expr(&first.iter, iter)?;
            self.set_top(iter + 1);
            self.at(first.iter.span, |g| g.abc(Op::GetAIter, iter, iter, 0));
        } else {
            self.iterator(&first.iter, iter)?;
        }
        self.set_top(iter + 1);
        let acc = self.push();
        let mut own: Vec<Reg> = Vec::new();
        let mut cells: Vec<Reg> = Vec::new();
        for s in self.scopes[c.scope].symbols.iter() {
            if let Some(&r) = self.u.comp_regs.get(&(c.scope, s.name)) {
                own.push(r);
                if s.place == Place::Cell {
                    cells.push(r);
                }
            }
        }
        self.set_top(iter + 1);
        for &r in &cells {
            self.abc(Op::Clear, r, 0, 0);
            self.abc(Op::MakeCell, r, 0, 0);
        }
        self.set_top(acc + 1);
        for &r in &own {
            self.u.bound.clear(r);
        }
        self.start(kind, acc);
        self.u.inline.push(c.scope);
        self.check_nesting()?;
        let (failed, end) = (self.label(), self.label());
        if !own.is_empty() {
            self.open_handler(failed, acc + 1);
        }
        let out = self.loops(c, 0, kind, acc, iter, e.span);
        if !own.is_empty() {
            self.close_handler();
        }
        self.u.inline.pop();
        out?;
        self.set_top(acc + 1);
        self.forget(&own);
        self.mov(dst, acc);
        // However it ends, nobody sees its variables any more.
        if self.u.is_target(failed) {
            self.jump(end);
            self.u.reachable = false;
            self.place(failed);
            self.set_top(acc + 2);
            self.forget(&own);
            self.at(Span::NONE, |g| g.reraise(acc + 1));
            self.place(end);
        }
        self.set_top(mark);
        Ok(())
    }

    fn forget(&mut self, variables: &[Reg]) {
        for &r in variables {
            self.at(Span::NONE, |g| g.abc(Op::Clear, r, 0, 0));
            self.u.bound.clear(r);
        }
    }

    /// The loops from the `i`th on; the first one's iterator is in `iter`.
    fn loops(&mut self, c: &'a Comp<'a>, i: usize, kind: CompKind, acc: Reg, iter: Reg, span: Span) -> Res {
        let g = &c.generators[i];
        let mark = self.top();
        // `for x in [value]`: an assignment.
        if i > 0
            && !g.is_async
            && let ExprKind::List([one]) | ExprKind::Tuple([one]) = &g.iter.kind
            && !matches!(one.kind, ExprKind::Starred(_))
        {
            let r = self.operand(one)?;
            self.assign(&g.target, r)?;
            self.set_top(mark);
            self.comp_element(c, i, kind, acc, span)?;
            return Ok(());
        }
        let it = if i == 0 {
            iter
        } else if g.is_async {
            self.expr(&g.iter, mark)?;
            self.set_top(mark + 1);
            self.at(g.iter.span, |s| s.abc(Op::GetAIter, mark, mark, 0));
            mark
        } else {
            self.iterator(&g.iter, mark)?;
            self.set_top(mark + 1);
            mark
        };
        let (head, done) = (self.label(), self.label());
        let it_top = self.top();
        let counter = self.new_loop();
        self.place_loop_head(head);
        if g.is_async {
            self.async_next(it, &g.iter, &g.target, done)?;
        } else {
            self.for_iter(it, &g.iter, &g.target, done)?;
        }
        self.comp_element(c, i, kind, acc, span)?;
        // `continue` of the conditions and the end of the body are one place.
        self.at(c.elt.span, |g| g.jump_back_here(head, counter));
        if g.is_async {
            self.end_async_for(done, it_top)?;
            self.set_top(mark);
        } else {
            self.set_top(mark);
            self.place(done);
        }
        Ok(())
    }

    /// Conditions, inner loops and the element.
    fn comp_element(&mut self, c: &'a Comp<'a>, i: usize, kind: CompKind, acc: Reg, span: Span) -> Res {
        let g = &c.generators[i];
        let skip = self.label();
        for cond in g.ifs {
            self.cond_jump(cond, skip, false)?;
        }
        if i + 1 < c.generators.len() {
            self.loops(c, i + 1, kind, acc, acc, span)?;
        } else {
            self.element(c, kind, acc)?;
        }
        self.place(skip);
        Ok(())
    }

    fn element(&mut self, c: &'a Comp<'a>, kind: CompKind, acc: Reg) -> Res {
        let mark = self.top();
        match kind {
            CompKind::List => {
                let r = self.operand(&c.elt)?;
                self.at(c.elt.span, |g| g.abc(Op::ListAppend, acc, r, 0));
            }
            CompKind::Set => {
                let r = self.operand(&c.elt)?;
                self.at(c.elt.span, |g| g.abc(Op::SetAdd, acc, r, 0));
            }
            CompKind::Dict => {
                let value = c.value.as_ref().unwrap_or(&c.elt);
                let k = self.operand_before(&c.elt, value)?;
                let v = self.operand(value)?;
                let span = c.elt.span.to(value.span);
                self.at(span, |g| g.abc(Op::DictSet, acc, k, v));
            }
            CompKind::Generator => {
                let r = self.operand(&c.elt)?;
                self.at(c.elt.span, |g| g.yield_value(r, mark));
            }
        }
        self.set_top(mark);
        Ok(())
    }
}
