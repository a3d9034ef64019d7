//! Generators and coroutines: `yield`, `yield from`, `await`, asynchronous iteration.

use adder_bytecode::{CodeFlags, Intrinsic1, Op};

use super::blocks::BlockKind;
use super::unit::UnitKind;
use super::{Gen, Label, Reg};
use crate::ast::*;
use crate::error::Res;

impl<'a> Gen<'a, '_> {
    fn check_yield(&self, e: &Expr<'a>) -> Res {
        let word = if matches!(e.kind, ExprKind::YieldFrom(_)) { "yield from" } else { "yield" };
        match self.u.kind {
            UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda => Ok(()),
            _ => self.error(format!("'{word}' outside function"), e.span),
        }
    }

    pub fn yield_expr(&mut self, v: Option<&'a Expr<'a>>, e: &'a Expr<'a>, dst: Reg) -> Res {
        self.check_yield(e)?;
        let r = match v {
            Some(v) => self.operand(v)?,
            None => {
                let t = self.top();
                self.abc(Op::LoadNone, t, 0, 0);
                self.push()
            }
        };
        self.yield_value(r, dst);
        Ok(())
    }

    /// Yields register `r`; what is sent goes to `dst`.
    pub fn yield_value(&mut self, r: Reg, dst: Reg) {
        if self.u.flags & CodeFlags::ASYNC_GENERATOR != 0 {
            let t = self.top();
            self.xabc(Op::Intrinsic1, Intrinsic1::AsyncGenWrap as u8, t, r, 0);
            self.set_top(t + 1);
            self.abc(Op::Yield, dst, t, 0);
            self.set_top(t);
        } else {
            self.abc(Op::Yield, dst, r, 0);
        }
    }

    pub fn yield_from(&mut self, v: &'a Expr<'a>, e: &'a Expr<'a>, dst: Reg) -> Res {
        self.check_yield(e)?;
        if self.u.kind == UnitKind::AsyncFunction {
            return self.error("'yield from' inside async function", e.span);
        }
        let mark = self.top();
        let r = self.operand(v)?;
        self.abc(Op::GetYieldFromIter, mark, r, 0);
        self.set_top(mark + 1);
        let value = self.delegate(mark);
        self.set_top(mark);
        self.mov(dst, value);
        Ok(())
    }

    /// Delegates to the iterator in `it`; yields the register of the result, `it + 1`.
    fn delegate(&mut self, it: Reg) -> Reg {
        let v = it + 1;
        self.abc(Op::LoadNone, v, 0, 0);
        self.set_top(it + 2);
        let (head, done) = (self.label(), self.label());
        let counter = self.new_loop();
        self.place(head);
        self.abc(Op::Send, v, it, 0);
        let reachable = self.u.reachable;
        self.jump_here(done);
        self.u.reachable = reachable;
        self.abc(Op::YieldFrom, v, v, it);
        self.jump_back(head, counter);
        self.place(done);
        v
    }

    pub fn await_expr(&mut self, v: &'a Expr<'a>, dst: Reg) -> Res {
        let mark = self.top();
        if !self.await_allowed() {
            return self.error("'await' outside async function", self.u.span);
        }
        let r = self.operand(v)?;
        self.xabc(Op::GetAwaitable, 0, mark, r, 0);
        self.set_top(mark + 1);
        let value = self.delegate(mark);
        self.set_top(mark);
        self.mov(dst, value);
        Ok(())
    }

    fn await_allowed(&self) -> bool {
        match self.u.kind {
            UnitKind::AsyncFunction | UnitKind::Comprehension => true,
            UnitKind::Module => self.opts.top_level_await,
            _ => !self.u.inline.is_empty(),
        }
    }

    /// Awaits the value in temporary `r`, the top one, in place.
    pub fn await_value(&mut self, r: Reg, kind: u8) -> Res {
        self.xabc(Op::GetAwaitable, kind, r, r, 0);
        self.set_top(r + 1);
        let value = self.delegate(r);
        self.set_top(r + 1);
        self.mov(r, value);
        Ok(())
    }

    pub fn async_for(&mut self, f: &'a For<'a>, span: Span) -> Res {
        if !self.async_allowed() {
            return self.error("'async for' outside async function", span);
        }
        let mark = self.top();
        let (head, exit, done) = (self.label(), self.label(), self.label());
        self.expr(&f.iter, mark)?;
        self.set_top(mark + 1);
        self.at(f.iter.span, |g| g.abc(Op::GetAIter, mark, mark, 0));
        let counter = self.new_loop();
        self.place_loop_head(head);
        self.async_next(mark, &f.iter, &f.target, done)?;
        self.push_block(BlockKind::Loop { head, exit, counter })?;
        self.conditional(f.body)?;
        self.jump_back(head, counter);
        self.pop_block();
        self.end_async_for(done, mark + 1)?;
        self.set_top(mark);
        self.conditional(f.orelse)?;
        self.place(exit);
        Ok(())
    }

    /// Awaits the next item of the asynchronous iterator `it` and assigns it; exceptions go to `done`.
    pub fn async_next(&mut self, it: Reg, iter: &Expr<'a>, target: &'a Expr<'a>, done: Label) -> Res {
        let v = self.top();
        self.open_handler(done, v);
        self.at(iter.span, |g| {
            g.abc(Op::GetANext, v, it, 0);
            g.set_top(v + 1);
            g.delegate(v);
        });
        self.close_handler();
        self.set_top(v + 2);
        self.assign(target, v + 1)?;
        self.set_top(v);
        Ok(())
    }

    /// Where the end of an asynchronous iteration arrives: with the exception in `v`, behind the iterator.
    pub fn end_async_for(&mut self, done: Label, v: Reg) -> Res {
        if !self.u.is_target(done) {
            return Ok(());
        }
        self.u.reachable = false;
        self.place(done);
        self.set_top(v + 1);
        self.abc(Op::EndAsyncFor, v, 0, 0);
        self.set_top(v);
        Ok(())
    }
}
