//! Blocks that `break`, `continue` and `return` must unwind, and the table of protected ranges.

use adder_bytecode::Op;

use super::{Gen, Label, Reg};
use crate::ast::*;
use crate::error::Res;
use crate::names::Sym;

/// What stands around the current point and needs something done when it is left early.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BlockKind<'a> {
    Loop {
        head: Label,
        exit: Label,
        counter: u16,
    },
    /// Protected by `except` clauses: nothing to do.
    Try,
    /// Protected by `finally`: its body runs.
    Finally {
        body: Body<'a>,
    },
    /// In a handler: `prev` becomes the handled exception again, `name` is unbound.
    Handler {
        prev: Reg,
        name: Option<Sym>,
        clause: bool,
    },
    /// In the handler of an `except*`: no way out.
    StarHandler,
    /// In the body of a `with`: `__exit__` (window `exit`) is called.
    With {
        exit: Reg,
        is_async: bool,
        span: Span,
    },
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub kind: BlockKind<'a>,
    /// How many handlers were open outside the block.
    pub open: usize,
}

/// A protected range that is still growing; `start` is None while it is suspended.
#[derive(Clone, Debug)]
pub(crate) struct OpenHandler {
    pub target: Label,
    pub reg: Reg,
    pub start: Option<u32>,
    /// What is bound at entry and never unbound, hence bound in the handler.
    pub bound: super::unit::Bits,
    /// Some instruction is protected: the handler can be reached.
    pub used: bool,
}

fn late(b: &Block) -> bool {
    matches!(b.kind, BlockKind::Finally { .. } | BlockKind::With { .. })
}

impl<'a> Gen<'a, '_> {
    pub fn push_block(&mut self, kind: BlockKind<'a>) -> Res {
        let b = Block { kind, open: self.u.open.len() };
        self.u.blocks.push(b);
        self.check_nesting()
    }

    /// As CPython, allows 21 blocks; an `except` clause is two, the body of a generator one.
    pub fn check_nesting(&self) -> Res {
        const MAX_BLOCKS: usize = 21;
        if self.u.blocks.len() * 2 + self.u.inline.len() < MAX_BLOCKS {
            return Ok(());
        }
        let weight = |b: &Block| match b.kind {
            BlockKind::Handler { clause: true, .. } => 2,
            _ => 1,
        };
        let n: usize = self.u.blocks.iter().map(weight).sum();
        if n + self.u.inline.len() + self.u.generator as usize > MAX_BLOCKS {
            return self.error("too many statically nested blocks", self.u.span);
        }
        Ok(())
    }

    pub fn pop_block(&mut self) -> Option<Block<'a>> {
        self.u.blocks.pop()
    }

    /// From here on exceptions go to `target`, stored in `reg`.
    pub fn open_handler(&mut self, target: Label, reg: Reg) {
        let start = Some(self.u.code.len() as u32);
        let mut bound = self.u.bound.clone();
        bound.remove(&self.u.deletable);
        self.u.open.push(OpenHandler { target, reg, start, bound, used: false });
    }

    pub fn close_handler(&mut self) {
        let i = self.u.open.len() - 1;
        self.suspend(i);
        if let Some(h) = self.u.open.pop()
            && h.used
        {
            let now = std::mem::replace(&mut self.u.bound, h.bound);
            self.u.merge_into(h.target);
            self.u.bound = now;
        }
    }

    /// Interrupts the ranges from the `from`th on, inner ones first.
    fn suspend(&mut self, from: usize) {
        let now = self.u.code.len() as u32;
        for i in (from..self.u.open.len()).rev() {
            let h = &mut self.u.open[i];
            if let Some(start) = h.start.take()
                && start < now
            {
                h.used = true;
                let range = (start, now, h.target, h.reg);
                self.u.handlers.push(range);
            }
        }
    }

    fn resume(&mut self, from: usize) {
        let now = self.u.code.len() as u32;
        for h in &mut self.u.open[from..] {
            h.start = Some(now);
        }
    }

    /// Leaves the blocks from the `to`th on, innermost first, then runs `finish` (a jump or a return) outside of them.
    /// Behind code of a `finally` or `with` that appears to run after the statement, what finishes it has no line of its
    /// own; `finish` gets the line to use.
    pub fn unwind(&mut self, to: usize, span: Span, finish: impl FnOnce(&mut Self, Span)) -> Res {
        let blocks = self.u.blocks.split_off(to);
        let open = blocks.first().map_or(self.u.open.len(), |b| b.open);
        let suspended: Vec<bool> = self.u.open[open..].iter().map(|h| h.start.is_none()).collect();
        for i in (0..blocks.len()).rev() {
            self.suspend(blocks[i].open);
            // What the block's code sees around it are the blocks outside of it.
            self.u.blocks.truncate(to);
            self.u.blocks.extend_from_slice(&blocks[..i]);
            self.unwind_one(blocks[i])?;
        }
        let span = if blocks.iter().any(late) { self.inherited() } else { span };
        finish(self, span);
        self.u.blocks.truncate(to);
        self.u.blocks.extend(blocks);
        self.resume(open);
        for (h, was) in self.u.open[open..].iter_mut().zip(suspended) {
            if was {
                h.start = None;
            }
        }
        Ok(())
    }

    /// Does leaving the blocks from the `to`th on run code on other lines?
    pub fn leaves_late(&self, to: usize) -> bool {
        self.u.blocks[to..].iter().any(late)
    }

    fn unwind_one(&mut self, b: Block<'a>) -> Res {
        match b.kind {
            BlockKind::Loop { .. } | BlockKind::Try | BlockKind::StarHandler => Ok(()),
            BlockKind::Finally { body } => self.stmts(body),
            BlockKind::Handler { prev, name, .. } => {
                let span = std::mem::replace(&mut self.u.span, Span::NONE);
                self.abc(Op::PopExc, prev, 0, 0);
                if let Some(n) = name {
                    self.unbind_name(n)?;
                }
                self.u.span = span;
                Ok(())
            }
            BlockKind::With { exit, is_async, span } => self.at(span, |g| g.leave_with(exit, is_async)),
        }
    }

    /// Does leaving the blocks from the `to`th on run code that could change a returned local?
    pub fn unwinding_runs_code(&self, to: usize) -> bool {
        self.u.blocks[to..].iter().any(|b| {
            matches!(b.kind, BlockKind::Finally { .. } | BlockKind::With { .. } | BlockKind::Handler { .. })
        })
    }
}
