//! `try` in its three forms.
//!
//! The exception caught lies in the temporary `e` at the depth of the statement; `e + 1` keeps what was handled before
//! (`PushExc`), to be restored by `PopExc` on every way out: falling out, leaving early, and raising (the *cleanup*).

use adder_bytecode::{Intrinsic2, Op};

use super::blocks::BlockKind;
use super::{Gen, Label, Reg};
use crate::ast::*;
use crate::error::{Error, Res};

impl<'a> Gen<'a, '_> {
    pub fn try_stmt(&mut self, t: &'a Try<'a>) -> Res {
        self.note_line(self.u.span);
        self.u.in_conditional += 1;
        let out = if t.finalbody.is_empty() { self.try_except(t) } else { self.try_finally(t) };
        self.u.in_conditional = self.u.in_conditional.saturating_sub(1);
        out
    }

    fn try_except(&mut self, t: &'a Try<'a>) -> Res {
        if t.is_star { self.try_star(t) } else { self.try_handlers(t) }
    }

    fn try_finally(&mut self, t: &'a Try<'a>) -> Res {
        let e = self.top();
        let (handler, end) = (self.label(), self.label());
        self.push_block(BlockKind::Finally { body: t.finalbody })?;
        self.open_handler(handler, e);
        if t.handlers.is_empty() {
            self.stmts(t.body)?;
        } else {
            self.try_except(t)?;
        }
        self.close_handler();
        self.pop_block();
        self.stmts(t.finalbody)?;
        self.jump(end);

        self.enter_handler(handler, e);
        let cleanup = self.begin_handling(e)?;
        self.stmts(t.finalbody)?;
        let span = self.joined_or_inherited();
        self.at(span, |g| g.reraise(e));
        self.end_handling(cleanup, e);
        self.place(end);
        Ok(())
    }

    /// Here control arrives with an exception in `e`.
    pub fn enter_handler(&mut self, handler: Label, e: Reg) {
        self.u.reachable = false;
        self.place(handler);
        self.set_top(e + 1);
    }

    /// The exception in `e` becomes the handled one; yields the label of the cleanup.
    pub fn begin_handling(&mut self, e: Reg) -> Res<Label> {
        let cleanup = self.label();
        self.at(Span::NONE, |g| g.abc(Op::PushExc, e + 1, e, 0));
        self.set_top(e + 2);
        self.push_block(BlockKind::Handler { prev: e + 1, name: None, clause: false })?;
        self.open_handler(cleanup, e + 2);
        Ok(cleanup)
    }

    /// Ends the range in which the exception is handled and emits the cleanup.
    pub fn end_handling(&mut self, cleanup: Label, e: Reg) {
        self.close_handler();
        self.pop_block();
        self.u.reachable = false;
        if self.u.is_target(cleanup) {
            self.place(cleanup);
            self.set_top(e + 3);
            self.at(Span::NONE, |g| {
                g.abc(Op::PopExc, e + 1, 0, 0);
                g.reraise(e + 2);
            });
        }
        self.set_top(e);
    }

    pub fn reraise(&mut self, r: Reg) {
        self.abc(Op::Reraise, r, 0, 0);
        self.u.reachable = false;
    }

    fn try_handlers(&mut self, t: &'a Try<'a>) -> Res {
        let e = self.top();
        let (handler, end) = (self.label(), self.label());
        self.push_block(BlockKind::Try)?;
        self.open_handler(handler, e);
        self.stmts(t.body)?;
        self.close_handler();
        self.pop_block();
        self.stmts(t.orelse)?;
        self.jump(end);

        self.enter_handler(handler, e);
        let cleanup = self.begin_handling(e)?;
        for (i, h) in t.handlers.iter().enumerate() {
            if h.typ.is_none() && i + 1 < t.handlers.len() {
                return Err(Error::new("default 'except:' must be last", h.span));
            }
            let next = self.label();
            if h.typ.is_none() {
                self.note_line(h.span);
            }
            self.at(h.span, |g| -> Res {
                if let Some(typ) = h.typ {
                    let m = g.top();
                    let r = g.operand(typ)?;
                    g.at(typ.span, |g| g.jump_cmp(Op::JNotExc, 0, e, r, next));
                    g.set_top(m);
                }
                Ok(())
            })?;
            self.at(h.span, |g| g.handler_body(h, e, end))?;
            self.place(next);
            self.set_top(e + 2);
        }
        // Where the last clause found that it does not match.
        let last = t.handlers.last().and_then(|h| h.typ).map_or(Span::NONE, |typ| typ.span);
        self.at(last, |g| g.reraise(e));
        self.end_handling(cleanup, e);
        self.place(end);
        Ok(())
    }

    /// Is the innermost block the body of an `except` clause?
    fn set_clause(&mut self, e: Reg, name: Option<crate::names::Sym>, clause: bool) {
        if let Some(b) = self.u.blocks.last_mut() {
            b.kind = BlockKind::Handler { prev: e + 1, name, clause };
        }
    }

    fn handler_body(&mut self, h: &'a ExceptHandler<'a>, e: Reg, end: Label) -> Res {
        self.set_clause(e, None, true);
        self.check_nesting()?;
        let Some(name) = h.name else {
            self.stmts(h.body)?;
            self.set_clause(e, None, false);
            self.leave_handler(e, None, end)?;
            return Ok(());
        };
        self.store_name(name, e)?;
        // However the body ends, the name goes.
        let unbind = self.label();
        let top = self.top();
        self.set_clause(e, Some(name), true);
        self.open_handler(unbind, top);
        self.stmts(h.body)?;
        self.close_handler();
        self.set_clause(e, None, false);
        self.leave_handler(e, Some(name), end)?;
        if self.u.is_target(unbind) {
            self.u.reachable = false;
            self.place(unbind);
            self.set_top(top + 1);
            self.at(Span::NONE, |g| -> Res {
                g.unbind_name(name)?;
                g.reraise(top);
                Ok(())
            })?;
            self.set_top(top);
        }
        Ok(())
    }

    /// The normal end of an `except` clause.
    fn leave_handler(&mut self, e: Reg, name: Option<crate::names::Sym>, end: Label) -> Res {
        let span = std::mem::replace(&mut self.u.span, Span::NONE);
        self.abc(Op::PopExc, e + 1, 0, 0);
        if let Some(n) = name {
            // Outside of the cleanup's range it would be the same: nothing here can fail.
            self.unbind_name(n)?;
        }
        self.jump(end);
        self.u.span = span;
        Ok(())
    }

    /// `except*`: the exception (group) in `e`, what was handled before in `e + 1`, the list of exceptions raised and
    /// unhandled in `e + 2`, what is left to be matched in `e + 3`.
    fn try_star(&mut self, t: &'a Try<'a>) -> Res {
        let e = self.top();
        let (handler, end) = (self.label(), self.label());
        self.push_block(BlockKind::Try)?;
        self.open_handler(handler, e);
        self.stmts(t.body)?;
        self.close_handler();
        self.pop_block();
        self.stmts(t.orelse)?;
        self.jump(end);

        self.enter_handler(handler, e);
        let cleanup = self.begin_handling(e)?;
        let (list, rest) = (e + 2, e + 3);
        self.at(Span::NONE, |g| {
            g.abc(Op::BuildList, list, list, 0);
            g.set_top(e + 3);
            g.mov(rest, e);
        });
        self.set_top(e + 4);
        for h in t.handlers {
            self.at(h.span, |g| g.star_handler(h, list, rest))?;
        }
        // What no clause took is raised on.
        self.at(Span::NONE, |g| -> Res {
            let reraise = g.label();
            g.abc(Op::ListAppend, list, rest, 0);
            g.xabc(Op::Intrinsic2, Intrinsic2::PrepReraiseStar as u8, rest, e, list);
            g.jump_on(Op::JNone, 0, rest, reraise);
            g.abc(Op::PopExc, e + 1, 0, 0);
            g.jump(end);
            g.place(reraise);
            g.abc(Op::PopExc, e + 1, 0, 0);
            g.reraise(rest);
            Ok(())
        })?;
        self.end_handling(cleanup, e);
        self.place(end);
        Ok(())
    }

    fn star_handler(&mut self, h: &'a ExceptHandler<'a>, list: Reg, rest: Reg) -> Res {
        let (skip, failed, next) = (self.label(), self.label(), self.label());
        let pair = self.top();
        let Some(typ) = h.typ else {
            return self.error("expected one or more exception types", h.span);
        };
        let r = self.operand(typ)?;
        // The pair becomes the new rest and the part that matches.
        let r = if r == pair {
            self.mov(pair + 1, pair);
            pair + 1
        } else {
            r
        };
        self.mov(pair, rest);
        self.set_top(if r == pair + 1 { pair + 2 } else { pair + 1 });
        self.at(typ.span, |g| g.abc(Op::CheckEgMatch, pair, r, 0));
        self.set_top(pair + 2);
        self.mov(rest, pair);
        self.set_top(pair + 2);
        let matched = pair + 1;
        self.jump_on(Op::JNone, 1, matched, skip);
        self.at(Span::NONE, |g| g.abc(Op::PushExc, pair, matched, 0));
        self.push_block(BlockKind::StarHandler)?;
        self.open_handler(failed, pair + 2);
        if let Some(n) = h.name {
            self.store_name(n, matched)?;
        }
        self.stmts(h.body)?;
        self.close_handler();
        self.pop_block();
        self.at(Span::NONE, |g| -> Res {
            g.abc(Op::PopExc, pair, 0, 0);
            if let Some(n) = h.name {
                g.unbind_name(n)?;
            }
            g.jump(next);
            Ok(())
        })?;
        if self.u.is_target(failed) {
            self.u.reachable = false;
            self.place(failed);
            self.set_top(pair + 3);
            self.at(Span::NONE, |g| -> Res {
                g.abc(Op::PopExc, pair, 0, 0);
                if let Some(n) = h.name {
                    g.unbind_name(n)?;
                }
                g.abc(Op::ListAppend, list, pair + 2, 0);
                g.jump(next);
                Ok(())
            })?;
        }
        self.set_top(pair);
        self.place(skip);
        self.place(next);
        Ok(())
    }
}
