//! Code generation: the tree and its scopes → [`CodeData`].
//!
//! # Registers
//! Locals (parameters first), free variables, then temporaries used as a stack: `top` is the first free one. The
//! convention of every `expr(e, dst)`: `dst` is either `top` itself (not yet counted), a temporary below `top`, or a
//! local; afterwards `top` is what it was. A local is written by the *last* instruction of an expression only, for the
//! expression may fail before or still read the old value.
//!
//! # Control flow
//! One pass with labels. What is known at a point (which locals are surely bound, whether it can be reached at all)
//! travels along jumps to labels; code that cannot be reached is not emitted.

mod asyncs;
mod blocks;
mod calls;
mod class;
mod compare;
mod comprehension;
mod expr;
mod function;
mod import;
mod names;
mod pattern;
mod scopes;
mod stmt;
mod strings;
mod targets;
mod trys;
mod typing;
mod unit;
mod unparse;
mod withs;

pub(crate) use unit::{Label, Unit, lit_const};

use adder_bytecode::{CodeData, Ins, Op};
use bumpalo::Bump;

use crate::ast::*;
use crate::error::{Error, Res, WarningCategory};
use crate::names::{Names, Sym};
use crate::scope::Scopes;
use crate::source::Locator;

/// A register.
pub(crate) type Reg = u16;

pub(crate) struct GenOptions<'o> {
    pub filename: &'o str,
    pub optimize: u8,
    /// Future flags, as in `co_flags`.
    pub future: u32,
    pub top_level_await: bool,
    /// Where the last import from `__future__` that counts begins.
    pub last_future: Option<u32>,
}

pub(crate) struct Gen<'a, 'o> {
    pub arena: &'a Bump,
    pub names: Names<'a>,
    pub scopes: Scopes,
    pub locator: &'o Locator<'o>,
    pub opts: GenOptions<'o>,
    pub warnings: Vec<(WarningCategory, String, Span)>,
    /// The unit being generated, and those around it.
    pub u: Unit<'a>,
    pub outer: Vec<Unit<'a>>,
    pub depth: u32,
    pub interactive: bool,
}

/// Generates the code of a module.
pub(crate) fn generate<'a, 'o>(
    m: &'a Module<'a>,
    arena: &'a Bump,
    names: Names<'a>,
    scopes: Scopes,
    locator: &'o Locator<'o>,
    opts: GenOptions<'o>,
    warnings: &mut Vec<(WarningCategory, String, Span)>,
) -> Res<CodeData> {
    let mut g = Gen {
        arena,
        names,
        scopes,
        locator,
        opts,
        warnings: Vec::new(),
        u: Unit::default(),
        outer: Vec::new(),
        depth: 0,
        interactive: matches!(m.kind, ModKind::Interactive(_)),
    };
    let out = g.module(m);
    warnings.append(&mut g.warnings);
    out
}

