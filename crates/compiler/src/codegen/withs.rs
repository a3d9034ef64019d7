//! `with` and `async with`.

use adder_bytecode::{Op, Special};

use super::blocks::BlockKind;
use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::Res;

impl<'a> Gen<'a, '_> {
    /// Item `i` of the statement and those after it.
    pub fn with_stmt(&mut self, w: &'a With<'a>, i: usize, span: Span) -> Res {
        let item = &w.items[i];
        if w.is_async && !self.async_allowed() {
            return self.error("'async with' outside async function", span);
        }
        let base = self.top();
        let at = item.context.span;
        let (handler, end) = (self.label(), self.label());
        let (enter_m, exit_m) =
            if w.is_async { (Special::AEnter, Special::AExit) } else { (Special::Enter, Special::Exit) };
        let mgr = self.operand(&item.context)?;
        let exit = self.top();
        self.at(at, |g| g.xabc(Op::LoadSpecial, 0, exit, mgr, exit_m as u16));
        self.set_top(exit + 2);
        let t = self.top();
        self.at(at, |g| g.xabc(Op::LoadSpecial, 0, t, mgr, enter_m as u16));
        self.set_top(t + 2);
        // Where the value goes: to the target if that is a local and nothing has to be awaited.
        let value = exit + 2;
        let local = item.vars.as_ref().and_then(|v| self.local_target(v)).filter(|_| !w.is_async);
        let dst = local.unwrap_or(value);
        self.at(at, |g| g.abc(Op::CallMethod, t, 1, dst));
        self.set_top(exit + 2);
        if w.is_async {
            self.set_top(value + 1);
            self.at(at, |g| g.await_value(value, 1))?;
            self.set_top(exit + 2);
        }

        self.at(at, |g| g.push_block(BlockKind::With { exit, is_async: w.is_async, span: at }))?;
        self.open_handler(handler, exit + 2);
        if let Some(v) = &item.vars {
            match local {
                Some(r) => {
                    self.at(v.span, |g| match v.kind {
                        ExprKind::Name(n) => g.forbid_debug(n, "assign to"),
                        _ => Ok(()),
                    })?;
                    self.u.bound.set(r);
                }
                None => {
                    self.set_top(value + 1);
                    self.assign(v, value)?;
                    self.set_top(exit + 2);
                }
            }
        }
        if i + 1 < w.items.len() {
            self.with_stmt(w, i + 1, span)?;
        } else {
            self.conditional(w.body)?;
        }
        self.close_handler();
        self.pop_block();

        // The normal way out.
        self.at(at, |g| g.leave_with(exit, w.is_async))?;
        self.jump(end);

        // With an exception.
        let e = exit + 2;
        self.enter_handler(handler, e);
        let suppress = self.label();
        let cleanup = self.begin_handling(e)?;
        let t = self.top();
        self.at(at, |g| -> Res {
            g.abc(Op::WithExit, t, exit, e);
            g.set_top(t + 1);
            if w.is_async {
                g.await_value(t, 2)?;
            }
            g.jump_on(Op::JTrue, 0, t, suppress);
            g.set_top(t);
            g.at(Span::NONE, |g| g.reraise(e));
            Ok(())
        })?;
        self.place(suppress);
        self.at(Span::NONE, |g| {
            g.abc(Op::PopExc, e + 1, 0, 0);
            g.jump(end);
        });
        self.end_handling(cleanup, e);
        self.set_top(base);
        self.place(end);
        Ok(())
    }

    /// Calls the exit method in window `exit` with three times None.
    pub fn leave_with(&mut self, exit: Reg, is_async: bool) -> Res {
        let mark = self.top();
        let w = if mark == exit + 2 {
            // Nothing lives above: the window is used up in place.
            exit
        } else {
            self.mov(mark, exit);
            self.set_top(mark + 1);
            self.mov(mark + 1, exit + 1);
            self.set_top(mark + 2);
            mark
        };
        for _ in 0..3 {
            let t = self.top();
            self.abc(Op::LoadNone, t, 0, 0);
            self.set_top(t + 1);
        }
        let dst = w;
        self.abc(Op::CallMethod, w, 4, dst);
        if is_async {
            self.set_top(dst + 1);
            self.await_value(dst, 2)?;
        }
        // In place, the window is gone.
        self.set_top(if w == exit { exit } else { mark });
        Ok(())
    }

    pub fn async_allowed(&self) -> bool {
        self.u.kind == UnitKind::AsyncFunction
            || (self.opts.top_level_await && self.u.kind == UnitKind::Module)
    }
}
