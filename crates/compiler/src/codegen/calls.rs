//! Calls.

use adder_bytecode::Op;

use super::expr::type_name;
use super::unit::UnitKind;
use super::{Gen, Reg};
use crate::ast::*;
use crate::error::{Error, Res};
use crate::names::{Sym, known};
use crate::scope::Place;

/// Arguments laid out one by one at most; calls with more build a tuple.
const MAX_ARGS: usize = 1000;

impl<'a> Gen<'a, '_> {
    pub fn call(&mut self, c: &'a Call<'a>, e: &'a Expr<'a>, dst: Reg) -> Res {
        self.check_keywords(c.keywords)?;
        self.check_caller(&c.func, c.func.span);
        let w = self.top();
        if let ExprKind::Attribute(obj, attr) = &c.func.kind
            && is_plain(c)
        {
            // A method: the function and `self` side by side.
            let span = c.func.span;
            if self.super_method(&c.func, w)? {
                self.set_top(w + 2);
            } else {
                let r = self.operand(obj)?;
                let at = self.attribute_span(span, *attr);
                let name = self.mangle(*attr);
                self.at(at, |g| g.with_ic(Op::LoadMethod, 0, w, r, name));
                self.set_top(w + 2);
            }
            // Over several lines, the call begins where the name of the method stands.
            let name_span = self.attribute_span(span, *attr);
            let at = if name_span == span { e.span } else { name_span.to(e.span) };
            return self.finish_call(w, true, c.args, c.keywords, at, dst);
        }
        self.expr(&c.func, w)?;
        self.set_top(w + 1);
        self.arguments_and_call(w, 0, c.args, c.keywords, e.span, dst)
    }

    /// Evaluates the arguments of the callable in `w` (behind which `given` arguments already stand) and calls it.
    pub fn arguments_and_call(
        &mut self,
        w: Reg,
        given: usize,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        span: Span,
        dst: Reg,
    ) -> Res {
        let simple = !Self::has_star(args)
            && keywords.iter().all(|k| k.arg.is_some())
            && args.len() + keywords.len() + given <= MAX_ARGS;
        if simple {
            return self.finish_call(w, false, args, keywords, span, dst);
        }
        self.call_ex(w, given, args, keywords, span, dst)
    }

    /// Arguments of a call without `*` and `**`; those that precede them already stand in the window up to `top`.
    fn finish_call(
        &mut self,
        w: Reg,
        method: bool,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        span: Span,
        dst: Reg,
    ) -> Res {
        for a in args {
            self.expr_push(a)?;
        }
        for k in keywords {
            self.expr_push(&k.value)?;
        }
        let n = self.top() - w - 1;
        self.at(span, |g| {
            if keywords.is_empty() {
                g.abc(if method { Op::CallMethod } else { Op::Call }, w, n, dst);
            } else {
                let names = g.keyword_names(keywords);
                let t = g.top();
                g.load_const(names, t);
                g.set_top(t + 1);
                g.xabc(Op::CallKw, method as u8, w, n, dst);
            }
        });
        self.set_top(w);
        Ok(())
    }

    fn keyword_names(&mut self, keywords: &'a [Keyword<'a>]) -> Lit<'a> {
        let names: Vec<Lit<'a>> = keywords.iter().filter_map(|k| k.arg).map(|a| self.sym_lit(a)).collect();
        Lit::Tuple(self.arena.alloc_slice_copy(&names))
    }

    /// A call with `*` or `**`: a tuple of the positional arguments, a dict of the others.
    fn call_ex(
        &mut self,
        w: Reg,
        given: usize,
        args: &'a [Expr<'a>],
        keywords: &'a [Keyword<'a>],
        span: Span,
        dst: Reg,
    ) -> Res {
        let t = w + 1;
        match args {
            // f(*a): the call makes a tuple of it, and complains about what is not iterable.
            [Expr { kind: ExprKind::Starred(v), .. }] if given == 0 => {
                self.set_top(t);
                self.expr_push(v)?;
            }
            _ => {
                let lead = args
                    .iter()
                    .position(|e| matches!(e.kind, ExprKind::Starred(_)))
                    .unwrap_or(args.len())
                    .min(MAX_ARGS);
                for a in &args[..lead] {
                    self.expr_push(a)?;
                }
                let n = self.top() - t;
                if lead == args.len() {
                    self.abc(Op::BuildTuple, t, t, n);
                    self.set_top(t + 1);
                } else {
                    self.abc(Op::BuildList, t, t, n);
                    self.set_top(t + 1);
                    for e in &args[lead..] {
                        if let ExprKind::Starred(v) = e.kind {
                            let r = self.operand(v)?;
                            self.at(v.span, |g| g.abc(Op::ListExtend, t, r, 0));
                        } else {
                            let r = self.operand(e)?;
                            self.abc(Op::ListAppend, t, r, 0);
                        }
                        self.set_top(t + 1);
                    }
                    self.abc(Op::ListToTuple, t, t, 0);
                }
            }
        }
        self.set_top(t + 1);
        let x = !keywords.is_empty();
        if x {
            self.keyword_dict(w, t + 1, keywords)?;
            self.set_top(t + 2);
        }
        self.at(span, |g| g.xabc(Op::CallEx, x as u8, w, 0, dst));
        self.set_top(w);
        Ok(())
    }

    /// The keyword arguments of the callable in `w` as a dict in `d`.
    fn keyword_dict(&mut self, w: Reg, d: Reg, keywords: &'a [Keyword<'a>]) -> Res {
        // Leading named ones in one go, then merging; a run of names after a `**` is merged too, to find duplicates.
        let mut built = false;
        let mut i = 0;
        while i < keywords.len() {
            if keywords[i].arg.is_none() {
                if !built {
                    self.abc(Op::BuildDict, d, d, 0);
                    self.set_top(d + 1);
                    built = true;
                }
                let r = self.operand(&keywords[i].value)?;
                self.abc(Op::DictMerge, d, r, w);
                self.set_top(d + 1);
                i += 1;
                continue;
            }
            let start = if built { d + 1 } else { d };
            self.set_top(start);
            let mut n = 0;
            while let Some(Keyword { arg: Some(name), value, .. }) = keywords.get(i)
                && n < 100
            {
                // Unlike parameters, names of keyword arguments are never mangled.
                let k = self.top();
                let lit = self.sym_lit(*name);
                self.load_const(lit, k);
                self.set_top(k + 1);
                self.expr_push(value)?;
                n += 1;
                i += 1;
            }
            self.abc(Op::BuildDict, start, start, n);
            self.set_top(start + 1);
            if built {
                self.abc(Op::DictMerge, d, start, w);
            }
            built = true;
            self.set_top(d + 1);
        }
        Ok(())
    }

    pub fn check_keywords(&mut self, keywords: &[Keyword<'a>]) -> Res {
        for (i, k) in keywords.iter().enumerate() {
            let Some(arg) = k.arg else { continue };
            if arg == known::DEBUG {
                return Err(Error::new("cannot assign to __debug__", k.span));
            }
            // Long lists of keywords are rare: a quadratic search is fine.
            if let Some(other) = keywords[i + 1..].iter().find(|o| o.arg == Some(arg)) {
                let msg = format!("keyword argument repeated: {}", self.names.get(arg));
                return Err(Error::new(msg, other.span));
            }
        }
        Ok(())
    }

    fn check_caller(&mut self, f: &Expr<'a>, span: Span) {
        let bad = matches!(
            f.kind,
            ExprKind::Constant(_)
                | ExprKind::UStr(_)
                | ExprKind::Tuple(_)
                | ExprKind::List(_)
                | ExprKind::ListComp(_)
                | ExprKind::Dict(_)
                | ExprKind::DictComp(_)
                | ExprKind::Set(_)
                | ExprKind::SetComp(_)
                | ExprKind::GeneratorExp(_)
                | ExprKind::JoinedStr(_)
                | ExprKind::TemplateStr(_)
                | ExprKind::FormattedValue(_)
                | ExprKind::Interpolation(_)
        );
        if bad {
            let name = type_name(f);
            self.warn(format!("'{name}' object is not callable; perhaps you missed a comma?"), span);
        }
    }

    /// Where an error about attribute `name` is shown: from its line on when the expression spans several.
    pub fn attribute_span(&mut self, span: Span, name: Sym) -> Span {
        if matches!(self.locator, crate::source::Locator::Table(_)) {
            return span;
        }
        let (first, _) = self.locator.locate(span.start, &mut 0);
        let (last, _) = self.locator.locate(span.end, &mut (first as usize - 1));
        if first == last {
            return span;
        }
        let len = self.names.get(name).len() as u32;
        Span { start: span.end.saturating_sub(len).max(span.start), end: span.end }
    }

    // -- zero-argument super and friends

    /// `super().name` or `super(A, b).name`: loads `super`, class and self into the next temporaries. Their
    /// register, the name, and 2 where the arguments are written.
    fn super_operands(&mut self, attr: &'a Expr<'a>) -> Res<Option<(Reg, Sym, u8)>> {
        let ExprKind::Attribute(v, name) = &attr.kind else { return Ok(None) };
        let ExprKind::Call(c) = &v.kind else { return Ok(None) };
        let ExprKind::Name(f) = c.func.kind else { return Ok(None) };
        if f != known::SUPER || !c.keywords.is_empty() || self.u.kind == UnitKind::Module {
            return Ok(None);
        }
        if self.scopes[self.u.scope].symbols.place(f) != Place::GlobalImplicit || !self.u.inline.is_empty() {
            return Ok(None);
        }
        // `super` bound in the module is somebody else's.
        let top = self.scopes[0].symbols.place(f);
        if top == Place::Local || *name == known::CLASS {
            return Ok(None);
        }
        let base = self.top();
        match c.args {
            [] => {
                if self.u.argcount == 0 && self.u.flags & adder_bytecode::CodeFlags::VARARGS == 0 {
                    return Ok(None);
                }
                if self.scopes[self.u.scope].symbols.place(known::CLASS) != Place::Free {
                    return Ok(None);
                }
                if !matches!(self.u.kind, UnitKind::Function | UnitKind::AsyncFunction | UnitKind::Lambda)
                    || self.u.argcount == 0
                {
                    return Ok(None);
                }
                self.expr(&c.func, base)?;
                self.set_top(base + 1);
                let class = self.u.regs[&known::CLASS];
                self.at(v.span, |g| g.abc(Op::LoadDeref, base + 1, class, 0));
                self.set_top(base + 2);
                // The first parameter, wherever it lives now.
                let first = self.u.varnames[0];
                self.at(v.span, |g| {
                    let was = g.u.class.take();
                    g.load_name(first, base + 2);
                    g.u.class = was;
                });
                self.set_top(base + 3);
            }
            [a, b] if !Self::has_star(c.args) => {
                self.expr(&c.func, base)?;
                self.set_top(base + 1);
                self.expr_push(a)?;
                self.expr_push(b)?;
            }
            _ => return Ok(None),
        }
        Ok(Some((base, *name, if c.args.is_empty() { 0 } else { 2 })))
    }

    pub fn super_attr(&mut self, e: &'a Expr<'a>, dst: Reg) -> Res<bool> {
        let Some((base, name, given)) = self.super_operands(e)? else { return Ok(false) };
        let name = self.mangle(name);
        self.at(e.span, |g| g.with_ic(Op::LoadSuperAttr, given, dst, base, name));
        self.set_top(base);
        Ok(true)
    }

    /// As `super_attr`, into a window of method form.
    fn super_method(&mut self, func: &'a Expr<'a>, w: Reg) -> Res<bool> {
        let Some((base, name, given)) = self.super_operands(func)? else { return Ok(false) };
        let name = self.mangle(name);
        let at = self.attribute_span(func.span, name);
        self.at(at, |g| g.with_ic(Op::LoadSuperAttr, given | 1, w, base, name));
        Ok(true)
    }
}

/// No `*`, no `**`, not too many arguments.
fn is_plain(c: &Call) -> bool {
    !c.args.iter().any(|e| matches!(e.kind, ExprKind::Starred(_)))
        && c.keywords.iter().all(|k| k.arg.is_some())
        && c.args.len() + c.keywords.len() <= MAX_ARGS
}