impl<'a> Gen<'a, '_> {
    pub fn warn(&mut self, msg: impl Into<String>, span: Span) {
        let w = (WarningCategory::SyntaxWarning, msg.into(), span);
        // The body of a `finally` is compiled several times.
        if !self.warnings.contains(&w) {
            self.warnings.push(w);
        }
    }

    pub fn error<T>(&self, msg: impl Into<String>, span: Span) -> Res<T> {
        Err(Error::new(msg, span))
    }

    /// Runs `f` with `span` as the position of what it emits.
    pub fn at<T>(&mut self, span: Span, f: impl FnOnce(&mut Self) -> T) -> T {
        let was = std::mem::replace(&mut self.u.span, span);
        let out = f(self);
        self.u.span = was;
        out
    }

    // -- registers

    pub fn top(&self) -> Reg {
        self.u.top
    }

    /// Counts the temporary `top` as live and yields it.
    pub fn push(&mut self) -> Reg {
        let r = self.u.top;
        self.set_top(r + 1);
        r
    }

    pub fn set_top(&mut self, top: Reg) {
        self.u.top = top;
        if top > self.u.max_top {
            self.u.max_top = top;
        }
    }

    pub fn is_local(&self, r: Reg) -> bool {
        r < self.u.nlocals
    }

    /// Where to build something that is written in several steps and ends up in `dst`.
    pub fn work_reg(&self, dst: Reg) -> Reg {
        if self.is_local(dst) { self.u.top } else { dst }
    }

    // -- emission

    pub fn emit(&mut self, ins: Ins) {
        if self.u.pending.is_some() {
            self.flush(Some(self.u.span));
        }
        let u = &mut self.u;
        if u.reachable {
            u.code.push(ins);
            u.depths.push(u.top);
            u.spans.push(u.span);
            // Results lie above what is live: they need registers too.
            if u.top + 1 > u.max_top {
                u.max_top = u.top + 1;
            }
        }
    }

    /// The line of a statement that does nothing must be seen by tracing all the same: what is emitted next takes it
    /// over if that has no line of its own, else there is a `Nop`.
    pub fn note_line(&mut self, span: Span) {
        if self.u.reachable {
            self.flush(Some(span));
            self.u.pending = Some(span);
        }
    }

    /// Emits the `Nop` for a noted line, unless what follows (at `next`) is on the same line.
    fn flush(&mut self, next: Option<Span>) {
        let Some(p) = self.u.pending.take() else { return };
        let same = next.is_some_and(|n| self.locator.line_of(n) == self.locator.line_of(p));
        if !same {
            self.at(p, |g| g.abc(Op::Nop, 0, 0, 0));
        }
    }

    /// The line of an instruction that has none of its own: that of what precedes it.
    pub fn inherited(&mut self) -> Span {
        let last = self.u.spans.last().copied();
        self.u.pending.take().or(last).unwrap_or(self.u.span)
    }

    /// As `inherited`, but where ways of several lines come together it belongs to none.
    fn joined_or_inherited(&mut self) -> Span {
        let joined = self.u.joined_at == self.u.code.len() as u32 && self.u.pending.is_none();
        if joined { Span::NONE } else { self.inherited() }
    }

    pub fn abc(&mut self, op: Op, a: Reg, b: Reg, c: Reg) {
        self.emit(Ins::abc(op, 0, a, b, c));
    }

    pub fn xabc(&mut self, op: Op, x: u8, a: Reg, b: Reg, c: Reg) {
        self.emit(Ins::abc(op, x, a, b, c));
    }

    pub fn ai(&mut self, op: Op, a: Reg, imm: i32) {
        self.emit(Ins::ai(op, 0, a, imm));
    }

    pub fn mov(&mut self, dst: Reg, src: Reg) {
        if dst != src {
            // The source may be a result that is not counted yet.
            let was = self.u.top;
            self.u.top = was.max(src + 1);
            self.abc(Op::Move, dst, src, 0);
            self.u.top = was;
        }
    }

    /// An instruction with an inline cache for `name` in field `c`.
    pub fn with_ic(&mut self, op: Op, x: u8, a: Reg, b: Reg, name: Sym) {
        if self.u.reachable {
            let ic = self.u.ic(op, name);
            self.emit(Ins::abc(op, x, a, b, ic));
        }
    }

    // -- jumps

    pub fn label(&mut self) -> Label {
        self.u.new_label()
    }

    /// Notes a jump to `l` by the instruction emitted next; `long`: its distance has 32 bits.
    fn jump_ref(&mut self, l: Label, long: bool) {
        let at = self.u.code.len() as u32;
        self.u.jumps.push(unit::JumpRef { at, label: l, long });
        self.u.merge_into(l);
    }

    /// Jumps forwards, always; the jump belongs to the line of what precedes it.
    pub fn jump(&mut self, l: Label) {
        if self.u.reachable {
            let span = self.joined_or_inherited();
            self.at(span, |g| g.jump_here(l));
        }
    }

    /// As `jump`, at the current position.
    pub fn jump_here(&mut self, l: Label) {
        if self.u.reachable {
            self.flush(Some(self.u.span));
            self.jump_ref(l, true);
            self.ai(Op::Jump, 0, 0);
            self.u.reachable = false;
        }
    }

    /// Back to the head of a loop, on the line of what precedes it.
    pub fn jump_back(&mut self, l: Label, counter: u16) {
        if self.u.reachable {
            let span = self.joined_or_inherited();
            self.at(span, |g| g.jump_back_here(l, counter));
        }
    }

    pub fn jump_back_here(&mut self, l: Label, counter: u16) {
        if self.u.reachable {
            self.flush(Some(self.u.span));
            let at = self.u.code.len() as u32;
            self.u.jumps.push(unit::JumpRef { at, label: l, long: true });
            self.ai(Op::JumpBack, counter, 0);
            self.u.reachable = false;
        }
    }

    /// `return None` at the end of a body.
    pub fn implicit_return(&mut self) {
        if self.u.reachable {
            let own_line = self.u.pending.is_some();
            let span = self.inherited();
            let i = self.u.code.len();
            let falls = i > 0 && unit::falls_through(&self.u.code, i - 1);
            if !own_line {
                self.u.implicit_return = Some((i as u32, falls));
            }
            self.at(span, |g| g.return_none());
        }
    }

    /// A conditional jump with a 32-bit distance (`JTrue`, `JFalse`, `JNone`).
    pub fn jump_on(&mut self, op: Op, x: u8, a: Reg, l: Label) {
        if self.u.reachable {
            self.flush(Some(self.u.span));
            self.jump_ref(l, true);
            self.emit(Ins::ai(op, x, a, 0));
        }
    }

    /// A conditional jump with a 16-bit distance.
    pub fn jump_cmp(&mut self, op: Op, x: u8, a: Reg, b: u16, l: Label) {
        if self.u.reachable {
            self.flush(Some(self.u.span));
            self.jump_ref(l, false);
            self.emit(Ins::abc(op, x, a, b, 0));
        }
    }

    pub fn place(&mut self, l: Label) {
        self.flush(None);
        self.u.place(l);
    }

    pub fn place_loop_head(&mut self, l: Label) {
        self.flush(None);
        self.u.place_loop_head(l);
    }
}
